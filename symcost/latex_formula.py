r"""LaTeX to syntax: what symcost prints reads back to the same formula, and what papers write is understood or refused.

The result is the tree of `symcost.syntax` that the language itself has, so everything done with a formula is done with this one.
``2K^2C_{in}C_{out}``, ``\left\lfloor\frac{X}{2}\right\rfloor`` and ``\sum_{t=0}^{n-1}(t+1)`` are formulas; signs of space and
alignment, dollars and the ``align`` around them say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from symcost import syntax as s
from symcost.parser import built, check_depth, check_text, number_too_long, too_many_digits
from symcost.sizes.notation import latex_name
from symcost.source import Diagnostic, Source, Span, SymcostError, listed

_RELATIONS = {
    "=": "==",
    "==": "==",
    "approx": "~",
    "simeq": "~",
    "sim": "~",
    "propto": "Theta",
    "leq": "<=",
    "le": "<=",
    "leqslant": "<=",
    "geq": ">=",
    "ge": ">=",
    "geqslant": ">=",
    "neq": "!=",
    "ne": "!=",
    "<": "<",
    ">": ">",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "in": "in",
}


@dataclass(frozen=True)
class Claim:
    """Two sides and how they compare: ``==``, ``<=``, ``~``; ``order`` is the O, o, Theta or Omega around the right one.

    ``left`` is None where only one side was written.
    """

    left: s.Expr | None
    relation: str
    right: s.Expr
    order: str | None = None


@dataclass(frozen=True)
class Names:
    r"""How names are spelled: ``known`` are those there are, ``given`` says what stands for which.

    ``C_{in}``, ``C_{\mathrm{in}}`` and ``Cin`` are one name. Letters side by side are a product unless they are a known name.
    """

    known: Collection[str] = ()
    given: Mapping[str, str] = field(default_factory=dict)

    def word(self, word: str, span: Span) -> tuple[str, ...]:
        """The names a word of letters is made of, as factors."""
        if (meant := self._given(word)) is not None:
            return (meant,)
        letters = tuple(word)
        if word in self.known:
            if len(word) > 1 and all(c in self.known for c in letters):
                help_ = rf"write \mathrm{{{word}}} for the name, {' '.join(letters)} for the product"
                raise _wrong(f"'{word}' may be a name or a product of {listed(letters)}", span, help_)
            return (word,)
        ways = self._ways(word)
        if len(ways) == 1:
            return ways[0]
        if re.fullmatch(r"\w(in|out)", word):
            return (word,)
        return letters

    def _ways(self, word: str) -> list[tuple[str, ...]]:
        """How a word is a row of known names."""
        if not word:
            return [()]
        heads = [word[:n] for n in range(1, len(word) + 1) if word[:n] in self.known]
        return [(head, *rest) for head in heads for rest in self._ways(word[len(head) :])][:2]

    def name(self, head: str, below: str, primes: int) -> str:
        """One name: what stands at the line, what stands below it, and its primes."""
        written = f"{head}_{below}" if below else head
        if (meant := self._given(written + "'" * primes)) is not None:
            return meant
        end = "_prime" * primes
        if not below:
            return self._known(head + end) or head + end
        joined, apart = head + below + end, f"{head}_{below}{end}"
        ways = [joined, apart] if latex_name(joined) == latex_name(apart) else [apart, joined]
        return next((found for way in ways if (found := self._known(way))), ways[0])

    def _known(self, name: str) -> str | None:
        """The known name this is; a word of several letters also in another case, ``FLOPs`` for flops."""
        if name in self.known:
            return name
        printed = latex_name(name)
        exact = next((n for n in self.known if latex_name(n) == printed), None)  # α is alpha
        if exact is not None or len(name) < 3:
            return exact
        alike = [n for n in self.known if n.lower() == name.lower()]
        return alike[0] if len(alike) == 1 else None

    def _given(self, written: str) -> str | None:
        return next((name for latex, name in self.given.items() if _bare(latex) == written), None)


def _bare(latex: str) -> str:
    """A name in LaTeX without what only shapes its letters: ``C_{\\mathrm{in}}`` as ``C_in``."""
    return re.sub(r"\\(?:[a-z]{4,6}\s*(?=\{)|[,;!: ])|[\\{}\s]", "", latex)


def is_latex(text: str) -> bool:
    """Whether a formula is written in LaTeX rather than in the language: a backslash, a dollar or braces tell."""
    return any(c in text for c in "\\${")


def read_formula(text: str | Source, names: Names | None = None, name: str = "<latex>") -> s.Expr:
    r"""The syntax tree of a formula in LaTeX.

    Raises `SymcostError` with the place of what cannot be understood.
    """
    found = _read(text if isinstance(text, Source) else Source(name, text), "formula", names or Names())
    assert isinstance(found, s.Node)
    return found  # type: ignore[return-value]


def read_claim(text: str | Source, names: Names | None = None, name: str = "<latex>") -> Claim:
    r"""Both sides of ``\text{MACs} = 2K^2C_{in}``, ``T = O(n^2 d)``; one side only is the right one of an equation."""
    found = _read(text if isinstance(text, Source) else Source(name, text), "claim", names or Names())
    assert isinstance(found, Claim)
    return found


_reading: ContextVar[tuple[Source, Names]] = ContextVar("reading")


def _read(source: Source, start: str, names: Names) -> Any:
    check_text(source)
    reset = _reading.set((source, names))
    try:
        found = _lark().parse(source.text, start=start)
    except UnexpectedInput as error:
        raise SymcostError(_complaint(source, error)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SymcostError):
            raise error.orig_exc from None
        raise
    finally:
        _reading.reset(reset)
    sides = (found.left, found.right) if isinstance(found, Claim) else (found,)
    for side in sides:
        if isinstance(side, s.Node):
            check_depth(side)
    return found


@cache
def _lark() -> Lark:
    return built("latex", "latex", ["formula", "claim"], _Build())


# ------------------------------------------------------------ what is wrong


def _wrong(message: str, span: Span, help_: str | None = None) -> SymcostError:
    return SymcostError(Diagnostic("unexpected-token", message, span, help=help_))


def _complaint(source: Source, error: UnexpectedInput) -> Diagnostic:
    at = error.pos_in_stream or 0
    token = getattr(error, "token", None)
    if token is None:
        command = re.compile(r"\\[A-Za-z]+").match(source.text, at)
        if command:
            help_ = _ADVICE.get(
                command[0][1:], "what has a meaning here: products, quotients, powers, \\lfloor, \\sum, \\min, \\log_2"
            )
            return Diagnostic(
                "unexpected-character",
                f"'{command[0]}' has no meaning here",
                _span_at(source, at, command.end()),
                help=help_,
            )
        return Diagnostic(
            "unexpected-character", f"'{source.text[at]}' has no meaning here", _span_at(source, at, at + 1)
        )
    if token.type == "$END":
        end = len(source.text.rstrip())
        return Diagnostic(
            "unexpected-end", "the formula ends before it is complete", _span_at(source, max(0, end - 1), end)
        )
    start = token.start_pos or 0
    span = _span_at(source, start, start + len(token))
    return Diagnostic(
        "unexpected-token", f"unexpected '{token}'", span, help=_advice(source.text[:start], token, error)
    )


_ADVICE = {
    "log": r"which base? write \log_2",
    "ln": r"which base? write \log_2",
    "prod": "products over an index are not known here",
    "ldots": "write all terms out, or a \\sum",
    "dots": "write all terms out, or a \\sum",
    "cdots": "write all terms out, or a \\sum",
}


def _advice(before: str, token: Token, error: UnexpectedInput) -> str | None:
    expected: set[str] = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    if token.type in ("NUMBER", "DIGIT"):
        if re.search(r"\^\s*\d\s*$", before):
            return "a power takes one digit; put braces around more of them: ^{10}"
        return r"put a sign before the number: \cdot or \times"
    if re.search(r"(?:/|\\div)[^+\-*/]*$", before) and "MUL" in expected:
        return r"is this below the line? write \frac{..}{..} or parentheses"
    if token.type == "COMMA":
        return r"digits are grouped with {,} or \,"
    if token.type == "CARET" and "CARET" not in expected:
        return "put braces or parentheses around what is raised"
    return None


def _span_at(source: Source, start: int, end: int) -> Span:
    return Span(source, start, max(start + 1, end))


# ------------------------------------------------------------ tree to syntax


@dataclass(frozen=True)
class _Names:
    """Letters side by side that are several names: a power is that of the last one."""

    factors: tuple[s.Expr, ...]
    span: Span


def _span(children: list[Any]) -> Span:
    first, last = children[0], children[-1]
    start = first.start_pos if isinstance(first, Token) else first.span.start
    end = last.end_pos if isinstance(last, Token) else last.span.end
    return Span(_reading.get()[0], start or 0, end or 0)


def _joined(node: Any) -> s.Expr:
    """Several names as their product."""
    if not isinstance(node, _Names):
        return node  # type: ignore[no-any-return]
    product = node.factors[0]
    for factor in node.factors[1:]:
        product = s.Binary("*", product, factor, span=product.span.to(factor.span))
    return product


def _nodes(children: list[Any]) -> list[s.Expr]:
    return [_joined(c) for c in children if not isinstance(c, Token)]


def _apply(name: str, args: list[s.Expr], span: Span) -> s.Apply:
    return s.Apply(s.Ref((name,), span=span), tuple(s.Arg(None, a, span=a.span) for a in args), span=span)


class _Build(Transformer[Token, Any]):
    """One method for each rule of the grammar, under the rule's name."""

    def formula(self, c: list[Any]) -> s.Expr:
        return _joined(c[0])

    def claim(self, c: list[Any]) -> Claim:
        *left, right = [x for x in c if not isinstance(x, Token)]
        relation = next((_relation(x) for x in c if isinstance(x, Token)), "==")
        order = None
        if isinstance(right, tuple):
            order, right = right
            if relation in ("<=", ">=", "!=", "<", ">", "Theta"):
                raise _wrong("an order of growth stands behind = or \\in", right.span)
        elif relation == "in":
            raise _wrong("behind \\in stands an order of growth, such as O(n^2)", _joined(right).span)
        return Claim(_joined(left[0]) if left else None, relation, _joined(right), order)

    def landau(self, c: list[Any]) -> tuple[str, s.Expr]:
        letter = re.sub(r"\\mathcal|\\mathrm|[\\{}\s]", "", c[0])
        return letter, _joined(c[2])

    # sums, products, powers

    def signed(self, c: list[Any]) -> s.Unary:
        return s.Unary(_sign(c[0]), _joined(c[1]), span=_span(c))

    def binop(self, c: list[Any]) -> s.Binary:
        return s.Binary(_sign(c[1]), _joined(c[0]), _joined(c[2]), span=_span(c))

    def implicit(self, c: list[Any]) -> s.Binary:
        return s.Binary("*", _joined(c[0]), _joined(c[1]), span=_span(c))

    def power(self, c: list[Any]) -> Any:
        base, exponent = c[0], _joined(c[2])
        if isinstance(base, _Names):
            last = s.Binary("^", base.factors[-1], exponent, span=base.factors[-1].span.to(exponent.span))
            return _Names((*base.factors[:-1], last), _span(c))
        return s.Binary("^", base, exponent, span=_span(c))

    def paren(self, c: list[Any]) -> s.Expr:
        return replace(_joined(c[1]), span=_span(c))

    def frac(self, c: list[Any]) -> s.Binary:
        top, bottom = _nodes(c)
        return s.Binary("/", top, bottom, span=_span(c))

    def number(self, c: list[Any]) -> s.Number:
        digits = re.sub(r"\\,|[{},\s]", "", c[0])
        if too_many_digits(digits):
            raise number_too_long(_span(c), "10^{1000}")
        return s.Number(Fraction(digits), span=_span(c))

    # functions

    def floor(self, c: list[Any]) -> s.Apply:
        return _apply("floor", _nodes(c), _span(c))

    def ceil(self, c: list[Any]) -> s.Apply:
        return _apply("ceil", _nodes(c), _span(c))

    def sqrt(self, c: list[Any]) -> s.Apply:
        return _apply("sqrt", _nodes(c), _span(c))

    def log(self, c: list[Any]) -> s.Apply:
        return _apply("log2", _nodes(c), _span(c))

    def call(self, c: list[Any]) -> s.Apply:
        return _apply(re.sub(r"\\operatorname|\\mathrm|\\text|[\\{}\s]", "", c[0]), _nodes(c), _span(c))

    def bigsum(self, c: list[Any]) -> s.Sum:
        index, first, last, term = _nodes(c)
        if _relation(c[2]) != "==" or not isinstance(index, s.Ref):
            raise _wrong("a sum has one index and where it begins: \\sum_{t=0}^{n-1}", _span(c[:4]))
        return s.Sum(index.names[0], first, last, term, span=_span(c))

    def bracket(self, c: list[Any]) -> s.Bracket:
        return s.Bracket(c[1], span=_span(c))

    def cond(self, c: list[Any]) -> s.Compare | s.Divides:
        if c[1].type == "INTEGER":
            return s.Divides(s.Number(Fraction(1), span=_span(c)), _joined(c[0]), span=_span(c))
        if c[1].type == "MID":
            return s.Divides(_joined(c[0]), _joined(c[2]), span=_span(c))
        relation = _relation(c[1])
        if relation not in ("==", "!=", "<", "<=", ">", ">="):
            raise _wrong(f"'{c[1]}' is no comparison", _span([c[1]]))
        return s.Compare((relation,), (_joined(c[0]), _joined(c[2])), span=_span(c))

    # names

    def name(self, c: list[Any]) -> Any:
        names = _reading.get()[1]
        head, below, primes = c[0], "", 0
        for token in c[1:]:
            if token.type == "PRIME":
                primes += token.count("'") + token.count("prime")
            elif below:
                raise _wrong("a second index", _span([token]))
            else:
                below = _below(token)
        span = _span(c)
        if head.type in ("WORD", "LETTER"):
            return self._word(str(head), below, primes, c, names)
        letters = head[1:].removeprefix("var") if head.type == "GREEK" else _letters(head)
        if letters == "ell" and not below and "ell" not in names.known:
            letters = "l"
        return s.Ref((names.name(letters, below, primes),), span=span)

    def _word(self, word: str, below: str, primes: int, c: list[Any], names: Names) -> Any:
        """A word, whose last letter has what stands below; ``Cin_1`` has it as a whole where that is a known name."""
        span = _span(c)
        if not below and not primes:
            factors = names.word(word, span)
        else:
            whole = names.name(word, below, primes)
            first = (names.word(word[:-1], span) if word[:-1] else ()) if whole not in names.known else ()
            factors = (whole,) if whole in names.known else (*first, names.name(word[-1], below, primes))
        refs = tuple(s.Ref((f,), span=span) for f in factors)
        return refs[0] if len(refs) == 1 else _Names(refs, span)


