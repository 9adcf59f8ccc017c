"""The command that proves or refutes a claim."""

from __future__ import annotations

import click

from symcost.cli.app import cli
from symcost.cli.counting import JSON, NET, SET
from symcost.cli.reading import asked, split
from symcost.cli.writing import console_of, piped, reported


@cli.command(short_help="Prove or refute a claim about a network.")
@click.argument("program", metavar="FILE|-|TEXT")
@click.argument("claim")
@NET
@SET
@click.option("--assume", "facts", multiple=True, metavar="FACT", help="What else holds, such as 'X % 32 == 0'.")
@click.option("--as", "growing", metavar="NAMES", default="", help="What grows in O(..): 'n', 'n,d'. All by default.")
@click.option(
    "--latex-claim", is_flag=True, help="The claim is LaTeX (a backslash, $ or braces tell it by themselves)."
)
@click.option("--name", "names", multiple=True, metavar="LATEX=SYMBOL", help="What a name in LaTeX stands for: N_x=X.")
@JSON
@click.option("--latex", "form", flag_value="latex", help="A sentence in LaTeX.")
@click.option("--markdown", "form", flag_value="markdown", help="A Markdown table.")
def prove(
    program: str,
    claim: str,
    net: str | None,
    given: tuple[str, ...],
    facts: tuple[str, ...],
    growing: str,
    latex_claim: bool,
    names: tuple[str, ...],
    form: str | None,
) -> None:
    """Say whether a claim about the costs of a network is true for all sizes at which it exists.

    It is proved, or refuted with the smallest counterexample and the difference as a formula, or left open. A claim compares
    costs and formulas with ==, !=, <, <=, =O(..), =Theta(..), ~ (a rounded figure, or the leading term), in the language or in
    LaTeX. The exit code is 0 when it is proved, 1 when it is not.

    \b
    symcost prove net.arch 'macs == 2*K^2*Cin*Cout*H*W'
    symcost prove net.arch 'flops = O(n^2*d)' --as n
    symcost prove zoo/vgg --net 'vgg(2,2,3,3,3)' 'params ~ 138.4M'
    """
    from symcost.proving import prove as proof_of
    from symcost.render import proofs

    with reported(form == "json"), piped():
        arch, _ = asked(program, net, given)
        meant = dict(_pair(name) for name in names)
        grows = [part.strip() for part in split(growing) if part.strip()]
        found = proof_of(arch, claim, assume=facts, growing=grows, names=meant, latex=latex_claim or None)
        if form is not None:
            write = {"json": proofs.page, "latex": proofs.latex, "markdown": proofs.markdown}[form]
            click.echo(write(found), nl=False)
        else:
            console = console_of()
            with console.capture() as shown:
                proofs.show(found, console)
            click.echo(shown.get(), nl=False)
    if not found:
        raise SystemExit(1)


def _pair(written: str) -> tuple[str, str]:
    latex, equals, name = written.rpartition("=")
    if not equals or not latex.strip() or not name.strip():
        raise click.UsageError(f"'{written}' is not of the form LATEX=SYMBOL")
    return latex.strip(), name.strip()
