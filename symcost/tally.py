"""What a network does and holds: parameters, activations, primitive operations. It knows no prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import count as counter
from weakref import WeakKeyDictionary

from symcost.entries import Alike, Counted, Entry, Times, alike, over
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Node, Repeat, Run, Scaled, Sequence, Shared, Width
from symcost.graph.patterns import Pattern
from symcost.sizes.atoms import ONE, ZERO, Size, product, total
from symcost.source import Diagnostic, SymcostError
from symcost.widths import Form, Sums, Total, factor

Placed = list[tuple[Leaf | Run | Sequence, Times]]  # a sequence: a block that is counted as a whole


@dataclass
class Tally:
    """The sums over a network."""

    root: Node
    placed: Placed
    counts: dict[str, Size] = field(default_factory=dict)
    params: Size = ZERO
    active: Size = ZERO
    trainable: Size = ZERO
    activations: Size = ZERO

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The layers one by one, in order."""
        placed: Placed = []
        _place(self.root, Times(), counter(), placed, whole=False)
        of = _Kept()
        return tuple([Entry(leaf, times, of(leaf)) for node, times in placed for leaf in _leaves(node)])

    @cached_property
    def alike(self) -> Alike:
        """Those that are equal, once."""
        return alike(self.entries)

    def sizes(self) -> Iterable[Size]:
        """The sides and channels of what comes out of the layers; symbols of their own for channels of patterns."""
        return _sizes(self.placed)


def _leaves(node: Leaf | Run | Sequence) -> tuple[Leaf, ...]:
    if isinstance(node, Leaf):
        return (node,)
    assert isinstance(node, Run)
    return node.parts


def _sizes(placed: Placed) -> tuple[Size, ...]:
    found: dict[Size, None] = {}
    patterns: set[Pattern] = set()
    for node, _ in placed:
        if isinstance(node, Leaf):
            found.update(dict.fromkeys((*node.output.dims, node.output.channels)))
        elif isinstance(node, Sequence):
            found.update(dict.fromkeys(_whole(node)[1]))
        else:
            for pattern, _, _ in node.widths:
                if pattern not in patterns:
                    patterns.add(pattern)
                    found.update(dict.fromkeys((*pattern.output.dims, pattern.output.channels)))
    return tuple(found)


class _Kept:
    """What leaves hold and do, counted once for those that are equal."""

    def __init__(self) -> None:
        self._equal: dict[object, Counted] = {}
        self._same: dict[object, Counted] = {}  # the very same objects: shapes take longer to compare

    def __call__(self, leaf: Leaf) -> Counted:
        objects = (id(leaf.layer), id(leaf.input), id(leaf.output), leaf.form)
        found = self._same.get(objects)
        if found is None:
            key = (id(leaf.layer), leaf.input, leaf.output, leaf.form)
            found = self._same[objects] = self._equal.setdefault(key, Counted(leaf))
        return found


def tally(root: Node) -> Tally:
    """Count a network: every sum is made once, in one dictionary of monomials."""
    placed: Placed = []
    _place(root, Times(), counter(), placed)
    every = {id(times): times for _, times in placed}.values()
    plain = all(times.active is times.weights and times.trainable for times in every)
    sums = _sums(placed, plain)
    params, active, trainable, activations = map(sums.of, Total)
    counts = {name: sums.of(name) for name in sorted(name for name in sums.terms if isinstance(name, str))}
    return Tally(root, placed, counts, params, params if plain else active, params if plain else trainable, activations)


def _sums(placed: Placed, plain: bool) -> Sums:
    sums = Sums(plain)
    _add_leaves(sums, [(node, times) for node, times in placed if isinstance(node, Leaf)])
    for times, widths in _runs(placed):
        sums.run(times, widths)
    for node, times in placed:
        if isinstance(node, Sequence):
            sums.forms(times, [(_whole(node)[0], {(0, 0): 1})])
    return sums


_wholes: WeakKeyDictionary[Sequence, tuple[Form, tuple[Size, ...]]] = WeakKeyDictionary()


