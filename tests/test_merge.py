"""Joining tensors: along an axis, and where it is not decided whether they are added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost

small = st.integers(1, 9)


@examples(50)
@given(small, small, small, small)
def test_positions_join(c: int, t: int, n: int, batch: int) -> None:
    """Text and picture tokens one after the other: the layer behind sees t + n of them, whose work adds up."""
    net = symcost.parse(
        f"set batch = {batch} input text: {c}@{t} input image: {c}@{n} concat(axis=t) {{ from text | from image }} linear-5"
    )
    assert net.output is not None
    assert net.output.tuple() == (batch, 5, t + n)
    assert net.macs == batch * c * 5 * (t + n)


@pytest.mark.parametrize("axis, output", [("h", (1, 3, 13, 7)), ("w", (1, 3, 8, 12)), ("c", None)])
def test_sides_join(axis: str, output: tuple[int, ...] | None) -> None:
    program = "input 3@8x7 concat(axis={}) {{ id | crop({}) }}"
    net = symcost.parse(program.format(axis, {"h": "5 x 7", "w": "8 x 5", "c": "8 x 7"}[axis]))
    assert net.output is not None
    assert net.output.tuple() == (output or (1, 6, 8, 7))


@pytest.mark.parametrize(
    "program, code",
    [
        ("input 3@8x7 concat(axis=h) { id | conv1-4 }", "branches-differ"),
        ("input 3@8x7 concat(axis=h) { id | crop(5 x 5) }", "branches-differ"),
        ("input 3@8x7 concat(axis=t) { id | id }", "wrong-rank"),
        ("input 3@8x7 concat(axis=h) { id | gap }", "wrong-rank"),
        ("input 3@8x7 concat(axis=z) { id | id }", "bad-value"),
        ("input 3@8x7 add(axis=h) { id | id }", "unknown-option"),
    ],
)
def test_refused(program: str, code: str) -> None:
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(program)
    assert refused.value.diagnostics[0].code == code


@examples(30)
@given(small, st.integers(1, 4), st.integers(1, 3))
def test_a_shortcut_where_shapes_agree(c: int, width: int, s: int) -> None:
    """A block with an undecided shortcut costs, at numbers, what it costs with the numbers written."""
    program = "input {c}@9x9 residual(when=s == 1 and in.c == w) {{ conv3-w/s }}"
    free = symcost.parse("sym s, w, c " + program.format(c="c")).at(c=c, w=width, s=s)
    fixed = symcost.parse(f"let s = {s} let w = {width} " + program.format(c=c))
    for name in ("params", "activations", "exact", "add"):
        assert free.cost(name) == fixed.cost(name)


def test_what_an_undecided_shortcut_needs_is_said() -> None:
    net = symcost.parse("sym s input 4@X x X residual(when=s < 4) { conv3-8/s }")
    assert net.flops.conditions[0] == "s ≥ 4"
    net = symcost.parse("sym s, k input k@X x X residual(when=s < 4) { conv3-8/s }")
    assert net.flops.conditions == ("k = 8 where s ≤ 3", "X = ⌈X/s⌉ where s ≤ 3")


def test_a_tensor_of_both_branches() -> None:
    """It is there whichever branch is taken; that of one branch is not."""
    program = "sym n input 8@6 if n > 1 { conv1-8 as t } else { conv3-8 as t } conv1-8 add(t)"
    free = symcost.parse(program)
    assert free.at(n=1).params == 8 * 25 + 72
    assert free.at(n=2).params == 2 * 72
    with pytest.raises(symcost.SymcostError, match="a tensor is needed"):
        symcost.parse(program.replace("conv3-8 as t", "conv3-8"))
