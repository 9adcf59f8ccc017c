"""Syntax errors in the words of the language.

What an LALR parser knows of an error is the token it did not want and up to forty it would have taken. Here that becomes
a sentence: the mistakes people make have one of their own, the rest name the token and, when there are few, what could
stand there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from symcost.source import Diagnostic, Source, Span

FEW = 5  # alternatives worth listing
_BRACKETS = re.compile(r"#[^\n]*|\"[^\"\n]*\"|[()\[\]{}]")
_CLOSES = {")": "(", "]": "[", "}": "{"}


def brackets(text: str) -> Iterator[re.Match[str]]:
    """The brackets of a program, outside comments and strings."""
    return (m for m in _BRACKETS.finditer(text) if m[0] in "()[]{}")


def character(source: Source, at: int) -> Diagnostic:
    """A character that begins no word of the language here."""
    found = source.text[at] if at < len(source.text) else ""
    span = Span(source, at, at + 1)
    if found == '"':
        return Diagnostic("unexpected-character", "a string that does not end on its line", span)
    if found == "'":
        return Diagnostic("unexpected-character", "strings are written with double quotes", span)
    shown = f"'{found}'" if found.isprintable() else f"the control character {ord(found or chr(0)):#04x}"
    word = re.match(r"\d+(?:\.\d+)?[^\W\d]\w*", source.text[_word_start(source.text, at) :])
    if word:
        return token(source, Span(source, at, at + 1), "NAME", [])
    return Diagnostic("unexpected-character", f"{shown} has no meaning here", span)


def end(source: Source) -> Diagnostic:
    """The text stops while something is open or unfinished."""
    last = len(source.text.rstrip())
    span = Span(source, max(0, last - 1), last)
    opened: list[re.Match[str]] = []
    for bracket in brackets(source.text):
        if bracket[0] in "([{":
            opened.append(bracket)
        elif opened:
            opened.pop()
    if not opened:
        return Diagnostic("unexpected-end", "the text ends before this is complete", span)
    line, column = source.place(opened[-1].start())
    notes = (f"the '{opened[-1][0]}' of line {line}, column {column} is not closed",)
    return Diagnostic("unexpected-end", "the text ends too early", span, notes)


def token(source: Source, span: Span, kind: str, expected: list[str]) -> Diagnostic:
    """A word that cannot stand where it stands."""
    message, help_ = f"unexpected '{_short(span.text)}'", _advice(source, span, kind)
    if help_ is None and 0 < len(expected) <= FEW:
        help_ = "here could stand " + " or ".join(expected)
    return Diagnostic("unexpected-token", message, span, help=help_)


def _advice(source: Source, span: Span, kind: str) -> str | None:
    """What the writer probably meant, for the mistakes people make."""
    before, word = source.text[: span.start], span.text
    number = re.search(r"(\d[\d.]*)\s?$", before)
    if kind in ("NAME", "LNAME", "_X") and number:
        if before[-1:].isdigit() and re.fullmatch(r"[kKMGTP]", word):
            return (
                f"a product needs a sign: write {number[1]}*{word}; {number[1]}{word} as a figure stands after ~ only"
            )
        if before[-1:].isdigit() and before[number.start() - 1 : number.start()] in ("(", "=", " ", "*", "+"):
            return f"a product needs a sign: write {number[1]}*{word}"
    match word:
        case "=":
            return "a size is named with 'let name = ...', a tensor with '... as name'"
        case "|":
            return "'|' separates branches and needs braces: add { ... | ... }"
        case "{":
            return "braces belong to a named construct; write [ ... ] for an anonymous group"
        case "(":
            return "options stand directly behind a layer; write [ ... ] for an anonymous group"
        case ")" | "]" | "}":
            return _unbalanced(source, span)
        case ",":
            return "layers are separated by blanks; ',' separates options inside parentheses"
        case "*":
            return "a size with an operator stands in parentheses: conv3-(2*c); a repeat is written 'x 3'"
        case "+":
            return "branches are added with add { ... | ... }; a sum of sizes stands in parentheses"
        case "-" if before.rstrip().endswith("-"):
            return "an arrow is written '->', a width 'conv3-64'"
    if word[:1].isdigit() and kind in ("INT", "NUMBER", "SINUM", "GLUED"):
        return "a layer starts with its name: conv3-64, not 3x3-64; a repeat is written 'x 3'"
    return None


def _unbalanced(source: Source, span: Span) -> str | None:
    opened: list[str] = []
    for bracket in brackets(source.text[: span.start]):
        if bracket[0] in "([{":
            opened.append(bracket[0])
        elif opened:
            opened.pop()
    if not opened:
        return f"no '{_CLOSES[span.text]}' is open here"
    if opened[-1] != _CLOSES[span.text]:
        return f"the bracket open here is '{opened[-1]}'"
    return None


def _word_start(text: str, at: int) -> int:
    while at > 0 and (text[at - 1].isalnum() or text[at - 1] in "._"):
        at -= 1
    return at


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."
