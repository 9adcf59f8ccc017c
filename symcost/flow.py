"""A network as steps one after the other, with the tensors they take and make.

A repeat is written out twice: its first turn, on what comes in, and a turn that stands for all others, on what the turn before
made. So every tensor of a deep network is there, and how often. Nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from symcost.graph.nodes import (
    Fork,
    Frozen,
    Graph,
    Guarded,
    Leaf,
    Loop,
    Mark,
    Node,
    Repeat,
    Run,
    Scaled,
    Sequence,
    Shared,
    Start,
    Take,
)
from symcost.layers.base import Layer
from symcost.layers.merge import Merge, Router
from symcost.layers.reshape import Dropout
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol
from symcost.sizes.functions import holds
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed
from symcost.source import Diagnostic, Span, SymcostError


@dataclass(frozen=True, eq=False)
class Turns:
    """Inside a repeat: its first turn, or one that stands for the ``others``; ``index`` where turns differ in their sizes."""

    count: Size
    others: bool
    index: Symbol | None = None

    @property
    def often(self) -> Size:
        """How many turns this one stands for; a repeat may run no turn."""
        first = holds(">=", self.count - 1, ONE)
        return self.count - first if self.others else first


@dataclass(frozen=True, eq=False)
class Factor:
    """Inside something that works more than once at the same time: experts; or not always: an undecided `if`, a ``guard``."""

    factor: Size
    guard: bool = False


Frame = Turns | Factor


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of the trace, made in these frames; where an `if` is not decided, one of several ``choices``, each where its
    bracket of ``holds`` is 1.
    """

    shape: Shape
    frames: tuple[Frame, ...] = ()
    choices: tuple[Tensor, ...] = ()
    holds: tuple[Size, ...] = ()

    @property
    def numel(self) -> Size:
        return self.shape.numel


@dataclass(frozen=True, eq=False)
class Step:
    """One layer at work. ``unit`` is the outermost block or turn around: what recomputation throws away as a whole."""

    leaf: Leaf | None  # None: copies handed to experts, or their results put together
    inputs: tuple[Tensor, ...]
    shapes: tuple[Shape, ...]  # of the inputs as this step sees them
    output: Tensor
    frames: tuple[Frame, ...]
    trainable: bool
    unit: object
    branch: object  # of a fork, the outermost one inside its turn

    @property
    def layer(self) -> Layer | None:
        return None if self.leaf is None else self.leaf.layer

    def over(self, size: Size) -> Size:
        """Added up over all turns this step stands for."""
        return over(self.frames, size)


def over(frames: tuple[Frame, ...], size: Size) -> Size:
    """A size of one turn, added up over the turns of these frames, the innermost first."""
    for frame in reversed(frames):
        if isinstance(frame, Factor):
            size = size * frame.factor
        elif frame.index is None or frame.index not in size.symbols():
            size = size * frame.often
        else:
            first = size.subs({frame.index: ZERO}) * holds(">=", frame.count - 1, ONE)
            size = summed(size, frame.index, frame.count) - first if frame.others else first
    return size


def at_the_end(tensor: Tensor) -> Size:
    """The elements of a tensor once the repeats it was made in are over."""
    size = tensor.numel
    for frame in reversed(tensor.frames):
        if isinstance(frame, Turns) and frame.index is not None:
            size = size.subs({frame.index: frame.count - 1})
    return size


@dataclass
class Trace:
    """The steps of a network in order."""

    steps: list[Step] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: tuple[Tensor, ...] = ()
    marks: list[tuple[str, Tensor, tuple[Frame, ...]]] = field(default_factory=list)  # tensors with a name, and where
    carried: list[tuple[Tensor, Tensor, Turns]] = field(default_factory=list)  # what a turn takes, what it hands on
    undecided: Span | None = None  # of something in an `if` that the symbols leave open
    escaped: set[Tensor] = field(default_factory=set)  # named in a turn of a loop and used after it: one for every turn


def trace(graph: Graph, apply: Callable[[Size], Size] = lambda size: size) -> Trace:
    """Follow a network; ``apply`` puts values in for symbols, which decides what can be decided."""
    tracer = _Tracer(apply)
    tracer.found.outputs = tracer.run(graph.root, (), _Place())
    return tracer.found


@dataclass(frozen=True)
class _Place:
    frames: tuple[Frame, ...] = ()
    trainable: bool = True
    unit: object = None
    branch: object = None

    def within(self, frame: Frame) -> _Place:
        """In another frame; a turn is a unit of its own where nothing around it is one, and starts its own branches."""
        if isinstance(frame, Factor):
            return replace(self, frames=(*self.frames, frame))
        return replace(self, frames=(*self.frames, frame), unit=self.unit or object(), branch=None)


