"""Exact quantities: sums of products of atoms, always in canonical form.

A `Size` is a sum of monomials with rational coefficients; a monomial is a product of integer powers of atoms; an atom is a
symbol, a rounding ``⌊n/d⌋``, a symbolic power ``2^n``, or a function such as ``min``. Everything symcost computes, sizes and
costs alike, is a `Size`; SymPy expressions are made from it at the surface (`symcost.sizes.bridge`).

Why not SymPy inside: a sum of 10,000 terms takes it 30 to 150 µs a term, its ``floor`` spreads ``(X+1)/2`` over the sum and
never flattens nesting, so that equal sizes are not equal expressions. Here a term takes about 1 µs, and two roads to one size
end in the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from heapq import heapify, heappop, heappush
from math import gcd, lcm
from typing import Any, Union

from symcost.limiting import allowed, raising
from symcost.source import Diagnostic, SymcostError

Rational = int | Fraction
SizeLike = Union["Size", int, Fraction]

MAX_QUOTIENT = 1_000  # terms of (X^n - 1)/(X - 1); a longer quotient stays a quotient
SHORT = 64  # bits of a number that no limit refuses


class TooLarge(SymcostError):
    """A number or a sum that no person would want written out."""

    def __init__(self, what: str, limit: str | None = None) -> None:
        super().__init__(Diagnostic("number-too-large", what, help=limit and raising(limit)))


class DivisionByZero(SymcostError, ZeroDivisionError):
    """A quotient by zero."""

    def __init__(self) -> None:
        super().__init__(Diagnostic("division-by-zero", "division by zero"))


class Atom:
    """Something a monomial multiplies. Equal atoms have equal keys; keys also order them for printing."""

    __slots__ = ("_hash", "key", "parts")
    key: tuple[Any, ...]
    parts: int
    integer: bool

    def _seal(self, key: tuple[Any, ...], definitions: tuple[Size, ...] = ()) -> None:
        # a key holds the keys of all that is inside, as often as it stands there, and Python walks through it in one step
        self.parts = 1 + sum([a.parts for size in (*self.inside(), *definitions) for m in size.terms for a, _ in m])
        if self.parts > SHORT and self.parts > allowed().parts:
            raise TooLarge(f"a formula of more than {allowed().parts} parts inside one another", "parts")
        self.key = key
        self._hash = hash(key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self._hash == other._hash and self.key == other.key)

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        """This atom with ``part`` applied to the sizes inside it."""
        raise NotImplementedError

    def inside(self) -> tuple[Size, ...]:
        """The sizes this atom is made of."""
        return ()


class Symbol(Atom):
    """A name for a number. Bounds hold for every value; ``definition`` is what a named size stands for.

    ``top`` is an upper bound that is itself a formula: the last turn of a loop, for the symbol of its turns.
    """

    __slots__ = ("definition", "high", "integer", "low", "name", "top")

    def __init__(
        self,
        name: str,
        integer: bool = True,
        low: Rational | None = 1,
        high: Rational | None = None,
        definition: Size | None = None,
        top: Size | None = None,
    ) -> None:
        self.name, self.integer, self.low, self.high = name, integer, low, high
        self.definition, self.top = definition, top
        bounds = tuple("" if b is None else str(b) for b in (low, high))
        formulas = tuple([() if f is None else (f.key,) for f in (definition, top)])
        self._seal((0, name, integer, *bounds, *formulas), tuple([f for f in (definition, top) if f is not None]))

    def __repr__(self) -> str:
        return self.name

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        return Size.of(self)


class Power(Atom):
    """``2^n``, ``c^n``: a prime or an atom to a symbolic power."""

    __slots__ = ("base", "exponent", "integer")

    def __init__(self, base: Size, exponent: Size) -> None:
        from symcost.sizes.bounds import lower

        self.base, self.exponent = base, exponent
        low = lower(exponent)
        self.integer = base.integer and exponent.integer and low is not None and low >= 0
        self._seal((1, base.key, exponent.key))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        return power(part(self.base), part(self.exponent))

    def inside(self) -> tuple[Size, ...]:
        return self.base, self.exponent


class Floor(Atom):
    """``⌊numerator/denominator⌋``; made by `symcost.sizes.rounding.floor` only, which keeps it canonical."""

    __slots__ = ("denominator", "integer", "numerator")

    def __init__(self, numerator: Size, denominator: Size) -> None:
        self.numerator, self.denominator, self.integer = numerator, denominator, True
        self._seal((2, denominator.key, numerator.key))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        from symcost.sizes.rounding import floor

        return floor(part(self.numerator) / part(self.denominator))

    def inside(self) -> tuple[Size, ...]:
        return self.numerator, self.denominator


class Function(Atom):
    """``min``, ``max``, ``gcd``, ``log2``, ``sqrt`` of sizes where it could not be evaluated."""

    __slots__ = ("args", "integer", "name")

    def __init__(self, name: str, args: tuple[Size, ...]) -> None:
        self.name, self.args = name, args
        self.integer = name in ("gcd", "ceil") or (name in ("min", "max") and all(a.integer for a in args))
        self.integer = self.integer or (name == "divisible" and args[1].integer)
        self._seal((3, name, *(a.key for a in args)))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        from symcost.sizes.functions import FUNCTIONS

        return FUNCTIONS[self.name](*(part(a) for a in self.args))

    def inside(self) -> tuple[Size, ...]:
        return self.args


class Sum(Atom):
    """``term`` added up for ``index`` = 0 to ``count - 1``, where no closed form was found."""

    __slots__ = ("count", "index", "integer", "term")

    def __init__(self, term: Size, index: Symbol, count: Size) -> None:
        self.term, self.index, self.count, self.integer = (term, index, count, term.integer)
        self._seal((5, index.key, count.key, term.key))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        from symcost.sizes.sums import summed

        return summed(part(self.term), self.index, part(self.count))

    def inside(self) -> tuple[Size, ...]:
        return self.term, self.count


class Holds(Atom):
    """1 where a condition holds and 0 where it does not: Iverson's bracket."""

    __slots__ = ("divisor", "integer", "kind", "size")

    def __init__(self, kind: str, size: Size, divisor: Size) -> None:
        self.kind, self.size, self.divisor, self.integer = kind, size, divisor, True
        self._seal((6, kind, size.key, divisor.key))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        from symcost.sizes.functions import holds

        return holds(self.kind, part(self.size), part(self.divisor))

    def inside(self) -> tuple[Size, ...]:
        return self.size, self.divisor


