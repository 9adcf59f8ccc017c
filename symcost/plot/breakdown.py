"""A cost taken apart by kind of layer, by layer or by block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING

from symcost.architecture import Architecture, Row
from symcost.cost import Cost
from symcost.entries import alike
from symcost.invert import undecided
from symcost.sizes.atoms import Size, total
from symcost.source import Diagnostic, SymcostError, nearest
from symcost.tally import weights_of

if TYPE_CHECKING:
    pass

PARTS = ("kind", "layer", "block")
OPTIONS = re.compile(r"\([^()]*=[^()]*\)")  # (bias=false): what a label can do without


def parts(net: Architecture, by: str = "kind", cost: str = "flops") -> dict[str, Cost]:
    """A cost taken apart by ``kind`` of layer, by ``layer`` or by ``block``; ``block:2`` goes one level deeper.

    The parts add up to the cost of the network; parts that cost nothing are left out.
    """
    kind, _, depth = by.partition(":")
    if kind not in PARTS or (depth and not (kind == "block" and depth.isdigit() and int(depth))):
        help_ = nearest(kind, PARTS) or "parts: kind, layer, block, block:2"
        raise SymcostError(Diagnostic("unknown-name", f"a network has no parts by '{by}'", help=help_))
    groups: dict[str, list[Row]] = {}
    for label, rows in _grouped(net, kind, int(depth or 1)):
        groups.setdefault(label, []).extend(rows)
    whole, found, before = net.cost(cost), {}, Size.of(0)
    seen: list[Row] = []
    for label, rows in groups.items():
        seen += rows
        if cost == "params":  # weights with one address belong to the part that has them first
            after = net._apply(weights_of(alike(row._entry for row in seen)))
            size, before = after - before, after
        else:
            size = total(net._apply(row._entry.all_work(_of_row(row, cost))) for row in rows)
        if size.terms:
            found[label] = whole._owned(size)
    return found


def _of_row(row: Row, cost: str) -> Size:
    return (row.activations if cost in ("activations", "act") else row.cost(cost))._size


def _grouped(net: Architecture, kind: str, depth: int) -> Iterable[tuple[str, list[Row]]]:
    rows = [row for row in net.layers if row.kind != "id"]
    if kind == "kind":
        return [(row.kind, [row]) for row in rows]
    if kind == "layer":
        texts = [OPTIONS.sub("", row.text) for row in rows]
        return [
            (t if texts.count(t) == 1 else f"{t} ({i})", [row])
            for i, (t, row) in enumerate(zip(texts, rows, strict=True), 1)
        ]
    return _blocks(rows, depth)


def _blocks(rows: Sequence[Row], depth: int) -> list[tuple[str, list[Row]]]:
    """Blocks in one another down to a depth. Those of one name are told apart by their width, or by what is in them."""
    uses = [list(g) for _, g in groupby(rows, lambda r: r._entry.times.blocks[:depth] or r.kind)]
    names = [(use[0]._entry.times.blocks[:depth] or ((use[0].kind, 0),))[-1][0] for use in uses]
    widths = [str(use[-1].output.channels) for use in uses]
    inner = [next((_inner(r, depth) for r in use if r.macs._size.terms), "") for use in uses]
    found = []
    for name, width, part, use in zip(names, widths, inner, uses, strict=True):
        alike = [i for i, n in enumerate(names) if n == name]
        label = (
            name
            if name != use[0].kind and len({inner[i] for i in alike}) < 2
            else f"{name}: {part}"
            if part and part != name
            else name
        )
        found.append((f"{label}, {width}" if len({widths[i] for i in alike}) > 1 else label, use))
    return found


def _inner(row: Row, depth: int) -> str:
    blocks = row._entry.times.blocks
    return blocks[depth][0] if len(blocks) > depth else row.kind


def percents(heights: dict[str, list[Fraction]], most: int) -> dict[str, list[Fraction]]:
    """Parts in percent of their sum; the smaller ones beyond the ``most`` largest as one part, at the end."""
    sums = [sum(column) for column in zip(*heights.values(), strict=True)]
    if not sums or not all(sums):
        raise undecided("the shares of nothing", "choose a cost that is not zero")
    found = {label: [100 * v / s for v, s in zip(row, sums, strict=True)] for label, row in heights.items()}
    if len(found) <= most + 1:
        return found
    kept = sorted(found, key=lambda label: max(found[label]), reverse=True)[:most]
    rest = [row for label, row in found.items() if label not in kept]
    large = {label: row for label, row in found.items() if label in kept}
    return {**large, f"{len(rest)} others": [sum(column, Fraction(0)) for column in zip(*rest, strict=True)]}
