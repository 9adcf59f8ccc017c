"""Calls of a name with a width and a stride in numbers, as most are: what they mean in a scope is found out once."""

from __future__ import annotations

from dataclasses import dataclass, field

from symcost import syntax as s
from symcost.layers.base import Layer, Value, slots
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.shape import Shape
from symcost.source import Span

Key = tuple[tuple[str, ...], Rational | None, Rational | None]  # name, width, stride


def key_of(call: s.Call) -> Key | None:
    """Name, width and stride, where nothing else is written."""
    width, stride = call.width, call.stride
    if call.head or call.options or call.body:
        return None
    if width is not None and type(width) is not s.Number:
        return None
    if stride is not None and type(stride) is not s.Number:
        return None
    return call.name, None if width is None else width.value, None if stride is None else stride.value


@dataclass
class Arguments:
    """Values by name, and where each was written."""

    values: dict[str, Value] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)


@dataclass
class Plain:
    """What is known of them in one scope, until a layer is defined there or an option set."""

    placed: dict[Key, tuple[Shape, Layer, Shape]] = field(default_factory=dict)  # on the tensor it was last used on
    bound: dict[Key, tuple[type[Layer], dict[str, Value]]] = field(default_factory=dict)  # by name and stride

    def clear(self) -> None:
        self.placed.clear()
        self.bound.clear()

    def arguments(self, key: Key, call: s.Call) -> tuple[type[Layer], Arguments] | None:
        """The kind of a call and its arguments, where the same name and stride were used with another width."""
        name, width, stride = key
        found = self.bound.get((name, width and 1, stride))
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
        name, width, stride = key
        self.bound[name, width and 1, stride] = kind, arguments.values
