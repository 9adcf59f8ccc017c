"""How much a program may ask for, so that no text takes the machine down; each limit has a name and can be raised.

``symcost --limit layers=2000000`` on the command line, ``with symcost.limits(layers=2_000_000):`` in Python. Limits hold for what
is done inside, in this thread or task alone. What a search tries before it says *not decided* is no limit of this kind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, fields, replace

from symcost.source import Diagnostic, Span, SymcostError, nearest

FRAMES = 12  # of Python, that one level of nesting takes
FAR = 10**12  # nobody raises a limit so high


def _limit(value: int, meaning: str, least: int = 1, most: int = sys.maxsize) -> int:
    return field(default=value, metadata={"meaning": meaning, "least": least, "most": most})


@dataclass(frozen=True)
class Limits:
    """The limits by name."""

    bytes: int = _limit(16_000_000, "bytes of a file")
    # the largest real network, written out layer by layer, is under one million
    characters: int = _limit(4_000_000, "characters of a program")
    letters: int = _limit(200, "letters of a name", 30)
    digits: int = _limit(1000, "digits of a number that is written; 10^100 needs 101", 20)
    # Python itself refuses to write more than 4300 without being told
    results: int = _limit(3900, "digits of a number that comes out", 100)
    # past about 200 Python's own recursion limit would answer instead of us, so it is raised too; the C stack ends somewhere
    nesting: int = _limit(150, "brackets, operators, blocks and files inside one another", 10, 1000)
    arguments: int = _limit(64, "sizes given to a function such as `max`")
    symbols: int = _limit(1000, "symbols of a program")
    rows: int = _limit(20_000, "rows of a table that a loop runs over")
    turns: int = _limit(10_000, "turns of a loop that are followed one by one")
    # blocks of blocks of blocks grow without effort
    layers: int = _limit(50_000, "layers that a program expands to")
    lines: int = _limit(1000, "layers of the table on a terminal; those in the middle are left out, and counted")
    terms: int = _limit(50_000, "terms of a product of sums that is multiplied out")
    # of an atom in an atom; the time it takes to compare two of them cannot be interrupted
    parts: int = _limit(50_000, "parts of a formula inside one another, each as often as it stands there", 1000)
    values: int = _limit(200_000, "values of a symbol that are tried one by one, by `invert` and by steps of `scale`")
    points: int = _limit(10_000_000_000, "points of a grid that `sweep` works out")
    seconds: int = _limit(60, "seconds of computing, of a command; `sweep` and `verify` may take any time")
    megabytes: int = _limit(1000, "megabytes of memory, of a command", 100)

    @property
    def bits(self) -> int:
        """Of a number that comes out."""
        return self.results * 10 // 3


DEFAULT = Limits()
_allowed: ContextVar[Limits] = ContextVar("limits", default=DEFAULT)


def allowed() -> Limits:
    """The limits that hold here."""
    return _allowed.get()


@contextmanager
def limits(**raised: int) -> Iterator[Limits]:
    """Other limits for what is done inside: ``with symcost.limits(layers=2_000_000):``.

    Raises `SymcostError` for a limit there is not, and for a value it cannot have.
    """
    for name, value in raised.items():
        _possible(name, value)
    found = replace(allowed(), **raised)
    _make_room(found)
    # of the whole process, and never taken back: another thread may rely on it by then
    if 0 < sys.get_int_max_str_digits() < found.results + 400:
        sys.set_int_max_str_digits(found.results + 400)
    before = _allowed.set(found)
    try:
        yield found
    finally:
        _allowed.reset(before)


def _make_room(found: Limits) -> None:
    """Let Python recurse as far as nesting may go. It is a setting of the whole process, and is never taken back."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + FRAMES * found.nesting))


def _possible(name: str, value: int) -> None:
    declared = {f.name: f.metadata for f in fields(Limits)}
    if name not in declared:
        help_ = nearest(name, declared) or f"there are {', '.join(declared)}"
        raise SymcostError(Diagnostic("unknown-limit", f"there is no limit '{name}'", help=help_))
    least, most = declared[name]["least"], declared[name]["most"]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        upper = f" to {most}" if most != sys.maxsize else ""
        message = f"the limit '{name}' is a whole number from {least}{upper}"
        raise SymcostError(Diagnostic("unknown-limit", message))


def check(name: str, count: int, noun: str, span: Span | None = None) -> None:
    """Refuse so many of a thing where that is more than its limit."""
    most = getattr(allowed(), name)
    if count > most:
        raise SymcostError(Diagnostic("over-limit", f"more than {most} {noun}", span, help=raising(name, count)))


def raising(name: str, enough: int = 0) -> str:
    """How to raise a limit, for the help of what it stopped."""
    most = next(f.metadata["most"] for f in fields(Limits) if f.name == name)
    value = max(enough if enough < FAR else 0, 2 * getattr(allowed(), name))
    if value > most:
        return f"the limit '{name}' is {most} at most"
    return f"to raise the limit: --limit {name}={value}, or symcost.limits({name}={value})"


_make_room(DEFAULT)
