"""What the names of a program mean at a place of its text, by the text alone: it need not be right anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from symcost import syntax as s
from symcost.files import read
from symcost.graph.elaborate import definitions
from symcost.graph.modules import Modules
from symcost.parser import parse
from symcost.source import Source, Span, SymcostError

HOMES = (s.File, s.Net, s.Block)  # tensors named inside are known to their end


@dataclass(frozen=True)
class Definition:
    """A name, where it is defined, and what defines it."""

    name: str
    kind: str
    span: Span  # of the name
    node: s.Node

    @property
    def comment(self) -> str:
        """The comment above the definition."""
        above = self.node.span.source.text[: self.node.span.start].split("\n")[:-1]
        lines: list[str] = []
        while above and above[-1].lstrip().startswith("#"):
            lines.insert(0, above.pop().lstrip("# \t").rstrip())
        return "\n".join(lines)


def around(file: s.File, offset: int) -> list[s.Node]:
    """The nodes a place stands in, the outermost first; behind a word it still stands in it."""
    found: list[s.Node] = [file]
    while True:
        inside = [c for c in s.children(found[-1]) if c.span.start <= offset <= c.span.end]
        if not inside:
            return found
        found.append(next((c for c in inside if offset < c.span.end), inside[-1]))


def visible(file: s.File, offset: int) -> dict[str, Definition]:
    """The names that are known at a place; inner ones hide outer ones."""
    found: dict[str, Definition] = {}
    for node in reversed(around(file, offset)):
        for definition in _of(node):
            found.setdefault(definition.name, definition)
    return found


def _of(node: s.Node) -> Iterator[Definition]:
    """The names a node brings to what is inside it."""
    match node:
        case s.Block() | s.LayerDef():
            yield from _head(node.head)
        case s.Net():
            yield from (Definition(p.name, "parameter", _named(p.span, p.name), p) for p in node.params)
        case s.For():
            yield from (Definition(name, "index", _named(node.span, name), node) for name in node.names)
    for child in s.children(node):
        yield from declared(child)
    if isinstance(node, HOMES):
        yield from _tensors(node)


def _head(head: s.Head) -> Iterator[Definition]:
    for name in (head.width, head.stride):
        if name:
            yield Definition(name, "parameter", _named(head.span, name, len(head.name)), head)
    yield from (Definition(p.name, "parameter", _named(p.span, p.name), p) for p in (*head.params, *head.options))


def declared(item: s.Node) -> Iterator[Definition]:
    """The names an item declares for what stands in the same braces."""
    match item:
        case s.Sym():
            yield from (Definition(x.name, "symbol", _named(x.span, x.name), x) for x in item.symbols)
        case s.Let():
            yield Definition(item.name, "let", _named(item.span, item.name, 3), item)
        case s.Metric():
            yield Definition(item.name, "metric", _named(item.span, item.name, 6), item)
        case s.Net():
            yield Definition(item.name, "net", _named(item.span, item.name, 3), item)
        case s.Block():
            yield Definition(item.head.name, "block", _named(item.head.span, item.head.name), item)
        case s.LayerDef():
            yield Definition(item.head.name, "layer", _named(item.head.span, item.head.name), item)
        case s.Import():
            path = item.path if isinstance(item.path, tuple) else (Path(item.path).stem,)
            for name in item.names or (item.alias or path[-1],):
                yield Definition(name, "import", _named(item.span, name, 6), item)


def _tensors(home: s.Node) -> Iterator[Definition]:
    """Tensors named inside a net, a block or the file, and the sizes its inputs declare by naming them."""
    sizes: list[Definition] = []
    todo = list(s.children(home))
    while todo:
        node = todo.pop(0)
        if isinstance(node, s.Step) and node.tap is not None:
            yield Definition(node.tap.name, "tensor", _named(node.tap.span, node.tap.name), node.tap)
        if isinstance(node, s.Input):
            if node.name is not None:
                yield Definition(node.name, "tensor", _named(node.span, node.name, 5), node)
            refs = (x for x in s.walk([node.shape]) if isinstance(x, s.Ref))
            sizes += [Definition(r.names[0], "symbol", r.span, r) for r in refs if r.text != "ids"]
        if not isinstance(node, s.Net | s.Block | s.LayerDef):
            todo += s.children(node)
    yield from sizes


def _named(span: Span, name: str, after: int = 0) -> Span:
    """The place of a name inside a span."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", span.text[after:])
    start = span.start + after + found.start() if found else span.start
    return Span(span.source, start, start + len(name) if found else span.end)


def outline(file: s.File) -> list[Definition]:
    """What a file defines."""
    return [definition for item in file.items for definition in declared(item)]


# ------------------------------------------------------------ other files


def imported(item: s.Import) -> tuple[Path, s.File] | None:
    """The file an import means; None where there is none, or it is wrong."""
    try:
        path = Modules(definitions).path(item)
        return path, _parsed(path, path.stat().st_mtime_ns)
    except (SymcostError, OSError):
        return None


@lru_cache(64)
def _parsed(path: Path, changed: int) -> s.File:
    return parse(Source(str(path), read(path), path.parent))


def meant(definition: Definition) -> Definition:
    """What an imported name is where it is defined; others as they are."""
    if not isinstance(definition.node, s.Import):
        return definition
    found = imported(definition.node)
    if found is None:
        return definition
    _, file = found
    if definition.name in definition.node.names:
        return next((d for d in outline(file) if d.name == definition.name), definition)
    return Definition(definition.name, "module", Span(file.span.source, 0, 0), file)


def found(file: s.File, names: tuple[str, ...], offset: int) -> Definition | None:
    """What a dotted name means at a place: ``conv3`` is no name of the program, ``resnet.basic`` one of an import."""
    known = visible(file, offset)
    definition = next((known[n] for n in _spellings(names[0]) if n in known), None)
    if definition is None:
        return None
    definition = meant(definition)
    for name in names[1:]:
        if not isinstance(definition.node, s.File):
            break
        own = {d.name: d for d in outline(definition.node)}
        inner = next((own[n] for n in _spellings(name) if n in own), None)
        if inner is None:
            return None
        definition = meant(inner)
    return definition


def _spellings(name: str) -> tuple[str, ...]:
    """A name, and what is left of it without the number glued to it."""
    return name, name.lower(), re.sub(r"\d+(?:[x×]\d+)*$", "", name)
