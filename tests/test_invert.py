"""The largest sizes within a budget, each against trying all values."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product as every
from math import isqrt
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st
from random_sizes import X, Y, at, formulas, polynomials, roundings
from strategies import examples

import symcost
from symcost import zoo
from symcost.cli import cli
from symcost.invert import (
    MONOTONE,
    SIGNS,
    Answer,
    Budget,
    allowed,
    closed,
    frontier,
    largest,
    never_falls,
    smallest,
    values_of,
)
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.functions import maximum, minimum

x, y = Size.of(X), Size.of(Y)
b = Size.of(Symbol("b"))
MOST = 250


def check(budget: Budget, symbol: Symbol = X) -> None:
    """What is allowed is what fits, value by value."""
    found = allowed([budget], symbol)
    if found is None:
        return
    inside = {v for s in found for v in range(s.start, min(MOST, s.end or MOST) + 1)}
    fits = {v for v in range(1, MOST + 1) if at(budget.slack, {symbol: v}) >= 0}
    assert inside == fits
    for stretch in found:
        if stretch.end is not None:
            assert at(budget.slack, {symbol: stretch.end}) >= 0
            after = stretch.end + 1
            assert (
                symbol.high == stretch.end
                or any(s.start == after for s in found)
                or at(budget.slack, {symbol: after}) < 0
            )
        else:
            assert at(budget.slack, {symbol: 10**7}) >= 0


# ------------------------------------------------------------ one symbol


@given(polynomials((X,)) | roundings((X,), leaves=5), st.integers(-50, 5000), st.booleans())
@examples(300)
def test_what_is_allowed_is_what_fits(f: Any, bound: int, most: bool) -> None:
    check(Budget(f.size, Size.of(bound), most))


@given(formulas((X,), leaves=6), st.integers(-50, 5000), st.booleans())
@examples(150)
def test_also_through_choices(f: Any, bound: int, most: bool) -> None:
    try:
        check(Budget(f.size * f.size + x, Size.of(bound), most))
    except symcost.SymcostError:  # numbers too large to write
        return


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=3),
    st.integers(0, 10**12),
)
@examples(200)
def test_largest_of_rounded_squares(parts: list[tuple[int, int, int]], bound: int) -> None:
    cost = sum((a * floor((x + s) / Size.of(q)) ** 2 for a, s, q in parts), x - x)
    found = largest([Budget(cost, Size.of(bound))], X)
    assert found is not None
    if found.value is None:
        assert at(cost, {X: 1}) > bound
    else:
        assert at(cost, {X: found.value}) <= bound < at(cost, {X: found.value + 1})


@given(formulas((X, Y), leaves=8))
@examples(200)
def test_what_is_said_never_to_fall_does_not(f: Any) -> None:
    assume(never_falls(f.size, X))
    for other in (1, 5, 32):
        values = [f.value({X: v, Y: other}) for v in range(1, 60)]
        assert values == sorted(values)


def test_several_budgets() -> None:
    both = [Budget(x**2, Size.of(1000)), Budget(100 * x, Size.of(2500))]
    assert largest(both, X) == Answer(25, False, MONOTONE)
    assert largest([*both, Budget(x, Size.of(30), most=False)], X) == Answer(None, False, "")
    assert smallest([Budget(ceil(x / 32) ** 2, Size.of(49), most=False)], X) == Answer(193, False, MONOTONE)


def test_gaps_are_told() -> None:
    wavy = (x - 10) ** 2 * (x - 20) ** 2
    found = largest([Budget(wavy, Size.of(100))], X)
    assert found == Answer(20, False, SIGNS, ((12, 18),)) or (found is not None and found.value in (20, 21))
    assert found is not None
    fits = [v for v in range(1, 100) if at(wavy, {X: v}) <= 100]
    missing = {v for a, z in found.gaps for v in range(a, z + 1)} | {v for v in range(1, 9) if v not in fits}
    assert found.value == max(fits) and missing >= set(range(min(fits), max(fits))) - set(fits)


def test_unlimited_and_none() -> None:
    assert largest([Budget(minimum(x, Size.of(100)), Size.of(200))], X) == Answer(None, True, MONOTONE)
    assert largest([Budget(7 - x, Size.of(5))], X) == Answer(None, True, SIGNS)
    assert largest([Budget(x**2, Size.of(0))], X) == Answer(None, False, "")
    assert largest([Budget(x * y, Size.of(100))], X) is None


def test_values_outside_are_passed_over() -> None:
    assert largest([Budget(x, Size.of(100))], X, lambda v: v % 7 == 3) == Answer(94, False, MONOTONE)
    assert smallest([Budget(x, Size.of(100), most=False)], X, lambda v: v % 7 == 3) == Answer(101, False, MONOTONE)


# ------------------------------------------------------------ closed forms


@given(st.integers(0, 9), st.integers(0, 30), st.integers(-40, 40), st.integers(0, 10**6))
@examples(200)
def test_closed_forms(a: int, k: int, c: int, bound: int) -> None:
    cost = a * x**2 + k * x + c
    formula = closed(Budget(cost, b), X)
    assert (formula is None) == (a == k == 0)
    assume(formula is not None and a + k + c <= bound)
    assert formula is not None
    found = largest([Budget(cost, Size.of(bound))], X)
    assert found is not None and found.value is not None
    if a == 0:
        assert formula.subs({Symbol("b"): Size.of(bound)}) == found.value
    else:  # the greatest x with (2ax + k)^2 <= k^2 + 4a(b - c)
        assert found.value == (isqrt(k * k + 4 * a * (bound - c)) - k) // (2 * a)


def test_closed_forms_as_formulas() -> None:
    assert str(closed(Budget(3 * x**2 * y, b), X)) == "floor(sqrt(b/(3*Y)))"
    assert str(closed(Budget(3 * x * y + y, b), X)) == "floor((2*Y + b)/(3*Y)) - 1"
    assert closed(Budget(x**3, b), X) is None
    assert closed(Budget(floor(x / 2), b), X) is None
    assert closed(Budget(x**2 - 7 * x, b), X) is None


# ------------------------------------------------------------ several symbols


@given(polynomials((X, Y), leaves=6), st.integers(1, 2000))
@examples(100)
def test_a_frontier_is_what_nothing_exceeds(f: Any, bound: int) -> None:
    ranges = {X: values_of(1, 12), Y: values_of(1, 9, 2)}
    found = frontier([Budget(f.size, Size.of(bound))], ranges)
    assert found is not None
    fits = [p for p in every(ranges[X], ranges[Y]) if f.value(dict(zip((X, Y), p, strict=True))) <= bound]
    best = [p for p in fits if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in fits)]
    assert sorted(found.points) == sorted(best)


def test_a_frontier_of_three() -> None:
    z = Symbol("Z3")
    ranges = {X: values_of(1, 8), Y: values_of(1, 8), z: values_of(Fraction(1, 4), 2, Fraction(1, 4))}
    cost = x * y * Size.of(z) + maximum(x, y)
    found = frontier([Budget(cost, Size.of(20))], ranges)
    assert found is not None
    fits = [p for p in every(*ranges.values()) if at(cost, dict(zip(ranges, p, strict=True))) <= 20]
    best = [p for p in fits if not any(q != p and all(u >= v for u, v in zip(q, p, strict=True)) for q in fits)]
    assert sorted(found.points) == sorted(best)


def test_values_of() -> None:
    assert values_of(Fraction(1, 4), 1, Fraction(1, 4)) == (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), 1)
    assert values_of(3, 2) == ()


# ------------------------------------------------------------ networks


def test_vgg_16_within_a_budget() -> None:
    net = zoo.load("vgg").net("vgg", 2, 2, 3, 3, 3).at(B=1, W="H")
    found = net.flops.within("4G", "H")
    assert found.value is not None and found.beyond == found.value + 1
    assert int(net.flops.at(H=found.value)) <= 4 * 10**9 < int(net.flops.at(H=found.beyond))
    assert found == net.flops.within(4 * 10**9, "H")


def test_a_divisor_is_kept() -> None:
    net = symcost.parse("sym X\nassume X % 32 == 0\ninput 3@X x X conv3-64 maxpool conv3-128")
    found = net.macs.within("1G", "X")
    assert found.value is not None and found.value % 32 == 0 and found.beyond == found.value + 32
    assert int(net.macs.at(X=found.value)) <= 10**9 < int(net.macs.at(X=found.beyond))


ZOO = [("alexnet", "alexnet", ()), ("resnet", "resnet", (3, 4, 6, 3)), ("googlenet", "googlenet", ())]


@pytest.mark.parametrize("family, call, args", ZOO)
@pytest.mark.parametrize("budget", [10**8, 10**9, 31 * 10**9])
def test_zoo_within_budgets(family: str, call: str, args: tuple[int, ...], budget: int) -> None:
    nets = zoo.load(family)
    net = nets.net(call, *args)
    net = net.at(B=1, W="H")
    found = net.macs.within(budget, "H")
    if found.value is None:
        assert not found.unlimited
        return
    assert int(net.macs.at(H=found.value)) <= budget < int(net.macs.at(H=found.beyond))


def test_the_longest_sequence_a_cache_holds() -> None:
    """KV cache of a LLaMA-like decoder: 2 * layers * kv heads * head size * positions * 2 bytes."""
    positions = Symbol("T")
    cache = 2 * 32 * 8 * 128 * 2 * Size.of(positions)
    found = largest([Budget(cache, Size.of(16 * 2**30))], positions)
    assert found is not None and found.value == 131072
    assert closed(Budget(cache, Size.of(16 * 2**30)), positions) == 131072


def test_what_is_not_decided_is_said() -> None:
    net = symcost.parse("sym n\ninput d@T [linear-d] x n")
    with pytest.raises(symcost.SymcostError, match="depends on d"):
        net.params.within("1M", "n")
    with pytest.raises(symcost.SymcostError, match="unknown-symbol"):
        net.params.within("1M", "Q")
    turns = symcost.parse("sym n\ninput 3@99x99 [conv3-8/2] x n").macs
    with pytest.raises(symcost.SymcostError, match="cannot decide which 'n'"):  # and not that it depends on a turn
        turns.within("1M", "n")


# ------------------------------------------------------------ on the command line


def run(*args: str, code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(cli, args, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


MLP = "sym n\ninput d@T  [linear-(4*d) gelu linear-d] x n"


def test_invert() -> None:
    output = run("invert", MLP, "--within", "params <= 10M", "--for", "d", "--set", "n=1")
    assert output.startswith("largest d     1117\n")
    data = json.loads(run("invert", MLP, "--within", "params <= 10M", "--for", "d", "--set", "n=1", "--json"))
    assert data["value"] == 1117 and data["next"] == 1118
    assert "smallest d    1118\n" in run("invert", MLP, "--within", "params >= 10M", "--for", "d", "--set", "n=1")


def test_invert_in_closed_form() -> None:
    output = run("invert", "sym n\ninput d@T [linear-d(bias=false)] x n", "--within", "params <= 10M", "--for", "d")
    assert output.replace("\u00a0", " ").startswith("largest d   ⌊sqrt(10 000 000/n)⌋")


def test_invert_several() -> None:
    output = run("invert", MLP, "--within", "params <= 10M", "--for", "d=64..1024:64", "--for", "n=1..48")
    assert "128  48  6.32 M params" in output and len(output.splitlines()) == 11
    data = json.loads(
        run("invert", MLP, "--within", "params <= 10M", "--for", "d=512..1024:256", "--for", "n=1..48", "--json")
    )
    assert [(p["d"], p["n"]) for p in data["frontier"]] == [("512", "4"), ("768", "2"), ("1024", "1")]


@pytest.mark.parametrize(
    "args",
    [
        ("--within", "params < 10M", "--for", "d"),
        ("--within", "params <= 10M", "--for", "d=1"),
        ("--within", "params >= 10M", "--for", "d=1..9", "--for", "n=1..9"),
        ("--within", "params <= 10M", "--for", "d=a..b"),
    ],
)
def test_wrong_command_lines(args: tuple[str, ...]) -> None:
    run("invert", MLP, *args, code=2)


@pytest.mark.parametrize(
    "args, code",
    [
        (("--within", "params <= 10M", "--for", "n"), None),
        (("--within", "parms <= 10M", "--for", "n"), "unknown-cost"),
        (("--within", "params <= 10M", "--for", "q"), "unknown-symbol"),
        (("--within", "params <= 10M", "--for", "d", "--for", "n"), "undecided"),
        (("--within", "params <= 10M", "--for", "T"), "undecided"),
    ],
)
def test_refused(args: tuple[str, ...], code: str | None) -> None:
    output = run("invert", MLP, *args, code=0 if code is None else 1)
    assert code is None or f"error[{code}]" in output
