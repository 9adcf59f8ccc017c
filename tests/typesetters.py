"""What is printed for papers and pages, given to those who set it: LaTeX, Typst, KaTeX and Temml, none of which may complain.

LaTeX and Typst get everything in few documents, so that they start once. KaTeX and Temml come from npm, in the versions of
`formulas/package-lock.json`, into `build/formulas`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from symcost import zoo
from symcost.claims import check
from symcost.cli import cli

ROOT = Path(__file__).parents[1]
PACKAGES = "amssymb amsmath booktabs longtable".split()  # noqa: SIM905

# What the command prints of a network, by what it is called here: all that has a formula in LaTeX or Typst.
LATEX = {
    "page": "show --latex",
    "sizes written out": "show -q --resolve --latex",
    "expanded": "show -q --form expanded --latex",
    "collected": "show -q --form collected --latex",
    "conventions": "show -q --convention exact --convention fvcore --latex",
    "derivation of MACs": "derive --latex",
    "derivation of parameters": "derive --convention params --latex",
    "derivation of activations": "derive --convention activations --latex",
    "derivation of all operations": "derive --convention exact --latex",
    "growth of FLOPs": "scale --latex",
    "growth of parameters": "scale --convention params --latex",
    "comparison": "compare --convention exact --convention flops --latex",
    "difference": "diff --convention fvcore --convention thop --latex",
    "proof": "prove --latex : flops == 2*macs",
    "refutation": "prove --latex : flops == macs + params",
    "memory": "memory --latex",
    "training": "train --latex",
    "receptive field": "receptive --latex",
}
TYPST = {
    "page": "show --typst",
    "sizes written out": "show -q --resolve --typst",
    "expanded": "show -q --form expanded --typst",
}
MARKDOWN = {
    "page in Markdown": "show --markdown",
    "derivation in Markdown": "derive --markdown",
    "memory in Markdown": "memory --markdown",
    "receptive field in Markdown": "receptive --markdown",
    "difference in Markdown": "diff --convention fvcore --convention thop --markdown",
    "proof in Markdown": "prove --markdown : flops == macs + params",
}


def calls(family: str) -> Iterator[str]:
    """Every network of a family with its parameters left open, and as the asserts of its file use it."""
    yield from zoo.nets(family)
    arch = zoo.load(family)
    assert all(diagnostic is None for _, diagnostic in check(arch))
    for binding in arch._program.nets().values():
        for known, values in list(arch._program.made):
            if known == id(binding):
                written = (f"{n}={str(v).lower() if isinstance(v, bool) else v}" for n, v in values)
                yield f"{binding.definition.name}({', '.join(written)})"


def printed(family: str, call: str, command: str) -> str | None:
    """What the command prints of a network of the zoo; None where it refuses, in its own words."""
    (name, *options), _, claim = command.partition(" : ")[0].split(), "", command.partition(" : ")[2]
    done = CliRunner().invoke(cli, [name, f"zoo/{family}", *([claim] if claim else []), "--net", call, *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), (family, call, command, done.exception)
    assert "error[over-limit]" not in done.stderr, (family, call, command)  # it took too long, which is no refusal
    return None if "error[" in done.stderr else done.stdout


def all_printed(family: str, call: str, commands: Mapping[str, str]) -> dict[str, str]:
    found = {what: printed(family, call, command) for what, command in commands.items()}
    return {f"{family} {call} {what}": text for what, text in found.items() if text is not None}


# ------------------------------------------------------------ LaTeX

needs_latex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")


def latex_complaints(
    fragments: Mapping[str, str], folder: Path, packages: Iterable[str] = PACKAGES
) -> dict[str, list[str]]:
    """What LaTeX says against fragments set in an article: errors, warnings, and what sticks out of the text."""
    names = list(fragments)
    body = (f"\\clearpage\\typeout{{@@@ {n}}}\n{fragments[name]}" for n, name in enumerate(names))
    head = ["\\documentclass{article}", *(f"\\usepackage{{{package}}}" for package in packages)]
    text = "\n".join([*head, "\\begin{document}", *body, "\\end{document}"])
    found: dict[str, list[str]] = {}
    for line in compiled(text, folder):
        if line.startswith("@@@ "):
            current = names[int(line[4:])]
        elif re.match(r"!|.*Warning|Overfull", line):
            found.setdefault(current, []).append(line)
    return found


def compiled(text: str, folder: Path) -> list[str]:
    """The log of a document in LaTeX, set twice: a long table finds its widths in the second run."""
    (folder / "paper.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "paper.tex"]
    for _ in range(2):
        subprocess.run(command, cwd=folder, capture_output=True, env={"max_print_line": "10000", "PATH": _path()})
    return (folder / "paper.log").read_text(encoding="latin-1").splitlines()


def _path() -> str:
    return str(Path(shutil.which("pdflatex") or "").parent)


# ------------------------------------------------------------ Typst

GUARD = """
#set page(margin: 25mm)
#let fits(it) = layout(room => {
  let size = measure(it)
  if size.width > room.width { panic("too wide: " + repr(size.width) + " of " + repr(room.width)) }
  it
})
#show math.equation.where(block: true): fits
#show table: fits
"""


def typst_complaints(pages: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What Typst says against pages, formulas and tables wider than the text included."""
    typst = pytest.importorskip("typst")
    found: dict[str, str] = {}
    for name, page in pages.items():
        (folder / "page.typ").write_text(GUARD + page, encoding="utf-8")
        try:
            assert typst.compile(str(folder / "page.typ"), format="pdf")[:4] == b"%PDF"
        except RuntimeError as error:
            found[name] = str(error)
    return found


