"""What the symbols of a network mean, read off where they stand."""

from __future__ import annotations

from symcost.architecture import Architecture
from symcost.graph.roles import places
from symcost.sizes.atoms import Size, Symbol


def meanings(net: Architecture) -> dict[str, str]:
    """A word or two for every free symbol that stands somewhere by itself, in the order of the symbols."""
    found: dict[str, str] = {}
    for place in places(net._graph):
        if (name := _alone(place.size)) is not None:
            found.setdefault(name, place.words)
    return {name: found[name] for name in net.symbols if name in found}


def _alone(size: Size) -> str | None:
    """The name, where a size is one symbol."""
    if len(size.terms) == 1:
        ((monomial, coefficient),) = size.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
            return monomial[0][0].name
    return None
