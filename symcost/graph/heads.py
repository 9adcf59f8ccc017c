"""What the header of a definition declares, and what a use of it gives."""

from __future__ import annotations

from symcost import syntax as s
from symcost.graph.arguments import match
from symcost.graph.scope import Scope, Tensor
from symcost.graph.tensors import maybe_tensor
from symcost.graph.values import DECIDE, Evaluator, fail
from symcost.layers.base import Slot, Slots
from symcost.sizes.atoms import ONE, Size


def head_slots(head: s.Head) -> Slots:
    """The arguments of a definition, as its header declares them."""
    found = [Slot(p.name, "head", None) for p in head.params]
    found += [Slot(head.width, "width", None)] if head.width else []
    found += [Slot(head.stride, "stride", None)] if head.stride else []
    return Slots(found + [Slot(p.name, "option", None) for p in head.options])


def bind_head(
    call: s.Call, glued: tuple[int, ...], head: s.Head, inner: Scope, outer: Scope, second: tuple[s.Arg, ...] = ()
) -> None:
    """Give the names of a header their values inside: written, set before, or by default."""
    declared = head_slots(head)
    written = match(call, glued, declared, head.name, second)
    defaults = {p.name: p.default for p in (*head.params, *head.options)}
    for slot in declared:
        default = defaults.get(slot.name)
        setting = outer.settings.get((head.name, slot.name))
        if slot.name in written:
            value, span = written[slot.name]
            shape = maybe_tensor(value, outer) if isinstance(value, s.Node) else None
            if shape is not None:
                inner.names[slot.name] = Tensor(shape)
                continue
            result = Evaluator(outer).value(value) if isinstance(value, s.Node) else value
        elif setting is not None:
            result, span = setting, call.span
        elif default is not None:
            result, span = Evaluator(inner).value(default), default.span
        elif slot.place == "stride":
            result, span = ONE, call.span
        else:
            code = "missing-width" if slot.place == "width" else "missing-argument"
            raise fail(code, f"'{head.name}' needs '{slot.name}'", call.span)
        if result is None:
            raise fail("undecided", f"cannot decide '{span.text}'", span, DECIDE)
        if not isinstance(result, Size | bool | tuple):
            raise fail("size-needed", f"'{slot.name}' of '{head.name}' is a size", span)
        inner.names[slot.name] = result
