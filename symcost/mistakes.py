"""Syntax errors in the words of the language.

What an LALR parser knows of an error is the token it did not want and up to forty it would have taken. Here that becomes
a sentence: the mistakes people make have one of their own, the rest name the token and, when there are few, what could
stand there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symcost.source import Diagnostic, Source, Span

FEW = 5  # alternatives worth listing
_BRACKETS = re.compile(r"#[^\n]*|\"[^\"\n]*\"|[()\[\]{}]")
_COMMENT = re.compile(r"#[^\n]*|\"[^\"\n]*\"")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_INPUT = re.compile(r"(?:^|[\s;{])input[\s\d(\[,@x×]*$")
_LOOKS_LIKE = {
    "'-'": "‐‑‒–—−﹣－",
    "'*'": "∗⋅∙•＊",
    "'/'": "÷⁄∕",
    "'\"'": "“”„«»",
    "'~'": "≅≃∼",
    "a plain blank": "\u00a0\u2007\u202f\u2009\u3000",
    "'^2'": "²",
    "'^3'": "³",
}
_MEANT = {c: plain for plain, alike in _LOOKS_LIKE.items() for c in alike}
_OPERATORS = {
    "AND",
    "OR",
    "CMP",
    "PLUS",
    "MINUS",
    "STAR",
    "TIMES",
    "CDOT",
    "SLASH",
    "DSLASH",
    "PERCENT",
    "CARET",
    "DSTAR",
}
_OPERATORS |= {"DOT", "LPAR", "_APPROX"}


def brackets(text: str) -> Iterator[re.Match[str]]:
    """The brackets of a program, outside comments and strings."""
    return (m for m in _BRACKETS.finditer(text) if m[0] in "()[]{}")


def long_name(text: str, most: int) -> re.Match[str] | None:
    """The first name of more letters than that, outside comments and strings; digits glued to it are a number."""
    words = re.finditer(rf"#[^\n]*|\"[^\"\n]*\"|\b(?=\w{{{most + 1}}})[^\W\d]\w*?(?=\d*\b)", text)
    return next((m for m in words if m[0][0] not in '#"' and len(m[0]) > most), None)


def character(source: Source, at: int) -> Diagnostic:
    """A character that begins no word of the language here."""
    found = source.text[at : at + 1]
    span = Span(source, at, at + 1)
    if found == '"':
        return Diagnostic("unexpected-character", "a string that does not end on its line", span)
    if found == "'":
        return Diagnostic("unexpected-character", "strings are written with double quotes", span)
    if re.match(r"\d+(?:\.\d+)?[^\W\d]\w*", source.text[_word_start(source.text, at) :]):
        return token(source, span, "NAME", {})
    help_ = f"write {_MEANT[found]} instead" if found in _MEANT else "leave it out" if not found.isprintable() else None
    return Diagnostic("unexpected-character", f"{_named(found)} has no meaning here", span, help=help_)


def _named(c: str) -> str:
    """A character as a reader can find it: one that cannot be seen, or is not on the keyboard, by its name."""
    if c.isascii() and c.isprintable():
        return f"'{c}'"
    name = unicodedata.name(c, "a control character").lower()
    return f"'{c}' ({name})" if c.isprintable() else f"U+{ord(c):04X} ({name})"


def end(source: Source, expected: Mapping[str, str]) -> Diagnostic:
    """The text stops while something is open or unfinished."""
    last = len(_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else " " * len(m[0]), source.text).rstrip())
    span = Span(source, max(0, last - 1), last)
    opened: list[re.Match[str]] = []
    for bracket in brackets(source.text):
        if bracket[0] in "([{":
            opened.append(bracket)
        elif opened:
            opened.pop()
    if not opened:
        message = "the text ends before this is complete"
        return Diagnostic("unexpected-end", message, span, help=could_stand(expected))
    line, column = source.place(opened[-1].start())
    notes = (f"the '{opened[-1][0]}' of line {line}, column {column} is not closed",)
    return Diagnostic("unexpected-end", "the text ends too early", span, notes)


def token(source: Source, span: Span, kind: str, expected: Mapping[str, str]) -> Diagnostic:
    """A word that cannot stand where it stands; ``expected`` are the terminals that could, with their spelling."""
    place = _Place(source.text[: span.start], span.text, source.text[span.end :], kind, expected)
    return Diagnostic("unexpected-token", f"unexpected '{_short(span.text)}'", span, help=place.advice())


@dataclass(frozen=True)
class _Place:
    """Where a word stands that cannot stand there."""

    before: str
    word: str
    after: str
    kind: str  # its terminal
    expected: Mapping[str, str]

    @property
    def item(self) -> bool:
        """Whether what stands before is complete, so that a layer could begin here."""
        return "LNAME" in self.expected

    @property
    def operand(self) -> bool:
        """Whether what stands before is a size that could go on."""
        return "STAR" in self.expected

    def advice(self) -> str | None:
        """What the writer probably meant: first where the text says it, then what could stand, then the word alone."""
        if self.word in _CLOSES:
            return self._closing()
        return self._shape() or self._number() or self._sign() or could_stand(self.expected) or self._word()

    def _starts(self, *texts: str) -> bool:
        return (self.word + self.after[:4]).startswith(texts)

    def _closing(self) -> str | None:
        opened: list[str] = []
        for bracket in brackets(self.before):
            if bracket[0] in "([{":
                opened.append(bracket[0])
            elif opened:
                opened.pop()
        if not opened:
            return f"no '{_CLOSES[self.word]}' is open here"
        if opened[-1] != _CLOSES[self.word]:
            return f"the bracket open here is '{opened[-1]}'"
        if self.before.rstrip()[-1:] in ("{", "[", "|"):
            return "brackets hold something; id stands for a branch that does nothing"
        return could_stand(self.expected)

    def _number(self) -> str | None:
        """``4k``, ``3M``, ``.5``, ``1,000``, ``1 000``."""
        digits = re.search(r"(?<![\w.])(\d[\d.]*)\s?$", self.before)
        size = self.kind == "_X" and not self.expected.keys() & {"AS", "AT"}  # no layer and no shape stands before
        if size and (self.before[-1:] == " " or self.after[:1].isdigit()):
            return "sizes for several axes stand in parentheses: (3 x 5)"
        if digits and self.kind in ("NAME", "LNAME", "_X") and not _INPUT.search(self.before):
            advice = f"a product needs a sign: write {digits[1]}*{self.word}"
            if self.before[-1].isdigit() and re.fullmatch("[kKMGBTP]", self.word):
                advice += f"; {digits[1]}{self.word} as a figure stands after ~ only"
            return advice
        if self.word == "." and self.after[:1].isdigit():
            return (
                "write a digit before the point: 0.5" if not digits else "a number with a point stands in parentheses"
            )
        if self.word == "." and digits and self.before[-1].isdigit() and not re.match(r"\s*[^\W\d]", self.after):
            return "a digit stands behind a point: 1.0"
        commas = digits and re.match(r", ?\d{3}\b", self.word + self.after)
        if commas or (re.search(r"\d\s$", self.before) and re.fullmatch(r"\d{3}", self.word)):
            return "a number is written without commas and blanks: 1000000"
        factor = re.search(r"([^\W\d]\w*|\))\s+$", self.before)
        ends = self.operand or self.expected.keys() & {"RPAR", "$END"}
        if factor and ends and not self.item and self.kind in ("NAME", "LNAME") and self.after.lstrip()[:1] != "=":
            left = "(...)" if factor[1] == ")" else factor[1]
            return f"a product needs a sign: write {left}*{self.word}"
        product = re.search(r"(?<![\w.])(\d+)([^\W\d]\w*)\s*$", self.before)
        return f"a product needs a sign: write {product[1]}*{product[2]}" if product and self.kind == "CMP" else None

    def _shape(self) -> str | None:
        """``input 3x224x224``, ``input (3, 224, 224)``, ``a x 2 x 3``."""
        if _INPUT.search(self.before) and self.word in ("x", "×", ",", "["):
            return "a shape is written channels@positions: 3@224x224"
        if self.item and self.kind in ("_X", "TIMES") and re.search(r"[x×]\s*\S+\s*$", self.before):
            return "a repeat of a repeat needs brackets: [conv3-64 x 2] x 3"
        return None

    def _sign(self) -> str | None:
        """A sign from another language, or from another place of this one."""
        if "NUMBER" not in self.expected and (self._starts("//", "/*") or (self.word == "/" == self.before[-1:])):
            return "a comment begins with #"
        if self.item and self._starts("=>", ">", "-->", "- >"):
            return "layers follow each other without a sign, or with ->"
        match self.word:
            case "=" if self.operand:
                return "== compares; = stands behind a name, in let, sym, set and options"
            case "=" if re.search(r"\bfor\s+[\w\s,]+$", self.before):
                return "a loop is written: for i in 1..n { ... }"
            case "{" if "'..'" in self.expected.values():
                return "a loop runs over a range: 1..n, 0..<n, n downto 1"
            case "(" if re.search(r"\d\s*$", self.before) and self.operand:
                return "a product needs a sign: 2*(n + 1)"
            case "(" if re.search(r"\)\s*$", self.before):
                return "one pair of parentheses holds all arguments: maxpool(3, pad=1)"
            case ".." | "..<":
                return "a range stands behind in: for i in 1..n { ... }"
        return None

    def _word(self) -> str | None:
        """What the word is for."""
        match self.word:
            case "=":
                return "a size is named with 'let name = ...', a tensor with '... as name'"
            case "|":
                return "'|' separates branches and needs braces: add { ... | ... }"
            case "{":
                return "braces belong to a named construct; write [ ... ] for an anonymous group"
            case "(":
                return "parentheses hold the arguments of a layer, right behind its name; [ ... ] groups layers"
            case ",":
                return "layers are separated by blanks; ',' separates options inside parentheses"
            case "*":
                return "a size with an operator stands in parentheses: conv3-(2*c); a repeat is written 'x 3'"
            case "+":
                return "branches are added with add { ... | ... }; a sum of sizes stands in parentheses"
            case "-" | "/":
                return "a layer has one width and one stride, each a number, a name or in parentheses: conv3-(2*c)/2"
            case ".":
                return "layers are separated by blanks; '.' stands inside names such as in.c"
            case "@":
                return "a shape stands behind input, or behind ':' to check it: conv3-64 : 64@56x56"
            case "as":
                return "'as' names the tensor that comes out of the layer before it"
        match self.kind:
            case "CMP":
                return "a comparison stands behind assert, assume or if: assert params == 1000"
            case "STRING":
                return "a string stands in import and set only"
            case "INT" | "SINUM" if self.item and re.search(r"[^\W\d_][ \t]+$", self.before):
                return "a number belongs to the name before it, without a blank: conv3-64"
            case "INT" | "NUMBER" | "SINUM" | "GLUED":
                return "a layer starts with its name: conv3-64, not 3x3-64; a repeat is written 'x 3'"
        return None


def could_stand(expected: Mapping[str, str]) -> str | None:
    """What could stand here, when that is few things."""
    if "LNAME" in expected and len(expected) > FEW:
        return None
    if {"INT", "NAME", "LPAR"} <= expected.keys():
        if "NUMBER" not in expected:
            return "here stands a number, a name, or a size in parentheses"
        missing = "a size or a condition" if "NOT" in expected else "a size"
        return f"{missing} is missing here" if "RPAR" not in expected else None
    left = sorted({spelled for name, spelled in expected.items() if name not in _OPERATORS} or set(expected.values()))
    if not 0 < len(left) <= FEW:
        return None
    *others, last = left
    return f"here could stand {', '.join(others)} or {last}" if others else f"here could stand {last}"


def _word_start(text: str, at: int) -> int:
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] in "._"):
        at -= 1
    return at


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."
