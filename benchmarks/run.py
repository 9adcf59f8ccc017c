#!/usr/bin/env python3
"""How long an answer takes, in ratios to something measured beside it.

    python benchmarks/run.py                    everything, in some minutes
    python benchmarks/run.py cold warm          some of it; the names are below
    python benchmarks/run.py --peer PYTHON      the PyTorch counters installed beside that Python too
    python benchmarks/run.py --page             the table of docs/performance.md, written there
    python benchmarks/run.py --profile          where the time goes, function by function

Milliseconds differ from machine to machine and from minute to minute; ratios much less. So both sides of a ratio are
measured in turn, again and again, and the best time of each counts. A line with a target says whether it is met, and the exit
code is 1 when one is not. What a line is held against and is not installed is said, and not skipped.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

import algebra
import cold
import depth
import many
import peers
import profiling
import stages
import warm
from measure import ROOT, Line

HEADING = ("what", "ours", "against", "theirs", "ratio", "target", "met")
START, END = "<!-- measured -->", "<!-- end -->"


def parts(environments: list[str], seconds: float) -> dict[str, tuple[str, Callable[[int], list[Line]]]]:
    """Each part of the table: what it measures, and how."""
    return {
        "cold": ("Whole processes", cold.lines),
        "stages": ("Where a start goes: ResNet-152 written out", stages.lines),
        "warm": ("In one process, text to closed form", warm.lines),
        "depth": ("Depth", depth.lines),
        "sums": ("Closed sums", lambda rounds: algebra.sums(rounds, seconds)),
        "equality": ("Equality", lambda rounds: algebra.equality(rounds, seconds)),
        "many": ("Exact evaluation", many.lines),
        "peers": ("Counters that run the network", lambda rounds: peers.lines(rounds, environments)),
    }


def text(title: str, lines: list[Line]) -> str:
    return "\n".join([title, *("  " + (line.remark or _padded(line.cells())) for line in lines)])


def _padded(row: tuple[str, ...]) -> str:
    what, ours, against, theirs, ratio, target, met = row
    return f"{what:<58} {ours:>8}  {against:<34} {theirs:>13} {ratio:>9}  {target:<9} {met}".rstrip()


def markdown(title: str, lines: list[Line]) -> str:
    """A table without the columns that nothing stands in, and remarks below it."""
    table = [HEADING, *(line.cells() for line in lines if not line.remark)]
    used = [index for index in range(len(HEADING)) if any(row[index] for row in table[1:])]
    rows = [[row[index].replace("|", "\\|") for index in used] for row in table]
    rows.insert(1, ["--:" if HEADING[index] in ("ours", "theirs", "ratio") else "---" for index in used])
    remarks = [part for line in lines if line.remark for part in ("", line.remark + ".")]
    return "\n".join([f"### {title}", "", *(f"| {' | '.join(row)} |" for row in rows), *remarks, ""])


def write(parts: list[str]) -> None:
    """Into the page, between its marks."""
    page = ROOT / "docs" / "performance.md"
    before, rest = page.read_text(encoding="utf-8").split(START)
    _, after = rest.split(END)
    page.write_text("\n".join([before + START, *parts, END + after]), encoding="utf-8")


def about() -> str:
    """What was measured with."""
    names = ("symcost", "sympy", "lark", "numpy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {platform.python_version()}, {packages}; {os.cpu_count()} cores, {platform.machine()}"


def measured(
    names: list[str], rounds: int, environments: list[str], seconds: float
) -> Iterator[tuple[str, list[Line]]]:
    for name, (title, lines) in parts(environments, seconds).items():
        if not names or name in names:
            yield title, lines(rounds)


def main() -> int:
    choices = list(parts([], 0))
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(choices)} (default: all)")
    parser.add_argument("--rounds", type=int, default=10, help="how often each process runs (default: 10)")
    parser.add_argument("--peer", action="append", default=[], metavar="PYTHON", help="a Python beside which peers are")
    parser.add_argument("--seconds", type=float, default=30, help="SymPy's time for one question (default: 30)")
    parser.add_argument("--page", action="store_true", help="write the table into docs/performance.md too")
    parser.add_argument("--profile", action="store_true", help="our functions by their time")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(choices):
        parser.error(f"there is no part {sorted(unknown)[0]!r}: {', '.join(choices)}")
    if options.profile:
        profiling.show()
        return 0
    os.chdir(ROOT)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # NumPy is to have the kernels that suit the processor
        os.environ.pop(name, None)
    print(f"{about()}\n", flush=True)
    found = []
    for title, lines in measured(options.parts, options.rounds, options.peer, options.seconds):
        print(text(title, lines), flush=True)
        found.append((title, lines))
    if options.page:
        write([f"Measured in one run with {about()}.", "", *(markdown(title, lines) for title, lines in found)])
    return int(any(line.met is False for _, lines in found for line in lines))


if __name__ == "__main__":
    sys.exit(main())
