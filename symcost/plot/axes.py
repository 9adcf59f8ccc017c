"""Axes: their scale, their ticks, and what is written at them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from symcost.cost import Cost
from symcost.invert import undecided
from symcost.render.figures import PREFIXES, si
from symcost.sizes.atoms import Rational
from symcost.sizes.notation import latex_name
from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def scale(axes: Axes, at: Sequence[Sequence[Rational]], values: Sequence[Sequence[Rational]], log: bool) -> None:
    xs = [x for row in at for x in row]
    if log:
        logarithmic(axes, xs)
        axes.set_yscale("log")
    elif all(v >= 0 for row in values for v in row):
        axes.set_ylim(bottom=0)
    if min(xs) < max(xs):
        axes.set_xlim(float(min(xs)), float(max(xs)))


def logarithmic(axes: Axes, values: Sequence[Rational]) -> None:
    """Sizes on a logarithmic axis, at powers of 2 where the range is made of them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    low, high = min(values), max(values)
    if low <= 0:
        raise undecided(f"{low} has no place on a logarithmic axis", "begin above 0")
    doubles = high <= 2**16 * low and all(v.denominator == 1 and int(v).bit_count() == 1 for v in (low, high))
    axes.set_xscale("log", base=2 if doubles else 10)
    axis = axes.xaxis
    if doubles:
        axis.set_major_locator(LogLocator(2, numticks=8))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}" if v < 10**6 else _prefixed(v)))
    else:
        axis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if high < 50 * low else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}" if v < 10_000 else _prefixed(v)))
    axis.set_minor_formatter(NullFormatter())


def _prefixed(value: float) -> str:
    """``10 k``; beyond the prefixes, a power of ten."""
    if value >= 10**18 or 0 < value < 1:
        return f"$10^{{{len(str(int(value))) - 1}}}$" if value >= 1 else f"{value:g}"
    return si(Fraction(value))


def size_axis(axes: Axes, symbol: str) -> None:
    axes.set_xlabel(f"${latex_name(symbol)}$")


def cost_axis(axis: Axis, costs: Sequence[Cost], values: Sequence[Rational], log: bool) -> None:
    """The unit with one prefix for all ticks, and the convention; on a logarithmic axis a prefix for each tick."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if log:
        positive = [v for v in values if v > 0] or [1]
        few = max(positive) < 50 * min(positive)
        axis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if few else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: _prefixed(v)))
        axis.set_minor_formatter(NullFormatter())
        axis.set_label_text(unit_label(costs))
        return
    largest = max((abs(Fraction(v)) for v in values), default=Fraction(0))
    power, prefix = next(((p, sign) for p, sign in PREFIXES if largest >= 10**p), (0, ""))
    if largest >= 10**18:
        power = len(str(int(largest))) - 1
        prefix = f"$10^{{{power}}}$ "
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v / 10.0**power:g}"))
    axis.set_label_text(unit_label(costs, prefix))


def unit_label(costs: Sequence[Cost], prefix: str = "") -> str:
    """``GFLOPs (convention: flops)``."""
    units = list(dict.fromkeys(cost.unit for cost in costs))
    names = list(dict.fromkeys(cost.convention for cost in costs if cost.convention))
    glue = "" if not prefix or prefix.endswith(" ") or units[0][:1].isupper() else " "
    label = " or ".join(f"{prefix}{glue}{unit}".strip() for unit in units) or "cost"
    return escaped(label, prefix.startswith("$")) + (f" (convention: {escaped(names[0])})" if len(names) == 1 else "")


def escaped(text: str, math: bool = False) -> str:
    return text if math else text.replace("$", r"\$")


def inked(values: Iterable[Rational]) -> list[float]:
    try:
        return [float(v) for v in values]
    except OverflowError:
        message = "a value is larger than anything that can be drawn"
        raise SymcostError(Diagnostic("number-too-large", message)) from None
