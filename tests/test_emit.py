"""Formulas in other languages: each run, where its runtime is at hand, and held against exact fractions."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_sizes import EVERY, Formula, X, Y, Z, formulas, points, powers, powers_points, roundings
from strategies import examples

import symcost
from symcost import zoo
from symcost.cli import cli
from symcost.emit import sql
from symcost.emit.module import DIALECTS, Emitter, Formulas
from symcost.sizes import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.sizes.functions import divisible, gcd, holds, log2, maximum, minimum, sqrt
from symcost.sizes.sums import summed
from symcost.source import DomainError, SymcostError

Value = int | Fraction | None  # None: there is none, or no integer where a language has no fractions
Rows = list[list[int | None]]


def tool(name: str) -> Any:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not here")


def ran(*command: str | Path, text: str = "") -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


# ------------------------------------------------------------------------------- running a language

C_MAIN = """
#include <stdio.h>
static void show(bool found, __int128 value) {
    char digits[48]; int n = 0; unsigned __int128 left = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    if (!found) { printf("null "); return; }
    do { digits[n++] = '0' + (int)(left % 10); left /= 10; } while (left);
    if (value < 0) putchar('-');
    while (n) putchar(digits[--n]);
    putchar(' ');
}
"""


def in_c(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    text = emitter.text("c")
    calls = []
    for name in emitter.results:
        kind = (
            "__int128" if f"bool {name}(" in text and "__int128 *value" in _head(text, f"bool {name}(") else "int64_t"
        )
        calls += [f"{{ {kind} v = 0; bool ok = {name}({_row(r)}{', ' if r else ''}&v); show(ok, v); }}" for r in rows]
        calls.append("putchar(10);")
    whole = f"{text}\n{C_MAIN}\nint main(void) {{ {' '.join(calls)} return 0; }}\n"
    with TemporaryDirectory() as folder:
        source = Path(folder, "f.c")
        source.write_text(whole, encoding="utf-8")
        ran(
            "cc",
            "-std=c11",
            "-O1",
            "-fsanitize=signed-integer-overflow",
            "-fno-sanitize-recover=all",
            "-o",
            Path(folder, "f"),
            source,
        )
        return _columns(ran(Path(folder, "f")))


def _head(text: str, start: str) -> str:
    return text[text.index(start) :].partition("{")[0]


def _row(row: Sequence[int]) -> str:
    return ", ".join(f"({v}LL)" if abs(v) < 2**63 else _wide(v) for v in row)


def _wide(value: int) -> str:
    parts = [abs(value) // 10**18 // 10**18, abs(value) // 10**18 % 10**18, abs(value) % 10**18]
    whole = f"(((__int128){parts[0]}LL*1000000000000000000LL + {parts[1]}LL)*1000000000000000000LL + {parts[2]}LL)"
    return f"(-{whole})" if value < 0 else whole


def in_rust(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    calls = []
    for name in emitter.results:
        for row in rows:
            args = ", ".join(map(str, row))
            calls.append(f'match {name}({args}) {{ Some(v) => print!("{{}} ", v), None => print!("null ") }}')
        calls.append("println!();")
    whole = f"{emitter.text('rust')}\nfn main() {{ {' '.join(calls)} }}\n"
    with TemporaryDirectory() as folder:
        source = Path(folder, "f.rs")
        source.write_text(whole, encoding="utf-8")
        ran("rustc", "-A", "warnings", "-C", "overflow-checks=yes", "-o", Path(folder, "f"), source)
        return _columns(ran(Path(folder, "f")))


def _columns(printed: str) -> Rows:
    return [[None if w == "null" else int(w) for w in line.split()] for line in printed.splitlines()]


def in_node(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    calls = []
    for name in emitter.results:
        shown = ", ".join(f"shown(() => {name}({', '.join(f'{v}n' for v in row)}))" for row in rows)
        calls.append(f"console.log([{shown}].join(' '));")
    shown_ = "const shown = (f) => { try { return f(); } catch (e) { if (e instanceof RangeError) return 'null'; throw e; } };"
    return _columns(ran("node", "-", text="\n".join([emitter.text("javascript"), shown_, *calls])))


def in_python(emitter: Emitter, rows: Sequence[Sequence[int]], language: str = "python") -> list[list[Value]]:
    """In a process of its own, as any other language."""
    calls = f"""
