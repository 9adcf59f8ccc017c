"""The formatter: one layout, and the program says what it said.

The programs in ``data/fmt`` have the layout already. Their blanks are disturbed in two ways: so that the layout must come
back as it was, and in any way at all, where meaning, comments and the layout's own rules must survive.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

from symcost import syntax
from symcost.fmt import formatted
from symcost.parser import grammar_path, parse, tokens
from symcost.source import Source, SymcostError

PROGRAMS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "data" / "fmt").glob("*.arch"))
}
SETTINGS = examples(60)

# What was written, and how it is written. A line end that closes every result is left out.
TABLE = [
    # nothing, and nearly nothing
    ("# only a remark", "# only a remark"),
    ("\ufeff\r\n\r\nrelu\r\n\r\n\r\ntanh\r\n \r\n", "relu\n\ntanh"),
    ("relu\n\ufeff\ntanh # a\rb\n", "relu\n\ntanh  # a b"),
    # layers: one blank between them, two where there were two or more
    ("relu   tanh gelu\tselu", "relu  tanh gelu  selu"),
    ("net a{} net b{}", "net a { } net b { }"),
    ("conv3 - 64 / 2 ( pad = 1 )", "conv3-64/2(pad=1)"),
    ("conv ( K ) -C/ s(pad= ( 1 x 2 ))", "conv(K)-C/s(pad=(1 x 2))"),
    ("maxpool3 /2x1   maxpool /2 x 1", "maxpool3/2x1  maxpool/2 x 1"),
    ("std . ir-c/ ( s/ 2 )", "std.ir-c/(s/2)"),
    ("FC-10 soft-max", "FC-10 soft-max"),
    # repeats, shapes, taps
    ("relu x3 [a b]x n [ a ] x(n-1)(s=1)", "relu x 3 [ a b ] x n [ a ] x (n - 1)(s=1)"),
    ("a  :3 @ 224 x 224  as  t ( i )", "a : 3@224x224 as t(i)"),
    ("a:C@X x X a : 3@8 x X", "a : C@X x X a : 3@8 x X"),
    ("input  src : ids @ T", "input src: ids@T"),
    # braces and branches
    ("add{id|relu}", "add { id | relu }"),
    ("add{|id\n|relu\n}", "add { | id\n  | relu\n}"),
    ("experts (E,active=k){swiglu-f}", "experts(E, active=k) { swiglu-f }"),
    ("if(a){relu}else if not(b){id}else{}", "if (a) { relu } else if not (b) { id } else { }"),
    # sizes
    ("let a=b+c*-d-e/f%g//h", "let a = b + c*-d - e/f % g//h"),
    ("let a = ( x ** 2 ) - - y ^ -z", "let a = (x^2) - -y^-z"),
    ("let a = floor( X/2 ) . b", "let a = floor(X/2).b"),
    ("let a=if b>c and not d or e<=f then+1 else-1", "let a = if b > c and not d or e <= f then +1 else -1"),
    ("let a = b/(c*d) + 1e9 - 0.25", "let a = b/(c*d) + 1e9 - 0.25"),
    ("for i in 0 ..<n{}for i in a .. b{}", "for i in 0..<n { } for i in a..b { }"),
    ("for i in n-1 downto 0 { }", "for i in n - 1 downto 0 { }"),
    ("for i, c in [ 1,2 ;3,4; ]{}", "for i, c in [1, 2; 3, 4;] { }"),
    # declarations
    ("sym n,X=224,alpha:real=1", "sym n, X = 224, alpha: real = 1"),
    ("import std . resnet(basic,stem)", "import std.resnet (basic, stem)"),
    ('set a.b="a  ; -> × b"', 'set a.b = "a  ; -> × b"'),
    ("metric kv :bytes=2*kv", "metric kv: bytes = 2*kv"),
    ("block b ( k = 3 ) - c / s ( e = 4 ) { }", "block b(k=3)-c/s(e=4) { }"),
    ("layer f ( h ) :c@* ->(2*c)@T{mac=c}", "layer f(h) : c@* -> (2*c)@T { mac = c }"),
    ("assert macs~4.1G", "assert macs ~ 4.1G"),
    # one spelling of each sign
    ("input 3@224×224", "input 3@224x224"),
    ("input 3@X×X", "input 3@X x X"),
    ("input 3@8 x\n224 x 224", "input 3@8 x\n  224 x 224"),
    ("relu ×3 conv1×7-8 pool/2×1", "relu x 3 conv1x7-8 pool/2x1"),
    ("conv(3 × n)-(α·128)", "conv(3*n)-(α*128)"),
    ("assume a≤b≠c≥d**2", "assume a <= b != c >= d^2"),
    ("assert macs≈4G", "assert macs ~ 4G"),
    ("layer f:c→c{ }", "layer f : c -> c { }"),
    # `;` and arrows: only `;`, between a declaration and what follows on its line
    ("; relu -> tanh → gelu; selu;", "relu tanh gelu selu"),
    ("relu\n-> tanh\n->\ngelu\n;\n\n;\nselu", "relu\ntanh\ngelu\n\nselu"),
    ("relu  ->  tanh", "relu  tanh"),
    ("input 3@8x8 -> relu;;tanh", "input 3@8x8; relu tanh"),
    ("let a = 1  let b = 2;\nlet c = 3; # why", "let a = 1; let b = 2\nlet c = 3  # why"),
    ("net a{let b=1;relu;}", "net a { let b = 1; relu }"),
    ("add { let a = 1; | relu; }", "add { let a = 1 | relu }"),
    ("layer f : c -> c { mac = 1 add = 2 ; }", "layer f : c -> c { mac = 1; add = 2 }"),
    # what would be read otherwise if it were written so
    ("assert macs ~ 4\tM-3", "assert macs ~ 4; M-3"),
    ("soft -max soft - max2/2 soft -min", "soft - max soft - max2/2 soft-min"),
    ("relu x", "relu; x"),
    ("relu -> x3\n", "relu; x3"),
    ("net a{relu x}", "net a { relu; x }"),
    ("if a { b }; else { c }", "if a { b }; else { c }"),
    ("relu; # why\n\nas gelu", "relu;  # why\n\nas gelu"),
    ("relu×3", "relu×3"),
    ("a(b\n=\n1)", "a(b\n  =\n  1)"),
    # indentation: two blanks for each open bracket, and for the further lines of a declaration
    ("net a{\nrelu\n# here\n}", "net a {\n  relu\n  # here\n}"),
    ("net a{b{\nrelu\n}}\ntanh", "net a { b {\n    relu\n} }\ntanh"),
    ("for a in[\n1;\n2\n]{\nb\n}", "for a in [\n  1;\n  2\n] {\n  b\n}"),
    ("sym a,\nb\n# later\nrelu", "sym a,\n  b\n# later\nrelu"),
    ("let a=\n1;net b {\nrelu\n}\nc", "let a =\n  1; net b {\n    relu\n  }\nc"),
    ("assert a(\nb\n)==1", "assert a(\n  b\n) == 1"),
    # columns of neighbouring lines
    ("conv3-8 : 8@1\nrelu : 8@1  tanh", "conv3-8 : 8@1\nrelu    : 8@1  tanh"),
    ("a:8  bb:8\nccc:8", "a   : 8  bb : 8\nccc : 8"),
    ("conv3-8 : 8@1\n\nrelu : 8@1", "conv3-8 : 8@1\n\nrelu : 8@1"),
    ("conv3-8 : 8\ntanh\nrelu : 8", "conv3-8 : 8\ntanh\nrelu : 8"),
    ("net ab { relu : 8 }\nnet a { relu : 8 }", "net ab { relu : 8 }\nnet a { relu : 8 }"),
    ("conv3-8 # a\nrelu# b\n# c\nid # d", "conv3-8  # a\nrelu     # b\n# c\nid  # d"),
    ("a:8#\tb  \nbc:16@1#d", "a  : 8     #       b\nbc : 16@1  #d"),
]


def laid(text: str) -> str:
    return formatted(Source("<test>", text))


def meaning(text: str) -> str:
    """The syntax tree without its places. A layer's name is compared as it is spelt on a keyboard."""
    return repr(parse(text)).replace("×", "x")


