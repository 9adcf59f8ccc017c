"""What a convention is, and what it makes of a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from symcost import syntax as s
from symcost.entries import Alike, Figures
from symcost.graph.nodes import Leaf
from symcost.graph.scope import Scope, Tensor
from symcost.graph.values import DECIDE, Evaluator, Value
from symcost.layers.base import Value as Argument
from symcost.layers.base import slots
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size, product, total
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Report, Span, SymcostError
from symcost.tally import Tally


@dataclass(frozen=True)
class Departure:
    """Where a convention does not follow its own prices.

    ``formula`` gives what it counts for one layer of these ``kinds`` over the whole batch: instead of the prices, or
    (``more``) beside them. Its names are the primitive operations of the layer, ``inputs`` and ``outputs`` (elements),
    ``batch``, ``params``, ``rank`` (position axes), the arguments of the layer (true is 1, a tensor given is 1; one size for
    each axis gives their product, and ``k_t``, ``k_h``, ``k_w`` each; ``keys_given`` is 1 where ``keys`` was written), the
    sizes ``in.c``, ``in.t``, ``out.c``, ..., and ``each``: the product over the axes of a formula of its own, in which the
    arguments, ``in.n`` and ``out.n`` are those of one axis.
    """

    kinds: tuple[str, ...]
    formula: s.Expr
    why: str
    more: bool = False
    unseen: bool = False  # it happens and this convention does not notice: not a count of zero
    bug: bool = False  # the tool means something else: its prices give it
    options: Mapping[str, str | bool] = field(default_factory=dict)  # only where the layer was written so
    form: str | None = None  # only where it is implemented so: `set relu.form = "function"`
    where: s.Expr | None = None  # only where this condition on arguments and sizes holds
    each: s.Expr | None = None  # of one axis
    places: Mapping[str, Span] = field(default_factory=dict)  # of the formulas in their file

    def meets(self, leaf: Leaf) -> bool:
        layer = leaf.layer
        if layer.kind not in self.kinds or self.form not in (None, leaf.form):
            return False
        if not all(getattr(layer, n, None) == v for n, v in self.options.items()):
            return False
        return self.where is None or self._holds(self.where, leaf)

    def _holds(self, where: s.Expr, leaf: Leaf) -> bool:
        with self._told(where):
            decided = _evaluator(leaf.input, leaf.output, _arguments(leaf)).truth(where)
            if decided is None:
                message = f"cannot decide '{where.span.text}' for '{leaf.text}'"
                raise SymcostError(Diagnostic("undecided", message, where.span, help=DECIDE))
            return decided

    def value(self, leaf: Leaf, counts: Mapping[str, Size], params: Size) -> Size:
        found: dict[str, Size] = {op.value: counts.get(op.value, ZERO) for op in Op}
        found |= {"inputs": leaf.input.numel, "outputs": leaf.output.numel, "params": params, **_arguments(leaf)}
        if self.each is not None:
            found["each"] = product(self._axes(self.each, leaf, found))
        return self._evaluated(self.formula, leaf.input, leaf.output, found)

    def _axes(self, each: s.Expr, leaf: Leaf, names: Mapping[str, Size]) -> Iterator[Size]:
        """The formula of one axis, on each. What pools to a vector leaves one position on all of them."""
        x, y = leaf.input, leaf.output
        left = y.dims if y.rank == x.rank else (ONE,) * x.rank
        arguments = leaf.layer.values(x)
        for i, (before, after) in enumerate(zip(x.dims, left, strict=True)):
            own = {n: v[i] for n, v in arguments.items() if isinstance(v, tuple) and len(v) == x.rank}
            yield self._evaluated(each, x.to(dims=(before,)), y.to(dims=(after,)), {**names, **own})

    def _evaluated(self, formula: s.Expr, x: Shape, y: Shape, names: Mapping[str, Size]) -> Size:
        with self._told(formula):
            return _evaluator(x, y, names).size(formula)

    @contextmanager
    def _told(self, formula: s.Expr) -> Iterator[None]:
        """What is wrong in a formula is told where it stands in the file."""
        try:
            yield
        except SymcostError as error:
            raise SymcostError([moved(d, self.places[formula.span.source.text]) for d in error.diagnostics]) from None


class _Bracketing(Evaluator):
    """Keeps both sides of a choice that symbols leave open: ``[X mod 7 = 0]*a + (1 - [X mod 7 = 0])*b``."""

    def _choice(self, expr: s.Choice) -> Value:
        decided = self.truth(expr.condition)
        if decided is not None:
            return self._value(expr.then if decided else expr.other)
        holds = self.bracket(expr.condition)
        return holds * self.size(expr.then) + (1 - holds) * self.size(expr.other)


def _evaluator(x: Shape, y: Shape, names: Mapping[str, Size]) -> Evaluator:
    scope = Scope(None, Report(), entered=x, here=y)
    scope.names |= {**names, "out": Tensor(y)}
    return _Bracketing(scope)


def _arguments(leaf: Leaf) -> dict[str, Size]:
    """What is known of a layer before it is counted."""
    found = {"batch": leaf.input.batch, "rank": Size.of(leaf.input.rank)}
    for name, value in leaf.layer.values(leaf.input).items():
        found |= _named(name, value)
    for slot in slots(type(leaf.layer)) if hasattr(leaf.layer, "signature") else ():
        found[f"{slot.name}_given"] = Size.of(int(getattr(leaf.layer, slot.name, None) is not None))
    for name in leaf.layer.tensors:
        found[name] = Size.of(int(isinstance(getattr(leaf.layer, name), Shape)))
    return found


AXES = {1: "t", 2: "hw", 3: "dhw"}


def _named(name: str, value: Argument) -> dict[str, Size]:
    """An argument as sizes: 0 or 1 for a flag; the product over the axes, and ``k_h``, ``k_w`` for each."""
    match value:
        case bool():
            return {name: Size.of(int(value))}
        case tuple():
            each = zip(AXES.get(len(value), ""), value, strict=False)
            return {name: product(value)} | {f"{name}_{axis}": size for axis, size in each}
        case Size():
            return {name: value}
    return {}


def moved(diagnostic: Diagnostic, place: Span) -> Diagnostic:
    """What is told of a formula, in the file where the formula stands."""
    span = diagnostic.span
    assert span is not None
    return replace(diagnostic, span=Span(place.source, place.start + span.start, place.start + span.end))


@dataclass(frozen=True)
class Convention:
    """What one unit counts. What happens and has no price is not counted, which every result says."""

    name: str
    unit: str
    title: str
    source: str
    prices: Mapping[Op, Fraction]
    departures: tuple[Departure, ...] = ()
    checks: Mapping[str, int] = field(default_factory=dict)  # figures the tool printed, by probe
    family: str = ""  # the tool, for the pages
    about: str = ""  # the networks it is for, where it is not for all: transformers

    def price(self, counts: Mapping[str, Size]) -> Size:
        """The cost of these primitive operations by the rule."""
        return total(counts[op.value] * price for op, price in self.prices.items() if op.value in counts)

    def of(self, figures: Figures) -> Size:
        """The cost of one turn of a layer."""
        parts = self.departing(figures.leaf)
        if not parts:
            return self.price(figures.counts)
        found = [ZERO if any(not d.more for d in parts) else self.price(figures.counts)]
        return total([*found, *(d.value(figures.leaf, figures.counts, figures.params) for d in parts)])

    def total(self, tally: Tally) -> Size:
        """The cost of a network."""
        if not self.departures:
            return self.price(tally.counts)
        return total(entry.all_work(self.of(entry.figures)) * n for entry, n in tally.alike)

    def departing(self, leaf: Leaf) -> tuple[Departure, ...]:
        """The departures for a layer: the last that replaces the prices, and all that add to them."""
        met = [d for d in self._by_kind.get(leaf.layer.kind, ()) if d.meets(leaf)]
        instead = [d for d in met if not d.more][-1:]
        return (*instead, *(d for d in met if d.more))

    def uncounted(self, counts: Mapping[str, Size], entries: Alike) -> tuple[str, ...]:
        """What happens and is not counted: operations without a price, kinds the convention does not see.

        ``counts`` are the operations of all ``entries`` together. Dot products are not work of their own: their products are.
        """
        priced = {op.value for op in self.prices} | {Op.DOT.value}
        missing = set() if self.departures else {n for n in counts.keys() - priced if counts[n].terms}
        unseen: dict[str, None] = {}
        for entry, _ in entries if self.departures else ():
            parts = self.departing(entry.leaf)
            if any(d.unseen for d in parts):
                unseen[entry.leaf.layer.kind] = None
            elif all(d.more for d in parts):
                missing.update(n for n in entry.counts.keys() - priced if entry.counts[n].terms)
        ours = [op.value for op in Op if op.value in missing]
        return (*ours, *sorted(missing - set(ours)), *unseen)

    @cached_property
    def _by_kind(self) -> dict[str, list[Departure]]:
        found: dict[str, list[Departure]] = {}
        for departure in self.departures:
            for kind in departure.kinds:
                found.setdefault(kind, []).append(departure)
        return found


def arguments_of(kind: type) -> frozenset[str]:
    """The names of the arguments of a kind."""
    return frozenset(slot.name for slot in slots(kind)) if hasattr(kind, "signature") else frozenset()
