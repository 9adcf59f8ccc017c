"""Layers as naive loop nests that count what they do while they run: a second road to every figure.

Nothing here knows a formula. A function walks over the elements of its output the way the layer is defined,
and every operation it would perform adds one to a `Counter` at that very place; weights are the set of weight
elements that were used; the output shape is what the walk produced. The docstrings say what is counted: they
are the definition of a count.

Shapes are ``(batch, channels, *positions)``: ``(2, 3, 8, 8)`` for pictures, ``(2, d, T)`` for sequences,
``(2, c)`` for vectors. Kernels, strides, dilations and paddings are tuples with one entry an axis.

Counted everywhere in the same way:

* ``mac``: one product inside a dot product. ``dot``: one dot product, however long. Every other operation
  stands alone.
* A subtraction is an ``add``. A change of sign, a copy, a look-up, a reordering and a multiplication by a
  mask are free.
* A sum of n numbers is n - 1 ``add``; the largest of n numbers is n - 1 ``cmp``.
* A bias is one ``add`` for each output element.
* Positions in the padding are counted as work, and a kernel element that meets only padding is still a
  weight.
* Only the forward pass of inference is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

OPS = ("mac", "dot", "add", "mul", "div", "cmp", "exp", "log", "sqrt", "tanh", "erf")

Shape = tuple[int, ...]
Axes = tuple[int, ...]


@dataclass
class Counter:
    """What a loop nest has done so far, and which weight elements it has used."""

    mac: int = 0
    dot: int = 0
    add: int = 0
    mul: int = 0
    div: int = 0
    cmp: int = 0
    exp: int = 0
    log: int = 0
    sqrt: int = 0
    tanh: int = 0
    erf: int = 0
    weights: set[tuple[str | int, ...]] = field(default_factory=set)

    def use(self, *weight: str | int) -> None:
        """Note that the weight element with this name and these indices was used."""
        self.weights.add(weight)

    @property
    def params(self) -> int:
        """Number of different weight elements used."""
        return len(self.weights)

    def ops(self) -> dict[str, int]:
        """The count of every primitive operation, zeros included."""
        return {op: getattr(self, op) for op in OPS}


# -------------------------------------------------------------------------------------------- building stones


def total(run: Counter, items: Iterable[object]) -> None:
    """Sum the items, n of them: the first is taken, every further one is 1 add."""
    for nth, _ in enumerate(items):
        if nth:
            run.add += 1


def largest(run: Counter, items: Iterable[object]) -> None:
    """Find the largest of the items, n of them: the first is taken, every further one is 1 cmp."""
    for nth, _ in enumerate(items):
        if nth:
            run.cmp += 1


def average(run: Counter, items: Iterable[object]) -> None:
    """Average the items: their sum, then 1 div."""
    total(run, items)
    run.div += 1


def grid(extents: Iterable[int]) -> Iterator[Axes]:
    """Every position of a grid, in order; the one empty position when there are no axes."""
    return product(*(range(extent) for extent in extents))


def extent(positions: set[Axes]) -> Shape:
    """The shape of a tensor whose elements are at these positions; there must be no holes."""
    shape = tuple(1 + max(axis) for axis in zip(*positions, strict=True))
    assert positions == set(grid(shape))
    return shape


def windows(
    x: int, k: int, s: int, pad: int | str, d: int = 1, rounding: str = "floor", pooling: bool = False
) -> list[int]:
    """Where the windows of ``k`` taps, ``d`` apart, start on an axis of ``x`` elements: at ``i*s - pad``.

    Element 0 is the first of the input, negative positions are the left padding, and the right padding is as
    wide.

    * ``floor``: windows follow one another as long as they fit into the padded axis.
    * ``ceil``: when the last of these ends before the padded axis does, one more is opened, which sticks out.
      In pooling it is not, if it would start in the right padding: that is PyTorch's ``ceil_mode``.
    * ``exact``: the last window ends where the padded axis ends.
    * pad ``"same"``: one window for each step of ``s`` that is still on the input, whatever ``k`` and ``d``
      are.
    * pad ``"valid"``: no padding.
    """
    if pad == "same":
        return list(range(0, x, s))
    p = 0 if pad == "valid" else int(pad)
    end = x + p - 1
    starts: list[int] = []
    start = -p
    while start + (k - 1) * d <= end:
        starts.append(start)
        start += s
    if starts and rounding == "ceil":
        reached = starts[-1] + (k - 1) * d
        if reached < end and (start < x or not pooling):
            starts.append(start)
    if rounding == "exact":
        assert starts[-1] + (k - 1) * d == end
    return starts


def torch_windows(x: int, o: int) -> list[range]:
    """The ``o`` windows of adaptive pooling over ``x`` elements, floor(i*x/o) to before ceil((i+1)*x/o)."""
    found = []
    for i in range(o):
        first = i * x // o
        last = first
        while last * o < (i + 1) * x:
            last += 1
        found.append(range(first, last))
    return found


def dot(run: Counter, products: Iterable[tuple[str | int, ...] | None]) -> None:
    """One dot product: 1 mac for each product, and 1 dot. A product with a weight names the weight."""
    run.dot += 1
    for weight in products:
        run.mac += 1
        if weight is not None:
            run.use(*weight)


# ----------------------------------------------------------------------------------------------- convolutions


def conv(
    run: Counter,
    shape: Shape,
    k: Axes,
    width: int,
    s: Axes,
    pad: tuple[int | str, ...],
    d: Axes,
    groups: int = 1,
    bias: bool = True,
    rounding: str = "floor",
) -> Shape:
    """Convolution over one, two or three axes: every output element is one dot product.

    The dot product runs over the taps of the kernel and the input channels of the output channel's group.
    """
    batch, c, *dims = shape
    axes = [windows(*axis, rounding) for axis in zip(dims, k, s, pad, d, strict=True)]
    positions = list(product(*axes))
    for _ in range(batch):
        for o in range(width):
            group = o * groups // width
            channels = [i for i in range(c) if i * groups // c == group]
            for _ in positions:
                dot(run, (("weight", o, i, *tap) for i in channels for tap in grid(k)))
                if bias:
                    run.add += 1
                    run.use("bias", o)
    return (batch, width, *map(len, axes))


def dwconv(
    run: Counter,
    shape: Shape,
    k: Axes,
    s: Axes,
    pad: tuple[int | str, ...],
    d: Axes,
    mult: int = 1,
    bias: bool = True,
    rounding: str = "floor",
) -> Shape:
    """Depthwise convolution: every output channel sees one input channel, which has ``mult`` of them."""
    batch, c, *dims = shape
    axes = [windows(*axis, rounding) for axis in zip(dims, k, s, pad, d, strict=True)]
    positions = list(product(*axes))
    made: set[Axes] = set()
    for n in range(batch):
        for i, m in grid((c, mult)):
            made.add((n, i * mult + m))
            for _ in positions:
                dot(run, (("weight", i, m, *tap) for tap in grid(k)))
                if bias:
                    run.add += 1
                    run.use("bias", i, m)
    return (*extent(made), *map(len, axes))


def upconv(
    run: Counter,
    shape: Shape,
    k: Axes,
    width: int,
    s: Axes,
    pad: Axes,
    outpad: Axes,
    d: Axes,
    groups: int = 1,
    bias: bool = True,
) -> Shape:
    """Transposed convolution in its scattering form.

    Every input element is multiplied with every tap of every kernel of its group (1 mac each, also when the
    product falls into the part that ``pad`` cuts off). Every output element, also one that nothing falls on,
    is 1 dot.
    """
    batch, c, *dims = shape
    reached = []
    for x, kk, ss, dd in zip(dims, k, s, d, strict=True):
        reached.append(max(i * ss + tap * dd for i in range(x) for tap in range(kk)))
    kept = []
    for last, p, more in zip(reached, pad, outpad, strict=True):
        kept.append([i for i in range(last + 1) if p <= i <= last - p] + ["more"] * more)
    for _ in range(batch):
        for i in range(c):
            group = i * groups // c
            for _ in grid(dims):
                for o in range(width):
                    if o * groups // width == group:
                        for tap in grid(k):
                            run.mac += 1
                            run.use("weight", i, o, *tap)
        for o in range(width):
            for _ in product(*kept):
                run.dot += 1
                if bias:
                    run.add += 1
                    run.use("bias", o)
    return (batch, width, *map(len, kept))


# ---------------------------------------------------------------------------------------------------- pooling


def pool(
    run: Counter,
    shape: Shape,
    over: Callable[[Counter, Iterable[object]], None],
    k: Axes,
    s: Axes,
    pad: tuple[int | str, ...],
    d: Axes,
    rounding: str = "floor",
) -> Shape:
    """Pooling: `largest` or `average` of every window; n positions in the window, padding included.

    The same is counted when an average leaves the padding out of its divisor.
    """
    batch, c, *dims = shape
    axes = [windows(*axis, rounding, pooling=True) for axis in zip(dims, k, s, pad, d, strict=True)]
    for _ in grid((batch, c)):
        for _ in product(*axes):
            over(run, grid(k))
    return (batch, c, *map(len, axes))


def adaptive(run: Counter, shape: Shape, over: Callable[[Counter, Iterable[object]], None], to: Axes) -> Shape:
    """Adaptive pooling to ``to`` positions: `largest` or `average` of the windows of `torch_windows`."""
    batch, c, *dims = shape
    axes = [torch_windows(x, o) for x, o in zip(dims, to, strict=True)]
    for _ in grid((batch, c)):
        for window in product(*axes):
            over(run, product(*window))
    return (batch, c, *map(len, axes))


def everywhere(run: Counter, shape: Shape, over: Callable[[Counter, Iterable[object]], None]) -> Shape:
    """Global pooling: `largest` or `average` of all positions of a channel; a vector comes out."""
    batch, c, *dims = shape
    for _ in grid((batch, c)):
        over(run, grid(dims))
    return (batch, c)


# ------------------------------------------------------------------------------------------------------ dense


def linear(run: Counter, shape: Shape, width: int, bias: bool = True, name: str = "linear") -> Shape:
    """A dense layer on every position: an output is one dot product over the channels, and its bias 1 add."""
    batch, c, *dims = shape
    for _ in range(batch):
        for _ in grid(dims):
            for o in range(width):
                dot(run, ((name, o, i) for i in range(c)))
                if bias:
                    run.add += 1
                    run.use(f"{name} bias", o)
    return (batch, width, *dims)


def flatten(run: Counter, shape: Shape) -> Shape:
    """All elements in one vector: nothing is computed."""
    batch, *rest = shape
    return (batch, sum(1 for _ in grid(rest)))


def tokens(run: Counter, shape: Shape) -> Shape:
    """All positions in one row: nothing is computed."""
    batch, c, *dims = shape
    return (batch, c, sum(1 for _ in grid(dims)))


def fc(run: Counter, shape: Shape, width: int, bias: bool = True) -> Shape:
    """A dense layer on all elements at once: `flatten`, then `linear`."""
    return linear(run, flatten(run, shape), width, bias)


def embed(run: Counter, shape: Shape, vocabulary: int, width: int, tied: bool = False) -> Shape:
    """A table with a row for each id: a position looks its row up, and nothing is computed.

    All rows are weights, whichever ids come, since every one of them could. A ``tied`` table is another layer's.
    """
    batch, t = shape
    for entry in grid((vocabulary, width)):
        if not tied:
            run.use("table", *entry)
    return (batch, width, t)


def unembed(run: Counter, shape: Shape, vocabulary: int, bias: bool = False, tied: bool = False) -> Shape:
    """Scores of all ids at every position: a `linear`. A ``tied`` matrix is another layer's; the bias is its own."""
    made = linear(run, shape, vocabulary, bias, name="table")
    if tied:
        run.weights -= {weight for weight in run.weights if weight[0] == "table"}
    return made


