"""The command ``symcost`` itself: its group, its entry point, its streams."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from symcost import __version__
from symcost.cli.watching import watched
from symcost.cli.writing import abandon_output, reported
from symcost.interruption import exit_code
from symcost.limiting import limits
from symcost.source import SymcostError

UNHURRIED = ("sweep", "verify", "lsp")  # may take any time: they say how far they are, or wait for what is typed


class _Limited(click.Command):
    """A command that keeps to the limits, and takes ``--limit``."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        help_ = "Raise a limit, such as layers=2000000; 'symcost limits' lists them."
        self.params.append(click.Option(["--limit", "raised"], multiple=True, metavar="NAME=NUMBER", help=help_))

    def invoke(self, ctx: click.Context) -> Any:
        raised = _numbers(ctx.params.pop("raised"), ctx)
        with reported(False), limits(**raised), watched(self.name not in UNHURRIED), reported(False):
            return super().invoke(ctx)


def _numbers(given: tuple[str, ...], ctx: click.Context) -> dict[str, int]:
    """``layers=2000000`` as a limit by name."""
    found = {}
    for part in (p.strip() for g in given for p in g.split(",")):
        name, _, number = part.partition("=")
        if not name or not number.isascii() or not number.isdigit() or len(number) > 18:
            raise click.UsageError(f"--limit: '{part}' is not of the form NAME=NUMBER", ctx)
        found[name] = int(number)
    return found


class _DefaultShow(click.Group):
    """``symcost vgg16.arch`` is ``symcost show vgg16.arch``."""

    command_class = _Limited

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h", "--version"):
            args = ["show", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # the reader has seen enough; an error that nobody read is still one
            abandon_output()
            raise SystemExit(1 if isinstance(error.__context__, SymcostError) else 0) from None


@click.group(cls=_DefaultShow, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="symcost")
def cli() -> None:
    """The formula behind the network: exact parameters, MACs and FLOPs of an architecture with symbolic sizes.

    \b
    symcost vgg16.arch                          its formulas, layer by layer
    symcost vgg16.arch --set X=224              ... at a size
    symcost 'input 3@X x X  conv3-64 maxpool'   a program on the command line
    symcost vgg16.arch --latex                  for the paper
    """


def main() -> None:
    """The entry point of the command ``symcost``."""
    _open_streams()
    try:
        code = cli.main(prog_name="symcost", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = exit_code()
    except OSError as error:
        abandon_output()
        click.echo(f"error[unwritable]: cannot write the result: {error.strerror}", err=True)
        code = 1
    raise SystemExit(code)


def _open_streams() -> None:
    """A stream that was closed before we started takes and gives nothing; what it cannot spell is escaped."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
