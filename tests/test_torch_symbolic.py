"""Whole networks of torchvision, counted by PyTorch itself over symbolic sizes: its formula is ours, for all sizes at once.

Run with ``-m torch`` where torch and torchvision are installed. PyTorch takes symbols of its own through fake tensors and
FlopCounterMode multiplies in them; the formula that comes out is proved equal to ours. What PyTorch asked of the symbols on its
way says where that formula holds: there our network must exist.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import pytest
from test_conventions import MODELS, model

from symcost import Cost, SymcostError, training
from symcost.prove import compare
from symcost.sizes import Size, Symbol
from symcost.sizes.bridge import from_sympy

pytestmark = pytest.mark.torch

ONE_SIDE = {name for name in MODELS if name.startswith("vit")}  # torchvision asserts the side
NETS = sorted(name for name in MODELS if not name.startswith("swin"))  # and takes Swin's sizes as numbers
DENSE = ("alexnet", "densenet121", "resnet18", "resnet50", "squeezenet1_0", "squeezenet1_1", "vgg11_bn")
GROUPED = ("convnext_tiny", "efficientnet_b0", "mnasnet1_0", "mobilenet_v2", "regnet_y_800mf", "shufflenet_v2_x1_0")
HEIGHT, WIDTH = 224, 192  # what PyTorch falls back on where it must choose; unequal, so that it names them apart


class Counted(NamedTuple):
    """What PyTorch found, in SymPy's symbols, and which of ours they are."""

    flops: Any
    guards: list[Any]
    names: dict[Any, str]


@cache
def counted(name: str, train: bool = False, inputs: bool = False) -> Counted:
    """FlopCounterMode over symbolic sizes; in a step of training, and with the gradient of the image, if asked."""
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("torchvision.models")
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("cpu" if name.startswith("regnet") else "meta"):  # regnet works its widths out in tensors
        net = models.get_model(name, weights=None).train(train).to("meta")
    axes = {"B": 0} if name in ONE_SIDE else {"B": 0, "H": 2, "W": 3}
    sizes = [DimDynamic.DYNAMIC if axis in axes.values() else DimDynamic.STATIC for axis in range(4)]
    mode = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    real = torch.empty(3, 3, HEIGHT, HEIGHT if name in ONE_SIDE else WIDTH, device="meta")
    x = mode.from_tensor(real, symbolic_context=StatelessSymbolicContext(dynamic_sizes=sizes))
    x.requires_grad_(inputs)
    with mode, torch.set_grad_enabled(train), FlopCounterMode(display=False) as counter:
        y = net(x)
        if train:
            y.sum().backward()
    names = {x.shape[axis].node.expr: ours for ours, axis in axes.items()}
    return Counted(counter.get_total_flops().node.expr, [guard.expr for guard in mode.shape_env.guards], names)


def theirs(name: str, **way: bool) -> Size:
    """PyTorch's formula as a size; its function for quotients is a rounding."""
    import sympy

    found = counted(name, **way)
    from torch.utils._sympy.functions import FloorDiv

    plain = found.flops.replace(FloorDiv, lambda a, b: sympy.floor(a / b))
    names = {str(symbol): ours for symbol, ours in found.names.items()}
    return from_sympy(plain, lambda symbol: Symbol(names[symbol]))


def same(theirs: Size, ours: Cost) -> None:
    verdict = compare(theirs, ours._size)
    assert verdict.equal is True, f"{verdict}\n{theirs}\n{ours}"


@pytest.mark.parametrize("name", NETS)
def test_pytorch_finds_the_same_formula(name: str) -> None:
    net = model(name).at(H=HEIGHT, W=HEIGHT) if name in ONE_SIDE else model(name)
    same(theirs(name), net.flops)


def test_another_network_has_another_formula() -> None:
    """Else the test above might prove anything."""
    with pytest.raises(AssertionError):
        same(theirs("resnet18"), model("resnet34").flops)


@pytest.mark.parametrize("name", sorted({*NETS} - ONE_SIDE))
def test_the_network_exists_where_pytorch_runs_it(name: str) -> None:
    found, net = counted(name), model(name)
    tried = 0
    for height in (*range(2, 80), 97, 224, 1000):
        sizes = {"B": 2, "H": height, "W": height + 1}
        point = {symbol: sizes[ours] for symbol, ours in found.names.items()}
        if all(guard.subs(point) for guard in found.guards):
            tried += 1
            try:
                net.at(sizes)
            except SymcostError as refused:
                pytest.fail(f"refused at {sizes}: {refused}")
    assert tried >= 3


@pytest.mark.parametrize("name", DENSE)
def test_pytorch_finds_the_same_formula_of_a_step_of_training(name: str) -> None:
    """Backwards too; the first layer needs no gradient of the image."""
    same(theirs(name, train=True), training.step(model(name), "flops"))


@pytest.mark.parametrize("name", (*DENSE, *GROUPED))
def test_a_step_with_the_gradient_of_the_image_is_that_of_the_convention(name: str) -> None:
    """Grouped kernels too, which FlopCounterMode takes for dense ones on the way back."""
    same(theirs(name, train=True, inputs=True), model(name).cost("torch@2.13-train"))
