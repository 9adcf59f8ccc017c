"""The work of a layer by what it is for: shares that add up to its operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from symcost.ops import Op
from symcost.sizes.atoms import ZERO, Size, product
from symcost.sizes.shape import Shape

Factors = tuple[Size, ...]


@dataclass(frozen=True)
class Share:
    """``what`` is done ``times`` times, each time with these operations; factors stay apart, for a derivation to show.

    ``why`` says where the numbers come from: "every output element is a dot product over the channels".
    """

    what: str
    why: str
    each: Mapping[Op, Factors]
    times: Factors


def summed(shares: Iterable[Share]) -> dict[Op, Size]:
    """The operations of all shares."""
    counts: dict[Op, Size] = {}
    for share in shares:
        times = product(share.times)
        for op, each in share.each.items():
            counts[op] = counts.get(op, ZERO) + times * product(each)
    return counts


def elements(y: Shape) -> Factors:
    """How many elements a tensor has, over the whole batch."""
    return (y.batch, y.channels, *y.dims)


def dots(what: str, why: str, length: Factors, times: Factors) -> Share:
    """Dot products of that length."""
    return Share(what, why, {Op.MAC: length, Op.DOT: ()}, times)


def bias(times: Factors) -> Share:
    return Share("bias", "one addition for each", {Op.ADD: ()}, times)


def done(what: str, why: str, times: Factors, **each: Size | int) -> Share:
    """Operations by name: ``done("mean", "n - 1 additions and a division", sets, add=n - 1, div=1)``."""
    return Share(what, why, {Op(name): (Size.of(n),) for name, n in each.items()}, times)
