"""Where a formula holds: its symbols, the conditions of the network, the facts assumed; and values given to symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from symcost.graph import Graph, resolved
from symcost.graph.scope import Binding, Declared, Scope
from symcost.graph.values import Evaluator
from symcost.parser import parse_formula
from symcost.sizes.atoms import Size, SizeLike, Symbol
from symcost.sizes.facts import Condition, simplified
from symcost.sizes.notation import ASCII, condition_text
from symcost.source import Diagnostic, DomainError, Report, SymcostError, nearest

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

    @staticmethod
    def of(graph: Graph) -> Domain:
        return Domain(graph.symbols, graph.named, graph.conditions, graph.assumed)

    def public(self, size: Size) -> Size:
        """A size in the symbols the user declared."""
        back = {m: whole for d in self.symbols.values() for m, whole in d.back.items()}
        return size.subs(back) if back and not back.keys().isdisjoint(size.symbols()) else size

    def requirements(self) -> tuple[Condition, ...]:
        """What must hold, strongest form only, in the user's symbols; assumed facts first."""
        inner = tuple(replace(c, size=self.public(c.size), divisor=self.public(c.divisor)) for c in self.conditions)
        return (*self.assumed, *inner)

    def read(self, text: str) -> Size:
        """A formula in this domain's names; other names are positive integers of their own."""
        return Evaluator(_NamesOf(self)).size(parse_formula(text))

    def symbol(self, name: str) -> SizeLike:
        """What a name stands for, inside."""
        if name in self.symbols:
            return self.symbols[name].size
        return next((Size.of(s) for s in self.named if s.name == name), Size.of(Symbol(name)))

    def convert(self, value: Any) -> Size:
        """An int, fraction, string, SymPy expression, cost or size as a size of this domain."""
        match value:
            case bool():
                raise _not_exact(value)
            case int() | Fraction() | Size():
                return Size.of(value)
            case float():
                return Size.of(Fraction(repr(value)))  # 0.25 as it is read, not as it is stored
            case str():
                return self.read(value)
        inner = getattr(value, "_size", None)
        if isinstance(inner, Size):
            return inner
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
            if name not in self.symbols and all(s.name != name for s in self.named):
                known = [*self.symbols, *(s.name for s in self.named)]
                help_ = nearest(name, known) or (f"symbols: {', '.join(known)}" if known else None)
                raise SymcostError(Diagnostic("unknown-symbol", f"there is no symbol '{name}' here", help=help_))
            try:
                result[name] = self.convert(value)
            except SymcostError as error:
                raise SymcostError([replace(d, message=f"{name}: {d.message}") for d in error.diagnostics]) from None
        self._check(result)
        return result

    def substitution(self, given: Given) -> dict[Symbol, Size]:
        """What to replace inside, for values of public symbols."""
        found: dict[Symbol, Size] = {}
        for name, value in given.items():
            for named in self.named:
                if named.name == name:
                    found[named] = value
            declared = self.symbols.get(name)
            if declared is None:
                continue
            found[declared.symbol] = value
            for m, whole in declared.back.items():
                found[m] = whole.subs({declared.symbol: value})
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
        left = []
        for condition in self.conditions:
            moved = replace(
                condition,
                size=self.apply(condition.size, given),
                divisor=self.apply(condition.divisor, given),
            )
            if moved.holds() is not True:
                left.append(moved)
        symbols = {n: d for n, d in self.symbols.items() if n not in given}
        values = {d.symbol: given[n] for n, d in self.symbols.items() if n in given}
        assumed = [c.subs(values) for c in self.assumed]
        named = tuple(s for s in self.named if s not in changed and not (changed & _beneath(s)))
        return Domain(symbols, named, simplified(left), tuple(c for c in assumed if c.holds() is not True))

    def _check(self, given: Given) -> None:
        """Refuse values outside the domain, with the reason."""
        wrong = []
        for name, value in given.items():
            declared = self.symbols.get(name)
            if declared is not None and value.number is not None:
                wrong += _outside(declared.symbol, value)
        numeric = {n: v for n, v in given.items() if v.number is not None}
        at = ", ".join(f"{n} = {v}" for n, v in numeric.items())
        values = {d.symbol: given[n] for n, d in self.symbols.items() if n in given}
        for condition in self.assumed:
            if condition.subs(values).holds() is False:
                wrong.append(f"it was assumed that {condition_text(condition, ASCII)}")
        if not wrong:
            for condition in self.conditions:
                moved = replace(
                    condition,
                    size=self.apply(condition.size, given),
                    divisor=self.apply(condition.divisor, given),
                )
                if moved.holds() is False:
                    shown = replace(condition, size=self.public(condition.size), divisor=self.public(condition.divisor))
                    wrong.append(f"{condition.why}: {condition_text(shown, ASCII)}")
        if wrong:
            message = f"the network does not exist at {at}" if at else "the network does not exist here"
            raise DomainError(Diagnostic("outside-domain", message, notes=tuple(dict.fromkeys(wrong))))


class _NamesOf(Scope):
    """A scope in which every name is a size of a domain, or a symbol of its own."""

    def __init__(self, domain: Domain) -> None:
        super().__init__(None, Report())
        self.names.update(domain.symbols)
        self.names.update({s.name: Size.of(s) for s in domain.named})

    def find(self, name: str) -> Binding | None:
        found = super().find(name)
        return Size.of(Symbol(name)) if found is None else found


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


def _not_exact(value: Any) -> SymcostError:
    return SymcostError(
        Diagnostic("not-exact", f"{value!r} is no exact size: give an int, a fraction, a formula or SymPy")
    )
