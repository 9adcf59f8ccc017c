"""A network as the tree of its blocks, each with what it holds and does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost.architecture import Cost, Row
from symcost.render.document import Document
from symcost.render.terminal import aligned, bar, formula, spelling_of
from symcost.sizes.atoms import Size, total
from symcost.sizes.notation import UNICODE, Spelling
from symcost.tally import weights_of


@dataclass
class Branch:
    """A block, or a layer by itself, with everything in it."""

    name: str
    rows: list[Row]
    parts: list[Branch] = field(default_factory=list)


def tree(document: Document) -> Branch:
    """The blocks of a network as they stand in one another."""
    root = Branch(document.title, list(document.rows))
    root.parts = list(_parts(root.rows, 0))
    return root


def _parts(rows: list[Row], depth: int) -> Iterator[Branch]:
    def use(row: Row) -> object:
        blocks = row._entry.times.blocks
        return blocks[depth] if len(blocks) > depth else id(row)

    for _, group in groupby(rows, use):
        inside = list(group)
        blocks = inside[0]._entry.times.blocks
        if len(blocks) > depth:
            yield Branch(blocks[depth][0], inside, list(_parts(inside, depth + 1)))
        else:
            yield Branch(inside[0].text, inside)


def blocks(document: Document, console: Console) -> None:
    """Print the tree: blocks and the layers that stand in none; equal neighbours on one line."""
    spelling = spelling_of(console)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("block", overflow="fold")
    for column in ("parameters", "MACs"):
        table.add_column(column, justify="right", overflow="fold")
    whole = _macs(document, document.rows)
    shares = whole.value is not None and bool(whole.value)
    if shares:
        table.add_column("share", no_wrap=True)
    for label, branch, times in _lines(document, tree(document), "", spelling):
        params, macs = _params(document, branch.rows), _macs(document, branch.rows)
        cells = [label if times == 1 else f"{label} {'×' if spelling is UNICODE else 'x'} {times}"]
        cells += ["" if (shown := formula(document.cell(cost), spelling)) == "0" else shown for cost in (params, macs)]
        if shares and whole.value and macs.value is not None:
            cells.append(bar(times * Fraction(macs.value) / Fraction(whole.value), spelling))
        table.add_row(*(Text(cell) for cell in cells))
    aligned(table, console)


def _lines(document: Document, branch: Branch, indent: str, spelling: Spelling) -> Iterator[tuple[str, Branch, int]]:
    kept = [part for part in branch.parts if part.parts or not indent]
    alike = [list(group) for _, group in groupby(kept, lambda part: _signature(document, part))]
    for index, group in enumerate(alike):
        last = index == len(alike) - 1
        corner, rail = (("└ ", "  ") if last else ("├ ", "│ ")) if spelling is UNICODE else ("- ", "  ")
        yield f"{indent}{corner}{group[0].name}", group[0], len(group)
        yield from _lines(document, group[0], indent + rail, spelling)


def _signature(document: Document, branch: Branch) -> tuple[str, Size, Size]:
    """What makes two neighbours equal: name and costs."""
    return branch.name, _params(document, branch.rows)._size, _macs(document, branch.rows)._size


def _params(document: Document, rows: list[Row] | tuple[Row, ...]) -> Cost:
    size = weights_of(tuple(row._entry for row in rows))
    return document.net._cost(document.net._apply(size), "parameters")


def _macs(document: Document, rows: list[Row] | tuple[Row, ...]) -> Cost:
    net = document.net
    return net._cost(total(net._apply(row._entry.all_work(row.macs._size)) for row in rows), "MACs")
