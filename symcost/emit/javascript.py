"""Formulas as JavaScript: exact over BigInt, fractions as one number over another, nothing in floating point.

A formula is a function of an object with a value for each symbol: a BigInt, or a pair ``[top, bottom]`` for a symbol that is no
integer. It returns such a pair in lowest terms, and throws where it has no exact value. What it calls stands in `RUNTIME`.

>>> from symcost.sizes.atoms import Size, Symbol
>>> print(function(Size.of(Symbol("X")) // 2 * 3))
({ X }) => { const $1 = floorDiv(X, 2n); return [3n*$1, 1n]; }
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from math import lcm
from pathlib import Path

from symcost.sizes.atoms import (
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Monomial,
    Power,
    Rational,
    Size,
    Sum,
    Symbol,
    bounds,
    term_order,
)
from symcost.sizes.facts import Condition

RUNTIME = (Path(__file__).parent / "exact.js").read_text(encoding="utf-8")

_WORDS = """
    arguments await break case catch class const continue debugger default delete do else enum eval export extends false
    finally for function if implements import in instanceof interface let new null package private protected public return
    static super switch this throw true try typeof var void while with yield BigInt Math Number RangeError
""".split()  # noqa: SIM905
_TAKEN = {*_WORDS, *re.findall(r"^function (\w+)", RUNTIME, re.M)}


@dataclass(frozen=True)
class Quotient:
    """``top/(number*under)``: source text over a positive number and over factors, each by its source with its exponent."""

    top: str
    number: int = 1
    under: Mapping[str, int] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        return self.number == 1 and not self.under

    @property
    def bottom(self) -> str:
        return _product([f"{self.number}n"] if self.number != 1 or not self.under else [], self.under.items())

    @property
    def pair(self) -> str:
        return f"[{self.top}, {self.bottom}]"

    @property
    def signed(self) -> str:
        """Something with the sign of the quotient."""
        return self.top if not self.under else f"{_factor(self.top)}*{_factor(self.bottom)}"


def function(size: Size) -> str:
    """An arrow function from values of the symbols to the value as a fraction ``[top, bottom]``."""
    scope = _Scope()
    value = scope.size(size)
    scope.result = value.pair if value.plain else f"ratio({value.top}, {value.bottom})"
    return scope.arrow()


def condition(given: Condition) -> str:
    """An arrow function from values of the symbols to whether a condition holds."""
    scope = _Scope()
    scope.result = scope.condition(given)
    return scope.arrow()


class _Scope:
    """The body of a function: constants it has worked out so far, and what it returns.

    What is under a bracket ``[condition]`` has a scope of its own, so that nothing of it is worked out where it is not there.
    """

    def __init__(self, outer: _Scope | None = None) -> None:
        self.lines: list[str] = []
        self.result = ""
        self.known: dict[Atom, Quotient] = dict(outer.known) if outer else {}
        self.names: dict[str, str] = outer.names if outer else {}  # parameters of the whole function
        self.numbers: Iterator[int] = outer.numbers if outer else count(1)

    def arrow(self) -> str:
        entries = (n if n == own else f"{_quoted(n)}: {own}" for n, own in sorted(self.names.items()))
        named = ", ".join(entries)
        return f"({f'{{ {named} }}' if named else ''}) => {self.body()}"

    def body(self) -> str:
        """The function after its arrow."""
        if self.lines:
            return f"{{ {' '.join(self.lines)} return {self.result}; }}"
        return f"({self.result})" if self.result.startswith("{") else self.result

    def value(self) -> str:
        """The same as an expression, worked out where it stands."""
        return f"(() => {self.body()})()" if self.lines else self.result

    # parts of a formula

    def size(self, size: Size) -> Quotient:
        branches: dict[tuple[Holds, ...], dict[Monomial, Rational]] = {}
        for monomial in sorted(size.terms, key=term_order):
            brackets = tuple(a for a, _ in monomial if isinstance(a, Holds))
            rest = tuple(p for p in monomial if not isinstance(p[0], Holds))
            inside = branches.setdefault(brackets, {})
            inside[rest] = inside.get(rest, 0) + size.terms[monomial]
        terms = [(c < 0, self._term(m, abs(Fraction(c)))) for m, c in branches.pop((), {}).items()]
        return _sum([*terms, *((False, self._branch(brackets, Size(inside))) for brackets, inside in branches.items())])

    def _branch(self, brackets: Iterable[Holds], size: Size) -> Quotient:
        """A part that is there where conditions hold."""
        holds = " && ".join(map(self._condition_of, brackets))
        inner = _Scope(self)
        value = inner.size(size)
        if not inner.lines and not value.under:
            return Quotient(f"({holds} ? {value.top} : 0n)", value.number)
        inner.result = value.pair
        return self._pair(f"{holds} ? {inner.value()} : [0n, 1n]")

    def _condition_of(self, bracket: Holds) -> str:
        return self._lazy(lambda s: s.truth(bracket.kind, bracket.size, bracket.divisor))

    def _term(self, monomial: Monomial, coefficient: Fraction) -> Quotient:
        top, bottom = coefficient.numerator, coefficient.denominator
        above: list[tuple[str, int]] = []
        under: Counter[str] = Counter()
        for atom, exponent in monomial:
            part = self._atom(atom)
            if exponent > 0:
                above.append((part.top, exponent))
                bottom *= part.number**exponent
                under.update({source: e * exponent for source, e in part.under.items()})
            else:
                above += [(source, e * -exponent) for source, e in part.under.items()]
                top *= part.number**-exponent
                under[self._divisor(atom, part.top)] -= exponent
        return Quotient(_product([f"{top}n"] if top != 1 or not above else [], above), bottom, under)

    def _divisor(self, atom: Atom, source: str) -> str:
        """What is divided by; zero is noticed when the fraction is made."""
        low = bounds(atom)[0]
        return source if low is not None and low > 0 and re.fullmatch(r"[\w$]+", source) else self._constant(source)

    def _atom(self, atom: Atom) -> Quotient:
        if atom not in self.known:
            self.known[atom] = self._made(atom)
        return self.known[atom]

    def _made(self, atom: Atom) -> Quotient:
        match atom:
            case Symbol():
                own = self._parameter(atom.name)
                return Quotient(own) if atom.integer else Quotient(f"{own}[0]", 1, {f"{own}[1]": 1})
            case Group():
                return self._held(self.size(atom.size))
            case Floor():
                top, bottom = self.size(atom.numerator), self.size(atom.denominator)
                return Quotient(self._constant(f"floorDiv({_over(top, bottom)}, {_over(bottom, top)})"))
            case Power():
                base, exponent = self.size(atom.base), self.size(atom.exponent)
                if atom.integer and base.plain and exponent.plain:
                    return Quotient(self._constant(f"raised({base.top}, {exponent.top})"))
                return self._pair(f"power({base.pair}, {exponent.pair})")
            case Function():
                return self._function(atom.name, [self.size(a) for a in atom.args])
            case Sum():
                return self._turns(atom)
        raise TypeError(atom)

    def _function(self, name: str, args: list[Quotient]) -> Quotient:
        plain = all(a.plain for a in args)
        if name == "ceil":
            return Quotient(self._constant(f"ceilDiv({args[0].top}, {args[0].bottom})"))
        if name in ("min", "max", "gcd") and plain:
            return Quotient(self._constant(f"{name}({', '.join(a.top for a in args)})"))
        if name == "gcd":
            return Quotient(self._constant(f"gcd({', '.join(f'whole({a.top}, {a.bottom})' for a in args)})"))
        called = {"min": "least", "max": "greatest"}.get(name, name)
        return self._pair(f"{called}({', '.join(a.pair for a in args)})")

    def _turns(self, atom: Sum) -> Quotient:
        inner = _Scope(self)
        index = inner._index(atom.index)
        value = inner.size(atom.term)
        turns = self._turn_count(atom.count)
        inner.result = value.top if value.plain else value.pair
        source = f"({turns}, ({index}) => {inner.body()})"
        return Quotient(self._constant(f"sum{source}")) if value.plain else self._pair(f"sums{source}")

    def _turn_count(self, size: Size) -> str:
        turns = self.size(size)
        return turns.top if turns.plain else f"whole({turns.top}, {turns.bottom})"

    # conditions

    def condition(self, given: Condition) -> str:
        """As `symcost.sizes.facts` reads it: in every turn of its loops, and only where its guard is not 0."""
        if given.turns:
            (symbol, turns), *others = given.turns
            inner = _Scope(self)
            index = inner._index(symbol)
            inner.result = inner.condition(replace(given, turns=tuple(others)))
            return f"every({self._turn_count(turns)}, ({index}) => {inner.body()})"
        truth = self._lazy(lambda s: s.truth(given.kind, given.size, given.divisor))
        if given.guard.number == 1:
            return truth
        return f"{self._lazy(lambda s: s.size(given.guard).top)} === 0n || {truth}"

    def truth(self, kind: str, size: Size, divisor: Size) -> str:
        left = self.size(size)
        if kind == "|":
            right = self.size(divisor)
            return f"{_factor(_over(left, right))} % {_factor(_over(right, left))} === 0n"
        relation = {"==": "===", "!=": "!=="}.get(kind, kind)
        return f"{left.signed} {relation} 0n"

    def _lazy(self, source: Callable[[_Scope], str]) -> str:
        inner = _Scope(self)
        inner.result = source(inner)
        return inner.value()

    # names

    def _parameter(self, name: str) -> str:
        if name not in self.names:
            own = name if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) and name not in _TAKEN else self._fresh()
            self.names[name] = own
        return self.names[name]

    def _index(self, symbol: Symbol) -> str:
        """A name for the turn of a loop; what was worked out before with a symbol of that name is another's."""
        own = self._fresh()
        self.known = {a: q for a, q in self.known.items() if a != symbol and symbol not in Size.of(a).symbols()}
        self.known[symbol] = Quotient(own)
        return own

    def _fresh(self) -> str:
        return f"${next(self.numbers)}"

    def _held(self, value: Quotient) -> Quotient:
        return Quotient(self._constant(value.top), value.number, value.under)

    def _constant(self, source: str) -> str:
        own = self._fresh()
        self.lines.append(f"const {own} = {source};")
        return own

    def _pair(self, source: str) -> Quotient:
        top, bottom = self._fresh(), self._fresh()
        self.lines.append(f"const [{top}, {bottom}] = {source};")
        return Quotient(top, 1, {bottom: 1})


