"""What must be true of every layer kind, whoever wrote it. A new kind is tested here without a line more."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from strategies import Use, examples, uses

import symcost
from symcost.layers import KINDS, Layer, known, slots
from symcost.ops import Op
from symcost.sizes.atoms import product

EXAMPLE = re.compile(r"^Example: ``(.+)`` on ``(.+)``: (\d+) params, (\d+) macs\.$", re.MULTILINE)

# What is done once for a batch, however large it is: the root of a channel's variance, and the addition before it.
ONCE = {"bn": {Op.ADD, Op.SQRT}}

every_kind = pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.kind) for kind in known()])


def figures(arch: symcost.Architecture) -> dict[str, Any]:
    """All that is counted, as integers."""
    assert arch.output is not None
    counts = {str(op): int(arch.count(op)) for op in Op}
    return counts | {
        "output": arch.output.tuple(),
        "params": int(arch.params),
        "activations": int(arch.activations),
        "exact": int(arch.cost("exact")),
    }


def now(use: Use, batch: str = "") -> dict[str, Any] | None:
    """The figures of the program with numbers, or None where it is refused."""
    try:
        return figures(symcost.parse(use.program(batch=batch)))
    except symcost.SymcostError:
        return None


def later(use: Use, symbols: list[str]) -> dict[str, Any] | None:
    """The same with symbols that get their numbers afterwards."""
    try:
        return figures(symcost.parse(use.program(symbols)).at({name: use.sizes[name] for name in symbols}))
    except symcost.SymcostError:
        return None


def accepted(use: Use) -> bool:
    return now(use) is not None


def choice(data: st.DataObject, use: Use) -> list[str]:
    """All names of a use, or some of them."""
    if not use.names:
        return []
    return data.draw(st.just(use.names) | st.lists(st.sampled_from(use.names), unique=True))


# ----------------------------------------------------------------------------------------------- what it says


@every_kind
def test_docstring(kind: type[Layer]) -> None:
    """A sentence, a source, an example that is true."""
    text = re.sub(r"^ +", "", kind.__doc__ or "", flags=re.MULTILINE)
    assert re.match(r"\S.*[.:]", text)
    assert re.search(r"^Source: \S.+", text, re.MULTILINE)
    examples = EXAMPLE.findall(text)
    assert examples, f"{kind.kind} has no line Example: ``text`` on ``shape``: N params, M macs."
    for layer, shape, params, macs in examples:
        arch = symcost.parse(f"input {shape}\n{layer}")
        assert (int(arch.params), int(arch.macs)) == (int(params), int(macs))
        assert [row.kind for row in arch.layers] == [kind.kind]


@every_kind
def test_signature(kind: type[Layer]) -> None:
    """It begins with the kind's own name, and no argument is declared twice."""
    assert re.match(r"\w+", kind.signature)[0] == kind.kind
    names = [slot.name for slot in slots(kind)]
    assert len(names) == len(set(names))
    assert set(kind.axes) <= {*names, "dil"}  # avgpool has the axes of maxpool and no dilation


def test_every_kind_is_known_once() -> None:
    """By its own name and not by an alias, in alphabetical order."""
    assert [kind.kind for kind in known()] == sorted({kind.kind for kind in KINDS.values()})


def test_a_kind_of_ones_own() -> None:
    """A class with a name is a kind from there on; one without is what others have in common."""
    before = dict(KINDS)

    class Common(Layer):
        signature = "unused"

    class Halve(Common, name="halve", aliases=("half",)):
        signature = "halve(n=2)"

    try:
        assert KINDS.keys() - before.keys() == {"halve", "half"}
        assert [row.kind for row in symcost.parse("input 4@3 halve half(n=3)").layers] == ["halve", "halve"]
    finally:
        del KINDS["halve"], KINDS["half"]


def test_names_are_lower_case() -> None:
    """Names of layers are tried in lower case, so another name would never be found."""
    assert [name for name in KINDS if name != name.lower()] == []


# --------------------------------------------------------------------------------------------- what it counts


@every_kind
def test_drawn_uses_are_accepted(kind: type[Layer]) -> None:
    """Else the tests below would prove nothing."""
    generate = settings(max_examples=2000, phases=[Phase.generate], database=None, deadline=None)
    find(uses(kind), lambda use: accepted(use) and len(use.names) > 1, settings=generate)


