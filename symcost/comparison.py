"""Two formulas side by side: difference, ratio, limits, and where which is the larger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symcost.counterexamples import SAMPLES, Verdict
from symcost.display import Displayed
from symcost.evaluate import Point, evaluator
from symcost.growth import Limit, Ratio, larger, limit, primitive, ratio, sign_of
from symcost.prove import compare
from symcost.signs import Run, runs
from symcost.sizes.atoms import ZERO, Atom, Monomial, Rational, Size, Symbol
from symcost.sizes.facts import Condition, never_negative
from symcost.sizes.functions import sqrt

MAX_CONDITION = 6  # terms of "the first is larger where ..."; beyond that nobody reads it


@dataclass(frozen=True)
class Sides:
    """Where the first of two formulas is larger: for all values (``always``), in ``runs`` of one symbol, or ``where`` it says.

    ``always`` is 1, 0 or -1, and ``strict`` false where the two may meet. ``witness`` are a point where the first is
    larger and one where it is smaller. Nothing of these: not decided.
    """

    always: int | None = None
    strict: bool = True
    symbol: Symbol | None = None
    runs: tuple[Run, ...] = ()
    where: Condition | None = None
    witness: tuple[Point, Point] | None = None

    @property
    def decided(self) -> bool:
        return self.always is not None or bool(self.runs) or self.where is not None


@dataclass(frozen=True)
class Comparison(Displayed):
    """The first formula against the second."""

    first: Size
    second: Size
    ratio: Ratio
    equal: Verdict
    sides: Sides
    limits: tuple[tuple[Symbol, Limit], ...]

    @property
    def difference(self) -> Size:
        return self.first - self.second


def compared(
    first: Size,
    second: Size,
    known: Sequence[Size] = (),
    hints: Iterable[Size] = (),
    steps: Mapping[Symbol, int] | None = None,
) -> Comparison:
    """Two formulas in the same symbols; ``known`` are sizes that are never negative, ``steps`` of what a symbol is a multiple.

    ``hints`` are sums that may divide both. Raises `DivisionByZero` where the second formula is zero.
    """
    quotient = ratio(first, second, hints)
    held = sorted(quotient.size.symbols(), key=lambda s: s.key)
    limits = ((s, limit(first, second, s)) for s in held)
    found = tuple((s, there) for s, there in limits if there is not None)
    return Comparison(first, second, quotient, compare(first, second), sides(first - second, known, steps or {}), found)


def sides(difference: Size, known: Sequence[Size] = (), steps: Mapping[Symbol, int] | None = None) -> Sides:
    """Where a difference is positive and where it is negative, proved or not said; ``steps`` as in `compared`."""
    sign = sign_of(difference, known)
    if sign is not None:
        return Sides(always=sign)
    plain = primitive(difference)
    left = sorted(plain.symbols(), key=lambda s: s.key)
    if len(left) == 1 and (found := _runs(plain, left[0], known, (steps or {}).get(left[0], 1))):
        return _whole(found) or Sides(symbol=left[0], runs=found)
    for sign in (1, -1):
        if never_negative(sign * difference, known):
            return Sides(always=sign, strict=False)
    witness = _both_signs(plain, left, known)
    if witness is None:
        return Sides()
    short = len(plain.terms) <= MAX_CONDITION
    return Sides(where=_positive(plain) if short else None, witness=witness)


def _runs(size: Size, symbol: Symbol, known: Sequence[Size], step: int) -> tuple[Run, ...] | None:
    """The signs at the multiples of ``step`` at which what is known of the symbol alone holds."""
    start = None if symbol.low is None else -(-symbol.low // 1)
    for fact in known:
        held = runs(fact, symbol) if fact.symbols() == {symbol} else None
        if start is not None and held and held[0].sign < 0 and len(held) > 1:
            start = max(start, held[1].start)
    if step == 1:
        return runs(size, symbol, None if start is None else int(start))
    multiple = Symbol(f"{symbol.name}/{step}", low=None if start is None else -(-start // step))
    found = runs(size.subs({symbol: step * Size.of(multiple)}), multiple)
    return (
        None
        if found is None
        else tuple(Run(r.start * step, None if r.end is None else r.end * step, r.sign) for r in found)
    )


def _whole(found: tuple[Run, ...]) -> Sides | None:
    """Runs without a change of sign say it for all values."""
    signs = {r.sign for r in found} - {0}
    if len(signs) > 1:
        return None
    return Sides(always=max(signs, key=abs, default=0), strict=len(found) == 1)


def _positive(size: Size) -> Condition:
    """``size > 0``; of two terms, as one against the other."""
    added = Size({m: c for m, c in size.terms.items() if c > 0})
    taken = Size({m: -c for m, c in size.terms.items() if c < 0})
    return larger(added, taken) if len(added.terms) == len(taken.terms) == 1 else Condition(">", size)


def _both_signs(size: Size, symbols: Sequence[Symbol], known: Sequence[Size]) -> tuple[Point, Point] | None:
    """A point where the size is positive and one where it is negative, where what is known holds."""
    value, facts = evaluator(size), [evaluator(k) for k in known if k.symbols() <= set(symbols)]
    found: dict[int, Point] = {}
    for point in _points(symbols):
        try:
            number = value(point)
            if number and all(fact(point) >= 0 for fact in facts):
                found.setdefault(1 if number > 0 else -1, point)
        except (ZeroDivisionError, OverflowError):
            continue
        if len(found) == 2:
            return found[1], found[-1]
    return None


def _points(symbols: Sequence[Symbol]) -> Iterator[Point]:
    """Values of every size for every symbol, in turn together and against each other."""
    samples = (*SAMPLES, 1000, 20_000, 10**6)
    for shift in range(len(samples)):
        for start in range(len(samples)):
            point: dict[Symbol, Rational] = {}
            for index, symbol in enumerate(symbols):
                number = Fraction(samples[(start + shift * index) % len(samples)])
                low = number if symbol.low is None else number - 1 + symbol.low
                point[symbol] = low if symbol.high is None else min(low, Fraction(symbol.high))
            yield point


def roots(size: Size, symbol: Symbol) -> tuple[Size, ...] | None:
    """The values of a symbol at which a formula of degree 1 or 2 in it is zero, the smaller first, as exact formulas.

    Without 0, which a positive symbol never is.
    None for other formulas, and where it is not proved that the roots are real.
    """
    powers: dict[int, dict[Monomial, Rational]] = {}
    for monomial, coefficient in primitive(size).terms.items():
        rest: tuple[tuple[Atom, int], ...] = tuple((a, e) for a, e in monomial if a != symbol)
        if any(symbol in Size.of(a).symbols() for a, _ in rest):
            return None
        powers.setdefault(dict(monomial).get(symbol, 0), {})[rest] = coefficient
    if not powers.keys() <= {0, 1, 2} or not powers.keys() - {0}:
        return None
    c, b, a = (Size(powers.get(k, {})) for k in range(3))
    if not a.terms:
        return (-c / b,) if sign_of(b) else None
    if not b.terms and sign_of(-c / a) == 1:
        root = sqrt(-c / a)
        return (-root, root)
    inside = b * b - 4 * a * c
    if not sign_of(a) or not never_negative(inside):
        return None
    ends = [(-b - sqrt(inside)) / (2 * a), (sqrt(inside) - b) / (2 * a)]
    if inside == ZERO:
        return (ends[0],)
    return tuple(ends if sign_of(a) == 1 else ends[::-1])
