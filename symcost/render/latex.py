"""A network in LaTeX, as pasted into a paper: formulas, what the symbols mean, a table of the layers, what is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from symcost.architecture import Cost
from symcost.conventions import convention
from symcost.render.document import Document, repeats
from symcost.render.symbols import meanings
from symcost.sizes.atoms import Size
from symcost.sizes.facts import Condition
from symcost.sizes.notation import LATEX, Spelling, condition_text, latex_name, parts, text
from symcost.sizes.shape import Shape

ROWS = 28  # of a table that fits on a page; more make it a longtable
WIDE = 54  # signs of a formula in a column of text
LAYER = 26  # letters of a layer that fit on a line of its column
LINES = 12  # of formulas that may stay on one page
FORMULA = 24  # signs of a formula in a cell of a table


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


def condition(c: Condition) -> str:
    return condition_text(c, LATEX)


def shape(tensor: Shape, spelling: Spelling = LATEX) -> str:
    r"""``64 \times 112 \times 112``, as papers write a tensor."""
    sizes = [] if tensor.ids else [tensor.channels]
    written = (_factor(text(s, spelling), len(s.terms)) for s in (*sizes, *tensor.dims))
    return r" \times ".join(written) or "1"


def _factor(written: str, terms: int) -> str:
    return written if terms < 2 else rf"\left({written}\right)"


def page(document: Document) -> str:
    """The fragment; its first line names the packages it needs."""
    spelling = spelling_of(document)
    body = [
        *_formulas(document, spelling),
        r"\begin{sloppypar}\noindent",
        *_words(document, spelling),
        r"\end{sloppypar}",
    ]
    if document.table:
        body += ["", *_table(document, spelling)]
    packages = ["amsmath", *(["booktabs"] if document.table else []), *(["longtable"] if _long(document) else [])]
    if not document.standalone:
        return "\n".join(["% needs " + "".join(map(_used, packages)), *body]) + "\n"
    head = [r"\documentclass{article}", r"\usepackage[margin=25mm]{geometry}"]
    head += [_used(package) for package in ("amssymb", *packages)]
    return "\n".join([*head, r"\begin{document}", *body, r"\end{document}"]) + "\n"


def _used(package: str) -> str:
    return rf"\usepackage{{{package}}}"


def spelling_of(document: Document) -> Spelling:
    """LaTeX with the user's own way of writing some symbols."""
    styles = document.styles
    return replace(LATEX, name=lambda name: styles.get(name) or latex_name(name)) if styles else LATEX


def _formulas(document: Document, spelling: Spelling) -> Iterator[str]:
    lines = []
    for label, cost in document.costs.items():
        first, *others = broken(cost._presentable, spelling)
        lines.append(rf"  \text{{{escaped(label)}}} &= {first}")
        lines += [rf"  &\quad {more}" for more in others]
    if len(lines) > LINES:
        yield r"\allowdisplaybreaks"
    yield r"\begin{align*}"
    yield " \\\\\n".join(lines)
    yield r"\end{align*}"


def broken(size: Size, spelling: Spelling, wide: int = WIDE) -> list[str]:
    """A formula in lines of so many signs, broken before plus and minus."""
    whole = text(size, spelling)
    if width(whole) <= wide:
        return [whole]
    before, terms, after = parts(size, spelling)
    lines = [before]
    for written, term in terms:
        room = wide - width(lines[-1])
        if width(written) > room and lines[-1].strip():
            lines.append("{}")
        if width(written) > wide and len(terms) + len(before) > 1:  # a product with a sum in it
            first, *others = broken(term, spelling, wide - 2)
            sign = re.match(r"\s*[+-] |-?", written)
            lines[-1] += (sign[0] if sign else "") + first
            lines += [rf"\quad {more}" for more in others]
        else:
            lines[-1] += written
    lines[-1] += after
    return lines


def width(written: str) -> int:
    """About how many signs wide a formula is when it is set: a fraction is as wide as its wider part."""
    fraction = re.compile(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}")
    while (found := fraction.search(written)) is not None:
        written = written[: found.start()] + max(found[1], found[2], key=len) + written[found.end() :]
    written = re.sub(r"\\(left|right|bigl|bigr|mathrm|text|operatorname|,)", "", written)
    written = re.sub(r"\\[a-zA-Z]+", "x", written)
    return len(re.sub(r"[{}_^\s]", "", written))


