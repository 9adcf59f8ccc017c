"""The figures: costs against a size, shares of a cost, one cost against another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.evaluate import free
from symcost.invert import undecided
from symcost.plot.axes import cost_axis, escaped, inked, logarithmic, scale, size_axis, unit_label
from symcost.plot.breakdown import parts, percents
from symcost.plot.lines import draw_asymptote, draw_line, legend_label, mark_crossings, mark_jumps
from symcost.plot.style import LINES, MARKERS, WIDTH, area_colours, blank, is_dark, styled
from symcost.plot.values import curve, declared_values, number_of
from symcost.sizes.atoms import Rational
from symcost.sizes.notation import latex_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled()
def curves(
    costs: Mapping[str, Cost],
    symbol: str,
    values: Iterable[Rational],
    *,
    log: bool = False,
    jumps: int = 0,
    width: float = WIDTH,
) -> Figure:
    """Costs against a symbol, by name: exact, steps as steps, with the values at which one overtakes another.

    ``log`` makes both axes logarithmic, and says the exponent each cost has in the end. ``jumps`` is how many of the largest
    steps are marked with what they add. Width in inches. Raises `SymcostError` where a cost is no number.
    """
    asked = tuple(values)
    if not any(symbol in cost.domain.symbols for cost in costs.values()):
        next(iter(costs.values())).domain.declared(symbol)
    drawn = {label: curve(cost, symbol, asked) for label, cost in costs.items()}
    figure, axes = blank(width, 0.68 * width)
    for index, (label, line) in enumerate(drawn.items()):
        draw_line(axes, line, index, legend_label(label, line.cost, symbol, log and len(drawn) > 1), len(drawn) > 1)
    scale(axes, [line.at for line in drawn.values()], [line.values for line in drawn.values()], log)
    size_axis(axes, symbol)
    cost_axis(axes.yaxis, list(costs.values()), [v for line in drawn.values() for v in line.values], log)
    if log:
        for index, line in enumerate(drawn.values()):
            draw_asymptote(axes, line, symbol, index, len(drawn) == 1)
    for line in drawn.values() if jumps else ():
        mark_jumps(axes, line, symbol, jumps)
    mark_crossings(axes, list(drawn.values()), symbol)
    if len(drawn) > 1:
        axes.legend(loc="best" if log else "upper left")
    return figure


@styled()
def shares(
    net: Architecture,
    symbol: str | None = None,
    values: Iterable[Rational] = (),
    *,
    by: str = "kind",
    cost: str = "flops",
    most: int = 6,
    log: bool = False,
    width: float = WIDTH,
) -> Figure:
    """What part of a cost each kind, layer or block has: stacked to 100 % against a symbol, or as one bar without a symbol.

    Beyond the ``most`` largest, parts are added up as one. ``log`` makes the axis of the symbol logarithmic.
    """
    found, whole = parts(net, by, cost), net.cost(cost)
    if symbol is None:
        found = {label: part.at(net.domain.values(declared_values(net))) for label, part in found.items()}
        left = sorted({s.name for part in found.values() for s in free(part._public)})
        if left:
            raise undecided(f"the shares depend on {', '.join(left)}", "give values with --set, or a range with --over")
        heights = {label: [Fraction(part.value or 0)] for label, part in found.items()}
        return _bar(percents(heights, most), whole, width)
    lines = (
        {label: curve(part, symbol, tuple(values)) for label, part in found.items()}
        if (values := tuple(values))
        else {}
    )
    at = curve(whole, symbol, values).at
    heights = {label: [Fraction(v) for v in line.values] for label, line in lines.items()}
    return _stack(at, percents(heights, most), whole, symbol, log, width)


def _stack(
    at: Sequence[Rational], found: dict[str, list[Fraction]], whole: Cost, symbol: str, log: bool, width: float
) -> Figure:
    figure, axes = blank(width, 0.68 * width)
    xs, floor, middles = inked(at), [0.0] * len(at), []
    stepwise = all(b - a == 1 for a, b in pairwise(at))
    for colour, (label, heights) in zip(area_colours(found), found.items(), strict=True):
        top = [a + float(h) for a, h in zip(floor, heights, strict=True)]
        step: Any = "post" if stepwise else None
        axes.fill_between(xs, floor, top, step=step, color=colour, edgecolor="white", linewidth=0.5, label=label)
        middles.append((floor[-1] + top[-1]) / 2)
        floor = top
    if log:
        logarithmic(axes, at)
    axes.set_xlim(xs[0], xs[-1] if len(xs) > 1 else xs[0] + 1)
    axes.set_ylim(0, 100)
    size_axis(axes, symbol)
    axes.set_ylabel(f"% of {unit_label([whole])}")
    for label, middle, place in zip(found, middles, _apart(middles, 7.5, 100), strict=True):
        axes.annotate(
            escaped(label),
            (1, middle),
            (1.05, place),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#666666", "shrinkA": 1, "shrinkB": 0},
        )
    return figure


def _bar(found: dict[str, list[Fraction]], whole: Cost, width: float) -> Figure:
    columns = 2 if max(map(len, found)) > 12 else 3
    figure, axes = blank(width, 0.85 + 0.16 * -(-len(found) // columns))
    left = 0.0
    for colour, (label, (height,)) in zip(area_colours(found), found.items(), strict=True):
        part = float(height)
        axes.barh([0], [part], left=left, color=colour, edgecolor="white", linewidth=0.5, label=escaped(label))
        if part >= 6:
            ink = "white" if is_dark(colour) else "black"
            axes.text(left + part / 2, 0, f"{part:.0f}\u2009%", ha="center", va="center", color=ink)
        left += part
    axes.set_xlim(0, 100)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"% of {unit_label([whole])}")
    figure.legend(loc="outside upper center", ncols=columns, handlelength=1, handleheight=1, columnspacing=1)
    return figure


def _apart(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Rising places moved as little as it takes for them to be a gap apart, below the top."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap) if found else place)
    for i in range(len(found) - 1, -1, -1):
        found[i] = min(found[i], top if i == len(found) - 1 else found[i + 1] - gap)
    return found


@styled()
def points(
    pairs: Mapping[str, tuple[Cost, Cost]],
    symbol: str | None = None,
    values: Iterable[Rational] = (),
    *,
    log: bool = False,
    width: float = WIDTH,
) -> Figure:
    """One cost against another, such as FLOPs against parameters: a point for each network, or for each value of a symbol."""
    figure, axes = blank(width, 0.75 * width)
    asked, drawn = tuple(values), []
    for index, (label, (across, up)) in enumerate(pairs.items()):
        if symbol is None:
            xs, ys, names = [number_of(across)], [number_of(up)], [escaped(label)]
        else:
            line, other = curve(across, symbol, asked), curve(up, symbol, asked)
            xs, ys, names = list(line.values), list(other.values), _some(line.at, symbol)
        drawn.append((xs, ys))
        series = 0 if symbol is None else index
        colour, marker = LINES[series % len(LINES)], MARKERS[series % len(MARKERS)]
        axes.plot(inked(xs), inked(ys), color=colour, marker=marker, markersize=4, linewidth=0.6, label=escaped(label))
        below = series % 2 == 0
        for x, y, name in zip(xs, ys, names, strict=True):
            place, side = ((4, -8), "left") if below else ((-4, 3), "right")
            axes.annotate(name, (float(x), float(y)), place, textcoords="offset points", ha=side, fontsize=7)
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.margins(0.16, 0.12)
    cost_axis(axes.xaxis, [a for a, _ in pairs.values()], [x for xs, _ in drawn for x in xs], log)
    cost_axis(axes.yaxis, [b for _, b in pairs.values()], [y for _, ys in drawn for y in ys], log)
    if symbol is not None and len(pairs) > 1:
        axes.legend(loc="best")
    return figure


def _some(at: Sequence[Rational], symbol: str) -> list[str]:
    """What is written beside the points of a series: the first with the symbol, of many a few."""
    every = -(-len(at) // 6)
    return [f"${latex_name(symbol)} = {x}$" if not i else "" if i % every else str(x) for i, x in enumerate(at)]
