"""Why two counts of a network differ: their difference, taken apart by cause.

Every convention prices one tally, so the difference of two is a sum over layers of differences in price, and each departure of a
convention from its prices is a cause with a name. The parts add up to the difference of the totals, symbolically.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from symcost.architecture import Architecture, Cost
from symcost.conventions import Convention, Departure, convention
from symcost.domain import by_name
from symcost.ops import MEANING, Op
from symcost.sizes.atoms import Size, total
from symcost.tally import Entry

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
class Difference:
    """The first count minus the second, by cause."""

    first: Cost
    second: Cost
    titles: tuple[str, str]
    causes: tuple[Cause, ...]

    @property
    def total(self) -> Cost:
        """What is counted by the first and not by the second: the sum of the causes."""
        left, right = by_name(self.first._size, self.second._size)
        return self.first._owned(left - right)


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
    return Difference(net.cost(first), net.cost(second), (a.name, b.name), _largest_first(kept))


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
        left, right = (total(map(value, own)) if own else rule.price(figures.counts) for rule, own in instead)
        whys = (f"{rule.name}: {_why(own[0])}" for rule, own in instead if own)
        yield (kind, "; ".join(whys)), left - right
    else:
        yield from _prices(kind, figures.counts, a, b)
    for sign, (rule, departures) in zip((1, -1), met, strict=True):
        for departure in departures:
            if departure.more:
                yield (kind, f"{rule.name}: {_why(departure)}"), sign * value(departure)


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
    rule = convention(name)
    kinds: dict[str, list[tuple[Architecture, Entry, Size]]] = {}
    for sign, net in ((1, first), (-1, second)):
        for entry in net._tally.entries:
            size = net._apply(entry.all_work(rule.of(entry.figures))) * sign
            kinds.setdefault(entry.leaf.layer.kind, []).append((net, entry, size))
    causes = []
    for kind, found in kinds.items():
        left, right = (total(s for net, _, s in found if net is side) for side in (first, second))
        cost = first._cost(total(by_name(left, right)), rule.unit)
        parts = (Part(e.leaf.text, kind, net._cost(s, rule.unit)) for net, e, s in found)
        causes.append(Cause(kind, "", cost, tuple(parts)))
    kept = tuple(c for c in causes if c.cost != 0)
    return Difference(first.cost(name), second.cost(name), titles, _largest_first(kept))


def _largest_first(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """By size where all are numbers; as the network runs otherwise."""
    found = tuple(causes)
    if any(c.cost.value is None for c in found):
        return found
    return tuple(sorted(found, key=lambda c: abs(Fraction(c.cost.value or 0)), reverse=True))
