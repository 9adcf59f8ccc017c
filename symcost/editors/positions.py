"""Places in a text as editors count them: lines from 0, in a line the units of an encoding; UTF-16 unless agreed otherwise."""

from __future__ import annotations

import re
from bisect import bisect_right
from difflib import SequenceMatcher

SAME = 4  # characters that are the same by more than chance
LONG = 2000  # characters changed, from which nothing is looked for among them

_END = re.compile(r"\r\n|\r|\n")


class Places:
    """Offsets in one text, and (line, unit) for each."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text, self.encoding = text, encoding
        self._starts = [0, *(end.end() for end in _END.finditer(text))]
        self._ends = [*(end.start() for end in _END.finditer(text)), len(text)]

    def place(self, offset: int) -> tuple[int, int]:
        """
        >>> Places("a 😀 b").place(4)
        (0, 5)
        """
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        return line, self._units(self.text[start : min(offset, self._ends[line])])

    def offset(self, line: int, unit: int) -> int:
        """The offset of a place; what lies outside the text is moved to its nearest end."""
        if line < 0 or line >= len(self._starts):
            return 0 if line < 0 else len(self.text)
        start, end = self._starts[line], self._ends[line]
        if self.text[start:end].isascii():
            return min(start + max(unit, 0), end)
        units = 0
        for offset in range(start, end):
            if units >= unit:
                return offset
            units += self._units(self.text[offset])
        return end

    def _units(self, text: str) -> int:
        if text.isascii() or self.encoding == "utf-32":
            return len(text)
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(c > "\uffff" for c in text)


def moved(old: str, new: str, offset: int) -> int | None:
    """Where an offset of one text is in another one: None in what was changed."""
    start = _alike(old, new)
    if offset <= start:
        return offset
    end = _alike(old[start:][::-1], new[start:][::-1])
    if offset >= len(old) - end:
        return offset + len(new) - len(old)
    changed, now = old[start : len(old) - end], new[start : len(new) - end]
    if len(changed) * len(now) > LONG**2:
        return None
    for a, b, size in SequenceMatcher(None, changed, now, autojunk=False).get_matching_blocks():
        if size >= SAME and start + a <= offset <= start + a + size:
            return offset - a + b
    return None


def _alike(a: str, b: str) -> int:
    """How many characters at the start of two texts are the same."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a[:middle] == b[:middle] else (low, middle - 1)
    return low
