"""Signs and zeros: what is proved of a size, of everything that is true of it, and what stays open."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product as every

import pytest
from random_sizes import P, S, X, Y, at

from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.facts import Condition, always_negative, divides, is_zero, never_negative
from symcost.sizes.functions import gcd, minimum, sqrt

Z, U, V = Symbol("Z", low=None), Symbol("U", low=None), Symbol("V", low=0)
B, W, H = Symbol("B", low=2, high=9), Symbol("W", low=3), Symbol("H", low=3)
C, D, E = Symbol("C"), Symbol("D"), Symbol("E")
A = Symbol("alpha", integer=False, low=0)
x, y, s, p, z, u, v, b, w, h, c, d, e, a = map(Size.of, (X, Y, S, P, Z, U, V, B, W, H, C, D, E, A))
two, low = Size.of(2), Size.of(Symbol("R", low=-3))


def somewhere(size: Size) -> list[int | Fraction]:
    """Values, where there is one."""
    symbols = sorted(size.symbols(), key=lambda symbol: symbol.name)
    found = []
    for point in every(
        *(range(-4 if q.low is None else int(q.low), min(int(q.high or 99), int(q.low or 0) + 8) + 1) for q in symbols)
    ):
        try:
            found.append(at(size, dict(zip(symbols, point, strict=True))))
        except ZeroDivisionError:
            continue
    return found


PROVED = [
    # a sum of products whose parts need each other
    x * y - x,
    x * y * s - x * s,
    x**2 - 2 * x + 1,
    (x + 1) ** 2 - x**2 - 3,
    x / s - 1 / s,
    x * y / s - x / s,
    v * x - v,
    v**2 * x - v**2,
    two**x - 2,
    x * low + 3 * x,
    # from above
    9 * x - b * x,
    9 * x * y - b * x * y,
    9 * x * y * s - b * x * y * s,
    81 - b**2,
    # squares
    z**2,
    z**2 - 2 * z * u + u**2,
    z**2 + 2 * z * u + u**2,
    z**2 - 2 * z + 1,
    4 * z**2 - 12 * z * u + 9 * u**2,
    (z / 2 - u * 2 / 3) ** 2,
    (z * u - 3) ** 2,
    (z + u - 1) ** 2,
    (z - 2 * u + 3) ** 2,
    # quotients by sums
    1 - x / (x + y),
    1 - v / (v + 1),
    x - x / (x + y),
    x * y / (x + 1) - x / (x + 1),
    1 / (x + 1) - 1 / (x + 2),
    # roundings and what is rounded
    x - 2 * floor(x / 2),
    x - s * floor(x / s),
    x / s - floor(x / s),
    2 * floor(w / 2) - w + 1,
    3 * floor(w / 3) - w + 2,
    y * (x - 2 * floor(x / 2)),
    x * floor(w / 2) - x,
    w / floor(w / 2) - 2,
    floor(w * 5 / 6) - floor(w / 2) - floor(w / 3),
    v + floor(w * 5 / 6) - floor(w / 2) - floor(w / 3),
    floor((w + h) / 2) - floor(w / 2) - floor(h / 2),
    floor(x / 2) * floor(y / 2),
    gcd(x, y) * w - 3,
    sqrt(x) * x,
    minimum(x, y) * w - 3,
]


@pytest.mark.parametrize("size", PROVED, ids=str)
def test_proved(size: Size) -> None:
    assert never_negative(size) is True
    assert always_negative(size) is False
    if size.integer:
        assert always_negative(-size - 1)
        assert is_zero(size + 1) is False
        assert is_zero(-size - 1) is False
    if not any(name in str(size) for name in ("sqrt", "alpha")):
        assert min(somewhere(size)) >= 0


REFUTED = [
    x * low + 2 * x,
    x / low + x / 2,
    # each is negative somewhere, as near as can be to what is proved
    x * y - x - 1,
    x * y - x * s,
    z * x,
    x**2 - 2 * x,
    10 * x - b * x - x * 2,
    80 - b**2,
    z**2 - 2 * z * u + u**2 - 1,
    z**2 - z * u + u**2 - 1,
    z**2 - 3 * z * u + u**2,
    -(z**2) + 2 * z * u - u**2,
    (z + u) ** 3,
    z**3 - 2 * z * u + u**2,
    1 - (x + 2) / (x + y),
    1 - x / (x - 5),
    1 / (x + 2) - 1 / (x + 1),
    (x - y) / (x + y),
    floor(x / s) - x / s,
    s * floor(x / s) - x,
    2 * floor(w / 2) - w,
    3 * floor(w / 3) - w + 1,
    floor(w / 2) + floor(w / 3) - floor(w * 5 / 6),
    floor(w / 2) + floor(h / 2) - floor((w + h) / 2),
    x * floor(x / 2) - x,
    Fraction(3, 2) - w / floor(w / 2),
    1 / z,
    floor(z / 2) * x,
    x - s * ceil(x / s),
    v * x - 1,
    gcd(v, p) * w - 3,
    minimum(x, v) - 1,
    floor(w / 2) - w / 2,
    floor(w / 2) + floor(w / 3) - w * 5 / 6,
]


@pytest.mark.parametrize("size", REFUTED, ids=str)
def test_not_claimed(size: Size) -> None:
    assert never_negative(size) is False
    assert min(somewhere(size)) < 0


def test_what_would_be_too_long_to_work_out_is_not_claimed() -> None:
    assert not never_negative(x**5000 - y)
    assert not never_negative((x + y - s) ** 40 - 1)


NEGATIVE: list[tuple[Size, bool]] = [
    (-x, True),
    (1 - x, False),
    (-v - 1, True),
    (-v, False),
    (b - 10, True),
    (b - 9, False),
    (x - x * y - 1, True),
    (x - x * y, False),
    (x / 2 - x * y - Fraction(1, 2), True),
    (x / 2 - x * y / 2, False),
    (Fraction(1, 2) - x, True),
    (-1 / b, True),
    (2 * floor(x / 2) - x - 1, True),
    (-(z**2) + 2 * z * u - u**2 - 1, True),
    (-a - 1, True),
    (-a, False),
]


@pytest.mark.parametrize(("size", "negative"), NEGATIVE, ids=[str(size) for size, _ in NEGATIVE])
def test_always_negative(size: Size, negative: bool) -> None:
    assert always_negative(size) is negative
    assert Condition(">=", size).holds() is (False if negative else None)


ZERO: list[tuple[Size, Sequence[Size], bool | None]] = [
    # a size, what is known not to be negative, whether it is 0
    (x - x, (), True),
    (Size.of(3), (), False),
    (x, (), False),
    (-x, (), False),
    (v, (), None),
    (-v, (), None),
    (x - y, (), None),
    (x / s, (), False),
    (-x / s, (), False),
    (v / s, (), None),
    (x / s - y, (), None),
    (x / s + y, (), False),
    (Fraction(1, 2) - x, (), False),
    (x / 2 - Fraction(1, 3), (), False),
    (a, (), None),
    (a + 1, (), False),
    (-a - 1, (), False),
    (x - y, (x - y, y - x), True),
    (2 * x - 2 * y, (x - y, y - x), True),
    (x / 3 - y / 3, (x - y, y - x), True),
    (x - y, (x - y,), None),
    (x - y, (x - y - 1,), False),
    (y - x, (x - y - 1,), False),
    (x * y - s, (x * y - s, s - x * y), True),
    (x * y - s, (s - x * y - 1,), False),
    (x * y - s, (s - x * y,), None),
]


@pytest.mark.parametrize(("size", "known", "zero"), ZERO, ids=[f"{size} {list(known)}" for size, known, _ in ZERO])
def test_zero(size: Size, known: Sequence[Size], zero: bool | None) -> None:
    assert is_zero(size, known) is zero
    assert Condition("==", size).holds(known) is zero
    assert Condition("!=", size).holds(known) is (None if zero is None else not zero)


ABOVE = [
    (a + 1, True),
    (a, None),
    (-a, False),
    (-a - 1, False),
    (1 - a, None),
    (x - a, None),
    (Fraction(1, 2) - x, False),
]


@pytest.mark.parametrize(("size", "above"), ABOVE, ids=[str(size) for size, _ in ABOVE])
def test_above_zero(size: Size, above: bool | None) -> None:
    assert Condition(">", size).holds() is above


KNOWN = [
    # what is known not to be negative, and what is concluded
    (x - y, 2 * x - 2 * y, False),  # true, and not found
    (x - y, 2 * x - y, True),
    (x - y, x - y + 3, True),
    (x - y, x * x - y * x, False),  # nor is this
    (x - y, x - y - 1, False),
    (x - y, y - x, False),
    (x - y, s - y, False),
    (x * y - s, x * y - s + 1, True),
    (x * y - s, x * y + x - s, True),
    (x * y - s, 2 * x * y - s, True),
    (x * y - s, x * y - 2 * s, False),
    (x - y, (x - y) / (x + y), True),
    (y - x, (x - y) / (x + y), False),
    (z, z, True),
    (z - 2, z - 1, True),
    (z - 2, z - 3, False),
]


@pytest.mark.parametrize(("fact", "size", "concluded"), KNOWN, ids=[f"{f} gives {g}" for f, g, _ in KNOWN])
def test_known(fact: Size, size: Size, concluded: bool) -> None:
    assert never_negative(size, [fact]) is concluded
    assert never_negative(size, [c * d - e, fact]) is concluded
    assert never_negative(size) is False


DIVIDES = [
    # a divisor, what it divides or does not
    (two, x * (x + 1), True),
    (two, x**2 + x + 1, None),  # never, and it is not found
    (Size.of(3), z**3 - z, True),
    (Size.of(6), z * u * (z + u) * (z - u), True),
    (Size.of(4), z * u * (z + u) * (z - u), None),
    (two, x**2 / 2 + x / 2, None),
    (Size.of(1), x**2 / 2 + x / 2, True),
    (two, a * (a + 1), None),
    (two, x * (x + 1) * a, None),
    (two, x * (x + 1) * sqrt(y), None),
    (Size.of(100), 50 * x * y * s * (x + 1), None),  # true, at more remainders than are tried
    (Size.of(60), 30 * x * (x + 1), True),
    (x - x, x - x, True),
    (two, x * (x + 1) / s, None),
    (two, floor(x / 2) * (floor(x / 2) + 1), None),
    (Size.of(-2), x, None),
    (Size.of(4), Size.of(8), True),
    (Size.of(8), Size.of(4), False),
    (s, s * x, True),
    (s, x, None),
    (s, x - x, True),
    (Size.of(5000), x**2 - x, None),
]


@pytest.mark.parametrize(("divisor", "size", "divided"), DIVIDES, ids=[f"{q} | {f}" for q, f, _ in DIVIDES])
def test_divides(divisor: Size, size: Size, divided: bool | None) -> None:
    assert divides(divisor, size) is divided
