"""Formulas as they are first written down: what is written is what they come to, in every notation."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from random_sizes import EVERY, P, S, X, Y, at, points, polynomials
from strategies import examples
from test_latex_formula import value as of_latex
from test_notation import read

from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.notation import ASCII, LATEX, TYPST, UNICODE
from symcost.sizes.written import Added, Form, Named, Over, Times, Turns, added, mapped, text, times, value

x, y, s, p = (Size.of(symbol) for symbol in (X, Y, S, P))
T, N = Symbol("t", low=0), Symbol("n")
t, n = Size.of(T), Size.of(N)
ONE = Size.of(1)


# ------------------------------------------------------------ read back

bottoms = st.sampled_from([x, s, 2 * s, s + 1, x * y, Size.of(2), ONE, s**2, x + 2 * y + 3])


def forms(turns: bool = False) -> SearchStrategy[Form]:
    """Sums, products and quotients inside one another, none of them worked out."""
    sizes = polynomials((X, Y, S), leaves=3).map(lambda f: f.size)

    def larger(inner: SearchStrategy[Form]) -> SearchStrategy[Form]:
        several = st.lists(inner, min_size=2, max_size=3)
        ways = [
            several.map(lambda found: added(*found)),
            several.map(lambda found: times(*found)),
            inner.map(lambda form: times(-1, form)),
            st.builds(Over, inner, bottoms, st.sampled_from(["", "down", "up"])),
        ]
        if turns:
            once = inner.filter(
                lambda form: "sum" not in text(form, ASCII)
            )  # one loop, or its index would mean two things
            ways.append(st.builds(lambda form, c: Turns(times(form, c), T, p + 1), once, st.sampled_from([ONE, t])))
        return st.one_of(ways)

    return st.recursive(sizes, larger, max_leaves=5)


@given(forms(), points())
@examples(120)
def test_the_language_reads_back_what_is_written(form: Form, point: dict[Symbol, int]) -> None:
    assert at(read(text(form, ASCII)), point) == at(value(form), point)


@given(forms(turns=True), points(), st.integers(0, 6))
@examples(50)
def test_latex_is_read_back(form: Form, point: dict[Symbol, int], turns: int) -> None:
    point = {**point, P: turns}
    read_ = of_latex(text(form, LATEX), {symbol.name: symbol for symbol in EVERY})
    assert at(read_, point) == at(value(form), point)


@given(forms(turns=True), points(), st.integers(1, 5), st.integers(0, 6))
@examples(60)
def test_values_put_in_before_and_after_are_the_same(
    form: Form, point: dict[Symbol, int], at_x: int, turns: int
) -> None:
    point = {**point, X: at_x, P: turns}
    numbers = {symbol: Size.of(number) for symbol, number in point.items()}
    changed = mapped(form, lambda size: size.subs(numbers))
    assert value(changed) == at(value(form), point)
    assert type(mapped(form, lambda size: size)) is type(form)


# ------------------------------------------------------------ as a person writes it

WRITTEN: list[tuple[Form, str, str, str]] = [
    # in signs, in LaTeX, in Typst
    (
        added(Over(added(x, times(2, p), -y), s, "down"), 1),
        "⌊(X + 2·P - Y)/s⌋ + 1",
        r"\left\lfloor \frac{X + 2 \cdot P - Y}{s} \right\rfloor + 1",
        "floor(frac(X + 2 dot P - Y, s)) + 1",
    ),
    (Over(x, s), "X/s", r"\frac{X}{s}", "frac(X, s)"),
    (Over(x + 1, s), "(X + 1)/s", r"\frac{X + 1}{s}", "frac(X + 1, s)"),
    (Over(x, 2 * s, "up"), "⌈X/(2·s)⌉", r"\left\lceil \frac{X}{2 s} \right\rceil", "ceil(frac(X, 2 s))"),
    (Over(x, s + 1, "up"), "⌈X/(s + 1)⌉", r"\left\lceil \frac{X}{s + 1} \right\rceil", "ceil(frac(X, s + 1))"),
    (Over(x + 1, ONE), "X + 1", "X + 1", "X + 1"),
    (Over(x + 1, ONE, "up"), "⌈X + 1⌉", r"\left\lceil X + 1 \right\rceil", "ceil(X + 1)"),
    (Over(times(x, 2), s), "X·2/s", r"\frac{X \cdot 2}{s}", "frac(X dot 2, s)"),
    (times(-1, x, y), "-X·Y", r"-X \cdot Y", "-X dot Y"),
    (times(-1, x + 1), "-(X + 1)", r"-\left(X + 1\right)", "-(X + 1)"),
    (times(-1, added(x, 1)), "-(X + 1)", r"-\left(X + 1\right)", "-(X + 1)"),
    (times(-1, -x), "-(-X)", r"-\left(-X\right)", "-(-X)"),
    (times(-1, x / 2), "-X/2", r"-\frac{X}{2}", "-frac(X, 2)"),
    (times(x, -y), "X·(-Y)", r"X \cdot \left(-Y\right)", "X dot (-Y)"),
    (times(-y, x), "-Y·X", r"-Y \cdot X", "-Y dot X"),
    (times(x, y / 2), "X·(Y/2)", r"X \cdot \frac{Y}{2}", "X dot frac(Y, 2)"),
    (times(y / 2, x), "Y/2·X", r"\frac{Y}{2} \cdot X", "frac(Y, 2) dot X"),
    (times(x, Over(y, s)), "X·(Y/s)", r"X \cdot \frac{Y}{s}", "X dot frac(Y, s)"),
    (
        times(x, Over(y, s, "down")),
        "X·⌊Y/s⌋",
        r"X \cdot \left\lfloor \frac{Y}{s} \right\rfloor",
        "X dot floor(frac(Y, s))",
    ),
    (times(x, floor(y / 2)), "X·⌊Y/2⌋", r"X \cdot \left\lfloor \frac{Y}{2} \right\rfloor", "X dot floor(frac(Y, 2))"),
    (times(x, ceil(y / 2)), "X·⌈Y/2⌉", r"X \cdot \left\lceil \frac{Y}{2} \right\rceil", "X dot ceil(frac(Y, 2))"),
    (times(x, y + 1), "X·(Y + 1)", r"X \cdot \left(Y + 1\right)", "X dot (Y + 1)"),
    (times(added(1, x), x), "(1 + X)·X", r"\left(1 + X\right) \cdot X", "(1 + X) dot X"),
    (times(times(3, 3), times(x, y)), "3·3 · X·Y", r"3 \cdot 3 \cdot X \cdot Y", "3 dot 3 dot X dot Y"),
    (times(3, 3), "3·3", r"3 \cdot 3", "3 dot 3"),
    (times(2, Over(x + 1, ONE)), "2·(X + 1)", r"2 \cdot \left(X + 1\right)", "2 dot (X + 1)"),
    (times(2, Over(x + 1, ONE, "up")), "2·⌈X + 1⌉", r"2 \cdot \left\lceil X + 1 \right\rceil", "2 dot ceil(X + 1)"),
    (times(2, Over(x + 1, s)), "2·((X + 1)/s)", r"2 \cdot \frac{X + 1}{s}", "2 dot frac(X + 1, s)"),
    (times(2, times(-1, x)), "2 · (-X)", r"2 \cdot \left(-X\right)", "2 dot (-X)"),
    (times(2, times(x, y / 2)), "2 · X·(Y/2)", r"2 \cdot X \cdot \frac{Y}{2}", "2 dot X dot frac(Y, 2)"),
    (times(2, Named("(7)", x / 2)), "2·(7)", r"2 \cdot (7)", "2 dot (7)"),
    (times(Named("(7)", x + 1), 2), "(7)·2", r"(7) \cdot 2", "(7) dot 2"),
    (added(x, times(-1, s, y - 1)), "X - s·(Y - 1)", r"X - s \cdot \left(Y - 1\right)", "X - s dot (Y - 1)"),
    (added(x, times(-1, y + 1)), "X - (Y + 1)", r"X - \left(Y + 1\right)", "X - (Y + 1)"),
    (added(-x, -y, 2), "-X - Y + 2", "-X - Y + 2", "-X - Y + 2"),
    (
        Turns(added(t, 1), T, n),
        "sum(t + 1, t = 0..n - 1)",
        r"\sum_{t=0}^{n - 1} \left(t + 1\right)",
        "sum_(t=0)^(n - 1) (t + 1)",
    ),
]


@pytest.mark.parametrize(("form", "signs", "latex", "typst"), WRITTEN, ids=[case[1] for case in WRITTEN])
def test_notations(form: Form, signs: str, latex: str, typst: str) -> None:
    assert (text(form, UNICODE), text(form, LATEX), text(form, TYPST)) == (signs, latex, typst)


def test_what_changes_nothing_is_left_out() -> None:
    assert (times(), times(1, 1), times(x), times(1, x, 1)) == (1, 1, x, x)
    assert (added(), added(0, 0), added(x), added(0, x, 0)) == (0, 0, x, x)
    assert times(x, 0, y + 1) == times(Fraction(0), Over(x, s)) == 0
    assert times(x, 1, y) == Times((x, y))
    assert added(x, 0, y) == Added((x, y))
    assert times(Fraction(1, 2), x) == Times((Size.of(Fraction(1, 2)), x))


def test_what_they_come_to() -> None:
    """At X = 7 and s = 2, by hand."""
    point = {X: 7, S: 2}
    for form, number in (
        (Over(x, s), Fraction(7, 2)),
        (Over(x, s, "down"), 3),
        (Over(x, s, "up"), 4),
        (times(x, s, 3), 42),
        (added(x, s, 3), 12),
        (times(2, Named("(1)", added(x, s))), 18),
        (Turns(added(t, x), T, s + 1), 7 + 8 + 9),
    ):
        assert at(value(form), point) == number
        assert value(mapped(form, lambda size: size.subs({X: Size.of(7), S: Size.of(2)}))) == number
    named = mapped(Named("(1)", x), lambda size: size + 1)
    assert named == Named("(1)", x + 1)
