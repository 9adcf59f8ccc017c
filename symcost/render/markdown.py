"""A network as Markdown: a table of the layers and the totals, formulas as LaTeX between dollars."""

from __future__ import annotations

from collections.abc import Sequence

from symcost.architecture import Architecture, Row
from symcost.render.document import Document, repeats
from symcost.render.latex import conditions, shape
from symcost.sizes.notation import LATEX, latex_name, text


def table(net: Architecture) -> str:
    """The layers and totals of a network."""
    return page(Document(net, ""))


def layers(rows: Sequence[Row]) -> str:
    """Some layers of a network, their sizes written out."""
    return "\n".join(_rows(Document(rows[0]._owner, "", resolve=True), rows) if rows else ["no layers"]) + "\n"


def page(document: Document) -> str:
    lines = [*_rows(document, document.rows), ""]
    lines += [f"* {label}: ${cost.latex()}$" for label, cost in document.costs.items()]
    if document.names:
        spelling = document.net.domain.spelled(LATEX)
        names = (f"${latex_name(name)} = {text(meaning, spelling)}$" for name, meaning in document.names.items())
        lines.append(f"* where {', '.join(names)}")
    if needed := conditions(document.net):
        lines.append(f"* requires: {', '.join(f'${c}$' for c in needed)}")
    lines += [f"* not counted: {said}" for said in document.uncounted]
    return "\n".join(lines) + "\n"


def _rows(document: Document, rows: Sequence[Row]) -> list[str]:
    """The table."""
    repeated = repeats(rows)
    head = {"layer": ":---"} | ({"×": "---:"} if repeated else {})
    head |= {"output": ":---", "parameters": "---:", "MACs": "---:"}
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(head.values())} |"]
    for row in rows:
        repeat = row.repeat
        often = "" if repeat == 1 else str(repeat) if isinstance(repeat, int) else f"${repeat.latex()}$"
        count = [often] if repeated else []
        costs = [f"${document.cell(c).latex()}$" if c.value != 0 else "" for c in (row.params, row.macs)]
        cells = [
            f"`{row.text}`",
            *count,
            f"${shape(document.shape(row.output), document.net.domain.spelled(LATEX))}$",
            *costs,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines
