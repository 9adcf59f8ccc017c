"""All that is printed for papers compiles: every kind of output of a dozen networks here, of the whole zoo with `-m slow`.

It is set in an article of LaTeX as it comes, 345 points wide, and on a page of Typst: no error, no warning, nothing that sticks
out. Every formula is taken by KaTeX and Temml in their strict modes.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner
from typesetters import (
    LATEX,
    MARKDOWN,
    TYPST,
    all_printed,
    calls,
    compiled,
    formulas,
    latex_complaints,
    mathml_complaints,
    needs_latex,
    typst_complaints,
    web_complaints,
)

import symcost
from symcost import zoo
from symcost.cli import cli

NETS = {
    "alexnet": "alexnet",
    "bert": "bert",
    "gpt": "gpt2",
    "llama": "llama",
    "mamba": "mamba",
    "mobilenet": "mobilenet_v2",
    "resnet": "resnet",
    "unet": "unet",
    "vgg": "vgg",
    "vit": "vit",
    "whisper": "whisper",
    "wideresnet": "wrn",
}
LONG = {"densenet": "densenet", "mvit": "mvit_v2", "video": "swin_3d"}  # formulas of hundreds of terms


@pytest.fixture(autouse=True, scope="module")
def _load_once() -> object:
    """The files of the zoo are read once, as they do not change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo, "load", cache(zoo.load))
        yield


@cache
def dozen(sort: str) -> dict[str, str]:
    """What is printed of a dozen networks; of the longest the page alone."""
    commands = {"LaTeX": LATEX, "Typst": TYPST, "Markdown": MARKDOWN}[sort]
    found: dict[str, str] = {}
    for family, net in NETS.items():
        found |= all_printed(family, net, commands)
    for family, net in LONG.items():
        found |= all_printed(family, net, {name: asked for name, asked in commands.items() if name.startswith("page")})
    return found


# ------------------------------------------------------------ a dozen networks


def test_latex_katex_and_temml(tmp_path: Path) -> None:
    """One test, as two would print everything twice where tests run side by side."""
    fragments = dozen("LaTeX")
    assert len(fragments) > 200
    number, complaints = web_complaints([*fragments.values(), *dozen("Markdown").values()])
    assert number > 1000 and complaints == []
    if shutil.which("pdflatex") is not None:
        assert latex_complaints(fragments, tmp_path) == {}


@needs_latex
def test_what_latex_says_is_heard(tmp_path: Path) -> None:
    wrong = {"wide": r"\rule{400pt}{1pt}", "error": r"\nothing", "fine": "$x$", "warning": r"\ref{nobody}"}
    assert set(latex_complaints(wrong, tmp_path)) >= {"wide", "error", "warning"}
    assert "fine" not in latex_complaints(wrong, tmp_path)


def test_typst(tmp_path: Path) -> None:
    assert typst_complaints(dozen("Typst"), tmp_path) == {}


def test_what_typst_says_is_heard(tmp_path: Path) -> None:
    wide = " + ".join(["x"] * 100)
    wrong = {"wide": f"$ {wide} $", "error": "$ nobody $", "fine": "$ x $"}
    assert set(typst_complaints(wrong, tmp_path)) == {"wide", "error"}


def test_what_katex_and_temml_say_is_heard() -> None:
    _, complaints = web_complaints([r"$\frac{1}{2$, $\nothing$, $é$"])
    assert {name for name, _, _ in complaints} == {"KaTeX", "Temml"}


def test_formulas_are_found() -> None:
    text = "% $a$\n\\begin{align*}\n  x &= 1 \\\\\n\\intertext{of $b$}\n  y &= 2\n\\end{align*}\nso $c$ and \\$5, $d$\n"
    found = list(formulas(text))
    assert found == [r"\begin{align*}x &= 1 \end{align*}", r"\begin{align*}y &= 2\end{align*}", "c", "d"]


@pytest.mark.parametrize("page", ["catalogue", "zoo", "layers", "errata"])
def test_pages_of_the_documentation(page: str) -> None:
    """Formulas between dollars, which GitHub sets as KaTeX does."""
    docs = Path(__file__).parents[1] / "docs"
    files = [docs / f"{page}.md", *(docs / page).glob("*.md")]
    number, complaints = web_complaints(file.read_text(encoding="utf-8") for file in files)
    assert number > 1
    assert complaints == []


def test_what_mathml_may_not_have_is_found() -> None:
    wrong = "<math><mfrac><mi>x</mi></mfrac></math><math>x</math><math><b/></math><math><mi class='a'>x</mi></math>"
    assert len(set(mathml_complaints(wrong))) >= 4
    assert list(mathml_complaints("<math><msup><mi>x</mi><mn>2</mn></msup></math>")) == []


@needs_latex
@pytest.mark.skipif(shutil.which("kpsewhich") is None, reason="no kpsewhich")
def test_plots_in_a_paper(tmp_path: Path) -> None:
    """A picture in PGF is set in the letters of the paper, with its symbols."""
    pytest.importorskip("matplotlib")
    if not _has("pgf.sty"):
        pytest.skip("no PGF is installed")
    net = "sym K, C_out input C@X x X conv(K)-C_out/2 relu conv3-64 gap fc-10"
    made = []
    for name, args in {
        "curve": ("--over", "X=8..64", "--set", "C=3,K=3,C_out=8"),
        "shares": ("--over", "X=8..64:8", "--by", "kind", "--set", "C=3,K=3,C_out=8"),
    }.items():
        done = CliRunner().invoke(cli, ["plot", net, *args, "-o", str(tmp_path / f"{name}.pgf")])
        assert done.exit_code == 0, done.output
        made.append(rf"\noindent\resizebox{{\linewidth}}{{!}}{{\input{{{name}.pgf}}}}")
    text = "\n".join(
        [r"\documentclass{article}", r"\usepackage{amsmath,pgf}", r"\begin{document}", *made, r"\end{document}"]
    )
    log = compiled(text, tmp_path)
    assert [line for line in log if line.startswith(("!", "Overfull")) or "Warning" in line] == []
    assert (tmp_path / "paper.pdf").stat().st_size > 10_000


def _has(file: str) -> bool:
    return subprocess.run(["kpsewhich", file], capture_output=True).returncode == 0


# ------------------------------------------------------------ the whole zoo


@pytest.mark.slow
@pytest.mark.parametrize("family", zoo.families())
def test_all_of_a_family(family: str, tmp_path: Path) -> None:
    """Every network of a file of the zoo, open and as its asserts use it: everything that can be printed of it."""
    latex: dict[str, str] = {}
    typst: dict[str, str] = {}
    markdown: dict[str, str] = {}
    asked = list(dict.fromkeys(calls(family)))
    for call in asked:
        latex |= all_printed(family, call, LATEX)
        typst |= all_printed(family, call, TYPST)
        markdown |= all_printed(family, call, MARKDOWN)
    if shutil.which("pdflatex") is not None:
        names = iter(latex)
        while batch := list(islice(names, 400)):
            assert latex_complaints({name: latex[name] for name in batch}, tmp_path) == {}
    assert typst_complaints(typst, tmp_path) == {}
    number, complaints = web_complaints([*latex.values(), *markdown.values()])
    assert complaints == []
    print(f"{family}: {len(asked)} networks, {len(latex)} in LaTeX, {len(typst)} in Typst, {number} formulas")


@pytest.mark.slow
@pytest.mark.parametrize("family", zoo.families())
def test_mathml_of_a_family(family: str, tmp_path: Path) -> None:
    """The report of every network: its formulas are MathML Core."""
    for number, call in enumerate(dict.fromkeys(calls(family))):
        page = tmp_path / f"{number}.html"
        done = CliRunner().invoke(cli, ["report", f"zoo/{family}", "--net", call, "-o", str(page)])
        if done.exit_code == 0:
            written = page.read_text(encoding="utf-8")
            assert "<math" in written
            assert list(mathml_complaints(written)) == []
        else:
            assert "error[" in done.stderr and "error[over-limit]" not in done.stderr, (call, done.exception)


def test_every_command_is_asked() -> None:
    """A command that learns to write LaTeX or Typst is compiled here too."""
    asked = {command.split()[0] for command in (*LATEX.values(), *TYPST.values())}
    knowing = {name for name, command in cli.commands.items() if {"--latex", "--typst"} & _options(command)}
    assert knowing - {"zoo"} == asked  # `zoo` prints as `show` does
    assert symcost.__version__


def _options(command: object) -> set[str]:
    return {option for parameter in getattr(command, "params", ()) for option in parameter.opts}
