"""What becomes of an entry: each check derived from its description and compared with what was printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, wraps
from inspect import signature
from typing import Any

from symcost import memory, parallel, receptive, training
from symcost import syntax as s
from symcost.architecture import Architecture, Row, parse
from symcost.catalogue.entries import Check, Entry, Figure
from symcost.claims import Claims
from symcost.cost import Cost
from symcost.domain import by_name
from symcost.graph import resolved
from symcost.graph.values import Value
from symcost.growth import limit as growth_limit
from symcost.parser import parse_formula
from symcost.prove import compare
from symcost.sizes.atoms import Rational, Size, total
from symcost.sizes.facts import never_negative
from symcost.sizes.notation import ASCII, UNICODE, condition_text, text
from symcost.sizes.rounding import over_one_divisor
from symcost.sizes.shape import Shape
from symcost.source import SymcostError
from symcost.zoo import load


@dataclass(frozen=True)
class Outcome:
    """One comparison: whether it came out as the entry says, what was derived, and how it was decided."""

    check: Check
    what: str  # "equal", "differs", "figure", ...
    printed: str
    derived: Size
    holds: bool
    how: str


def verify(entry: Entry) -> Iterator[Outcome]:
    """Derive and compare everything in an entry. What a program or formula gets wrong is raised as `SymcostError`."""
    for check in entry.checks:
        yield from _compared(check)


def _compared(check: Check) -> Iterator[Outcome]:
    side = _Side(check)
    derived = side.derived(check.ask)
    plain = side.plain(derived)
    for printed in check.equal:
        verdict = compare(*by_name(plain, side.plain(side.read(printed))), side.claims.inside)
        yield Outcome(check, "equal", printed, derived, verdict.equal is True, verdict.how)
    for printed in check.differs:
        theirs = side.read(printed)
        verdict = compare(*by_name(plain, side.plain(theirs)), side.claims.inside)
        shown = ", ".join(f"{n} = {v}" for n, v in (verdict.witness or {}).items())
        yield Outcome(
            check,
            "differs",
            printed,
            derived,
            verdict.equal is False,
            f"they differ at {shown}" if shown else verdict.how,
        )
        if check.gap:
            gap = compare(*by_name(side.plain(derived - theirs), side.plain(side.read(check.gap))))
            yield Outcome(check, "gap", check.gap, derived - theirs, gap.equal is True, gap.how)
    yield from _asymptotic(check, side, derived, plain)
    for needed in check.requires:
        known = [condition_text(c, ASCII) for c in side.net.domain.conditions]
        yield Outcome(check, "requires", needed, derived, needed in known, "listed with the result")
    for figure in check.figures:
        yield _figure(check, side, figure)


def _asymptotic(check: Check, side: _Side, derived: Size, plain: Size) -> Iterator[Outcome]:
    if check.leading:
        tends = _ratio(side, derived, check.leading, check.grows)
        yield Outcome(check, "leading", check.leading, derived, tends == 1, f"the ratio tends to {tends}")
    if check.order:
        tends = _ratio(side, derived, check.order, check.grows)
        yield Outcome(check, "order", check.order, derived, tends is not None, f"the ratio tends to {tends}")
    if check.limit:
        tends = limit(plain, Size.of(1), check.grows)
        wanted = side.plain(side.read(check.limit))
        same = tends is not None and compare(*by_name(tends, wanted)).equal is True
        yield Outcome(check, "limit", check.limit, derived, same, f"it tends to {tends}")
    for word, sign in (("least", 1), ("most", -1)):
        printed = getattr(check, word)
        if printed:
            ours, theirs = by_name(plain, side.plain(side.read(printed)))
            holds = never_negative((ours - theirs) * sign)
            yield Outcome(check, word, printed, derived, holds, "the difference is never negative")


def _ratio(side: _Side, derived: Size, printed: str, grows: tuple[str, ...]) -> Size | None:
    """What derived/printed tends to; sizes the program names, which may depend on what grows, are divided out first."""
    a, b = by_name(derived, side.read(printed))
    if len(b.terms) == 1:
        a, b = a / b, Size.of(1)
    return limit(*by_name(side.plain(a), side.plain(b)), grows)


def limit(a: Size, b: Size, grows: tuple[str, ...]) -> Size | None:
    """What ``a/b`` tends to as symbols grow without bound, one after the other; None where it does not, or is not known to."""
    for name in grows:
        symbol = next((x for x in sorted(a.symbols() | b.symbols(), key=lambda x: x.key) if x.name == name), None)
        if symbol is None:
            continue
        (top, below), (bottom, above) = over_one_divisor(a), over_one_divisor(b)
        found = growth_limit(top * above, bottom * below, symbol)
        if found is None or found.value is None:
            return None
        a, b = found.value, Size.of(1)
    return a / b


def _figure(check: Check, side: _Side, figure: Figure) -> Outcome:
    size = side.at(side.derived(figure.ask or check.ask), figure.at)
    value = size.number
    if value is None:
        return Outcome(check, "figure", figure.printed, size, False, "symbols are left without a value")
    holds = _prints(value, figure)
    if figure.how == "differs":
        holds = not holds
    if figure.how == "refuted":
        theirs = side.at(side.read(check.differs[0]), figure.at).number
        holds = theirs is not None and theirs != value and Fraction(theirs) == figure.value
    if figure.ours:
        holds = holds and value == Fraction(figure.ours)
    return Outcome(check, "figure", figure.printed, size, holds, f"derived {text(size, UNICODE)}")


def _prints(value: Rational, figure: Figure) -> bool:
    """Whether a value is printed as this figure, by its way of rounding."""
    apart = Fraction(value) - figure.value
    match figure.how:
        case "exact":
            return apart == 0
        case "truncates":
            return 0 <= apart < figure.digit
    return abs(apart) <= figure.digit / 2


class _Side:
    """The description of a check, resolved."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.net = described(check)
        self.claims = _Asked(self.net, check.convention, check.options)

    def derived(self, ask: str) -> Size:
        """A cost, or an expression of costs, from the description."""
        self.claims.counted = 0
        size = self.claims.size(parse_formula(ask, self.check.zoo or "<ask>"))
        if not self.claims.counted:
            raise SymcostError([])  # nothing was derived: `test_catalogue` names the entry
        size = self.net.domain.public(size)
        if self.check.given:
            size = self.plain(size)
            meant = {name: self.net.domain.read(text) for name, text in self.check.given.items()}
            size = size.subs({s: meant[s.name] for s in size.symbols() if s.name in meant})
        return size

    def at(self, size: Size, at: Mapping[str, object]) -> Size:
        """A size at a point; one the program names is what it stands for, unless it is given there itself."""
        given = {name: Size.of(Fraction(str(value))) for name, value in at.items()}
        size = self.plain(size.subs({s: given[s.name] for s in size.symbols() if s.name in given}))
        return size.subs({s: given[s.name] for s in size.symbols() if s.name in given})

    def plain(self, size: Size) -> Size:
        """With sizes that the program names written out."""
        return self.net.domain.public(resolved(size))

    def read(self, printed: str) -> Size:
        """A printed formula in the symbols of the description, sizes it names among them."""
        return self.net.domain.public(self.net.domain.read(printed))