# -------------------------------------------------------------------------------------- positions of tokens


def posembed(run: Counter, shape: Shape, rows: int = 0) -> Shape:
    """A learned vector added at each position: 1 add an element.

    The table has as many rows as there are positions, or ``rows``; all of them are weights, those behind the last
    position too. Every sample of the batch reads the same table.
    """
    batch, c, *dims = shape
    places = list(grid(dims))
    table = range(rows or len(places))
    for row in table:
        for i in range(c):
            run.use("table", row, i)
    for _ in range(batch):
        for row, _ in enumerate(places):
            assert row in table
            for _ in range(c):
                run.add += 1
    return shape


def posenc(run: Counter, shape: Shape) -> Shape:
    """A fixed vector added at each position: 1 add an element. It is made beforehand, and is no weight."""
    for _ in grid(shape):
        run.add += 1
    return shape


def segment(run: Counter, shape: Shape, n: int = 2) -> Shape:
    """One of n learned vectors added at each position: 1 add an element. Which one it is, is known."""
    for i, which in grid((shape[1], n)):
        run.use("segment", which, i)
    return posenc(run, shape)


def cls(run: Counter, shape: Shape, n: int = 1) -> Shape:
    """n learned tokens before the others: nothing is computed."""
    batch, c, t = shape
    for which, i in grid((n, c)):
        run.use("token", which, i)
    return (batch, c, len([*range(n), *range(t)]))


