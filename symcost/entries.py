"""What one turn of a leaf holds and does, and how often it counts. It knows no prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from symcost.graph.nodes import Leaf
from symcost.graph.user_layer import UserLayer
from symcost.layers.base import Layer
from symcost.record import record
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol, total
from symcost.sizes.functions import holds
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed


@dataclass(frozen=True)
class Times:
    """How often a leaf counts: in work, in parameters, in the parameters used, and over which loops that is summed."""

    work: Size = ONE
    weights: Size = ONE
    active: Size = ONE
    trainable: bool = True
    shared: object = None
    uses: Size = ONE  # of the shared block around, whose weights count once
    used: Size = ONE  # 1 where it runs at all: shared weights of what never runs are none
    loops: tuple[tuple[Symbol, Size], ...] = ()
    weight_loops: tuple[tuple[Symbol, Size], ...] = ()  # those inside a shared block
    blocks: tuple[tuple[str, int], ...] = ()  # the blocks it stands in, each with the number of its use

    def scaled(self, weights: Size, active: Size, work: Size) -> Times:
        held = self.weights * weights
        same = self.active is self.weights and active is weights  # one object, as nearly everywhere: added up once
        return replace(self, work=self.work * work, weights=held, active=held if same else self.active * active)

    def over_loops(self, size: Size) -> Size:
        """Added up over the turns of the loops around, the innermost first."""
        return over(self.loops, size) if self.loops else size

    def often(self, size: Size, factor: Size) -> Size:
        """So much so often; where the size is by the number of repeats, ``n*(64/n)``, it is still none without a repeat."""
        if factor is ONE:
            return size
        divided = {a for m in size.terms for a, e in m if e < 0}
        if divided and self.used != ONE and divided & {a for m in factor.terms for a, _ in m}:
            return size * factor * self.used
        return size * factor

    def repeated(self, count: Size) -> Times:
        number = count.number
        if number is not None and number >= 1:
            return self.scaled(count, count, count)
        return replace(self.scaled(count, count, count), used=self.used * holds(">=", count - 1, ONE))

    def within(self, index: Symbol, count: Size) -> Times:
        """Inside a loop."""
        turn = (index, count)
        used = self.used * holds(">=", count - 1, ONE)
        return replace(self, loops=(*self.loops, turn), weight_loops=(*self.weight_loops, turn), used=used)


def over(loops: tuple[tuple[Symbol, Size], ...], size: Size) -> Size:
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


Counts = tuple[Size, Size, dict[str, Size]]  # parameters, activations, operations


def counted(layer: Layer, x: Shape, y: Shape) -> Counts:
    """What a layer of the library holds and does."""
    counts = {op.value: n for op, n in layer.ops(x, y).items() if n.terms}
    weights = layer.weights(x)
    return total(w.numel for w in weights) if weights else ZERO, ZERO if layer.view else y.numel, counts


def figures(leaf: Leaf) -> Figures:
    layer = leaf.layer
    if isinstance(layer, UserLayer):
        counts = {name: n for name, n in layer.counts.items() if name != "act"}
        return Figures(leaf, layer.params, layer.counts.get("act", leaf.output.numel), counts)
    return Figures(leaf, *counted(layer, leaf.input, leaf.output))


class Counted:
    """The figures of a leaf, made when they are first asked for; equal leaves share them."""

    __slots__ = ("_figures", "leaf")

    def __init__(self, leaf: Leaf, known: Figures | None = None) -> None:
        self.leaf, self._figures = leaf, known

    @property
    def figures(self) -> Figures:
        if self._figures is None:
            self._figures = figures(self.leaf)
        return self._figures


@record()
class Entry:
    """One leaf and how often it counts."""

    leaf: Leaf
    times: Times
    counted: Counted

    @property
    def figures(self) -> Figures:
        return self.counted.figures

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
        key = (id(entry.counted), id(entry.times))
        counted[key] = counted.get(key, 0) + 1
        first.setdefault(key, entry)
    return [(entry, counted[key]) for key, entry in first.items()]
