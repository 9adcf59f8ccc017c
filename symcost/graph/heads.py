"""What the header of a definition declares, and what a use of it gives."""

from __future__ import annotations

from functools import lru_cache

from symcost import syntax as s
from symcost.graph.arguments import match
from symcost.graph.scope import Scope, Tensor
from symcost.graph.tensors import maybe_tensor
from symcost.graph.values import DECIDE, Evaluator, Value, fail
from symcost.layers.base import Slot, Slots
from symcost.sizes.atoms import ONE, Size


def head_slots(head: s.Head) -> Slots:
    """The arguments of a definition, as its header declares them."""
    return _slots(tuple([p.name for p in head.params]), head.width, head.stride, tuple([p.name for p in head.options]))


@lru_cache(1024)
def _slots(params: tuple[str, ...], width: str | None, stride: str | None, options: tuple[str, ...]) -> Slots:
    found = [Slot(name, "head", None) for name in params]
    found += [Slot(width, "width", None)] if width else []
    found += [Slot(stride, "stride", None)] if stride else []
    return Slots(found + [Slot(name, "option", None) for name in options])


def bind_head(
    call: s.Call, glued: tuple[int, ...], head: s.Head, inner: Scope, outer: Scope, second: tuple[s.Arg, ...] = ()
) -> None:
    """Give the names of a header their values inside: written, set before, or by default."""
    declared = head_slots(head)
    written = match(call, glued, declared, head.name, second)
    defaults = {p.name: p.default for p in (*head.params, *head.options)}
    settings = outer.settings
    for slot in declared:
        default = defaults.get(slot.name)
        setting = settings.get((head.name, slot.name)) if settings else None
        if slot.name in written:
            value, span = written[slot.name]
            shape = maybe_tensor(value, outer) if isinstance(value, s.Node) and type(value) is not s.Number else None
            if shape is not None:
                inner.names[slot.name] = Tensor(shape)
                continue
            result = _value(value, outer) if isinstance(value, s.Node) else value
        elif setting is not None:
            result, span = setting, call.span
        elif default is not None:
            result, span = _value(default, inner), default.span
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


def _value(expr: s.Expr, scope: Scope) -> Value:
    return Size.of(expr.value) if type(expr) is s.Number else Evaluator(scope).value(expr)
