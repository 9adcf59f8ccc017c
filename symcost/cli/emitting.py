"""Commands that take formulas elsewhere: as source text of other languages, and over grids of sizes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.app import cli
from symcost.cli.growing import _asked, range_of
from symcost.cli.reading import split
from symcost.cli.writing import beside, fresh, reported, written
from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from symcost.sweep import Sweep

LANGUAGES = ["c", "rust", "python", "numpy", "javascript", "duckdb", "postgres", "spark", "sqlite"]
NET = click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 4, 6, 3)'.")
SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula.")
OUTPUT = click.option("-o", "--output", metavar="FILE", help="Write to a file, whole or not at all.")
FORCE = click.option("--force", is_flag=True, help="Overwrite the file.")


def _ranges(given: tuple[str, ...], option: str) -> dict[str, tuple[Fraction, Fraction, Fraction]]:
    """``X=32..1024,alpha=0.25..1:0.25,B=1`` as first, last and step by name."""
    found: dict[str, tuple[Fraction, Fraction, Fraction]] = {}
    for part in (p for g in given for p in split(g)):
        name, equals, value = part.partition("=")
        whole = part if ".." in value else f"{name}={value}..{value}"
        read, limits = range_of(whole, option) if equals else (name, None)
        if limits is None:
            raise click.UsageError(f"{option}: '{part}' is not of the form NAME=FIRST..LAST or NAME=FIRST..LAST:STEP")
        if read in found:
            raise click.UsageError(f"'{read}' is given twice")
        found[read] = limits
    return found


@cli.command(short_help="Write formulas as source text.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option("--language", "-l", required=True, type=click.Choice(LANGUAGES), help="What to write.")
@click.option("--of", "of", multiple=True, metavar="NAME", help="Which costs: params, macs, act, ... ('params,macs').")
@click.option("--convention", default="flops", metavar="NAME", help="The cost where --of says nothing.")
@click.option("--range", "ranged", multiple=True, metavar="X=A..B", help="Between which values a symbol stays.")
@NET
@SET
@OUTPUT
@FORCE
def emit(
    program: str,
    language: str,
    of: tuple[str, ...],
    convention: str,
    ranged: tuple[str, ...],
    net: str | None,
    given: tuple[str, ...],
    output: str | None,
    force: bool,
) -> None:
    """Write costs as functions of another language, or as a query, exact as the formulas.

    Integers of 64 or 128 bits are used where the ranges of the symbols prove that every step fits, and a
    formula for which they are not enough is refused. Without a range the largest one is found that is.

    \b
    symcost emit net.arch --language c --range X=1..4096
    symcost emit net.arch --language duckdb --of params,macs
    """
    with reported(False), written(output, force) as stream:
        arch, title = _asked(program, net, given)
        from symcost.emit.module import Emitter, Formulas

        names = [n for part in of for n in split(part)] or [convention]
        sizes = {name: arch.cost(name)._public for name in names}
        limits = {n: (a, b) for n, (a, b, _) in _ranges(ranged, "--range").items()}
        for name in limits:
            arch.domain.declared(name)
        stream.write(Emitter(Formulas(title, sizes, arch.requirements), limits).text(language))


@cli.command(short_help="Work out costs over a grid of sizes.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option(
    "--over", multiple=True, required=True, metavar="X=A..B:STEP", help="Values of symbols, with commas between."
)
@click.option("--of", "of", multiple=True, metavar="NAME", help="Which costs; params and macs by default.")
@click.option("--where", default="", metavar="CONDITION", help="What to keep: 'macs < 1G and params <= 5M'.")
@click.option("--pareto", default="", metavar="NAMES", help="What no other point beats: 'params,macs' or 'max:X,macs'.")
@NET
@SET
@OUTPUT
@FORCE
@click.option("--sql", type=click.Choice(["duckdb", "postgres", "spark", "sqlite"]), help="Print the same as a query.")
def sweep(
    program: str,
    over: tuple[str, ...],
    of: tuple[str, ...],
    where: str,
    pareto: str,
    net: str | None,
    given: tuple[str, ...],
    output: str | None,
    force: bool,
    sql: str | None,
) -> None:
    """Work out costs over a grid of sizes, each point exact; points without a network are left out.

    The file is CSV, JSON lines (.jsonl) or Parquet (.parquet, with DuckDB). The grid is never held in memory.

    \b
    symcost sweep net.arch --over X=32..1024:32,alpha=0.25..1:0.25
    symcost sweep net.arch --over X=32..1024 --where 'macs < 1G' -o out.parquet
    """
    with reported(False):
        arch, _ = _asked(program, net, given)
        _needs("numpy")
        from symcost.sweep import Sweep

        names = [n for part in of for n in split(part)] or ["params", "macs"]
        found = Sweep(arch, _ranges(over, "--over"), names, where, [p for p in split(pareto) if p])
        if sql is not None:
            with written(output, force) as stream:
                stream.write(found.query(sql) + ";\n")
        elif output is not None and output.endswith(".parquet"):
            _needs("duckdb")
            with beside(fresh(output, force), force) as path:
                _parquet(found, path)
        elif output in (None, "-"):
            _rows(found, sys.stdout, False, False)
            sys.stdout.flush()
        else:
            with beside(fresh(output, force), force) as path, path.open("w", encoding="utf-8", newline="\n") as stream:
                _rows(found, stream, output.endswith((".jsonl", ".ndjson")), True)


def _needs(module: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        message = f"a sweep needs {'DuckDB for Parquet' if module == 'duckdb' else 'NumPy'}, which is not installed"
        raise SymcostError(Diagnostic("missing-extra", message, help="pip install 'symcost[sweep]'"))


def _rows(found: Sweep, stream: Any, as_json: bool, filed: bool) -> None:
    """As CSV with a head, or a JSON object a line with exact integers as strings beyond 2^53."""
    if not as_json:
        stream.write(",".join(map(_cell, found.columns)) + "\n")
    with _progress(found.size, filed) as progress:
        for columns in found.rows(progress):
            if as_json:
                rows = (dict(zip(found.columns, map(_exact, row), strict=True)) for row in zip(*columns, strict=True))
                stream.writelines(json.dumps(row) + "\n" for row in rows)
            else:
                texts = [[_text(v) for v in column] for column in columns]
                stream.writelines(",".join(row) + "\n" for row in zip(*texts, strict=True))


def _text(value: Any) -> str:
    """A decimal where there is an exact one."""
    if isinstance(value, int):
        return str(value)
    places = next((n for n in range(1, 30) if (value * 10**n).denominator == 1), None)
    if places is None:
        return str(value)
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _exact(value: Any) -> int | str:
    return value if isinstance(value, int) and abs(value) <= 2**53 else _text(value)


def _cell(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _parquet(found: Sweep, path: Path) -> None:
    """By DuckDB, which never holds the grid; a front is found block by block before."""
    import duckdb

    base = duckdb.connect()
    base.execute("SET enable_progress_bar = true")
    base.execute("SET enable_progress_bar_print = false")
    try:
        with _progress(found.size, True) as progress:
            if found.aims:
                base.register("front", found.front(progress))
            query = found.query("duckdb", "front" if found.aims else "")
            place = str(path).replace("'", "''")
            _worked(base, f"COPY (\n{query}\n) TO '{place}' (FORMAT parquet, USE_TMP_FILE false)", progress, found.size)
    except duckdb.Error as error:
        raise OSError(0, " ".join(str(error).split())[:200]) from None
    finally:
        base.close()


def _worked(base: Any, query: str, progress: Callable[[int], None], size: int) -> None:
    """A query of DuckDB in a thread of its own: the main one shows how far it is, and answers to signals."""
    failed: list[Exception] = []
    done = Event()

    def work() -> None:
        try:
            base.execute(query)
        except Exception as error:
            failed.append(error)
        finally:
            done.set()

    Thread(target=work, daemon=True).start()
    try:
        progress(0)
        while not done.wait(0.2):
            progress(int(max(base.query_progress(), 0) * size / 100))
    except KeyboardInterrupt:
        base.interrupt()
        done.wait()
        raise
    for error in failed:
        raise error


@contextmanager
def _progress(size: int, filed: bool) -> Iterator[Callable[[int], None]]:
    """How far it is, on a terminal where the rows do not go; nothing elsewhere."""
    shown = sys.stderr.isatty() and (filed or not sys.stdout.isatty())

    def show(done: int) -> None:
        if shown:
            sys.stderr.write(f"\r{done * 100 // max(size, 1):3d} % of {size:,} points")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write("\r\033[K")
