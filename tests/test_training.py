"""The backward pass against loops that do it: every product, sum and element is counted where it happens.

The loops know no formula. `Scalar` is a number that remembers what it was made of; going back over what was remembered does the
multiplications of the backward pass one by one. Where PyTorch's counter counts forward and backward of a probe, it is a third.
"""

from __future__ import annotations

import inspect
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost import training
from symcost.layers import Layer, known
from symcost.ops import Op

DATA = json.loads((Path(__file__).parent / "data" / "counters.json").read_text(encoding="utf-8"))


# ------------------------------------------------------------ products, one by one


class Tape:
    """Products as they are made, with which of their sides is a weight or comes from something that needs a gradient."""

    def __init__(self) -> None:
        self.forward = 0
        self.backward = 0

    def dot(self, left: list[bool], right: list[bool]) -> bool:
        """One dot product of elements of which it is known whether they need a gradient; whether the result does.

        Going back, every product hands a product to each side that needs one.
        """
        for a, b in zip(left, right, strict=True):
            self.forward += 1
            self.backward += int(a) + int(b)
        return any(left) or any(right)


def conv_loops(
    tape: Tape, b: int, c: int, x: int, k: int, s: int, p: int, o: int, groups: int, inputs: bool, weights: bool
) -> int:
    """A convolution over one axis; padding takes part, as it does in every count here. Returns the side of the output."""
    side = len(range(0, x + 2 * p - k + 1, s))
    for _, _, _ in product(range(b), range(o), range(side)):
        tape.dot([inputs] * (c // groups * k), [weights] * (c // groups * k))
    return side


@given(st.data())
@examples(25)
def test_convolution(data: st.DataObject) -> None:
    """Of two convolutions behind one another, any of them frozen, with groups and strides."""
    draw = data.draw
    b, x = draw(st.integers(1, 2)), draw(st.integers(5, 8))
    g = draw(st.sampled_from([1, 2]))
    c, o = g * draw(st.integers(1, 2)), g * draw(st.integers(1, 2))
    k, s, p = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(0, 1))
    asks = draw(st.booleans())
    first, second = draw(st.booleans()), draw(st.booleans())
    tape = Tape()
    side = conv_loops(tape, b, c, x, k, s, p, o, g, asks, first)
    conv_loops(tape, b, o, side, 2, 1, 1, 3, 1, asks or first, second)
    one = f"conv{k}-{o}/{s}(pad={p}, groups={g})"
    two = "conv2-3(pad=1)"
    text = f"set batch = {b}\ninput {c}@{x}\n"
    text += "  ".join(layer if trained else f"freeze {{ {layer} }}" for layer, trained in ((one, first), (two, second)))
    net = symcost.parse(text)
    assert training.forward(net, "macs") == tape.forward
    assert training.backward(net, "macs", inputs=asks) == tape.backward


@given(
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(1, 3),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
)
@examples(25)
def test_attention(b: int, t: int, heads: int, dk: int, shared: int, causal: bool, frozen: bool) -> None:
    """Projections, scores and weighted values, head by head and pair by pair."""
    queries = heads * shared
    d = queries * dk
    tape = Tape()
    for _ in range(b * t):
        for width in (queries * dk, heads * dk, heads * dk):
            for _ in range(width):
                tape.dot([True] * d, [not frozen] * d)
        for _ in range(d):
            tape.dot([True] * d, [not frozen] * d)
    for _, _, i in product(range(b), range(queries), range(t)):
        seen = i + 1 if causal else t
        for _ in range(seen):
            tape.dot([True] * dk, [True] * dk)
        for _ in range(dk):
            tape.dot([True] * seen, [True] * seen)
    layer = f"attention({queries}, kv_heads={heads}, causal={str(causal).lower()})"
    net = symcost.parse(f"set batch = {b}\ninput {d}@{t}\n" + (f"freeze {{ {layer} }}" if frozen else layer))
    assert training.forward(net, "macs") == tape.forward
    assert training.backward(net, "macs", inputs=True) == tape.backward


# ------------------------------------------------------------ numbers that remember


class Scalar:
    """A number of a computation graph: its parents and what the way back to each of them takes."""

    def __init__(self, parents: list[tuple[Scalar, Counter[str]]] | None = None, leaf: bool = False) -> None:
        self.parents, self.leaf = parents or [], leaf


NOTHING: Counter[str] = Counter()


def reverse(outputs: list[Scalar]) -> Counter[str]:
    """Go back from outputs whose gradients are given: what each edge takes, and a sum where gradients meet."""
    done: Counter[str] = Counter()
    order: list[Scalar] = []
    seen: set[int] = set()

    def visit(node: Scalar) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        for parent, _ in node.parents:
            visit(parent)
        order.append(node)

    for output in outputs:
        visit(output)
    arrived = Counter({id(output): 1 for output in outputs})
    for node in reversed(order):
        done["add"] += arrived[id(node)] - 1
        for parent, ops in node.parents:
            done += ops
            arrived[id(parent)] += 1
    return done


def weight_sums(net: symcost.Architecture) -> dict[str, int]:
    """What symcost says of the way back, all operations."""
    found: Counter[str] = Counter()
    for work in training.works(net, inputs=True):
        for op, size in work.backward.items():
            found[op.value] += int(work.step.over(size).number or 0)
    found["add"] += int(training.sums(training.works(net, inputs=True)).number or 0)
    return {op: n for op, n in found.items() if n}


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3))
@examples(20)
def test_linear_with_bias(b: int, c: int, o: int) -> None:
    """Sums inside dot products are those of the dot products; the rest of the additions are the bias's."""
    x = [[Scalar(leaf=True) for _ in range(c)] for _ in range(b)]
    w = [[Scalar(leaf=True) for _ in range(c)] for _ in range(o)]
    bias = [Scalar(leaf=True) for _ in range(o)]
    y = []
    for row in x:
        for taps, shift in zip(w, bias, strict=True):
            parents = [(e, Counter(mac=1)) for e in row] + [(e, Counter(mac=1)) for e in taps]
            y.append(Scalar([*parents, (shift, NOTHING)]))
    done = reverse(y)
    net = symcost.parse(f"set batch = {b}\ninput {c}\nlinear-{o}")
    found = weight_sums(net)
    assert found["mac"] == done["mac"]
    inside = found["mac"] - found["dot"]  # additions of the dot products
    assert inside + found.get("add", 0) == done["add"]


