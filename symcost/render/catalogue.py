"""The published catalogue: lines for the terminal, pages for the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symcost.catalogue import Check, Entry, Figure, Outcome, families, family, verify
from symcost.catalogue.entries import VERDICTS
from symcost.sizes.atoms import Size
from symcost.sizes.notation import LATEX, UNICODE, text

SIGNS = {True: "✓", False: "✗"}


def line(entry: Entry, outcomes: Sequence[Outcome]) -> str:
    """One line for an entry: whether everything came out, its name, its verdict."""
    if not outcomes:
        return f"-  {entry.id}: {entry.reason or 'nothing to derive'}"
    return f"{SIGNS[all(o.holds for o in outcomes)]}  {entry.id}: {entry.title} ({entry.verdict}, {_counted(outcomes)})"


def _counted(outcomes: Sequence[Outcome]) -> str:
    figures = sum(o.what == "figure" for o in outcomes)
    formulas = len(outcomes) - figures
    said = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((formulas, "formula"), (figures, "figure")) if n]
    return ", ".join(said)


def failure(outcome: Outcome) -> str:
    return f"     {outcome.what}: printed {outcome.printed}, derived {text(outcome.derived, UNICODE)}; {outcome.how}"


def index() -> str:
    """The first page: what the catalogue is, every entry with its verdict."""
    found = [family(name) for name in families()]
    every = [entry for f in found for entry in f.entries]
    derived = sum(bool(e.checks) for e in every)
    lines = [
        "# The published catalogue",
        "",
        *INTRODUCTION.format(all=len(every), derived=derived).strip().splitlines(),
        "",
    ]
    lines += ["| verdict | what it says | entries |", "| --- | --- | ---: |"]
    for verdict, meaning in VERDICTS.items():
        lines.append(f"| {verdict} | {meaning} | {sum(e.verdict == verdict for e in every)} |")
    for f in found:
        lines += ["", f"## {f.title}", "", f.about, "", "| | source | verdict |", "| --- | --- | --- |"]
        lines += [f"| [{e.title}](catalogue/{f.name}.md#{_anchor(e)}) | {e.source} | {e.verdict} |" for e in f.entries]
    return "\n".join(lines).rstrip() + "\n"


def page(name: str) -> str:
    """The entries of one family: description, what is derived, what was printed, how it was decided."""
    found = family(name)
    lines = [f"# {found.title}", "", found.about, "", "[All families](../catalogue.md)", ""]
    for entry in found.entries:
        lines += [*_entry(entry), ""]
    return "\n".join(lines).rstrip() + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield f"## {_heading(entry)}"
    yield ""
    yield f"{entry.source}. {f'Counted: {entry.convention}. ' if entry.convention else ''}Verdict: **{entry.verdict}**."
    if entry.note:
        yield from ("", entry.note)
    if entry.reason:
        yield from ("", f"Not derived: {entry.reason}")
    outcomes = list(verify(entry))
    for check in entry.checks:
        yield from ("", *_check(check, [o for o in outcomes if o.check is check]))


def _heading(entry: Entry) -> str:
    return f"{entry.id}: {entry.title}"


def _anchor(entry: Entry) -> str:
    """The heading as a link target, the way GitHub makes them."""
    return re.sub(r"[^\w\- ]", "", _heading(entry).lower()).replace(" ", "-")


def _check(check: Check, outcomes: Sequence[Outcome]) -> Iterator[str]:
    if check.program:
        yield from ("```arch", check.program.strip(), "```", "")
    else:
        yield from (f"From the zoo: `{check.zoo}`.", "")
    if check.given:
        yield from (f"with {', '.join(f'`{name} = {meant}`' for name, meant in check.given.items())}", "")
    if check.note:
        yield from (check.note, "")
    formulas = [o for o in outcomes if o.what != "figure"]
    if formulas:
        yield f"* derived: `{_asked(check)}` $= {text(formulas[0].derived, LATEX)}$"
    for outcome in formulas:
        yield f"* {_relation(outcome)}: `{outcome.printed}` — {outcome.how}"
    figures = [(f, o) for f, o in zip(check.figures, (o for o in outcomes if o.what == "figure"), strict=True)]
    if figures:
        yield from ("", "| | printed | derived | |", "| --- | ---: | ---: | --- |")
        yield from (_figure(f, o) for f, o in figures)


def _asked(check: Check) -> str:
    return f"{check.ask} by {check.convention}" if check.convention else check.ask


def _relation(outcome: Outcome) -> str:
    words = {
        "equal": "printed, proved equal",
        "leading": "printed, the leading term",
        "order": "printed, of that order",
        "least": "printed, never above",
        "most": "printed, never below",
        "limit": "it tends to",
        "differs": "printed, refuted",
        "gap": "the difference",
    }
    return words[outcome.what]


def _figure(figure: Figure, outcome: Outcome) -> str:
    at = ", ".join(f"{name} = {value}" for name, value in figure.at.items())
    label = "; ".join(part for part in (figure.label, at) if part)
    unit = {"1": "", "1e3": " k", "1e6": " M", "1e9": " G", "1e12": " T"}.get(figure.unit, f" × {figure.unit}")
    how = {"rounds": "rounded", "truncates": "cut off", "exact": "exact", "differs": "**differs**"}[figure.how]
    return f"| {label} | {figure.printed}{unit} | {_number(outcome.derived)} | {how} |"


def _number(size: Size) -> str:
    return text(size, UNICODE)


INTRODUCTION = """
{all} formulas, tables and claims of papers and articles, {derived} of them derived: the left side of each comes from a description
of the layers, in the language, and only the right side was typed from the source. `symcost verify` does it again.
"""
