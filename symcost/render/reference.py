"""Every layer kind with its general formulas, made from the kinds themselves."""

from __future__ import annotations

from dataclasses import dataclass

from symcost.forms import presentable
from symcost.layers import Layer, LayerError, known, slots
from symcost.ops import Op
from symcost.sizes.atoms import Floor, Size, Symbol, total
from symcost.sizes.notation import ASCII, text
from symcost.sizes.shape import Shape

LETTERS = {"k": "K", "c": "Cout", "d": "d", "s": "s", "pad": "P", "dil": "d", "groups": "g", "outpad": "Q"}


@dataclass(frozen=True)
class General:
    """A kind on a tensor of symbols."""

    kind: type[Layer]
    input: Shape
    output: Shape
    params: Size
    macs: Size
    names: dict[str, Size]  # output sides by name
    program: str  # the same in the language


def general(kind: type[Layer]) -> General:
    """A kind at symbolic sizes, in two position axes if it has them, else one, else none, else on token ids."""
    error: LayerError | None = None
    for x in _inputs():
        try:
            layer = kind(_arguments(kind), x.rank)
            list(layer.needs(x))
            y = layer.shape(x)
        except LayerError as found:
            error = found
            continue
        params = total(w.numel for w in layer.weights(x))
        y, names = _named(x, y)
        macs = layer.ops(x, y).get(Op.MAC, Size.of(0))
        return General(kind, x, y, presentable(params), presentable(macs), names, _program(layer, x))
    raise error or LayerError("layer-needs", f"{kind.kind} fits no tensor")


def _program(layer: Layer, x: Shape) -> str:
    symbols = {s.name: s for v in vars(layer).values() for s in _symbols(v)}
    inside = {s.name for size in (x.channels, *x.dims) for s in size.symbols()}
    declared = [f"{n}: nat" if s.low == 0 else n for n, s in symbols.items() if n not in inside]
    heading = f"sym {', '.join(declared)}  " if declared else ""
    return f"{heading}input {x}  {layer.written()}"


def _symbols(value: object) -> set[Symbol]:
    parts = value if isinstance(value, tuple) else (value,)
    return {s for part in parts if isinstance(part, Size) for s in part.symbols()}


def _named(x: Shape, y: Shape) -> tuple[Shape, dict[str, Size]]:
    """Output sides that are not plain get names: ``Hout``, ``Wout``."""
    names: dict[str, Size] = {}
    dims = []
    for index, side in enumerate(y.dims):
        if side in x.dims or (len(side.terms) < 2 and not any(isinstance(a, Floor) for a in side.atoms())):
            dims.append(side)
            continue
        source = text(x.dims[index], ASCII) if y.rank == x.rank else f"S{index}"
        names[f"{source}out"] = side
        dims.append(Size.of(Symbol(f"{source}out", definition=side)))
    return y.to(dims=tuple(dims)), names


def everything() -> tuple[General, ...]:
    return tuple(general(kind) for kind in known())


def _inputs() -> tuple[Shape, ...]:
    def size(name: str) -> Size:
        return Size.of(Symbol(name))

    one = Size.of(1)
    return (
        Shape(size("Cin"), (size("H"), size("W"))),
        Shape(size("Cin"), (size("T"),)),
        Shape(size("Cin")),
        Shape(one, (size("T"),), ids=True),
    )


def _arguments(kind: type[Layer]) -> dict[str, Size]:
    """A symbol for every argument that must be given, and for stride, padding, dilation and groups."""
    found = {}
    for slot in slots(kind):
        wanted = slot.default is None or slot.name in LETTERS or (slot.name in kind.tensors and slot.name in kind.axes)
        if slot.sizes and not slot.flag and wanted:
            letter = LETTERS.get(slot.name, slot.name)
            low = 0 if slot.name in ("pad", "outpad") else 1
            if kind.kind in ("linear", "fc", "unembed", "embed") and slot.name == "d":
                letter = "Cout"
            found[slot.name] = Size.of(Symbol(letter, low=low))
    return found
