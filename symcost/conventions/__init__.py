"""Counting conventions: prices of primitive operations, as data files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from symcost.ops import Op
from symcost.sizes.atoms import Size, total
from symcost.source import Diagnostic, SymcostError, nearest


@dataclass(frozen=True)
class Convention:
    """What one unit counts. An operation without a price is not counted, which every result says."""

    name: str
    unit: str
    title: str
    source: str
    prices: Mapping[Op, Fraction]

    def price(self, counts: Mapping[str, Size]) -> Size:
        """The cost of these primitive operations."""
        return total(counts[op.value] * price for op, price in self.prices.items() if op.value in counts)

    def uncounted(self, counts: Mapping[str, Size]) -> tuple[str, ...]:
        """Operations that happen and have no price here. Dot products are not work of their own: their products are."""
        priced = {op.value for op in self.prices} | {Op.DOT.value}
        return tuple(op.value for op in Op if op.value in counts and op.value not in priced)


def names() -> tuple[str, ...]:
    """The conventions that exist."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def convention(name: str) -> Convention:
    """Read a convention. Raises `SymcostError` when there is none of that name."""
    if name not in names():
        help_ = nearest(name, names()) or f"conventions: {', '.join(names())}"
        raise SymcostError(Diagnostic("unknown-convention", f"unknown convention '{name}'", help=help_))
    data = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))
    prices = {Op(op): Fraction(str(price)) for op, price in data["prices"].items()}
    return Convention(name, data["unit"], data["title"], data["source"], prices)
