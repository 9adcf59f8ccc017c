"""The straight chains of torchvision: totals at ten input sizes and every layer at two, exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from torch_nets import MODELS

import symcost

DATA = json.loads((MODELS / "torchvision_chains.json").read_text(encoding="utf-8"))
CHAINS: dict[str, Any] = DATA["models"]


@pytest.fixture(scope="module")
def arch(name: str) -> symcost.Architecture:
    return symcost.load(MODELS / f"{name}.arch")


@pytest.fixture(scope="module", params=CHAINS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_totals(name: str, arch: symcost.Architecture) -> None:
    """Parameters, which no input size changes, and FLOPs at each size, by substitution in the closed form."""
    assert int(arch.params) == CHAINS[name]["params"]
    wanted = {(b, h, w): flops for b, h, w, flops in CHAINS[name]["runs"]}
    assert {(b, h, w): int(arch.flops.at(B=b, H=h, W=w)) for b, h, w in wanted} == wanted
    assert {(b, h, w): 2 * int(arch.at(B=b, H=h, W=w).macs) for b, h, w in wanted} == wanted


@pytest.mark.parametrize("column, size", [(3, 224), (4, 231)])
def test_layers(name: str, arch: symcost.Architecture, column: int, size: int) -> None:
    """Row by row: input, output, parameters, multiply-accumulates."""
    rows = [row for row in arch.at(B=1, H=size, W=size).layers for _ in range(int(row.repeat))]
    got = [
        (row.text, list(row.input.tuple()), list(row.output.tuple()), int(row.params), int(row.macs))
        for row in rows
        if row.kind != "flatten"  # torch.flatten is a function, not a module
    ]
    wanted = CHAINS[name]["rows"]
    assert len(got) == len(wanted)
    for (text, *figures), row in zip(got, wanted, strict=True):
        entering, leaving, macs = row[column]
        layer = f"{name} at {size}: {text!r}, in torchvision {row[0]} {row[1]}"
        assert figures == [entering, leaving, row[2], macs], layer


def test_repeats() -> None:
    """VGG-16 with repeats, whose first turn has other channels than the rest, costs the same."""
    written_out = symcost.load(MODELS / "vgg16.arch")
    repeated = symcost.parse(
        """
        sym B
        set batch = B
        input 3@H x W
        [conv3-64 relu] x 2 maxpool  [conv3-128 relu] x 2 maxpool  [conv3-256 relu] x 3 maxpool
        [conv3-512 relu] x 3 maxpool  [conv3-512 relu] x 3 maxpool
        gap(7)  [fc-4096 relu dropout(0.5)] x 2  fc-1000
        """
    )
    assert repeated.params == written_out.params.expr
    assert repeated.macs == written_out.macs.expr
    assert repeated.cost("exact") == written_out.cost("exact").expr
