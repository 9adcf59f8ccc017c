"""Figures for papers: cost against size, the share of each part, one cost against another.

Every value is exact until it becomes ink. A figure is a matplotlib `Figure` that nobody else holds: pyplot is never touched.
Fonts and colours come with matplotlib, so that a figure is the same on every machine; lines differ in colour, dash and marker,
and survive a copier.
"""

from symcost.plot.breakdown import PARTS, parts
from symcost.plot.figures import curves, points, shares
from symcost.plot.files import FORMATS, picture, tex
from symcost.plot.style import WIDTH
from symcost.plot.values import Curve, crossovers, curve, spaced

__all__ = [
    "FORMATS",
    "PARTS",
    "WIDTH",
    "Curve",
    "crossovers",
    "curve",
    "curves",
    "parts",
    "picture",
    "points",
    "shares",
    "spaced",
    "tex",
]
