"""The public face: a network and its layers, which have costs. It contains no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from symcost.conventions import Convention
from symcost.conventions import convention as load_convention
from symcost.conventions import known as is_convention
from symcost.conventions import names as convention_names
from symcost.cost import Cost
from symcost.display import Displayed
from symcost.domain import Domain
from symcost.entries import Alike, Entry
from symcost.files import read
from symcost.graph import Argument, Graph, Program, instantiate, program, resolved
from symcost.graph.nodes import Leaf
from symcost.graph.scope import Declared, MetricDef, NetBinding
from symcost.ops import Op
from symcost.parser import parse as parse_syntax
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.sizes.notation import UNICODE
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Source, Span, SymcostError, counted, nearest
from symcost.syntax import File, Net
from symcost.tally import Tally, tally

if TYPE_CHECKING:
    import sympy

    from symcost.derive import Derivation
    from symcost.emit.function import CostFunction


_metrics: ContextVar[tuple[MetricDef, ...]] = ContextVar("metrics", default=())  # being evaluated, the outer ones first


@dataclass(frozen=True)
class Row(Displayed):
    """One layer of a network; its figures are those of one turn of ``repeat``."""

    _entry: Entry
    _owner: Architecture

    @property
    def leaf(self) -> Leaf:
        return self._entry.leaf

    @property
    def text(self) -> str:
        return self.leaf.text

    @property
    def kind(self) -> str:
        return str(getattr(self.leaf.layer, "name", None) or self.leaf.layer.kind)

    @property
    def repeat(self) -> int | Cost:
        size = self._owner._apply(self._entry.repeat)
        return int(size.number) if isinstance(size.number, int) else self._owner._cost(size, "times")

    @property
    def turns(self) -> dict[str, Size]:
        """The turns of the loops around, by name, with how many there are; the figures are those of one turn."""
        return {i.name: self._owner.domain.public(self._owner._apply(n)) for i, n in self._entry.times.loops}

    @property
    def input(self) -> Shape:
        return self._owner._shape(self.leaf.input)

    @property
    def output(self) -> Shape:
        return self._owner._shape(self.leaf.output)

    @property
    def weights(self) -> dict[str, tuple[Size, ...]]:
        """The shapes of the trainable tensors, by name."""
        weights = self.leaf.layer.weights(self.leaf.input)
        return {w.name: tuple(self._owner._apply(x) for x in w.shape) for w in weights}

    @property
    def params(self) -> Cost:
        return self._owner._cost(self._owner._apply(self._entry.params), "parameters")

    @property
    def activations(self) -> Cost:
        return self._owner._cost(self._owner._apply(self._entry.activations), "elements")

    @property
    def macs(self) -> Cost:
        return self.cost("macs")

    def cost(self, convention: str) -> Cost:
        rule = load_convention(convention)
        return self._owner._priced(rule, rule.of(self._entry.figures), self._entry.counts, lambda: [(self._entry, 1)])

    def count(self, op: str) -> Cost:
        return self._owner._count(op, self._entry.counts)

    def __repr__(self) -> str:
        times = "" if self.repeat == 1 else f" x {self.repeat}"
        return f"<symcost.Row {self.text}{times}: {self.input} -> {self.output}>"


class Rows(tuple[Row, ...], Displayed):
    """Layers in their order: a tuple, and in a notebook a table."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Row: ...
    @overload
    def __getitem__(self, index: slice, /) -> Rows: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Row | Rows:
        found = super().__getitem__(index)
        return Rows(found) if isinstance(found, tuple) else found


