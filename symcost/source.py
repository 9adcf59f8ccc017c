"""Text, places in it, and what is said about them.

Everything the reader is told goes through `Diagnostic`: a code, one sentence, the place, the source line with carets,
and at most one line of help.
"""

from __future__ import annotations

import difflib
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from symcost.record import record

EXCERPT = 96  # columns of a source line shown; longer lines are cut around the caret
SHOWN = 20  # diagnostics written out; who has more mends some and looks again
TOLD = 1000  # letters of a message, a note or a help written out; a formula in it may have millions


@dataclass(frozen=True)
class Source:
    """One program text and the name it is known by."""

    name: str
    text: str
    folder: Path | None = field(default=None, compare=False)  # where its imports are looked for

    @cached_property
    def _starts(self) -> list[int]:
        return [0] + [i + 1 for i, c in enumerate(self.text) if c == "\n"]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@record()
class Span:
    """A stretch of a source: ``source.text[start:end]``."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def where(self) -> str:
        """``file:line:col``, as editors make it clickable."""
        line, column = self.source.place(self.start)
        return f"{self.source.name}:{line}:{column}"

    def to(self, other: Span) -> Span:
        return Span(self.source, self.start, other.end)


@dataclass(frozen=True)
class Diagnostic:
    """What is wrong, where, and what to do.

    ``code`` names the file ``tests/diagnostics/<code>.md``, which is also the page of the documentation.
    """

    code: str
    message: str
    span: Span | None = None
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: str = "error"

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {_told(self.message)}"]
        margin = " "
        if self.span is not None:
            number, _ = self.span.source.place(self.span.start)
            margin = " " * len(str(number))
            shown, carets = _excerpt(self.span)
            lines += [f"{margin}--> {self.span.where}", f"{margin} |", f"{number} | {shown}", f"{margin} | {carets}"]
        lines += [f"{margin} = note: {_told(note)}" for note in self.notes[:SHOWN]]
        if len(self.notes) > SHOWN:
            lines.append(f"{margin} = note: ... and {len(self.notes) - SHOWN} more")
        if self.help:
            lines.append(f"{margin} = help: {_told(self.help)}")
        return "\n".join(line.rstrip() for line in lines)


def _told(text: str) -> str:
    shown = "".join(c if c.isprintable() or c == "\n" else f"U+{ord(c):04X}" for c in text)
    return shown if len(shown) <= TOLD else f"{shown[: TOLD // 2]} … {shown[-TOLD // 2 :]}"


def _excerpt(span: Span) -> tuple[str, str]:
    """The source line of a span, and carets under the part of the span that stands on it."""
    number, column = span.source.place(span.start)
    line = span.source.line(number)
    start = column - 1
    end = max(start + 1, min(len(line), start + span.end - span.start))
    if len(line) > EXCERPT:
        left = max(0, start - EXCERPT // 3)
        more = left + EXCERPT < len(line)
        line, start, end = (line[left : left + EXCERPT], start - left, min(end - left, EXCERPT))
        line = ("…" if left else line[0]) + line[1:-1] + ("…" if more else line[-1])
    line = "".join(c if c.isprintable() else " " for c in line)
    return line, " " * _columns(line[:start]) + "^" * max(1, _columns(line[start:end]))


def _columns(text: str) -> int:
    """Terminal columns a text takes: East Asian wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class SymcostError(Exception):
    """The program or the question is wrong; ``diagnostics`` says how, in the reader's words."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic) -> None:
        found = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        told = [str(d) for d in found[:SHOWN]]
        if len(found) > SHOWN:
            told.append(f"... and {len(found) - SHOWN} more")
        super().__init__("\n\n".join(told))
        self.diagnostics = found


class DomainError(SymcostError):
    """A formula was asked for at sizes where the network does not exist."""


@dataclass
class Report:
    """Collects diagnostics, so that several mistakes of one file are told together."""

    diagnostics: dict[Diagnostic, None] = field(default_factory=dict)  # a set in order: there may be thousands
    failed: dict[str, Diagnostic] = field(default_factory=dict)  # names that have no value, and why

    def add(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.setdefault(diagnostic)

    def check(self) -> None:
        """Raise what was collected, if anything was, in the order of the text."""
        if self.diagnostics:
            raise SymcostError(sorted(self.diagnostics, key=lambda d: d.span.start if d.span else -1))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """``did you mean 'a' or 'b'?``, or nothing when nothing is near."""
    names = sorted(set(known))
    found = [k for k in names if k.casefold() == name.casefold()]
    found = found or difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    found = found or [k for k in names if len(k) > 3 and name.startswith(k)]  # `bidirectional` for `bidir`
    return f"did you mean {listed(found, 'or')}?" if found else None


def counted(number: int, noun: str) -> str:
    """``1 argument``, ``2 arguments``, ``no arguments``."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """``'a', 'b' and 'c'``."""
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
