"""What could be written at a place: by what stands before it, for the text is seldom whole while it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from symcost import syntax as s
from symcost.conventions import names as convention_names
from symcost.editors.analysis import Analysis
from symcost.editors.hover import construct_text, kind_text, slot_text
from symcost.editors.names import Definition, found, imported, meant, outline, visible
from symcost.editors.tokens import keywords, statements
from symcost.graph.heads import head_slots
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import STD
from symcost.graph.scope import COSTS, DOMAINS
from symcost.graph.spelling import kind_of
from symcost.graph.values import FIELDS
from symcost.layers.base import KINDS, Slot, known, slots
from symcost.mistakes import brackets
from symcost.sizes.functions import FUNCTIONS
from symcost.source import Span

SIZES = ("symbol", "let", "parameter", "index", "tensor")

# the layer or cost in front of an opened parenthesis, its width and stride left out
_CALLED = re.compile(
    r"([^\W\d](?:[\w×]|[.-](?=[^\W\d]))*?)(?:\([^()]*\))?(?:-(?:\w+|\([^()]*\)))?(?:/(?:\w+|\([^()]*\)))?$"
)


@dataclass(frozen=True)
class Suggestion:
    """A word, what it is (`kind`, `construct`, `option`, `word`, `module`, or that of a definition), and what is said of it."""

    label: str
    kind: str
    detail: str = ""
    about: str = ""
    insert: str = ""


def completions(analysis: Analysis, text: str, offset: int, place: int) -> list[Suggestion]:
    """What fits at ``offset`` of a text; ``place`` is the same place in the text that was analysed."""
    before = text[:offset]
    line = before.rpartition("\n")[2]
    if "#" in line or line.count('"') % 2:
        return []
    opened: list[re.Match[str]] = []
    for bracket in brackets(before):
        if bracket[0] in "([{":
            opened.append(bracket)
        elif opened:
            opened.pop()
    names = visible(analysis.file, place) if analysis.file else {}
    words = (statements().keys() | {"as"}) & keywords()
    statement = next((w for w in reversed(re.findall(r"(?<![\w.])[a-z]+(?=\s)", _own(before))) if w in words), "")
    start = opened[-1].start() if opened and opened[-1][0] == "(" else None
    given = _of_dot(analysis, line, names, place)
    if given is not None:
        return given
    if start is not None:
        return list(_in_parentheses(analysis, before[:start], before[start + 1 :], names, place, statement))
    return list(_outside(analysis, line, names, statement))


def _own(before: str) -> str:
    """The line, from behind its last brace, bar or ``;`` on: where a statement begins."""
    return re.split(r"[{}|;]", before.rpartition("\n")[2])[-1]


def _of_dot(analysis: Analysis, line: str, names: dict[str, Definition], place: int) -> list[Suggestion] | None:
    """What may stand behind a dot."""
    dotted = re.search(r"(?<![\w.])([^\W\d]\w*)\.\w*$", line) or re.search(r"([^\W\d]\w*)\([^()]*\)\.\w*$", line)
    if dotted is None:
        return None
    if re.match(r"\s*import\s", line):
        return [Suggestion(module, "module", about=about) for module, about in _modules() if dotted[1] == "std"]
    definition = names.get(dotted[1])
    definition = meant(definition) if definition else None
    if definition is not None and definition.kind == "module" and isinstance(definition.node, s.File):
        return [_of(d) for d in outline(definition.node) if d.kind in ("block", "layer")]
    if definition is not None and definition.kind == "net":
        return list(_costs())
    kind = kind_of(dotted[1])
    if re.match(r"\s*set\s", line) and kind:
        return [_slot(slot) for slot in slots(kind[0])]
    if dotted[1] in ("in", "here") or (definition is not None and definition.kind == "tensor"):
        return [Suggestion(field, "option", f"of {dotted[1]}") for field in FIELDS]
    return []


def _in_parentheses(
    analysis: Analysis, front: str, written: str, names: dict[str, Definition], place: int, statement: str
) -> Iterator[Suggestion]:
    """Arguments: options not given yet with their defaults, words of the option at hand, sizes."""
    if re.search(r"(?m)^\s*import\s[^\n(]*$", front):
        yield from _importable(analysis, front)
        return
    called = _CALLED.search(front.rstrip())
    name = called[1] if called else ""
    declared = list(_slots_of(analysis, name, place))
    sized = any(slot.place in ("width", "stride") for slot in declared)
    first = called is not None and called[0] == name and not name[-1].isdigit()  # `conv(`, not `conv3(` or `conv3-64(`
    places = ("head",) if first and sized else ("head", "option") if first else ("option",)
    wanted = [slot for slot in declared if slot.place in places]
    at = re.search(r"([^\W\d]\w*)\s*=\s*\w*$", written)
    if at is None:
        done = set(re.findall(r"([^\W\d]\w*)\s*=", written))
        yield from (_slot(slot) for slot in wanted if slot.name not in done)
        if name.rpartition(".")[2] in {*COSTS, *convention_names()} or statement == "assert":
            free = (d for d in names.values() if d.kind == "symbol")
            yield from (Suggestion(d.name, "symbol", d.node.span.text, insert=f"{d.name}=") for d in free)
    else:
        words = {word for slot in declared if slot.name == at[1] for word in slot.words}
        yield from (Suggestion(word, "word", f"{at[1]} of {name}") for word in sorted(words))
    yield from _sizes(names)


def _outside(analysis: Analysis, line: str, names: dict[str, Definition], statement: str) -> Iterator[Suggestion]:
    """Layers, sizes, costs or modules, as the statement has it."""
    own = re.split(r"[{}|;]", line)[-1]
    match statement:
        case "import" if re.match(r"\s*import\s+\S*$", own):
            yield from (Suggestion(f"std.{module}", "module", about=about) for module, about in _modules())
            yield from _beside(analysis)
        case "assert" | "metric":
            yield from _costs()
            yield from (_of(d) for d in names.values() if d.kind in ("net", "metric"))
            yield from _sizes(names)
        case "set" if "=" not in own:
            yield from (Suggestion(word, "word", "setting") for word in ("batch", "strict", "form"))
            yield from _kinds()
            yield from {slot.name: _slot(slot) for kind in known() for slot in slots(kind)}.values()
        case "set" | "let" | "assume" | "input":
            yield from _sizes(names)
        case "sym" if re.search(r":\s*\w*$", own):
            yield from (Suggestion(domain, "word", "domain") for domain in DOMAINS)
        case "sym":
            return
        case _ if re.search(r"(?:[\w)][-/]|@|:\s)\s*\w*$", own):
            yield from _sizes(names)
        case _ if re.search(r"\bfrom\s+\w*$|\boutput\s+[\w, ]*$", own):
            yield from (_of(d) for d in names.values() if d.kind == "tensor")
        case "as":
            return
        case _:
            yield from _layers(names)


# ------------------------------------------------------------ lists


def _layers(names: dict[str, Definition]) -> Iterator[Suggestion]:
    meanings = ((name, meant(d)) for name, d in names.items())
    yield from (_of(d, name) for name, d in meanings if d.kind in ("block", "layer", "module"))
    yield from _kinds()
    yield from (Suggestion(name, "construct", about=construct_text(name)) for name in COMPOSITES)
    yield from (Suggestion(word, "keyword") for word in sorted(statements().keys() | {"for", "from", "if"}))


def _kinds() -> Iterator[Suggestion]:
    yield from (Suggestion(name, "kind", KINDS[name].signature, kind_text(KINDS[name])) for name in sorted(KINDS))


def _sizes(names: dict[str, Definition]) -> Iterator[Suggestion]:
    yield from (_of(d) for d in names.values() if d.kind in SIZES)
    yield from (Suggestion(name, "function", f"{name}(...)") for name in FUNCTIONS if name != "power")


def _costs() -> Iterator[Suggestion]:
    yield from (Suggestion(name, "cost") for name in sorted(COSTS))
    others = (name for name in convention_names() if name.isidentifier() and name not in COSTS)
    yield from (Suggestion(name, "cost", "convention") for name in others)


def _slots_of(analysis: Analysis, name: str, place: int) -> Iterable[Slot]:
    """The arguments of the layer, block or net of a name."""
    definition = found(analysis.file, tuple(name.split(".")), place) if analysis.file and name else None
    match definition.node if definition else None:
        case s.Block() | s.LayerDef() as node:
            defaults = {p.name: p.default.span.text for p in (*node.head.params, *node.head.options) if p.default}
            return [Slot(x.name, x.place, defaults.get(x.name)) for x in head_slots(node.head)]
        case s.Net() as node:
            return [Slot(p.name, "option", p.default.span.text if p.default else None) for p in node.params]
    kind = kind_of(name)
    return slots(kind[0]) if kind else ()


def _slot(slot: Slot) -> Suggestion:
    default = f"= {slot.default}" if slot.default is not None else "must be given"
    return Suggestion(slot.name, "option", default, slot_text(slot), f"{slot.name}=")


def _of(definition: Definition, name: str = "") -> Suggestion:
    node = definition.node
    detail = node.head.span.text if isinstance(node, s.Block | s.LayerDef) else ""
    if not detail and not isinstance(node, s.File):
        detail = node.span.text.partition("\n")[0].partition("{")[0].strip()
    return Suggestion(name or definition.name, definition.kind, detail, definition.comment)


def _modules() -> Iterator[tuple[str, str]]:
    """The modules of the standard library, each with its first line."""
    for path in sorted(STD.glob("*.arch")):
        with path.open(encoding="utf-8") as file:
            yield path.stem, file.readline().lstrip("# ").rstrip()


def _beside(analysis: Analysis) -> Iterator[Suggestion]:
    """The programs in the same folder."""
    folder = analysis.source.folder
    if folder is not None and folder.is_dir():
        others = (p for p in sorted(folder.glob("*.arch")) if str(p) != analysis.source.name and p.stem.isidentifier())
        yield from (Suggestion(path.stem, "module", path.name) for path in others)


def _importable(analysis: Analysis, front: str) -> Iterator[Suggestion]:
    """What the module of an import defines."""
    path = re.findall(r"import\s+([\w.]+)\s*$", front.rstrip())
    if path:
        item = s.Import(tuple(path[0].split(".")), None, (), span=Span(analysis.source, 0, 0))
        other = imported(item)
        yield from (_of(d) for d in (outline(other[1]) if other else []) if d.kind != "import")
