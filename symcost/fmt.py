"""A program in the one layout: what `symcost fmt` writes.

Line breaks, blank lines and comments are the author's. What stands between two words of a line is decided by rule, from
the words and the grammar rules they stand in; the same rules write the signs that have two spellings. The result says
what the program said, and formatting it again changes nothing. Like the parser, this file never imports SymPy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from lark import Token, Tree

from symcost.parser import grammar_path, tokens
from symcost.source import Source

INDENT = 2  # blanks for each open bracket
MARGIN = 2  # blanks, at least, before a comment at the end of a line

DECLARATIONS = frozenset(  # those that a `;` ends
    ("import_", "sym", "assume", "let", "set_", "metric", "assert_", "input", "output", "field")
)
ITEMS = DECLARATIONS | {"block", "layerdef", "net", "step"}

_PLAIN = {"×": "*", "·": "*", "**": "^", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "→": "->"}
_NUMERIC = "numeric dims"  # of `224x224`, which is written tight where `X x X` is not
_APART = "layer_w apart"  # of `soft - max`, which would be another layer without its blanks
_TIGHT = frozenset(("@", ".", "*", "/", "//", "^", "..", "..<"))  # wherever they stand
_TIGHT_IN = frozenset(
    [("-", "layer_w"), ("-", "head_w"), ("=", "kwarg"), ("=", "param"), ("x", _NUMERIC)]  # elsewhere with blanks
)


def formatted(source: Source) -> str:
    """The program in the one layout. Raises `SymcostError` when it has a syntax error.

    >>> formatted(Source("", "input 3@224 × 224;conv3 -64->relu"))
    'input 3@224x224; conv3-64 relu\\n'
    """
    page, end = _Page(), 0
    for word in _words(tokens(source)):
        page.add(source.text[end : word.start], word)
        end = word.end
    return page.text(source.text[end:])


# ------------------------------------------------------------------------------------------------------------- words


@dataclass(frozen=True, slots=True)
class _Word:
    """A token as it will be written, and where it stands."""

    text: str
    kind: str  # its terminal
    rule: str  # of the grammar
    item: str  # the rule of the declaration or step that begins with it, or nothing
    start: int
    end: int


def _words(tree: Tree[Token]) -> Iterator[_Word]:
    """The words of a program in their order, without the arrows and `;` that mean nothing.

    With a stack of its own: a sum of ten thousand terms is a tree of that depth.
    """
    todo: list[tuple[Tree[Token] | Token, str, str]] = [(tree, "", "")]
    while todo:
        node, rule, item = todo.pop()
        if isinstance(node, Tree):
            item = node.data if node.data in ITEMS else item
            inner = _rule(node, rule)
            first = node.children[0] if node.children else None
            todo += [(child, inner, item if child is first else "") for child in reversed(node.children)]
        elif node.type not in ("SEMI", "_ARROW") or rule == "table" or (node.type, rule) == ("_ARROW", "layerdef"):
            yield _Word(_text(node, rule), node.type, rule, item, node.start_pos or 0, node.end_pos or 0)


def _rule(tree: Tree[Token], parent: str) -> str:
    """The name of the rule for what stands in the tree; some rules have two names, where layout asks for it."""
    match tree:
        case Tree(data="dims", children=parts) if _all_numbers(parts):
            return _NUMERIC
        case Tree(data="cross") if parent == _NUMERIC:
            return _NUMERIC
        case Tree(data="layer_w", children=[Tree(children=[*_, "soft"]), _, Tree(children=[str() as width, *_]), *_]):
            return _APART if width.startswith("max") else "layer_w"
    return str(tree.data)


def _all_numbers(parts: list[Tree[Token] | Token]) -> bool:
    """Whether sizes are numbers on one line; in `224x` at the end of a line the x would not be a sign."""
    terms = [part for part in parts if isinstance(part, Tree) and part.data != "cross"]
    lines = {str(term.children[0].line) for term in terms if isinstance(term.children[0], Token)}
    return len(lines) == 1 and all(term.data == "int" for term in terms)


def _text(token: Token, rule: str) -> str:
    """The token with the signs of the keyboard."""
    if token.type in ("LNAME", "GLUED"):
        return re.sub(r"(?<=\d)×(?=\d)", "x", token)  # not in `relu×3`, where it is no sign between numbers
    return "x" if rule in ("cross", _NUMERIC) else _PLAIN.get(token, str(token))


@cache
def _keywords() -> frozenset[str]:
    return frozenset(re.findall(r'^[A-Z]+: +"([a-z]+)"', grammar_path().read_text(encoding="utf-8"), re.MULTILINE))


def _needs_semicolon(word: _Word) -> bool:
    """Whether a layer would be read as something else behind another step: `relu; else { }`, `relu; x`."""
    return word.kind == "LNAME" and (word.text in _keywords() or re.fullmatch(r"x(\d+(x\d+)*)?", word.text) is not None)


def _is_tight(word: _Word) -> bool:
    """Whether it has no blank on either side."""
    if (word.text, word.rule) == ("*", "shape"):  # `c@*`
        return False
    return word.text in _TIGHT or (word.text, word.rule) in _TIGHT_IN


def _blank(a: _Word, b: _Word) -> str:
    """What stands between two words of one line that belong together."""
    if _is_tight(a) or _is_tight(b):
        return ""
    if a.text == "(" or a.rule == "signed" or b.text in (")", ",", ";"):
        return ""
    if b.text == "(" and b.rule not in ("paren", "import_"):  # options and indices, not a size or a list of names
        return ""
    if b.text == ":" and b.rule not in ("ascribe", "layerdef"):
        return ""
    return "" if (a.text, a.rule) == ("[", "table") or (b.text, b.rule) == ("]", "table") else " "


# -------------------------------------------------------------------------------------------------------------- lines


@dataclass(slots=True)
class _Line:
    indent: int = 0  # in levels
    depth: int = 1  # brackets around it, and 1
    code: str = ""  # or a comment with a line of its own
    colon: int = 0  # where in `code` the `: shape` to align is
    comment: str = ""  # behind the code


@dataclass(slots=True)
class _Level:
    """The inside of an open bracket, or the file."""

    indent: int
    item: str = ""  # the rule of what was begun last
    hang: int = 0  # 1 in the further lines of a declaration


class _Page:
    """The lines written so far and the brackets that are open."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self.levels = [_Level(0)]
        self.last: _Word | None = None

    def add(self, gap: str, word: _Word) -> None:
        """One more word. ``gap`` is the author's: blanks, comments, and the arrows and `;` that were left out."""
        level = self.levels[-1]
        next_item = bool(word.item and level.item)
        on_line = level.item in DECLARATIONS and "\n" not in gap
        semicolon = next_item and (on_line or _needs_semicolon(word))
        if semicolon:
            self.lines[-1].code += ";"
        if "\n" in gap or self.last is None:
            self.break_line(gap if self.last else "\n" + gap, word)
        else:
            wide = next_item and not semicolon and re.search(r"[ \t]{2}|\t", gap)
            self.lines[-1].code += "  " if wide else _blank(self.last, word)
        self.nest(word)
        self.write(word)

    def break_line(self, gap: str, word: _Word | None) -> None:
        """End the line, if there is one, keep what stands in the gap, and begin the line of ``word``."""
        behind, *between, _ = gap.split("\n")
        if self.lines:
            self.lines[-1].comment = _comment(behind)
        level = self.levels[-1]
        if word is None or word.item:
            level.hang = 0
        elif level.item in DECLARATIONS and word.text not in (")", "]", "}"):
            level.hang = 1
        indent = level.indent + level.hang
        for line in between:
            if comment := _comment(line):
                self.lines.append(_Line(indent, code=comment))
            elif self.lines and self.lines[-1].code and not line.strip(" \t\r\f\ufeff"):
                self.lines.append(_Line())
        self.lines.append(_Line(indent, len(self.levels)))

    def nest(self, word: _Word) -> None:
        """Keep the account of open brackets. A line begins as far left as the last of the brackets it begins with."""
        level, line = self.levels[-1], self.lines[-1]
        if word.item:
            level.item = word.item
        if word.text in ("(", "[", "{"):
            self.levels.append(_Level(level.indent + level.hang + 1))
        elif word.text in (")", "]", "}"):
            self.levels.pop()
            if not line.code.strip(")]} "):
                line.indent, line.depth = level.indent - 1, len(self.levels)
        elif word.text == "|":
            level.item = ""

    def write(self, word: _Word) -> None:
        line = self.lines[-1]
        if word.text == ":" and word.rule == "ascribe" and len(self.levels) == line.depth and not line.colon:
            line.colon = len(line.code)
        line.code += word.text
        self.last = word

    def text(self, rest: str) -> str:
        """All that was written. ``rest`` is what stands behind the last word."""
        self.break_line((rest if self.last else "\n" + rest) + "\n", None)
        while self.lines and not self.lines[-1].code:
            self.lines.pop()
        _align(self.lines, lambda line: line.colon, _shift_shape)
        _align(self.lines, lambda line: line.comment and len(line.code) + MARGIN, _append_comment)
        return "".join(f"{' ' * INDENT * line.indent}{line.code}\n" for line in self.lines)


def _comment(line: str) -> str:
    """The comment of a line that has nothing else, or nothing."""
    _, sign, said = line.partition("#")
    return (sign + said).rstrip().expandtabs().replace("\r", " ")


def _align(lines: list[_Line], place: Callable[[_Line], int | str], move: Callable[[_Line, int], None]) -> None:
    """Bring what stands at ``place`` of neighbouring lines, if each of them has it, into one column."""
    for present, group in groupby(lines, lambda line: bool(place(line))):
        if present:
            run = list(group)
            columns = [INDENT * line.indent + int(place(line)) for line in run]
            for line, column in zip(run, columns, strict=True):
                move(line, max(columns) - column)


def _shift_shape(line: _Line, by: int) -> None:
    line.code = line.code[: line.colon] + " " * by + line.code[line.colon :]


def _append_comment(line: _Line, by: int) -> None:
    line.code += " " * (MARGIN + by) + line.comment
