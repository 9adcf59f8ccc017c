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
