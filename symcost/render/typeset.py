"""A formula in LaTeX as it was written: nothing is multiplied out or put in order, as it would be in a `Size`."""

from __future__ import annotations

from itertools import pairwise

from symcost import syntax as s
from symcost.sizes.notation import LATEX, latex_name

SIGNS = {"==": "=", "!=": r"\ne", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">"}
FUNCTIONS = {"min": r"\min", "max": r"\max", "gcd": r"\gcd", "log2": r"\log_2"}
ROUNDED = {"floor": (r"\left\lfloor ", r" \right\rfloor"), "ceil": (r"\left\lceil ", r" \right\rceil")}


def latex(tree: s.Node) -> str:
    """The formula, quotients as fractions. Raises `NotImplementedError` for what is no formula."""
    match tree:
        case s.Number():
            return _number(tree)
        case s.Ref():
            return r".".join(map(latex_name, tree.names))
        case s.Unary(op="-"):
            return f"-{_factor(tree.operand)}"
        case s.Binary(op="+" | "-" as op):
            right = latex(tree.right)
            return f"{latex(tree.left)} {op} {_parens(right) if _is(tree.right, '+-') else right}"
        case s.Binary(op="*" | "/"):
            return _chain(tree)
        case s.Binary(op="^" | "**"):
            base = latex(tree.left)
            simple = isinstance(tree.left, s.Ref | s.Number)
            return f"{base if simple else _parens(base)}^{{{latex(tree.right)}}}"
        case s.Binary(op="//"):
            return rf"\left\lfloor \frac{{{latex(tree.left)}}}{{{latex(tree.right)}}} \right\rfloor"
        case s.Binary(op="%"):
            return rf"{_factor(tree.left)} \bmod {_factor(tree.right)}"
        case s.Apply(function=s.Ref(names=(name,)), args=tuple(args), attribute=None):
            return _function(name, [latex(arg.value) for arg in args])
        case s.Compare():
            signs = (*(f" {SIGNS[op]} " for op in tree.ops), "")
            return "".join(latex(side) + sign for side, sign in zip(tree.operands, signs, strict=True))
        case s.Divides():
            return rf"{latex(tree.divisor)} \mid {latex(tree.operand)}"
        case s.Sum():
            below, above = f"{latex_name(tree.index)}={latex(tree.first)}", latex(tree.last)
            return rf"\sum_{{{below}}}^{{{above}}} {_factor(tree.term)}"
    raise NotImplementedError(type(tree).__name__)


def _number(tree: s.Number) -> str:
    if tree.value.denominator == 1:
        return LATEX.number(int(tree.value))
    return tree.span.text


def _function(name: str, args: list[str]) -> str:
    if name in ROUNDED:
        return args[0].join(ROUNDED[name])
    if name == "sqrt":
        return rf"\sqrt{{{args[0]}}}"
    return FUNCTIONS.get(name, rf"\mathrm{{{name}}}") + _parens(", ".join(args))


def _chain(tree: s.Node) -> str:
    """Factors from left to right; what stands before a division sign, back to the last one, is the top of its fraction."""
    links: list[tuple[str, s.Node]] = []
    while isinstance(tree, s.Binary) and tree.op in ("*", "/"):
        links.insert(0, (tree.op, tree.right))
        tree = tree.left
    done: list[str] = []
    top, bottom = [tree], list[s.Node]()
    for op, factor in links:
        if op == "/":
            bottom.append(factor)
        elif bottom:
            done.append(_fraction(top, bottom))
            top, bottom = [factor], []
        else:
            top.append(factor)
    done += [_fraction(top, bottom)] if bottom else _factors(top)
    return _joined(done)


def _fraction(top: list[s.Node], bottom: list[s.Node]) -> str:
    return rf"\frac{{{_product(top)}}}{{{_product(bottom)}}}"


def _product(factors: list[s.Node]) -> str:
    return latex(factors[0]) if len(factors) == 1 else _joined(_factors(factors))


def _factors(factors: list[s.Node]) -> list[str]:
    first, *others = factors
    return [latex(first) if isinstance(first, s.Unary) else _factor(first), *map(_factor, others)]


def _joined(parts: list[str]) -> str:
    """A dot stands before a number and between a factor and its like, else nothing."""
    dots = (r" \cdot " if b[:1].isdigit() or a == b else " " for a, b in pairwise(parts))
    return parts[0] + "".join(dot + part for dot, part in zip(dots, parts[1:], strict=True))


def _factor(tree: s.Node) -> str:
    written = latex(tree)
    loose = _is(tree, "+-") or written.startswith("-") or isinstance(tree, s.Sum | s.Compare)
    return _parens(written) if loose else written


def _is(tree: s.Node, ops: str) -> bool:
    return isinstance(tree, s.Binary) and tree.op in ops


def _parens(inner: str) -> str:
    """Parentheses as tall as what is in them."""
    return rf"\left({inner}\right)" if "\\frac" in inner or "\\sum" in inner else f"({inner})"
