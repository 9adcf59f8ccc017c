"""The same question has the same answer, byte for byte: nothing depends on the order of a set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = [
    (Path(__file__).parent.parent / "examples" / "vgg16.arch").read_text(encoding="utf-8"),
    "sym K, Cout, s, P, g; input Cin@H x W; conv(K)-Cout/s(pad=P, groups=g) : Cout@M x N  bn relu  maxpool(K)/s(pad=1) gap fc-10",
    "sym B, n, h; set batch = B; input ids@T; embed(V)-d; sym V, d; [attention(h, kv_heads=h) layernorm linear-d gelu] x n unembed-V",
    "assume X % 12 == 7, Y >= 9; input a@X x Y x Z; conv3-8/2 upconv(2 x 3 x 1)-b/2(pad=1) maxpool3/2(round=ceil) avgpool2; sym b",
    "metric kv; layer f(h) : c@t -> c@t { kv = c*t; add = t^c; exp = h^t; cmp = max(c, t, h) }; sym h; input p@q f(h) lstm-7(bidir=true)",
    "net v(n, m) { input 3@X x X conv3-n conv3-m } net w(z) { input z fc-3 } input 3@X x X relu",
    "input 3@X x X conw3-4 conv3-(q) conv3-64(pading=1, filters=3) relu(x=1) fc-(a*b)",
]

ASKS = """
import sys, symcost
from symcost.render.document import Document, rendered
for text in {programs!r}:
    try:
        net = symcost.parse(text)
    except symcost.SymcostError as error:
        print(error)
        continue
    print(repr(net), net.symbols, net.conditions, net.nets, [hash(c) == hash(c) for c in (net.params, net.macs)])
    for form in ("text", "markdown", "latex", "json"):
        print(rendered(Document(net, "net", ("macs", "flops", "exact")), form))
        print(rendered(Document(net, "net", ("macs",), resolve=True), form))
    print(net.cost("exact").expr, net.macs.factor(), net.macs.names, repr(net.activations), net.layers)
    for symbol in net.symbols:
        print(net.cost("exact").at({{symbol: "a + b"}}))
"""


def answers(seed: str) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    code = ASKS.format(programs=PROGRAMS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_no_answer_depends_on_the_hash_seed() -> None:
    first, *others = [answers(seed) for seed in ("1", "2", "77")]
    assert len(first) > 20_000
    for other in others:
        assert other.decode() == first.decode()


def test_no_answer_depends_on_what_was_asked_before() -> None:
    """Caches fill in another order, and the answers are the same."""
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONIOENCODING": "utf-8"}
    found = []
    for order in (PROGRAMS, PROGRAMS[::-1]):
        code = ASKS.format(programs=order) + "    print('=' * 9)\n"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
        assert done.returncode == 0, done.stderr.decode()
        found.append(sorted(done.stdout.decode().split("=" * 9)))
    assert found[0] == found[1]
