#!/usr/bin/env python3
"""Mutation testing: change one thing in the code, and see whether a test notices.

    python -m searches.mutate layers                    a sample of 300 mutants of symcost/layers
    python -m searches.mutate sizes -n 1000 --seed 3    another, larger one
    python -m searches.mutate sizes/rounding.py --all   every mutant of a file
    python -m searches.mutate layers/conv.py --like sides -k derive    some mutants, some tests

A mutant is killed when a test fails or takes ten times as long. Survivors are printed; those that `equivalent.toml` lists, with
the reason why no test can tell them apart, are not counted. The exit code is 1 when fewer than 95 % of the others are killed.

mutmut leaves decorated functions alone, such as the cached `sizes.rounding.floor`, and starts its tests in the order of their
files. This driver is the small part that is needed here: tests are collected once, a first run notes which functions each of
them calls and how long it takes, and then each mutant is a fork in which the code of one function is exchanged and
the tests that call it are run, the quickest first. Command lines tested in processes of their own see no mutant.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import resource
import signal
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper, cached_property
from pathlib import Path
from random import Random
from time import monotonic, process_time
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from searches.inputs import PACKAGE, ROOT
from searches.mutants import Mutant, Mutated, Site
from symcost.layers.base import _DEFAULTS as DEFAULTS

LEAST = 0.95
LONGEST = 2.0  # seconds: a test that takes longer is left out
ENOUGH = 60.0  # seconds of tests for one mutant
SLACK = 5  # seconds a mutant has in any case
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
TESTS: Mapping[str, str] = {  # those that are quick and tell much, for each package
    "layers": "every_layer naive naive_back windows refused random_nets training memory receptive derive merge diagnostics",
    "sizes": "sizes bounds signs conditions functions_of_sizes written notation bridge rounding facts prove loops forms",
    "graph": "composition loops arguments assume values families plain_calls widths lasting diagnostics bad_input programs "
    "merge roles api",
    "depth.py": "depth loops programs random_nets merge",
    "conventions": "convention_files conventions paper_conventions difference diagnostics",
}


@dataclass
class Tried:
    """What is known of a test after the first run."""

    item: pytest.Item
    seconds: float = 0.0
    called: set[CodeType] = field(default_factory=set)


class Mutation:
    """A plugin of pytest: it runs the tests that were collected once as they are, and then once for every mutant."""

    def __init__(self, sites: Sequence[Site], known: Mapping[str, str], cases: int) -> None:
        self.sites, self.known, self.cases = sites, known, cases
        self.outcomes: Counter[str] = Counter()
        self.survivors: list[Mutant] = []
        self.excused: list[Mutant] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        tests = [Tried(item) for item in fewer(session.items, self.cases)]
        for test in tests:
            noted(test)
        print(f"  {len(tests)} tests in {sum(t.seconds for t in tests):.0f} s", flush=True)
        tests = [test for test in tests if test.seconds <= LONGEST]
        start = monotonic()
        for i, site in enumerate(self.sites, start=1):
            mutant = site.mutant()
            self._judged(mutant, tests)
            if i % 50 == 0:
                print(f"  {i} of {len(self.sites)} in {monotonic() - start:.0f} s: {self}", flush=True)
        return True

    def _judged(self, mutant: Mutant, tests: Sequence[Tried]) -> None:
        function = found(mutant)
        if function is None or mutant.before == mutant.after:
            self.outcomes["left out"] += 1
            return
        chosen = sorted((t for t in tests if function.__code__ in t.called), key=lambda t: t.seconds)
        outcome = run(mutant, function, chosen)
        if outcome == "survived" and mutant.name in self.known:
            outcome = "equivalent"
            self.excused.append(mutant)
        elif outcome == "survived":
            self.survivors.append(mutant)
            print(
                f"  {mutant.file}:{mutant.line} in {mutant.function}: {mutant.before}  ->  {mutant.after}", flush=True
            )
        self.outcomes[outcome] += 1

    @property
    def rate(self) -> float:
        killed = self.outcomes["killed"] + self.outcomes["took too long"]
        return killed / max(killed + self.outcomes["survived"], 1)

    def __str__(self) -> str:
        parts = ", ".join(f"{n} {word}" for word, n in self.outcomes.most_common())
        return f"{parts}; {100 * self.rate:.1f} % killed"


def fewer(items: Sequence[pytest.Item], cases: int) -> list[pytest.Item]:
    """Of a test with very many cases, some from everywhere."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return [item for group in groups.values() for item in group[:: -(-len(group) // cases)]]


def noted(test: Tried) -> None:
    """Run a test as it is, and note what it calls and how long it takes."""
    package = str(PACKAGE)

    def trace(frame: FrameType, event: str, _: Any) -> None:
        if frame.f_code.co_filename.startswith(package):
            test.called.add(frame.f_code)

    forget()
    start = process_time()
    sys.settrace(trace)
    try:
        passed = passes(test.item)
    finally:
        sys.settrace(None)
    test.seconds = process_time() - start
    if not passed:
        print(f"  {test.item.nodeid} fails as it is, and is left out", flush=True)
        test.called.clear()


