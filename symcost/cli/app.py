"""The command ``symcost`` itself: its group, its entry point, its streams."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from symcost import __version__
from symcost.cli.writing import abandon_output
from symcost.source import SymcostError


class _DefaultShow(click.Group):
    """``symcost vgg16.arch`` is ``symcost show vgg16.arch``."""

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
        code = 130
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
