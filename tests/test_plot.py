"""Figures: what is drawn are the exact values, and a file is the same every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner

import symcost
from symcost.cli import cli

pytest.importorskip("matplotlib")

from symcost.plot import crossovers, curve, curves, parts, picture, points, shares, spaced, tex

NET = symcost.parse("input 3@X x X  conv3-8/2 relu conv3-16/2 gap fc-10", "net")
ROUND = symcost.parse("assume X % 32 == 0; input 3@X x X  conv3-8/32", "round")
TEXT = symcost.parse("input ids@T  embed(100)-64 attention(4) linear-256 gelu linear-64", "text")


def drawn(figure: Any) -> list[Any]:
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) > 1]


def said(figure: Any) -> set[str]:
    from matplotlib.text import Text

    return {t.get_text() for t in figure.findobj(Text)} - {""}


# ------------------------------------------------------------ values


def test_a_staircase_is_the_exact_cost() -> None:
    (line,) = drawn(NET.flops.plot("X", range(5, 200)))
    assert list(line.get_xdata()) == list(range(5, 200))
    assert list(line.get_ydata()) == [int(NET.flops.at(X=x)) for x in range(5, 200)]
    assert line.get_drawstyle() == "steps-post"


def test_a_sum_over_turns() -> None:
    """Its index is no symbol that the cost depends on."""
    first, second = (symcost.parse(f"sym n  input 3@99x99  [conv{k}-{c}/2] x n") for k, c in ((2, 13), (1, 30)))
    assert curve(first.macs, "n", range(1, 9)).values == tuple(first.macs.at(n=n).value for n in range(1, 9))
    signs = [(first.macs.at(n=n).value or 0) < (second.macs.at(n=n).value or 0) for n in range(1, 9)]
    wanted = tuple(n for n, (before, now) in enumerate(pairwise(signs), 2) if before != now)
    assert crossovers(first.macs, second.macs, "n", 1, 8) == wanted
    assert wanted


def test_only_where_the_network_exists() -> None:
    assert curve(ROUND.macs, "X", range(1, 100)).at == (32, 64, 96)
    found = curve(ROUND.macs, "X", range(1, 100))
    assert found.values == tuple(int(ROUND.macs.at(X=x)) for x in (32, 64, 96))
    assert not found.stepwise
    net = symcost.parse("input 3@X x X  conv7-8(pad=0)")
    assert curve(net.macs, "X", range(1, 20)).at == tuple(range(7, 20))


def test_axes_say_unit_and_convention() -> None:
    axes = NET.cost("exact").plot("X", range(5, 500)).axes[0]
    assert axes.get_ylabel() == "MFLOPs (convention: exact)"
    assert axes.get_xlabel() == "$X$"
    assert axes.yaxis.get_major_formatter()(2_500_000, 0) == "2.5"
    assert NET.params.plot("X", [5, 6]).axes[0].get_ylabel() == "k parameters"
    both = curves({"a": NET.macs, "b": NET.flops}, "X", range(5, 300)).axes[0]
    assert both.get_ylabel() == "MMACs or MFLOPs"


def test_logarithmic_with_slopes() -> None:
    figure = curves({"work": TEXT.macs, "weights": TEXT.params}, "T", spaced(16, 4096, log=True), log=True)
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["work (slope 2)", "weights (slope 0)"]
    assert "slope 2" in said(TEXT.macs.plot("T", [16, 64, 256], log=True))


def test_jumps() -> None:
    figure = NET.flops.plot("X", range(200, 250), jumps=1)
    jump = max(range(201, 250), key=lambda x: int(NET.flops.at(X=x)) - int(NET.flops.at(X=x - 1)))
    part = Fraction(int(NET.flops.at(X=jump)), int(NET.flops.at(X=jump - 1))) - 1
    assert f"+{float(part) * 100:.1f}\u2009% at {jump}" in said(figure)


@pytest.mark.parametrize("first", [200, 202, 204])
def test_labels_of_jumps_stand_inside_the_axes(first: int) -> None:
    figure = NET.flops.plot("X", range(first, first + 20), jumps=100)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    frame = axes.get_window_extent()
    labels = [text.get_window_extent() for text in axes.texts if " at " in text.get_text()]
    assert len(labels) > 2 and all(frame.x0 <= label.x0 and label.x1 <= frame.x1 for label in labels)


@pytest.mark.parametrize(
    "first, last, step", [(1, 10, 1), (32, 100_000, 1), (3, 99_000, 7), (Fraction(1, 4), 1, Fraction(1, 8))]
)
@pytest.mark.parametrize("log", [False, True])
def test_spaced(first: Any, last: Any, step: Any, log: bool) -> None:
    found = spaced(first, last, step, log=log)
    assert found[0] == first and last - step < found[-1] <= last
    assert found == sorted(set(found)) and len(found) <= 1001
    assert all((x - first) % step == 0 for x in found)


# ------------------------------------------------------------ crossovers


def test_crossovers_are_exact() -> None:
    one = symcost.parse("input 3@X x X  conv3-8/2")
    other = symcost.parse("input 3@X  conv1-1000")
    signs = [(x, int(one.macs.at(X=x)) - int(other.macs.at(X=x))) for x in range(1, 200)]
    kept = [(x, s > 0) for x, s in signs if s]
    expected = tuple(x for (_, a), (x, b) in pairwise(kept) if a != b)
    assert expected
    assert crossovers(one.macs, other.macs, "X", 1, 199) == expected
    assert crossovers(one.macs, other.macs, "X", 1, 10**6) == expected  # by the signs, not one by one
    figure = curves({"one": one.macs, "other": other.macs}, "X", range(1, 200))
    assert f"$X = {expected[-1]}$" in said(figure)
    marks = [line.get_xdata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert marks == list(expected)


def test_crossovers_where_both_exist() -> None:
    a = symcost.parse("assume X % 8 == 0; input 1@X x X  conv1-1")
    b = symcost.parse("input 1@X  conv1-20")
    assert crossovers(a.macs, b.macs, "X", 1, 100) == (24,)
    assert crossovers(a.macs, b.macs, "X", 1, 10**6) is None


# ------------------------------------------------------------ parts


@pytest.mark.parametrize("by", ["kind", "layer", "block", "block:2"])
@pytest.mark.parametrize("cost", ["flops", "exact", "params", "activations", "thop"])
def test_parts_add_up(by: str, cost: str) -> None:
    from symcost.zoo import load

    net = load("resnet").net("resnet", 3, 4, 6, 3).at(B=1, H=64, W=64)
    assert sum(int(part) for part in parts(net, by, cost).values()) == int(net.cost(cost))


def test_blocks_of_one_name_are_told_apart() -> None:
    from symcost.zoo import load

    names = list(parts(load("gpt").net("gpt2", 12, 768, 12), "block"))
    assert names == ["prenorm_ln: attention", "prenorm_ln: mlp", "unembed"]


def test_shares_are_exact() -> None:
    figure = shares(TEXT, "T", range(1, 50), by="kind")
    axes = figure.axes[0]
    assert axes.get_ylabel() == "% of FLOPs (convention: flops)"
    bands = [c for c in axes.collections if c.get_label() in parts(TEXT, "kind")]
    tops = [max(band.get_paths()[0].vertices[:, 1]) for band in bands]
    assert tops[-1] == pytest.approx(100)
    first = parts(TEXT, "kind")[bands[0].get_label()]
    assert tops[0] == float(max(100 * Fraction(int(first.at(T=t)), int(TEXT.flops.at(T=t))) for t in (1, 49)))


def test_one_bar_with_the_rest_added_up() -> None:
    from symcost.zoo import load

    net = load("resnet").net("resnet", 3, 4, 6, 3).at(B=1, H=224, W=224)
    axes = shares(net, by="layer", most=3).axes[0]
    assert len(axes.containers) == 4 and axes.containers[-1].get_label().endswith(" others")
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(100)


def test_points() -> None:
    net = symcost.parse("input 3@8x8  sym C; conv3-C conv3-C")
    (line,) = drawn(points({"net": (net.params, net.flops)}, "C", range(1, 6)))
    assert list(line.get_xdata()) == [int(net.params.at(C=c)) for c in range(1, 6)]
    assert list(line.get_ydata()) == [int(net.flops.at(C=c)) for c in range(1, 6)]
    figure = points({n: (net.at(C=c).params, net.at(C=c).flops) for n, c in (("a", 2), ("b", 3))})
    assert {"a", "b", "parameters", "kFLOPs (convention: flops)"} <= said(figure)


# ------------------------------------------------------------ files

HEADS = {"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG", "pgf": b"%% Creator"}


@pytest.mark.parametrize("form", HEADS)
def test_files(form: str, tmp_path: Path) -> None:
    if form == "pgf" and shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex")
    path = tmp_path / f"figure.{form}"
    words = ["plot", "input 3@X x X  conv3-8/2", "--over", "X=1..64", "--label", "a_b & 5 $ #", "-o", str(path)]
    done = CliRunner().invoke(cli, words)
    assert (done.exit_code, done.output) == (0, "")
    assert path.read_bytes().startswith(HEADS[form])
    again = CliRunner().invoke(cli, words)
    assert again.exit_code == 1 and "file-exists" in again.output
    assert CliRunner().invoke(cli, [*words, "--force"]).exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_same_bytes() -> None:
    code = (
        "import symcost, sys; from symcost.plot import *\n"
        "n = symcost.parse('input 3@X x X  conv3-8/2 relu fc-10')\n"
        "f = curves({'a': n.macs, 'b': n.flops}, 'X', range(1, 99)), shares(n, 'X', range(1, 99), by='layer')\n"
        "for x in f: sys.stdout.buffer.write(picture(x, 'svg') + picture(x, 'pdf'))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert len(runs[0].stdout) > 10_000
    assert runs[0].stdout == runs[1].stdout


def test_the_style_of_others_is_left_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    picture(NET.flops.plot("X", range(5, 9)), "png")
    assert dict(matplotlib.rcParams) == before
    assert (
        "matplotlib.pyplot"
        not in subprocess.run(
            [
                sys.executable,
                "-c",
                "import symcost, sys; symcost.parse('input 3@X x X  conv3-8').flops.plot('X', [1, 2]); print(*sys.modules)",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )


def test_text_for_tex() -> None:
    assert tex(r"a_b & \$ 5 % $X_{1}$ c#d") == r"a\_b \& \textdollar{} 5 % $X_{1}$ c\#d"


# ------------------------------------------------------------ errors


@pytest.mark.parametrize(
    "words, code, message",
    [
        (["input 3@X x Y  conv3-8", "--over", "X=1..9"], 1, "the cost depends on Y too"),
        (["input 3@X x X  conv3-8", "--over", "Y=1..9"], 1, "there is no symbol 'Y' here"),
        (["input 3@X x X  conv3-8", "--over", "X=9..1"], 2, "from a smaller to a larger value"),
        (["input 3@X x X  conv3-8"], 2, "say what to plot"),
        (["input 3@X x X  conv3-8", "--by", "kind"], 1, "the shares depend on X"),
        (["input 3@X x X  conv3-8", "--by", "sort", "--over", "X=1..9"], 1, "a network has no parts by 'sort'"),
        (["input 3@X x X  relu", "--by", "kind", "--over", "X=1..9"], 1, "the shares of nothing"),
        (["input 3@X x X  conv7-8(pad=0)", "--over", "X=1..6"], 1, "the network does not exist at X = 1"),
    ],
)
def test_errors(words: list[str], code: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    done = CliRunner().invoke(cli, ["plot", *words, "-o", str(path)])
    assert (done.exit_code, path.exists()) == (code, False)
    assert message in " ".join(done.output.split())


def test_an_unknown_form() -> None:
    done = CliRunner().invoke(cli, ["plot", "input 3@X x X  conv3-8", "--over", "X=1..9", "-o", "figure.gif"])
    assert done.exit_code == 2 and "does not end in .pdf, .svg, .pgf or .png" in done.output


def test_an_empty_range() -> None:
    with pytest.raises(symcost.SymcostError, match="no values for 'X'"):
        NET.flops.plot("X", range(0))


def test_without_matplotlib() -> None:
    with patch.dict(sys.modules, {"matplotlib": None}), pytest.raises(symcost.SymcostError, match="symcost\\[plot\\]"):
        NET.flops.plot("X", range(5, 9))
