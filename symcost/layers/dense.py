"""Fully connected layers."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Layer, Reach, Weight
from symcost.layers.share import Factors, Share, bias, dots
from symcost.layers.window import at_least_one
from symcost.sizes.atoms import Size, product
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape


class Linear(Layer, name="linear"):
    """A fully connected layer on the channels of every position: what a 1x1 convolution does.

    Every output element is one dot product of length C_in.

    Source: torch.nn.Linear.
    Example: ``linear-3072`` on ``768@196``: 2362368 params, 462422016 macs.
    """

    signature = "linear-d(bias=true)"
    d: Size
    bias: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from at_least_one(width=self.d)

    def taken(self, x: Shape) -> Factors:
        """Elements that meet in one dot product, by axis."""
        return (x.channels,)

    def shape(self, x: Shape) -> Shape:
        return x.to(self.d)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        matrix = Weight("weight", (self.d, product(self.taken(x))))
        return (matrix, Weight("bias", (self.d,))) if self.bias else (matrix,)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        why = "every output element is a dot product with what comes in"
        yield dots("matrix product", why, self.taken(x), y.elements)
        if self.bias:
            yield bias(y.elements)


class FullyConnected(Linear, name="fc"):
    """A fully connected layer on everything at once: it flattens first, as VGG's table means it.

    Every output element is one dot product over all elements of the sample.

    Source: Simonyan and Zisserman 2015, arXiv:1409.1556, table 1.
    Example: ``fc-4096`` on ``512@7x7``: 102764544 params, 102760448 macs.
    """

    signature = "fc-d(bias=true)"

    def taken(self, x: Shape) -> Factors:
        return (x.channels, *x.dims)

    def shape(self, x: Shape) -> Shape:
        return x.to(self.d, ())

    def reach(self, x: Shape) -> Reach:
        return "all"
