"""The least and the greatest value of a size, by interval arithmetic over the bounds of its symbols."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import ceil as number_ceil

from symcost.limiting import allowed
from symcost.sizes.atoms import SHORT, Atom, Floor, Function, Group, Holds, Power, Rational, Size, Sum, Symbol


def lower(size: Size) -> Rational | None:
    """A lower bound by interval arithmetic over the bounds of its symbols, or None."""
    return _bound(_at_ends(size, low=True), low=True)


def upper(size: Size) -> Rational | None:
    return _bound(_at_ends(size, low=False), low=False)


def _at_ends(size: Size, low: bool) -> Size:
    """Turns of loops at the end where the size is least (or greatest): ``n - 1 - t`` at t = n - 1."""
    for monomial, coefficient in size.terms.items():
        if len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
            symbol = monomial[0][0]
            if symbol.top is None or sum(any(a == symbol for a, _ in m) for m in size.terms) != 1:
                continue
            if (coefficient < 0) == low:
                rest = size - Size({monomial: coefficient})
                return _at_ends(rest + symbol.top * coefficient, low)
    return size


def _bound(size: Size, low: bool) -> Rational | None:
    result: Rational = 0
    for monomial, coefficient in size.terms.items():
        interval: tuple[Rational | None, Rational | None] = (1, 1)
        for atom, exponent in monomial:
            interval = _times_interval(interval, _power_interval(bounds(atom), exponent))
        bound = interval[0 if (coefficient > 0) == low else 1]
        if bound is None:
            return None
        result += coefficient * bound
    return result


@lru_cache(4096)
def bounds(atom: Atom) -> tuple[Rational | None, Rational | None]:
    """The least and greatest value an atom can take, None where there is no bound."""
    match atom:
        case Symbol():
            return atom.low, atom.high
        case Power():
            base, exponent = lower(atom.base), lower(atom.exponent)
            if base is None or exponent is None or base < 1:
                return (0, None) if base is not None and base >= 0 else (None, None)
            return (_at_least(base, int(exponent)) if exponent >= 0 and exponent == int(exponent) else 0), None
        case Floor():
            least, greatest = lower(atom.denominator), upper(atom.denominator)
            if least is None or least <= 0:
                return None, None
            n0, n1 = lower(atom.numerator), upper(atom.numerator)
            low = None if n0 is None else (0 if greatest is None else n0 // greatest) if n0 >= 0 else n0 // least
            high = None if n1 is None else n1 // least if n1 >= 0 else -1
            return low, high
        case Function(name="min"):
            lows, highs = [lower(a) for a in atom.args], [upper(a) for a in atom.args]
            return _least(lows, strict=True), _least(highs, strict=False)
        case Function(name="max"):
            lows, highs = [lower(a) for a in atom.args], [upper(a) for a in atom.args]
            return _greatest(lows, strict=False), _greatest(highs, strict=True)
        case Function(name="gcd"):
            positive = [a for a in atom.args if (lower(a) or 0) > 0]
            return (1 if positive else 0), _least([upper(a) for a in positive], strict=False)
        case Function(name="sqrt"):
            return 0, None
        case Function(name="log2"):
            least, greatest = lower(atom.args[0]), upper(atom.args[0])
            low = int(least).bit_length() - 1 if least is not None and least >= 1 else None
            return low, None if greatest is None or greatest < 1 else int(greatest).bit_length()
        case Function(name="divisible"):
            return lower(atom.args[1]), None
        case Function(name="ceil"):
            least, greatest = lower(atom.args[0]), upper(atom.args[0])
            return None if least is None else number_ceil(least), None if greatest is None else number_ceil(greatest)
        case Group():
            return lower(atom.size), upper(atom.size)
        case Holds():
            return 0, 1
        case Sum():
            term = lower(atom.term)
            return (0, None) if term is not None and term >= 0 else (None, None)
    raise TypeError(atom)


def _least(values: list[Rational | None], strict: bool) -> Rational | None:
    known = [v for v in values if v is not None]
    return min(known) if known and (not strict or len(known) == len(values)) else None


def _greatest(values: list[Rational | None], strict: bool) -> Rational | None:
    known = [v for v in values if v is not None]
    return max(known) if known and (not strict or len(known) == len(values)) else None


def _power_interval(
    interval: tuple[Rational | None, Rational | None], exponent: int
) -> tuple[Rational | None, Rational | None]:
    low, high = interval
    if low is None or low < 0:
        return (0, None) if exponent > 0 and exponent % 2 == 0 else (interval if exponent == 1 else (None, None))
    if exponent > 0:
        return _at_least(low, exponent), None if high is None else _written_out(high, exponent)
    most = None if high is None else _written_out(high, -exponent)
    greatest = _at_least(low, -exponent)
    return Fraction(1) / most if most else 0, Fraction(1) / greatest if greatest else None


def _at_least(base: Rational, exponent: int) -> Rational:
    """``base^exponent``, or something below it where that is too large to write out."""
    value = _written_out(base, exponent)
    return value if value is not None else base if base >= 1 else 0


def _written_out(base: Rational, exponent: int) -> Rational | None:
    bits = max(x.bit_length() for x in base.as_integer_ratio())
    return base**exponent if bits * exponent <= SHORT or bits * exponent <= allowed().bits or base in (0, 1) else None


def _times_interval(
    a: tuple[Rational | None, Rational | None], b: tuple[Rational | None, Rational | None]
) -> tuple[Rational | None, Rational | None]:
    if all(x is not None for x in (*a, *b)):
        ends = [x * y for x in a for y in b]  # type: ignore[operator]
        return min(ends), max(ends)
    if a[0] is not None and b[0] is not None and a[0] >= 0 and b[0] >= 0:
        return a[0] * b[0], None
    return None, None
