"""Equations that hold only where something divides: the weakest divisibility, as an author writes it under a formula."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import gcd, lcm

from symcost.sizes.atoms import ONE, Floor, Size, Symbol
from symcost.sizes.facts import Condition, divisible

MAX_PERIOD = 4096


def weakest(conditions: Iterable[Condition]) -> list[Condition]:
    """Equations such as ``X == 2*floor(X/2)`` and ``floor(X/2) == 2*floor(X/4)`` together as ``4 | X``; others as they are.

    An equation linear in one symbol, with roundings by constants, holds or does not on each residue class of its period. Where
    the classes on which all equations of a symbol hold are the multiples of a number, shifted, that number is the condition.
    """
    result: list[Condition] = []
    periodic: dict[Symbol, list[Condition]] = {}
    for condition in conditions:
        symbol = _only_symbol(condition)
        if symbol is None:
            result.append(condition)
        else:
            periodic.setdefault(symbol, []).append(condition)
    for symbol, group in periodic.items():
        joined = _joined(symbol, group)
        result += [joined] if joined is not None else group
    return result


def _only_symbol(condition: Condition) -> Symbol | None:
    """The symbol of an equation or a divisibility that repeats itself with a period."""
    if condition.kind not in ("==", "|") or condition.guard != ONE or condition.turns:
        return None
    symbols = list(condition.size.symbols() | condition.divisor.symbols())
    if len(symbols) != 1 or not symbols[0].integer or condition.divisor.number is None:
        return None
    return symbols[0] if _period(condition, symbols[0]) else None


def _joined(symbol: Symbol, group: list[Condition]) -> Condition | None:
    periods = [_period(c, symbol) or 1 for c in group]
    period = lcm(*periods)
    if period == 1 or period > MAX_PERIOD:
        return None
    good = [r for r in range(period) if all(_holds(c, symbol, r, period) for c in group)]
    if not good:
        return None
    step = gcd(period, *(r - good[0] for r in good)) if len(good) > 1 else period
    if len(good) * step != period or step == 1:
        return None
    why = next(c.why for c, p in zip(group, periods, strict=True) if p == max(periods))
    return replace(divisible(Size.of(symbol) - good[0] % step, Size.of(step), why), code=group[0].code)


def _holds(condition: Condition, symbol: Symbol, residue: int, period: int) -> bool:
    points = (residue + period, residue + 5 * period, residue + 12 * period)
    return all(condition.subs({symbol: Size.of(p)}).holds() is True for p in points)


def _period(condition: Condition, symbol: Symbol) -> int | None:
    inner = _size_period(condition.size, symbol)
    divisor = condition.divisor.number
    return None if inner is None or not isinstance(divisor, int) else lcm(inner, divisor)


def _size_period(size: Size, symbol: Symbol) -> int | None:
    """The lcm of the divisors, where the size is linear in the symbol with roundings by constants."""
    result = 1
    for monomial, coefficient in size.terms.items():
        if not monomial:
            continue
        if len(monomial) != 1 or monomial[0][1] != 1 or type(coefficient) is not int:
            return None
        atom = monomial[0][0]
        if isinstance(atom, Floor):
            divisor = atom.denominator.number
            inner = _size_period(atom.numerator, symbol)
            if not isinstance(divisor, int) or inner is None:
                return None
            result = lcm(result, divisor * inner)
        elif atom != symbol:
            return None
    return result
