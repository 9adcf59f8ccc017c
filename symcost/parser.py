"""Text to syntax. The only file that knows Lark, beside the reader of LaTeX, and it never imports SymPy."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from lark import Lark, Token, Transformer, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from symcost import mistakes
from symcost import syntax as s
from symcost.limiting import allowed, raising
from symcost.source import Diagnostic, Source, Span, SymcostError

MAX_ERRORS = 10  # syntax errors told at once

T = TypeVar("T")

_source: ContextVar[Source] = ContextVar("source")

SHORT = 20  # letters and digits that no limit is about


def parse(text: str | Source, name: str = "<text>") -> s.File:
    """The syntax tree of a program.

    Raises `SymcostError` with every syntax error that could be told apart.
    """
    source = text if isinstance(text, Source) else Source(name, text)
    return _parsed(source, "start", s.File)


def parse_formula(text: str | Source, name: str = "<formula>") -> s.Expr:
    """The syntax tree of one expression, such as ``M^2*K^2*Cin*Cout``."""
    source = text if isinstance(text, Source) else Source(name, text)
    return _parsed(source, "formula", s.Node)  # type: ignore[return-value]


def tokens(source: Source) -> Tree[Token]:
    """The parse tree with every token in it, for the formatter. Comments and blanks are between its tokens."""
    check_text(source)
    try:
        return _lark("tokens").parse(source.text, start="start")
    except UnexpectedInput:
        parse(source)  # which says what is wrong
        raise


def _parsed(source: Source, start: str, kind: type[T]) -> T:
    check_text(source)
    reset = _source.set(source)
    try:
        tree = _lark("syntax").parse(source.text, start=start)
    except UnexpectedInput as error:
        raise SymcostError(list(_syntax_errors(source, start, error))) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SymcostError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise SymcostError(Diagnostic("too-deep", "the program is nested too deeply", Span(source, 0, 1))) from None
    finally:
        _source.reset(reset)
    assert isinstance(tree, kind) and isinstance(tree, s.Node), tree
    check_depth(tree)
    return tree


# ------------------------------------------------------------ the parser


def grammar_path(name: str = "symcost") -> Path:
    """A grammar file: in an installed package beside this file, in a checkout at the top level."""
    inside = Path(__file__).parent / "grammar" / f"{name}.lark"
    return inside if inside.exists() else Path(__file__).parent.parent / "grammar" / f"{name}.lark"


@cache
def _lark(shape: str) -> Lark:
    return built("symcost", shape, ["start", "formula"], _Build() if shape == "syntax" else None)


def built(grammar: str, shape: str, start: list[str], transformer: Transformer[Token, Any] | None) -> Lark:
    """The parser of a grammar, its table kept from one run to the next under the name of its ``shape``."""
    options: dict[str, Any] = {
        "parser": "lalr",
        "maybe_placeholders": False,
        "start": start,
        "keep_all_tokens": True,
        "transformer": transformer,
    }
    text = grammar_path(grammar).read_text(encoding="utf-8")
    folder = _cache_folder()
    if folder is not None:
        try:
            return Lark(text, cache=str(folder / f"{shape}.table"), **options)
        except OSError:  # the folder went away or is full: a slower start, nothing else
            pass
    return Lark(text, **options)


def _cache_folder() -> Path | None:
    """A folder of the user's own for the parser's table: 20 ms to load against 250 ms to build.

    Never a shared folder: the table is unpickled.
    """
    if os.environ.get("SYMCOST_CACHE") == "0":
        return None
    base = os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
    folder = Path(base) if base else Path.home() / ".cache"
    try:
        folder = folder / "symcost"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


# ------------------------------------------------------------ tree to syntax


class _Part:
    """What a rule hands up that is no node of its own: a list of arguments, a dotted name, the braces of a body."""

    __slots__ = ("span", "value")

    def __init__(self, children: list[Any], value: Any) -> None:
        self.span = _span(children)
        self.value = value


class _Inlined:
    """What a rule that is inlined into the one above hands up; Lark takes its children."""

    __slots__ = ("children",)

    def __init__(self, children: list[Any]) -> None:
        self.children = children


class _Body(_Part):
    pass


def _span(children: list[Any]) -> Span:
    """From the first to the last of a rule's children; the parser keeps every token."""
    if not children:
        return Span(_source.get(), 0, 0)
    first, last = children[0], children[-1]
    start = first.start_pos if isinstance(first, Token) else first.span.start
    end = last.end_pos if isinstance(last, Token) else last.span.end
    return Span(_source.get(), start or 0, end or 0)


