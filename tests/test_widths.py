"""Layers that differ in their widths alone are added up as polynomials: the same sums as one by one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, uses

import symcost
from symcost import syntax as s
from symcost.graph import patterns, plain
from symcost.graph.nodes import Run
from symcost.layers import Layer, known
from symcost.sizes.atoms import Size, total
from symcost.tally import Tally

every_kind = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.kind) for kind in known()])
WIDTHS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=2, max_size=6)


@pytest.fixture(autouse=True)
def from_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are made of what is used once."""
    patterns.forget()
    plain.LIBRARY.forget()
    monkeypatch.setattr(patterns, "OFTEN", 0)


def one_by_one(tally: Tally) -> dict[str, Size]:
    """What the layers hold and do, added up one after the other."""
    parts: dict[str, list[Size]] = {}
    addresses: set[object] = set()
    for entry in tally.entries:
        work = {"activations": entry.activations, **entry.counts}
        sizes = {name: entry.all_work(size) for name, size in work.items()}
        if entry.times.shared is None:
            sizes["params"] = entry.times.over_loops(entry.times.often(entry.params, entry.times.weights))
        elif entry.times.shared not in addresses:  # once, as they always run here
            addresses.add(entry.times.shared)
            sizes["params"] = entry.params
        for name, size in sizes.items():
            parts.setdefault(name, []).append(size)
    return {name: size for name, each in parts.items() if (size := total(each)).terms}


def sums(tally: Tally) -> dict[str, Size]:
    found = {"activations": tally.activations, "params": tally.params, **tally.counts}
    return {name: size for name, size in found.items() if size.terms}


def packed(net: symcost.Architecture) -> int:
    """How many layers are not there one by one."""
    return sum(len(node.widths) for node, _ in net._tally.placed if isinstance(node, Run))


@every_kind
@examples(8)
@given(data=st.data())
def test_sums_are_those_of_the_layers(kind: type[Layer], data: st.DataObject) -> None:
    """One call after the other on other channels and with another width, in a repeat and out of it, as far as it exists."""
    use = data.draw(uses(kind))
    width = use.call.width.text if isinstance(use.call.width, s.Ref) else ""
    symbols = data.draw(st.lists(st.sampled_from(use.names), unique=True)) if use.names else []
    head, _, rest = use.program([n for n in symbols if n != width]).partition("input")
    shape, *calls = rest.strip().split("\n")
    dims = shape.partition("@")[2]
    lines = [head, f"input 4@{dims}" if dims else "input 4"]
    for channels, wide in data.draw(WIDTHS):
        sizes = "".join(f" let {width} = {wide}" for _ in range(1) if width in use.sizes)
        lines += [f"residual {{{sizes} linear-{channels}", *calls, "linear-4 }"]
    try:
        net = symcost.parse("\n".join(lines))
    except symcost.SymcostError:
        return
    assert sums(net._tally) == one_by_one(net._tally)


def test_a_thousand_widths_are_one() -> None:
    """Convolutions of one kernel on one side, and the activations behind them: two polynomials."""
    net = symcost.parse("sym B, X set batch = B input 3@X x X " + " ".join(f"conv3-{n} relu" for n in range(1, 500)))
    assert packed(net) == 2 * 499
    channels = [3, *range(1, 500)]
    pairs = sum(a * b for a, b in pairwise(channels))
    assert str(net.macs) == f"{9 * pairs}*B*X^2"
    assert net.params == 9 * pairs + sum(channels[1:])
    assert sums(net._tally) == one_by_one(net._tally)


def test_what_is_no_polynomial_is_counted_by_itself() -> None:
    """A layer of one's own that rounds a quotient of its channels; widths that are symbols."""
    program = "layer odd(r) : c@h x w -> c@h x w { mac = ceil(c/r)*h*w } sym X, K input 4@X x X "
    net = symcost.parse(program + " ".join(f"conv3-{n} odd(3)" for n in range(1, 20)) + " conv3-K" * 20)
    assert packed(net) == 19
    assert sums(net._tally) == one_by_one(net._tally)


