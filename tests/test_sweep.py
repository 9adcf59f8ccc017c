"""Costs over grids: each row against the network at that point, by NumPy and by databases."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from io import StringIO
from itertools import product
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import symcost
from symcost.cli import cli
from symcost.source import DomainError, SymcostError

pytest.importorskip("numpy")

from symcost import sweep as module
from symcost.sweep import Sweep

CHAIN = "input 3@X x Y  conv3-16/2 maxpool3 gap fc-10"
THREE = "input C@X x Y  conv3-16/2 maxpool3 gap fc-10"
REAL = "sym a : real = 1/2\ninput 3@X x X  conv3-(floor(64*a))/2 relu"


def axes(**limits: Any) -> dict[str, Any]:
    return {n: (v[0], v[1], v[2] if len(v) > 2 else 1) for n, v in limits.items()}


def rows(found: Sweep) -> list[tuple[Any, ...]]:
    return [row for columns in found.rows() for row in zip(*columns, strict=True)]


def expected(text: str, grid: dict[str, Any], of: tuple[str, ...] = ("params", "macs")) -> list[tuple[Any, ...]]:
    """Point by point, by substitution."""
    net = symcost.parse(text)
    values = []
    for first, last, step in grid.values():
        values.append(
            [
                Fraction(first) + i * Fraction(step)
                for i in range(int((Fraction(last) - Fraction(first)) // Fraction(step)) + 1)
            ]
        )
    found = []
    for point in product(*values):
        try:
            at = net.at(dict(zip(grid, point, strict=True)))
        except DomainError:
            continue
        found.append((*point, *(at.cost(c).value for c in of)))
    return found


GRIDS = [
    (CHAIN, axes(X=(1, 40), Y=(1, 9))),
    (CHAIN, axes(X=(32, 4096, 509), Y=(7, 7))),
    (REAL, axes(X=(10, 19), a=(Fraction(1, 10), 1, Fraction(3, 10)))),
    (REAL, axes(a=(0, 1, Fraction(1, 64)), X=(3, 5))),
    ("input C@X  linear-(C//3) relu x 2", axes(X=(1, 3), C=(1, 20))),
    ("input 3@X x X  conv3-8/2", axes(X=(10**9, 10**9 + 5))),
    (THREE, axes(Y=(7, 19, 4), X=(5, 12, 3), C=(1, 9, 2))),
    (CHAIN, axes(X=(7, 6), Y=(1, 9))),
    (THREE, axes(Y=(7, 19, 4), X=(5, 12, 3), C=(9, 1, 2))),
    (REAL.replace("3@", "C@"), axes(a=(Fraction(1, 4), 1, Fraction(1, 4)), C=(3, 5), X=(1, 9, 3))),
]


@pytest.mark.parametrize("chunk", [7, 64, 1 << 17])
@pytest.mark.parametrize(("text", "grid"), GRIDS)
def test_rows(text: str, grid: dict[str, Any], chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the size of the blocks."""
    monkeypatch.setattr(module, "CHUNK", chunk)
    assert rows(Sweep(symcost.parse(text), grid, ("params", "macs"))) == expected(text, grid)


def in_duckdb(query: str) -> list[Any]:
    return pytest.importorskip("duckdb").connect().execute(query).fetchall()


def in_sqlite(query: str) -> list[Any]:
    with sqlite3.connect(":memory:") as base:
        return base.execute(query).fetchall()


@pytest.mark.parametrize(("dialect", "run"), [("duckdb", in_duckdb), ("sqlite", in_sqlite)])
@pytest.mark.parametrize(("text", "grid"), GRIDS)
def test_queries(text: str, grid: dict[str, Any], dialect: str, run: Any) -> None:
    """The same as SQL."""
    found = Sweep(symcost.parse(text), grid, ("params", "macs"))
    try:
        query = found.query(dialect)
    except SymcostError as error:
        assert dialect == "sqlite", error
        return
    made = sorted(
        tuple(float(v) if n == "a" else int(v) for n, v in zip(found.columns, row, strict=True)) for row in run(query)
    )
    assert made == sorted(
        tuple(float(v) if n == "a" else v for n, v in zip(found.columns, row, strict=True))
        for row in expected(text, grid)
    )


