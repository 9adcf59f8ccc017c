"""The layers of a network laid out as a table no wider than a line, for LaTeX and Typst: long formulas in lines, or below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symcost.architecture import Row
from symcost.render.document import Document, repeats
from symcost.render.lines import broken, sums, width
from symcost.sizes.atoms import Size
from symcost.sizes.notation import Spelling, text

HEADS = ("output", "parameters", "MACs")
ROWS = 28  # lines of a table that fits on a page
LAYER, NARROW = 100, 80  # points that a layer may have before it is broken, and where nothing else helps
CELLS = (200, 160, 140, 120, 105, 90, 75, 65)  # points of a formula in a cell: the first with which the table fits
DEEP = 4  # lines of a cell; what has more stands below the table

Lines = list[str]


@dataclass(frozen=True)
class Setting:
    """How a notation sets a table."""

    whole: Spelling
    cell: Spelling  # with `X/2` for a fraction: stacked ones in two rows would touch
    typst: bool
    line: float  # points there are
    small: float  # of the letters
    letter: float  # points of one in a typewriter
    gap: float  # points between two columns
    times: str
    pair: tuple[str, str]
    word: str  # with a place for a word in a formula

    def width(self, lines: Iterable[str]) -> float:
        return max((width(line, self.typst) for line in lines), default=0.0) * self.small

    def broken(self, formula: str, room: float) -> Lines:
        return broken(formula, room / self.small, self.typst)

    def factor(self, written: str) -> str:
        return written.join(self.pair) if sums(written, self.typst) else written

    def number(self, n: int) -> str:
        return self.word % f"({n})"


@dataclass(frozen=True)
class Table:
    """Layers with their output and costs; a repeat is one row with how often."""

    layers: tuple[str, ...]
    counts: tuple[str, ...]  # nothing where no row is a repeat
    cells: list[list[Lines]]  # output, parameters and MACs of each layer
    below: list[str]  # formulas too long for a cell, which has their number
    room: float  # points of a layer where it must be broken, else 0

    @classmethod
    def of(cls, document: Document, setting: Setting) -> Table:
        rows = document.rows
        counts = tuple(_times(document, row, setting) for row in rows) if repeats(rows) else ()
        longest = max((len(row.text) for row in rows), default=0) * setting.letter
        count = setting.width((setting.times, *counts)) + setting.gap if counts else 0
        room = setting.line - count - len(HEADS) * setting.gap
        written = [_written(document, row) for row in rows]
        for limit in CELLS:
            below: dict[str, str] = {}
            cells = [[_lines(cell, limit, setting, below) for cell in row] for row in written]
            columns = ([line for row in cells for line in row[n]] for n in range(len(HEADS)))
            wide = sum(setting.width([setting.word % h, *c]) for h, c in zip(HEADS, columns, strict=True))
            if wide + min(longest, LAYER) <= room:
                break
        left = room - wide
        layers = tuple(row.text for row in rows)
        return cls(layers, counts, cells, list(below), 0 if longest <= left else max(NARROW, left))

    @property
    def long(self) -> bool:
        """Whether it goes on on the next page."""
        return sum(max(1, *(len(cell) for cell in row)) for row in self.cells) > ROWS


def _times(document: Document, row: Row, setting: Setting) -> str:
    repeat = row.repeat
    return ("" if repeat == 1 else str(repeat)) if isinstance(repeat, int) else document.cell(repeat).text(setting.cell)


def _written(document: Document, row: Row) -> tuple[tuple[Size, ...], ...]:
    """The sizes of the output; parameters and MACs where there are any."""
    tensor = document.shape(row.output)
    costs = (document.cell(cost)._presentable for cost in (row.params, row.macs))
    return (*(() if tensor.ids else (tensor.channels,)), *tensor.dims), *((c,) if c.terms else () for c in costs)


def _lines(cell: tuple[Size, ...], room: float, setting: Setting, below: dict[str, str]) -> Lines:
    """A formula, or the sizes of a shape, in lines."""
    if len(cell) < 2:
        return [line for size in cell for line in _formula(size, room, setting, below)]
    return setting.broken(setting.times.join(setting.factor(text(size, setting.cell)) for size in cell), room)


def _formula(size: Size, room: float, setting: Setting, below: dict[str, str]) -> Lines:
    """Whole, in a few lines, or as the number under which it stands in ``below``."""
    found = setting.broken(text(size, setting.cell), room)
    if len(found) <= DEEP and setting.width(found) <= room:
        return found
    return [below.setdefault(text(size, setting.whole), setting.number(len(below) + 1))]
