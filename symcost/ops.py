"""The closed vocabulary of primitive operations. It prices nothing: that is what conventions do."""

from __future__ import annotations

from enum import StrEnum


class Op(StrEnum):
    """What a layer does, counted once for each time it is done."""

    MAC = "mac"  # a product inside a dot product, with the addition that takes it into the sum
    DOT = "dot"  # a dot product: n products need n - 1 additions, so 2*mac - dot counts both
    ADD = "add"  # additions and subtractions outside dot products
    MUL = "mul"
    DIV = "div"
    CMP = "cmp"  # comparisons: max, min, clamping, the sign test of ReLU
    EXP = "exp"
    LOG = "log"
    SQRT = "sqrt"
    TANH = "tanh"
    ERF = "erf"


MEANING = {
    Op.MAC: "multiply-accumulates inside dot products",
    Op.DOT: "dot products",
    Op.ADD: "additions and subtractions outside dot products",
    Op.MUL: "multiplications outside dot products",
    Op.DIV: "divisions",
    Op.CMP: "comparisons",
    Op.EXP: "exponentials",
    Op.LOG: "logarithms",
    Op.SQRT: "square roots",
    Op.TANH: "hyperbolic tangents",
    Op.ERF: "error functions",
}
