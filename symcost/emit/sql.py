"""Formulas as SQL: a query that gives each row of a table its costs, exactly.

Every step has the narrowest integer type that its proved bound fits in, so that nothing overflows; what no type of a dialect
holds is refused. Rows outside of the ranges, or where the network does not exist, are left out. A quotient that does not come out
even, which is not proved to, is NULL.

A sum over the turns of a loop is a subquery, or where a database has none that may look at the row it stands in, a fold of an
array; what depends on the turn is written where it is used. A sum with a term that is NULL is NULL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symcost.emit.code import Node, Result, inner
from symcost.emit.ranges import Ranges
from symcost.emit.writing import too_wide
from symcost.source import Diagnostic, SymcostError

STEP = "step"
POWERS = 128  # exponents between the least and the greatest
LONGEST = 200_000  # characters of an expression


@dataclass(frozen=True)
class Dialect:
    """How a database writes integers and their division. ``widths`` are bits of the magnitude, None for no limit."""

    name: str
    types: tuple[str, ...]
    widths: tuple[int | None, ...]
    divide: tuple[str, ...]  # towards zero, {a} {b}, one for each type; empty: there is none
    quote: str = '"'
    rest: str = "{a} % {b}"
    gcd: str = ""
    shift: str = ""
    root: str = ""
    turns: str = ""  # the turns of a loop as a table of one column, {name} {count}
    sequence: str = ""  # or as an array, {count}
    cased: bool = False  # whether names are two that differ in case only
    unnamed: frozenset[str] = frozenset()  # what no column of a query can be called


_ROOT = "CAST(round(sqrt(CAST({a} AS DOUBLE PRECISION))) AS BIGINT)"
DIALECTS = {
    "duckdb": Dialect(
        "DuckDB",
        ("BIGINT", "HUGEINT"),
        (63, 126),
        ("{a} // {b}", "{a} // {b}"),
        gcd="gcd({a}, {b})",
        shift="CAST(1 AS BIGINT) << {a}",
        root=_ROOT,
        turns="(SELECT unnest(range({count})) AS {name}) AS turns",
    ),
    "postgres": Dialect(
        "PostgreSQL",
        ("BIGINT", "NUMERIC"),
        (63, 400_000),
        ("{a} / {b}", "div({a}, {b})"),
        gcd="gcd({a}, {b})",
        shift="CAST(1 AS BIGINT) << CAST({a} AS INTEGER)",
        root=_ROOT,
        turns="generate_series(CAST(0 AS BIGINT), {count} - 1) AS turns({name})",
        cased=True,
    ),
    "spark": Dialect(
        "Spark",
        ("BIGINT", "DECIMAL(38, 0)"),
        (63, 126),
        ("{a} div {b}", ""),
        quote="`",
        shift="shiftleft(CAST(1 AS BIGINT), CAST({a} AS INT))",
        root=_ROOT.replace(" PRECISION", ""),
        sequence="CASE WHEN {count} > 0 THEN sequence(CAST(0 AS BIGINT), {count} - 1) ELSE CAST(array() AS ARRAY<BIGINT>) END",
    ),
    "sqlite": Dialect(
        "SQLite",
        ("INTEGER",),
        (63,),
        ("{a} / {b}",),
        shift="1 << {a}",
        turns="(WITH RECURSIVE turns({name}) AS (SELECT 0 WHERE {count} > 0 UNION ALL "
        "SELECT {name} + 1 FROM turns WHERE {name} + 1 < {count}) SELECT {name} FROM turns) AS turns",
        unnamed=frozenset({"true", "false"}),
    ),
}


def column(given: str) -> str:
    """How the column of an input is called."""
    return given.replace(" ", "_")


class Query:
    """A query over a table of points, or over any ``source`` with a column for each parameter."""

    def __init__(self, dialect: Dialect, ranges: Ranges, parameters: Sequence[str]) -> None:
        self.dialect, self.ranges, self.parameters = dialect, ranges, tuple(parameters)
        self.steps: dict[Node, tuple[str, int]] = {}  # the column a node stands in, and the step that makes it
        self.columns: list[list[str]] = []  # by step
        self.shared: Counter[int] = Counter()
        self.taken: set[str] = set()  # names of columns that are not ours, in lower case
        self.bound: set[str] = set()  # indices of the loops whose body is being written

    def text(self, results: Mapping[str, Result], conditions: Sequence[Node], source: str = "points") -> str:
        self._called([*map(column, self.parameters), *results])
        roots = [*(r.value for r in results.values()), *conditions]
        self.shared = Counter(id(a) for node in {n for r in roots for n in inner(r)} for a in node.args)
        flat = [part for c in conditions for part in (c.args if c.op == "and" else (c,))]
        where = [self.true(c) for c in flat]
        wanted = [f"{self.source(r.value)} AS {self.quoted(name)}" for name, r in results.items()]
        names = [self.quoted(p) for p in self.parameters]
        lines = [f"WITH {STEP}0 AS (\n  SELECT {self._inputs()}\n  FROM {source}{self._inside()}\n)"]
        for index, columns in enumerate(self.columns, 1):
            made = ",\n    ".join(columns)
            lines.append(f", {STEP}{index} AS (\n  SELECT *,\n    {made}\n  FROM {STEP}{index - 1}\n)")
        listed = ",\n  ".join([*names, *wanted])
        filtered = "".join(f"\n{'AND' if i else 'WHERE'} {c}" for i, c in enumerate(where))
        lines.append(f"SELECT\n  {listed}\nFROM {STEP}{len(self.columns)}{filtered}")
        return "\n".join(lines)

    def _called(self, names: Sequence[str]) -> None:
        """Refuse columns that the database would take for one another."""
        known: dict[str, str] = {}
        for name in names:
            folded = name if self.dialect.cased else name.casefold()
            if folded in known:
                same = known[folded] == name
                self._one_name(
                    f"two columns would be called '{name}'"
                    if same
                    else f"'{name}' and '{known[folded]}' would be one column"
                )
            if folded in self.dialect.unnamed:
                self._one_name(f"no column can be called '{name}'")
            known[folded] = name
        self.taken = {name.casefold() for name in names}

    def _one_name(self, what: str) -> None:
        raise SymcostError(Diagnostic("cannot-emit", f"{what} in {self.dialect.name}", help="rename the symbol"))

    def _inputs(self) -> str:
        bits = {p: max(abs(v).bit_length() for v in self.ranges.inputs[p]) for p in self.parameters}
        made = (f"{self.cast(self.quoted(p), self.place(bits[p]))} AS {self.quoted(p)}" for p in self.parameters)
        return ", ".join(made) or "1 AS one"

    def _inside(self) -> str:
        limits = [(self.quoted(p), *self.ranges.inputs[p]) for p in self.parameters]
        return "".join(f"\n  {'AND' if i else 'WHERE'} {p} BETWEEN {a} AND {b}" for i, (p, a, b) in enumerate(limits))

    def quoted(self, name: str) -> str:
        mark = self.dialect.quote
        name = column(name) if name in self.parameters else name
        return mark + name.replace(mark, mark * 2) + mark

    # types

    def width(self, node: Node) -> int:
        return self.place(self.ranges.bits(node))

    def place(self, bits: int) -> int:
        for place, width in enumerate(self.dialect.widths):
            if width is None or bits <= width:
                return place
        raise too_wide(self.dialect.name, bits, {p: self.ranges.inputs[p] for p in self.parameters})

    def refused(self, what: str) -> SymcostError:
        return SymcostError(
            Diagnostic(
                "cannot-emit", f"{what} cannot be written exactly in {self.dialect.name}", help="python and c can"
            )
        )

    # expressions

    def source(self, node: Node, wide: int | None = None) -> str:
        """An expression that stands by itself in any other."""
        own = self.width(node)
        wide = own if wide is None else wide
        written = self.expression(node, wide)
        return self.cast(written, wide) if wide != own and node.op != "number" else written

    def cast(self, written: str, wide: int) -> str:
        return f"CAST({written} AS {self.dialect.types[wide]})"

    def expression(self, node: Node, wide: int) -> str:
        if node in self.steps:
            return self.steps[node][0]
        match node.op:
            case "number":
                return self.literal(node.number, wide)
            case "input":
                return self.quoted(str(node.value))
            case "+" | "*":
                at = max(self.width(node), *map(self.width, node.args))
                written = f" {node.op} ".join(self.source(a, at) for a in node.args)
                written = f"({written})"
                if at != self.width(node):
                    written = self.cast(written, self.width(node))
                return self.step(node, written) if self.shared[id(node)] > 1 else written
        return self.step(node, self.operation(node))

    def literal(self, value: int, wide: int) -> str:
        if wide or abs(value) >> 31:
            return self.cast(f"'{value}'" if wide else str(value), wide)
        return str(value) if value >= 0 else f"({value})"

    def operation(self, node: Node) -> str:
        match node.op:
            case "if":
                condition = self.true(node.args[0])
                return f"CASE WHEN {condition} THEN {self.source(node.args[1], self.width(node))} ELSE 0 END"
            case "sum":
                return self.added(node)
            case "product":
                raise self.refused("a sum of fractions without a closed form")
            case "^":
                return self.power(node)
            case "sqrt" if self.dialect.root and self.ranges.bits(node.args[0]) < 63:
                square = self.source(node.args[0])
                root = self.dialect.root.format(a=square)
                return f"CASE WHEN {square} >= 0 AND {root} * {root} = {square} THEN {root} END"
            case "sqrt" | "log2":
                raise self.refused(f"a {'square root' if node.op == 'sqrt' else 'logarithm'}")
        at = max(self.width(node), *map(self.width, node.args))
        if node.op == "//" and self.ranges.of(node.args[0])[0] < 0:  # a remainder and its divisor are added then
            at = max(at, self.place(max(map(self.ranges.bits, node.args)) + 1))
        args = [self.source(a, at) for a in node.args]
        if node.op in ("//", "/"):
            written = self.quotient(node, args[0], args[1], at)
        else:
            written = args[0]
            for arg in args[1:]:
                written = self.extreme(node.op, written, arg)
        return written if at == self.width(node) else self.cast(written, self.width(node))

    def power(self, node: Node) -> str:
        """Of a number: by a shift, or one value for each exponent there may be."""
        base, exponent = node.args
        low, high = self.ranges.of(exponent)
        if base.op != "number" or high - low > POWERS:
            raise self.refused("a power with a symbol in the exponent")
        raised = self.source(exponent)
        if base.number == 2 and self.dialect.shift and self.width(node) == 0 and low >= 0:
            return self.dialect.shift.format(a=raised)
        made = (f"WHEN {e} THEN {self.literal(base.number**e, self.width(node))}" for e in range(max(low, 0), high + 1))
        return f"CASE {raised} {' '.join(made)} END"

    def extreme(self, op: str, a: str, b: str) -> str:
        if op == "gcd":
            if not self.dialect.gcd:
                raise self.refused("a greatest common divisor")
            return self.dialect.gcd.format(a=a, b=b)
        first, second = ("<=", ">") if op == "min" else (">=", "<")
        return f"CASE WHEN {a} {first} {b} THEN {a} WHEN {a} {second} {b} THEN {b} END"

    def quotient(self, node: Node, a: str, b: str, at: int) -> str:
        divide = self.dialect.divide[at]
        if not divide:
            raise self.refused(f"a quotient of integers of more than {self.dialect.widths[0]} bits")
        top, bottom = node.args
        low, high = self.ranges.of(bottom)
        if low < 0 and node.op == "//":
            raise self.refused("a floor over a divisor that may be negative")
        if low <= 0 <= high:
            b = f"NULLIF({b}, 0)"
        if node.op == "/":
            written = divide.format(a=a, b=b)
            rest = self.dialect.rest.format(a=a, b=b)
            return written if node.value else f"CASE WHEN {rest} = 0 THEN {written} END"
        if self.ranges.of(top)[0] >= 0:
            return divide.format(a=a, b=b)
        rest = self.dialect.rest
        above = rest.format(a=f"({rest.format(a=a, b=b)} + {b})", b=b)
        return divide.format(a=f"({a} - {above})", b=b)

    # loops

    def added(self, node: Node) -> str:
        count, term = node.args
        own = self.width(node)  # makes the range of the index known
        turns = self.source(count, 0)
        index = self.entered(node)
        written = self.source(term, own)
        self.bound.discard(index)
        if self.dialect.turns:
            rows = self.dialect.turns.format(count=turns, name=self.quoted(index))
            terms = f"(SELECT {written} AS term FROM {rows}) AS terms"
            total = self.cast("coalesce(sum(term), 0)", own)
            return f"(SELECT CASE WHEN count(term) = count(*) THEN {total} END FROM {terms})"
        array, total, name = (
            self.dialect.sequence.format(count=turns),
            self.quoted(f"total {index}"),
            self.quoted(index),
        )
        return (
            f"aggregate({array}, {self.cast('0', own)}, ({total}, {name}) -> {self.cast(f'{total} + {written}', own)})"
        )

    def always(self, node: Node) -> str:
        """Whether a condition holds in every turn."""
        self.ranges.entered(node)
        turns = self.source(node.args[0], 0)
        index = self.entered(node)
        holds = f"coalesce({self.true(node.args[1])}, 1 = 0)"
        self.bound.discard(index)
        if self.dialect.turns:
            rows = self.dialect.turns.format(count=turns, name=self.quoted(index))
            return f"NOT EXISTS (SELECT 1 FROM {rows} WHERE NOT {holds})"
        return f"forall({self.dialect.sequence.format(count=turns)}, {self.quoted(index)} -> {holds})"

    def entered(self, node: Node) -> str:
        assert isinstance(node.value, Node)
        index = str(node.value.value)
        self.bound.add(index)
        return index

    def in_a_turn(self, node: Node) -> bool:
        return bool(self.bound) and any(n.op == "input" and str(n.value) in self.bound for n in inner(node))

    def step(self, node: Node, written: str) -> str:
        """A column of its own, made one step after the last of those it is made from."""
        if self.in_a_turn(node):
            if len(written) > LONGEST:
                raise self.refused("a sum of such long terms")
            return f"({written})"
        after = max((self.steps[n][1] for n in inner(node) if n in self.steps), default=0)
        if after == len(self.columns):
            self.columns.append([])
        name = f"v{len(self.steps) + 1}"
        while name in self.taken:
            name += "_"
        name = self.quoted(name)
        self.columns[after].append(f"{written} AS {name}")
        self.steps[node] = name, after + 1
        return name

    # true or false

    def true(self, node: Node) -> str:
        match node.op:
            case ">=" | ">" | "==" | "!=":
                return f"{self.source(node.args[0])} {({'==': '=', '!=': '<>'}).get(node.op, node.op)} 0"
            case "|":
                at = max(map(self.width, node.args))
                divisor, size = (self.source(a, at) for a in node.args)
                if not self.ranges.never_zero(node.args[0]):
                    divisor = f"NULLIF({divisor}, 0)"
                return f"{self.dialect.rest.format(a=size, b=divisor)} = 0"
            case "and":
                return " AND ".join(f"({self.true(a)})" for a in node.args) or "1 = 1"
            case "or":
                return "(" + " OR ".join(f"({self.true(a)})" for a in node.args) + ")"
            case "every":
                return self.always(node)
        raise TypeError(node.op)
