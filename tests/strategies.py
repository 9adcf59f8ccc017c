"""Random programs, drawn as syntax trees: they are always valid and shrink well. `written` makes them text.

Two sorts of programs: `files()` has every construct of the language and need not mean anything; a `Use` is one layer of one
kind on one tensor, with a name for every size, so that it can be written with numbers or with symbols.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from searches.inputs import DISCRETE
from symcost import syntax as s
from symcost.layers import KINDS, Layer, Slot, slots
from symcost.source import Source, Span


def examples(few: int) -> settings:
    """Settings of a property: few examples in a test run of every day, SYMCOST_EXAMPLES=50 times as many when it is asked for."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    times = int(os.environ.get("SYMCOST_EXAMPLES", "1"))
    return settings(max_examples=few * times, suppress_health_check=slow)


NOWHERE = Span(Source("<drawn>", ""), 0, 0)


def node(kind: type[Any], *parts: Any) -> Any:
    """A syntax node that stands nowhere: nodes are equal when they say the same."""
    return kind(*parts, span=NOWHERE)


def number(value: int | Fraction) -> s.Number:
    return node(s.Number, Fraction(value))


def ref(name: str) -> s.Ref:
    return node(s.Ref, tuple(name.split(".")))


# ------------------------------------------------------------------------------------------------- tree to text


def written(tree: Any) -> str:
    """A syntax tree in the language. What is no number and no name gets parentheses, needed or not."""
    match tree:
        case s.File(items):
            return "\n".join(map(written, items))
        case s.Number(value):
            return str(value) if value.denominator == 1 else _decimal(value)
        case s.String(value):
            return f'"{value}"'
        case s.Ref():
            return tree.text
        case s.Arg(name, value) | s.Param(name, value):
            return name if value is None else f"{name}={written(value)}" if name else written(value)
        case s.Apply(function, args, attribute):
            asked = f".{attribute}" if attribute else ""
            return written(function) + asked + ("" if args is None else f"({_listed(args)})")
        case s.Unary(op, operand):
            return f"{op}{_inner(operand)}"
        case s.Binary(op, left, right):
            return f"{_inner(left)} {op} {_inner(right)}"
        case s.Compare(ops, (first, *rest)):
            return _inner(first) + "".join(f" {op} {_inner(x)}" for op, x in zip(ops, rest, strict=True))
        case s.Logic("not", (operand,)):
            return f"not {_inner(operand)}"
        case s.Logic(op, operands):
            return f" {op} ".join(map(_inner, operands))
        case s.Choice(condition, then, other):
            return f"if {_inner(condition)} then {_inner(then)} else {_inner(other)}"
        case s.Axes(parts):
            return " x ".join(map(_inner, parts))
        case s.Shape(channels, dims):
            at = "@*" if dims is None else "@" + " x ".join(map(_slot, dims)) if dims else ""
            return _slot(channels) + at
        case s.TensorRef(name, index):
            return name if index is None else f"{name}({written(index)})"
        case s.Call():
            width = "" if tree.width is None else f"-{_slot(tree.width)}"
            stride = "" if tree.stride is None else f"/{_slot(tree.stride)}"
            body = " {" + "".join(f" | {_body(branch)}" for branch in tree.body) + " }" if tree.body else ""
            return f"{tree.text}{_args(tree.head)}{width}{stride}{_args(tree.options)}{body}"
        case s.Group(items):
            return f"[ {_body(items)} ]"
        case s.From(tensor):
            return f"from {written(tensor)}"
        case s.Range(kind, first, last):
            return f"{_inner(first)} {kind} {_inner(last)}"
        case s.Table(rows):
            return f"[{'; '.join(_listed(row) for row in rows)}]"
        case s.For(names, over, body):
            return f"for {', '.join(names)} in {written(over)} {{ {_body(body)} }}"
        case s.If(condition, then, other):
            otherwise = f" else {{ {_body(other)} }}" if other else ""
            return f"if {_inner(condition)} {{ {_body(then)} }}{otherwise}"
        case s.Times(count, options):
            return f"x {_slot(count)}{_args(options)}"
        case s.Step(core, times, shape, tap):
            parts = [written(core)]
            parts += [written(times)] if times else []
            parts += [f": {written(shape)}"] if shape else []
            parts += [f"as {written(tap)}"] if tap else []
            return " ".join(parts)
    return _declaration(tree)


