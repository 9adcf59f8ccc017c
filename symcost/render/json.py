"""A network as one JSON document. Exact integers are strings: readers of JSON lose digits above 2^53."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from symcost import __version__
from symcost.architecture import Row
from symcost.cost import Cost
from symcost.render.document import Document
from symcost.sizes.notation import ASCII, text
from symcost.source import Diagnostic

SCHEMA = 1


def page(document: Document) -> str:
    document, net = replace(document, exact=True), document.net
    spelling = net.domain.spelled(ASCII)
    data = {
        "schema": SCHEMA,
        "symcost": __version__,
        "name": document.title,
        "input": None if net.input is None else str(net.input),
        "output": None if net.output is None else str(document.shape(net.output)),
        "symbols": list(net.symbols),
        "costs": {label: cost(each) for label, each in document.costs.items()},
        "names": {name: text(meaning, spelling) for name, meaning in document.names.items()},
        "requires": list(net.domain.conditions_as(ASCII)),
        "layers": [_row(row, document) for row in document.rows],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def errors(diagnostics: tuple[Diagnostic, ...]) -> str:
    """The same diagnostics the terminal shows, as data."""
    found = []
    for d in diagnostics:
        line, column = d.span.source.place(d.span.start) if d.span else (None, None)
        found.append(
            {
                "code": d.code,
                "message": d.message,
                "file": d.span.source.name if d.span else None,
                "line": line,
                "column": column,
                "notes": list(d.notes),
                "help": d.help,
            }
        )
    return json.dumps({"schema": SCHEMA, "errors": found}, indent=2, ensure_ascii=False) + "\n"


def cost(given: Cost) -> dict[str, Any]:
    """A cost: its formula, what it is in, its value where it is a number, what it leaves out."""
    value = given.value
    found: dict[str, Any] = {"formula": str(given), "unit": given.unit, "convention": given.convention}
    if value is not None:
        found |= {"value": str(value), "float": _float(given)}
    return found | {"not_counted": list(given.uncounted)}


def _float(cost: Cost) -> float | None:
    try:
        return float(cost)
    except OverflowError:
        return None


def _row(row: Row, document: Document) -> dict[str, Any]:
    return {
        "text": row.text,
        "kind": row.kind,
        "repeat": str(row.repeat),
        "input": str(document.shape(row.input)),
        "output": str(document.shape(row.output)),
        "params": cost(document.cell(row.params)),
        "macs": cost(document.cell(row.macs)),
    }
