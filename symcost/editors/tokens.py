"""The words of the language by the colour an editor gives them: one table, from which every highlighter is made.

The words come from the grammar and the registries of kinds, so that a new one is coloured without a line here. The two
worlds of the language are two states: LAYERS outside parentheses and SIZES inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from symcost.graph.merge import COMPOSITES
from symcost.graph.scope import COSTS, RESERVED
from symcost.layers import KINDS, known, slots
from symcost.parser import grammar_path
from symcost.sizes.functions import FUNCTIONS

# What a word is: its name in Pygments, and its scope in a TextMate grammar.
COLOURS = {
    "blank": ("Text.Whitespace", ""),
    "comment": ("Comment.Single", "comment.line.number-sign"),
    "string": ("Literal.String", "string.quoted.double"),
    "number": ("Literal.Number", "constant.numeric"),
    "keyword": ("Keyword", "keyword.control"),
    "declaration": ("Keyword.Declaration", "storage.type"),
    "word operator": ("Operator.Word", "keyword.operator.word"),
    "operator": ("Operator", "keyword.operator"),
    "punctuation": ("Punctuation", "punctuation"),
    "constant": ("Keyword.Constant", "constant.language"),
    "tensor": ("Name.Builtin.Pseudo", "variable.language"),
    "kind": ("Name.Builtin", "support.function.layer"),
    "construct": ("Keyword.Type", "keyword.other.construct"),
    "function": ("Name.Function", "support.function"),
    "cost": ("Name.Variable.Magic", "support.variable"),
    "definition": ("Name.Class", "entity.name.type"),
    "use": ("Name.Function", "entity.name.function"),
    "member": ("Name.Attribute", "variable.other.member"),
    "option": ("Name.Attribute", "variable.parameter"),
    "name": ("Name", "variable.other"),
}

OPENS, CLOSES = r"\(", r"\)"  # between them stand sizes


@dataclass(frozen=True)
class Rule:
    """Text that matches ``pattern`` and has the colour ``kind``. Rules are tried in order, at every place."""

    kind: str
    pattern: str


@dataclass(frozen=True)
class Table:
    layers: tuple[Rule, ...]
    sizes: tuple[Rule, ...]


@cache
def terminals() -> dict[str, str]:
    """The patterns of the grammar by the name of the terminal."""
    found = re.findall(r'^(\w+)(?:\.\d+)?: +(?:"([^"]+)"|/(.+)/)$', _grammar(), re.M)
    return {name: re.escape(word) if word else pattern for name, word, pattern in found}


@cache
def keywords() -> frozenset[str]:
    """The words of the grammar."""
    return frozenset(word for word in terminals().values() if word.isalpha() and word.islower() and len(word) > 1)


@cache
def statements() -> dict[str, str]:
    """The words that begin a statement, each with its rule."""
    alternatives = re.findall(r"\w+", re.findall(r"^_stmt: ((?:.*\n +\|)*.*)$", _grammar(), re.M)[0])
    found: dict[str, str] = {}
    for name in alternatives:
        rule = re.findall(rf"^{name}: +(.*)$", _grammar(), re.M)[0]
        first = re.match(r"(?:\[([A-Z]+)\] )?([A-Z]+)", rule)
        found |= {terminals()[word]: rule for word in (first.groups() if first else ()) if word}
    return found


@cache
def signs() -> tuple[str, ...]:
    """The brackets and signs that the rules of the grammar spell out; the longest first."""
    rules = re.findall(r"^(?:\??[a-z_]+:| +\|) .*$|^[A-Z]+: +\"[^\"]+\"$", _grammar(), re.M)
    found = set(re.findall(r'"([^"\w\s]+)"', "\n".join(rules)))
    return tuple(sorted(found, key=lambda sign: (-len(sign), sign)))


@cache
def _grammar() -> str:
    return grammar_path().read_text(encoding="utf-8")


@cache
def table() -> Table:
    """Every rule, the words of the grammar and of the registries in it."""
    name = terminals()["NAME"]
    end = r"(?![\w×])"
    before, behind = _common()
    defining = [rf"(?<=\b{word} )" for word, rule in statements().items() if '"{"' in rule]
    kinds = rf"(?i:{_any(KINDS)})(?:\d+(?:[x×]\d+)*)?{end}"
    layers = (
        *before,
        Rule("constant", rf"(?<== )(?:{_any(_words())}){end}"),
        Rule("constant", rf"(?:{_any(('true', 'false'))}){end}"),
        Rule("keyword", rf"(?:{_any(keywords() - statements().keys() - _logic())}){end}(?!\.\w)"),
        Rule("declaration", rf"(?:{_any(statements())}){end}"),
        Rule("definition", rf"(?:{'|'.join(defining)}){name}"),
        Rule("construct", rf"(?:{_any(COMPOSITES)}){end}"),
        Rule("kind", kinds),
        Rule("use", rf"{name}(?:×\d+)*(?=-[\w(]|\()"),
        *behind,
    )
    sizes = (
        *before,
        Rule("option", rf"{name}(?=\s*=(?!=))"),
        Rule("constant", rf"(?:{_any(_words())}){end}"),
        Rule("keyword", rf"(?:{_any(('if', 'then', 'else'))}){end}"),
        *behind,
    )
    return Table(layers, sizes)


def _common() -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """What is the same in both states: the rules before and behind those for the words of one."""
    t, end = terminals(), r"(?![\w×])"
    logic = rf"(?:{_any(_logic())}){end}"
    # a name may be x too: no sign stands before an operator or a word of the language
    cross = rf"{t['_X']}(?!\s*(?:$|[-+*/^=<>,;)\]}}.|@:%·]|(?:{_any(keywords())})\b))"
    before = (
        Rule("blank", t["WS"]),
        Rule("comment", t["COMMENT"]),
        Rule("string", t["STRING"]),
        Rule("number", rf"(?:(?<=[~≈])|(?<=[~≈] )){t['SINUM']}"),
        *(Rule("number", t[number]) for number in ("NUMBER", "GLUED", "INT")),
        Rule("operator", cross),
        Rule("word operator", logic),
        Rule("tensor", rf"in(?=\.\w)|(?:{_any(RESERVED - keywords() - {'true', 'false'})}){end}"),
        Rule("function", rf"(?:{_any(name for name in FUNCTIONS if name != 'power')})(?=\()"),
        Rule("cost", rf"(?:{_any(COSTS)}){end}(?!\s*\{{)"),
        Rule("member", rf"(?<=\w\.)(?<!\d\.){t['NAME']}"),
    )
    operators = [t[name] for name in ("_ARROW", "_APPROX", "CMP", "CDOT", "TIMES")]
    plain = [re.escape(sign) for sign in signs() if not re.fullmatch(r"[][(){},;:|]", sign)]
    behind = (
        Rule("name", rf"{t['NAME']}(?:×\d+)*"),
        Rule("operator", "|".join([*operators, *plain])),
        Rule("punctuation", r"[\[\]{},;:|]"),
    )
    return before, behind


def _logic() -> frozenset[str]:
    return frozenset(word for name, word in terminals().items() if name in ("AND", "OR", "NOT"))


@cache
def _words() -> frozenset[str]:
    """The words that options take."""
    return frozenset(word for kind in known() for slot in slots(kind) for word in slot.words)


def _any(words: Iterable[str]) -> str:
    """One of some words, as a pattern; the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
