"""Figures for papers: cost against size, the share of each part, one cost against another.

Every value is exact until it becomes ink. A figure is a matplotlib `Figure` that nobody else holds: pyplot is never touched.
Fonts and colours come with matplotlib, so that a figure is the same on every machine; lines differ in colour, dash and marker,
and survive a copier.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO, StringIO
from itertools import combinations, groupby, pairwise
from typing import TYPE_CHECKING, Any

from symcost.architecture import Architecture, Cost, Row
from symcost.domain import by_name
from symcost.entries import alike
from symcost.evaluate import evaluator
from symcost.growth import leading, staircase
from symcost.invert import Unknown, existing, undecided
from symcost.render.figures import PREFIXES, si
from symcost.render.growth import percent
from symcost.signs import runs
from symcost.sizes.atoms import Rational, Size, Symbol, total
from symcost.sizes.notation import latex_name
from symcost.source import Diagnostic, SymcostError, nearest
from symcost.tally import weights_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "pgf", "png")
PARTS = ("kind", "layer", "block")
WIDTH = 3.5  # inches: one column of a two-column paper
MOST = 1000  # points of a curve: more cannot be told apart in a column
SCANNED = 5000  # integers at which two costs are compared one by one
MARKED = 40  # points that each get a marker
LABEL = 1.0  # inches that the label of a step takes
NAMED = 3  # crossovers that each get their value written

FONTS = ["STIXGeneral", "DejaVu Serif"]  # the letters of Times; both come with matplotlib
STYLE: Any = {
    "font.family": FONTS,
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # TrueType: many publishers refuse Type 3
    "svg.hashsalt": "symcost",  # the same names inside for the same picture
    "pgf.texsystem": "pdflatex",
    "pgf.rcfonts": False,  # the letters of the paper it is put into
}

# Okabe and Ito's colours, which the colour-blind tell apart: for LINES the dark ones first, for AREAS light beside dark.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
AREAS = ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#D55E00", "#E69F00", "#CC79A7")
REST = "#BBBBBB"
DASHES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (1, 1.2)),
    (0, (7, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    "-",
)
MARKERS = "os^Dvx+"

OPTIONS = re.compile(r"\([^()]*=[^()]*\)")  # (bias=false): what a label can do without


# ------------------------------------------------------------ values


@dataclass(frozen=True)
class Curve:
    """The exact values of a cost where the network exists."""

    cost: Cost
    at: tuple[Rational, ...]
    values: tuple[Rational, ...]

    @property
    def stepwise(self) -> bool:
        """Whether every integer of the range is there, so that steps can be drawn as steps."""
        return len(self.at) > 1 and all(b - a == 1 for a, b in pairwise(self.at))


def curve(cost: Cost, symbol: str, values: Iterable[Rational]) -> Curve:
    """A cost at those values of a symbol at which the network exists; level where it does not have the symbol.

    Raises `SymcostError` where other symbols are left, there are no values, or the network exists at none of them.
    """
    asked = tuple(values)
    if not asked:
        raise undecided(f"no values for '{symbol}'", "give a range, such as 32..512")
    formula, declared = cost._public, cost.domain.symbols.get(symbol)
    own = None if declared is None else declared.symbol
    others = sorted({s.name for s in formula.symbols()} - {symbol})
    if others:
        raise undecided(f"the cost depends on {', '.join(others)} too", "give the other symbols values with --set")
    inside = _inside(cost, symbol)
    kept = tuple(x for x in asked if inside(x))
    if not kept:
        cost.at({symbol: asked[0]})  # says why not
        raise undecided(f"the network exists at no value given for '{symbol}'", "give other values")
    value = evaluator(formula)
    return Curve(cost, kept, tuple(value({} if own is None else {own: x}) for x in kept))


def _inside(cost: Cost, name: str) -> Callable[[Rational], bool]:
    """Whether the network exists at a value of a symbol: ``32*m`` at multiples only."""
    if name not in cost.domain.symbols:
        return lambda x: True
    unknown = Unknown.of(cost.domain, name)
    exists, symbol = existing(cost.domain, [unknown.symbol]), unknown.symbol
    at = [Fraction(unknown.formula.subs({symbol: Size.of(m)}).number or 0) for m in (0, 1)]

    def inside(x: Rational) -> bool:
        inner = (x - at[0]) / (at[1] - at[0])
        bounded = (symbol.low is None or inner >= symbol.low) and (symbol.high is None or inner <= symbol.high)
        return bounded and (inner.denominator == 1 or not symbol.integer) and exists(inner)

    return inside


def spaced(
    first: Rational, last: Rational, step: Rational = 1, *, log: bool = False, most: int = MOST
) -> list[Rational]:
    """Values from first to last, ``step`` apart: all of them, or where there are more than a figure can show, some.

    Those are evenly spaced, on a logarithmic axis by equal factors. The first and the last are always there.
    """
    count = int((last - first) // step) + 1
    if count <= most:
        return [first + step * i for i in range(count)]
    if not log or first <= 0:
        chosen = {i * (count - 1) // (most - 1) for i in range(most)}
    else:
        factor = (float(last) / float(first)) ** (1 / (most - 1))
        chosen = {min(count - 1, round(float(first) * (factor**i - 1) / float(step))) for i in range(most)} | {
            count - 1
        }
    return [first + step * i for i in sorted(chosen)]


def crossovers(first: Cost, second: Cost, symbol: str, low: int, high: int) -> tuple[int, ...] | None:
    """The integers from low to high at which the other of two costs becomes the larger one: exact. None: not decided.

    A short range is compared at every value at which both networks exist; a long one by the proven signs of the difference.
    """
    a, b = by_name(first._public, second._public)
    difference = a - b
    left = difference.symbols()
    if {s.name for s in left} - {symbol}:
        return None
    if not left:
        return ()
    (own,) = left
    if high - low <= SCANNED:
        value, inside = evaluator(difference), (_inside(first, symbol), _inside(second, symbol))
        there = (x for x in range(low, high + 1) if all(i(x) for i in inside))
        signs = [(x, value({own: x})) for x in there]
    else:
        found = None if _sparse(first, symbol) or _sparse(second, symbol) else runs(difference, own, low, high)
        if found is None:
            return None
        signs = [(run.start, run.sign) for run in found]
    signed = [(x, sign > 0) for x, sign in signs if sign]
    return tuple(x for (_, before), (x, after) in pairwise(signed) if before != after)


def _sparse(cost: Cost, name: str) -> bool:
    """Whether the network may be missing at some values: multiples only, or conditions beyond a least value."""
    declared = cost.domain.symbols.get(name)
    return declared is not None and (declared.size != Size.of(declared.symbol) or bool(cost.domain.conditions))


# ------------------------------------------------------------ parts of a network


def parts(net: Architecture, by: str = "kind", cost: str = "flops") -> dict[str, Cost]:
    """A cost taken apart by ``kind`` of layer, by ``layer`` or by ``block``; ``block:2`` goes one level deeper.

    The parts add up to the cost of the network; parts that cost nothing are left out.
    """
    kind, _, depth = by.partition(":")
    if kind not in PARTS or (depth and not (kind == "block" and depth.isdigit() and int(depth))):
        help_ = nearest(kind, PARTS) or "parts: kind, layer, block, block:2"
        raise SymcostError(Diagnostic("unknown-name", f"a network has no parts by '{by}'", help=help_))
    groups: dict[str, list[Row]] = {}
    for label, rows in _grouped(net, kind, int(depth or 1)):
        groups.setdefault(label, []).extend(rows)
    whole, found, before = net.cost(cost), {}, Size.of(0)
    seen: list[Row] = []
    for label, rows in groups.items():
        seen += rows
        if cost == "params":  # weights with one address belong to the part that has them first
            after = net._apply(weights_of(alike(row._entry for row in seen)))
            size, before = after - before, after
        else:
            size = total(net._apply(row._entry.all_work(_of_row(row, cost))) for row in rows)
        if size.terms:
            found[label] = whole._owned(size)
    return found


def _of_row(row: Row, cost: str) -> Size:
    return (row.activations if cost in ("activations", "act") else row.cost(cost))._size


def _grouped(net: Architecture, kind: str, depth: int) -> Iterable[tuple[str, list[Row]]]:
    rows = [row for row in net.layers if row.kind != "id"]
    if kind == "kind":
        return [(row.kind, [row]) for row in rows]
    if kind == "layer":
        texts = [OPTIONS.sub("", row.text) for row in rows]
        return [
            (t if texts.count(t) == 1 else f"{t} ({i})", [row])
            for i, (t, row) in enumerate(zip(texts, rows, strict=True), 1)
        ]
    return _blocks(rows, depth)


def _blocks(rows: Sequence[Row], depth: int) -> list[tuple[str, list[Row]]]:
    """Blocks in one another down to a depth. Those of one name are told apart by their width, or by what is in them."""
    uses = [list(g) for _, g in groupby(rows, lambda r: r._entry.times.blocks[:depth] or r.kind)]
    names = [(use[0]._entry.times.blocks[:depth] or ((use[0].kind, 0),))[-1][0] for use in uses]
    widths = [str(use[-1].output.channels) for use in uses]
    inner = [next((_inner(r, depth) for r in use if r.macs._size.terms), "") for use in uses]
    found = []
    for name, width, part, use in zip(names, widths, inner, uses, strict=True):
        alike = [i for i, n in enumerate(names) if n == name]
        label = (
            name
            if name != use[0].kind and len({inner[i] for i in alike}) < 2
            else f"{name}: {part}"
            if part and part != name
            else name
        )
        found.append((f"{label}, {width}" if len({widths[i] for i in alike}) > 1 else label, use))
    return found


def _inner(row: Row, depth: int) -> str:
    blocks = row._entry.times.blocks
    return blocks[depth][0] if len(blocks) > depth else row.kind


# ------------------------------------------------------------ figures


@contextmanager
def _styled() -> Iterator[None]:
    """In our style, and afterwards in that of whoever asked."""
    try:
        import matplotlib
    except ImportError:
        message = "plots are drawn by matplotlib, which is not installed"
        raise SymcostError(Diagnostic("missing-extra", message, help="pip install 'symcost[plot]'")) from None
    with matplotlib.rc_context(STYLE):
        yield


@_styled()
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
    figure, axes = _figure(width, 0.68 * width)
    for index, (label, line) in enumerate(drawn.items()):
        _line(axes, line, index, _named(label, line.cost, symbol, log and len(drawn) > 1), len(drawn) > 1)
    _scaled(axes, [line.at for line in drawn.values()], [line.values for line in drawn.values()], log)
    _size_axis(axes, symbol)
    _cost_axis(axes.yaxis, list(costs.values()), [v for line in drawn.values() for v in line.values], log)
    if log:
        for index, line in enumerate(drawn.values()):
            _asymptote(axes, line, symbol, index, len(drawn) == 1)
    for line in drawn.values() if jumps else ():
        _jumps(axes, line, symbol, jumps)
    _crossings(axes, list(drawn.values()), symbol)
    if len(drawn) > 1:
        axes.legend(loc="best" if log else "upper left")
    return figure


@_styled()
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
        found = {label: part.at(net.domain.values(_left(net))) for label, part in found.items()}
        left = sorted({s.name for part in found.values() for s in part._public.symbols()})
        if left:
            raise undecided(f"the shares depend on {', '.join(left)}", "give values with --set, or a range with --over")
        heights = {label: [Fraction(part.value or 0)] for label, part in found.items()}
        return _bar(_percents(heights, most), whole, width)
    lines = (
        {label: curve(part, symbol, tuple(values)) for label, part in found.items()}
        if (values := tuple(values))
        else {}
    )
    at = curve(whole, symbol, values).at
    heights = {label: [Fraction(v) for v in line.values] for label, line in lines.items()}
    return _stack(at, _percents(heights, most), whole, symbol, log, width)


@_styled()
def points(
    pairs: Mapping[str, tuple[Cost, Cost]],
    symbol: str | None = None,
    values: Iterable[Rational] = (),
    *,
    log: bool = False,
    width: float = WIDTH,
) -> Figure:
    """One cost against another, such as FLOPs against parameters: a point for each network, or for each value of a symbol."""
    figure, axes = _figure(width, 0.75 * width)
    asked, drawn = tuple(values), []
    for index, (label, (across, up)) in enumerate(pairs.items()):
        if symbol is None:
            xs, ys, names = [_number(across)], [_number(up)], [_escaped(label)]
        else:
            line, other = curve(across, symbol, asked), curve(up, symbol, asked)
            xs, ys, names = list(line.values), list(other.values), _some(line.at, symbol)
        drawn.append((xs, ys))
        series = 0 if symbol is None else index
        colour, marker = LINES[series % len(LINES)], MARKERS[series % len(MARKERS)]
        axes.plot(
            _inked(xs), _inked(ys), color=colour, marker=marker, markersize=4, linewidth=0.6, label=_escaped(label)
        )
        below = series % 2 == 0
        for x, y, name in zip(xs, ys, names, strict=True):
            place, side = ((4, -8), "left") if below else ((-4, 3), "right")
            axes.annotate(name, (float(x), float(y)), place, textcoords="offset points", ha=side, fontsize=7)
    if log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.margins(0.16, 0.12)
    _cost_axis(axes.xaxis, [a for a, _ in pairs.values()], [x for xs, _ in drawn for x in xs], log)
    _cost_axis(axes.yaxis, [b for _, b in pairs.values()], [y for _, ys in drawn for y in ys], log)
    if symbol is not None and len(pairs) > 1:
        axes.legend(loc="best")
    return figure


def _some(at: Sequence[Rational], symbol: str) -> list[str]:
    """What is written beside the points of a series: the first with the symbol, of many a few."""
    every = -(-len(at) // 6)
    return [f"${latex_name(symbol)} = {x}$" if not i else "" if i % every else str(x) for i, x in enumerate(at)]


def picture(figure: Figure, form: str) -> bytes:
    """A figure as the bytes of a file: ``pdf``, ``svg``, ``pgf`` or ``png``; the same bytes every time.

    Raises `SymcostError` for ``pgf`` where there is no LaTeX to measure text with.
    """
    import matplotlib

    undated: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    more = {"metadata": undated[form]} if form in undated else {}
    stream: Any = StringIO() if form == "pgf" else BytesIO()
    with matplotlib.rc_context(STYLE), _for_tex(figure) if form == "pgf" else nullcontext():
        figure.savefig(stream, format=form, **more)
    found = stream.getvalue()
    return found.encode() if isinstance(found, str) else bytes(found)


@contextmanager
def _for_tex(figure: Figure) -> Iterator[None]:
    """With the texts of a figure as LaTeX wants them."""
    from matplotlib.backends.backend_pgf import LatexError
    from matplotlib.text import Text

    plain: list[tuple[Any, str]] = [(t, t.get_text()) for t in figure.findobj(Text)]
    for artist, text in plain:
        artist.set_text(tex(text))
    try:
        yield
    except (FileNotFoundError, RuntimeError):
        message = "a PGF picture is measured by LaTeX, and there is no pdflatex here"
        raise SymcostError(Diagnostic("missing-extra", message, help="write a PDF instead")) from None
    except (ValueError, LatexError) as error:
        message = f"LaTeX cannot set a text of this figure: {str(error).splitlines()[0]}"
        raise SymcostError(Diagnostic("unwritable", message, help="use other labels, or write a PDF instead")) from None
    finally:
        for artist, text in plain:
            artist.set_text(text)


def tex(text: str) -> str:
    r"""A text outside of its ``$...$`` with what LaTeX reads as commands escaped; a dollar itself is ``\$`` already."""
    between = re.split(r"(?<!\\)\$", text)
    signs = {
        "\\$": r"\textdollar{}",
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "\u2009": r"\,",
        "\u2212": "$-$",
    }
    for i in range(0, len(between), 2):
        between[i] = re.sub(r"\\\$|[&#_{}~\u2009\u2212\\]", lambda m: signs.get(m[0], f"\\{m[0]}"), between[i])
    return "$".join(between)


# ------------------------------------------------------------ ink


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.tick_params(
        labelsize=8, labelfontfamily=FONTS, width=0.6
    )  # ticks are made late, in whatever style is in force then
    axes.tick_params(which="minor", width=0.4, length=1.8)
    return figure, axes


def _line(axes: Axes, line: Curve, index: int, label: str, marked: bool) -> None:
    few = len(line.at) <= MARKED and not line.stepwise
    every = 1 if few else max(1, len(line.at) // 7)
    axes.plot(
        _inked(line.at),
        _inked(line.values),
        drawstyle="steps-post" if line.stepwise else "default",
        color=LINES[index % len(LINES)],
        linestyle=DASHES[index % len(DASHES)],
        marker=MARKERS[index % len(MARKERS)] if few or marked else "",
        markevery=(every * index // 3 % every, every),
        label=label,
    )


def _inked(values: Iterable[Rational]) -> list[float]:
    try:
        return [float(v) for v in values]
    except OverflowError:
        message = "a value is larger than anything that can be drawn"
        raise SymcostError(Diagnostic("number-too-large", message)) from None


def _named(label: str, cost: Cost, symbol: str, with_slope: bool) -> str:
    slope = _slope(cost, symbol) if with_slope else None
    return _escaped(label) + (f" (slope {slope})" if slope is not None else "")


def _slope(cost: Cost, symbol: str) -> Fraction | None:
    """The exact exponent of a cost in the end, its slope on logarithmic axes; None where it is no power."""
    own = _own(cost, symbol)
    if own is None:
        return Fraction(0)
    found = leading(cost._public, own)
    return None if found is None or found.order.rate != 1 or found.order.logs else found.order.degree


def _own(cost: Cost, name: str) -> Symbol | None:
    return next((s for s in cost._public.symbols() if s.name == name), None)


def _asymptote(axes: Axes, line: Curve, name: str, index: int, named: bool) -> None:
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


def _jumps(axes: Axes, line: Curve, name: str, most: int) -> None:
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


def _crossings(axes: Axes, lines: Sequence[Curve], name: str) -> None:
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


def _stack(
    at: Sequence[Rational], found: dict[str, list[Fraction]], whole: Cost, symbol: str, log: bool, width: float
) -> Figure:
    figure, axes = _figure(width, 0.68 * width)
    xs, floor, middles = _inked(at), [0.0] * len(at), []
    stepwise = all(b - a == 1 for a, b in pairwise(at))
    for colour, (label, heights) in zip(_areas(found), found.items(), strict=True):
        top = [a + float(h) for a, h in zip(floor, heights, strict=True)]
        step: Any = "post" if stepwise else None
        axes.fill_between(xs, floor, top, step=step, color=colour, edgecolor="white", linewidth=0.5, label=label)
        middles.append((floor[-1] + top[-1]) / 2)
        floor = top
    if log:
        _logarithmic(axes, at)
    axes.set_xlim(xs[0], xs[-1] if len(xs) > 1 else xs[0] + 1)
    axes.set_ylim(0, 100)
    _size_axis(axes, symbol)
    axes.set_ylabel(f"% of {_said([whole])}")
    for label, middle, place in zip(found, middles, _apart(middles, 7.5, 100), strict=True):
        axes.annotate(
            _escaped(label),
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
    figure, axes = _figure(width, 0.85 + 0.16 * -(-len(found) // columns))
    left = 0.0
    for colour, (label, (height,)) in zip(_areas(found), found.items(), strict=True):
        part = float(height)
        axes.barh([0], [part], left=left, color=colour, edgecolor="white", linewidth=0.5, label=_escaped(label))
        if part >= 6:
            ink = "white" if _dark(colour) else "black"
            axes.text(left + part / 2, 0, f"{part:.0f}\u2009%", ha="center", va="center", color=ink)
        left += part
    axes.set_xlim(0, 100)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"% of {_said([whole])}")
    figure.legend(loc="outside upper center", ncols=columns, handlelength=1, handleheight=1, columnspacing=1)
    return figure


def _percents(heights: dict[str, list[Fraction]], most: int) -> dict[str, list[Fraction]]:
    """Parts in percent of their sum; the smaller ones beyond the ``most`` largest as one part, at the end."""
    sums = [sum(column) for column in zip(*heights.values(), strict=True)]
    if not sums or not all(sums):
        raise undecided("the shares of nothing", "choose a cost that is not zero")
    found = {label: [100 * v / s for v, s in zip(row, sums, strict=True)] for label, row in heights.items()}
    if len(found) <= most + 1:
        return found
    kept = sorted(found, key=lambda label: max(found[label]), reverse=True)[:most]
    rest = [row for label, row in found.items() if label not in kept]
    large = {label: row for label, row in found.items() if label in kept}
    return {**large, f"{len(rest)} others": [sum(column, Fraction(0)) for column in zip(*rest, strict=True)]}


def _areas(found: Mapping[str, object]) -> list[str]:
    return [REST if label.endswith(" others") else AREAS[i % len(AREAS)] for i, label in enumerate(found)]


def _dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 299 * red + 587 * green + 114 * blue < 128_000


def _apart(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Rising places moved as little as it takes for them to be a gap apart, below the top."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap) if found else place)
    for i in range(len(found) - 1, -1, -1):
        found[i] = min(found[i], top if i == len(found) - 1 else found[i + 1] - gap)
    return found


# ------------------------------------------------------------ axes


def _scaled(axes: Axes, at: Sequence[Sequence[Rational]], values: Sequence[Sequence[Rational]], log: bool) -> None:
    xs = [x for row in at for x in row]
    if log:
        _logarithmic(axes, xs)
        axes.set_yscale("log")
    elif all(v >= 0 for row in values for v in row):
        axes.set_ylim(bottom=0)
    if min(xs) < max(xs):
        axes.set_xlim(float(min(xs)), float(max(xs)))


def _logarithmic(axes: Axes, values: Sequence[Rational]) -> None:
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


def _size_axis(axes: Axes, symbol: str) -> None:
    axes.set_xlabel(f"${latex_name(symbol)}$")


def _cost_axis(axis: Axis, costs: Sequence[Cost], values: Sequence[Rational], log: bool) -> None:
    """The unit with one prefix for all ticks, and the convention; on a logarithmic axis a prefix for each tick."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if log:
        positive = [v for v in values if v > 0] or [1]
        few = max(positive) < 50 * min(positive)
        axis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if few else (1,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: _prefixed(v)))
        axis.set_minor_formatter(NullFormatter())
        axis.set_label_text(_said(costs))
        return
    largest = max((abs(Fraction(v)) for v in values), default=Fraction(0))
    power, prefix = next(((p, sign) for p, sign in PREFIXES if largest >= 10**p), (0, ""))
    if largest >= 10**18:
        power = len(str(int(largest))) - 1
        prefix = f"$10^{{{power}}}$ "
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v / 10.0**power:g}"))
    axis.set_label_text(_said(costs, prefix))


def _said(costs: Sequence[Cost], prefix: str = "") -> str:
    """``GFLOPs (convention: flops)``."""
    units = list(dict.fromkeys(cost.unit for cost in costs))
    names = list(dict.fromkeys(cost.convention for cost in costs if cost.convention))
    glue = "" if not prefix or prefix.endswith(" ") or units[0][:1].isupper() else " "
    label = " or ".join(f"{prefix}{glue}{unit}".strip() for unit in units) or "cost"
    return _escaped(label, prefix.startswith("$")) + (f" (convention: {_escaped(names[0])})" if len(names) == 1 else "")


def _escaped(text: str, math: bool = False) -> str:
    return text if math else text.replace("$", r"\$")


def _number(cost: Cost) -> Rational:
    if cost.value is None:
        raise undecided(
            f"the cost depends on {', '.join(sorted(map(str, cost.free_symbols)))}", "give values with --set"
        )
    return cost.value


def _left(net: Architecture) -> dict[str, Size]:
    """The declared values of symbols that have no other."""
    return {n: v for n, v in net.defaults().items() if n in net.symbols}
