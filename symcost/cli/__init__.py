"""The command line: arguments, colour, exit codes. It computes nothing.

Exit codes: 0 fine; 1 the program is wrong, an assert failed, or `fmt --check` would change something; 2 a wrong command line;
130 interrupted.
"""

from symcost.cli import (
    counting,
    deriving,
    editing,
    emitting,
    growing,
    networks,
    plotting,
    programs,
    proving,
    reporting,
    training,
    verifying,
)
from symcost.cli.app import cli, main

__all__ = [
    "cli",
    "counting",
    "deriving",
    "editing",
    "emitting",
    "growing",
    "main",
    "networks",
    "plotting",
    "programs",
    "proving",
    "reporting",
    "training",
    "verifying",
]
