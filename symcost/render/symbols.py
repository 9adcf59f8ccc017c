"""What the symbols of a network mean, read off where they stand."""

from __future__ import annotations

from collections.abc import Iterator

from symcost.architecture import Architecture, Row
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.shape import Shape

LONGEST = 24  # letters of a layer in a sentence
SLOTS = {
    "k": "kernel side",
    "c": "output channels",
    "d": "output width",
    "h": "hidden width",
    "s": "stride",
    "pad": "padding",
    "groups": "groups",
    "dil": "dilation",
    "mult": "channel multiplier",
    "heads": "heads",
    "kv_heads": "key and value heads",
    "dk": "width of a head",
    "V": "vocabulary",
    "n": "number",
    "layers": "layers",
    "factor": "factor",
}


def meanings(net: Architecture) -> dict[str, str]:
    """A word or two for every free symbol that stands somewhere by itself, in the order of the symbols."""
    found: dict[str, str] = {}
    for name, meaning in _said(net):
        found.setdefault(name, meaning)
    return {name: found[name] for name in net.symbols if name in found}


def _said(net: Architecture) -> Iterator[tuple[str, str]]:
    for shape in net.inputs.values():
        yield from _of_input(shape)
    for row in net.layers:
        yield from _of_layer(row)
        yield from _of_experts(row)
    for row in net.layers:
        for turns in (row._entry.repeat, *(count for _, count in row._entry.times.loops)):
            if (name := _alone(turns)) is not None:
                yield name, f"number of repeats of {_short(row)}"


def _of_input(shape: Shape) -> Iterator[tuple[str, str]]:
    if len(shape.dims) > 1 and len(set(shape.dims)) == 1:
        words = ["side of the input"]
    else:
        words = {0: [], 1: ["length of the input"], 2: ["height of the input", "width of the input"]}.get(
            shape.rank, ["size of the input"] * shape.rank
        )
    sizes = [(shape.batch, "batch"), *zip(shape.dims, words, strict=False)]
    sizes += [] if shape.ids else [(shape.channels, "input channels")]
    for size, word in sizes:
        if (name := _alone(size)) is not None:
            yield name, word


def _of_layer(row: Row) -> Iterator[tuple[str, str]]:
    layer = row.leaf.layer
    for slot, value in layer.values(row.leaf.input).items():
        sizes = value if isinstance(value, tuple) else (value,)
        for size in sizes:
            if isinstance(size, Size) and (name := _alone(size)) is not None and slot in SLOTS:
                yield name, f"{SLOTS[slot]} of {_short(row)}"


def _of_experts(row: Row) -> Iterator[tuple[str, str]]:
    """Where weights are there E times and k of them are used."""
    times = row._entry.times
    for monomial in (times.weights / times.active).terms if times.active.terms else ():
        for atom, exponent in monomial:
            if isinstance(atom, Symbol):
                yield atom.name, "number of experts" if exponent > 0 else "experts that a token uses"


def _short(row: Row) -> str:
    return row.text if len(row.text) <= LONGEST else row.kind


def _alone(size: Size) -> str | None:
    """The name, where a size is one symbol."""
    if len(size.terms) == 1:
        ((monomial, coefficient),) = size.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
            return monomial[0][0].name
    return None
