"""The Python interface: networks, rows, costs, values for symbols, and SymPy on both sides."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given
from strategies import examples, files, written

import symcost
from symcost import Architecture, DomainError, SymcostError
from symcost.syntax import File

VGG = Path(__file__).parent.parent / "examples" / "vgg16.arch"
CONV = "sym K, Cout, s, P\ninput Cin@X x X\nconv(K)-Cout/s(pad=P) : Cout@M x M"
PAIR = "input 3@X x X\nconv3-64 maxpool conv3-128/2"
X, n = sympy.symbols("X n", integer=True, positive=True)


def parse(text: str) -> Architecture:
    return symcost.parse(text)


def code(make: Any) -> str:
    """The code of the one diagnostic something raises."""
    with pytest.raises(SymcostError) as caught:
        make()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code


@pytest.fixture(scope="module")
def conv() -> Architecture:
    return parse(CONV)


@pytest.fixture(scope="module")
def pair() -> Architecture:
    return parse(PAIR)


# ---------------------------------------------------------------------------------------------------- a network


def test_public_names() -> None:
    assert sorted(symcost.__all__) == [
        "Architecture",
        "Cost",
        "Diagnostic",
        "DomainError",
        "SymcostError",
        "formula",
        "limits",
        "load",
        "parse",
    ]
    assert set(symcost.__all__) <= set(dir(symcost))
    with pytest.raises(AttributeError, match="no attribute 'pars'"):
        symcost.pars  # noqa: B018


def test_load() -> None:
    net = symcost.load(VGG)
    assert net.params.at(X=224) == 138357544
    assert symcost.load(str(VGG)).macs == net.macs
    assert code(lambda: symcost.load(VGG.parent)) == "unreadable"
    assert code(lambda: symcost.load("no/such.arch")) == "unreadable"


def test_the_five_costs(pair: Architecture) -> None:
    net = pair.at(X=8)
    assert (net.params, net.macs, net.flops) == (75648, 1728 * 64 + 4 * 73728, 2 * 405504)
    assert net.activations == 64 * 64 + 64 * 16 + 128 * 4
    assert net.cost("exact") == 2 * 405504 + 3 * 64 * 16
    assert net.count("mac") == net.macs
    assert net.count("cmp") == 3 * 64 * 16
    assert net.count("exp") == 0
    for name in ("params", "activations", "macs", "flops"):
        assert net.cost(name) == getattr(net, name)
    assert net.cost("act") == net.activations


def test_units(pair: Architecture) -> None:
    costs = (pair.params, pair.macs, pair.flops, pair.cost("exact"), pair.activations, pair.count("cmp"))
    assert [c.unit for c in costs] == ["parameters", "MACs", "FLOPs", "FLOPs", "elements", "cmp"]
    assert [c.convention for c in costs] == [None, "macs", "flops", "exact", None, None]
    assert [c.uncounted for c in costs] == [(), ("add", "cmp"), ("add", "cmp"), (), (), ()]


@pytest.mark.parametrize("ask", ["cost", "count"])
def test_unknown_cost(pair: Architecture, ask: str) -> None:
    assert code(lambda: getattr(pair, ask)("mcas")) == "unknown-cost"


def test_rows(pair: Architecture) -> None:
    rows = pair.layers
    assert [row.text for row in rows] == ["conv3-64", "maxpool", "conv3-128/2"]
    assert [row.kind for row in rows] == ["conv", "maxpool", "conv"]
    assert [row.repeat for row in rows] == [1, 1, 1]
    assert [str(row.input) for row in rows] == ["3@X x X", "64@X x X", "64@(floor(X/2)) x (floor(X/2))"]
    assert rows[0].params == 1792
    assert rows[0].macs == rows[0].cost("macs") == "1728*X^2"
    assert rows[1].count("cmp") == "192*floor(X/2)^2"
    assert rows[0].activations == "64*X^2"
    assert {name: tuple(map(str, shape)) for name, shape in rows[0].weights.items()} == {
        "weight": ("64", "3", "3", "3"),
        "bias": ("64",),
    }
    assert repr(rows[1]) == "<symcost.Row maxpool: 64@X x X -> 64@(floor(X/2)) x (floor(X/2))>"


def test_rows_repeat() -> None:
    """Equal turns are one row, whose figures are those of one turn."""
    net = parse("sym n\ninput C@T\n[conv3-C relu] x n linear-7")
    conv, relu, linear = net.layers
    assert (conv.repeat, linear.repeat) == ("n", 1)
    assert relu.repeat == n
    assert conv.params == "3*C^2 + C"
    assert net.params == "n*(3*C^2 + C) + 7*C + 7"
    assert net.at(n=3).layers[0].repeat == 3
    assert isinstance(net.at(n=3).layers[0].repeat, int)
    assert parse("input 3@8 conv3-64 x 3").layers[1].repeat == 2


def test_shapes(pair: Architecture, conv: Architecture) -> None:
    shape = pair.at(X=9).output
    assert shape.tuple() == (1, 128, 2, 2)
    assert (shape.batch, shape.channels, shape.dims) == (1, 128, (2, 2))
    assert {shape.channels, shape.dims} == {128, (2, 2)}
    assert str(conv.output) == "Cout@M x M"
    assert str(parse("input ids@T embed(V)-d; sym V, d").output) == "d@T"
    with pytest.raises(ValueError, match="not numeric"):
        pair.output.tuple()


def test_repr(pair: Architecture) -> None:
    assert repr(pair.at(X=8)) == "<symcost.Architecture 3@8x8 -> 128@2x2, 3 layers>"
    assert repr(pair.params) == "Cost('75648', unit='parameters')"
    assert repr(pair.at(X=8).flops) == "Cost('811008', unit='FLOPs', convention='flops')"
    assert repr(parse("net v { input 3 fc-2 }").net("v")) == "<symcost.Architecture v: 3 -> 2, 1 layers>"


# ------------------------------------------------------------------------------------------- values for symbols


@pytest.mark.parametrize(
    "value, macs",
    [
        (8, "405504"),
        (Fraction(8), "405504"),
        (8.0, "405504"),
        ("8", "405504"),
        ("2^3", "405504"),
        (sympy.Integer(8), "405504"),
        ("4*k", "27648*k^2 + 73728*k^2"),
        (4 * n, "101376*n^2"),
        (sympy.Symbol("n") * 4, "101376*n^2"),
        ("k", "1728*k^2 + 73728*floor((k + 2)/4)^2"),
        (sympy.floor(n / 2) * 4, "101376*floor(n/2)^2"),
        (sympy.ceiling(n / 2) * 4, "101376*ceil(n/2)^2"),
        (sympy.Max(n, 4) * 4, "101376*max(n, 4)^2"),
    ],
)
def test_at(pair: Architecture, value: Any, macs: str) -> None:
    """One value in every form, to the network or to its cost."""
    assert pair.at(X=value).macs == macs
    assert pair.macs.at(X=value) == macs
    assert pair.at({"X": value}).macs == macs
    assert pair.at({X: value}).macs == macs
    assert pair.at({sympy.Symbol("X"): value}).macs == macs


def test_at_another_cost(pair: Architecture) -> None:
    other = parse("input c@1 conv1-4")
    assert pair.at(X=other.macs).macs == "27648*c^2 + 73728*c^2"
    assert pair.at(X=other.macs).at(c=2).macs == 405504


def test_at_in_steps(pair: Architecture) -> None:
    """Symbols that come in with a value are symbols of the result."""
    net = pair.at(X="a + b")
    assert net.symbols == ("a", "b")
    assert net.at(a=3).symbols == ("b",)
    assert net.at(a=3).at(b=5).macs == 405504
    assert pair.macs.at(X="a + b").at(a=3, b=5) == 405504
    assert pair.at(X="2*X").at(X="2*X").at(X=2).macs == 405504
    assert pair.at().macs == pair.macs


NO_VALUES = [
    None,
    True,
    float("nan"),
    float("inf"),
    sympy.pi,
    sympy.Float(2),
    sympy.oo,
    sympy.I,
    object(),
    [3],
    (3,),
    {3},
]


@pytest.mark.parametrize("value", NO_VALUES, ids=lambda value: type(value).__name__)
def test_not_exact(pair: Architecture, value: Any) -> None:
    assert code(lambda: pair.at(X=value)) == "not-exact"


@pytest.mark.parametrize(
    "wrap", [lambda text: (text,), lambda text: [text], lambda text: {"a": text}, lambda text: {text}]
)
def test_text_is_not_evaluated(pair: Architecture, wrap: Any, tmp_path: Path) -> None:
    """SymPy evaluates the text it is given, also text inside a list: none may reach it."""
    mark = tmp_path / "mark"
    value = wrap(f"open({str(mark)!r}, 'w')")
    assert code(lambda: pair.at(X=value)) == "not-exact"
    assert pair.macs != value
    assert not mark.exists()


def test_names_that_sympy_knows() -> None:
    """``S``, ``N``, ``E``, ``I``, ``beta`` and ``lambda`` are symbols like others."""
    net = parse("sym S, N, beta, lambda\ninput E@I x Q\nconv(N)-S\nlinear-beta linear-lambda")
    assert net.symbols == ("S", "N", "beta", "lambda", "E", "I", "Q")
    assert net.params == "S*(E*N^2 + 1) + beta*(S + 1) + lambda*(beta + 1)"
    assert {str(s) for s in net.params.free_symbols} == {"S", "N", "beta", "lambda", "E"}
    assert net.at(S=1, N=1, beta=1, **{"lambda": 1}).params == "E + 5"
    assert symcost.formula("E*I").free_symbols == {sympy.Symbol(s, integer=True, positive=True) for s in "EI"}


def test_unknown_symbol(pair: Architecture) -> None:
    assert code(lambda: pair.at(Y=3)) == "unknown-symbol"
    assert code(lambda: pair.at({3: 3})) == "unknown-symbol"
    assert code(lambda: pair.macs.at(Y=3)) == "unknown-symbol"
    assert code(lambda: pair.at(X=8).at(X=8)) == "unknown-symbol"
    assert code(lambda: pair.at(X="2*")) == "unexpected-end"


# ---------------------------------------------------------------------------------------------------- the domain


@pytest.mark.parametrize(
    "program, values",
    [
        ("input 3@X x X conv3-64", {"X": 0}),
        ("input 3@X x X conv3-64", {"X": "5/2"}),
        ("input 3@X x X conv7-64(pad=0)", {"X": 6}),
        ("sym g; input C@X conv3-64(groups=g)", {"g": 3}),
        ("sym g; input C@X conv3-64(groups=g)", {"g": 4, "C": 6}),
        ("assume X >= 32; input 3@X x X conv3-64", {"X": 31}),
        ("assume X < 32; input 3@X x X conv3-64", {"X": 32}),
        ("assume X % 32 == 0; input 3@X x X conv3-64", {"X": 33}),
        ("assume X % 32 == 28; input 3@X x X conv3-64", {"X": 32}),
        ("sym h; input d@T attention(h)", {"h": 5, "d": 8}),
        (CONV, {"M": 0}),
        (CONV, {"M": 7, "X": 224, "K": 3, "s": 1, "P": 1}),
        (CONV, {"P": -1}),
        ("sym n; input 3@X conv3-8 x n", {"n": 0}),
        ("sym n; input 3@X conv3-8 x n", {"n": "1/2"}),
    ],
)
def test_outside(program: str, values: dict[str, Any]) -> None:
    """Both the network and its costs refuse sizes at which it does not exist, and say why."""
    net = parse(program)
    for asked in (net, net.macs):
        with pytest.raises(DomainError) as caught:
            asked.at(values)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "outside-domain"
        assert diagnostic.notes
    with pytest.raises(DomainError):  # one value after the other
        for name, value in values.items():
            net = net.at({name: value})


def test_outside_of_a_formula() -> None:
    """A formula keeps to the bounds of the symbol it is given to, from then on."""
    net = parse("input 3@X x X conv7-64(pad=0)").at(X="k - 3")
    assert net.conditions == ("k ≥ 10",)
    assert net.at(k=10).output.tuple() == (1, 64, 1, 1)
    with pytest.raises(DomainError):
        net.at(k=9)
    half = parse("input 3@X x X conv3-64").at(X="k/2")
    assert half.conditions == ("2 | k",)
    with pytest.raises(DomainError, match="X is an integer"):
        half.at(k=7)


def test_conditions(conv: Architecture) -> None:
    assert conv.conditions == conv.macs.conditions == ("X + 2·P ≥ K",)
    assert conv.at(P=0).conditions == ("X ≥ K",)
    assert conv.at(K=3, P=1).conditions == ()
    assert parse("input 3@X x X conv3-64 maxpool maxpool").conditions == ("X ≥ 4",)


def test_defaults() -> None:
    net = symcost.load(VGG)
    assert net.defaults() == {"X": 224}
    assert net.at(net.defaults()).params == 138357544
    assert net.symbols == ("X",)


# -------------------------------------------------------------------------------- named sizes, rounding, facts


def test_named_sizes(conv: Architecture) -> None:
    assert conv.macs == "Cin*Cout*K^2*M^2"
    assert str(conv.macs) == "Cin*Cout*K^2*M^2"
    assert conv.macs.names == {"M": "floor((X - K + 2*P)/s) + 1"}
    assert str(conv.macs.resolved()) == "Cin*Cout*K^2*(floor((X - K + 2*P)/s) + 1)^2"
    assert conv.macs.resolved() == conv.macs
    assert conv.macs == "Cin*Cout*K^2*(floor((X - K + 2*P)/s) + 1)^2"
    assert conv.macs.at(M=7) == "49*Cin*Cout*K^2"
    assert conv.at(M=7).conditions == ("X + 2·P ≥ K", "⌊(X - K + 2·P)/s⌋ = 6")
    assert str(conv.at(K=3, s=1, P=1).macs) == "9*Cin*Cout*X^2"
    assert str(conv.at(X=224, K=7, s=2, P=3).output) == "Cout@112x112"


def test_shape_checks() -> None:
    assert code(lambda: parse("input 3@X x X conv3-64/2 : 64@X x (X + 1)")) == "shape-mismatch"
    assert (
        parse("input 3@X x X conv3-64/2 : 64@(ceil(X/2)) x M").output.dims[0]
        == parse("input 3@X x X conv3-64/2").output.dims[0]
    )
    assert parse("input 3@X x X conv3-64 : 64@8 x X").conditions == ("X = 8",)


def test_round_exact() -> None:
    """The textbook's quotient without its rounding, with the condition under which it is a number of positions."""
    net = parse("sym K, s; input C@X x X; conv(K)-64/s(pad=0, round=exact)")
    assert net.macs == "64*C*K^2*((X - K)/s + 1)^2"
    assert net.conditions == ("X ≥ K", "s | X - K")
    assert net.at(X=9, K=3, s=2).macs == "9216*C"
    with pytest.raises(DomainError, match="round=exact"):
        net.at(X=10, K=3, s=2)


