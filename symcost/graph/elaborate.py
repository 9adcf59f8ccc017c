"""Syntax to graph: names looked up, blocks expanded, shapes inferred, conditions proved, refuted or listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from symcost import syntax as s
from symcost.depth import EndlessLoop, repeated
from symcost.graph.arguments import Arguments, bind, match
from symcost.graph.assume import declare
from symcost.graph.checks import checked, resolved_condition
from symcost.graph.loops import carried
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import Modules
from symcost.graph.names import check_name, defined, library_kind, unknown_setting
from symcost.graph.nodes import Graph, Leaf, Loop, Node, Repeat, Scaled, Sequence, Shared
from symcost.graph.scope import BlockBinding, Family, LayerBinding, MetricDef, NetBinding, Scope, Tensor
from symcost.graph.tensors import maybe_tensor, tensor
from symcost.graph.user_layer import applied, head_slots
from symcost.graph.values import Evaluator, fail
from symcost.layers.base import KINDS, Layer, LayerError, slots
from symcost.sizes.atoms import ONE, DivisionByZero, Size, Symbol, TooLarge
from symcost.sizes.facts import Condition, at_least, never_negative, simplified
from symcost.sizes.notation import ASCII, condition_text
from symcost.sizes.shape import Shape
from symcost.sizes.weakest import weakest
from symcost.source import Report, Source, Span, SymcostError, nearest

MAX_LEAVES = 1_000_000  # layers a program may expand to; blocks of blocks of blocks grow without effort
MAX_UNROLLED = 64  # turns of a loop written out one by one, when its count is a number


@dataclass
class Program:
    """A file: its own network if it has one, the networks it defines, what it asserts."""

    scope: Scope
    graph: Graph
    modules: Modules
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)
    made: dict[object, object] = field(default_factory=dict)  # networks made of its nets, by their arguments

    def nets(self) -> dict[str, NetBinding]:
        return {n: b for n, b in self.scope.names.items() if isinstance(b, NetBinding)}


def program(file: s.File) -> Program:
    """Resolve a file. Raises `SymcostError` with everything that is wrong in it."""
    report = Report()
    scope = Scope(None, report)
    modules = Modules(definitions)
    builder = Builder(scope, None, modules)
    try:
        graph = builder.build(file.items)
    except RecursionError:
        raise fail("too-deep", "an expression is nested too deeply", file.span) from None
    report.check()
    return Program(scope, graph, modules, builder.asserts)


def definitions(file: s.File, modules: Modules) -> Scope:
    """What a file defines, for those who import it; its own network and asserts are left alone."""
    report = Report()
    scope = Scope(None, report)
    kept = [i for i in file.items if not isinstance(i, s.Step | s.Input | s.Output | s.Assert)]
    Builder(scope, None, modules).build(kept)
    report.check()
    return scope


Argument = Size | bool | tuple[Size, ...]


def instantiate(binding: NetBinding, args: Mapping[str, Argument], span: Span, modules: Modules) -> Graph:
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
    graph = Builder(scope, definition.name, modules).build(definition.body)
    report.check()
    return graph


@dataclass
class Builder:
    """Builds the graph of one network, item by item."""

    scope: Scope
    name: str | None
    modules: Modules
    conditions: list[Condition] = field(default_factory=list)
    guard: Size = ONE  # 1 where the branch of an undecided `if` around is taken
    named: list[Symbol] = field(default_factory=list)
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)
    inputs: dict[str, Shape] = field(default_factory=dict)
    outputs: dict[str, Shape] = field(default_factory=dict)
    lost: bool = False  # after an error: the shape is unknown, names are still checked
    leaves: int = 0
    expanding: list[s.Block] = field(default_factory=list)
    known: dict[object, tuple[Node, Shape]] = field(default_factory=dict)  # blocks resolved before
    placed: dict[object, tuple[Layer, Shape, tuple[Condition, ...]]] = field(default_factory=dict)  # layers likewise

    def build(self, items: Iterable[s.Item]) -> Graph:
        items = tuple(items)
        declare(self.scope, items)
        root = Sequence(tuple(self.items(items, self.scope)))
        metrics = {name: self.scope.find(name) for name in sorted(self.scope.visible(MetricDef))}
        return Graph(
            self.name,
            next(iter(self.inputs.values()), None),
            self.scope.here,
            root,
            simplified(weakest(dict.fromkeys(self.conditions)), self.scope.facts()),
            tuple(self.scope.assumptions()),
            self.scope.declared(),
            tuple(self.named),
            {n: m for n, m in metrics.items() if isinstance(m, MetricDef)},
            self.scope,
            self.inputs,
            self.outputs,
        )

    def items(self, items: Iterable[s.Item], scope: Scope) -> list[Node]:
        nodes: list[Node] = []
        for item in items:
            try:
                nodes += self._item(item, scope)
            except SymcostError as error:
                for diagnostic in error.diagnostics:
                    scope.report.add(diagnostic)
                self.lost = self.lost or isinstance(item, s.Step | s.Input)
        return nodes

    def branch(self, items: tuple[s.Item, ...], scope: Scope, x: Shape) -> tuple[list[Node], Shape]:
        """Items in braces of their own, on a tensor; the tensor that comes out."""
        inner = scope.inner()
        inner.entered = inner.here = x
        nodes = self.items(items, inner)
        if self.lost or inner.here is None:
            raise _Lost
        return nodes, inner.here

    def _item(self, item: s.Item, scope: Scope) -> list[Node]:
        match item:
            case s.Sym() | s.Assume():  # read before everything else, by `declare`
                if scope is not self.scope:
                    message = "symbols and facts are declared at the top of a file or a net"
                    raise fail("declared-inside", message, item.span)
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
                check_name(item.head)
                scope.define(item.head.name, LayerBinding(item, _snapshot(scope)), item.head.span)
            case s.Block():
                check_name(item.head)
                scope.define(item.head.name, BlockBinding(item, _snapshot(scope)), item.head.span)
            case s.Net():
                scope.define(item.name, NetBinding(item, _snapshot(scope)), item.span)
            case s.Import():
                self.modules.load(item, scope)
            case s.Assert():
                self.asserts.append((item, scope))
            case s.Input():
                self._input(item, scope)
            case s.Output():
                for ref in item.tensors:
                    self.outputs[ref.span.text] = tensor(_as_expr(ref), scope)
            case s.Step():
                try:
                    return self._step(item, scope)
                except _LostError:
                    self.lost = True
        return []

    # declarations

    def _set(self, item: s.Set, scope: Scope) -> None:
        if isinstance(item.path, str):
            raise fail("unknown-setting", "a setting is a name such as conv.bias, not a string", item.span)
        evaluator = Evaluator(scope)
        if item.path == ("batch",):
            batch = evaluator.size(item.value)
            self.require(at_least(batch, 1, "a batch has at least one sample", "bad-value"), item.value.span, None)
            scope.settings[item.path] = batch
            return
        if item.path == ("strict",):
            scope.settings[item.path] = evaluator.truth(item.value) is True
            return
        block = scope.find(item.path[0]) if len(item.path) == 2 else None
        if isinstance(block, BlockBinding):
            if item.path[1] not in {x.name for x in head_slots(block.definition.head)}:
                known = [x.name for x in head_slots(block.definition.head)]
                help_ = nearest(item.path[1], known) or f"options: {', '.join(known)}"
                message = f"'{item.path[0]}' has no option '{item.path[1]}'"
                raise fail("unknown-setting", message, item.span, help_)
            value = evaluator.value(item.value)
            scope.settings[item.path] = value if isinstance(value, Size | bool | tuple) else item.value
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
            truth = evaluator.truth(item.value)
            if truth is None:
                raise fail("undecided", f"cannot decide '{item.value.span.text}'", item.value.span)
            scope.settings[item.path] = truth
            return
        if not any(slot.sizes for _, slot in takers):
            words = ", ".join(takers[0][1].words)
            raise fail("bad-value", f"'{'.'.join(item.path)}' is one of {words}", item.value.span)
        scope.settings[item.path] = evaluator.axes(item.value)

    def _metric(self, item: s.Metric, scope: Scope) -> None:
        if item.per not in (None, "sample", "batch"):
            message = f"a cost is counted once for each 'sample' or once for the 'batch', not '{item.per}'"
            raise fail("bad-value", message, item.span)
        scope.define(item.name, MetricDef(item.name, item.value, item.per == "batch"), item.span)

    def _input(self, item: s.Input, scope: Scope) -> None:
        if item.shape.dims is None:
            raise fail("bad-value", "an input has its own positions, not '*'", item.shape.span)
        name = item.name or "input"
        if name in self.inputs:
            raise fail("already-defined", f"there is an input '{name}' already; give each a name", item.span)
        evaluator = Evaluator(scope)
        ids = isinstance(item.shape.channels, s.Ref) and item.shape.channels.text == "ids"
        channels = ONE if ids else evaluator.size(item.shape.channels)
        dims = tuple(evaluator.size(d) for d in item.shape.dims)
        batch = scope.settings.get(("batch",), ONE)
        assert isinstance(batch, Size)
        shape = Shape(channels, dims, batch, ids)
        for size in (channels, *dims):
            self.require(at_least(size, 1, "a size of the input is at least 1", "bad-value"), item.shape.span, None)
        if item.name is not None:
            scope.tap(item.name, shape, None, item.span)
        self.inputs[name] = scope.here = scope.entered = shape

    # the pipe

    def _step(self, step: s.Step, scope: Scope) -> list[Node]:
        nodes = self._core(step, scope) if step.times is None else self._times(step, step.times, scope)
        if scope.here is None or self.lost:
            return nodes
        if step.shape is not None:
            nodes = checked(nodes, step.shape, scope, self.named, self.require)
        if step.tap is not None and scope.here is not None:
            index = None if step.tap.index is None else Evaluator(scope).size(step.tap.index)
            scope.tap(step.tap.name, scope.here, index, step.tap.span)
        return nodes

    def _core(self, step: s.Step, scope: Scope, second: tuple[s.Arg, ...] = ()) -> list[Node]:
        match step.core:
            case s.Call():
                return self._call(step.core, scope, second)
            case s.Group():
                inner = scope.inner()
                nodes = self.items(step.core.items, inner)
                scope.here = inner.here
                return nodes
            case s.From():
                scope.here = tensor(_as_expr(step.core.tensor), scope)
                return []
            case s.If():
                return self._if(step.core, scope)
            case s.For():
                return self._for(step.core, scope)
        raise TypeError(step.core)

    def _call(self, call: s.Call, scope: Scope, second: tuple[s.Arg, ...] = ()) -> list[Node]:
        x = scope.here
        binding = defined(call, scope)
        composite = COMPOSITES.get(call.text) if binding is None else None
        if binding is None and composite is None and call.text != "body":
            kind, glued = library_kind(call, scope)
            arguments = bind(call, kind, glued, scope, second)
            if call.body:
                raise fail("no-body", f"'{call.text}' takes no braces", call.span)
        if self.lost:
            return []
        if x is None:
            help_ = "say what comes in first: input 3@X x X"
            raise fail("no-tensor", f"there is no tensor for '{call.text}' to work on", call.span, help_)
        if composite is not None:
            return composite(self, call, scope, x)
        if call.text == "body" and binding is None:
            return self._body(call, scope, x)
        if binding is not None:
            found, numbers = binding
            if isinstance(found, BlockBinding):
                return self._block(call, numbers, found, scope, x, second)
            return [self.place(applied(call, numbers, found, x, scope), call, x, scope)]
        key = (kind, tuple(arguments.values.items()), x)
        if key in self.placed:
            layer, y, needed = self.placed[key]
            self.conditions += [replace(c, guard=self.guard) for c in needed]
            scope.here = y
            return [self._leaf(layer, call, x, y)]
        before = len(self.conditions)
        try:
            leaf = self.place(kind(arguments.values, x.rank), call, x, scope, arguments)
        except LayerError as error:
            raise _at(error, call, arguments) from None
        self.placed[key] = leaf.layer, leaf.output, tuple(self.conditions[before:])
        return [leaf]

    def place(
        self, layer: Layer, call: s.Call, x: Shape, scope: Scope, arguments: Arguments | None = None, text: str = ""
    ) -> Leaf:
        """One layer on a tensor: its conditions, its shape."""
        if x.ids and not layer.takes_ids:
            message = f"'{call.text}' wants numbers, the tensor here is {x}"
            raise fail("wants-numbers", message, call.span, "ids become numbers with embed(V)-d")
        try:
            for condition in layer.needs(x):
                self.require(condition, call.span, x)
            y = layer.shape(x)
        except LayerError as error:
            raise _at(error, call, arguments or Arguments()) from None
        except (TooLarge, DivisionByZero) as error:
            (diagnostic,) = error.diagnostics
            raise SymcostError(replace(diagnostic, span=call.span)) from None
        scope.here = y
        return self._leaf(layer, call, x, y, text)

    def _leaf(self, layer: Layer, call: s.Call, x: Shape, y: Shape, text: str = "") -> Leaf:
        self.leaves += 1
        if self.leaves > MAX_LEAVES:
            raise fail("too-many-layers", f"the program expands to more than {MAX_LEAVES} layers", call.span)
        if not text:  # inside a block its parameters are not what the reader wants to see
            text = layer.written() if self.expanding and type(layer).kind in KINDS else " ".join(call.span.text.split())
        return Leaf(layer, text, x, y, call.span)

    def require(self, condition: Condition, span: Span, x: Shape | None) -> None:
        """Prove a condition, refuse it, or list it."""
        held = resolved_condition(condition)
        decided = held.holds(self.scope.facts())
        if decided is False and self.guard == ONE:
            where = "" if x is None or condition.code == "branches-differ" else f"; the tensor here is {x}"
            raise fail(condition.code, f"{condition.why}{_relation(held)}{where}", span)
        if decided is not True:
            if self.scope.settings.get(("strict",)) is True:
                message = f"not proved: {condition_text(held, ASCII)} ({condition.why})"
                raise fail("unproved", message, span, "state it with 'assume', or leave out 'set strict = true'")
            self.conditions.append(replace(held, guard=self.guard))

    # blocks

    def _body(self, call: s.Call, scope: Scope, x: Shape) -> list[Node]:
        owner = next((outer for outer in scope.chain() if outer.body is not None), None)
        if owner is None or owner.body is None:
            raise fail("no-body", "'body' stands for the braces of a block's use, and there are none here", call.span)
        branches, written = owner.body
        (branch,) = branches if len(branches) == 1 else (None,)
        if branch is None:
            raise fail("missing-body", "'body' stands for one branch in braces", call.span)
        inner = Scope(written, scope.report, settings=dict(written.settings), entered=x, here=x, home=False)
        nodes = self.items(branch, inner)
        if self.lost or inner.here is None:
            raise _Lost
        scope.here = inner.here
        return nodes

    def _block(
        self,
        call: s.Call,
        glued: tuple[int, ...],
        binding: BlockBinding,
        scope: Scope,
        x: Shape,
        second: tuple[s.Arg, ...],
    ) -> list[Node]:
        definition = binding.definition
        if definition in self.expanding:
            raise fail("recursive", f"'{definition.head.name}' would contain itself", call.span)
        inner = Scope(binding.scope, scope.report, settings=dict(binding.scope.settings), entered=x, here=x)
        self._bind_block(call, glued, binding, inner, scope, second)
        inner.body = (call.body, scope) if call.body else None
        arguments = tuple(sorted(((n, _frozen(v)) for n, v in inner.names.items()), key=lambda pair: pair[0]))
        key = (id(definition), id(binding.scope), arguments, x) if not call.body else None
        known = self.known.get(key) if key is not None else None
        if known is None:
            self.expanding.append(definition)
            try:
                nodes = self.items(definition.body, inner)
            finally:
                self.expanding.pop()
            if self.lost or inner.here is None:
                raise _Lost
            node: Node = Sequence(tuple(nodes), definition.head.name)
            known = node, inner.here
            if key is not None and self.guard == ONE:
                self.known[key] = known
        node, scope.here = known
        if definition.shared:
            node = Shared(node, id(definition))
        return [node]

    def _bind_block(
        self,
        call: s.Call,
        glued: tuple[int, ...],
        binding: BlockBinding,
        inner: Scope,
        scope: Scope,
        second: tuple[s.Arg, ...],
    ) -> None:
        head = binding.definition.head
        declared = head_slots(head)
        written = match(call, glued, declared, head.name, second)
        defaults = {p.name: p.default for p in (*head.params, *head.options)}
        for slot in declared:
            default = defaults.get(slot.name)
            setting = scope.settings.get((head.name, slot.name))
            if slot.name in written:
                value, span = written[slot.name]
                shape = maybe_tensor(value, scope) if isinstance(value, s.Node) else None
                if shape is not None:
                    inner.names[slot.name] = Tensor(shape)
                    continue
                result = Evaluator(scope).value(value) if isinstance(value, s.Node) else value
            elif setting is not None and not isinstance(setting, s.Node):
                result, span = setting, call.span
            elif default is not None:
                result, span = Evaluator(inner).value(default), default.span
            elif slot.place == "stride":
                result, span = ONE, call.span
            else:
                code = "missing-width" if slot.place == "width" else "missing-argument"
                raise fail(code, f"'{head.name}' needs '{slot.name}'", call.span)
            if not isinstance(result, Size | bool | tuple):
                raise fail("size-needed", f"'{slot.name}' of '{head.name}' is a size", span)
            inner.names[slot.name] = result

    # conditions

    def _if(self, node: s.If, scope: Scope) -> list[Node]:
        x = scope.here
        if x is None or self.lost:
            return []
        evaluator = Evaluator(scope)
        decided = evaluator.truth(node.condition)
        if decided is not None:
            nodes, scope.here = self.branch(node.then if decided else node.other, scope, x)
            return nodes
        holds = evaluator.bracket(node.condition)
        outer = self.guard
        self.guard = outer * holds
        then, y = self.branch(node.then, scope, x)
        self.guard = outer * (1 - holds)
        other, z = self.branch(node.other, scope, x)
        self.guard = outer
        scope.here = self._either(node, evaluator, y, z)
        return [
            Scaled(Sequence(tuple(then)), holds, holds, holds),
            Scaled(Sequence(tuple(other)), 1 - holds, 1 - holds, 1 - holds),
        ]

    def _either(self, node: s.If, evaluator: Evaluator, y: Shape, z: Shape) -> Shape:
        """The shape after an undecided `if`: of the side whose equations make the other one equal to it."""
        if y == z:
            return y
        for positive, general, special in ((False, y, z), (True, z, y)):
            if any(general.subs(e) == special.subs(e) for e in evaluator.equations(node.condition, positive)):
                return general
        message = f"cannot decide '{node.condition.span.text}', and the two sides give different shapes: {y} and {z}"
        help_ = "state which holds with 'assume', or give the symbol a number"
        raise fail("undecided", message, node.condition.span, help_)

    # loops

    def _times(self, step: s.Step, times: s.Times, scope: Scope) -> list[Node]:
        count = Evaluator(scope).size(times.count)
        if scope.here is None or self.lost:
            return self._core(step, scope)

        def turn(t: Size) -> list[Node]:
            return self._core(step, scope, times.options if t != 0 else ())

        return self._turns(turn, count, scope, times.span, same=not times.options)

    def _for(self, node: s.For, scope: Scope) -> list[Node]:
        if isinstance(node.over, s.Table):
            return [n for row in node.over.rows for n in self._row(node, row, scope)]
        evaluator = Evaluator(scope)
        first, last = evaluator.size(node.over.first), evaluator.size(node.over.last)
        if len(node.names) != 1:
            raise fail("wrong-count", "a loop over a range has one name", node.span)
        step = -1 if node.over.kind == "downto" else 1
        count = (last - first) * step + (0 if node.over.kind == "..<" else 1)

        def turn(t: Size) -> list[Node]:
            inner = scope.inner(home=True)
            inner.turn = True
            inner.names[node.names[0]] = first + step * t
            nodes = self.items(node.body, inner)
            scope.here = inner.here
            return nodes

        return self._turns(turn, count, scope, node.over.span, same=False)

    def _row(self, node: s.For, row: tuple[s.Expr, ...], scope: Scope) -> list[Node]:
        if len(row) != len(node.names):
            raise fail("wrong-count", f"{len(row)} values for {len(node.names)} names", row[0].span)
        inner = scope.inner(home=True)
        inner.turn = True
        for name, expr in zip(node.names, row, strict=True):
            shape = maybe_tensor(expr, scope)
            value = Tensor(shape) if shape is not None else Evaluator(scope).value(expr)
            if not isinstance(value, Size | bool | tuple | Tensor):
                raise fail("size-needed", f"'{name}' is a size or a tensor", expr.span)
            inner.names[name] = value
        nodes = self.items(node.body, inner)
        scope.here = inner.here
        return nodes

    def _turns(self, turn: Turn, count: Size, scope: Scope, span: Span, same: bool) -> list[Node]:
        """The turns of a loop: written out, as one factor, or in closed form.

        ``same`` says that nothing but the shape tells one turn from another.
        """
        number = count.number
        if not count.integer or (number is not None and number < 0):
            raise fail("bad-value", f"a loop runs a whole number of times, not {count}", span)
        x = scope.here
        if number == 0 or x is None:
            return []
        if same:
            found = self._fixed(
                turn, count, scope, x, MAX_UNROLLED if number is None or number > MAX_UNROLLED else None
            )
            if found is not None:
                return found
        if number is not None and number <= MAX_UNROLLED:
            return [n for i in range(int(number)) for n in self._one(turn, Size.of(i), scope)]
        return self._closed(turn, count, scope, x, span)

    def _one(self, turn: Turn, t: Size, scope: Scope) -> list[Node]:
        nodes = turn(t)
        if self.lost:
            raise _Lost
        return nodes

    def _fixed(self, turn: Turn, count: Size, scope: Scope, x: Shape, limit: int | None) -> list[Node] | None:
        """Turns until one leaves its shape alone; the rest is a factor. None where none of the first ones does."""

        def one(shape: Shape) -> tuple[tuple[Node, ...], Shape]:
            scope.here = shape
            nodes = tuple(self._one(turn, Size.of(0), scope))
            assert scope.here is not None
            return nodes, scope.here

        before = len(self.conditions)
        try:
            turns, scope.here = repeated(one, x, count, 2 if limit else None)
        except EndlessLoop:
            scope.here = x
            del self.conditions[before:]
            return None
        if len(turns) > 1 and count.number is None:
            self.require(at_least(count, 1, "this loop runs at least once"), self._here(), None)
        return [_repeat(nodes, n) for nodes, n in turns]

    def _here(self) -> Span:
        return Span(Source("<loop>", ""), 0, 0)

    def _closed(self, turn: Turn, count: Size, scope: Scope, x: Shape, span: Span) -> list[Node]:
        families = {n: (dict(b.shapes), list(b.loops)) for n, b in _families(scope)}

        def step(shape: Shape, t: Size) -> Shape:
            saved, silent = list(self.conditions), self.guard
            scope.here = shape
            try:
                self._one(turn, t, scope)
            finally:
                self.conditions, self.guard = saved, silent
                _restore(scope, families)
            assert scope.here is not None
            return scope.here

        label = _fresh("i", x, count, scope)
        found = carried(x, count, step, label)
        if found is None:
            message = f"the shape changes with every turn ({x} -> {step(x, Size.of(0))}) by no rule with a closed form"
            raise fail("no-closed-form", message, span, "give the count a number of at most 64")
        nodes: list[Node] = []
        scope.here = x
        rest = count
        if found.peel:
            self.require(at_least(count, 1, "this loop runs at least once", "bad-value"), span, None)
            nodes += self._one(turn, Size.of(0), scope)
            rest = count - 1
        before = len(self.conditions)
        scope.here = found.shape
        t = Size.of(found.turn)
        body = self._one(turn, t + 1 if found.peel else t, scope)
        if scope.here != found.at(t + 1):
            raise fail("no-closed-form", "the shapes of this loop have no closed form", span)
        self.conditions[before:] = _at_ends(self.conditions[before:], found.turn, rest)
        _index_families(scope, families, found.turn)
        scope.here = found.at(rest)
        return [*nodes, Loop(Sequence(tuple(body)), found.turn, rest)]


class _LostError(Exception):
    """The shape is unknown after an error that was told already."""


_Lost = _LostError()

Turn = Callable[[Size], list[Node]]


def _at_ends(conditions: list[Condition], turn: Symbol, count: Size) -> list[Condition]:
    """Conditions of every turn as conditions of the first and the last, which say it where they are monotonic."""
    result = []
    for condition in conditions:
        if turn not in (condition.size.symbols() | condition.divisor.symbols() | condition.guard.symbols()):
            result.append(condition)
            continue
        rises = condition.size.subs({turn: Size.of(turn) + 1}) - condition.size
        for end, needed in ((Size.of(0), not never_negative(-rises)), (count - 1, not never_negative(rises))):
            if needed or condition.kind != ">=":
                result.append(condition.mapped(lambda size, end=end: size.subs({turn: end})))  # type: ignore[misc]
    return [c for c in result if c.holds() is not True]


def _families(scope: Scope) -> list[tuple[str, Family]]:
    return [(n, b) for outer in scope.chain() for n, b in outer.names.items() if isinstance(b, Family)]


def _restore(scope: Scope, families: dict[str, tuple[dict[Size, Shape], list[tuple[Symbol, Size, Shape]]]]) -> None:
    """Forget what a trial turn named."""
    for name, family in _families(scope):
        shapes, loops = families.get(name, ({}, []))
        family.shapes, family.loops = dict(shapes), list(loops)


def _index_families(
    scope: Scope, families: dict[str, tuple[dict[Size, Shape], list[tuple[Symbol, Size, Shape]]]], turn: Symbol
) -> None:
    """What the body of a loop named by its turn is a function of the turn."""
    for name, family in _families(scope):
        old = families.get(name, ({}, []))[0]
        for index in [i for i in family.shapes if i not in old and turn in i.symbols()]:
            family.loops.append((turn, index, family.shapes.pop(index)))


def _fresh(name: str, x: Shape, count: Size, scope: Scope) -> str:
    """A name for the turn that nothing else bears."""
    taken = {a.name for size in (x.channels, *x.dims, count) for a in size.symbols()} | scope.visible()
    return next(n for n in (name, "j", "l", *(f"{name}{k}" for k in range(1, 10_000))) if n not in taken)


def _frozen(value: object) -> object:
    return value


def _as_expr(ref: s.TensorRef) -> s.Expr:
    name = s.Ref((ref.name,), span=ref.span)
    if ref.index is None:
        return name
    return s.Apply(name, (s.Arg(None, ref.index, span=ref.index.span),), span=ref.span)


def _repeat(nodes: tuple[Node, ...], count: Size) -> Node:
    node = nodes[0] if len(nodes) == 1 else Sequence(nodes)
    return node if count == ONE else Repeat(node, count)


def _snapshot(scope: Scope) -> Scope:
    """The scope of a definition: names of where it is written, settings as they are at this point."""
    return Scope(scope, scope.report, settings=dict(scope.settings), home=False)


def _at(error: LayerError, call: s.Call, arguments: Arguments) -> SymcostError:
    span = arguments.spans.get(error.option or "", call.span)
    return fail(error.code, error.message, span, error.help)


def _relation(condition: Condition) -> str:
    """What the numbers say, where the condition is about numbers."""
    if condition.kind == "|":
        return f": {condition.divisor} does not divide {condition.size}"
    return ""
