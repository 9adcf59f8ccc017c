"""Between which numbers every step of a program stays, when its inputs stay in theirs: interval arithmetic, a proof.

>>> from symcost.emit.code import Code
>>> code = Code(); x = code.input("X"); Ranges({"X": (1, 9)}).of(code.node("//", x, code.number(2)))
(0, 4)
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate, chain
from operator import mul

from symcost.emit.code import Node

Range = tuple[int, int]
MAX_BITS = 20_000  # of a bound that is worked out


class Unbounded(Exception):
    """No bound is known, for the reason given."""


class Ranges:
    """The bounds of nodes, from those of the inputs."""

    def __init__(self, inputs: Mapping[str, Range]) -> None:
        self.inputs = dict(inputs)
        self.found: dict[Node, Range] = {}
        self.widths: dict[Node, int] = {}

    def of(self, node: Node) -> Range:
        """The least and the greatest value."""
        if node not in self.found:
            self.found[node] = self._of(node)
        return self.found[node]

    def bits(self, node: Node) -> int:
        """Of the magnitude, every step on the way included that a machine takes from left to right."""
        if node not in self.widths:
            self.widths[node] = self._bits(node)
        return self.widths[node]

    def _bits(self, node: Node) -> int:
        low, high = self.of(node)
        if node.op not in ("+", "*"):
            return max(high, -low).bit_length()
        values: list[int] = [low, high]
        if node.op == "+":
            lows, highs = zip(*map(self.of, node.args), strict=True)
            values += chain(accumulate(lows), accumulate(highs))
        else:
            values += accumulate([max(map(abs, self.of(a))) for a in node.args], mul)
        return max(max(values), -min(values)).bit_length()

    def positive(self, node: Node) -> bool:
        return self.of(node)[0] > 0

    def never_zero(self, node: Node) -> bool:
        low, high = self.of(node)
        return low > 0 or high < 0

    def _of(self, node: Node) -> Range:
        match node.op:
            case "number":
                return node.number, node.number
            case "input":
                return self._input(str(node.value))
            case "+":
                lows, highs = zip(*map(self.of, node.args), strict=True)
                return sum(lows), sum(highs)
            case "*":
                powers: dict[Node, int] = {}
                for factor in node.args:
                    powers[factor] = powers.get(factor, 0) + 1
                result = (1, 1)
                for factor, exponent in powers.items():
                    found = self.of(factor)
                    result = _times(result, found if exponent == 1 else _raised(found, exponent))
                return result
            case "//":
                return _floor(self.of(node.args[0]), self.of(node.args[1]))
            case "/":
                low, high = _floor(self.of(node.args[0]), self.of(node.args[1]))
                return low, high
            case "min":
                return min(self.of(a)[0] for a in node.args), min(self.of(a)[1] for a in node.args)
            case "max":
                return max(self.of(a)[0] for a in node.args), max(self.of(a)[1] for a in node.args)
            case "gcd":
                return 0, max(max(map(abs, self.of(a))) for a in node.args)
            case "^":
                return self._power(*map(self.of, node.args))
            case "sqrt":
                high = max(self.of(node.args[0])[1], 0)
                return 0, 1 << (high.bit_length() + 1) // 2
            case "log2":
                return 0, max(self.of(node.args[0])[1], 1).bit_length()
            case "if":
                low, high = self.of(node.args[1])
                return min(low, 0), max(high, 0)
            case "sum":
                return self._sum(node)
            case "product":
                return self._product(node)
        raise TypeError(node.op)

    def _input(self, name: str) -> Range:
        if name not in self.inputs:
            raise Unbounded(f"no range is known of {name}")
        return self.inputs[name]

    def _power(self, base: Range, exponent: Range) -> Range:
        most = max(abs(base[0]), abs(base[1]))
        if exponent[1] * most.bit_length() > MAX_BITS:
            raise Unbounded("a power is too large")
        greatest = max(most ** max(exponent[1], 0), 1)
        if base[0] > 0 and exponent[0] >= 0:
            return base[0] ** exponent[0], greatest
        return (0 if base[0] >= 0 else -greatest), greatest

    def _product(self, node: Node) -> Range:
        self.entered(node)
        low, high = self.of(node.args[1])
        turns, most = max(self.of(node.args[0])[1], 0), max(abs(low), abs(high), 1)
        if turns * most.bit_length() > MAX_BITS:
            raise Unbounded("a product is too large")
        return (1 if low > 0 else 0 if low == 0 else -(most**turns)), most**turns

    def _sum(self, node: Node) -> Range:
        turns = max(self.of(node.args[0])[1], 0)
        self.entered(node)
        low, high = self.of(node.args[1])
        return min(0, low * turns), max(0, high * turns)

    def entered(self, node: Node) -> None:
        """The turns of a loop have a range too."""
        assert isinstance(node.value, Node)
        self.inputs[str(node.value.value)] = (0, max(self.of(node.args[0])[1] - 1, 0))


def _times(a: Range, b: Range) -> Range:
    if a[0] >= 0 and b[0] >= 0:
        return a[0] * b[0], a[1] * b[1]
    ends = [x * y for x in a for y in b]
    return min(ends), max(ends)


def _raised(a: Range, exponent: int) -> Range:
    ends = [x**exponent for x in a]
    return (0 if exponent % 2 == 0 and a[0] < 0 < a[1] else min(ends)), max(ends)


def _floor(a: Range, b: Range) -> Range:
    """A divisor that may be 0 is 1 or more in magnitude where there is a quotient."""
    if b[0] == b[1] > 0:
        return a[0] // b[0], a[1] // b[0]
    if b[0] > 0 or b[1] < 0:
        ends = [x // y for x in a for y in b]
        return min(ends), max(ends)
    most = max(map(abs, a))
    return -most, most
