"""Formulas as Python: a function on integers, or on fractions, that returns the exact value.

>>> from symcost.sizes.atoms import Size, Symbol
>>> print(function("pooled", Size.of(Symbol("X")) // 2 * 3))
def pooled(X):
    return 3*(X//2)
<BLANKLINE>
"""

from __future__ import annotations

import keyword
import re
from dataclasses import replace

from symcost.sizes.atoms import Size
from symcost.sizes.notation import ASCII, text

_DIVISIBLE = '''
def divisible(value, divisor):
    """The multiple of a divisor nearest to a value, at least one of it and not below nine tenths of the value."""
    nearest = max(divisor, (2*value + divisor)//(2*divisor)*divisor)
    return nearest + divisor if 10*nearest < 9*value else nearest
'''


def function(name: str, size: Size) -> str:
    """A definition with the imports it needs. Square roots and logarithms that are no fractions it leaves to floats."""
    written = text(size, PYTHON)
    parameters = ", ".join(sorted({_name(s.name) for s in size.symbols() if _free(s.name, size)}))
    needs = {
        "from fractions import Fraction\n": r"\bFraction\(",
        "from math import gcd\n": r"\bgcd\(",
        "from math import log2\n": r"\blog2\(",
        "from math import sqrt\n": r"\bsqrt\(",
    }
    head = "".join(line for line, used in needs.items() if re.search(used, written))
    head += f"{_DIVISIBLE}" if re.search(r"\bdivisible\(", written) else ""
    space = "\n\n" if head else ""
    return f"{head}{space}def {_name(name)}({parameters}):\n    return {written}\n"


def _free(name: str, size: Size) -> bool:
    """Whether a symbol is a parameter rather than the turn of a sum."""
    from symcost.sizes.atoms import Sum

    return name not in {a.index.name for a in size.atoms() if isinstance(a, Sum)}


def _name(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return f"{word}_" if keyword.iskeyword(word) or word in ("min", "max", "range", "sum", "int") else word


def _floor(top: str, bottom: str) -> str:
    return f"({top}//{bottom})"


def _ceil(top: str, bottom: str) -> str:
    return f"(-(-{top}//{bottom}))" if re.fullmatch(r"\w+", top) else f"(-(-({top})//{bottom}))"


def _function(name: str, args: str) -> str:
    return f"{name}({args})"


def _bracket(condition: str) -> str:
    divisor, bar, size = condition.partition(" | ")
    return f"int(({size}) % ({divisor}) == 0)" if bar else f"int({condition})"


PYTHON = replace(
    ASCII,
    name=_name,
    power=lambda base, exponent: f"{base}**{exponent}",
    fraction=lambda top, bottom: f"Fraction({top}, {bottom})",
    floor=_floor,
    ceil=_ceil,
    function=_function,
    sum=lambda term, index, last: f"sum({term} for {index} in range({last} + 1))",
    bracket=_bracket,
    whole=lambda size: f"({size}) % 1 == 0",
)