def _at(token: Token) -> Span:
    return _span([token])


def _names(children: Iterable[Any]) -> tuple[str, ...]:
    return tuple([str(c) for c in children if isinstance(c, Token) and c.type in ("NAME", "LNAME")])


def _nodes(children: Iterable[Any]) -> list[Any]:
    return [c.value if isinstance(c, _Part) else c for c in children if not isinstance(c, Token)]


def _only(children: Iterable[Any]) -> Any:
    """The one node among the children, or None."""
    found = _nodes(children)
    return found[0] if found else None


def _number(token: Token) -> int | Fraction:
    if (len(token) > SHORT or "e" in token or "E" in token) and too_many_digits(token):
        raise number_too_long(_at(token), "10^1000")
    return int(token) if token.isdecimal() else Fraction(str(token))


def too_many_digits(number: str) -> bool:
    """Whether a number, such as ``1.5e9``, has more digits than may be written, those that its exponent adds among them."""
    most = allowed().digits
    mantissa, _, exponent = number.lower().partition("e")
    digits = sum(c.isdigit() for c in mantissa)
    return digits > most or len(exponent) > 10 or abs(int(exponent or "0")) > most


def number_too_long(span: Span, power: str) -> SymcostError:
    message = f"a number of more than {allowed().digits} digits"
    return SymcostError(
        Diagnostic("number-too-long", message, span, (raising("digits"),), f"write a power, such as {power}")
    )


