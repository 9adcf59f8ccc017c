"""Repeats and loops: turns written out, one turn as a factor, or turns in closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from symcost import syntax as s
from symcost.depth import EndlessLoop, repeated
from symcost.graph.loops import carried
from symcost.graph.merge import COMPOSITES
from symcost.graph.names import defined
from symcost.graph.nodes import Loop, LostError, Mark, Node, Repeat, Run, Sequence
from symcost.graph.scope import BlockBinding, Family, Member, Scope, Tensor
from symcost.graph.tensors import maybe_tensor
from symcost.graph.values import Evaluator, fail
from symcost.limiting import allowed, check, raising
from symcost.sizes.atoms import ONE, ZERO, Size, Symbol
from symcost.sizes.bounds import lower
from symcost.sizes.facts import Condition, at_least, divisible, never_negative
from symcost.sizes.functions import holds
from symcost.sizes.shape import Shape
from symcost.source import Span, SymcostError

if TYPE_CHECKING:
    from symcost.graph.elaborate import Builder

ENDS = ((0, 0), (1, 0), (0, 1), (1, 1))  # turns at the beginning and at the end that are tried by themselves
OPEN = ("undecided", "no-closed-form")  # what a turn by itself may mend
NO_TENSOR = "say what comes in first: input 3@X x X"
MAX_UNROLLED = 64  # turns of a loop written out one by one, when its count is a number

Turn = Callable[[Size], list[Node]]
Kept = dict[str, list[Member]]


def times(b: Builder, step: s.Step, times: s.Times, scope: Scope) -> list[Node]:
    count = Evaluator(scope).size(times.count)
    if scope.here is None or b.lost:
        return b.core(step, scope)

    def turn(t: Size) -> list[Node]:
        inner = scope.inner(home=True)
        inner.turn, inner.entered, inner.entry = True, scope.entered, scope.entry
        nodes = b.core(step, inner, times.options if t != 0 else ())
        scope.here = inner.here
        return nodes if inner.pointed is None else [Mark(inner.pointed), *nodes]

    if not times.options:
        return _turns(b, turn, count, scope, times.span, same=True)
    if not _has_options(step.core, scope):
        raise fail("unknown-option", "options behind a count are those of one layer or block", times.options[0].span)
    if count.number == 0:
        return []
    b.require(at_least(count, 1, "this loop runs at least once", "bad-value"), times.span, None)
    first = _one(b, turn, Size.of(0), scope)
    return [*first, *_turns(b, lambda t: turn(t + 1), count - 1, scope, times.span, same=True)]


def _has_options(core: s.Node, scope: Scope) -> bool:
    """Whether it is a layer of the library or a block, or nothing known."""
    if not isinstance(core, s.Call):
        return False
    found = defined(core, scope)
    return core.text not in (*COMPOSITES, "body") if found is None else isinstance(found[0], BlockBinding)


def for_(b: Builder, node: s.For, scope: Scope) -> list[Node]:
    if isinstance(node.over, s.Table):
        check("rows", len(node.over.rows), "rows of a table", node.over.span)
        return [n for row in node.over.rows for n in _row(b, node, row, scope)]
    evaluator = Evaluator(scope)
    first, last = evaluator.size(node.over.first), evaluator.size(node.over.last)
    if len(node.names) != 1:
        raise fail("wrong-count", "a loop over a range has one name", node.span)
    step = -1 if node.over.kind == "downto" else 1
    count = (last - first) * step + (0 if node.over.kind == "..<" else 1)

    def turn(t: Size) -> list[Node]:
        inner = scope.inner(home=True)
        inner.turn = True
        inner.names[node.names[0]] = first + step * t
        nodes = b.items(node.body, inner)
        scope.here = inner.here
        return [Mark(inner.entry), *nodes]

    return _turns(b, turn, count, scope, node.over.span, same=False)


def _row(b: Builder, node: s.For, row: tuple[s.Expr, ...], scope: Scope) -> list[Node]:
    if len(row) != len(node.names):
        raise fail("wrong-count", f"{len(row)} values for {len(node.names)} names", row[0].span)
    inner = scope.inner(home=True)
    inner.turn = True
    for name, expr in zip(node.names, row, strict=True):
        shape = maybe_tensor(expr, scope)
        value = Tensor(shape) if shape is not None else Evaluator(scope).value(expr)
        if not isinstance(value, Size | bool | tuple | Tensor):
            raise fail("size-needed", f"'{name}' is a size or a tensor", expr.span)
        inner.names[name] = value
    marks = [Mark(tag) for tag in (inner.entry, scope.pointed) if tag is not None]
    scope.pointed = None  # `here` in the next row is another tensor
    nodes = b.items(node.body, inner)
    scope.here = inner.here
    return [*marks, *nodes]


def _turns(b: Builder, turn: Turn, count: Size, scope: Scope, span: Span, same: bool) -> list[Node]:
    """The turns of a loop: written out, as one factor, or in closed form.

    ``same`` says that nothing but the shape tells one turn from another.
    """
    number = count.number
    if number is not None and (number < 0 or not count.integer):
        raise fail("bad-value", f"a loop runs a whole number of times, not {count}", span)
    if number is None:
        b.require(divisible(count, ONE, "a loop runs a whole number of times", "bad-value"), span, None)
    x = scope.here
    if number == 0 or b.lost:
        return []
    if x is None:
        raise fail("no-tensor", "there is no tensor for this loop to work on", span, NO_TENSOR)
    if same:
        if number is None:
            b.require(at_least(count, 0, "a loop does not run a negative number of times", "bad-value"), span, None)
        found = _fixed(b, turn, count, scope, x, span, 2 if number is None else MAX_UNROLLED)
        if found is not None:
            return found
    if number is not None and number <= MAX_UNROLLED:
        return _written_out(b, turn, int(number), scope)
    b.require(at_least(count, 0, "a loop does not run a negative number of times", "bad-value"), span, None)
    families = {name: list(f.members) for name, f in _families(scope)}
    before = len(b.conditions)
    try:
        return _closed(b, turn, count, scope, x, span)
    except SymcostError as error:
        closed = all(d.code not in (*OPEN, "unknown-name") for d in error.diagnostics)
        if closed or number is None:
            raise
        if number > allowed().turns:
            raise SymcostError([replace(d, help=raising("turns", int(number))) for d in error.diagnostics]) from None
    b.forget(before)
    _restore(scope, families)
    scope.here = x
    return _written_out(b, turn, int(number), scope)


def _written_out(b: Builder, turn: Turn, count: int, scope: Scope) -> list[Node]:
    return [node for i in range(count) for node in _one(b, turn, Size.of(i), scope)]


def _one(b: Builder, turn: Turn, t: Size, scope: Scope) -> list[Node]:
    nodes = turn(t)
    if b.lost:
        raise LostError
    return nodes


def _alone(turn: Turn, scope: Scope, span: Span) -> Turn:
    """A turn that stands for others: what it names must not be what another turn finds under a name."""

    def alone(t: Size) -> list[Node]:
        before = [(family, family.mark, family.reached) for _, family in _families(scope)]
        for family, _, _ in before:
            family.mark, family.reached = len(family.members), False
        try:
            nodes = turn(t)
            for family, _, _ in before:
                if family.reached and len(family.members) > family.mark:
                    message = "a turn of this loop takes a tensor that the turn before may have named"
                    raise fail("no-closed-form", message, span, f"give the count a number of at most {MAX_UNROLLED}")
            return nodes
        finally:
            for family, mark, reached in before:
                family.mark, family.reached = mark, reached or family.reached

    return alone


def _fixed(b: Builder, turn: Turn, count: Size, scope: Scope, x: Shape, span: Span, limit: int) -> list[Node] | None:
    """Turns until one leaves its shape alone; the rest is a factor. None where none of the first ones does."""

    def one(shape: Shape) -> tuple[tuple[Node, ...], Shape]:
        scope.here = shape
        nodes = tuple(_one(b, _alone(turn, scope, span), Size.of(0), scope))
        assert scope.here is not None
        return nodes, scope.here

    before = len(b.conditions)
    families = {name: list(f.members) for name, f in _families(scope)}
    try:
        turns, scope.here = repeated(one, x, count, limit)
    except SymcostError as error:
        if any(d.code != "no-closed-form" for d in error.diagnostics):
            raise
        scope.here = x
        b.forget(before)
        _restore(scope, families)
        return None
    except EndlessLoop:
        scope.here = x
        b.forget(before)
        return None
    if count.number is None:
        runs = holds(">=", count - 1, ONE)  # in a loop without turns nothing is needed
        b.known.clear()  # their conditions are said of this loop
        b.conditions[before:] = [replace(c, guard=c.guard * runs) for c in b.conditions[before:]]
    if len(turns) > 1 and count.number is None:
        b.require(at_least(count, 1, "this loop runs at least once", "bad-value"), span, None)
    return [_repeat(nodes, n) for nodes, n in turns]


def _closed(b: Builder, turn: Turn, count: Size, scope: Scope, x: Shape, span: Span) -> list[Node]:
    """The turns in closed form; where those between have one and the first or the last has not, that one by itself."""
    families = {name: list(f.members) for name, f in _families(scope)}
    before = len(b.conditions)
    refused: SymcostError | None = None
    for first, last in ENDS:
        try:
            return _between(b, turn, count, scope, span, first, last)
        except SymcostError as error:
            if any(d.code not in OPEN for d in error.diagnostics):
                raise
            refused = refused or error
        b.forget(before)
        _restore(scope, families)
        scope.here, b.lost = x, False
    assert refused is not None
    raise refused


def _between(b: Builder, turn: Turn, count: Size, scope: Scope, span: Span, first: int, last: int) -> list[Node]:
    """All turns in closed form but so many at the ends, which are resolved by themselves."""
    nodes: list[Node] = []
    if first + last:
        b.require(at_least(count, first + last, "this loop has so many turns", "no-closed-form"), span, None)
        turn = _knowing(b, scope, count - first - last, turn)
    if first:
        nodes += _told(b, turn, ZERO, scope)
    assert scope.here is not None
    nodes += _all(b, lambda t: turn(t + first), count - first - last, scope, scope.here, span)
    if last:
        nodes += _told(b, turn, count - 1, scope)
    return nodes


def _knowing(b: Builder, scope: Scope, size: Size, turn: Turn) -> Turn:
    """A turn inside which a size is known not to be negative."""

    def known(t: Size) -> list[Node]:
        scope.known.append(size)
        b.running.append(size)
        try:
            return turn(t)
        finally:
            scope.known.pop()
            b.running.pop()

    return known


def _all(b: Builder, turn: Turn, count: Size, scope: Scope, x: Shape, span: Span) -> list[Node]:
    turn = _alone(_knowing(b, scope, count - 1, turn), scope, span)  # what stands in a loop is there only where it runs
    families = {name: list(f.members) for name, f in _families(scope)}

    def step(shape: Shape, t: Size) -> Shape:
        with b.trial(scope):
            scope.here = shape
            try:
                _one(b, turn, t, scope)
            finally:
                _restore(scope, families)
        assert scope.here is not None
        return scope.here

    label = _fresh(b, x, count, scope)
    b.labels.add(label)
    try:
        found = carried(x, count, step, label)
    except LostError:  # on placeholder sizes: what is wrong on the real ones, if anything, is for the reader
        for t in (ZERO, Size.of(Symbol(label, low=0, top=count - 1))):
            scope.here = x
            _told(b, turn, t, scope)
            _restore(scope, families)
        found = None
    if found is None:
        message = f"no rule with a closed form tells how the shape changes with the turns ({x} comes in)"
        help_ = f"give the count a number of at most {MAX_UNROLLED}"
        if (lower(count) or 0) < 1:
            help_ += f"; if the loop always runs, say so: assume {count} >= 1"
        raise fail("no-closed-form", message, span, help_)
    nodes: list[Node] = []
    peeled: Kept = {}
    scope.here = x
    rest = count
    if found.peel:
        b.require(at_least(count, 1, "this loop runs at least once", "no-closed-form"), span, None)
        nodes += _one(b, turn, Size.of(0), scope)
        peeled = {name: f.members[len(families.get(name, [])) :] for name, f in _families(scope)}
        families = {name: list(f.members) for name, f in _families(scope)}
        rest = count - 1
    before = len(b.conditions)
    scope.here = found.shape
    t = Size.of(found.turn)
    body = _one(b, turn, t + 1 if found.peel else t, scope)
    if scope.here != found.at(t + 1):
        raise fail("no-closed-form", "the shapes of this loop have no closed form", span)
    inside, b.conditions[before:] = b.conditions[before:], []
    for condition in inside:
        for moved in _of_all_turns(condition, found.turn, rest):
            b.require(moved, span, None)
    _index_families(scope, families, found.turn, rest)
    _with_first(scope, peeled)
    scope.here = found.at(rest)
    return [*nodes, Loop(Sequence(tuple(body)), found.turn, rest)]


def _told(b: Builder, turn: Turn, t: Size, scope: Scope) -> list[Node]:
    """One turn; what is wrong with it is raised, rather than reported."""
    before = dict(scope.report.diagnostics)
    uses, b.uses = b.uses, []  # they are told where it is caught
    try:
        return _one(b, turn, t, scope)
    except LostError:
        new = [d for d in scope.report.diagnostics if d not in before]
        for diagnostic in new:
            del scope.report.diagnostics[diagnostic]
        b.lost = False
        raise SymcostError(new) from None
    finally:
        b.uses = uses


def _of_all_turns(condition: Condition, turn: Symbol, count: Size) -> list[Condition]:
    """A condition of every turn: of the first or the last where it is monotonic, otherwise said of every turn."""
    symbols = condition.size.symbols() | condition.divisor.symbols() | condition.guard.symbols()
    symbols |= {symbol for _, turns in condition.turns for symbol in turns.symbols()}
    runs = holds(">=", count - 1, ONE)  # in a loop without turns nothing is needed
    if turn not in symbols:
        return [replace(condition, guard=condition.guard * runs)]
    rises = condition.size.subs({turn: Size.of(turn) + 1}) - condition.size
    if condition.kind == ">=" and not condition.turns and turn not in condition.guard.symbols():
        for end, monotonic in ((Size.of(0), never_negative(rises)), (count - 1, never_negative(-rises))):
            if monotonic:
                there = condition.size.subs({turn: end})
                moved = at_least(there, 0, condition.why, condition.code)
                return [replace(moved, guard=condition.guard * runs)]
    return [replace(condition, turns=((turn, count), *condition.turns))]


def _families(scope: Scope) -> list[tuple[str, Family]]:
    return [(n, b) for outer in scope.chain() for n, b in outer.names.items() if isinstance(b, Family)]


def _restore(scope: Scope, families: Kept) -> None:
    """Forget what a trial turn named."""
    for name, family in _families(scope):
        family.members = list(families.get(name, []))


def _index_families(scope: Scope, families: Kept, turn: Symbol, count: Size) -> None:
    """What the body of a loop named by its turn is a function of the turn."""
    for name, family in _families(scope):
        old = len(families.get(name, []))
        family.members[old:] = [_of_turns(m, turn, count) for m in family.members[old:]]


def _of_turns(member: Member, turn: Symbol, count: Size) -> Member:
    """A tensor named in every turn: one for each where the turn is its index, otherwise that of the last turn."""
    shape = member.shape
    sizes = [member.index, member.count, shape.channels, *shape.dims, shape.batch]
    if all(turn not in size.symbols() for size in sizes):
        return member if never_negative(count - 1) else replace(member, sure=False)
    if member.turn is not None:
        return replace(member, known=False)  # of an inner loop, and different in every turn of this one
    if turn in member.index.symbols():
        return replace(member, turn=turn, count=count)
    sure = member.sure and never_negative(count - 1)
    return replace(member, shape=shape.subs({turn: count - 1}), sure=sure)


def _with_first(scope: Scope, peeled: Kept) -> None:
    """A first turn that was resolved by itself joins the others where it named what they name."""
    for name, family in _families(scope):
        for first in peeled.get(name, []):
            for place, member in enumerate(family.members):
                if member.turn is None or member.index.subs({member.turn: Size.of(-1)}) != first.index:
                    continue
                if member.shape.subs({member.turn: Size.of(-1)}) == first.shape:
                    back = {member.turn: Size.of(member.turn) - 1}
                    sure = first.sure and member.sure
                    joined = Member(
                        member.index.subs(back), member.shape.subs(back), member.turn, member.count + 1, sure
                    )
                    family.members[place] = joined
                    family.members.remove(first)
                    break


def _fresh(b: Builder, x: Shape, count: Size, scope: Scope) -> str:
    """A name for the turn that nothing else bears: another loop around, above all."""
    taken = {a.name for size in (x.channels, *x.dims, count) for a in size.symbols()} | scope.visible() | b.labels
    return next(n for n in ("t", "u", "v", "w", *(f"t{k}" for k in range(1, 10_000))) if n not in taken)


def _repeat(nodes: tuple[Node, ...], count: Size) -> Node:
    """One node as itself, several as a chain: a run is as many as there are layers in it, as if they stood there."""
    alone = len(nodes) == 1 and not (isinstance(nodes[0], Run) and len(nodes[0].widths) > 1)
    node = nodes[0] if alone else Sequence(nodes)
    return node if count == ONE else Repeat(node, count)
