"""Imports: the standard library, and files beside the one that imports them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from symcost import syntax as s
from symcost.files import exists, read
from symcost.graph.scope import BlockBinding, Module, Scope
from symcost.graph.values import fail
from symcost.limiting import allowed
from symcost.parser import parse, too_deep
from symcost.source import Source, SymcostError, nearest

STD = Path(__file__).parent.parent / "std"


Define = Callable[[s.File, "Modules"], Scope]


@dataclass
class Modules:
    """Files read so far; each once."""

    define: Define
    loaded: dict[Path, Scope] = field(default_factory=dict)
    loading: list[Path] = field(default_factory=list)

    def load(self, item: s.Import, scope: Scope) -> None:
        """Bring what an import names into a scope."""
        path = self.path(item)
        found = self._file(path, item)
        if item.names:
            for name in item.names:
                binding = found.names.get(name)
                if binding is None:
                    help_ = nearest(name, found.names) or f"it defines {', '.join(sorted(found.names))}"
                    raise fail("unknown-import", f"'{_shown(item)}' defines no '{name}'", item.span, help_)
                scope.define(name, binding, item.span)
        else:
            last = item.path[-1] if isinstance(item.path, tuple) else Path(item.path).stem
            scope.define(item.alias or last, Module(found), item.span)

    def path(self, item: s.Import) -> Path:
        """The file an import means. Raises `SymcostError` when there is none."""
        folder = item.span.source.folder
        if isinstance(item.path, tuple):
            if item.path[0] == "std":
                path = _standard(item.path[1:])
                if path is None:
                    known = [f"std.{p.stem}" for p in sorted(STD.glob("*.arch"))]
                    help_ = nearest(_shown(item), known) or f"there are {', '.join(known)}"
                    raise fail("unknown-import", f"the standard library has no '{_shown(item)}'", item.span, help_)
                return path
            relative = Path(*item.path).with_suffix(".arch")
        else:
            relative = Path(item.path)
        if folder is None:
            message = "a program that is no file can import the standard library only"
            raise fail("unknown-import", message, item.span)
        try:
            path = (folder / relative).resolve()
        except (OSError, RuntimeError, ValueError):  # links in a circle, a zero byte
            raise fail("unknown-import", f"'{_shown(item)}' leads nowhere", item.span) from None
        if relative.is_absolute() or not path.is_relative_to(folder.resolve()):
            message = f"'{_shown(item)}' lies outside the folder of this file"
            raise fail("import-outside", message, item.span, "move the file beside the one that imports it")
        if not exists(path):
            raise fail("unknown-import", f"there is no file '{relative}' beside this one", item.span)
        if not path.is_file() and not path.is_dir():  # a pipe may never say anything
            raise fail("unknown-import", f"'{relative}' is no plain file", item.span)
        return path

    def _file(self, path: Path, item: s.Import) -> Scope:
        if path in self.loading:
            chain = " -> ".join(p.name for p in (*self.loading[self.loading.index(path) :], path))
            raise fail("import-cycle", f"these files import each other: {chain}", item.span)
        if len(self.loading) >= allowed().nesting:
            raise too_deep("imports", item.span)
        if path not in self.loaded:
            self.loading.append(path)
            try:
                if path.parent == STD:
                    self.loaded[path] = _shipped(path, self.define)
                else:
                    self.loaded[path] = self.define(parse(Source(_near(path), _text(path, item), path.parent)), self)
            finally:
                self.loading.pop()
        return self.loaded[path]


def _text(path: Path, item: s.Import) -> str:
    """What stands in a file; what is wrong with it is said at the import."""
    try:
        return read(path, _near(path))
    except SymcostError as error:
        raise SymcostError(*(replace(d, span=d.span or item.span) for d in error.diagnostics)) from None


@lru_cache(256)
def _standard(names: tuple[str, ...]) -> Path | None:
    """A file of the standard library."""
    path = STD.joinpath(*names).with_suffix(".arch")
    return path if path.exists() else None


@cache
def _shipped(path: Path, define: Define) -> Scope:
    """What a file of the standard library defines; it does not change, and is kept from one program to the next."""
    found = define(parse(Source(f"std/{path.name}", read(path))), Modules(define))
    for name, binding in found.names.items():
        if isinstance(binding, BlockBinding) and binding.lasting is None:
            found.names[name] = replace(binding, lasting={})
    return found


def _near(path: Path) -> str:
    """A path as it is seen from the folder where the reader is, if it lies there."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


def _shown(item: s.Import) -> str:
    return ".".join(item.path) if isinstance(item.path, tuple) else item.path
