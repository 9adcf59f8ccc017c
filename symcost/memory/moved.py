"""Bytes moved, and arithmetic intensity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from symcost.architecture import Architecture
from symcost.conventions import convention as load_convention
from symcost.cost import Cost
from symcost.graph.user_layer import UserLayer
from symcost.growth import Ratio, ratio
from symcost.layers.attention import Attention, ScaledDotProduct
from symcost.layers.base import Layer
from symcost.memory.dtypes import bytes_of, in_bytes
from symcost.sizes.atoms import ONE, ZERO, Size, total
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, SymcostError


@dataclass(frozen=True)
class Traffic:
    """FLOPs of a layer (or a network), the bytes it moves, and how many FLOPs a byte comes with."""

    text: str
    flops: Cost
    bytes: Cost

    @property
    def intensity(self) -> Ratio:
        """FLOPs a byte. Below FLOPS/bandwidth of a device, memory decides how long it takes (Williams et al. 2009)."""
        return ratio(self.flops._public, self.bytes._public)


def traffic(net: Architecture, dtype: str = "bf16", phase: str = "prefill") -> tuple[Traffic, ...]:
    """Every layer's FLOPs and bytes: each reads what it takes and its weights and writes what it makes, once.

    ``phase="decode"`` is one new token for each sample, which attends to the keys and values of all positions, read from the
    cache. Views move nothing. Raises `SymcostError` for decoding a network that is no stack of self attention on one axis.
    """
    if phase not in ("prefill", "decode"):
        raise SymcostError(Diagnostic("bad-value", f"a phase is prefill or decode, not '{phase}'"))
    rule, each = load_convention("flops"), bytes_of(dtype)
    found = []
    for entry in net._tally.entries:
        layer, x = entry.leaf.layer, entry.leaf.input
        counts: Mapping[str, Size]
        if isinstance(layer, UserLayer):
            counts, moved, read = entry.counts, x.numel + entry.leaf.output.numel, entry.params
        else:
            counts, moved, read = _moved(layer, entry, phase == "decode")
        flops = entry.all_work(rule.price(counts))
        size = entry.all_work(moved) + entry.times.over_loops(read * entry.times.weights * entry.times.uses)
        found.append(Traffic(entry.leaf.text, in_bytes(net, flops, "FLOPs"), in_bytes(net, size * each)))
    return tuple(found)


def intensity(net: Architecture, dtype: str = "bf16", phase: str = "prefill") -> Traffic:
    """The whole network's FLOPs and bytes, and with them its arithmetic intensity."""
    parts = traffic(net, dtype, phase)
    flops, moved = total(p.flops._size for p in parts), total(p.bytes._size for p in parts)
    return Traffic("network", net._cost(flops, "FLOPs"), net._cost(moved, "bytes"))


def _moved(layer: Layer, entry: Any, decode: bool) -> tuple[Mapping[str, Size], Size, Size]:
    """Operations by name, elements of activations moved, elements of weights read."""
    x = entry.leaf.input
    cache = ZERO
    if decode:
        if x.rank > 1 or getattr(layer, "kv", None) is not None or getattr(layer, "keys", None) is not None:
            message = f"one new token has no meaning for '{entry.leaf.text}'"
            raise SymcostError(Diagnostic("wrong-rank", message, entry.leaf.span))
        whole, x = x, _one(x)
    y = layer.shape(x)
    ops = layer.ops(x, y)
    if decode and isinstance(layer, Attention | ScaledDotProduct):
        one, core = layer.core(x), replace(layer.core(whole), queries=ONE, causal=False, dropout=False)
        without = {op: -n for op, n in replace(one, dropout=False).forward().items()}
        ops = _sum(ops, without, core.forward())
        cache = core.groups * core.keys * (core.dk + core.dv)
    weights = total(w.numel for w in layer.trained(x))
    if layer.kind == "embed":
        weights = y.numel  # the rows looked up
    inputs = getattr(layer, "inputs", (x,))
    taken = total((_one(i) if decode else i).numel for i in inputs)
    moved = ZERO if layer.view and not weights.terms else taken + (_one(y) if decode else y).numel + cache
    return {op.value: n for op, n in ops.items()}, moved, weights


def _one(x: Shape) -> Shape:
    """A tensor at one position."""
    return replace(x, dims=(ONE,) * x.rank)


def _sum(*parts: Mapping[Any, Size]) -> dict[Any, Size]:
    return {
        op: total(part.get(op, ZERO) for part in parts) for op in dict.fromkeys(op for part in parts for op in part)
    }
