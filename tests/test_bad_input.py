"""Input that nobody should send, and somebody will: a diagnostic, in bounded time and memory, and never a traceback.

What each message says is tested in `test_diagnostics.py`; here it is that there is one.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost.claims import check
from symcost.cli import main
from symcost.fmt import formatted
from symcost.source import Source

try:
    import pty
    import resource
except ImportError:  # Windows
    pty = resource = None  # type: ignore[assignment]

SECONDS = 10  # of the processor, for one command; most take a third of one
PATIENCE = 60  # seconds on the clock, where the machine does something else as well
MEMORY = 1 << 30  # bytes of address space
ROOT = Path(__file__).parent.parent
posix = pytest.mark.skipif(pty is None, reason="needs a POSIX system")


# ------------------------------------------------------------------------------------------ running the command


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def limited() -> None:
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def run(*args: str, given: str | bytes = b"", before: Callable[[], Any] = limited, **options: Any) -> Said:
    """The command ``symcost`` in a process of its own, stopped when it takes too long or too much."""
    command = [sys.executable, "-m", "symcost", *args]
    data = given.encode() if isinstance(given, str) else given
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)} | options.pop("env", {})
    if sys.platform != "win32":
        options["preexec_fn"] = before
    done = subprocess.run(command, input=data, timeout=PATIENCE, env=env, **options)
    said = Said(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())
    assert "Traceback" not in said.err
    assert "Exception ignored" not in said.err
    return said


X = "input 3@8x8\n"
OPEN = {"(": ")", "[": "]", "{": "}"}
HARD = {  # program, code of the first diagnostic or None where it is good
    **{f"10000 {a}{b}": (X + a * 10_000 + b * 10_000, "too-deep") for a, b in OPEN.items()},
    **{f"10000 {a}": (X + "conv3-" + a * 10_000, "too-deep") for a in OPEN},
    **{f"10000 {b}": (X + b * 10_000, "unexpected-token") for b in OPEN.values()},
    "140 groups": (X + "[" * 140 + "relu" + "]" * 140, None),
    "150 groups, repeated": (X + "[" * 150 + "relu" + "] x 2" * 150, None),
    "100 calls": (X + "conv3-(" + "max(1, " * 100 + "4" + ")" * 101, None),
    "10000 minus signs": (X + "conv3-(" + "-" * 10_000 + "3)", "too-deep"),
    "10000 minus signs in an assert": (X + "assert params == " + "-" * 10_000 + "3", "too-deep"),
    "10000 minus signs in a metric": ("metric m = " + "-" * 10_000 + "3\n" + X + "assert m == 3", "too-deep"),
    "2^2^2^...": (X + "conv3-(" + "2^" * 5000 + "2)", "too-deep"),
    "not not not ...": ("set strict = " + "not " * 10_000 + "true\n" + X, "too-deep"),
    "if else if ...": (X + "let a = " + "if 1 == 2 then 3 else " * 3000 + "4", "too-deep"),
    "else if else if ...": (X + "if 1 == 2 { relu } else " * 1000 + "{ relu }", "too-deep"),
    "10^10^10": (X + "conv3-(10^10^10)", "number-too-large"),
    "2^(2^(2^20))": (X + "conv3-(2^(2^(2^20)))", "number-too-large"),
    "a power of a sum": ("sym X, Y, Z\n" + X + "conv3-((X + Y + Z)^(10^6))", "number-too-large"),
    "a product of sums": ("sym a, b, c, d\n" + X + f"conv3-({'(a+b+c+d)*' * 1000}1)", "number-too-large"),
    "a sum of 20000 terms": (X + "conv3-(" + "1+" * 20_000 + "1)", None),
    "a padding of 5000 terms": ("sym P\n" + X + "conv3-3(pad=" + "P+" * 5000 + "1)", None),
    "100000 digits": ("input 3@" + "9" * 100_000 + "x8", "number-too-long"),
    "10 million digits": ("input 3@" + "9" * 10_000_000 + "x8", "program-too-long"),
    "a kernel of 100000 digits": (X + "conv" + "3" * 100_000 + "-8", "number-too-long"),
    "a stride of 100000 sides": (X + "conv3-8/" + "3x" * 100_000 + "3", "wrong-rank"),
    "an exponent of 100000 digits": (X + "conv3-(1e" + "9" * 100_000 + ")", "number-too-long"),
    "a figure of 100000 digits": (X + "assert params ~ " + "9" * 100_000, "number-too-large"),
    "a name of a million letters": (X + "y" * 1_000_000, "name-too-long"),
    "a line of 20000 layers": (X + "relu " * 20_000 + "bogus", "unknown-layer"),
    "10000 different errors": (X + "".join(f"bogus{i}z\n" for i in range(10_000)), "unknown-layer"),
    "10000 syntax errors": (X + "= 3\n" * 10_000, "unexpected-token"),
    "10000 false asserts": (X + "assert params == 1\n" * 10_000, "assertion-failed"),
    "10000 arguments": (X + "conv3-(max(" + "1," * 10_000 + "1))", "wrong-count"),
    "a billion equal turns": (X + "[conv3-3 relu] x 1000000000", None),
    "a billion turns that end in one": (X + "conv3-3/2 x 1000000000", None),
    "a billion turns that shrink": (X + "maxpool x 1000000000", "kernel-too-large"),
    "a billion turns that grow": (X + "upsample x 1000000000", None),
    "nested turns that grow": (X + "[[[upsample(10) x 60] x 60] x 60] x 60", "number-too-large"),
}
WITHOUT_ANSWER = {"a billion turns that grow": ("no-closed-form", "number-too-large")}  # either will do


@pytest.mark.parametrize("name", HARD)
def test_hard(name: str) -> None:
    """Programs that are large or deep, or make something large, by standard input."""
    text, code = HARD[name]
    said = run("check", "-", given=text)
    if name in WITHOUT_ANSWER:
        assert said.code == 1
        assert said.err.startswith(tuple(f"error[{c}]" for c in WITHOUT_ANSWER[name]))
    elif code is None:
        assert (said.code, said.err) == (0, "")
    else:
        assert said.code == 1
        assert said.err.startswith(f"error[{code}]")
    assert len(said.err) < 8000


# ------------------------------------------------------------------------------------------ every command, hard pressed


def lets(count: int, formula: str) -> str:
    """Sizes each of which is a formula in the one before it, ``p``."""
    return "".join(f"let a{i} = {formula.replace('p', f'a{i - 1}')}\n" for i in range(1, count + 1))


def blocks(count: int, uses: str, leaf: str = "relu") -> str:
    """Blocks each of which uses the one before it, ``b``."""
    inner = "".join(f"block b{i}_ {{ {uses.replace('b', f'b{i - 1}_')} }}\n" for i in range(1, count + 1))
    return f"block b0_ {{ {leaf} }}\n{inner}input 8@8x8\nb{count}_"


NET = "sym n\ninput 3@X x X conv3-8/2 relu conv3-(2*n)"
FAR = "sym n\ninput 3@8x8 conv1-(n^(10^100))"
TOWER = "sym n\ninput 3@8x8 conv1-(" + "2^(" * 60 + "n" + ")" * 61
COUNTED = 'title = "a"\nunit = "MACs"\nsource = "a"\n'
PRESSED: list[tuple[list[str], str, str | None]] = [  # arguments, standard input, code of the error if there is one
    # what a program expands to
    (["show", "-"], blocks(15, "b b"), None),
    (["show", "-"], blocks(40, "b b"), "too-many-layers"),
    (["report", "-"], blocks(9, "b b b b b b b b b b"), "too-many-layers"),
    (["train", "-"], blocks(40, "add { | b | b }"), "too-many-layers"),
    (["show", "-"], blocks(2000, "b"), "too-deep"),
    (["show", "-"], X + "[[[conv1-(here.c + 1) x 60] x 60] x 60] x 60", "too-many-layers"),
    (["show", "-"], "input 3@X x X\n" + "conv3-8 " * 20_000, None),
    (["show", "-"], X + f"for c in [{'; '.join(map(str, range(1, 30_000)))}] {{ conv1-c }}", "over-limit"),
    (["show", "-"], f"sym {', '.join(f's{i}_' for i in range(100_000))}\n{X}relu", "over-limit"),
    # what a formula expands to
    (["show", "-"], f"sym a0\n{lets(200, 'p + floor((p + 1)/3)')}{X}conv1-a200", "number-too-large"),
    (["prove", "-", "params > 3"], f"sym a0\n{lets(200, 'floor((p*p + 1)/3) + 1')}{X}conv1-a200", "number-too-large"),
    (["show", "-"], f"sym a0\n{lets(30, '(p + 1)*p')}{X}conv1-a30", "number-too-large"),
    *((command, TOWER, None) for command in (["show", "-"], ["derive", "-"], ["scale", "-"], ["train", "-"])),
    *((command, FAR, None) for command in (["show", "-"], ["derive", "-"], ["prove", "-", "params >= 4"])),
    (["plot", "-", "--over", "n=1..50", "-o", "a.svg"], FAR, "number-too-large"),
    (["invert", "-", "--within", "params <= 1e20", "--for", "n"], FAR, "number-too-large"),
    (["sweep", "-", "--over", "n=2..5", "-o", "a.csv"], FAR, "number-too-large"),
    (["derive", "-"], X + "for i in 0..<10^9 { conv1-(i + 1) }", None),
    (["receptive", "-"], X + "for i in 0..<10^9 { conv1-(i + 1) }", None),
    (["compare", "X^2 + floor(X/1000003) - floor(X/1000033)", "X^2"], "", None),
    # what is asked on the command line
    *(
        (["show", "-", "-q", "--set", f"X={v}"], NET, "number-too-large")
        for v in ("10^10^10", "2^(2^(2^20))", "9^9^9^9")
    ),
    (["show", "-", "-q", "--set", "X=1e999999999"], NET, "number-too-long"),
    (["show", "-", "-q", "--set", "X=1"], "".join(f"assume X >= {i}\n" for i in range(500)) + NET, "outside-domain"),
    (["show", "-", "-q", "--set", "X=" + "(" * 9000], NET, "too-deep"),
    (["sweep", "-", "--set", "n=1", "--over", "X=1..1e30"], NET, "over-limit"),
    (["sweep", "-", "--set", "n=1", "--over", "X=1e900..1.1e900:1e899"], NET, None),
    (["scale", "-", "--set", "n=1", "--steps", "X=1..1e30"], NET, "over-limit"),
    (["invert", "-", "--within", "flops <= 1G", "--for", "X=1..1e30", "--for", "n=1..9"], NET, "over-limit"),
    (["invert", "-", "--within", "flops <= 10^(10^10)", "--for", "X", "--set", "n=1"], NET, "number-too-large"),
    (["prove", "-", "macs = 10^{10^{10}}"], NET, "number-too-large"),
    (["prove", "-", "\\sum_{t=0}^{10^{10^{10}}} t == macs"], NET, "number-too-large"),
    (["prove", "-", "\\frac{" * 300 + "1" + "}{2}" * 300], NET, "too-deep"),
    (["prove", "-", "macs = \\text{" + "a" * 50_000 + "}"], NET, "name-too-long"),
    (["compare", "(X + 1)^(10^9)", "X"], "", "number-too-large"),
    # what is in a file of a convention
    (["show", "-", "--convention", "a.toml"], f'{COUNTED}[prices]\nmac = "1e999999999"\n', "bad-convention"),
    (["show", "-", "--convention", "a.toml"], f"{COUNTED}[prices]\nmac = {'9' * 5000}\n", "bad-convention"),
    (["show", "-", "--convention", "a.toml"], f"{COUNTED}x = {'[' * 50_000}", "bad-convention"),
    (["conventions", "a.toml"], COUNTED + "a" + ".a" * 20_000 + " = 1\n", "over-limit"),
    # what is imported, and where files stand
    (["show", "n0.arch"], "", "too-deep"),
    (["show", "circle.arch"], "", "unreadable"),
    (["show", "import.arch"], 'import "circle.arch" (x)', "unknown-import"),
    (["show", "import.arch"], 'import "pipe.arch" (x)', "unknown-import"),
    (["show", "import.arch"], 'import "zero.arch" (x)', "import-outside"),
    (["show", "import.arch"], f'import "{"y" * 5000}.arch" (x)', "unknown-import"),
    (["show", f"zoo/{'y' * 5000}"], "", "unknown-family"),
]


@posix
@pytest.mark.parametrize("index", range(len(PRESSED)))
def test_pressed(index: int, tmp_path: Path) -> None:
    """An answer or an error within the bounds of time and memory, and no word of Python."""
    args, given, code = PRESSED[index]
    for i in range(200):
        (tmp_path / f"n{i}.arch").write_text(f"import n{i + 1} (x)\n")
    (tmp_path / "circle.arch").symlink_to("circle.arch")
    (tmp_path / "zero.arch").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.arch")
    for name in {"a.toml", "import.arch"} & set(args):
        (tmp_path / name).write_text(given)
    said = run(*args, given=NET if "a.toml" in args else given, cwd=tmp_path)
    told = [line for line in said.err.splitlines() if not line.startswith("symcost: computing for")]
    assert (said.code, [line.partition(":")[0] for line in told[:1]]) == (
        bool(code),
        [f"error[{code}]"] if code else [],
    )
    assert len(said.err) < 8000


def test_a_period_longer_than_anything() -> None:
    """Not decided, rather than counted through."""
    net = symcost.parse("input 3@X x X\n" + "maxpool3/2(round=ceil) conv3-3/3 " * 50)
    assert net.macs.proves("== params/3").verdict == "not decided"


def test_large_sizes_are_exact() -> None:
    net = symcost.parse("input 3@(10^100) x 8  conv3-8")
    assert net.macs.value == 3 * 9 * 8 * 8 * 10**100
    assert net.macs.si() == "1.73e103 MACs"
    page = run("-", "--quiet", given="input 3@(1e900) x 8  conv3-8")
    assert (page.code, page.err) == (0, "")
    shown = "".join(page.out.split())
    assert "1728" + "0" * 900 + "(1.73e903MACs)" in shown


# ------------------------------------------------------------------------------------------ programs that are wrong

WRONG = """
# layers
foo-64                          unknown-layer
conv1x1x7-64                    wrong-rank
flatten conv3-64                wrong-rank
lstm-64                         wrong-rank
conv9-64(pad=0)                 kernel-too-large
maxpool x 4                     kernel-too-large
conv3-64(groups=4)              groups
conv3-64(pad=-1)                bad-value
conv3-64/0                      bad-value
conv3-64/(1/2)                  bad-value
conv3-64/(-1)                   bad-value
conv3-0                         bad-value
conv3-(-8)                      bad-value
conv3-(7/2)                     bad-value
conv0-8                         bad-value
conv(1/2)-8                     bad-value
upconv2-4/2(pad=20)             layer-needs
upconv2-4/2(outpad=2)           layer-needs
upconv2-4(dil=3, outpad=3)      layer-needs
upsample(0)                     bad-value
gap(0)                          bad-value
windows(0) { relu }             bad-value
experts(0) { relu }             layer-needs
split(5) { id }                 layer-needs

