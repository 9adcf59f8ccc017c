"""Whether a formula is zero, or never negative, for all values of its symbols: a proof, the smallest counterexample, or neither.

What is tried, in this order: canonical forms; the first points in the order of their size; then proofs. A minimum, maximum
or bracket is split into its cases, each with what holds in it put in; a sum over turns is proved by induction; a remainder
by a symbol is named. A formula with roundings by constant divisors is a quasi-polynomial: on each residue class of its
period D it is a polynomial, so that two which agree at D*(d + 1) consecutive integers of every symbol, where d is the
degree, agree everywhere.

A proof may range over more values than there are, and then holds for those there are. A counterexample is always one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice
from itertools import product as every
from math import ceil as number_ceil
from math import lcm
from typing import TypeVar

from symcost.counterexamples import FAILS, Search, Verdict, values_of
from symcost.evaluate import BeyondReach, Inside, evaluator
from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Rational,
    Size,
    Sum,
    Symbol,
    product,
    total,
)
from symcost.sizes.bounds import lower
from symcost.sizes.facts import Condition, is_zero, never_negative
from symcost.sizes.rounding import over_one_divisor
from symcost.source import SymcostError

QUICK = 16  # points tried before a proof is; most that is wrong is wrong there, and a proof takes less time than hundreds of them
DEEP = 6_000  # points tried where there is none
MAX_POINTS = 60_000  # of the period proof: a second or two
MAX_CLASSES = 1_500  # residues, each an inequality of its own
MAX_EFFORT = 100_000  # terms and their factors, of all that is tried in one proof
MAX_DEPTH = 7  # of cases in cases
MAX_TERMS = 400  # of a formula that is split into cases

T = TypeVar("T")


def compare(a: Size, b: Size, inside: Inside | None = None) -> Verdict:
    """Are two formulas equal for all values of their symbols?

    ``inside`` says which points count: a counterexample outside of a network's domain is none.
    """
    return decide(a - b, "==", inside=inside)


def decide(size: Size, relation: str, conditions: Sequence[Condition] = (), inside: Inside | None = None) -> Verdict:
    """Is ``size == 0`` (or ``>=``, ``>``, ``!=``) wherever the conditions hold?"""
    if relation == "==":
        if not size.terms:
            return Verdict(True, "the canonical forms are the same")
        if any(isinstance(a, Group) for m in size.terms for a, _ in m) and not over_one_divisor(size)[0].terms:
            return Verdict(True, "the canonical forms are the same over one divisor")
    search = Search(size, relation, conditions, inside)
    if not search.symbols:
        number = size.number
        if number is not None:
            wrong = FAILS[relation](number)
            return Verdict(not wrong, f"the difference is {number}", {} if wrong else None, wrong)
        return Verdict(None, "a function that was not evaluated")
    found = search.within(QUICK)
    if found is not None:
        return found
    how = _proved_under(size, relation, conditions)
    if how is not None:
        return Verdict(True, how)
    return (
        search.within(DEEP)
        or search.samples()
        or Verdict(None, "not decided: no proof and no counterexample was found")
    )


# ------------------------------------------------------------ proofs

_fresh = count()


def _new(low: Rational | None = 0, integer: bool = True) -> Symbol:
    return Symbol(f"#{next(_fresh)}", integer, low)


@dataclass(frozen=True)
class _Goal:
    """``size == 0``, ``size != 0`` or ``size >= 0``, where the sizes of ``known`` are never negative."""

    size: Size
    relation: str
    known: tuple[Size, ...] = ()
    depth: int = 0

    def subs(self, values: dict[Symbol, Size]) -> _Goal:
        known = tuple(k.subs(values) for k in self.known)
        return _Goal(self.size.subs(values), self.relation, known, self.depth)

    def of(self, size: Size) -> _Goal:
        return _Goal(size, self.relation, self.known, self.depth + 1)

    def given(self, fact: Size) -> list[_Goal]:
        """The same where ``fact >= 0``, with a symbol written as its least value there plus something; one or two cases."""
        if never_negative(fact, self.known):
            return [self]
        values = _solved(fact)
        if values is not None:
            return [self.subs(values)]
        kept = _Goal(self.size, self.relation, (*self.known, fact), self.depth)
        below = [a for m, c in fact.terms.items() if c == -1 and (a := _alone(m)) and a.low == 0 and a.integer]
        above = [a for m, c in fact.terms.items() if c == 1 and (a := _alone(m)) and a.low == 0 and a.integer]
        if not below or not above or self.depth > MAX_DEPTH:
            return [kept.subs(_loosely(fact))]
        a, c = above[0], below[0]  # either c < a, or c is a plus what the others leave
        less = {a: Size.of(c) + Size.of(_new()) + 1}
        more = {c: Size.of(a) + Size.of(_new())}
        moved = _Goal(self.size, self.relation, self.known, self.depth + 2)
        return [*moved.subs(less).given(fact.subs(less)), *moved.subs(more).given(fact.subs(more))]

    def replaced(self, atom: Atom, value: Size) -> _Goal:
        known = tuple(replaced(k, atom, value) for k in self.known)
        return _Goal(replaced(self.size, atom, value), self.relation, known, self.depth + 1)


def _alone(monomial: tuple[tuple[Atom, int], ...]) -> Symbol | None:
    """The symbol that a term is, by itself."""
    if len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
        return monomial[0][0]
    return None


def _isolated(size: Size) -> Iterator[tuple[Symbol, int, Size]]:
    """Symbols that stand in a sum once, with coefficient 1 or -1, with the rest of it."""
    for monomial, coefficient in size.terms.items():
        symbol = _alone(monomial)
        if symbol is not None and coefficient in (1, -1) and symbol.definition is None:
            rest = size - Size({monomial: coefficient})
            if symbol not in rest.symbols() and rest.integer >= symbol.integer:
                yield symbol, int(coefficient), rest


def _solved(fact: Size) -> dict[Symbol, Size] | None:
    """A symbol as its least value plus something, where ``fact >= 0`` says no less than its own bound."""
    for symbol, sign, rest in _isolated(fact):
        if sign > 0 and (symbol.low is None or never_negative(-rest - symbol.low)):
            return {symbol: Size.of(_new(integer=symbol.integer)) - rest}
    for symbol, sign, rest in _isolated(fact):
        if sign < 0 and symbol.low is None:
            return {symbol: rest - Size.of(_new(integer=symbol.integer))}
    return None


def _loosely(fact: Size) -> dict[Symbol, Size]:
    """The same, where the symbol's own bound is lost: more is to be proved, and roundings of the fact can be seen through."""
    found = ((s, rest) for s, sign, rest in _isolated(fact) if sign > 0)
    return next(({s: Size.of(_new(integer=s.integer)) - rest} for s, rest in found), {})