@every_kind
@examples(10)
@given(data=st.data())
def test_numbers_now_or_later(kind: type[Layer], data: st.DataObject) -> None:
    """Also where it is refused: at a size where the layer does not exist with numbers, the formula has no value."""
    use = data.draw(uses(kind))
    assert later(use, choice(data, use)) == now(use)


@every_kind
@examples(10)
@given(data=st.data())
def test_counts_of_numbers(kind: type[Layer], data: st.DataObject) -> None:
    """Nothing is negative; the parameters are the product of the declared shapes, each a shape a tensor can have."""
    use = data.draw(uses(kind).filter(accepted))
    arch = symcost.parse(use.program())
    found = figures(arch)
    if (
        kind.kind == "upconv"
    ):  # with a stride above the kernel, outputs that nothing falls on are dot products of no product
        del found["exact"]
    assert all(count >= 0 for name, count in found.items() if name != "output"), found
    assert all(size > 0 for size in found["output"])
    (row,) = arch.layers
    weights = row.leaf.layer.weights(row.leaf.input)
    assert all(isinstance(size.number, int) and size.number > 0 for w in weights for size in w.shape)
    assert sum(int((product(w.shape) * w.copies).number or 0) for w in weights) == found["params"]
    assert set(row.weights) == {w.name for w in weights}
    assert len(row.weights) == len(weights)
    assert all(name.isidentifier() for name in row.weights)


@every_kind
@examples(10)
@given(data=st.data())
def test_twice_the_batch(kind: type[Layer], data: st.DataObject) -> None:
    """It is twice the work and twice the activations on the same weights."""
    use = data.draw(uses(kind).filter(accepted))
    batch = data.draw(st.integers(1, 5))
    arch = symcost.parse(f"sym B\n{use.program(batch='B')}")
    one, two = figures(arch.at(B=batch)), figures(arch.at(B=2 * batch))
    assert one == now(use, str(batch))
    assert two["params"] == one["params"]
    assert two["activations"] == 2 * one["activations"]
    assert two["output"] == (2 * batch, *one["output"][1:])
    for op in Op:
        once = one["output"][1] if op in ONCE.get(kind.kind, ()) else 0
        assert two[op] == 2 * one[op] - once, op


@every_kind
@examples(10)
@given(data=st.data())
def test_defaults(kind: type[Layer], data: st.DataObject) -> None:
    """Writing a default out changes nothing."""
    use = data.draw(uses(kind).filter(accepted))
    assert now(use.with_defaults()) == now(use)


