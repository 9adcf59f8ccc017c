"""The entries of the catalogue, as their TOML files say them.

title = "MobileNets"                      # of the file: what the page calls this family
about = "..."                             # a sentence or two under it

[[entry]]
id = "mbv1-eq5"
title = "Depthwise separable convolution: cost"
source = "Howard et al. 2017, arXiv:1704.04861, equation 5"
says = "..."                              # what is printed, where the checks do not show it
right = "..."                             # and what is right, where the checks do not show that in a line
convention = "multiply-adds, no bias"     # what the source counts
verdict = "exact"                         # one of VERDICTS
note = "..."                              # what a reader should know; errata with the arithmetic

[[entry.check]]
program = "sym ..."                       # in the language; or  zoo = "resnet"
ask = "macs"                              # what is derived, of costs: "a.macs/b.macs", "out_h", "resnet(3, 4, 6, 3).params"
as = "kaplan"                             # a convention for the name `cost` in ask
options = {dtype = "bf16"}                # for the functions in ask (below)
with = {W = "H", F = "rho*D"}             # symbols of the description in those of the source, put in after deriving
equal = "M^2*K^2*Cin*Cout"                # printed, and proved equal (a list: several forms)
leading = "2*n^2*d"; grows = ["n"]        # printed, and the leading term of what is derived
order = "n^2*d"; grows = ["n", "d"]       # printed as O(...): a constant times it bounds what is derived
least = "..."; most = "..."               # printed, and never above, or below, what is derived
limit = "1/K^2"; grows = ["N"]            # what it tends to
differs = "..."; gap = "..."              # printed and wrong: refuted; what is derived less what is printed
requires = "S | X - K + 2*P"              # what the result is said to hold under (a list: several)
[[entry.check.figure]]
at = {X = 224}; printed = "138"; unit = "1e6"; how = "rounds"   # or "truncates", "exact", "differs"
label = "VGG-16"; ask = "..."             # of its own, where the figure is of something else
how = "refuted"; printed = "191"; ours = "128"   # what `differs` gives at that point, and what is derived there

Names in `ask` beside the costs of the language, all of them of a network too (`vgg(2, 2).peak`):
    out_c, out_h, out_w, out_t, out_n, out_size, out_batch    of what comes out
    layers, params_fc, macs_13      layers with weights: how many; a cost of all of a kind; of the 13th
    and the functions of `checking.FUNCTIONS`: kv_cache, kept, peak, weights, states, receptive_field, ...
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from symcost.source import Diagnostic, SymcostError, nearest

FOLDER = Path(__file__).parent
VERDICTS = {
    "exact": "equal for every size",
    "exact-under-convention": "equal for every size, under what the source counts",
    "derivable-rounded": "the printed figures are those derived, rounded as printed",
    "leading-term": "the leading term of what is derived",
    "mixed": "partly right: the checks say what is and what is not",
    "convention": "a definition, not a result",
    "erratum": "what is printed is wrong; the right value is derived",
}


@dataclass(frozen=True)
class Figure:
    """A number as it was printed, ``unit`` the size of 1 in it."""

    printed: str
    at: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "1"
    how: str = "rounds"
    label: str = ""
    ask: str = ""
    ours: str = ""  # what is derived, where that is not what is printed

    @property
    def value(self) -> Fraction:
        return Fraction(self.printed) * Fraction(self.unit)

    @property
    def digit(self) -> Fraction:
        """The size of 1 in its last digit."""
        mantissa, _, exponent = self.printed.lower().partition("e")
        return Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2])) * Fraction(self.unit)


@dataclass(frozen=True)
class Check:
    """One derivation and what it is compared with."""

    ask: str
    program: str = ""
    zoo: str = ""
    convention: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    equal: tuple[str, ...] = ()
    leading: str = ""
    order: str = ""
    least: str = ""
    most: str = ""
    limit: str = ""
    grows: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    gap: str = ""
    requires: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """One published formula, table or claim."""

    id: str
    title: str
    source: str
    verdict: str
    checks: tuple[Check, ...]
    says: str = ""
    right: str = ""
    convention: str = ""
    note: str = ""
    reason: str = ""  # why nothing is derived, where it is not


@dataclass(frozen=True)
class Family:
    """A file of entries."""

    name: str
    title: str
    about: str
    entries: tuple[Entry, ...]


def families() -> tuple[str, ...]:
    """The names of the files, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def family(name: str) -> Family:
    """One file. Raises `SymcostError` when there is none of that name."""
    if name not in families():
        help_ = nearest(name, families()) or f"there are {', '.join(families())}"
        raise SymcostError(Diagnostic("unknown-family", f"the catalogue has no family '{name}'", help=help_))
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return Family(name, data["title"], data.get("about", ""), tuple(_entry(e) for e in data.get("entry", ())))


def entries() -> Iterator[Entry]:
    """Every entry, file by file."""
    for name in families():
        yield from family(name).entries


def chosen(names: tuple[str, ...]) -> tuple[Entry, ...]:
    """Entries and families by name; all of them without one."""
    if not names:
        return tuple(entries())
    found: list[Entry] = []
    for name in names:
        own = [e for e in entries() if e.id == name]
        found += own or family(name).entries
    return tuple(found)


def _entry(data: dict[str, Any]) -> Entry:
    checks = tuple(_check(c) for c in data.pop("check", ()))
    known = {f.name for f in fields(Entry)}
    assert set(data) <= known, f"{data.get('id')}: {set(data) - known}"
    assert data["verdict"] in VERDICTS, data["id"]
    return Entry(checks=checks, **data)


def _check(data: dict[str, Any]) -> Check:
    figures = tuple(map(_figure, data.pop("figure", ())))
    given = {{"as": "convention", "with": "given"}.get(k, k): v for k, v in data.items()}
    for several in ("equal", "differs", "requires"):
        if isinstance(given.get(several), str):
            given[several] = (given[several],)
    lists = {k: tuple(v) for k, v in given.items() if isinstance(v, list)}
    return Check(**(given | lists), figures=figures)


def _figure(data: dict[str, Any]) -> Figure:
    at: Mapping[str, Any] = data.pop("at", {})
    return Figure(at=at, **{name: str(value) for name, value in data.items()})
