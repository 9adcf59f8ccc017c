"""The API answers from several threads at once as it does from one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import symcost
from symcost.render.document import Document, rendered

THREADS = 8
ROOT = Path(__file__).parent.parent
PROGRAMS = [
    "input 3@X x X  conv3-C/2 relu maxpool  conv3-(2*C)/2 relu gap fc-10\nsym C",
    "sym n, C\ninput C@X x X  [residual { conv3-C bn relu conv3-C bn } relu] x n  gap fc-10",
    "sym B, L, h, d\nset batch = B\ninput ids@T  embed(V)-d [attention(h) layernorm linear-(4*d) gelu linear-d] x L\nsym V",
    "assume X % 32 == 0\ninput 3@X x X  for i in 0..<5 { conv3-(8*2^i)/2 }  gap fc-10",
    "import std.resnet (stem, bottleneck)\ninput 3@X x X  stem bottleneck-64 x 3  gap fc-1000",
    "sym a, b\ninput a@X x Y  if X > Y { conv3-a } else { conv1-a }  conv5-b/3(pad=0)",
    "sym n\ninput 2@X x X  for i in 0..<n { conv3-(2*2^i) as s(i)  maxpool }",
    "examples/vgg16.arch",
    "input 3@X x X  conw3-4 conv3-(q) conv3-64(pading=1)",
]


def questions(net: symcost.Architecture) -> Iterator[Callable[[], object]]:
    """What the API is asked about a network."""
    symbol = net.symbols[-1]
    for cost in ("params", "macs", "flops", "exact", "activations"):
        yield partial(net.cost, cost)
    yield lambda: net.macs.expr
    yield lambda: net.macs.latex()
    yield lambda: net.conditions
    yield lambda: net.at({symbol: 64}).macs
    yield lambda: net.macs.scaling(symbol)
    yield lambda: net.macs.proves(f"<= {symbol}^2")
    yield lambda: net.derivation("macs")
    for form in ("text", "markdown", "latex", "html"):
        yield partial(net.table, form)
    yield lambda: rendered(Document(net, "net", ("macs", "flops")), "json")


def answers(text: str) -> list[str]:
    """What is said of a program, an error where that is the answer."""
    try:
        net = symcost.load(ROOT / text) if text.endswith(".arch") else symcost.parse(text)
    except symcost.SymcostError as error:
        return [str(error)]
    return [said(asked) for asked in questions(net)]


def said(asked: Callable[[], object]) -> str:
    try:
        return str(asked())
    except symcost.SymcostError as error:
        return str(error)


def in_order(first: int) -> list[list[str]]:
    """The answers about all programs; those asked about first come from the middle of the list."""
    order = [*range(first, len(PROGRAMS)), *range(first)]
    found = {index: answers(PROGRAMS[index]) for index in order}
    return [found[index] for index in range(len(PROGRAMS))]


def at_once() -> list[list[list[str]]]:
    """The same from several threads that start together."""
    barrier = Barrier(THREADS)

    def one(first: int) -> list[list[str]]:
        barrier.wait()
        return in_order(first)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_threads() -> None:
    """In a process of its own, where nothing has been asked before: what is cached is made by all of them."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_limits_are_those_of_a_thread() -> None:
    raised, asked = Event(), Event()

    def low() -> str:
        with symcost.limits(layers=2):
            raised.set()
            asked.wait(10)
            return said(lambda: symcost.parse("input 3@8 relu relu relu"))

    with ThreadPoolExecutor(2) as pool:
        limited = pool.submit(low)
        raised.wait(10)
        assert said(lambda: symcost.parse("input 3@8 relu relu relu")).startswith("<symcost.Architecture")
        asked.set()
        assert limited.result().startswith("error[too-many-layers]")


if __name__ == "__main__":
    sys.setswitchinterval(1e-5)
    threaded = at_once()
    alone = in_order(0)
    assert all(len(found) > 10 for found in alone[:-1]), alone
    for found in threaded:
        assert found == alone
