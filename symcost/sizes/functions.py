"""Functions of the language on sizes: each evaluates where it can and stays as it is where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import gcd as number_gcd
from math import isqrt

from symcost.sizes.atoms import ONE, ZERO, Function, Holds, Power, Size, numeric_content, product, total
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import Condition, at_least, divides, equal, never_negative
from symcost.sizes.facts import divisible as divisible_by
from symcost.sizes.rounding import ceil, floor


def minimum(*args: Size) -> Size:
    """The least; arguments that are never the least are left out."""
    return _extreme("min", args, lambda a, b: never_negative(b - a))


def maximum(*args: Size) -> Size:
    return _extreme("max", args, lambda a, b: never_negative(a - b))


def _extreme(name: str, args: tuple[Size, ...], wins: Callable[[Size, Size], bool]) -> Size:
    flat: list[Size] = []
    for arg in args:
        own = [a for m in arg.terms for a, _ in m if isinstance(a, Function) and a.name == name]
        flat += own[0].args if own and arg == Size.of(own[0]) else [arg]
    kept: list[Size] = []
    for arg in flat:
        if any(wins(k, arg) for k in kept):
            continue
        kept = [k for k in kept if not wins(arg, k)] + [arg]
    if len(kept) == 1:
        return kept[0]
    return Size.of(Function(name, tuple(sorted(kept, key=lambda a: a.key))))


def gcd(a: Size, b: Size) -> Size:
    """The greatest common divisor; multiples of one argument in the other are taken off first."""
    if (a.number is not None) and (b.number is None):
        a, b = b, a
    x, y = a.number, b.number
    if isinstance(x, int) and isinstance(y, int):
        return Size.of(number_gcd(x, y))
    if y in (1, -1):
        return ONE
    for divisor, multiple in ((b, a), (a, b)):
        if divisor.terms and divides(divisor, multiple) is True:
            if never_negative(divisor):
                return divisor
            if never_negative(-divisor):
                return -divisor
    if isinstance(y, int) and y > 0 and a.integer and all(type(c) is int for c in a.terms.values()):
        a = Size({m: int(c) % y for m, c in a.terms.items() if int(c) % y})
        factor = number_gcd(*(int(c) for c in a.terms.values()))
        common = number_gcd(factor, y)
        if common > 1:
            return common * gcd(a / common, Size.of(y // common))
        if number_gcd(factor, y) == 1 and factor > 1:  # the factor has no share in y
            a = a / factor
    return Size.of(Function("gcd", tuple(sorted((a, b), key=lambda s: (s.number is not None, s.key)))))


def sqrt(value: Size) -> Size:
    number = value.number
    if isinstance(number, int | Fraction) and number >= 0:
        top, bottom = isqrt(number.numerator), isqrt(number.denominator)
        if top * top == number.numerator and bottom * bottom == number.denominator:
            return Size.of(Fraction(top, bottom))
    if len(value.terms) == 1 and number is None:
        ((monomial, coefficient),) = value.terms.items()
        lows = [bounds(a)[0] for a, _ in monomial]
        if (
            coefficient > 0
            and all(e % 2 == 0 for _, e in monomial)
            and all(low is not None and low >= 0 for low in lows)
        ):
            return Size({tuple((a, e // 2) for a, e in monomial): 1}) * sqrt(Size.of(coefficient))
    return Size.of(Function("sqrt", (value,)))


def log2(value: Size) -> Size:
    """The logarithm to base 2; symbolic powers of two among the factors are taken out: ``log2(2^a*X) = a + log2(X)``."""
    if value.number is not None and value.number > 0:
        top, bottom = value.number.as_integer_ratio()
        if top & (top - 1) == bottom & (bottom - 1) == 0:
            return Size.of(top.bit_length() - bottom.bit_length())
    twos = [(a, e) for m in value.terms for a, e in m if isinstance(a, Power) and a.base == 2]
    if len(value.terms) == 1 and twos:
        rest = value / product(Size.of(a) ** e for a, e in twos)
        return total([*(a.exponent * e for a, e in twos), log2(rest)])
    return Size.of(Function("log2", (value,)))


def divisible(value: Size, divisor: Size) -> Size:
    """The multiple of ``divisor`` nearest to ``value``, at least one and not below 90 % of it: ``make_divisible``."""
    ratio = value / divisor
    if ratio.integer and (lower(ratio) or 0) >= 1:
        return value
    nearest = maximum(divisor, floor(value / divisor + Fraction(1, 2)) * divisor)
    number, least = nearest.number, (value * Fraction(9, 10)).number
    if number is None or least is None:
        return Size.of(Function("divisible", (value, divisor)))
    return nearest + divisor if number < least else nearest


def holds(kind: str, size: Size, divisor: Size = ONE) -> Size:
    """1 where the condition holds, 0 where it does not, and the bracket where that depends.

    What says the same is one bracket: ``[2*w != 256]`` is ``[w != 128]``.
    """
    match kind:
        case ">=":
            condition = at_least(size, 0)
        case "==" | "!=":
            condition = replace(equal(size / Size.of(numeric_content(size)), ZERO), kind=kind)
        case "|":
            condition = divisible_by(size, divisor)
        case _:
            condition = Condition(kind, size, divisor)
    decided = condition.holds()
    if decided is not None:
        return Size.of(int(decided))
    return Size.of(Holds(condition.kind, condition.size, condition.divisor))


FUNCTIONS: dict[str, Callable[..., Size]] = {
    "floor": floor,
    "ceil": ceil,
    "min": minimum,
    "max": maximum,
    "gcd": gcd,
    "sqrt": sqrt,
    "log2": log2,
    "divisible": divisible,
}
