"""Commands about what a network needs: memory, a step of training, how far it sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from symcost.cli.app import cli
from symcost.cli.reading import choose, net_of, network, values
from symcost.cli.writing import console_of, piped, reported
from symcost.source import SymcostError

if TYPE_CHECKING:
    from symcost.architecture import Architecture
    from symcost.render.memory import Sheet

TYPES = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4")


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command here."""
    options = (
        click.argument("program", metavar="FILE|-|TEXT"),
        click.option("--net", metavar="NAME", help="A net the file defines, such as 'resnet(3, 4, 6, 3)'."),
        click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Give a symbol a value or a formula."),
        click.option("--layers", is_flag=True, help="What each layer adds."),
        click.option("--json", "form", flag_value="json", help="One JSON document; exact integers as strings."),
        click.option("--latex", "form", flag_value="latex", help="A LaTeX fragment."),
        click.option("--markdown", "form", flag_value="markdown", help="A Markdown table."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def asked(program: str, net: str | None, given: tuple[str, ...]) -> tuple[Architecture, str]:
    arch, title = network(program)
    if net is not None:
        arch, title = net_of(arch, net), net
    elif arch.input is None:
        raise SymcostError(choose(arch, program))
    return arch.at(values(given)), title


def _print(sheet: Sheet, form: str | None, more: Callable[[Any], None] | None = None) -> None:
    from symcost.render import memory

    if form is not None:
        click.echo({"json": memory.page, "latex": memory.latex, "markdown": memory.markdown}[form](sheet), nl=False)
        return
    console = console_of()
    with console.capture() as shown:
        memory.show(sheet, console)
        if more is not None:
            more(console)
    click.echo(shown.get(), nl=False)


@cli.command(short_help="Say how many bytes a network takes.")
@asking
@click.option("--dtype", default="bf16", metavar="TYPE", help=f"Of weights and activations: {', '.join(TYPES)}.")
@click.option("--optimizer", default="adamw", metavar="NAME", help="sgd, momentum, adam, adamw, adam8bit, adafactor.")
@click.option("--recompute", default="none", metavar="HOW", help="none, selective, full: what training keeps.")
@click.option("--cached", metavar="NAME", help="The tensor that decoding keeps instead of keys and values.")
@click.option("--batch", metavar="SIZE", help="The batch, where the program has a symbol for it: B or b.")
def memory(
    program: str,
    net: str | None,
    given: tuple[str, ...],
    layers: bool,
    form: str | None,
    dtype: str,
    optimizer: str,
    recompute: str,
    cached: str | None,
    batch: str | None,
) -> None:
    """Say how many bytes a network takes: weights, what training keeps, the peak, the KV cache, what it moves.

    \b
    symcost memory zoo/gpt --net 'gpt2(12, 768, 12)' --set T=1024
    symcost memory 'sym L, d  input d@T  [ residual { attention(8) } ] x L'
    """
    with reported(form == "json"), piped():
        arch, title = asked(program, net, given)
        if batch is not None:
            arch = _batched(arch, batch)
        _print(
            _memory(arch, f"{title}, {dtype}, {optimizer}", dtype, optimizer, recompute, cached),
            form,
            _moved(arch, dtype, layers),
        )


def _batched(arch: Architecture, batch: str) -> Architecture:
    name = next((n for n in ("B", "b", "batch") if n in arch.symbols), None)
    if name is None:
        raise click.UsageError("the program has no symbol for the batch: write 'set batch = B'")
    return arch.at({name: batch})


def _memory(arch: Architecture, title: str, dtype: str, optimizer: str, recompute: str, cached: str | None) -> Sheet:
    from symcost import memory as m
    from symcost.render.memory import Sheet

    states = m.states(arch, dtype, optimizer)
    costs = {
        "weights": states.weights,
        "gradients": states.gradients,
        "master copy": states.master,
        "optimizer": states.moments,
    }
    notes: list[str] = []
    try:
        kept = m.activations(arch, dtype, recompute)
        costs |= {"activations": kept, "training": states.total._owned(states.total._size + kept._size)}
        notes += [f"not known: {said}" for said in kept.uncounted]
    except SymcostError as error:
        if error.diagnostics[0].code != "no-closed-form":
            raise
        notes.append(f"no activations: {error.diagnostics[0].message}")
    try:
        peak = m.peak(arch, dtype)
        costs["inference"] = peak._owned(peak._size + m.weights(arch, dtype)._size)
    except SymcostError as error:
        notes.append(f"no peak of inference: {error.diagnostics[0].message}")
    try:
        costs["KV cache"] = m.kv_cache(arch, dtype, cached=cached)
    except SymcostError:
        if cached is not None:
            raise
    whole = m.intensity(arch, dtype)
    costs |= {"bytes moved": whole.bytes}
    return Sheet(title, {label: cost for label, cost in costs.items() if cost != 0}, tuple(notes), whole.intensity)


def _moved(arch: Architecture, dtype: str, layers: bool) -> Callable[[Any], None] | None:
    if not layers:
        return None
    from symcost import memory as m
    from symcost.render.memory import traffic

    return lambda console: traffic(m.traffic(arch, dtype), console)


@cli.command(short_help="Count a step of training.")
@asking
@click.option("--convention", default="flops", metavar="NAME", help="macs, flops or exact.")
@click.option("--recompute", default="none", metavar="HOW", help="none, selective, full: what is computed again.")
@click.option("--inputs", is_flag=True, help="The network's inputs need a gradient too.")
def train(
    program: str,
    net: str | None,
    given: tuple[str, ...],
    layers: bool,
    form: str | None,
    convention: str,
    recompute: str,
    inputs: bool,
) -> None:
    """Count a step of training: forward, backward, and what is computed again.

    \b
    symcost train zoo/resnet --net 'resnet(3, 4, 6, 3)' --set H=224,W=224
    symcost train 'input 3@32x32 conv3-16 freeze { conv3-32 } fc-10' --layers
    """
    from symcost import training as t
    from symcost.render.memory import Sheet, work

    with reported(form == "json"), piped():
        arch, title = asked(program, net, given)
        whole = t.step(arch, convention, recompute, inputs)
        costs = {"forward": t.forward(arch, convention), "backward": t.backward(arch, convention, inputs)}
        if recompute != "none":
            costs["again"] = t.recomputed(arch, recompute, convention)
        notes = (f"not counted: {', '.join(whole.uncounted)}",) if whole.uncounted else ()
        sheet = Sheet(title, costs | {"step": whole}, notes)
        rows = (lambda console: work(t.rows(arch, convention, inputs), console)) if layers else None
        _print(sheet, form, rows)


@cli.command(short_help="Say how far a network sees.")
@asking
def receptive(program: str, net: str | None, given: tuple[str, ...], layers: bool, form: str | None) -> None:
    """Say what an output position sees of the input: how many positions, in what strides, from where on.

    \b
    symcost receptive zoo/vgg --net vgg
    symcost receptive 'sym n  input 3@X  for i in 0..<n { conv3-3(dil=2^i) }'
    """
    from symcost import receptive as r
    from symcost.render import memory

    with reported(form == "json"), piped():
        arch, title = asked(program, net, given)
        last = r.features(arch)
        rows = r.layers(arch) if layers else (("features", last), *_output(r.field(arch)))
        match form:
            case "json":
                click.echo(memory.fields_page(title, list(rows)), nl=False)
            case "markdown":
                click.echo(memory.fields_markdown(list(rows)), nl=False)
            case "latex":
                click.echo(memory.fields_latex(title, arch, last), nl=False)
            case _:
                console = console_of()
                with console.capture() as shown:
                    memory.fields(title, list(rows), console)
                click.echo(shown.get(), nl=False)


def _output(field: Any) -> tuple[tuple[str, Any], ...]:
    return (("output", field),) if field.whole else ()
