"""A cost as a function of numbers and of NumPy arrays, exact at every point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from importlib.util import find_spec
from math import ceil, floor, lcm, prod
from numbers import Integral
from sys import modules
from typing import Any

from symcost.emit.arrays import BLOCK, NARROW, Arrays, exact, holds, safely
from symcost.emit.code import Code, Node, inner, inputs_of
from symcost.emit.ranges import Range, Ranges, Unbounded
from symcost.emit.residues import Table, Window, put, tabulated
from symcost.emit.wide import WIDE, Wide
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Diagnostic, DomainError, SymcostError

SOME = 1000  # points, of which a look tells that there are too many values for a table of all
PAYS = 10**8  # points over which compiled loops save the half second that loading numba takes
_asked = {"points": 0}  # so far, without them

Point = dict[str, Rational]


@dataclass
class Points:
    """Arrays that stand for the values of the symbols, and what is wanted of them."""

    np: Any
    arrays: dict[str, Any]
    out: Any = None  # where the values are to stand
    halves: bool = False  # whether values beyond 63 bits stay pairs
    fast: bool | None = None

    @cached_property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.np.broadcast_shapes(*(a.shape for a in self.arrays.values())))

    @cached_property
    def total(self) -> int:
        return prod(self.shape)

    @cached_property
    def ranges(self) -> dict[str, Range]:
        return {n: (int(a.min()), int(a.max())) for n, a in self.arrays.items()}

    @cached_property
    def compiled(self) -> bool:
        """Whether to use compiled loops: as asked, or once loading them would have paid."""
        if self.fast is not None:
            return self.fast
        if "symcost.emit.compiled" in modules:
            return True
        _asked["points"] += self.total
        return _asked["points"] >= PAYS and find_spec("numba") is not None

    @cached_property
    def varying(self) -> dict[str, Any]:
        return {n: a for n, a in self.arrays.items() if a.size > 1}

    @cached_property
    def constants(self) -> dict[str, int]:
        return {n: int(a.reshape(-1)[0]) for n, a in self.arrays.items() if a.size == 1}

    @cached_property
    def room(self) -> Any:
        """The array for the values where they can be written one by one: not over points that are still to be read."""
        given = self.arrays.values()
        free = self.out is not None and not any(self.np.may_share_memory(self.out, a) for a in given)
        return self.out if free and self.out.flags.c_contiguous else None

    @property
    def flat(self) -> bool:
        """Whether they are many int64 points one behind the other."""
        arrays = self.varying.values()
        return self.total >= BLOCK and all(a.shape == self.shape and a.dtype != object for a in arrays)


@dataclass(frozen=True)
class Lane:
    """A table for the symbols that vary, and the window for which all that is asked of its points is proved."""

    names: tuple[str, ...]
    constants: Mapping[str, int]
    table: Table | None
    window: Window | None = None

    def serves(self, points: Points) -> bool:
        return self.names == tuple(points.varying) and self.constants == points.constants


class CostFunction:
    """Called with a value for each symbol, in order or by name: integers, fractions, arrays that broadcast.

    Numbers give an int (a fraction where the cost is one); arrays an array, int64 where the bounds of the values given prove
    that it fits and of Python's integers otherwise. ``out=`` is an int64 array for the values, ``halves`` gives those of up to
    127 bits as two arrays. ``outside`` says what happens where the network does not exist: ``"error"`` raises `DomainError` with
    the first such point, ``"mask"`` gives a masked array. ``fast`` says whether loops compiled by numba are used: always, never,
    or (None) where it is installed and so many points were asked for that loading it pays.
    """

    def __init__(
        self,
        size: Size,
        symbols: Sequence[Symbol],
        conditions: Sequence[Condition],
        refuse: Callable[[Point], None],
        outside: str = "error",
        fast: bool | None = None,
    ) -> None:
        if fast and find_spec("numba") is None:
            help_ = "pip install 'symcost[fast]', or leave fast out"
            raise SymcostError(
                Diagnostic("missing-extra", "compiled loops need numba, which is not installed", help=help_)
            )
        code = Code()
        self.symbols, self.size, self.refuse, self.outside, self.fast = tuple(symbols), size, refuse, outside, fast
        self.result = code.result(size)
        names = {n for s in symbols for n in inputs_of(s)}
        made = [(c, code.condition(c)) for c in conditions]
        self.conditions = [(c, node) for c, node in made if _inputs(node) <= names]
        self.lane: Lane | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.symbols)

    def __call__(self, *args: Any, out: Any = None, **named: Any) -> Any:
        given = {n: _plain(v) for n, v in self._bound(args, named).items()}
        if all(isinstance(v, int | Fraction) and not isinstance(v, bool) for v in given.values()):
            return self._at(given)
        points = self._points(given, out)
        return self._shown(points, self._over(points))

    def halves(self, *args: Any, **named: Any) -> tuple[Any, Any]:
        """The values at arrays as their upper and lower 64 bits, ``high*2^64 + low``: int64 and uint64.

        Raises `SymcostError` where no bound of 127 bits is known, and `DomainError` at a point where the network does not exist.
        """
        points = self._points(self._bound(args, named), None)
        points.halves = True
        if not points.total:
            return points.np.empty(points.shape, dtype="int64"), points.np.empty(points.shape, dtype="uint64")
        self._refused(points, self._outside(points))
        found = self._values(points)
        if not isinstance(found, Wide):
            if found.dtype == object:
                raise SymcostError(Diagnostic("not-exact", f"no bound of {WIDE} bits is known of the values"))
            found = Wide.of(points.np, found)
        words = (found.high, found.low)
        high, low = (w if w.shape == points.shape else points.np.broadcast_to(w, points.shape).copy() for w in words)
        return high, low

    def __repr__(self) -> str:
        return f"<exact function of {', '.join(self.parameters)}: {self.size}>"

    def _bound(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {**dict(zip(self.parameters, args, strict=False)), **named}
        if len(args) + len(named) != len(self.symbols) or given.keys() != set(self.parameters):
            raise TypeError(f"it takes a value for each of {', '.join(self.parameters) or 'no symbols'}")
        return given

    # one point

    def _at(self, given: Mapping[str, Rational]) -> Any:
        try:
            self._checked(given)
        except DomainError:
            if self.outside != "mask":
                raise
            import numpy as np

            return np.ma.masked
        point = {n: v for s in self.symbols for n, v in zip(inputs_of(s), _parts(given[s.name]), strict=False)}
        top, bottom = exact(self.result.top, point), exact(self.result.bottom, point)
        value = Fraction(top, bottom)
        return value.numerator if value.denominator == 1 else value

    def _checked(self, given: Mapping[str, Rational]) -> None:
        for symbol in self.symbols:
            value = given[symbol.name]
            low, high = symbol.low, symbol.high
            inside = (low is None or value >= low) and (high is None or value <= high)
            if not inside or (symbol.integer and value.denominator != 1):
                self.refuse(dict(given))
        if self.conditions:
            point = {n: v for s in self.symbols for n, v in zip(inputs_of(s), _parts(given[s.name]), strict=False)}
            if not all(holds(node, point) for _, node in self.conditions):
                self.refuse(dict(given))

    # arrays

    def _points(self, given: Mapping[str, Any], out: Any) -> Points:
        import numpy as np

        arrays: dict[str, Any] = {}
        for symbol in self.symbols:
            arrays |= _arrays(np, symbol, given[symbol.name])
        points = Points(np, arrays, out, fast=self.fast)
        if out is not None and (type(out) is not np.ndarray or out.dtype != np.int64 or out.shape != points.shape):
            raise TypeError(f"out is an array of int64 of the shape {points.shape}")
        return points

    def _shown(self, points: Points, found: Any) -> Any:
        """As an array of the shape of the points."""
        np, out, shape = points.np, points.out, points.shape
        if isinstance(found, Wide):
            found = found.objects()
        if found is out:
            return out
        if out is not None:
            if found.dtype == object or np.ma.isMaskedArray(found):
                raise SymcostError(
                    Diagnostic("not-exact", "the values are not proved to be integers that fit in int64")
                )
            np.copyto(out, found)
            return out
        return np.broadcast_to(found, shape).copy() if found.shape != shape else found

    def _over(self, points: Points) -> Any:
        np = points.np
        if not points.total:
            return np.empty(points.shape, dtype=np.int64)
        lane = self.lane  # read once: another thread may put its own there
        if lane is not None and lane.window is not None and self._ready(points, lane):
            found = self._tabled(points, lane.table, lane.window)
            if found is not None:
                return found
        bad = self._outside(points)
        if bad is not None and self.outside == "mask":
            return self._masked(points, bad)
        self._refused(points, bad)
        return self._values(points)

    def _ready(self, points: Points, lane: Lane) -> bool:
        """Whether a table made before is the quickest road: not where a look into one of all values is."""
        return points.flat and lane.serves(points) and (points.compiled or self._few(points) is None)

    def _few(self, points: Points) -> tuple[str, Range] | None:
        """The one symbol that varies, and its range, where that has far fewer values than there are points."""
        if len(points.varying) != 1:
            return None
        ((name, given),) = points.varying.items()
        some = given[:: given.shape[0] // SOME + 1]
        if (int(some.max()) - int(some.min()) + 1) * 4 > points.total:
            return None
        low, high = points.ranges[name]
        return (name, (low, high)) if (high - low + 1) * 4 <= points.total else None

    def _outside(self, points: Points) -> Any:
        """Where the network does not exist, as booleans; None where it does everywhere."""
        np, bad = points.np, self._beyond(points)
        if not bad.any():
            bad = self._refuted(points)
        elif self.outside == "mask":  # nothing is asked of the points beyond a bound but that they are left out
            bad = np.broadcast_to(bad, points.shape).copy()
            kept = self._only(points, ~bad)
            if kept.total:
                bad[~bad] = self._refuted(kept)
        return np.broadcast_to(bad, points.shape) if bad.any() else None

    def _beyond(self, points: Points) -> Any:
        """Where a symbol is beyond a bound of its own."""
        bad = points.np.zeros((), dtype=bool)
        for symbol in self.symbols:
            name, *below = inputs_of(symbol)
            bottom = points.ranges[below[0]][0] if below else 1
            (low, high), top = points.ranges[name], points.arrays[name]
            least = None if symbol.low is None else ceil(symbol.low * bottom)
            most = None if symbol.high is None else floor(symbol.high * bottom)
            if least is not None and low < least:
                bad = bad | (top < least)
            if most is not None and high > most:
                bad = bad | (top > most)
        return bad

    def _refuted(self, points: Points) -> Any:
        """Where a condition does not hold."""
        known = Arrays(points.np, points.arrays, Ranges(points.ranges))
        bad = points.np.zeros((), dtype=bool)
        for _, condition in self.conditions:
            if not proved(condition, known.ranges):
                bad = bad | ~safely(known, condition)
        return bad

    def _only(self, points: Points, chosen: Any) -> Points:
        """Some of the points, one behind the other."""
        arrays = {n: points.np.broadcast_to(a, points.shape)[chosen] for n, a in points.arrays.items()}
        return Points(points.np, arrays, fast=self.fast)

    def _refused(self, points: Points, bad: Any) -> None:
        if bad is None:
            return
        np = points.np
        place = np.unravel_index(int(np.argmax(bad)), bad.shape)
        first: Point = {}
        for symbol in self.symbols:
            parts = [int(np.broadcast_to(points.arrays[n], bad.shape)[place]) for n in inputs_of(symbol)]
            first[symbol.name] = Fraction(*parts) if len(parts) == 2 else parts[0]
        self.refuse(first)

    def _masked(self, points: Points, bad: Any) -> Any:
        np = points.np
        kept = self._only(points, ~bad)
        values = np.zeros(points.shape, dtype=np.int64)
        if kept.total:
            found = self._values(kept)
            found = found.objects() if isinstance(found, Wide) else found
            values = np.zeros(points.shape, dtype=found.dtype)
            values[~bad] = found
        return np.ma.MaskedArray(values, mask=bad)

    def _values(self, points: Points) -> Any:
        """Where the network exists at all of them: int64, `Wide`, or Python's numbers."""
        roads = [self._looked_up, self._by_table] if points.flat else []
        for road in reversed(roads) if points.compiled else roads:
            found = road(points)
            if found is not None:
                return found
        if points.total > 4 * BLOCK and all(a.size in (1, points.total) for a in points.arrays.values()):
            return self._in_blocks(points)
        return self._plainly(Arrays(points.np, points.arrays, Ranges(points.ranges)))

    def _looked_up(self, points: Points) -> Any:
        """By a table of all values in between, where one symbol varies over few."""
        few = self._few(points)
        if few is None:
            return None
        np, (name, (low, high)) = points.np, few
        given = points.varying[name]
        try:
            every = {**points.arrays, name: np.arange(low, high + 1)}
            table = self._plainly(Arrays(np, every, Ranges(points.ranges)))
        except (ZeroDivisionError, ValueError):  # at a value that was not asked for
            return None
        if isinstance(table, Wide) and points.halves:
            return Wide(
                np, *(_taken(np, np.broadcast_to(part, table.shape), given, low) for part in (table.high, table.low))
            )
        table = table.objects() if isinstance(table, Wide) else table
        return _taken(np, table.reshape(-1), given, low, points.room)

    def _by_table(self, points: Points) -> Any:
        """By residues: of a formula that is a polynomial on each."""
        lane = self.lane
        if lane is None or not lane.serves(points):
            symbols = [s for s in self.symbols if s.name in points.varying]
            whole = len(symbols) == len(points.varying)
            given = points.constants
            table = (
                tabulated(points.np, self.result, self.size, symbols, given, self.conditions)
                if whole and len(given) + len(symbols) == len(self.symbols)
                else None
            )
            lane = self.lane = Lane(tuple(points.varying), given, table)
        if lane.table is None:
            return None
        exactly = tuple(points.ranges[n] for n in lane.names)
        narrow = self._bits(lane, exactly) <= NARROW
        if narrow:
            window = self._window(lane, exactly)
            if window is not None:
                self.lane = Lane(lane.names, lane.constants, lane.table, window)
            return self._tabled(points, lane.table, window or exactly)
        if self._bits(lane, exactly) <= WIDE:
            return self._tabled(points, lane.table, exactly, True)
        return None

    def _tabled(self, points: Points, table: Table | None, window: Window, wide: bool = False) -> Any:
        assert table is not None
        np = points.np
        flat = [np.ascontiguousarray(a).reshape(-1) for a in points.varying.values()]
        direct = not wide and points.room is not None
        out = points.room.reshape(-1) if direct else np.empty(points.total, dtype=np.int64)
        low = np.empty(points.total, dtype=np.uint64) if wide else None
        if not put(table.residues, flat, window, out, low, points.compiled):
            return None
        if wide:
            return Wide(np, out.reshape(points.shape), low.reshape(points.shape)) if low is not None else None
        return points.out if direct else out.reshape(points.shape)

    def _ranges(self, lane: Lane, window: Window) -> Ranges:
        return Ranges({**{n: (v, v) for n, v in lane.constants.items()}, **dict(zip(lane.names, window, strict=True))})

    def _bits(self, lane: Lane, window: Window) -> float:
        """Of the magnitude of the values there."""
        try:
            return max(map(abs, self._ranges(lane, window).of(self.result.value))).bit_length()
        except Unbounded:
            return float("inf")

    def _window(self, lane: Lane, exactly: Window) -> Window | None:
        """A window around the points for which it is proved that the network exists and its values fit, or None."""
        assert lane.table is not None
        bounds = {s.name: (s.low, s.high) for s in self.symbols}
        limits = [bounds[n] for n in lane.names]
        wider = tuple(_rounded(high, most) for (_, high), (_, most) in zip(exactly, limits, strict=True))
        lows = tuple(low for low, _ in exactly)
        leasts = tuple(
            low if least is None else int(-(-least // 1)) for low, (least, _) in zip(lows, limits, strict=True)
        )
        for window in (*(tuple(zip(ends, wider, strict=True)) for ends in (leasts, lows)), exactly):
            known = self._ranges(lane, window)
            if self._bits(lane, window) <= NARROW and all(proved(c, known) for c in lane.table.others):
                return window
        return None

    def _in_blocks(self, points: Points) -> Any:
        np, total, ranges = points.np, points.total, Ranges(points.ranges)
        flat = {
            n: a.reshape(-1) if a.size == 1 else np.broadcast_to(a, points.shape).reshape(-1)
            for n, a in points.arrays.items()
        }
        parts = []
        for start in range(0, total, BLOCK):
            block = {n: a if a.size == 1 else a[start : start + BLOCK] for n, a in flat.items()}
            made = self._plainly(Arrays(np, block, ranges))
            made = made.objects() if isinstance(made, Wide) and not points.halves else made
            size = (min(BLOCK, total - start),)
            parts.append(made.broadcast_to(size) if isinstance(made, Wide) else np.broadcast_to(made.reshape(-1), size))
        if all(isinstance(part, Wide) for part in parts):
            words = (np.concatenate([getattr(p, word) for p in parts]) for word in ("high", "low"))
            return Wide(np, *(w.reshape(points.shape) for w in words))
        return np.concatenate(parts).reshape(points.shape)

    def _plainly(self, arrays: Arrays) -> Any:
        result = self.result
        if result.whole:
            return arrays.of(result.value)
        np, top, bottom = arrays.np, arrays.of(result.top), arrays.of(result.bottom)
        if not arrays.narrow(result.top, result.bottom):
            top, bottom = arrays.objects(top), arrays.objects(bottom)
        if np.any(bottom == 0):
            raise ZeroDivisionError
        if not np.any(top % bottom):
            return np.asarray(top // bottom)
        divided = np.frompyfunc(lambda a, b: Fraction(int(a), int(b)), 2, 1)
        return np.asarray(divided(*map(arrays.objects, (top, bottom))), dtype=object)


def _rounded(high: int, most: Rational | None) -> int:
    """The next power of two, less one, that is no smaller; no more than a bound."""
    wider = (1 << high.bit_length()) - 1 if high > 0 else high
    return wider if most is None else min(wider, int(most // 1))


def _taken(np: Any, table: Any, given: Any, low: int, out: Any = None) -> Any:
    """``table[given - low]``, in blocks."""
    if table.size == 1:
        return table
    flat = np.ascontiguousarray(given).reshape(-1)
    direct = out is not None and table.dtype == out.dtype
    made = out.reshape(-1) if direct else np.empty(flat.size, dtype=table.dtype)
    place = np.empty(BLOCK, dtype=np.int64)
    for start in range(0, flat.size, BLOCK):
        x = flat[start : start + BLOCK]
        np.subtract(x, low, out=place[: x.size])
        table.take(place[: x.size], out=made[start : start + BLOCK], mode="wrap")
    return out if direct else made.reshape(given.shape)


def _inputs(node: Node) -> set[str]:
    turns = {str(n.value.value) for n in inner(node) if isinstance(n.value, Node)}
    return {str(n.value) for n in inner(node) if n.op == "input"} - turns


def _parts(value: Rational) -> tuple[int, int]:
    return value.numerator, value.denominator


def proved(condition: Node, ranges: Ranges) -> bool:
    """Whether the bounds alone show that it holds."""
    try:
        return condition.op in (">=", ">") and ranges.of(condition.args[0])[0] >= (condition.op == ">")
    except Unbounded:
        return False


def _arrays(np: Any, symbol: Symbol, value: Any) -> dict[str, Any]:
    """Integer arrays that stand for the values of a symbol: numerators and one denominator for a real one."""
    given = np.asarray(value)
    if np.ma.is_masked(value):
        raise _not_exact(symbol.name, "an array with masked values")
    if symbol.integer and given.dtype.kind == "f" and isinstance(value, list | tuple):
        given = np.asarray(value, dtype=object)  # of integers some of which are beyond int64 NumPy makes floats
    if symbol.integer:
        return {symbol.name: _integers(np, symbol.name, given)}
    distinct, places = np.unique(given, return_inverse=True)
    exactly = [_fraction(symbol.name, v) for v in distinct.tolist()]
    bottom = lcm(*(f.denominator for f in exactly)) if exactly else 1
    tops = np.asarray([int(f * bottom) for f in exactly] or [0])
    found = tops[places].reshape(given.shape)
    names = inputs_of(symbol)
    return {names[0]: _integers(np, symbol.name, found), names[1]: _integers(np, symbol.name, np.asarray(bottom))}


def _fraction(name: str, value: Any) -> Fraction:
    try:
        return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    except (ValueError, TypeError):
        raise _not_exact(name, value) from None


def _integers(np: Any, name: str, given: Any) -> Any:
    """As int64, or as Python's integers where that is not wide enough."""
    if given.dtype.kind == "u" and given.dtype.itemsize == 8:
        given = given.astype(object)
    if given.dtype.kind in "iu":
        return given.astype(np.int64, copy=False)
    plain = [_plain(v) for v in given.reshape(-1).tolist()] if given.dtype == object else [None]
    if not all(type(v) is int for v in plain):
        raise _not_exact(name, f"an array of {given.dtype}")
    limit = 2**NARROW
    fits = all(-limit < v < limit for v in plain)
    return np.array(plain, dtype=np.int64 if fits else object).reshape(given.shape)


def _plain(value: Any) -> Any:
    """An integer of NumPy, say, as one of Python's."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def _not_exact(name: str, value: Any) -> SymcostError:
    return SymcostError(Diagnostic("not-exact", f"{name}: {value} is no exact size: give integers"))
