"""Claims about networks: never a wrong verdict, the smallest counterexample, and the words people use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import B, P, X, Y, Z, at, formulas, polynomials, roundings
from strategies import examples

import symcost
from symcost import zoo
from symcost.cli import cli
from symcost.evaluate import evaluator
from symcost.prove import _proved_under, decide
from symcost.proving import compared, prove, prove_formula, proves
from symcost.sizes import Size, Symbol
from symcost.sizes.atoms import ONE
from symcost.sizes.facts import Condition, at_least, divisible, equal
from symcost.sizes.functions import holds, maximum, minimum

x, y, p, z, b = (Size.of(symbol) for symbol in (X, Y, P, Z, B))

RELATIONS = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}

CONDITIONS: dict[str, list[Condition]] = {
    "none": [],
    "a divisor": [divisible(x, Size.of(3))],
    "a remainder": [divisible(x - 2, Size.of(4))],
    "one below the other": [at_least(x, y)],
    "strictly, and a bound": [at_least(x, y + 2), at_least(y, 3)],
    "an equation": [equal(x, 2 * y + 1)],
    "one divides the other": [divisible(x, y)],
    "a range": [at_least(x, 2), at_least(Size.of(9), x)],
    "never": [at_least(y, x + 1), at_least(x, y)],
}


def grid(symbols: set[Symbol], most: int) -> Iterator[dict[Symbol, int]]:
    lows = {q: -most if q.low is None else int(q.low) for q in symbols}
    for values in product(*(range(lows[q], most if q.high is None else int(q.high) + 1) for q in symbols)):
        yield dict(zip(symbols, values, strict=True))


def holds_at(condition: Condition, point: dict[Symbol, int]) -> bool:
    moved = condition.subs({q: Size.of(v) for q, v in point.items()})
    return moved.holds() is True


def check(left: Size, relation: str, right: Size, conditions: list[Condition]) -> None:
    """What is said is so at every small point; a smallest counterexample has no smaller one."""
    verdict = compared(left, relation, right, conditions)
    used = (left.symbols() | right.symbols()).union(*(c.size.symbols() | c.divisor.symbols() for c in conditions))
    value = (evaluator(left), evaluator(right))
    wrong = []
    for point in grid(used, 12 if len(used) < 3 else 5):
        if all(holds_at(c, point) for c in conditions):
            try:
                if not RELATIONS[relation](value[0](point), value[1](point)):
                    wrong.append(point)
            except ZeroDivisionError:
                continue
    if verdict.equal is True:
        assert not wrong, (verdict, wrong[0])
    if verdict.equal is False and verdict.witness:
        named = {q.name: q for q in used}
        found = {named[n]: v for n, v in verdict.witness.items()}
        point = {q: 1 if q.low is None else q.low for q in used} | found
        assert not RELATIONS[relation](at(left, point), at(right, point))
        assert all(holds_at(c, point) for c in conditions if c.size.symbols() | c.divisor.symbols() <= found.keys())  # type: ignore[arg-type]
        if verdict.smallest and wrong:
            assert size_of(found) <= min(size_of({q: w[q] for q in found}) for w in wrong)


def size_of(point: dict[Symbol, Any]) -> Fraction:
    """The sum of the distances from the least values, or from 0."""
    return sum((Fraction(abs(v) if q.low is None else v - q.low) for q, v in point.items()), Fraction(0))


@given(formulas((X, Y, Z, B), leaves=5), formulas((X, Y, Z, B), leaves=5), st.sampled_from(list(RELATIONS)))
@examples(120)
def test_a_verdict_is_never_wrong(f: Any, g: Any, relation: str) -> None:
    check(f.size, relation, g.size, [])


@given(
    roundings((X, Y), leaves=4) | polynomials((X, Y), leaves=4),
    roundings((X, Y), leaves=4),
    st.sampled_from(list(RELATIONS)),
    st.sampled_from(list(CONDITIONS)),
)
@examples(150)
def test_a_verdict_under_conditions_is_never_wrong(f: Any, g: Any, relation: str, conditions: str) -> None:
    check(f.size, relation, g.size, CONDITIONS[conditions])


@given(
    roundings((X, Y), leaves=4), st.integers(-2, 2), st.sampled_from(list(RELATIONS)), st.sampled_from(list(CONDITIONS))
)
@examples(100)
def test_neighbours(f: Any, c: int, relation: str, conditions: str) -> None:
    """Sides that differ by little: by a constant, by a remainder."""
    check(f.size + x % 3, relation, f.size + c, CONDITIONS[conditions])


FORMS: dict[str, Size] = {
    "x": x,
    "-x": -x,
    "y": y,
    "x - y": x - y,
    "y - x": y - x,
    "a remainder": x % 3,
    "a remainder by y": x % y,
    "its opposite": -(x % y),
    "a quotient": x // y,
    "sums in quotients": (x + y) // 3 - x // 3 - y // 3,
    "the smaller": minimum(x, y),
    "the larger": -maximum(x, y + 2),
    "a bracket": holds(">=", x - y, ONE) * x,
    "an equation": -holds("==", x - y - 1, ONE) * x,
    "a divisor": holds("|", x, y) * (x - y),
    "rounded down": x // 2 - x / 2,
    "rounded down, the other way": x / 3 - x // 3,
}


@pytest.mark.parametrize("conditions", CONDITIONS)
@pytest.mark.parametrize("form", FORMS)
def test_a_proof_alone_is_never_wrong(form: str, conditions: str) -> None:
    """Without the search before it, which would find what is wrong with small claims: every constant is tried."""
    known = CONDITIONS[conditions]
    points = [q for q in grid({X, Y}, 14) if all(holds_at(c, q) for c in known)]
    value = evaluator(FORMS[form])
    found = [value(q) for q in points]
    for c in range(-6, 7):
        if _proved_under(FORMS[form] - c, ">=", known):
            assert all(v >= c for v in found)
        if _proved_under(FORMS[form] - c, "==", known):
            assert all(v == c for v in found)


# ------------------------------------------------------------ pairs of formulas

PAIRS = [
    # floors that computer algebra leaves open
    ("floor(floor(X/2)/2) == floor(X/4)", True),
    ("floor((floor((X + 1)/2) + 1)/2) == floor((X + 3)/4)", True),
    ("ceil(ceil(ceil(X/2)/2)/2) == ceil(X/8)", True),
    ("floor((floor((X + 6 - 7)/2) + 1 + 2 - 3)/2) + 1 == ceil(X/4)", True),
    ("floor(X/2) + ceil(X/2) == X", True),
    ("ceil(floor(X/2)/2) == ceil(X/4)", {"X": 1}),
    # equal in every residue class but one
    ("floor((X + 31)/32) == floor((X + 30)/32) + [1 == 1]", None),
    ("ceil(X/32) == floor((X + 30)/32)", {"X": 1}),
    ("ceil(X/32) == floor((X + 32)/32)", {"X": 32}),
    ("floor(X/64)*64 == floor(X/32)*32", {"X": 32}),
    # ratios
    ("(Cin*K^2 + Cin*Cout)/(Cin*Cout*K^2) == 1/Cout + 1/K^2", True),
    ("X/(X + Y) + Y/(X + Y) == 1", True),
    ("(X^2 - 1)/(X + 1) == X - 1", True),
    ("1/(X + Y) == 1/X + 1/Y", {"X": 1, "Y": 1}),
    # powers and sums
    ("4^n == 2^(2*n)", True),
    ("(2^n + 1)^2 == 4^n + 2^(n + 1) + 1", True),
    ("2^n == n^2", {"n": 1}),
    # several sizes, minima
    ("min(X, Y) + max(X, Y) == X + Y", True),
    ("min(X, 224) == X", {"X": 225}),
    ("max(X, 1) == X", True),
    ("(X + Y)^2 >= 4*X*Y", None),
    ("X^2 + Y^2 >= 2*X*Y - 1", None),
    ("floor(X*Y/2) == floor(X/2)*Y", {"X": 1, "Y": 2}),
    ("floor(X^2/4) == floor(X/2)*ceil(X/2)", True),
    ("X*(X + 1)*(2*X + 1) % 6 == 0", True),
    ("X % 7 < 7", True),
    ("X % 7 < 6", {"X": 6}),
    ("X^2 >= 100*X - 2500", True),
    ("X^2 > 100*X - 2500", {"X": 50}),
    ("X^2 != 3*X + 1", True),
    ("X^2 != X + 12", {"X": 4}),
]


@pytest.mark.parametrize("claim, answer", [pair for pair in PAIRS if "[" not in pair[0]])
def test_pairs(claim: str, answer: Any) -> None:
    names = {n: Symbol(n) for n in ("X", "Y", "K", "Cin", "Cout", "n") if n in claim}
    proof = prove_formula(claim, names)
    if answer is True:
        assert proof.verdict == "proved", proof
    elif answer is None:
        assert proof.verdict != "refuted", proof
    else:
        assert (proof.verdict, proof.witness, proof.smallest) == ("refuted", answer, True), proof


def test_a_network_nested_against_flat() -> None:
    """ResNet-152 as a user writes it down, stage by stage, against the derived form."""
    net = zoo.load("resnet").net("resnet", 3, 8, 36, 3)
    assert net.macs.proves(str(net.macs))
    assert net.macs.proves(f"{net.macs} + 1").witness is not None


# ------------------------------------------------------------ of networks

CONV = "sym K, Cout, s = 2  input Cin@H x H  conv(K)-Cout/s(pad=1)"
ATTENTION = "input d@n  attention(8)"

CLAIMS = [
    (CONV, "macs == K^2*Cin*Cout*(floor((H - K + 2)/s) + 1)^2", "proved"),
    (CONV, "macs = K^2*Cin*Cout*(floor((H - K + 2)/s) + 1)^2", "proved"),
    (CONV, "macs == K^2*Cin*Cout*H^2", "refuted"),
    (CONV, "params == (K^2*Cin + 1)*Cout", "proved"),
    (CONV, "params == K^2*Cin*Cout", "refuted"),
    (CONV, "macs <= flops", "proved"),
    (CONV, "flops <= exact", "proved"),
    (CONV, "flops < exact", "refuted"),
    (CONV, "params > macs", "refuted"),
    (CONV, r"\text{MACs} = K^2 C_{in} C_{out} \left(\left\lfloor \frac{H-K+2}{s} \right\rfloor + 1\right)^2", "proved"),
    (CONV, r"$\mathrm{params} = (K^2 C_{\mathrm{in}} + 1) C_{\mathrm{out}}$", "proved"),
    (CONV, "params = O(K^2*Cin*Cout)", "proved"),
    (CONV, "params = Theta(K^2*Cin*Cout)", "proved"),
    (CONV, "params = O(K*Cin*Cout)", "refuted"),
    (CONV, "params = o(K^2*Cin*Cout)", "not decided"),
    (CONV, "params ~ K^2*Cin*Cout", "proved"),
    (CONV, "params ~ 2*K^2*Cin*Cout", "refuted"),
    (CONV, "macs = O(K^2*Cin*Cout*H^2)", "not decided"),
    (ATTENTION, "macs = O(n^2*d + n*d^2)", "proved"),
    (ATTENTION, "macs = Theta(n^2*d + n*d^2)", "proved"),
    (ATTENTION, "macs = O(n^2*d)", "refuted"),
    (ATTENTION, "macs = O(n^2*d^2)", "proved"),
    (ATTENTION, "macs = Theta(n^2*d^2)", "refuted"),
    (ATTENTION, "macs = Omega(n*d)", "proved"),
    (ATTENTION, r"\text{MACs} = \mathcal{O}(n^2 d + n d^2)", "proved"),
    (ATTENTION, "params ~ 4*d^2", "proved"),
    (ATTENTION, "macs ~ 2*n^2*d", "refuted"),
]


@pytest.mark.parametrize("program, claim, verdict", CLAIMS)
def test_claims(program: str, claim: str, verdict: str) -> None:
    proof = prove(symcost.parse(program), claim)
    assert proof.verdict == verdict, proof
    assert bool(proof) is (verdict == "proved")


def test_what_grows() -> None:
    net = symcost.parse(ATTENTION)
    assert prove(net, "macs = O(n^2)", growing=["n"])
    assert prove(net, "macs ~ 2*n^2*d", growing=["n"])
    assert prove(net, "macs ~ 4*n*d^2", growing=["d"])
    assert prove(net, "macs = o(n^3)", growing=["n"])
    assert prove(net, "macs = O(n)", growing=["n"]).verdict == "refuted"
    with pytest.raises(symcost.SymcostError, match="there is no symbol 'm' here"):
        prove(net, "macs = O(n)", growing=["m"])


def test_assumptions() -> None:
    net = symcost.parse("sym K, Cout, s  input Cin@H x H  conv(K)-Cout/s(pad=1)")
    claim = "macs == 9*Cin*Cout*(H/s)^2"
    assert prove(net, claim).verdict == "refuted"
    assert prove(net, claim, assume=["K == 3", "H % s == 0"])
    assert prove(net, claim, assume=["K == 3", "s == 2"]).witness == {"Cin": 1, "Cout": 1, "H": 1, "K": 3, "s": 2}
    assert prove(net, claim, assume=["K == 3", "s == 2", "H % 2 == 0"]).conditions == (
        "H ≥ K - 2",
        "K = 3",
        "s = 2",
        "2 | H",
    )


def test_conditions_of_the_network_hold() -> None:
    """A counterexample outside of where the network exists is none."""
    net = symcost.parse("sym X assume X % 32 == 0  input 3@X x X  conv3-8/2 conv3-8/2 conv3-8/2 conv3-8/2 conv3-8/2")
    proof = prove(net, "macs == 0")
    assert proof.witness == {"X": 32}
    assert proof.values is not None and proof.values[0] == int(net.macs.at(X=32))
    free = symcost.parse("sym X  input 3@X x X  conv3-8/2 conv3-8/2")
    assert prove(free, "macs == 198*X^2/4", assume=["X % 4 == 0"]).verdict == "refuted"
    assert prove(free, "macs == 90*X^2", assume=["X % 4 == 0"])
    assert prove(free, "macs == 90*X^2").witness == {"X": 1}


def test_the_difference_and_the_values() -> None:
    proof = prove(symcost.parse("input Cin@H x H  conv3-64"), "params == 576*Cin")
    assert (proof.witness, proof.values, str(proof.difference)) == ({}, None, "64")
    assert proof.how == "the difference is 64"
    proof = prove(symcost.parse("input Cin@H x H  conv3-64"), "params == 577*Cin")
    assert (proof.witness, proof.values, str(proof.difference)) == ({"Cin": 1}, (640, 577), "64 - Cin")


def test_figures() -> None:
    net = zoo.load("vgg").net("vgg", 2, 2, 3, 3, 3)
    assert prove(net, "params ~ 138.4M")
    assert prove(net, r"\text{params} \approx 138.4 \times 10^6")
    assert prove(net, r"\text{params} \approx 138\,357\,544")
    assert prove(net, "params ~ 138.5M").how == "138357544 is 138.5M in none of its roundings"
    assert prove(net, "macs ~ 15.5G").verdict == "not decided"
    assert prove(net.at(H=224, W=224, B=1), "macs ~ 15.5G")
    assert net.params.proves("~ 0.14G")
    assert net.params.proves("138357544")
    assert net.params.proves("<= 138.4M")


def test_of_a_cost() -> None:
    net = symcost.parse("input d@n  attention(8)")
    assert net.macs.proves("2*n^2*d + 4*n*d^2")
    assert net.macs.proves("2n^2d + 4nd^2".replace("2n^2d", r"2n^2\,d"))
    assert net.macs.proves("= O(n^2*d + n*d^2)")
    assert proves(net.macs, "<= 5*n^2*d", assume=["n >= 4*d"])
    assert proves(net.macs, "<= 2*n^2*d", assume=["n >= 4*d"]).verdict == "refuted"


WRONG = {
    "macs": "a claim compares two things",
    "macs == ": "the text ends before this is complete",
    "k == 3": "unknown name 'k'",
    "macs == 3 + ": "the text ends before this is complete",
    "macs <= O(n, d)": "'= O(..)' has one formula in it",
    r"\text{MACs} = 2nq": "unknown name 'q'",
    r"\text{MACs} = \frac{n": "the formula ends before it is complete",
}


@pytest.mark.parametrize("claim", WRONG)
def test_claims_that_are_none(claim: str) -> None:
    with pytest.raises(symcost.SymcostError) as caught:
        prove(symcost.parse(ATTENTION), claim)
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.message == WRONG[claim]
    assert diagnostic.span is not None and diagnostic.span.source.text == claim


def test_a_point_outside_of_what_is_defined_refutes_nothing() -> None:
    assert decide(1 / (x - 1) - 1 / (x - 1), "==").equal is True
    assert compared(x / (z - 1) * (z - 1), "==", x).equal is True
    assert decide(x, "==", CONDITIONS["never"]).equal is not False


# ------------------------------------------------------------ the command


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["prove", *args], prog_name="symcost")
    return result.exit_code, result.output


def test_the_command() -> None:
    assert run(CONV, "macs == K^2*Cin*Cout*H^2") == (
        1,
        "refuted  macs == K^2*Cin*Cout*H^2\n\n"
        "how           the smallest counterexample\n"
        "at            Cin = 1, Cout = 1, H = 1, K = 1, s = 1\n"
        "there         9 and 1\n"
        "left          Cin·Cout·K²·(⌊(H - K + 2)/s⌋ + 1)²\n"
        "difference    Cin·Cout·K²·((⌊(H - K + 2)/s⌋ + 1)² - H²)\n"
        "where         H ≥ K - 2\n",
    )
    code, output = run(CONV, r"\text{MACs} = N_x", "--name", "N_x=Cin", "--json")
    found = json.loads(output)
    assert (code, found["verdict"], found["witness"]["Cin"], found["right"]) == (1, "refuted", "1", "Cin")
    assert run(ATTENTION, "macs ~ 2*n^2*d", "--as", "n")[0] == 0
    assert run(ATTENTION, "macs == 2n^2d + 4nd^2", "--latex-claim")[0] == 0
    assert "differ by" in run(ATTENTION, "macs == 2*n^2*d", "--latex")[1]
    assert "| refuted |" in run(ATTENTION, "macs == 2*n^2*d", "--markdown")[1]
    assert run(ATTENTION, "macs == 1", "--name", "x")[0] == 2
