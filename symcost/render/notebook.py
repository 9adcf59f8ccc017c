"""Results in a notebook: Markdown with formulas between dollars, and plain text for those that show no Markdown."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

from rich.console import Console

from symcost.architecture import Architecture, Row, Rows
from symcost.comparison import Comparison
from symcost.derive import Derivation
from symcost.difference import Difference
from symcost.explain import Explanation
from symcost.growth import Scaling
from symcost.invert import Answer
from symcost.proving import Proof
from symcost.render import causes, derivation, growth, markdown, proofs, readings
from symcost.render.figures import si
from symcost.render.terminal import plain


def bundle(result: object) -> dict[str, str]:
    """A result by its media types."""
    match result:
        case Architecture():
            return _both(repr(result), markdown.table(result))
        case Row():
            return _both(repr(result), markdown.layers((result,)))
        case Rows():
            return _both(repr(tuple(result)), markdown.layers(result))
        case Derivation():
            return _both(derivation.plain(result), derivation.markdown(result))
        case Difference():
            return _both(_printed(lambda console: causes.show(result, console)), causes.markdown(result))
        case Explanation():
            figure = si(result.value)
            text = _printed(lambda console: readings.show(result, figure, console))
            return _both(text, readings.markdown(result, figure))
        case Proof():
            return _both(_printed(lambda console: proofs.show(result, console)), proofs.markdown(result))
        case Scaling() | Comparison() | Answer():
            return _both(_printed(lambda console: growth.result_text(result, console)), growth.result_markdown(result))
    raise TypeError(type(result))


def _both(text: str, page: str) -> dict[str, str]:
    return {"text/plain": text.rstrip("\n"), "text/markdown": page}


def _printed(show: Callable[[Console], None]) -> str:
    """What a terminal of 100 columns would show."""
    stream = StringIO()
    show(plain(stream))
    return stream.getvalue()
