"""The command ``symcost``, and ``python -m symcost``."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from symcost.interruption import exit_code, expect_signals, ignore_signals


def main() -> None:
    """The entry point of the command: signals end it without a traceback, from its first import on."""
    expect_signals()
    try:
        from symcost.cli import main as command

        command()
    except KeyboardInterrupt:
        _leave(exit_code())
    except SystemExit as end:
        ignore_signals()
        if end.code == exit_code():
            _leave(end.code)
        raise


def _leave(code: int) -> None:
    """The end after a signal: nothing of Python's own good-byes, in which a second signal would show."""
    ignore_signals()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or nobody reads
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
