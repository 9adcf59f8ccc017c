"""Every limit refuses what is beyond it, says how to raise it, and lets it pass once it is raised."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

import symcost
from symcost.cli import cli
from symcost.conventions import convention
from symcost.files import read
from symcost.growth import staircase
from symcost.invert import values_of
from symcost.limiting import Limits, allowed
from symcost.parser import parse_formula
from symcost.sweep import Sweep

ROOT = Path(__file__).parent.parent
VALUES = {f.name: f.default for f in fields(Limits)}
LEAST = {f.name: f.metadata["least"] for f in fields(Limits)}
X = "input 3@8x8\n"


def net(text: str) -> Callable[[], object]:
    return lambda: symcost.parse(text).macs


def formula(text: str) -> Callable[[], object]:
    return lambda: symcost.formula(text)


def at(value: str) -> Callable[[], object]:
    return lambda: symcost.parse("input 3@X x X").at(X=value)


def latex(text: str) -> Callable[[], object]:
    return lambda: symcost.parse("input 3@X x X conv3-8").macs.proves(f"= ${text}$")


def chain(blocks: int) -> str:
    """Each block uses the one before it."""
    inner = "".join(f"block b{i}_ {{ b{i - 1}_ }}\n" for i in range(1, blocks))
    return f"block b0_ {{ relu }}\n{inner}{X}b{blocks - 1}_"


def bomb(doublings: int) -> str:
    """Each block uses the one before it twice."""
    inner = "".join(f"block b{i}_ {{ b{i - 1}_ b{i - 1}_ }}\n" for i in range(1, doublings + 1))
    return f"block b0_ {{ relu }}\n{inner}{X}b{doublings}_"


def halved(times: int) -> str:
    """A formula that holds itself twice, so many times over."""
    lets = "".join(f"let a{i} = a{i - 1} + floor((a{i - 1} + 1)/3)\n" for i in range(1, times + 1))
    return f"sym a0\n{lets}{X}conv1-a{times}"


def sweep(values: int) -> Callable[[], object]:
    return lambda: Sweep(symcost.parse("input 3@X x X"), {"X": (1, values, 1)}, ["act"])


# limit, a lower value for it, what is beyond that and how much would do, the code of the error
CASES = [
    ("characters", 50, net(X + "relu " * 10), 62, "program-too-long"),
    ("letters", 40, net(f"sym {'n' * 41}\n{X}"), 41, "name-too-long"),
    ("letters", 40, net(f"sym {'n' * 41}12\n{X}"), 41, "name-too-long"),
    ("letters", 40, latex("\\mathrm{" + "n" * 41 + "}"), 41, "name-too-long"),
    ("digits", 20, net(X + "conv3-(" + "1" * 21 + ")"), 21, "number-too-long"),
    ("digits", 20, net(X + "conv3-(1e21)"), 21, "number-too-long"),
    ("digits", 20, net(X + "conv" + "3" * 21 + "-8(pad=same)"), 21, "number-too-long"),
    ("digits", 20, formula("1e-21"), 21, "number-too-long"),
    ("digits", 20, at("1" * 21), 21, "number-too-long"),
    ("digits", 20, latex("1" * 21), 21, "number-too-long"),
    ("results", 100, net(X + "conv3-(10^101)"), 130, "number-too-large"),
    ("results", 100, net(X + "conv3-(2^2^9)"), 170, "number-too-large"),
    ("results", 100, at("10^101"), 310, "number-too-large"),
    ("results", 100, formula("(10^60)*(10^60)"), 130, "number-too-large"),
    ("results", 100, latex("10^{101}"), 120, "number-too-large"),
    ("nesting", 10, net(X + "[" * 11 + "relu" + "]" * 11), 11, "too-deep"),
    ("nesting", 10, net(chain(12)), 12, "too-deep"),
    ("nesting", 10, formula("1^" * 11 + "1"), 24, "too-deep"),
    ("nesting", 10, formula("-" * 11 + "n"), 11, "too-deep"),
    ("nesting", 10, at("(" * 11 + "8" + ")" * 11), 11, "too-deep"),
    ("nesting", 10, latex("{" * 11 + "X" + "}" * 11), 11, "too-deep"),
    ("nesting", 10, net(X + "if 1 == 2 { relu } else " * 11 + "{ relu }"), 24, "too-deep"),
    ("arguments", 3, formula("max(a, b, c, d)"), 4, "wrong-count"),
    ("symbols", 3, net(f"sym a, b\nsym c, d\n{X}"), 4, "over-limit"),
    ("rows", 3, net(X + "for c in [1; 2; 3; 4] { conv1-c }"), 4, "over-limit"),
    ("turns", 70, net(X + "conv1-((here.c*here.c) % 101 + 1) x 71"), 71, "no-closed-form"),
    ("turns", 70, net(X + "for i in 0..<71 { conv1-((here.c*i + 1) % 101 + 1) }"), 71, "no-closed-form"),
    ("layers", 3, net(X + "relu relu relu relu"), 4, "too-many-layers"),
    ("layers", 60, net(bomb(6)), 64, "too-many-layers"),
    ("layers", 3, net("shared block f { relu relu }\n" + X + "f f"), 4, "too-many-layers"),
    ("terms", 100, formula("(a + b + c)^20"), 10_000, "number-too-large"),
    ("terms", 100, at("(a + b)^200"), 50_000, "number-too-large"),
    ("parts", 1000, net(halved(12)), 50_000, "number-too-large"),
    ("values", 10, lambda: values_of(1, 12), 12, "over-limit"),
    ("values", 10, lambda: staircase(*_rounded(), 1, 12), 12, "over-limit"),
    ("points", 10, sweep(11), 11, "over-limit"),
]


def _rounded() -> tuple[symcost.sizes.Size, symcost.sizes.Symbol]:
    cost = symcost.parse("input 3@X conv3-8/2").macs
    return cost._size, next(iter(cost._size.symbols()))


@pytest.mark.parametrize(
    ("name", "low", "act", "enough", "code"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_limit(name: str, low: int, act: Callable[[], object], enough: int, code: str) -> None:
    with symcost.limits(**{name: low}), pytest.raises(symcost.SymcostError) as caught:
        act()
    first = caught.value.diagnostics[0]
    assert first.code == code
    assert f"--limit {name}=" in str(first)
    assert f"symcost.limits({name}=" in str(first)
    with symcost.limits(**{name: enough}):
        act()


def test_every_limit_is_tried() -> None:
    elsewhere = {"bytes", "lines", "seconds", "megabytes"}
    assert {name for name, *_ in CASES} | elsewhere == set(VALUES)


def test_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.arch"
    file.write_text("input 3@8x8 relu")
    with symcost.limits(bytes=15), pytest.raises(symcost.SymcostError, match=r"--limit bytes="):
        read(file)
    with symcost.limits(bytes=16):
        assert read(file) == "input 3@8x8 relu"


def test_lines() -> None:
    """The table of a terminal leaves out what nobody reads, and says so; every other form has all of it."""
    text = "input 8@8x8 " + " ".join(f"conv3-{i}" for i in range(1, 21))
    asked = ["show", text, "--limit", "lines=6"]
    shown = CliRunner().invoke(cli, asked).output.splitlines()
    table = [line.split("  ")[0] for line in shown[3 : shown.index("", 3)]]
    assert table == ["conv3-1", "conv3-2", "conv3-3", "... 14 layers between", "conv3-18", "conv3-19", "conv3-20"]
    assert "conv3-10" in CliRunner().invoke(cli, [*asked, "--markdown"]).output
    assert "... " not in CliRunner().invoke(cli, [*asked[:-1], "lines=20"]).output


def test_imports_in_imports(tmp_path: Path) -> None:
    for i in range(12):
        (tmp_path / f"n{i}.arch").write_text(f"import n{i + 1} (x)\n" if i < 11 else "block x { relu }\n")
    with symcost.limits(nesting=10), pytest.raises(symcost.SymcostError, match="imports nested more than 10 deep"):
        symcost.parse("import n0 (x)\ninput 3@8", folder=tmp_path)


def test_prices_of_a_convention(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    head = 'title = "a"\nunit = "MACs"\nsource = "a"\n'
    for price in ('"1e999999999"', "9" * 2000, "0x" + "f" * 100_000, "9" * 10_000):
        file.write_text(f"{head}[prices]\nmac = {price}\n")
        with pytest.raises(symcost.SymcostError) as caught:
            convention(str(file))
        assert caught.value.diagnostics[0].code == "bad-convention"
    file.write_text(f'{head}[[departures]]\nkinds = ["conv"]\nvalue = "10^10^10"\nwhy = "a"\n')
    with pytest.raises(symcost.SymcostError) as caught:
        _ = symcost.parse(X + "conv3-8").cost(str(file)).value
    assert caught.value.diagnostics[0].code == "number-too-large"


def test_towers_of_symbols_are_formulas() -> None:
    """They are no larger than they are written; only their value would be."""
    tower = symcost.parse("sym n\ninput 3@8x8 conv1-(2^(2^(2^n)))").params
    assert str(tower) == "4*2^(2^(2^n))"
    assert tower.at(n=2).value == 4 * 2**16
    with pytest.raises(symcost.SymcostError, match="number-too-large"):
        tower.at(n=10**6)


# ------------------------------------------------------------ raising them


def test_they_are_put_back() -> None:
    assert allowed().layers == VALUES["layers"]
    with symcost.limits(layers=5), symcost.limits(rows=7) as inner:
        assert (inner.layers, inner.rows, inner.turns) == (5, 7, VALUES["turns"])
    with pytest.raises(ZeroDivisionError), symcost.limits(layers=5):
        _ = 1 / 0
    assert allowed() == Limits()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layer": 5}, "there is no limit 'layer'\n  = help: did you mean 'layers'?"),
        ({"zzz": 5}, f"there is no limit 'zzz'\n  = help: there are {', '.join(VALUES)}"),
        ({"layers": 0}, "the limit 'layers' is a whole number from 1"),
        ({"layers": True}, "the limit 'layers' is a whole number from 1"),
        ({"layers": 2.5}, "the limit 'layers' is a whole number from 1"),
        ({"nesting": 10**6}, "the limit 'nesting' is a whole number from 10 to 1000"),
    ],
)
def test_what_is_no_limit(given: dict[str, int], message: str) -> None:
    with pytest.raises(symcost.SymcostError) as caught, symcost.limits(**given):
        raise AssertionError("not reached")
    assert str(caught.value) == f"error[unknown-limit]: {message}"


def test_deep_nesting_is_followed() -> None:
    """As deep as the limit goes, through everything a network is asked."""
    deep = Limits.__dataclass_fields__["nesting"].metadata["most"]
    for text in (X + "[" * deep + "conv3-3" + "]" * deep, chain(deep)):
        with symcost.limits(nesting=deep):
            found = symcost.parse(text)
            assert found.table("latex") and found.table("html") and found.table()


def test_on_the_command_line() -> None:
    text = "input 3@8 relu relu relu"
    for args, code, said in (
        (["--limit", "layers=2"], 1, "error[too-many-layers]: "),
        (["--limit", "rows=9, layers=2"], 1, "error[too-many-layers]: "),
        (["--limit", "layers=3"], 0, "<program>"),
        (["--limit", "layer=3"], 1, "error[unknown-limit]: "),
        (["--limit", "layers"], 2, "Usage: "),
        (["--limit", "layers=-3"], 2, "Usage: "),
        (["--limit", "layers=1e3"], 2, "Usage: "),
        (["--limit", "layers=" + "9" * 5000], 2, "Usage: "),
    ):
        done = CliRunner().invoke(cli, ["show", text, *args])
        assert (done.exit_code, done.output.startswith(said)) == (code, True), done.output
    assert allowed() == Limits()


def test_every_command_takes_them() -> None:
    assert isinstance(cli.commands["show"], type(cli.commands["sweep"]))
    for name, command in cli.commands.items():
        assert any("--limit" in option.opts for option in command.params), name


def test_they_are_listed() -> None:
    done = CliRunner().invoke(cli, ["limits", "--limit", "layers=7"])
    listed = {line.split()[0]: int(line.split()[1]) for line in done.output.splitlines()}
    assert listed == VALUES | {"layers": 7}


# ------------------------------------------------------------ time and memory

SLOW = (
    "sym n\n"
    + X
    + "".join(f"for i{k}_ in 0..<n {{ " for k in range(9))
    + "conv1-("
    + "i0_ + " * 9
    + "i8_ + 1)"
    + " }" * 9
)


def command(*args: str, given: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    before = time.monotonic()
    asked = [sys.executable, "-m", "symcost", *args]
    done = subprocess.run(asked, input=given, capture_output=True, text=True, env=environment, timeout=120)
    return time.monotonic() - before, done


def test_seconds() -> None:
    """No answer in time is said to be none; as JSON where that was asked for."""
    _, done = command("check", "-", "--limit", "seconds=1", given=SLOW)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[over-limit]: no answer after 1 seconds of computing\n")
    assert "--limit seconds=2" in done.stderr
    _, done = command("show", "-", "--json", "--limit", "seconds=1", given=SLOW)
    assert (done.returncode, done.stderr) == (1, "")
    assert '"over-limit"' in done.stdout


def test_a_word_after_some_seconds() -> None:
    """Here after a fraction of one."""
    code = "import symcost.cli.watching as w; w.SAID = 0.3; from symcost.__main__ import main; main()"
    asked = [sys.executable, "-c", code, "check", "-", "--limit", "seconds=1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(asked, input=SLOW, capture_output=True, text=True, env=environment, timeout=120)
    told = "symcost: computing for 0.3 seconds, will stop after 1; Ctrl-C ends it\nerror[over-limit]: no answer after 1 seconds"
    assert done.stderr.startswith(told)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_megabytes() -> None:
    text = "input 3@X x X\n" + " ".join(f"conv3-{i}" for i in range(1, 49_000))
    _, done = command("show", "-", "--limit", "megabytes=100", given=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2:] == [
        "error[over-limit]: this takes more than 100 megabytes of memory",
        "  = help: to raise the limit: --limit megabytes=200, or symcost.limits(megabytes=200)",
    ]


def test_nobody_watches_afterwards() -> None:
    """A thread that Python has to end takes memory to do so, which there may be none of."""
    before = threading.active_count()
    for _ in range(20):
        assert CliRunner().invoke(cli, ["limits"]).exit_code == 0
        assert threading.active_count() == before


def test_a_formula_is_a_formula() -> None:
    """Limits hold where a formula is read alone, too."""
    with symcost.limits(nesting=10), pytest.raises(symcost.SymcostError, match="too-deep"):
        parse_formula("(" * 11 + "n" + ")" * 11)
