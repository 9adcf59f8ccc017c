"""Layers that move or copy elements and compute little or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Kept, Layer, LayerError, Ops, PerAxis, Reach, Taps
from symcost.layers.window import at_least_one, not_negative
from symcost.ops import Op
from symcost.sizes.atoms import Size, product
from symcost.sizes.facts import Condition, at_least, divisible, equal
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

    def training(self, x: Shape, y: Shape) -> Ops:
        """A comparison with a random number and a product for each element; making random numbers is not counted."""
        return {Op.CMP: y.numel, Op.MUL: y.numel}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        return {Op.MUL: y.numel} if any(inputs) else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """The mask, of one byte an element."""
        return (Kept("mask", y.numel, 1),)


class Flatten(Layer, name="flatten"):
    """All elements of a sample as one vector.

    Source: torch.nn.Flatten.
    Example: ``flatten`` on ``512@7x7``: 0 params, 0 macs.
    """

    signature = "flatten"
    view = True

    def shape(self, x: Shape) -> Shape:
        return x.to(x.size, ())

    def reach(self, x: Shape) -> Reach:
        return "all"


class Tokens(Layer, name="tokens"):
    """All positions in one row: ``768@14x14`` becomes ``768@196``.

    Source: Dosovitskiy et al. 2021, arXiv:2010.11929, section 3.1.
    Example: ``tokens`` on ``768@14x14``: 0 params, 0 macs.
    """

    signature = "tokens"
    view = True

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=(x.positions,))

    def reach(self, x: Shape) -> Reach:
        return "moved"


class Upsample(Layer, name="upsample"):
    """Every position becomes f on each axis: copied, or interpolated between 2 neighbours an axis.

    A bilinear output element weighs 2 neighbours an axis, n = 2^axes in all: n multiplications, n - 1 additions. No counter of
    multiply-accumulates counts these, and they are none here.

    Source: torch.nn.Upsample.
    Example: ``upsample`` on ``64@7x7``: 0 params, 0 macs.
    """

    signature = "upsample(f=2, mode=nearest|bilinear)"
    axes = ("f",)
    f: PerAxis
    mode: str

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'upsample' needs positions, and the tensor here has none: {x}")
        yield from at_least_one(factor=self.f)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=tuple(n * f for n, f in zip(x.dims, self.f, strict=True)))

    def ops(self, x: Shape, y: Shape) -> Ops:
        if self.mode == "nearest":
            return {}
        return {Op.MUL: y.numel * 2**x.rank, Op.ADD: y.numel * (2**x.rank - 1)}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of an output is added to what it was copied from; bilinear, its weighted shares to all neighbours."""
        if not any(inputs):
            return {}
        if self.mode == "nearest":
            return {Op.ADD: y.numel}
        return {Op.MUL: y.numel * 2**x.rank, Op.ADD: y.numel * 2**x.rank}

    def reach(self, x: Shape) -> Reach:
        """Copied from one, or between two neighbours."""
        return tuple(Taps(parts=f, overlap=Size.of(int(self.mode != "nearest")), before=None) for f in self.f)


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
            raise LayerError("wrong-rank", f"'pixelshuffle' needs positions, and the tensor here has none: {x}")
        yield from at_least_one(factor=self.f)
        yield divisible(x.channels, product(self.f), "the channels must fill the new positions")

    def shape(self, x: Shape) -> Shape:
        dims = tuple(n * f for n, f in zip(x.dims, self.f, strict=True))
        return x.to(x.channels / product(self.f), dims)

    def reach(self, x: Shape) -> Reach:
        return tuple(Taps(parts=f, before=None) for f in self.f)


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
            raise LayerError("wrong-rank", f"'space2depth' needs positions, and the tensor here has none: {x}")
        yield from at_least_one(factor=self.f)
        for n, f in zip(x.dims, self.f, strict=True):
            yield divisible(n, f, "the factor must divide the positions")

    def shape(self, x: Shape) -> Shape:
        dims = tuple(n / f for n, f in zip(x.dims, self.f, strict=True))
        return x.to(x.channels * product(self.f), dims)

    def reach(self, x: Shape) -> Reach:
        return tuple(Taps(f, f) for f in self.f)


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
            raise LayerError("wrong-rank", f"'zeropad' needs positions, and the tensor here has none: {x}")
        yield from not_negative(before=self.before, after=self.after)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=tuple(n + b + a for n, b, a in zip(x.dims, self.before, self.after, strict=True)))

    def reach(self, x: Shape) -> Reach:
        return tuple(Taps(before=before) for before in self.before)


