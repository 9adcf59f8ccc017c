"""The layers of a network as a tree of its blocks, and what each adds to a cost."""

from __future__ import annotations

from dataclasses import dataclass

from symcost.architecture import Architecture, Row
from symcost.conventions import convention
from symcost.cost import Cost
from symcost.entries import Entry, Times, alike
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Node, Repeat, Run, Scaled, Sequence, Shared
from symcost.sizes.atoms import ZERO, Size, total
from symcost.tally import weights_of, within


@dataclass(frozen=True)
class Part:
    """A block with what is inside, or one layer. ``repeat`` says how often it runs in the whole network."""

    name: str
    repeat: Cost
    rows: tuple[int, ...]  # numbers of its layers in ``net.layers``
    parts: tuple[Part, ...] = ()


def outline(net: Architecture) -> tuple[Part, ...]:
    """The tree of a network. Blocks of one layer are that layer; layers that do nothing are left out."""
    return tuple(_parts(net._graph.root, Times(), _Numbered(net)))


def block(net: Architecture, name: str) -> Part | None:
    """The first block of that name, the outer ones before those inside."""
    level = outline(net)
    while level:
        for part in level:
            if part.parts and part.name == name:
                return part
        level = tuple(inner for part in level for inner in part.parts)
    return None


class _Numbered:
    """The layers of a network in their order, which is that of the tree."""

    def __init__(self, net: Architecture) -> None:
        self.net, self.layers, self.next = net, net.layers, 0

    def take(self) -> tuple[int, Row]:
        self.next += 1
        return self.next - 1, self.layers[self.next - 1]

    def often(self, times: Times) -> Cost:
        return self.net._cost(self.net._apply(times.over_loops(times.work)), "times")


def _parts(node: Node, times: Times, layers: _Numbered) -> list[Part]:
    # no generators: one inside another takes the C stack in Python 3.12, which 740 blocks in one another used up
    match node:
        case Leaf():
            number, row = layers.take()
            return [] if row.kind == "id" else [Part(row.text, layers.often(times), (number,))]
        case Sequence():
            inside = [p for part in node.parts for p in _parts(part, times, layers)]
            rows = tuple([n for p in inside for n in p.rows])
            if node.name is None or len(rows) < 2:
                return inside
            return [Part(node.name, layers.often(times), rows, tuple(inside))]
        case Run():
            return [p for part in node.parts for p in _parts(part, times, layers)]
        case Repeat() | Loop() | Guarded() | Scaled() | Shared() | Frozen():
            return _parts(node.node, within(node, times), layers)
        case Fork():
            branches = node.branches if node.meet is None else (*node.branches, node.meet)
            return [p for branch in branches for p in _parts(branch, times, layers)]
    return []


def once(net: Architecture, block: Part, name: str) -> Cost | None:
    """A cost (``params`` or a convention) of one turn of a block; None where turns differ, share weights or never run."""
    if block.repeat.value == 0:
        return None
    parts = []
    for number in block.rows:
        entry, row = net._tally.entries[number], net.layers[number]
        same = entry.times.weights == entry.times.work and entry.times.shared is None
        if entry.times.loops or (name == "params" and entry.params.terms and not same):
            return None
        cost = row.params if name == "params" else row.cost(name)
        parts.append(cost._size * (net._apply(entry.repeat) / block.repeat._size))
    return net.cost(name)._owned(total(parts))


def contributions(net: Architecture, name: str) -> tuple[Cost, ...]:
    """What each layer of ``net.layers`` adds to a cost in all its turns: they add up to ``net.cost(name)``.

    ``name`` is ``params``, ``activations`` or a convention. Weights with one address count where they come first.
    """
    entries = net._tally.entries
    whole = net.cost(name)
    match name:
        case "params":
            sizes = _weights(entries)
        case "activations":
            sizes = [e.all_work(e.activations) for e in entries]
        case _:
            rule = convention(name)
            sizes = [e.all_work(rule.of(e.figures)) for e in entries]
    return tuple(whole._owned(net._apply(size)) for size in sizes)


def _weights(entries: tuple[Entry, ...]) -> list[Size]:
    uses: dict[object, list[Entry]] = {}
    for number, entry in enumerate(entries):
        address = entry.times.shared if entry.times.shared is not None and entry.params.terms else ("own", number)
        uses.setdefault(address, []).append(entry)
    first = {id(together[0]): weights_of(alike(together)) for together in uses.values()}
    return [first.get(id(entry), ZERO) for entry in entries]
