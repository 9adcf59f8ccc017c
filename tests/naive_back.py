"""The way back through layers as naive loop nests that count what they do while they run, as `naive` does for the way there.

Nothing here knows a formula. A function walks over the elements a layer took or made, and every operation of its backward pass
adds one to a `Counter` at that very place. What it looks at of the way there is noted as kept. The docstrings say what is
counted: they are the definition of a count.

Counted everywhere in the same way:

* ``mac``: one product of those that are added up to one element of a gradient, where the layer had dot products of weights or
  of two tensors; ``dot``: one such element. Every product of a forward pass hands one product to each of its two sides.
* A gradient that several elements hand something to is their sum: the first is taken, every further one is 1 ``add``. Where it
  is not known how many there will be (rows of a table, places of a maximum), every one is 1 ``add``, to what was zero.
* Nothing is done for an input that needs no gradient, nor for weights that are not trained. What is kept is what is needed
  when the input needs one.
"""

from __future__ import annotations

from collections import Counter as Multiset
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import naive
from naive import Axes, Counter, Shape, grid

WHOLE = ("input", "inputs", "output")  # tensors between layers; all else is a layer's own

Trait = tuple[int | None, frozenset[str]]  # bytes of an element, where it is no activation; what kind of thing it is


class Back:
    """A way back: which gradients are asked for, what has been done so far, what was looked at of the way there."""

    def __init__(self, inputs: bool, weights: bool, other: bool) -> None:
        self.inputs, self.weights, self.other = inputs, weights, other  # other: a second tensor that comes in
        self.run = Counter()
        self.sums: set[tuple[Any, ...]] = set()
        self.kept: Multiset[str] = Multiset()
        self.traits: dict[str, Trait] = {}

    def hand(self, *to: str | int) -> None:
        """Hand a gradient to what has these indices."""
        if to in self.sums:
            self.run.add += 1
        self.sums.add(to)

    def keep(self, what: str, bytes: int | None = None, *traits: str) -> None:
        """Look at an element that was kept."""
        self.kept[what] = 1 if what in WHOLE else self.kept[what] + 1
        self.traits[what] = (bytes, frozenset(traits))


def nothing(back: Back, shape: Shape, **how: Any) -> None:
    """Elements that were moved: their gradients are moved back."""


# ----------------------------------------------------------------------------------------------- dot products


def products(back: Back, shape: Shape, forward: Callable[..., Shape], **how: Any) -> None:
    """Dot products of inputs with weights: each product hands one to its input and one to its weight.

    The gradient of a bias is the sum over the elements it was added to. The input is kept for the gradient of the weights.
    """
    run = Counter()
    forward(run, shape, **how)
    biases = [weight for weight in run.weights if str(weight[0]).endswith("bias")]
    if back.inputs:
        back.run.mac += run.mac
        back.run.dot += prod(shape)
    if back.weights:
        back.run.mac += run.mac
        back.run.dot += run.params - len(biases)
        back.run.add += run.add - len(biases)
        back.keep("input")


def unembed(back: Back, shape: Shape, vocabulary: int, bias: bool, tied: bool) -> None:
    """A tied matrix has a gradient too."""
    products(back, shape, naive.unembed, vocabulary=vocabulary, bias=bias, tied=False)


def embed(back: Back, shape: Shape, vocabulary: int, width: int, tied: bool) -> None:
    """The gradient of each vector looked up is added to its row, whose number is the input: 1 add an element."""
    for _ in grid((*shape, width)):
        if back.weights:
            back.run.add += 1
            back.keep("input")


def matmul(back: Back, shape: Shape, others: int, named: bool) -> None:
    """Both sides are tensors: each product hands one to either. A second side without a name is the layer's own."""
    batch, c, *dims = shape
    for _ in grid((batch, *dims, others, c)):
        back.run.mac += back.inputs + back.other
    back.run.dot += back.inputs * prod(shape)
    for _ in grid((batch, others, c)):
        back.run.dot += back.other
        if not named:
            back.keep("other side")
    back.keep("inputs")


# ---------------------------------------------------------------------------------------------------- pooling


