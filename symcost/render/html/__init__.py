"""A network as one HTML file that needs nothing else: formulas, layers, where the cost sits, how it grows.

The page asks for nothing over the network. Its figures are worked out in the browser by the exact formulas, over BigInt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from symcost import __version__
from symcost.architecture import Row
from symcost.conventions import convention
from symcost.cost import Cost
from symcost.emit import javascript
from symcost.emit.module import Emitter, Formulas
from symcost.outline import Part, contributions, once, outline
from symcost.render.document import Document
from symcost.render.html.start import Slider, sliders
from symcost.render.json import page as json_page
from symcost.render.latex import page as latex_page
from symcost.render.mathml import MATHML, condition, equation, formula, name, shape
from symcost.sizes.atoms import Rational, Size, Sum, Symbol
from symcost.sizes.shape import Shape
from symcost.source import SymcostError

FOLDER = Path(__file__).parent
_PART = re.compile(r"(?m)^(?= {0,6}\S)")  # a row of a table in LaTeX, a cost of a layer in JSON


def page(document: Document, given: Mapping[str, Size] | None = None) -> str:
    """The whole file. ``given`` are values by name at which the sliders stand first."""
    return _Report(document, given or {}).page()


class _Report:
    def __init__(self, document: Document, given: Mapping[str, Size]) -> None:
        self.document, self.net = document, document.net
        self.spelling = self.net.domain.spelled(MATHML)
        self.costs = document.costs
        self.labels = dict(zip(self.costs, ("params", *document.conventions, "activations"), strict=True))
        self.whole = {label: self.net.cost(asked) for label, asked in self.labels.items()}
        self.parts = {label: contributions(self.net, asked) for label, asked in self.labels.items()}
        self.sliders = sliders(self.net, self._symbols(), given)
        self.functions: dict[str, int] = {}  # source of a formula, its number on the page
        self.known: dict[Size, int] = {}  # the same by the formula

    def page(self) -> str:
        rows = "".join(self._rows(outline(self.net)))
        data = self._data()
        fields = {
            "title": escape(self.document.title),
            "version": __version__,
            "flow": self._flow(),
            "sliders": "".join(map(_slider, self.sliders)) or "<p>Every size has a value.</p>",
            "tied": self._tied(),
            "totals": "".join(map(self._total, self.labels)),
            "formulas": "".join(map(self._formula, self.labels)),
            "names": self._names(),
            "charts": "".join(map(_chart, self.sliders)),
            "scaling": "" if self.sliders else " hidden",
            "rows": rows,
            "conditions": self._conditions(),
            "conventions": "".join(map(self._convention, self.labels)),
            "style": _asset("report.css"),
            "exact": javascript.RUNTIME,
            "functions": ",\n".join(self.functions),
            "tests": ",\n".join(javascript.condition(c) for c in self.net.requirements),
            "data": _embedded(data),
            "script": _asset("report.js"),
        }
        return Template(_asset("report.html")).substitute(fields)

    # what the script works with

    def _data(self) -> dict[str, Any]:
        rows = self.net.layers
        return {
            "costs": [
                {"label": _caption(c), "whole": self._number(u), "of": sorted(s.name for s in _free([u._public]))}
                for c, u in self.whole.items()
            ],
            "symbols": [_slider_data(s) | {"multiples": self._multiples(s)} for s in self.sliders],
            "rows": [
                {
                    "layer": row.text,
                    "kind": _kind(row),
                    "parts": [self._number(costs[number]) for costs in self.parts.values()],
                    "shown": [self._number(c) for c in self._sorted_by(row, number)],
                }
                for number, row in enumerate(rows)
            ],
            "conditions": list(self.net.conditions),
            **_chunked(self._copies()),
        }

    def _sorted_by(self, row: Row, number: int) -> tuple[Cost, Cost]:
        """Parameters and MACs of one turn; of all turns where they depend on the turn."""
        return (self.parts["parameters"][number], self.parts["MACs"][number]) if row.turns else (row.params, row.macs)

    def _number(self, cost: Cost) -> int:
        return self._function(cost._public)

    def _function(self, size: Size) -> int:
        """The number of a formula on the page; equal ones have one."""
        if size not in self.known:
            self.known[size] = self.functions.setdefault(javascript.function(size), len(self.functions))
        return self.known[size]

    def _multiples(self, slider: Slider) -> list[int]:
        """What a symbol is a multiple of, where it is not in it itself."""
        return [self._function(size) for size in slider.multiples if slider.symbol not in size.symbols()]

    def _copies(self) -> dict[str, str]:
        found = {"latex": latex_page(self.document), "json": json_page(self.document)}
        found |= self._python("python", self.labels)
        for number, label in enumerate(self.labels):
            found[f"latex-{number}"] = self.costs[label].latex()
            found |= self._python(f"python-{number}", [label])
        return found

    def _python(self, key: str, labels: Iterable[str]) -> dict[str, str]:
        """Functions that refuse sizes at which the network does not exist; nothing where there is no exact function."""
        sizes = {re.sub(r"\W+", "_", c.lower()).strip("_"): self.whole[c]._public for c in labels}
        try:
            return {key: Emitter(Formulas(self.document.title, sizes, self.net.requirements)).text("python")}
        except SymcostError:
            return {}

    def _symbols(self) -> tuple[Symbol, ...]:
        """The free symbols of everything that is worked out on the page, in the order of their declaration."""
        sizes = [c._public for costs in (self.whole.values(), *self.parts.values()) for c in costs]
        found = {s.name: s for s in _free(sizes)}
        for c in self.net.requirements:
            turns = {index.name for index, _ in c.turns}
            used = _free([c.size, c.divisor, c.guard, *(n for _, n in c.turns)])
            found |= {s.name: s for s in used if s.name not in turns and s.name not in found}
        order = [*self.net.domain.symbols, *sorted(found)]
        return tuple(found[n] for n in dict.fromkeys(order) if n in found)

    # what is written

    def _flow(self) -> str:
        taken = ", ".join(shape(given, self.spelling) for given in self.net.inputs.values())
        given = "" if self.net.output is None else f" <span class='to'>→</span> {self._tensor(self.net.output)}"
        return taken + given

    def _tensor(self, given: Shape) -> str:
        return shape(self.document.shape(given), self.spelling)

    def _total(self, label: str) -> str:
        number = list(self.labels).index(label)
        value = self._at_start(self.whole[label])
        shown = "—" if value is None else _grouped(value)
        checked = " checked" if label == ("MACs" if "MACs" in self.labels else label) else ""
        return (
            f'<label class="total"><input type="radio" name="cost" value="{number}"{checked}>'
            f"<span class='of'>{escape(_caption(label))}</span><output class='si' data-total='{number}'></output>"
            f"<span class='exact' data-exact='{number}'>{shown}</span></label>"
        )

    def _tied(self) -> str:
        """A box that moves height and width together, where both are free and stand at one value."""
        sides = [s for s in self.sliders if s.meaning in ("height of the input", "width of the input")]
        if len(sides) != 2 or sides[0].value != sides[1].value:
            return ""
        names = [escape(s.symbol.name) for s in sides]
        return (
            f'<label class="switch tied"><input type="checkbox" id="tied" data-sides="{" ".join(names)}" checked> '
            f"move {names[0]} and {names[1]} together</label>"
        )

    def _at_start(self, cost: Cost) -> Rational | None:
        values = {s.symbol.name: Size.of(s.value) for s in self.sliders}
        size = cost._public
        try:
            return size.subs({s: values[s.name] for s in size.symbols() if s.name in values}).number
        except ZeroDivisionError:
            return None

    def _formula(self, label: str) -> str:
        number = list(self.labels).index(label)
        written = formula(self.costs[label]._presentable, self.spelling)
        buttons = "".join(
            f'<button type="button" class="copy" data-copy="{form}-{number}" '
            f'aria-label="Copy {escape(label)} as {word}">{word}</button>'
            for form, word in (("latex", "LaTeX"), ("python", "Python"))
        )
        return (
            f'<div class="formula"><dt>{escape(_caption(label))}</dt><dd tabindex="0" role="group" '
            f'aria-label="{escape(label)}">{written}</dd><div class="copies">{buttons}</div></div>'
        )

    def _names(self) -> str:
        if not self.document.names:
            return ""
        listed = "".join(f"<li>{equation(n, size, self.spelling)}</li>" for n, size in self.document.names.items())
        return f'<div class="names"><h3>where</h3><ul>{listed}</ul></div>'

    def _rows(self, parts: Iterable[Part], depth: int = 0) -> Iterator[str]:
        for part in parts:
            if part.parts:
                yield self._block(part, depth)
                yield from self._rows(part.parts, depth + 1)
            else:
                yield self._layer(part, depth)

    def _block(self, part: Part, depth: int) -> str:
        output = self.net.layers[part.rows[-1]].output
        return (
            f'<tr class="block" data-depth="{depth}" data-rows="{part.rows[0]}-{part.rows[-1]}">'
            f'<th scope="row" style="--depth:{depth}">'
            f'<button type="button" class="fold" aria-expanded="true">{escape(part.name)}</button></th>'
            f"<td class='times'>{_often(self.document.cell(part.repeat))}</td><td>{self._tensor(output)}</td>"
            f'<td class="number">{self._block_cell(part, "params")}</td><td class="number">{self._block_cell(part, "macs")}</td>'
            '<td class="number here"></td><td class="share"></td></tr>\n'
        )

    def _block_cell(self, part: Part, asked: str) -> str:
        cost = once(self.net, part, asked)
        return "" if cost is None else self._cell(cost)

    def _layer(self, part: Part, depth: int) -> str:
        (number,) = part.rows
        row = self.net.layers[number]
        costs = "".join(f'<td class="number">{self._cell(c)}</td>' for c in (row.params, row.macs))
        return (
            f'<tr data-depth="{depth}" data-row="{number}">'
            f'<th scope="row" style="--depth:{depth}"><code>{escape(row.text)}</code></th>'
            f"<td class='times'>{_often(self.document.cell(part.repeat))}</td><td>{self._tensor(row.output)}</td>"
            f'{costs}<td class="number here"></td><td class="share"></td></tr>\n'
        )

    def _cell(self, cost: Cost) -> str:
        size = self.document.cell(cost)._presentable
        return "" if size.number == 0 else formula(size, self.spelling, broken=2)

    def _conditions(self) -> str:
        listed = "".join(
            f'<li data-condition="{n}"><span class="mark" role="img"></span>{condition(c, self.spelling)}</li>'
            for n, c in enumerate(self.net.requirements)
        )
        if not listed:
            return "<p>The network exists at all values the sliders and fields accept.</p>"
        return f'<p>The network exists where all of this holds.</p><ul class="conditions">{listed}</ul>'

    def _convention(self, label: str) -> str:
        cost = self.whole[label]
        if cost.convention is None:
            said = "Trainable parameters; a batch does not multiply them."
            if cost.unit == "elements":
                said = "Elements of all layer outputs over the whole batch; views such as flatten make none."
            return f"<dt>{escape(_caption(label))}</dt><dd>{said}</dd>"
        rule = convention(cost.convention)
        left = f"Not counted: {', '.join(cost.uncounted)}." if cost.uncounted else "Counts everything that happens."
        return (
            f"<dt>{escape(label)} <code>{escape(rule.name)}</code></dt>"
            f'<dd>{escape(_caption(_sentence(rule.title)))} <span class="source">{escape(_sentence(rule.source))}</span> '
            f'<span class="uncounted">{escape(left)}</span></dd>'
        )


def _chunked(texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts as numbers of their parts, equal ones stored once: a network of a thousand layers has a hundred different rows."""
    parts: dict[str, int] = {}
    copies = {
        key: [parts.setdefault(part, len(parts)) for part in _PART.split(text) if part] for key, text in texts.items()
    }
    return {"parts": list(parts), "copies": copies}


