"""What is pasted into a paper: it compiles as it is, in LaTeX and in Typst, and says what its symbols mean.

Compiling is skipped where there is no LaTeX (``pdflatex``) or no ``typst`` package.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import symcost
from symcost import zoo
from symcost.render.document import Document, rendered
from symcost.render.naming import naming
from symcost.render.symbols import meanings
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.notation import LATEX, TYPST, text, typst_name

# A dozen and more, of every sort: long tables, repeats, loops, named sizes, conditions, several inputs, real multipliers.
NETS = {
    "alexnet": "alexnet",
    "vgg": "vgg",
    "resnet": "resnet",
    "densenet": "densenet",
    "mobilenet": "mobilenet_v2",
    "unet": "unet",
    "vit": "vit",
    "bert": "bert",
    "llama": "llama",
    "mixtral": "mixtral",
    "mamba": "mamba",
    "swin": "swin",
    "convnext": "convnext_net",
    "whisper": "whisper",
}
PROGRAMS = {
    "one layer": "sym K, Cout, s, P: nat; input Cin@X x X; conv(K)-Cout/s(pad=P) : Cout@M x M",
    "a visible sum": "sym n input 8@X for i in 1..n { conv1-8(groups=gcd(i, 8)) }",
    "brackets": "sym s, alpha: real input C@H x W residual(when=s == 1) { conv3-C/s } linear-(ceil(alpha*C))",
    "an integer": "input C@T linear-(sqrt(C))",
    "escapes": "input my_tensor@T_1 linear-10 metric cost_a = 2*mac",
    "no symbols": "input 3@224x224 conv3-64 maxpool",
}


def pages(form: str, standalone: bool = True) -> Iterator[tuple[str, str]]:
    for family, net in NETS.items():
        document = Document(zoo.load(family).net(net), family, standalone=standalone)
        yield family, rendered(document, form)
    for name, program in PROGRAMS.items():
        yield name, rendered(Document(symcost.parse(program), name, standalone=standalone), form)


def environments(latex: str) -> list[str]:
    """Environments that are not closed, or closed and not open."""
    open_: list[str] = []
    for word, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", latex):
        if word == "begin":
            open_.append(name)
        elif not open_ or open_.pop() != name:
            return [name]
    return open_


def test_fragments_are_balanced_and_name_their_packages() -> None:
    for name, page in pages("latex", standalone=False):
        assert environments(page) == [], name
        assert page.count("{") == page.count("}"), name
        first = page.splitlines()[0]
        assert first.startswith("% needs \\usepackage{amsmath}")
        for command, package in (("\\toprule", "booktabs"), ("begin{longtable}", "longtable"), ("\\mathbb", "amssymb")):
            assert (command in page) == (f"{{{package}}}" in first), (name, package)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")
def test_latex_compiles(tmp_path: Path) -> None:
    """Every page, without an error, a warning or a line that sticks out."""
    for name, page in pages("latex"):
        (tmp_path / "page.tex").write_text(page, encoding="utf-8")
        for _ in range(2):  # a long table finds its widths in the second run
            command = ["pdflatex", "-interaction=nonstopmode", "page.tex"]
            log = subprocess.run(command, cwd=tmp_path, capture_output=True).stdout.decode("latin-1")
        assert re.findall(r"^!.*|^.*Warning.*|^Overfull.*", log, re.M) == [], name


def test_typst_compiles(tmp_path: Path) -> None:
    typst = pytest.importorskip("typst")
    for _, page in pages("typst"):
        (tmp_path / "page.typ").write_text(page, encoding="utf-8")
        assert typst.compile(str(tmp_path / "page.typ"), format="pdf")[:4] == b"%PDF"


# ------------------------------------------------------------------------------------------ what it says


def test_symbols_are_defined() -> None:
    net = symcost.parse("sym B, K, n set batch = B input C@H x W conv(K)-64/2 [conv3-64 relu] x n")
    assert meanings(net) == {
        "B": "batch",
        "K": "kernel side of conv(K)-64/2",
        "n": "number of repeats of conv3-64",
        "C": "input channels",
        "H": "height of the input",
        "W": "width of the input",
    }


def test_experts_are_symbols_and_long_layers_are_called_by_their_kind() -> None:
    net = symcost.parse(
        "sym E, k, h, g input d@T attention(heads=h, kv_heads=g, bias=false) experts(E, active=k) { linear-8 }"
    )
    assert meanings(net) == {
        "E": "number of experts",
        "k": "experts that a token uses",
        "h": "heads of attention",
        "g": "key and value heads of attention",
        "d": "input channels",
        "T": "length of the input",
    }


def test_shapes_are_products_of_the_sides() -> None:
    """The number of patches is written as the square it is; a program reads it as it is kept."""
    document = Document(symcost.parse("sym p, d input 3@X x X conv(p)-d/p tokens linear-d"), "vit")
    assert "d@(⌈X/p⌉²)" in rendered(document, "text") and "⌊" not in rendered(document, "text")
    assert "d@(floor((X - 1)/p)^2 + 2*floor((X - 1)/p) + 1)" in rendered(document, "json")
    for row in document.rows:
        for shown, size in zip(document.shape(row.output).dims, row.output.dims, strict=True):
            for values in ({"X": 100, "p": 16}, {"X": 7, "p": 7}, {"X": 3, "p": 5}):
                there = {s: Size.of(values[s.name]) for s in size.symbols()}
                assert shown.subs(there) == size.subs(there)


def test_leading_terms_are_said() -> None:
    """In LaTeX and Typst, of the costs that have others: T is bounded, h and V have one."""
    document = Document(zoo.load("gpt").net("gpt2"), "gpt2")
    assert {
        names: {label: str(size) for label, size in found.items()} for names, found in document.asymptotes.items()
    } == {
        ("L", "d"): {"parameters": "12*L*d^2"},
        ("B", "L", "d"): {"MACs": "12*B*L*T*d^2", "FLOPs": "24*B*L*T*d^2", "activations": "14*B*L*T*d"},
    }
    assert r"As $L$, $d \to \infty$, parameters ${}\sim 12 L d^{2}$." in rendered(document, "latex")
    assert "As $L, d -> oo$, parameters $tilde.op 12 L d^(2)$." in rendered(document, "typst")
    assert Document(symcost.parse("input C@T linear-4(bias=false)"), "x").asymptotes == {}  # it is the cost itself


def test_sizes_are_named_once() -> None:
    net = zoo.load("resnet").net("resnet", 3, 4, 6, 3)
    document = Document(net, "resnet")
    assert [f"{n} = {text(m, LATEX)}" for n, m in document.naming.meanings.items()][:2] == [
        r"H1 = \left\lceil \frac{H}{2} \right\rceil",
        r"W1 = \left\lceil \frac{W}{2} \right\rceil",
    ]
    assert len(document.naming.meanings) == 10
    assert rendered(document, "latex").count(r"\lceil \frac{H}{4}") == 1


def test_names_do_not_change_a_value() -> None:
    """A formula in named sizes, with their meanings put in again, is the formula."""
    for family, net in NETS.items():
        document = Document(zoo.load(family).net(net), family)
        back = {Symbol(n, low=None): m for n, m in document.naming.meanings.items()}
        for label, cost in document.costs.items():
            plain = Document(document.net, family, exact=True).costs[label]
            assert plain.domain.public(cost._size.subs(back)) == plain.domain.public(plain._size), (family, label)


def test_one_rounded_size_has_no_name() -> None:
    net = symcost.parse("input C@X conv3-8/2")
    assert Document(net, "x").naming.meanings == {}
    assert naming([], []).meanings == {}


def test_names_are_free() -> None:
    net = symcost.parse("sym X1 input X1@X conv3-8/2 conv3-8/2 conv3-8/2")
    assert list(Document(net, "x").naming.meanings) == ["X2", "X3", "X4"]


@pytest.mark.parametrize(
    "name, written",
    [("Cin", 'C_"in"'), ("H1", "H_1"), ("alpha", "alpha"), ("k_h", "k_h"), ("width", '"width"'), ("x", "x")],
)
def test_names_in_typst(name: str, written: str) -> None:
    assert typst_name(name) == written
    assert text(Size.of(Symbol(name)), TYPST) == written


def test_symbols_are_written_as_the_user_asks() -> None:
    document = Document(symcost.parse("input Cin@T linear-4"), "x", styles={"Cin": r"d_{\mathrm{model}}"})
    assert r"4 d_{\mathrm{model}} + 4" in rendered(document, "latex")
