"""Functions of sizes: evaluated where that is possible for all values, in one form, and left as they are elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product as every
from math import floor as number_floor
from math import gcd as number_gcd
from math import isqrt
from typing import Any

import pytest
from random_sizes import S, X, Y, at

from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.atoms import Function
from symcost.sizes.functions import FUNCTIONS, divisible, gcd, holds, log2, maximum, minimum, sqrt

V, Z, N, A = Symbol("V", low=0), Symbol("Z", low=None), Symbol("n"), Symbol("alpha", integer=False, low=0)
x, y, s, v, z, n, a = map(Size.of, (X, Y, S, V, Z, N, A))
two, three = Size.of(2), Size.of(3)


def root(value: Fraction) -> Any:
    """Of a square; None for what has none."""
    if value < 0:
        return None
    found = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    return found if found**2 == value else None


def exponent(value: Fraction) -> Any:
    """Of a power of two; None for what is none."""
    return next((e for e in range(-9, 40) if Fraction(2) ** e == value), None)


def made(value: Fraction, divisor: Fraction) -> Any:
    """``_make_divisible`` of torchvision.models._utils."""
    nearest = max(divisor, number_floor(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < Fraction(9, 10) * value else nearest


def common(first: Fraction, second: Fraction) -> Any:
    return number_gcd(int(first), int(second)) if first.denominator == second.denominator == 1 else None


PYTHON: dict[str, Callable[..., Any]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "gcd": common,
    "sqrt": root,
    "log2": exponent,
    "divisible": made,
    "floor": number_floor,
    "ceil": lambda value: -number_floor(-value),
}

EVALUATED: list[tuple[str, tuple[Size, ...], str]] = [
    ("min", (x,), "X"),
    ("min", (x, y, x), "min(X, Y)"),
    ("min", (x, x + 1, y), "min(X, Y)"),
    ("min", (minimum(x, y), x + 1), "min(X, Y)"),
    ("min", (minimum(x, y) + 1, s), "min(min(X, Y) + 1, s)"),
    ("min", (2 * minimum(x, y), x), "min(X, 2*min(X, Y))"),
    ("min", (maximum(x, y), s), "min(s, max(X, Y))"),
    ("min", (z, three, Size.of(5)), "min(3, Z)"),
    ("min", (Size.of(0), x), "0"),
    ("max", (Size.of(0), x), "X"),
    ("max", (2 * x, 3 * x, y), "max(3*X, Y)"),
    ("max", (maximum(x, y), maximum(y, s)), "max(X, Y, s)"),
    ("gcd", (Size.of(12), Size.of(-18)), "6"),
    ("gcd", (Size.of(0), Size.of(0)), "0"),
    ("gcd", (Size.of(0), y), "Y"),
    ("gcd", (-x, x * y), "X"),
    ("gcd", (x * y, -x), "X"),
    ("gcd", (-x - 1, (x + 1) * y), "X + 1"),
    ("gcd", (z, z * x), "gcd(Z*X, Z)"),
    ("gcd", (Size.of(4), x), "gcd(X, 4)"),
    ("gcd", (y, x), "gcd(X, Y)"),
    ("gcd", (6 * x + 4, Size.of(8)), "2*gcd(3*X + 2, 4)"),
    ("gcd", (4 * x + 2, Size.of(4)), "2"),
    ("gcd", (9 * x + 8 * y, Size.of(8)), "gcd(X, 8)"),
    ("gcd", (8 * x, Size.of(12)), "4*gcd(X, 3)"),
    ("gcd", (15 * x + 10 * y, Size.of(25)), "5*gcd(3*X + 2*Y, 5)"),
    ("gcd", (15 * x + 10 * y, Size.of(6)), "gcd(3*X + 4*Y, 6)"),
    ("gcd", (x, Size.of(-4)), "gcd(X, -4)"),
    ("gcd", (x / 2, Size.of(4)), "gcd(X/2, 4)"),
    ("gcd", (3 * a, Size.of(6)), "gcd(3*alpha, 6)"),
    ("gcd", (two**n / 2, Size.of(12)), "gcd(2^n/2, 12)"),
    ("gcd", (x + two**n / 2, Size.of(12)), "gcd(X + 2^n/2, 12)"),
    ("gcd", (7 * floor(x / 2), Size.of(7)), "7"),
]
ROOTS: list[tuple[str, tuple[Size, ...], str]] = [
    ("sqrt", (Size.of(0),), "0"),
    ("sqrt", (Size.of(49),), "7"),
    ("sqrt", (Size.of(8),), "sqrt(8)"),
    ("sqrt", (Size.of(Fraction(4, 9)),), "2/3"),
    ("sqrt", (Size.of(Fraction(8, 9)),), "sqrt(8/9)"),
    ("sqrt", (Size.of(Fraction(9, 8)),), "sqrt(9/8)"),
    ("sqrt", (Size.of(-4),), "sqrt(-4)"),
    ("sqrt", (x**2,), "X"),
    ("sqrt", (v**2,), "V"),
    ("sqrt", (z**2,), "sqrt(Z^2)"),
    ("sqrt", (4 * x**2 * y**4,), "2*X*Y^2"),
    ("sqrt", (x**2 * z**2,), "sqrt(Z^2*X^2)"),
    ("sqrt", (2 * x**2,), "sqrt(2)*X"),
    ("sqrt", (-(x**2),), "sqrt(-X^2)"),
    ("sqrt", (x**3,), "sqrt(X^3)"),
    ("sqrt", (x**2 / (4 * y**2),), "X/(2*Y)"),
    ("sqrt", (x**2 + 2 * x + 1,), "sqrt(X^2 + 2*X + 1)"),
    ("log2", (Size.of(1),), "0"),
    ("log2", (Size.of(0),), "log2(0)"),
    ("log2", (Size.of(-2),), "log2(-2)"),
    ("log2", (Size.of(6),), "log2(6)"),
    ("log2", (Size.of(Fraction(1, 8)),), "-3"),
    ("log2", (Size.of(Fraction(3, 4)),), "log2(3/4)"),
    ("log2", (Size.of(Fraction(4, 3)),), "log2(4/3)"),
    ("log2", (two**n,), "n"),
    ("log2", (4 * two**n,), "n + 2"),
    ("log2", (x * two**n,), "n + log2(X)"),
    ("log2", (3 * two ** (2 * n) / two**y,), "2*n - Y + log2(3)"),
    ("log2", (two**n + 1,), "log2(2^n + 1)"),
    ("log2", (three**n,), "log2(3^n)"),
    ("log2", (two**n * three**n,), "n + log2(3^n)"),
    ("divisible", (Size.of(3), Size.of(8)), "8"),
    ("divisible", (Size.of(18), Size.of(8)), "24"),  # 16 is less than 90 % of 18
    ("divisible", (Size.of(Fraction(71, 5)), Size.of(8)), "16"),
    ("divisible", (Size.of(Fraction(160, 9)), Size.of(8)), "16"),  # exactly 90 %
    ("divisible", (Size.of(12), Size.of(8)), "16"),
    ("divisible", (8 * x, Size.of(8)), "8*X"),
    ("divisible", (x * y, x), "X*Y"),
    ("divisible", (8 * v, Size.of(8)), "divisible(8*V, 8)"),  # 8 at V = 0
    ("divisible", (8 * z, Size.of(8)), "divisible(8*Z, 8)"),
    ("divisible", (8 * a, Size.of(8)), "divisible(8*alpha, 8)"),
    ("floor", (x / 2 + 3,), "floor(X/2) + 3"),
    ("ceil", (x / 2 + 3,), "ceil(X/2) + 3"),
]


def called(case: tuple[str, tuple[Size, ...], str]) -> str:
    return f"{case[0]}({', '.join(map(str, case[1]))})"


@pytest.mark.parametrize(("name", "args", "written"), ROOTS, ids=map(called, ROOTS))
def test_roots_logarithms_and_roundings(name: str, args: tuple[Size, ...], written: str) -> None:
    evaluated(name, args, written)


@pytest.mark.parametrize(("name", "args", "written"), EVALUATED, ids=map(called, EVALUATED))
def test_extremes_and_divisors(name: str, args: tuple[Size, ...], written: str) -> None:
    evaluated(name, args, written)


def evaluated(name: str, args: tuple[Size, ...], written: str) -> None:
    """Written so, and of the value that Python finds."""
    found = FUNCTIONS[name](*args)
    assert str(found) == written
    symbols = sorted(set().union(*(arg.symbols() for arg in args)), key=lambda symbol: symbol.name)
    steps = [
        [Fraction(i, 4) for i in range(1, 12)]
        if symbol is A
        else range(int(-6 if symbol.low is None else symbol.low), 7)
        for symbol in symbols
    ]
    for values in every(*steps):
        point = dict(zip(symbols, values, strict=True))
        expected = PYTHON[name](*(Fraction(at(arg, point)) for arg in args))
        if expected is not None:
            assert at(found, point) == expected


BRACKETS = [
    (">=", x, Size.of(1), "1"),
    (">=", -x, Size.of(1), "0"),
    (">=", 2 * x - 5, Size.of(1), "[X >= 3]"),
    (">=", floor(x / 3) - 2, Size.of(1), "[X >= 6]"),
    ("!=", 2 * x - 256, Size.of(1), "[X != 128]"),
    ("!=", x, Size.of(1), "1"),
    ("!=", x - x, Size.of(1), "0"),
    ("==", 256 - 2 * x, Size.of(1), "[X == 128]"),
    ("==", x * y - y, Size.of(1), "[X == 1]"),
    ("==", x, Size.of(1), "0"),
    ("==", x - x, Size.of(1), "1"),
    ("==", x / 2 - Fraction(1, 3), Size.of(1), "0"),
    ("|", 6 * x, Size.of(4), "[2 | 3*X]"),
    ("|", 6 * x, Size.of(3), "1"),
    ("|", 4 * x + 1, Size.of(4), "0"),
    ("|", x + 3 * s, s, "[s | X]"),
    (">", a, Size.of(1), "[alpha > 0]"),
    (">", a + 1, Size.of(1), "1"),
    (">", -a, Size.of(1), "0"),
    (">", x / 2 - y, Size.of(1), "[X > 2*Y]"),
]


@pytest.mark.parametrize(("kind", "size", "divisor", "written"), BRACKETS, ids=[f"{k} {f}" for k, f, _, _ in BRACKETS])
def test_brackets(kind: str, size: Size, divisor: Size, written: str) -> None:
    """1 or 0 where that is so for all values, and one bracket for what says the same."""
    bracket = holds(kind, size, divisor)
    assert str(bracket) == written
    for i, j, k in every(range(1, 8), range(1, 5), range(1, 4)):
        point = {X: i, Y: j, S: k, A: Fraction(i, 3)}
        value, by = Fraction(at(size, point)), Fraction(at(divisor, point))
        truth = {
            ">=": value >= 0,
            "==": value == 0,
            "!=": value != 0,
            ">": value > 0,
            "|": (value / by).denominator == 1,
        }
        assert at(bracket, point) == int(truth[kind])


def test_where_a_bracket_is_0_nothing_else_matters() -> None:
    """``[X >= 2]/(X - 1)`` is 0 at X = 1, where ``1/(X - 1)`` has no value."""
    size = holds(">=", x - 2, Size.of(1)) / (x - 1)
    assert [at(size, {X: value}) for value in (1, 2, 3)] == [0, 1, Fraction(1, 2)]


def test_functions_keep_one_order() -> None:
    for function, size in ((minimum, x), (maximum, x), (gcd, x)):
        for other in (y, s, floor(x / 2) + y, ceil(y / 3), Size.of(7)):
            assert function(size, other) == function(other, size)
    assert sqrt(x * y) == sqrt(y * x)
    assert log2(x + y) == log2(y + x)
    assert divisible(x + y, s) == divisible(y + x, s)
    assert Function("sqrt", (x,)) == Function("sqrt", (x,))
    assert Function("sqrt", (x,)) != Function("log2", (x,))
