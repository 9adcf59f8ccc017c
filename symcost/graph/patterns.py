"""Layers that exist for all numbers of channels and all widths: what one is on some positions is found out once.

That depends on nothing else a program says, so it is kept from one program to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symcost.layers.base import Layer, LayerError, Value, slots
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.shape import Shape
from symcost.source import SymcostError

CHANNELS, WIDTH = Symbol("channels "), Symbol("width ")  # no name in a program has a blank
OFTEN = 3  # so many are resolved one by one
MOST = 4096  # are kept

_known: dict[object, Pattern | int] = {}  # or how often it was used so far


@dataclass(frozen=True, eq=False, slots=True)
class Pattern:
    """A layer on positions where it exists for all numbers of channels and all widths."""

    layer: Layer  # of `WIDTH`, where its kind has one
    width: str | None  # the argument
    input: Shape  # of `CHANNELS`
    output: Shape  # the very same where what comes in comes out
    widened: bool  # what comes out has the width as channels, and else those that came in

    @staticmethod
    def of(kind: type[Layer], arguments: Mapping[str, Value], x: Shape, given: bool) -> Pattern | None:
        """None where a condition asks something of the numbers, or they change the shape in another way."""
        slot = slots(kind).width if given else None
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
        return Pattern(layer, None if slot is None else slot.name, symbolic, y, y.channels != Size.of(CHANNELS))

    def of_width(self, width: int) -> Layer:
        """The layer of a width."""
        if self.width is None:
            return self.layer
        layer: Layer = object.__new__(type(self.layer))
        vars(layer).update(vars(self.layer))
        vars(layer)[self.width] = Size.of(width)
        return layer

    def shape(self, x: Shape, width: int) -> Shape:
        """What comes out."""
        if self.output is self.input:
            return x
        return Shape(Size.of(width) if self.widened else x.channels, self.output.dims, x.batch)


def pattern_of(kind: type[Layer], arguments: Mapping[str, Value], x: Shape, given: bool) -> Pattern | None:
    """The pattern of a layer on the positions of a tensor, where it is used often and has one; ``given``: with a width."""
    if kind.tensors or x.ids:
        return None
    slot = slots(kind).width if given else None
    name = None if slot is None else slot.name
    key = (kind, given, tuple([item for item in arguments.items() if item[0] != name]), x.dims, x.batch)
    found = _known.get(key, 0)
    if isinstance(found, int):
        if len(_known) >= MOST:
            _known.clear()
        found = _known[key] = (Pattern.of(kind, arguments, x, given) if found == OFTEN else None) or found + 1
    return found if isinstance(found, Pattern) else None


def forget() -> None:
    """Start anew, as in another process."""
    _known.clear()
