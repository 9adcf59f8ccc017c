"""A layer is refused exactly where there is no such layer: arguments drawn at random, and what each kind asks of them.

The conditions are those of PyTorch's documentation and of the papers the kinds name. That a formula with symbols has no value
where the layer with numbers is refused is tested in `test_every_layer`; what the messages say, in `test_diagnostics`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import windows
from strategies import Use, examples, uses
from test_every_layer import accepted, figures, now

import symcost
from searches.inputs import DISCRETE
from symcost import syntax as s
from symcost.layers import KINDS, Layer, known, slots

# The arguments by name: a number, a tuple with one for each axis, a word, None where it is not given.
Asked = Mapping[str, Any]


def worked_out(use: Use, value: s.Expr) -> Any:
    match value:
        case s.Ref(parts):
            word = parts[0]
            return use.sizes.get(word, {"true": True, "false": False}.get(word, word))
        case s.Axes(parts):
            return tuple(worked_out(use, part) for part in parts)
    raise AssertionError(value)


def asked(use: Use) -> dict[str, Any]:
    """What is asked of a kind, defaults included; arguments with a size for each axis as tuples."""
    kind = KINDS[use.call.text]
    left = [slot for slot in slots(kind) if slot.place == "head" and slot.default is None]
    given: dict[str, Any] = {}
    for arg in (*use.call.head, *use.call.options):
        given[left.pop(0).name if arg.name is None else arg.name] = worked_out(use, arg.value)
    for slot in slots(kind):
        pipe = {"width": use.call.width, "stride": use.call.stride}.get(slot.place)
        if pipe is not None:
            given[slot.name] = worked_out(use, pipe)
        default = slot.default or ""
        default_value = int(default) if default.isdigit() else {"true": True, "false": False}.get(default, default)
        plain = slot.flag or default.isdigit() or default in slot.words
        value = given.setdefault(slot.name, default_value if plain else None)
        if slot.name in kind.axes and isinstance(value, int):
            given[slot.name] = (value,) * len(dims_of(use))
    return given


def dims_of(use: Use) -> tuple[int, ...]:
    return tuple(use.sizes[name] for name in use.sizes if name in ("X0", "X1", "X2"))


def least(low: int, *values: Any) -> bool:
    """Whether all of them are at least so much; one that is not given is."""
    return all(
        v >= low for value in values if value is not None for v in (value if isinstance(value, tuple) else (value,))
    )


def slides(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    """At least one window fits on every axis; with round=exact the last ends where the input does."""
    if not dims or not least(1, a["k"], a["s"], a["dil"]):
        return False
    if a["pad"] == "same":
        return a["round"] != "exact" or all(n % step == 0 for n, step in zip(dims, a["s"], strict=True))
    pads = (0,) * len(dims) if a["pad"] == "valid" else a["pad"]
    return least(0, pads) and all(
        fits(*axis, a["round"]) for axis in zip(dims, a["k"], a["s"], pads, a["dil"], strict=True)
    )


def fits(n: int, k: int, step: int, p: int, d: int, rounding: str) -> bool:
    if rounding == "exact":
        return n + 2 * p >= d * (k - 1) + 1 and (n + 2 * p - d * (k - 1) - 1) % step == 0
    return bool(windows(n, k, step, p, d, "floor"))


def pools(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    """The padding is at most half of the window; with ceil_mode the one window there is may stick out."""
    steps, dil = a["s"] or a["k"], a.get("dil", (1,) * len(dims))
    if not dims or not least(1, a["k"], steps, dil) or not least(0, a["pad"]):
        return False
    for n, k, step, p, d in zip(dims, a["k"], steps, a["pad"], dil, strict=True):
        wide = d * (k - 1) + 1
        room = step - 1 if a["round"] == "ceil" else 0
        if 2 * p > wide or not fits(n + room, k, step, p, d, "floor"):
            return False
        if a["round"] == "exact" and not fits(n, k, step, p, d, "exact"):
            return False
    return True


def spreads(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    if not dims or not least(1, a["k"], a["s"], a["dil"]) or not least(0, a["pad"], a["outpad"]):
        return False
    if not divides(a["groups"], c, a["c"]):
        return False
    for n, k, step, p, o, d in zip(dims, a["k"], a["s"], a["pad"], a["outpad"], a["dil"], strict=True):
        if o >= max(step, d) or (n - 1) * step - 2 * p + d * (k - 1) + 1 + o < 1:
            return False
    return True


def divides(groups: int, *channels: int) -> bool:
    return least(1, groups, *channels) and all(n % groups == 0 for n in channels)


def recurs(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    return len(dims) == 1 and least(1, a["h"], a["layers"]) and a["biases"] in (0, 1, 2) and least(0, a.get("proj"))


def attends(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    groups = a["heads"] if a["kv_heads"] is None else a["kv_heads"]
    widths = [a[name] for name in ("dk", "dv", "keys", "kdim", "vdim")]
    if len(dims) != 1 or a["kv"] is not None or not least(1, a["heads"], groups, *widths):
        return False
    if a["causal"] and a["keys"] not in (None, dims[0]):
        return False
    return a["heads"] % groups == 0 and (a["dk"] is not None or c % a["heads"] == 0)


def attends_alone(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    """Queries, keys and values behind one another fill the channels."""
    groups = a["heads"] if a["kv_heads"] is None else a["kv_heads"]
    if len(dims) != 1 or a["kv"] is not None or not least(1, a["heads"], groups, a["dv"]) or a["heads"] % groups:
        return False
    for dk in range(1, c + 1):
        dv = dk if a["dv"] is None else a["dv"]
        if a["heads"] * dk + groups * (dk + dv) == c:
            return True
    return False


def always(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    return True


def at_positions(a: Asked, c: int, dims: tuple[int, ...]) -> bool:
    return bool(dims)


def counts(name: str) -> Callable[..., bool]:
    return lambda a, c, dims: least(1, a[name])


ASKED: dict[str, Callable[[Asked, int, tuple[int, ...]], bool]] = {
    "conv": lambda a, c, dims: slides(a, c, dims) and divides(a["groups"], c, a["c"]),
    "dwconv": lambda a, c, dims: slides(a, c, dims) and least(1, a["mult"]),
    "upconv": spreads,
    "maxpool": pools,
    "avgpool": pools,
    **dict.fromkeys(("gap", "gmp"), lambda a, c, dims: bool(dims) and least(1, a["o"])),
    **dict.fromkeys(("linear", "fc", "unembed"), counts("d")),
    "posembed": lambda a, c, dims: bool(dims) and (a["len"] is None or a["len"] >= prod(dims)),
    "segment": counts("n"),
    "cls": lambda a, c, dims: len(dims) == 1 and least(1, a["n"]),
    "rope": counts("w"),
    "relbias": lambda a, c, dims: least(1, a["h"], a["M"]) and prod(dims) == a["M"] ** 2,
    "scale": lambda a, c, dims: a["n"] in (None, 1, c),
    "prelu": lambda a, c, dims: a["n"] in (1, c),
    "layernorm": lambda a, c, dims: a["over"] == "channels" or bool(dims),
    "groupnorm": lambda a, c, dims: divides(a["g"], c),
    "instancenorm": at_positions,
    "lrn": counts("n"),
    "glu": lambda a, c, dims: c % 2 == 0,
    **dict.fromkeys(("upsample", "resize"), lambda a, c, dims: bool(dims) and least(1, a["f"])),
    "pixelshuffle": lambda a, c, dims: bool(dims) and divides(prod(a["f"]), c),
    "space2depth": lambda a, c, dims: (
        bool(dims) and least(1, a["f"]) and all(n % f == 0 for n, f in zip(dims, a["f"], strict=True))
    ),
    "zeropad": lambda a, c, dims: bool(dims) and least(0, a["before"], a["after"]),
    "shuffle": lambda a, c, dims: divides(a["g"], c),
    "crop": lambda a, c, dims: (
        bool(dims and a["to"]) and least(1, a["to"]) and all(m <= n for n, m in zip(dims, a["to"], strict=True))
    ),
    "transpose": lambda a, c, dims: len(dims) == 1,
    "first": at_positions,
    "grid": lambda a, c, dims: prod(a["o"] if isinstance(a["o"], tuple) else (a["o"],)) == prod(dims),
    **dict.fromkeys(("rnn", "gru", "lstm"), recurs),
    "attention": attends,
    "sdpa": attends_alone,
    "matmul": counts("n"),
}


@pytest.mark.parametrize("kind", known(), ids=lambda kind: kind.kind)
@examples(15)
@given(data=st.data())
def test_refused(kind: type[Layer], data: st.DataObject) -> None:
    use = data.draw(uses(kind))
    a, dims = asked(use), dims_of(use)
    if "C" not in use.sizes:  # ids, which are no numbers
        wanted = kind.kind == "id" or (kind.kind == "embed" and least(1, a["V"], a["d"]))
    else:
        wanted = kind.kind != "embed" and ASKED.get(kind.kind, always)(a, use.sizes["C"], dims)
    assert accepted(use) is wanted, use.program()


def sizes_of(kind: type[Layer]) -> bool:
    free = [slot for slot in slots(kind) if slot.sizes and (kind.kind, slot.name) not in DISCRETE]
    return bool(free) and kind.kind != "dropout"  # its p is any number


def named(use: Use, name: str, value: str) -> str:
    """The program with one of its sizes written as a formula in Q."""
    return use.program([name]).replace(f"sym {name}\n", f"sym Q\nlet {name} = {value}\n")


def at(program: str, q: int) -> dict[str, Any] | None:
    try:
        return figures(symcost.parse(program).at(Q=q))
    except symcost.SymcostError:
        return None


@pytest.mark.parametrize("kind", [kind for kind in known() if sizes_of(kind)], ids=lambda kind: kind.kind)
@examples(2)
@given(data=st.data())
def test_sizes_are_whole_and_not_negative(kind: type[Layer], data: st.DataObject) -> None:
    """A size below zero or between two numbers is refused, as a number and as what a symbol comes to."""
    inputs = ("C", "X0", "X1", "X2")
    use = data.draw(uses(kind).filter(lambda use: accepted(use) and set(use.names) - {*inputs}))
    name = data.draw(st.sampled_from([name for name in use.names if name not in inputs]))
    right = use.sizes[name]
    for formula, q in [(f"Q - {5 - right}", 5), ("(Q - 1)/2", 2 * right + 1), ("8 - Q", 8 - right)]:
        assert at(named(use, name, formula), q) == now(use), named(use, name, formula)
    for wrong, q in [("-1", 1), ("1/2", 1), ("Q - 6", 5), ("(Q - 1)/2", 2 * right + 2), ("1 + Q/2", 1), ("8 - Q", 9)]:
        assert at(named(use, name, wrong), q) is None, named(use, name, wrong)


@pytest.mark.parametrize("kind", ["maxpool", "avgpool"])
@pytest.mark.parametrize(
    "side, pool, fits",
    [
        (3, "3/2", True),
        (2, "3/2", False),
        # rounded up there are ⌈(2 - k)/s⌉ + 1 windows
        (2, "3/2(round=ceil)", True),
        (2, "4/2(round=ceil)", False),
        (2, "4/3(round=ceil)", True),
        (2, "3/1(round=ceil)", False),
        (2, "3/2(round=exact)", False),
        (5, "3/2(round=exact)", True),
        (6, "3/2(round=exact)", False),
        # padding of half a window
        (1, "2/2(pad=1)", True),
        (1, "3/2(pad=1)", True),
        (9, "3/2(pad=2)", False),
    ],
)
def test_windows_that_just_fit(kind: str, side: int, pool: str, fits: bool) -> None:
    try:
        net = symcost.parse(f"input 3@{side}x{side} {kind}{pool}")
    except symcost.SymcostError:
        assert not fits
    else:
        assert fits and net.output is not None and min(net.output.tuple()) >= 1


WIDTHS = ("kv_heads", "dk", "dv", "keys", "kdim", "vdim")


@pytest.mark.parametrize(
    "program, code, said",
    [
        ("input 3@8x8 conv3-(7/2)", "bad-value", "width must be a whole number, not 7/2"),
        ("sym K  input 3@8x8 conv3-(K + 1/2)", "bad-value", "width must be a whole number"),
        ("input 3@8x8 conv3-0", "bad-value", "width must be at least 1, not 0"),
        ("input 3@8x8 conv3-4/(-1)", "bad-value", "stride must be at least 1, not -1"),
        ("input 3@8x8 conv3-4(pad=-1)", "bad-value", "padding must not be negative, and is -1"),
        ("input 3@8x8 zeropad(after=1/2)", "bad-value", "after must be a whole number, not 1/2"),
        ("input 3@8x8 conv9-4(pad=0)", "kernel-too-large", "a window of 9 does not fit into 8 positions"),
        ("input 3@1 conv9-4(pad=2)", "kernel-too-large", "a window of 9 does not fit into 1 position padded by 2"),
        ("input 3@8x8 maxpool2(pad=2)", "layer-needs", "a padding of 2 exceeds half of the window of 2"),
        ("input 3@8x8 conv3-4(groups=2)", "groups", "groups must divide the input channels"),
        ("input 4@8x8 conv3-3(groups=2)", "groups", "groups must divide the output channels"),
        ("input 3@8x8 shuffle(2)", "groups", "groups must divide the channels"),
        ("input 3@8x8 groupnorm(2)", "groups", "groups must divide the channels"),
        ("input 3@8 posembed(17/2)", "bad-value", "len must be a whole number, not 17/2"),
        *((f"input 4@8 attention(2, {n}=0)", "bad-value", f"{n} must be at least 1, not 0") for n in WIDTHS),
        ("input 4@8 sdpa(1, dv=0)", "bad-value", "dv must be at least 1, not 0"),
        ("input 4@8 upconv3-4(outpad=-1)", "bad-value", "output padding must not be negative, and is -1"),
        ("input m: 5@7 input q: 4@3 sdpa(2, kv=m)", "layer-needs", "keys and values of width 2 and 2 for 2 heads"),
        ("input m: 5@7 input q: 4@3 matmul(m)", "layer-needs", "both sides of 'matmul' have vectors of one width"),
        ("input m: 8@3 input q: 4@4 sdpa(2, kv=m, causal=true)", "layer-needs", "as many keys as queries"),
        ("input m: 5@3 input q: 4@4 attention(2, kv=m, causal=true)", "layer-needs", "as many keys as queries"),
        ("input m: 5@3 input q: 4@4 attention(2, kv=m, keys=3)", "given-twice", "has its own keys, kdim and vdim"),
        ("input 3@8 lstm-4(proj=-1)", "layer-needs", "proj must be at least 1"),
        ("sym P  input 3@8 lstm-4(proj=-P)", "layer-needs", "proj must be at least 1"),
        ("input 3@8 gru-4(biases=3)", "bad-value", "'biases' is 0, 1 or 2 bias vectors a gate, not 3"),
        ("input 4@4 attention(2, kv=3)", "tensor-needed", "'kv' of 'attention' names a tensor"),
        ("input 8@4 sdpa(2, kv=3)", "tensor-needed", "'kv' of 'sdpa' names a tensor"),
        ("input m: 5@7 input q: 4@3x3 crop(m)", "wrong-rank", "'crop' to 1 axes on 4@3x3"),
        ("input 3@8x8 crop(8)  lstm-4", "wrong-rank", "'tokens' puts all positions in one row"),
        ("input 3@8x8 attention(3)", "wrong-rank", "'tokens' puts all positions in one row"),
        ("input 3@8x8 sdpa(1)", "wrong-rank", "'tokens' puts all positions in one row"),
    ],
)
def test_it_is_said_with_the_numbers(program: str, code: str, said: str) -> None:
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(program)
    assert said in str(refused.value)
    assert refused.value.diagnostics[0].code == code


@pytest.mark.parametrize("layer", ["lstm-4", "attention(3)", "sdpa(1)"])
def test_help_is_only_given_where_it_helps(layer: str) -> None:
    """A vector has no positions to put in a row."""
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(f"input 3 {layer}")
    assert "needs" in str(refused.value) or "has none" in str(refused.value)
    assert "help" not in str(refused.value)
