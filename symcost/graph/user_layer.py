"""Layers a user defines in the language: a signature of shapes, and formulas for what they cost."""

from __future__ import annotations

from collections.abc import Iterator

from symcost import syntax as s
from symcost.graph.heads import bind_head
from symcost.graph.scope import LayerBinding, MetricDef, Scope
from symcost.graph.values import Evaluator, fail
from symcost.layers.base import Layer
from symcost.ops import Op
from symcost.sizes.atoms import ONE, Size
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, nearest

FIELDS = ("params", "act", *(op.value for op in Op))


class UserLayer(Layer):
    """One use of a ``layer`` definition: its shape and its counts, evaluated."""

    signature = "layer"
    kind = "layer"
    takes_ids = True  # its own signature says what it takes

    def __init__(
        self, name: str, output: Shape, params: Size, counts: dict[str, Size], needed: tuple[Condition, ...]
    ) -> None:
        self.name, self.output, self.params, self.counts, self.needed = (name, output, params, counts, needed)

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from self.needed
        for size in (self.output.channels, *self.output.dims):
            yield divisible(size, ONE, f"'{self.name}' puts out whole sizes")
            yield at_least(size, 1, f"'{self.name}' puts out something", "bad-value")

    def shape(self, x: Shape) -> Shape:
        return self.output


def applied(call: s.Call, glued: tuple[int, ...], binding: LayerBinding, x: Shape, scope: Scope) -> UserLayer:
    """The layer a call makes of a definition, on the tensor ``x``.

    Raises `SymcostError` when the arguments or the incoming shape do not fit its signature.
    """
    definition = binding.definition
    if call.body:
        raise fail("no-body", f"'{call.text}' takes no braces", call.span)
    inner = Scope(binding.scope, scope.report, settings=dict(binding.scope.settings), entered=x, here=x)
    bind_head(call, glued, definition.head, inner, scope)
    needed = _take_apart(definition.input, x, inner, call)
    params, counts = _fields(definition, inner, x)
    output = _shape(definition.output, x, inner)
    return UserLayer(definition.head.name, output, params, counts, tuple(needed))


def _take_apart(pattern: s.Shape, x: Shape, inner: Scope, call: s.Call) -> list[Condition]:
    """Give the names of the input shape their sizes; what is not a new name must be equal."""
    ids = isinstance(pattern.channels, s.Ref) and pattern.channels.text == "ids"
    if ids != x.ids:
        wanted = "token ids" if ids else "numbers"
        raise fail(
            "wants-ids" if ids else "wants-numbers", f"'{call.text}' takes {wanted}, the tensor here is {x}", call.span
        )
    if pattern.dims is not None and len(pattern.dims) != x.rank:
        message = f"'{call.text}' takes {pattern.span.text}, the tensor here is {x}"
        raise fail("wrong-rank", message, call.span)
    pairs = [] if ids else [(pattern.channels, x.channels)]
    pairs += list(zip(pattern.dims or (), x.dims, strict=False))
    needed = []
    for written, size in pairs:
        name = written.names[0] if isinstance(written, s.Ref) and len(written.names) == 1 else None
        if name is not None and name not in inner.names:
            inner.names[name] = size
        else:
            expected, text = Evaluator(inner).size(written), written.span.text
            given = "" if text == str(expected) else f" with {text} = {expected}"
            why = f"'{call.text}' takes {pattern.span.text}{given}"
            needed.append(equal(expected, size, why, "shape-mismatch"))
    return needed


def _shape(pattern: s.Shape, x: Shape, inner: Scope) -> Shape:
    evaluator = Evaluator(inner)
    ids = isinstance(pattern.channels, s.Ref) and pattern.channels.text == "ids"
    channels = ONE if ids else evaluator.size(pattern.channels)
    dims = x.dims if pattern.dims is None else tuple(evaluator.size(d) for d in pattern.dims)
    return Shape(channels, dims, x.batch, ids)


def _fields(definition: s.LayerDef, inner: Scope, x: Shape) -> tuple[Size, dict[str, Size]]:
    """Parameters, and the other costs over the whole batch."""
    params, counts = Size.of(0), {}
    for index, field in enumerate(definition.fields):
        evaluator = Evaluator(inner)
        if isinstance(field, s.Let):
            value = evaluator.value(field.value)
            if not isinstance(value, Size | bool | tuple):
                raise fail("size-needed", f"'{field.name}' is a size", field.span)
            inner.define(field.name, value, field.span)
            continue
        if any(f.name == field.name for f in definition.fields[:index] if isinstance(f, s.Field)):
            inner.report.add(Diagnostic("already-defined", f"'{field.name}' is already given", field.span))
        size = evaluator.size(field.value)
        metric = inner.find(field.name)
        if field.name == "params":
            params = size
        elif field.name in FIELDS or (isinstance(metric, MetricDef) and metric.value is None):
            once = isinstance(metric, MetricDef) and metric.once
            counts[field.name] = size if once else size * x.batch
        else:
            known = [*FIELDS, *inner.visible(MetricDef)]
            help_ = nearest(field.name, known) or "declare a cost of your own: metric NAME"
            inner.report.add(Diagnostic("unknown-cost", f"unknown cost '{field.name}'", field.span, help=help_))
    return params, counts
