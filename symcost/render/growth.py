"""How costs grow, how two compare, what a budget allows: for the terminal, as LaTeX and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost import __version__
from symcost.comparison import Comparison, Sides
from symcost.cost import Cost
from symcost.forms import presentable
from symcost.growth import Jump, Leading, Limit, Point, Ratio, Scaling, Smooth, Study, Term
from symcost.invert import Answer
from symcost.render.figures import si
from symcost.render.json import SCHEMA
from symcost.render.json import cost as data_of
from symcost.render.latex import Equation, equations, escaped, needing
from symcost.render.terminal import aligned, entry, rounded, spelling_of
from symcost.sizes.atoms import ONE, Rational, Size, Symbol
from symcost.sizes.facts import Condition
from symcost.sizes.notation import ASCII, LATEX, UNICODE, Spelling, text

STEPS = 8  # of a staircase, the largest ones, unless all are asked for
LINES = 40  # of a frontier
UNDECIDED = "not decided"
WHY = {1: ">", 0: "==", -1: "<"}


# ------------------------------------------------------------ scale


def show_study(study: Study, cost: Cost, title: str, console: Console, *, every_step: bool = False) -> None:
    """Print how a cost grows."""
    spelling = cost.domain.spelled(spelling_of(console))
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print()
    entry(console, cost.unit, cost.text(spelling), 11)
    for scaling in study.scalings:
        console.print()
        for label, content in _scaling(scaling, study, spelling):
            entry(console, label, content, 11)
    if len(study.scalings) > 1:
        console.print()
        for label, content in _together(study, spelling):
            entry(console, label, content, 11)
    for symbol, jumps in study.steps:
        console.print()
        _stairs(symbol, jumps, console, every_step)


def _scaling(scaling: Scaling, study: Study, sp: Spelling) -> Iterator[tuple[str, str]]:
    x = scaling.symbol.name
    yield f"in {x}", _grows(scaling.leading, scaling.symbol, sp)
    yield "doubling", f"{_doubled(scaling.symbol, sp)} {_arrow(sp)} {_limit(scaling.doubling, sp)}"
    yield "elasticity", UNDECIDED if scaling.elasticity is None else ratio_text(scaling.elasticity, sp)
    if scaling.smooth is not None and not scaling.smooth.exact:
        yield "smooth", text(presentable(scaling.smooth.form), sp)
        yield "", f"with an error {_between(scaling.smooth, sp)}"
    if study.at_point:
        yield from _at(scaling, study.point, sp)


def _grows(leading: Leading | None, symbol: Symbol, sp: Spelling) -> str:
    if leading is None:
        return UNDECIDED
    order = leading.order.of(symbol)
    theta = f"{_theta(sp)}({text(order, sp)})"
    whole = text(presentable(leading.coefficient * order), sp)
    return theta if order == ONE else f"{theta}, in the end {whole}"


def _theta(sp: Spelling) -> str:
    return "Theta" if sp.ascii else r"\Theta" if sp.braces_fraction else "Θ"


def _arrow(sp: Spelling) -> str:
    return "->" if sp.ascii else r"\to" if sp.braces_fraction else "→"


def _infinity(sp: Spelling) -> str:
    return "infinity" if sp.ascii else r"\infty" if sp.braces_fraction else "∞"


def _limit(limit: Limit | None, sp: Spelling) -> str:
    if limit is None:
        return UNDECIDED
    if limit.value is None:
        return ("-" if limit.sign < 0 else "") + _infinity(sp)
    return text(presentable(limit.value), sp)


def _doubled(symbol: Symbol, sp: Spelling) -> str:
    x = sp.name(symbol.name)
    return f"f(2{sp.times}{x})/f({x})"


def _between(smooth: Smooth, sp: Spelling) -> str:
    """Bounds with integer coefficients, rounded away from 0, so that they stay bounds."""
    low, high = (text(presentable(_outwards(size)), sp) for size in (smooth.low, smooth.high))
    return f"from {low} to {high}"


def _outwards(size: Size) -> Size:
    away = {m: Fraction(c) for m, c in size.terms.items()}
    return Size({m: -(-c // 1) if c > 0 else c // 1 for m, c in away.items()})


def _at(scaling: Scaling, point: Point, sp: Spelling) -> Iterator[tuple[str, str]]:
    parts = []
    if scaling.elasticity is not None:
        parts.append(f"elasticity {si(scaling.elasticity.value(point))}")
    with suppress(ZeroDivisionError, OverflowError):
        parts.append(f"{_doubled(scaling.symbol, sp)} = {si(scaling.doubled(point))}")
    if parts:
        yield f"at {', '.join(f'{s.name} = {v}' for s, v in point.items())}", ", ".join(parts)


def _together(study: Study, sp: Spelling) -> Iterator[tuple[str, str]]:
    found = study.together
    if found is None:
        yield "together", UNDECIDED
        return
    yield "together", f"{_theta(sp)}({text(presentable(found.theta), sp)})"
    for term in found.terms if len(found.terms) > 1 else ():
        yield "", f"{text(term.size, sp)} is the largest {_where(term, sp)}"


def _where(term: Term, sp: Spelling) -> str:
    return "where " + " and ".join(relation(c, sp) for c in term.beats) if term.beats else "always"


def relation(condition: Condition, sp: Spelling) -> str:
    """``size > 0`` with the simpler side on the left: ``T > 6·d``, and ``T < 6·d`` for its opposite."""
    size = condition.size
    above = Size({m: c for m, c in size.terms.items() if m and c > 0})
    below = Size({m: -c for m, c in size.terms.items() if m and c < 0})
    constant = size.terms.get((), 0)
    left, right = (above, below - constant) if constant <= 0 or not below.terms else (above + constant, below)
    turned = _weight(right) < _weight(left)
    sign, sides = ("<", (right, left)) if turned else (">", (left, right))
    return f"{text(sides[0], sp)} {sp.relations[sign]} {text(sides[1], sp)}"


def _weight(side: Size) -> tuple[Any, ...]:
    """What is written first: a single symbol, then what has fewer terms; numbers last."""
    return side.number is not None, len(side.terms), any(c != 1 for c in side.terms.values()), side.key


def _stairs(symbol: Symbol, jumps: Sequence[Jump], console: Console, every_step: bool) -> None:
    chosen = jumps if every_step else sorted(sorted(jumps, key=lambda j: -abs(j.relative))[:STEPS], key=lambda j: j.at)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in (symbol.name, "step", "from", "to"):
        table.add_column(name, justify="right")
    for jump in chosen:
        table.add_row(str(jump.at), percent(jump.relative), si(jump.before), si(jump.after))
    aligned(table, console)
    if len(chosen) < len(jumps):
        console.print(Text(f"the {len(chosen)} largest of {len(jumps)} steps; --all lists them", style="dim"))


def percent(part: Fraction) -> str:
    """``+13.0 %``, a half rounded away from 0."""
    tenths = int(abs(part) * 1000 + Fraction(1, 2))
    return f"{'-' if part < 0 else '+'}{tenths // 10}.{tenths % 10} %"


def ratio_text(ratio: Ratio, sp: Spelling) -> str:
    """``1 + T/(T + 6·d)``."""
    taken = ratio.whole.terms and all(c < 0 for c in ratio.top.terms.values())
    top, bottom = presentable(-ratio.top if taken else ratio.top), presentable(ratio.bottom)
    whole = text(ratio.whole if len(ratio.whole.terms) <= 4 else presentable(ratio.whole), sp)
    if not top.terms:
        return whole
    if sp.braces_fraction:
        written = sp.fraction(text(top, sp), text(bottom, sp))
    else:
        over = text(top, sp) if len(top.terms) < 2 else sp.parens(text(top, sp))
        single = bottom.number is not None or (len(bottom.terms) == 1 and bottom in map(Size.of, bottom.atoms()))
        written = sp.fraction(over, text(bottom, sp) if single else sp.parens(text(bottom, sp)))
    return f"{whole} {'-' if taken else '+'} {written}" if ratio.whole.terms else written


def study_latex(study: Study, cost: Cost) -> str:
    """An `align*`: the cost, its leading term and elasticity in each symbol, its order in all of them."""
    unit = rf"\text{{{escaped(cost.unit)}}}"
    rows, spelling = [Equation(unit, "=", cost.latex())], cost.domain.spelled(LATEX)
    for scaling in study.scalings:
        x = text(Size.of(scaling.symbol), LATEX)
        if scaling.leading is not None:
            whole = presentable(scaling.leading.coefficient * scaling.leading.order.of(scaling.symbol))
            rows.append(Equation("", r"\sim", text(whole, spelling), rf"({x} \to \infty)"))
        if scaling.elasticity is not None:
            written = ratio_text(scaling.elasticity, spelling)
            rows.append(Equation(rf"\frac{{\partial \log {unit}}}{{\partial \log {x}}}", "=", written))
    if study.together is not None and len(study.scalings) > 1:
        theta = text(presentable(study.together.theta), spelling)
        rows.append(Equation(unit, "=", rf"\Theta\left({theta}\right)"))
    return needing(equations(rows))


def study_page(study: Study, cost: Cost) -> str:
    together = study.together
    return _document(
        {
            "cost": data_of(cost),
            "in": {s.symbol.name: _scaling_data(s, study) for s in study.scalings},
            "together": None
            if together is None
            else {
                "theta": str(presentable(together.theta)),
                "terms": [
                    {"term": str(t.size), "largest_where": [relation(c, ASCII) for c in t.beats]}
                    for t in together.terms
                ],
            },
            "steps": {symbol.name: [_jump(j) for j in jumps] for symbol, jumps in study.steps},
        }
    )


def _scaling_data(scaling: Scaling, study: Study) -> dict[str, Any]:
    found, smooth, elasticity = scaling.leading, scaling.smooth, scaling.elasticity
    data: dict[str, Any] = {
        "leading": None if found is None else str(found.coefficient * found.order.of(scaling.symbol)),
        "order": None if found is None else str(found.order.of(scaling.symbol)),
        "exponent": None if scaling.exponent is None else str(scaling.exponent),
        "doubling": None if scaling.doubling is None else _limit(scaling.doubling, ASCII),
        "elasticity": None if elasticity is None else ratio_text(elasticity, ASCII),
        "smooth": None
        if smooth is None
        else {"formula": str(smooth.form), "error_from": str(smooth.low), "error_to": str(smooth.high)},
    }
    if study.at_point:
        at: dict[str, Any] = {s.name: str(v) for s, v in study.point.items()}
        if elasticity is not None:
            at["elasticity"] = str(elasticity.value(study.point))
        data["at"] = at
    return data


def _jump(jump: Jump) -> dict[str, Any]:
    return {"at": jump.at, "before": str(jump.before), "after": str(jump.after), "relative": str(jump.relative)}


def _document(data: dict[str, Any]) -> str:
    return json.dumps({"schema": SCHEMA, "symcost": __version__, **data}, indent=2, ensure_ascii=False) + "\n"


# ------------------------------------------------------------ compare

Titles = tuple[str, str]


def show_comparison(found: Comparison, costs: Mapping[str, Cost], console: Console) -> None:
    """Print two costs, their difference and ratio, and where which is larger; ``costs`` are the two by their names."""
    titles, first = tuple(costs), next(iter(costs.values()))
    sp = first.domain.spelled(spelling_of(console))
    width = max(11, *(len(t) for t in titles))
    for label, cost in costs.items():
        value = cost.value
        short = f"   ({rounded(value, cost)})" if value is not None and abs(Fraction(value)) >= 1000 else ""
        entry(console, label, cost.text(sp) + short, width)
    console.print()
    entry(console, "difference", first._owned(found.difference).text(sp), width)
    entry(console, "ratio", _ratio_line(found, sp), width)
    for symbol, limit in found.limits:
        entry(console, "", f"{_arrow(sp)} {_limit(limit, sp)} as {symbol.name} {_arrow(sp)} {_infinity(sp)}", width)
    for index, line in enumerate(sides_text(found.sides, titles[0], titles[1], sp)):
        entry(console, "" if index else "larger", line, width)


def _ratio_line(found: Comparison, sp: Spelling) -> str:
    number = found.ratio.size.number
    written = ratio_text(found.ratio, sp)
    return written if number is None or number.denominator == 1 else f"{written}, about {si(number)}"


def sides_text(sides: Sides, first: str, second: str, sp: Spelling) -> Iterator[str]:
    """Where which of two costs is the larger, in sentences."""
    if sides.always is not None:
        yield _always(sides, first, second)
    elif sides.symbol is not None:
        x = sides.symbol.name
        for run in sides.runs[:STEPS]:
            yield f"{_named(run.sign, first, second)} {_range(x, run.start, run.end)}"
        if len(sides.runs) > STEPS:
            last = sides.runs[-1]
            yield f"... and in the end ({len(sides.runs)} stretches in all)"
            yield f"{_named(last.sign, first, second)} {_range(x, last.start, last.end)}"
    elif sides.where is not None:
        yield f"{first} where {relation(sides.where, sp)}"
        yield f"{second} where {relation(Condition('>', -sides.where.size), sp)}"
    elif sides.witness is not None:
        for name, point in zip((first, second), sides.witness, strict=True):
            yield f"{name} at {', '.join(f'{s.name} = {v}' for s, v in point.items())}"
    else:
        yield UNDECIDED


def _always(sides: Sides, first: str, second: str) -> str:
    if not sides.always:
        return "neither: they are equal"
    name = first if sides.always > 0 else second
    return f"{name}, for all values" if sides.strict else f"{name}, or they are equal"


def _named(sign: int, first: str, second: str) -> str:
    return first if sign > 0 else second if sign < 0 else "neither"


def _range(x: str, start: int, end: int | None) -> str:
    if end is None:
        return f"from {x} = {start} on"
    return f"at {x} = {start}" if start == end else f"from {x} = {start} to {end}"


def comparison_latex(found: Comparison, costs: Mapping[str, Cost]) -> str:
    one, other = costs.values()
    first, second = (c.latex() if not c.unit else rf"\text{{{escaped(t)}}}" for t, c in costs.items())
    rows = [Equation(t, "=", c.latex()) for t, c in zip((first, second), (one, other), strict=True) if c.unit]
    rows.append(Equation(rf"\frac{{{first}}}{{{second}}}", "=", ratio_text(found.ratio, one.domain.spelled(LATEX))))
    for symbol, limit in found.limits:
        x = text(Size.of(symbol), LATEX)
        rows.append(Equation("", r"\to", _limit(limit, LATEX), rf"({x} \to \infty)"))
    return needing(equations(rows))


def comparison_page(found: Comparison, costs: Mapping[str, Cost]) -> str:
    sides = found.sides
    first, second = costs
    return _document(
        {
            "first": {"name": first, **data_of(costs[first])},
            "second": {"name": second, **data_of(costs[second])},
            "equal": found.equal.equal,
            "difference": str(presentable(found.difference)),
            "ratio": ratio_text(found.ratio, ASCII),
            "limits": {s.name: _limit(limit, ASCII) for s, limit in found.limits},
            "larger": {
                "decided": sides.decided,
                "always": None if sides.always is None else WHY[sides.always] + ("" if sides.strict else "="),
                "symbol": None if sides.symbol is None else sides.symbol.name,
                "runs": [{"from": r.start, "to": r.end, "first": WHY[r.sign]} for r in sides.runs],
                "first_where": None if sides.where is None else relation(sides.where, ASCII),
            },
        }
    )


# ------------------------------------------------------------ invert


def show_answer(
    answer: Answer,
    name: str,
    word: str,
    closed: str | None,
    costs: Sequence[tuple[Cost, Cost | None, str]],
    console: Console,
) -> None:
    """Print the value of a symbol with what it costs and what the next one would."""
    if answer.value is None:
        entry(
            console,
            f"{word} {name}",
            "no limit: every large value fits" if answer.unlimited else "none: no value fits",
            11,
        )
    else:
        entry(console, f"{word} {name}", str(answer.value), 11)
    for here, beyond, bound in costs:
        after = "" if beyond is None else f"; {rounded(beyond.value or 0, beyond)} at {name} = {answer.beyond}"
        entry(console, "", f"{rounded(here.value or 0, here)} of {bound}{after}", 11)
    for start, end in answer.gaps[:STEPS]:
        entry(console, "but not", _range(name, start, end).removeprefix("from ").removeprefix("at "), 11)
    if closed is not None and answer.value is not None:
        entry(console, "closed form", closed, 11)
    if answer.how:
        entry(console, "because", answer.how, 11)


def show_frontier(
    names: Sequence[str], points: Sequence[Sequence[Rational]], costs: Mapping[str, Sequence[Cost]], console: Console
) -> None:
    """Print the points of a frontier with what each costs."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in (*names, *costs):
        table.add_column(name, justify="right")
    for index, point in list(enumerate(points))[:LINES]:
        figures = (rounded(found[index].value or 0, found[index]) for found in costs.values())
        table.add_row(*(_decimal(v) for v in point), *figures)
    aligned(table, console)
    if len(points) > LINES:
        console.print(Text(f"the first {LINES} of {len(points)} points; --json has all", style="dim"))


