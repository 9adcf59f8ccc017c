"""Where a formula holds: its symbols, the conditions of the network, the facts assumed; and values given to symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from math import isfinite, lcm
from typing import Any

from symcost.graph import Graph, resolved
from symcost.graph.roles import Roles
from symcost.graph.scope import Binding, Declared, Scope
from symcost.graph.values import Evaluator
from symcost.latex_formula import Names, is_latex, read_formula
from symcost.parser import parse_formula
from symcost.sizes.atoms import ONE, DivisionByZero, Size, SizeLike, Symbol, product
from symcost.sizes.facts import Condition, at_least, divisible, equal, simplified
from symcost.sizes.notation import ASCII, Role, Spelling, by_letter, condition_text
from symcost.source import Diagnostic, DomainError, Report, Source, SymcostError, nearest
from symcost.syntax import Expr

Given = Mapping[str, Size]


@dataclass(frozen=True)
class Domain:
    """The symbols of a network and what must hold of them.

    Inside, a symbol with a declared divisor is written as a multiple of it; `public` writes results back.
    """

    symbols: Mapping[str, Declared]
    named: tuple[Symbol, ...]
    conditions: tuple[Condition, ...]
    assumed: tuple[Condition, ...]
    roles: Callable[[Symbol], Role] = field(default=by_letter, repr=False, compare=False)

    @staticmethod
    def of(graph: Graph) -> Domain:
        return Domain(graph.symbols, graph.named, graph.conditions, graph.assumed, Roles(graph))

    def spelled(self, spelling: Spelling) -> Spelling:
        """A notation that multiplies in the order of this network's batch, channels, kernels and sides."""
        return replace(spelling, role=self.roles)

    def public(self, size: Size) -> Size:
        """A size in the symbols the user declared."""
        back = self._back
        return size.subs(back) if back and not back.keys().isdisjoint(size.symbols()) else size

    @cached_property
    def _back(self) -> dict[Symbol, Size]:
        return {m: whole for d in self.symbols.values() for m, whole in d.back.items()}

    def conditions_as(self, spelling: Spelling) -> tuple[str, ...]:
        """The requirements in one of the notations."""
        written = self.spelled(spelling)
        return tuple(condition_text(c, written) for c in self.requirements())

    def requirements(self) -> tuple[Condition, ...]:
        """What must hold, strongest form only, in the user's symbols; assumed facts first."""
        inner = tuple(c.mapped(self.public) for c in self.conditions)
        return (*self.assumed, *inner)

    def read(self, text: str) -> Size:
        """A formula in this domain's names, in the language or in LaTeX; other names are positive integers of their own."""
        return Evaluator(self.scope()).size(self.parsed(text))

    def scope(self) -> Scope:
        """A scope with this domain's names, in which every other name is a positive integer."""
        return _NamesOf(self)

    def parsed(self, text: str | Source) -> Expr:
        """The syntax tree of a formula, in the language or in LaTeX, where letters may be names of this domain."""
        if not is_latex(text if isinstance(text, str) else text.text):
            return parse_formula(text)
        return read_formula(text, Names({*self.symbols, *(s.name for s in self.named)}))

    def symbol(self, name: str) -> SizeLike:
        """What a name stands for, inside."""
        if name in self.symbols:
            return self.symbols[name].size
        return next((Size.of(s) for s in self.named if s.name == name), Size.of(Symbol(name)))

    def declared(self, name: str) -> Declared:
        """A free symbol by its name. Raises `SymcostError` when there is none."""
        if name not in self.symbols:
            help_ = nearest(name, self.symbols) or (f"symbols: {', '.join(self.symbols)}" if self.symbols else None)
            raise SymcostError(Diagnostic("unknown-symbol", f"there is no symbol '{name}' here", help=help_))
        return self.symbols[name]

    def facts(self) -> list[Size]:
        """Sizes that are never negative where the network exists, in the user's symbols."""
        return [c.size for c in self.requirements() if c.kind == ">=" and c.guard == ONE and not c.turns]

    def knows(self, name: str) -> bool:
        return name in self.symbols or any(s.name == name for s in self.named)

    def convert(self, value: Any) -> Size:
        """An int, fraction, string, SymPy expression, cost or size as a size of this domain."""
        match value:
            case bool():
                raise _not_exact(value)
            case int() | Fraction() | Size():
                return Size.of(value)
            case float() if isfinite(value):
                return Size.of(Fraction(repr(value)))  # 0.25 as it is read, not as it is stored
            case str():
                return self.read(value)
        inner = getattr(value, "_public", None)  # a cost, perhaps of another network
        if isinstance(inner, Size):
            return inner.subs({s: Size.of(self.symbol(s.name)) for s in inner.symbols()})
        from symcost.sizes.bridge import from_sympy

        try:
            return from_sympy(value, self.symbol)
        except (TypeError, AttributeError, SyntaxError, ValueError):
            raise _not_exact(value) from None

    def values(self, given: Mapping[Any, Any]) -> dict[str, Size]:
        """Values by name, checked against the symbols they are for."""
        result = {}
        for key, value in given.items():
            name = key if isinstance(key, str) else getattr(key, "name", str(key))
            if not self.knows(name):
                known = [*self.symbols, *(s.name for s in self.named)]
                help_ = nearest(name, known) or (f"symbols: {', '.join(known)}" if known else None)
                raise SymcostError(Diagnostic("unknown-symbol", f"there is no symbol '{name}' here", help=help_))
            try:
                result[name] = self.convert(value)
            except SymcostError as error:
                raise SymcostError([replace(d, message=f"{name}: {d.message}") for d in error.diagnostics]) from None
        own = {m: whole for n in result if n in self.symbols for m, whole in self.symbols[n].back.items()}
        result = {n: v.subs(own) for n, v in result.items()}  # X = 2*X: the X on the right is another one
        self._check(result)
        return result

    def substitution(self, given: Given) -> dict[Symbol, Size]:
        """What to replace inside, for values of public symbols."""
        found: dict[Symbol, Size] = {}
        values = {self.symbols[n].symbol: value for n, value in given.items() if n in self.symbols}
        for name, value in given.items():
            for named in self.named:
                if named.name == name:
                    found[named] = value
            declared = self.symbols.get(name)
            if declared is None:
                continue
            found[declared.symbol] = value
            for m, whole in declared.back.items():
                found[m] = whole.subs(values)  # a divisor may be a symbol with a value too
        return found

    def apply(self, size: Size, given: Given) -> Size:
        """A size with values put in; a named size is written out unless it was given itself."""
        if not given:
            return size
        kept = {s: v for s, v in self.substitution(given).items() if s.definition is not None}
        if kept:
            size = size.subs(kept)
        if len(kept) < len(given):
            size = resolved(size)
        return size.subs(self.substitution(given))

    def at(self, given: Given) -> Domain:
        """What is left of the domain when some symbols have values. Raises `DomainError` outside of it."""
        changed = set(self.substitution(given))
        moved = [self._moved(c, given) for c in self.conditions] + self._asked(given)
        left = [c for c in moved if c.holds() is not True]
        values = {d.symbol: given[n] for n, d in self.symbols.items() if n in given}
        symbols = {n: d.with_values(values) for n, d in self.symbols.items() if n not in given}
        symbols |= self._new(given, symbols)
        assumed = [c.subs(values) for c in self.assumed]
        named = tuple(s for s in self.named if s not in changed and not (changed & _beneath(s)))
        return Domain(symbols, named, simplified(left), tuple(c for c in assumed if c.holds() is not True), self.roles)

    def _moved(self, condition: Condition, given: Given) -> Condition:
        if self.apply(condition.guard, given).number == 0:
            return Condition(">=", Size.of(0))  # it does not matter here, and may have no meaning: n | 8 at n = 0
        return condition.mapped(partial(self.apply, given=given))

    def _broken(self, condition: Condition, given: Given) -> bool:
        """Whether a condition does not hold; one that has no meaning here, such as ``n | C`` at n = 0, does not."""
        try:
            moved = self._moved(condition, given)
            numbers = not (moved.turns or moved.size.symbols() | moved.divisor.symbols() | moved.guard.symbols())
            return moved.holds() is False or (numbers and moved.holds() is None)  # sqrt(2) is no width
        except DivisionByZero:
            return True

    def _asked(self, given: Given) -> list[Condition]:
        """What values ask for themselves: a formula keeps to the bounds of its symbol, a named size is what it stands for."""
        found = []
        for name, value in given.items():
            symbol = self._called(name)
            if value.number is None:
                found += _within(symbol, value)
            if symbol.definition is not None:
                meant = self.apply(resolved(symbol.definition), given)
                found.append(equal(meant, value, f"{name} is given, and stands for {self.public(symbol.definition)}"))
        return found

    def _called(self, name: str) -> Symbol:
        return self.symbols[name].symbol if name in self.symbols else next(s for s in self.named if s.name == name)

    def _new(self, given: Given, left: Mapping[str, Declared]) -> dict[str, Declared]:
        """Symbols that came in with the values."""
        inner = {m for d in self.symbols.values() for m in d.back} | set(self.named)
        found = {s for value in given.values() for s in value.symbols() if s not in inner and s.name not in left}
        return {s.name: Declared(s) for s in sorted(found, key=lambda s: s.key)}

    def _check(self, given: Given) -> None:
        """Refuse values outside the domain, with the reason."""
        wrong, spelling = [], self.spelled(ASCII)
        for name, value in given.items():
            if value.number is not None:
                wrong += _outside(self._called(name), value)
        numeric = {n: v for n, v in given.items() if v.number is not None}
        at = ", ".join(f"{n} = {v}" for n, v in numeric.items())
        values = {d.symbol: given[n] for n, d in self.symbols.items() if n in given}
        for condition in self.assumed:
            if condition.subs(values).holds() is False:
                wrong.append(f"it was assumed that {condition_text(condition, spelling)}")
        if not wrong:
            wrong += [
                f"{condition.why}: {condition_text(condition.mapped(self.public), spelling)}"
                for condition in self.conditions
                if self._broken(condition, given)
            ]
            wrong += [condition.why for condition in self._asked(given) if condition.holds() is False]
        if wrong:
            message = f"the network does not exist at {at}" if at else "the network does not exist here"
            raise DomainError(Diagnostic("outside-domain", message, notes=tuple(dict.fromkeys(wrong))))


