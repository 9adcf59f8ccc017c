"""Differences by cause: the causes add up to the difference of the totals, for formulas and at numbers."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost import zoo
from symcost.conventions import convention, names
from symcost.cost import Cost
from symcost.difference import Difference, Part, of_conventions, of_networks
from symcost.prove import compare
from symcost.sizes.atoms import Size, total


@cache
def nets(family: str) -> dict[str, symcost.Architecture]:
    """The networks a file of the zoo defines, with their parameters open, but for a depth whose sums have no closed form."""
    every = zoo.load(family)._every_net()
    found = {d.name: net for d, net in every if isinstance(net, symcost.Architecture)}
    return {name: net.at(n=3) if name == "unet" else net for name, net in found.items()}


ZOO = [(family, net) for family in zoo.families() for net in nets(family)]
DIVERSE = [
    ("alexnet", "alexnet"),
    ("gpt", "gpt2"),
    ("llama", "llama"),
    ("unet", "unet"),
    ("timm_mixer", "conv_mixer"),
]
PAIRS = [(a, b) for i, a in enumerate(names()) for b in names()[i + 1 :]]


def summed(costs: list[Cost]) -> Size:
    return total(cost._size for cost in costs)


def same(a: Size, b: Size) -> bool:
    return compare(a, b).equal is True


def adds_up(found: Difference) -> None:
    """Every cause is the sum of its parts, the total the sum of the causes."""
    for cause in found.causes:
        assert cause.cost != 0
        assert same(summed([part.cost for part in cause.parts]), cause.cost._size), cause
        assert all(cause.kind in ("", part.kind) for part in cause.parts)
    assert same(summed([cause.cost for cause in found.causes]), found.total._size)


def check(net: symcost.Architecture, first: str, second: str) -> None:
    found = of_conventions(net, first, second)
    adds_up(found)
    left, right = net.cost(first), net.cost(second)
    assert same(found.total._size, left._size - right._size)
    assert found.titles == (convention(first).name, convention(second).name)
    assert all(cause.why for cause in found.causes)


def test_the_zoo_is_there() -> None:
    assert len(ZOO) > 100 and set(DIVERSE) <= set(ZOO)


@pytest.mark.parametrize("family, name", DIVERSE, ids=[name for _, name in DIVERSE])
def test_every_pair(family: str, name: str) -> None:
    """Formulas add up: all pairs of conventions."""
    for first, second in PAIRS:
        check(nets(family)[name], first, second)


@pytest.mark.parametrize("family, name", ZOO, ids=[f"{family}-{name}" for family, name in ZOO])
def test_every_net(family: str, name: str) -> None:
    """Formulas add up: every network of the zoo, a fixed sample of pairs."""
    for first, second in Random(f"{family} {name}").sample(PAIRS, 2):
        check(nets(family)[name], first, second)


NUMBERS = [
    ("resnet", "resnet(3, 4, 6, 3)", {"H": 224, "W": 192, "B": 2}),
    ("vit", "vit(16, 12, 768, 12)", {"H": 224, "W": 224, "B": 1}),
    ("googlenet", "googlenet()", {"H": 224, "W": 224, "B": 3}),
    ("gpt", "gpt2(12, 768, 12, 50257)", {"T": 1024, "B": 1}),
]


@pytest.mark.parametrize("family, call, at", NUMBERS, ids=[family for family, _, _ in NUMBERS])
def test_at_numbers(family: str, call: str, at: dict[str, int]) -> None:
    """Numbers add up, the largest cause comes first, and they are the formula's at these numbers."""
    name, _, given = call.rstrip(")").partition("(")
    net = zoo.load(family).net(name, *(int(a) for a in given.split(",") if a))
    for first, second in Random(family).sample(PAIRS, 6):
        found = of_conventions(net.at(at), first, second)
        adds_up(found)
        assert sum(int(cause.cost) for cause in found.causes) == int(found.total)
        assert int(found.total) == int(net.at(at).cost(first)) - int(net.at(at).cost(second))
        sizes = [abs(int(cause.cost)) for cause in found.causes]
        assert sizes == sorted(sizes, reverse=True)
        symbolic = {(c.kind, c.why): c.cost.at(at) for c in of_conventions(net, first, second).causes}
        assert {(c.kind, c.why): int(c.cost) for c in found.causes} == {
            k: int(v) for k, v in symbolic.items() if v != 0
        }


