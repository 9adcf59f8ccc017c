"""Formulas as a person writes them: common factors outside, the same value, in little time."""

from __future__ import annotations

from fractions import Fraction
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import EVERY, P, S, X, Y, at, formulas, points, polynomials, roundings
from strategies import examples

import symcost
from symcost.evaluate import evaluator
from symcost.forms import collected, presentable
from symcost.layers.window import window
from symcost.sizes import Size, Symbol, ceil, floor, total
from symcost.sizes.atoms import Group

x, y, s, p = (Size.of(symbol) for symbol in (X, Y, S, P))
k, cin, cout = (Size.of(Symbol(name)) for name in ("K", "Cin", "Cout"))
EVERYWHERE = [x + 1, x + y, floor(x / 2) + 1, x + 2 * p - 3, x**2 - y]


# ------------------------------------------------------------ the same value


@given(formulas() | roundings(), st.lists(formulas(leaves=3), max_size=3), points())
@examples(150)
def test_the_value_stays(f: Any, hints: list[Any], point: dict[Symbol, int]) -> None:
    shown = presentable(f.size, [h.size for h in hints])
    assert evaluator(shown)(point) == at(shown, point) == f.value(point)


@given(polynomials((X, Y, S)), polynomials((X, Y, S), leaves=4), st.integers(1, 3), points())
@examples(100)
def test_what_is_shown_is_the_formula(f: Any, g: Any, times: int, point: dict[Symbol, int]) -> None:
    """The hint divides: it is taken out, and multiplied out again the formula is what it was."""
    size = f.size * g.size**times
    shown = presentable(size, [g.size])
    assert shown.subs({symbol: Size.of(symbol) for symbol in EVERY}) == size
    assert evaluator(shown)(point) == at(size, point)


@given(roundings((X, Y, S)), st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 3), points())
@examples(80)
def test_powers_of_a_rounding(f: Any, a: int, c: int, e: int, point: dict[Symbol, int]) -> None:
    size = (f.size + c) ** e * x + a * f.size
    shown = presentable(size)
    assert evaluator(shown)(point) == at(size, point) == (f.value(point) + c) ** e * point[X] + a * f.value(point)


@given(formulas(), st.sets(st.sampled_from(EVERY)), points())
@examples(80)
def test_a_polynomial_in_some_symbols(f: Any, atoms: set[Symbol], point: dict[Symbol, int]) -> None:
    shown = collected(f.size, sorted(atoms, key=lambda a: a.key))
    assert evaluator(shown)(point) == f.value(point)
    outer = [tuple((a, e) for a, e in monomial if a in atoms) for monomial in shown.terms]
    assert len([m for m in outer if m]) == len({m for m in outer if m})  # each power of them once


# ------------------------------------------------------------ what a person would write

out = floor((x - k) / s) + 1
WRITTEN = [
    (cout * cin * k**2 + cout, [], "Cout*(Cin*K^2 + 1)"),
    (cout * out**2 * cin * k**2, [out], "Cin*Cout*K^2*(floor((X - K)/s) + 1)^2"),
    (out**2, [], "(floor((X - K)/s) + 1)^2"),
    ((x + 1) ** 2 * y, [x + 1], "Y*(X + 1)^2"),
    (x**2 * y - y, [x + 1], "Y*(X - 1)*(X + 1)"),
    (4 * x + 2, [], "4*X + 2"),
    (4 * x + 6, [], "4*X + 6"),
    (x / 2 + y / 2, [], "(X + Y)/2"),
    (x * y, [x + 1], "X*Y"),
    (x + 1, [x + 1], "X + 1"),
    (Size.of(0), [x + 1], "0"),
    (Size.of(7), [x + 1], "7"),
    (x * y + y, [x + 2], "Y*(X + 1)"),
    (ceil(x / 2) ** 2 * 64 * cin, [], "64*Cin*ceil(X/2)^2"),
]


