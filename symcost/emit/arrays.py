"""Formulas worked out on whole numbers and on arrays of them: exact, whatever the size.

An array is int64 where the bounds of a step, worked out from the least and greatest values given, prove that 63 bits are enough,
and holds Python's integers where they are not. Nothing wraps and nothing is a float.

Where one symbol varies over far fewer values than there are points, each value is worked out once and looked up. Otherwise a
formula with roundings by constants is a polynomial on each residue class of its period D: ``X = D*q + r`` finds its
coefficients in a table by r, so that the cost does not depend on how many roundings there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd, isqrt
from typing import Any

from symcost.emit.code import Node, inner
from symcost.emit.ranges import Range, Ranges, Unbounded

NARROW = 63
BLOCK = 1 << 14  # points worked out at a time, so that they stay in the processor's cache


def exact(value: Node, point: Mapping[str, int]) -> int:
    """The value at one point. Raises `ZeroDivisionError` and `ValueError` where there is none."""
    return Scalar(point).of(value)


class Scalar:
    """Python's integers at one point."""

    def __init__(self, point: Mapping[str, int]) -> None:
        self.point = dict(point)
        self.found: dict[Node, int] = {}

    def of(self, node: Node) -> int:
        if node not in self.found:
            self.found[node] = self._of(node)
        return self.found[node]

    def _of(self, node: Node) -> int:
        match node.op:
            case "number":
                return node.number
            case "input":
                return self.point[str(node.value)]
            case "if":
                return self.of(node.args[1]) if self.true(node.args[0]) else 0
            case "sum":
                return sum(self._turn(node, turn).of(node.args[1]) for turn in range(self.of(node.args[0])))
        args = [self.of(a) for a in node.args]
        return _whole(args[0], args[1]) if node.op == "/" else INTEGERS[node.op](*args)

    def _turn(self, node: Node, turn: int) -> Scalar:
        assert isinstance(node.value, Node)
        return Scalar({**self.point, str(node.value.value): turn})

    def true(self, node: Node) -> bool:
        match node.op:
            case "and":
                return all(self.true(a) for a in node.args)
            case "or":
                return any(self.true(a) for a in node.args)
            case "every":
                return all(self._turn(node, turn).true(node.args[1]) for turn in range(self.of(node.args[0])))
        return bool(RELATIONS[node.op](*(self.of(a) for a in node.args)))


def _whole(top: int, bottom: int) -> int:
    value, rest = divmod(top, bottom)
    if rest:
        raise ValueError("not an integer")
    return value


def _product(*factors: int) -> int:
    result = 1
    for factor in factors:
        result *= factor
    return result


def _root(square: int) -> int:
    value = isqrt(square)
    if value * value != square:
        raise ValueError("the root is no integer")
    return value


def _log2(power: int) -> int:
    if power < 1 or power & (power - 1):
        raise ValueError("the logarithm is no integer")
    return power.bit_length() - 1


def _power(base: int, exponent: int) -> int:
    if exponent < 0:
        raise ValueError("a negative power")
    return int(base**exponent)


INTEGERS: dict[str, Callable[..., int]] = {
    "+": lambda *args: sum(args),
    "*": _product,
    "//": lambda a, b: a // b,
    "min": min,
    "max": max,
    "gcd": gcd,
    "^": _power,
    "sqrt": _root,
    "log2": _log2,
}
RELATIONS: dict[str, Callable[..., Any]] = {
    ">=": lambda a: a >= 0,
    ">": lambda a: a > 0,
    "==": lambda a: a == 0,
    "!=": lambda a: a != 0,
    "|": lambda divisor, size: divisor != 0 and size % divisor == 0,
}


# ------------------------------------------------------------ arrays


