"""Calls with nothing but numbers and names of numbers in them, as most are: what they mean in a scope is found out once."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from symcost.graph.patterns import MOST, Pattern
from symcost.layers.base import Layer, Value, slots
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.shape import Shape
from symcost.source import Span
from symcost.syntax import Arg, Binary, Call, Expr, Number, Ref

if TYPE_CHECKING:
    from symcost.graph.scope import Scope

Literals = tuple[tuple[str | None, object], ...]
Key = tuple[tuple[str, ...], bool, Rational | None, Literals]  # name, with a width, stride, arguments
Known = tuple[Key, Rational]  # with the width, or 0

BOTH = ("true",), ("false",)


def key_of(call: Call, scope: Scope) -> Known | None:
    """What a call says, where that depends on no name but its own and those of numbers."""
    width, stride = call.width, call.stride
    if width is None and stride is None and not (call.options or call.head or call.body):
        return (call.name, False, None, ()), 0
    if call.body:
        return None
    wide = step = None
    if width is not None and (wide := width.value if type(width) is Number else number(width, scope)) is None:
        return None
    if stride is not None and (step := stride.value if type(stride) is Number else number(stride, scope)) is None:
        return None
    given = _literals(call, scope) if call.head or call.options else ()
    if given is None:
        return None
    return (call.name, width is not None, step, given), wide or 0


def number(expr: Expr, scope: Scope, deep: int = 4) -> Rational | None:
    """The value of a short expression of numbers and names of numbers; None where it is another one, or may be wrong."""
    match expr:
        case Number():
            return expr.value
        case Ref(names=(name,)):
            found = scope.find(name)
            return found.number if isinstance(found, Size) else None
        case Binary(op="*" | "+" | "-" | "/") if deep:
            a, b = number(expr.left, scope, deep - 1), number(expr.right, scope, deep - 1)
            if a is None or b is None:
                return None
            if expr.op == "/":
                return Fraction(a) / b if b else None
            return a * b if expr.op == "*" else a + b if expr.op == "+" else a - b
    return None


def _literals(call: Call, scope: Scope) -> Literals | None:
    """The arguments in parentheses, before and behind the width."""
    before, behind = literals(call.head, scope), literals(call.options, scope)
    if before is None or behind is None:
        return None
    return (*before, ("", None), *behind) if before else behind


def literals(args: tuple[Arg, ...], scope: Scope) -> Literals | None:
    """What some arguments are, or the names of numbers with their values; None where they are more than that.

    A name stands beside its value: it may be a word that the layer takes.
    """
    found: list[tuple[str | None, object]] = []
    for arg in args:
        value = arg.value
        if type(value) is Number:
            found.append((arg.name, value.value))
        elif type(value) is Ref and value.names in BOTH:
            found.append((arg.name, value.names))
        elif type(value) is Ref and (known := number(value, scope)) is not None:
            found.append((arg.name, (value.names, known)))
        else:
            return None
    return tuple(found)


@dataclass
class Arguments:
    """Values by name, and where each was written; without places where the same call was matched before."""

    values: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass(eq=False)
class Plain:
    """What is known of them, until a layer is defined or an option set; braces share what is known around them.

    It holds for whatever program uses what is written here: nothing in it rests on what is assumed or needed.
    """

    bound: dict[Key, tuple[type[Layer], dict[str, Value]]] = field(default_factory=dict)  # with any width
    _tables: dict[int, tuple[Shape, dict[Key, Pattern]]] = field(default_factory=dict)  # by the very same positions
    _patterns: dict[object, dict[Key, Pattern]] = field(default_factory=dict)  # by equal positions

    def on(self, x: Shape) -> dict[Key, Pattern]:
        """The calls that have a pattern on the positions of a tensor."""
        if x.ids:
            return {}
        found = self._tables.get(id(x.dims))
        if found is None or found[0].batch is not x.batch:
            if len(self._tables) >= MOST:
                self._tables.clear()
                self._patterns.clear()
            table = self._patterns.setdefault((x.dims, x.batch), {})
            found = self._tables[id(x.dims)] = x, table  # kept with its positions: no others get their number
        return found[1]

    def arguments(self, key: Key, width: Rational) -> tuple[type[Layer], Arguments] | None:
        """The kind of a call and its arguments, where it was used with any width."""
        found = self.bound.get(key)
        if found is None:
            return None
        kind, values = found
        slot = slots(kind).width if key[1] else None
        return kind, Arguments(values if slot is None else {**values, slot.name: Size.of(width)})

    def remember(self, key: Key, kind: type[Layer], arguments: Arguments) -> None:
        if len(self.bound) >= MOST:
            self.bound.clear()
        self.bound[key] = kind, arguments.values

    def forget(self) -> None:
        """Start anew, as in another process."""
        self.bound.clear()
        self._tables.clear()
        self._patterns.clear()


LIBRARY = Plain()  # where nothing is defined or set that changes what the names of kinds mean