def _proved_under(size: Size, relation: str, conditions: Sequence[Condition]) -> str | None:
    """How the claim is proved, with the conditions put in where it is not true without them."""
    if relation == "!=":
        how = _proved_under(size, ">", conditions) or _proved_under(-size, ">", conditions)
        return how or _under(size, relation, conditions)
    if relation == ">":
        if not size.integer:
            return "its lower bound is positive" if (lower(size) or 0) > 0 else None
        size, relation = size - 1, ">="
    return _under(size, relation, conditions)


def _under(size: Size, relation: str, conditions: Sequence[Condition]) -> str | None:
    plain = [c for c in conditions if c.guard == ONE and not c.turns]
    how = _safely(lambda: _proof(_Goal(size, relation)))
    if how is not None or not plain:
        return how
    goals = _safely(lambda: _conditioned(_Goal(size, relation), sorted(plain, key=lambda c: _EASE.get(c.kind, 9))))
    how = _safely(lambda: _of_all(goals)) if goals is not None else None
    return None if how is None else f"{how}, under the conditions"


def _safely(attempt: Callable[[], T]) -> T | None:
    """A proof that grows too large is none."""
    before = _left.set([MAX_EFFORT])
    try:
        return attempt()
    except (SymcostError, RecursionError, OverflowError):
        return None
    finally:
        _left.reset(before)


_left: ContextVar[list[int]] = ContextVar("effort left")  # within `_safely`


def _spend(goal: _Goal) -> None:
    """So many terms, and atoms in them, more to be looked at. Raises `OverflowError` when it becomes too many."""
    left = _left.get()
    left[0] -= sum(1 + len(monomial) for monomial in goal.size.terms)
    if left[0] < 0:
        raise BeyondReach("a proof that looks at too many terms")


_EASE = {"==": 0, "|": 1, ">=": 2}