@pytest.mark.parametrize(("size", "hints", "written"), WRITTEN, ids=[w[2] for w in WRITTEN])
def test_written_as_under_a_table(size: Size, hints: list[Size], written: str) -> None:
    shown = presentable(size, hints)
    assert str(shown) == written
    point: dict[Symbol, int] = {
        symbol: 3 + index for index, symbol in enumerate(sorted(size.symbols(), key=lambda q: q.key))
    }
    assert at(shown, point) == at(size, point)


def test_collected() -> None:
    size = cout * (cin * k**2 + 1) * x**2 + 3 * x**2
    assert str(collected(size, [X])) == "X^2*(Cin*Cout*K^2 + Cout + 3)"
    assert collected(size, []) == size


def test_a_cost_is_written_with_its_sides_as_factors() -> None:
    arch = symcost.parse("sym K, M, s; input C@H x W\nconv(K)-M/s(pad=0, bias=false)")
    macs = arch.macs
    assert int(macs.at(C=3, H=12, W=10, K=3, M=8, s=2)) == 8 * 5 * 4 * 27
    assert len(macs._presentable.terms) == 1
    assert any(isinstance(a, Group) for m in macs._presentable.terms for a, _ in m)


# ------------------------------------------------------------ in little time


def long_sum(number: int) -> Size:
    return total(Size.of(Symbol(f"a{i}")) * x ** (2 + i % 7) * Size.of(Symbol(f"b{i % 13}")) for i in range(number))


@pytest.mark.parametrize("case", ["nothing divides", "a hint divides", "a rounding shifts"])
def test_thousands_of_terms_in_seconds(case: str) -> None:
    size = long_sum(1500)
    if case == "a hint divides":
        size = size * (x + 1)
    if case == "a rounding shifts":
        half = floor(x / 2)
        size = total(Size.of(Symbol(f"a{i}")) * (half + 1) ** 2 for i in range(500))
    start = monotonic()
    shown = presentable(size, EVERYWHERE)
    assert monotonic() - start < 5
    point: dict[Symbol, int | Fraction] = {symbol: 3 + index % 5 for index, symbol in enumerate(size.symbols())}
    assert evaluator(shown)(point) == evaluator(size)(point)
    assert case == "nothing divides" or len(shown.terms) == 1


def test_a_tall_power_is_left_as_it_is() -> None:
    start = monotonic()
    assert presentable(x**100_000 + 1, [x + 1]) == x**100_000 + 1
    assert presentable((window(x, 3, s, 1) + x) * y**500, [x + 1]).terms
    assert monotonic() - start < 5


FORMED = ["expanded", "collected", "collected X", "horner C", "horner X C", "factored"]
PICTURE = "input C@X x X conv3-64/2 bn relu conv5-C fc-10"
LOOP = "sym n input C@X for i in 1..n { conv3-(C*i) conv1-C }"


@pytest.mark.parametrize("form", FORMED)
@pytest.mark.parametrize("program", [PICTURE, LOOP])
def test_every_form_has_the_same_value(program: str, form: str) -> None:
    """Each form evaluated, and read back from its text, is the cost."""
    net = symcost.parse(program)
    for cost in (net.params, net.cost("exact"), net.activations):
        known = {s.name for s in cost.free_symbols}
        name, *by = form.split()
        written = cost.form(name, *(b for b in by if b in known))
        assert cost == written.text()
        for size in (1, 4, 9):
            values = {s: size + 3 * (s == "X") for s in known}
            assert cost.at(**values).value == evaluator(written._presentable)(
                {x: values[x.name] for x in written._presentable.symbols()}
            )


def test_forms_differ() -> None:
    cost = symcost.parse("sym D input C@X x X conv3-D/2 conv3-D").params
    assert str(cost.form("expanded")) == "9*C*D + 9*D^2 + 2*D"
    assert str(cost.form("collected", "D")) == "9*D^2 + D*(9*C + 2)"
    assert str(cost.form("horner", "D")) == "D*(9*C + 9*D + 2)"
