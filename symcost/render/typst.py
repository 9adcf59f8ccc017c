"""A network in Typst: formulas, what the symbols mean, a table of the layers, what is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from symcost.conventions import convention
from symcost.render.document import Document
from symcost.render.lines import INDENT, broken, width
from symcost.render.symbols import meanings
from symcost.render.table import HEADS, Setting, Table
from symcost.sizes.notation import TYPST, Spelling, text, typst_name

LINE = 405.0  # tenths of the size of letters: A4 with margins of 25 mm, in 11 points
LETTER = 6.1  # of one in a typewriter
GAP = 10.0  # between columns
INLINE = 120  # points of a formula that stands in a paragraph
LINES = 12  # of formulas that may stay on one page


def page(document: Document) -> str:
    """The fragment, or (standalone) a page of its own; it needs no package."""
    styles = document.styles
    styled = replace(TYPST, name=lambda name: styles.get(name) or typst_name(name)) if styles else TYPST
    spelling = document.net.domain.spelled(styled)
    lines = [*_formulas(document, spelling), "", *_words(document, spelling)]
    if document.table:
        lines += ["", *_table(document, spelling)]
    head = ["#set page(margin: 25mm)", ""] if document.standalone else []
    return "\n".join([*head, *lines]) + "\n"


def _formulas(document: Document, spelling: Spelling) -> Iterator[str]:
    costs = document.costs.items()
    yield equations([(f'"{label}"', text(cost._presentable, spelling)) for label, cost in costs])


def equations(rows: Sequence[tuple[str, str]], relation: str = "=") -> str:
    """What stands on the left, and formulas, the long ones in lines."""
    room = LINE - max(width(left, True) for left, _ in rows) - width("x = x", True) - INDENT
    lines: list[str] = []
    for left, formula in rows:
        first, *others = broken(formula, room, typst=True)
        lines += [f"{left} &{relation} {first}", *(f"&quad {more}" for more in others)]
    written = "$ " + " \\\n  ".join(lines) + " $"
    return f"#[#show math.equation: set block(breakable: true)\n{written}]" if len(lines) > LINES else written


def _words(document: Document, spelling: Spelling) -> Iterator[str]:
    names = [f"${spelling.name(name)} = {text(meaning, spelling)}$" for name, meaning in document.names.items()]
    if names:
        yield f"where {', '.join(names)}."
    said = [f"${spelling.name(name)}$: {escaped(meaning)}" for name, meaning in meanings(document.net).items()]
    if said:
        yield f"{'; '.join(said)}."
    for symbols, costs in document.asymptotes.items():
        like = {label: text(size, spelling) for label, size in costs.items()}
        grow = f"As ${', '.join(map(spelling.name, symbols))} -> oo$,"
        if max(width(formula, True) for formula in like.values()) < INLINE:
            sentence = (f"{escaped(label)} $tilde.op {formula}$" for label, formula in like.items())
            yield f"{grow} {', '.join(sentence)}."
        else:
            yield grow
            yield equations([(f'"{label}"', formula) for label, formula in like.items()], "tilde.op")
    if needed := document.net.domain.conditions_as(spelling):
        yield f"It requires {', '.join(f'${c}$' for c in needed)}."
    for name in document.conventions:
        rule = convention(name)
        yield f"{escaped(rule.unit)} (`{rule.name}`): {escaped(rule.title)}."
    if document.uncounted:
        yield f"Not counted: {escaped('; '.join(document.uncounted))}."


def _on_one_line(spelling: Spelling) -> Spelling:
    def over(top: str, bottom: str) -> str:
        return rf"{top}\/{bottom}"

    def rounded(name: str) -> Callable[[str, str], str]:
        return lambda top, bottom: f"{name}({top if bottom == '1' else over(top, bottom)})"

    return replace(
        spelling,
        fraction=over,
        floor=rounded("floor"),
        ceil=rounded("ceil"),
        braces_fraction=False,
    )


def _table(document: Document, spelling: Spelling) -> Iterator[str]:
    letters = LINE, 1, LETTER, GAP
    setting = Setting(spelling, _on_one_line(spelling), True, *letters, " times ", ("(", ")"), '"%s"')
    table = Table.of(document, setting)
    heads = ["layer", *(["$times$"] if table.counts else []), *HEADS]
    align = ["left", *(["right"] if table.counts else []), "left", "right", "right"]
    columns = [f"{table.room / 10:.1f}em" if table.room else "auto", *["auto"] * (len(heads) - 1)]
    yield f"#table(columns: ({', '.join(columns)}), stroke: none, align: ({', '.join(align)}),"
    yield "  table.hline(),"
    yield f"  table.header({', '.join(f'[{head}]' for head in heads)}),"
    yield "  table.hline(),"
    for index, layer in enumerate(table.layers):
        count = [f"${c}$" if c and not c.isdigit() else c for c in table.counts[index : index + 1]]
        cells = [_layer(layer, bool(table.room)), *count, *map(_stacked, table.cells[index])]
        yield f"  {', '.join(f'[{cell}]' for cell in cells)},"
    yield "  table.hline(),"
    yield ")"
    if table.below:
        yield ""
        yield equations([(f'"({n})"', formula) for n, formula in enumerate(table.below, 1)])


def _layer(said: str, wraps: bool) -> str:
    if not wraps or not any(sign in said for sign in "(,="):
        return f"`{said}`"
    pieces = "\u200b".join(re.split(r"(?<=[(,=])", said))
    return f"`{pieces}`"


def _stacked(lines: Sequence[str]) -> str:
    turn = r" \ &"
    return f"${'&' if len(lines) > 1 else ''}{turn.join(lines)}$" if lines else ""


def escaped(words: str) -> str:
    return "".join("\\" + c if c in "#$*_`@<>[]\\" else c for c in words)