@pytest.mark.parametrize("first, second", Random(1).sample(PAIRS, 10))
def test_the_other_way_round(first: str, second: str) -> None:
    """The difference from b to a is that from a to b with the sign changed, cause by cause."""
    for family, name in (("alexnet", "alexnet"), ("googlenet", "googlenet")):
        net = nets(family)[name]
        one, other = of_conventions(net, first, second), of_conventions(net, second, first)
        assert same(one.total._size, -other.total._size)
        assert one.titles == other.titles[::-1]
        assert len(one.causes) == len(other.causes)
        for cause in one.causes:
            back = [-o.cost._size for o in other.causes if o.kind == cause.kind]
            assert any(same(cause.cost._size, size) for size in back), cause


@pytest.mark.parametrize("name", names())
def test_none(name: str) -> None:
    """A convention and itself, a network and itself: no cause."""
    for family, net in (("alexnet", "alexnet"), ("gpt", "gpt2")):
        for found in (
            of_conventions(nets(family)[net], name, name),
            of_networks(nets(family)[net], nets(family)[net], name, (net, net)),
        ):
            assert found.causes == () and found.total == 0


# ------------------------------------------------------------------------------------------------- two networks

SAME_FAMILY = [
    ("vgg", "vgg(2, 2, 3, 3, 3)", "vgg(2, 2, 4, 4, 4)"),
    ("resnet", "resnet_basic(2, 2, 2, 2)", "resnet(3, 4, 6, 3)"),
    ("vit", "vit(16, 12, 768, 12)", "vit(32, 12, 768, 12)"),
]


def named(family: str, call: str) -> symcost.Architecture:
    name, _, given = call.rstrip(")").partition("(")
    return zoo.load(family).net(name, *(int(a) for a in given.split(",") if a))


@pytest.mark.parametrize("family, one, other", SAME_FAMILY)
@pytest.mark.parametrize("name", ["exact", "fvcore", "thop", "torchinfo", "onnx-tool"])
def test_two_networks(family: str, one: str, other: str, name: str) -> None:
    """By kind of layer, and each layer of both is a part."""
    first, second = named(family, one), named(family, other)
    found = of_networks(first, second, name, (one, other))
    adds_up(found)
    assert [cause.why for cause in found.causes] == [""] * len(found.causes)
    assert len({cause.kind for cause in found.causes}) == len(found.causes)
    at = {"H": 224, "W": 256, "B": 2}
    given = {n: v for n, v in at.items() if n in first.domain.symbols}
    assert int(found.total.at(given)) == int(first.at(given).cost(name)) - int(second.at(given).cost(name))
    back = of_networks(second, first, name, (other, one))
    assert same(back.total._size, -found.total._size)


BOUNDS = ["", "assume X >= 32\n", "assume X % 32 == 0\n", "assume X % 16 == 0\n", "assume X <= 4096\n"]
ONE = "input 3@X x X  conv3-8 maxpool conv3-16 relu"
OTHER = "input 3@X x X  conv3-8 maxpool conv5-16 sigmoid"


@pytest.mark.parametrize("above", BOUNDS)
@pytest.mark.parametrize("below", BOUNDS)
@pytest.mark.parametrize("name", ["exact", "calflops"])
def test_symbols_of_one_name(above: str, below: str, name: str) -> None:
    """They are one symbol, whatever each network says of it; every condition of both holds."""
    first, second = symcost.parse(above + ONE), symcost.parse(below + OTHER)
    found = of_networks(first, second, name, ("one", "other"))
    adds_up(found)
    assert [s.name for s in found.total._size.symbols()] == ["X"]
    assert len({s for c in found.causes for p in c.parts for s in p.cost._size.symbols()}) == 1
    for side in (32, 96):
        expected = int(first.at(X=side).cost(name)) - int(second.at(X=side).cost(name))
        assert int(found.total.at(X=side)) == expected
        assert sum(int(cause.cost.at(X=side)) for cause in found.causes) == expected
    if "%" in above + below:
        with pytest.raises(symcost.DomainError):
            found.total.at(X=40 if "32" in above + below else 8)


