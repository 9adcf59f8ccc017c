"""A figure as a file: the same bytes every time, and what LaTeX wants of its texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from symcost.plot.style import STYLE
from symcost.source import Diagnostic, SymcostError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("pdf", "svg", "pgf", "png")


def picture(figure: Figure, form: str) -> bytes:
    """A figure as the bytes of a file: ``pdf``, ``svg``, ``pgf`` or ``png``; the same bytes every time.

    Raises `SymcostError` for ``pgf`` where there is no LaTeX to measure text with.
    """
    import matplotlib

    undated: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    more = {"metadata": undated[form]} if form in undated else {}
    stream: Any = StringIO() if form == "pgf" else BytesIO()
    with matplotlib.rc_context(STYLE), _for_tex(figure) if form == "pgf" else nullcontext():
        figure.savefig(stream, format=form, **more)
    found = stream.getvalue()
    return found.encode() if isinstance(found, str) else bytes(found)


@contextmanager
def _for_tex(figure: Figure) -> Iterator[None]:
    """With the texts of a figure as LaTeX wants them."""
    from matplotlib.backends.backend_pgf import LatexError
    from matplotlib.text import Text

    plain: list[tuple[Any, str]] = [(t, t.get_text()) for t in figure.findobj(Text)]
    for artist, text in plain:
        artist.set_text(tex(text))
    try:
        yield
    except (FileNotFoundError, RuntimeError):
        message = "a PGF picture is measured by LaTeX, and there is no pdflatex here"
        raise SymcostError(Diagnostic("missing-extra", message, help="write a PDF instead")) from None
    except (ValueError, LatexError) as error:
        message = f"LaTeX cannot set a text of this figure: {str(error).splitlines()[0]}"
        raise SymcostError(Diagnostic("unwritable", message, help="use other labels, or write a PDF instead")) from None
    finally:
        for artist, text in plain:
            artist.set_text(text)


def tex(text: str) -> str:
    r"""A text outside of its ``$...$`` with what LaTeX reads as commands escaped; a dollar itself is ``\$`` already."""
    between = re.split(r"(?<!\\)\$", text)
    signs = {
        "\\$": r"\textdollar{}",
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "\u2009": r"\,",
        "\u2212": "$-$",
    }
    for i in range(0, len(between), 2):
        between[i] = re.sub(r"\\\$|[&#_{}~\u2009\u2212\\]", lambda m: signs.get(m[0], f"\\{m[0]}"), between[i])
    return "$".join(between)
