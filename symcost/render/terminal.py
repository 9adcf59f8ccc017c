"""The page a terminal shows: a table of the layers, the totals, what they rest on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from textwrap import wrap
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost.cost import Cost
from symcost.limiting import allowed
from symcost.render.document import Document, repeats
from symcost.render.figures import duration, si
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.notation import ASCII, UNICODE, Spelling, text

BAR = 8  # signs of the longest bar
NARROW = 60  # columns of a window where words have to be short


def show(
    document: Document,
    console: Console,
    *,
    table: Callable[[Document, Console], None] | None = None,
    speed: Fraction | None = None,
) -> None:
    """Print a network's costs, under a ``table`` of its layers (`layers`) or blocks (`tree.blocks`).

    ``speed`` in operations a second adds the time at that speed.
    """
    net = document.net
    spelling = net.domain.spelled(spelling_of(console))
    arrow = "->" if spelling.ascii else "→"
    if net.input is not None and net.output is not None:
        taken = ", ".join(shape.text(spelling) for shape in net.inputs.values())
        heading = f"{document.title}   {taken} {arrow} {document.shape(net.output).text(spelling)}"
        for line in _wrapped(heading, console.width):
            console.print(Text(line, style="bold"), soft_wrap=True)
    if table and document.rows:
        console.print()
        table(document, console)
    console.print()
    if table and document.turns:
        turns = [f"{turn} = 0..{text(count - 1, spelling)}" for turn, count in document.turns.items()]
        entry(console, "turns", ", ".join(turns), max(len(label) for label in document.costs))
    _totals(document, console, spelling)
    _below(document, console, spelling, speed)


def plain(stream: TextIO, width: int = 100) -> Console:
    """A console that writes nothing but text: by itself, Rich would draw in a notebook and obey FORCE_COLOR."""
    return Console(
        file=stream,
        highlight=False,
        emoji=False,
        markup=False,
        width=width,
        force_terminal=False,
        force_jupyter=False,
        color_system=None,
    )


def aligned(table: Table, console: Console) -> None:
    """Print a table without the blanks that fill its last column."""
    with console.capture() as drawn:
        console.print(table)
    lines = (line.rstrip() for line in drawn.get().rstrip("\n").split("\n"))
    console.out("\n".join(lines), highlight=False)


def spelling_of(console: Console) -> Spelling:
    """The signs of mathematics where the stream can carry them."""
    try:
        "⌈⌊·²×→≥≤".encode(console.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def formula(cost: Cost, spelling: Spelling) -> str:
    return cost.text(spelling)


def layers(document: Document, console: Console) -> None:
    """Print the table of the layers."""
    aligned(_layers(document, console), console)


def columns(console: Console) -> tuple[str, str]:
    """What stands over the figures of a layer or block."""
    return "parameters" if console.width >= NARROW else "params", "MACs"


def _layers(document: Document, console: Console) -> Table:
    spelling = document.net.domain.spelled(spelling_of(console))
    times = "x" if spelling.ascii else "×"
    repeated = repeats(document.rows)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("layer", overflow="fold")
    if repeated:
        table.add_column(times, justify="right")
    table.add_column("output", overflow="fold")
    for column in columns(console):
        table.add_column(column, justify="right", overflow="fold")
    shares = document.shares
    if shares:
        table.add_column("share", no_wrap=True)
    between = len(document.rows) - allowed().lines
    for index, row in enumerate(document.rows):
        if 0 <= index - allowed().lines // 2 < between:  # nobody reads so far
            if index == allowed().lines // 2:
                table.add_row(Text(f"... {between} layers between"))
            continue
        repeat = row.repeat
        count = text(Size.of(repeat), spelling) if isinstance(repeat, int) else repeat.text(spelling)
        cells: list[str | Text] = [
            row.text,
            *([count if count != "1" else ""] if repeated else []),
            document.shape(row.output).text(spelling),
        ]
        for cost in (row.params, row.macs):
            shown = formula(document.cell(cost), spelling)
            cells.append("" if shown == "0" else shown)
        if shares:
            cells.append(bar(shares[index], console))
        table.add_row(*(c if isinstance(c, Text) else Text(c) for c in cells))
    return table


def bar(share: Fraction, console: Console) -> Text:
    """A part of a whole as a bar of at most eight signs and in percent; nothing below half a percent."""
    if share < Fraction(1, 200):
        return Text()
    percent = f"{round(share * 100)} %"
    if console.width < NARROW:
        return Text(percent)
    eighths = round(share * 8 * BAR)
    if not spelling_of(console).ascii:
        drawn = "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]
    else:
        drawn = "#" * max(1, round(share * BAR))
    return Text.assemble((f"{drawn:<{BAR}}", "cyan"), f" {percent}")


def _totals(document: Document, console: Console, spelling: Spelling) -> None:
    labels = document.costs
    width = max(len(label) for label in labels)
    for label, cost in labels.items():
        value = cost.value
        shown = formula(cost, spelling)
        short = f"   ({rounded(value, cost)})" if value is not None and abs(Fraction(value)) >= 1000 else ""
        entry(console, label, f"{shown}{short}", width)
    if document.names:
        names = [f"{name} = {text(meaning, spelling)}" for name, meaning in document.names.items()]
        entry(console, "where", ", ".join(names), width)
    values, costs = document.by_default()
    if values:
        at = ", ".join(f"{name} = {text(v, spelling)}" for name, v in values.items())
        figures = ", ".join(rounded(c.value or 0, c) for c in costs.values())
        entry(console, f"at {at}", figures, width)


def _below(document: Document, console: Console, spelling: Spelling, speed: Fraction | None) -> None:
    width = max(len(label) for label in document.costs)
    if needed := document.net.domain.conditions_as(spelling):
        entry(console, "requires", ", ".join(needed), width)
    for index, said in enumerate(document.uncounted):
        entry(console, "" if index else "not counted", said, width)
    if speed is not None:
        _time(document, console, spelling, speed, width)


def _time(document: Document, console: Console, spelling: Spelling, speed: Fraction, width: int) -> None:
    seconds = document.net.flops.seconds(speed)
    written = f"{seconds.text(spelling)} s" if seconds.value is None else duration(seconds.value)
    entry(console, "time", f"{written} at {si(speed, 'FLOPS')} (FLOPs divided by FLOPS, a lower bound)", width)


def rounded(value: Rational, cost: Cost) -> str:
    return si(value, {"parameters": " params", "elements": " elements"}.get(cost.unit, cost.unit)).replace("  ", " ")


def prose(lines: Iterable[str], width: int) -> str:
    """Paragraphs of Markdown as a window of this width shows them; an example begins a line of its own."""
    paragraphs = re.split(r"\n\s*\n|\n(?=Example:)", "\n".join(lines).replace("`", ""))
    filled = ["\n".join(wrap(paragraph, width)) for paragraph in paragraphs]
    return "\n\n".join(filled).replace("\n\nExample:", "\nExample:")


def entry(console: Console, label: str, content: str, width: int) -> None:
    """``label   content``, the content wrapped under itself at blanks."""
    column = max(width, 11) + 3
    room = max(20, console.width - column)
    lines = _wrapped(content, room)
    first = f"{label:<{column - 1}} " if len(label) < column - 2 else f"{label}   "
    console.print(Text.assemble((first, "dim"), lines[0]), soft_wrap=True)
    for line in lines[1:]:
        console.print(Text(" " * column + line), soft_wrap=True)


def _wrapped(content: str, room: int) -> list[str]:
    """Lines of at most ``room`` signs where blanks allow it, broken in their second half where that cuts the least."""
    blanks = list(_blanks(content))
    lines, start = [], 0
    while len(content) - start > room:
        behind = [b for b in blanks if b[0] > start]
        fitting = [b for b in behind if b[0] <= start + room] or behind[:1]
        if not fitting:
            break
        late = [b for b in fitting if b[0] - start > room // 2] or fitting[-1:]
        place, _ = min(late, key=lambda b: (b[1], -b[0]))
        lines.append(content[start:place])
        start = place + 1
    return [*lines, content[start:]]


def _blanks(content: str) -> Iterator[tuple[int, int]]:
    """Where a line may end, with how much that cuts: least behind a comma, then before a sign, always more inside brackets."""
    depth = 0
    for place, sign in enumerate(content):
        depth += (sign in "([⌈⌊") - (sign in ")]⌉⌋")
        if sign == " ":
            before, after = content[:place][-1:], content[place + 1 : place + 2]
            cut = 0 if before == "," else 1 if after in "+-" else 3 if before in "+-=" or after == "=" else 2
            yield place, 4 * depth + cut
