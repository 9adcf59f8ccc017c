"""Bytes of an element."""

from __future__ import annotations

from fractions import Fraction

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.sizes.atoms import Size
from symcost.source import Diagnostic, SymcostError, nearest

BYTES: dict[str, Fraction] = {
    "fp64": Fraction(8),
    "fp32": Fraction(4),
    "tf32": Fraction(4),
    "bf16": Fraction(2),
    "fp16": Fraction(2),
    "fp8": Fraction(1),
    "int8": Fraction(1),
    "int4": Fraction(1, 2),
}
IDS = 8  # bytes of a token number: PyTorch's int64


def bytes_of(dtype: str) -> Fraction:
    """Bytes of an element. Raises `SymcostError` for a type that nobody knows."""
    if dtype not in BYTES:
        help_ = nearest(dtype, BYTES) or f"types: {', '.join(BYTES)}"
        raise SymcostError(Diagnostic("bad-value", f"unknown type '{dtype}'", help=help_))
    return BYTES[dtype]


def in_bytes(net: Architecture, size: Size, unit: str = "bytes") -> Cost:
    return net._cost(net._apply(size), unit)
