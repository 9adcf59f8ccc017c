"""The published catalogue: every entry comes out as it says, and no left side is the published formula typed again."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from symcost import syntax as s
from symcost.catalogue import Check, Entry, entries, families, family, verify
from symcost.catalogue.checking import FUNCTIONS, _Asked, _parsed, taken
from symcost.catalogue.entries import VERDICTS
from symcost.parser import parse as parse_syntax
from symcost.parser import parse_formula
from symcost.render.catalogue import index, page
from symcost.source import Source

DOCS = Path(__file__).parent.parent / "docs"
UPDATE = os.environ.get("UPDATE_DOCS") == "1"
ENTRIES = list(entries())
CHECKS = [pytest.param(c, id=f"{e.id}-{n}") for e in ENTRIES for n, c in enumerate(e.checks, start=1)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.id)
def test_entry(entry: Entry) -> None:
    """Everything printed is proved, refuted or rounded as the entry says."""
    outcomes = list(verify(entry))
    assert [f"{o.what}: printed {o.printed}, derived {o.derived}: {o.how}" for o in outcomes if not o.holds] == []
    assert bool(outcomes) != bool(entry.reason), "either it is derived, or it says why not"


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.checks], ids=lambda e: e.id)
def test_verdict(entry: Entry) -> None:
    """What a verdict promises is among the checks; what an exact entry refutes is a reading it warns of, not its first check."""
    outcomes = list(verify(entry))
    done = {o.what for o in outcomes}
    refuted = [any(o.what == "differs" for o in outcomes if o.check is c) for c in entry.checks]
    wrong = any(f.how == "differs" for c in entry.checks for f in c.figures)
    match entry.verdict:
        case "exact" | "exact-under-convention":
            assert done & {"equal", "figure", "limit", "least", "most", "order"}
            assert not (refuted[0] if entry.verdict == "exact" else all(refuted))
        case "derivable-rounded":
            assert "figure" in done
        case "leading-term":
            assert done & {"leading", "order", "limit"}
        case "mixed" | "erratum":
            assert "differs" in done or wrong
            assert entry.note, "an erratum tells the mistake"
    if entry.verdict in ("exact-under-convention", "convention"):
        assert entry.convention


def test_names() -> None:
    """An entry has one name, in one file."""
    names = [e.id for e in ENTRIES]
    assert len(names) == len(set(names))
    assert {e.verdict for e in ENTRIES} <= set(VERDICTS)


# ------------------------------------------------------------------------------------------ two origins


@pytest.mark.parametrize("check", [p for p in CHECKS if p.values[0].options])
def test_options(check: Check) -> None:
    """Each is one of a function that is asked for."""
    asked = {
        n.names[-1]
        for ask in (check.ask, *(f.ask for f in check.figures))
        if ask
        for n in s.walk([parse_formula(ask)])
        if isinstance(n, s.Ref)
    }
    used = {name for function in asked & set(FUNCTIONS) for name in taken(FUNCTIONS[function], check.options)}
    assert used == set(check.options)


def squeezed(text: str) -> str:
    return re.sub(r"[\s*()]|\*\*|\^", "", text)


@pytest.mark.parametrize("check", CHECKS)
def test_the_left_side_is_derived(check: Check) -> None:
    """It asks for costs or shapes of a network, and the network does not have the published formula written in it."""
    asked = _Asked(_parsed(check.program), "", {}) if check.program else None
    assert {type(n) for n in s.walk([parse_formula(check.ask)])} & {s.Ref, s.Apply}
    if asked is None:
        return
    tree = parse_syntax(Source("<check>", check.program))
    stated = [n.value for n in s.walk([tree]) if isinstance(n, s.Field | s.Metric) and n.value is not None]
    for printed in (*check.equal, *check.differs, check.leading, check.order):
        said = squeezed(printed)
        assert len(said) < 8 or all(squeezed(expr.span.text) != said for expr in stated)


def test_a_wrong_formula_is_found() -> None:
    """A figure or formula with one digit changed does not come out."""
    from dataclasses import replace

    broken = 0
    for entry in ENTRIES[:40]:
        for check in entry.checks:
            equal = tuple(re.sub(r"(?<!\w)\d+", lambda m: str(int(m[0]) + 1), f, count=1) for f in check.equal)
            for printed in (f for f, old in zip(equal, check.equal, strict=True) if f != old):
                changed = replace(entry, checks=(replace(check, equal=(printed,), differs=(), gap="", figures=()),))
                assert not all(o.holds for o in verify(changed)), (entry.id, printed)
                broken += 1
    assert broken


# ------------------------------------------------------------------------------------------ the pages


def test_index() -> None:
    path = DOCS / "catalogue.md"
    if UPDATE:
        path.write_text(index(), encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == index(), "run: UPDATE_DOCS=1 pytest tests/test_catalogue.py"


@pytest.mark.parametrize("name", families())
def test_page(name: str) -> None:
    path = DOCS / "catalogue" / f"{name}.md"
    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(name), encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == page(name), "run: UPDATE_DOCS=1 pytest tests/test_catalogue.py"
    assert family(name).title and family(name).entries


def test_no_page_is_left_over() -> None:
    assert {p.stem for p in (DOCS / "catalogue").glob("*.md")} == set(families())
