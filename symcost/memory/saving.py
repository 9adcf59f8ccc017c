"""Activations kept for the way back, each tensor once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.evaluate import free
from symcost.flow import Factor, Frame, Step, Tensor, Trace, Turns, over
from symcost.graph.user_layer import UserLayer
from symcost.layers.base import Kept
from symcost.layers.dense import Linear
from symcost.memory.dtypes import IDS, bytes_of, in_bytes
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol, product, total
from symcost.source import Diagnostic, SymcostError
from symcost.training import RECOMPUTE, Work, traced, works

ANOTHER = Symbol("another turn", low=0)  # of a loop, than the one a tensor is made in


@dataclass(frozen=True)
class Mode:
    """When a tensor is kept: for each of its frames in which ``turns``, "all", "less" than the last, the "last"; and ``where`` an
    `if` is not decided, under which brackets.
    """

    turns: tuple[str, ...]
    where: frozenset[Size] = frozenset()


@dataclass(frozen=True)
class Split:
    """Tensor parallelism over so many devices; with ``sequence`` what it does not divide is divided by positions.

    Source: Shoeybi et al. 2019, arXiv:1909.08053; Korthikanti et al. 2022, arXiv:2205.05198, sections 4.2.1 and 4.2.2.
    """

    devices: Size
    sequence: bool = False


@dataclass(frozen=True)
class Saved:
    """One tensor kept for the way back: of which layer, what it is, bytes over all repeats on one device."""

    step: Step
    what: str
    bytes: Size
    tensor: Tensor | None = None  # of the trace; None for one of the layer's own


def activations(
    net: Architecture,
    dtype: str = "bf16",
    recompute: str = "none",
    flash: bool = False,
    statistics: bool = True,
    tensor_parallel: Any = 1,
    sequence_parallel: bool = False,
) -> Cost:
    """Bytes of the activations kept for the backward pass, each tensor once.

    ``recompute="selective"`` (and ``flash``, whose kernels do the same) keeps nothing between scores and weighted values,
    ``"full"`` only what comes into each block or turn. Without ``statistics`` the small numbers that norms keep are left out,
    as most accounts do. A transformer layer with dropout in bf16 keeps s*b*h*(34 + 5*a*s/h) bytes.

    Source: Korthikanti et al. 2022, arXiv:2205.05198, equations 1 to 6.
    """
    found = saved(net, dtype, recompute, flash, statistics, tensor_parallel, sequence_parallel)
    cost = in_bytes(net, total(each.bytes for each in found))
    unknown = dict.fromkeys(s.layer.name for s in traced(net).steps if isinstance(s.layer, UserLayer))
    return replace(cost, uncounted=tuple(f"what '{name}' keeps" for name in unknown))


def saved(
    net: Architecture,
    dtype: str = "bf16",
    recompute: str = "none",
    flash: bool = False,
    statistics: bool = True,
    tensor_parallel: Any = 1,
    sequence_parallel: bool = False,
) -> tuple[Saved, ...]:
    """The tensors `activations` adds up."""
    if recompute not in RECOMPUTE:
        message = f"recomputation is one of {', '.join(RECOMPUTE)}, not '{recompute}'"
        raise SymcostError(Diagnostic("bad-value", message))
    split = Split(net.domain.convert(tensor_parallel), sequence_parallel)
    trace = traced(net)
    if any(others.index and taken in _members(handed) for taken, handed, others in trace.carried):
        raise _no_form("a turn of a loop may hand on what it was given", trace)
    keeping = Keeping(trace, bytes_of(dtype), flash or recompute == "selective", statistics, split)
    for work in works(net, found=trace):
        if work.runs_back:
            keeping.add(work, recompute == "full" and work.step.unit is not None)
    return tuple(keeping.result())


class Keeping:
    """Gathers what is kept, each tensor once for each turn in which it is made."""

    def __init__(self, trace: Trace, each: Fraction, fused: bool, statistics: bool, split: Split) -> None:
        self.trace, self.each, self.fused, self.statistics, self.split = trace, each, fused, statistics, split
        self.made = {step.output: step for step in reversed(trace.steps)}
        self.divided = set(_divided(trace.steps)) if split.devices != ONE else set()
        self.own: list[Saved] = []
        self.modes: dict[Tensor, dict[Mode, Step]] = {}

    def add(self, work: Work, checkpoint: bool) -> None:
        step = work.step
        if checkpoint:
            for tensor in step.inputs:
                if tensor not in self.made or self.made[tensor].unit is not step.unit:
                    self.keep(tensor, step)
            return
        for kept in kept_by(work):
            if (kept.core and self.fused) or (kept.fused and not self.fused) or (kept.small and not self.statistics):
                continue
            if kept.what in ("input", "inputs", "output"):
                for tensor in (step.output,) if kept.what == "output" else step.inputs:
                    self.keep(tensor, step)
            elif kept.numel.terms:
                size = step.over(kept.numel) * (self.each if kept.bytes is None else kept.bytes)
                self.own.append(Saved(step, kept.what, self.share(size, kept.inside or step in self.divided)))

    def keep(self, tensor: Tensor, step: Step) -> None:
        """A tensor as this step sees it: that of its own turn, or of the last turn of a repeat that is over."""
        inside = set(step.frames)
        guards = _guards(step.frames)
        self._as(tensor, lambda frame: "all" if frame in inside else "last", step, guards, step.frames)
        for one in _members(tensor):
            for taken, handed, others in self.trace.carried:
                if taken is not one or others not in inside:
                    continue
                # and what every other turn but the last hands on, to the turn behind it
                later = {} if others.index is None else {others.index: Size.of(others.index) + 1}
                where = frozenset(holds.subs(later) for holds in guards)
                self._as(handed, partial(_handed, others, inside), step, where, handed.frames)

    def _as(
        self,
        tensor: Tensor,
        mode: Callable[[Frame], str],
        step: Step,
        where: frozenset[Size],
        frames: tuple[Frame, ...],
    ) -> None:
        """``where`` is said in the turns of these ``frames``."""
        values = self._turns(tensor, frames)
        where = frozenset(holds.subs(values) for holds in where)
        for choice, holds in zip(tensor.choices, tensor.holds, strict=True):
            self._as(choice, mode, step, where | {holds.subs(self._turns(tensor, tensor.frames))}, tensor.frames)
        if tensor.choices:
            return
        first = self._turns(tensor, tensor.frames)
        brackets = where - {holds.subs(first) for holds in _guards(tensor.frames)} - {ONE}  # its own hold anyway
        if ZERO not in brackets:
            turns = tuple(mode(f) if isinstance(f, Turns) and f.others else "all" for f in tensor.frames)
            self.modes.setdefault(tensor, {}).setdefault(Mode(turns, brackets), step)

    def _turns(self, tensor: Tensor, frames: tuple[Frame, ...]) -> dict[Symbol, Size]:
        """The turns of ``frames`` for those who are where a tensor is made: the first, the second, or another one."""
        values: dict[Symbol, Size] = {}
        for frame in frames:
            if not isinstance(frame, Turns) or frame.index is None or (frame.others and frame in tensor.frames):
                continue
            second = any(taken is tensor and others is frame for taken, _, others in self.trace.carried)
            values[frame.index] = (ONE if second else Size.of(ANOTHER)) if frame.others else ZERO
        return values

    def share(self, size: Size, inside: bool) -> Size:
        return size / self.split.devices if inside or self.split.sequence else size

    def result(self) -> Iterator[Saved]:
        for tensor, reasons in self.modes.items():
            numel = union(tensor, list(reasons))
            if ANOTHER in free(numel):
                span = next((step.leaf.span for step in reasons.values() if step.leaf), None)
                message = "whether this is kept depends on the turn of a loop it was not made in"
                raise SymcostError(
                    Diagnostic("no-closed-form", message, span, help="give the count of the loop a number")
                )
            maker = self.made.get(tensor)
            size = numel * (IDS if tensor.shape.ids else self.each)
            step = maker or next(iter(reasons.values()))
            what = "input" if maker is None else "output"
            yield Saved(step, what, self.share(size, maker is not None and maker in self.divided), tensor)
        yield from self.own


def kept_by(work: Work) -> tuple[Kept, ...]:
    leaf = work.step.leaf
    if leaf is None:  # the results of experts are kept for the gradient of what they are weighted by
        joined = len(work.step.frames) < len(work.step.inputs[0].frames)
        return (Kept("inputs"),) if joined else ()
    if isinstance(leaf.layer, UserLayer):
        return (Kept("input"),) if work.learns else ()
    return leaf.layer.keeps(leaf.input, leaf.output, work.learns)


def _no_form(why: str, trace: Trace) -> SymcostError:
    message, help_ = f"what is kept has no closed form: {why}", "give the count of the loop a number"
    return SymcostError(Diagnostic("no-closed-form", message, trace.undecided, help=help_))


def _members(tensor: Tensor) -> Iterator[Tensor]:
    """A tensor, and those of which it is one."""
    yield tensor
    for choice in tensor.choices:
        yield from _members(choice)


def _handed(others: Turns, inside: set[Frame], frame: Frame) -> str:
    """Of which turns the next ones see what they are handed."""
    return "less" if frame is others else "all" if frame in inside else "last"


def _guards(frames: tuple[Frame, ...]) -> frozenset[Size]:
    """The brackets of the undecided `if`s around."""
    return frozenset(f.factor for f in frames if isinstance(f, Factor) and f.guard)


def union(tensor: Tensor, modes: list[Mode]) -> Size:
    """Elements of all turns for which a tensor is kept for one reason or another: inclusion and exclusion."""
    parts = []
    weakest = [m for m in modes if not any(o.turns == m.turns and o.where < m.where for o in modes)]
    for n in range(1, len(weakest) + 1):
        for some in combinations(weakest, n):
            shared = common_mode(some)
            if shared is not None:
                parts.append(times_kept(tensor, shared) * (-1) ** (n - 1))
    return total(parts)


def common_mode(modes: Iterable[Mode]) -> Mode | None:
    """The turns that are in all of them, under the brackets of all; None where there are none."""
    modes = tuple(modes)
    found = []
    for each in zip(*(mode.turns for mode in modes), strict=True):
        narrow = set(each) - {"all"}
        if len(narrow) > 1:
            return None
        found.append(narrow.pop() if narrow else "all")
    where = frozenset[Size]().union(*(mode.where for mode in modes))
    return None if any(1 - holds in where for holds in where) else Mode(tuple(found), where)


def times_kept(tensor: Tensor, mode: Mode) -> Size:
    brackets: list[Size] = sorted(mode.where, key=lambda holds: holds.key)
    size = tensor.numel * product(brackets)
    for frame, turns in reversed(list(zip(tensor.frames, mode.turns, strict=True))):
        every = over((frame,), size)
        if turns != "all" and isinstance(frame, Turns):
            last = size if frame.index is None else size.subs({frame.index: frame.count - 1})
            every = last if turns == "last" else every - last
        size = every
    return size


def _divided(steps: list[Step]) -> Iterator[Step]:
    """Steps whose output tensor parallelism divides: of two or more linear layers in a branch, all between first and last.

    The first is divided by its outputs, the last by its inputs, and nothing need be sent between them.
    """
    branches: dict[object, list[Step]] = {}
    for step in steps:
        if step.branch is not None:
            branches.setdefault(step.branch, []).append(step)
    for inside in branches.values():
        places = [i for i, step in enumerate(inside) if isinstance(step.layer, Linear)]
        if len(places) > 1:
            yield from inside[places[0] : places[-1]]
