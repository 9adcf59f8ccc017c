"""The peak: the most that is alive at one time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.flow import Frame, Step, Tensor, Trace, Turns
from symcost.memory.dtypes import IDS, bytes_of
from symcost.memory.saving import Keeping, Mode, Split, common_mode, times_kept, union
from symcost.sizes.atoms import ONE, ZERO, Atom, Function, Size, product, total
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import at_least
from symcost.sizes.functions import maximum
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, SymcostError
from symcost.training import traced, works

MAX_COMPARED = 12  # sizes of which it is tried to prove which is the larger


def peak(
    net: Architecture,
    dtype: str = "bf16",
    training: bool = False,
    recompute: str = "none",
    flash: bool = False,
    statistics: bool = True,
) -> Cost:
    """The most bytes of activations alive at one time, running the layers in order of the program.

    A tensor is alive from the step that makes it to the last that takes it, what comes in from the start and what comes out to
    the end; views share their tensor, nothing is overwritten in place, and a layer's own intermediate results are not counted.
    In ``training`` there is besides, at each step forward, what is kept so far; on the way back what is kept up to there and the
    gradients of the tensors that are alive at that step. Weights, their gradients and `states` come on top.

    Raises `SymcostError` where it is open what runs, or where sizes change with the turns of a symbolic loop.
    """
    found = traced(net)
    _decided(net, found)
    each, alive = bytes_of(dtype), _alive(found, net)

    def most(steps: Iterable[Step]) -> Size:
        return _greatest(_largest({net._apply(size) for step in steps for size in at(step)}))

    if training:
        at = _Schedule(net, found, alive, each, recompute, flash, statistics).at
    else:

        def at(step: Step) -> Iterator[Size]:
            yield total(_bytes(tensor, each) for tensor in alive[step])

    cost = net._cost(most(found.steps), "bytes")
    counts = dict.fromkeys(net._apply(f.count) for s in found.steps for f in s.frames if isinstance(f, Turns))
    needed = []
    for turns, what in ((2, "the repeat has a second turn"), (1, "the repeat has a turn")):
        open_ = [c for c in counts if (lower(c) or 0) < turns]
        sure = [step for step in found.steps if not any(_may_be_missing(net, f, turns, open_) for f in step.frames)]
        if len(sure) < len(found.steps) and (training or most(sure) != cost._size):
            needed = [at_least(c, turns, what) for c in open_]
            break
    return replace(cost, domain=replace(cost.domain, conditions=(*cost.domain.conditions, *needed)))


def _may_be_missing(net: Architecture, frame: Frame, turns: int, open_: Sequence[Size]) -> bool:
    """Whether a step in there runs in such a turn of a repeat, and it is open whether there are so many."""
    return isinstance(frame, Turns) and (frame.others or turns == 1) and net._apply(frame.count) in open_


def _bytes(tensor: Tensor, each: Fraction) -> Size:
    """Of one tensor, and of its copies where experts run at the same time."""
    copies = product(f.factor for f in tensor.frames if not isinstance(f, Turns))
    return tensor.numel * (IDS if tensor.shape.ids else each) * copies


class _Schedule:
    """What is there at each step of training, the last time it runs forward and the first time it runs back."""

    def __init__(
        self,
        net: Architecture,
        found: Trace,
        alive: dict[Step, tuple[Tensor, ...]],
        each: Fraction,
        recompute: str,
        flash: bool,
        statistics: bool,
    ) -> None:
        if recompute not in ("none", "selective"):
            message = (
                f"the peak of training is known without recomputation and with 'selective', not with '{recompute}'"
            )
            raise SymcostError(Diagnostic("bad-value", message))
        self.alive, self.each = alive, each
        keeping = Keeping(found, each, flash or recompute == "selective", statistics, Split(ONE))
        self.graded: set[Tensor] = set()
        for work in works(net, found=found):
            if work.runs_back:
                keeping.add(work, False)
                self.graded.add(work.step.output)
        self.keeping = keeping
        self.places = {step: place for place, step in enumerate(found.steps)}

    def at(self, step: Step) -> Iterator[Size]:
        kept = total(self._kept(step))
        there = self.alive[step]
        yield kept + total(_bytes(t, self.each) for t in there if not self._is_kept(t, step))
        yield kept + total(_bytes(t, self.each) for t in there if t in self.graded)

    def _kept(self, step: Step) -> Iterator[Size]:
        here, keeping = self.places[step], self.keeping
        for own in keeping.own:
            if self.places[own.step] <= here:
                yield own.bytes
            else:
                whole = Tensor(Shape(ONE), own.step.frames)
                now = union(whole, [_now(whole, step)])
                every = times_kept(whole, Mode(("all",) * len(whole.frames)))
                yield own.bytes * (every - now) / every if every.terms else ZERO
        for tensor, reasons in keeping.modes.items():
            numel = union(tensor, list(reasons))
            current, early = self._current(tensor, step)
            yield (numel - union(tensor, current) + union(tensor, early)) * (IDS if tensor.shape.ids else self.each)

    def _current(self, tensor: Tensor, step: Step) -> tuple[list[Mode], list[Mode]]:
        """The one of this turn, for every reason to keep it; and for those of this step or one before it."""
        now, here = _now(tensor, step), self.places[step]
        found: dict[Mode, bool] = {}
        for reason, keeper in self.keeping.modes.get(tensor, {}).items():
            mode = common_mode([reason, now])
            if mode is not None:
                found[mode] = found.get(mode, False) or self.places[keeper] <= here
        return list(found), [mode for mode, early in found.items() if early]

    def _is_kept(self, tensor: Tensor, step: Step) -> bool:
        """Whether the one that is alive here is kept for this step or one before it."""
        return bool(self._current(tensor, step)[1])


def _now(tensor: Tensor, step: Step) -> Mode:
    """The turn that runs when a step runs for the last time; of repeats the step is not in, all turns or none."""
    common = set(step.frames)
    others = any(isinstance(f, Turns) and f.others and f in common for f in tensor.frames)
    if not others:
        return Mode(("all",) * len(tensor.frames))
    return Mode(tuple("last" if f in common and isinstance(f, Turns) and f.others else "all" for f in tensor.frames))


def _largest(sizes: set[Size]) -> list[Size]:
    """Without sizes of which another has as much of every term: most of the steps of a deep network.

    Terms count sizes of tensors and are not negative. `maximum` proves more, and takes longer for it.
    """
    kept: list[Size] = []
    for size in sorted(sizes, key=lambda size: sum(map(Fraction, size.terms.values())), reverse=True):
        if not any(_has_all(other, size) for other in kept):
            kept.append(size)
    return kept


def _has_all(size: Size, other: Size) -> bool:
    """Whether the difference is a sum of products of what is never negative."""
    left = (size - other).terms
    return all(c >= 0 for c in left.values()) and all(_not_negative(a) for m in left for a, _ in m)


def _not_negative(atom: Atom) -> bool:
    low = bounds(atom)[0]
    return low is not None and low >= 0


def _greatest(sizes: list[Size]) -> Size:
    """The maximum; of many sizes it is written down as it is, for no proof among them leaves a formula a person reads."""
    if len(sizes) <= MAX_COMPARED:
        return maximum(*sorted(sizes, key=lambda size: size.key))
    return Size.of(Function("max", tuple(sorted(sizes, key=lambda size: size.key))))


def _decided(net: Architecture, found: Trace) -> None:
    if found.undecided is not None:
        message = "what is alive here depends on an `if` that is not decided"
        raise SymcostError(Diagnostic("undecided", message, found.undecided, help="state which holds with 'assume'"))
    turning = any(isinstance(f, Turns) and f.index is not None for s in found.steps for f in s.frames)
    if turning or found.escaped:
        span = found.steps[0].leaf.span if found.steps and found.steps[0].leaf else None
        message = "the peak of a loop whose turns differ, or whose tensors are used after it, has no closed form"
        raise SymcostError(Diagnostic("no-closed-form", message, span, help="give its count a number"))


def _alive(found: Trace, net: Architecture) -> dict[Step, tuple[Tensor, ...]]:
    """The tensors alive at each step: what was made and is still taken, here or later."""
    steps = found.steps
    end = len(steps)
    made = dict.fromkeys(found.inputs, 0)
    last = dict.fromkeys(found.outputs, end)
    carried = {(id(taken), id(others)) for taken, _, others in found.carried}
    ends: dict[int, int] = {}
    for place, step in enumerate(steps):
        for frame in step.frames:
            ends[id(frame)] = place
    for place, step in enumerate(steps):
        for tensor in step.inputs:
            until = place
            for frame in step.frames:  # taken in every turn, so alive to the end of the last one
                outside = isinstance(frame, Turns) and frame.others and frame not in tensor.frames
                if outside and (id(tensor), id(frame)) not in carried and net._apply(frame.count).number != 2:  # type: ignore[union-attr]
                    until = max(until, ends[id(frame)])
            last[tensor] = max(last.get(tensor, 0), until)
        made.setdefault(step.output, place)
        last[step.output] = max(last.get(step.output, 0), place)
    found_at: dict[Step, tuple[Tensor, ...]] = {}
    for place, step in enumerate(steps):
        found_at[step] = tuple(t for t, since in made.items() if since <= place <= last.get(t, 0))
    return found_at
