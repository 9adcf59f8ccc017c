"""Sizes as text: the language reads back what it wrote, and LaTeX has the names of papers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import EVERY, B, P, S, X, Y, Z, at, examples, formulas, roundings

from symcost.graph.scope import Declared, Scope
from symcost.graph.values import Evaluator
from symcost.parser import parse_formula
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.atoms import Group
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.functions import divisible as made_divisible
from symcost.sizes.functions import gcd, log2, maximum, minimum, sqrt
from symcost.sizes.notation import (
    ASCII,
    LATEX,
    UNICODE,
    ascii_text,
    condition_text,
    latex_name,
    latex_text,
    unicode_text,
)
from symcost.source import Report

x, y, s, p, z, b = (Size.of(symbol) for symbol in (X, Y, S, P, Z, B))
n = Size.of(Symbol("n"))
two = Size.of(2)


def read(text: str, *symbols: Symbol) -> Size:
    """The formula that a text says, in these symbols."""
    scope = Scope(None, Report())
    scope.names.update({symbol.name: Declared(symbol) for symbol in (*EVERY, *symbols)})
    return Evaluator(scope).size(parse_formula(text))


# ------------------------------------------------------------ in the language


def sums_below(size: Size) -> int:
    """How many sums stand in one denominator at most."""
    inside = [part for monomial in size.terms for atom, _ in monomial for part in atom.inside()]
    here = [sum(-e for a, e in monomial if isinstance(a, Group)) for monomial in size.terms]
    return max([*here, *map(sums_below, inside)], default=0)


@given(formulas() | roundings())
@examples(150)
def test_the_language_reads_back_what_it_wrote(f: Any) -> None:
    again = read(ascii_text(f.size))
    if sums_below(f.size) < 2:  # 1/(X + 1)/(Y + 1) is read as 1/(X*Y + X + Y + 1)
        assert again == f.size
    for point in ({symbol: symbol.high or value for symbol in EVERY} for value in (1, 2, 5, 12)):
        assert at(again, point) == f.value(point)


@given(st.integers(1, 12), st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3))
@examples(60)
def test_powers_are_read_back(base: int, k: int, e: int, c: int) -> None:
    m = Symbol("n")
    for size in (
        Size.of(base) ** (k * n + c) * x**e,
        Size.of(-base) ** (k * n),
        (x + base) ** max(e, -1) * (x * y) ** (k * n),  # 1/(X + 1)^2 is read as 1/(X^2 + 2*X + 1)
        (x - base) ** n / 3,
        two ** (n * y) - y ** (n * k) * c,
        (two**n + 1) ** n,
        floor(x / 2) ** n * floor(x / (two**n + 1)),
    ):
        assert read(ascii_text(size), m) == size


def test_functions_are_read_back() -> None:
    for size in (
        minimum(x, y + 2, p) * 2,
        maximum(x * y, s) ** 2,
        gcd(x, y) + gcd(x + 1, Size.of(6)),
        sqrt(x + y) / 3,
        log2(x * 3) - 1,
        made_divisible(x * 3, Size.of(8)) * s,
        floor(minimum(x, y) / 2) / floor(sqrt(x)),
        1 / (x + y) - x / (y * (x + 1)),
    ):
        assert read(ascii_text(size)) == size


@pytest.mark.parametrize(
    "name", ["x", "S", "N", "E", "I", "O", "Q", "beta", "C_in", "α", "lambda", "é", "H1", "x2", "k_h"]
)
def test_names_are_read_back(name: str) -> None:
    symbol = Symbol(name)
    size = 2 * Size.of(symbol) ** 2 + y * Size.of(symbol) - floor(Size.of(symbol) / 3) + 1
    assert read(ascii_text(size), symbol) == size


WRITTEN = [
    # size, in the language, in signs, in LaTeX
    (Size.of(0), "0", "0", "0"),
    (-x, "-X", "-X", "-X"),
    (x / 2, "X/2", "X/2", r"\frac{X}{2}"),
    (3 * x * y**2 - x + 5, "3*X*Y^2 - X + 5", "3·X·Y² - X + 5", "3 X Y^{2} - X + 5"),
    (y - x**2, "Y - X^2", "Y - X²", "Y - X^{2}"),
    (x / (2 * s), "X/(2*s)", "X/(2·s)", r"\frac{X}{2 s}"),
    (ceil(x / 2), "ceil(X/2)", "⌈X/2⌉", r"\left\lceil \frac{X}{2} \right\rceil"),
    (floor((x - 3) / s), "floor((X - 3)/s)", "⌊(X - 3)/s⌋", r"\left\lfloor \frac{X - 3}{s} \right\rfloor"),
    (ceil(x / s), "ceil(X/s)", "⌈X/s⌉", r"\left\lceil \frac{X}{s} \right\rceil"),
    (ceil(x / s) + y, "Y + ceil(X/s)", "Y + ⌈X/s⌉", r"Y + \left\lceil \frac{X}{s} \right\rceil"),
    (
        floor(ceil(y / x) / 2),
        "ceil((Y - X)/(2*X))",
        "⌈(Y - X)/(2·X)⌉",
        r"\left\lceil \frac{Y - X}{2 X} \right\rceil",
    ),
    (floor(x / s**2) ** 2, "floor(X/(s^2))^2", "⌊X/s²⌋²", r"\left\lfloor \frac{X}{s^{2}} \right\rfloor^{2}"),
    (two**n, "2^n", "2^n", "2^{n}"),
    (3 * two**n, "3*2^n", "3·2^n", r"3 \cdot 2^{n}"),
    (two**n * Size.of(3) ** n, "2^n*3^n", "2^n·3^n", r"2^{n} \cdot 3^{n}"),
    (two ** (n * y), "2^(n*Y)", "2^(n·Y)", "2^{n Y}"),
    (Size.of(-1) ** n, "(-1)^n", "(-1)^n", r"\left(-1\right)^{n}"),
    (sqrt(x), "sqrt(X)", "sqrt(X)", r"\sqrt{X}"),
    (minimum(x, y), "min(X, Y)", "min(X, Y)", r"\min\left(X, Y\right)"),
    (138357544 * x, "138357544*X", "138\u00a0357\u00a0544·X", r"138\,357\,544 X"),
    (Size.of(4096), "4096", "4096", "4096"),
]


@pytest.mark.parametrize(("size", "plain", "signs", "latex"), WRITTEN, ids=[w[1] for w in WRITTEN])
def test_three_spellings(size: Size, plain: str, signs: str, latex: str) -> None:
    assert (ascii_text(size), unicode_text(size), latex_text(size)) == (plain, signs, latex)


@given(formulas() | roundings())
@examples(80)
def test_latex_balances(f: Any) -> None:
    written = latex_text(f.size)
    assert written.count("{") == written.count("}")
    assert written.count(r"\left") == written.count(r"\right")
    assert not re.search(r"\d \d", written)  # two numbers side by side would be one


@given(formulas(), formulas())
@examples(60)
def test_what_is_written_depends_on_the_size_only(f: Any, g: Any) -> None:
    assert ascii_text(f.size + g.size) == ascii_text(g.size + f.size)
    assert unicode_text(f.size * g.size) == unicode_text(g.size * f.size)
    assert ascii_text(ceil(x / s) * ceil(x / y)) == ascii_text(ceil(x / y) * ceil(x / s))  # each could take the 1


# ------------------------------------------------------------ conditions


@pytest.mark.parametrize(
    ("condition", "plain", "signs", "latex"),
    [
        (at_least(x, 32), "X >= 32", "X ≥ 32", r"X \ge 32"),
        (at_least(Size.of(32), x), "X <= 32", "X ≤ 32", r"X \le 32"),
        (at_least(x + 2 * p, y), "X + 2*P >= Y", "X + 2·P ≥ Y", r"X + 2 P \ge Y"),
        (divisible(x, Size.of(32)), "32 | X", "32 | X", r"32 \mid X"),
        (equal(x, 2 * y), "X == 2*Y", "X = 2·Y", "X = 2 Y"),
        (Condition("!=", x - 3), "X != 3", "X ≠ 3", r"X \ne 3"),
    ],
)
def test_conditions(condition: Condition, plain: str, signs: str, latex: str) -> None:
    spelled = tuple(condition_text(condition, spelling) for spelling in (ASCII, UNICODE, LATEX))
    assert spelled == (plain, signs, latex)


# ------------------------------------------------------------ names in LaTeX


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("X", "X"),
        ("n", "n"),
        ("Cin", r"C_{\mathrm{in}}"),
        ("C_in", r"C_{\mathrm{in}}"),
        ("Kh", "K_{h}"),
        ("k_h", "k_{h}"),
        ("H1", "H_{1}"),
        ("x12", "x_{12}"),
        ("d_model", r"d_{\mathrm{model}}"),
        ("n_kv_heads", r"n_{\mathrm{kv\_heads}}"),
        ("kh", r"\mathrm{kh}"),
        ("width", r"\mathrm{width}"),
        ("alpha", r"\alpha"),
        ("alpha1", r"\alpha_{1}"),
        ("alpha_k", r"\alpha_{k}"),
        ("lambda", r"\lambda"),
        ("α", r"\alpha"),
        ("ψ_2", r"\psi_{2}"),
        # capital letters that look like a letter and an index
        ("Gamma", r"\Gamma"),
        ("Delta", r"\Delta"),
        ("Pi", r"\Pi"),
        ("Xi", r"\Xi"),
        ("Sigma_k", r"\Sigma_{k}"),
        ("Phi2", r"\Phi_{2}"),
        ("Alpha", r"A_{\mathrm{lpha}}"),  # LaTeX has no such letter
    ],
)
def test_names_of_papers(name: str, latex: str) -> None:
    assert latex_name(name) == latex
