"""The command: its arguments and options, what it writes where, its exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import symcost
from symcost.cli import cli
from symcost.cli.writing import fitted
from symcost.conventions import names as convention_names
from symcost.layers import known
from symcost.render.terminal import _wrapped

ROOT = Path(__file__).parent.parent
VGG = str(ROOT / "examples" / "vgg16.arch")
FILE = VGG
CONV = "sym K, Cout, s, P; input Cin@X x X; conv(K)-Cout/s(pad=P) : Cout@M x M"
PAIR = "input 3@X x X conv3-64 maxpool"
NETS = "net v(n, q=1) { input 3@X x X conv3-8 x n [conv1-8] x q }\nnet w { input 4 fc-3 }"


def run(*args: str, given: str | None = None, **env: str) -> Result:
    """The command in this process."""
    found = CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1", **env}).invoke(cli, args, given, prog_name="symcost")
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def ok(*args: str, given: str | None = None, **env: str) -> str:
    found = run(*args, given=given, **env)
    assert (found.exit_code, found.stderr) == (0, "")
    return found.stdout


def command(*args: str, given: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as a shell would run it."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    whole = inherited | {"PYTHONIOENCODING": "utf-8"} | env
    return subprocess.run([sys.executable, "-m", "symcost", *args], input=given, capture_output=True, env=whole)


# -------------------------------------------------------------------------------------------- help and version


def test_version() -> None:
    assert ok("--version") == f"symcost, version {symcost.__version__}\n"
    assert command("--version").stdout.decode().split() == ["symcost,", "version", symcost.__version__]


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(flag: str) -> None:
    text = ok(flag)
    assert text.startswith("Usage: symcost")
    assert all(name in text for name in cli.commands)
    assert run().exit_code == 2


@pytest.mark.parametrize("name", cli.commands)
def test_help_of_every_command(name: str) -> None:
    """It has a line for the list, a help for every option, and an example to copy."""
    found = cli.commands[name]
    assert found.short_help
    assert all(o.help for o in found.params if isinstance(o, click.Option)), name
    assert re.search(
        rf"^ +.*\bsymcost {name}\b", ok(name, "-h").partition("Usage:")[2].partition("\n")[2], re.MULTILINE
    )


def test_help_fits() -> None:
    for args in ([], *([name] for name in cli.commands)):
        assert max(map(len, ok(*args, "--help", COLUMNS="80").split("\n"))) <= 80


# ------------------------------------------------------------------------------------------ where programs are


def test_a_file_a_stream_a_text(tmp_path: Path) -> None:
    file = tmp_path / "net.arch"
    file.write_text(PAIR)
    heads = [ok(str(file)), ok("-", given=PAIR), ok(PAIR), ok("show", str(file)), ok("show", PAIR)]
    titles = ["net.arch", "<stdin>", "<program>", "net.arch", "<program>"]
    assert [text.split("   ")[0] for text in heads] == titles
    assert len({text.partition("\n")[2] for text in heads}) == 1


def test_a_file_with_blanks_in_its_name(tmp_path: Path) -> None:
    file = tmp_path / "my net@home.arch"
    file.write_text(PAIR)
    assert ok(str(file)).startswith("my net@home.arch")


def test_windows_files(tmp_path: Path) -> None:
    """A byte order mark and carriage returns mean nothing."""
    file = tmp_path / "net.arch"
    file.write_bytes(b"\xef\xbb\xbf" + PAIR.replace(" ", "\r\n").encode())
    assert ok(str(file)).partition("\n")[2] == ok(PAIR).partition("\n")[2]


UNREADABLE = [
    (lambda path: str(path / "none.arch"), "unreadable"),
    (lambda path: str(path), "unreadable"),
    (lambda path: _file(path, b"input \xff\xfe"), "not-text"),
    (lambda path: _file(path, b"input 3\0"), "not-text"),
    (lambda path: _file(path, b""), "no-network"),
    (lambda path: _file(path, b"# nothing"), "no-network"),
    (lambda path: _file(path, b"input 3@8x8 conv3-("), "unexpected-end"),
    (lambda path: _file(path, b"input 3@8x8 conw3-4"), "unknown-layer"),
    (lambda path: _file(path, NETS.encode()), "choose-net"),
]


def _file(folder: Path, data: bytes) -> str:
    file = folder / "net.arch"
    file.write_bytes(data)
    return str(file)


@pytest.mark.parametrize("make, code", UNREADABLE, ids=[f"{i}-{code}" for i, (_, code) in enumerate(UNREADABLE)])
def test_wrong_programs(make: Callable[[Path], str], code: str, tmp_path: Path) -> None:
    """Exit code 1, one error on standard error, nothing on standard output; with --json the other way round."""
    name = make(tmp_path)
    found = run(name)
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith(f"error[{code}]: ")
    assert "Traceback" not in found.stderr
    as_json = run(name, "--json")
    assert (as_json.exit_code, as_json.stderr) == (1, "")
    (error,) = json.loads(as_json.stdout)["errors"]
    assert error["code"] == code
    assert set(error) == {"code", "message", "file", "line", "column", "notes", "help"}


def test_all_errors_are_told() -> None:
    found = run("input 3@8x8\nconv3-64(pading=1)\nconvv3-4", "--json")
    errors = json.loads(found.stdout)["errors"]
    assert [(e["code"], e["file"], e["line"], e["column"]) for e in errors] == [
        ("unknown-option", "<program>", 2, 10),
        ("unknown-layer", "<program>", 3, 1),
    ]


# ------------------------------------------------------------------------------------------------- the options


@pytest.mark.parametrize(
    "args",
    [
        ["--set", "K=3", "--set", "s=2", "--set", "P=1"],
        ["--set", "K=3,s=2,P=1"],
        ["K=3", "s=2", "P=1"],
        ["K=3", "--set", "s = 2 , P= 1"],
        ["--set=K=3,s=2,P=1"],
        ["K=max(3, 1)", "s=min(2, 3),P=4/4"],
        ["K=2 + 1,s=8/4,P=2^0"],
    ],
)
def test_set(args: list[str]) -> None:
    wanted = "<program>   Cin@X × X → Cout@⌈X/2⌉ × ⌈X/2⌉"
    assert ok(CONV, "-q", *args).split("\n")[0] == wanted


def test_set_formulas() -> None:
    assert "110\u00a0592·k²" in ok(PAIR, "--set", "X=8*k")
    assert "1728·(a + b)²" in ok(PAIR, "--set", "X=a + b")


WRONG_LINES = [
    [PAIR, "--set", "X"],
    [PAIR, "--set", "X="],
    [PAIR, "--set", "=3"],
    [PAIR, "X=3", "X=4"],
    [PAIR, "--speed", "fast"],
    [PAIR, "--speed", "0"],
    [PAIR, "--no-such-option"],
    [PAIR, "--set"],
    ["check"],
    ["fmt"],
    ["completion", "tcsh"],
    ["completion"],
    ["layers", "conv", "relu"],
]


@pytest.mark.parametrize("args", WRONG_LINES, ids=" ".join)
def test_wrong_command_lines(args: list[str]) -> None:
    found = run(*args)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "Error: " in found.stderr
    assert "Traceback" not in found.stderr


WRONG_VALUES = [
    (["--set", "Y=3"], "unknown-symbol"),
    (["--set", "X=1"], "outside-domain"),
    (["--set", "X=2.5"], "outside-domain"),
    (["--set", "X=2*"], "unexpected-end"),
    (["--set", "X=f(2)"], "unknown-function"),
    (["--convention", "flps"], "unknown-convention"),
    (["--net", "v"], "unknown-net"),
    (["--net", "1 + 1"], "unknown-net"),
]


@pytest.mark.parametrize("args, code", WRONG_VALUES)
def test_wrong_values(args: list[str], code: str) -> None:
    found = run(PAIR, *args)
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith(f"error[{code}]: ")


@pytest.mark.parametrize(
    "net, params",
    [
        ("v(2)", "880"),
        ("v(2, 0)", "808"),
        ("v(2, q=2)", "952"),
        ("v(n=3)", "1464"),
        ("w", "15"),
        ("v(m)", "584·m - 288"),
    ],
)
def test_net(net: str, params: str) -> None:
    text = ok(NETS, "--net", net, "-q")
    assert text.startswith(f"{net}   ")
    assert re.search(rf"^parameters +{re.escape(params)}\b", text, re.MULTILINE)


def test_choose_a_net() -> None:
    found = run(NETS)
    assert found.exit_code == 1
    assert found.stderr.startswith("error[choose-net]: <program> has no network of its own")
    assert "v, w" in found.stderr


def test_conventions() -> None:
    text = ok(PAIR, "-q", "--convention", "exact", "--convention", "macs")
    labels = [line.split("  ")[0] for line in text.split("\n")]
    assert labels[2:7] == ["parameters", "MACs", "FLOPs", "FLOPs (exact)", "activations"]
    assert "not counted" in text
    assert all(name in convention_names() for name in ("macs", "flops", "exact"))


def test_speed() -> None:
    assert "86.3 ms at 1 GFLOPS" in ok("input 3@X x X conv3-64", "X=158", "--speed", "1G")
    assert re.search(r"^time +.*X².* s at 1 GFLOPS", ok(PAIR, "--speed", "1G"), re.MULTILINE)


def test_resolve() -> None:
    plain, resolved = ok(CONV), ok(CONV, "--resolve")
    assert "Cout·K²·M²" in plain
    assert re.search(r"^where +M = ⌊\(X - K \+ 2·P\)/s⌋ \+ 1$", plain, re.MULTILINE)
    assert "M" not in re.sub("MACs|params", "", resolved)
    assert "(⌊(X - K + 2·P)/s⌋ + 1)²" in resolved


def test_quiet() -> None:
    assert "layer" in ok(PAIR)
    assert "layer" not in ok(PAIR, "-q")
    assert ok(PAIR, "--quiet") == ok(PAIR, "-q")


# ------------------------------------------------------------------------------------------- ways of writing it


def test_table() -> None:
    lines = ok(FILE).split("\n")
    assert lines[0] == "vgg16.arch   3@X × X → 1000"
    assert lines[2].split() == ["layer", "output", "parameters", "MACs"]
    assert lines[3].split(maxsplit=1)[0] == "conv3-64"
    assert len(lines[3:]) - lines[3:].index("") > 7
    assert [line for line in lines if line != line.rstrip()] == []


def test_repeats() -> None:
    text = ok("sym n; input C@T conv3-C x n relu")
    assert text.split("\n")[2].split() == ["layer", "×", "output", "parameters", "MACs"]
    assert "conv3-C  n  C@T" in text


def numbers(value: Any) -> list[int | float]:
    """Every JSON number in a document."""
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in numbers(part)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_json() -> None:
    data = json.loads(ok(FILE, "--json"))
    assert set(data) == {
        "schema",
        "symcost",
        "name",
        "input",
        "output",
        "symbols",
        "costs",
        "names",
        "requires",
        "layers",
    }
    assert (data["schema"], data["symcost"], data["name"]) == (1, symcost.__version__, "vgg16.arch")
    assert (data["input"], data["output"], data["symbols"]) == ("3@X x X", "1000", ["X"])
    assert data["requires"] == ["32 | X"]
    assert set(data["costs"]) == {"parameters", "MACs", "FLOPs", "activations"}
    assert data["costs"]["MACs"] == {
        "formula": "307904*X^2 + 20873216",
        "unit": "MACs",
        "convention": "macs",
        "not_counted": ["add", "div", "cmp", "exp"],
    }
    assert [row["text"] for row in data["layers"]][:3] == ["conv3-64", "conv3-64", "maxpool"]
    assert set(data["layers"][0]) == {"text", "kind", "repeat", "input", "output", "params", "macs"}


def test_json_is_exact() -> None:
    """An integer above 2^53 is a string; beside it stands the nearest float."""
    x = 10**30 + 1
    data = json.loads(ok("input 3@X x X conv3-64", "--json", f"X={x}"), parse_int=_small)
    macs = data["costs"]["MACs"]
    assert macs["value"] == macs["formula"] == str(1728 * x * x)
    assert macs["float"] == float(1728 * x * x)
    assert json.loads(ok("input 3@X x X conv3-64", "--json", f"X={10**200}"))["costs"]["MACs"]["float"] is None


def _small(text: str) -> int:
    assert abs(int(text)) < 2**53
    return int(text)


def test_json_formulas_are_read_back() -> None:
    data = json.loads(ok(CONV, "--json"))
    net = symcost.parse(CONV)
    assert net.macs == data["costs"]["MACs"]["formula"]
    assert data["names"] == {"M": "floor((X - K + 2*P)/s) + 1"}
    assert data["layers"][0]["repeat"] == "1"
    resolved = json.loads(ok(CONV, "--json", "--resolve"))
    assert (resolved["names"], "M" in resolved["output"]) == ({}, False)


def test_latex() -> None:
    text = ok(CONV, "--latex")
    assert text.startswith(
        "% needs \\usepackage{amsmath}\\usepackage{booktabs}\n"
        "\\begin{align*}\n"
        "  \\text{parameters} &= C_{\\mathrm{out}} \\left(C_{\\mathrm{in}} K^{2} + 1\\right) \\\\\n"
        "  \\text{MACs} &= C_{\\mathrm{in}} C_{\\mathrm{out}} K^{2} M^{2} \\\\\n"
        "  \\text{FLOPs} &= 2 C_{\\mathrm{in}} C_{\\mathrm{out}} K^{2} M^{2} \\\\\n"
        "  \\text{activations} &= C_{\\mathrm{out}} M^{2}\n"
        "\\end{align*}\n"
    )
    assert "where $M = \\left\\lfloor \\frac{X - K + 2 P}{s} \\right\\rfloor + 1$." in text
    assert "It requires $X + 2 P \\ge K$." in text
    assert "where $M" not in ok(CONV, "--latex", "--resolve")
    assert "tabular" not in ok(CONV, "--latex", "--quiet")
    assert ok(CONV, "--latex", "--standalone").startswith("\\documentclass")
    assert "c_0" in ok(CONV, "--latex", "--symbol", "Cin as c_0")


def test_typst() -> None:
    text = ok(CONV, "--typst")
    assert text.startswith('$ "parameters" &= C_"out" (C_"in" K^(2) + 1) \\')
    assert "where $M = floor(frac(X - K + 2 P, s)) + 1$." in text


def test_markdown() -> None:
    text = ok(CONV, "--markdown")
    table = [line for line in text.split("\n") if line.startswith("|")]
    assert [line.replace("\\|", "").count("|") for line in table] == [5, 5, 5]
    assert "* where $M = \\left\\lfloor \\frac{X - K + 2 P}{s} \\right\\rfloor + 1$" in text
    assert "* requires: $X + 2 P \\ge K$" in text
    assert "* not counted: add" in text
    assert "$M" not in ok(CONV, "--markdown", "--resolve")


@pytest.mark.parametrize("form", ["--json", "--latex", "--markdown"])
def test_last_form_wins(form: str) -> None:
    assert ok(PAIR, "--json", "--latex", "--markdown", form) == ok(PAIR, form)


# ----------------------------------------------------------------------------------------------- writing files


def test_output(tmp_path: Path) -> None:
    file = tmp_path / "cost.json"
    assert ok(PAIR, "--json", "-o", str(file)) == ""
    assert json.loads(file.read_text(encoding="utf-8"))["schema"] == 1
    again = run(PAIR, "--latex", "-o", str(file))
    assert again.exit_code == 1
    assert again.stderr.startswith("error[file-exists]: ")
    assert file.read_text(encoding="utf-8").startswith("{")
    ok(PAIR, "--latex", "--output", str(file), "--force")
    assert file.read_text(encoding="utf-8").startswith("%")
    assert list(tmp_path.iterdir()) == [file]


def test_output_of_a_wrong_program(tmp_path: Path) -> None:
    """A file is written whole or not at all."""
    file = tmp_path / "cost.txt"
    assert run("input 3@8x8 conw3-4", "-o", str(file)).exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_output_nowhere(tmp_path: Path) -> None:
    found = run(PAIR, "-o", str(tmp_path / "no" / "such.txt"))
    assert found.exit_code == 1
    assert found.stderr.startswith("error[unwritable]: ")
    assert run(PAIR, "-o", str(tmp_path)).exit_code == 2


def test_output_keeps_the_signs(tmp_path: Path) -> None:
    """A file is UTF-8 whatever the terminal is."""
    file = tmp_path / "cost.txt"
    assert command(PAIR, "-o", str(file), PYTHONIOENCODING="ascii").returncode == 0
    assert "→" in file.read_text(encoding="utf-8")
    assert "\r" not in file.read_bytes().decode()


# --------------------------------------------------------------------------------------------------- check, fmt


def test_check() -> None:
    assert ok("check", FILE) == "vgg16.arch: 3 asserts hold\n"
    assert ok("check", FILE, "-q") == ""
    assert ok("check", "-", given=PAIR) == "<stdin>: no asserts\n"
    assert ok("check", f"{PAIR}\nassert params == 1792") == "<program>: 1 assert holds\n"


def test_check_fails(tmp_path: Path) -> None:
    """Every file is checked, also behind one that fails."""
    wrong = _file(tmp_path, f"{PAIR}\nassert params == 5\nassert macs ~ 3k\nassert params == 1792".encode())
    found = run("check", FILE, wrong, str(tmp_path / "none.arch"), FILE)
    assert found.exit_code == 1
    assert found.stdout == "vgg16.arch: 3 asserts hold\n" * 2
    assert re.findall(r"^error\[(.*?)\]", found.stderr, re.MULTILINE) == [
        "assertion-failed",
        "assertion-failed",
        "unreadable",
    ]


def test_fmt(tmp_path: Path) -> None:
    loose, tight = "input   3@X x X\nconv3 - 64 -> relu\n", "input 3@X x X\nconv3-64 relu\n"
    assert ok("fmt", "-", given=loose) == tight
    file = Path(_file(tmp_path, loose.encode()))
    file.chmod(0o640)
    only = run("fmt", "--check", str(file))
    assert (only.exit_code, only.stdout) == (1, f"would change {file}\n")
    assert file.read_text() == loose
    found = run("fmt", str(file))
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", f"changed {file}\n")
    assert file.read_text() == tight
    assert file.stat().st_mode & 0o777 == 0o640
    assert ok("fmt", str(file)) == ok("fmt", "--check", str(file)) == ""
    assert run("fmt", "--check", "-", given=loose).exit_code == 1


def test_fmt_of_a_wrong_program(tmp_path: Path) -> None:
    file = Path(_file(tmp_path, b"input  3@8x8 conv3-("))
    found = run("fmt", str(file))
    assert found.exit_code == 1
    assert found.stderr.startswith("error[unexpected-end]: ")
    assert file.read_bytes() == b"input  3@8x8 conv3-("


# ------------------------------------------------------------------------------------------- layers, completion


def test_layers() -> None:
    text = ok("layers")
    assert [line.split()[0] for line in text.split("\n")[1 : len(known()) + 1]] == [kind.kind for kind in known()]


@pytest.mark.parametrize("kind", [kind.kind for kind in known()])
def test_layers_of_one_kind(kind: str) -> None:
    text = ok("layers", kind)
    assert text.startswith(kind)
    assert "Source: " in text
    assert "parameters" in text


def test_unknown_kind() -> None:
    found = run("layers", "convv")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith("error[unknown-layer]: unknown layer 'convv'")


def test_layers_markdown() -> None:
    page = ok("layers", "--markdown")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == [kind.kind for kind in known()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    assert "_SYMCOST_COMPLETE" in ok("completion", shell)


def test_completion_completes() -> None:
    found = command(COMP_WORDS="symcost sh", COMP_CWORD="1", _SYMCOST_COMPLETE="bash_complete")
    assert found.stdout.decode().split() == ["plain,show"]


def test_zoo() -> None:
    listed = ok("zoo")
    assert re.search(r"^vgg +vgg\b", listed, re.MULTILINE)
    assert "asserts" in ok("zoo", "vgg")
    assert "138 357 544".replace(" ", "\u00a0") in ok("zoo", "vgg", "vgg(2, 2, 3, 3, 3)", "H=224", "W=224", "-q")
    assert run("zoo", "vvg").stderr.startswith("error[unknown-family]: ")
    assert run("zoo", "--json").exit_code == 2


# ------------------------------------------------------------------------------------------------- the terminal


def columns(text: str) -> int:
    """The columns of the widest line, wide letters counted twice."""
    wide = {"W": 2, "F": 2}
    return max(sum(wide.get(unicodedata.east_asian_width(c), 1) for c in line) for line in text.split("\n"))


@pytest.mark.parametrize("args", [[], ["--set", "X=224"], ["--convention", "exact"], ["--speed", "1T"]])
@pytest.mark.parametrize("width", [80, 100])
def test_width(args: list[str], width: int) -> None:
    assert columns(ok(FILE, *args, COLUMNS=str(width))) <= width


RESNET = ("zoo/resnet", "--net", "resnet(3, 4, 6, 3)")
PAGES = {
    "show": (FILE, "X=224"),
    "a tree": ("show", *RESNET, "--set", "H=224,W=224,B=1", "--tree"),
    "zoo": ("zoo",),
    "a family": ("zoo", "timm_graph"),
    "layers": ("layers", "attention"),
    "conventions": ("conventions",),
    "diff": ("diff", "zoo/alexnet", "--net", "alexnet", "--convention", "fvcore", "--convention", "torchinfo"),
    "compare": ("compare", CONV, PAIR),
    "derive": ("derive", CONV),
    "memory": ("memory", *RESNET),
    "train": ("train", PAIR, "--layers"),
    "receptive": ("receptive", *RESNET, "--layers"),
    "scale": ("scale", CONV, "--in", "X"),
    "prove": ("prove", PAIR, "macs = O(X^2)"),
    "invert": ("invert", PAIR, "--within", "macs <= 1G", "--for", "X"),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_pages_fit(page: str, width: int) -> None:
    assert columns(ok(*PAGES[page], COLUMNS=str(width))) <= width


@pytest.mark.parametrize(
    "content, lines",
    [
        ("H1 = ⌈H/2⌉, W1 = ⌈W/2⌉, H2 = ⌈H/4⌉", ["H1 = ⌈H/2⌉,", "W1 = ⌈W/2⌉,", "H2 = ⌈H/4⌉"]),
        ("3·(C·K² + 1)·M² + 2·N", ["3·(C·K² + 1)·M²", "+ 2·N"]),  # before a sign, outside of brackets
        ("one of several words", ["one of several", "words"]),
        ("⌊(H + 3)/8⌋·⌊(W + 3)/8⌋", ["⌊(H + 3)/8⌋·⌊(W", "+ 3)/8⌋"]),  # where nothing better is in reach
        ("nothing_can_be_done_about_this", ["nothing_can_be_done_about_this"]),
        ("", [""]),
    ],
)
def test_lines_are_broken_where_that_cuts_least(content: str, lines: list[str]) -> None:
    assert _wrapped(content, 18) == lines


def test_a_comma_between_values_that_stand_apart() -> None:
    assert ok(CONV, "-q", "K=3,", "s=1,P=1,", "Cout=8") == ok(CONV, "-q", "--set", "K=3,s=1,P=1,Cout=8")


def test_narrow() -> None:
    """Whatever does not fit is wrapped, and nothing is lost."""
    text = ok(FILE, COLUMNS="30")
    assert columns(text) <= 44  # a total has at least 20 columns for its formula
    assert "307904·X²" in "".join(text.split())


def test_module() -> None:
    found = command(PAIR, "-q")
    assert found.returncode == 0
    assert found.stdout.decode() == ok(PAIR, "-q")


def test_ascii() -> None:
    """Where a stream cannot carry the signs of mathematics, formulas are written as the language writes them."""
    for args in (["layers"], ["layers", "conv"], [CONV]):
        found = command(*args, PYTHONIOENCODING="ascii")
        assert (found.returncode, found.stderr) == (0, b"")
        assert found.stdout.isascii()
        assert b"\\u" not in found.stdout
    assert b"floor((X - K + 2*P)/s) + 1" in found.stdout
    assert b"X + 2*P >= K" in found.stdout


def test_no_colour_in_a_pipe() -> None:
    for args, env in (([FILE], {}), (["input 3@8x8 conw3-4"], {"NO_COLOR": "1"}), (["layers"], {"TERM": "dumb"})):
        found = command(*args, **env)
        assert found.stdout + found.stderr
        assert b"\x1b" not in found.stdout + found.stderr


def test_errors_are_broken_between_words_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(symcost.SymcostError) as raised:
        symcost.parse("input 3@8x8  conv3-64 relu conv3-64 relu reshape maxpool")
    message = str(raised.value)
    assert fitted(message) == message
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setenv("COLUMNS", "40")
    shown = fitted(message).split("\n")
    program = [line for line in message.split("\n") if "|" in line]
    assert [line for line in shown if "|" in line] == program  # carets stay under what they point at
    assert all(len(line) <= 40 for line in shown if "|" not in line)
    assert " ".join(" ".join(shown).split()) == " ".join(message.split())


def test_forced_colour() -> None:
    found = command(FILE, FORCE_COLOR="1").stdout.decode()
    assert re.search(r"^\x1b\[2mparameters +\x1b\[0m2048", found, re.MULTILINE)
    assert command(FILE, FORCE_COLOR="1", NO_COLOR="1").stdout.count(b"\x1b[3") == 0
    assert "\x1b[36m█" in command(FILE, "X=224", FORCE_COLOR="1").stdout.decode()
    assert b"\x1b[31m" in command("input 3@8x8 conw3-4", FORCE_COLOR="1").stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a shell with pipes")
@pytest.mark.parametrize("args", [[FILE], ["layers"], [FILE, "--json"]])
def test_a_reader_that_leaves(args: list[str]) -> None:
    """``symcost net.arch | head -1`` ends without a complaint."""
    process = subprocess.Popen([sys.executable, "-m", "symcost", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk() -> None:
    with Path("/dev/full").open("w") as full:
        found = subprocess.run([sys.executable, "-m", "symcost", FILE], stdout=full, stderr=subprocess.PIPE, text=True)
    assert found.returncode == 1
    assert found.stderr.startswith("error[unwritable]: ")


def test_no_home(tmp_path: Path) -> None:
    """Without a place for the parser's table the start is slower and nothing else."""
    found = command(PAIR, "-q", XDG_CACHE_HOME=str(tmp_path / "missing" / "x"), SYMCOST_CACHE="0")
    assert (found.returncode, found.stderr) == (0, b"")
    broken = tmp_path / "cache"
    broken.write_text("a file, not a folder")
    found = command(PAIR, "-q", XDG_CACHE_HOME=str(broken))
    assert (found.returncode, found.stderr) == (0, b"")