FACTS = [
    ("", "216*ceil(X/2)^2 + 576*ceil(X/4)^2"),
    ("assume X % 4 == 0", "90*X^2"),
    ("assume X % 32 == 0", "90*X^2"),
    ("assume X % 32 == 28", "90*X^2"),
    ("assume X % 4 == 1", "54*(X + 1)^2 + 36*(X + 3)^2"),
    ("sym m; assume X == 32*m", "92160*m^2"),
    ("sym m; assume X == 4*m + 1", "216*(2*m + 1)^2 + 576*(m + 1)^2"),
]


FROM_M = {"sym m; assume X == 32*m": lambda m: 32 * m, "sym m; assume X == 4*m + 1": lambda m: 4 * m + 1}


@pytest.mark.parametrize("fact, macs", FACTS)
def test_facts_remove_floors(fact: str, macs: str) -> None:
    """The formula is shorter, and says the same wherever the fact holds."""
    text = "input 3@X x X; conv3-8/2 conv3-8/2"
    net, plain = parse(f"{fact}; {text}"), parse(text)
    assert net.macs == macs
    assert ("ceil" in str(net.macs)) == (not fact)
    assert len(net.conditions) == (1 if fact else 0)
    checked = 0
    for k in range(1, 70):
        try:
            at, x = (net.at(m=k), FROM_M[fact](k)) if fact in FROM_M else (net.at(X=k), k)
        except DomainError:
            continue
        checked += 1
        assert at.macs == plain.at(X=x).macs
    assert checked >= 2


