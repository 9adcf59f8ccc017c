"""Names for the rounded sizes of a network, so that a page says ``H1 = ⌈H/2⌉`` once and is written in H1.

A name is for printing: costs, their values and what is computed with stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from symcost.sizes.atoms import Atom, Floor, Function, Size, Symbol, product, total
from symcost.sizes.shape import Shape

LEAST = 2  # names that make a page shorter; one size is written out


@dataclass(frozen=True)
class Naming:
    """What stands for which rounding, and what each name means."""

    inside: dict[Atom, Size] = field(default_factory=dict)  # a rounding in terms of a name: ``⌊(H + 1)/4⌋ = H1 + 1``
    meanings: dict[str, Size] = field(default_factory=dict)  # in the order of the network

    def written(self, size: Size) -> Size:
        """A size in the names."""
        if not self.inside:
            return size
        parts = []
        for monomial, coefficient in size.terms.items():
            factors = (self._atom(a) ** e for a, e in monomial)
            parts.append(product([coefficient, *factors]))
        return total(parts)

    def _atom(self, atom: Atom) -> Size:
        found = self.inside.get(atom)
        return Size.of(atom) if found is None else found


def naming(shapes: Iterable[Shape], taken: Iterable[str]) -> Naming:
    """Names for the sides and widths of tensors that are one rounding and an integer, in the order in which they come up.

    ``taken`` are names that mean something else. Nothing is named where there is hardly anything to name.
    """
    found = Naming()
    used = set(taken)
    for size, fallback in _sizes(shapes):
        rounding = _rounding(size)
        if rounding is None or rounding in found.inside:
            continue
        name = _fresh(rounding, fallback, used)
        used.add(name)
        shift = size - Size.of(rounding)  # ⌊(H + 1)/4⌋ - 1 has a name as a whole, k*t + ⌊k*n/2⌋ for its rounding
        meant = size if isinstance(shift.number, int) else Size.of(rounding)
        found.inside[rounding] = Size.of(Symbol(name, low=None)) + (Size.of(rounding) - meant)
        found.meanings[name] = meant
    return found if len(found.meanings) >= LEAST else Naming()


def _sizes(shapes: Iterable[Shape]) -> Iterator[tuple[Size, str]]:
    """Every size of a tensor, sides first, with the letter a person would take for it."""
    for shape in shapes:
        letters = {1: "T", 2: "HW", 3: "DHW"}.get(shape.rank, "")
        yield from zip(shape.dims, letters.ljust(shape.rank, "N"), strict=True)
        yield shape.channels, "C"


def _rounding(size: Size) -> Atom | None:
    """The only rounding in a size, where it is a term by itself."""
    rounded = [(m, c) for m, c in size.terms.items() if any(_rounds(a) for a, _ in m)]
    if len(rounded) != 1:
        return None
    ((monomial, coefficient),) = rounded
    return monomial[0][0] if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1 else None


def _rounds(atom: Atom) -> bool:
    return isinstance(atom, Floor) or (isinstance(atom, Function) and atom.name in ("ceil", "divisible"))


def _fresh(atom: Atom, fallback: str, used: set[str]) -> str:
    """``H1`` for what is made of H alone, with the next number that is free."""
    own = {a.name for size in atom.inside() for a in size.symbols()}
    base = own.pop() if len(own) == 1 else fallback
    base = base if base.isalpha() else fallback
    return next(name for n in range(1, 10_000) if (name := f"{base}{n}") not in used)