def largest(back: Back, shape: Shape, forward: Callable[..., Shape], **how: Any) -> None:
    """The gradient of an output is added where its maximum was: 1 add. Where that was is an index of 8 bytes."""
    for _ in grid(forward(Counter(), shape, **how)):
        back.run.add += back.inputs
        back.keep("indices", 8)


def average(back: Back, shape: Shape, forward: Callable[..., Shape], **how: Any) -> None:
    """An n-th of the gradient, 1 div, is added to the n elements of its window, 1 add each."""
    run = Counter()
    forward(run, shape, **how)
    back.run.div += back.inputs * run.div
    back.run.add += back.inputs * (run.add + run.div)  # a mean of n took n - 1 additions and 1 division


def everywhere(back: Back, shape: Shape, over: object) -> None:
    """The mean of all: every position has the same n-th of the gradient, 1 div, and it is copied."""
    back.run.div += back.inputs * shape[0] * shape[1]


def pooled(back: Back, shape: Shape, forward: Callable[..., Shape], over: object, **how: Any) -> None:
    (average if over is naive.average else largest)(back, shape, partial(forward, over=over), **how)


# -------------------------------------------------------------------------------------- positions of tokens


def posembed(back: Back, shape: Shape, rows: int = 0) -> None:
    """The gradient of a row is the sum over the batch."""
    for _, *element in grid(shape):
        if back.weights:
            back.hand("table", *element)


def segment(back: Back, shape: Shape, n: int) -> None:
    """Every gradient is added to the vector of its segment, whose number is kept for each position, in 8 bytes."""
    back.run.add += back.weights * prod(shape)
    for _ in grid((shape[0], *shape[2:])):
        back.keep("segments", 8, "small")


def cls(back: Back, shape: Shape, n: int) -> None:
    """The gradient of a token is the sum over the batch."""
    for _, *element in grid((shape[0], n, shape[1])):
        if back.weights:
            back.hand("token", *element)


def rope(back: Back, shape: Shape, w: int | None = None) -> None:
    """Gradients are rotated as the channels were."""
    if back.inputs:
        naive.rope(back.run, shape, w)


def relbias(back: Back, shape: Shape, h: int, m: int) -> None:
    """The gradient of every score is added to that of its relative position: 1 add."""
    for _ in grid((shape[0], h, m, m, m, m)):
        back.run.add += back.weights


def scale(back: Back, shape: Shape, n: int | None = None) -> None:
    """dy*w for the input; for a factor the sum of dy*x over the elements it multiplied."""
    for at in grid(shape):
        back.run.mul += back.inputs
        if back.weights:
            back.run.mul += 1
            back.hand("scale", 0 if n == 1 else at[1])
            back.keep("input")


def bias(back: Back, shape: Shape) -> None:
    """The sum over the elements it was added to."""
    for at in grid(shape):
        if back.weights:
            back.hand("bias", at[1])


# --------------------------------------------------------------------------------------------- normalisations


def norm(
    back: Back, sets: list[list[Axes]], scale: Callable[[Axes], Axes] | None, shift: bool = True, mean: bool = True
) -> None:
    """Of sets of n elements, with r the inverse root, u = (x - mean)*r and d = dy*gamma.

    u is made again: 1 add, 1 mul. For the input r*(d - (sum(d) + u*sum(d*u))/n): 1 mul for d where there is a gamma; 1 mul for
    d*u; two sums of n; their 2 div; for each element 1 mul with u, 2 add, 1 mul with r. Without a mean there is no sum(d).
    For gamma 1 mul, dy*u, summed up over what it multiplied; for beta the sum of dy. What is kept is the input, and of each
    set the mean and the inverse root, in 4 bytes.
    """
    learns = back.weights and scale is not None
    for items in sets if back.inputs or learns else []:
        for item in items:
            back.run.add += mean
            back.run.mul += 1
            if back.weights and scale is not None:
                back.run.mul += 1
                back.hand("gamma", *scale(item))
                if shift:
                    back.hand("beta", *scale(item))
        for nth, _ in enumerate(items if back.inputs else []):
            back.run.mul += 2 if scale else 1
            back.run.add += (nth > 0) * (1 + mean)
            back.run.mul += 1
            back.run.add += 1 + mean
            back.run.mul += 1
        back.run.div += back.inputs * (1 + mean)
    back.keep("input")
    for _ in sets:
        for _ in ("mean", "inverse root")[not mean :]:
            back.keep("statistics", 4, "small")


