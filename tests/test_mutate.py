"""The driver of mutation testing: it changes what it says it changes, and notices what a test notices."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from searches import mutate
from searches.inputs import PACKAGE
from searches.mutants import Mutant, Mutated
from searches.mutate import Tried, equivalents, found, run, sites

# by pytest-xdist
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

CHANGED = """
def f(a, b):
    "Says what it does."
    assert a < 5, "no"
    total = 0
    for x in a:
        if not x and len(x) > 1:
            continue
        total += x % 2
    return min(total, -b) if "word" in b else "some words"

class C:
    @property
    def p(self):
        return [x for x in self if x == 3]

def h():
    def inner(a: int | None, b: "word" = 1) -> int | None:
        return a
"""
MUTANTS = {
    ("f", "total = 0"): {"0 -> 1"},
    ("f", "if"): {"if not x and len(x) > 1: -> if not (not x and len(x) > 1):", "continue -> pass"},
    ("f", "and"): {
        "not x and len(x) > 1 -> not x or len(x) > 1",
        "not x -> not not x",
        "len(x) > 1 -> len(x) >= 1",
        "1 -> 2",
    },
    ("f", "+="): {"total += x % 2 -> total -= x % 2", "total += x % 2 -> pass", "x % 2 -> x // 2", "2 -> 3"},
    ("f", "return"): {
        "return min(total, -b) if 'word' in b else 'some words' -> return None",
        "min(total, -b) if 'word' in b else 'some words' -> min(total, -b) if not 'word' in b else 'some words'",
        "'word' in b -> 'word' not in b",
        "'word' -> 'word?'",
        "min(total, -b) -> max(total, -b)",
        "-b -> +b",
    },
    ("C.p", "return"): {
        "return [x for x in self if x == 3] -> return None",
        "for x in self if x == 3 -> for x in self",
        "x == 3 -> x != 3",
        "3 -> 4",
    },
    ("h", "def"): {"1 -> 2", "return a -> return None"},
}


def test_every_change(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(CHANGED)
    file = Mutated(path, tmp_path)
    before = ast.dump(file.tree)
    mutants = [site.mutant() for site in file.sites()]
    told = {(m.function, f"{m.before} -> {m.after}".strip()) for m in mutants}
    assert told == {(name, change) for (name, _), changes in MUTANTS.items() for change in changes}
    assert ast.dump(file.tree) == before
    whole = {m.function: file.compiled(m.function) for m in mutants}
    assert all(m.code != whole[m.function] for m in mutants)


@pytest.mark.parametrize("target", mutate.TESTS)
def test_functions_are_found_behind_their_decorators(target: str) -> None:
    there = {(site.file, site.function): site for site in sites(target)}
    missing = [
        name
        for (file, name), site in there.items()
        if found(Mutant(file.name, name, 1, "", "", file.compiled(name))) is None
    ]
    assert missing == []


def test_tests_are_there() -> None:
    folder = Path(__file__).parent
    assert [t for names in mutate.TESTS.values() for t in names.split() if not (folder / f"test_{t}.py").exists()] == []


def test_what_is_excused_is_there() -> None:
    """A mutant listed as equivalent is one of the code as it stands."""
    listed = equivalents()
    files = {name.partition(":")[0] for name in listed}
    there = {
        site.mutant().name for file in files for site in sites(file) if f"{file}: {site.function}: " in str(listed)
    }
    assert set(listed) - there == set()
    assert all(len(why) > 20 for why in listed.values())


# --------------------------------------------------------------------------------------------------------- judgement


def doubled(number: int) -> int:
    while number > 100:
        number -= 1
    return number * 2


def right() -> bool:
    return doubled(3) == 6


def blind() -> bool:
    return doubled(0) == 0


def slow() -> bool:
    return doubled(101) == 200


@pytest.mark.skipif(sys.platform == "win32", reason="mutants are forks")
@pytest.mark.parametrize(
    ("test", "change", "outcome"),
    [
        (right, ("number * 2", "number / 3"), "killed"),
        (blind, ("number * 2", "number / 3"), "survived"),
        (slow, ("number -= 1", "number += 1"), "took too long"),
        (None, ("number * 2", "number / 3"), "survived"),
    ],
)
def test_judgement(
    test: Callable[[], bool] | None, change: tuple[str, str], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8").replace(*change, 1))
    code = next(c for c in compile(tree, __file__, "exec").co_consts if getattr(c, "co_name", "") == "doubled")
    tests: list[Any] = [Tried(test, 0.0)] if test else []  # type: ignore[arg-type]
    monkeypatch.setattr(mutate, "passes", lambda item: item())
    monkeypatch.setattr(mutate, "SLACK", 1)
    monkeypatch.setattr(mutate, "forget", lambda: None)  # in the process of a whole test run it takes a second
    assert run(Mutant("", "", 1, *change, code), doubled, tests) == outcome  # type: ignore[arg-type]
    assert doubled(4) == 8


def test_the_package_is_the_one_that_is_changed() -> None:
    assert PACKAGE.name == "symcost"
    assert len(sites("sizes/rounding.py")) > 100
