#!/usr/bin/env python3
"""How long an answer takes, in ratios to something measured beside it.

    python benchmarks/run.py            everything, in about a minute
    python benchmarks/run.py cold       whole processes
    python benchmarks/run.py warm       inside one process
    python benchmarks/run.py many       exact evaluation over 10^7 points (with NumPy)
    python benchmarks/run.py profile    where the time goes, function by function

Milliseconds differ from machine to machine and from minute to minute; ratios much less. So both sides of a ratio are
measured in turn, again and again, and the best time of each counts. A line with a target says whether it is met, and the exit
code is 1 when one is not.

Cold: a process from its start to its end, the parser's table in its cache. Warm: program text to the four costs, parsed,
resolved and counted anew each time, against Lark's own parse of the same text with the same grammar.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VGG = str(ROOT / "examples" / "vgg16.arch")

Act = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One line of the report: a time, and what it is held against."""

    name: str
    time: float
    beside: float | None = None
    target: float | None = None  # of the ratio, or of the milliseconds where nothing stands beside

    @property
    def figure(self) -> float:
        return self.time * 1000 if self.beside is None else self.time / self.beside

    @property
    def met(self) -> bool:
        return self.target is None or self.figure <= self.target

    def __str__(self) -> str:
        ratio = "" if self.beside is None else f"{self.figure:8.2f}"
        target = "" if self.target is None else f"<= {self.target:g}{' ms' if self.beside is None else ''}"
        return (
            f"{self.name:<46} {self.time * 1000:10.1f} {ratio:>8}  {target:<9} {'' if self.met else 'MISSED'}".rstrip()
        )


def best(acts: Iterable[Act], rounds: int) -> list[float]:
    """The best time of each act, in seconds; the acts take turns."""
    acts = list(acts)
    times = [float("inf")] * len(acts)
    for _ in range(rounds):
        for index, act in enumerate(acts):
            start = perf_counter()
            act()
            times[index] = min(times[index], perf_counter() - start)
    return times


# ------------------------------------------------------------------------------------------------ whole processes


def process(*args: str, given: str = "") -> Act:
    """A run of Python, whatever it prints and however it ends."""
    return lambda: subprocess.run([sys.executable, *args], input=given.encode(), capture_output=True, check=False)


def cold(rounds: int) -> list[Line]:
    acts = {
        "python -c pass": process("-c", "pass"),
        "python -c 'import sympy'": process("-c", "import sympy"),
        "python -c 'import symcost'": process("-c", "import symcost"),
        "symcost --help": process("-m", "symcost", "--help"),
        "symcost, a syntax error": process("-m", "symcost", "-", given="input 3@8x8 conv3-("),
        "symcost fmt -": process("-m", "symcost", "fmt", "-", given=Path(VGG).read_text(encoding="utf-8")),
        "symcost check vgg16.arch": process("-m", "symcost", "check", VGG),
        "symcost vgg16.arch": process("-m", "symcost", VGG),
        "symcost vgg16.arch --json": process("-m", "symcost", VGG, "--json"),
        "vgg16.arch as a SymPy expression": process("-c", f"import symcost; symcost.load({VGG!r}).macs.expr"),
        "symcost zoo": process("-m", "symcost", "zoo"),
    }
    for act in acts.values():  # fills the caches of files and of the parser
        act()
    times = dict(zip(acts, best(acts.values(), rounds), strict=True))
    nothing, sympy = times["python -c pass"], times["python -c 'import sympy'"]
    targets = {
        "symcost --help": 0.5,
        "symcost, a syntax error": 0.8,
        "symcost fmt -": 0.8,
        "symcost check vgg16.arch": 1.2,
        "symcost vgg16.arch": 1.6,
        "symcost vgg16.arch --json": 1.6,
        "vgg16.arch as a SymPy expression": 2.5,
    }
    lines = [Line(name, time, sympy, targets.get(name)) for name, time in times.items()]
    extra = times["python -c 'import symcost'"] - nothing
    return [*lines, Line("'import symcost' without Python's own start", extra, None, 60)]


# ------------------------------------------------------------------------------------------------- in one process


