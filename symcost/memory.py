"""Memory in bytes, as formulas: weights and what an optimiser keeps, activations kept for the way back, peak, KV cache.

Activations kept are what the kinds say they keep (`Layer.keeps`), each tensor once: the output of a ReLU that the next
convolution keeps as its input is one tensor. Nothing else is assumed of an implementation: no copies, no workspaces, no
fragmentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from symcost.architecture import Architecture
from symcost.conventions import convention as load_convention
from symcost.cost import Cost
from symcost.flow import Step, Tensor, Trace, Turns, over
from symcost.graph.user_layer import UserLayer
from symcost.growth import Ratio, ratio
from symcost.layers.attention import Attention, ScaledDotProduct
from symcost.layers.base import Kept, Layer, Weight
from symcost.layers.dense import Linear
from symcost.sizes.atoms import ONE, ZERO, Atom, Function, Size, product, total
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import at_least
from symcost.sizes.functions import maximum, minimum
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, SymcostError, nearest
from symcost.training import RECOMPUTE, Work, traced, works

BYTES: dict[str, Fraction] = {
    "fp64": Fraction(8),
    "fp32": Fraction(4),
    "tf32": Fraction(4),
    "bf16": Fraction(2),
    "fp16": Fraction(2),
    "fp8": Fraction(1),
    "int8": Fraction(1),
    "int4": Fraction(1, 2),
}

MAX_COMPARED = 12  # sizes of which it is tried to prove which is the larger
IDS = 8  # bytes of a token number: PyTorch's int64
FULL = Fraction(4)  # bytes of fp32, in which optimisers keep their states


@dataclass(frozen=True)
class Optimizer:
    """Bytes it keeps for a parameter; ``factored`` ones keep a number for each row and column of a matrix instead."""

    states: Fraction
    source: str
    factored: bool = False


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(Fraction(0), "no state"),
    "momentum": Optimizer(FULL, "a velocity"),
    "adam": Optimizer(2 * FULL, "two moments: Kingma and Ba 2015, arXiv:1412.6980"),
    "adamw": Optimizer(2 * FULL, "two moments: Loshchilov and Hutter 2019, arXiv:1711.05101"),
    "adam8bit": Optimizer(
        2 * (Fraction(1) + FULL / 2048),
        "two moments of a byte, an fp32 scale for 2048: Dettmers et al. 2022, 2110.02861",
    ),
    "adafactor": Optimizer(FULL, "second moments by row and column: Shazeer and Stern 2018, arXiv:1804.04235", True),
}


def bytes_of(dtype: str) -> Fraction:
    """Bytes of an element. Raises `SymcostError` for a type that nobody knows."""
    if dtype not in BYTES:
        help_ = nearest(dtype, BYTES) or f"types: {', '.join(BYTES)}"
        raise SymcostError(Diagnostic("bad-value", f"unknown type '{dtype}'", help=help_))
    return BYTES[dtype]


def optimizer_of(name: str) -> Optimizer:
    if name not in OPTIMIZERS:
        help_ = nearest(name, OPTIMIZERS) or f"optimizers: {', '.join(OPTIMIZERS)}"
        raise SymcostError(Diagnostic("bad-value", f"unknown optimizer '{name}'", help=help_))
    return OPTIMIZERS[name]


def _in_bytes(net: Architecture, size: Size, unit: str = "bytes") -> Cost:
    return net._cost(net._apply(size), unit)


# ------------------------------------------------------------ weights and states


@dataclass(frozen=True)
class States:
    """What training keeps for the parameters, in bytes."""

    weights: Cost
    gradients: Cost
    master: Cost  # weights in fp32, where the network computes in less
    moments: Cost

    @property
    def total(self) -> Cost:
        parts = (self.weights, self.gradients, self.master, self.moments)
        return self.weights._owned(total(part._size for part in parts))


def weights(net: Architecture, dtype: str = "bf16") -> Cost:
    """Bytes of all parameters, those with one address once."""
    return _in_bytes(net, net._tally.params * bytes_of(dtype))


def states(
    net: Architecture,
    dtype: str = "bf16",
    optimizer: str = "adamw",
    gradients: str | None = None,
    master: bool | None = None,
) -> States:
    """Weights, gradients and what the optimiser keeps; frozen weights have neither.

    In less than fp32 there is a master copy of the trained weights in fp32 unless ``master`` says otherwise: bf16 with AdamW
    takes 2 + 2 + 4 + 8 = 16 bytes a parameter (Rajbhandari et al. 2020, arXiv:1910.02054, section 3.1), with
    ``gradients="fp32"`` 18.
    """
    each, rule = bytes_of(dtype), optimizer_of(optimizer)
    trained = net._tally.trainable
    copied = each < FULL if master is None else master
    moments = _factored(net) * FULL if rule.factored else trained * rule.states
    sizes = (
        net._tally.params * each,
        trained * bytes_of(gradients or dtype),
        trained * FULL if copied else ZERO,
        moments,
    )
    return States(*(_in_bytes(net, size) for size in sizes))


def _factored(net: Architecture) -> Size:
    """Numbers for rows and columns: of a tensor with two axes or more, over the last and over the one before it."""
    parts: list[Size] = []
    seen: set[object] = set()
    for entry in net._tally.entries:
        times, layer = entry.times, entry.leaf.layer
        if not times.trainable or times.shared in seen:
            continue
        if times.shared is not None:
            seen.add(times.shared)
        if isinstance(layer, UserLayer):
            parts.append(times.over_loops(entry.params * times.weights))
            continue
        numbers = total(_rows_and_columns(w) for w in layer.weights(entry.leaf.input))
        parts.append(times.over_loops(numbers * times.weights))
    return total(parts)


def _rows_and_columns(weight: Weight) -> Size:
    *_, before, last = (ONE, *weight.shape)
    return weight.numel if len(weight.shape) < 2 else weight.numel / last + weight.numel / before


# ------------------------------------------------------------ activations kept


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


Mode = tuple[str, ...]  # for each frame of a tensor: of which turns it is kept: "all", "less" than the last, the "last"


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
    cost = _in_bytes(net, total(each.bytes for each in found))
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
    keeping = _Keeping(trace, bytes_of(dtype), flash or recompute == "selective", statistics, split)
    for work in works(net, found=trace):
        if work.runs_back:
            keeping.add(work, recompute == "full" and work.step.unit is not None)
    return tuple(keeping.result())


class _Keeping:
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
        for kept in _kept(work):
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
        for choice in tensor.choices:
            self.keep(choice, step)
        if tensor.choices:
            return
        inside = set(step.frames)
        self._as(tensor, lambda frame: "all" if frame in inside else "last", step)
        for taken, handed, others in self.trace.carried:
            if taken is tensor and others in inside:  # and what every other turn but the last hands on
                self._as(handed, lambda f, o=others: "less" if f is o else "all" if f in inside else "last", step)

    def _as(self, tensor: Tensor, mode: Any, step: Step) -> None:
        modes = tuple(mode(f) if isinstance(f, Turns) and f.others else "all" for f in tensor.frames)
        self.modes.setdefault(tensor, {}).setdefault(modes, step)

    def share(self, size: Size, inside: bool) -> Size:
        return size / self.split.devices if inside or self.split.sequence else size

    def result(self) -> Iterator[Saved]:
        for tensor, reasons in self.modes.items():
            numel = _union(tensor, list(reasons))
            maker = self.made.get(tensor)
            size = numel * (IDS if tensor.shape.ids else self.each)
            step = maker or next(iter(reasons.values()))
            what = "input" if maker is None else "output"
            yield Saved(step, what, self.share(size, maker is not None and maker in self.divided), tensor)
        yield from self.own


def _kept(work: Work) -> tuple[Kept, ...]:
    leaf = work.step.leaf
    if leaf is None:  # the results of experts are kept for the gradient of their weights
        return (Kept("inputs"),) if work.step.over(ONE) != ONE else ()
    if isinstance(leaf.layer, UserLayer):
        return (Kept("input"),) if work.learns else ()
    return leaf.layer.keeps(leaf.input, leaf.output, work.learns)


def _union(tensor: Tensor, modes: list[Mode]) -> Size:
    """Elements of all turns for which a tensor is kept for one reason or another: inclusion and exclusion."""
    parts = []
    for n in range(1, len(modes) + 1):
        for some in combinations(modes, n):
            shared = _shared(some)
            if shared is not None:
                parts.append(_over(tensor, shared) * (-1) ** (n - 1))
    return total(parts)


def _shared(modes: Iterable[Mode]) -> Mode | None:
    """The turns that are in all of them."""
    found = []
    for each in zip(*modes, strict=True):
        narrow = set(each) - {"all"}
        if len(narrow) > 1:
            return None
        found.append(narrow.pop() if narrow else "all")
    return tuple(found)


def _over(tensor: Tensor, modes: Mode) -> Size:
    size = tensor.numel
    for frame, mode in reversed(list(zip(tensor.frames, modes, strict=True))):
        every = over((frame,), size)
        if mode != "all" and isinstance(frame, Turns):
            last = size if frame.index is None else size.subs({frame.index: frame.count - 1})
            every = last if mode == "last" else every - last
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


# ------------------------------------------------------------ the peak


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
    first = [step for step in found.steps if not any(isinstance(f, Turns) and f.others for f in step.frames)]
    once = len(first) == len(found.steps) or (not training and most(first) == cost._size)
    counts = dict.fromkeys(net._apply(f.count) for s in found.steps for f in s.frames if isinstance(f, Turns))
    needed = [] if once else [at_least(c, 2, "the repeat has a second turn") for c in counts if (lower(c) or 0) < 2]
    return replace(cost, domain=replace(cost.domain, conditions=(*cost.domain.conditions, *needed)))


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
        keeping = _Keeping(found, each, flash or recompute == "selective", statistics, Split(ONE))
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
                now = _union(whole, [_now(whole, step)])
                every = _over(whole, ("all",) * len(whole.frames))
                yield own.bytes * (every - now) / every if every.terms else ZERO
        for tensor, reasons in keeping.modes.items():
            numel = _union(tensor, list(reasons))
            current, early = self._current(tensor, step)
            yield (numel - _union(tensor, current) + _union(tensor, early)) * (IDS if tensor.shape.ids else self.each)

    def _current(self, tensor: Tensor, step: Step) -> tuple[list[Mode], list[Mode]]:
        """The one of this turn, for every reason to keep it; and for those of this step or one before it."""
        now, here = _now(tensor, step), self.places[step]
        found: dict[Mode, bool] = {}
        for reason, keeper in self.keeping.modes.get(tensor, {}).items():
            mode = _shared([reason, now])
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
        return ("all",) * len(tensor.frames)
    return tuple("last" if f in common and isinstance(f, Turns) and f.others else "all" for f in tensor.frames)


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


# ------------------------------------------------------------ the cache of keys and values


def kv_cache(
    net: Architecture,
    dtype: str = "bf16",
    tokens: Any = None,
    window: Any = None,
    cached: str | None = None,
    per_token: bool = False,
) -> Cost:
    """Bytes of the keys and values that decoding keeps: batch * tokens * kv_heads * (dk + dv) for each attention layer.

    Causal layers keep them; where none is written as causal, all layers of self attention do. ``tokens`` are those of the input
    unless given, at most ``window`` of them with a sliding window. ``cached`` names a tensor that is kept instead, as latent
    attention does: ``linear-(dc + dr) as latent``. With ``per_token`` the bytes of one token of one sample.

    Source: Shazeer 2019, arXiv:1911.02150; Ainslie et al. 2023, arXiv:2305.13245; DeepSeek-AI 2024, arXiv:2405.04434, table 1.
    """
    size = kv_elements(net, tokens, window, cached, per_token) * bytes_of(dtype)
    return _in_bytes(net, size)


def kv_elements(
    net: Architecture, tokens: Any = None, window: Any = None, cached: str | None = None, per_token: bool = False
) -> Size:
    """The elements `kv_cache` counts."""
    given = None if tokens is None else net.domain.convert(tokens)
    most = None if window is None else net.domain.convert(window)

    def elements(batch: Size, positions: Size, width: Size) -> Size:
        if per_token:
            return width
        kept = positions if given is None else given
        return batch * (kept if most is None else minimum(kept, most)) * width

    if cached is not None:
        marked = [(tensor, frames) for name, tensor, frames in traced(net).marks if name == cached]
        if not marked:
            message = f"there is no tensor '{cached}'"
            raise SymcostError(Diagnostic("unknown-name", message, help="a tensor gets its name with 'as'"))
        shapes = ((tensor.shape, frames) for tensor, frames in marked)
        return total(over(f, elements(x.batch, x.positions, x.channels)) for x, f in shapes)
    entries = [e for e in net._tally.entries if isinstance(e.leaf.layer, Attention | ScaledDotProduct)]
    own = [e for e in entries if e.leaf.layer.kv is None and getattr(e.leaf.layer, "keys", None) is None]  # type: ignore[attr-defined]
    kept = [e for e in own if e.leaf.layer.causal] or own  # type: ignore[attr-defined]
    if not kept:
        message = "nothing is kept for decoding: there is no self attention"
        raise SymcostError(Diagnostic("unknown-cost", message, help="name the tensor that is kept: cached='latent'"))
    parts = []
    for entry in kept:
        x, layer = entry.leaf.input, entry.leaf.layer
        core = layer.core(x)  # type: ignore[attr-defined]
        parts.append(entry.all_work(elements(x.batch, x.positions, core.groups / x.batch * (core.dk + core.dv))))
    return total(parts)


# ------------------------------------------------------------ bytes moved


@dataclass(frozen=True)
class Traffic:
    """FLOPs of a layer (or a network), the bytes it moves, and how many FLOPs a byte comes with."""

    text: str
    flops: Cost
    bytes: Cost

    @property
    def intensity(self) -> Ratio:
        """FLOPs a byte. Below FLOPS/bandwidth of a device, memory decides how long it takes (Williams et al. 2009)."""
        return ratio(self.flops._public, self.bytes._public)


def traffic(net: Architecture, dtype: str = "bf16", phase: str = "prefill") -> tuple[Traffic, ...]:
    """Every layer's FLOPs and bytes: each reads what it takes and its weights and writes what it makes, once.

    ``phase="decode"`` is one new token for each sample, which attends to the keys and values of all positions, read from the
    cache. Views move nothing. Raises `SymcostError` for decoding a network that is no stack of self attention on one axis.
    """
    if phase not in ("prefill", "decode"):
        raise SymcostError(Diagnostic("bad-value", f"a phase is prefill or decode, not '{phase}'"))
    rule, each = load_convention("flops"), bytes_of(dtype)
    found = []
    for entry in net._tally.entries:
        layer, x = entry.leaf.layer, entry.leaf.input
        counts: Mapping[str, Size]
        if isinstance(layer, UserLayer):
            counts, moved, read = entry.counts, x.numel + entry.leaf.output.numel, entry.params
        else:
            counts, moved, read = _moved(layer, entry, phase == "decode")
        flops = entry.all_work(rule.price(counts))
        size = entry.all_work(moved) + entry.times.over_loops(read * entry.times.weights)
        found.append(Traffic(entry.leaf.text, _in_bytes(net, flops, "FLOPs"), _in_bytes(net, size * each)))
    return tuple(found)


def intensity(net: Architecture, dtype: str = "bf16", phase: str = "prefill") -> Traffic:
    """The whole network's FLOPs and bytes, and with them its arithmetic intensity."""
    parts = traffic(net, dtype, phase)
    flops, moved = total(p.flops._size for p in parts), total(p.bytes._size for p in parts)
    return Traffic("network", net._cost(flops, "FLOPs"), net._cost(moved, "bytes"))


