"""Arguments as they are written: by place, by name, glued to a name, set before, or by default.

The block that is called puts out a tensor whose channels are its arguments as the digits of a number.
"""

from __future__ import annotations

from itertools import product

import pytest

import symcost
from symcost.graph.spelling import split_name
from symcost.layers import KINDS, Layer, known, slots

DIGITS = "linear-(k + 10*m + 100*c + 1000*s + 10000*e + 100000*g)"
SPELLED = {  # of `block b(k, m)-c/s(e, g)`: how each of its parts may be written where it is 3, 4, 5, 6, 7, 8
    "head": ("3(4)", "(3, 4)", "(k=3, m=4)", "(m=4, k=3)", "(3, m=4)", "3(m=4)"),
    "options": ("(7, 8)", "(e=7, g=8)", "(g=8, e=7)", "(7, g=8)", "(g=8, 7)"),
}


def channels(program: str) -> object:
    output = symcost.parse(program).output
    assert output is not None
    return output.channels.number


def code(program: str) -> str | None:
    try:
        symcost.parse(program)
    except symcost.SymcostError as refused:
        return refused.diagnostics[0].code
    return None


def test_every_way_of_writing_arguments() -> None:
    block = f"block b(k, m)-c/s(e=1, g=2) {{ {DIGITS} }} input 3@8"
    for head, options in product(*SPELLED.values()):
        assert channels(f"{block} b{head}-5/6{options}") == 876543, (head, options)
        assert channels(f"{block} set b.g = 8 b{head}-5/6(e=7)") == 876543
    for head in SPELLED["head"]:
        assert channels(f"{block} b{head}-5") == 211543
        assert channels(f"{block} b{head}-5(g=8)") == 811543
        assert channels(f"{block} set b.s = 6 set b.e = 9 b{head}-5(7)") == 276543
        assert code(f"{block} b{head}") == "missing-width"
    assert code(f"{block} b3-5") == "missing-argument"


def test_without_a_width_or_stride_there_is_one_list() -> None:
    """Then nothing tells the first parentheses from the second."""
    block = f"block b(k, m, e=1, g=2) {{ let c = 5 let s = 6 {DIGITS} }} input 3@8"
    assert channels(f"{block} b(3, 4)") == 216543
    for call in ("b3(4, 7, 8)", "b(3, 4, 7, 8)", "b(3, 4, g=8, e=7)", "b(g=8, k=3, m=4, e=7)", "b3(4, e=7, g=8)"):
        assert channels(f"{block} {call}") == 876543, call
    assert code(f"{block} b(3, 4, 7, 8, 9)") == "too-many"
    assert code(f"{block} b3(4, 7, 8, 9)") == "too-many"


@pytest.mark.parametrize("kind", [pytest.param(k, id=k.kind) for k in known() if slots(k).width or slots(k).stride])
def test_the_first_parentheses_hold_the_head_alone(kind: type[Layer]) -> None:
    """Where a width or stride stands between them: one argument more is refused, and not taken for an option."""
    declared = slots(kind)
    width, stride = ("-4" if declared.width else ""), ("/1" if declared.stride and not declared.width else "")
    more = ", ".join(["1"] * (len(declared.head) + 1))
    assert code(f"input 4@8x8 {kind.kind}({more}){width}{stride}") == "too-many"


def test_numbers_glued_to_a_name() -> None:
    """A number is one for all axes, and numbers are one for each."""
    for name, sides in {"3": 9, "1x7": 7, "7x1": 7, "2x3": 6, "3×5": 15}.items():
        net = symcost.parse(f"input 3@9x9 conv{name}-4")
        assert net.params == 3 * 4 * sides + 4
        assert split_name(f"conv{name}") == ("conv", tuple(int(n) for n in name.replace("×", "x").split("x")))
    assert split_name("conv") is None
    assert split_name("a_3") is None
    assert split_name("conv3x") is None


def test_a_name_with_more_digits_than_can_be_read() -> None:
    """It is a name, whichever of its numbers is too long."""
    for length, read in ((1, True), (3999, True), (4000, True), (4001, False), (9000, False)):
        for name in (f"conv{'1' * length}", f"conv3x{'1' * length}", f"conv{'1' * length}x3"):
            assert (split_name(name) is not None) is read


def test_every_kind_has_its_numbers_glued() -> None:
    """`conv3` is `conv(3)`, for every kind that takes a size first; another is refused."""
    for kind in known():
        declared = slots(kind)
        first = next(
            iter(declared.head if declared.width or declared.stride else (*declared.head, *declared.options)), None
        )
        found = code(f"input 4@8x8 {kind.kind}2")
        if first is None or not first.sizes:
            assert found == ("no-such-slot" if f"{kind.kind}2" not in KINDS else None), kind
        else:
            assert found == code(f"input 4@8x8 {kind.kind}(2)"), kind


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2*3", 6), ("a + 1", 4), ("a - 1", 2), ("1 - a + b", 3), ("a/3", 1), ("20/b", 4), ("a*b + 1", 16), ("(a + b)*2", 16),
        ("b - 2*2", 1), ("a - 2 - 1 + 1", 1), ("24/a/2", 4), ("1 + 1 + 1 + 1 + 1 + 1 + a", 9), ("a^2", 9), ("b//2", 2),
        ("b % a", 2), ("max(a, b)", 5), ("c.c", 7), ("if a < b then 8 else 9", 8),
    ],
)  # fmt: skip
def test_a_width_is_worth_what_is_written(written: str, value: int) -> None:
    """However often it stands there, beside the same width as a number, as a stride or as an option too."""
    head = "let a = 3 let b = 5 input c: 7@64"
    often = symcost.parse(f"{head} {f'linear-({written}) linear-{value} linear-({written}) from c ' * 6}")
    assert [str(row.output) for row in often.layers] == [f"{value}@64"] * 18
    for call in (
        "maxpool({})",
        "maxpool({})/({})",
        "conv1-4/({})",
        "conv3-4(pad={})",
        "conv1-({})(bias=false)",
        "linear-4 x ({})",
    ):
        one = symcost.parse(f"{head} {call.replace('{}', written)}")
        assert str(one.layers) and one.params == symcost.parse(f"{head} {call.replace('{}', str(value))}").params
        assert one.output == symcost.parse(f"{head} {call.replace('{}', str(value))}").output