def rope(run: Counter, shape: Shape, w: int | None = None) -> Shape:
    """Rotation of the w channels of queries and keys, by default all c of both: x*cos + x'*sin.

    x' is the channel's partner, with its sign. For a rotated channel, at every position: 2 mul, 1 add. The sines
    and cosines are made beforehand.
    """
    batch, c, *dims = shape
    for _ in grid((batch, *dims)):
        for _ in [*range(c), *range(c)] if w is None else range(w):
            run.mul += 2
            run.add += 1
    return shape


def relbias(run: Counter, shape: Shape, h: int, m: int) -> Shape:
    """A bias on the scores of h heads in a window of m x m positions: 1 add for each head, query and key.

    There is a weight for each head and each difference of two positions.
    """
    places = list(grid((m, m)))
    for _ in range(shape[0]):
        for head in range(h):
            for (y, x), (v, u) in product(places, places):
                run.add += 1
                run.use("table", y - v, x - u, head)
    return shape


def scale(run: Counter, shape: Shape, n: int | None = None) -> Shape:
    """A learned factor for each channel, or one for all: 1 mul an element."""
    for at in grid(shape):
        run.mul += 1
        run.use("scale", 0 if n == 1 else at[1])
    return shape


def bias(run: Counter, shape: Shape) -> Shape:
    """A learned number for each channel: 1 add an element."""
    for at in grid(shape):
        run.add += 1
        run.use("bias", at[1])
    return shape


