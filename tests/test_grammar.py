"""The grammar: it has no conflict, every construct gives the syntax it should, and every node knows where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark
from strategies import EXPRS, examples, files, written

import symcost
from symcost import syntax as s
from symcost.graph.scope import RESERVED
from symcost.parser import grammar_path, parse, parse_formula, tokens
from symcost.source import Source

GRAMMAR = grammar_path().read_text(encoding="utf-8")
MANUAL = Path(__file__).parent.parent / "docs" / "language.md"


@pytest.fixture(scope="module")
def strict() -> Lark:
    return Lark(GRAMMAR, parser="lalr", start=["start", "formula"], strict=True, keep_all_tokens=True)


# ------------------------------------------------------------------------------------------------- the grammar


def test_no_conflict(strict: Lark) -> None:
    """Strict mode refuses shift/reduce conflicts and terminals that match the same text."""
    assert {"start", "formula"} == set(strict.options.start)


def test_rules_are_used(strict: Lark) -> None:
    """Every rule and terminal can be reached from a start: Lark leaves out those that cannot, and says nothing."""
    rules = set(re.findall(r"^[?!]?([a-z_0-9]+) *:", GRAMMAR, re.MULTILINE))
    assert rules == {rule.origin.name for rule in strict.rules if not rule.origin.name.startswith("__")}
    terminals = set(re.findall(r"^([A-Z_0-9]+)(?:\.\d)? *:", GRAMMAR, re.MULTILINE))
    assert terminals == {t.name for t in strict.terminals if not t.name.startswith("__") and t.name in terminals}


def keywords() -> set[str]:
    return {terminal.lower() for terminal in re.findall(r'^([A-Z]+): +"[a-z]+"$', GRAMMAR, re.MULTILINE)}


def test_keywords() -> None:
    """A word of the grammar cannot be a name, and no name is refused for less."""
    words = set(re.findall(r'^[A-Z]+: +"([a-z]+)"$', GRAMMAR, re.MULTILINE))
    assert words == keywords()
    assert words == RESERVED - {"true", "false", "body", "here"}
    assert len(words) == 24


def test_keywords_are_documented() -> None:
    code = " ".join(re.findall(r"`[^`\n]+`|```.*?```", MANUAL.read_text(encoding="utf-8"), re.DOTALL))
    assert [word for word in sorted(keywords()) if not re.search(rf"\b{word}\b", code)] == []


def test_signs_are_documented() -> None:
    code = " ".join(re.findall(r"`[^`\n]+`|```.*?```", MANUAL.read_text(encoding="utf-8"), re.DOTALL))
    signs = re.findall(r'^[A-Z]+: +"(\W+)"$', GRAMMAR, re.MULTILINE)
    assert len(signs) == 14
    others = "==  !=  <=  >=  <  >  ≤  ≥  ≠  ->  →  ~  ≈  x  ×  ..  ..<  {  }  [  ]  (  )  ,  :  =  #"
    assert [sign for sign in (*signs, *re.split(" +", others)) if sign not in code] == []


# --------------------------------------------------------------------------------------------------- the table


def said(value: Any) -> str:
    """A node in one line: what it must have in order, what it may have by name."""
    match value:
        case s.Number():
            return str(value.value)
        case s.Ref():
            return value.text
        case s.String() | str():
            return repr(value.value) if isinstance(value, s.String) else value
        case tuple():
            return f"[{' '.join(map(said, value))}]"
        case s.Arg(None, inner):
            return said(inner)
        case s.Arg(name, inner):
            return f"{name}={said(inner)}"
        case s.Node():
            parts = []
            for f in fields(value):
                part = getattr(value, f.name)
                if f.name != "span" and (f.default is MISSING or part != f.default):
                    parts.append(said(part) if f.default is MISSING else f"{f.name}={said(part)}")
            return f"{type(value).__name__}({', '.join(parts)})"
    return str(value)


FORMULAS = """
    64                          ⇒ 64
    0.25                        ⇒ 1/4
    1e3                         ⇒ 1000
    2.5e-1                      ⇒ 1/4
    n                           ⇒ n
    in.c                        ⇒ in.c
    größe                       ⇒ größe
    (n)                         ⇒ n
    -n                          ⇒ Unary(-, n)
    +n                          ⇒ Unary(+, n)
    -2^2                        ⇒ Unary(-, Binary(^, 2, 2))
    2^-2                        ⇒ Binary(^, 2, Unary(-, 2))
    2^3^n                       ⇒ Binary(^, 2, Binary(^, 3, n))
    a**b                        ⇒ Binary(^, a, b)
    a+b-c                       ⇒ Binary(-, Binary(+, a, b), c)
    a-(b-c)                     ⇒ Binary(-, a, Binary(-, b, c))
    a*b/c                       ⇒ Binary(/, Binary(*, a, b), c)
    a·b × c                     ⇒ Binary(*, Binary(*, a, b), c)
    a//b%c                      ⇒ Binary(%, Binary(//, a, b), c)
    a + b*c                     ⇒ Binary(+, a, Binary(*, b, c))
    a == b                      ⇒ Compare([==], [a b])
    a <= b < c                  ⇒ Compare([<= <], [a b c])
    a ≤ b ≥ c ≠ d               ⇒ Compare([<= >= !=], [a b c d])
    a > b or b > c and not d    ⇒ Logic(or, [Compare([>], [a b]) Logic(and, [Compare([>], [b c]) Logic(not, [d])])])
    if a then b else c          ⇒ Choice(a, b, c)
    if a then b else if c then d else e ⇒ Choice(a, b, Choice(c, d, e))
    f()                         ⇒ Apply(f, [])
    min(a, b+1)                 ⇒ Apply(min, [a Binary(+, b, 1)])
    params(X=224)               ⇒ Apply(params, [X=224])
    vgg(2, q=1).macs            ⇒ Apply(Apply(vgg, [2 q=1]), None, attribute=macs)
    vgg(2).macs(X=32)           ⇒ Apply(Apply(vgg, [2]), [X=32], attribute=macs)
    r.vgg(2).macs               ⇒ Apply(Apply(r.vgg, [2]), None, attribute=macs)
    3 x 5                       ⇒ Axes([3 5])
    (a) x (b) x c               ⇒ Axes([a b c])
    (3 x 5)                     ⇒ Axes([3 5])
    "a.b"                       ⇒ 'a.b'
    x*x                         ⇒ Binary(*, x, x)
