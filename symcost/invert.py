"""The largest or smallest value of a symbol with which costs keep to a budget, exact through roundings.

Where a cost never falls as the symbol grows, which its form shows, bisection over the integers finds the end; otherwise the signs
of ``budget - cost`` on every residue class say where it fits (`symcost.signs`); otherwise a bound from the form without roundings
makes the search finite. What none of them decides is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from itertools import product as every

from symcost.display import Displayed
from symcost.domain import Domain
from symcost.evaluate import evaluator, free
from symcost.growth import CONSTANT, leading, sign_of, smooth
from symcost.limiting import check
from symcost.signs import Run, runs
from symcost.sizes.atoms import Atom, Floor, Function, Power, Rational, Size, Symbol
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.functions import sqrt
from symcost.sizes.rounding import floor
from symcost.source import Diagnostic, SymcostError

MAX_SCAN = 200_000  # integers tried one by one
MAX_DOUBLINGS = 256
MAX_DOWN = 20_000  # values outside the domain passed over

Inside = Callable[[int], bool]
MONOTONE = "the cost never falls as the symbol grows"
SIGNS = "the cost is a polynomial on every residue class, and changes sides where this says"
SCAN = "every value was tried up to a proven bound"


@dataclass(frozen=True)
class Budget:
    """``cost <= bound``, or ``cost >= bound``."""

    cost: Size
    bound: Size
    most: bool = True

    @property
    def slack(self) -> Size:
        """Not negative where the budget is kept."""
        return self.bound - self.cost if self.most else self.cost - self.bound

    def subs(self, values: dict[Symbol, Size]) -> Budget:
        return Budget(self.cost.subs(values), self.bound.subs(values), self.most)


@dataclass(frozen=True)
class Stretch:
    """Integers from ``start`` to ``end`` (None: without end), all within budget, and how that is known."""

    start: int
    end: int | None
    how: str


@dataclass(frozen=True)
class Answer(Displayed):
    """The value asked for, None where there is none; ``unlimited`` where every large value fits.

    ``gaps`` are stretches of smaller values that do not fit although a larger one does; ``beyond`` is the next value.
    """

    value: int | None
    unlimited: bool = False
    how: str = ""
    gaps: tuple[tuple[int, int], ...] = ()
    beyond: int | None = None


def largest(budgets: Sequence[Budget], symbol: Symbol, inside: Inside | None = None) -> Answer | None:
    """The largest integer for a symbol that keeps to all budgets; ``inside`` says at which values the network exists.

    None where it is not decided, for example while other symbols are left.
    """
    found = allowed(budgets, symbol)
    if found is None:
        return None
    if found and found[-1].end is None:
        return Answer(None, True, found[-1].how)
    for index, stretch in reversed(list(enumerate(found))):
        assert stretch.end is not None
        last = max(stretch.start, stretch.end - MAX_DOWN)
        value = next((x for x in range(stretch.end, last - 1, -1) if inside is None or inside(x)), None)
        if value is not None:
            return Answer(value, False, stretch.how, _gaps(found[: index + 1]))
        if last > stretch.start:
            return None
    return Answer(None, False, found[0].how if found else "")


def smallest(budgets: Sequence[Budget], symbol: Symbol, inside: Inside | None = None) -> Answer | None:
    """The smallest integer for a symbol that keeps to all budgets."""
    found = allowed(budgets, symbol)
    if found is None:
        return None
    for stretch in found:
        last = stretch.start + MAX_DOWN if stretch.end is None else min(stretch.end, stretch.start + MAX_DOWN)
        value = next((x for x in range(stretch.start, last + 1) if inside is None or inside(x)), None)
        if value is not None:
            return Answer(value, False, stretch.how)
        if last != stretch.end:
            return None
    return Answer(None, False, found[0].how if found else "")


def _gaps(found: Sequence[Stretch]) -> tuple[tuple[int, int], ...]:
    return tuple((a.end + 1, b.start - 1) for a, b in pairwise(found) if a.end is not None)


def allowed(budgets: Sequence[Budget], symbol: Symbol) -> list[Stretch] | None:
    """All integers a symbol can be, within every budget."""
    found: list[Stretch] | None = None
    for budget in budgets:
        own = _allowed(budget, symbol)
        if own is None:
            return None
        found = own if found is None else list(_common(found, own))
    return found


def _common(a: Iterable[Stretch], b: Sequence[Stretch]) -> Iterable[Stretch]:
    for first, second in every(a, b):
        start = max(first.start, second.start)
        ends = [e for e in (first.end, second.end) if e is not None]
        if not ends or start <= min(ends):
            yield Stretch(start, min(ends, default=None), first.how)


def _allowed(budget: Budget, symbol: Symbol) -> list[Stretch] | None:
    if not symbol.integer or symbol.low is None or free(budget.slack) - {symbol}:
        return None
    if budget.bound.number is not None and never_falls(budget.cost, symbol):
        found = _bisected(budget, symbol)
        if found is not None:
            return found
    signs = runs(budget.slack, symbol)
    if signs is not None:
        return [Stretch(r.start, r.end, SIGNS) for r in _joined(r for r in signs if r.sign >= 0)]
    return _scanned(budget, symbol)


def _joined(found: Iterable[Run]) -> list[Run]:
    kept: list[Run] = []
    for run in found:
        if kept and kept[-1].end is not None and kept[-1].end + 1 == run.start:
            run = Run(kept.pop().start, run.end, 1)
        kept.append(run)
    return kept


# ------------------------------------------------------------ in a domain


@dataclass(frozen=True)
class Unknown:
    """A symbol to be found: the integer inside (``X/32``), and how the user's symbol follows from it (``32*m``)."""

    name: str
    symbol: Symbol
    formula: Size

    @staticmethod
    def of(domain: Domain, name: str) -> Unknown:
        declared = domain.declared(name)
        inner = sorted(declared.size.symbols(), key=lambda s: s.key)
        if len(inner) != 1:
            raise undecided(f"'{name}' is {declared.size}: more than one number decides it", "give the others values")
        return Unknown(name, inner[0], declared.size)

    def outside(self, value: int) -> int:
        number = self.formula.subs({self.symbol: Size.of(value)}).number
        assert isinstance(number, int)
        return number


