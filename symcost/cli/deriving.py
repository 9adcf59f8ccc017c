"""The command that shows how a formula comes about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from symcost.cli.app import cli
from symcost.cli.reading import choose, is_program, net_of, network, values
from symcost.cli.writing import console_of, piped, reported
from symcost.source import SymcostError

if TYPE_CHECKING:
    from symcost.architecture import Architecture

UNKNOWN = re.compile(r"(?:unknown name|.* or a size, not) '(\w+)'")


@cli.command(short_help="Show how a formula comes about, step by step.")
@click.argument("program", metavar="FILE|-|TEXT|LAYER")
@click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 4, 6, 3)'.")
@click.option("--layer", metavar="N|TEXT", help="One layer of it: its number from 1, or as it is written.")
@click.option("--convention", default="macs", metavar="NAME", help="macs, flops, exact, params, activations, ...")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment: an align.")
@click.option("--markdown", "form", flag_value="markdown", help="A Markdown list.")
def derive(
    program: str, net: str | None, layer: str | None, convention: str, given: tuple[str, ...], form: str | None
) -> None:
    """Show the steps from the definition to the formula: of a network, of a layer of it, or of a layer alone.

    \b
    symcost derive lstm --convention params
    symcost derive 'input Cin@H x W conv(K)-Cout/s(pad=P)'
    symcost derive zoo/vgg --net 'vgg(2, 2, 3, 3, 3)' --layer 3
    """
    from symcost.derive import derive as derived
    from symcost.render import derivation

    with reported(form == "json"), piped():
        arch = _asked(program)
        if net is not None:
            arch = net_of(arch, net)
        elif arch.input is None:
            raise SymcostError(choose(arch, program))
        found = derived(arch.at(values(given)), convention, layer)
        if form in ("latex", "markdown"):
            click.echo((derivation.latex if form == "latex" else derivation.markdown)(found), nl=False)
            return
        points = found.check()
        if form == "json":
            click.echo(derivation.page(found, points), nl=False)
            return
        console = console_of()
        with console.capture() as shown:
            derivation.show(found, console, points)
        click.echo(shown.get(), nl=False)


ALONE = ("Cin@H x W", "C@T", "C", "ids@T")  # tensors for a layer that was given alone


def _asked(program: str) -> Architecture:
    """The network; a kind alone is taken at general sizes, a layer alone on a tensor that it fits."""
    from symcost.files import exists
    from symcost.layers import KINDS
    from symcost.render.reference import general

    if exists(program) or "@" in program or program.endswith(".arch") or not program.startswith(tuple(KINDS)):
        return _declared(program)
    if program in KINDS:
        return network(general(KINDS[program]).program)[0]
    errors = []
    for shape in ALONE:
        try:
            return _declared(f"input {shape}  {program}")
        except SymcostError as error:
            errors.append(error)
    raise errors[0]


def _declared(program: str, names: tuple[str, ...] = ()) -> Architecture:
    """A program on the command line; names that nobody declared, and that look like no others, become symbols."""
    try:
        return network(f"sym {', '.join(names)}  {program}" if names else program)[0]
    except SymcostError as error:
        missing = [
            UNKNOWN.fullmatch(d.message) for d in error.diagnostics if (d.help or "declare").startswith("declare")
        ]
        found = tuple(dict.fromkeys(m[1] for m in missing if m is not None))
        if not is_program(program) or not found or set(found) & set(names):
            raise
        return _declared(program, (*names, *found))
