"""What is kept from one program to the next (patterns, blocks of the standard library) never changes what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost.graph import modules, patterns, plain

BLOCKS = "import std.resnet (stem, basic, bottleneck) import std.inception (cbr) import std.dense (transition)"

# What stands before the blocks, and the blocks: all in each other's way where something is kept that should not be.
HEADS = (
    "sym X input 64@X x X",
    "sym X assume X >= 64 input 64@X x X",
    "sym X assume 32 | X input 64@X x X",
    "sym X, B set batch = B input 64@X x X",
    "sym X, K input K@X x X",
    "input 64@56x56",
    "input 64@5x5",
    "sym X set bottleneck.groups = 4 input 64@X x X",
    "sym X set strict = true input 64@X x X",
    "sym X, Y input 64@(X - Y) x (X - Y)",
    "sym X, Y assume X >= Y + 20 input 64@(X - Y) x (X - Y)",
    'sym X set form = "functional" input 64@X x X',
    "sym X input a: 64@X x X",
)
BODIES = (
    "bottleneck-64",
    "bottleneck-64 x 3 bottleneck-128/2 x 4(s=1)",
    "bottleneck-64(groups=8) bottleneck-64(groups=8)",
    "basic-64 basic-128/2",
    "stem basic-64",
    "bottleneck-64 [conv3-256 relu bn] x 3 conv3-7(pad=0) relu",
    "maxpool7/3(pad=0) bottleneck-64/2",
    "bottleneck-66(groups=4)",
    "freeze { basic-64 } basic-64 x n basic-64",
    "cbr(7)-8(valid=true) transition",
    "cbr(7)-8(valid=true) cbr(7)-8(valid=true)",
    "conv3-7(pad=0) conv3-7(pad=0) as t basic-64 concat(t) relu",
)
PROGRAMS = [f"{BLOCKS} {'sym n ' if ' n ' in body else ''}{head} {body}" for head, body in product(HEADS, BODIES)]


@pytest.fixture(autouse=True)
def from_nothing() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    """As in another process."""
    patterns.forget()
    plain.LIBRARY.forget()
    modules._shipped.cache_clear()


def said(program: str) -> object:
    """Everything a reader sees of a network, or what is wrong with it."""
    try:
        net = symcost.parse(program)
        costs = [str(net.cost(name)) for name in ("params", "active", "trainable", "activations", "exact", "thop")]
    except symcost.SymcostError as error:
        return [(d.code, d.message, d.notes, d.span and d.span.where) for d in error.diagnostics]
    rows = [(r.text, str(r.input), str(r.output), str(r.params), str(r.macs), str(r.repeat)) for r in net.layers]
    return rows, costs, net.conditions, str(net.output)


@cache
def alone(program: str) -> object:
    """In a process of its own."""
    forget()
    return said(program)


def test_some_programs_are_networks_and_some_are_not() -> None:
    found = [alone(program) for program in PROGRAMS]
    good = [f for f in found if isinstance(f, tuple)]
    assert len(found) * 0.6 < len(good) < len(found) and any(f[2] for f in good)


@examples(20)
@given(st.lists(st.sampled_from(PROGRAMS), min_size=4, max_size=16))
def test_in_any_order(programs: list[str]) -> None:
    wanted = [alone(program) for program in programs]
    forget()
    assert [said(program) for program in programs] == wanted


LAYERS = ("linear-8", "conv3-8", "bn", "relu", "dwconv3", "scale", "layernorm")
KNOWN = "input 8@64 " + " ".join([*LAYERS, "maxpool"] * 3)  # after some times of it, each is a pattern
AROUND = (
    "{} {}",
    "{} x 1 {}",
    "[{} {}] x 2",
    "[{}] x n {}",
    "residual {{ {} {} }}",
    "add {{ {} | {} }}",
    "freeze {{ {} }} {}",
    "for i in 1..2 {{ {} }} {}",
    "[windows(2) {{ linear-8 }}] x 2 {} {}",
    "if n > 2 {{ {} }} {}",
    "g {} {}",
)


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(str.format, st.sampled_from(AROUND), inner, inner)


INSIDE = st.recursive(st.sampled_from(LAYERS), around, max_leaves=4)
USES = st.lists(
    st.sampled_from(("f", "f relu", "[f] x 2", "f x n", "residual { f }", "freeze { f }", "maxpool")), min_size=2
)


def costs(program: str) -> object:
    try:
        net = symcost.parse(program)
        return [str(net.cost(name)) for name in ("params", "trainable", "active", "macs", "activations")]
    except symcost.SymcostError as error:
        return [d.code for d in error.diagnostics]


@examples(100)
@given(INSIDE, st.sampled_from(LAYERS), st.sampled_from(("", "shared ")), USES)
def test_weights_with_one_address(inside: str, inner: str, shared: str, used: list[str]) -> None:
    """Count once whether their layers are known or not, and where some uses are and others are not."""
    program = f"sym n {shared}block g {{ {inner} }} shared block f {{ {inside} }} input 8@64 {' '.join(used)}"
    forget()
    unknown = costs(program)
    for _ in range(6):
        costs(KNOWN)
    assert costs(program) == unknown


@pytest.mark.parametrize(
    ("inside", "once"),
    [
        ("linear-8 x 1 maxpool", 72),
        ("linear-8 x 3 maxpool", 216),
        ("[linear-8] x 1", 72),
        ("add { linear-8 | linear-8 x 2 }", 216),
        ("for i in 1..2 { linear-8 }", 144),
        ("[windows(2) { linear-8 }] x 2", 144),
        ("bn x 2", 32),
        ("linear-8 bn relu linear-8", 160),
    ],
)
def test_a_shared_block_counts_once(inside: str, once: int) -> None:
    for before in range(7):
        found = symcost.parse(f"shared block f {{ {inside} }} input 8@32 {'linear-8 bn ' * before} f f").params
        assert found == 88 * before + once


def test_again_and_again() -> None:
    """The first times layers are resolved one by one, and then from patterns; blocks are known at once."""
    for program in PROGRAMS:
        wanted = alone(program)
        for _ in range(patterns.OFTEN + 2):
            assert said(program) == wanted


def test_in_several_threads() -> None:
    wanted = {program: alone(program) for program in PROGRAMS}
    forget()
    orders = [Random(seed).sample(PROGRAMS, len(PROGRAMS)) for seed in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda order: {program: said(program) for program in order}, orders):
            assert found == wanted


def test_a_block_of_the_same_name_is_another_one() -> None:
    one = said("block b-c { conv3-c relu } input 4@8x8 b-4 b-4")
    two = said("block b-c { conv1-c relu } input 4@8x8 b-4 b-4")
    assert one == said("block b-c { conv3-c relu } input 4@8x8 b-4 b-4") != two
