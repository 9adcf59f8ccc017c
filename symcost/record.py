"""Dataclasses for what is made by the hundred thousand: for the type checker they never change, for Python they are plain.

``frozen=True`` sets every field through ``object.__setattr__``, and an object takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, kw_only: bool = False, lazy: bool = False) -> Callable[[type[T]], type[T]]:
    """A dataclass with slots, equal and hashed by its fields; a ``lazy`` one has cached properties and a hash of its own."""
    return dataclass(slots=not lazy, unsafe_hash=not lazy, kw_only=kw_only)