"""

PROGRAMS = """
    conv3-64                    ⇒ Step(Call([conv3], width=64))
    conv3-64/2                  ⇒ Step(Call([conv3], width=64, stride=2))
    conv(K)-C/s(pad=P)          ⇒ Step(Call([conv], head=[K], width=C, stride=s, options=[pad=P]))
    conv(3 x 5)-8/(2 x 1)       ⇒ Step(Call([conv], head=[Axes([3 5])], width=8, stride=Axes([2 1])))
    conv3-8(pad=(1 x 2), 7)     ⇒ Step(Call([conv3], width=8, options=[pad=Axes([1 2]) 7]))
    conv3x5-8                   ⇒ Step(Call([conv3x5], width=8))
    conv3×5-8                   ⇒ Step(Call([conv3x5], width=8))
    conv3-8/2x1x2               ⇒ Step(Call([conv3], width=8, stride=Axes([2 1 2])))
    conv3-(4*k)                 ⇒ Step(Call([conv3], width=Binary(*, 4, k)))
    conv3-in.c                  ⇒ Step(Call([conv3], width=in.c))
    maxpool3/2(pad=1)           ⇒ Step(Call([maxpool3], stride=2, options=[pad=1]))
    attention(h, causal=true)   ⇒ Step(Call([attention], head=[h causal=true]))
    soft-max                    ⇒ Step(Call([soft-max]))
    soft - max                  ⇒ Step(Call([soft], width=max))
    r.basic-64                  ⇒ Step(Call([r basic], width=64))
    relu x 3                    ⇒ Step(Call([relu]), times=Times(3))
    relu x3                     ⇒ Step(Call([relu]), times=Times(3))
    relu × n                    ⇒ Step(Call([relu]), times=Times(n))
    relu x (n + 1)              ⇒ Step(Call([relu]), times=Times(Binary(+, n, 1)))
    b-c/s x n(s=1)              ⇒ Step(Call([b], width=c, stride=s), times=Times(n, options=[s=1]))
    a b                         ⇒ Step(Call([a])) Step(Call([b]))
    a -> b; c → d               ⇒ Step(Call([a])) Step(Call([b])) Step(Call([c])) Step(Call([d]))
    a : 64@5x5                  ⇒ Step(Call([a]), shape=Shape(64, [5 5]))
    a x 2 : C@H x W as t        ⇒ Step(Call([a]), times=Times(2), shape=Shape(C, [H W]), tap=TensorRef(t))
    a as s(i + 1)               ⇒ Step(Call([a]), tap=TensorRef(s, index=Binary(+, i, 1)))
    [a b] x n                   ⇒ Step(Group([Step(Call([a])) Step(Call([b]))]), times=Times(n))
    from t                      ⇒ Step(From(TensorRef(t)))
    add { | a | id }            ⇒ Step(Call([add], body=[[Step(Call([a]))] [Step(Call([id]))]]))
    residual { a b }            ⇒ Step(Call([residual], body=[[Step(Call([a])) Step(Call([b]))]]))
    concat(t, s(i))             ⇒ Step(Call([concat], head=[t Apply(s, [i])]))
    for i in 1..n { a }         ⇒ Step(For([i], Range(.., 1, n), [Step(Call([a]))]))
    for i in 0..<n { }          ⇒ Step(For([i], Range(..<, 0, n), []))
    for i in n - 1 downto 0 { } ⇒ Step(For([i], Range(downto, Binary(-, n, 1), 0), []))
    for c, n in [64, 3; 128, 4] { a-c } ⇒ Step(For([c n], Table([[64 3] [128 4]]), [Step(Call([a], width=c))]))
    if s != 1 { a }             ⇒ Step(If(Compare([!=], [s 1]), [Step(Call([a]))], []))
    if p { a } else { b }       ⇒ Step(If(p, [Step(Call([a]))], [Step(Call([b]))]))
    if p { a } else if q { b }  ⇒ Step(If(p, [Step(Call([a]))], [Step(If(q, [Step(Call([b]))], []))]))
    import std.resnet           ⇒ Import([std resnet], None, [])
    import std.resnet as r      ⇒ Import([std resnet], r, [])
    import "a.arch" (f, g,)     ⇒ Import(a.arch, None, [f g])
    sym n, X = 224, a: real = 1 ⇒ Sym([Symbol(n) Symbol(X, default=224) Symbol(a, domain=real, default=1)])
    assume X % 32 == 0, a <= 1  ⇒ Assume([Compare([==], [Binary(%, X, 32) 0]) Compare([<=], [a 1])])
    let w = 4*k                 ⇒ Let(w, Binary(*, 4, k))
    set conv.bias = false       ⇒ Set([conv bias], false)
    set round = exact           ⇒ Set([round], exact)
    metric kv                   ⇒ Metric(kv, None, None)
    metric kv: batch = 2*mac    ⇒ Metric(kv, batch, Binary(*, 2, mac))
    assert params == 5          ⇒ Assert(Compare([==], [params 5]))
    assert macs ~ 4.1G          ⇒ Assert(Approx(macs, 4.1G))
    assert macs ≈ 138 M         ⇒ Assert(Approx(macs, 138 M))
    input 3@224x224             ⇒ Input(None, Shape(3, [224 224]))
    input mem: ids@S            ⇒ Input(mem, Shape(ids, [S]))
    input 4096                  ⇒ Input(None, Shape(4096, []))
    input C@(X/2) x 3           ⇒ Input(None, Shape(C, [Binary(/, X, 2) 3]))
    output p3, s(1)             ⇒ Output([TensorRef(p3) TensorRef(s, index=1)])
    block b-c/s(e=4) { a }      ⇒ Block(Head(b, width=c, stride=s, options=[Param(e, 4)]), [Step(Call([a]))], False)
    block b(k, m=2) { }         ⇒ Block(Head(b, params=[Param(k, None) Param(m, 2)]), [], False)
    block b/s(e) { }            ⇒ Block(Head(b, stride=s, options=[Param(e, None)]), [], False)
    shared block h { }          ⇒ Block(Head(h), [], True)
    layer g(h) : c@T -> c@T { } ⇒ LayerDef(Head(g, params=[Param(h, None)]), Shape(c, [T]), Shape(c, [T]), [])
    layer f : c -> c { let k = c; mac = k }  ⇒ LayerDef(Head(f), Shape(c, []), Shape(c, []), [Let(k, c) Field(mac, k)])
    layer f : c@* → c { }       ⇒ LayerDef(Head(f), Shape(c, None), Shape(c, []), [])
    net v(n, q=0) { input 3 }   ⇒ Net(v, [Param(n, None) Param(q, 0)], [Input(None, Shape(3, []))])
    net v { }                   ⇒ Net(v, [], [])
    a # conv3-64                ⇒ Step(Call([a]))
    from from                   ⇒ Step(From(TensorRef(from)))
