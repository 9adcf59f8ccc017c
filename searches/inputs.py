"""Inputs nobody wrote: bytes, words in any order, derivations of a grammar, real texts with something changed in them.

An input is bytes and follows from the random numbers it is made with, so that a seed and a number name it for ever.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import product
from pathlib import Path
from random import Random

from lark import Lark, Token

import symcost
from symcost import syntax as s
from symcost.layers import KINDS
from symcost.layers.base import slots
from symcost.parser import grammar_path, parse, tokens
from symcost.source import Source, SymcostError

PACKAGE = Path(symcost.__file__).parent
ROOT = Path(__file__).resolve().parent.parent
LONG = 1500  # letters; longer programs are left whole, and are not changed at random
DEPTH = 9  # of a derivation; from there on the shortest expansion of a rule is taken
SEPARATOR = b"\x1f"  # between the parts of an input that has several

_NUMBERS = (
    "0 1 1 2 2 3 3 4 5 6 7 8 9 12 16 31 32 64 65 100 224 1000 4096 1000000 18446744073709551616 1e9 1e40 0.5 2.5e-3"
)
NUMBERS = tuple(_NUMBERS.split())
WORD = re.compile(r"\w+|\s+|[^\w\s]")

Make = Callable[[Random], bytes]


# ------------------------------------------------------------------------------------------------- texts there are


@cache
def programs() -> tuple[str, ...]:
    """Every program of the project: networks, blocks, examples, documentation, the catalogue, diagnostics, tests."""
    files = [PACKAGE, *(ROOT / folder for folder in ("examples", "tests", "docs"))]
    found = [path.read_text("utf-8", "replace") for folder in files for path in sorted(folder.rglob("*.arch"))]
    pages = [*sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "tests").rglob("*.md"))]
    for page in pages:
        found += re.findall(r"^```arch[^\n]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found += [str(entry["program"]) for entry in catalogued() if "program" in entry]
    return tuple(dict.fromkeys(text.strip() + "\n" for text in found))


@cache
def catalogued() -> tuple[Mapping[str, object], ...]:
    """The checks of the catalogue."""
    tables = [
        tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "catalogue").glob("*.toml"))
    ]
    return tuple(check for table in tables for entry in table.get("entry", ()) for check in entry.get("check", ()))


@cache
def short_programs() -> tuple[str, ...]:
    return tuple(text for text in programs() if len(text) <= LONG)


@cache
def formulas() -> tuple[str, ...]:
    """Formulas and claims in the language."""
    found = [str(check["equal"]) for check in catalogued() if "equal" in check]
    for text in programs():
        found += re.findall(r"^assert ([^#\n]+)", text, re.MULTILINE)
    return tuple(dict.fromkeys(found))


@cache
def latex() -> tuple[str, ...]:
    """Formulas in LaTeX: those of the documentation and the tests, and what small programs print."""
    pages = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "test_latex_formula.py"]
    found = [
        line.strip()
        for page in pages
        for line in re.findall(
            r"[^\n`\"]*\\(?:frac|lfloor|lceil|sum|cdot|mathrm|sqrt)[^\n`\"]*", page.read_text("utf-8")
        )
    ]
    for text in short_programs()[::25]:
        try:
            net = symcost.parse(text)
            found += [cost.latex() for cost in (net.params, net.macs, net.activations)]
        except SymcostError:
            continue
    return tuple(dict.fromkeys(line for line in found if 2 < len(line) < 400))


@cache
def conventions() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "conventions").glob("*.toml")))


@cache
def steps() -> tuple[str, ...]:
    """Layers, groups, branches and loops as they stand somewhere in a program."""
    found: dict[str, None] = {}
    for text in short_programs():
        try:
            tree = parse(text)
        except SymcostError:
            continue
        found |= {
            node.span.text: None for node in nodes(tree) if isinstance(node, s.Step) and len(node.span.text) < 120
        }
    return tuple(found)


def nodes(tree: object) -> Iterator[s.Node]:
    """Every node of a syntax tree."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, s.Node):
            yield node
        if isinstance(node, tuple):
            todo += reversed(node)
        elif is_dataclass(node) and not isinstance(node, type):
            todo += [getattr(node, f.name) for f in reversed(fields(node)) if f.name != "span"]


# --------------------------------------------------------------------------------------------------------- a grammar


