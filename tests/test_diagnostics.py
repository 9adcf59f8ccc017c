"""Every error message, whole.

``diagnostics/<code>.md`` is the page of the documentation for one code: what it means, what to do, and examples. An example
is a fenced block of the language (``arch``), of Python (``python``) or of the command line (``console``), and behind it the
complete output in a block ``text``. The programs and commands find the files of ``diagnostics/files`` in their folder.

    UPDATE_GOLDEN=1 python -m pytest tests/test_diagnostics.py

writes the outputs anew. Read the difference before you commit it.
"""

from __future__ import annotations

import ast
import os
import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

import symcost
from symcost.claims import check
from symcost.cli import cli
from symcost.source import SHOWN

PAGES = Path(__file__).parent / "diagnostics"
FILES = PAGES / "files"
PACKAGE = Path(symcost.__file__).parent
CODES = sorted(page.stem for page in PAGES.glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


# ------------------------------------------------------------------------------------------ the pages


@dataclass(frozen=True)
class Example:
    """A program, script or command, and what it says."""

    code: str
    number: int
    language: str
    text: str
    output: str


def examples(code: str) -> list[Example]:
    blocks = BLOCK.findall((PAGES / f"{code}.md").read_text(encoding="utf-8"))
    pairs = zip(blocks[::2], blocks[1::2], strict=True)
    found = []
    for number, ((language, text), (answer, output)) in enumerate(pairs, start=1):
        assert (language in RUN, answer) == (True, "text"), f"{code}: {language}, {answer}"
        found.append(Example(code, number, language, text, output))
    return found


def told(error: symcost.SymcostError) -> str:
    return f"{error}\n"


def run_arch(text: str, folder: Path) -> str:
    """What is wrong with a program, with its costs, or with what it asserts."""
    try:
        net = symcost.parse(text.removesuffix("\n"), "net.arch", folder)
        _ = net.params
        wrong = [d for _, d in check(net) if d is not None]
        return told(symcost.SymcostError(wrong)) if wrong else ""
    except symcost.SymcostError as error:
        return told(error)


def run_python(text: str, folder: Path) -> str:
    script = folder / "example.py"
    script.write_text(text, encoding="utf-8")
    try:
        runpy.run_path(str(script))
    except symcost.SymcostError as error:
        return told(error)
    return ""


def run_console(text: str, folder: Path) -> str:
    output = ""
    for line in text.splitlines():
        program, *args = shlex.split(line.removeprefix("$ "))
        assert program == "symcost"
        result = CliRunner().invoke(cli, args, prog_name="symcost")
        assert result.exit_code == 1, result.output
        output += result.output
    return output


RUN = {"arch": run_arch, "python": run_python, "console": run_console}
EXAMPLES = [e for code in CODES for e in examples(code)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files the examples speak of, as the current one."""
    shutil.copytree(FILES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rewritten(example: Example, output: str) -> None:
    page = PAGES / f"{example.code}.md"
    blocks = iter(range(2 * len(examples(example.code))))

    def block(found: re.Match[str]) -> str:
        return f"```text\n{output}```\n" if next(blocks) == 2 * example.number - 1 else found[0]

    page.write_text(BLOCK.sub(block, page.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.code}-{e.number}")
def test_example(example: Example, folder: Path) -> None:
    output = RUN[example.language](example.text, folder)
    if os.environ.get("UPDATE_GOLDEN"):
        rewritten(example, output)
        return
    assert output == example.output
    assert f"[{example.code}]" in output


@pytest.mark.parametrize("code", CODES)
def test_page(code: str) -> None:
    """A title, a sentence or more, at least one example."""
    text = (PAGES / f"{code}.md").read_text(encoding="utf-8")
    title, prose, *_ = text.split("\n\n")
    assert title == f"# {code}"
    assert prose.rstrip().endswith((".", ":")) and not prose.startswith("```")
    assert examples(code)
    assert all(len(line) <= 130 for line in prose.splitlines())


# ------------------------------------------------------------------------------------------ the codes of the source

PLACES = {  # where the code stands among the arguments
    "Diagnostic": 0,
    "fail": 0,
    "LayerError": 0,
    "at_least": 3,
    "equal": 3,
    "divisible": 3,
    "Condition": 4,
}


def emitted() -> set[str]:
    """Every code the package can say, read from its syntax trees."""
    found: set[str] = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.ClassDef) and function.name == "Condition":
                found |= {t for a in function.body if isinstance(a, ast.AnnAssign) for t in default(a)}
            if not isinstance(function, ast.FunctionDef):
                continue
            found |= set(defaults(function))
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                for code in codes(call):
                    found |= set(resolved(code, function, path))
    return found


def codes(call: ast.Call) -> Iterator[ast.expr]:
    """The expression that is the code of a call, if the call makes something that has one."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in PLACES or ast.unparse(call.func).startswith("lsp."):  # the protocol has a Diagnostic of its own
        return
    named = [k.value for k in call.keywords if k.arg == "code"]
    yield from named or call.args[PLACES[name] : PLACES[name] + 1]


def defaults(function: ast.FunctionDef) -> Iterator[str]:
    """``code: str = "layer-needs"``."""
    args = [*function.args.posonlyargs, *function.args.args]
    for arg, value in zip(reversed(args), reversed(function.args.defaults), strict=False):
        if arg.arg == "code":
            yield from strings(value)


def default(field: ast.AnnAssign) -> Iterator[str]:
    """The same, of a dataclass."""
    return strings(field.value) if getattr(field.target, "id", "") == "code" else iter(())


def strings(node: ast.expr | None) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from strings(node.body)
            yield from strings(node.orelse)


def resolved(code: ast.expr, function: ast.FunctionDef, path: Path) -> list[str]:
    """A code written there, or in the assignments to its name; nothing for one that is handed on."""
    if isinstance(code, ast.Attribute) and code.attr == "code":
        return []
    if isinstance(code, ast.Name):
        if code.id in {a.arg for a in function.args.args}:
            return []
        assigned = [a.value for a in ast.walk(function) if isinstance(a, ast.Assign) and names(a) == [code.id]]
        found = [text for value in assigned for text in strings(value)]
    else:
        found = list(strings(code))
    assert found, f"{path.name}:{code.lineno}: write the code out where it is used: {ast.unparse(code)}"
    return found


def names(node: ast.Assign) -> list[str]:
    return [getattr(t, "id", "") for t in node.targets]


def test_every_code_has_its_page() -> None:
    assert emitted() - set(CODES) == set()


def test_every_page_has_its_code() -> None:
    assert set(CODES) - emitted() == set()


# ------------------------------------------------------------------------------------------ every message

EXCERPT = re.compile(r"^( *)(\d+) \| ?(.*)\n\1 *\| ( *)(\^+)$", re.MULTILINE)
FOREIGN = re.compile(
    r"\b(?:Token|Symbol|Size|Ref|Tree|NoneType|Traceback|[A-Z]*LPAR|L?NAME|GLUED|SINUM|__ANON\w*|ceiling)\b|<class"
)


def errors(text: str) -> tuple[symcost.Diagnostic, ...]:
    with pytest.raises(symcost.SymcostError) as caught:
        symcost.parse(text, "net.arch")
    return caught.value.diagnostics


def carets(diagnostic: symcost.Diagnostic) -> str:
    """What stands above the carets."""
    found = EXCERPT.search(str(diagnostic))
    assert found, str(diagnostic)
    line, before, marks = found[3], len(found[4]), len(found[5])
    return line[before : before + marks]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.code}-{e.number}")
def test_carets_stand_under_the_line(example: Example) -> None:
    for _, _, line, before, marks in EXCERPT.findall(example.output):
        assert len(before) + len(marks) <= len(line), line
    assert example.output.count("\n --> ") == len(EXCERPT.findall(example.output))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.code}-{e.number}")