# --------------------------------------------------------------------------------------------- normalisations


def batchnorm(run: Counter, shape: Shape, affine: bool = True) -> Shape:
    """Batch norm at inference, (x - mu)/sqrt(var + eps)*gamma + beta, where mu and var are given.

    For a channel, once for the whole batch: 1 add and 1 sqrt. For an element: 1 add, 1 div, and if affine 1
    mul, 1 add. The running means and variances are no weights.
    """
    batch, c, *dims = shape
    for i in range(c):
        run.add += 1
        run.sqrt += 1
        for _ in grid((batch, *dims)):
            run.add += 1
            run.div += 1
            if affine:
                run.mul += 1
                run.use("gamma", i)
                run.add += 1
                run.use("beta", i)
    return shape


def normalise(run: Counter, items: list[Axes], weight: Callable[[Axes], Axes] | None, bias: bool) -> None:
    """Bring n numbers to mean 0 and variance 1, then scale and shift each with the weight of its place.

    Mean: n - 1 add, 1 div. Differences to it, which are kept: n add. Variance: n mul, n - 1 add, 1 div. Its
    root: 1 add (eps), 1 sqrt. Quotients: n div. Scale: n mul. Shift, if there is a bias: n add.
    """
    average(run, items)
    for _ in items:
        run.add += 1
    for _ in items:
        run.mul += 1
    average(run, items)
    run.add += 1
    run.sqrt += 1
    for item in items:
        run.div += 1
        if weight:
            run.mul += 1
            run.use("gamma", *weight(item))
            if bias:
                run.add += 1
                run.use("beta", *weight(item))


def layernorm(run: Counter, shape: Shape, affine: bool = True, bias: bool = True, over: str = "channels") -> Shape:
    """Layer norm: `normalise` over the channels of a position, the positions of a channel, or all elements.

    There is a weight for every place of the set that is normalised.
    """
    batch, c, *dims = shape
    place: dict[str, Callable[[Axes], Axes]] = {
        "channels": lambda item: item[:1],
        "positions": lambda item: item[1:],
        "all": lambda item: item,
    }
    for _ in range(batch):
        if over == "channels":
            sets = [[(i, *at) for i in range(c)] for at in grid(dims)]
        elif over == "positions":
            sets = [[(i, *at) for at in grid(dims)] for i in range(c)]
        else:
            sets = [list(grid((c, *dims)))]
        for items in sets:
            normalise(run, items, place[over] if affine else None, bias)
    return shape