class _Build(Transformer[Token, Any]):
    """One method for each rule of the grammar, under the rule's name."""

    def start(self, c: list[Any]) -> s.File:
        whole = Span(_source.get(), 0, len(_source.get().text))
        return s.File(tuple(_nodes(c)), span=whole)

    def formula(self, c: list[Any]) -> s.Expr:
        return c[0]  # type: ignore[no-any-return]

    # declarations

    def import_(self, c: list[Any]) -> s.Import:
        alias = [str(b) for a, b in pairwise(c) if isinstance(a, Token) and a.type == "AS"]
        names = _names(c)[1:] if alias else _names(c)
        return s.Import(_only(c), alias[0] if alias else None, names, span=_span(c))

    def path(self, c: list[Any]) -> _Part:
        return _Part(c, str(c[0])[1:-1] if c[0].type == "STRING" else _names(c))

    def sym(self, c: list[Any]) -> s.Sym:
        return s.Sym(tuple(_nodes(c)), span=_span(c))

    def symdecl(self, c: list[Any]) -> s.Symbol:
        names = _names(c)
        return s.Symbol(names[0], names[1] if len(names) > 1 else None, _only(c), span=_span(c))

    def assume(self, c: list[Any]) -> s.Assume:
        return s.Assume(tuple(_nodes(c)), span=_span(c))

    def let(self, c: list[Any]) -> s.Let:
        return s.Let(str(c[1]), c[3], span=_span(c))

    def set_(self, c: list[Any]) -> s.Set:
        path, value = _nodes(c)
        return s.Set(path, value, span=_span(c))

    def metric(self, c: list[Any]) -> s.Metric:
        names = _names(c)
        return s.Metric(names[0], names[1] if len(names) > 1 else None, _only(c), span=_span(c))

    def assert_(self, c: list[Any]) -> s.Assert:
        return s.Assert(c[1], span=_span(c))

    def approx(self, c: list[Any]) -> s.Approx:
        return s.Approx(c[0], str(c[2]), span=_span(c))

    def block(self, c: list[Any]) -> s.Block:
        head, body = _nodes(c)
        return s.Block(head, body, c[0].type == "SHARED", span=_span(c))

    def layerdef(self, c: list[Any]) -> s.LayerDef:
        head, into, out, *fields = _nodes(c)
        return s.LayerDef(head, into, out, tuple(fields), span=_span(c))

    def net(self, c: list[Any]) -> s.Net:
        *params, body = _nodes(c)
        return s.Net(str(c[1]), params[0] if params else (), body, span=_span(c))

    def field(self, c: list[Any]) -> s.Field:
        return s.Field(str(c[0]), c[2], span=_span(c))

    def head(self, c: list[Any]) -> s.Head:
        width = stride = None
        lists: list[Any] = [(), ()]
        slot = 0
        for previous, child in zip([None, *c], c, strict=False):
            if isinstance(child, _Part):
                lists[slot] = child.value
            elif child.type in ("MINUS", "SLASH"):
                slot = 1
            elif previous is not None and isinstance(previous, Token) and previous.type == "MINUS":
                width = str(child)
            elif previous is not None and isinstance(previous, Token) and previous.type == "SLASH":
                stride = str(child)
        return s.Head(str(c[0]), lists[0], width, stride, lists[1], span=_span(c))

    head_w = head_s = head

    def params(self, c: list[Any]) -> _Part:
        return _Part(c, tuple(_nodes(c)))

    def param(self, c: list[Any]) -> s.Param:
        return s.Param(str(c[0]), _only(c), span=_span(c))

    # tensors

    def input(self, c: list[Any]) -> s.Input:
        names = _names(c)
        return s.Input(names[0] if names else None, _only(c), span=_span(c))

    def output(self, c: list[Any]) -> s.Output:
        return s.Output(tuple(_nodes(c)), span=_span(c))

    def tref(self, c: list[Any]) -> s.TensorRef:
        return s.TensorRef(str(c[0]), _only(c), span=_span(c))

    def shape(self, c: list[Any]) -> s.Shape:
        channels, *dims = _nodes(c)
        anywhere = any(isinstance(t, Token) and t.type == "STAR" for t in c)
        return s.Shape(channels, None if anywhere else dims[0] if dims else (), span=_span(c))

    def dims(self, c: list[Any]) -> _Part:
        return _Part(c, tuple(_nodes(c)))

    # the pipe

    _item = _stmt = _core = staticmethod(_Inlined)

    def seq(self, c: list[Any]) -> tuple[s.Item, ...]:
        return tuple(_nodes(c))

    branch = seq

    def step(self, c: list[Any]) -> s.Step:
        core, *rest = c
        if not rest:
            return s.Step(core, None, None, None, span=core.span)
        found = {type(r): r for r in rest}
        parts = found.get(s.Times), found.get(s.Shape), found.get(s.TensorRef)
        return s.Step(core, *parts, span=_span(c))

    def times(self, c: list[Any]) -> s.Times:
        count, *options = _nodes(c)
        return s.Times(count, options[0] if options else (), span=_span(c))

    def cross(self, c: list[Any]) -> Token:
        return c[0]  # type: ignore[no-any-return]

    def ascribe(self, c: list[Any]) -> s.Shape:
        return _only(c)  # type: ignore[no-any-return]

    def tap(self, c: list[Any]) -> s.TensorRef:
        return s.TensorRef(str(c[1]), _only(c), span=_span(c))

    def layer(self, c: list[Any]) -> s.Call:
        """A name, and behind it, where they are written: ``(head) -width /stride (options) {body}``."""
        head: tuple[s.Arg, ...] = ()
        options: tuple[s.Arg, ...] = ()
        body: tuple[tuple[s.Item, ...], ...] = ()
        slots: dict[str, s.Expr] = {}
        sign = ""
        for child in c[1:]:
            if isinstance(child, Token):
                sign = child.type
            elif isinstance(child, _Body):
                body = child.value
            elif not isinstance(child, _Part):
                slots[sign] = child
            elif sign:
                options = child.value
            else:
                head = child.value
        return s.Call(c[0].value, head, slots.get("MINUS"), slots.get("SLASH"), options, body, span=_span(c))

    layer_w = layer_s = layer

    def lname(self, c: list[Any]) -> _Part:
        for token in c:
            if len(token) > SHORT and any(map(too_many_digits, re.findall(r"\d+", token))):
                raise number_too_long(_at(token), "10^1000")
        return _Part(c, _spelled(*_names(c)))

    def body(self, c: list[Any]) -> _Body:
        return _Body(c, tuple(_nodes(c)))

    def args(self, c: list[Any]) -> _Part:
        return _Part(c, tuple(a if isinstance(a, s.Arg) else s.Arg(None, a, span=a.span) for a in _nodes(c)))

    def kwarg(self, c: list[Any]) -> s.Arg:
        return s.Arg(str(c[0]), c[2], span=_span(c))

    def group(self, c: list[Any]) -> s.Group:
        return s.Group(_only(c), span=_span(c))

    def from_(self, c: list[Any]) -> s.From:
        return s.From(_only(c), span=_span(c))

    def for_(self, c: list[Any]) -> s.For:
        over, body = _nodes(c)
        return s.For(_names(c), over, body, span=_span(c))

    def closed(self, c: list[Any]) -> s.Range:
        first, last = _nodes(c)
        return s.Range("..", first, last, span=_span(c))

    def halfopen(self, c: list[Any]) -> s.Range:
        first, last = _nodes(c)
        return s.Range("..<", first, last, span=_span(c))

    def downto(self, c: list[Any]) -> s.Range:
        first, last = _nodes(c)
        return s.Range("downto", first, last, span=_span(c))

    def table(self, c: list[Any]) -> s.Table:
        return s.Table(tuple(_nodes(c)), span=_span(c))

    def row(self, c: list[Any]) -> tuple[s.Expr, ...]:
        return tuple(_nodes(c))

    def if_(self, c: list[Any]) -> s.If:
        condition, then, *other = _nodes(c)
        if other and isinstance(other[0], s.If):
            other = [(s.Step(other[0], span=other[0].span),)]
        return s.If(condition, then, other[0] if other else (), span=_span(c))

    # sizes

    def int(self, c: list[Any]) -> s.Number:
        return s.Number(_number(c[0]), span=_span(c))

    number = int

    def glued(self, c: list[Any]) -> s.Axes:
        """``1x2x2``, one token: the stride of a layer of three axes."""
        span = _span(c)
        parts = str(c[0]).replace("×", "x").split("x")
        sizes = tuple(s.Number(_number(Token("INT", p, span.start)), span=span) for p in parts)
        return s.Axes(sizes, span=span)

    def string(self, c: list[Any]) -> s.String:
        return s.String(str(c[0])[1:-1], span=_span(c))

    def ref(self, c: list[Any]) -> s.Ref:
        return s.Ref(_names(c), span=_span(c))

    def paren(self, c: list[Any]) -> s.Expr:
        return replace(c[1], span=_span(c))  # type: ignore[no-any-return]

    def axes(self, c: list[Any]) -> s.Axes:
        return s.Axes(tuple(_nodes(c)), span=_span(c))

    def call(self, c: list[Any]) -> s.Apply:
        return s.Apply(*_nodes(c), span=_span(c))

    def attr(self, c: list[Any]) -> s.Apply:
        function, *args = _nodes(c)
        return s.Apply(function, args[0] if args else None, str(c[2]), span=_span(c))

    def binop(self, c: list[Any]) -> s.Binary:
        left, op, right = c
        return s.Binary(_PLAIN.get(str(op), str(op)), left, right, span=_span(c))

    def signed(self, c: list[Any]) -> s.Unary:
        return s.Unary(str(c[0]), c[1], span=_span(c))

    def cmp(self, c: list[Any]) -> s.Compare:
        ops = tuple(_PLAIN.get(str(t), str(t)) for t in c if isinstance(t, Token))
        return s.Compare(ops, tuple(_nodes(c)), span=_span(c))

    def or_(self, c: list[Any]) -> s.Logic:
        return s.Logic("or", tuple(_nodes(c)), span=_span(c))

    def and_(self, c: list[Any]) -> s.Logic:
        return s.Logic("and", tuple(_nodes(c)), span=_span(c))

    def negation(self, c: list[Any]) -> s.Logic:
        return s.Logic("not", tuple(_nodes(c)), span=_span(c))

    def ifexpr(self, c: list[Any]) -> s.Choice:
        return s.Choice(*_nodes(c), span=_span(c))