# sizes
conv3-(1/0)                     division-by-zero
conv3-(1%0)                     division-by-zero
conv3-(1//0)                    division-by-zero
conv3-(0^(-1))                  division-by-zero
conv3-(log2(0))                 bad-value
conv3-(sqrt(-1))                bad-value
conv3-(sqrt(2))                 bad-value
conv3-(min())                   wrong-count
conv3-("a")                     size-needed
conv3-(a)                       unknown-name
let a = a                       unknown-name
let a = 1 let a = 2             already-defined
let in = 1                      reserved-word

# repeats
relu x (-1)                     bad-value
relu x -1                       unexpected-token
upsample x -1                   unexpected-token
upsample x (-1)                 bad-value
upsample x (1/2)                bad-value
relu x (1/2)                    bad-value
relu x true                     size-needed
relu x K                        unknown-name
for i in 1..(1/2) { relu }      bad-value
for i in [1, 2; 3] { relu }     wrong-count

# definitions
block a { a } a                 recursive
block a { b } block b { a } b   recursive
block a(n, n) { id }            already-defined
block conv3-c { id }            name-ends-in-number
net f { f }                     unknown-layer
layer f : c@T -> c@T { a = 1 } f  wrong-rank
import std.none                 unknown-import
import "/etc/passwd"            unknown-import
metric m = m assert m == 1      self-reference
metric m = n metric n = m assert m == 1  self-reference
net f(a) { input a@8 metric m = f(2).m } assert f(1).m == 0  self-reference

# facts
assume 1 == 2                   contradiction
assume Z > 1                    unknown-name
assert Z > 1                    unknown-name
assert params(8) == 1           unnamed-value
set batch = 0                   bad-value
set nothing = 1                 unknown-setting
"""
LINES = [line.rsplit(None, 1) for line in WRONG.splitlines() if line and not line.startswith("#")]


def codes(text: str) -> list[str]:
    """Codes of everything wrong with a program, its costs and its asserts."""
    try:
        net = symcost.parse(text)
        _ = net.params, net.cost("exact")
        return [d.code for _, d in check(net) if d is not None]
    except symcost.SymcostError as error:
        return [d.code for d in error.diagnostics]


@pytest.mark.parametrize(("text", "code"), LINES, ids=[text for text, _ in LINES])
def test_wrong(text: str, code: str) -> None:
    first = "" if text.startswith("set batch") else X
    assert codes(f"{first}{text}\n{X if not first else ''}")[:1] == [code]


@pytest.mark.parametrize(
    ("repeat", "params", "shape"),
    [
        ("conv3-3 x 0", 0, "3@8x8"),
        ("conv3-3 x 1", 84, "3@8x8"),
        ("conv3-3 x (10^30)", 84 * 10**30, "3@8x8"),
        ("upsample x 0", 0, "3@8x8"),
        ("conv3-(here.c + 1) x 2", 9 * (3 * 4 + 4 * 5) + 9, "5@8x8"),
        ("[conv3-3 maxpool] x 3 x0", None, None),
    ],
)
def test_repeats(repeat: str, params: int | None, shape: str | None) -> None:
    if params is None:
        assert codes(X + repeat) == ["unexpected-token"]
        return
    net = symcost.parse(X + repeat)
    assert (net.params, str(net.output)) == (params, shape)


NAMES = """
S N E I O Q C beta gamma zeta lambda pi oo nan zoo __class__ __import__ None True self class def exec print sin x1 _ é β
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_names_are_only_names(name: str) -> None:
    """What means something in Python or SymPy means nothing here."""
    net = symcost.parse(f"sym {name}\ninput 3@8x8\nconv3-({name}*2)")
    assert net.params == f"56*{name}"
    assert net.at({name: 4}).params == 224
    assert [s.name for s in net.params.expr.free_symbols] == [name]
    assert net.params.latex().strip("56 ")


@pytest.mark.parametrize(
    "text",
    [
        "input 3@8x8\r\nconv3-64\r\n",
        "\ufeffinput 3@8x8\nconv3-64",
        "input\t3@8x8\n\t\tconv3-64\t# a comment\t",
        "input 3@8x8\n\n\n;;; -> conv3-64 ;",
        "input 3@8x8\fconv3-64",
    ],
)
def test_blanks_of_all_kinds(text: str) -> None:
    assert symcost.parse(text).params == 1792


@pytest.mark.parametrize("control", ["\0", "\x01", "\x1b[31m", "\x7f", "\u2028", "\u200b", "\u202e", "\ud800"])
def test_control_characters(control: str) -> None:
    """They are named, not sent to the reader's terminal."""
    with pytest.raises(symcost.SymcostError) as caught:
        symcost.parse(f"input 3@8x8 {control} relu")
    assert caught.value.diagnostics[0].code == "unexpected-character"
    assert str(caught.value).replace("\n", "").isprintable()


# ------------------------------------------------------------------------------------------ files and streams


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "no-network"),
        (b"# nothing\n\n", "no-network"),
        (b"sym X, Y\nlet a = 2*X\n", "no-network"),
        (b"net f { input 3@8 }", "choose-net"),
        (bytes(range(256)), "not-text"),
        (b"input 3@8x8\n\xff\xfe conv3-3", "not-text"),
        ("input 3@8x8".encode("utf-16"), "not-text"),
        ("input 3@8x8 # café".encode("latin-1"), "not-text"),
        (b"input 3@8x8 \0 relu", "not-text"),
        (b"\x7fELF\x02\x01\x01\0", "not-text"),
        (b"# nothing\rinput 3@8x8\rconvv", "unknown-layer"),  # lines end as they did on a Macintosh
        (b" " * 17_000_000, "program-too-long"),
    ],
    ids=range(12),
)
def test_bytes(
    data: bytes, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a file and from standard input alike."""
    file = tmp_path / "a.arch"
    file.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(data)))
    for name in (str(file), "-"):
        assert command(name) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"error[{code}]: ")


def test_what_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for args in ((str(tmp_path),), (str(tmp_path / "none.arch"),), ("my none.arch",), ("check", str(tmp_path))):
        assert command(*args) == 1
        assert capsys.readouterr().err.startswith("error[unreadable]: ")
    (tmp_path / "folder.arch").mkdir()
    assert command(str(tmp_path / "folder.arch")) == 1
    assert "did you mean" not in capsys.readouterr().err
    assert command("chek", "a.arch") == 1
    assert "did you mean 'check'?" in capsys.readouterr().err


@posix
def test_a_file_without_end() -> None:
    assert run("/dev/zero").err.startswith("error[program-too-long]")


@posix
def test_closed_streams() -> None:
    """Who closed a stream does not want to hear of it."""
    vgg = str(ROOT / "examples" / "vgg16.arch")
    assert run(vgg, before=lambda: os.close(1), stdout=None) == Said(0, "", "")
    assert run("bogus bogus", before=lambda: os.close(2), stderr=None) == Said(1, "", "")
    closed = run("-", before=lambda: os.close(0))
    assert (closed.code, closed.err) == (1, "error[unreadable]: standard input is closed\n")


@posix
@pytest.mark.parametrize(
    "args",
    [(), ("--json",), ("--latex",), ("--markdown",)],
)
def test_nobody_reads(args: tuple[str, ...]) -> None:
    """``symcost ... | head -0`` is no error."""
    broken(0, str(ROOT / "examples" / "vgg16.arch"), *args)


@posix
def test_nobody_reads_the_other_commands() -> None:
    broken(0, "layers")
    broken(0, "check", str(ROOT / "examples" / "vgg16.arch"))
    broken(1, "input 3@8x8 bogus", "--json")


def broken(code: int, *args: str) -> None:
    """Run with a standard output that is closed at the other end."""
    command = [sys.executable, "-m", "symcost", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk() -> None:
    for args in (("input 3@8x8",), ("layers",), ("input 3@8x8", "-o", "/dev/full")):
        with Path("/dev/full").open("wb") as full:
            said = run(*args, stdout=full)
        assert (said.code, said.err[:19]) == (1, "error[unwritable]: ")


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("symcost.parser.parse", interrupted)
    monkeypatch.setattr(sys, "argv", ["symcost", "input 3@8x8"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 128 + signal.SIGINT


# ------------------------------------------------------------------------------------------ the command line


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 2),
        (("show",), 2),
        (("check",), 2),
        (("fmt",), 2),
        (("--bogus",), 2),
        (("input 3@X x X", "--bogus"), 2),
        (("input 3@X x X", "--set", "X"), 2),
        (("input 3@X x X", "--set", "X="), 2),
        (("input 3@X x X", "--set", "=3"), 2),
        (("input 3@X x X", "X=3", "X=4"), 2),
        (("input 3@X x X", "--speed", "fast"), 2),
        (("input 3@X x X", "--speed", "0"), 2),
        (("input 3@X x X", "-o", "."), 2),
        (("completion", "tcsh"), 2),
        (("input 3@X x X", "--set", "Y=3"), 1),
        (("input 3@X x X", "--set", "X=0"), 1),
        (("input 3@X x X", "--set", "X=1/2"), 1),
        (("input 3@X x X", "--set", "X=3)"), 1),
        (("input 3@X x X", "--set", "X=1/0"), 1),
        (("input 3@X x X", "--set", 'X="a"'), 1),
        (("input 3@X x X", "--set", "X=" + "-" * 5000 + "1"), 1),
        (("input 3@X x X", "--set", "X=" + "9" * 5000), 1),
        (("input 3@X x X conv7-8(pad=0)", "--set", "X=5"), 1),
        (("input 3@X x X", "--convention", "bogus"), 1),
        (("input 3@X x X", "--net", "f"), 1),
        (("net f(name) { input name@8 }", "--net", "f(bogus=3)"), 1),
        (("net f(name) { input name@8 }", "--net", "f(1, 2)"), 1),
        (("net f(name) { input name@8 }", "--net", "f(name=1, name=2)"), 1),
        (("net f(name) { input name@8 }", "--net", "f("), 1),
        (("layers", "bogus"), 1),
        (("zoo", "bogus"), 1),
    ],
)
def test_exit_codes(args: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """1 for a wrong program, 2 for a wrong command; what is wrong is on standard error, and nothing else is written."""
    assert command(*args) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error[" if code == 1 else "Usage: ")


def command(*args: str) -> object:
    """The exit code of a command run in this process."""
    before, sys.argv = sys.argv, ["symcost", *args]
    try:
        main()
    except SystemExit as error:
        return error.code
    finally:
        sys.argv = before
    raise AssertionError("a command ends with an exit code")


def test_a_net_may_call_its_parameter_as_it_likes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("net f(name, self=1) { input name@8 }", "--net", "f(name=3, self=2)", "-q") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "args",
    [
        ("input 3@8x8 bogus",),
        ("input 3@",),
        ("input 3@8x8 é bogus",),
        ("none.arch",),
        ("net f { input 3@8 }",),
        ("input 3@X conv7-3(pad=0)", "--set", "X=3"),
        ("input 3@X", "--convention", "bogus"),
    ],
)
def test_json_errors(args: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """With --json errors are data too."""
    assert command(*args, "--json") == 1
    said = capsys.readouterr()
    assert said.err == ""
    errors = json.loads(said.out)["errors"]
    assert errors
    assert all(set(e) >= {"code", "message", "file", "line", "column", "notes", "help"} for e in errors)


def test_json_is_utf8() -> None:
    """Whatever the terminal is."""
    said = run("sym é\ninput 3@8x8  conv3-é", "--json", env={"PYTHONIOENCODING": "ascii"})
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["output"] == "é@8x8"


def test_output_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is written whole or not at all; a link stays a link."""
    old, new, link = tmp_path / "old", tmp_path / "new", tmp_path / "link"
    old.write_text("as it was")
    link.symlink_to(old)
    for args, code in (
        ((X, "-o", str(old)), "file-exists"),
        ((X, "-o", str(link)), "file-exists"),
        ((X + "bogus", "-o", str(new)), "unknown-layer"),
        ((X, "-o", str(tmp_path / "no" / "new")), "unwritable"),
        ((X, "-o", str(tmp_path / ("n" * 300))), "unwritable"),
    ):
        assert command(*args) == 1
        assert capsys.readouterr().err.startswith(f"error[{code}]: ")
    assert old.read_text() == "as it was"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "old"]
    assert command(X, "-o", str(link), "--force") == 0
    assert link.is_symlink()
    assert "parameters" in old.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "old"]


