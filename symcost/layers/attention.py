"""Multi-head attention with its projections and without, products of two tensors."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.layers.activation import softmax
from symcost.layers.base import Layer, LayerError, Ops, Value, Weight
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size
from symcost.sizes.facts import Condition, at_least, divisible, equal
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

    def values(self, x: Shape) -> dict[str, Value]:
        dk, dv = self._widths(x)
        sizes = {"kv_heads": self._kv_heads(), "dk": dk, "dv": dv, "keys": self._keys(x)}
        return super().values(x) | sizes | {"kdim": self._seen(x, self.kdim), "vdim": self._seen(x, self.vdim)}

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
        counts = attended(x.batch * self.heads, x.positions, pairs, dk, dv)
        for name, outputs, inputs, positions in self._projections(x):
            made = x.batch * positions * outputs
            counts[Op.MAC] = counts[Op.MAC] + made * inputs
            counts[Op.DOT] = counts[Op.DOT] + made
            if self._has_bias(name):
                counts[Op.ADD] = counts.get(Op.ADD, ZERO) + made
        return counts


def attended(heads: Size, queries: Size, pairs: Size, dk: Size, dv: Size) -> Ops:
    """Scores with their scale, softmax, weighted sums of values, where a head has so many ``pairs`` of query and key."""
    rows = heads * queries
    counts = {
        Op.MAC: heads * pairs * (dk + dv),
        Op.DOT: heads * pairs + rows * dv,
        Op.MUL: heads * pairs,
    }
    # a causal row i has i keys: the sums over rows of n and of n - 1 are what softmax needs
    for op, n in softmax(rows, heads * pairs / rows).items():
        counts[op] = counts.get(op, ZERO) + n
    return counts


class ScaledDotProduct(Layer, name="sdpa"):
    """Attention without projections: scores, softmax, weighted values.

    Its input holds queries, keys and values behind one another, as a fused projection makes them: heads*dk + kv_heads*(dk + dv)
    channels. With a tensor ``kv`` the input is the queries alone, heads*dk channels, and ``kv`` holds kv_heads*(dk + dv)
    channels at its own positions. ``dv`` is dk where it is not given.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; torch.nn.functional.scaled_dot_product_attention.
    Example: ``sdpa(12)`` on ``2304@197``: 0 params, 59610624 macs.
    """

    signature = "sdpa(heads, kv=X, kv_heads=heads, dv=dk, causal=false)"
    tensors = ("kv",)
    heads: Size
    kv: Shape | None
    kv_heads: Size | None
    dv: Size | None
    causal: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            message = f"'sdpa' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}"
            raise LayerError("wrong-rank", message)
        if self.kv is not None and not isinstance(self.kv, Shape):
            raise LayerError("tensor-needed", "'kv' of 'sdpa' names a tensor", option="kv")
        given = {} if self.dv is None else {"dv": self.dv}
        yield from at_least_one(heads=self.heads, kv_heads=self._kv_heads(), **given)
        yield divisible(self.heads, self._kv_heads(), "kv_heads must divide heads")
        dk, dv = self._widths(x)
        yield divisible(dk, ONE, "the channels must divide into queries, keys and values of the heads")
        yield at_least(dk, 1, "there must be channels for queries and keys")
        if self.kv is not None:
            why = f"keys and values of width {dk} and {dv} for {self._kv_heads()} heads"
            yield equal(self.kv.channels, self._kv_heads() * (dk + dv), why)
        if self.causal:
            yield equal(self._keys(x), x.positions, "causal attention has as many keys as queries")

    def values(self, x: Shape) -> dict[str, Value]:
        dk, dv = self._widths(x)
        return super().values(x) | {"kv_heads": self._kv_heads(), "dk": dk, "dv": dv, "keys": self._keys(x)}

    def _kv_heads(self) -> Size:
        return self.heads if self.kv_heads is None else self.kv_heads

    def _keys(self, x: Shape) -> Size:
        return x.positions if self.kv is None else self.kv.positions

    def _widths(self, x: Shape) -> tuple[Size, Size]:
        groups = self._kv_heads()
        if self.kv is not None:
            dk = x.channels / self.heads
        elif self.dv is not None:
            dk = (x.channels - groups * self.dv) / (self.heads + groups)
        else:
            dk = x.channels / (self.heads + 2 * groups)
        return dk, dk if self.dv is None else self.dv

    def shape(self, x: Shape) -> Shape:
        return x.to(self.heads * self._widths(x)[1])

    def ops(self, x: Shape, y: Shape) -> Ops:
        pairs = x.positions * (x.positions + 1) / 2 if self.causal else x.positions * self._keys(x)
        return attended(x.batch * self.heads, x.positions, pairs, *self._widths(x))


class MatrixProduct(Layer, name="matmul"):
    """Every channel vector multiplied with every one of ``n`` vectors: x times the transpose of another matrix.

    ``n`` is their number, or the tensor that holds them, one at each of its positions. The result has n channels. Neither
    side is a weight.

    Source: torch.matmul, torch.bmm.
    Example: ``matmul(7)`` on ``16@5``: 0 params, 560 macs.
    """

    signature = "matmul(n)"
    tensors = ("n",)
    n: Size | Shape

    def needs(self, x: Shape) -> Iterator[Condition]:
        if isinstance(self.n, Shape):
            yield equal(x.channels, self.n.channels, "both sides of 'matmul' have vectors of one width")
        else:
            yield from at_least_one(n=self.n)

    def shape(self, x: Shape) -> Shape:
        return x.to(self.n.positions if isinstance(self.n, Shape) else self.n)

    def ops(self, x: Shape, y: Shape) -> Ops:
        return {Op.MAC: y.numel * x.channels, Op.DOT: y.numel}
