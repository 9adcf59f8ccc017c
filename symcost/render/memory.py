"""Memory, training and receptive fields: for the terminal, as LaTeX, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost import __version__
from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.growth import Ratio
from symcost.memory import Traffic
from symcost.receptive import Field
from symcost.render.figures import si
from symcost.render.growth import ratio_text
from symcost.render.json import SCHEMA
from symcost.render.json import cost as data_of
from symcost.render.latex import Equation, equations, escaped, inline, needing
from symcost.render.terminal import aligned, entry, spelling_of
from symcost.sizes.notation import ASCII, LATEX, Spelling

WHOLE = "everything"
OPEN = "depends on the side"


@dataclass(frozen=True)
class Sheet:
    """Labelled costs under a title, with what must be said about them."""

    title: str
    costs: dict[str, Cost]
    notes: tuple[str, ...] = ()
    intensity: Ratio | None = None


def show(sheet: Sheet, console: Console) -> None:
    spelling = spelling_of(console)
    width = max(len(label) for label in sheet.costs)
    console.print(Text(sheet.title, style="bold"), soft_wrap=True)
    console.print()
    for label, cost in sheet.costs.items():
        entry(console, label, _written(cost, spelling), width)
    if sheet.intensity is not None:
        entry(console, "intensity", f"{_intensity(sheet.intensity, spelling)} FLOPs a byte", width)
    for index, said in enumerate(_requirements(sheet, spelling)):
        entry(console, "" if index else "requires", said, width)
    for index, note in enumerate(sheet.notes):
        entry(console, "" if index else "note", note, width)


def _intensity(found: Ratio, spelling: Spelling) -> str:
    """A formula, or a number at three digits."""
    open_ = any(size.symbols() for size in (found.whole, found.top, found.bottom))
    return ratio_text(found, spelling) if open_ else si(found.value({}))


def _written(cost: Cost, spelling: Spelling) -> str:
    """A formula, or a number with what it comes to: ``248879616  249 MB``."""
    written, rounded = cost.text(spelling), _rounded(cost)
    return f"{written}  {rounded}" if rounded and (cost.value or 0) >= 1000 else f"{written} {cost.unit}"


def _rounded(cost: Cost) -> str:
    """With an SI prefix, where it is a number: 1 MB is 10^6 bytes."""
    return "" if cost.value is None else si(cost.value, {"bytes": "B"}.get(cost.unit, cost.unit))


def _requirements(sheet: Sheet, spelling: Spelling) -> list[str]:
    return list(dict.fromkeys(c for cost in sheet.costs.values() for c in cost.domain.conditions_as(spelling)))


def latex(sheet: Sheet) -> str:
    rows = [Equation(rf"\text{{{escaped(label)}}}", "=", cost.latex()) for label, cost in sheet.costs.items()]
    if sheet.intensity is not None:
        rows.append(Equation(r"\text{intensity}", "=", ratio_text(sheet.intensity, LATEX)))
    needed = _requirements(sheet, LATEX)
    said = f"Requires {', '.join(map(inline, needed))}."
    return needing([*equations(rows), *([r"\begin{sloppypar}\noindent", said, r"\end{sloppypar}"] if needed else [])])


def markdown(sheet: Sheet) -> str:
    unit = {label: _rounded(cost) for label, cost in sheet.costs.items()}
    numbers = any(unit.values())
    lines = [f"| | {sheet.title} |{' |' if numbers else ''}", f"| --- | --- |{' --- |' if numbers else ''}"]
    for label, cost in sheet.costs.items():
        lines.append(f"| {label} | ${cost.latex()}$ |{f' {unit[label]} |' if numbers else ''}")
    if sheet.intensity is not None:
        lines.append(f"| intensity | ${ratio_text(sheet.intensity, LATEX)}$ |{' |' if numbers else ''}")
    return "\n".join([*lines, *(["", *(f"* {note}" for note in sheet.notes)] if sheet.notes else [])]) + "\n"


def page(sheet: Sheet) -> str:
    data = {
        "schema": SCHEMA,
        "symcost": __version__,
        "title": sheet.title,
        "costs": {label: data_of(cost) for label, cost in sheet.costs.items()},
        "requires": _requirements(sheet, ASCII),
        "notes": list(sheet.notes),
    }
    return _json(data)


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


# ------------------------------------------------------------ rows of layers


def traffic(parts: Iterable[Traffic], console: Console) -> None:
    """What each layer moves, under the totals."""
    spelling = spelling_of(console)
    table = _table("layer", "FLOPs", "bytes", "FLOPs a byte")
    for part in parts:
        if part.bytes != 0:
            table.add_row(
                part.text, *(c.text(spelling) for c in (part.flops, part.bytes)), _intensity(part.intensity, spelling)
            )
    console.print()
    aligned(table, console)


def work(rows: Iterable[tuple[str, str, Cost, Cost]], console: Console) -> None:
    """What each layer does forward and back."""
    spelling = spelling_of(console)
    table = _table("layer", "gradients", "forward", "backward")
    for text, gradients, forward, backward in rows:
        table.add_row(text, gradients, forward.text(spelling), backward.text(spelling))
    console.print()
    aligned(table, console)


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index < 1 or head == "gradients" else "right", overflow="fold")
    return table


FIELD = ("size", "stride", "start")


def fields(title: str, rows: list[tuple[str, Field]], console: Console) -> None:
    """The receptive field behind each layer, axes that are alike once."""
    spelling = spelling_of(console)
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print()
    table = _table("layer", *FIELD)
    for text, field in rows:
        table.add_row(text, *_cells(field, spelling))
    aligned(table, console)


def _cells(field: Field, spelling: Spelling) -> tuple[str, ...]:
    if field.whole:
        return (WHOLE, "", "")
    return tuple(_axes([None if c is None else c.text(spelling) for c in getattr(field, name)]) for name in FIELD)


def _axes(written: list[str | None]) -> str:
    each = [OPEN if w is None else w for w in written]
    return each[0] if len(set(each)) == 1 else " x ".join(each)


def fields_markdown(rows: list[tuple[str, Field]]) -> str:
    lines = ["| layer | size | stride | start |", "| --- | --- | --- | --- |"]
    for text, field in rows:
        cells = (f"${cell}$" if cell and cell not in (WHOLE, OPEN) else cell for cell in _cells(field, LATEX))
        lines.append(f"| `{text}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def fields_page(title: str, rows: list[tuple[str, Field]]) -> str:
    def axes(costs: tuple[Cost | None, ...]) -> list[str | None]:
        return [None if c is None else str(c) for c in costs]

    layers = [
        {"text": text, "whole": field.whole, **{name: axes(getattr(field, name)) for name in FIELD}}
        for text, field in rows
    ]
    return _json({"schema": SCHEMA, "symcost": __version__, "title": title, "layers": layers})


def fields_latex(title: str, net: Architecture, field: Field) -> str:
    if field.whole:
        return f"% {title}: every output position sees {WHOLE}\n"
    rows = {"receptive field": field.size[0], "stride": field.stride[0], "start": field.start[0]}
    said = (Equation(rf"\text{{{label}}}", "=", cost.latex()) for label, cost in rows.items() if cost is not None)
    return needing(equations(said))
