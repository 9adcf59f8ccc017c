"""Commands about ways of counting: why two differ, which of them prints a figure, which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from symcost.cli.app import cli
from symcost.cli.reading import asked
from symcost.cli.writing import console_of, piped, reported

if TYPE_CHECKING:
    from symcost.difference import Difference

NET = click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 4, 6, 3)'.")
SET = click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula.")
JSON = click.option("--json", "form", flag_value="json", help="One JSON document; exact integers as strings.")


@cli.command(short_help="Say why two counts differ.")
@click.argument("programs", nargs=-1, required=True, metavar="FILE|TEXT [FILE|TEXT]")
@click.option(
    "--convention", "conventions", multiple=True, required=True, metavar="NAME", help="One of the two, or both."
)
@click.option("--net", "nets", multiple=True, metavar="NAME", help="A net the file defines; twice for two programs.")
@SET
@click.option("--layers", "parts", is_flag=True, help="Under each cause the layers it comes from.")
@JSON
@click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment.")
@click.option("--markdown", "form", flag_value="markdown", help="A Markdown table.")
def diff(
    programs: tuple[str, ...],
    conventions: tuple[str, ...],
    nets: tuple[str, ...],
    given: tuple[str, ...],
    parts: bool,
    form: str | None,
) -> None:
    """Say why two conventions give two figures for a network, or what tells two networks apart under one convention.

    \b
    symcost diff zoo/alexnet --net alexnet --convention fvcore --convention thop
    symcost diff vgg16.arch vgg19.arch --convention flops
    """
    from symcost.render import causes

    if (len(programs), len(conventions)) not in ((1, 2), (2, 1)):
        raise click.UsageError("two conventions for one network, or one convention for two networks")
    if nets and len(nets) != len(programs):
        raise click.UsageError("say --net once for each program")
    with reported(form == "json"), piped():
        found = _difference(programs, conventions, nets or (None,) * len(programs), given)
        if form is not None:
            write = {"json": causes.page, "latex": causes.latex, "markdown": causes.markdown}[form]
            click.echo(write(found), nl=False)
            return
        console = console_of()
        with console.capture() as shown:
            causes.show(found, console, parts=parts)
        click.echo(shown.get(), nl=False)


def _difference(
    programs: tuple[str, ...], conventions: tuple[str, ...], nets: tuple[str | None, ...], given: tuple[str, ...]
) -> Difference:
    from symcost.difference import of_conventions, of_networks

    found = [asked(program, net, given) for program, net in zip(programs, nets, strict=True)]
    (first, title), *others = found
    if not others:
        return of_conventions(first, *conventions)
    second, other = others[0]
    return of_networks(first, second, conventions[0], (title, other))


@cli.command(short_help="Say which way of counting gives a figure.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option("--value", required=True, metavar="FIGURE", help="What was printed, with its digits: 4.11G, 25557032.")
@NET
@SET
@click.option(
    "--all", "parts", is_flag=True, help="Counts of a part of the network too, where the whole gives the figure."
)
@JSON
def explain(program: str, value: str, net: str | None, given: tuple[str, ...], parts: bool, form: str | None) -> None:
    """Say which convention, and which part of the network, gives a figure that someone printed.

    \b
    symcost explain zoo/alexnet --net alexnet --set H=224,W=224 --value 714M
    """
    from symcost.explain import explain as read
    from symcost.render import readings

    with reported(form == "json"), piped():
        arch, _ = asked(program, net, given)
        found = read(arch, value)
        if form == "json":
            click.echo(readings.page(found, value), nl=False)
            return
        console = console_of()
        with console.capture() as shown:
            readings.show(found, value, console, parts=parts)
        click.echo(shown.get(), nl=False)


@cli.command(short_help="List the counting conventions.")
@click.argument("name", required=False)
@click.option(
    "--markdown", "form", flag_value="markdown", help="The page of the documentation: all of them side by side."
)
def conventions(name: str | None, form: str | None) -> None:
    """List the counting conventions, or say everything about one: its prices, where it departs from them, its figures.

    \b
    symcost conventions
    symcost conventions fvcore
    """
    from symcost.render.conventions import describe, listing, page

    with reported(False), piped():
        console = console_of()
        if form == "markdown":
            click.echo(page(), nl=False)
            return
        with console.capture() as shown:
            listing(console) if name is None else describe(name, console)
        click.echo(shown.get(), nl=False)
