"""In one process: text to closed form, and what is only a part of that."""

from __future__ import annotations

from pathlib import Path

import plain
from measure import Line, best, run
from networks import VGG, different, equal, resnet_152_written, shrinking

SIDE = 224
LAYERS = (100, 1000, 10_000, 100_000)

MEMORY = """
import sys, tracemalloc
sys.path[:0] = [".", "benchmarks"]
import networks, warm
text = getattr(networks, sys.argv[1])(int(sys.argv[2]))
warm.counted(networks.equal(100))
tracemalloc.start()
net = warm.counted(text)
print(tracemalloc.get_traced_memory()[1])
"""


def counted(text: str) -> object:
    """Parsed, resolved, counted, and the merged closed form written."""
    import symcost

    with symcost.limits(layers=LAYERS[-1]):
        net = symcost.parse(text)
        return net.params, net.activations, net.cost("exact"), str(net.macs)


def only_parsed(text: str) -> object:
    """What Lark takes for the same text, with the same parser and no transformer."""
    from symcost.parser import tokens
    from symcost.source import Source

    return tokens(Source("", text))


def lines(rounds: int) -> list[Line]:
    return [*_texts(rounds), *_memory(), *_costs_alone(rounds)]


def _texts(rounds: int) -> list[Line]:
    found = []
    for make, counts in (
        (equal, (100, 1000, 10_000, 100_000)),
        (different, (100, 1000, 10_000, 100_000)),
        (shrinking, (100, 400)),
    ):
        each = {}
        for layers in counts:
            text = make(layers)
            ours, larks = best([lambda: counted(text), lambda: only_parsed(text)], max(2, rounds * 200 // layers))  # noqa: B023
            found.append(Line(f"{layers} {make.__name__} layers", ours, "Lark's parse of the text", larks, most=2))
            each[layers] = ours / layers
        if 100_000 in each:
            found.append(
                Line(f"a layer of 100000 {make.__name__} ones", each[100_000], "a layer of 1000", each[1000], most=1.5)
            )
    for name, text in (
        ("vgg16.arch", Path(VGG).read_text(encoding="utf-8")),
        ("ResNet-152 written out", resnet_152_written()),
    ):
        ours, larks = best([lambda: counted(text), lambda: only_parsed(text)], 5 * rounds)  # noqa: B023
        found.append(Line(name, ours, "Lark's parse of the text", larks, most=2))
    return found


def _memory() -> list[Line]:
    found = []
    for make in (equal, different):
        small, large = (_kept(make.__name__, layers) / layers for layers in (10_000, 100_000))
        name = f"memory of one layer of 100000 {make.__name__} ones"
        found.append(Line(name, large, "of one of 10000", small, most=1.5, unit="B"))
    return found


def _kept(name: str, layers: int) -> float:
    """The most bytes that are held at once, in a process of its own."""
    return float(run("-c", MEMORY, name, str(layers)).stdout)


def _costs_alone(rounds: int) -> list[Line]:
    """From the syntax: shapes, tally, costs with a symbol, against integers at one size; both count the same."""
    from symcost.architecture import network
    from symcost.parser import parse

    def costs(file: object) -> tuple[object, ...]:
        net = network(file)  # type: ignore[arg-type]
        return net.params, net.macs, net.activations

    found = []
    for name, text in (
        ("ResNet-152 written out", resnet_152_written()),
        ("10000 equal layers", equal(10_000)),
        ("10000 different layers", different(10_000)),
    ):
        file = parse(text)
        at = network(file).at(X=SIDE)
        ours = tuple(int(cost) for cost in (at.params, at.macs, at.activations))
        assert ours == plain.counted(file, SIDE), (ours, plain.counted(file, SIDE))
        mine, theirs = best([lambda: costs(file), lambda: plain.counted(file, SIDE)], max(2, rounds))  # noqa: B023
        found.append(Line(f"{name}, from the syntax", mine, "plain integers at one size", theirs, most=5))
    return found
