"""Formulas as functions of JavaScript for a page: exact over BigInt, nothing in floating point.

A function takes an object with a value for each symbol: a BigInt, or a pair ``[top, bottom]`` for a symbol that is no integer. It
returns such a pair in lowest terms, and throws where there is no exact value. What it calls stands in `RUNTIME`.

>>> from symcost.sizes.atoms import Size, Symbol
>>> print(function(Size.of(Symbol("X")) // 2 * 3))
({ X }) => { const t1 = floor(X, 2n); return [3n*t1, 1n]; }
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from symcost.emit.code import Code, Node, Result, inner, inputs_of
from symcost.emit.languages import JAVASCRIPT, JAVASCRIPT_HELPERS
from symcost.emit.ranges import Ranges
from symcost.emit.writing import Function, Writer
from symcost.sizes.atoms import Size, Symbol
from symcost.sizes.facts import Condition

_RATIO = """function ratio(top, bottom) {
    if (bottom === 0n) throw new RangeError("division by zero");
    const common = bottom < 0n ? -gcd(top, bottom) : gcd(top, bottom);
    return [top / common, bottom / common];
}"""
_TURNS = """function turns(count) {
    if (count > 100000n) throw new RangeError("too many turns to add up");
    return Array.from({ length: Math.max(0, Number(count)) }, (_, turn) => BigInt(turn));
}"""
RUNTIME = "\n".join(
    [
        "// Exact arithmetic over BigInt: what has no exact value throws.",
        *(body.replace("NAME", name) for name, body in JAVASCRIPT_HELPERS.items()),
        _RATIO,
        _TURNS,
    ]
)
PAGE = replace(
    JAVASCRIPT,
    loop="for (const {name} of turns({count})) {{",
    native=frozenset(JAVASCRIPT_HELPERS),
    taken=JAVASCRIPT.taken | {*JAVASCRIPT_HELPERS, "ratio", "turns", "Math", "Number", "Array"},
)


def function(size: Size) -> str:
    """An arrow function from values of the symbols to the value as a fraction ``[top, bottom]``."""
    result = Code().result(size)
    writer = Writer(PAGE, Ranges({}), Function("", "", (), result))
    names = _named(writer, (result.value,), size.symbols())
    if result.whole:
        return _arrow(names, writer, f"[{writer.source(result.value)}, 1n]")
    return _arrow(names, writer, f"ratio({writer.source(result.top)}, {writer.source(result.bottom)})")


def condition(given: Condition) -> str:
    """An arrow function from values of the symbols to whether a condition holds."""
    node = Code().condition(given)
    writer = Writer(PAGE, Ranges({}), Function("", "", (), Result(node, node, True, node)))
    parts = (given.size, given.divisor, given.guard, *(count for _, count in given.turns))
    names = _named(writer, (node,), {s for part in parts for s in part.symbols()})
    return _arrow(names, writer, writer.true(node))


def _named(writer: Writer, roots: Iterable[Node], symbols: Iterable[Symbol]) -> str:
    """What is taken out of the object given: of the symbols that the formula has."""
    used = {str(n.value) for root in roots for n in inner(root) if n.op == "input"}
    entries = []
    for name, inputs in sorted(
        {(s.name, inputs_of(s)) for s in symbols}
    ):  # that of a loop's index may be another's too
        if used.isdisjoint(inputs):
            continue
        own = [writer.name(n) for n in inputs]
        written = own[0] if len(own) == 1 else f"[{', '.join(own)}]"
        entries.append(written if written == name else f"{_quoted(name)}: {written}")
    return f"{{ {', '.join(entries)} }}" if entries else ""


def _arrow(names: str, writer: Writer, value: str) -> str:
    lines = " ".join(line.strip() for line in writer.lines)
    if lines:
        return f"({names}) => {{ {lines} return {value}; }}"
    return f"({names}) => {value}"


def _quoted(name: str) -> str:
    return json.dumps(name).replace("<", "\\u003c")
