"""Whether two formulas are equal: canonical forms, then a counterexample, then the proof over a full period.

A formula with roundings by constant divisors is a quasi-polynomial: on each residue class of its period D it is a polynomial.
Two of them that agree at D*(d + 1) consecutive integers of every symbol, where d is the degree, agree everywhere. That is a
proof, by finitely many exact evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as every
from math import ceil as number_ceil
from math import floor as number_floor
from math import gcd, isqrt, lcm

from symcost.sizes.atoms import Atom, Floor, Function, Group, Holds, Power, Rational, Size, Sum, Symbol
from symcost.sizes.rounding import over_one_divisor

MAX_POINTS = 60_000  # of the period proof: a second or two
SAMPLES = (1, 2, 3, 5, 8, 13, 30, 31, 32, 64, 97, 224)

Point = Mapping[Symbol, Rational]


@dataclass(frozen=True)
class Verdict:
    """``equal`` is None where it is not decided; ``witness`` is a point where the two differ."""

    equal: bool | None
    how: str
    witness: dict[str, Rational] | None = None


def compare(a: Size, b: Size, inside: Callable[[Point], bool] | None = None) -> Verdict:
    """Are two formulas equal for all values of their symbols?

    ``inside`` says which points count: a counterexample outside of a network's domain is none.
    """
    difference = a - b
    if not difference.terms:
        return Verdict(True, "the canonical forms are the same")
    if any(isinstance(a, Group) for m in difference.terms for a, _ in m) and not over_one_divisor(difference)[0].terms:
        return Verdict(True, "the canonical forms are the same over one divisor")
    symbols = sorted(difference.symbols(), key=lambda s: s.key)
    if not symbols:
        number = difference.number
        return Verdict(None, "a function that was not evaluated") if number is None else Verdict(False, "numbers", {})
    value = evaluator(difference)
    found = _search(value, symbols, inside)
    if found is not None:
        return Verdict(False, "a counterexample", {s.name: v for s, v in found.items()})
    return _over_a_period(difference, value, symbols, inside)


def _search(
    value: Callable[[Point], Rational], symbols: list[Symbol], inside: Callable[[Point], bool] | None
) -> dict[Symbol, Rational] | None:
    """A point where the value is not zero, the smallest tried first."""
    for shift in range(len(SAMPLES)):
        for sample in SAMPLES:
            point: dict[Symbol, Rational] = {}
            for index, symbol in enumerate(symbols):
                number = sample if index == 0 else SAMPLES[(SAMPLES.index(sample) + shift * index) % len(SAMPLES)]
                point[symbol] = _within(symbol, number)
            try:
                if value(point) != 0 and (inside is None or inside(point)):
                    return point
            except (ZeroDivisionError, OverflowError):
                continue
    return None


def _within(symbol: Symbol, number: int) -> Rational:
    value: Rational = number if symbol.integer else Fraction(number, 7)
    if symbol.low is not None:
        value = symbol.low - 1 + number if symbol.integer else symbol.low + Fraction(number, 7)
    if symbol.high is not None and value > symbol.high:
        value = (
            symbol.high if symbol.low is None else symbol.low + (number % 7) * (symbol.high - symbol.low) / Fraction(7)
        )
        value = number_floor(value) if symbol.integer else value
    return value


def _over_a_period(
    difference: Size,
    value: Callable[[Point], Rational],
    symbols: list[Symbol],
    inside: Callable[[Point], bool] | None,
) -> Verdict:
    grid: list[list[Rational]] = []
    points = 1
    for symbol in symbols:
        period, degree = _period(difference, symbol), _degree(difference, symbol)
        if period is None or degree is None or symbol.low is None or symbol.high is not None:
            return Verdict(None, "not decided")
        count = period * (degree + 1)
        points *= count
        if points > MAX_POINTS:
            return Verdict(None, "not decided: too many points for a proof")
        grid.append([symbol.low + i for i in range(count)])
    for values in every(*grid):
        point = dict(zip(symbols, values, strict=True))
        if value(point) != 0:
            if inside is not None and not inside(point):
                return Verdict(None, "not decided: they differ outside the domain")
            return Verdict(False, "a counterexample", {s.name: v for s, v in point.items()})
    return Verdict(True, f"equal at all {points} points of a full period")


def _period(size: Size, symbol: Symbol) -> int | None:
    """The lcm of the constant divisors under which a symbol stands, or None when a divisor is no constant."""
    result = 1
    for atom in size.atoms():
        inside = any(symbol in part.symbols() for part in atom.inside())
        if not inside:
            continue
        if not isinstance(atom, Floor) or not atom.numerator.integer:
            return None
        divisor = atom.denominator.number
        inner = _period(atom.numerator, symbol)
        if not isinstance(divisor, int) or inner is None:
            return None
        result = lcm(result, divisor * inner)
    return result


def _degree(size: Size, symbol: Symbol) -> int | None:
    """An upper bound of the degree in a symbol, a rounding counting as what is rounded."""
    best = 0
    for monomial in size.terms:
        degree = 0
        for atom, exponent in monomial:
            own = 1 if atom == symbol else 0
            if isinstance(atom, Floor):
                inner = _degree(atom.numerator, symbol)
                own = inner if inner is not None else 0
            if own and exponent < 0:
                return None
            degree += own * max(exponent, 0)
        best = max(best, degree)
    return best


def evaluator(size: Size) -> Callable[[Point], Rational]:
    """A function of a point that evaluates the formula exactly, without building sizes."""
    terms = [(c, [(_atom_value(a), e) for a, e in m]) for m, c in size.terms.items()]

    def value(point: Point) -> Rational:
        result: Rational = 0
        for coefficient, factors in terms:
            part: Rational = coefficient
            for factor, exponent in factors:
                base = factor(point)
                part = part * (base**exponent if exponent >= 0 else Fraction(1) / Fraction(base) ** -exponent)
            result = result + part
        return result

    return value


def _atom_value(atom: Atom) -> Callable[[Point], Rational]:
    match atom:
        case Symbol():
            if atom.definition is not None:
                return evaluator(atom.definition)
            return lambda point: point[atom]
        case Floor():
            top, bottom = evaluator(atom.numerator), evaluator(atom.denominator)
            return lambda point: number_floor(Fraction(top(point)) / bottom(point))
        case Power():
            base, exponent = evaluator(atom.base), evaluator(atom.exponent)
            return lambda point: _power(base(point), exponent(point))
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
    "|": lambda size, divisor: Fraction(size) / divisor == number_floor(Fraction(size) / divisor),
}
MAX_TURNS = 10_000


def _sum_value(atom: Sum) -> Callable[[Point], Rational]:
    term, count = evaluator(atom.term), evaluator(atom.count)

    def value(point: Point) -> Rational:
        turns = count(point)
        if turns != int(turns) or turns > MAX_TURNS:
            raise OverflowError
        return sum((term({**point, atom.index: i}) for i in range(int(turns))), Fraction(0))

    return value


def _power(base: Rational, exponent: Rational) -> Rational:
    if exponent != int(exponent) or abs(Fraction(exponent)) > 10_000:
        raise OverflowError
    return Fraction(base) ** int(exponent)


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
