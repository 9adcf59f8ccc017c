"""What is said of a place in a program, as Markdown; and the place where what stands there is defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import takewhile
from typing import NamedTuple

from symcost import syntax as s
from symcost.conventions import known as is_convention
from symcost.domain import Domain
from symcost.editors.analysis import Analysis, Use, outside
from symcost.editors.names import Definition, around, found, imported, meant, visible
from symcost.graph.merge import COMPOSITES
from symcost.graph.scope import COSTS, Declared, Family, Scope, Tensor
from symcost.graph.spelling import kind_of
from symcost.layers.base import Layer, Slot, slots
from symcost.sizes.atoms import Size
from symcost.sizes.notation import UNICODE, condition_text, text
from symcost.source import Span, SymcostError

SHOWN = 3  # uses of a step that differ


class Said(NamedTuple):
    """What is said of a stretch of a program; ``known``: with its shapes, where it is a layer."""

    text: str
    place: Span
    known: bool = True


def hover(analysis: Analysis, offset: int) -> Said | None:
    """What is known of what stands at a place, and where that begins and ends."""
    if analysis.file is None:
        return None
    for node in reversed(around(analysis.file, offset)):
        match node:
            case s.Ref() | s.TensorRef():
                names = node.names if isinstance(node, s.Ref) else (node.name,)
                said = _name(analysis, names, offset)
                if said or isinstance(node, s.TensorRef):
                    return Said(said, node.span) if said else None
            case s.Arg(name=str(name)) if offset <= node.span.start + len(name):
                said = _option(analysis, node, offset)
                if said:
                    return Said(said, Span(node.span.source, node.span.start, node.span.start + len(name)))
            case s.Call():
                said, known = _step(analysis, node, offset)
                return Said(said, node.span, known) if said else None
            case s.Symbol() | s.Let() | s.Param() | s.Head() | s.Net() | s.Block() | s.LayerDef() | s.Import():
                return _defined(analysis, node, offset)
            case s.Group() | s.For() | s.If():
                begins = offset <= node.span.start + 3
                said = _uses(analysis.uses.get((node.span.start, node.span.end), [])) if begins else ""
                return Said(said, node.span) if said else None
    return None


def definition(analysis: Analysis, offset: int) -> Span | None:
    """Where what stands at a place is defined; in another file too."""
    if analysis.file is None:
        return None
    for node in reversed(around(analysis.file, offset)):
        match node:
            case s.Import():
                return _imported(node, offset)
            case s.Arg(name=str(name)) if offset <= node.span.start + len(name):
                parameter = _parameter(analysis, node, offset)
                return parameter.span if parameter else None
            case s.Ref():
                return _place(found(analysis.file, node.names, offset))
            case s.TensorRef():
                return _place(found(analysis.file, (node.name,), offset))
            case s.Call():
                return _place(found(analysis.file, node.name, offset))
    here = [d for d in visible(analysis.file, offset).values() if d.span.start <= offset <= d.span.end]
    return here[0].span if here else None


def _place(definition: Definition | None) -> Span | None:
    return None if definition is None else definition.span


def _imported(node: s.Import, offset: int) -> Span | None:
    other = imported(node)
    if other is None:
        return None
    word = next((n for n in node.names if _covers(node, n, offset)), None)
    if word is None:
        return Span(other[1].span.source, 0, 0)
    return meant(Definition(word, "import", node.span, node)).span


def _covers(node: s.Node, name: str, offset: int) -> bool:
    """Whether a place is in a name that stands in a node."""
    source = node.span.source
    start = end = offset
    while start > node.span.start and (source.text[start - 1].isalnum() or source.text[start - 1] == "_"):
        start -= 1
    while end < node.span.end and (source.text[end].isalnum() or source.text[end] == "_"):
        end += 1
    return source.text[start:end] == name


# ------------------------------------------------------------ layers


def _step(analysis: Analysis, call: s.Call, offset: int) -> tuple[str, bool]:
    """A layer: shapes, costs, what it is; and whether the first are known."""
    assert analysis.file is not None
    step = next((n for n in reversed(around(analysis.file, offset)) if isinstance(n, s.Step) and n.core is call), None)
    uses = analysis.uses.get((step.span.start, step.span.end), []) if step is not None else []
    described = found(analysis.file, call.name, offset)
    kind = kind_of(call.text)
    about = _definition(described) if described else kind_text(kind[0]) if kind else construct_text(call.text)
    return "\n\n".join(part for part in (_uses(uses), about) if part), bool(uses)


def _uses(uses: list[Use]) -> str:
    """Shapes and costs of a step, of its first uses where they differ."""
    shown: dict[str, None] = {}
    for use in uses:
        arrow = f"{use.came} → {use.went}"
        shown.setdefault("\n".join([arrow, *(f"{label:<10}  {cost}" for label, cost in use.costs().items())]))
    if not shown:
        return ""
    more = f"\n\n... and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return _fenced("\n\n".join(list(shown)[:SHOWN]) + more, "text")


def kind_text(kind: type[Layer]) -> str:
    """A kind of the library: how it is written, the first lines of what is said of it."""
    return f"{_fenced(kind.signature)}\n\n{_first(kind)}"


def construct_text(name: str) -> str:
    """A construct with braces."""
    return (_first(COMPOSITES[name]) or f"`{name} {{ ... }}`") if name in COMPOSITES else ""


def _first(thing: Callable[..., object]) -> str:
    """The first paragraph of a docstring."""
    return inspect.cleandoc(thing.__doc__ or "").partition("\n\n")[0].partition("\nSource:")[0]


def slot_text(slot: Slot) -> str:
    """``pad = same | valid | a size, if left out same``."""
    takes = [*slot.words, *(["a size"] if slot.sizes else [])]
    default = f", if left out `{slot.default}`" if slot.default is not None and slot.default != "given" else ""
    return f"`{slot.name}`: {' | '.join(takes)}{default}"


def _option(analysis: Analysis, arg: s.Arg, offset: int) -> str:
    parameter = _parameter(analysis, arg, offset)
    if parameter is not None:
        return _definition(parameter)
    call = _call(analysis, arg, offset)
    kind = kind_of(call.text) if call else None
    slot = next((x for x in slots(kind[0]) if x.name == arg.name), None) if kind else None
    return f"{slot_text(slot)}, of `{kind[0].kind}`" if slot and kind else ""


def _call(analysis: Analysis, arg: s.Arg, offset: int) -> s.Call | None:
    """The layer an argument is written for."""
    assert analysis.file is not None
    chain = around(analysis.file, offset)
    return next((n for n in chain if isinstance(n, s.Call) and arg in (*n.head, *n.options)), None)


def _parameter(analysis: Analysis, arg: s.Arg, offset: int) -> Definition | None:
    """The parameter of a block an argument is for."""
    assert analysis.file is not None
    call = _call(analysis, arg, offset)
    block = found(analysis.file, call.name, offset) if call else None
    if block is None or not isinstance(block.node, s.Block | s.LayerDef):
        return None
    params = (*block.node.head.params, *block.node.head.options)
    return next((Definition(p.name, "parameter", p.span, p) for p in params if p.name == arg.name), None)


# ------------------------------------------------------------ names


def _defined(analysis: Analysis, node: s.Node, offset: int) -> Said | None:
    """The name that is being defined at a place."""
    assert analysis.file is not None
    if isinstance(node, s.Import):
        names = [n for n in (*node.names, node.alias or "") if n and _covers(node, n, offset)]
        meanings = [meant(Definition(n, "import", node.span, node)) for n in names]
        if not meanings:
            other = imported(node)
            meanings = [Definition("", "module", node.span, other[1])] if other else []
        return Said(_definition(meanings[0]), node.span) if meanings else None
    inside = visible(analysis.file, offset).values()
    here = next((d for d in inside if d.span.start <= offset <= d.span.end), None)
    if here is None:
        return None
    if here.kind in ("symbol", "let", "parameter"):
        said = _name(analysis, (here.name,), offset)
        return Said(said, here.span) if said else None
    return Said(_definition(here), here.span)


def _name(analysis: Analysis, names: tuple[str, ...], offset: int) -> str:
    """A name in a size: what it stands for."""
    assert analysis.file is not None
    scope = analysis.scope(offset)
    said = binding_text(scope, names) if scope is not None else ""
    if said:
        return said
    definition = found(analysis.file, names, offset)
    if definition is not None:
        return _definition(definition)
    cost = names[0]
    if analysis.net is not None and len(names) == 1 and (cost in COSTS or is_convention(cost)):
        try:
            return f"```text\n{cost} = {analysis.net.cost(cost).text(UNICODE)}\n```"
        except SymcostError:
            return ""
    return ""


def binding_text(scope: Scope, names: tuple[str, ...]) -> str:
    """What a name is in a scope: the bounds of a symbol, the value of a size, the shape of a tensor."""
    name = names[0]
    public = Domain(scope.declared(), (), (), ()).public
    if name in ("in", "here"):
        shape = scope.entered if name == "in" else None
        return f"`in`: {outside(shape, public).text(UNICODE)}" if shape is not None else ""
    match scope.find(name):
        case Declared() as declared:
            return _symbol(name, declared, scope)
        case bool() as truth:
            return f"`{name} = {str(truth).lower()}`"
        case Size() as size:
            written = text(public(size), UNICODE)
            return f"`{name}`: a parameter, left free" if written == name else f"`{name} = {written}`"
        case tuple() as sizes:
            return f"`{name} = {' × '.join(text(public(size), UNICODE) for size in sizes)}`"
        case Tensor(shape):
            return f"`{name}`: a tensor, {outside(shape, public).text(UNICODE)}"
        case Family():
            return f"`{name}`: tensors with an index"
    return ""


def _symbol(name: str, declared: Declared, scope: Scope) -> str:
    """A symbol with its bounds, its default and what is assumed of it."""
    symbol = declared.symbol
    lines = [f"`{name}`: {'an integer' if symbol.integer else 'a real number'}{_bounds(symbol.low, symbol.high)}"]
    if declared.default is not None:
        lines.append(f"default `{text(declared.default, UNICODE)}`")
    facts = [c for c in scope.assumptions() if name in {a.name for a in c.size.symbols() | c.divisor.symbols()}]
    if facts:
        lines.append("assumed: " + ", ".join(f"`{condition_text(c, UNICODE)}`" for c in facts))
    return "  \n".join(lines)


def _bounds(low: object, high: object) -> str:
    lower = [f"at least {low}"] if low is not None else []
    upper = [f"at most {high}"] if high is not None else []
    return f", {' and '.join(lower + upper)}" if lower + upper else ""


def _definition(definition: Definition) -> str:
    """A definition: its header, the comment above it."""
    node = definition.node
    match node:
        case s.File():
            above = takewhile(lambda line: line.startswith("#"), node.span.source.text.split("\n"))
            return "\n".join(line.lstrip("# ") for line in above)
        case s.Block():
            written = f"{'shared ' if node.shared else ''}block {node.head.span.text}"
        case s.LayerDef():
            written = f"layer {node.head.span.text} : {node.input.span.text} -> {node.output.span.text}"
        case s.Net():
            written = f"net {node.name}({', '.join(p.span.text for p in node.params)})".removesuffix("()")
        case s.Import() | s.For():
            written = node.span.text.partition("{")[0].rstrip()
        case _:
            written = node.span.text
    return "\n\n".join(part for part in (_fenced(written), definition.comment) if part)


def _fenced(written: str, language: str = "symcost") -> str:
    return f"```{language}\n{written}\n```"