def test_bounds() -> None:
    """``assume`` with a bound decides what would be a condition otherwise."""
    text = "input 3@X x X conv7-64(pad=0)"
    assert parse(text).conditions == ("X ≥ 7",)
    assert parse(f"assume X >= 7; {text}").conditions == ("X ≥ 7",)
    assert parse(f"assume X >= 9; {text}").conditions == ("X ≥ 9",)
    assert code(lambda: parse(f"assume X < 7; {text}")) == "kernel-too-large"
    assert code(lambda: parse("assume X > 3, X < 3; input 3@X relu")) == "contradiction"


def test_three_values() -> None:
    """Proved: nothing is said. Refuted: an error with a place. Undecided: a condition, or with strict an error."""
    text = "input 3@X x X conv7-64(pad=0)"
    assert parse("input 3@8x8 conv7-64(pad=0)").conditions == ()
    assert code(lambda: parse("input 3@6x6 conv7-64(pad=0)")) == "kernel-too-large"
    assert parse(text).conditions == ("X ≥ 7",)
    assert code(lambda: parse(f"set strict = true; {text}")) == "unproved"
    assert parse(f"set strict = true; assume X >= 7; {text}").conditions == ("X ≥ 7",)


# ----------------------------------------------------------------------------- batch, metrics, layers, nets


