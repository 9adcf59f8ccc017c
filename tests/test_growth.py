"""How formulas grow: signs, limits, bounds and steps, each against plain evaluation."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import product as every
from math import ceil as up
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st
from random_sizes import L, S, X, Y, at, formulas, polynomials, powers, roundings
from strategies import examples

import symcost
from symcost import zoo
from symcost.cli import cli
from symcost.comparison import Sides, compared, roots, sides
from symcost.evaluate import evaluator
from symcost.growth import (
    Jump,
    Limit,
    Order,
    asymptote,
    dominant,
    doubling,
    elasticity,
    larger,
    leading,
    limit,
    ratio,
    scaling,
    sign_of,
    smooth,
    staircase,
    unbounded,
)
from symcost.render.growth import percent, ratio_text
from symcost.signs import Run, runs
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.bridge import to_sympy
from symcost.sizes.functions import holds, log2, maximum, minimum, sqrt
from symcost.sizes.notation import ASCII

T, D, N, K, C = (Symbol(name) for name in "TdNKC")
t, d, n, k, c, x, y = (Size.of(s) for s in (T, D, N, K, C, X, Y))
two = Size.of(2)


def sign(value: int | Fraction) -> int:
    return (value > 0) - (value < 0)


def check_runs(size: Size, symbol: Symbol, found: tuple[Run, ...], most: int = 400) -> None:
    """Runs cover everything from the lowest value on, without gaps, and say what is so."""
    value = evaluator(size)
    assert found[0].start == symbol.low
    for run, following in zip(found, [*found[1:], None], strict=True):
        assert (run.end is None) == (following is None)
        if following is not None:
            assert run.end is not None and run.end + 1 == following.start and run.sign != following.sign
            assert sign(value({symbol: run.end})) == run.sign
        assert sign(value({symbol: run.start})) == run.sign
        for at_ in range(run.start, min(most, run.end or most) + 1):
            assert sign(value({symbol: at_})) == run.sign, (at_, run)
    last = found[-1]
    for at_ in (10**3, 10**4, 10**6):
        if at_ >= last.start and not any(Size.of(a).terms and "^" in str(Size.of(a)) for a in size.atoms()):
            assert sign(value({symbol: at_})) == last.sign


# ------------------------------------------------------------ signs


@given(polynomials((X,)))
@examples(150)
def test_signs_of_polynomials(f: Any) -> None:
    found = runs(f.size, X)
    assert found is not None
    check_runs(f.size, X, found)


@given(st.lists(st.integers(-12, 40), min_size=1, max_size=5), st.integers(-3, 3).filter(bool))
@examples(100)
def test_signs_change_at_the_roots(zeros: list[int], factor: int) -> None:
    size = Size.of(factor)
    for zero in zeros:
        size = size * (x - zero)
    found = runs(size, X)
    assert found is not None
    assert {z for r in found if r.sign == 0 for z in range(r.start, (r.end or 0) + 1)} == {z for z in zeros if z > 0}
    check_runs(size, X, found)


@given(roundings((X,), leaves=5), polynomials((X,), leaves=4))
@examples(150)
def test_signs_through_roundings(f: Any, g: Any) -> None:
    found = runs(f.size * 3 + g.size, X)
    if found is not None:
        check_runs(f.size * 3 + g.size, X, found)


@given(formulas((X,), leaves=6))
@examples(150)
def test_signs_through_everything(f: Any) -> None:
    try:
        found = runs(f.size, X)
    except symcost.SymcostError:  # a number too large to write
        return
    if found is not None:
        check_runs(f.size, X, found, 120)


@given(powers())
@examples(120)
def test_signs_of_exponentials(f: Any) -> None:
    assume(f.size.symbols() == {L})
    found = runs(f.size, L)
    if found is not None:
        check_runs(f.size, L, found, 30)


SIGNS = [
    (2 * t**2 * 768 - 8 * t * 768**2, [(1, -1), (3072, 0), (3073, 1)]),
    (two**t - 1000 * t, [(1, -1), (14, 1)]),
    (two**t - t**2, [(1, 1), (2, 0), (3, -1), (4, 0), (5, 1)]),
    (t**3 - Size.of(10**30), [(1, -1), (10**10, 0), (10**10 + 1, 1)]),
    (minimum(t, Size.of(100)) * t - 20 * t - 3000, [(1, -1), (66, 1)]),
    (holds(">=", t - 50, Size.of(1)) - 1, [(1, -1), (50, 0)]),
    (ceil(t / 32) - 8, [(1, -1), (225, 0), (257, 1)]),
    (maximum(t, 7 * two) - minimum(t, 7 * two), [(1, 1), (14, 0), (15, 1)]),
    (t - t, [(1, 0)]),
]


@pytest.mark.parametrize("size, expected", SIGNS, ids=str)
def test_known_signs(size: Size, expected: list[tuple[int, int]]) -> None:
    found = runs(size, T)
    assert found is not None
    assert [(r.start, r.sign) for r in found] == expected


def test_signs_in_a_range() -> None:
    assert runs(t - 10, T, 5, 20) == (Run(5, 9, -1), Run(10, 10, 0), Run(11, 20, 1))
    assert runs(t % two - 1, T, 1, 3) == (Run(1, 1, 0), Run(2, 2, -1), Run(3, 3, 0))


@pytest.mark.parametrize("size", [t * d, sqrt(t), log2(t) - 3, t % two, 1 / (t + 1)], ids=str)
def test_signs_not_decided(size: Size) -> None:
    assert runs(size, T) is None


# ------------------------------------------------------------ one symbol


LEADING = [
    (floor(t / 2) ** 2 + t, Order(degree=Fraction(2)), Size.of(Fraction(1, 4))),
    (two ** (2 * t) * t + 3**9 * t**9, Order(Fraction(4), Fraction(1)), Size.of(1)),
    (t * log2(t**3) + t, Order(degree=Fraction(1), logs=Fraction(1)), Size.of(3)),
    (sqrt(t**3 + t) * d, Order(degree=Fraction(3, 2)), d),
    (minimum(t, Size.of(4096)) * t, Order(degree=Fraction(1)), Size.of(4096)),
    (maximum(t, d) * t, Order(degree=Fraction(2)), Size.of(1)),
    (12 * d**2 * t + 2 * t**2 * d, Order(degree=Fraction(2)), 2 * d),
    (floor(d / t) * t**2 + t, Order(degree=Fraction(1)), Size.of(1)),
    (holds(">=", t - d, Size.of(1)) * t**2 + t, Order(degree=Fraction(2)), Size.of(1)),
    (holds("==", t - d, Size.of(1)) * t**2 + t, Order(degree=Fraction(1)), Size.of(1)),
    (t**2 / (t + d), Order(degree=Fraction(1)), Size.of(1)),
    (d, Order(), d),
]


@pytest.mark.parametrize("size, order, coefficient", LEADING, ids=str)
def test_leading(size: Size, order: Order, coefficient: Size) -> None:
    found = leading(size, T)
    assert found is not None
    assert (found.order, found.coefficient) == (order, coefficient)


@pytest.mark.parametrize("size", [t - 2 * floor(t / 2), (d - n) * t, t**d, floor(7 * d / t) - t % two], ids=str)
def test_leading_not_decided(size: Size) -> None:
    assert leading(size, T) is None


@given(formulas((X,), leaves=6), polynomials((X,), leaves=3))
@examples(150)
def test_limits_are_approached(f: Any, g: Any) -> None:
    found = limit(f.size, g.size, X)
    assume(found is not None and g.size.terms)
    assert found is not None
    near, far = (Fraction(at(f.size, {X: p})) / (at(g.size, {X: p}) or 1) for p in (10**9, 10**15))
    if found.value is None:
        assert sign(far) == found.sign and abs(far) > abs(near)
    else:
        value = Fraction(found.value.number or 0)
        assert abs(far - value) <= max(Fraction(1), abs(value)) / 10**4


def test_limits() -> None:
    separable = c * x**2 * (k**2 + n)
    standard = c * k**2 * n * x**2
    assert limit(separable, standard, N) == Limit(1 / k**2)
    assert limit(two**t, t**9, T) == Limit(None, 1)
    assert limit(-(two**t), t**9, T) == Limit(None, -1)
    assert limit(t, two**t, T) == Limit(Size.of(0))
    assert limit(t % two, t, T) is None


def test_doubling() -> None:
    assert doubling(floor(t / 2) ** 3, T) == Limit(Size.of(8))
    assert doubling(two**t, T) == Limit(None, 1)
    assert doubling(sqrt(t), T) == Limit(sqrt(two))
    assert doubling(t * log2(t), T) == Limit(two)


ELASTICITY = [
    (12 * d**2 * t + 2 * t**2 * d, "1 + T/(T + 6*d)"),
    (7 * t**3 * d, "3"),
    (t**2 / (t + d), "2 - T/(T + d)"),
    (d, "0"),
]


@pytest.mark.parametrize("size, expected", ELASTICITY, ids=str)
def test_elasticity(size: Size, expected: str) -> None:
    found = elasticity(size, T)
    assert found is not None
    assert ratio_text(found, ASCII) == expected


@given(polynomials((X, Y)), st.integers(1, 50), st.integers(1, 50))
@examples(100)
def test_elasticity_is_the_slope(f: Any, a: int, b: int) -> None:
    """x f'(x)/f(x), the derivative by the five-point rule, which is exact up to degree 4."""
    found = elasticity(f.size, X)
    value = evaluator(f.size)
    degree = max((e for m in f.size.terms for s, e in m if s == X), default=0)
    assume(found is not None and value({X: a, Y: b}) and degree <= 4)
    assert found is not None
    f1, f2 = (Fraction(value({X: a + h, Y: b}) - value({X: a - h, Y: b})) for h in (1, 2))
    slope = (8 * f1 - f2) / 12
    assert found.value({X: a, Y: b}) == slope * a / value({X: a, Y: b})


