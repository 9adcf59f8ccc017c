"""Conditions: how they are written down, when they are decided, and which of several are left to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import product as every

import pytest
from random_sizes import P, S, X, Y, Z, at

from symcost.limiting import allowed
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.facts import (
    Condition,
    at_least,
    at_least_one_each,
    divisible,
    equal,
    simplified,
)
from symcost.sizes.functions import holds, minimum, sqrt
from symcost.sizes.notation import ASCII, condition_text
from symcost.sizes.weakest import excluding, weakest

x, y, s, p, z = (Size.of(symbol) for symbol in (X, Y, S, P, Z))
A, N, G, T, J = (
    Symbol("alpha", integer=False, low=0),
    Symbol("n"),
    Symbol("g"),
    Symbol("t", low=0),
    Symbol("j", low=0),
)
a, n, g, t, j = map(Size.of, (A, N, G, T, J))
V, Q = Symbol("V", low=0, high=3), Symbol("Q", low=2, high=5)
v, q = Size.of(V), Size.of(Q)
ONE, ZERO = Size.of(1), Size.of(0)


LOW = Size.of(Symbol("R", low=-3))
TWO_TO_N = Size.of(2) ** n


def written(condition: Condition) -> str:
    return condition_text(condition, ASCII)


def grid(*sizes: Size) -> list[dict[Symbol, Fraction]]:
    """Points at which to try what is said of some sizes."""
    found: set[Symbol] = set().union(*(size.symbols() for size in sizes))
    symbols = sorted(found, key=lambda symbol: symbol.name)

    def values(symbol: Symbol) -> list[Fraction]:
        if not symbol.integer:
            return [Fraction(i, 6) for i in range(1, 14)]
        low = -7 if symbol.low is None else int(symbol.low)
        return [Fraction(i) for i in range(low, 1 + int(symbol.high or (low + 18 if len(symbols) < 3 else low + 9)))]

    return [dict(zip(symbols, point, strict=True)) for point in every(*map(values, symbols))]


TRUTH: dict[str, Callable[[Fraction, Fraction], bool]] = {
    ">=": lambda value, _: value >= 0,
    ">": lambda value, _: value > 0,
    "==": lambda value, _: value == 0,
    "!=": lambda value, _: value != 0,
    "|": lambda value, divisor: (value / divisor).denominator == 1,
}


def true(condition: Condition, point: dict[Symbol, Fraction]) -> bool:
    return TRUTH[condition.kind](Fraction(at(condition.size, point)), Fraction(at(condition.divisor, point)))


# ------------------------------------------------------------ one condition

AT_LEAST = [
    # what is at least what, as a reader would write it
    (floor(x / s), Size.of(3), "X >= 3*s"),
    (Size.of(3), floor(x / s), "4*s >= X + 1"),
    (Size.of(3), ceil(x / s), "3*s >= X"),
    (ceil(x / s), Size.of(3), "X >= 2*s + 1"),
    (2 * floor(x / 3) + 1, Size.of(7), "X >= 9"),
    (2 * floor(x / 3), Size.of(7), "X >= 12"),
    (x + floor(x / 3), Size.of(7), "X + floor(X/3) >= 7"),
    (floor(x / 3) * floor(y / 3), ONE, "floor(X/3)*floor(Y/3) >= 1"),
    (floor(x / 3) ** 2, ONE, "floor(X/3)^2 >= 1"),
    (floor(x / 2), floor(y / 2) + 2, "floor(X/2) >= floor(Y/2) + 2"),
    (ceil(a * 3), Size.of(4), "alpha > 1"),
    (2 * ceil(a * 3), Size.of(4), "3*alpha > 1"),
    (ceil(a * 3) * minimum(x, y), Size.of(4), "ceil(3*alpha)*min(X, Y) >= 4"),
    (ceil(a * 3), ZERO, "3*alpha > -1"),
    (Size.of(4), ceil(a * 3), "ceil(3*alpha) <= 4"),
    (ceil(a * 3) * x, Size.of(4), "ceil(3*alpha)*X >= 4"),
    (ceil(a * 3) ** 2, Size.of(4), "ceil(3*alpha)^2 >= 4"),
    (ceil(a * 3) + floor(x / 2), Size.of(4), "floor(X/2) + ceil(3*alpha) >= 4"),
    (floor(a * 3), Size.of(4), "floor(3*alpha) >= 4"),
    (a * 3, Size.of(2), "3*alpha >= 2"),
    (minimum(x, y), Size.of(3), "min(X, Y) >= 3"),
    (sqrt(x), Size.of(3), "sqrt(X) >= 3"),
    (6 * x + 4 * y, Size.of(31), "3*X + 2*Y >= 16"),
    (Size.of(31), 6 * x + 4 * y, "3*X + 2*Y <= 15"),
    (x / 2, Size.of(Fraction(3, 4)), "X >= 2"),
    (x / 3 + y / 2, Size.of(4), "2*X + 3*Y >= 24"),
    (3 * x * y, 6 * s, "X*Y >= 2*s"),
    (x + TWO_TO_N / 2, Size.of(3), "2*X + 2^n >= 6"),
    (x + TWO_TO_N, Size.of(3), "X + 2^n >= 3"),
    (x / s, Size.of(3), "X >= 3*s"),
    (3 / s, x, "s*X <= 3"),
    (2 * x, x + y, "X >= Y"),
    (x, Size.of(1), "X >= 1"),
    (ceil(x / 2), s + 2, "ceil(X/2) >= s + 2"),
    (Size.of(5), Size.of(2), "0 <= 1"),
    (Size.of(1), Size.of(2), "0 <= -1"),
]


def test_what_says_the_same_is_one_condition() -> None:
    for one, other in (
        (at_least(ceil(a * 4), 3), at_least(ceil(a * 2), 2)),
        (at_least(ceil(a * 4), 3), at_least(2 * ceil(a * 4), 5)),
        (at_least(floor(x / 2), 3), at_least(x, 6)),
        (at_least(floor(x / 2), 3), at_least(2 * x, 11)),
    ):
        assert one == other


@pytest.mark.parametrize(("left", "right", "text"), AT_LEAST, ids=[case[2] for case in AT_LEAST])
def test_at_least(left: Size, right: Size, text: str) -> None:
    condition = at_least(left, right, "why", "code")
    assert (written(condition), condition.why, condition.code) == (text, "why", "code")
    if "sqrt" not in text:
        assert all(true(condition, point) == (at(left, point) >= at(right, point)) for point in grid(left, right))


EQUAL = [
    (x, y, "X == Y"),
    (y, x, "X == Y"),
    (2 * x, Size.of(4), "X == 2"),
    (3 * x, x * y, "Y == 3"),
    (x / 2, y / 3, "3*X == 2*Y"),
    (2 * floor(x / 2), x, "X == 2*floor(X/2)"),
    (x**2, x, "X == 1"),
    (v * x, v, "V*X == V"),
    (v * x, 2 * v, "V*X == 2*V"),
    (2 * v * x, -2 * v * y, "V == 0"),
    (2 * v * q * x, -2 * v * y, "V == 0"),
    (-(v**2) * x, v**2, "V == 0"),
    (v * z, -v * z * x, "V*Z == 0"),
    (v**2 * z, v * z, "V^2*Z == V*Z"),
    (z * x, z * y, "Z*X == Z*Y"),
    (x, x, "0 == 0"),
    (Size.of(3), Size.of(4), "0 == 1"),
    (a * x, x, "alpha == 1"),
]


@pytest.mark.parametrize(("left", "right", "text"), EQUAL, ids=[case[2] for case in EQUAL])
def test_equations(left: Size, right: Size, text: str) -> None:
    condition = equal(left, right, "why", "code")
    assert (written(condition), condition.why, condition.code) == (text, "why", "code")
    for point in grid(left, right):
        assert true(condition, point) == (at(left, point) == at(right, point))


DIVISIBLE = [
    # what is divided, by what, the condition, and whether it is decided
    (x, Size.of(4), "4 | X", None),
    (x / 2, Size.of(2), "4 | X", None),
    (x + 8, Size.of(4), "4 | X", None),
    (x + 6, Size.of(4), "4 | X + 6", None),
    (3 * x + 6, Size.of(9), "3 | X + 2", None),
    (x, s, "s | X", None),
    (x + 3 * s, s, "s | X", None),
    (x / s, Size.of(2), "2*s | X", None),
    (x / 6, 2 * s, "12*s | X", None),
    (x / s + y / s**2, ONE, "s^2 | s*X + Y", None),
    (x / 3 + y / 2, ONE, "6 | 2*X + 3*Y", None),
    (x, y + 1, "Y + 1 | X", None),
    (x * (y + 1) + x, y + 1, "Y + 1 | X*Y + 2*X", None),
    (x / (y + 1), ONE, "X/(Y + 1) is an integer", None),
    (x / (y + 1) + 3, ONE, "X/(Y + 1) is an integer", None),
    (a, ONE, "alpha is an integer", None),
    (Size.of(12), s, "s | 12", None),
    (Size.of(6), Size.of(4), "4 | 6", False),
    (Size.of(8), Size.of(4), "4 | 8", True),
    (8 * x, Size.of(4), "4 | 0", True),
    (x * y, x, "X | 0", True),
    (x, ONE / s, "1/s | 0", True),
    (x**2 - x, Size.of(2), "2 | X^2 - X", True),
    (x**3 - x, Size.of(6), "6 | X^3 - X", True),
    (x**3 - x, Size.of(12), "12 | X^3 - X", None),
    (x * y * (x + y), Size.of(2), "2 | X^2*Y + X*Y^2", True),
    (x**2 / 2 + x / 2, ONE, "2 | X^2 + X", True),
]


@pytest.mark.parametrize(("size", "by", "text", "decided"), DIVISIBLE, ids=[case[2] for case in DIVISIBLE])
def test_divisibilities(size: Size, by: Size, text: str, decided: bool | None) -> None:
    condition = divisible(size, by, "why", "code")
    assert (written(condition), condition.why, condition.code) == (text, "why", "code")
    assert condition.holds() is decided
    for point in grid(size, by):
        assert true(condition, point) == ((Fraction(at(size, point)) / at(by, point)).denominator == 1)


SIDES = [
    (Condition(">=", x - 3), "X >= 3"),
    (Condition(">=", 3 - x), "X <= 3"),
    (Condition(">=", 2 * x - 4 * y + 6), "X >= 2*Y - 3"),
    (Condition(">=", 7 - x - y), "X + Y <= 7"),
    (Condition(">=", x / 2 - y / 3), "3*X >= 2*Y"),
    (Condition(">", a - 2), "alpha > 2"),
    (Condition(">", 2 - a), "alpha < 2"),
    (Condition("==", 3 - x), "X == 3"),
    (Condition("==", -2 * x - 4), "X == -2"),
    (Condition("!=", 5 - x), "X != 5"),
    (Condition("|", x, Size.of(4)), "4 | X"),
    (Condition("|", x / 2), "X/2 is an integer"),
]


@pytest.mark.parametrize(("condition", "text"), SIDES, ids=[case[1] for case in SIDES])
def test_sides(condition: Condition, text: str) -> None:
    assert written(condition) == text


FACTORS = [
    (floor(x / 3) * floor(y / 3) - 1, ["X >= 3", "Y >= 3"]),
    (s * floor(x / 3) ** 2 - 1, ["s >= 1", "X >= 3"]),
    (floor(x / 3) ** 2 - 1, None),
    (floor(x / 3) * floor(y / 3) - 2, None),
    (2 * floor(x / 3) * floor(y / 3) - 1, None),
    (-floor(x / 3) * floor(y / 3) - 1, None),
    (floor(x / 3) * floor(y / 3), None),
    (floor(x / 3) * floor(y / 3) + x - 1, None),
    (floor(x / 3) / s - 1, None),
    (x * z - 1, None),
    (x * floor((x - 3) / 4) - 1, None),
    (a * floor(x / 2) - 1, None),
    (LOW * x - 1, None),
    (LOW * Size.of(Symbol("S", low=-2)) - 1, None),  # -1 and -1
]


@pytest.mark.parametrize(("size", "parts"), FACTORS, ids=[str(case[0]) for case in FACTORS])
def test_a_product_of_1_or_more_has_factors_of_1_or_more(size: Size, parts: list[str] | None) -> None:
    whole = Condition(">=", size, why="why", code="code")
    found = at_least_one_each(whole)
    assert found == [whole] if parts is None else [written(c) for c in found] == parts
    assert all((c.why, c.code) == ("why", "code") for c in found)
    for point in grid(size):
        assert all(true(c, point) for c in found) == true(whole, point)


def test_what_a_product_of_1_or_more_keeps() -> None:
    size, guard = floor(x / 3) * floor(y / 3) - 1, holds(">=", s - 2, ONE)
    assert [c.guard for c in at_least_one_each(Condition(">=", size, guard=guard))] == [guard, guard]
    looped = Condition(">=", size, turns=((T, n),))
    assert at_least_one_each(looped) == [looped]
    assert at_least_one_each(Condition("==", size)) == [Condition("==", size)]


# ------------------------------------------------------------ where it does not matter

five, three, four = (holds(k, size, d) for k, size, d in ((">=", x - 5, ONE), ("==", y - 3, ONE), ("|", x, Size.of(4))))
other = holds("!=", y - 3, ONE)
GUARDED = [
    # a condition, where it matters, whether it holds
    (at_least(x, 3), five, True),
    (at_least(x, 5), five, True),
    (at_least(x, 6), five, None),
    (at_least(Size.of(4), x), five, None),
    (at_least(Size.of(4), x), 1 - five, True),
    (at_least(Size.of(3), x), 1 - five, None),
    (equal(y, Size.of(3)), three, True),
    (at_least(y, 3), three, True),
    (at_least(Size.of(3), y), three, True),
    (at_least(y, 4), three, None),
    (at_least(y, 3), 1 - three, None),
    (equal(y, Size.of(3)), 1 - other, True),
    (equal(y, Size.of(3)), other, None),
    (at_least(y, 3), five * three, True),
    (at_least(x, 5), five * three, True),
    (at_least(x + y, 8), 1 - five * three, None),
    (at_least(Size.of(4), x), 1 - five * three, None),  # X may be 5 where Y is not 3
    (at_least(x, 5), 2 * five, None),
    (at_least(x, 5), y * five, None),
    (at_least(x, 5), five + three, None),
    (divisible(x, Size.of(2)), four, None),
    (at_least(4 - a, 2), 1 - holds(">=", a - 2, ONE), None),  # no integer: below 2 is not 1 or less
    (at_least(x, 1), five, True),
    (at_least(x, 3), ZERO, True),
    (at_least(ZERO, x), ZERO, True),
    (at_least(ZERO, x), five, None),
]


@pytest.mark.parametrize(
    ("condition", "guard", "held"), GUARDED, ids=[f"{written(c)} where {guard}" for c, guard, _ in GUARDED]
)
def test_guards(condition: Condition, guard: Size, held: bool | None) -> None:
    assert replace(condition, guard=guard).holds() is held
    if held:
        assert all(true(condition, point) for point in grid(condition.size, guard) if at(guard, point) == 1)


def test_what_is_known_helps_where_a_guard_is_not_0() -> None:
    condition = replace(at_least(x, 9), guard=three)
    assert condition.holds() is None
    assert condition.holds([x - 9]) is True
    assert condition.holds([x - 8]) is None
    assert replace(at_least(ZERO, x), guard=ONE).holds() is False


TURNS = [
    # a condition, its loops, whether it holds in all their turns
    (at_least(t, 0), ((T, n),), True),
    (at_least(x, t), ((T, n),), None),
    (at_least(x, t), ((T, Size.of(4)),), None),
    (at_least(x, t), ((T, Size.of(2)),), True),
    (at_least(Size.of(3), t), ((T, Size.of(4)),), True),
    (at_least(Size.of(2), t), ((T, Size.of(4)),), False),
    (at_least(Size.of(-1), t), ((T, ZERO),), True),
    (divisible(t, Size.of(2)), ((T, Size.of(4)),), False),
    (divisible(t, Size.of(2)), ((T, ONE),), True),
    (divisible(6 * t, Size.of(3)), ((T, n),), True),
    (equal(t * (t - 1), ZERO), ((T, Size.of(2)),), True),
    (at_least(Size.of(5), t + j), ((T, Size.of(4)), (J, Size.of(3))), True),
    (at_least(Size.of(4), t + j), ((T, Size.of(4)), (J, Size.of(3))), False),
    (at_least(Size.of(3), t + j), ((T, Size.of(4)), (J, 4 - t)), True),
    (at_least(Size.of(2), t + j), ((T, Size.of(4)), (J, 4 - t)), False),
    (at_least(x * t + j, 0), ((T, Size.of(4)), (J, n)), True),
    (at_least(x, t), ((T, Size.of(10**7)),), None),  # more turns than anybody goes through
    (at_least(Size.of(3), t), ((T, Size.of(allowed().turns)),), False),
]


@pytest.mark.parametrize(("condition", "turns", "held"), TURNS, ids=[f"{written(c)} {loops}" for c, loops, _ in TURNS])
def test_turns(condition: Condition, turns: tuple[tuple[Symbol, Size], ...], held: bool | None) -> None:
    assert replace(condition, turns=turns).holds() is held


def test_what_is_known_helps_in_every_turn() -> None:
    looped = replace(at_least(x, t), turns=((T, Size.of(4)),))
    assert looped.holds([x - 3]) is True
    assert looped.holds([x - 2]) is None
    assert replace(looped, turns=((T, n),)).subs({X: Size.of(5), N: Size.of(6)}).holds() is True
    assert replace(looped, turns=((T, n),)).subs({X: Size.of(5), N: Size.of(7)}).holds() is False


# ------------------------------------------------------------ what is left to say


def by(size: Size, divisor: int | Size) -> Condition:
    return divisible(size, Size.of(divisor))


def under(condition: Condition, guard: Size) -> Condition:
    return replace(condition, guard=guard)


def looped(condition: Condition) -> Condition:
    return replace(condition, turns=((T, n),))


LEFT = [
    # conditions, and which of them are left (or what is said instead)
    ([by(Size.of(96), g), by(Size.of(256), g)], ["g | 32"]),
    ([by(Size.of(0), g), by(Size.of(96), g)], ["g | 96"]),
    ([by(Size.of(96), g), by(Size.of(256), s)], ["g | 96", "s | 256"]),
    ([by(Size.of(96), g), under(by(Size.of(256), g), five)], ["g | 96", "g | 256 where X >= 5"]),
    ([under(by(Size.of(96), g), five), under(by(Size.of(256), g), five)], ["g | 32 where X >= 5"]),
    ([looped(by(Size.of(96), g + t)), looped(by(Size.of(36), g + t))], 2),
    ([by(x, 6), by(x, 4)], 2),
    ([at_least(x, 3), at_least(x, 9)], ["X >= 9"]),
    ([at_least(x, 9), at_least(x, 3)], ["X >= 9"]),
    ([at_least(Size.of(9), x), at_least(Size.of(5), x)], ["X <= 5"]),
    ([under(at_least(x, 9), three), at_least(x, 3)], 2),
    ([at_least(x, 9), under(at_least(x, 3), three)], ["X >= 9"]),
    ([under(at_least(x, 3), three), at_least(x, 9)], ["X >= 9"]),
    ([under(at_least(x, 9), three), under(at_least(x, 3), three)], ["X >= 9 where Y == 3"]),
    ([under(at_least(x, 9), three), under(at_least(x, 8), five)], 2),
    ([by(x, 16), at_least(x, 16)], ["16 | X"]),
    ([at_least(x, 16), by(x, 16)], ["16 | X"]),
    ([by(x, 16), at_least(x, 17)], 2),
    ([by(x + 4, 16), at_least(x, 12)], ["16 | X + 4"]),
    ([by(x + 4, 16), at_least(x, 13)], 2),
    ([by(x - 4, 16), at_least(x, 4)], 2),  # a multiple of 16 at -16 or 0
    ([by(z, 16), at_least(z, 16)], 2),
    ([by(x, s), at_least(x, s)], ["s | X"]),
    ([by(x, s), at_least(x, s + 1)], 2),
    ([by(x, 4), by(x, 2)], ["4 | X"]),
    ([by(x, 2), by(x, 4)], ["4 | X"]),
    ([by(x, 4), by(3 * x, 2)], ["4 | X"]),
    ([by(x, 2 * s), by(x, s)], ["2*s | X"]),
    ([by(x, 4), by(x * y, 2)], ["4 | X"]),
    ([by(x, 4), by(x * y, 8)], 2),
    ([by(x, 4), by(y, 2)], 2),
    ([at_least(x, 9), at_least(x + y, 10)], ["X >= 9"]),
    ([at_least(x + y, 10), at_least(x, 9)], ["X >= 9"]),
    ([at_least(x, y), at_least(2 * x, 2 * y)], ["X >= Y"]),
    ([at_least(x, y), at_least(y, x)], 2),
    ([equal(x, Size.of(9)), at_least(x, 3)], 2),
    ([equal(x, y), equal(x, y)], ["X == Y"]),
    ([equal(x, y), equal(x, s)], 2),
    ([Condition("!=", x - 3), Condition("!=", x - 4)], 2),
    ([Condition("!=", x - 3), Condition("!=", x - 3)], ["X != 3"]),
    ([looped(at_least(x, t)), at_least(x, t)], 2),
    ([at_least(x, t), looped(at_least(x, t))], 2),
    ([looped(at_least(x, t + 3)), looped(at_least(x, t + 9))], 2),
    ([looped(at_least(x, t)), looped(at_least(x, t))], ["X >= t for t = 0..n - 1"]),
    ([at_least(x, 1), at_least(y, 2)], ["Y >= 2"]),
]


@pytest.mark.parametrize(
    ("conditions", "left"), LEFT, ids=[" and ".join(map(written, conditions)) for conditions, _ in LEFT]
)
def test_what_follows_is_left_out(conditions: list[Condition], left: list[str] | int) -> None:
    expected = [written(c) for c in conditions] if isinstance(left, int) else left
    assert [written(c) for c in simplified(conditions)] == expected
    if not any(c.turns for c in conditions):
        for point in grid(*(size for c in conditions for size in (c.size, c.divisor, c.guard))):
            now, before = (
                all(true(c, point) or at(c.guard, point) == 0 for c in found)
                for found in (simplified(conditions), conditions)
            )
            assert now == before


def why(condition: Condition, reason: str) -> Condition:
    return replace(condition, why=reason, code=f"code of {reason}")


def test_of_equal_conditions_the_first_stays() -> None:
    for condition in (at_least(x, 3), at_least(x, y), by(x, 4), equal(x, y), by(Size.of(12), g)):
        found = simplified([why(condition, "first"), why(at_least(s, 2), "other"), why(condition, "second")])
        assert [(c.why, c.code) for c in found] == [("first", "code of first"), ("other", "code of other")]


half, quarter = equal(x, 2 * floor(x / 2)), equal(floor(x / 2), 2 * floor(x / 4))
TOGETHER = [
    # conditions of one symbol, and what they say together
    ([half], ["2 | X"]),
    ([half, quarter], ["4 | X"]),
    ([quarter, half], ["4 | X"]),
    ([equal(floor(x / 2), ceil(x / 2))], ["2 | X"]),
    ([equal(x, 4 * floor(x / 4) + 1)], ["4 | X - 1"]),
    ([equal(x, 2 * floor(x / 4) + 2 * floor((x + 2) / 4))], ["2 | X"]),  # at 0 and 2 of 4
    ([equal(x - 1, 2 * floor(x / 4) + 2 * floor((x + 2) / 4))], ["2 | X - 1"]),  # at 1 and 3 of 4
    ([equal(floor(x / 2), 2 * floor(x / 4))], 1),  # at 0 and 1 of 4
    ([equal(x, 4 * floor(x / 4) + 5)], None),
    ([by(x, 4), by(x, 6)], ["12 | X"]),
    ([by(x + 1, 4), by(x + 1, 6)], ["12 | X - 11"]),
    ([by(x, 3), half], ["6 | X"]),
    ([equal(z, 2 * floor(z / 2)), by(z, 3)], ["6 | Z"]),
    ([equal(2 * floor(x / 2), x), equal(3 * floor(x / 3), x)], ["6 | X"]),
    ([by(x, 4), equal(x, Size.of(8))], ["X == 8"]),
    ([equal(4 * floor(x / 4), x), equal(floor(x / 4), Size.of(3))], ["X == 12"]),
    ([equal(3 * floor(x / 2), x + 1)], 1),  # X is 2 or 5
    ([equal(floor(x / 2), floor(x / 3))], 1),  # X is 1 or 3
    ([equal(x, floor(x / 2) + 3)], 1),  # X is 5 or 6
    ([equal(floor(x / 4), Size.of(3))], 1),
    ([equal(x, ceil(x / 2) + floor(x / 2))], 1),  # for every X
    ([by(floor(x / 3), 6)], 1),
    ([by(ceil(x / 2), 4)], 1),
    ([by(x, 64), by(x, 65)], 2),  # a period longer than is gone through
    ([half, equal(y, 4 * floor(y / 4) + 1)], ["2 | X", "4 | Y - 1"]),
    ([equal(x**2, x + 2), half], ["X^2 == X + 2", "2 | X"]),
    ([by(x**2, 4)], 1),
    ([equal(floor(x / y), Size.of(2))], 1),
    ([by(x, s)], 1),
    ([equal(floor(9 / x), Size.of(2))], 1),
    ([equal(floor(x**2 / 4), Size.of(2))], 1),
    ([equal(floor(x / 2) ** 2, Size.of(4)), half], ["floor(X/2)^2 == 4", "2 | X"]),
    ([equal(x / 2, floor(x / 3)), half], ["X == 2*floor(X/3)", "2 | X"]),
    ([equal(a, Size.of(3)), by(a, 2)], 2),
    ([under(by(x, 4), three), by(x, 6)], 2),
    ([looped(by(x, 4)), by(x, 6)], 2),
    ([at_least(x, 3), by(x, 4), by(x, 6)], ["X >= 3", "12 | X"]),
    ([by(x + 1, 4), by(x, 6)], None),
    ([by(x, 4), equal(x, Size.of(9))], None),
    ([equal(x, Size.of(3)), equal(x, Size.of(4))], None),
    ([equal(v, Size.of(5))], None),
    ([by(q, 7)], 1),
]


@pytest.mark.parametrize(
    ("conditions", "together"), TOGETHER, ids=[" and ".join(map(written, conditions)) for conditions, _ in TOGETHER]
)
def test_equations_and_divisibilities_together(conditions: list[Condition], together: list[str] | int | None) -> None:
    """None where they exclude each other; checked value by value."""
    expected = together if isinstance(together, list) else [written(c) for c in conditions]
    found = weakest(conditions)
    assert sorted(map(written, found)) == sorted(expected)
    assert bool(excluding(conditions)) == (together is None)
    if not any(c.turns or c.guard != ONE or not s.integer for c in conditions for s in c.size.symbols()):
        for point in grid(*(size for c in conditions for size in (c.size, c.divisor))):
            assert all(true(c, point) for c in found) == all(true(c, point) for c in conditions)


def test_the_reason_is_that_of_the_condition_with_the_longest_period() -> None:
    for found in (
        weakest([why(half, "two"), why(quarter, "four")]),
        weakest([why(quarter, "four"), why(half, "two")]),
        weakest([why(by(x, 2), "two"), why(by(x, 4), "four"), why(by(x, 2), "two again")]),
    ):
        assert [(written(c), c.why, c.code) for c in found] == [("4 | X", "four", "code of four")]
    (value,) = weakest([why(by(x, 4), "first"), why(equal(x, Size.of(8)), "second")])
    assert (value.why, value.code) == ("first", "code of first")


def test_bounds_exclude_as_well() -> None:
    """``X == 3*floor(X/2) - 1`` is so at 2 and 5."""
    one = equal(x, 3 * floor(x / 2) - 1)
    assert [value for value in range(1, 40) if true(one, {X: Fraction(value)})] == [2, 5]
    for bound in (at_least(x, 5), at_least(Size.of(2), x)):
        assert excluding([one, bound]) == []
    for bound in (at_least(x, 6), at_least(Size.of(1), x)):
        assert excluding([one, bound]) == [one, bound]
        assert excluding([one, under(bound, three)]) == []
        assert excluding([one, looped(bound)]) == []
    assert excluding([one, at_least(y, 9), at_least(x + y, 90)]) == []
    high = Size.of(Symbol("X", high=9))
    assert excluding([equal(high, Size.of(9))]) == []
    assert excluding([equal(high, Size.of(10))]) == [equal(high, Size.of(10))]
