"""Multi-head attention with its projections and without, products of two tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from symcost.layers.activation import softmax, softmax_back
from symcost.layers.base import IN_A_ROW, Kept, Layer, LayerError, Ops, Reach, Value, Weight, added
from symcost.layers.share import Factors, Share, bias, done, dots, summed
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size, total
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.shape import Shape


class Attention(Layer, name="attention"):
    """Multi-head attention: three projections, scores, softmax, weighted values, an output projection.

    ``heads`` query heads of width dk share ``kv_heads`` key and value heads (values of width dv). Cross attention sees the
    tensor ``kv``, or ``keys`` positions with ``kdim`` and ``vdim`` channels. With ``causal`` query i sees keys 1 to i, and only
    those pairs are counted; an implementation that masks a full matrix does the work without ``causal``. ``bias_kv`` appends
    one learned key and value, ``zero_attn`` one of zeros. A score takes a dot product and a multiplication by the scale.

    ``bias=false`` takes the biases of all four projections away, ``key_bias=false`` and ``out_bias=false`` one of them.
    ``dropout`` drops some of the weights of the values in training.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; Ainslie et al. 2023, arXiv:2305.13245 for kv_heads.
    Example: ``attention(12)`` on ``768@197``: 2362368 params, 524391936 macs.
    """

    signature = (
        "attention(heads, kv=X, kv_heads=heads, dk=c/heads, dv=dk, bias=true, causal=false, keys=T, kdim=c, vdim=c, "
        "bias_kv=false, zero_attn=false, key_bias=true, out_bias=true, dropout=false)"
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
    dropout: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank",
                f"'attention' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}",
                IN_A_ROW if x.rank else None,
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

    def _again(self, x: Shape) -> Iterator[Size]:
        """Channels of what was projected before: of another width it is another tensor."""
        made = [x.channels] if self.kv is None and self.keys is None else []
        for width in (self._seen(x, self.kdim), self._seen(x, self.vdim)):
            if width in made:
                yield width
            made.append(width)

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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        names = {"q": "queries", "k": "keys", "v": "values", "out": "output projection"}
        *made, last = (
            (names[n], n, (x.batch, positions, outputs), inputs)
            for n, outputs, inputs, positions in self._projections(x)
        )
        for what, name, times, inputs in made:
            yield dots(what, "a projection, every element is a dot product over the channels", (inputs,), times)
            if self._has_bias(name):
                yield bias(times)
        widths, more = self._widths(x), self._more()
        yield from attended((x.batch, self.heads), x.positions, self._keys(x), *widths, self.causal, more)
        what, name, times, inputs = last
        yield dots(what, "every element is a dot product over the values of all heads", (inputs,), times)
        if self._has_bias(name):
            yield bias(times)

    def _more(self) -> Size:
        """Keys that every query sees besides."""
        return Size.of(int(self.bias_kv) + int(self.zero_attn))

    def core(self, x: Shape) -> Core:
        """What happens between the projections."""
        heads, keys = x.batch * self.heads, self._keys(x)
        return Core(
            heads,
            x.batch * self._kv_heads(),
            x.positions,
            keys,
            *self._widths(x),
            self.causal,
            self.dropout,
            self._more(),
        )

    def training(self, x: Shape, y: Shape) -> Ops:
        return added(self.ops(x, y), self.core(x).dropped())

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """The projections as linear layers are, what is between them as in `Core.backward`.

        What comes in is used three times in self attention, twice as keys and values: its gradient is the sum. Keys or values of
        another width are made from another tensor.
        """
        own, seen = inputs[0], inputs[-1]
        if not (any(inputs) or weights):
            return {}
        found = [self.core(x).backward(own or weights, seen or weights)]
        for name, outputs, taken, positions in self._projections(x):
            made = x.batch * positions * outputs
            if {"q": own, "out": True}.get(name, seen):
                found.append({Op.MAC: made * taken, Op.DOT: x.batch * positions * taken})
            if weights:
                found.append({Op.MAC: made * taken, Op.DOT: outputs * taken})
                found.append({Op.ADD: made - outputs} if self._has_bias(name) else {})
        if seen:
            found.append({Op.ADD: x.batch * self._keys(x) * total(self._again(x))})
        if weights and self.bias_kv:
            dk, dv = self._widths(x)
            found.append({Op.ADD: (x.batch - 1) * self._kv_heads() * (dk + dv)})
        return added(*found)

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """What comes in and what the output projection takes, for the weights; queries, keys, values; what `Core` keeps."""
        dk, dv = self._widths(x)
        keys = x.batch * (self._keys(x) + self._more()) * self._kv_heads()
        return (
            *((Kept("inputs"),) if weights else ()),
            Kept("queries", x.vectors * self.heads * dk, inside=True),
            Kept("keys", keys * dk, inside=True),
            Kept("values", keys * dv, inside=True),
            *self.core(x).keeps(),
            *((Kept("weighted values", x.vectors * self.heads * dv, inside=True),) if weights else ()),
        )

    def reach(self, x: Shape) -> Reach:
        return "all"


def attended(
    heads: Factors, queries: Size, keys: Size, dk: Size, dv: Size, causal: bool, more: Size = ZERO
) -> Iterator[Share]:
    """Scores with their scale, softmax, weighted sums of values. Every query sees ``more`` keys besides.

    A causal query i sees keys 1 to i, on average (T + 1)/2: the sums over the rows of n and of n - 1 are what softmax needs.
    """
    seen = ((queries + 1) / 2 if causal else keys) + more
    pairs = (*heads, queries, seen)
    mean = ", causal: (T + 1)/2 keys on average" if causal else ""
    yield dots("scores", f"a dot product of width dk for each head, query and key{mean}", (dk,), pairs)
    yield done("scale", "each score is multiplied by 1/sqrt(dk)", pairs, mul=1)
    yield softmax((*heads, queries), seen)
    why = "for each head and query, each of the dv channels is a dot product over the keys"
    yield dots("weighted values", why, (seen,), (*heads, queries, dv))


@dataclass(frozen=True)
class Core:
    """Scores, softmax and weighted values in training, of so many heads with the batch in them.

    A key and a value belong to one of ``groups`` of heads, with the batch in them too.
    """

    heads: Size
    groups: Size
    queries: Size
    keys: Size
    dk: Size
    dv: Size
    causal: bool
    dropout: bool
    more: Size = ZERO

    @property
    def pairs(self) -> Size:
        """Pairs of a query and a key that it sees."""
        seen = (self.queries + 1) / 2 if self.causal else self.keys
        return self.heads * self.queries * (seen + self.more)

    def forward(self) -> Ops:
        """Scores, softmax and weighted values once more."""
        sizes = self.queries, self.keys, self.dk, self.dv
        return added(summed(attended((self.heads,), *sizes, self.causal, self.more)), self.dropped())

    def dropped(self) -> Ops:
        """In training a comparison with a random number and a product for each weight of a value."""
        return {Op.CMP: self.pairs, Op.MUL: self.pairs} if self.dropout else {}

    def backward(self, queries: bool, seen: bool) -> Ops:
        """With S = Q*K^T and O = P*V: dV = P^T*dO, dP = dO*V^T, dQ = dS*K, dK = dS^T*Q, each with the products of S or O.

        Both sides of a product are activations, so the scores and the weighted values take twice their products. Between dP
        and dS stand softmax, the scale and, with dropout, its mask: products with each pair.
        """
        pairs, rows = self.pairs, self.heads * self.queries
        columns = self.groups * (self.keys + self.more)
        found = [{Op.MAC: pairs * self.dv, Op.DOT: pairs, Op.MUL: pairs * (2 if self.dropout else 1)}]
        found.append(softmax_back(rows, pairs / rows))
        found.append({Op.MAC: pairs * self.dk, Op.DOT: rows * self.dk} if queries else {})
        width = self.dk + self.dv
        found.append({Op.MAC: pairs * width, Op.DOT: columns * width} if seen else {})
        return added(*found) if queries or seen else {}

    def keeps(self) -> tuple[Kept, ...]:
        """The weights of the values, a whole matrix; with dropout the mask and what it left; fused, a number for each row."""
        rows = self.heads * self.queries
        m = rows * (self.keys + self.more)
        weights = Kept("weights of values", m, core=True, inside=True)
        dropped = (Kept("mask", m, 1, core=True, inside=True), Kept("weights left", m, core=True, inside=True))
        fused = Kept("normalisers of rows", rows, 4, fused=True, small=True, inside=True)
        return (weights, *(dropped if self.dropout else ()), fused)


class ScaledDotProduct(Layer, name="sdpa"):
    """Attention without projections: scores, softmax, weighted values.

    Its input holds queries, keys and values behind one another, as a fused projection makes them: heads*dk + kv_heads*(dk + dv)
    channels. With a tensor ``kv`` the input is the queries alone, heads*dk channels, and ``kv`` holds kv_heads*(dk + dv)
    channels at its own positions. ``dv`` is dk where it is not given.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1; torch.nn.functional.scaled_dot_product_attention.
    Example: ``sdpa(12)`` on ``2304@197``: 0 params, 59610624 macs.
    """

    signature = "sdpa(heads, kv=X, kv_heads=heads, dv=dk, causal=false, dropout=false)"
    tensors = ("kv",)
    heads: Size
    kv: Shape | None
    kv_heads: Size | None
    dv: Size | None
    causal: bool
    dropout: bool

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            message = f"'sdpa' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}"
            raise LayerError("wrong-rank", message, IN_A_ROW if x.rank else None)
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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield from attended((x.batch, self.heads), x.positions, self._keys(x), *self._widths(x), self.causal)

    def core(self, x: Shape) -> Core:
        heads, groups = x.batch * self.heads, x.batch * self._kv_heads()
        return Core(heads, groups, x.positions, self._keys(x), *self._widths(x), self.causal, self.dropout)

    def training(self, x: Shape, y: Shape) -> Ops:
        return added(self.ops(x, y), self.core(x).dropped())

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        return self.core(x).backward(inputs[0], inputs[-1])

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        return (Kept("inputs"), *self.core(x).keeps())

    def reach(self, x: Shape) -> Reach:
        return "all"


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

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        yield dots("matrix product", "every output element is a dot product of two vectors", (x.channels,), y.elements)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Both sides are activations: each has a gradient with the products of the forward pass."""
        other = self.n.numel if isinstance(self.n, Shape) else x.batch * self.n * x.channels
        sides = zip((inputs[0], inputs[-1]), (x.numel, other), strict=True)
        return added(*({Op.MAC: y.numel * x.channels, Op.DOT: numel} for needs, numel in sides if needs))

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        other = () if isinstance(self.n, Shape) else (Kept("other side", x.batch * self.n * x.channels),)
        return (Kept("inputs"), *other)
