"""The command that editors start."""

from __future__ import annotations

import click

from symcost.cli.app import cli


@cli.command(short_help="Start the language server.")
def lsp() -> None:
    """Start the language server; an editor runs this and talks to it over standard input and output.

    \b
    pip install 'symcost[lsp]'
    symcost lsp
    """
    try:
        from symcost.editors.server import made
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise click.ClickException("the language server needs pygls: pip install 'symcost[lsp]'") from None
    made().start_io()
