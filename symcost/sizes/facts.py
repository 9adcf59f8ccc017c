"""What is known about sizes, in three values: proved, refuted, or undecided (None).

The bounds of a symbol travel with the symbol. What is known besides is a list of sizes that are never negative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations
from itertools import product as every
from math import floor as number_floor
from math import gcd, isqrt, lcm, prod

from symcost.limiting import allowed
from symcost.sizes.atoms import (
    ONE,
    ZERO,
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Monomial,
    Rational,
    Size,
    Symbol,
    TooLarge,
    content,
    integral,
    inverse,
    leading,
    numeric_content,
    total,
)
from symcost.sizes.bounds import bounds, lower, upper

MAX_RESIDUES = 4096  # at which a divisibility is tried

MAX_SPREAD = 4_000  # terms, when every symbol is written as its bound plus something


@dataclass(frozen=True)
class Condition:
    """Something that must hold: ``size >= 0``, ``size == 0``, ``size != 0``, or ``divisor | size``."""

    kind: str  # ">=", ">" (of sizes that are no integers), "==", "!=", "|"
    size: Size
    divisor: Size = field(
        default_factory=lambda: ONE
    )  # a factory: without docstrings, dataclasses write defaults into theirs
    why: str = ""
    code: str = "layer-needs"  # of the diagnostic when it does not hold
    guard: Size = field(
        default_factory=lambda: ONE
    )  # 0 where the condition does not matter: in the branch of an `if` not taken
    turns: tuple[tuple[Symbol, Size], ...] = ()  # it must hold for every turn of these loops
    refuted: Callable[[], str] | None = field(default=None, compare=False, repr=False)  # says so with the numbers

    @property
    def sides(self) -> tuple[str, Size, Size]:
        """The relation as a reader writes it: what is added on the left, what is taken away on the right."""
        if self.kind == "|":
            return "|", self.divisor, self.size
        size = self.size * inverse(Size.of(numeric_content(self.size)))
        constant = size.terms.get((), 0)
        left = Size({m: c for m, c in size.terms.items() if m and c > 0})
        right = Size({m: -c for m, c in size.terms.items() if m and c < 0})
        if left.terms:
            return self.kind, left, right - constant
        return {">=": "<=", ">": "<"}.get(self.kind, self.kind), right, Size.of(constant)

    def _in_every_turn(self, known: Sequence[Size]) -> bool | None:
        (index, count), *inner = self.turns
        one = replace(self, turns=tuple(inner))
        if not inner and one.holds(known) is True:
            return True
        number = count.number
        if not isinstance(number, int) or number > allowed().turns:
            return None
        found = [one.subs({index: Size.of(turn)}).holds(known) for turn in range(number)]
        return False if False in found else None if None in found else True

    def subs(self, values: dict[Symbol, Size]) -> Condition:
        return self.mapped(lambda size: size.subs(values))

    def mapped(self, change: Callable[[Size], Size]) -> Condition:
        """The condition with its sizes changed."""
        return replace(
            self,
            size=change(self.size),
            divisor=change(self.divisor),
            guard=change(self.guard),
            turns=tuple((index, change(count)) for index, count in self.turns),
        )

    def holds(self, known: Sequence[Size] = ()) -> bool | None:
        """True or False where it is so for all values of the symbols, otherwise None."""
        if self.turns:
            return self._in_every_turn(known)
        if self.guard != ONE:
            free = replace(self, guard=ONE).holds([*known, *_facts_of(self.guard)])
            return True if self.guard.number == 0 or free is True else None if self.guard.number is None else free
        match self.kind:
            case ">=":
                return (
                    True if never_negative(self.size, known) else False if always_negative(self.size, known) else None
                )
            case ">":
                low, high = lower(self.size), upper(self.size)
                return True if low is not None and low > 0 else False if high is not None and high <= 0 else None
            case "==":
                return is_zero(self.size, known)
            case "!=":
                zero = is_zero(self.size, known)
                return None if zero is None else not zero
        return divides(self.divisor, self.size)


def at_least_one_each(condition: Condition) -> list[Condition]:
    """``⌊H/P⌋*⌊W/P⌋ >= 1`` as its factors: integers that are not negative have a product of 1 or more where each is."""
    varying = [(m, c) for m, c in condition.size.terms.items() if m]
    if condition.kind != ">=" or condition.turns or len(varying) != 1 or condition.size.terms.get(()) != -1:
        return [condition]
    ((monomial, coefficient),) = varying
    whole = all(e > 0 and a.integer and (low := bounds(a)[0]) is not None and low >= 0 for a, e in monomial)
    if coefficient != 1 or len(monomial) < 2 or not whole:
        return [condition]
    factors = (at_least(Size.of(a), ONE, condition.why, condition.code) for a, _ in monomial)
    return [replace(factor, guard=condition.guard) for factor in factors]


def _facts_of(guard: Size) -> list[Size]:
    """Sizes that are not negative where a guard is 1: a product of brackets, or the opposite of one."""
    for factors, positive in ((guard, True), (ONE - guard, False)):
        if len(factors.terms) != 1:
            continue
        ((monomial, coefficient),) = factors.terms.items()
        brackets = [a for a, _ in monomial if isinstance(a, Holds)]
        if coefficient == 1 and brackets and len(brackets) == len(monomial) and (positive or len(brackets) == 1):
            return [size for b in brackets for size in _said(b, positive)]
    return []


def _said(bracket: Holds, positive: bool) -> list[Size]:
    match bracket.kind, positive:
        case ">=", True:
            return [bracket.size]
        case ">=", False if bracket.size.integer:
            return [-bracket.size - 1]
        case ("==", True) | ("!=", False):
            return [bracket.size, -bracket.size]
    return []


def at_least(left: Size, right: Size | int, why: str = "", code: str = "layer-needs") -> Condition:
    """``left >= right``, with roundings taken off: ``⌊n/d⌋ >= k`` is ``n >= k*d`` (R16)."""
    size = left - right
    while True:
        size = _tight(size)
        if (above := _single_ceil(size)) is not None:
            return Condition(">", above, why=why, code=code)
        rounded = _single_floor(size)
        if rounded is None:
            return Condition(">=", size, why=why, code=code)
        atom, sign = rounded
        rest = size - Size({((atom, 1),): sign})
        if sign > 0:
            size = atom.numerator + rest * atom.denominator
        else:  # c - floor(n/d) >= 0  <=>  n <= c*d + d - 1
            size = rest * atom.denominator + atom.denominator - 1 - atom.numerator


def more_than(left: Size, right: Size) -> Condition:
    """``left > right``; as ``>=`` where a multiple of the difference is an integer: ``X < 15/2`` is ``2*X <= 14``."""
    size = left - right
    whole = size * inverse(Size.of(numeric_content(size)))
    return at_least(whole, ONE) if whole.integer else Condition(">", size)


def _single_ceil(size: Size) -> Size | None:
    """``⌈x⌉ >= k`` is ``x > k - 1``, for an x that is no quotient of integers."""
    varying = [m for m in size.terms if m]
    if len(varying) != 1 or size.terms[varying[0]] != 1 or len(varying[0]) != 1 or varying[0][0][1] != 1:
        return None
    atom = varying[0][0][0]
    if not isinstance(atom, Function) or atom.name != "ceil":
        return None
    above = atom.args[0] + (size.terms.get((), 0) + 1)
    return above * inverse(Size.of(numeric_content(above)))


def _single_floor(size: Size) -> tuple[Floor, Rational] | None:
    """The only varying term, when it is a rounding of integers with coefficient 1 or -1."""
    varying = [(m, c) for m, c in size.terms.items() if m]
    if len(varying) != 1 or not size.integer:
        return None
    ((monomial, coefficient),) = varying
    if len(monomial) != 1 or monomial[0][1] != 1 or abs(coefficient) != 1:
        return None
    atom = monomial[0][0]
    if isinstance(atom, Floor) and atom.numerator.integer and atom.denominator.integer:
        return atom, coefficient
    return None


def _tight(size: Size) -> Size:
    """``2*X - 5 >= 0`` over integers is ``X - 3 >= 0``; a positive factor of all terms goes."""
    varying = Size({m: c for m, c in size.terms.items() if m})
    if not varying.terms or (1 in varying.terms.values() and size.integer and _whole(size)):
        return size
    scale = numeric_content(varying)
    plain = varying * inverse(Size.of(scale))
    if plain.integer:
        return plain + number_floor(Fraction(size.terms.get((), 0)) / scale)
    return _cleared(size * inverse(Size.of(numeric_content(size))))


def _whole(size: Size) -> bool:
    return all(type(c) is int for c in size.terms.values())


def equal(left: Size, right: Size, why: str = "", code: str = "layer-needs") -> Condition:
    size = left - right
    if size.number is None:
        size = _without_positive_factors(size)
    if size.terms and leading(size)[1] < 0:  # one equation, whichever side came first
        size = -size
    return Condition("==", size, why=why, code=code)


def _without_positive_factors(size: Size) -> Size:
    """What is 0 where the size is: ``d*k^2 + 2*d*k`` without d and k + 2, which are never 0, is k."""
    shared = content(size)
    (monomial,) = shared.terms
    positive = tuple((a, e) for a, e in monomial if e > 0 and (bounds(a)[0] or 0) > 0)
    others = tuple((a, 1) for a, e in monomial if e > 0 and (a, e) not in positive)
    rest = size * inverse(shared)
    if others and ((lower(rest) or 0) > 0 or (upper(rest) or 0) < 0):
        return Size({others: 1})
    return size * inverse(Size({positive: 1})) if positive else size


def divisible(size: Size, divisor: Size, why: str = "", code: str = "layer-needs") -> Condition:
    """``divisor | size``, with multiples of the divisor taken off: ``2 | c/2`` is ``4 | c``."""
    quotient = size / divisor
    if quotient.number is not None:
        return Condition("|", size, divisor, why, code)
    rest = Size({m: c for m, c in quotient.terms.items() if not integral(m, c)})
    if not rest.terms:
        return Condition("|", ZERO, divisor, why, code)
    below = Size.of(lcm(*(Fraction(c).denominator for c in rest.terms.values())))
    powers: dict[Atom, int] = {}
    for atom, exponent in (pair for m in rest.terms for pair in m if pair[1] < 0):
        powers[atom] = max(powers.get(atom, 0), -exponent)
    if any(isinstance(atom, Group) for atom in powers):
        return Condition("|", size - (quotient - rest) * divisor, divisor, why, code)
    for atom, exponent in powers.items():
        below = below * Size.of(atom) ** exponent
    return Condition("|", rest * below, below, why, code)


def divides(divisor: Size, size: Size) -> bool | None:
    if not size.terms or (size / divisor).integer or _at_every_residue(divisor, size):
        return True
    quotient = (size / divisor).number
    return None if quotient is None else Fraction(quotient).denominator == 1


def _at_every_residue(divisor: Size, size: Size) -> bool:
    """Whether a number divides a polynomial in integers for every value of them: ``2 | m^2 - m`` (R13).

    With integer coefficients, the remainder depends on nothing but the remainders of the symbols.
    """
    modulus = divisor.number
    if not isinstance(modulus, int) or modulus < 1:
        return False
    below = lcm(*(Fraction(c).denominator for c in size.terms.values()))
    modulus *= below
    symbols = list({a for m in size.terms for a, _ in m})
    if not all(isinstance(a, Symbol) and a.integer for a in symbols) or len(symbols) > MAX_RESIDUES.bit_length():
        return False
    if modulus ** len(symbols) > MAX_RESIDUES or any(e < 0 for m in size.terms for _, e in m):
        return False
    terms = [(int(c * below), [(symbols.index(a), e) for a, e in m]) for m, c in size.terms.items()]

    def divided(residues: tuple[int, ...]) -> bool:
        return sum(c * prod(pow(residues[i], e, modulus) for i, e in m) for c, m in terms) % modulus == 0

    return all(map(divided, every(range(modulus), repeat=len(symbols))))


def is_zero(size: Size, known: Sequence[Size] = ()) -> bool | None:
    if not size.terms:
        return True
    if size.number is not None:
        return False
    if known:
        plain = size * inverse(Size.of(numeric_content(size)))
        if never_negative(plain, known) and never_negative(-plain, known):
            return True
    if _beside_zero(size):
        return False
    if size.integer:
        if never_negative(size - 1, known) or never_negative(-size - 1, known):
            return False
    else:
        whole = _cleared(size)  # X/s has no positive lower bound, and is never 0
        if (lower(whole) or 0) > 0 or (upper(whole) or 0) < 0:
            return False
    return None


def _beside_zero(size: Size) -> bool:
    """``4*m - 2`` is 2 more or less than a multiple of 4 and never 0."""
    constant = size.terms.get((), 0)
    varying = Size({m: c for m, c in size.terms.items() if m})
    step = numeric_content(varying)
    return Fraction(constant) % step != 0 and all(integral(m, 1) for m in varying.terms)


def always_negative(size: Size, known: Sequence[Size] = ()) -> bool:
    high = upper(size)
    if high is not None and high < 0:
        return True
    return bool(known or not _reached(size)) and never_negative(-size - 1, known)


def never_negative(size: Size, known: Sequence[Size] = ()) -> bool:
    """Whether ``size >= 0`` for all values of its symbols. True is a proof; False says nothing."""
    number = size.number
    if number is not None:
        return number >= 0
    low = lower(size)
    if low is not None and low >= 0:
        return True
    if not _reached(size):
        return _estimated(size, known)
    return any(_shifted_nonnegative(size - fact) for fact in known if fact.terms.keys() & size.terms.keys())


def _reached(size: Size) -> bool:
    """Whether interval arithmetic is exact on it: a sum of symbols and of their roundings by numbers, each symbol in one of them.

    Then each part takes its least value whatever the others are, and a lower bound below 0 is a value.
    """
    seen: set[Symbol] = set()
    todo = [size]
    while todo:
        for monomial in todo.pop().terms:
            if not monomial:
                continue
            atom, exponent = monomial[0]
            if len(monomial) > 1 or exponent != 1:
                return False
            if isinstance(atom, Floor) and atom.denominator.number is not None:
                todo.append(atom.numerator)
            elif not isinstance(atom, Symbol) or atom.top is not None or atom.definition is not None or atom in seen:
                return False
            else:
                seen.add(atom)
    return True


def _estimated(size: Size, known: Sequence[Size]) -> bool:
    if any(isinstance(a, Group) and e < 0 for m in size.terms for a, e in m):
        top, bottom = _over_one_divisor(size)
        flat = not any(isinstance(a, Group) for m in top.terms for a, _ in m)
        return flat and (lower(bottom) or 0) > 0 and never_negative(top, known)
    if _shifted_nonnegative(size) or _square(size):
        return True
    relaxed = _relaxed(size)
    if relaxed is not None and _shifted_nonnegative(relaxed + _slack(size, relaxed)):
        return True
    return any(_shifted_nonnegative(size - fact) for fact in known if fact.terms.keys() & size.terms.keys())


def _over_one_divisor(size: Size) -> tuple[Size, Size]:
    from symcost.sizes.rounding import over_one_divisor

    return over_one_divisor(size)


def _square(size: Size) -> bool:
    """Whether it is the square of a sum of two or three terms, such as ``(a - b)^2``."""
    if not 3 <= len(size.terms) <= 6:
        return False
    roots = [r for m, c in size.terms.items() if (r := _root(m, c)) is not None]
    for count in (2, 3):
        for chosen in combinations(roots, count):
            for signs in every((1, -1), repeat=count - 1):
                root = total([chosen[0], *(r * s for r, s in zip(chosen[1:], signs, strict=True))])
                if root * root == size:
                    return True
    return False


def _root(monomial: Monomial, coefficient: Rational) -> Size | None:
    """The root of a term that is a square as it stands."""
    top, bottom = Fraction(coefficient).numerator, Fraction(coefficient).denominator
    if top < 0 or any(e % 2 for _, e in monomial) or isqrt(top) ** 2 != top or isqrt(bottom) ** 2 != bottom:
        return None
    return Size({tuple((a, e // 2) for a, e in monomial): 1}) * Fraction(isqrt(top), isqrt(bottom))


def _slack(size: Size, estimate: Size) -> Fraction:
    """How far below 0 an estimate from below may lie where the size is an integer: above -1, in steps of the estimate."""
    step = lcm(*(Fraction(c).denominator for c in estimate.terms.values()))
    stepping = size.integer and all(e > 0 and a.integer for m in estimate.terms for a, e in m)
    return 1 - Fraction(1, step) if stepping else Fraction(0)


def _shifted_nonnegative(size: Size) -> bool:
    """Every symbol written as its bound plus something not negative: then no coefficient may be negative."""
    size = _cleared(size)
    if _spread(size) > MAX_SPREAD:
        return False
    atoms = sorted({a for m in size.terms for a, _ in m}, key=lambda a: a.key)
    divisors = {a for m in size.terms for a, e in m if e < 0}
    options: list[list[tuple[Atom, Size]]] = []
    for index, atom in enumerate(atoms):
        low, high = bounds(atom)
        rest = Size.of(Symbol(f"#{index}", low=0))
        if atom in divisors and (low is None or low < 0):
            return False  # its sign is open, and that of 1/atom with it
        ways = [rest + low] if low is not None else []
        if high is not None and len(atoms) <= 4 and atom not in divisors:
            ways.append(high - rest)
        if not ways:
            return False
        options.append([(atom, way) for way in ways])
    for choice in every(*options):
        try:
            moved = _replace_atoms(size, dict(choice))
        except TooLarge:
            return False
        if all(c >= 0 for c in moved.terms.values()):
            return True
    return False


def _spread(size: Size) -> int:
    """How many terms it has once every atom in it is a sum of two."""
    return sum(prod(abs(e) + 1 for _, e in m) for m in size.terms)


def _replace_atoms(size: Size, values: dict[Atom, Size]) -> Size:
    parts = []
    for monomial, coefficient in size.terms.items():
        part = Size.of(coefficient)
        for atom, exponent in monomial:
            part = part * values[atom] ** exponent
        parts.append(part)
    return total(parts)


def _cleared(size: Size) -> Size:
    """Multiplied by the positive atoms in its denominators, which keeps its sign."""
    bottom: dict[Atom, int] = {}
    for monomial in size.terms:
        for atom, exponent in monomial:
            if exponent < 0 and (bounds(atom)[0] or 0) > 0:
                bottom[atom] = max(bottom.get(atom, 0), -exponent)
    if not bottom or any(isinstance(a, Group) for a in bottom):
        return size
    return size * Size({tuple(sorted(bottom.items(), key=lambda x: x[0].key)): 1})


def _relaxed(size: Size) -> Size | None:
    """A lower estimate without roundings: ``(n - d + 1)/d <= ⌊n/d⌋ <= n/d``; None where there is nothing to relax."""
    parts, changed = [], False
    for monomial, coefficient in size.terms.items():
        part = Size.of(coefficient)
        if any((bounds(a)[0] is None or bounds(a)[0] < 0) for a, _ in monomial):  # type: ignore[operator]
            return None
        for atom, exponent in monomial:
            value = Size.of(atom)
            if isinstance(atom, Floor) and atom.numerator.integer:
                n, d = atom.numerator, atom.denominator
                over = (coefficient < 0) == (exponent > 0)  # the term is least where the rounding is largest
                least = (n - d + 1) / d
                if over:
                    value = n / d
                elif (low := lower(least)) is not None and (low > 0 or (low == 0 and exponent > 0)):
                    value = least
                changed = True
            part = part * value**exponent
        parts.append(part)
    return total(parts) if changed else None


def simplified(conditions: Sequence[Condition], known: Sequence[Size] = ()) -> tuple[Condition, ...]:
    """What is left to say: no condition that always holds, none that follows from another of its kind."""
    kept = [c for c in _strongest(_common_multiples(conditions)) if c.holds(known) is not True]
    result = []
    for i, condition in enumerate(kept):
        others = [k for j, k in enumerate(kept) if j != i and (j < i or not _implies(condition, k))]
        if not any(_implies(other, condition) for other in others):
            result.append(condition)
    return tuple(result)


def _common_multiples(conditions: Sequence[Condition]) -> list[Condition]:
    """``g | 96`` and ``g | 256`` as ``g | 32``: what divides numbers divides their greatest common divisor."""
    result: list[Condition] = []
    place: dict[tuple[Size, Size], int] = {}
    for condition in conditions:
        number = condition.size.number
        several = condition.divisor.number is not None or condition.turns
        if condition.kind != "|" or not isinstance(number, int) or several:
            result.append(condition)
            continue
        key = (condition.divisor, condition.guard)
        if key not in place:
            place[key] = len(result)
            result.append(condition)
        else:
            first = result[place[key]]
            result[place[key]] = replace(first, size=Size.of(gcd(number, int(first.size.number or 0))))
    return result


def _strongest(conditions: Sequence[Condition]) -> list[Condition]:
    """Each once; of those that differ in a constant only, ``X >= 5`` and ``X >= 9``, the one from which the others follow.

    A deep network has thousands of them, and only what is left is compared pair by pair.
    """
    best: dict[object, Condition] = {}
    for c in conditions:
        constant = c.size.terms.get((), 0) if c.kind == ">=" and not c.turns else None
        varying = c.size if constant is None else c.size - constant
        key = (c.kind, varying, c.divisor, c.guard, c.turns)
        if key not in best or (constant is not None and constant < best[key].size.terms.get((), 0)):
            best[key] = c
    chosen = {id(c) for c in best.values()}
    return [c for c in conditions if id(c) in chosen]


def _implies(a: Condition, b: Condition) -> bool:
    if (a.guard != b.guard and a.guard != ONE) or a.turns or b.turns:
        return False
    if a.kind == b.kind == ">=":
        return never_negative(b.size - a.size)
    if a.kind == "|" and b.kind == ">=" and (lower(a.size) or 0) >= 1:  # a multiple of 16 is at least 16
        return never_negative(b.size - (a.size - a.divisor))
    if a.kind == b.kind == "|" and a.size.terms:
        return divides(b.divisor, a.divisor) is True and (b.size / a.size).integer
    return False
