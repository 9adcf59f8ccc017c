"""Numbers for people: SI prefixes with the unit."""

from __future__ import annotations

from fractions import Fraction

from symcost.sizes.atoms import Rational

PREFIXES = ((15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k"))


def si(value: Rational, unit: str = "", digits: int = 3) -> str:
    """``15.5 GMACs``: decimal prefixes (1 GFLOPs = 10^9), three significant digits, a half rounded up.

    Above 999 P, where no prefix is common, ``1.73e103 MACs``.
    """
    size = abs(Fraction(value))
    if size * 2 >= 1999 * 10 ** PREFIXES[0][0]:
        return _signed(value, f"{_scientific(size, digits)} {unit}".rstrip())
    for index, (power, prefix) in enumerate(PREFIXES):
        if size >= 10**power:
            written = _significant(size / 10**power, digits)
            if written == "1000" and index:  # 999.9 k is 1 M
                written, prefix = "1", PREFIXES[index - 1][1]
            return _signed(value, f"{written} {prefix}{unit}")
    exact = size.denominator == 1
    return _signed(value, f"{size if exact else _significant(size, digits)} {unit}".rstrip())


def _signed(value: Rational, written: str) -> str:
    return f"-{written}" if value < 0 else written


def _significant(value: Fraction, digits: int) -> str:
    """A positive value below 1000 at so many significant digits, without trailing zeros."""
    whole = len(str(int(value))) if value >= 1 else 0
    places = max(0, digits - whole)
    return _decimal(int(value * 10**places + Fraction(1, 2)), places)


def _scientific(value: Fraction, digits: int) -> str:
    """``1.73e103``; a value of 1 or more."""
    exponent = len(str(int(value))) - 1
    scaled = int(value / Fraction(10) ** (exponent + 1 - digits) + Fraction(1, 2))
    if scaled == 10**digits:  # 9.996e20 is 1e21
        scaled, exponent = scaled // 10, exponent + 1
    return f"{_decimal(scaled, digits - 1)}e{exponent}"


def _decimal(scaled: int, places: int) -> str:
    """``scaled/10^places`` without trailing zeros, without a float: it would lose digits, or overflow."""
    whole, rest = divmod(scaled, 10**places)
    return f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".") if rest else str(whole)


def duration(seconds: Rational) -> str:
    """A time at three digits: ``49.6 µs``."""
    value = Fraction(seconds)
    for scale, unit in ((1, "s"), (1000, "ms"), (10**6, "µs"), (10**9, "ns")):
        if value * scale >= 1 or unit == "ns":
            return f"{_significant(value * scale, 3) if value * scale < 1000 else int(value * scale)} {unit}"
    raise AssertionError
