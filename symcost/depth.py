"""Repeats: shapes carried from turn to turn.

A turn that leaves the shape as it found it makes every following turn the same, so the rest of the count, a number or a
symbol, is one factor. Shapes that change with every turn are followed turn by turn, which needs a number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from symcost.limiting import allowed
from symcost.sizes.atoms import Size
from symcost.sizes.shape import Shape

Turned = TypeVar("Turned")


class EndlessLoop(Exception):
    """The shape changes with every turn and the count is a symbol, or too large to follow."""


def repeated(
    turn: Callable[[Shape], tuple[Turned, Shape]], x: Shape, count: Size, limit: int | None = None
) -> tuple[list[tuple[Turned, Size]], Shape]:
    """Turns with how often each runs, and the shape that comes out.

    ``turn`` resolves the body once on a shape. Raises `EndlessLoop` where no turn leaves its shape alone, or none of the
    first ``limit``.
    """
    number = count.number
    turns: list[tuple[Turned, Size]] = []
    done = 0
    while number != done:
        node, y = turn(x)
        if y == x:
            turns.append((node, count - done))
            return turns, y
        turns.append((node, Size.of(1)))
        done += 1
        if done >= (limit or allowed().turns):
            raise EndlessLoop
        x = y
    return turns, x