def test_broken_cache(tmp_path: Path) -> None:
    """A table that is damaged is made again."""
    for _ in range(2):
        assert command(PAIR, XDG_CACHE_HOME=str(tmp_path)).returncode == 0
    (table,) = (tmp_path / "symcost").iterdir()
    table.write_bytes(table.read_bytes()[:100])
    found = command(PAIR, XDG_CACHE_HOME=str(tmp_path))
    assert found.returncode == 0


# ------------------------------------------------------------------------------------------ trees, shares, forms


def test_tree() -> None:
    """Blocks in one another, equal neighbours once, their costs together."""
    program = """
    block unit-c { residual { conv3-c(bias=false) inner } }
    block inner { bn relu }
    input 8@6x6 conv1-16 unit-16 unit-16 unit-16 x 2 fc-10
    """
    lines = ok(program, "--tree").split("\n")
    table = [line.split() for line in lines[2 : lines.index("", 3)]]
    assert table[1:] == [
        ["├", "conv1-16", "144", "4608", "▏", "1", "%"],
        ["├", "unit", "×", "2", "2336", "82", "944", "███▉", "48", "%"],
        ["│", "└", "inner", "32"],
        ["├", "unit", "4672", "165", "888", "███▉", "48", "%"],
        ["│", "└", "inner", "64"],
        ["└", "fc-10", "5770", "5760", "▏", "2", "%"],
    ]


def test_shares_are_of_the_whole() -> None:
    text = (
        ok("input 3@8x8 conv3-4(bias=false) conv3-4(bias=false) x 3", "-q=false")
        if False
        else ok("input 4@8x8 conv3-4 [conv3-4] x 3")
    )
    assert "██████   75 %" in text
    assert "%" not in ok("input C@8x8 conv3-4 conv3-4")  # symbols are left