def inverted(domain: Domain, budgets: Sequence[Budget], name: str, least: bool = False) -> Answer:
    """The largest (or smallest) value of a symbol of a network within budgets, in the user's symbol.

    ``budgets`` are in the symbols inside the domain. Raises `SymcostError` where it is not decided.
    """
    unknown = Unknown.of(domain, name)
    others = sorted({s.name for b in budgets for s in free(b.slack)} - {unknown.symbol.name})
    if others:
        raise undecided(
            f"'{name}' within this budget depends on {', '.join(others)}", "give the others values with --set"
        )
    if not unknown.symbol.integer:
        raise undecided(f"'{name}' is no integer", f"say which values to try: {name}=0.25..1:0.25")
    answer = (smallest if least else largest)(budgets, unknown.symbol, existing(domain, [unknown.symbol]))
    if answer is None:
        raise undecided(f"cannot decide which '{name}' keep to the budget", "give a range of values to try")
    if answer.value is None:
        return answer
    gaps = tuple((unknown.outside(a), unknown.outside(b)) for a, b in answer.gaps)
    beyond = unknown.outside(answer.value + (-1 if least else 1))
    return replace(answer, value=unknown.outside(answer.value), gaps=gaps, beyond=beyond)


def existing(domain: Domain, symbols: Sequence[Symbol]) -> Callable[..., bool]:
    """Whether the network exists at values of some symbols, as far as the values tell."""
    asked = (*domain.conditions, *domain.assumed)

    def inside(*values: Rational) -> bool:
        point = {s: Size.of(v) for s, v in zip(symbols, values, strict=True)}
        return all(c.subs(point).holds() is not False for c in asked)

    return inside


def undecided(message: str, help_: str) -> SymcostError:
    return SymcostError(Diagnostic("undecided", message, help=help_))


# ------------------------------------------------------------ costs that never fall


