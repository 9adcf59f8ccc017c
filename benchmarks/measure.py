"""Two things timed side by side, and the line that says how they compare."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter, process_time

try:
    import resource
except ImportError:  # not a POSIX system
    resource = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent

Act = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One line of the report: ours, what it is held against, and how far it should reach.

    Times are in seconds, memory in bytes. ``most`` is of ours / theirs, and ``least`` of theirs / ours, 0 where
    nothing is aimed at. Where nothing stands beside, ``most`` is of the seconds. ``missing`` says why there is no figure at all.
    """

    name: str
    ours: float | None = None
    against: str = ""
    theirs: float | None = None
    most: float | None = None
    least: float | None = None
    ratio: float | None = None  # where it is not simply that of the two
    note: str = ""
    unit: str = "s"
    missing: str = ""
    wrong: bool = False  # what was answered, whatever time it took

    @property
    def figure(self) -> float | None:
        """The ratio, or the time where nothing stands beside."""
        if self.ratio is not None:
            return self.ratio
        if self.ours is None or self.theirs is None:
            return None if self.missing else self.ours
        return self.theirs / self.ours if self.least is not None else self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or no figure."""
        if self.wrong:
            return False
        figure = self.figure
        if figure is None or not (self.most or self.least):
            return None
        return figure <= self.most if self.most else figure >= (self.least or 0)

    @property
    def remark(self) -> str:
        """What is said where there is nothing to compare."""
        return f"{self.name}: {self.note}" if self.ours is None and not self.missing else ""

    @property
    def target(self) -> str:
        if self.least:
            return f">= {self.least:,g}"
        if not self.most:
            return ""
        return f"<= {self.most:g}" if self.against else f"<= {self.most * 1000:g} ms"

    def cells(self) -> tuple[str, ...]:
        """What, ours, against, theirs, ratio, target, verdict."""
        if self.missing:
            return (self.name, shown(self.ours, self.unit), self.against, self.missing, "", self.target, "")
        figure = self.figure
        ratio = "" if figure is None or self.theirs is None else ratio_text(figure)
        verdict = {True: "yes", False: "NO", None: ""}[self.met]
        note = f" ({self.note})" if self.note else ""
        ours, theirs = shown(self.ours, self.unit), shown(self.theirs, self.unit)
        return (self.name + note, ours, self.against, theirs, ratio, self.target, verdict)


def ratio_text(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}" if ratio >= 10 else f"{ratio:.2f}"


def shown(figure: float | None, unit: str = "s") -> str:
    """A time or so many bytes, as a person reads it."""
    if figure is None:
        return ""
    for prefix, scale in (("M", 1e-6), ("k", 1e-3), ("", 1), ("m", 1e3), ("µ", 1e6)):
        if figure * scale >= 1 and (unit == "B" or scale >= 1):
            return (
                f"{figure * scale:.0f} {prefix}{unit}"
                if figure * scale >= 100
                else f"{figure * scale:.3g} {prefix}{unit}"
            )
    return f"{figure * 1e9:.3g} n{unit}"


def best(acts: Iterable[Act], rounds: int) -> list[float]:
    """The best time of each act, in seconds; the acts take turns."""
    acts = list(acts)
    times = [float("inf")] * len(acts)
    for _ in range(rounds):
        for index, act in enumerate(acts):
            times[index] = min(times[index], once(act))
    return times


def once(act: Act) -> float:
    """The smaller of what a clock and the processor count: other work on the machine is in the one, threads are in the other."""
    clock, used = perf_counter(), _used()
    act()
    return min(perf_counter() - clock, _used() - used)


def _used() -> float:
    """Seconds of the processor, those of processes that have ended included."""
    if resource is None:
        return perf_counter()
    return process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


# --------------------------------------------------------------------------------------------------- processes


def process(*args: str, python: str = sys.executable, given: str = "") -> Act:
    """A run of Python, whatever it prints and however it ends."""
    return lambda: run(*args, python=python, given=given)


def run(*args: str, python: str = sys.executable, given: str = "") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python, *args], input=given.encode(), capture_output=True, check=False, env=environment(), cwd=ROOT
    )


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="symcost-benchmark-")


def environment() -> dict[str, str]:
    """That of an installed package: bytecode is kept from one run to the next, here in a folder of our own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": _folder().name, "NO_COLOR": "1"}


@contextmanager
def program(text: str) -> Iterator[str]:
    """The text as a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.arch"
        path.write_text(text, encoding="utf-8")
        yield str(path)
