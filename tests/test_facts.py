"""What is known of sizes: bounds, signs and conditions are never claimed where they do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product as every
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_sizes import EVERY, B, P, S, X, Y, Z, at, formulas, points, polynomials, roundings
from strategies import examples

import symcost
from symcost.evaluate import evaluator
from symcost.layers.window import window
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.atoms import numeric_content, power
from symcost.sizes.bounds import lower, upper
from symcost.sizes.facts import (
    Condition,
    always_negative,
    at_least,
    divides,
    divisible,
    equal,
    is_zero,
    more_than,
    never_negative,
    simplified,
)
from symcost.sizes.functions import gcd, minimum, sqrt
from symcost.sizes.notation import ASCII, condition_text
from symcost.sizes.weakest import excluding, weakest

x, y, s, p, z, b = (Size.of(symbol) for symbol in (X, Y, S, P, Z, B))
several = st.lists(points(), min_size=6, max_size=6)


# ------------------------------------------------------------ sound


@given(formulas() | roundings(), several)
@examples(250)
def test_what_is_claimed_of_a_size_holds_at_every_point(f: Any, sample: Sequence[dict[Symbol, int]]) -> None:
    low, high, zero = lower(f.size), upper(f.size), is_zero(f.size)
    sign, negative = never_negative(f.size), always_negative(f.size)
    for point in sample:
        value = f.value(point)
        assert low is None or low <= value
        assert high is None or value <= high
        assert not sign or value >= 0
        assert not negative or value < 0
        assert zero is None or zero == (value == 0)


@st.composite
def quotients(draw: DrawFn) -> Size:
    """Numbers less quotients whose divisors are roundings, sums and symbols: what clears no denominator by itself."""
    w = Size.of(draw(st.sampled_from([Symbol("W", low=3), Symbol("W", low=4, high=9)])))
    rounded = [floor(w / 2), floor(w / 3), floor((w + 1) / 2) * w, w, w + b, b, b * (w + 1), w - b / 4]
    result = Size.of(draw(st.fractions(-2, 2, max_denominator=6)))
    for _ in range(draw(st.integers(1, 2))):
        result = result + draw(st.integers(-3, 3)) * draw(st.sampled_from([Size.of(1), w, b])) / draw(
            st.sampled_from(rounded)
        )
    return result


@given(quotients())
@examples(150)
def test_signs_of_quotients(size: Size) -> None:
    low, high, claimed = lower(size), upper(size), never_negative(size)
    value = evaluator(size)
    for symbols in [sorted(size.symbols(), key=lambda symbol: symbol.name)]:
        for numbers in every(*(range(int(q.low or 0), int(q.high or 14) + 1) for q in symbols)):
            found = value(dict(zip(symbols, numbers, strict=True)))
            assert low is None or low <= found
            assert high is None or found <= high
            assert not claimed or found >= 0


@pytest.mark.parametrize("low", [1, 4, 9])
@pytest.mark.parametrize("exponent", [-1, 1, 2])
def test_signs_of_roundings_beside_their_quotients(low: int, exponent: int) -> None:
    """In numerators, in denominators and squared, with every sign: at the first integers, by Python."""
    w, proved = Size.of(Symbol("W", low=low)), 0
    slopes = [Fraction(i, 12) for i in (-9, -6, -4, -3, -2, 2, 4, 6, 8, 12)]
    for d, c in every((2, 3), (-2, -1, Fraction(-1, 2), Fraction(1, 2), 1, 2)):
        defined = [i for i in range(low, low + 12) if i >= d or exponent > 0]
        found = [(c * Fraction(i // d) ** exponent, Fraction(i) ** exponent) for i in defined]
        for slope, constant in every(slopes, (-1, 0, 1)):
            if never_negative(c * floor(w / d) ** exponent + slope * w**exponent + constant):
                proved += 1
                assert all(rounded + slope * whole + constant >= 0 for rounded, whole in found), (d, c, slope, constant)
    assert proved > 60


def test_signs_that_are_open() -> None:
    """Each of these is negative somewhere."""
    a, c = (Size.of(Symbol(n, low=1, high=3)) for n in "ac")
    w = Size.of(Symbol("W", low=3))
    for size in [
        1 / Size.of(Symbol("V", low=-5)),
        1 / (x - 5),
        -1 / (a + c),
        -1 / (a * (x + y)),
        Fraction(2, 3) - 1 / floor(w / 2),
        gcd(x - 1, y - 1) - 1,
        2 - gcd(Size.of(Symbol("Q", high=3)) - 1, 6 * y),
        z,
        z**3,
        x - y,
        floor(x / 2) - 1,
        floor(x / s) ** 2 - ((x - s + 1) / s) ** 2,
        minimum(x, z),
    ]:
        assert not never_negative(size), size


PROVED = {
    "a bound": x - 1,
    "a sum": 3 * x + p,
    "a product of bounds": x * y - 1,
    "two terms that need each other": x * y - x,
    "a difference of squares": (x + 1) ** 2 - x**2 - 3,
    "an upper bound": 9 - b,
    "both bounds": 81 - b**2,
    "an even power": z**2,
    "a rounding": floor(x / 2),
    "a rounding below its quotient": x - 2 * floor(x / 2),
    "a rounding above a share of its quotient": floor(Size.of(Symbol("W", low=3)) / 2)
    - Size.of(Symbol("W", low=3)) / 3,
    "a rounding less than 1 below its quotient": 2 * floor(x / 2) - x + 1,
    "a rounding up": ceil(x / 3) - 1,
    "a quotient": x / (x + y),
    "a quotient by a symbol": x / s - 1 / s,
    "a quotient by a symbol that may be 0, where there is none": (x**2 - x) / p,
    "a power": Size.of(2) ** x - 2,
    "a root": sqrt(x),
    "a minimum": minimum(x, y) - 1,
    "a common divisor": gcd(x, y) - 1,
    "what fits": window(x + 2, 3, s, 0) - 1,
}


@pytest.mark.parametrize("case", PROVED)
def test_signs_that_are_proved(case: str) -> None:
    assert never_negative(PROVED[case])
    assert not always_negative(PROVED[case])


# ------------------------------------------------------------ with known facts


@given(polynomials((X, Y, P), leaves=5), st.lists(polynomials((X, Y, P), leaves=4), min_size=1, max_size=2), several)
@examples(150)
def test_known_facts_are_used_soundly(f: Any, facts: list[Any], sample: Sequence[dict[Symbol, int]]) -> None:
    known = [g.size for g in facts]
    condition = Condition(">=", f.size)
    claims = [(never_negative(f.size, known), lambda v: v >= 0), (always_negative(f.size, known), lambda v: v < 0)]
    claims += [(condition.holds(known) is False, lambda v: v < 0), (is_zero(f.size, known) is False, lambda v: v != 0)]
    for point in sample:
        if all(g.value(point) >= 0 for g in facts):
            assert all(holds(f.value(point)) for claimed, holds in claims if claimed)


def test_known_facts_decide() -> None:
    assert never_negative(x - y, [x - y])
    assert never_negative(x - y + 3, [x - y])
    assert never_negative(2 * x - y, [x - y])
    assert not never_negative(y - x, [x - y])
    assert Condition(">=", y - x - 1).holds([x - y]) is False
    assert Condition("==", y - x - 1).holds([x - y]) is False


# ------------------------------------------------------------ conditions


def truth(condition: Condition, point: dict[Symbol, int]) -> bool:
    """The condition at a point, by Python."""
    value = Fraction(at(condition.size, point))
    match condition.kind:
        case ">=":
            return value >= 0
        case ">":  # of what is no integer: a ceiling taken off
            return value > 0
        case "==":
            return value == 0
        case "!=":
            return value != 0
    assert condition.kind == "|"
    divisor = at(condition.divisor, point)
    return (value / divisor).denominator == 1 if divisor else value == 0


@st.composite
def conditions(draw: DrawFn) -> Condition:
    f = draw(formulas(leaves=5) | roundings(leaves=5)).size
    g = draw(formulas(leaves=3)).size
    match draw(st.sampled_from([">=", "==", "!=", "|", "at least"])):
        case "at least":
            return at_least(f, g)
        case "|":
            return divisible(f - g, draw(st.integers(1, 12).map(Size.of) | st.sampled_from([x, s, x * s, 2 * y])))
        case kind:
            return Condition(kind, f - g)


@given(conditions(), several)
@examples(200)
def test_a_condition_that_is_decided_is_decided_rightly(
    condition: Condition, sample: Sequence[dict[Symbol, int]]
) -> None:
    holds = condition.holds()
    for point in sample:
        assert holds in (None, truth(condition, point))
        assert condition.subs({k: Size.of(v) for k, v in point.items()}).holds() is truth(condition, point)


@given(formulas(leaves=5) | roundings(leaves=5), formulas(leaves=3), several)
@examples(200)
def test_r16_at_least_says_the_same_without_roundings(f: Any, g: Any, sample: Sequence[dict[Symbol, int]]) -> None:
    condition = at_least(f.size, g.size)
    for point in sample:
        assert truth(condition, point) == (f.value(point) >= g.value(point))


@given(st.integers(-30, 30), st.integers(1, 9), st.integers(-9, 9), st.integers(-200, 200))
@examples(150)
def test_r16_inverted(c: int, d: int, k: int, value: int) -> None:
    rounded = floor((z + c) / d)
    assert at_least(rounded, k).size == z + c - k * d
    assert at_least(Size.of(k), rounded).size == k * d + d - 1 - z - c
    assert truth(at_least(rounded, k), {Z: value}) == ((value + c) // d >= k)
    assert truth(at_least(Size.of(k), rounded), {Z: value}) == ((value + c) // d <= k)


def test_at_least_is_written_as_a_reader_would() -> None:
    two_windows = window(window(x, 7, 2, 0), 3, 2, 0)
    for condition, written in [
        (at_least(two_windows, 1), "X >= 11"),
        (at_least(floor((x - 3) / s) + 1, 1), "X >= 3"),
        (at_least(2 * x, 5), "X >= 3"),
        (at_least(Size.of(7), 2 * x), "X <= 3"),
        (at_least(x + 2 * p, s + y), "X + 2*P >= Y + s"),
        (equal(x, y), "X == Y"),
        (equal(-x, Size.of(-5)), "X == 5"),
        (Condition("!=", 2 * x - 6), "X != 3"),
        (divisible(x, s), "s | X"),
        (divisible(x + 64, Size.of(32)), "32 | X"),
    ]:
        assert condition_text(condition, ASCII) == written


@given(polynomials((X, Y, Z), leaves=5), st.integers(1, 12), points())
@examples(150)
def test_divisible_leaves_off_multiples(f: Any, d: int, point: dict[Symbol, int]) -> None:
    condition = divisible(f.size, Size.of(d))
    expected = (f.value(point) / d).denominator == 1
    assert truth(condition, point) == expected
    assert condition.holds() in (None, expected)
    assert divides(Size.of(d), f.size) in (None, expected)


def test_divisibility_that_is_decided() -> None:
    assert divides(s, x * s) is True
    assert divides(Size.of(4), 8 * x + 12) is True
    assert divides(Size.of(4), Size.of(6)) is False
    assert divides(Size.of(4), 8 * x + 6) is None
    assert divisible(8 * x + 6, Size.of(4)).holds() is False
    assert divisible(8 * x + 8, Size.of(4)).holds() is True
    assert divisible(x, Size.of(4)).holds() is None
    assert divides(s, Size.of(0)) is True
    four = [(k * (k + 1) * (k + 2) * (k + 3)) for k in (x, y)]  # four integers in a row have a product that 24 divides
    assert divides(Size.of(24), four[0]) is True
    assert divides(Size.of(64), four[0] * four[1]) is True
    assert divides(Size.of(16), four[0]) is None


@given(conditions())
@examples(100)
def test_the_two_sides_of_a_relation_are_its_difference(condition: Condition) -> None:
    kind, left, right = condition.sides
    if kind == "|":
        assert (left, right) == (condition.divisor, condition.size)
        return
    difference = right - left if kind == "<=" else left - right
    assert kind == condition.kind or (kind, condition.kind) == ("<=", ">=")
    assert difference * numeric_content(condition.size) in (condition.size, -condition.size)
    assert kind in ("==", "!=") or difference * numeric_content(condition.size) == condition.size


# ------------------------------------------------------------ a list of conditions


GRID = [{X: i, Y: j, S: k} for i in range(1, 9) for j in range(1, 6) for k in range(1, 5)]


@st.composite
def lists_of_conditions(draw: DrawFn) -> list[Condition]:
    sizes = st.sampled_from([x, y, s, x + y, x - y, 2 * x - 3 * y, floor(x / 2), ceil((x + y) / s), x * y - s])
    numbers = st.integers(-4, 8)
    one = st.one_of(
        st.builds(at_least, sizes, numbers.map(Size.of)),
        st.builds(at_least, numbers.map(Size.of), sizes),
        st.builds(at_least, sizes, sizes),
        st.builds(equal, sizes, numbers.map(Size.of)),
        st.builds(lambda size, number: Condition("!=", size - number), sizes, numbers),
        st.builds(divisible, sizes, st.sampled_from([Size.of(2), Size.of(4), Size.of(6), s, 2 * s])),
    )
    return draw(st.lists(one, max_size=7))


@given(lists_of_conditions(), st.sampled_from([[], [x - y], [x - 2, y - 2]]))
@examples(120)
def test_simplified_conditions_say_the_same(found: list[Condition], known: list[Size]) -> None:
    left = simplified(found, known)
    assert set(left) <= set(found)
    for point in GRID:
        if all(at(fact, point) >= 0 for fact in known):
            assert all(truth(c, point) for c in left) == all(truth(c, point) for c in found)


def test_simplified_keeps_the_strongest() -> None:
    weak, strong = at_least(x, 3), at_least(x, 11)
    assert simplified([weak, strong, weak]) == (strong,)
    assert simplified([strong, at_least(x, 1), at_least(x + y, 2)]) == (strong,)
    assert simplified([divisible(x, Size.of(2)), divisible(x, Size.of(4))]) == (divisible(x, Size.of(4)),)
    assert simplified([divisible(x, Size.of(2)), divisible(y, Size.of(4))]) == (
        divisible(x, Size.of(2)),
        divisible(y, Size.of(4)),
    )
    assert simplified([equal(x, y), equal(x, y)]) == (equal(x, y),)
    assert simplified([at_least(x, y)], [x - y]) == ()
    assert simplified([]) == ()


def test_the_empty_window_of_a_symbol() -> None:
    """A condition that never holds stays: it is refused elsewhere, with the place."""
    never = at_least(Size.of(0), x)
    assert never.holds() is False
    assert simplified([never]) == (never,)


def test_every_symbol_is_named_as_tests_expect() -> None:
    assert [symbol.name for symbol in EVERY] == ["X", "Y", "s", "P", "Z", "B"]


EQUATIONS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(1, 6), st.integers(-4, 4), st.integers(-6, 6)),
    min_size=1,
    max_size=3,
)


@given(EQUATIONS, st.integers(-5, 12))
def test_equations_of_one_symbol_taken_together(drawn: list[tuple[int, ...]], least: int) -> None:
    """Joined they say the same as one by one, and exclude each other only where no value satisfies all of them."""
    plain = Symbol("X", low=None)
    whole = Size.of(plain)
    found = [equal(a * whole + b * floor((whole + c) / d), Size.of(e)) for a, b, d, c, e in drawn]
    found.append(at_least(whole, least))
    values = {
        v for v in range(-200, 201) if v >= least and all(a * v + b * ((v + c) // d) == e for a, b, d, c, e in drawn)
    }
    joined = weakest(found)
    for v in {*range(-8, 9), *sorted(values)[:9], 200}:
        assert all(c.subs({plain: Size.of(v)}).holds() is True for c in joined) == (v in values)
    if all(c.size.symbols() for c in found):
        assert bool(excluding(found)) == (not values)


def test_an_equation_loses_factors_that_are_never_zero() -> None:
    """``d*k^2 == -2*d*k`` is ``k == 0`` where d is at least 1 and k at least 0."""
    k, z = Size.of(Symbol("k", low=0)), Size.of(Symbol("z", low=None))
    assert equal(ceil(x / 4) ** 2, ceil(x / 4)).size == ceil(x / 4) - 1
    assert equal(y * k**2, -2 * y * k).size == k
    assert equal(x * y, 3 * y).size == x - 3
    assert equal(x * z, z).size in (x * z - z, z - x * z)  # z may be 0 and may be negative
    assert equal(z**2 * x, -3 * z**2).size == z


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("macs(n=1) == 1152*X^2", True),
        ("macs(n=3) == 3456*X^2", True),
        ("macs(n=3) == 3*macs(n=1)", True),
        ("macs(n=2, X=4*n) == 2304*(4*n)^2", True),
        ("macs(n=n) == macs", True),
        ("macs(n=1) == 4608*X^2/4^n", False),
        ("params(n=1) == 1168", True),
    ],
)
def test_costs_at_a_value_of_a_divisor(claim: str, holds: bool) -> None:
    """X is 2^n*m inside: at n = 1 it is 2*m of another m, and still X for whoever asks."""
    program = "sym X, n assume X % 2^n == 0 input 8@X x X [conv3-(2*here.c) maxpool] x n"
    assert (not symcost.parse(f"{program} assert {claim}").check()) is holds


def test_beside_a_multiple() -> None:
    """What is a number beside a multiple of another is never 0; what may be 0 is left open."""
    z, r, n = Size.of(Z), Size.of(Symbol("r", integer=False, low=None)), Size.of(Symbol("n", low=-1))
    for never in (4 * z - 2, 6 * z + 4 * Size.of(X) * z - 3, z - Fraction(1, 2), 4 * z**2 + 3):
        assert is_zero(never) is False
    for open_ in (4 * z, 4 * z - 8, 2 * z + 2 * r - 1, 2 * power(Size.of(2), n) - 1, 6 * z + 4 * Size.of(X) - 2):
        assert is_zero(open_) is None


def test_more_than() -> None:
    """Of integers at least one more, fractions of them too; of others a strict inequality."""
    x, r = Size.of(X), Size.of(Symbol("r", integer=False))
    assert more_than(Size.of(Fraction(15, 2)), x) == at_least(Size.of(7), x)
    assert more_than(2 * x, 3 * Size.of(Y)) == at_least(2 * x, 3 * Size.of(Y) + 1)
    assert more_than(2 * x / 3, Size.of(4)) == at_least(x, Size.of(7))
    assert (more_than(r, x).kind, more_than(r, x).size) == (">", r - x)