@posix
def test_devices_are_written_to() -> None:
    assert run(X, "-o", os.devnull) == Said(0, "", "")
    assert not Path(os.devnull).is_file()


@posix
@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour(env: dict[str, str], coloured: bool) -> None:
    """Errors stand out on a terminal that can show it, unless the reader does not want it."""
    ours, theirs = pty.openpty()
    run("input 3@8x8 bogus", stderr=theirs, env={"NO_COLOR": "", **env})
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "unknown layer 'bogus'" in shown
    assert ("\x1b[" in shown) is coloured


def test_a_terminal_that_cannot_spell() -> None:
    said = run("sym é\ninput 3@X x X  conv3-é/2", env={"PYTHONIOENCODING": "ascii"})
    assert (said.code, said.err) == (0, "")
    assert said.out.isascii()


# ------------------------------------------------------------------------------------------ programs with mistakes in them

GOOD = [
    "sym X, K, s = 2, alpha: real = 1\nassume X % 32 == 0, K <= X, 0 < alpha <= 1\ninput 3@X x X\nlet w = 4*K\n"
    "set conv.bias = false\nconv(K)-w/s(pad=1, groups=1) bn relu x 2 : C2@H2 x W2\n[conv3-here.c relu] x n\nsym n\n"
    "gap fc-10 softmax\nmetric m = 2*mac + add\nassert params >= 1\nassert macs(X=224) ~ 4.1G",
    "net vgg(n1, n2, q=0) {\n  input 3@224x224\n  conv3-64 x n1 maxpool conv1-64 x q fc-10\n}\n"
    "assert vgg(2, 2).params == 1\nassert vgg(2, 2, q=1).macs > 3",
    "layer gqa(h, g) : c@T -> c@T {\n  let k = c*g/h\n  params = 2*c*c + 2*c*k\n  mac = T*c\n}\ninput 8@T\n"
    "gqa(2, g=1) attention(2, causal=true) lstm-4(layers=2, bidir=true)",
    "input 4@H x W\nconv(3 x 5)-8/(2 x 1)(pad=(1 x 2)) -> maxpool3/2(pad=1); upconv2-4/2\nupsample(2) zeropad(before=1)\n"
    "avgpool(2, round=ceil) gap(7) tokens\nlet t = if 2 > 4 then floor(7/2) else ceil(max(2, 3)/2)",
    "block basic-c/s(e=4) {\n  add { | conv1-c/s bn relu conv3-(e*c) | conv1-(e*c)/s }\n  relu\n}\nsym n, C\n"
    "input C@32x32\nbasic-16 x n\nbasic-8/2(e=2) basic-8",
    "block dense(k) { concat { id | bn relu conv1-(4*k) conv3-k } }\nsym k, L\ninput c0@X x X\n"
    "dense(k) x L : (c0 + L*k)@X x X",
    "sym n, C\nassume X % 2^n == 0\ninput C@X x X\nfor i in 0..<n {\n  conv3-(C*2^i) as s(i)\n  maxpool\n}\n"
    "for i in n - 1 downto 0 { upconv2-(C*2^i)/2 concat(s(i)) conv3-(C*2^i) }",
    "block prenorm { residual { layernorm body } }\nsym V, d, h, L\ninput ids@T\nembed(V)-d\n"
    "[ prenorm { attention(h) } prenorm { linear-(4*d) gelu linear-d } ] x L\nlayernorm unembed-V",
    "import std.resnet (bottleneck)\ninput 64@56x56\nbottleneck-64 x 3\n"
    "for c, n in [64, 3; 128, 4] { bottleneck-c/2 x n }\ngap fc-1000",
    "shared block head { conv3-8 relu }\nset batch = B\nsym B\ninput 8@X x X\nhead as a  head\nadd(a) relu : 8@X x X\n"
    "if X > 3 { conv3-8 } else { id }\nwindows(2) { conv3-8 } freeze { conv1-8 }\noutput a",
]
_WORDS = """
( ) [ ] { } - + * / // ^ ** @ = == != <= < > ~ | , . .. ..< : ; % x 0 1 8 -1 10^9 1e9 0.5 3x3 999999999999 # " ' _ é × ≤
in here body in.c here.h as net let sym assume set metric assert layer block shared input output from for if then else
and or not true false floor( max( log2( sqrt( gcd( divisible( params macs (X=2) ids ids@T batch strict same n X
"""
WORDS = [" ", "\0", "let a =", *_WORDS.split()]