WHERE = [
    ("macs < 10k", lambda p: p["macs"] < 10_000),
    ("macs <= 20k and params/X > 20", lambda p: p["macs"] <= 20_000 and Fraction(p["params"], p["X"]) > 20),
    ("X != Y and X >= 2*Y", lambda p: p["X"] != p["Y"] and p["X"] >= 2 * p["Y"]),
    ("X % 4 == 0", lambda p: p["X"] % 4 == 0),
]


@pytest.mark.parametrize(("where", "holds"), WHERE)
def test_where(where: str, holds: Any) -> None:
    grid = axes(X=(1, 40), Y=(1, 20))
    every = [dict(zip(("X", "Y", "params", "macs"), map(int, r), strict=True)) for r in expected(CHAIN, grid)]
    kept = sorted(tuple(p.values()) for p in every if holds(p))
    found = Sweep(symcost.parse(CHAIN), grid, ("params", "macs"), where)
    assert sorted(rows(found)) == kept
    assert 0 < len(kept) < len(every)
    assert sorted(in_duckdb(found.query("duckdb"))) == kept


@pytest.mark.parametrize(
    "aims", [("max:X", "macs"), ("macs", "max:Y"), ("max:X", "max:Y", "macs"), ("max:macs",), ("params", "macs")]
)
@pytest.mark.parametrize("chunk", [50, 1 << 17])
@pytest.mark.parametrize("tried", [3, 1024])
def test_pareto(aims: tuple[str, ...], chunk: int, tried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no other point beats, found by comparing all with all."""
    monkeypatch.setattr(module, "CHUNK", chunk)
    monkeypatch.setattr(module, "TRIED", tried)
    monkeypatch.setattr(module, "HELD", 2)
    grid = axes(X=(5, 40), Y=(5, 20))
    every = [tuple(map(int, r)) for r in expected(CHAIN, grid)]
    names = ("X", "Y", "params", "macs")

    def key(row: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(-row[names.index(a[4:])] if a.startswith("max:") else row[names.index(a)] for a in aims)

    keys = {r: key(r) for r in every}
    front = sorted(
        r
        for r in every
        if not any(k != keys[r] and all(a <= b for a, b in zip(k, keys[r], strict=True)) for k in keys.values())
    )
    found = Sweep(symcost.parse(CHAIN), grid, ("params", "macs"), "", aims)
    assert sorted(rows(found)) == front
    for query, run in ((found.query("duckdb"), in_duckdb), (found.query("sqlite"), in_sqlite)):
        assert sorted(run(query)) == front


def test_a_large_front_of_three() -> None:
    """Every point is on it; holding each against all others would take minutes."""
    net = symcost.parse("input 3@X x Y  conv3-1")
    found = Sweep(net, axes(X=(1, 500), Y=(1, 500)), ("macs",), "", ("max:X", "max:Y", "macs"))
    assert sum(len(columns[0]) for columns in found.rows()) == 250_000


@given(st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=40))
def test_unbeaten(points: list[tuple[int, ...]]) -> None:
    """Against comparing all with all, points that are equal among them."""
    points = sorted(points)
    beaten = [any(p != q and all(a <= b for a, b in zip(p, q, strict=True)) for p in points) for q in points]
    wanted = [place for place, lost in enumerate(beaten) if not lost]
    assert module._unbeaten(*(list(k) for k in zip(*points, strict=True))) == wanted


def test_wrong() -> None:
    net = symcost.parse(CHAIN)
    for grid, more, message in [
        (axes(X=(1, 2)), {}, "no values for Y"),
        (axes(X=(0, 2), Y=(1, 1)), {}, "at least 1"),
        (axes(X=(Fraction(1, 2), 2), Y=(1, 1)), {}, "integer"),
        (axes(Q=(1, 2), Y=(1, 1)), {}, "no symbol 'Q'"),
        (axes(X=(1, 2), Y=(1, 1)), {"where": "macs"}, "compares nothing"),
        (axes(X=(1, 2), Y=(1, 1)), {"pareto": ["flops"]}, "no figure"),
    ]:
        with pytest.raises(SymcostError, match=message):
            Sweep(net, grid, ("params", "macs"), **more)


def test_names() -> None:
    """A symbol with the name of a cost would be two columns of one name."""
    net = symcost.parse("sym params  input 3@8x8  conv3-params")
    with pytest.raises(SymcostError, match="'params' is a symbol of the sweep and a cost"):
        Sweep(net, axes(params=(1, 2)), ("params", "macs"))
    assert rows(Sweep(net, axes(params=(1, 2)), ("macs",))) == [(1, 1728), (2, 3456)]


def command(*args: str) -> Any:
    return CliRunner().invoke(cli, ["sweep", CHAIN, "--over", "X=5..12,Y=5..6", *args])


def test_files(tmp_path: Path) -> None:
    """CSV, JSON lines and Parquet of the same rows; nothing is overwritten, nothing is left behind."""
    wanted = [tuple(map(int, r)) for r in expected(CHAIN, axes(X=(5, 12), Y=(5, 6)))]
    printed = command()
    assert [tuple(map(int, r)) for r in list(csv.reader(StringIO(printed.stdout)))[1:]] == wanted
    for name in ("out.csv", "out.jsonl", "out.parquet"):
        path = tmp_path / name
        assert command("-o", str(path)).exit_code == 0
        again = command("-o", str(path))
        assert again.exit_code == 1
        assert "file-exists" in again.stderr
        assert command("-o", str(path), "--force").exit_code == 0
    assert [tuple(json.loads(line).values()) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == wanted
    assert in_duckdb(f"SELECT * FROM '{tmp_path / 'out.parquet'}' ORDER BY X, Y") == wanted
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.jsonl", "out.parquet"]


def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not whole is not there."""

    def stopped(*_: Any) -> Any:
        yield [[5], [5], [1], [1]]
        raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "rows", stopped)
    command("-o", str(tmp_path / "out.csv"))
    assert list(tmp_path.iterdir()) == []


