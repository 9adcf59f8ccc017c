"""Formulas as MathML, of the core that browsers draw: well-formed, without entities of its own."""

from __future__ import annotations

import re
from html import escape
from unicodedata import lookup

from symcost.sizes.atoms import Size
from symcost.sizes.facts import Condition
from symcost.sizes.notation import Spelling, condition_text, name_parts, parts, text
from symcost.sizes.shape import Shape

TIMES = "<mo>\u2062</mo>"  # heard and not seen
_LEAF = re.compile(r"<(mi|mn)( [^>]*)?>[^<]*</\1>")
_ELEMENT = re.compile(r"(<(?:mi|mn|mo|mtext)(?: [^>]*)?>[^<]*</\w+>|<[^>]*>)")
_TALL = re.compile("<(mfrac|munderover|msqrt)")
_NUMBERS = re.compile(rf"{TIMES}(?=(<msup>|<mrow>)*<mn>)")
_SIGNS = {"-": "−", "..": "…"}
_FUNCTIONS = {"log2": "<msub><mi>log</mi><mn>2</mn></msub>"}
BROKEN = 5


def formula(size: Size, spelling: Spelling, broken: int = BROKEN) -> str:
    """A ``math`` element; a sum of so many terms is several, between which a page may break the line."""
    before, terms, after = parts(size, spelling) if size.terms else ("", [], "")
    if len(terms) < broken:
        return _math(text(size, spelling))
    pieces = [written for written, _ in terms]
    pieces[0], pieces[-1] = before + pieces[0], pieces[-1] + after
    return f'<span class="sum">{" ".join(map(_math, pieces))}</span>'


def equation(name: str, size: Size, spelling: Spelling) -> str:
    """``H1 = ⌈H/2⌉``."""
    return _math(f"{mathml_name(name)} = {text(size, spelling)}")


def name(written: str) -> str:
    return _math(mathml_name(written))


def condition(given: Condition, spelling: Spelling) -> str:
    return _math(condition_text(given, spelling))


def shape(tensor: Shape, spelling: Spelling) -> str:
    """``64 × H1 × W1``, as papers write a tensor."""
    sizes: list[Size] = [] if tensor.ids else [tensor.channels]
    written = ((text(s, spelling), len(s.terms)) for s in (*sizes, *tensor.dims))
    return _math("<mo>×</mo>".join(w if terms < 2 else _fenced("(", w, ")") for w, terms in written) or "<mn>1</mn>")


def mathml_name(name: str) -> str:
    """``Cin`` is C with an upright index, ``alpha`` the letter."""
    head, tail = name_parts(name)
    base = _identifier(_letter(head))
    return f"<msub>{base}{_index(tail)}</msub>" if tail else base


def _index(tail: str) -> str:
    return f"<mn>{tail}</mn>" if tail.isdigit() else _identifier(tail)


def _identifier(word: str) -> str:
    return f"<mi>{escape(word)}</mi>"  # one letter is drawn slanted, a word upright


def _letter(head: str) -> str:
    """The letter a Greek name stands for; other words as they are."""
    if len(head) < 2 or not head.isascii():
        return head
    kind = "CAPITAL" if head[0].isupper() else "SMALL"
    try:
        return lookup(f"GREEK {kind} LETTER {head.upper().replace('LAMBDA', 'LAMDA')}")
    except KeyError:
        return head


def _math(written: str) -> str:
    return f"<math>{_row(written)}</math>"


def _row(written: str) -> str:
    """What stands between the elements as operators: a plus, a comma, an equals sign."""
    written = _NUMBERS.sub("<mo>·</mo>", written)
    form = ' form="infix"' if written.startswith(" ") else ""  # of what goes on from a line before
    first, *others = _ELEMENT.split(written)
    return _operators(first, form) + "".join(p if p.startswith("<") else _operators(p) for p in others)


def _operators(between: str, form: str = "") -> str:
    tokens = re.findall(r"\d+|\.\.|&\w+;|\S", between)
    return "".join(f"<mn>{t}</mn>" if t.isdigit() else f"<mo{form}>{_SIGNS.get(t, t)}</mo>" for t in tokens)


def _one(written: str) -> str:
    """As one element."""
    return written if _LEAF.fullmatch(written) else f"<mrow>{written}</mrow>"


def _fenced(left: str, written: str, right: str) -> str:
    inner = f"<mrow>{written}</mrow>" if written.startswith("-") else written
    still = "" if _TALL.search(written) else ' stretchy="false"'
    return f"<mrow><mo{still}>{left}</mo>{inner}<mo{still}>{right}</mo></mrow>"


def _fraction(top: str, bottom: str) -> str:
    return f"<mfrac>{_one(top)}{_one(bottom)}</mfrac>"


def _rounded(left: str, top: str, bottom: str, right: str) -> str:
    return _fenced(left, top if bottom in ("1", _number(1)) else _fraction(top, bottom), right)


def _function(name: str, args: str) -> str:
    if name == "sqrt":
        return f"<msqrt>{args}</msqrt>"
    written = _FUNCTIONS.get(name, f"<mi>{name}</mi>")
    return f"<mrow>{written}<mo>\u2061</mo>{_fenced('(', args, ')')}</mrow>"


def _sum(term: str, index: str, last: str) -> str:
    limits = f"<munderover><mo>∑</mo><mrow>{index} = 0</mrow><mrow>{last}</mrow></munderover>"
    return f"<mrow>{limits}{_fenced('(', term, ')')}</mrow>"


def _number(value: int) -> str:
    digits = str(value) if abs(value) < 10_000 else f"{value:,}".replace(",", "\u202f")
    return f"<mn>{digits}</mn>" if value >= 0 else f"<mrow><mo>−</mo><mn>{digits[1:]}</mn></mrow>"


MATHML = Spelling(
    times=TIMES,
    between_numbers=TIMES,
    name=mathml_name,
    number=_number,
    power=lambda base, exponent: f"<msup>{_one(base)}{_one(exponent)}</msup>",
    fraction=_fraction,
    floor=lambda top, bottom: _rounded("⌊", top, bottom, "⌋"),
    ceil=lambda top, bottom: _rounded("⌈", top, bottom, "⌉"),
    function=_function,
    parens=lambda inner: inner if _LEAF.fullmatch(inner) else _fenced("(", inner, ")"),
    sum=_sum,
    bracket=lambda condition: _fenced("[", condition, "]"),
    whole=lambda size: f"{size} ∈ <mi>ℤ</mi>",
    every="<mtext>&#160;for&#160;</mtext>",
    where="<mtext>&#160;where&#160;</mtext>",
    comma=" , ",
    opening='<mo form="prefix" stretchy="false">(</mo>',
    closing='<mo form="postfix" stretchy="false">)</mo>',
    braces_fraction=True,
    relations={">=": "≥", "<=": "≤", ">": "&gt;", "<": "&lt;", "==": "=", "!=": "≠", "|": "∣"},
)
