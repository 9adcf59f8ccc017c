"""Normalisation: over the batch's running statistics, over sets of elements, over neighbouring channels."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Layer, LayerError, Ops, Weight
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import Size
from symcost.sizes.facts import Condition, divisible
from symcost.sizes.shape import Shape


def standardised(sets: Size, n: Size) -> Ops:
    """Mean and variance of ``sets`` sets of n elements, each element less the mean, over the root of the variance.

    Mean: n - 1 additions, a division. Variance: n subtractions (kept), n squares, n - 1 additions, a division. Then an addition
    of epsilon and a square root for the set, and n divisions.
    """
    return {Op.ADD: sets * (3 * n - 1), Op.MUL: sets * n, Op.DIV: sets * (n + 2), Op.SQRT: sets}


def scaled(counts: Ops, numel: Size, scale: bool, shift: bool) -> Ops:
    """One multiplication an element for a learned scale, one addition for a learned shift."""
    result = dict(counts)
    if scale:
        result[Op.MUL] = result.get(Op.MUL, Size.of(0)) + numel
    if shift:
        result[Op.ADD] = result.get(Op.ADD, Size.of(0)) + numel
    return result


def learned(shape: tuple[Size, ...], scale: bool, shift: bool) -> tuple[Weight, ...]:
    return (*((Weight("weight", shape),) if scale else ()), *((Weight("bias", shape),) if shift else ()))


class BatchNorm(Layer, name="bn"):
    """Batch normalisation at inference, written out: (x - mean)/sqrt(var + eps)*gamma + beta.

    An element takes a subtraction and a division, with ``affine`` a multiplication and an addition: 4. The root of each
    channel is taken once, with one addition, whatever the batch. Running statistics are buffers, not parameters.

    Source: Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 2.
    Example: ``bn`` on ``64@112x112``: 128 params, 0 macs.
    """

    signature = "bn(affine=true)"
    affine: bool

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned((x.channels,), self.affine, self.affine)

    def ops(self, x: Shape, y: Shape) -> Ops:
        counts = {Op.ADD: y.numel + x.channels, Op.DIV: y.numel, Op.SQRT: x.channels}
        return scaled(counts, y.numel, self.affine, self.affine)


class LayerNorm(Layer, name="layernorm"):
    """Layer normalisation over the channels of each position (or over positions, or over all).

    ``over`` says which elements make one set of n; learned scale and shift have the shape of a set.

    Source: Ba, Kiros and Hinton 2016, arXiv:1607.06450, equation 4.
    Example: ``layernorm`` on ``768@196``: 1536 params, 0 macs.
    """

    signature = "layernorm(affine=true, bias=true, over=channels|positions|all)"
    affine: bool
    bias: bool
    over: str

    def _set(self, x: Shape) -> tuple[Size, ...]:
        if self.over == "channels":
            return (x.channels,)
        if not x.dims:
            raise LayerError(
                "wrong-rank", f"'over={self.over}' needs positions, and the tensor here has none: {x}", option="over"
            )
        return x.dims if self.over == "positions" else (x.channels, *x.dims)

    def needs(self, x: Shape) -> Iterator[Condition]:
        self._set(x)
        yield from ()

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned(self._set(x), self.affine, self.affine and self.bias)

    def ops(self, x: Shape, y: Shape) -> Ops:
        n = Size.of(1)
        for size in self._set(x):
            n = n * size
        return scaled(standardised(y.numel / n, n), y.numel, self.affine, self.affine and self.bias)


class GroupNorm(Layer, name="groupnorm"):
    """Group normalisation: one set for each of g groups of channels, over all positions; scale and shift a channel.

    Source: Wu and He 2018, arXiv:1803.08494, equation 7.
    Example: ``groupnorm(32)`` on ``64@56x56``: 128 params, 0 macs.
    """

    signature = "groupnorm(g, affine=true)"
    g: Size
    affine: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(groups=self.g)
        yield divisible(x.channels, self.g, "groups must divide the channels", "groups")

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned((x.channels,), self.affine, self.affine)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return scaled(standardised(x.batch * self.g, x.size / self.g), y.numel, self.affine, self.affine)


class InstanceNorm(Layer, name="instancenorm"):
    """Instance normalisation: one set for each channel, over all positions. No scale and shift unless asked for.

    Source: Ulyanov, Vedaldi and Lempitsky 2016, arXiv:1607.08022.
    Example: ``instancenorm`` on ``64@56x56``: 0 params, 0 macs.
    """

    signature = "instancenorm(affine=false)"
    affine: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError(
                "wrong-rank", f"'instancenorm' normalises over positions, and the tensor here has none: {x}"
            )
        yield from ()

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned((x.channels,), self.affine, self.affine)

    def ops(self, x: Shape, y: Shape) -> Ops:
        counts = standardised(x.batch * x.channels, x.positions)
        return scaled(counts, y.numel, self.affine, self.affine)


class RMSNorm(Layer, name="rmsnorm"):
    """Root-mean-square normalisation over the channels of each position: no mean is taken, nothing is shifted.

    A set of n takes n squares, n - 1 additions and a division, an addition of epsilon, a root, and n divisions.

    Source: Zhang and Sennrich 2019, arXiv:1910.07467, equation 4.
    Example: ``rmsnorm`` on ``4096@2048``: 4096 params, 0 macs.
    """

    signature = "rmsnorm(affine=true)"
    affine: bool

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned((x.channels,), self.affine, False)

    def ops(self, x: Shape, y: Shape) -> Ops:
        sets, n = x.vectors, x.channels
        counts = {Op.MUL: sets * n, Op.ADD: sets * n, Op.DIV: sets * (n + 1), Op.SQRT: sets}
        return scaled(counts, y.numel, self.affine, False)


class LocalResponseNorm(Layer, name="lrn"):
    """Local response normalisation over n neighbouring channels; channels beyond the edge count as work.

    An element takes n squares and n - 1 additions, a multiplication by alpha, an addition of k, a power (written as
    exp(beta*log), so one exponential, one logarithm, one multiplication) and a division.

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3.
    Example: ``lrn`` on ``96@55x55``: 0 params, 0 macs.
    """

    signature = "lrn(n=5)"
    n: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(neighbours=self.n)

    def ops(self, x: Shape, y: Shape) -> Ops:
        m = y.numel
        return {Op.MUL: m * (self.n + 2), Op.ADD: m * self.n, Op.EXP: m, Op.LOG: m, Op.DIV: m}
