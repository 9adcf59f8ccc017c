"""The site: the pages of docs/, those of the diagnostics, and the README, in their own places.

    python dev.py docs

The source folder is the project's, so that a link from one page to another is the same link here and where the project is
hosted. Nothing is fetched, neither to build nor to read: formulas are MathML.
"""

import html
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.utils.math import latex2mathml
from pygments.lexer import RegexLexer, bygroups
from pygments.token import Generic, Text
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from symcost import __version__  # noqa: E402
from symcost.editors.pygments_lexer import SymcostLexer  # noqa: E402

project = "symcost"
author = copyright = "The symcost maintainers"
version = release = __version__

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["README.md", "docs/**.md", "tests/diagnostics/*.md"]
exclude_patterns = [".*", "build", "dist", "symcost", "benchmarks", "grammar", "tests/data"]

CONTENTS = {
    "Tutorials": ["tutorials/paper", "tutorials/scaling", "tutorials/latex"],
    "At hand": ["cheatsheet", "language", "cli", "api", "counting", "counters", "limits", "editors"],
    "Made from the code": ["layers", "conventions", "zoo", "catalogue", "diagnostics"],
    "To add to it": ["howto/layer", "howto/convention", "howto/network"],
    "How it is made": ["architecture", "testing", "performance", "errata", "changelog"],
}
BELOW = {"docs/catalogue": "/docs/catalogue/*", "docs/diagnostics": "/tests/diagnostics/*"}

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

suppress_warnings = [
    "misc.highlighting_failure"
]  # the programs of the diagnostics are wrong, some from their first sign

html_theme = "furo"
html_title = "symcost"
html_copy_source = html_show_sourcelink = False
html_static_path = ["site"]
html_css_files = ["site.css"]


def contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Where the pages stand in the site, added to the pages that lead to them: no page needs to know of Sphinx."""
    if page == root_doc:
        source[0] += "".join(toctree(pages, caption) for caption, pages in CONTENTS.items())
        source[0] += toctree(["/README"], "The project")
    elif page in BELOW:
        source[0] += toctree([BELOW[page]])


def toctree(pages: list[str], caption: str = "") -> str:
    options = ":hidden:\n:glob:\n" + (f":caption: {caption}\n" if caption else "")
    return "\n".join(["\n\n```{toctree}", options, *pages, "```\n"])


def inline(writer: object, node: nodes.math) -> None:
    """A formula in a line of text, as MathML."""
    writer.body.append(mathml(node.astext(), block=False))
    raise nodes.SkipNode


def displayed(writer: object, node: nodes.math_block) -> None:
    """A formula of its own, as MathML."""
    writer.body.append(f'<div class="math">{mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def mathml(formula: str, block: bool) -> str:
    """A formula in LaTeX as MathML; what cannot be read is an error of the build."""
    formula = formula.strip().replace("·", r"\cdot ")
    made = latex2mathml.tex2mathml(formula, as_block=block)
    return made.replace("<math ", f'<math alttext="{html.escape(formula)}" ', 1)


class Session(RegexLexer):
    """Commands and what they print."""

    name = "Session"
    aliases: ClassVar = ["console"]
    tokens: ClassVar = {"root": [(r"^(\$ )(.*\n)", bygroups(Generic.Prompt, Text)), (r".*\n", Generic.Output)]}


def setup(app: Sphinx) -> None:
    app.connect("source-read", contents)
    app.add_lexer("console", Session)
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    app.add_lexer("arch", SymcostLexer)