def _conditioned(goal: _Goal, conditions: Sequence[Condition]) -> list[_Goal]:
    """The goal with the conditions put in, one after the other."""
    if not conditions:
        return [goal]
    first, *others = conditions
    values, more = _substitution(first)
    goals = [goal.subs(values)]
    for fact in more:
        goals = [g for one in goals for g in one.given(fact)]
    left = [c.subs(values) for c in others]
    if first.kind != ">=" or not goals:
        return [g for one in goals for g in _conditioned(one, left)]
    # an inequality renames symbols while it is put in: those behind it are put in beside it
    moved = _solved(first.size) or {}
    goals = [goal.subs(moved)] if moved else goal.given(first.size)
    return [g for one in goals for g in _conditioned(one, [c.subs(moved) for c in others])]


def _substitution(condition: Condition) -> tuple[dict[Symbol, Size], list[Size]]:
    """What an equation or a divisibility says of a symbol, and what is then never negative."""
    match condition.kind:
        case "==":
            for symbol, sign, rest in _isolated(condition.size):
                value = -sign * rest
                return {symbol: value}, [] if symbol.low is None else [value - symbol.low]
        case "|":
            for monomial, coefficient in condition.size.terms.items():
                divided = _alone(monomial)
                if divided is None or not divided.integer:
                    continue
                divisor = condition.divisor / Size.of(abs(Fraction(coefficient)))
                rest = (condition.size - Size({monomial: coefficient})) / -coefficient
                if divisor.integer and rest.integer and divided not in divisor.symbols() | rest.symbols():
                    value, more = _multiple(divided, divisor, rest)
                    return {divided: value}, more
    return {}, []


def _multiple(symbol: Symbol, divisor: Size, rest: Size) -> tuple[Size, list[Size]]:
    """``divisor*m + rest``, which is no less than the bound of the symbol."""
    number, shift = divisor.number, rest.number
    if symbol.low is None:
        return divisor * Size.of(_new(None)) + rest, []
    if isinstance(number, int) and number > 0 and shift is not None:
        return divisor * Size.of(_new(number_ceil(Fraction(symbol.low - shift) / number))) + rest, []
    if not rest.terms and (lower(divisor) or 0) > 0 and symbol.low >= 0:
        return divisor * Size.of(_new(1 if symbol.low > 0 else 0)), []
    value = divisor * Size.of(_new(None)) + rest
    return value, [value - symbol.low]


def _of_all(goals: Sequence[_Goal]) -> str | None:
    """How all are proved; told once."""
    ways: dict[str, None] = {}
    for goal in goals:
        how = _proof(goal)
        if how is None:
            return None
        ways[how] = None
    return "; ".join(ways)


def _proof(goal: _Goal) -> str | None:
    _spend(goal)
    how = _direct(goal)
    if how is not None or goal.depth > MAX_DEPTH or len(goal.size.terms) > MAX_TERMS:
        return how
    choice = _choice(goal.size)
    if choice is not None:
        how = _of_all([g for one, facts in _cases(goal, choice) for g in _all_given(one, facts)])
        return None if how is None else how if how.startswith("case by case") else f"case by case: {how}"
    if goal.relation == "!=":
        return None
    for attempt in (_by_induction, _over_a_period if goal.relation == "==" else _by_classes, _with_a_remainder):
        how = attempt(goal)
        if how is not None:
            return how
    return None


def _all_given(goal: _Goal, facts: Sequence[Size]) -> list[_Goal]:
    goals = [goal]
    for fact in facts:
        goals = [g for one in goals for g in one.given(fact)]
    return goals


def _direct(goal: _Goal) -> str | None:
    size = goal.size
    if goal.relation == "==":
        if not size.terms:
            return "the canonical forms are the same"
        if any(isinstance(a, Group) for m in size.terms for a, _ in m) and not over_one_divisor(size)[0].terms:
            return "the canonical forms are the same over one divisor"
        return "it follows from what is known" if goal.known and is_zero(size, goal.known) else None
    if goal.relation == "!=":
        return "no value of a symbol makes it 0" if is_zero(size, goal.known) is False else None
    if never_negative(size, goal.known) or never_negative(_lowered(size), goal.known):
        return "no value of a symbol makes it negative"
    if any(isinstance(a, Group) for m in size.terms for a, _ in m):
        top, bottom = over_one_divisor(size)
        return (
            "no value of a symbol makes it negative"
            if (lower(bottom) or 0) > 0 and never_negative(top, goal.known)
            else None
        )
    return None