def _part(function: Callable[..., Any], part: str, axis: int | None = None) -> Callable[..., Cost]:
    """One figure of what a function gives, with the options of that function."""

    @wraps(function)
    def found(net: Architecture, **options: Any) -> Cost:
        figure: Any = getattr(function(net, **options), part)
        one: Cost = figure if axis is None else figure[axis]
        return one

    return found


# What else can be asked of a network; `options` of a check go to the arguments of the same name.
FUNCTIONS: dict[str, Callable[..., Cost]] = {
    "kept": memory.activations,
    "kv_cache": memory.kv_cache,
    "peak": memory.peak,
    "weights": memory.weights,
    **{part: _part(memory.states, part) for part in ("gradients", "master", "moments")},
    "states": _part(memory.states, "total"),
    "zero_states": _part(parallel.zero_states, "total"),
    "zero_volume": parallel.zero_volume,
    "data_volume": parallel.data_parallel,
    "tensor_volume": parallel.tensor_parallel,
    "forward": training.forward,
    "backward": training.backward,
    "recomputed": training.recomputed,
    "step": training.step,
    "receptive_field": _part(receptive.field, "size", -1),
    "receptive_height": _part(receptive.field, "size", 0),
    "receptive_stride": _part(receptive.field, "stride", -1),
}


class _Asked(Claims):
    """Claims that count how often a cost of a network was asked for, with `cost` in the convention of the check."""

    def __init__(self, net: Architecture, convention: str, options: Mapping[str, Any]) -> None:
        super().__init__(net)
        self.convention, self.options, self.counted = convention, options, 0

    def quantity(self, asked: s.Ref | s.Apply) -> Value:
        self.counted += 1
        return super().quantity(asked)

    def _cost(self, owner: Architecture, name: str, asked: s.Node) -> Size:
        if name.startswith("out_") and owner.output is not None:
            return _side(owner.output, name.removeprefix("out_"))
        if name in FUNCTIONS and name not in owner._graph.metrics:
            return FUNCTIONS[name](owner, **taken(FUNCTIONS[name], self.options))._size
        if name == "layers":
            return Size.of(len(_weighted(owner)))
        if part := re.fullmatch(r"(params|macs|flops|exact)_([a-z]+|\d+)", name):
            rows = _weighted(owner)
            chosen = [rows[int(part[2]) - 1]] if part[2].isdigit() else [row for row in rows if row.kind == part[2]]
            return total((row.params if part[1] == "params" else row.cost(part[1]))._size for row in chosen)
        return super()._cost(owner, self.convention if name == "cost" and self.convention else name, asked)


def taken(function: Callable[..., Cost], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options a function has a place for."""
    places = signature(function).parameters.values()
    every = any(place.kind is place.VAR_KEYWORD for place in places)
    return {name: value for name, value in options.items() if every or any(place.name == name for place in places)}


def _weighted(owner: Architecture) -> list[Row]:
    """Layers that multiply with weights, a repeated one as often as it is repeated: what papers count as layers."""
    rows = [row for row in owner.layers if int(row.repeat) and row.macs != 0 and row.params != 0]
    return [row for row in rows for _ in range(int(row.repeat))]


def _side(shape: Shape, name: str) -> Size:
    """A size of what comes out: c, t, h, w, n (positions), size."""
    found = {"c": shape.channels, "n": shape.positions, "size": shape.size, "batch": shape.batch}
    found |= dict(zip({1: "t", 2: "hw", 3: "dhw"}.get(shape.rank, ""), shape.dims, strict=False))
    return found[name]


def described(check: Check) -> Architecture:
    """The description a check derives from."""
    return load(check.zoo) if check.zoo and not check.program else _parsed(check.program)


@lru_cache(512)
def _parsed(program: str) -> Architecture:
    return parse(program)
