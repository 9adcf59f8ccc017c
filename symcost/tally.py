"""What a network does and holds: parameters, activations, primitive operations. It knows no prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count as counter

from symcost.entries import Alike, Counted, Entry, Figures, Times, alike, over
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Node, Repeat, Run, Scaled, Sequence, Shared, Width
from symcost.graph.patterns import Pattern
from symcost.sizes.atoms import ONE, ZERO, Size, product, total
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Source, Span, SymcostError
from symcost.widths import Numbers, form_of

NOWHERE = Span(Source("", ""), 0, 0)  # of what stands for many layers


@dataclass
class Tally:
    """The sums over a network."""

    placed: list[tuple[Leaf | Run, Times]]  # in order
    counts: dict[str, Size] = field(default_factory=dict)
    params: Size = ZERO
    active: Size = ZERO
    trainable: Size = ZERO
    activations: Size = ZERO

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The layers one by one."""
        of = _Kept()
        found: list[Entry] = []
        for node, times in self.placed:
            found += [Entry(leaf, times, of(leaf)) for leaf in (node.parts if isinstance(node, Run) else (node,))]
        return tuple(found)

    @cached_property
    def alike(self) -> Alike:
        """Those that are equal, once."""
        return alike(self.entries)

    def outputs(self) -> Iterator[Shape]:
        """The tensors that come out of the layers, as far as their channels are no plain numbers."""
        for node, _ in self.placed:
            if isinstance(node, Leaf):
                yield node.output
            else:
                yield from [pattern.output for pattern in dict.fromkeys([pattern for pattern, _, _ in node.widths])]


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
    placed = list(_placed(root, Times(), counter()))
    groups = _groups(placed)
    counts: dict[str, list[Size]] = {}
    for entry, n in groups:
        for name, size in entry.counts.items():
            counts.setdefault(name, []).append(entry.all_work(size) * n)
    params = weights_of(groups)
    plain = all(e.times.active is e.times.weights and e.times.trainable for e, _ in groups)
    return Tally(
        placed,
        {name: total(counts[name]) for name in sorted(counts)},
        params,
        params if plain else weights_of(groups, lambda e: e.times.active),
        params if plain else weights_of(groups, lambda e: e.times.weights if e.times.trainable else ZERO),
        total(entry.all_work(entry.activations) * n for entry, n in groups),
    )


def _groups(placed: list[tuple[Leaf | Run, Times]]) -> Alike:
    """Layers to be added up: those that are equal are one, and so are those of one pattern."""
    of = _Kept()
    runs: dict[int, tuple[Times, Counter[Width]]] = {}
    single = []
    for node, times in placed:
        if isinstance(node, Leaf):
            single.append(Entry(node, times, of(node)))
        else:
            runs.setdefault(id(times), (times, Counter()))[1].update(node.widths)
    found = alike(single)
    for times, widths in runs.values():
        members: dict[Pattern, list[Numbers]] = {}
        for (pattern, channels, width), n in widths.items():
            members.setdefault(pattern, []).append((channels, width, n))
        for pattern, numbers in members.items():
            found += _of_pattern(pattern, numbers, times)
    return found


def _of_pattern(pattern: Pattern, members: list[Numbers], times: Times) -> Alike:
    """One entry for all of them where their figures are polynomials in the widths, and else one for each."""
    form = form_of(pattern)
    if form is not None:
        leaf = Leaf(pattern.layer, pattern.input, pattern.output, NOWHERE)
        return [(Entry(leaf, times, Counted(leaf, Figures(leaf, *form.at(members)))), 1)]
    found = []
    for channels, width, n in members:
        x = pattern.input.to(Size.of(channels))
        leaf = Leaf(pattern.of_width(width), x, pattern.shape(x, width), NOWHERE)
        found.append((Entry(leaf, times, Counted(leaf)), n))
    return found


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


def _placed(node: Node, times: Times, uses: Iterator[int]) -> Iterator[tuple[Leaf | Run, Times]]:
    match node:
        case Sequence():
            if node.name is not None:
                times = replace(times, blocks=(*times.blocks, (node.name, next(uses))))
            for index, part in enumerate(node.nodes if times.shared is None else node.parts):
                inner = times if times.shared is None else replace(times, shared=(times.shared, index))
                if isinstance(part, Leaf | Run):
                    yield part, inner
                else:
                    yield from _placed(part, inner, uses)
        case Leaf() | Run():
            yield node, times
        case Repeat():
            yield from _placed(node.node, times.repeated(node.count), uses)
        case Loop():
            yield from _placed(node.node, times.within(node.index, node.count), uses)
        case Guarded():
            held = times.scaled(node.holds, node.holds, node.holds)
            yield from _placed(node.node, replace(held, used=times.used * node.holds), uses)
        case Scaled():
            yield from _placed(node.node, times.scaled(node.weights, node.active, node.work), uses)
        case Shared():
            times = replace(times, shared=node.key, weights=ONE, active=ONE, weight_loops=())
            yield from _placed(node.node, times, uses)
        case Frozen():
            yield from _placed(node.node, replace(times, trainable=node.trainable), uses)
        case Fork():
            parts = node.branches if node.meet is None else (*node.branches, node.meet)
            yield from _placed(Sequence(parts), times, uses)
