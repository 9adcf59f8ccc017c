"""A program as an editor needs it: resolved as far as it goes, with what is known of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from symcost import syntax as s
from symcost.architecture import Architecture
from symcost.claims import check
from symcost.conventions import convention
from symcost.cost import Cost
from symcost.domain import Domain
from symcost.editors.names import around
from symcost.graph import Node, Program, attempted, instantiate
from symcost.graph import Sequence as Nodes
from symcost.graph.scope import NetBinding, Scope
from symcost.parser import parse
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.notation import UNICODE
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Source, SymcostError
from symcost.tally import tally

KEPT = 50  # uses of one step: in blocks used often, in loops written out


@dataclass(frozen=True)
class Use:
    """A step where it is used: what comes in, what goes out, where its names are looked up, what it became."""

    input: Shape
    output: Shape
    scope: Scope
    nodes: tuple[Node, ...] = field(repr=False)

    @cached_property
    def domain(self) -> Domain:
        return Domain(self.scope.declared(), (), (), ())

    @property
    def came(self) -> str:
        return self._written(self.input)

    @property
    def went(self) -> str:
        return self._written(self.output)

    def _written(self, shape: Shape) -> str:
        return outside(shape, self.domain.public).text(UNICODE)

    def costs(self) -> dict[str, str]:
        """Parameters and MACs of the step, all its repeats taken together."""
        counted, rule = tally(Nodes(self.nodes)), convention("macs")
        found = {"parameters": (counted.params, "parameters"), rule.unit: (rule.total(counted), rule.unit)}
        hints = tuple(d for d in (*self.output.dims, self.output.channels) if len(d.terms) > 1)
        return {label: Cost(n, unit, None, (), self.domain, hints).text(UNICODE) for label, (n, unit) in found.items()}


def outside(shape: Shape, public: Callable[[Size], Size]) -> Shape:
    """A shape in the symbols the user declared."""
    return replace(shape, channels=public(shape.channels), dims=tuple(map(public, shape.dims)))


@dataclass
class Analysis:
    """What is known of one text. ``file`` is None where it is no program, ``program`` where nothing of it is resolved."""

    source: Source
    file: s.File | None = None
    program: Program | None = None
    uses: dict[tuple[int, int], list[Use]] = field(default_factory=dict)  # by the place of the step
    nets: dict[int, Scope] = field(default_factory=dict)  # of the nets, by where they begin
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of it is resolved; what it asserts may be false."""
        return self.program is not None and all(d.code == "assertion-failed" for d in self.diagnostics)

    @cached_property
    def net(self) -> Architecture | None:
        """The network of the file, where nothing outside its nets is wrong."""
        if self.program is None or self.program.scope.report.diagnostics:
            return None
        return Architecture(self.program.graph, self.program)

    def steps(self) -> Iterator[tuple[s.Step, list[Use]]]:
        """The steps with what is known of them, in the order of the text."""
        for node in s.walk([self.file] if self.file else []):
            if isinstance(node, s.Step) and (node.span.start, node.span.end) in self.uses:
                yield node, self.uses[node.span.start, node.span.end]

    def scope(self, offset: int) -> Scope | None:
        """The scope in which the names at a place are looked up."""
        for node in reversed(around(self.file, offset) if self.file else []):
            uses = self.uses.get((node.span.start, node.span.end)) if isinstance(node, s.Step) else None
            if uses:
                return uses[0].scope
            if isinstance(node, s.Net) and node.span.start in self.nets:
                return self.nets[node.span.start]
            if isinstance(node, s.Block | s.LayerDef):
                return None
        return None if self.program is None else self.program.scope


def analysed(source: Source, stale: Callable[[], bool] = lambda: False) -> Analysis:
    """Read, resolve and check a program; stops early where the answer has become ``stale``."""
    found = Analysis(source)
    try:
        found.file = parse(source)
        found.program = attempted(found.file, _keeping(source, found.uses))
    except SymcostError as error:
        found.diagnostics = error.diagnostics
        return found
    found.diagnostics = tuple(found.program.scope.report.diagnostics)
    nets = [b for b in found.program.nets().values() if b.definition.span.source is source]
    left = [binding for binding in nets if not _look_inside(found, found.program, binding, [_free(binding)])]
    if found.net is not None:
        told = {d: None for d in _wrong(found.net, stale) if d is not None}
        found.diagnostics = tuple(told)
    for binding in left:  # with free parameters something was not decided: as it is used first, then
        used = [dict(key[1]) for key in found.program.made if key[0] == id(binding)]  # type: ignore[call-overload]
        _look_inside(found, found.program, binding, used)
    return found


def _wrong(net: Architecture, stale: Callable[[], bool]) -> Iterator[Diagnostic]:
    """What fails of what the program asserts."""
    for _, diagnostic in check(net):
        if stale():
            return
        if diagnostic is not None:
            yield diagnostic


Uses = dict[tuple[int, int], list[Use]]


def _keeping(source: Source, uses: Uses) -> Callable[[s.Step, Shape | None, Scope, list[Node]], None]:
    def seen(step: s.Step, x: Shape | None, scope: Scope, nodes: list[Node]) -> None:
        if step.span.source is source and scope.here is not None and x is not None:
            kept = uses.setdefault((step.span.start, step.span.end), [])
            if len(kept) < KEPT:
                kept.append(Use(x, scope.here, scope, tuple(nodes)))

    return seen


def _free(binding: NetBinding) -> dict[str, Size]:
    """The parameters of a net that have no default, as symbols."""
    return {p.name: Size.of(Symbol(p.name)) for p in binding.definition.params if p.default is None}


def _look_inside(found: Analysis, program: Program, binding: NetBinding, given: Sequence[dict[str, Any]]) -> bool:
    """Keep the steps of a net at the first arguments of those ``given`` at which it is resolved, or as far as it is."""
    span = binding.definition.span
    for arguments in given:
        uses: Uses = {}
        try:
            graph = instantiate(binding, arguments, span, program.modules, _keeping(found.source, uses))
        except SymcostError:
            for place, new in uses.items():
                found.uses.setdefault(place, new)
            continue
        if graph.scope is not None:
            found.nets[span.start] = graph.scope
        for place, new in uses.items():
            found.uses[place] = [*found.uses.get(place, []), *new][:KEPT]
        return True
    return False
