"""Factors stand in the order of what their symbols are in the network, whatever the symbols are called."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost.derive import derive
from symcost.render.document import Document, rendered
from symcost.render.symbols import meanings
from symcost.sizes.notation import UNICODE, Role

BATCH, LENGTH, REPEATS, CHANNELS, KERNEL, SIDE = list(Role)[:6]

# A network with {} for each symbol, and what each of them is.
NETS = {
    "image": (
        "sym {0}, {1}, {2}, {3}, {4}, {5} set batch = {0} input {1}@{2} x {3} conv({4})-{5} conv({4})-{5}/2",
        (BATCH, CHANNELS, SIDE, SIDE, KERNEL, CHANNELS),
    ),
    "sequence": (
        "sym {0}, {1}, {2}, {3}, {4} set batch = {0} input ids@{1} embed({2})-{3} "
        "[residual {{ layernorm attention(1) }} residual {{ linear-(4*{3}) gelu linear-{3} }}] x {4} linear-{2}",
        (BATCH, LENGTH, CHANNELS, CHANNELS, REPEATS),
    ),
    "signal": (
        "sym {0}, {1}, {2}, {3}, {4} set batch = {0} input {1}@{2} conv({3})-{4}/{3} conv({3})-{4}",
        (BATCH, CHANNELS, SIDE, KERNEL, CHANNELS),
    ),
    "deep": (
        "sym {0}, {1}, {2}, {3} input {0}@{1} x {1} [conv3-{0} relu] x {2} conv({3})-{0}",
        (CHANNELS, SIDE, REPEATS, KERNEL),
    ),
}
NAMES = ("A", "C", "D", "H", "K", "N", "T", "W", "X", "Y", "b", "d", "h", "k", "n", "p", "w", "x", "Cin", "alpha")


def factors(formula: str, roles: dict[str, Role]) -> list[list[Role]]:
    """The roles in each product of an expanded formula, roundings as what is in them."""
    products = (product.split("·") for product in re.split(r" [+-] ", formula))
    named = ([[roles[n] for n in re.findall(r"[A-Za-z]+", f) if n in roles] for f in product] for product in products)
    return [[max(found) for found in product if found] for product in named]


@pytest.mark.parametrize("program, roles", NETS.values(), ids=NETS)
@examples(25)
@given(data=st.data())
def test_factors_stand_in_the_order_of_their_roles(program: str, roles: tuple[Role, ...], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=len(roles), max_size=len(roles), unique=True))
    net = symcost.parse(program.format(*names))
    given = dict(zip(names, roles, strict=True))
    for cost in (net.params, net.macs, net.flops, net.activations):
        for order in factors(cost.form("expanded").resolved().text(UNICODE), given):
            assert all(a <= b for a, b in pairwise(order)), (names, str(cost))


def test_every_way_of_writing_has_the_order() -> None:
    """A batch called N, sides A and B, a kernel D: text, LaTeX, Typst, Markdown, JSON, the report, a derivation, a study."""
    source = "sym A, B, D, M, N set batch = N input M@A x B conv(D)-M"
    net = symcost.parse(source)
    assert str(net.macs) == "N*M^2*D^2*A*B"
    assert net.macs.latex() == "N M^{2} D^{2} A B"
    document = Document(net, "net")
    written = {"text": "N·M²·D²·A·B", "latex": "N M^{2} D^{2} A B", "typst": "N M^(2) D^(2) A B"}
    written |= {"markdown": "N M^{2} D^{2} A B", "json": "N*M^2*D^2*A*B"}
    for form, formula in written.items():
        assert formula in rendered(document, form), form
    assert "N·M²·D²·A·B" in derive(net).text()
    report = re.sub(r"<[^>]*>|\u2062", "", rendered(document, "html"))
    assert "NM2D2AB" in report
    assert net.at(M=64).macs.latex() == r"4096 N D^{2} A B"
    assert "N M^{2} D^{2} A B" in net.macs.scaling("A")._repr_mimebundle_()["text/markdown"]


def test_lengths_stand_behind_the_batch_unless_kernels_slide_along_them() -> None:
    tokens = symcost.parse("sym T, d, B set batch = B input d@T linear-d")
    signal = symcost.parse("sym T, d, B, k set batch = B input d@T conv(k)-d")
    assert str(tokens.macs) == "B*T*d^2"
    assert str(signal.macs).startswith("B*d^2*k*")


@pytest.mark.parametrize(
    ("program", "macs"),
    [  # names that end in a digit; two symbols; one
        ("sym b, b1 set batch = b1 input b@T linear-b", "b1*T*b^2"),
        ("sym b, b1 set batch = b input b1@T linear-b1", "b*T*b1^2"),
        ("sym T, B set batch = T input 3@B linear-4", "12*T*B"),
        ("sym X, B set batch = X input 3@B linear-4", "12*X*B"),
        ("sym C, A set batch = C input 3@A x A conv3-4", "108*C*A^2"),
        ("sym W, k input 3@8 linear-W x 2 linear-k", "8*W*(W + k + 3)"),
        ("sym B input 3@B linear-4", "12*B"),
        ("sym a, k input 3@(2*a) x (2*a) conv(k)-4(pad=same)", "48*k^2*a^2"),
        ("sym a, b set batch = 2*a input 3@(2*b) linear-4", "48*a*b"),
        ("sym b, a set batch = 2*b input (2*a)@8 linear-4", "128*b*a"),
    ],
)
def test_short_products_have_the_order_too(program: str, macs: str) -> None:
    assert str(symcost.parse(program).macs) == macs


def test_repeats_in_repeats_are_walked_once() -> None:
    """Asking each for its first layer anew would take twice as long for every level."""
    net = symcost.parse("sym C, X input C@X x X " + "[" * 40 + "id conv3-C" + "] x 2" * 40)
    assert str(net.params) == f"{2**40}*C*(9*C + 1)"
    counted = symcost.parse("sym C, X, m, n input C@X x X [[id conv3-C] x n relu] x m")
    assert meanings(counted)["n"] == meanings(counted)["m"] == "number of repeats of conv3-C"


def test_a_named_size_is_what_it_is_made_of() -> None:
    net = symcost.parse("sym B, A, Z set batch = Z input B@A x A conv3-B/2 : B@S x S conv3-B")
    assert str(net.layers[-1].macs) == "9*Z*B^2*S^2"


def test_a_symbol_that_stands_alone_somewhere_is_what_it_is_there() -> None:
    """A number of repeats that widths are made of is a number of repeats; one that is only in widths is a width."""
    both = symcost.parse("sym X, b, n input b@X x X [conv3-b relu] x n conv3-(b*2^n)")
    assert str(both.layers[-1].params) == "2^n*b*(9*b + 1)"
    width = symcost.parse("sym X, b, n input b@X x X conv3-(b*2^n)")
    assert str(width.params) == "b*2^n*(9*b + 1)"


MEANT = {  # a network, and what its symbols are to a reader
    "sym a, b, c, d input a@b conv(c)-d conv3-4": {
        "a": "input channels",
        "b": "length of the input",
        "c": "kernel side of conv(c)-d",
        "d": "output channels of conv(c)-d",
    },
    "sym a, b, c input a@b x b x b conv3-c": {
        "a": "input channels",
        "b": "side of the input",
        "c": "output channels of conv3-c",
    },
    "sym a, b, c, d input a@b x c x d relu": {
        "a": "input channels",
        "b": "size of the input",
        "c": "size of the input",
        "d": "size of the input",
    },
    "sym V, d input ids@T embed(V)-d": {
        "V": "vocabulary of embed(V)-d",
        "d": "output width of embed(V)-d",
        "T": "length of the input",
    },
    "sym b, c input 8@T linear-b [id linear-b relu] x c": {
        "b": "output width of linear-b",
        "c": "number of repeats of linear-b",
        "T": "length of the input",
    },
    "sym s, p, g, m input 8@X x Y conv3-16/s(pad=p) dwconv3(mult=m) [conv3-16(groups=g, dil=1, bias=false) bn]": {
        "s": "stride of conv3-16/s(pad=p)",
        "p": "padding of conv3-16/s(pad=p)",
        "g": "groups of conv",
        "m": "channel multiplier of dwconv3(mult=m)",
        "X": "height of the input",
        "Y": "width of the input",
    },
    "sym n, r, k input d@T gru-16(layers=n) linear-8 rnn-r experts(k) { linear-3 } linear-8": {
        "n": "layers of gru-16(layers=n)",
        "r": "hidden width of rnn-r",
        "k": "number of experts",
        "d": "input channels",
        "T": "length of the input",
    },
    "sym E, k input d@T experts(E, active=2*k) { linear-3 }": {
        "E": "number of experts",
        "k": "experts that a token uses",
        "d": "input channels",
        "T": "length of the input",
    },
    "sym a, b, c, d, e input 8@T linear-8 x a shared block f { linear-b } f experts(4, active=c, router=false) { linear-8 } "
    "idle { linear-d } for i in 1..e { concat { id | linear-i } }": {
        "a": "number of repeats of linear-8",
        "b": "output width of linear-b",
        "c": "experts that a token uses",
        "d": "output width of linear-d",
        "e": "number of repeats of linear-i",
        "T": "length of the input",
    },
    "assume X % 4 == 0 input 3@X x X conv3-4/2": {"X": "side of the input"},
    "sym n input 4@T [add { id | id }] x n": {"n": "number of repeats of add", "T": "length of the input"},
    "sym a, b, c input 3@X if a > 2 { linear-b } else { linear-b } freeze { linear-c }": {
        "b": "output width of linear-b",
        "c": "output width of linear-c",
        "X": "length of the input",
    },
}


@pytest.mark.parametrize("program", MEANT)
def test_what_symbols_mean(program: str) -> None:
    assert meanings(symcost.parse(program)) == MEANT[program]
