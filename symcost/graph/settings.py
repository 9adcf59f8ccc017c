"""``set``: options of layers and blocks written after it, the batch, strictness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.graph.heads import head_slots
from symcost.graph.names import unknown_setting
from symcost.graph.plain import Plain
from symcost.graph.scope import BlockBinding, Scope
from symcost.graph.values import Evaluator, fail, undecided
from symcost.layers.base import KINDS, slots
from symcost.layers.merge import MERGES
from symcost.sizes.facts import at_least
from symcost.source import nearest

FORMED = {*KINDS, *MERGES}  # whose form can be said by itself

if TYPE_CHECKING:
    from symcost.graph.elaborate import Builder


def setting(b: Builder, item: s.Set, scope: Scope) -> None:
    """Remember a setting for the layers written after it in the same braces."""
    if isinstance(item.path, str):
        raise fail("unknown-setting", "a setting is a name such as conv.bias, not a string", item.span)
    evaluator = Evaluator(scope)
    scope.plain = Plain()
    if item.path == ("batch",):
        batch = evaluator.size(item.value)
        b.require(at_least(batch, 1, "a batch has at least one sample", "bad-value"), item.value.span, None)
        scope.settings[item.path] = batch
        b.batch_set = item.span
        return
    if item.path == ("strict",):
        scope.settings[item.path] = evaluator.decided(item.value)
        return
    if item.path[-1] == "form" and (item.path == ("form",) or item.path[0] in FORMED):
        form = evaluator.value(item.value)
        if not isinstance(form, str):
            raise fail("bad-value", 'a form is a text: set relu.form = "functional"', item.value.span)
        scope.settings[item.path] = form
        return
    block = scope.find(item.path[0]) if len(item.path) == 2 else None
    if isinstance(block, BlockBinding):
        if item.path[1] not in {x.name for x in head_slots(block.definition.head)}:
            known = [x.name for x in head_slots(block.definition.head)]
            help_ = nearest(item.path[1], known) or f"options: {', '.join(known)}"
            message = f"'{item.path[0]}' has no option '{item.path[1]}'"
            raise fail("unknown-setting", message, item.span, help_)
        value = evaluator.value(item.value)
        if value is None:
            raise undecided(item.value)
        if isinstance(value, str):
            raise fail("size-needed", f"'{'.'.join(item.path)}' is a size", item.value.span)
        scope.settings[item.path] = value
        return
    takers = [
        (kind, slot)
        for kind in {KINDS[n].kind: KINDS[n] for n in sorted(KINDS)}.values()
        for slot in slots(kind)
        if (slot.name,) == item.path or (kind.kind, slot.name) == item.path
    ]
    if not takers:
        raise unknown_setting(item)
    if isinstance(item.value, s.Ref) and any(item.value.names == (w,) for _, slot in takers for w in slot.words):
        word = item.value.names[0]
        scope.settings[item.path] = word == "true" if word in ("true", "false") else word
        return
    if all(slot.flag for _, slot in takers):
        scope.settings[item.path] = evaluator.decided(item.value)
        return
    if not any(slot.sizes for _, slot in takers):
        words = ", ".join(takers[0][1].words)
        raise fail(
            "bad-value", f"'{'.'.join(item.path)}' is one of {words}, not '{item.value.span.text}'", item.value.span
        )
    scope.settings[item.path] = evaluator.axes(item.value)