def test_batch() -> None:
    net = parse("sym B; set batch = B; input 3@X x X conv3-8 bn fc-10")
    one = parse("input 3@X x X conv3-8 bn fc-10")
    assert net.params == one.params
    assert net.macs == "296*B*X^2"
    assert net.activations == "B*(16*X^2 + 10)"
    assert str(net.output.batch) == "B"
    assert net.at(B=4, X=8).output.tuple() == (4, 10)
    assert net.at(B=1).cost("exact") == one.cost("exact")
    assert parse("set batch = 8; input 3@X x X conv3-8").macs == "1728*X^2"
    assert code(lambda: parse("set batch = 0; input 3 fc-2")) == "bad-value"


def test_metrics() -> None:
    """A cost of one's own: counted by one's own layers for a sample or once for the batch, or a formula of other costs."""
    net = parse("""
        sym B, T = 100
        metric kv
        metric table: batch
        metric bytes = 2*kv + 4*params
        metric total = B*macs
        set batch = 4
        layer cached(h) : c@t -> c@t { params = c*h; mac = t*c*h; kv = 2*t*h; table = h }
        input d@T
        cached(8) x 3
    """)
    assert net.cost("kv") == net.count("kv") == "3*4*2*8*T"
    assert net.cost("table") == "3*8"
    assert net.cost("bytes") == "2*192*T + 4*24*d"
    assert net.cost("total") == "B*96*T*d"
    assert net.at(B=2, T=10).cost("total") == "1920*d"
    assert net.cost("total").at(B=2, T=10, d=1) == 1920
    assert net.cost("kv").unit == "kv"
    assert net.layers[0].count("kv") == "64*T"


