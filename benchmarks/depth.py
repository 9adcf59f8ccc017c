"""A repeat costs the same at every depth."""

from __future__ import annotations

from measure import Line, best
from warm import counted


def lines(rounds: int) -> list[Line]:
    body = "conv3-64 bn relu"
    texts = {
        "x 2": f"input 64@X x X [{body}] x 2",
        "x 1000000": f"input 64@X x X [{body}] x 1000000",
        "x n": f"sym n\ninput 64@X x X [{body}] x n",
    }
    two, *others = best([lambda text=text: counted(text) for text in texts.values()], 20 * rounds)  # type: ignore[misc]
    named = zip(list(texts)[1:], others, strict=True)
    return [Line(f"[{body}] {name}", time, "the same x 2", two, most=1.5) for name, time in named]
