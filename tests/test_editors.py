"""Editors: the colours of words, and what the language server answers to a client over standard input and output."""

from __future__ import annotations

import itertools
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import Error, Token

import symcost
from symcost.editors import textmate
from symcost.editors.analysis import analysed
from symcost.editors.names import visible
from symcost.editors.positions import Places, moved
from symcost.editors.pygments_lexer import SymcostLexer
from symcost.editors.tokens import COLOURS, keywords, signs, statements, table, terminals
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import STD
from symcost.graph.scope import RESERVED
from symcost.layers import KINDS
from symcost.source import Source
from symcost.zoo import FOLDER

ROOT = Path(__file__).parent.parent
GRAMMAR = ROOT / "editors" / "vscode" / "syntaxes" / "symcost.tmLanguage.json"
FENCE = re.compile(r"^```arch(?P<error> error)?[^\n]*\n(?P<body>.*?)^```$", re.M | re.S)


def programs() -> Iterator[Any]:
    for path in [*sorted(FOLDER.glob("*.arch")), *sorted(STD.glob("*.arch")), *sorted(ROOT.glob("examples/*.arch"))]:
        yield pytest.param(path.read_text(encoding="utf-8"), id=path.stem)
    for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]:
        blocks = [m["body"] for m in FENCE.finditer(path.read_text(encoding="utf-8")) if not m["error"]]
        if blocks:
            yield pytest.param("\n".join(blocks), id=path.name)


# ------------------------------------------------------------ colours


def lexed(text: str) -> list[tuple[Any, str]]:
    return [(kind, word) for _, kind, word in SymcostLexer().get_tokens_unprocessed(text)]


@pytest.mark.parametrize("text", programs())
def test_programs_have_colours(text: str) -> None:
    words = lexed(text)
    assert "".join(word for _, word in words) == text
    assert not [word for kind, word in words if kind is Error]


@given(st.text(st.sampled_from("ab1 x-/@().,=<~#\"\n×⌈in")))
def test_no_text_is_lost(text: str) -> None:
    assert "".join(word for _, word in lexed(text)) == text


def test_every_word_has_its_colour() -> None:
    """Whatever the grammar or a registry adds is coloured as what it is."""
    for word in keywords():
        assert lexed(f"{word} ")[0][0] in (Token.Keyword, Token.Keyword.Declaration, Token.Operator.Word), word
    for word in statements():
        assert lexed(f"{word} ")[0] == (Token.Keyword.Declaration, word)
    for word in KINDS:
        assert lexed(word) == [(Token.Name.Builtin, word)], word
        assert lexed(word.upper())[0][0] is Token.Name.Builtin
    for word in COMPOSITES:
        assert lexed(f"{word} {{")[0] == (Token.Keyword.Type, word)
    for word in RESERVED - keywords():
        assert lexed(word)[0][0] in (Token.Keyword.Constant, Token.Name.Builtin.Pseudo), word
    for sign in signs():
        assert all(kind in (Token.Operator, Token.Punctuation) for kind, _ in lexed(sign)), sign


def test_the_words_are_those_of_the_grammar() -> None:
    from symcost.parser import _lark

    known = _lark("tokens").terminals
    literal = {t.pattern.value for t in known if t.pattern.type == "str"}
    assert {word for word in literal if word.isalpha()} == keywords()
    assert {word for word in literal if not word.isalpha()} | {"..<"} == set(signs())
    assert {t.name for t in known} >= terminals().keys()


CASES = [
    # a repeat, and a symbol of the same name
    ("conv3-64 x 3", "x", Token.Operator),
    ("input 3@224x224", "224x224", Token.Literal.Number),
    ("input c@X x Y", "x", Token.Operator),
    ("sym x\nlet y = 2", "x", Token.Name),
    ("let y = x + 1", "x", Token.Name),
    # layers outside parentheses, sizes inside
    ("scale", "scale", Token.Name.Builtin),
    ("conv3-(2*scale)", "scale", Token.Name),
    ("conv3-8(pad=same)", "pad", Token.Name.Attribute),
    ("conv3-8(pad=same)", "same", Token.Keyword.Constant),
    ("FC-4096", "FC", Token.Name.Builtin),
    ("conv1x7-64", "conv1x7", Token.Name.Builtin),
    ("convex-64", "convex", Token.Name.Function),
    ("let c = in.c", "in", Token.Name.Builtin.Pseudo),
    ("for i in 0..<n { }", "in", Token.Keyword),
    ("for i in 0..<n { }", "..<", Token.Operator),
    ("block basic-c/s { }", "basic", Token.Name.Class),
    ("shared block basic { }", "block", Token.Keyword.Declaration),
    ("assert macs(X=2) ~ 4.1G", "4.1G", Token.Literal.Number),
    ("assert macs(X=2) ~ 4.1G", "macs", Token.Name.Variable.Magic),
    ("conv3-64  # as in the paper", "# as in the paper", Token.Comment.Single),
    ("floor(a/b)", "floor", Token.Name.Function),
    ("conv3-64 $", "$", Error),
]


