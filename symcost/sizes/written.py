"""Formulas as they are first written down: products not multiplied out, sums not collected, roundings as the rule has them.

A `Size` is canonical at construction, so it cannot show ``3·3·64`` or ``⌊(X + 2·P - K)/s⌋ + 1``. A form can; `value` is the
size it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from symcost.sizes.atoms import ONE, ZERO, Size, SizeLike, Symbol, product, total
from symcost.sizes.notation import Spelling
from symcost.sizes.notation import text as size_text
from symcost.sizes.rounding import ceil, floor
from symcost.sizes.sums import summed


@dataclass(frozen=True)
class Added:
    terms: tuple[Form, ...]


@dataclass(frozen=True)
class Times:
    """A product; factors that are products themselves stay together: ``3·3·64 · 112·112``."""

    factors: tuple[Form, ...]


@dataclass(frozen=True)
class Over:
    """A quotient: exact, or rounded ``down`` or ``up``."""

    top: Form
    bottom: Size
    rounded: str = ""


@dataclass(frozen=True)
class Turns:
    """``term`` added up for ``index`` = 0 to ``count - 1``."""

    term: Form
    index: Symbol
    count: Size


@dataclass(frozen=True)
class Named:
    """The result of another line, by its number."""

    name: str
    form: Form


Form = Size | Added | Times | Over | Turns | Named


def times(*factors: Form | SizeLike) -> Form:
    """A product without its factors of 1; 0 where one of them is."""
    kept = tuple(f for f in (_form(f) for f in factors) if f != ONE)
    if ZERO in kept:
        return ZERO
    return kept[0] if len(kept) == 1 else Times(kept) if kept else ONE


def added(*terms: Form | SizeLike) -> Form:
    """A sum without its terms of 0."""
    kept = tuple(t for t in (_form(t) for t in terms) if t != ZERO)
    return kept[0] if len(kept) == 1 else Added(kept) if kept else ZERO


def _form(value: Form | SizeLike) -> Form:
    return Size.of(value) if isinstance(value, int | Fraction) else value


def value(form: Form) -> Size:
    """What a form comes to."""
    match form:
        case Added():
            return total(value(t) for t in form.terms)
        case Times():
            return product(value(f) for f in form.factors)
        case Over():
            share = value(form.top) / form.bottom
            return share if not form.rounded else floor(share) if form.rounded == "down" else ceil(share)
        case Turns():
            return summed(value(form.term), form.index, form.count)
        case Named():
            return value(form.form)
    return form


def mapped(form: Form, change: Callable[[Size], Size]) -> Form:
    """The same with its sizes changed."""
    match form:
        case Added():
            return added(*(mapped(t, change) for t in form.terms))
        case Times():
            return times(*(mapped(f, change) for f in form.factors))
        case Over():
            return Over(mapped(form.top, change), change(form.bottom), form.rounded)
        case Turns():
            return Turns(mapped(form.term, change), form.index, change(form.count))
        case Named():
            return Named(form.name, mapped(form.form, change))
    return change(form)


def text(form: Form, spelling: Spelling) -> str:
    """A form in one of the notations."""
    match form:
        case Added():
            written = text(form.terms[0], spelling)
            for term in form.terms[1:]:
                more = text(term, spelling)
                written += f" - {more[1:]}" if more.startswith("-") else f" + {more}"
            return written
        case Times():
            return _product(form, spelling)
        case Over():
            return _quotient(form, spelling)
        case Turns():
            last = size_text(form.count - 1, spelling)
            return spelling.sum(text(form.term, spelling), size_text(Size.of(form.index), spelling), last)
        case Named():
            return form.name
    return size_text(form, spelling)


def _product(form: Times, spelling: Spelling) -> str:
    if form.factors[0] == -1:
        written = _factor(times(*form.factors[1:]), spelling, first=True)
        return f"-{spelling.parens(written) if written[0] == '-' else written}"
    sign = spelling.between_numbers
    apart = any(isinstance(f, Times) for f in form.factors)
    factors = [_factor(f, spelling, first=i == 0) for i, f in enumerate(form.factors)]
    return (f" {sign.strip()} " if apart else sign).join(factors)


def _factor(form: Form, spelling: Spelling, first: bool) -> str:
    written = text(form, spelling)
    divided = "/" in written and not written.endswith(("⌋", "⌉"))
    bare = isinstance(form, Times | Named) or (isinstance(form, Over) and form.rounded)
    apart = _several(form) or (not first and (written[0] == "-" or (divided and not bare)))
    return spelling.parens(written) if apart else written


def _several(form: Form) -> bool:
    """Whether it is written as a sum."""
    if isinstance(form, Over) and not form.rounded and form.bottom == ONE:
        return _several(form.top)
    return isinstance(form, Added) or (isinstance(form, Size) and len(form.terms) > 1)


def _quotient(form: Over, spelling: Spelling) -> str:
    top, bottom = text(form.top, spelling), size_text(form.bottom, spelling)
    if not spelling.braces_fraction:
        top = f"({top})" if _several(form.top) and bottom != "1" else top
        bottom = bottom if re.fullmatch(r"\w+", bottom) else f"({bottom})"
    if not form.rounded:
        return top if bottom == "1" else spelling.fraction(top, bottom)
    return (spelling.floor if form.rounded == "down" else spelling.ceil)(top, bottom)
