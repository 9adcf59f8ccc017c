"""A command while it runs: a word where it takes long, the end where it takes too long or too much memory."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from symcost.interruption import GRACE, end, interrupt
from symcost.limiting import Limits, allowed, raising
from symcost.source import Diagnostic

SAID = 5  # seconds of computing, after which a word is said
PERIOD = 0.1  # seconds between two looks


class _Watch:
    """Looks at the process from a thread of its own, and interrupts the main thread where a limit is reached."""

    def __init__(self, limits: Limits, hurried: bool) -> None:
        self.limits, self.hurried = limits, hurried
        self.found: Diagnostic | None = None
        self._began = time.process_time()
        self._before = resident()  # of a process that has done other things
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._help = {name: raising(name) for name in ("seconds", "megabytes")}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():  # where Python ends it, it aborts the process if there is no memory for that
            self._thread.join(GRACE)

    def _look(self) -> None:
        said = not self.hurried
        while not self._over.wait(PERIOD):
            self.found = self._reached()
            if self.found is not None:
                interrupt()
                if not self._over.wait(2 * GRACE):  # the exception was lost, or one step of Python takes for ever
                    _tell(str(self.found))
                    end(1)
                return
            if not said and self._computing() > SAID:
                said = True
                _tell(f"symcost: computing for {SAID} seconds, will stop after {self.limits.seconds}; Ctrl-C ends it")

    def _computing(self) -> float:
        return time.process_time() - self._began

    def _reached(self) -> Diagnostic | None:
        seconds, megabytes = self.limits.seconds, self.limits.megabytes
        if self.hurried and self._computing() > seconds:
            message = f"no answer after {seconds} seconds of computing"
            return Diagnostic("over-limit", message, help=self._help["seconds"])
        if resident() - self._before > megabytes * 1_000_000:
            message = f"this takes more than {megabytes} megabytes of memory"
            return Diagnostic("over-limit", message, help=self._help["megabytes"])
        return None


_watching: list[_Watch] = []  # what runs, the innermost last


@contextmanager
def watched(hurried: bool) -> Iterator[None]:
    """Hold what is done inside to the limits of time and memory; who is not hurried may take any time."""
    if threading.current_thread() is not threading.main_thread():  # only that one can be interrupted
        yield
        return
    watch = _Watch(allowed(), hurried)
    _watching.append(watch)
    try:
        watch.start()
        yield
    finally:
        watch.stop()
        _watching.remove(watch)


def reached() -> Diagnostic | None:
    """The limit for which the main thread was interrupted, if that is why it was."""
    return next((w.found for w in _watching if w.found is not None), None)


def resident() -> int:
    """Bytes of memory in use; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0


def _tell(words: str) -> None:
    with suppress(OSError, ValueError, AttributeError):  # nobody listens
        sys.stderr.write(words + "\n")
        sys.stderr.flush()
