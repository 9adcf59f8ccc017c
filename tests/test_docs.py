"""The documentation says what is so: its examples are run, and its lists are compared with the code.

The word behind a fence says what a block is:

    arch [FILE]         a program: it resolves and its asserts hold; with a name, the commands below it find it as a file
    arch error CODE     a program that is refused with that code
    python              a session, with one namespace for each file
    console             ``$ symcost ...`` and what it prints in 80 columns; also ``$ cat FILE | symcost - ...``
    toml FILE           a file, for the commands below it

Other blocks are text (``text``, ``sh``, ``json``, ``latex``) and not run. Lists between ``<!-- list NAME -->`` and
``<!-- end -->`` are made from the code. ``UPDATE_DOCS=1 pytest tests/test_docs.py`` writes outputs and lists anew; read the
difference before you keep it.
"""

from __future__ import annotations

import ast
import doctest
import os
import re
import shlex
import shutil
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import symcost
from symcost.cli import cli
from symcost.conventions import convention
from symcost.conventions import names as convention_names
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import STD
from symcost.graph.scope import DOMAINS, RESERVED
from symcost.graph.values import ARITY, FIELDS
from symcost.layers import KINDS, known
from symcost.limiting import Limits
from symcost.ops import MEANING, Op
from symcost.parser import grammar_path
from symcost.parser import parse as parse_syntax
from symcost.render.conventions import page as conventions_page
from symcost.render.kinds import page as kinds_page
from symcost.render.zoo import page as zoo_page
from symcost.sizes.functions import FUNCTIONS
from symcost.syntax import Block, LayerDef

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(p for p in (ROOT / "README.md", *DOCS.rglob("*.md")) if p.exists())
RUN = [p for p in PAGES if p.parent.name != "catalogue"]  # their programs are entries, and derived by test_catalogue.py
UPDATE = os.environ.get("UPDATE_DOCS") == "1"
COMMANDS = ("$ symcost", "$ cat")
NOT_RUN = ("", "text", "sh", "json", "latex", "bibtex")
INTERNAL = {"power"}  # functions that are operators of the language

