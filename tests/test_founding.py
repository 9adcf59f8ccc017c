"""The founding documents: every formula and number of the five articles, against what the layers give.

The data is in ``tests/data/founding``; the head of ``000-cnn-model.toml`` explains its fields. The left side
of every comparison is derived from a program; only the right side is typed from a document. What came out
wrong is told in ``docs/errata.md``.
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sympy

import symcost
from symcost.claims import check as run_asserts
from symcost.sizes.bridge import to_sympy

FOLDER = Path(__file__).parent / "data" / "founding"
DOCUMENTS = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.toml")}
ENTRIES: dict[str, Any] = {entry["id"]: entry for name in sorted(DOCUMENTS) for entry in DOCUMENTS[name]["entry"]}
VGG = DOCUMENTS["004-vgg16"]["vgg"]

# Every formula, number and claim that was found in the documents, by what became of it.
VERDICTS = {
    "exact": """
        seed000-cnn-params seed000-conv-space-indep seed000-ffnn
        seed001-flops seed001-params seed001-per-output
        seed002-conv-flops seed002-conv-params-bias seed002-conv-params-nobias
        seed002-fc-flops seed002-fc-params-bias seed002-fc-params-nobias
        seed003-conv-params seed003-fc-params seed003-pool-params
        seed004-vgg16-conv1-1 seed004-vgg16-conv5-3 seed004-vgg16-fc8
    """,
    "exact-under-convention": """
        seed000-conv-outsize seed000-conv-space seed000-conv-time seed000-rnn-params
        seed001-outsize
        seed002-advice seed002-bn-params seed002-conv-macs seed002-conv-outsize seed002-fc-macs
        seed002-pool-outsize
        seed003-bn-flops seed003-bn-params seed003-conv-flops seed003-fc-flops seed003-outsize
        seed003-relu-flops
        seed004-conv-space seed004-conv-time seed004-outsize
    """,
    "leading-term": "seed003-maxpool-flops",
    "convention": "seed000-flops-unit seed002-op-convention seed002-pool-act-zero seed-x-names",
    "mixed": "seed-x-bn seed-x-per-output seed-x-pool-cost",
    "erratum": """
        seed000-bias-per-layer seed000-cnn-worked-15 seed002-rounding seed003-avgpool-flops
        seed004-per-output seed004-vgg-claims seed004-vgg-table
    """,
}

CASES = [
    pytest.param(check, id=f"{name}-{number}")
    for name, entry in ENTRIES.items()
    for number, check in enumerate(entry["check"], start=1)
]


# ------------------------------------------------------------------------------------------ what a check says


@cache
def parsed(text: str) -> symcost.Architecture:
    return symcost.parse(text)


def column(table: str, name: str) -> str:
    """The program that a column of a VGG table is, read downwards."""
    at = VGG["columns"].index(name)
    return "\n".join([VGG["input"], *(row[at] if len(row) > 1 else row[0] for row in VGG[table]["rows"])])


def program(check: dict[str, Any]) -> str:
    if "network" not in check:
        return check["program"]
    name, _, table = check["network"].partition(" ")
    return check.get("set", "") + "\n" + column(table or "original", name)


def weight_layers(arch: symcost.Architecture) -> list[Any]:
    """Convolutions and fully connected layers, a repeated one as often as it is repeated."""
    return [row for row in arch.layers if row.kind in ("conv", "fc") for _ in range(int(row.repeat))]


def quantity(arch: symcost.Architecture, name: str) -> sympy.Expr:
    """What a name in ``ask`` means: ``params``, ``cmp``, ``params_fc`` (of fc), ``params_13`` (layer 13)."""
    what, _, part = name.partition("_")
    if part.isdigit():
        return getattr(weight_layers(arch)[int(part) - 1], what).expr
    if part:
        return sympy.Add(*(getattr(row, what).expr for row in weight_layers(arch) if row.kind == part))
    match name:
        case "layers":
            return sympy.Integer(len(weight_layers(arch)))
        case "height" | "width":
            return to_sympy(arch.output.dims[("height", "width").index(name)])
        case "batch":
            return to_sympy(arch.output.batch)
        case "params" | "macs" | "flops":
            return getattr(arch, name).expr
        case "exact":
            return arch.cost("exact").expr
        case _:
            return arch.count(name).expr


def asked(text: str, ask: str) -> sympy.Expr:
    formula = symcost.formula(ask)
    return formula.xreplace({name: quantity(parsed(text), name.name) for name in formula.free_symbols})


def derived(check: dict[str, Any]) -> sympy.Expr:
    """The left side of every comparison: what the layers of the program give for ``ask``."""
    found = asked(program(check), check["ask"])
    return found - asked(check["less"], check["ask"]) if "less" in check else found


def read(text: str, ours: sympy.Expr, values: dict[str, int]) -> sympy.Expr:
    """A formula of a document in the symbols of ``ours``: a padding may be 0, which no other letter may."""
    symbols = {symbol.name: symbol for symbol in ours.free_symbols}
    formula = put(symcost.formula(text), values)
    return formula.xreplace({s: symbols[s.name] for s in formula.free_symbols if s.name in symbols})


def put(expr: sympy.Expr, values: dict[str, int]) -> sympy.Expr:
    return expr.subs({name: values[name.name] for name in expr.free_symbols if name.name in values})


def same(left: sympy.Expr, right: sympy.Expr) -> bool:
    return sympy.cancel(sympy.expand(left - right)) == 0


def rounds_to(value: sympy.Expr, printed: str) -> bool:
    """Equal to the digits printed: 86704128 and "8.7e7", but 1728 and "1728"."""
    digits, _, power = printed.partition("e")
    unit = Fraction(10) ** (int(power or 0) - len(digits.partition(".")[2]))
    return abs(Fraction(int(value.p), int(value.q)) - Fraction(printed)) <= unit / 2


# ------------------------------------------------------------------------------------------------- the checks


@pytest.mark.parametrize("check", CASES)
def test_formula(check: dict[str, Any]) -> None:
    """Equal to the forms that are right, different from the one that is wrong, by exactly what is said."""
    ours = derived(check)
    right = check.get("equal", [])
    letters = check.get("with", {})
    for text in [right] if isinstance(right, str) else right:
        assert same(ours, read(text, ours, letters)), f"{check['ask']} is {ours}, not {text}"
    if "differs" in check:
        theirs = read(check["differs"], ours, letters)
        assert not same(ours, theirs)
        assert "gap" not in check or same(ours - theirs, read(check["gap"], ours, letters))
    names = {symbol.name for symbol in ours.free_symbols}
    assert not names.intersection(check.get("free_of", ()))
    assert names.issuperset(check.get("needs", ()))


@pytest.mark.parametrize("check", [case for case in CASES if "values" in case.values[0]])
def test_values(check: dict[str, Any]) -> None:
    """The worked numbers of the documents, and a point where a wrong formula shows."""
    ours = derived(check)
    for row in check["values"]:
        at = check.get("with", {}) | row.get("at", {})
        value = put(ours, at)
        assert value == symcost.formula(str(row["ours"]))
        if "printed" in row:
            assert rounds_to(value, row["printed"])
        if "misprint" in row:
            assert not rounds_to(value, row["misprint"])
        if "differs" in check:
            theirs = put(symcost.formula(check["differs"]), at)
            assert theirs == symcost.formula(str(row["theirs"]))
            assert theirs != value


@pytest.mark.parametrize("check", [case for case in CASES if "leading" in case.values[0]])
def test_leading_term(check: dict[str, Any]) -> None:
    ratio = derived(check) / symcost.formula(check["leading"])
    for letter in check["grows"]:
        assert sympy.limit(ratio, symcost.formula(letter), sympy.oo) == 1


@pytest.mark.parametrize("check", [case for case in CASES if "requires" in case.values[0]])
def test_condition(check: dict[str, Any]) -> None:
    """An output size without its rounding is given under the condition that makes it whole."""
    assert parsed(program(check)).macs.conditions


@pytest.mark.parametrize("check", [case for case in CASES if "holds" in case.values[0]])
def test_asserts(check: dict[str, Any]) -> None:
    asserts = [f"assert {text}" for text in (*check["holds"], *check["fails"])]
    outcomes = run_asserts(symcost.parse("\n".join([program(check), *asserts])))
    assert [error is None for _, error in outcomes] == [True] * len(check["holds"]) + [False] * len(check["fails"])


def test_flops_and_speed() -> None:
    """FLOPs are a number of operations, FLOPS operations a second; G is 10^9 in both."""
    flops = parsed(column("original", "D")).flops
    assert flops.si() == "30.9 GFLOPs"
    assert float(flops.seconds("1e9")) == 30.940528640


# ----------------------------------------------------------------------------------------------- the verdicts


def test_every_entry_is_here() -> None:
    wanted = {name: verdict for verdict, names in VERDICTS.items() for name in names.split()}
    assert {name: entry["verdict"] for name, entry in ENTRIES.items()} == wanted
    assert sum(len(document["entry"]) for document in DOCUMENTS.values()) == len(wanted) == 53


@pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in ENTRIES.items()])
def test_verdict(entry: dict[str, Any]) -> None:
    """What a verdict promises is among the checks of its entry."""
    checks = entry["check"]
    proved = any("equal" in check for check in checks)
    refuted = any("theirs" in row or "misprint" in row for check in checks for row in check.get("values", ()))
    assert proved
    match entry["verdict"]:
        case "exact":
            assert "equal" in checks[0]
            assert "differs" not in checks[0]
        case "exact-under-convention" | "convention":
            assert entry["convention"]
        case "leading-term":
            assert any("leading" in check for check in checks)
        case "mixed" | "erratum":
            assert refuted


# ---------------------------------------------------------------------------------------------- the VGG table


@pytest.mark.parametrize("table", ["original", "typed"])
@pytest.mark.parametrize("at", range(6), ids=VGG["columns"])
def test_vgg_column(table: str, at: int) -> None:
    """A column of the printed table is a program: its weight layers, parameters and multiply-accumulates."""
    arch = parsed(column(table, VGG["columns"][at]))
    wanted = VGG[table]
    assert len(weight_layers(arch)) == wanted["weight_layers"][at]
    assert int(arch.params) == wanted["params"][at]
    assert int(arch.macs) == wanted["macs"][at]


def test_vgg_header() -> None:
    """The header counts the layers of the paper's table; the copy lost some in four columns of six."""
    headers = VGG["weight_layers"]
    assert VGG["original"]["weight_layers"] == headers
    lost = [header - count for header, count in zip(headers, VGG["typed"]["weight_layers"], strict=True)]
    assert lost == [0, 0, 1, 2, 2, 2]
    for count, millions in zip(VGG["original"]["params"], VGG["original"]["millions"], strict=True):
        assert rounds_to(sympy.Rational(count, 10**6), str(millions))


