"""Between sizes and SymPy: every public result is a SymPy expression, and users may hand one in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import sympy

from symcost.sizes.atoms import (
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Power,
    Size,
    SizeLike,
    Sum,
    Symbol,
    product,
    total,
)
from symcost.sizes.functions import FUNCTIONS, maximum, minimum
from symcost.sizes.rounding import ceil, floor


def to_sympy(size: Size) -> sympy.Expr:
    """The same formula as a SymPy expression; symbols are matched by name and carry their domain."""
    terms = []
    for monomial, coefficient in size.terms.items():
        factors = [_atom(a) ** e for a, e in monomial]
        terms.append(sympy.Mul(sympy.Rational(coefficient.numerator, coefficient.denominator), *factors))
    return sympy.Add(*terms)


@lru_cache(4096)
def _atom(atom: Atom) -> sympy.Expr:
    match atom:
        case Symbol():
            return sympy_symbol(atom)
        case Power():
            return sympy.Pow(to_sympy(atom.base), to_sympy(atom.exponent))
        case Floor():
            raised = atom.numerator - atom.denominator + 1
            if len(raised.terms) < len(atom.numerator.terms):
                return sympy.ceiling(to_sympy(raised / atom.denominator))
            return sympy.floor(to_sympy(atom.numerator / atom.denominator))
        case Function():
            return _FUNCTIONS[atom.name](*(to_sympy(a) for a in atom.args))
        case Group():
            return to_sympy(atom.size)
        case Sum():
            index = sympy_symbol(atom.index)
            return sympy.Sum(to_sympy(atom.term), (index, 0, to_sympy(atom.count - 1)))
        case Holds():
            return sympy.Piecewise((1, _relation(atom)), (0, True))
    raise TypeError(atom)


def _relation(atom: Holds) -> Any:
    size = to_sympy(atom.size)
    if atom.kind == "|":
        return sympy.Eq(sympy.Mod(size, to_sympy(atom.divisor)), 0)
    relations: dict[str, Any] = {">=": sympy.Ge, ">": sympy.Gt, "==": sympy.Eq, "!=": sympy.Ne}
    return relations[atom.kind](size, 0)


def _log2(x: sympy.Expr) -> sympy.Expr:
    return sympy.log(x) / sympy.log(2)


_FUNCTIONS: dict[str, Callable[..., sympy.Expr]] = {
    "ceil": sympy.ceiling,
    "min": partial(sympy.Min, evaluate=False),  # SymPy 1.14 makes Min(-3, -3/(X*Y)) of positive X, Y -3/(X*Y)
    "max": partial(sympy.Max, evaluate=False),
    "gcd": sympy.Function("gcd", integer=True, positive=True),
    "sqrt": sympy.sqrt,
    "log2": _log2,
    "divisible": sympy.Function("divisible", integer=True, positive=True),
}


def sympy_symbol(symbol: Symbol) -> sympy.Symbol:
    """A SymPy symbol of this name: a positive integer unless the declaration says otherwise."""
    assumptions: dict[str, bool] = {"integer": True} if symbol.integer else {"real": True}
    if symbol.low is not None and symbol.low >= 0:
        assumptions["positive" if symbol.low > 0 else "nonnegative"] = True
    return sympy.Symbol(symbol.name, **assumptions)


def from_sympy(expr: Any, symbol: Callable[[str], SizeLike]) -> Size:
    """A SymPy expression as a size; ``symbol`` says what each name stands for.

    Raises `TypeError` for what has no exact meaning here, such as a floating-point number.
    """
    if hasattr(expr, "__iter__"):  # SymPy would evaluate text, also the text in a list
        raise TypeError(f"{expr!r} is no formula")
    expr = sympy.sympify(expr, strict=True)
    ln2 = sympy.Dummy("ln2", positive=True)
    expr = expr.replace(sympy.log, lambda a: ln2 if a == 2 else ln2 * sympy.Function("log2")(a))

    def convert(e: Any) -> Size:
        match e:
            case sympy.Integer() | sympy.Rational():
                return Size.of(Fraction(int(e.p), int(e.q)))
            case sympy.Symbol() if e != ln2:  # what is left of log(X) alone
                return Size.of(symbol(e.name))
            case sympy.Add():
                return total(convert(a) for a in e.args)
            case sympy.Mul():
                return product(convert(a) for a in e.args)
            case sympy.Pow():
                if isinstance(e.exp, sympy.Rational) and e.exp.q == 2:
                    return FUNCTIONS["sqrt"](convert(e.base)) ** int(e.exp.p)
                power = convert(e.exp)
                return convert(e.base) ** (power.number if isinstance(power.number, int) else power)
            case sympy.floor():
                return floor(convert(e.args[0]))
            case sympy.ceiling():
                return ceil(convert(e.args[0]))
            case sympy.Mod():
                return convert(e.args[0]) % convert(e.args[1])
            case sympy.Min():
                return minimum(*(convert(a) for a in e.args))
            case sympy.Max():
                return maximum(*(convert(a) for a in e.args))
        if isinstance(e, sympy.core.function.AppliedUndef) and e.func.__name__ in ("gcd", "log2", "divisible"):
            return FUNCTIONS[e.func.__name__](*(convert(a) for a in e.args))
        raise TypeError(f"{e} has no exact meaning as a size")

    return convert(expr)
