"""The published catalogue: lines for the terminal, pages for the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from symcost.catalogue import Check, Entry, Figure, Outcome, described, families, family, verify
from symcost.catalogue.entries import VERDICTS
from symcost.forms import presentable
from symcost.latex_formula import is_latex
from symcost.render.typeset import latex
from symcost.sizes.atoms import Rational, Size
from symcost.sizes.notation import LATEX, UNICODE, grouped, latex_name, text

SIGNS = {True: "✓", False: "✗"}
VERDICT_SIGNS = {
    "exact": "✓",
    "exact-under-convention": "✓",
    "derivable-rounded": "≈",
    "leading-term": "∼",
    "mixed": "◐",
    "convention": "○",
    "erratum": "✗",
}
UNITS = {
    "1": "",
    "0.01": " %",
    "1e3": " k",
    "1e6": " M",
    "1e9": " G",
    "1e12": " T",
    "1e15": " P",
    "1024": " Ki",
    "1048576": " Mi",
    "1073741824": " Gi",
}
WORDS = {
    "equal": "printed, proved equal",
    "leading": "printed, the leading term",
    "order": "printed, of that order",
    "least": "printed, never above",
    "most": "printed, never below",
    "limit": "it tends to",
    "differs": "printed, **refuted**",
    "gap": "the difference, derived less printed",
    "requires": "requires",
}
ROUNDED = {
    "rounds": "rounded",
    "truncates": "cut off",
    "exact": "exact",
    "differs": "**differs**",
    "refuted": "by the formula refuted",
}
OBVIOUS = ("the canonical forms are the same", "the difference is 0", "the difference is never negative")
MISTAKES = 4  # figures of an entry that the index tells
WIDE = 40  # letters of what is asked there


# ------------------------------------------------------------ the terminal


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


# ------------------------------------------------------------ the index


def index() -> str:
    """The first page: what the catalogue is, the mistakes found, every entry with its verdict."""
    found = [family(name) for name in families()]
    every = [(f.name, entry) for f in found for entry in f.entries]
    derived = sum(bool(e.checks) for _, e in every)
    lines = [
        "# The published catalogue",
        "",
        *INTRODUCTION.format(all=len(every), derived=derived).strip().splitlines(),
        "",
    ]
    lines += ["| | verdict | what it says | entries |", "| --- | --- | --- | ---: |"]
    for verdict, meaning in VERDICTS.items():
        lines.append(
            f"| {VERDICT_SIGNS[verdict]} | {verdict} | {meaning} | {sum(e.verdict == verdict for _, e in every)} |"
        )
    lines += ["", "## Contents", "", "* [Errata](#errata)", "* [Partly right](#partly-right)"]
    lines += [f"* [{f.title}](#{_slug(f.title)}) ({len(f.entries)})" for f in found]
    for verdict, title, about in ERRATA:
        lines += ["", f"## {title}", "", about, "", "| | printed | right |", "| --- | --- | --- |"]
        lines += [_erratum(name, e) for name, e in every if e.verdict == verdict and e.checks]
    for f in found:
        lines += [
            "",
            f"## {f.title}",
            "",
            *([_prose(f.about), ""] if f.about else []),
            "| | source | verdict |",
            "| --- | --- | --- |",
        ]
        lines += [f"| {_link(f.name, e)} | {_prose(e.source)} | {_verdict(e)} |" for e in f.entries]
    return "\n".join(lines).rstrip() + "\n"


def _erratum(name: str, entry: Entry) -> str:
    """What is printed and what is right: as the entry puts it, or the first formula refuted, or the figures that differ."""
    told = [(entry.says, entry.right)] if entry.right else list(_mistakes(entry))
    printed, right = ("<br>".join(map(_prose, side)) for side in zip(*told, strict=True))
    return _row((_link(name, entry), printed, right))


def _mistakes(entry: Entry) -> Iterator[tuple[str, str]]:
    for check in entry.checks:
        if check.differs:
            derived = next(o.derived for o in verify(entry) if o.check is check)
            right = _in_math(check, check.equal[0]) if check.equal else _derived(derived, check)
            asked = f"`{check.ask}`: " if len(check.ask) < WIDE else ""
            yield f"{asked}{_in_math(check, check.differs[0])}", right
            return
    shown = [(f, o) for f, o in _figures_of(entry) if f.how == "differs"]
    for figure, outcome in shown[:MISTAKES]:
        label = figure.label or _label(figure)
        yield f"{label}: {_printed(figure)}" if label else _printed(figure), _value(outcome.derived, figure)


def _figures_of(entry: Entry) -> Iterator[tuple[Figure, Outcome]]:
    figures = (figure for check in entry.checks for figure in check.figures)
    return zip(figures, (o for o in verify(entry) if o.what == "figure"), strict=True)


def _link(name: str, entry: Entry) -> str:
    return f"[{_prose(entry.title)}](catalogue/{name}.md#{_slug(_heading(entry))})"


def _verdict(entry: Entry) -> str:
    return f"{VERDICT_SIGNS[entry.verdict]} {entry.verdict}" if entry.checks else "– not derived"


# ------------------------------------------------------------ a page


def page(name: str) -> str:
    """The entries of one family: description, what is derived, what was printed, how it was decided."""
    found = family(name)
    lines = [f"# {found.title}", "", _prose(found.about), "", "[The whole catalogue](../catalogue.md)", ""]
    lines += [f"* {VERDICT_SIGNS[e.verdict]} [{_prose(e.title)}](#{_slug(_heading(e))})" for e in found.entries]
    for entry in found.entries:
        lines += ["", *_entry(entry)]
    return "\n".join(lines).rstrip() + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield from (f"## {_prose(_heading(entry))}", "")
    yield f"**{_verdict(entry)}** · {_prose(entry.source)}"
    told = (
        ("Printed", entry.says),
        ("Right", entry.right),
        ("Counted", entry.convention),
        ("Not derived", entry.reason),
    )
    for word, said in told:
        if said:
            yield from ("", f"{word}: {_prose(said)}")
    if entry.note:
        yield from ("", _prose(entry.note))
    outcomes = list(verify(entry))
    for _, checks in groupby(entry.checks, key=lambda c: (c.program, c.zoo)):
        yield from _description(group := list(checks))
        for check in group:
            yield from ("", *_check(check, [o for o in outcomes if o.check is check]))


def _heading(entry: Entry) -> str:
    return f"{entry.title} ({entry.id})"


def _slug(heading: str) -> str:
    """The heading as a link target, the way GitHub makes them."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _description(checks: Sequence[Check]) -> Iterator[str]:
    """The program that the checks under it are derived from."""
    check = checks[0]
    if check.program:
        yield from ("", "```arch", check.program.strip(), "```")
    else:
        yield from ("", f"From the zoo: [`{check.zoo}`](../../symcost/zoo/{check.zoo}.arch)")


