"""Which ways of counting print a figure: for the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost import __version__
from symcost.explain import Explanation, Reading
from symcost.render.figures import si
from symcost.render.json import SCHEMA
from symcost.render.terminal import aligned, spelling_of
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.notation import LATEX, text

Grouped = dict[tuple[Rational, str, str], list[str]]


def show(explanation: Explanation, printed: str, console: Console, *, parts: bool = False) -> None:
    """Print what gives the figure, or what comes nearest; ``parts`` of a network beside the whole one where that gives it."""
    whole = tuple(r for r in explanation.exact if not r.scope)
    found = explanation.exact if parts else whole or explanation.exact
    console.print(
        f"{printed} is the figure of" if found else f"no way of counting known here prints {printed}; the nearest are"
    )
    console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    spelling = spelling_of(console)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    if not found:
        table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for (value, unit, scope), names in _grouped(found or explanation.nearest).items():
        apart = [] if found else [Text(_signed(Fraction(value) - explanation.value), style="dim")]
        what = ": ".join(part for part in (scope, ", ".join(names)) if part)
        table.add_row(Text(text(Size.of(value), spelling)), Text(unit), *apart, Text(what))
    aligned(table, console)
    more = len(_grouped(explanation.exact)) - len(_grouped(found))
    if more:
        said = (
            "one count of a part of the network prints"
            if more == 1
            else f"{more} counts of a part of the network print"
        )
        console.print(f"\n{said} it too: --all lists {'it' if more == 1 else 'them'}.")


def markdown(explanation: Explanation, printed: str) -> str:
    """A table of the ways of counting that print a figure, or of the nearest with how far off they are."""
    found = tuple(r for r in explanation.exact if not r.scope) or explanation.exact or explanation.nearest
    said = "is the figure of" if explanation.exact else "is no figure known here; the nearest are"
    lines = [f"| {printed} | {said} |", "| ---: | --- |"]
    for (value, unit, scope), names in _grouped(found).items():
        what = ": ".join(part for part in (scope, ", ".join(names)) if part)
        apart = "" if explanation.exact else f" ({_signed(Fraction(value) - explanation.value)})"
        lines.append(f"| ${text(Size.of(value), LATEX)}$ {unit}{apart} | {what} |")
    return "\n".join(lines) + "\n"


def _grouped(readings: Iterable[Reading]) -> Grouped:
    """Conventions that count the same thing the same, together."""
    found: Grouped = {}
    for r in readings:
        names = found.setdefault((r.value, r.unit, r.scope), [])
        if r.convention:
            names.append(r.convention)
    return found


def _signed(value: Rational) -> str:
    return f"{'-' if value < 0 else '+'}{si(abs(Fraction(value)))}"


def page(explanation: Explanation, printed: str) -> str:
    """One JSON document."""

    def data(readings: Iterable[Reading]) -> list[dict[str, str | None]]:
        return [
            {"convention": r.convention, "unit": r.unit, "scope": r.scope or None, "value": str(r.value)}
            for r in readings
        ]

    found = {"schema": SCHEMA, "symcost": __version__, "figure": printed}
    return json.dumps(found | {"exact": data(explanation.exact), "nearest": data(explanation.nearest)}, indent=2) + "\n"
