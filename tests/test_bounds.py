"""Bounds of sizes: as close as the values come, and integers told from fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as every
from math import ceil as number_ceil
from math import floor as number_floor

import pytest
from random_sizes import S, X, at

from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.bounds import lower, upper
from symcost.sizes.facts import always_negative, is_zero, never_negative
from symcost.sizes.functions import divisible, gcd, holds, log2, maximum, minimum, sqrt
from symcost.sizes.sums import summed

Q, R = Symbol("Q", low=2, high=5), Symbol("R", low=-3, high=4)
V, W = Symbol("V", low=0, high=3), Symbol("W", low=-9, high=-2)
A = Symbol("A", integer=False, low=Fraction(1, 2), high=Fraction(5, 2))
Z, N, T = Symbol("Z", low=None), Symbol("n"), Symbol("t", low=0)
x, s, q, r, v, w, a, z, n, t = map(Size.of, (X, S, Q, R, V, W, A, Z, N, T))
ONE = Size.of(1)


def values(symbol: Symbol) -> list[int | Fraction]:
    """All of its domain, or its beginning; of a real symbol, steps of a sixth."""
    assert symbol.low is not None
    if symbol.integer:
        return list(range(number_ceil(symbol.low), number_floor(symbol.high or 20) + 1))
    assert symbol.high is not None
    return [symbol.low + Fraction(i, 6) for i in range(int((symbol.high - symbol.low) * 6) + 1)]


def taken(size: Size) -> list[int | Fraction]:
    symbols = sorted(size.symbols(), key=lambda symbol: symbol.name)
    return [at(size, dict(zip(symbols, point, strict=True))) for point in every(*map(values, symbols))]


# Symbols that stand once each, in ranges: the bounds are the least and the greatest value.
REACHED = [
    q,
    3 * q - 1,
    1 - 3 * q,
    q - r / 2,
    q * v,
    -q * v,
    q * r,
    r * w,
    q * w,
    w * Size.of(Symbol("U", low=-4, high=-1)),
    q**3,
    v**3 - q**2,
    1 / q,
    3 / q**2 - v,
    v / q,
    1 / (q + v + 2),
    1 / a,
    a**2,
    floor(q / 2),
    floor(r / 2),
    floor(w / 3),
    floor((q + 9) / 4),
    floor((r + 9) / q),
    floor((w + 1) / q),
    floor(30 / q),
    floor(q / x),
    floor((v + 3) / (q + 3)),
    ceil(q / 4),
    ceil(a * 3),
    floor(a * 3),
    minimum(q, r),
    maximum(q, r),
    minimum(q, 5 * r, w + 4),
    maximum(q, 2 * v, w + 9),
    minimum(q, x),
    gcd(q, v),
    gcd(q, x),
    gcd(q, r + 20),
    holds("|", q, Size.of(2)),
    2 * holds(">=", r, ONE) - v,
]


@pytest.mark.parametrize("size", REACHED, ids=str)
def test_bounds_are_reached(size: Size) -> None:
    found = taken(size)
    assert (lower(size), upper(size)) == (min(found), max(found))


RANGES = [(i, j) for i in (None, -3, -1, 0, 1, 2) for j in (-2, 0, 1, 4, None) if i is None or j is None or i <= j]


@pytest.mark.parametrize("first", RANGES, ids=str)
def test_bounds_of_products(first: tuple[int | None, int | None]) -> None:
    """Never passed; reached where all ends are known, and the lower one also where neither factor is negative."""
    for second in RANGES:
        ends = [Symbol(name, low=i, high=j) for name, (i, j) in (("F", first), ("G", second))]
        of_each = [range(-7 if b.low is None else int(b.low), (9 if b.high is None else int(b.high)) + 1) for b in ends]
        found = [f * g for f, g in every(*of_each)]
        both = Size.of(ends[0]) * Size.of(ends[1])
        low, high = lower(both), upper(both)
        assert (low is None or low <= min(found)) and (high is None or high >= max(found))
        assert (lower(-both), upper(-both)) == (None if high is None else -high, None if low is None else -low)
        if None not in (*first, *second):
            assert (low, high) == (min(found), max(found))
        elif min(i for r in of_each for i in r) >= 0:
            assert low == min(found)


# Least and greatest, None where there is none or none is known.
OPEN = [
    (x, 1, None),
    (-x, None, -1),
    (z, None, None),
    (q * x, 2, None),
    (q * x - r, -2, None),
    (z * q, None, None),
    (x * r, None, None),
    (Size.of(Symbol("C")) * r, None, None),
    (Size.of(Symbol("C")) * v, 0, None),
    (x / q, Fraction(1, 5), None),
    (q / x, 0, 5),
    (-q / x, -5, 0),
    (1 / v, Fraction(1, 3), None),  # it has no value at V = 0
    (1 / r, None, None),
    (z**2, 0, None),
    (r**4, 0, None),
    (r**3, None, None),
    (z**-2, None, None),
    (Size.of(2) ** q, 4, None),
    (Size.of(2) ** n, 2, None),
    (Size.of(2) ** v, 1, None),
    (Size.of(2) ** (n - 3), Fraction(1, 4), None),
    (Size.of(2) ** a, 0, None),
    (Size.of(2) ** z, 0, None),
    (Size.of(2) ** -q, 0, Fraction(1, 4)),
    (q**n, 2, None),
    (x**n, 1, None),
    (q**q, 4, None),
    (a**n, 0, None),
    (v**n, 0, None),
    (r**n, None, None),
    (Size.of(-2) ** n, None, None),
    (sqrt(q), 0, None),
    (log2(q), 1, 3),
    (log2(x), 0, None),
    (log2(x + 7), 3, None),
    (log2(x / 3), None, None),
    (log2(v), None, None),
    (log2(v + 4), 2, 3),
    (floor(x / 2), 0, None),
    (floor(x / q), 0, None),
    (floor(z / 2), None, None),
    (floor((w + 1) / s), -8, -1),
    (floor((q + 9) / s), 0, 14),
    (floor((q - v) / s), -1, 5),
    (floor(x / (q - 3)), None, None),  # the divisor may be 0, or negative
    (maximum(q, z), 2, None),
    (minimum(q, z), None, None),
    (maximum(x, r + 9), 6, None),
    (minimum(x, r), -3, 4),
    (gcd(x - 1, v), 0, None),  # both may be 0
    (gcd(z, q), 1, 5),
    (gcd(z, x - 1), 0, None),
    (divisible(a * 9, Size.of(8)), 8, None),
    (divisible(a, q), 2, None),
    (ceil(Size.of(Symbol("B", integer=False, low=Fraction(1, 3))) * 2), 1, None),
    (summed(floor((t + x) / 3), T, n), 0, None),
    (summed(floor((t + r) / 3), T, n), None, None),
]


@pytest.mark.parametrize(("size", "low", "high"), OPEN, ids=[str(case[0]) for case in OPEN])
def test_bounds_that_are_open(size: Size, low: int | None, high: int | None) -> None:
    assert (lower(size), upper(size)) == (low, high)


def test_the_last_turn_bounds_the_turns() -> None:
    """Of loops ``for t in 0..<Q { for u in 0..t }``: each index at its last turn where the size is least."""
    turn = Size.of(turn_ := Symbol("t", low=0, top=q - 1))
    inner = Size.of(Symbol("u", low=0, top=turn))
    assert (lower(turn), upper(turn)) == (0, 4)
    assert (lower(q - turn), upper(q - turn)) == (1, 5)
    assert (lower(5 * q - 2 * turn), upper(5 * q - 2 * turn)) == (8, 25)
    assert (lower(q - 2 * turn), upper(q - 2 * turn)) == (-3, 5)
    assert (lower(turn / 2), upper(turn / 2)) == (0, 2)
    assert (lower(q - inner), upper(inner + turn)) == (1, 8)
    assert lower(n - 1 - Size.of(Symbol("t", low=0, top=n - 1))) == 0
    assert upper(n - Size.of(Symbol("t", low=0, top=n - 1))) is None
    for size in (
        q - turn - turn * x,
        q - turn**2,
        q - turn * v,
    ):  # in two terms, squared, in a product: not the last turn
        assert lower(size) is None
    for many in range(2, 6):
        found = [many - i for i in range(many)]
        assert {at((q - turn), {Q: many, turn_: i}) for i in range(many)} == set(found)
        assert lower(q - turn) == min(found)


def test_bounds_that_would_be_too_long_to_write_are_not_worked_out() -> None:
    """``2^100000`` is not written out to say that a power is positive."""
    tall = 100_000
    assert (lower(q**tall), upper(q**tall)) == (2, None)
    assert (lower(a**tall), upper(a**tall)) == (0, None)
    assert (lower(v**tall), upper(v**tall)) == (0, None)
    assert (lower(q**-tall), upper(q**-tall)) == (0, Fraction(1, 2))
    assert (lower(q**70), upper(q**70)) == (2**70, 5**70)
    more = Size.of(Symbol("M", integer=False, low=Fraction(3, 2)))
    assert (lower(more**tall), upper(more**-tall)) == (Fraction(3, 2), Fraction(2, 3))
    flag = Size.of(Symbol("F", low=0, high=1))
    assert (lower(flag**tall), upper(flag**tall)) == (0, 1)


# ------------------------------------------------------------ integers

two, six, k = Size.of(2), Size.of(6), Size.of(Symbol("k", low=0))
later = Size.of(Symbol("t", low=0, top=n))
INTEGERS = [
    (x, True),
    (x / 2, False),
    (x / s, False),
    (a, False),
    (a * 2, False),
    (3 * x - z, True),
    (x / 2 + s, False),
    (two**n, True),
    (two**n / 2, True),
    (two**n / 4, False),
    (two**n / 3, False),
    (two ** (n + 1) / 4, True),
    (two**k / 2, False),
    (two ** (2 * n) / 4, True),
    (two ** (2 * n) / 8, False),
    (x * two**n / 2, True),
    (a * two**n, False),
    (two**n / x, False),
    (six**n / 6, True),
    (six**n / 12, False),
    (six**n / 36, False),
    (two**n / two**later, True),
    (two**n / two**later / 2, False),
    (two**later / two**n, False),
    (two**-n, False),
    (two ** (n / 2), False),
    (two**a, False),
    (two**z, False),
    (x**n, True),
    (x**k, True),
    (two**k, True),
    (x**-n, False),
    (x**n / 2, False),
    (a**n, False),
    (Size.of(-2) ** n, True),
    (Size.of(-2) ** n / 2, False),  # an integer, which is not found out
    (floor(a * 3), True),
    (ceil(a * 3), True),
    (minimum(x, s), True),
    (maximum(x, s), True),
    (maximum(x, a), False),
    (gcd(x, s), True),
    (sqrt(x), False),
    (log2(x), False),
    (divisible(a, q), True),
    (divisible(a, Size.of(Symbol("b", integer=False))), False),
    (holds("|", x, two), True),
    (summed(floor((t + x) / 3), T, n), True),
    (summed(floor((t + x) / 3) / 7, T, n), False),
    (1 / (x + 1), False),
]


@pytest.mark.parametrize(("size", "integer"), INTEGERS, ids=[str(case[0]) for case in INTEGERS])
def test_what_is_an_integer(size: Size, integer: bool) -> None:
    assert size.integer is integer
    again = size.subs({symbol: Size.of(symbol) for symbol in size.symbols()})
    assert again == size and again.integer is integer


# ------------------------------------------------------------ signs


@pytest.mark.parametrize("size", REACHED, ids=str)
def test_signs_of_what_has_reached_its_bounds(size: Size) -> None:
    found = taken(size)
    assert never_negative(size) == (min(found) >= 0)
    assert always_negative(size) == (max(found) < 0)
    if is_zero(size) is not None:
        assert is_zero(size) == (set(found) == {0})
    if min(found) > 0 or max(found) < 0:
        assert is_zero(size) is False
