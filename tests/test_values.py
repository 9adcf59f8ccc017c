"""What an expression is worth: equations solved for a symbol, sums, and arithmetic at its edges, against numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategies import examples

import symcost
from symcost.domain import Domain
from symcost.graph.scope import Scope
from symcost.graph.values import Evaluator, solve
from symcost.parser import parse_formula
from symcost.sizes import Size, Symbol, floor
from symcost.source import Report

X, Y, N = (Symbol(name) for name in ("X", "Y", "n"))
x, y, n = (Size.of(symbol) for symbol in (X, Y, N))
read = Domain({}, (), (), ()).read
PARTS = (x, y, n, x * y, x * x, y / n, floor(x / 2), n * floor(y / 3), 1 / x, Size.of(2) ** n)


@st.composite
def equations(draw: DrawFn) -> Size:
    size = Size.of(draw(st.integers(-5, 5)))
    for part in draw(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True)):
        size = size + Size.of(draw(st.sampled_from([-3, -1, 1, 2, Fraction(1, 2)]))) * part
    return size


@examples(200)
@given(equations())
def test_an_equation_is_solved_for_a_symbol_that_stands_alone(size: Size) -> None:
    """What is found satisfies it; nothing is found only where each symbol is in a product, a power or a rounding."""
    found = solve(size)
    alone = [symbol for symbol in (X, Y, N) if linear(size, symbol)]
    assert (found is not None) == bool(alone)
    for symbol, value in (found or {}).items():
        assert symbol in alone
        assert symbol not in value.symbols()
        assert not size.subs({symbol: value}).terms


def linear(size: Size, symbol: Symbol) -> bool:
    """Whether each step of one in a symbol adds the same number, whatever the others are."""
    along = [size.subs({symbol: Size.of(k)}) for k in range(1, 8)]
    steps = {(after - before).number for before, after in pairwise(along)}
    return len(steps) == 1 and not steps & {0, None}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0^0", 1), ("0^1", 0), ("1^(-1)", 1), ("2^(-2)", Fraction(1, 4)), ("(-1)^(-3)", -1), ("0^(2 - 1)", 0),
        ("7//2", 3), ("-7//2", -4), ("7 % 3", 1), ("-7 % 3", 2), ("7/2", Fraction(7, 2)), ("2 - 3 - 4", -5),
        ("24/4/2", 3), ("2^3^2", 512), ("-2^2", -4), ("2*3 % 4", 2), ("+3 - -3", 6), ("1 - 2*3 + 4", -1),
        ("if 2 > 1 and not 1 > 2 then 5 else 6", 5), ("if 1 > 2 or 2 > 2 then 5 else 6", 6),
        ("sqrt(0)", 0), ("sqrt(16)", 4), ("log2(1)", 0), ("log2(8)", 3), ("min(3)", 3), ("max(1, 5, 2)", 5),
        ("gcd(12, 18)", 6), ("divisible(12, 5)", 15), ("divisible(12, 4)", 12), ("floor(-1/2)", -1), ("ceil(-1/2)", 0),
    ],
)  # fmt: skip
def test_numbers(written: str, value: int | Fraction) -> None:
    assert Evaluator(Scope(None, Report())).size(parse_formula(written)).number == value


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0^(-1)", "division-by-zero"), ("1/0", "division-by-zero"), ("3 % 0", "division-by-zero"),
        ("3//0", "division-by-zero"), ("sqrt(-1)", "bad-value"), ("log2(0)", "bad-value"), ("log2(-1)", "bad-value"),
        ("min()", "wrong-count"), ("sqrt(1, 2)", "wrong-count"), ("gcd(1)", "wrong-count"), ("2 > 1", "size-needed"),
    ],
)  # fmt: skip
def test_what_has_no_value(written: str, code: str) -> None:
    with pytest.raises(symcost.SymcostError) as refused:
        Evaluator(Scope(None, Report())).size(parse_formula(written))
    assert refused.value.diagnostics[0].code == code


@pytest.mark.parametrize(
    ("summed", "closed"),
    [
        (r"\sum_{i=1}^{n} i", "n*(n + 1)/2"),
        (r"\sum_{i=0}^{n} (2*i + 1)", "(n + 1)^2"),
        (r"\sum_{i=0}^{n} 2^i", "2*2^n - 1"),
        (r"\sum_{i=0}^{n} \lfloor 2^n/2^i \rfloor", "2*2^n - 1"),
        (r"\sum_{i=1}^{n} \lceil 2^n/2^i \rceil", "2^n - 1"),
        (r"\sum_{i=1}^{n} n i", "n^2*(n + 1)/2"),
        (r"\sum_{i=1}^{n} \sum_{j=1}^{m} (n + k)", "n*m*(n + k)"),
        (r"\sum_{i=1}^{n} [i = 1] i", "1"),
        (r"[2 \ge 1] + n", "n + 1"),
        (r"\sum_{i=1}^{0} i", "0"),
        (r"\sum_{i=3}^{3} i", "3"),
        (r"\sum_{i=1}^{n} \sum_{j=1}^{i} j", "n*(n + 1)*(n + 2)/6"),
    ],
)
def test_sums(summed: str, closed: str) -> None:
    """In closed form; a power of 2 is divided by those that come before it, and nothing is rounded."""
    assert read(summed) == read(closed)


@pytest.mark.parametrize("summed", [r"\sum_{i=2}^{0} i", r"\sum_{i=3}^{n} i", r"\sum_{i=1}^{n/2} i"])
def test_sums_that_may_have_no_terms(summed: str) -> None:
    with pytest.raises(symcost.SymcostError, match="cannot decide whether the sum has terms"):
        read(summed)


def test_a_function_takes_so_many_sizes() -> None:
    with symcost.limits(arguments=3):
        assert read("max(1, 4, 2)").number == 4
        with pytest.raises(symcost.SymcostError, match="'max' takes 1 to 3 sizes, not 4") as refused:
            read("max(1, 2, 3, 4)")
    assert "arguments" in (refused.value.diagnostics[0].help or "")
