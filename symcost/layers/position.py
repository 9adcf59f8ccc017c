"""Where a token stands, and weights that are added to or multiply every position."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Kept, Layer, LayerError, Ops, Reach, Weight, added
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ONE, Size
from symcost.sizes.facts import Condition, at_least, equal
from symcost.sizes.shape import Shape


class PositionEmbedding(Layer, name="posembed"):
    """A learned vector added at each position; a table of ``len`` of them, as many as there are positions unless given.

    Source: Gehring et al. 2017, arXiv:1705.03122.
    Example: ``posembed(512)`` on ``768@128``: 393216 params, 0 macs.
    """

    signature = "posembed(len=T)"
    len: Size | None

    def _rows(self, x: Shape) -> Size:
        return x.positions if self.len is None else self.len

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.dims:
            raise LayerError("wrong-rank", f"'posembed' needs positions, and the tensor here has none: {x}")
        if self.len is not None:
            yield from at_least_one(len=self.len)
        yield at_least(self._rows(x), x.positions, "the table has a row for every position")

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self._rows(x), x.channels)),)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.ADD: y.numel}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of a row is the sum over the batch."""
        return {Op.ADD: y.numel - y.size} if weights else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return ()


class PositionEncoding(Layer, name="posenc"):
    """A fixed vector added at each position.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
    Example: ``posenc`` on ``512@128``: 0 params, 0 macs.
    """

    signature = "posenc"

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.ADD: y.numel}


class SegmentEmbedding(Layer, name="segment"):
    """One of ``n`` learned vectors added at each position.

    Source: Devlin et al. 2019, arXiv:1810.04805.
    Example: ``segment`` on ``768@128``: 1536 params, 0 macs.
    """

    signature = "segment(n=2)"
    n: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(segments=self.n)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.n, x.channels)),)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.ADD: y.numel}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Every gradient is added to the vector of its segment."""
        return {Op.ADD: y.numel} if weights else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """The number of the segment at each position."""
        return (Kept("segments", x.vectors, 8, small=True),)


class ClassToken(Layer, name="cls"):
    """A learned token put before the others: one position more.

    Source: Devlin et al. 2019, arXiv:1810.04805; Dosovitskiy et al. 2021, arXiv:2010.11929.
    Example: ``cls`` on ``768@196``: 768 params, 0 macs.
    """

    signature = "cls(n=1)"
    n: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank", f"'cls' needs one position axis, and the tensor here has {x.rank or 'none'}: {x}"
            )
        yield from at_least_one(tokens=self.n)

    def shape(self, x: Shape) -> Shape:
        return x.to(dims=(x.dims[0] + self.n,))

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("token", (self.n, x.channels)),)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of the token is the sum over the batch."""
        return {Op.ADD: (x.batch - 1) * self.n * x.channels} if weights else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return ()

    def reach(self, x: Shape) -> Reach:
        return "moved"


class RotaryEmbedding(Layer, name="rope"):
    """Rotates pairs of channels of queries and keys: two multiplications and an addition for each channel rotated.

    ``w`` channels are rotated at each position: those of the queries and of the keys, twice the channels unless given.

    Source: Su et al. 2021, arXiv:2104.09864, equation 34.
    Example: ``rope`` on ``512@128``: 0 params, 0 macs.
    """

    signature = "rope(w=2c)"
    view = True
    w: Size | None

    def needs(self, x: Shape) -> Iterator[Condition]:
        if self.w is not None:
            yield from at_least_one(width=self.w)

    def ops(self, x: Shape, y: Shape) -> Ops:
        rotated = x.vectors * (2 * x.channels if self.w is None else self.w)
        return {Op.MUL: 2 * rotated, Op.ADD: rotated}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient is rotated back."""
        return self.ops(x, y) if any(inputs) else {}


class RelativeBias(Layer, name="relbias"):
    """A learned bias added to the scores of h heads in a window of M x M: one for each relative position.

    Source: Liu et al. 2021, arXiv:2103.14030, equation 4.
    Example: ``relbias(3, 7)`` on ``96@49``: 507 params, 0 macs.
    """

    signature = "relbias(h, M)"
    view = True
    h: Size
    M: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(heads=self.h, window=self.M)
        yield equal(x.positions, self.M * self.M, "relbias(h, M) stands in a window of M x M positions")

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        side = 2 * self.M - 1
        return (Weight("table", (side * side, self.h)),)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.ADD: x.batch * self.h * x.positions * x.positions}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of every score is added to the number of its relative position."""
        return self.ops(x, y) if weights else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return ()


class Scale(Layer, name="scale"):
    """A learned factor for each channel; ``scale(1)`` has one for all.

    Source: Touvron et al. 2021, arXiv:2103.17239 (LayerScale).
    Example: ``scale`` on ``96@56x56``: 96 params, 0 macs.
    """

    signature = "scale(n=c)"
    n: Size | None

    def needs(self, x: Shape) -> Iterator[Condition]:
        if self.n is not None and self.n != ONE:
            yield equal(self.n, x.channels, "scale has one factor, or one for each channel")

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (x.channels if self.n is None else self.n,)),)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.MUL: y.numel}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """dx = dy*w; the gradient of a factor is the sum of dy*x over the elements it multiplied."""
        (weight,) = self.weights(x)
        back = {Op.MUL: y.numel} if any(inputs) else {}
        return added(back, {Op.MUL: y.numel, Op.ADD: y.numel - weight.numel} if weights else {})


class Bias(Layer, name="bias"):
    """A learned number added to each channel.

    Source: the definition.
    Example: ``bias`` on ``96@56x56``: 96 params, 0 macs.
    """

    signature = "bias"

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("bias", (x.channels,)),)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.ADD: y.numel}

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The gradient of a bias is the sum over the elements it was added to."""
        return {Op.ADD: y.numel - x.channels} if weights else {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return ()
