"""All that is known of how a formula grows, in one symbol and in several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from symcost.display import Displayed
from symcost.evaluate import evaluator
from symcost.growth.dominance import Dominant
from symcost.growth.orders import Leading, Limit, Point, doubling, leading
from symcost.growth.ratios import Ratio, elasticity
from symcost.growth.smoothing import Smooth, smooth
from symcost.growth.stairs import Jump
from symcost.sizes.atoms import (
    Size,
    Symbol,
)
from symcost.sizes.notation import Role, by_letter


@dataclass(frozen=True)
class Scaling(Displayed):
    """How a formula grows in one symbol, the others held fixed. What is not decided is None."""

    formula: Size
    symbol: Symbol
    leading: Leading | None
    doubling: Limit | None
    elasticity: Ratio | None
    smooth: Smooth | None
    role: Callable[[Symbol], Role] = field(default=by_letter, repr=False, compare=False)  # for printing

    @property
    def exponent(self) -> Fraction | None:
        """The power of the symbol the formula grows with; None where it is no power."""
        found = self.leading
        return found.order.degree if found is not None and found.order.rate == 1 and not found.order.logs else None

    def doubled(self, point: Point) -> Fraction:
        """The exact ``f(2x)/f(x)`` at a point, roundings included."""
        value = evaluator(self.formula)
        return Fraction(value({**point, self.symbol: 2 * point[self.symbol]})) / Fraction(value(point))


def scaling(size: Size, symbol: Symbol, known: Sequence[Size] = ()) -> Scaling:
    """Order, limit of the doubling ratio, elasticity and smooth form of a formula in a symbol."""
    return Scaling(
        size,
        symbol,
        leading(size, symbol),
        doubling(size, symbol),
        elasticity(size, symbol, known),
        smooth(size, known),
    )


@dataclass(frozen=True)
class Study:
    """A formula in several symbols: how it grows in each and in all, what it is at a point, and its steps in some ranges."""

    formula: Size
    scalings: tuple[Scaling, ...]
    together: Dominant | None
    point: Point
    steps: tuple[tuple[Symbol, tuple[Jump, ...]], ...]

    @property
    def at_point(self) -> bool:
        """Whether the point gives a value to every symbol of the formula."""
        return bool(self.point) and self.formula.symbols() <= self.point.keys()
