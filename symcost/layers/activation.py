"""Activations: a fixed number of operations on each element, softmax over channels, gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from symcost.layers.base import Kept, Layer, LayerError, Ops, Weight, added
from symcost.layers.share import Factors, Share, done
from symcost.ops import Op
from symcost.sizes.atoms import Size
from symcost.sizes.facts import Condition, divisible, equal
from symcost.sizes.shape import Shape


class Pointwise(Layer):
    """The same operations on every element; ``each`` says how many."""

    signature = "pointwise"
    each: ClassVar[dict[Op, int]] = {}
    back: ClassVar[dict[Op, int]] = {}  # the derivative times the gradient, on each element
    kept: ClassVar[str] = "input"  # what the derivative is written in

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {op: y.numel * count for op, count in self.each.items()}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        return {op: y.numel * count for op, count in self.back.items()} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept(self.kept),)


class ReLU(Pointwise, name="relu"):
    """max(x, 0): one comparison an element.

    Source: Nair and Hinton 2010.
    Example: ``relu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "relu"
    each: ClassVar = {Op.CMP: 1}
    back: ClassVar = {Op.CMP: 1}  # y > 0 lets the gradient pass
    kept = "output"


class ReLU6(Pointwise, name="relu6"):
    """min(max(x, 0), 6): two comparisons an element.

    Source: Howard et al. 2017, arXiv:1704.04861.
    Example: ``relu6`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "relu6"
    each: ClassVar = {Op.CMP: 2}
    back: ClassVar = {Op.CMP: 2}  # 0 < x < 6 lets the gradient pass


class HardTanh(Pointwise, name="hardtanh"):
    """min(max(x, -1), 1): two comparisons an element.

    Source: torch.nn.Hardtanh.
    Example: ``hardtanh`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "hardtanh"
    each: ClassVar = {Op.CMP: 2}
    back: ClassVar = {Op.CMP: 2}  # -1 < x < 1 lets the gradient pass


class LeakyReLU(Pointwise, name="leakyrelu"):
    """x or a*x: a comparison and a multiplication an element.

    Source: Maas, Hannun and Ng 2013.
    Example: ``leakyrelu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "leakyrelu"
    each: ClassVar = {Op.CMP: 1, Op.MUL: 1}
    back: ClassVar = {Op.CMP: 1, Op.MUL: 1}  # dy or a*dy


class PReLU(Pointwise, name="prelu"):
    """x or a*x with a learned slope: one for all channels, or ``prelu(c)`` one for each of the c channels.

    Source: He et al. 2015, arXiv:1502.01852; torch.nn.PReLU.
    Example: ``prelu`` on ``64@8x8``: 1 params, 0 macs.
    """

    signature = "prelu(n=1)"
    each: ClassVar = {Op.CMP: 1, Op.MUL: 1}
    n: Size
    back: ClassVar = {Op.CMP: 1, Op.MUL: 1}  # dy or a*dy

    def needs(self, x: Shape) -> Iterator[Condition]:
        if self.n.number != 1:
            yield equal(self.n, x.channels, "prelu has one slope, or one for each channel")

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.n,)),)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of a slope is the sum of dy*x over the elements it multiplied, with zeros where it did not."""
        slopes = {Op.MUL: y.numel, Op.ADD: y.numel - self.n} if weights else {}
        return added(super().backward(x, y, inputs, weights), slopes)


class ELU(Pointwise, name="elu"):
    """x or exp(x) - 1: a comparison, an exponential, a subtraction an element.

    Source: Clevert, Unterthiner and Hochreiter 2016, arXiv:1511.07289, with alpha = 1.
    Example: ``elu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "elu"
    each: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.ADD: 1}
    back: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.MUL: 1}  # dy or dy*exp(x)


class CELU(Pointwise, name="celu"):
    """ELU made smooth; with alpha = 1 the same operations.

    Source: Barron 2017, arXiv:1704.07483.
    Example: ``celu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "celu"
    each: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.ADD: 1}
    back: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.MUL: 1}  # dy or dy*exp(x)


class SELU(Pointwise, name="selu"):
    """ELU scaled on both sides: two multiplications more.

    Source: Klambauer et al. 2017, arXiv:1706.02515.
    Example: ``selu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "selu"
    each: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.ADD: 1, Op.MUL: 2}
    back: ClassVar = {Op.CMP: 1, Op.EXP: 1, Op.MUL: 2}  # dy times a constant, and times exp(x)


class Sigmoid(Pointwise, name="sigmoid"):
    """1/(1 + exp(-x)): an exponential, an addition, a division an element.

    Source: the definition.
    Example: ``sigmoid`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "sigmoid"
    each: ClassVar = {Op.EXP: 1, Op.ADD: 1, Op.DIV: 1}
    back: ClassVar = {Op.ADD: 1, Op.MUL: 2}  # dy*y*(1 - y)
    kept = "output"


