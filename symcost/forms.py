"""From one form of a formula to another of the same value: what a person would write under a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    numeric_content,
    product,
)

_PRIME = (1 << 61) - 1


def presentable(size: Size, hints: Iterable[Size] = (), counts: Iterable[Symbol] = ()) -> Size:
    """The formula with common factors taken out: ``Cout*(Cin*K^2 + 1)``, ``K^2*Cin*(floor((X - K)/s) + 1)^2``.

    ``hints`` are sums likely to divide it, such as the sides of the tensors; ``counts`` are symbols a person collects by,
    such as the number of layers: ``V*d + L*(12*d^2 + 13*d)``. The result is for printing: sums stand in it as factors, so it
    is no canonical form any more. It takes time linear in the number of terms.
    """
    if len(size.terms) < 2:
        return size
    outside, rest, factors = _by_hints(size, hints)
    if not factors:
        outside = _shared(size)
        rest = _without(size, outside)
    common = _common(rest, outside != ONE)
    rest = _shifted(rest * inverse(common))
    taken = {a for m in outside.terms for a, _ in m}
    rest = _by_counts(rest, [c for c in counts if c not in taken])
    common = outside * common
    if not factors:
        return rest if common == ONE else common * _group(rest)
    result = common * _group(rest) * product(_group(f) ** n for f, n in factors)
    return factors[0][0] if result == _group(factors[0][0]) else result  # no parentheses around the whole


FORMS = ("factored", "expanded", "collected", "horner")


def formed(
    size: Size, form: str, by: Sequence[Atom], hints: Iterable[Size] = (), counts: Iterable[Symbol] = ()
) -> Size:
    """The formula ``factored`` as a person would, ``expanded`` into its terms, ``collected`` by the powers of some atoms, or
    nested as Horner does (``horner``) in one after the other. Like `presentable` it is for printing."""
    match form:
        case "expanded":
            return size
        case "collected":
            return collected(size, by)
        case "horner":
            return nested(size, by)
    return presentable(size, hints, counts)


def nested(size: Size, by: Sequence[Atom]) -> Size:
    """``a*x^2 + b*x + c`` as ``x*(x*a + b) + c`` in the first atom, the coefficients likewise in the next."""
    if not by or len(size.terms) < 2:
        return size
    atom, *others = by
    powers: dict[int, dict[Monomial, Rational]] = {}
    for monomial, coefficient in size.terms.items():
        exponents = dict(monomial)
        power = exponents.pop(atom, 0)
        powers.setdefault(power, {})[tuple((a, e) for a, e in monomial if a != atom)] = coefficient
    if min(powers) < 0:
        return size
    result, before = ZERO, max(powers)
    for power in sorted(powers, reverse=True):
        if result.terms:
            result = _group(result) * Size.of(atom) ** (before - power)
        result, before = result + nested(Size(powers[power]), others), power
    return _group(result) * Size.of(atom) ** before if before else result


def _by_hints(size: Size, hints: Iterable[Size]) -> tuple[Size, Size, list[tuple[Size, int]]]:
    """Outside, rest and the hints that divide the polynomial with how often."""
    ((monomial, _),) = content(size).terms.items()
    outside = Size({monomial: 1})  # with negative powers in it, the rest is a polynomial
    rest = _without(size, outside)
    factors = []
    for hint in _candidates(hints):
        rest, times = _divided(rest, hint)
        if times:
            factors.append((hint, times))
    return outside, rest, factors


def _without(size: Size, monomial: Size) -> Size:
    """A formula by one product: a sum that stands below the line goes as a whole, and is not multiplied out."""
    ((factors, coefficient),) = monomial.terms.items()
    return size * Size({tuple((a, -e) for a, e in factors): 1}) * inverse(Size.of(coefficient))


def _shared(size: Size) -> Size:
    """What stands in every term, above the line in all or below it in all."""
    exponents: dict[Atom, list[int]] = {}
    for monomial in size.terms:
        for atom, exponent in monomial:
            exponents.setdefault(atom, []).append(exponent)
    taken = []
    for atom, found in exponents.items():
        if len(found) == len(size.terms) and (min(found) > 0 or max(found) < 0):
            taken.append((atom, min(found) if min(found) > 0 else max(found)))
    return product(Size({((atom, exponent),): 1}) for atom, exponent in taken)


def _by_counts(size: Size, counts: Iterable[Symbol]) -> Size:
    """Terms with a count to the first power collected: ``L*(12*d + 13) + V``."""
    for count in counts:
        inside = {m: c for m, c in size.terms.items() if dict(m).get(count) == 1}
        if 1 < len(inside) < len(size.terms) and all(dict(m).get(count, 0) in (0, 1) for m in size.terms):
            outer = Size({m: c for m, c in size.terms.items() if m not in inside})
            inner = presentable(Size(inside) / Size.of(count))
            return outer + Size.of(count) * _group(inner)
    return size


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
    while len(size.terms) > 1 and _may_divide(divisor, size):
        quotient = size / divisor
        if any(isinstance(a, Group) for m in quotient.terms for a, _ in m):
            break
        size, times = quotient, times + 1
    return size, times


def _may_divide(divisor: Size, size: Size) -> bool:
    """False where a root of the divisor, at a random point modulo a prime, is no root of the formula.

    A division takes as many steps as the quotient has terms, and most hints divide nothing: this looks at each term once.
    """
    atoms = sorted({a for s in (divisor, size) for m in s.terms for a, _ in m}, key=lambda a: a.key)
    values = {a: pow(index + 2, 65_537, _PRIME) for index, a in enumerate(atoms)}
    for atom in {a for m in divisor.terms for a, e in m if e == 1}:
        if all(dict(m).get(atom, 0) in (0, 1) for m in divisor.terms):
            without = _modulo(divisor, values | {atom: 0})
            slope = (_modulo(divisor, values | {atom: 1}) - without) % _PRIME
            if slope and without:
                values[atom] = -without * pow(slope, -1, _PRIME) % _PRIME
                return _modulo(size, values) == 0
    return True


def _modulo(size: Size, values: Mapping[Atom, int]) -> int:
    result = 0
    for monomial, coefficient in size.terms.items():
        part = coefficient.numerator * pow(coefficient.denominator, -1, _PRIME)
        for atom, exponent in monomial:
            part = part * pow(values[atom], exponent, _PRIME) % _PRIME
        result += part
    return result % _PRIME


def _common(size: Size, factored: bool) -> Size:
    """The number to take out of a sum: where a term is left with 1, or where most terms are fractions."""
    if len(size.terms) < 2:
        return ONE
    number = numeric_content(size)
    fractions = sum(Fraction(c).denominator > 1 for c in size.terms.values())
    if number.denominator > 1 and fractions * (2 if factored else 1) >= len(size.terms):
        return Size.of(Fraction(1, number.denominator))
    smallest = min(abs(Fraction(c)) for c in size.terms.values())
    return Size.of(number) if factored and number.denominator == 1 and smallest == number else ONE


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
    if not isinstance(shift, int) or not shift:
        return None
    u = _group(Size.of(atom) + shift)
    moved = ZERO
    for degree, factor in powers.items():
        moved = moved + factor * (u - shift) ** degree
    if len(moved.terms) >= len(size.terms):
        return None
    return moved


def _group(size: Size) -> Size:
    return size if len(size.terms) < 2 else Size({((Group(size), 1),): 1})
