"""How a formula grows: orders and limits in one symbol, the terms that can dominate in several, and its form without roundings.

In one symbol every part of a cost is asymptotically ``c * r^x * x^p * log2(x)^k`` with exact c, r, p and k; a rounding grows as
what is rounded, from which it differs by less than 1. In several symbols a term matters where no other is always larger in the
end: that is decided on the exponents by linear inequalities, exactly. What is not decided is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from itertools import product as every
from math import comb, gcd, lcm, prod

from symcost.display import Displayed
from symcost.evaluate import evaluator
from symcost.limiting import check
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
    product,
    total,
)
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import Condition, is_zero, never_negative
from symcost.sizes.functions import maximum, minimum, sqrt
from symcost.sizes.notation import Role, by_letter
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
    numbers = [Fraction(c) for size in (top, bottom) for c in size.terms.values()]
    return Size({shared: Fraction(gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers)))})


def elasticity(size: Size, symbol: Symbol, known: Sequence[Size] = ()) -> Ratio | None:
    """``d log f / d log x`` of the form without roundings: by how many per cent the cost grows when x grows by one.

    None where the symbol stands in exponents, logarithms or choices.
    """
    smoothed = smooth(size, known)
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


def smooth(size: Size, known: Sequence[Size] = ()) -> Smooth | None:
    """The formula with ``n/d`` for every ``⌊n/d⌋`` or ``⌈n/d⌉``, whichever a reader sees, with bounds of the error.

    A rounding of integers differs from its argument by at most ``(d - 1)/d``. ``known`` are sizes that are never negative. None
    where something else is rounded, or where what is rounded may be negative.
    """
    forms: list[Size] = []
    lows: list[Size] = []
    highs: list[Size] = []
    for monomial, coefficient in size.terms.items():
        found = _smooth_term(monomial, coefficient, known)
        if found is None or sum(len(s.terms) for s in (*lows, *highs)) > MAX_TERMS:
            return None
        forms.append(found.form)
        lows.append(found.low)
        highs.append(found.high)
    return Smooth(total(forms), total(lows), total(highs))


def _smooth_term(monomial: Monomial, coefficient: Rational, known: Sequence[Size]) -> Smooth | None:
    """One term: every rounding is its argument u plus an error of one sign, and ``(u + e)^k`` is multiplied out."""
    plain = Size({tuple((a, e) for a, e in monomial if not isinstance(a, Floor)): coefficient})
    rounded = [(a, k) for a, k in monomial if isinstance(a, Floor)]
    if any(isinstance(a, Floor) for a in plain.atoms()):
        return None
    if not rounded:
        return Smooth(plain, ZERO, ZERO)
    if any(k < 0 for _, k in rounded) or not all(_never_negative(a) for m in plain.terms for a, _ in m):
        return None
    arguments = [_argument(atom, known) for atom, _ in rounded]
    ways: list[list[tuple[int, Size]]] = []  # for every rounding, the powers of its error: sign, and size at most
    for (_, k), argument in zip(rounded, arguments, strict=True):
        if argument is None:
            return None
        base, sign, most = argument
        ways.append([(sign**j, comb(k, j) * base ** (k - j) * most**j) for j in range(k + 1)])
    products = [plain * prod(s for s, _ in way) * product(size for _, size in way) for way in every(*ways)]
    signs = [prod(s for s, _ in way) * (1 if coefficient > 0 else -1) for way in every(*ways)]
    form, *errors = products  # the first way takes no error at all
    high, low = (total(e for e, s in zip(errors, signs[1:], strict=True) if s == way) for way in (1, -1))
    return Smooth(form, low, high)


def _never_negative(atom: Atom) -> bool:
    low = bounds(atom)[0]
    return low is not None and low >= 0


def _argument(atom: Floor, known: Sequence[Size]) -> tuple[Size, int, Size] | None:
    """What a rounding is near to, whether it lies above (1) or below (-1), and by how much at most."""
    n, d = atom.numerator, atom.denominator
    nested = any(isinstance(a, Floor) for a in n.atoms() | d.atoms())
    if nested or not (n.integer and d.integer and (lower(d) or 0) > 0):
        return None
    most = ONE if d.number is None else (d - 1) / d
    raised = n - d + 1
    if len(raised.terms) < len(n.terms) and never_negative(raised, known):
        return raised / d, 1, most
    return (n / d, -1, most) if never_negative(n, known) else None


# ------------------------------------------------------------ several symbols


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


# ------------------------------------------------------------ the staircase


@dataclass(frozen=True)
class Jump:
    """One step of an exact cost: from one value of a symbol to the next."""

    at: int
    before: Rational
    after: Rational

    @property
    def relative(self) -> Fraction:
        """The step as a part of the cost before it."""
        return Fraction(self.after - self.before) / Fraction(self.before)


def staircase(size: Size, symbol: Symbol, start: int, stop: int, step: int = 1) -> tuple[Jump, ...]:
    """Every change of a formula in one symbol from ``start`` to ``stop``, at the values ``step`` apart.

    A rounded cost rises in steps: ResNet-50 takes 13 % more at 225 pixels than at 224. Raises KeyError for other symbols.
    """
    value = evaluator(size)
    check("values", (stop - start) // step, "values of a symbol")
    places = range(start, stop + 1, step)
    found = [value({symbol: x}) for x in places]
    steps = zip(places[1:], pairwise(found), strict=True)
    return tuple(Jump(x, before, after) for x, (before, after) in steps if before != after)


# ------------------------------------------------------------ all of one symbol


@dataclass(frozen=True)
class Scaling(Displayed):
    """How a formula grows in one symbol, the others held fixed. What is not decided is None."""

    formula: Size
    symbol: Symbol
    leading: Leading | None
    doubling: Limit | None
    elasticity: Ratio | None
    smooth: Smooth | None
    role: Callable[[Symbol], Role] = field(default=by_letter, repr=False, compare=False)  # for printing

    @property
    def exponent(self) -> Fraction | None:
        """The power of the symbol the formula grows with; None where it is no power."""
        found = self.leading
        return found.order.degree if found is not None and found.order.rate == 1 and not found.order.logs else None

    def doubled(self, point: Point) -> Fraction:
        """The exact ``f(2x)/f(x)`` at a point, roundings included."""
        value = evaluator(self.formula)
        return Fraction(value({**point, self.symbol: 2 * point[self.symbol]})) / Fraction(value(point))


def scaling(size: Size, symbol: Symbol, known: Sequence[Size] = ()) -> Scaling:
    """Order, limit of the doubling ratio, elasticity and smooth form of a formula in a symbol."""
    return Scaling(
        size,
        symbol,
        leading(size, symbol),
        doubling(size, symbol),
        elasticity(size, symbol, known),
        smooth(size, known),
    )


@dataclass(frozen=True)
class Study:
    """A formula in several symbols: how it grows in each and in all, what it is at a point, and its steps in some ranges."""

    formula: Size
    scalings: tuple[Scaling, ...]
    together: Dominant | None
    point: Point
    steps: tuple[tuple[Symbol, tuple[Jump, ...]], ...]

    @property
    def at_point(self) -> bool:
        """Whether the point gives a value to every symbol of the formula."""
        return bool(self.point) and self.formula.symbols() <= self.point.keys()
