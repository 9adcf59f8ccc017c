"""The cache of keys and values."""

from __future__ import annotations

from typing import Any

from symcost.architecture import Architecture
from symcost.cost import Cost
from symcost.flow import over
from symcost.layers.attention import Attention, ScaledDotProduct
from symcost.memory.dtypes import bytes_of, in_bytes
from symcost.sizes.atoms import Size, total
from symcost.sizes.functions import minimum
from symcost.source import Diagnostic, SymcostError
from symcost.training import traced


def kv_cache(
    net: Architecture,
    dtype: str = "bf16",
    tokens: Any = None,
    window: Any = None,
    cached: str | None = None,
    per_token: bool = False,
) -> Cost:
    """Bytes of the keys and values that decoding keeps: batch * tokens * kv_heads * (dk + dv) for each attention layer.

    Causal layers keep them; where none is written as causal, all layers of self attention do. ``tokens`` are those of the input
    unless given, at most ``window`` of them with a sliding window. ``cached`` names a tensor that is kept instead, as latent
    attention does: ``linear-(dc + dr) as latent``. With ``per_token`` the bytes of one token of one sample.

    Source: Shazeer 2019, arXiv:1911.02150; Ainslie et al. 2023, arXiv:2305.13245; DeepSeek-AI 2024, arXiv:2405.04434, table 1.
    """
    size = kv_elements(net, tokens, window, cached, per_token) * bytes_of(dtype)
    return in_bytes(net, size)


def kv_elements(
    net: Architecture, tokens: Any = None, window: Any = None, cached: str | None = None, per_token: bool = False
) -> Size:
    """The elements `kv_cache` counts."""
    given = None if tokens is None else net.domain.convert(tokens)
    most = None if window is None else net.domain.convert(window)

    def elements(batch: Size, positions: Size, width: Size) -> Size:
        if per_token:
            return width
        kept = positions if given is None else given
        return batch * (kept if most is None else minimum(kept, most)) * width

    if cached is not None:
        marked = [(tensor, frames) for name, tensor, frames in traced(net).marks if name == cached]
        if not marked:
            message = f"there is no tensor '{cached}'"
            raise SymcostError(Diagnostic("unknown-name", message, help="a tensor gets its name with 'as'"))
        shapes = ((tensor.shape, frames) for tensor, frames in marked)
        return total(over(f, elements(x.batch, x.positions, x.channels)) for x, f in shapes)
    entries = [e for e in net._tally.entries if isinstance(e.leaf.layer, Attention | ScaledDotProduct)]
    own = [e for e in entries if e.leaf.layer.kv is None and getattr(e.leaf.layer, "keys", None) is None]  # type: ignore[attr-defined]
    kept = [e for e in own if e.leaf.layer.causal] or own  # type: ignore[attr-defined]
    if not kept:
        message = "nothing is kept for decoding: there is no self attention"
        raise SymcostError(Diagnostic("unknown-cost", message, help="name the tensor that is kept: cached='latent'"))
    parts = []
    for entry in kept:
        x, layer = entry.leaf.input, entry.leaf.layer
        core = layer.core(x)  # type: ignore[attr-defined]
        parts.append(entry.all_work(elements(x.batch, x.positions, core.groups / x.batch * (core.dk + core.dv))))
    return total(parts)