def passes(item: pytest.Item) -> bool:
    reports = pytest_runner().runtestprotocol(item, log=False, nextitem=None)
    return not any(report.failed for report in reports)


def pytest_runner() -> Any:
    return importlib.import_module("_pytest.runner")


def forget() -> None:
    """Empty all caches of the package: what a test computes is computed in it."""
    for cache in caches():
        cache.cache_clear()
    DEFAULTS.clear()


def caches() -> list[Any]:
    return [o for o in gc.get_objects() if isinstance(o, _lru_cache_wrapper) and o.__module__.startswith("symcost")]


def found(mutant: Mutant) -> FunctionType | None:
    """The function in memory that a mutant is of."""
    module = "symcost." + mutant.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    value: Any = importlib.import_module(module)
    for part in mutant.function.split("."):
        value = vars(value).get(part)
        if value is None:
            return None
    for _ in range(4):
        if isinstance(value, property):
            value = value.fget
        elif isinstance(value, cached_property):
            value = value.func
        elif isinstance(value, staticmethod | classmethod) or hasattr(value, "__wrapped__"):
            value = value.__wrapped__
    same = isinstance(value, FunctionType) and value.__code__.co_freevars == mutant.code.co_freevars
    return value if same else None


def run(mutant: Mutant, function: FunctionType, tests: Sequence[Tried]) -> str:
    """Whether the tests notice: in a process of its own, with a limit of its time."""
    if not tests:
        return "survived"
    child = os.fork()
    if child == 0:
        budget = 10 * sum(t.seconds for t in tests) + SLACK
        resource.setrlimit(
            resource.RLIMIT_CPU, (int(process_time() + min(budget, 10 * ENOUGH)), resource.RLIM_INFINITY)
        )
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        os._exit(_killed(mutant, function, tests))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "took too long"
    return "killed" if os.WEXITSTATUS(status) else "survived"


def _killed(mutant: Mutant, function: FunctionType, tests: Sequence[Tried]) -> int:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    forget()
    function.__code__ = mutant.code
    spent = 0.0
    try:
        for test in tests:
            spent += test.seconds
            if spent > ENOUGH:
                break
            signal.setitimer(signal.ITIMER_PROF, 10 * test.seconds + SLACK)  # ends the process
            if not passes(test.item):
                return 1
    except BaseException:
        return 1
    return 0


# ------------------------------------------------------------------------------------------------------- the command


def sites(target: str) -> list[Site]:
    path = PACKAGE / target
    files = [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))
    return [site for file in files for site in Mutated(file, PACKAGE).sites()]


def equivalents() -> dict[str, str]:
    """Mutants that no test can tell from the code, by name, with the reason."""
    if not EQUIVALENT.exists():
        return {}
    table = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {name: m["why"] for m in table.get("mutant", ()) for name in _names(m)}


def _names(entry: Mapping[str, Any]) -> Sequence[str]:
    """Of one mutant, or of several with one reason."""
    names: Sequence[str] = entry.get("names") or [f"{entry['file']}: {entry['function']}: {entry['change']}"]
    return names


def searched(target: str, number: int | None, seed: int, cases: int, only: str, like: str) -> Mutation:
    """Try a sample of the mutants of a file or a package."""
    there = [site for site in sites(target) if not like or like in site.mutant().name]
    chosen = there if number is None or number >= len(there) else Random(f"{seed} {target}").sample(there, number)
    print(f"{target}: {len(chosen)} of {len(there)} mutants", flush=True)
    plugin = Mutation(chosen, equivalents(), cases)
    tests = next(t for name, t in TESTS.items() if target.startswith(name))
    quiet = [*(f"-pno:{name}" for name in ("cacheprovider", "xdist", "terminal")), "-psearches.quiet", "--capture=no"]
    quiet += [
        "--hypothesis-profile=quiet",
        "--assert=plain",
        f"--rootdir={ROOT}",
        "-oaddopts=",
        "-m",
        "not slow and not torch and not packaging",
        "-k",
        only,
    ]
    pytest.main([*quiet, *(str(ROOT / "tests" / f"test_{test}.py") for test in tests.split())], plugins=[plugin])
    print(f"{target}: {plugin}", flush=True)
    return plugin


def main(args: list[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m searches.mutate", description=__doc__, formatter_class=form)
    parser.add_argument("target", nargs="+", help=f"files below symcost, or {', '.join(TESTS)}")
    parser.add_argument("-n", "--mutants", type=int, default=300, help="how many (default: 300)")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=70, help="of one test, at most (default: 70)")
    parser.add_argument(
        "--like", default="", metavar="TEXT", help="those mutants whose function or change has the text"
    )
    parser.add_argument("-k", dest="only", default="", metavar="EXPRESSION", help="tests to run, as pytest has it")
    options = parser.parse_args(args)
    unknown = [t for t in options.target if not t.startswith(tuple(TESTS))]
    if unknown:
        parser.error(f"there are no tests chosen for {', '.join(unknown)}")
    number = None if options.all else options.mutants
    found = [searched(t, number, options.seed, options.cases, options.only, options.like) for t in options.target]
    return int(any(plugin.rate < LEAST for plugin in found))


if __name__ == "__main__":
    sys.exit(main())
