"""Conventions of tools: every figure a tool printed is what its convention gives, and its formulas hold beyond those figures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn, SearchStrategy
from strategies import examples

import symcost
from symcost import zoo
from symcost.conventions import FOLDER, convention, names

DATA = Path(__file__).parent / "data"
PROBES = symcost.load(FOLDER / "probes.arch")
CONVENTIONS = [name for name in names() if convention(name).checks]

# a model of torchvision: its family in the zoo, the net
MODELS = {
    "alexnet": ("alexnet", "alexnet"),
    "convnext_small": ("convnext", "convnext_net(96, 3, 3, 27, 3)"),
    "convnext_tiny": ("convnext", "convnext_net(96, 3, 3, 9, 3)"),
    "densenet121": ("densenet", "densenet(32, 6, 12, 24, 16)"),
    "densenet161": ("densenet", "densenet(48, 6, 12, 36, 24)"),
    "efficientnet_b0": ("efficientnet", "efficientnet"),
    "efficientnet_b1": ("efficientnet", "efficientnet(1, 1.1)"),
    "efficientnet_b2": ("efficientnet", "efficientnet(1.1, 1.2)"),
    "efficientnet_v2_m": (
        "efficientnet_v2",
        "efficientnet_v2(24, 3, 48, 5, 80, 5, 160, 7, 176, 14, 304, 18, 512, 5)",
    ),
    "efficientnet_v2_s": ("efficientnet_v2", "efficientnet_v2(24, 2, 48, 4, 64, 4, 128, 6, 160, 9, 256, 15)"),
    "googlenet": ("googlenet", "googlenet"),
    "mnasnet0_5": ("mnasnet", "mnasnet(0.5)"),
    "mnasnet0_75": ("mnasnet", "mnasnet(0.75)"),
    "mnasnet1_0": ("mnasnet", "mnasnet"),
    "mobilenet_v2": ("mobilenet", "mobilenet_v2"),
    "mobilenet_v3_large": ("mobilenet", "mobilenet_v3_large"),
    "regnet_x_1_6gf": ("regnet", "regnet(18, 80, 34.01, 2.25, 24)"),
    "regnet_x_32gf": ("regnet", "regnet(23, 320, 69.86, 2.0, 168)"),
    "regnet_x_400mf": ("regnet", "regnet(22, 24, 24.48, 2.54, 16)"),
    "regnet_x_8gf": ("regnet", "regnet(23, 80, 49.56, 2.88, 120)"),
    "regnet_y_16gf": ("regnet", "regnet(18, 200, 106.23, 2.48, 112, y=true)"),
    "regnet_y_32gf": ("regnet", "regnet(20, 232, 115.89, 2.53, 232, y=true)"),
    "regnet_y_3_2gf": ("regnet", "regnet(21, 80, 42.63, 2.66, 24, y=true)"),
    "regnet_y_800mf": ("regnet", "regnet(14, 56, 38.84, 2.4, 16, y=true)"),
    "resnet18": ("resnet", "resnet_basic(2, 2, 2, 2)"),
    "resnet34": ("resnet", "resnet_basic(3, 4, 6, 3)"),
    "resnet50": ("resnet", "resnet(3, 4, 6, 3)"),
    "shufflenet_v2_x1_0": ("shufflenet_v2", "shufflenet_v2(116)"),
    "squeezenet1_0": ("squeezenet", "squeezenet(7, 96, 3, 7)"),
    "squeezenet1_1": ("squeezenet", "squeezenet(3, 64, 2, 4)"),
    "swin_b": ("swin", "swin(128, 4, 2, 2, 18, 2)"),
    "swin_t": ("swin", "swin(96, 3, 2, 2, 6, 2)"),
    "swin_v2_s": ("swin", "swin_v2(96, 3, 2, 2, 18, 2)"),
    "vgg11": ("vgg", "vgg(1, 1, 2, 2, 2)"),
    "vgg11_bn": ("vgg", "vgg(1, 1, 2, 2, 2, norm=true)"),
    "vgg13_bn": ("vgg", "vgg(2, 2, 2, 2, 2, norm=true)"),
    "vgg16": ("vgg", "vgg(2, 2, 3, 3, 3)"),
    "vgg16_bn": ("vgg", "vgg(2, 2, 3, 3, 3, norm=true)"),
    "vgg19": ("vgg", "vgg(2, 2, 4, 4, 4)"),
    "vit_b_16": ("vit", "vit(16, 12, 768, 12)"),
    "vit_b_32": ("vit", "vit(32, 12, 768, 12)"),
    "vit_l_32": ("vit", "vit(32, 24, 1024, 16)"),
}

# a counter of counters.json: the convention of its figures, of each where it printed two
COUNTERS = {
    "calflops": ("calflops@0.3", "calflops@0.3-macs"),
    "deepspeed": ("deepspeed", "deepspeed-macs"),
    "fvcore": ("fvcore@0.1.5",),
    "onnx_tool": ("onnx-tool@1.0",),
    "ptflops_aten": ("ptflops@0.7.5-aten",),
    "ptflops_pytorch": ("ptflops@0.7.5",),
    "thop": ("thop@0.1.1",),
    "torch_fcm": ("torch@2.13-cpu",),
    "torch_fcm_fwdbwd": ("torch@2.13-train",),
    "torch_flops": ("torch-flops@0.4",),
    "torch_profiler": ("torch-profiler@2.13",),
    "torchinfo180": ("torchinfo@1.8",),
    "torchinfomaster": ("torchinfo@master",),
    "torchprofile": ("torchprofile@0.1",),
    "torchscan": ("torchscan@0.2", "torchscan@0.2-macs"),
    "uthop": ("ultralytics-thop@2.1",),
}

# a figure of a run that another convention stands for: here gradients were enabled
ELSEWHERE = {
    ("fvcore", "vit_b_16"): "fvcore@0.1.5-grad",
    ("ptflops_aten", "vit_b_16"): "ptflops@0.7.5-aten-grad",
}


@cache
def model(name: str) -> symcost.Architecture:
    """A model of torchvision, its sides and its batch left open."""
    family, call = MODELS[name]
    net, *given = re.split(r"[(), ]+", call.rstrip(")"))
    named = dict(argument.split("=") for argument in given if "=" in argument)
    plain = [argument for argument in given if "=" not in argument]
    return zoo.load(family).net(net, *plain, **{n: v == "true" for n, v in named.items()})


@cache
def checked(name: str) -> symcost.Architecture:
    """What a check is about: a probe, or a model at 1x3x224x224."""
    return PROBES.net(name) if name in PROBES.nets else model(name).at(H=224, W=224, B=1)


@pytest.mark.parametrize("name, check", [(name, check) for name in CONVENTIONS for check in convention(name).checks])
def test_checks(name: str, check: str) -> None:
    """A convention gives the figures its tool printed."""
    assert int(checked(check).cost(name)) == convention(name).checks[check]


COUNTED: dict[str, Any] = json.loads((DATA / "counters.json").read_text(encoding="utf-8"))
CELLS: dict[str, dict[str, Any]] = COUNTED["probes"] | COUNTED["models_224"]


def test_tables() -> None:
    """Every counter has its conventions, and every convention with checks is some counter's."""
    assert COUNTERS.keys() == COUNTED["counters"].keys() - {"params"}
    used = {name for several in COUNTERS.values() for name in several} | set(ELSEWHERE.values())
    assert {name for name in CONVENTIONS if name not in used} <= {"torch@2.13"}  # see fvcore_torchvision.json's models
    assert all(cell in CELLS and counter in CELLS[cell] for counter, cell in ELSEWHERE)


