"""Chains of calls whose layers have patterns: each costs a look-up and two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symcost.graph.nodes import Node, Run, Width
from symcost.graph.patterns import Pattern, pattern_of
from symcost.graph.plain import Arguments, Key, key_of
from symcost.graph.scope import Scope
from symcost.layers.base import Layer, slots
from symcost.sizes.atoms import Size
from symcost.sizes.shape import Shape
from symcost.syntax import Call, Item, Step

if TYPE_CHECKING:
    from symcost.graph.elaborate import Builder


def run(b: Builder, items: tuple[Item, ...], first: int, scope: Scope) -> Run | None:
    """The calls from a place on that have patterns; a network may consist of hardly anything else."""
    x, item = scope.here, items[first]
    if x is None or type(item) is not Step or type(item.core) is not Call or item.core.body:
        return None
    if scope.pointed is not None or not _packed(b, scope):
        return None
    channels = x.channels.number
    if type(channels) is not int:
        return None
    y, known = x, scope.plain.on(x)
    widths: list[Width] = []
    calls: list[Call] = []
    last: Pattern | None = None  # that makes other positions
    for place in range(first, min(len(items), first + b.most - b.leaves)):
        step = items[place]
        if type(step) is not Step or step.times is not None or step.shape is not None or step.tap is not None:
            break
        call = step.core
        if type(call) is not Call or (said := key_of(call, scope)) is None:
            break
        key, width = said
        pattern = known.get(key)
        if pattern is None or type(width) is not int or (width < 1 and key[1]):
            break
        widths.append((pattern, channels, width))
        calls.append(call)
        if pattern.widened:
            channels = width
        if pattern.output is not pattern.input:
            y = pattern.output
            last, known = pattern, scope.plain.on(y)
    if not calls:
        return None
    b.leaves += len(calls)
    if last is not None:
        made = b.shapes.get((last, channels))
        if made is None:
            made = b.shapes[last, channels] = Shape(Size.of(channels), y.dims, y.batch)
        scope.here = made
    return Run(x, tuple(widths), tuple(calls), bool(b.expanding))


def _packed(b: Builder, scope: Scope) -> bool:
    """Whether nobody asks here for each layer by itself."""
    if b.seen is not None or b.lost or b.running:
        return False
    return not scope.settings or all(path[-1] != "form" for path in scope.settings)


def patterned(
    b: Builder, kind: type[Layer], arguments: Arguments, call: Call, key: Key | None, scope: Scope
) -> Node | None:
    """The layer of a call, where it exists for all numbers of channels and widths."""
    x = scope.here
    if x is None or b.lost or b.running:
        return None
    channels, slot = x.channels.number, slots(kind).width
    given = arguments.values.get(slot.name) if slot is not None and call.width is not None else None
    width = given.number if isinstance(given, Size) else 0
    if type(channels) is not int or type(width) is not int or (given is not None and width < 1):
        return None
    found = pattern_of(kind, arguments.values, x, given is not None)
    if found is None:
        return None
    if key is not None:
        scope.plain.on(x)[key] = found
    y = scope.here = found.shape(x, width)
    if not _packed(b, scope):
        return b.leaf(found.of_width(width), call, x, y, scope)
    b.expanded(1, call)
    return Run(x, ((found, channels, width),), (call,), bool(b.expanding))
