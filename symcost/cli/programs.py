"""Commands on program files, and on the command line itself."""

from __future__ import annotations

from pathlib import Path

import click

from symcost.cli.app import cli
from symcost.cli.reading import network, shown, text_of
from symcost.cli.writing import piped, reported, write_whole
from symcost.source import Source, SymcostError


@cli.command(short_help="Run the asserts of programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-q", "--quiet", is_flag=True, help="Print failures only.")
def check(files: tuple[str, ...], quiet: bool) -> None:
    """Run the asserts of programs; exit code 1 when one fails.

    \b
    symcost check vgg16.arch resnet.arch
    """
    from symcost.claims import check as run

    failed = False
    for name in files:
        with reported(False, ends=False) as outcome:
            arch, title = network(name)
            results = list(run(arch))
            wrong = [d for _, d in results if d is not None]
            if wrong:
                raise SymcostError(wrong)
            if not quiet:
                held = f"{len(results)} {'assert holds' if len(results) == 1 else 'asserts hold'}"
                click.echo(f"{title}: {held if results else 'no asserts'}")
        failed = failed or outcome.failed
    if failed:
        raise SystemExit(1)


@cli.command(short_help="Format programs.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 when something would change.")
def fmt(files: tuple[str, ...], only_check: bool) -> None:
    """Format programs in place; - formats standard input to standard output.

    \b
    symcost fmt vgg16.arch
    symcost fmt --check networks/*.arch
    """
    from symcost.fmt import formatted

    changed = failed = False
    for name in files:
        with reported(False, ends=False) as outcome:
            text = text_of(name)
            result = formatted(Source(shown(name), text))
            if name == "-" and not only_check:
                click.echo(result, nl=False)
            elif result != text:
                changed = True
                if only_check:
                    click.echo(f"would change {name}")
                else:
                    write_whole(Path(name), result)
                    click.echo(f"changed {name}", err=True)
        failed = failed or outcome.failed
    if failed or (only_check and changed):
        raise SystemExit(1)


@cli.command(name="limits", short_help="List the limits of what a program may ask for.")
def limits_() -> None:
    """List the limits of what a program may ask for, as they stand; --limit raises one, for any command.

    \b
    symcost limits
    symcost net.arch --limit layers=2000000
    """
    from dataclasses import fields

    from symcost.limiting import allowed

    with reported(False), piped():
        listed = [(f.name, f"{getattr(allowed(), f.name)}", f.metadata["meaning"]) for f in fields(allowed())]
        for name, value, meaning in listed:
            click.echo(f"{name:<10}  {value:>11}  {meaning}")


@cli.command(short_help="Print the script for shell completion.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes symcost's commands and options.

    \b
    eval "$(symcost completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "symcost", "_SYMCOST_COMPLETE").source())
