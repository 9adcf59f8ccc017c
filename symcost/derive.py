"""How a cost comes about: the steps from the definition of a layer to its formula, and from layers to a network.

A layer says what it does in shares (`symcost.layers.share`), each so many operations so many times, and how the sides of its
output come about; a convention prices the operations. The steps write that down before it is multiplied out. Every step has two
sides, which `Derivation.check` evaluates apart from each other at points of the domain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice
from math import ceil as number_ceil
from math import floor as number_floor
from random import Random

from symcost.architecture import Architecture, Row
from symcost.conventions import Convention, convention
from symcost.conventions import known as is_convention
from symcost.cost import Cost
from symcost.display import Displayed
from symcost.entries import Entry, alike
from symcost.evaluate import evaluator
from symcost.forms import presentable
from symcost.graph import resolved
from symcost.graph.nodes import Leaf
from symcost.graph.user_layer import UserLayer
from symcost.growth import leading
from symcost.layers.share import Share
from symcost.ops import MEANING, Op
from symcost.outline import block
from symcost.sizes.atoms import (
    ZERO,
    Atom,
    Floor,
    Group,
    Holds,
    Monomial,
    Power,
    Rational,
    Size,
    Symbol,
    product,
    total,
)
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed
from symcost.sizes.written import Added, Form, Named, Over, Times, Turns, added, mapped, times, value
from symcost.source import Diagnostic, SymcostError, nearest
from symcost.tally import weights_of

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
TRIES = 400  # to find points of the domain
MAX_TURNS = 1000  # of a loop, added up one by one at a point
LETTERS = {"length": "T", "depth": "D", "height": "H", "width": "W"}
GROWTH = "the highest power as {} grow{}"
ROUNDED = "; a rounding differs from its argument by less than 1"

Point = Mapping[Symbol, Rational]


@dataclass(frozen=True)
class Step:
    """One line: ``what`` is ``before`` by a rule, which comes to ``after``."""

    number: int
    what: str
    rule: str
    before: Form
    after: Form
    name: str = ""  # what later lines call it
    limit: bool = False  # equal in the limit of large sizes: the quotient goes to 1
    source: str = ""  # who says the rule
    on: Shape | None = None  # of a layer in a network: what comes in


@dataclass(frozen=True)
class Derivation(Displayed):
    """The steps to one cost of a layer or a network; the last equal sign is followed by what symcost prints."""

    title: str
    input: Shape | None
    output: Shape | None  # its sides by the names they have in the steps
    meaning: str  # what one unit of the cost is
    steps: tuple[Step, ...]
    cost: Cost
    free: tuple[str, ...] = ()  # kinds that cost nothing here
    _net: Architecture = field(repr=False, kw_only=True)
    _names: dict[Symbol, Size] = field(repr=False, kw_only=True)

    @property
    def sources(self) -> tuple[str, ...]:
        """Who says the rules, each once."""
        return tuple(dict.fromkeys(s.source for s in self.steps if s.source))

    @property
    def requirements(self) -> tuple[Condition, ...]:
        return self._net.requirements

    def text(self, width: int = 80) -> str:
        from symcost.render.derivation import plain

        return plain(self, width)

    def latex(self) -> str:
        from symcost.render.derivation import latex

        return latex(self)

    def points(self, count: int = 5) -> list[dict[Symbol, Rational]]:
        """Random points of the domain; fewer where they are hard to find."""
        used = {s for step in self.steps for form in (step.before, step.after) for s in _symbols(form, self._plain)}
        for condition in self.requirements if used else ():
            used |= (condition.size.symbols() | condition.divisor.symbols()) - {turn for turn, _ in condition.turns}
        random = Random(0)
        order = sorted(used, key=lambda s: s.key)
        found = (_point(order, self.requirements, random) for _ in range(TRIES))
        inside = (point for point in found if all(_met(c, point) for c in self.requirements))
        return list(islice(inside, count if used else 1))

    def check(self, count: int = 5) -> int:
        """At how many points both sides of every step were evaluated, the one without the help of the other.

        Raises `AssertionError` where they differ, which would be a mistake of symcost.
        """
        done = 0
        for point in self.points(count):
            with suppress(OverflowError):  # too many turns to add up
                self._check_at(point)
                done += 1
        return done

    def _check_at(self, point: Point) -> None:
        for step in self.steps:
            if not step.limit:
                before, after = (_at(form, point, self._plain) for form in (step.before, step.after))
                if before != after:  # no `assert`, which Python may be told to leave out
                    raise AssertionError(f"step {step.number}, {step.what}: {before} and {after}")

    def _plain(self, size: Size) -> Size:
        """Without names of sizes."""
        return self._net.domain.public(resolved(size.subs(self._names)))


def derive(net: Architecture, name: str = "macs", layer: int | str | None = None) -> Derivation:
    """The derivation of a cost of the network, or of one layer: by its number from 1, or as it is written.

    Raises `SymcostError` for a cost that has no derivation, and for a layer that is not there.
    """
    quantity = _quantity(net, name)
    if layer is not None or len(net.layers) == 1:
        row = net.layers[0] if layer is None else _row(net, layer)
        if layer is not None or row.repeat == 1:
            return _Line(net, quantity).layer(row)
    return _Line(net, quantity).network()


def _row(net: Architecture, layer: int | str) -> Row:
    rows = net.layers
    if isinstance(layer, int) or layer.isdigit():
        number = int(layer)
        if 1 <= number <= len(rows):
            return rows[number - 1]
        help_ = f"the layers have the numbers 1 to {len(rows)}"
        raise SymcostError(Diagnostic("unknown-layer", f"there is no layer {number}", help=help_))
    asked = " ".join(layer.split())
    for names in (_named, _meant):
        for row in rows:
            if asked in names(row):
                return row
    part = block(net, asked)
    if part is not None:
        help_ = f"it is a block, of the layers {part.rows[0] + 1} to {part.rows[-1] + 1}"
    else:
        help_ = nearest(asked, dict.fromkeys(r.text for r in rows)) or "give a layer as it is written, or its number"
    raise SymcostError(Diagnostic("unknown-layer", f"there is no layer '{layer}'", help=help_))


def _named(row: Row) -> tuple[str, ...]:
    return row.text, row.kind


def _meant(row: Row) -> tuple[str, ...]:
    """As the program has it, and without its options: some of them may come from `set`."""
    return " ".join(row.leaf.span.text.split()), re.sub(r"\([^()]*=[^()]*\)", "", row.text)


# ------------------------------------------------------------ what is counted


@dataclass(frozen=True)
class Part:
    """A share of a cost: ``each`` for one of ``times``."""

    what: str
    why: str
    times: tuple[Size, ...]
    each: Form

    @property
    def whole(self) -> Form:
        return times(times(*self.times), self.each)


@dataclass(frozen=True)
class _Work:
    """A cost by the prices of a convention."""

    rule: Convention

    @property
    def title(self) -> str:
        return self.rule.title

    def parts(self, leaf: Leaf, y: Shape) -> Iterator[Part]:
        departures = self.rule.departing(leaf)
        if all(d.more for d in departures):
            yield from (Part(s.what, s.why, s.times, e) for s in _shares(leaf, y) if (e := self._priced(s)) != ZERO)
        counts = {op.value: n for op, n in leaf.layer.ops(leaf.input, leaf.output).items()}
        params = total(w.numel for w in leaf.layer.weights(leaf.input))
        for departure in departures:
            why = f"{self.rule.name}: {departure.why}"
            yield Part(leaf.layer.kind, why, (), departure.value(leaf, counts, params))

    def _priced(self, share: Share) -> Form:
        prices = ((self.rule.prices.get(op), factors) for op, factors in share.each.items())
        return added(*(times(price, *factors) for price, factors in prices if price))

    def of(self, entry: Entry) -> Size:
        return self.rule.of(entry.figures)

    def factor(self, entry: Entry) -> Size:
        return entry.times.work

    def row(self, row: Row) -> Cost:
        if is_convention(self.rule.name):
            return row.cost(self.rule.name)
        return row.count(self.rule.name)


@dataclass(frozen=True)
class _Held:
    """Parameters: one number for each element of each trainable tensor."""

    title = "parameters: one for each element of each trainable tensor"

    def parts(self, leaf: Leaf, y: Shape) -> Iterator[Part]:
        if isinstance(leaf.layer, UserLayer):
            yield Part(leaf.layer.name, "as its definition says", (), leaf.layer.params)
            return
        for w in leaf.layer.weights(leaf.input):
            yield Part(w.name, w.why or "one for each element of the tensor", (w.copies,), times(*w.shape))

    def of(self, entry: Entry) -> Size:
        return entry.params

    def factor(self, entry: Entry) -> Size:
        return entry.times.weights

    def row(self, row: Row) -> Cost:
        return row.params


@dataclass(frozen=True)
class _Made:
    """Activations: elements of the outputs."""

    title = "activations: one for each element of each layer output"

    def parts(self, leaf: Leaf, y: Shape) -> Iterator[Part]:
        if isinstance(leaf.layer, UserLayer):
            yield Part(leaf.layer.name, "as its definition says", (), leaf.layer.counts.get("act", leaf.output.numel))
        elif not leaf.layer.view:
            yield Part("output", "one for each element", (), times(*y.elements))

    def of(self, entry: Entry) -> Size:
        return entry.activations

    def factor(self, entry: Entry) -> Size:
        return entry.times.work

    def row(self, row: Row) -> Cost:
        return row.activations


Quantity = _Work | _Held | _Made


def _quantity(net: Architecture, name: str) -> Quantity:
    match name:
        case "params":
            return _Held()
        case "activations" | "act":
            return _Made()
    if is_convention(name):
        return _Work(convention(name))
    if name in tuple(Op):
        return _Work(Convention(name, name, MEANING[Op(name)], "", {Op(name): Fraction(1)}))
    net.cost(name)  # says what is wrong with a name that means nothing
    message = f"'{name}' is no sum over layers by itself"
    help_ = "derive params, activations, an operation or a convention"
    raise SymcostError(Diagnostic("unknown-cost", message, help=help_))


def _shares(leaf: Leaf, y: Shape) -> Iterable[Share]:
    layer = leaf.layer
    if isinstance(layer, UserLayer):
        counts = {Op(n): (size,) for n, size in layer.counts.items() if n in tuple(Op)}
        return (Share(layer.name, "as its definition says", counts, ()),)
    return layer.shares(leaf.input, y)


def source_of(leaf: Leaf) -> str:
    """The line `Source:` of a kind, under its name."""
    said = (line.strip() for line in (type(leaf.layer).__doc__ or "").splitlines())
    found = next((line.removeprefix("Source: ") for line in said if line.startswith("Source:")), "")
    return f"{leaf.layer.kind}: {found.removesuffix('.')}" if found else ""


# ------------------------------------------------------------ the steps


class _Line:
    """Steps one after the other. Sizes are those inside the network; steps show them from outside."""

    def __init__(self, net: Architecture, quantity: Quantity) -> None:
        self.net, self.quantity = net, quantity
        self.steps: list[Step] = []
        self.names: dict[Symbol, Size] = {}

    def outside(self, size: Size) -> Size:
        return self.net.domain.public(self.net._apply(size))

    def add(
        self, what: str, rule: str, before: Form, after: Size | None = None, name: str = "", source: str = ""
    ) -> Named:
        """A step, and a reference to its result."""
        inner = value(before) if after is None else after
        number = len(self.steps) + 1
        self.steps.append(
            Step(number, what, rule, mapped(before, self.outside), shown(self.outside(inner)), name, source=source)
        )
        return Named(f"({number})", inner)

    def show(self, what: str, rule: str, before: Form, after: Form, limit: bool = False) -> None:
        """A step between forms seen from outside."""
        self.steps.append(Step(len(self.steps) + 1, what, rule, before, after, limit=limit))

    # a layer

    def layer(self, row: Row) -> Derivation:
        leaf = row.leaf
        source = source_of(leaf)
        y = self._sides(leaf, source)
        parts = list(self.quantity.parts(leaf, y))
        each = [p for p in parts if p.times == y.elements]
        found: list[Form] = [self._elements(each, y, source)] if each else []
        for part in (p for p in parts if p.times != y.elements):
            found.append(self.add(part.what, part.why, part.whole, source=source))
        cost = self.quantity.row(row)
        self._collected(found, cost, leaf.input.dims)
        output = replace(y, channels=self.outside(y.channels), dims=tuple(map(self.outside, y.dims)))
        return self._made(row.text, (row.input, output), cost)

    def _sides(self, leaf: Leaf, source: str) -> Shape:
        """The output with names for sides that are no plain size."""
        y = leaf.output
        words = AXES.get(y.rank, ("side",) * y.rank)
        dims = list(y.dims)
        seen: dict[Size, Size] = {}
        for axis, (rule, form) in enumerate(leaf.layer.sides(leaf.input)):
            side = y.dims[axis]
            if side not in seen:
                alike = sum(d == side for d in y.dims) > 1
                what = "output side" if alike else f"output {words[axis]}"
                seen[side] = self._side(what, words[axis], rule, form, side, source)
            dims[axis] = seen[side]
        return replace(y, dims=tuple(dims))

    def _side(self, what: str, axis: str, rule: str, form: Form, side: Size, source: str) -> Size:
        after = self.outside(side)
        if mapped(form, self.outside) == after:
            return side
        rounded = any(isinstance(a, Floor) for a in after.atoms())
        if after.number is not None or (len(after.terms) == 1 and not rounded):
            self.add(what, rule, form, side, source=source)
            return side
        symbol = self._fresh(f"{LETTERS.get(axis, 'X')}out")
        self.names[symbol] = after
        self.add(what, rule, form, side, source=source, name=symbol.name)
        return Size.of(symbol)

    def _fresh(self, name: str) -> Symbol:
        taken = {*self.net.domain.symbols, *(s.name for s in self.net.domain.named), *(s.name for s in self.names)}
        free = next(n for n in (name, *(f"{name}{i}" for i in range(2, 100))) if n not in taken)
        return Symbol(free)

    def _elements(self, parts: list[Part], y: Shape, source: str) -> Named:
        """What one output element takes, times how many there are."""
        number = self.add("output elements", "channels times positions, for the whole batch", times(*y.elements))
        found = [self.add(f"{p.what}, one element", p.why, p.each, source=source) for p in parts]
        one = found[0]
        if len(found) > 1:
            one = self.add("one element in all", "the sum", Added(tuple(found)))
        return self.add("all elements", "what one takes, times how many there are", Times((one, number)))

    # a network

    def network(self) -> Derivation:
        entries = [e for e in self.net._tally.entries if self.quantity.of(e).terms and self.quantity.factor(e).terms]
        found = [*self._rows(entries)]
        name = {_Held: "params", _Made: "activations"}.get(type(self.quantity), "")
        cost = self.net.cost(name or self.quantity.rule.name)  # type: ignore[union-attr]
        dims = self.net._graph.input.dims if self.net._graph.input is not None else ()
        self._collected(found, cost, dims)
        paid = {e.leaf.layer.kind for e in entries}
        free = dict.fromkeys(r.kind for r in self.net.layers if r.leaf.layer.kind not in paid and r.kind != "id")
        return self._made(self.net._graph.name or "network", (self.net.input, self.net.output), cost, tuple(free))

    def _rows(self, entries: list[Entry]) -> Iterator[Form]:
        """Every layer, equal ones once; those of one loop added up over its turns."""
        loops: dict[tuple[tuple[Symbol, Size], ...], dict[tuple[object, ...], list[Entry]]] = {}
        shared: dict[object, list[Entry]] = {}
        for entry in entries:
            if isinstance(self.quantity, _Held) and entry.times.shared is not None:
                shared.setdefault(entry.times.shared, []).append(entry)
                continue
            same = (entry.leaf.text, entry.leaf.input, entry.leaf.output, self.quantity.of(entry))
            loops.setdefault(entry.times.loops, {}).setdefault(same, []).append(entry)
        for around, rows in loops.items():
            found = [times(total(map(self.quantity.factor, same)), self._figure(same[0])) for same in rows.values()]
            yield from self._turns(found, around) if around else found
        for uses in shared.values():
            what = f"{uses[0].leaf.text}, shared"
            yield self.add(what, "weights with one address count once", weights_of(alike(uses)))

    def _figure(self, entry: Entry) -> Named:
        leaf = entry.leaf
        parts = list(self.quantity.parts(leaf, leaf.output))
        whole = added(*(p.whole for p in parts))
        why = "; ".join(dict.fromkeys(p.why for p in parts))
        found = self.add(leaf.text, why, whole, self.quantity.of(entry), source=source_of(leaf))
        self.steps[-1] = replace(self.steps[-1], on=self.net._shape(leaf.input))
        return found

    def _turns(self, found: list[Form], loops: tuple[tuple[Symbol, Size], ...]) -> Iterator[Form]:
        """One turn of the innermost loop, then the sum over the turns of each."""
        turn: Form = found[0]
        if len(found) > 1:
            index = ", ".join(i.name for i, _ in loops)
            turn = self.add(f"one turn, {index}", "the sum over its layers", Added(tuple(found)))
        for turns, count in reversed(loops):
            self._identities(value(turn), turns, count)
            inner = summed(value(turn), turns, count)
            turn = self.add(f"all turns of {turns.name}", "term by term", Turns(value(turn), turns, count), inner)
        yield turn

    def _identities(self, term: Size, index: Symbol, count: Size) -> None:
        """The sums of powers that adding up over the turns needs."""
        for part in dict.fromkeys(_in_index(m, index) for m in term.terms):
            rule = _rule(part, index)
            if rule:
                self.add(f"sum over {index.name}", rule, Turns(part, index, count), summed(part, index, count))

    # the end of both

    def _collected(self, found: list[Form], cost: Cost, dims: tuple[Size, ...]) -> None:
        """The sum, like terms collected, names written out, common factors taken out, the leading term."""
        unit, final = cost.unit, cost._presentable
        whole = total(value(f) for f in found)
        if not found:
            self.add(unit, "nothing that is done here has a price", ZERO)
        several = any(not isinstance(f, Named) for f in found) or len(found) > 1
        if several:
            self.add(unit, "the sum; like terms collected", added(*found), whole)
        collected = self.outside(whole)
        if self.steps[-1].after != collected and several:
            self.steps[-1] = replace(self.steps[-1], after=collected)
            self.show(unit, "common factors taken out", collected, shown(collected))
        if self.names:
            written = ", ".join(s.name for s in self.names)
            self.show(unit, f"{written} written out", self.steps[-1].after, final)
        elif self.steps[-1].after != final:
            self.show(unit, "common factors taken out", self.steps[-1].after, final)
        self._leading(cost, dims)

    def _leading(self, cost: Cost, dims: tuple[Size, ...]) -> None:
        """The highest power of the sides that come in, all of them growing at one rate; of all symbols without any."""
        size = cost._public
        sides = {s for d in dims for s in resolved(self.outside(d)).symbols()} & size.symbols()
        growing = sorted(sides or size.symbols(), key=lambda s: s.key)
        if not growing or any(not s.integer or s.high is not None for s in growing):
            return
        term = _leading_term(size, growing)
        if term is not None and term != size:
            names = [s.name for s in growing]
            listed = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
            rule = GROWTH.format(listed, "" if len(names) > 1 else "s")
            rule += ROUNDED if any(isinstance(a, Floor) for a in size.atoms()) else ""
            self.show("leading term", rule, self.steps[-1].after, shown(term), limit=True)

    def _made(
        self, title: str, ends: tuple[Shape | None, Shape | None], cost: Cost, free: tuple[str, ...] = ()
    ) -> Derivation:
        steps = tuple(self.steps)
        return Derivation(title, *ends, self.quantity.title, steps, cost, free, _net=self.net, _names=self.names)


def shown(size: Size) -> Size:
    """As symcost prints it, without parentheses around the whole."""
    found = presentable(size)
    ((monomial, _), *others) = found.terms.items() or [((), 0)]
    whole = not others and len(monomial) == 1 and isinstance(monomial[0][0], Group)
    return size if whole else found


def _leading_term(size: Size, growing: Sequence[Symbol]) -> Size | None:
    """What is left of the highest power when some symbols grow at one rate; None where that is not decided.

    They grow as multiples of what stands in denominators, so that roundings and fractions leave whole coefficients.
    """
    rate = Size.of(Symbol("rate", definition=ZERO))  # no symbol of the user is equal to it
    below = {a for m in size.terms for a, e in m if e < 0}
    below |= {s for a in size.atoms() if isinstance(a, Floor) for s in a.denominator.symbols()}
    scale = product(Size.of(a) for a in sorted(below - set(growing), key=lambda a: a.key))
    most = max((-e for m in size.terms for _, e in m), default=0)
    taller = size.subs({s: Size.of(s) * scale * rate for s in growing}) * scale ** max(most, 0)
    (symbol,) = rate.symbols()
    found = leading(taller, symbol)
    if found is None or found.order.rate != 1 or found.order.logs != 0 or found.order.degree.denominator != 1:
        return None
    degree = int(found.order.degree)
    return found.coefficient / scale ** (degree + max(most, 0)) if degree > 0 else None


def _in_index(monomial: Monomial, index: Symbol) -> Size:
    """The part of a monomial in which the turn stands."""

    def turns(atom: Atom) -> bool:
        return atom == index or any(index in part.symbols() for part in atom.inside())

    return Size({tuple((a, e) for a, e in monomial if turns(a)): 1})


def _rule(part: Size, index: Symbol) -> str:
    """By which rule a power is added up; empty for a constant and where there is none."""
    ((monomial, _),) = part.terms.items()
    atoms = [a for a, _ in monomial]
    if not atoms or any(not isinstance(a, Symbol | Power | Holds) for a in atoms):
        return ""
    if any(isinstance(a, Holds) for a in atoms):
        return "the turns on which the condition holds"
    if not any(isinstance(a, Power) for a in atoms):
        return "sums of powers of consecutive numbers (Faulhaber)"
    return "geometric series" if all(isinstance(a, Power) for a in atoms) else "geometric series, differentiated"


# ------------------------------------------------------------ points


def _symbols(form: Form, plain: Callable[[Size], Size]) -> set[Symbol]:
    match form:
        case Added(parts) | Times(parts):
            return {s for p in parts for s in _symbols(p, plain)}
        case Over():
            return _symbols(form.top, plain) | _symbols(form.bottom, plain)
        case Turns():
            return (_symbols(form.term, plain) | _symbols(form.count, plain)) - {form.index}
        case Named():
            return _symbols(form.form, plain)
    return plain(form).symbols()


def _point(symbols: list[Symbol], conditions: tuple[Condition, ...], random: Random) -> dict[Symbol, Rational]:
    """Small random numbers; a symbol that something must divide is made a multiple of it."""
    point: dict[Symbol, Rational] = {}
    span = random.choice((3, 9, 40, 300))
    for symbol in symbols:
        low = int(symbol.low) if symbol.low is not None else -9
        high = low + span if symbol.high is None else number_floor(symbol.high)
        point[symbol] = random.randint(low, max(low, high))
    for condition in conditions:
        ((monomial, _),) = condition.size.terms.items() if len(condition.size.terms) == 1 else (((), 0),)
        by = condition.divisor.subs({s: Size.of(n) for s, n in point.items()}).number
        if condition.kind == "|" and by and monomial and isinstance(monomial[0][0], Symbol):
            symbol = monomial[0][0]
            point[symbol] = point.get(symbol, 1) * by
    for symbol in (s for s in symbols if s.top is not None):  # the turn of a loop around the layer
        last = symbol.top.subs({s: Size.of(n) for s, n in point.items()}).number if symbol.top is not None else None
        point[symbol] = random.randint(0, max(0, int(last or 0)))
    return point


def _met(condition: Condition, point: Point) -> bool:
    return condition.subs({s: Size.of(n) for s, n in point.items()}).holds() is not False


def _at(form: Form, point: Point, plain: Callable[[Size], Size]) -> Rational:
    """The value of a form by arithmetic on numbers alone."""
    match form:
        case Added():
            return sum((_at(t, point, plain) for t in form.terms), Fraction(0))
        case Times():
            result = Fraction(1)
            for part in form.factors:
                result *= _at(part, point, plain)
            return result
        case Over():
            quotient = Fraction(_at(form.top, point, plain)) / _at(form.bottom, point, plain)
            if not form.rounded:
                return quotient
            return number_floor(quotient) if form.rounded == "down" else number_ceil(quotient)
        case Turns():
            turns = int(_at(form.count, point, plain))
            if turns > MAX_TURNS:
                raise OverflowError
            return sum((_at(form.term, {**point, form.index: i}, plain) for i in range(turns)), Fraction(0))
        case Named():
            return _at(form.form, point, plain)
    return evaluator(plain(form))(point)
