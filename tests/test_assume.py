"""Facts about a symbol, against the integers that satisfy them: which values it takes, and what is decided of it.

Every combination of a domain, bounds and a remainder is gone through, and its integers are counted one by one.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

import symcost
from symcost.graph import attempted
from symcost.graph.values import Evaluator
from symcost.parser import parse as parse_syntax
from symcost.parser import parse_formula
from symcost.source import Source

RELATIONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
FAR = range(-40, 60)  # as far as is looked; no bound or divisor comes near its ends
LEAST: Mapping[str, int | None] = {"positive": 1, "nat": 0, "int": None}
BOUNDS: Sequence[Sequence[tuple[str, Fraction]]] = [
    [(relation, Fraction(bound)) for relation, bound in bounds]
    for bounds in (
        (),
        *([(relation, bound)] for relation in ("<=", "<") for bound in (7, "15/2", 1, 0, -2)),
        *([(relation, bound)] for relation in (">=", ">") for bound in (3, "5/2", -3)),
        *([(">=", 3), ("<=", high)] for high in (2, 3, 5)),
        *([(">", 3), ("<", high)] for high in (4, 5, 9)),
        [(">=", "7/2"), ("<=", "11/2")],
        [(">", -2), ("<", "5/3")],
        [("<", 9), ("<=", 6), (">", 1), (">=", 2)],
    )
]
REMAINDERS = (None, (1, 0), (2, 1), (4, 3), (5, 0))


def satisfying(domain: str, bounds: Sequence[tuple[str, Fraction]], remainder: tuple[int, int] | None) -> list[int]:
    least = LEAST[domain]
    values = (v for v in FAR if least is None or v >= least)
    values = (v for v in values if all(RELATIONS[relation](v, bound) for relation, bound in bounds))
    return [v for v in values if remainder is None or v % remainder[0] == remainder[1]]


def written(domain: str, bounds: Sequence[tuple[str, Fraction]], remainder: tuple[int, int] | None, turn: bool) -> str:
    said = [f"{b} {TURNED[r]} X" if turn else f"X {r} {b}" for r, b in bounds]
    said += [f"X % {remainder[0]} == {remainder[1]}"] if remainder else []
    return f"sym X : {domain} " + (f"assume {', '.join(said)} " if said else "")


def ends(values: Sequence[int]) -> set[int]:
    """Values at and beside the least and the greatest, where there is one."""
    low = {values[0] + d for d in (-2, -1, 0, 1, 2)} if values[0] > FAR[0] + 10 else set()
    high = {values[-1] + d for d in (-2, -1, 0, 1, 2)} if values[-1] < FAR[-1] - 10 else set()
    return low | high | {0, 1}


@pytest.mark.parametrize("remainder", REMAINDERS)
@pytest.mark.parametrize("domain", LEAST)
def test_a_symbol_takes_the_values_its_facts_allow(domain: str, remainder: tuple[int, int] | None) -> None:
    apart = []
    for bounds, turned in product(BOUNDS, [False, True] if remainder is None else [False]):
        head, values = written(domain, bounds, remainder, turned), satisfying(domain, bounds, remainder)
        try:
            net = symcost.parse(f"{head} input 3@8 linear-((X + 9)^2 + 1)")
        except symcost.SymcostError as refused:
            if values or refused.diagnostics[0].code != "contradiction":
                apart.append(f"{head}: {refused}")
            continue
        if not values:
            apart.append(f"{head}: not refused")
            continue
        for value in ends(values):
            try:
                found = net.at(X=value).params
                exists = True
            except symcost.SymcostError:
                exists = False
            if exists != (value in values) or (exists and found != 4 * ((value + 9) ** 2 + 1)):
                apart.append(f"{head} at {value}: {exists}")
    assert apart == []


@pytest.mark.parametrize("remainder", REMAINDERS)
@pytest.mark.parametrize("domain", LEAST)
def test_an_order_is_decided_where_all_values_have_it(domain: str, remainder: tuple[int, int] | None) -> None:
    apart = []
    for bounds in BOUNDS:
        head, values = written(domain, bounds, remainder, False), satisfying(domain, bounds, remainder)
        if not values:
            continue
        evaluator = Evaluator(attempted(parse_syntax(Source("<facts>", f"{head} input 3@8 linear-9"))).scope)
        for bound, relation in product([*sorted(ends(values)), Fraction(7, 2)], ("<", "<=", ">", ">=", "==", "!=")):
            truth = evaluator.truth(parse_formula(f"X {relation} {bound}"))
            holds = RELATIONS.get(relation) or {"==": operator.eq, "!=": operator.ne}[relation]
            all_of_them = {holds(value, bound) for value in values}
            wanted = all_of_them.pop() if len(all_of_them) == 1 else None
            if truth != wanted:
                apart.append(f"{head}: X {relation} {bound} is {truth}, not {wanted}")
    assert apart == []


@pytest.mark.parametrize(("divisor", "rest"), [(1, 0), (2, 1), (4, 3), (3, 0)])
@pytest.mark.parametrize("high", range(2, 14))
def test_what_is_rounded_is_a_number_where_it_is_one_for_all_values(high: int, divisor: int, rest: int) -> None:
    """The quotient of a symbol with bounds and a remainder, divided again."""
    values = [v for v in range(1, high + 1) if v % divisor == rest]
    for by in range(1, 8) if values else ():
        net = symcost.parse(
            f"assume X <= {high}, X % {divisor} == {rest} sym X input 3@8 linear-((X - {rest})/{divisor}//{by} + 1)"
        )
        wanted = {v // divisor // by for v in values}
        if len(wanted) == 1:
            assert net.params == 4 * (wanted.pop() + 1)
        else:
            assert not isinstance(net.params.value, int)


@pytest.mark.parametrize("rest", [0, 1])
@pytest.mark.parametrize("domain", ["positive", "nat"])
def test_a_divisor_that_is_a_symbol(domain: str, rest: int) -> None:
    """What is decided holds for every divisor; that a multiple is as large as what divides it is seen."""
    head = f"sym X : {domain}, k assume X % k == {rest} input 3@8"
    points = [(x, k) for x in range(0 if domain == "nat" else 1, 9) for k in range(1, 7) if x % k == rest]
    net = symcost.parse(f"{head} linear-(X + 2*k)")
    for x, k in product(range(9), range(1, 7)):
        try:
            assert net.at(X=x, k=k).params == 4 * (x + 2 * k)
            exists = True
        except symcost.SymcostError:
            exists = False
        assert exists == ((x, k) in points)
    evaluator = Evaluator(attempted(parse_syntax(Source("<facts>", f"{head} linear-3"))).scope)
    decided = set()
    for text, holds in (
        ("X >= k", lambda x, k: x >= k),
        ("X > k", lambda x, k: x > k),
        ("X >= 2*k", lambda x, k: x >= 2 * k),
        ("X >= 0", lambda x, k: x >= 0),
        ("X >= 1", lambda x, k: x >= 1),
        ("X >= 2", lambda x, k: x >= 2),
        ("X == 0", lambda x, k: x == 0),
        ("X < k", lambda x, k: x < k),
    ):
        truth = evaluator.truth(parse_formula(text))
        assert truth is None or {holds(x, k) for x, k in points} == {truth}
        decided |= {text} if truth is not None else set()
    assert {"X >= 0"} | ({"X >= k"} if (domain, rest) == ("positive", 0) else set()) <= decided


def test_padding_may_be_zero() -> None:
    """A symbol that is a padding somewhere is 0 or more, and every other one is 1 or more."""
    for program, zero in (
        ("conv3-4(pad=p)", True),
        ("conv3-4(pad=2*p)", True),
        ("upconv3-4/2(outpad=p)", True),
        ("zeropad(before=p)", True),
        ("zeropad(1, after=p)", True),
        ("[relu conv3-4(pad=p)] x 2", True),
        ("conv3-p", False),
        ("conv3-(p + 1)", False),
        ("relu linear-4 x p", False),
    ):
        for head in ("sym p input 3@8x8", "input 3@8x8 sym p", "sym q, p input 3@8x8 conv3-q"):
            assert {d.symbol.low for d in symcost.parse(f"{head} {program}").domain.symbols.values()} == (
                {0, 1} if zero and "q" in head else {0} if zero else {1}
            )
    assert symcost.parse("input 3@p zeropad(before=p)").domain.symbols["p"].symbol.low == 0
    assert symcost.parse("sym p : int input 3@9 zeropad(before=p)").domain.symbols["p"].symbol.low is None
