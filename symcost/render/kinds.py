"""The layer kinds as a listing, as a description of one, and as the reference page of the documentation."""

from __future__ import annotations

from textwrap import wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost.layers import KINDS, known
from symcost.render.latex import shape
from symcost.render.reference import General, general
from symcost.render.terminal import aligned, entry, prose, spelling_of
from symcost.sizes.notation import LATEX, latex_name, text
from symcost.source import Diagnostic, SymcostError, nearest


def listing(console: Console) -> None:
    """Every kind with its general formulas."""
    spelling = spelling_of(console)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("layer", "parameters", "MACs"):
        table.add_column(column)
    for kind in known():
        found = general(kind)
        cells = (kind.kind, text(found.params, spelling), text(found.macs, spelling))
        table.add_row(*(Text(c if c != "0" else "") for c in cells))
    aligned(table, console)
    console.print("\nsymcost layers NAME says everything about one of them.")


def describe(name: str, console: Console) -> None:
    """Everything about one kind."""
    if name not in KINDS:
        help_ = nearest(name, KINDS) or "symcost layers lists them"
        raise SymcostError(Diagnostic("unknown-layer", f"unknown layer '{name}'", help=help_))
    spelling = spelling_of(console)
    found = general(KINDS[name])
    for line in wrap(found.kind.signature, console.width, subsequent_indent="    "):
        console.print(Text(line, style="bold"))
    console.print()
    console.print(prose(_paragraphs(found), console.width), soft_wrap=True)
    console.print()
    console.print(f"{found.input.text(spelling)}  ->  {found.output.text(spelling)}", soft_wrap=True)
    sizes = {"parameters": found.params, "MACs": found.macs, **found.names}
    for label, size in sizes.items():
        entry(console, label, text(size, spelling), len("parameters"))


def page() -> str:
    """The reference page: one section a kind."""
    lines = ["# Layers", "", "Made by `symcost layers --markdown` from the kinds themselves.", ""]
    for kind in known():
        found = general(kind)
        lines += [f"## {kind.kind}", "", f"`{kind.signature}`", "", *_paragraphs(found), ""]
        lines += [f"* shape: ${shape(found.input)} \\to {shape(found.output)}$"]
        lines += [f"* parameters: ${text(found.params, LATEX)}$", f"* MACs: ${text(found.macs, LATEX)}$"]
        lines += [f"* ${latex_name(n)} = {text(side, LATEX)}$" for n, side in found.names.items()] + [""]
    return "\n".join(lines)


def _paragraphs(found: General) -> list[str]:
    import inspect

    return inspect.cleandoc(found.kind.__doc__ or "").splitlines()
