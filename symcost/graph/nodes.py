"""The resolved network: leaves with their layers and shapes, and how often each runs. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from functools import cached_property

from symcost import syntax as s
from symcost.graph.patterns import Pattern
from symcost.graph.scope import Declared, MetricDef, Scope
from symcost.layers.base import Layer
from symcost.record import record
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape
from symcost.source import Span


class LostError(Exception):
    """The shape is unknown after an error that was told already."""


@record()
class Leaf:
    """One layer at its place: what it is, what comes in and what goes out."""

    layer: Layer
    input: Shape
    output: Shape
    span: Span
    form: str | None = None  # how it is implemented, for conventions of tools that see a difference
    inside: bool = False  # a block, whose parameters are not what the reader wants to see
    said: str = ""  # what it is called, where not as it was written

    @property
    def text(self) -> str:
        """As it was written; inside a block with its arguments as they came out."""
        return self.said or (self.layer.written() if self.inside else " ".join(self.span.text.split()))


# of a layer: what it is but for its channels, those that come in, and the width given or 0
Width = tuple[Pattern, int, int]


@dataclass(eq=False)
class Run:
    """Layers one after the other that are known by their patterns, and made when somebody looks at them."""

    start: Shape
    widths: tuple[Width, ...]
    calls: tuple[s.Call, ...]
    inside: bool = False

    @cached_property
    def parts(self) -> tuple[Leaf, ...]:
        """The layers; what is equal is one object."""
        return tuple(self._made())

    def _made(self) -> Iterator[Leaf]:
        x = self.start
        made: dict[tuple[Pattern, int], Layer] = {}
        shapes: dict[Shape, Shape] = {x: x}
        for (pattern, _, width), call in zip(self.widths, self.calls, strict=True):
            layer = made.get((pattern, width))
            if layer is None:
                layer = made[pattern, width] = pattern.of_width(width)
            y = pattern.shape(x, width)
            if y is not x:
                y = shapes.setdefault(y, y)
            yield Leaf(layer, x, y, call.span, None, self.inside)
            x = y


@dataclass(eq=False)
class Sequence:
    """Nodes one after the other; a block keeps its ``name``."""

    nodes: tuple[Node, ...]
    name: str | None = None
    straight: bool = field(init=False)  # whether all there is in it is there once for each time that it is there itself

    def __post_init__(self) -> None:
        self.straight = all(map(_straight, self.nodes))  # now, as what is inside knows it: blocks may be nested deeply

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        """The nodes, each layer by itself."""
        found: list[Node] = []
        for node in self.nodes:
            found += node.parts if isinstance(node, Run) else (node,)
        return tuple(found)


@dataclass(frozen=True)
class Repeat:
    """The same node ``count`` times, each turn with the same shapes."""

    node: Node
    count: Size


@dataclass(frozen=True)
class Loop:
    """A node whose shapes depend on the turn: ``index`` runs from 0 to ``count - 1``."""

    node: Node
    index: Symbol
    count: Size


@dataclass(frozen=True)
class Scaled:
    """A node that counts ``weights`` times in parameters, ``active`` times in those used, ``work`` times in operations."""

    node: Node
    weights: Size
    active: Size
    work: Size


@dataclass(frozen=True)
class Guarded:
    """The branch of an undecided `if`: it is there where ``holds`` is 1."""

    node: Node
    holds: Size


@dataclass(frozen=True)
class Shared:
    """A use of weights that have one address: ``key`` counts once in the network, whatever runs them how often."""

    node: Node
    key: object


@dataclass(frozen=True)
class Frozen:
    """Weights that are not trained (or, inside frozen ones, are)."""

    node: Node
    trainable: bool


@dataclass(frozen=True)
class Start:
    """A tensor that comes in."""

    shape: Shape


@dataclass(frozen=True)
class Mark:
    """The tensor here is the one with this tag, from here on."""

    tag: object


@dataclass(frozen=True)
class Take:
    """What follows works on the tensor with this tag."""

    tag: object


@dataclass(eq=False)
class Fork:
    """Branches that start on one tensor; ``meet`` works on what comes out of all of them.

    Without ``meet`` they exclude one another, and what comes out is that of the branch which is there.
    """

    branches: tuple[Node, ...]
    meet: Node | None = None


_PLAIN = (str, bool, type(None))  # arguments without a size in them

Node = Leaf | Run | Sequence | Repeat | Loop | Scaled | Guarded | Shared | Frozen | Start | Mark | Take | Fork


def _straight(node: Node) -> bool:
    match node:
        case Sequence():
            return node.straight
        case Fork():
            return all(map(_straight, node.branches)) and (node.meet is None or _straight(node.meet))
    return isinstance(node, Leaf | Run | Start | Mark | Take)


def used(node: Node, among: Set[Symbol]) -> set[Symbol]:
    """Those of some symbols that stand in the shapes, the layers and the counts of a network."""
    found: set[Symbol] = set()
    for size in _sizes(node):
        symbols = size.symbols()
        symbols |= {a for s in symbols if s.definition is not None for a in s.definition.symbols()}
        found |= symbols & among
        if len(found) == len(among):
            break
    return found


def _sizes(node: Node) -> Iterator[Size]:
    """Sizes that are no numbers, where they stand."""
    seen: set[int] = set()
    todo: list[object] = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, Size):
            if item.number is None:
                yield item
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        match item:
            case Leaf():
                todo += (item.layer, item.input, item.output)
            case Shape():
                todo += (item.channels, *item.dims, item.batch)
            case Layer():
                todo += [value for value in vars(item).values() if not isinstance(value, _PLAIN)]
            case tuple() | list():
                todo += item
            case dict():
                todo += item.values()
            case Sequence():
                todo += item.nodes
            case Run():
                todo += (item.start, *dict.fromkeys([pattern for pattern, _, _ in item.widths]))
            case Pattern():
                todo += (item.layer, item.output)
            case Repeat() | Loop():
                todo += [item.node, item.count]
            case Scaled():
                todo += [item.node, item.weights, item.active, item.work]
            case Guarded():
                todo += [item.node, item.holds]
            case Shared() | Frozen():
                todo.append(item.node)
            case Fork():
                todo += [*item.branches, *([] if item.meet is None else [item.meet])]


@dataclass(frozen=True)
class Graph:
    """A network with everything about it decided, or listed as a condition."""

    name: str | None
    input: Shape | None
    output: Shape | None
    root: Sequence
    conditions: tuple[Condition, ...]  # must hold for the network to exist
    assumed: tuple[Condition, ...]  # the user's own facts
    symbols: dict[str, Declared]
    named: tuple[Symbol, ...]  # sizes named by shape checks, in order
    metrics: dict[str, MetricDef] = field(default_factory=dict)
    scope: Scope | None = None
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)  # written inside the net
