"""The same question has the same answer, byte for byte: nothing depends on the order of a set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from symcost.cli import cli

PROGRAMS = [
    (Path(__file__).parent.parent / "examples" / "vgg16.arch").read_text(encoding="utf-8"),
    "sym K, Cout, s, P, g; input Cin@H x W; conv(K)-Cout/s(pad=P, groups=g) : Cout@M x N  bn relu  maxpool(K)/s(pad=1) gap fc-10",
    "sym B, n, h, V, d; set batch = B; input ids@T; embed(V)-d; [attention(h) layernorm linear-d gelu] x n unembed-V",
    "sym b; assume X % 12 == 7, Y >= 9; input a@X x Y x Z; conv3-8/2 upconv(2 x 3 x 1)-b/2 maxpool3/2(round=ceil) avgpool2",
    "metric kv; sym h; layer f(h) : c@t -> c@t { kv = c*t; exp = h^t; cmp = max(c, t, h) } input p@q f(h) lstm-7(bidir=true)",
    "net v(n, m) { input 3@X x X conv3-n conv3-m } net w(z) { input z fc-3 } input 3@X x X relu",
    "input 3@X x X conw3-4 conv3-(q) conv3-64(pading=1, filters=3) relu(x=1) fc-(a*b)",
]

BETWEEN = "=====\n"
ASKS = """
import sys, symcost
from symcost.render.document import Document, rendered
for text in {programs!r}:
    print("=====")
    try:
        net = symcost.parse(text)
    except symcost.SymcostError as error:
        print(error)
        continue
    print(repr(net), net.symbols, net.conditions, net.nets)
    for form in ("text", "markdown", "latex", "json"):
        print(rendered(Document(net, "net", ("macs", "flops", "exact")), form))
        print(rendered(Document(net, "net", ("macs",), resolve=True), form))
    print(net.cost("exact").expr, net.macs.factor(), net.macs.names, repr(net.activations), net.layers)
    for symbol in net.symbols:
        print(net.cost("exact").at({{symbol: "a + b"}}))