def _words(document: Document, spelling: Spelling) -> Iterator[str]:
    """Sentences under the formulas: names, symbols, conditions, conventions, what is left out."""
    names = [f"${spelling.name(name)} = {text(meaning, spelling)}$" for name, meaning in document.names.items()]
    if names:
        yield f"where {', '.join(names)}."
    said = [f"${spelling.name(name)}$: {_code(meaning)}" for name, meaning in meanings(document.net).items()]
    if said:
        yield f"{'; '.join(said)}."
    requirements = document.net.requirements
    if requirements:
        conditions = ", ".join(f"${condition_text(c, spelling)}$" for c in requirements)
        yield f"It requires {conditions}."
    for name in document.conventions:
        rule = convention(name)
        yield rf"{escaped(rule.unit)} (\texttt{{{escaped(rule.name)}}}): {escaped(rule.title)}."
    if document.uncounted:
        yield f"Not counted: {escaped('; '.join(document.uncounted))}."


def _code(meaning: str) -> str:
    """``kernel side of conv(K)-64`` with the layer in typewriter type."""
    head, of, layer = meaning.rpartition(" of ")
    return rf"{head} of \texttt{{{escaped(layer)}}}" if of and re.search(r"[\d(-]", layer) else escaped(meaning)


def _long(document: Document) -> bool:
    return document.table and len(document.rows) > ROWS


def _table(document: Document, spelling: Spelling) -> Iterator[str]:
    """Layers with their output and costs; a repeat is one row with how often."""
    repeated = repeats(document.rows)
    wraps = max((len(row.text) for row in document.rows), default=0) > LAYER
    columns = ("p{36mm}" if wraps else "l") + ("r" if repeated else "") + "lrr"
    heads = ["layer", *([r"$\times$"] if repeated else []), "output", "parameters", "MACs"]
    environment = "longtable" if _long(document) else "tabular"
    spelling = _on_one_line(spelling)
    yield r"\medskip"
    yield r"\begin{small}\setlength{\tabcolsep}{4pt}"
    yield rf"\begin{{{environment}}}{{@{{}}{columns}@{{}}}}"
    yield rf"\toprule {' & '.join(heads)} \\ \midrule" + (r" \endhead" if _long(document) else "")
    for row in document.rows:
        repeat = row.repeat
        count = str(repeat) if isinstance(repeat, int) else f"${document.cell(repeat).text(spelling)}$"
        layer = escaped(row.text)
        for sign in "(,=" if wraps else "":
            layer = layer.replace(sign, rf"{sign}\allowbreak{{}}")
        cells = [(r"\raggedright " if wraps else "") + rf"\texttt{{{layer}}}"]
        cells += ["" if count == "1" else count] if repeated else []
        cells += [_stacked(_shape_lines(document.shape(row.output), spelling))]
        cells += [_cell(document.cell(cost), spelling) for cost in (row.params, row.macs)]
        yield f"{' & '.join(cells)} \\\\"
    yield rf"\bottomrule \end{{{environment}}}"
    yield r"\end{small}"


def _cell(cost: Cost, spelling: Spelling) -> str:
    lines = broken(cost._presentable, spelling, FORMULA)
    return "" if lines == ["0"] else _stacked(lines)


def _shape_lines(tensor: Shape, spelling: Spelling) -> list[str]:
    """A shape, its sizes one under the other where they are long."""
    whole = shape(tensor, spelling)
    if width(whole) <= FORMULA:
        return [whole]
    found: list[str] = []
    for size in (*(() if tensor.ids else (tensor.channels,)), *tensor.dims):
        lines = broken(size, spelling, FORMULA)
        if len(size.terms) > 1:
            lines = [rf"\bigl({lines[0]}", *lines[1:]]
            lines[-1] += r"\bigr)"
        found += [rf"{{}}\times {lines[0]}" if found else lines[0], *lines[1:]]
    return found


def _stacked(lines: list[str]) -> str:
    if len(lines) == 1:
        return f"${lines[0]}$"
    inner = r" \\ & ".join(lines)
    return rf"$\begin{{aligned}}[t] & {inner} \end{{aligned}}$"


def escaped(words: str) -> str:
    special = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
    return "".join(special.get(c) or ("\\" + c if c in "&%$#_{}" else c) for c in words)
