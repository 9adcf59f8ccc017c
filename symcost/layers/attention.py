"""Multi-head attention with its projections."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.activation import softmax
from symcost.layers.base import Layer, LayerError, Ops, Weight
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ZERO, Size
from symcost.sizes.facts import Condition, divisible, equal
from symcost.sizes.shape import Shape


class Attention(Layer, name="attention"):
    """Multi-head attention: three projections, scores, softmax, weighted values, an output projection.

    ``heads`` query heads of width dk share ``kv_heads`` key and value heads (values of width dv). Cross attention sees the
    tensor ``kv``, or ``keys`` positions with ``kdim`` and ``vdim`` channels. With ``causal`` query i sees keys 1 to i, and only
    those pairs are counted; an implementation that masks a full matrix does the work without ``causal``. ``bias_kv`` appends
    one learned key and value, ``zero_attn`` one of zeros. A score takes a dot product and a multiplication by the scale.

    ``bias=false`` takes the biases of all four projections away, ``key_bias=false`` and ``out_bias=false`` one of them.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; Ainslie et al. 2023, arXiv:2305.13245 for kv_heads.
    Example: ``attention(12)`` on ``768@197``: 2362368 params, 524391936 macs.
    """

    signature = (
        "attention(heads, kv=X, kv_heads=heads, dk=c/heads, dv=dk, bias=true, causal=false, keys=T, kdim=c, vdim=c, "
        "bias_kv=false, zero_attn=false, key_bias=true, out_bias=true)"
    )
    tensors = ("kv",)
    heads: Size
    kv: Shape | None
    kv_heads: Size | None
    dk: Size | None
    dv: Size | None
    bias: bool
    causal: bool
    keys: Size | None
    kdim: Size | None
    vdim: Size | None
    bias_kv: bool
    zero_attn: bool
    key_bias: bool
    out_bias: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank",
                f"'attention' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}",
            )
        if self.kv is not None and not isinstance(self.kv, Shape):
            raise LayerError("tensor-needed", "'kv' of 'attention' names a tensor", option="kv")
        if self.kv is not None and not all(given is None for given in (self.keys, self.kdim, self.vdim)):
            raise LayerError("given-twice", "the tensor 'kv' has its own keys, kdim and vdim", option="kv")
        yield from at_least_one(heads=self.heads, kv_heads=self._kv_heads())
        widths = {"dk": self.dk, "dv": self.dv, "keys": self.keys, "kdim": self.kdim, "vdim": self.vdim}
        yield from at_least_one(**{name: size for name, size in widths.items() if size is not None})
        if self.dk is None:
            yield divisible(x.channels, self.heads, "heads must divide the channels")
        yield divisible(self.heads, self._kv_heads(), "kv_heads must divide heads")
        if self.causal:
            yield equal(self._keys(x), x.positions, "causal attention has as many keys as queries")

    def _kv_heads(self) -> Size:
        return self.heads if self.kv_heads is None else self.kv_heads

    def _keys(self, x: Shape) -> Size:
        if self.kv is not None:
            return self.kv.positions
        return x.positions if self.keys is None else self.keys

    def _seen(self, x: Shape, width: Size | None) -> Size:
        """Channels of what keys or values are made from."""
        return width if width is not None else x.channels if self.kv is None else self.kv.channels

    def _widths(self, x: Shape) -> tuple[Size, Size]:
        dk = x.channels / self.heads if self.dk is None else self.dk
        return dk, dk if self.dv is None else self.dv

    def _projections(self, x: Shape) -> tuple[tuple[str, Size, Size, Size], ...]:
        """Name, outputs, inputs and positions of the four projections."""
        dk, dv = self._widths(x)
        keys, c = self._keys(x), x.channels
        return (
            ("q", self.heads * dk, c, x.positions),
            ("k", self._kv_heads() * dk, self._seen(x, self.kdim), keys),
            ("v", self._kv_heads() * dv, self._seen(x, self.vdim), keys),
            ("out", c, self.heads * dv, x.positions),
        )

    def _has_bias(self, projection: str) -> bool:
        return self.bias and {"k": self.key_bias, "out": self.out_bias}.get(projection, True)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        found = []
        for name, outputs, inputs, _ in self._projections(x):
            found.append(Weight(f"{name}_weight", (outputs, inputs)))
            if self._has_bias(name):
                found.append(Weight(f"{name}_bias", (outputs,)))
        if self.bias_kv:
            dk, dv = self._widths(x)
            found.append(Weight("bias_k", (self._kv_heads() * dk,)))
            found.append(Weight("bias_v", (self._kv_heads() * dv,)))
        return tuple(found)

    def ops(self, x: Shape, y: Shape) -> Ops:
        dk, dv = self._widths(x)
        seen = Size.of(int(self.bias_kv) + int(self.zero_attn))
        total = self._keys(x) + seen
        pairs = x.positions * (x.positions + 1) / 2 + x.positions * seen if self.causal else x.positions * total
        heads = x.batch * self.heads
        rows = heads * x.positions
        counts = {
            Op.MAC: heads * pairs * (dk + dv),
            Op.DOT: heads * pairs + rows * dv,
            Op.MUL: heads * pairs,
        }
        # a causal row i has i keys: the sums over rows of n and of n - 1 are what softmax needs
        exponentials = softmax(rows, heads * pairs / rows)
        for name, outputs, inputs, positions in self._projections(x):
            made = x.batch * positions * outputs
            counts[Op.MAC] = counts[Op.MAC] + made * inputs
            counts[Op.DOT] = counts[Op.DOT] + made
            if self._has_bias(name):
                counts[Op.ADD] = counts.get(Op.ADD, ZERO) + made
        for op, n in exponentials.items():
            counts[op] = counts.get(op, ZERO) + n
        return counts
