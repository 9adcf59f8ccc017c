"""Counting without symbols: the same syntax at one size, in plain integers. It knows the layers of the networks timed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from symcost.syntax import Call, File, Input, Item, Number, Ref, Step


@dataclass(slots=True)
class Count:
    """What has been counted, and the tensor that comes out."""

    channels: int = 0
    side: int = 0
    params: int = 0
    macs: int = 0
    activations: int = 0


def counted(file: File, side: int) -> tuple[int, int, int]:
    """Parameters, multiply-accumulates, elements of all outputs, for square images."""
    count = Count(side=side)
    _items(file.items, count)
    return count.params, count.macs, count.activations


def _items(items: Iterable[Item], count: Count) -> None:
    for item in items:
        match item:
            case Step(core=Call() as call):
                _layer(call, count)
            case Input(shape=shape):
                count.channels = _number(shape.channels)
            case _:
                raise TypeError(item)


def _layer(call: Call, count: Count) -> None:
    name = call.name[0]
    if name in ("relu", "bn"):
        if name == "bn":
            count.params += 2 * count.channels
        count.activations += count.channels * count.side**2
    elif name.startswith("conv"):
        _convolution(call, int(name[4:]), count)
    elif name.startswith("maxpool"):
        k = int(name[7:])
        count.side = (count.side + 2 * _option(call, "pad", 0) - k) // _number(call.stride) + 1
        count.activations += count.channels * count.side**2
    elif name in ("add", "residual"):
        _joined(call, count)
    elif name == "gap":
        count.side = 1
        count.activations += count.channels
    elif name == "fc":
        width = _number(call.width)
        count.params += (count.channels * count.side**2 + 1) * width
        count.macs += count.channels * count.side**2 * width
        count.channels, count.side = width, 1
        count.activations += width
    else:
        raise TypeError(name)


def _convolution(call: Call, k: int, count: Count) -> None:
    width, stride = _number(call.width), _number(call.stride) if call.stride else 1
    weights = k * k * count.channels * width
    count.params += weights + width * _option(call, "bias", 1)
    count.side = (count.side + 2 * _option(call, "pad", k // 2) - k) // stride + 1
    count.channels = width
    count.macs += weights * count.side**2
    count.activations += width * count.side**2


def _joined(call: Call, count: Count) -> None:
    """Branches from one tensor, added up."""
    channels, side = count.channels, count.side
    for body in call.body:
        count.channels, count.side = channels, side
        _items(body, count)
    count.activations += count.channels * count.side**2


def _option(call: Call, name: str, default: int) -> int:
    return next((_number(arg.value) for arg in call.options if arg.name == name), default)


def _number(value: object) -> int:
    match value:
        case Number(value=number) if number.denominator == 1:
            return number.numerator
        case Ref(names=("false",)):
            return 0
    raise TypeError(value)
