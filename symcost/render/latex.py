"""A network in LaTeX, as pasted into a paper: formulas, what the symbols mean, a table of the layers, what is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from symcost.architecture import Architecture
from symcost.conventions import convention
from symcost.render.document import Document
from symcost.render.lines import INDENT, LINE, broken, flat, sums, width
from symcost.render.symbols import meanings
from symcost.render.table import HEADS, Setting, Table
from symcost.sizes.atoms import Size
from symcost.sizes.notation import LATEX, Spelling, latex_name, text
from symcost.sizes.shape import Shape

PACKAGES = {
    r"\mathbb": "amssymb",
    r"\toprule": "booktabs",
    "{longtable}": "longtable",
}  # beside amsmath, by what is theirs
PAGE = 450  # points of a line of a document of its own
LINES = 12  # of formulas that may stay on one page
INLINE = 120  # points of a formula that stands in a paragraph as it is
SMALL = 0.93  # of the letters in a table
LETTER = 4.73  # points of one in a typewriter
SEP = 4  # points beside a column


class Equation(NamedTuple):
    """A line of an `align`; a long one is broken."""

    left: str
    relation: str
    formula: str
    remark: str = ""  # behind it


def _on_one_line(spelling: Spelling) -> Spelling:
    """With ``X/2`` for a fraction: stacked ones in two rows of a table would touch."""

    def rounded(name: str) -> Callable[[str, str], str]:
        return lambda top, bottom: rf"\l{name} {top if bottom == '1' else f'{top}/{bottom}'} \r{name}"

    return replace(
        spelling,
        fraction=lambda top, bottom: f"{top}/{bottom}",
        floor=rounded("floor"),
        ceil=rounded("ceil"),
        braces_fraction=False,
    )


def conditions(net: Architecture) -> list[str]:
    """What must hold for a network to exist."""
    return list(net.domain.conditions_as(LATEX))


def shape(tensor: Shape, spelling: Spelling = LATEX) -> str:
    r"""``64 \times 112 \times 112``, as papers write a tensor."""
    sizes = [] if tensor.ids else [tensor.channels]
    return r" \times ".join(_factor(text(s, spelling)) for s in (*sizes, *tensor.dims)) or "1"


def _factor(written: str) -> str:
    return rf"\left({written}\right)" if sums(written) else written


def page(document: Document) -> str:
    """The fragment; its first line names the packages it needs."""
    spelling, line = spelling_of(document), PAGE if document.standalone else LINE
    body = [
        *_formulas(document, spelling, line),
        r"\begin{sloppypar}\noindent",
        *_words(document, spelling, line),
        r"\end{sloppypar}",
    ]
    if document.table:
        table = Table.of(document, _setting(spelling, line))
        body += ["", *_lines(table, line)]
    if not document.standalone:
        return needing(body)
    head = [r"\documentclass{article}", r"\usepackage[margin=25mm]{geometry}", *map(_used, needed(body))]
    return "\n".join([*head, r"\begin{document}", *body, r"\end{document}"]) + "\n"


def needing(lines: Sequence[str]) -> str:
    """A fragment, with a comment on the packages it needs."""
    return "\n".join(["% needs " + "".join(map(_used, needed(lines))), *lines]) + "\n"


def needed(lines: Sequence[str]) -> list[str]:
    """The packages that what is written is from."""
    return ["amsmath", *(package for sign, package in PACKAGES.items() if any(sign in line for line in lines))]


def _used(package: str) -> str:
    return rf"\usepackage{{{package}}}"


def spelling_of(document: Document) -> Spelling:
    """LaTeX with the user's own way of writing some symbols."""
    styles = document.styles
    styled = replace(LATEX, name=lambda name: styles.get(name) or latex_name(name)) if styles else LATEX
    return document.net.domain.spelled(styled)


def _formulas(document: Document, spelling: Spelling, line: float) -> list[str]:
    costs = document.costs.items()
    rows = (Equation(rf"\text{{{escaped(label)}}}", "=", text(cost._presentable, spelling)) for label, cost in costs)
    return equations(rows, line)


def equations(rows: Iterable[Equation], line: float = LINE) -> list[str]:
    """An `align*` no wider than a line; a long one may go on on the next page."""
    found = list(rows)
    column = max((width(row.left) for row in found), default=0)
    lines = []
    for row in found:
        room = line - column - width(f"x {row.relation} x") - INDENT
        first, *others = broken(row.formula, room)
        written = [
            f"  {row.left} &{row.relation} {first}".replace("   &", "  &"),
            *(rf"  &\quad {more}" for more in others),
        ]
        if row.remark:
            last = (others or [first])[-1]
            fits = width(last) + width(row.remark) + 2 * INDENT <= room
            written += [] if fits else [r"  &"]
            written[-1] += rf" \quad {row.remark}"
        lines += written
    body = [r"\begin{align*}", " \\\\\n".join(lines), r"\end{align*}"]
    return [r"{\allowdisplaybreaks", *body, "}"] if len(lines) > LINES else body


