"""Layers that differ in their numbers of channels alone: counted once, in symbols, and added up as integers.

What a kind holds and does is a polynomial in the channels that come in and go out, and the sum of a polynomial over many
layers is its coefficients times sums of products of integers. So a thousand convolutions of different widths cost one
symbolic count and some additions each. A kind for which that is not so is counted layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from symcost.entries import Counts, counted
from symcost.graph.patterns import CHANNELS, MOST, WIDTH, Pattern
from symcost.layers.base import LayerError
from symcost.sizes.atoms import Atom, Monomial, Rational, Size, total
from symcost.source import SymcostError

Numbers = tuple[int, int, int]  # channels that come in, the width, and how many layers have them
Powers = tuple[int, int]


@dataclass(frozen=True)
class Form:
    """Figures as polynomials in `CHANNELS` and `WIDTH`: for each pair of powers, what it is multiplied with."""

    params: Mapping[Powers, Size]
    activations: Mapping[Powers, Size]
    counts: Mapping[str, Mapping[Powers, Size]]

    def at(self, members: Sequence[Numbers]) -> Counts:
        """The figures of so many layers of these widths, added up."""
        sums: dict[Powers, int] = {}

        def value(polynomial: Mapping[Powers, Size]) -> Size:
            for powers in polynomial.keys() - sums.keys():
                a, b = powers
                sums[powers] = sum([n * channels**a * width**b for channels, width, n in members])
            return total(size * sums[powers] for powers, size in polynomial.items())

        counts = {op: value(polynomial) for op, polynomial in self.counts.items()}
        return value(self.params), value(self.activations), counts


@lru_cache(MOST)
def form_of(pattern: Pattern) -> Form | None:
    """None where the figures are no polynomials in the widths."""
    try:
        params, activations, counts = counted(pattern.layer, pattern.input, pattern.output)
        polynomials = {op: _polynomial(n) for op, n in counts.items()}
        return Form(_polynomial(params), _polynomial(activations), polynomials)
    except (SymcostError, LayerError, _NoPolynomialError):
        return None


class _NoPolynomialError(Exception):
    """A width stands in a rounding, an exponent or a denominator."""


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
