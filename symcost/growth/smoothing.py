"""A formula without its roundings, with bounds on what that leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as every
from math import comb, prod

from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Monomial,
    Rational,
    Size,
    product,
    total,
)
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import never_negative

MAX_TERMS = 2_000  # of a bound on the error of a smooth form


@dataclass(frozen=True)
class Smooth:
    """A formula without its roundings, and proven bounds of what was left out: ``low <= exact - form <= high``."""

    form: Size
    low: Size
    high: Size

    @property
    def exact(self) -> bool:
        return not self.low.terms and not self.high.terms


def smooth(size: Size, known: Sequence[Size] = ()) -> Smooth | None:
    """The formula with ``n/d`` for every ``⌊n/d⌋`` or ``⌈n/d⌉``, whichever a reader sees, with bounds of the error.

    A rounding of integers differs from its argument by at most ``(d - 1)/d``. ``known`` are sizes that are never negative. None
    where something else is rounded, or where what is rounded may be negative.
    """
    forms: list[Size] = []
    lows: list[Size] = []
    highs: list[Size] = []
    for monomial, coefficient in size.terms.items():
        found = _smooth_term(monomial, coefficient, known)
        if found is None or sum(len(s.terms) for s in (*lows, *highs)) > MAX_TERMS:
            return None
        forms.append(found.form)
        lows.append(found.low)
        highs.append(found.high)
    return Smooth(total(forms), total(lows), total(highs))


def _smooth_term(monomial: Monomial, coefficient: Rational, known: Sequence[Size]) -> Smooth | None:
    """One term: every rounding is its argument u plus an error of one sign, and ``(u + e)^k`` is multiplied out."""
    plain = Size({tuple((a, e) for a, e in monomial if not isinstance(a, Floor)): coefficient})
    rounded = [(a, k) for a, k in monomial if isinstance(a, Floor)]
    if any(isinstance(a, Floor) for a in plain.atoms()):
        return None
    if not rounded:
        return Smooth(plain, ZERO, ZERO)
    if any(k < 0 for _, k in rounded) or not all(_never_negative(a) for m in plain.terms for a, _ in m):
        return None
    arguments = [_argument(atom, known) for atom, _ in rounded]
    ways: list[list[tuple[int, Size]]] = []  # for every rounding, the powers of its error: sign, and size at most
    for (_, k), argument in zip(rounded, arguments, strict=True):
        if argument is None:
            return None
        base, sign, most = argument
        ways.append([(sign**j, comb(k, j) * base ** (k - j) * most**j) for j in range(k + 1)])
    products = [plain * prod(s for s, _ in way) * product(size for _, size in way) for way in every(*ways)]
    signs = [prod(s for s, _ in way) * (1 if coefficient > 0 else -1) for way in every(*ways)]
    form, *errors = products  # the first way takes no error at all
    high, low = (total(e for e, s in zip(errors, signs[1:], strict=True) if s == way) for way in (1, -1))
    return Smooth(form, low, high)


def _never_negative(atom: Atom) -> bool:
    low = bounds(atom)[0]
    return low is not None and low >= 0


def _argument(atom: Floor, known: Sequence[Size]) -> tuple[Size, int, Size] | None:
    """What a rounding is near to, whether it lies above (1) or below (-1), and by how much at most."""
    n, d = atom.numerator, atom.denominator
    nested = any(isinstance(a, Floor) for a in n.atoms() | d.atoms())
    if nested or not (n.integer and d.integer and (lower(d) or 0) > 0):
        return None
    most = ONE if d.number is None else (d - 1) / d
    raised = n - d + 1
    if len(raised.terms) < len(n.terms) and never_negative(raised, known):
        return raised / d, 1, most
    return (n / d, -1, most) if never_negative(n, known) else None
