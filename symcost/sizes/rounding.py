"""The one rounding operator: the floor of an exact quotient, canonical at construction.

Ceilings, `same` padding, `ceil_mode` and remainders are written with it on entry; whether ``⌊(X+1)/2⌋`` is printed as ``⌈X/2⌉``
is decided when printing. Canonical means that two roads to one size end in the same object:

* no integer term beside a rounding inside it, the remainder in ``0 <= r < d`` (R3, R4);
* no common factor between what is rounded and the divisor (R5);
* no rounding directly inside a rounding, also for symbolic divisors: ``⌊(⌊x/a⌋ + c)/b⌋ = ⌊(x + a*c)/(a*b)⌋``, b > 0 (R1, R2);
* the leading coefficient in (0, 1/2], by ``⌊-x/d⌋ = -⌊(x + d - 1)/d⌋`` (R6), so that ``-⌊-x/d⌋`` and ``⌈x/d⌉`` are one;
* what lies between two integers is that integer (R11, R12).

One exception: a coefficient of exactly one half keeps its sign, so ``X - ⌊X/2⌋`` and ``⌈X/2⌉`` stay two forms (R10);
`symcost.prove` finds them equal.

Each rule is brute-forced over negative, zero and positive values in `tests/test_rounding.py`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import floor as number_floor
from math import gcd, lcm

from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Function,
    Group,
    Monomial,
    Rational,
    Size,
    SizeLike,
    Symbol,
    integral,
    leading,
    product,
    sign_order,
    term_order,
    total,
)
from symcost.sizes.bounds import lower, upper

MAX_STEPS = 100  # of a division by a sum


def ceil(value: SizeLike) -> Size:
    """``⌈value⌉``.

    >>> X = Size.of(Symbol("X")); ceil(X / 2) == floor((X + 1) / 2)
    True
    """
    return -floor(-Size.of(value))


def floor(value: Size) -> Size:
    """``⌊value⌋`` of any exact size, in canonical form."""
    number = value.number
    if number is not None:
        return Size.of(number_floor(number))
    terms = value.terms
    if len(terms) == 1 or (len(terms) == 2 and () in terms):
        monomial = next(m for m in terms if m)
        coefficient, constant = terms[monomial], terms.get((), 0)
        found = _of_one_product(monomial, *coefficient.as_integer_ratio(), *constant.as_integer_ratio())
        if found is not None:
            return found
    return _canonical(value)


@lru_cache(65536)
def _of_one_product(monomial: Monomial, top: int, divisor: int, constant: int, under: int) -> Size | None:
    """``⌊top*m/divisor + constant/under⌋``, what all the rules come to; None where m is no product of integer symbols that
    may be as large as one likes.
    """
    if not _without_bound(Size({monomial: 1})) or not all(a.integer for a, _ in monomial):
        return None
    taken, (whole, beside) = _nearest(Fraction(top, divisor)), divmod(constant, under)
    left = top - taken * divisor
    terms: dict[Monomial, Rational] = {monomial: taken, (): whole}
    if left:
        beside = beside * divisor // under
        if left < 0:  # R6
            beside = divisor - 1 - beside
        inside = {monomial: abs(left), (): beside}
        atom = Floor(Size({m: c for m, c in inside.items() if c}), Size.of(divisor))
        terms[((atom, 1),)] = 1 if left > 0 else -1
    return Size({m: c for m, c in terms.items() if c})


@lru_cache(65536)
def _canonical(value: Size) -> Size:
    """Of anything else."""
    outside, rest = _split(value)
    if not rest.terms:
        return outside
    numerator, denominator = over_one_divisor(rest)
    if not (numerator.integer and denominator.integer and _positive(denominator)):
        return outside + _loose(rest)
    numerator, denominator = _reduced(numerator, denominator)
    if denominator == ONE:
        return outside + numerator
    whole, numerator = _remainder(numerator, denominator)
    outside = outside + whole
    known = _between(numerator, denominator)
    if known is not None:
        return outside + known
    flat = _flattened(numerator, denominator)
    if flat is not None:
        return outside + flat
    if _negative(numerator, denominator):
        whole, mirrored = _remainder(denominator - 1 - numerator, denominator)
        if not _negative(mirrored, denominator):  # both may be where the divisor is a sum
            return outside - whole - floor(mirrored / denominator)
    return outside + Size.of(Floor(numerator, denominator))


def _split(value: Size) -> tuple[Size, Size]:
    """The integer part that can be taken out of a rounding, and what stays: ``⌊X + 3*Y/2⌋ = X + Y + ⌊Y/2⌋``.

    The leading coefficient, and that of a rounding, keeps its sign and loses its nearest integer; the others are left in
    [0, 1).
    """
    outside: dict[Monomial, Rational] = {}
    rest: dict[Monomial, Rational] = {}
    lead = True
    for monomial in sorted(value.terms, key=sign_order):
        coefficient = value.terms[monomial]
        if integral(monomial, coefficient):
            outside[monomial] = coefficient
            continue
        taken = 0
        if all(e > 0 and a.integer for a, e in monomial):
            near = lead or (len(monomial) == 1 and isinstance(monomial[0][0], Floor))  # -⌊x/a⌋/b is to be flattened
            taken = _nearest(coefficient) if near and monomial else number_floor(coefficient)
        left = coefficient - taken
        if taken:
            outside[monomial] = taken
        if left:
            rest[monomial] = left
            lead = False
    return Size(outside), Size(rest)


def _nearest(value: Rational) -> int:
    """The nearest integer, a half going towards zero."""
    top, bottom = value.numerator, value.denominator
    nearest = (2 * abs(top) + bottom - 1) // (2 * bottom)
    return nearest if top >= 0 else -nearest


def over_one_divisor(value: Size) -> tuple[Size, Size]:
    """Numerator and denominator, both without negative powers and with integer coefficients."""
    bottom: dict[Atom, int] = {}
    for monomial in value.terms:
        for atom, exponent in monomial:
            if exponent < 0:
                bottom[atom] = max(bottom.get(atom, 0), -exponent)
    number = lcm(*(Fraction(c).denominator for c in value.terms.values()))
    denominator = number * product(_ungrouped(atom) ** exponent for atom, exponent in bottom.items())
    if not any(isinstance(atom, Group) for atom in bottom):
        return value * denominator, denominator
    parts = []
    for monomial, coefficient in value.terms.items():
        exponents = dict(monomial)
        factors = (_ungrouped(a) ** (exponents.get(a, 0) + bottom.get(a, 0)) for a in exponents | bottom)
        parts.append(coefficient * number * product(factors))
    return total(parts), denominator


def _remainder(numerator: Size, denominator: Size) -> tuple[Size, Size]:
    """R4 where the divisor is a sum: ``⌊(X + s + 1)/(s + 1)⌋ = 1 + ⌊X/(s + 1)⌋``; `_split` does it for a product."""
    if len(denominator.terms) == 1:
        return ZERO, numerator
    top, lead = leading(denominator)
    whole = ZERO
    for _ in range(MAX_STEPS):
        for monomial in sorted(numerator.terms, key=term_order):
            ratio, times = Size({monomial: 1}) / Size({top: 1}), numerator.terms[monomial] // lead
            if times and ratio.integer:
                whole, numerator = whole + ratio * times, numerator - ratio * times * denominator
                break
        else:
            break
    return whole, numerator


def _ungrouped(atom: Atom) -> Size:
    return atom.size if isinstance(atom, Group) else Size.of(atom)


def _positive(size: Size) -> bool:
    low = lower(size)
    return low is not None and low > 0


def _negative(numerator: Size, denominator: Size) -> bool:
    """Whether the leading term is; half of the divisor stands in ``⌊(s + x)/(2*s)⌋`` and in its mirror image, so not that one."""
    alone = next(iter(denominator.terms)) if len(denominator.terms) == 1 else None
    deciding = [m for m in numerator.terms if m != alone] or numerator.terms
    return bool(deciding) and numerator.terms[min(deciding, key=sign_order)] < 0


def _flattened(numerator: Size, denominator: Size) -> Size | None:
    """R2, where a rounding stands in the numerator by itself, with coefficient 1 or -1."""
    for monomial in sorted(numerator.terms, key=sign_order):
        coefficient = numerator.terms[monomial]
        if len(monomial) != 1 or monomial[0][1] != 1 or abs(coefficient) != 1:
            continue
        atom = monomial[0][0]
        if not isinstance(atom, Floor) or not (atom.numerator.integer and atom.denominator.integer):
            continue
        rest = numerator - Size({monomial: coefficient})
        if any(a == atom for a in rest.atoms()):
            continue
        inner = atom.numerator if coefficient == 1 else atom.denominator - 1 - atom.numerator
        return floor((inner + atom.denominator * rest) / (atom.denominator * denominator))
    return None


def _reduced(numerator: Size, denominator: Size) -> tuple[Size, Size]:
    """R5: a common factor of the divisor and all varying terms goes, and the constant is rounded down."""
    numerator, denominator = _without_shared(numerator, denominator)
    varying = {m: c for m, c in numerator.terms.items() if m}
    factor = gcd(*map(int, denominator.terms.values()), *map(int, varying.values()))
    if factor == 1:
        return numerator, denominator
    constant = int(numerator.terms.get((), 0)) // factor
    reduced = Size({m: int(c) // factor for m, c in varying.items()}) + constant
    return _without_shared(reduced, denominator / factor)


def _without_shared(numerator: Size, denominator: Size) -> tuple[Size, Size]:
    """Both without the symbols that stand in all their terms: ``⌊X/X^2⌋`` is ``⌊1/X⌋``. Sums are without them from the start."""
    if len(denominator.terms) != 1:
        return numerator, denominator
    (bottom,) = denominator.terms
    shared = dict(bottom)
    for monomial in numerator.terms:
        exponents = dict(monomial)
        shared = {a: min(e, exponents[a]) for a, e in shared.items() if exponents.get(a, 0) > 0}
    if not shared:
        return numerator, denominator
    factor = Size({tuple((a, -shared[a]) for a, _ in bottom if a in shared): 1})
    return numerator * factor, denominator * factor


def _between(numerator: Size, denominator: Size) -> Size | None:
    """R11: the value when ``k*d <= n < (k+1)*d`` for k = 0 or -1 whatever the symbols."""
    from symcost.sizes.facts import never_negative

    if _without_bound(numerator) and (denominator.number is not None or _apart(numerator, denominator)):
        return None
    if never_negative(numerator) and never_negative(denominator - 1 - numerator):
        return ZERO
    if never_negative(-numerator - 1) and never_negative(numerator + denominator):
        return Size.of(-1)
    low, high = lower(numerator), upper(numerator)
    divisor = denominator.number
    if low is not None and high is not None and isinstance(divisor, int) and low // divisor == high // divisor:
        return Size.of(low // divisor)
    return None


def _without_bound(size: Size) -> bool:
    """One product of symbols that may be as large as one likes, and a constant: it stays between no two integers."""
    varying = [m for m in size.terms if m]
    return len(varying) == 1 and all(
        isinstance(a, Symbol) and e > 0 and a.high is None and a.top is None for a, e in varying[0]
    )


def _apart(a: Size, b: Size) -> bool:
    """Whether two sizes are made of different symbols, so that one may grow while the other stays."""
    mine, theirs = a.symbols(), b.symbols()
    return mine.isdisjoint(theirs) and all(s.definition is None and s.top is None for s in mine | theirs)


def _loose(value: Size) -> Size:
    """The floor of something not known to be a quotient of integers, such as ``⌊alpha*32⌋`` with a real alpha."""
    if _negative(value, ONE):
        return -Size.of(Function("ceil", (-value,)))
    return Size.of(Floor(value, ONE))