def _decimal(value: Rational) -> str:
    """``0.25`` where that is exact, ``1/3`` where it is not."""
    number = Fraction(value)
    for places in range(1, 7):
        if number.denominator > 1 and 10**places % number.denominator == 0:
            return f"{int(number * 10**places) // 10**places}.{int(number * 10**places) % 10**places:0{places}}"
    return str(number)


def answer_page(answer: Answer, name: str, closed: str | None) -> str:
    gaps = [{"from": a, "to": b} for a, b in answer.gaps]
    found = {"symbol": name, "value": answer.value, "unlimited": answer.unlimited, "gaps": gaps}
    return _document({**found, "next": answer.beyond, "closed_form": closed, "how": answer.how})


def frontier_page(
    names: Sequence[str], points: Sequence[Sequence[Rational]], costs: Mapping[str, Sequence[Cost]]
) -> str:
    rows = []
    for index, point in enumerate(points):
        figures = {label: str(found[index].value) for label, found in costs.items()}
        rows.append({**{n: _decimal(v) for n, v in zip(names, point, strict=True)}, "costs": figures})
    return _document({"symbols": list(names), "frontier": rows})


# ------------------------------------------------------------ in a notebook

Lines = Iterator[tuple[str, str]]


def result_text(result: Scaling | Comparison | Answer, console: Console) -> None:
    """Print a result by itself, without the cost it was asked of."""
    for label, content in _result(result, spelling_of(console), str):
        entry(console, label, content, 11)