class Tanh(Pointwise, name="tanh"):
    """One hyperbolic tangent an element.

    Source: the definition.
    Example: ``tanh`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "tanh"
    each: ClassVar = {Op.TANH: 1}
    back: ClassVar = {Op.ADD: 1, Op.MUL: 2}  # dy*(1 - y*y)
    kept = "output"


class SiLU(Pointwise, name="silu", aliases=("swish",)):
    """x*sigmoid(x): a sigmoid and a multiplication an element.

    Source: Elfwing, Uchibe and Doya 2017, arXiv:1702.03118.
    Example: ``silu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "silu"
    each: ClassVar = {Op.EXP: 1, Op.ADD: 1, Op.DIV: 1, Op.MUL: 1}
    back: ClassVar = {Op.EXP: 1, Op.ADD: 3, Op.DIV: 1, Op.MUL: 3}  # dy*s*(1 + x*(1 - s)), s = 1/(1 + exp(-x))


class GELU(Pointwise, name="gelu"):
    """x/2*(1 + erf(x/sqrt(2))): three multiplications, an error function, an addition an element.

    Source: Hendrycks and Gimpel 2016, arXiv:1606.08415, the exact form.
    Example: ``gelu`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "gelu"
    each: ClassVar = {Op.MUL: 3, Op.ERF: 1, Op.ADD: 1}
    back: ClassVar = {Op.MUL: 7, Op.ERF: 1, Op.EXP: 1, Op.ADD: 2}  # dy*(1/2 + erf(x*c)/2 + x*exp(-x*x/2)*c')


class Softplus(Pointwise, name="softplus"):
    """log(1 + exp(x)): an exponential, an addition, a logarithm an element.

    Source: Dugas et al. 2001.
    Example: ``softplus`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "softplus"
    each: ClassVar = {Op.EXP: 1, Op.ADD: 1, Op.LOG: 1}
    back: ClassVar = {Op.EXP: 1, Op.ADD: 1, Op.DIV: 1, Op.MUL: 1}  # dy*(1/(1 + exp(-x)))


class Mish(Pointwise, name="mish"):
    """x*tanh(softplus(x)): a softplus, a hyperbolic tangent, a multiplication an element.

    Source: Misra 2019, arXiv:1908.08681.
    Example: ``mish`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "mish"
    each: ClassVar = {Op.EXP: 1, Op.ADD: 1, Op.LOG: 1, Op.TANH: 1, Op.MUL: 1}
    # e = exp(x), t = tanh(log(1 + e)): dy*(t + x*(1 - t*t)*e/(1 + e))
    back: ClassVar = {Op.EXP: 1, Op.ADD: 3, Op.LOG: 1, Op.TANH: 1, Op.DIV: 1, Op.MUL: 4}


class Softsign(Pointwise, name="softsign"):
    """x/(1 + abs(x)): a comparison, an addition, a division an element.

    Source: torch.nn.Softsign.
    Example: ``softsign`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "softsign"
    each: ClassVar = {Op.CMP: 1, Op.ADD: 1, Op.DIV: 1}
    back: ClassVar = {Op.CMP: 1, Op.ADD: 1, Op.MUL: 1, Op.DIV: 1}  # dy/(1 + abs(x))^2


class HardSigmoid(Pointwise, name="hsigmoid"):
    """min(max(x + 3, 0), 6)/6: an addition, two comparisons, a division an element.

    Source: Howard et al. 2019, arXiv:1905.02244.
    Example: ``hsigmoid`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "hsigmoid"
    each: ClassVar = {Op.ADD: 1, Op.CMP: 2, Op.DIV: 1}
    back: ClassVar = {Op.CMP: 2, Op.DIV: 1}  # dy/6 between the bounds


class HardSwish(Pointwise, name="hswish"):
    """x*hsigmoid(x): a multiplication more than hsigmoid.

    Source: Howard et al. 2019, arXiv:1905.02244.
    Example: ``hswish`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "hswish"
    each: ClassVar = {Op.ADD: 1, Op.CMP: 2, Op.DIV: 1, Op.MUL: 1}
    back: ClassVar = {Op.CMP: 2, Op.DIV: 1, Op.ADD: 1, Op.MUL: 1}  # dy*(x/3 + 1/2) between the bounds


