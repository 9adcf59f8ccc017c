"""Formulas worked out on whole numbers and on arrays of them: exact, whatever the size.

An array is int64 where the bounds of a step, worked out from the least and greatest values given, prove that 63 bits are enough,
a pair of arrays (`Wide`) where 127 are, and holds Python's integers where they are not. Nothing is a float, and nothing wraps
that is not proved to come out right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import gcd, isqrt, prod
from typing import Any

from symcost.emit.code import Node, inner
from symcost.emit.ranges import Ranges, Unbounded
from symcost.emit.wide import LONG, WIDE, Wide
from symcost.evaluate import raised

NARROW = 63
BLOCK = 1 << 13  # points worked out at a time, so that they stay in the processor's cache


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
            case "product":
                return prod(self._turn(node, turn).of(node.args[1]) for turn in range(self.of(node.args[0])))
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
    return int(raised(base, exponent))


INTEGERS: dict[str, Callable[..., int]] = {
    "+": lambda *args: sum(args),
    "*": lambda *args: prod(args),
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

    def __init__(self, np: Any, points: Mapping[str, Any], ranges: Ranges) -> None:
        self.np, self.points, self.ranges = np, points, ranges
        self.found: dict[Node, Any] = {}

    def of(self, node: Node) -> Any:
        if node not in self.found:
            self.found[node] = self._of(node)
        return self.found[node]

    def narrow(self, *nodes: Node) -> bool:
        bits = self.ranges.bits
        try:
            for node in nodes:
                if bits(node) > NARROW:
                    return False
        except Unbounded:
            return False
        return True

    def fits(self, node: Node, bits: int = WIDE) -> bool:
        """Whether its value does, whatever the steps to it are."""
        try:
            return max(map(abs, self.ranges.of(node))).bit_length() <= bits
        except Unbounded:
            return False

    def objects(self, values: Any) -> Any:
        return values.objects() if isinstance(values, Wide) else self.np.asarray(values).astype(object)

    def _of(self, node: Node) -> Any:
        np = self.np
        match node.op:
            case "number":
                return self._number(node.number)
            case "input":
                return self.points[str(node.value)]
            case "if" | "sum" | "product" | "sqrt" | "log2" | "^":
                return self._one_by_one(node)
        args = [self.of(a) for a in node.args]
        narrow = self.narrow(node, *node.args)
        if not narrow and self._wider(node):
            return self._settled(node, self._wide(node, [self._paired(a) for a in args]))
        if not narrow:
            args = [self.objects(a) for a in args]
        if node.op in ("//", "/") and not self._never_zero(node.args[1]) and np.any(args[1] == 0):
            raise ZeroDivisionError
        return self._settled(node, getattr(self, f"_{NAMES[node.op]}")(node, args))

    def _number(self, value: int) -> Any:
        bits = abs(value).bit_length()
        if NARROW < bits <= WIDE:
            return Wide.number(self.np, value)
        return self.np.asarray(value, dtype=self.np.int64 if bits <= NARROW else object)

    def _settled(self, node: Node, value: Any) -> Any:
        if isinstance(value, Wide):
            return value.narrow() if self.fits(node, NARROW) else value
        value = self.np.asarray(value)
        return value.astype(self.np.int64) if value.dtype == object and self.fits(node, NARROW) else value

    def _never_zero(self, node: Node) -> bool:
        try:
            return self.ranges.never_zero(node)
        except Unbounded:
            return False

    # in 128 bits

    def _wider(self, node: Node) -> bool:
        """Whether a step can be taken on pairs: the sums and products, and a quotient by a number that is not long."""
        if node.op not in ("+", "*", "//", "/", "min", "max") or not all(map(self.fits, (node, *node.args))):
            return False
        if node.op in ("+", "*", "min", "max"):
            return True
        divisor = node.args[1].value if node.args[1].op == "number" else None
        return isinstance(divisor, int) and 0 < divisor < 2**LONG

    def _paired(self, values: Any) -> Wide:
        if isinstance(values, Wide):
            return values
        return Wide.boxed(self.np, values) if values.dtype == object else Wide.of(self.np, values)

    def _wide(self, node: Node, args: Sequence[Wide]) -> Wide:
        if node.op == "*":
            args = sorted(args, key=lambda a: self.np.size(a.low))
        result, *others = args
        if node.op in ("//", "/"):
            result, rest = result.divided(node.args[1].number)
            if node.op == "/" and not node.value and self.np.any(rest != 0):
                raise ValueError("not an integer")
            return result
        for other in others:
            match node.op:
                case "+":
                    result = result + other
                case "*":
                    result = result * other
                case "min":
                    result = result.where(result.less(other), other)
                case "max":
                    result = other.where(result.less(other), result)
        return result

    # in 64 bits, or on Python's integers

    def _sum(self, node: Node, args: Sequence[Any]) -> Any:
        result = args[0]
        for arg in args[1:]:
            result = result + arg
        return result

    def _product(self, node: Node, args: Sequence[Any]) -> Any:
        args = sorted(args, key=self.np.size)  # small ones first, so that few products are large
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
        if node.op != "|":
            args = [a.sign if isinstance(a, Wide) else a for a in args]
        elif not self.narrow(*node.args):
            args = [self.objects(a) for a in args]
        return np.asarray(RELATIONS[node.op](*args) if node.op != "|" else args[1] % args[0] == 0).astype(bool)


def safely(arrays: Arrays, condition: Node) -> Any:
    """Where a condition holds; where it has no meaning it does not."""
    try:
        return arrays.true(condition)
    except (ZeroDivisionError, ValueError):
        return arrays._each(condition, lambda one: holds(condition, one.point)).astype(bool)


def holds(condition: Node, point: Mapping[str, int]) -> bool:
    try:
        return Scalar(point).true(condition)
    except (ZeroDivisionError, ValueError):
        return False


NAMES = {"+": "sum", "*": "product", "//": "floor", "/": "quotient", "min": "least", "max": "greatest", "gcd": "gcd"}
