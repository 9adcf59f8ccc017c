"""What is written where: streams, files that are whole or not there, errors in colour."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from rich.console import Console

    from symcost.render.document import Document


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
    if output is None:
        with piped():
            yield sys.stdout
        return
    path = fresh(output, force)
    from io import StringIO

    buffer = StringIO()
    yield buffer
    write_whole(path, buffer.getvalue())


def fresh(output: str, force: bool) -> Path:
    """Where to write; not over a file unless that was asked for."""
    path = Path(output)
    if path.is_file() and not force:
        raise SymcostError(Diagnostic("file-exists", f"{output} exists", help="use --force to overwrite it"))
    return path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write beside the file, then put it in its place. A link stays a link; a device or a pipe is written to."""
    data = content if isinstance(content, bytes) else content.encode()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        whole = path.resolve()
        beside = whole.with_name(f".symcost-{os.getpid()}")
        try:
            beside.write_bytes(data)
            if whole.exists():
                beside.chmod(whole.stat().st_mode & 0o777)
            beside.replace(whole)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise SymcostError(Diagnostic("unwritable", f"cannot write {path}: {error.strerror}")) from None


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
        yield outcome
    except SymcostError as error:
        outcome.failed = True
        if as_json:
            from symcost.render.json import errors

            click.echo(errors(error.diagnostics), nl=False)
        else:
            click.echo(coloured(str(error)), err=True)
        if ends:
            raise SystemExit(1) from None


def coloured(message: str) -> str:
    """Errors stand out on a terminal, and nowhere else."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
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
