"""Commands that print networks and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.app import cli
from symcost.cli.reading import choose, described, form_of, net_of, network, rate_of, spelled, values
from symcost.cli.writing import console_of, piped, render, reported, written
from symcost.source import SymcostError

if TYPE_CHECKING:
    from symcost.architecture import Architecture


def showing(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that prints a network."""
    options = (
        click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula."),
        click.option(
            "--convention", "conventions", multiple=True, metavar="NAME", help="Count by this convention too."
        ),
        click.option("--speed", metavar="FLOPS", help="Add the time on a device of this speed, such as 312T."),
        click.option(
            "--form",
            "shape",
            metavar="FORM[:X,Y]",
            help="factored, expanded, collected:X or horner:X instead of the form a person would choose.",
        ),
        click.option("--resolve", is_flag=True, help="Write named sizes out."),
        click.option("--json", "form", flag_value="json", help="One JSON document; exact integers as strings."),
        click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment."),
        click.option("--typst", "form", flag_value="typst", help="The same in Typst."),
        click.option("--markdown", "form", flag_value="markdown", help="A Markdown table."),
        click.option("--standalone", is_flag=True, help="A whole LaTeX or Typst document, not a fragment."),
        click.option(
            "--symbol",
            "styles",
            multiple=True,
            metavar="'NAME as TEX'",
            help="Write a symbol so: 'Cin as C_{\\mathrm{in}}'.",
        ),
        click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file."),
        click.option("--force", is_flag=True, help="Overwrite the file."),
        click.option("--tree", is_flag=True, help="The blocks as a tree instead of the table of layers."),
        click.option("-q", "--quiet", is_flag=True, help="Totals only, no table of layers."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command(short_help="Print the costs of a network.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--net", "net", metavar="NAME", help="A net the file defines, such as 'vgg(2, 2, 3, 3, 3)'.")
@showing
def show(program: str, more: tuple[str, ...], net: str | None, **options: Any) -> None:
    """Print the costs of a network: a FILE, - for standard input, or the program itself.

    \b
    symcost show vgg16.arch --set X=224
    symcost show net.arch --set n=3,K=5 --convention exact
    """
    with reported(options["form"] == "json"):
        arch, title = network(program)
        if net is not None:
            arch, title = net_of(arch, net), net
        elif arch.input is None:
            raise SymcostError(choose(arch, program))
        print_network(arch, title, more, **options)


def print_network(
    arch: Architecture,
    title: str,
    more: tuple[str, ...],
    given: tuple[str, ...],
    conventions: tuple[str, ...],
    speed: str | None,
    resolve: bool,
    form: str | None,
    output: str | None,
    force: bool,
    quiet: bool,
    standalone: bool,
    styles: tuple[str, ...],
    shape: str | None,
    tree: bool,
) -> None:
    from symcost.render.document import STANDARD, Document

    arch = arch.at(values((*given, *more)))
    every = tuple(dict.fromkeys((*STANDARD, *conventions)))
    document = Document(
        arch,
        title,
        every,
        resolve,
        table=not quiet,
        standalone=standalone,
        styles=spelled(styles, "--symbol"),
        form=form_of(shape),
    )
    rate = rate_of(speed)
    with written(output, force) as stream:
        render(document, form, stream, "" if quiet else "tree" if tree else "layers", rate)


@cli.command(short_help="Published architectures.")
@click.argument("family", required=False)
@click.argument("net", required=False)
@click.argument("more", nargs=-1, metavar="[NAME=VALUE]...")
@showing
def zoo(family: str | None, net: str | None, more: tuple[str, ...], **options: Any) -> None:
    """List published architectures, say what a FAMILY has, or print a NET of it as show does.

    \b
    symcost zoo
    symcost zoo vgg
    symcost zoo vgg 'vgg(2, 2, 3, 3, 3)' --set H=224,W=224
    symcost zoo --markdown        the page of the documentation
    """
    from symcost.render.terminal import entry
    from symcost.zoo import families, load, nets

    asked = [name for name, value in options.items() if value]
    paged = family is None and asked == ["form"] and options["form"] == "markdown"
    if net is None and asked and not paged:
        raise click.UsageError("options are for a net: symcost zoo FAMILY NET")
    with reported(options["form"] == "json"), piped():
        if paged:
            from symcost.render.zoo import page

            click.echo(page(), nl=False)
        elif family is None:
            console, width = console_of(), max(len(name) for name in families())
            for name in families():
                entry(console, name, ", ".join(nets(name)), width)
        elif net is None:
            click.echo(described(family, console_of().width), nl=False)
        else:
            print_network(net_of(load(family), net), net, more, **options)


@cli.command(short_help="List the layer kinds with their general formulas.")
@click.argument("kind", required=False)
@click.option("--markdown", "form", flag_value="markdown", help="The reference page of the documentation.")
def layers(kind: str | None, form: str | None) -> None:
    """List the layer kinds with their general formulas, or say everything about one KIND.

    \b
    symcost layers
    symcost layers conv
    """
    from symcost.render.kinds import describe, listing, page

    with reported(False), piped():
        console = console_of()
        if form == "markdown":
            click.echo(page(), nl=False)
            return
        with console.capture() as shown:
            listing(console) if kind is None else describe(kind, console)
        click.echo(shown.get(), nl=False)
