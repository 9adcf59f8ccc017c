"""Formulas with roundings by constants, as polynomials on residue classes: each value by a look into a table.

``⌊(X + a)/d⌋`` is linear in q where ``X = b + D*q + r`` and d divides the period D; so a formula of such roundings is, for each
remainder r, a polynomial in q whose coefficients stand in a table, and its cost does not depend on how many roundings there are.
With several symbols there is a quotient for each, and a row of the table for each combination of remainders.

The steps are taken modulo 2^64 or 2^128. Whoever asks has proved that the values fit for the points of a window; the points are
held against the window while they are worked out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from math import comb, factorial, lcm, prod
from typing import Any

from symcost.emit.arrays import BLOCK, Arrays, safely
from symcost.emit.code import Node, Result
from symcost.emit.ranges import Range, Ranges
from symcost.emit.wide import Wide
from symcost.prove import degree_in, period_in
from symcost.sizes.atoms import ONE, Size, Symbol
from symcost.sizes.facts import Condition

MOST = 60_000  # entries of a table
LONG_BLOCK = 2 * BLOCK  # points at a time where nothing is allocated on the way

Window = tuple[Range, ...]  # the least and the greatest value of each symbol


@dataclass(frozen=True)
class Residues:
    """``table[k1, ..., kn, row]``: the coefficient of ``q1^k1 ... qn^kn``; the rows count the combinations of remainders."""

    np: Any
    bases: tuple[int, ...]
    periods: tuple[int, ...]
    table: Any  # Python's integers
    allowed: Any = None  # by row, whether there is a value; None where there is one in every row
    others: dict[int, Residues] = field(default_factory=dict)  # the same with another base

    @property
    def degrees(self) -> tuple[int, ...]:
        return tuple(n - 1 for n in self.table.shape[:-1])

    @cached_property
    def words(self) -> tuple[Any, Any]:
        """The columns of the table modulo 2^128, one below another: upper and lower 64 bits."""
        flat = self.table.reshape(-1, self.table.shape[-1])
        upper, lower = ((flat >> shift & 2**64 - 1).astype(self.np.uint64) for shift in (64, 0))
        return upper, lower

    def moved(self, base: int) -> Residues:
        """The same of one symbol, with another base."""
        if base == self.bases[0]:
            return self
        moved = self.others.get(base)
        if moved is None:
            np, (period,) = self.np, self.periods
            turns, rows = np.divmod(np.arange(period) + (base - self.bases[0]) % period, period)
            turns = turns.astype(object) + (base - self.bases[0]) // period
            old = self.table[:, rows]
            powers = range(old.shape[0])
            made = [sum(comb(k, j) * turns ** (k - j) * old[k] for k in powers[j:]) for j in powers]
            allowed = None if self.allowed is None else self.allowed[rows]
            self.others.clear()
            self.others[base] = moved = Residues(np, (base,), self.periods, np.stack(made), allowed)
        return moved

    def put(self, points: Sequence[Any], window: Window, out: Any, low: Any = None) -> bool:
        """The values at flat int64 arrays into ``out``, or their upper words with the lower ones in ``low``.

        False where a point lies outside of the window or has no value.
        """
        columns = self._columns(low is not None)
        if len(points) == 1 and low is None:
            return self._put_one(points[0], window[0], columns, out)
        signed = any(least < base for (least, _), base in zip(window, self.bases, strict=True))
        for start in range(0, points[0].size, BLOCK):
            part = slice(start, start + BLOCK)
            block = [p[part] for p in points]
            if any(p.min() < least or p.max() > most for p, (least, most) in zip(block, window, strict=True)):
                return False
            quotients, rows = self._split(block)
            if self.allowed is not None and not self.allowed.take(rows).all():
                return False
            if low is None:
                unsigned = [q if q is None else q.view(self.np.uint64) for q in quotients]
                out[part] = self._nested(columns, unsigned, rows, 0, 0).view(self.np.int64)
            else:
                pairs = [q if q is None else self._paired(q, signed) for q in quotients]
                value = self._nested(columns, pairs, rows, 0, 0)
                out[part], low[part] = value.high, value.low
        return True

    def _put_one(self, points: Any, window: Range, columns: Sequence[Any], out: Any) -> bool:
        """One symbol and 64 bits, with nothing allocated on the way."""
        np, (base,), (period,) = self.np, self.bases, self.periods
        power = period & (period - 1) == 0
        room = [np.empty(min(LONG_BLOCK, points.size), dtype=np.int64) for _ in range(3)]
        *others, top = columns
        for start in range(0, points.size, LONG_BLOCK):
            x, y = points[start : start + LONG_BLOCK], out[start : start + LONG_BLOCK].view(np.uint64)
            if x.min() < window[0] or x.max() > window[1]:
                return False
            q, r, c = (part[: x.size] for part in room)
            if base:
                x = np.subtract(x, base, out=c)
            if power:
                np.right_shift(x, period.bit_length() - 1, out=q)
                np.bitwise_and(x, period - 1, out=r)
            else:
                np.floor_divide(x, period, out=q)
                np.multiply(q, period, out=r)
                np.subtract(x, r, out=r)
            if self.allowed is not None and not self.allowed.take(r, mode="wrap").all():
                return False
            q, c = q.view(np.uint64), c.view(np.uint64)
            value = top if top is None or not top.ndim else top.take(r, out=y, mode="wrap")
            for column in reversed(others):
                value = None if value is None else np.multiply(value, q, out=y)
                more = column if column is None or not column.ndim else column.take(r, out=c, mode="wrap")
                if more is not None:
                    value = more if value is None else np.add(value, more, out=y)
            if value is not y:
                y[:] = 0 if value is None else value
        return True

    def _columns(self, wide: bool) -> list[Any]:
        """Arrays by row, one number where all rows have the same, None where that is 0."""
        made: list[Any] = []
        for upper, lower in zip(*self.words, strict=True):
            same = bool((lower == lower[0]).all() and (upper == upper[0]).all() if wide else (lower == lower[0]).all())
            high, low = (part[:1].reshape(()) if same else part for part in (upper, lower))
            zero = same and int(low) == 0 and not (wide and int(high))
            made.append(None if zero and made else Wide(self.np, high.astype(self.np.int64), low) if wide else low)
        return made

    def _split(self, block: Sequence[Any]) -> tuple[list[Any], Any]:
        """The quotients, None for a symbol of degree 0, and the rows."""
        quotients: list[Any] = []
        rows = None
        for points, base, period, degree in zip(block, self.bases, self.periods, self.degrees, strict=True):
            whole = points - base if base else points
            power = period & (period - 1) == 0
            quotient = whole >> period.bit_length() - 1 if power else whole // period
            quotients.append(quotient if degree else None)
            if period > 1:
                rest = whole & period - 1 if power else whole - quotient * period
                rows = rest if rows is None else rows * period + rest
        return quotients, rows

    def _paired(self, quotient: Any, signed: bool) -> Wide:
        np = self.np
        return Wide.of(np, quotient) if signed else Wide(np, np.int64(0), quotient.view(np.uint64))

    def _nested(self, columns: Sequence[Any], quotients: Sequence[Any], rows: Any, axis: int, first: int) -> Any:
        """As Horner does, the last symbol innermost; None for 0."""
        if axis == len(quotients):
            return self._taken(columns[first], rows)
        step = prod(n + 1 for n in self.degrees[axis + 1 :])
        value = None
        for power in range(self.degrees[axis], -1, -1):
            value = None if value is None else value * quotients[axis]
            more = self._nested(columns, quotients, rows, axis + 1, first + power * step)
            value = more if value is None else value if more is None else value + more
        return value

    def _taken(self, column: Any, rows: Any) -> Any:
        if isinstance(column, Wide):
            return Wide(self.np, self._taken(column.high, rows), self._taken(column.low, rows))
        return column if column is None or not column.ndim else column.take(rows, mode="wrap")


def put(residues: Residues, points: Sequence[Any], window: Window, out: Any, low: Any, fast: bool) -> bool:
    """As `Residues.put`, by compiled loops where there are some."""
    compiled = loops() if fast else None
    done = None if compiled is None else compiled.put(residues, points, window, out, low)
    return residues.put(points, window, out, low) if done is None else bool(done)


@cache
def loops() -> Any:
    """The compiled loops; None where numba is not there, or not for this Python and this NumPy."""
    try:
        from symcost.emit import compiled
    except ImportError:
        return None
    return compiled


@dataclass(frozen=True)
class Table:
    """The residues of a formula, and which of the conditions their rows already tell."""

    residues: Residues
    others: tuple[Node, ...]  # conditions that the rows say nothing of


def tabulated(
    np: Any,
    result: Result,
    size: Size,
    symbols: Sequence[Symbol],
    given: Mapping[str, int],
    conditions: Iterable[tuple[Condition, Node]] = (),
) -> Table | None:
    """The table of a formula in some symbols, with values for its others; None where it has none of a moderate size."""
    values = {s: Size.of(given[s.name]) for s in size.symbols() if s.name in given}
    size = size.subs(values)
    found = [(period_in(size, s), degree_in(size, s)) for s in symbols]
    periods = [p for p, _ in found if p is not None]
    degrees = [d for _, d in found if d is not None]
    if not len(periods) == len(degrees) == len(symbols) or not all(s.integer for s in symbols):
        return None
    told, others = [], []
    for condition, node in conditions:
        repeats = _repeats(condition.subs(values), symbols)
        if repeats is None:
            others.append(node)
        else:
            told.append(node)
            periods = [lcm(*pair) for pair in zip(periods, repeats, strict=True)]
    if prod(p * (d + 1) for p, d in zip(periods, degrees, strict=True)) > MOST:
        return None
    bases = [0 if s.low is None else int(-(-s.low // 1)) // p * p for s, p in zip(symbols, periods, strict=True)]
    grid = Grid(np, [s.name for s in symbols], bases, periods, degrees, given)
    try:
        residues = grid.residues(result, told)
    except (ValueError, ZeroDivisionError):
        return None
    return Table(residues, tuple(others))


def _repeats(condition: Condition, symbols: Sequence[Symbol]) -> list[int] | None:
    """The periods of a divisibility by a number; None of any other condition."""
    divisor, size = condition.divisor.number, condition.size
    if condition.kind != "|" or not isinstance(divisor, int) or condition.guard != ONE or condition.turns:
        return None
    if not all(isinstance(c, int) for c in size.terms.values()) or not all(
        degree_in(size, s) is not None for s in symbols
    ):
        return None
    periods = []
    for symbol in symbols:
        period = period_in(size, symbol)
        if period is None:
            return None
        periods.append(period * divisor if symbol in size.symbols() else 1)
    return periods


class Grid:
    """The points a table is made from: for each symbol as many quotients as its degree needs, times its remainders."""

    def __init__(
        self,
        np: Any,
        names: Sequence[str],
        bases: Sequence[int],
        periods: Sequence[int],
        degrees: Sequence[int],
        given: Mapping[str, int],
    ) -> None:
        self.np, self.bases, self.periods, self.degrees = np, tuple(bases), tuple(periods), tuple(degrees)
        self.shape = (*(d + 1 for d in degrees), *periods)
        points = {n: np.asarray(v) for n, v in given.items()}
        for place, (name, base, period, degree) in enumerate(zip(names, bases, periods, degrees, strict=True)):
            quotients = np.arange(degree + 1).reshape([-1 if i == place else 1 for i in range(2 * len(names))])
            rests = np.arange(period).reshape([-1 if i == place + len(names) else 1 for i in range(2 * len(names))])
            points[name] = base + period * quotients + rests
        self.arrays = Arrays(np, points, Ranges({n: (int(a.min()), int(a.max())) for n, a in points.items()}))

    def residues(self, result: Result, conditions: Sequence[Node]) -> Residues:
        """Raises `ValueError` where the coefficients are no integers."""
        np = self.np
        top, bottom = (self._objects(self.arrays.of(part)) for part in (result.top, result.bottom))
        allowed = np.all(top % bottom == 0, axis=tuple(range(len(self.degrees))))
        for condition in conditions:
            truth = np.broadcast_to(safely(self.arrays, condition), self.shape)
            allowed = allowed & truth[(0,) * len(self.degrees)]
        allowed = allowed.reshape(-1).astype(bool)
        values = (top // bottom).reshape(*self.shape[: len(self.degrees)], -1)
        for axis in range(len(self.degrees)):
            values = self._monomials(values, axis, allowed)
        if not allowed.any():
            raise ValueError("no value anywhere")
        return Residues(np, self.bases, self.periods, values, None if allowed.all() else allowed)

    def _objects(self, values: Any) -> Any:
        return self.np.broadcast_to(self.arrays.objects(values), self.shape)

    def _monomials(self, values: Any, axis: int, allowed: Any) -> Any:
        """Values at 0, 1, 2, ... of a quotient as the coefficients of its powers."""
        np = self.np
        moved = np.moveaxis(values, axis, 0)
        matrix, under = _inverse(moved.shape[0])
        made = np.stack([sum(int(c) * v for c, v in zip(row, moved, strict=True)) for row in matrix])
        if np.any((made % under != 0)[..., allowed]):
            raise ValueError("coefficients that are no integers")
        return np.moveaxis(made // under, 0, axis)


def _inverse(count: int) -> tuple[list[list[int]], int]:
    """Whole numbers that, over one divisor, take the values of a polynomial at 0, 1, 2, ... to its coefficients."""
    under = factorial(count - 1)
    columns = []
    for node in range(count):  # the polynomial that is 1 at this node and 0 at the others
        polynomial = [Fraction(1)]
        for other in range(count):
            if other != node:
                shifted = [Fraction(0), *polynomial]
                polynomial = [a - other * b for a, b in zip(shifted, [*polynomial, Fraction(0)], strict=True)]
                polynomial = [c / (node - other) for c in polynomial]
        columns.append([int(c * under) for c in polynomial])
    return [[column[power] for column in columns] for power in range(count)], under
