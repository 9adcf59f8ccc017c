"""The shape of a tensor: channels at positions, and apart from them a batch."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property, lru_cache

from symcost.record import record
from symcost.sizes.atoms import ONE, Size, Symbol, product
from symcost.sizes.notation import ASCII, Spelling, text


@lru_cache(4096)
def _positions(dims: tuple[Size, ...]) -> Size:
    return product(dims)


@record(lazy=True)
class Shape:
    """``channels @ dims``, ``batch`` times; ``ids`` are token numbers, one at each position and without channels."""

    channels: Size
    dims: tuple[Size, ...] = ()
    batch: Size = ONE
    ids: bool = False
    tag: object = field(default=None, compare=False, repr=False)  # of a tensor that a program names: which one it is

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Shape):
            return NotImplemented
        mine = self.channels, self.dims, self.batch, self.ids
        return mine == (other.channels, other.dims, other.batch, other.ids)

    @cached_property
    def _hash(self) -> int:
        return hash((self.channels, self.dims, self.batch, self.ids))

    @property
    def rank(self) -> int:
        return len(self.dims)

    @property
    def elements(self) -> tuple[Size, ...]:
        """The factors of `numel`."""
        return (self.batch, self.channels, *self.dims)

    @property
    def positions(self) -> Size:
        """Positions of one sample."""
        return _positions(self.dims)

    @property
    def size(self) -> Size:
        """Elements of one sample."""
        return self.channels * self.positions

    @cached_property
    def numel(self) -> Size:
        """Elements of the whole batch."""
        return product((self.batch, self.channels, self.positions))

    @property
    def vectors(self) -> Size:
        """How many channel vectors there are, in the whole batch."""
        return self.batch * self.positions

    def to(self, channels: Size | None = None, dims: tuple[Size, ...] | None = None) -> Shape:
        """The same batch with other channels or positions; token ids become numbers."""
        return Shape(self.channels if channels is None else channels, self.dims if dims is None else dims, self.batch)

    def subs(self, values: dict[Symbol, Size]) -> Shape:
        return replace(
            self,
            channels=self.channels.subs(values),
            dims=tuple(d.subs(values) for d in self.dims),
            batch=self.batch.subs(values),
        )

    def tuple(self) -> tuple[int, ...]:
        """``(batch, channels, *dims)`` as integers; token ids have no channels.

        Raises `ValueError` where a size is not a number.
        """
        sizes = (self.batch, *(() if self.ids else (self.channels,)), *self.dims)
        numbers = [s.number for s in sizes]
        if not all(isinstance(n, int) for n in numbers):
            raise ValueError(f"{self} is not numeric; give its symbols values with .at()")
        return tuple(int(n) for n in numbers)

    def text(self, spelling: Spelling = ASCII) -> str:
        """As the language writes it: ``64@112x112``, ``C@H x W``; parentheses around what is no name or number."""
        written = "ids" if self.ids else _slot(self.channels, spelling)
        if not self.dims:
            return written
        parts = [_slot(d, spelling) for d in self.dims]
        tight = all(d.number is not None for d in self.dims)
        cross = "x" if spelling.ascii else "×"
        return f"{written}@{cross.join(parts) if tight else f' {cross} '.join(parts)}"

    def __str__(self) -> str:
        return self.text()


def _slot(size: Size, spelling: Spelling) -> str:
    if isinstance(size.number, int):
        return str(size.number)
    written = text(size, spelling)
    bare = written.replace("_", "a").isalnum() or (written[0] in "⌊⌈" and written[-1] in "⌋⌉" and len(size.terms) == 1)
    return written if bare else f"({written})"
