"""What a plain call such as `conv3-64` means is looked up once in a scope: never beyond what changes its meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, uses

import symcost
from symcost import syntax as s
from symcost.graph import patterns, plain
from symcost.graph.nodes import Run
from symcost.layers import Layer, known

every_kind = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.kind) for kind in known()])

# Each with a spelling that is not plain and means the same at the same place.
CALLS = {
    "conv3-4": "conv(3)-4(dil=1)",
    "conv3-5": "conv(3)-5(dil=1)",
    "conv3-4/2": "conv(3)-4/2(dil=1)",
    "conv1-4": "conv(1)-4(dil=1)",
    "maxpool2/2": "maxpool(2)/2(dil=1)",
    "bn": "bn(affine=true)",
}
CHANGES = (
    "set conv.bias = false",
    "set conv.bias = true",
    "set conv.pad = valid",
    "set pad = 1",
    "set conv.groups = 1",
)
DEFINED = (
    "block bn { relu conv(3)-4(dil=1) }",
    "layer conv(k)-c : a@h x w -> c@h x w { params = 7*k mac = c*h*w }",
)


def net(items: list[str]) -> symcost.Architecture | str:
    try:
        return symcost.parse(f"sym X input 4@(64*X) x (64*X) {' '.join(items)}")
    except symcost.SymcostError as error:
        return error.diagnostics[0].code


def same(short: list[str], spelled: list[str]) -> None:
    ours, theirs = net(short), net(spelled)
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    assert [str(row.output) for row in ours.layers] == [str(row.output) for row in theirs.layers]
    assert (ours.params, ours.macs, ours.cost("exact")) == (theirs.params, theirs.macs, theirs.cost("exact"))
    assert ours.conditions == theirs.conditions


@examples(40)
@given(st.lists(st.sampled_from([*CALLS, *CALLS, *CHANGES, "{", "}", "n"]), min_size=4, max_size=24))
def test_plain_or_spelled_out(drawn: list[str]) -> None:
    """With options set between the calls, in groups that repeat or do not, at any depth."""
    plain: list[str] = []
    depth = 0
    for item in drawn:
        if item == "{":
            plain.append("[")
            depth += 1
        elif item in ("}", "n"):
            if depth and plain[-1] != "[":
                plain.append("]" if item == "}" else "] x 3")
                depth -= 1
        else:
            plain.append(item)
    while depth:
        plain.append("relu ]" if plain[-1] == "[" else "]")
        depth -= 1
    same(plain, [CALLS.get(item, item) for item in plain])


@pytest.mark.parametrize("definition", DEFINED)
def test_a_definition_hides_the_kind_from_there_on(definition: str) -> None:
    call = "bn" if definition.startswith("block") else "conv3-4"
    found = net([call, definition, call, call])
    before, after = net([call]), net([definition, call])
    assert isinstance(found, symcost.Architecture) and isinstance(before, symcost.Architecture)
    assert isinstance(after, symcost.Architecture)
    assert int(found.params) == int(before.params) + 2 * int(after.params)


@every_kind
@examples(6)
@given(data=st.data())
def test_patterns_are_what_each_call_is(kind: type[Layer], data: st.DataObject) -> None:
    """One call again and again on the same positions, with other widths and channels: as if each were resolved by itself."""
    use = data.draw(uses(kind))
    width = use.call.width.text if isinstance(use.call.width, s.Ref) else ""
    dims = use.program().split("\n")[0].partition("@")[2]
    lines = [f"input t: 4@{dims}" if dims else "input t: 4"]
    for channels, wide in data.draw(
        st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=6, max_size=8)
    ):
        sizes = use.sizes | ({width: wide} if width in use.sizes else {})
        lines += ["from t", f"linear-{channels}", *replace(use, sizes=sizes).program().split("\n")[1:]]
    own, patterns.OFTEN = patterns.OFTEN, 10**9
    patterns.forget()
    plain.LIBRARY.forget()
    try:
        one_by_one = resolved("\n".join(lines))
    finally:
        patterns.OFTEN = own
    patterns.forget()
    plain.LIBRARY.forget()
    assert resolved("\n".join(lines)) == one_by_one  # three by themselves, and the others by the pattern
    assert resolved("\n".join(lines)) == one_by_one  # all by the pattern, as it is known by now


def resolved(program: str) -> object:
    try:
        found = symcost.parse(program)
    except symcost.SymcostError as error:
        return [(d.code, d.message, d.span and d.span.start) for d in error.diagnostics]
    rows = [(row.text, str(row.input), str(row.output), str(row.params), str(row.macs)) for row in found.layers]
    return rows, str(found.params), str(found.cost("exact")), found.conditions


def test_an_error_stands_where_it_was_written() -> None:
    """Also in a call like one before that was good: the width, the stride, the layer."""
    for bad, message in (("conv3-0", "0"), ("conv3-4/0", "0")):
        with pytest.raises(symcost.SymcostError) as caught:
            symcost.parse(f"input 4@8 x 8 conv3-4 conv3-4/2 {bad}")
        span = caught.value.diagnostics[0].span
        assert span is not None and message in span.text and span.start >= len("input 4@8 x 8 conv3-4 conv3-4/2 ")


@pytest.mark.parametrize("call, good, bad", [("conv3-6(groups=3)", 6, 4), ("groupnorm(4)", 8, 6), ("shuffle(2)", 4, 5)])
def test_what_a_layer_asks_of_its_channels_is_asked_each_time(call: str, good: int, bad: int) -> None:
    """However often it was there on the same positions without a condition."""
    often = " ".join(f"from t conv1-{good * k} {call}" for k in range(1, patterns.OFTEN + 5))
    assert isinstance(resolved(f"input t: 4@8x8 {often}"), tuple)
    with pytest.raises(symcost.SymcostError) as caught:
        symcost.parse(f"input t: 4@8x8 {often} from t conv1-{bad} {call}")
    assert call.partition("(")[0] in str(caught.value)


@pytest.mark.parametrize("call", ["linear-8", "relu", "layernorm", "linear-8 relu"])
def test_ids_are_no_numbers_however_often_numbers_were_at_their_places(call: str) -> None:
    often = f"from t embed(50)-8 {call} {call} " * (patterns.OFTEN + 3)
    assert isinstance(resolved(f"sym T input t: ids@T {often}"), tuple)
    for _ in range(2):
        with pytest.raises(symcost.SymcostError, match="wants numbers"):
            symcost.parse(f"sym T input t: ids@T {often} from t {call}")


def test_a_block_knows_what_is_defined_behind_it() -> None:
    """Where it is used after that, on another tensor."""
    found = symcost.parse("block b { bn relu } input 8@8x8 b b b b conv3-16 block bn { conv1-4 } b")
    assert [row.text for row in found.layers][-2:] == ["conv1-4", "relu"]


@pytest.mark.parametrize(
    "call, message",
    [
        ("conv1-0", "at least 1"),
        ("conv1-(0 - 4)", "at least 1"),
        ("conv1-(7/2)", "whole number|integer"),
        ("conv1-4 : 5@8x8", "not 5@8x8"),
        ("relu : 4@8x9", "not 4@8x9"),
    ],
)
def test_what_is_wrong_is_wrong_however_often_it_was_right(call: str, message: str) -> None:
    often = "conv1-4 relu " * (patterns.OFTEN + 3)
    with pytest.raises(symcost.SymcostError, match=message) as caught:
        symcost.parse(f"input 4@8x8 {often} {call}")
    span = caught.value.diagnostics[0].span
    assert span is not None and span.start >= len(f"input 4@8x8 {often}")


def test_counts_names_and_sizes_behind_a_call_are_read() -> None:
    """Of a call that is known as one of many: `x 3`, `as t`, `: M@...`, and the limit of layers."""
    often = "conv1-4 relu " * (patterns.OFTEN + 3)
    several = symcost.parse(f"input 4@8x8 {often} conv1-4 x 3 relu x 2")
    assert several.macs == symcost.parse(f"input 4@8x8 {often} conv1-4 conv1-4 conv1-4 relu relu").macs
    named = symcost.parse(f"input 4@8x8 {often} conv1-4 as t relu concat(t)")
    assert str(named.output) == "8@8x8"
    sized = symcost.parse(f"sym X input 4@X x X {often} conv1-4 : 4@M x M relu conv1-4")
    assert "M" in str(sized.output)
    layers = 2 * (patterns.OFTEN + 3)
    with symcost.limits(layers=layers):
        symcost.parse(f"input 4@8x8 {often}")
    with symcost.limits(layers=layers - 1), pytest.raises(symcost.SymcostError, match="more than"):
        symcost.parse(f"input 4@8x8 {often}")


def test_here_is_the_tensor_at_its_place() -> None:
    """Behind a chain of plain calls, and named in the middle of one."""
    often = "conv1-4 relu " * (patterns.OFTEN + 3)
    found = symcost.parse(f"input 4@8x8 {often} conv1-6 relu conv1-(2*here.c) relu add(here) relu")
    assert [row.text for row in found.layers][-4:] == ["conv1-(2*here.c)", "relu", "add", "relu"]
    assert str(found.layers[-4].output) == "12@8x8"


PAIRS = [
    ("maxpool2", "maxpool2/1"),
    ("maxpool2/1", "maxpool2/3"),
    ("avgpool(2)", "avgpool(4)"),
    ("maxpool3/2", "maxpool3/2(pad=1)"),
    ("bn", "bn(affine=false)"),
    ("conv3-8", "conv3-8(bias=false)"),
    ("conv3-8", "conv3-8/2"),
    ("conv3-8(pad=0)", "conv3-8(pad=1)"),
    ("conv(3)-8", "conv(5)-8"),
    ("conv(3)-8(pad=2)", "conv(3, pad=2)-8"),
    ("conv3-k", "conv3-8"),
    ("conv3-8/s", "conv3-8"),
    ("conv3-(k + s)", "conv3-(k - s)"),
    ("conv3-8(pad=s)", "conv3-8(pad=k)"),
    ("relu", "leakyrelu"),
    ("upsample2", "upsample3"),
    ("linear-8", "linear-8(bias=false)"),
    ("conv3-8(pad=2)", "conv3-8(dil=2)"),
    ("conv3-8(groups=2)", "conv3-8(dil=2)"),
]


@pytest.mark.parametrize("one, other", PAIRS)
def test_two_calls_that_differ_in_one_thing(one: str, other: str) -> None:
    """Each is what it is by itself, whatever is known of the other."""
    head = "let k = 6 let s = 2 input t: 8@16x16"

    def row(net: symcost.Architecture, place: int) -> object:
        found = net.layers[place]
        return found.text, str(found.output), str(found.params), str(found.cost("exact"))

    alone = [row(symcost.parse(f"{head} {call}"), -1) for call in (one, other)]
    for _ in range(2):
        both = symcost.parse(head + f" from t {one} from t {other}" * (patterns.OFTEN + 3))
        assert [row(both, place) for place in range(len(both.layers))] == alone * (patterns.OFTEN + 3)
        chained = symcost.parse(head + f" from t {one} {one} from t {other} {other}" * (patterns.OFTEN + 3))
        assert [row(chained, place) for place in (-4, -2)] == alone
        assert sorted(str(e.counts) for e in chained._tally.entries[:4]) == sorted(
            str(e.counts) for e in chained._tally.entries[-4:]
        )


def test_a_name_is_what_it_is_in_this_turn() -> None:
    """Widths, strides and options by the name of a loop, turn after turn on the same positions."""
    turns = "for k in 1..3 { from t conv3-k from t conv1-8/k from t conv3-8(pad=k) } " * 3
    written = "".join(f"from t conv3-{k} from t conv1-8/{k} from t conv3-8(pad={k}) " for k in (1, 2, 3)) * 3
    looped, one_by_one = (symcost.parse(f"input t: 8@16x16 {text}") for text in (turns, written))
    assert [str(r.output) for r in looped.layers] == [str(r.output) for r in one_by_one.layers]
    assert (looped.params, looped.macs) == (one_by_one.params, one_by_one.macs)


@pytest.mark.parametrize("call", ["conv3-8 relu", "conv3-8(bias=false) bn relu", "maxpool3/1(pad=1)"])
def test_a_layer_again_and_again_is_a_pattern_soon(call: str) -> None:
    """The same call on equal tensors, in a process that knows nothing yet."""
    patterns.forget()
    plain.LIBRARY.forget()
    net = symcost.parse(f"sym X input 8@X x X {f'{call} ' * 20}")
    packed = sum(len(node.widths) for node, _ in net._tally.placed if isinstance(node, Run))
    assert packed == len(net.layers) - len(call.split()) * (patterns.OFTEN)
