"""What an output position of each kind of layer sees, and how a derivation says where its windows are.

Windows are walked over by the loops of `naive`; which positions a layer copies from or adds into is written out.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import windows
from strategies import examples
from test_naive import KINDS
from test_naive_back import drawn, number

from symcost.layers.base import Taps
from symcost.sizes.atoms import ZERO, Size
from symcost.sizes.notation import UNICODE
from symcost.sizes.written import text, value

# Every position by itself, every position of the input, or positions that are no grid any more.
ALL = "flatten fc gap gmp attention sdpa rnn gru lstm".split()  # noqa: SIM905
MOVED = "tokens cls crop resize transpose first grid".split()  # noqa: SIM905
WINDOWS = "conv dwconv maxpool avgpool".split()  # noqa: SIM905
SPLIT = "upsample pixelshuffle upconv".split()  # noqa: SIM905


def same_padding(x: int, s: int, width: int) -> int:
    """Zeros before the first position: half of what ``⌈x/s⌉`` windows need, the odd one behind."""
    return max((-(-x // s) - 1) * s + width - x, 0) // 2


@pytest.mark.parametrize("kind", WINDOWS)
@examples(15)
@given(data=st.data())
def test_windows(kind: str, data: st.DataObject) -> None:
    """The width of a window, the way to the next one, and where the first begins: on every axis, as the loops walk."""
    trial, layer, x, _, how = drawn(data, kind)
    found = layer.reach(x)
    axes = list(zip(trial.shape[2:], how["k"], how["s"], how["pad"], how["d"], strict=True))
    assert len(found) == len(axes)
    for taps, (side, k, s, pad, d) in zip(found, axes, strict=True):
        assert isinstance(taps, Taps)
        width = (k - 1) * d + 1
        assert (number(taps.width, trial.sizes), number(taps.step, trial.sizes)) == (width, s)
        assert (taps.parts, taps.overlap) == (1, 0)
        if pad == "same":
            ways = {same_padding(n, s, width) for n in range(1, 40)}
            if taps.before is None:
                assert (s > 1 and width > 1) or taps.step.symbols() or taps.width.symbols()
            else:
                assert {number(taps.before, trial.sizes)} == ways
        else:
            first = windows(side, k, s, pad, d, how["rounding"], pooling="pool" in kind)[0]
            assert taps.before is not None
            assert number(taps.before, trial.sizes) == -first


@pytest.mark.parametrize("kind", SPLIT)
@examples(10)
@given(data=st.data())
def test_positions_that_are_split(kind: str, data: st.DataObject) -> None:
    """How many output positions come to one of the input, and how many of the input an output can see."""
    trial, layer, x, _, how = drawn(data, kind)
    rank = len(trial.shape) - 2
    factors = how["s"] if kind == "upconv" else how["f"] if kind == "upsample" else (how["f"],) * rank
    found = layer.reach(x)
    assert len(found) == rank
    for axis, (taps, f) in enumerate(zip(found, factors, strict=True)):
        assert isinstance(taps, Taps)
        assert (number(taps.parts, trial.sizes), taps.before, taps.spread) == (f, None, kind == "upconv")
        assert (taps.width, taps.step) == (1, 1)
        overlap = number(taps.overlap, trial.sizes)
        if kind == "upconv":  # input i falls on i*s + tap*d
            taken: dict[int, list[int]] = {}
            for i, tap in ((i, tap) for i in range(20) for tap in range(how["k"][axis])):
                taken.setdefault(i * f + tap * how["d"][axis], []).append(i)
            widest = max(max(seen) - min(seen) + 1 for seen in taken.values())
            assert isinstance(overlap, int)
            most = overlap // f + 1
            assert most == widest if how["d"][axis] == 1 else most >= widest
        else:  # an interpolated position lies between two
            assert overlap == int(kind == "upsample" and how["mode"] == "bilinear")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in (*WINDOWS, *SPLIT)])
@examples(4)
@given(data=st.data())
def test_the_other_kinds(kind: str, data: st.DataObject) -> None:
    trial, layer, x, _, how = drawn(data, kind)
    rank = len(trial.shape) - 2 if kind != "embed" else 1
    seen: object = [(1, 1, 0)] * rank  # itself: a window of one, from there to the next
    match kind.removeprefix("adaptive "):
        case "layernorm" if how["over"] != "channels":
            seen = "all"
        case "groupnorm" | "instancenorm":
            seen = "all" if rank else []
        case "space2depth":
            seen = [(how["f"], how["f"], 0)] * rank
        case "zeropad":
            seen = [(1, 1, before) for before in how["before"]]
        case name if name in ALL:
            seen = "all"
        case name if name in MOVED:
            seen = "moved"
    found = layer.reach(x)
    if isinstance(found, str):
        assert found == seen
    else:
        assert all((taps.parts, taps.overlap) == (1, 0) for taps in found)
        assert [
            tuple(number(n, trial.sizes) for n in (t.width, t.step, ZERO if t.before is None else t.before))
            for t in found
        ] == seen


@pytest.mark.parametrize("kind", [*WINDOWS, "upconv"])
@examples(20)
@given(data=st.data())
def test_rules_of_sides(kind: str, data: st.DataObject) -> None:
    """Every side has its rule; what it comes to is the side, and it says that it rounds where it does, and which way."""
    trial, layer, x, y, how = drawn(data, kind)
    found = list(layer.sides(x))
    assert len(found) == len(y.dims)
    for (rule, form), side, s in zip(found, y.dims, how["s"], strict=True):
        assert number(value(form), trial.sizes) == number(side, trial.sizes)
        shown = text(form, UNICODE)
        down, up = "⌊" in shown, "⌈" in shown
        if kind == "upconv":
            assert rule.startswith("a stride for each input position") and not (down or up)
            continue
        rounding, same = how["rounding"], how["pad"] == ("same",) * len(how["pad"])
        if same:
            assert rule.startswith("same padding")
            assert up == (layer.round != "exact") and not down  # type: ignore[attr-defined]
        elif rounding == "ceil" and "pool" in kind:
            assert "the last may stick out" in rule
        else:
            assert rule.startswith("the first window, and one more for each stride")
            assert (down, up) == (rule.endswith(", rounded down"), rule.endswith(", rounded up"))
            rounds = (
                "" if rounding == "exact" or (number(s, trial.sizes) if isinstance(s, Size) else s) == 1 else rounding
            )
            if "/" in shown or rounds:
                assert (down, up) == (rounding == "floor", rounding == "ceil")
