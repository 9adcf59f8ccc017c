"""Names: what each stands for, where it may be seen, and which settings hold there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from symcost import syntax as s
from symcost.graph.plain import Plain
from symcost.graph.spelling import kind_of
from symcost.sizes.atoms import ONE, Rational, Size, Symbol
from symcost.sizes.facts import Condition, is_zero, never_negative
from symcost.sizes.shape import Shape
from symcost.source import Diagnostic, Report, Span, nearest


@dataclass
class Declared:
    """A free symbol: how users know it, and how it is written inside.

    ``assume X % 32 == 0`` makes X inside ``32*m`` of a new symbol m; ``back`` writes m as ``X/32`` again.
    """

    symbol: Symbol
    default: Size | None = None
    inside: Size | None = None
    back: dict[Symbol, Size] = field(default_factory=dict)

    @property
    def size(self) -> Size:
        return Size.of(self.symbol) if self.inside is None else self.inside

    def with_values(self, values: dict[Symbol, Size]) -> Declared:
        """The same symbol where others have values: ``X = 2^n*m`` at n = 3 is ``8*m``."""
        inside = None if self.inside is None else self.inside.subs(values)
        return Declared(self.symbol, self.default, inside, {m: whole.subs(values) for m, whole in self.back.items()})


@dataclass(eq=False)
class Tag:
    """Which tensor a name means: two tensors of one shape are still two."""

    asked: bool = False  # whether anything names it
    name: str = ""  # that a program gives it


@dataclass(frozen=True)
class Tensor:
    """The tensor that ``in`` and ``here`` and taps name."""

    shape: Shape


@dataclass(frozen=True)
class Member:
    """A tensor of a family: with one index, or (``turn``) one for every turn of a loop, all as functions of the turn."""

    index: Size
    shape: Shape
    turn: Symbol | None = None
    count: Size = ONE
    sure: bool = True  # False: it is named in the branch of an undecided `if`, or in a loop that may not run
    known: bool = True  # False: nothing can be said of its index

    def at(self, index: Size) -> Shape | None:
        """The shape at an index, for a loop by solving for the turn."""
        if self.turn is None:
            return self.shape
        start = self.index.subs({self.turn: Size.of(0)})
        slope = (self.index.subs({self.turn: Size.of(1)}) - start).number
        if slope not in (1, -1) or self.index != start + slope * Size.of(self.turn):
            return None
        return self.shape.subs({self.turn: (index - start) * slope})

    def has(self, index: Size) -> bool | None:
        """Whether this is the member with that index; None where it depends."""
        found = self._meant(index) if self.known else None
        return None if found and not self.sure else found

    def _meant(self, index: Size) -> bool | None:
        if self.turn is None:
            return is_zero(self.index - index)
        start, last = (self.index.subs({self.turn: end}) for end in (Size.of(0), self.count - 1))
        slope = (self.index.subs({self.turn: Size.of(1)}) - start).number
        if slope not in (1, -1) or self.index != start + slope * Size.of(self.turn):
            return None
        if not never_negative((last - start) * slope):
            return None  # it may have no turn at all
        low, high = (start, last) if slope == 1 else (last, start)
        if never_negative(index - low) and never_negative(high - index):
            return True
        return False if never_negative(low - index - 1) or never_negative(index - high - 1) else None


@dataclass
class Family:
    """Tensors with an index, ``as s(i)``, in the order in which they were named; a later name wins."""

    members: list[Member] = field(default_factory=list)
    mark: int = 0  # members that were there when the turn being resolved began
    reached: bool = False  # whether one of those was asked for since

    def _named_twice(self, member: Member, index: Size) -> bool:
        """Whether another turn of the same loop gives this index too, so that the later turn decides."""
        others = (m for m in self.members if m is not member and m.turn is not None and m.turn == member.turn)
        return any(m.index != member.index and m.has(index) is not False for m in others)

    def unsure(self, index: Size) -> bool:
        """Whether it depends on symbols which of them has that index, if any."""
        return any(member.has(index) is None for member in self.members)

    def at(self, index: Size) -> Shape | None:
        """The tensor with an index; None where there is none, or where it depends which one it is."""
        unsure: list[Member] = []
        for member in reversed(self.members):
            has = member.has(index)
            if has is None:
                unsure.append(member)
            elif has:
                found = member.at(index)
                if found is None or any(u.turn is not None or member.at(u.index) != u.shape for u in unsure):
                    return None
                self.reached = self.reached or any(m is member for m in self.members[: self.mark])
                return None if self._named_twice(member, index) else found
        return None


@dataclass(frozen=True)
class MetricDef:
    """``metric NAME = expr``, or without an expression a new primitive cost."""

    name: str
    value: s.Expr | None
    once: bool  # counted once for the batch rather than for each sample


@dataclass(frozen=True)
class LayerBinding:
    definition: s.LayerDef
    scope: Scope


@dataclass(frozen=True)
class NetBinding:
    definition: s.Net
    scope: Scope


@dataclass(frozen=True)
class BlockBinding:
    definition: s.Block
    scope: Scope
    lasting: dict[object, Any] | None = field(default=None, compare=False)  # what it is, from one program to the next


@dataclass(frozen=True)
class Module:
    """An imported file, seen through its alias."""

    scope: Scope


Binding = (
    Declared
    | Size
    | bool
    | tuple[Size, ...]
    | Tensor
    | Family
    | MetricDef
    | LayerBinding
    | BlockBinding
    | NetBinding
    | Module
)
Setting = Size | bool | str | tuple[Size, ...]


@dataclass
class Scope:
    """One pair of braces. Lookup goes outwards; settings are those of the place where something is written."""

    parent: Scope | None
    report: Report
    names: dict[str, Binding] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)  # where the names are defined
    settings: dict[tuple[str, ...], Setting] = field(default_factory=dict)
    assumed: list[Condition] = field(default_factory=list)  # the user's facts, as written
    known: list[Size] = field(default_factory=list)  # what they say inside: sizes that are never negative
    entered: Shape | None = None
    here: Shape | None = None
    entry: Tag = field(default_factory=Tag)  # of `in`
    pointed: Tag | None = None  # of `here`, where the step that is resolved names it
    home: bool = True  # of taps: a net, a block, a turn of a loop
    turn: bool = False  # a turn of a loop
    perhaps: bool = False  # the branch of an undecided `if`
    body: tuple[tuple[tuple[s.Item, ...], ...], Scope] | None = None  # what `body` stands for in a block
    plain: Plain = field(default_factory=Plain)

    def inner(self, home: bool = False) -> Scope:
        """The scope of braces or brackets inside this one."""
        return Scope(
            self,
            self.report,
            settings=dict(self.settings),
            entered=self.here,
            here=self.here,
            home=home,
            plain=self.plain,
        )

    def tap(self, name: str, shape: Shape, index: Size | None, span: Span) -> None:
        """Name a tensor, to the end of the net, block or turn around."""
        owner = next(scope for scope in self.chain() if scope.home)
        if index is None:
            owner.define(name, Tensor(shape), span)
            return
        family = self.find(name)
        if not isinstance(family, Family):
            family = Family()
            outside = owner  # a family outlives the turns of the loop that makes it
            while outside.parent is not None and (outside.turn or outside.perhaps):
                outside = next(scope for scope in outside.parent.chain() if scope.home)
            outside.define(name, family, span)
        family.members.append(Member(index, shape, sure=not any(s.perhaps for s in self.chain())))

    def chain(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def find_layer(self, name: str) -> BlockBinding | LayerBinding | None:
        """What is used as a layer by this name; sizes and tensors of the same name do not hide it."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if isinstance(found, (BlockBinding, LayerBinding)):
                return found
            scope = scope.parent
        return None

    def find(self, name: str) -> Binding | None:
        scope = self
        while name not in scope.names:
            if scope.parent is None:
                return scope.undefined(name)
            scope = scope.parent
        return scope.names[name]

    def undefined(self, name: str) -> Binding | None:
        """What a name stands for that neither this outermost scope nor one inside it defines."""
        return None

    def visible(self, *kinds: type) -> set[str]:
        """Names of bindings of some kinds, for suggestions."""
        return {n for scope in self.chain() for n, b in scope.names.items() if not kinds or isinstance(b, kinds)}

    def define(self, name: str, binding: Binding, span: Span) -> None:
        """Bind a name once in this scope."""
        if name in RESERVED:
            message = f"'{name}' is a word of the language and cannot be a name"
            self.report.add(Diagnostic("reserved-word", message, span))
        elif name in self.names:
            first = self.places.get(name)
            notes = (f"it is defined at {first.where}",) if first else ()
            self.report.add(Diagnostic("already-defined", f"'{name}' is already defined", span, notes))
        else:
            self.names[name] = binding
            self.places[name] = span
            if isinstance(binding, BlockBinding | LayerBinding) and kind_of(name) is not None:
                self.plain = Plain()  # calls may mean another layer now
            self._check_parameters(binding)

    def _check_parameters(self, binding: Binding) -> None:
        """The parameters of a definition have names of their own."""
        if not isinstance(binding, NetBinding | BlockBinding | LayerBinding):
            return
        seen: set[str] = set()
        for name, span in _parameters(binding.definition):
            if name in seen:
                self.report.add(Diagnostic("already-defined", f"'{name}' is already a parameter", span))
            seen.add(name)

    def declared(self) -> dict[str, Declared]:
        """Every free symbol visible here, inner ones first."""
        found: dict[str, Declared] = {}
        for scope in self.chain():
            for name, binding in scope.names.items():
                if isinstance(binding, Declared):
                    found.setdefault(name, binding)
        return found

    def facts(self) -> list[Size]:
        return [size for scope in self.chain() for size in scope.known]

    def assumptions(self) -> list[Condition]:
        return [c for scope in reversed(list(self.chain())) for c in scope.assumed]

    def unknown(self, name: str, span: Span) -> Diagnostic:
        """A size that nobody declared, or whose definition is wrong, which was told already."""
        if name in self.report.failed:
            return self.report.failed[name]
        help_ = nearest(name, self.visible())
        if sides(name):
            help_ = f"put blanks around the x: {' x '.join(sides(name))}"
        if name in COSTS:
            help_ = "a cost is known only when the network is: assert and metric can use it"
        return Diagnostic("unknown-name", f"unknown name '{name}'", span, help=help_ or f"declare it: sym {name}")