class _Counted:
    """The tally of a graph, made when it is first asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def tally(self) -> Tally:
        return tally(self._graph.root)

    @cached_property
    def counts(self) -> tuple[Symbol, ...]:
        """Symbols that say how often something is repeated."""
        found: dict[Symbol, None] = {}
        for times in {id(times): times for _, times in self.tally.placed}.values():
            for size in (times.work, *(count for _, count in times.loops)):
                found.update(dict.fromkeys(sorted(size.symbols(), key=lambda s: s.key)))
        return tuple(found)


class _Hints:
    """Likely factors of the costs of a network, looked for when a formula is written."""

    def __init__(self, net: Architecture) -> None:
        self._net = net

    def __iter__(self) -> Iterator[Size]:
        return iter(self._net._hints)


class Architecture(Displayed):
    """A network, with symbols for what is not fixed.

    Made by `symcost.parse` and `symcost.load`. Costs are exact for every size in the domain.
    """

    def __init__(
        self, graph: Graph, source: Program, given: dict[str, Size] | None = None, counted: _Counted | None = None
    ) -> None:
        self._graph, self._program = graph, source
        self._counted = counted or _Counted(graph)  # shared by the same network at other values
        self._given = given or {}
        self._outside: dict[Shape, Shape] = {}
        self._full = Domain.of(graph)
        self.domain = self._full.at(self._given) if self._given else self._full

    # what it costs

    @property
    def params(self) -> Cost:
        """Trainable parameters. A batch does not multiply them."""
        return self._cost(self._apply(self._tally.params), "parameters")

    @property
    def activations(self) -> Cost:
        """Elements of all layer outputs, over the whole batch; views such as flatten make none."""
        return self._cost(self._apply(self._tally.activations), "elements")

    @property
    def macs(self) -> Cost:
        return self.cost("macs")

    @property
    def flops(self) -> Cost:
        return self.cost("flops")

    def cost(self, name: str) -> Cost:
        """A cost by name: a convention, ``params``, ``activations``, a primitive operation, a metric of the program."""
        match name:
            case "params":
                return self.params
            case "activations" | "act":
                return self.activations
            case "active":
                return self._cost(self._apply(self._tally.active), "parameters")
            case "trainable":
                return self._cost(self._apply(self._tally.trainable), "parameters")
        if name in self._graph.metrics:
            return self._metric(self._graph.metrics[name])
        if name in tuple(Op):
            return self.count(name)
        if is_convention(name):
            rule = load_convention(name)
            return self._priced(rule, rule.total(self._tally), self._tally.counts, lambda: self._tally.alike)
        known = ["params", "active", "trainable", "activations", *convention_names(), *Op, *self._graph.metrics]
        help_ = nearest(name, known) or f"costs: {', '.join(map(str, known))}"
        raise SymcostError(Diagnostic("unknown-cost", f"unknown cost '{name}'", help=help_))

    def count(self, op: str) -> Cost:
        """How often a primitive operation is done, over the whole batch: ``mac``, ``dot``, ``add``, ``cmp``, ..."""
        return self._count(op, self._tally.counts)

    # what it is

    @cached_property
    def layers(self) -> Rows:
        """The layers in order; a repeat of equal turns is one row."""
        return Rows(Row(entry, self) for entry in self._tally.entries)

    @property
    def inputs(self) -> dict[str, Shape]:
        """Every tensor that comes in, by name; ``input`` is the first."""
        return {name: self._shape(shape) for name, shape in self._graph.inputs.items()}

    @property
    def input(self) -> Shape | None:
        return None if self._graph.input is None else self._shape(self._graph.input)

    @property
    def output(self) -> Shape | None:
        return None if self._graph.output is None else self._shape(self._graph.output)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The free symbols of the network: of its costs, and of the tensors that go in."""
        used = {s.name for s in self._used()}
        return tuple(n for n in self.domain.symbols if n in used)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must hold for the network to exist."""
        return self.domain.conditions_as(UNICODE)

    @property
    def requirements(self) -> tuple[Condition, ...]:
        return self.domain.requirements()

    @property
    def nets(self) -> tuple[str, ...]:
        """Names of the networks the file defines."""
        return tuple(self._program.nets())

    def net(self, name: str, /, *args: Any, **named: Any) -> Architecture:
        """A network the file defines, at values for its parameters; those left out that have no default stay symbols."""
        nets = self._program.nets()
        if name not in nets:
            help_ = nearest(name, nets) or (f"nets: {', '.join(nets)}" if nets else "the file defines no net")
            raise SymcostError(Diagnostic("unknown-net", f"there is no net '{name}'", help=help_))
        binding = nets[name]
        params = [p.name for p in binding.definition.params]
        if len(args) > len(params):
            message = f"'{name}' takes {counted(len(params), 'argument')}, not {len(args)}"
            raise SymcostError(Diagnostic("too-many", message))
        given = dict(zip(params, args, strict=False))
        twice = next((n for n in named if n in given), None)
        if twice is not None:
            raise SymcostError(Diagnostic("given-twice", f"'{twice}' of '{name}' is given twice"))
        given |= named
        free = {p.name: p.name for p in binding.definition.params if p.default is None and p.name not in given}
        given |= free
        values = {n: v if isinstance(v, bool) else self._full.convert(v) for n, v in given.items()}
        return self._instance(binding, values, binding.definition.span)

    def _every_net(self) -> Iterator[tuple[Net, Architecture | SymcostError]]:
        """The networks the file defines: as they were used, or with free parameters where they were not.

        A net that is wrong whatever its parameters comes with what is wrong.
        """
        for binding in self._program.nets().values():
            made = [net for (known, _), net in list(self._program.made.items()) if known == id(binding)]
            if not made:
                free = {p.name: Size.of(Symbol(p.name)) for p in binding.definition.params if p.default is None}
                try:
                    made = [self._instance(binding, free, binding.definition.span)]
                except SymcostError as error:
                    if not all(d.code in ("undecided", "no-closed-form") for d in error.diagnostics):
                        yield binding.definition, error
            yield from ((binding.definition, net) for net in made)

    def at(self, values: Mapping[Any, Any] | None = None, /, **more: Any) -> Architecture:
        """The same network at some values: ints, fractions, formulas as text, SymPy expressions.

        Raises `DomainError` where the network does not exist, with the reason.
        """
        given = self.domain.values({**(values or {}), **more})
        before = {n: self.domain.apply(v, given) for n, v in self._given.items()}
        own = {n: v for n, v in given.items() if self._full.knows(n) and n not in before}
        return Architecture(self._graph, self._program, before | own, self._counted)

    def defaults(self) -> dict[str, Size]:
        """The values declared with the symbols: ``sym X = 224``."""
        return {n: d.default for n, d in self.domain.symbols.items() if d.default is not None}

    def formula(self, text: str) -> sympy.Expr:
        """A formula as a SymPy expression in the symbols of this network, so that differences cancel."""
        from symcost.sizes.bridge import to_sympy

        return to_sympy(self.domain.public(self.domain.read(text)))

    def check(self) -> tuple[Diagnostic, ...]:
        """Run the asserts of the program: what fails, and nothing where all hold."""
        from symcost.claims import check

        return tuple(diagnostic for _, diagnostic in check(self) if diagnostic is not None)

    def function(
        self, *names: str, of: str = "flops", outside: str = "error", fast: bool | None = None
    ) -> CostFunction:
        """A cost as an exact function of its symbols, for numbers and NumPy arrays; see `Cost.function`."""
        return self.cost(of).function(*names, outside=outside, fast=fast)

    def derivation(self, name: str = "macs", layer: int | str | None = None) -> Derivation:
        """How a cost comes about, step by step: of the network, or of one layer by its number from 1 or as it is written.

        ``name`` is a convention, an operation, ``params`` or ``activations``.
        """
        from symcost.derive import derive

        return derive(self, name, layer)

    def table(self, form: str = "text") -> str:
        """The layers and the totals as ``text``, ``markdown`` or ``latex``."""
        from symcost.render.document import Document, rendered

        return rendered(Document(self, self._graph.name or ""), form)

    # inside

    @property
    def _tally(self) -> Tally:
        return self._counted.tally

    def _apply(self, size: Size) -> Size:
        return self._full.apply(size, self._given)

    def _shape(self, shape: Shape) -> Shape:
        """A tensor as its user sees it: in the symbols declared, with the values given."""
        if shape not in self._outside:
            channels, batch, *dims = (
                self.domain.public(self._apply(size)) for size in (shape.channels, shape.batch, *shape.dims)
            )
            self._outside[shape] = Shape(channels, tuple(dims), batch, shape.ids)
        return self._outside[shape]

    @cached_property
    def _hints(self) -> tuple[Size, ...]:
        """Sizes that are sums: likely factors of the costs."""
        moved = map(self._apply, [size for size in self._tally.sizes() if self._given or len(size.terms) > 1])
        return tuple(dict.fromkeys(size for size in moved if len(size.terms) > 1))[:8]

    def _cost(self, size: Size, unit: str, name: str | None = None, uncounted: tuple[str, ...] = ()) -> Cost:
        return Cost(size, unit, name, uncounted, self.domain, _Hints(self), self._counted.counts)

    def _priced(self, rule: Convention, size: Size, counts: Mapping[str, Size], entries: Callable[[], Alike]) -> Cost:
        return self._cost(
            self._apply(size), rule.unit, rule.name, rule.uncounted(counts, entries() if rule.departures else [])
        )

    def _count(self, op: str, counts: Mapping[str, Size]) -> Cost:
        known = (*Op, *self._graph.metrics)
        if op not in known:
            raise SymcostError(Diagnostic("unknown-cost", f"unknown operation '{op}'", help=nearest(op, known)))
        return self._cost(self._apply(counts.get(op, Size.of(0))), str(op))

    def _metric(self, metric: MetricDef) -> Cost:
        if metric.value is None:
            return self._count(metric.name, self._tally.counts)
        from symcost.claims import Claims

        above = _metrics.get()
        if any(m.value is metric.value for m in above):
            chain = " -> ".join(m.name for m in (*above, metric))
            message = f"'{metric.name}' is defined by itself: {chain}"
            raise SymcostError(Diagnostic("self-reference", message, metric.value.span))
        reset = _metrics.set((*above, metric))
        try:
            whole = Architecture(self._graph, self._program)
            return self._cost(self._apply(Claims(whole).size(metric.value)), metric.name)
        finally:
            _metrics.reset(reset)

    def _instance(self, binding: NetBinding, values: Mapping[str, Argument], span: Span) -> Architecture:
        key = (id(binding), tuple(sorted(values.items(), key=lambda pair: pair[0])))
        found = self._program.made.get(key)
        if found is None:
            found = self._program.made[key] = self._made(binding, values, span)
        return found

    def _made(self, binding: NetBinding, values: Mapping[str, Argument], span: Span) -> Architecture:
        try:
            graph = instantiate(binding, values, span, self._program.modules)
        except RecursionError:
            message = f"'{binding.definition.name}' is nested too deeply"
            raise SymcostError(Diagnostic("too-deep", message, span)) from None
        brought = {
            s.name: Declared(s)
            for v in values.values()
            if isinstance(v, Size)
            for s in v.symbols()
            if s.name not in graph.symbols
        }
        return Architecture(replace(graph, symbols=graph.symbols | brought), self._program)

    def _used(self) -> set[Any]:
        sizes = [c._size for c in (self.params, self.activations, self.cost("exact"))]
        sizes += [size for shape in self.inputs.values() for size in (shape.channels, *shape.dims)]
        return {s for size in sizes for s in resolved(self.domain.public(size)).symbols()}

    def __repr__(self) -> str:
        name = f"{self._graph.name}: " if self._graph.name else ""
        return f"<symcost.Architecture {name}{self.input} -> {self.output}, {len(self.layers)} layers>"


def parse(text: str, name: str = "<text>", folder: str | Path | None = None) -> Architecture:
    """A network from program text; ``folder`` is where its imports are looked for.

    Raises `SymcostError`, whose ``diagnostics`` say everything that is wrong in it.
    """
    return network(parse_syntax(Source(name, text, None if folder is None else Path(folder))))


def network(file: File) -> Architecture:
    """A network from its syntax tree."""
    found = program(file)
    return Architecture(found.graph, found)


def load(path: str | Path) -> Architecture:
    """A network from a file."""
    return parse(read(path), str(path), Path(path).parent)


def formula(text: str) -> sympy.Expr:
    """A formula in the syntax of the language as a SymPy expression; every name is a positive integer.

    >>> formula("2*K^2*Cin*M^2*Cout")
    2*Cin*Cout*K**2*M**2
    """
    from symcost.sizes.bridge import to_sympy

    return to_sympy(Domain({}, (), (), ()).read(text))