def comments(text: str) -> list[str]:
    found = re.findall(r'"[^"\n]*"|(#[^\n]*)', text)
    return [comment.rstrip().expandtabs().replace("\r", " ") for comment in found if comment]


def check(text: str, result: str) -> None:
    """What holds of every program and its layout."""
    assert meaning(result) == meaning(text)
    assert laid(result) == result
    assert comments(result) == comments(text)
    assert result.endswith("\n") and not result.startswith("\n") and not result.endswith("\n\n")
    assert "\n\n\n" not in result and "\t" not in result and "\r" not in result
    assert all(line == line.rstrip() for line in result.split("\n"))


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_layout(text: str, expected: str) -> None:
    assert laid(text) == expected + "\n"
    check(text, expected + "\n")


@pytest.mark.parametrize("blank", ["", " ", "\n\n\n", "\ufeff", ";\n;", "\t\r\n"])
def test_nothing_stays_nothing(blank: str) -> None:
    assert laid(blank) == ""


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_have_the_layout(name: str) -> None:
    assert laid(PROGRAMS[name]) == PROGRAMS[name]


def test_the_whole_grammar_is_used() -> None:
    grammar = grammar_path().read_text(encoding="utf-8")
    rules = set(re.findall(r"^([a-z]\w*):", grammar, re.MULTILINE)) | set(re.findall(r"-> (\w+)", grammar))
    terminals = set(re.findall(r"^([A-Z_]+)(?:\.\d)?:", grammar, re.MULTILINE)) - {"WS", "COMMENT"}
    trees = [tokens(Source("", text)) for text in [*PROGRAMS.values(), *(row[0] for row in TABLE)]]
    assert rules - {"formula"} <= {str(inner.data) for tree in trees for inner in tree.iter_subtrees()}
    assert terminals <= {token.type for tree in trees for token in tree.scan_values(lambda _: True)}


