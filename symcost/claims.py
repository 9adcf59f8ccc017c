"""What a program asserts, and whether it is true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.evaluate import Tested, in_numbers
from symcost.graph import Argument, resolved, resolved_condition
from symcost.graph.scope import NetBinding, Scope
from symcost.graph.values import Evaluator, Value, fail
from symcost.prove import compare
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Diagnostic, SymcostError, counted, nearest

if TYPE_CHECKING:
    from symcost.architecture import Architecture
    from symcost.cost import Cost

_FIGURE = re.compile(r"(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+)| ?([kKMGBTP]))?$")
_PREFIX = {"k": 3, "K": 3, "M": 6, "G": 9, "B": 9, "T": 12, "P": 15}


class Claims:
    """Expressions in which costs are names: ``params``, ``macs(X=224)``, ``vgg(2, 2).params``."""

    def __init__(self, owner: Architecture, scope: Scope | None = None) -> None:
        self.owner = owner
        found = scope or owner._graph.scope
        assert found is not None
        self.scope = found

    def size(self, expr: s.Expr) -> Size:
        return Evaluator(self.scope, self.quantity).size(expr)

    def inside(self, point: Mapping[Symbol, Rational]) -> bool:
        """Whether the network exists at a point, as far as its symbols tell."""
        values = {symbol: Size.of(value) for symbol, value in point.items()}
        return all(
            test.holds(point) if test.symbols <= point.keys() else condition.subs(values).holds() is not False
            for condition, test in self._conditions
        )

    @cached_property
    def _conditions(self) -> list[tuple[Condition, Tested]]:
        return [(c, in_numbers(c)) for c in map(resolved_condition, self.owner.domain.conditions)]

    def quantity(self, asked: s.Ref | s.Apply) -> Value:
        """The cost a name or call asks for."""
        match asked:
            case s.Ref(names=(name,)):
                return self._cost(self.owner, name, asked)
            case s.Ref(names=(net, name)):
                return self._cost(self._net(net, (), asked), name, asked)
            case s.Apply(function=s.Ref(names=(name,)), attribute=None):
                if isinstance(self.scope.find(name), NetBinding):
                    help_ = f"ask for one of its costs: {asked.span.text}.params"
                    raise fail("size-needed", f"'{name}' is a net, a cost is needed here", asked.span, help_)
                return self._at(self.owner, name, asked.args or (), asked)
            case s.Apply(function=s.Ref(names=(net, name)), attribute=None):
                return self._at(self._net(net, (), asked), name, asked.args or (), asked)
            case s.Apply(function=s.Apply(function=s.Ref(names=(net,))) as made, attribute=str(name)):
                owner = self._net(net, made.args or (), made)
                if asked.args is None:
                    return self._cost(owner, name, asked)
                return self._at(owner, name, asked.args, asked)
        raise fail("unknown-name", f"'{asked.span.text}' is no size and no cost", asked.span)

    def _cost(self, owner: Architecture, name: str, asked: s.Node) -> Size:
        try:
            return owner.cost(name)._size
        except SymcostError as error:
            diagnostic = error.diagnostics[0]
            if diagnostic.code != "unknown-cost":
                raise
            known = self.scope.visible()
            help_ = diagnostic.help if nearest(name, known) is None else nearest(name, known)
            raise fail("unknown-name", f"unknown name '{name}'", asked.span, help_) from None

    def _at(self, owner: Architecture, name: str, args: tuple[s.Arg, ...], asked: s.Node) -> Size:
        """A cost at the values given; other symbols take their defaults."""
        given: dict[str, Size] = dict(owner.defaults())
        for arg in args:
            if arg.name is None:
                symbol = next(iter(owner.domain.symbols), "X")
                help_ = f"say which symbol it is for: {name}({symbol}={arg.span.text})"
                raise fail("unnamed-value", f"the value {arg.span.text} is for no symbol", arg.span, help_)
            if arg.name not in owner.domain.symbols:
                help_ = nearest(arg.name, owner.domain.symbols) or f"symbols: {', '.join(owner.domain.symbols)}"
                raise fail("unknown-symbol", f"there is no symbol '{arg.name}' here", arg.span, help_)
            if any(a.name == arg.name for a in args if a is not arg):
                raise fail("given-twice", f"'{arg.name}' is given twice", arg.span)
            given[arg.name] = self.size(arg.value)
        try:
            return _there(owner, owner.at(given).cost(name)) if given else self._cost(owner, name, asked)
        except SymcostError as error:
            moved = [Diagnostic(d.code, d.message, asked.span, d.notes, d.help) for d in error.diagnostics]
            raise type(error)(moved) from None

    def _net(self, name: str, args: tuple[s.Arg, ...], asked: s.Node) -> Architecture:
        binding = self.scope.find(name)
        if not isinstance(binding, NetBinding):
            known = self.scope.visible(NetBinding)
            raise fail("unknown-name", f"unknown name '{name}'", asked.span, nearest(name, known))
        params = [p.name for p in binding.definition.params]
        values: dict[str, Argument] = {}
        for index, arg in enumerate(args):
            if arg.name is None and index >= len(params):
                message = f"'{name}' takes {counted(len(params), 'argument')}, not {len(args)}"
                raise fail("too-many", message, arg.span)
            if arg.name is not None and arg.name not in params:
                help_ = nearest(arg.name, params) or (f"parameters: {', '.join(params)}" if params else None)
                raise fail("unknown-option", f"'{name}' has no parameter '{arg.name}'", arg.span, help_)
            if (arg.name or params[index]) in values:
                raise fail("given-twice", f"'{arg.name or params[index]}' of '{name}' is given twice", arg.span)
            value = Evaluator(self.scope, self.quantity).value(arg.value)
            if not isinstance(value, Size | bool | tuple):
                raise fail("size-needed", "an argument of a net is a size, or true or false", arg.span)
            values[arg.name or params[index]] = value
        try:
            return self.owner._instance(binding, values, asked.span)
        except SymcostError as error:
            used = f"in the net '{name}', used at {asked.span.where}"
            told = [d if d.span == asked.span else replace(d, notes=(*d.notes, used)) for d in error.diagnostics]
            raise SymcostError(told) from None


def check(owner: Architecture) -> Iterator[tuple[s.Assert | s.Net, Diagnostic | None]]:
    """Every assert of the program with what is wrong with it, in order; and every net that is wrong by itself."""
    yield from _run(owner, owner._program.asserts)
    for definition, made in owner._every_net():
        if isinstance(made, SymcostError):
            yield from ((definition, diagnostic) for diagnostic in made.diagnostics)
        else:
            yield from _run(made, made._graph.asserts)


def _run(
    owner: Architecture, asserts: Sequence[tuple[s.Assert, Scope]]
) -> Iterator[tuple[s.Assert, Diagnostic | None]]:
    for node, scope in asserts:
        try:
            yield node, _with_row(_checked(node, Claims(owner, scope)), scope)
        except SymcostError as error:
            yield from ((node, _with_row(diagnostic, scope)) for diagnostic in error.diagnostics)


def _with_row(diagnostic: Diagnostic | None, scope: Scope) -> Diagnostic | None:
    """In a loop over rows, say which row it was."""
    if diagnostic is None or not scope.turn:
        return diagnostic
    row = ", ".join(f"{name} = {value}" for name, value in scope.names.items() if isinstance(value, Size))
    return replace(diagnostic, notes=(*diagnostic.notes, f"in the row {row}"))


def _checked(node: s.Assert, claims: Claims) -> Diagnostic | None:
    claim = node.claim
    match claim:
        case s.Approx():
            return _approximately(claim, claims)
        case s.Compare(ops=("==",), operands=(left, right)):
            return _equal(claim, claims.size(left), claims.size(right), claims)
    truth = Evaluator(claims.scope, claims.quantity).truth(claim)
    if truth is True:
        return None
    notes: list[str] = []
    if isinstance(claim, s.Compare) and len(claim.operands) == 2:
        sides = [(o, claims.size(o)) for o in claim.operands]
        notes = [f"{o.span.text} = {_shown(size, claims)}" for o, size in sides if str(size) != o.span.text]
    return _failed(claim, claims, notes, undecided=truth is None)


def _equal(claim: s.Compare, left: Size, right: Size, claims: Claims) -> Diagnostic | None:
    verdict = compare(resolved(left), resolved(right), claims.inside)
    if verdict.equal is True:
        return None
    notes = [f"left side = {_shown(left, claims)}"]
    if right.number is None:
        notes.append(f"right side = {_shown(right, claims)}")
    if verdict.witness:
        at = ", ".join(f"{n} = {v}" for n, v in _public_point(verdict.witness, claims).items())
        notes.append(f"they differ at {at}" if at else "they differ")
    help_ = None
    if verdict.equal is False and left.number is None and right.number is not None and claims.owner.defaults():
        asked = claim.operands[0].span.text if isinstance(claim.operands[0], s.Ref) else "params"
        help_ = f"write {asked}() for the default values of the symbols"
    return _failed(claim, claims, notes, verdict.equal is None, help_)


def _public_point(witness: dict[str, int | Fraction], claims: Claims) -> dict[str, int | Fraction]:
    inside = {m.name: (d, m) for d in claims.owner.domain.symbols.values() for m in d.back}
    shown: dict[str, int | Fraction] = {}
    for name, value in witness.items():
        if name not in inside:
            shown[name] = value
            continue
        declared, m = inside[name]
        assert declared.inside is not None
        number = declared.inside.subs({m: Size.of(value)}).number
        if number is not None:
            shown[declared.symbol.name] = number
    return shown


def _approximately(claim: s.Approx, claims: Claims) -> Diagnostic | None:
    """Equal when rounded to the digits shown: how papers print numbers."""
    left = resolved(claims.size(claim.left))
    number = left.number
    if number is None:
        return _failed(claim, claims, [f"left side = {_shown(left, claims)}"], False, "a rounded figure needs a number")
    value, unit = _figure(claim)
    if abs(number - value) <= unit / 2:
        return None
    return _failed(claim, claims, [f"left side = {_shown(left, claims)}"], False)


def _figure(claim: s.Approx) -> tuple[Fraction, Fraction]:
    """The figure, and the unit of its last digit."""
    value = figure(claim.figure)
    if value is None:
        raise fail("number-too-large", f"{claim.figure} is too large a figure to compare with", claim.span)
    return value, last_digit(claim.figure)


def last_digit(text: str) -> Fraction:
    """The unit of the last digit of a figure: 10^7 for ``4.11G``."""
    found = _FIGURE.match(text.strip())
    assert found, text
    decimals, exponent, prefix = found[2] or "", found[3], found[4]
    return Fraction(10) ** (int(exponent or 0) + _PREFIX.get(prefix or "", 0) - len(decimals))


def figure(text: str) -> Fraction | None:
    """``4.1G`` as a number; None when it is no figure, or one of more than 1000 digits."""
    found = _FIGURE.match(text.strip())
    if found is None or len(found[0]) > 100 or abs(int(found[3] or 0)) > 1000:
        return None
    whole, decimals, exponent, prefix = found.groups(default="")
    return Fraction(int(whole + decimals)) * Fraction(10) ** (
        int(exponent or 0) + _PREFIX.get(prefix, 0) - len(decimals)
    )


def _failed(
    claim: s.Expr | s.Approx, claims: Claims, notes: list[str], undecided: bool, help_: str | None = None
) -> Diagnostic:
    text = " ".join(claim.span.text.split())
    if undecided:
        help_ = help_ or "state what is known of the symbols with 'assume'"
        return Diagnostic("undecided", f"not decided: {text}", claim.span, tuple(notes), help_)
    return Diagnostic("assertion-failed", f"assertion failed: {text}", claim.span, tuple(notes), help_)


def _there(owner: Architecture, found: Cost) -> Size:
    """A cost at some values in the symbols of the network without them: X/2^n is another symbol once n has a value."""
    declared = [d for d in owner.domain.symbols.values() if d.back]
    return found.domain.public(found._size).subs({d.symbol: d.size for d in declared}) if declared else found._size


def _shown(size: Size, claims: Claims) -> str:
    return str(claims.owner._cost(size, ""))
