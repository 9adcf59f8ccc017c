"""What prints a figure: every figure a counter printed is explained, and figures of papers."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_conventions import COUNTERS, ELSEWHERE, PROBES, model

import symcost
from symcost import zoo
from symcost.conventions import convention, names
from symcost.explain import NEAREST, Explanation, Reading, explain, ways

DATA = Path(__file__).parent / "data"
COUNTED: dict[str, Any] = json.loads((DATA / "counters.json").read_text(encoding="utf-8"))
AT = {"H": 224, "W": 224, "B": 1}


def printed(counters: dict[str, Any], cell: str) -> dict[str, int]:
    """The figures of a cell, by convention."""
    found = {}
    for counter, conventions in COUNTERS.items():
        figures = counters.get(counter)
        for figure, name in zip(figures if isinstance(figures, list) else [figures], conventions, strict=False):
            if isinstance(figure, int) and figure > 0:
                found[ELSEWHERE.get((counter, cell), name)] = figure
    return found


@cache
def known(name: str) -> tuple[Reading, ...]:
    return ways(model(name).at(**AT))


def readings(found: Explanation, scope: str = "") -> set[str | None]:
    return {r.convention for r in found.exact if r.scope == scope}


@pytest.mark.parametrize("name", COUNTED["models_224"])
def test_figures_of_counters(name: str) -> None:
    """Each leads back to the convention of its counter, with the whole network."""
    figures = printed(COUNTED["models_224"][name], name)
    assert len(figures) >= 7
    for convention_, figure in figures.items():
        found = explain(model(name), str(figure), known(name))
        assert convention_ in readings(found), (convention_, figure)
        assert found.nearest == () and found.unit == 1
        assert all(r.value == figure for r in found.exact)


@pytest.mark.parametrize("name", COUNTED["probes"])
def test_figures_of_probes(name: str) -> None:
    """The same for single layers, where many conventions agree."""
    net = PROBES.net(name)
    for convention_, figure in printed(COUNTED["probes"][name], name).items():
        assert convention_ in readings(explain(net, str(figure))), (convention_, figure)


PAPERS = [
    ("resnet50", "4.11G", "fvcore@0.1.5"),
    ("resnet50", "4.09G", "macs"),
    ("resnet50", "4.1 GMACs", "macs"),
    ("resnet50", "8.2 GFLOPs", "flops"),
    ("resnet50", "25.6M", None),
    ("resnet50", "25.557032M", None),
    ("resnet18", "1.82G", "fvcore@0.1.5"),
    ("vgg16", "138M", None),
    ("vgg16", "15.5G", "macs"),
    ("vgg16", "138,357,544", None),
    ("alexnet", "61.1M", None),
    ("alexnet", "0.71G", "macs"),
    ("vit_b_16", "17.6G", "macs"),
    ("vit_b_16", "17.56G", "macs"),
    ("vit_b_16", "35.1G", "flops"),
    ("vit_b_16", "11.29G", "fvcore@0.1.5"),
    ("vit_b_16", "11.29e9", "thop@0.1.1"),
    ("vit_b_16", "86.6M", None),
    ("mobilenet_v2", "300M", None),
    ("mobilenet_v2", "301M", "macs"),
    ("mobilenet_v2", "3.5M", None),
    ("densenet121", "2.87G", "fvcore@0.1.5"),
    ("convnext_tiny", "4.5G", "fvcore@0.1.5"),
]


@pytest.mark.parametrize("name, figure, expected", PAPERS)
def test_figures_of_papers(name: str, figure: str, expected: str | None) -> None:
    """As they are printed, at their digits; None: parameters, activations or a part of the network."""
    found = explain(model(name), figure, known(name))
    if figure == "300M":  # 300774272 are 301M: what prints 300M is a part
        assert "macs" not in readings(found)
        return
    assert expected in readings(found)
    for r in found.exact:
        assert abs(Fraction(r.value) - found.value) <= found.unit / 2
    assert (expected is None) == any(r.unit == "parameters" and not r.scope for r in found.exact)


def test_digits() -> None:
    """A figure holds for what rounds to it: half a unit of its last digit to both sides."""
    net = symcost.parse("input 3@8x8  conv3-4(bias=false)")  # 6912
    for figure in ("6912", "6.9k", "6.91k", "7k", "6.912k", "6912.0", "6,912", "6 912 MACs", "6.9 kFLOPs", "6_912"):
        assert "macs" in readings(explain(net, figure)), figure
    for figure in ("6913", "6.8k", "6.92k", "8k", "6912.1", "6.911k"):
        assert "macs" not in readings(explain(net, figure)), figure


def test_scopes() -> None:
    """Parts of a network that people count: each figure is found with its part."""
    net = symcost.parse("input 3@8x8  conv3-4 bn relu gap fc-7 relu fc-5")
    conv, norm, first, last = 3 * 9 * 4 + 4, 2 * 4, 4 * 7 + 7, 7 * 5 + 5
    expected = {
        "": conv + norm + first + last,
        "without the last dense layer": conv + norm + first,
        "without norms": conv + first + last,
        "convolutions only": conv,
        "dense layers only": first + last,
        "without biases": conv + norm + first + last - 4 - 7 - 5,
    }
    for scope, figure in expected.items():
        found = explain(net, str(figure))
        assert any(r.unit == "parameters" and r.scope == scope and r.value == figure for r in found.exact), scope
    products = {"": 64 * 108 + 28 + 35, "without the last dense layer": 64 * 108 + 28, "convolutions only": 64 * 108}
    for scope, figure in products.items():
        assert "macs" in readings(explain(net, str(figure)), scope), scope


def test_scopes_of_transformers() -> None:
    """GPT-2 without its embeddings; 124M with them, 85M without, as papers print both."""
    net = zoo.load("gpt").net("gpt2", 12, 768, 12, 50257).at(T=1024, B=1)
    assert readings(explain(net, "124M")) == {None}
    found = explain(net, "85.1M")
    assert {r.scope for r in found.exact if r.unit == "parameters"} == {"without embeddings"}
    encoder = symcost.parse("input ids@5  embed(11)-6 attention(2) layernorm")
    attention = 4 * 6 * 6 + 4 * 6
    found = explain(encoder, str(11 * 6 + 2 * 6))
    assert any(r.unit == "parameters" and r.scope == "without attention" for r in found.exact)
    found = explain(encoder, str(attention + 2 * 6))
    assert any(r.unit == "parameters" and r.scope == "without embeddings" for r in found.exact)


def test_same_count_once() -> None:
    """Of the parts with one count the whole network is named, and no part that is empty of work twice."""
    net = symcost.parse("input 3@8x8  conv3-4(bias=false)")
    for figure in ("6912", "108"):
        found = explain(net, figure)
        told = [(r.convention, r.unit, r.value) for r in found.exact]
        assert len(told) == len(set(told))
        assert {r.scope for r in found.exact} == {""}


def test_nearest() -> None:
    """Where nothing prints the figure: the counts that come nearest, nearest first, all conventions of each."""
    net = model("resnet50").at(**AT)
    found = explain(net, "3.8G")
    assert found.exact == ()
    apart = [abs(Fraction(r.value) - found.value) for r in found.nearest]
    assert apart == sorted(apart)
    counts = {(r.value, r.unit, r.scope) for r in found.nearest}
    assert len(counts) == NEAREST
    everywhere: list[Reading] = []
    for name in names():
        value = net.cost(name).value
        assert value is not None
        everywhere.append(Reading(name, convention(name).unit, "", value))
    furthest = max(apart)
    nearer = [r for r in everywhere if abs(Fraction(r.value) - found.value) < furthest]
    assert {(r.convention, r.value) for r in nearer} <= {(r.convention, r.value) for r in found.nearest}


def test_defaults() -> None:
    """Symbols with a default take it."""
    net = symcost.parse("sym X = 8\ninput 3@X x X  conv3-4(bias=false)")
    assert "macs" in readings(explain(net, "6912"))


@pytest.mark.parametrize("figure", ["", "many", "4.11Q", "1/0", "3 + 4", "G", "4.11 G G", "--4", "1,23", "MACs"])
def test_no_figure(figure: str) -> None:
    with pytest.raises(symcost.SymcostError) as error:
        explain(symcost.parse("input 3@8x8 conv3-4"), figure)
    (found,) = error.value.diagnostics
    assert found.code == "not-exact"
    assert "write 4.11G" in found.message


def test_symbols_without_a_value() -> None:
    with pytest.raises(symcost.SymcostError) as error:
        explain(symcost.parse("sym B; set batch = B; input 3@X x Y  conv3-4"), "4.11G")
    (found,) = error.value.diagnostics
    assert found.code == "not-exact"
    assert "B, X, Y have no value" in found.message
    assert found.help is not None and found.help.startswith("give them values: --set ")
