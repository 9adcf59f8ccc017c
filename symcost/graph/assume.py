"""Declarations that hold for a whole scope: symbols, and the facts assumed about them.

Facts are read before anything else of the scope, so it does not matter whether ``assume`` stands before or after the first use.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import partial
from math import ceil, floor

from symcost import syntax as s
from symcost.graph.scope import DOMAINS, Declared, Scope, bounded, sides
from symcost.graph.values import Evaluator, fail
from symcost.limiting import check
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import SymcostError, nearest

MAY_BE_ZERO = ("pad", "outpad", "before", "after")
_NAMED = re.compile(rf"({'|'.join(MAY_BE_ZERO)})(?!\s*=\s*\d+\s*[,)])")  # but those that are written as a number


def declare(scope: Scope, items: Iterable[s.Item]) -> None:
    """Declare the symbols of a scope, then narrow them by its assumptions."""
    items = list(items)
    symbols = [symbol for item in items if isinstance(item, s.Sym) for symbol in item.symbols]
    check("symbols", len(symbols), "symbols", symbols[-1].span if symbols else None)
    zero = set(_padding_names(items))
    for item in items:
        if isinstance(item, s.Sym):
            for symbol in item.symbols:
                _guarded(scope, partial(_declare, scope, symbol, symbol.name in zero))
        elif isinstance(item, s.Input):
            _declare_input(scope, item.shape, zero)
    facts = [fact for item in items if isinstance(item, s.Assume) for whole in item.facts for fact in _each(whole)]
    for read in (_bounds, _definitions, _remember):  # bounds first: they travel with the symbol
        facts = [fact for fact in facts if _guarded(scope, partial(read, scope, fact))]


def _each(fact: s.Expr) -> Iterator[s.Expr]:
    """``a and b`` says two things."""
    if isinstance(fact, s.Logic) and fact.op == "and":
        for part in fact.operands:
            yield from _each(part)
    else:
        yield fact


def _guarded(scope: Scope, act: Callable[[], None]) -> bool:
    """Whether it went well; what was wrong is reported."""
    try:
        act()
    except SymcostError as error:
        for diagnostic in error.diagnostics:
            scope.report.add(diagnostic)
        return False
    return True


def _declare(scope: Scope, node: s.Symbol, zero: bool) -> None:
    domain = node.domain or ("nat" if zero else "positive")
    if domain not in DOMAINS:
        help_ = nearest(domain, DOMAINS) or f"domains are {', '.join(sorted(DOMAINS))}"
        raise fail("unknown-domain", f"unknown domain '{domain}'", node.span, help_)
    integer, low = DOMAINS[domain]
    default = Evaluator(scope).size(node.default) if node.default is not None else None
    scope.define(node.name, Declared(Symbol(node.name, integer, low), default), node.span)


def _declare_input(scope: Scope, shape: s.Shape, zero: set[str]) -> None:
    """Names in an ``input`` shape that nobody declared are declared by standing there."""
    for slot in (shape.channels, *(shape.dims or ())):
        if not isinstance(slot, s.Ref) or len(slot.names) != 1:
            continue
        name = slot.names[0]
        if name == "ids" or scope.find(name) is not None or sides(name):
            continue
        scope.define(name, Declared(Symbol(name, True, 0 if name in zero else 1)), slot.span)


def _padding_names(items: Iterable[s.Item]) -> Iterator[str]:
    """Symbols that stand in a padding option: they may be 0."""
    items = tuple(items)
    places = [found.start() for found in _NAMED.finditer(items[0].span.source.text)] if items else []  # of all of them
    if not places:
        return
    places.append(len(items[0].span.source.text))
    for node in s.walk(item for item in items if places[bisect(places, item.span.start - 1)] < item.span.end):
        if isinstance(node, s.Arg) and node.name in MAY_BE_ZERO:
            yield from (ref.names[0] for ref in s.walk([node.value]) if isinstance(ref, s.Ref))


def _symbol(scope: Scope, expr: s.Expr) -> Declared | None:
    """The symbol of this scope that an expression is, by itself."""
    if isinstance(expr, s.Ref) and len(expr.names) == 1:
        binding = scope.names.get(expr.names[0])
        return binding if isinstance(binding, Declared) else None
    return None


def _bounds(scope: Scope, fact: s.Expr) -> None:
    """``X >= 32``, ``0 < alpha <= 1``: the bounds of the symbol itself."""
    if not isinstance(fact, s.Compare):
        return
    for op, left, right in zip(fact.ops, fact.operands, fact.operands[1:], strict=False):
        for symbol, other, relation in ((left, right, op), (right, left, _MIRROR.get(op, op))):
            declared = _symbol(scope, symbol)
            if declared is None or relation not in ("<", "<=", ">", ">="):
                continue
            number = Evaluator(scope).size(other).number
            if number is None:
                continue
            strict = relation in ("<", ">") and declared.symbol.integer
            if relation in (">", ">="):
                low = floor(number) + 1 if strict else ceil(number) if declared.symbol.integer else number
                declared.symbol = bounded(declared.symbol, low=low)
            else:
                high = ceil(number) - 1 if strict else floor(number) if declared.symbol.integer else number
                declared.symbol = bounded(declared.symbol, high=high)
            if _empty(declared.symbol):
                raise fail(
                    "contradiction", f"no value of '{declared.symbol.name}' satisfies all facts about it", fact.span
                )


_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _empty(symbol: Symbol) -> bool:
    return symbol.low is not None and symbol.high is not None and symbol.low > symbol.high


def _definitions(scope: Scope, fact: s.Expr) -> None:
    """``X % 32 == 28`` writes X as ``32*m + 28`` inside; ``X == 32*m`` writes it as what it equals."""
    if not isinstance(fact, s.Compare) or fact.ops != ("==",):
        return
    left, right = fact.operands
    if isinstance(left, s.Binary) and left.op == "%" and (declared := _symbol(scope, left.left)) is not None:
        evaluate = Evaluator(scope).size
        _as_multiple(declared, evaluate(left.right), evaluate(right), fact)
        return
    for symbol, other in ((left, right), (right, left)):
        declared = _symbol(scope, symbol)
        value = Evaluator(scope).size(other) if declared is not None else None
        if declared is None or value is None or declared.symbol in value.symbols():
            continue
        if declared.inside is None:
            declared.inside = value
            return


def _as_multiple(declared: Declared, divisor: Size, remainder: Size, fact: s.Compare) -> None:
    symbol = declared.symbol
    if declared.inside is not None:
        help_ = "write one fact that says both: X % 12 == 0 is X % 4 == 0 and X % 3 == 0"
        raise fail("one-divisor", f"'{symbol.name}' has a divisor already", fact.span, help_)
    if symbol in divisor.symbols() or symbol in remainder.symbols() or not symbol.integer:
        return
    number, rest = divisor.number, remainder.number
    if number is not None and (not isinstance(number, int) or number < 1):
        raise fail("contradiction", f"{divisor} divides nothing", fact.span)
    if number is not None and rest is not None and not 0 <= rest < number:
        raise fail("contradiction", f"a remainder by {divisor} lies between 0 and {number - 1}", fact.span)
    low = _least(symbol.low, number, rest)
    high = None
    if symbol.high is not None and isinstance(number, int) and rest is not None:
        high = floor(Fraction(symbol.high - rest) / number)
    m = Symbol(f"{symbol.name}/{divisor}", True, low, high)
    if _empty(m):
        raise fail("contradiction", f"no value of '{symbol.name}' satisfies all facts about it", fact.span)
    declared.inside = divisor * Size.of(m) + remainder
    declared.back = {m: (Size.of(symbol) - remainder) / divisor}


def _least(low: object, divisor: object, remainder: object) -> int | None:
    """The least m for which ``divisor*m + remainder`` reaches the bound of the symbol."""
    if not isinstance(low, int):
        return None
    if isinstance(divisor, int) and isinstance(remainder, int):
        return ceil(Fraction(low - remainder, divisor))
    return 1 if low >= 1 and remainder == 0 else 0


def _remember(scope: Scope, fact: s.Expr) -> None:
    """List the fact with the results, and keep what it says of signs for deciding other things."""
    if not isinstance(fact, s.Compare):
        raise fail("condition-needed", "an assumption is a comparison, such as X % 32 == 0 or K <= X", fact.span)
    for condition in Evaluator(scope).conditions(fact):
        if condition.holds(scope.facts()) is False:
            others = "" if condition.holds() is False else " beside the other facts"
            raise fail("contradiction", f"this can never hold{others}", fact.span)
        if condition.kind == ">=":
            scope.known.append(condition.size)
    scope.assumed.extend(_as_written(scope, fact))


def _as_written(scope: Scope, fact: s.Compare) -> list[Condition]:
    """The fact in the user's own symbols, not in those that stand for them inside."""
    outside = Scope(scope.parent, scope.report)
    outside.names = {
        name: Declared(b.symbol, b.default) if isinstance(b, Declared) else b for name, b in scope.names.items()
    }
    return Evaluator(outside).conditions(fact)