def sets_of(shape: Shape, same: Callable[[Axes], object]) -> list[list[Axes]]:
    """The elements of a tensor as sets of those that are the same."""
    found: dict[object, list[Axes]] = {}
    for at in grid(shape):
        found.setdefault(same(at), []).append(at)
    return list(found.values())


def channel(at: Axes) -> Axes:
    return at[1:2]


def batchnorm(back: Back, shape: Shape, affine: bool) -> None:
    """In training a channel is one set."""
    norm(back, sets_of(shape, channel), channel if affine else None)


def layernorm(back: Back, shape: Shape, affine: bool, bias: bool, over: str) -> None:
    sets = {"channels": lambda at: (at[0], at[2:]), "positions": lambda at: at[:2], "all": lambda at: at[0]}
    places = {"channels": channel, "positions": lambda at: at[2:], "all": lambda at: at[1:]}
    norm(back, sets_of(shape, sets[over]), places[over] if affine else None, bias)


def groupnorm(back: Back, shape: Shape, affine: bool, groups: int) -> None:
    norm(back, sets_of(shape, lambda at: (at[0], at[1] * groups // shape[1])), channel if affine else None)


def instancenorm(back: Back, shape: Shape, affine: bool) -> None:
    groupnorm(back, shape, affine, shape[1])


def rmsnorm(back: Back, shape: Shape, affine: bool) -> None:
    sets = sets_of(shape, lambda at: (at[0], at[2:]))
    norm(back, sets, channel if affine else None, shift=False, mean=False)


def lrn(back: Back, shape: Shape, n: int) -> None:
    """With d the denominator: dy*d^-beta - 2*alpha*beta*x*sum(dy*y/d) over n neighbours.

    The power and its product with dy: 1 log, 1 mul, 1 exp, 1 mul. dy*y/d: 1 mul, 1 div. Their sum: n - 1 add. Its product with
    the constant and with x: 2 mul. The difference: 1 add. Input, output and denominators are kept.
    """
    for _ in grid(shape):
        if back.inputs:
            written(back, "dy*exp(log(d)*beta) - k*x*(dy*y/d)")
            naive.total(back.run, range(n))
        back.keep("denominators")
    back.keep("input")
    back.keep("output")


# ------------------------------------------------------------------------------------------------ activations


def written(back: Back, formula: str) -> None:
    """Do what a formula says, each operation once."""
    for sign, op in {"+": "add", "-": "add", "*": "mul", "/": "div", "exp": "exp", "log": "log"}.items():
        setattr(back.run, op, getattr(back.run, op) + formula.count(sign))


ACTIVATIONS: dict[str, tuple[Counter, str]] = {  # on an element, and what the derivative is written in
    "relu": (Counter(cmp=1), "output"),  # dy where y > 0
    "relu6": (Counter(cmp=2), "input"),  # dy where 0 < x < 6
    "hardtanh": (Counter(cmp=2), "input"),  # dy where -1 < x < 1
    "leakyrelu": (Counter(cmp=1, mul=1), "input"),  # dy*(1 or a)
    "elu": (Counter(cmp=1, exp=1, mul=1), "input"),  # dy*(1 or exp(x))
    "celu": (Counter(cmp=1, exp=1, mul=1), "input"),
    "selu": (Counter(cmp=1, exp=1, mul=2), "input"),  # dy*scale*(1 or alpha*exp(x)), scale*alpha a constant
    "sigmoid": (Counter(add=1, mul=2), "output"),  # dy*y*(1 - y)
    "tanh": (Counter(add=1, mul=2), "output"),  # dy*(1 - y*y)
    "silu": (Counter(exp=1, add=3, div=1, mul=3), "input"),  # dy*s*(1 + x*(1 - s)), s = 1/(1 + exp(-x))
    "gelu": (Counter(mul=7, erf=1, exp=1, add=2), "input"),  # dy*((1 + erf(x*c))/2 + x*exp(-x*x/2)*c')
    "softplus": (Counter(exp=1, add=1, div=1, mul=1), "input"),  # dy*(1/(1 + exp(-x)))
    "mish": (Counter(exp=1, add=3, log=1, tanh=1, div=1, mul=4), "input"),  # dy*(t + x*(1 - t*t)*e/(1 + e))
    "softsign": (Counter(cmp=1, add=1, mul=1, div=1), "input"),  # dy/(1 + abs(x))^2
    "hsigmoid": (Counter(cmp=2, div=1), "input"),  # dy/6 where -3 < x < 3
    "hswish": (Counter(cmp=2, div=1, add=1, mul=1), "input"),  # dy*(x/3 + 1/2) where -3 < x < 3
}
ACTIVATIONS["swish"] = ACTIVATIONS["silu"]


def do(back: Back, ops: Counter) -> None:
    for op, n in ops.ops().items():
        setattr(back.run, op, getattr(back.run, op) + n)


def activation(back: Back, shape: Shape, kind: str) -> None:
    ops, kept = ACTIVATIONS[kind]
    for _ in grid(shape):
        if back.inputs:
            do(back, ops)
            back.keep(kept)


def prelu(back: Back, shape: Shape, n: int = 1) -> None:
    """As a leakyrelu; for a slope the sum of dy*x over all it stands for, with zeros where x > 0."""
    activation(back, shape, "leakyrelu")
    for at in grid(shape):
        if back.weights:
            back.run.mul += 1
            back.hand("slope", at[1] % n)


def glu(back: Back, shape: Shape, act: str) -> None:
    """Of a*g(b): dy*g(b), with g(b) made again, and dy*a times the derivative of g."""
    for _ in grid(naive.glu(Counter(), shape, act)):
        if back.inputs:
            naive.ACTIVATIONS[act](back.run)
            back.run.mul += 2
            do(back, ACTIVATIONS[act][0])
    back.keep("input")


def softmax(back: Back, shape: Shape, log: bool = False) -> None:
    batch, c, *dims = shape
    for _ in grid((batch, *dims)):
        if back.inputs:
            (log_row if log else softmax_row)(back, c)
    back.keep("output")


def softmax_row(back: Back, n: int) -> None:
    """y*(dy - sum(y*dy)): n mul, n - 1 add, n add, n mul."""
    naive.total(back.run, range(n))
    for _ in range(n):
        written(back, "y*(dy - s)")
        back.run.mul += 1


def log_row(back: Back, n: int) -> None:
    """dy - exp(y)*sum(dy): n - 1 add, n exp, n mul, n add."""
    naive.total(back.run, range(n))
    for _ in range(n):
        written(back, "dy - exp(y)*s")


def dropout(back: Back, shape: Shape) -> None:
    """What was dropped has no gradient: 1 mul with the mask, which is a byte an element."""
    for _ in grid(shape):
        back.run.mul += back.inputs
        back.keep("mask", 1)


# --------------------------------------------------------------------------------------- elements on the move


def interpolated(back: Back, shape: Shape, forward: Callable[..., Shape], mode: str, **how: Any) -> None:
    """Every output hands its gradient to what it was copied from, 1 add, or its share to each neighbour, 1 mul, 1 add."""
    for _ in grid(forward(Counter(), shape, mode=mode, **how)):
        for _ in grid((2 if mode == "bilinear" else 1,) * len(shape[2:])):
            back.run.mul += back.inputs and mode == "bilinear"
            back.run.add += back.inputs


# ------------------------------------------------------------------------------------------------ recurrences

CELLS = {  # the derivatives of the gates and of what the state is made of, for a hidden unit; gates, cells kept beside them
    "rnn_step": (["dh*(1 - h*h)"], 1, 0),
    "gru_step": (
        ["dh*(h - n)*z*(1 - z)", "dh*(1 - z)*(1 - n*n)", "dn*b*r*(1 - r)", "dn*r", "ds + dh*z"],
        3,
        1,
    ),
    "lstm_step": (
        ["dh*t*o*(1 - o)", "dc + dh*o*(1 - t*t)", "dc*g*i*(1 - i)", "dc*c*f*(1 - f)", "dc*i*(1 - g*g)", "dc*f"],
        4,
        2,
    ),
}


def recurrent(back: Back, shape: Shape, step: Any, layers: int, bidir: bool) -> None:
    """Back through time: from the last step to the first, from the last layer to the first.

    The gradient of a gate goes to its input, to its weights, and, but at the first step, to the state before, where it meets
    what comes from above. What goes into both directions has the sum of both.
    """
    formulas, gates, cells = CELLS[step.func.__name__]
    h, biases, proj = step.keywords["h"], step.keywords["biases"], step.keywords.get("proj", 0)
    state, ways = proj or h, 1 + bidir
    batch, inputs, t = shape
    back.keep("input")
    back.keep("output")
    for layer, way in grid((layers, ways)):
        width = inputs if layer == 0 else ways * state
        asks = layer > 0 or back.inputs
        for sample, moment in grid((batch, t)):
            for _ in range(h * (gates + cells)):
                back.keep("gates and cells")
            for _ in range(state):
                if layer < layers - 1:
                    back.keep("states")
            if not (back.inputs or back.weights):
                continue
            for out in range(proj):
                hands(back, h, True, back.weights, f"proj {layer} {way} {out}")
            back.run.dot += h if proj else 0
            for _ in range(h):
                for formula in formulas:
                    written(back, formula)
            for row in range(gates * h):
                hands(back, width, asks, back.weights, f"ih {layer} {way} {row}")
                hands(back, state, moment > 0, back.weights, f"hh {layer} {way} {row}")
                if back.weights and biases:
                    back.hand("bias", layer, way, row)
            for i in range(width if asks else 0):
                back.run.dot += 1
                back.hand("input of", layer, sample, moment, i)
            for _ in range(state if moment else 0):
                back.run.dot += 1
                back.run.add += 1


def hands(back: Back, n: int, left: bool, right: bool, name: str) -> None:
    """What a dot product of n with weights of that name hands back."""
    for i in range(n):
        back.run.mac += left + right
        if right and (name, i) not in back.sums:
            back.sums.add((name, i))
            back.run.dot += 1


# -------------------------------------------------------------------------------------------------- attention


def core(
    back: Back,
    batch: int,
    heads: int,
    kv_heads: int,
    queries: int,
    keys: int,
    dk: int,
    dv: int,
    own: bool,
    seen: bool,
    causal: bool = False,
    more: int = 0,
    dropout: bool = False,
) -> None:
    """Between the projections: O = P*V, P = softmax(S), S = Q*K^T*scale; with dropout a mask on P.

    The weights of the values are kept as a whole matrix, and with dropout the mask and what it left; a kernel that makes them
    again keeps a number for each row.
    """
    for _, _, query in grid((batch, heads, queries)):
        pairs = sum(1 for key in range(keys) if key <= query or not causal) + more
        for _ in range(keys + more):
            back.keep("weights of values", None, "core", "inside")
            if dropout:
                back.keep("mask", 1, "core", "inside")
                back.keep("weights left", None, "core", "inside")
        back.keep("normalisers of rows", 4, "fused", "small", "inside")
        if not (own or seen):
            continue
        for _ in range(pairs):
            naive.dot(back.run, (None for _ in range(dv)))  # dP = dO*V^T
            back.run.mul += dropout
            back.run.mul += 1  # the scale
        softmax_row(back, pairs)
        for _ in range(dk if own else 0):
            naive.dot(back.run, (None for _ in range(pairs)))  # dQ = dS*K
        back.run.mac += seen * pairs * (dk + dv)  # dK = dS^T*Q, dV = P^T*dO
    for _ in grid((batch, kv_heads, keys + more, dk + dv)):
        back.run.dot += seen


def attention(
    back: Back,
    shape: Shape,
    heads: int,
    kv_heads: int,
    dk: int,
    dv: int,
    bias: bool,
    causal: bool,
    keys: int,
    kdim: int,
    vdim: int,
    bias_kv: bool,
    zero_attn: bool,
    key_bias: bool,
    out_bias: bool,
    dropout: bool,
) -> None:
    """The projections go back as linear layers do. What went into several of them has the sum of what comes back."""
    batch, c, t = shape
    own, seen, learns = back.inputs, back.other, back.weights
    sources, more = keys or t, bias_kv + zero_attn
    projections = [  # name, which tensor, its width, its positions, outputs, whether it needs a gradient
        ("q", "x", c, t, heads * dk, own, bias),
        ("k", "", kdim or c, sources, kv_heads * dk, seen, bias and key_bias),
        ("v", "", vdim or c, sources, kv_heads * dv, seen, bias),
        ("out", "values", heads * dv, t, c, True, bias and out_bias),
    ]
    for name, tensor, width, positions, outputs, asks, biased in projections:
        which = tensor or (f"of width {width}" if keys or width != c else "x")
        for sample, at in grid((batch, positions)):
            for out in range(outputs if own or seen or learns else 0):
                hands(back, width, asks, learns, f"{name} {out}")
                if learns and biased:
                    back.hand("bias", name, out)
            for i in range(width if asks and (own or seen or learns) else 0):
                back.run.dot += 1
                back.hand(which, sample, at, i)
    for what, elements in {
        "queries": (batch, heads, t, dk),
        "keys": (batch, kv_heads, sources + more, dk),
        "values": (batch, kv_heads, sources + more, dv),
        "weighted values": (batch, heads, t, dv) if learns else (0,),
    }.items():
        for _ in grid(elements):
            back.keep(what, None, "inside")
    for _, *element in grid((batch, kv_heads, dk + dv)):
        if learns and bias_kv:
            back.hand("learned key and value", *element)
    core(back, batch, heads, kv_heads, t, sources, dk, dv, own or learns, seen or learns, causal, more, dropout)
    if learns:
        back.keep("inputs")


def sdpa(
    back: Back,
    shape: Shape,
    heads: int,
    kv_heads: int,
    dk: int,
    dv: int,
    keys: int,
    causal: bool,
    dropout: bool,
) -> None:
    core(
        back, shape[0], heads, kv_heads, shape[2], keys or shape[2], dk, dv, back.inputs, back.other, causal, 0, dropout
    )
    back.keep("inputs")


# -------------------------------------------------------------------------------------------------- the kinds


BACK: dict[str, Callable[..., None]] = {
    "conv": partial(products, forward=naive.conv),
    "dwconv": partial(products, forward=naive.dwconv),
    "upconv": partial(products, forward=naive.upconv),
    "linear": partial(products, forward=naive.linear),
    "fc": partial(products, forward=naive.fc),
    "unembed": unembed,
    "embed": embed,
    "matmul": matmul,
    "maxpool": partial(pooled, forward=naive.pool),
    "avgpool": partial(pooled, forward=naive.pool),
    "adaptive gap": partial(pooled, forward=naive.adaptive),
    "adaptive gmp": partial(pooled, forward=naive.adaptive),
    "gap": everywhere,
    "gmp": partial(pooled, forward=naive.everywhere),
    "posembed": posembed,
    "segment": segment,
    "cls": cls,
    "rope": rope,
    "relbias": relbias,
    "scale": scale,
    "bias": bias,
    "bn": batchnorm,
    "layernorm": layernorm,
    "groupnorm": groupnorm,
    "instancenorm": instancenorm,
    "rmsnorm": rmsnorm,
    "lrn": lrn,
    **dict.fromkeys(ACTIVATIONS, activation),
    "prelu": prelu,
    "glu": glu,
    "softmax": softmax,
    "soft-max": softmax,
    "logsoftmax": softmax,
    "dropout": dropout,
    "upsample": partial(interpolated, forward=naive.upsample),
    "resize": partial(interpolated, forward=naive.resize),
    "rnn": recurrent,
    "gru": recurrent,
    "lstm": recurrent,
    "attention": attention,
    "sdpa": sdpa,
    **dict.fromkeys(
        "flatten tokens posenc id pixelshuffle space2depth zeropad shuffle crop transpose first grid".split(),  # noqa: SIM905
        nothing,
    ),
}
