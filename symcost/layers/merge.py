"""Where branches meet: sums, products, concatenations of tensors. Composites of the language make these."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Kept, Layer, LayerError, Ops, Weight
from symcost.layers.share import Share, dots
from symcost.ops import Op
from symcost.sizes.atoms import ONE, Size, total
from symcost.sizes.facts import Condition, equal
from symcost.sizes.shape import Shape


class Merge(Layer):
    """Several tensors become one; the first decides the shape where they agree."""

    signature = "merge"

    def __init__(self, inputs: tuple[Shape, ...]) -> None:
        self.inputs = inputs

    @property
    def widest(self) -> Shape:
        """The tensor the others are spread over: a vector, or what is 1, is repeated where the widest has more."""
        first = self.inputs[0]
        if all(x == first for x in self.inputs):
            return first
        return max(self.inputs, key=lambda x: (x.rank, -sum(d == ONE for d in x.dims), x.channels != ONE))

    def dims_agree(self) -> Iterator[Condition]:
        wide = self.widest
        for other in self.inputs:
            if other is wide:
                continue
            for a, b in zip(wide.dims, other.dims, strict=False):
                if b not in (ONE, a):
                    yield equal(a, b, self._why("positions", wide, other), "branches-differ")

    def _why(self, what: str, a: Shape, b: Shape) -> str:
        return f"{what} of the branches of '{self.kind}' must agree: {a} and {b}"


class _Elementwise(Merge):
    op: Op

    def needs(self, x: Shape) -> Iterator[Condition]:
        wide = self.widest
        for other in self.inputs:
            if other.channels not in (ONE, wide.channels):
                why = self._why("channels", wide, other)
                yield equal(wide.channels, other.channels, why, "branches-differ")
        yield from self.dims_agree()

    def shape(self, x: Shape) -> Shape:
        return self.widest

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {self.op: y.numel * (len(self.inputs) - 1)}

    def needed(self, inputs: tuple[bool, ...]) -> list[Shape]:
        """The branches that need a gradient."""
        flags = inputs if len(inputs) == len(self.inputs) else inputs[:1] * len(self.inputs)
        return [shape for shape, needs in zip(self.inputs, flags, strict=True) if needs]


class Add(_Elementwise):
    """The sum of the branches: one addition less than branches for each element."""

    kind = "add"
    op = Op.ADD

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Every branch has the gradient of the sum; a branch that was spread over the others has sums of it."""
        return {Op.ADD: total(y.numel - branch.numel for branch in self.needed(inputs))}


class Multiply(_Elementwise):
    """The product of the branches, element by element."""

    kind = "mul"
    op = Op.MUL

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """A branch has the gradient of the product times the others; one that was spread over the others has sums of it."""
        needed = self.needed(inputs)
        sums = total(y.numel - branch.numel for branch in needed)
        return {Op.MUL: y.numel * (len(self.inputs) - 1) * len(needed), Op.ADD: sums}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("inputs"),)


class Concat(Merge):
    """The channels of all branches one after the other, or (``axis``, counted from the last) the positions along one axis."""

    kind = "concat"

    def __init__(self, inputs: tuple[Shape, ...], axis: int | None = None) -> None:
        super().__init__(inputs)
        self.axis = axis

    def needs(self, x: Shape) -> Iterator[Condition]:
        first = self.inputs[0]
        for other in self.inputs[1:]:
            if other.rank != first.rank:
                message = f"tensors of one rank are joined along an axis: {first} and {other}"
                raise LayerError("wrong-rank", message)
            pairs = [("channels", first.channels, other.channels)]
            pairs += [("positions", a, b) for a, b in zip(first.dims, other.dims, strict=True)]
            del pairs[0 if self.axis is None else self.axis]
            for what, a, b in pairs:
                yield equal(a, b, self._why(what, first, other), "branches-differ")

    def shape(self, x: Shape) -> Shape:
        if self.axis is None:
            return self.inputs[0].to(channels=total(i.channels for i in self.inputs))
        first = self.inputs[0]
        dims = list(first.dims)
        dims[self.axis] = total(i.dims[self.axis] for i in self.inputs)
        return first.to(dims=tuple(dims))


class Router(Layer):
    """The linear layer without bias that chooses experts: a score for each of E."""

    kind = "router"
    signature = "router"

    def __init__(self, experts: Size) -> None:
        self.experts = experts

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.experts, x.channels)),)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        why = "a dot product over the channels, for each position and expert"
        yield dots("scores", why, (x.channels,), (x.batch, *x.dims, self.experts))


MERGES: dict[str, type[Layer]] = {kind.kind: kind for kind in (Add, Multiply, Concat, Router)}
