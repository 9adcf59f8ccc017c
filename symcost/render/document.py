"""What is said about a network, gathered once for every way of writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property

from symcost.architecture import Architecture, Row
from symcost.conventions import convention
from symcost.cost import Cost
from symcost.forms import presentable
from symcost.graph import resolved
from symcost.render.naming import Naming, naming
from symcost.sizes.atoms import Size
from symcost.sizes.shape import Shape

STANDARD = ("macs", "flops")


@dataclass(frozen=True)
class Document:
    """A network with the costs asked for."""

    net: Architecture
    title: str
    conventions: tuple[str, ...] = STANDARD
    resolve: bool = False  # write named sizes out
    exact: bool = False  # every formula as it is, for machines
    table: bool = True  # the layers too, not the totals alone
    standalone: bool = False  # a whole document rather than a fragment
    form: tuple[str, ...] = ()  # of the formulas: see `Cost.form`
    styles: Mapping[str, str] = field(default_factory=dict)  # how symbols are written in LaTeX and Typst

    @cached_property
    def naming(self) -> Naming:
        """Names for rounded sizes that come up in the shapes, unless everything is to be written out."""
        if self.resolve or self.exact or self.form:
            return Naming()
        symbols = {s.name for size in {d for shape in self._shapes for d in _sizes(shape)} for s in size.symbols()}
        return naming(self._shapes, {*self.net.symbols, *symbols, *(s.name for s in self.net.domain.named)})

    @cached_property
    def _shapes(self) -> tuple[Shape, ...]:
        return tuple(row.output for row in self.net.layers)

    @cached_property
    def costs(self) -> dict[str, Cost]:
        """Label and cost, in the order of printing."""
        return {label: self.cell(cost) for label, cost in self._costs.items()}

    @cached_property
    def _costs(self) -> dict[str, Cost]:
        found = {"parameters": self.net.params}
        for name in self.conventions:
            rule = convention(name)
            label = rule.unit if name in STANDARD else f"{rule.unit} ({name})"
            found[label] = self.net.cost(name)
        return found | {"activations": self.net.activations}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The layers, without those that do nothing."""
        return tuple(row for row in self.net.layers if row.kind != "id")

    @cached_property
    def shares(self) -> list[Fraction]:
        """What part of the MACs each row has, all its repeats taken together; nothing while symbols are left."""
        counts = []
        for row in self.rows:
            size = self.net._apply(row._entry.all_work(row.macs._size))
            value = self.net._cost(size, "MACs").value
            if value is None:
                return []
            counts.append(Fraction(value))
        whole = sum(counts, Fraction(0))
        return [count / whole for count in counts] if whole and len(counts) > 1 else []

    def cell(self, cost: Cost) -> Cost:
        """A cost as this document writes it."""
        if self.form:
            return (cost.resolved() if self.resolve else cost).form(*self.form)
        return cost.resolved() if self.resolve else cost._renamed(self.naming.written) if self.naming.inside else cost

    def shape(self, tensor: Shape) -> Shape:
        return replace(tensor, channels=self._side(tensor.channels), dims=tuple(map(self._side, tensor.dims)))

    def _side(self, size: Size) -> Size:
        """A size as this document writes it: as a product of the sizes of other tensors where that is shorter."""
        change = resolved if self.resolve else self.naming.written
        written = change(size)
        if len(written.terms) < 2 or self.exact or self.form:
            return written
        product = presentable(written, map(change, self.net._hints))
        return min(written, product, key=lambda s: len(str(s)))

    @cached_property
    def turns(self) -> dict[str, Size]:
        """Turns of loops that occur in the rows, with how many there are."""
        found: dict[str, Size] = {}
        for row in self.rows:
            found |= row.turns
        return found

    @cached_property
    def names(self) -> dict[str, Size]:
        """Named sizes that occur in shapes and costs, with what they stand for."""
        found: dict[str, Size] = dict(self.naming.meanings)
        if not self.resolve:
            for size in dict.fromkeys(size for row in self.rows for size in _sizes(row.output)):
                found |= Cost(size, "elements", None, (), self.net.domain).definitions
            for cost in self.costs.values():
                found |= cost.definitions
        return found

    @cached_property
    def asymptotes(self) -> dict[tuple[str, ...], dict[str, Size]]:
        """What costs are like when symbols grow, by those symbols; nothing where that is not decided, or the cost itself."""
        from symcost.growth import asymptote, unbounded

        found: dict[tuple[str, ...], dict[str, Size]] = {}
        for label, cost in self._costs.items():
            size = cost._public
            symbols = unbounded(size, self.net.requirements)
            like = asymptote(size, symbols, cost.domain.facts()) if symbols else None
            if like is not None and like != size:
                found.setdefault(tuple(s.name for s in symbols), {})[label] = presentable(like)
        return found

    @cached_property
    def uncounted(self) -> tuple[str, ...]:
        """What each convention leaves out, those that leave out the same together: ``add, cmp (by MACs and FLOPs)``."""
        found: dict[tuple[str, ...], list[str]] = {}
        for label, cost in self.costs.items():
            if cost.convention is not None:
                found.setdefault(cost.uncounted, []).append(label)
        return tuple(f"{', '.join(left) or 'nothing'} (by {' and '.join(by)})" for left, by in found.items())

    def by_default(self) -> tuple[dict[str, Size], dict[str, Cost]]:
        """The default values and the costs at them, when they leave no symbol."""
        values = self.net.defaults()
        if not values:
            return {}, {}
        costs = {label: cost.at(values) for label, cost in self.costs.items()}
        return (values, costs) if all(c.value is not None for c in costs.values()) else ({}, {})


def _sizes(shape: Shape) -> tuple[Size, ...]:
    return (shape.channels, *shape.dims)


def repeats(rows: Sequence[Row]) -> bool:
    return any(row.repeat != 1 for row in rows)


def rendered(document: Document, form: str) -> str:
    """The document as ``text``, ``markdown``, ``latex``, ``typst``, ``json`` or ``html``."""
    from io import StringIO

    if form == "text":
        from symcost.render.terminal import layers, plain, show

        stream = StringIO()
        show(document, plain(stream), table=layers if document.table else None)
        return stream.getvalue()
    from importlib import import_module

    if form not in ("markdown", "latex", "typst", "json", "html"):
        raise ValueError(f"a table is text, markdown, latex, typst, json or html, not {form!r}")
    page: str = import_module(f"symcost.render.{form}").page(document)
    return page