@given(st.integers(1, 3), st.integers(1, 3), st.sampled_from(["add", "mul"]))
@examples(20)
def test_tensors_used_twice(c: int, uses: int, how: str) -> None:
    """A tensor that goes into several branches has the sum of what comes back."""
    x = [Scalar(leaf=True) for _ in range(c)]
    price = Counter(mul=uses) if how == "mul" else NOTHING
    scaled = [Scalar([(e, Counter(mul=1))]) for e in x for _ in range(uses + 1)]
    y = [Scalar([(s, price) for s in scaled[i * (uses + 1) : (i + 1) * (uses + 1)]]) for i in range(c)]
    done = reverse(y)
    branches = " | ".join(["freeze { scale }"] * (uses + 1))
    found = weight_sums(symcost.parse(f"input {c}\n{how} {{ {branches} }}"))
    assert found.get("mul", 0) == done["mul"]
    assert found.get("add", 0) == done["add"]


# ------------------------------------------------------------ derivatives


def layernorm_loops(sets: int, n: int, mean: bool) -> Counter[str]:
    """dx = r*(d - (sum(d) + u*sum(d*u))/n), element by element; without a mean, no sum(d)."""
    run: ClassVar[Counter[str]] = Counter()
    for _ in range(sets):
        for _ in range(n):
            run["add"] += int(mean)  # x - mean
            run["mul"] += 1  # u
        for nth in range(n):
            run["mul"] += 1  # d*u
            run["add"] += int(nth > 0) * (2 if mean else 1)  # into the sums
        run["div"] += 2 if mean else 1
        for _ in range(n):
            run["mul"] += 1  # u times the mean of d*u
            run["add"] += 2 if mean else 1  # with the mean of d, and off d
            run["mul"] += 1  # r
    return run


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from(["layernorm", "rmsnorm", "bn", "instancenorm"]),
)
@examples(25)
def test_norms(b: int, t: int, c: int, kind: str) -> None:
    sets, n = {"layernorm": (b * t, c), "rmsnorm": (b * t, c), "bn": (c, b * t), "instancenorm": (b * c, t)}[kind]
    done = layernorm_loops(sets, n, kind != "rmsnorm")
    learned = kind != "instancenorm"
    for _ in range(b * t * c):  # dy*gamma, and dy*u for gamma
        done["mul"] += 2 if learned else 0
    for _ in range(c):  # over the elements that a scale, and a shift, was for
        done["add"] += (b * t - 1) * (0 if not learned else 1 if kind == "rmsnorm" else 2)
    found = weight_sums(symcost.parse(f"set batch = {b}\ninput {c}@{t}\n{kind}"))
    assert found == {op: k for op, k in done.items() if k}


