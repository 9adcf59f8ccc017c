"""A cost as a function of numbers and of NumPy arrays, exact at every point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from symcost.emit.arrays import BLOCK, NARROW, Arrays, Residues, Scalar, exact
from symcost.emit.code import Code, Node, inner, inputs_of
from symcost.emit.ranges import Range, Ranges, Unbounded
from symcost.prove import _degree, _period
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Diagnostic, SymcostError

MAX_TABLE = 60_000  # values worked out one by one for a table of residues
Point = dict[str, Rational]


class CostFunction:
    """Called with a value for each symbol, in order or by name: integers, fractions, arrays that broadcast.

    Numbers give an int (a fraction where the cost is one); arrays an array, int64 where the bounds of the values given prove
    that it fits and of Python's integers otherwise. ``outside`` says what happens where the network does not exist:
    ``"error"`` raises `DomainError` with the first such point, ``"mask"`` gives a masked array.
    """

    def __init__(
        self,
        size: Size,
        symbols: Sequence[Symbol],
        conditions: Sequence[Condition],
        refuse: Callable[[Point], None],
        outside: str = "error",
    ) -> None:
        code = Code()
        self.symbols, self.size, self.refuse, self.outside = tuple(symbols), size, refuse, outside
        self.result = code.result(size)
        names = {n for s in symbols for n in inputs_of(s)}
        made = [code.condition(c) for c in conditions]
        self.conditions = [c for c in made if _inputs(c) <= names]
        self.residues: Residues | None = None

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.symbols)

    def __call__(self, *args: Any, **named: Any) -> Any:
        given = self._bound(args, named)
        if all(isinstance(v, int | Fraction) and not isinstance(v, bool) for v in given.values()):
            return self._at(given)
        return self._over(given)

    def __repr__(self) -> str:
        return f"<exact function of {', '.join(self.parameters)}: {self.size}>"

    def _bound(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        given: dict[str, Any] = {**dict(zip(self.parameters, args, strict=False)), **named}
        if len(args) + len(named) != len(self.symbols) or given.keys() != set(self.parameters):
            raise TypeError(f"it takes a value for each of {', '.join(self.parameters) or 'no symbols'}")
        return given

    # one point

    def _at(self, given: Mapping[str, Rational]) -> Rational:
        if self.outside == "error":
            self._checked(given)
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
            if not all(_holds(c, point) for c in self.conditions):
                self.refuse(dict(given))

    # arrays

    def _over(self, given: Mapping[str, Any]) -> Any:
        import numpy as np

        points: dict[str, Any] = {}
        for symbol in self.symbols:
            points |= _arrays(np, symbol, given[symbol.name])
        shape = np.broadcast_shapes(*(a.shape for a in points.values()))
        if 0 in shape:
            return np.empty(shape, dtype=np.int64)
        ranges = {n: (int(a.min()), int(a.max())) for n, a in points.items()}
        bad = self._outside(np, points, ranges, shape)
        if bad is not None and self.outside == "error":
            self._complain(np, points, bad)
        if bad is not None:
            return self._masked(np, points, bad, shape)
        found = self._values(np, points, ranges, shape)
        return np.broadcast_to(found, shape).copy() if found.shape != shape else found

    def _outside(self, np: Any, points: Mapping[str, Any], ranges: Mapping[str, Range], shape: Any) -> Any:
        """Where the network does not exist, as booleans; None where it does everywhere."""
        bad = np.zeros((), dtype=bool)
        for symbol in self.symbols:
            top, bottom = (
                points[n] if len(inputs_of(symbol)) > i else 1 for i, n in enumerate((*inputs_of(symbol), "")[:2])
            )
            low, high = ranges[inputs_of(symbol)[0]]
            if symbol.low is not None and low < symbol.low * _most(bottom):
                bad = bad | (top * Fraction(symbol.low).denominator < bottom * Fraction(symbol.low).numerator)
            if symbol.high is not None and high > symbol.high * _least(bottom):
                bad = bad | (top * Fraction(symbol.high).denominator > bottom * Fraction(symbol.high).numerator)
        if not bad.any():
            known = Ranges(ranges)
            arrays = Arrays(np, points, ranges)
            for condition in self.conditions:
                if not _proved(condition, known):
                    bad = bad | ~_safely(arrays, condition)
        return np.broadcast_to(bad, shape) if bad.any() else None

    def _complain(self, np: Any, points: Mapping[str, Any], bad: Any) -> None:
        place = np.unravel_index(int(np.argmax(bad)), bad.shape)
        first: Point = {}
        for symbol in self.symbols:
            parts = [int(np.broadcast_to(points[n], bad.shape)[place]) for n in inputs_of(symbol)]
            first[symbol.name] = Fraction(*parts) if len(parts) == 2 else parts[0]
        self.refuse(first)

    def _masked(self, np: Any, points: Mapping[str, Any], bad: Any, shape: Any) -> Any:
        kept = {n: np.broadcast_to(a, shape)[~bad] for n, a in points.items()}
        inside = next(iter(kept.values()))
        values = np.zeros(shape, dtype=np.int64)
        if inside.size:
            ranges = {n: (int(a.min()), int(a.max())) for n, a in kept.items()}
            found = self._values(np, kept, ranges, inside.shape)
            values = np.zeros(shape, dtype=found.dtype)
            values[~bad] = found
        return np.ma.MaskedArray(values, mask=bad)

    def _values(self, np: Any, points: Mapping[str, Any], ranges: Mapping[str, Range], shape: Any) -> Any:
        total = 1
        for n in shape:
            total *= n
        alone = [n for n, a in points.items() if a.size > 1]
        if len(alone) == 1 and total >= BLOCK and points[alone[0]].dtype != object:
            found = self._of_one(np, alone[0], points, ranges)
            if found is not None:
                return found
        if total > 4 * BLOCK and all(a.size in (1, total) for a in points.values()):
            return self._in_blocks(np, points, ranges, shape, total)
        return self._plainly(Arrays(np, points, ranges))

    def _of_one(self, np: Any, name: str, points: Mapping[str, Any], ranges: Mapping[str, Range]) -> Any:
        """By a table: of all values in between where they are few, of residues otherwise."""
        (low, high), given = ranges[name], points[name]
        if (high - low + 1) * 4 <= given.size:
            try:
                every = {**points, name: np.arange(low, high + 1)}
                table = self._plainly(Arrays(np, every, ranges)).reshape(-1)
            except (ZeroDivisionError, ValueError):  # at a value that was not asked for
                return None
            return _looked_up(np, table, given, low)
        known = Ranges(ranges)
        if not self.result.whole or known.bits(self.result.value) > NARROW or len(points) > 1:
            return None
        if self.residues is None:
            self.residues = self._by_residue(np)
        if self.residues is None:
            return None
        out = np.empty(given.size, dtype=np.int64)
        self.residues(np.ascontiguousarray(given).reshape(-1), out)
        return out.reshape(given.shape)

    def _by_residue(self, np: Any) -> Residues | None:
        (symbol,) = self.symbols
        period, degree = _period(self.size, symbol), _degree(self.size, symbol)
        if not symbol.integer or period is None or degree is None or period * (degree + 1) > MAX_TABLE:
            return None
        try:
            return Residues(np, lambda x: exact(self.result.value, {symbol.name: x}), period, degree)
        except (ValueError, ZeroDivisionError):
            return None

    def _in_blocks(
        self, np: Any, points: Mapping[str, Any], ranges: Mapping[str, Range], shape: Any, total: int
    ) -> Any:
        flat = {n: a if a.size == 1 else np.broadcast_to(a, shape).reshape(-1) for n, a in points.items()}
        parts = []
        known = Ranges(ranges)
        for start in range(0, total, BLOCK):
            block = {n: a if a.size == 1 else a[start : start + BLOCK] for n, a in flat.items()}
            arrays = Arrays(np, block, ranges)
            arrays.ranges = known
            parts.append(np.broadcast_to(self._plainly(arrays).reshape(-1), (min(BLOCK, total - start),)))
        return np.concatenate(parts).reshape(shape)

    def _plainly(self, arrays: Arrays) -> Any:
        result = self.result
        if result.whole:
            return arrays.of(result.value)
        np, top, bottom = arrays.np, arrays.of(result.top), arrays.of(result.bottom)
        if np.any(bottom == 0):
            raise ZeroDivisionError
        if not arrays.narrow(result.top, result.bottom):
            top, bottom = arrays.wide(top), arrays.wide(bottom)
        if not np.any(top % bottom):
            return top // bottom
        divided = np.frompyfunc(lambda a, b: Fraction(int(a), int(b)), 2, 1)
        return np.asarray(divided(*map(arrays.wide, (top, bottom))), dtype=object)


def _looked_up(np: Any, table: Any, given: Any, low: int) -> Any:
    """``table[given - low]``, in blocks."""
    if table.size == 1:
        return table
    flat = np.ascontiguousarray(given).reshape(-1)
    out = np.empty(flat.size, dtype=table.dtype)
    place = np.empty(BLOCK, dtype=np.int64)
    for start in range(0, flat.size, BLOCK):
        x = flat[start : start + BLOCK]
        np.subtract(x, low, out=place[: x.size])
        table.take(place[: x.size], out=out[start : start + BLOCK], mode="wrap")
    return out.reshape(given.shape)


def _most(array: Any) -> int:
    return array if isinstance(array, int) else int(array.max())


def _least(array: Any) -> int:
    return array if isinstance(array, int) else int(array.min())


def _inputs(node: Node) -> set[str]:
    turns = {str(n.value.value) for n in inner(node) if isinstance(n.value, Node)}
    return {str(n.value) for n in inner(node) if n.op == "input"} - turns


def _parts(value: Rational) -> tuple[int, int]:
    return value.numerator, value.denominator


def _holds(condition: Node, point: Mapping[str, int]) -> bool:
    try:
        return Scalar(point).true(condition)
    except (ZeroDivisionError, ValueError):
        return False


def _safely(arrays: Arrays, condition: Node) -> Any:
    """Where a condition holds; where it has no meaning it does not."""
    try:
        return arrays.true(condition)
    except (ZeroDivisionError, ValueError):
        return arrays._each(condition, lambda one: _holds(condition, one.point)).astype(bool)


def _proved(condition: Node, ranges: Ranges) -> bool:
    """Whether the bounds alone show that it holds."""
    try:
        return condition.op in (">=", ">") and ranges.of(condition.args[0])[0] >= (condition.op == ">")
    except Unbounded:
        return False


def _arrays(np: Any, symbol: Symbol, value: Any) -> dict[str, Any]:
    """Integer arrays that stand for the values of a symbol: numerators and one denominator for a real one."""
    given = np.asarray(value)
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
    if given.dtype != object or not all(type(v) is int for v in given.reshape(-1).tolist()):
        raise _not_exact(name, f"an array of {given.dtype}")
    limit = 2**NARROW
    fits = all(-limit < v < limit for v in given.reshape(-1).tolist())
    return given.astype(np.int64) if fits else given


def _not_exact(name: str, value: Any) -> SymcostError:
    return SymcostError(Diagnostic("not-exact", f"{name}: {value} is no exact size: give integers"))
