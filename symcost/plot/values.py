"""Exact values of costs for a figure: where the network exists, and where one cost overtakes another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.domain import by_name
from symcost.evaluate import evaluator, free
from symcost.invert import Unknown, existing, undecided
from symcost.signs import runs
from symcost.sizes.atoms import Rational, Size

if TYPE_CHECKING:
    pass

MOST = 1000  # points of a curve: more cannot be told apart in a column
SCANNED = 5000  # integers at which two costs are compared one by one


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
    others = sorted({s.name for s in free(formula)} - {symbol})
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
    left = free(difference)
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


def number_of(cost: Cost) -> Rational:
    if cost.value is None:
        raise undecided(
            f"the cost depends on {', '.join(sorted(map(str, cost.free_symbols)))}", "give values with --set"
        )
    return cost.value


def declared_values(net: Architecture) -> dict[str, Size]:
    """The declared values of symbols that have no other."""
    return {n: v for n, v in net.defaults().items() if n in net.symbols}