@pytest.mark.parametrize("counter", COUNTERS)
def test_every_figure_is_checked(counter: str) -> None:
    """What a counter printed is among the checks of its convention."""
    missing = {}
    for cell, printed in CELLS.items():
        figures = printed.get(counter)
        several = figures if isinstance(figures, list) else [figures]
        for figure, name in zip(several, COUNTERS[counter], strict=False):
            name = ELSEWHERE.get((counter, cell), name)
            if isinstance(figure, int | float) and convention(name).checks.get(cell) != figure:
                missing[name, cell] = figure
    assert missing == {}


FVCORE: dict[str, dict[str, Any]] = json.loads((DATA / "fvcore_torchvision.json").read_text(encoding="utf-8"))["models"]


@pytest.mark.parametrize("name", FVCORE)
def test_fvcore_on_classifiers(name: str) -> None:
    """Every model of torchvision fvcore was run on, at every side."""
    found = {side: int(model(name).at(H=side, W=side, B=1).cost("fvcore@0.1.5")) for side in FVCORE[name]["fvcore"]}
    assert found == FVCORE[name]["fvcore"]
    assert int(model(name).at(H=224, W=224, B=1).params) == FVCORE[name]["params"]


AXES: dict[str, Any] = json.loads((DATA / "counters_axes.json").read_text(encoding="utf-8"))

