"""Rounding: every identity on integers, in the engine, and as one canonical form; and the floor of anything, never wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from inspect import signature
from itertools import pairwise
from itertools import product as every
from math import ceil as number_ceil
from math import floor as number_floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_sizes import EVERY, B, P, S, X, Y, Z, at, formulas, points, roundings
from strategies import examples

import symcost
from symcost.evaluate import evaluator
from symcost.layers.window import pool_window, window
from symcost.prove import compare
from symcost.sizes import Size, Symbol, ceil, floor, rounding, total
from symcost.sizes.functions import maximum, minimum

# ------------------------------------------------------------ identities
# Written with //, % and the operators that Python's integers and sizes share, so that one text is tested three ways. The
# name of a parameter is its domain: x and y any integer, z any but 0, c any constant; the others are positive.

Sides = Callable[..., tuple[Any, Any]]


def up(x: Any, d: Any) -> Any:
    """``⌈x/d⌉``"""
    return -(-x // d)


IDENTITIES: dict[str, Sides] = {
    "R1": lambda x, z, b: (x // z // b, x // (z * b)),
    "R2": lambda x, a, b, c: ((x // a + c) // b, (x + a * c) // (a * b)),
    "R2, two sizes": lambda x, y, a, b: ((x // a + y) // b, (x + a * y) // (a * b)),
    "R2, taken away": lambda x, y, a, b: ((y - x // a) // b, (a * y + a - 1 - x) // (a * b)),
    "R3": lambda x, c, d: ((x + c) // d, (x + c % d) // d + c // d),
    "R4, multiple": lambda x, y, d, q: ((d * q * x + y) // d, q * x + y // d),
    "R4, split": lambda x, y, c, d: ((c * x + y) // d, c // d * x + (c % d * x + y) // d),
    "R5": lambda x, r, g, d: ((g * x + r) // (g * d), (x + r // g) // d),
    "R5, a sum": lambda x, r, g, a, b: ((g * x + r) // (g * (a + b)), (x + r // g) // (a + b)),
    "R6": lambda x, d: (up(x, d), (x + d - 1) // d),
    "R7": lambda x, a, b: (up(up(x, a), b), up(x, a * b)),
    "R8, up of down": lambda x, a, b: (up(x // a, b), (x + a * (b - 1)) // (a * b)),
    "R8, down of up": lambda x, a, b: (up(x, a) // b, (x + a - 1) // (a * b)),
    "R9": lambda x, d: (x % d, x - d * (x // d)),
    "R9, digits": lambda x, d, k: (x % (k * d) // d, x // d % k),
    "R12": lambda y, a, d: ((a * d + y) // d, a + y // d),
    "R17, remainder": lambda x, d: (x % d - x % d % d, 0 * x),
    "R18": lambda x, d: (d * (d * x // d), d * x),
    "R19": lambda x, d, p, k, s: (
        (x + 2 * p - d * (k - 1) - 1) // s + 1,
        (x + 2 * p - d * (k - 1) - 1 + s) // s,
    ),
    "R19, odd kernel": lambda x, k, s: ((x + 2 * k - (2 * k + 1)) // s + 1, up(x, s)),
    "R19, even kernel": lambda x, k, s: ((x + 2 * k - 2 * k) // s + 1, x // s + 1),
}
# ⌊(3*x + y)/2⌋ is x + ⌊(x + y)/2⌋ or 2*x - ⌈(x - y)/2⌉: beside a half, the nearest integer is two integers.
TWO_FORMS = {"R4, split"}
NUMBERS_ONLY = {"R5": {"g", "r"}, "R5, a sum": {"g", "r"}}  # a common factor is found where it is a number
ANY = ("x", "y", "c", "r")


def parameters(name: str) -> list[str]:
    return list(signature(IDENTITIES[name]).parameters)


@st.composite
def arguments(draw: DrawFn, name: str, most: int = 10**30) -> dict[str, int]:
    """Values for the parameters of an identity: negative, zero, positive and huge where they may be."""
    found = {}
    for letter in parameters(name):
        if letter in ANY:
            found[letter] = draw(st.integers(-50, 50) | st.integers(-most, most))
        elif letter == "z":
            found[letter] = draw(st.integers(-9, 9).filter(bool))
        else:
            found[letter] = draw(st.integers(1, 9) | st.integers(1, most))
    return found


def symbol(letter: str) -> Symbol:
    return Symbol(letter, low=None if letter in (*ANY, "z") else 1)


@pytest.mark.parametrize("name", IDENTITIES)
@given(data=st.data())
@examples(40)
def test_identity_holds_for_integers(name: str, data: st.DataObject) -> None:
    left, right = IDENTITIES[name](**data.draw(arguments(name)))
    assert left == right


@pytest.mark.parametrize("name", IDENTITIES)
@given(data=st.data())
@examples(40)
def test_identity_in_sizes_has_the_values_of_integers(name: str, data: st.DataObject) -> None:
    """Some parameters are symbols that get their numbers afterwards, the others are numbers from the start."""
    given_ = data.draw(arguments(name))
    later = data.draw(st.sets(st.sampled_from(sorted(given_))))
    mixed = {n: Size.of(symbol(n) if n in later else v) for n, v in given_.items()}
    point = {symbol(n): v for n, v in given_.items()}
    for size, number in zip(IDENTITIES[name](**mixed), IDENTITIES[name](**given_), strict=True):
        assert at(Size.of(size), point) == number


@pytest.mark.parametrize("name", [n for n in IDENTITIES if n not in TWO_FORMS])
@given(data=st.data())
@examples(40)
def test_both_sides_end_in_one_form(name: str, data: st.DataObject) -> None:
    given_ = data.draw(arguments(name, most=10**4))
    numbers = {n for n in given_ if n not in "xy" and data.draw(st.booleans())} | NUMBERS_ONLY.get(name, set())
    mixed = {n: Size.of(v if n in numbers or n == "z" else symbol(n)) for n, v in given_.items()}
    left, right = IDENTITIES[name](**mixed)
    assert left == right


# ------------------------------------------------------------ identities of another kind


@given(st.integers(1, 12), st.integers())
@examples(60)
def test_r10_consecutive_shares(d: int, n: int) -> None:
    x = Size.of(Z)
    shares = [(x + k) // d for k in range(d)]
    assert at(total(shares), {Z: n}) == n == sum((n + k) // d for k in range(d))
    assert compare(total(s.subs({Z: Size.of(X)}) for s in shares), Size.of(X)).equal is True


@given(st.integers(2, 9), st.integers(-9, 9), st.data())
@examples(80)
def test_r11_a_range_that_holds_no_multiple(d: int, k: int, data: st.DataObject) -> None:
    low = data.draw(st.integers(k * d, (k + 1) * d - 1))
    high = data.draw(st.integers(low, (k + 1) * d - 1))
    assert floor(Size.of(Symbol("n", low=low, high=high)) / d) == k


@given(st.integers(-9, 9), st.integers(1, 30), st.integers(0, 30))
@examples(80)
def test_r12_a_little_less_than_a_multiple(a: int, b: int, above: int) -> None:
    x = Size.of(Symbol("n", low=b + above))
    assert floor((a * x - b) / x) == a - 1
    assert ceil((a * x - b) / x) == a or above == 0  # ⌈-b/n⌉ is -1 at n = b


COEFFICIENTS = st.builds(Fraction, st.integers(-40, 40), st.integers(1, 12))
PRODUCTS = [Size.of(X), Size.of(Y), Size.of(Z), Size.of(X) * Size.of(X), Size.of(X) * Size.of(Y) ** 2]


@given(st.sampled_from(PRODUCTS), COEFFICIENTS, COEFFICIENTS)
@examples(200)
def test_the_short_road_ends_where_the_rules_end(product: Size, coefficient: Fraction, constant: Fraction) -> None:
    """One product of symbols and a constant: worked out in numbers, and by the rules one after the other."""
    value = product * coefficient + constant
    if value.number is not None:
        return
    short, own = rounding.floor(value), rounding._of_one_product
    rounding._of_one_product = lambda *args: None
    rounding._canonical.cache_clear()
    try:
        assert rounding.floor(value) == short
    finally:
        rounding._of_one_product = own
        rounding._canonical.cache_clear()


def test_r12_where_the_divisor_is_a_sum() -> None:
    x, s = Size.of(X), Size.of(S)
    assert floor(-x / (x + 1)) == -1
    assert floor(x / (x + s)) == 0
    assert floor((x + 2) / (x + 1)) == 1
    assert floor((x + s + 1) / (s + 1)) == floor(x / (s + 1)) + 1
    assert ceil(x / (s + 1)) == floor((x + s) / (s + 1))
    assert floor(floor((x + 3 * s) / (s + 2)) / 2) == floor((x + 3 * s) / (2 * s + 4))
    for low, high in ((10, 3), (30, 9)):  # a divisor whose first term is taken away
        w, v = Symbol("X", high=high), Symbol("Y", low=low)
        size = floor((-7 * Size.of(w) + 2) / (Size.of(v) - 2 * Size.of(w)))
        for i, j in every(range(1, high + 1), range(low, low + 20)):
            assert at(size, {w: i, v: j}) == (2 - 7 * i) // (j - 2 * i)


@given(st.integers(), st.integers(), st.integers(1, 12))
@examples(80)
def test_r14_minimum_and_maximum_under_a_rounding(x: int, y: int, d: int) -> None:
    sizes, point = (Size.of(Z), Size.of(Symbol("y", low=None))), {Z: x, Symbol("y", low=None): y}
    for of_sizes, of_numbers in ((minimum, min), (maximum, max)):
        assert at(floor(of_sizes(*sizes) / d), point) == of_numbers(x // d, y // d)
        assert at(of_sizes(*(floor(s / d) for s in sizes)), point) == of_numbers(x, y) // d
        assert at(ceil(of_sizes(*sizes) / d), point) == of_numbers(up(x, d), up(y, d))


@given(st.integers(), st.integers(), st.integers(1, 12))
@examples(80)
def test_r15_minimum_and_maximum_share_sum_and_product(x: int, y: int, a: int) -> None:
    y_ = Symbol("y", low=None)
    least, most = (f(Size.of(Z), Size.of(y_)) for f in (minimum, maximum))
    assert at(least + most, {Z: x, y_: y}) == x + y
    assert at(least * most, {Z: x, y_: y}) == x * y
    assert maximum(a * Size.of(X), 3 * Size.of(X)) == max(a, 3) * Size.of(X)


@given(st.integers(), st.integers(), st.integers(1, 40))
@examples(80)
def test_r17_the_error_of_leaving_a_floor_away(x: int, y: int, d: int) -> None:
    sizes = Size.of(Z), Size.of(Symbol("y", low=None))
    carried = (sizes[0] + sizes[1]) // d - sizes[0] // d - sizes[1] // d
    point = {Z: x, Symbol("y", low=None): y}
    assert at(carried, point) in (0, 1)
    assert 0 <= at(sizes[0] % d, point) <= d - 1


@pytest.mark.parametrize("depth", range(1, 7))
def test_r20_stacked_layers_of_one_stride(depth: int) -> None:
    x, s = Size.of(X), Size.of(S)
    size, by_three = x, x
    for _ in range(depth):
        size, by_three = window(size, 1, s, 0), window(by_three, 3, 3, 1)
    assert size == ceil(x / s**depth)
    assert by_three == ceil(x / 3**depth)


@given(st.integers(1, 6), st.integers(1, 5), st.integers())
@examples(40)
def test_r21_a_sum_over_whole_periods_is_closed(d: int, q: int, n: int) -> None:
    x = Size.of(Z)
    series = total((x + k) // d for k in range(d * q))
    assert at(series, {Z: n}) == q * n + d * q * (q - 1) // 2


@given(st.integers(1, 10**12), st.integers(1, 20), st.integers(1, 10**6))
@examples(60)
def test_r22_halving_again_and_again(n: int, turns: int, m: int) -> None:
    x = Size.of(X)
    series = total(x // 2**turn for turn in range(turns))
    smooth = x * (2 - Fraction(1, 2 ** (turns - 1)))
    assert 0 <= at(smooth, {X: n}) - at(series, {X: n}) < max(1, turns - 1)  # the first turn loses nothing
    multiple = {X: 2 ** (turns - 1) * Size.of(Y)}
    assert series.subs(multiple) == smooth.subs(multiple)  # no floor is left
    assert at(total(x // 2**turn for turn in range(n.bit_length())), {X: n}) == 2 * n - n.bit_count()


def test_what_looks_true_and_is_not() -> None:
    x = Size.of(X)
    assert ceil((x // 2) / 2) != ceil(x / 4)
    assert at(ceil((x // 2) / 2), {X: 1}) == 0
    assert at(ceil(x / 4), {X: 1}) == 1
    assert floor(floor(x / 2) / -2) != floor(x / -4)  # R1 needs b > 0
    assert at(floor(floor(x / 2) / -2), {X: 1}) == 0


# ------------------------------------------------------------ one size, one form


def test_half_of_a_size_rounded_up_in_many_ways() -> None:
    x = Size.of(X)
    ways = [ceil(x / 2), floor((x + 1) / 2), -floor(-x / 2), (2 * x + 3) // 4, (x - 1) // 2 + 1]
    ways += [window(x, 3, 2, 1), window(x, 1, 2, 0), pool_window(x, *map(Size.of, (2, 2, 0, 1)), "ceil")]
    assert set(ways) == {ceil(x / 2)}
    assert {str(way) for way in ways} == {"ceil(X/2)"}
    assert all(at(ceil(x / 2), {X: n}) == number_ceil(Fraction(n, 2)) for n in range(1, 30))
    taken_away = x - x // 2  # a third form of the same value, which only a proof finds
    assert taken_away != ceil(x / 2)
    assert compare(taken_away, ceil(x / 2)).equal is True


def test_nested_roundings_flatten() -> None:
    x, y, s = Size.of(X), Size.of(Y), Size.of(S)
    assert floor(floor(x / 2) / 2) == floor(x / 4)
    assert ceil(ceil(x / 3) / 5) == ceil(x / 15)
    assert floor(floor(x / s) / s) == floor(x / s**2)
    assert ceil(ceil(x / s) / y) == ceil(x / (s * y))
    assert floor((2 * floor(x / 3) + 1) / 4) == floor(x / 6)  # the factor 2 goes first
    assert floor(floor((y - x) / 2) / 2) == floor((y - x) / 4)
    assert floor((y - floor(x / 2)) / 2) == y - ceil((2 * y + x - 1) / 4)
    assert floor(x / (6 * s)) == floor(floor(x / 3) / (2 * s))


@given(st.integers(-50, 50) | st.integers(-(10**30), 10**30), st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9))
@examples(60)
def test_powers_and_products_of_roundings_are_not_flattened(n: int, a: int, b: int, c: int) -> None:
    """``⌊⌊x/a⌋²/b⌋`` has no rounding by itself inside."""
    z, y = Size.of(Z), Size.of(Symbol("y", low=None))
    inner, point = floor(z / a), {Z: n, Symbol("y", low=None): c}
    assert at(floor((inner**2 + c) / b), point) == ((n // a) ** 2 + c) // b
    assert at(floor((c - inner**3) / b), point) == (c - (n // a) ** 3) // b
    assert at(floor((inner * floor(y / 2) + c) / b), point) == (n // a * (c // 2) + c) // b
    assert at(floor((2 * inner + inner**2) / b), point) == (2 * (n // a) + (n // a) ** 2) // b


def test_what_all_terms_share_goes_once_the_constant_is_rounded_away() -> None:
    x, y, s = Size.of(X), Size.of(Y), Size.of(S)
    assert floor((2 * x * y + 1) / (6 * x)) == floor(y / 3)
    assert floor((2 * x * y + 1) / (6 * x * s)) == floor(y / (3 * s))
    assert floor((2 * x**2 * y + 4 * x * y + 1) / (6 * x**2)) == floor((x * y + 2 * y) / (3 * x))


def test_half_of_a_divisor_beside_a_size() -> None:
    """``⌊(s + X)/(2*s)⌋`` and its mirror image ``-⌊(s - 1 - X)/(2*s)⌋`` begin alike: what follows decides."""
    x, y, s = Size.of(X), Size.of(Y), Size.of(S)
    for d in (s, y, x * y):
        assert ceil(floor(x / d) / 2) == floor((x + d) / (2 * d)) == -floor((d - 1 - x) / (2 * d))
        assert floor(ceil(x / d) / 2) == floor((x + d - 1) / (2 * d)) == -ceil((1 - x - d) / (2 * d))


x, y, s = (Size.of(symbol_) for symbol_ in (X, Y, S))
ALPHA = Size.of(Symbol("alpha", integer=False))
# What is rounded, and the form it ends in: nothing whole, no common factor, coefficients of at most a half.
FORMS: list[tuple[Size, str]] = [
    (3 * x / 2, "X + floor(X/2)"),
    (-3 * x / 2, "-X - ceil(X/2)"),
    (4 * x / 3, "X + floor(X/3)"),
    (5 * x / 3, "2*X - ceil(X/3)"),
    (-x / 3, "-ceil(X/3)"),
    (x / 3 + 5, "floor(X/3) + 5"),
    (x + 3 * y / 2, "X + Y + floor(Y/2)"),
    (x / 2 - y / 2, "floor((X + Y)/2) - Y"),
    (x / 3 - 4 * y / 3, "floor((X + 2*Y)/3) - 2*Y"),
    ((x + s) / s, "floor(X/s) + 1"),
    ((x + 2 * s - 1) / s, "floor((X - 1)/s) + 2"),
    ((7 - x) / s, "-floor((X - 8)/s) - 1"),
    (6 * x / (4 * s), "floor(3*X/(2*s))"),
    ((6 * x + 3) / 4, "X + ceil(X/2)"),
    (x * s / (y * s), "floor(X/Y)"),
    (x / x**2, "floor(1/X)"),
    (x / (x + 1), "0"),
    ((x + 1) / (s + 1) + 2, "floor((X + 1)/(s + 1)) + 2"),
    (floor(x / 2) * 3 / 2, "floor(X/2) + floor(X/4)"),
    (floor(x / 2) / 3 - y / 3, "floor((X + 4*Y)/6) - Y"),
    (y / 3 - floor(x / 2) / 3, "Y - floor((X + 4*Y + 4)/6)"),
    (x / s / (y + 1), "floor(X/(s*Y + s))"),
    ((3 - 2 * x) / ALPHA, "-ceil(2*X/alpha - 3/alpha)"),  # by what is no integer: no remainder is known
    ((1 - 3 * x) / (ALPHA + 1), "-ceil(3*X/(alpha + 1) - 1/(alpha + 1))"),
    ((y - floor(3 * ALPHA)) / 2, "floor((Y - floor(3*alpha))/2)"),
    ((y + floor(3 * ALPHA)) / 2, "floor((Y + floor(3*alpha))/2)"),
    ((Size.of(B) - 10) / (x + 9), "-1"),
    ((Size.of(B) - 1) / (x + 9), "0"),
    (x / s**2 / (y + 1) + 1 / s, "floor((s*Y + X + s)/(s^2*Y + s^2))"),
    ((s * x + x + s + y) / (s + 1), "X + ceil(Y/(s + 1))"),
    ((floor(x / 2) + floor(x / 2) * y) / 3, "floor((Y*floor(X/2) + floor(X/2))/3)"),
    (ALPHA / 2, "floor(alpha/2)"),
    (-ALPHA / 2, "-ceil(alpha/2)"),
]


@pytest.mark.parametrize(("inside", "written"), FORMS, ids=[case[1] for case in FORMS])
def test_forms(inside: Size, written: str) -> None:
    assert str(floor(inside)) == written
    assert ceil(-inside) == -floor(inside)
    for i, j, k in every(range(1, 9), range(1, 6), range(1, 5)):
        point = {X: i, Y: j, S: k, B: i + 1, Symbol("alpha", integer=False): Fraction(i, j)}
        assert at(floor(inside), point) == number_floor(at(inside, point))


def test_numbers_over_a_symbol() -> None:
    s = Size.of(S)
    assert ceil(5 / s) == floor((s + 4) / s) == 1 + floor(4 / s)
    assert floor(-1 / s) == -1
    assert window(Size.of(224), 3, s, 1) == ceil(224 / s)


@st.composite
def signed_sums(draw: DrawFn) -> Size:
    """``X - X*Y + P + 7``: monomials with coefficients 1 and -1, and a constant."""
    x, y, p, z = (Size.of(symbol_) for symbol_ in (X, Y, P, Z))
    chosen = draw(st.dictionaries(st.sampled_from([x, y, p, z, x * y, x**2]), st.sampled_from([1, -1]), min_size=1))
    return total(m * sign for m, sign in chosen.items()) + draw(st.integers(-20, 20))


@given(signed_sums(), st.integers(1, 6), st.integers(1, 6), st.integers(-20, 20), st.sampled_from([1, S, Symbol("d")]))
@examples(120)
def test_any_nesting_is_flat(n: Size, a: int, b: int, c: int, by: int | Symbol) -> None:
    symbolic = a * Size.of(by)
    for inner, outer in ((symbolic, Size.of(b)), (Size.of(b), symbolic)):
        both = inner * outer
        assert floor((floor(n / inner) + c) / outer) == floor((n + c * inner) / both)
        assert ceil((ceil(n / inner) + c) / outer) == ceil((n + c * inner) / both)
        assert floor(ceil(n / inner) / outer) == floor((n + inner - 1) / both)
        assert ceil(floor(n / inner) / outer) == floor((n + inner * (outer - 1)) / both)
        assert -floor(-n / inner) == ceil(n / inner) == floor((n + inner - 1) / inner)


@given(formulas() | roundings())
@examples(150)
def test_a_form_rebuilt_is_the_same_form(formula: Any) -> None:
    size = formula.size
    assert size.subs({s: Size.of(s) for s in EVERY}) == size
    renamed = {s: Symbol(s.name + "_", s.integer, s.low, s.high) for s in EVERY}
    there = size.subs({s: Size.of(r) for s, r in renamed.items()})
    assert there.subs({r: Size.of(s) for s, r in renamed.items()}) == size


# ------------------------------------------------------------ never wrong


@given(roundings(), points())
@examples(250)
def test_the_floor_of_anything_has_the_right_value(formula: Any, point: dict[Symbol, int]) -> None:
    assert at(formula.size, point) == formula.value(point)
    assert evaluator(formula.size)(point) == formula.value(point)


@given(formulas(), points())
@examples(250)
def test_any_formula_has_the_right_value(formula: Any, point: dict[Symbol, int]) -> None:
    assert at(formula.size, point) == formula.value(point)
    assert evaluator(formula.size)(point) == formula.value(point)


@given(st.fractions(), st.fractions(min_value=Fraction(1, 1000), max_value=1))
@examples(60)
def test_roundings_of_real_symbols(shift: Fraction, value: Fraction) -> None:
    alpha = Symbol("alpha", integer=False, low=0, high=1)
    size = floor(Size.of(alpha) * 32 + shift) + ceil(Size.of(alpha) / 7) * Size.of(X)
    expected = (32 * value + shift).__floor__() + (value / 7).__ceil__() * 5
    assert at(size, {alpha: value, X: 5}) == expected
    assert size.integer


@given(st.integers(-40, 40), st.integers(-9, 9).filter(bool), st.integers(1, 9), st.integers(-5, 5))
@examples(80)
def test_divisors_of_either_sign(n: int, d: int, k: int, c: int) -> None:
    """``⌊-x/d⌋`` is ``-⌊(x + d - 1)/d⌋`` for positive divisors only."""
    x, divisor, s = Size.of(Z), Size.of(Symbol("d", low=None)), Size.of(S)
    point = {Z: n, Symbol("d", low=None): d, S: k}
    cases = [
        (x, divisor),
        (-x, divisor),
        (c - 2 * x, divisor),
        (x + c, -divisor),
        (c - x, divisor * s),
        (x, 2 * divisor),
    ]
    if d != -k:
        cases.append((c - 3 * x, divisor + s))
    for top, bottom in cases:
        number = Fraction(at(top, point)) / at(bottom, point)
        assert at(floor(top / bottom), point) == number_floor(number)
        assert at(ceil(top / bottom), point) == number_ceil(number)


@given(st.integers(-40, 40), st.fractions(Fraction(1, 2), 3, max_denominator=12), st.integers(-5, 5))
@examples(80)
def test_divisors_that_are_no_integers(n: int, value: Fraction, c: int) -> None:
    """``⌊-x/a⌋`` is ``-⌊(x + a - 1)/a⌋`` for integers only."""
    alpha = Symbol("alpha", integer=False, low=Fraction(1, 2))
    a, z, point = Size.of(alpha), Size.of(Z), {alpha: value, Z: n}
    for size, number in (
        (z / a, n / value),
        ((c - z) / a, (c - n) / value),
        (z / (a + 1), n / (value + 1)),
        (a / 3, value / 3),
        ((c - a) / 3, (c - value) / 3),
        ((c - a * z) / 4, (c - value * n) / 4),
        ((c - a) / (a + 1), (c - value) / (value + 1)),
    ):
        assert at(floor(size), point) == number_floor(number)
        assert at(ceil(size), point) == number_ceil(number)


# ------------------------------------------------------------ chains of windows


@dataclass(frozen=True)
class Window:
    k: int
    s: int
    p: int
    dilation: int = 1

    @property
    def taken(self) -> int:
        return self.dilation * (self.k - 1) + 1 - 2 * self.p

    def of(self, n: int) -> int:
        """How many start positions there are, one by one."""
        return sum(1 for start in range(0, n + self.p, self.s) if start + self.taken + self.p <= n + self.p)


windows = st.builds(Window, st.integers(1, 7), st.integers(1, 4), st.integers(0, 3), st.integers(1, 2))
chains = st.lists(windows.filter(lambda w: 2 * w.p <= w.dilation * (w.k - 1) + 1), min_size=1, max_size=6)


@given(chains)
@examples(60)
def test_a_chain_of_windows_is_one_rounding(chain: list[Window]) -> None:
    """Nested, the engine gives ``⌊(X + a)/d⌋`` as it is found by hand, and what counting gives at X up to 300."""
    size, shift, stride = Size.of(X), 0, 1
    for w in chain:
        size = window(size, w.k, w.s, w.p, w.dilation)
        shift, stride = shift + stride * (w.s - w.taken), stride * w.s
    assert size == floor((Size.of(X) + shift) / stride)
    count = evaluator(size)
    for n in range(1, 301):
        m = n
        for w in chain:
            m = w.of(m) if m >= w.taken else -1
            if m < 0:
                break
        if m >= 0:
            assert count({X: n}) == m


@given(chains, st.permutations(["s", "t", "d"]))
@examples(40)
def test_a_chain_with_strides_that_are_symbols(chain: list[Window], names: list[str]) -> None:
    """A stride that is a symbol gets its number before or after: the form and the value are the same."""
    strides = [Symbol(n) for n in names]
    later, now = Size.of(X), Size.of(X)
    given_ = {}
    for index, w in enumerate(chain[:3]):
        given_[strides[index]] = Size.of(w.s)
        later = window(later, w.k, Size.of(strides[index]), w.p, w.dilation)
        now = window(now, w.k, w.s, w.p, w.dilation)
    assert later.subs(given_) == now


@given(windows, st.integers(1, 60))
@examples(100)
def test_ceil_mode_starts_no_window_in_the_padding(w: Window, n: int) -> None:
    """As PyTorch computes it: one more where a rest is left, unless it would start right of the input and its left padding."""
    if 2 * w.p > w.k or n + w.p < w.taken + w.p:
        return
    m = -(-(n - w.taken) // w.s) + 1
    if (m - 1) * w.s >= n + w.p:
        m -= 1
    numbers = [Size.of(v) for v in (w.k, w.s, w.p, w.dilation)]
    assert at(pool_window(Size.of(X), *numbers, "ceil"), {X: n}) == m


def test_same_padding_and_the_padding_written_out() -> None:
    for k in (1, 3, 5, 7):
        for s in (1, 2, 3):
            for dilation in (1, 2):
                p = dilation * (k - 1) // 2
                one, other = (
                    symcost.parse(f"input C@X\nconv({k})-4/{s}(pad={pad}, dil={dilation})").output
                    for pad in ("same", p)
                )
                assert one == other


def test_strides_multiply() -> None:
    x = Size.of(X)
    for earlier, later in pairwise([1, 2, 3, 4, 8]):
        assert window(window(x, 1, earlier, 0), 1, later, 0) == ceil(x / (earlier * later))
