"""Costs over a grid of sizes: every point exact, what is kept chosen by conditions, the grid never held.

The grid is worked out in blocks with NumPy, or handed to a database as one query that says the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import TYPE_CHECKING, Any

from symcost.claims import Claims, figure
from symcost.emit.arrays import Arrays, safely
from symcost.emit.code import Code, Node, Result, inputs_of
from symcost.emit.function import proved
from symcost.emit.module import DIALECTS
from symcost.emit.ranges import Range, Ranges
from symcost.emit.sql import Query, column
from symcost.emit.wide import Wide
from symcost.limiting import check
from symcost.parser import parse_formula
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from symcost.architecture import Architecture

CHUNK = 1 << 17  # points of a block
TRIED = 1024  # points of a block whose front the others are held against before they are sorted
HELD = 32  # how many of that front, where there are not two figures
_COMPARISON = re.compile(r"(.+?)\s*(<=|>=|==|!=|<|>)\s*(.+)$")

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Axis:
    """The values of one symbol: from first to last in steps."""

    symbol: Symbol
    first: Fraction
    last: Fraction
    step: Fraction

    @property
    def count(self) -> int:
        return int((self.last - self.first) // self.step) + 1 if self.last >= self.first else 0

    @property
    def bottom(self) -> int:
        """The denominator of every value."""
        return lcm(self.first.denominator, self.step.denominator)

    @property
    def start(self) -> int:
        return int(self.first * self.bottom)

    @property
    def stride(self) -> int:
        return int(self.step * self.bottom)

    @property
    def range(self) -> Range:
        return self.start, self.start + self.stride * max(self.count - 1, 0)


@dataclass(frozen=True)
class Aim:
    """One figure of a Pareto front, less of which is better, or more."""

    name: str
    most: bool = False


class Sweep:
    """Costs of a network over axes, where it exists and where conditions hold.

    ``where`` compares costs, symbols and formulas: ``"macs < 1G and params <= 25.6M"``. ``pareto`` keeps the points that no
    other beats in all of the figures named; ``max:X`` is one that should be large. Raises `SymcostError` where a symbol is left.
    """

    def __init__(
        self,
        net: Architecture,
        axes: Mapping[str, tuple[Rational, Rational, Rational]],
        of: Sequence[str],
        where: str = "",
        pareto: Sequence[str] = (),
    ) -> None:
        self.net, self.of = net, tuple(dict.fromkeys(of))
        self.axes = [self._axis(n, *map(Fraction, limits)) for n, limits in axes.items()]
        check("points", self.size, "points of a grid")
        self.aims = [
            Aim(p.partition(":")[2], True) if p.startswith("max:") else Aim(p.removeprefix("min:")) for p in pareto
        ]
        self.columns = (*(a.symbol.name for a in self.axes), *self.of)
        twice = next((name for name in self.of if name in axes), None)
        if twice is not None:
            help_ = "rename the symbol, or choose other costs with --of"
            raise SymcostError(
                Diagnostic("already-defined", f"'{twice}' is a symbol of the sweep and a cost", help=help_)
            )
        missing = next((a.name for a in self.aims if a.name not in self.columns), None)
        if missing is not None:
            help_ = f"figures: {', '.join(self.columns)}"
            raise SymcostError(Diagnostic("unknown-cost", f"'{missing}' is no figure of the sweep", help=help_))
        code = Code()
        self.results: dict[str, Result] = {name: code.result(self._sized(net.cost(name)._public)) for name in self.of}
        every = (*net.requirements, *self._where(where))
        made = [code.condition(c) for c in every]
        self.conditions: list[Node] = made
        self.ranges: dict[str, Range] = {}
        for axis in self.axes:
            names = inputs_of(axis.symbol)
            self.ranges[names[0]] = axis.range
            self.ranges |= dict.fromkeys(names[1:], (axis.bottom, axis.bottom))
        for condition in every:
            self._sized(condition.size)

    def _axis(self, name: str, first: Fraction, last: Fraction, step: Fraction) -> Axis:
        symbol = self.net.domain.declared(name).symbol
        if symbol.integer and (first.denominator > 1 or step.denominator > 1):
            raise SymcostError(
                Diagnostic("outside-domain", f"the values of {name} are not all integers: {name} is an integer")
            )
        for end, bound, beyond in ((first, symbol.low, -1), (last, symbol.high, 1)):
            if bound is not None and (end - bound) * beyond > 0:
                word = "at least" if beyond < 0 else "at most"
                raise SymcostError(
                    Diagnostic("outside-domain", f"{name} is {word} {bound}, and the sweep goes to {end}")
                )
        return Axis(symbol, first, last, step)

    def _sized(self, size: Size) -> Size:
        """A formula in nothing but the symbols of the axes."""
        turns = {a.index for a in size.atoms() if hasattr(a, "index")}
        left = sorted({s.name for s in size.symbols() - turns} - {a.symbol.name for a in self.axes})
        left = [n for n in left if n in self.net.domain.symbols]
        if left:
            raise SymcostError(
                Diagnostic(
                    "unknown-symbol",
                    f"the sweep has no values for {left[0]}",
                    help=f"give them with --over or --set: {left[0]}=...",
                )
            )
        return size

    def _where(self, text: str) -> Iterator[Condition]:
        for part in filter(None, re.split(r"\s+and\s+", text.strip())):
            found = _COMPARISON.match(part)
            if found is None:
                raise SymcostError(
                    Diagnostic("bad-value", f"'{part}' compares nothing", help="write it as in: macs < 1G and X >= 64")
                )
            left, sign, right = self._side(found[1]), found[2], self._side(found[3])
            if sign in ("==", "!="):
                yield Condition(sign, left - right)
            else:
                yield Condition(">=" if "=" in sign else ">", left - right if sign[0] == ">" else right - left)

    def _side(self, text: str) -> Size:
        number = figure(text)
        if number is not None:
            return Size.of(number)
        cost = self.net._cost(Claims(self.net).size(parse_formula(text)), "")
        return cost._public

    # how much there is

    @property
    def size(self) -> int:
        """How many points the grid has."""
        return prod(a.count for a in self.axes)

    # worked out here

    def rows(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[list[Sequence[Any]]]:
        """Blocks of columns, symbols first: points in the order of the grid, or the Pareto front at the end."""
        import numpy as np

        front: list[Any] = []
        done = 0
        for points in self._blocks(np):
            block = self._block(np, points)
            done += prod(np.broadcast_shapes(*(a.shape for a in points.values())))
            if self.aims:
                front = self._joined(np, front, block)
            elif block[0].size:
                yield [c.tolist() for c in block]
            progress(done)
        if front and front[0].size:
            yield [c.tolist() for c in front]

    def _blocks(self, np: Any) -> Iterator[dict[str, Any]]:
        """Points of a part of the grid as arrays that broadcast, a dimension for each axis."""
        spans: list[int] = []
        room = CHUNK
        for axis in reversed(self.axes):
            spans.insert(0, max(1, min(axis.count, room)))
            room //= max(axis.count, 1)
        if self.size:
            yield from self._parts(np, spans, 0, {})

    def _parts(self, np: Any, spans: Sequence[int], place: int, made: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if place == len(self.axes):
            yield made
            return
        axis = self.axes[place]
        shape = [1] * len(self.axes)
        names = inputs_of(axis.symbol)
        for start in range(0, axis.count, spans[place]):
            shape[place] = min(spans[place], axis.count - start)
            narrow = max(map(abs, axis.range)) < 2**63
            places = np.arange(start, start + shape[place], dtype=np.int64 if narrow else object)
            tops = (axis.start + axis.stride * places).reshape(shape)
            below = {n: np.full([1] * len(self.axes), axis.bottom) for n in names[1:]}
            yield from self._parts(np, spans, place + 1, {**made, names[0]: tops, **below})

    def _block(self, np: Any, points: dict[str, Any]) -> list[Any]:
        shape = np.broadcast_shapes(*(a.shape for a in points.values()))
        kept = self._kept(np, points)
        if kept is not None:
            kept = np.broadcast_to(kept, shape)
            points = {n: np.broadcast_to(a, shape)[kept] for n, a in points.items()}
            shape = (int(kept.sum()),)
        if prod(shape) == 0:
            return [np.empty(0, dtype=object) for _ in self.columns]
        arrays = Arrays(np, points, Ranges(self.ranges))
        found = [_fractions(np, *(points[n] for n in inputs_of(a.symbol))) for a in self.axes]
        found += [_of(np, arrays, r) for r in self.results.values()]
        return [np.broadcast_to(c, shape).reshape(-1) for c in found]

    def _kept(self, np: Any, points: dict[str, Any]) -> Any:
        """Where all conditions hold, as booleans; None where they do everywhere."""
        kept = np.ones((), dtype=bool)
        arrays = Arrays(np, points, Ranges({n: (int(a.min()), int(a.max())) for n, a in points.items()}))
        for condition in self.conditions:
            if not proved(condition, arrays.ranges):
                kept = kept & safely(arrays, condition)
        return None if kept.all() else kept

    def _keys(self, columns: Sequence[Any]) -> list[Any]:
        """The figures aimed at, less of each better."""
        return [columns[self.columns.index(a.name)] * (-1 if a.most else 1) for a in self.aims]

    def _joined(self, np: Any, front: list[Any], block: list[Any]) -> list[Any]:
        """The front of more points. Most are beaten by a few of them, so that few are left to be sorted."""

        def best(*parts: Sequence[Any]) -> list[Any]:
            columns = [np.concatenate(column) for column in zip(*filter(None, parts), strict=True)]
            places = self._front(np, columns)
            return [column[places] for column in columns]

        if not block[0].size:
            return front
        some = best(front, [column[:: block[0].size // TRIED + 1] for column in block])
        return best(front, self._hopeful(np, some, block))

    def _front(self, np: Any, columns: Sequence[Any]) -> Any:
        """The places of the points that no other beats, in the order of the first figure."""
        keys = self._keys(columns)
        plain = all(k.dtype != object for k in keys)
        left = np.lexsort(keys[::-1]) if plain else _sorted(np, keys)
        if len(keys) == 2 and plain:
            first, second = keys[0][left], keys[1][left]
            least = np.minimum.accumulate(second)
            fresh = np.r_[True, second[1:] < least[:-1]]  # better than all before
            same = np.r_[False, (first[1:] == first[:-1]) & (second[1:] == second[:-1])]
            leaders = np.maximum.accumulate(np.where(~same, np.arange(left.size), 0))
            return left[fresh[leaders]]
        if len(keys) == 3:
            return left[_unbeaten(*(k[left].tolist() for k in keys))]
        kept = []
        while left.size:  # the first is beaten by none of those left
            at = [k[left] for k in keys]
            kept.append(left[np.logical_and.reduce([k == k[0] for k in at])])
            left = left[~np.logical_and.reduce([k >= k[0] for k in at])]
        return np.concatenate(kept)

    def _hopeful(self, np: Any, front: Sequence[Any], block: Sequence[Any]) -> list[Any]:
        """A block without points that some of the front beat: few are left to be sorted."""
        best, keys = self._keys(front), self._keys(block)
        if len(keys) == 2 and all(k.dtype != object for k in (*best, *keys)):
            before = np.searchsorted(best[0], keys[0], side="right") - 1
            first, second = (k[np.maximum(before, 0)] for k in best)
            beaten = (before >= 0) & ((second < keys[1]) | ((second == keys[1]) & (first < keys[0])))
        else:
            beaten = np.zeros(keys[0].size, dtype=bool)
            for place in np.unique(np.linspace(0, best[0].size - 1, HELD).astype(int)):
                worse = np.logical_and.reduce([k >= b[place] for k, b in zip(keys, best, strict=True)])
                beaten |= worse & np.logical_or.reduce([k > b[place] for k, b in zip(keys, best, strict=True)])
        return [column[~beaten] for column in block]

    def front(self, progress: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
        """The points of the Pareto front, by the integers that stand for the symbols."""
        import numpy as np

        blocks = list(self.rows(progress))
        found = {}
        for place, axis in enumerate(self.axes):
            top, *below = map(column, inputs_of(axis.symbol))
            found[top] = np.array([int(v * axis.bottom) for block in blocks for v in block[place]], dtype=np.int64)
            found |= {n: np.full(found[top].size, axis.bottom) for n in below}
        return found

    # as a query

    def query(self, dialect: str, points: str = "") -> str:
        """The same as SQL, for a database to work out: over the grid, or as they are over a table of points of the front."""
        spoken = DIALECTS[dialect]
        names = [n for a in self.axes for n in inputs_of(a.symbol)]
        query = Query(spoken, Ranges(dict(self.ranges)), names)
        joined = len(self.axes) > 2 and dialect == "duckdb"
        parts = [_joined_series(query.quoted, self.axes[:-1])] if joined else []
        parts += [_series(dialect, query.quoted, a) for a in (self.axes[-1:] if joined else self.axes)]
        grid = "\n    " + " CROSS JOIN\n    ".join(parts)
        inner = query.text(self.results, self.conditions, points or grid)
        shown = [_shown(dialect, query.quoted, a) for a in self.axes] + [query.quoted(n) for n in self.of]
        text = f"SELECT {', '.join(shown)}\nFROM (\n{inner}\n) AS grid"
        if points or not self.aims:
            return text
        keys = [f"{'-' if a.most else ''}{query.quoted(a.name)}" for a in self.aims]
        return _pareto_sql(text, keys, [query.quoted(c) for c in self.columns])


def _of(np: Any, arrays: Arrays, result: Result) -> Any:
    if result.whole:
        value = arrays.of(result.value)
        return value.objects() if isinstance(value, Wide) else value
    return _fractions(np, *(arrays.objects(arrays.of(part)) for part in (result.top, result.bottom)))


def _fractions(np: Any, top: Any, bottom: Any = None) -> Any:
    """Integers, where a quotient is one at every point; fractions otherwise."""
    if bottom is None:
        return top
    divided = np.frompyfunc(lambda a, b: _plain(Fraction(int(a), int(b))), 2, 1)
    return np.asarray(divided(top, bottom), dtype=object)


def _plain(value: Fraction) -> Rational:
    return value.numerator if value.denominator == 1 else value


def _sorted(np: Any, keys: Sequence[Any]) -> Any:
    return np.asarray(sorted(range(keys[0].size), key=lambda i: tuple(k[i] for k in keys)), dtype=np.int64)


def _unbeaten(*sorted_keys: Sequence[Any]) -> list[int]:
    """The places of the points no other beats in three figures, in whose order they stand: some point before one that is
    beaten is no worse in the second and the third figure. Of those before, the stairs keep the least third for each second.
    """
    seconds: list[Any] = []  # rising
    thirds: list[Any] = []  # falling
    kept: list[int] = []
    last = None
    for place, point in enumerate(zip(*sorted_keys, strict=True)):
        if point != last:
            _, second, third = point
            end = bisect_right(seconds, second)
            if end and thirds[end - 1] <= third:
                continue
            start = end - 1 if end and seconds[end - 1] == second else end
            while end < len(thirds) and thirds[end] >= third:
                end += 1
            seconds[start:end], thirds[start:end] = [second], [third]
        kept.append(place)
        last = point
    return kept


def _series(dialect: str, quoted: Callable[[str], str], axis: Axis) -> str:
    """The values of an axis as a table with a column for each integer that stands for it."""
    first, last = axis.start, axis.start + axis.stride * (axis.count - 1)
    top, *below = (quoted(n) for n in inputs_of(axis.symbol))
    over = "".join(f", {axis.bottom} AS {b}" for b in below)
    table = quoted(f"over_{axis.symbol.name}")
    match dialect:
        case "duckdb":
            return f"(SELECT range AS {top}{over} FROM range({first}, {last + 1}, {axis.stride})) AS {table}"
        case "postgres":
            series = f"generate_series(CAST({first} AS BIGINT), {last}, {axis.stride}) AS g"
            return f"(SELECT g AS {top}{over} FROM {series}) AS {table}"
        case "spark":
            return f"(SELECT id AS {top}{over} FROM range({first}, {last + 1}, {axis.stride})) AS {table}"
    more = f"SELECT v + {axis.stride} FROM n WHERE v + {axis.stride} <= {last}"
    turns = f"WITH RECURSIVE n(v) AS (SELECT {first}{'' if axis.count else ' WHERE 1 = 0'} UNION ALL {more})"
    return f"({turns} SELECT v AS {top}{over} FROM n) AS {table}"


def _joined_series(quoted: Callable[[str], str], axes: Sequence[Axis]) -> str:
    """Several axes as one long series: DuckDB says how far it is by the rows of the first table."""
    columns, every = [], prod(a.count for a in axes)
    left = every
    for axis in axes:
        left //= max(axis.count, 1)
        top, *below = (quoted(n) for n in inputs_of(axis.symbol))
        columns.append(f"{axis.start} + {axis.stride} * (range // {left} % {max(axis.count, 1)}) AS {top}")
        columns += [f"{axis.bottom} AS {b}" for b in below]
    return f"(SELECT {', '.join(columns)} FROM range({every})) AS {quoted('over_the_others')}"


def _shown(dialect: str, quoted: Callable[[str], str], axis: Axis) -> str:
    names = [quoted(n) for n in inputs_of(axis.symbol)]
    if len(names) == 1:
        return names[0]
    double = {"sqlite": "REAL", "spark": "DOUBLE"}.get(dialect, "DOUBLE PRECISION")
    return f"CAST({names[0]} AS {double}) / {names[1]} AS {quoted(axis.symbol.name)}"


def _pareto_sql(text: str, keys: Sequence[str], columns: Sequence[str]) -> str:
    """With two figures by windows, in one pass over the sorted rows; with more by asking for a better row."""
    if len(keys) == 2:
        a, b = keys
        least = f"min({b}) OVER (ORDER BY {a}) AS least_b, min({a}) OVER (ORDER BY {b}) AS least_a"
        marked = f"SELECT *, {least} FROM (\n{text}\n) AS found"
        return f"SELECT {', '.join(columns)} FROM (\n{marked}\n) AS marked\nWHERE {b} = least_b AND {a} = least_a\nORDER BY {a}"
    better = " AND ".join(f"{_of_table('other', k)} <= {_of_table('found', k)}" for k in keys)
    strictly = " OR ".join(f"{_of_table('other', k)} < {_of_table('found', k)}" for k in keys)
    return (
        f"WITH swept AS (\n{text}\n)\nSELECT * FROM swept AS found WHERE NOT EXISTS (\n"
        f"  SELECT 1 FROM swept AS other WHERE {better} AND ({strictly})\n)"
    )


def _of_table(table: str, key: str) -> str:
    return f"-{table}.{key[1:]}" if key.startswith("-") else f"{table}.{key}"
