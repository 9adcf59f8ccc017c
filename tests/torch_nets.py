"""From a net written as ``torch.nn`` classes with their arguments to the same net in the language.

A net is an entry of ``data/models/random_nets.json``. PyTorch's sizes are ``(batch, channels, *positions)``,
for sequences ``(batch, T, d)`` or ``(T, batch, d)``; here a tensor is ``channels @ positions`` and the batch
stands apart. ``ours`` turns one into the other: programs and expectations follow from the same entry.

An argument that no rule reads raises ``UntranslatableError``, so that nothing is dropped in silence.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parent / "data" / "models"

Net = dict[str, Any]
Sizes = tuple[int, ...]

PLAIN = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leakyrelu",
    "ELU": "elu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Mish": "mish",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Hardswish": "hswish",
    "Identity": "id",
    "Dropout": "dropout(0.5)",
}

# Arguments that change neither sizes nor counts, or only repeat the channels of the tensor that enters.
SILENT = {"batch_first", "nonlinearity", "need_weights"} | {
    *("in_channels", "in_features", "num_features", "num_channels", "input_size", "embed_dim"),
}


class UntranslatableError(Exception):
    """A class or an argument that no rule below knows."""


@dataclass(frozen=True)
class Layout:
    """Where the channels and the batch of a net stand in PyTorch's sizes."""

    channels_first: bool
    batch_axis: int


@dataclass(frozen=True)
class Line:
    """One layer in the language: the rows it makes there, and the definition it needs."""

    text: str
    definition: str = ""
    rows: int = 1


@dataclass(frozen=True)
class Expected:
    """What PyTorch found for one layer: output as (batch, channels, *positions), parameters, FLOPs."""

    torch: str
    output: Sizes
    params: int
    flops: int


# ---------------------------------------------------------------------------------------------------- reading


def nets() -> list[Net]:
    return json.loads((MODELS / "random_nets.json").read_text(encoding="utf-8"))["nets"]


def branches(net: Net) -> bool:
    """Whether some layer is more than one step of a straight chain."""
    return any(name in ("Residual", "Concat") or name.startswith("Transformer") for name, _ in net["layers"])


def layout(net: Net) -> Layout:
    """Channels stand first if a layer before any ``Flatten`` works over positions (``Conv2d``, ...)."""
    names = [name for name, _ in net["layers"]]
    spatial = names[: names.index("Flatten")] if "Flatten" in names else names
    orders = {args["batch_first"] for _, args in net["layers"] if "batch_first" in args}
    if len(orders) > 1:
        raise UntranslatableError("batch_first differs between the layers")
    return Layout(any(name[-2:] in ("1d", "2d", "3d") for name in spatial), 1 if orders == {False} else 0)


def ours(size: list[int], where: Layout) -> Sizes:
    """``(batch, channels, *positions)`` of a PyTorch size."""
    if where.channels_first or len(size) == 2:
        return tuple(size)
    positions = [n for axis, n in enumerate(size[:-1]) if axis != where.batch_axis]
    return (size[where.batch_axis], size[-1], *positions)


def expected(net: Net, k: int) -> list[Expected]:
    """What was counted at the k-th size, layer by layer."""
    where = layout(net)
    names = [name for name, _ in net["layers"]]
    outputs = [ours(_first_tensor(out), where) for out in net["outputs"][k]]
    return [Expected(*row) for row in zip(names, outputs, net["params"], net["flops"][k], strict=True)]


def values(net: Net, k: int) -> dict[str, int]:
    """The k-th size by the names ``program`` gives it: B, the positions, S for separate keys."""
    where, entering = layout(net), net["inputs"][k]
    if isinstance(entering[0], dict):
        sizes = entering[0]["shape"]
        batch, positions = sizes[where.batch_axis], [sizes[1 - where.batch_axis]]
    else:
        batch, _, *positions = ours(entering[0], where)
    names = [(), ("L" if where.channels_first else "T",), ("H", "W"), ("D", "H", "W")][len(positions)]
    keys = {"S": ours(entering[1], where)[2]} if len(entering) > 1 else {}
    return {"B": batch} | dict(zip(names, positions, strict=True)) | keys