def test_pareto_in_parquet(tmp_path: Path) -> None:
    """A front is found block by block; the file says the same as the query, with the same types."""
    for text, over in ((CHAIN, "X=5..40,Y=5..20"), (REAL, "a=0.25..1:0.25,X=10..19")):
        path = tmp_path / "out.parquet"
        run = ["sweep", text, "--over", over, "--where", "macs > 3k", "--pareto", "max:params,macs"]
        assert CliRunner().invoke(cli, [*run, "-o", str(path), "--force"]).exit_code == 0
        query = CliRunner().invoke(cli, [*run, "--sql", "duckdb"]).stdout.strip().rstrip(";")
        types = "SELECT DISTINCT typeof(COLUMNS(*)) FROM"
        assert sorted(in_duckdb(f"SELECT * FROM '{path}'")) == sorted(in_duckdb(query))
        assert in_duckdb(f"{types} '{path}'") == in_duckdb(f"{types} ({query})")


LONG = ["sweep", THREE, "--over", "X=5..3004,Y=5..1004,C=1..1000", "--limit", "points=3000000000"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("more", [(), ("--pareto", "max:X,macs")])
def test_interrupted_in_a_database(tmp_path: Path, more: tuple[str, ...]) -> None:
    """While DuckDB works: the exit code of a signal, no file, no traceback."""
    pytest.importorskip("duckdb")
    out = tmp_path / "out.parquet"
    call = [sys.executable, "-m", "symcost", *LONG, *more, "-o", str(out)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(400):
            sleep(0.1)
            if more or list(tmp_path.iterdir()):
                break
        sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in complaints
    assert printed == b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_progress(tmp_path: Path, name: str) -> None:
    """How far it is shows on a terminal."""
    pytest.importorskip("duckdb")
    import pty

    ours, theirs = pty.openpty()
    over = "X=5..104,Y=5..104,C=1..40" if name == "out.csv" else "X=5..304,Y=5..304,C=1..100"
    call = [sys.executable, "-m", "symcost", "sweep", THREE, "--over", over, "-o", str(tmp_path / name)]
    with subprocess.Popen(call, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert process.returncode == 0
    assert re.search(rb"\d+ % of [\d,]+ points", shown)
    assert shown.endswith(b"\r\033[K")
