"""Layers that differ in their numbers of channels alone: counted once, in symbols, and added up as integers.

What a kind holds and does is a polynomial in the channels that come in and go out, and the sum of a polynomial over many
layers is its coefficients times sums of products of integers. So a thousand convolutions of different widths cost one
symbolic count and some additions each. A kind for which that is not so is counted layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symcost.entries import Alike, Counted, Entry, Figures, figures
from symcost.graph.nodes import Leaf
from symcost.graph.plain import CHANNELS, WIDTH
from symcost.graph.user_layer import UserLayer
from symcost.layers.base import Layer, LayerError, slots
from symcost.sizes.atoms import Atom, Monomial, Rational, Size, total
from symcost.source import SymcostError

FEW = 16  # so many layers are counted one by one

Numbers = tuple[int, int]  # channels that come in, and the width that is given (1 where there is none)
Powers = tuple[int, int]


def merged(entries: Alike) -> Alike:
    """The same sums with fewer entries: those that differ in widths alone are one, whose figures are their sums."""
    apart: Alike = []
    bundles: dict[object, list[tuple[Entry, int, Numbers]]] = {}
    for entry, n in entries:
        found = _but_widths(entry)
        if found is None:
            apart.append((entry, n))
        else:
            bundles.setdefault(found[0], []).append((entry, n, found[1]))
    for members in bundles.values():
        whole = _summed(members) if len(members) > FEW else None
        apart += [(entry, n) for entry, n, _ in members] if whole is None else [(whole, 1)]
    return apart


def _but_widths(entry: Entry) -> tuple[object, Numbers] | None:
    """What is the same for layers of one bundle, and the numbers that are not; None where those are no numbers."""
    leaf, times = entry.leaf, entry.times
    layer, x = leaf.layer, leaf.input
    channels = x.channels.number
    if type(channels) is not int or times.shared is not None or isinstance(layer, UserLayer) or layer.tensors:
        return None
    arguments = vars(layer)
    name = _width(type(layer))
    given = arguments.get(name)
    width = 1
    if given is not None:
        number = given.number if isinstance(given, Size) else None
        if type(number) is not int:
            return None
        width = number
    rest = tuple([value for key, value in arguments.items() if key != name])
    return (type(layer), id(times), leaf.form, x.dims, x.batch, x.ids, given is None, rest), (channels, width)


def _width(kind: type[Layer]) -> str:
    slot = slots(kind).width
    return "" if slot is None else slot.name


def _summed(members: list[tuple[Entry, int, Numbers]]) -> Entry | None:
    """One entry for a bundle; None where its figures are no polynomials in the widths."""
    first = members[0][0]
    form = _Form.of(first.leaf)
    if form is None or form.at([(1, members[0][2])], first.leaf) != first.figures:
        return None
    whole = form.at([(n, numbers) for _, n, numbers in members], first.leaf)
    return Entry(first.leaf, first.times, Counted(first.leaf, whole))


@dataclass(frozen=True)
class _Form:
    """Figures as polynomials in `CHANNELS` and `WIDTH`: for each pair of powers, what it is multiplied with."""

    params: Mapping[Powers, Size]
    activations: Mapping[Powers, Size]
    counts: Mapping[str, Mapping[Powers, Size]]

    @staticmethod
    def of(leaf: Leaf) -> _Form | None:
        layer, x = leaf.layer, leaf.input.to(Size.of(CHANNELS)) if not leaf.input.ids else leaf.input
        name = _width(type(layer))
        if getattr(layer, name, None) is not None:
            layer = _with(layer, name, Size.of(WIDTH))
        try:
            found = figures(Leaf(layer, x, layer.shape(x), leaf.span, leaf.form))
            return _Form(
                _polynomial(found.params),
                _polynomial(found.activations),
                {op: _polynomial(n) for op, n in found.counts.items()},
            )
        except (SymcostError, LayerError, _NoPolynomialError):
            return None

    def at(self, members: list[tuple[int, Numbers]], leaf: Leaf) -> Figures:
        """The figures of so many layers of these widths, added up."""
        sums: dict[Powers, int] = {}

        def value(polynomial: Mapping[Powers, Size]) -> Size:
            for powers in polynomial.keys() - sums.keys():
                a, b = powers
                sums[powers] = sum([n * channels**a * width**b for n, (channels, width) in members])
            return total(size * sums[powers] for powers, size in polynomial.items())

        counts = {op: value(polynomial) for op, polynomial in self.counts.items()}
        return Figures(leaf, value(self.params), value(self.activations), counts)


def _with(layer: Layer, name: str, value: Size) -> Layer:
    """The same layer with another argument."""
    copy: Layer = object.__new__(type(layer))
    vars(copy).update(vars(layer))
    setattr(copy, name, value)
    return copy


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
