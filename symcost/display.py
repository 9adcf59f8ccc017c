"""How a result shows itself where it is the last line of a notebook's cell: Jupyter, marimo, IPython."""

from __future__ import annotations

from typing import Any


class Displayed:
    """What a notebook shows as Markdown with formulas, and a terminal as text."""

    __slots__ = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from symcost.render.notebook import bundle

        return bundle(self)
