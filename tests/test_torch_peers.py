"""The counters themselves, run on torchvision's models at sizes nobody published: each prints what its convention says.

Run with ``-m torch`` where torch, torchvision and some of the counters are installed. The sides are odd and unequal, so that
every rounding counts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from test_conventions import MODELS, model

pytestmark = pytest.mark.torch

HEIGHT, WIDTH = 229, 263
NETS = sorted(name for name in MODELS if not name.startswith(("vit", "swin")))  # those have one size, or pad the image


@cache
def network(name: str) -> Any:
    """A model of torchvision without weights; regnet works its widths out in tensors."""
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("torchvision.models")
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        return models.get_model(name, weights=None).eval()


def image(batch: int = 1) -> Any:
    return pytest.importorskip("torch").empty(batch, 3, HEIGHT, WIDTH, device="meta")


def flop_counter(name: str) -> int:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(name).to("meta")(image())
    return int(counter.get_total_flops())


def torchinfo(name: str) -> int:
    summary = pytest.importorskip("torchinfo").summary
    return int(summary(network(name).to("meta"), input_data=image(), verbose=0, device="meta").total_mult_adds)


def thop(name: str) -> int:
    profile = pytest.importorskip("thop").profile
    return int(profile(network(name).to("meta"), inputs=(image(),), verbose=False)[0])


def fvcore(name: str) -> int:
    """It traces the network, which needs numbers in it."""
    analysis = pytest.importorskip("fvcore.nn").FlopCountAnalysis
    net = network(name).to_empty(device="cpu")
    x = pytest.importorskip("torch").zeros(1, 3, HEIGHT, WIDTH)
    return int(analysis(net, x).unsupported_ops_warnings(False).uncalled_modules_warnings(False).total())


def ptflops(name: str) -> int:
    """Without weights it counts what is no module twice."""
    info = pytest.importorskip("ptflops").get_model_complexity_info
    net = network(name).to_empty(device="cpu")
    options = {"as_strings": False, "print_per_layer_stat": False, "verbose": False}
    return int(info(net, (3, HEIGHT, WIDTH), backend="pytorch", **options)[0])


COUNTERS: dict[str, Callable[[str], int]] = {
    "torch@2.13-cpu": flop_counter,
    "torchinfo@1.8": torchinfo,
    "thop@0.1.1": thop,
    "fvcore@0.1.5": fvcore,
    "ptflops@0.7.5": ptflops,
}


@pytest.mark.parametrize("convention", COUNTERS)
@pytest.mark.parametrize("name", NETS)
def test_the_counter_prints_what_its_convention_says(name: str, convention: str) -> None:
    printed = COUNTERS[convention](name)
    assert int(model(name).at(H=HEIGHT, W=WIDTH, B=1).cost(convention)) == printed
