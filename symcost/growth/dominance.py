"""In several symbols: the terms that no other always outgrows, by linear inequalities on exponents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product as every
from math import gcd

from symcost.growth.orders import larger, leading, sign_of
from symcost.growth.smoothing import smooth
from symcost.sizes.atoms import (
    Floor,
    Size,
    Symbol,
    product,
    total,
)
from symcost.sizes.facts import Condition, never_negative

MAX_INEQUALITIES = 3_000  # while a system of them is solved


@dataclass(frozen=True)
class Term:
    """A term that can be the largest: its exponents in the growing symbols, and the whole of it."""

    exponents: tuple[int, ...]
    size: Size
    beats: tuple[Condition, ...] = ()  # together they say where it is the largest of its formula


@dataclass(frozen=True)
class Dominant:
    """The terms one of which is the largest in the end, and with them the order of growth."""

    symbols: tuple[Symbol, ...]
    terms: tuple[Term, ...]

    @property
    def theta(self) -> Size:
        """``Θ`` of the formula: the terms without their coefficients."""
        return total(_monomial(t.exponents, self.symbols) for t in self.terms)


def dominant(
    size: Size, symbols: Sequence[Symbol], assumed: Sequence[tuple[Size, Size]] = (), known: Sequence[Size] = ()
) -> Dominant | None:
    """Which terms can be the largest when all of some symbols grow, the others held fixed.

    ``assumed`` are pairs ``(a, b)`` of products of symbols with ``a >= b`` up to a constant factor. Terms that another one, or
    several together, always exceed are left out. None where that does not decide the order: a negative term that is not smaller,
    a divisor that grows, a coefficient of unknown sign.
    """
    found = _positive(size, symbols, assumed, known)
    if found is None:
        return None
    positive, cone = found
    kept = _undominated(list(positive), cone)
    terms = [Term(e, positive[e] * _monomial(e, symbols)) for e in kept]
    return Dominant(tuple(symbols), tuple(Term(t.exponents, t.size, _beats(t, terms)) for t in terms))


def asymptote(size: Size, symbols: Sequence[Symbol], known: Sequence[Size] = ()) -> Size | None:
    """What a formula is like when all of some symbols grow, in whatever proportion: the quotient of the two goes to 1.

    Only terms that vanish beside another one are left out: of ``a^2 + a*b + b^2`` no term is the largest by far where a = b.
    """
    found = _positive(size, symbols, (), known)
    if found is None:
        return None
    positive, cone = found
    kept = [e for e in positive if not any(_vanishes(e, other, cone) for other in positive if other != e)]
    return total(positive[e] * _monomial(e, symbols) for e in kept)


def unbounded(size: Size, conditions: Iterable[Condition]) -> list[Symbol]:
    """Symbols of a formula that can grow by themselves: no condition bounds them; none in an exponent, a choice or a sum."""
    inside = {
        s for a in size.atoms() if not isinstance(a, Symbol | Floor) for part in a.inside() for s in part.symbols()
    }
    free = [s for s in sorted(size.symbols() - inside, key=lambda s: s.key) if s.high is None and s.top is None]
    bounds = [c for c in conditions if c.kind in (">=", ">", "==")]
    return [s for s in free if all(_rises(c, s) for c in bounds if s in c.size.symbols())]


def _rises(condition: Condition, symbol: Symbol) -> bool:
    """Whether a condition that holds goes on to hold when a symbol grows."""
    found = leading(condition.size, symbol)
    return condition.kind != "==" and found is not None and found.eventual == 1


def _positive(
    size: Size, symbols: Sequence[Symbol], assumed: Sequence[tuple[Size, Size]], known: Sequence[Size]
) -> tuple[dict[tuple[int, ...], Size], list[list[int]]] | None:
    """The coefficients of the positive terms, beside which all others vanish, and the assumptions on the exponents."""
    smoothed = smooth(size, known)
    parts = (
        None if smoothed is None else [_by_exponents(s, symbols) for s in (smoothed.form, smoothed.low, smoothed.high)]
    )
    facts = [_assumed(a, b, symbols) for a, b in assumed]
    if parts is None or any(p is None for p in parts) or any(f is None for f in facts):
        return None
    form, *errors = (p for p in parts if p is not None)
    cone = [f for f in facts if f is not None]
    positive = {e: s for e, s in form.items() if sign_of(s, known) == 1}
    smaller = [e for e in form if e not in positive] + [e for part in errors for e in part]
    if not all(any(_vanishes(e, other, cone) for other in positive) for e in smaller):
        return None
    return positive, cone


def _by_exponents(size: Size, symbols: Sequence[Symbol]) -> dict[tuple[int, ...], Size] | None:
    """A polynomial by its exponents in some symbols; None where they stand elsewhere too."""
    found: dict[tuple[int, ...], list[Size]] = {}
    for monomial, coefficient in size.terms.items():
        exponents = dict(monomial)
        if any(not isinstance(a, Symbol) and not Size.of(a).symbols().isdisjoint(symbols) for a in exponents):
            return None
        rest = tuple((a, e) for a, e in monomial if a not in symbols)
        key = tuple(exponents.get(s, 0) for s in symbols)
        found.setdefault(key, []).append(Size({rest: coefficient}))
    return {key: total(rest) for key, rest in found.items()}


def _assumed(a: Size, b: Size, symbols: Sequence[Symbol]) -> list[int] | None:
    """``a >= b`` as an inequality of logarithms: ``d >= 4*T`` is ``log d - log T >= 0``, up to a constant."""
    found = _by_exponents(a / b, symbols)
    return None if found is None or len(found) != 1 else list(next(iter(found)))


def _monomial(exponents: Sequence[int], symbols: Sequence[Symbol]) -> Size:
    return product(Size.of(s) ** e for s, e in zip(symbols, exponents, strict=True))


def _vanishes(term: Sequence[int], beside: Sequence[int], cone: list[list[int]]) -> bool:
    """Whether the ratio of two terms goes to 0 when all symbols grow: no direction with logarithms >= 1 where it does not."""
    count = len(term)
    rows = [[*(int(i == j) for j in range(count)), -1] for i in range(count)] + [[*row, 0] for row in cone]
    rows.append([*(t - b for t, b in zip(term, beside, strict=True)), 0])
    return feasible([(r, False) for r in rows]) is False


def _undominated(terms: list[tuple[int, ...]], cone: list[list[int]]) -> list[tuple[int, ...]]:
    """The corners of the Newton polytope that look to infinity: each is the largest in some direction."""
    count = len(terms[0]) if terms else 0
    inside = [([*(int(i == j) for j in range(count)), 0], False) for i in range(count)] + [
        ([*r, 0], False) for r in cone
    ]
    kept = list(terms)
    for term in terms:
        above = [([*(t - o for t, o in zip(term, other, strict=True)), 0], True) for other in kept if other != term]
        if feasible(inside + above) is False:
            kept.remove(term)
    return kept


def feasible(rows: list[tuple[list[int], bool]]) -> bool | None:
    """Whether some x has ``a.x + c >= 0`` (``> 0`` where strict) for all rows ``[*a, c]``: Fourier-Motzkin elimination.

    None where there are too many inequalities to say.
    """
    while rows and len(rows[0][0]) > 1:
        above = [r for r in rows if r[0][0] > 0]
        below = [r for r in rows if r[0][0] < 0]
        if len(above) * len(below) > MAX_INEQUALITIES:
            return None
        left = {(tuple(r[1:]), strict) for r, strict in rows if not r[0]}
        for (a, s), (b, t) in every(above, below):
            row = [x * -b[0] + y * a[0] for x, y in zip(a, b, strict=True)][1:]
            scale = gcd(*row) or 1
            left.add((tuple(x // scale for x in row), s or t))
        rows = [(list(r), strict) for r, strict in left]
    return all(r[0] > 0 if strict else r[0] >= 0 for r, strict in rows)


def _beats(term: Term, terms: Sequence[Term]) -> tuple[Condition, ...]:
    """Where a term is larger than each of the others; what follows from another of these conditions is left out."""
    found = [larger(term.size, other.size) for other in terms if other is not term]
    kept = [c for c in found if c.holds() is not True]
    return tuple(c for i, c in enumerate(kept) if not any(_follows(c, o, j < i) for j, o in enumerate(kept) if j != i))


def _follows(condition: Condition, other: Condition, earlier: bool) -> bool:
    difference = condition.size - other.size
    return never_negative(difference) and (earlier or bool(difference.terms))
