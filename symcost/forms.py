"""From one form of a formula to another of the same value: what a person would write under a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Group,
    Monomial,
    Rational,
    Size,
    Symbol,
    content,
    inverse,
    product,
)


def presentable(size: Size, hints: Iterable[Size] = ()) -> Size:
    """The formula with common factors taken out: ``Cout*(Cin*K^2 + 1)``, ``K^2*Cin*(floor((X - K)/s) + 1)^2``.

    ``hints`` are sums likely to divide it, such as the sides of the tensors. The result is for printing: sums stand in
    it as factors, so it is no canonical form any more. It takes time linear in the number of terms.
    """
    if len(size.terms) < 2:
        return size
    factors: list[tuple[Size, int]] = []
    ((shared, _),) = content(size).terms.items()
    outside = Size({shared: 1})  # with negative powers in it, the rest is a polynomial
    rest = size * inverse(outside)
    for hint in _candidates(hints):
        rest, times = _divided(rest, hint)
        if times:
            factors.append((hint, times))
    common = _common(rest)
    rest = _shifted(rest * inverse(common))
    common = outside * common
    if common == ONE and not factors:
        return rest
    return common * _group(rest) * product(_group(f) ** n for f, n in factors)


def collected(size: Size, atoms: Sequence[Atom]) -> Size:
    """The formula as a polynomial in some atoms, each with its coefficient in parentheses."""
    chosen = set(atoms)
    parts: dict[Monomial, dict[Monomial, Rational]] = {}
    for monomial, coefficient in size.terms.items():
        outer = tuple((a, e) for a, e in monomial if a in chosen)
        inner = tuple((a, e) for a, e in monomial if a not in chosen)
        parts.setdefault(outer, {})[inner] = coefficient
    result = ZERO
    for outer, inside in parts.items():
        factor = Size(inside)
        result = result + (Size({outer: 1}) * _group(factor) if outer else factor)
    return result


def _candidates(hints: Iterable[Size]) -> list[Size]:
    """Sums only, without their own common factors, each once."""
    found: dict[Size, None] = {}
    for hint in hints:
        if len(hint.terms) > 1:
            primitive = hint * inverse(content(hint))
            if len(primitive.terms) > 1:
                found.setdefault(primitive)
    return list(found)


def _divided(size: Size, divisor: Size) -> tuple[Size, int]:
    """How often a sum divides the formula, and what is left."""
    times = 0
    while len(size.terms) > 1:
        quotient = size / divisor
        if any(isinstance(a, Group) for m in quotient.terms for a, _ in m):
            break
        size, times = quotient, times + 1
    return size, times


def _common(size: Size) -> Size:
    """What to take out of a sum: the symbols all terms share, and their number when a term is left with 1."""
    if len(size.terms) < 2:
        return ONE
    factor = content(size)
    ((monomial, number),) = factor.terms.items()
    if not monomial:
        return ONE
    worth = min(abs(Fraction(c)) for c in size.terms.values()) == number or number.denominator > 1
    return factor if worth else Size({monomial: 1})


def _shifted(size: Size) -> Size:
    """``f^2 + 2*f + 1`` written as ``(f + 1)^2`` for every rounding f where it saves terms."""
    floors = sorted({a for m in size.terms for a, _ in m if isinstance(a, Floor)}, key=lambda a: a.key)
    for atom in floors:
        moved = _shift(size, atom)
        if moved is not None:
            size = moved
    return size


def _shift(size: Size, atom: Atom) -> Size | None:
    powers: dict[int, Size] = {}
    for monomial, coefficient in size.terms.items():
        degree = dict(monomial).get(atom, 0)
        rest = tuple((a, e) for a, e in monomial if a != atom)
        powers[degree] = powers.get(degree, ZERO) + Size({rest: coefficient})
    top = max(powers)
    if top < 1 or min(powers) < 0 or top - 1 not in powers:
        return None
    shift = (powers[top - 1] / (top * powers[top])).number
    if not shift:
        return None
    u = Size.of(Symbol("#u"))
    moved = ZERO
    for degree, factor in powers.items():
        moved = moved + factor * (u - shift) ** degree
    if len(moved.terms) >= len(size.terms):
        return None
    return moved.subs({Symbol("#u"): _group(Size.of(atom) + shift)})


def _group(size: Size) -> Size:
    return size if len(size.terms) < 2 else Size({((Group(size), 1),): 1})