@lru_cache(4096)
def _spelled(*names: str) -> tuple[str, ...]:
    """The dotted name of a layer, of which a program has few: equal ones are one object."""
    return tuple(name.replace("×", "x") for name in names)


_PLAIN = {"×": "*", "·": "*", "**": "^", "≤": "<=", "≥": ">=", "≠": "!="}


# ------------------------------------------------------------ what is wrong


def check_text(source: Source) -> None:
    """Refuse what would take unbounded time or memory, before Lark sees it."""
    most = allowed()
    if len(source.text) > most.characters:
        message = f"a program of {len(source.text)} characters; the limit is {most.characters}"
        help_ = raising("characters", len(source.text))
        raise SymcostError(Diagnostic("program-too-long", message, Span(source, 0, 1), help=help_))
    long = mistakes.long_name(source.text, most.letters)
    if long is not None:
        message = f"a name of {len(long[0])} letters; the limit is {most.letters}"
        help_ = raising("letters", len(long[0]))
        raise SymcostError(Diagnostic("name-too-long", message, Span(source, *long.span()), help=help_))
    depth = 0
    for bracket in mistakes.brackets(source.text):
        depth += 1 if bracket[0] in "([{" else -1
        if depth > most.nesting:
            raise too_deep("brackets", Span(source, *bracket.span()))


