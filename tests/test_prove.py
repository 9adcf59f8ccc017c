"""Proofs of equality: never a wrong word, a witness that differs, and every identity with constant divisors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import EVERY, B, P, S, X, Y, Z, at, formulas, points, polynomials, roundings
from strategies import examples

from symcost.counterexamples import Verdict
from symcost.evaluate import evaluator, in_numbers
from symcost.layers.window import window
from symcost.prove import compare
from symcost.sizes import Size, Symbol, ceil, floor, total
from symcost.sizes.facts import Condition
from symcost.sizes.functions import divisible, gcd, log2, maximum, minimum, sqrt

x, y, s, p, z, b = (Size.of(symbol) for symbol in (X, Y, S, P, Z, B))
n = Size.of(Symbol("n"))


def grid(most: int = 10) -> Iterator[dict[Symbol, int]]:
    """Points of every domain."""
    low = {symbol: -4 if symbol.low is None else int(symbol.low) for symbol in EVERY}
    for shift in range(most):
        for turn in range(4):
            moved = {q: low[q] + (shift + turn * index) % most for index, q in enumerate(EVERY)}
            yield {q: min(v, q.high) if q.high is not None else v for q, v in moved.items()}


def check(verdict: Verdict, a: Size, b_: Size) -> None:
    """What the verdict says is so, on a grid and at its witness."""
    difference = evaluator(a - b_)
    if verdict.equal is True:
        assert all(difference(point) == 0 for point in grid())
    if verdict.equal is False:
        assert verdict.witness is not None
        symbols = {symbol.name: symbol for symbol in (a - b_).symbols()}
        assert verdict.witness.keys() == symbols.keys()
        point = {symbol: symbol.low or 0 for symbol in EVERY} | {Symbol("n"): 1}  # for symbols that cancel
        point |= {symbols[name]: value for name, value in verdict.witness.items()}
        for symbol, value in point.items():
            assert not symbol.integer or Fraction(value).denominator == 1
            assert symbol.low is None or value >= symbol.low
            assert symbol.high is None or value <= symbol.high
        assert at(a, point) != at(b_, point)


# ------------------------------------------------------------ never wrong


@given(formulas() | roundings(), formulas() | roundings())
@examples(120)
def test_a_verdict_is_never_wrong(f: Any, g: Any) -> None:
    check(compare(f.size, g.size), f.size, g.size)


@given(roundings((X, Y), leaves=5), st.integers(2, 6), st.integers(-3, 3), st.integers(0, 2))
@examples(100)
def test_a_verdict_on_neighbours_is_never_wrong(f: Any, d: int, c: int, which: int) -> None:
    """Sizes that differ rarely or never: a remainder is below its divisor, a part of a sum goes out of the rounding."""
    a = f.size
    other = [
        a + floor((a - d * floor(a / d) + c) / d),
        ceil((a + c) / d) + a - ceil(a / d),
        total((a + k) // d for k in range(d)),
    ]
    verdict = compare(a, other[which])
    check(verdict, a, other[which])
    if which == 0 and c == 0 and verdict.equal is None:
        assert "not decided" in verdict.how


@given(formulas(), points())
@examples(100)
def test_the_evaluator_agrees_with_substitution(f: Any, point: dict[Symbol, int]) -> None:
    assert evaluator(f.size)(point) == at(f.size, point) == f.value(point)


@given(polynomials((X, Y, S)), polynomials((X, Y, S)), polynomials((X, Y, S), leaves=4))
@examples(60)
def test_polynomials_are_always_decided(f: Any, g: Any, h: Any) -> None:
    a, b_, c = f.size, g.size, h.size
    assert compare((a + b_) * c, a * c + b_ * c).equal is True
    assert compare(a, b_).equal is (a == b_)
    check(compare(a, b_), a, b_)


# ------------------------------------------------------------ what is proved

TRUE: dict[str, tuple[Size, Size]] = {
    "R10 for 2": (floor(x / 2) + ceil(x / 2), x),
    "R10 for 7": (total(floor((x + k) / 7) for k in range(7)), x),
    "a ceiling as a difference": (x - floor(x / 3), ceil(2 * x / 3)),
    "R9": (x - 12 * floor(x / 12) - (x - 4 * floor(x / 4)), 4 * (floor(x / 4) - 3 * floor(x / 12))),
    "R13, two in a row": (floor(x * (x + 1) / 2), x * (x + 1) / 2),
    "R13, three in a row": (floor(x * (x + 1) * (x + 2) / 6), x * (x + 1) * (x + 2) / 6),
    "R13, no remainder": ((x * (x + 1)) % 2, Size.of(0)),
    "a square is 0 or 1 modulo 4": (floor(x**2 / 4), floor(x / 2) * ceil(x / 2)),
    "a square of a half": (
        floor(x / 2) ** 2 + floor((x + 1) / 2) * (x - floor(x / 2)),
        x**2 - 2 * floor(x / 2) * ceil(x / 2),
    ),
    "Hermite's identity": (total(floor((x + 2 * k) / 6) for k in range(3)), floor(x / 2)),
    "R21, two periods": (total(floor((x + k) / 3) for k in range(6)), 2 * x + 3),
    "two sizes": (floor((x + y) / 2) + ceil((x + y) / 2) - y, x),
    "a remainder of two sizes": ((2 * x + y) % 2, y % 2),
    "a product of roundings": (ceil(x / 2) * floor(y / 3) + floor(x / 2) * floor(y / 3), x * floor(y / 3)),
    "a nested rounding": (floor((x + floor(x / 2)) / 3), floor(x / 2)),
    "windows that share a chain": (window(window(x + 4, 3, 2, 1), 2, 2, 0), floor((x + 5) / 4)),
    "a size that may be 0": (floor(p / 2) + ceil(p / 2), p),
    "a quotient by a sum": (x / (x + y) + y / (x + y), Size.of(1)),
    "a quotient multiplied again": (x / (x + 1) * (x + 1), x),
    "a product of sums below": (1 / (x + 1) - 1 / (x + 2), 1 / ((x + 1) * (x + 2))),
    "powers": (Size.of(4) ** n, Size.of(2) ** n * Size.of(2) ** n),
    "a size that may be negative": (total(floor((z + k) / 2) for k in range(2)), z),
    "a size that ends before its period": (floor(b / 2) + ceil(b / 2), b),
    "the smaller and the larger": (minimum(x, y) * maximum(x, y), x * y),
    "a remainder by a symbol": (maximum(x - s * floor(x / s), 0 * x), x - s * floor(x / s)),
    "the same function": (minimum(x, y) + gcd(x, y), gcd(y, x) + minimum(y, x)),
}


@pytest.mark.parametrize("case", TRUE)
def test_true_identities_are_proved(case: str) -> None:
    verdict = compare(*TRUE[case])
    assert verdict.equal is True, verdict
    check(verdict, *TRUE[case])


FALSE: dict[str, tuple[Size, Size]] = {
    "up of down": (ceil(floor(x / 2) / 2), ceil(x / 4)),
    "no rounding": (floor(x / 2), x / 2),
    "another constant": (floor((x + 1) / 2), floor((x + 2) / 2)),
    "two roundings of one sum": (floor((x + y) / 2), floor(x / 2) + floor(y / 2)),
    "padding of an even kernel": (floor((x + 2 * 2 - 4) / s) + 1, ceil(x / s)),
    "a bias forgotten": (y * (9 * x + 1), 9 * x * y),
    "different only from 225 on": (minimum(x, Size.of(224)), x),
    "powers": (Size.of(2) ** x, x**2),
    "numbers": (Size.of(3), Size.of(Fraction(7, 2))),
    "a common divisor": (gcd(x, y), Size.of(1)),
    "a root": (sqrt(x), x),
    "a logarithm": (log2(x), x),
    "a divisible number": (divisible(x, Size.of(8)), x),
    "a bounded size": (b**2, 9 * b),
    "a size that may be negative": (z**2, z),
    "the larger of two": (maximum(x, y), x),
}


@pytest.mark.parametrize("case", FALSE)
def test_false_identities_have_a_witness(case: str) -> None:
    verdict = compare(*FALSE[case])
    assert verdict.equal is False, verdict
    check(verdict, *FALSE[case])


def test_the_witness_is_small() -> None:
    assert compare(ceil(floor(x / 2) / 2), ceil(x / 4)).witness == {"X": 1}
    assert compare(floor(x / 2) + 1, floor(x / 2 + Fraction(1, 2)) + 1).witness == {"X": 1}
    assert compare(Size.of(3), Size.of(4)).witness == {}


def test_a_rare_difference_is_found_in_the_period() -> None:
    """At one residue of 229, which no sample has."""
    rare = floor((x + 117) / 229) - floor((x + 116) / 229)
    verdict = compare(rare, Size.of(0))
    assert verdict.equal is False
    assert verdict.witness == {"X": 112}


def test_of_what_is_not_decided() -> None:
    for left, right in [
        (floor(x / s) + ceil(x / s), 2 * floor(x / s) + 1),  # where s does not divide x
        (gcd(x, x + 1), Size.of(1)),
        (sqrt(Size.of(2)) * sqrt(Size.of(2)), Size.of(2)),
    ]:
        verdict = compare(left, right)
        assert verdict.equal is not True
        assert verdict.how
    assert (
        compare(total(floor((x + k) / 99_991) for k in range(2)) - floor((2 * x + 1) / 99_991), Size.of(0)).equal
        is not True
    )


def test_the_number_of_points_is_limited() -> None:
    a = [Symbol(f"v{i}") for i in range(4)]
    left = total(floor(Size.of(q) / 30) + floor((Size.of(q) + 15) / 30) for q in a)
    right = total(floor(Size.of(q) / 15) for q in a)
    verdict = compare(left, right)
    assert (verdict.equal, verdict.how) == (None, "not decided: no proof and no counterexample was found")


@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 4), st.integers(0, 4), st.booleans())
@examples(60)
def test_a_period_is_enough(d: int, e: int, c: int, k: int, square: bool) -> None:
    """Claims of equality hold on 600 integers, which is many periods; claims of difference have their point."""
    f: Callable[[Size], Size] = lambda size: size**2 if square else size  # noqa: E731
    left = f(floor((floor((x + c) / d) + x) / e))
    right = f(floor((x * (d + 1) + c + k - 2) / (d * e)))
    verdict = compare(left, right)
    difference = evaluator(left - right)
    assert verdict.equal is not None
    assert verdict.equal is all(difference({X: value}) == 0 for value in range(1, 600))


def test_two_symbols_of_one_name_stay_apart() -> None:
    """A symbol is its name and its domain."""
    assert compare(x, Size.of(Symbol("X", low=2))).equal is not True


@given(st.integers(0, 6), st.integers(0, 4), st.integers(0, 30))
@examples(60)
def test_conditions_are_tested_at_every_turn(outer: int, inner: int, value: int) -> None:
    """``X >= 2^i + j for i = 0..n - 1, j = 0..m*i - 1``, as two loops in numbers."""
    x, n, m = Symbol("X", low=0), Symbol("n", low=0), Symbol("m", low=0)
    i, j = Symbol("i", low=0), Symbol("j", low=0)
    size = Size.of(x) - Size.of(2) ** Size.of(i) - Size.of(j)
    asked = Condition(">=", size, turns=((i, Size.of(n)), (j, Size.of(m) * Size.of(i))))
    test = in_numbers(asked)
    assert test.symbols == {x, n, m}
    expected = all(value >= 2**a + b for a in range(outer) for b in range(inner * a))
    assert test.holds({x: value, n: outer, m: inner}) is expected
