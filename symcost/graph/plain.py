"""Calls with nothing but numbers, `true` and `false` in them, as most are: what they mean in a scope is found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symcost import syntax as s
from symcost.layers.base import Layer, LayerError, Value, slots
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.shape import Shape
from symcost.source import Span, SymcostError

CHANNELS, WIDTH = Symbol("channels "), Symbol("width ")  # no name in a program has a blank
OFTEN = 3  # so many calls are resolved one by one

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


@dataclass(frozen=True)
class Pattern:
    """A layer on positions where it exists for all numbers of channels and all widths."""

    layer: Layer  # of `WIDTH`, where its kind has one
    width: str | None  # the argument
    dims: tuple[Size, ...] | None  # that come out; None where what comes in comes out
    widened: bool  # what comes out has the width as channels, and else those that came in

    @staticmethod
    def of(kind: type[Layer], arguments: Mapping[str, Value], x: Shape, given: bool) -> Pattern | None:
        """None where a condition asks something of the numbers, or they change the shape in another way."""
        slot = slots(kind).width if given else None
        if kind.tensors or x.ids or (given and slot is None):
            return None
        width = {} if slot is None else {slot.name: Size.of(WIDTH)}
        symbolic = x.to(Size.of(CHANNELS))
        try:
            layer = kind({**arguments, **width}, x.rank)
            if not all(condition.holds() is True for condition in layer.needs(symbolic)):
                return None
            y = layer.shape(symbolic)
        except (LayerError, SymcostError):
            return None
        if y.channels not in (Size.of(CHANNELS), *width.values()) or y.batch != x.batch:
            return None
        if any(not d.symbols().isdisjoint((CHANNELS, WIDTH)) for d in y.dims):
            return None
        dims = None if y is symbolic else y.dims
        return Pattern(layer, None if slot is None else slot.name, dims, y.channels != Size.of(CHANNELS))

    def on(self, x: Shape, width: int) -> tuple[Layer, Shape]:
        """The layer of a width, and what comes out of it."""
        y = x if self.dims is None else Shape(Size.of(width) if self.widened else x.channels, self.dims, x.batch)
        if self.width is None:
            return self.layer, y
        wide, layer = Size.of(width), object.__new__(type(self.layer))
        vars(layer).update(vars(self.layer))
        vars(layer)[self.width] = wide
        return layer, y


@dataclass
class Plain:
    """What is known of them, until a layer is defined or an option set; braces share what is known around them."""

    placed: dict[Key, tuple[Shape, Layer, Shape]] = field(default_factory=dict)  # on the tensor it was last used on
    bound: dict[Key, tuple[type[Layer], dict[str, Value]]] = field(default_factory=dict)  # with any width
    patterns: dict[object, Pattern | int] = field(default_factory=dict)  # or how often it was used so far

    def made(self, key: Key, x: Shape) -> tuple[Layer, Shape] | None:
        """The layer and what comes out, where it was used often on such positions and exists whatever the numbers are."""
        width = key[1]
        if type(x.channels.number) is not int or not (width is None or (type(width) is int and width > 0)):
            return None
        found = self.patterns.get(_positions(key, x))
        return found.on(x, width or 0) if isinstance(found, Pattern) else None

    def used(self, key: Key, kind: type[Layer], arguments: Arguments, x: Shape) -> None:
        """Once more; what is used often gets a pattern, if there is one for it."""
        where = _positions(key, x)
        times = self.patterns.get(where, 0)
        if isinstance(times, int):
            made = Pattern.of(kind, arguments.values, x, key[1] is not None) if times == OFTEN else None
            self.patterns[where] = made or times + 1

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


def _positions(key: Key, x: Shape) -> object:
    """A call on positions, whatever its width and the channels there are."""
    name, width, stride, literals = key
    return name, width is None, stride, literals, x.dims, x.batch, x.ids
