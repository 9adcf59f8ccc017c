"""What a convention is, and what it makes of a layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from symcost import syntax as s
from symcost.graph.nodes import Leaf
from symcost.graph.scope import Scope, Tensor
from symcost.graph.values import Evaluator
from symcost.layers.base import Value, slots
from symcost.ops import Op
from symcost.sizes.atoms import ZERO, Size, product, total
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Report, Span, SymcostError
from symcost.tally import Entry, Figures, Tally


@dataclass(frozen=True)
class Departure:
    """Where a convention does not follow its own prices.

    ``formula`` gives what it counts for one layer of these ``kinds`` over the whole batch: instead of the prices, or
    (``more``) beside them. Its names are the primitive operations of the layer, ``inputs`` and ``outputs`` (elements),
    ``batch``, ``params``, ``rank`` (position axes), the arguments of the layer (true is 1, a tensor given is 1; one size for
    each axis gives their product, and ``k_t``, ``k_h``, ``k_w`` each), and the sizes ``in.c``, ``in.t``, ``out.c``, ...
    """

    kinds: tuple[str, ...]
    formula: s.Expr
    why: str
    more: bool = False
    unseen: bool = False  # it happens and this convention does not notice: not a count of zero
    bug: bool = False  # the tool means something else: its prices give it
    options: Mapping[str, str | bool] = field(default_factory=dict)  # only where the layer was written so
    form: str | None = None  # only where it is implemented so: `set relu.form = "functional"`
    place: Span | None = None  # of the formula in its file

    def meets(self, leaf: Leaf) -> bool:
        layer = leaf.layer
        if layer.kind not in self.kinds or self.form not in (None, leaf.form):
            return False
        return all(getattr(layer, n, None) == v for n, v in self.options.items())

    def value(self, leaf: Leaf, counts: Mapping[str, Size], params: Size) -> Size:
        scope = Scope(None, Report(), entered=leaf.input, here=leaf.output)
        scope.names |= _names(leaf, counts, params)
        try:
            return Evaluator(scope).size(self.formula)
        except SymcostError as error:
            raise SymcostError([_at(d, self.place) for d in error.diagnostics]) from None


def _names(leaf: Leaf, counts: Mapping[str, Size], params: Size) -> dict[str, Size | Tensor]:
    """What the formula of a departure may name."""
    found: dict[str, Size | Tensor] = {op.value: counts.get(op.value, ZERO) for op in Op}
    found |= {"inputs": leaf.input.numel, "outputs": leaf.output.numel, "params": params}
    found |= {"batch": leaf.input.batch, "rank": Size.of(leaf.input.rank), "out": Tensor(leaf.output)}
    for name, value in leaf.layer.values(leaf.input).items():
        found |= _named(name, value)
    for name in leaf.layer.tensors:
        found[name] = Size.of(int(isinstance(getattr(leaf.layer, name), Shape)))
    return found


AXES = {1: "t", 2: "hw", 3: "dhw"}


def _named(name: str, value: Value) -> dict[str, Size]:
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


def _at(diagnostic: Diagnostic, place: Span | None) -> Diagnostic:
    """The same, in the file where the formula stands."""
    span = diagnostic.span
    if place is None or span is None or span.source is place.source:
        return diagnostic
    moved = Span(place.source, place.start + span.start, place.start + span.end)
    return Diagnostic(diagnostic.code, diagnostic.message, moved, diagnostic.notes, diagnostic.help)


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
        return total(entry.all_work(self.of(entry.figures)) for entry in tally.entries)

    def departing(self, leaf: Leaf) -> tuple[Departure, ...]:
        """The departures for a layer: the last that replaces the prices, and all that add to them."""
        met = [d for d in self._by_kind.get(leaf.layer.kind, ()) if d.meets(leaf)]
        instead = [d for d in met if not d.more][-1:]
        return (*instead, *(d for d in met if d.more))

    def uncounted(self, entries: Iterable[Entry]) -> tuple[str, ...]:
        """What happens and is not counted: operations without a price, kinds the convention does not see.

        Dot products are not work of their own: their products are.
        """
        priced = {op.value for op in self.prices} | {Op.DOT.value}
        missing: set[str] = set()
        unseen: dict[str, None] = {}
        for entry in entries:
            parts = self.departing(entry.leaf) if self.departures else ()
            if any(d.unseen for d in parts):
                unseen[entry.leaf.layer.kind] = None
            elif all(d.more for d in parts):
                missing |= {n for n, size in entry.counts.items() if n not in priced and size.terms}
        return (*(op.value for op in Op if op.value in missing), *unseen)

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
