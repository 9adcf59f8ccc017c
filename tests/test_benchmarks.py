"""The benchmark is run by hand; what it rests on is so, and its verdicts follow from its figures."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import symcost
from symcost.parser import parse

ROOT = Path(__file__).parent.parent / "benchmarks"
PAIRS = tomllib.loads((ROOT / "equality.toml").read_text(encoding="utf-8"))["pair"]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module of the benchmark by its name."""
    monkeypatch.syspath_prepend(str(ROOT))
    before = set(sys.modules)
    yield import_module
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == ROOT:
            del sys.modules[name]


@pytest.mark.parametrize("entry", PAIRS, ids=[pair["title"] for pair in PAIRS])
def test_a_pair_is_as_its_entry_says(entry: dict[str, Any], module: Any) -> None:
    """By our proof, and by SymPy's numbers at points."""
    algebra = module("algebra")
    question = algebra.Question.of(entry)
    verdict = question.ours()
    assert verdict.equal is entry.get("equal", True), verdict
    algebra.confirmed(verdict, question.difference())


def test_a_wrong_verdict_would_be_found(module: Any) -> None:
    algebra = module("algebra")
    equal, unequal = (algebra.Question.of(entry) for entry in (PAIRS[0], PAIRS[-1]))
    for question, wrong in ((equal, equal.difference() + 1), (unequal, 0 * unequal.difference())):
        with pytest.raises(AssertionError):
            algebra.confirmed(question.ours(), wrong)


def test_every_sum_is_that_of_its_turns(module: Any) -> None:
    algebra = module("algebra")
    for term in algebra.TERMS:
        closed = algebra.closed(term)
        algebra.added_up(term, closed)
        with pytest.raises(AssertionError):
            algebra.added_up(term + 1, closed)


@pytest.mark.parametrize("side", [32, 97, 224, 225])
@pytest.mark.parametrize("net", ["resnet_152_written", "equal", "different"])
def test_integers_count_what_symbols_count(net: str, side: int, module: Any) -> None:
    make = getattr(module("networks"), net)
    text = make() if net == "resnet_152_written" else make(60)
    ours = symcost.parse(text).at(X=side)
    assert module("plain").counted(parse(text), side) == (ours.params, ours.macs, ours.activations)


def test_both_forms_of_resnet_152_are_one_network(module: Any) -> None:
    networks = module("networks")
    blocks, written = symcost.parse(networks.RESNET_152), symcost.parse(networks.resnet_152_written())
    assert (blocks.params, blocks.macs, blocks.activations) == (written.params, written.macs, written.activations)
    assert blocks.params == 60192808


@pytest.mark.parametrize(
    "figures, met, ratio",
    [
        ({"ours": 3.0, "theirs": 2.0, "most": 1.5}, True, "1.50"),
        ({"ours": 3.1, "theirs": 2.0, "most": 1.5}, False, "1.55"),
        ({"ours": 1.0, "theirs": 99.0, "least": 100}, False, "99"),
        ({"ours": 1.0, "theirs": 100.0, "least": 100}, True, "100"),
        ({"ours": 2.0, "theirs": 1.0}, None, "2.00"),
        ({"ours": 2.0, "theirs": 1.0, "least": 0}, None, "0.50"),
        ({"ours": 1.0, "theirs": 1.0, "ratio": 70.0, "least": 50}, True, "70"),
        ({"ours": 1.0, "least": 50, "missing": "not installed"}, None, ""),
        ({"ours": 1.0, "wrong": True}, False, ""),
    ],
)
def test_verdicts(figures: dict[str, Any], met: bool | None, ratio: str, module: Any) -> None:
    line = module("measure").Line("x", against="y", **figures)
    assert line.met is met
    assert line.cells()[4] == ratio
    assert line.cells()[6] == {True: "yes", False: "NO", None: ""}[met]


def test_the_command_prints_a_table() -> None:
    command = [sys.executable, str(ROOT / "run.py"), "depth", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode in (0, 1), done.stderr
    assert "x 1000000" in done.stdout and "<= 1.5" in done.stdout


def test_the_page_leaves_empty_columns_out(module: Any) -> None:
    measure, run = module("measure"), module("run")
    lines = [measure.Line("a|b", 0.25, "c", 0.5, most=2), measure.Line("left open", note="x; y")]
    assert run.markdown("T", lines) == (
        "### T\n\n| what | ours | against | theirs | ratio | target | met |\n| --- | --: | --- | --: | --: | --- | --- |\n"
        "| a\\|b | 250 ms | c | 500 ms | 0.50 | <= 2 | yes |\n\nleft open: x; y.\n"
    )
    assert run.markdown("T", [measure.Line("a", 2.0)]) == "### T\n\n| what | ours |\n| --- | --: |\n| a | 2 s |\n"
