"""How a formula grows: orders and limits in one symbol, the terms that can dominate in several, and its form without roundings.

In one symbol every part of a cost is asymptotically ``c * r^x * x^p * log2(x)^k`` with exact c, r, p and k; a rounding grows as
what is rounded, from which it differs by less than 1. In several symbols a term matters where no other is always larger in the
end: that is decided on the exponents by linear inequalities, exactly. What is not decided is None.
"""

from symcost.growth.dominance import Dominant, Term, asymptote, dominant, feasible, unbounded
from symcost.growth.orders import (
    CONSTANT,
    Leading,
    Limit,
    Order,
    Point,
    doubling,
    larger,
    leading,
    limit,
    primitive,
    sign_of,
)
from symcost.growth.ratios import Ratio, elasticity, ratio
from symcost.growth.smoothing import Smooth, smooth
from symcost.growth.stairs import Jump, staircase
from symcost.growth.studies import Scaling, Study, scaling

__all__ = [
    "CONSTANT",
    "Dominant",
    "Jump",
    "Leading",
    "Limit",
    "Order",
    "Point",
    "Ratio",
    "Scaling",
    "Smooth",
    "Study",
    "Term",
    "asymptote",
    "dominant",
    "doubling",
    "elasticity",
    "feasible",
    "larger",
    "leading",
    "limit",
    "primitive",
    "ratio",
    "scaling",
    "sign_of",
    "smooth",
    "staircase",
    "unbounded",
]
