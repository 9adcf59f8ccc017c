"""Where a formula in one integer symbol is positive, zero or negative: exactly, at every integer of a range without end.

On each residue class of its period a cost in one symbol is a sum of polynomials times powers, ``f(q) = sum P_r(q) r^q``. Divided
by the smallest r^q it keeps its sign, and its difference ``f(q + 1) - f(q)`` has one coefficient less. Where that difference
keeps its sign f is monotone, so its own sign changes are found by bisection, and where it ends is read off its largest term.
No floating point, and no bound on roots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import comb, lcm

from symcost.evaluate import evaluator
from symcost.sizes.atoms import ONE, Atom, Floor, Function, Holds, Power, Rational, Size, Symbol, product, total
from symcost.sizes.functions import holds

MAX_CLASSES = 4_000  # residues, each a polynomial of its own
MAX_MIXED = 20_000  # integers at which the classes disagree, taken one by one
MAX_BITS = 200_000  # of a power that is written out


@dataclass(frozen=True)
class Run:
    """All integers from ``start`` to ``end`` (None: without end), at which the sign is the same."""

    start: int
    end: int | None
    sign: int


def runs(size: Size, symbol: Symbol, start: int | None = None, stop: int | None = None) -> tuple[Run, ...] | None:
    """The signs of a formula in one symbol, from ``start`` to ``stop`` (by default where its values begin and end).

    None where it is not decided: other symbols, roots, logarithms, divisors with the symbol in them.
    """
    low, high = _ends(symbol, start, stop)
    if low is None or not symbol.integer or size.symbols() - {symbol}:
        return None
    if high is not None and high < low:
        return ()
    chosen = _choice(size, symbol)
    try:
        found = (
            _without_choices(size, symbol, low, high) if chosen is None else _by_cases(size, symbol, chosen, low, high)
        )
    except OverflowError:
        return None
    return None if found is None else _merged(found)


def _ends(symbol: Symbol, start: int | None, stop: int | None) -> tuple[int | None, int | None]:
    lows = [int(-(-b // 1)) for b in (symbol.low, start) if b is not None]
    highs = [int(b // 1) for b in (symbol.high, stop) if b is not None]
    return max(lows, default=None), min(highs, default=None)


def _merged(found: list[Run]) -> tuple[Run, ...]:
    kept: list[Run] = []
    for run in found:
        if kept and kept[-1].sign == run.sign:
            run = Run(kept.pop().start, run.end, run.sign)
        kept.append(run)
    return tuple(kept)


# ------------------------------------------------------------ min, max and brackets: case by case


def _choice(size: Size, symbol: Symbol) -> Atom | None:
    """A minimum, maximum or comparison in the symbol with no other inside it."""
    for atom in sorted(size.atoms(), key=lambda a: a.key):
        chooses = (
            atom.name in ("min", "max") if isinstance(atom, Function) else isinstance(atom, Holds) and atom.kind != "|"
        )
        if chooses and symbol in Size.of(atom).symbols() and all(_choice(s, symbol) is None for s in atom.inside()):
            return atom
    return None


def _by_cases(size: Size, symbol: Symbol, atom: Atom, low: int, high: int | None) -> list[Run] | None:
    """On every stretch where the choice is the same, the formula without it."""
    first, *others = atom.inside()
    if isinstance(atom, Holds):
        difference = first
    else:
        difference = first - (others[0] if len(others) == 1 else Size.of(Function(atom.name, tuple(others))))  # type: ignore[attr-defined]
    found: list[Run] = []
    for stretch in runs(difference, symbol, low, high) or [None]:
        if stretch is None:
            return None
        if isinstance(atom, Holds):
            value = holds(atom.kind, Size.of(stretch.sign), ONE)
        else:
            larger = (stretch.sign > 0) == (atom.name == "max")  # type: ignore[attr-defined]
            value = first if larger or stretch.sign == 0 else first - difference
        inner = runs(_with(size, atom, value), symbol, stretch.start, stretch.end)
        if inner is None:
            return None
        found += inner
    return found


def _with(size: Size, atom: Atom, value: Size) -> Size:
    """The formula with a value for one atom, wherever it stands."""

    def of_atom(a: Atom) -> Size:
        if a == atom:
            return value
        return a.rebuilt(lambda part: _with(part, atom, value)) if atom in Size.of(a).atoms() else Size.of(a)

    return total(c * product(of_atom(a) ** e for a, e in m) for m, c in size.terms.items())


# ------------------------------------------------------------ residue classes


def _without_choices(size: Size, symbol: Symbol, low: int, high: int | None) -> list[Run] | None:
    period = _period(size, symbol)
    if period is None or period > MAX_CLASSES:
        return _one_by_one(size, symbol, low, high)
    q = Symbol("#q", low=0)
    classes = []
    for residue in range(period if high is None else min(period, high - low + 1)):
        terms = _sequence(size.subs({symbol: period * Size.of(q) + (low + residue)}), q)
        if terms is None:
            return _one_by_one(size, symbol, low, high)
        last = None if high is None else (high - low - residue) // period
        classes.append([(low + residue + period * at, sign) for at, sign in _signs(terms, 0, last)])
    return list(_together(classes, low, high))


def _one_by_one(size: Size, symbol: Symbol, low: int, high: int | None) -> list[Run] | None:
    """A short range is tried at every integer."""
    if high is None or high - low > MAX_MIXED:
        return None
    value = evaluator(size)
    return [Run(x, x, _sign(value({symbol: x}))) for x in range(low, high + 1)]


def _period(size: Size, symbol: Symbol) -> int | None:
    """The lcm of the divisors under which the symbol stands; None where one is no number."""
    result = 1
    for atom in size.atoms():
        if isinstance(atom, Floor) and symbol in Size.of(atom).symbols():
            divisor, inner = atom.denominator.number, _period(atom.numerator, symbol)
            if not isinstance(divisor, int) or inner is None or not atom.numerator.integer:
                return None
            result = lcm(result, divisor * inner)
    return result


def _together(classes: list[list[tuple[int, int]]], low: int, high: int | None) -> Iterator[Run]:
    """Runs over all integers, from those on the residue classes."""
    period = len(classes)
    changes = sorted({at for found in classes for at, _ in found})
    current = [0] * period
    following: dict[int, list[tuple[int, int]]] = {}
    end: int | None
    for residue, found in enumerate(classes):
        for at, sign in found:
            following.setdefault(at, []).append((residue, sign))
    ends: list[int | None] = [*changes[1:], None]
    for at, until in zip(changes, ends, strict=True):
        end = high if until is None else until - 1
        for residue, sign in following[at]:
            current[residue] = sign
        if at < low + period - 1 and until is not None and end is not None:
            yield Run(at, end, current[(at - low) % period])  # the classes begin one after the other
        elif len(set(current)) == 1:
            yield Run(at, end, current[0])
        elif end is None or end - at > MAX_MIXED:
            raise OverflowError
        else:
            yield from (Run(x, x, current[(x - low) % period]) for x in range(at, end + 1))


# ------------------------------------------------------------ polynomials times powers

Sequence = dict[Fraction, list[Fraction]]  # by ratio r > 0, the coefficients of P_r from the constant up


def _sequence(size: Size, q: Symbol) -> Sequence | None:
    found: Sequence = {}
    for monomial, coefficient in size.terms.items():
        degree, ratio = 0, Fraction(1)
        for atom, exponent in monomial:
            number = atom.base.number if isinstance(atom, Power) else None
            if atom == q and exponent > 0:
                degree = exponent
            elif number is not None and number > 0 and isinstance(atom, Power) and atom.exponent == Size.of(q):
                ratio *= Fraction(number) ** exponent
            else:
                return None
        poly = found.setdefault(ratio, [])
        poly += [Fraction(0)] * (degree + 1 - len(poly))
        poly[degree] += Fraction(coefficient)
    return {r: p for r, p in ((r, _trimmed(p)) for r, p in found.items()) if p}


def _trimmed(poly: list[Fraction]) -> list[Fraction]:
    while poly and not poly[-1]:
        poly = poly[:-1]
    return poly


def _signs(terms: Sequence, start: int, stop: int | None) -> list[tuple[int, int]]:
    """Where runs of equal sign begin, with the sign."""
    if not terms:
        return [(start, 0)]
    least = min(terms)
    terms = {r / least: p for r, p in terms.items()}
    if terms.keys() == {1} and len(terms[Fraction(1)]) == 1:
        return [(start, _sign(terms[Fraction(1)][0]))]
    begins = [at for at, _ in _signs(_step(terms), start, stop)]
    final = _sign(terms[max(terms)][-1])
    value = _value(terms)
    found: list[tuple[int, int]] = []
    for at, until in pairwise([*begins, None]):
        assert at is not None
        _monotone(value, at, stop if until is None else until, final, found)
    return found


def _step(terms: Sequence) -> Sequence:
    """``f(q + 1) - f(q)``."""
    found: Sequence = {}
    for ratio, poly in terms.items():
        moved = [
            ratio * sum((comb(k, j) * poly[k] for k in range(j, len(poly))), Fraction(0)) for j in range(len(poly))
        ]
        step = _trimmed([a - b for a, b in zip(moved, poly, strict=True)])
        if step:
            found[ratio] = step
    return found


def _value(terms: Sequence) -> Callable[[int], Fraction]:
    def value(q: int) -> Fraction:
        result = Fraction(0)
        for ratio, poly in terms.items():
            if ratio != 1 and q * max(ratio.numerator.bit_length(), ratio.denominator.bit_length()) > MAX_BITS:
                raise OverflowError
            at = Fraction(0)
            for c in reversed(poly):
                at = at * q + c
            result += at * ratio**q
        return result

    return value


def _monotone(
    value: Callable[[int], Fraction], at: int, last: int | None, final: int, found: list[tuple[int, int]]
) -> None:
    """Add the changes of sign from ``at`` to ``last``, between which the values rise or fall all the way."""
    while True:
        sign = _sign(value(at))
        if not found or found[-1][1] != sign:
            found.append((at, sign))
        step = 1
        while last is None and sign != final and _sign(value(at + step)) == sign:
            step *= 2
        end = at + step if last is None else last
        if (final if last is None else _sign(value(end))) == sign:
            return
        below = at
        while end - below > 1:
            middle = (below + end) // 2
            if _sign(value(middle)) == sign:
                below = middle
            else:
                end = middle
        at = end


def _sign(value: Rational) -> int:
    return (value > 0) - (value < 0)