def test_user_layers() -> None:
    net = parse("""
        layer patchify(p) : c@h x w -> (c*p^2)@(h/p) x (w/p) { }
        layer head-n/s(bias=1) : c@* -> n { let all = in.size; params = n*all + bias*n; mac = n*all/s; act = n }
        assume X % 4 == 0
        input 3@X x X
        patchify(4) head-10/2(bias=0)
    """)
    first, second = net.layers
    assert str(first.output) == "48@(X/4) x (X/4)"
    assert (first.kind, second.kind) == ("patchify", "head")
    assert second.params == "30*X^2"
    assert net.macs == "15*X^2"
    assert second.activations == 10


def test_nets() -> None:
    text = "net vgg(n, q=1) { input 3@X x X conv3-64 x n [conv1-64] x q }\nnet u(C) { input C@8 conv3-C }"
    file = parse(text)
    assert file.nets == ("vgg", "u")
    assert file.net("vgg", 2).macs == "42688*X^2"
    assert file.net("vgg", n=2, q=0).macs == "38592*X^2"
    for value in ("N", sympy.Symbol("N"), sympy.Symbol("N", integer=True, positive=True)):
        net = file.net("vgg", value)
        assert net.macs == "X^2*(36864*N - 31040)"
        assert net.at(N=2).macs == "42688*X^2"
        assert net.at(N=2, X=1).macs == 42688
    assert file.net("u", 4).params == 52
    assert file.net("vgg", 2).at(X=2).net("u", 4).params == 52


