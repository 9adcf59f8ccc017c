"""The loops of `symcost.emit.residues` for one symbol and for two, compiled by numba for each degree and kept on disk by it.

A quotient by the period is a product and a shift: for ``0 <= u < 2^31`` and ``2^(s - 1) < period <= 2^s``, with
``m = ⌈2^(31 + s)/period⌉``, ``u*m`` is below 2^63 and ``u*m >> 31 + s`` is ``⌊u/period⌋``. Nothing is a float.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from symcost.emit.residues import Residues, Window

REACH = 1 << 31  # of a point above the base of the table
CHECKED = 1024  # points worked out before the next look at whether all were inside
U = np.uint64
_SIGN = U(1 << 63)
_HALF, _MASK = U(32), U(2**32 - 1)


def put(residues: Residues, points: Sequence[Any], window: Window, out: Any, low: Any = None) -> bool | None:
    """As `Residues.put`; None for what there is no loop for."""
    if len(points) == 2 and low is None and residues.allowed is None:
        return _put_two(residues, points, window, out)
    least, most = window[0]
    if len(points) > 1 or most - least >= REACH:
        return None
    moved = residues.moved(least)
    (degree,), (period,), (upper, lower) = moved.degrees, moved.periods, moved.words
    power, divided = _division(period)
    given = points[0].view(np.uint64), *_unsigned(least, most - least, *divided)
    if moved.allowed is not None and not _allowed(power)(*given, moved.allowed):
        return False
    if low is not None:
        return bool(_wide(degree, power)(*given, upper, lower, out.view(np.uint64), low))
    flat = bool((lower[-1] == lower[-1][0]).all())
    return bool(_narrow(degree, power, flat)(*given, lower, out.view(np.uint64)))


def _put_two(residues: Residues, points: Sequence[Any], window: Window, out: Any) -> bool | None:
    given: list[Any] = []
    for (least, most), base, period in zip(window, residues.bases, residues.periods, strict=True):
        if least < base or most - base >= REACH:
            return None
        given += _unsigned(base, least - base, most - least, *_division(period)[1])
    first, second = (p.view(np.uint64) for p in points)
    powers = [_division(period)[0] for period in residues.periods]
    loop = _two(*residues.degrees, *powers)
    return bool(loop(first, second, *given, residues.words[1], out.view(np.uint64)))


def _division(period: int) -> tuple[bool, tuple[int, int, int]]:
    """Whether a period is a power of two; the period, its mask or the factor, and the shift."""
    bits = (period - 1).bit_length()
    if period & (period - 1) == 0:
        return True, (period, period - 1, bits)
    return False, (period, -(-(1 << 31 + bits) // period), 31 + bits)


def _unsigned(*values: int) -> list[Any]:
    return [U(v & 2**64 - 1) for v in values]


def _compiled(loop: Callable[..., Any]) -> Any:
    """A point u above the least is outside of the window where u or ``span - u`` has its sign set, and only there."""
    try:
        return njit(loop, cache=True, nogil=True, error_model="numpy")
    except RuntimeError:  # there is no folder to keep it in
        return njit(loop, nogil=True, error_model="numpy")


@cache
def _allowed(power: bool) -> Any:
    def loop(points: Any, least: Any, span: Any, period: Any, factor: Any, shift: Any, allowed: Any) -> bool:
        for i in range(points.size):
            u = points[i] - least
            if u > span or not allowed[u & factor if power else u - (u * factor >> shift) * period]:
                return False
        return True

    return _compiled(loop)


@cache
def _narrow(degree: int, power: bool, flat: bool) -> Any:
    """One symbol, modulo 2^64; ``flat`` says that the highest coefficient is the same in all rows."""

    def loop(points: Any, least: Any, span: Any, period: Any, factor: Any, shift: Any, table: Any, out: Any) -> bool:
        top = table[degree, 0]
        for first in range(0, points.size, CHECKED):
            x, y = points[first : first + CHECKED], out[first : first + CHECKED]
            signs = U(0)
            for i in range(x.size):
                u = x[i] - least
                signs |= u | (span - u)
                q = u >> shift if power else u * factor >> shift
                r = u & factor if power else u - q * period
                if not power and r >= period:  # of a point outside
                    r = U(0)
                value = top if flat else table[degree, r]
                for k in range(degree - 1, -1, -1):
                    value = value * q + table[k, r]
                y[i] = value
            if signs & _SIGN:
                return False
        return True

    return _compiled(loop)


@cache
def _two(degree: int, degree2: int, power: bool, power2: bool) -> Any:
    """Two symbols, modulo 2^64."""

    def loop(
        points: Any, points2: Any,
        base: Any, start: Any, span: Any, period: Any, factor: Any, shift: Any,
        base2: Any, start2: Any, span2: Any, period2: Any, factor2: Any, shift2: Any,
        table: Any, out: Any,
    ) -> bool:  # fmt: skip
        for first in range(0, points.size, CHECKED):
            part = slice(first, first + CHECKED)
            x, y, z = points[part], points2[part], out[part]
            signs = U(0)
            for i in range(x.size):
                u, v = x[i] - base, y[i] - base2
                signs |= (u - start) | (span - (u - start)) | (v - start2) | (span2 - (v - start2))
                q = u >> shift if power else u * factor >> shift
                p = v >> shift2 if power2 else v * factor2 >> shift2
                r = u & factor if power else u - q * period
                s = v & factor2 if power2 else v - p * period2
                row = r * period2 + s
                if row >= period * period2:  # of a point outside
                    row = U(0)
                value = U(0)
                for j in range(degree, -1, -1):
                    inner = U(0)
                    for k in range(degree2, -1, -1):
                        inner = inner * p + table[j * (degree2 + 1) + k, row]
                    value = value * q + inner
                z[i] = value
            if signs & _SIGN:
                return False
        return True

    return _compiled(loop)


@cache
def _wide(degree: int, power: bool) -> Any:
    """One symbol, modulo 2^128; quotients have at most 31 bits."""

    def loop(
        points: Any,
        least: Any,
        span: Any,
        period: Any,
        factor: Any,
        shift: Any,
        upper: Any,
        lower: Any,
        high: Any,
        low: Any,
    ) -> bool:
        for first in range(0, points.size, CHECKED):
            part = slice(first, first + CHECKED)
            x, y, z = points[part], high[part], low[part]
            signs = U(0)
            for i in range(x.size):
                u = x[i] - least
                signs |= u | (span - u)
                q = u >> shift if power else u * factor >> shift
                r = u & factor if power else u - q * period
                if not power and r >= period:  # of a point outside
                    r = U(0)
                h, l = upper[degree, r], lower[degree, r]
                for k in range(degree - 1, -1, -1):
                    below = (l & _MASK) * q
                    carried = (l >> _HALF) * q + (below >> _HALF)  # at most (2^32 - 1)*(2^31 - 1) + 2^31
                    h = h * q + (carried >> _HALF) + upper[k, r]
                    l = ((carried << _HALF) | (below & _MASK)) + lower[k, r]
                    h += U(l < lower[k, r])
                y[i], z[i] = h, l
            if signs & _SIGN:
                return False
        return True

    return _compiled(loop)
