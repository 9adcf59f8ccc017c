"""A short run of the search of `searches.fuzz`, and that the search finds what it looks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from searches import fuzz, inputs
from searches.targets import TARGETS, Broken, Target, with_numbers
from symcost.parser import parse

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the search needs POSIX signals and fork"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),  # by pytest-xdist
]

INPUTS = {"count": 25, "cli": 40, "prove": 40}


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_a_diagnostic_comes_out(target: str) -> None:
    outcomes = set()
    for number in range(INPUTS.get(target, 80)):
        data = fuzz.made(target, 1, number)
        outcome, what, where = fuzz.asked(TARGETS[target], data)
        assert not where, f"{data!r}\n{what}"
        outcomes.add(outcome)
    assert len(outcomes) > 1, "some inputs are accepted, and some are refused"


@pytest.mark.parametrize("target", TARGETS)
def test_an_input_has_a_name(target: str) -> None:
    assert fuzz.made(target, 1, 7) == fuzz.made(target, 1, 7) != fuzz.made(target, 2, 7)


# ------------------------------------------------------------------------------------------------- what it would find


def breaks(data: bytes) -> str:
    if b"relu" in data:
        raise KeyError("relu")
    return "fine"


def lies(data: bytes) -> str:
    if b"relu" in data:
        raise Broken("nothing rectifies", data.decode())
    return "fine"


def hangs(data: bytes) -> str:
    while b"relu" in data:
        pass
    return "fine"


def dies(data: bytes) -> str:
    if b"relu" in data:
        os._exit(3)
    return "fine"


@pytest.mark.parametrize(
    ("ask", "where"),
    [
        (breaks, "KeyError outside symcost"),
        (lies, "Broken: nothing rectifies"),
        (hangs, "TooLong "),
        (dies, "the process ended with 3"),
    ],
)
def test_what_is_found(
    ask: Callable[[bytes], str], where: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make(random: Random) -> bytes:
        return b"input 3@8x8 conv3-8 relu" if random.random() < 0.3 else b"input 3@8x8 tanh"

    monkeypatch.setitem(TARGETS, "asked", Target(make, ask))
    monkeypatch.setattr(fuzz, "FOLDER", tmp_path)
    monkeypatch.setattr(fuzz, "SECONDS", 0.1)
    results = fuzz.Results()
    fuzz.search("asked", 0, 0, 10, results, 1e18)
    assert results.tried == 10
    assert [f.where for f in results.findings.values()] == [where]
    kept = next(tmp_path.iterdir()).read_bytes()
    assert kept == (b"relu" if ask in (breaks, lies) else b"input 3@8x8 conv3-8 relu")


def test_the_exit_code_tells(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["latex", "-n", "20"]) == 0
    assert "latex: 20 inputs in" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        fuzz.main(["bogus"])


# --------------------------------------------------------------------------------------------------- how inputs are made


def test_numbers_are_put_in() -> None:
    text = "sym n, K = 3\nassume X > n\ninput C@X x 8 conv(K)-n"
    values = dict.fromkeys(("n", "C", "X"), 5)
    expected = "let n = (5) let C = (5) let X = (5)\n sym K = 3 \nassume (5) > (5)\ninput (5)@(5) x 8 conv(K)-n"
    assert with_numbers(parse(text), text, values) == expected  # type: ignore[arg-type]


def test_texts_are_gathered() -> None:
    assert len(inputs.short_programs()) > 500
    assert len(inputs.latex()) > 300
    assert len(inputs.steps()) > 1000
    assert {kind: out for kind, out in inputs.ranks()[2].items() if kind in ("conv", "fc", "gap", "lstm")} == {
        "conv": 2,
        "fc": 0,
        "gap": 0,
    }


def test_what_is_composed_is_often_a_network() -> None:
    said = [fuzz.asked(TARGETS["check"], inputs.composed(Random(number)))[0] for number in range(60)]
    assert said.count("counted") > 15


def test_derivations_are_programs() -> None:
    """Words of one kind may be read as another where they stand; most texts are what they were derived as."""
    found = 0
    for number in range(100):
        text = inputs.language().derived(Random(number), "start")
        try:
            parse(text)
            found += 1
        except Exception:
            continue
    assert found > 50