def _sum(terms: list[tuple[bool, Quotient]]) -> Quotient:
    """Terms, each with whether it is taken away, over one divisor."""
    number = lcm(*(t.number for _, t in terms))
    under: Counter[str] = Counter()
    for _, term in terms:
        under |= Counter(term.under)
    written = ""
    for negative, term in terms:
        missing = Counter(under)
        missing.subtract(term.under)
        factor = number // term.number
        scale = _product([f"{factor}n"] if factor != 1 else [], [(s, e) for s, e in missing.items() if e])
        top = f"{scale}*{_factor(term.top)}" if scale else term.top
        written += (" - " if negative else " + ") + top if written else _signed(top) if negative else top
    return Quotient(written or "0n", number, under)


def _signed(product: str) -> str:
    """The negative: JavaScript refuses a sign before a base with its exponent, and takes one before a number."""
    return f"-{product}" if re.match(r"\d+n(?!\*\*)", product) else f"-1n*{product}"


def _over(top: Quotient, bottom: Quotient) -> str:
    """The part above the line of a quotient of quotients."""
    others = list(bottom.under.items())
    if bottom.number == 1 and not others:
        return top.top
    number = [f"{bottom.number}n"] if bottom.number != 1 else []
    return f"{_product(number, others)}*{_factor(top.top)}"


def _product(numbers: list[str], factors: Iterable[tuple[str, int]]) -> str:
    return "*".join([*numbers, *(_factor(s) if e == 1 else f"{_factor(s)}**{e}n" for s, e in factors)])


def _factor(source: str) -> str:
    """In parentheses where it is not one word or a product."""
    return f"({source})" if (" " in source or source.startswith("-")) and not _closed(source) else source


def _closed(source: str) -> bool:
    """Whether parentheses stand around the whole."""
    if not source.startswith("("):
        return False
    depth = 0
    for place, c in enumerate(source):
        depth += {"(": 1, ")": -1}.get(c, 0)
        if depth == 0:
            return place == len(source) - 1
    return False


def _quoted(name: str) -> str:
    return json.dumps(name).replace("<", "\\u003c")
