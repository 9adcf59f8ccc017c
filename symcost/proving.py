"""Is the user's formula the right one? Claims about a network: proved, refuted with the smallest counterexample, or left open.

A claim is a comparison of costs and formulas, in the language or in LaTeX: ``macs == 2*K^2*Cin*M^2*Cout``, ``flops = O(n^2*d)``,
``params ~ 25.6M``, ``flops <= exact``. It is about all sizes at which the network exists and for which what is assumed holds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

from symcost import syntax as s
from symcost.architecture import Architecture
from symcost.claims import Claims, figure, last_digit
from symcost.conventions import names as conventions
from symcost.cost import Cost
from symcost.counterexamples import FAILS, Verdict
from symcost.display import Displayed
from symcost.domain import Domain, by_name
from symcost.evaluate import evaluator, free
from symcost.graph import resolved
from symcost.graph.scope import Declared, NetBinding, Scope
from symcost.graph.values import Evaluator, fail
from symcost.growth import feasible, leading, limit
from symcost.latex_formula import Claim, Names, is_latex, read_claim
from symcost.ops import Op
from symcost.parser import parse_formula
from symcost.prove import decide
from symcost.signs import runs
from symcost.sizes.atoms import Floor, Function, Monomial, Rational, Size, Symbol, total
from symcost.sizes.bounds import lower
from symcost.sizes.facts import Condition
from symcost.sizes.notation import UNICODE, condition_text
from symcost.source import Diagnostic, Source, Span, SymcostError

WORDS = {True: "proved", False: "refuted", None: "not decided"}
_RELATION = re.compile(r"<=|>=|!=|==|~=|[~≈=<>≤≥≠]")
_PLAIN = {"=": "==", "~=": "~", "≈": "~", "≤": "<=", "≥": ">=", "≠": "!="}
_ORDERS = {"O": "O", "o": "o", "Theta": "Theta", "Θ": "Theta", "Omega": "Omega", "Ω": "Omega"}
_FIGURE = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(?:(?:\\times|\\cdot|\*)\s*10\s*\^\s*\{?(\d+)\}?)?"
    r"\s*(?:\\(?:text|mathrm)\{\s*([kKMGBTP])\s*\}|([kKMGBTP]))?\s*\$?\.?\s*\Z"
)


@dataclass(frozen=True)
class Proof(Displayed):
    """What came out: ``verdict`` is "proved", "refuted" or "not decided", and ``how`` says by what.

    ``witness`` is a counterexample, the one with the smallest sum of symbols where ``smallest`` says so, and ``values`` are the
    two sides there. ``difference`` is the left side minus the right one; ``conditions`` is what must hold for the claim to be
    about anything.
    """

    claim: str
    verdict: str
    how: str
    left: Cost
    right: Cost
    witness: dict[str, Rational] | None = None
    smallest: bool = False
    values: tuple[Rational, Rational] | None = None
    conditions: tuple[str, ...] = ()

    @property
    def difference(self) -> Cost:
        left, right = by_name(self.left._size, self.right._size)
        return self.left._owned(resolved(left) - resolved(right))

    def __bool__(self) -> bool:
        return self.verdict == "proved"


def prove(
    net: Architecture,
    claim: str,
    *,
    assume: Sequence[str] = (),
    growing: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    latex: bool | None = None,
) -> Proof:
    r"""A claim about the costs of a network, for all sizes at which it exists.

    ``assume`` are facts such as ``"X % 32 == 0"``; ``growing`` are the symbols that grow in ``O(..)`` and its like, by default
    all; ``names`` says what names in LaTeX stand for, ``{"N_x": "X"}``. Raises `SymcostError` for a claim that is none.
    """
    source = Source("<claim>", claim)
    whole = Architecture(net._graph, net._program)
    claims = Claims(whole)
    known = _known(whole, claims.scope)
    with _at_its_place(source):
        asked = _read(source, Names(known, names or {}), is_latex(claim) if latex is None else latex)
        if asked.left is None:
            help_ = "say of which cost: macs == ..., params = O(...)"
            raise fail("condition-needed", "a claim compares two things", asked.right.span, help_)
        left, right = (net._apply(resolved(claims.size(side))) for side in (asked.left, asked.right))
    facts = [c.mapped(net._apply) for text in assume for c in _facts(text, claims)]
    return _answer(net.domain, asked, claim, (net._cost(left, ""), net._cost(right, "")), facts, growing)


def proves(cost: Cost, claim: str, assume: Sequence[str] = (), growing: Sequence[str] = ()) -> Proof:
    """A claim about one cost: a formula it is equal to, or ``<= ...``, ``= O(...)``, ``~ 25.6M``."""
    source = Source("<claim>", claim)
    domain = cost.domain
    known = {*domain.symbols, *(symbol.name for symbol in domain.named)}
    with _at_its_place(source):
        asked = _read(source, Names(known), is_latex(claim))
        if asked.left is not None:
            raise fail("condition-needed", "what the cost is compared with is one formula", asked.left.span)
        right = Evaluator(domain.scope()).size(asked.right)
    facts = [c for text in assume for c in _compared(text, Evaluator(domain.scope()))]
    return _answer(domain, asked, claim, (cost.resolved(), cost._owned(resolved(right))), facts, growing)


def prove_formula(claim: str, symbols: Mapping[str, Symbol], assume: Sequence[str] = ()) -> Proof:
    """A claim about formulas alone: both sides are written in symbols, whose bounds are given."""
    source = Source("<claim>", claim)
    domain = Domain({name: Declared(symbol) for name, symbol in symbols.items()}, (), (), ())
    with _at_its_place(source):
        asked = _read(source, Names(symbols), is_latex(claim))
        if asked.left is None:
            raise fail("condition-needed", "a claim compares two things", asked.right.span)
        sides = [Cost(Evaluator(domain.scope()).size(side), "", None, (), domain) for side in (asked.left, asked.right)]
    facts = [c for text in assume for c in _compared(text, Evaluator(domain.scope()))]
    return _answer(domain, asked, claim, (sides[0], sides[1]), facts, ())


# ------------------------------------------------------------ reading


def _known(net: Architecture, scope: Scope) -> set[str]:
    costs = {"params", "active", "trainable", "activations", "act", *conventions(), *Op, *net._graph.metrics}
    return (
        costs
        | {n for n in scope.visible() if not isinstance(scope.find(n), NetBinding)}
        | {d.name for d in net.domain.named}
    )


@contextmanager
def _at_its_place(source: Source) -> Iterator[None]:
    """Errors in a side of a claim are told with the whole claim."""
    try:
        yield
    except SymcostError as error:
        moved = [
            replace(d, span=Span(source, d.span.start, d.span.end))
            if d.span and d.span.source.name == source.name
            else d
            for d in error.diagnostics
        ]
        raise type(error)(moved) from None


def _read(source: Source, names: Names, latex: bool) -> Claim:
    return read_claim(source, names) if latex else _read_plain(source)


def _read_plain(source: Source) -> Claim:
    """A claim in the language; the two sides are read each by itself, at its place."""
    found = next((m for m in _RELATION.finditer(source.text) if _depth(source.text[: m.start()]) == 0), None)
    if found is None:
        return _ordered(None, "==", _side(source, 0, len(source.text)))
    left = _side(source, 0, found.start()) if source.text[: found.start()].strip() else None
    return _ordered(left, _PLAIN.get(found[0], found[0]), _side(source, found.end(), len(source.text)))


def _depth(before: str) -> int:
    return before.count("(") + before.count("[") - before.count(")") - before.count("]")


def _side(source: Source, start: int, end: int) -> s.Expr:
    if (size := _printed(source.text[start:end])) is not None:
        return s.Number(size[0], span=Span(source, start, end))
    blank = re.sub(r"\S", " ", source.text[:start])
    return parse_formula(Source(source.name, blank + source.text[start:end]))


def _printed(text: str) -> tuple[Fraction, Fraction] | None:
    """A figure and the unit of its last digit: ``25.6M``, ``25.6 \\times 10^6``."""
    found = _FIGURE.match(re.sub(r"(?<=\d)(?:\\,|\{,\})(?=\d{3})", "", text))
    if found is None:
        return None
    written = found[1] + (found[3] or found[4] or "")
    value, scale = figure(written), Fraction(10) ** int(found[2] or 0)
    return None if value is None else (value * scale, last_digit(written) * scale)


def _ordered(left: s.Expr | None, relation: str, right: s.Expr) -> Claim:
    """``O(n^2)`` on the right is an order of growth, not a call."""
    if isinstance(right, s.Apply) and isinstance(right.function, s.Ref) and right.function.text in _ORDERS:
        args = right.args or ()
        if len(args) != 1 or right.attribute is not None or relation != "==":
            raise fail("wrong-count", f"'= {right.function.text}(..)' has one formula in it", right.span)
        return Claim(left, "==", args[0].value, _ORDERS[right.function.text])
    return Claim(left, relation, right)


def _facts(text: str, claims: Claims) -> list[Condition]:
    return _compared(text, Evaluator(claims.scope, claims.quantity))


def _compared(text: str, evaluator: Evaluator) -> list[Condition]:
    """An assumption of the user as conditions."""
    expr = parse_formula(text, "<assume>")
    parts = expr.operands if isinstance(expr, s.Logic) and expr.op == "and" else (expr,)
    found: list[Condition] = []
    for part in parts:
        if not isinstance(part, s.Compare):
            help_ = "such as X % 32 == 0 or K <= X"
            raise fail("condition-needed", "an assumption is a comparison", part.span, help_)
        found += [c.mapped(resolved) for c in evaluator.conditions(part)]
    return found


# ------------------------------------------------------------ answering


def _answer(
    domain: Domain, asked: Claim, claim: str, sides: tuple[Cost, Cost], facts: list[Condition], growing: Sequence[str]
) -> Proof:
    left, right = (side._size for side in sides)
    conditions = [*facts, *(c.mapped(resolved) for c in domain.conditions), *_assumed(domain)]
    if asked.order is not None or (asked.relation == "~" and _printed(_text(asked.right)) is None):
        answer, how = _grown(left, right, asked.order or "~", growing, domain)
        verdict = Verdict(answer, how)
    elif asked.relation == "~":
        verdict = _rounded(left, asked)
    else:
        verdict = compared(left, asked.relation, right, conditions)
    spelling = domain.spelled(UNICODE)
    said = tuple(condition_text(c.mapped(domain.public), spelling) for c in (*domain.requirements(), *facts))
    values = None
    witness = verdict.witness
    if witness:
        point = {q: witness.get(q.name, q.low or 0) for q in left.symbols() | right.symbols()}
        values = _values(left, right, point)
        witness = _outside(witness, domain)
    return Proof(claim, WORDS[verdict.equal], verdict.how, *sides, witness, verdict.smallest, values, said)


def _text(expr: s.Expr) -> str:
    return expr.span.text


def _assumed(domain: Domain) -> list[Condition]:
    """What the program assumes, in the symbols that stand for those of the user."""
    inside = {d.symbol: d.size for d in domain.symbols.values()}
    return [c.mapped(lambda size: size.subs(inside)) for c in domain.assumed]


def _values(left: Size, right: Size, point: Mapping[Symbol, Rational]) -> tuple[Rational, Rational] | None:
    try:
        return evaluator(left)(point), evaluator(right)(point)
    except (KeyError, OverflowError, ZeroDivisionError):
        return None


def _outside(witness: dict[str, Rational], domain: Domain) -> dict[str, Rational]:
    """A point in the symbols of the user: X rather than ``X/32``."""
    inside = {m.name: (d, m) for d in domain.symbols.values() for m in d.back}
    shown: dict[str, Rational] = {}
    for name, value in witness.items():
        declared, m = inside.get(name, (None, None))
        if declared is None or m is None or declared.inside is None:
            shown[name] = value
            continue
        named = {q: Size.of(witness[q.name]) for q in declared.inside.symbols() if q.name in witness}
        number = declared.inside.subs(named).number
        shown[declared.symbol.name if number is not None else name] = value if number is None else number
    return shown


def compared(left: Size, relation: str, right: Size, conditions: Sequence[Condition] = ()) -> Verdict:
    """``left == right``, ``<=``, ``<`` and so on, wherever the conditions hold."""
    if relation in ("<=", "<"):
        left, right, relation = right, left, {"<=": ">=", "<": ">"}[relation]
    size = left - right
    verdict = decide(size, relation, conditions)
    if verdict.equal is None and len(free(size)) == 1:
        return _by_signs(size, relation, conditions) or verdict
    return verdict


def _by_signs(size: Size, relation: str, conditions: Sequence[Condition]) -> Verdict | None:
    """A claim in one symbol: by the signs of the difference on all integers."""
    (symbol,) = free(size)
    found = runs(size, symbol)
    if found is None:
        return None
    wrong = [run for run in found if FAILS[relation](run.sign)]
    if not wrong:
        return Verdict(True, "the sign of the difference on every integer")
    about = [c for c in conditions if symbol in c.size.symbols() | c.divisor.symbols()]
    return None if about else Verdict(False, "the smallest counterexample", {symbol.name: wrong[0].start}, True)


def _rounded(left: Size, asked: Claim) -> Verdict:
    """Equal when rounded to the digits shown."""
    printed = _printed(_text(asked.right))
    assert printed is not None
    value, unit = printed
    number = left.number
    if number is None:
        return Verdict(None, "not decided: a rounded figure needs a number; give the symbols values")
    if abs(number - value) <= unit / 2:
        return Verdict(True, "equal when rounded to the digits shown")
    return Verdict(False, f"{number} is {_text(asked.right).strip()} in none of its roundings", {}, True)


# ------------------------------------------------------------ growth


def _grown(left: Size, right: Size, order: str, growing: Sequence[str], domain: Domain) -> tuple[bool | None, str]:
    """Whether one side grows as the order of the other says, when some symbols grow and the others are held fixed."""
    left, right = domain.public(left), domain.public(right)
    symbols = sorted(
        (q for q in left.symbols() | right.symbols() if not growing or q.name in growing), key=lambda q: q.key
    )
    unknown = set(growing) - {q.name for q in symbols}
    if unknown and not unknown <= domain.symbols.keys():
        name = sorted(unknown)[0]
        raise SymcostError(Diagnostic("unknown-symbol", f"there is no symbol '{name}' here"))
    if not symbols:
        return (
            (True, "both are constants") if order in ("O", "Theta", "Omega") else (None, "not decided: nothing grows")
        )
    if len(symbols) == 1:
        return _in_one(left, right, order, symbols[0])
    return _in_several(left, right, order, symbols)


def _in_one(left: Size, right: Size, order: str, symbol: Symbol) -> tuple[bool | None, str]:
    a, b = leading(left, symbol), leading(right, symbol)
    if a is None or b is None or not b.coefficient.terms or not a.coefficient.terms:
        return None, f"not decided: how one side grows with {symbol.name} is not known"
    grows = f"as {symbol.name} grows, the left side grows like {a.order.of(symbol)}, the right one like {b.order.of(symbol)}"
    match order:
        case "O":
            return a.order <= b.order, grows
        case "o":
            return a.order < b.order, grows
        case "Omega":
            return a.order >= b.order, grows
        case "Theta":
            return a.order == b.order, grows
    found = limit(left, right, symbol)
    if found is None or (found.value is None and not found.sign):
        return None, f"not decided: the limit as {symbol.name} grows is not known"
    told = "infinite" if found.value is None else str(found.value)
    return found.value is not None and found.value == 1, f"the limit of the ratio as {symbol.name} grows is {told}"


Exponents = tuple[int, ...]


def _in_several(left: Size, right: Size, order: str, symbols: Sequence[Symbol]) -> tuple[bool | None, str]:
    """By the terms: one is O of a sum where in no direction it outgrows every term of it (linear inequalities, exactly)."""
    if order == "Omega":
        left, right, order = right, left, "O"
    ours, theirs = _terms(left, symbols), _terms(right, symbols)
    if ours is None or theirs is None:
        return None, "not decided: a side is no sum of products of powers"
    (f, low), (g, below) = ours, theirs
    if order == "~":
        return _equivalent(left, right, symbols)
    outgrown = _outgrowing(f, g)
    if outgrown is not None:
        return (False if low else None), f"{_monomial(outgrown, symbols)} outgrows the right side"
    if order == "O":
        return True, "every term on the left is at most some term on the right, up to a factor"
    if order == "o":
        strict = all(any(_below(m, other) for other in g) for m in f)
        return (
            True if strict else None
        ), "every term on the left is outgrown by one on the right" if strict else "not decided"
    missing = _outgrowing(g, f)
    if missing is not None:
        return (False if below and low else None), f"{_monomial(missing, symbols)} on the right outgrows the left side"
    return (True if low else None), "each side's terms are at most some term of the other, up to a factor"


def _terms(size: Size, symbols: Sequence[Symbol]) -> tuple[set[Exponents], bool] | None:
    """Exponents of the terms, a rounding as what is rounded; and whether it grows as they do, not only no faster.

    Terms with a minus sign count as well: where no positive one outgrows them it is not said that the side grows as its terms.
    """
    exact = True
    for atom in sorted(size.atoms(), key=lambda a: a.key):
        if isinstance(atom, Floor):
            exact = exact and isinstance(atom.denominator.number, int)
    smooth = _unrounded(size)
    if smooth is None:
        return None
    found: dict[Exponents, Rational] = {}
    for monomial, coefficient in smooth.terms.items():
        if any(not isinstance(a, Symbol) for a, _ in monomial):
            return None
        exponents = dict(monomial)
        key = tuple(exponents.get(q, 0) for q in symbols)
        others = Size({tuple((a, e) for a, e in monomial if a not in symbols): coefficient})
        if (lower(others) or 0) <= 0 and (lower(-others) or 0) <= 0:
            return None
        found[key] = found.get(key, 0) + (1 if (lower(others) or 0) > 0 else -1)
    positive, negative = {k for k, c in found.items() if c > 0}, {k for k, c in found.items() if c <= 0}
    tame = all(any(_below(n, p) for p in positive) for n in negative)
    errors = _errors(size, symbols)
    if errors is None:
        return None
    exact = exact and all(e in positive or any(_below(e, p) for p in positive) for e in errors)
    return (positive | negative | errors, exact and tame) if positive else None


def _errors(size: Size, symbols: Sequence[Symbol]) -> set[Exponents] | None:
    """What may be left of a term where its roundings cancel against their arguments: the term without one of them."""
    found: set[Exponents] = set()
    for monomial in size.terms:
        for rounded in (a for a, _ in monomial if isinstance(a, Floor)):
            less = tuple((a, e - (a == rounded)) for a, e in monomial if e > (a == rounded))
            smooth = _unrounded(Size({less: 1}))
            if smooth is None:
                return None
            found |= {tuple(dict(m).get(q, 0) for q in symbols) for m in smooth.terms}
    return found


def _unrounded(size: Size) -> Size | None:
    """Every rounding as its argument; those of one symbol and a number differ from it by less than 1."""
    parts = []
    for monomial, coefficient in size.terms.items():
        part = Size.of(coefficient)
        for atom, exponent in monomial:
            match atom:
                case Floor():
                    inner = _unrounded(atom.numerator)
                    if inner is None or len(atom.denominator.terms) != 1:
                        return None
                    value = inner / atom.denominator
                case Symbol():
                    value = Size.of(atom)
                case Function(name="max"):
                    value = total(atom.args)
                case _:
                    return None
            if exponent < 0 and len(value.terms) != 1:
                return None
            part = part * value**exponent
        parts.append(part)
    return total(parts)


def _outgrowing(terms: Collection[Exponents], others: Collection[Exponents]) -> Exponents | None:
    """A term that in some direction of growth is larger than all the others."""
    for term in sorted(terms, reverse=True):
        rows = [([*(int(i == j) for j in range(len(term))), 0], False) for i in range(len(term))]
        rows += [([*(t - o for t, o in zip(term, other, strict=True)), 0], True) for other in others]
        if term not in others and feasible(rows) is not False:
            return term
    return None


def _below(term: Exponents, other: Exponents) -> bool:
    return term != other and all(t <= o for t, o in zip(term, other, strict=True))


def _monomial(exponents: Exponents, symbols: Sequence[Symbol]) -> Size:
    monomial: Monomial = tuple(
        sorted(((q, e) for q, e in zip(symbols, exponents, strict=True) if e), key=lambda p: p[0].key)
    )
    return Size({monomial: 1})


def _equivalent(left: Size, right: Size, symbols: Sequence[Symbol]) -> tuple[bool | None, str]:
    """Whether the ratio goes to 1: every term of the difference is outgrown by one on the right, whatever grows how fast."""
    a, b = _unrounded(left), _unrounded(right)
    if a is None or b is None:
        return None, "not decided: a side is no sum of products of powers"
    rest, theirs, errors = a - b, _terms(right, symbols), _errors(left - right, symbols)
    if (
        theirs is None
        or errors is None
        or not theirs[1]
        or any(not isinstance(x, Symbol) for m in rest.terms for x, _ in m)
    ):
        return None, "not decided: the terms are not understood"
    ours = {tuple(dict(m).get(q, 0) for q in symbols) for m in rest.terms} | errors
    left_over = next((m for m in sorted(ours, reverse=True) if not any(_below(m, o) for o in theirs[0])), None)
    if left_over is None:
        return True, "every term of the difference is outgrown by one on the right"
    alone = left_over not in errors and _outgrowing({left_over}, theirs[0] - {left_over}) is not None
    told = f"{_monomial(left_over, symbols)} in the difference does not vanish beside the right side"
    return (False if alone else None), told