def _first_tensor(out: list[Any]) -> list[int]:
    """The size that goes on: recurrent layers and attention also return their states and weights."""
    return out[0] if isinstance(out[0], list) else out


# ---------------------------------------------------------------------------------------------------- writing


def program(net: Net, k: int | None = None, *, glued: bool = False, ascribe: bool = False) -> str:
    """The net in the language: at its k-th size, or with the symbols of ``values`` if k is None.

    ``glued`` writes ``conv3x5-8/2x1`` for ``conv(3 x 5)-8/(2 x 1)``; ``ascribe`` states every output.
    """
    numbers = values(net, 0 if k is None else k)
    named = {name: name if k is None else str(n) for name, n in numbers.items()}
    found = lines(net, named, glued=glued)
    symbols = [name for name in ("B", "S") if k is None and name in named]
    steps = [line.text for line in found]
    if ascribe:
        outputs = [_shape(row.output[1:]) for row in expected(net, k or 0)]
        steps = [f"{step} : {output}" for step, output in zip(steps, outputs, strict=True)]
    head = [f"sym {', '.join(symbols)}"] if symbols else []
    head += [f"set batch = {named['B']}", *sorted({line.definition for line in found} - {""})]
    if any(name == "TransformerDecoderLayer" for name, _ in net["layers"]):  # from the second input it takes the memory
        channels = ours(net["inputs"][0][1], layout(net))[1]
        head += [f"input memory: {channels}@{named['S']}", f"input target: {_input(net, named)}"]
    else:
        head += [f"input {_input(net, named)}"]
    return "\n".join([*head, *steps, ""])


def rows(net: Net) -> list[int]:
    """How many rows of the language each layer makes."""
    return [line.rows for line in lines(net, {"B": "B", "T": "T", "S": "S"}, glued=False)]


def lines(net: Net, named: dict[str, str], *, glued: bool) -> list[Line]:
    """Each layer in the language, given the names or numbers of ``values``."""
    where = layout(net)
    first = net["inputs"][0][0]
    outputs = [_first_tensor(out) for out in net["outputs"][0]]
    ranks = [2 if isinstance(first, dict) else len(first), *map(len, outputs)]
    found, before = [], ""
    for (name, args), rank in zip(net["layers"], ranks, strict=False):
        left = {key: value for key, value in args.items() if key not in SILENT}
        tokens = not where.channels_first or rank == 2
        found.append(_line(name, left, rank, tokens, before == "Flatten", named.get("S"), glued))
        if left:
            raise UntranslatableError(f"{name}({', '.join(left)})")
        before = name
    return found


def _input(net: Net, named: dict[str, str]) -> str:
    first = net["inputs"][0][0]
    channels = "ids" if isinstance(first, dict) else str(ours(first, layout(net))[1])
    positions = [name for axis, name in named.items() if axis not in ("B", "S")]
    return f"{channels}@{' x '.join(positions)}" if positions else channels


