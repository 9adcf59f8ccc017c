"""Pooling: windows, adaptive windows, everything at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from symcost.layers.base import Kept, Layer, LayerError, Ops, PerAxis, Reach, Taps, Value
from symcost.layers.share import Share, done
from symcost.layers.window import at_least_one, extent, fits, not_negative, pool_window, pool_windows, told, whole
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size, product
from symcost.sizes.facts import Condition, at_least
from symcost.sizes.functions import gcd
from symcost.sizes.shape import Shape
from symcost.sizes.written import Form


class _Pool(Layer):
    axes = ("k", "s", "pad", "dil")
    k: PerAxis
    s: PerAxis | None  # the kernel when it is not given
    pad: PerAxis
    round: str

    def values(self, x: Shape) -> dict[str, Value]:
        return super().values(x) | {"s": self.s or self.k}

    def dilation(self) -> PerAxis:
        return (ONE,) * len(self.k)

    def _each(self, x: Shape) -> Iterator[tuple[Size, Size, Size, Size, Size]]:
        return zip(x.dims, self.k, self.s or self.k, self.pad, self.dilation(), strict=True)

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'{self.kind}' slides over positions, and the tensor here has none: {x}")
        yield from at_least_one(kernel=self.k, stride=self.s or self.k, dilation=self.dilation())
        yield from not_negative(padding=self.pad)
        for n, k, s, p, d in dict.fromkeys(self._each(x)):
            half = at_least(extent(k, d), 2 * p, "the padding must not exceed half of the window")
            yield told(half, partial("a padding of {} exceeds half of the window of {}".format, p, extent(k, d)))
            room = s - 1 if self.round == "ceil" else ZERO  # rounding up, one window may stick out
            yield fits(n + room, k, p, d)
            yield from whole(n, k, s, p, d, self.round)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=tuple(pool_window(*each, self.round) for each in self._each(x)))

    def sides(self, x: Shape) -> Iterator[tuple[str, Form]]:
        yield from (pool_windows(*each, self.round) for each in self._each(x))

    def reach(self, x: Shape) -> Reach:
        return tuple(Taps(extent(k, d), s, p) for _, k, s, p, d in self._each(x))


class MaxPool(_Pool, name="maxpool"):
    """Max pooling. A window of n elements takes n - 1 comparisons; positions in the padding count as work.

    ``round=ceil`` is PyTorch's ceil_mode: no window starts in the right padding. The stride is the kernel unless given.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationship 7; torch.nn.MaxPool2d for ceil_mode.
    Example: ``maxpool`` on ``64@224x224``: 0 params, 0 macs.
    """

    signature = "maxpool(k=2)/s=k(pad=0, dil=1, round=floor|ceil|exact)"
    dil: PerAxis

    def dilation(self) -> PerAxis:
        return self.dil

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield done("largest", "n - 1 comparisons in a window of n", y.elements, cmp=product(self.k) - 1)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of an output is added where its maximum was."""
        return {Op.ADD: y.numel} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """Where each maximum was, as an index of 8 bytes (PyTorch)."""
        return (Kept("indices", y.numel, 8),)


class AveragePool(_Pool, name="avgpool"):
    """Average pooling. A window of n elements takes n - 1 additions and a division; positions in the padding count as work.

    ``count_include_pad`` changes what is divided by, not how many operations there are.

    Source: torch.nn.AvgPool2d.
    Example: ``avgpool`` on ``64@56x56``: 0 params, 0 macs.
    """

    signature = "avgpool(k=2)/s=k(pad=0, round=floor|ceil|exact, count_include_pad=true)"
    count_include_pad: bool

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield done(
            "mean", "n - 1 additions and a division in a window of n", y.elements, add=product(self.k) - 1, div=1
        )

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """A share of the gradient, one division, is added to every element of the window, padding included."""
        return {Op.DIV: y.numel, Op.ADD: y.numel * product(self.k)} if any(inputs) else {}


class _Adaptive(Layer):
    """All positions, or ``o`` windows that cover them: window i runs from ``⌊i*X/o⌋`` to ``⌈(i + 1)*X/o⌉``.

    The windows of one axis hold ``X + o - gcd(X, o)`` elements together: neighbours share one element wherever o does not
    divide ``i*X``, which is ``o - gcd(X, o)`` times.
    """

    axes = ("o",)
    o: PerAxis | None

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'{self.kind}' pools over positions, and the tensor here has none: {x}")
        if self.o is not None:
            yield from at_least_one(output=self.o)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=() if self.o is None else self.o)

    def covered(self, x: Shape) -> Size:
        """Elements read, over all windows of the whole batch."""
        if self.o is None:
            return x.numel
        return x.batch * x.channels * product(n + o - gcd(n, o) for n, o in zip(x.dims, self.o, strict=True))

    def less_one(self, x: Shape, y: Shape, what: str, op: Op) -> Share:
        """One operation less than elements in every window."""
        if self.o is None:
            return Share(what, "n - 1 for the n positions of a channel", {op: (x.positions - 1,)}, y.elements)
        why = "one less than elements in each window; those of an axis hold X + o - gcd(X, o) together"
        return Share(what, why, {op: (self.covered(x) - y.numel,)}, ())

    def reach(self, x: Shape) -> Reach:
        return "all"


class GlobalAveragePool(_Adaptive, name="gap"):
    """Global average pooling to a vector; ``gap(7)`` is adaptive average pooling to 7 windows an axis.

    A window of n elements takes n - 1 additions and a division. Adaptive windows are counted exactly, also for a symbolic
    side X: those of one axis hold X + o - gcd(X, o) elements together.

    Source: Lin, Chen and Yan 2014, arXiv:1312.4400; torch.nn.AdaptiveAvgPool2d for the windows.
    Example: ``gap`` on ``512@7x7``: 0 params, 0 macs.
    """

    signature = "gap(o=X)"

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield self.less_one(x, y, "additions", Op.ADD)
        yield done("mean", "one division in each window", y.elements, div=1)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """A share of the gradient, one division, is copied to all positions, or added to every element of its window."""
        if not any(inputs):
            return {}
        return {Op.DIV: y.numel} if self.o is None else {Op.DIV: y.numel, Op.ADD: self.covered(x)}


class GlobalMaxPool(_Adaptive, name="gmp"):
    """Global max pooling to a vector; ``gmp(7)`` is adaptive max pooling to 7 windows an axis.

    A window of n elements takes n - 1 comparisons; adaptive windows as in ``gap``.

    Source: torch.nn.AdaptiveMaxPool2d.
    Example: ``gmp`` on ``512@7x7``: 0 params, 0 macs.
    """

    signature = "gmp(o=X)"

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield self.less_one(x, y, "comparisons", Op.CMP)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of an output is added where its maximum was."""
        return {Op.ADD: y.numel} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("indices", y.numel, 8),)
