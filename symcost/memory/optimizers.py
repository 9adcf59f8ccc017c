"""Weights, and what an optimiser keeps for them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.graph.user_layer import UserLayer
from symcost.layers.base import Weight
from symcost.memory.dtypes import bytes_of, in_bytes
from symcost.sizes.atoms import ONE, ZERO, Size, total
from symcost.source import Diagnostic, SymcostError, nearest

FULL = Fraction(4)  # bytes of fp32, in which optimisers keep their states


@dataclass(frozen=True)
class Optimizer:
    """Bytes it keeps for a parameter; ``factored`` ones keep a number for each row and column of a matrix instead."""

    states: Fraction
    source: str
    factored: bool = False


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(Fraction(0), "no state"),
    "momentum": Optimizer(FULL, "a velocity"),
    "adam": Optimizer(2 * FULL, "two moments: Kingma and Ba 2015, arXiv:1412.6980"),
    "adamw": Optimizer(2 * FULL, "two moments: Loshchilov and Hutter 2019, arXiv:1711.05101"),
    "adam8bit": Optimizer(
        2 * (Fraction(1) + FULL / 2048),
        "two moments of a byte, an fp32 scale for 2048: Dettmers et al. 2022, 2110.02861",
    ),
    "adafactor": Optimizer(FULL, "second moments by row and column: Shazeer and Stern 2018, arXiv:1804.04235", True),
}


def optimizer_of(name: str) -> Optimizer:
    if name not in OPTIMIZERS:
        help_ = nearest(name, OPTIMIZERS) or f"optimizers: {', '.join(OPTIMIZERS)}"
        raise SymcostError(Diagnostic("bad-value", f"unknown optimizer '{name}'", help=help_))
    return OPTIMIZERS[name]


@dataclass(frozen=True)
class States:
    """What training keeps for the parameters, in bytes."""

    weights: Cost
    gradients: Cost
    master: Cost  # weights in fp32, where the network computes in less
    moments: Cost

    @property
    def total(self) -> Cost:
        parts = (self.weights, self.gradients, self.master, self.moments)
        return self.weights._owned(total(part._size for part in parts))


def weights(net: Architecture, dtype: str = "bf16") -> Cost:
    """Bytes of all parameters, those with one address once."""
    return in_bytes(net, net._tally.params * bytes_of(dtype))


def states(
    net: Architecture,
    dtype: str = "bf16",
    optimizer: str = "adamw",
    gradients: str | None = None,
    master: bool | None = None,
) -> States:
    """Weights, gradients and what the optimiser keeps; frozen weights have neither.

    In less than fp32 there is a master copy of the trained weights in fp32 unless ``master`` says otherwise: bf16 with AdamW
    takes 2 + 2 + 4 + 8 = 16 bytes a parameter (Rajbhandari et al. 2020, arXiv:1910.02054, section 3.1), with
    ``gradients="fp32"`` 18.
    """
    each, rule = bytes_of(dtype), optimizer_of(optimizer)
    trained = net._tally.trainable
    copied = each < FULL if master is None else master
    moments = _factored(net) * FULL if rule.factored else trained * rule.states
    sizes = (
        net._tally.params * each,
        trained * bytes_of(gradients or dtype),
        trained * FULL if copied else ZERO,
        moments,
    )
    return States(*(in_bytes(net, size) for size in sizes))


def _factored(net: Architecture) -> Size:
    """Numbers for rows and columns: of a tensor with two axes or more, over the last and over the one before it."""
    parts: list[Size] = []
    seen: set[object] = set()
    for entry in net._tally.entries:
        times, layer = entry.times, entry.leaf.layer
        if not times.trainable or times.shared in seen:
            continue
        if times.shared is not None:
            seen.add(times.shared)
        if isinstance(layer, UserLayer):
            parts.append(times.over_loops(entry.params * times.weights))
            continue
        numbers = total(_rows_and_columns(w) for w in layer.weights(entry.leaf.input))
        parts.append(times.over_loops(numbers * times.weights))
    return total(parts)


def _rows_and_columns(weight: Weight) -> Size:
    *_, before, last = (ONE, *weight.shape)
    return weight.numel if len(weight.shape) < 2 else weight.numel / last + weight.numel / before