class Number(float):
    """A float that counts what is done with it."""

    run: ClassVar[Counter[str]] = Counter()

    def _done(self, op: str, value: float) -> Number:
        Number.run[op] += 1
        return Number(value)

    def __add__(self, other: float) -> Number:
        return self._done("add", float(self) + float(other))

    def __rsub__(self, other: float) -> Number:
        return self._done("add", float(other) - float(self))

    def __mul__(self, other: float) -> Number:
        return self._done("mul", float(self) * float(other))

    def __truediv__(self, other: float) -> Number:
        return self._done("div", float(self) / float(other))

    def __rtruediv__(self, other: float) -> Number:
        return self._done("div", float(other) / float(self))

    def over(self, bound: float) -> bool:
        Number.run["cmp"] += 1
        return float(self) > bound

    __radd__, __rmul__ = __add__, __mul__


def call(op: str, x: float) -> Number:
    Number.run[op] += 1
    return Number(getattr(math, op)(x))


def gelu_back(dy: Number, x: Number) -> Number:
    below = (call("erf", x * math.sqrt(0.5)) + 1) * 0.5
    return dy * (below + x * (call("exp", x * x * -0.5) * (1 / math.sqrt(2 * math.pi))))


def silu_back(dy: Number, x: Number) -> Number:
    s = 1 / (call("exp", Number(-x)) + 1)
    return dy * s * (1 + x * (1 - s))


def mish_back(dy: Number, x: Number) -> Number:
    e = call("exp", x)
    e1 = e + 1
    t = call("tanh", call("log", e1))
    return dy * (t + x * (1 - t * t) * (e / e1))


def both(x: Number, low: float, high: float) -> bool:
    above = x.over(low)
    below = not x.over(high)
    return above and below


def softsign_back(dy: Number, x: Number) -> Number:
    below = (x if x.over(0) else Number(-x)) + 1
    return dy / (below * below)


def exp_back(dy: Number, x: Number, outer: bool) -> Number:
    """Of ELU and its kin. The work of the harder side is counted: that is what a device does for every element."""
    above, e = x.over(0), call("exp", x)
    if outer:
        dy = dy * 1.0507009873554805
        return dy * 1 if above else dy * (1.6732632423543772 * float(e))
    return dy * (1 if above else e)


def hsigmoid_back(dy: Number, x: Number) -> Number:
    inside = dy / 6
    return inside if both(x, -3, 3) else Number(0)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# the function, and its derivative times dy in the operations that are counted