class Softmax(Layer, name="softmax", aliases=("soft-max",)):
    """Softmax over the channels of each position, less their maximum first.

    A vector of n takes n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions.

    Source: torch.nn.Softmax.
    Example: ``softmax`` on ``1000``: 0 params, 0 macs.
    """

    signature = "softmax"

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield softmax((x.batch, *x.dims), x.channels)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        return softmax_back(x.vectors, x.channels) if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("output"),)


def softmax(vectors: Factors, n: Size) -> Share:
    """Softmax of ``vectors`` vectors of n."""
    why = "n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions for a vector of n"
    return done("softmax", why, vectors, cmp=n - 1, add=2 * n - 1, exp=n, div=n)


def softmax_back(vectors: Size, n: Size) -> Ops:
    """Backward through softmax: dx = y*(dy - sum(y*dy)): n products, n - 1 additions, n subtractions, n products a vector."""
    return {Op.MUL: vectors * 2 * n, Op.ADD: vectors * (2 * n - 1)}


class LogSoftmax(Layer, name="logsoftmax"):
    """The logarithm of softmax: the sum of exponentials is taken off as one logarithm.

    A vector of n takes n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, a logarithm, n subtractions.

    Source: torch.nn.LogSoftmax.
    Example: ``logsoftmax`` on ``1000``: 0 params, 0 macs.
    """

    signature = "logsoftmax"

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        n = x.channels
        why = "n - 1 comparisons, 3*n - 1 additions and subtractions, n exponentials, a logarithm for a vector of n"
        yield done("softmax", why, (x.batch, *x.dims), cmp=n - 1, add=3 * n - 1, exp=n, log=1)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """dx = dy - exp(y)*sum(dy): n - 1 additions, n exponentials, n products, n subtractions a vector."""
        vectors, n = x.vectors, x.channels
        return {Op.ADD: vectors * (2 * n - 1), Op.EXP: vectors * n, Op.MUL: vectors * n} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("output"),)


class GLU(Layer, name="glu"):
    """Gated linear unit: half of the channels, through an activation, multiply the other half.

    ``act`` is the activation of the gate: sigmoid (GLU), relu (ReGLU), gelu (GEGLU), silu (SwiGLU), tanh.

    Source: Dauphin et al. 2017, arXiv:1612.08083; Shazeer 2020, arXiv:2002.05202.
    Example: ``glu`` on ``512@128``: 0 params, 0 macs.
    """

    signature = "glu(act=sigmoid|relu|gelu|silu|tanh)"
    act: str

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.ids:
            raise LayerError("wants-numbers", "'glu' works on numbers", help="ids become numbers with embed(V)-d")
        yield divisible(x.channels, Size.of(2), "a gate halves the channels")

    def shape(self, x: Shape) -> Shape:
        return x.to(x.channels / 2)

    @property
    def _gate(self) -> type[Pointwise]:
        gates: dict[str, type[Pointwise]] = {
            "sigmoid": Sigmoid,
            "relu": ReLU,
            "gelu": GELU,
            "silu": SiLU,
            "tanh": Tanh,
        }
        return gates[self.act]

    def ops(self, x: Shape, y: Shape) -> Ops:
        counts = {op: y.numel * n for op, n in self._gate.each.items()}
        counts[Op.MUL] = counts.get(Op.MUL, Size.of(0)) + y.numel
        return counts

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Of a*g(b): da = dy*g(b), with g(b) made again, and db = dy*a times the derivative of g."""
        again, slope = ({op: y.numel * n for op, n in counts.items()} for counts in (self._gate.each, self._gate.back))
        return added(again, slope, {Op.MUL: 2 * y.numel}) if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("input"),)
