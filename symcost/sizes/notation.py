"""Sizes as text: in the language itself, with the signs of mathematics, and in LaTeX. One walk, three spellings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from functools import partial

from symcost.sizes.atoms import (
    ONE,
    Atom,
    Floor,
    Function,
    Group,
    Holds,
    Monomial,
    Power,
    Rational,
    Size,
    Sum,
    Symbol,
    term_order,
)
from symcost.sizes.facts import Condition

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Role(IntEnum):
    """What a size is, in the order in which papers multiply: batch, channels, kernel, sides of images; sums come last.

    The length of a sequence stands behind the batch, as papers on transformers write it, unless kernels slide along it.
    """

    BATCH = 0
    LENGTH = 1
    REPEATS = 2
    CHANNELS = 3
    KERNEL = 4
    SIDE = 5
    SUM = 6


def by_letter(symbol: Symbol) -> Role:
    """What a symbol is where nothing is known of it: sides of images have letters of their own."""
    return Role.SIDE if symbol.name[0] in "HWXY" else Role.CHANNELS


@dataclass(frozen=True)
class Spelling:
    """How one notation writes the parts of a formula."""

    times: str
    between_numbers: str
    name: Callable[[str], str]
    number: Callable[[int], str]
    power: Callable[[str, str], str]  # base and exponent, both written
    fraction: Callable[[str, str], str]  # top and bottom, already in parentheses where needed
    floor: Callable[[str, str], str]
    ceil: Callable[[str, str], str]
    function: Callable[[str, str], str]
    parens: Callable[[str], str]
    sum: Callable[[str, str, str], str]  # term, index, last index
    bracket: Callable[[str], str]  # 1 where a condition holds
    whole: Callable[[str], str]  # that something is an integer
    every: str  # before the turns a condition holds for
    where: str  # before what must hold for a condition to matter
    comma: str
    opening: str  # of parentheses that are closed on another line
    closing: str
    braces_fraction: bool  # a fraction groups its parts by itself
    relations: dict[str, str]
    ascii: bool = False  # no signs beyond ASCII around it either
    role: Callable[[Symbol], Role] = by_letter  # of symbols, for their order in a product


def text(size: Size, spelling: Spelling) -> str:
    """The formula, terms by falling degree, each term with its number first."""
    return _sum(size, spelling)


def ascii_text(size: Size) -> str:
    """The formula in the language itself: it reads back to the same size."""
    return text(size, ASCII)


def unicode_text(size: Size) -> str:
    return text(size, UNICODE)


def latex_text(size: Size) -> str:
    return text(size, LATEX)


def condition_text(condition: Condition, spelling: Spelling) -> str:
    """``X >= 32``, ``32 | X``."""
    if condition.turns:
        turns = ", ".join(f"{_sum(Size.of(i), spelling)} = 0..{_sum(n - 1, spelling)}" for i, n in condition.turns)
        return f"{condition_text(replace(condition, turns=()), spelling)} {spelling.every} {turns}"
    if condition.guard != ONE:
        return f"{condition_text(replace(condition, guard=ONE), spelling)} {spelling.where} {_guard(condition.guard, spelling)}"
    if condition.kind == "|" and condition.divisor == ONE:
        return spelling.whole(_sum(condition.size, spelling))
    kind, left, right = condition.sides
    return f"{_sum(left, spelling)} {spelling.relations[kind]} {_sum(right, spelling)}"


def _guard(guard: Size, sp: Spelling) -> str:
    """What makes a guard 1: the conditions whose brackets it is the product of, or that it is 1."""
    if len(guard.terms) == 1:
        ((monomial, coefficient),) = guard.terms.items()
        brackets = [a for a, _ in monomial if isinstance(a, Holds)]
        if coefficient == 1 and len(brackets) == len(monomial):
            return sp.comma.join(condition_text(Condition(a.kind, a.size, a.divisor), sp) for a in brackets)
    return condition_text(Condition("==", guard - 1), sp)


def parts(size: Size, spelling: Spelling) -> tuple[str, list[tuple[str, Size]], str]:
    """A formula to be broken into lines: what stands before a long sum, its terms with their texts, what stands behind.

    ``B·(9408·H1·W1 + ...)`` is ``B·(``, the terms, ``)``; a plain sum has nothing around it.
    """
    sums = [(a, e) for m in size.terms for a, e in m if isinstance(a, Group) and len(a.size.terms) > 1 and e == 1]
    if len(size.terms) != 1 or not sums:
        return "", _split(size, spelling), ""
    longest, _ = max(sums, key=lambda pair: len(pair[0].inside()[0].terms))
    ((monomial, coefficient),) = size.terms.items()
    around = Size({tuple(p for p in monomial if p[0] != longest): coefficient})
    before = "" if around == ONE else _sum(around, spelling) + spelling.times
    return before + spelling.opening, _split(longest.inside()[0], spelling), spelling.closing


def _split(size: Size, sp: Spelling) -> list[tuple[str, Size]]:
    written = _terms(size, sp)
    sizes = [Size({m: abs(Fraction(size.terms[m]))}) for m in _printed_order(size)]
    if len(written) < len(sizes):  # two of them are one ceiling
        sizes = [sizes[0]] * len(written)
    return list(zip(written, sizes, strict=True))


def _sum(size: Size, sp: Spelling) -> str:
    return "".join(_terms(size, sp))


def _terms(size: Size, sp: Spelling) -> list[str]:
    """The terms of a sum in the order of printing, each but the first with its sign before it."""
    if not size.terms:
        return [sp.number(0)]
    found: list[str] = []
    raised = _raised_floor(size)
    for monomial in _printed_order(size):
        coefficient = size.terms[monomial]
        if raised is not None and monomial in ((), ((raised, 1),)):
            if not monomial:
                continue
            term = _rounded(raised, True, sp)
        else:
            term = _term(monomial, abs(Fraction(coefficient)), sp)
        sign = (" + " if coefficient > 0 else " - ") if found else ("" if coefficient > 0 else "-")
        found.append(sign + term)
    return found


def _raised_floor(size: Size) -> Floor | None:
    """``⌊(X - 1)/s⌋ + 1`` is ``⌈X/s⌉``: the rounding to write that way, when the sum has it."""
    if size.terms.get(()) != 1:
        return None
    for monomial in sorted(size.terms, key=term_order):
        if size.terms[monomial] == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if isinstance(atom, Floor) and len((atom.numerator + 1).terms) < len(atom.numerator.terms):
                return atom
    return None


def _printed_order(size: Size) -> list[Monomial]:
    """Falling degree, the constant last; a sum begins with something added where it can."""
    order = sorted(size.terms, key=lambda m: (not m, term_order(m)))
    added = next((m for m in order if size.terms[m] > 0), None)
    if added is not None and size.terms[order[0]] < 0:
        order.remove(added)
        order.insert(0, added)
    return order


def _term(monomial: Monomial, coefficient: Rational, sp: Spelling) -> str:
    over = [(a, e) for a, e in monomial if e > 0]
    over.sort(key=lambda pair: _role(pair[0], sp))
    under = [(a, -e) for a, e in monomial if e < 0]
    top, bottom = Fraction(coefficient).numerator, Fraction(coefficient).denominator
    factors = [_factor(a, e, sp) for a, e in over]
    if sp.braces_fraction:
        sums = [i for i, (a, e) in enumerate(over) if isinstance(a, Sum) and (e != 1 or i < len(over) - 1)]
        for i in sums:
            base = sp.parens(_atom(over[i][0], sp))
            factors[i] = base if over[i][1] == 1 else sp.power(base, sp.number(over[i][1]))
    if top != 1 or not factors:
        factors.insert(0, sp.number(top))
    divisors = [_factor(a, e, sp) for a, e in under]
    if bottom != 1:
        divisors.insert(0, sp.number(bottom))
    numerator = _joined(factors, sp)
    if not divisors:
        return numerator
    denominator = _joined(divisors, sp)
    if len(divisors) > 1 and not sp.braces_fraction:
        denominator = f"({denominator})"
    return sp.fraction(numerator, denominator)


def _role(atom: Atom, sp: Spelling) -> Role:
    """A rounding is what is rounded."""
    if isinstance(atom, Group | Sum):
        return Role.SUM
    return max(map(sp.role, Size.of(atom).symbols()), default=Role.CHANNELS)


def _joined(factors: list[str], sp: Spelling) -> str:
    """A product; two numbers side by side keep a sign between them where the others need none."""
    written = factors[0]
    for factor in factors[1:]:
        written += (sp.between_numbers if factor[0].isdigit() else sp.times) + factor
    return written


def _factor(atom: Atom, exponent: int, sp: Spelling) -> str:
    if isinstance(atom, Power):
        number = atom.base.number
        if isinstance(number, int) and number > 1 and exponent > 1 and number**exponent <= 1024:  # (2^n)^2 is 4^n
            return _raised(sp.number(number**exponent), atom.exponent, sp)
        inside = atom.exponent * exponent
        base = _sum(atom.base, sp)
        simple = re.fullmatch(r"\w+", base)  # (-1)^n is not -1^n
        return _raised(base if simple else sp.parens(base), inside, sp)
    written = _atom(atom, sp)
    return written if exponent == 1 else sp.power(written, sp.number(exponent))


def _raised(base: str, exponent: Size, sp: Spelling) -> str:
    written = _sum(exponent, sp)
    single = len(exponent.terms) == 1 and re.fullmatch(r"\w+", written)
    return sp.power(base, written if single or sp.braces_fraction else f"({written})")


def _atom(atom: Atom, sp: Spelling) -> str:
    match atom:
        case Symbol():
            return sp.name(atom.name)
        case Floor():
            return _rounding(atom, sp)
        case Function(name="ceil"):
            return sp.ceil(_sum(atom.args[0], sp), "1")
        case Function():
            return sp.function(atom.name, ", ".join(_sum(a, sp) for a in atom.args))
        case Group():
            inner = _sum(atom.size, sp)
            return inner if len(atom.size.terms) == 2 and _raised_floor(atom.size) else sp.parens(inner)
        case Sum():
            return sp.sum(_sum(atom.term, sp), _sum(Size.of(atom.index), sp), _sum(atom.count - 1, sp))
        case Holds():
            return sp.bracket(condition_text(Condition(atom.kind, atom.size, atom.divisor), sp))
    raise TypeError(atom)


def _rounding(atom: Floor, sp: Spelling) -> str:
    """``⌈X/2⌉`` where the numerator ends in d - 1 or more than half of the divisor is added, ``⌊X/2⌋`` otherwise."""
    return _rounded(atom, False, sp)


def _rounded(atom: Floor, plus_one: bool, sp: Spelling) -> str:
    """A rounding, or (``plus_one``) one more than it as a ceiling."""
    numerator, divisor = atom.numerator, atom.denominator
    raised = numerator - divisor + 1
    shorter = len(raised.terms) < len(numerator.terms)
    write, inner = (sp.ceil, raised) if shorter else (sp.floor, numerator)
    if plus_one:
        write, inner = sp.ceil, numerator + 1
    top = _sum(inner, sp)
    if len(inner.terms) > 1 and not sp.braces_fraction and divisor.number != 1:
        top = f"({top})"
    bottom = _sum(divisor, sp)
    if not sp.braces_fraction and not re.fullmatch(r"\w+", bottom):
        bottom = f"({bottom})"
    return write(top, bottom)


# ------------------------------------------------------------ the spellings


def _plain_fraction(top: str, bottom: str) -> str:
    return f"{top}/{bottom}"


def _plain_round(name: str, top: str, bottom: str) -> str:
    return f"{name}({top})" if bottom == "1" else f"{name}({top}/{bottom})"


def _signs(left: str, right: str, top: str, bottom: str) -> str:
    return f"{left}{top}{right}" if bottom == "1" else f"{left}{top}/{bottom}{right}"


def _unicode_power(base: str, exponent: str) -> str:
    if re.fullmatch(r"-?\d+", exponent):
        return base + exponent.translate(_SUPERSCRIPTS)
    return f"{base}^{exponent}"


def _latex_round(name: str, top: str, bottom: str) -> str:
    inner = top if bottom == "1" else rf"\frac{{{top}}}{{{bottom}}}"
    return rf"\left\l{name} {inner} \right\r{name}"


def _latex_function(name: str, args: str) -> str:
    if name == "sqrt":
        return rf"\sqrt{{{args}}}"
    spelled = {"min": r"\min", "max": r"\max", "gcd": r"\gcd", "log2": r"\log_2"}
    written = spelled.get(name, rf"\operatorname{{{name}}}")
    return rf"{written}\left({args}\right)"


_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
]
_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψω", [g for g in _GREEK if g[0].islower()], strict=True))


def name_parts(name: str) -> tuple[str, str]:
    """What stands on the line and what below it: ``Cin`` is C and in, ``k_h`` k and h, ``H1`` H and 1, ``Gamma`` a letter."""
    head, _, tail = name.partition("_")
    if not tail and head not in _GREEK:
        found = re.fullmatch(r"([^\W\d_])([a-z]+|\d+)", name)
        if (found and found[1].isupper()) or (found and found[2].isdigit()):
            head, tail = found[1], found[2]
        elif re.fullmatch(r"([A-Za-z]+)\d+", name):
            head, tail = re.split(r"(?<=[A-Za-z])(?=\d)", name, maxsplit=1)
    return head, tail


def latex_name(name: str) -> str:
    r"""``Cin`` is ``C_{\mathrm{in}}``, ``k_h`` is ``k_{h}``, ``H1`` is ``H_{1}``, ``alpha`` is ``\alpha``."""
    if name.startswith("_") or name.endswith("_"):
        return rf"\mathrm{{{name}}}".replace("_", r"\_")
    head, tail = name_parts(name)
    base = rf"\{head}" if head in _GREEK else rf"\{_LETTERS[head]}" if head in _LETTERS else head
    if len(head) > 1 and not base.startswith("\\"):
        base = rf"\mathrm{{{head}}}"
    if not tail:
        return base
    below = tail.replace("_", r"\_")
    return rf"{base}_{{{below}}}" if len(tail) == 1 or tail.isdigit() else rf"{base}_{{\mathrm{{{below}}}}}"


def grouped(value: int) -> str:
    """``35 597 096``: digits in groups of three from five digits on, no-break spaces between."""
    return str(value) if abs(value) < 10_000 else f"{value:,}".replace(",", "\u00a0")


ASCII = Spelling(
    times="*",
    between_numbers="*",
    name=str,
    number=str,
    power=lambda base, exponent: f"{base}^{exponent}",
    fraction=_plain_fraction,
    floor=partial(_plain_round, "floor"),
    ceil=partial(_plain_round, "ceil"),
    function=lambda name, args: f"{name}({args})",
    parens=lambda inner: f"({inner})",
    sum=lambda term, index, last: f"sum({term}, {index} = 0..{last})",
    bracket=lambda condition: f"[{condition}]",
    whole=lambda size: f"{size} is an integer",
    every="for",
    where="where",
    comma=", ",
    opening="(",
    closing=")",
    braces_fraction=False,
    relations={">=": ">=", "<=": "<=", ">": ">", "<": "<", "==": "==", "!=": "!=", "|": "|"},
    ascii=True,
)

UNICODE = Spelling(
    times="·",
    between_numbers="·",
    name=str,
    number=grouped,
    power=_unicode_power,
    fraction=_plain_fraction,
    floor=partial(_signs, "⌊", "⌋"),
    ceil=partial(_signs, "⌈", "⌉"),
    function=lambda name, args: f"{name}({args})",
    parens=lambda inner: f"({inner})",
    sum=lambda term, index, last: f"sum({term}, {index} = 0..{last})",
    bracket=lambda condition: f"[{condition}]",
    whole=lambda size: f"{size} is an integer",
    every="for",
    where="where",
    comma=", ",
    opening="(",
    closing=")",
    braces_fraction=False,
    relations={">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "=", "!=": "≠", "|": "|"},
)


def _latex_number(value: int) -> str:
    digits = str(value)
    return digits if len(digits) < 5 else f"{value:,}".replace(",", r"\,")


LATEX = Spelling(
    times=" ",
    between_numbers=r" \cdot ",
    name=latex_name,
    number=_latex_number,
    power=lambda base, exponent: f"{base}^{{{exponent}}}",
    fraction=lambda top, bottom: rf"\frac{{{top}}}{{{bottom}}}",
    floor=partial(_latex_round, "floor"),
    ceil=partial(_latex_round, "ceil"),
    function=_latex_function,
    parens=lambda inner: rf"\left({inner}\right)",
    sum=lambda term, index, last: rf"\sum_{{{index}=0}}^{{{last}}} \left({term}\right)",
    bracket=lambda condition: rf"\left[{condition}\right]",
    whole=lambda size: rf"{size} \in \mathbb{{Z}}",
    every=r"\text{ for }",
    where=r"\text{ where }",
    comma=r",\ ",
    opening=r"\bigl(",
    closing=r"\bigr)",
    braces_fraction=True,
    relations={">=": r"\ge", "<=": r"\le", ">": ">", "<": "<", "==": "=", "!=": r"\ne", "|": r"\mid"},
)


def typst_name(name: str) -> str:
    """``Cin`` is ``C_"in"``, ``H1`` is ``H_1``, ``alpha`` is ``alpha``; other words stand in quotation marks."""
    if name.startswith("_") or name.endswith("_"):
        return f'"{name}"'
    head, tail = name_parts(name)
    base = head if len(head) == 1 or head in _GREEK else f'"{head}"'
    return base if not tail else f"{base}_{tail}" if len(tail) == 1 or tail.isdigit() else f'{base}_"{tail}"'


def _typst_round(name: str, top: str, bottom: str) -> str:
    return f"{name}({top})" if bottom == "1" else f"{name}(frac({top}, {bottom}))"


def _typst_number(value: int) -> str:
    digits = str(value)
    return digits if len(digits) < 5 else f"{value:,}".replace(",", " thin ")


def _typst_function(name: str, args: str) -> str:
    known = {"log2": "log_2", "min": "min", "max": "max", "gcd": "gcd", "sqrt": "sqrt"}
    return f"{known.get(name, f'op({chr(34)}{name}{chr(34)})')}({args})"


TYPST = Spelling(
    times=" ",
    between_numbers=" dot ",
    name=typst_name,
    number=_typst_number,
    power=lambda base, exponent: f"{base}^({exponent})",
    fraction=lambda top, bottom: f"frac({top}, {bottom})",
    floor=partial(_typst_round, "floor"),
    ceil=partial(_typst_round, "ceil"),
    function=_typst_function,
    parens=lambda inner: f"({inner})",
    sum=lambda term, index, last: f"sum_({index}=0)^({last}) ({term})",
    bracket=lambda condition: f"[{condition}]",
    whole=lambda size: f"{size} in ZZ",
    every='" for "',
    where='" where "',
    comma=", ",
    opening="(",
    closing=")",
    braces_fraction=True,
    relations={">=": ">=", "<=": "<=", ">": ">", "<": "<", "==": "=", "!=": "!=", "|": "divides"},
)