BACK: dict[str, tuple[Callable[[float], float], Callable[[Number, Number], Number]]] = {
    "relu": (lambda x: max(x, 0), lambda dy, x: dy if x.over(0) else Number(0)),
    "relu6": (lambda x: min(max(x, 0), 6), lambda dy, x: dy if both(x, 0, 6) else Number(0)),
    "hardtanh": (lambda x: min(max(x, -1), 1), lambda dy, x: dy if both(x, -1, 1) else Number(0)),
    "leakyrelu": (lambda x: x if x > 0 else 0.01 * x, lambda dy, x: dy * (1 if x.over(0) else 0.01)),
    "elu": (lambda x: x if x > 0 else math.expm1(x), lambda dy, x: exp_back(dy, x, False)),
    "celu": (lambda x: x if x > 0 else math.expm1(x), lambda dy, x: exp_back(dy, x, False)),
    "selu": (
        lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
        lambda dy, x: exp_back(dy, x, True),
    ),
    "sigmoid": (sigmoid, lambda dy, x: (y := Number(sigmoid(x))) * (1 - y) * dy),
    "tanh": (math.tanh, lambda dy, x: (1 - (y := Number(math.tanh(x))) * y) * dy),
    "gelu": (lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2))), gelu_back),
    "silu": (lambda x: x * sigmoid(x), silu_back),
    "softplus": (lambda x: math.log1p(math.exp(x)), lambda dy, x: dy * (1 / (call("exp", Number(-x)) + 1))),
    "mish": (lambda x: x * math.tanh(math.log1p(math.exp(x))), mish_back),
    "softsign": (lambda x: x / (1 + abs(x)), softsign_back),
    "hsigmoid": (lambda x: min(max(x + 3, 0), 6) / 6, hsigmoid_back),
    "hswish": (
        lambda x: x * min(max(x + 3, 0), 6) / 6,
        lambda dy, x: [dy * (x / 3 + 0.5), Number(0.0), dy][0 if both(x, -3, 3) else 1 + (float(x) > 3)],
    ),
}


