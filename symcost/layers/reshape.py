"""Layers that move or copy elements and compute little or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Layer, LayerError, Ops, PerAxis
from symcost.layers.window import at_least_one, not_negative
from symcost.ops import Op
from symcost.sizes.atoms import Size, product
from symcost.sizes.facts import Condition, divisible
from symcost.sizes.shape import Shape


class Identity(Layer, name="id"):
    """Nothing: what comes in goes out.

    Source: torch.nn.Identity.
    Example: ``id`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "id"
    takes_ids = True
    view = True


class Dropout(Layer, name="dropout"):
    """Dropout at inference: nothing.

    Source: Srivastava et al. 2014; torch.nn.Dropout in evaluation mode.
    Example: ``dropout(0.5)`` on ``4096``: 0 params, 0 macs.
    """

    signature = "dropout(p=X)"
    view = True
    p: Size | None


class Flatten(Layer, name="flatten"):
    """All elements of a sample as one vector.

    Source: torch.nn.Flatten.
    Example: ``flatten`` on ``512@7x7``: 0 params, 0 macs.
    """

    signature = "flatten"
    view = True

    def shape(self, x: Shape) -> Shape:
        return x.to(x.size, ())


class Tokens(Layer, name="tokens"):
    """All positions in one row: ``768@14x14`` becomes ``768@196``.

    Source: Dosovitskiy et al. 2021, arXiv:2010.11929, section 3.1.
    Example: ``tokens`` on ``768@14x14``: 0 params, 0 macs.
    """

    signature = "tokens"
    view = True

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=(x.positions,))


class Upsample(Layer, name="upsample"):
    """Every position becomes f on each axis: copied, or interpolated between 2 neighbours an axis.

    A bilinear output element is one dot product of length 2 to the number of axes.

    Source: torch.nn.Upsample.
    Example: ``upsample`` on ``64@7x7``: 0 params, 0 macs.
    """

    signature = "upsample(f=2, mode=nearest|bilinear)"
    axes = ("f",)
    f: PerAxis
    mode: str

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'upsample' needs positions, and {x} has none")
        yield from at_least_one(factor=self.f)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=tuple(n * f for n, f in zip(x.dims, self.f, strict=True)))

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {} if self.mode == "nearest" else {Op.MAC: y.numel * 2**x.rank, Op.DOT: y.numel}


class PixelShuffle(Layer, name="pixelshuffle"):
    """Channels become positions: f on each axis, f^axes channels fewer.

    Source: Shi et al. 2016, arXiv:1609.05158.
    Example: ``pixelshuffle`` on ``64@7x7``: 0 params, 0 macs.
    """

    signature = "pixelshuffle(f=2)"
    axes = ("f",)
    f: PerAxis

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'pixelshuffle' needs positions, and {x} has none")
        yield from at_least_one(factor=self.f)
        yield divisible(x.channels, product(self.f), "the channels must fill the new positions")

    def shape(self, x: Shape) -> Shape:
        dims = tuple(n * f for n, f in zip(x.dims, self.f, strict=True))
        return x.to(x.channels / product(self.f), dims)


class SpaceToDepth(Layer, name="space2depth"):
    """Positions become channels: f fewer on each axis.

    Source: torch.nn.PixelUnshuffle.
    Example: ``space2depth`` on ``96@56x56``: 0 params, 0 macs.
    """

    signature = "space2depth(f=2)"
    axes = ("f",)
    f: PerAxis

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'space2depth' needs positions, and {x} has none")
        yield from at_least_one(factor=self.f)
        for n, f in zip(x.dims, self.f, strict=True):
            yield divisible(n, f, "the factor must divide the positions")

    def shape(self, x: Shape) -> Shape:
        dims = tuple(n / f for n, f in zip(x.dims, self.f, strict=True))
        return x.to(x.channels * product(self.f), dims)


class ZeroPad(Layer, name="zeropad"):
    """Zeros before and after the positions of each axis.

    Source: torch.nn.ZeroPad2d; reflection and replication have the same shape.
    Example: ``zeropad(before=1, after=2)`` on ``3@8x8``: 0 params, 0 macs.
    """

    signature = "zeropad(before=0, after=0)"
    axes = ("before", "after")
    before: PerAxis
    after: PerAxis

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'zeropad' needs positions, and {x} has none")
        yield from not_negative(before=self.before, after=self.after)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=tuple(n + b + a for n, b, a in zip(x.dims, self.before, self.after, strict=True)))
