"""What is written where: streams, files that are whole or not there, errors in colour."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ELOOP
from itertools import count
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.watching import reached
from symcost.interruption import unfinished
from symcost.limiting import raising
from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from rich.console import Console

    from symcost.render.document import Document

_numbers = count()  # of the files being written


def abandon_output() -> None:
    """Nothing more is written: what is left in the buffers would raise again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())


def console_of(file: Any = None) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, emoji=False, markup=False)


def render(document: Document, form: str | None, stream: Any, table: str, rate: Any) -> None:
    """Write a document in a form; on a terminal with the table asked for: ``layers``, ``tree`` or none."""
    if form is None:
        from symcost.render.terminal import layers, show
        from symcost.render.tree import blocks

        console = console_of(stream)
        with console.capture() as shown:  # nothing is written before everything is known
            show(document, console, table={"layers": layers, "tree": blocks}.get(table), speed=rate)
        stream.write(shown.get())
        return
    from symcost.render.document import rendered

    stream.write(rendered(document, form))


@contextmanager
def written(output: str | None, force: bool) -> Iterator[Any]:
    """Standard output, or a file that is written whole or not at all."""
    if output in (None, "-"):
        with piped():
            yield sys.stdout
        return
    assert output is not None
    path = fresh(output, force)
    from io import StringIO

    buffer = StringIO()
    yield buffer
    write_whole(path, buffer.getvalue(), force)


def fresh(output: str, force: bool) -> Path:
    """Where to write; not over a file unless that was asked for."""
    path = Path(output)
    if not force and path.is_file():
        raise _exists(path)
    return path


def write_whole(path: Path, content: str | bytes, force: bool = True) -> None:
    """A file with this content, or none. A link stays a link; a device or a pipe is written to."""
    data = content if isinstance(content, bytes) else content.encode()
    with beside(path, force) as place:
        place.write_bytes(data)


@contextmanager
def beside(path: Path, force: bool) -> Iterator[Path]:
    """An empty file to write, beside the one that is meant, which it becomes once it is whole."""
    try:
        if path.exists() and not path.is_file():
            yield path
            return
        whole = _followed(path)
        place = whole.with_name(f".symcost-{os.getpid()}-{next(_numbers)}")
        unfinished.add(str(place))
        try:
            place.open("xb").close()  # not through a link that somebody put there
            if whole.exists():
                place.chmod(whole.stat().st_mode & 0o777)
            yield place
            _settle(place, whole, force)
        finally:
            place.unlink(missing_ok=True)
            unfinished.discard(str(place))
    except OSError as error:
        raise SymcostError(Diagnostic("unwritable", f"cannot write {path}: {error.strerror}")) from None


def _followed(path: Path) -> Path:
    """Where links lead."""
    whole = Path(os.path.realpath(path))
    if whole.is_symlink():  # in a circle, which `Path.resolve` lets pass from Python 3.13 on
        raise OSError(ELOOP, os.strerror(ELOOP))
    return whole


def _settle(place: Path, whole: Path, force: bool) -> None:
    """Put a file where it belongs, once all of it is on the disk."""
    with place.open("rb+") as made:
        os.fsync(made.fileno())
    if not force:
        try:
            os.link(place, whole)  # unlike a rename it leaves alone what came there in the meantime
            return
        except FileExistsError:
            raise _exists(whole) from None
        except OSError:  # a file system without links
            pass
    place.replace(whole)


def _exists(path: Path) -> SymcostError:
    return SymcostError(Diagnostic("file-exists", f"{path} exists", help="use --force to overwrite it"))


@contextmanager
def piped() -> Iterator[None]:
    yield
    sys.stdout.flush()


class Outcome:
    failed = False


@contextmanager
def reported(as_json: bool, ends: bool = True) -> Iterator[Outcome]:
    """Diagnostics on standard error (as JSON on standard output when that was asked for), exit code 1."""
    outcome = Outcome()
    if as_json and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")  # as JSON is, whatever the terminal
    try:
        with _understood():
            yield outcome
    except SymcostError as error:
        outcome.failed = True
        if as_json:
            from symcost.render.json import errors

            click.echo(errors(error.diagnostics), nl=False)
        else:
            click.echo(coloured(fitted(str(error))), err=True, color=True)
        if ends:
            raise SystemExit(1) from None


@contextmanager
def _understood() -> Iterator[None]:
    """What Python itself cannot go on with, in our own words; an interruption by the reader stays one."""
    try:
        yield
    except RecursionError:
        raise SymcostError(Diagnostic("too-deep", "this is nested too deeply", help=raising("nesting"))) from None
    except MemoryError:
        raise SymcostError(Diagnostic("over-limit", "there is not enough memory for this")) from None
    except KeyboardInterrupt:
        found = reached()
        if found is None:
            raise
        raise SymcostError(found) from None


def fitted(message: str) -> str:
    """Sentences are broken between words where a terminal would break them anywhere; lines of the program stay."""
    if not sys.stderr.isatty():
        return message
    width = max(20, get_terminal_size().columns)
    lines = []
    for line in message.split("\n"):
        sentence = re.match(r"error\[| *= (?:note|help): ", line)
        indent = " " * (len(sentence[0]) if sentence and "=" in sentence[0] else 2)
        lines += wrap(line, width, subsequent_indent=indent, break_long_words=False) if sentence else [line]
    return "\n".join(lines)


def coloured(message: str) -> str:
    """Errors stand out on a terminal, and nowhere else."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or not (sys.stderr.isatty() or os.environ.get("FORCE_COLOR")):
        return message
    lines = []
    for line in message.split("\n"):
        if line.startswith("error["):
            head, _, rest = line.partition(":")
            line = click.style(head, fg="red", bold=True) + click.style(":" + rest, bold=True)
        elif line.lstrip(" |").startswith("^"):
            line = click.style(line, fg="red")
        lines.append(line)
    return "\n".join(lines)
