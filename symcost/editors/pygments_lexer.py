"""The language for Pygments: in Sphinx, Jupyter, minted, and wherever else code is printed in colour."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from pygments.lexer import RegexLexer
from pygments.token import string_to_tokentype

from symcost.editors.tokens import CLOSES, COLOURS, OPENS, Rule, table


def _state(rules: Iterable[Rule], *brackets: tuple[str, str]) -> list[tuple[object, ...]]:
    found = [(rule.pattern, string_to_tokentype(COLOURS[rule.kind][0])) for rule in rules]
    punctuation = string_to_tokentype(COLOURS["punctuation"][0])
    return [*found, *((pattern, punctuation, where) for pattern, where in brackets)]


class SymcostLexer(RegexLexer):
    """Networks in the language of symcost."""

    name = "symcost"
    aliases: ClassVar[list[str]] = ["symcost", "arch"]
    filenames: ClassVar[list[str]] = ["*.arch"]
    flags = re.MULTILINE
    tokens: ClassVar[dict[str, list[tuple[object, ...]]]] = {
        "root": _state(table().layers, (OPENS, "sizes"), (CLOSES, "#pop")),
        "sizes": _state(table().sizes, (OPENS, "#push"), (CLOSES, "#pop")),
    }
