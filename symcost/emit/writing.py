"""Programs of whole numbers as source text: what languages with statements have in common.

A language is data: how a constant, a branch, a loop and a failure are written, which widths its integers have, and the few
functions it lacks. Where widths are bounded, each step gets the narrowest type that its proved bound fits in, and a formula for
which none is wide enough is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from symcost.emit.code import Node, Result, inner
from symcost.emit.ranges import Ranges
from symcost.source import Diagnostic, SymcostError

SUM, PRODUCT, ATOM = 0, 1, 2  # how tightly an expression holds together
SIMPLE = ("number", "input", "+", "*")


@dataclass(frozen=True)
class Function:
    """What is emitted: a formula over its parameters, where conditions hold."""

    name: str
    title: str
    parameters: tuple[str, ...]
    result: Result
    conditions: tuple[Node, ...] = ()
    bounds: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Language:
    """How a language with statements writes things. A type is named by its place in ``widths``."""

    name: str
    comment: str
    define: str  # {name} {parameters} {type}
    parameter: str
    answer: str  # {value}
    close: str
    constant: str
    variable: str
    assign: str
    branch: str
    loop: str
    end: str
    fail: str  # {condition} {why}
    divide: str
    number: str = "{value}"
    long_number: str = ""  # {type} {high} {low}: one of more than 63 bits, in parts of 10^18
    power: str = ""  # {base} {exponent}
    widths: tuple[int, ...] = ()  # bits of the magnitude; none: integers of any size
    types: tuple[str, ...] = ("",)
    truth: str = ""
    check: str = ""  # that a parameter {name} is an integer
    cast: str = "({type}){source}"
    equal: str = "=="
    words: tuple[str, str, str, str, str] = ("&&", "||", "!", "true", "false")
    native: frozenset[str] = frozenset()  # operations that need no helper, written as calls
    helpers: Mapping[str, str] = field(default_factory=dict)  # {type} {name}
    head: Mapping[str, str] = field(default_factory=dict)  # what must stand above, by a word of the text
    taken: frozenset[str] = frozenset()
    reserved: str = ""  # a pattern of more names that are taken
    out: str = ""  # {type}: a parameter more, for the answer
    fraction: str = ""  # {top} {bottom}: what is returned where a quotient is not proved to come out even


def too_wide(language: str, node_bits: int, ranges: Mapping[str, tuple[int, int]]) -> SymcostError:
    given = ", ".join(f"{n}={a}..{b}" for n, (a, b) in ranges.items())
    message = f"a step of the formula takes {node_bits} bits for {given}, more than integers of {language} have"
    return SymcostError(Diagnostic("cannot-emit", message, help="give narrower ranges, or choose python or javascript"))


class Writer:
    """The body of one function."""

    def __init__(self, language: Language, ranges: Ranges, function: Function) -> None:
        self.language, self.ranges, self.function = language, ranges, function
        self.names: dict[str, str] = {}
        self.used: dict[str, str] = {}  # helpers by the name they are called by
        self.lines: list[str] = []
        self.known: dict[Node, str] = {}
        self.open: set[Node] = set()  # indices of the loops that are being written
        self.depth = 1
        roots = (function.result.value, *function.conditions)
        self.shared = Counter(id(a) for node in {n for r in roots for n in inner(r)} for a in set(node.args))
        self.widest = 0

    # the whole

    def text(self) -> str:
        """The definition, without what stands above it."""
        function, language = self.function, self.language
        names = [self.name(p) for p in function.parameters]
        for parameter, name in zip(function.parameters, names, strict=True):
            if language.check:
                self.line(language.check.format(name=name))
            outside = self._outside(parameter, name)
            if outside:
                self.line(language.fail.format(condition=outside, why="outside of the range"))
        for condition in function.conditions:
            self.condition(condition)
        result = function.result
        if result.whole or not language.fraction:
            value, wide = self.source(result.value), self.width(result.value)
        else:
            value, wide = language.fraction.format(top=self.source(result.top), bottom=self.source(result.bottom)), 0
        self.line(language.answer.format(value=value))
        each = [self._parameter(p, n) for p, n in zip(function.parameters, names, strict=True)]
        typed = ", ".join(filter(None, [*each, language.out.format(type=language.types[wide])]))
        named = self.identifier(function.name)
        head = language.define.format(name=named, parameters=typed, type=language.types[wide])
        return "\n".join([head, *self.lines, *([language.close] if language.close else [])]) + "\n"

    def _parameter(self, parameter: str, name: str) -> str:
        bits = max(abs(v).bit_length() for v in self.ranges.inputs[parameter]) if self.language.widths else 0
        fitting = [i for i, width in enumerate(self.language.widths) if bits <= width]
        if self.language.widths and not fitting:
            raise too_wide(self.language.name, bits, {parameter: self.ranges.inputs[parameter]})
        place = fitting[0] if fitting else 0
        return self.language.parameter.format(name=name, type=self.language.types[place])

    def condition(self, node: Node) -> None:
        """Fail where it does not hold; ``and`` one by one, so that a later one may rely on those before it."""
        if node.op == "and":
            for part in node.args:
                self.condition(part)
            return
        source = self.true(node)
        not_ = self.language.words[2]
        refused = f"{not_}({source})" if not_ != "not " else f"not ({source})"
        self.line(self.language.fail.format(condition=refused, why="the network does not exist here"))

    def _outside(self, parameter: str, name: str) -> str:
        sized = bool(self.language.widths)
        low, high = self.ranges.inputs[parameter] if sized else self.function.bounds.get(parameter, (None, None))
        limits = [f"{name} {sign} {self.literal(v, 0)}" for sign, v in (("<", low), (">", high)) if v is not None]
        return f" {self.language.words[1]} ".join(limits)

    # types

    def width(self, node: Node) -> int:
        """The place of the narrowest type it fits in."""
        if not self.language.widths:
            return 0
        if node.op in ("sum", "product", "every"):
            self.ranges.entered(node)
        bits = self.ranges.bits(node)
        for place, width in enumerate(self.language.widths):
            if bits <= width:
                self.widest = max(self.widest, place)
                return place
        raise too_wide(self.language.name, bits, {p: self.ranges.inputs[p] for p in self.function.parameters})

    def common(self, *nodes: Node) -> int:
        return max(map(self.width, nodes))

    def literal(self, value: int, wide: int) -> str:
        if not self.language.long_number or abs(value).bit_length() <= 63:
            return self.language.number.format(value=value)
        if value < 0:
            return f"(-{self.literal(-value, wide)})"
        high, low = divmod(value, 10**18)
        kind = self.language.types[-1]
        return self.language.long_number.format(type=kind, high=self.literal(high, wide), low=low)

    # expressions

    def source(self, node: Node, wide: int | None = None, level: int = SUM) -> str:
        """An expression of a width, with parentheses where what stands around it holds more tightly."""
        own = self.width(node)
        wide = own if wide is None else wide
        written, held = self.expression(node, wide)
        if wide != own and node.op != "number":
            return self.language.cast.format(type=self.language.types[wide], source=self.closed(written, held, ATOM))
        return self.closed(written, held, level)

    def closed(self, written: str, held: int, level: int) -> str:
        return f"({written})" if held < level else written

    def expression(self, node: Node, wide: int) -> tuple[str, int]:
        if node in self.known:
            return self.known[node], ATOM
        match node.op:
            case "number":
                return self.literal(node.number, wide), ATOM if node.number >= 0 else PRODUCT
            case "input":
                return self.name(str(node.value)), ATOM
            case "+" | "*":
                written = self.ring(node)
                if self.shared[id(node)] < 2:
                    return written, SUM if node.op == "+" else PRODUCT
                return self.keep(node, written), ATOM
        return self.operation(node), ATOM

    def ring(self, node: Node) -> str:
        at = self.common(node, *node.args)
        if node.op == "+":
            parts = [self.signed(a, at) for a in node.args]
            written = parts[0][1] if parts[0][0] == "+" else f"-{parts[0][1]}"
            written += "".join(f" {sign} {part}" for sign, part in parts[1:])
        else:
            written = self.factors(node.args, at)
        return self.narrowed(written, SUM, at, self.width(node))

    def signed(self, node: Node, at: int) -> tuple[str, str]:
        """A term with its sign taken out."""
        if node.op == "number" and node.number < 0:
            return "-", self.literal(-node.number, at)
        if node.op == "*" and node not in self.known and self.shared[id(node)] < 2 and node.args[0].op == "number":
            number, *others = node.args
            if number.number < 0 and self.width(node) == at:
                first = [] if number.number == -1 else [self.literal(-number.number, at)]
                return "-", "*".join(filter(None, [*first, self.factors(others, at)]))
        return "+", self.source(node, at, PRODUCT)

    def factors(self, args: Sequence[Node], at: int) -> str:
        first, *others = args
        negative = first.op == "number" and first.number == -1 and bool(others)
        written = []
        for factor, exponent in Counter(others if negative else args).items():
            base = self.source(factor, at, ATOM)
            raised = self.language.power.format(base=base, exponent=exponent)
            written += [raised] if exponent > 1 and raised else [base] * exponent
        return "-" * negative + "*".join(written)

    def narrowed(self, written: str, held: int, at: int, own: int) -> str:
        if at == own:
            return written
        return self.language.cast.format(type=self.language.types[own], source=self.closed(written, held, ATOM))

    # operations that have a name of their own

    def operation(self, node: Node) -> str:
        """Worked out before, and called by its name."""
        match node.op:
            case "if":
                return self.chosen(node)
            case "sum" | "product":
                return self.gathered(node)
            case "//" | "/":
                return self.keep(node, self.quotient(node))
        at = self.common(node, *node.args)
        args = [self.source(a, at) for a in node.args]
        helper = {"^": "power", "sqrt": "root"}.get(node.op, node.op)
        written, *rest = args
        for arg in rest if helper in ("min", "max", "gcd") else ():
            written = f"{self.helper(helper, at)}({written}, {arg})"
        if helper not in ("min", "max", "gcd"):
            written = self.helped(helper, at, args)
        name = self.keep(node, self.narrowed(written, ATOM, at, self.width(node)))
        if helper in ("root", "log2") and self.language.widths:
            self.line(self.language.fail.format(condition=f"{name} < 0", why="not an integer"))
        return name

    def helped(self, helper: str, at: int, args: Sequence[str]) -> str:
        return f"{self.helper(helper, at)}({', '.join(args)})"

    def quotient(self, node: Node) -> str:
        top, bottom = node.args
        at = self.common(node, top, bottom)
        above, below = (self.source(a, at, ATOM) for a in node.args)
        sized = bool(self.language.widths)
        nonzero = self.ranges.never_zero(bottom) if sized else bottom.op == "number"
        if not nonzero and sized:
            below = self.named(below, bottom, at)
            zero = f"{below} {self.language.equal} {self.literal(0, 0)}"
            self.line(self.language.fail.format(condition=zero, why="division by zero"))
        if node.op == "/" and not node.value:
            above = self.named(above, top, at)
            uneven = f"{above} % {below} != {self.literal(0, 0)}"
            self.line(self.language.fail.format(condition=uneven, why="not an integer"))
        plain = node.op == "/" or self.language.divide == "//"
        if not plain and sized:
            plain = self.ranges.positive(bottom) and self.ranges.of(top)[0] >= 0
        if plain:
            written = f"{above}{self.language.divide}{below}"
        else:
            written = f"{self.helper('floor', at)}({self.source(top, at)}, {below})"
        return self.narrowed(written, SUM, at, self.width(node))

    def chosen(self, node: Node) -> str:
        """A value where conditions hold, 0 elsewhere; what it needs is worked out there only."""
        condition, value = node.args
        name, own, language = self.fresh(), self.width(node), self.language
        declared = language.variable.format(name=name, type=language.types[own], value=self.literal(0, own))
        self.line(declared)
        outer, depth = dict(self.known), self.depth
        for part in condition.args if condition.op == "and" else (condition,):
            self.line(language.branch.format(condition=self.true(part)))
            self.depth += 1
        self.line(language.assign.format(name=name, value=self.source(value, own)))
        self.leave(outer, depth)
        self.known[node] = name
        return name

    def gathered(self, node: Node) -> str:
        """A sum or a product over the turns of a loop. What is the same product in every turn is worked out before."""
        count, value = node.args
        self.ahead(value)
        own, language = self.width(node), self.language
        turns = self.named(self.source(count), count, 0)
        name, sign = self.fresh(), "+" if node.op == "sum" else "*"
        first = self.literal(0 if node.op == "sum" else 1, own)
        self.line(language.variable.format(name=name, type=language.types[own], value=first))
        outer, depth = dict(self.known), self.depth
        self.enter(node, turns)
        self.line(language.assign.format(name=name, value=f"{name} {sign} {self.source(value, own, ATOM)}"))
        self.leave(outer, depth, node)
        self.known[node] = name
        return name

    def ahead(self, value: Node) -> None:
        """Products over the turns of a loop of their own are the same in each turn of this one: they are worked out before."""
        parts = list(inner(value))
        if any(part.op == "if" for part in parts):
            return
        for part in parts:
            own = {n.value for n in inner(part)}
            turns = {n for n in inner(part) if n.op == "input" and str(n.value).startswith("turn ")}
            if part.op == "product" and turns - own <= self.open:
                self.source(part)

    def enter(self, node: Node, turns: str) -> None:
        assert isinstance(node.value, Node)
        index = self.name(str(node.value.value))
        self.open.add(node.value)
        self.line(self.language.loop.format(name=index, count=turns, type=self.language.types[0]))
        self.depth += 1

    def leave(self, outer: dict[Node, str], depth: int, loop: Node | None = None) -> None:
        """Out of a block: what was worked out inside is not known outside."""
        if loop is not None and isinstance(loop.value, Node):
            self.open.discard(loop.value)
        while self.depth > depth:
            self.depth -= 1
            if self.language.end:
                self.line(self.language.end)
        self.known = outer

    # true or false

    def true(self, node: Node) -> str:
        and_, yes = self.language.words[0], self.language.words[3]
        zero = self.literal(0, 0)
        match node.op:
            case ">=" | ">" | "==" | "!=":
                relation = {"==": self.language.equal, "!=": "!=" + self.language.equal[2:]}.get(node.op, node.op)
                return f"{self.source(node.args[0], level=SUM)} {relation} {zero}"
            case "|":
                at = self.common(*node.args)
                divisor, size = (self.source(a, at, ATOM) for a in node.args)
                divides = f"{size} % {divisor} {self.language.equal} {zero}"
                if self.language.widths and self.ranges.never_zero(node.args[0]):
                    return divides
                if node.args[0].op == "number" and node.args[0].number:
                    return divides
                return f"{divisor} != {zero} {and_} {divides}"
            case "and":
                return f" {and_} ".join(self.true(a) for a in node.args) or yes
            case "or":
                guard, truth = node.args
                name = self.fresh()
                self.line(self.language.variable.format(name=name, type=self.language.truth, value=yes))
                outer, depth = dict(self.known), self.depth
                lifted = f"{self.source(guard.args[0])} != {zero}"
                self.line(self.language.branch.format(condition=lifted))
                self.depth += 1
                self.line(self.language.assign.format(name=name, value=self.true(truth)))
                self.leave(outer, depth)
                return name
            case "every":
                count, truth = node.args
                if self.language.widths:
                    self.ranges.entered(node)
                name, turns = self.fresh(), self.named(self.source(count), count, 0)
                self.line(self.language.variable.format(name=name, type=self.language.truth, value=yes))
                outer, depth = dict(self.known), self.depth
                self.enter(node, turns)
                value = f"{name} {and_} ({self.true(truth)})"
                self.line(self.language.assign.format(name=name, value=value))
                self.leave(outer, depth, node)
                return name
        raise TypeError(node.op)

    # names and lines

    def line(self, text: str) -> None:
        self.lines += ["    " * self.depth + part for part in text.split("\n")]

    def keep(self, node: Node, written: str) -> str:
        self.known[node] = self.declared(written, self.width(node))
        return self.known[node]

    def named(self, written: str, node: Node, at: int) -> str:
        return written if re.fullmatch(r"\w+", written) else self.declared(written, max(at, self.width(node)))

    def declared(self, written: str, wide: int) -> str:
        name = self.fresh()
        self.line(self.language.constant.format(name=name, type=self.language.types[wide], value=written))
        return name

    def fresh(self) -> str:
        return self.name(f"#{len(self.names)}")

    def name(self, given: str) -> str:
        if given not in self.names:
            wanted = f"t{given[1:]}" if given.startswith("#") else self.identifier(given)
            while wanted in self.names.values() or (wanted in self.function.parameters and given.startswith("#")):
                wanted += "_"
            self.names[given] = wanted
        return self.names[given]

    def identifier(self, given: str) -> str:
        word = re.sub(r"\W", "_", given, flags=re.ASCII)
        word = f"_{word}" if word[:1].isdigit() else word
        language = self.language
        taken = word in language.taken or word in self.helper_names() or re.fullmatch(language.reserved, word)
        return f"{word}_" if taken else word

    def helper_names(self) -> Iterable[str]:
        return [name + end for name in self.language.helpers for end in ("", "64", "128")]

    def helper(self, name: str, at: int) -> str:
        """The name by which a function of ours is called; it is defined above then."""
        if name in self.language.native:
            return name
        called = f"{name}_" if name in self.language.taken else name
        called += str(self.language.widths[at] + 1) if self.language.widths else ""
        if called not in self.used:
            body = self.language.helpers[name]
            for other in re.findall(r"<(\w+)>", body):
                body = body.replace(f"<{other}>", self.helper(other, at))
            self.used[called] = body.replace("TYPE", self.language.types[at]).replace("NAME", called)
        return called