FENCE = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<body>.*?)^```$", re.M | re.S)
LISTED = re.compile(r"(?<=<!-- list )(?P<name>[\w-]+) -->\n(?P<body>.*?)(?=<!-- end -->)", re.S)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ------------------------------------------------------------ examples


class Session:
    """One page: its names, its files, and its blocks run in order."""

    def __init__(self, page: Path, text: str) -> None:
        self.page, self.text = page, text
        self.globals: dict[str, Any] = {"__name__": "__main__"}

    def renewed(self) -> str:
        """The page with what its examples give now."""
        return FENCE.sub(self._block, self.text)

    def _block(self, found: re.Match[str]) -> str:
        info, body = found["info"].strip(), found["body"]
        kind, *words = info.split()[:1], *info.split()[1:]
        line = self.text.count("\n", 0, found.start()) + 1
        where = f"{names(self.page)}:{line}"
        match kind:
            case ["arch"]:
                info = self._program(body, words, where)
            case ["python"]:
                body = self._python(body, line, where)
            case ["console"]:
                body = self._console(body, where)
            case ["toml"]:
                _write(words, body)
            case _:
                assert info in NOT_RUN, f"{where}: a block of '{info}' is not run; use one of {NOT_RUN}"
        return f"```{info}\n{body}```"

    def _program(self, body: str, words: list[str], where: str) -> str:
        """Check a program; the words of its fence as they ought to be."""
        match words:
            case ["error", code]:
                with pytest.raises(symcost.SymcostError) as error:
                    symcost.parse(body, where)
                assert code in {d.code for d in error.value.diagnostics}, f"{where}: {error.value}"
                return f"arch error {code}"
        self._holds(body, where)
        _write(words, body)
        return " ".join(["arch", *words])

    def _holds(self, body: str, where: str) -> None:
        try:
            failed = symcost.parse(body, where, Path.cwd()).check()
        except symcost.SymcostError as error:
            pytest.fail(f"{where} is refused:\n{error}")
        assert not failed, "\n".join(map(str, failed))

    def _python(self, body: str, line: int, where: str) -> str:
        parts = doctest.DocTestParser().parse(body, where)
        examples = [p for p in parts if isinstance(p, doctest.Example)]
        assert examples, f"{where}: a session has lines that start with '>>>'"
        runner = _Recorder()
        runner.run(
            doctest.DocTest(examples, self.globals, where, str(self.page), line, body),
            out=lambda _: None,
            clear_globs=False,
        )
        self.globals = runner.globals
        outputs = iter(runner.outputs)
        return "".join(p if isinstance(p, str) else _prompted(p.source) + next(outputs) for p in parts)

    def _console(self, body: str, where: str) -> str:
        assert body.startswith(COMMANDS), f"{where}: a console block starts with one of {COMMANDS}"
        return "".join(f"$ {command}\n{printed(command)}" for command in commands(body))


def _write(files: list[str], body: str) -> None:
    for name in files:
        Path(name).write_text(body, encoding="utf-8", newline="\n")


class _Recorder(doctest.DocTestRunner):
    """Runs examples and keeps what they print, in the form of a session."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.outputs: list[str] = []
        self.globals: dict[str, Any] = {}

    def run(self, test: doctest.DocTest, *args: Any, **named: Any) -> Any:
        result = super().run(test, *args, **named)
        self.globals = test.globs
        return result

    def report_success(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.outputs.append(example.want)

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        self.outputs.append(re.sub(r"^$(?=\n)", "<BLANKLINE>", got, flags=re.M))

    def report_unexpected_exception(self, out: Any, test: Any, example: doctest.Example, exc_info: Any) -> None:
        if not UPDATE:
            raise exc_info[1].with_traceback(exc_info[2])
        self.outputs.append(f"Traceback (most recent call last):\n    ...\n{exc_info[0].__name__}: {exc_info[1]}\n")


def _prompted(source: str) -> str:
    first, *rest = source.rstrip("\n").split("\n")
    return "\n".join([f">>> {first}", *(f"... {line}".rstrip() for line in rest)]) + "\n"


def commands(body: str) -> Iterator[str]:
    """The commands of a console block. A command goes on while a quote is open."""
    lines = iter(body.splitlines())
    for line in lines:
        if not line.startswith(COMMANDS):
            continue  # what a command printed; Typst has lines that begin with "$ " too
        command = line[2:]
        while _is_open(command):
            command += "\n" + next(lines)
        yield command


def _is_open(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def printed(command: str) -> str:
    """What a terminal of 80 columns shows for a command."""
    words, given = shlex.split(command), None
    if words[:1] == ["cat"] and words[2:3] == ["|"]:
        given, words = read(Path(words[1])), words[3:]
    if words[0] == "cat":
        return read(Path(words[1]))
    assert words[0] == "symcost", f"only symcost and cat are run, not {words[0]}"
    env = {"COLUMNS": "80", "NO_COLOR": "1"}
    done = CliRunner(env=env).invoke(cli, words[1:], input=given, prog_name="symcost", catch_exceptions=False)
    slow = "symcost: computing for "  # said on a busy machine
    return "".join(f"{line.rstrip()}\n" for line in done.output.splitlines() if not line.startswith(slow))


@pytest.mark.parametrize("path", RUN, ids=names)
def test_the_examples_give_what_is_printed(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if (ROOT / "examples").exists():
        shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    text = read(path)
    kinds = dict(KINDS)
    try:
        renewed = Session(path, text).renewed()
    finally:  # a page may show how a kind is made
        KINDS.clear()
        KINDS.update(kinds)
    if UPDATE and renewed != text:
        path.write_text(renewed, encoding="utf-8", newline="\n")
        text = renewed
    assert text == renewed


# ------------------------------------------------------------ lists made from the code


def keywords() -> set[str]:
    """The words of the grammar, and those with a fixed meaning besides."""
    return set(re.findall(r'^[A-Z]+:\s+"([a-z]+)"$', read(grammar_path()), re.M)) | RESERVED


def _filled(words: list[str]) -> str:
    return textwrap.fill(" ".join(f"`{w}`" for w in words), 110, break_long_words=False) + "\n"


FAMILIES = {
    "conv": "Convolution",
    "pool": "Pooling",
    "dense": "Fully connected",
    "embedding": "Tokens to vectors and back",
    "recurrent": "Recurrent",
    "attention": "Attention",
    "position": "Where a token stands, and weights added or multiplied",
    "norm": "Normalisation",
    "activation": "Activation",
    "reshape": "Moving and copying",
}


def signatures() -> str:
    """Every kind as it is written, by family."""
    by_family: dict[str, list[str]] = {}
    for kind in known():
        also = f"        also: {', '.join(kind.aliases)}" if kind.aliases else ""
        signature = "\n".join(textwrap.wrap(kind.signature, 108, subsequent_indent="    "))
        by_family.setdefault(kind.__module__.rpartition(".")[2], []).append(signature + also)
    unknown = [f for f in by_family if f not in FAMILIES]
    order = [*(f for f in FAMILIES if f in by_family), *unknown]
    parts = [f"{FAMILIES.get(f, f)}:\n\n```text\n" + "\n".join(by_family[f]) + "\n```\n" for f in order]
    return "\n" + "\n".join(parts) + "\n"


def prices() -> str:
    """Every primitive operation with its price in our own conventions."""
    rules = [convention(name) for name in ("macs", "flops", "exact")]
    lines = [f"| operation | what is counted | {' | '.join(f'`{r.name}`' for r in rules)} |"]
    lines += [f"|---|---|{'---|' * len(rules)}"]
    for op in Op:
        cells = " | ".join(str(r.prices.get(op, "")) for r in rules)
        lines.append(f"| `{op}` | {MEANING[op]} | {cells} |".replace("|  ", "| "))
    return "\n" + "\n".join(lines) + "\n\n"


def modules() -> str:
    """The standard library: what the first lines of every module say, and how its parts are called."""
    lines = ["| module | holds | parts |", "|---|---|---|"]
    for path in sorted(STD.glob("*.arch")):
        text = read(path)
        said = re.match(r"((?:# .*\n)+)", text)
        assert said, f"{path.name} begins with a comment: what it holds, and how it is imported"
        title, _, rest = said[0].replace("\n# ", " ").removeprefix("# ").partition("import ")
        wanted = re.findall(r"\w+", rest.partition("(")[2].partition(")")[0])
        heads = {i.head.name: i.head.span.text for i in parse_syntax(text).items if isinstance(i, Block | LayerDef)}
        parts = ", ".join(f"`{heads[name]}`" for name in wanted if name in heads)
        lines.append(f"| `std.{path.stem}` | {title.strip().removesuffix('.')} | {parts} |")
    return "\n" + "\n".join(lines) + "\n\n"


def diagnostics() -> str:
    """Every code with the first sentence of its page."""
    lines = ["| code | what is wrong |", "|---|---|"]
    for path in sorted((ROOT / "tests" / "diagnostics").glob("*.md")):
        about = read(path).split("\n\n")[1].replace("\n", " ")
        first = re.split(r"(?<=[.:;]) ", about)[0].rstrip(":;")
        lines.append(f"| [{path.stem}](../tests/diagnostics/{path.name}) | {first} |")
    return "\n" + "\n".join(lines) + "\n\n"


def limits() -> str:
    """Every limit with its value."""
    lines = ["| limit | | of |", "|---|---|---|"]
    lines += [f"| `{f.name}` | {f.default} | {f.metadata['meaning']} |" for f in fields(Limits)]
    return "\n" + "\n".join(lines) + "\n\n"


LISTS: dict[str, Callable[[], str]] = {
    "limits": limits,
    "keywords": lambda: "\n" + _filled(sorted(keywords())) + "\n",
    "signatures": signatures,
    "prices": prices,
    "modules": modules,
    "diagnostics": diagnostics,
}


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_lists_are_made_from_the_code(path: Path) -> None:
    text = read(path)
    made = LISTED.sub(lambda m: f"{m['name']} -->\n{LISTS[m['name']]()}", text)
    if UPDATE and made != text:
        path.write_text(made, encoding="utf-8", newline="\n")
        text = made
    assert text == made


@pytest.mark.parametrize("name, page", [("layers", kinds_page), ("conventions", conventions_page), ("zoo", zoo_page)])
def test_the_page_is_made_from_the_code(name: str, page: Callable[[], str]) -> None:
    path = DOCS / f"{name}.md"
    if UPDATE:
        path.write_text(page(), encoding="utf-8", newline="\n")
    assert read(path) == page() == printed(f"symcost {name} --markdown"), f"symcost {name} --markdown > docs/{name}.md"


# ------------------------------------------------------------ lists written by hand


def section(path: Path, heading: str) -> str:
    """The text under a heading, up to the next heading of its level or a higher one."""
    text = read(path)
    found = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.M)
    assert found, f"{names(path)} has no heading '{heading}'"
    rest = text[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", FENCE.sub(lambda m: " " * len(m[0]), rest), re.M)
    return rest[: following.start()] if following else rest


def first_column(text: str) -> set[str]:
    """The names in the first column of the tables of a text: ``floor`` of ``| `floor(a)` | ... |``."""
    return {
        word for row in re.findall(r"^\| (`[^|]*?) \|", text, re.M) for word in re.findall(r"`-*([^\W\d][\w-]*)", row)
    }


def codes(text: str) -> set[str]:
    """Every word in code, in a block or between backticks."""
    inside = [m["body"] for m in FENCE.finditer(text)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    hyphened = {word for part in inside for word in re.findall(r"[^\W\d][\w-]*", part)}
    return hyphened | {word for part in hyphened for word in part.split("-")}


def test_functions_of_sizes_are_described() -> None:
    assert first_column(section(DOCS / "language.md", "Functions")) == set(FUNCTIONS) - INTERNAL
    assert set(ARITY) <= set(FUNCTIONS)


def test_kinds_of_symbols_are_described() -> None:
    assert first_column(section(DOCS / "language.md", "Symbols")) == set(DOMAINS)


def test_parts_of_a_tensor_are_described() -> None:
    said = section(DOCS / "language.md", "The tensor here")
    assert set(re.findall(r"^\| `in\.(\w+)`", said, re.M)) == set(FIELDS)


def test_every_keyword_construct_and_kind_is_in_the_manual() -> None:
    said = codes(read(DOCS / "language.md"))
    assert set(COMPOSITES) <= said
    assert keywords() <= said
    assert set(KINDS) <= said


def test_every_command_and_option_is_described() -> None:
    text = read(DOCS / "cli.md")
    assert isinstance(cli, click.Group)
    context = click.Context(cli, help_option_names=["-h", "--help"])
    for name, command in cli.commands.items():
        assert f"## symcost {name}\n" in text, name
        for option in command.get_params(click.Context(command, parent=context)):
            if isinstance(option, click.Option) and not {"--help", "--limit"} & set(option.opts):
                spelled = max(option.opts, key=len)
                assert f"`{spelled}" in section(DOCS / "cli.md", f"symcost {name}"), (name, spelled)