"""


def answers(programs: list[str], seed: str) -> list[str]:
    """What is printed about each program."""
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", ASKS.format(programs=programs)], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split(BETWEEN)[1:]


def test_no_answer_depends_on_the_hash_seed() -> None:
    first = answers(PROGRAMS, "1")
    assert len(first) == len(PROGRAMS)
    assert all(len(answer) > 300 for answer in first)
    assert answers(PROGRAMS, "2") == first


def test_no_answer_depends_on_what_was_asked_before() -> None:
    """Caches fill in another order, and the answers are the same."""
    assert answers(PROGRAMS[::-1], "3")[::-1] == answers(PROGRAMS, "3")


# ------------------------------------------------------------ every command

NET = "sym C = 8, n = 2; input 3@X x X; conv3-C/2 bn relu  [residual { conv3-C relu conv3-C }] x n  gap fc-10"
AT = ["--set", "C=8,n=2"]
TEXT, DATA, PAPER, TABLE = [], ["--json"], ["--latex"], ["--markdown"]
COMMANDS: dict[str, list[list[str]]] = {  # what is asked of each, and in which forms
    "check": [[f"{NET} assert params == 1330 assert macs ~ 3G"]],
    "compare": [["2*T^2*d + floor(T/3)", "8*T*d^2", *form] for form in (TEXT, DATA, PAPER)],
    "completion": [["bash"], ["zsh"], ["fish"]],
    "conventions": [[], ["fvcore"], TABLE],
    "derive": [[NET, *form] for form in (TEXT, DATA, PAPER, TABLE)] + [["lstm", "--convention", "params"]],
    "diff": [[NET, "--convention", "fvcore", "--convention", "thop", *form] for form in (TEXT, DATA, PAPER, TABLE)],
    "emit": [
        [NET, "-l", language, "--of", "params,macs"]
        for language in ("c", "rust", "python", "numpy", "javascript", "duckdb", "postgres", "spark", "sqlite")
    ],
    "explain": [[NET, *AT, "--set", "X=32", "--value", "1330", *form] for form in (TEXT, DATA)],
    "fmt": [["-"]],
    "invert": [
        [NET, "--within", "flops <= 10M", *more, *form]
        for more in (["--for", "X"], ["--for", "X=8..64:8", "--for", "n=1..4"])
        for form in (TEXT, DATA)
    ],
    "layers": [[], ["conv"], TABLE],
    "limits": [[]],
    "memory": [[NET, *form] for form in (TEXT, ["--layers"], DATA, PAPER, TABLE)],
    "plot": [[NET, "--over", "X=8..64", "-o", f"a.{form}"] for form in ("svg", "pdf", "png")]
    + [[NET, "--by", "kind", *AT, "--set", "X=32", "-o", "b.svg"]],
    "prove": [[NET, "macs >= 9*C^2*n", *form] for form in (TEXT, DATA, PAPER, TABLE)] + [[NET, "macs == X"]],
    "receptive": [[NET, *form] for form in (TEXT, ["--layers"], DATA, PAPER, TABLE)],
    "report": [[NET]],
    "scale": [[NET, *form] for form in (TEXT, DATA, PAPER)],
    "show": [
        [NET, "--convention", "exact", *form]
        for form in (TEXT, ["--tree"], DATA, PAPER, TABLE, ["--typst"], ["--form", "expanded"], ["--resolve", "-q"])
    ]
    + [[f"{NET} conw3-4"], [f"{NET} conw3-4", "--json"]],
    "sweep": [
        [NET, *AT, "--over", "X=8..64:4", *more]
        for more in ([], ["-o", "a.csv"], ["-o", "a.jsonl"], ["-o", "a.parquet"])
    ]
    + [
        [NET, "--over", "X=8..64:4,C=1..9,n=1..3", "--where", "macs < 10M", "--pareto", "params,max:X"],
        [NET, *AT, "--over", "X=8..64", "--sql", "sqlite"],
    ],
    "train": [[NET, *form] for form in (TEXT, ["--layers"], DATA, PAPER, TABLE)],
    "verify": [["kv_cache"], ["kv_cache", *TABLE]],
    "zoo": [[], ["vgg"], ["vgg", "vgg"], ["resnet", "resnet(3, 4, 6, 3)", *DATA]],
}
WITHOUT = {"lsp"}  # talks to an editor
RUNS = """
import sys
from pathlib import Path

from symcost.cli import cli
from click.testing import CliRunner
from symcost.cli import cli
for args in {asked!r}:
    done = CliRunner().invoke(cli, args, prog_name="symcost", input="input  3@8x8  conv3-8")
    assert done.exception is None or isinstance(done.exception, SystemExit), (args, done.exception)
    print("=====")
    print(args, done.exit_code)
    print(done.output)
    if "-o" in args:
        path = Path(args[args.index("-o") + 1])
        print(path.read_bytes().hex())
        path.unlink()
"""


def runs(asked: list[list[str]], seed: str, folder: Path) -> list[str]:
    """What each command prints and writes."""
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", RUNS.format(asked=asked)]
    done = subprocess.run(command, capture_output=True, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split(BETWEEN)[1:]


def test_every_command_is_asked() -> None:
    assert set(COMMANDS) | WITHOUT == set(cli.commands)


def test_commands_give_the_same_bytes(tmp_path: Path) -> None:
    """With two hash seeds, and in two orders: what was asked before, and what is in the caches, does not matter."""
    asked = [[name, *args] for name, each in COMMANDS.items() for args in each]
    first, second = runs(asked, "1", tmp_path), runs(asked[::-1], "2", tmp_path)[::-1]
    assert len(first) == len(asked)
    for args, one, other in zip(asked, first, second, strict=True):
        assert one == other, args
    assert sum(f"{args} 0" in one or f"{args} 1" in one for args, one in zip(asked, first, strict=True)) == len(asked)
