"""The published catalogue: formulas and figures of papers, each beside a description from which symcost derives it.

A file here is a source or a family of them; `checking` derives the left side of every check from its program and compares it
with what was printed. Nothing is proved by writing the published formula on both sides.
"""

from symcost.catalogue.checking import Outcome, described, verify
from symcost.catalogue.entries import FOLDER, Check, Entry, Figure, chosen, entries, families, family

__all__ = [
    "FOLDER",
    "Check",
    "Entry",
    "Figure",
    "Outcome",
    "chosen",
    "described",
    "entries",
    "families",
    "family",
    "verify",
]
