r"""LaTeX read back: what is printed is the same formula again, and what papers write is what they mean, or is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from lark import Lark
from random_sizes import EVERY, L, T, X, formulas, polynomials, powers, roundings
from strategies import examples

import symcost
from symcost import syntax as s
from symcost import zoo
from symcost.graph.scope import Scope
from symcost.graph.values import Evaluator
from symcost.latex_formula import Names, read_claim, read_formula
from symcost.parser import grammar_path, parse_formula
from symcost.prove import compare
from symcost.sizes import Size, Symbol
from symcost.sizes.functions import holds, maximum, minimum, sqrt
from symcost.sizes.notation import latex_name, latex_text
from symcost.sizes.sums import summed
from symcost.source import Report

GRAMMAR = grammar_path("latex").read_text(encoding="utf-8")
SYMBOLS = {q.name: q for q in (*EVERY, L, T)}


def value(latex: str, symbols: dict[str, Symbol] = SYMBOLS) -> Size:
    scope = Scope(None, Report())
    scope.names.update({name: Size.of(symbol) for name, symbol in symbols.items()})
    return Evaluator(scope).size(read_formula(latex, Names(symbols)))


def plain(expr: s.Expr) -> str:
    """A tree as text with all its parentheses."""
    match expr:
        case s.Number():
            return str(expr.value)
        case s.Ref():
            return expr.text
        case s.Unary():
            return f"({expr.op}{plain(expr.operand)})"
        case s.Binary():
            return f"({plain(expr.left)}{expr.op}{plain(expr.right)})"
        case s.Apply():
            assert isinstance(expr.function, s.Ref)
            return f"{expr.function.text}({', '.join(plain(a.value) for a in expr.args or ())})"
        case s.Sum():
            return f"sum({plain(expr.term)}, {expr.index} = {plain(expr.first)}..{plain(expr.last)})"
        case s.Bracket(condition=s.Compare() as c):
            return f"[{plain(c.operands[0])} {c.ops[0]} {plain(c.operands[1])}]"
        case s.Bracket(condition=s.Divides() as d):
            return f"[{plain(d.divisor)} | {plain(d.operand)}]"
    raise TypeError(expr)


# ------------------------------------------------------------ the grammar


def test_no_conflict() -> None:
    """In strict mode a conflict, or two terminals that could match the same text, is an error."""
    assert Lark(GRAMMAR, parser="lalr", start=["formula", "claim"], keep_all_tokens=True)
    Lark(GRAMMAR, parser="lalr", lexer="basic", start=["formula"], keep_all_tokens=True)


# ------------------------------------------------------------ what we print


@given(formulas() | roundings() | polynomials())
@examples(300)
def test_what_is_printed_reads_back(f: Any) -> None:
    read = value(latex_text(f.size))
    assert read == f.size or compare(read, f.size).equal is True  # a square of a sum below the line has two forms


@given(powers())
@examples(150)
def test_powers_read_back(f: Any) -> None:
    assert value(latex_text(f.size)) == f.size


def test_sums_and_brackets_read_back() -> None:
    x, n = Size.of(X), Size.of(L)
    t = Symbol("t", low=0, top=n - 1)
    total = summed((x + t) // 3, t, n)
    big = holds(">=", x - 32, Size.of(1))
    for size in (
        total,
        total**2 * x,
        total * (total + 1) * big,
        big * holds("|", x, Size.of(32)) * (x + 1),
        holds("|", x / 3, Size.of(1)) + holds("!=", x - n, Size.of(1)) + holds("==", x - 5, Size.of(1)),
        minimum(x, n) ** 2 + maximum(x, n, 3 * n - 1),
        sqrt(x) * 12_345_678 + Size.of(4) ** (n * x) / 7,
    ):
        assert value(latex_text(size)) == size


NETS = [
    (family, name, {p.name: p.name for p in binding.definition.params if p.default is None})
    for family in zoo.families()
    for name, binding in zoo.load(family)._program.nets().items()
]


@pytest.mark.parametrize("family, name, free", NETS, ids=[f"{f}-{n}" for f, n, _ in NETS])
def test_costs_of_the_zoo_read_back(family: str, name: str, free: dict[str, str]) -> None:
    """Every cost of every network, with its parameters left open where that has a formula."""
    try:
        net = zoo.load(family).net(name, **free)
    except symcost.SymcostError:
        pytest.skip("its parameters are numbers")
    for cost in (net.params, net.macs, net.cost("exact"), net.activations):
        names = {*cost.domain.symbols, *(q.name for q in cost.domain.named)}
        read = Evaluator(cost.domain.scope()).size(read_formula(cost.latex(), Names(names)))
        assert read == cost._size, cost.latex()


# ------------------------------------------------------------ what papers write

WRITTEN = [
    ("2 K^2 C_{in} C_{out}", "(((2*(K^2))*Cin)*Cout)"),
    (r"2K^2C_{\mathrm{in}}C_{\text{out}}", "(((2*(K^2))*Cin)*Cout)"),
    (r"K \times K \cdot C_\text{in} * 2", "(((K*K)*Cin)*2)"),
    ("(a+b)(c)", "((a+b)*c)"),
    (r"\left( a + b \right) \left\{ c - d \right\}", "((a+b)*(c-d))"),
    (r"[a+b]\{c\}{d}", "(((a+b)*c)*d)"),
    (r"\bigl(a\bigr)^2\Big(b\Big)", "((a^2)*b)"),
    # fractions
    (r"\frac12", "(1/2)"),
    (r"\frac{n(n+1)}2 + \dfrac{a}{b} - \tfrac34", "((((n*(n+1))/2)+(a/b))-(3/4))"),
    (r"\frac HW", "(H/W)"),
    (r"a / b \times c", "((a/b)*c)"),
    (r"a \div (2b)", "(a/(2*b))"),
    # roundings and functions
    (r"\lfloor x/2 \rfloor", "floor((x/2))"),
    (r"\left\lceil \frac{X}{2} \right\rceil^2", "(ceil((X/2))^2)"),
    (r"\min(a, b, 3) \max\{a, b\}", "(min(a, b, 3)*max(a, b))"),
    (r"\log_2 n \cdot \log_{2}(n+1)^2", "(log2(n)*(log2((n+1))^2))"),
    (r"\sqrt{n} + \sqrt2 + \lg n", "((sqrt(n)+sqrt(2))+log2(n))"),
    (r"\operatorname{gcd}(a, b)", "gcd(a, b)"),
    (r"\sum_{t=0}^{n-1} (t+1) x + 1", "(sum(((t+1)*x), t = 0..(n-1))+1)"),
    (r"\sum\limits_{l=1}^D 2 l", "sum((2*l), l = 1..D)"),
    (r"a \cdot \sum_{l=1}^{D} l", "(a*sum(l, l = 1..D))"),
    (r"[x \ge 2][32 \mid X][\frac x2 \in \mathbb{Z}]", "(([x >= 2]*[32 | X])*[1 | (x/2)])"),
    # numbers
    (r"12\,345\,678 + 25{,}557{,}032 + 1.5 \times 10^9", "((12345678+25557032)+(3/2*(10^9)))"),
    # powers
    ("x^2y", "((x^2)*y)"),
    ("-x^{n+1}", "(-(x^(n+1)))"),
    ("HW^2", "(H*(W^2))"),
    ("{HW}^2", "((H*W)^2)"),
    # names
    ("nd_k", "(n*d_k)"),
    ("nd_{k}", "(n*d_k)"),
    (r"d_{\mathrm{model}} d_{ff}", "(d_model*d_ff)"),
    ("h' + h'' + h'_{out} + h_{out}'", "(((h_prime+h_prime_prime)+h_out_prime)+h_out_prime)"),
    (r"x^\prime", "x_prime"),
    (r"\alpha n + \ell + \varepsilon", "(((alpha*n)+l)+epsilon)"),
    (r"\mathrm{hidden} \cdot \text{kv heads} \cdot \mathbf{W}", "((hidden*kv_heads)*W)"),
    ("H_1 W_{10} C_{1,2}", "((H1*W10)*C_1_2)"),
    ("Cin Cout", "(Cin*Cout)"),
    # spacing, alignment, ends
    (r"$a\,b\;c\!d\quad e~f$.", "(((((a*b)*c)*d)*e)*f)"),
    (r"\(a + b\),", "(a+b)"),
    (r"\begin{align*} a &+ b \\ &+ c. \end{align*}", "((a+b)+c)"),
    (r"\[ \displaystyle a % as in the paper", "a"),
    (r"\left. a + b \right.", "(a+b)"),
]


@pytest.mark.parametrize("latex, meant", WRITTEN)
def test_written(latex: str, meant: str) -> None:
    assert plain(read_formula(latex)) == meant


def test_names_that_there_are() -> None:
    def names(latex: str, *known: str, **given: str) -> str:
        return plain(read_formula(latex, Names(known, given)))

    assert names(r"C_{in}", "C_in") == "C_in"
    assert names(r"C_{\mathrm{in}}", "Cin") == "Cin"
    assert names("dk", "dk", "n") == "dk"
    assert names("d_k", "dk") == "dk"
    assert names("heads n", "heads", "n") == "(heads*n)"
    assert names("nheads", "heads", "n") == "(n*heads)"
    assert names(r"\text{FLOPs} - \mathrm{MACs}", "flops", "macs") == "(flops-macs)"
    assert names(r"\alpha", "α") == "α"
    assert plain(read_formula("N_x + h'", Names((), {"N_x": "X", "h'": "H"}))) == "(X+H)"
    assert plain(read_formula(r"C_{\mathrm{in}}", Names((), {r"C_{\text{in}}": "c"}))) == "c"


NAMES = ["Cin", "k_h", "H1", "alpha", "d_model", "kv_heads", "hidden", "x2", "conv1", "_x", "Gamma", "K"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_read_as_it_is_printed(name: str) -> None:
    assert plain(read_formula(latex_name(name), Names([name]))) == name


def test_claims() -> None:
    claim = read_claim(r"\text{MACs} &= \mathcal{O}(n^2 d)", Names(["macs", "n", "d"]))
    assert claim.left is not None
    assert (plain(claim.left), claim.relation, claim.order, plain(claim.right)) == ("macs", "==", "O", "((n^2)*d)")
    assert read_claim(r"T \in \Theta\left(n\right)").order == "Theta"
    assert read_claim(r"O(n)").left is None
    assert [read_claim(f"a {r} b").relation for r in (r"\approx", r"\le", r"\geq", "<", r"\ne", r"\sim")] == [
        "~",
        "<=",
        ">=",
        "<",
        "!=",
        "~",
    ]


# ------------------------------------------------------------ what is refused

REFUSED = {
    r"a/b c": r"is this below the line? write \frac{..}{..} or parentheses",
    r"1/2 n": r"is this below the line? write \frac{..}{..} or parentheses",
    "x^10": "a power takes one digit; put braces around more of them: ^{10}",
    "a b 3": r"put a sign before the number: \cdot or \times",
    r"\frac123": r"put a sign before the number: \cdot or \times",
    "2,000": r"digits are grouped with {,} or \,",
    r"n \log n": r"which base? write \log_2",
    r"\log_2 n^2": "put braces or parentheses around what is raised",
    "C_{l-1}": "an index that is calculated names no one size",
    "a_b_c": None,
    r"\sum_{i} i": None,
    r"\prod_{i=1}^{n} i": "products over an index are not known here",
    "x^2^3": "put braces or parentheses around what is raised",
    "(a": None,
    "a)": None,
    "": None,
    r"\frac{a}": None,
    r"a \bmod b": None,
    r"\left\lfloor a \right\rceil": None,
    "a = b": None,
    "é@": None,
}


@pytest.mark.parametrize("latex", REFUSED)
def test_refused(latex: str) -> None:
    with pytest.raises(symcost.SymcostError) as caught:
        read_formula(latex)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None and diagnostic.span.end <= max(1, len(latex))
    if REFUSED[latex] is not None:
        assert diagnostic.help == REFUSED[latex]


def test_a_word_that_is_a_name_and_a_product() -> None:
    with pytest.raises(symcost.SymcostError) as caught:
        read_formula("2nd", Names(["n", "d", "nd"]))
    assert str(caught.value) == (
        "error[unexpected-token]: 'nd' may be a name or a product of 'n' and 'd'\n"
        " --> <latex>:1:2\n  |\n1 | 2nd\n  |  ^^\n  = help: write \\mathrm{nd} for the name, n d for the product"
    )


def test_a_sum_that_may_be_turned_round() -> None:
    with pytest.raises(symcost.SymcostError, match="whether the sum has terms"):
        value(r"\sum_{t=3}^{X} t")
    assert value(r"\sum_{t=1}^{X} t") == Size.of(X) * (Size.of(X) + 1) / 2


def test_the_language_and_latex_agree() -> None:
    net = symcost.parse("sym K, Cout = 2 assume K % 2 == 1 input Cin@H x W conv(K)-Cout")
    assert net.macs == r"H W K^2 C_{in} C_{\mathrm{out}}"
    assert net.params == r"(K^2 C_{in} + 1) C_{out}"
    assert net.at(H=r"\frac{64}{2}").symbols == net.at(H=32).symbols
    assert parse_formula("2*K^2") == read_formula("2 K^2")