def too_deep(what: str, span: Span) -> SymcostError:
    message = f"{what} nested more than {allowed().nesting} deep"
    return SymcostError(Diagnostic("too-deep", message, span, help=raising("nesting")))


def check_depth(tree: s.Node) -> None:
    """Refuse what nests without brackets: ``- - - a``, ``2^2^2^2``, ``if ... else if ...``.

    A sum leans to the left and may be as long as it likes: nothing recurses along it.
    """
    most = allowed().nesting
    todo: list[tuple[s.Node, int]] = [(tree, 0)]
    while todo:
        node, depth = todo.pop()
        if depth + node.span.end - node.span.start <= most:  # each operator takes a character
            continue
        if depth > most:
            raise too_deep("operators", node.span)
        inner = depth + isinstance(node, s.Unary | s.Binary | s.Logic | s.Choice | s.If)
        for child in s.children(node):
            along = isinstance(node, s.Binary) and child is node.left
            todo.append((child, depth if along else inner))


def _syntax_errors(source: Source, start: str, error: UnexpectedInput) -> Iterator[Diagnostic]:
    """The error, and those found further down when the line it stands on is left out.

    Only a line whose own brackets balance is left out; leaving out another would make errors that are not there.
    """
    text = source.text
    for _ in range(MAX_ERRORS):
        yield _complaint(source, error)
        line, _ = source.place(min(error.pos_in_stream or 0, len(text)))
        begin, written = (
            sum(len(part) + 1 for part in text.split("\n")[: line - 1]),
            text.split("\n")[line - 1],
        )
        opened = [b[0] for b in mistakes.brackets(written)]
        if not written.strip() or any(opened.count(a) != opened.count(b) for a, b in ("()", "[]", "{}")):
            return
        text = text[:begin] + " " * len(written) + text[begin + len(written) :]
        try:
            _lark("syntax").parse(text, start=start)
            return
        except UnexpectedInput as following:
            error = following
        if (error.pos_in_stream or 0) <= begin:
            return


def _complaint(source: Source, error: UnexpectedInput) -> Diagnostic:
    at = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        return mistakes.character(source, at)
    assert isinstance(error, UnexpectedToken)
    expected = {name: _spellings().get(name, name) for name in error.accepts or error.expected}
    if error.token.type == "$END":
        return mistakes.end(source, expected)
    return mistakes.token(source, _at_offset(source, error.token), error.token.type, expected)


def _at_offset(source: Source, token: Token) -> Span:
    start = token.start_pos or 0
    return Span(source, start, start + len(token))


@cache
def _spellings() -> dict[str, str]:
    """Terminals as a reader writes them."""
    named = {
        "NAME": "a name",
        "LNAME": "a layer",
        "INT": "a number",
        "NUMBER": "a number",
        "SINUM": "a figure such as 4.1G",
        "GLUED": "sizes such as 2x1",
        "CMP": "==",
    }
    terminals = _lark("syntax").terminals
    plain = {t.name: t.pattern.value if t.pattern.value.isalpha() else f"'{t.pattern.value}'" for t in terminals}
    return plain | named | {"_X": "x", "_ARROW": "'->'", "_APPROX": "'~'", "STRING": "a string", "$END": "the end"}