def test_every_public_name_is_described() -> None:
    said = codes(read(DOCS / "api.md"))
    from symcost.architecture import Row
    from symcost.sizes.shape import Shape
    from symcost.source import Diagnostic

    assert set(symcost.__all__) <= said
    for kind in (symcost.Architecture, symcost.Cost, Row, Diagnostic):
        public = {n for c in kind.__mro__[:-1] for n in (*vars(c), *vars(c).get("__annotations__", {})) if n[0] != "_"}
        assert public <= said, kind.__name__
    assert {"channels", "dims", "batch", "ids", "tuple"} <= said & {*vars(Shape), *Shape.__annotations__}


def test_every_operation_and_convention_is_described() -> None:
    assert set(map(str, Op)) <= codes(read(DOCS / "counting.md"))
    described = set(re.findall(r"^## (\S+)$", read(DOCS / "conventions.md"), re.M))
    assert set(convention_names()) <= described


INPUTS = ("64@32x32", "192@32", "ids@32", "64")
SHEET = re.findall(r"^\| .+ \| (`.+`) \|$", section(DOCS / "cheatsheet.md", "Layers"), re.M)


@pytest.mark.parametrize("layer", [layer for cell in SHEET for layer in re.findall(r"`([^`]+)`", cell)])
def test_a_layer_of_the_cheat_sheet_resolves(layer: str) -> None:
    said = []
    for given in INPUTS:
        try:
            symcost.parse(f"input {given}  {layer}")
        except symcost.SymcostError as error:
            said.append(str(error))
    assert len(said) < len(INPUTS), "\n".join(said)


