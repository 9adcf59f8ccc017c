"""What is asked of every input: that nothing but a diagnostic comes out of it, and that what comes out is right.

A target is a function of bytes. It returns one word on how it went ("refused", "same"), and raises `Broken` where a promise is
not kept; any other exception is a finding too.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random

import symcost
from searches import inputs
from symcost import syntax as s
from symcost.architecture import Architecture
from symcost.claims import check as claims
from symcost.comparison import compared
from symcost.conventions import convention
from symcost.conventions.reading import read_convention
from symcost.domain import by_name
from symcost.files import decoded
from symcost.fmt import formatted
from symcost.latex_formula import Names, read_claim, read_formula
from symcost.parser import parse
from symcost.proving import prove, prove_formula
from symcost.sizes.atoms import Size, Symbol
from symcost.source import Source, SymcostError

CODES = {page.stem for page in (inputs.ROOT / "tests" / "diagnostics").glob("*.md")}
COSTS = ("params", "trainable", "active", "macs", "flops", "exact", "activations")
TRIES = 4  # points at which a network is compared with the one that has numbers


class Broken(Exception):
    """A promise that is not kept, and in which case."""

    def __init__(self, promise: str, case: str = "") -> None:
        super().__init__(f"{promise}: {case}" if case else promise)
        self.promise = promise


@dataclass(frozen=True)
class Target:
    """Where inputs come from, and what is asked of them."""

    make: inputs.Make
    ask: Callable[[bytes], str]


def _promised(kept: bool, promise: str, case: str = "") -> None:
    if not kept:
        raise Broken(promise, case)


def _told(error: SymcostError) -> str:
    """What every diagnostic keeps to: it has a page, a place inside its source, and can be shown on a terminal."""
    _promised(bool(error.diagnostics), "an error says what is wrong")
    for diagnostic in error.diagnostics:
        _promised(diagnostic.code in CODES, "every code has a page", diagnostic.code)
        span = diagnostic.span
        _promised(span is None or 0 <= span.start <= span.end <= len(span.source.text) + 1, "the place is in the text")
    shown = "".join(c for c in str(error) if c not in "\n\t")
    _promised(shown.isprintable(), "a message can be printed")
    return "refused"


def _text(data: bytes) -> str | None:
    try:
        return decoded(data, "<fuzz>")
    except SymcostError as error:
        _told(error)
        return None


# ------------------------------------------------------------------------------------------------------------ programs


def check(data: bytes) -> str:
    """Parse, count and check the asserts of a program."""
    text = _text(data)
    if text is None:
        return "refused"
    try:
        net = symcost.parse(text)
        for name in COSTS:
            str(net.cost(name))
        wrong = [d for _, d in claims(net) if d is not None]
    except SymcostError as error:
        return _told(error)
    if wrong:
        _told(SymcostError(wrong))
    return "asserts fail" if wrong else "counted"


def fmt(data: bytes) -> str:
    """Format a program: it says what it said, and formatting again changes nothing."""
    text = _text(data)
    if text is None:
        return "refused"
    try:
        tree = parse(text)
    except SymcostError as error:
        with contextlib.suppress(SymcostError):  # a number may be too large for the parser and not for the formatter
            result = formatted(Source("<text>", text))
            _promised(formatted(Source("<text>", result)) == result, "formatting again changes nothing")
        return _told(error)
    result = formatted(Source("<text>", text))
    _promised(repr(parse(result)).replace("×", "x") == repr(tree).replace("×", "x"), "the layout means the same")
    _promised(formatted(Source("<text>", result)) == result, "formatting again changes nothing")
    return "formatted"


def count(data: bytes) -> str:
    """The formulas at numbers are the counts of the program with these numbers written in it."""
    text = _text(data)
    if text is None:
        return "refused"
    try:
        file = parse(text)
        net = symcost.parse(text)
        formulas = {name: net.cost(name) for name in COSTS}
    except SymcostError as error:
        return _told(error)
    outcome = "numbers"
    random = Random(zlib.crc32(data))
    for _ in range(TRIES if net.domain.symbols else 0):
        values = {name: _value(declared.symbol, random) for name, declared in net.domain.symbols.items()}
        outcome = _compared(net, formulas, values, with_numbers(file, text, values))
    return outcome


def _value(symbol: Symbol, random: Random) -> Fraction:
    low = -3 if symbol.low is None else symbol.low
    value = Fraction(low) + random.choice((0, 0, 1, 1, 2, 3, 4, 5, 7, 9, 11, 16, 31, 64))
    if not symbol.integer:
        value = Fraction(low) + random.choice(
            (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), Fraction(1), Fraction(5, 2))
        )
    return value if symbol.high is None else min(value, Fraction(symbol.high))


def with_numbers(file: s.File, text: str, values: Mapping[str, Fraction]) -> str:
    """A program in which names of the file have values: ``let`` for ``sym``, numbers in facts and in inputs."""
    changes = {}
    for item in file.items:
        if isinstance(item, s.Sym):
            kept = [symbol.span.text for symbol in item.symbols if symbol.name not in values]
            changes[item.span] = f" sym {', '.join(kept)} " if kept else " ; "
        if isinstance(item, s.Input | s.Assume):
            refs = [node for node in inputs.nodes(item) if isinstance(node, s.Ref) and node.text in values]
            changes |= {ref.span: f"({values[ref.text]})" for ref in refs}
    for span in sorted(changes, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + changes[span] + text[span.end :]
    lets = " ".join(f"let {name} = ({value})" for name, value in values.items())
    return f"{lets}\n{text}"


def _compared(
    net: Architecture, formulas: Mapping[str, symcost.Cost], values: Mapping[str, Fraction], text: str
) -> str:
    at = ", ".join(f"{name} = {value}" for name, value in values.items())
    reasons: set[str] = set()
    try:
        there = net.at(values)
        left = {name: formula.at(values).value for name, formula in formulas.items()}
        shape = str(there.output)
    except SymcostError as error:
        _told(error)
        left, shape = {}, ""
        reasons = {note.partition(":")[0] for d in error.diagnostics for note in (d.notes or (d.code,))}
    try:
        numbers = symcost.parse(text)
        right = {name: numbers.cost(name).value for name in COSTS}
    except SymcostError as error:
        _told(error)
        codes = {d.code for d in error.diagnostics}
        _promised(not left or codes <= EXCUSED, f"what a formula counts is no {min(codes)}", f"at {at}\n{text}")
        return "same refused"
    if not left and any(words in reason for words in STRICTER for reason in reasons):
        return "same refused"
    _promised(bool(left), f"what a program counts is not outside ({min(reasons, default='')})", f"at {at}\n{text}")
    for name in COSTS:
        what = f"{left[name]} by formula, {right[name]} by numbers at {at}\n{text}"
        _promised(left[name] == right[name], f"{name} are the same", what)
    _promised(shape == str(numbers.output), "shapes are the same", f"{shape} and {numbers.output} at {at}\n{text}")
    return "same"


EXCUSED = {"number-too-large", "no-closed-form", "too-deep"}
STRICTER = (  # where docs/language.md says that a symbol asks for more than its values do
    "must agree",  # what may be 1 is not spread over positions
    "this loop runs at least once",
)


# ------------------------------------------------------------------------------------------------------------ formulas


_NAMES = (Names(), Names({"Cin", "X", "K", "n"}, {"N_x": "X"}))


def latex(data: bytes) -> str:
    """Read a formula or a claim in LaTeX, with names that are known or not; give some of them to SymPy."""
    text = _text(data)
    if text is None:
        return "refused"
    way = zlib.crc32(data)
    try:
        read: Callable[..., object] = read_claim if way & 1 else read_formula
        read(text, _NAMES[way >> 1 & 1])
        if way % 11 == 0:
            symcost.formula(text)
    except SymcostError as error:
        return _told(error)
    return "read"


def prove_claim(data: bytes) -> str:
    """Prove a claim about a network, and one about formulas alone; what is refuted is so at its witness."""
    parts = [_text(part) for part in data.split(inputs.SEPARATOR)]
    if len(parts) != 3 or None in parts:
        return "refused"
    program, text, fact = (part or "" for part in parts)
    net = _net(program)
    outcome = "refused"
    symbols = {name: Symbol(name, low=low) for name, low in (("X", 1), ("n", 0), ("K", 1), ("z", None), ("C", 1))}
    asks: Sequence[Callable[[], object]] = (
        lambda: prove(net, text, assume=[fact] if fact else []),
        lambda: prove_formula(text, symbols, [fact] if fact else []),
        lambda: _larger(net, text),
    )
    for ask in asks:
        try:
            outcome = str(getattr(ask(), "verdict", "compared"))
        except SymcostError as error:
            _told(error)
    return outcome


@cache
def _net(program: str) -> Architecture:
    return symcost.parse(program)


def _larger(net: Architecture, text: str) -> object:
    first, second = by_name(net.macs._public, net.domain.public(net.domain.read(text)))
    if second == Size.of(0):
        return None
    found = compared(first, second)
    return str(found.difference), found.sides


# --------------------------------------------------------------------------------------------------- files, arguments


PROBE = """
sym h, n
input C@H x W
conv3-16/2(pad=1) bn relu maxpool2 [dwconv3 conv1-16] x n residual { conv3-16 } tokens layernorm
attention(4) linear-(4*here.c) gelu lstm-8 fc-10 softmax
"""


def convention_file(data: bytes) -> str:
    """Read a convention and count by it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ours.toml"
        path.write_bytes(data)
        try:
            read_convention(path, convention)
            cost = _net(PROBE).cost(str(path))
            str(cost), cost.uncounted
        except SymcostError as error:
            return _told(error)
    return "counted"


