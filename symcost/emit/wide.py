"""Whole numbers of 128 bits as two arrays, ``high*2^64 + low``: int64 and uint64.

All steps are exact modulo 2^128, so that a value whose own bound is proved to be below 2^127 is right whatever the steps before
it did.
"""

from __future__ import annotations

from typing import Any

WIDE = 127  # bits of the magnitude
LONG = 31  # bits of a divisor that long division takes
BOXED = 1 << 13  # values made into Python's integers at a time
_HALF = 32


class Wide:
    """An array of such numbers. Operations are element by element and broadcast."""

    def __init__(self, np: Any, high: Any, low: Any) -> None:
        self.np, self.high, self.low = np, high, low

    @classmethod
    def of(cls, np: Any, values: Any) -> Wide:
        """From an int64 array."""
        return cls(np, values >> 63, values.astype(np.uint64))

    @classmethod
    def number(cls, np: Any, value: int) -> Wide:
        high, low = value >> 64 & 2**64 - 1, value & 2**64 - 1
        return cls(np, np.asarray(high, dtype=np.uint64).astype(np.int64), np.asarray(low, dtype=np.uint64))

    @classmethod
    def boxed(cls, np: Any, values: Any) -> Wide:
        """From an array of Python's integers."""
        high, low = np.asarray(values >> 64), np.asarray(values & 2**64 - 1)  # of one number they are no arrays
        return cls(np, high.astype(np.int64), low.astype(np.uint64))

    @property
    def shape(self) -> Any:
        return self.np.broadcast_shapes(self.high.shape, self.low.shape)

    @property
    def sign(self) -> Any:
        """-1, 0 or 1."""
        return self.np.where(self.high < 0, -1, ((self.high != 0) | (self.low != 0)).astype(self.np.int64))

    def broadcast_to(self, shape: Any) -> Wide:
        return Wide(self.np, self.np.broadcast_to(self.high, shape), self.np.broadcast_to(self.low, shape))

    def __add__(self, other: Wide) -> Wide:
        with self.np.errstate(over="ignore"):
            low = self.low + other.low
            return Wide(self.np, self.high + other.high + (low < self.low), low)

    def __mul__(self, other: Wide) -> Wide:
        np = self.np
        with np.errstate(over="ignore"):
            high = product_high(np, self.low, other.low).astype(np.int64)
            for a, b in ((self.high, other.low), (other.high, self.low)):
                if np.any(a):
                    high = high + a * b.astype(np.int64)
            return Wide(np, high, self.low * other.low)

    def __neg__(self) -> Wide:
        with self.np.errstate(over="ignore"):
            low = -self.low
            return Wide(self.np, ~self.high + (low == 0), low)

    def divided(self, divisor: int) -> tuple[Wide, Any]:
        """The floor of the quotient by a positive number of at most `LONG` bits, and the remainder."""
        np, by = self.np, self.np.uint64(divisor)
        rest = (self.high % divisor).astype(np.uint64)
        upper = (rest << np.uint64(_HALF)) | (self.low >> np.uint64(_HALF))
        lower = ((upper % by) << np.uint64(_HALF)) | (self.low & np.uint64(2**_HALF - 1))
        with np.errstate(over="ignore"):
            low = ((upper // by) << np.uint64(_HALF)) + lower // by
        return Wide(np, self.high // divisor, low), lower % by

    def less(self, other: Wide) -> Any:
        return (self.high < other.high) | ((self.high == other.high) & (self.low < other.low))

    def where(self, chosen: Any, other: Wide) -> Wide:
        """These where ``chosen`` is true, the others elsewhere."""
        np = self.np
        return Wide(np, np.where(chosen, self.high, other.high), np.where(chosen, self.low, other.low))

    def narrow(self) -> Any:
        """As int64, where the numbers are known to fit."""
        return self.low.astype(self.np.int64)

    def objects(self) -> Any:
        """As Python's integers."""
        np = self.np
        high, low = (np.broadcast_to(a, self.shape).reshape(-1) for a in (self.high, self.low))
        made = np.empty(high.size, dtype=object)
        for start in range(0, high.size, BOXED):
            part = slice(start, start + BOXED)
            made[part] = (high[part].astype(object) << 64) + low[part].astype(object)
        return made.reshape(self.shape)


def product_high(np: Any, a: Any, b: Any) -> Any:
    """The upper 64 bits of the product of uint64 arrays, by halves."""
    half, mask = np.uint64(_HALF), np.uint64(2**_HALF - 1)
    with np.errstate(over="ignore"):
        a0, a1, b0, b1 = a & mask, a >> half, b & mask, b >> half
        middle = a1 * b0 + (a0 * b0 >> half)  # at most (2^32 - 1)^2 + 2^32 - 1
        other = a0 * b1 + (middle & mask)
        return a1 * b1 + (middle >> half) + (other >> half)