class Arrays:
    """Steps on NumPy arrays that broadcast: each step has the shape of the symbols it depends on, and no larger."""

    def __init__(self, np: Any, points: Mapping[str, Any], ranges: Mapping[str, Range]) -> None:
        self.np, self.points = np, points
        self.ranges = Ranges(ranges)
        self.found: dict[Node, Any] = {}

    def of(self, node: Node) -> Any:
        if node not in self.found:
            self.found[node] = self._of(node)
        return self.found[node]

    def narrow(self, *nodes: Node) -> bool:
        try:
            return all(self.ranges.bits(node) <= NARROW for node in nodes)
        except Unbounded:
            return False

    def wide(self, values: Any) -> Any:
        return self.np.asarray(values).astype(object)

    def _of(self, node: Node) -> Any:
        np = self.np
        match node.op:
            case "number":
                return np.asarray(node.number, dtype=np.int64 if abs(node.number).bit_length() <= NARROW else object)
            case "input":
                return self.points[str(node.value)]
            case "if" | "sum" | "sqrt" | "log2" | "^":
                return self._one_by_one(node)
        args = [self.of(a) for a in node.args]
        if not self.narrow(node, *node.args):
            args = [self.wide(a) for a in args]
        if node.op in ("//", "/") and not self._never_zero(node.args[1]) and np.any(args[1] == 0):
            raise ZeroDivisionError
        return self._settled(node, getattr(self, f"_{NAMES[node.op]}")(node, args))

    def _settled(self, node: Node, value: Any) -> Any:
        value = self.np.asarray(value)
        return value.astype(self.np.int64) if value.dtype == object and self.narrow(node) else value

    def _never_zero(self, node: Node) -> bool:
        try:
            return self.ranges.never_zero(node)
        except Unbounded:
            return False

    def _sum(self, node: Node, args: Sequence[Any]) -> Any:
        result = args[0]
        for arg in args[1:]:
            result = result + arg
        return result

    def _product(self, node: Node, args: Sequence[Any]) -> Any:
        args = sorted(args, key=lambda a: a.size)  # small ones first, so that few products are large
        result = args[0]
        for arg in args[1:]:
            result = result * arg
        return result

    def _floor(self, node: Node, args: Sequence[Any]) -> Any:
        top, bottom = args
        divisor = node.args[1].value if node.args[1].op == "number" else 0
        if isinstance(divisor, int) and divisor > 0 and divisor & (divisor - 1) == 0 and top.dtype != object:
            return top >> (divisor.bit_length() - 1)  # a floor for negative numbers too
        return top // bottom

    def _quotient(self, node: Node, args: Sequence[Any]) -> Any:
        top, bottom = args
        if not node.value and self.np.any(top % bottom != 0):
            raise ValueError("not an integer")
        return top // bottom

    def _least(self, node: Node, args: Sequence[Any]) -> Any:
        result = args[0]
        for arg in args[1:]:
            result = self.np.minimum(result, arg)
        return result

    def _greatest(self, node: Node, args: Sequence[Any]) -> Any:
        result = args[0]
        for arg in args[1:]:
            result = self.np.maximum(result, arg)
        return result

    def _gcd(self, node: Node, args: Sequence[Any]) -> Any:
        result = args[0]
        for arg in args[1:]:
            result = self.np.gcd(result, arg)
        return result

    # what is worked out point by point, each combination of what it depends on once

    def _one_by_one(self, node: Node) -> Any:
        values = self._each(node, lambda one: one.of(node))
        return self._settled(node, values)

    def _each(self, node: Node, value: Callable[[Scalar], Any]) -> Any:
        np = self.np
        used = [str(n.value) for n in inner(node) if n.op == "input" and str(n.value) in self.points]
        if not used:
            return np.asarray(value(Scalar({})), dtype=object)
        shaped = np.broadcast_arrays(*(self.points[name] for name in used))
        known: dict[tuple[int, ...], Any] = {}
        found = np.empty(shaped[0].size, dtype=object)
        for place, point in enumerate(zip(*(a.ravel().tolist() for a in shaped), strict=True)):
            if point not in known:
                known[point] = value(Scalar(dict(zip(used, point, strict=True))))
            found[place] = known[point]
        return found.reshape(shaped[0].shape)

    def true(self, node: Node) -> Any:
        """Where a condition holds, as booleans."""
        np = self.np
        match node.op:
            case "and":
                result = np.asarray(True)
                for arg in node.args:
                    result = result & self.true(arg)
                return result
            case "or" | "every":
                return self._each(node, lambda one: one.true(node)).astype(bool)
            case "|" if not self._never_zero(node.args[0]):
                return self._each(node, lambda one: one.true(node)).astype(bool)
        args = [self.of(a) for a in node.args]
        if not self.narrow(*node.args):
            args = [self.wide(a) for a in args]
        return np.asarray(RELATIONS[node.op](*args) if node.op != "|" else args[1] % args[0] == 0).astype(bool)


