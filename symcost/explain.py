"""Which convention, and which part of a network, gives a figure someone printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symcost.architecture import Architecture
from symcost.claims import figure, last_digit
from symcost.conventions import convention, names
from symcost.display import Displayed
from symcost.entries import Entry, alike
from symcost.sizes.atoms import Rational, Size, total
from symcost.source import Diagnostic, SymcostError
from symcost.tally import weights_of

NEAREST = 6
UNIT = re.compile(r"\s*(flops?|macs?|ops|mult-adds?|multiply-adds?|params|parameters)$", re.IGNORECASE)
GROUPS = re.compile(r"(?<=\d)[ ,_'](?=\d{3}(?!\d))")  # between the digits of 25,557,032
NORMS = ("bn", "layernorm", "rmsnorm", "groupnorm", "instancenorm", "lrn")
DENSE = (
    "conv",
    "dwconv",
    "upconv",
    "linear",
    "fc",
    "unembed",
    "attention",
    "sdpa",
    "matmul",
    "rnn",
    "gru",
    "lstm",
    "router",
)
TABLES = ("embed", "unembed", "posembed", "segment")


@dataclass(frozen=True)
class Reading:
    """One way to count that gives ``value``."""

    convention: str | None  # None: parameters or activations
    unit: str
    scope: str  # empty: the whole network
    value: Rational


@dataclass(frozen=True)
class Explanation(Displayed):
    """What gives the figure at its printed digits, or else what comes nearest."""

    value: Fraction
    unit: Fraction  # of the last digit printed
    exact: tuple[Reading, ...]
    nearest: tuple[Reading, ...]


def explain(net: Architecture, printed: str, known: Iterable[Reading] | None = None) -> Explanation:
    """Read a figure such as ``4.11G``, ``8.2 GFLOPs`` or ``25,557,032``: the conventions and scopes that print it.

    ``known`` are the `ways` of the network, where several figures are read. Raises `SymcostError` where it is no figure, and
    where symbols of the network have no value.
    """
    plain = UNIT.sub("", GROUPS.sub("", printed.strip()))
    value = figure(plain)
    if value is None:
        raise SymcostError(Diagnostic("not-exact", f"'{printed}' is no figure; write 4.11G or 4111512576"))
    digit = last_digit(plain)
    readings = ways(net) if known is None else tuple(known)
    exact = tuple(r for r in readings if abs(r.value - value) <= digit / 2)
    return Explanation(value, digit, exact, () if exact else tuple(_nearest(readings, value)))


def ways(net: Architecture) -> tuple[Reading, ...]:
    """Every way to count a network, and parts of it that count otherwise."""
    return tuple(_distinct(_readings(net.at(net.defaults()) if net.defaults() else net)))


def _nearest(readings: tuple[Reading, ...], value: Fraction) -> Iterator[Reading]:
    """What comes nearest, by the counts that some of them share."""
    order = sorted(readings, key=lambda r: (abs(r.value - value), len(r.scope)))
    counts = list(dict.fromkeys((r.value, r.unit, r.scope) for r in order))[:NEAREST]
    return (r for r in order if (r.value, r.unit, r.scope) in counts)


def _distinct(readings: Iterator[Reading]) -> Iterator[Reading]:
    """Of the scopes of one convention with one value, the first."""
    seen: set[tuple[str | None, str, Rational]] = set()
    for reading in readings:
        key = (reading.convention, reading.unit, reading.value)
        if key not in seen:
            seen.add(key)
            yield reading


def _readings(net: Architecture) -> Iterator[Reading]:
    entries = net._tally.entries
    scopes = _scopes(entries)
    for name in names():
        rule = convention(name)
        turns = {id(e.figures): rule.of(e.figures) for e in entries}
        sizes = {id(e): net._apply(e.all_work(turns[id(e.figures)])) for e in entries}
        for scope, inside in scopes.items():
            yield Reading(name, rule.unit, scope, _number(net, total(sizes[id(e)] for e in entries if inside(e))))
    for scope, inside in scopes.items():
        kept = tuple(e for e in entries if inside(e))
        yield Reading(None, "parameters", scope, _number(net, net._apply(weights_of(alike(kept)))))
        yield Reading(
            None, "activations", scope, _number(net, net._apply(total(e.all_work(e.activations) for e in kept)))
        )
    biases = total(net._apply(e.times.over_loops(_biases(e) * e.times.weights)) for e in entries)
    yield Reading(None, "parameters", "without biases", _number(net, net.params._size - biases))


def _scopes(entries: tuple[Entry, ...]) -> dict[str, Callable[[Entry], bool]]:
    """Parts of a network that people count."""
    dense = [e for e in entries if e.leaf.layer.kind in ("fc", "linear", "unembed")]
    head = dense[-1] if dense else None

    def of(kinds: tuple[str, ...]) -> Callable[[Entry], bool]:
        return lambda e: e.leaf.layer.kind in kinds

    def without(kinds: tuple[str, ...]) -> Callable[[Entry], bool]:
        return lambda e: e.leaf.layer.kind not in kinds

    return {
        "": lambda e: True,
        "without the last dense layer": lambda e: e is not head,
        "without embeddings": without(TABLES),
        "without norms": without(NORMS),
        "convolutions and dense layers only": of(DENSE),
        "convolutions only": of(("conv", "dwconv", "upconv")),
        "dense layers only": of(("linear", "fc", "unembed")),
        "without attention": without(("attention", "sdpa")),
    }


def _biases(entry: Entry) -> Size:
    layer = entry.leaf.layer
    if layer.kind in NORMS:
        return Size.of(0)
    return total(w.numel for w in layer.weights(entry.leaf.input) if w.name.endswith("bias"))


def _number(net: Architecture, size: Size) -> Rational:
    value = net._cost(size, "").value
    if value is None:
        free = sorted({s.name for s in net.domain.public(size).symbols()})
        help_ = f"give them values: --set {','.join(f'{name}=...' for name in free)}"
        raise SymcostError(
            Diagnostic("not-exact", f"a figure has no symbols, and {', '.join(free)} have no value", help=help_)
        )
    return value