"""


def table(lines: str) -> list[Any]:
    cases = [line.split("⇒") for line in lines.strip().split("\n")]
    return [pytest.param(text.strip(), wanted.strip(), id=text.strip()) for text, wanted in cases]


@pytest.mark.parametrize("text, wanted", table(FORMULAS))
def test_formula(text: str, wanted: str) -> None:
    assert said(parse_formula(text)) == wanted


@pytest.mark.parametrize("text, wanted", table(PROGRAMS))
def test_program(text: str, wanted: str) -> None:
    assert " ".join(map(said, parse(text).items)) == wanted


def test_the_table_has_every_rule(strict: Lark) -> None:
    """Every rule of the grammar that makes a node stands in some line of the tables above."""
    seen = {tree.data for case in table(PROGRAMS) for tree in tokens(Source("", case.values[0])).iter_subtrees()}
    seen |= {t.data for case in table(FORMULAS) for t in strict.parse(case.values[0], start="formula").iter_subtrees()}
    named = {rule.alias or rule.origin.name for rule in strict.rules}
    inlined = {rule.origin.name for rule in strict.rules if rule.options.expand1}
    assert {name for name in named - inlined if name[0] != "_"} - seen == set()


REFUSED = [
    "conv-",
    "3x3-64",
    "add { }",
    "add { | }",
    "let a",
    "sym",
    "[ ]",
    "input",
    "conv3-2*c",
    "assert a ~ b",
    "for i in 3 { }",
    "else { }",
    "a as",
    "a(b",
    "layer f { }",
    "conv3-0.5",
    "let a = 'b'",
    "conv3-64,",
    "a = b",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(symcost.SymcostError) as caught:
        parse(text)
    assert all(d.span is not None for d in caught.value.diagnostics)


# -------------------------------------------------------------------------------------------------- properties


@examples(80)
@given(files())
def test_written_and_read(tree: s.File) -> None:
    """The parser gives back the tree that was written out, whatever the tree."""
    text = written(tree)
    assert parse(text) == tree, text


@examples(80)
@given(EXPRS)
def test_formula_written_and_read(tree: s.Expr) -> None:
    assert parse_formula(written(tree)) == tree


@examples(80)
@given(files(), st.randoms(use_true_random=False))
def test_blanks_mean_nothing(tree: s.File, random: Any) -> None:
    """Newlines, comments, arrows and semicolons between items say nothing."""
    glue = ["\n", "  ", "\r\n", "\n# a -> b; c\n", " -> ", " ; ", "\t", "\ufeff"]
    text = "".join(written(item) + random.choice(glue) for item in tree.items)
    assert parse(text) == tree, text


# Where the text of a node is read again: what is put around it, and where it is found then.
AGAIN: dict[type, Callable[[str], Any]] = {
    s.Shape: lambda text: parse(f"input {text}").items[0].shape,
    s.TensorRef: lambda text: parse(f"output {text.removeprefix('as ')}").items[0].tensors[0],
    s.Times: lambda text: parse(f"a {text}").items[0].times,
    s.Range: lambda text: parse(f"for i in {text} {{ }}").items[0].core.over,
    s.Table: lambda text: parse(f"for i in {text} {{ }}").items[0].core.over,
    s.Arg: lambda text: parse(f"f({text})").items[0].core.head[0],
    s.Param: lambda text: parse(f"net f({text}) {{ }}").items[0].params[0],
    s.Head: lambda text: parse(f"block {text} {{ }}").items[0].head,
    s.Field: lambda text: parse(f"layer f : a -> b {{ {text} }}").items[0].fields[0],
    s.Symbol: lambda text: parse(f"sym {text}").items[0].symbols[0],
    s.Approx: lambda text: parse(f"assert {text}").items[0].claim,
    s.File: parse,
}
CORES = (s.Call, s.Group, s.From, s.For, s.If)
SIZES = (s.Number, s.String, s.Ref, s.Apply, s.Unary, s.Binary, s.Compare, s.Logic, s.Choice, s.Axes)


def read_again(node: s.Node) -> Any:
    text = node.span.text
    if isinstance(node, SIZES):
        return parse_formula(text)
    if isinstance(node, CORES):
        return parse(text).items[0].core
    return AGAIN.get(type(node), lambda text: parse(text).items[0])(text)


@examples(80)
@given(files())
def test_spans(tree: s.File) -> None:
    """The text of every node, by itself, is that node; and it lies inside the text of the node around it."""
    for node in s.walk([parse(written(tree))]):
        assert read_again(node) == node, node.span.text
        inside = [part.span for part in s.children(node)]
        assert all(node.span.start <= span.start <= span.end <= node.span.end for span in inside)