def test_every_command_of_the_cheat_sheet_is_one() -> None:
    typed = re.findall(r"`symcost (\w+)\b", section(DOCS / "cheatsheet.md", "What to type"))
    assert {word for word in typed if word != "net"} <= set(cli.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PAGES, ids=names)
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", read(path))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        place = path if not file else path.parent / file
        assert place.exists(), f"{names(path)}: {target}"
        if anchor:
            assert anchor in anchors(place), f"{names(path)}: {target}"


def anchors(path: Path) -> set[str]:
    """The headings of a page as link targets, the way GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", read(path)), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_page_stands_in_the_site() -> None:
    """Once: in the contents of docs/conf.py, or in a folder that one of them leads to."""
    found = re.search(r"^CONTENTS = (\{.*?^\})", read(DOCS / "conf.py"), re.M | re.S)
    assert found
    named = [DOCS / f"{page}.md" for pages in ast.literal_eval(found[1]).values() for page in pages]
    own = {ROOT / "README.md", DOCS / "index.md", *DOCS.glob("catalogue/*.md")}
    assert sorted([*named, *own]) == PAGES


# ------------------------------------------------------------ this file


def test_a_wrong_output_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "```python\n>>> 1 + 1\n3\n```\n\n```console\n$ symcost --version\nsymcost 0\n```\n"
    renewed = Session(DOCS / "x.md", text).renewed()
    assert ">>> 1 + 1\n2\n" in renewed
    assert f"version {symcost.__version__}\n" in renewed


@pytest.mark.parametrize(
    "block",
    [
        "```arch\ninput 3@8x8 conv3-4\nassert params == 1\n```",  # an assert that fails
        "```arch\ninput 3@8x8 conf3-4\n```",  # a program that is refused
        "```arch error unknown-layer\ninput 3@8x8 conv3\n```",  # refused, but otherwise
        "```arch error unknown-layer\ninput 3@8x8 conv3-4\n```",  # not refused at all
        "```archs\ninput 3@8x8\n```",  # a word nobody knows
        "```python\n1 + 1\n```",  # no session
    ],
)
def test_a_wrong_block_fails(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        Session(DOCS / "x.md", block + "\n").renewed()
