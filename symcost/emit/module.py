"""Costs of a network as a piece of source text, with what they hold for written above them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from symcost.emit.code import Code, Node, Result, inner, inputs_of
from symcost.emit.languages import LANGUAGES
from symcost.emit.numpy import NUMPY, NumpyWriter
from symcost.emit.ranges import Range, Ranges, Unbounded
from symcost.emit.sql import DIALECTS, Query, column
from symcost.emit.writing import Function, Language, Writer
from symcost.sizes.atoms import Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import Diagnostic, SymcostError

NAMES = (*LANGUAGES, "numpy", *DIALECTS)
MOST = 31  # bits of an input whose range nobody gave
LEAST = 4


@dataclass(frozen=True)
class Formulas:
    """Costs by name over common symbols, where conditions hold."""

    title: str
    sizes: Mapping[str, Size]
    conditions: tuple[Condition, ...] = ()

    @property
    def symbols(self) -> list[Symbol]:
        found = {s for size in self.sizes.values() for s in size.symbols()}
        indices = {a.index for size in self.sizes.values() for a in size.atoms() if hasattr(a, "index")}
        return sorted(found - indices, key=lambda s: s.key)


class Emitter:
    """One set of formulas, for any language. ``given`` are ranges by symbol."""

    def __init__(self, formulas: Formulas, given: Mapping[str, tuple[Rational, Rational]] | None = None) -> None:
        self.formulas = formulas
        code = Code()
        self.results = {name: code.result(size) for name, size in formulas.sizes.items()}
        made = [code.condition(c) for c in formulas.conditions]
        self.inputs = {n: s for s in formulas.symbols for n in inputs_of(s)}
        self.conditions = tuple(c for c in made if _free(c) <= self.inputs.keys())
        self.left_out = len(made) - len(self.conditions)
        self.given = self._given(given or {})

    def _given(self, given: Mapping[str, tuple[Rational, Rational]]) -> dict[str, Range]:
        """Ranges of the inputs, within the bounds of their symbols."""
        known = {s.name: s for s in self.formulas.symbols}
        found: dict[str, Range] = {}
        for name, (low, high) in given.items():
            symbol = known.get(name)
            if symbol is None:
                continue
            if symbol.low is not None and low < symbol.low:
                raise _outside(name, "at least", symbol.low)
            if symbol.high is not None and high > symbol.high:
                raise _outside(name, "at most", symbol.high)
            if symbol.integer:
                found[name] = (-int(-low // 1), int(high // 1))
        return found

    def ranges(self, most: int) -> dict[str, Range]:
        """Those given; for other inputs as many values as ``most`` bits hold."""
        found = {}
        for name, symbol in self.inputs.items():
            low, high = (symbol.low, symbol.high) if symbol.integer else (None, None)
            if name.endswith(" bottom") and not symbol.integer:
                low = 1
            elif not symbol.integer and symbol.low is not None and symbol.low >= 0:
                low = 0
            least = -(2**most) + 1 if low is None else int(-(-low // 1))
            found[name] = self.given.get(
                name, (least, max(least, 2**most - 1) if high is None else int(Fraction(high) // 1))
            )
        return found

    def text(self, language: str, source: str = "points") -> str:
        """The source text, for the ranges given, or for the largest for which the integers of a language are enough."""
        if self.inputs.keys() <= self.given.keys():
            return self._text(language, self.ranges(MOST), source)
        for bits in range(MOST, LEAST, -1):
            try:
                return self._text(language, self.ranges(bits), source)
            except Unbounded:
                continue
            except SymcostError as error:
                if bits == LEAST + 1 or "bits for" not in error.diagnostics[0].message:
                    raise
        raise SymcostError(Diagnostic("cannot-emit", "no range was found for which the formula can be bounded"))

    def _text(self, language: str, ranges: dict[str, Range], source: str) -> str:
        if language in DIALECTS:
            query = Query(DIALECTS[language], Ranges(ranges), list(self.inputs))
            body = query.text(self.results, self.conditions, source)
            return "".join(f"-- {line}\n" for line in self._about(ranges)) + body + ";\n"
        chosen = NUMPY if language == "numpy" else LANGUAGES[language]
        kind = NumpyWriter if language == "numpy" else Writer
        helpers: dict[str, str] = {}
        parts = []
        for name, result in self.results.items():
            function = Function(name, self.formulas.title, tuple(self.inputs), result, self.conditions, self._bounds())
            writer = kind(chosen, Ranges(ranges), function)
            parts.append(writer.text())
            helpers |= writer.used
        about = "".join(chosen.comment.format(line) + "\n" for line in self._about(ranges if chosen.widths else {}))
        body = "\n".join([*(h.rstrip() + "\n" for h in helpers.values()), *parts])
        head = "".join(line for word, line in chosen.head.items() if word in body)
        return "\n".join(filter(None, [about + head, body]))

    def _bounds(self) -> dict[str, tuple[int | None, int | None]]:
        """What the symbols themselves allow."""
        ends: dict[str, tuple[Rational | None, Rational | None]] = {}
        for name, symbol in self.inputs.items():
            if symbol.integer:
                ends[name] = symbol.low, symbol.high
            elif name.endswith(" bottom"):
                ends[name] = 1, None
            elif symbol.low is not None and symbol.low >= 0:  # more is told by a condition
                ends[name] = 0, None
        return {
            n: (None if a is None else int(-(-a // 1)), None if b is None else int(b // 1))
            for n, (a, b) in ends.items()
        }

    def _about(self, ranges: Mapping[str, Range]) -> list[str]:
        listed = ", ".join(f"{column(n)} = {a}..{b}" for n, (a, b) in ranges.items())
        lines = [f"{', '.join(self.results)} of {self.formulas.title}"]
        if ranges:
            lines.append(f"Exact for {listed}: each step is proved to fit in its type there.")
        if self.left_out:
            lines.append(f"Conditions of the network that say nothing of these symbols, not checked: {self.left_out}")
        return lines


def _free(node: Node) -> set[str]:
    turns = {str(n.value.value) for n in inner(node) if isinstance(n.value, Node)}
    return {str(n.value) for n in inner(node) if n.op == "input"} - turns


def _outside(name: str, word: str, bound: Rational) -> SymcostError:
    return SymcostError(Diagnostic("outside-domain", f"the range of {name} goes outside: {name} is {word} {bound}"))


__all__ = ["DIALECTS", "LANGUAGES", "NAMES", "Emitter", "Formulas", "Language", "Result"]
