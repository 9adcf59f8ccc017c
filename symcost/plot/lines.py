"""The line of a cost, and what is marked on it: slope, jumps, crossovers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from symcost.cost import Cost
from symcost.evaluate import evaluator
from symcost.growth import leading, staircase
from symcost.plot.axes import escaped, inked
from symcost.plot.style import DASHES, LINES, MARKERS
from symcost.plot.values import Curve, crossovers
from symcost.render.growth import percent
from symcost.sizes.atoms import Symbol
from symcost.sizes.notation import latex_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKED = 40  # points that each get a marker
LABEL = 1.0  # inches that the label of a step takes
NAMED = 3  # crossovers that each get their value written


def draw_line(axes: Axes, line: Curve, index: int, label: str, marked: bool) -> None:
    few = len(line.at) <= MARKED and not line.stepwise
    every = 1 if few else max(1, len(line.at) // 7)
    axes.plot(
        inked(line.at),
        inked(line.values),
        drawstyle="steps-post" if line.stepwise else "default",
        color=LINES[index % len(LINES)],
        linestyle=DASHES[index % len(DASHES)],
        marker=MARKERS[index % len(MARKERS)] if few or marked else "",
        markevery=(every * index // 3 % every, every),
        label=label,
    )


def legend_label(label: str, cost: Cost, symbol: str, with_slope: bool) -> str:
    slope = _slope(cost, symbol) if with_slope else None
    return escaped(label) + (f" (slope {slope})" if slope is not None else "")


def _slope(cost: Cost, symbol: str) -> Fraction | None:
    """The exact exponent of a cost in the end, its slope on logarithmic axes; None where it is no power."""
    own = _own(cost, symbol)
    if own is None:
        return Fraction(0)
    found = leading(cost._public, own)
    return None if found is None or found.order.rate != 1 or found.order.logs else found.order.degree


def _own(cost: Cost, name: str) -> Symbol | None:
    return next((s for s in cost._public.symbols() if s.name == name), None)


def draw_asymptote(axes: Axes, line: Curve, name: str, index: int, named: bool) -> None:
    """The leading term as a thin line: what the cost is like in the end."""
    own, slope = _own(line.cost, name), _slope(line.cost, name)
    found = None if own is None else leading(line.cost._public, own)
    factor = None if found is None else found.coefficient.number
    if not slope or factor is None or factor <= 0:
        return
    limits = axes.get_ylim()
    ends = [float(line.at[0]), float(line.at[-1])]
    colour = LINES[index % len(LINES)]
    axes.plot(ends, [float(factor) * x ** float(slope) for x in ends], color=colour, linewidth=0.5, zorder=1, label="_")
    axes.set_ylim(limits)
    if named:
        middle = (limits[0] * limits[1]) ** 0.5
        x = min(max((middle / float(factor)) ** (1 / float(slope)), ends[0]), ends[1])
        where = (x, float(factor) * x ** float(slope))
        axes.annotate(f"slope {slope}", where, (5, -3), textcoords="offset points", va="top")


def mark_jumps(axes: Axes, line: Curve, name: str, most: int) -> None:
    """The largest steps, with the part they add."""
    own = _own(line.cost, name)
    if own is None or not line.stepwise:
        return
    found = staircase(line.cost._public, own, int(line.at[0]), int(line.at[-1]))
    for jump in sorted(found, key=lambda j: -abs(Fraction(j.after - j.before)))[:most]:
        place = (jump.at, float(jump.before + jump.after) / 2)
        across, _ = axes.transAxes.inverted().transform(axes.transData.transform(place))
        inside = across * axes.get_window_extent().width / axes.figure.dpi > LABEL  # there is room on the left
        axes.annotate(
            f"{percent(jump.relative)} at {jump.at}".replace(" %", "\u2009%"),
            place,
            (-5, 5) if inside else (5, -5),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center" if inside else "top",
            fontsize=7,
        )
        axes.plot([jump.at], [float(jump.after)], marker=".", color="black", markersize=3, label="_")


def mark_crossings(axes: Axes, lines: Sequence[Curve], name: str) -> None:
    """Where one cost overtakes another; of many places of one pair, the last has its value written."""
    named: dict[int, float] = {}
    for one, other in combinations(lines, 2):
        low, high = max(one.at[0], other.at[0]), min(one.at[-1], other.at[-1])
        if low.denominator != 1 or high.denominator != 1:
            continue
        found = crossovers(one.cost, other.cost, name, int(low), int(high)) or ()
        own, value = _own(one.cost, name), evaluator(one.cost._public)
        for x in found:
            y = float(value({} if own is None else {own: x}))
            said = len(found) <= NAMED or x == found[-1]
            axes.plot([x], [y], "o", color="black", mfc="white", markersize=4.5 if said else 1.2, zorder=4, label="_")
            if said:
                named[x] = y
    taken: list[tuple[float, float]] = []
    for x, y in sorted(named.items()):
        across, up = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))
        left = across > 0.75  # where there is no room on the right
        place = (
            (1.0, up - 0.2 if up > 0.25 else up + 0.1)
            if left
            else (across + 0.03, up - 0.08 if up > 0.15 else up + 0.08)
        )
        while any(abs(place[0] - a) < 0.22 and abs(place[1] - b) < 0.07 for a, b in taken):
            place = (place[0], place[1] + 0.075)
        taken.append(place)
        axes.annotate(
            f"${latex_name(name)} = {x}$",
            (x, y),
            place,
            textcoords="axes fraction",
            ha="right" if left else "left",
            va="center",
            zorder=5,
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#666666", "shrinkA": 0, "shrinkB": 2},
        )
