"""Program text from files and streams."""

from __future__ import annotations

from pathlib import Path

from symcost.source import Diagnostic, SymcostError

MAX_FILE = 16_000_000  # bytes


def read(path: str | Path) -> str:
    """The text of a file. Raises `SymcostError` when it cannot be read, is no text, or is too large."""
    path = Path(path)
    try:
        if path.is_dir():
            raise SymcostError(Diagnostic("unreadable", f"{path} is a folder, not a program"))
        if path.stat().st_size > MAX_FILE:
            raise SymcostError(Diagnostic("program-too-long", f"{path} has more than {MAX_FILE} bytes"))
        return decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise SymcostError(Diagnostic("unreadable", f"cannot read {path}: {error.strerror}")) from None


def decoded(data: bytes, name: str) -> str:
    """Program text from bytes, which must be UTF-8 without control characters."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SymcostError(Diagnostic("not-text", f"{name} is not UTF-8 text (byte {error.start})")) from None
    if "\0" in text:
        raise SymcostError(Diagnostic("not-text", f"{name} is a binary file (a zero byte at {text.index(chr(0))})"))
    return text.replace("\r\n", "\n")
