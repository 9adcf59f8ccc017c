"""Equations and divisibilities of one symbol, taken together: the weakest divisibility, the only value, or none at all.

An equation linear in one symbol, with roundings by constants, is linear on each residue class of its period: it holds on all of
the class, at one member, or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from symcost.sizes.atoms import ONE, Floor, Size, Symbol
from symcost.sizes.facts import Condition, divisible, equal

MAX_PERIOD = 4096


def weakest(conditions: Iterable[Condition]) -> list[Condition]:
    """Equations such as ``X == 2*floor(X/2)`` and ``floor(X/2) == 2*floor(X/4)`` together as ``4 | X``; others as they are.

    Where they hold on the multiples of a number, shifted, that number is the condition.
    """
    conditions = list(conditions)
    periodic = _by_symbol(conditions)
    taken = {id(c) for group in periodic.values() for c in group}
    result = [c for c in conditions if id(c) not in taken]
    for symbol, group in periodic.items():
        joined = _joined(symbol, group)
        result += [joined] if joined is not None else group
    return result


def excluding(conditions: Iterable[Condition]) -> list[Condition]:
    """Equations of one symbol that no value of it satisfies, all of them at once, with what else is needed of it."""
    conditions = list(conditions)
    for symbol, group in _by_symbol(conditions).items():
        found = _solved(symbol, group)
        if found is None or found[1]:
            continue
        alone = [c for c in conditions if c.guard == ONE and not c.turns and c.size.symbols() == {symbol}]
        bounds = [c for c in alone if c.kind == ">="]
        if not any(all(_at(c, symbol, value) for c in bounds) for value in found[2]):
            return [*group, *bounds]
    return []


def _by_symbol(conditions: list[Condition]) -> dict[Symbol, list[Condition]]:
    periodic: dict[Symbol, list[Condition]] = {}
    for condition in conditions:
        symbol = _only_symbol(condition)
        if symbol is not None:
            periodic.setdefault(symbol, []).append(condition)
    return periodic


def _only_symbol(condition: Condition) -> Symbol | None:
    """The symbol of an equation or a divisibility that repeats itself with a period."""
    if condition.kind not in ("==", "|") or condition.guard != ONE or condition.turns:
        return None
    symbols = list(condition.size.symbols() | condition.divisor.symbols())
    if len(symbols) != 1 or not symbols[0].integer or condition.divisor.number is None:
        return None
    return symbols[0] if _period(condition, symbols[0]) else None


def _joined(symbol: Symbol, group: list[Condition]) -> Condition | None:
    found = _solved(symbol, group)
    if found is None:
        return None
    period, good, values = found
    if not good and len(values) == 1:
        return equal(Size.of(symbol), Size.of(values[0]), group[0].why, group[0].code)
    if not good or values:
        return None
    periods = [_period(c, symbol) or 1 for c in group]
    step = gcd(period, *(r - good[0] for r in good))
    if len(good) * step != period or step == 1:
        return None
    telling = group[periods.index(max(periods))]
    return divisible(Size.of(symbol) - good[0] % step, Size.of(step), telling.why, telling.code)


def _solved(symbol: Symbol, group: list[Condition]) -> tuple[int, list[int], list[int]] | None:
    """The common period, the residues on which all of the group hold, and the single values at which they do besides."""
    period = lcm(*(_period(c, symbol) or 1 for c in group))
    if period > MAX_PERIOD:
        return None
    classes, values = [], []
    for residue in range(period):
        turns = {turn for c in group for turn in [_turn(c, symbol, residue, period)] if turn is not None}
        if not turns:
            classes.append(residue)
        elif len(turns) == 1 and isinstance(turn := turns.pop(), int):
            values.append(residue + turn * period)
    low, high = symbol.low, symbol.high
    return period, classes, sorted(v for v in values if (low is None or v >= low) and (high is None or v <= high))


def _turn(condition: Condition, symbol: Symbol, residue: int, period: int) -> int | str | None:
    """The q at which it holds for ``q*period + residue``: None for every q, "never" for none."""
    if condition.kind == "|":
        return None if _at(condition, symbol, residue + period) else "never"
    first, second = (condition.size.subs({symbol: Size.of(residue + q * period)}).number for q in (0, 1))
    assert first is not None and second is not None
    if first == second:
        return None if first == 0 else "never"
    turn = Fraction(first) / (first - second)
    return turn.numerator if turn.denominator == 1 else "never"


def _at(condition: Condition, symbol: Symbol, value: int) -> bool:
    return condition.subs({symbol: Size.of(value)}).holds() is True


def _period(condition: Condition, symbol: Symbol) -> int | None:
    inner = _size_period(condition.size, symbol)
    divisor = condition.divisor.number
    if inner is None or not isinstance(divisor, int):
        return None
    start, end = (condition.size.subs({symbol: Size.of(value)}) for value in (0, inner))
    # ⌊X/3⌋ grows by 1 in 3 steps: 6 | ⌊X/3⌋ comes again after 18
    return inner * (divisor // gcd(int((end - start).number or 0), divisor))


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
