"""The command that derives the published catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from symcost.cli.app import cli
from symcost.cli.writing import piped, reported

if TYPE_CHECKING:
    from symcost.catalogue import Entry


@cli.command(short_help="Derive published formulas and compare.")
@click.argument("names", nargs=-1, metavar="[ENTRY|FAMILY]...")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
@click.option(
    "--markdown", "form", flag_value="markdown", help="The page of the documentation for one family, or of all."
)
def verify(names: tuple[str, ...], quiet: bool, form: str | None) -> None:
    """Derive every formula and figure of the catalogue from a description and compare it with what was printed.

    \b
    symcost verify
    symcost verify cnn_mobile
    """
    from symcost.catalogue import chosen, verify
    from symcost.render import catalogue

    with reported(False), piped():
        if form == "markdown":
            click.echo(catalogue.index() if not names else catalogue.page(names[0]), nl=False)
            return
        entries = chosen(names)
        failed = derived = 0
        for entry in _with_progress(entries):
            outcomes = tuple(verify(entry))
            wrong = [o for o in outcomes if not o.holds]
            failed += bool(wrong)
            derived += bool(outcomes)
            if wrong or not quiet:
                click.echo(catalogue.line(entry, outcomes))
            for outcome in wrong:
                click.echo(catalogue.failure(outcome))
        click.echo(f"{derived} of {len(entries)} entries derived, {failed} of them not as printed here")
    if failed:
        raise SystemExit(1)


def _with_progress(entries: tuple[Entry, ...]) -> Iterable[Entry]:
    """The entries, with a bar on a terminal while they are worked on."""
    if not sys.stderr.isatty():
        return entries
    from rich.console import Console
    from rich.progress import track

    return track(entries, "deriving", console=Console(stderr=True), transient=True)
