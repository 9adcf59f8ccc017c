"""From token ids to vectors and back to scores over the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.base import Layer, LayerError, Ops, Weight
from symcost.layers.dense import Linear
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import Size
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape


class Embedding(Layer, name="embed"):
    """A table of V vectors, one looked up for each token id. Looking up is no arithmetic; a ``tied`` table is another's.

    Source: torch.nn.Embedding.
    Example: ``embed(50257)-768`` on ``ids@1024``: 38597376 params, 0 macs.
    """

    signature = "embed(V)-d(tied=false)"
    takes_ids = True
    V: Size
    d: Size
    tied: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if not x.ids:
            raise LayerError("wants-ids", f"'embed' looks up token ids, and the tensor here is {x}")
        yield from at_least_one(vocabulary=self.V, width=self.d)

    def shape(self, x: Shape) -> Shape:
        return x.to(self.d)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return () if self.tied else self.trained(x)

    def trained(self, x: Shape) -> tuple[Weight, ...]:
        return (Weight("weight", (self.V, self.d)),)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Every vector that was looked up has its gradient added to its row of the table."""
        return {Op.ADD: y.numel} if weights else {}


class Unembedding(Linear, name="unembed"):
    """Scores over a vocabulary of V: a linear layer on every position, without bias unless asked for.

    With ``tied`` the matrix is the embedding's and counted there.

    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.4.
    Example: ``unembed-50257`` on ``768@1024``: 38597376 params, 39523713024 macs.
    """

    signature = "unembed-d(bias=false, tied=false)"
    tied: bool

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        return self.trained(x)[int(self.tied) :]

    def trained(self, x: Shape) -> tuple[Weight, ...]:
        return super().weights(x)
