"""The language server: what `analysis`, `hover` and `completion` know, in the words of the protocol. It computes nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from symcost import __version__
from symcost import syntax as s
from symcost.editors.analysis import Analysis, analysed
from symcost.editors.completion import Suggestion, completions
from symcost.editors.hover import definition, hover
from symcost.editors.names import Definition, declared
from symcost.editors.positions import Places, moved
from symcost.fmt import formatted
from symcost.source import Diagnostic, Source, Span, SymcostError

PAUSE = 0.15  # seconds without a keystroke before a program is read

_KINDS = {
    "kind": lsp.CompletionItemKind.Class,
    "construct": lsp.CompletionItemKind.Struct,
    "block": lsp.CompletionItemKind.Function,
    "layer": lsp.CompletionItemKind.Function,
    "net": lsp.CompletionItemKind.Function,
    "function": lsp.CompletionItemKind.Function,
    "option": lsp.CompletionItemKind.Property,
    "word": lsp.CompletionItemKind.EnumMember,
    "module": lsp.CompletionItemKind.Module,
    "keyword": lsp.CompletionItemKind.Keyword,
    "cost": lsp.CompletionItemKind.Constant,
    "metric": lsp.CompletionItemKind.Constant,
}
_SYMBOLS = {
    "symbol": lsp.SymbolKind.Variable,
    "let": lsp.SymbolKind.Constant,
    "metric": lsp.SymbolKind.Property,
    "net": lsp.SymbolKind.Class,
    "block": lsp.SymbolKind.Function,
    "layer": lsp.SymbolKind.Function,
    "tensor": lsp.SymbolKind.Field,
    "import": lsp.SymbolKind.Module,
}


@dataclass
class Document:
    """One open program: its text, what is known of it, and the last state of it that had no error."""

    uri: str
    text: str
    version: int
    latest: Analysis = field(init=False)
    good: Analysis | None = None

    def __post_init__(self) -> None:
        self.latest = Analysis(self.source)

    @property
    def source(self) -> Source:
        path = to_fs_path(self.uri) if self.uri.startswith("file:") else None
        return Source(path or self.uri, self.text, Path(path).parent if path else None)

    def known(self) -> Iterator[Analysis]:
        """What may be asked, the newest first."""
        if self.latest.file is not None:
            yield self.latest
        if self.good is not None and not self.latest.whole:
            yield self.good


class Server(LanguageServer):
    """Keeps the open programs, and one thread in which they are read."""

    def __init__(self) -> None:
        super().__init__("symcost", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.documents: dict[str, Document] = {}
        self.reading = ThreadPoolExecutor(1)
        self.every = False  # shapes behind every layer, and not only where they change

    def places(self, text: str) -> Places:
        agreed = self.server_capabilities.position_encoding or lsp.PositionEncodingKind.Utf16
        return Places(text, str(getattr(agreed, "value", agreed)))

    async def read(self, uri: str, text: str, version: int, wait: float = PAUSE) -> None:
        """Take a new text, and tell what is wrong in it, unless a newer one comes first."""
        document = self.documents.setdefault(uri, Document(uri, text, version))
        document.text, document.version = text, version
        await asyncio.sleep(wait)

        def stale() -> bool:
            return self.documents.get(uri) is not document or document.version != version

        if stale():
            return
        found = await asyncio.get_running_loop().run_in_executor(self.reading, analysed, document.source, stale)
        if stale():
            return
        document.latest = found
        document.good = found if found.whole else document.good
        told = [self.told(d, document) for d in found.diagnostics]
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, told, version))
        workspace = self.client_capabilities.workspace
        if workspace and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    # in the words of the protocol

    def range(self, span: Span, places: Places | None = None) -> lsp.Range:
        places = places or self.places(span.source.text)
        return lsp.Range(_position(places, span.start), _position(places, max(span.start, span.end)))

    def told(self, diagnostic: Diagnostic, document: Document) -> lsp.Diagnostic:
        """A diagnostic at its place: notes as related places, help behind the message."""
        span, message = diagnostic.span, diagnostic.message
        if span is not None and span.source.name != document.latest.source.name:  # in a file that this one imports
            message = f"{span.where}: {message}"
            span = None
        where = self.range(span or _top(document.latest))
        notes = [note for note in diagnostic.notes if _AT.search(note)]
        plain = [f"note: {note}" for note in diagnostic.notes if note not in notes]
        help_ = [f"help: {diagnostic.help}"] if diagnostic.help else []
        related = [self.related(note, document, where) for note in notes]
        severity = lsp.DiagnosticSeverity.Error if diagnostic.severity == "error" else lsp.DiagnosticSeverity.Warning
        text = "\n".join([message, *plain, *help_])
        return lsp.Diagnostic(where, text, severity, diagnostic.code, None, "symcost", None, related or None)

    def related(self, note: str, document: Document, where: lsp.Range) -> lsp.DiagnosticRelatedInformation:
        """A note that names a place, ``it is defined at net.arch:1:5``."""
        found = _AT.search(note)
        assert found is not None
        uri = document.uri
        if found["name"] == document.latest.source.name:
            places = self.places(document.latest.source.text)
            line, column = int(found["line"]) - 1, int(found["column"]) - 1
            start = sum(len(part) + 1 for part in document.latest.source.text.split("\n")[:line]) + column
            where = lsp.Range(_position(places, start), _position(places, start + 1))
            note = note[: found.start()] or note
        return lsp.DiagnosticRelatedInformation(lsp.Location(uri, where), note)

    def uri(self, source: Source, document: Document) -> str:
        if source.name == document.source.name:
            return document.uri
        return from_fs_path(source.name) or document.uri


_AT = re.compile(r"(?:,? used)? at (?P<name>.+):(?P<line>\d+):(?P<column>\d+)$")


def _position(places: Places, offset: int) -> lsp.Position:
    return lsp.Position(*places.place(offset))


def _top(analysis: Analysis) -> Span:
    """The first line, for what has no place of its own."""
    return Span(analysis.source, 0, len(analysis.source.text.partition("\n")[0]))


def made() -> Server:
    """The server, ready to be started."""
    server = Server()

    @server.feature(lsp.INITIALIZE)
    def initialize(ls: Server, params: lsp.InitializeParams) -> None:
        options: Any = params.initialization_options
        shapes = options.get("shapes") if isinstance(options, dict) else getattr(options, "shapes", None)
        ls.every = shapes == "every"

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        it = params.text_document
        await ls.read(it.uri, it.text, it.version, 0)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        text = ls.workspace.get_text_document(params.text_document.uri).source
        await ls.read(params.text_document.uri, text, params.text_document.version)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        ls.documents.pop(params.text_document.uri, None)
        ls.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        document = ls.documents.get(params.text_document.uri)
        answers = (hover(analysis, offset) for analysis, offset in _asked(ls, document, params.position))
        found = [said for said in answers if said is not None]
        if document is None or not found:
            return None
        text, place, _ = next((said for said in found if said.known), found[0])
        start, end = (moved(place.source.text, document.text, offset) for offset in (place.start, place.end))
        where = None if start is None or end is None else ls.range(Span(document.source, start, end))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), where)

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(ls: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
        document = ls.documents.get(params.text_document.uri)
        for analysis, offset in _asked(ls, document, params.position):
            span = definition(analysis, offset)
            if span is None or document is None:
                continue
            if span.source is not analysis.source:
                return lsp.Location(ls.uri(span.source, document), ls.range(span))
            start, end = (moved(span.source.text, document.text, o) for o in (span.start, span.end))
            if start is not None and end is not None:
                return lsp.Location(document.uri, ls.range(Span(document.source, start, end)))
        return None

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=["(", ",", ".", "=", "-", "/", "@"])
    )
    def completed(ls: Server, params: lsp.CompletionParams) -> lsp.CompletionList:
        document = ls.documents.get(params.text_document.uri)
        if document is None:
            return lsp.CompletionList(False, [])
        offset = ls.places(document.text).offset(params.position.line, params.position.character)
        analysis = next(document.known(), document.latest)
        place = _near(document.text, analysis.source.text, offset)
        found: dict[str, Suggestion] = {}
        for suggestion in completions(analysis, document.text, offset, place):
            found.setdefault(suggestion.label, suggestion)
        return lsp.CompletionList(False, [_item(x, number) for number, x in enumerate(found.values())])

    @server.feature(lsp.TEXT_DOCUMENT_INLAY_HINT)
    def hinted(ls: Server, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
        document = ls.documents.get(params.text_document.uri)
        if document is None:
            return []
        found: dict[int, str] = {}
        for analysis in reversed(list(document.known())):  # what an error hides, as it was before
            known = analysis.source.text
            behind = ((moved(known, document.text, end), shape) for end, shape in shapes(analysis, ls.every))
            found |= {offset: shape for offset, shape in behind if offset is not None}
        places = ls.places(document.text)
        hints = [(_position(places, offset), shape) for offset, shape in sorted(found.items())]
        return [
            lsp.InlayHint(at, shape, lsp.InlayHintKind.Type, padding_left=True)
            for at, shape in hints
            if params.range.start.line <= at.line <= params.range.end.line
        ]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(ls: Server, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = ls.documents.get(params.text_document.uri)
        analysis = next(document.known(), None) if document else None
        if analysis is None or analysis.file is None:
            return []
        places = ls.places(analysis.source.text)
        return [_symbol(ls, d, places) for item in analysis.file.items for d in declared(item)]

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(ls: Server, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        document = ls.documents.get(params.text_document.uri)
        if document is None:
            return None
        try:
            result = formatted(document.source)
        except SymcostError:
            return None  # what is wrong is told already
        whole = ls.range(Span(document.source, 0, len(document.text)))
        return [lsp.TextEdit(whole, result)] if result != document.text else []

    return server


def _asked(ls: Server, document: Document | None, position: lsp.Position) -> Iterator[tuple[Analysis, int]]:
    """What is known, with the place in it that an editor asks for."""
    if document is None:
        return
    offset = ls.places(document.text).offset(position.line, position.character)
    for analysis in document.known():
        place = moved(document.text, analysis.source.text, offset)
        if place is not None:
            yield analysis, place


def _near(old: str, new: str, offset: int) -> int:
    """The same place in another text, or the nearest before it that was not changed."""
    while (found := moved(old, new, offset)) is None and offset > 0:
        offset -= 1
    return found or 0


def shapes(analysis: Analysis, every: bool) -> Iterator[tuple[int, str]]:
    """The shape behind each step where it changes (or behind ``every`` one), unless the program says it there."""
    for step, uses in analysis.steps():
        out = list(dict.fromkeys(use.went for use in uses))
        if step.shape is None and (every or any(use.input != use.output for use in uses)):
            shown = out if len(out) < 3 else [out[0], "…", out[-1]]
            yield step.span.end, ", ".join(shown)


def _item(suggestion: Suggestion, place: int) -> lsp.CompletionItem:
    about = lsp.MarkupContent(lsp.MarkupKind.Markdown, suggestion.about) if suggestion.about else None
    return lsp.CompletionItem(
        suggestion.label,
        kind=_KINDS.get(suggestion.kind, lsp.CompletionItemKind.Variable),
        detail=suggestion.detail or None,
        documentation=about,
        insert_text=suggestion.insert or None,
        sort_text=f"{place:04}",
    )


def _symbol(ls: Server, definition: Definition, places: Places) -> lsp.DocumentSymbol:
    node = definition.node
    inside = [d for child in s.children(node) for d in declared(child)] if isinstance(node, s.Net | s.Block) else []
    return lsp.DocumentSymbol(
        definition.name,
        _SYMBOLS.get(definition.kind, lsp.SymbolKind.Variable),
        ls.range(node.span, places),
        ls.range(definition.span, places),
        children=[_symbol(ls, d, places) for d in inside],
    )
