"""Tensors with an index, against the tensors written out: which one an index means, or that it is not known.

A family is drawn as it comes from loops: members of one index, and members of every turn of a loop. At numbers it is a table
from indices to tensors, made name after name, turn after turn; a tensor of a branch that may not be taken is in it or is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from strategies import examples

from symcost.graph.scope import Family, Member
from symcost.sizes import Size, Symbol
from symcost.sizes.shape import Shape

N = Symbol("n")
n = Size.of(N)
VALUES = range(1, 6)  # of n
Table = Mapping[int, Shape]


def at(size: Size, values: Mapping[Symbol, int]) -> int:
    number = size.subs({symbol: Size.of(value) for symbol, value in values.items()}).number
    assert isinstance(number, int)
    return number


def turns(member: Member, value: int) -> Iterator[tuple[int, Shape]]:
    """The indices a member gives, where n is a number, and the tensor of each, in the order of the turns."""
    if member.turn is None:
        yield at(member.index, {N: value}), member.shape.subs({N: Size.of(value)})
        return
    for turn in range(at(member.count, {N: value})):
        values = {N: value, member.turn: turn}
        yield at(member.index, values), member.shape.subs({s: Size.of(v) for s, v in values.items()})


def tables(members: list[Member], value: int) -> Iterator[Table]:
    """Every table there may be, for branches taken or not; members of one loop take turns."""
    open_ = [m for m in members if not m.sure]
    for taken in product([False, True], repeat=len(open_)):
        left = {id(m) for m, there in zip(open_, taken, strict=True) if not there}
        table: dict[int, Shape] = {}
        for group in grouped([m for m in members if id(m) not in left]):
            steps = [list(turns(m, value)) for m in group]
            for turn in range(max(map(len, steps))):
                table.update(step[turn] for step in steps)
        yield table


def grouped(members: list[Member]) -> Iterator[list[Member]]:
    """Those that one loop names in each of its turns stand together."""
    for place, member in enumerate(members):
        if member.turn is None or not any(m.turn == member.turn for m in members[:place]):
            yield [m for m in members if m.turn is not None and m.turn == member.turn] or [member]


@st.composite
def families(draw: DrawFn, symbolic: bool = True, sure: bool = False) -> list[Member]:
    members: list[Member] = []
    for loop in range(draw(st.integers(1, 3))):
        first = Size.of(draw(st.integers(0, 3))) + (n if symbolic and draw(st.booleans()) else 0)
        certain = sure or draw(st.integers(0, 3)) > 0
        if draw(st.booleans()):
            members.append(Member(first, Shape(Size.of(100 * loop + 1)), sure=certain))
            continue
        counts = [n, n + 1, n - 1] if symbolic else []
        count = draw(st.sampled_from([Size.of(1), Size.of(2), Size.of(4), *counts]))
        turn = Symbol(f"t{loop}", low=0, top=count - 1)
        t = Size.of(turn)
        steps = [t, t, -t] if sure else [t, t, -t, -t, t * t, 2 * t, t + t * (t - 1) * (t - 2)]
        for each in range(draw(st.sampled_from([1, 1, 2]))):
            index = first + draw(st.sampled_from(steps)) + each
            members.append(Member(index, Shape(100 * loop + 10 * each + t + 1), turn, count, certain))
    return members


indices = st.builds(lambda a, b: Size.of(a) + (n if b else 0), st.integers(-2, 7), st.booleans())


@examples(80)
@given(families(), indices)
def test_what_is_said_of_an_index_holds(members: list[Member], index: Size) -> None:
    family = Family(members)
    found, open_ = family.at(index), family.unsure(index)
    for value in VALUES:
        wanted = at(index, {N: value})
        for member in members:
            given_out = dict(turns(member, value))
            has, shape = member.has(index), member.at(index)
            assert has is None or has == (wanted in given_out)
            if shape is not None and wanted in given_out:
                assert shape.subs({N: Size.of(value)}) == given_out[wanted]
        for table in tables(members, value):
            if found is not None:
                assert table[wanted] == found.subs({N: Size.of(value)})
            elif not open_ and not any(member.has(index) for member in members):
                assert wanted not in table


@examples(100)
@given(families(symbolic=False, sure=True), st.integers(-2, 9))
def test_among_numbers_every_index_is_known(members: list[Member], index: int) -> None:
    """But for one that two names of a loop give in different turns: then the tensor of the later turn is meant."""
    family = Family(members)
    (table,) = tables(members, 1)
    assert not family.unsure(Size.of(index))
    loops = [[m for m in group if index in dict(turns(m, 1))] for group in grouped(members)]
    if all(len(group) < 2 for group in loops):
        assert family.at(Size.of(index)) == table.get(index)


@pytest.mark.parametrize(
    ("first", "second", "index", "channels"),
    [  # named later, and at another index: which it is at n, that is not known
        (1, n, 1, None),
        (1, n + 1, 1, 4),
        (1, n, n, 7),
        (n, 1, 1, 7),
        (n, n, n, 7),
        (n, n + 1, n, 4),
    ],
)
def test_a_later_name_wins(first: Size, second: Size, index: Size, channels: int | None) -> None:
    members = [Member(Size.of(1) * i, Shape(Size.of(c))) for i, c in ((first, 4), (second, 7))]
    found = Family(members).at(Size.of(1) * index)
    assert (found and found.channels) == channels


def test_a_tensor_that_may_be_any_is_none_for_sure() -> None:
    """One of an inner loop, different in every turn of the outer one."""
    nobody = Member(Size.of(3), Shape(Size.of(5)), known=False)
    assert nobody.has(Size.of(3)) is None
    assert nobody.has(Size.of(4)) is None
    assert Family([nobody]).unsure(Size.of(4))