@pytest.mark.parametrize("kind", BACK)
def test_derivatives(kind: str) -> None:
    """The operations counted give the derivative, as small differences of the function do; and there are as many."""
    function, back = BACK[kind]
    for x in (-4.1, -2.3, -0.7, 0.6, 1.9, 3.4, 6.5):
        slope = (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
        Number.run = Counter()
        found = back(Number(1.5), Number(x))
        assert float(found) == pytest.approx(1.5 * slope, abs=1e-4)
        if kind != "hswish" or -3 < x < 3:
            assert Number.run == weight_sums(symcost.parse(f"input 1 {kind}"))


EXAMPLE = re.compile(r"^Example: ``(.+)`` on ``(.+)``", re.MULTILINE)
FREE = ("posenc",)  # a constant that is added: the gradient passes, there is nothing to do


@pytest.mark.parametrize("kind", known(), ids=lambda kind: kind.kind)
def test_every_kind_says_what_it_does_backwards(kind: type[Layer]) -> None:
    """A kind that computes something forward has a backward pass, and tells what it keeps for it."""
    found = EXAMPLE.search(inspect.getdoc(kind) or "")
    assert found is not None
    ids = " embed(9)-4 " if found[2].startswith("ids") and kind.kind != "embed" else " "
    net = symcost.parse(f"set batch = 2\ninput {found[2]}{ids}{found[1]}")
    work = training.works(net, inputs=True)[-1]
    forward = any(n.terms for op, n in work.forward.items())
    assert kind.kind in FREE or forward <= any(n.terms for n in work.backward.values())
    assert work.step.leaf is not None
    kept = {k.what for k in kind.keeps(work.step.leaf.layer, work.step.leaf.input, work.step.leaf.output)}
    assert not any(op in (Op.MAC, Op.EXP, Op.TANH) for op in work.backward) or kept


# ------------------------------------------------------------ what PyTorch's counter says

PROBES = {
    "conv2d_nobias": "set batch = 2\ninput 3@8x8 conv3-8(pad=1, bias=false)",
    "conv2d_bias": "set batch = 2\ninput 3@8x8 conv3-8(pad=1)",
    "conv2d_s2": "set batch = 2\ninput 3@8x8 conv3-8/2(pad=1, bias=false)",
    "conv2d_padsame": "set batch = 2\ninput 3@8x8 conv3-8(bias=false)",
    "convT2d_s2": "set batch = 2\ninput 4@5x5 upconv2-6/2(bias=false)",
    "convT2d_s2_bias": "set batch = 2\ninput 4@5x5 upconv2-6/2",
    "linear2d": "set batch = 2\ninput 16 linear-32",
    "layernorm": "set batch = 2\ninput 16@5 layernorm",
    "relu": "set batch = 2\ninput 4@5x5 relu",
    "gelu": "set batch = 2\ninput 4@5x5 gelu",
    "softmax": "set batch = 2\ninput 16@5 softmax",
    "maxpool": "set batch = 2\ninput 4@6x6 maxpool",
    "up_bilinear": "set batch = 2\ninput 4@3x3 upsample(mode=bilinear)",
    "matmul_at": "set batch = 2\ninput 16@5 matmul(7)",
    "manual_attn": "set batch = 2\ninput 16@5 attention(2)",
    "rnn": "set batch = 2\ninput 8@5 rnn-6",
}


@pytest.mark.parametrize("probe", PROBES)
def test_torch_counts_the_same(probe: str) -> None:
    net = symcost.parse(PROBES[probe])
    counted = DATA["probes"][probe]["torch_fcm_fwdbwd"]
    assert 2 * training.step(net, "macs", inputs=True)._size == counted


def test_torch_counts_groups_twice() -> None:
    """FlopCounterMode takes the gradient of a grouped kernel for that of a dense one: g times as much. A mistake of the tool."""
    net = symcost.parse("set batch = 2\ninput 8@8x8 conv3-8(pad=1, groups=4, bias=false)")
    ours = training.step(net, "flops", inputs=True)
    assert ours == 3 * 36864
    assert DATA["probes"]["conv2d_g4"]["torch_fcm_fwdbwd"] == 36864 + 36864 + 4 * 36864


# ------------------------------------------------------------ whole networks

CASES = [
    # nothing is trained, so nothing runs backwards
    ("freeze { linear-3 }", "0"),
    # the first layer has no gradient of its input
    ("linear-3(bias=false)", "3*d"),
    ("linear-3(bias=false) linear-4(bias=false)", "3*d + 24"),
    # nothing below the first trained layer runs backwards, and what is frozen above hands the gradient on
    ("freeze { linear-3 } linear-4(bias=false)", "12"),
    ("linear-3(bias=false) freeze { linear-4 }", "3*d + 12"),
    # trained parts of frozen ones
    ("freeze { linear-3 trainable { linear-4(bias=false) } linear-5 }", "12 + 20"),
    # any depth
    ("linear-d(bias=false) x L", "d^2*(2*L - 1)"),
    ("[ linear-d(bias=false) linear-d(bias=false) ] x L", "d^2*(4*L - 1)"),
    ("freeze { linear-d x L } linear-d(bias=false) x L", "d^2*(2*L - 1)"),
    # branches: both have the gradient; a frozen branch of the input has none
    ("add { linear-3(bias=false) | linear-3(bias=false) }", "6*d"),
    ("add { linear-3(bias=false) | freeze { linear-3 } }", "3*d"),
    # experts: those that run, and the router
    ("experts(4, active=2, router=false) { linear-d(bias=false) }", "2*d^2"),
    # a table that is tied is trained all the same
    ("unembed-V(tied=true)", "V*d"),
]


@pytest.mark.parametrize(("layers", "expected"), CASES)
def test_backward(layers: str, expected: str) -> None:
    net = symcost.parse(f"sym d, L, V\ninput d  {layers}")
    assert training.backward(net, "macs") == expected


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    "body", ["linear-d relu", "residual { layernorm linear-d gelu linear-d }", "add { id | linear-d } softmax"]
)
def test_repeats_are_what_is_written_out(body: str, count: int) -> None:
    """A repeat with a symbol, at a number, is the same layers written one after the other, in every operation."""
    some = symcost.parse(f"sym d, L\ninput d@4 linear-d [ {body} ] x L linear-2")
    out = symcost.parse("sym d\ninput d@4 linear-d " + f"{body} " * count + "linear-2")
    for convention in ("macs", "flops", "exact"):
        assert training.step(some, convention).at(L=count) == training.step(out, convention)