def _lowered(size: Size) -> Size:
    """With the bounds ``(n - d + 1)/d <= ⌊n/d⌋ <= n/d`` for roundings that are terms by themselves."""
    parts = []
    for monomial, coefficient in size.terms.items():
        atom = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if isinstance(atom, Floor) and atom.numerator.integer:
            n, d = atom.numerator, atom.denominator
            parts.append(coefficient * ((n - d + 1 if coefficient > 0 else n) / d))
        else:
            parts.append(Size({monomial: coefficient}))
    return total(parts)


# by cases


def _choice(size: Size) -> Atom | None:
    """A minimum, maximum or bracket with no other inside it."""
    for atom in sorted(size.atoms(), key=lambda a: a.key):
        chooses = atom.name in ("min", "max") if isinstance(atom, Function) else isinstance(atom, Holds)
        if isinstance(atom, Holds) and (atom.kind == ">" or (atom.kind == "|" and atom.divisor.number is not None)):
            continue
        if chooses and all(_choice(part) is None for part in atom.inside()):
            return atom
    return None


def _cases(goal: _Goal, atom: Atom) -> list[tuple[_Goal, list[Size]]]:
    """The goal without the choice, with what holds in each case."""
    if isinstance(atom, Function):
        sign = 1 if atom.name == "min" else -1
        return [
            (goal.replaced(atom, arg), [(other - arg) * sign for other in atom.args if other is not arg])
            for arg in atom.args
        ]
    assert isinstance(atom, Holds)
    true, false = goal.replaced(atom, ONE), goal.replaced(atom, ZERO)
    below, above = -atom.size - 1, atom.size - 1
    if not atom.size.integer:
        return [(true, []), (false, [])]
    match atom.kind:
        case ">=":
            return [(true, [atom.size]), (false, [below])]
        case "==" | "!=":
            met, unmet = (true, false) if atom.kind == "==" else (false, true)
            solved = next(((s, -sign * rest) for s, sign, rest in _isolated(atom.size)), None)
            on_it = met.subs({solved[0]: solved[1]}) if solved else met
            bound = [solved[1] - solved[0].low] if solved and solved[0].low is not None else []
            return [(on_it, bound if solved else [atom.size, -atom.size]), (unmet, [below]), (unmet, [above])]
    divided = _conditioned(true, [Condition("|", atom.size, atom.divisor)])
    return [*((one, list[Size]()) for one in divided), (false, [])]


def replaced(size: Size, atom: Atom, value: Size) -> Size:
    """The formula with a value for one atom, wherever it stands."""

    def of_atom(a: Atom) -> Size:
        if a == atom:
            return value
        return a.rebuilt(lambda part: replaced(part, atom, value)) if atom in Size.of(a).atoms() else Size.of(a)

    return total(c * product(of_atom(a) ** e for a, e in m) for m, c in size.terms.items())


# sums over turns, by induction


def _by_induction(goal: _Goal) -> str | None:
    """A sum over n turns: the claim for the least n, and that one turn more adds as much on both sides (or no less)."""
    sums = [a for a in goal.size.atoms() if isinstance(a, Sum)]
    turns = [s for a in sums for s in a.count.symbols() if (a.count - Size.of(s)).number is not None]
    if not sums or not turns or goal.known:
        return None
    n = turns[0]
    if (
        n.low is None
        or n.high is not None
        or any((a.count - Size.of(n)).number is None or n in _terms(a) for a in sums)
    ):
        return None
    size, later = goal.size, {n: Size.of(n) + 1}
    for atom in sums:
        held = _new(None)
        size = replaced(size, atom, Size.of(held))
        later[held] = Size.of(held) + atom.term.subs({atom.index: atom.count})
    if not all(_proof(goal.of(part)) for part in (goal.size.subs({n: Size.of(n.low)}), size.subs(later) - size)):
        return None
    return f"by induction on {n.name}"


def _terms(atom: Sum) -> set[Symbol]:
    """The symbols in a term, those of the index's own bound aside."""
    return atom.term.symbols() - {atom.index}


# residues


