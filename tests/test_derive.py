"""Derivations: they end where the engine does, every step holds at points, and they look as they should."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, uses
from test_every_layer import accepted, choice, every_kind

import symcost
from symcost import zoo
from symcost.cli import cli
from symcost.derive import Derivation, source_of
from symcost.layers import KINDS, Layer
from symcost.layers.share import summed
from symcost.prove import compare
from symcost.render.derivation import markdown, page
from symcost.sizes.atoms import Size, Symbol, product, total
from symcost.sizes.notation import UNICODE
from symcost.sizes.rounding import ceil, floor
from symcost.sizes.written import Added, Form, Named, Over, Times, Turns, added, mapped, text, times, value

CONVENTIONS = ("macs", "flops", "exact", "params", "activations", "mac")


def last(found: Derivation) -> Size:
    """What the steps come to, before the leading term, in the user's symbols."""
    return multiplied_out(found, [s for s in found.steps if not s.limit][-1].after)


def multiplied_out(found: Derivation, form: Form) -> Size:
    """A size as it is printed, in canonical form again."""
    return found._plain(value(form)).subs({Symbol("nobody's"): Size.of(1)})


def holds(net: symcost.Architecture, name: str, layer: int | None = None, least: int = 0) -> Derivation:
    """A derivation that ends at the engine's cost, and whose steps were checked at so many points."""
    found = net.derivation(name, layer)
    cost = net.cost(name) if layer is None else found.cost
    assert compare(*symcost.domain.by_name(last(found), cost._public)).equal is True
    assert found.check() >= least
    balanced(found.latex())
    return found


def balanced(latex: str) -> None:
    """Braces, pairs of ``left`` and ``right`` within one line, one column mark a line of the align."""
    assert latex.count("{") == latex.count("}")
    body = latex[latex.index("\\begin{align*}") + 15 : latex.index("\\end{align*}")]
    for line in re.sub(r"\\intertext\{.*\}", "", body).split("\\\\"):
        assert line.count("\\left") - line.count("\\leftarrow") == line.count("\\right"), line
        assert line.count("&") == bool(line.strip()), line
        depth = 0
        for c in re.sub(r"\\[{}]", "", line):
            depth += {"{": 1, "}": -1}.get(c, 0)
            assert depth >= 0, line
        assert depth == 0, line


# ----------------------------------------------------------------------------------------- forms as written


def test_a_form_shows_what_a_size_cannot() -> None:
    x, k, s, p = (Size.of(Symbol(n)) for n in ("X", "K", "s", "P"))
    side = added(Over(added(x, times(2, p), -k), s, "down"), 1)
    assert text(side, UNICODE) == "⌊(X + 2·P - K)/s⌋ + 1"
    assert value(side) == floor((x + 2 * p - k) / s) + 1
    numbers = mapped(side, lambda size: size.subs({a: Size.of(3) for a in size.symbols()}))
    assert text(numbers, UNICODE) == "⌊(3 + 2·3 - 3)/3⌋ + 1"
    assert value(Over(x, s, "up")) == ceil(x / s)
    assert text(times(3, 3, times(k, x + 1), 1), UNICODE) == "3 · 3 · K·(X + 1)"
    assert text(added(x, times(-1, s, k - 1), 0), UNICODE) == "X - s·(K - 1)"


@pytest.mark.parametrize(
    ("form", "written", "is_"),
    [
        (times(), "1", 1),
        (added(), "0", 0),
        (times(1, 5), "5", 5),
        (added(2, -5), "2 - 5", -3),
        (times(2, added(1, 2)), "2·(1 + 2)", 6),
        (times(2, Named("(7)", times(2, 3))), "2·(7)", 12),
        (Over(Size.of(7), Size.of(2), "down"), "⌊7/2⌋", 3),
        (Over(Size.of(7), Size.of(2), "up"), "⌈7/2⌉", 4),
        (Turns(Size.of(Symbol("t", low=0)), Symbol("t", low=0), Size.of(4)), "sum(t, t = 0..3)", 6),
    ],
)
def test_written(form: Form, written: str, is_: int) -> None:
    assert text(form, UNICODE) == written
    assert value(form) == is_


