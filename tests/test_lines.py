r"""Long formulas on several lines: they are the same formulas, and each line is as wide as it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import Formula, formulas, powers, roundings
from strategies import examples
from test_latex_formula import value

import symcost
from symcost import zoo
from symcost.forms import presentable
from symcost.graph.values import Evaluator
from symcost.latex_formula import Names, read_formula
from symcost.prove import compare
from symcost.render.lines import LINE, broken, flat, sums, width
from symcost.sizes.notation import LATEX, TYPST, latex_text, parts

NETS = {
    "alexnet": "alexnet",
    "densenet": "densenet",
    "mvit": "mvit_v2",
    "resnet": "resnet",
    "unet": "unet",
    "video": "swin_3d",
    "vit": "vit",
    "wideresnet": "wrn",
}


def joined(lines: list[str]) -> str:
    return " \\\\\n&\\quad ".join(lines)


# ------------------------------------------------------------ the formula is the same


@given(formulas() | roundings() | powers(), st.sampled_from([30, 60, 100, 200, 340]))
@examples(300)
def test_reads_back(formula: Formula, room: int) -> None:
    for size in (formula.size, presentable(formula.size)):
        lines = broken(latex_text(size), room)
        assert compare(value(joined(lines)), formula.size).equal is True, lines


def read_back(net: symcost.Architecture, rooms: tuple[int, ...]) -> None:
    for cost in (net.params, net.macs, net.cost("exact"), net.activations):
        names = Names({*cost.domain.symbols, *(q.name for q in cost.domain.named)})
        for room in rooms:
            lines = broken(cost.latex(), room)
            assert Evaluator(cost.domain.scope()).size(read_formula(joined(lines), names)) == cost._size, lines


@pytest.mark.parametrize("family", NETS)
def test_costs_read_back(family: str) -> None:
    read_back(zoo.load(family).net(NETS[family]), (65, 280))


@pytest.mark.slow
@pytest.mark.parametrize("family, name", [(family, name) for family in zoo.families() for name in zoo.nets(family)])
def test_costs_of_the_zoo_read_back(family: str, name: str) -> None:
    try:
        net = zoo.load(family).net(name)
    except symcost.SymcostError:
        pytest.skip("its parameters are numbers")
    read_back(net, (65, 150, 280, 340))


def test_ratios_read_back() -> None:
    """A quotient of two long sums, on one line and on several, alone and before another factor."""
    top, bottom = (" + ".join(f"{n} {x}^{{{n}}}" for n in range(2, 30)) for x in "XY")
    for quotient in (
        rf"1 - \frac{{{top}}}{{{bottom}}}",
        rf"2 \frac{{{top}}}{{{bottom}}} P",
        rf"\frac{{P \left({top}\right)}}{{12}} + 1",
    ):
        for room in (80, 200, 340):
            lines = broken(quotient, room)
            assert len(lines) > 3
            assert compare(value(joined(lines)), value(quotient)).equal is True


def test_typst_keeps_every_sign() -> None:
    """Without its new signs the broken formula is the old one, where no fraction was taken apart."""
    for family, name in NETS.items():
        for cost in (zoo.load(family).net(name).params, zoo.load(family).net(name).macs):
            whole = cost.text(TYPST)
            for room in (150, 280):
                lines = broken(whole, room, typst=True)
                if "frac(1," not in "".join(lines):
                    plain = re.sub(r'\s|quad|"" ?dot|""|\\', "", "".join(lines))
                    assert re.sub("⌊(.*?)⌋", r"floor(\1)", plain) == re.sub(r"\s", "", whole)


def test_a_number_is_never_broken() -> None:
    for room in (1, 10, 40):
        lines = broken(r"1\,234\,567 \cdot 89\,012 X", room)
        assert " ".join(lines).count(r"1\,234\,567") == " ".join(lines).count(r"89\,012") == 1


# ------------------------------------------------------------ where it is broken


def test_before_signs_the_outermost_first() -> None:
    terms = " + ".join(
        rf"{i}{i} \left\lfloor \frac{{H}}{{{i}}} \right\rfloor C_{{\mathrm{{out}}}}" for i in range(2, 20)
    )
    for line in broken(terms, 200)[1:]:
        assert line.startswith("{} + ")
    lines = broken(rf"B \left({terms}\right)", 200)
    assert lines[0].startswith(r"B \biggl(") and lines[-1].endswith(r"\biggr)")
    assert all(line.startswith(r"\quad {} + ") for line in lines[1:])
    assert broken("a + b", 200) == ["a + b"]


@pytest.mark.parametrize(
    "formula, room, lines",
    [
        ("a b c + d e f", 30, ["a b c", "{} + d e f"]),
        (r"\frac{a + b + c + d + e}{2}", 50, [r"\frac{1}{2} \bigl(a + b", r"\quad {} + c + d", r"\quad {} + e\bigr)"]),
        (r"\min\left(a + b, c + d\right)", 60, [r"\min\bigl(a + b,", r"\quad c + d\bigr)"]),
        ("A B C D E F", 40, ["A B C D", r"\quad {} \cdot E F"]),
        (r"x \ge a + b", 30, [r"x \ge a", r"\quad {} + b"]),
    ],
)
def test_broken(formula: str, room: int, lines: list[str]) -> None:
    assert broken(formula, room) == lines


def test_sums() -> None:
    assert [sums(f) for f in ("a + b", "-a", r"\left(a + b\right) c", r"\frac{a + b}{2}", "a - b")] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_flat() -> None:
    assert flat(r"\left(a + b\right) \left\lfloor x \right\rfloor") == r"(a + b) \left\lfloor x \right\rfloor"


# ------------------------------------------------------------ how wide it is


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")
def test_widths_are_those_of_tex(tmp_path: Path) -> None:
    """Hardly ever narrower: a fraction in a fraction is given some room too many."""
    costs = [zoo.load(f).net(n).cost(c) for f, n in NETS.items() for c in ("params", "macs", "activations")]
    pool = {written.strip(" +-") for cost in costs for written, _ in parts(cost._presentable, LATEX)[1]}
    chosen = Random(0).sample(sorted(pool), min(300, len(pool)))
    boxes = "\n".join(rf"\setbox0\hbox{{$\displaystyle {f}$}}\typeout{{W {i} \the\wd0}}" for i, f in enumerate(chosen))
    document = rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{boxes}\end{{document}}"
    (tmp_path / "widths.tex").write_text(document, encoding="utf-8")
    log = subprocess.run(["pdflatex", "-interaction=batchmode", "widths.tex"], cwd=tmp_path, capture_output=True)
    assert log.returncode == 0
    found = re.findall(r"W (\d+) ([\d.]+)pt", (tmp_path / "widths.log").read_text(encoding="latin-1"))
    assert len(found) == len(chosen) > 100
    ratios = {chosen[int(i)]: float(w) / width(chosen[int(i)]) for i, w in found}
    assert [(f, r) for f, r in ratios.items() if not 0.85 < r < 1.02] == []
    assert median(ratios.values()) > 0.97
    assert LINE * 1.01 <= 345.5  # so that a line that says it fits does
