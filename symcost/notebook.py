"""Networks in the cells of a notebook: ``%load_ext symcost``, then ``%%symcost`` above a program."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from symcost.architecture import Architecture, parse
from symcost.cli.reading import choose, net_of, values
from symcost.source import SymcostError


class RefusedError(Exception):
    """A program that is wrong: what is shown are its diagnostics, without the calls that led there."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


@magics_class
class Networks(Magics):
    """The magic ``%%symcost``."""

    @magic_arguments()
    @argument("--name", default="net", help="the name that is bound to the network; net if left out")
    @argument("--net", metavar="CALL", help="a net the program defines, such as 'resnet(3, 4, 6, 3)'")
    @argument("--set", dest="given", action="append", metavar="NAME=VALUE", help="give a symbol a value or a formula")
    @cell_magic
    def symcost(self, line: str, cell: str) -> Architecture:
        """Show the network of the cell, and bind it to a name.

        Imports are looked for in the folder of the notebook. Asserts are run.
        """
        try:
            asked = self.symcost.parser.parse_args(shlex.split(line))
        except ValueError as error:  # of a quote that is not closed
            raise UsageError(str(error)) from None
        if not asked.name.isidentifier():
            raise UsageError(f"'{asked.name}' is no name")
        try:
            net = _read(cell, asked.net, tuple(asked.given or ()))
        except click.UsageError as error:
            raise UsageError(error.format_message()) from None
        except SymcostError as error:
            raise RefusedError(str(error)) from None
        assert self.shell is not None
        self.shell.user_ns[asked.name] = net
        return net


def _read(cell: str, call: str | None, given: tuple[str, ...]) -> Architecture:
    """The network of a program, or the net of it that is asked for, at the values given."""
    net = parse(cell, "<cell>", Path.cwd())
    wrong = net.check()
    if wrong:
        raise SymcostError(wrong)
    if call is not None:
        net = net_of(net, call)
    elif net.input is None:
        raise SymcostError(choose(net, "the cell"))
    return net.at(values(given))


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What ``%load_ext symcost`` calls."""
    shell.register_magics(Networks)