def words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


@st.composite
def mistaken(draw: st.DrawFn) -> str:
    """A good program in which some words, or some letters, were left out, doubled, exchanged or replaced."""
    program = draw(st.sampled_from(GOOD))
    parts = words(program) if draw(st.booleans()) else list(program)
    for _ in range(draw(st.integers(1, 4))):
        place = st.integers(0, max(0, len(parts) - 1))
        i, j = draw(place), draw(place)
        match draw(st.sampled_from(["out", "double", "exchange", "replace", "insert"])):
            case "out":
                del parts[i : i + 1]
            case "double":
                parts[i:i] = parts[j : j + 1]
            case "exchange" if parts:
                parts[i], parts[j] = parts[j], parts[i]
            case "replace":
                parts[i : i + 1] = [draw(st.sampled_from(WORDS))]
            case "insert":
                parts[i:i] = [draw(st.sampled_from(WORDS))]
    return "".join(parts)


@pytest.mark.parametrize("program", GOOD)
def test_good_programs_are_good(program: str) -> None:
    """Or the mistakes put into them would say little."""
    assert set(codes(program)) <= {"assertion-failed"}


@examples(300)
@given(mistaken())
def test_mistakes(program: str) -> None:
    """A network or a diagnostic with its place; nothing else comes out, of the formatter neither."""
    try:
        net = symcost.parse(program)
        for cost in (net.params, net.cost("exact"), net.activations):
            assert str(cost)
        for _, diagnostic in check(net):
            assert diagnostic is None or str(diagnostic)
    except symcost.SymcostError as error:
        assert str(error).startswith("error[")
    try:
        assert formatted(Source("<text>", program)) is not None
    except symcost.SymcostError as error:
        assert str(error).startswith("error[")


def test_what_cannot_be_imported_is_said_at_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, and by the name that a reader of the program sees."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "bin.arch").write_bytes(b"a\0b")
    for name, code, message in (
        ("sub", "unreadable", "sub is a folder, not a program"),
        ("bin.arch", "not-text", "bin.arch is no text: it has zero bytes"),
    ):
        with pytest.raises(symcost.SymcostError) as caught:
            symcost.parse(f'import "{name}"\ninput 3@8x8 conv3-4', folder=tmp_path)
        first = caught.value.diagnostics[0]
        assert (first.code, first.message, first.span and first.span.where) == (code, message, "<text>:1:1")


def test_a_python_without_docstrings() -> None:
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "symcost", "input 3@8x8 conv3-4"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
