"""A network in Typst: formulas, what the symbols mean, a table of the layers, what is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from symcost.architecture import Cost
from symcost.conventions import convention
from symcost.render.document import Document, repeats
from symcost.render.symbols import meanings
from symcost.sizes.atoms import Size
from symcost.sizes.notation import TYPST, Spelling, condition_text, text, typst_name
from symcost.sizes.shape import Shape


def page(document: Document) -> str:
    """The fragment, or (standalone) a page of its own; it needs no package."""
    styles = document.styles
    spelling = replace(TYPST, name=lambda name: styles.get(name) or typst_name(name)) if styles else TYPST
    lines = [*_formulas(document, spelling), "", *_words(document, spelling)]
    if document.table:
        lines += ["", *_table(document, spelling)]
    head = ["#set page(margin: 25mm)", ""] if document.standalone else []
    return "\n".join([*head, *lines]) + "\n"


def _formulas(document: Document, spelling: Spelling) -> Iterator[str]:
    rows = [f'"{label}" &= {_formula(cost, spelling)}' for label, cost in document.costs.items()]
    yield "$ " + " \\\n  ".join(rows) + " $"


def _formula(cost: Cost, spelling: Spelling) -> str:
    return text(cost._presentable, spelling)


def _words(document: Document, spelling: Spelling) -> Iterator[str]:
    names = [f"${spelling.name(name)} = {text(meaning, spelling)}$" for name, meaning in document.names.items()]
    if names:
        yield f"where {', '.join(names)}."
    said = [f"${spelling.name(name)}$: {escaped(meaning)}" for name, meaning in meanings(document.net).items()]
    if said:
        yield f"{'; '.join(said)}."
    if document.net.requirements:
        conditions = ", ".join(f"${condition_text(c, spelling)}$" for c in document.net.requirements)
        yield f"It requires {conditions}."
    for name in document.conventions:
        rule = convention(name)
        yield f"{escaped(rule.unit)} (`{rule.name}`): {escaped(rule.title)}."
    if document.uncounted:
        yield f"Not counted: {escaped('; '.join(document.uncounted))}."


def _table(document: Document, spelling: Spelling) -> Iterator[str]:
    repeated = repeats(document.rows)
    heads = ["layer", *(["$times$"] if repeated else []), "output", "parameters", "MACs"]
    align = ["left", *(["right"] if repeated else []), "left", "right", "right"]
    yield f"#table(columns: {len(heads)}, stroke: none, align: ({', '.join(align)}),"
    yield "  table.hline(),"
    yield f"  table.header({', '.join(f'[{head}]' for head in heads)}),"
    yield "  table.hline(),"
    for row in document.rows:
        repeat = row.repeat
        count = str(repeat) if isinstance(repeat, int) else f"${_formula(document.cell(repeat), spelling)}$"
        cells = [f"`{row.text}`", *([count if count != "1" else ""] if repeated else [])]
        cells += [f"${_shape(document.shape(row.output), spelling)}$"]
        cells += [_cell(document.cell(cost), spelling) for cost in (row.params, row.macs)]
        yield f"  {', '.join(f'[{cell}]' for cell in cells)},"
    yield "  table.hline(),"
    yield ")"


def _cell(cost: Cost, spelling: Spelling) -> str:
    written = _formula(cost, spelling)
    return "" if written == "0" else f"${written}$"


def _shape(tensor: Shape, spelling: Spelling) -> str:
    sizes: list[Size] = [] if tensor.ids else [tensor.channels]
    written = (text(s, spelling) for s in (*sizes, *tensor.dims))
    return " times ".join(w if " " not in w else f"({w})" for w in written) or "1"


def escaped(words: str) -> str:
    return "".join("\\" + c if c in "#$*_`@<>[]\\" else c for c in words)
