"""Calls with nothing but numbers, `true` and `false` in them, as most are: what they mean in a scope is found out once."""

from __future__ import annotations

from dataclasses import dataclass, field

from symcost import syntax as s
from symcost.layers.base import Layer, Value, slots
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.shape import Shape
from symcost.source import Span

Literals = tuple[tuple[str | None, object], ...]
Key = tuple[tuple[str, ...], Rational | None, Rational | None, Literals]  # name, width, stride, arguments


def key_of(call: s.Call) -> Key | None:
    """What a call says, where that depends on no name but its own."""
    width, stride = call.width, call.stride
    if call.body or (width is not None and type(width) is not s.Number):
        return None
    if stride is not None and type(stride) is not s.Number:
        return None
    literals = _literals(call) if call.head or call.options else ()
    if literals is None:
        return None
    return call.name, None if width is None else width.value, None if stride is None else stride.value, literals


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


@dataclass
class Arguments:
    """Values by name, and where each was written."""

    values: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass
class Plain:
    """What is known of them, until a layer is defined or an option set; braces share what is known around them."""

    placed: dict[Key, tuple[Shape, Layer, Shape]] = field(default_factory=dict)  # on the tensor it was last used on
    bound: dict[Key, tuple[type[Layer], dict[str, Value]]] = field(default_factory=dict)  # with any width

    def arguments(self, key: Key, call: s.Call) -> tuple[type[Layer], Arguments] | None:
        """The kind of a call and its arguments, where it was used with another width."""
        name, width, stride, literals = key
        found = None if literals else self.bound.get((name, width and 1, stride, ()))
        if found is None:
            return None
        kind, values = found
        spans = {}
        if stride is not None and call.stride is not None and (slot := slots(kind).stride) is not None:
            spans[slot.name] = call.stride.span
        if width is not None and call.width is not None and (slot := slots(kind).width) is not None:
            values, spans[slot.name] = {**values, slot.name: Size.of(width)}, call.width.span
        return kind, Arguments(values, spans)

    def remember(self, key: Key, kind: type[Layer], arguments: Arguments) -> None:
        name, width, stride, literals = key
        if not literals:
            self.bound[name, width and 1, stride, ()] = kind, arguments.values
