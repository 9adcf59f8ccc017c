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
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.token import Error, Token
from strategies import examples

import symcost
from symcost.editors import textmate
from symcost.editors.analysis import analysed
from symcost.editors.completion import completions
from symcost.editors.hover import definition, hover
from symcost.editors.names import visible
from symcost.editors.positions import Places, moved
from symcost.editors.pygments_lexer import SymcostLexer
from symcost.editors.tokens import COLOURS, keywords, signs, statements, table, terminals
from symcost.graph.merge import COMPOSITES
from symcost.graph.modules import STD
from symcost.graph.scope import RESERVED
from symcost.layers import KINDS
from symcost.sizes.atoms import Size
from symcost.sizes.notation import UNICODE, text
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


@pytest.mark.parametrize("text", list(programs()))
def test_programs_have_colours(text: str) -> None:
    words = lexed(text)
    assert "".join(word for _, word in words) == text
    assert not [word for kind, word in words if kind is Error]


@given(st.text(st.sampled_from('ab1 x-/@().,=<~#"\n×⌈in')))
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
            pattern = rule.get("match") or rule["begin"]
            re.compile(pattern)
            assert not re.search(r"\[\^?[]\[]|&&|\(\?P", pattern), pattern  # Oniguruma reads these otherwise
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
        assert there == offset or offset > len(before)
        if there is not None:  # the text around it is the same, or that up to it or from it on
            near = any(
                a[offset - k : offset - k + 4] == b[there - k : there - k + 4] for k in range(min(offset, there, 4) + 1)
            )
            assert near or a[:offset] == b[:there] or a[offset:] == b[there:]


def test_a_place_between_two_changes_is_found() -> None:
    old, new = "conv3-64\nmaxpool\n", "# new\nconv3-64 conv(\nmaxpool\n"
    assert new[moved(old, new, 3) or 0 :].startswith("v3-64")
    assert old[moved(new, old, new.index("max")) or 0 :] == "maxpool\n"
    assert moved(new, old, new.index("conv(") + 2) is None


# ------------------------------------------------------------ analysis