@pytest.mark.parametrize(
    "ask, wanted",
    [
        (lambda f: f.net("vgq"), "unknown-net"),
        (lambda f: f.net("vgg", 1, 2, 3), "too-many"),
        (lambda f: f.net("vgg", 1, z=3), "unknown-option"),
        (lambda f: f.net("vgg", 1, n=3), "given-twice"),
        (lambda f: f.net("vgg", "1/2"), "bad-value"),
        (lambda f: f.net("vgg", -1), "bad-value"),
        (lambda f: f.net("vgg", None), "not-exact"),
    ],
)
def test_nets_refuse(ask: Any, wanted: str) -> None:
    file = parse("net vgg(n, q=1) { input 3@X x X conv3-64 x n [conv1-64] x q }")
    assert code(lambda: ask(file)) == wanted


def test_parameters_left_out_stay_symbols() -> None:
    file = parse("net vgg(n, w, q=1) { input w@X x X conv3-w x n [conv1-w] x q }")
    assert file.net("vgg", w=3).params == "84*n + 12"
    assert file.net("vgg").params == "n*(9*w^2 + w) + w^2 + w"


# -------------------------------------------------------------------------------------------------------- a cost


def test_equality(pair: Architecture) -> None:
    """Equal formulas are equal, in whatever form they come; and what is equal has one hash."""
    cost = pair.macs
    assert cost == pair.macs == parse(PAIR).macs
    assert cost == "1728*X*X + 9*64*128*floor((X + 2)/4)^2"
    assert cost == 1728 * X**2 + 73728 * sympy.floor((X + 2) / 4) ** 2
    assert cost == symcost.formula("1728*X^2 + 73728*floor((floor(X/2) + 1)/2)^2")
    assert cost != "1728*X^2"
    assert cost != pair.params
    assert cost != 5
    assert cost not in (None, object(), "1728*", "X x X", sympy.pi, float("nan"), b"5", [cost])
    assert hash(cost) == hash(parse(PAIR).macs)
    number = pair.at(X=8).macs
    assert number == 405504 == number
    assert number == "405504"
    assert number == sympy.Integer(405504)
    assert number == Fraction(405504)
    assert len({number, 405504, pair.macs.at(X=8)}) == 1
    assert parse("input 3@X x X conv3-64").macs != parse("input 3@Y x Y conv3-64").macs


def test_equality_is_by_name() -> None:
    """What is assumed about a symbol does not make it another symbol."""
    plain, bounded = (
        parse("input 3@X x X conv3-64").macs,
        parse("assume X % 8 == 0, X >= 9; input 3@X x X conv3-64").macs,
    )
    assert plain == bounded
    assert bounded == plain
    assert hash(plain) == hash(bounded)
    assert parse("input 3@X x X conv3-64/2").macs != parse("assume X % 2 == 0; input 3@X x X conv3-64/2").macs


def test_numbers(pair: Architecture) -> None:
    cost = pair.macs.at(X=8)
    assert int(cost) == cost.value == 405504
    assert type(int(cost)) is int
    assert float(cost) == 405504.0
    assert pair.macs.value is None
    for convert in (int, float):
        with pytest.raises(TypeError, match="give its symbols values"):
            convert(pair.macs)
    with pytest.raises(TypeError, match="not an integer"):
        int(pair.flops.at(X=8).seconds(10**9))


