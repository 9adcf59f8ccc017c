"""The difference of two counts, by cause: for the terminal, as LaTeX, Markdown and JSON."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost import __version__
from symcost.cost import Cost
from symcost.difference import Cause, Difference, Part
from symcost.render.json import SCHEMA
from symcost.render.json import cost as data_of
from symcost.render.latex import Equation, equations, escaped, needing
from symcost.render.terminal import aligned, entry, rounded, spelling_of
from symcost.sizes.atoms import Size
from symcost.sizes.notation import Spelling

EVERYWHERE = "any layer"


def show(difference: Difference, console: Console, *, parts: bool = False) -> None:
    """Print the two counts and what lies between them; ``parts`` adds the layers of each cause."""
    spelling = spelling_of(console)
    console.print(Text(f"{difference.titles[0]} - {difference.titles[1]}", style="bold"), soft_wrap=True)
    console.print()
    counts = dict(zip(difference.titles, (difference.first, difference.second), strict=True))
    if difference.titles[0] == difference.titles[1]:
        counts = {"first": difference.first, "second": difference.second}
    counts["difference"] = difference.total
    if all(cost.value is not None for cost in counts.values()):
        _numbers(difference, counts, console, spelling, parts)
    else:
        _formulas(difference, counts, console, spelling, parts)


def _numbers(
    difference: Difference, counts: dict[str, Cost], console: Console, spelling: Spelling, parts: bool
) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold", max_width=24)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for label, cost in counts.items():
        table.add_row(label, _formula(cost, spelling), Text(rounded(cost.value or 0, cost), style="dim"))
    if difference.causes:
        table.add_row()
    for cause in difference.causes:
        why = "\n".join(_sides(cause.why, difference))
        table.add_row(cause.kind or EVERYWHERE, _formula(cause.cost, spelling), Text(why))
        for part, times in _alike(cause) if parts else ():
            label, cost = _repeated(part, times)
            table.add_row(Text(f"  {label}", style="dim"), Text(_formula(cost, spelling), style="dim"))
    aligned(table, console)


def _formulas(
    difference: Difference, counts: dict[str, Cost], console: Console, spelling: Spelling, parts: bool
) -> None:
    width = max(len(label) for label in (*counts, *(cause.kind or EVERYWHERE for cause in difference.causes)))
    for label, cost in counts.items():
        entry(console, label, _formula(cost, spelling), width)
    for cause in difference.causes:
        console.print()
        entry(console, cause.kind or EVERYWHERE, _formula(cause.cost, spelling), width)
        for why in _sides(cause.why, difference):
            entry(console, "", why, width)
        for part, times in _alike(cause) if parts else ():
            label, cost = _repeated(part, times)
            entry(console, "", f"{label}: {_formula(cost, spelling)}", width)


def _alike(cause: Cause) -> list[tuple[Part, int]]:
    """Layers that add the same, together, where the first of them stands."""
    found: dict[tuple[str, Size], list[Part]] = {}
    for part in cause.parts:
        found.setdefault((part.text, part.cost._size), []).append(part)
    return [(parts[0], len(parts)) for parts in found.values()]


def _repeated(part: Part, times: int) -> tuple[str, Cost]:
    return (
        (part.text, part.cost)
        if times == 1
        else (f"{part.text} (x {times})", part.cost._owned(part.cost._size * times))
    )


def _sides(why: str, difference: Difference) -> list[str]:
    """What each of two conventions says of a kind, on a line of its own."""
    one, found, other = why.partition(f"; {difference.titles[1]}: ")
    return [line for line in (one, found[2:] + other) if line]


def _formula(cost: Cost, spelling: Spelling) -> str:
    return cost.text(spelling)


def latex(difference: Difference) -> str:
    """An `align*` of the difference and of every cause by its number; a list of the causes under it."""
    first, second = (rf"\text{{{escaped(t)}}}" for t in difference.titles)
    rows = [Equation(f"{first} - {second}", "=", difference.total.latex())]
    rows += [Equation(rf"\text{{({n})}}", "=", c.cost.latex()) for n, c in enumerate(difference.causes, 1)]
    why = [rf"({n}) {escaped(_named(c))}.\par" for n, c in enumerate(difference.causes, 1)]
    return needing([*equations(rows), *([r"{\raggedright\noindent", *why, "}"] if why else [])])


def markdown(difference: Difference) -> str:
    first, second = difference.titles
    lines = [f"| {first} - {second} | ${difference.total.latex()}$ |", "| :--- | :--- |"]
    lines += [f"| {_named(c)} | ${c.cost.latex()}$ |" for c in difference.causes]
    return "\n".join(lines) + "\n"


def page(difference: Difference) -> str:
    """One JSON document, every cause with its layers."""
    data = {
        "schema": SCHEMA,
        "symcost": __version__,
        "first": {"name": difference.titles[0], **data_of(difference.first)},
        "second": {"name": difference.titles[1], **data_of(difference.second)},
        "difference": str(difference.total),
        "causes": [_cause(c) for c in difference.causes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _cause(cause: Cause) -> dict[str, object]:
    layers = [{"text": p.text, "kind": p.kind, "difference": str(p.cost)} for p in cause.parts]
    return {"kind": cause.kind or None, "why": cause.why, "difference": str(cause.cost), "layers": layers}


def _named(cause: Cause) -> str:
    return ": ".join(part for part in (cause.kind, cause.why) if part)
