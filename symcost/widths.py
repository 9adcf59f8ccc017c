"""Layers that differ in their numbers of channels alone: counted once, in symbols, and added up as integers.

What a kind holds and does is a polynomial in the channels that come in and go out, and the sum of a polynomial over many
layers is its coefficients times sums of products of integers. So a thousand convolutions of different widths cost one
symbolic count and some additions each. A kind for which that is not so is counted layer by layer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, lru_cache

from symcost.entries import Counts, Times, counted
from symcost.graph.nodes import Width
from symcost.graph.patterns import CHANNELS, MOST, WIDTH, Pattern
from symcost.layers.base import LayerError
from symcost.sizes.atoms import ZERO, Atom, Monomial, Rational, Size, added_up, total
from symcost.source import SymcostError

Powers = tuple[int, int]
Polynomial = Mapping[Powers, Size]  # in `CHANNELS` and `WIDTH`: for each pair of powers, what it is multiplied with


class Total(Enum):
    """Sums over a network beside those of its operations."""

    PARAMS = auto()
    ACTIVE = auto()
    TRAINABLE = auto()
    ACTIVATIONS = auto()

    __hash__ = object.__hash__  # they stand in every sum


def factor(key: Total, times: Times) -> Size:
    """How often parameters count in one of their sums."""
    match key:
        case Total.ACTIVE:
            return times.active
        case Total.TRAINABLE if not times.trainable:
            return ZERO
    return times.weights


class Sums:
    """Sums over a network, each in one dictionary of monomials."""

    def __init__(self, plain: bool) -> None:
        self.terms: defaultdict[str | Total, dict[Monomial, Rational]] = defaultdict(dict)
        self.weights = (Total.PARAMS,) if plain else (Total.PARAMS, Total.ACTIVE, Total.TRAINABLE)

    def of(self, key: str | Total) -> Size:
        return added_up(self.terms.get(key, {}))

    def add(self, key: str | Total, size: Size, times: Rational) -> None:
        terms = self.terms[key]
        for monomial, coefficient in size.terms.items():
            terms[monomial] = terms.get(monomial, 0) + coefficient * times

    def run(self, times: Times, widths: Mapping[Width, int]) -> None:
        """Layers that are known by their patterns: how many there are of each."""
        members: dict[Pattern, list[tuple[int, int, int]]] = {}
        for (pattern, channels, width), n in widths.items():
            members.setdefault(pattern, []).append((channels, width, n))
        self.forms(times, (pair for pattern, numbers in members.items() for pair in _forms(pattern, numbers)))

    def forms(self, times: Times, forms: Iterable[tuple[Form, Mapping[Powers, int]]]) -> None:
        """Polynomials, each with the sums of its powers."""
        factors = [(key, factor(key, times)) for key in self.weights]
        for form, sums in forms:
            self._add(form.work, sums, times, times.work)
            for key, how in factors:
                self._add({key: form.params}, sums, times, how)

    def form(self) -> Form:
        """The sums as something that is there once."""
        sizes = {key: {(0, 0): self.of(key)} for key in self.terms}
        return Form(sizes.pop(Total.PARAMS, {}), sizes)

    def _add(
        self, parts: Mapping[str | Total, Polynomial], sums: Mapping[Powers, int], times: Times, factor: Size
    ) -> None:
        number = None if times.loops else factor.number
        for key, polynomial in parts.items():
            if number is None:
                sizes = [size * sums[powers] for powers, size in polynomial.items()]
                whole = sizes[0] if len(sizes) == 1 else total(sizes)
                self.add(key, times.over_loops(times.often(whole, factor)), 1)
                continue
            terms = self.terms[key]
            for powers, size in polynomial.items():
                n = sums[powers] * number
                for monomial, coefficient in size.terms.items():
                    terms[monomial] = terms.get(monomial, 0) + coefficient * n


@dataclass(frozen=True)
class Form:
    """What a layer does and holds, as polynomials."""

    params: Polynomial
    work: Mapping[str | Total, Polynomial]

    @staticmethod
    def of(counts: Counts, polynomial: Callable[[Size], Polynomial]) -> Form:
        params, activations, operations = counts
        work: dict[str | Total, Size] = {Total.ACTIVATIONS: activations}
        work.update(operations)
        return Form(polynomial(params), {key: polynomial(size) for key, size in work.items()})

    @cached_property
    def _powers(self) -> tuple[Powers, ...]:
        return tuple(dict.fromkeys(p for polynomial in (self.params, *self.work.values()) for p in polynomial))

    def sums(self, members: list[tuple[int, int, int]]) -> dict[Powers, int]:
        """The powers it speaks of, added up over layers: channels that come in, width, how many there are."""
        return {(a, b): sum([n * channels**a * width**b for channels, width, n in members]) for a, b in self._powers}


@lru_cache(MOST)
def form_of(pattern: Pattern) -> Form | None:
    """None where the figures are no polynomials in the widths."""
    try:
        return Form.of(counted(pattern.layer, pattern.input, pattern.output), _polynomial)
    except (SymcostError, LayerError, _NoPolynomialError):
        return None


def _forms(pattern: Pattern, members: list[tuple[int, int, int]]) -> Iterator[tuple[Form, Mapping[Powers, int]]]:
    """One form for all layers of a pattern where their figures are polynomials, and else one for each, with the sums."""
    form = form_of(pattern)
    if form is not None:
        yield form, form.sums(members)
        return
    for channels, width, n in members:
        x = pattern.input.to(Size.of(channels))
        yield Form.of(counted(pattern.of_width(width), x, pattern.shape(x, width)), _constant), {(0, 0): n}


class _NoPolynomialError(Exception):
    """A width stands in a rounding, an exponent or a denominator."""


def _constant(size: Size) -> Polynomial:
    return {(0, 0): size}


def _polynomial(size: Size) -> dict[Powers, Size]:
    parts: dict[Powers, dict[Monomial, Rational]] = {}
    for monomial, coefficient in size.terms.items():
        powers: dict[Atom, int] = {CHANNELS: 0, WIDTH: 0}
        rest = []
        for atom, exponent in monomial:
            if atom in powers and exponent > 0:
                powers[atom] = exponent
            elif not Size.of(atom).symbols().isdisjoint(powers):
                raise _NoPolynomialError
            else:
                rest.append((atom, exponent))
        parts.setdefault((powers[CHANNELS], powers[WIDTH]), {})[tuple(rest)] = coefficient
    return {powers: Size(terms) for powers, terms in parts.items()}