NAMES = {"+": "sum", "*": "product", "//": "floor", "/": "quotient", "min": "least", "max": "greatest", "gcd": "gcd"}


# ------------------------------------------------------------ one symbol: residues


class Residues:
    """A formula in one symbol as a polynomial on each residue class of its period, by a table of integer coefficients.

    The steps are taken modulo 2^64; the bound of the value itself, proved before, says that this is the value.
    """

    def __init__(self, np: Any, value: Callable[[int], int], period: int, degree: int) -> None:
        rows = [[_monomials([value(period * q + r) for q in range(degree + 1)]) for r in range(period)]]
        if any(row is None for row in rows[0]):
            raise ValueError("coefficients that are no integers")
        self.np, self.period = np, period
        columns = zip(*(row for row in rows[0] if row is not None), strict=True)
        wrapped = [[c & (2**64 - 1) for c in column] for column in columns]
        self.table = [np.array(column, dtype=np.uint64).view(np.int64) for column in wrapped]
        self.table = [column if (column != column[0]).any() else column[0] for column in self.table]  # or one number

    def __call__(self, points: Any, out: Any) -> None:
        """The values at flat int64 points."""
        np, period = self.np, self.period
        size = min(BLOCK, points.size)
        q, r, c = (np.empty(size, dtype=np.int64) for _ in range(3))
        for start in range(0, points.size, BLOCK):
            x, y = points[start : start + BLOCK], out[start : start + BLOCK]
            n = x.size
            if period & (period - 1) == 0:
                np.right_shift(x, period.bit_length() - 1, out=q[:n])
                np.bitwise_and(x, period - 1, out=r[:n])
            else:
                np.floor_divide(x, period, out=q[:n])
                np.multiply(q[:n], period, out=r[:n])
                np.subtract(x, r[:n], out=r[:n])
            *others, top = self.table
            if top.ndim or not others:
                y[:] = top.take(r[:n], mode="wrap") if top.ndim else top
            for place, column in enumerate(reversed(others)):
                np.multiply(y if place or top.ndim else top, q[:n], out=y)
                np.add(y, column.take(r[:n], out=c[:n], mode="wrap") if column.ndim else column, out=y)


def _monomials(values: Sequence[int]) -> list[int] | None:
    """Integer coefficients of the polynomial with these values at 0, 1, 2, ...; None where they are no integers."""
    differences, row = [], list(values)
    while row:
        differences.append(row[0])
        row = [b - a for a, b in pairwise(row)]
    found = [Fraction(0)] * len(values)
    basis = [Fraction(1)]  # q*(q - 1)*...*(q - k + 1)/k!
    for k, difference in enumerate(differences):
        for place, coefficient in enumerate(basis):
            found[place] += difference * coefficient
        lifted = [Fraction(0), *basis]
        basis = [(a - k * b) / (k + 1) for a, b in zip(lifted, [*basis, Fraction(0)], strict=True)]
    return [int(c) for c in found] if all(c.denominator == 1 for c in found) else None
