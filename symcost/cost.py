"""One cost of a network: a formula with all that belongs to it, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from symcost.domain import Domain, by_name
from symcost.evaluate import free
from symcost.forms import FORMS, formed
from symcost.graph import resolved
from symcost.prove import compare
from symcost.sizes.atoms import Atom, Floor, Size, Symbol
from symcost.sizes.notation import ASCII, LATEX, UNICODE, Spelling, text
from symcost.source import Diagnostic, DomainError, SymcostError, nearest

if TYPE_CHECKING:
    import sympy
    from matplotlib.figure import Figure

    from symcost.emit.function import CostFunction
    from symcost.growth import Scaling
    from symcost.invert import Answer
    from symcost.proving import Proof


@dataclass(frozen=True, eq=False)
class Cost:
    """One cost of a network: an exact formula with its unit, its convention, its conditions, and what it leaves out.

    Equal to an int, a fraction, a formula as text, a SymPy expression or another cost when the formulas are equal for all
    values of their symbols.
    """

    _size: Size = field(repr=False)
    unit: str
    convention: str | None
    uncounted: tuple[str, ...]
    domain: Domain = field(repr=False)
    _hints: Iterable[Size] = field(default=(), repr=False)
    _counts: tuple[Symbol, ...] = field(default=(), repr=False)
    _form: tuple[str, ...] = field(default=("factored",), repr=False)  # and the names it is collected by

    @property
    def expr(self) -> sympy.Expr:
        """The formula as a SymPy expression, in named sizes where the program names them."""
        from symcost.sizes.bridge import to_sympy

        return to_sympy(self._presentable)

    @property
    def value(self) -> int | Fraction | None:
        """The number, when no symbol is left."""
        return resolved(self._size).number

    @property
    def conditions(self) -> tuple[str, ...]:
        """What must hold for the formula to be true, in the user's symbols."""
        return self.domain.conditions_as(UNICODE)

    @property
    def names(self) -> dict[str, str]:
        """What named sizes in the formula stand for."""
        spelling = self.domain.spelled(ASCII)
        return {name: text(size, spelling) for name, size in self.definitions.items()}

    @property
    def definitions(self) -> dict[str, Size]:
        """Named sizes in the formula, those in their definitions included."""
        found: dict[str, Size] = {}
        todo = [self._size]
        while todo:
            for symbol in sorted(todo.pop().symbols(), key=lambda s: s.key):
                if symbol.definition is not None and symbol.name not in found:
                    found[symbol.name] = self.domain.public(symbol.definition)
                    todo.append(symbol.definition)
        return found

    @property
    def free_symbols(self) -> set[sympy.Symbol]:
        return set(self.expr.free_symbols)  # type: ignore[arg-type]

    @cached_property
    def _presentable(self) -> Size:
        size, (form, *names) = self.domain.public(self._size), self._form
        by = [a for name in names for a in sorted(_powers_of(size, name), key=lambda a: a.key)]
        return formed(size, form, by, [self.domain.public(h) for h in self._hints], self._counts)

    def form(self, name: str, *by: str) -> Cost:
        """The same written in another form.

        ``factored`` (as a person would, the default), ``expanded`` into terms, ``collected`` by the powers of some symbols and of
        what is rounded of them (without a symbol, of all that is rounded), nested as Horner does (``horner``) in some symbols.

        Raises `SymcostError` for a form that does not exist, or a symbol the formula does not have.
        """
        if name not in FORMS:
            help_ = nearest(name, FORMS) or f"forms: {', '.join(FORMS)}"
            raise SymcostError(Diagnostic("unknown-form", f"there is no form '{name}'", help=help_))
        size = self.domain.public(self._size)
        known = {s.name for s in size.symbols()}
        wrong = next((n for n in by if n not in known), None)
        if wrong is not None:
            help_ = nearest(wrong, known) or f"symbols: {', '.join(sorted(known))}"
            raise SymcostError(Diagnostic("unknown-symbol", f"the formula has no symbol '{wrong}'", help=help_))
        if name == "collected" and not by:
            rounded = {a for a in size.atoms() if isinstance(a, Floor)}
            by = tuple(sorted({s.name for a in rounded for inner in a.inside() for s in inner.symbols()}))
        return replace(self, _form=(name, *by))

    def _owned(self, size: Size) -> Cost:
        """Another formula on the same domain."""
        return replace(self, _size=size)

    def _renamed(self, change: Callable[[Size], Size]) -> Cost:
        """The same written in other names, for printing."""
        hints = tuple(change(self.domain.public(h)) for h in self._hints)
        return replace(self, _size=change(self.domain.public(self._size)), _hints=hints)

    def resolved(self) -> Cost:
        """The same with named sizes written out."""
        return replace(self, _size=resolved(self._size))

    def at(self, values: Mapping[Any, Any] | None = None, /, **more: Any) -> Cost:
        """The cost at some values: ints, fractions, formulas as text, SymPy expressions.

        Raises `DomainError` where the network does not exist, with the reason.
        """
        given = self.domain.values({**(values or {}), **more})
        domain = self.domain.at(given)
        hints = tuple(self.domain.apply(h, given) for h in self._hints)
        size = self.domain.apply(self._size, given)
        return replace(self, _size=size, domain=domain, _hints=hints)

    def factor(self) -> sympy.Expr:
        """The SymPy expression, factored. Slow for hundreds of terms; nothing else here calls it."""
        import sympy

        return sympy.factor(self.expr)

    def simplify(self) -> Cost:
        """The same with sums taken out as factors again after substitutions."""
        return replace(self, _size=self._size)

    def latex(self) -> str:
        """The formula in LaTeX, without dollars."""
        return self.text(LATEX)

    def text(self, spelling: Spelling = ASCII) -> str:
        """The formula in one of the notations, factors in the order of batch, channels, kernels and sides."""
        return text(self._presentable, self.domain.spelled(spelling))

    def seconds(self, speed: Any) -> Cost:
        """Time in seconds on a device of that ``speed`` in FLOPS, operations a second.

        FLOPs are a number of operations, FLOPS a speed. The quotient is a lower bound: memory and idling take longer.
        ``speed`` is a number, a formula, or a figure such as "312T". Raises `SymcostError` for a cost that is not in FLOPs.
        """
        if self.unit != "FLOPs":
            message = f"time is FLOPs by FLOPS, and this cost is in {self.unit}"
            raise SymcostError(Diagnostic("not-flops", message, help="ask net.flops.seconds(...)"))
        from symcost.claims import figure

        rate = figure(speed) if isinstance(speed, str) else None
        return replace(self, _size=self._size / self.domain.convert(speed if rate is None else rate), unit="s")

    def scaling(self, symbol: str) -> Scaling:
        """How the cost grows in a symbol: leading term, doubling ratio, elasticity, the form without roundings."""
        from symcost.growth import scaling

        found = scaling(self._public, self.domain.declared(symbol).symbol, self.domain.facts())
        return replace(found, role=self.domain.roles)

    def within(self, budget: Any, symbol: str) -> Answer:
        """The largest integer for a symbol with which the cost keeps to a budget, ``"4G"``: exact, with how it was found.

        Raises `SymcostError` where that is not decided, such as while other symbols have no value.
        """
        from symcost.claims import figure
        from symcost.invert import Budget, inverted

        bound = figure(budget) if isinstance(budget, str) else None
        size = self.domain.convert(budget if bound is None else bound)
        return inverted(self.domain, [Budget(resolved(self._size), size)], symbol)

    def plot(self, symbol: str, values: Iterable[Any], **options: Any) -> Figure:
        """The cost against a symbol as a matplotlib figure; options as in `symcost.plot.curves`."""
        from symcost.plot import curves

        return curves({"": self}, symbol, values, **options)

    def function(self, *names: str, outside: str = "error", fast: bool | None = None) -> CostFunction:
        """The cost as an exact function of symbols: of integers, and of NumPy arrays that broadcast.

        ``outside`` is what happens where the network does not exist: ``"error"`` raises `DomainError` with the first such point,
        ``"mask"`` gives a masked array. ``fast`` is whether loops compiled by numba are used: always, never, or where it pays.
        Raises `SymcostError` for a symbol that is left without a name.
        """
        from symcost.emit.function import CostFunction

        declared = [self.domain.declared(n).symbol for n in names]
        missing = sorted({s.name for s in free(self._public)} - set(names))
        if missing:
            message = f"the cost has a symbol '{missing[0]}' that the function does not name"
            raise SymcostError(
                Diagnostic("unknown-symbol", message, help=f"symbols of the cost: {', '.join(missing)}, ...")
            )

        def refuse(point: dict[str, int | Fraction]) -> None:
            self.domain.at(self.domain.values(point))
            at = ", ".join(f"{n} = {v}" for n, v in point.items())
            raise DomainError(Diagnostic("outside-domain", f"the network does not exist at {at}"))

        return CostFunction(self._public, declared, self.domain.requirements(), refuse, outside, fast)

    def si(self) -> str:
        """The number with an SI prefix and its unit: ``15.5 GMACs``; 1 GFLOPs is 10^9 FLOPs.

        Raises `TypeError` while a symbol is left.
        """
        from symcost.render.figures import duration, si

        value = self.value
        if value is None:
            raise TypeError(f"{self} is not a number; give its symbols values with .at()")
        return duration(value) if self.unit == "s" else si(value, self.unit)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        counted = f", convention={self.convention!r}" if self.convention else ""
        return f"Cost({str(self)!r}, unit={self.unit!r}{counted})"

    def proves(self, claim: str, *, assume: Sequence[str] = (), growing: Sequence[str] = ()) -> Proof:
        """A claim such as a formula equal to this cost, ``"<= ..."``, ``"= O(..)"``, ``"~ 25.6M"``: proved, refuted or open."""
        from symcost.proving import proves

        return proves(self, claim, assume, growing)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Cost):
            left, right = by_name(self._public, other._public)
        else:
            try:
                left, right = resolved(self._size), resolved(self.domain.convert(other))
            except SymcostError:
                return NotImplemented
        return compare(left, right).equal is True

    def __hash__(self) -> int:
        return hash(self.value) if self.value is not None else hash(frozenset(s.name for s in free(self._public)))

    @property
    def _public(self) -> Size:
        """The formula in nothing but the symbols the user declared."""
        return self.domain.public(resolved(self._size))

    def __int__(self) -> int:
        value = self.value
        if value is None or value.denominator != 1:
            raise TypeError(f"{self} is not an integer; give its symbols values with .at()")
        return int(value)

    def __float__(self) -> float:
        value = self.value
        if value is None:
            raise TypeError(f"{self} is not a number; give its symbols values with .at()")
        return float(value)

    def _sympy_(self) -> sympy.Expr:
        return self.expr

    def __add__(self, other: Any) -> sympy.Expr:
        return self.expr + other

    def __sub__(self, other: Any) -> sympy.Expr:
        return self.expr - other

    def __mul__(self, other: Any) -> sympy.Expr:
        return self.expr * other

    def __truediv__(self, other: Any) -> sympy.Expr:
        return self.expr / other

    def __rsub__(self, other: Any) -> sympy.Expr:
        return other - self.expr

    def __rtruediv__(self, other: Any) -> sympy.Expr:
        return other / self.expr

    def __neg__(self) -> sympy.Expr:
        return -self.expr

    def __pow__(self, other: Any) -> sympy.Expr:
        return self.expr**other

    __radd__, __rmul__ = __add__, __mul__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/latex": f"$\\displaystyle {self.latex()}$"}


def _powers_of(size: Size, name: str) -> set[Atom]:
    """A symbol, and the roundings and powers in a formula that are of it alone: X, ⌊X/2⌋, 2^X."""
    found = {a for m in size.terms for a, _ in m}
    return {a for a in found if {s.name for s in Size.of(a).symbols()} == {name}}
