"""A derivation for the terminal, as a LaTeX `align`, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from textwrap import wrap

from rich.console import Console
from rich.text import Text

from symcost import __version__
from symcost.derive import Derivation, Step
from symcost.render.json import SCHEMA
from symcost.render.json import cost as data_of
from symcost.render.latex import escaped, inline, needing, shape
from symcost.render.lines import INDENT as HANGING
from symcost.render.lines import LINE, broken, width
from symcost.render.terminal import spelling_of
from symcost.sizes.notation import ASCII, LATEX, UNICODE, Spelling, condition_text, latex_name
from symcost.sizes.written import Form, text

INDENT = 6
RELATION = 14  # points of an equals sign


def show(derivation: Derivation, console: Console, points: int = 0) -> None:
    """Print the steps. ``points`` is at how many points they were checked."""
    for line in _lines(derivation, _spelled(derivation, spelling_of(console)), console.width, points):
        console.print(line, soft_wrap=True)


def _spelled(derivation: Derivation, spelling: Spelling) -> Spelling:
    return derivation.cost.domain.spelled(spelling)


def plain(derivation: Derivation, width: int = 80) -> str:
    """The same as text, without colours."""
    return "".join(f"{line.plain}\n" for line in _lines(derivation, _spelled(derivation, UNICODE), width, 0))


def _lines(derivation: Derivation, spelling: Spelling, width: int, points: int) -> Iterator[Text]:
    width = max(width, 40)
    for line in wrap(_title(derivation, spelling), width, break_long_words=False, break_on_hyphens=False):
        yield Text(line, style="bold")
    yield from (Text(line) for line in wrap(derivation.meaning, width))
    yield Text("")
    known = ""
    for step in _once(derivation.steps):
        yield from _head(step, spelling, width)
        known, written = _formula(step, spelling, known, width - INDENT)
        yield from (Text(" " * INDENT + line) for line in written)
    yield Text("")
    for label, said in _notes(derivation, spelling, points):
        first, *more = wrap(said, width - 13, break_long_words=False)
        yield Text.assemble((f"{label:<13}", "dim"), first)
        yield from (Text(" " * 13 + line) for line in more)


def _title(derivation: Derivation, spelling: Spelling) -> str:
    """``bn on C@H × W → C@H × W``"""
    if derivation.input is None or derivation.output is None:
        return derivation.title
    arrow = "->" if spelling.ascii else "→"
    return f"{derivation.title} on {derivation.input.text(spelling)} {arrow} {derivation.output.text(spelling)}"


def _once(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps; a rule that was said before is not said again."""
    said: set[str] = set()
    for step in steps:
        yield replace(step, rule="") if step.rule in said else step
        said.add(step.rule)


def _head(step: Step, spelling: Spelling, width: int) -> Iterator[Text]:
    number = f"({step.number})"
    what = step.what if step.on is None else f"{step.what} on {step.on.text(spelling)}"
    lines = wrap(f"{what}: {step.rule}" if step.rule else what, width - 5)
    for index, line in enumerate(lines):
        rest = line[len(step.what) :] if not index else line
        name = (line[: len(step.what)], "bold") if not index else ("", "")
        yield Text.assemble(f"{number:<5}" if not index else " " * 5, name, (rest, "dim"))