def groupnorm(run: Counter, shape: Shape, groups: int, affine: bool = True) -> Shape:
    """Group norm: `normalise` over the channels of a group at all positions.

    If affine there is a scale and a shift for each channel.
    """
    batch, c, *dims = shape
    for _ in range(batch):
        for group in range(groups):
            items = [(i, *at) for i in range(c) if i * groups // c == group for at in grid(dims)]
            normalise(run, items, (lambda item: item[:1]) if affine else None, bias=True)
    return shape


def instancenorm(run: Counter, shape: Shape, affine: bool = False) -> Shape:
    """Instance norm: a group norm in which each channel is a group."""
    return groupnorm(run, shape, shape[1], affine)


def rmsnorm(run: Counter, shape: Shape, affine: bool = True) -> Shape:
    """Division by the root mean square of the n channels, at every position.

    Squares: n mul. Mean: n - 1 add, 1 div. Root: 1 add (eps), 1 sqrt. Quotients: n div. Scale: n mul.
    """
    batch, c, *dims = shape
    for _ in grid((batch, *dims)):
        for _ in range(c):
            run.mul += 1
        average(run, range(c))
        run.add += 1
        run.sqrt += 1
        for i in range(c):
            run.div += 1
            if affine:
                run.mul += 1
                run.use("gamma", i)
    return shape


def lrn(run: Counter, shape: Shape, n: int = 5) -> Shape:
    """Local response norm over n neighbouring channels, x/(k + alpha*sum of n squares)^beta.

    Neighbours beyond the first and the last channel are padding, which is counted as work.
    For an element: n mul (squares), n - 1 add (their sum), 1 mul (alpha), 1 add (k), 1 log, 1 mul, 1 exp (the
    power), 1 div.
    """
    for _ in grid(shape):
        for _ in range(n):
            run.mul += 1
        total(run, range(n))
        run.mul += 1
        run.add += 1
        run.log += 1
        run.mul += 1
        run.exp += 1
        run.div += 1
    return shape


# ------------------------------------------------------------------------------------------------ activations


def nothing(run: Counter) -> None:
    """x."""


def relu(run: Counter) -> None:
    """max(x, 0): 1 cmp."""
    run.cmp += 1


def clamp(run: Counter) -> None:
    """min(max(x, a), b), which is relu6 and hardtanh: 2 cmp."""
    run.cmp += 2


def leakyrelu(run: Counter) -> None:
    """x or a*x, whichever x > 0 says: 1 cmp, 1 mul (on either side)."""
    run.cmp += 1
    run.mul += 1


def sigmoid(run: Counter) -> None:
    """1/(1 + exp(-x)): 1 exp, 1 add, 1 div."""
    run.exp += 1
    run.add += 1
    run.div += 1


def silu(run: Counter) -> None:
    """x*sigmoid(x), also called swish: a sigmoid, 1 mul."""
    sigmoid(run)
    run.mul += 1


def tanh(run: Counter) -> None:
    """tanh(x) is a primitive operation: 1 tanh."""
    run.tanh += 1


def gelu(run: Counter) -> None:
    """x*0.5*(1 + erf(x*(1/sqrt(2)))): 1 mul, 1 erf, 1 add, 2 mul."""
    run.mul += 1
    run.erf += 1
    run.add += 1
    run.mul += 2


def elu(run: Counter) -> None:
    """x or exp(x) - 1, whichever x > 0 says: 1 cmp, 1 exp, 1 add. With its alpha of 1 celu is the same."""
    run.cmp += 1
    run.exp += 1
    run.add += 1


def selu(run: Counter) -> None:
    """scale*(x or alpha*(exp(x) - 1)): an elu, 2 mul."""
    elu(run)
    run.mul += 2


def softplus(run: Counter) -> None:
    """log(1 + exp(x)): 1 exp, 1 add, 1 log."""
    run.exp += 1
    run.add += 1
    run.log += 1


def mish(run: Counter) -> None:
    """x*tanh(softplus(x)): a softplus, 1 tanh, 1 mul."""
    softplus(run)
    tanh(run)
    run.mul += 1


def softsign(run: Counter) -> None:
    """x/(1 + abs(x)): 1 cmp (the sign), 1 add, 1 div."""
    run.cmp += 1
    run.add += 1
    run.div += 1


def hsigmoid(run: Counter) -> None:
    """min(max(x + 3, 0), 6)/6: 1 add, 2 cmp, 1 div."""
    run.add += 1
    clamp(run)
    run.div += 1


def hswish(run: Counter) -> None:
    """x*hsigmoid(x): an hsigmoid, 1 mul."""
    hsigmoid(run)
    run.mul += 1


ACTIVATIONS: dict[str, Callable[[Counter], None]] = {
    "relu": relu,
    "relu6": clamp,
    "leakyrelu": leakyrelu,
    "elu": elu,
    "selu": selu,
    "celu": elu,
    "gelu": gelu,
    "silu": silu,
    "swish": silu,
    "mish": mish,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softplus": softplus,
    "softsign": softsign,
    "hswish": hswish,
    "hsigmoid": hsigmoid,
    "hardtanh": clamp,
}


def activation(run: Counter, shape: Shape, kind: str) -> Shape:
    """The activation of this name, on every element."""
    for _ in grid(shape):
        ACTIVATIONS[kind](run)
    return shape


def prelu(run: Counter, shape: Shape, n: int = 1) -> Shape:
    """A leakyrelu whose slope is a weight: one for all channels (n = 1), or one for each (n = c)."""
    for at in grid(shape):
        leakyrelu(run)
        run.use("slope", at[1] % n)
    return shape


def glu(run: Counter, shape: Shape, act: str = "sigmoid") -> Shape:
    """The first half of the channels times the activation of the second: that activation and 1 mul each."""
    c = shape[1]
    made: set[Axes] = set()
    for n, i, *at in grid(shape):
        if i + i < c:
            made.add((n, i, *at))
            ACTIVATIONS[act](run)
            run.mul += 1
    return extent(made)


def softmax(run: Counter, shape: Shape, log: bool = False) -> Shape:
    """Softmax over the n channels, at every position; `softmax_row` says what is counted."""
    batch, c, *dims = shape
    for _ in grid((batch, *dims)):
        softmax_row(run, range(c), log)
    return shape


def softmax_row(run: Counter, items: Iterable[object], log: bool = False) -> None:
    """exp(x - max)/sum, or its logarithm (x - max) - log(sum).

    Largest: n - 1 cmp. Differences: n add. n exp. Their sum: n - 1 add. Then n div; for the logarithm 1 log
    and n add instead.
    """
    items = list(items)
    largest(run, items)
    for _ in items:
        run.add += 1
        run.exp += 1
    total(run, items)
    if log:
        run.log += 1
        for _ in items:
            run.add += 1
    else:
        for _ in items:
            run.div += 1


# --------------------------------------------------------------------------------------- elements on the move


def upsample(run: Counter, shape: Shape, f: Axes, mode: str = "nearest") -> Shape:
    """``f`` times as many positions: copies (nearest, nothing is computed), or interpolation (bilinear).

    An interpolated element weighs its 2 neighbours on every axis and adds them up: 2, 4 or 8 mul, one add fewer.
    The coefficients are constants, neither weights nor work.
    """
    made: set[Axes] = set()
    for n, i, *at in grid(shape):
        for copy in grid(f):
            made.add((n, i, *(y * ff + z for y, ff, z in zip(at, f, copy, strict=True))))
            if mode == "bilinear":
                blend(run, len(at))
    return extent(made)


def blend(run: Counter, axes: int) -> None:
    """Neighbours, 2 on every axis, times their coefficients and added up."""
    for neighbour in grid((2,) * axes):
        run.mul += 1
        if any(neighbour):
            run.add += 1


def pixelshuffle(run: Counter, shape: Shape, f: int = 2) -> Shape:
    """Channels become positions, ``f`` times as many on every axis: nothing is computed."""
    inner = list(grid((f,) * len(shape[2:])))
    made: set[Axes] = set()
    for n, i, *at in grid(shape):
        offset = inner[i % len(inner)]
        made.add((n, i // len(inner), *(y * f + z for y, z in zip(at, offset, strict=True))))
    return extent(made)


def space2depth(run: Counter, shape: Shape, f: int = 2) -> Shape:
    """Positions become channels, in tiles of ``f`` on every axis: nothing is computed."""
    inner = list(grid((f,) * len(shape[2:])))
    made: set[Axes] = set()
    for n, i, *at in grid(shape):
        place = inner.index(tuple(y % f for y in at))
        made.add((n, i * len(inner) + place, *(y // f for y in at)))
    return extent(made)


def zeropad(run: Counter, shape: Shape, before: Axes, after: Axes) -> Shape:
    """Zeros around the positions: nothing is computed."""
    batch, c, *dims = shape
    axes = []
    for x, b, a in zip(dims, before, after, strict=True):
        axes.append(["zero"] * b + list(range(x)) + ["zero"] * a)
    return (batch, c, *map(len, axes))


def shuffle(run: Counter, shape: Shape, g: int) -> Shape:
    """Channel j of group i becomes channel i of group j: nothing is computed."""
    each = shape[1] // g
    return extent({(n, i % each * g + i // each, *at) for n, i, *at in grid(shape)})


def crop(run: Counter, shape: Shape, to: Axes) -> Shape:
    """The middle of a tensor, ``to`` positions: nothing is computed."""
    batch, c, *dims = shape
    axes = []
    for x, m in zip(dims, to, strict=True):
        axes.append(list(range(x))[(x - m) // 2 :][:m])
    return (batch, c, *map(len, axes))


def resize(run: Counter, shape: Shape, to: Axes, mode: str = "nearest") -> Shape:
    """``to`` positions, each a copy of the nearest (nothing is computed) or interpolated as in `upsample`."""
    batch, c, *dims = shape
    for _ in grid((batch, c, *to)):
        if mode == "bilinear":
            blend(run, len(dims))
    return (batch, c, *to)


def transpose(run: Counter, shape: Shape) -> Shape:
    """Channels become positions and positions channels: nothing is computed."""
    return extent({(n, at, i) for n, i, at in grid(shape)})


def first(run: Counter, shape: Shape) -> Shape:
    """What is at the first position: nothing is computed."""
    return extent({(n, i) for n, i, *at in grid(shape) if not any(at)})


def regrid(run: Counter, shape: Shape, sides: Axes) -> Shape:
    """The positions, in order, on a grid with these sides: nothing is computed."""
    batch, c, *dims = shape
    places = list(grid(sides))
    return extent({(n, i, *places[place]) for n, i in grid((batch, c)) for place, _ in enumerate(grid(dims))})


# ------------------------------------------------------------------------------------------------ recurrences


def gate(run: Counter, name: str, unit: int, inputs: int, hidden: int, biases: int) -> None:
    """What a gate is before its nonlinearity: a dot product over the input and one over the hidden state.

    1 add joins them, and every bias vector is 1 add. A first hidden state of zeros is multiplied like any
    other.
    """
    dot(run, ((name, "input", unit, i) for i in range(inputs)))
    dot(run, ((name, "hidden", unit, i) for i in range(hidden)))
    run.add += 1
    for b in range(biases):
        run.add += 1
        run.use(name, "bias", b, unit)


def rnn_step(run: Counter, name: str, inputs: int, h: int, biases: int) -> int:
    """h' = tanh(gate). For a hidden unit: 1 `gate`, 1 tanh."""
    for unit in range(h):
        gate(run, f"{name} h", unit, inputs, h, biases)
        tanh(run)
    return h


def gru_step(run: Counter, name: str, inputs: int, h: int, biases: int) -> int:
    """h' = (1 - z)*n + z*h, where n = tanh(gate) and the reset r scales what n sees of h.

    For a hidden unit: 3 `gate`, 2 sigmoid, 1 tanh, 3 mul, 2 add.

    The reset r is multiplied with the hidden state before its dot products or with what comes out of one of
    them (``reset_after``): 1 mul for a hidden unit either way.
    """
    for unit in range(h):
        gate(run, f"{name} r", unit, inputs, h, biases)
        sigmoid(run)
        gate(run, f"{name} z", unit, inputs, h, biases)
        sigmoid(run)
        run.mul += 1  # r with the hidden state
        gate(run, f"{name} n", unit, inputs, h, biases)
        tanh(run)
        run.add += 1  # 1 - z
        run.mul += 2  # (1 - z)*n and z*h
        run.add += 1
    return h


def lstm_step(run: Counter, name: str, inputs: int, h: int, biases: int, proj: int = 0) -> int:
    """c' = f*c + i*g, h' = o*tanh(c'). For a hidden unit: 4 `gate`, 3 sigmoid, 2 tanh, 3 mul, 1 add.

    With a projection every one of its ``proj`` outputs is a dot product over h', without a bias, and the
    gates read those.
    """
    state = proj or h
    for unit in range(h):
        for which in ("i", "f", "o"):
            gate(run, f"{name} {which}", unit, inputs, state, biases)
            sigmoid(run)
        gate(run, f"{name} g", unit, inputs, state, biases)
        tanh(run)
        run.mul += 2  # f*c and i*g
        run.add += 1
        tanh(run)
        run.mul += 1  # o*tanh(c')
    for out in range(proj):
        dot(run, ((f"{name} proj", out, unit) for unit in range(h)))
    return state


def recurrent(
    run: Counter, shape: Shape, step: Callable[[Counter, str, int], int], layers: int = 1, bidir: bool = False
) -> Shape:
    """Layers of a cell, each over all T steps, forwards and if ``bidir`` also backwards with other weights.

    ``step(run, name, inputs)`` is one step of the cell. The next layer reads the states of both directions
    side by side.
    """
    batch, inputs, t = shape
    for layer in range(layers):
        ways = ("forward", "backward") if bidir else ("forward",)
        outputs = 0
        for way in ways:
            for _ in grid((batch, t)):
                state = step(run, f"{layer} {way}", inputs)
            outputs += state
        inputs = outputs
    return (batch, inputs, t)


# -------------------------------------------------------------------------------------------------- attention


def attention(
    run: Counter,
    shape: Shape,
    heads: int,
    kv_heads: int,
    dk: int,
    dv: int,
    bias: bool = True,
    causal: bool = False,
    keys: int = 0,
    kdim: int = 0,
    vdim: int = 0,
    bias_kv: bool = False,
    zero_attn: bool = False,
    key_bias: bool = True,
    out_bias: bool = True,
    dropout: bool = False,
) -> Shape:
    """Multi-head attention of T queries over keys: the same T positions, unless ``keys`` is their number.

    Another tensor attended to is that many keys, whose channels are ``kdim`` and ``vdim``.

    * Queries, keys, values and the output are each a `linear`, all with a bias or all without; ``key_bias`` and
      ``out_bias`` say whether these two have theirs.
    * A score is a dot product over dk and 1 mul (the scale). `softmax_row` runs over the keys that a query
      sees.
    * A head's output is, for each of its dv places, a dot product over the keys that the query sees.
    * ``causal``: query i sees keys 0..i, and nothing is spent on the others.
    * ``bias_kv`` puts one learned key and value behind the others, ``zero_attn`` one of zeros; every query
      sees them, and they go through no projection.
    * A key/value head serves heads/kv_heads query heads: fewer weights and projections, as many scores.
    * ``dropout`` is for training, and nothing here.
    """
    batch, c, t = shape
    sources = keys or t
    for _ in range(batch):
        linear(run, (1, c, t), heads * dk, bias, name="q")
        linear(run, (1, kdim or c, sources), kv_heads * dk, bias and key_bias, name="k")
        linear(run, (1, vdim or c, sources), kv_heads * dv, bias, name="v")
        for _, query in grid((heads, t)):
            seen: list[int | str] = [key for key in range(sources) if key <= query or not causal]
            seen += ["learned"] * bias_kv + ["zero"] * zero_attn
            for _ in seen:
                dot(run, (None for _ in range(dk)))
                run.mul += 1
            softmax_row(run, seen)
            for _ in range(dv):
                dot(run, (None for _ in seen))
        linear(run, (1, heads * dv, t), c, bias and out_bias, name="out")
    if bias_kv:
        for head in range(kv_heads):
            for i in range(dk):
                run.use("learned key", head, i)
            for i in range(dv):
                run.use("learned value", head, i)
    return (batch, c, t)


def sdpa(
    run: Counter,
    shape: Shape,
    heads: int,
    kv_heads: int,
    dk: int,
    dv: int,
    keys: int = 0,
    causal: bool = False,
    dropout: bool = False,
) -> Shape:
    """Attention without projections, over the same positions or over ``keys`` positions of another tensor.

    * A score is a dot product over dk and 1 mul (the scale); `softmax_row` runs over the keys that a query sees.
    * A head's output is, for each of its dv places, a dot product over the keys that the query sees.
    * ``causal``: query i sees keys 0..i. A key/value head serves heads/kv_heads query heads and saves nothing here.
    """
    batch, c, t = shape
    assert c == heads * dk + (0 if keys else kv_heads * (dk + dv))
    for _ in range(batch):
        for _, query in grid((heads, t)):
            seen = [key for key in range(keys or t) if key <= query or not causal]
            for _ in seen:
                dot(run, (None for _ in range(dk)))
                run.mul += 1
            softmax_row(run, seen)
            for _ in range(dv):
                dot(run, (None for _ in seen))
    return (batch, heads * dv, t)


def matmul(run: Counter, shape: Shape, others: int) -> Shape:
    """Each vector of the tensor with each of ``others`` vectors, one dot product over the channels."""
    batch, c, *positions = shape
    for _ in grid((batch, *positions)):
        for _ in range(others):
            dot(run, (None for _ in range(c)))
    return (batch, others, *positions)
