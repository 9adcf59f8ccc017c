"""Formulas and conditions in numbers, at points: exact, without building sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil as number_ceil
from math import floor as number_floor
from math import gcd, isqrt

from symcost.limiting import allowed
from symcost.sizes.atoms import (
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Power,
    Rational,
    Size,
    Sum,
    Symbol,
    TooLarge,
)
from symcost.sizes.facts import Condition

MAX_BITS = 200_000  # of a power that is worked out at a point
SMALL = 64  # exponents with which nothing becomes so large

Point = Mapping[Symbol, Rational]
Inside = Callable[[Point], bool]


class BeyondReach(TooLarge, OverflowError):
    """A value at a point that nobody waits for."""


def evaluator(size: Size) -> Callable[[Point], Rational]:
    """A function of a point that evaluates the formula exactly, without building sizes."""
    terms = [
        (c, [_factor(a, e) for a, e in m], [_atom_value(a) for a, _ in m if isinstance(a, Holds)])
        for m, c in size.terms.items()
    ]

    def value(point: Point) -> Rational:
        result: Rational = 0
        for coefficient, factors, brackets in terms:
            part: Rational = coefficient
            if any(bracket(point) == 0 for bracket in brackets):
                continue
            for factor, exponent in factors:
                base = factor(point)
                part = part * (base**exponent if exponent >= 0 else Fraction(1) / Fraction(base) ** -exponent)
            result = result + part
        return result

    return value


def _factor(atom: Atom, exponent: int) -> tuple[Callable[[Point], Rational], int]:
    """An atom and its power; one that may become too large to be worked out by itself."""
    value = _atom_value(atom)
    return (value, exponent) if abs(exponent) <= SMALL else (lambda point: raised(value(point), exponent), 1)


def _atom_value(atom: Atom) -> Callable[[Point], Rational]:
    match atom:
        case Symbol():
            if atom.definition is not None:
                return evaluator(atom.definition)
            return lambda point: point[atom]
        case Floor():
            top, bottom = evaluator(atom.numerator), evaluator(atom.denominator)
            return lambda point: top(point) // bottom(point)
        case Power():
            base, exponent = evaluator(atom.base), evaluator(atom.exponent)
            return lambda point: raised(base(point), exponent(point))
        case Group():
            return evaluator(atom.size)
        case Sum():
            return _sum_value(atom)
        case Holds():
            kind, inner, divisor = (atom.kind, evaluator(atom.size), evaluator(atom.divisor))
            return lambda point: int(_HOLDS[kind](inner(point), divisor(point)))
        case Function():
            args = [evaluator(a) for a in atom.args]
            function = _NUMERIC[atom.name]
            return lambda point: function(*(a(point) for a in args))
    raise TypeError(atom)


_HOLDS: dict[str, Callable[[Rational, Rational], bool]] = {
    ">=": lambda size, _: size >= 0,
    ">": lambda size, _: size > 0,
    "==": lambda size, _: size == 0,
    "!=": lambda size, _: size != 0,
    "|": lambda size, divisor: size % divisor == 0,
}


def _sum_value(atom: Sum) -> Callable[[Point], Rational]:
    term, count = evaluator(atom.term), evaluator(atom.count)

    def value(point: Point) -> Rational:
        return sum(term({**point, atom.index: i}) for i in range(_counted(count(point))))

    return value


def raised(base: Rational, exponent: Rational) -> Rational:
    """A power, unless it is beyond reach."""
    if exponent != int(exponent):
        raise OverflowError
    bits = max(abs(base.numerator), base.denominator).bit_length() - 1
    if bits * abs(int(exponent)) > MAX_BITS:
        raise BeyondReach("a power that is too large to be worked out")
    return base ** int(exponent) if exponent >= 0 else Fraction(base) ** int(exponent)


def _sqrt(value: Rational) -> Rational:
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top != value.numerator or bottom * bottom != value.denominator:
        raise OverflowError
    return Fraction(top, bottom)


def _log2(value: Rational) -> Rational:
    if value.denominator != 1 or value < 1 or value.numerator & (value.numerator - 1):
        raise OverflowError
    return value.numerator.bit_length() - 1


def _divisible(value: Rational, divisor: Rational) -> Rational:
    nearest: Rational = max(Fraction(divisor), number_floor(value / Fraction(divisor) + Fraction(1, 2)) * divisor)
    return nearest + divisor if nearest < Fraction(9, 10) * value else nearest


def _gcd(a: Rational, b: Rational) -> Rational:
    return gcd(int(a), int(b))


_NUMERIC: dict[str, Callable[..., Rational]] = {
    "ceil": number_ceil,
    "min": min,
    "max": max,
    "gcd": _gcd,
    "sqrt": _sqrt,
    "log2": _log2,
    "divisible": _divisible,
}


@dataclass(frozen=True)
class Tested:
    """A condition as a test of points that have all its symbols."""

    symbols: frozenset[Symbol]
    holds: Inside


def in_numbers(condition: Condition) -> Tested:
    """A condition worked out in numbers at points; one over the turns of a loop at every turn."""
    parts = (condition.size, condition.divisor, condition.guard)
    size, divisor, guard = map(evaluator, parts)
    loops = [(index, evaluator(count)) for index, count in condition.turns]
    kind = condition.kind

    def holds(point: Point) -> bool:
        return all(guard(at) == 0 or _HOLDS[kind](size(at), divisor(at)) for at in _turns(loops, point))

    symbols = {s for part in (*parts, *(count for _, count in condition.turns)) for s in free(part)}
    return Tested(frozenset(symbols - {index for index, _ in condition.turns}), holds)


def _turns(loops: Sequence[tuple[Symbol, Callable[[Point], Rational]]], point: Point) -> Iterator[Point]:
    """The point at every turn of nested loops, the outermost first."""
    if not loops:
        yield point
        return
    (index, count), *inner = loops
    for turn in range(_counted(count(point))):
        yield from _turns(inner, {**point, index: turn})


def _counted(turns: Rational) -> int:
    """How many turns to go through one by one."""
    if turns != int(turns):
        raise OverflowError
    if turns > allowed().turns:
        raise BeyondReach(f"more than {allowed().turns} turns, one by one", "turns")
    return int(turns)


def free(size: Size) -> set[Symbol]:
    """The symbols of a formula but those that count the turns of a sum."""
    return size.symbols() - {a.index for a in size.atoms() if isinstance(a, Sum)}