# -------------------------------------------------------------------------------------------- every kind


@every_kind
@examples(10)
@given(data=st.data())
def test_shares_add_up(kind: type[Layer], data: st.DataObject) -> None:
    """The shares are the operations, and the sides as the rule has them are the output."""
    use = data.draw(uses(kind).filter(accepted))
    (row,) = symcost.parse(use.program(choice(data, use))).layers
    layer, x, y = row.leaf.layer, row.leaf.input, row.leaf.output
    counts = {op: n for op, n in layer.ops(x, y).items() if n.terms}
    assert {op: n for op, n in summed(layer.shares(x, y)).items() if n.terms} == counts
    for (_, form), side in zip(layer.sides(x), y.dims, strict=False):
        assert compare(value(form), side).equal is True


@every_kind
@examples(10)
@given(data=st.data())
def test_every_kind_is_derived(kind: type[Layer], data: st.DataObject) -> None:
    """The last step is the engine's cost, with numbers and with symbols, under any convention."""
    use = data.draw(uses(kind).filter(accepted))
    symbols = choice(data, use)
    net = symcost.parse(use.program(symbols))
    found = holds(net, data.draw(st.sampled_from(CONVENTIONS)))
    assert found.sources in ((), (source_of(net.layers[0].leaf),))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("convention", ["macs", "exact", "params"])
def test_command_of_a_kind(kind: str, convention: str) -> None:
    """A kind by its name alone is derived at general sizes, in 80 columns."""
    found = CliRunner().invoke(cli, ["derive", kind, "--convention", convention], terminal_width=80)
    assert found.exit_code == 0, found.output
    assert max(map(len, found.output.splitlines())) <= 80, found.output
    assert "checked      both sides of every step" in found.output


@pytest.mark.parametrize(("stride", "side"), [("2*s", "⌈X/(2·s)⌉"), ("s+1", "⌈X/(s + 1)⌉"), ("s", "⌈X/s⌉")])
def test_a_stride_of_several_letters_is_one_divisor(stride: str, side: str) -> None:
    """It stood there as ``⌈X/2·s⌉``, which is another number."""
    found = symcost.parse(f"sym s, C  input C@X x X  conv3-C/({stride})").derivation().text()
    assert f"Hout = {side}\n" in found


def test_a_wrong_step_is_noticed() -> None:
    found = symcost.parse("input C@H x W  conv3-C").derivation()
    step = found.steps[-1]
    wrong = replace(found, steps=(*found.steps[:-1], replace(step, after=value(step.after) + 1)))
    with pytest.raises(AssertionError, match=f"step {step.number}"):
        wrong.check()


def test_a_python_that_leaves_asserts_out_checks_as_well() -> None:
    program = "import symcost; print(symcost.parse('input 3@8x8  conv3-4').derivation().check())"
    broken = "from symcost import derive; derive._at = lambda form, *_: id(form); " + program
    for asked, code in ((program, 0), (broken, 1)):
        done = subprocess.run([sys.executable, "-O", "-c", asked], capture_output=True, text=True, check=False)
        assert (done.returncode, "AssertionError: step 1" in done.stderr) == (code, bool(code)), done.stderr


# --------------------------------------------------------------------------------------------- networks

NETS: list[tuple[str, str, tuple[object, ...], dict[str, object]]] = [
    ("vgg", "vgg", (2, 2, 3, 3, 3), {}),
    ("resnet", "resnet", (3, 4, 6, 3), {}),
    ("gpt", "gpt2", ("L", "d", "h"), {}),
    ("unet", "unet", (), {}),
]


@pytest.mark.parametrize("convention", ["macs", "exact", "params", "activations", "fvcore", "thop"])
@pytest.mark.parametrize(("family", "net", "args", "named"), NETS, ids=[n for _, n, _, _ in NETS])
def test_networks(family: str, net: str, args: tuple[object, ...], named: dict[str, object], convention: str) -> None:
    arch = zoo.load(family)
    holds(arch.net(net, *args, **named), convention, least=1)