# ------------------------------------------------------------ without roundings


@given(
    roundings((X, Y), leaves=5) | formulas((X, Y, S), leaves=8),
    st.integers(1, 60),
    st.integers(1, 60),
    st.integers(1, 9),
)
@examples(300)
def test_smooth_forms_keep_their_bounds(f: Any, a: int, b: int, s: int) -> None:
    squared = f.size * f.size if len(f.size.terms) < 20 else f.size
    for size in (f.size, squared):
        found = smooth(size)
        if found is None:
            continue
        point = {X: a, Y: b, S: s}
        low, exact, high = (at(part, point) for part in (found.low, size - found.form, found.high))
        assert low <= exact <= high


def test_smooth_of_a_network() -> None:
    net = zoo.load("resnet").net("resnet", 3, 4, 6, 3).at(B=1, W="H")
    size = net.flops._public
    h = net.domain.declared("H").symbol
    found = smooth(size)
    assert found is not None
    assert str(found.form) == "162912*H^2 + 4096000"
    for side in range(1, 300):
        error = at(size - found.form, {h: side})
        assert at(found.low, {h: side}) <= error <= at(found.high, {h: side})
    assert at(size - found.form, {h: 224}) == 0


def test_smooth_needs_what_is_known() -> None:
    size = floor((x - k + 2 * n) / y)
    assert smooth(size) is None
    assert smooth(size, [x + 2 * n - k]) is not None