class Shuffle(Layer, name="shuffle"):
    """Channels dealt out over g groups, so that the next grouped layer sees all of them.

    Source: Zhang et al. 2018, arXiv:1707.01083.
    Example: ``shuffle(2)`` on ``116@28x28``: 0 params, 0 macs.
    """

    signature = "shuffle(g)"
    g: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(groups=self.g)
        yield divisible(x.channels, self.g, "groups must divide the channels", "groups")


class Crop(Layer, name="crop"):
    """The positions of another tensor, cut out of this one.

    Source: Ronneberger, Fischer and Brox 2015, arXiv:1505.04597.
    Example: ``crop(4)`` on ``64@8x8``: 0 params, 0 macs.
    """

    signature = "crop(to=X)"
    axes = ("to",)
    tensors = ("to",)
    to: Shape | PerAxis | None

    def _sides(self, x: Shape) -> PerAxis:
        if self.to is None:
            raise LayerError("missing-argument", "'crop' needs the sides to leave, or a tensor that has them")
        return self.to.dims if isinstance(self.to, Shape) else self.to

    def needs(self, x: Shape) -> Iterator[Condition]:
        if len(self._sides(x)) != x.rank:
            raise LayerError("wrong-rank", f"'crop' to {len(self._sides(x))} axes on {x}")
        if not x.dims:
            raise LayerError("wrong-rank", f"'crop' needs positions, and the tensor here has none: {x}")
        yield from at_least_one(side=self._sides(x))
        for n, m in zip(x.dims, self._sides(x), strict=True):
            yield at_least(n, m, "a crop is not larger than what it is cut from")

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=self._sides(x))

    def reach(self, x: Shape) -> Reach:
        return "moved"


class Resize(Upsample, name="resize"):
    """Positions brought to given numbers: copied, or interpolated between 2 neighbours an axis.

    Source: torch.nn.functional.interpolate with a size.
    Example: ``resize(14)`` on ``64@7x7``: 0 params, 0 macs.
    """

    signature = "resize(f, mode=nearest|bilinear)"

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=self.f)

    def reach(self, x: Shape) -> Reach:
        return "moved"


class Transpose(Layer, name="transpose"):
    """Channels and the positions of a one-axis tensor change places.

    Source: torch.transpose.
    Example: ``transpose`` on ``768@196``: 0 params, 0 macs.
    """

    signature = "transpose"
    view = True

    def shape(self, x: Shape) -> Shape:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank", f"'transpose' needs one position axis, and the tensor here has {x.rank or 'none'}: {x}"
            )
        return x.to(x.dims[0], (x.channels,))

    def reach(self, x: Shape) -> Reach:
        return "moved"


class First(Layer, name="first"):
    """The channels at the first position: the class token.

    Source: Devlin et al. 2019, arXiv:1810.04805.
    Example: ``first`` on ``768@197``: 0 params, 0 macs.
    """

    signature = "first"
    view = True

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'first' needs positions, and the tensor here has none: {x}")
        yield from ()

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=())

    def reach(self, x: Shape) -> Reach:
        return "moved"


class Grid(Layer, name="grid"):
    """The positions of a row as a grid: ``768@196`` becomes ``768@14x14`` with ``grid(14 x 14)``.

    Source: torch.reshape.
    Example: ``grid(14 x 14)`` on ``768@196``: 0 params, 0 macs.
    """

    signature = "grid(o)"
    view = True
    several = ("o",)
    o: tuple[Size, ...] | Size

    def _sides(self) -> tuple[Size, ...]:
        return self.o if isinstance(self.o, tuple) else (self.o,)

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield equal(x.positions, product(self._sides()), "a grid keeps the number of positions")

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=self._sides())

    def reach(self, x: Shape) -> Reach:
        return "moved"