def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """JSON that no browser takes for the end of its element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _free(sizes: Sequence[Size]) -> set[Symbol]:
    """Symbols that are not the turns of a visible sum."""
    turns = {a.index.name for size in sizes for a in size.atoms() if isinstance(a, Sum)}
    return {s for size in sizes for s in size.symbols() if s.name not in turns}


def _kind(row: Row) -> str:
    """The layer with its kernel, as it was written: ``conv3`` of ``conv3-64/2``."""
    found = re.match(r"\w+", row.text)
    return found[0] if found else row.kind


def _often(repeat: Cost) -> str:
    return "" if repeat.value == 1 else formula(repeat._presentable, repeat.domain.spelled(MATHML))


def _slider_data(slider: Slider) -> dict[str, Any]:
    numbers = {"start": slider.value, "min": slider.low, "max": slider.high, "step": slider.step}
    low, high = slider.symbol.low, slider.symbol.high
    return {
        "name": slider.symbol.name,
        "integer": slider.symbol.integer,
        **{word: _decimal(value) for word, value in numbers.items()},
        "least": None if low is None else _decimal(low),
        "most": None if high is None else _decimal(high),
    }


def _slider(slider: Slider) -> str:
    own = escape(slider.symbol.name)
    number = f'min="{_decimal(slider.low)}" step="{_decimal(slider.step)}" value="{_decimal(slider.value)}"'
    meaning = f"<span class='meaning'>{escape(slider.meaning)}</span>" if slider.meaning else ""
    return (
        f'<div class="slider"><label for="number-{own}">{name(slider.symbol.name)}{meaning}</label>'
        f'<input id="number-{own}" data-number="{own}" type="text" inputmode="decimal" autocomplete="off" '
        f'value="{_decimal(slider.value)}">'
        f'<input aria-label="{own}{", " if slider.meaning else ""}{escape(slider.meaning)}" data-slider="{own}" type="range" '
        f'{number} max="{_decimal(slider.high)}"></div>'
    )


def _chart(slider: Slider) -> str:
    own = escape(slider.symbol.name)
    return (
        f'<figure class="chart"><figcaption><span class="what"></span> against {name(slider.symbol.name)}'
        '<span class="and"></span></figcaption>'
        f'<svg data-chart="{own}" viewBox="0 0 460 260" role="img"></svg><p class="doubling" data-doubling="{own}"></p></figure>'
    )


def _decimal(value: Rational) -> str:
    """A number as the page reads it: ``0.35`` where it ends, ``1/3`` where it does not."""
    number = Fraction(value)
    ends = number.denominator == 1 or 10**16 % number.denominator == 0
    return f"{Decimal(number.numerator) / Decimal(number.denominator):f}" if ends else str(number)


def _grouped(value: Rational) -> str:
    number = Fraction(value)
    whole = f"{number.numerator:,}".replace(",", "\u202f")
    return whole if number.denominator == 1 else f"{whole}/{number.denominator}"


def _caption(label: str) -> str:
    return label[:1].upper() + label[1:]


def _sentence(words: str) -> str:
    return words if not words or words.endswith(".") else f"{words}."