# a figure that no convention gives, and why
STICKS_OUT = "onnx-tool keeps a window that starts in the padding, which PyTorch and ONNX drop"
EXPORTED = "another release of the exporter made the figures of counters.json: it wrote 2 operations on sizes less"


def apart(name: str, layer: str) -> str | None:
    """Why a figure over one to three axes is not given."""
    if name == "onnx-tool@1.0" and "avgpool2/3(pad=1, round=ceil" in layer and "@9 " not in layer:
        return STICKS_OUT
    return EXPORTED if name == "onnx-tool@1.0" and "attention" in layer and "kdim" not in layer else None


@pytest.mark.parametrize("name", AXES["conventions"])
def test_any_axes(name: str) -> None:
    """A convention gives the figures of its tool over one, two and three axes, and of cross attention."""
    column = AXES["conventions"].index(name)
    told = {layer: row[column] for layer, row in AXES["layers"].items() if row[column] is not None}
    found = {layer: int(symcost.parse(layer).cost(name)) for layer in told}
    assert {k: v for k, v in found.items() if apart(name, k) is None} == {
        k: v for k, v in told.items() if apart(name, k) is None
    }
    assert [k for k in told if apart(name, k) and found[k] == told[k]] == []


def test_open_choices() -> None:
    """What a departure chooses by symbols stays a formula with both sides, and is right at numbers."""
    for layer in ("input 6@X  gap(4)", "sym K; input 6@9x7  maxpool(K x 3)"):
        cost = symcost.parse(f"set batch = 3; {layer}").cost("torchscan")
        for value in (1, 2, 3, 4, 6, 7):
            at = {name.name: value for name in cost.free_symbols}
            numbers = layer.replace("X ", f"{value} ").replace("sym K; ", "").replace("K", str(value))
            assert cost.at(at) == symcost.parse(f"set batch = 3; {numbers}").cost("torchscan")


OWN = """title = "ours"
unit = "MACs"
source = "ours"
extends = "macs"

[[departures]]
kinds = ["conv"]
where = "%s"
value = "each"
each = "%s"
why = "an example"
"""


@pytest.mark.parametrize(
    "where, each, layer, figure",
    [
        ("rank == 2", "in.n*k + out.n", "input 3@5x7 conv(3 x 1)-2(bias=false)", (5 * 3 + 5) * (7 + 7)),
        ("rank == 2", "in.n", "input 3@5 conv3-2(bias=false)", 5 * 3 * 3 * 2),
        ("groups == 1", "s", "input 4@6x6 conv1-4/(2 x 3)", 6),
        ("k_h == 1", "s", "input 4@6x6 conv1-4/(2 x 3)", 6),
    ],
)
def test_where_and_each(tmp_path: Path, where: str, each: str, layer: str, figure: int) -> None:
    (tmp_path / "ours.toml").write_text(OWN % (where, each), encoding="utf-8")
    assert symcost.parse(layer).cost(str(tmp_path / "ours.toml")) == figure


