"""Repeats: a turn that leaves the shape alone stands for all that follow, and the others are followed one by one."""

from __future__ import annotations

import pytest

import symcost
from symcost.depth import EndlessLoop, repeated
from symcost.sizes import Size, Symbol
from symcost.sizes.shape import Shape

n, c = Size.of(Symbol("n")), Size.of(Symbol("C"))


def down_to_one(x: Shape) -> tuple[str, Shape]:
    """A turn that takes a channel away, down to one, and says how many there were."""
    channels = int(x.tuple()[1])
    return f"from {channels}", x.to(channels=Size.of(max(channels - 1, 1)))


def start(channels: int) -> Shape:
    return Shape(Size.of(channels))


@pytest.mark.parametrize(
    ("channels", "count", "turns", "left"),
    [
        (1, n, [("from 1", n)], 1),
        (1, Size.of(7), [("from 1", Size.of(7))], 1),
        (3, n, [("from 3", 1), ("from 2", 1), ("from 1", n - 2)], 1),
        (3, Size.of(9), [("from 3", 1), ("from 2", 1), ("from 1", 7)], 1),
        (3, Size.of(3), [("from 3", 1), ("from 2", 1), ("from 1", 1)], 1),
        (3, Size.of(2), [("from 3", 1), ("from 2", 1)], 1),
        (3, Size.of(1), [("from 3", 1)], 2),
        (3, Size.of(0), [], 3),
    ],
)
def test_turns(channels: int, count: Size, turns: list[tuple[str, Size]], left: int) -> None:
    assert repeated(down_to_one, start(channels), count) == (turns, start(left))


def test_a_shape_that_stays_is_turned_once() -> None:
    seen = []

    def turn(x: Shape) -> tuple[int, Shape]:
        seen.append(x)
        return 0, x

    assert repeated(turn, Shape(c), n) == ([(0, n)], Shape(c))
    assert seen == [Shape(c)]


def test_how_far_a_changing_shape_is_followed() -> None:
    """As many turns as asked, or as many as the limit allows."""
    for count in (n, Size.of(100)):
        assert len(repeated(down_to_one, start(5), count, limit=5)[0]) == 5  # 4 that change it, and one for the rest
        with pytest.raises(EndlessLoop):
            repeated(down_to_one, start(5), count, limit=4)
        with symcost.limits(turns=5):
            assert len(repeated(down_to_one, start(5), count)[0]) == 5
            with pytest.raises(EndlessLoop):
                repeated(down_to_one, start(6), count)
            assert len(repeated(down_to_one, start(6), count, limit=6)[0]) == 6
    with pytest.raises(EndlessLoop):
        repeated(lambda x: (0, x.to(channels=x.channels + 1)), Shape(c), n)
