"""Syntax to graph: names looked up, arguments bound, shapes inferred, conditions proved, refuted or listed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from symcost import syntax as s
from symcost.depth import EndlessLoop, repeated
from symcost.graph.arguments import Arguments, bind, kind_of, split_name
from symcost.graph.assume import declare
from symcost.graph.nodes import Graph, Leaf, Node, Repeat, Sequence
from symcost.graph.scope import Binding, LayerBinding, MetricDef, NetBinding, Scope, Unbuilt
from symcost.graph.user_layer import applied
from symcost.graph.values import Evaluator, fail
from symcost.layers.base import KINDS, Layer, LayerError, slots
from symcost.sizes.atoms import ONE, DivisionByZero, Size, Symbol, TooLarge, lower
from symcost.sizes.facts import Condition, at_least, divisible, equal, simplified
from symcost.sizes.notation import ASCII, condition_text
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Report, Span, SymcostError, nearest

COMPOSITES = frozenset(["add", "mul", "concat", "split", "residual", "windows", "experts", "freeze", "idle", "body"])
UNBUILT = "built so far: straight chains, 'x n', shape checks, sym, assume, let, set, metric, assert, layer, net"


@dataclass
class Program:
    """A file: its own network if it has one, the networks it defines, what it asserts."""

    scope: Scope
    graph: Graph
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)

    def nets(self) -> dict[str, NetBinding]:
        return {n: b for n, b in self.scope.names.items() if isinstance(b, NetBinding)}


def program(file: s.File) -> Program:
    """Resolve a file. Raises `SymcostError` with everything that is wrong in it."""
    report = Report()
    scope = Scope(None, report)
    builder = Builder(scope, None)
    try:
        graph = builder.build(file.items)
    except RecursionError:
        raise fail("too-deep", "an expression is nested too deeply", file.span) from None
    report.check()
    return Program(scope, graph, builder.asserts)


def instantiate(binding: NetBinding, args: dict[str, Size], span: Span) -> Graph:
    """The graph of a ``net`` at given arguments."""
    definition, report = binding.definition, Report()
    scope = Scope(binding.scope, report, settings=dict(binding.scope.settings))
    for param in definition.params:
        if param.name in args:
            scope.names[param.name] = args[param.name]
        elif param.default is not None:
            value = Evaluator(scope).value(param.default)
            scope.names[param.name] = value if isinstance(value, Size | bool | tuple) else ONE
        else:
            raise fail("missing-argument", f"'{definition.name}' needs '{param.name}'", span)
    unknown = next((name for name in args if name not in {p.name for p in definition.params}), None)
    if unknown is not None:
        help_ = nearest(unknown, [p.name for p in definition.params])
        raise fail("unknown-option", f"'{definition.name}' has no parameter '{unknown}'", span, help_)
    graph = Builder(scope, definition.name).build(definition.body)
    report.check()
    return graph


@dataclass
class Builder:
    """Builds the graph of one network, item by item."""

    scope: Scope
    name: str | None
    conditions: list[Condition] = field(default_factory=list)
    named: list[Symbol] = field(default_factory=list)
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)
    input: Shape | None = None
    lost: bool = False  # after an error: the shape is unknown, names are still checked

    def build(self, items: Iterable[s.Item]) -> Graph:
        items = tuple(items)
        declare(self.scope, items)
        root = Sequence(tuple(self._items(items, self.scope)))
        metrics = {name: self.scope.find(name) for name in sorted(self.scope.visible(MetricDef))}
        return Graph(
            self.name,
            self.input,
            self.scope.here,
            root,
            simplified(self.conditions, self.scope.facts()),
            tuple(self.scope.assumptions()),
            self.scope.declared(),
            tuple(self.named),
            {n: m for n, m in metrics.items() if isinstance(m, MetricDef)},
            self.scope,
        )

    def _items(self, items: Iterable[s.Item], scope: Scope) -> list[Node]:
        nodes: list[Node] = []
        for item in items:
            try:
                nodes += self._item(item, scope)
            except SymcostError as error:
                for diagnostic in error.diagnostics:
                    scope.report.add(diagnostic)
                self.lost = self.lost or isinstance(item, s.Step | s.Input)
        return nodes

    def _item(self, item: s.Item, scope: Scope) -> list[Node]:
        match item:
            case s.Sym() | s.Assume():  # read before everything else, by `declare`
                if scope is not self.scope:
                    raise _unbuilt("a declaration inside [ ]", item.span)
            case s.Let():
                value = Evaluator(scope).value(item.value)
                if not isinstance(value, Size | bool | tuple):
                    raise fail("undecided", f"'{item.name}' is neither a size nor decided", item.value.span)
                scope.define(item.name, value, item.span)
            case s.Set():
                self._set(item, scope)
            case s.Metric():
                self._metric(item, scope)
            case s.LayerDef():
                _check_name(item.head, scope)
                scope.define(item.head.name, LayerBinding(item, _snapshot(scope)), item.head.span)
            case s.Net():
                scope.define(item.name, NetBinding(item, _snapshot(scope)), item.span)
            case s.Assert():
                self.asserts.append((item, scope))
            case s.Input():
                self._input(item, scope)
            case s.Step():
                return self._step(item, scope)
            case s.Block():
                scope.names[item.head.name] = Unbuilt(item.head.name)
                raise _unbuilt("'block'", item.head.span)
            case s.Import():
                for name in item.names:
                    scope.names[name] = Unbuilt(name)
                raise _unbuilt("'import'", item.span)
            case s.Output():
                raise _unbuilt("'output'", item.span)
        return []

    # declarations

    def _set(self, item: s.Set, scope: Scope) -> None:
        if isinstance(item.path, str):
            raise fail("unknown-setting", "a setting is a name such as conv.bias, not a string", item.span)
        if item.path in (("batch",), ("strict",)):
            value = Evaluator(scope).value(item.value)
            if item.path == ("batch",) and isinstance(value, Size):
                self._require(at_least(value, 1, "a batch has at least one sample", "bad-value"), item.value.span, None)
            elif not (item.path == ("strict",) and isinstance(value, bool)):
                wanted = "a size" if item.path == ("batch",) else "true or false"
                raise fail("bad-value", f"'{item.path[0]}' is {wanted}", item.value.span)
            scope.settings[item.path] = value
            return
        takers = [
            (kind, slot)
            for kind in {KINDS[n].kind: KINDS[n] for n in sorted(KINDS)}.values()
            for slot in slots(kind)
            if (slot.name,) == item.path or (kind.kind, slot.name) == item.path
        ]
        if not takers:
            raise _unknown_setting(item)
        if isinstance(item.value, s.Ref) and any(item.value.names == (w,) for _, slot in takers for w in slot.words):
            word = item.value.names[0]
            scope.settings[item.path] = word == "true" if word in ("true", "false") else word
            return
        if not any(slot.sizes for _, slot in takers):
            words = ", ".join(takers[0][1].words)
            raise fail("bad-value", f"'{'.'.join(item.path)}' is one of {words}", item.value.span)
        scope.settings[item.path] = Evaluator(scope).axes(item.value)

    def _metric(self, item: s.Metric, scope: Scope) -> None:
        if item.per not in (None, "sample", "batch"):
            message = f"a cost is counted once for each 'sample' or once for the 'batch', not '{item.per}'"
            raise fail("bad-value", message, item.span)
        scope.define(item.name, MetricDef(item.name, item.value, item.per == "batch"), item.span)

    def _input(self, item: s.Input, scope: Scope) -> None:
        if item.name is not None or self.input is not None:
            raise _unbuilt("more than one input, or an input with a name,", item.span)
        if item.shape.dims is None:
            raise fail("bad-value", "an input has its own positions, not '*'", item.shape.span)
        evaluator = Evaluator(scope)
        ids = isinstance(item.shape.channels, s.Ref) and item.shape.channels.text == "ids"
        channels = ONE if ids else evaluator.size(item.shape.channels)
        dims = tuple(evaluator.size(d) for d in item.shape.dims)
        batch = scope.settings.get(("batch",), ONE)
        assert isinstance(batch, Size)
        shape = Shape(channels, dims, batch, ids)
        for size in (channels, *dims):
            self._require(at_least(size, 1, "a size of the input is at least 1", "bad-value"), item.shape.span, None)
        self.input = scope.here = scope.entered = shape

    # the pipe

    def _step(self, step: s.Step, scope: Scope) -> list[Node]:
        if step.tap is not None:
            raise _unbuilt("naming a tensor with 'as'", step.tap.span)
        nodes = self._core(step, scope) if step.times is None else self._times(step, step.times, scope)
        if step.shape is not None:
            nodes = self._checked(nodes, step.shape, scope)
        return nodes

    def _core(self, step: s.Step, scope: Scope) -> list[Node]:
        match step.core:
            case s.Call():
                return self._call(step.core, scope)
            case s.Group():
                inner = scope.inner()
                nodes = self._items(step.core.items, inner)
                scope.here = inner.here
                return nodes
        what = {s.From: "'from'", s.For: "'for'", s.If: "'if' around layers"}[type(step.core)]
        raise _unbuilt(what, step.core.span)

    def _times(self, step: s.Step, times: s.Times, scope: Scope) -> list[Node]:
        if times.options:
            raise _unbuilt("options from the second turn on", times.span)
        count = Evaluator(scope).size(times.count)
        if not count.integer or (count.number is not None and count.number < 0):
            raise fail("bad-value", f"a repeat runs a whole number of times, not {count}", times.count.span)
        before = scope.here
        if before is None or self.lost:
            return self._core(step, scope)

        def turn(x: Shape) -> tuple[tuple[Node, ...], Shape]:
            scope.here = x
            nodes = tuple(self._core(step, scope))
            if self.lost or scope.here is None:
                raise EndlessLoop
            return nodes, scope.here

        try:
            turns, scope.here = repeated(turn, before, count)
        except EndlessLoop:
            if self.lost:
                return []
            message = "the shape changes with every turn of this repeat; its count must be a number, and not a huge one"
            raise fail("changing-shape", message, times.span) from None
        if turns and count.number is None and (turns[0][1] != count and lower(count) != 1):
            self._require(at_least(count, 1, "this repeat runs at least once"), times.span, None)
        return [_repeat(nodes, n) for nodes, n in turns]

    def _call(self, call: s.Call, scope: Scope) -> list[Node]:
        if call.text in COMPOSITES:
            raise _unbuilt(f"'{call.text}'", call.span)
        if call.body:
            raise fail("no-body", f"'{call.text}' takes no braces", call.span)
        if isinstance(_defined(call, scope), Unbuilt):  # said once, where it is defined
            self.lost = True
            return []
        user = _user_layer(call, scope)
        x = scope.here
        if user is None:
            kind, glued = _library_kind(call, scope)
            arguments = bind(call, kind, glued, scope)
        if x is None:
            if not self.lost:
                self.lost = True
                help_ = "say what comes in first: input 3@X x X"
                raise fail("no-tensor", f"there is no tensor for '{call.text}' to work on", call.span, help_)
            return []
        if self.lost:
            return []
        if user is not None:
            binding, glued = user
            return [self._place(applied(call, glued, binding, x, scope), call, x, scope, Arguments())]
        try:
            layer = kind(arguments.values, x.rank)
        except LayerError as error:
            raise _at(error, call, arguments) from None
        return [self._place(layer, call, x, scope, arguments)]

    def _place(self, layer: Layer, call: s.Call, x: Shape, scope: Scope, arguments: Arguments) -> Leaf:
        if x.ids and not layer.takes_ids:
            message = f"'{call.text}' wants numbers, the tensor here is {x}"
            raise fail("wants-numbers", message, call.span, "ids become numbers with embed(V)-d")
        try:
            for condition in layer.needs(x):
                self._require(condition, call.span, x)
            y = layer.shape(x)
        except LayerError as error:
            raise _at(error, call, arguments) from None
        except (TooLarge, DivisionByZero) as error:
            (diagnostic,) = error.diagnostics
            raise SymcostError(replace(diagnostic, span=call.span)) from None
        scope.here = y
        return Leaf(layer, " ".join(call.span.text.split()), x, y, call.span)

    def _require(self, condition: Condition, span: Span, x: Shape | None) -> None:
        """Prove a condition, refuse it, or list it."""
        held = resolved_condition(condition)
        facts = self.scope.facts()
        decided = held.holds(facts)
        if decided is False:
            where = "" if x is None else f"; the tensor here is {x}"
            relation = _relation(held)
            raise fail(condition.code, f"{condition.why}{relation}{where}", span)
        if decided is None:
            if self.scope.settings.get(("strict",)) is True:
                message = f"not proved: {condition_text(held, ASCII)} ({condition.why})"
                raise fail("unproved", message, span, "state it with 'assume', or leave out 'set strict = true'")
            self.conditions.append(held)

    # shape checks

    def _checked(self, nodes: list[Node], written: s.Shape, scope: Scope) -> list[Node]:
        """Compare the shape here with the one written; names not known yet are given to its sizes."""
        here = scope.here
        if here is None or self.lost:
            return nodes
        ids = isinstance(written.channels, s.Ref) and written.channels.text == "ids"
        dims = here.dims if written.dims is None else written.dims
        if ids != here.ids or len(dims) != here.rank:
            raise _mismatch(here, written)
        actual = [*(() if ids else (here.channels,)), *here.dims]
        slots_written = [*(() if ids else (written.channels,)), *(written.dims or ())]
        result = []
        for slot, size in zip(slots_written, actual, strict=False):
            result.append(self._slot(slot, size, here, written, scope))
        if written.dims is None:
            result += here.dims
        names = iter(result)
        shape = replace(here, channels=here.channels if ids else next(names), dims=tuple(names))
        scope.here = shape
        return _renamed(nodes, here, shape)

    def _slot(self, slot: s.Expr, size: Size, here: Shape, written: s.Shape, scope: Scope) -> Size:
        if isinstance(slot, s.Ref) and len(slot.names) == 1 and slot.names[0] not in ("in", "here"):
            name = slot.names[0]
            if scope.find(name) is None:
                symbol = Symbol(name, size.integer, _at_least_one(size), None, size)
                scope.define(name, Size.of(symbol), slot.span)
                self.named.append(symbol)
                return Size.of(symbol)
        expected = Evaluator(scope).size(slot)
        condition = resolved_condition(equal(size, expected, f"the shape written is {written.span.text}"))
        decided = condition.holds(self.scope.facts())
        if decided is False:
            raise _mismatch(here, written)
        if decided is None:
            self._require(condition, written.span, here)
        return expected if _is_named(expected) else size


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
            return at_least(size, 0, condition.why, condition.code)
        case "|":
            return divisible(size, divisor, condition.why, condition.code)
    return replace(condition, size=size)


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
    match last:
        case Leaf() if last.output == old:
            return [*rest, replace(last, output=new)]
        case Sequence():
            return [*rest, Sequence(tuple(_renamed(list(last.parts), old, new)))]
        case Repeat():
            return [*rest, replace(last, node=_renamed([last.node], old, new)[0])]
    return nodes


def _repeat(nodes: tuple[Node, ...], count: Size) -> Node:
    node = nodes[0] if len(nodes) == 1 else Sequence(nodes)
    return node if count == 1 else Repeat(node, count)


def _snapshot(scope: Scope) -> Scope:
    """The scope of a definition: names of where it is written, settings as they are at this point."""
    return Scope(scope, scope.report, settings=dict(scope.settings))


def _defined(call: s.Call, scope: Scope) -> Binding | None:
    """What the file itself calls by this name, with or without the number glued to it."""
    parts = split_name(call.text)
    found = scope.find(call.text)
    return scope.find(parts[0]) if found is None and parts else found


def _user_layer(call: s.Call, scope: Scope) -> tuple[LayerBinding, tuple[int, ...]] | None:
    if len(call.name) != 1:
        return None
    for name in (call.text, call.text.lower()):
        binding = scope.find(name)
        if isinstance(binding, LayerBinding):
            return binding, ()
        parts = split_name(name)
        binding = scope.find(parts[0]) if parts else None
        if parts and isinstance(binding, LayerBinding):
            return binding, parts[1]
    return None


def _library_kind(call: s.Call, scope: Scope) -> tuple[type[Layer], tuple[int, ...]]:
    found = kind_of(call.text)
    if found is not None:
        return found
    known = {*KINDS, *scope.visible(LayerBinding)}
    parts = split_name(call.text)
    help_ = nearest(call.text, known) or (nearest(parts[0], known) if parts else None)
    before = call.span.source.text[: call.span.start]
    if before[-1:].isdigit():
        number = re.search(r"[\d.]+$", before)
        help_ = f"a product needs a sign: write {number[0] if number else ''}*{call.text}"
    if isinstance(scope.find(call.text), NetBinding):
        help_ = f"'{call.text}' is a net; ask for its costs: assert {call.text}.params == ..."
    span = call.span
    width = len(call.span.text) if not call.span.text.startswith(call.text) else len(call.text)
    raise fail(
        "unknown-layer",
        f"unknown layer '{call.text}'",
        Span(span.source, span.start, span.start + width),
        help_,
    )


def _check_name(head: s.Head, scope: Scope) -> None:
    """Defining ``conv3`` would change what ``conv3`` means."""
    parts = split_name(head.name)
    if (
        parts
        and head.name not in KINDS
        and (parts[0] in KINDS and any(x.place == "head" for x in slots(KINDS[parts[0]])))
    ):
        message = f"'{head.name}' would be read as '{parts[0]}' with {'x'.join(map(str, parts[1]))}"
        raise fail("name-ends-in-number", message, head.span, "choose a name that does not end in a number")


def _at(error: LayerError, call: s.Call, arguments: Arguments) -> SymcostError:
    span = arguments.spans.get(error.option or "", call.span)
    return fail(error.code, error.message, span, error.help)


def _relation(condition: Condition) -> str:
    """What the numbers say, where the condition is about numbers."""
    if condition.kind == "|":
        return f": {condition.divisor} does not divide {condition.size}"
    return ""


def _mismatch(here: Shape, written: s.Shape) -> SymcostError:
    text = " ".join(written.span.text.lstrip(":").split())
    return fail("shape-mismatch", f"the shape here is {here}, not {text}", written.span)


def _unbuilt(what: str, span: Span) -> SymcostError:
    return SymcostError(
        Diagnostic("not-built", f"{what} is part of the language but not built yet", span, help=UNBUILT)
    )


def _unknown_setting(item: s.Set) -> SymcostError:
    path = item.path if isinstance(item.path, tuple) else (item.path,)
    kinds = {KINDS[n].kind: KINDS[n] for n in sorted(KINDS)}
    if len(path) == 2 and path[0] in kinds:
        known = [slot.name for slot in slots(kinds[path[0]])]
        help_ = nearest(path[1], known) or (f"options: {', '.join(known)}" if known else None)
    elif len(path) == 2:
        help_ = nearest(path[0], kinds)
    else:
        help_ = nearest(path[0], {"batch", "strict", *(x.name for k in kinds.values() for x in slots(k))})
    return fail("unknown-setting", f"no layer has the setting '{'.'.join(path)}'", item.span, help_)
