"""Published architectures in the language: a file for each family, with the figures it must give asserted inside.

>>> load("vgg").net("vgg", 2, 2, 3, 3, 3).params
Cost('138357544', unit='parameters', convention=None)
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path

from symcost.architecture import Architecture
from symcost.architecture import load as load_file
from symcost.files import read
from symcost.parser import parse
from symcost.source import Diagnostic, Source, SymcostError, nearest
from symcost.syntax import Net

FOLDER = Path(__file__).parent


def families() -> tuple[str, ...]:
    """The names of the families, in alphabetical order."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.arch")))


def path(name: str) -> Path:
    """The file of a family. Raises `SymcostError` when there is none of that name."""
    known = families()
    if name not in known:
        help_ = nearest(name, known) or f"there are {', '.join(known)}"
        raise SymcostError(Diagnostic("unknown-family", f"the zoo has no family '{name}'", help=help_))
    return FOLDER / f"{name}.arch"


def nets(name: str) -> tuple[str, ...]:
    """The networks of a family, from its text alone."""
    file = parse(Source(f"{name}.arch", read(path(name))))
    return tuple(item.name for item in file.items if isinstance(item, Net))


def about(name: str) -> list[str]:
    """What stands at the top of the file of a family."""
    comments = takewhile(lambda line: line.startswith("#"), read(path(name)).splitlines())
    return [line.removeprefix("#").strip() for line in comments]


def signatures(name: str) -> dict[str, str]:
    """How each network of a family is called: ``unet(n, C, classes=2, channels=1)``."""
    nets = load(name)._program.nets()
    called = {net: ", ".join(p.span.text for p in bound.definition.params) for net, bound in nets.items()}
    return {net: f"{net}({params})" if params else net for net, params in called.items()}


def load(name: str) -> Architecture:
    """The file of a family, read: its networks are ``.net("vgg", 2, 2, 3, 3, 3)``."""
    return load_file(path(name))
