"""How layers are put together: what is left open and at numbers, what is written in two ways, and where a mistake is told.

Three sorts of tests. A network with symbols costs, at numbers, what it costs with the numbers written. What stands beside each
other in `SAME` is one network in two spellings. In `REFUSED` every program has one mistake, and is told at one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

import symcost
from symcost import memory
from symcost.graph import attempted
from symcost.graph.patterns import OFTEN
from symcost.ops import Op
from symcost.parser import parse as parse_syntax
from symcost.source import Source

COSTS = ("params", "active", "trainable", "activations", "macs", "exact", *map(str, Op))


def figures(net: symcost.Architecture) -> dict[str, Any]:
    return {name: net.cost(name).value for name in COSTS} | {"output": str(net.output)}


def counted(program: str, **values: int) -> dict[str, Any] | None:
    """The costs at values, or nothing where there is no such network."""
    try:
        net = symcost.parse(program)
        return figures(net.at(**values) if values else net)
    except symcost.SymcostError:
        return None


# ------------------------------------------------------------------------------------------- left open, or numbers

# its symbols with the values tried, facts about them, the rest of the program
OPEN: dict[str, tuple[dict[str, Iterable[int]], str, str]] = {
    # conditions
    "if": ({"s": (1, 2, 3)}, "", "input 6@7x5 if s == 1 { conv3-6 } else { conv1-6 } relu"),
    "if not": ({"s": (1, 2, 3)}, "", "input 6@7 if not s == 1 { conv3-6 }"),
    "if and": ({"s": (1, 2), "k": (1, 2)}, "", "input 6@7 if s == 1 and k > 1 { conv3-6 } else { conv1-6 }"),
    "if or": ({"s": (1, 2), "k": (1, 2)}, "", "input 6@7 if s == 1 or k > 1 { conv3-6 } else { conv1-6 }"),
    "if not or": ({"s": (1, 2), "k": (1, 2)}, "", "input 6@7 if not (s == 1 or k > 1) { conv3-6 } else { conv1-6 }"),
    "if chain": ({"s": (1, 2, 3, 4)}, "", "input 6@7 if 1 < s <= 3 { conv3-6 }"),
    "if %": ({"s": (1, 2, 3, 4)}, "", "input 6@7 if s % 3 == 1 { conv3-6 }"),
    "if % is large": ({"s": (1, 2, 3, 4)}, "", "input 6@7 if s % 3 == 4 { conv3-6 } relu"),
    "if % of an unknown": ({"s": (1, 2, 3, 4), "k": (1, 2, 3)}, "", "input 6@7 if s % k == 1 { conv3-6 } relu"),
    "if in if": ({"s": (1, 2), "k": (1, 2)}, "", "input 6@7 if s > 1 { if k > 1 { conv3-6 } else { relu } bn } silu"),
    "needs in a branch": ({"s": (1, 2, 3, 4)}, "", "input 6@7 if s > 2 { conv1-6(groups=s) } else { conv1-6 }"),
    "needs in an inner branch": (
        {"s": (1, 2, 4), "k": (1, 2, 4)},
        "",
        "input 6@7 if s > 1 { if k > 1 { conv1-6(groups=s*k) } } conv1-6",
    ),
    "needs in a block in a branch": (
        {"s": (1, 2, 4)},
        "",
        "block b { conv1-6(groups=s) } input 6@7 if s > 1 { b } else { b } conv1-6(groups=s)",
    ),
    "needs in a block in a branch and again behind": (
        {"s": (1, 4, 5, 6)},
        "",
        "block b { conv1-6(groups=s) } input 6@7 if s > 4 { b } b relu",
    ),
    "an inner branch that never fits": (
        {"s": (1, 2, 3), "k": (1, 2)},
        "",
        "input 6@7 if s > 2 { if k > 1 { conv1-6(groups=4) } } relu",
    ),
    "the same layer behind a branch": (
        {"s": (1, 2, 4)},
        "",
        "input 6@7 if s == 1 { conv1-6(groups=s) } conv1-6(groups=s)",
    ),
    "one general side": ({"s": (1, 2, 3)}, "", "input 6@9 if s == 1 { conv3-6 } else { conv3-6/s }"),
    "one general side, first": ({"s": (1, 2, 3)}, "", "input 6@9 if s != 1 { conv3-6/s } else { conv3-6 }"),
    "two equations": (
        {"s": (1, 2), "k": (5, 6)},
        "",
        "input 6@9 if s == 1 and k == 6 { relu } else { conv3-k/s }",
    ),
    "not both": (
        {"s": (1, 2), "k": (5, 6)},
        "",
        "input 6@9 if not (s == 1 and k == 6) { conv3-k/s } else { relu }",
    ),
    "either not": ({"s": (1, 2), "k": (5, 6)}, "", "input 6@9 if s != 1 or k != 6 { conv3-k/s } else { relu }"),
    "an equation of two": ({"s": (1, 2, 3), "k": (2, 3)}, "", "input 6@9 if s == k { conv1-k } else { conv1-s }"),
    "an equation in a sum": ({"k": (1, 2, 3)}, "", "input 6@9 if 3*k - 6 == 0 { conv1-2 } else { conv1-k }"),
    "a tensor of both branches": (
        {"s": (1, 2)},
        "",
        "input 6@9 if s > 1 { conv3-6 as t } else { conv1-6 as t } conv3-4 concat(t)",
    ),
    "in inside a branch": ({"s": (1, 2)}, "", "input 6@9 conv1-4 if s > 1 { conv3-8 conv1-in.c add(in) }"),
    # sizes
    "functions": (
        {"k": (1, 2, 3, 4), "s": (1, 2, 3)},
        "",
        "input 6@7 linear-(min(k, s) + max(k, s, 2)) linear-(gcd(k, 6)) linear-(floor(k/s) + ceil(k/2) + k//2 + k % 3)",
    ),
    "more functions": (
        {"k": (1, 2, 9)},
        "",
        "input 6@7 linear-(sqrt(k^2)) linear-(log2(2^k)) linear-(divisible(k, 4))",
    ),
    "signs": ({"k": (1, 2, 5)}, "", "input 6@7 linear-(-(-k) + +k - -1) linear-(2^k - 2*k + 1) linear-((k + 1)^2)"),
    "a let": ({"k": (1, 2, 5)}, "", "let a = 2*k let b = 3 > 2 let c = if b then a else 1 input 6@7 linear-c"),
    "fields of a tensor": (
        {"C": (1, 3), "H": (2, 5), "W": (3,)},
        "",
        "input C@H x W linear-(in.c + in.h + 2*in.w + in.n + in.size) [gap linear-(here.c + in.n + in.h)]",
    ),
    "fields of a sequence": (
        {"T": (1, 3)},
        "",
        "input 5@T linear-(in.t + 2*in.n + in.size) relu as t linear-(t.c + t.t)",
    ),
    # what has braces
    "split": ({"k": (2, 3, 4)}, "", "input k@7 split { conv3-here.c | id } relu"),
    "split by widths": ({"k": (1, 2, 3, 4), "s": (1, 2)}, "", "input k@7 split(s, k - s) { conv3-5 | id } relu"),
    "concat of sides": ({"X": (1, 4), "Y": (2, 4)}, "", "input 3@X x Y concat(axis=h) { id | maxpool1/1(pad=0) } relu"),
    "windows": ({"s": (1, 2, 3, 5)}, "", "input 4@7x5 windows(s) { attention(2) linear-6 } relu"),
    "windows of two sides": ({"s": (1, 3), "k": (2, 5)}, "", "input 4@7x5 windows(s x k) { attention(2) } relu"),
    "experts": ({"k": (1, 2, 3, 4), "s": (1, 2)}, "", "input 4@7 experts(k, active=s) { linear-4 relu } linear-2"),
    "a shortcut": (
        {"s": (1, 2), "k": (3, 4)},
        "",
        "input 4@7 residual(when=s == 1 and in.c == k) { conv3-k/s bn } relu",
    ),
    "a shortcut where not": ({"s": (1, 2)}, "", "input 4@7 residual(when=s != 2) { conv3-4 } relu"),
    "a shortcut in a branch": (
        {"s": (1, 2), "k": (1, 2)},
        "",
        "input 4@7 if k > 1 { residual(when=s == 1) { conv3-4/s conv1-4 } } else { maxpool1/s }",
    ),
    "weights": (
        {"k": (1, 2)},
        "",
        "input 4@7 freeze { linear-k trainable { linear-4 } } idle { linear-(2*k) } linear-3",
    ),
    # facts
    "a remainder": ({"X": (4, 9, 14)}, "X % 5 == 4", "input 3@X conv3-2 maxpool2 relu conv1-4/5"),
    "a multiple": ({"X": (6, 12)}, "X % 6 == 0", "input 3@X maxpool2 maxpool3 linear-(X/6)"),
    "a multiple, or twice as much": (
        {"X": (6, 12), "k": (2, 3, 6)},
        "X % k == 0",
        "input 3@X if X >= 2*k { linear-3 } relu",
    ),
    "a multiple of a symbol": ({"X": (6, 12), "k": (2, 3)}, "X % k == 0", "input 3@X maxpool(k) linear-(X/k)"),
    "an equation": ({"X": (6,), "k": (3,)}, "X == 2*k", "input 3@X maxpool2 linear-k"),
    "bounds": ({"X": (5, 6, 7)}, "5 <= X, 8 > X", "input 3@X if X > 4 { conv5-3(pad=0) } if X >= 8 { conv3-3 } relu"),
    "bounds turned": (
        {"X": (5, 6, 7)},
        "4 < X < 8",
        "input 3@X if 5 <= X { conv5-3(pad=0) } if 7 < X { conv3-3 } relu",
    ),
    # blocks
    "a block": (
        {"k": (1, 2), "s": (1, 2)},
        "",
        "block b(m, e=2)-c/t(g=1) { conv(m)-(e*c)/t(groups=g) conv1-c } input 4@9 b(3)-k/s b(k, 3)-4(g=k) b(3, e=k)-2",
    ),
    "body": ({"k": (1, 2)}, "", "block twice { body relu body } input 4@9 twice { conv3-(k + in.c) } twice { bn }"),
    # loops
    "a loop over a table": ({"k": (1, 2)}, "", "input 4@9 for c, m in [k, 3; 2*k, 1] { conv(m)-c }"),
    "the first turn": ({"k": (1, 2, 3)}, "", "input 4@9 conv3-8/2 x k(s=1) relu"),
    "named twice in a turn": (
        {"n": (1, 2, 3)},
        "",
        "input 3@6 for i in 1..n { conv1-8 as s(i) bn as s(i) } concat(s(n)) linear-4",
    ),
    "ids that a loop makes more": (
        {"n": (1, 2, 3)},
        "",
        "layer more : ids@T -> ids@(2*T + 1) { add = T } input ids@6 for i in 1..n { more } embed(5)-4",
    ),
    "three times as many, less two": ({"n": (1, 2, 3)}, "", "input 5@7 for i in 1..n { conv1-(3*here.c - 2) }"),
    "needs of turns in turns": (
        {"n": (1, 2, 3, 4), "c": (3, 5, 6, 8, 9, 11)},
        "",
        "input 3@7 for i in 1..n { for j in 0..<n { linear-(c - i - (2*j - 3)^2) linear-3 } }",
    ),
    "needs of turns in branches of turns": (
        {"n": (1, 2, 3, 4), "c": (1, 2, 3, 4, 5)},
        "",
        "input 3@7 for i in 1..n { if i > 2 { linear-(c - i) linear-3 } if i == 1 { linear-(c + i - 2) linear-3 } }",
    ),
    "shared sizes of a loop": (
        {"n": (1, 2, 4), "k": (1, 3)},
        "",
        "input 3@7 for i in 1..n { concat { id | linear-k } }",
    ),
    "a loop down": ({"k": (1, 2, 3)}, "", "input 4@9 for i in k downto 1 { conv3-i }"),
}


def written(program: str, values: Mapping[str, int]) -> str:
    return re.sub(rf"\b({'|'.join(values)})\b", lambda found: str(values[found[0]]), program)


@pytest.mark.parametrize("name", OPEN)
def test_at_numbers(name: str) -> None:
    symbols, facts, program = OPEN[name]
    own = [symbol for symbol in symbols if f"@{symbol}" not in program and f"{symbol}@" not in program]
    head = (f"sym {', '.join(own)} " if own else "") + (f"assume {facts} " if facts else "")
    apart = {}
    exist = 0
    for point in product(*symbols.values()):
        values = dict(zip(symbols, point, strict=True))
        found = counted(head + program, **values)
        wanted = counted(written(program, values))
        exist += wanted is not None
        if found != wanted:
            apart[point] = (found, wanted)
    assert apart == {}
    assert exist


# ------------------------------------------------------------------------------------------------- in two spellings

SAME = [
    # arithmetic
    ("input 3@8 linear-(7 // 2 + 7 % 2 - 1/2*2)", "input 3@8 linear-3"),
    ("input 3@4x5x6 linear-(in.h + 10*in.w)", "input 3@4x5x6 linear-65"),
    ("input 3@8 linear-(0^0 + 1^(-1) + 1)", "input 3@8 linear-3"),
    ("sym k input 3@8 linear-(0^k + 2)", "input 3@8 linear-(0^3 + 2)"),
    ("input 3@8 linear-(4*2^(-1))", "input 3@8 linear-2"),
    ("input 3@8 linear-(if 2 < 3 and not 3 < 3 then 4 else 5)", "input 3@8 linear-4"),
    ("input 3@8 linear-(if 2 > 3 or 3 != 3 then 4 else 5)", "input 3@8 linear-5"),
    ("input 3@8 linear-(if 1 <= 2 <= 2 == 2 then 4 else 5)", "input 3@8 linear-4"),
    ("let a = (1 x 3) input 3@8x8 conv(a)-4", "input 3@8x8 conv(1 x 3)-4"),
    ("let yes = true input 3@8 conv3-4(bias=yes)", "input 3@8 conv3-4"),
    ("sym n : int input 3@8 if n < n + 1 { conv3-4 }", "sym n : int input 3@8 conv3-4"),
    ("sym r : real input 3@8 if r < 0 { conv3-4 }", "sym r : real input 3@8"),
    ("sym n : int assume n <= 3 input 3@8 if n < 4 { conv3-4 }", "input 3@8 conv3-4"),
    ("assume X <= 10, X % 4 == 3 input 3@X if X < 8 { conv3-4 }", "assume X <= 10, X % 4 == 3 input 3@X conv3-4"),
    ("assume X >= 9, X % 4 == 3 input 3@X if X > 10 { conv3-4 }", "assume X >= 9, X % 4 == 3 input 3@X conv3-4"),
    ("sym k assume X % k == 0 input 3@X if X >= k { conv3-4 }", "input 3@X conv3-4"),
    ("sym n, m assume n >= m, m >= 3 input 3@X if n > 2 { conv3-4 }", "input 3@X conv3-4"),
    ("sym n, m assume n >= m and m >= 3 input 3@X if n > 2 { conv3-4 }", "input 3@X conv3-4"),
    ("assume X <= 15/2 input 3@X if X <= 7 { conv3-4 }", "assume X <= 15/2 input 3@X conv3-4"),
    ("assume X < 15/2 input 3@X if X <= 7 { conv3-4 }", "assume X <= 15/2 input 3@X conv3-4"),
    ("assume 13/2 <= X input 3@X if X >= 7 { conv3-4 }", "assume X >= 13/2 input 3@X conv3-4"),
    ("assume 13/2 < X input 3@X if X >= 7 { conv3-4 }", "assume X >= 13/2 input 3@X conv3-4"),
    ("sym r : real assume r < 5/2, r > 3/2 input 3@8 if 1 < r <= 5/2 { conv3-4 }", "input 3@8 conv3-4"),
    ("sym n : nat input 3@8 if n >= 0 { conv3-4 }", "sym n : nat input 3@8 conv3-4"),
    ("sym n input 3@8 if n >= 1 { conv3-4 }", "sym n input 3@8 conv3-4"),
    ("assume 0 < r, r <= 1 sym r : real input 3@8 if r <= 1 { conv3-4 }", "input 3@8 conv3-4"),
    # groups, repeats, loops
    ("input 3@8 conv3-4 x 3", "input 3@8 conv3-4 conv3-4 conv3-4"),
    ("input 3@8 [conv3-4 relu] x 2 relu x 0", "input 3@8 conv3-4 relu conv3-4 relu"),
    ("input 3@8 conv3-4/2 x 2(s=1)", "input 3@8 conv3-4/2 conv3-4"),
    ("input 3@8 conv3-4/2 x 0(s=1) relu", "input 3@8 relu"),
    ("sym n : nat input 3@8 for i in 1..0 { conv3-4 }", "input 3@8"),
    ("input 3@8 for i in 2..4 { conv3-i }", "input 3@8 conv3-2 conv3-3 conv3-4"),
    ("input 3@8 for i in 2..<4 { conv3-i }", "input 3@8 conv3-2 conv3-3"),
    ("input 3@8 for i in 4 downto 2 { conv3-i }", "input 3@8 conv3-4 conv3-3 conv3-2"),
    (
        "input 3@8 conv3-4 as u for c, t in [5, u; 6, u] { conv3-c concat(t) }",
        "input 3@8 conv3-4 as u conv3-5 concat(u) conv3-6 concat(u)",
    ),
    (
        "input 4@8 [conv3-8 conv1-in.c add(in)] x 2",
        "input 4@8 residual { conv3-8 conv1-4 } residual { conv3-8 conv1-4 }",
    ),
    (
        "input 4@8 for i in 1..2 { conv3-8 conv1-in.c add(in) }",
        "input 4@8 residual { conv3-8 conv1-4 } residual { conv3-8 conv1-4 }",
    ),
    ("input 3@8 for c, i in [4, 1; 5, 2] { conv3-c as s(i) } concat(s(1))", "input 3@8 conv3-4 as a conv3-5 concat(a)"),
    ("input 3@8 for i in 1..70 { linear-(if i == 3 then 4 else 5) }", "input 3@8 linear-5 x 2 linear-4 linear-5 x 67"),
    (
        "input 3@8 for c in [4; 5] { conv3-c as t relu add(t) }",
        "input 3@8 conv3-4 as a relu add(a) conv3-5 as b relu add(b)",
    ),
    ("input 3@8 [for i in 1..2 { relu as s(i) }] concat(s(1))", "input 3@8 relu as a relu concat(a)"),
    ("input 3@8 [[relu as s(2)] as t] concat(s(2)) concat(t)", "input 3@8 relu as a concat(a) concat(a)"),
    (
        "input 3@8 for i in 1..70 { linear-(if i == 3 then 4 else 5) as s(i) } concat(s(3))",
        "input 3@8 linear-5 x 2 linear-4 as t linear-5 x 67 concat(t)",
    ),
    # branches
    ("input 4@8 split { id | conv3-2 }", "input 4@8 split(2, 2) { id | conv3-2 }"),
    ("input 4@8 add { conv3-4 }", "input 4@8 conv3-4"),
    ("input 4@8 conv3-4 as t relu add(t)", "input 4@8 conv3-4 residual { relu }"),
    ("input 4@8 residual(when=1 > 2) { conv3-4 }", "input 4@8 conv3-4"),
    ("input 4@8 residual(when=in.c == 4) { conv3-4 }", "input 4@8 add { id | conv3-4 }"),
    ("input 4@8 concat(axis=c) { id | relu }", "input 4@8 concat { id | relu }"),
    ("input 4 concat(axis=c) { id | relu }", "input 4 concat { id | relu }"),
    (
        f"input 4@{'x'.join('123456789')} concat(axis=c) {{ id | relu }}",
        f"input 4@{'x'.join('123456789')} concat {{ id | relu }}",
    ),
    ("input 4@8 experts(3) { linear-4 }", "input 4@8 experts(3, active=1, router=2 > 1) { linear-4 }"),
    ("input 4@8 experts(E=1, active=1, router=false) { linear-4 }", "input 4@8 linear-4"),
    ("input 4@8x8 windows(4) { linear-4 }", "input 4@8x8 windows(4 x 4) { linear-4 }"),
    ("input 4@8 freeze { conv3-4 trainable { bn } }", "input 4@8 freeze { conv3-4 } bn"),
    ("input 4@8 if 2 > 1 { conv3-4 } else { relu }", "input 4@8 conv3-4"),
    ("input 4@8 if 2 < 1 { conv3-4 } else { relu }", "input 4@8 relu"),
    ("input 4@8 conv3-8 as t relu from t bn", "input 4@8 conv3-8 as t relu [from t] bn"),
    ("input 4@8 experts(3, 2) { linear-4 }", "input 4@8 experts(3, active=2) { linear-4 }"),
    ("input 4@8 residual(1 > 2) { conv3-4 }", "input 4@8 residual(when=1 > 2) { conv3-4 }"),
    # blocks and settings
    ("block b(deep=false) { if deep { bn } } set b.deep = 2 > 1 input 3@8 b", "input 3@8 bn"),
    ("set strict = 2 < 1 input 3@X maxpool3", "input 3@X maxpool3"),
    ("block b-c/s(e=2) { conv3-(e*c)/s } input 3@8 b-4", "input 3@8 conv3-8"),
    ("block b-c/s(e=2) { conv3-(e*c)/s } set b.e = 3 input 3@8 b-4/2", "input 3@8 conv3-12/2"),
    ("block b(k) { conv(k)-4 } input 3@8x8 b1x3 b3", "input 3@8x8 conv1x3-4 conv3-4"),
    ("block b-c/s { conv3-c/s } input 3@8 b-4/2 x 3(s=1)", "input 3@8 conv3-4/2 conv3-4 conv3-4"),
    ("block b { c { body } } block c { body body } input 3@8 b { conv3-3 }", "input 3@8 conv3-3 x 2"),
    ("block b { block c { body } c } input 3@8 b { conv3-3 }", "input 3@8 conv3-3"),
    ("block b { body conv3-4 } input 3@8 b { relu bn }", "input 3@8 relu bn conv3-4"),
    ("block b(t) { conv3-4 concat(t) } input 3@8 relu as u b(u)", "input 3@8 relu as u conv3-4 concat(u)"),
    ("input 3@8 relu block relu { bn } relu", "input 3@8 relu bn"),
    ("block bee { bn } input 3@8 Bee bee", "input 3@8 bn bn"),
    ("block Bee { bn } block bee { relu } input 3@8 Bee bee", "input 3@8 bn relu"),
    ("block linear3 { relu } input 3@8 linear3", "input 3@8 relu"),
    (
        "import std.resnet input 64@8x8 resnet.bottleneck-64",
        "import std.resnet (bottleneck) input 64@8x8 bottleneck-64",
    ),
    ("import std.resnet as r input 64@8x8 r.bottleneck-64", "import std.resnet input 64@8x8 resnet.bottleneck-64"),
    ("set bias = false input 3@8 conv3-4 set conv.bias = true conv3-4", "input 3@8 conv3-4(bias=false) conv3-4"),
    (
        "set conv.bias = 2 > 3 input 3@8 conv3-4 [set bias = true linear-4] linear-5",
        "input 3@8 conv3-4(bias=false) linear-4 linear-5",
    ),
    ("set pad = valid input 3@8 conv3-4", "input 3@8 conv3-4(pad=valid)"),
    ("set pad = 1 input 3@8 conv5-4 maxpool2", "input 3@8 conv5-4(pad=1) maxpool2(pad=1)"),
    ("set conv.pad = 1 input 3@8 conv5-4 maxpool", "input 3@8 conv5-4(pad=1) maxpool"),
    ("set conv.dil = 1 x 2 input 3@8x8 conv3-4", "input 3@8x8 conv3-4(dil=(1 x 2))"),
    # tensors named
    ("input 3@8 conv3-4 relu add(here)", "input 3@8 conv3-4 relu as t add(t)"),
    ("input 3@8 conv3-4 relu add(here) x 2", "input 3@8 conv3-4 relu as t add(t) as u add(u)"),
    ("input 3@8 conv3-3 [add(in) conv3-3] x 2", "input 3@8 conv3-3 as t add(t) conv3-3 as u add(u) conv3-3"),
    ("input 3@8 conv3-3 [conv1-3 add(in)] x 2", "input 3@8 conv3-3 as t conv1-3 add(t) as u conv1-3 add(u)"),
    (
        "input 3@8 conv3-3 for k, t in [1, here; 3, here] { conv(k)-3 conv1-3 concat(t) }",
        "input 3@8 conv3-3 as t conv1-3 conv1-3 concat(t) as u conv3-3 conv1-3 concat(u)",
    ),
    (
        "input 3@8 conv3-3 for k, t in [1, in; 3, in] { conv(k)-3 conv1-3 concat(t) }",
        "input 3@8 id as i conv3-3 conv1-3 conv1-3 concat(i) conv3-3 conv1-3 concat(i)",
    ),
    ("block b(t) { conv3-3 add(t) } input 3@8 bn b(here) relu", "input 3@8 bn as t conv3-3 add(t) relu"),
    ("block b(t) { conv3-3 add(t) } input 3@8 bn b(here) x 2", "input 3@8 bn as t conv3-3 add(t) as u conv3-3 add(u)"),
    ("block b { conv3-3 add(in) } input 3@8 bn b b", "input 3@8 bn as t conv3-3 add(t) as u conv3-3 add(u)"),
    ("block b { body add(in) } input 3@8 bn b { conv3-3 bn } relu", "input 3@8 bn as t conv3-3 bn add(t) relu"),
    ("block b { body relu } input 3@8 bn b { conv3-3 add(in) }", "input 3@8 bn as t conv3-3 add(t) relu"),
    ("input 3@8 conv3-3 if 2 > 1 { conv3-3 add(in) }", "input 3@8 conv3-3 as t conv3-3 add(t)"),
    ("input 3@8 conv3-3 residual { conv3-3 add(in) }", "input 3@8 conv3-3 as t conv3-3 add(t) add(t)"),
    ("input 3@8 attention(1, kv=here)", "input 3@8 id as t attention(1, kv=t)"),
    # shape checks
    ("input 3@X x X conv3-4 : 4@X x X", "input 3@X x X conv3-4 : 4@*"),
    ("assume X % 4 == 0 input 3@X x X conv3-4/2 : 4@(X/2) x (X/2)", "assume X % 4 == 0 input 3@X x X conv3-4/2"),
    ("input ids@T embed(9)-4 : 4@T", "input ids@T id : ids@T embed(9)-4"),
]


@pytest.mark.parametrize(("program", "other"), SAME, ids=range(len(SAME)))
def test_in_two_spellings(program: str, other: str) -> None:
    one, two = symcost.parse(program), symcost.parse(other)
    for name in COSTS:
        assert one.cost(name) == two.cost(name), name
    assert str(one.output) == str(two.output)
    assert memory.activations(one) == memory.activations(two)
    assert memory.peak(one) == memory.peak(two)


# ------------------------------------------------------------------------------------------------- one mistake each

# a program, «where the mistake is told»; its code
REFUSED = [
    # sizes
    ("input 3@8 linear-(2 - «(log2(0))»)", "bad-value"),
    ("block b { relu } input 3@8 conv1-«b»", "size-needed"),
    ("layer b : c@T -> c@T { add = c } input 3@8 conv1-«b»", "size-needed"),
    ("input 3@8 conv1-«(in)»", "tensor-as-size"),
    ("input 3@8 conv1-«(in.q)»", "tensor-as-size"),
    ("input 3@8 conv1-«(in.c.c)»", "tensor-as-size"),
    ("input 3@8 relu as t conv1-(2*«t»)", "tensor-as-size"),
    ("input 3@8 for i in 1..2 { relu as t(i) } conv1-(2*«t»)", "tensor-as-size"),
    ("input 3@8x8 conv1-«(in.t)»", "wrong-rank"),
    ("input 3@8 conv1-«(in.h)»", "wrong-rank"),
    ("input 3@8 conv1-«(in.w)»", "wrong-rank"),
    ("input 3 linear-«(in.t)»", "wrong-rank"),
    ("let a = «in.c» input 3@8", "no-tensor"),
    ("let a = 3 input 3@8 conv1-«(a.b)»", "size-needed"),
    ("sym a input 3@8 conv1-«(a.b)»", "size-needed"),
    ("metric m = params input 3@8 conv1-«(m)»", "size-needed"),
    ("net v { input 3@8 relu } input 3@8 conv1-«(v)»", "size-needed"),
    ("net v { input 3@8 relu } input 3@8 conv1-«(v.macs(X=3))»", "size-needed"),
    ("input 3@X conv1-(if «X > 3» then 1 else 2)", "undecided"),
    ("input 3@X conv1-4(bias=«X > 3»)", "undecided"),
    ("input 3@8 conv1-«(log2(0))»", "bad-value"),
    ("input 3@8 conv1-«(sqrt(-1))»", "bad-value"),
    ("input 3@8 conv1-(1 + «log2(-1)»)", "bad-value"),
    ("input 3@8 conv1-«(floor(1, 2))»", "wrong-count"),
    ("input 3@8 conv1-«(gcd(1))»", "wrong-count"),
    ("input 3@8 conv1-«(min())»", "wrong-count"),
    ("input 3@8 conv1-(min(1, «a=3»))", "unknown-option"),
    ("input 3@8 conv1-(«gdc»(1, 2))", "unknown-function"),
    ("input 3@8 conv1-«(0^(-1))»", "division-by-zero"),
    ("input 3@8 conv1-«(3/(2 - 2))»", "division-by-zero"),
    ("input 3@8 conv1-«(1 x 2)»", "one-size"),
    ("input 3@8 conv1-«(2 > 1)»", "size-needed"),
    ("input 3@8 conv1-(2 + «(2 > 1)»)", "size-needed"),
    ("input 3@8 if «3» { relu }", "condition-needed"),
    ("input 3@8 conv1-«word»", "unknown-name"),
    ("let a = «b» let c = a input 3@8 conv1-c", "unknown-name"),
    # facts
    ("sym n input 3@8 [«sym m» relu]", "declared-inside"),
    ("sym «n : odd» input 3@8", "unknown-domain"),
    ("sym n assume «n < 1»", "contradiction"),
    ("sym n assume n > 3, «n < 4»", "contradiction"),
    ("sym n assume «3 < n < 4»", "contradiction"),
    ("sym n assume n >= 4, «n <= 3»", "contradiction"),
    ("sym r : real assume «r < 0»", "contradiction"),
    ("sym r : real assume r >= 1/2, «r <= 1/3»", "contradiction"),
    ("sym n assume «n % 0 == 0»", "contradiction"),
    ("sym n assume «n % (1/2) == 0»", "contradiction"),
    ("sym n assume «n % 4 == 4»", "contradiction"),
    ("sym n assume «n % 4 == -1»", "contradiction"),
    ("sym n assume n <= 3, «n % 4 == 0»", "contradiction"),
    ("sym n assume n > 4, n < 8, «n % 4 == 0»", "contradiction"),
    ("sym n assume n % 4 == 0, «n % 3 == 0»", "one-divisor"),
    ("sym n, m assume n % 4 == 0, «n > m», m == n + 1", "contradiction"),
    ("sym n, m assume «n >= m» and m >= 3, n < 3", "contradiction"),
    ("sym n assume «n»", "condition-needed"),
    ("sym n assume «n > 2 or n < 1»", "condition-needed"),
    # shape checks
    ("input 3@8x8 conv3-4 : «5@8x8»", "shape-mismatch"),
    ("input 3@8x8 conv3-4 : «4@8»", "shape-mismatch"),
    ("input 3@8x8 conv3-4 : «ids@8x8»", "shape-mismatch"),
    ("input ids@8 id : «3@8»", "shape-mismatch"),
    ("input 3@X x X conv3-4/2 : 4@M x M relu : «4@(M + 1) x M»", "shape-mismatch"),
    ("input 3@8x9 relu : «3@M x M»", "shape-mismatch"),
    ("input 3@«HxW»", "unknown-name"),
    ("input 3@8 relu : «in»@8", "tensor-as-size"),
    ("input 3@8 relu : «foo.c»@8", "unknown-name"),
    ("input 3@8 relu : 3@«here»", "tensor-as-size"),
    # layers
    ("input 3@8 «relu3»", "no-such-slot"),
    ("input 3@8 relu-«4»", "no-such-slot"),
    ("input 3@8 relu/«4»", "no-such-slot"),
    ("input 3@8 «conv3»", "missing-width"),
    ("input 3@8 «conv-4»", "missing-argument"),
    ("input 3@8 conv3(«5»)-4", "too-many"),
    ("input 3@8 conv3-4(k=«5»)", "given-twice"),
    ("input 3@8 conv3-4(«pading»=1)", "unknown-option"),
    ("input 3@8 conv3-4 x 2(«pading=1»)", "unknown-option"),
    ("input 3@8 conv3-4(pad=«equal»)", "bad-value"),
    ("input 3@8 conv3-4(round=«3»)", "bad-value"),
    ("input 3@8 conv3-4(bias=«3»)", "condition-needed"),
    ("input 3@8 «bogus»", "unknown-layer"),
    ("input 3@8 «relu { bn }»", "no-body"),
    ("sym n input 3@8 if n > 2 { conv1-5 «bogus» } relu", "unknown-layer"),
    ("sym n input 3@8 if n > 2 { relu } else { conv1-5 «bogus» bn } relu", "unknown-layer"),
    ("sym n input 3@8 residual(when=n > 2) { conv1-5 «bogus» } relu", "unknown-layer"),
    ("«relu»", "no-tensor"),
    ("«residual { relu }» input 3@8", "no-tensor"),
    ("«add» t", "no-tensor"),
    ("for i in «1..2» { relu } input 3@8", "no-tensor"),
    ("[«relu»] x 2 input 3@8", "no-tensor"),
    ("input 3@8 «bogus» for i in 1..2 { relu }", "unknown-layer"),
    ("sym n assume «n == n + 1»", "contradiction"),
    ("input ids@8 «conv3-4»", "wants-numbers"),
    ("input 3@8 «embed(5)-4»", "wants-ids"),
    ("input 3@8 «input 3@8»", "already-defined"),
    ("input «3@*»", "bad-value"),
    ("input 3@8 «set batch = 3»", "batch-too-late"),
    # settings
    ('input 3@8 «set "a" = 3»', "unknown-setting"),
    ("set batch = «0» input 3@8", "bad-value"),
    ("set relu.form = «3» input 3@8", "bad-value"),
    ("block b(e=2) { relu } «set b.f = 3» input 3@8", "unknown-setting"),
    ("«set conv.bais = true» input 3@8", "unknown-setting"),
    ("«set kernel = 3» input 3@8", "unknown-setting"),
    ("«set conf.bias = true» input 3@8", "unknown-setting"),
    ("sym n set bias = «n > 3» input 3@8", "undecided"),
    ("sym n set strict = «n > 3» input 3@8", "undecided"),
    ("block b(deep=false) { relu } sym n set b.deep = «n > 3» input 3@8", "undecided"),
    ('block b(deep=false) { relu } set b.deep = «"yes"» input 3@8', "size-needed"),
    ("set conv.round = «3» input 3@8", "bad-value"),
    ("set strict = true input 3@X «maxpool3»", "unproved"),
    # what has braces
    ("input 3@8 «add»", "missing-argument"),
    ("input 3@8 «concat» relu", "missing-argument"),
    ("input 3@8 add(«3»)", "tensor-needed"),
    ("input 3@8 concat(«t»)", "tensor-needed"),
    ("input 3@8 add(«a=3») { relu | relu }", "unknown-option"),
    ("input 3@8 concat(axis=t, «a=3») { relu | relu }", "unknown-option"),
    ("input 3@8 «add { conv3-4 | id }»", "branches-differ"),
    ("input 3@8 «residual { conv3-4 }»", "branches-differ"),
    ("input 3@8 «residual»", "missing-body"),
    ("input 3@8 «residual { relu | relu }»", "missing-body"),
    ("input 3@8 «split(1, 2)»", "missing-argument"),
    ("input 3@8 «split(1, 1) { relu | relu }»", "layer-needs"),
    ("input 3@8 «split(3) { relu | relu }»", "wrong-count"),
    ("input 3@8 «split { relu | relu }»", "layer-needs"),
    ("input 3@8 «windows { relu }»", "wrong-count"),
    ("input 3@8 «windows(2, 2) { relu }»", "wrong-count"),
    ("input 3 «windows(2) { relu }»", "wrong-count"),
    ("input 3@8 «windows(2 x 2) { relu }»", "wrong-rank"),
    ("input 3@8 «windows(0) { relu }»", "bad-value"),
    ("input 3@8 «windows(2) { maxpool2 }»", "layer-needs"),
    ("input 3@8 «experts { relu }»", "missing-argument"),
    ("input 3@8 experts(3, «actve»=1) { relu }", "unknown-option"),
    ("input 3@8 experts(3, 1, true, «4») { relu }", "too-many"),
    ("input 3@8 experts(3, E=«4») { relu }", "given-twice"),
    ("input 3@X experts(3, router=«X > 3») { relu }", "undecided"),
    ("input 3@8 residual(«wehn»=1 > 2) { relu }", "unknown-option"),
    ("input 3@8 residual(1 > 2, «3») { relu }", "too-many"),
    ("input 3@8 residual-«4» { relu }", "no-such-slot"),
    ("input 3@8 add/«4» { relu | id }", "no-such-slot"),
    ("input 3@8 windows-«4»(2) { relu }", "no-such-slot"),
    ("input 3@8 freeze(«3») { relu }", "too-many"),
    ("input 3@8 idle(«all»=3) { relu }", "unknown-option"),
    ("block b { body-«3» } input 3@8 b { relu }", "no-such-slot"),
    ("block b { body(«3») } input 3@8 b { relu }", "too-many"),
    ("block b { «body { bn }» } input 3@8 b { relu }", "no-body"),
    ("input 3@8 «experts(3, active=4) { relu }»", "layer-needs"),
    ("input 3@8 experts(3, router=«2») { relu }", "condition-needed"),
    ("input 3@8 «freeze { relu | relu }»", "missing-body"),
    ("input 3@8 «idle»", "missing-body"),
    ("input 3@8 relu as s(1) concat(«s.x(1)»)", "tensor-needed"),
    ("sym s, k input 3@8 if «s*k == 4» { conv1-4 } else { conv1-s }", "undecided"),
    ("sym s input 3@8 if «s^2 == 4» { conv1-2 } else { conv1-s }", "undecided"),
    ("sym s input 3@8 if «s > 4» { conv1-4 } else { conv1-s }", "undecided"),
    # blocks
    ("net v(n, «n») { input 3@n }", "already-defined"),
    ("layer «conv3» : c@T -> c@T { add = c } input 3@8", "name-ends-in-number"),
    ("block «conv3» { relu } input 3@8", "name-ends-in-number"),
    ("input 3@8 «body»", "no-body"),
    ("block b { «body» } input 3@8 b { relu | relu }", "missing-body"),
    ("block b { «body» } input 3@8 b", "no-body"),
    ("block b { c } block c { «b» } input 3@8 b", "recursive"),
    ("block b-c { conv3-c } input 3@8 «b»", "missing-width"),
    ("block b(k) { conv(k)-4 } input 3@8 «b»", "missing-argument"),
    ("block b-c { conv3-c } input 3@8 b-«relu»", "unknown-name"),
    ("layer m : c@T -> c@T { add = c } input 3@8x8 «m»", "wrong-rank"),
    ("layer m : 4@T -> 2@T { add = 3 } input 3@8 «m»", "shape-mismatch"),
    ("layer m : ids@T -> 4@T { add = T } input 3@8 «m»", "wants-ids"),
    ("layer m : c@T -> c@T { add = T } input ids@8 «m»", "wants-numbers"),
    ("layer m : c@T -> (c/2)@T { add = T } input 3@8 «m»", "layer-needs"),
    ("layer m : c@T -> c@T { add = c «add = 2*c» } input 3@8 m", "already-defined"),
    ("layer m : c@T -> c@T { «ad = c» } input 3@8 m", "unknown-cost"),
    ("block b(last) { relu } input 3@X b(«X > 3»)", "undecided"),
    ("block b(last) { relu } block c { relu } input 3@X b(«c»)", "size-needed"),
    ('block b(last) { relu } input 3@X b(«"word"»)', "size-needed"),
    ("block b { relu } input 3@8 «b { bn }»", "no-body"),
    ("layer m : c@T -> c@T { add = c } input 3@8 «m { bn }»", "no-body"),
    ("input 3@8 [conv3-4/2] x 3(«s=1»)", "unknown-option"),
    ("input 3@8 for i in 1..2 { conv3-4/2 } x 3(«s=1»)", "unknown-option"),
    ("input 3@8 residual { relu } x 3(«when=1 > 2»)", "unknown-option"),
    ("layer m(k=1) : c@T -> c@T { add = k*c } input 3@8 m x 3(«k=2»)", "unknown-option"),
    ("block b { body x 2(«s=1») } input 3@8 b { relu }", "unknown-option"),
    ("input 3@8 «bogus» x 3(s=1)", "unknown-layer"),
    # loops
    ("input 3@8 «for i, j in 1..3 { relu }»", "wrong-count"),
    ("input 3@8 for i, j in [«1»; 2] { relu }", "wrong-count"),
    ("block b { relu } input 3@8 for i in [«b»] { relu }", "size-needed"),
    ('input 3@8 for i in [«"b"»] { relu }', "size-needed"),
    ("input 3@8 relu «x (1/2)»", "bad-value"),
    ("input 3@8 relu «x (0 - 1)»", "bad-value"),
    ("sym n input 3@8 relu «x (n + 1/2)»", "bad-value"),
    ("input 3@8 for i in «3..1» { relu }", "bad-value"),
    ("input 3@8 for i in «1..5/2» { relu }", "bad-value"),
    ("sym n input 3@8 for i in «1..n» { upsample(3) maxpool2 }", "no-closed-form"),
    ("input 3@8 for i in «1..1000000» { upsample(3) maxpool2 }", "no-closed-form"),
    ("sym n input 3@8 for i in «1..n» { linear-(here.c + here.t) maxpool2 }", "no-closed-form"),
    ("sym n input 3@8 for i in «1..n» { linear-(here.c + 1) transpose }", "no-closed-form"),
    ("sym n input 3@8 for i in 1..n { conv1-(if «i == 3» then 4 else 5) }", "undecided"),
    ("sym n input 3@8 for i in 1..n { relu «maxpool2(pad=2)» }", "layer-needs"),
    ("sym n input 3@8 for i in 1..n { relu as s(i) } for i in 1..n { conv3-i add(«s(i + n)») }", "unknown-name"),
    ("sym n : nat input 3@8 for i in 0..<n { relu as s(0) } add(«s(0)»)", "unknown-name"),
    ("sym n : nat input 3@8 for i in 0..<n { linear-(i + 1) as s(0) linear-3 } concat(«s(0)»)", "unknown-name"),
    ("sym n input 3@8 for i in 0..<n { for j in 0..<n { relu as s(i + j) } } concat(«s(0)»)", "unknown-name"),
    ("sym n input 8@6 conv1-(max(here.c - 2, 4)) «x n»", "no-closed-form"),
    ("input 3@8 for i in 1..2 { relu as s(i) } add(«s()»)", "tensor-needed"),
    ("net v(n) { input 3@X } input 3@8 add(«v(2).macs(X=3)»)", "tensor-needed"),
    ("sym n input 3@8 relu «x (0 - n)»", "bad-value"),
    ("sym n input 3@8 conv3-4/2 «x (0 - n)(s=1)»", "bad-value"),
    ("sym n input 3@8 for i in «1..(0 - n)» { linear-i }", "bad-value"),
    (
        "sym n input 3@8 for i in «0..<n» { linear-(if in.c == 3 then 4 else 5) linear-(if n - i >= 1 then in.c + 1 else 5) }",
        "no-closed-form",
    ),
    (
        "sym n input 3@8 for i in 0..<n { linear-(if in.c == 3 then 4 else 5) linear-(if «n - i >= 2» then in.c + 1 else 5) }",
        "undecided",
    ),
    ("input 3@8 from «t»", "tensor-needed"),
    ("input 3@8 for i in 1..3 { relu as s(i) } from «s(4)»", "unknown-name"),
    ("sym n input 3@8 for i in 1..n { relu as s(i) } from «s(4)»", "unknown-name"),
]


def marked(text: str) -> tuple[str, int, int]:
    before, _, rest = text.partition("«")
    word, _, behind = rest.partition("»")
    return before + word + behind, len(before), len(before + word)


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=range(len(REFUSED)))
def test_mistakes(text: str, code: str) -> None:
    plain, start, end = marked(text)
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(plain)
    (found,) = refused.value.diagnostics
    assert found.span is not None
    assert (found.code, found.span.start, found.span.end) == (code, start, end)


# ---------------------------------------------------------------------------------------------------- sizes named

NAMED = {  # what stands before a shape check that names its sizes; its activations, the last layer's in these names
    "conv3-w/2": "Q*M^2",
    "conv3-w/2 x 1": "Q*M^2",
    "[relu conv3-w/2]": "Q*M^2 + 8*X^2",
    "[relu as t conv3-w/2 as u]": "Q*M^2 + 8*X^2",
    "b-w": "Q*M^2 + 8*X^2",
    "f": "Q*M^2 + 8*X^2",
    "freeze { conv3-w/2 }": "Q*M^2",
    "trainable { relu conv3-w/2 }": "Q*M^2 + 8*X^2",
    "experts(3, router=false) { conv3-w/2 }": "Q*M^2",
    "add { conv3-w/2 | conv1-w/2 }": "Q*M^2 + 2*w*ceil(X/2)^2",
    "concat { conv3-w/2 | conv1-w/2 }": "Q*M^2 + 2*w*ceil(X/2)^2",
    "concat { conv3-w/2 }": "Q*M^2",
    "split { conv3-w/2 | conv3-w/2 }": "Q*M^2 + 2*w*ceil(X/2)^2",
    "for i in 1..2 { conv3-w/2 }": "Q*M^2 + w*ceil(X/2)^2",
    "if w > 3 { conv3-w/2 } else { conv1-w/2 }": "w*ceil(X/2)^2",  # each side has its own
    "conv3-w/2 if w > 3 { relu }": "w*ceil(X/2)^2*([w >= 4] + 1)",
}


@pytest.mark.parametrize("program", NAMED)
def test_the_last_layer_is_written_in_the_sizes_named(program: str) -> None:
    head = "sym w block b-c { relu conv3-c/2 } shared block f { relu conv3-w/2 } input 8@X x X "
    named, plain = symcost.parse(f"{head}{program} : Q@M x M"), symcost.parse(head + program)
    assert str(named.activations) == NAMED[program]
    assert str(named.output) == "Q@M x M"
    for name in COSTS:
        assert named.cost(name) == plain.cost(name)


def test_a_size_named_again() -> None:
    """It is compared; a size named in one turn of a loop, or that is a number, is written out."""
    net = symcost.parse(
        "assume X % 4 == 0 input 3@X x X conv3-4/2 : C@M x M conv3-C/2 : C@(M/2) x (M/2) relu : 4@M2 x M2"
    )
    assert str(net.activations) == "5*M^2 + 4*M2^2"
    assert net.activations == "3*X^2/2"
    net = symcost.parse("sym n input 3@X x X for i in 1..n { conv3-(4*i) : Q@* } relu")
    assert str(net.output) == "(4*n)@X x X"
    assert net.activations == "(4*n*(n + 1)/2 + 4*n)*X^2"
    net = symcost.parse("sym a, b assume a >= 3 input a@b id : c@d conv1-(c + 1) : e@d if e >= 4 { relu }")
    assert net.activations == "2*(a + 1)*b"


def test_where_a_block_is_used_is_said_once() -> None:
    """Also of what is wrong in a loop, whose turns are tried in several ways."""
    for wrong in ("conv1-(if i == 3 then 4 else 5)", "maxpool2(pad=2)"):
        with pytest.raises(symcost.SymcostError) as refused:
            symcost.parse(f"sym n\nblock b {{ for i in 1..n {{ {wrong} }} }}\nblock c {{ b }}\ninput 3@8\nc")
        (found,) = refused.value.diagnostics
        assert found.notes == ("in 'b', used at <text>:3:11", "in 'c', used at <text>:5:1")


# ------------------------------------------------------------------------------------------------------ what is said

SAID = [  # a program, what is wrong, the help
    # names of others
    ("BatchNorm2d", "unknown layer 'BatchNorm2d'", "it is called 'bn' here; it takes its axes from the tensor"),
    ("batch_norm", "unknown layer 'batch_norm'", "it is called 'bn' here"),
    ("conv_2d-4", "unknown layer 'conv_2d'", "it is called 'conv' here; it takes its axes from the tensor"),
    ("Conv2d3x3-4", "unknown layer 'Conv2d3x3'", "it is called 'conv' here; it takes its axes from the tensor"),
    ("Dense-4", "unknown layer 'Dense'", "it is called 'fc' here"),
    ("Multi_Head_Attention(1)", "unknown layer 'Multi_Head_Attention'", "it is called 'attention' here"),
    ("bottleneck-4", "unknown layer 'bottleneck'", "import it first: import std.resnet (bottleneck)"),
    ("resnet.bottleneck-4", "'resnet' is no imported module", "import it first: import std.resnet"),
    ("foo.bar", "'foo' is no imported module", None),
    ("import std.resnet resnet.botleneck-64", "unknown layer 'resnet.botleneck'", "did you mean 'bottleneck'?"),
    ("sym n : odd input 3@n", "unknown domain 'odd'", "domains are int, nat, positive, real"),
    ("sym n : positve input 3@n", "unknown domain 'positve'", "did you mean 'positive'?"),
    ("rellu", "unknown layer 'rellu'", "did you mean 'relu', 'relu6' or 'prelu'?"),
    ("rellu3", "unknown layer 'rellu3'", "did you mean 'relu', 'relu6' or 'prelu'?"),
    ("qqqq", "unknown layer 'qqqq'", "'symcost layers' lists them"),
    ("x", "unknown layer 'x'", "a repeat has a count: x 3, x n"),
    (
        "concat t",
        "'concat' needs branches in braces or tensors in parentheses",
        "tensors stand in parentheses: concat(t)",
    ),
    ("concat relu", "'concat' needs branches in braces or tensors in parentheses", None),
    ("add", "'add' needs branches in braces or tensors in parentheses", None),
    ("add(t)", "a tensor is needed here, not 't'", "a tensor gets its name with 'as'"),
    ("relu as skip add(skp)", "a tensor is needed here, not 'skp'", "did you mean 'skip'?"),
    ("for i in 1..3 { relu as s(i) } from s(4)", "there is no tensor 's(4)'", None),
    (
        "sym n for i in 1..n { relu as s(i) } from s(4)",
        "it depends on the symbols which tensor 's(4)' is, or whether there is one",
        "state what is known of them with 'assume'",
    ),
    ("sym n for i in 1..n { relu as s(i) } from s(0)", "there is no tensor 's(0)'", None),
    ("sym n for i in 1..n { relu as s(i) } from s(n + 1)", "there is no tensor 's(n + 1)'", None),
    ("sym n for i in n downto 1 { relu as s(i) } from s(0)", "there is no tensor 's(0)'", None),
    # settings and options
    ("set conv.bais = true", "no layer has the setting 'conv.bais'", "did you mean 'bias'?"),
    ("set conv.zzzz = 1", "no layer has the setting 'conv.zzzz'", "options: k, c, s, pad, groups, dil, bias, round"),
    ("set relu.q = 1", "no layer has the setting 'relu.q'", None),
    ("set conf.bias = true", "no layer has the setting 'conf.bias'", "did you mean 'conv', 'upconv' or 'dwconv'?"),
    ("set bais = true", "no layer has the setting 'bais'", "did you mean 'bias' or 'biases'?"),
    ("rellu1x2x3x4", "unknown layer 'rellu1x2x3x4'", "did you mean 'relu', 'relu6' or 'prelu'?"),
    ("conv1-Xxab", "unknown name 'Xxab'", "declare it: sym Xxab"),
    (
        "sym n input 3@8 for i in 1..n { upsample(3) maxpool2 }",
        "no rule with a closed form tells how the shape changes with the turns (3@8 comes in)",
        "give the count a number of at most 64",
    ),
    (
        "sym n : nat input 3@8 for i in 1..n { upsample(3) maxpool2 }",
        "no rule with a closed form tells how the shape changes with the turns (3@8 comes in)",
        "give the count a number of at most 64; if the loop always runs, say so: assume n >= 1",
    ),
    ("set strikt = true", "no layer has the setting 'strikt'", "did you mean 'strict'?"),
    ("set bach = 2", "no layer has the setting 'bach'", "did you mean 'batch'?"),
    ("set forms = 2", "no layer has the setting 'forms'", "did you mean 'form'?"),
    ("set qqqq = 1", "no layer has the setting 'qqqq'", "settings are the options of layers, batch, form and strict"),
    ("set a.b.c = 1", "no layer has the setting 'a.b.c'", "settings are the options of layers, batch, form and strict"),
    ("block b(e=2) { } set b.qqq = 3", "'b' has no option 'qqq'", "options: e"),
    ("block b(expand=2) { } set b.expnd = 3", "'b' has no option 'expnd'", "did you mean 'expand'?"),
    ("set conv.round = up", "'conv.round' is one of floor, ceil, exact, not 'up'", None),
    ("conv3-4(round=up)", "'round' of 'conv' is one of floor, ceil, exact, not 'up'", None),
    ("conv3-4(pad=smae)", "'pad' of 'conv' is one of same, valid or a size, not 'smae'", "did you mean 'same'?"),
    ("conv3-4(zzzz=1)", "'conv' has no option 'zzzz'", "options: k, c, s, pad, groups, dil, bias, round"),
    ("relu(zzzz=1)", "'relu' has no option 'zzzz'", None),
    (
        "conv3-4(1, 1, 1, true, floor, 7)",
        "'conv' takes no further argument",
        "options: k, c, s, pad, groups, dil, bias, round",
    ),
    ("conv3(5)-4", "'conv' takes no further argument", "options: k, c, s, pad, groups, dil, bias, round"),
    (
        "conv(3, 5)-4",
        "'conv' takes no further argument",
        "sizes for several axes are joined by x, as in conv(3 x 5); options have names",
    ),
    ("conv-4", "'conv' needs 'k': conv(k)-4", None),
    ("conv3(pad=1)", "'conv' needs a width: conv3-c", None),
    ("block conv3-c { relu }", "'conv3' would be read as conv(3)", "choose a name that does not end in a number"),
    # layers of the user
    ("layer m : c@* -> c@* { zz = c } m", "unknown cost 'zz'", "declare a cost of your own: metric NAME"),
    ("layer m : c@* -> c@* { mca = c } m", "unknown cost 'mca'", "did you mean 'mac'?"),
    (
        "metric m : turn = macs",
        "a cost is counted once for each 'sample' or once for the 'batch', not 'turn'",
        None,
    ),
    ("layer m : c@T -> c@T { add = T } input ids@8 m", "'m' takes numbers, the tensor here is ids@8", None),
    ("layer m : ids@T -> 4@T { add = T } input 3@8 m", "'m' takes token ids, the tensor here is 3@8", None),
    ("layer m : 4@* -> 4@* { add = 1 } m", "'m' takes 4@*; the tensor here is 3@8x8", None),
    ("layer m(w) : w@* -> w@* { add = 1 } m(4)", "'m' takes w@* with w = 4; the tensor here is 3@8x8", None),
    # sizes
    ("conv1-(in)", "'in' is a tensor, a size is needed here", "write one of in.c, in.h, in.w, in.t, in.n, in.size"),
    ("conv1-(in.q)", "'in.q' is no size of a tensor", "write one of in.c, in.h, in.w, in.t, in.n, in.size"),
    ("conv1-(in.t)", "the tensor 3@8x8 has no 't'", "its sizes are c, h, w, n, size"),
    ("flatten linear-(here.h)", "the tensor 192 has no 'h'", "its sizes are c, size"),
    ("tokens linear-(here.w)", "the tensor 3@64 has no 'w'", "its sizes are c, t, n, size"),
    (
        "relu as t conv1-(t)",
        "'t' is a tensor, a size is needed here",
        "write t.c for its channels, t.h or t.t for a position size",
    ),
    ("conv1-(gdc(1, 2))", "unknown function 'gdc'", "did you mean 'gcd'?"),
    ("conv1-(floor(1, 2))", "'floor' takes 1 size, not 2", None),
    ("conv1-(gcd(1))", "'gcd' takes 2 sizes, not 1", None),
    ("conv1-params", "unknown name 'params'", "a cost is known only when the network is: assert and metric can use it"),
    ("conv1-HxW", "unknown name 'HxW'", "put blanks around the x: H x W"),
    ("net v { input 3@8 } v", "unknown layer 'v'", "'v' is a net; ask for its costs: assert v.params == ..."),
    ("net v { input 3@8 } conv1-(v)", "'v' is a net; its costs are known in assert and metric only", None),
    ("metric m = params conv1-(m)", "'m' is a cost, known in assert and metric only", None),
]


@pytest.mark.parametrize(("program", "message", "help_"), SAID, ids=[program for program, _, _ in SAID])
def test_what_is_said(program: str, message: str, help_: str | None) -> None:
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(program if "input" in program else f"input 3@8x8 {program}")
    (found,) = refused.value.diagnostics
    assert (found.message, found.help) == (message, help_)


NEEDS: dict[str, tuple[str, ...]] = {  # what a network needs to exist
    # of every turn of a loop: of the last one, where it gets harder; nothing, where there is no turn
    "sym n : nat input 3@X x X for i in 0..<n { conv5-3(pad=0) }": ("X ≥ 4·n + 1 where n ≥ 1",),
    "sym n input 3@X x X conv5-3(pad=0) x n": ("X ≥ 4·n + 1",),
    "sym n : nat input 3@X x X conv5-3(pad=0) x n": ("X ≥ 4·n + 1 where n ≥ 1",),
    "sym n input 8@6 for i in 1..n { conv1-8(groups=i) }": ("t + 1 | 8 for t = 0..n - 1",),
    "sym n : nat input c@6 for i in 1..n { conv1-8 }": ("n ≥ 1",),
    "sym n : nat input c@6 conv1-8 x n": ("n ≥ 1",),
    "sym n : int input 8@6 conv1-8 x n": ("n ≥ 0",),
    "sym n : nat input c@6 for i in 0..<n { conv1-(c - i) conv1-c }": ("c ≥ n where n ≥ 1",),
    "sym n input c@6 for i in 0..<n { conv1-(c - i) conv1-c }": ("c ≥ n",),
    "sym n input c@6 for i in 0..<n { conv1-(c + i) conv1-c }": (),
    "sym n, k input 8@X for i in 1..n { conv1-(2*i*k - 5) conv1-8 }": ("k ≥ 3",),
    "sym n, k input 8@X for i in 1..n { conv1-(k - i^2) conv1-8 }": ("k ≥ n² + 1",),
    "sym n, k input 6@X for i in 1..n { if i > 2 { conv1-6(groups=k) } }": ("k | 6 where t ≥ 2 for t = 0..n - 1",),
    "sym n input 8@6 for i in 1..n { for j in 1..i { attention(j) } }": ("u + 1 | 8 for t = 0..n - 1, u = 0..t",),
    "sym n, t, u, v input 8@6 for i in 1..n { conv1-8(groups=i) } linear-(t + u + v)": ("w + 1 | 8 for w = 0..n - 1",),
    "sym n, t, u, v, w input 8@t for i in 1..n { conv1-8(groups=i) } linear-(u + v + w)": (
        "t1 + 1 | 8 for t1 = 0..n - 1",
    ),
    "sym n input 8@5 for i in 1..n { linear-(if i < n and i > 1 then 8 else 6) linear-8 }": ("n ≥ 2",),
    "sym n : nat input 4@5 for i in 1..n { linear-(if n >= 1 then 8 else 5) linear-(if i < n then 4 else 6) }": (
        "n ≥ 1",
    ),
    "sym k input 4@9 conv3-8/2 x k(s=1) relu": (),
    "sym n : nat sym k block b { conv1-8(groups=k) } input 8@6 b x n b": ("k | 8",),
    "sym n : nat sym k block b { conv1-8(groups=k) } input 8@6 b x n relu": ("k | 8 where n ≥ 1",),
    "sym k : nat input 4@9 conv3-8/2 x k(s=1) relu": ("k ≥ 1",),
    "sym n input 3@n for i in 1..<n { idle { maxpool2 } } idle { maxpool2 }": ("n ≥ 2",),
    "block b { conv1-8(groups=k) } sym n, k input 8@6 for i in 1..n { b }": ("k | 8",),
    "sym n : nat input 3@8 for i in 0..<n { linear-(if n >= 1 then 3 else 5) }": (),
    "sym n : nat sym k input 6@X conv1-6(groups=k) x n": ("k | 6 where n ≥ 1",),
    "sym n : nat sym k input 6@X for i in 1..n { conv1-6(groups=k) conv1-(6 + i) conv1-6 }": ("k | 6 where n ≥ 1",),
    "sym n : nat input 3@8 for i in 0..<n { if i == 0 { conv1-4 } }": ("n ≥ 1",),
    "sym r : real input 3@8 relu x r": ("r is an integer",),
    # of a branch
    "sym n, k input 6@X if n > 2 { conv1-6(groups=k) }": ("k | 6 where n ≥ 3",),
    "sym n, k input 6@X if n > 2 { if k > 1 { conv1-6(groups=k) } }": ("k | 6 where n ≥ 3, k ≥ 2",),
    "sym n, k input 6@X if n > 2 { conv1-6(groups=k) } else { conv1-6(groups=2*k) }": (
        "k | 6 where n ≥ 3",
        "k | 3 where [n ≥ 3] = 0",
    ),
    "sym n input 6@X if n > 2 { conv1-6(groups=4) }": ("n ≤ 2",),
    "sym n input 6@X if n == 2 { conv1-6(groups=4) }": ("4 | 6 where n = 2",),
    "sym n input 6@X if n != 2 { conv1-6(groups=4) }": ("4 | 6 where n ≠ 2",),
    "sym n, k input 6@X for i in 1..n { if k > 2 { conv1-6(groups=9) } }": ("k ≤ 2",),
    "sym n, k input 6@X for i in 1..n { if k > 2 { conv1-6(groups=7 + i) } }": (
        "t + 8 | 6 where k ≥ 3 for t = 0..n - 1",
    ),
    "sym n input 6@X if n > 2 { conv1-6(groups=4) } else { relu }": ("n ≤ 2",),
    "sym n input 3@X if n > 2 { maxpool3 } else { maxpool3 }": ("X ≥ 3 where n ≥ 3", "X ≥ 3 where [n ≥ 3] = 0"),
    "sym n input 3@X if n > 2 { idle { maxpool3 } } idle { maxpool3 }": ("X ≥ 3",),
    "sym n : nat input 3@X for i in 0..<n { idle { maxpool3 } } idle { maxpool3 }": ("X ≥ 3",),
    "sym s, k input 4@7 residual(when=s == 1 and in.c == k) { conv3-k/s bn } relu": (),
    "sym s, k input 4@7 if k > 1 { residual(when=s == 1) { conv3-4/s conv1-4 } } else { maxpool1/s }": (),
    "sym n, k input 6@X if n > 2 { if k > 1 { conv1-6(groups=4) } }": ("4 | 6 where n ≥ 3, k ≥ 2",),
    # of sizes that have names
    "input 3@X conv3-4/2 : 4@M maxpool3": ("X ≥ 5",),
    "sym k input 3@X linear-(2*k) : C@X split { id | id }": (),
    "sym k input 3@X linear-(3*k) : C@X split { id | id }": ("2 | k",),
    # of other things
    "sym k assume X % k == 0 input 3@X maxpool(k)": ("k | X",),
    "input C@X split { id | id }": ("2 | C",),
    "sym a, b input C@X split(a, b) { id | id }": ("C = a + b",),
    "sym E, k input 3@X experts(E, active=k) { linear-3 }": ("E ≥ k",),
    "sym s : nat input 3@X windows(s) { relu }": ("s ≥ 1",),
    "sym a layer m : (2*a)@T -> a@T { add = a } input C@X m": ("C = 2·a",),
    "layer m : c@T -> (c/2)@T { add = c } input C@X m": ("2 | C",),
    "layer m : c@T -> (c - 2)@T { add = c } input C@X m": ("C ≥ 3",),
    "sym b : nat set batch = b input 3@X relu": ("b ≥ 1",),
    "sym a : nat input a@X relu": ("a ≥ 1",),
    "sym w input 3@X conv3-w : 8@X": ("w = 8",),
    "sym w, v input 3@X conv3-w : Q@X conv3-v : Q@X": ("w = v",),
    "sym k assume X % k == 1, k >= 2 input 3@X maxpool(k)": ("k | X - 1", "k ≥ 2", "X ≥ k"),
    "assume X == 2*X - 3 input 3@X relu": ("X = 3",),
    "assume X % 4 == X input 3@X relu": ("⌊X/4⌋ = 0",),
    "sym k assume X % k == X input 3@X relu": ("⌊X/k⌋ = 0",),
    "sym r assume X % 4 == r input 3@X relu": ("X = 4·⌊X/4⌋ + r",),
    "sym k assume X <= 9, X % k == 1 input 3@X relu": ("X ≤ 9", "k·⌊X/k⌋ = X - 1"),
    "sym r assume X <= 9, X % 4 == r input 3@X relu": ("X ≤ 9", "X = 4·⌊X/4⌋ + r"),
    "sym r : real assume r % 2 == 0 input 3@8 linear-r": ("2 | r", "r is an integer", "r ≥ 1"),
    # what the user assumes is said where the network has such a symbol
    "assume X % 4 == 3, X <= 10 input 3@X if X <= 7 { relu } maxpool3/4": ("4 | X - 3", "X ≤ 10"),
    "sym n, m assume n >= m, m >= 3 input 3@X conv1-n": ("n ≥ m", "m ≥ 3"),
    "sym n, m assume m >= 3 input 3@X conv1-n": ("m ≥ 3",),
}


@pytest.mark.parametrize("program", NEEDS)
def test_what_a_network_needs(program: str) -> None:
    assert symcost.parse(program).conditions == NEEDS[program]


PLACES = (  # where a symbol may stand in a network
    "input a@9 relu", "input 8@a relu", "input 8@9 conv1-a", "input 8@9 conv(a)-3", "input 8@9 experts(a) { relu }",
    "input 8@9 experts(9, active=a) { relu }", "input 8@9 linear-3 x a", "input 8@9 for i in 1..a { linear-i }",
    "input 8@9 if a > 3 { linear-8 }", "input 8@9 windows(a) { linear-3 }", "set batch = a input 8@9 linear-3",
    "input 8@9 concat { linear-a | linear-3 }", "input 8@9 f", "input 8@9 idle { freeze { linear-a } }",
    "input 8@9 linear-3 as t attention(1, kv=t, dk=a)", "input 8@9x9 maxpool(2 x a)", "input 8@9 m",
    "input 8@9 residual(when=a > 3) { linear-8 }", "input 8@9 split(a, 8 - a) { relu | id }",
)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_symbols_of_a_network(place: str) -> None:
    """A symbol of the file that stands nowhere in a net is not one of the net; wherever it stands, it is."""
    head = "sym a, b, c assume a >= 2, b >= 5 shared block f { linear-a } layer m : c@T -> c@T { add = a } "
    for _ in range(OFTEN + 3):  # what is used often is known by its pattern
        net = symcost.parse(f"{head} net v {{ {place} }}").net("v")
        assert net.symbols == tuple(net.domain.symbols) == ("a",)
    assert "b ≥ 5" not in net.conditions
    assert "a ≥ 2" in net.conditions
    both = symcost.parse(f"{head} net v {{ {place} linear-(b + 1) relu }}").net("v")
    assert both.symbols == ("a", "b")
    assert symcost.parse(f"{head} net v {{ {place} }} input 8@9 linear-b").symbols == ("b",)


def test_a_symbol_that_no_cost_has() -> None:
    """It stands in the tensor that goes in, and in what must hold."""
    net = symcost.parse("sym G, C input (G*C)@X x X conv1-(C+1)(groups=G)")
    assert (net.symbols, net.conditions) == (("G", "C", "X"), ("G | C + 1",))
    assert "G" not in {str(s) for s in net.params.free_symbols}


def test_every_step_is_told_once() -> None:
    """Editors are told of each step of a program where it is resolved, not of turns that are tried."""
    program = "sym n input 3@8 conv3-4 for i in 1..n { maxpool2 } [relu bn] if n > 3 { silu } residual { gelu } softmax"
    told: list[str] = []
    attempted(parse_syntax(Source("<told>", program)), lambda step, x, scope, nodes: told.append(step.span.text))
    groups = ["for i in 1..n { maxpool2 }", "[relu bn]", "if n > 3 { silu }", "residual { gelu }"]
    assert sorted(told) == sorted(["conv3-4", "maxpool2", "relu", "bn", "silu", "gelu", "softmax", *groups])


@pytest.mark.parametrize("wrong", ["bogus", "conv9-4(pad=0)", "[relu bogus bn]", "add(t)", "conv1-k", "bn : 5@8"])
def test_no_step_is_told_behind_a_mistake(wrong: str) -> None:
    """What comes in is not known there."""
    told: list[str] = []
    found = attempted(
        parse_syntax(Source("<told>", f"input 3@8 conv3-4 {wrong} relu silu x 2 [gelu]")),
        lambda step, x, scope, nodes: told.append(step.span.text),
    )
    assert len(found.scope.report.diagnostics) == 1
    assert told == ["conv3-4", *(["relu"] if "relu" in wrong else [])]


def test_a_router_puts_out_a_score_for_each_expert() -> None:
    net = symcost.parse("input 8@T experts(4, active=2) { linear-6 } linear-5")
    assert net.activations == "(4 + 2*6 + 5)*T"
    assert net.macs == "(8*4 + 2*8*6 + 6*5)*T"
    assert [str(row.leaf.output) for row in net.layers] == ["4@T", "6@T", "5@T"]
    assert [row.text for row in net.layers] == ["router", "linear-6", "linear-5"]
    bare = symcost.parse("input 8@T experts(4, active=2, router=false) { linear-6 } linear-5")
    assert bare.activations == "(2*6 + 5)*T"


@pytest.mark.parametrize("relation", ["<", "<=", ">", ">=", "==", "!="])
def test_conditions_on_what_is_no_integer(relation: str) -> None:
    free = symcost.parse(f"sym r : real, s : real input 4@5 if r {relation} s {{ linear-4 }} relu")
    for r, s in product((Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)), repeat=2):
        fixed = symcost.parse(f"input 4@5 if {r} {relation} {s} {{ linear-4 }} relu")
        assert free.at(r=r, s=s).params == fixed.params == (20 if holds(relation, r, s) else 0)


def holds(relation: str, a: Fraction, b: Fraction) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[relation]


def test_blocks_may_nest_so_deep() -> None:
    names = [f"b_{letter}" for letter in "abcdefghijk"]
    blocks = "".join(f"block {one} {{ {two} }} " for one, two in pairwise(names)) + f"block {names[-1]} {{ relu }} "
    with symcost.limits(nesting=10):
        assert symcost.parse(f"{blocks} input 3@8 {names[1]}").activations == 24
        with pytest.raises(symcost.SymcostError, match="blocks nested more than 10 deep"):
            symcost.parse(f"{blocks} input 3@8 {names[0]}")


@pytest.mark.parametrize(
    "program", ["relu relu relu relu relu relu", "b b b", "c c", "b c relu", "for i in 1..6 { linear-i }"]
)
def test_a_network_may_have_so_many_layers(program: str) -> None:
    """Those of a block count in each use."""
    head = "block b { relu relu } block c { relu b } input 3@8"
    with symcost.limits(layers=6):
        symcost.parse(f"{head} {program}")
        for more in ("bn", "relu", "b"):
            with pytest.raises(symcost.SymcostError, match="more than 6 layers"):
                symcost.parse(f"{head} {program} {more}")


@pytest.mark.parametrize("first", ["", "conv3-4 bn", "conv3-4 x 3", "[relu bn] relu"])
def test_a_chain_may_have_so_many_layers(first: str) -> None:
    """Also of layers that are known by their patterns, wherever they begin."""
    before = len(symcost.parse(f"input 3@8 {first}").layers) if first else 0
    with symcost.limits(layers=40):
        assert symcost.parse(f"input 3@8 {first} {'relu ' * (40 - before)}").output is not None
        with pytest.raises(symcost.SymcostError, match="more than 40 layers"):
            symcost.parse(f"input 3@8 {first} {'relu ' * (41 - before)}")


def test_a_loop_without_a_formula_may_have_so_many_turns() -> None:
    loop = "input 3@8 for i in 1..{} {{ linear-(if i == 3 then 4 else 5) }}"
    with symcost.limits(turns=70):
        assert symcost.parse(loop.format(70)).params == 20 + 30 + 24 + 25 + 66 * 30
        with pytest.raises(symcost.SymcostError, match="turns=140"):
            symcost.parse(loop.format(71))


def test_a_mistake_before_a_loop_is_told_with_one_in_it() -> None:
    """Each with the blocks it stands in."""
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse("sym n let a = zz block b { for i in 1..n { relu maxpool2(pad=2) } } input 3@8 b")
    told = refused.value.diagnostics
    assert [(d.code, len(d.notes)) for d in told] == [("unknown-name", 0), ("layer-needs", 1)]


@pytest.mark.parametrize(("turns", "rows"), [(1, 1), (3, 3), (63, 63), (64, 64), (65, 2), (1000, 2)])
def test_a_loop_of_few_turns_is_written_out(turns: int, rows: int) -> None:
    """A longer one is its first turn, which has another input, and all others in closed form."""
    net = symcost.parse(f"input 3@8 for i in 1..{turns} {{ linear-i }}")
    assert len(net.layers) == rows
    assert net.params == 4 + sum(i * (i - 1) + i for i in range(2, turns + 1))


def test_sums_are_formulas_too() -> None:
    """In LaTeX a sum over a range; its terms are added up as those of a loop are."""
    net = symcost.parse("sym n input 3@8 for i in 2..n + 2 { linear-i }")
    assert net.params == r"3\cdot 2 + 2 + \sum_{i=3}^{n+2} (i (i - 1) + i)"


@pytest.mark.parametrize(
    ("program", "code", "message"),
    [
        ("linear-(k - 8) linear-(3 - k)", "contradiction", "this network never exists: it needs k >= 9 and k <= 2"),
        ("linear-k linear-(k - 1) linear-(3 - k)", None, None),
        ("sym n : nat for i in 0..<n { linear-(k - 8 - i % 2) linear-3 } linear-(3 - k)", None, None),
        (
            "for i in k - 1 downto 0 { linear-(4*i) linear-8 }",
            "contradiction",
            "this network never exists: it needs k >= 2 and k <= 1",
        ),
        ("conv1-k add(in) conv1-(k - 4)", "contradiction", "this network never exists: it needs k == 3 and k >= 5"),
        (
            "for i in 2..k { linear-i } linear-(2 - k)",
            "no-closed-form",
            "no formula is known for the loops of this network: it needs k >= 2 and k <= 1",
        ),
    ],
)
def test_conditions_that_leave_no_room(program: str, code: str | None, message: str | None) -> None:
    try:
        symcost.parse(f"sym k input 3@9 {program}")
        found = None, None
    except symcost.SymcostError as refused:
        (diagnostic,) = refused.diagnostics
        found = diagnostic.code, diagnostic.message
    assert found == (code, message)


def test_of_many_blocks_around_a_mistake_some_are_named() -> None:
    blocks = "".join(f"block {one} {{ {two} }}\n" for one, two in pairwise("abcdefghijkl")) + "block l { bogus }\n"
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(f"{blocks}input 3@8 a")
    (found,) = refused.value.diagnostics
    assert [note.partition(",")[0] for note in found.notes] == [
        *(f"in '{name}'" for name in "lkji"),
        "... 4 blocks between",
        *(f"in '{name}'" for name in "dcba"),
    ]
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse(f"{blocks}input 3@8 e")
    assert [note[4] for note in refused.value.diagnostics[0].notes] == [*"lkjihgfe"]


def test_forms_hold_for_what_follows() -> None:
    net = symcost.parse(
        'input 3@8 relu set form = "a" relu bn set relu.form = "b" relu bn set add.form = "c" add(here)'
    )
    assert [row.leaf.form for row in net.layers] == [None, "a", "a", "b", "a", "c"]


def test_a_mistake_in_an_imported_file_is_told_there(tmp_path: Path) -> None:
    (tmp_path / "lib.arch").write_text("block b { bogus }\n", encoding="utf-8")
    with pytest.raises(symcost.SymcostError) as refused:
        symcost.parse("import lib (b) input 3@8 b", folder=tmp_path)
    (found,) = refused.value.diagnostics
    assert found.span is not None
    assert (found.span.source.name, found.span.text) == (str(tmp_path / "lib.arch"), "bogus")


@pytest.mark.parametrize("program", ["", "\n", "# nothing", "let a = 3", "block b { relu }"])
def test_a_program_without_a_network(program: str) -> None:
    net = symcost.parse(program)
    assert (net.input, net.output, net.layers, net.symbols, net.conditions) == (None, None, (), (), ())


@pytest.mark.parametrize(("per", "counted"), [("", 15), (": sample", 15), (": batch", 3)])
def test_a_cost_of_a_sample_or_of_the_batch(per: str, counted: int) -> None:
    net = symcost.parse(f"metric m {per} set batch = 5 layer l : c@T -> c@T {{ m = c }} input 3@8 l relu")
    assert net.cost("m") == counted


def test_a_program_may_have_so_many_symbols() -> None:
    with symcost.limits(symbols=2):
        symcost.parse("sym a, b input 3@8 linear-(a + b)")
        with pytest.raises(symcost.SymcostError, match="more than 2 symbols"):
            symcost.parse("sym a, b sym c input 3@8 linear-(a + b + c)")


@pytest.mark.parametrize(
    "program",
    [
        "if n > 2 { residual { conv1-k } } residual { conv1-k }",
        "residual { conv1-k } if n > 2 { residual { conv1-k } }",
        "for i in 1..<n { residual { conv1-k } } residual { conv1-k }",
    ],
)
def test_where_the_same_tensors_meet_the_same_is_needed(program: str) -> None:
    """Also where they met before under a condition."""
    net = symcost.parse(f"sym n, k input 6@X {program}")
    for n in (1, 2, 3):
        assert net.at(n=n, k=6).params == symcost.parse(f"let n = {n} let k = 6 input 6@X {program}").params
        with pytest.raises(symcost.SymcostError, match="outside-domain"):
            net.at(n=n, k=5)


def test_ids_are_no_symbol() -> None:
    net = symcost.parse("input ids@T embed(9)-4")
    assert set(net.domain.symbols) == {"T"}
    with pytest.raises(symcost.SymcostError, match="unknown-symbol"):
        net.at(ids=3)


def test_where_a_name_is_defined_is_said() -> None:
    """An argument of a block is defined by each use of it, at no place."""
    for program, notes in (
        ("let a = 3\nlet a = 4", ("it is defined at <text>:1:1",)),
        ("block b(k) { let k = 3 }\ninput 3@8 b(2)", ()),
    ):
        with pytest.raises(symcost.SymcostError) as refused:
            symcost.parse(program)
        assert [d.notes for d in refused.value.diagnostics] == [notes]


def test_a_choice_needs_a_tensor() -> None:
    """It was dropped with what stands in it."""
    with pytest.raises(symcost.SymcostError, match="no-tensor"):
        symcost.parse("if 2 > 1 { conv3-4 } input 3@8 relu")


@pytest.mark.parametrize(("default", "code"), [("n > 3", "undecided"), ('"a"', "size-needed")])
def test_a_parameter_without_a_size_is_told(default: str, code: str) -> None:
    """A default that is open, or a text, was 1."""
    with pytest.raises(symcost.SymcostError, match=code):
        symcost.parse(f"net v(n, c = {default}) {{ input 3@8 conv3-(if c == 1 then 4 else 5) }}").net("v")


@pytest.mark.parametrize(
    "program",
    [
        "input 3@4x4 concat { avgpool4 | id }",
        "input 3@4x4 concat { id | gap }",
        "input 4@4x4 split { avgpool4 | id }",
        "input 3@4x4 relu as t avgpool4 concat(t)",
    ],
)
def test_tensors_that_are_joined_have_the_same_sides(program: str) -> None:
    """One position is not repeated for four, as no framework does: only sums and products are spread."""
    with pytest.raises(symcost.SymcostError) as found:
        symcost.parse(program)
    assert found.value.diagnostics[0].code in ("branches-differ", "wrong-rank")
    assert symcost.parse(program.replace("concat", "add").replace("split {", "add {")).output is not None