def _moved(layer: Layer, entry: Any, decode: bool) -> tuple[Mapping[str, Size], Size, Size]:
    """Operations by name, elements of activations moved, elements of weights read."""
    x = entry.leaf.input
    cache = ZERO
    if decode:
        if x.rank > 1 or getattr(layer, "kv", None) is not None or getattr(layer, "keys", None) is not None:
            message = f"one new token has no meaning for '{entry.leaf.text}'"
            raise SymcostError(Diagnostic("wrong-rank", message, entry.leaf.span))
        whole, x = x, _one(x)
    y = layer.shape(x)
    ops = layer.ops(x, y)
    if decode and isinstance(layer, Attention | ScaledDotProduct):
        one, core = layer.core(x), replace(layer.core(whole), queries=ONE, causal=False, dropout=False)
        without = {op: -n for op, n in replace(one, dropout=False).forward().items()}
        ops = _sum(ops, without, core.forward())
        cache = core.groups * core.keys * (core.dk + core.dv)
    weights = total(w.numel for w in layer.trained(x))
    if layer.kind == "embed":
        weights = y.numel  # the rows looked up
    inputs = getattr(layer, "inputs", (x,))
    taken = total((_one(i) if decode else i).numel for i in inputs)
    moved = ZERO if layer.view and not weights.terms else taken + (_one(y) if decode else y).numel + cache
    return {op.value: n for op, n in ops.items()}, moved, weights


def _one(x: Shape) -> Shape:
    """A tensor at one position."""
    return replace(x, dims=(ONE,) * x.rank)


def _sum(*parts: Mapping[Any, Size]) -> dict[Any, Size]:
    return {
        op: total(part.get(op, ZERO) for part in parts) for op in dict.fromkeys(op for part in parts for op in part)
    }
