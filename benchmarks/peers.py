"""PyTorch's counters, which run or trace the network at one size, each in the environment where it is installed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from caches import forget
from measure import Line, best, once, process, program, run
from networks import RESNET_152, resnet_152_written

COUNTERS = Path(__file__).parent / "counters"
# the package of each tool, its name, and the convention that counts as it does
TOOLS = {
    "torch": ("FlopCounterMode", "torch@2.13-cpu"),
    "torchinfo": ("torchinfo", "torchinfo@1.8"),
    "fvcore": ("fvcore", "fvcore@0.1.5"),
    "thop": ("thop", "thop@0.1.1"),
    "ptflops": ("ptflops", "ptflops@0.7.5"),
}
NAME = "ResNet-152 in blocks, its formulas"
SIDES = list(range(32, 3201, 32))


@dataclass(frozen=True)
class Home:
    """Where a tool is installed, and what it printed there."""

    python: str
    count: int
    version: str


def lines(rounds: int, pythons: list[str]) -> list[Line]:
    homes = {package: _home(package, [*pythons, sys.executable]) for package in TOOLS}
    return [*_processes(homes, max(2, rounds // 3)), *_sizes(homes["torch"], rounds)]


def _script(package: str) -> str:
    return str(COUNTERS / f"with_{package}.py")


def _home(package: str, pythons: list[str]) -> Home | None:
    """The first Python in which the tool answers."""
    for python in pythons:
        answer = run(_script(package), python=python)
        if answer.returncode == 0:
            count, version = answer.stdout.decode().split()[-2:]
            return Home(python, int(count), version)
    return None


def _processes(homes: dict[str, Home | None], rounds: int) -> list[Line]:
    """Whole processes: ours with a symbolic side, theirs at 224 pixels."""
    with program(RESNET_152) as blocks, program(resnet_152_written()) as written:
        ours = [process("-m", "symcost", path, "-q") for path in (blocks, written)]
        there = {package: process(_script(package), python=home.python) for package, home in homes.items() if home}
        alone = [process("-c", "import torch", python=home.python) for home in (homes["torch"],) if home]
        for act in ours:  # fills the caches; the tools have run before
            act()
        mine, longer, *others = best([*ours, *there.values(), *alone], rounds)
    theirs = dict(zip([*there, "alone"], others, strict=False))
    torch, fastest = theirs.pop("alone", None), min(theirs.values(), default=None)
    return [
        _line(NAME, mine, "python -c 'import torch'", torch),
        *(_one(package, home, mine, theirs.get(package)) for package, home in homes.items()),
        _line(NAME, mine, "the fastest of them", fastest, 8),
        _line("ResNet-152 written out, its formulas", longer, "the fastest of them", fastest, 8),
    ]


def _line(name: str, ours: float, against: str, theirs: float | None, least: float = 0, note: str = "") -> Line:
    missing = "not installed" if theirs is None else ""
    return Line(name, ours, against, theirs, least=least, note=note, missing=missing)


def _one(package: str, home: Home | None, mine: float, theirs: float | None) -> Line:
    """One tool, and whether it counts what its convention says."""
    import symcost

    tool, convention = TOOLS[package]
    if home is None:
        return _line(NAME, mine, tool, None)
    count = int(symcost.parse(RESNET_152).at(X=224).cost(convention))
    note = "" if count == home.count else f"it counts {home.count}, {convention} {count}"
    return _line(NAME, mine, f"{tool} {home.version}", theirs, note=note)


def _sizes(home: Home | None, rounds: int) -> list[Line]:
    """A hundred sizes in one process, without imports: parsed and evaluated, or run again and again."""
    import numpy as np

    import symcost

    def ours() -> list[int]:
        count = symcost.parse(RESNET_152).function("X", of="flops")
        return [int(n) for n in count(np.asarray(SIDES))]

    def first() -> float:
        forget()
        return once(ours)

    name = f"{len(SIDES)} sizes of ResNet-152, in process, text to FLOPs"
    times = best([ours], 10 * rounds)[0], min(first() for _ in range(rounds))
    against, theirs = "FlopCounterMode", None
    if home is not None:
        theirs, counts = json.loads(run(str(COUNTERS / "sizes.py"), json.dumps(SIDES), python=home.python).stdout)
        assert ours() == counts, "the counts differ"
        against = f"{against} {home.version}"
    again = _line(name, times[0], against, theirs, 10**4)
    return [again, _line(f"{name}, with nothing known from before", times[1], against, theirs)]