def result_markdown(result: Scaling | Comparison | Answer) -> str:
    """A table of what is known, with formulas between dollars."""
    rows = [(label, content.replace("|", r"\|")) for label, content in _result(result, LATEX, "${}$".format)]
    first, *others = (f"| {label} | {content} |" for label, content in rows)
    return "\n".join([first, "| :--- | :--- |", *others]) + "\n"


def _result(result: Scaling | Comparison | Answer, sp: Spelling, math: Callable[[str], str]) -> Lines:
    match result:
        case Scaling():
            return _scaled(result, replace(sp, role=result.role), math)
        case Comparison():
            return _held_against(result, sp, math)
    return _answered(result)


def _scaled(found: Scaling, sp: Spelling, math: Callable[[str], str]) -> Lines:
    x = text(Size.of(found.symbol), sp)
    yield "formula", math(text(presentable(found.formula), sp))
    if found.leading is None:
        yield f"in {math(x)}", UNDECIDED
    else:
        order = found.leading.order.of(found.symbol)
        yield f"in {math(x)}", math(f"{_theta(sp)}({text(order, sp)})")
        yield "in the end", math(text(presentable(found.leading.coefficient * order), sp))
    doubled = f"{_doubled(found.symbol, sp)} {_arrow(sp)} {_limit(found.doubling, sp)}"
    yield "doubling", UNDECIDED if found.doubling is None else math(doubled)
    yield "elasticity", UNDECIDED if found.elasticity is None else math(ratio_text(found.elasticity, sp))
    if found.smooth is not None and not found.smooth.exact:
        low, high = (math(text(presentable(_outwards(s)), sp)) for s in (found.smooth.low, found.smooth.high))
        yield "smooth", math(text(presentable(found.smooth.form), sp))
        yield "error", f"from {low} to {high}"


def _held_against(found: Comparison, sp: Spelling, math: Callable[[str], str]) -> Lines:
    sizes = {"first": found.first, "second": found.second, "difference": found.difference}
    for label, size in sizes.items():
        yield label, math(text(presentable(size), sp))
    yield "ratio", math(ratio_text(found.ratio, sp))
    for symbol, limit in found.limits:
        x = text(Size.of(symbol), sp)
        if limit is not None:
            yield "", f"{math(f'{_arrow(sp)} {_limit(limit, sp)}')} as {math(f'{x} {_arrow(sp)} {_infinity(sp)}')}"
    for index, line in enumerate(sides_text(found.sides, "first", "second", UNICODE if sp.braces_fraction else sp)):
        yield "" if index else "larger", line


def _answered(found: Answer) -> Lines:
    none = "no limit: every large value fits" if found.unlimited else "none: no value fits"
    yield "value", none if found.value is None else str(found.value)
    for start, end in found.gaps[:STEPS]:
        yield "but not", str(start) if start == end else f"{start} to {end}"
    if found.beyond is not None:
        yield "next", str(found.beyond)
    if found.how:
        yield "because", found.how
