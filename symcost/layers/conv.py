"""Convolutions: dense, depthwise, transposed, over any number of position axes."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Layer, LayerError, PerAxis, Reach, Taps, Weight
from symcost.layers.share import Share, bias, dots
from symcost.layers.window import at_least_one, extent, fits, grouped, not_negative, whole, window, windows
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size
from symcost.sizes.facts import Condition, at_least, divisible
from symcost.sizes.functions import maximum
from symcost.sizes.rounding import ceil, floor
from symcost.sizes.shape import Shape
from symcost.sizes.written import Form, Over, added, times


class _Windowed(Layer):
    """What dense and depthwise convolution share: a kernel slid over every position axis."""

    axes = ("k", "s", "pad", "dil")
    k: PerAxis
    s: PerAxis
    pad: PerAxis | str
    dil: PerAxis
    bias: bool
    round: str

    def padding(self) -> PerAxis:
        """Zeros on each side of each axis; `same` has its own rule and never comes here."""
        return (ZERO,) * len(self.k) if isinstance(self.pad, str) else self.pad

    def fitting(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'{self.kind}' slides over positions, and the tensor here has none: {x}")
        yield from at_least_one(kernel=self.k, stride=self.s, dilation=self.dil)
        if self.pad == "same":
            if self.round == "exact":
                for n, s in zip(x.dims, self.s, strict=True):
                    yield divisible(n, s, "round=exact: the stride divides without a remainder")
            return
        yield from not_negative(padding=self.padding())
        for n, k, s, p, d in dict.fromkeys(zip(x.dims, self.k, self.s, self.padding(), self.dil, strict=True)):
            yield fits(n, k, p, d)
            yield from whole(n, k, s, p, d, self.round)

    def slid(self, x: Shape) -> tuple[Size, ...]:
        """Output positions: ``⌈X/s⌉`` for `same`, else ``⌊(X + 2P - d(K - 1) - 1)/s⌋ + 1``."""
        if self.pad == "same":
            shares = tuple(n / s for n, s in zip(x.dims, self.s, strict=True))
            return shares if self.round == "exact" else tuple(ceil(share) for share in shares)
        each = zip(x.dims, self.k, self.s, self.padding(), self.dil, strict=True)
        return tuple(window(n, k, s, p, d, self.round) for n, k, s, p, d in each)

    def sides(self, x: Shape) -> Iterator[tuple[str, Form]]:
        if self.pad == "same":
            rounded = "" if self.round == "exact" else "up"
            for n, s in zip(x.dims, self.s, strict=True):
                yield "same padding: one window for each stride, also for one that is not full", Over(n, s, rounded)
            return
        for n, k, s, p, d in zip(x.dims, self.k, self.s, self.padding(), self.dil, strict=True):
            yield windows(n, k, s, p, d, self.round)

    def reach(self, x: Shape) -> Reach:
        """Windows of d*(k - 1) + 1, s apart. With a stride, where `same` padding begins depends on the side."""
        found = []
        for k, s, d, p in zip(self.k, self.s, self.dil, self.padding(), strict=True):
            width = extent(k, d)
            if self.pad == "same":
                centred = s == ONE or width == ONE
                found.append(Taps(width, s, floor((width - 1) / 2) if centred else None))
            else:
                found.append(Taps(width, s, p))
        return tuple(found)


class Conv(_Windowed, name="conv"):
    """Convolution over any number of position axes.

    Every output element is one dot product of length (C_in / groups) * prod(k); positions in the padding count as work.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationships 6 and 15.
    Example: ``conv3-64`` on ``3@224x224``: 1792 params, 86704128 macs.
    """

    signature = "conv(k)-c/s(pad=same|valid|P, groups=1, dil=1, bias=true, round=floor|ceil|exact)"
    c: Size
    groups: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from self.fitting(x)
        yield from at_least_one(width=self.c, groups=self.groups)
        yield from grouped(self.groups, input=x.channels, output=self.c)

    def shape(self, x: Shape) -> Shape:
        return x.to(self.c, self.slid(x))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        kernel = Weight("weight", (self.c, x.channels / self.groups, *self.k))
        return (kernel, Weight("bias", (self.c,))) if self.bias else (kernel,)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        why = "every output element is a dot product over the channels of its group and the kernel"
        yield dots("convolution", why, (x.channels / self.groups, *self.k), y.elements)
        if self.bias:
            yield bias(y.elements)


class DepthwiseConv(_Windowed, name="dwconv"):
    """Depthwise convolution: each channel by itself, ``mult`` outputs for each.

    Every output element is one dot product of length prod(k).

    Source: Chollet 2017, arXiv:1610.02357; Howard et al. 2017, arXiv:1704.04861, equation 4.
    Example: ``dwconv3`` on ``32@112x112``: 320 params, 3612672 macs.
    """

    signature = "dwconv(k)/s(pad=same|valid|P, mult=1, dil=1, bias=true, round=floor|ceil|exact)"
    mult: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from self.fitting(x)
        yield from at_least_one(mult=self.mult)

    def shape(self, x: Shape) -> Shape:
        return x.to(x.channels * self.mult, self.slid(x))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        width = x.channels * self.mult
        kernel = Weight("weight", (width, ONE, *self.k))
        return (kernel, Weight("bias", (width,))) if self.bias else (kernel,)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        why = "every output element is a dot product over the kernel, in one channel"
        yield dots("depthwise convolution", why, self.k, y.elements)
        if self.bias:
            yield bias(y.elements)


class TransposedConv(Layer, name="upconv"):
    """Transposed convolution: every input element is spread over a kernel of outputs.

    Work is one product for each input element, kernel tap and output channel of its group; taps that fall outside count. Every
    output element counts as one dot product, also one that no product falls on (a stride beyond the kernel, output padding):
    `exact` is then one too small for each of these.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationship 14 with output padding.
    Example: ``upconv2-64/2`` on ``128@14x14``: 32832 params, 6422528 macs.
    """

    signature = "upconv(k)-c/s(pad=0, outpad=0, groups=1, dil=1, bias=true)"
    axes = ("k", "s", "pad", "outpad", "dil")
    k: PerAxis
    c: Size
    s: PerAxis
    pad: PerAxis
    outpad: PerAxis
    groups: Size
    dil: PerAxis
    bias: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'upconv' slides over positions, and the tensor here has none: {x}")
        yield from at_least_one(kernel=self.k, stride=self.s, dilation=self.dil, width=self.c, groups=self.groups)
        yield from not_negative(padding=self.pad, **{"output padding": self.outpad})
        yield from grouped(self.groups, input=x.channels, output=self.c)
        for m, o, s, d in zip(self.shape(x).dims, self.outpad, self.s, self.dil, strict=True):
            yield at_least(m, 1, "the padding must leave something of the output")
            yield at_least(maximum(s, d) - 1, o, "output padding must be smaller than the stride or the dilation")

    def shape(self, x: Shape) -> Shape:
        each = zip(x.dims, self.k, self.s, self.pad, self.dil, self.outpad, strict=True)
        return x.to(self.c, tuple((n - 1) * s - 2 * p + extent(k, d) + o for n, k, s, p, d, o in each))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        kernel = Weight("weight", (x.channels, self.c / self.groups, *self.k))
        return (kernel, Weight("bias", (self.c,))) if self.bias else (kernel,)

    def sides(self, x: Shape) -> Iterator[tuple[str, Form]]:
        rule = "a stride for each input position but the last, which adds a kernel; padding is cut off"
        for n, k, s, p, d, o in zip(x.dims, self.k, self.s, self.pad, self.dil, self.outpad, strict=True):
            width = (k,) if d == ONE else (times(d, k - 1), ONE)
            yield rule, added(times(added(n, -1), s), times(-1, 2, p), *width, o)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        why = "every input element is multiplied into a kernel of outputs, in each output channel of its group"
        yield Share("products", why, {Op.MAC: (self.c / self.groups, *self.k)}, x.elements)
        yield Share("dot products", "every output element is one", {Op.DOT: ()}, y.elements)
        if self.bias:
            yield bias(y.elements)

    def reach(self, x: Shape) -> Reach:
        """An output sees the inputs whose kernels reach it: at most one for every stride that the kernel covers."""
        each = zip(self.k, self.s, self.dil, strict=True)
        return tuple(Taps(parts=s, overlap=extent(k, d) - 1, spread=True, before=None) for k, s, d in each)
