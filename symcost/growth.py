"""How a formula grows: orders and limits in one symbol, the terms that can dominate in several, and its form without roundings.

In one symbol every part of a cost is asymptotically ``c * r^x * x^p * log2(x)^k`` with exact c, r, p and k; a rounding grows as what is
rounded, from which it differs by less than 1. In several symbols a term matters where no other is always larger in the end: that is
decided on the exponents by linear inequalities, exactly. What is not decided is None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as every
from math import comb

from symcost.prove import evaluator
from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Monomial,
    Power,
    Rational,
    Size,
    Symbol,
    bounds,
    content,
    inverse,
    lower,
    power,
    product,
    total,
)
from symcost.sizes.facts import Condition, is_zero, never_negative
from symcost.sizes.functions import maximum, minimum, sqrt
from symcost.sizes.rounding import over_one_divisor

MAX_INEQUALITIES = 3_000  # while a system of them is solved
MAX_TERMS = 2_000  # of a bound on the error of a smooth form

Point = Mapping[Symbol, Rational]


# ------------------------------------------------------------ one symbol


@dataclass(frozen=True, order=True)
class Order:
    """``rate^x * x^degree * log2(x)^logs``; the larger grows faster."""

    rate: Fraction = Fraction(1)
    degree: Fraction = Fraction(0)
    logs: Fraction = Fraction(0)

    def __mul__(self, other: Order) -> Order:
        return Order(self.rate * other.rate, self.degree + other.degree, self.logs + other.logs)

    def __pow__(self, exponent: int) -> Order:
        return Order(self.rate**exponent, self.degree * exponent, self.logs * exponent)

    def of(self, symbol: Symbol) -> Size:
        """The order as a formula."""
        x = Size.of(symbol)
        exponential = power(Size.of(self.rate), x)
        logs = Size({((Function("log2", (x,)), int(self.logs)),): 1}) if self.logs else ONE
        root = sqrt(x) if self.degree.denominator == 2 else ONE
        whole = int(self.degree - Fraction(1, 2)) if self.degree.denominator == 2 else int(self.degree)
        return exponential * x**whole * root * logs


CONSTANT = Order()


@dataclass(frozen=True)
class Leading:
    """What a formula is like for large values of a symbol: ``coefficient * order``; 0 where it is 0 in the end."""

    order: Order
    coefficient: Size

    @property
    def eventual(self) -> int | None:
        """The sign for all large values, where the coefficient has one."""
        return sign_of(self.coefficient)


@dataclass(frozen=True)
class Limit:
    """A limit: a size, or plus or minus infinity (``sign``) where ``value`` is None."""

    value: Size | None
    sign: int = 0


def sign_of(size: Size, known: Sequence[Size] = ()) -> int | None:
    """1, 0 or -1 where the sign is the same for all values of the symbols, and proved."""
    zero = is_zero(size, known)
    if zero is not False:
        return 0 if zero else None
    return 1 if never_negative(size, known) else -1 if never_negative(-size, known) else None


def leading(size: Size, symbol: Symbol) -> Leading | None:
    """The leading behaviour in one symbol, the others held fixed: ``⌊X/2⌋^2 + X`` is like ``X^2/4``.

    None where it is not decided: terms that cancel, sums without closed form, divisibility.
    """
    found: dict[Order, list[Size]] = {}
    for monomial, coefficient in size.terms.items():
        term = _of_monomial(monomial, symbol)
        if term is None:
            return None
        if term.coefficient.terms:
            found.setdefault(term.order, []).append(term.coefficient * coefficient)
    if not found:
        return Leading(CONSTANT, ZERO)
    order = max(found)
    coefficient = total(found[order])
    return None if is_zero(coefficient) is not False else Leading(order, coefficient)


def _of_monomial(monomial: Monomial, symbol: Symbol) -> Leading | None:
    order, coefficient = CONSTANT, ONE
    for atom, exponent in monomial:
        found = _of_atom(atom, symbol)
        if found is None or (exponent < 0 and not found.coefficient.terms):
            return None
        order, coefficient = order * found.order**exponent, coefficient * found.coefficient**exponent
    return Leading(order, coefficient)


def _of_atom(atom: Atom, symbol: Symbol) -> Leading | None:
    if atom == symbol:
        return Leading(Order(degree=Fraction(1)), ONE)
    if not any(symbol in part.symbols() for part in atom.inside()):
        return Leading(CONSTANT, Size.of(atom))
    match atom:
        case Floor():
            return _rounded(leading(atom.numerator, symbol), leading(atom.denominator, symbol), atom)
        case Function(name="ceil"):
            found = leading(atom.args[0], symbol)
            return found if found is not None and found.order > CONSTANT else None
        case Group():
            return leading(atom.size, symbol)
        case Power():
            base = atom.base.number
            plain = atom.exponent == Size.of(symbol) and base is not None and base > 0
            return Leading(Order(rate=Fraction(base or 1)), ONE) if plain else None
        case Holds():
            return _bracket(atom, leading(atom.size, symbol))
        case Function():
            return _of_function(atom, [leading(a, symbol) for a in atom.args])
    return None


def _rounded(top: Leading | None, bottom: Leading | None, atom: Floor) -> Leading | None:
    if top is None or bottom is None or not top.coefficient.terms or not bottom.coefficient.terms:
        return None
    order = top.order * bottom.order**-1
    if order > CONSTANT:
        return Leading(order, top.coefficient / bottom.coefficient)
    if order < CONSTANT and never_negative(atom.numerator) and (lower(atom.denominator) or 0) > 0:
        return Leading(CONSTANT, ZERO)  # something between 0 and 1 in the end
    return None


def _bracket(atom: Holds, inner: Leading | None) -> Leading | None:
    if inner is None or inner.order < CONSTANT or atom.kind == "|" or (sign := inner.eventual) is None or not sign:
        return None
    holds = {">=": sign > 0, ">": sign > 0, "==": False, "!=": True}[atom.kind]
    return Leading(CONSTANT, Size.of(int(holds)))


def _of_function(atom: Function, args: Sequence[Leading | None]) -> Leading | None:
    known = [a for a in args if a is not None and a.coefficient.terms]
    if len(known) < len(args):
        return None
    match atom.name:
        case "sqrt":
            return _root(known[0])
        case "log2" if known[0].order.rate == 1 and known[0].order.degree > 0:
            return Leading(Order(logs=Fraction(1)), Size.of(known[0].order.degree))
        case "divisible" if known[0].order > CONSTANT and known[1].order == CONSTANT:
            return known[0]
        case "min" | "max":
            return _extreme(atom.name, known)
    return None


def _root(inner: Leading) -> Leading | None:
    rate = sqrt(Size.of(inner.order.rate)).number
    half = Order(Fraction(rate or 1), inner.order.degree / 2, inner.order.logs / 2)
    if rate is None or half.logs.denominator > 1 or half.degree.denominator > 2 or inner.eventual != 1:
        return None
    return Leading(half, sqrt(inner.coefficient))


def _extreme(name: str, args: Sequence[Leading]) -> Leading | None:
    if any(a.eventual != 1 for a in args):
        return None
    best = (min if name == "min" else max)(a.order for a in args)
    alike = [a.coefficient for a in args if a.order == best]
    return Leading(best, minimum(*alike) if name == "min" else maximum(*alike))


def limit(top: Size, bottom: Size, symbol: Symbol) -> Limit | None:
    """The limit of a ratio as a symbol grows, the others held fixed."""
    a, b = leading(top, symbol), leading(bottom, symbol)
    if a is None or b is None or not b.coefficient.terms:
        return None
    if not a.coefficient.terms or a.order < b.order:
        return Limit(ZERO)
    ratio = a.coefficient / b.coefficient
    if a.order == b.order:
        return Limit(ratio)
    sign = sign_of(ratio)
    return Limit(None, sign) if sign else None


def doubling(size: Size, symbol: Symbol) -> Limit | None:
    """The limit of ``f(2x)/f(x)``: 4 for a square, infinite for an exponential."""
    found = leading(size, symbol)
    if found is None or not found.coefficient.terms:
        return None
    if found.order.rate > 1:
        return Limit(None, 1)
    if found.order.rate < 1:
        return Limit(ZERO)
    whole = found.order.degree.numerator // found.order.degree.denominator
    half = sqrt(Size.of(2)) if found.order.degree.denominator == 2 else ONE
    return Limit(Size.of(2) ** whole * half)


# ------------------------------------------------------------ ratios and elasticity


@dataclass(frozen=True)
class Ratio:
    """A quotient of two sums, with what they have in common taken out; ``whole`` is added to it."""

    whole: Size
    top: Size
    bottom: Size

    def value(self, point: Point) -> Fraction:
        """The number at a point. Raises ZeroDivisionError where there is none."""
        whole, top, bottom = (Fraction(evaluator(s)(point)) for s in (self.whole, self.top, self.bottom))
        return whole + top / bottom

    @property
    def size(self) -> Size:
        return self.whole + self.top / self.bottom


def ratio(top: Size, bottom: Size, hints: Iterable[Size] = ()) -> Ratio:
    """``top/bottom`` as a person would write it: term by term over a product, and common factors taken out of sums.

    ``(9*C*X^2 + C*N*X^2)/(9*C*N*X^2)`` is ``1/N + 1/9``. ``hints`` are sums that may divide both.
    """
    if not top.terms:
        return Ratio(ZERO, ZERO, ONE)
    for hint in hints:
        while (less := _divided(top, hint)) is not None and (below := _divided(bottom, hint)) is not None:
            top, bottom = less, below
    quotient = top / bottom
    if not _fractional(quotient):
        return Ratio(quotient, ZERO, ONE)
    common = _content_of_both(top, bottom)
    return Ratio(ZERO, top / common, bottom / common)


def _divided(size: Size, by: Size) -> Size | None:
    if len(by.terms) < 2:
        return None
    quotient = size / by
    return None if _fractional(quotient) else quotient


def _fractional(size: Size) -> bool:
    return any(isinstance(a, Group) for m in size.terms for a, _ in m)


def _content_of_both(top: Size, bottom: Size) -> Size:
    """The monomial that divides every term of both, with such a number that the coefficients below are coprime integers."""
    ((shared, _),) = content(Size(dict.fromkeys([*top.terms, *bottom.terms], 1))).terms.items()
    both = Size(dict(enumerate([*top.terms.values(), *bottom.terms.values()])))  # type: ignore[arg-type]
    ((_, number),) = content(Size({((Symbol(f"#{i}"), 1),): c for i, c in both.terms.items()})).terms.items()
    return Size({shared: number})


def elasticity(size: Size, symbol: Symbol) -> Ratio | None:
    """``d log f / d log x`` of the form without roundings: by how many per cent the cost grows when x grows by one.

    None where the symbol stands in exponents, logarithms or choices.
    """
    smoothed = smooth(size)
    if smoothed is None or not smoothed.form.terms:
        return None
    form = smoothed.form
    if _fractional(form):
        form, below = over_one_divisor(form)
        first, second = elasticity(form, symbol), elasticity(below, symbol)
        if first is None or second is None:
            return None
        return _together(first, second)
    parts = []
    for monomial, coefficient in form.terms.items():
        if any(a != symbol and symbol in Size.of(a).symbols() for a, _ in monomial):
            return None
        parts.append((dict(monomial).get(symbol, 0), Size({monomial: coefficient})))
    least = min(e for e, _ in parts)
    rest = ratio(total((e - least) * part for e, part in parts), form)
    return Ratio(rest.whole + least, rest.top, rest.bottom)


def _together(first: Ratio, second: Ratio) -> Ratio:
    top = first.top * second.bottom - second.top * first.bottom
    rest = ratio(top, first.bottom * second.bottom)
    return Ratio(first.whole - second.whole + rest.whole, rest.top, rest.bottom)


# ------------------------------------------------------------ without roundings


@dataclass(frozen=True)
class Smooth:
    """A formula without its roundings, and proven bounds of what was left out: ``low <= exact - form <= high``."""

    form: Size
    low: Size
    high: Size

    @property
    def exact(self) -> bool:
        return not self.low.terms and not self.high.terms


def smooth(size: Size) -> Smooth | None:
    """The formula with ``n/d`` for every ``⌊n/d⌋`` (or ``⌈n/d⌉``), whichever a reader sees, with bounds of the error.

    Each rounding of integers is between ``n/d - (d - 1)/d`` and ``n/d``. Bounds are sums of terms that are never negative (above)
    or never positive (below). None where a rounding is not one of integers, or what is rounded may be negative.
    """
    if not any(isinstance(a, Floor) for a in size.atoms()):
        return Smooth(size, ZERO, ZERO)
    forms, lows, highs = [], [], []
    for monomial, coefficient in size.terms.items():
        found = _smooth_term(monomial, coefficient)
        if found is None:
            return None
        forms.append(found.form)
        lows.append(found.low)
        highs.append(found.high)
        if sum(len(s.terms) for s in (*lows, *highs)) > MAX_TERMS:
            return None
    return Smooth(total(forms), total(lows), total(highs))


def _smooth_term(monomial: Monomial, coefficient: Rational) -> Smooth | None:
    """One term: each factor is its smooth part u plus an error e, and ``(u + e)^k - u^k`` is bounded power by power."""
    plain = Size({tuple((a, e) for a, e in monomial if not isinstance(a, Floor)): coefficient})
    rounded = [(a, e) for a, e in monomial if isinstance(a, Floor)]
    if not rounded:
        clean = not any(isinstance(x, Floor) for x in plain.atoms())
        return Smooth(plain, ZERO, ZERO) if clean else None
    if any((b := bounds(a)[0]) is None or b < 0 for m in plain.terms for a, _ in m) or any(e < 0 for _, e in rounded):
        return None
    errors = [_error(atom) for atom, _ in rounded]
    if any(e is None for e in errors) or any(isinstance(x, Floor) for x in plain.atoms()):
        return None
    form, low, high = plain, ZERO, ZERO
    choices = [[(j, comb(k, j), e) for j in range(k + 1)] for (_, k), e in zip(rounded, errors, strict=True) if e]
    for choice in every(*choices):
        term, span = plain, (ONE, ONE)
        for (_, k), (j, times, error) in zip(rounded, choice, strict=True):
            base, least, most = error
            term = term * times * base ** (k - j)
            if j:
                span = _span(span, least**j if j % 2 or not most.terms else ZERO, most**j if not least.terms else least**j * (j % 2 == 0))
        if all(j == 0 for j, _, _ in choice):
            form = term
            continue
        ends = [term * end for end in span]
        low = low + total(_part(e, -1) for e in ends)
        high = high + total(_part(e, 1) for e in ends)
    return Smooth(form, low, high)
