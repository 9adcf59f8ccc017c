"""What becomes of an entry: each check derived from its description and compared with what was printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from symcost import syntax as s
from symcost.architecture import Architecture, parse
from symcost.catalogue.entries import Check, Entry, Figure
from symcost.claims import Claims
from symcost.domain import by_name
from symcost.graph import resolved
from symcost.graph.values import Value
from symcost.growth import limit as growth_limit
from symcost.parser import parse_formula
from symcost.prove import compare
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.rounding import over_one_divisor
from symcost.sizes.facts import never_negative
from symcost.sizes.notation import UNICODE, text
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
    for printed in check.equal:
        verdict = compare(*by_name(derived, side.read(printed, derived)), side.claims.inside)
        yield Outcome(check, "equal", printed, derived, verdict.equal is True, verdict.how)
    for printed in check.differs:
        theirs = side.read(printed, derived)
        verdict = compare(*by_name(derived, theirs), side.claims.inside)
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
            gap = compare(*by_name(derived - theirs, side.read(check.gap, derived)))
            yield Outcome(check, "gap", check.gap, derived - theirs, gap.equal is True, gap.how)
    yield from _asymptotic(check, side, derived)
    for figure in check.figures:
        yield _figure(check, side, figure)


def _asymptotic(check: Check, side: _Side, derived: Size) -> Iterator[Outcome]:
    if check.leading:
        theirs = side.read(check.leading, derived)
        tends = limit(*by_name(derived, theirs), check.grows)
        yield Outcome(check, "leading", check.leading, derived, tends == 1, f"the ratio tends to {tends}")
    if check.order:
        theirs = side.read(check.order, derived)
        tends = limit(*by_name(derived, theirs), check.grows)
        yield Outcome(check, "order", check.order, derived, tends is not None, f"the ratio tends to {tends}")
    if check.limit:
        tends = limit(derived, Size.of(1), check.grows)
        wanted = side.read(check.limit, derived)
        same = tends is not None and compare(*by_name(tends, wanted)).equal is True
        yield Outcome(check, "limit", check.limit, derived, same, f"it tends to {tends}")
    for word, sign in (("least", 1), ("most", -1)):
        printed = getattr(check, word)
        if printed:
            ours, theirs = by_name(derived, side.read(printed, derived))
            holds = never_negative((ours - theirs) * sign)
            yield Outcome(check, word, printed, derived, holds, "the difference is never negative")


def limit(a: Size, b: Size, grows: tuple[str, ...]) -> Size | None:
    """What ``a/b`` tends to as the symbols grow without bound, one after the other; None where it does not, or is not known to."""
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
    size = side.derived(figure.ask or check.ask, dict(figure.at))
    value = size.number
    if value is None:
        return Outcome(check, "figure", figure.printed, size, False, "symbols are left without a value")
    holds = _prints(value, figure)
    if figure.how == "differs":
        holds = not holds
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
        self.net = load(check.zoo) if check.zoo and not check.program else _parsed(check.program)
        self.claims = _Asked(self.net, check.convention)

    def derived(self, ask: str, at: dict[str, object] | None = None) -> Size:
        """A cost, or an expression of costs, from the description."""
        self.claims.counted = 0
        size = resolved(self.claims.size(parse_formula(ask, self.check.zoo or "<ask>")))
        if not self.claims.counted:
            raise SymcostError([])  # nothing was derived: `test_catalogue` names the entry
        size = self.net.domain.public(size)
        if self.check.given:
            meant = {name: self.net.domain.read(text) for name, text in self.check.given.items()}
            size = size.subs({s: meant[s.name] for s in size.symbols() if s.name in meant})
        if not at:
            return size
        given = {name: Size.of(Fraction(str(value))) for name, value in at.items()}
        return size.subs({s: given[s.name] for s in size.symbols() if s.name in given})

    def read(self, printed: str, derived: Size) -> Size:
        """A printed formula in the symbols of what is derived."""
        return self.net.domain.public(self.net.domain.read(printed))


class _Asked(Claims):
    """Claims that count how often a cost of a network was asked for, with `cost` in the convention of the check."""

    def __init__(self, net: Architecture, convention: str) -> None:
        super().__init__(net)
        self.convention, self.counted = convention, 0

    def quantity(self, asked: s.Ref | s.Apply) -> Value:
        self.counted += 1
        return super().quantity(asked)

    def _cost(self, owner: Architecture, name: str, asked: s.Node) -> Size:
        if name.startswith("out_") and owner.output is not None:
            return _side(owner.output, name.removeprefix("out_"))
        return super()._cost(owner, self.convention if name == "cost" and self.convention else name, asked)


def _side(shape: Shape, name: str) -> Size:
    """A size of what comes out: c, t, h, w, n (positions), size."""
    found = {"c": shape.channels, "n": shape.positions, "size": shape.size, "batch": shape.batch}
    found |= dict(zip({1: "t", 2: "hw", 3: "dhw"}.get(shape.rank, ""), shape.dims, strict=False))
    return found[name]


@lru_cache(512)
def _parsed(program: str) -> Architecture:
    return parse(program)
