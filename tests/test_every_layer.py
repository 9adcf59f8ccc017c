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