import json
def shown(f, row):
    try:
        v = f(*row)
        v = v.item() if hasattr(v, "item") else v
        return [int(v.numerator), int(v.denominator)]
    except (ValueError, ZeroDivisionError):
        return None
print(json.dumps([[shown(f, r) for r in {list(map(list, rows))}] for f in ({", ".join(emitter.results)},)]))
"""
    found = json.loads(ran(sys.executable, "-", text=emitter.text(language) + calls))
    return [[None if v is None else Fraction(*v) for v in column] for column in found]


def table(names: Sequence[str], rows: Sequence[Sequence[int]], quote: str = '"') -> str:
    """Rows as a subquery."""
    columns = [f"{quote}{sql.column(n)}{quote}" for n in ("row_", *names)]
    listed = " UNION ALL ".join(
        "SELECT " + ", ".join(f"{v} AS {c}" for v, c in zip((i, *row), columns, strict=True))
        for i, row in enumerate(rows)
    )
    return f"({listed}) AS points"


def in_sql(emitter: Emitter, rows: Sequence[Sequence[int]], dialect: str, run: Any) -> Rows:
    """A row that is left out has no value; rows are told apart by their parameters, so each is asked once."""
    names = list(emitter.inputs)
    made = run(emitter.text(dialect, table(names, rows)))
    found = {tuple(map(int, r[: len(names)])): r[len(names) :] for r in made}
    nothing = [None] * len(emitter.results)
    by_row = [[None if v is None else int(v) for v in found.get(tuple(r), nothing)] for r in rows]
    return [list(column) for column in zip(*by_row, strict=True)]


def in_sqlite(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    with sqlite3.connect(":memory:") as base:
        return in_sql(emitter, rows, "sqlite", lambda query: base.execute(query).fetchall())


def in_duckdb(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    duckdb = pytest.importorskip("duckdb")
    return in_sql(emitter, rows, "duckdb", lambda query: duckdb.connect().execute(query).fetchall())


@cache
def postgres() -> str:
    """How psql reaches a server: the one SYMCOST_POSTGRES names, in which nothing is written, or one of our own."""
    if given := os.environ.get("SYMCOST_POSTGRES"):
        return given
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    user = "postgres" if os.name == "posix" and os.geteuid() == 0 else None  # it does not run as root
    try:
        if found is None or shutil.which("psql") is None:
            raise LookupError
        folder = mkdtemp(prefix="symcost-")
        if user:
            shutil.chown(folder, user)
            Path(folder).chmod(0o755)
    except LookupError:
        pytest.skip("PostgreSQL is not here")
    at = Path(found).resolve().parent

    def call(*command: str | Path) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, user=user)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    def stop() -> None:
        call(at / "pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)

    call(at / "initdb", "-D", "data", "-A", "trust", "-U", "symcost", "--no-sync")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    call(at / "pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")
    atexit.register(stop)
    return f"host={folder} user=symcost dbname=postgres"


def psql(query: str) -> list[tuple[Any, ...]]:
    printed = ran("psql", postgres(), "-v", "ON_ERROR_STOP=1", "-AtX", "-F", ",", "-P", "null=null", text=query)
    return [tuple(None if w == "null" else int(w) for w in line.split(",")) for line in printed.splitlines()]


def in_postgres(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    return in_sql(emitter, rows, "postgres", psql)


@cache
def spark() -> Any:
    session = pytest.importorskip("pyspark.sql").SparkSession.builder.master("local[1]")
    return session.config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "false").getOrCreate()


def in_spark(emitter: Emitter, rows: Sequence[Sequence[int]]) -> Rows:
    text = emitter.text("spark", table(list(emitter.inputs), rows, "`"))
    return in_sql(emitter, rows, "spark", lambda _: [tuple(r) for r in spark().sql(text.rstrip(";\n")).collect()])


def in_numpy(emitter: Emitter, rows: Sequence[Sequence[int]]) -> list[list[Value]]:
    pytest.importorskip("numpy")
    return in_python(emitter, rows, "numpy")


LANGUAGES = [
    pytest.param("c", in_c, marks=tool("cc")),
    pytest.param("rust", in_rust, marks=tool("rustc")),
    pytest.param("javascript", in_node, marks=tool("node")),
    pytest.param("python", in_python),
    pytest.param("numpy", in_numpy),
    pytest.param("sqlite", in_sqlite),
    pytest.param("duckdb", in_duckdb),
    pytest.param("spark", in_spark, marks=pytest.mark.slow),
    pytest.param("postgres", in_postgres),
]


def ranges(names: Mapping[str, Symbol], rows: Sequence[Sequence[int]]) -> dict[str, tuple[int, int]]:
    return {n: (min(r[i] for r in rows), max(r[i] for r in rows)) for i, n in enumerate(names)}


def check(language: str, run: Any, found: Sequence[Formula], at: Sequence[Mapping[Symbol, int]]) -> int:
    """Every value is right, or there is none where it is no integer; how many values there were."""
    symbols = sorted({s for p in at for s in p}, key=lambda s: s.key)
    at = [dict(p) for p in {tuple(p[s] for s in symbols): p for p in at}.values()]
    limits = {s.name: (min(p[s] for p in at), max(p[s] for p in at)) for s in symbols}

    def emitter(chosen: Sequence[Formula]) -> Emitter:
        return Emitter(Formulas("random", {f"f{i}": f.size for i, f in enumerate(chosen)}), limits)

    kept = []
    for formula in found:
        try:
            emitter([formula]).text(language)
            kept.append(formula)
        except SymcostError as error:
            assert error.diagnostics[0].code == "cannot-emit"
    if not kept:
        return 0
    made = emitter(kept)
    rows = [[p[made.inputs[n]] for n in made.inputs] for p in at]
    once = list(dict.fromkeys(map(tuple, rows)))
    columns = run(made, once)
    for formula, column in zip(kept, columns, strict=True):
        for point in at:
            value = column[once.index(tuple(point[made.inputs[n]] for n in made.inputs))]
            expected = formula.value(point)
            fractions = language in ("python", "numpy")
            assert value == (expected if fractions or expected.denominator == 1 else None), (formula, point)
    return len(kept) * len(at)


UNSHRUNK = {
    "phases": [Phase.explicit, Phase.generate],
    "report_multiple_bugs": False,
}  # a compiler runs in each example
SMALL = st.fixed_dictionaries(
    {s: st.integers(-50 if s.low is None else int(s.low), 9 if s.high else 10**6) for s in EVERY}
)


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
@given(
    found=st.lists(formulas() | roundings(), min_size=12, max_size=12),
    at=st.lists(points(), min_size=3, max_size=3),
    small=st.lists(SMALL, min_size=4, max_size=6),
)
@settings(examples(6), **UNSHRUNK)
def test_random(language: str, run: Any, found: list[Formula], at: Any, small: Any) -> None:
    """Roundings of both signs, quotients, minima: right or refused, never wrong."""
    check(language, run, found, small)
    check(language, run, found, at)


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
@given(found=st.lists(powers(), min_size=8, max_size=8), at=st.lists(powers_points(), min_size=4, max_size=4))
@settings(examples(3), **UNSHRUNK)
def test_powers(language: str, run: Any, found: list[Formula], at: Any) -> None:
    check(language, run, found, at)


x, y, z = map(Size.of, (X, Y, Z))
n = Size.of(Symbol("n"))
T = Symbol("t", low=0)

FUNCTIONS = {
    "brackets": (
        holds(">=", x - 3, Size.of(1)) * (x + y) + holds("|", x, Size.of(4)) * x,
        lambda p: (p["X"] >= 3) * (p["X"] + p["Y"]) + (p["X"] % 4 == 0) * p["X"],
    ),
    "guarded": (
        holds(">=", x - 2, Size.of(1)) * y * 60 / (x - 1),
        lambda p: Fraction(60 * p["Y"], p["X"] - 1) if p["X"] >= 2 else 0,
    ),
    "gcd": (
        gcd(x, y * 3) + gcd(x, Size.of(12)),
        lambda p: __import__("math").gcd(p["X"], 3 * p["Y"]) + __import__("math").gcd(p["X"], 12),
    ),
    "root": (sqrt(x + 3), lambda p: {4: 2, 9: 3, 16: 4}.get(p["X"] + 3)),
    "roots": (
        summed(sqrt(x + Size.of(T)), T, y),
        lambda p: None if p["Y"] > 1 else {1: 1, 4: 2, 9: 3, 16: 4}.get(p["X"]),
    ),
    "log": (log2(x), lambda p: p["X"].bit_length() - 1 if p["X"] & (p["X"] - 1) == 0 else None),
    "made divisible": (divisible(x * Fraction(3, 10), Size.of(8)), lambda p: _divisible(Fraction(3 * p["X"], 10), 8)),
    "halves": (minimum(x / 2, y / 3), lambda p: min(Fraction(p["X"], 2), Fraction(p["Y"], 3))),
}


def _divisible(value: Fraction, divisor: int) -> int:
    nearest = max(divisor, int(value + Fraction(divisor, 2)) // divisor * divisor)
    return nearest + divisor if nearest < Fraction(9, 10) * value else nearest


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_functions(language: str, run: Any, name: str) -> None:
    size, value = FUNCTIONS[name]
    emitter = Emitter(Formulas(name, {"f": size}), {"X": (1, 60), "Y": (1, 60)})
    try:
        emitter.text(language)
    except SymcostError as error:
        assert error.diagnostics[0].code == "cannot-emit"
        assert language in DIALECTS
        return
    rows = [
        [a if n == "X" else b for n in emitter.inputs]
        for a, b in [(1, 2), (2, 9), (6, 4), (13, 60), (16, 7), (60, 59), (4, 1)]
    ]
    (column,) = run(emitter, rows)
    for row, found in zip(rows, column, strict=True):
        expected = value({"X": 1, "Y": 1, **dict(zip(emitter.inputs, row, strict=True))})
        if expected is not None and Fraction(expected).denominator > 1 and language not in ("python", "numpy"):
            expected = None
        if language == "numpy" and name in ("root", "roots", "log"):
            continue  # one point without a value stops the whole array; each row is run by itself below
        assert found == expected, (row, found, expected)


@pytest.mark.parametrize(("language", "run"), [("python", in_python), ("numpy", in_numpy)])
def test_one_number_beyond_int64(language: str, run: Any) -> None:
    """NumPy's minimum of two Python integers would convert both to int64."""
    found = [minimum(5 * x, Size.of(27)), maximum(5 * x, Size.of(27)), gcd(7 * x, 12 * x + 12)]
    emitter = Emitter(Formulas("wide", {f"f{i}": size for i, size in enumerate(found)}), {"X": (1, 10**30)})
    assert run(emitter, [[10**30], [6]]) == [[27, 27], [5 * 10**30, 30], [4, 42]]


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_numbers(language: str, run: Any) -> None:
    """A network without symbols."""
    net = symcost.parse("input 3@8x8  conv3-4")
    emitter = Emitter(Formulas("number", {c: net.cost(c)._public for c in ("params", "macs")}, net.requirements))
    if language in DIALECTS:
        assert "112 AS" in emitter.text(language)
        return
    assert run(emitter, [[]]) == [[112], [6912]]