def test_exact_beyond_floats(pair: Architecture) -> None:
    x = 10**30 + 1
    assert int(pair.macs.at(X=x)) == 1728 * x**2 + 73728 * ((x + 2) // 4) ** 2


def test_latex(conv: Architecture) -> None:
    assert conv.macs.latex() == r"C_{\mathrm{in}} C_{\mathrm{out}} K^{2} M^{2}"
    resolved = conv.macs.resolved().latex()
    assert resolved.endswith(r"\left(\left\lfloor \frac{X - K + 2 P}{s} \right\rfloor + 1\right)^{2}")
    bundle = conv.macs._repr_mimebundle_()
    assert bundle["text/latex"] == f"$\\displaystyle {conv.macs.latex()}$"
    assert bundle["text/plain"] == repr(conv.macs)


def test_notebook(pair: Architecture) -> None:
    bundle = pair._repr_mimebundle_()
    assert bundle["text/plain"] == repr(pair)
    assert bundle["text/markdown"].startswith("| layer | output |")
    assert bundle["text/markdown"] == pair.table("markdown")


def test_tables(pair: Architecture) -> None:
    assert "conv3-64" in pair.table()
    assert pair.table("latex").startswith("% needs")
    assert pair.table("json").startswith("{")
    with pytest.raises(ValueError, match="'pdf'"):
        pair.table("pdf")


def test_time() -> None:
    net = parse("input 3@X x X conv3-64")
    assert net.flops.seconds(10**9) == "3456*X^2/10^9"
    assert net.flops.seconds("1e9") == net.flops.seconds(10**9) == net.flops.seconds(1e9)
    assert net.flops.seconds(10**9).unit == "s"
    assert net.at(X=2).flops.seconds("speed") == "13824/speed"
    assert net.flops.seconds("312T") == net.flops.seconds(312 * 10**12)
    assert code(lambda: net.macs.seconds(10**9)) == "not-flops"


@pytest.mark.parametrize(
    "x, text",
    [(1, "1.73 kMACs"), (224, "86.7 MMACs"), (2000, "6.91 GMACs"), (10**6, "1.73 PMACs")],
)
def test_si(x: int, text: str) -> None:
    assert parse("input 3@X x X conv3-64").macs.at(X=x).si() == text


def test_si_needs_a_number(pair: Architecture) -> None:
    with pytest.raises(TypeError, match="give its symbols values"):
        pair.macs.si()


# --------------------------------------------------------------------------------------------------------- SymPy


def test_expressions(pair: Architecture, conv: Architecture) -> None:
    assert sympy.expand(pair.macs.expr - (1728 * X**2 + 73728 * sympy.floor((X + 2) / 4) ** 2)) == 0
    assert sympy.sympify(pair.macs) == pair.macs.expr
    assert sympy.expand(conv.macs) == conv.macs.expr
    assert {s.name for s in conv.macs.free_symbols} == {"Cin", "Cout", "K", "M"}
    assert all(s.is_integer and s.is_positive for s in conv.macs.free_symbols)
    padding = {s for s in conv.macs.resolved().free_symbols if s.name == "P"}
    assert [s.is_nonnegative and not s.is_positive for s in padding] == [True]
    assert pair.macs.expr.subs(X, 8) == pair.macs.at(X=8).expr == 405504
    assert symcost.formula("2*K^2*Cin") == 2 * sympy.Symbol("K", integer=True, positive=True) ** 2 * sympy.Symbol(
        "Cin", integer=True, positive=True
    )


def test_arithmetic(pair: Architecture) -> None:
    """Arithmetic with costs gives SymPy expressions."""
    a, b = pair.flops, pair.macs
    assert sympy.expand(a - 2 * b) == 0
    assert sympy.expand(a + b - 3 * b.expr) == 0
    assert sympy.expand(a / 2 - b) == 0
    assert sympy.expand(sympy.Integer(1) + b - b) == 1
    assert sympy.expand((7 - b) + b) == 7
    assert sympy.expand((1 / b) * b) == 1
    assert sympy.expand(b**2 - b * b) == 0
    assert sympy.expand(-b + b) == 0
    assert sum(row.macs for row in pair.layers) == b.expr
    assert sympy.integrate(parse("input 3@X conv3-64").macs.expr, X) == 288 * X**2
    assert sympy.simplify(pair.at(X=4 * n).macs) == 101376 * n**2


def test_round_trip(conv: Architecture, pair: Architecture) -> None:
    """A cost that has been a SymPy expression is the cost it was."""
    for cost in (conv.macs, conv.macs.resolved(), pair.macs, pair.activations, pair.cost("exact")):
        assert cost == cost.expr
        assert cost == cost.factor()
        assert cost == str(cost)


def test_formula() -> None:
    assert str(symcost.formula("floor(a/2) + ceil(b/3)")) == "ceiling(b/3) + floor(a/2)"
    assert symcost.formula("1e3") == 1000
    assert symcost.formula("0.25") == sympy.Rational(1, 4)
    assert code(lambda: symcost.formula("__import__('os')")) == "unexpected-character"
    assert code(lambda: symcost.formula("exec(a)")) == "unknown-function"
    assert code(lambda: symcost.formula("")) == "unexpected-end"


# -------------------------------------------------------------------------------------------------------- errors


def test_errors_have_places() -> None:
    with pytest.raises(SymcostError) as caught:
        symcost.parse("input 3@8x8\nconv3-64(pading=1)\nconvv3-4", name="net.arch")
    first, second = caught.value.diagnostics
    assert (first.code, second.code) == ("unknown-option", "unknown-layer")
    assert first.span is not None
    assert (first.span.text, first.span.where) == ("pading", "net.arch:2:10")
    assert first.help is not None
    assert str(caught.value) == f"{first}\n\n{second}"


@examples(60)
@given(files())
def test_every_program_is_answered(tree: File) -> None:
    """What parses has a cost, or is refused with a place, whatever it says."""
    try:
        net = parse(f"sym a, K, Cout\ninput 3@8x8\n{written(tree)}")
        assert net.table("json")
    except SymcostError as error:
        assert all(d.span is not None for d in error.diagnostics)


def test_checks() -> None:
    """A network tells whether its asserts hold."""
    net = parse("input 3@X x X conv3-64\nassert params == 1792\nassert macs == 5")
    (failed,) = net.check()
    assert failed.code == "assertion-failed"
    assert parse("input 3@X x X conv3-64\nassert params == 1792").check() == ()


def test_copies(pair: Architecture) -> None:
    """Results may be copied and sent to another process."""
    for cost in (pair.macs, symcost.load(VGG).params):
        assert copy.deepcopy(cost) == cost
        assert pickle.loads(pickle.dumps(cost)) == cost
    assert pickle.loads(pickle.dumps(pair)).macs == pair.macs


def test_nothing_can_be_changed(pair: Architecture) -> None:
    cost: Any = pair.macs
    with pytest.raises(AttributeError):
        cost.unit = "s"
    row: Any = pair.layers[0]
    with pytest.raises(AttributeError):
        row.text = "relu"


@pytest.mark.parametrize(
    "program",
    [
        "block b { conv1-(2*in.c) : Q@* } input C@9 b b",
        "input C@9 for i in 1..3 { conv1-(C*i) : Q@* conv1-1 }",
        "input C@9 [conv1-(here.c + C) : Q@* conv1-8] x C",
        "input C@9 conv1-(2*C) : Q@* conv1-(Q + 1) : P@* [conv1-P : P@*] x C",
    ],
)
def test_a_name_stands_for_one_size(program: str) -> None:
    """A name given to two sizes, in two uses of a block or two turns, is that of the first; the formula shown is the cost."""
    net = symcost.parse(program)
    for cost in (net.params, net.macs, net.activations):
        meant = cost.expr
        for _ in cost.names:
            called = {s: net.formula(cost.names[s.name]) for s in meant.free_symbols if s.name in cost.names}
            meant = meant.subs(called)
        for c in (1, 2, 5):
            at = [s for s in meant.free_symbols if s.name == "C"]
            assert meant.subs(dict.fromkeys(at, c)) == cost.at(C=c).value
