"""The work of a layer by what it is for: shares that add up to its operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symcost.ops import Op
from symcost.record import record
from symcost.sizes.atoms import ONE, Size, product
from symcost.sizes.shape import Shape

Factors = tuple[Size, ...]


@record()
class Share:
    """``what`` is done ``times`` times, each time with these operations; factors stay apart, for a derivation to show.

    ``why`` says where the numbers come from: "every output element is a dot product over the channels".
    """

    what: str
    why: str
    each: Mapping[Op, Factors]
    times: Factors


def summed(shares: Iterable[Share], y: Shape | None = None) -> dict[Op, Size]:
    """The operations of all shares; most are done for every element of the output ``y``, which are counted once."""
    counts: dict[Op, Size] = {}
    factors, times = ((), ONE) if y is None else (y.elements, y.numel)
    for share in shares:
        if share.times != factors:  # most have those of the one before
            factors, times = share.times, product(share.times)
        for op, each in share.each.items():
            work = times * product(each) if each else times
            counts[op] = counts[op] + work if op in counts else work
    return counts


def dots(what: str, why: str, length: Factors, times: Factors) -> Share:
    """Dot products of that length."""
    return Share(what, why, {Op.MAC: length, Op.DOT: ()}, times)


def bias(times: Factors) -> Share:
    return Share("bias", "one addition for each", {Op.ADD: ()}, times)


def done(what: str, why: str, times: Factors, **each: Size | int) -> Share:
    """Operations by name: ``done("mean", "n - 1 additions and a division", sets, add=n - 1, div=1)``."""
    return Share(what, why, {Op(name): (Size.of(n),) for name, n in each.items()}, times)
