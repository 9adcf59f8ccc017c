"""Sizes: the arithmetic of exact sums and powers, the functions on them, and shapes made of them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import floor as number_floor
from math import gcd as number_gcd
from math import isqrt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_sizes import (
    EVERY,
    B,
    P,
    S,
    X,
    Y,
    Z,
    at,
    formulas,
    numbers,
    points,
    polynomials,
    powers,
    powers_points,
)
from strategies import examples

import symcost
from symcost.evaluate import evaluator
from symcost.sizes import Size, Symbol, TooLarge, ceil, floor, product, total
from symcost.sizes.atoms import Sum, content, leading, numeric_content
from symcost.sizes.bounds import lower, upper
from symcost.sizes.facts import never_negative
from symcost.sizes.functions import divisible, gcd, holds, log2, maximum, minimum, sqrt
from symcost.sizes.notation import UNICODE
from symcost.sizes.shape import Shape
from symcost.sizes.sums import MAX_WRITTEN_OUT, summed
from symcost.source import SymcostError

x, y, s, p, z, b = (Size.of(symbol) for symbol in (X, Y, S, P, Z, B))
n = Symbol("n")
ONE = Size.of(1)


# ------------------------------------------------------------ sums and products


@given(polynomials(), polynomials(), polynomials())
@examples(100)
def test_laws_of_a_ring(f: Any, g: Any, h: Any) -> None:
    a, b_, c = f.size, g.size, h.size
    assert a + b_ == b_ + a
    assert a * b_ == b_ * a
    assert (a + b_) + c == a + (b_ + c)
    assert (a * b_) * c == a * (b_ * c)
    assert a * (b_ + c) == a * b_ + a * c
    assert a + 0 == a * 1 == a
    assert a - a == a * 0 == 0
    assert -a * -1 == a
    assert a - b_ == a + -b_ == -(b_ - a)
    assert total([a, b_, c]) == a + b_ + c
    assert product([a, b_, c]) == a * b_ * c


@given(formulas(), formulas())
@examples(60)
def test_equal_sizes_have_one_hash(f: Any, g: Any) -> None:
    assert hash(f.size + g.size) == hash(g.size + f.size)
    assert (f.size == g.size) == (f.size.key == g.size.key)
    assert {f.size: 1}[f.size + g.size - g.size] == 1


@given(numbers())
def test_a_number_is_that_number(number: int | Fraction) -> None:
    assert Size.of(number) == number
    assert Size.of(number) in {number}  # equal, so with one hash
    assert Size.of(number).number == number
    assert Size.of(number).integer == (Fraction(number).denominator == 1)


def test_numbers_on_the_left() -> None:
    assert 2 + x == x + 2
    assert 2 - x == -(x - 2)
    assert 2 * x == x * 2
    assert 2 / x == Size.of(2) / x
    assert Fraction(1, 2) * x == x / 2


def test_what_is_no_exact_number_is_refused() -> None:
    for value in (0.5, "X", None, 1j):
        with pytest.raises(TypeError):
            Size.of(value)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            x + value  # type: ignore[operator]
    assert x != 0.5
    assert x != "X"
    with pytest.raises(TypeError):
        bool(x)
    with pytest.raises(ZeroDivisionError):
        x / (y - y)


def test_symbols_are_equal_when_name_and_domain_are() -> None:
    assert Size.of(Symbol("X")) == x
    assert Size.of(Symbol("X", low=0)) != x
    assert Size.of(Symbol("X", high=9)) != x
    assert Size.of(Symbol("X", integer=False)) != x


def test_atoms_are_no_sizes_and_no_names() -> None:
    symbol, same = Symbol("X"), Symbol("X")
    assert symbol == same
    for other in ("X", 3, None, x, Symbol("Y")):
        assert symbol != other


CONTENTS = [
    # a size, the number and the factor its terms have in common, its first term
    (Size.of(0), 1, "1", None),
    (Size.of(-6), 6, "6", -6),
    (6 * x + 4 * y, 2, "2", 6 * x),
    (-6 * x, 6, "6*X", -6 * x),
    (x / 2 + y / 3, Fraction(1, 6), "1/6", x / 2),
    (2 * x**2 * y + 4 * x * y, 2, "2*X*Y", 2 * x**2 * y),
    (x**2 * y + x * y**2, 1, "X*Y", x**2 * y),
    (x / y + 1 / y, 1, "1/Y", x / y),
    (x / y + x, 1, "X/Y", x),
    (1 / y + x, 1, "1/Y", x),
    (x / y**2 + s / y, 1, "1/Y^2", s / y),
    (Fraction(2, 3) * x + Fraction(4, 9) * x**2, Fraction(2, 9), "2*X/9", Fraction(4, 9) * x**2),
    (x * y + y, 1, "Y", x * y),
    (y - x + 1, 1, "1", -x),
]


@pytest.mark.parametrize(("size", "number", "factor", "first"), CONTENTS, ids=[str(case[0]) for case in CONTENTS])
def test_what_terms_have_in_common(size: Size, number: int | Fraction, factor: str, first: Any) -> None:
    assert numeric_content(size) == number
    assert str(content(size)) == factor
    if first is not None:
        monomial, coefficient = leading(size)
        assert Size({monomial: coefficient}) == first
        rest = size / content(size)
        assert rest * content(size) == size
        assert numeric_content(rest) == 1


def test_parts_inside_one_another_are_limited() -> None:
    """Each as often as it stands there, those of definitions too."""
    with symcost.limits(parts=1000):
        found = [x]
        for _ in range(7):  # of 5, 13, 29, 61, 125, 253 and 509 parts
            found.append(log2(found[-1] * y + found[-1] * s))
        inner = total(found[2:])  # of 990 parts
        size = log2(inner + total(Size.of(Symbol(f"v{i}")) for i in range(9)))
        assert {a.parts for m in size.terms for a, _ in m} == {1000}
        for beyond in (lambda: log2(size), lambda: Symbol("N1", definition=size), lambda: minimum(log2(y), size)):
            with pytest.raises(TooLarge):
                beyond()
    named = Symbol("N2", definition=x * y, top=s)
    assert named.parts == 4
    assert (named.name, repr(named)) == ("N2", "N2")


# ------------------------------------------------------------ quotients


@given(polynomials(), polynomials())
@examples(120)
def test_what_divides_is_divided_out(f: Any, g: Any) -> None:
    assume(g.size.terms)
    assert f.size * g.size / g.size == f.size


@given(polynomials((X, Y, S)), polynomials((X, Y, S)), st.integers(0, 2), st.integers(0, 2))
@examples(80)
def test_negative_powers_are_divided_out_too(f: Any, g: Any, i: int, j: int) -> None:
    """``(X/Y + Y/X)*(X + Y)/(X + Y)``"""
    assume(g.size.terms)
    laurent = f.size / x**i + g.size / y**j
    assert laurent * g.size / g.size == laurent


def test_quotients() -> None:
    assert (x**2 - y**2) / (x - y) == x + y
    assert (x**30 - 1) / (x - 1) == total(x**i for i in range(30))
    assert (x**2 - 1) / (x**2 + x) == 1 - 1 / x
    assert (6 * x * y + 4 * x) / (2 * x) == 3 * y + 2
    assert (2 * x + 2) / (3 * x + 3) == Fraction(2, 3)
    assert str((x**2 + 1) / (x + 1)) == "X^2/(X + 1) + 1/(X + 1)"
    assert 1 / (1 / (x + 1)) == x + 1
    assert 1 / (x / (y + 1)) == (y + 1) / x
    assert 1 / (3 / (y + 1)) ** 2 == (y + 1) ** 2 / 9
    assert (x + 1) / (x / (y + 1)) ** 3 == (x + 1) * (y + 1) ** 3 / x**3
    assert 1 / (2 * x / (y + 1) ** 2) == (y**2 + 2 * y + 1) / (2 * x)
    assert (x + y) / (2 * x / (y + 1)) == (x + y) * (y + 1) / (2 * x)
    assert (x / (x + 1)) ** 2 == x**2 * (1 / (x + 1)) ** 2


@given(formulas(), points())
@examples(80)
def test_a_quotient_never_rounds(f: Any, point: dict[Symbol, int]) -> None:
    value = f.value(point)
    assert at(f.size / 7, point) == value / 7
    assert at(f.size / (x + y), point) == value / (point[X] + point[Y])
    if value and f.size.number is None:
        assert at(x / f.size, point) == point[X] / value


@given(st.integers(), st.integers(-50, 50).filter(bool), st.booleans())
@examples(80)
def test_floor_division_and_remainder_are_those_of_python(value: int, d: int, later: bool) -> None:
    divisor = Symbol("d", low=None)
    by = Size.of(divisor) if later else Size.of(d)
    point = {Z: value, divisor: d}
    assert at(z // by, point) == value // d
    assert at(z % by, point) == value % d


# ------------------------------------------------------------ powers


@given(polynomials(leaves=4), st.integers(0, 4), st.integers(0, 4))
@examples(60)
def test_laws_of_powers(f: Any, i: int, j: int) -> None:
    assume(len(f.size.terms) <= 6)  # to the 16th power
    assert f.size**i * f.size**j == f.size ** (i + j)
    assert (f.size**i) ** j == f.size ** (i * j)


def test_powers_with_symbols_above() -> None:
    m = Size.of(n)
    two, four, twelve = (Size.of(v) for v in (2, 4, 12))
    assert four**m == two ** (2 * m)
    assert twelve**m == two ** (2 * m) * Size.of(3) ** m
    assert two**m * two**y == two ** (m + y)
    assert two ** (m + 3) == 8 * two**m
    assert two ** (m - 1) == two**m / 2
    assert two ** (-m) == 1 / two**m
    assert two**m / two**m == 1
    assert Size.of(Fraction(2, 3)) ** m == two**m / Size.of(3) ** m
    assert (x * y) ** m == x**m * y**m
    assert (2 * x) ** m == two**m * x**m
    assert (x / (4 * y)) ** m == x**m / y**m / two ** (2 * m)
    assert (-x) ** m == Size.of(-1) ** m * x**m
    assert (x**2) ** m == x ** (2 * m)
    assert x ** (m + 1) == x * x**m
    assert (two**m) ** 3 == Size.of(8) ** m
    assert x**0 == Size.of(1) ** m == 1
    assert (two**m).integer
    assert not (two**-m).integer
    assert not (two ** Size.of(Z)).integer


def test_powers_of_zero() -> None:
    """0^X is 0 from X = 1 on, where nothing can be divided by it; 0^0 is 1, so that an exponent that may be 0 stays."""
    assert Size.of(0) ** x == 0
    turn = Symbol("t", low=0)
    assert [(Size.of(0) ** Size.of(turn)).subs({turn: Size.of(i)}).number for i in range(4)] == [1, 0, 0, 0]
    with pytest.raises(SymcostError):
        x / Size.of(0) ** x


@given(st.integers(1, 12), st.integers(-9, 9), st.integers(0, 9), st.integers(-3, 3), st.integers(-5, 5))
@examples(100)
def test_values_of_powers(base: int, exponent: int, factor: int, shift: int, e: int) -> None:
    """The exponent gets its number before or after: a power is a power."""
    size = Size.of(base) ** (factor * z + shift)
    expected = Fraction(base) ** (factor * exponent + shift)
    assert at(size, {Z: exponent}) == expected
    assert evaluator(size)({Z: exponent}) == expected
    assert at((x + 1) ** e, {X: base}) == Fraction(base + 1) ** e
    assert at((x + 1) ** z, {X: base, Z: exponent}) == Fraction(base + 1) ** exponent
    assert at(Size.of(-base) ** z, {Z: exponent}) == Fraction(-base) ** exponent


@given(powers(), st.lists(powers_points(), min_size=3, max_size=3))
@examples(150)
def test_whatever_is_said_of_powers_is_so(f: Any, sample: list[dict[Symbol, int]]) -> None:
    """``2^n/2^t`` may be an integer, and rounds to itself then."""
    low, high, sign, integer = lower(f.size), upper(f.size), never_negative(f.size), f.size.integer
    for point in sample:
        value = f.value(point)
        assert at(f.size, point) == value == evaluator(f.size)(point)
        assert low is None or low <= value
        assert high is None or value <= high
        assert not sign or value >= 0
        assert not integer or value.denominator == 1
        if integer:
            assert at(gcd(f.size, Size.of(12)), point) == number_gcd(int(value), 12)


def test_powers_of_what_is_no_prime() -> None:
    m = Size.of(n)
    assert not (Size.of(-1) ** m / 2).integer
    assert Size.of(0) ** m / 2 == 0  # n >= 1
    assert not (Size.of(-2) ** m / 2).integer
    assert (Size.of(2) ** m / 2).integer  # n >= 1
    assert (Size.of(6) ** m / 6).integer
    assert not (Size.of(6) ** m / 12).integer


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 4), st.sampled_from([1, 2, 3, -2])), max_size=3),
    st.integers(0, 9),
)
@examples(80)
def test_sums_over_the_turns_of_a_loop(terms: list[tuple[int, int, int]], turns: int) -> None:
    """``c*t^p*r^t`` has a closed form; what has none stays a sum, with the same values."""
    index, count = Symbol("t", low=0), Symbol("n", low=0)
    t = Size.of(index)
    term = total(c * t**p * Size.of(r) ** t for c, p, r in terms)
    expected = sum(c * i**p * r**i for c, p, r in terms for i in range(turns))
    closed = summed(term, index, Size.of(count))
    assert at(closed, {count: turns}) == at(summed(term, index, Size.of(turns)), {}) == expected
    rounded = summed(floor((t + x) / 3), index, Size.of(count))
    assert at(rounded, {count: turns, X: 5}) == sum((i + 5) // 3 for i in range(turns))
    assert evaluator(rounded)({count: turns, X: 5}) == at(rounded, {count: turns, X: 5})


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 6)), max_size=4), st.integers(0, 10**30))
@examples(60)
def test_one_turn_more_adds_its_term(terms: list[tuple[int, int]], turns: int) -> None:
    """At counts nobody could add up."""
    index, count = Symbol("t", low=0), Symbol("n", low=0)
    term = total(c * Size.of(index) ** p for c, p in terms)
    closed = summed(term, index, Size.of(count))
    assert at(closed, {count: turns + 1}) - at(closed, {count: turns}) == sum(c * turns**p for c, p in terms)


@given(
    st.sampled_from(["==", "!=", ">=", "|"]),
    st.sampled_from([1, -1]),
    st.integers(-14, 14),
    st.integers(-14, 14) | st.integers(-(10**30), 10**30),
    st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 12)),
)
@examples(200)
def test_sums_over_the_turns_where_a_bracket_holds(
    kind: str, slope: int, start: int, later: int, others: tuple[int, int, int]
) -> None:
    """``t^p*[t == c]`` and its like: the turn, the turns from some turn on, every d-th turn; c is a number or a symbol."""
    divisor, power_, turns = others
    index, count, shift = Symbol("t", low=0), Symbol("n", low=0), Symbol("c", low=None)
    t, c = Size.of(index), Size.of(shift)
    truth: dict[str, Callable[[int], bool]] = {
        "==": lambda v: v == 0,
        "!=": lambda v: v != 0,
        ">=": lambda v: v >= 0,
        "|": lambda v: v % divisor == 0,
    }
    for begin, value in ((Size.of(start), start), (c, later), (c + start, later + start)):
        bracket = holds(kind, slope * t + begin, Size.of(divisor if kind == "|" else 1))
        closed = summed(t**power_ * bracket, index, Size.of(count))
        expected = sum(i**power_ for i in range(turns) if truth[kind](slope * i + value))
        assert at(closed, {count: turns, shift: later}) == expected
        assert evaluator(closed)({count: turns, shift: later}) == expected


@pytest.mark.parametrize(
    ("bracket", "closed"),
    [
        (lambda t, c: holds("==", t - 3, ONE), True),
        (lambda t, c: holds("==", c - t, ONE), True),
        (lambda t, c: holds("!=", t - c, ONE), True),
        (lambda t, c: holds(">=", t - c, ONE), True),
        (lambda t, c: holds(">=", c - t, ONE), True),
        (lambda t, c: holds("|", t + 1, Size.of(3)), True),
        (lambda t, c: holds("|", 4 - t, Size.of(3)), True),
        (lambda t, c: holds("|", t + c, Size.of(3)), False),
        (lambda t, c: holds("|", t, c), False),
        (lambda t, c: holds("|", c, t + 1), False),
        (lambda t, c: holds(">=", 2 * t - c, ONE), False),
        (lambda t, c: holds(">=", t * t - c, ONE), False),
        (lambda t, c: holds(">=", t * c - 9, ONE), False),
        (lambda t, c: holds(">", t - c / 2, ONE), False),
        (lambda t, c: holds("==", floor(t / 2) - 1, ONE), False),
        (lambda t, c: holds("==", t - 3, ONE) * holds("==", c - 4, ONE), True),
        (lambda t, c: holds(">=", t - 3, ONE) * holds("|", t, Size.of(2)), True),
    ],
)
def test_which_brackets_have_a_closed_form(bracket: Callable[[Size, Size], Size], closed: bool) -> None:
    """A range or a stride of the turns has one, and the others stay sums of the same value."""
    index, count, bound = Symbol("t", low=0), Symbol("n"), Symbol("c")
    t, c = Size.of(index), Size.of(bound)
    for term in (bracket(t, c), bracket(t, c) * t * x, bracket(t, c) * Size.of(2) ** t):
        found = summed(term, index, Size.of(count))
        assert any(isinstance(a, Sum) for a in found.atoms()) is not closed
        for turns, value in ((1, 1), (2, 3), (5, 4), (9, 4), (10, 7)):
            expected = sum(at(term, {index: i, bound: value, X: 7}) for i in range(turns))
            assert at(found, {count: turns, bound: value, X: 7}) == expected


def test_which_sums_have_a_closed_form() -> None:
    index, count = Symbol("t", low=0), Symbol("n")
    t, m = Size.of(index), Size.of(count)
    two = Size.of(2)
    for term, closed in (
        (x, True),
        (t**5 * x + t, True),
        (two**t * x, True),
        (two**t * Size.of(3) ** t * t, True),
        (t / two**t, True),
        (x / (t + 1), False),
        (1 / (t + 1), False),
        (two ** (t * x), False),
        (two ** (t * t), False),
        (x**t, False),
        (floor(t / 2), False),
        (floor(t / 2) + t**2, False),
    ):
        found = summed(term, index, m)
        visible = [a for a in found.atoms() if isinstance(a, Sum)]
        assert bool(visible) is not closed
        for turns in (1, 2, 5):
            expected = sum(Fraction(at(term, {index: i, X: 3})) for i in range(turns))
            assert at(found, {count: turns, X: 3}) == expected
            assert at(summed(term, index, Size.of(turns)), {X: 3}) == expected
    assert str(summed(floor(t / 2) + t**2, index, m)).startswith("n^3/3")  # what can be closed is
    assert summed(x, index, m) == m * x
    assert summed(t, index, m) == m**2 / 2 - m / 2
    assert summed(two**t, index, m) == two**m - 1
    assert summed(t * two**t, index, m) == (m - 2) * two**m + 2


def test_long_sums_of_numbers_stay_sums() -> None:
    index = Symbol("t", low=0)
    rounded = floor(Size.of(index) / 2)
    assert summed(rounded, index, Size.of(MAX_WRITTEN_OUT)) == sum(i // 2 for i in range(MAX_WRITTEN_OUT))
    assert summed(rounded, index, Size.of(MAX_WRITTEN_OUT + 1)).number is None


# ------------------------------------------------------------ substitution


@given(formulas(leaves=6), st.integers(1, 4), st.integers(0, 4), points())
@examples(120)
def test_substitution_commutes_with_evaluation(f: Any, k: int, c: int, point: dict[Symbol, int]) -> None:
    inside = k * x + c
    moved = f.size.subs({X: inside, Y: y + x})
    expected = f.value({**point, X: k * point[X] + c, Y: point[X] + point[Y]})
    assert at(moved, point) == expected


def test_substitution_is_simultaneous() -> None:
    assert (x - 2 * y).subs({X: y, Y: x}) == y - 2 * x
    assert floor(x / y).subs({X: y, Y: x}) == floor(y / x)


def test_substitution_simplifies_again() -> None:
    m = Size.of(Symbol("m"))
    assert floor((x + 1) / 2).subs({X: 2 * m}) == m
    assert ceil(x / s).subs({X: 3 * s}) == 3
    assert floor(x / 32).subs({X: 32 * m + 28}) == m
    assert minimum(x, y).subs({X: y + 1}) == y
    assert (Size.of(2) ** x).subs({X: y - 1}) == Size.of(2) ** y / 2


@given(formulas())
@examples(60)
def test_an_integer_is_an_integer_at_every_point(f: Any) -> None:
    if f.size.integer:
        for value in (1, 2, 3, 7, 10**20):
            point = {symbol: symbol.high or value for symbol in EVERY}
            assert Fraction(at(f.size, point)).denominator == 1


# ------------------------------------------------------------ limits


def test_large_numbers_are_exact() -> None:
    assert Size.of(10) ** 100 == 10**100
    assert str(Size.of(10) ** 100) == "1" + "0" * 100
    assert symcost.formula("10^100") == 10**100
    assert at(x**20, {X: 10**30}) == 10**600
    for text in ("2^4000", "7^1234"):
        base, exponent = map(int, text.split("^"))
        assert symcost.formula(text) == base**exponent
        str(Size.of(base) ** exponent)  # Python refuses to write more than 4300 digits


TOO_LARGE: dict[str, Callable[[], Any]] = {
    "a power tower": lambda: Size.of(2) ** (Size.of(2) ** (Size.of(2) ** 20)),
    "a number": lambda: Size.of(10) ** (10**9),
    "a small fraction": lambda: Size.of(Fraction(1, 3)) ** (10**9),
    "a negative power": lambda: Size.of(3) ** -(10**9),
    "the factor of a symbol": lambda: (2 * x) ** (10**9),
    "a power of a sum": lambda: (x + 1) ** (10**9),
    "a power of a long sum": lambda: (x + y + s + p + b) ** 100,
    "a value": lambda: at(x ** (10**9), {X: 3}),
    "squares of squares": lambda: product([Size.of(3) ** 8000] * 9),
    "fractions of fractions": lambda: product([Size.of(Fraction(1, 3)) ** 8000] * 9),
    "the base of a symbolic power": lambda: Size.of(2**64) ** x,
    "written by a user": lambda: symcost.formula("2^(2^(2^20))"),
}


@pytest.mark.parametrize("case", TOO_LARGE)
def test_too_large_is_refused_at_once(case: str, deadline: Any) -> None:
    with deadline(5), pytest.raises(SymcostError) as caught:
        TOO_LARGE[case]()
    assert caught.value.diagnostics[0].code == "number-too-large"


def test_what_is_too_large_says_how_to_allow_it() -> None:
    for beyond, limit in ((lambda: Size.of(10) ** 10**9, "results"), (lambda: (x + y + s + p + b) ** 100, "terms")):
        with pytest.raises(TooLarge) as caught:
            beyond()
        assert f"--limit {limit}=" in str(caught.value)
    with pytest.raises(TooLarge) as caught:
        Size.of(2**64) ** x
    assert caught.value.diagnostics[0].help is None
    assert Size.of(2**64 - 59) ** x != 0  # of 64 bits


def test_numbers_at_their_limit() -> None:
    """A number may have so many bits and not one more, however it comes about."""
    with symcost.limits(results=100) as found:
        bits = found.bits
        most, half = 2**bits - 1, 2 ** (bits // 2)
        assert Size.of(half) * Size.of(half) == half * half
        assert product([Size.of(most), Size.of(1)]) == most
        assert x * most == most * x
        assert Size.of(2) ** (bits - 1) == 2 ** (bits - 1)
        assert Size.of(Fraction(1, 2)) ** (bits - 1) == Fraction(1, 2 ** (bits - 1))
        assert (2 * x) ** (bits - 1) == 2 ** (bits - 1) * x ** (bits - 1)
        assert Size.of(Fraction(1, most)) * Size.of(Fraction(1, 1)) == Fraction(1, most)
        for beyond in (
            lambda: Size.of(2) ** bits,
            lambda: Size.of(2) ** -bits,
            lambda: Size.of(Fraction(1, 2)) ** bits,
            lambda: (2 * x) ** bits,
            lambda: (2 * x) * Size.of(2 ** (bits - 1)),
            lambda: Size.of(Fraction(1, 2)) * Fraction(1, 2 ** (bits - 1)),
            lambda: Size.of(Fraction(2, 3)) * Fraction(2 ** (bits - 1)),
            lambda: product([2, Size.of(2 ** (bits - 1))]),
        ):
            with pytest.raises(TooLarge):
                beyond()
    assert Size.of(2) ** bits == 2**bits


def test_products_of_sums_at_their_limit() -> None:
    terms = [total(Size.of(Symbol(f"{name}{i}")) for i in range(10)) for name in "ab"]
    with symcost.limits(terms=100):
        assert len((terms[0] * terms[1]).terms) == 100
    with symcost.limits(terms=99), pytest.raises(TooLarge):
        terms[0] * terms[1]
    with symcost.limits(terms=9):  # a few terms are always multiplied out
        assert len(((x + y) * terms[0]).terms) == 20


def test_large_powers_of_symbols_are_only_written(deadline: Any) -> None:
    """Their bounds and signs are not worked out digit by digit, nor multiplied out."""
    w = Size.of(Symbol("W", low=2, high=7))
    tall = Size.of(2) ** Size.of(Symbol("L", low=10**9))
    with deadline(5):
        assert (lower(w ** (10**9)) or 0) >= 1
        assert upper(w ** (10**9)) is None
        assert (lower(tall) or 0) >= 1
        assert lower(w ** -(10**9)) == 0
        assert floor(w**30_000 / 3).integer
        assert floor(product(Size.of(Symbol(f"v{i}")) for i in range(40)) / 2).integer
        assert isinstance(w**30_000 - x, Size)
    with pytest.raises(TooLarge):
        (x + y) ** 5_000


@pytest.fixture
def deadline() -> Any:
    """Fails what takes longer than some seconds."""
    from contextlib import contextmanager
    from time import monotonic

    @contextmanager
    def within(seconds: float) -> Any:
        start = monotonic()
        yield
        assert monotonic() - start < seconds

    return within


# ------------------------------------------------------------ functions


@given(formulas(leaves=4), formulas(leaves=4), formulas(leaves=4), points())
@examples(100)
def test_minimum_and_maximum(f: Any, g: Any, h: Any, point: dict[Symbol, int]) -> None:
    values = [k.value(point) for k in (f, g, h)]
    sizes = [k.size for k in (f, g, h)]
    for of_sizes, of_numbers in ((minimum, min), (maximum, max)):
        result = of_sizes(*sizes)
        assert at(result, point) == of_numbers(values)
        assert of_sizes(*reversed(sizes)) == result or at(of_sizes(*reversed(sizes)), point) == of_numbers(values)
        assert of_sizes(sizes[0], sizes[0]) == sizes[0]


def test_minimum_and_maximum_are_flat_and_sorted() -> None:
    for least in (minimum, maximum):
        # 20 other symbols: which atom comes first out of a set depends on the hash
        for other in [Size.of(Symbol(f"v{i}")) for i in range(20)]:
            assert least(least(x, y), other) == least(x, y, other) == least(other, y, x) == least(y, least(other, x))
    assert minimum(x, x + 1) == x
    assert maximum(x, x + 1, x - 3) == x + 1
    assert minimum(b, 20 * x) == b
    assert maximum(Size.of(3), Size.of(Fraction(7, 2))) == Fraction(7, 2)
    assert minimum(2 * minimum(x, y), s) != minimum(2 * x, 2 * y)


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(-6, 6), st.integers(-6, 6), st.integers(0, 12))
@examples(200)
def test_greatest_common_divisor(v: int, w: int, k: int, c: int, m: int) -> None:
    """Of numbers, of symbols with numbers afterwards, of multiples, of sums and a number; 0 and negative ones as well."""
    other = Symbol("w", low=None)
    u, point = Size.of(other), {Z: v, other: w}
    assert gcd(Size.of(v), Size.of(w)) == number_gcd(v, w)
    assert at(gcd(z, u), point) == number_gcd(v, w)
    assert at(gcd(k * z, z), point) == number_gcd(k * v, v)
    assert at(gcd(z, k * z * u), point) == number_gcd(v, k * v * w)
    for number in (m, -m):
        assert at(gcd(k * z + c, Size.of(number)), point) == number_gcd(k * v + c, number)
        assert at(gcd(Size.of(number), 4 * z + 6 * u), point) == number_gcd(4 * v + 6 * w, number)


def test_greatest_common_divisor_where_it_is_known() -> None:
    assert gcd(x, y) == gcd(y, x)
    assert gcd(x, x * y) == gcd(x * y, x) == x
    assert gcd(12 * x, Size.of(8)) == 4 * gcd(3 * x, Size.of(2)) == 4 * gcd(x, Size.of(2))
    assert gcd(x, Size.of(1)) == gcd(x, Size.of(-1)) == 1
    assert gcd(x, Size.of(0)) == gcd(Size.of(0), x) == x
    assert gcd(2 * x, Size.of(-2)) == 2
    assert gcd(7 * x + 14, Size.of(7)) == 7


def test_bounds_of_a_greatest_common_divisor() -> None:
    """It is 0 when both are, and may be larger than the lower of two when that is 0."""
    assert lower(gcd(x, y)) == 1
    assert lower(gcd(x - 1, y - 1)) == 0
    small = Size.of(Symbol("Q", high=3))
    assert upper(gcd(small, 6 * y)) == 3
    assert upper(gcd(small - 1, 6 * y)) is None


@given(st.integers(0, 10**40), st.integers(1, 10**6), st.integers(-50, 50))
@examples(100)
def test_square_roots(v: int, w: int, u: int) -> None:
    assert sqrt(Size.of(v * v)) == v
    assert sqrt(Size.of(Fraction(v * v, w * w))) == Fraction(v, w)
    root = sqrt(Size.of(v))
    assert root.number == isqrt(v) if isqrt(v) ** 2 == v else root.number is None
    assert at(sqrt(4 * x**2 * y**4), {X: w, Y: 3}) == 18 * w
    assert at(sqrt(z**2), {Z: u}) == abs(u)
    assert sqrt(x**2 / y**2) == x / y


@pytest.mark.parametrize("value", [1, 2, 8, 2**70])
def test_binary_logarithms(value: int) -> None:
    assert log2(Size.of(value)) == value.bit_length() - 1
    assert at(log2(x), {X: value}) == value.bit_length() - 1
    assert log2(Size.of(value + 2)).number is None or value == 2


@given(st.integers(0, 9), st.integers(-4, 4), st.integers(1, 8))
def test_logarithms_of_symbolic_powers_of_two(n: int, shift: int, factor: int) -> None:
    """The power comes out, whether its exponent is a number now or later."""
    exponent = x * 3 + shift
    rest = log2(factor * Size.of(Fraction(2) ** shift))
    found = log2(Size.of(2) ** exponent * factor)
    assert found == x * 3 + rest
    assert found.subs({X: Size.of(n)}) == n * 3 + rest
    assert rest.number == (shift + factor.bit_length() - 1 if factor & (factor - 1) == 0 else None)


@given(st.fractions(min_value=Fraction(1, 10), max_value=3000, max_denominator=40), st.integers(1, 64))
@examples(200)
def test_channels_made_divisible(value: Fraction, divisor: int) -> None:
    """``_make_divisible`` of the MobileNets (torchvision.models._utils), with exact fractions for floats."""
    nearest = max(divisor, number_floor(value + Fraction(divisor, 2)) // divisor * divisor)
    if nearest < Fraction(9, 10) * value:
        nearest += divisor
    alpha = Symbol("alpha", integer=False, low=0)
    assert divisible(Size.of(value), Size.of(divisor)) == nearest
    assert at(divisible(Size.of(alpha), Size.of(divisor)), {alpha: value}) == nearest
    assert evaluator(divisible(Size.of(alpha), x))({alpha: value, X: divisor}) == nearest


@given(st.integers(1, 60), st.integers(1, 30))
@examples(150)
def test_adaptive_windows_hold_the_input_and_what_they_share(length: int, windows: int) -> None:
    """The sum over windows from ``⌊i*X/o⌋`` to ``⌈(i + 1)*X/o⌉`` that `gap` and `gmp` count with."""
    counted = sum(-(-(i + 1) * length // windows) - i * length // windows for i in range(windows))
    assert counted == length + windows - number_gcd(length, windows)
    one_by_one = total(ceil((i + 1) * x / windows) - floor(i * x / windows) for i in range(windows))
    assert at(one_by_one, {X: length}) == at(x + windows - gcd(x, Size.of(windows)), {X: length}) == counted


# ------------------------------------------------------------ shapes


def test_a_shape_multiplies_out() -> None:
    shape = Shape(x, (y, y + 1), s)
    assert shape.positions == y**2 + y
    assert shape.size == x * (y**2 + y)
    assert shape.numel == s * shape.size
    assert shape.vectors == s * shape.positions
    assert (shape.rank, Shape(x).rank) == (2, 0)
    assert Shape(x).positions == 1


def test_equal_shapes() -> None:
    """By what they are, not by which tensor it is; equal ones have equal hashes."""
    shape = Shape(x, (y, s), s)
    for same in (shape, Shape(x, (y, s), s), Shape(x, (y, s), s, tag="a"), shape.subs({})):
        assert shape == same
        assert hash(shape) == hash(same)
    others = (
        Shape(y, (y, s), s),
        Shape(x, (s, y), s),
        Shape(x, (y, s)),
        Shape(x, (y, s), s, ids=True),
        shape.text(),
        x,
    )
    for other in others:
        assert (shape == other) is False


def test_a_shape_of_numbers_is_a_tuple() -> None:
    assert Shape(Size.of(3), (Size.of(5), Size.of(7))).tuple() == (1, 3, 5, 7)
    assert Shape(Size.of(1), (Size.of(5),), Size.of(2), ids=True).tuple() == (2, 5)
    with pytest.raises(ValueError, match="not numeric"):
        Shape(x).tuple()
    with pytest.raises(ValueError, match="not numeric"):
        Shape(Size.of(Fraction(1, 2))).tuple()
    moved = Shape(x, (ceil(x / 2),), y).subs({X: Size.of(9), Y: Size.of(4)})
    assert moved.tuple() == (4, 9, 5)


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        (Shape(Size.of(64), (Size.of(112), Size.of(112))), "64@112x112"),
        (Shape(Size.of(4096)), "4096"),
        (Shape(x, (y, s)), "X@Y x s"),
        (Shape(Size.of(3), (ceil(x / 2), y)), "3@(ceil(X/2)) x Y"),
        (Shape(2 * x, (y + 1,)), "(2*X)@(Y + 1)"),
        (Shape(x, (y,), ids=True), "ids@Y"),
    ],
)
def test_a_shape_as_the_language_writes_it(shape: Shape, written: str) -> None:
    assert str(shape) == written


@pytest.mark.parametrize(
    ("side", "signs", "plain"),
    [
        (ceil(x / 2), "⌈X/2⌉", "(ceil(X/2))"),
        (floor(x / 2), "⌊X/2⌋", "(floor(X/2))"),
        (floor(x / 2) + floor(y / 2), "(⌊X/2⌋ + ⌊Y/2⌋)", "(floor(X/2) + floor(Y/2))"),
        (floor(x / 2) ** 2, "(⌊X/2⌋²)", "(floor(X/2)^2)"),
        (2 * floor(x / 2), "(2·⌊X/2⌋)", "(2*floor(X/2))"),
        (x + floor(y / 2), "(X + ⌊Y/2⌋)", "(X + floor(Y/2))"),
        (floor(x / 2) - 1, "(⌊X/2⌋ - 1)", "(floor(X/2) - 1)"),
        (Size.of(Symbol("H_1")), "H_1", "H_1"),
        (2 * x, "(2·X)", "(2*X)"),
        (Size.of(Fraction(1, 2)), "(1/2)", "(1/2)"),
        (Size.of(-3), "-3", "-3"),
    ],
    ids=str,
)
def test_sides_of_a_shape(side: Size, signs: str, plain: str) -> None:
    """In parentheses what is no name, no number and no rounding by itself."""
    assert Shape(Size.of(3), (side, y)).text(UNICODE) == f"3@{signs} × Y"
    assert Shape(Size.of(3), (side, y)).text() == f"3@{plain} x Y"
    assert Shape(side, (y,)).text(UNICODE) == f"{signs}@Y"
    assert Shape(side).text(UNICODE) == signs


def test_shapes_are_equal_when_their_sizes_and_kind_are() -> None:
    shape = Shape(x, (y, s), p)
    for other in (Shape(y, (y, s), p), Shape(x, (s, y), p), Shape(x, (y, s), x), Shape(x, (y,), p)):
        assert shape != other
        assert hash(shape) != hash(other)
    assert shape != Shape(x, (y, s), p, ids=True)
    assert hash(shape) != hash(Shape(x, (y, s), p, ids=True))
    assert shape == Shape(x, (y, s), p, tag=object())
    assert hash(shape) == hash(Shape(x, (y, s), p, tag=object()))
    assert shape.elements == (p, x, y, s)
    assert Shape(Size.of(3), (Size.of(4), Size.of(5))).text(UNICODE) == "3@4×5"
    assert Shape(x, (y,), p, ids=True, tag=1).subs({Y: Size.of(2), P: Size.of(7)}) == Shape(
        x, (Size.of(2),), Size.of(7), ids=True
    )
    assert Shape(x, (y,), p, ids=True).to(s).ids is False


def test_a_layer_changes_channels_or_positions() -> None:
    tokens = Shape(Size.of(1), (y,), s, ids=True)
    assert tokens.to(x) == Shape(x, (y,), s)
    assert tokens.to(dims=(y - 1,)).dims == (y - 1,)
