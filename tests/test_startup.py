"""What a command does not need, it does not import: the time until the first answer is a promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VGG = Path(__file__).parent.parent / "examples" / "vgg16.arch"
HEAVY = ("sympy", "lark", "rich", "click", "mpmath")

WATCHED = """
import io, runpy, sys
sys.argv = ["symcost", *{args!r}]
sys.stdin = io.TextIOWrapper(io.BytesIO({given!r}.encode()))
code = 0
try:
    runpy.run_module("symcost", run_name="__main__")
except SystemExit as stop:
    code = stop.code or 0
sys.stdout = sys.__stdout__
print("\\n", "MODULES", code, *sorted(m for m in sys.modules if "." not in m))
"""


def run(code: str) -> str:
    environment = os.environ | {"PYTHONWARNINGS": "error", "NO_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(*args: str, given: str = "") -> tuple[int, set[str]]:
    """The exit code of a command, and the modules it left behind."""
    last = run(WATCHED.format(args=args, given=given)).strip().split("\n")[-1].split()
    assert last[0] == "MODULES"
    return int(last[1]), set(last[2:])


def test_import_costs_nothing() -> None:
    code = f"import symcost, sys; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    assert run(code).strip() == "[]"


def test_public_names_come_when_they_are_asked_for() -> None:
    code = "import symcost, sys; symcost.SymcostError, symcost.Diagnostic; print('sympy' in sys.modules, 'lark' in sys.modules)"
    assert run(code).split() == ["False", "False"]


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["show", "--help"], ["completion", "bash"], ["no.such", "--oops"]]
)
def test_help(args: list[str]) -> None:
    """Not even the parser."""
    _, modules = command(*args)
    assert "click" in modules
    assert not modules & {"sympy", "lark", "rich", "tomllib"}


@pytest.mark.parametrize(
    "args, given, code",
    [
        (["-"], "input 3@8x8 conv3-(", 1),
        (["check", "-"], "input 3@8x8 conv3-(", 1),
        (["fmt", "-"], "input   3@8x8  conv3-64", 0),
        (["fmt", "-"], "input 3@8x8 conv3-(", 1),
        (["-"], "input 3@8x8 convv3-64", 1),
        (["-", "--set", "X=1"], "input 3@X x X conv7-64(pad=0)", 1),
        (["/no/such/file"], "", 1),
    ],
)
def test_text_and_errors(args: list[str], given: str, code: int) -> None:
    found, modules = command(*args, given=given)
    assert found == code
    assert not modules & {"sympy", "mpmath"}


def test_syntax_errors() -> None:
    """What they need is the parser: not the layers, not the conventions, no table to print."""
    for args in (["-"], ["check", "-"]):
        code, modules = command(*args, given="input 3@8x8 conv3-(")
        assert code == 1
        assert not modules & {"sympy", "rich", "tomllib"}


@pytest.mark.parametrize(
    "args",
    [[], ["--set", "X=224"], ["--json"], ["--latex"], ["--markdown"], ["--convention", "exact"], ["--speed", "1T"]],
)
def test_costs(args: list[str]) -> None:
    """Formulas are printed by our own algebra; SymPy is there for those who ask for its expressions."""
    code, modules = command(str(VGG), *args)
    assert code == 0
    assert not modules & {"sympy", "mpmath", "numpy"}
    assert ("rich" in modules) == (not {"--json", "--latex", "--markdown"} & set(args))


def test_check() -> None:
    code, modules = command("check", str(VGG))
    assert code == 0
    assert not modules & {"sympy", "rich"}


def test_layers() -> None:
    code, modules = command("layers", "attention")
    assert code == 0
    assert not modules & {"sympy", "mpmath"}


def test_expressions_do_need_sympy() -> None:
    """Else the tests above would prove nothing."""
    code = "import symcost, sys; symcost.parse('input 3@X x X conv3-64').macs.expr; print('sympy' in sys.modules)"
    assert run(code).strip() == "True"