def never_falls(size: Size, symbol: Symbol) -> bool:
    """Whether its form shows that a formula does not fall as a symbol grows: sums and products of what does not fall."""
    return all(_positive_in(monomial, coefficient, symbol) for monomial, coefficient in size.terms.items())


def _positive_in(monomial: tuple[tuple[Atom, int], ...], coefficient: Rational, symbol: Symbol) -> bool:
    if not any(symbol in Size.of(a).symbols() for a, _ in monomial):
        return True
    if coefficient < 0 or any((low := bounds(a)[0]) is None or low < 0 for a, _ in monomial):
        return False
    return all(e > 0 and _rises(a, symbol) for a, e in monomial if symbol in Size.of(a).symbols())


def _rises(atom: Atom, symbol: Symbol) -> bool:
    match atom:
        case Symbol():
            return True
        case Floor():
            above = symbol not in atom.denominator.symbols() and (lower(atom.denominator) or 0) > 0
            return above and never_falls(atom.numerator, symbol)
        case Power():
            return (
                symbol not in atom.base.symbols()
                and (lower(atom.base) or 0) >= 1
                and never_falls(atom.exponent, symbol)
            )
        case Function(name="min" | "max" | "sqrt" | "log2" | "ceil"):
            return all(never_falls(a, symbol) for a in atom.args)
    return False


