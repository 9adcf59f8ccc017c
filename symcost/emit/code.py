"""A formula as a program of whole numbers, once for all languages: sums, products, floors, and what else an atom needs.

A fraction is carried as one integer over another until the end, so that nothing but integers is ever worked out. What stands
under a bracket ``[condition]`` or in the turns of a loop is the body of a node of its own and is worked out nowhere else.

Operations on numbers: ``number input + * // / min max gcd ^ sqrt log2 if``, and ``sum product`` over the turns of a loop. ``//``
is a floor; ``/`` must come out even (its value says whether that is proved); ``sqrt`` and ``log2`` must be integers. Operations
that are true or false: ``>= > == !=`` against 0, ``|`` (the first divides the second), ``and or every``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm

from symcost.sizes.atoms import (
    ONE,
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
    term_order,
)
from symcost.sizes.bounds import bounds, lower
from symcost.sizes.facts import Condition, divides
from symcost.sizes.rounding import over_one_divisor

MAX_WRITTEN_OUT = 64  # factors of a power that is written as a product


class Node:
    """One operation; equal operations are one object, within one `Code`."""

    __slots__ = ("args", "op", "value")

    def __init__(self, op: str, args: tuple[Node, ...], value: object) -> None:
        self.op, self.args, self.value = op, args, value

    @property
    def number(self) -> int:
        assert isinstance(self.value, int)
        return self.value

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(repr, self.args))})" if self.args else str(self.value)


@dataclass(frozen=True)
class Quotient:
    """``top/(number*under)``: a positive number, and other nodes with their exponents."""

    top: Node
    number: int = 1
    under: Mapping[Node, int] = field(default_factory=dict)

    @property
    def plain(self) -> bool:
        return self.number == 1 and not self.under


@dataclass(frozen=True)
class Result:
    """``top/bottom``; ``whole`` says that it is proved to be an integer, ``bottom`` is then divided out."""

    top: Node
    bottom: Node
    whole: bool
    value: Node  # the quotient as one node, which must come out even


def inputs_of(symbol: Symbol) -> tuple[str, ...]:
    """The integers that stand for a symbol: a real one is a fraction. No symbol has a space in its name."""
    return (symbol.name,) if symbol.integer else (f"{symbol.name} top", f"{symbol.name} bottom")


class Code:
    """Makes nodes from formulas and conditions."""

    def __init__(self) -> None:
        self.made: dict[tuple[object, ...], Node] = {}
        self.known: dict[Atom, Quotient] = {}
        self.positive: set[Node] = set()
        self.turns = 0

    # results

    def result(self, size: Size) -> Result:
        value = self.size(size)
        bottom = self.bottom(value)
        if value.plain:
            return Result(value.top, bottom, True, value.top)
        whole = size.integer or divides(*reversed(over_one_divisor(size))) is True
        return Result(value.top, bottom, whole, self.node("/", value.top, bottom, value=whole))

    def conditions(self, given: Iterable[Condition]) -> Node:
        """Whether all of them hold."""
        return self.node("and", *(self.condition(c) for c in given))

    def condition(self, given: Condition) -> Node:
        """As `symcost.sizes.facts` reads it: in every turn of its loops, and only where its guard is not 0."""
        if given.turns:
            (symbol, turns), *others = given.turns
            count = self.whole(self.size(turns))
            with_fewer = Condition(given.kind, given.size, given.divisor, guard=given.guard, turns=tuple(others))
            index, known = self._index(symbol)
            body = self.condition(with_fewer)
            self.known = known
            return self.node("every", count, body, value=index)
        truth = self.truth(given.kind, given.size, given.divisor)
        if given.guard == ONE:
            return truth
        return self.node("or", self.node("==", self.size(given.guard).top), truth)

    def truth(self, kind: str, size: Size, divisor: Size) -> Node:
        left = self.size(size)
        if kind == "|":
            top, bottom = self._divided(left, self.size(divisor))
            return self.node("|", bottom, top)
        if kind in ("==", "!=") or not left.under:
            return self.node(kind, left.top)
        return self.node(kind, self._positive(left).top)

    # nodes

    def node(self, op: str, *args: Node, value: object = None) -> Node:
        key = (op, tuple(map(id, args)), value)
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = Node(op, args, value)
        return found

    def number(self, value: int) -> Node:
        return self.node("number", value=value)

    def input(self, name: str) -> Node:
        return self.node("input", value=name)

    def product(self, number: int, factors: Iterable[tuple[Node, int]]) -> Node:
        args: list[Node] = []
        for factor, exponent in factors:
            if exponent > MAX_WRITTEN_OUT:
                args.append(self.node("^", factor, self.number(exponent)))
                continue
            for _ in range(exponent):
                if factor.op == "*" and factor.args[0].op == "number":
                    number *= factor.args[0].number
                    args += factor.args[1:]
                elif factor.op == "number":
                    number *= factor.number
                else:
                    args += factor.args if factor.op == "*" else (factor,)
        if not args or number == 0:
            return self.number(number)
        if number != 1:
            args.insert(0, self.number(number))
        return args[0] if len(args) == 1 else self.node("*", *args)

    def sum(self, terms: Iterable[Node]) -> Node:
        args: list[Node] = []
        constant = 0
        for term in terms:
            for part in term.args if term.op == "+" else (term,):
                if part.op == "number":
                    constant += part.number
                else:
                    args.append(part)
        if constant or not args:
            args.append(self.number(constant))
        return args[0] if len(args) == 1 else self.node("+", *args)

    # parts of a formula

    def size(self, size: Size) -> Quotient:
        branches: dict[tuple[Holds, ...], dict[Monomial, Rational]] = {}
        for monomial in sorted(size.terms, key=term_order):
            brackets = tuple([a for a, _ in monomial if isinstance(a, Holds)])
            rest = tuple([p for p in monomial if not isinstance(p[0], Holds)]) if brackets else monomial
            inside = branches.setdefault(brackets, {})
            inside[rest] = inside.get(rest, 0) + size.terms[monomial]
        terms = [self._term(m, c) for m, c in branches.pop((), {}).items()]
        for brackets, inside in branches.items():
            terms.append(self._branch(brackets, Size(inside)))
        return self._sum(terms)

    def whole(self, value: Quotient) -> Node:
        return value.top if value.plain else self.node("/", value.top, self.bottom(value), value=False)

    def bottom(self, value: Quotient) -> Node:
        return self.product(value.number, value.under.items())

    def _branch(self, brackets: Sequence[Holds], size: Size) -> Quotient:
        """A part that is there where conditions hold: numerator and divisor are not looked at elsewhere."""
        condition = self.node("and", *(self.truth(a.kind, a.size, a.divisor) for a in brackets))
        value = self.size(size)
        if not value.under:
            return Quotient(self.node("if", condition, value.top), value.number)
        one = self.number(1)
        otherwise = self.node("if", condition, self.sum([self.bottom(value), self.number(-1)]))
        return Quotient(self.node("if", condition, value.top), 1, {self.sum([otherwise, one]): 1})

    def _term(self, monomial: Monomial, coefficient: Rational) -> Quotient:
        top, bottom = coefficient.numerator, coefficient.denominator
        above: list[tuple[Node, int]] = []
        under: dict[Node, int] = {}
        for atom, exponent in monomial:
            part = self._atom(atom)
            if exponent > 0:
                above.append((part.top, exponent))
                bottom *= part.number**exponent
                for node, e in part.under.items():
                    under[node] = under.get(node, 0) + e * exponent
            else:
                above += [(node, e * -exponent) for node, e in part.under.items()]
                top *= part.number**-exponent
                under[part.top] = under.get(part.top, 0) - exponent
        return Quotient(self.product(top, above), bottom, under)

    def _sum(self, terms: list[Quotient]) -> Quotient:
        """Terms over one divisor."""
        number = lcm(*[t.number for t in terms])
        if not any(t.under for t in terms):
            return Quotient(self.sum([self._scaled(t.top, number // t.number, []) for t in terms]), number)
        under: Counter[Node] = Counter()
        for term in terms:
            under |= Counter(term.under)
        tops = []
        for term in terms:
            missing = Counter(under)
            missing.subtract(term.under)
            scale = [(node, e) for node, e in missing.items() if e]
            tops.append(self._scaled(term.top, number // term.number, scale))
        return Quotient(self.sum(tops), number, under)

    def _scaled(self, node: Node, number: int, factors: list[tuple[Node, int]]) -> Node:
        return node if number == 1 and not factors else self.product(number, [*factors, (node, 1)])

    def _divided(self, a: Quotient, b: Quotient) -> tuple[Node, Node]:
        """``a/b`` as numerator and denominator."""
        if not a.under and not b.under:
            scale = lcm(a.number, b.number)
            return self._scaled(a.top, scale // a.number, []), self._scaled(b.top, scale // b.number, [])
        common = Counter(a.under) & Counter(b.under)
        left, right = Counter(a.under) - common, Counter(b.under) - common
        scale = lcm(a.number, b.number)
        top = self._scaled(a.top, scale // a.number, list(right.items()))
        return top, self._scaled(b.top, scale // b.number, list(left.items()))

    def _atom(self, atom: Atom) -> Quotient:
        if atom not in self.known:
            made = self.known[atom] = self._made(atom)
            low = bounds(atom)[0]
            if low is not None and low > 0:
                self.positive.add(made.top)
        return self.known[atom]

    def _made(self, atom: Atom) -> Quotient:
        match atom:
            case Symbol():
                names = inputs_of(atom)
                if len(names) == 1:
                    return Quotient(self.input(names[0]))
                below = self.input(names[1])
                self.positive.add(below)
                return Quotient(self.input(names[0]), 1, {below: 1})
            case Group():
                return self.size(atom.size)
            case Floor():
                top, bottom = self._divided(self.size(atom.numerator), self.size(atom.denominator))
                if bottom.op == "number" and bottom.value == 1:
                    return Quotient(top)
                return Quotient(self.node("//", top, bottom))
            case Power():
                return self._power(atom)
            case Function():
                return self._function(atom.name, [self.size(a) for a in atom.args])
            case Sum():
                return self._added(atom)
        raise TypeError(atom)

    def _added(self, atom: Sum) -> Quotient:
        """A sum of fractions stands over the product of the divisors of all turns."""
        count = self.whole(self.size(atom.count))
        index, value = self._turn(atom)
        inside = Counter({n: e for n, e in value.under.items() if index in inner(n)})
        outside = Counter(value.under) - inside
        if not inside:
            return Quotient(self.node("sum", count, value.top, value=index), value.number, outside)
        other, again = self._turn(atom)  # the product is worked out inside of the sum: it has an index of its own
        divisor = self.product(1, [(n, e) for n, e in again.under.items() if other in inner(n)])
        whole = self.node("product", count, divisor, value=other)
        part = self.node("/", whole, self.product(1, inside.items()), value=True)
        top = self.node("sum", count, self.product(1, [(part, 1), (value.top, 1)]), value=index)
        outside[whole] += 1
        return Quotient(top, value.number, outside)

    def _turn(self, atom: Sum) -> tuple[Node, Quotient]:
        index, known = self._index(atom.index)
        value = self.size(atom.term)
        self.known = known
        return index, value

    def _power(self, atom: Power) -> Quotient:
        base, exponent = self.size(atom.base), self.whole(self.size(atom.exponent))
        least = lower(atom.exponent)
        if base.plain and least is not None and least >= 0:
            raised = base.top
            if raised.op == "^":
                raised, times = raised.args
                exponent = self.product(1, [(times, 1), (exponent, 1)])
            return Quotient(self.node("^", raised, exponent))
        zero = self.number(0)
        up = self.node("max", exponent, zero)
        down = self.node("max", self.product(-1, [(exponent, 1)]), zero)
        bottom = self.bottom(base)
        above = [(self.node("^", base.top, up), 1), (self.node("^", bottom, down), 1)]
        below = [(self.node("^", base.top, down), 1), (self.node("^", bottom, up), 1)]
        return Quotient(self.product(1, above), 1, dict(below))

    def _function(self, name: str, args: list[Quotient]) -> Quotient:
        match name:
            case "ceil":
                top = self._scaled(args[0].top, -1, [])
                return Quotient(self._scaled(self.node("//", top, self.bottom(args[0])), -1, []))
            case "min" | "max":
                return self._extreme(name, args)
            case "gcd":
                return Quotient(self.node("gcd", *map(self.whole, args)))
            case "sqrt":
                bottom = self.bottom(args[0])
                root = self.node("sqrt", self.product(1, [(args[0].top, 1), (bottom, 1)]))
                return Quotient(root) if args[0].plain else Quotient(root, 1, {self._absolute(bottom): 1})
            case "log2":
                return Quotient(self.node("log2", self.whole(args[0])))
            case "divisible":
                return self._divisible(*args)
        raise TypeError(name)

    def _extreme(self, name: str, args: list[Quotient]) -> Quotient:
        """Over one positive divisor the least (greatest) numerator."""
        over = [self._positive(a) for a in args]
        shared = self._sum(over)
        tops = []
        for arg in over:
            missing = Counter(shared.under)
            missing.subtract(arg.under)
            scale = [(node, e) for node, e in missing.items() if e]
            tops.append(self._scaled(arg.top, shared.number // arg.number, scale))
        return Quotient(self.node(name, *tops), shared.number, shared.under)

    def _divisible(self, value: Quotient, divisor: Quotient) -> Quotient:
        """The multiple of a divisor nearest to a value, at least one of it and not below nine tenths of the value."""
        v, d = self._divided(value, divisor)
        near = self.node("//", self.sum([self._scaled(v, 2, []), d]), self._scaled(d, 2, []))
        times = self.node("max", near, self.number(1))
        short = self.sum([self._scaled(v, 9, []), self.product(-10, [(times, 1), (d, 1)])])
        times = self.sum([times, self.node("if", self.node("and", self.node(">", short)), self.number(1))])
        return Quotient(self.product(1, [(times, 1), (divisor.top, 1)]), divisor.number, divisor.under)

    def _positive(self, value: Quotient) -> Quotient:
        """The same over a divisor that is not negative."""
        odd = [(node, 1) for node, e in value.under.items() if e % 2 and node not in self.positive]
        if not odd:
            return value
        under = Counter(value.under)
        under.update(dict(odd))
        return Quotient(self._scaled(value.top, 1, odd), value.number, under)

    def _absolute(self, node: Node) -> Node:
        return self.node("max", node, self._scaled(node, -1, [])) if node not in self.positive else node

    def _index(self, symbol: Symbol) -> tuple[Node, dict[Atom, Quotient]]:
        """A node for the turn of a loop, and what was known before: what was made with a symbol of that name is another's."""
        self.turns += 1
        index = self.input(f"turn {self.turns}")  # no symbol has a space in its name
        before = self.known
        self.known = {a: q for a, q in before.items() if a != symbol and symbol not in Size.of(a).symbols()}
        self.known[symbol] = Quotient(index)
        return index, before


def inner(node: Node) -> Iterator[Node]:
    """Every node it is made of, each once, arguments first; itself last."""
    seen: set[Node] = set()
    todo: list[tuple[Node, bool]] = [(node, False)]
    while todo:
        one, ready = todo.pop()
        if ready:
            yield one
        elif one not in seen:
            seen.add(one)
            todo.append((one, True))
            todo += [(a, False) for a in reversed(one.args)]
