"""What a network does and holds: parameters, activations, primitive operations. It knows no prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count as counter

from symcost.entries import Alike, Counted, Entry, Times, alike, over
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Node, Repeat, Scaled, Sequence, Shared
from symcost.sizes.atoms import ONE, ZERO, Size, product, total
from symcost.source import Diagnostic, SymcostError
from symcost.widths import merged


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
    known: dict[object, Counted] = {}
    same: dict[object, Counted] = {}  # the very same objects: shapes take longer to compare

    def of(leaf: Leaf) -> Counted:
        objects = (id(leaf.layer), id(leaf.input), id(leaf.output), leaf.form)
        found = same.get(objects)
        if found is None:
            key = (id(leaf.layer), leaf.input, leaf.output, leaf.form)
            found = same[objects] = known.setdefault(key, Counted(leaf))
        return found

    entries = tuple([Entry(leaf, times, of(leaf)) for leaf, times in _leaves(root, Times(), counter())])
    together = alike(entries)
    groups = merged(together)
    counts: dict[str, list[Size]] = {}
    for entry, n in groups:
        for name, size in entry.counts.items():
            counts.setdefault(name, []).append(entry.all_work(size) * n)
    params = weights_of(groups)
    plain = all(e.times.active is e.times.weights and e.times.trainable for e, _ in groups)
    return Tally(
        entries,
        together,
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
    sizes = [over(e.times.weight_loops, e.params * factor(e)) for e in uses]
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