def _bisected(budget: Budget, symbol: Symbol) -> list[Stretch] | None:
    """Where a cost that never falls fits: from the lowest value on, or from some value on."""
    start, top = int(-(-(symbol.low or 0) // 1)), None if symbol.high is None else int(symbol.high // 1)
    value = evaluator(budget.slack)

    def exceeds(x: int) -> bool:  # false, and from some value on true
        return (value({symbol: x}) >= 0) != budget.most

    try:
        first = start if exceeds(start) else _first(exceeds, start, top, _bounded(budget, symbol))
    except OverflowError:
        return None
    if first is None:
        return None
    if budget.most:
        return [] if first == start else [Stretch(start, None if first < start else first - 1, MONOTONE)]
    return [] if first < start else [Stretch(first, top, MONOTONE)]


def _bounded(budget: Budget, symbol: Symbol) -> bool | None:
    """Whether no value is large enough: a cost that never falls stays below its limit."""
    found = leading(budget.cost, symbol)
    if found is None:
        return None
    if found.order > CONSTANT:
        return False
    below = sign_of(budget.bound - found.coefficient)
    return below == 1 or (below == 0 and budget.most) or (None if below is None else False)


def _first(exceeds: Callable[[int], bool], start: int, top: int | None, bounded: bool | None) -> int | None:
    """The first value that exceeds; ``start - 1`` where none does; None where that is not known."""
    below, step = start, 1
    if top is None:
        if bounded is not False:
            return start - 1 if bounded else None
        for _ in range(MAX_DOUBLINGS):
            if exceeds(start + step):
                break
            below, step = start + step, step * 2
        else:
            return None
        above = start + step
    else:
        if not exceeds(top):
            return start - 1
        above = top
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if exceeds(middle) else (middle, above)
    return above


def _scanned(budget: Budget, symbol: Symbol) -> list[Stretch] | None:
    """Every value up to one beyond which the cost without roundings, less its error, is too large for good."""
    smoothed = smooth(budget.cost)
    if smoothed is None or not budget.most:
        return None
    least = runs(budget.bound - smoothed.form - smoothed.low, symbol)
    if not least or least[-1].sign >= 0 or least[-1].start > MAX_SCAN:
        return None
    value = evaluator(budget.slack)
    start = least[0].start
    fits = [x for x in range(start, least[-1].start) if value({symbol: x}) >= 0]
    return [Stretch(r.start, r.end, SCAN) for r in _joined(Run(x, x, 1) for x in fits)]


# ------------------------------------------------------------ closed forms


def closed(budget: Budget, symbol: Symbol) -> Size | None:
    """The largest value as a formula, where the cost is ``a*x + c`` or ``a*x^2 + b*x + c`` with a > 0, b >= 0, no rounding of x.

    It holds where the lowest value fits. Other symbols, and a budget that is a formula, may stand in it.
    """
    powers: dict[int, dict[tuple[tuple[Atom, int], ...], Rational]] = {}
    for monomial, coefficient in budget.cost.terms.items():
        rest = tuple((a, e) for a, e in monomial if a != symbol)
        if any(symbol in Size.of(a).symbols() for a, _ in rest):
            return None
        powers.setdefault(dict(monomial).get(symbol, 0), {})[rest] = coefficient
    if (
        not budget.most
        or symbol in budget.bound.symbols()
        or not powers.keys() <= {0, 1, 2}
        or max(powers, default=0) == 0
    ):
        return None
    a, b = Size(powers.get(2, {})), Size(powers.get(1, {}))
    left = budget.bound - Size(powers.get(0, {}))
    if not a.terms:
        return floor(left / b) if sign_of(b) == 1 else None
    if sign_of(a) != 1:
        return None
    if not b.terms:
        return floor(sqrt(left / a))
    if sign_of(b) != 1:
        return None
    if a.number is not None and b.number is not None:  # (b/2a)^2 keeps the numbers small
        half = b / (2 * a)
        return floor(sqrt(left / a + half * half) - half)
    return floor((sqrt(b * b + 4 * a * left) - b) / (2 * a))


# ------------------------------------------------------------ several unknowns


@dataclass(frozen=True)
class Frontier:
    """Values of several symbols within budget, none of which another one exceeds in every symbol; how many were tried."""

    symbols: tuple[Symbol, ...]
    points: tuple[tuple[Rational, ...], ...]
    tried: int


Fits = Callable[..., bool]  # of the values of the symbols, in order


def frontier(
    budgets: Sequence[Budget], ranges: Mapping[Symbol, Sequence[Rational]], inside: Fits | None = None
) -> Frontier | None:
    """The points within all budgets that are not dominated, over the values given for each symbol, the last one inverted.

    Exact: every combination of the first symbols is tried, and for each the last symbol's values from the largest down. None
    where a cost is no number at some point.
    """
    symbols = tuple(ranges)
    *outer, last = symbols
    found: list[tuple[Rational, ...]] = []
    tried = 0
    for choice in every(*(ranges[s] for s in outer)):
        point = dict(zip(outer, choice, strict=True))
        slacks = [evaluator(b.slack.subs({s: Size.of(v) for s, v in point.items()})) for b in budgets]
        candidates = sorted(ranges[last], reverse=True)
        falling = all(never_falls(b.cost, last) and b.most for b in budgets)
        tried += 1
        try:
            best = _greatest(slacks, last, candidates, falling, choice, inside)
        except (OverflowError, KeyError):
            return None
        if best is not None:
            found.append((*choice, best))
    return Frontier(symbols, _undominated(found), tried)


def _greatest(
    slacks: Sequence[Callable[[Mapping[Symbol, Rational]], Rational]],
    last: Symbol,
    candidates: Sequence[Rational],
    falling: bool,
    point: tuple[Rational, ...],
    inside: Fits | None,
) -> Rational | None:
    """The first of the candidates, largest first, that fits; where costs never fall, by bisection."""

    def fits(value: Rational) -> bool:
        return all(slack({last: value}) >= 0 for slack in slacks)

    low, high = 0, len(candidates)
    while falling and low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(candidates[middle]) else (middle + 1, high)
    rest = candidates[low:]
    return next((v for v in rest if fits(v) and (inside is None or inside(*point, v))), None)


def _undominated(points: Sequence[tuple[Rational, ...]]) -> tuple[tuple[Rational, ...], ...]:
    """Those no other point exceeds in every coordinate, in the order of the first one."""
    kept: list[tuple[Rational, ...]] = []
    for point in sorted(set(points), reverse=True):  # only an earlier one can dominate a later one
        if not any(all(a >= b for a, b in zip(other, point, strict=True)) for other in kept):
            kept.append(point)
    return tuple(reversed(kept))


def values_of(low: Rational, high: Rational, step: Rational = 1) -> tuple[Rational, ...]:
    """``0.25..1:0.25`` as its values."""
    count = int((Fraction(high) - low) / step) + 1
    check("values", count, "values of a symbol")
    return tuple(low + i * step for i in range(max(0, count)))