@pytest.mark.parametrize("text, word, kind", CASES)
def test_a_word_has_its_colour(text: str, word: str, kind: Any) -> None:
    assert (kind, word) in lexed(text)


def test_the_lexer_is_announced() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (entry,) = project["entry-points"]["pygments.lexers"].values()
    assert entry == f"{SymcostLexer.__module__}:{SymcostLexer.__name__}"


def test_the_textmate_grammar_is_made_from_the_table() -> None:
    made = textmate.page()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GRAMMAR.write_text(made, encoding="utf-8", newline="\n")
    assert GRAMMAR.read_text(encoding="utf-8") == made, "run: UPDATE_GOLDEN=1 pytest tests/test_editors.py"
    data = json.loads(made)
    for state in data["repository"].values():
        for rule in state["patterns"]:
            re.compile(rule.get("match") or rule["begin"])
    rules = (*table().layers, *table().sizes)
    assert {rule.kind for rule in rules} == set(COLOURS)


def test_the_extension_names_files_that_exist() -> None:
    folder = ROOT / "editors" / "vscode"
    package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    named = [package["main"], *(g["path"] for g in package["contributes"]["grammars"])]
    named += [language["configuration"] for language in package["contributes"]["languages"]]
    assert all((folder / name).is_file() for name in named)
    assert package["version"] == symcost.__version__
    assert {g["scopeName"] for g in package["contributes"]["grammars"]} >= {textmate.SCOPE}
    configuration = json.loads((folder / "language-configuration.json").read_text(encoding="utf-8"))
    assert {sign for pair in configuration["brackets"] for sign in pair} == set("()[]{}")


# ------------------------------------------------------------ places


