"""Random nets against PyTorch: output shape, parameters and FLOPs of every layer, exactly.

Each net is written in three ways: with the numbers of each size; once with symbols, evaluated at the three
sizes; and with PyTorch's shape stated after every layer, which the language checks itself.
"""

from __future__ import annotations

import re

import pytest
import torch_nets
from torch_nets import Net

import symcost

NETS = torch_nets.nets()

straight = pytest.mark.parametrize(
    "net",
    [
        pytest.param(
            net,
            id=f"net-{net['id']}",
            marks=pytest.mark.skipif(torch_nets.needs_branches(net), reason="needs branches"),
        )
        for net in NETS
    ],
)


def differences(net: Net, k: int, arch: symcost.Architecture) -> list[str]:
    """Where the architecture, at numbers, departs from PyTorch's figures at the k-th size."""
    wanted, rows = torch_nets.expected(net, k), arch.layers
    if len(rows) != len(wanted):
        return [f"net {net['id']}: {len(rows)} rows for {len(wanted)} layers"]
    found = []
    for j, (row, want) in enumerate(zip(rows, wanted, strict=True)):
        where = f"net {net['id']} size {k} layer {j} {want.torch} as {row.text!r}"
        got = (row.output.tuple(), int(row.params), int(row.cost("flops")))
        figures = zip(("output", "params", "flops"), got, (want.output, want.params, want.flops), strict=True)
        found += [f"{where}: {what} {a}, PyTorch {b}" for what, a, b in figures if a != b]
    totals = (int(arch.params), int(arch.flops))
    figures = zip(("params", "flops"), totals, (net["total_params"], net["total_flops"][k]), strict=True)
    found += [f"net {net['id']} size {k}: total {what} {a}, PyTorch {b}" for what, a, b in figures if a != b]
    return found


@straight
def test_with_numbers(net: Net) -> None:
    found = []
    for k in range(3):
        text = torch_nets.program(net, k)
        found += differences(net, k, symcost.parse(text))
    assert not found, "\n".join([*found, torch_nets.program(net, 0)])


@straight
def test_with_symbols(net: Net) -> None:
    text = torch_nets.program(net, glued=True)
    arch = symcost.parse(text)
    found = []
    for k in range(3):
        found += differences(net, k, arch.at(**torch_nets.values(net, k)))
    assert not found, "\n".join([*found, text])


@straight
def test_with_shapes_stated(net: Net) -> None:
    text = torch_nets.program(net, 0, ascribe=True)
    arch = symcost.parse(text)
    assert (arch.params, arch.flops) == (net["total_params"], net["total_flops"][0]), text


def test_wrong_shape_is_refused() -> None:
    """Else the test above would prove nothing."""
    text = torch_nets.program(NETS[0], 0, ascribe=True)
    assert ": 4@12x10" in text
    with pytest.raises(symcost.SymcostError, match=r"4@12 ?x ?10"):
        symcost.parse(text.replace(": 4@12x10", ": 4@12x11", 1))


def test_translated_nets() -> None:
    """A net may only be skipped for what it contains, and most contain nothing of the sort."""
    assert sum(not torch_nets.needs_branches(net) for net in NETS) == 161


def test_unread_argument() -> None:
    net = {"layers": [["ReLU", {"inplace": True}]], "inputs": [[[1, 2]]], "outputs": [[[1, 2]]]}
    with pytest.raises(torch_nets.UntranslatableError, match=re.escape("ReLU(inplace)")):
        torch_nets.program(net)