def _line(name: str, args: Net, rank: int, tokens: bool, flat: bool, keys: str | None, glued: bool) -> Line:
    """One layer. What a rule reads it takes out of ``args``.

    ``rank`` counts the axes of the entering tensor, the batch included; ``tokens`` says that PyTorch's last
    axis holds the channels, ``flat`` that the tensor was just flattened; ``keys`` is the size of other keys.
    """
    take = args.pop
    kind = name[:-2] if name[-2:] in ("1d", "2d", "3d") else name
    match kind:
        case "Residual":
            (inside,) = _branches([take("body")], rank, glued)
            return Line(f"residual {{ {inside.text} }}", rows=inside.rows + 1)
        case "Concat":
            inside = _branches(take("branches"), rank, glued)
            joined = 1 if len(inside) > 1 else 0  # one branch is nothing to join
            text = " | ".join(line.text for line in inside)
            return Line(f"concat {{ {text} }}", rows=sum(line.rows for line in inside) + joined)
        case "TransformerEncoderLayer" | "TransformerDecoderLayer":
            return _transformer(args, decoder="Decoder" in name)
        case _ if name in PLAIN:
            return Line(PLAIN[name])
        case "Conv":
            width, more = take("out_channels"), {"groups": take("groups"), "bias": take("bias")}
            return Line(_window("conv", args, glued, width, more))
        case "ConvTranspose":
            width, more = take("out_channels"), {"groups": take("groups"), "bias": take("bias")}
            more["outpad"] = _option_axes(take("output_padding"))
            return Line(_window("upconv", args, glued, width, more))
        case "MaxPool":
            return Line(_window("maxpool", args, glued, None, {"ceil": take("ceil_mode")}))
        case "AvgPool":
            more = {"ceil": take("ceil_mode"), "count_include_pad": take("count_include_pad")}
            return Line(_window("avgpool", args, glued, None, more))
        case "AdaptiveAvgPool":
            return Line(f"gap({_axes(take('output_size'))})")
        case "Flatten" if take("start_dim") == 1:
            return Line("flatten")
        case "Linear" if tokens:
            return Line(f"{'fc' if flat else 'linear'}-{take('out_features')}{_options(bias=take('bias'))}")
        case "Linear":
            return _row_linear(take("out_features"), take("bias"), rank)
        case "LayerNorm":
            return _layer_norm(len(take("normalized_shape")), take("elementwise_affine"), rank, tokens)
        case "BatchNorm":
            return Line(f"bn{_options(affine=take('affine'))}")
        case "GroupNorm":
            return Line(f"groupnorm{_options(str(take('num_groups')), affine=take('affine'))}")
        case "InstanceNorm":
            return Line(f"instancenorm{'(affine=true)' if take('affine') else ''}")
        case "PReLU":
            return Line(f"prelu(n={take('num_parameters')})")
        case "Embedding":
            return Line(f"embed({take('num_embeddings')})-{take('embedding_dim')}")
        case "Upsample":
            return Line(f"upsample(f={int(take('scale_factor'))}, mode={take('mode')})")
        case "ZeroPad" | "ReflectionPad":
            pairs = take("padding")  # before and after, from the last axis to the first
            before, after = pairs[0::2][::-1], pairs[1::2][::-1]
            return Line(f"zeropad(before={_option_axes(before)}, after={_option_axes(after)})")
        case "RNN" | "GRU" | "LSTM":
            layers, biases, proj = take("num_layers"), 2 if take("bias") else 0, take("proj_size", "")
            bidir = "true" if take("bidirectional") else ""
            options = _options(layers="" if layers == 1 else layers, bidir=bidir, biases=biases, proj=proj)
            return Line(f"{kind.lower()}-{take('hidden_size')}{options}")
        case "MultiheadAttention":
            options = {"bias": take("bias"), "keys": keys or ""}
            options |= {"kdim": take("kdim", ""), "vdim": take("vdim", "")}
            options |= {"bias_kv": "true" if take("add_bias_kv", False) else ""}
            options |= {"zero_attn": "true" if take("add_zero_attn", False) else ""}
            return Line(f"attention{_options(str(take('num_heads')), **options)}")
    raise UntranslatableError(name)


def _branches(bodies: list[list[Any]], rank: int, glued: bool) -> list[Line]:
    """What stands in braces: each branch of layers that keep the positions."""
    found = []
    for body in bodies:
        inside = []
        for name, args in body:
            left = {key: value for key, value in args.items() if key not in SILENT}
            inside.append(_line(name, left, rank, False, False, None, glued))
            if left:
                raise UntranslatableError(f"{name}({', '.join(left)})")
        found.append(Line(" ".join(line.text for line in inside), rows=sum(line.rows for line in inside)))
    return found


def _transformer(args: Net, *, decoder: bool) -> Line:
    """Attention, with ``decoder`` attention to ``memory``, and two linear layers, each a residual with its norm."""
    width, bias = args.pop("d_model"), args.pop("bias")
    heads, hidden = str(args.pop("nhead")), args.pop("dim_feedforward")
    linear = [f"linear-{n}{_options(bias=bias)}" for n in (hidden, width)]
    parts = [f"attention{_options(heads, bias=bias)}"]
    parts += [f"attention{_options(heads, kv='memory', bias=bias)}"] if decoder else []
    parts += [f"{linear[0]} {args.pop('activation')} {linear[1]}"]
    norm = f"layernorm{_options(bias=bias)}"
    form = "residual {{ {norm} {part} }}" if args.pop("norm_first") else "residual {{ {part} }} {norm}"
    text = " ".join(form.format(norm=norm, part=part) for part in parts)
    return Line(text, rows=3 * len(parts) + 2)


