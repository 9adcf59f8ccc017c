"""A network as the tree of its blocks, each with what it holds and does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost.architecture import Row
from symcost.cost import Cost
from symcost.entries import alike
from symcost.outline import Part, outline
from symcost.render.document import Document
from symcost.render.terminal import aligned, bar, columns, formula, spelling_of
from symcost.sizes.atoms import Size, total
from symcost.sizes.notation import Spelling
from symcost.tally import weights_of


def blocks(document: Document, console: Console) -> None:
    """Print the tree: blocks and the layers that stand in none; equal neighbours on one line."""
    spelling = spelling_of(console)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("block", overflow="fold")
    for column in columns(console):
        table.add_column(column, justify="right", overflow="fold")
    whole = _macs(document, document.rows)
    shares = whole.value is not None and bool(whole.value)
    if shares:
        table.add_column("share", no_wrap=True)
    for label, part, times in _lines(document, outline(document.net), "", spelling):
        rows = _rows(document, part)
        params, macs = _params(document, rows), _macs(document, rows)
        cells: list[str | Text] = [label if times == 1 else f"{label} {'x' if spelling.ascii else '×'} {times}"]
        cells += ["" if (shown := formula(document.cell(cost), spelling)) == "0" else shown for cost in (params, macs)]
        if shares and whole.value and macs.value is not None:
            cells.append(bar(times * Fraction(macs.value) / Fraction(whole.value), console))
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    aligned(table, console)


def _lines(
    document: Document, parts: Sequence[Part], indent: str, spelling: Spelling
) -> Iterator[tuple[str, Part, int]]:
    kept = [part for part in parts if part.parts or not indent]
    alike = [list(group) for _, group in groupby(kept, lambda part: _signature(document, part))]
    for index, group in enumerate(alike):
        last = index == len(alike) - 1
        corner, rail = (("└ ", "  ") if last else ("├ ", "│ ")) if not spelling.ascii else ("- ", "  ")
        yield f"{indent}{corner}{group[0].name}", group[0], len(group)
        yield from _lines(document, group[0].parts, indent + rail, spelling)


def _rows(document: Document, part: Part) -> list[Row]:
    layers = document.net.layers
    return [layers[number] for number in part.rows]


def _signature(document: Document, part: Part) -> tuple[str, Size, Size]:
    """What makes two neighbours equal: name and costs."""
    rows = _rows(document, part)
    return part.name, _params(document, rows)._size, _macs(document, rows)._size


def _params(document: Document, rows: list[Row] | tuple[Row, ...]) -> Cost:
    size = weights_of(alike(row._entry for row in rows))
    return document.net._cost(document.net._apply(size), "parameters")


def _macs(document: Document, rows: list[Row] | tuple[Row, ...]) -> Cost:
    net = document.net
    return net._cost(total(net._apply(row._entry.all_work(row.macs._size)) for row in rows), "MACs")