@pytest.mark.parametrize("table", ["original", "typed"])
def test_vgg_lrn(table: str) -> None:
    """Local response normalisation adds work and nothing else."""
    plain, lrn = parsed(column(table, "A")), parsed(column(table, "A-LRN"))
    assert plain.params == lrn.params
    assert plain.macs == lrn.macs
    assert int(plain.cost("exact")) < int(lrn.cost("exact"))


@pytest.fixture(scope="module")
def vgg16() -> list[Any]:
    """The 16 weight layers of configuration D, counted without biases as the document does."""
    return weight_layers(parsed("set conv.bias = false; set fc.bias = false\n" + column("original", "D")))


def test_vgg16_layers(vgg16: list[Any]) -> None:
    assert [int(row.params) for row in vgg16] == VGG["layers_of_d"]["weights"]
    assert [int(row.macs) for row in vgg16] == VGG["layers_of_d"]["macs"]
    assert [row.kind for row in vgg16] == ["conv"] * 13 + ["fc"] * 3


def test_claim_1_same_time(vgg16: list[Any]) -> None:
    """True within a factor of 4, except for the first layer: 21 times less than half of the others."""
    first, *others = [int(row.macs) for row in vgg16 if row.kind == "conv"]
    assert max(others) == 4 * min(others)
    assert Fraction(max(others), first) == Fraction(64, 3)


def test_claim_2_twice_the_parameters(vgg16: list[Any]) -> None:
    """True of six layers in twelve: not of conv1_2 (64/3), nor where the width stays (1)."""
    weights = [int(row.params) for row in vgg16 if row.kind == "conv"]
    ratios = [Fraction(b, a) for a, b in pairwise(weights)]
    assert ratios == [Fraction(ratio) for ratio in VGG["layers_of_d"]["ratios"]]
    assert [ratios.count(Fraction(value)) for value in ("2", "1", "64/3")] == [6, 5, 1]


def test_claim_3_fully_connected_layers_are_larger(vgg16: list[Any]) -> None:
    """True of each of the three."""
    last = [int(row.params) for row in vgg16 if row.kind == "conv"][-1]
    assert all(int(row.params) > last for row in vgg16 if row.kind == "fc")
