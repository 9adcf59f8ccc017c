"""Counting conventions: what one unit of cost is, as data files beside this module.

A convention prices primitive operations (its rule) and says where it departs from that rule for a kind of layer. `reading`
makes one of a file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from symcost.conventions.convention import Convention, Departure
from symcost.conventions.reading import read_convention
from symcost.source import Diagnostic, SymcostError, nearest

__all__ = ["Convention", "Departure", "convention", "known", "names"]

FOLDER = Path(__file__).parent


@cache
def names() -> tuple[str, ...]:
    """The conventions that exist: ``macs``, ``fvcore@0.1.5``."""
    return tuple(sorted(path.name.removesuffix(".toml") for path in FOLDER.glob("*.toml")))


def known(name: str) -> bool:
    """Whether `convention` finds something by this name."""
    return name.endswith(".toml") or bool(_versions(name))


def convention(name: str) -> Convention:
    """A convention by its name, the newest where no version is given, or a user's own by the path of its file.

    Raises `SymcostError` when there is none of that name, or when the file is wrong.
    """
    if name.endswith(".toml"):
        return read_convention(Path(name), convention)
    found = _versions(name)
    if not found:
        help_ = nearest(name, names()) or f"conventions: {', '.join(names())}; or a file of your own: ours.toml"
        raise SymcostError(Diagnostic("unknown-convention", f"unknown convention '{name}'", help=help_))
    return _own(found[-1])


@cache
def _own(name: str) -> Convention:
    return read_convention(FOLDER / f"{name}.toml", convention)


def _versions(name: str) -> list[str]:
    """``fvcore@0.1.5`` by itself, and for ``fvcore`` its versions without their variants, the newest release last."""
    if name in names():
        return [name]
    return sorted((n for n in names() if n.startswith(f"{name}@") and "-" not in n.rpartition("@")[2]), key=_release)


def _release(name: str) -> tuple[int, ...]:
    """``0.1.5`` as numbers; what has none, such as ``master``, is no release and comes first."""
    return tuple(int(part) for part in name.rpartition("@")[2].split(".") if part.isdigit())
