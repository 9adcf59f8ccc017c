"""What each node does and holds: parameters, activations, primitive operations. It knows no prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count as counter

from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Node, Repeat, Scaled, Sequence, Shared
from symcost.graph.user_layer import UserLayer
from symcost.record import record
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol, product, total
from symcost.sizes.functions import holds
from symcost.sizes.sums import summed
from symcost.source import Diagnostic, SymcostError


@dataclass(frozen=True)
class Times:
    """How often a leaf counts: in work, in parameters, in the parameters used, and over which loops that is summed."""

    work: Size = ONE
    weights: Size = ONE
    active: Size = ONE
    trainable: bool = True
    shared: object = None
    used: Size = ONE  # 1 where it runs at all: shared weights of what never runs are none
    loops: tuple[tuple[Symbol, Size], ...] = ()
    weight_loops: tuple[tuple[Symbol, Size], ...] = ()  # those inside a shared block
    blocks: tuple[tuple[str, int], ...] = ()  # the blocks it stands in, each with the number of its use

    def scaled(self, weights: Size, active: Size, work: Size) -> Times:
        return replace(self, work=self.work * work, weights=self.weights * weights, active=self.active * active)

    def over_loops(self, size: Size) -> Size:
        """Added up over the turns of the loops around, the innermost first."""
        return _over(self.loops, size) if self.loops else size

    def often(self, size: Size, factor: Size) -> Size:
        """So much so often; where the size is by the number of repeats, ``n*(64/n)``, it is still none without a repeat."""
        if factor is ONE:
            return size
        divided = {a for m in size.terms for a, e in m if e < 0}
        if divided and self.used != ONE and divided & {a for m in factor.terms for a, _ in m}:
            return size * factor * self.used
        return size * factor

    def repeated(self, count: Size) -> Times:
        return replace(self.scaled(count, count, count), used=self.used * holds(">=", count - 1, ONE))

    def within(self, index: Symbol, count: Size) -> Times:
        """Inside a loop."""
        turn = (index, count)
        used = self.used * holds(">=", count - 1, ONE)
        return replace(self, loops=(*self.loops, turn), weight_loops=(*self.weight_loops, turn), used=used)


def _over(loops: tuple[tuple[Symbol, Size], ...], size: Size) -> Size:
    for index, count in reversed(loops):
        size = summed(size, index, count)
    return size


@record()
class Figures:
    """What one turn of a leaf holds and does."""

    leaf: Leaf
    params: Size
    activations: Size  # elements of the output, where the layer makes a new tensor
    counts: dict[str, Size]  # primitive operations by name, and the user's own primitive costs


def figures(leaf: Leaf) -> Figures:
    layer, x, y = leaf.layer, leaf.input, leaf.output
    if isinstance(layer, UserLayer):
        counts = {name: n for name, n in layer.counts.items() if name != "act"}
        return Figures(leaf, layer.params, layer.counts.get("act", y.numel), counts)
    counts = {op.value: n for op, n in layer.ops(x, y).items() if n.terms}
    weights = layer.weights(x)
    return Figures(leaf, total(w.numel for w in weights) if weights else ZERO, ZERO if layer.view else y.numel, counts)


@record()
class Entry:
    """One leaf and how often it counts; equal leaves share their figures."""

    leaf: Leaf
    times: Times
    figures: Figures

    @property
    def repeat(self) -> Size:
        """How often it runs."""
        return self.times.over_loops(self.times.work)

    @property
    def params(self) -> Size:
        return self.figures.params

    @property
    def activations(self) -> Size:
        return self.figures.activations

    @property
    def counts(self) -> dict[str, Size]:
        return self.figures.counts

    def all_work(self, size: Size) -> Size:
        return self.times.over_loops(self.times.often(size, self.times.work))


Alike = list[tuple[Entry, int]]


def alike(entries: Iterable[Entry]) -> Alike:
    """Entries with the same figures in the same place, once, with how many there are: they are added up as one product."""
    first: dict[tuple[int, int], Entry] = {}
    counted: dict[tuple[int, int], int] = {}
    for entry in entries:
        key = (id(entry.figures), id(entry.times))
        counted[key] = counted.get(key, 0) + 1
        first.setdefault(key, entry)
    return [(entry, counted[key]) for key, entry in first.items()]


@dataclass
class Tally:
    """The sums over a network."""

    entries: tuple[Entry, ...]
    alike: Alike
    counts: dict[str, Size] = field(default_factory=dict)
    params: Size = ZERO
    active: Size = ZERO
    trainable: Size = ZERO
    activations: Size = ZERO


def tally(root: Node) -> Tally:
    """Count a network: every sum is made once, in one dictionary of monomials."""
    known: dict[object, Figures] = {}

    def of(leaf: Leaf) -> Figures:
        key = (id(leaf.layer), leaf.input, leaf.output, leaf.form)
        found = known.get(key)
        if found is None:
            found = known[key] = figures(leaf)
        return found

    entries = tuple([Entry(leaf, times, of(leaf)) for leaf, times in _leaves(root, Times(), counter())])
    groups = alike(entries)
    counts: dict[str, list[Size]] = {}
    for entry, n in groups:
        for name, size in entry.counts.items():
            counts.setdefault(name, []).append(entry.all_work(size) * n)
    params = weights_of(groups)
    plain = all(e.times.active is e.times.weights and e.times.trainable for e, _ in groups)
    return Tally(
        entries,
        groups,
        {name: total(counts[name]) for name in sorted(counts)},
        params,
        params if plain else weights_of(groups, lambda e: e.times.active),
        params if plain else weights_of(groups, lambda e: e.times.weights if e.times.trainable else ZERO),
        total(entry.all_work(entry.activations) * n for entry, n in groups),
    )


def weights_of(entries: Alike, factor: Callable[[Entry], Size] = lambda e: e.times.weights) -> Size:
    """Parameters, those with one address once."""
    parts = []
    shared: dict[object, list[Entry]] = {}
    for entry, n in entries:
        if not entry.params.terms:
            continue
        if entry.times.shared is None:
            parts.append(entry.times.over_loops(entry.times.often(entry.params, factor(entry))) * n)
        else:
            shared.setdefault(entry.times.shared, []).append(entry)
    return total([*parts, *(_once(uses, factor) for uses in shared.values())])


def _once(uses: list[Entry], factor: Callable[[Entry], Size]) -> Size:
    """Weights with one address: the same at every use, and there where any of the uses runs."""
    first = uses[0]
    sizes = [_over(e.times.weight_loops, e.params * factor(e)) for e in uses]
    turns = {index for e in uses for index, _ in e.times.loops}
    different = next((size for size in sizes if size != sizes[0]), None)
    if different is None and not turns.isdisjoint(sizes[0].symbols()):
        different = sizes[0].subs({index: Size.of(index) + 1 for index in turns})
    if different is not None:
        text = f"the shared weights of '{first.leaf.text}' would have two sizes: {sizes[0]} and {different}"
        raise SymcostError(Diagnostic("shared-differ", text, first.leaf.span))
    unused = product(1 - e.times.used for e in uses)
    if not turns.isdisjoint(unused.symbols()):
        text = f"whether the shared weights of '{first.leaf.text}' are used at all depends on the turn of a loop"
        raise SymcostError(Diagnostic("shared-differ", text, first.leaf.span))
    return sizes[0] * (1 - unused)


def _leaves(node: Node, times: Times, uses: Iterator[int]) -> Iterator[tuple[Leaf, Times]]:
    match node:
        case Sequence():
            if node.name is not None:
                times = replace(times, blocks=(*times.blocks, (node.name, next(uses))))
            for index, part in enumerate(node.parts):
                inner = times if times.shared is None else replace(times, shared=(times.shared, index))
                if isinstance(part, Leaf):
                    yield part, inner
                else:
                    yield from _leaves(part, inner, uses)
        case Leaf():
            yield node, times
        case Repeat():
            yield from _leaves(node.node, times.repeated(node.count), uses)
        case Loop():
            yield from _leaves(node.node, times.within(node.index, node.count), uses)
        case Guarded():
            held = times.scaled(node.holds, node.holds, node.holds)
            yield from _leaves(node.node, replace(held, used=times.used * node.holds), uses)
        case Scaled():
            yield from _leaves(node.node, times.scaled(node.weights, node.active, node.work), uses)
        case Shared():
            times = replace(times, shared=node.key, weights=ONE, active=ONE, weight_loops=())
            yield from _leaves(node.node, times, uses)
        case Frozen():
            yield from _leaves(node.node, replace(times, trainable=node.trainable), uses)
        case Fork():
            parts = node.branches if node.meet is None else (*node.branches, node.meet)
            yield from _leaves(Sequence(parts), times, uses)
