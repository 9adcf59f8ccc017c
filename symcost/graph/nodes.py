"""The resolved network: leaves with their layers and shapes, sequences, repeats. Nothing is counted here."""

from __future__ import annotations

from dataclasses import dataclass, field

from symcost.graph.scope import Declared, MetricDef, Scope
from symcost.layers.base import Layer
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape
from symcost.source import Span


@dataclass(frozen=True)
class Leaf:
    """One layer at its place: what it is, what comes in and what goes out."""

    layer: Layer
    text: str  # as it was written
    input: Shape
    output: Shape
    span: Span


@dataclass(frozen=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """The same node ``count`` times, each turn with the same shapes."""

    node: Node
    count: Size


Node = Leaf | Sequence | Repeat


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
    strict: bool = False