@dataclass(frozen=True)
class Language:
    """A grammar to derive texts from, and spellings of its terminals."""

    rules: Mapping[str, Sequence[Sequence[str]]]
    words: Mapping[str, Sequence[str]]
    least: Mapping[str, int]  # the depth of the smallest derivation

    def derived(self, random: Random, start: str) -> str:
        """A text that the grammar has, its words apart."""
        found: list[str] = []
        todo = [(start, 0)]
        while todo:
            name, depth = todo.pop()
            if name in self.words:
                found.append(random.choice(self.words[name]))
                continue
            choices = self.rules[name]
            if depth >= DEPTH or len(found) > 200:
                best = min(self._depth(c) for c in choices)
                choices = [c for c in choices if self._depth(c) == best]
            todo += [(part, depth + 1) for part in reversed(random.choice(choices))]
        return " ".join(found)

    def soup(self, random: Random) -> str:
        """Words of the grammar in any order."""
        kinds = list(self.words)
        glue = random.choice(("", " ", " ", "\n"))
        return glue.join(random.choice(self.words[random.choice(kinds)]) for _ in range(random.randint(1, 25)))

    def _depth(self, expansion: Sequence[str]) -> int:
        return max((self.least[part] for part in expansion), default=0)


def _language(lark: Lark, spelled: Mapping[str, Iterable[str]]) -> Language:
    rules: dict[str, list[list[str]]] = {}
    for rule in lark.rules:
        rules.setdefault(str(rule.origin.name), []).append([str(part.name) for part in rule.expansion])
    words = {str(t.name): sorted(set(spelled.get(t.name, ())) or {t.pattern.value}) for t in lark.terminals}
    least = dict.fromkeys(words, 0)
    while len(least) < len(words) + len(rules):
        least |= {
            name: 1 + min(max((least[part] for part in e), default=0) for e in choices if all(p in least for p in e))
            for name, choices in rules.items()
            if name not in least and any(all(p in least for p in e) for e in choices)
        }
    return Language(rules, words, least)


@cache
def language() -> Language:
    """The language of programs, with the words that programs use."""
    text = grammar_path().read_text(encoding="utf-8")
    lark = Lark(text, parser="lalr", start=["start", "formula"], keep_all_tokens=True)
    spelled: dict[str, set[str]] = {}
    for program in short_programs()[::4]:
        try:
            found = list(tokens(Source("", program)).scan_values(lambda part: isinstance(part, Token)))
        except SymcostError:
            continue
        for token in found:
            spelled.setdefault(token.type, set()).add(str(token))
    spelled["INT"] = {n for n in NUMBERS if n.isdigit()}
    return _language(lark, spelled)


@cache
def latex_language() -> Language:
    text = grammar_path("latex").read_text(encoding="utf-8")
    lark = Lark(text, parser="lalr", start=["formula", "claim"], keep_all_tokens=True)
    spelled: dict[str, set[str]] = {
        "NUMBER": set(NUMBERS[:24]),
        "DIGIT": set("0123456789"),
        "LETTER": set("XnKOx"),
        "WORD": {"X", "KX", "n", "Cin"},
        "GREEK": {r"\alpha", r"\ell", r"\Sigma"},
        "TEXT": {r"\mathrm{MACs}", r"\text{in}", r"\mathit n"},
        "SUB": {"_n", "_{in}", r"_{\mathrm{out}}", r"_\ell"},
        "PRIME": {"'", "''", r"^{\prime}"},
        "SUM": {r"\sum_{", r"\sum\limits_{"},
        "LOG2": {r"\log_2", r"\lg"},
        "FUNC": {r"\min", r"\max", r"\gcd", r"\operatorname{divisible}", r"\mathrm{floor}"},
        "LANDAU": {"O", r"\Theta", r"\mathcal{O}"},
        "FRAC": {r"\frac", r"\dfrac"},
        "SQRT": {r"\sqrt"},
        "LFLOOR": {r"\lfloor", r"\left\lfloor"},
        "RFLOOR": {r"\rfloor", r"\right\rfloor"},
        "LCEIL": {r"\lceil", r"\left\lceil"},
        "RCEIL": {r"\rceil", r"\right\rceil"},
        "LPAR": {"(", r"\left("},
        "RPAR": {")", r"\right)"},
        "LSQ": {"[", r"\left["},
        "RSQ": {"]", r"\right]"},
        "LCURL": {r"\{"},
        "RCURL": {r"\}"},
        "ADD": {"+", "-"},
        "MUL": {r"\cdot", r"\times", "*"},
        "DIV": {"/"},
        "REL": {"=", r"\le", r"\approx", r"\neq", "<", ">"},
        "INTEGER": {r"\in\mathbb{Z}"},
        "MID": {r"\mid"},
        "END": {"."},
        "SPACE": {" ", r"\,", "$", "~"},
    }
    return _language(lark, spelled)


# ----------------------------------------------------------------------------------------------------- texts changed