@pytest.mark.parametrize(
    "program",
    [
        "sym n  input C@X x X  [conv3-C relu] x n  conv1-8",
        "sym n  input C@X x X  for t in 1..n { conv3-(t*C) relu }",
        "sym n  input C@T  for t in 0..<n { linear-(2^t*C) }",
        "sym n, m  input C@T  for i in 0..<n { for j in 0..<m { linear-((i + j + 1)*C) } }",
        "sym n, C  input 3@X x X  for t in 1..n { conv3-(t*C)/2 }",
        "input C@T  shared block f { linear-C }  f f f",
        "sym n  input C@T  shared block f { linear-C }  [ f ] x n",
        "input C@T  experts(8, active=2) { linear-C }",
        "sym n  assume X % 2^n == 0  input 3@X x X  [ conv3-8 maxpool ] x n",
        "sym C  assume C % 8 == 0  input C@X x X  conv3-C(groups=8)",
        "layer f(q) : c@T -> c@T { params = q*c  mac = q*c*T  dot = T }  sym q  input C@T  f(q)",
        "set batch = B  sym B  input C@T  attention(4, causal=true)",
    ],
)
@pytest.mark.parametrize("convention", ["macs", "exact", "params", "activations"])
def test_programs(program: str, convention: str) -> None:
    """Repeats, loops with and without closed forms, shared and chosen weights, own layers."""
    net = symcost.parse(program)
    found = holds(net, convention, least=1)
    for number in range(1, len(net.layers) + 1):
        holds(net, convention, layer=number)
    data = json.loads(page(found))
    assert [s["number"] for s in data["steps"]] == list(range(1, len(data["steps"]) + 1))
    assert markdown(found).count("$") % 2 == 0
    assert max(map(len, found.text(80).splitlines())) <= 80


def test_sums_over_turns_name_their_rules() -> None:
    found = symcost.parse("sym n  input C@X x X  for t in 1..n { conv3-(t*C) }").derivation().text()
    assert "sums of powers of consecutive numbers (Faulhaber)" in found
    assert "sum(t², t = 0..n - 2) = n³/3 - 3·n²/2 + 13·n/6 - 1" in found
    found = symcost.parse("sym n  input C@T  for t in 0..<n { linear-(2^t*C) }").derivation("params").text()
    assert "geometric series" in found


def test_at_values() -> None:
    """With numbers the steps show the numbers."""
    net = symcost.parse("sym s  input 3@X x X  conv7-64/s(pad=3)").at(X=224, s=2)
    found = holds(net, "macs", least=1)
    assert "⌊(224 + 6 - 7)/2⌋ + 1 = 112" in found.text() or "⌊(224 + 2·3 - 7)/2⌋ + 1 = 112" in found.text()


def test_sum_of_parts() -> None:
    """The numbered results of the layers add up to the sum line, with their factors."""
    found = zoo.load("vgg").net("vgg", 2, 2, 3, 3, 3).derivation()
    line = next(s for s in found.steps if isinstance(s.before, Added))
    assert isinstance(line.before, Added)
    parts = [t if isinstance(t, Times) else Times((t,)) for t in line.before.terms]
    assert multiplied_out(found, total(product(value(f) for f in p.factors) for p in parts)) == multiplied_out(
        found, line.after
    )


def test_leading_terms() -> None:
    """The quotient goes to 1: at large sizes it is there."""
    for program, symbols, term in (
        ("sym s, P, K  input Cin@H x W  conv(K)-Cout/s(pad=P)", "HW", "Cin*Cout*K^2*H*W/s^2"),
        ("input d@T  attention(4)", "T", "2*T^2*d"),
        ("input 3@X x X  conv7-64/2(pad=3) maxpool3/2(pad=1) conv3-64", "X", "2352*X^2 + 2304*X^2"),
    ):
        names = "sym Cout  " if "Cout" in program else ""
        net = symcost.parse(names + program)
        found = net.derivation()
        assert found.steps[-1].limit
        shown = multiplied_out(found, found.steps[-1].after)
        assert compare(*symcost.domain.by_name(shown, net.domain.convert(term))).equal is True
        big = {s: Size.of(10**9) if s.name in symbols else Size.of(2) for s in (net.cost("macs")._public).symbols()}
        ratio = (net.cost("macs")._public.subs(big) / net.domain.convert(term).subs(big)).number
        assert isinstance(ratio, int | Fraction)
        assert abs(Fraction(ratio) - 1) < Fraction(1, 10**6)


