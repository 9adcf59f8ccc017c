"""The counting conventions: a listing, everything about one, and the page that puts them side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from symcost.architecture import Architecture, load
from symcost.conventions import FOLDER, Convention, Departure, convention, names
from symcost.ops import MEANING
from symcost.render.terminal import aligned, entry
from symcost.sizes.atoms import Size
from symcost.sizes.notation import ASCII, text

WIDE = 100  # columns from which a listing is a table

GROUPS = {
    "Convolutions": ("conv2d_nobias", "conv2d_bias", "conv2d_g4", "convT2d_s2", "convT2d_s2_bias"),
    "Dense layers and products": ("linear2d_nobias", "linear2d", "matmul_at", "embedding"),
    "Norms": ("bn_eval", "layernorm", "rmsnorm"),
    "Activations": ("relu", "gelu", "sigmoid", "tanh", "prelu", "softmax"),
    "Pooling and interpolation": ("maxpool", "avgpool", "gap", "up_nearest", "up_bilinear"),
    "Sums and products of tensors": ("add", "mul"),
    "Attention and recurrent layers": ("sdpa", "mha_train", "manual_attn", "rnn", "lstm"),
}
OF_TRANSFORMERS = ("Dense layers and products", "Attention and recurrent layers")


def probes() -> Architecture:
    """The single layers that the counters were run on."""
    return load(FOLDER / "probes.arch")


def listing(console: Console) -> None:
    """Every convention with its unit; what it counts beside it, or under it where the window is narrow."""
    if console.width < WIDE:
        for name in names():
            rule = convention(name)
            console.print(Text.assemble((name, "bold"), ("  " + rule.unit, "dim")), soft_wrap=True)
            _indented(rule.title, console)
    else:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in ("convention", "unit", "counts"):
            table.add_column(column, overflow="fold")
        for name in names():
            rule = convention(name)
            table.add_row(*(Text(cell) for cell in (name, rule.unit, rule.title)))
        aligned(table, console)
    console.print("\nsymcost conventions NAME says everything about one of them.")


def describe(name: str, console: Console) -> None:
    rule = convention(name)
    console.print(Text(rule.name, style="bold"))
    _indented(rule.title, console, 0)
    console.print()
    about = {"unit": rule.unit, "prices": _prices(rule), "for": rule.about, "source": rule.source}
    for label, content in about.items():
        if content:
            entry(console, label, content, 0)
    if rule.departures:
        console.print(Text("\ninstead of the prices"), style="dim")
        for departure in rule.departures:
            kinds, counts, why = _departure(departure)
            console.print()
            _indented(kinds, console, 0, "bold")
            _indented(counts, console)
            _indented(why, console, style="dim")
    if rule.checks:
        console.print(f"\n{len(rule.checks)} figures the tool printed are checked.")


def _indented(content: str, console: Console, by: int = 4, style: str = "") -> None:
    for line in wrap(content, max(20, console.width - by), break_long_words=False, break_on_hyphens=False):
        console.print(Text(" " * by + line, style=style), soft_wrap=True)


def _prices(rule: Convention) -> str:
    return ", ".join(f"{op} {price}" for op, price in rule.prices.items()) or "none"


def _departure(departure: Departure) -> tuple[str, str, str]:
    """For which layers, what is counted, and what that is."""
    options = [f"{name}={str(value).lower()}" for name, value in departure.options.items()]
    options += [f'form="{departure.form}"'] if departure.form else []
    options += [departure.where.span.text] if departure.where else []
    kinds = ", ".join(departure.kinds) + (f" ({', '.join(options)})" if options else "")
    counted = departure.formula.span.text
    if departure.unseen and counted == "0":
        counted = "not seen"
    if departure.each:
        counted += f", where each is the product over the axes of {departure.each.span.text}"
    why = departure.why + (" (a mistake)" if departure.bug else "")
    return kinds, f"+ {counted}" if departure.more else counted, why


def page() -> str:
    """The page of the documentation, made of the files."""
    lines = ["# Why counters disagree", "", *INTRODUCTION.strip().splitlines(), ""]
    lines += ["| convention | unit | counts |", "| --- | --- | --- |"]
    lines += [
        f"| [`{name}`](#{_anchor(name)}) | {convention(name).unit} | {convention(name).title} |" for name in names()
    ]
    lines += ["", "## Side by side", "", *SIDE_BY_SIDE.strip().splitlines(), ""]
    nets = probes()
    for title, group in GROUPS.items():
        rules = [name for name in names() if not convention(name).about or title in OF_TRANSFORMERS]
        lines += [f"### {title}", "", *_matrix(nets, group, rules), ""]
    for name in names():
        lines += _section(convention(name))
    return "\n".join(lines).rstrip() + "\n"


def _matrix(nets: Architecture, group: Iterable[str], rules: Iterable[str]) -> Iterator[str]:
    """A row for each convention, a column for each layer."""
    layers = {probe: nets.net(probe) for probe in group}
    yield "| | " + " | ".join(f"`{_written(net)}`" for net in layers.values()) + " |"
    yield "| --- | " + " | ".join("---:" for _ in layers) + " |"
    yield "| on | " + " | ".join(f"`{net.input}`" for net in layers.values()) + " |"
    for name in rules:
        cells = (text(Size.of(net.cost(name).value or 0), ASCII) for net in layers.values())
        yield f"| `{name}` | " + " | ".join(cells) + " |"


def _written(net: Architecture) -> str:
    return " ".join(row.text for row in net.layers)


def _section(rule: Convention) -> list[str]:
    lines = [f"## {rule.name}", "", f"{rule.title[0].upper()}{rule.title[1:]}. It calls its unit {rule.unit}.", ""]
    lines += ["Prices: " + (", ".join(f"{p} for {MEANING[op]}" for op, p in rule.prices.items()) or "none") + ".", ""]
    if rule.departures:
        lines += ["| for | it counts | that is |", "| --- | --- | --- |"]
        lines += [f"| `{kinds}` | `{counts}` | {why} |" for kinds, counts, why in map(_departure, rule.departures)] + [
            ""
        ]
    figures = f" {len(rule.checks)} figures it printed are checked." if rule.checks else ""
    return [*lines, f"Source: {rule.source}.{figures}", ""]


def _anchor(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum() or c in "-_")


INTRODUCTION = """
One network has many "FLOPs": tools differ in what they count, in what they call it, and in what they do not see. Here each
tool, and each way papers count, is a file of data: prices of primitive operations, and the kinds of layers for which it departs
from them. `symcost diff` takes two of them apart on a network, cause by cause; `symcost explain` says which of them gives a
figure.

This page is made by `symcost conventions --markdown` from those files. "A mistake" is a count that contradicts the tool's
own rule.
"""

SIDE_BY_SIDE = """
What each convention counts for single layers, for a batch of two. Every figure of a tool is one that it printed, where it was
measured. Conventions for transformers only stand in the tables of layers that a transformer has.
"""
