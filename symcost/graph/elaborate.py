"""Syntax to graph: names looked up, blocks expanded, shapes inferred, conditions proved, refuted or listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from symcost import syntax as s
from symcost.graph.arguments import bind
from symcost.graph.assume import declare
from symcost.graph.blocks import Block, block, body
from symcost.graph.checks import checked, resolved_condition
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import Modules
from symcost.graph.names import check_name, defined, follows_merge, library_kind
from symcost.graph.nodes import (
    Fork,
    Graph,
    Guarded,
    Leaf,
    LostError,
    Mark,
    Node,
    Sequence,
    Start,
    Take,
    used,
)
from symcost.graph.patterns import Pattern
from symcost.graph.plain import LIBRARY, Arguments, Known, Plain, key_of
from symcost.graph.runs import patterned, run
from symcost.graph.scope import BlockBinding, Declared, LayerBinding, MetricDef, NetBinding, Scope, Tag, Tensor
from symcost.graph.settings import setting
from symcost.graph.tensors import tensor
from symcost.graph.turns import for_, times
from symcost.graph.user_layer import applied
from symcost.graph.values import Evaluator, fail, undecided
from symcost.layers.base import KINDS, Layer, LayerError
from symcost.layers.merge import Merge
from symcost.limiting import allowed, raising
from symcost.sizes.atoms import ONE, DivisionByZero, Holds, Size, Symbol, TooLarge
from symcost.sizes.facts import Condition, always_negative, at_least, at_least_one_each, simplified
from symcost.sizes.notation import ASCII, condition_text
from symcost.sizes.shape import Shape
from symcost.sizes.weakest import excluding, weakest
from symcost.source import Diagnostic, Report, Span, SymcostError, nearest

TOLD = 8  # blocks around a mistake that are named
MAX_COMPARED = 50  # conditions among which two that exclude each other are looked for


@dataclass
class Program:
    """A file: its own network if it has one, the networks it defines, what it asserts."""

    scope: Scope
    graph: Graph
    modules: Modules
    asserts: list[tuple[s.Assert, Scope]] = field(default_factory=list)
    made: dict[tuple[int, object], Any] = field(default_factory=dict)  # networks made of its nets, by their arguments

    def nets(self) -> dict[str, NetBinding]:
        return {n: b for n, b in self.scope.names.items() if isinstance(b, NetBinding)}


def program(file: s.File) -> Program:
    """Resolve a file. Raises `SymcostError` with everything that is wrong in it."""
    found = attempted(file)
    found.scope.report.check()
    return found


def attempted(file: s.File, seen: Seen | None = None) -> Program:
    """Resolve a file as far as it goes; what is wrong in it is in the report of its scope. ``seen`` is told of each step.

    Raises `SymcostError` where nothing is left of it.
    """
    scope = Scope(None, Report(), plain=LIBRARY)
    modules = Modules(definitions)
    builder = Builder(scope, None, modules, seen=seen)
    try:
        graph = builder.build(file.items)
    except RecursionError:
        raise fail("too-deep", "an expression is nested too deeply", file.span) from None
    return Program(scope, graph, modules, builder.asserts)


def definitions(file: s.File, modules: Modules) -> Scope:
    """What a file defines, for those who import it; its own network and asserts are left alone."""
    report = Report()
    scope = Scope(None, report)
    kept = [i for i in file.items if not isinstance(i, s.Step | s.Input | s.Output | s.Assert)]
    Builder(scope, None, modules).build(kept)
    report.check()
    return scope


FIRST = "say what comes in first: input 3@X x X"

Argument = Size | bool | tuple[Size, ...]
# told of a step: what came in, the scope with what goes out, what it became
Seen = Callable[[s.Step, Shape | None, Scope, list[Node]], None]


def instantiate(
    binding: NetBinding, args: Mapping[str, Argument], span: Span, modules: Modules, seen: Seen | None = None
) -> Graph:
    """The graph of a ``net`` at given arguments; ``seen`` is told of each step."""
    definition, report = binding.definition, Report()
    scope = Scope(binding.scope, report, settings=dict(binding.scope.settings))
    for param in definition.params:
        if param.name in args:
            scope.names[param.name] = args[param.name]
        elif param.default is not None:
            value = Evaluator(scope).value(param.default)
            if value is None:
                raise undecided(param.default)
            if not isinstance(value, Size | bool | tuple):
                raise fail("size-needed", f"'{param.name}' of '{definition.name}' is a size", param.default.span)
            scope.names[param.name] = value
        else:
            raise fail("missing-argument", f"'{definition.name}' needs '{param.name}'", span)
    unknown = next((name for name in args if name not in {p.name for p in definition.params}), None)
    if unknown is not None:
        help_ = nearest(unknown, [p.name for p in definition.params])
        raise fail("unknown-option", f"'{definition.name}' has no parameter '{unknown}'", span, help_)
    graph = Builder(scope, definition.name, modules, seen=seen).build(definition.body)
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
    batch_set: Span | None = None  # where the batch was set, until an input takes it
    labels: set[str] = field(default_factory=set)  # names given to turns of loops: no two loops share one
    lost: bool = False  # after an error: the shape is unknown, names are still checked
    running: list[Size] = field(default_factory=list)  # what is known inside the loops around: that they run
    seen: Seen | None = None  # is told of every step resolved, for editors
    trials: int = 0  # being made: what they resolve is not kept
    leaves: int = 0
    most: int = field(default_factory=lambda: allowed().layers)
    expanding: list[s.Block] = field(default_factory=list)
    uses: list[s.Call] = field(default_factory=list)  # of the blocks being expanded, the outermost first
    known: dict[object, Block] = field(default_factory=dict)  # blocks resolved before
    placed: dict[object, tuple[Layer, Shape, tuple[Condition, ...]]] = field(default_factory=dict)  # layers likewise
    merges: dict[object, tuple[Merge, Shape]] = field(default_factory=dict)  # where branches meet and nothing is needed
    shapes: dict[tuple[Pattern, int], Shape] = field(default_factory=dict)  # what comes out of runs
    # calls that need nothing, on the tensor they were last used on
    again: dict[tuple[Plain, Known], tuple[Shape, Layer, Shape]] = field(default_factory=dict)

    def build(self, items: Iterable[s.Item]) -> Graph:
        items = tuple(items)
        declare(self.scope, items)
        root = Sequence(tuple(self.items(items, self.scope)))
        if self.inputs and self.batch_set is not None:
            message = "the batch is set before the input, which has it"
            self.scope.report.add(Diagnostic("batch-too-late", message, self.batch_set))
        conditions = simplified(weakest(dict.fromkeys(self.conditions)), self.scope.facts())
        _check_possible(conditions)
        metrics = {name: self.scope.find(name) for name in sorted(self.scope.visible(MetricDef))}
        declared = self.scope.declared()
        symbols = self._own_symbols()
        symbols |= used(root, {a for d in declared.values() for a in (d.symbol, *d.back)} - symbols)
        return Graph(
            self.name,
            next(iter(self.inputs.values()), None),
            self.scope.here,
            root,
            conditions,
            _concerning(self.scope.assumptions(), symbols, declared),
            {name: d for name, d in declared.items() if symbols & {d.symbol, *d.back}},
            tuple(self.named),
            {n: m for n, m in metrics.items() if isinstance(m, MetricDef)},
            self.scope,
            self.inputs,
            self.outputs,
            self.asserts,
        )

    def _own_symbols(self) -> set[Symbol]:
        """Symbols declared by this network itself, and those its inputs and its listed conditions speak of."""
        own = [d for d in self.scope.names.values() if isinstance(d, Declared)]
        sizes = [size for shape in self.inputs.values() for size in (shape.channels, *shape.dims, shape.batch)]
        sizes += [size for c in self.conditions for size in (c.size, c.divisor)]
        return {a for d in own for a in (d.symbol, *d.back)} | {a for size in sizes for a in size.symbols()}

    def items(self, items: Iterable[s.Item], scope: Scope) -> list[Node]:
        nodes: list[Node] = []
        items = tuple(items)
        behind = 0
        for place, item in enumerate(items):
            if place < behind:
                continue
            try:
                if (found := run(self, items, place, scope)) is not None:
                    nodes.append(found)
                    behind = place + len(found.calls)
                else:
                    nodes += self._item(item, scope)
            except SymcostError as error:
                told = [self._with_use(diagnostic) for diagnostic in error.diagnostics]
                for diagnostic in told:
                    scope.report.add(diagnostic)
                if isinstance(item, s.Let):
                    scope.report.failed.setdefault(item.name, told[0])
                self.lost = self.lost or isinstance(item, s.Step | s.Input)
        return nodes

    def _with_use(self, diagnostic: Diagnostic) -> Diagnostic:
        """Inside a block, say where the block is used."""
        uses = tuple(f"in '{call.text}', used at {call.span.where}" for call in reversed(self.uses))
        if len(uses) > TOLD:
            uses = (*uses[: TOLD // 2], f"... {len(uses) - TOLD} blocks between", *uses[-TOLD // 2 :])
        return replace(diagnostic, notes=(*diagnostic.notes, *uses))

    def branch(self, items: tuple[s.Item, ...], scope: Scope, x: Shape) -> tuple[list[Node], Shape]:
        """Items in braces of their own, on a tensor; the tensor that comes out."""
        inner = scope.inner()
        inner.entered = inner.here = x
        nodes = self.items(items, inner)
        if self.lost or inner.here is None:
            raise LostError
        return entered(nodes, inner), inner.here

    def forget(self, before: int) -> None:
        """Take conditions back, and the blocks whose conditions they may be."""
        del self.conditions[before:]
        self.known.clear()

    @contextmanager
    def trial(self, scope: Scope) -> Iterator[None]:
        """What is resolved inside leaves no condition, no name and no diagnostic behind."""
        conditions, guard, named = list(self.conditions), self.guard, list(self.named)
        labels = set(self.labels)
        told, expanding, uses = len(scope.report.diagnostics), list(self.expanding), list(self.uses)
        self.trials += 1
        try:
            yield
        finally:
            self.trials -= 1
            self.conditions, self.guard, self.named = conditions, guard, named
            self.expanding, self.uses, self.labels = expanding, uses, labels
            for diagnostic in list(scope.report.diagnostics)[told:]:
                del scope.report.diagnostics[diagnostic]
            self.lost = False

    def _item(self, item: s.Item, scope: Scope) -> list[Node]:
        match item:
            case s.Step():
                return self._resolved(item, scope)
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
                setting(self, item, scope)
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
                return self._input(item, scope)
            case s.Output():
                for ref in item.tensors:
                    self.outputs[ref.span.text] = tensor(_as_expr(ref), scope)
        return []

    def _resolved(self, item: s.Step, scope: Scope) -> list[Node]:
        x = scope.here
        try:
            nodes = self._step(item, scope)
        except LostError:
            self.lost = True
            return []
        if self.seen is not None and not self.trials and not self.lost:
            self.seen(item, x, scope, nodes)
        return nodes

    # declarations

    def _metric(self, item: s.Metric, scope: Scope) -> None:
        if item.per not in (None, "sample", "batch"):
            message = f"a cost is counted once for each 'sample' or once for the 'batch', not '{item.per}'"
            raise fail("bad-value", message, item.span)
        scope.define(item.name, MetricDef(item.name, item.value, item.per == "batch"), item.span)

    def _input(self, item: s.Input, scope: Scope) -> list[Node]:
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
        for size in dict.fromkeys((channels, *dims)):
            self.require(at_least(size, 1, "a size of the input is at least 1", "bad-value"), item.shape.span, None)
        tag = Tag(name=name)
        if item.name is not None:
            scope.tap(item.name, replace(shape, tag=tag), None, item.span)
        self.batch_set = None
        scope.entry = tag
        self.inputs[name] = scope.here = scope.entered = shape
        return [Start(shape), Mark(tag)]

    # the pipe

    def _step(self, step: s.Step, scope: Scope) -> list[Node]:
        nodes = self.core(step, scope) if step.times is None else times(self, step, step.times, scope)
        if scope.pointed is not None:
            nodes, scope.pointed = [Mark(scope.pointed), *nodes], None
        if scope.here is None or self.lost:
            return nodes
        if step.shape is not None:
            nodes = checked(nodes, step.shape, scope, self.named, self.require)
        if step.tap is not None and scope.here is not None:
            index = None if step.tap.index is None else Evaluator(scope).size(step.tap.index)
            tag = Tag(name=step.tap.name)
            scope.tap(step.tap.name, replace(scope.here, tag=tag), index, step.tap.span)
            nodes = [*nodes, Mark(tag)]
        return nodes

    def core(self, step: s.Step, scope: Scope, second: tuple[s.Arg, ...] = ()) -> list[Node]:
        match step.core:
            case s.Call():
                return self._call(step.core, scope, second)
            case s.Group():
                inner = scope.inner()
                nodes = self.items(step.core.items, inner)
                scope.here = inner.here
                return entered(nodes, inner)
            case s.From():
                scope.here = tensor(_as_expr(step.core.tensor), scope)
                return [Take(scope.here.tag)]
            case s.If():
                return self._if(step.core, scope)
            case s.For():
                return for_(self, step.core, scope)
        raise TypeError(step.core)

    def _call(self, call: s.Call, scope: Scope, second: tuple[s.Arg, ...] = ()) -> list[Node]:
        x = scope.here
        plain = None if second else key_of(call, scope)
        known = None if plain is None else scope.plain.arguments(*plain)
        if plain is not None:
            if known and (made := patterned(self, *known, call, plain[0], scope)):
                return [made]
            if (leaf := self._again(plain, call, scope)) is not None:
                return [leaf]
        name = call.text
        binding = None if known else defined(call, scope)
        composite = None if known or binding else COMPOSITES.get(name)
        if not binding and composite is None and name != "body":
            if self.lost and follows_merge(call):
                return []  # `concat s2`: that `concat` needs a tensor has been said
            kind, arguments = known or self._bound(call, plain, scope, second)
            if not known and (made := patterned(self, kind, arguments, call, plain and plain[0], scope)):
                return [made]
        if self.lost:
            return []
        if x is None:
            raise fail("no-tensor", f"there is no tensor for '{name}' to work on", call.span, FIRST)
        if composite is not None:
            return composite(self, call, scope, x)
        if name == "body" and binding is None:
            return body(self, call, scope, x)
        if binding is not None:
            found, numbers = binding
            if isinstance(found, BlockBinding):
                return block(self, call, numbers, found, scope, x, second)
            return [self.place(applied(call, numbers, found, x, scope), call, x, scope)]
        leaf, free = self._kind(call, kind, arguments, x, scope)
        if plain is not None and free and not self.trials and not self.running:
            self.again[scope.plain, plain] = x, leaf.layer, leaf.output
        return [leaf]

    def _again(self, plain: Known, call: s.Call, scope: Scope) -> Leaf | None:
        """A call like the one before it on an equal tensor, where it needs nothing."""
        x = scope.here
        if x is None or self.lost or self.running:
            return None
        found = self.again.get((scope.plain, plain))
        if found is None or found[0] != x:
            return None
        _, layer, y = found
        scope.here = y
        return self.leaf(layer, call, x, y, scope)

    def _bound(
        self, call: s.Call, plain: Known | None, scope: Scope, second: tuple[s.Arg, ...]
    ) -> tuple[type[Layer], Arguments]:
        """The kind of the library that is called, and its arguments."""
        kind, glued = library_kind(call, scope)
        arguments = bind(call, kind, glued, scope, second)
        if call.body:
            raise fail("no-body", f"'{call.text}' takes no braces", call.span)
        if plain is not None:
            scope.plain.remember(plain[0], kind, arguments)
        return kind, arguments

    def _kind(self, call: s.Call, kind: type[Layer], arguments: Arguments, x: Shape, scope: Scope) -> tuple[Leaf, bool]:
        """A layer of the library on a tensor, and whether no condition is needed."""
        tags = tuple([v.tag for v in arguments.values.values() if isinstance(v, Shape)]) if kind.tensors else ()
        key = (kind, tuple(arguments.values.items()), tags, x, tuple(self.running))
        found = self.placed.get(key)
        if found is not None:
            layer, y, needed = found
            self.conditions += [replace(c, guard=c.guard * self.guard) for c in needed]
            scope.here = y
            return self.leaf(layer, call, x, y, scope), not needed
        before = len(self.conditions)
        try:
            leaf = self.place(kind(arguments.values, x.rank), call, x, scope, arguments)
        except LayerError as error:
            raise self._at(error, call, arguments, scope) from None
        if self.guard == ONE and not self.trials:
            self.placed[key] = leaf.layer, leaf.output, tuple(self.conditions[before:])
        return leaf, len(self.conditions) == before

    def place(
        self, layer: Layer, call: s.Call, x: Shape, scope: Scope, arguments: Arguments | None = None, said: str = ""
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
            raise self._at(error, call, arguments, scope) from None
        except (TooLarge, DivisionByZero) as error:
            (diagnostic,) = error.diagnostics
            raise SymcostError(replace(diagnostic, span=call.span)) from None
        scope.here = y
        return self.leaf(layer, call, x, y, scope, said)

    def _at(self, error: LayerError, call: s.Call, arguments: Arguments | None, scope: Scope) -> SymcostError:
        """What is wrong with a layer, at the argument it is about."""
        if arguments is not None and not arguments.spans:
            _, arguments = self._bound(call, None, scope, ())
        span = arguments.spans.get(error.option or "", call.span) if arguments else call.span
        return fail(error.code, error.message, span, error.help)

    def leaf(self, layer: Layer, call: s.Call, x: Shape, y: Shape, scope: Scope, said: str = "") -> Leaf:
        self.expanded(1, call)
        settings = scope.settings
        form = settings and (settings.get((layer.kind, "form")) or settings.get(("form",)))
        inside = bool(self.expanding) and type(layer).kind in KINDS
        return Leaf(layer, x, y, call.span, form if isinstance(form, str) else None, inside, said)

    def expanded(self, leaves: int, call: s.Call) -> None:
        """So many more layers, of a call."""
        self.leaves += leaves
        if self.leaves > self.most:
            message = f"the program expands to more than {self.most} layers"
            raise fail("too-many-layers", message, call.span, raising("layers", self.leaves))

    def require(self, condition: Condition, span: Span, x: Shape | None) -> None:
        """Prove a condition, refuse it, or list it; a product of sizes is at least 1 where each of them is."""
        for factor in at_least_one_each(condition):
            self._require(factor, span, x)

    def _require(self, condition: Condition, span: Span, x: Shape | None) -> None:
        held = resolved_condition(condition)
        if self.guard is not ONE:
            held = replace(held, guard=held.guard * self.guard)
        decided = held.holds(self.scope.facts())
        if decided is False:
            where = "" if x is None or condition.code == "branches-differ" else f"; the tensor here is {x}"
            why = condition.refuted() if condition.refuted else condition.why
            raise fail(condition.code, f"{why}{_relation(held)}{where}", span)
        if decided is not True:
            held = _unguarded(held, self.scope.facts())
            if self.scope.settings.get(("strict",)) is True:
                message = f"not proved: {condition_text(held, ASCII)} ({condition.why})"
                raise fail("unproved", message, span, "state it with 'assume', or leave out 'set strict = true'")
            self.conditions.append(held)

    # conditions

    @contextmanager
    def guarded(self, holds: Size) -> Iterator[None]:
        """What is needed inside is needed only where ``holds`` is 1."""
        outer, self.guard = self.guard, self.guard * holds
        try:
            yield
        finally:
            self.guard = outer

    def _if(self, node: s.If, scope: Scope) -> list[Node]:
        x = scope.here
        if self.lost:
            return []
        if x is None:
            raise fail("no-tensor", "there is no tensor for 'if' to work on", node.span, FIRST)
        evaluator = Evaluator(scope)
        decided = evaluator.truth(node.condition)
        if decided is not None:
            nodes, scope.here = self.branch(node.then if decided else node.other, scope, x)
            return nodes
        holds = evaluator.bracket(node.condition)
        with self.guarded(holds):
            then, first = self._perhaps(node.then, scope, x)
        with self.guarded(1 - holds):
            other, second = self._perhaps(node.other, scope, x)
        for branch in (first, second):
            hidden = next(
                (n for n, t in branch.names.items() if isinstance(t, Tensor) and scope.find(n) is not None), None
            )
            if hidden is not None:
                raise fail("already-defined", f"'{hidden}' is already defined", branch.places[hidden])
        for name, tap in first.names.items():  # a tensor both branches name is there whichever is taken
            if isinstance(tap, Tensor) and tap == second.names.get(name):
                scope.tap(name, tap.shape, None, first.places[name])
        y, z = first.here, second.here
        assert y is not None and z is not None
        scope.here = self._either(node, evaluator, y, z)
        return [Fork((Guarded(Sequence(tuple(then)), holds), Guarded(Sequence(tuple(other)), 1 - holds)))]

    def _perhaps(self, items: tuple[s.Item, ...], scope: Scope, x: Shape) -> tuple[list[Node], Scope]:
        """A branch that may not be taken: the tensors it names are its own. With its scope, which has what comes out."""
        inner = scope.inner(home=True)
        inner.perhaps, inner.here, inner.entered = True, x, x
        nodes = self.items(items, inner)
        if self.lost or inner.here is None:
            raise LostError
        return entered(nodes, inner), inner

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


def entered(nodes: list[Node], scope: Scope) -> list[Node]:
    """What is in braces, with a mark on the tensor it starts on where it is named by `in`."""
    return [Mark(scope.entry), *nodes] if scope.entry.asked else nodes


def _check_possible(conditions: tuple[Condition, ...]) -> None:
    """Refuse a network that its conditions leave no room, and a formula that needs what excludes each other."""
    plain = [c for c in conditions if c.kind == ">=" and c.guard == ONE and not c.turns][:MAX_COMPARED]
    pairs = ([b, a] for index, a in enumerate(plain) for b in plain[:index] if always_negative(a.size + b.size))
    against = next(pairs, None) or excluding(conditions)
    if against:
        both = " and ".join(condition_text(c, ASCII) for c in against)
        notes = tuple(f"{condition_text(c, ASCII)}: {c.why}" for c in against)
        if any(c.code == "no-closed-form" for c in against):
            message = f"no formula is known for the loops of this network: it needs {both}"
            raise SymcostError(Diagnostic("no-closed-form", message, None, notes))
        raise SymcostError(Diagnostic("contradiction", f"this network never exists: it needs {both}", None, notes))


def _unguarded(condition: Condition, known: list[Size]) -> Condition:
    """What never holds and is needed under a guard: the guard must not hold. Said of the guard where it is one bracket."""
    guard = next((a for m in condition.guard.terms for a, _ in m), None)
    if not isinstance(guard, Holds) or guard.kind != ">=" or condition.guard != Size.of(guard) or condition.turns:
        return condition
    if not guard.size.integer:  # what is not at least 0 is at most -1 among integers only
        return condition
    if replace(condition, guard=ONE).holds(known) is not False:
        return condition
    return replace(condition, kind=">=", size=-guard.size - 1, divisor=ONE, guard=ONE)


def _concerning(facts: list[Condition], symbols: set[Symbol], declared: dict[str, Declared]) -> tuple[Condition, ...]:
    """The facts that speak of symbols the network has."""
    names = {d.symbol.name for d in declared.values() if symbols & {d.symbol, *d.back}}
    return tuple(f for f in facts if {a.name for a in f.size.symbols() | f.divisor.symbols()} & names)


def _as_expr(ref: s.TensorRef) -> s.Expr:
    name = s.Ref((ref.name,), span=ref.span)
    if ref.index is None:
        return name
    return s.Apply(name, (s.Arg(None, ref.index, span=ref.index.span),), span=ref.span)


def _snapshot(scope: Scope) -> Scope:
    """The scope of a definition: names of where it is written, settings as they are at this point."""
    return Scope(scope, scope.report, settings=dict(scope.settings), home=False)


def _relation(condition: Condition) -> str:
    """What the numbers say, where the condition is about numbers."""
    if condition.kind == "|":
        return f": {condition.divisor} does not divide {condition.size}"
    return ""