def test_other_names() -> None:
    """Symbols that only one of the two has stay free."""
    found = of_networks(
        symcost.parse("input 3@X x X conv3-8"), symcost.parse("input 3@Y x X conv3-8"), "macs", ("", "")
    )
    assert found.total == "216*X^2 - 216*X*Y"


def test_named_sizes() -> None:
    """Sizes that a program names, in both with another meaning, are written out."""
    first = symcost.parse("input 3@X x X conv3-8/2(pad=1) : 8@M x M conv1-4(bias=false)")
    second = symcost.parse("input 3@X x X maxpool : 3@M x M conv1-4(bias=false)")
    found = of_networks(first, second, "macs", ("one", "other"))
    adds_up(found)
    assert [s.name for s in found.total._size.symbols()] == ["X"]
    assert int(found.total.at(X=9)) == 25 * (8 * 27 + 32) - 16 * 12


# ---------------------------------------------------------------------------------------------------- by hand


def test_causes() -> None:
    """What tells two conventions apart on a few layers, with the share of each."""
    net = symcost.parse("set batch = 2; input 3@8x8  conv3-4 bn relu [conv1-4(bias=false) relu] x 3 gap fc-5")
    found = of_conventions(net, "exact", "fvcore")
    shares = {cause.kind: int(cause.cost) for cause in found.causes if cause.kind}
    positions, channels = 2 * 64, 4
    assert shares == {
        "bn": positions * channels * (4 - 2) + 2 * channels,
        "relu": 4 * positions * channels,
    }  # for gap both count 1 an element
    everywhere = {cause.why.partition(":")[0]: int(cause.cost) for cause in found.causes if not cause.kind}
    products = positions * channels * 27 + 3 * positions * channels * 4 + 2 * 4 * 5
    dots = 4 * positions * channels + 2 * 5
    assert everywhere == {
        "multiply-accumulates": products,
        "dot products": -dots,
        "biases": positions * channels + 2 * 5,
    }
    relu = next(cause for cause in found.causes if cause.kind == "relu")
    assert [(part.text, int(part.cost)) for part in relu.parts] == [("relu", 512), ("relu", 3 * 512)]
    assert all(isinstance(part, Part) for part in relu.parts)


def test_mistakes_are_named() -> None:
    net = symcost.parse("input 4@5x5  upconv2-6/2")
    whys = [cause.why for cause in of_conventions(net, "thop", "fvcore").causes]
    assert any("(a mistake)" in why and why.startswith("thop@0.1.1: ") for why in whys)


@examples(30)
@given(
    layers=st.lists(
        st.sampled_from(
            ["conv3-4", "bn", "relu", "gelu", "maxpool3/1(pad=1)", "upconv3-4/1(pad=1)", "softmax", "sigmoid"]
        ),
        min_size=1,
        max_size=6,
    ),
    pair=st.sampled_from(PAIRS),
)
def test_random_chains(layers: list[str], pair: tuple[str, str]) -> None:
    check(symcost.parse(f"sym B; set batch = B; input 4@H x W  {' '.join(layers)}"), *pair)


# ------------------------------------------------------------------------------------- totals are sums over rows


@pytest.mark.parametrize("family, call, at", NUMBERS, ids=[family for family, _, _ in NUMBERS])
def test_total_of_rows(family: str, call: str, at: dict[str, int]) -> None:
    """A convention counts a network as its rows, each so often as it repeats."""
    net = named(family, call).at(at)
    for name in names():
        rows = sum(int(row.cost(name)) * int(str(row.repeat)) for row in net.layers)
        assert rows == int(net.cost(name)), name


@pytest.mark.parametrize("family, name", ZOO, ids=[f"{family}-{name}" for family, name in ZOO])
def test_total_of_entries(family: str, name: str) -> None:
    """The same for every network with open parameters, loops summed."""
    net = nets(family)[name]
    for rule in map(convention, Random(name).sample(names(), 2)):
        rows = total(entry.all_work(rule.of(entry.figures)) for entry in net._tally.entries)
        assert same(rows, rule.total(net._tally)), rule.name
