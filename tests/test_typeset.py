"""Formulas in LaTeX as they were written: they look as papers write them, and read back to the same formula."""

from __future__ import annotations

import pytest

from symcost import syntax as s
from symcost.catalogue import entries
from symcost.domain import Domain
from symcost.graph.values import Evaluator
from symcost.latex_formula import Names, is_latex, read_formula
from symcost.parser import parse_formula
from symcost.render.typeset import latex

FREE = Domain({}, (), (), ())

WRITTEN = [
    ("2*(N - 1)*K/N", r"\frac{2 (N - 1) K}{N}"),
    ("L/K*N/M", r"\frac{L}{K} \frac{N}{M}"),
    ("s*b/t*(34 + 5*a/h)", r"\frac{s b}{t} \left(34 + \frac{5 a}{h}\right)"),
    ("floor((X - K + 2*P)/S) + 1", r"\left\lfloor \frac{X - K + 2 P}{S} \right\rfloor + 1"),
    ("3*3*C^2", r"3 \cdot 3 C^{2}"),
    ("K*K*C", r"K \cdot K C"),
    ("-C_out*h", r"-C_{\mathrm{out}} h"),
    ("a*(-b*c)", r"a (-b c)"),
    ("a - (b - c)", "a - (b - c)"),
    ("a/b/c", r"\frac{a}{b c}"),
    ("(a + b)^2*3", r"(a + b)^{2} \cdot 3"),
    ("2^(i + 2)", "2^{i + 2}"),
    ("X // 2", r"\left\lfloor \frac{X}{2} \right\rfloor"),
    ("max(a, b)*sqrt(n)", r"\max(a, b) \sqrt{n}"),
    ("138357544", r"138\,357\,544"),
    ("0.5*x", "0.5 x"),
]


@pytest.mark.parametrize(("formula", "expected"), WRITTEN)
def test_written(formula: str, expected: str) -> None:
    assert latex(parse_formula(formula)) == expected


PRINTED = {
    formula
    for entry in entries()
    for check in entry.checks
    for formula in (*check.equal, *check.differs, check.leading, check.order, check.gap)
    if formula and not is_latex(formula)
}


@pytest.mark.parametrize("formula", sorted(PRINTED))
def test_reads_back(formula: str) -> None:
    tree = parse_formula(formula)
    known = Names({name for node in s.walk([tree]) if isinstance(node, s.Ref) for name in node.names})
    value = Evaluator(FREE.scope()).size
    assert value(read_formula(f"${latex(tree)}$", known)) == value(tree)


def test_what_is_no_formula() -> None:
    with pytest.raises(NotImplementedError):
        latex(parse_formula("if a > b then a else b"))