def _window(kind: str, args: Net, glued: bool, width: int | None, more: Net) -> str:
    """A layer with a kernel; its stride is written unless it is the kind's own."""
    kernel, stride = _axes(args.pop("kernel_size")), args.pop("stride")
    stride = "" if stride is None or (width is not None and set(stride) == {1}) else _axes(stride)
    pad, dilation = args.pop("padding"), _option_axes(args.pop("dilation", [1]))
    options = _options(
        pad=pad if isinstance(pad, str) else _option_axes(pad),
        dil="" if dilation == "1" else dilation,
        groups="" if more.get("groups", 1) == 1 else more["groups"],
        outpad="" if more.get("outpad") == "0" else more.get("outpad", ""),
        bias=more.get("bias", True),
        round="ceil" if more.get("ceil") else "",
        count_include_pad=more.get("count_include_pad", True),
    )
    if glued:
        kernel, stride = kernel.replace(" ", ""), stride.replace(" ", "")
    else:
        kernel, stride = f"({kernel})", f"({stride})" if " " in stride else stride
    slots = (f"-{width}" if width is not None else "") + (f"/{stride}" if stride else "")
    if not slots and not glued:  # a layer without slots has one pair of parentheses
        return f"{kind}{kernel[:-1]}, {options[1:]}"
    return f"{kind}{kernel}{slots}{options}"


def _row_linear(width: int, bias: bool, rank: int) -> Line:
    """PyTorch's Linear works along the last axis, here a position axis: no kind of the library does that."""
    *rows, last = _row_axes(rank)
    many = "*".join(["c", *rows])
    fields = f"params = {last}*o + b*o; mac = {many}*{last}*o; add = b*{many}*o"
    signature = f"c@{' x '.join([*rows, last])} -> c@{' x '.join([*rows, 'o'])}"
    definition = f"layer rowlinear-o(b=1) : {signature} {{ {fields} }}"
    return Line(f"rowlinear-{width}{'' if bias else '(b=0)'}", definition)


def _layer_norm(covered: int, affine: bool, rank: int, tokens: bool) -> Line:
    """``covered`` counts the last axes, in PyTorch's order, that are normalised together."""
    if tokens and covered == 1:
        return Line(f"layernorm{_options(affine=affine)}")
    if covered == rank - 1:
        return Line(f"layernorm{_options(over='all', affine=affine)}")
    if not tokens and covered == rank - 2:
        return Line(f"layernorm{_options(over='positions', affine=affine)}")
    if not tokens and covered == 1:  # along the last position axis only: no kind of the library does that
        *rows, last = _row_axes(rank)
        axes = " x ".join([*rows, last])
        definition = f"layer rownorm(a=1) : c@{axes} -> c@{axes} {{ params = 2*a*{last} }}"
        return Line(f"rownorm{'' if affine else '(a=0)'}", definition)
    raise UntranslatableError(f"LayerNorm over the last {covered} of {rank} axes")


def _row_axes(rank: int) -> list[str]:
    return ["u", "v", "w"][5 - rank :]


def _shape(sizes: Sizes) -> str:
    """``(3, 8, 8)`` as ``3@8x8``."""
    channels, *positions = sizes
    return f"{channels}@{'x'.join(map(str, positions))}" if positions else str(channels)


def _axes(sizes: list[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else " x ".join(map(str, sizes))


def _option_axes(sizes: list[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else f"({_axes(sizes)})"


def _options(*first: str, **named: object) -> str:
    """``(a, b=c)``, leaving out what is True (every such option is on by default) or empty."""
    kept = {key: value for key, value in named.items() if value is not True and value != ""}
    written = [f"{key}={'false' if value is False else value}" for key, value in kept.items()]
    return f"({', '.join([*first, *written])})" if first or written else ""
