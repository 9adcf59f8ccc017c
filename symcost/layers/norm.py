"""Normalisation: over the batch's running statistics, over sets of elements, over neighbouring channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from symcost.layers.base import Kept, Layer, LayerError, Ops, Reach, Weight, added
from symcost.layers.share import Factors, Share, done, summed
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import Size, product
from symcost.sizes.facts import Condition, divisible
from symcost.sizes.shape import Shape


def standardised(sets: Factors, n: Size) -> Iterator[Share]:
    """Mean and variance of ``sets`` sets of n elements, each element less the mean, over the root of the variance."""
    yield done("mean", "n - 1 additions and a division for a set of n", sets, add=n - 1, div=1)
    yield done("variance", "n differences, n squares, n - 1 additions, a division", sets, add=2 * n - 1, mul=n, div=1)
    yield done("root", "epsilon is added to the variance of each set, and the root taken", sets, add=1, sqrt=1)
    yield done("quotient", "the n differences divided by the root", sets, div=n)


def scaled(y: Shape, scale: bool, shift: bool) -> Iterator[Share]:
    """One multiplication an element for a learned scale, one addition for a learned shift."""
    if scale:
        yield done("scale", "one multiplication for each element", y.elements, mul=1)
    if shift:
        yield done("shift", "one addition for each element", y.elements, add=1)


def learned(shape: tuple[Size, ...], scale: bool, shift: bool) -> tuple[Weight, ...]:
    return (*((Weight("weight", shape),) if scale else ()), *((Weight("bias", shape),) if shift else ()))


class _Norm(Layer):
    """What norms have in common in training: they keep their input, and ``statistics`` numbers for each set."""

    statistics: ClassVar[int] = 2

    def sets(self, x: Shape) -> Size:
        """How many sets of elements are normalised."""
        raise NotImplementedError

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """With u the normalised element, d = dy*gamma: the gradient of the input as `undone` has it, and of gamma and beta.

        u is made again (`normalised`). gamma has the sum of dy*u over the elements it multiplied, beta that of dy.
        """
        sizes = {w.name: w.numel for w in self.trained(x)}
        if not any(inputs) and not (weights and sizes):
            return {}
        m = x.numel
        found = [self.normalised(x)]
        if any(inputs):
            found += [self.undone(x), {Op.MUL: m} if "weight" in sizes else {}]
        if weights and "weight" in sizes:
            found.append({Op.MUL: m, Op.ADD: m - sizes["weight"]})
        if weights and "bias" in sizes:
            found.append({Op.ADD: m - sizes["bias"]})
        return added(*found)

    def normalised(self, x: Shape) -> Ops:
        """Each element less the mean, times the inverse root, both of which were kept."""
        return {Op.ADD: x.numel, Op.MUL: x.numel}

    def undone(self, x: Shape) -> Ops:
        """dx = r*(d - (sum(d) + u*sum(d*u))/n), with r the inverse root of a set of n.

        n products d*u, two sums of n, two divisions, n products with u, n additions, n subtractions, n products with r.
        """
        return {Op.MUL: 3 * x.numel, Op.ADD: 4 * x.numel - 2 * self.sets(x), Op.DIV: 2 * self.sets(x)}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("input"), Kept("statistics", self.statistics * self.sets(x), 4, small=True))


class BatchNorm(_Norm, name="bn"):
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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield done("quotient", "each element less the mean of its channel, over the root", y.elements, add=1, div=1)
        yield done("root", "epsilon added and the root taken once for each channel", (x.channels,), add=1, sqrt=1)
        yield from scaled(y, self.affine, self.affine)

    def sets(self, x: Shape) -> Size:
        """In training a channel is normalised over the batch and its positions."""
        return x.channels

    def training(self, x: Shape, y: Shape) -> Ops:
        """Mean and variance of each channel are taken of the batch."""
        return summed([*standardised((x.channels,), x.batch * x.positions), *scaled(y, self.affine, self.affine)])


class LayerNorm(_Norm, name="layernorm"):
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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        outside = {"channels": x.dims, "positions": (x.channels,), "all": ()}[self.over]
        yield from standardised((x.batch, *outside), product(self._set(x)))
        yield from scaled(y, self.affine, self.affine and self.bias)

    def sets(self, x: Shape) -> Size:
        return x.numel / product(self._set(x))

    def reach(self, x: Shape) -> Reach:
        return super().reach(x) if self.over == "channels" else "all"


class GroupNorm(_Norm, name="groupnorm"):
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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield from standardised((x.batch, self.g), x.size / self.g)
        yield from scaled(y, self.affine, self.affine)

    def sets(self, x: Shape) -> Size:
        return x.batch * self.g

    def reach(self, x: Shape) -> Reach:
        """The statistics are those of all positions."""
        return "all" if x.dims else ()


class InstanceNorm(_Norm, name="instancenorm"):
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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield from standardised((x.batch, x.channels), x.positions)
        yield from scaled(y, self.affine, self.affine)

    def sets(self, x: Shape) -> Size:
        return x.batch * x.channels

    def reach(self, x: Shape) -> Reach:
        """The statistics are those of all positions."""
        return "all" if x.dims else ()


class RMSNorm(_Norm, name="rmsnorm"):
    """Root-mean-square normalisation over the channels of each position: no mean is taken, nothing is shifted.

    A set of n takes n squares, n - 1 additions and a division, an addition of epsilon, a root, and n divisions.

    Source: Zhang and Sennrich 2019, arXiv:1910.07467, equation 4.
    Example: ``rmsnorm`` on ``4096@2048``: 4096 params, 0 macs.
    """

    signature = "rmsnorm(affine=true)"
    affine: bool
    statistics = 1

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return learned((x.channels,), self.affine, False)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        sets, n = (x.batch, *x.dims), x.channels
        yield done(
            "mean square", "n squares, n - 1 additions and a division for a set of n", sets, mul=n, add=n - 1, div=1
        )
        yield done("root", "epsilon is added to the mean of each set, and the root taken", sets, add=1, sqrt=1)
        yield done("quotient", "the n elements divided by the root", sets, div=n)
        yield from scaled(y, self.affine, False)

    def sets(self, x: Shape) -> Size:
        return x.vectors

    def normalised(self, x: Shape) -> Ops:
        """Each element times the inverse root, which was kept."""
        return {Op.MUL: x.numel}

    def undone(self, x: Shape) -> Ops:
        """dx = r*(d - u*sum(d*u)/n), with r the inverse root of a set of n.

        n products d*u, a sum of n, a division, n products with u, n subtractions, n products with r.
        """
        return {Op.MUL: 3 * x.numel, Op.ADD: 2 * x.numel - self.sets(x), Op.DIV: self.sets(x)}


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

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """With d the denominator, kept: dx = dy*d^-beta - 2*alpha*beta*x*sum(dy*y/d), the sum over n neighbours.

        An element takes the power again (an exponential, a logarithm, a product) and a product with it, dy*y/d (a product, a
        division), n - 1 additions, two products, a subtraction.
        """
        m = y.numel
        return {Op.MUL: 5 * m, Op.ADD: m * self.n, Op.EXP: m, Op.LOG: m, Op.DIV: m} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("input"), Kept("output"), Kept("denominators", y.numel))