def by_name(a: Size, b: Size) -> tuple[Size, Size]:
    """Two formulas in common symbols: what has one name is one symbol, with the bounds of both."""
    found: dict[str, list[Symbol]] = {}
    for symbol in a.symbols() | b.symbols():
        found.setdefault(symbol.name, []).append(symbol)
    merged = {s: Size.of(_either(*alike)) for alike in found.values() if len(alike) > 1 for s in alike}
    return a.subs(merged), b.subs(merged)


def _either(a: Symbol, b: Symbol) -> Symbol:
    low = None if a.low is None or b.low is None else min(a.low, b.low)
    high = None if a.high is None or b.high is None else max(a.high, b.high)
    return Symbol(a.name, a.integer and b.integer, low, high)


class _NamesOf(Scope):
    """A scope in which every name is a size of a domain, or a symbol of its own."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(None, Report())
        self.names.update(domain.symbols)
        self.names.update({s.name: Size.of(s) for s in domain.named})

    def undefined(self, name: str) -> Binding | None:
        return Size.of(Symbol(name))


def _beneath(symbol: Symbol) -> set[Symbol]:
    return resolved(Size.of(symbol)).symbols()


def _outside(symbol: Symbol, value: Size) -> list[str]:
    number = value.number
    assert number is not None
    if symbol.integer and number.denominator != 1:
        return [f"{symbol.name} is an integer"]
    if symbol.low is not None and number < symbol.low:
        return [f"{symbol.name} is at least {symbol.low}"]
    if symbol.high is not None and number > symbol.high:
        return [f"{symbol.name} is at most {symbol.high}"]
    return []


def _within(symbol: Symbol, value: Size) -> list[Condition]:
    """That a formula is a value the symbol can have."""
    found = []
    if symbol.integer and not value.integer:
        below = {a for m in value.terms for a, e in m if e < 0}
        scale = product(
            Size.of(a) ** max(-dict(m).get(a, 0) for m in value.terms) for a in sorted(below, key=lambda a: a.key)
        )
        scale = scale * lcm(*(Fraction(c).denominator for c in value.terms.values()))
        found.append(divisible(value * scale, scale, f"{symbol.name} is an integer"))
    if symbol.low is not None:
        found.append(at_least(value, Size.of(symbol.low), f"{symbol.name} is at least {symbol.low}"))
    if symbol.high is not None:
        found.append(at_least(Size.of(symbol.high), value, f"{symbol.name} is at most {symbol.high}"))
    return found


def _not_exact(value: Any) -> SymcostError:
    return SymcostError(
        Diagnostic("not-exact", f"{value!r} is no exact size: give an int, a fraction, a formula or SymPy")
    )