@pytest.mark.parametrize(
    "where, each, layer, code, line, column",
    [
        ("rank ==", "s", "input 3@5x7 conv3-2", "unexpected-end", 8, 16),
        ("rank == 2", "s +", "input 3@5x7 conv3-2", "unexpected-end", 10, 11),
        ("rank == axes", "s", "input 3@5x7 conv3-2", "unknown-name", 8, 18),
        ("rank == 2", "2*side", "input 3@5x7 conv3-2", "unknown-name", 10, 11),
        ("in.h == 7", "s", "input 3@X x X conv3-2", "undecided", 8, 10),
    ],
)
def test_wrong_formulas(tmp_path: Path, where: str, each: str, layer: str, code: str, line: int, column: int) -> None:
    """Each of the formulas of a departure tells its own place."""
    (tmp_path / "ours.toml").write_text(OWN % (where, each), encoding="utf-8")
    with pytest.raises(symcost.SymcostError) as error:
        symcost.parse(layer).cost(str(tmp_path / "ours.toml"))
    (found,) = error.value.diagnostics
    assert found.span is not None
    assert (found.code, found.span.source.place(found.span.start)) == (code, (line, column))


def test_every_form_is_described() -> None:
    """The table of forms names every form, the kinds it is of and the tools that see it."""
    page = (DATA.parent.parent / "docs" / "counting.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| .+ \| (.+) \|$", page.partition("### Forms")[2], re.M)
    seen: dict[str, tuple[set[str], set[str]]] = {}
    for rule in map(convention, names()):
        for departure in rule.departures:
            if departure.form is not None:
                kinds, tools = seen.setdefault(departure.form, (set(), set()))
                kinds.update(departure.kinds)
                tools.add(rule.family)
    assert {form: set(tools.split(", ")) for form, _, tools in rows} == {
        form: tools for form, (_, tools) in seen.items()
    }
    told = {form: set(re.findall(r"`(\w+)`", kinds)) for form, kinds, _ in rows if "most" not in kinds}
    assert told == {form: kinds for form, (kinds, _) in seen.items() if form != "function"}


# ------------------------------------------------------------------------------- the rules of tools, transcribed


@dataclass(frozen=True)
class Module:
    """One PyTorch module as a tool sees it, with shapes in PyTorch's order, and the same as a program."""

    program: str
    x: tuple[int, ...]
    y: tuple[int, ...]
    w: tuple[int, ...] = ()
    bias: bool = False
    groups: int = 1
    k: tuple[int, ...] = ()
    layers: int = 1
    directions: int = 1
    heads: int = 1


def axes(sizes: tuple[int, ...]) -> str:
    return f"({' x '.join(map(str, sizes))})"


def program(x: tuple[int, ...], layer: str, sequence: bool = False) -> str:
    """A program of one layer; in a ``sequence`` the channels are last."""
    batch, channels, *dims = (x[0], x[-1], *x[1:-1]) if sequence else x
    positions = "@" + " x ".join(map(str, dims)) if dims else ""
    return f"set batch = {batch}\ninput {channels}{positions}\n{layer}"


few, small = st.integers(1, 3), st.integers(1, 5)
flag = st.booleans()


def per_axis(draw: DrawFn, low: int, high: int, rank: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(low, high)) for _ in range(rank))


