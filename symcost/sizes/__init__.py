"""Exact sizes: symbols with their domain, shape arithmetic, the canonical rounding operator, three-valued facts."""

from symcost.sizes.atoms import Rational, Size, SizeLike, Symbol, TooLarge, product, total
from symcost.sizes.rounding import ceil, floor

__all__ = ["Rational", "Size", "SizeLike", "Symbol", "TooLarge", "ceil", "floor", "product", "total"]
