"""Blocks: a definition expanded where it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.graph.arguments import match
from symcost.graph.heads import bind_head
from symcost.graph.nodes import LostError, Mark, Node, Sequence, Shared
from symcost.graph.plain import key_of, literals
from symcost.graph.scope import BlockBinding, Scope, Tensor
from symcost.graph.values import fail
from symcost.layers.base import Slots
from symcost.limiting import allowed
from symcost.parser import too_deep
from symcost.sizes.atoms import ONE
from symcost.sizes.shape import Shape


@dataclass(frozen=True)
class Block:
    """A block on a tensor: what it is, what comes out, how many layers it has, and whether nothing in it needs anything."""

    node: Node
    output: Shape
    leaves: int
    scope: Scope | None  # of its definition
    lasts: bool


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
    lasting = binding.lasting if _anywhere(b, call, x) else None
    said = None if lasting is None else _said(call, second, scope)
    known = None if lasting is None or said is None else lasting.get((said, x))
    if known is not None:
        b.expanded(known.leaves, call)
    else:
        inner = Scope(binding.scope, scope.report, settings=dict(binding.scope.settings), entered=x, here=x)
        bind_head(call, glued, definition.head, inner, scope, second)
        inner.body = (call.body, scope) if call.body else None
        known = _known(b, call, binding, inner, x, lasting)
        if lasting is not None and said is not None and known.lasts:
            _keep(lasting, (said, x), known)
    scope.here = known.output
    return [Shared(known.node, id(definition)) if definition.shared else known.node]


def _anywhere(b: Builder, call: s.Call, x: Shape) -> bool:
    """Whether what a block is here, if it needs nothing, it is in any program: nothing assumed, no tensor with a name."""
    return not (call.body or b.running or b.trials or x.tag is not None or b.seen is not None or b.scope.facts())


def _said(call: s.Call, second: tuple[s.Arg, ...], scope: Scope) -> object | None:
    """A call of nothing but numbers, where no setting changes what it means."""
    plain = None if scope.settings else key_of(call, scope)
    more = None if plain is None else literals(second, scope)
    return None if more is None else (plain, more)


def _known(
    b: Builder, call: s.Call, binding: BlockBinding, inner: Scope, x: Shape, lasting: dict[object, Block] | None
) -> Block:
    """A block with its arguments, resolved where it was not before."""
    definition = binding.definition
    if binding.lasting is not None:  # nothing is defined there any more
        inner.plain = binding.scope.plain
    if call.body:
        return _resolved(b, call, definition, inner)
    arguments = tuple(inner.names.items())  # in the order of its header
    tags = tuple([v.shape.tag for _, v in arguments if isinstance(v, Tensor)])
    # of an object's number: what is kept keeps the scope, so that no other gets it
    key = (id(definition), id(binding.scope), arguments, tags, x, tuple(b.running))
    lasting = None if tags else lasting
    known = b.known.get(key) or (None if lasting is None else lasting.get(key))
    if known is not None:
        b.expanded(known.leaves, call)
        return known
    known = _resolved(b, call, definition, inner)
    if b.guard == ONE and not b.trials:
        b.known[key] = known
    if lasting is not None and known.lasts:
        _keep(lasting, key, known)
    return known


def _keep(lasting: dict[object, Block], key: object, known: Block) -> None:
    if len(lasting) >= MOST:
        lasting.clear()
    lasting[key] = known


def _resolved(b: Builder, call: s.Call, definition: s.Block, inner: Scope) -> Block:
    """The body of a block, on the tensor that comes in."""
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
    lasts = needed == (len(b.conditions), len(b.named), len(b.labels)) and b.guard == ONE
    node = Sequence((Mark(inner.entry), *nodes), definition.head.name)
    return Block(node, inner.here, b.leaves - before, inner.parent, lasts)