@every_kind
@examples(3)
@given(data=st.data())
def test_what_is_said_of_its_work(kind: type[Layer], data: st.DataObject) -> None:
    """Derivations head their lines with these phrases; a kind that does not say has the first line of its docstring."""
    use = data.draw(uses(kind).filter(accepted))
    (row,) = symcost.parse(use.program(use.names)).layers
    layer, x, y = row.leaf.layer, row.leaf.input, row.leaf.output
    for share in layer.shares(x, y):
        assert re.fullmatch(r"[a-z].*[\w)]", share.what), share.what
        assert re.fullmatch(r"\S.*[\w)\]]", share.why), share.why
        if kind.shares is Layer.shares:
            assert (share.what, share.why) == (kind.kind, (kind.__doc__ or "").partition("\n")[0].removesuffix("."))
            assert all(n.integer for factors in share.each.values() for n in factors)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_layers_of_a_recurrence_are_told_apart(cell: str) -> None:
    """The first layer has another input than the others; where it is alone, nothing is said of it."""
    for layers, said in ((1, [""]), (2, [", first layer", ", other layers"])):
        leaf = symcost.parse(f"input 3@5 {cell}-4(layers={layers})").layers[0].leaf
        phrases = [share.what for share in leaf.layer.shares(leaf.input, leaf.output)]
        found = [re.search(r"(, [a-z]+ layers?)?$", phrase)[0] for phrase in phrases]  # type: ignore[index]
        assert found == [where for where in said for _ in range(len(phrases) // layers)]


# ------------------------------------------------------------------------------------------- what it is called


@every_kind
@examples(10)
@given(data=st.data())
def test_what_is_printed_is_read(kind: type[Layer], data: st.DataObject) -> None:
    """A row's text on its printed input gives its printed output; a printed formula is equal to what it was made of."""
    use = data.draw(uses(kind).filter(accepted))
    symbols = choice(data, use)
    first = symcost.parse(use.program(symbols))
    (row,) = first.layers
    declared = f"sym {', '.join(symbols)}\n" if symbols else ""
    again = symcost.parse(f"{declared}input {row.input}\n{row.text} : {row.output}")
    assert again.conditions == first.conditions
    assert (again.input, again.output) == (first.input, first.output)
    for name in ("params", "activations", "exact", *Op):
        cost = first.cost(name)
        assert cost == again.cost(name)
        assert cost == str(cost)


@every_kind
@examples(5)
@given(data=st.data())
def test_what_is_written_inside_a_block_is_read(kind: type[Layer], data: st.DataObject) -> None:
    """There a layer shows its arguments as they came out: that text is the same layer again, and shows itself."""
    use = data.draw(uses(kind).filter(accepted))
    symbols = choice(data, use)
    declared = f"sym {', '.join(symbols)}\n" if symbols else ""
    plain = symcost.parse(use.program(symbols))
    (row,) = symcost.parse(f"{declared}block b {{ {use.layer(symbols)} }}\ninput {plain.input}\nb").layers
    assert row.output == plain.output
    program = f"{declared}block b {{ {{}} }}\ninput {row.input}\nb"
    again = symcost.parse(program.replace("{}", row.text))
    assert [layer.text for layer in again.layers] == [row.text]
    assert again.conditions == plain.conditions
    for name in ("params", "activations", "exact", *Op):
        assert again.cost(name) == plain.cost(name)
    assert again.output == plain.output


# what a layer of a block is given, and what it shows: nothing that is so by itself, one size for axes that have the same
SHOWN = [
    ("conv(3)-64/1(pad=same, bias=true)", "conv3-64"),
    ("conv(3 x 3)-64/(2 x 2)(dil=(1 x 1), groups=1)", "conv3-64/2"),
    ("conv(1 x 3)-64/(1 x 2)(pad=(0 x 1), bias=false)", "conv1x3-64/1x2(pad=(0 x 1), bias=false)"),
    ("conv(K)-(2*K)/s(pad=K)", "conv(K)-(2*K)/s(pad=K)"),
    ("conv(K x 3)-d_1/(K x 3)", "conv(K x 3)-d_1/(K x 3)"),
    ("dwconv(K, pad=1)", "dwconv(K, pad=1)"),
    ("dwconv(K)/2(pad=1)", "dwconv(K)/2(pad=1)"),
    ("maxpool(2)/2", "maxpool/2"),
    ("maxpool(3)/2(round=ceil)", "maxpool3/2(round=ceil)"),
    ("gap(2 x 3)", "gap2x3"),
    ("upsample(f=3, mode=bilinear)", "upsample3(mode=bilinear)"),
    ("upsample(mode=bilinear)", "upsample(mode=bilinear)"),
    ("zeropad(after=2)", "zeropad(after=2)"),
    ("zeropad(1, 2)", "zeropad1(after=2)"),
    ("tokens grid(8 x 8)", "tokens grid8x8"),
    ("tokens grid(4 x K x K)", "tokens grid(4 x K x K)"),
    ("relbias(3, 8)", "relbias(3, 8)"),
    ("tokens attention(2, causal=true)", "tokens attention(2, causal=true)"),
    ("tokens lstm-4(layers=2, bidir=true)", "tokens lstm-4(layers=2, bidir=true)"),
    ("layernorm(over=all, bias=false)", "layernorm(bias=false, over=all)"),
    ("dropout(p=0.5)", "dropout(p=1/2)"),
]


@pytest.mark.parametrize(("given", "shown"), SHOWN)
def test_what_a_layer_of_a_block_shows(given: str, shown: str) -> None:
    net = symcost.parse(f"sym K, s, d_1  block b {{ {given} }}  input 4@8x8  b")
    assert " ".join(row.text for row in net.layers) == shown