def equal(layers: int) -> str:
    """A chain of one layer written again and again."""
    return "input 64@X x X\n" + "conv3-64 relu\n" * (layers // 2)


def different(layers: int) -> str:
    """A chain in which no layer is like another."""
    return "input 3@X x X\n" + "".join(f"conv3-{16 + i} relu\n" for i in range(layers // 2))


def shrinking(layers: int) -> str:
    """A chain whose positions are rounded again and again."""
    return "input 3@X x Y\n" + "".join(
        f"conv{3 + 2 * (i % 3)}-{8 + i}/{2 if i % 9 == 8 else 1}(pad={i % 2}) relu\n" for i in range(layers // 2)
    )


def counted(text: str) -> object:
    """Parsed, resolved, counted."""
    import symcost

    net = symcost.parse(text)
    return net.params, net.activations, net.macs, net.cost("exact")


def only_parsed(text: str) -> object:
    """What Lark takes for the same text, with the same parser and no transformer."""
    from symcost.parser import tokens
    from symcost.source import Source

    return tokens(Source("", text))


def warm(rounds: int) -> list[Line]:
    lines = []
    for shape, counts, target in (
        (equal, (100, 1000, 10_000), 5),
        (different, (100, 1000, 10_000), 10),
        (shrinking, (100, 400), 20),
    ):
        for layers in counts:
            text = shape(layers)
            ours, larks = best([lambda: counted(text), lambda: only_parsed(text)], max(2, rounds * 100 // layers))  # noqa: B023
            lines.append(Line(f"{layers} {shape.__name__} layers, to Lark's parse", ours, larks, target))
    body = "conv3-64 bn relu"
    repeats = {
        "x 2": f"input 64@X x X [{body}] x 2",
        "x 1000000": f"input 64@X x X [{body}] x 1000000",
        "x n": f"sym n\ninput 64@X x X [{body}] x n",
    }
    two, *others = best([lambda text=text: counted(text) for text in repeats.values()], 40 * rounds)
    for name, time in zip(list(repeats)[1:], others, strict=True):
        lines.append(Line(f"[{body}] {name}, to x 2", time, two, 1.5))
    vgg = Path(VGG).read_text(encoding="utf-8")
    ours, larks = best([lambda: counted(vgg), lambda: only_parsed(vgg)], 20 * rounds)
    return [*lines, Line("vgg16.arch, to Lark's parse", ours, larks)]


# ----------------------------------------------------------------------------------------------- many points


def deep() -> object:
    """ResNet-152 in one symbol."""
    from symcost import zoo

    return zoo.load("resnet").net("resnet", 3, 8, 36, 3).at(H="X", W="X", B=1)


def many(rounds: int) -> list[Line]:
    """Exact evaluation over 10^7 points, held against SymPy's NumPy function and against copying them."""
    import numpy as np
    import sympy

    net: Any = deep()
    function = net.function("X", of="macs")
    expr = net.macs.expr
    (symbol,) = expr.free_symbols
    inexact = sympy.lambdify(symbol, expr, "numpy")
    lines = []
    for name, last in (("sizes up to 1024", 1024), ("sizes up to 5*10^6", 5 * 10**6)):
        points = np.random.default_rng(0).integers(32, last + 1, 10**7)
        target = np.empty_like(points)
        acts: list[Act] = [
            lambda p=points: function(p),  # type: ignore[misc]
            lambda p=points: inexact(p),  # type: ignore[misc]
            lambda p=points, t=target: np.copyto(t, p),  # type: ignore[misc]
        ]
        ours, theirs, copied = best(acts, rounds)
        found = function(points)
        wrong = sum(int(found[i]) != function(int(points[i])) for i in range(0, 10**7, 10**4))
        assert wrong == 0, f"{wrong} wrong values"
        lines.append(Line(f"10^7 points, {name}, to lambdify(numpy)", ours, theirs, 0.2))
        lines.append(Line(f"10^7 points, {name}, to np.copyto", ours, copied))
    return [*lines, swept(rounds)]


def swept(rounds: int) -> Line:
    """A sweep of 100 sizes of ResNet-152, text to figures."""
    from symcost import zoo
    from symcost.sweep import Sweep

    def sweep() -> object:
        net = zoo.load("resnet").net("resnet", 3, 8, 36, 3).at(H="X", W="X", B=1)
        return list(Sweep(net, {"X": (32, 3200, 32)}, ("params", "macs")).rows())

    assert sweep()
    return Line("100 sizes of ResNet-152, text to figures", best([sweep], rounds)[0])


def profile() -> None:
    """The functions in which the time goes."""
    for shape, layers in ((equal, 10_000), (different, 2000), (shrinking, 200)):
        text = shape(layers)
        counted(shape(100))
        profiler = cProfile.Profile()
        profiler.runcall(counted, text)
        print(f"\n{layers} {shape.__name__} layers")
        pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(15)


def main() -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("what", nargs="?", choices=("all", "cold", "warm", "many", "profile"), default="all")
    parser.add_argument("--rounds", type=int, default=10, help="how often each process runs (default: 10)")
    options = parser.parse_args()
    if options.what == "profile":
        profile()
        return 0
    print(f"{'':<46} {'best, ms':>10} {'ratio':>8}  target")
    missed = False
    for name, measure in (("cold", cold), ("warm", warm), ("many", many)):
        if options.what in ("all", name):
            print(f"{name}{', to import sympy' if name == 'cold' else ''}")
            for line in measure(options.rounds if name == "cold" else max(1, options.rounds // 2)):
                print(f"  {line}")
                missed = missed or not line.met
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