@pytest.mark.parametrize("text", list(programs()))
def test_every_program_is_analysed(text: str) -> None:
    """Networks have shapes, and everything can be asked of every place."""
    source = Source("net.arch", text, FOLDER)
    found = analysed(source, lambda: len(text) > 4000)  # asserts of short programs only: they are tested elsewhere
    assert found.file is not None
    for offset in range(0, len(text), max(7, len(text) // 60)):
        hover(found, offset)
        definition(found, offset)
        visible(found.file, offset)
    assert found.uses or not re.search(r"^ *input ", text, re.M)


@examples(60)
@given(st.data())
def test_half_written_programs(data: st.DataObject) -> None:
    """Wherever a program is broken off or overwritten, something is said or nothing, and nothing fails."""
    text = (FOLDER / f"{data.draw(st.sampled_from(['resnet', 'bert', 'mobilenet', 'whisper']))}.arch").read_text(
        "utf-8"
    )
    start = data.draw(st.integers(0, 300))
    end = data.draw(st.integers(start, start + 1200))
    cut, gone = data.draw(st.integers(start, end)), data.draw(st.integers(0, 9))
    word = data.draw(
        st.sampled_from(["", "(", "}", "{", "-", ".", "=", " x 3", "from t", "import std.", "set conv.", '"', "@"])
    )
    written = text[start:cut] + word
    text = written + text[cut + gone : end]
    found = analysed(Source("net.arch", text), lambda: True)
    offset = data.draw(st.integers(0, len(text)))
    hover(found, offset)
    definition(found, offset)
    for place in (offset, len(written)):
        assert all(suggestion.label for suggestion in completions(found, text, place, place))


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
        assert mark and (self.text.count(before + behind) == 1 or self.text.endswith(before + behind)), words
        start = self.text[: self.text.rindex(before + behind)] + before
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
        path = Path(url2pathname(urlparse(found["uri"]).path))
        text = self.text if found["uri"] == self.uri else path.read_text(encoding="utf-8")
        start, line = found["range"]["start"], text.split("\n")[found["range"]["start"]["line"]]
        rest = line.encode("utf-16-le")[2 * start["character"] :].decode("utf-16-le")
        return rest if found["uri"] == self.uri else f"{path.name}: {rest}"

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
assert small(2).params == 914
"""


@server
def test_what_a_program_asserts_is_checked(client: Client) -> None:
    page = Page(client, NET)
    assert page.diagnostics == []
    (wrong,) = page.change(NET.replace("914", "915"))
    assert wrong["code"] == "assertion-failed" and wrong["source"] == "symcost" and wrong["severity"] == 1
    assert wrong["message"] == "assertion failed: small(2).params == 915\nnote: left side = 914"
    assert page.marked(wrong["range"]) == "small(2).params == 915"


@server
def test_everything_that_is_wrong_is_told_with_its_help(client: Client) -> None:
    page = Page(client, "input 3@32x32\nconv3-64(pading=1)\nrellu\n")
    said = {d["code"]: (page.marked(d["range"]), d["message"]) for d in page.diagnostics}
    assert said["unknown-option"][0] == "pading"
    assert said["unknown-option"][1].splitlines()[1].startswith("help: did you mean 'pad'?")
    assert said["unknown-layer"] == ("rellu", "unknown layer 'rellu'\nhelp: did you mean 'relu', 'relu6' or 'prelu'?")
    assert page.change("input 3@32x32\nconv3-64(pad=1)\nrelu\n") == []


@server
def test_a_note_that_names_a_place_is_a_related_place(client: Client) -> None:
    page = Page(client, "let a = 1\nlet a = 2\n")
    (wrong,) = page.diagnostics
    (related,) = wrong["relatedInformation"]
    assert related["location"]["uri"] == page.uri
    assert related["location"]["range"]["start"] == {"line": 0, "character": 0}
    assert related["message"] == "it is defined"


@server
def test_inside_a_block_it_says_where_the_block_is_used(client: Client) -> None:
    page = Page(client, "block b { fc-(in.h) }\ninput 3\nb\n")
    (wrong,) = page.diagnostics
    assert page.marked(wrong["range"]) == "(in.h)"
    (related,) = wrong["relatedInformation"]
    assert (related["message"], related["location"]["range"]["start"]["line"]) == ("in 'b'", 2)


@server
def test_a_wrong_import_is_told_at_the_top(client: Client) -> None:
    (client.folder / "parts.arch").write_text("block half-c { conv3-c/2 rellu( }\n", encoding="utf-8")
    page = Page(client, "import parts (half)\ninput 3@8x8 half-4\n")
    assert "parts.arch:1:" in page.diagnostics[0]["message"]
    assert page.diagnostics[0]["range"]["start"] == {"line": 0, "character": 0}


@server
@pytest.mark.parametrize(
    "text", ["", "#", "conv3-", "((((", "block {", '"', "input 3@\ud83d\ude00", "net a(b", "sym X\r\ninput 3@X"]
)
def test_no_text_stops_the_server(client: Client, text: str) -> None:
    page = Page(client, text.encode("utf-16", "surrogatepass").decode("utf-16"))
    last = {"line": text.count("\n"), "character": len(text)}
    for method in ("hover", "definition", "completion"):
        page.ask(method, position=last)
    page.ask("documentSymbol")
    page.ask("formatting", options={"tabSize": 2, "insertSpaces": True})
    assert page.hints() == []


HOVERS = [
    # layers: shapes and costs, and what they are
    (
        "con█v3-w",
        ["3@X × X → 64@X × X", "parameters  1792", "MACs        1728·X²", "conv(k)-c/s(pad=", "Convolution over"],
    ),
    ("basi█c-128/2", ["→ 128@⌊(X + 6)/8⌋ × ⌊(X + 6)/8⌋", "block basic-c/s"]),
    ("residu█al {", [f"parameters  {text(Size.of(147584), UNICODE)}", "what came in"]),
    # in a block: each use that differs; a block: its header and the comment above it
    ("  con█v(k)", ["64@(X/2) × (X/2) → 64@", "3@H × W → 8@H × W"]),
    ("uni█t(3)-8", ["parameters  592·n - 360", "block unit(k)-c/s(bias=false)", "one step"]),
    ("net sma█ll", ["net small(n)"]),
    # names
    ("conv3-█w", ["w = 64"]),
    ("sym █X", ["an integer, at least 1", "default `224`", "assumed: `2 | X`"]),
    ("unit(3)-8 x █n", ["a parameter, left free"]),
    ("@█H", ["an integer, at least 1"]),
    ("from █t", ["a tensor, 64@⌊(X + 2)/4⌋ × ⌊(X + 2)/4⌋"]),
    ("(█bias=bias)", ["if left out `true`, of `conv`"]),
    ("par█ams > 0", [f"params = {text(Size.of(482698), UNICODE)}"]),
    ("import std.resnet (ba█sic)", ["block basic-c/s"]),
    ("imp█ort", ["Residual blocks"]),
    # nothing
    ("asse█rt params", []),
    ("# one st█ep", []),
]


@server
@pytest.mark.parametrize("place, said", HOVERS, ids=[place for place, _ in HOVERS])
def test_hover(client: Client, place: str, said: list[str]) -> None:
    found = Page(client, NET).hover(place)
    assert all(part in found for part in said), found
    assert bool(found) == bool(said)


DEFINITIONS = [
    ("uni█t(5)-w/2", "unit(k)-c/s(bias=false) {"),
    ("unit(5)-█w/2", "w = 4*16"),
    ("conv(█k)", "k)-c/s(bias=false) {"),
    ("conv(k)-█c/s(", "c/s(bias=false) {"),
    ("bias=bia█s)", "bias=false) {"),
    ("from █t", "t"),
    ("input 3@█X x X", "X = 224"),
    ("unit(3)-8 x █n", "n) {"),
    ("sma█ll(2)", "small(n) {"),
    ("basi█c-128/2", "resnet.arch: basic-c/s {"),
    ("(bas█ic)", "resnet.arch: basic-c/s {"),
    (
        "std.█resnet",
        "resnet.arch: # Residual blocks (He et al. 2015, arXiv:1512.03385).  import std.resnet (stem, basic, bottleneck)",
    ),
    ("re█lu  maxpool", ""),
]


@server
@pytest.mark.parametrize("place, line", DEFINITIONS, ids=[place for place, _ in DEFINITIONS])
def test_definition(client: Client, place: str, line: str) -> None:
    assert Page(client, NET).defined(place) == line


@server
def test_shapes_behind_layers(client: Client) -> None:
    hints = Page(client, NET).hints()
    assert ("conv3-w", "64@X × X") in hints and ("maxpool", "64@(X/2) × (X/2)") in hints
    assert "relu" not in dict(hints)
    assert dict(hints)["conv(k)-c/s(bias=bias)"] == "64@⌊(X + 2)/4⌋ × ⌊(X + 2)/4⌋, 8@H × W"
    assert Page(client, "input 3@8x8 conv3-4 : 4@8x8 gap").hints() == [
        ("gap", "4")
    ]  # said by the program is not said again


@server
def test_shapes_behind_every_layer_where_that_is_asked_for(tmp_path: Path) -> None:
    other = Client(tmp_path, shapes="every")
    assert Page(other, "input 3@8x8 conv3-4 relu").hints() == [("conv3-4", "4@8×8"), ("relu", "4@8×8")]
    other.close()


WORDS = [
    # place, words that are there, words that are not
    ("█conv3-w", {"conv", "unit", "basic", "residual", "input", "for"}, {"X", "w"}),
    ("unit(5)-█w", {"w", "X", "floor"}, {"conv", "k"}),
    ("conv(k)-c/s(█", {"pad", "groups", "bias"}, {"conv", "unit"}),
    ("conv(█k)", {"k", "c"}, {"pad"}),
    ("assert par█ams", {"params", "macs", "exact", "small"}, {"conv"}),
    ("import std█", {"std.resnet", "std.transformer"}, {"conv"}),
    ("import std.resnet (█", {"bottleneck", "stem"}, {"conv"}),
    ("from █t", {"t"}, {"w", "conv"}),
    ("# one █step", set(), {"conv"}),
]


@server
@pytest.mark.parametrize("place, there, not_there", WORDS, ids=[place for place, _, _ in WORDS])
def test_completion(client: Client, place: str, there: set[str], not_there: set[str]) -> None:
    found = set(Page(client, NET).words(place))
    assert there <= found and not (not_there & found), found


WRITING = [
    # what is written at the end of a program, before it is whole
    ("conv3-64(pad=█", {"same", "valid"}, {"groups"}),
    ("conv3-64(pad=1, █", {"groups", "dil"}, {"pad", "k"}),
    ("unit(3)-8(█", {"bias"}, {"pad"}),
    ("set conv.█", {"pad", "bias"}, {"conv"}),
    ("set █", {"batch", "strict", "conv", "bias"}, {"residual"}),
    ("let a = t.█", {"c", "h", "w"}, {"conv"}),
    ("assert small(2).█", {"params", "macs"}, {"conv"}),
    ("assert macs(█", {"X"}, {"conv"}),
    ("residual { █", {"conv", "unit"}, {"X"}),
    ("sym n: █", {"nat", "int"}, {"conv"}),
]


@server
@pytest.mark.parametrize("written, there, not_there", WRITING, ids=[written for written, _, _ in WRITING])
def test_completion_while_writing(client: Client, written: str, there: set[str], not_there: set[str]) -> None:
    page = Page(client, NET)
    page.change(NET + written.replace("█", ""))
    found = set(page.words(written))
    assert there <= found and not (not_there & found), found


@server
def test_an_option_comes_with_its_default(client: Client) -> None:
    page = Page(client, "input 3@8x8\nconv3-4(pad=1)\n")
    (item,) = [i for i in page.ask("completion", "conv3-4(█")["items"] if i["label"] == "groups"]
    assert (item["detail"], item["insertText"]) == ("= 1", "groups=")


@server
def test_the_last_good_state_is_kept(client: Client) -> None:
    """While a line is being written, the others still say what they are, at their new places."""
    page = Page(client, "input 3@X x X\nconv3-64\nmaxpool\n")
    page.change("input 3@X x X\n# 😀\nconv3-64 conv(\nmaxpool\n")
    assert [d["code"] for d in page.diagnostics] == ["unexpected-end"]
    assert "3@X × X → 64@X × X" in page.hover("con█v3-64")
    assert "64@⌊X/2⌋ × ⌊X/2⌋" in page.hover("max█pool")
    assert ("maxpool", "64@⌊X/2⌋ × ⌊X/2⌋") in page.hints()
    assert page.hover("con█v(") == ""


@server
def test_what_an_error_hides_is_as_it_was(client: Client) -> None:
    page = Page(client, "net a {\n  input 3@8x8\n  conv3-4\n  maxpool\n}\n")
    page.change("net a {\n  input 3@8x8\n  conv3-4 rellu\n  maxpool\n}\n")
    assert [d["code"] for d in page.diagnostics] == ["unknown-layer"]
    assert page.hints() == [("conv3-4", "4@8×8"), ("maxpool", "4@4×4")]
    assert "4@8×8 → 4@4×4" in page.hover("max█pool")


@server
def test_layers_before_an_error_are_known(client: Client) -> None:
    page = Page(client, "input 3@X x X\nconv3-64\nconv3-8(pading=1)\n")
    assert "parameters  1792" in page.hover("con█v3-64")


@server
def test_columns_are_units_of_utf16(client: Client) -> None:
    page = Page(client, 'set relu.form = "😀😀" ; let é = 2 input 3@8×8 conv3-é rellu')
    (wrong,) = page.diagnostics
    assert page.marked(wrong["range"]) == "rellu"
    assert "8@8×8" not in page.hover("con█v3") and "2@8×8" in page.hover("con█v3")
    assert page.defined("conv3-█é") == "é = 2 input 3@8×8 conv3-é rellu"


@server
def test_formatting(client: Client) -> None:
    page = Page(client, "input 3@8 × 8;conv3 -64->relu")
    options = {"tabSize": 2, "insertSpaces": True}
    (edit,) = page.ask("formatting", options=options)
    assert edit["newText"] == "input 3@8x8; conv3-64 relu\n"
    assert edit["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": len(page.text)}}
    page.change(edit["newText"])
    assert page.ask("formatting", options=options) == []
    page.change("input 3@(")
    assert page.ask("formatting", options=options) is None


@server
def test_the_outline(client: Client) -> None:
    symbols = Page(client, NET).ask("documentSymbol")
    assert [x["name"] for x in symbols] == ["basic", "X", "w", "unit", "small"]
    lines = NET.split("\n")
    for symbol in symbols:  # the name is inside what it names
        start = symbol["selectionRange"]["start"]
        assert lines[start["line"]][start["character"] :].startswith(symbol["name"])
        assert (symbol["range"]["start"]["line"], symbol["range"]["start"]["character"]) <= (
            start["line"],
            start["character"],
        )


@server
def test_blocks_of_files_beside(client: Client) -> None:
    (client.folder / "mine.arch").write_text("# halves the side\nblock half-c { conv3-c/2 }\n", encoding="utf-8")
    page = Page(client, "import mine\ninput 3@8x8\nmine.half-4\n")
    assert page.defined("mine.ha█lf") == "mine.arch: half-c { conv3-c/2 }"
    assert "halves the side" in page.hover("mine.ha█lf")
    assert "half" in page.words("mine.█half")
