"""Receptive field, stride and offset of a network along each axis, in closed form.

Position p of the output sees ``size`` positions of the input, from ``p*stride - padding`` on. Along a chain the size is
``1 + sum((k - 1)*dilation*(product of the strides before))``; where branches meet, that of the longest path; a repeat with a
symbolic count is a sum in closed form. Positions in the padding count. Layers that upsample are followed exactly: behind them
neighbours share inputs, so a path remembers how many of its positions belong to one position outside.

Source: Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks, equations 1 to 8.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.graph.nodes import (
    Fork,
    Frozen,
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
from symcost.graph.user_layer import UserLayer
from symcost.layers.base import Reach, Taps
from symcost.layers.merge import Merge
from symcost.limiting import allowed
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol, power
from symcost.sizes.facts import is_zero
from symcost.sizes.functions import maximum, minimum
from symcost.sizes.rounding import ceil, floor
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed
from symcost.source import Diagnostic, Span, SymcostError


@dataclass(frozen=True)
class Outer:
    """What a path has seen before positions were split: its reach, its stride, and how ``inner`` positions come to one."""

    extent: Size
    step: Size
    parts: Size
    overlap: Size
    spread: bool

    def around(self, inner: Size) -> Size:
        """The reach outside of ``inner`` positions beyond the first."""
        seen = floor((inner + self.overlap) / self.parts) if self.spread else ceil(inner / self.parts) + self.overlap
        return self.extent + self.step * seen


@dataclass(frozen=True)
class Path:
    """Along one axis: how far the last position lies beyond the first, the stride, what is seen before position 0."""

    extent: Size = ZERO
    step: Size = ONE
    before: Size | None = ZERO
    outer: tuple[Outer, ...] = ()

    @property
    def seen(self) -> Size:
        """Positions of the input from first to last."""
        found = self.extent
        for level in reversed(self.outer):
            found = level.around(found)
        return found + 1

    @property
    def stride(self) -> Size:
        found = self.step
        for level in self.outer:
            found = found * level.step / level.parts
        return found

    def through(self, taps: Taps) -> Path:
        before = None if self.before is None or taps.before is None else self.before + taps.before * self.step
        if taps.parts != ONE:
            level = Outer(self.extent, self.step, taps.parts, taps.overlap, taps.spread)
            return Path(outer=(*self.outer, level), before=None)
        return replace(
            self, extent=self.extent + (taps.width - 1) * self.step, step=self.step * taps.step, before=before
        )

    def met(self, other: Path) -> Path:
        """Both at once, which differ in their reach only."""
        if self.before is None or other.before is None:
            return replace(self, extent=maximum(self.extent, other.extent), before=None)
        before = maximum(self.before, other.before)
        after = maximum(self.extent - self.before, other.extent - other.before)
        return replace(self, extent=before + after, before=before)


Axis = tuple[Path, ...]  # the paths that lead here
State = tuple[Axis, ...] | str  # "all": every position of the input; "moved": positions that are no grid any more


@dataclass(frozen=True)
class Field:
    """Of an output position, for each axis of the input: positions it sees, the stride between neighbours, where it begins.

    ``whole`` networks see everything; then there are no figures. A ``start`` that depends on the side is None.
    """

    size: tuple[Cost, ...]
    stride: tuple[Cost, ...]
    start: tuple[Cost | None, ...]
    whole: bool = False


def field(net: Architecture) -> Field:
    """The receptive field of the network's output in its first input.

    Raises `SymcostError` where positions change places on the way, or a branch is not decided.
    """
    return _field(net, _Follower(net).run(net._graph.root, ((),)), "the output")


def features(net: Architecture) -> Field:
    """The receptive field behind the last layer that does not see everything: of the features a classifier pools."""
    states = [state for state in _states(net) if isinstance(state, tuple) and state]
    return _field(net, tuple(states[-1:]) or ("all",), "the features")


def _states(net: Architecture) -> list[State]:
    follower = _Follower(net)
    follower.run(net._graph.root, ((),))
    return [state for _, state in follower.found]


def layers(net: Architecture) -> tuple[tuple[str, Field], ...]:
    """The receptive field behind each layer; a repeat that is followed as a whole has one entry."""
    follower = _Follower(net)
    follower.run(net._graph.root, ((),))
    return tuple(
        (text, _field(net, (state,), text)) for text, state in follower.found if state not in ("moved", "other")
    )


def _field(net: Architecture, states: tuple[State, ...], what: str) -> Field:
    state = states[-1]
    if state == "all":
        return Field((), (), (), True)
    if isinstance(state, str):
        message = f"positions change places before {what}: it has no receptive field on a grid"
        raise SymcostError(Diagnostic("no-closed-form", message))

    def cost(size: Size) -> Cost:
        return net._cost(net._apply(size), "positions")

    starts = [[path.before for path in axis] for axis in state]
    return Field(
        tuple(cost(maximum(*(path.seen for path in axis))) for axis in state),
        tuple(cost(axis[0].stride) for axis in state),
        tuple(None if None in found else cost(minimum(*(-b for b in found if b is not None))) for found in starts),
    )


def _merged(axes: list[Axis]) -> Axis:
    """The paths of all branches, those that differ in reach only as one."""
    found: dict[object, Path] = {}
    for path in (path for axis in axes for path in axis):
        key = (path.step, path.outer)
        found[key] = found[key].met(path) if key in found else path
    return tuple(found.values())


class _Follower:
    """Follows the tree of the network, so that a repeat is one closed form."""

    def __init__(self, net: Architecture) -> None:
        self.net = net
        self.marked: dict[object, State] = {}
        self.found: list[tuple[str, State]] = []
        self.source: Shape | None = None

    def run(self, node: Node, x: tuple[State, ...]) -> tuple[State, ...]:
        match node:
            case Leaf():
                state = self.leaf(node, x)
                self.found.append((node.text, state))
                return (state,)
            case Sequence() | Run():
                for part in node.parts:
                    x = self.run(part, x)
                return x
            case Start():
                self.source = self.source or node.shape
                own = node.shape is self.source
                return (tuple((Path(),) for _ in node.shape.dims) if own else "other",)
            case Mark():
                self.marked[node.tag] = x[-1]
                return x
            case Take():
                return (self.named(node.tag, None),)
            case Repeat():
                return self.turns(node.node, node.count, None, x)
            case Loop():
                return self.turns(node.node, node.count, node.index, x)
            case Shared() | Frozen():
                return self.run(node.node, x)
            case Scaled():
                return x if self.net._apply(node.work) == ZERO else self.run(node.node, x)
            case Guarded():
                return self.guarded(node, x)
            case Fork():
                return self.fork(node, x)

    def named(self, tag: object, span: Span | None) -> State:
        if tag not in self.marked:
            raise SymcostError(Diagnostic("undecided", "it is not known which tensor is meant here", span))
        return self.marked[tag]

    def leaf(self, leaf: Leaf, x: tuple[State, ...]) -> State:
        layer = leaf.layer
        if isinstance(layer, Merge):
            named = (self.named(shape.tag, leaf.span) for shape in layer.inputs[len(x) :])
            return self.meet([*x, *named], leaf)
        if isinstance(layer, UserLayer) and leaf.input.dims != leaf.output.dims:
            message = f"which positions '{layer.name}' sees is not known"
            raise SymcostError(Diagnostic("no-closed-form", message, leaf.span))
        return through(x[-1], layer.reach(leaf.input))

    def meet(self, states: list[State], leaf: Leaf) -> State:
        known = [state for state in states if state != "other"]
        if not known:
            return "other"
        for absorbing in ("all", "moved"):
            if absorbing in known:
                return absorbing
        grids = [state for state in known if isinstance(state, tuple) and state]
        if not grids:
            return ()
        if len({len(state) for state in grids}) > 1:
            return "moved"
        joined = tuple(_merged(list(axes)) for axes in zip(*grids, strict=True))
        for axis in joined:
            if any(path.stride != axis[0].stride for path in axis):
                message = "branches of different strides meet: positions lie on different grids"
                raise SymcostError(Diagnostic("branches-differ", message, leaf.span))
        return joined

    def guarded(self, node: Guarded, x: tuple[State, ...]) -> tuple[State, ...]:
        held = self.net._apply(node.holds).number
        if held is None:
            message = "what is seen depends on an `if` that is not decided"
            raise SymcostError(Diagnostic("undecided", message, help="state which holds with 'assume'"))
        return self.run(node.node, x) if held else x[-1:]

    def fork(self, node: Fork, x: tuple[State, ...]) -> tuple[State, ...]:
        if node.meet is None:
            held = [self.net._apply(b.holds).number if isinstance(b, Guarded) else 1 for b in node.branches]
            return self.run(node.branches[held.index(1) if 1 in held else 0], x)
        outputs: list[State] = []
        for branch in node.branches:
            outputs += self.run(branch, x)
        return self.run(node.meet, tuple(outputs))

    def turns(self, body: Node, count: Size, index: Symbol | None, x: tuple[State, ...]) -> tuple[State, ...]:
        turns = self.net._apply(count)
        number = turns.number
        if isinstance(number, int) and number <= allowed().turns and index is None:
            for _ in range(number):
                after = self.run(body, x)
                if after == x:
                    break
                x = after
            return x
        if not isinstance(x[-1], tuple) or not x[-1]:
            return self.run(body, x)
        kept, self.found = self.found, []
        before = dict(self.marked)
        one = self.run(body, (tuple((Path(),) for _ in x[-1]),))[-1]
        inside, self.found, self.marked = self.found, kept, before
        if isinstance(one, str):
            return (one,)
        if len(one) != len(x[-1]):  # a turn makes other axes of the positions
            return ("moved",)
        state = tuple(_repeated(axis, turn, turns, index) for axis, turn in zip(x[-1], one, strict=True))
        text = " ".join(text for text, _ in inside)
        self.found.append((f"[ {text} ] x {turns}", state))
        return (state,)


def through(state: State, reach: Reach) -> State:
    """What is seen behind a layer."""
    if isinstance(state, str):
        return "all" if reach == "all" and state != "other" else state
    if isinstance(reach, str):
        return reach if state else state
    if len(state) != len(reach):  # something before made other axes of the positions
        return "moved"
    return tuple(tuple(path.through(taps) for path in axis) for axis, taps in zip(state, reach, strict=True))


def _unused(letters: str, symbols: set[Symbol]) -> str:
    taken = {s.name for s in symbols}
    names: list[str] = [*letters, *(f"t{k}" for k in range(len(taken) + 1))]
    return next(name for name in names if name not in taken)


def _repeated(axis: Axis, turn: Axis, count: Size, index: Symbol | None) -> Axis:
    """Every path through so many turns, each of which does what ``turn`` does from position 0 on.

    A turn adds ``a`` strides and multiplies the stride by ``s``: after n of them there are a*(1 + s + ... + s^(n-1)) more.
    """
    if len(turn) != 1 or turn[0].outer:
        raise SymcostError(Diagnostic("no-closed-form", "this loop upsamples or has paths of several strides", None))
    one = turn[0]
    symbols = set() if index is None else {index}
    if symbols & one.step.symbols():
        raise SymcostError(Diagnostic("no-closed-form", "the stride of this loop changes with its turn", None))

    def added(each: Size) -> Size:
        if one.step == ONE:
            return each * count if index is None else summed(each, index, count)
        if (index is None or index not in each.symbols()) and is_zero(one.step - 1) is False:
            return each * (power(one.step, count) - 1) / (one.step - 1)
        turn = index or Symbol(_unused("tuvw", one.step.symbols() | each.symbols() | count.symbols()), low=0)
        return summed(each * power(one.step, Size.of(turn)), turn, count)

    extent, ahead = added(one.extent), None if one.before is None else added(one.before)
    grown = power(one.step, count)
    return tuple(
        replace(
            path,
            extent=path.extent + path.step * extent,
            step=path.step * grown,
            before=None if path.before is None or ahead is None else path.before + path.step * ahead,
        )
        for path in axis
    )