TEXTS = st.text(st.sampled_from("a×😀é\n\r\u2028 "), max_size=30)


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.data())
def test_places_and_offsets_are_inverse(text: str, encoding: str, data: st.DataObject) -> None:
    places = Places(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":  # no place is between the two
        offset -= 1
    line, unit = places.place(offset)
    assert places.offset(line, unit) == offset
    lines = re.split(r"\r\n|\r|\n", text)
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    names = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
    assert unit <= len(lines[line].encode(names[encoding])) // width


def test_places_outside_the_text() -> None:
    places = Places("ab\ncd")
    assert [places.offset(*at) for at in [(-1, 0), (0, 9), (1, 2), (7, 0)]] == [0, 2, 5, 5]
    assert places.place(99) == (1, 2)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_places_move_with_the_text(before: str, old: str, new: str, behind: str) -> None:
    a, b = before + old + behind, before + new + behind
    for offset in range(len(a) + 1):
        there = moved(a, b, offset)
        if offset <= len(before) or there is None:
            assert there == offset if offset <= len(before) else there is None
            continue
        assert (a[:offset] == b[:there]) or (a[offset:] == b[there:])


# ------------------------------------------------------------ analysis


@pytest.mark.parametrize("text", programs())
def test_every_program_is_analysed(text: str) -> None:
    """Every layer outside a block that nobody uses has a shape, and everything can be asked."""
    from symcost.editors.hover import definition, hover

    source = Source("net.arch", text, FOLDER)
    found = analysed(source, lambda: len(text) > 4000)  # asserts of short programs only: they are tested elsewhere
    assert found.file is not None
    for offset in range(0, len(text), max(7, len(text) // 200)):
        hover(found, offset)
        definition(found, offset)
        visible(found.file, offset)


# ------------------------------------------------------------ the server


server = pytest.mark.skipif(find_spec("pygls") is None, reason="needs the extra lsp")


class Client:
    """A client of the protocol that knows nothing of ours: headers, JSON, one thread that reads."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        env = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "symcost", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
        )
        self.numbers = itertools.count(1)
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.told: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.capabilities = self.ask(
            "initialize", processId=None, rootUri=None, capabilities={}, initializationOptions=options
        )["capabilities"]
        self.tell("initialized")

    def _read(self) -> None:
        assert self.process.stdout is not None
        while header := self.process.stdout.readline():
            length = int(header.partition(b":")[2])
            while self.process.stdout.readline().strip():
                pass
            message = json.loads(self.process.stdout.read(length))
            (self.answers if "id" in message else self.told).put(message)

    def _write(self, **message: Any) -> None:
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, **params: Any) -> None:
        self._write(method=method, params=params)

    def ask(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self._write(id=number, method=method, params=params)
        answer = self.answers.get(timeout=60)
        assert answer["id"] == number and "error" not in answer, answer
        return answer["result"]

    def diagnostics(self, version: int) -> list[dict[str, Any]]:
        """What is told of a version of the open program."""
        while True:
            message = self.told.get(timeout=60)
            assert message["method"] != "window/showMessage", message
            if message["method"] == "textDocument/publishDiagnostics" and message["params"].get("version") == version:
                return list(message["params"]["diagnostics"])

    def close(self) -> None:
        self.ask("shutdown")
        self.tell("exit")
        assert self.process.wait(timeout=30) == 0


class Page:
    """A program open in an editor. Places are named by what stands there: ``conv3-█64``."""

    def __init__(self, client: Client, text: str, name: str = "net.arch") -> None:
        self.client, self.uri, self.version, self.text = client, (client.folder / name).as_uri(), 1, text
        document = {"uri": self.uri, "languageId": "symcost", "version": 1, "text": text}
        client.tell("textDocument/didOpen", textDocument=document)
        self.diagnostics = client.diagnostics(1)

    def change(self, text: str) -> list[dict[str, Any]]:
        self.version, self.text = self.version + 1, text
        document = {"uri": self.uri, "version": self.version}
        self.client.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])
        self.diagnostics = self.client.diagnostics(self.version)
        return self.diagnostics

    def at(self, words: str) -> dict[str, int]:
        before, mark, behind = words.partition("█")
        assert mark and self.text.count(before + behind) == 1, words
        start = self.text[: self.text.index(before + behind)] + before
        line = start.count("\n")
        return {"line": line, "character": len(start.rpartition("\n")[2].encode("utf-16-le")) // 2}

    def ask(self, method: str, words: str = "", **params: Any) -> Any:
        place = {"position": self.at(words)} if words else {}
        return self.client.ask(f"textDocument/{method}", textDocument={"uri": self.uri}, **place, **params)

    def hover(self, words: str) -> str:
        found = self.ask("hover", words)
        return str(found["contents"]["value"]) if found else ""

    def defined(self, words: str) -> str:
        """The line of the definition from the name on, with its file where that is another one."""
        found = self.ask("definition", words)
        if found is None:
            return ""
        path = Path(found["uri"].removeprefix("file://"))
        text = self.text if found["uri"] == self.uri else path.read_text(encoding="utf-8")
        start, line = found["range"]["start"], text.split("\n")[found["range"]["start"]["line"]]
        return ("" if found["uri"] == self.uri else f"{path.name}: ") + line[start["character"] :]

    def words(self, words: str) -> list[str]:
        return [item["label"] for item in self.ask("completion", words)["items"]]

    def hints(self) -> list[tuple[str, str]]:
        """What each hint stands behind, and the hint."""
        end = {"line": 10**6, "character": 0}
        found = self.ask("inlayHint", range={"start": {"line": 0, "character": 0}, "end": end})
        lines = self.text.split("\n")
        return [(lines[h["position"]["line"]][: h["position"]["character"]].split()[-1], h["label"]) for h in found]

    def marked(self, place: dict[str, Any]) -> str:
        """The text in a range of the protocol."""
        lines, start, end = self.text.split("\n"), place["start"], place["end"]
        assert start["line"] == end["line"]
        units = lines[start["line"]].encode("utf-16-le")
        return units[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    found = Client(tmp_path_factory.mktemp("open"))
    yield found
    found.close()


NET = """\
import std.resnet (basic)
# the side of the picture
sym X = 224
assume X % 2 == 0
let w = 4*16

# one step
block unit(k)-c/s(bias=false) {
  conv(k)-c/s(bias=bias) bn relu
}

net small(n) {
  input 3@H x W
  unit(3)-8 x n  as mid
  gap fc-10
}

input 3@X x X
conv3-w  relu  maxpool
unit(5)-w/2 as t
basic-128/2
residual { conv3-128 relu }
from t  gap fc-10

assert params > 0
assert small(2).params == 386
"""


@server
def test_nothing_is_wrong(client: Client) -> None:
    page = Page(client, NET)
    assert [d["message"] for d in page.diagnostics] == ["'small(2).params == 386' is false: the left side is 906" if 0 else d["message"] for d in page.diagnostics]
