"""Shape checks: what is written behind ``:`` compared with what is there; sizes named by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symcost import syntax as s
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Loop, Mark, Node, Repeat, Run, Scaled, Sequence, Shared
from symcost.graph.scope import Scope
from symcost.graph.values import Evaluator, fail
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.bounds import lower
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.shape import Shape
from symcost.source import Span, SymcostError

Require = Callable[[Condition, Span, Shape | None], None]


def checked(nodes: list[Node], written: s.Shape, scope: Scope, named: list[Symbol], require: Require) -> list[Node]:
    """Compare the shape here with the one written; names not known yet are given to its sizes."""
    here = scope.here
    assert here is not None
    ids = isinstance(written.channels, s.Ref) and written.channels.text == "ids"
    dims = here.dims if written.dims is None else written.dims
    if ids != here.ids or len(dims) != here.rank:
        raise mismatch(here, written)
    actual = [*(() if ids else (here.channels,)), *here.dims]
    slots = [*(() if ids else (written.channels,)), *(written.dims or ())]
    result = [
        _slot(slot, size, here, written, scope, named, require) for slot, size in zip(slots, actual, strict=False)
    ]
    if written.dims is None:
        result += here.dims
    names = iter(result)
    shape = replace(here, channels=here.channels if ids else next(names), dims=tuple(names))
    scope.here = shape
    return _renamed(nodes, here, shape)


def _slot(
    slot: s.Expr, size: Size, here: Shape, written: s.Shape, scope: Scope, named: list[Symbol], require: Require
) -> Size:
    if isinstance(slot, s.Ref) and len(slot.names) == 1 and slot.names[0] not in ("in", "here"):
        name = slot.names[0]
        if scope.find(name) is None:
            given = _given(name, size, named)
            scope.define(name, given, slot.span)
            return given
    expected = Evaluator(scope).size(slot)
    condition = resolved_condition(equal(size, expected, f"the shape written is {written.span.text}"))
    decided = condition.holds(scope.facts())
    if decided is False:
        raise mismatch(here, written)
    if decided is None:
        require(condition, written.span, here)
    return expected if _is_named(expected) else size


def _given(name: str, size: Size, named: list[Symbol]) -> Size:
    """A name that a result may be written in: one size for the whole network, not that of one turn of a loop.

    A number, a size of one turn, and another size where the name stands for one already are written out.
    """
    meant = resolved(size)
    if meant.number is not None or any(a.top is not None or a.name.startswith("#") for a in meant.symbols()):
        return size
    known = next((symbol for symbol in named if symbol.name == name), None)
    if known is not None:
        return Size.of(known) if resolved(Size.of(known)) == meant else size
    symbol = Symbol(name, size.integer, _at_least_one(size), None, size)
    named.append(symbol)
    return Size.of(symbol)


def resolved(size: Size) -> Size:
    """Named sizes written out."""
    for _ in range(1000):
        values = {a: a.definition for a in size.symbols() if a.definition is not None}
        if not values:
            break
        size = size.subs(values)
    return size


def resolved_condition(condition: Condition) -> Condition:
    """A condition with named sizes written out, and roundings taken off again."""
    if not any(a.definition is not None for a in condition.size.symbols() | condition.divisor.symbols()):
        return condition
    size, divisor = resolved(condition.size), resolved(condition.divisor)
    match condition.kind:
        case ">=":
            return replace(at_least(size, 0, condition.why, condition.code), guard=condition.guard)
        case "|":
            return replace(divisible(size, divisor, condition.why, condition.code), guard=condition.guard)
    return replace(condition, size=size)


def mismatch(here: Shape, written: s.Shape) -> SymcostError:
    text = " ".join(written.span.text.lstrip(":").split())
    return fail("shape-mismatch", f"the shape here is {here}, not {text}", written.span)


def _is_named(size: Size) -> bool:
    return any(a.definition is not None for a in size.symbols())


def _at_least_one(size: Size) -> int:
    low = lower(resolved(size))
    return max(1, int(low)) if low is not None else 1


def _renamed(nodes: list[Node], old: Shape, new: Shape) -> list[Node]:
    """The last leaf puts out the named sizes, so that its own cost is written in them."""
    if old == new or not nodes:
        return nodes
    *rest, last = nodes
    if isinstance(last, Run):
        return _renamed([*rest, *last.parts], old, new)
    match last:
        case Leaf() if last.output == old:
            return [*rest, replace(last, output=new)]
        case Sequence():
            return [*rest, replace(last, nodes=tuple(_renamed(list(last.parts), old, new)))]
        case Repeat() | Loop() | Scaled() | Guarded() | Shared() | Frozen():
            return [*rest, replace(last, node=_renamed([last.node], old, new)[0])]
        case Fork(meet=Sequence(parts=(_, *_))):
            assert last.meet is not None
            return [*rest, replace(last, meet=_renamed([last.meet], old, new)[0])]
        case Fork(branches=(*others, only), meet=Sequence()) if not others:
            return [*rest, replace(last, branches=(_renamed([only], old, new)[0],))]
        case Mark():
            return [*_renamed(rest, old, new), last]
    return nodes