NETS = {
    "vgg": lambda: symcost.load(Path(__file__).parent.parent / "examples" / "vgg16.arch"),
    "resnet": lambda: zoo.load("resnet").net("resnet", 3, 4, 23, 3),
    "densenet": lambda: zoo.load("densenet").net("densenet", 6, 12, 24, 16),
    "bert": lambda: zoo.load("bert").net("bert", 12, 768, 12),
}


def at_net(name: str) -> tuple[symcost.Architecture, Emitter, dict[str, tuple[int, int]]]:
    net = NETS[name]()
    f = Formulas(name, {c: net.cost(c)._public for c in ("params", "macs", "flops")}, net.requirements)
    limits = {s.name: (32, 10**6) for s in f.symbols}
    return net, Emitter(f, limits), limits


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_zoo(language: str, run: Any, name: str) -> None:
    """Networks at sizes up to a million: values of up to 80 bits, against substitution in the formula."""
    net, emitter, _ = at_net(name)
    rows = [
        [a + 7 * i for i in range(len(emitter.inputs))] for a in (32, 33, 63, 224, 257, 1024, 4097, 65_535, 999_950)
    ]
    if language == "sqlite" and name != "vgg":
        with pytest.raises(SymcostError, match="bits"):
            emitter.text(language)
        return
    columns = run(emitter, rows)
    for cost, column in zip(emitter.results, columns, strict=True):
        for row, found in zip(rows, column, strict=True):
            point = dict(zip(emitter.inputs, row, strict=True))
            try:
                expected = net.at(point).cost(cost).value
            except DomainError:
                expected = None
            assert found == expected, (cost, point)
    assert any(v is not None for v in columns[1])