class _Tracer:
    def __init__(self, apply: Callable[[Size], Size]) -> None:
        self.found = Trace()
        self.apply = apply
        self.marked: dict[object, Tensor] = {}

    def run(self, node: Node, x: tuple[Tensor, ...], place: _Place) -> tuple[Tensor, ...]:
        """What comes out of a node; several tensors where branches are about to meet."""
        match node:
            case Leaf():
                return (self.leaf(node, x, place),)
            case Run():
                return self.run(Sequence(node.parts), x, place)
            case Sequence():
                inside = place if node.name is None else replace(place, unit=place.unit or object())
                for part in node.parts:
                    x = self.run(part, x, inside)
                return x
            case Start():
                self.found.inputs.append(Tensor(node.shape, place.frames))
                return (self.found.inputs[-1],)
            case Mark():
                self.marked[node.tag] = x[-1]
                self.found.marks.append((str(getattr(node.tag, "name", "")), x[-1], place.frames))
                return x
            case Take():
                return (self.named(node.tag, place, None),)
            case Repeat():
                return self.turns(node.node, node.count, None, x, place)
            case Loop():
                return self.turns(node.node, node.count, node.index, x, place)
            case Shared():
                return self.run(node.node, x, place)
            case Frozen():
                return self.run(node.node, x, replace(place, trainable=node.trainable))
            case Scaled():
                return self.scaled(node, x, place)
            case Guarded():
                return self.guarded(node, x, place)
            case Fork():
                return self.fork(node, x, place)

    def leaf(self, leaf: Leaf, x: tuple[Tensor, ...], place: _Place) -> Tensor:
        named = _named(leaf.layer, len(x))
        inputs = (*x, *(self.named(shape.tag, place, leaf.span) for shape in named))
        own = leaf.layer.inputs[: len(x)] if isinstance(leaf.layer, Merge) else (leaf.input,)
        fresh = Tensor(leaf.output, place.frames)
        output = x[-1] if leaf.layer.view and not isinstance(leaf.layer, Dropout) else fresh
        self.add(leaf, inputs, (*own, *named), output, place)
        return x[-1] if isinstance(leaf.layer, Router) else output

    def add(
        self, leaf: Leaf | None, inputs: tuple[Tensor, ...], shapes: tuple[Shape, ...], output: Tensor, place: _Place
    ) -> None:
        step = Step(leaf, inputs, shapes, output, place.frames, place.trainable, place.unit, place.branch)
        self.found.steps.append(step)

    def named(self, tag: object, place: _Place, span: Span | None) -> Tensor:
        tensor = self.marked.get(tag)
        if tensor is None:
            raise SymcostError(Diagnostic("undecided", "it is not known which tensor is meant here", span))
        here = {id(frame) for frame in place.frames}
        if any(isinstance(f, Turns) and f.others and id(f) not in here for f in tensor.frames):
            self.found.escaped.add(tensor)
        return tensor

    def turns(
        self, body: Node, count: Size, index: Symbol | None, x: tuple[Tensor, ...], place: _Place
    ) -> tuple[Tensor, ...]:
        turns = self.apply(count)
        if turns.number == 0:
            return x
        x = self.run(body, x, place.within(Turns(count, False, index)))
        if turns.number == 1:
            return x
        others = Turns(count, True, index)
        y = self.run(body, x, place.within(others))
        self.found.carried.append((x[-1], y[-1], others))
        return y

    def scaled(self, node: Scaled, x: tuple[Tensor, ...], place: _Place) -> tuple[Tensor, ...]:
        work = self.apply(node.work)
        if work == ZERO:
            return x
        if work == ONE:
            return self.run(node.node, x, place)
        inside = place.within(Factor(node.work))
        copies = Tensor(x[-1].shape, inside.frames)
        self.add(None, x, (x[-1].shape,), copies, inside)
        (made,) = self.run(node.node, (copies,), inside)
        joined = Tensor(made.shape, place.frames)
        self.add(None, (made,), (made.shape,), joined, place)
        return (joined,)

    def guarded(self, node: Guarded, x: tuple[Tensor, ...], place: _Place) -> tuple[Tensor, ...]:
        held = self.apply(node.holds).number
        if held == 0:
            return x[-1:]
        if held == 1:
            return self.run(node.node, x, place)
        made = self.run(node.node, x, place.within(Factor(node.holds, guard=True)))
        return (self.choice((x[-1], *made), (1 - node.holds, node.holds), place),)

    def fork(self, node: Fork, x: tuple[Tensor, ...], place: _Place) -> tuple[Tensor, ...]:
        if node.meet is None:
            return self.either(node, x, place)
        outputs: list[Tensor] = []
        for branch in node.branches:
            outputs += self.run(branch, x, replace(place, branch=place.branch or object()))
        return self.run(node.meet, tuple(outputs), place)

    def either(self, node: Fork, x: tuple[Tensor, ...], place: _Place) -> tuple[Tensor, ...]:
        """The branch that is there; all of them, each as often as it is, where that is open."""
        guards = [self.apply(b.holds).number if isinstance(b, Guarded) else None for b in node.branches]
        if 1 in guards:
            return self.run(node.branches[guards.index(1)], x, place)
        ends: list[Tensor] = []
        holds: list[Size] = []
        for branch in node.branches:
            assert isinstance(branch, Guarded)
            ends += self.run(branch.node, x, place.within(Factor(branch.holds, guard=True)))
            holds.append(branch.holds)
        return (self.choice(tuple(ends), tuple(holds), place),)

    def choice(self, ends: tuple[Tensor, ...], holds: tuple[Size, ...], place: _Place) -> Tensor:
        if ends[0] is ends[1]:
            return ends[0]
        last = self.found.steps[-1].leaf if self.found.steps else None
        self.found.undecided = self.found.undecided or (None if last is None else last.span)
        return Tensor(ends[0].shape, place.frames, ends, holds)


def _named(layer: Layer, piped: int) -> tuple[Shape, ...]:
    """The tensors a layer takes by their names."""
    if isinstance(layer, Merge):
        return layer.inputs[piped:]
    values = (getattr(layer, name) for name in layer.tensors)
    return tuple(value for value in values if isinstance(value, Shape) and value.tag is not None)
