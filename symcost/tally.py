"""What each node does and holds: parameters, activations, primitive operations. It knows no prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from symcost.graph.nodes import Leaf, Node, Repeat, Sequence
from symcost.graph.user_layer import UserLayer
from symcost.sizes.atoms import ONE, ZERO, Size, total


@dataclass(frozen=True)
class Entry:
    """One leaf and how often it runs. Counts are those of one turn."""

    leaf: Leaf
    repeat: Size = ONE

    @cached_property
    def params(self) -> Size:
        layer = self.leaf.layer
        if isinstance(layer, UserLayer):
            return layer.params
        return total(w.numel for w in layer.weights(self.leaf.input))

    @cached_property
    def activations(self) -> Size:
        """Elements of the output, where the layer makes a new tensor."""
        if isinstance(self.leaf.layer, UserLayer) and "act" in self.leaf.layer.counts:
            return self.leaf.layer.counts["act"]
        return ZERO if self.leaf.layer.view else self.leaf.output.numel

    @cached_property
    def counts(self) -> dict[str, Size]:
        """Primitive operations by name, and the user's own primitive costs."""
        layer = self.leaf.layer
        if isinstance(layer, UserLayer):
            return {name: n for name, n in layer.counts.items() if name != "act"}
        return {op.value: n for op, n in layer.ops(self.leaf.input, self.leaf.output).items() if n.terms}


@dataclass
class Tally:
    """The sums over a network."""

    entries: tuple[Entry, ...]
    counts: dict[str, Size] = field(default_factory=dict)
    params: Size = ZERO
    activations: Size = ZERO


def tally(root: Node) -> Tally:
    """Count a network: every sum is made once, in one dictionary of monomials."""
    entries = tuple(_entries(root, ONE))
    names = sorted({name for e in entries for name in e.counts})
    return Tally(
        entries,
        {n: total(e.counts[n] * e.repeat for e in entries if n in e.counts) for n in names},
        total(e.params * e.repeat for e in entries),
        total(e.activations * e.repeat for e in entries),
    )


def _entries(node: Node, times: Size) -> Iterator[Entry]:
    match node:
        case Leaf():
            yield Entry(node, times)
        case Sequence():
            for part in node.parts:
                yield from _entries(part, times)
        case Repeat():
            yield from _entries(node.node, times * node.count)