def test_no_leading_term_where_it_is_not_decided() -> None:
    """A greatest common divisor goes up and down: nothing is claimed."""
    found = holds(symcost.parse("sym o  input C@X  gap(o)"), "exact", least=5)
    assert not any(s.limit for s in found.steps)


def test_names_do_not_collide() -> None:
    net = symcost.parse("sym s, P, Hout, K  input Wout@H x W  conv(K)-Hout/s(pad=P)")
    found = holds(net, "exact", least=1)
    assert [s.name for s in found.steps if s.name] == ["Hout2", "Wout2"]


# ---------------------------------------------------------------------------------------------- renderings


GOLDEN = {
    "conv": ("input Cin@H x W conv(K)-Cout/s(pad=P)", "macs"),
    "lstm": ("input C@T lstm-h", "params"),
    "attention": ("input d@T attention(h)", "macs"),
    "bn": ("input C@H x W bn", "exact"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    """What four of them look like, whole. UPDATE_GOLDEN=1 writes them anew."""
    import os
    from pathlib import Path

    program, convention = GOLDEN[name]
    found = CliRunner().invoke(cli, ["derive", program, "--convention", convention], terminal_width=80)
    assert found.exit_code == 0, found.output
    path = Path(__file__).parent / "data" / "derivations" / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(found.output, encoding="utf-8")
    assert found.output == path.read_text(encoding="utf-8")


# -------------------------------------------------------------------------------------------- the command


def run(*args: str) -> tuple[int, str]:
    found = CliRunner().invoke(cli, ["derive", *args], terminal_width=80)
    return found.exit_code, found.output


def test_one_layer_of_a_network() -> None:
    code, by_number = run("zoo/vgg", "--net", "vgg(2, 2, 3, 3, 3)", "--layer", "1")
    assert code == 0
    assert run("zoo/vgg", "--net", "vgg(2, 2, 3, 3, 3)", "--layer", "conv3-c") == (0, by_number)
    assert by_number.startswith("conv3-c on 3@H")


def test_a_layer_by_what_the_program_says_of_it() -> None:
    """A row of a block shows its options, those that `set` put in too; what is asked for need not have them."""
    program = "set bias = false  input 3@X x X  block b-c { conv3-c bn(affine=false) } b-8 b-16"
    code, asked = run(program, "--layer", "conv3-16(bias=false)")
    assert code == 0 and asked.startswith("conv3-16(bias=false) on 8@X")
    assert run(program, "--layer", "conv3-16") == (0, asked)
    assert run(program, "--layer", "conv3-c")[1].startswith("conv3-8(bias=false) on 3@X")
    assert run(program, "--layer", "bn")[0] == 0
    assert "it is a block, of the layers 1 to 2" in run(program, "--layer", "b")[1]


def test_a_layer_alone() -> None:
    assert "conv3-64/2 on Cin@H" in run("conv3-64/2")[1]
    assert "attention(8) on C@T" in run("attention(8)")[1]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("zoo/vgg",), "choose-net"),
        (("input C@T  linear-C", "--layer", "7"), "there is no layer 7"),
        (("input C@T  linear-C", "--layer", "linear-D"), "there is no layer 'linear-D'"),
        (("input C@T  linear-C", "--convention", "mcas"), "did you mean 'macs'?"),
        (("input C@T  linear-C  metric twice = 2*macs", "--convention", "twice"), "is no sum over layers"),
        (("input C@T  liner-C",), "did you mean 'linear'?"),
        (("nothing.arch",), "nothing.arch"),
    ],
)
def test_errors(args: tuple[str, ...], said: str) -> None:
    code, output = run(*args)
    assert code == 1
    assert said in output


def test_forms_of_output() -> None:
    assert json.loads(run("lstm", "--json")[1])["cost"]["formula"] == "4*T*h*(Cin + h)"
    assert "\\begin{align*}" in run("lstm", "--latex")[1]
    assert "**lstm-h on Cin@T → h@T**" in run("lstm", "--markdown")[1]
