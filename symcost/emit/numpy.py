"""Formulas as NumPy: functions on arrays that broadcast, int64 under a proved bound, Python's integers in arrays beyond it.

A branch is worked out everywhere and chosen from; a divisor that is 0 where its branch does not count is 1 there.
"""

from __future__ import annotations

from dataclasses import replace

from symcost.emit.code import Node
from symcost.emit.languages import PYTHON
from symcost.emit.writing import ATOM, SUM, Writer


def _pairwise(name: str) -> str:
    """NumPy's function of two numbers, in one type: of two Python integers it would make int64, however large they are."""
    return f"def NAME(a, b):\n    return np.{name}(np.asarray(a, dtype=TYPE), np.asarray(b, dtype=TYPE))\n"


NUMPY = replace(
    PYTHON,
    name="NumPy",
    widths=(63, 10**9),
    types=("np.int64", "object"),
    cast="np.asarray({source}).astype({type})",
    power="",
    check="",
    fail='if np.any({condition}):\n    raise ValueError("{why}")',
    loop="for {name} in range(int(np.max({count}))):",
    native=frozenset(),
    fraction="np.frompyfunc(Fraction, 2, 1)(np.asarray({top}).astype(object), np.asarray({bottom}).astype(object))",
    helpers={
        "min": _pairwise("minimum"),
        "max": _pairwise("maximum"),
        "gcd": _pairwise("gcd"),
        "power": "NAME = np.frompyfunc(pow, 2, 1)\n",
        "root": "def _root(square):\n    value = isqrt(max(square, 0))\n    return value if value*value == square else -1\n\n\n"
        "NAME = np.frompyfunc(_root, 1, 1)\n",
        "log2": "def _log2(power):\n    return power.bit_length() - 1 if power > 0 and not power & (power - 1) else -1\n\n\n"
        "NAME = np.frompyfunc(_log2, 1, 1)\n",
    },
    head={
        "(index,": "from operator import index\n",
        "": "import numpy as np\n",
        **{k: v for k, v in PYTHON.head.items() if k not in ("gcd(", "index(")},
    },
    taken=PYTHON.taken | {"np", "int", "object", "pow", "TypeError"},
)


class NumpyWriter(Writer):
    """Steps on whole arrays; ``guard`` is where the branch counts that is being written."""

    guard = ""

    def _outside(self, parameter: str, name: str) -> str:
        low, high = self.ranges.inputs[parameter]
        kind = self.language.types[int(max(abs(low), abs(high)).bit_length() > 63)]
        self.line(f"{name} = np.asarray({name})")
        # a float among objects is refused, which `astype` would cut off
        exactly = f"np.asarray(np.frompyfunc(index, 1, 1)({name}), dtype=object)"
        self.line(f"if {name}.dtype == object:\n    {name} = {exactly}")
        self.line(f'if {name}.dtype.kind not in "iuO":\n    raise TypeError("integers are needed")')
        self.line(f"if {name}.size and (int({name}.min()) < {low} or int({name}.max()) > {high}):")
        self.line('    raise ValueError("outside of the range")')
        self.line(f"{name} = {name}.astype({kind})")
        return ""

    def condition(self, node: Node) -> None:
        if node.op == "and":
            for part in node.args:
                self.condition(part)
            return
        refused = f"~np.asarray({self.true(node)})"
        self.line(self.language.fail.format(condition=refused, why="the network does not exist here"))

    def operation(self, node: Node) -> str:
        name = super().operation(node)
        if node.op in ("^", "sqrt", "log2") and self.width(node) == 0:
            self.line(f"{name} = np.asarray({name}).astype(np.int64)")
        return name

    def quotient(self, node: Node) -> str:
        top, bottom = node.args
        at = self.common(node, top, bottom)
        above, below = (self.source(a, at, ATOM) for a in node.args)
        if not self.ranges.never_zero(bottom):
            below = self.named(below, bottom, at)
            if self.guard:
                below = self.declared(f"np.where({self.guard}, {below}, 1)", at)
            self.line(self.language.fail.format(condition=f"{below} == 0", why="division by zero"))
        if node.op == "/" and not node.value:
            uneven = f"({above} % {below} != 0)" + (f" & {self.guard}" if self.guard else "")
            self.line(self.language.fail.format(condition=uneven, why="not an integer"))
        return self.narrowed(f"{above}//{below}", SUM, at, self.width(node))

    def chosen(self, node: Node) -> str:
        condition, value = node.args
        outer, known = self.guard, dict(self.known)
        for part in condition.args if condition.op == "and" else (condition,):
            holds = self.declared(self.true(part), 0)
            self.guard = self.declared(f"{self.guard} & {holds}", 0) if self.guard else holds
        written = f"np.where({self.guard}, {self.source(value, self.width(node))}, 0)"
        self.guard = outer
        name = self.declared(written, self.width(node))
        self.known = known
        self.known[node] = name
        return name

    def gathered(self, node: Node) -> str:
        count, value = node.args
        self.ahead(value)
        own, (sign, nothing) = self.width(node), ("+", 0) if node.op == "sum" else ("*", 1)
        turns = self.named(self.source(count), count, 0)
        name = self.fresh()
        self.line(f"{name} = np.asarray({nothing}, dtype={self.language.types[own]})")
        outer, depth, guard = dict(self.known), self.depth, self.guard
        self.enter(node, turns)
        assert isinstance(node.value, Node)
        here = f"({self.name(str(node.value.value))} < {turns})"
        self.guard = f"({guard} & {here})" if guard else here
        self.line(f"{name} = {name} {sign} np.where({self.guard}, {self.source(value, own)}, {nothing})")
        self.guard = guard
        self.leave(outer, depth, node)
        self.known[node] = name
        return name

    def true(self, node: Node) -> str:
        match node.op:
            case "or":
                guard, truth = node.args
                outer = self.guard
                counts = self.declared(f"{self.source(guard.args[0])} != 0", 0)
                self.guard = self.declared(f"{outer} & {counts}", 0) if outer else counts
                holds = self.true(truth)
                self.guard = outer
                return f"(~np.asarray({counts}) | ({holds}))"
            case "and":
                return " & ".join(f"({self.true(a)})" for a in node.args) or "np.True_"
            case "every":
                count, truth = node.args
                self.ranges.entered(node)
                name, turns = self.fresh(), self.named(self.source(count), count, 0)
                self.line(f"{name} = np.True_")
                outer_known, depth = dict(self.known), self.depth
                self.enter(node, turns)
                assert isinstance(node.value, Node)
                late = f"({self.name(str(node.value.value))} >= {turns})"
                self.line(f"{name} = {name} & ({late} | ({self.true(truth)}))")
                self.leave(outer_known, depth, node)
                return name
            case "|" if not self.ranges.never_zero(node.args[0]):
                at = self.common(*node.args)
                divisor, size = (self.source(a, at, ATOM) for a in node.args)
                divisor = self.named(divisor, node.args[0], at)
                return f"({divisor} != 0) & ({size} % np.where({divisor} == 0, 1, {divisor}) == 0)"
        return super().true(node)
