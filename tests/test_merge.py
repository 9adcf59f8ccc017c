"""Joining tensors: along an axis, and where it is not decided whether they are added."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost.ops import Op

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


# a branch of the input 3@4x5, and its elements
BRANCHES = {
    "id": (3, 4, 5),
    "conv1-3": (3, 4, 5),
    "conv1-1": (1, 4, 5),  # one channel for all
    "crop(1 x 5)": (3, 1, 5),  # one row for all
    "gap": (3, 1, 1),
    "gap linear-1": (1, 1, 1),
}


@examples(40)
@given(st.lists(st.sampled_from(sorted(BRANCHES)), min_size=1, max_size=3), st.integers(1, 2), st.data())
def test_branches_are_spread(others: list[str], batch: int, data: st.DataObject) -> None:
    """Branches are added or multiplied element by element, smaller ones over and over; a gradient is summed up again."""
    branches = data.draw(st.permutations(["id", *others]))
    needs = tuple(data.draw(st.booleans()) for _ in branches)
    places = list(product(range(batch), range(3), range(4), range(5)))
    add_back, mul_back = 0, 0
    for needed, branch in zip(needs, branches, strict=True):
        given_out = {(n, *(i % side for i, side in zip(at, BRANCHES[branch], strict=True))) for n, *at in places}
        for nth, _ in enumerate(places):
            if needed:
                add_back += nth >= len(given_out)  # all but the first to come are added
                mul_back += len(branches) - 1
    there = len(places) * (len(branches) - 1)
    for kind, op in (("add", Op.ADD), ("mul", Op.MUL)):
        net = symcost.parse(f"set batch = {batch}  input 3@4x5  {kind} {{ {' | '.join(branches)} }}")
        leaf = net.layers[-1].leaf
        assert net.output is not None
        assert net.output.tuple() == (batch, 3, 4, 5)
        assert leaf.layer.ops(leaf.input, leaf.output) == {op: there}
        back = leaf.layer.backward(leaf.input, leaf.output, needs)
        wanted = {Op.ADD: add_back} | ({Op.MUL: mul_back} if kind == "mul" else {})
        assert {op: n for op, n in back.items() if n.terms} == {op: n for op, n in wanted.items() if n}
        everything = leaf.layer.backward(leaf.input, leaf.output)
        assert everything == leaf.layer.backward(leaf.input, leaf.output, (True,) * len(branches))
        kept = leaf.layer.keeps(leaf.input, leaf.output)
        assert [each.what for each in kept] == (["inputs"] if kind == "mul" else [])


@pytest.mark.parametrize(
    "branch, agrees",
    [("conv1-3", True), ("conv1-2", False), ("crop(4 x 4)", False), ("crop(2 x 5)", False), ("gap linear-2", False)],
)
@pytest.mark.parametrize("kind", ["add", "mul"])
def test_branches_that_do_not_agree(kind: str, branch: str, agrees: bool) -> None:
    """Sides are the same, or 1."""
    program = f"input 3@4x5  {kind} {{ {{}} }}"
    for written in (f"id | {branch}", f"{branch} | id"):
        if agrees:
            symcost.parse(program.replace("{}", written))
            continue
        with pytest.raises(symcost.SymcostError) as refused:
            symcost.parse(program.replace("{}", written))
        assert refused.value.diagnostics[0].code == "branches-differ"


def test_a_router_is_a_linear_layer_without_bias() -> None:
    """One score for each expert at each position."""
    router = next(
        row.leaf for row in symcost.parse("input 8@5 experts(4, active=2) { id }").layers if row.kind == "router"
    )
    linear = symcost.parse("input 8@5 linear-4(bias=false)").layers[0].leaf
    x, y = linear.input, linear.output
    assert router.layer.ops(x, y) == linear.layer.ops(x, y)
    assert router.layer.backward(x, y) == linear.layer.backward(x, y)
    assert router.layer.weights(x) == linear.layer.weights(x)
    assert [share.what for share in router.layer.shares(x, y)] == ["scores"]


def test_the_first_branch_decides_where_they_must_agree() -> None:
    """With sizes that are equal on a condition, the output is written in those of the first."""
    inputs = "input a: C@T x X input b: D@T x Y"
    net = symcost.parse(f"sym C, D, T, X, Y {inputs} concat(axis=h) {{ from a | from b }}")
    assert str(net.output) == "C@(2*T) x X"
    assert {str(condition) for condition in net.conditions} == {"C = D", "X = Y"}


@pytest.mark.parametrize("kind", ["add", "mul"])
def test_a_branch_alone_is_no_work(kind: str) -> None:
    leaf = symcost.parse(f"input 3@4 {kind} {{ id }}").layers[-1].leaf
    assert not any(n.terms for n in leaf.layer.ops(leaf.input, leaf.output).values())
    assert list(leaf.layer.shares(leaf.input, leaf.output)) == []


@pytest.mark.parametrize(
    "branches, said",
    [
        ("concat(axis=h) { id | conv1-4 }", "channels of the branches of 'concat' must agree: 3@8x7 and 4@8x7"),
        ("concat(axis=h) { id | crop(5 x 5) }", "positions of the branches of 'concat' must agree: 3@8x7 and 3@5x5"),
        ("concat { id | crop(5 x 5) }", "positions of the branches of 'concat' must agree: 3@8x7 and 3@5x5"),
        ("add { id | conv1-4 }", "channels of the branches of 'add' must agree: 3@8x7 and 4@8x7"),
        ("mul { id | crop(5 x 5) }", "positions of the branches of 'mul' must agree: 3@8x7 and 3@5x5"),
    ],
)
def test_what_must_agree_is_said(branches: str, said: str) -> None:
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(f"input 3@8x7 {branches}")
    assert said in str(refused.value)
