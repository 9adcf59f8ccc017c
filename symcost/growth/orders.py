"""In one symbol: every part of a formula is asymptotically ``c * r^x * x^p * log2(x)^k``, and quotients have limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

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
    content,
    inverse,
    power,
    total,
)
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import Condition, is_zero, never_negative
from symcost.sizes.functions import maximum, minimum, sqrt

Point = Mapping[Symbol, Rational]


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
    plain = primitive(size)  # of a product of positive factors, a number
    size = size if plain.number is None else plain
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
    factor = total(found[order])
    return None if is_zero(factor) is not False else Leading(order, factor)


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


def larger(a: Size, b: Size) -> Condition:
    """``a > b`` for positive terms, with common factors and powers taken out: ``2*T^2*d > 8*T*d^2`` is ``T > 4*d``."""
    quotient = a / b
    positive = all((bounds(atom)[0] or 0) > 0 for size in (a, b) for m in size.terms for atom, _ in m)
    if len(quotient.terms) != 1 or not positive:  # where a common factor is 0, neither is larger
        return Condition(">", primitive(a - b))
    ((monomial, coefficient),) = quotient.terms.items()
    power_ = gcd(*(e for _, e in monomial))
    if power_ == 2 and (root := sqrt(Size.of(coefficient)).number) is not None:
        monomial, coefficient = tuple((a, e // 2) for a, e in monomial), root
    over, under = (Size({tuple((a, abs(e)) for a, e in monomial if e * way > 0): 1}) for way in (1, -1))
    number = Fraction(coefficient)
    return Condition(">", over * number.numerator - under * number.denominator)


def primitive(size: Size) -> Size:
    """The formula without its positive common factors, which keeps its sign."""
    if not size.terms:
        return size
    ((monomial, number),) = content(size).terms.items()
    factor = Size({tuple((a, e) for a, e in monomial if (bounds(a)[0] or 0) > 0): number})
    return size * inverse(factor)