# ------------------------------------------------------------ several symbols


def test_dominant_terms_of_a_block() -> None:
    found = dominant(12 * d**2 * t + 2 * t**2 * d + 5 * t, [T, D])
    assert found is not None
    assert found.theta == d**2 * t + t**2 * d
    assert {t_.size: [c_.size for c_ in t_.beats] for t_ in found.terms} == {
        12 * d**2 * t: [6 * d - t],
        2 * t**2 * d: [t - 6 * d],
    }
    assumed = dominant(12 * d**2 * t + 2 * t**2 * d + 5 * t, [T, D], [(d, t)])
    assert assumed is not None and assumed.theta == d**2 * t
    assumed = dominant(12 * d**2 * t + 2 * t**2 * d + 5 * t, [T, D], [(t, 8 * d**2)])
    assert assumed is not None and assumed.theta == d * t**2


THETA = [
    (x**2 + y**2 + 9 * x * y, "X^2 + Y^2"),  # between two corners
    (x**2 * y - 5 * x * y, "X^2*Y"),
    (floor(x / 2) * floor(y / 3) + x, "X*Y"),
    (floor((x - 1) / Size.of(2)) ** 2 * y, "X^2*Y"),
    (x**2 + y**2 - x * y, None),  # positive, but no term by itself exceeds the negative one
    (x - y, None),
    (d * x - n * y, None),
    (two**x + y, None),
]


