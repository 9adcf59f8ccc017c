"""Identities of roundings: proved under their conditions, refuted by the smallest counterexample without them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from symcost.proving import Proof, prove_formula
from symcost.sizes import Symbol

DATA = Path(__file__).parent / "data" / "rounding_identities.toml"
IDENTITIES = tomllib.loads(DATA.read_text(encoding="utf-8"))["identity"]
DROPPED = [(i, d) for i in IDENTITIES for d in i.get("dropped", ())]
LOWS = {"": 1, "int": None, "nat": 0}


def symbols(written: str) -> dict[str, Symbol]:
    """``x:int a`` as an integer and a positive integer."""
    pairs = (word.partition(":")[::2] for word in written.split())
    return {name: Symbol(name, low=LOWS[domain]) for name, domain in pairs}


def claimed(case: dict[str, Any]) -> Proof:
    return prove_formula(case["claim"], symbols(case["symbols"]), case.get("assume", ()))


@pytest.mark.parametrize("identity", IDENTITIES, ids=[i["id"] for i in IDENTITIES])
def test_proved(identity: dict[str, Any]) -> None:
    proof = claimed(identity)
    assert proof.verdict == "proved", proof
    assert proof.how


@pytest.mark.parametrize("identity, dropped", DROPPED, ids=[f"{i['id']}: {d['what']}" for i, d in DROPPED])
def test_refuted_without_its_condition(identity: dict[str, Any], dropped: dict[str, Any]) -> None:
    proof = claimed({"claim": identity["claim"], **dropped})
    assert proof.verdict == "refuted", proof
    assert proof.smallest
    assert proof.witness == dropped["witness"]
    assert proof.values is not None
    assert proof.values[0] != proof.values[1] or ">" in proof.claim


def test_every_rule_is_here() -> None:
    assert {i["id"].partition(",")[0] for i in IDENTITIES} == {f"R{n}" for n in range(1, 23)}