def _check(check: Check, outcomes: Sequence[Outcome]) -> Iterator[str]:
    if check.note:
        yield from (_prose(f"{check.note[0].upper()}{check.note[1:]}:"), "")
    formulas = [o for o in outcomes if o.what != "figure"]
    under = [f"`{name} = {_plainly(value)}`" for name, value in (*check.given.items(), *check.options.items())]
    asked = f"`{check.ask}`"
    asked += f" by `{check.convention}`" if check.convention else ""
    asked += f" with {', '.join(under)}" if under else ""
    figures = list(zip(check.figures, (o for o in outcomes if o.what == "figure"), strict=True))
    several = not formulas and any(f.ask for f, _ in figures)  # then the table says what is asked
    if formulas:
        yield f"* {asked}: {_derived(formulas[0].derived, check)}{_where(formulas[0].derived)}"
        yield from (f"  * {_formula(check, o)}" for o in formulas)
    elif not several or under:
        yield f"* {asked}:"
    if figures:
        yield from ("", *_table("" if several else check.ask, check.ask, figures))


def _plainly(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _formula(check: Check, outcome: Outcome) -> str:
    told = WORDS[outcome.what], _written(check, outcome.printed)
    if outcome.what in ("gap", "requires"):
        return ": ".join(told)
    sign = SIGNS[(outcome.what != "differs") == outcome.holds]
    return f"{sign} {': '.join(told)}" + ("" if outcome.how in OBVIOUS else f"; {outcome.how}")


def _written(check: Check, printed: str) -> str:
    """A formula as it was printed, typeset and as it was typed; a number alone."""
    if is_latex(printed):
        return f"${printed}$"
    if " | " in printed:  # a condition
        divisor, size = printed.split(" | ")
        return rf"${_typeset(check, divisor)} \mid {_typeset(check, size)}$"
    written = _in_math(check, printed)
    return written if re.fullmatch(r"-?[\w.]+", printed) else f"{written} `{printed}`"


def _in_math(check: Check, formula: str) -> str:
    return _grouped(formula) if formula.isdigit() else f"${_typeset(check, formula)}$"


def _typeset(check: Check, formula: str) -> str:
    return latex(described(check).domain.parsed(formula))


def _derived(size: Size, check: Check) -> str:
    value, domain = size.number, described(check).domain
    return grouped(value) if isinstance(value, int) else f"${text(presentable(size), domain.spelled(LATEX))}$"


def _where(size: Size) -> str:
    """What sizes that the description names stand for."""
    named = sorted((s for s in size.symbols() if s.definition is not None), key=lambda s: s.name)
    said = [f"${latex_name(s.name)} = {text(s.definition, LATEX)}$" for s in named if s.definition is not None]
    return f", where {', '.join(said)}" if said else ""


# ------------------------------------------------------------ figures


def _table(known: str, ask: str, figures: Sequence[tuple[Figure, Outcome]]) -> Iterator[str]:
    """A row a figure, of ``ask`` if it says nothing else; what is ``known`` is not repeated, empty columns are left out."""
    rows = [
        (
            _label(figure),
            "" if (figure.ask or ask) == known else f"`{figure.ask or ask}`",
            _printed(figure),
            _value(outcome.derived, figure),
            f"{SIGNS[figure.how not in ('differs', 'refuted')]}\u00a0{ROUNDED[figure.how]}",
        )
        for figure, outcome in figures
    ]
    head = (("", "---"), ("asked", "---"), ("printed", "---:"), ("derived", "---:"), ("", "---"))
    kept = [n for n in range(len(head)) if n > 1 or any(row[n] for row in rows)]
    yield _row(head[n][0] for n in kept)
    yield _row(head[n][1] for n in kept)
    yield from (_row(row[n] for n in kept) for row in rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _label(figure: Figure) -> str:
    at = ", ".join(f"{name} = {_grouped(str(value))}" for name, value in figure.at.items())
    return _prose("; ".join(part for part in (figure.label, at) if part))


def _printed(figure: Figure) -> str:
    unit = UNITS.get(figure.unit, f" × {figure.unit}")
    return _grouped(figure.printed) + unit


def _grouped(number: str) -> str:
    return grouped(int(number)) if number.isdigit() else number


def _value(size: Size, figure: Figure) -> str:
    """What is derived; in the unit of what is printed where that is no number of ones."""
    value = size.number
    if value is None:
        return text(size, UNICODE)
    if isinstance(value, int):
        return grouped(value)
    if value.denominator < 1000 and figure.unit == "1":
        return f"{text(size, UNICODE)} = {_decimal(value, figure)}"
    return _decimal(Fraction(value) / Fraction(figure.unit), figure) + UNITS.get(figure.unit, f" × {figure.unit}")


def _decimal(value: Rational, figure: Figure) -> str:
    """With two decimals more than are printed, cut off."""
    places = len(figure.printed.partition(".")[2]) + 2 if "e" not in figure.printed else 2
    whole, part = divmod(abs(int(value * 10**places)), 10**places)
    return f"{'-' if value < 0 else ''}{grouped(whole)}.{part:0{places}}…"


def _prose(said: str) -> str:
    """A sentence in one line: stars and bars are themselves, but in code and formulas."""
    parts = re.split(r"(`[^`]*`|\$[^$]*\$)", re.sub(r"[ \n]+", " ", said.strip()))
    return "".join(part if n % 2 else re.sub(r"([*|<])(?!br>)", r"\\\1", part) for n, part in enumerate(parts))


ERRATA = (
    (
        "erratum",
        "Errata",
        "What is printed is wrong; the right value is derived. [More](errata.md) on those of the founding articles.",
    ),
    ("mixed", "Partly right", "Some of what is printed follows, and some does not; here is what does not."),
)
INTRODUCTION = """
{all} formulas, tables and claims of papers and articles, {derived} of them derived: the left side of each comes from a
description of the layers, in the language, and only the right side was typed from the source. A page has for each entry
the description, what it gives, and what was printed beside it; `symcost verify` derives everything again, and
`symcost verify seed003-avgpool-flops` one entry, by the name in parentheses behind its title. Mistakes come first.
"""
