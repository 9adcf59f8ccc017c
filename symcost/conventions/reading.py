"""A convention from its TOML file; what is wrong in the file is told with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from symcost import syntax as s
from symcost.conventions.convention import Convention, Departure, arguments_of, moved
from symcost.files import read
from symcost.layers.base import KINDS, Layer
from symcost.layers.merge import MERGES
from symcost.ops import Op
from symcost.parser import parse_formula, too_many_digits
from symcost.source import Diagnostic, Source, Span, SymcostError, nearest

FIELDS = ("title", "unit", "source", "family", "about", "extends", "prices", "departures", "checks")
DEPARTURE = ("kinds", "value", "more", "why", "unseen", "bug", "options", "form", "where", "each")


def read_convention(path: Path, base: Callable[[str], Convention]) -> Convention:
    """Read a convention; ``base`` gives the one it extends.

    Raises `SymcostError` when the file cannot be read or is no convention.
    """
    return _Reader(Source(str(path), read(path)), base).convention(path.name.removesuffix(".toml"))


class _Reader:
    """One file being read: it knows where in the text things stand."""

    def __init__(self, source: Source, base: Callable[[str], Convention]) -> None:
        self.source, self.base = source, base
        self.reached = 0  # the departures are looked for in the order of the file

    def convention(self, name: str) -> Convention:
        data = self._data()
        self._only(data, FIELDS, "a convention")
        start = self._extended(data)
        prices = {**start.prices, **self._prices(data.get("prices", {}))}
        departures = tuple(self._departure(d) for d in self._tables(data, "departures"))
        return Convention(
            name,
            self._text(data, "unit", start.unit or None),
            self._text(data, "title", None),
            self._text(data, "source", start.source or None),
            prices,
            (*start.departures, *departures),
            self._checks(data.get("checks", {})),
            self._text(data, "family", start.family or name.partition("@")[0]),
            self._text(data, "about", start.about) if "about" in data else start.about,
        )

    def _data(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.source.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            said = str(error).partition(" (at ")[0]
            raise self._error(f"this is no TOML: {said[0].lower()}{said[1:]}", self._place(found)) from None
        except ValueError:  # of Python, which reads no integer of more digits than it would write
            raise self._error("this has a number of more digits than anyone reads", self._place(None)) from None
        except RecursionError:
            raise self._error("this is nested too deeply", self._place(None)) from None

    def _place(self, found: re.Match[str] | None) -> Span:
        starts = [0] + [i + 1 for i, c in enumerate(self.source.text) if c == "\n"]
        line, column = (int(found[1]), int(found[2])) if found else (len(starts), 1)
        offset = min(starts[min(line, len(starts)) - 1] + column - 1, len(self.source.text.rstrip()) - 1)
        return Span(self.source, offset, offset + 1)

    def _extended(self, data: Mapping[str, Any]) -> Convention:
        if "extends" not in data:
            return Convention("", "", "", "", {})
        name = self._text(data, "extends", None)
        place = self._find(name)
        if name.endswith(".toml"):
            name = str(Path(self.source.name).parent / name)
        try:
            return self.base(name)
        except SymcostError as error:
            raise SymcostError([replace(d, span=d.span or place) for d in error.diagnostics]) from None
        except RecursionError:
            raise self._error("this convention extends itself", place) from None

    def _prices(self, table: Any) -> dict[Op, Fraction]:
        if not isinstance(table, dict):
            raise self._error("'prices' is a table: [prices]", self._find("prices"))
        found: dict[Op, Fraction] = {}
        for name, price in table.items():
            if name not in tuple(Op):
                help_ = nearest(name, tuple(Op)) or f"operations: {', '.join(Op)}"
                raise self._error(f"there is no operation '{name}'", self._find(name), help_)
            found[Op(name)] = self._number(price, name)
        return found

    def _number(self, price: Any, name: str) -> Fraction:
        try:
            if isinstance(price, bool) or too_many_digits(str(price)):
                raise ValueError
            return Fraction(str(price))
        except (ValueError, ZeroDivisionError):
            raise self._error(f"the price of '{name}' is a number", self._find(name)) from None

    def _checks(self, table: Any) -> dict[str, int]:
        if not isinstance(table, dict):
            raise self._error("'checks' is a table: [checks]", self._find("checks"))
        wrong = next((name for name, value in table.items() if not isinstance(value, int)), None)
        if wrong is not None:
            raise self._error(f"the figure of '{wrong}' is an integer", self._find(wrong))
        return dict(table)

    def _departure(self, table: Mapping[str, Any]) -> Departure:
        self._only(table, DEPARTURE, "a departure")
        formula = self._text(table, "value", None)
        place = self._quoted(formula)
        parsed = self._formula(formula)
        own = {n: self._formula(self._text(table, n, None)) for n in ("where", "each") if n in table}
        places = {text: self._quoted(text) for text in (formula, *(table[n] for n in own))}
        self.reached = place.end
        kinds = table.get("kinds")
        if not isinstance(kinds, list) or not kinds or not all(isinstance(k, str) for k in kinds):
            raise self._error('a departure says for which kinds of layer: kinds = ["conv"]', place)
        known = _kinds()
        for kind in kinds:
            if kind not in known:
                raise self._error(f"there is no kind of layer '{kind}'", self._find(kind), nearest(kind, known))
        options = table.get("options", {})
        if not isinstance(options, dict):
            raise self._error("the options of a departure are a table: options = { bias = true }", place)
        for name, value in options.items():
            if not all(name in arguments_of(known[k]) for k in kinds) or not isinstance(value, str | bool):
                message = f"'{name}' is no word or flag of {' and '.join(repr(k) for k in kinds)}"
                raise self._error(message, self._find(name, place.end))
        flags = {n: table.get(n, False) is True for n in ("more", "unseen", "bug")}
        why, form = self._text(table, "why", None), table.get("form")
        if form is not None and not isinstance(form, str):
            raise self._error("a form is a text", place)
        return Departure(
            tuple(kinds),
            parsed,
            why,
            **flags,
            options=options,
            form=form,
            places=places,
            where=own.get("where"),
            each=own.get("each"),
        )

    def _formula(self, formula: str) -> s.Expr:
        place = self._quoted(formula)
        try:
            return parse_formula(formula, self.source.name)
        except SymcostError as error:
            raise SymcostError([moved(d, place) for d in error.diagnostics]) from None

    def _tables(self, data: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        found = data.get(name, [])
        if not isinstance(found, list) or not all(isinstance(t, dict) for t in found):
            raise self._error(f"'{name}' are tables: [[{name}]]", self._find(name))
        return found

    def _text(self, table: Mapping[str, Any], name: str, default: str | None) -> str:
        value = table.get(name, default)
        if not isinstance(value, str) or not value:
            raise self._error(f"'{name}' is missing" if value is None else f"'{name}' is a text", self._find(name))
        return value

    def _only(self, table: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
        for name in table:
            if name not in known:
                help_ = nearest(name, known) or f"{what} has {', '.join(known)}"
                raise self._error(f"{what} has no '{name}'", self._find(name), help_)

    def _find(self, text: str, start: int = 0) -> Span:
        """Where a text stands in the file, or the beginning of the file."""
        offset = self.source.text.find(text, start)
        return Span(self.source, offset, offset + len(text)) if offset >= 0 else Span(self.source, 0, 1)

    def _quoted(self, text: str) -> Span:
        """Where a text stands as a value, behind the departures read so far."""
        for quote in ('"', "'"):
            found = self._find(f"{quote}{text}{quote}", self.reached)
            if found.start:
                return Span(self.source, found.start + 1, found.end - 1)
        return self._find(text, self.reached)

    def _error(self, message: str, span: Span, help: str | None = None) -> SymcostError:
        return SymcostError(Diagnostic("bad-convention", message, span, help=help))


def _kinds() -> dict[str, type[Layer]]:
    """Every kind of layer, the merges too."""
    return {**KINDS, **MERGES}