def _formula(step: Step, spelling: Spelling, known: str, room: int) -> tuple[str, list[str]]:
    """The right side, and the lines of the formula; what the line above ends with is not repeated."""
    before, after = text(step.before, spelling), text(step.after, spelling)
    sign = "~" if step.limit else "="
    chain = [*([step.name] if step.name else []), "" if before == known != after else before]
    chain += [after] if before != after else []
    whole = f" {sign} ".join(chain).strip()
    if len(whole) <= room:
        return after, [whole]
    lines = []
    for index, part in enumerate(chain):
        lead = f"{sign} " if index else ""
        lines += wrap(lead + part, room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return after, lines


def _notes(derivation: Derivation, spelling: Spelling, points: int) -> Iterator[tuple[str, str]]:
    if derivation.free:
        yield "no cost", ", ".join(derivation.free)
    if derivation.cost.uncounted:
        yield "not counted", ", ".join(derivation.cost.uncounted)
    if derivation.requirements:
        yield "requires", ", ".join(condition_text(c, spelling) for c in derivation.requirements)
    for index, source in enumerate(derivation.sources):
        yield "" if index else "sources", source
    if points:
        where = f"at {points} random points of the domain" if points > 1 else "by arithmetic"
        yield "checked", f"both sides of every step {where}"


# ------------------------------------------------------------ for papers


def latex(derivation: Derivation) -> str:
    """One `align*` that may break over pages; a step is a line of text and its formula."""
    spelling = _spelled(derivation, LATEX)
    column = max(width(_left(step)) for step in derivation.steps)
    room = LINE - column - RELATION - HANGING
    lines = [r"{\allowdisplaybreaks\sloppy"]
    known = ""
    for index, step in enumerate(_once(derivation.steps)):
        on = "" if step.on is None else f" on {inline(shape(step.on, spelling))}"
        rule = f": {escaped(step.rule)}" if step.rule else ""
        said = rf"({step.number}) \emph{{{escaped(step.what)}}}{on}{rule}"
        lines.append(rf"\noindent {said}" if not index else rf"\intertext{{{said}}}")
        lines += ["\\begin{align*}"] if not index else []
        known, written = _aligned(step, spelling, known, room)
        lines += [f"  {line} \\\\" for line in written]
    lines[-1] = lines[-1].removesuffix(" \\\\")
    lines += ["\\end{align*}}"]
    if derivation.sources:
        said = escaped("; ".join(derivation.sources))
        lines.append(rf"{{\raggedright\noindent Sources: {said}.\par}}")
    return needing(lines)


def _left(step: Step) -> str:
    return latex_name(step.name) if step.name else f"({step.number})"


def _aligned(step: Step, spelling: Spelling, known: str, room: float) -> tuple[str, list[str]]:
    before, after = text(step.before, spelling), text(step.after, spelling)
    sign = r"\sim" if step.limit else "="
    if text(step.before, UNICODE) == text(step.after, UNICODE):
        shown = [("=", after)]
    elif before == known:
        shown = [(sign, after)]
    elif width(before) + width(after) + RELATION < room / 2:
        shown = [("=", f"{before} {sign} {after}")]
    else:
        shown = [("=", before), (sign, after)]
    lines: list[str] = []
    for relation, part in shown:
        first, *more = broken(part, room)
        lines += [f"{'' if lines else _left(step)} &{relation} {first}".strip(), *(rf"&\quad {m}" for m in more)]
    return after, lines


def markdown(derivation: Derivation) -> str:
    """A numbered list, formulas as LaTeX between dollars."""
    spelling = _spelled(derivation, LATEX)
    lines = [f"**{_title(derivation, UNICODE)}**", "", f"{derivation.meaning}", ""]
    for step in _once(derivation.steps):
        before, after = text(step.before, spelling), text(step.after, spelling)
        sign = r"\sim" if step.limit else "="
        left = f"{latex_name(step.name)} = " if step.name else ""
        chain = before if before == after else f"{before} {sign} {after}"
        on = "" if step.on is None else f" on ${shape(step.on, spelling)}$"
        rule = f": {step.rule}" if step.rule else ""
        lines.append(f"{step.number}. *{step.what}*{on}{rule}  \n   ${left}{chain}$")
    lines.append("")
    for label, said in _notes(derivation, _spelled(derivation, UNICODE), 0):
        lines += [f"* {label}: {said}"] if label else [f"{lines.pop()}; {said}"]
    return "\n".join(lines).rstrip() + "\n"


def page(derivation: Derivation, points: int = 0) -> str:
    """One JSON document."""
    spelling = _spelled(derivation, ASCII)
    data = {
        "schema": SCHEMA,
        "symcost": __version__,
        "title": derivation.title,
        "input": None if derivation.input is None else str(derivation.input),
        "output": None if derivation.output is None else str(derivation.output),
        "meaning": derivation.meaning,
        "cost": data_of(derivation.cost),
        "steps": [_data(step, spelling) for step in derivation.steps],
        "no_cost": list(derivation.free),
        "requires": [condition_text(c, spelling) for c in derivation.requirements],
        "sources": list(derivation.sources),
        "checked_at": points,
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _data(step: Step, spelling: Spelling) -> dict[str, object]:
    def both(form: Form) -> str:
        return text(form, spelling)

    return {
        "number": step.number,
        "what": step.what,
        "on": None if step.on is None else str(step.on),
        "rule": step.rule,
        "source": step.source or None,
        "name": step.name or None,
        "before": both(step.before),
        "relation": "~" if step.limit else "=",
        "after": both(step.after),
    }
