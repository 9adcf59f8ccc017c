"""Roundings by numbers against isl, the integer set library of compilers: quasi-affine arithmetic that decides everything.

It shares nothing with the engine. Skipped where islpy is not installed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from random_sizes import EVERY, P, X, Y, Z
from strategies import examples

from symcost.layers.window import window
from symcost.prove import compare, decide
from symcost.sizes import Size, Symbol, ceil, floor
from symcost.sizes.atoms import Floor, Function
from symcost.sizes.bounds import lower, upper
from symcost.sizes.facts import (
    Condition,
    always_negative,
    at_least,
    divides,
    divisible,
    equal,
    is_zero,
    never_negative,
    simplified,
)
from symcost.sizes.functions import holds, maximum, minimum
from symcost.sizes.weakest import weakest

isl = pytest.importorskip("islpy")

SPACE = isl.Space.create_from_names(isl.DEFAULT_CONTEXT, set=[], params=[s.name for s in EVERY])
LOCAL = isl.LocalSpace.from_space(SPACE)


# ------------------------------------------------------------------------------------------------- sizes as isl's


def constant(value: int | Fraction) -> Any:
    number = Fraction(value)
    found = isl.Val(f"{number.numerator}/{number.denominator}")
    return isl.PwAff.from_aff(isl.Aff.zero_on_domain(LOCAL).add_constant_val(found))


@cache
def variable(symbol: Symbol) -> Any:
    return isl.PwAff.from_aff(isl.Aff.var_on_domain(LOCAL, isl.dim_type.param, EVERY.index(symbol)))


def scaled(value: Any, by: int | Fraction) -> Any:
    number = Fraction(by)
    return value.scale_val(isl.Val(f"{number.numerator}/{number.denominator}"))


def affine(size: Size) -> Any:
    """What a size with roundings by numbers says, as isl has it."""
    found = constant(0)
    for monomial, coefficient in size.terms.items():
        if not monomial:
            found = found.add(constant(coefficient))
            continue
        ((atom, exponent),) = monomial
        assert exponent == 1, f"{size} is not linear"
        found = found.add(scaled(_of_atom(atom), coefficient))
    return found


def _of_atom(atom: Any) -> Any:
    if isinstance(atom, Symbol):
        return variable(atom)
    if isinstance(atom, Floor):
        divisor = atom.denominator.number
        assert divisor is not None, f"{atom} has a divisor that is no number"
        return scaled(affine(atom.numerator), 1 / Fraction(divisor)).floor()
    assert isinstance(atom, Function)
    first, *others = map(affine, atom.args)
    if atom.name == "ceil":
        return first.ceil()
    for other in others:
        first = first.min(other) if atom.name == "min" else first.max(other)
    return first


@cache
def domain() -> Any:
    """Where the symbols keep to their bounds."""
    found = isl.Set.universe(SPACE.params())
    for symbol in EVERY:
        for bound, sign in ((symbol.low, 1), (symbol.high, -1)):
            if bound is not None:
                found = found.intersect(nonnegative(scaled(variable(symbol).sub(constant(bound)), sign)))
    return found


def nonnegative(value: Any) -> Any:
    """Where a value is not negative; of fractions, isl compares by >= alone as one expects."""
    return value.ge_set(constant(0)).params()


def zero(value: Any) -> Any:
    return nonnegative(value).intersect(nonnegative(scaled(value, -1)))


def positive(value: Any) -> Any:
    return domain().subtract(nonnegative(scaled(value, -1)))


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal wherever the symbols keep to their bounds."""
    return bool(domain().is_subset(zero(a.sub(b))))


def meant(condition: Condition) -> Any:
    """Where a condition holds."""
    size = affine(condition.size)
    match condition.kind:
        case ">=":
            return nonnegative(size).intersect(domain())
        case ">":
            return positive(size)
        case "==":
            return zero(size).intersect(domain())
        case "!=":
            return domain().subtract(zero(size))
    quotient = scaled(size, 1 / Fraction(condition.divisor.number or 0))
    return zero(quotient.sub(quotient.floor())).intersect(domain())


def all_of(conditions: Sequence[Condition]) -> Any:
    found = domain()
    for condition in conditions:
        found = found.intersect(meant(condition))
    return found


# ---------------------------------------------------------------------------------------------- formulas in both


@dataclass(frozen=True)
class Twice:
    """One formula as a size and as isl's."""

    written: str
    size: Size
    isl: Any

    def __repr__(self) -> str:
        return f"{self.written} = {self.size}"


def _sum(a: Twice, b: Twice, sign: int) -> Twice:
    return Twice(f"({a.written} {'-+'[sign > 0]} {b.written})", a.size + sign * b.size, a.isl.add(scaled(b.isl, sign)))


