"""Calls with nothing but numbers, `true` and `false` in them, as most are: what they mean in a scope is found out once."""

from __future__ import annotations

from dataclasses import dataclass, field

from symcost import syntax as s
from symcost.graph.patterns import Pattern
from symcost.layers.base import Layer, Value, slots
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.shape import Shape
from symcost.source import Span

Literals = tuple[tuple[str | None, object], ...]
Key = tuple[tuple[str, ...], bool, Rational | None, Literals]  # name, with a width, stride, arguments
Placed = tuple[Shape, Layer, Shape]


def key_of(call: s.Call) -> Key | None:
    """What a call says but for its width, where that depends on no name but its own."""
    width, stride = call.width, call.stride
    if call.body or (width is not None and type(width) is not s.Number):
        return None
    if stride is not None and type(stride) is not s.Number:
        return None
    literals = _literals(call) if call.head or call.options else ()
    if literals is None:
        return None
    return call.name, width is not None, None if stride is None else stride.value, literals


def _literals(call: s.Call) -> Literals | None:
    """The arguments in parentheses, before and behind the width, where all are written as what they are."""
    found: list[tuple[str | None, object]] = []
    for args in (call.head, call.options):
        for arg in args:
            value = arg.value
            if type(value) is s.Number:
                found.append((arg.name, value.value))
            elif type(value) is s.Ref and value.names in (("true",), ("false",)):
                found.append((arg.name, value.names))
            else:
                return None
        found.append(("", None))
    return tuple(found)


def width_of(call: s.Call) -> Rational | None:
    """The width of a plain call."""
    return call.width.value if type(call.width) is s.Number else None


@dataclass
class Arguments:
    """Values by name, and where each was written; without places where the same call was matched before."""

    values: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass
class Plain:
    """What is known of them, until a layer is defined or an option set; braces share what is known around them."""

    placed: dict[tuple[Key, Rational | None], Placed] = field(default_factory=dict)  # on the tensor it was last used on
    bound: dict[Key, tuple[type[Layer], dict[str, Value]]] = field(default_factory=dict)  # with any width
    patterns: dict[object, dict[Key, Pattern]] = field(default_factory=dict)  # by the positions they are used on

    def on(self, x: Shape) -> dict[Key, Pattern]:
        """The calls that have a pattern on the positions of a tensor."""
        return self.patterns.setdefault((x.dims, x.batch, x.ids), {})

    def arguments(self, key: Key, call: s.Call) -> tuple[type[Layer], Arguments] | None:
        """The kind of a call and its arguments, where it was used with any width."""
        found = self.bound.get(key)
        if found is None:
            return None
        kind, values = found
        width, slot = width_of(call), slots(kind).width
        return kind, Arguments(values if width is None or slot is None else {**values, slot.name: Size.of(width)})

    def remember(self, key: Key, kind: type[Layer], arguments: Arguments) -> None:
        self.bound[key] = kind, arguments.values
