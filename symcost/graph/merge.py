"""Constructs with braces: branches that meet, slices, windows, experts, weights that are frozen or idle."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.graph.arguments import match
from symcost.graph.nodes import Fork, Frozen, Guarded, Leaf, Node, Scaled, Sequence
from symcost.graph.scope import Scope
from symcost.graph.spelling import kind_of
from symcost.graph.tensors import tensor
from symcost.graph.values import Evaluator, fail
from symcost.layers.base import Slot, Slots
from symcost.layers.merge import Add, Concat, Merge, Multiply, Router
from symcost.sizes.atoms import ONE, ZERO, Size, product, total
from symcost.sizes.facts import at_least, divisible, equal
from symcost.sizes.rounding import ceil
from symcost.sizes.shape import Shape
from symcost.source import SymcostError

if TYPE_CHECKING:
    from symcost.graph.elaborate import Builder

PROJECTION = "what comes in needs a projection where the braces change it: add { conv1-c/s | ... }"

Kind = Callable[[tuple[Shape, ...]], Merge]
Composite = Callable[["Builder", s.Call, Scope, Shape], list[Node]]


def add(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``add { a | b }`` or ``add(t)``: the sum of branches, or of this tensor and named ones."""
    return _merged(b, call, scope, x, Add)


def mul(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    return _merged(b, call, scope, x, Multiply)


def concat(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``concat { a | b }``: their channels one after the other; with ``axis=t`` (or h, w) their positions along it."""
    axis = next((arg for arg in (*call.head, *call.options) if arg.name == "axis"), None)
    return _merged(b, call, scope, x, partial(Concat, axis=_axis(axis, x)) if axis else Concat)


def _axis(axis: s.Arg, x: Shape) -> int | None:
    """Which position axis a word names, counted from the last; None for the channels."""
    word = axis.value.span.text
    there = {"c": True, "t": x.rank == 1, "h": x.rank >= 2, "w": x.rank >= 2}
    if word not in there:
        raise fail("bad-value", f"'axis' of 'concat' is one of c, t, h, w, not '{word}'", axis.value.span)
    if not there[word]:
        raise fail("wrong-rank", f"the tensor {x} has no '{word}'", axis.value.span)
    return {"c": None, "h": -2}.get(word, -1)


def _merged(b: Builder, call: s.Call, scope: Scope, x: Shape, kind: Kind) -> list[Node]:
    nodes: list[Node] = []
    shapes = []
    if call.body:
        for branch in call.body:
            found, y = b.branch(branch, scope, x)
            nodes.append(Sequence(tuple(found)))
            shapes.append(y)
    else:
        shapes.append(x)
    shapes += [tensor(arg.value, scope) for arg in _unnamed(call, "axis" if call.text == "concat" else "")]
    if not call.body and len(shapes) < 2:
        message = f"'{call.text}' needs branches in braces or tensors in parentheses"
        raise fail("missing-argument", message, call.span, _tensor_behind(call))
    return _forked(nodes, _met(b, call, scope, kind, *shapes))


def _tensor_behind(call: s.Call) -> str | None:
    """``concat s2`` for ``concat(s2)``."""
    word = re.match(r"[ \t]+([^\W\d]\w*)", call.span.source.text[call.span.end :])
    return f"tensors stand in parentheses: {call.text}({word[1]})" if word and kind_of(word[1]) is None else None


def _forked(branches: list[Node], meet: list[Node]) -> list[Node]:
    return [Fork(tuple(branches), Sequence(tuple(meet)))] if branches else meet


def _met(b: Builder, call: s.Call, scope: Scope, kind: Kind, x: Shape, *others: Shape) -> list[Node]:
    """The layer in which branches meet; one that needs nothing is the same wherever the same tensors meet."""
    if not others:
        scope.here = x
        return []
    key = (kind, x, others)
    known = b.merges.get(key)
    if known is not None and not _tagged(x, *others):
        layer, scope.here = known
        return [b.leaf(layer, call, x, scope.here, scope, call.text)]
    layer, before = kind((x, *others)), len(b.conditions)
    leaf = b.place(layer, call, x, scope, said=call.text)
    if len(b.conditions) == before and not b.running and not _tagged(x, *others):
        b.merges[key] = layer, leaf.output
    return [leaf]


def _tagged(*inputs: Shape) -> bool:
    """Whether a program names one of some tensors: which one it is matters to the flow of data."""
    return any(x.tag is not None for x in inputs)


def split(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``split { a | b }``: each branch takes its share of the channels, and the results are joined."""
    widths = [Evaluator(scope).size(arg.value) for arg in _unnamed(call)]
    if not call.body:
        raise fail("missing-argument", "'split' needs branches in braces", call.span)
    if not widths:
        share = Size.of(len(call.body))
        b.require(divisible(x.channels, share, "the branches must share the channels equally"), call.span, x)
        widths = [x.channels / share] * len(call.body)
    if len(widths) != len(call.body):
        raise fail("wrong-count", f"{len(widths)} widths for {len(call.body)} branches of 'split'", call.span)
    b.require(equal(total(widths), x.channels, "the widths of 'split' must add up to the channels"), call.span, x)
    nodes: list[Node] = []
    shapes = []
    for branch, width in zip(call.body, widths, strict=True):
        found, y = b.branch(branch, scope, x.to(width))
        nodes.append(Sequence(tuple(found)))
        shapes.append(y)
    return _forked(nodes, _met(b, call, scope, Concat, *shapes))


def residual(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``residual { ... }``: what the braces make, added to what came in; with ``when`` only where that holds."""
    when = _given(call, Slot("when", "option", "true")).get("when")
    (body,) = _one_body(call)
    nodes, y = b.branch(body, scope, x)
    holds = ONE if when is None else Evaluator(scope).bracket(when)
    if holds == ZERO:
        scope.here = y
        return nodes
    branches: list[Node] = [Sequence(()), Sequence(tuple(nodes))]
    if holds == ONE:
        try:
            return _forked(branches, _met(b, call, scope, Add, x, y))
        except SymcostError as error:
            told = (replace(d, help=PROJECTION) if d.code == "branches-differ" else d for d in error.diagnostics)
            raise SymcostError(told) from None
    meant = next(iter(Evaluator(scope).equations(when, True)), {}) if when is not None else {}
    with b.guarded(holds):
        sums = _met(b, call, scope, Add, x.subs(meant), y.subs(meant))
    if _spread(scope.here, y.subs(meant)):
        message = (
            f"cannot decide '{when.span.text if when else ''}', and with the sum the shape is {scope.here}, not {y}"
        )
        raise fail("undecided", message, call.span, "state which holds with 'assume', or give the symbol a number")
    scope.here = y
    return _forked(branches, [Guarded(Sequence(tuple(sums)), holds)])


def _spread(whole: Shape | None, part: Shape) -> bool:
    """Whether a tensor is repeated along an axis where it has one position or channel."""
    if whole is None or whole.rank != part.rank:
        return True
    pairs = zip((whole.channels, *whole.dims), (part.channels, *part.dims), strict=True)
    return any(a != b and ONE in (a, b) for a, b in pairs)


def windows(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``windows(M) { ... }``: the braces run on whole tiles of M an axis, weights counted once."""
    (body,) = _one_body(call)
    sides = [Evaluator(scope).axes(arg.value) for arg in _unnamed(call)]
    if len(sides) != 1 or not x.dims:
        raise fail("wrong-count", "'windows' takes the side of a tile and a tensor with positions", call.span)
    side = sides[0] if isinstance(sides[0], tuple) else (sides[0],) * x.rank
    if len(side) != x.rank:
        raise fail("wrong-rank", f"a tile of {len(side)} sides on {x}", call.span)
    for size in side:
        b.require(at_least(size, 1, "a tile is at least 1 wide", "bad-value"), call.span, x)
    tiles = product(ceil(n / m) for n, m in zip(x.dims, side, strict=True))
    inside = replace(x.to(dims=(product(side),)), batch=x.batch * tiles)
    nodes, y = b.branch(body, scope, inside)
    b.require(equal(y.positions, inside.positions, "what runs on a tile keeps its positions"), call.span, inside)
    scope.here = x.to(y.channels)
    return nodes


def experts(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``experts(E, active=k) { ... }``: E copies of the braces, k of them at each position, chosen by a router."""
    (body,) = _one_body(call)
    given = _given(call, Slot("E", "head", None), Slot("active", "option", "1"), Slot("router", "option", "true"))
    if "E" not in given:
        raise fail("missing-argument", "'experts' needs how many there are", call.span, "options: active, router")
    evaluator = Evaluator(scope)
    count = evaluator.size(given["E"])
    active = evaluator.size(given["active"]) if "active" in given else ONE
    routed = evaluator.decided(given["router"]) if "router" in given else True
    b.require(at_least(count, active, "no more experts are active than there are"), call.span, x)
    nodes: list[Node] = []
    if routed:
        router = Router(count)
        nodes.append(Leaf(router, x, x.to(count), call.span, said="router"))
    found, y = b.branch(body, scope, x)
    scope.here = y
    return [*nodes, Scaled(Sequence(tuple(found)), count, active, active)]


def freeze(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    return _weights(b, call, scope, x, False)


def trainable(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    return _weights(b, call, scope, x, True)


def _weights(b: Builder, call: s.Call, scope: Scope, x: Shape, train: bool) -> list[Node]:
    _given(call)
    (body,) = _one_body(call)
    nodes, scope.here = b.branch(body, scope, x)
    return [Frozen(Sequence(tuple(nodes)), train)]


def idle(b: Builder, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
    """``idle { ... }``: weights that are there and do not run; the tensor passes through."""
    _given(call)
    (body,) = _one_body(call)
    nodes, _ = b.branch(body, scope, x)
    scope.here = x
    return [Scaled(Sequence(tuple(nodes)), ONE, ONE, ZERO)]


COMPOSITES: dict[str, Composite] = {
    "add": add,
    "mul": mul,
    "concat": concat,
    "split": split,
    "residual": residual,
    "windows": windows,
    "experts": experts,
    "freeze": freeze,
    "trainable": trainable,
    "idle": idle,
}


def _given(call: s.Call, *declared: Slot) -> dict[str, s.Expr]:
    """What stands in parentheses, by name. Nothing with braces has a width or a stride."""
    found: dict[str, s.Expr] = {}
    if not (call.head or call.options or call.width or call.stride):
        return found
    for name, (value, _) in match(call, (), Slots(declared), call.text).items():
        assert isinstance(value, s.Node)
        found[name] = value
    return found


def _unnamed(call: s.Call, option: str = "") -> list[s.Arg]:
    _given(replace(call, head=(), options=()))
    args = [arg for arg in (*call.head, *call.options) if not option or arg.name != option]
    named = next((a for a in args if a.name is not None), None)
    if named is not None:
        raise fail("unknown-option", f"'{call.text}' has no option '{named.name}'", named.span)
    return args


def _one_body(call: s.Call) -> tuple[tuple[s.Item, ...]]:
    if len(call.body) != 1:
        what = "braces" if not call.body else "one branch"
        raise fail("missing-body", f"'{call.text}' needs {what}: {call.text} {{ ... }}", call.span)
    return (call.body[0],)