def _parameters(definition: s.Net | s.Block | s.LayerDef) -> Iterator[tuple[str, Span]]:
    if isinstance(definition, s.Net):
        yield from ((p.name, p.span) for p in definition.params)
        return
    head = definition.head
    yield from ((name, head.span) for name in (head.width, head.stride) if name)
    yield from ((p.name, p.span) for p in (*head.params, *head.options))


def sides(name: str) -> list[str]:
    """``HxW`` as ``["H", "W"]``: one name that was meant as two; nothing for ``max_len``."""
    parts = name.split("x")
    each = all(re.fullmatch(r"[^\W\d_]\d*|[A-Z]\w*", part) for part in parts)
    return parts if len(parts) > 1 and each else []


COSTS = frozenset(["params", "active", "trainable", "activations", "macs", "flops"])

RESERVED = frozenset(
    [
        "import",
        "as",
        "sym",
        "assume",
        "let",
        "set",
        "metric",
        "assert",
        "shared",
        "block",
        "layer",
        "net",
        "input",
        "output",
        "from",
        "for",
        "in",
        "downto",
        "if",
        "then",
        "else",
        "and",
        "or",
        "not",
        "true",
        "false",
        "body",
        "here",
    ]
)

DOMAINS: dict[str, tuple[bool, Rational | None]] = {
    "positive": (True, 1),
    "nat": (True, 0),
    "int": (True, None),
    "real": (False, 0),
}


def bounded(symbol: Symbol, low: Rational | None = None, high: Rational | None = None) -> Symbol:
    """The same symbol with narrower bounds."""
    lows = [b for b in (symbol.low, low) if b is not None]
    highs = [b for b in (symbol.high, high) if b is not None]
    return Symbol(symbol.name, symbol.integer, max(lows, default=None), min(highs, default=None), symbol.definition)