def command(data: bytes) -> str:
    """A command line: an exit code of ours and no traceback."""
    from symcost.cli import main

    try:
        args = [part.decode("utf-8") for part in data.split(inputs.SEPARATOR)]
    except UnicodeDecodeError:
        return "refused"
    if any("/" in arg.partition("=")[2] + arg[:1] or ".." in arg or "\0" in arg for arg in args) or args[0] == "lsp":
        return "left out"  # it might write somewhere, or wait for somebody
    with _streams() as streams:
        sys.argv = ["symcost", *args]
        try:
            main()
            code: object = None
        except SystemExit as stop:
            code = stop.code
        sys.stdout.flush()
    _promised(code in (0, 1, 2), "an exit code is 0, 1 or 2", str(code))
    _promised(code != 2 or b"Usage" in streams or b"rror" in streams, "who is refused is told why")
    return f"exit {code}"


@contextlib.contextmanager
def _streams() -> Iterator[bytearray]:
    """Streams of our own, and a folder to write to, for one command."""
    before, told, here, argv = (sys.stdin, sys.stdout, sys.stderr), bytearray(), os.getcwd(), sys.argv  # noqa: PTH109
    raw = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("net.arch").write_text("sym K, n\ninput C@X x X\n[conv(K)-C relu] x n\nassert params == 1\n")
        Path("vgg.arch").write_text((inputs.ROOT / "examples" / "vgg16.arch").read_text(encoding="utf-8"))
        sys.stdin = io.TextIOWrapper(io.BytesIO(b"input 3@X x X conv3-64"))
        sys.stdout = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace")
        sys.stderr = sys.stdout
        try:
            yield told
            told += raw.getvalue()
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
            sys.argv = argv
            os.chdir(here)