def test_messages_speak_of_the_program(example: Example) -> None:
    """No words of the parser, of Python or of SymPy, and no line so long that nobody reads it."""
    said = [line for line in example.output.splitlines() if line.startswith("error[") or " = " in line[:9]]
    assert said
    for line in said:
        assert not FOREIGN.search(line)
        assert len(line) <= 130
        assert not line.endswith(".")


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("input 3@8x8\n\tconv3-8\tbogus relu", "bogus"),
        ("input 3@8x8\r\nrelu bogus\r\n", "bogus"),
        ("\ufeffinput 3@8x8 bogus", "bogus"),
        ("input 3@8x8 " + "relu " * 100 + "bogus", "bogus"),
        ("input 3@8x8 bogus " + "relu " * 100, "bogus"),
        ("input 3@8x8 " + "relu " * 100 + "bogus " + "relu " * 100, "bogus"),
        ("input 3@8x8 " + "relu " * 100 + "b" * 200, "b" * 63 + "…"),
        ("input 3@8x8 conv3-(\n  4 +\n  K)", "K"),
        ("input 3@8x8 conv3-64(\n  groups=4\n)", "conv3-64("),
        ("input 3@8x8\nconv3-", "-"),
        ('import "#" # a comment\nconv3-\n\n# another', "-"),
        ('import "#', '"'),
    ],
    ids=range(12),
)
def test_carets_stand_under_the_word(text: str, under: str) -> None:
    (diagnostic,) = errors(text)
    assert carets(diagnostic) == under


def test_carets_under_wide_letters() -> None:
    """A letter of two columns moves the carets by two, and has two."""
    (first, second) = errors("sym n\ninput 3@8x8\n名前-4 bogus é bogus"[:-8])
    assert str(first).splitlines()[-2:] == ["  | ^^^^", "  = help: 'symcost layers' lists them"]
    assert str(second).splitlines()[-2].index("^") == len("3 | 名前-4 ") + 2


def test_errors_are_told_together() -> None:
    """Each line has its own mistake; none follows from another."""
    text = "input 3@X x X\nlet a = b\nset conv.bais = true\nconv3-64(pading=1)\nconv3-K\nsoftmux\nassume Z > 3"
    assert [(d.code, carets(d)) for d in errors(text)] == [
        ("unknown-name", "b"),
        ("unknown-setting", "set conv.bais = true"),
        ("unknown-option", "pading"),
        ("unknown-name", "K"),
        ("unknown-layer", "softmux"),
        ("unknown-name", "Z"),
    ]


def test_syntax_errors_are_told_together() -> None:
    text = "input 3x8x8\nconv3-64, relu\nmaxpool\nlet a = (1,000)\nassert params = 3\nrelu"
    assert [(d.code, carets(d)) for d in errors(text)] == [
        ("unexpected-token", "x"),
        ("unexpected-token", ","),
        ("unexpected-token", ","),
        ("unexpected-token", "="),
    ]


def test_one_mistake_is_told_once() -> None:
    """What follows an unknown shape is checked for its names, and not for its shapes."""
    text = "input 3@8x8\nconv3-64(groups=5) conv9-8(pad=0) : 4@4x4 fc-10 embed(3)-4"
    assert [d.code for d in errors(text)] == ["groups"]


def test_many_errors_are_cut_off() -> None:
    with pytest.raises(symcost.SymcostError) as caught:
        symcost.parse("input 3@8x8\n" + "bogus\n" * 500)
    assert len(caught.value.diagnostics) == 500
    assert str(caught.value).count("error[") == SHOWN
    assert str(caught.value).endswith(f"\n\n... and {500 - SHOWN} more")
