"""Quotients of two formulas, reduced; elasticity, the exponent a formula has at a point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from symcost.evaluate import evaluator
from symcost.growth.orders import Point
from symcost.growth.smoothing import smooth
from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Group,
    Size,
    Symbol,
    content,
    total,
)
from symcost.sizes.rounding import over_one_divisor


@dataclass(frozen=True)
class Ratio:
    """A quotient of two sums, with what they have in common taken out; ``whole`` is added to it."""

    whole: Size
    top: Size
    bottom: Size

    def value(self, point: Point) -> Fraction:
        """The number at a point. Raises ZeroDivisionError where there is none."""
        whole, top, bottom = (Fraction(evaluator(s)(point)) for s in (self.whole, self.top, self.bottom))
        return whole + top / bottom

    @property
    def size(self) -> Size:
        return self.whole + self.top / self.bottom


def ratio(top: Size, bottom: Size, hints: Iterable[Size] = ()) -> Ratio:
    """``top/bottom`` as a person would write it: term by term over a product, and common factors taken out of sums.

    ``(9*C*X^2 + C*N*X^2)/(9*C*N*X^2)`` is ``1/N + 1/9``. ``hints`` are sums that may divide both.
    """
    if not top.terms:
        return Ratio(ZERO, ZERO, ONE)
    for hint in hints:
        while (less := _divided(top, hint)) is not None and (below := _divided(bottom, hint)) is not None:
            top, bottom = less, below
    quotient = top / bottom
    if not _fractional(quotient):
        return Ratio(quotient, ZERO, ONE)
    common = _content_of_both(top, bottom)
    return Ratio(ZERO, top / common, bottom / common)


def _divided(size: Size, by: Size) -> Size | None:
    if len(by.terms) < 2:
        return None
    quotient = size / by
    return None if _fractional(quotient) else quotient


def _fractional(size: Size) -> bool:
    return any(isinstance(a, Group) for m in size.terms for a, _ in m)


def _content_of_both(top: Size, bottom: Size) -> Size:
    """The monomial that divides every term of both, with such a number that the coefficients below are coprime integers."""
    ((shared, _),) = content(Size(dict.fromkeys([*top.terms, *bottom.terms], 1))).terms.items()
    numbers = [Fraction(c) for size in (top, bottom) for c in size.terms.values()]
    return Size({shared: Fraction(gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers)))})


def elasticity(size: Size, symbol: Symbol, known: Sequence[Size] = ()) -> Ratio | None:
    """``d log f / d log x`` of the form without roundings: by how many per cent the cost grows when x grows by one.

    None where the symbol stands in exponents, logarithms or choices.
    """
    smoothed = smooth(size, known)
    if smoothed is None or not smoothed.form.terms:
        return None
    form = smoothed.form
    if _fractional(form):
        form, below = over_one_divisor(form)
        first, second = elasticity(form, symbol), elasticity(below, symbol)
        if first is None or second is None:
            return None
        return _together(first, second)
    parts = []
    for monomial, coefficient in form.terms.items():
        if any(a != symbol and symbol in Size.of(a).symbols() for a, _ in monomial):
            return None
        parts.append((dict(monomial).get(symbol, 0), Size({monomial: coefficient})))
    least = min(e for e, _ in parts)
    rest = ratio(total((e - least) * part for e, part in parts), form)
    return Ratio(rest.whole + least, rest.top, rest.bottom)


def _together(first: Ratio, second: Ratio) -> Ratio:
    top = first.top * second.bottom - second.top * first.bottom
    rest = ratio(top, first.bottom * second.bottom)
    return Ratio(first.whole - second.whole + rest.whole, rest.top, rest.bottom)
