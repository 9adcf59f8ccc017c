"""Program text from files and streams."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from symcost.limiting import allowed, raising
from symcost.source import Diagnostic, SymcostError


def exists(path: str | Path) -> bool:
    """Whether there is such a file; what cannot be the name of one, being too long, names none."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def read(path: str | Path, name: str | None = None) -> str:
    """The text of a file. Raises `SymcostError`, by that ``name``, when it cannot be read, is no text, or is too large."""
    path = Path(path)
    name = name or str(path)
    try:
        if path.is_dir():
            raise SymcostError(Diagnostic("unreadable", f"{name} is a folder, not a program"))
        with path.open("rb") as stream:
            return text_of(stream, name)
    except OSError as error:
        raise SymcostError(Diagnostic("unreadable", f"cannot read {name}: {error.strerror}")) from None
    except ValueError:  # of a zero byte
        raise SymcostError(Diagnostic("unreadable", f"cannot read {name}: this is no name of a file")) from None


def text_of(stream: BinaryIO, name: str) -> str:
    """The text of an open stream, which may have no end, such as ``/dev/zero``."""
    most = allowed().bytes
    data = stream.read(most + 1)
    if len(data) > most:
        raise SymcostError(Diagnostic("program-too-long", f"{name} has more than {most} bytes", help=raising("bytes")))
    return decoded(data, name)


def decoded(data: bytes, name: str) -> str:
    """Program text from bytes, which must be UTF-8, with or without a byte-order mark, and have no zero byte.

    Lines end in a line feed, whatever they ended in.
    """
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SymcostError(Diagnostic("not-text", f"{name} is UTF-16", help="save it as UTF-8"))
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8 text: line {line} has the byte {error.object[error.start]:#04x}"
        raise SymcostError(Diagnostic("not-text", message, help="save it as UTF-8")) from None
    if "\0" in text:
        raise SymcostError(Diagnostic("not-text", f"{name} is no text: it has zero bytes"))
    return text.replace("\r\n", "\n").replace("\r", "\n")
