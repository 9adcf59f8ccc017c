"""The names of the library's kinds as people write them: in any case, with numbers glued to them."""

from __future__ import annotations

import re
from functools import lru_cache

from symcost.layers.base import KINDS, Layer

_GLUED = re.compile(r"(.*?[^\d_×])((?:\d+)(?:[x×]\d+)*)$")


LONGEST = 4000  # digits that Python reads; how many may be written is for the parser to say


@lru_cache(4096)
def split_name(name: str) -> tuple[str, tuple[int, ...]] | None:
    """``conv1x7`` as ``("conv", (1, 7))``, nothing where no number is glued on."""
    found = _GLUED.match(name)
    if not found:
        return None
    numbers = re.split("[x×]", found[2])
    return (found[1], tuple(int(n) for n in numbers)) if max(map(len, numbers)) <= LONGEST else None


def kind_of(name: str) -> tuple[type[Layer], tuple[int, ...]] | None:
    """The library's kind for a layer name: exact, in lower case, or without the number glued to it."""
    for spelled in (name, name.lower()):
        if spelled in KINDS:
            return KINDS[spelled], ()
        parts = split_name(spelled)
        if parts is not None and parts[0] in KINDS:
            return KINDS[parts[0]], parts[1]
    return None