@pytest.mark.parametrize("size, expected", THETA, ids=str)
def test_theta(size: Size, expected: str | None) -> None:
    found = dominant(size, [X, Y])
    assert (None if found is None else str(found.theta)) == expected


ASYMPTOTES = [
    (x**2 + y**2 + 9 * x * y + x, "X^2 + 9*X*Y + Y^2"),  # where X = Y no term vanishes
    (x**2 * y - 5 * x * y, "X^2*Y"),
    (floor((x - 1) / Size.of(2)) ** 2 * y, "X^2*Y/4"),
    (n * x + y, "N*X + Y"),
    (x**2 + y**2 - x * y, None),
    (two**x + y, None),
]


@pytest.mark.parametrize("size, expected", ASYMPTOTES, ids=str)
def test_asymptote(size: Size, expected: str | None) -> None:
    found = asymptote(size, [X, Y])
    assert (None if found is None else str(found)) == expected


@given(formulas((X, Y), leaves=8))
@examples(150)
def test_a_formula_tends_to_its_asymptote(f: Any) -> None:
    """The quotient goes to 1, whichever symbol grows faster."""
    found = asymptote(f.size, [X, Y])
    assume(found is not None and found.terms)
    assert found is not None
    for a, b in every([1, 2, 3], repeat=2):
        far = [abs(Fraction(at(f.size, p)) / at(found, p) - 1) for p in ({X: k**a, Y: k**b} for k in (10**6, 10**12))]
        assert far[1] < Fraction(1, 1000) and far[1] <= far[0]


def test_what_can_grow() -> None:
    """No exponent, no symbol that a condition bounds, no choice."""
    net = symcost.parse("sym n, K; input C@T; posembed512 conv(K)-C(pad=0) [conv3-C] x n")
    assert [s.name for s in unbounded(net.macs._public, net.requirements)] == ["C", "n"]
    assert unbounded(minimum(x, y) + n, []) == [N]
    assert unbounded(two**n * x, []) == [X]


@given(polynomials((X, Y), leaves=8))
@examples(150)
def test_theta_bounds_from_both_sides(f: Any) -> None:
    """Where all symbols are large the quotient by Theta stays between two constants."""
    found = dominant(f.size, [X, Y])
    assume(found is not None and found.terms)
    assert found is not None
    weight = sum(abs(Fraction(v)) for v in f.size.terms.values())
    least = min(Fraction(next(iter(t_.size.terms.values()))) for t_ in found.terms)
    big = int(weight / least * 4) + 2
    for a, b in every([big, big**2, big**3], repeat=2):
        quotient = Fraction(at(f.size, {X: a, Y: b})) / at(found.theta, {X: a, Y: b})
        assert least / 2 / 10 <= quotient <= weight
    for p, q in every([1, big, big**4], repeat=2):  # the largest of the terms is the one that says so
        values = [Fraction(at(t_.size, {X: p, Y: q})) for t_ in found.terms]
        for term, value in zip(found.terms, values, strict=True):
            if all(at(c_.size, {X: p, Y: q}) > 0 for c_ in term.beats):
                assert value >= max(values)


def test_larger() -> None:
    assert larger(2 * t**2 * d, 8 * t * d**2).size == t - 4 * d
    assert larger(4 * t**2, 9 * d**2).size == 2 * t - 3 * d
    sometimes = floor(y / 7)  # a factor that may be 0 stays
    assert larger(5 * x * sometimes, 22 * sometimes).size == 5 * x * sometimes - 22 * sometimes
    assert sign_of(1 / (4 * d)) == 1 and sign_of(d - 1) is None and sign_of(-d) == -1


# ------------------------------------------------------------ the staircase


def test_the_steps_of_resnet() -> None:
    net = zoo.load("resnet").net("resnet", 3, 4, 6, 3).at(B=1, W="H")
    jumps = staircase(net.macs._public, net.domain.declared("H").symbol, 192, 256)
    at_225 = next(j for j in jumps if j.at == 225)
    assert percent(at_225.relative) == "+13.1 %"
    assert at_225.before == int(net.macs.at(H=224)) and at_225.after == int(net.macs.at(H=225))
    assert max(jumps, key=lambda j: j.relative).at == 193
    assert all(j.at % 2 for j in jumps)  # a new window needs a pixel more than an even side


