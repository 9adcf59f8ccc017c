"""The end of a command by a signal: whatever it is doing, without a traceback, and without a file half written.

It is the first module a command imports, and imports little itself: before it nobody answers to a signal.
"""

from __future__ import annotations

import _thread
import os
import signal
import threading
from contextlib import suppress

GRACE = 2  # seconds for an interrupted command to end by itself
SIGNALS = [found for name in ("SIGINT", "SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None]

unfinished: set[str] = set()  # files being written, which an end without ceremony takes along
_received: list[int] = []
_own: list[bool] = []  # interruptions for a reason of our own, which are no signals


def expect_signals() -> None:
    """Let the first signal that asks for the end interrupt the main thread, and the second one end the process."""
    for found in SIGNALS:
        if signal.getsignal(found) is not signal.SIG_IGN:  # as `nohup` wants it
            signal.signal(found, _interrupted)


def ignore_signals() -> None:
    """Nothing interrupts what is left to do: the answer is out."""
    for found in SIGNALS:
        signal.signal(found, signal.SIG_IGN)


def exit_code() -> int:
    """The exit code of a command that a signal ended."""
    return 128 + (_received[0] if _received else signal.SIGINT)


def end(code: int) -> None:
    """The end at once, wherever the other threads are."""
    for path in tuple(unfinished):
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108
    os._exit(code)


def end_soon() -> None:
    """The end after a while: an exception that is raised in a destructor, say, is lost."""
    timer = threading.Timer(GRACE, end, (exit_code(),))
    timer.daemon = True
    timer.start()


def interrupt() -> None:
    """Interrupt the main thread as a signal does, for a reason of our own."""
    _own.append(True)
    _thread.interrupt_main()


def _interrupted(number: int, frame: object) -> None:
    if _own and not _received:
        _own.clear()
        raise KeyboardInterrupt
    _received.append(number)
    if len(_received) > 1:
        end(exit_code())
    end_soon()
    raise KeyboardInterrupt
