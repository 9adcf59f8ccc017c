"""Random nets against PyTorch: output shape, parameters and FLOPs of every layer, exactly.

Each net is written in three ways: with the numbers of each size; once with symbols, evaluated at the three
sizes; and with PyTorch's shape stated after every layer, which the language checks itself.
"""

from __future__ import annotations

import itertools
import re

import pytest
import torch_nets
from torch_nets import Net

import symcost

NETS = torch_nets.nets()

every = pytest.mark.parametrize("net", [pytest.param(net, id=f"net-{net['id']}") for net in NETS])


def differences(net: Net, k: int, arch: symcost.Architecture) -> list[str]:
    """Where the architecture, at numbers, departs from PyTorch's figures at the k-th size."""
    wanted, made, rows = torch_nets.expected(net, k), torch_nets.rows(net), iter(arch.layers)
    if len(arch.layers) != sum(made):
        return [f"net {net['id']}: {len(arch.layers)} rows where {sum(made)} were written"]
    found = []
    for j, (many, want) in enumerate(zip(made, wanted, strict=True)):
        layer = list(itertools.islice(rows, many))
        where = f"net {net['id']} size {k} layer {j} {want.torch} as {' '.join(row.text for row in layer)!r}"
        flops = sum(int(row.cost("flops")) for row in layer)
        got = (layer[-1].output.tuple(), sum(int(row.params) for row in layer), flops)
        figures = zip(("output", "params", "flops"), got, (want.output, want.params, want.flops), strict=True)
        found += [f"{where}: {what} {a}, PyTorch {b}" for what, a, b in figures if a != b]
    totals = (int(arch.params), int(arch.flops))
    figures = zip(("params", "flops"), totals, (net["total_params"], net["total_flops"][k]), strict=True)
    found += [f"net {net['id']} size {k}: total {what} {a}, PyTorch {b}" for what, a, b in figures if a != b]
    return found


@every
def test_with_numbers(net: Net) -> None:
    found = []
    for k in range(3):
        text = torch_nets.program(net, k)
        found += differences(net, k, symcost.parse(text))
    assert not found, "\n".join([*found, torch_nets.program(net, 0)])


@every
def test_with_symbols(net: Net) -> None:
    text = torch_nets.program(net, glued=True)
    arch = symcost.parse(text)
    found = []
    for k in range(3):
        found += differences(net, k, arch.at(**torch_nets.values(net, k)))
    assert not found, "\n".join([*found, text])


@every
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


def test_nets_with_branches() -> None:
    """Else the tests above might not see one."""
    kinds = {name for net in NETS if torch_nets.branches(net) for name, _ in net["layers"]}
    assert sum(torch_nets.branches(net) for net in NETS) == 19
    assert {"Residual", "Concat", "TransformerEncoderLayer", "TransformerDecoderLayer"} <= kinds


def test_unread_argument() -> None:
    net = {"layers": [["ReLU", {"inplace": True}]], "inputs": [[[1, 2]]], "outputs": [[[1, 2]]]}
    with pytest.raises(torch_nets.UntranslatableError, match=re.escape("ReLU(inplace)")):
        torch_nets.program(net)
