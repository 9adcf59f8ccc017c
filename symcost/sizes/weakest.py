"""Equations that hold only where something divides: the weakest divisibility, as an author writes it under a formula."""

from __future__ import annotations

from math import gcd, lcm

from symcost.sizes.atoms import Floor, Size, Symbol
from symcost.sizes.facts import Condition, divisible

MAX_PERIOD = 4096


def weakest(condition: Condition) -> Condition:
    """``X - 2*floor(X/2) == 0`` as ``2 | X``; other conditions as they are.

    The equation is linear in one symbol on each residue class of its period; two points decide a class. Where the classes on
    which it holds are the multiples of a number, shifted, that number is the condition.
    """
    if condition.kind != "==":
        return condition
    symbols = sorted(condition.size.symbols(), key=lambda s: s.key)
    if len(symbols) != 1 or not symbols[0].integer:
        return condition
    symbol = symbols[0]
    period = _period(condition.size, symbol)
    if period is None or period == 1 or period > MAX_PERIOD:
        return condition
    good = [r for r in range(period) if _holds(condition.size, symbol, r, period)]
    if not good:
        return condition
    step = gcd(period, *(r - good[0] for r in good)) if len(good) > 1 else period
    if len(good) * step != period or step == 1:
        return condition
    shift = good[0] % step
    return divisible(Size.of(symbol) - shift, Size.of(step), condition.why, condition.code)


def _holds(size: Size, symbol: Symbol, residue: int, period: int) -> bool:
    points = (residue + period, residue + 5 * period, residue + 12 * period)
    return all(size.subs({symbol: Size.of(p)}).number == 0 for p in points)


def _period(size: Size, symbol: Symbol) -> int | None:
    """The lcm of the divisors, where the size is linear in the symbol with roundings by constants."""
    result = 1
    for monomial in size.terms:
        if not monomial:
            continue
        if len(monomial) != 1 or monomial[0][1] != 1:
            return None
        atom = monomial[0][0]
        if isinstance(atom, Floor):
            divisor = atom.denominator.number
            inner = _period(atom.numerator, symbol)
            if not isinstance(divisor, int) or inner is None:
                return None
            result = lcm(result, divisor * inner)
        elif atom != symbol:
            return None
    return result
