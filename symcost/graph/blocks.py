"""Blocks: a definition expanded where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.graph.arguments import match
from symcost.graph.heads import bind_head
from symcost.graph.nodes import LostError, Mark, Node, Sequence, Shared
from symcost.graph.scope import BlockBinding, Scope, Tensor
from symcost.graph.values import fail
from symcost.layers.base import Slots
from symcost.limiting import allowed
from symcost.parser import too_deep
from symcost.sizes.atoms import ONE
from symcost.sizes.shape import Shape

MOST = 128  # of a block of the standard library: what it is on some tensor

if TYPE_CHECKING:
    from symcost.graph.elaborate import Builder


def body(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    match(call, (), Slots(()), "body")
    if call.body:
        raise fail("no-body", "'body' takes no braces", call.span)
    owner = next((outer for outer in scope.chain() if outer.body is not None), None)
    if owner is None or owner.body is None:
        raise fail("no-body", "'body' stands for the braces of a block's use, and there are none here", call.span)
    branches, written = owner.body
    (branch,) = branches if len(branches) == 1 else (None,)
    if branch is None:
        raise fail("missing-body", "'body' stands for one branch in braces", call.span)
    inner = Scope(written, scope.report, settings=dict(written.settings), entered=x, here=x, home=False)
    nodes = b.items(branch, inner)
    if b.lost or inner.here is None:
        raise LostError
    scope.here = inner.here
    return [Mark(inner.entry), *nodes] if inner.entry.asked else nodes


def block(
    b: Builder,
    call: s.Call,
    glued: tuple[int, ...],
    binding: BlockBinding,
    scope: Scope,
    x: Shape,
    second: tuple[s.Arg, ...],
) -> list[Node]:
    definition = binding.definition
    if definition in b.expanding:
        raise fail("recursive", f"'{definition.head.name}' would contain itself", call.span)
    if len(b.expanding) >= allowed().nesting:
        raise too_deep("blocks", call.span)
    if call.body and not any(isinstance(n, s.Call) and n.text == "body" for n in s.walk(definition.body)):
        raise fail("no-body", f"'{call.text}' takes no braces: its definition has no 'body'", call.span)
    inner = Scope(binding.scope, scope.report, settings=dict(binding.scope.settings), entered=x, here=x)
    if binding.lasting is not None:  # nothing is defined there any more
        inner.plain = binding.scope.plain
    bind_head(call, glued, definition.head, inner, scope, second)
    inner.body = (call.body, scope) if call.body else None
    arguments = tuple(inner.names.items())  # in the order of its header
    tags = tuple([v.shape.tag for _, v in arguments if isinstance(v, Tensor)])
    key = (id(definition), id(binding.scope), arguments, tags, x, tuple(b.running)) if not call.body else None
    lasting = binding.lasting if key is not None and _anywhere(b, x, tags) else None
    known = b.known.get(key) if key is not None else None
    if known is None and lasting is not None:
        known = lasting.get(key)
    if known is None:
        before, needed = b.leaves, (len(b.conditions), len(b.named), len(b.labels))
        b.expanding.append(definition)
        b.uses.append(call)
        try:
            nodes = b.items(definition.body, inner)
        finally:
            b.expanding.pop()
            b.uses.pop()
        if b.lost or inner.here is None:
            raise LostError
        node: Node = Sequence((Mark(inner.entry), *nodes), definition.head.name)
        # its scope is kept: another one may not get its number while this is known
        known = node, inner.here, b.leaves - before, binding.scope
        if key is not None and b.guard == ONE and not b.trials:
            b.known[key] = known
            if lasting is not None and needed == (len(b.conditions), len(b.named), len(b.labels)):
                if len(lasting) >= MOST:
                    lasting.clear()
                lasting[key] = known
    else:
        b.expanded(known[2], call)
    node, scope.here = known[:2]
    if definition.shared:
        node = Shared(node, id(definition))
    return [node]


def _anywhere(b: Builder, x: Shape, tags: tuple[object, ...]) -> bool:
    """Whether what a block is here, if it needs nothing, it is in any program: nothing assumed, no tensor with a name."""
    return not (b.running or b.trials or tags or x.tag is not None or b.seen is not None or b.scope.facts())