# ------------------------------------------------------------------------------------------------- disturbed programs


@cache
def words(name: str) -> tuple[tuple[str, str, bool], ...]:
    """Each word of a program: what stands before it, its text, whether a declaration or step begins with it."""
    text = PROGRAMS[name]
    found = list(tokens(Source(name, text)).scan_values(lambda _: True))
    ends = [0, *(token.end_pos for token in found)]
    begins = set(_begins(parse(text)))
    return tuple(
        (text[end : token.start_pos], str(token), token.start_pos in begins and not text[:end].endswith("else"))
        for end, token in zip(ends, found, strict=False)
    )


def _begins(node: object) -> Iterator[int]:
    """Where an arrow or `;` may stand before."""
    if isinstance(node, syntax.Item):
        yield node.span.start
    if isinstance(node, syntax.LayerDef):
        return
    parts = node if isinstance(node, tuple) else ()
    if is_dataclass(node) and not isinstance(node, type):
        parts = tuple(getattr(node, f.name) for f in fields(node))
    for part in parts:
        yield from _begins(part)


def other_blanks(gap: str, before: str, word: str, item: bool, way: int) -> str:
    """Different blanks that say the same to the formatter as these do."""
    if gap == "" and "x" in (before, word):  # with blanks around one x of `8x224x224` the other is no sign
        return " "
    if "\n" in gap:
        lines = [line.strip() for line in gap.split("\n")]
        pad, end = ["", " ", "\t", "    "][way % 4], ["\n", " \n", "\r\n", "\t\n"][way // 2 % 4]
        if "" in lines[1:-1]:
            lines.insert(lines.index("", 1), "")
        return end.join(pad + line for line in lines) + pad
    if item and "  " in gap:
        return ["  ", "   ", "\t", " \t "][way % 4]
    glued = re.fullmatch(r"\w", before[-1:]) and re.fullmatch(r"\w", word[0])
    if glued or (before == "x" and word != "("):  # where some blank is needed
        return " " if item else [" ", "  ", "\t"][way % 3]
    return ["", " "][way % 2] if item and before != ";" else ["", " ", "  ", "\t"][way % 4]


def any_blanks(gap: str, before: str, word: str, item: bool, way: int) -> str:
    if gap == "" and "x" in (before, word):
        gap = " "
    more = ["", " ", "\n", "\n\n\n", "\t", "\r\n", "  # remark ; ->\n", "\n# own\n#lines\t\n", " \ufeff", "   "]
    if item:
        more += [" ; ", " -> ", "\n→\n", ";;", " # and\n; # more\n"]
    return gap + more[way % len(more)]


ways = st.lists(st.integers(0, 59), min_size=1, max_size=40)


@given(st.sampled_from(sorted(PROGRAMS)), ways)
@SETTINGS
def test_the_layout_comes_back(name: str, ways: list[int]) -> None:
    text, before = "", ""
    for i, (gap, word, item) in enumerate(words(name)):
        text += other_blanks(gap, before, word, item, ways[i % len(ways)]) + word
        before = word
    text += PROGRAMS[name][PROGRAMS[name].rindex(before) + len(before) :]
    assert laid(text) == PROGRAMS[name]


@given(st.sampled_from(sorted(PROGRAMS)), ways)
@SETTINGS
def test_whatever_stands_between_the_words(name: str, ways: list[int]) -> None:
    text, before = "", ""
    for i, (gap, word, item) in enumerate(words(name)):
        text += any_blanks(gap, before, word, item, ways[i % len(ways)]) + word
        before = word
    check(text, laid(text))


# ------------------------------------------------------------------------------------------------------------ the rest


@pytest.mark.parametrize("text", ["conv3-", "let a == 3", "add { id", "set a = 'b'", "relu )"])
def test_errors_are_those_of_the_parser(text: str) -> None:
    with pytest.raises(SymcostError) as expected:
        parse(text)
    with pytest.raises(SymcostError) as found:
        formatted(Source("<text>", text))
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize(("start", "turn", "end"), [("1", " + 1", ""), ("", "-", "1"), ("", "not ", "a")])
def test_depth_is_no_matter(start: str, turn: str, end: str) -> None:
    text = f"let a = {start}{turn * 5000}{end}\n"
    assert laid(text) == text


def test_length_takes_no_more_than_its_share() -> None:
    text = "conv3-64 bn relu\n" * 2000
    assert laid(text) == text


def test_sympy_stays_out() -> None:
    program = "import sys, symcost.fmt; sys.exit('sympy' in sys.modules or 'symcost.graph' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