class Group(Atom):
    """A sum that could not be divided out; stands in denominators only."""

    __slots__ = ("integer", "size")

    def __init__(self, size: Size) -> None:
        self.size, self.integer = size, size.integer
        self._seal((4, size.key))

    def rebuilt(self, part: Callable[[Size], Size]) -> Size:
        return part(self.size)

    def inside(self) -> tuple[Size, ...]:
        return (self.size,)


Monomial = tuple[tuple[Atom, int], ...]


class Size:
    """A sum of monomials. Immutable, hashable; ``==`` is structural, and equal sizes have one structure."""

    __slots__ = ("_hash", "_key", "terms")

    def __init__(self, terms: dict[Monomial, Rational]) -> None:
        self.terms = terms
        self._hash: int | None = None
        self._key: tuple[Any, ...] | None = None

    @staticmethod
    def of(value: SizeLike | Atom) -> Size:
        if isinstance(value, Size):
            return value
        if isinstance(value, Atom):
            return Size({((value, 1),): 1})
        if isinstance(value, int):
            return _small(value) if -8 <= value <= 1024 else Size({(): value})
        if isinstance(value, Fraction):
            return Size.of(value.numerator) if value.denominator == 1 else Size({(): value})
        raise TypeError(f"not an exact size: {value!r}")

    # what it is

    @property
    def key(self) -> tuple[Any, ...]:
        if self._key is None:
            flat = ((tuple((a.key, e) for a, e in m), *_ratio(c)) for m, c in self.terms.items())
            self._key = tuple(sorted(flat))
        return self._key

    @property
    def number(self) -> Rational | None:
        """Its value when it has no symbol in it."""
        if not self.terms:
            return 0
        if len(self.terms) == 1:
            return self.terms.get(())
        return None

    @property
    def integer(self) -> bool:
        """Whether it is an integer for all values of its symbols, as far as its form shows."""
        for monomial, coefficient in self.terms.items():  # noqa: SIM110 - asked of every size, and `all` takes twice as long
            if not integral(monomial, coefficient):
                return False
        return True

    def atoms(self) -> set[Atom]:
        """Every atom in it, those inside other atoms included."""
        return atoms_of((self,))

    def symbols(self) -> set[Symbol]:
        return {a for a in self.atoms() if isinstance(a, Symbol)}

    def subs(self, values: Mapping[Symbol, Size]) -> Size:
        """Every symbol of ``values`` replaced at once, also inside roundings, in canonical form again."""
        if not values:
            return self
        done: dict[Atom, Size] = {}

        def of_atom(atom: Atom) -> Size:
            if atom not in done:
                found = values.get(atom) if isinstance(atom, Symbol) else None
                done[atom] = atom.rebuilt(of_size) if found is None else found
            return done[atom]

        def of_size(size: Size) -> Size:
            if all(not m for m in size.terms):
                return size
            parts = []
            for monomial, coefficient in size.terms.items():
                if any(isinstance(a, Holds) and of_atom(a) == ZERO for a, _ in monomial):
                    continue  # whatever stands beside it: 1/(n - 1) has no value at n = 1
                part = Size.of(coefficient)
                for atom, exponent in monomial:
                    part = part * of_atom(atom) ** exponent
                parts.append(part)
            return total(parts)

        return of_size(self)

    # arithmetic

    def __add__(self, other: SizeLike) -> Size:
        if not isinstance(other, Size):
            other = Size.of(other)
        if not other.terms:
            return self
        if not self.terms:
            return other
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            _accumulate(terms, monomial, coefficient)
        return Size(terms)

    __radd__ = __add__

    def __neg__(self) -> Size:
        return Size({m: -c for m, c in self.terms.items()})

    def __sub__(self, other: SizeLike) -> Size:
        if not isinstance(other, Size):
            other = Size.of(other)
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            _accumulate(terms, monomial, -coefficient)
        return Size(terms)

    def __rsub__(self, other: SizeLike) -> Size:
        return Size.of(other) + -self

    def __mul__(self, other: SizeLike) -> Size:
        if not isinstance(other, Size):
            if other == 1:
                return self
            other = Size.of(other)
        if len(other.terms) == 1:
            ((second, factor),) = other.terms.items()
            if not second and factor == 1:
                return self
            if len(self.terms) == 1:
                ((first, coefficient),) = self.terms.items()
                return Size({_times(first, second): _product(coefficient, factor)})
            if not second:
                return Size({m: _product(c, factor) for m, c in self.terms.items()})
        products = len(self.terms) * len(other.terms)
        if products > SHORT and products > allowed().terms:
            raise TooLarge(f"a product of sums with more than {allowed().terms} terms", "terms")
        terms: dict[Monomial, Rational] = {}
        for m1, c1 in self.terms.items():
            for m2, c2 in other.terms.items():
                _accumulate(terms, _times(m1, m2), _product(c1, c2))
        return Size(terms)

    __rmul__ = __mul__

    def __truediv__(self, other: SizeLike) -> Size:
        """The exact quotient; never rounds."""
        if not isinstance(other, Size):
            other = Size.of(other)
        if other is ONE:
            return self
        number = other.number
        if type(number) is int and 0 < number.bit_length() <= SHORT:
            return Size({m: _over(c, number) for m, c in self.terms.items()})
        return self * inverse(other) if len(other.terms) < 2 else _quotient(self, other)

    def __rtruediv__(self, other: SizeLike) -> Size:
        return Size.of(other) / self

    def __pow__(self, exponent: SizeLike) -> Size:
        if isinstance(exponent, int):
            return _integer_power(self, exponent)
        return power(self, Size.of(exponent))

    def __floordiv__(self, other: SizeLike) -> Size:
        from symcost.sizes.rounding import floor

        return floor(self / other)

    def __mod__(self, other: SizeLike) -> Size:
        return self - other * (self // other)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Size):
            return self is other or self.terms == other.terms
        return isinstance(other, (int, Fraction)) and self.number == other

    def __hash__(self) -> int:
        if self._hash is None:
            number = self.number  # equal to it, so of the same hash
            self._hash = hash(frozenset(self.terms.items())) if number is None else hash(number)
        return self._hash

    def __bool__(self) -> bool:
        raise TypeError("a size has no truth value; compare it with symcost.sizes.facts")

    def _sympy_(self) -> Any:
        from symcost.sizes.bridge import to_sympy

        return to_sympy(self)

    def __repr__(self) -> str:
        from symcost.sizes.notation import ascii_text

        return ascii_text(self)


@lru_cache(None)
def _small(value: int) -> Size:
    return Size({(): value} if value else {})


ZERO = Size.of(0)
ONE = Size.of(1)


def atoms_of(sizes: Iterable[Size]) -> set[Atom]:
    """Every atom in some sizes, those inside other atoms included."""
    found: set[Atom] = set()
    todo = list(sizes)
    while todo:
        for monomial in todo.pop().terms:
            for atom, _ in monomial:
                if atom not in found:
                    found.add(atom)
                    todo += atom.inside()
    return found


def total(sizes: Iterable[Size]) -> Size:
    """The sum of many sizes, in one dictionary."""
    terms: dict[Monomial, Rational] = {}
    for size in sizes:
        for monomial, coefficient in size.terms.items():
            value = terms.get(monomial)
            terms[monomial] = coefficient if value is None else value + coefficient
    return added_up(terms)


def added_up(terms: Mapping[Monomial, Rational]) -> Size:
    """The size of some terms, of which those may have become none that were added up."""
    return Size({m: c if type(c) is int else _plain(c) for m, c in terms.items() if c})


def product(sizes: Iterable[SizeLike]) -> Size:
    """The product of many sizes, the numbers among them multiplied as numbers."""
    number: Rational = 1
    result: Size | None = None
    for size in sizes:
        plain = (
            size
            if type(size) is int
            else size.terms.get(())
            if isinstance(size, Size) and len(size.terms) == 1
            else None
        )
        if plain is not None:
            if plain != 1:
                number = _product(number, plain)
        else:
            result = Size.of(size) if result is None else result * size
    if result is None:
        return Size.of(number)
    return result if number == 1 else result * number


def inverse(size: Size) -> Size:
    """``1/size``."""
    if not size.terms:
        raise DivisionByZero
    if len(size.terms) == 1:
        ((monomial, coefficient),) = size.terms.items()
        if not any(isinstance(a, Group) for a, _ in monomial):
            one = 1 if coefficient == 1 else _plain(Fraction(coefficient.denominator, coefficient.numerator))
            return Size({tuple([(a, -e) for a, e in monomial]): one})
        rest = tuple((a, -e) for a, e in monomial if not isinstance(a, Group))
        grouped = product(a.size**-e for a, e in monomial if isinstance(a, Group))
        return Size({rest: _plain(Fraction(1) / coefficient)}) * grouped
    factor, primitive = _primitive(size)
    return inverse(factor) * Size({((Group(primitive), -1),): 1})


def power(base: Size, exponent: Size) -> Size:
    """``base^exponent`` for any exponent; ``4^n`` and ``2^(2*n)`` come out as one atom."""
    from symcost.sizes.bounds import lower

    number = exponent.number
    if isinstance(number, int):
        return _integer_power(base, number)
    value = base.number
    if value == 0 and (lower(exponent) or 0) > 0:
        return ZERO
    if isinstance(value, int) and value > 0:
        if value == 1:
            return ONE
        if value.bit_length() > 64:
            raise TooLarge("the base of a symbolic power is too large")
        return product(_atom_power(Size.of(p), exponent * k) for p, k in _factors(value).items())
    if isinstance(value, Fraction) and value > 0:
        return power(Size.of(value.numerator), exponent) / power(Size.of(value.denominator), exponent)
    if len(base.terms) == 1 and value is None:
        ((monomial, coefficient),) = base.terms.items()
        parts = [power(Size.of(coefficient), exponent)] if coefficient != 1 else []
        return product([*parts, *(_atom_power(Size.of(a), exponent * e) for a, e in monomial)])
    return _atom_power(base, exponent)


def _atom_power(base: Size, exponent: Size) -> Size:
    """One atom for each monomial of the exponent: ``2^(3*n - 1) = (2^n)^3 / 2``."""
    result = ONE
    for monomial, coefficient in exponent.terms.items():
        top, bottom = _ratio(coefficient)
        if not monomial and bottom == 1:
            result = result * _integer_power(base, top)
        else:
            atom = Power(base, Size({monomial: _plain(Fraction(1, bottom))}))
            result = result * Size({((atom, top),): 1})
    return result


def _integer_power(base: Size, exponent: int) -> Size:
    if exponent == 1:
        return base
    if exponent < 0:
        return _integer_power(inverse(base), -exponent)
    number = base.number
    if number is not None:
        least = (max(abs(x).bit_length() for x in _ratio(number)) - 1) * exponent
        if least > SHORT and least > allowed().bits:
            raise _too_large("number")
        return Size.of(_product(1, _plain(Fraction(number) ** exponent)))
    if len(base.terms) == 1:
        if not exponent:
            return ONE
        ((monomial, coefficient),) = base.terms.items()
        raised = Size({tuple([(a, e * exponent) for a, e in monomial]): 1})
        return raised if coefficient == 1 else _integer_power(Size.of(coefficient), exponent) * raised
    result, square = ONE, base
    while exponent:
        if exponent & 1:
            result = result * square
        exponent >>= 1
        if exponent:
            square = square * square
    return result


def integral(monomial: Monomial, coefficient: Rational) -> bool:
    """Whether a term is an integer for all values: ``2^n/2^t`` is one where t <= n."""
    if type(coefficient) is int:
        for atom, exponent in monomial:
            if exponent < 0 or not atom.integer:
                break
        else:
            return True
    from symcost.sizes.bounds import lower

    powers: dict[int, Size] = {}
    for atom, exponent in monomial:
        number = atom.base.number if isinstance(atom, Power) else None
        if isinstance(number, int) and number > 1 and isinstance(atom, Power):
            powers[number] = powers.get(number, ZERO) + atom.exponent * exponent
        elif exponent < 0 or not atom.integer:
            return False
    left = Fraction(coefficient).denominator
    for base, exponents in powers.items():
        while left % base == 0:
            left //= base
            exponents = exponents - 1
        low = lower(exponents)
        if low is None or low < 0 or not exponents.integer:
            return False
    return left == 1


# ------------------------------------------------------------ monomials


def _accumulate(terms: dict[Monomial, Rational], monomial: Monomial, coefficient: Rational) -> None:
    value = terms.get(monomial)
    if value is None:
        terms[monomial] = coefficient
        return
    value = value + coefficient
    if value:
        terms[monomial] = value if type(value) is int else _plain(value)
    else:
        del terms[monomial]


def _times(a: Monomial, b: Monomial) -> Monomial:
    if not a:
        return b
    if not b:
        return a
    if len(a) == len(b) == 1:
        (x, e), (y, f) = a[0], b[0]
        if x == y:
            return ((x, e + f),) if e + f else ()
        return (a[0], b[0]) if x.key < y.key else (b[0], a[0])
    exponents = dict(a)
    for atom, exponent in b:
        exponents[atom] = exponents.get(atom, 0) + exponent
    return tuple(sorted([pair for pair in exponents.items() if pair[1]], key=_atom_order))


def _atom_order(pair: tuple[Atom, int]) -> tuple[Any, ...]:
    return pair[0].key


def _product(a: Rational, b: Rational) -> Rational:
    value = a * b
    if type(value) is int:
        if value.bit_length() > SHORT and value.bit_length() > allowed().bits:
            raise _too_large("number")
        return value
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > allowed().bits:
        raise _too_large("fraction")
    return _plain(value)


def _over(value: Rational, number: int) -> Rational:
    """The quotient of a coefficient and a short integer."""
    if type(value) is not int:
        return _product(value, Fraction(1, number))
    return Fraction(value, number) if value % number else value // number


def _too_large(what: str) -> TooLarge:
    return TooLarge(f"a {what} of more than {allowed().results} digits", "results")


def _plain(value: Rational) -> Rational:
    """An integer when it is one."""
    return value.numerator if value.denominator == 1 else value


def _ratio(value: Rational) -> tuple[int, int]:
    return value.numerator, value.denominator


def numeric_content(size: Size) -> Fraction:
    """The greatest positive rational that divides every coefficient."""
    ratios = [_ratio(c) for c in size.terms.values()]
    return Fraction(gcd(*(t for t, _ in ratios)), lcm(*(b for _, b in ratios))) if ratios else Fraction(1)


def content(size: Size) -> Size:
    """The positive rational and the product of atoms that divide every term: ``2*a^2*b + 4*a*b`` has ``2*a*b``."""
    if not size.terms:
        return ONE
    common = dict(next(iter(size.terms)))
    for monomial in size.terms:
        exponents = dict(monomial)
        least = {a: e for a, e in exponents.items() if e < 0 and a not in common}  # a term before does not have it
        least |= {a: min(e, exponents.get(a, 0)) for a, e in common.items()}
        common = {a: e for a, e in least.items() if e}
    shared = tuple(sorted(((a, e) for a, e in common.items() if e), key=_atom_order))
    return Size({shared: _plain(numeric_content(size))})


def _primitive(size: Size) -> tuple[Size, Size]:
    """``(factor, rest)`` with ``factor*rest == size``; the rest has no common factor and a positive leading term."""
    factor = content(size)
    rest = size * inverse(factor)
    if leading(rest)[1] < 0:
        factor, rest = -factor, -rest
    return factor, rest


def leading(size: Size) -> tuple[Monomial, Rational]:
    """The term of highest degree; among equals the first in the order of printing."""
    return min(size.terms.items(), key=lambda item: term_order(item[0]))


def term_order(monomial: Monomial) -> tuple[Any, ...]:
    """Falling degree; among equals, sizes of tensors before parameters of layers: ``X - K + 2*P``."""
    return (-sum(e for _, e in monomial), tuple(sorted((_is_parameter(a), a.key, -e) for a, e in monomial)))


def sign_order(monomial: Monomial) -> tuple[Any, ...]:
    """Which term decides the sign of a rounding: one with a size of a tensor in it before ``d*K``, constants last."""
    return (not monomial, all(_is_parameter(a) for a, _ in monomial), term_order(monomial))


def _is_parameter(atom: Atom) -> bool:
    """Whether papers use this letter for a kernel, padding, stride, dilation or group rather than for a size."""
    return isinstance(atom, Symbol) and atom.name[0] in "KkPpsdgr"


def _quotient(dividend: Size, divisor: Size) -> Size:
    """The exact quotient by a sum: a polynomial when it divides, otherwise a `Group` in the denominator."""
    factor, primitive = _primitive(divisor)
    shared = content(dividend)  # may have negative exponents; what is left has none
    quotient = _long_division(dividend * inverse(shared), primitive)
    if quotient is not None:
        return quotient * shared * inverse(factor)
    return dividend * inverse(factor) * Size({((Group(primitive), -1),): 1})


def _long_division(dividend: Size, divisor: Size) -> Size | None:
    """The quotient of two polynomials if there is no remainder, leading terms first."""
    if any(e < 0 for m in (*dividend.terms, *divisor.terms) for _, e in m):
        return None  # a `Group` is left below
    top, lead = leading(divisor)
    under = tuple((a, -e) for a, e in top)
    tail = [(m, c) for m, c in divisor.terms.items() if m != top]
    left, quotient = dict(dividend.terms), dict[Monomial, Rational]()
    ahead = [(term_order(m), m) for m in left]
    heapify(ahead)
    while left:
        if len(quotient) > MAX_QUOTIENT + len(dividend.terms):
            return None
        _, monomial = heappop(ahead)
        coefficient = left.pop(monomial, None)
        if coefficient is None:
            continue
        ratio = _times(monomial, under)
        if any(e < 0 for _, e in ratio):
            return None
        quotient[ratio] = _plain(Fraction(coefficient) / lead)
        for m, c in tail:
            product_ = _times(ratio, m)
            if product_ not in left:
                heappush(ahead, (term_order(product_), product_))
            _accumulate(left, product_, -_product(quotient[ratio], c))
    return Size(quotient)


@lru_cache(1024)
def _factors(value: int) -> dict[int, int]:
    """Prime factors by trial division; bases of powers are small, a large remainder is kept whole."""
    found: dict[int, int] = {}
    prime = 2
    while prime * prime <= value and prime < 10_000:
        while value % prime == 0:
            found[prime] = found.get(prime, 0) + 1
            value //= prime
        prime += 1
    if value > 1:
        found[value] = found.get(value, 0) + 1
    return found
