"""The command that writes a network as a page for a browser."""

from __future__ import annotations

import sys

import click

from symcost.cli.app import cli
from symcost.cli.reading import choose, net_of, network, values
from symcost.cli.writing import reported, written
from symcost.source import SymcostError


@cli.command(short_help="Write an HTML page with sliders and plots.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 8, 36, 3)'.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula.")
@click.option("--at", "at", multiple=True, metavar="NAME=NUMBER", help="Where a slider stands first.")
@click.option("--convention", "conventions", multiple=True, metavar="NAME", help="Count by this convention too.")
@click.option("--title", metavar="WORDS", help="What stands at the top; the name of the network without it.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to a file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def report(
    program: str,
    net: str | None,
    given: tuple[str, ...],
    at: tuple[str, ...],
    conventions: tuple[str, ...],
    title: str | None,
    output: str | None,
    force: bool,
) -> None:
    """Write one HTML file: formulas, layers, where the cost sits, plots with a slider for each symbol.

    It needs no other file and no network. What is given with --set is put in
    and has no slider; --at says where a slider stands first.

    \b
    symcost report vgg16.arch -o vgg16.html
    symcost report zoo/resnet --net 'resnet(3, 8, 36, 3)' --at H=224 -o r.html
    """
    from symcost.render.document import STANDARD, Document
    from symcost.render.html import page

    if output is None and sys.stdout.isatty():
        raise click.UsageError("a page is for a browser, not for a terminal: name a file with -o")
    with reported(False):
        arch, name = network(program)
        if net is not None:
            arch, name = net_of(arch, net), net
        elif arch.input is None:
            raise SymcostError(choose(arch, program))
        arch = arch.at(values(given))
        start = arch.domain.values(values(at))
        arch.at(start)  # refused where the network does not exist
        name = title or ("Network" if name.startswith("<") else name)
        document = Document(arch, name, tuple(dict.fromkeys((*STANDARD, *conventions))))
        with written(output, force) as stream:
            stream.write(page(document, start))
