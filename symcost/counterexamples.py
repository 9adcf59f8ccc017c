"""Counterexamples: points at which a formula is not what is claimed, the smallest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count, islice
from math import floor as number_floor

from symcost.evaluate import Inside, Point, Tested, evaluator, free, in_numbers
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition

MAX_VALUES = 20_000  # of one symbol, those that its conditions refuse included
SAMPLES = (1, 2, 3, 5, 8, 13, 30, 31, 32, 64, 97, 224)


@dataclass(frozen=True)
class Verdict:
    """``equal`` is None where it is not decided; ``witness`` is a point where the two differ.

    ``smallest`` says that they agree, or the network does not exist, at every point with a smaller sum of its symbols.
    """

    equal: bool | None
    how: str
    witness: dict[str, Rational] | None = None
    smallest: bool = False


FAILS: dict[str, Callable[[Rational], bool]] = {
    "==": lambda value: value != 0,
    ">=": lambda value: value < 0,
    ">": lambda value: value <= 0,
    "!=": lambda value: value == 0,
}


class Search:
    """Points in the order of their sum above the least values, the smaller first; it goes on where it stopped."""

    def __init__(self, size: Size, relation: str, conditions: Sequence[Condition], inside: Inside | None) -> None:
        self.value, self.fails, self.inside = evaluator(size), FAILS[relation], inside
        own = free(size)
        self.conditions = [in_numbers(c) for c in conditions]
        while more := [c.symbols for c in self.conditions if own & c.symbols and not c.symbols <= own]:
            own = own.union(*more)  # what stands in a condition beside a symbol of the formula
        self.symbols = sorted(own, key=lambda s: s.key)
        alone: dict[Symbol, list[Tested]] = {s: [] for s in self.symbols}
        self.joint = []
        for c in self.conditions:
            if len(c.symbols) == 1 and c.symbols <= own:
                alone[next(iter(c.symbols))].append(c)
            elif c.symbols <= own:
                self.joint.append(c)
        self.columns = [_Column(s, alone[s]) for s in self.symbols]
        self.points, self.tried, self.skipped, self.met = self._in_order(), 0, 0, 0

    def within(self, tries: int) -> Verdict | None:
        """A counterexample among the next points, or that all points there are have been tried."""
        at = self.tried
        for point in islice(self.points, tries - self.tried):
            at += 1
            if self._refutes(point):
                self.tried = at
                smallest = not self.skipped
                how = "the smallest counterexample" if smallest else "a counterexample"
                return Verdict(False, how, {s.name: v for s, v in point.items()}, smallest)
        self.tried, ended = at, at < tries
        if not ended or self.skipped or any(c.cut for c in self.columns):
            return None
        if not self.met:
            return Verdict(None, "not decided: there is nothing for which the conditions hold")
        return Verdict(
            True, f"true at all {self.met} points there are" if self.met > 1 else "true at the one point there is"
        )

    def samples(self) -> Verdict | None:
        """A counterexample among larger values."""
        for shift in range(len(SAMPLES)):
            for sample in SAMPLES:
                point: dict[Symbol, Rational] = {}
                for index, symbol in enumerate(self.symbols):
                    number = sample if index == 0 else SAMPLES[(SAMPLES.index(sample) + shift * index) % len(SAMPLES)]
                    point[symbol] = _within(symbol, number)
                if all(c.holds(point) for c in self.conditions if c.symbols <= point.keys()) and self._refutes(point):
                    return Verdict(False, "a counterexample", {s.name: v for s, v in point.items()})
        return None

    def _refutes(self, point: dict[Symbol, Rational]) -> bool:
        try:
            if not all(c.holds(point) for c in self.joint):
                return False
            self.met += 1
            return self.fails(self.value(point)) and (self.inside is None or self.inside(point))
        except ZeroDivisionError:  # one side is no number here, so nothing is claimed
            return False
        except OverflowError:
            self.skipped += 1
            return False

    def _in_order(self) -> Iterator[dict[Symbol, Rational]]:
        """Best first: a heap of index vectors, each made from one parent only."""
        columns = self.columns
        first = [column.at(0) for column in columns]
        if any(found is None for found in first):
            return
        start = tuple(0 for _ in columns)
        heap: list[tuple[Rational, tuple[int, ...], int]] = [(sum(f[0] for f in first if f), start, 0)]
        while heap:
            cost, indices, last = heappop(heap)
            values = [column.at(i) for column, i in zip(columns, indices, strict=True)]
            yield {c.symbol: v[1] for c, v in zip(columns, values, strict=True) if v}
            for place in range(last, len(columns)):
                here, there = columns[place].at(indices[place]), columns[place].at(indices[place] + 1)
                if here is not None and there is not None:
                    moved = (*indices[:place], indices[place] + 1, *indices[place + 1 :])
                    heappush(heap, (cost - here[0] + there[0], moved, place))


class _Column:
    """The values of one symbol that its own conditions allow, with their distance from the least."""

    def __init__(self, symbol: Symbol, conditions: list[Tested]) -> None:
        self.symbol, self.conditions = symbol, conditions
        self.found: list[tuple[Rational, Rational]] = []
        self.left = islice(values_of(symbol), MAX_VALUES)
        self.cut = (
            not symbol.integer or symbol.high is None or symbol.low is None or symbol.high - symbol.low >= MAX_VALUES
        )

    def at(self, index: int) -> tuple[Rational, Rational] | None:
        while len(self.found) <= index:
            pair = next(self.left, None)
            if pair is None:
                return None
            if all(_quietly(c, {self.symbol: pair[1]}) for c in self.conditions):
                self.found.append(pair)
        return self.found[index]


def _quietly(condition: Tested, point: Point) -> bool:
    try:
        return condition.holds(point)
    except (ZeroDivisionError, OverflowError):
        return False


def values_of(symbol: Symbol) -> Iterator[tuple[Rational, Rational]]:
    """Distance and value: up from the least one, or away from 0; a real symbol in halves."""
    low, high = symbol.low, symbol.high
    step: Rational = 1 if symbol.integer else Fraction(1, 2)
    if low is None:
        start: Rational = 0 if high is None or high >= 0 else high
        for i in count():
            for sign in (1, -1) if i else (1,):
                if high is None or start + sign * i * step <= high:
                    yield i, start + sign * i * step
        return
    if high is not None and not symbol.integer:
        step = Fraction(high - low) / 4 or Fraction(1)
    for i in count():
        if high is not None and low + i * step > high:
            return
        yield i, low + i * step


def _within(symbol: Symbol, number: int) -> Rational:
    value: Rational = number if symbol.integer else Fraction(number, 7)
    if symbol.low is not None:
        value = symbol.low - 1 + number if symbol.integer else symbol.low + Fraction(number, 7)
    if symbol.high is not None and value > symbol.high:
        value = (
            symbol.high if symbol.low is None else symbol.low + (number % 7) * (symbol.high - symbol.low) / Fraction(7)
        )
        value = number_floor(value) if symbol.integer else value
    return value
