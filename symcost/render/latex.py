"""A network as a LaTeX fragment; it needs amsmath."""

from __future__ import annotations

from symcost.render.document import Document
from symcost.sizes.facts import Condition
from symcost.sizes.notation import LATEX, condition_text, latex_name, text
from symcost.sizes.shape import Shape


def condition(c: Condition) -> str:
    return condition_text(c, LATEX)


def shape(tensor: Shape) -> str:
    r"""``64 \times 112 \times 112``, as papers write a tensor."""
    sizes = [] if tensor.ids else [tensor.channels]
    return r" \times ".join(_factor(text(s, LATEX), len(s.terms)) for s in (*sizes, *tensor.dims))


def _factor(written: str, terms: int) -> str:
    return written if terms < 2 else rf"\left({written}\right)"


def page(document: Document) -> str:
    """The totals as one aligned display, with the definitions of named sizes and the conditions under it."""
    entries = [(rf"\text{{{escaped(label)}}}", cost.latex()) for label, cost in document.costs.items()]
    for symbol in document.net.domain.named:
        if symbol.name in document.names and symbol.definition is not None:
            entries.append((latex_name(symbol.name), text(document.net.domain.public(symbol.definition), LATEX)))
    body = " \\\\\n".join(f"  {left} &= {right}" for left, right in entries)
    lines = ["% needs \\usepackage{amsmath}", "\\begin{align*}", body, "\\end{align*}"]
    requirements = document.net.requirements
    if requirements:
        lines.append(f"Requires {', '.join(f'${condition(c)}$' for c in requirements)}.")
    return "\n".join(lines) + "\n"


def escaped(words: str) -> str:
    return "".join("\\" + c if c in "&%$#_{}" else c for c in words)