# ------------------------------------------------------------ KaTeX and Temml


def formulas(text: str) -> Iterator[str]:
    """The formulas of a text in LaTeX or Markdown, each as it is given to the typesetter of a web page."""
    displays = re.compile(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", re.S)
    for display in displays.findall(text):
        for part in re.split(r"^\\intertext\{.*\}$", display, flags=re.M):
            if part.strip():
                yield rf"\begin{{align*}}{part.strip().removesuffix(_TURN)}\end{{align*}}"
    lines = displays.sub("", text).splitlines()
    yield from (formula for line in lines if not line.startswith("%") for formula in _INLINE.findall(line))


_TURN = "\\\\"
_INLINE = re.compile(r"(?<![\\$])\$([^$]+)\$")


@cache
def _checkers() -> Path:
    """The folder with KaTeX and Temml, installed once in the versions that are written down."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node with npm")
    wanted = Path(__file__).parent / "formulas"
    folder = ROOT / "build" / "formulas"
    locked = (wanted / "package-lock.json").read_bytes()
    stamp = folder / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != locked:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(wanted / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        if subprocess.run(command, cwd=folder, capture_output=True).returncode:
            pytest.skip("npm could not install KaTeX and Temml")
        stamp.write_bytes(locked)
    return folder


def web_complaints(texts: Iterable[str]) -> tuple[int, list[list[str]]]:
    """How many different formulas there are, and what KaTeX and Temml say against them in their strictest mode."""
    asked = sorted({formula for text in texts for formula in formulas(text)})
    command = ["node", str(Path(__file__).parent / "formulas" / "check.mjs"), str(_checkers())]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    found: list[list[str]] = json.loads(done.stdout)
    return len(asked), found


# ------------------------------------------------------------ MathML

LEAVES = {"mi", "mn", "mo", "mtext"}
ARITY = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "munderover": 3}
ANY = {"math", "mrow", "msqrt"}
ATTRIBUTES = {"form", "stretchy", "display", "mathvariant"}


def mathml_complaints(page: str) -> Iterator[str]:
    """What is wrong with the formulas of a page: elements outside of MathML Core, too few parts, text where none belongs."""
    for written in re.findall(r"<math\b.*?</math>", page, re.S):
        for element in ElementTree.fromstring(written).iter():
            leaf = element.tag in LEAVES
            if not leaf and element.tag not in ANY | ARITY.keys():
                yield f"unknown element {element.tag}: {written}"
            if bool((element.text or "").strip()) != leaf or (element.tail or "").strip():
                yield f"text outside of a leaf, or a leaf without: {written}"
            if len(element) != ARITY.get(element.tag, len(element)):
                yield f"{element.tag} with {len(element)} parts: {written}"
            if not element.attrib.keys() <= ATTRIBUTES:
                yield f"unknown attribute of {element.attrib}: {written}"
