"""Layers that differ in their widths alone are added up as polynomials: the same sums as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Use, examples, uses

import symcost
from symcost import syntax as s
from symcost import widths
from symcost.entries import Alike, Counted, Entry, Times
from symcost.graph.nodes import Leaf
from symcost.layers import Layer, known
from symcost.sizes.atoms import Size, total

every_kind = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.kind) for kind in known()])
WIDTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3)), min_size=2, max_size=6)
ONCE = Times()


@pytest.fixture(autouse=True)
def all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(widths, "FEW", 0)


def sums(found: Alike) -> dict[str, Size]:
    """What some entries hold and do, added up one by one."""
    parts: dict[str, list[Size]] = {}
    for entry, n in found:
        sizes = {"params": entry.params, "activations": entry.activations, **entry.counts}
        for name, size in sizes.items():
            parts.setdefault(name, []).append(size * n)
    return {name: size for name, each in parts.items() if (size := total(each)).terms}


def leaves(use: Use, symbols: list[str], numbers: list[tuple[int, int, int]]) -> Iterator[tuple[Leaf, int]]:
    """The layer on other channels and with another width, as far as it exists there; the other sizes as they are."""
    slots = [part.text if isinstance(part, s.Ref) else "" for part in (use.input.channels, use.call.width)]
    for *values, n in numbers:
        changed = {name: value for name, value in zip(slots, values, strict=True) if name in use.sizes}
        try:
            net = symcost.parse(replace(use, sizes=use.sizes | changed).program([n for n in symbols if n not in slots]))
        except symcost.SymcostError:
            continue
        yield net.layers[-1].leaf, n


@every_kind
@examples(8)
@given(data=st.data())
def test_sums_are_those_of_the_layers(kind: type[Layer], data: st.DataObject) -> None:
    use = data.draw(uses(kind))
    symbols = data.draw(st.lists(st.sampled_from(use.names), unique=True)) if use.names else []
    found = [(Entry(leaf, ONCE, Counted(leaf)), n) for leaf, n in leaves(use, symbols, data.draw(WIDTHS))]
    assert sums(widths.merged(found)) == sums(found)


def test_a_thousand_widths_are_one() -> None:
    """Convolutions of one kernel on one side, and the activations behind them: two polynomials."""
    net = symcost.parse("sym B, X set batch = B input 3@X x X " + " ".join(f"conv3-{n} relu" for n in range(1, 500)))
    entries = [(row._entry, 1) for row in net.layers]
    together = widths.merged(entries)
    assert len(together) == 2 and sums(together) == sums(entries)
    channels = [3, *range(1, 500)]
    pairs = sum(a * b for a, b in pairwise(channels))
    assert str(net.macs) == f"{9 * pairs}*B*X^2"
    assert net.params == 9 * pairs + sum(channels[1:])


def test_what_is_no_polynomial_is_counted_by_itself() -> None:
    """A layer of one's own that rounds a quotient of its channels; widths that are symbols."""
    program = "layer odd(r) : c@h x w -> c@h x w { mac = ceil(c/r)*h*w } sym X, K input 4@X x X "
    net = symcost.parse(program + " ".join(f"conv3-{n} odd(3)" for n in range(1, 20)) + " conv3-K" * 20)
    entries = [(row._entry, 1) for row in net.layers]
    assert sums(widths.merged(entries)) == sums(entries)


def test_loops_shared_weights_and_frozen_ones_stay_apart() -> None:
    parts = "[conv1-8 relu] x n shared block b { conv1-8 } b b freeze { conv1-5 conv1-6 } conv1-7 conv1-8 "
    parts += "for t in 1..<n { conv1-(8*t) } conv1-9 conv1-11"
    net = symcost.parse(f"sym X, n input 3@X x X {parts}")
    for n in (2, 3, 5):
        written = parts.replace("x n", f"x {n}").replace("..<n", f"..<{n}")
        assert symcost.parse(f"sym X input 3@X x X {written}").macs == net.at(n=n).macs
        assert symcost.parse(f"sym X input 3@X x X {written}").cost("trainable") == net.at(n=n).cost("trainable")