def test_steps_of_multiples() -> None:
    size = ceil(x / 32) ** 2
    found = staircase(size, X, 1, 97)
    assert found == (Jump(33, 1, 4), Jump(65, 4, 9), Jump(97, 9, 16))
    assert [j.at for j in staircase(size, X, 32, 128, 32)] == [64, 96, 128]
    assert up(33 / 32) ** 2 == 4


# ------------------------------------------------------------ two formulas


def test_separable_against_standard() -> None:
    found = compared(c * x**2 * (k**2 + n), c * k**2 * n * x**2)
    assert ratio_text(found.ratio, ASCII) == "1/N + 1/K^2"
    assert {s.name: str(there.value) for s, there in found.limits} == {"K": "1/N", "N": "1/K^2"}
    assert found.sides.where is not None


def test_attention_overtakes_the_mlp() -> None:
    found = sides(2 * t**2 * d - 8 * t * d**2)
    assert found.where is not None and found.where.size == t - 4 * d
    assert sides(2 * t**2 * 768 - 8 * t * 768**2).runs == (Run(1, 3071, -1), Run(3072, 3072, 0), Run(3073, None, 1))
    assert roots(2 * t**2 * d - 8 * t * d**2, T) == (4 * d,)
    net = symcost.parse("input d@T  residual { attention(1, bias=false) } residual { linear-(4*d) gelu linear-d }")
    attention, mlp = (
        sum((r.macs._public for r in net.layers if r.kind == kind), Size.of(0)) for kind in ("attention", "linear")
    )
    assert sides(attention - mlp).where is not None
    assert roots(attention - mlp, net.domain.declared("T").symbol) is not None


SIDES = [
    (x, Sides(always=1)),
    (x - 1, Sides(always=1, strict=False)),
    (-x * y, Sides(always=-1)),
    (x - x, Sides(always=0)),
    ((x - 3) ** 2 + 1, Sides(always=1)),
    ((x - 3) ** 2, Sides(always=1, strict=False)),
]


@pytest.mark.parametrize("size, expected", SIDES, ids=str)
def test_sides(size: Size, expected: Sides) -> None:
    assert sides(size) == expected


@given(formulas((X, Y), leaves=6))
@examples(150)
def test_sides_are_never_wrong(f: Any) -> None:
    found = sides(f.size)
    for a, b in every([1, 2, 3, 7, 20, 64, 225], repeat=2):
        value = sign(f.value({X: a, Y: b}))
        if found.always is not None:
            assert value == found.always or (not found.strict and value == 0) or (found.always == 0 and value == 0)
        elif found.symbol is not None:
            own = {X: a, Y: b}[found.symbol]
            assert value == next(r.sign for r in found.runs if r.start <= own and (r.end is None or own <= r.end))
        elif found.where is not None:
            assert value == sign(at(found.where.size, {X: a, Y: b}))
    if found.witness is not None:
        for point, wanted in zip(found.witness, (1, -1), strict=True):
            assert sign(f.value({X: 1, Y: 1, **point})) == wanted


def test_sides_keep_to_the_domain() -> None:
    """At multiples of 32 only, and where what is known holds."""
    assert sides(x - 100, [], {X: 32}).runs == (Run(32, 96, -1), Run(128, None, 1))
    assert sides(x - 100, [x - 60]).runs == (Run(60, 99, -1), Run(100, 100, 0), Run(101, None, 1))
    assert sides(x - 50, [x - 60]) == Sides(always=1)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
@examples(200)
def test_roots(a: int, b: int, q: int) -> None:
    size = a * t**2 + b * t + q
    assume(q)  # without it, T = 0 is one, and T is never 0
    found = roots(size, T)
    if found is None:
        assert (a == 0 and b == 0) or b * b - 4 * a * q < 0
        return
    for root in found:
        if root.number is not None:
            assert size.subs({T: root}) == 0
    if len(found) == 2:  # by Vieta
        assert (a * (found[0] + found[1]) + b).number == 0
        assert float(a * to_sympy(found[0]) * to_sympy(found[1]) - q) == pytest.approx(0, abs=1e-9)
        assert to_sympy(found[0]) < to_sympy(found[1])
    assert len(found) == (1 if a == 0 or b * b == 4 * a * q else 2)


