"""Sums over the turns of a loop, in closed form where they have one.

Polynomials in the index times powers with the index in the exponent: ``t^p * r^t``. Everything else stays a visible `Sum`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from symcost.sizes.atoms import ZERO, Atom, Holds, Monomial, Power, Rational, Size, Sum, Symbol, power, total

MAX_WRITTEN_OUT = 5_000  # turns of a sum without closed form whose count is a number


def summed(term: Size, index: Symbol, count: Size) -> Size:
    """``term`` for ``index`` = 0 to ``count - 1``, added up.

    >>> t, n = Symbol("t", low=0), Symbol("n"); summed(Size.of(t), t, Size.of(n))
    n^2/2 - n/2
    """
    if index not in term.symbols():
        return term * count
    parts = []
    left: dict[Monomial, Rational] = {}
    for monomial, coefficient in term.terms.items():
        chosen = _chosen(monomial, index, count)
        if chosen is not None:
            parts.append(chosen * coefficient)
            continue
        found = _taken_apart(monomial, index)
        if found is None:
            left[monomial] = coefficient
            continue
        outside, degree, ratio = found
        parts.append(Size({outside: coefficient}) * _power_sum(degree, ratio, count))
    if left:
        parts.append(_visible(Size(left), index, count))
    return total(parts)


def _chosen(monomial: Monomial, index: Symbol, count: Size) -> Size | None:
    """A sum over the turns where a bracket ``[condition]`` holds, for conditions that a range or a stride of turns meets."""
    from symcost.sizes.functions import holds, maximum, minimum

    bracket = next((a for a, _ in monomial if isinstance(a, Holds) and index in a.size.symbols()), None)
    if bracket is None or index in bracket.divisor.symbols():
        return None
    t = Size.of(index)
    start = bracket.size.subs({index: ZERO})
    slope = (bracket.size.subs({index: Size.of(1)}) - start).number
    rest = Size({tuple(pair for pair in monomial if pair[0] != bracket): 1})
    if slope not in (1, -1) or bracket.size != start + slope * t or not start.integer:
        return None
    turn = -slope * start  # the one where the size is 0
    match bracket.kind, slope:
        case "==", _:
            inside = holds(">=", turn) * holds(">=", count - 1 - turn)
            return rest.subs({index: turn}) * inside
        case "!=", _:
            return summed(rest, index, count) - summed(rest * holds("==", bracket.size), index, count)
        case ">=", 1:
            return summed(rest, index, count) - summed(rest, index, minimum(maximum(turn, ZERO), count))
        case ">=", -1:
            later = holds(">=", t - turn - 1)
            return summed(rest, index, count) - summed(rest * later, index, count)
        case "|", _:
            return _strided(rest, index, count, turn, bracket.divisor)
    return None


def _strided(rest: Size, index: Symbol, count: Size, turn: Size, stride: Size) -> Size | None:
    """Over every ``stride``-th turn from the first that is ``turn`` modulo it."""
    first, every = turn.number, stride.number
    if not isinstance(first, int) or not isinstance(every, int) or every < 1:
        return None
    first %= every
    steps = (count - first + every - 1) // Size.of(every)
    return summed(rest.subs({index: every * Size.of(index) + first}), index, steps)


def _visible(term: Size, index: Symbol, count: Size) -> Size:
    number = count.number
    if isinstance(number, int) and number <= MAX_WRITTEN_OUT:
        return total(term.subs({index: Size.of(i)}) for i in range(number))
    return Size.of(Sum(term, index, count))


def _taken_apart(monomial: Monomial, index: Symbol) -> tuple[Monomial, int, Fraction] | None:
    """What does not depend on the index, its degree, and the ratio r of ``r^index``; None where it stands elsewhere."""
    outside: list[tuple[Atom, int]] = []
    degree, ratio = 0, Fraction(1)
    for atom, exponent in monomial:
        if atom == index:
            degree = exponent
        elif not any(index in part.symbols() for part in atom.inside()):
            outside.append((atom, exponent))
        elif isinstance(atom, Power) and atom.exponent == Size.of(index) and atom.base.number is not None:
            ratio *= Fraction(atom.base.number) ** exponent
        else:
            return None
    return None if degree < 0 else (tuple(outside), degree, ratio)


def _power_sum(degree: int, ratio: Fraction, count: Size) -> Size:
    """The sum of ``t^p * r^t`` over t = 0 to n - 1."""
    if ratio == 1:
        return total(count**k * c for k, c in enumerate(_faulhaber(degree)) if c)
    coefficients = _geometric(degree, ratio)
    polynomial = total(count**k * c for k, c in enumerate(coefficients))
    return polynomial * power(Size.of(ratio), count) - coefficients[0]


@lru_cache(256)
def _faulhaber(degree: int) -> tuple[Fraction, ...]:
    """Coefficients of the polynomial in n that is the sum of ``t^p``: by ``G(n + 1) - G(n) = n^p``, from the top down."""
    found = [Fraction(0)] * (degree + 2)
    for j in range(degree, -1, -1):
        wanted = Fraction(int(j == degree)) - sum(
            (comb(k, j) * found[k] for k in range(j + 2, degree + 2)), Fraction(0)
        )
        found[j + 1] = wanted / (j + 1)
    return tuple(found)


@lru_cache(256)
def _geometric(degree: int, ratio: Fraction) -> tuple[Fraction, ...]:
    """Coefficients of P with ``r*P(t + 1) - P(t) = t^p``; the sum is then ``P(n)*r^n - P(0)``."""
    found = [Fraction(0)] * (degree + 1)
    for j in range(degree, -1, -1):
        above = sum((comb(k, j) * found[k] for k in range(j + 1, degree + 1)), Fraction(0))
        found[j] = (int(j == degree) - ratio * above) / (ratio - 1)
    return tuple(found)
