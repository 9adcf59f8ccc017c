#!/usr/bin/env python3
"""Ask symcost what nobody would: nothing but a diagnostic, or the right number, may come out.

    python -m searches.fuzz                         a thousand inputs of every kind
    python -m searches.fuzz check -n 100000         as many programs, parsed, counted and checked
    python -m searches.fuzz count --minutes 30      formulas against the program with numbers in it
    python -m searches.fuzz latex --from 812 -n 1   one input again

An input follows from the seed, its target and its number. Inputs that break a promise are made smaller, printed, and kept in
build/fuzz; one for each place where something broke. The exit code is 1 when there is one.

A process of its own works, so that nothing an input does can end the search: one that takes too long, too much memory, or
the whole interpreter with it, is a finding like any other. Control-C ends it and says how far it came.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from searches.inputs import ROOT, WORD
from searches.targets import TARGETS, Broken, Target

SECONDS = 10  # of the processor, for one input
MEMORY = 4 << 30  # bytes of address space
BATCH = 5000  # inputs to a process: its caches go with it
SMALLER = 150  # tries to make a finding smaller
FOLDER = ROOT / "build" / "fuzz"


class TooLong(BaseException):
    """An input has had its time. No Exception: what is searched must not catch it."""


@dataclass(frozen=True)
class Finding:
    """An input, and what came out of it that should not."""

    target: str
    number: int
    data: bytes
    what: str
    where: str  # the place in symcost, by which findings are told apart


@dataclass
class Results:
    """What a search has seen."""

    tried: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    repeated: int = 0

    def add(self, finding: Finding) -> bool:
        key = f"{finding.target}: {finding.where}"
        self.repeated += key in self.findings
        return self.findings.setdefault(key, finding) is finding


# ------------------------------------------------------------------------------------------------------- one input


def made(target: str, seed: int, number: int) -> bytes:
    return TARGETS[target].make(Random(f"{seed} {target} {number}"))


def asked(target: Target, data: bytes) -> tuple[str, str, str]:
    """How it went; and what broke where, or nothing."""
    try:
        with limited(SECONDS):
            return target.ask(data), "", ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return "broken", *described(error)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong(f"more than {seconds} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def described(error: BaseException) -> tuple[str, str]:
    """What an exception says, and the place in symcost that it comes from."""
    name = type(error).__name__
    if isinstance(error, Broken):
        return str(error), f"{name}: {error.promise}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "symcost" in Path(f.filename).parts]
    place = f"{Path(frames[-1].filename).name} in {frames[-1].name}" if frames else "outside symcost"
    if isinstance(error, TooLong | RecursionError | MemoryError):
        place = ""  # wherever it was at that time
    said = "".join(traceback.format_exception(error)[-12:])
    return said, f"{name} {place}"


def smaller(target: Target, data: bytes, where: str) -> bytes:
    """A shorter input that breaks at the same place: parts of it are left out as long as it does."""
    encode: Callable[[list[Any]], bytes] = b"".join
    parts: list[bytes] = [part.encode("latin-1") for part in WORD.findall(data.decode("latin-1"))]
    tries, step = SMALLER, max(len(parts) // 2, 1)
    while step and tries:
        start = 0
        while start < len(parts) and tries:
            tries -= 1
            fewer = parts[:start] + parts[start + step :]
            if asked(target, encode(fewer))[2] == where:
                parts = fewer
            else:
                start += step
        step //= 2
    return encode(parts)


# --------------------------------------------------------------------------------------------------------- a search


def work(target: str, seed: int, first: int, last: int, at: Any, out: Connection) -> None:
    """The inputs from ``first`` to ``last``; what is found is sent, and the last thing sent are the outcomes."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    outcomes: Counter[str] = Counter()
    seen: set[str] = set()
    for number in range(first, last):
        at.value = number
        data = made(target, seed, number)
        outcome, what, where = asked(TARGETS[target], data)
        outcomes[outcome] += 1
        if where and where not in seen and not where.startswith("TooLong"):
            seen.add(where)
            data = smaller(TARGETS[target], data, where)
            what = asked(TARGETS[target], data)[1]
        if where:
            out.send(Finding(target, number, data, what, where))
    at.value = last
    out.send(outcomes)


def search(target: str, seed: int, first: int, last: int, results: Results, until: float) -> None:
    """Work through numbered inputs, in processes that are replaced when they end or hang."""
    context = multiprocessing.get_context("fork")
    while first < last and monotonic() < until:
        end = min(first + BATCH, last)
        at = context.Value("q", first)
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(target, seed, first, end, at, send))
        process.start()
        send.close()
        try:
            done = followed(process, receive, at, results, until)
        finally:
            process.kill()
            results.tried += at.value - first
        if not done and monotonic() < until:
            number = at.value
            how = f"the process ended with {process.exitcode}"
            tell(results, Finding(target, number, made(target, seed, number), how, how))
            results.tried += 1
            first = number + 1
        else:
            first = end


def followed(process: Any, receive: Connection, at: Any, results: Results, until: float) -> bool:
    """Take what a process sends until it ends; whether it came to its end by itself."""
    before, since, done = -1, monotonic(), False
    while True:
        if receive.poll(1):
            try:
                sent = receive.recv()
            except EOFError:
                break
            if isinstance(sent, Finding):
                tell(results, sent)
            else:
                results.outcomes += sent
                done = True
            since = monotonic()
        if at.value != before:
            before, since = at.value, monotonic()
        stuck = monotonic() - since > SECONDS * (SMALLER + 3)
        if stuck or monotonic() > until:
            process.kill()
            break
    process.join()
    return done


def tell(results: Results, finding: Finding) -> None:
    if not results.add(finding):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{finding.target}-{finding.number}"
    path.write_bytes(finding.data)
    print(f"\n{finding.target} {finding.number}: {finding.where}\n{finding.data!r}\n{finding.what}", flush=True)


def main(args: list[str] | None = None) -> int:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m searches.fuzz", description=__doc__, formatter_class=form)
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("-n", "--inputs", type=int, default=1000, help="for every target (default: 1000)")
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="N", help="the number of the first input")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many for a target")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(args)
    wrong = set(options.target) - set(TARGETS)
    if wrong:
        parser.error(f"there is no target {', '.join(sorted(wrong))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    found = 0
    for target in options.target or TARGETS:
        for number in range(100):
            made(target, options.seed, number)  # the texts there are get read, once for all processes
        results, start = Results(), monotonic()
        stopped = False
        try:
            until = start + 60 * options.minutes
            search(target, options.seed, options.first, options.first + options.inputs, results, until)
        except KeyboardInterrupt:
            stopped = True
        outcomes = ", ".join(f"{n} {word}" for word, n in results.outcomes.most_common())
        print(f"{target}: {results.tried} inputs in {monotonic() - start:.0f} s; {outcomes}", flush=True)
        found += len(results.findings)
        for key, finding in results.findings.items():
            print(f"  {key} (input {finding.number})")
        if stopped:
            return 130
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main())