@given(polynomials((X, Y), leaves=5), polynomials((X, Y), leaves=5), st.integers(1, 30), st.integers(1, 30))
@examples(150)
def test_a_ratio_is_the_quotient(f: Any, g: Any, a: int, b: int) -> None:
    top, bottom = f.size * (x - 2 * y), g.size * (x - 2 * y)
    point = {X: a, Y: b}
    assume(g.size.terms and at(bottom, point))
    found = ratio(top, bottom, [x - 2 * y])
    assert found.value(point) == Fraction(at(top, point)) / at(bottom, point)


# ------------------------------------------------------------ in Python and on the command line


def test_scaling_of_a_cost() -> None:
    vgg = zoo.load("vgg").net("vgg", 2, 2, 3, 3, 3).at(B=1, W="H")
    found = vgg.flops.scaling("H")
    assert found.exponent == 2 and found.doubling == Limit(Size.of(4))
    h = vgg.domain.declared("H").symbol
    assert found.doubled({h: 224}) == Fraction(int(vgg.flops.at(H=448)), int(vgg.flops.at(H=224)))
    with pytest.raises(symcost.SymcostError, match="unknown-symbol"):
        vgg.flops.scaling("Q")
    assert scaling(two**t, T).exponent is None


def run(*args: str, code: int = 0) -> str:
    done = CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(cli, args, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


BLOCK = "input d@T  residual { attention(8) } residual { linear-(4*d) gelu linear-d }"


def test_scale_says_which_term_is_the_largest() -> None:
    output = run("scale", BLOCK, "--convention", "macs", "--at", "T=1024,d=768")
    assert "together      Θ(T·d·(T + d))\n              12·T·d² is the largest where T < 6·d\n" in output
    assert "elasticity    1 + T/(T + 6·d)\n" in output
    assert "Θ(T·d²)" in run("scale", BLOCK, "--assume", "d >= T")
    assert all(len(line) <= 80 for line in output.splitlines())


def test_scale_as_data() -> None:
    data = json.loads(run("scale", BLOCK, "--in", "T", "--convention", "macs", "--json"))
    assert data["in"]["T"]["leading"] == "2*T^2*d" and data["in"]["T"]["exponent"] == "2"
    assert r"\sim 2 T^{2} d" in run("scale", BLOCK, "--in", "T", "--convention", "macs", "--latex")


def test_scale_keeps_to_multiples() -> None:
    output = run("scale", "sym X\nassume X % 32 == 0\ninput 3@X x X conv3-64", "--steps", "X=1..100", "--all")
    assert [line.split()[0] for line in output.splitlines()[-2:]] == ["64", "96"]


def test_compare_formulas_and_networks() -> None:
    assert "larger        2*T^2*d where T > 4·d\n" in run("compare", "2*T^2*d", "8*T*d^2")
    assert "2*T^2*d from T = 3073 on\n" in run("compare", "2*T^2*d", "8*T*d^2", "--set", "d=768")
    kernel = "sym K, N\ninput C@X x X\n"
    networks = (kernel + "dwconv(K, bias=false) conv1-N(bias=false)", kernel + "conv(K)-N(bias=false)")
    assert "ratio         1/N + 1/K²\n" in run("compare", *networks, "--convention", "macs")
    data = json.loads(run("compare", "T^2", "100*T", "--json"))
    assert data["larger"]["runs"][-1] == {"from": 101, "to": None, "first": ">"}
    assert r"\frac{T^{2}}{100 T} &= \frac{T}{100}" in run("compare", "T^2", "100*T", "--latex")


@pytest.mark.parametrize(
    "args",
    [
        ("compare", "T^2"),
        ("compare", "T^2", "T", "T^3"),
        ("scale", BLOCK, "--steps", "T=1"),
        ("scale", BLOCK, "--assume", "d"),
        ("scale", BLOCK, "--steps", "T=1..9:0"),
    ],
)
def test_wrong_command_lines(args: tuple[str, ...]) -> None:
    run(*args, code=2)


@pytest.mark.parametrize(
    "args, code",
    [
        (("scale", BLOCK, "--in", "Q"), "unknown-symbol"),
        (("scale", BLOCK, "--steps", "T=1..9"), "undecided"),
        (("compare", "T^2", "0"), "division-by-zero"),
        (("compare", "vgg", "T^2"), "unreadable"),
    ],
)
def test_refused(args: tuple[str, ...], code: str) -> None:
    assert f"error[{code}]" in run(*args, code=1)
