"""What was written: one record for each construct of the language, each with its place.

Nodes are bare data. They know nothing of the parser that made them and nothing of what they mean; a pass over them is one
function with a ``match``. Two nodes are equal when they say the same, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, fields
from fractions import Fraction

from symcost.record import record
from symcost.source import Span


@record(kw_only=True)
class Node:
    span: Span = field(compare=False, repr=False)


# ------------------------------------------------------------ sizes


@record()
class Number(Node):
    """``64``, ``0.25`` (one quarter), ``1e9``: exact, always."""

    value: int | Fraction


@record()
class String(Node):
    value: str


@record()
class Ref(Node):
    """``n``, ``in.c``, ``conv.bias``."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        return ".".join(self.names)


@record()
class Arg(Node):
    """``groups=g`` or, without a name, ``g``."""

    name: str | None
    value: Expr


@record()
class Apply(Node):
    """``floor(a/b)``, ``params(X=224)``, ``vgg(2, 2).macs``, ``vgg(2, 2).macs(X=32)``.

    ``attribute`` is asked of the function's result; ``args`` is None where no parentheses follow it.
    """

    function: Ref | Apply
    args: tuple[Arg, ...] | None
    attribute: str | None = None


@record()
class Unary(Node):
    op: str
    operand: Expr


@record()
class Binary(Node):
    op: str
    left: Expr
    right: Expr


@record()
class Compare(Node):
    """``a <= b < c``: n operators between n + 1 operands."""

    ops: tuple[str, ...]
    operands: tuple[Expr, ...]


@record()
class Logic(Node):
    """``and``, ``or`` of several operands, ``not`` of one."""

    op: str
    operands: tuple[Expr, ...]


@record()
class Choice(Node):
    """``if condition then a else b``."""

    condition: Expr
    then: Expr
    other: Expr


@record()
class Sum(Node):
    """``\\sum_{t=0}^{n-1} term``: formulas in LaTeX have it."""

    index: str
    first: Expr
    last: Expr
    term: Expr


@record()
class Bracket(Node):
    """``[X >= 2]``: 1 where the condition holds and 0 where it does not, Iverson's bracket."""

    condition: Compare | Divides


@record()
class Divides(Node):
    """``32 \\mid X``."""

    divisor: Expr
    operand: Expr


@record()
class Axes(Node):
    """``3 x 5``: one size for each axis."""

    parts: tuple[Expr, ...]


Expr = Number | String | Ref | Apply | Unary | Binary | Compare | Logic | Choice | Sum | Bracket | Divides | Axes


# ------------------------------------------------------------ tensors


@record()
class Shape(Node):
    """``C@H x W``; ``dims`` is None for ``c@*``, any positions."""

    channels: Expr
    dims: tuple[Expr, ...] | None


@record()
class TensorRef(Node):
    """``t`` or ``s(i)``."""

    name: str
    index: Expr | None = None


# ------------------------------------------------------------ the pipe


@record()
class Call(Node):
    """A layer or block as it is used: ``conv3-64/2(pad=1)``, ``residual { ... }``."""

    name: tuple[str, ...]
    head: tuple[Arg, ...] = ()
    width: Expr | None = None
    stride: Expr | None = None
    options: tuple[Arg, ...] = ()
    body: tuple[tuple[Item, ...], ...] = ()

    @property
    def text(self) -> str:
        return self.name[0] if len(self.name) == 1 else ".".join(self.name)


@record()
class Group(Node):
    items: tuple[Item, ...]


@record()
class From(Node):
    tensor: TensorRef


@record()
class Range(Node):
    """``a..b`` (closed), ``a..<b`` (half open), ``a downto b`` (falling)."""

    kind: str
    first: Expr
    last: Expr


@record()
class Table(Node):
    rows: tuple[tuple[Expr, ...], ...]


@record()
class For(Node):
    names: tuple[str, ...]
    over: Range | Table
    body: tuple[Item, ...]


@record()
class If(Node):
    condition: Expr
    then: tuple[Item, ...]
    other: tuple[Item, ...]


@record()
class Times(Node):
    """``x n(s=1)``: a count, and options that hold from the second turn on."""

    count: Expr
    options: tuple[Arg, ...] = ()


@record()
class Step(Node):
    """One item of a pipe: ``core x times : shape as tap``."""

    core: Call | Group | From | For | If
    times: Times | None = None
    shape: Shape | None = None
    tap: TensorRef | None = None


# ------------------------------------------------------------ declarations


@record()
class Import(Node):
    path: tuple[str, ...] | str
    alias: str | None
    names: tuple[str, ...]


@record()
class Symbol(Node):
    name: str
    domain: str | None = None
    default: Expr | None = None


@record()
class Sym(Node):
    symbols: tuple[Symbol, ...]


@record()
class Assume(Node):
    facts: tuple[Expr, ...]


@record()
class Let(Node):
    name: str
    value: Expr


@record()
class Set(Node):
    path: tuple[str, ...] | str
    value: Expr


@record()
class Metric(Node):
    name: str
    per: str | None
    value: Expr | None


@record()
class Approx(Node):
    """``macs ~ 4.1G``: equal when rounded to the digits shown."""

    left: Expr
    figure: str


@record()
class Assert(Node):
    claim: Expr | Approx


@record()
class Param(Node):
    name: str
    default: Expr | None


@record()
class Head(Node):
    """The header of a definition; it reads as its uses do: ``b(k)-c/s(e=4)``."""

    name: str
    params: tuple[Param, ...] = ()
    width: str | None = None
    stride: str | None = None
    options: tuple[Param, ...] = ()


@record()
class Block(Node):
    head: Head
    body: tuple[Item, ...]
    shared: bool


@record()
class Field(Node):
    name: str
    value: Expr


@record()
class LayerDef(Node):
    head: Head
    input: Shape
    output: Shape
    fields: tuple[Field | Let, ...]


@record()
class Net(Node):
    name: str
    params: tuple[Param, ...]
    body: tuple[Item, ...]


@record()
class Input(Node):
    name: str | None
    shape: Shape


@record()
class Output(Node):
    tensors: tuple[TensorRef, ...]


Item = Import | Sym | Assume | Let | Set | Metric | Block | LayerDef | Net | Assert | Input | Output | Step


@record()
class File(Node):
    items: tuple[Item, ...]


# ------------------------------------------------------------ walking


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside a node, in the order of the text."""
    for name in _fields(type(node)):
        todo = [getattr(node, name)]
        while todo:
            found = todo.pop()
            if isinstance(found, Node):
                yield found
            elif isinstance(found, tuple):
                todo += reversed(found)


def walk(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes and everything inside them, without recursion: a sum may have thousands of terms."""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        todo += reversed(list(children(node)))


_NAMES: dict[type[Node], tuple[str, ...]] = {}


def _fields(kind: type[Node]) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(f.name for f in fields(kind) if f.name != "span")
    return _NAMES[kind]