def inline(formula: str) -> str:
    """A formula in a paragraph; where it is long its line may break in parentheses too."""
    return f"${formula if width(formula) < INLINE else flat(formula)}$"


def _words(document: Document, spelling: Spelling, line: float) -> Iterator[str]:
    """Sentences under the formulas: names, symbols, conditions, conventions, what is left out."""
    names = [inline(f"{spelling.name(name)} = {text(meaning, spelling)}") for name, meaning in document.names.items()]
    if names:
        yield f"where {', '.join(names)}."
    said = [f"${spelling.name(name)}$: {_code(meaning)}" for name, meaning in meanings(document.net).items()]
    if said:
        yield f"{'; '.join(said)}."
    for symbols, costs in document.asymptotes.items():
        yield from _asymptotes(symbols, costs, spelling, line)
    if needed := document.net.domain.conditions_as(spelling):
        yield f"It requires {', '.join(map(inline, needed))}."
    for name in document.conventions:
        rule = convention(name)
        yield rf"{escaped(rule.unit)} (\texttt{{{escaped(rule.name)}}}): {escaped(rule.title)}."
    if document.uncounted:
        yield f"Not counted: {escaped('; '.join(document.uncounted))}."


def _asymptotes(symbols: Sequence[str], costs: Mapping[str, Size], spelling: Spelling, line: float) -> Iterator[str]:
    """A sentence, or a display where a formula is long."""
    *others, last = map(spelling.name, symbols)
    grow = "".join(f"${name}$, " for name in others) + rf"${last} \to \infty$"
    like = {escaped(label): text(size, spelling) for label, size in costs.items()}
    if max(map(width, like.values())) < INLINE:
        said = (rf"{label} ${{}}\sim {flat(formula)}$" for label, formula in like.items())
        yield f"As {grow}, {', '.join(said)}."
    else:
        yield f"As {grow},"
        yield from equations((Equation(rf"\text{{{label}}}", r"\sim", f) for label, f in like.items()), line)
        yield r"\noindent"


def _code(meaning: str) -> str:
    """``kernel side of conv(K)-64`` with the layer in typewriter type."""
    head, of, layer = meaning.rpartition(" of ")
    return rf"{head} of \texttt{{{escaped(layer)}}}" if of and re.search(r"[\d(-]", layer) else escaped(meaning)


# ------------------------------------------------------------ the layers


def _setting(spelling: Spelling, line: float) -> Setting:
    pair, letters = (r"\left(", r"\right)"), (line, SMALL, LETTER, 2 * SEP)
    return Setting(spelling, _on_one_line(spelling), False, *letters, r" \times ", pair, r"\text{%s}")


def _lines(table: Table, line: float) -> Iterator[str]:
    columns = (f"p{{{table.room:.0f}pt}}" if table.room else "l") + ("r" if table.counts else "") + "lrr"
    heads = ["layer", *([r"$\times$"] if table.counts else []), *HEADS]
    begin = r"\begin{longtable}[l]" if table.long else r"\noindent\begin{tabular}"
    yield r"\medskip"
    yield rf"\begin{{small}}\setlength{{\tabcolsep}}{{{SEP}pt}}"
    yield rf"{begin}{{@{{}}{columns}@{{}}}}"
    yield rf"\toprule {' & '.join(heads)} \\ \midrule" + (r" \endhead" if table.long else "")
    for index, layer in enumerate(table.layers):
        count = [f"${c}$" if c and not c.isdigit() else c for c in table.counts[index : index + 1]]
        yield f"{' & '.join([_layer(layer, bool(table.room)), *count, *map(_stacked, table.cells[index])])} \\\\"
    yield rf"\bottomrule \end{{{'longtable' if table.long else 'tabular'}}}"
    yield r"\end{small}"
    if table.below:
        below = (Equation(rf"\text{{({n})}}", "=", formula) for n, formula in enumerate(table.below, 1))
        yield from equations(below, line)


def _layer(said: str, wraps: bool) -> str:
    layer = escaped(said)
    for sign in "(,=" if wraps else "":
        layer = layer.replace(sign, rf"{sign}\allowbreak{{}}")
    return (r"\raggedright " if wraps else "") + rf"\texttt{{{layer}}}"


def _stacked(lines: Sequence[str]) -> str:
    if len(lines) < 2:
        return f"${lines[0]}$" if lines else ""
    inner = r" \\ & ".join(lines)
    return rf"$\begin{{aligned}}[t] & {inner} \end{{aligned}}$"


def escaped(words: str) -> str:
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return "".join(special.get(c) or ("\\" + c if c in "&%$#_{}" else c) for c in words)
