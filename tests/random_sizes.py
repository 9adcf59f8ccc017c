"""Random formulas, each made twice: as a `Size`, and as a Python function on exact fractions.

The function shares nothing with the engine, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, floor

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from symcost.sizes import Size, Symbol
from symcost.sizes import ceil as size_ceil
from symcost.sizes import floor as size_floor
from symcost.sizes.functions import maximum, minimum

Point = Mapping[Symbol, int | Fraction]

X, Y = Symbol("X"), Symbol("Y")
S = Symbol("s")  # a letter of a parameter, which stands after X and Y in a formula
P = Symbol("P", low=0)
Z = Symbol("Z", low=None)
B = Symbol("B", low=2, high=9)
EVERY = (X, Y, S, P, Z, B)


@dataclass(frozen=True)
class Formula:
    """One formula in two forms, and how it was made."""

    written: str
    size: Size
    value: Callable[[Point], Fraction]

    def __repr__(self) -> str:
        return self.written


def at(size: Size, point: Point) -> int | Fraction:
    """The size with numbers for its symbols."""
    number = size.subs({symbol: Size.of(value) for symbol, value in point.items()}).number
    assert number is not None, f"{size} is no number at {point}"
    return number


def of_symbol(symbol: Symbol) -> Formula:
    return Formula(symbol.name, Size.of(symbol), lambda point: Fraction(point[symbol]))


def of_number(number: int | Fraction) -> Formula:
    return Formula(f"({number})", Size.of(number), lambda _: Fraction(number))


def sum_of(a: Formula, b: Formula) -> Formula:
    return Formula(f"({a} + {b})", a.size + b.size, lambda p: a.value(p) + b.value(p))


def difference(a: Formula, b: Formula) -> Formula:
    return Formula(f"({a} - {b})", a.size - b.size, lambda p: a.value(p) - b.value(p))


def product_of(a: Formula, b: Formula) -> Formula:
    return Formula(f"{a}*{b}", a.size * b.size, lambda p: a.value(p) * b.value(p))


def quotient(a: Formula, b: Formula) -> Formula:
    return Formula(f"{a}/({b})", a.size / b.size, lambda p: a.value(p) / b.value(p))


def floor_of(a: Formula) -> Formula:
    return Formula(f"floor({a})", size_floor(a.size), lambda p: Fraction(floor(a.value(p))))


def ceil_of(a: Formula) -> Formula:
    return Formula(f"ceil({a})", size_ceil(a.size), lambda p: Fraction(ceil(a.value(p))))


def least(a: Formula, b: Formula) -> Formula:
    return Formula(f"min({a}, {b})", minimum(a.size, b.size), lambda p: min(a.value(p), b.value(p)))


def greatest(a: Formula, b: Formula) -> Formula:
    return Formula(f"max({a}, {b})", maximum(a.size, b.size), lambda p: max(a.value(p), b.value(p)))


def power_of(a: Formula, exponent: int) -> Formula:
    return Formula(f"{a}^{exponent}", a.size**exponent, lambda p: a.value(p) ** exponent)


@cache
def numbers() -> SearchStrategy[int | Fraction]:
    return st.integers(-12, 12) | st.fractions(-6, 6, max_denominator=6)


@cache
def divisors(symbols: tuple[Symbol, ...]) -> SearchStrategy[Formula]:
    """What is never zero: numbers, symbols, and sums and products of positive symbols."""
    positive = [s for s in symbols if s.low is not None and s.low > 0]
    constants = st.integers(-6, 9).filter(bool).map(of_number)
    if not positive:
        return constants
    names = st.sampled_from(positive).map(of_symbol)
    above = st.integers(0, 3).map(of_number)
    return constants | names | st.builds(product_of, names, names) | st.builds(sum_of, names, names | above)


@cache
def polynomials(symbols: tuple[Symbol, ...] = (X, Y, Z), leaves: int = 8) -> SearchStrategy[Formula]:
    """Sums and products, without division by a symbol."""
    ends = st.sampled_from(symbols).map(of_symbol) | numbers().map(of_number)
    return st.recursive(
        ends,
        lambda inner: st.one_of(
            st.builds(sum_of, inner, inner),
            st.builds(difference, inner, inner),
            st.builds(product_of, inner, inner),
            st.builds(power_of, inner, st.integers(0, 3)),
        ),
        max_leaves=leaves,
    )


@cache
def formulas(symbols: tuple[Symbol, ...] = EVERY, leaves: int = 8) -> SearchStrategy[Formula]:
    """Everything there is: quotients, nested roundings, minima and maxima."""
    ends = st.sampled_from(symbols).map(of_symbol) | numbers().map(of_number)
    return st.recursive(
        ends,
        lambda inner: st.one_of(
            st.builds(sum_of, inner, inner),
            st.builds(difference, inner, inner),
            st.builds(product_of, inner, inner),
            st.builds(quotient, inner, divisors(symbols)),
            st.builds(floor_of, st.builds(quotient, inner, divisors(symbols))),
            st.builds(ceil_of, st.builds(quotient, inner, divisors(symbols))),
            st.builds(least, inner, inner),
            st.builds(greatest, inner, inner),
        ),
        max_leaves=leaves,
    )


@cache
def roundings(symbols: tuple[Symbol, ...] = EVERY, leaves: int = 8) -> SearchStrategy[Formula]:
    """Nested roundings by constants and symbols: what chains of windows give, and worse."""
    ends = st.sampled_from(symbols).map(of_symbol) | numbers().map(of_number)
    return st.recursive(
        ends,
        lambda inner: st.one_of(
            st.builds(sum_of, inner, inner),
            st.builds(difference, inner, inner),
            st.builds(product_of, numbers().map(of_number), inner),
            st.builds(floor_of, st.builds(quotient, inner, divisors(symbols))),
            st.builds(ceil_of, st.builds(quotient, inner, divisors(symbols))),
        ),
        max_leaves=leaves,
    ).map(floor_of)


L, T = Symbol("L"), Symbol("t", low=0)  # of powers: their values are small


def raised(base: int, exponent: Formula) -> Formula:
    size = Size.of(base) ** exponent.size
    return Formula(f"{base}^({exponent})", size, lambda p: Fraction(base) ** int(exponent.value(p)))


@cache
def powers() -> SearchStrategy[Formula]:
    """Sums, products and roundings with symbols in exponents."""
    factors, shifts = (st.sampled_from(found).map(of_number) for found in ([1, 2, -1], [-2, -1, 0, 1, 3]))
    exponents = st.builds(product_of, factors, st.sampled_from([L, T]).map(of_symbol))
    raised_ = st.builds(raised, st.sampled_from([2, 3, 6, -1, -2]), st.builds(sum_of, exponents, shifts))
    return st.recursive(
        raised_ | st.sampled_from([X, L]).map(of_symbol) | numbers().map(of_number),
        lambda inner: st.one_of(
            st.builds(sum_of, inner, inner),
            st.builds(difference, inner, inner),
            st.builds(product_of, inner, inner),
            st.builds(floor_of, st.builds(quotient, inner, st.integers(1, 9).map(of_number) | raised_)),
            st.builds(least, inner, inner),
        ),
        max_leaves=6,
    )


@cache
def powers_points() -> SearchStrategy[dict[Symbol, int]]:
    return st.fixed_dictionaries({X: st.integers(1, 40), L: st.integers(1, 6), T: st.integers(0, 6)})


def values(symbol: Symbol) -> SearchStrategy[int]:
    """Values of its domain: its bounds, small ones, and sometimes huge ones."""
    low, high = symbol.low, symbol.high
    near = st.integers(-40 if low is None else int(low), 40 if high is None else int(high))
    if high is not None:
        return near
    return near | near | st.integers(-(10**30) if low is None else int(low), 10**30)


@cache
def points(symbols: tuple[Symbol, ...] = EVERY) -> SearchStrategy[dict[Symbol, int]]:
    return st.fixed_dictionaries({symbol: values(symbol) for symbol in symbols})
