"""What all figures have in common: letters, lines, colours, width."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 3.5  # inches: one column of a two-column paper
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


@contextmanager
def styled() -> Iterator[None]:
    """In our style, and afterwards in that of whoever asked."""
    try:
        import matplotlib
    except ImportError:
        message = "plots are drawn by matplotlib, which is not installed"
        raise SymcostError(Diagnostic("missing-extra", message, help="pip install 'symcost[plot]'")) from None
    with matplotlib.rc_context(STYLE):
        yield


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure, in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    # ticks are made late, in whatever style is in force then
    axes.tick_params(labelsize=8, labelfontfamily=FONTS, width=0.6)
    axes.tick_params(which="minor", width=0.4, length=1.8)
    return figure, axes


def area_colours(found: Mapping[str, object]) -> list[str]:
    """A colour for each part by its label, grey for what is taken together."""
    return [REST if label.endswith(" others") else AREAS[i % len(AREAS)] for i, label in enumerate(found)]


def is_dark(colour: str) -> bool:
    """Whether white letters are read on it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 299 * red + 587 * green + 114 * blue < 128_000