def _times(a: Twice, by: int | Fraction) -> Twice:
    return Twice(f"({by})*{a.written}", a.size * by, scaled(a.isl, by))


def _rounded(a: Twice, up: bool) -> Twice:
    return Twice(
        f"{'ceil' if up else 'floor'}({a.written})",
        (ceil if up else floor)(a.size),
        a.isl.ceil() if up else a.isl.floor(),
    )


def _extreme(a: Twice, b: Twice, least: bool) -> Twice:
    chosen = a.isl.min(b.isl) if least else a.isl.max(b.isl)
    return Twice(
        f"{'min' if least else 'max'}({a.written}, {b.written})",
        (minimum if least else maximum)(a.size, b.size),
        chosen,
    )


HUGE = st.sampled_from([10**6, 2**31 - 1, 2**64 + 1, -(10**9)])
ends = st.sampled_from(EVERY).map(lambda q: Twice(q.name, Size.of(q), variable(q))) | (
    st.integers(-12, 12) | st.fractions(-6, 6, max_denominator=6) | HUGE
).map(lambda n: Twice(f"({n})", Size.of(n), constant(n)))
factors = st.integers(-4, 4) | st.fractions(-3, 3, max_denominator=8)


def roundings(leaves: int = 6, extremes: bool = True) -> SearchStrategy[Twice]:
    """Nested roundings, sums of roundings, least and greatest."""

    def larger(inner: SearchStrategy[Twice]) -> SearchStrategy[Twice]:
        found = [
            st.builds(_sum, inner, inner, st.sampled_from([1, -1])),
            st.builds(_times, inner, factors),
            st.builds(_rounded, st.builds(_times, inner, factors), st.booleans()),
            st.builds(
                _rounded, st.builds(_times, inner, st.integers(1, 9).map(lambda d: Fraction(1, d))), st.booleans()
            ),
        ]
        return st.one_of(*found, *([st.builds(_extreme, inner, inner, st.booleans())] if extremes else []))

    return st.recursive(ends, larger, max_leaves=leaves)


def disjoint(a: Any, b: Any) -> bool:
    return bool(a.intersect(b).is_empty())


# ------------------------------------------------------------------------------------------------------- the forms


@given(roundings(8))
@examples(200)
def test_a_canonical_form_is_the_formula_it_was_made_of(f: Twice) -> None:
    assert same(affine(f.size), f.isl), f


@given(roundings(), roundings())
@examples(150)
def test_equality_is_decided_as_isl_decides_it(f: Twice, g: Twice) -> None:
    verdict = compare(f.size, g.size)
    assert verdict.equal in (None, same(f.isl, g.isl)), (f, g)


@given(roundings(5, extremes=False), st.integers(2, 6), st.integers(-3, 3))
@examples(100)
def test_equal_formulas_are_proved_equal(f: Twice, d: int, c: int) -> None:
    """Written as the sum of its shares, or with a multiple taken out of its rounding."""
    whole = _rounded(f, False)
    shares = [
        _rounded(_times(_sum(whole, Twice(str(k), Size.of(k), constant(k)), 1), Fraction(1, d)), False)
        for k in range(d)
    ]
    total = shares[0]
    for share in shares[1:]:
        total = _sum(total, share, 1)
    assert same(total.isl, whole.isl), f
    assert compare(total.size, whole.size).equal is not False
    shifted = floor(whole.size / d + c)
    assert shifted == floor(whole.size / d) + c


@given(roundings())
@examples(200)
def test_signs_and_bounds(f: Twice) -> None:
    assert not never_negative(f.size) or domain().is_subset(nonnegative(f.isl)), f
    assert not always_negative(f.size) or disjoint(domain(), nonnegative(f.isl)), f
    low, high, nothing = lower(f.size), upper(f.size), is_zero(f.size)
    assert low is None or domain().is_subset(nonnegative(f.isl.sub(constant(low)))), f
    assert high is None or domain().is_subset(nonnegative(constant(high).sub(f.isl))), f
    if nothing is not None:
        assert domain().is_subset(zero(f.isl)) if nothing else disjoint(domain(), zero(f.isl)), f


@st.composite
def whole(draw: DrawFn) -> Twice:
    """An integer: a formula of roundings."""
    return _rounded(draw(roundings(4)), draw(st.booleans()))


@given(whole(), st.integers(1, 12))
@examples(60)
def test_divisibility(f: Twice, d: int) -> None:
    there = meant(Condition("|", f.size, Size.of(d)))
    quotient = scaled(f.isl, Fraction(1, d))
    assert there.is_equal(zero(quotient.sub(quotient.floor())).intersect(domain()))
    decided = divides(Size.of(d), f.size)
    if decided is not None:
        assert there.is_equal(domain()) if decided else there.is_empty()
    assert meant(divisible(f.size, Size.of(d))).is_equal(there)  # multiples of the divisor are left off