def test_loops_shared_weights_and_frozen_ones_stay_apart() -> None:
    parts = "[conv1-8 relu] x n shared block b { conv1-8 } b b freeze { conv1-5 conv1-6 } conv1-7 conv1-8 "
    parts += "for t in 1..<n { conv1-(8*t) } conv1-9 conv1-11"
    net = symcost.parse(f"sym X, n input 3@X x X {parts}")
    for n in (2, 3, 5):
        written = parts.replace("x n", f"x {n}").replace("..<n", f"..<{n}")
        assert symcost.parse(f"sym X input 3@X x X {written}").macs == net.at(n=n).macs
        assert symcost.parse(f"sym X input 3@X x X {written}").cost("trainable") == net.at(n=n).cost("trainable")


def test_one_by_one_they_are_as_they_were_written() -> None:
    """The rows of a table, whatever was packed: their text, their tensors, equal ones as one object."""
    net = symcost.parse("input 8@32x32 conv3-8 relu conv3-8/2 relu conv3-8 relu conv3-16 relu conv3-16 relu flatten")
    assert packed(net) > 6
    assert [row.text for row in net.layers][4:8] == ["conv3-8", "relu", "conv3-16", "relu"]
    assert [str(row.output) for row in net.layers][1:4] == ["8@32x32", "8@16x16", "8@16x16"]
    assert str(net.output) == "4096"
    assert len({id(entry.times) for entry in net._tally.entries}) == 1


def test_a_form_that_is_set_is_not_lost() -> None:
    """Tools tell `relu` as a module from a function: a layer keeps what was said of it."""
    text = 'input 8@32x32 [conv3-8 relu] x 4 set relu.form = "functional" [conv3-8 relu conv3-8 relu] x 2 '
    net = symcost.parse(text)
    assert {row.leaf.form for row in net.layers if row.kind == "relu"} == {None, "functional"}


BODIES = {
    "layers": "conv3-8 relu conv1-8",
    "branches": "residual { conv3-8 bn relu } relu",
    "repeats": "[conv3-8 relu] x 4 conv1-8",
    "repeats of a symbol": "[conv3-8 relu] x n conv1-8",
    "a loop": "for t in 1..n { conv1-(8*t) } conv1-8",
    "a branch not decided": "if n > 3 { conv1-8 } relu",
    "frozen weights": "freeze { conv3-8 } conv1-8",
    "weights of which some are trained": "freeze { conv3-8 trainable { conv1-8 } relu }",
    "shared weights": "twin relu twin",
    "idle weights": "idle { conv3-8 } relu",
    "experts": "tokens experts(6, 2) { linear-8 relu } grid(X x X)",
    "windows": "windows(2) { conv1-8 relu }",
    "a layer of one's own": "odd(3) relu",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_block_is_what_is_in_it(name: str) -> None:
    """Used twice, repeated, frozen and in another block: the sums are those of the layers, and of the layers written out."""
    head = (
        "sym X, n layer odd(r) : c@h x w -> c@h x w { params = r mac = ceil(c/r)*h*w } shared block twin { conv3-8 } "
    )
    body = BODIES[name]
    frozen = "relu {}" if name == "shared weights" else "freeze {{ {} }}"  # one address is trained or is not
    blocks = symcost.parse(
        f"{head} block b {{ {body} }} block outer {{ b relu b }} input 8@X x X b b x 3 {frozen.format('b')} outer outer x n"
    )
    written = symcost.parse(
        f"{head} input 8@X x X {body} [{body}] x 3 {frozen.format(body)} {body} relu {body} [{body} relu {body}] x n"
    )
    assert sums(blocks._tally) == one_by_one(blocks._tally)
    for cost in ("params", "active", "trainable", "activations", "exact"):
        assert blocks.cost(cost) == written.cost(cost), cost