def mutated(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    """A text with one to four changes: words and lines deleted, doubled, swapped; numbers changed; another spliced in."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        text = random.choice(CHANGES)(random, text, others, words)
    return text


Change = Callable[[Random, str, Sequence[str], Sequence[str]], str]


def _parts(text: str, lines: bool) -> list[str]:
    return text.splitlines(keepends=True) if lines else WORD.findall(text)


def _deleted(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    parts = _parts(text, random.random() < 0.3)
    start = random.randrange(len(parts) + 1)
    del parts[start : start + random.choice((1, 1, 2, 5))]
    return "".join(parts)


def _doubled(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    parts = _parts(text, random.random() < 0.5)
    start = random.randrange(len(parts) + 1)
    parts[start:start] = parts[start : start + random.choice((1, 1, 2, 5))]
    return "".join(parts)


def _swapped(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    parts = _parts(text, random.random() < 0.4)
    if parts:
        i, j = random.randrange(len(parts)), random.randrange(len(parts))
        parts[i], parts[j] = parts[j], parts[i]
    return "".join(parts)


def _numbered(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    found = list(re.finditer(r"\d+", text))
    if not found:
        return text
    place = random.choice(found)
    return text[: place.start()] + random.choice(NUMBERS) + text[place.end() :]


def _worded(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    parts = _parts(text, False)
    start = random.randrange(len(parts) + 1)
    parts[start : start + random.randint(0, 1)] = [random.choice(words)]
    return "".join(parts)


def _spliced(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    lines = random.random() < 0.6
    here, there = _parts(text, lines), _parts(random.choice(others), lines)
    a, b = random.randrange(len(here) + 1), random.randrange(len(there) + 1)
    if random.random() < 0.5:
        return "".join(here[:a] + there[b:])
    return "".join(here[:a] + there[b : b + 3] + here[a:])


def _character(random: Random, text: str, others: Sequence[str], words: Sequence[str]) -> str:
    at = random.randrange(len(text) + 1)
    odd = random.choice(
        (
            "",
            "",
            "(",
            ")",
            "{",
            "}",
            "-",
            "^",
            "²",
            "é",
            "\u202e",
            "\t",
            '"',
            "\\",
            "×",
            "٣",
            chr(random.randrange(32, 0x2FFF)),
        )
    )
    return text[:at] + odd + text[at + random.randint(0, 1) :]


CHANGES: tuple[Change, ...] = (
    _deleted,
    _doubled,
    _swapped,
    _numbered,
    _numbered,
    _worded,
    _worded,
    _spliced,
    _character,
)


# -------------------------------------------------------------------------------------------------- inputs by target


def raw(random: Random) -> bytes:
    """Bytes, many of them letters."""
    length = random.choice((0, 1, 3, 10, 40))
    return bytes(random.randrange(256) if random.random() < 0.2 else random.randrange(32, 127) for _ in range(length))


def program(random: Random) -> bytes:
    """A program, or something like one."""
    kind = random.random()
    if kind < 0.04:
        return raw(random)
    if kind < 0.14:
        head = random.choice(("", "input 3@8x8\n", "sym n, K\ninput C@X x X\n"))
        return _bytes(head + language().soup(random))
    if kind < 0.34:
        return _bytes(language().derived(random, "start"))
    if kind < 0.44:
        return assembled(random)
    if kind < 0.54:
        return composed(random)
    return _bytes(_changed(random, short_programs(), language()))


def assembled(random: Random) -> bytes:
    """Layers of real programs one after the other, some numbers of which are symbols now."""
    chosen = [random.choice(steps()) for _ in range(random.randint(1, 4))]
    lines = [re.sub(r"\b(?<![.@])\d+\b(?![.x])", lambda m: _replaced(random, m[0]), step) for step in chosen]
    return _bytes("\n".join([*_head(random, random.randrange(4)), *lines]))


def _replaced(random: Random, number: str) -> str:
    return number if random.random() < 0.6 else random.choice(SIZES)


# --------------------------------------------------------------------------------------------- networks that make sense

SYMBOLS = ("n", "K", "s", "P", "c", "g")
SIZES = (
    "2",
    "3",
    "1",
    "4",
    "n",
    "K",
    "s",
    "P",
    "c",
    "(2*n)",
    "(K + 1)",
    "(n - 1)",
    "(c//2)",
    "(2^n)",
    "(K % 3)",
    "5",
    "7",
    "8",
)
DIMS = (("",), ("@T", "@T", "@(2*T)", "@9"), ("@X x X", "@H x W", "@X x X", "@8x8", "@X x 12"), ("@D x H x W",))
FACTS = (
    *("X % 4 == 0", "X % 2 == 1", "X >= 7", "H % 2 == 0, W >= 3", "T % 2 == 0", "T % 4 == 3", "n >= 2", "P <= K"),
    *("X % 2^n == 0", "X == 2*K + 1", "s != 1", "K <= X", "K <= 5, s <= 2"),
)
COUNTS = ("2", "3", "n", "n", "(n - 1)", "(2*K)", "5", "1", "K")
WIDTHS = ("c", "8", "(2*c)", "16", "here.c", "here.c", "(2*here.c)", "in.c", "K", "(here.c + 1)")
TESTS = ("s != 1", "n >= 2", "in.c != c", "K == 3", "K % 2 == 1", "s == 1 or n > 2", "here.c == in.c")

# Arguments for which a symbol means less than every number: it stands for any width, never for "none" or "one for all";
# and a probability, which is no positive integer.
DISCRETE = {
    *((kind, "biases") for kind in ("rnn", "gru", "lstm")),
    *(("lstm", "proj"), ("prelu", "n"), ("scale", "n"), ("dropout", "p")),
}


@cache
def ranks() -> Mapping[int, Mapping[str, int]]:
    """Which kinds of layer take a tensor of some number of axes, and how many axes come out."""
    found: dict[int, dict[str, int]] = {rank: {} for rank in range(4)}
    for rank, kind in product(found, sorted(KINDS)):
        sizes = {"head": "2", "width": "8", "stride": "1"}
        given = {s.place: s for s in slots(KINDS[kind]) if s.default is None}
        text = kind + "".join(sign + sizes[p] + end for p, sign, end in _PLACES if p in given)
        try:
            out = symcost.parse(f"input 8{('', '@8', '@8x8', '@8x8x8')[rank]}\n{text}").output
        except SymcostError:
            continue
        found[rank][kind] = 0 if out is None else len(out.dims)
    return found


_PLACES = (("head", "(", ")"), ("width", "-", ""), ("stride", "/", ""))


def composed(random: Random) -> bytes:
    """A network of layers that fit together, with symbols wherever a number can stand."""
    rank = random.choice((0, 1, 1, 2, 2, 2, 2, 3))
    lines = _head(random, rank)
    for _ in range(random.randint(1, 5)):
        line, rank = _piece(random, rank, 2)
        lines.append(line)
    return _bytes("\n".join(lines))


def _head(random: Random, rank: int) -> list[str]:
    channels, dims = random.choice(("3", "c", "16", "d", "(2*c)", "8")), random.choice(DIMS[rank])
    if rank == 1 and random.random() < 0.1:
        channels = "ids"
    facts = [fact for fact in FACTS if set(re.findall("[A-Z]", fact)) - {"K", "P"} <= set(re.findall("[A-Z]", dims))]
    declared = ", ".join(random.choice((name, name, name, f"{name} : nat")) for name in SYMBOLS)
    fact = f"assume {random.choice(facts)}" if random.random() < 0.5 else ""
    setting = random.choice(("", "", "", "set batch = n", "set bias = false", "set round = ceil"))
    return [line for line in (f"sym {declared}", fact, setting, f"input {channels}{dims}") if line]


def _piece(random: Random, rank: int, depth: int) -> tuple[str, int]:
    """A layer, or layers in brackets and braces, for a tensor with so many axes; and how many there are behind it."""
    kind = random.random()
    if depth == 0 or kind < 0.55:
        return _layer(random, rank)
    inside = " ".join(
        _layer(random, rank, True)[0] if random.random() < 0.7 else _piece(random, rank, 0)[0] for _ in "ab"
    )
    other = _layer(random, rank, True)[0]
    return random.choice(
        (
            f"[{inside}] x {random.choice(COUNTS)}",
            f"residual {{ {inside} }}",
            f"add {{ {inside} | {other} }}",
            f"concat {{ {inside} | {other} }}",
            f"concat {{ id | {other} }}",
            f"if {random.choice(TESTS)} {{ {inside} }}",
            f"if {random.choice(TESTS)} {{ {inside} }} else {{ {other} }}",
            f"for i in 0..<{random.choice(COUNTS)} {{ {inside.replace('-c', '-(c*2^i)')} }}",
            f"for i in {random.choice(('1..n', '0..<n', 'n downto 1'))} {{ {inside.replace('-c', '-(c + i)')} }}",
            f"freeze {{ {inside} }}",
            f"experts({random.choice(SIZES)}) {{ {inside} }}",
            f"windows({random.choice(SIZES)}) {{ {inside} }}",
        )
    ), rank


def _layer(random: Random, rank: int, same: bool = False) -> tuple[str, int]:
    known = {kind: out for kind, out in ranks()[rank].items() if out == rank or not same}
    often = [
        kind
        for kind in ("conv", "conv", "dwconv", "maxpool", "avgpool", "linear", "upconv", "attention")
        if kind in known
    ]
    kind = random.choice(often) if often and random.random() < 0.6 else random.choice(list(known))
    given: dict[str, list[str]] = {"head": [], "option": []}
    signs = {"width": "", "stride": ""}
    for slot in slots(KINDS[kind]):
        if slot.default is not None and random.random() < 0.65:
            continue
        value = random.choice(SIZES)
        if (kind, slot.name) in DISCRETE:
            value = random.choice(("0", "1", "2"))
        elif slot.flag:
            value = random.choice(("true", "false"))
        elif slot.words and (not slot.sizes or random.random() < 0.5):
            value = random.choice(slot.words)
        elif slot.name in KINDS[kind].axes and rank > 1 and random.random() < 0.2:
            value = f"({' x '.join(random.choice(SIZES) for _ in range(rank))})"
        if slot.place in signs:
            signs[slot.place] = random.choice(WIDTHS) if slot.place == "width" else value
        else:
            given[slot.place].append(value if slot.default is None else f"{slot.name}={value}")
    if not any(signs.values()):
        given = {"head": given["head"] + given["option"], "option": []}
    text = kind + (f"({', '.join(given['head'])})" if given["head"] else "")
    text += "".join(sign + signs[place] for place, sign in (("width", "-"), ("stride", "/")) if signs[place])
    text += f"({', '.join(given['option'])})" if given["option"] else ""
    times = f" x {random.choice(COUNTS)}" if random.random() < 0.1 else ""
    return text + times, known[kind]


# ------------------------------------------------------------------------------------------- formulas, claims, files


def formula_latex(random: Random) -> bytes:
    kind = random.random()
    if kind < 0.08:
        return raw(random)
    if kind < 0.25:
        return _bytes(latex_language().soup(random))
    if kind < 0.5:
        return _bytes(latex_language().derived(random, random.choice(("formula", "claim"))))
    return _bytes(_changed(random, latex(), latex_language()))


def formula_plain(random: Random) -> bytes:
    kind = random.random()
    if kind < 0.4:
        return _bytes(language().derived(random, "formula"))
    return _bytes(_changed(random, formulas(), language()))


NETS = (
    "sym K, N; input C@X x X  conv(K)-N(bias=false)",
    "sym n, s; input C@H x W  [conv3-C/s(pad=1) bn relu] x n  gap fc-10",
    "assume X % 4 == 0; input 3@X x X conv3-8/2 maxpool fc-10",
    "sym h; input d@T residual { attention(h) } linear-(4*d) gelu linear-d",
    "sym n, C; assume X % 2^n == 0; input C@X x X; for i in 0..<n { conv3-(C*2^i) maxpool }",
    "input 3@X x X conv7-64/2 maxpool3/2(pad=1) conv3-64/2",
)


def claim(random: Random) -> bytes:
    """A network, a claim about it, and a fact or none."""
    sides = [
        random.choice((formula_plain, formula_plain, formula_latex))(random).decode("utf-8", "replace") for _ in "ab"
    ]
    cost = random.choice(("macs", "params", "flops", "activations", r"\text{MACs}"))
    relation = random.choice(("==", "<=", "<", "!=", ">=", "~", "=", "= O(", "= Theta("))
    text = sides[0] if random.random() < 0.3 else f"{random.choice((cost, sides[0]))} {relation} {sides[1]}"
    fact = random.choice(("", "", "X >= 2", "X % 2 == 0", "K <= X", "n == 2", language().derived(random, "formula")))
    return SEPARATOR.join(map(_bytes, (random.choice(NETS), text + ")" * ("(" in relation), fact)))


_TOML = (
    'mac add outputs in.c [prices] [[departures]] kinds "conv" true -1 1/0 nan inf 1e999 "" {} [] value each where extends'
    ' "macs" = 2024-01-01 "outputs/0" "k^k" "1 == 1" options { } form'
)


def convention_file(random: Random) -> bytes:
    """A convention, or something like one."""
    if random.random() < 0.05:
        return raw(random)
    words = (*_TOML.split(" "), '"((("')
    return _bytes(mutated(random, random.choice(conventions()), conventions(), words))


def _changed(random: Random, texts: Sequence[str], language: Language) -> str:
    kinds = list(language.words)
    words = [random.choice(language.words[random.choice(kinds)]) for _ in range(4)]
    return mutated(random, random.choice(texts), texts, words)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
