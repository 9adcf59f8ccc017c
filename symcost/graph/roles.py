"""What the symbols of a network stand for, read off where they stand; and the order in which papers multiply them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from symcost.graph.nodes import Fork, Frozen, Graph, Guarded, Leaf, Loop, Node, Repeat, Run, Scaled, Sequence, Shared
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.notation import Role, by_letter
from symcost.sizes.shape import Shape

LONGEST = 24  # letters of a layer in a sentence

SLOTS = {
    "k": (Role.KERNEL, "kernel side"),
    "c": (Role.CHANNELS, "output channels"),
    "d": (Role.CHANNELS, "output width"),
    "h": (Role.CHANNELS, "hidden width"),
    "s": (Role.KERNEL, "stride"),
    "pad": (Role.KERNEL, "padding"),
    "groups": (Role.CHANNELS, "groups"),
    "dil": (Role.KERNEL, "dilation"),
    "mult": (Role.CHANNELS, "channel multiplier"),
    "heads": (Role.CHANNELS, "heads"),
    "kv_heads": (Role.CHANNELS, "key and value heads"),
    "dk": (Role.CHANNELS, "width of a head"),
    "V": (Role.CHANNELS, "vocabulary"),
    "n": (Role.CHANNELS, "number"),
    "layers": (Role.REPEATS, "layers"),
    "factor": (Role.KERNEL, "factor"),
}


@dataclass(frozen=True)
class Place:
    """A size that is something by itself, with a word or two for what."""

    size: Size
    role: Role
    words: str

    @property
    def symbol(self) -> str | None:
        """The name, where the size is one symbol."""
        if len(self.size.terms) == 1:
            ((monomial, coefficient),) = self.size.terms.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Symbol):
                return monomial[0][0].name
        return None


def places(graph: Graph) -> Iterator[Place]:
    """Where sizes stand, in the user's symbols: inputs, then the arguments of layers, then how often something runs."""
    back = {m: whole for declared in graph.symbols.values() for m, whole in declared.back.items()}
    for place in _raw(graph):
        yield replace(place, size=place.size.subs(back)) if back else place


def _raw(graph: Graph) -> Iterator[Place]:
    leaves, counts = _walked(graph.root)
    slides = any(leaf.input.rank == 1 and "k" in vars(leaf.layer) for leaf in leaves)
    for shape in graph.inputs.values():
        yield from _of_input(shape, slides)
    for leaf in leaves:
        yield from _of_layer(leaf)
    yield from counts


def _walked(root: Node) -> tuple[list[Leaf], list[Place]]:
    """The layers in their order, each once, and the numbers of repeats and of experts."""
    leaves: dict[int, Leaf] = {}
    counts: list[Place] = []
    seen: set[int] = set()
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Leaf():
                leaves[id(node)] = node
            case Sequence() | Run():
                todo += reversed(node.parts)
            case Fork():
                todo += reversed([*node.branches, *([] if node.meet is None else [node.meet])])
            case Repeat() | Loop():
                counts.append(Place(node.count, Role.REPEATS, f"number of repeats of {_first(node.node)}"))
                todo.append(node.node)
            case Scaled():
                counts += _of_experts(node)
                todo.append(node.node)
            case Guarded() | Shared() | Frozen():
                todo.append(node.node)
    return list(leaves.values()), counts


def _first(node: Node) -> str:
    """The first layer in it that does something."""
    seen: set[int] = set()
    todo = [node]
    while todo:
        found = todo.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        match found:
            case Leaf():
                if found.layer.kind != "id":
                    return _short(found)
            case Sequence() | Run():
                todo += reversed(found.parts)
            case Fork():
                todo += reversed([*found.branches, *([] if found.meet is None else [found.meet])])
            case Repeat() | Loop() | Scaled() | Guarded() | Shared() | Frozen():
                todo.append(found.node)
    return "layers"


def _of_experts(node: Scaled) -> Iterator[Place]:
    """Where weights are there E times and k of them are used."""
    if not node.active.terms or node.weights == node.active:
        return
    for monomial in (node.weights / node.active).terms:
        for atom, exponent in monomial:
            words = "number of experts" if exponent > 0 else "experts that a token uses"
            yield Place(Size.of(atom), Role.REPEATS, words)


def _of_input(shape: Shape, slides: bool) -> Iterator[Place]:
    yield Place(shape.batch, Role.BATCH, "batch")
    if len(shape.dims) > 1 and len(set(shape.dims)) == 1:
        words = ["side of the input"] * shape.rank
    else:
        known = {1: ["length of the input"], 2: ["height of the input", "width of the input"]}
        words = known.get(shape.rank, ["size of the input"] * shape.rank)
    role = Role.LENGTH if shape.rank == 1 and not slides else Role.SIDE
    for size, word in zip(shape.dims, words, strict=True):
        yield Place(size, role, word)
    if not shape.ids:
        yield Place(shape.channels, Role.CHANNELS, "input channels")


def _of_layer(leaf: Leaf) -> Iterator[Place]:
    for slot, value in leaf.layer.values(leaf.input).items():
        if slot in SLOTS:
            role, words = SLOTS[slot]
            for size in value if isinstance(value, tuple) else (value,):
                if isinstance(size, Size):
                    yield Place(size, role, f"{words} of {_short(leaf)}")


def _short(leaf: Leaf) -> str:
    return leaf.text if len(leaf.text) <= LONGEST else str(getattr(leaf.layer, "name", None) or leaf.layer.kind)


class Roles:
    """The role of each symbol of a network; the network is read when one is first asked for."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __call__(self, symbol: Symbol) -> Role:
        found = self._found
        if symbol.name not in found and symbol.definition is not None:  # a named size is what it is made of
            return max(map(self, symbol.definition.symbols()), default=Role.CHANNELS)
        name = symbol.name if symbol.name in found else symbol.name.rstrip("0123456789")  # H1 is a side when H is
        return found[name] if name in found else by_letter(symbol)

    @cached_property
    def _found(self) -> dict[str, Role]:
        if len(self._graph.symbols) < 2:
            return {}
        alone: dict[str, Role] = {}
        among: dict[str, Role] = {}  # others, in a size that has the role: a width of C*2^n
        for place in places(self._graph):
            name = place.symbol
            if name is not None:
                alone.setdefault(name, place.role)
            for symbol in place.size.symbols() if name is None else ():
                among.setdefault(symbol.name, place.role)
            if alone.keys() >= self._graph.symbols.keys():
                break
        return among | alone
