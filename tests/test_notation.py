"""Sizes as text: the language reads back what it wrote, and LaTeX has the names of papers."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import EVERY, B, P, S, X, Y, Z, at, formulas, roundings
from strategies import examples

from symcost.graph.scope import Declared, Scope
from symcost.graph.values import Evaluator
from symcost.parser import parse_formula
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.atoms import Group
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.functions import divisible as made_divisible
from symcost.sizes.functions import gcd, holds, log2, maximum, minimum, sqrt
from symcost.sizes.notation import (
    ASCII,
    LATEX,
    TYPST,
    UNICODE,
    ascii_text,
    condition_text,
    latex_name,
    latex_text,
    parts,
    text,
    typst_name,
    unicode_text,
)
from symcost.sizes.sums import summed
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


real = Size.of(Symbol("alpha", integer=False))
turn = Symbol("t", low=0)
turns = summed(floor((Size.of(turn) + x) / 3), turn, n)


def group(size: Size) -> Size:
    """A sum kept as a factor, as costs are printed."""
    return Size.of(Group(size))


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
    (Size.of(9999), "9999", "9999", "9999"),
    (Size.of(10_000), "10000", "10\u00a0000", r"10\,000"),
    (Size.of(-10_000), "-10000", "-10\u00a0000", r"-10\,000"),
    # quotients
    (-x / 2, "-X/2", "-X/2", r"-\frac{X}{2}"),
    (Fraction(3, 2) * x, "3*X/2", "3·X/2", r"\frac{3 X}{2}"),
    (1 / x, "1/X", "1/X", r"\frac{1}{X}"),
    (5 / (2 * x), "5/(2*X)", "5/(2·X)", r"\frac{5}{2 X}"),
    (x / (3 * s * y), "X/(3*Y*s)", "X/(3·Y·s)", r"\frac{X}{3 Y s}"),
    (x / (y + 1), "X/(Y + 1)", "X/(Y + 1)", r"\frac{X}{\left(Y + 1\right)}"),
    (1 / (y + 1) ** 2, "1/(Y^2 + 2*Y + 1)", "1/(Y² + 2·Y + 1)", r"\frac{1}{\left(Y^{2} + 2 Y + 1\right)}"),
    # powers
    (two ** (2 * n), "4^n", "4^n", "4^{n}"),
    (two ** (10 * n), "1024^n", "1024^n", "1024^{n}"),
    (two ** (11 * n), "2^(11*n)", "2^(11·n)", "2^{11 n}"),
    (1 / two**n, "1/2^n", "1/2^n", r"\frac{1}{2^{n}}"),
    (two ** (n / 2), "2^(n/2)", "2^(n/2)", r"2^{\frac{n}{2}}"),
    (Size.of(-1) ** (2 * n), "(-1)^(2*n)", "(-1)^(2·n)", r"\left(-1\right)^{2 n}"),
    (x**n, "X^n", "X^n", "X^{n}"),
    (x ** (2 * n), "X^(2*n)", "X^(2·n)", "X^{2 n}"),
    (x ** (n + 1), "X*X^n", "X·X^n", "X X^{n}"),
    ((x + 1) ** n, "(X + 1)^n", "(X + 1)^n", r"\left(X + 1\right)^{n}"),
    ((x + 1) ** (2 * n), "(X + 1)^(2*n)", "(X + 1)^(2·n)", r"\left(X + 1\right)^{2 n}"),
    (123_456 * two**n, "123456*2^n", "123\u00a0456·2^n", r"123\,456 \cdot 2^{n}"),
    # which of ⌊⌋ and ⌈⌉, and the 1 beside it
    (floor((x - 1) / s) + 1, "ceil(X/s)", "⌈X/s⌉", r"\left\lceil \frac{X}{s} \right\rceil"),
    (
        floor((x - 1) / s) + 2,
        "floor((X - 1)/s) + 2",
        "⌊(X - 1)/s⌋ + 2",
        r"\left\lfloor \frac{X - 1}{s} \right\rfloor + 2",
    ),
    (
        2 * floor((x - 1) / s) + 1,
        "2*floor((X - 1)/s) + 1",
        "2·⌊(X - 1)/s⌋ + 1",
        r"2 \left\lfloor \frac{X - 1}{s} \right\rfloor + 1",
    ),
    (
        floor((x - 1) / s) * y + 1,
        "Y*floor((X - 1)/s) + 1",
        "Y·⌊(X - 1)/s⌋ + 1",
        r"Y \left\lfloor \frac{X - 1}{s} \right\rfloor + 1",
    ),
    (
        floor((x - 1) / s) ** 2 + 1,
        "floor((X - 1)/s)^2 + 1",
        "⌊(X - 1)/s⌋² + 1",
        r"\left\lfloor \frac{X - 1}{s} \right\rfloor^{2} + 1",
    ),
    (
        floor((x - 1) / s) + floor((y - 1) / s) + 1,
        "ceil(X/s) + floor((Y - 1)/s)",
        "⌈X/s⌉ + ⌊(Y - 1)/s⌋",
        r"\left\lceil \frac{X}{s} \right\rceil + \left\lfloor \frac{Y - 1}{s} \right\rfloor",
    ),
    (
        1 - floor((x - 1) / s),
        "1 - floor((X - 1)/s)",
        "1 - ⌊(X - 1)/s⌋",
        r"1 - \left\lfloor \frac{X - 1}{s} \right\rfloor",
    ),
    (
        floor((x + y) / s) + 1,
        "floor((X + Y)/s) + 1",
        "⌊(X + Y)/s⌋ + 1",
        r"\left\lfloor \frac{X + Y}{s} \right\rfloor + 1",
    ),
    (floor(x / (s + 1)), "floor(X/(s + 1))", "⌊X/(s + 1)⌋", r"\left\lfloor \frac{X}{s + 1} \right\rfloor"),
    (ceil(x / (2 * s)), "ceil(X/(2*s))", "⌈X/(2·s)⌉", r"\left\lceil \frac{X}{2 s} \right\rceil"),
    (floor(32 * real), "floor(32*alpha)", "⌊32·alpha⌋", r"\left\lfloor 32 \alpha \right\rfloor"),
    (
        floor(32 * real + y / 3),
        "floor(Y/3 + 32*alpha)",
        "⌊Y/3 + 32·alpha⌋",
        r"\left\lfloor \frac{Y}{3} + 32 \alpha \right\rfloor",
    ),
    (ceil(32 * real), "ceil(32*alpha)", "⌈32·alpha⌉", r"\left\lceil 32 \alpha \right\rceil"),
]
WRITTEN_TOO = [
    # functions, sums and brackets
    (2 * maximum(x, y), "2*max(X, Y)", "2·max(X, Y)", r"2 \max\left(X, Y\right)"),
    (gcd(x, y), "gcd(X, Y)", "gcd(X, Y)", r"\gcd\left(X, Y\right)"),
    (log2(x), "log2(X)", "log2(X)", r"\log_2\left(X\right)"),
    (
        made_divisible(3 * real, Size.of(8)),
        "divisible(3*alpha, 8)",
        "divisible(3·alpha, 8)",
        r"\operatorname{divisible}\left(3 \alpha, 8\right)",
    ),
    (holds("|", x, two), "[2 | X]", "[2 | X]", r"\left[2 \mid X\right]"),
    (y * holds("==", x - 3, Size.of(1)), "Y*[X == 3]", "Y·[X = 3]", r"Y \left[X = 3\right]"),
    (
        turns * x,
        "X*sum(floor((X + t)/3), t = 0..n - 1)",
        "X·sum(⌊(X + t)/3⌋, t = 0..n - 1)",
        r"X \sum_{t=0}^{n - 1} \left(\left\lfloor \frac{X + t}{3} \right\rfloor\right)",
    ),
    (
        turns**2 * x,  # a sum that is not the last factor, or is raised to a power, is in parentheses
        "X*sum(floor((X + t)/3), t = 0..n - 1)^2",
        "X·sum(⌊(X + t)/3⌋, t = 0..n - 1)²",
        r"X \left(\sum_{t=0}^{n - 1} \left(\left\lfloor \frac{X + t}{3} \right\rfloor\right)\right)^{2}",
    ),
    # products of sums, as costs are printed
    (group(x + y) * x, "X*(X + Y)", "X·(X + Y)", r"X \left(X + Y\right)"),
    (-(group(x + y) ** 2), "-(X + Y)^2", "-(X + Y)²", r"-\left(X + Y\right)^{2}"),
    (
        group(floor((x - 1) / s) + 1) ** 2 * y,
        "Y*ceil(X/s)^2",
        "Y·⌈X/s⌉²",
        r"Y \left\lceil \frac{X}{s} \right\rceil^{2}",
    ),
    (
        group(floor((x - 1) / s) + 1 + y) * y,
        "Y*(Y + ceil(X/s))",
        "Y·(Y + ⌈X/s⌉)",
        r"Y \left(Y + \left\lceil \frac{X}{s} \right\rceil\right)",
    ),
    # the order: falling degree, numbers last, first what is added, parameters of layers after sizes
    (-x - y - 1, "-X - Y - 1", "-X - Y - 1", "-X - Y - 1"),
    (1 - x - y, "1 - X - Y", "1 - X - Y", "1 - X - Y"),
    (x**2 - x * y + y**2 - 3, "X^2 - X*Y + Y^2 - 3", "X² - X·Y + Y² - 3", "X^{2} - X Y + Y^{2} - 3"),
    (x * y**2 + x**2 * y, "X^2*Y + X*Y^2", "X²·Y + X·Y²", "X^{2} Y + X Y^{2}"),
    (x - s + 2 * p, "X + 2*P - s", "X + 2·P - s", "X + 2 P - s"),
    (y * b * s**2 * n, "B*n*s^2*Y", "B·n·s²·Y", "B n s^{2} Y"),
]


@pytest.mark.parametrize(("size", "plain", "signs", "latex"), WRITTEN_TOO, ids=[w[1] for w in WRITTEN_TOO])
def test_three_spellings_of_functions_and_factors(size: Size, plain: str, signs: str, latex: str) -> None:
    assert (ascii_text(size), unicode_text(size), latex_text(size)) == (plain, signs, latex)


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


TYPST_TEXTS = [
    (3 * x * y**2 - x + 5, "3 X Y^(2) - X + 5"),
    (x / (2 * s), "frac(X, 2 s)"),
    (x / (y + 1), "frac(X, (Y + 1))"),
    (ceil(x / 2), "ceil(frac(X, 2))"),
    (floor((x - 3) / s), "floor(frac(X - 3, s))"),
    (floor(32 * real), "floor(32 alpha)"),
    (3 * two**n, "3 dot 2^(n)"),
    (two ** (11 * n), "2^(11 n)"),
    (minimum(x, y), "min(X, Y)"),
    (maximum(x, y), "max(X, Y)"),
    (gcd(x, y), "gcd(X, Y)"),
    (sqrt(x), "sqrt(X)"),
    (log2(x), "log_2(X)"),
    (made_divisible(3 * real, Size.of(8)), 'op("divisible")(3 alpha, 8)'),
    (holds("|", x, two), "[2 divides X]"),
    (turns, "sum_(t=0)^(n - 1) (floor(frac(X + t, 3)))"),
    (turns**2 * y, "Y (sum_(t=0)^(n - 1) (floor(frac(X + t, 3))))^(2)"),
    (group(x + y) * x, "X (X + Y)"),
    (Size.of(9999) * x, "9999 X"),
    (Size.of(-12_345_678) * x, "-12 thin 345 thin 678 X"),
]


@pytest.mark.parametrize(("size", "typst"), TYPST_TEXTS, ids=[w[1] for w in TYPST_TEXTS])
def test_typst(size: Size, typst: str) -> None:
    assert text(size, TYPST) == typst


@pytest.mark.parametrize(
    ("size", "before", "terms", "after"),
    [
        (x + y - 1, "", [("X", x), (" + Y", y), (" - 1", 1)], ""),
        (-x, "", [("-X", x)], ""),
        (group(x + y) - 1, "", [("(X + Y)", group(x + y)), (" - 1", 1)], ""),
        (group(x + y - 1) * b, "B*(", [("X", x), (" + Y", y), (" - 1", 1)], ")"),
        (group(x + y - 1), "(", [("X", x), (" + Y", y), (" - 1", 1)], ")"),
        (-b * group(x - 2 * y) / 2, "-B/2*(", [("X", x), (" - 2*Y", 2 * y)], ")"),
        (group(x + y) * group(x + y + 1), "(X + Y)*(", [("X", x), (" + Y", y), (" + 1", 1)], ")"),
        (group(x + y) ** 2, "", [("(X + Y)^2", group(x + y) ** 2)], ""),
        (x / (x + y), "", [("X/(X + Y)", x / (x + y))], ""),
        (group(2 * x) * b, "", [("B*(2*X)", group(2 * x) * b)], ""),
    ],
    ids=str,
)
def test_what_is_broken_into_lines(size: Size, before: str, terms: list[tuple[str, Size]], after: str) -> None:
    """The longest sum is taken apart, and each of its terms comes with its size."""
    assert parts(size, ASCII) == (before, terms, after)
    if before:
        assert parts(size, LATEX)[::2] == (parts(size, LATEX)[0], r"\bigr)")


def test_a_term_that_is_two() -> None:
    """``⌊(X - 1)/s⌋ + 1`` is one ceiling, of two terms."""
    _, terms, _ = parts(floor((x - 1) / s) + 1 + y, ASCII)
    assert terms == [("Y", y), (" + ceil(X/s)", y)]  # the first stands for all


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
        (Condition(">", real - 3), "alpha > 3", "alpha > 3", r"\alpha > 3"),
        (Condition(">", 3 - real), "alpha < 3", "alpha < 3", r"\alpha < 3"),
        (Condition("|", x / 2), "X/2 is an integer", "X/2 is an integer", r"\frac{X}{2} \in \mathbb{Z}"),
        (
            Condition(">=", x - Size.of(turn), turns=((turn, n),)),
            "X >= t for t = 0..n - 1",
            "X ≥ t for t = 0..n - 1",
            r"X \ge t \text{ for } t = 0..n - 1",
        ),
        (
            Condition(">=", x - 3, guard=holds(">=", y - 5, Size.of(1)) * holds("|", y, two)),
            "X >= 3 where Y >= 5, 2 | Y",
            "X ≥ 3 where Y ≥ 5, 2 | Y",
            r"X \ge 3 \text{ where } Y \ge 5,\ 2 \mid Y",
        ),
        (
            Condition(">=", x - 3, guard=1 - holds(">=", y - 5, Size.of(1))),
            "X >= 3 where [Y >= 5] == 0",
            "X ≥ 3 where [Y ≥ 5] = 0",
            r"X \ge 3 \text{ where } \left[Y \ge 5\right] = 0",
        ),
        (
            Condition(">=", x - 3, guard=y * holds(">=", y - 5, Size.of(1))),
            "X >= 3 where Y*[Y >= 5] == 1",
            "X ≥ 3 where Y·[Y ≥ 5] = 1",
            r"X \ge 3 \text{ where } Y \left[Y \ge 5\right] = 1",
        ),
        (
            Condition(">=", x - 3, guard=2 * holds(">=", y - 5, Size.of(1))),
            "X >= 3 where 2*[Y >= 5] == 1",
            "X ≥ 3 where 2·[Y ≥ 5] = 1",
            r"X \ge 3 \text{ where } 2 \left[Y \ge 5\right] = 1",
        ),
    ],
)
def test_conditions(condition: Condition, plain: str, signs: str, latex: str) -> None:
    spelled = tuple(condition_text(condition, spelling) for spelling in (ASCII, UNICODE, LATEX))
    assert spelled == (plain, signs, latex)


@pytest.mark.parametrize(
    ("condition", "typst"),
    [
        (at_least(x, 32), "X >= 32"),
        (equal(x, 2 * y), "X = 2 Y"),
        (Condition("!=", x - 3), "X != 3"),
        (divisible(x, Size.of(32)), "32 divides X"),
        (Condition("|", x / 2), "frac(X, 2) in ZZ"),
        (Condition(">=", x - Size.of(turn), turns=((turn, n),)), 'X >= t " for " t = 0..n - 1'),
        (Condition(">=", x - 3, guard=holds(">=", y - 5, Size.of(1))), 'X >= 3 " where " Y >= 5'),
    ],
)
def test_conditions_in_typst(condition: Condition, typst: str) -> None:
    assert condition_text(condition, TYPST) == typst


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
        ("conv1", r"\mathrm{conv}_{1}"),
        ("conv12b", r"\mathrm{conv12b}"),
        ("width_2", r"\mathrm{width}_{2}"),
        ("KH", r"\mathrm{KH}"),
        ("é", "é"),
        ("éa", r"\mathrm{éa}"),
        ("_a", r"\mathrm{\_a}"),
        ("a_", r"\mathrm{a\_}"),
    ],
)
def test_names_of_papers(name: str, latex: str) -> None:
    assert latex_name(name) == latex


@pytest.mark.parametrize(
    ("name", "typst"),
    [
        ("X", "X"),
        ("Cin", 'C_"in"'),
        ("C_in", 'C_"in"'),
        ("H1", "H_1"),
        ("x12", "x_12"),
        ("k_h", "k_h"),
        ("n_kv_heads", 'n_"kv_heads"'),
        ("width", '"width"'),
        ("conv1", '"conv"_1'),
        ("alpha", "alpha"),
        ("Gamma_k", "Gamma_k"),
        ("_a", '"_a"'),
        ("a_", '"a_"'),  # another symbol than a
    ],
)
def test_names_in_typst(name: str, typst: str) -> None:
    assert typst_name(name) == typst


def test_every_letter_of_greek() -> None:
    """As its name and as itself: the sigma at the end of a word is no letter of formulas."""
    names = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
    letters = [chr(c) for c in range(ord("α"), ord("ω") + 1) if chr(c) not in "ος"]  # omicron is an o
    assert [latex_name(letter) for letter in letters] == [latex_name(name) for name in names.split()]
    assert [latex_name(name) for name in names.split()] == [rf"\{name}" for name in names.split()]
    assert [typst_name(name) for name in names.split()] == names.split()
