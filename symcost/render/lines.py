r"""Long formulas on several lines: read as boxes that know how wide they are set, and broken before signs, the outermost first.

A fence that must be broken is written ``\bigl( ... \bigr)``, a fraction with a long top as a share of it. Widths are those of
Computer Modern at ten points, near enough to fill a line and not to pass its end; tests compile what comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

LINE = 342.0  # points: the text of an article is 345 wide, and an estimate may be 1 % off
INDENT = 10.0  # of a line that goes on
FACTORS = ("letter", "function", "fence", "rounding", "fraction")
SIZES = (1.0, 1.0, 0.76, 0.6)  # display, text, script, script of a script

_SLANTED = {
    **dict(zip("abcdefghijklm", (5.3, 4.3, 4.4, 5.2, 4.7, 6.0, 5.2, 5.8, 3.5, 4.7, 5.6, 3.2, 8.8), strict=True)),
    **dict(zip("nopqrstuvwxyz", (6.1, 4.9, 5.1, 4.9, 4.8, 4.7, 3.7, 5.8, 5.3, 7.5, 5.8, 5.3, 5.1), strict=True)),
    **dict(zip("ABCDEFGHIJKLM", (7.5, 8.1, 7.9, 8.6, 8.0, 7.9, 7.9, 9.2, 5.2, 6.6, 9.3, 6.9, 10.8), strict=True)),
    **dict(zip("NOPQRSTUVWXYZ", (9.2, 8.0, 7.9, 8.0, 7.7, 6.8, 7.3, 8.0, 8.1, 10.9, 9.1, 8.1, 7.6), strict=True)),
}
_NARROW, _MIDDLE, _BROAD = set("ijl.,;:'| ()"), set("frtsI-/"), set("mwMW")


@dataclass(frozen=True)
class Box:
    """A piece of a formula. ``inner`` is what stands inside a fence; ``over`` and ``under`` are those of a fraction."""

    text: str
    width: float
    sort: str = (
        "letter"  # or sign, plus, relation, comma, times, dot, slash, space, function, fence, rounding, fraction
    )
    inner: Row = ()
    under: Row = ()
    ends: tuple[str, str] = ("", "")  # of a fence over several lines
    raised: str = ""  # behind a fence
    scripts: float = 0.0  # points of what is raised or lowered


Row = tuple[Box, ...]


def width(formula: str, typst: bool = False) -> float:
    """Points that a formula in LaTeX, or in Typst, takes on a line."""
    return _width(_row(formula, typst))


def _row(formula: str, typst: bool) -> Row:
    return _Typst(formula).row() if typst else _Latex(formula).row()


def broken(formula: str, room: float, typst: bool = False) -> list[str]:
    """A formula in LaTeX, or in Typst, in lines of at most so many points where it can be; lines that go on are indented."""
    marks = Marks.typst() if typst else Marks.latex()
    lines = _Lines(room, marks)
    lines.put(marks.read(formula), 0, 0)
    return [line.strip() for line in lines.done]


def sums(formula: str, typst: bool = False) -> bool:
    """Whether a formula has several terms."""
    return any(box.sort == "plus" for box in _row(formula, typst)[1:])


def flat(formula: str) -> str:
    """A formula within a paragraph, whose line may break at a sign in parentheses too."""
    return re.sub(r"\\(?:left|right)([()\[\]])", r"\1", formula)


@dataclass(frozen=True)
class Marks:
    """What a notation writes where a formula is taken apart."""

    quad: str
    before_sign: str  # so that a sign at the beginning of a line has room behind it
    dot: str
    share: str
    inverse: str
    fence: tuple[str, str]
    tall: tuple[str, str]  # around fractions
    read: Callable[[str], Row]

    @classmethod
    def latex(cls) -> Marks:
        fences = (r"\bigl(", r"\bigr)"), (r"\biggl(", r"\biggr)")
        return cls(r"\quad ", "{}", r"{} \cdot ", r"\frac{1}{%s} ", "^{-1}", *fences, lambda text: _Latex(text).row())

    @classmethod
    def typst(cls) -> Marks:
        fence = (r"\(", r"\)")
        return cls("quad ", '""', '"" dot ', "frac(1, %s) ", "^(-1)", fence, fence, lambda text: _Typst(text).row())


class _Lines:
    """Lines as they fill."""

    def __init__(self, room: float, marks: Marks) -> None:
        self.room, self.marks = room, marks
        self.done = [""]
        self.used = self.start = 0.0

    def put(self, row: Row, tail: float, depth: int) -> None:
        """Write a row and leave ``tail`` points behind it; lines that go on are indented ``depth`` times."""
        if self._fits(row, tail):
            self._append(row)
            return
        chunks = _chunks(row)
        if len(chunks) < 2:
            self._product(row, tail, max(depth, 1))
            return
        for index, chunk in enumerate(chunks):
            left = tail if index == len(chunks) - 1 else 0.0
            if self._turns(chunk, left, depth):
                self._turn(depth)
            if index and self.used == self.start and chunk[0].sort in ("plus", "relation", "times"):
                self._write(self.marks.before_sign, 0)
            self.put(chunk, left, depth + 1)

    def _product(self, row: Row, tail: float, depth: int) -> None:
        """A term too long for its line: a long factor is broken, or the line between two factors."""
        whole = self.room - depth * INDENT
        least = {"fence": self.room / 2, "rounding": whole, "fraction": whole}
        inside = [n for n, box in enumerate(row) if _breaks(box) and box.width > least[box.sort]]
        if not inside:
            self._factors(row, tail, depth)
            return
        at = max(inside, key=lambda n: row[n].width)
        box, after = row[at], row[at + 1 :]
        self.put(row[:at], 0, depth)
        if box.sort == "fraction":
            self._fraction(box, after, tail, depth)
        else:
            behind = tail + _width(after)
            self._fence(box, behind if behind < self.room / 3 else 0, depth)
        if after and after[0].sort in FACTORS and not self._fits(after, tail):
            self._turn(depth)
            self._write(self.marks.dot, 10)
        self.put(after, tail, depth)

    def _fence(self, box: Box, tail: float, depth: int) -> None:
        around = box.width - _width(box.inner)
        behind = 8 + len(box.raised)
        self._write(box.ends[0], max(around - behind, 5))
        self.put(box.inner, tail + behind, depth)
        self._write(box.ends[1] + box.raised, behind)

    def _fraction(self, box: Box, after: Row, tail: float, depth: int) -> None:
        """A long top over a short bottom is a share of it; a long bottom stands behind a slash."""
        below = "".join(b.text for b in box.under).strip()
        if _width(box.under) < self.room / 3:
            self._write(f" {self.marks.share % below}", _width(box.under) + 5)
            if len(_chunks(box.inner)) < 2 and box.inner[0].text.strip()[:1].isdigit():
                self._write(self.marks.dot, 10)
            self._sum(box.inner, tail + _width(after), depth)
            return
        self._sum(box.inner, 10, depth)
        if self.used + 40 > self.room or _width(box.inner) > self.room / 2:
            self._turn(depth)
        self._write(self.marks.dot if after else "/ ", 10)
        self._sum(box.under, tail, depth, self.marks.inverse if after else "", product=True)

    def _sum(self, row: Row, tail: float, depth: int, raised: str = "", product: bool = False) -> None:
        """In parentheses where it has several terms; where a ``product`` has several factors too."""
        inside = "".join(box.text for box in row)
        row = self.marks.read(inside)  # larger than in a fraction
        if len(_chunks(row)) > 1 or (product and len(row) > 1):
            ends = self.marks.tall if "frac" in inside else self.marks.fence
            self._fence(Box(inside, _width(row) + 2 * 8, "fence", row, ends=ends, raised=raised), tail, depth)
        else:
            self.put(row, tail, depth)
            self._write(raised, len(raised))

    def _factors(self, row: Row, tail: float, depth: int) -> None:
        for index, box in enumerate(row):
            follows = index and row[index - 1].sort in FACTORS
            left = tail if index == len(row) - 1 else row[index + 1].width if box.sort == "dot" else 0.0
            if follows and box.sort in ("dot", *FACTORS) and not self._fits((box,), left) and self.used > self.room / 3:
                self._turn(depth)
                if box.sort == "dot":
                    self._write(self.marks.before_sign, 0)
                else:
                    self._write(self.marks.dot, 10)
            self._append((box,))

    def _turns(self, chunk: Row, left: float, depth: int) -> bool:
        """Whether a chunk begins a line of its own."""
        if self._fits(chunk, left) or self.used == self.start:
            return False
        return self.used > self.room / 3 or _width(chunk) + left + depth * INDENT <= self.room

    def _turn(self, depth: int) -> None:
        self.done.append(self.marks.quad * depth)
        self.used = self.start = depth * INDENT

    def _fits(self, row: Row, tail: float) -> bool:
        return self.used + _width(row) + tail <= self.room

    def _append(self, row: Row) -> None:
        self._write("".join(box.text for box in row), _width(row))

    def _write(self, text: str, points: float) -> None:
        line = self.done[-1]
        bare = text.lstrip()
        word = re.search(r"\\[a-zA-Z]+$", line) and bare[:1].isalpha()
        self.done[-1] = line + (bare if not line or line.endswith(" ") else f" {bare}" if word else text)
        self.used += points


def _width(row: Iterable[Box]) -> float:
    return sum(box.width for box in row)


def _chunks(row: Row) -> list[Row]:
    """Where a row may be broken: before relations, behind commas, between sizes of a shape, before signs, the first there is."""
    for sort in ("relation", "comma", "times", "plus"):
        places = [n + (sort == "comma") for n, box in enumerate(row) if box.sort == sort and n]
        if places:
            return [row[a:b] for a, b in pairwise((0, *places, len(row))) if a < b]
    return [row]


def _breaks(box: Box) -> bool:
    rows = (box.inner, box.under) if box.sort == "fraction" else (box.inner,)
    return any(len(_chunks(row)) > 1 or any(map(_breaks, row)) for row in rows)


# ------------------------------------------------------------ how wide it is


def word_width(word: str) -> float:
    """Points of a word in upright letters."""
    return sum(_letter(c) for c in word)


def _letter(c: str) -> float:
    return 2.9 if c in _NARROW else 4.0 if c in _MIDDLE else 8.8 if c in _BROAD else 7.3 if c.isupper() else 5.2


_DIGIT = 5.02
_BIN, _REL = 12.3, 13.4  # with the room around them
_THIN = 1.7  # between a fence or a fraction and another factor
_BRACKETS = {("fence", False): 3.9, ("fence", True): 7.4, ("rounding", False): 4.5, ("rounding", True): 5.9}
_WIDTHS = {"+": ("plus", _BIN), "-": ("plus", _BIN), "=": ("relation", _REL), ",": ("comma", 4.5)}
_WIDTHS |= {"<": ("relation", _REL), ">": ("relation", _REL), "/": ("slash", 5.0), "(": ("letter", 3.9)}
_WIDTHS |= {
    ")": ("letter", 3.9),
    "[": ("letter", 2.8),
    "]": ("letter", 2.8),
    "|": ("letter", 2.8),
    "~": ("letter", 3.4),
}


def _apart(one: Box, other: Box) -> bool:
    both = (one.sort, other.sort)
    return all(sort in FACTORS for sort in both) and both != ("letter", "letter")


class _Reader:
    """The tokens of a formula, from left to right."""

    TOKEN: re.Pattern[str]

    def __init__(self, formula: str) -> None:
        self.tokens: list[str] = self.TOKEN.findall(formula)
        self.at = 0

    def row(self, style: int = 0, *until: str) -> Row:
        """Boxes up to one of some tokens, which is left."""
        found: list[Box] = []
        while self.at < len(self.tokens) and self._next() not in until:
            box = self.box(style, bool(found) and found[-1].sort not in ("plus", "relation", "comma", "dot"))
            if box.sort == "script":
                last = found.pop() if found else Box("", 0)
                more = max(box.width - last.scripts, 0)  # a raised sign stands above a lowered one
                box = replace(
                    last,
                    text=last.text + box.text,
                    width=last.width + more,
                    raised=last.raised + box.text,
                    scripts=last.scripts + more,
                )
            elif found and found[-1].sort == "function" and box.sort == "fence":
                name = found.pop()
                joined, ends = (name.text + box.text, name.width + box.width), (name.text + box.ends[0], box.ends[1])
                box = Box(*joined, box.sort, box.inner, ends=ends)
            elif found and _apart(found[-1], box):
                box = replace(box, width=box.width + _THIN * SIZES[style])
            found.append(box)
        return tuple(found)

    def box(self, style: int, behind: bool) -> Box:
        raise NotImplementedError

    def _next(self) -> str:
        return self.tokens[self.at].strip() if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def _plain(self, token: str, style: int, behind: bool) -> Box:
        """A sign, a digit or a letter; a sign behind nothing belongs to what follows."""
        bare, size = token.strip().removeprefix("\\"), SIZES[style]
        figures = _DIGIT * sum(map(str.isdigit, bare)) + _THIN * (bare.count(",") + bare.count("thin"))
        sort, points = _WIDTHS.get(bare, ("letter", _SLANTED.get(bare, figures or _DIGIT)))
        if sort in ("plus", "relation") and (not behind or style > 1):
            sort, points = ("sign" if not behind else sort), 7.8
        return Box(token, points * size, sort)


class _Latex(_Reader):
    TOKEN = re.compile(
        r"\s*(?:\\(?:left|right)\s*(?:\\[a-zA-Z]+|\\.|.)|\\[a-zA-Z]+\*?|\d+(?:\\,\d{3})*|\\.|[^\s\\])|\s+$", re.S
    )
    WIDTHS = {  # noqa: RUF012
        r"\cdot": ("dot", 7.3),
        r"\times": ("times", _BIN),
        **dict.fromkeys((r"\le", r"\ge", r"\ne", r"\sim", r"\to", r"\mid", r"\in", r"\approx"), ("relation", _REL)),
        r"\,": ("space", 1.7),
        r"\;": ("space", 2.8),
        r"\ ": ("space", 3.4),
        r"\!": ("space", -1.7),
        r"\quad": ("space", 10.0),
        r"\qquad": ("space", 20.0),
        r"\sum": ("function", 16.2),
        r"\infty": ("letter", 10.0),
        r"\min": ("function", 18.4),
        r"\max": ("function", 20.3),
        r"\gcd": ("function", 16.7),
        r"\log": ("function", 14.6),
        **dict.fromkeys((r"\displaystyle", r"\textstyle", r"\limits", r"\allowbreak"), ("space", 0.0)),
    }
    FENCES = {"(": ")", "[": "]", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}  # noqa: RUF012
    WORDS = (r"\text", r"\mathrm", r"\operatorname", r"\mathbb", r"\texttt", r"\textit", r"\mathit", r"\emph")

    def box(self, style: int, behind: bool) -> Box:
        token = self._take()
        bare = token.strip()
        if bare == "{":
            return self._braced(token, style)
        if bare in ("^", "_"):
            return self._script(token, style)
        if bare in (r"\frac", r"\dfrac", r"\tfrac"):
            return self._fraction(token, style)
        if bare == r"\sqrt":
            inner = self._braced("", style)
            return Box(token + inner.text, inner.width + 9 * SIZES[style])
        if bare in self.WORDS:
            return self._words(token, style)
        if bare in self.FENCES or (bare.startswith(r"\left") and not bare.startswith(r"\leftarrow")):
            end = self._end(bare)
            return self._fence(token, style, end) if end else self._plain(token, style, behind)
        if bare in self.WIDTHS:
            sort, points = self.WIDTHS[bare]
            return Box(token, points * SIZES[style], sort)
        return self._plain(token, style, behind) if not bare.startswith("\\") else Box(token, 6.5 * SIZES[style])

    def _braced(self, opening: str, style: int) -> Box:
        """``{...}``; its opening brace may be taken already. One token alone is an argument too, as in TeX."""
        if not opening:
            if self._next() != "{":
                return self.box(style, False)
            opening = self._take()
        row = self.row(style, "}")
        closing = self._take()
        return Box(opening + "".join(b.text for b in row) + closing, _width(row), inner=(), under=row)

    def _script(self, token: str, style: int) -> Box:
        inner = self._braced("", max(2, min(3, style + 1)))
        return Box(token + inner.text, inner.width + 0.5, "script")

    def _fraction(self, token: str, style: int) -> Box:
        inside = min(3, style + 1)
        top, bottom = self._braced("", inside), self._braced("", inside)
        rows = (top.under or (top,), bottom.under or (bottom,))
        points = max(top.width, bottom.width) + 2.4
        return Box(token + top.text + bottom.text, points, "fraction", *rows)

    def _words(self, token: str, style: int) -> Box:
        written, depth = "", 0
        while self.at < len(self.tokens):
            taken = self._take()
            written += taken
            depth += {"{": 1, "}": -1}.get(taken.strip(), 0)
            if depth <= 0:
                break
        word = re.sub(r"\\[a-zA-Z]+|[\\{}]", "", written)
        each = 5.25 * len(word) if token.strip() == r"\texttt" else word_width(word)
        sort = "relation" if word != word.strip() else "letter"  # `where` between two conditions
        sort = "function" if token.strip() == r"\operatorname" else sort
        return Box(token + written, each * SIZES[style], sort)

    def _end(self, opening: str) -> int:
        """Behind what closes a fence; 0 where nothing does."""
        closing, depth = self.FENCES.get(opening, r"\right"), 1
        for end in range(self.at, len(self.tokens)):
            bare = self.tokens[end].strip()
            if closing == r"\right":
                depth += bare.startswith(r"\left") and not bare.startswith(r"\leftarrow")
                depth -= bare.startswith(r"\right") and not bare.startswith(r"\rightarrow")
            else:
                depth += (bare == opening) - (bare == closing)
            if not depth:
                return end + 1
        return 0

    def _fence(self, token: str, style: int, end: int) -> Box:
        inside = type(self)("")
        inside.tokens = self.tokens[self.at : end - 1]
        row = inside.row(style)
        closing, self.at = self.tokens[end - 1], end
        text = token + "".join(b.text for b in row) + closing
        grows = r"\left" in token
        tall = grows and (r"\frac" in text or r"\sum" in text)
        big = "bigg" if tall and style == 0 else "big"
        ends = tuple(re.sub(r"\\(left|right)(?!ar)", lambda m: f"\\{big}{m[1][0]}", t) for t in (token, closing))
        sort = "rounding" if "floor" in token or "ceil" in token else "fence"
        points = _width(row) + 2 * _BRACKETS[sort, tall] * SIZES[style]
        return Box(text, points, sort, row, ends=(ends[0], ends[1]))


class _Typst(_Reader):
    TOKEN = re.compile(
        r'\s*(?:"[^"]*"|\\.|[A-Za-z][A-Za-z0-9.]*(?:_2)?(?=\()|[A-Za-z]+|\d+(?: thin \d{3})*|[<>!=]=|[^\s])|\s+$'
    )
    WIDTHS = {  # noqa: RUF012
        "dot": ("dot", 7.3),
        "times": ("times", _BIN),
        **dict.fromkeys((">=", "<=", "!=", "divides", "in", "tilde", "->"), ("relation", _REL)),
        "thin": ("space", 1.7),
        "quad": ("space", 10.0),
        "sum": ("function", 16.0),
        "oo": ("letter", 10.0),
    }
    ENDS = {"floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉"), "": (r"\(", r"\)"), "[": ("[", "]")}  # noqa: RUF012

    def box(self, style: int, behind: bool) -> Box:
        token = self._take()
        bare, called = token.strip(), self._next() == "("
        if bare in ("^", "_"):
            return self._script(token, style)
        if bare == "(":
            return self._fence("", token, style)
        if bare == "frac" and called:
            return self._fraction(token, style)
        if bare in ("floor", "ceil") and called:
            return self._fence(bare, token + self._take(), style)
        if bare == "sqrt" and called:
            inner = self._fence("", self._take(), style)
            return Box(token + inner.text, inner.width)
        if bare in self.WIDTHS:
            sort, points = self.WIDTHS[bare]
            return Box(token, points * SIZES[style], sort)
        if bare.startswith('"'):
            word = bare.strip('"')
            return Box(token, word_width(word) * SIZES[style], "relation" if word != word.strip() else "letter")
        if bare.isalpha() and len(bare) > 1:
            return Box(token, (word_width(bare) if called else 6.2) * SIZES[style], "function" if called else "letter")
        return self._plain(token, style, behind)

    def _script(self, token: str, style: int) -> Box:
        small = max(2, min(3, style + 1))
        if self._next() != "(":
            inner = self.box(small, False)
            return Box(token + inner.text, inner.width + 0.5, "script")
        opening, row, closing = self._take(), self.row(small, ")"), self._take()
        return Box(token + opening + "".join(b.text for b in row) + closing, _width(row) + 0.5, "script")

    def _fence(self, name: str, opening: str, style: int) -> Box:
        row = self.row(style, ")")
        text = opening + "".join(b.text for b in row) + self._take()
        lead = re.match(r"\s*", text)
        left, right = self.ENDS[name]
        tall = "frac" in text or "sum" in text
        sort = "rounding" if name else "fence"
        points = _width(row) + 2 * _BRACKETS[sort, tall] * SIZES[style]
        return Box(text, points, sort, row, ends=((lead[0] if lead else "") + left, right))

    def _fraction(self, token: str, style: int) -> Box:
        inside = min(3, style + 1)
        opening, top = self._take(), self.row(inside, ",")
        comma, bottom = self._take(), self.row(inside, ")")
        text = token + opening + "".join(b.text for b in top) + comma + "".join(b.text for b in bottom) + self._take()
        return Box(text, max(_width(top), _width(bottom)) + 2.4, "fraction", top, bottom)