# --------------------------------------------------------------------------------------------------------- conditions


@st.composite
def conditions(draw: DrawFn) -> Condition:
    """As layers and programs have them; a bound is made by `at_least`, which leaves roundings out."""
    f = draw(whole()).size
    match draw(st.sampled_from(["at least", ">=", "==", "!=", "|", "bound", "class"])):
        case "at least":
            return at_least(f, draw(st.integers(-20, 20)))
        case "bound":
            return at_least(
                draw(st.sampled_from([1, -1])) * Size.of(draw(st.sampled_from(EVERY))), draw(st.integers(-30, 30))
            )
        case "class":
            symbol = Size.of(draw(st.sampled_from([X, Y, Z, P])))
            return divisible(symbol + draw(st.integers(0, 8)), Size.of(draw(st.integers(2, 8))))
        case "|":
            return divisible(f, Size.of(draw(st.integers(1, 8))))
        case ">=":
            return Condition(">=", f)
        case kind:
            return replace(equal(f, Size.of(draw(st.integers(-5, 5)))), kind=kind)


@given(roundings(5), st.integers(-9, 9))
@examples(150)
def test_at_least_without_roundings_says_the_same(f: Twice, least: int) -> None:
    """``⌊x/3⌋ >= 2`` is ``x >= 6``."""
    assert meant(at_least(f.size, least)).is_equal(nonnegative(f.isl.sub(constant(least))).intersect(domain())), f


@given(conditions())
@examples(100)
def test_a_condition_is_decided_as_isl_decides_it(condition: Condition) -> None:
    there, decided = meant(condition), condition.holds()
    assert decided is None or (there.is_equal(domain()) if decided else there.is_empty())
    number = holds(condition.kind, condition.size, condition.divisor).number
    assert number is None or (there.is_equal(domain()) if number else there.is_empty())


@given(conditions(), st.lists(whole(), max_size=2))
@examples(60)
def test_known_facts_are_used_rightly(condition: Condition, facts: list[Twice]) -> None:
    where = all_of([Condition(">=", fact.size) for fact in facts])
    decided = condition.holds([fact.size for fact in facts])
    there = meant(condition)
    assert decided is None or (where.is_subset(there) if decided else disjoint(where, there))


@given(st.lists(conditions(), min_size=1, max_size=4), st.lists(whole(), max_size=1))
@examples(80)
def test_conditions_simplified_say_the_same(found: list[Condition], facts: list[Twice]) -> None:
    where = all_of([Condition(">=", fact.size) for fact in facts])
    left = simplified(found, [fact.size for fact in facts])
    assert all_of(left).intersect(where).is_equal(all_of(found).intersect(where)), (found, left)


@given(
    st.lists(
        st.builds(
            lambda c, d, e, q: equal(q, c + d * floor((q + e) / d)) if c else divisible(q + e, Size.of(d)),
            st.integers(0, 3),
            st.integers(2, 9),
            st.integers(-4, 4),
            st.sampled_from([Size.of(X), Size.of(Z), floor(Size.of(X) / 2), floor((Size.of(Z) + 1) / 3)]),
        ),
        min_size=1,
        max_size=3,
    )
)
@examples(150)
def test_the_weakest_divisibility_says_the_same(found: list[Condition]) -> None:
    assert all_of(weakest(found)).is_equal(all_of(found)), (found, weakest(found))


# ------------------------------------------------------------------------------------------------------------- proofs


RELATIONS: dict[str, Callable[[Any], Any]] = {
    "==": zero,
    ">=": nonnegative,
    ">": positive,
    "!=": lambda value: domain().subtract(zero(value)),
}


@given(roundings(5), st.sampled_from(sorted(RELATIONS)), st.lists(conditions(), max_size=2))
@examples(80)
def test_claims_are_proved_and_refuted_as_isl_does(f: Twice, relation: str, given_: list[Condition]) -> None:
    """Under conditions, of which some hold nowhere."""
    where = all_of(given_)
    verdict = decide(f.size, relation, given_)
    if verdict.equal is None or where.is_empty():
        return
    assert where.is_subset(RELATIONS[relation](f.isl)) is verdict.equal, (f, relation, given_, verdict)
    if verdict.witness:
        point = {symbol: Size.of(value) for symbol, value in verdict.witness.items()}
        assert all(c.subs(point).holds() is not False for c in given_)


@given(st.lists(st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=5))
@examples(60)
def test_a_chain_of_windows(chain: list[tuple[int, int, int]]) -> None:
    size, other = Size.of(X), variable(X)
    for k, s, p in chain:
        size = window(size, k, s, p)
        other = scaled(other.add(constant(2 * p - k)), Fraction(1, s)).floor().add(constant(1))
    assert same(affine(size), other)