@pytest.mark.parametrize(("language", "run"), [p for p in LANGUAGES if p.values[0] not in ("sqlite",)])
def test_beyond_64_bits(language: str, run: Any) -> None:
    """Values of 64 to 114 bits, of both signs."""
    size = 3 * x**4 * y // 7 - 5 * z * x**2 // 3 + z
    if language == "spark":  # which has no integer division of its wide numbers
        with pytest.raises(SymcostError, match="cannot be written exactly in Spark"):
            Emitter(Formulas("wide", {"f": size}), {"X": (1, 2**22), "Y": (1, 2**24), "Z": (0, 1)}).text("spark")
        return
    emitter = Emitter(Formulas("wide", {"f": size}), {"X": (1, 2**22), "Y": (1, 2**24), "Z": (-(2**30), 2**30)})
    made = [
        (2**22, 2**24, -(2**30)),
        (2**21 + 3, 2**23 + 1, 2**30),
        (2**16 + 1, 3, 5),
        (9, 1, -(2**30) + 1),
        (1, 1, -1),
    ]
    rows = [[dict(zip("XYZ", p, strict=True))[n] for n in emitter.inputs] for p in made]
    (column,) = run(emitter, rows)
    assert column == [3 * a**4 * b // 7 - 5 * c * a**2 // 3 + c for a, b, c in made]
    assert int(max(column)).bit_length() >= 110


LOOPS = {
    "halved": "sym n, C\ninput C@X x X  for k in 0..<n { conv3-(C+k)/2 relu maxpool3/2 }",
    "pooled": "sym turn1, n\ninput C@X x X  [conv3-C relu maxpool3/2(pad=1)] x n  conv1-turn1",
    "grouped": "sym n, C\ninput C@X x X  for k in 0..<n { conv5-(C+k)/3(groups=C) }",
    "heads": "sym n\ninput 12@T  for k in 0..<n { attention(k+1) linear-12 }",
    "double": "sym n, m\ninput C@X  for k in 0..<n { for j in 0..<m { conv3-C/2 relu } linear-(k+1) linear-C }",
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_sums(language: str, run: Any, name: str) -> None:
    """Sums without a closed form, conditions on every turn, loops in loops; a symbol may be named as an index is."""
    net = symcost.parse(LOOPS[name])
    f = Formulas(name, {c: net.cost(c)._public for c in ("macs", "activations")}, net.requirements)
    most = {"X": 400, "T": 40, "C": 40, "n": 5, "m": 4, "turn1": 9}
    emitter = Emitter(f, {s.name: (1, most[s.name]) for s in f.symbols})
    if name == "heads" and language in DIALECTS:
        with pytest.raises(SymcostError, match="a sum of fractions without a closed form cannot be written"):
            emitter.text(language)
        return
    rng = Random(name)
    rows = [[rng.randint(1, most[n]) for n in emitter.inputs] for _ in range(30)]
    rows += [[{"C": 1, "n": min(i, 5), "m": 1}.get(n, most[n]) for n in emitter.inputs] for i in range(1, 7)]
    columns = run(emitter, list(map(list, dict.fromkeys(map(tuple, rows)))))
    there = 0
    for row, *figures in zip(dict.fromkeys(map(tuple, rows)), *columns, strict=True):
        try:
            at = net.at(dict(zip(emitter.inputs, row, strict=True)))
            expected = [at.cost(c).value for c in f.sizes]
            there += 1
        except DomainError:
            expected = [None, None]
        assert figures == expected, row
    assert there > 3


def test_refused() -> None:
    """What no integer of a language holds is no program."""
    with pytest.raises(SymcostError, match="more than integers of C have"):
        Emitter(Formulas("f", {"f": x**20}), {"X": (1, 10**6)}).text("c")
    with pytest.raises(SymcostError, match="more than integers of SQLite have"):
        Emitter(Formulas("f", {"f": x**4}), {"X": (1, 10**6)}).text("sqlite")
    with pytest.raises(SymcostError, match="goes outside"):
        Emitter(Formulas("f", {"f": x**4}), {"X": (-5, 10**6)})


def test_largest_range() -> None:
    """Without a range, the largest for which a language's integers are enough."""
    text = Emitter(Formulas("f", {"f": x**4})).text("sqlite")
    assert "BETWEEN 1 AND 32767" in text
    assert 32768**4 > 2**59
    with pytest.raises(SymcostError, match="bits"):
        Emitter(Formulas("f", {"f": x**60})).text("sqlite")


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_conditions(language: str, run: Any) -> None:
    """Where the network does not exist there is no value."""
    given_ = [
        Condition("|", x, Size.of(4)),
        Condition(">=", x - y),
        Condition("!=", x - 8, guard=holds(">=", y - 3, Size.of(1))),
    ]
    emitter = Emitter(Formulas("f", {"f": x / 4 + y}, tuple(given_)), {"X": (1, 50), "Y": (1, 50)})
    rows = [
        [{"X": a, "Y": b}[n] for n in emitter.inputs]
        for a, b in [(4, 1), (4, 5), (6, 1), (8, 2), (8, 3), (0, 0), (48, 48)]
    ]
    assert run(emitter, rows) == [[2, None, None, 4, None, None, 60]]


# ------------------------------------------------------------------------------- names

WORDS = """int int64_t INT64_MAX _Bool __int128 linux value fn let Ok Err _ é ü 变量 class lambda __debug__ object range pow
select order v1 V2 step0 turn_1 floor64 t3 BigInt function""".split()  # noqa: SIM905


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_names(language: str, run: Any) -> None:
    """Names that mean something in a language are names of symbols like any other."""
    symbols = [Symbol(word) for word in WORDS]
    whole = sum(((k + 2) * Size.of(s) for k, s in enumerate(symbols)), Size.of(0))
    halves = sum((Size.of(s) * (Size.of(s) // 2) ** 2 for s in symbols), whole // 3)
    emitter = Emitter(Formulas("names", {"f0": whole, "f1": halves}), dict.fromkeys(WORDS, (1, 99)))
    rows = [[{w: start + k for k, w in enumerate(WORDS)}[n] for n in emitter.inputs] for start in (1, 50)]
    points = [{s: start + k for k, s in enumerate(symbols)} for start in (1, 50)]
    assert run(emitter, rows) == [[size.subs(p).number for p in points] for size in (whole, halves)]


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_names_of_a_fraction(language: str, run: Any) -> None:
    """What stands for a real symbol is no symbol of the name it is written with."""
    a, top = Symbol("a", integer=False), Symbol("a_top")
    formulas = Formulas("names", {"f": (8 * Size.of(a)) // 1 * Size.of(top)})
    emitter = Emitter(formulas, {"a_top": (1, 9)})
    if language in DIALECTS:
        with pytest.raises(SymcostError, match="two columns would be called 'a_top'"):
            emitter.text(language)
        return
    row = {"a top": 1, "a bottom": 2, "a_top": 7}
    assert run(emitter, [[row[n] for n in emitter.inputs]]) == [[28]]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_that_are_one_column(dialect: str) -> None:
    """A database that takes two names for one is not asked."""
    one, other = Symbol("x"), Symbol("X")
    emitter = Emitter(Formulas("names", {"f": Size.of(one) * 2 + Size.of(other)}), {"x": (1, 9), "X": (1, 9)})
    if dialect == "postgres":
        assert in_postgres(emitter, [[{"x": 1, "X": 5}[n] for n in emitter.inputs]]) == [[7]]
    else:
        with pytest.raises(SymcostError, match=r"'[xX]' and '[xX]' would be one column"):
            emitter.text(dialect)
    with pytest.raises(SymcostError, match="two columns would be called 'X'"):
        Emitter(Formulas("names", {"X": Size.of(other)}), {"X": (1, 9)}).text(dialect)
    if dialect == "sqlite":
        with pytest.raises(SymcostError, match="no column can be called 'True'"):
            Emitter(Formulas("names", {"f": Size.of(Symbol("True"))}), {"True": (1, 9)}).text(dialect)


@pytest.mark.parametrize(("language", "run"), LANGUAGES)
def test_a_negative_fraction(language: str, run: Any) -> None:
    """A real symbol is not negative where nothing else is assumed."""
    net = symcost.parse("sym a : real  input 3@8x8  conv3-(floor(8*a) + 100)")
    emitter = Emitter(Formulas("f", {"f": net.params._public}, net.requirements))
    assert list(emitter.inputs) == ["a top", "a bottom"]
    assert run(emitter, [[1, 2], [-1, 2], [0, 1], [1, 0]]) == [[2912, None, 2800, None]]


def test_arrays_of_objects() -> None:
    """What is no integer in an array of Python's objects is refused, not cut off."""
    pytest.importorskip("numpy")
    calls = """
from fractions import Fraction
for seven in (7, np.int8(7), 7.0, 3.5, Fraction(7, 2), "7"):
    try:
        print(f(np.array([seven], dtype=object))[0])
    except TypeError:
        print("refused")
"""
    text = Emitter(Formulas("f", {"f": (x + 1) // 2})).text("numpy")
    assert ran(sys.executable, "-", text=text + calls).split() == ["4", "4", *["refused"] * 4]


@tool("node")
def test_a_number_that_is_no_bigint() -> None:
    """A number of JavaScript is no exact integer, also where nothing is done with it."""
    text = Emitter(Formulas("f", {"f": x})).text("javascript")
    calls = (
        "for (const v of [7n, 7, 3.5, NaN, '7']) try { console.log(String(f(v))); } catch (e) { console.log(e.name); }"
    )
    assert ran("node", "-", text=text + calls).split() == ["7", *["TypeError"] * 4]


# ------------------------------------------------------------------------------- the command


def test_command() -> None:
    run = CliRunner().invoke
    done = run(cli, ["emit", "input 3@X x X  conv3-64/2", "-l", "c", "--of", "params,macs", "--range", "X=1..4096"])
    assert done.exit_code == 0
    assert "bool params(int64_t X, int64_t *value)" in done.output
    assert "bool macs(int64_t X, int64_t *value)" in done.output
    done = run(cli, ["emit", "input 3@X x X  conv3-64/2", "-l", "c", "--range", "X=0..4096"])
    assert done.exit_code == 1
    assert "X is at least 1" in done.stderr
