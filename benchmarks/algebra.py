"""Sums in closed form and equality of formulas, held against SymPy, which may take long: each question has its time.

Every question is asked as if for the first time: both sides forget what they keep from one to the next.
"""

from __future__ import annotations

import signal
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import sympy
from caches import forget
from measure import Act, Line, once

from symcost import syntax as s
from symcost.counterexamples import Verdict
from symcost.domain import Domain
from symcost.evaluate import evaluator
from symcost.graph.scope import Declared
from symcost.graph.values import Evaluator
from symcost.parser import parse_formula
from symcost.prove import compare
from symcost.sizes.atoms import Size, Symbol, power
from symcost.sizes.bridge import sympy_symbol, to_sympy
from symcost.sizes.sums import summed

Timed = tuple[float, Any]


class LateError(BaseException):
    """The time is over. No ``except Exception`` may take it for something else."""


def within(seconds: float, act: Callable[[], Any]) -> Timed | None:
    """How long it took and what came out; None after so many seconds, where the system can interrupt at all."""

    def stop(*_: object) -> None:
        raise LateError

    if not hasattr(signal, "setitimer"):
        return _timed(act)
    before = signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return _timed(act)
    except LateError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _timed(act: Callable[[], Any]) -> Timed:
    found: list[Any] = []
    return once(lambda: found.append(act())), found[0]


@dataclass(frozen=True)
class Pair:
    """One question to both: our time, SymPy's (its limit where it is stuck), and whether it answered."""

    name: str
    ours: float
    theirs: float
    answered: bool

    @property
    def ratio(self) -> float:
        return self.theirs / self.ours


def asked(name: str, ours: Act, theirs: Act, solved: Callable[[Any], bool], rounds: int, seconds: float) -> Pair:
    """Both, the best time of each; where SymPy takes a second, once is enough."""
    mine = theirs_best = float("inf")
    answer = None
    for index in range(rounds):
        forget()
        mine = min(mine, _timed(ours)[0])
        if index and theirs_best > 1:
            continue
        forget()
        found = within(seconds, theirs)
        if found is None:
            return Pair(name, mine, seconds, False)
        theirs_best, answer = min(theirs_best, found[0]), found[1]
    return Pair(name, mine, theirs_best, solved(answer))


def line(name: str, pairs: list[Pair], against: str, least: float) -> list[Line]:
    """The median of the ratios, and what SymPy left open."""
    stuck = [pair.name for pair in pairs if not pair.answered]
    note = f"median of {len(pairs)}, smallest {min(pair.ratio for pair in pairs):.0f}"
    ours, theirs = median(p.ours for p in pairs), median(p.theirs for p in pairs)
    found = [Line(name, ours, against, theirs, least=least, ratio=median(p.ratio for p in pairs), note=note)]
    if stuck:
        found.append(Line(f"SymPy leaves {len(stuck)} open", note="; ".join(stuck)))
    return found


# ------------------------------------------------------------------------------------------------------- sums

_C, _G, _K, _X = (Size.of(Symbol(name)) for name in ("C", "G", "K", "X"))
INDEX, COUNT = Symbol("t", low=0), Symbol("n")
_t = Size.of(INDEX)


def _power(base: int, exponent: Size = _t) -> Size:
    return power(Size.of(base), exponent)


# terms as they come out of networks: stages that double, layers that see all before them, tables of turns
TERMS = (
    _t,
    _t**2,
    _t**3,
    _t**7,
    _C * _t + _K,
    9 * _C**2 * (_t + 1) ** 2,
    9 * _G * (_C + _G * _t),
    9 * _G * _K * _X**2 * (_C + _G * _t) + 2 * (_C + _G * _t) * _X**2,
    (2 * _t + 1) * (2 * _t + 3) * _C**2,
    _t * (_t + 1) / 2,
    (_C + _K * _t) ** 4,
    _power(2),
    _C * _power(2),
    9 * _C**2 * _power(4),
    _X**2 / _power(4),
    _t * _power(2),
    _t**2 * _power(3),
    _t**3 / _power(2),
    (_t + 1) * _power(4) * _C,
    (_power(2) + _t) ** 2,
    (_C * _power(2) + 1) * (_C * _power(2, _t + 1) + 1),
    18 * _C**2 * _power(4) + 4 * _C * _power(2) + 149 * _C,
    _C * _X**2 * _power(2) / _power(4) + _K,
    (_C + _G * _t) * _X**2 / _power(4),
)


def sums(rounds: int, seconds: float) -> list[Line]:
    found = [_sum(term, rounds, seconds) for term in TERMS]
    return line("sums of turns in closed form", found, "sympy.summation", 100)


