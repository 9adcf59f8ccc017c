"""Loops with a symbolic or a huge number of turns: shapes carried round in closed form, proved by induction.

One turn is resolved on placeholder sizes. What it does to each size is guessed to be one of a few recurrences; the guess S(t) is
then checked: S(0) is what comes in, and one turn takes S(t) to S(t + 1). Where that does not hold, there is no closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from symcost.graph.nodes import LostError
from symcost.sizes.atoms import ONE, Floor, Group, Size, Symbol, power
from symcost.sizes.rounding import floor
from symcost.sizes.shape import Shape
from symcost.sizes.sums import summed
from symcost.source import SymcostError

Turn = Callable[[Shape, Size], Shape]  # the shape after a turn that starts on a shape, at a number of the turn


@dataclass(frozen=True)
class Carried:
    """Shapes at the start of every turn, as a function of the turn.

    With ``peel`` the first turn is on its own and ``shape`` counts turns from the second.
    """

    turn: Symbol
    shape: Shape
    peel: bool

    def at(self, turn: Size) -> Shape:
        return self.shape.subs({self.turn: turn})


def carried(x: Shape, count: Size, step: Turn, label: str) -> Carried | None:
    """The shapes of a loop that starts on ``x``, or None where no recurrence fits."""
    turn = Symbol(label, low=0, top=count - 1)
    if _unchanged(x, turn, step):
        return Carried(turn, x, False)
    placeholders, generic = _placeholders(x, label)
    after = step(generic, Size.of(turn))
    if after.rank != x.rank or after.ids != x.ids:
        return None
    guess = _guess(x, generic, after, placeholders, turn)
    if guess is None:
        return None
    start = guess.subs({turn: Size.of(0)})
    if start == x:
        return Carried(turn, guess, False) if _inductive(guess, after, generic, turn) else None
    first = step(x, Size.of(0))
    second = guess.subs({turn: Size.of(1)})
    if first != second or not _inductive(guess, after, generic, turn):
        return None
    later = Symbol(label, low=0, top=count - 2)
    return Carried(later, guess.subs({turn: Size.of(later) + 1}), True)


def _unchanged(x: Shape, turn: Symbol, step: Turn) -> bool:
    """Whether every turn leaves the shape alone, as far as that can be said of a turn of any number."""
    try:
        return step(x, Size.of(turn)) == x
    except (SymcostError, LostError):
        return False


def _placeholders(x: Shape, label: str) -> tuple[list[Symbol], Shape]:
    symbols = [Symbol(f"#{label}{i}") for i in range(x.rank + 1)]
    sizes = [Size.of(s) for s in symbols]
    return symbols, replace(x, channels=x.channels if x.ids else sizes[0], dims=tuple(sizes[1:]))


def _sizes(shape: Shape) -> list[Size]:
    return [shape.channels, *shape.dims]


def _guess(x: Shape, generic: Shape, after: Shape, placeholders: list[Symbol], turn: Symbol) -> Shape | None:
    """Sizes at the start of turn t: those that do not change first, then those that depend on nothing unknown."""
    before, result = (
        dict(zip(placeholders, _sizes(x), strict=True)),
        dict(zip(placeholders, _sizes(after), strict=True)),
    )
    if x.ids:
        result[placeholders[0]] = Size.of(placeholders[0])
    solved: dict[Symbol, Size] = {p: before[p] for p in placeholders if result[p] == Size.of(p)}
    left = [p for p in placeholders if p not in solved]
    while left:
        progress = False
        for p in list(left):
            rule = result[p].subs(solved)
            if any(q in rule.symbols() for q in left if q != p):
                continue
            found = _solve(rule, p, before[p], turn)
            if found is None:
                return None
            solved[p] = found
            left.remove(p)
            progress = True
        if not progress:
            return None
    channels, *dims = (solved[p] for p in placeholders)
    return replace(x, channels=x.channels if x.ids else channels, dims=tuple(dims))


def _solve(rule: Size, own: Symbol, start: Size, turn: Symbol) -> Size | None:
    """The size at the start of turn t, where a turn makes ``rule`` of it."""
    t, v = Size.of(turn), Size.of(own)
    if own not in rule.symbols():
        return rule.subs({turn: t - 1})  # set by the turn before
    step = rule - v
    if own not in step.symbols():  # v + b(t)
        inner = Symbol(f"#{turn.name}", low=0)
        return start + summed(step.subs({turn: Size.of(inner)}), inner, t)
    slope = (rule - rule.subs({own: Size.of(0)})) / v
    if own not in slope.symbols() and turn not in rule.symbols() and not _grouped(slope):  # a*v + b
        grown = power(slope, t)
        constant = rule.subs({own: Size.of(0)})
        return start * grown + constant * (grown - 1) / (slope - 1)
    return _halved(rule, own, start, t) if turn not in rule.symbols() else None


def _halved(rule: Size, own: Symbol, start: Size, t: Size) -> Size | None:
    """``⌊(v + r)/d⌋`` over and over is ``⌊(v + r*(d^t - 1)/(d - 1))/d^t⌋`` (R2, R20)."""
    rounded = [(a, c) for m, c in rule.terms.items() for a, e in m if isinstance(a, Floor) and len(m) == 1 and e == 1]
    if len(rounded) != 1 or rounded[0][1] != 1:
        return None
    atom = rounded[0][0]
    assert isinstance(atom, Floor)
    divisor = atom.denominator
    remainder = atom.numerator - Size.of(own) + (rule - Size.of(atom)) * divisor
    if own in remainder.symbols() or own in divisor.symbols():
        return None
    grown = power(divisor, t)
    return floor((start + remainder * (grown - 1) / (divisor - 1)) / grown)


def _grouped(size: Size) -> bool:
    return any(isinstance(a, Group) for m in size.terms for a, _ in m)


def _inductive(guess: Shape, after: Shape, generic: Shape, turn: Symbol) -> bool:
    """One turn takes S(t) to S(t + 1)."""
    values = {
        next(iter(p.symbols())): size
        for p, size in zip(_sizes(generic), _sizes(guess), strict=True)
        if not (generic.ids and p == generic.channels)
    }
    moved = after.subs(values)
    following = guess.subs({turn: Size.of(turn) + ONE})
    return all(a == b for a, b in zip(_sizes(moved), _sizes(following), strict=True))
