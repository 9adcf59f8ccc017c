"""Every kind of layer against the loop nests of `naive`: what is counted is what was done.

For each kind, random tiny layers in two ways. With the numbers in the program, parameters, output shape and
the count of every primitive operation are those of the loops. With symbols in place of all or some of them, which
get the same numbers afterwards, they are the same again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from math import prod
from string import Formatter
from typing import Any

import naive
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from naive import Axes, Counter, Shape
from strategies import examples

import symcost
from symcost import layers

EXAMPLES = 60
SETTINGS = examples(EXAMPLES)

Loops = Callable[[Counter], Shape]


# ------------------------------------------------------------------------------------------- a random program


@dataclass(frozen=True)
class Trial:
    """A program with names where its sizes stand, the sizes, and the loops that it describes."""

    template: str
    sizes: dict[str, int]
    loops: tuple[Callable[[Counter, Shape], Shape], ...]
    shape: Shape

    def names(self) -> list[str]:
        """The names that stand in the program."""
        return list(dict.fromkeys(name for _, name, _, _ in Formatter().parse(self.template) if name))

    def now(self) -> str:
        """The program with its numbers."""
        return self.template.format_map(self.sizes)

    def later(self, symbols: list[str]) -> str:
        """The program with these names in place of numbers."""
        declared = f"sym {', '.join(symbols)}\n" if symbols else ""
        return declared + self.template.format_map(self.sizes | {name: name for name in symbols})

    def figures(self) -> dict[str, Any]:
        """What the loops did: each has weights of its own."""
        shape = self.shape
        runs = []
        for loops in self.loops:
            runs.append(Counter())
            shape = loops(runs[-1], shape)
        ops = {op: sum(run.ops()[op] for run in runs) for op in naive.OPS}
        exact = 2 * ops["mac"] - ops["dot"] + sum(n for op, n in ops.items() if op not in ("mac", "dot"))
        return {"params": sum(run.params for run in runs), "output": shape, **ops, "exact": exact}


class Sketch:
    """A program while it is drawn: sizes get their names here."""

    def __init__(self, draw: DrawFn) -> None:
        self.draw = draw
        self.sizes: dict[str, int] = {}

    def number(self, low: int = 1, high: int = 3) -> int:
        return self.draw(st.integers(low, high))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def size(self, name: str, low: int = 1, high: int = 3) -> int:
        """A size that is drawn and gets this name."""
        return self.let(name, self.number(low, high))

    def let(self, name: str, value: int) -> int:
        self.sizes[name] = value
        return value

    def options(self, *given: tuple[str, str, bool]) -> str:
        """``(name=text, ...)`` of (name, text, whether that is the default): a default may be left out."""
        written = [f"{name}={text}" for name, text, default in given if not (default and self.maybe())]
        return f"({', '.join(written)})" if written else ""

    def yes(self, name: str, value: bool, default: bool) -> tuple[str, str, bool]:
        """An option that is true or false, for `options`."""
        return name, str(value).lower(), value == default

    def input(self, c: int, *dims: int) -> tuple[str, Shape]:
        """The input line of a tensor with these sizes (a batch is drawn for it), and its shape."""
        batch = self.size("B", 1, 2)
        first = "set batch = {B}\n" if batch > 1 or self.maybe() else ""
        self.let("C", c)
        for axis, x in enumerate(dims):
            self.let(f"X{axis}", x)
        at = "@" + many("X", len(dims)) if dims else ""
        return f"{first}input {{C}}{at}\n", (batch, c, *dims)

    def tensor(self, ranks: tuple[int, int] = (0, 3), c: int | None = None) -> tuple[str, Shape]:
        """The input line of a tensor of any size, and its shape."""
        rank = self.number(*ranks)
        dims = [self.number(1, 4 if rank < 3 else 2) for _ in range(rank)]
        return self.input(c or self.number(1, 4), *dims)

    def trial(self, head: str, shape: Shape, layer: str, loops: Callable[..., Shape], **how: Any) -> Trial:
        return Trial(head + layer, self.sizes, (partial(loops, **how),), shape)


def one(*arguments: str) -> str:
    """``(3, pad=1)`` of ``(3)`` and ``(pad=1)``: a layer without slots has one pair of parentheses."""
    inside = [argument[1:-1] for argument in arguments if argument]
    return f"({', '.join(inside)})" if inside else ""


def many(name: str, rank: int) -> str:
    """``{K0} x {K1}``: a named size for every axis."""
    return " x ".join(f"{{{name}{axis}}}" for axis in range(rank))


@dataclass(frozen=True)
class Sliding:
    """Windows over one, two or three axes: what is written for them, and what is meant."""

    k: str
    s: str
    head: str
    shape: Shape
    options: list[tuple[str, str, bool]]
    how: dict[str, Any]


def sliding(new: Sketch, c: int, default_pad: str, half: bool = False, dilated: bool = True) -> Sliding:
    """Windows of any size, stride, padding, dilation and rounding on an input that at least one of them fits.

    ``half``: padding of at most half a window, as is asked of pooling.
    """
    rank = new.number(1, 3)
    even = new.maybe()  # one number for all axes, or one each
    rounding = new.draw(st.sampled_from(["floor", "ceil", "exact"]))
    pad = new.draw(st.sampled_from(["number"] if half else ["number", "valid", "same"]))
    if pad == "same":
        rounding = "floor"
    axes: list[tuple[int, int, int, int]] = []
    for axis in range(1 if even else rank):
        name = "" if even else str(axis)
        k = new.size(f"K{name}", 1, 2 if rank == 3 else 3)
        d = new.size(f"d{name}", 1, 2) if dilated else 1
        p = new.size(f"P{name}", 0, ((k - 1) * d + 1) // 2 if half else 2) if pad == "number" else 0
        axes.append((k, new.size(f"s{name}", 1, 3), d, p))
    if even:
        axes *= rank
    dims = []
    for k, s, d, p in axes:
        least = (k - 1) * d + 1 - 2 * p
        if pad == "same":
            dims.append(new.number(1, 4))
        elif rounding == "exact":
            dims.append(new.draw(st.sampled_from([x for m in range(5) if (x := least + s * m) > 0][:2])))
        else:
            dims.append(new.number(max(1, least), max(1, least) + (3 if rank < 3 else 1)))
    written = {name: f"{{{name}}}" if even else many(name, rank) for name in "KsdP"}
    ks, ss, ds, ps = zip(*axes, strict=True)
    padding = f"({written['P']})" if pad == "number" else pad
    meant = {"k": ks, "s": ss, "d": ds, "pad": ps if pad == "number" else (pad,) * rank, "rounding": rounding}
    default = pad == default_pad or (default_pad == "0" and not any(ps))
    head, shape = new.input(c, *dims)
    options = [("pad", padding, default), ("round", rounding, rounding == "floor")]
    if dilated:
        options.append(("dil", f"({written['d']})", set(ds) == {1}))
    return Sliding(written["K"], written["s"], head, shape, options, meant)


# -------------------------------------------------------------------------------------------------- the kinds


@st.composite
def conv(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    groups = new.size("G", 1, 2)
    width = new.let("F", groups * new.number(1, 2))
    w = sliding(new, groups * new.number(1, 2), "same")
    bias = new.maybe()
    options = new.options(*w.options, ("groups", "{G}", groups == 1), new.yes("bias", bias, True))
    slash = "" if set(w.how["s"]) == {1} and new.maybe() else f"/({w.s})"
    layer = f"conv({w.k})-{{F}}{slash}{options}"
    return new.trial(w.head, w.shape, layer, naive.conv, width=width, groups=groups, bias=bias, **w.how)


@st.composite
def dwconv(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    mult = new.size("M", 1, 2)
    w = sliding(new, new.number(), "same")
    bias = new.maybe()
    options = new.options(*w.options, ("mult", "{M}", mult == 1), new.yes("bias", bias, True))
    unit = set(w.how["s"]) == {1} and new.maybe()
    arguments = one(f"({w.k})", options) if unit else f"({w.k})/({w.s}){options}"
    return new.trial(w.head, w.shape, f"dwconv{arguments}", naive.dwconv, mult=mult, bias=bias, **w.how)


@st.composite
def upconv(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    rank = new.number(1, 3)
    groups = new.size("G", 1, 2)
    width = new.let("F", groups * new.number(1, 2))
    head, shape = new.input(groups * new.number(1, 2), *(new.number() for _ in range(rank)))
    even, bias = new.maybe(), new.maybe()
    axes: list[Axes] = []
    for axis in range(1 if even else rank):
        name = "" if even else str(axis)
        k = new.size(f"K{name}", 1, 2 if rank == 3 else 3)
        s, d = new.size(f"s{name}"), new.size(f"d{name}", 1, 2)
        smallest = min(shape[2:]) if even else shape[2 + axis]
        half = ((smallest - 1) * s + (k - 1) * d) // 2
        axes.append((k, s, d, new.size(f"P{name}", 0, min(2, half)), new.size(f"O{name}", 0, max(s, d) - 1)))
    if even:
        axes *= rank
    ks, ss, ds, ps, outs = zip(*axes, strict=True)
    written = {name: f"{{{name}}}" if even else many(name, rank) for name in "KsdPO"}
    options = new.options(
        ("pad", f"({written['P']})", not any(ps)),
        ("outpad", f"({written['O']})", not any(outs)),
        ("groups", "{G}", groups == 1),
        ("dil", f"({written['d']})", set(ds) == {1}),
        new.yes("bias", bias, True),
    )
    slash = "" if set(ss) == {1} and new.maybe() else f"/({written['s']})"
    layer = f"upconv({written['K']})-{{F}}{slash}{options}"
    how = {"k": ks, "s": ss, "pad": ps, "outpad": outs, "d": ds}
    return new.trial(head, shape, layer, naive.upconv, width=width, groups=groups, bias=bias, **how)


@st.composite
def pool(draw: DrawFn, kind: str, over: Callable[..., None]) -> Trial:
    new = Sketch(draw)
    w = sliding(new, new.number(), "0", half=True, dilated=kind == "maxpool")
    options = w.options
    if kind == "avgpool":
        options.append(new.yes("count_include_pad", new.maybe(), True))
    k, s = w.how["k"], w.how["s"]
    kernel = "" if set(k) == {2} and new.maybe() else f"({w.k})"
    last = new.options(*options)
    arguments = one(kernel, last) if k == s and new.maybe() else f"{kernel}/({w.s}){last}"
    return new.trial(w.head, w.shape, f"{kind}{arguments}", naive.pool, over=over, **w.how)


@st.composite
def adaptive(draw: DrawFn, kind: str, over: Callable[..., None]) -> Trial:
    new = Sketch(draw)
    rank = new.number(1, 3)
    head, shape = new.input(new.number(), *(new.number(1, 6 if rank < 3 else 3) for _ in range(rank)))
    if new.maybe():
        to = (new.size("O", 1, 4),) * rank
        return new.trial(head, shape, f"{kind}({{O}})", naive.adaptive, over=over, to=to)
    to = tuple(new.size(f"O{axis}", 1, 4) for axis in range(rank))
    return new.trial(head, shape, f"{kind}({many('O', rank)})", naive.adaptive, over=over, to=to)


@st.composite
def everywhere(draw: DrawFn, kind: str, over: Callable[..., None]) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    return new.trial(head, shape, kind, naive.everywhere, over=over)


@st.composite
def dense(draw: DrawFn, kind: str, loops: Callable[..., Shape]) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    bias = new.maybe()
    options = new.options(new.yes("bias", bias, True))
    return new.trial(head, shape, f"{kind}-{{F}}{options}", loops, width=new.size("F"), bias=bias)


@st.composite
def plain(draw: DrawFn, kind: str, loops: Callable[..., Shape], ranks: tuple[int, int] = (0, 3)) -> Trial:
    """A layer without options."""
    new = Sketch(draw)
    head, shape = new.tensor(ranks)
    return new.trial(head, shape, kind, loops)


def same(run: Counter, shape: Shape) -> Shape:
    """Nothing is done to the tensor."""
    return shape


@st.composite
def dropout(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    return new.trial(head, shape, draw(st.sampled_from(["dropout", "dropout(0.5)", "dropout(p=0.1)"])), same)


@st.composite
def embed(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    batch, t = new.size("B", 1, 2), new.size("T")
    head = "set batch = {B}\ninput ids@{T}\n"
    tied = new.maybe()
    how = {"vocabulary": new.size("V", 1, 6), "width": new.size("F"), "tied": tied}
    return new.trial(head, (batch, t), "embed({V})-{F}" + new.options(new.yes("tied", tied, False)), naive.embed, **how)


@st.composite
def unembed(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(0, 1))
    how = {name: new.maybe() for name in ("bias", "tied")}
    options = new.options(*(new.yes(name, value, False) for name, value in how.items()))
    return new.trial(head, shape, f"unembed-{{V}}{options}", naive.unembed, vocabulary=new.size("V", 1, 6), **how)


@st.composite
def posembed(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    if new.maybe():
        return new.trial(head, shape, "posembed", naive.posembed)
    positions = prod(shape[2:])
    rows = new.size("L", positions, positions + 3)
    return new.trial(
        head, shape, draw(st.sampled_from(["posembed({L})", "posembed(len={L})"])), naive.posembed, rows=rows
    )


@st.composite
def numbered(draw: DrawFn, kind: str, loops: Callable[..., Shape], default: int, ranks: tuple[int, int]) -> Trial:
    """A layer with nothing but a number ``n``."""
    new = Sketch(draw)
    head, shape = new.tensor(ranks)
    n = new.size("N")
    layer = kind if n == default and new.maybe() else kind + draw(st.sampled_from(["({N})", "(n={N})"]))
    return new.trial(head, shape, layer, loops, n=n)


@st.composite
def rope(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    if new.maybe():
        return new.trial(head, shape, "rope", naive.rope)
    return new.trial(
        head, shape, draw(st.sampled_from(["rope({w})", "rope(w={w})"])), naive.rope, w=new.size("w", 1, 5)
    )


@st.composite
def relbias(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    h, m = new.size("h"), new.size("M")
    dims = draw(st.sampled_from([(m * m,), (m, m)]))
    head, shape = new.input(new.number(), *dims)
    layer = draw(st.sampled_from(["relbias({h}, {M})", "relbias(h={h}, M={M})"]))
    return new.trial(head, shape, layer, naive.relbias, h=h, m=m)


@st.composite
def scale(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    layer, n = draw(st.sampled_from([("scale", None), ("scale(1)", 1), ("scale(n={C})", shape[1])]))
    return new.trial(head, shape, layer, naive.scale, n=n)


@st.composite
def channel_shuffle(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    g = new.size("g")
    head, shape = new.tensor(c=g * new.number())
    return new.trial(head, shape, draw(st.sampled_from(["shuffle({g})", "shuffle(g={g})"])), naive.shuffle, g=g)


@st.composite
def crop(draw: DrawFn) -> Trial:
    """To sizes, or to the sizes of a second tensor."""
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    rank = len(shape) - 2
    if new.maybe():
        to = (new.size("M", 1, min(shape[2:])),) * rank
        sides = "{M}"
    else:
        to = tuple(new.size(f"M{axis}", 1, x) for axis, x in enumerate(shape[2:]))
        sides = many("M", rank)
        if new.maybe():
            new.size("J")
            start = head.replace("input ", f"input small: {{J}}@{sides}\ninput large: ")
            return new.trial(start, shape, "crop(to=small)", naive.crop, to=to)
    return new.trial(head, shape, draw(st.sampled_from([f"crop({sides})", f"crop(to=({sides}))"])), naive.crop, to=to)


@st.composite
def resize(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    rank = len(shape) - 2
    mode = draw(st.sampled_from(["nearest", "bilinear"]))
    if new.maybe():
        to, sides = (new.size("M", 1, 4),) * rank, "{M}"
    else:
        to, sides = tuple(new.size(f"M{axis}", 1, 4) for axis in range(rank)), many("M", rank)
    last = new.options(("mode", mode, mode == "nearest"))
    return new.trial(head, shape, "resize" + one(f"({sides})", last), naive.resize, to=to, mode=mode)


@st.composite
def regrid(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    sides = tuple(new.size(f"O{axis}") for axis in range(new.number(1, 3)))
    cut = new.number(0, len(sides) - 1)  # sides that come in joined
    dims = (prod(sides[: cut + 1]), *sides[cut + 1 :])
    head, shape = new.input(new.number(), *dims)
    return new.trial(head, shape, f"grid({many('O', len(sides))})", naive.regrid, sides=sides)


@st.composite
def affine(draw: DrawFn, kind: str, loops: Callable[..., Shape], default: bool = True) -> Trial:
    """A normalisation that has no other option than ``affine``."""
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3) if kind == "instancenorm" else (0, 3))
    value = new.maybe()
    return new.trial(head, shape, kind + new.options(new.yes("affine", value, default)), loops, affine=value)


@st.composite
def layernorm(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    over = draw(st.sampled_from(["channels", "positions", "all"]))
    head, shape = new.tensor(ranks=(0 if over == "channels" else 1, 3))
    affine, bias = new.maybe(), new.maybe()
    options = new.options(
        new.yes("affine", affine, True), new.yes("bias", bias, True), ("over", over, over == "channels")
    )
    return new.trial(head, shape, f"layernorm{options}", naive.layernorm, affine=affine, bias=bias, over=over)


@st.composite
def groupnorm(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    groups = new.size("G")
    head, shape = new.tensor(c=groups * new.number())
    affine = new.maybe()
    arguments = one("({G})", new.options(new.yes("affine", affine, True)))
    return new.trial(head, shape, f"groupnorm{arguments}", naive.groupnorm, groups=groups, affine=affine)


@st.composite
def lrn(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    n = new.size("n", 1, 5)
    layer = "lrn" if n == 5 and new.maybe() else draw(st.sampled_from(["lrn({n})", "lrn(n={n})"]))
    return new.trial(head, shape, layer, naive.lrn, n=n)


@st.composite
def prelu(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    if new.maybe():
        return new.trial(head, shape, draw(st.sampled_from(["prelu", "prelu(n=1)"])), naive.prelu)
    return new.trial(head, shape, "prelu(n={C})", naive.prelu, n=shape[1])


@st.composite
def glu(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(c=2 * new.number())
    act = draw(st.sampled_from(["sigmoid", "silu", "gelu", "relu", "tanh"]))
    layer = "glu" + new.options(("act", act, act == "sigmoid"))
    return new.trial(head, shape, layer, naive.glu, act=act)


@st.composite
def softmax(draw: DrawFn, kind: str, log: bool = False) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor()
    return new.trial(head, shape, kind, naive.softmax, log=log)


@st.composite
def upsample(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    rank = len(shape) - 2
    mode = draw(st.sampled_from(["nearest", "bilinear"]))
    f: Axes
    if new.maybe():
        f, first = (new.size("f"),) * rank, ["f={f}"]
    elif new.maybe():
        f, first = (2,) * rank, []
    else:
        f = tuple(new.size(f"f{axis}") for axis in range(rank))
        first = [f"f=({many('f', rank)})"]
    if mode == "bilinear" or new.maybe():
        first.append(f"mode={mode}")
    layer = f"upsample({', '.join(first)})" if first else "upsample"
    return new.trial(head, shape, layer, naive.upsample, f=f, mode=mode)


@st.composite
def shuffle(draw: DrawFn, kind: str, loops: Callable[..., Shape]) -> Trial:
    new = Sketch(draw)
    rank = new.number(1, 3)
    f = new.size("f", 1, 3 if rank < 3 else 2)
    tiles = [new.number(1, 2) for _ in range(rank)]
    c = new.number(1, 2)
    if kind == "pixelshuffle":
        head, shape = new.input(c * f**rank, *tiles)
    else:
        head, shape = new.input(c, *(f * tile for tile in tiles))
    layer = kind if f == 2 and new.maybe() else kind + draw(st.sampled_from(["({f})", "(f={f})"]))
    return new.trial(head, shape, layer, loops, f=f)


@st.composite
def zeropad(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 3))
    rank = len(shape) - 2
    if new.maybe():
        before, after = (new.size("b", 0, 2),) * rank, (new.size("a", 0, 2),) * rank
        options = new.options(("before", "{b}", not any(before)), ("after", "{a}", not any(after)))
    else:
        before = tuple(new.size(f"b{axis}", 0, 2) for axis in range(rank))
        after = tuple(new.size(f"a{axis}", 0, 2) for axis in range(rank))
        options = new.options(
            ("before", f"({many('b', rank)})", not any(before)),
            ("after", f"({many('a', rank)})", not any(after)),
        )
    return new.trial(head, shape, f"zeropad{options}", naive.zeropad, before=before, after=after)


@st.composite
def recurrent(draw: DrawFn, kind: str) -> Trial:
    new = Sketch(draw)
    head, shape = new.tensor(ranks=(1, 1))
    h, layers, bidir, biases = new.size("h"), new.size("L", 1, 3), new.maybe(), new.number(0, 2)
    options = [
        ("layers", "{L}", layers == 1),
        new.yes("bidir", bidir, False),
        ("biases", str(biases), biases == 1),
    ]
    cell: Callable[..., int]
    match kind:
        case "rnn":
            cell = naive.rnn_step
        case "gru":
            cell = naive.gru_step
            options.append(new.yes("reset_after", new.maybe(), False))
        case _:
            proj = new.size("p", 0, 2)
            cell = partial(naive.lstm_step, proj=proj)
            options.append(("proj", "{p}" if proj else "0", proj == 0))  # a symbol is a width, never none
    step = partial(cell, h=h, biases=biases)
    return new.trial(
        head,
        shape,
        f"{kind}-{{h}}{new.options(*options)}",
        naive.recurrent,
        step=step,
        layers=layers,
        bidir=bidir,
    )


@st.composite
def attention(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    kv_heads = new.size("g", 1, 2)
    heads = new.let("a", kv_heads * new.number(1, 2))
    each = new.number(1, 2)
    dk = new.size("dk") if new.maybe() else each
    head, shape = new.input(heads * each if "dk" not in new.sizes else new.number(1, 4), new.number(1, 4))
    dv = new.size("dv") if new.maybe() else dk
    cross = draw(st.sampled_from(["", "keys", "kv"]))
    keys = new.size("S", 1, 4) if cross else 0
    if cross == "kv":
        kdim = vdim = new.size("J")
        head = head.replace("input ", "input memory: {J}@{S}\ninput queries: ")
    else:
        kdim = new.size("J", 9, 10) if new.maybe() else 0  # more than the queries have
        vdim = kdim if kdim and new.maybe() else new.size("K", 11, 12) if new.maybe() else 0
    on = ("bias", "key_bias", "out_bias")
    how = {name: new.maybe() for name in (*on, "causal", "bias_kv", "zero_attn", "dropout")}
    how["causal"] = how["causal"] and not cross
    asked = [("kv_heads", "{g}", kv_heads == heads)]
    sizes = {"dk": "dk", "dv": "dv"}
    if cross == "kv":
        asked.append(("kv", "memory", False))
    else:
        sizes |= {"S": "keys", "J": "kdim", "K": "vdim"}
        asked += [("vdim", "{J}", False)] if kdim and vdim == kdim else []
    for name, option in sizes.items():
        if name in new.sizes:
            asked.append((option, f"{{{name}}}", False))
    options = new.options(*asked, *(new.yes(name, value, name in on) for name, value in how.items()))
    return new.trial(
        head,
        shape,
        "attention" + one("({a})", options),
        naive.attention,
        heads=heads,
        kv_heads=kv_heads,
        dk=dk,
        dv=dv,
        keys=keys,
        kdim=kdim,
        vdim=vdim,
        **how,
    )


@st.composite
def sdpa(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    kv_heads = new.size("g", 1, 2)
    heads = new.let("a", kv_heads * new.number(1, 2))
    dk = new.number(1, 3)
    dv = new.size("dv", 1, 3) if new.maybe() else dk
    cross = new.maybe()
    head, shape = new.input(heads * dk + (0 if cross else kv_heads * (dk + dv)), new.number(1, 4))
    keys, causal = 0, new.maybe() and not cross
    if cross:
        keys = new.size("S", 1, 4)
        new.let("J", kv_heads * (dk + dv))
        head = head.replace("input ", "input memory: {J}@{S}\ninput queries: ")
    asked = [("kv_heads", "{g}", kv_heads == heads)]
    asked += [("kv", "memory", False)] if cross else []
    asked += [("dv", "{dv}", False)] if "dv" in new.sizes else []
    dropout = new.maybe()
    options = new.options(*asked, new.yes("causal", causal, False), new.yes("dropout", dropout, False))
    trial = {"heads": heads, "kv_heads": kv_heads, "dk": dk, "dv": dv, "keys": keys, "causal": causal}
    return new.trial(head, shape, "sdpa" + one("({a})", options), naive.sdpa, dropout=dropout, **trial)


@st.composite
def matmul(draw: DrawFn) -> Trial:
    new = Sketch(draw)
    c = new.number(1, 4)
    head, shape = new.input(c, *(new.number(1, 3) for _ in range(new.number(0, 2))))
    others = new.size("S", 1, 4)
    if new.maybe():
        return new.trial(head, shape, "matmul({S})", naive.matmul, others=others)
    new.let("J", c)
    head = head.replace("input ", "input other: {J}@{S}\ninput x: ")
    return new.trial(head, shape, "matmul(other)", naive.matmul, others=others)


KINDS: dict[str, SearchStrategy[Trial]] = {
    "conv": conv(),
    "dwconv": dwconv(),
    "upconv": upconv(),
    "maxpool": pool("maxpool", naive.largest),
    "avgpool": pool("avgpool", naive.average),
    "adaptive gap": adaptive("gap", naive.average),
    "adaptive gmp": adaptive("gmp", naive.largest),
    "gap": everywhere("gap", naive.average),
    "gmp": everywhere("gmp", naive.largest),
    "linear": dense("linear", naive.linear),
    "fc": dense("fc", naive.fc),
    "flatten": plain("flatten", naive.flatten),
    "tokens": plain("tokens", naive.tokens, ranks=(1, 3)),
    "embed": embed(),
    "unembed": unembed(),
    "posembed": posembed(),
    "posenc": plain("posenc", naive.posenc),
    "segment": numbered("segment", naive.segment, default=2, ranks=(0, 3)),
    "cls": numbered("cls", naive.cls, default=1, ranks=(1, 1)),
    "rope": rope(),
    "relbias": relbias(),
    "scale": scale(),
    "bias": plain("bias", naive.bias),
    "bn": affine("bn", naive.batchnorm),
    "rmsnorm": affine("rmsnorm", naive.rmsnorm),
    "instancenorm": affine("instancenorm", naive.instancenorm, default=False),
    "layernorm": layernorm(),
    "groupnorm": groupnorm(),
    "lrn": lrn(),
    **{kind: plain(kind, partial(naive.activation, kind=kind)) for kind in naive.ACTIVATIONS},
    "prelu": prelu(),
    "glu": glu(),
    "softmax": softmax("softmax"),
    "soft-max": softmax("soft-max"),
    "logsoftmax": softmax("logsoftmax", log=True),
    "dropout": dropout(),
    "id": plain("id", same),
    "upsample": upsample(),
    "pixelshuffle": shuffle("pixelshuffle", naive.pixelshuffle),
    "space2depth": shuffle("space2depth", naive.space2depth),
    "zeropad": zeropad(),
    "shuffle": channel_shuffle(),
    "crop": crop(),
    "resize": resize(),
    "transpose": plain("transpose", naive.transpose, ranks=(1, 1)),
    "first": plain("first", naive.first, ranks=(1, 3)),
    "grid": regrid(),
    "rnn": recurrent("rnn"),
    "gru": recurrent("gru"),
    "lstm": recurrent("lstm"),
    "attention": attention(),
    "sdpa": sdpa(),
    "matmul": matmul(),
}


# ----------------------------------------------------------------------------------------------------- chains


@st.composite
def chain(draw: DrawFn) -> Trial:
    """A few layers one after another on a picture, some of them several times, and a classifier."""
    new = Sketch(draw)
    head, start = new.input(new.number(), new.number(3, 7), new.number(3, 7))
    shape, written, loops = start, [], []
    for turn in range(new.number(1, 3)):
        k, s, n, f = (
            new.size(f"K{turn}"),
            new.size(f"s{turn}", 1, 2),
            new.size(f"n{turn}"),
            new.size(f"F{turn}"),
        )
        strided: dict[str, Any] = {"k": (k, k), "s": (s, s), "d": (1, 1)}
        steps: list[Callable[[Counter, Shape], Shape]]
        match draw(st.sampled_from(["conv", "same", "pool", "repeat", "shrink", "norm"])):
            case "conv":
                text = f"conv({{K{turn}}})-{{F{turn}}}/{{s{turn}}}(pad=1)"
                steps = [partial(naive.conv, width=f, pad=(1, 1), **strided)]
            case "same":
                text = f"dwconv({{K{turn}}})/{{s{turn}}} relu"
                steps = [partial(naive.dwconv, pad=("same", "same"), **strided), act("relu")]
            case "pool":
                text = f"maxpool({{K{turn}}})/{{s{turn}}}"
                steps = [partial(naive.pool, over=naive.largest, pad=(0, 0), **strided)]
            case "repeat":
                text = f"[conv({{K{turn}}})-{{F{turn}}} relu] x {{n{turn}}}"
                one_by_one = strided | {"s": (1, 1)}
                steps = [partial(naive.conv, width=f, pad=("same", "same"), **one_by_one), act("relu")] * n
            case "shrink":  # the shape changes with every turn, so the number of turns must be a number
                text = f"[conv({{K{turn}}})-{{F{turn}}}/{{s{turn}}} relu] x {n}"
                steps = [partial(naive.conv, width=f, pad=("same", "same"), **strided), act("relu")] * n
            case _:
                text = "bn hswish"
                steps = [naive.batchnorm, act("hswish")]
        written.append(text)
        for step in steps:
            shape = step(Counter(), shape)
            assume(all(shape))
        loops += steps
    written.append("fc-{out}")
    loops.append(partial(naive.fc, width=new.size("out")))
    return Trial(head + " ".join(written), new.sizes, tuple(loops), start)


def act(kind: str) -> Callable[[Counter, Shape], Shape]:
    return partial(naive.activation, kind=kind)


# ------------------------------------------------------------------------------------------------------ tests


PROGRAMS = KINDS | {"chain": chain()}

parsed = cache(symcost.parse)


def figures(arch: symcost.Architecture) -> dict[str, Any]:
    """All that is compared with `Trial.figures`."""
    return {
        "params": int(arch.params),
        "output": arch.output.tuple(),
        **{op: int(arch.count(op)) for op in naive.OPS},
        "exact": int(arch.cost("exact")),
    }


def test_every_kind_has_its_loops() -> None:
    ours = {name for name, kind in layers.KINDS.items() if kind.__module__.startswith("symcost.")}
    assert ours == {kind.removeprefix("adaptive ") for kind in KINDS}


@pytest.mark.parametrize("kind", PROGRAMS)
@SETTINGS
@given(data=st.data())
def test_a_count_is_what_the_loops_do(kind: str, data: st.DataObject) -> None:
    trial = data.draw(PROGRAMS[kind])
    assert figures(symcost.parse(trial.now())) == trial.figures()


@pytest.mark.parametrize("kind", PROGRAMS)
@SETTINGS
@given(data=st.data())
def test_numbers_now_or_later(kind: str, data: st.DataObject) -> None:
    trial = data.draw(PROGRAMS[kind])
    everything = st.just(trial.names())
    names = data.draw(everything | st.lists(st.sampled_from(trial.names()), unique=True))
    arch = parsed(trial.later(names)).at(**{name: trial.sizes[name] for name in names})
    assert figures(arch) == trial.figures()
