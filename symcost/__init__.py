"""symcost: the formula behind the network.

Write an architecture the way papers do and get the closed form of its parameters, MACs, FLOPs and activations.

>>> import symcost
>>> net = symcost.parse("input 3@X x X  conv3-64")
>>> net.params
Cost('1792', unit='parameters')
>>> str(net.macs)
'1728*X^2'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Architecture", "Cost", "Diagnostic", "DomainError", "SymcostError", "formula", "limits", "load", "parse"]

if TYPE_CHECKING:
    from symcost.architecture import Architecture, formula, load, parse
    from symcost.cost import Cost
    from symcost.limiting import limits
    from symcost.source import Diagnostic, DomainError, SymcostError

_HOME = {
    "Architecture": "symcost.architecture",
    "Cost": "symcost.cost",
    "formula": "symcost.architecture",
    "limits": "symcost.limiting",
    "load_ipython_extension": "symcost.notebook",
    "load": "symcost.architecture",
    "parse": "symcost.architecture",
    "Diagnostic": "symcost.source",
    "DomainError": "symcost.source",
    "SymcostError": "symcost.source",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, so that importing the package costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'symcost' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
