"""The command that draws figures for papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from symcost.cli.app import cli
from symcost.cli.growing import SET, range_of
from symcost.cli.reading import choose, net_of, network, values
from symcost.cli.writing import fresh, reported, write_whole
from symcost.source import SymcostError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from symcost.architecture import Architecture
    from symcost.cost import Cost
    from symcost.sizes.atoms import Rational


@cli.command(short_help="Draw costs for a paper.")
@click.argument("programs", nargs=-1, required=True, metavar="FILE|-|TEXT...")
@click.option("--over", metavar="NAME=A..B[:STEP]", help="The symbol along the axis, and from where to where.")
@click.option("--convention", "costs", multiple=True, metavar="NAME", help="Which cost: a convention, params, act, ...")
@click.option("--net", "nets", multiple=True, metavar="NAME", help="A net; several of one file, or one for each.")
@click.option("--label", "labels", multiple=True, metavar="TEXT", help="What the legend calls each network.")
@SET
@click.option("--by", metavar="PART", help="Shares by kind, layer, block or block:2 (a level deeper).")
@click.option("--lines", is_flag=True, help="With --by, a line for each part instead of shares.")
@click.option("--against", metavar="COST", help="This cost along the axis: a point for each network or value.")
@click.option("--log", is_flag=True, help="Logarithmic axes, with the slopes.")
@click.option("--jumps", default=0, metavar="N", help="Mark the N largest steps.")
@click.option("--most", default=6, metavar="N", help="With --by, show the N largest parts and add up the rest.")
@click.option("--width", default=3.5, metavar="INCHES", help="3.5 by default: a column.")
@click.option("-o", "--output", required=True, metavar="FILE", help="A .pdf, .svg, .pgf or .png file.")
@click.option("--force", is_flag=True, help="Overwrite the file.")
def plot(
    programs: tuple[str, ...],
    over: str | None,
    costs: tuple[str, ...],
    nets: tuple[str, ...],
    labels: tuple[str, ...],
    given: tuple[str, ...],
    by: str | None,
    lines: bool,
    against: str | None,
    log: bool,
    jumps: int,
    most: int,
    width: float,
    output: str,
    force: bool,
) -> None:
    """Draw costs against a symbol, the shares of the parts, or one cost against another; overtaking is marked exactly.

    \b
    symcost plot net.arch --over X=32..512 -o steps.pdf
    symcost plot one.arch other.arch --over X=32..512 --log -o both.pdf
    symcost plot net.arch --over T=64..8192 --log --by kind -o shares.svg
    symcost plot net.arch --over C=8..64:8 --against params -o sizes.pdf
    """
    form = output.rpartition(".")[2].lower()
    if form not in ("pdf", "svg", "pgf", "png"):
        raise click.UsageError(f"-o: '{output}' does not end in .pdf, .svg, .pgf or .png")
    if over is None and by is None and against is None:
        raise click.UsageError("say what to plot: --over X=32..512, --by kind or --against params")
    if over is None and (lines or (log and against is None)):
        raise click.UsageError("--lines and --log go with --over NAME=A..B")
    if not 0 < width <= 100:
        raise click.UsageError("--width is in inches, up to 100")
    with reported(False):
        path = fresh(output, force)
        name, along = _along(over, log)
        found = _networks(programs, nets, labels, given, name)
        asked = costs or ("flops",)
        if by is not None and against is None:
            figure = _parts(found, asked, name, along, by, lines, log, jumps, most, width)
        elif against is not None:
            figure = _points(found, asked, against, name, along, log, width)
        else:
            figure = _curves(found, asked, name, along, log, jumps, width)
        from symcost.plot import picture

        write_whole(path, picture(figure, form), force)


def _along(over: str | None, log: bool) -> tuple[str | None, list[Rational]]:
    """The symbol and its values; of a long range, as many as can be seen."""
    if over is None:
        return None, []
    name, found = range_of(over, "--over")
    if found is None or found[0] > found[1]:
        raise click.UsageError(
            f"--over: '{over}' is not of the form NAME=FIRST..LAST, from a smaller to a larger value"
        )
    from symcost.plot import spaced

    first, last, step = (int(n) if n.denominator == 1 else n for n in found)
    return name, spaced(first, last, step, log=log)


def _networks(
    programs: tuple[str, ...], nets: tuple[str, ...], labels: tuple[str, ...], given: tuple[str, ...], name: str | None
) -> dict[str, Architecture]:
    """The networks by what the legend calls them, at the values given and otherwise at their default values."""
    if len(programs) == 1 and nets:
        programs = programs * len(nets)
    if nets and len(nets) != len(programs):
        raise click.UsageError("say --net once for each program, or several times for one")
    if labels and len(labels) != len(programs):
        raise click.UsageError("say --label once for each network")
    read = {program: network(program) for program in dict.fromkeys(programs)}
    found: list[tuple[str, Architecture]] = []
    for index, program in enumerate(programs):
        arch, title = read[program]
        if nets:
            arch, title = net_of(arch, nets[index]), nets[index]
        elif arch.input is None:
            raise SymcostError(choose(arch, program))
        found.append((labels[index] if labels else title, arch))
    wanted = values(given)
    for symbol in wanted:
        if not any(arch.domain.knows(symbol) for _, arch in found):
            found[0][1].at({symbol: wanted[symbol]})  # says which symbols there are
    titles = [title for title, _ in found]
    named = [t if titles.count(t) == 1 else f"{t} ({i})" for i, t in enumerate(titles, 1)]
    return {t: _valued(arch, wanted, name) for t, (_, arch) in zip(named, found, strict=True)}


def _valued(arch: Architecture, given: dict[str, str], name: str | None) -> Architecture:
    arch = arch.at({n: v for n, v in given.items() if arch.domain.knows(n)})
    return arch.at({n: v for n, v in arch.defaults().items() if n != name and n in arch.symbols})


def _curves(
    found: dict[str, Architecture],
    asked: tuple[str, ...],
    name: str | None,
    along: list[Rational],
    log: bool,
    jumps: int,
    width: float,
) -> Figure:
    from symcost.plot import curves

    assert name is not None
    costs: dict[str, Cost] = {}
    for title, arch in found.items():
        for cost in asked:
            several = [title] * (len(found) > 1) + [cost] * (len(asked) > 1)
            costs[", ".join(several)] = arch.cost(cost)
    return curves(costs, name, along, log=log, jumps=jumps, width=width)


def _parts(
    found: dict[str, Architecture],
    asked: tuple[str, ...],
    name: str | None,
    along: list[Rational],
    by: str,
    lines: bool,
    log: bool,
    jumps: int,
    most: int,
    width: float,
) -> Figure:
    from symcost.plot import curves, parts, shares

    if len(found) > 1 or len(asked) > 1:
        raise click.UsageError("--by takes one network apart, under one convention")
    (arch,), (cost,) = found.values(), asked
    if lines:
        assert name is not None
        return curves(parts(arch, by, cost), name, along, log=log, jumps=jumps, width=width)
    return shares(arch, name, along, by=by, cost=cost, most=most, log=log, width=width)


def _points(
    found: dict[str, Architecture],
    asked: tuple[str, ...],
    against: str,
    name: str | None,
    along: list[Rational],
    log: bool,
    width: float,
) -> Figure:
    from symcost.plot import points

    if len(asked) > 1:
        raise click.UsageError("--against draws one cost against another")
    pairs = {title: (arch.cost(against), arch.cost(asked[0])) for title, arch in found.items()}
    return points(pairs, name, along, log=log, width=width)
