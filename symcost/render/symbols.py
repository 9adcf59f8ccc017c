"""What the symbols of a network mean, read off where they stand."""

from __future__ import annotations

from symcost.architecture import Architecture
from symcost.graph.roles import places


def meanings(net: Architecture) -> dict[str, str]:
    """A word or two for every free symbol that stands somewhere by itself, in the order of the symbols."""
    found: dict[str, str] = {}
    for place in places(net._graph):
        if (name := place.symbol) is not None:
            found.setdefault(name, place.words)
    return {name: found[name] for name in net.symbols if name in found}
