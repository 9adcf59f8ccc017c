"""What parallel training sends and holds, as formulas in the numbers of devices.

Volumes are those that each device sends, in bytes of what is given in bytes. Arguments are numbers, formulas as text, costs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.domain import Domain
from symcost.flow import Step
from symcost.layers.attention import Attention
from symcost.layers.dense import Linear
from symcost.memory import States, bytes_of, states
from symcost.sizes.atoms import ZERO, Size, total
from symcost.source import Diagnostic, SymcostError
from symcost.training import traced

FREE = Domain({}, (), (), ())


def _read(value: Any) -> Size:
    return FREE.convert(value)


def _cost(size: Size, unit: str = "bytes") -> Cost:
    return Cost(size, unit, None, (), FREE)


def reduce_scatter(volume: Any, workers: Any) -> Cost:
    """Each of N workers ends with the sum of one part of N: it sends N - 1 parts round a ring. Patarasuk and Yuan 2009."""
    k, n = _read(volume), _read(workers)
    return _cost((n - 1) * k / n)


def all_gather(volume: Any, workers: Any) -> Cost:
    """Each of N workers hands the part it has round the ring: N - 1 parts again."""
    return reduce_scatter(volume, workers)


def all_reduce(volume: Any, workers: Any) -> Cost:
    """The sum, at every worker: a reduce-scatter and an all-gather, 2*(N - 1)/N of the volume. Patarasuk and Yuan 2009."""
    return _cost(reduce_scatter(volume, workers)._size + all_gather(volume, workers)._size)


def data_parallel(net: Architecture, workers: Any, dtype: str = "bf16") -> Cost:
    """Data parallelism sums the gradients of all trained weights once a step."""
    return _within(net, lambda n: _all_reduced(net._tally.trainable * bytes_of(dtype), n), workers)


def _all_reduced(volume: Size, n: Size) -> Size:
    return 2 * (n - 1) * volume / n


def _within(net: Architecture, formula: Any, workers: Any) -> Cost:
    return net._cost(net._apply(formula(net.domain.convert(workers))), "bytes")


def zero_states(net: Architecture, stage: int, workers: Any, **options: Any) -> States:
    """What a device holds with ZeRO: stage 1 divides the optimiser's states, 2 the gradients too, 3 the weights too.

    ``options`` are those of `memory.states`. Source: Rajbhandari et al. 2020, arXiv:1910.02054, section 5.
    """
    _stage(stage)
    n, whole = net.domain.convert(workers), states(net, **options)

    def share(cost: Cost, since: int) -> Cost:
        return cost._owned(cost._size / n) if stage >= since else cost

    return States(share(whole.weights, 3), share(whole.gradients, 2), share(whole.master, 1), share(whole.moments, 1))


def zero_volume(net: Architecture, stage: int, workers: Any, dtype: str = "bf16") -> Cost:
    """What a device sends in a step with ZeRO: gradients scattered in sums, weights gathered once, in stage 3 twice.

    Source: Rajbhandari et al. 2020, section 7: 2P, in stage 3 3P, for many workers.
    """
    _stage(stage)
    each, trained, whole = bytes_of(dtype), net._tally.trainable, net._tally.params
    gathered = 2 * whole if stage == 3 else trained
    return _within(net, lambda n: (n - 1) * (trained + gathered) * each / n, workers)


def _stage(stage: int) -> None:
    if stage not in (0, 1, 2, 3):
        raise SymcostError(Diagnostic("bad-value", f"ZeRO has stages 1, 2 and 3 (0 is without), not {stage}"))


def tensor_parallel(net: Architecture, devices: Any, dtype: str = "bf16") -> Cost:
    """Tensor parallelism sums what comes out of attention and of a pair of linear layers, and the gradient of their input.

    That is four all-reduces of b*s*h a transformer layer and step. Source: Shoeybi et al. 2019, arXiv:1909.08053, section 3.
    """
    return _within(net, lambda t: _all_reduced(total(_summed(net)) * bytes_of(dtype), t), devices)


def _summed(net: Architecture) -> Iterator[Size]:
    branches: dict[object, list[Step]] = {}
    for step in traced(net).steps:
        if step.leaf is not None and isinstance(step.layer, Attention):
            yield step.over(step.leaf.input.numel + step.leaf.output.numel)
        elif step.branch is not None and isinstance(step.layer, Linear):
            branches.setdefault(step.branch, []).append(step)
    for linear in branches.values():
        first, last = linear[0], linear[-1]
        if len(linear) > 1 and first.leaf is not None and last.leaf is not None:
            yield first.over(first.leaf.input.numel)
            yield last.over(last.leaf.output.numel)


def pipeline_bubble(stages: Any, microbatches: Any, chunks: Any = 1) -> Cost:
    """Time in which a stage of a pipeline waits, by the time it works: (p - 1)/(v*m) with v chunks of layers a device.

    Filling and draining take p - 1 steps of one of v chunks, working m*v of them. Narayanan et al. 2021, arXiv:2104.04473, 2.2.
    """
    p, m, v = map(_read, (stages, microbatches, chunks))
    return _cost((p - 1) / (v * m), "of the work")


def pipeline_share(stages: Any, microbatches: Any, chunks: Any = 1) -> Cost:
    """The same by the whole time: x/(1 + x). Huang et al. 2019, GPipe, arXiv:1811.06965, section 2.3."""
    p, m, v = map(_read, (stages, microbatches, chunks))
    return _cost((p - 1) / (v * m + p - 1), "of the time")


def pipeline_activations(batch: Any, layers: Any, stages: Any, microbatches: Any) -> Cost:
    """Layer outputs a stage keeps with recomputation: what comes in of every micro-batch, and its layers for one of them.

    Huang et al. 2019, GPipe, section 2.3: O(N + L/K * N/M).
    """
    n, depth, k, m = map(_read, (batch, layers, stages, microbatches))
    return _cost(n + depth / k * n / m, "layer outputs")


def pipeline_volume(net: Architecture, stages: Any, dtype: str = "bf16") -> Cost:
    """What all stages of a pipeline send on in a step: the tensor between two turns of a repeat, and its gradient back."""
    found = [(taken, others) for taken, _, others in traced(net).carried if len(taken.frames) == 1]
    if not found:
        message = "a pipeline is cut between the turns of a repeat, and there is none"
        raise SymcostError(Diagnostic("bad-value", message))
    widest = found[0][0].numel if len(found) == 1 else ZERO
    if not widest.terms:
        raise SymcostError(Diagnostic("bad-value", "a pipeline is cut in one repeat, and there are several"))
    return _within(net, lambda p: 2 * (p - 1) * widest * bytes_of(dtype), stages)