def _declaration(tree: Any) -> str:
    match tree:
        case s.Import(path, alias, names):
            renamed = f" as {alias}" if alias else ""
            return f"import {_path(path)}{renamed}" + (f" ({', '.join(names)})" if names else "")
        case s.Sym(symbols):
            return f"sym {_listed(symbols)}"
        case s.Symbol(name, domain, default):
            return name + (f": {domain}" if domain else "") + (f" = {written(default)}" if default else "")
        case s.Assume(facts):
            return f"assume {_listed(facts)}"
        case s.Let(name, value):
            return f"let {name} = {written(value)}"
        case s.Set(path, value):
            return f"set {_path(path)} = {written(value)}"
        case s.Metric(name, per, value):
            return f"metric {name}" + (f": {per}" if per else "") + (f" = {written(value)}" if value else "")
        case s.Approx(left, figure):
            return f"{written(left)} ~ {figure}"
        case s.Assert(claim):
            return f"assert {written(claim)}"
        case s.Head(name, params, width, stride, options):
            slots_ = (f"-{width}" if width else "") + (f"/{stride}" if stride else "")
            return name + _args(params) + slots_ + _args(options)
        case s.Block(head, body, shared):
            return f"{'shared ' if shared else ''}block {written(head)} {{ {_body(body)} }}"
        case s.Field(name, value):
            return f"{name} = {written(value)}"
        case s.LayerDef(head, into, out, fields):
            return f"layer {written(head)} : {written(into)} -> {written(out)} {{ {_body(fields)} }}"
        case s.Net(name, params, body):
            return f"net {name}{_args(params)} {{ {_body(body)} }}"
        case s.Input(name, shape):
            return f"input {f'{name}: ' if name else ''}{written(shape)}"
        case s.Output(tensors):
            return f"output {_listed(tensors)}"
    raise TypeError(tree)


def _inner(tree: s.Expr) -> str:
    plain = isinstance(tree, s.Number | s.String | s.Ref | s.Apply)
    return written(tree) if plain else f"({written(tree)})"


def _slot(tree: s.Expr) -> str:
    whole = isinstance(tree, s.Number) and tree.value.denominator == 1
    return written(tree) if whole or isinstance(tree, s.Ref) else f"({written(tree)})"


def _decimal(value: Fraction) -> str:
    """A fraction whose denominator is a power of ten, or divides one."""
    places = next(n for n in range(1, 30) if (value * 10**n).denominator == 1)
    digits = str(value * 10**places).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _listed(trees: Collection[Any]) -> str:
    return ", ".join(map(written, trees))


def _args(trees: Collection[Any]) -> str:
    return f"({_listed(trees)})" if trees else ""


def _body(trees: Collection[Any]) -> str:
    return "\n".join(map(written, trees))


def _path(path: tuple[str, ...] | str) -> str:
    return f'"{path}"' if isinstance(path, str) else ".".join(path)


# ------------------------------------------------------------------------------- every construct of the language


NAMES = st.sampled_from(["a", "K", "Cout", "n1", "k_h", "αβ", "größe", "E", "lambda", "x1", "Hx", "in", "here", "true"])
LAYERS = st.sampled_from([*sorted(KINDS), "conv3", "conv1x7", "Block", "名前"])
TEXTS = st.text(st.sampled_from('ab /.#x{}()é"'.replace('"', "")), max_size=5)
FIGURES = st.sampled_from(["4.1G", "138M", "15 k", "0.5e9", "7", "2e-3", "61T"])


def _some(of: SearchStrategy[Any], least: int = 0, most: int = 3) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, min_size=least, max_size=most).map(tuple)


