"""What is kept from one question to the next, thrown away."""

from __future__ import annotations

import sys

import sympy

from symcost.graph import patterns, plain


def forget() -> None:
    """Empty the caches of SymPy and of symcost, the grammar's tables aside."""
    sympy.core.cache.clear_cache()
    for name in [name for name in sys.modules if name.startswith("symcost.") and name != "symcost.parser"]:
        for value in vars(sys.modules[name]).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    patterns.forget()
    plain.LIBRARY.forget()
