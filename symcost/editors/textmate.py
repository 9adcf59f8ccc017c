"""The language as a TextMate grammar: for VS Code, Sublime Text, the editors of JetBrains, and Shiki in web pages."""

from __future__ import annotations

import json
from collections.abc import Iterable

from symcost.editors.tokens import CLOSES, COLOURS, OPENS, Rule, table

SCOPE = "source.symcost"


def page() -> str:
    """The grammar as JSON. Regular expressions are those of Oniguruma, which reads ours as Python does."""
    found = table()
    data = {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "symcost",
        "scopeName": SCOPE,
        "fileTypes": ["arch"],
        "patterns": [{"include": "#layers"}],
        "repository": {
            "layers": {"patterns": [*_rules(found.layers), _parentheses()]},
            "sizes": {"patterns": [*_rules(found.sizes), _parentheses()]},
        },
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _rules(rules: Iterable[Rule]) -> list[dict[str, str]]:
    return [{"match": rule.pattern, "name": _scope(rule.kind)} for rule in rules if COLOURS[rule.kind][1]]


def _parentheses() -> dict[str, object]:
    """Sizes, between parentheses."""
    marks = {"0": {"name": _scope("punctuation")}}
    inside = [{"include": "#sizes"}]
    return {"begin": OPENS, "beginCaptures": marks, "end": CLOSES, "endCaptures": marks, "patterns": inside}


def _scope(kind: str) -> str:
    return f"{COLOURS[kind][1]}.symcost"