def _over_a_period(goal: _Goal) -> str | None:
    """Equal at all points of a full period of every symbol, in both of its ways: constant divisors only."""
    size = _abstracted(goal.size)
    grid: list[list[Rational]] = []
    points = 1
    symbols = sorted(size.symbols(), key=lambda s: s.key)
    for symbol in symbols:
        period, degree = period_in(size, symbol), degree_in(size, symbol)
        if period is None or degree is None:
            return None
        column = [value for _, value in islice(_upwards(symbol), min(period * (degree + 1), MAX_POINTS + 1))]
        points *= len(column)
        if points > MAX_POINTS:
            return None
        grid.append(column)
    value = evaluator(size)
    for values in every(*grid):
        if value(dict(zip(symbols, values, strict=True))) != 0:
            return None
    return f"equal at all {points} points of a full period"


def _upwards(symbol: Symbol) -> Iterator[tuple[Rational, Rational]]:
    """Consecutive values; those below the least are values of the formula too."""
    return values_of(symbol) if symbol.low is not None and symbol.integer else ((i, Fraction(i)) for i in count())


def _abstracted(size: Size) -> Size:
    """Powers, roots and roundings by symbols as symbols of their own, of which nothing is known."""
    for atom in sorted(size.atoms(), key=lambda a: a.key):
        constant = isinstance(atom, Floor) and isinstance(atom.denominator.number, int) and atom.numerator.integer
        bracket = isinstance(atom, Holds) and isinstance(atom.divisor.number, int) and atom.kind == "|"
        if not isinstance(atom, Symbol) and not constant and not bracket:
            size = replaced(size, atom, Size.of(_new(None, atom.integer)))
    return size


def _by_classes(goal: _Goal) -> str | None:
    """An inequality on each residue class, where roundings are no more."""
    size, classes = goal.size, [goal.size]
    if goal.known:
        return None
    for symbol in sorted(size.symbols(), key=lambda s: s.key):
        period = period_in(size, symbol)
        if period is None or symbol.low is None or period * len(classes) > MAX_CLASSES:
            return None
        if period > 1:
            q = Size.of(_new())
            classes = [c.subs({symbol: period * q + (symbol.low + r)}) for c in classes for r in range(period)]
    if len(classes) == 1 or not all(never_negative(c) for c in classes):
        return None
    return f"no value of a symbol makes it negative, on each of {len(classes)} residue classes"


def _with_a_remainder(goal: _Goal) -> str | None:
    """A rounding ``⌊n/d⌋`` by a symbol: n is written as ``q*d + r`` with ``0 <= r < d``."""
    for atom in sorted(goal.size.atoms(), key=lambda a: a.key):
        if not isinstance(atom, Floor) or atom.denominator.number is not None or not atom.numerator.integer:
            continue
        n, d = atom.numerator, atom.denominator
        for symbol, sign, rest in _isolated(n):
            if symbol in d.symbols() or not symbol.integer:
                continue
            r = _new()
            q = _new(0 if never_negative(n) else None)
            moved = _Goal(goal.size, goal.relation, goal.known, goal.depth + 2)
            moved = moved.subs({symbol: sign * (d * Size.of(q) + Size.of(r) - rest)})
            how = _of_all(moved.given(d - 1 - Size.of(r)))
            if how is not None:
                return how if how.startswith("with remainders") else f"with remainders named: {how}"
    return None


def period_in(size: Size, symbol: Symbol) -> int | None:
    """The lcm of the constant divisors under which a symbol stands, or None when a divisor is no constant."""
    result = 1
    for atom in size.atoms():
        if not any(symbol in part.symbols() for part in atom.inside()):
            continue
        match atom:
            case Floor():
                top, divisor = atom.numerator, atom.denominator.number
            case Holds(kind="|"):
                top, divisor = atom.size, atom.divisor.number
            case _:
                return None
        inner = period_in(top, symbol)
        if not isinstance(divisor, int) or inner is None or not top.integer:
            return None
        result = lcm(result, divisor * inner)
    return result


def degree_in(size: Size, symbol: Symbol) -> int | None:
    """An upper bound of the degree in a symbol, a rounding counting as what is rounded."""
    best = 0
    for monomial in size.terms:
        degree = 0
        for atom, exponent in monomial:
            own = 1 if atom == symbol else 0
            if isinstance(atom, Floor):
                inner = degree_in(atom.numerator, symbol)
                own = inner if inner is not None else 0
            if own and exponent < 0:
                return None
            degree += own * max(exponent, 0)
        best = max(best, degree)
    return best