def _made(kind: type[Any], *parts: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.tuples(*parts).map(lambda values: node(kind, *values))


def _maybe(of: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | of


_refs = _some(NAMES, 1, 2).map(lambda names: node(s.Ref, names))
_wholes = st.sampled_from([0, 1, 2, 3, 64, 224, 10**20]).map(number)
_numbers = _wholes | st.integers(0, 999_999).map(lambda n: number(Fraction(n, 1000)))


def _grown(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    args = _some(_made(s.Arg, _maybe(NAMES), inner | _made(s.Axes, _some(inner, 2))))
    calls = _made(s.Apply, _refs, args)
    return st.one_of(
        calls,
        _made(s.Apply, calls, _maybe(args), NAMES),
        _made(s.Unary, st.sampled_from("+-"), inner),
        _made(s.Binary, st.sampled_from(["+", "-", "*", "/", "//", "%", "^"]), inner, inner),
        _some(inner, 2).flatmap(
            lambda parts: _some(
                st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), len(parts) - 1, len(parts) - 1
            ).map(lambda ops: node(s.Compare, ops, parts))
        ),
        _made(s.Logic, st.sampled_from(["and", "or"]), _some(inner, 2)),
        _made(s.Logic, st.just("not"), st.tuples(inner)),
        _made(s.Choice, inner, inner, inner),
    )


EXPRS: SearchStrategy[s.Expr] = st.recursive(_numbers | _refs, _grown, max_leaves=5)
AXES = EXPRS | _made(s.Axes, _some(EXPRS, 2)) | TEXTS.map(lambda text: node(s.String, text))
_args_ = _some(_made(s.Arg, _maybe(NAMES), AXES), 0, 2)
SHAPES = _made(s.Shape, EXPRS, _maybe(_some(EXPRS, 0, 3)))
TENSORS = _made(s.TensorRef, NAMES, _maybe(EXPRS))
PARAMS = _some(_made(s.Param, NAMES, _maybe(AXES)), 0, 2)
HEADS = _made(s.Head, NAMES, PARAMS, st.none(), st.none(), st.just(())) | st.one_of(
    _made(s.Head, NAMES, PARAMS, NAMES, _maybe(NAMES), PARAMS), _made(s.Head, NAMES, PARAMS, st.none(), NAMES, PARAMS)
)


def _plain_calls(bodies: SearchStrategy[Any]) -> SearchStrategy[s.Call]:
    """Without width and stride there is one pair of parentheses, and what is in it is the head."""
    names = _some(LAYERS, 1, 2)
    slots_ = EXPRS | _made(s.Axes, _some(EXPRS, 2))
    return st.one_of(
        _made(s.Call, names, _args_, st.none(), st.none(), st.just(()), bodies),
        _made(s.Call, names, _args_, slots_, _maybe(slots_), _args_, bodies),
        _made(s.Call, names, _args_, st.none(), slots_, _args_, bodies),
    )


def _steps(cores: SearchStrategy[Any]) -> SearchStrategy[s.Step]:
    times = _made(s.Times, EXPRS, _args_)
    return _made(s.Step, cores, _maybe(times), _maybe(SHAPES), _maybe(TENSORS))


_OVER = _made(s.Range, st.sampled_from(["..", "..<", "downto"]), EXPRS, EXPRS) | _made(
    s.Table, _some(_some(EXPRS, 1), 1)
)


def _nested(steps: SearchStrategy[s.Step]) -> SearchStrategy[s.Step]:
    items = _some(steps | DECLARATIONS, 0, 2)
    branch = _some(steps | DECLARATIONS, 1, 2)
    cores = st.one_of(
        _plain_calls(_some(branch, 0, 2)),
        _made(s.Group, branch),
        _made(s.For, _some(NAMES, 1, 2), _OVER, items),
        _made(s.If, EXPRS, items, items),
    )
    return _steps(cores)


_PATHS = _some(NAMES, 1, 2) | TEXTS
DECLARATIONS = st.one_of(
    _made(s.Import, _PATHS, _maybe(NAMES), _some(NAMES)),
    _made(s.Sym, _some(_made(s.Symbol, NAMES, _maybe(NAMES), _maybe(EXPRS)), 1)),
    _made(s.Assume, _some(EXPRS, 1)),
    _made(s.Let, NAMES, EXPRS),
    _made(s.Set, _PATHS, AXES),
    _made(s.Metric, NAMES, _maybe(NAMES), _maybe(EXPRS)),
    _made(s.Assert, EXPRS | _made(s.Approx, EXPRS, FIGURES)),
    _made(s.Input, _maybe(NAMES), SHAPES),
    _made(s.Output, _some(TENSORS, 1)),
)
STEPS: SearchStrategy[s.Step] = st.recursive(
    _steps(_plain_calls(st.just(())) | _made(s.From, TENSORS)), _nested, max_leaves=3
)
ITEMS = st.one_of(
    DECLARATIONS,
    STEPS,
    _made(s.Block, HEADS, _some(STEPS), st.booleans()),
    _made(s.LayerDef, HEADS, SHAPES, SHAPES, _some(_made(s.Field, LAYERS, EXPRS) | _made(s.Let, NAMES, EXPRS))),
    _made(s.Net, NAMES, PARAMS, _some(STEPS | DECLARATIONS)),
)


def files() -> SearchStrategy[s.File]:
    """Any program, by its syntax alone."""
    return _some(ITEMS, 0, 4).map(lambda items: node(s.File, items))


# ------------------------------------------------------------------------------------- one layer on one tensor


@dataclass(frozen=True)
class Use:
    """A layer on a tensor, with a name for every size. ``fixed`` names stay numbers."""

    call: s.Call
    input: s.Shape
    sizes: dict[str, int]
    fixed: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The names that may become symbols."""
        return [name for name in self.sizes if name not in self.fixed]

    def program(self, symbols: Collection[str] = (), batch: str = "") -> str:
        """The program with these names as symbols and numbers for the others."""
        parts = [f"sym {', '.join(n for n in self.sizes if n in symbols)}"] if symbols else []
        parts += [f"set batch = {batch}"] if batch else []
        head = f"input {written(_put(self.input, self._numbers(symbols)))}"
        return "\n".join([*parts, head, self.layer(symbols)])

    def layer(self, symbols: Collection[str] = ()) -> str:
        """The layer alone."""
        return written(_put(self.call, self._numbers(symbols)))

    def _numbers(self, symbols: Collection[str]) -> dict[str, s.Number]:
        return {name: number(size) for name, size in self.sizes.items() if name not in symbols}

    def with_defaults(self) -> Use:
        """The same with every plain default written out."""
        given = {a.name for a in (*self.call.head, *self.call.options)}
        place = "options" if self.call.width or self.call.stride else "head"
        declared = {"options": ("option",), "head": ("head", "option")}[place]
        more = [x for x in slots(KINDS[self.call.text]) if x.place in declared and x.name not in given and _plain(x)]
        written_out = tuple(node(s.Arg, x.name, _literal(str(x.default))) for x in more)
        return replace(self, call=replace(self.call, **{place: (*getattr(self.call, place), *written_out)}))


def _put(tree: Any, values: dict[str, s.Number]) -> Any:
    """A tree with numbers for some of its names."""
    if isinstance(tree, s.Ref):
        return values.get(tree.text, tree)
    if isinstance(tree, tuple):
        return tuple(_put(part, values) for part in tree)
    if isinstance(tree, s.Node):
        return replace(tree, **{f: _put(getattr(tree, f), values) for f in tree.__dataclass_fields__ if f != "span"})
    return tree


def _plain(slot: Slot) -> bool:
    return slot.default is not None and (slot.flag or slot.default in slot.words or slot.default.isdigit())


def _literal(text: str) -> s.Expr:
    return number(int(text)) if text.isdigit() else ref(text)


MAY_BE_ZERO = ("pad", "outpad", "before", "after", "proj", "biases")


def uses(kind: type[Layer]) -> SearchStrategy[Use]:
    """Uses of a kind: any tensor, any arguments that its signature names. Many of them are refused, and should be."""
    return _uses(kind)


@st.composite
def _uses(draw: DrawFn, kind: type[Layer]) -> Use:
    sizes: dict[str, int] = {}
    fixed: set[str] = set()

    def named(name: str, values: SearchStrategy[int]) -> s.Ref:
        sizes[name] = draw(values)
        return ref(name)

    ids = draw(st.integers(0, 4)) == 0
    rank = 1 if ids else draw(st.integers(0, 3))
    dims = tuple(named(f"X{i}", st.integers(1, 9)) for i in range(rank))
    channels = ref("ids") if ids else named("C", st.sampled_from([2, 4, 1, 3, 6, 8]))

    def value(slot: Slot) -> s.Expr:
        words = [ref(word) for word in slot.words] if not slot.sizes or (slot.words and draw(st.booleans())) else []
        if words:
            return draw(st.sampled_from(words))
        values = st.sampled_from([0, 1, 2] if slot.name in MAY_BE_ZERO else [1, 2, 3, 4, 1, 2, 3, 1, 2, 1, 2, 0])
        count = rank if slot.name in kind.axes and rank > 1 and draw(st.booleans()) else 1
        parts = [named(f"{slot.name}{i or ''}_", values) for i in range(count)]
        if (kind.kind, slot.name) in DISCRETE:
            fixed.update(part.text for part in parts)
        return parts[0] if count == 1 else node(s.Axes, tuple(parts))

    found: dict[str, list[s.Arg]] = {"head": [], "option": []}
    pipe: dict[str, s.Expr] = {}
    for slot in slots(kind):
        if slot.default is not None and draw(st.booleans()):
            continue
        if slot.place in ("width", "stride"):
            pipe[slot.place] = value(slot)
        else:
            found[slot.place].append(node(s.Arg, None if slot.default is None else slot.name, value(slot)))
    if not pipe:
        found["head"] += found["option"]
        found["option"] = []
    call = s.Call(
        (kind.kind,),
        tuple(found["head"]),
        pipe.get("width"),
        pipe.get("stride"),
        tuple(found["option"]),
        span=NOWHERE,
    )
    return Use(call, node(s.Shape, channels, dims), sizes, frozenset(fixed))
