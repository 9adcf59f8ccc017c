"""Why two counts of a network differ: their difference, taken apart by cause.

Every convention prices one tally, so the difference of two is a sum over layers of differences in price, and each departure of a
convention from its prices is a cause with a name. The parts add up to the difference of the totals, symbolically.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from symcost.architecture import Architecture
from symcost.conventions import Convention, Departure, convention
from symcost.cost import Cost
from symcost.display import Displayed
from symcost.domain import Domain, by_name
from symcost.entries import Entry
from symcost.graph import resolved
from symcost.graph.scope import Declared
from symcost.ops import MEANING, Op
from symcost.sizes.atoms import Size, total
from symcost.sizes.facts import simplified

BIASED = ("conv", "dwconv", "upconv", "linear", "fc", "unembed")  # where an addition outside a dot product is a bias


@dataclass(frozen=True)
class Part:
    """What one layer adds to a cause, over all its repeats."""

    text: str
    kind: str
    cost: Cost


@dataclass(frozen=True)
class Cause:
    """One reason why the first count is larger (or, negative, smaller) than the second."""

    kind: str  # of the layers it is about; empty where it is about all
    why: str
    cost: Cost
    parts: tuple[Part, ...] = field(repr=False)


@dataclass(frozen=True)
class Difference(Displayed):
    """The first count minus the second, by cause."""

    first: Cost
    second: Cost
    titles: tuple[str, str]
    total: Cost  # what is counted by the first and not by the second: the sum of the causes
    causes: tuple[Cause, ...]


def of_conventions(net: Architecture, first: str, second: str) -> Difference:
    """``first`` minus ``second`` on one network, by cause. Raises `SymcostError` for a convention that does not exist."""
    a, b = convention(first), convention(second)
    found: dict[tuple[str, str], list[tuple[Entry, Size]]] = {}
    for entry in net._tally.entries:
        for cause, size in _causes(entry, a, b):
            if size.terms:
                found.setdefault(cause, []).append((entry, size))
    causes = [_cause(net, kind, why, parts) for (kind, why), parts in found.items()]
    kept = tuple(c for c in causes if c.cost != 0)
    left, right = net.cost(first), net.cost(second)
    whole = left._owned(left._size - right._size)
    return Difference(left, right, (a.name, b.name), whole, _largest_first(kept))


def _cause(net: Architecture, kind: str, why: str, found: list[tuple[Entry, Size]]) -> Cause:
    sizes = [net._apply(entry.all_work(size)) for entry, size in found]
    parts = (Part(e.leaf.text, e.leaf.layer.kind, net._cost(s, "")) for (e, _), s in zip(found, sizes, strict=True))
    return Cause(kind, why, net._cost(total(sizes), ""), tuple(parts))


def _causes(entry: Entry, a: Convention, b: Convention) -> Iterator[tuple[tuple[str, str], Size]]:
    """Why two conventions count one turn of a layer differently, each cause with its share."""
    kind, figures = entry.leaf.layer.kind, entry.figures
    met = [(rule, rule.departing(entry.leaf)) for rule in (a, b)]
    instead = [(rule, [d for d in departures if not d.more]) for rule, departures in met]

    def value(departure: Departure) -> Size:
        return departure.value(entry.leaf, figures.counts, figures.params)

    if any(own for _, own in instead):
        one, other = (total(map(value, own)) if own else rule.price(figures.counts) for rule, own in instead)
        whys = (f"{rule.name}: {_why(own[0])}" for rule, own in instead if own)
        yield (kind, "; ".join(whys)), one - other
    else:
        yield from _prices(kind, figures.counts, a, b)
    beside = [[(rule, d, value(d)) for d in departures if d.more] for rule, departures in met]
    for found in list(beside[0]):
        alike = next((other for other in beside[1] if other[2] == found[2]), None)
        if alike is not None:  # what both add is no difference
            beside[0].remove(found)
            beside[1].remove(alike)
    for sign, own in zip((1, -1), beside, strict=True):
        for rule, departure, size in own:
            yield (kind, f"{rule.name}: {_why(departure)}"), sign * size


def _why(departure: Departure) -> str:
    return f"{departure.why} (a mistake)" if departure.bug else departure.why


def _prices(kind: str, counts: dict[str, Size], a: Convention, b: Convention) -> Iterator[tuple[tuple[str, str], Size]]:
    """Operations with two prices: products, sums of products and biases wherever they are, the others by kind."""
    apart = {op: (a.prices.get(op, Fraction(0)), b.prices.get(op, Fraction(0))) for op in Op if op.value in counts}
    others: dict[tuple[Fraction, Fraction], list[Op]] = {}
    for op, (p, q) in apart.items():
        if p == q:
            continue
        size = counts[op.value] * (p - q)
        if op is Op.MAC:
            yield ("", f"multiply-accumulates: {p} against {q}"), size
        elif op is Op.DOT:
            yield ("", f"dot products: a sum of n products takes n - 1 additions ({p} against {q})"), size
        elif op is Op.ADD and kind in BIASED:
            yield ("", f"biases: {p} against {q} an element"), size
        else:
            others.setdefault((p, q), []).append(op)
    for (p, q), ops in others.items():
        words = ", ".join(MEANING[op].removesuffix(" outside dot products") for op in ops)
        yield (kind, f"{words}: {p} against {q}"), total(counts[op.value] for op in ops) * (p - q)


def of_networks(first: Architecture, second: Architecture, name: str, titles: tuple[str, str]) -> Difference:
    """``first`` minus ``second`` under one convention, by kind of layer; symbols of one name are one symbol."""
    rule, common = convention(name), _Common(first, second)
    kinds: dict[str, list[tuple[Entry, Size]]] = {}
    for sign, net in ((1, first), (-1, second)):
        for entry in net._tally.entries:
            size = common.size(net, entry.all_work(rule.of(entry.figures))) * sign
            kinds.setdefault(entry.leaf.layer.kind, []).append((entry, size))
    causes = []
    for kind, found in kinds.items():
        parts = (Part(entry.leaf.text, kind, common.cost(size, rule.unit)) for entry, size in found)
        causes.append(Cause(kind, "", common.cost(total(size for _, size in found), rule.unit), tuple(parts)))
    kept = tuple(c for c in causes if c.cost != 0)
    whole = common.cost(total(size for found in kinds.values() for _, size in found), rule.unit)
    return Difference(first.cost(name), second.cost(name), titles, whole, _largest_first(kept))


class _Common:
    """The sizes of several networks in the symbols their users declared: those of one name are one, and all conditions hold."""

    def __init__(self, *nets: Architecture) -> None:
        declared = [d for net in nets for d in net.domain.symbols.values()]
        named: dict[str, Size] = {}
        for d in declared:
            named[d.symbol.name], _ = by_name(named.get(d.symbol.name, Size.of(d.symbol)), Size.of(d.symbol))
        self.alike = {d.symbol: named[d.symbol.name] for d in declared}
        symbols = {name: Declared(symbol) for name, size in named.items() for symbol in size.symbols()}
        asked = [c.mapped(partial(self._declared, net)) for net in nets for c in net.domain.requirements()]
        self.domain = Domain(symbols, (), simplified(asked), ())
        self.hints = tuple(self._declared(net, size) for net in nets for size in net._hints)
        self.counts = tuple(
            s for net in nets for c in net._counted.counts for s in self._declared(net, Size.of(c)).symbols()
        )

    def _declared(self, net: Architecture, size: Size) -> Size:
        return net.domain.public(resolved(size)).subs(self.alike)

    def size(self, net: Architecture, size: Size) -> Size:
        return self._declared(net, net._apply(size))

    def cost(self, size: Size, unit: str) -> Cost:
        return Cost(size, unit, None, (), self.domain, self.hints, self.counts)


def _largest_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """By size where all are numbers; as the network runs otherwise."""
    found = tuple(causes)
    if any(c.cost.value is None for c in found):
        return found
    return tuple(sorted(found, key=lambda c: abs(Fraction(c.cost.value or 0)), reverse=True))
