"""The same question has the same answer, byte for byte: nothing depends on the order of a set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