@cache
def _options() -> Mapping[str, Sequence[str]]:
    from symcost.cli import cli

    return {
        name: [option for param in one.params for option in param.opts if option.startswith("-")]
        for name, one in sorted(cli.commands.items())
    }


_VALUES = (
    "net.arch|vgg.arch|none.arch|-|input 3@X x X conv3-64|sym K; input C@X x X conv(K)-C|X=224|X=8,C=3|K=3|X=2*n|n=|=|X|K|n,X|C"
    "|macs|flops|params|exact|act|thop|kaplan|bogus|312T|0|1|-1|1e9|4.1G|1/2|macs == 9*C^2*X^2|macs <= flops|params ~ 138M"
    "|flops <= 4G|act <= 9M|macs = O(X^2)|X=32..512:32|1..8|X=1..8|X % 32 == 0|d >= T|collected:X|horner|expanded|factored"
    "|N_x=X|K as k|out.txt|out.png|out.svg|python|c|javascript|sql|sgd|adam|bf16|fp32|zoo|vgg|resnet|conv|lstm|unet||8|text"
    "|vgg(2, 2, 3, 3, 3)|conv3-64|2^100|X^2*K|\\frac{X}{2}|([)]|é|2|json|\\mathcal{O}(n)"
)
VALUES = tuple(_VALUES.split("|"))


def command_line(random: Random) -> bytes:
    """A command, what it takes, and what it does not."""
    name = random.choice(list(_options()))
    rest = [f"--{random.choice(('bogus', 'help'))}"] if random.random() < 0.02 else []
    if random.random() < 0.85:
        rest.append(random.choice(VALUES[:6]))
    for _ in range(random.randint(0, 4)):
        options = _options()[name if random.random() < 0.95 else random.choice(list(_options()))]
        if options:
            rest.append(random.choice(options))
        if random.random() < 0.75:
            rest.append(random.choice(VALUES))
    if random.random() < 0.1:
        rest[:0] = [inputs.program(random).decode("utf-8", "replace")]
    return inputs.SEPARATOR.join(part.encode("utf-8", "replace") for part in (name, *rest))


TARGETS: dict[str, Target] = {
    "check": Target(inputs.program, check),
    "fmt": Target(inputs.program, fmt),
    "count": Target(inputs.composed, count),
    "latex": Target(inputs.formula_latex, latex),
    "prove": Target(inputs.claim, prove_claim),
    "convention": Target(inputs.convention_file, convention_file),
    "cli": Target(command_line, command),
}