def _sign(token: Token) -> str:
    match token.type:
        case "ADD":
            return "+" if token == "+" else "-"
        case "DIV":
            return "/"
    return "*"


def _relation(token: Token) -> str:
    return _RELATIONS[token.lstrip("\\")]


def _letters(token: Token) -> str:
    r"""The letters of ``\mathrm{kv heads}`` as a name."""
    inside = re.sub(r"^\\[A-Za-z]+\*?\s*", "", token).strip("{}").strip()
    name = re.sub(r"(?:\\_|\\[,;: ]|[\s~_-])+", "_", inside)
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise _wrong(f"'{token}' is no name", _span([token]))
    return name


def _below(token: Token) -> str:
    r"""What stands below a letter, as part of a name: ``{\mathrm{in}}``, ``{l,1}``, ``\alpha``."""
    inside = token[1:].strip()
    plain = re.sub(r"\\(?:mathrm|mathit|mathbf|mathsf|mathtt|text\w*|mbox|operatorname)\s*", "", inside)
    plain = re.sub(r"\\_", "_", plain).replace("\\", " ")
    name = re.sub(r"[\s,{}~-]+", "_", plain).strip("_") if "-" not in plain or "\\" in inside else plain
    if not re.fullmatch(r"\w+", name):
        help_ = "an index that is calculated names no one size"
        raise _wrong(f"'{inside}' cannot stand below a letter here", _span([token]), help_)
    return name