def test_transformer() -> None:
    """6ND and 8ND: the gradient of a stack of layers costs twice the forward pass, recomputation once more (Korthikanti 2022)."""
    net = symcost.parse(
        "sym L, d, a, T\ninput d@T\n"
        "[ residual { layernorm attention(a, bias=false) }\n"
        "residual { layernorm linear-(4*d)(bias=false) gelu linear-d(bias=false) } ] x L"
    )
    forward = training.forward(net)
    assert training.backward(net, inputs=True) == 2 * forward._size
    assert training.step(net, inputs=True, recompute="full") == 4 * forward._size
    assert training.recomputed(net, "selective") == "4*L*T^2*d"


def test_conventions_of_tools_are_refused() -> None:
    with pytest.raises(symcost.SymcostError, match="says how a tool counts"):
        training.step(symcost.parse("input 3 linear-2"), "fvcore@0.1.5")


def test_users_own_layers_are_said_not_to_be_known() -> None:
    net = symcost.parse("layer mine : c@T -> c@T { params = c; exp = c*T }\ninput 4@8 mine")
    assert "derivatives of 'mine'" in training.step(net).uncounted


def test_an_open_choice_is_refused_where_it_decides() -> None:
    net = symcost.parse("sym a\ninput 4  if a == 1 { linear-4 } else { id }  freeze { linear-4 }")
    with pytest.raises(symcost.SymcostError, match="depends on an `if`"):
        training.backward(net)
    assert training.backward(net.at(a=1), "macs") == 32


# ------------------------------------------------------------ repeats written out

ROUND = {
    "[linear-6] x M": lambda m, n: "linear-6 " * m,
    "[residual { linear-6 relu linear-6 }] x M": lambda m, n: "residual { linear-6 relu linear-6 } " * m,
    "[add { linear-6 | relu }] x M": lambda m, n: "add { linear-6 | relu } " * m,
    "[[linear-6] x N relu] x M": lambda m, n: ("linear-6 " * n + "relu ") * m,
    "[[residual { linear-6 }] x N] x M": lambda m, n: "residual { linear-6 } " * (n * m),
    "for i in 1..M { linear-(6*i) }": lambda m, n: " ".join(f"linear-{6 * i}" for i in range(1, m + 1)),
}


@pytest.mark.parametrize("before", ["relu", "linear-6"])
@pytest.mark.parametrize("behind", ["", "linear-3"])
@pytest.mark.parametrize("body", ROUND)
def test_repeats_are_their_turns(body: str, before: str, behind: str) -> None:
    """Additions of gradients too, at the end of the network as before another layer."""
    whole = training.step(symcost.parse(f"sym M, N input 6@5 {before} {body} {behind}"), "exact")
    for m, n in product(range(1, 4), range(1, 4) if "N" in body else [1]):
        written = symcost.parse(f"input 6@5 {before} {ROUND[body](m, n)} {behind}")
        assert whole.at(M=m, **({"N": n} if "N" in body else {})) == training.step(written, "exact")
