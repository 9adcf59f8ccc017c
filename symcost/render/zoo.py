"""The zoo as a reference page of the documentation: every family, its networks, their formulas in what they leave open."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.render.document import Document
from symcost.render.latex import conditions
from symcost.sizes.notation import LATEX, latex_name, text
from symcost.source import SymcostError
from symcost.zoo import about, families, load, signatures

LONGEST = 500  # characters of LaTeX: what is longer is a page of its own, not a line

INTRODUCTION = """
Made by `symcost zoo --markdown` from the files of the zoo. Every network is given with all its parameters left open.
`symcost zoo resnet 'resnet(3, 4, 6, 3)'` prints one of them at values, `zoo/resnet` is the file of a family wherever a
command reads one, and the asserts in it are figures of published implementations.
"""


def page() -> str:
    """One section a family, one paragraph a network."""
    lines = ["# The zoo", "", *INTRODUCTION.strip().splitlines(), ""]
    for family in families():
        arch = load(family)
        lines += [f"## {family}", "", *about(family), ""]
        for name, signature in signatures(family).items():
            lines += [f"### `{signature}`", "", *_network(arch, name, f"symcost zoo {family} {name}"), ""]
    return "\n".join(lines).rstrip() + "\n"


def _network(arch: Architecture, name: str, command: str) -> Iterator[str]:
    try:
        document = Document(arch.net(name), name)
        found = {"parameters": document.costs["parameters"], "MACs": document.costs["MACs"]}
    except SymcostError as error:
        yield f"Needs values: {error.diagnostics[0].message.partition(', ')[0]}."
        return
    shown = {label: cost for label, cost in found.items() if len(cost.latex()) <= LONGEST}
    for label, cost in found.items():
        yield f"* {label}: ${cost.latex()}$" if label in shown else f"* {label}: long, see `{command} -q`"
    yield from _where(document, list(shown.values()))


def _where(document: Document, costs: list[Cost]) -> Iterator[str]:
    """What the names in these costs stand for, and the conditions."""
    said = {str(s) for cost in costs for s in cost.free_symbols}
    spelling = document.net.domain.spelled(LATEX)
    names = [f"${latex_name(n)} = {text(size, spelling)}$" for n, size in document.names.items() if n in said]
    if names:
        yield f"* where {', '.join(names)}"
    if needed := conditions(document.net):
        yield f"* requires {', '.join(f'${c}$' for c in needed)}"