def _sum(term: Size, rounds: int, seconds: float) -> Pair:
    added_up(term, closed(term))
    expr, index, count = to_sympy(term), sympy_symbol(INDEX), sympy_symbol(COUNT)
    return asked(
        str(term),
        lambda: closed(term),
        lambda: sympy.summation(expr, (index, 0, count - 1)),
        lambda answer: not answer.has(sympy.Sum),
        rounds,
        seconds,
    )


def closed(term: Size) -> Size:
    """The term for t = 0 to n - 1, added up."""
    return summed(term, INDEX, Size.of(COUNT))


def added_up(term: Size, closed: Size) -> None:
    """The closed form at some depths, against the turns one by one."""
    one, every = evaluator(term), evaluator(closed)
    sizes = {symbol: 3 + 2 * index for index, symbol in enumerate(sorted(term.symbols() - {INDEX}, key=str))}
    for depth in (1, 2, 5, 12):
        turns = sum(one({**sizes, INDEX: turn}) for turn in range(depth))
        assert turns == every({**sizes, COUNT: depth}), f"{term}, {depth} turns"


# --------------------------------------------------------------------------------------------------- equality


def equality(rounds: int, seconds: float) -> list[Line]:
    entries = tomllib.loads((Path(__file__).parent / "equality.toml").read_text(encoding="utf-8"))["pair"]
    true = [_compared(entry, rounds, seconds) for entry in entries if entry.get("equal", True)]
    false = [_compared(entry, rounds, seconds) for entry in entries if not entry.get("equal", True)]
    proved = line("equal formulas proved", true, "sympy.simplify of the difference", 50)
    return [*proved, *line("unequal formulas refuted with a point", false, "sympy.simplify of the difference", 50)]


@dataclass(frozen=True)
class Question:
    """Whether two formulas are equal, asked from the syntax of both sides."""

    left: s.Expr
    right: s.Expr
    symbols: dict[str, Symbol]

    @staticmethod
    def of(entry: dict[str, Any]) -> Question:
        left, right = (parse_formula(side.strip()) for side in entry["claim"].split("=="))
        return Question(left, right, _symbols(entry, left, right))

    def ours(self) -> Verdict:
        domain = Domain({name: Declared(symbol) for name, symbol in self.symbols.items()}, (), (), ())
        read = Evaluator(domain.scope())
        return compare(read.size(self.left), read.size(self.right))

    def difference(self) -> Any:
        """In SymPy, as it is written."""
        return written(self.left, self.symbols) - written(self.right, self.symbols)


def _compared(entry: dict[str, Any], rounds: int, seconds: float) -> Pair:
    """To a verdict, and for SymPy to the simplest form of the difference."""
    equal, question = entry.get("equal", True), Question.of(entry)
    verdict = question.ours()
    assert verdict.equal is equal, f"{entry['title']}: {verdict}"
    confirmed(verdict, question.difference())
    title, theirs = entry["title"], lambda: sympy.simplify(question.difference())
    return asked(title, question.ours, theirs, lambda answer: (answer == 0) is equal, rounds, seconds)


def confirmed(verdict: Verdict, difference: Any) -> None:
    """A verdict without our arithmetic: SymPy's own numbers at the witness, or at some points."""
    free = sorted(difference.free_symbols, key=str)
    if verdict.witness is not None:
        assert difference.subs({symbol: verdict.witness[symbol.name] for symbol in free}) != 0, difference
        return
    for first in (1, 2, 3, 7, 12, 31, 224):
        assert difference.subs({symbol: first + 5 * index for index, symbol in enumerate(free)}) == 0, difference


def _symbols(entry: dict[str, Any], *sides: s.Expr) -> dict[str, Symbol]:
    """Positive integers, unless the entry says otherwise."""
    named = dict(word.partition(":")[::2] for word in entry.get("symbols", "").split())
    lows: dict[str, int | None] = {"": 1, "nat": 0, "int": None}
    names = {node.text for node in s.walk(sides) if isinstance(node, s.Ref)} - set(FUNCTIONS)
    return {name: Symbol(name, low=lows[named.get(name, "")]) for name in sorted(names)}


FUNCTIONS = {"floor": sympy.floor, "ceil": sympy.ceiling, "min": sympy.Min, "max": sympy.Max}


def written(node: s.Expr, symbols: dict[str, Symbol]) -> Any:
    """A formula in SymPy as it is written: our canonical forms would already be half of the work."""
    match node:
        case s.Number(value=value):
            return sympy.Rational(value.numerator, value.denominator)
        case s.Ref():
            return sympy_symbol(symbols[node.text])
        case s.Unary(op="-", operand=operand):
            return -written(operand, symbols)
        case s.Binary(op=op, left=left, right=right):
            a, b = written(left, symbols), written(right, symbols)
            match op:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b
                case "^":
                    return a**b
                case "%":
                    return sympy.Mod(a, b)
        case s.Apply(function=s.Ref() as function, args=args) if args is not None:
            return FUNCTIONS[function.text](*(written(arg.value, symbols) for arg in args))
    raise TypeError(node)
