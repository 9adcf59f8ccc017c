"""Expressions to values: sizes, truths, words, one size for each axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from symcost import syntax as s
from symcost.graph.scope import BlockBinding, Declared, Family, LayerBinding, MetricDef, NetBinding, Scope, Tensor
from symcost.limiting import allowed, raising
from symcost.sizes.atoms import DivisionByZero, Size, Symbol, TooLarge, product, term_order
from symcost.sizes.facts import Condition, at_least, divisible, equal, more_than, never_negative
from symcost.sizes.functions import FUNCTIONS, holds
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed
from symcost.source import Diagnostic, Span, SymcostError, nearest

Value = Size | tuple[Size, ...] | bool | str | None  # None: a truth that is undecided
FIELDS = ("c", "h", "w", "t", "n", "size")
ARITY = {"floor": 1, "ceil": 1, "sqrt": 1, "log2": 1, "gcd": 2, "divisible": 2}
DECIDE = "state which holds with 'assume', or give the symbol a number"


def solve(size: Size) -> dict[Symbol, Size] | None:
    """A symbol for which ``size == 0`` can be solved, with what it is then; one that stands in it once, with a number."""
    for monomial, coefficient in sorted(size.terms.items(), key=lambda term: term_order(term[0])):
        if len(monomial) != 1 or monomial[0][1] != 1 or not isinstance(monomial[0][0], Symbol):
            continue
        symbol = monomial[0][0]
        rest = size - Size({monomial: coefficient})
        if symbol not in rest.symbols():
            return {symbol: rest / -Size.of(coefficient)}
    return None


def fail(code: str, message: str, span: Span, help: str | None = None) -> SymcostError:
    return SymcostError(Diagnostic(code, message, span, help=help))


def undecided(condition: s.Expr) -> SymcostError:
    """Symbols leave open whether it holds."""
    return fail("undecided", f"cannot decide '{condition.span.text}'", condition.span, DECIDE)


@dataclass
class Evaluator:
    """Evaluates expressions in a scope.

    ``quantity`` answers for names that are costs (``params``, ``vgg(2).macs(X=224)``), where there are any.
    """

    scope: Scope
    quantity: Callable[[s.Ref | s.Apply], Value] | None = None

    def size(self, expr: s.Expr) -> Size:
        """A size, or an error that says what stands there instead."""
        if type(expr) is s.Number:
            return Size.of(expr.value)
        value = self.value(expr)
        if isinstance(value, Size):
            return value
        match value:
            case tuple():
                raise fail("size-needed", "one size is needed here, not one for each axis", expr.span)
            case str():
                raise fail("size-needed", f"a size is needed here, not '{value}'", expr.span)
        raise fail("size-needed", "a size is needed here, not a condition", expr.span)

    def truth(self, expr: s.Expr) -> bool | None:
        """Whether a condition holds; None where its symbols leave it open."""
        value = self.value(expr)
        if value is None or isinstance(value, bool):
            return value
        raise fail("condition-needed", "a condition is needed here, such as s == 1", expr.span)

    def decided(self, expr: s.Expr) -> bool:
        """Whether a condition holds, or an error where its symbols leave it open."""
        truth = self.truth(expr)
        if truth is None:
            raise undecided(expr)
        return truth

    def axes(self, expr: s.Expr) -> Size | tuple[Size, ...]:
        value = self.value(expr)
        return value if isinstance(value, Size | tuple) else self.size(expr)

    def value(self, expr: s.Expr) -> Value:
        try:
            return self._value(expr)
        except (TooLarge, DivisionByZero) as error:
            (diagnostic,) = error.diagnostics
            raise SymcostError(replace(diagnostic, span=expr.span)) from None

    def _value(self, expr: s.Expr) -> Value:
        match expr:
            case s.Number():
                return Size.of(expr.value)
            case s.Ref():
                return self.name(expr)
            case s.Binary():
                return self._arithmetic(expr)
            case s.Apply():
                return self._apply(expr)
            case s.Unary():
                value = self.size(expr.operand)
                return -value if expr.op == "-" else value
            case s.Axes():
                return tuple(self.size(p) for p in expr.parts)
            case s.String():
                return expr.value
            case s.Compare():
                return self._all([c.holds(self.scope.facts()) for c in self.conditions(expr)])
            case s.Logic():
                return self._logic(expr)
            case s.Choice():
                return self._choice(expr)
            case s.Bracket():
                return self.bracket(expr.condition)
            case s.Divides():
                return divisible(self.size(expr.operand), self.size(expr.divisor)).holds(self.scope.facts())
            case s.Sum():
                return self._sum(expr)
        raise TypeError(expr)

    def _sum(self, expr: s.Sum) -> Size:
        """A sum over a range that is known not to be turned round: from 3 to 1 there is nothing to add, not minus a term."""
        first = self.size(expr.first)
        count = self.size(expr.last) - first + 1
        if not count.integer or not never_negative(count, self.scope.facts()):
            message = f"cannot decide whether the sum has terms: '{expr.last.span.text}' may be too small"
            raise fail("undecided", message, expr.span, DECIDE)
        index = Symbol(expr.index, low=0, top=count - 1)
        inner = self.scope.inner()
        inner.names[expr.index] = first + Size.of(index)
        return summed(Evaluator(inner, self.quantity).size(expr.term), index, count)

    def name(self, ref: s.Ref) -> Value:
        """What a name stands for."""
        first, *rest = ref.names
        if first in ("true", "false") and not rest:
            return first == "true"
        if first in ("in", "here"):
            return self._field(first, self.scope.entered if first == "in" else self.scope.here, ref)
        binding = self.scope.find(first)
        match binding:
            case Tensor() if rest:
                return self._field(first, binding.shape, ref)
            case Tensor() | Family():
                help_ = f"write {first}.c for its channels, {first}.h or {first}.t for a position size"
                raise fail("tensor-as-size", f"'{first}' is a tensor, a size is needed here", ref.span, help_)
            case Declared() if not rest:
                return binding.size
            case Size() | bool() | tuple() if not rest:
                return binding
            case LayerBinding() | BlockBinding():
                raise fail("size-needed", f"'{first}' is a layer, a size is needed here", ref.span)
            case MetricDef() | NetBinding() | None if self.quantity is not None:
                return self.quantity(ref)
            case None:
                raise SymcostError(self.scope.unknown(first, ref.span))
            case MetricDef() | NetBinding():
                what = "a net; its costs are" if isinstance(binding, NetBinding) else "a cost,"
                raise fail("size-needed", f"'{first}' is {what} known in assert and metric only", ref.span)
        raise fail("size-needed", f"'{ref.text}' is no size: '{first}' has no parts", ref.span)

    def _field(self, name: str, shape: Shape | None, ref: s.Ref) -> Size:
        if len(ref.names) != 2 or ref.names[1] not in FIELDS:
            help_ = f"write one of {', '.join(f'{name}.{f}' for f in FIELDS)}"
            said = "no size of a tensor" if len(ref.names) > 1 else "a tensor, a size is needed here"
            raise fail("tensor-as-size", f"'{ref.text}' is {said}", ref.span, help_)
        if shape is None:
            raise fail("no-tensor", f"there is no tensor here yet for '{ref.text}'", ref.span)
        wanted = ref.names[1]
        match wanted:
            case "c":
                return shape.channels
            case "n":
                return shape.positions
            case "size":
                return shape.size
            case "t" if shape.rank == 1:
                return shape.dims[0]
            case "h" if shape.rank >= 2:
                return shape.dims[-2]
            case "w" if shape.rank >= 2:
                return shape.dims[-1]
        own = {0: "c, size", 1: "c, t, n, size"}.get(shape.rank, "c, h, w, n, size")
        raise fail("wrong-rank", f"the tensor {shape} has no '{wanted}'", ref.span, f"its sizes are {own}")

    def _arithmetic(self, expr: s.Binary) -> Size:
        """A left-leaning chain of operators, without recursion along it: a sum may have thousands of terms."""
        chain: list[s.Binary] = []
        left: s.Expr = expr
        while isinstance(left, s.Binary):
            chain.append(left)
            left = left.left
        result = self.size(left)
        for node in reversed(chain):
            result = self._operate(node, result, self.size(node.right))
        return result

    def _operate(self, node: s.Binary, a: Size, b: Size) -> Size:
        match node.op:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b
            case "//":
                return a // b
            case "%":
                return a % b
        if a.number == 0 and isinstance(b.number, int) and b.number < 0:
            raise DivisionByZero
        number = b.number
        return a ** (number if isinstance(number, int) else b)

    def conditions(self, expr: s.Compare) -> list[Condition]:
        """The comparisons of a chain ``a <= b < c``, one condition each."""
        sizes = [self.size(o) for o in expr.operands]
        return [self._condition(op, a, b, expr) for op, a, b in zip(expr.ops, sizes, sizes[1:], strict=False)]

    def _condition(self, op: str, a: Size, b: Size, expr: s.Compare) -> Condition:
        match op:
            case "==":
                remainder = self._remainder(expr)
                return remainder if remainder is not None else equal(a, b)
            case "!=":
                return Condition("!=", a - b)
            case ">=":
                return at_least(a, b)
            case "<=":
                return at_least(b, a)
            case ">":
                return more_than(a, b)
        return more_than(b, a)

    def _remainder(self, expr: s.Compare) -> Condition | None:
        """``a % d == r`` as divisibility."""
        if len(expr.operands) != 2 or not isinstance(expr.operands[0], s.Binary) or expr.operands[0].op != "%":
            return None
        left = expr.operands[0]
        divisor, rest = self.size(left.right), self.size(expr.operands[1])
        if not (never_negative(rest) and never_negative(divisor - rest - 1)):
            return None  # no remainder at all, or perhaps none
        return divisible(self.size(left.left) - rest, divisor)

    def _all(self, found: list[bool | None]) -> bool | None:
        return False if False in found else None if None in found else True

    def _logic(self, expr: s.Logic) -> bool | None:
        found = [self.truth(o) for o in expr.operands]
        if expr.op == "and":
            return self._all(found)
        if expr.op == "or":
            return True if True in found else None if None in found else False
        return None if found[0] is None else not found[0]

    def _choice(self, expr: s.Choice) -> Value:
        return self._value(expr.then if self.decided(expr.condition) else expr.other)

    def bracket(self, expr: s.Expr) -> Size:
        """1 where an undecided condition holds and 0 where it does not, as a size."""
        decided = self.truth(expr)
        if decided is not None:
            return Size.of(int(decided))
        match expr:
            case s.Compare():
                return product(holds(c.kind, c.size, c.divisor) for c in self.conditions(expr))
            case s.Logic(op="and"):
                return product(self.bracket(o) for o in expr.operands)
            case s.Logic(op="or"):
                return 1 - product(1 - self.bracket(o) for o in expr.operands)
            case s.Logic():
                return 1 - self.bracket(expr.operands[0])
            case s.Divides():
                condition = divisible(self.size(expr.operand), self.size(expr.divisor))
                return holds(condition.kind, condition.size, condition.divisor)
        raise undecided(expr)

    def equations(self, expr: s.Expr, positive: bool) -> list[dict[Symbol, Size]]:
        """What a condition (or, not ``positive``, its opposite) says of symbols, as substitutions."""
        match expr:
            case s.Compare(ops=("==" | "!=" as op,)) if (op == "==") == positive:
                a, b = (self.size(o) for o in expr.operands)
                return [solved] if (solved := solve(a - b)) else []
            case s.Logic(op="not"):
                return self.equations(expr.operands[0], not positive)
            case s.Logic() if (expr.op == "and") == positive:
                merged: dict[Symbol, Size] = {}
                for operand in expr.operands:
                    for found in self.equations(operand, positive):
                        merged |= {k: v.subs(merged) for k, v in found.items()}
                return [merged] if merged else []
        return []

    def _apply(self, expr: s.Apply) -> Value:
        function = expr.function
        if isinstance(function, s.Ref) and len(function.names) == 1 and function.names[0] in FUNCTIONS:
            return self._function(function.names[0], expr)
        if self.quantity is not None:
            return self.quantity(expr)
        called = function if isinstance(function, s.Ref) else function.function
        if isinstance(called, s.Ref) and isinstance(self.scope.find(called.names[0]), NetBinding):
            message = f"'{called.names[0]}' is a net; its costs are known in assert and metric only"
            raise fail("size-needed", message, expr.span)
        name = function.text if isinstance(function, s.Ref) else function.span.text
        help_ = nearest(name, FUNCTIONS) or f"functions of sizes: {', '.join(sorted(ARITY | {'min': 0, 'max': 0}))}"
        raise fail("unknown-function", f"unknown function '{name}'", function.span, help_)

    def _function(self, name: str, expr: s.Apply) -> Size:
        given = expr.args or ()
        named = next((a for a in given if a.name is not None), None)
        if named is not None:
            raise fail("unknown-option", f"'{name}' has no option '{named.name}'", named.span)
        args = [self.size(a.value) for a in given]
        wanted = ARITY.get(name)
        if len(args) != wanted and (wanted is not None or not 0 < len(args) <= allowed().arguments):
            most = allowed().arguments
            counted = f"{wanted or f'1 to {most}'} {'size' if wanted == 1 else 'sizes'}"
            help_ = raising("arguments", len(args)) if wanted is None and args else None
            raise fail("wrong-count", f"'{name}' takes {counted}, not {len(args)}", expr.span, help_)
        number = args[0].number
        if number is not None and ((name == "sqrt" and number < 0) or (name == "log2" and number <= 0)):
            raise fail("bad-value", f"'{name}' of {args[0]} is no size", expr.span)
        return FUNCTIONS[name](*args)