def _whole(block: Sequence) -> tuple[Form, tuple[Size, ...]]:
    """What one use of a block holds and does, and the sizes of its tensors; it stands in many places, and many programs."""
    found = _wholes.get(block)
    if found is None:
        placed: Placed = []
        _place(Sequence(block.nodes), Times(), counter(), placed)
        found = _wholes[block] = _sums(placed, True).form(), _sizes(placed)
    return found


def _add_leaves(sums: Sums, leaves: list[tuple[Leaf, Times]]) -> None:
    of = _Kept()
    together = alike(Entry(leaf, times, of(leaf)) for leaf, times in leaves)
    for entry, n in together:
        sums.add(Total.ACTIVATIONS, entry.all_work(entry.activations), n)
        for name, size in entry.counts.items():
            sums.add(name, entry.all_work(size), n)
    for key in sums.weights:
        sums.add(key, weights_of(together, partial(factor, key)), 1)


def _runs(placed: Placed) -> Iterable[tuple[Times, Counter[Width]]]:
    """The layers that are known by their patterns, those with the same repeats around them together."""
    found: dict[int, tuple[Times, list[Width]]] = {}
    for node, times in placed:
        if isinstance(node, Run):
            found.setdefault(id(times), (times, []))[1].extend(node.widths)
    return [(times, Counter(widths)) for times, widths in found.values()]


def weights_of(entries: Alike, factor: Callable[[Times], Size] = lambda times: times.weights) -> Size:
    """Parameters, those with one address once."""
    parts = []
    shared: dict[object, list[Entry]] = {}
    for entry, n in entries:
        if not entry.params.terms:
            continue
        if entry.times.shared is None:
            parts.append(entry.times.over_loops(entry.times.often(entry.params, factor(entry.times))) * n)
        else:
            shared.setdefault(entry.times.shared, []).append(entry)
    return total([*parts, *(_once(uses, factor) for uses in shared.values())])


def _once(uses: list[Entry], factor: Callable[[Times], Size]) -> Size:
    """Weights with one address: the same at every use, and there where any of the uses runs."""
    first = uses[0]
    sizes = [over(e.times.weight_loops, e.params * factor(e.times)) for e in uses]
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


def _place(node: Node, times: Times, uses: Iterator[int], found: Placed, whole: bool = True) -> None:
    """Put the layers of a node behind those that were found, each with how often it counts; or blocks as a ``whole``."""
    match node:
        case Sequence() if whole and node.name is not None and node.straight and times.shared is None:
            found.append((node, times))
        case Sequence():
            if node.name is not None:
                times = replace(times, blocks=(*times.blocks, (node.name, next(uses))))
            for index, part in enumerate(node.nodes if times.shared is None else node.parts):
                inner = times if times.shared is None else replace(times, shared=(times.shared, index))
                if isinstance(part, Leaf | Run):
                    found.append((part, inner))
                else:
                    _place(part, inner, uses, found, whole)
        case Leaf() | Run():
            found.append((node, times))
        case Fork():
            parts = node.branches if node.meet is None else (*node.branches, node.meet)
            for index, part in enumerate(parts):
                inner = times if times.shared is None else replace(times, shared=(times.shared, index))
                _place(_chain(part, inner), inner, uses, found, whole)
        case Repeat() | Loop() | Guarded() | Scaled() | Shared() | Frozen():
            inner = within(node, times)
            _place(_chain(node.node, inner), inner, uses, found, whole)


def _chain(node: Node, times: Times) -> Node:
    """Where weights have addresses, what stands by itself is a chain of one: a layer may come as itself or as a run."""
    return node if times.shared is None or isinstance(node, Sequence) else Sequence((node,))


def within(node: Repeat | Loop | Guarded | Scaled | Shared | Frozen, times: Times) -> Times:
    """How often something counts inside a node, where the node itself counts so often."""
    match node:
        case Repeat():
            return times.repeated(node.count)
        case Loop():
            return times.within(node.index, node.count)
        case Guarded():
            held = times.scaled(node.holds, node.holds, node.holds)
            return replace(held, used=times.used * node.holds)
        case Scaled():
            return times.scaled(node.weights, node.active, node.work)
        case Shared():
            return replace(times, shared=node.key, weights=ONE, active=ONE, weight_loops=(), uses=times.work)
        case Frozen():
            return replace(times, trainable=node.trainable)