@st.composite
def convolutions(draw: DrawFn) -> Module:
    rank, batch, groups, bias = draw(few), draw(few), draw(few), draw(flag)
    c_in, c_out = groups * draw(few), groups * draw(few)
    k, s, d = per_axis(draw, 1, 4, rank), per_axis(draw, 1, 3, rank), per_axis(draw, 1, 2, rank)
    p = per_axis(draw, 0, 2, rank)
    sides = tuple(e * (n - 1) + 1 + draw(st.integers(0, 6)) for e, n in zip(d, k, strict=True))
    out = tuple((n + 2 * q - e * (m - 1) - 1) // t + 1 for n, m, t, q, e in zip(sides, k, s, p, d, strict=True))
    options = f"pad={axes(p)}, dil={axes(d)}, groups={groups}, bias={str(bias).lower()}"
    x, y = (batch, c_in, *sides), (batch, c_out, *out)
    layer = f"conv{axes(k)}-{c_out}/{axes(s)}({options})"
    return Module(program(x, layer), x, y, (c_out, c_in // groups, *k), bias, groups)


@st.composite
def depthwise(draw: DrawFn) -> Module:
    batch, c, mult, k, bias = draw(few), draw(small), draw(few), per_axis(draw, 1, 4, 2), draw(flag)
    sides = tuple(n + draw(st.integers(0, 5)) for n in k)
    x, y = (batch, c, *sides), (batch, c * mult, *(n - m + 1 for n, m in zip(sides, k, strict=True)))
    layer = f"dwconv{axes(k)}/1(pad=0, mult={mult}, bias={str(bias).lower()})"
    return Module(program(x, layer), x, y, (c * mult, 1, *k), bias, c)


@st.composite
def transposed(draw: DrawFn) -> Module:
    rank, batch, groups, bias = draw(few), draw(few), draw(few), draw(flag)
    c_in, c_out = groups * draw(few), groups * draw(few)
    k, s = per_axis(draw, 1, 4, rank), per_axis(draw, 1, 3, rank)
    sides = per_axis(draw, 1, 5, rank)
    out = tuple((n - 1) * t + m for n, m, t in zip(sides, k, s, strict=True))
    x, y = (batch, c_in, *sides), (batch, c_out, *out)
    layer = f"upconv{axes(k)}-{c_out}/{axes(s)}(groups={groups}, bias={str(bias).lower()})"
    return Module(program(x, layer), x, y, (c_in, c_out // groups, *k), bias, groups)


@st.composite
def linears(draw: DrawFn) -> Module:
    batch, c, d, bias = draw(few), draw(small), draw(small), draw(flag)
    between = (draw(small),) if draw(flag) else ()
    x, y = (batch, *between, c), (batch, *between, d)
    return Module(program(x, f"linear-{d}(bias={str(bias).lower()})", sequence=True), x, y, (d, c), bias)


@st.composite
def norms(draw: DrawFn, kind: str) -> Module:
    affine = draw(flag)
    if kind == "layernorm":
        x = (draw(few), draw(small), draw(small))
        w = x[-1:]
    else:
        x = (draw(few), draw(small), draw(small), draw(small))
        w = x[1:2]
    groups = "1, " if kind == "groupnorm" else ""
    layer = f"{kind}({groups}affine={str(affine).lower()})"
    return Module(program(x, layer, kind == "layernorm"), x, x, w if affine else (), affine)


@st.composite
def pools(draw: DrawFn, kind: str) -> Module:
    k, s = per_axis(draw, 1, 3, 2), per_axis(draw, 1, 3, 2)
    x = (draw(few), draw(small), *(n + draw(st.integers(0, 5)) for n in k))
    out = tuple((n - m) // t + 1 for n, m, t in zip(x[2:], k, s, strict=True))
    return Module(program(x, f"{kind}{axes(k)}/{axes(s)}"), x, (*x[:2], *out), k=k)


@st.composite
def adaptive(draw: DrawFn) -> Module:
    x, o = (draw(few), draw(small), draw(small), draw(small)), per_axis(draw, 1, 4, 2)
    return Module(program(x, f"gap{axes(o)}"), x, (*x[:2], *o))


@st.composite
def recurrent(draw: DrawFn, kind: str) -> Module:
    batch, t, c, h, layers = draw(few), draw(small), draw(small), draw(small), draw(few)
    bias, bidir = draw(flag), draw(flag)
    x, y = (batch, t, c), (batch, t, h * (1 + bidir))
    layer = f"{kind}-{h}(layers={layers}, bidir={str(bidir).lower()}, biases={2 * bias})"
    return Module(program(x, layer, sequence=True), x, y, (h,), bias, layers=layers, directions=1 + bidir)


@st.composite
def attentions(draw: DrawFn) -> Module:
    heads, bias = draw(few), draw(flag)
    x = (draw(few), draw(small), heads * draw(few))
    layer = f"attention({heads}, bias={str(bias).lower()})"
    return Module(program(x, layer, sequence=True), x, x, bias=bias, heads=heads)


MODULES: dict[str, SearchStrategy[Module]] = {
    "conv": convolutions(),
    "dwconv": depthwise(),
    "upconv": transposed(),
    "linear": linears(),
    "bn": norms("bn"),
    "layernorm": norms("layernorm"),
    "groupnorm": norms("groupnorm"),
    "maxpool": pools("maxpool"),
    "avgpool": pools("avgpool"),
    "gap": adaptive(),
    "rnn": recurrent("rnn"),
    "gru": recurrent("gru"),
    "lstm": recurrent("lstm"),
    "attention": attentions(),
}


def cells(m: Module) -> list[tuple[int, int]]:
    """Widths of the input and of the state of every cell of a recurrent module."""
    (h,) = m.w
    return [(m.x[-1] if i == 0 else h * m.directions, h) for i in range(m.layers) for _ in range(m.directions)]


def fvcore_conv(m: Module) -> int:
    return m.x[0] * prod(m.w) * prod((m.x if "upconv" in m.program else m.y)[2:])


def thop_conv(m: Module) -> int:
    return prod(m.y) * (m.x[1] // m.groups) * prod(m.w[2:])


def ptflops_conv(m: Module) -> int:
    positions = m.x[0] * prod((m.x if "upconv" in m.program else m.y)[2:])
    return prod(m.w[2:]) * m.x[1] * (m.y[1] // m.groups) * positions + m.bias * prod(m.y)


def torchinfo_conv(m: Module) -> int:
    return (prod(m.w) + m.bias * m.y[1]) * m.y[0] * prod(m.y[2:])


def torch_conv(x: tuple[int, ...], w: tuple[int, ...], y: tuple[int, ...], upwards: bool) -> int:
    """FlopCounterMode's one rule for the forward pass and, with axes 0 and 1 swapped, for the gradient of the weights."""
    return 2 * prod((x if upwards else y)[2:]) * prod(w[2:]) * x[0] * w[0] * w[1]


def torch_conv_train(m: Module) -> int:
    upwards = "upconv" in m.program

    def swapped(shape: tuple[int, ...]) -> tuple[int, ...]:
        return (shape[1], shape[0], *shape[2:])

    forward = torch_conv(m.x, m.w, m.y, upwards)
    to_input = torch_conv(m.y, m.w, m.x, not upwards)
    a, b = (m.y, m.x) if upwards else (m.x, m.y)
    return forward + to_input + torch_conv(swapped(a), swapped(b), swapped(m.w), False)


def torch_recurrent(m: Module, gates: int, train: bool) -> int:
    """The matrix products one by one: all inputs of a cell at once, its states step by step."""
    batch, steps, _ = m.x
    found = 0
    for width, h in cells(m):
        found += 2 * batch * steps * width * gates * h * (3 if train else 1)
        for step in range(steps):
            passes = 1 + train + (train and step > 0)  # forward, the weights, the state before
            found += 2 * batch * h * gates * h * passes
    return found


def aten_recurrent(m: Module, gates: int) -> int:
    """The products, and the bias of each that is one call with it: a transposed input of more than one row is not."""
    batch, steps, _ = m.x
    found = torch_recurrent(m, gates, False) // 2
    for i, (_, h) in enumerate(cells(m)):
        apart = i < m.directions and batch > 1 and steps > 1
        found += m.bias * batch * steps * gates * h * (1 if apart else 2)
    return found


def thop_cell(kind: str, width: int, h: int, bias: bool) -> int:
    gate = (width + h) * h + h + bias * 2 * h
    return {"rnn": gate, "gru": 3 * gate + h + 3 * h, "lstm": 4 * gate + 3 * h + h}[kind]


def thop_recurrent(kind: str) -> Callable[[Module], int]:
    return lambda m: m.x[0] * m.x[1] * sum(thop_cell(kind, width, h, m.bias) for width, h in cells(m))


def ptflops_cell(kind: str, width: int, h: int, bias: bool) -> int:
    gates, beside = {"rnn": (1, 1), "gru": (3, 1 + 3 + 3), "lstm": (4, 4 + 3 + 3)}[kind]
    return gates * h * width + gates * h * h + beside * h + bias * 2 * gates * h


def ptflops_recurrent(kind: str) -> Callable[[Module], int]:
    return lambda m: m.x[0] * m.x[1] * sum(ptflops_cell(kind, width, h, m.bias) for width, h in cells(m))


def ptflops_attention(m: Module) -> int:
    batch, t, c = m.x
    head = t * t * (c // m.heads) + t * t + t * t * (c // m.heads)
    return batch * (t * c + 3 * t * c * c + m.bias * 3 * t * c + m.heads * head + t * c * (c + 1))


def uthop_attention(m: Module) -> int:
    batch, t, c = m.x
    return batch * (c * (2 * t * c + 2 * t * c) + 2 * t * t * c) + batch * m.heads * t * (t + (t - 1) + t)


def uthop_adaptive(m: Module) -> int:
    windows = (
        o if i == o else sum((j * i + i + o - 1) // o - j * i // o for j in range(o))
        for i, o in zip(m.x, m.y, strict=True)
    )
    return prod(windows) + prod(m.y)


RULES: dict[str, dict[str, Callable[[Module], int]]] = {
    "fvcore@0.1.5": {
        "conv": fvcore_conv,
        "dwconv": fvcore_conv,
        "upconv": fvcore_conv,
        "linear": lambda m: prod(m.x) * m.w[0],
        "bn": lambda m: prod(m.x) * (2 if m.w else 1),
        "layernorm": lambda m: prod(m.x) * (5 if m.w else 4),
        "groupnorm": lambda m: prod(m.x) * (5 if m.w else 4),
        "maxpool": lambda m: 0,
        "avgpool": lambda m: 0,
        "gap": lambda m: prod(m.x),
        "rnn": lambda m: 0,
        "lstm": lambda m: 0,
        "attention": lambda m: 0 if m.bias and m.heads % 2 == 0 else 4 * prod(m.x) * m.x[-1],
    },
    "fvcore@0.1.5-grad": {"attention": lambda m: 4 * prod(m.x) * m.x[-1]},
    "thop@0.1.1": {
        "conv": thop_conv,
        "dwconv": thop_conv,
        "upconv": thop_conv,
        "linear": lambda m: m.w[1] * prod(m.y),
        "bn": lambda m: 2 * prod(m.x) * (2 if m.w else 1),
        "layernorm": lambda m: 2 * prod(m.x) * (2 if m.w else 1),
        "groupnorm": lambda m: 0,
        "maxpool": lambda m: 0,
        "avgpool": lambda m: prod(m.y),
        "gap": lambda m: prod(m.x) + prod(m.y),
        "rnn": thop_recurrent("rnn"),
        "gru": thop_recurrent("gru"),
        "lstm": thop_recurrent("lstm"),
        "attention": lambda m: 0,
    },
    "ultralytics-thop@2.1": {
        "conv": thop_conv,
        "upconv": lambda m: prod(m.x) * (m.y[1] // m.groups) * prod(m.w[2:]),
        "groupnorm": lambda m: 2 * prod(m.x) * (2 if m.w else 1),
        "avgpool": lambda m: prod(m.y) * prod(m.k) + prod(m.y),
        "gap": uthop_adaptive,
        "lstm": thop_recurrent("lstm"),
        "attention": uthop_attention,
    },
    "ptflops@0.7.5": {
        "conv": ptflops_conv,
        "dwconv": ptflops_conv,
        "upconv": ptflops_conv,
        "linear": lambda m: (m.x[-1] * m.y[-1] + m.bias * m.y[-1]) * prod(m.x[:-1]),
        "bn": lambda m: prod(m.x) * (2 if m.w else 1),
        "layernorm": lambda m: prod(m.x),
        "groupnorm": lambda m: prod(m.x) * (2 if m.w else 1),
        "maxpool": lambda m: 2 * prod(m.x),
        "avgpool": lambda m: 2 * prod(m.x),
        "gap": lambda m: 2 * prod(m.x),
        "rnn": ptflops_recurrent("rnn"),
        "gru": ptflops_recurrent("gru"),
        "lstm": ptflops_recurrent("lstm"),
        "attention": ptflops_attention,
    },
    "ptflops@0.7.5-aten": {
        "conv": ptflops_conv,
        "dwconv": ptflops_conv,
        "upconv": ptflops_conv,
        "linear": lambda m: prod(m.x) * m.w[0] + m.bias * prod(m.y),
        "bn": lambda m: 0,
        "rnn": lambda m: aten_recurrent(m, 1),
        "gru": lambda m: aten_recurrent(m, 3),
    },
    "torchinfo@1.8": {
        "conv": torchinfo_conv,
        "dwconv": torchinfo_conv,
        "upconv": torchinfo_conv,
        "linear": lambda m: m.y[0] * (prod(m.w) + m.bias * m.w[0]),
        "bn": lambda m: m.y[0] * 2 * prod(m.w) if m.w else 0,
        "layernorm": lambda m: m.y[0] * 2 * prod(m.w) if m.w else 0,
    },
    "torch@2.13": {
        "linear": lambda m: 2 * prod(m.x) * m.w[0],
        "gru": lambda m: torch_recurrent(m, 3, False),
        "lstm": lambda m: torch_recurrent(m, 4, False),
        "attention": lambda m: 2 * (4 * prod(m.x) * m.x[-1] + 2 * prod(m.x) * m.x[1]),
    },
    "torch@2.13-cpu": {
        "conv": lambda m: torch_conv(m.x, m.w, m.y, False),
        "upconv": lambda m: torch_conv(m.x, m.w, m.y, True),
        "linear": lambda m: 2 * prod(m.x) * m.w[0],
        "rnn": lambda m: torch_recurrent(m, 1, False),
        "gru": lambda m: torch_recurrent(m, 3, False),
        "lstm": lambda m: 0,
    },
    "torch@2.13-train": {
        "conv": torch_conv_train,
        "dwconv": torch_conv_train,
        "upconv": torch_conv_train,
        "linear": lambda m: 3 * 2 * prod(m.x) * m.w[0],
        "rnn": lambda m: torch_recurrent(m, 1, True),
        "gru": lambda m: torch_recurrent(m, 3, True),
        "lstm": lambda m: 0,
        "attention": lambda m: 3 * 2 * 4 * prod(m.x) * m.x[-1],
    },
}


@pytest.mark.parametrize("name, kind", [(name, kind) for name, rules in RULES.items() for kind in rules])
@examples(20)
@given(data=st.data())
def test_rules(name: str, kind: str, data: DataObject) -> None:
    """A convention is the rule of its tool for any size, not only for what the tool was run on."""
    module = data.draw(MODULES[kind])
    arch = symcost.parse(module.program)
    assert arch.output is not None
    if not {"linear", "layernorm", "rnn", "gru", "lstm", "attention"} & {kind}:
        assert arch.output.tuple() == module.y
    assert int(arch.cost(name)) == RULES[name][kind](module)


# ------------------------------------------------------------------------------------------ the founding articles


@pytest.mark.parametrize(
    "layer, asked, formula",
    [
        ("conv(K)-D(pad=same)", "layer-by-layer", "2*X^2*C*D*K^2"),
        ("fc-D", "layer-by-layer", "2*C*X^2*D"),
        ("bn", "layer-by-layer", "4*C*X^2"),
        ("relu", "layer-by-layer", "C*X^2"),
        ("maxpool(K)/1(pad=0)", "layer-by-layer", "(X - K + 1)^2*C*K^2"),
        ("avgpool(K)/1(pad=0)", "layer-by-layer", "2*(X - K + 1)^2*C*K^2"),
        ("conv(K)-D(pad=same)", "params-and-flops", "((K*K*C) + (K*K*C - 1) + 1)*X*X*D"),
        ("fc-D", "params-and-flops", "(C*X^2 + (C*X^2 - 1) + 1)*D"),
        ("relu", "params-and-flops", "0"),
    ],
)
def test_founding_articles(layer: str, asked: str, formula: str) -> None:
    """What the third article, and the first two, write for each kind of layer."""
    assert symcost.parse(f"sym K, D input C@X x X {layer}").cost(asked) == formula


def test_a_cost_of_the_user_is_a_named_unknown() -> None:
    net = symcost.parse("metric bops layer mine : d@T -> d@T { bops = 8*d*T; add = d*T } input 4@5 mine")
    assert net.macs.uncounted == ("add", "bops")
    assert net.cost("exact").uncounted == ("bops",)
