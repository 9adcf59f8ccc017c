"""Numbers for people: SI prefixes with the unit."""

from __future__ import annotations

from fractions import Fraction

from symcost.sizes.atoms import Rational

PREFIXES = ((15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k"))


def si(value: Rational, unit: str = "", digits: int = 3) -> str:
    """``15.5 GMACs``: decimal prefixes (1 GFLOPs = 10^9), three significant digits, a half rounded up."""
    size = abs(Fraction(value))
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
    scaled = int(value * 10**places + Fraction(1, 2))
    text = f"{scaled / 10**places:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration(seconds: Rational) -> str:
    """A time at three digits: ``49.6 µs``."""
    value = Fraction(seconds)
    for scale, unit in ((1, "s"), (1000, "ms"), (10**6, "µs"), (10**9, "ns")):
        if value * scale >= 1 or unit == "ns":
            return f"{_significant(value * scale, 3) if value * scale < 1000 else int(value * scale)} {unit}"
    raise AssertionError
