"""What a layer kind is: one class that says which shape comes out, which weights, which operations, on which condition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from symcost.layers.share import Factors, Share, summed
from symcost.ops import Op
from symcost.record import record
from symcost.sizes.atoms import ONE, ZERO, Group, Size, product, total
from symcost.sizes.facts import Condition
from symcost.sizes.shape import Shape
from symcost.sizes.written import Form

Ops = dict[Op, Size]
PerAxis = tuple[Size, ...]
Value = Size | tuple[Size, ...] | Shape | str | bool | None

KINDS: dict[str, type[Layer]] = {}


IN_A_ROW = "'tokens' puts all positions in one row; 'grid(H x W)' makes them a grid again"


class LayerError(Exception):
    """A layer cannot stand here; the graph adds the place. ``option`` is the argument to point at, if it is one."""

    def __init__(self, code: str, message: str, help: str | None = None, option: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.option = code, message, help, option


@record()
class Weight:
    """A trainable tensor: its name, its shape, how many equal ones there are, and what its shape means."""

    name: str
    shape: tuple[Size, ...]
    copies: Size = ONE
    why: str = ""

    @property
    def numel(self) -> Size:
        return product(self.shape) * self.copies


@dataclass(frozen=True)
class Kept:
    """A tensor that the backward pass needs: ``input``, ``inputs`` or ``output`` of the layer, or one of its own."""

    what: str
    numel: Size = ZERO  # of one of its own
    bytes: int | None = (
        None  # of an element, where it is not an activation: 1 of a mask, 8 of an index, 4 of a statistic
    )
    core: bool = False  # between scores and weighted values: kernels that keep none of it compute it again
    fused: bool = False  # kept by such kernels only
    small: bool = False  # statistics, which most accounts of memory leave out
    inside: bool = False  # divided among the devices of tensor parallelism


def added(*parts: Mapping[Op, Size]) -> Ops:
    """Operations of one after the other."""
    found: Ops = {}
    for part in parts:
        for op, n in part.items():
            found[op] = found.get(op, ZERO) + n
    return found


@dataclass(frozen=True)
class Taps:
    """Along one axis, output position p sees ``width`` positions, the first at ``step*p - before``; None: not known.

    With ``parts`` every input position has that many output positions instead, ``overlap`` more inputs meet in one of them,
    and ``spread`` says whether those are counted by input (upsampling) or by output positions (transposed convolution).
    """

    width: Size = ONE
    step: Size = ONE
    before: Size | None = ZERO
    parts: Size = ONE
    overlap: Size = ZERO
    spread: bool = False


Reach = (
    tuple[Taps, ...] | str
)  # for each axis; "all" where every position is seen, "moved" where positions change places


@dataclass(frozen=True)
class Slot:
    """One argument of a kind, read from its signature."""

    name: str
    place: str  # "head", "width", "stride", "option"
    default: str | None  # None: must be given
    words: tuple[str, ...] = ()  # the words it takes beside sizes
    sizes: bool = True  # whether it takes sizes

    @property
    def flag(self) -> bool:
        return self.default in ("true", "false")


class Layer:
    """A kind of layer; an instance is one use of it, with its arguments as attributes.

    A subclass names itself, gives its ``signature`` in the language, and defines the methods below. Parameter counts,
    activations, documentation, argument checking and the generic tests follow from them.
    """

    signature: ClassVar[str]
    axes: ClassVar[tuple[str, ...]] = ()  # arguments with one size for each position axis
    several: ClassVar[tuple[str, ...]] = ()  # arguments with any number of sizes
    tensors: ClassVar[tuple[str, ...]] = ()  # arguments that name a tensor
    kind: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    takes_ids: ClassVar[bool] = False
    view: ClassVar[bool] = False  # True: no new tensor is made, so nothing is added to the activations

    def __init_subclass__(cls, name: str | None = None, aliases: tuple[str, ...] = ()) -> None:
        if name is not None:
            cls.kind, cls.aliases = name, aliases
            for known in (name, *aliases):
                KINDS[known] = cls

    def __init__(self, arguments: Mapping[str, Value], rank: int) -> None:
        vars(self).update(_defaults(type(self), rank))
        for name, value in arguments.items():
            setattr(self, name, _fitting(type(self), name, value, rank))

    def written(self) -> str:
        """This use as the language writes it, its arguments as they came out: ``conv3-64/2(groups=4)``."""
        head: list[str] = []
        tail: list[str] = []
        name, pipe = self.kind, ""
        first, *others = slots(type(self)) or (None,)
        glues = "attention" not in name and not any(slot.place == "head" and slot.default is None for slot in others)
        for slot in slots(type(self)):
            value = getattr(self, slot.name)
            if value is None or (value == _default(slot) and slot.default is not None) or _all_default(slot, value):
                continue
            one = value if slot.name in self.several else _alike(value)
            if slot is first and glues and slot.place == "head" and (glued := _glued(one)):
                name += glued
            elif slot.place == "head":
                head.append(_argument(slot, one, slot.default is None))
            elif slot.place in ("width", "stride"):
                pipe += ("-" if slot.place == "width" else "/") + _slot_value(one)
            else:
                tail.append(_argument(slot, one, False))
        if not pipe:  # one pair of parentheses
            head, tail = [*head, *tail], []
        before, after = (f"({', '.join(some)})" if some else "" for some in (head, tail))
        return name + before + pipe + after

    def values(self, x: Shape) -> dict[str, Value]:
        """Its arguments by name, with what the defaults that depend on ``x`` come to."""
        return {slot.name: getattr(self, slot.name, None) for slot in slots(type(self))}

    def needs(self, x: Shape) -> Iterator[Condition]:
        """What must hold for this layer to exist on ``x``."""
        yield from ()

    def shape(self, x: Shape) -> Shape:
        """What comes out."""
        return x

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        """The trainable tensors, by shape."""
        return ()

    def ops(self, x: Shape, y: Shape) -> Ops:
        """Primitive operations of the forward pass over the whole batch, from ``x`` to ``y``.

        A kind defines these, or `shares`, of which they are the sum.
        """
        return {} if type(self).shares is Layer.shares else summed(self.shares(x, y), y)

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        """The operations by what they are for: at first, those of one output element."""
        counts = {op: n for op, n in self.ops(x, y).items() if n.terms}
        each = {op: n / y.numel for op, n in counts.items()}
        alike = all(e > 0 and not isinstance(a, Group) for n in each.values() for m in n.terms for a, e in m)
        why = (type(self).__doc__ or "").partition("\n")[0].removesuffix(".")
        if counts:
            done: dict[Op, Factors] = {op: (n,) for op, n in (each if alike else counts).items()}
            yield Share(self.kind, why, done, y.elements if alike else ())

    def sides(self, x: Shape) -> Iterator[tuple[str, Form]]:
        """The rule for each side of the output and the side as the rule has it, where there is one."""
        yield from ()

    def trained(self, x: Shape) -> tuple[Weight, ...]:
        """The tensors that training changes: its weights, and those of another layer that it uses."""
        return self.weights(x)

    def training(self, x: Shape, y: Shape) -> Ops:
        """Primitive operations of the forward pass in training; those of inference where nothing is different."""
        return self.ops(x, y)

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Primitive operations of the backward pass: gradients of those ``inputs`` that need one, and of the ``weights``.

        Here for dot products of weights with inputs: y = W*x has dx = W^T*dy and dW = dy*x^T, so each gradient takes the
        products of the forward pass again. An element of a gradient is one dot product; the gradient of a bias is a sum over the
        elements it was added to. Where there are no dot products, a gradient is passed on as it is.
        """
        forward = self.ops(x, y)
        macs = forward.get(Op.MAC, ZERO)
        found = [{Op.MAC: macs, Op.DOT: x.numel}] if any(inputs) and macs.terms else []
        if weights and macs.terms and self.trained(x):
            sizes = {
                rank: total(w.numel for w in self.trained(x) if (len(w.shape) > 1) is rank) for rank in (True, False)
            }
            found.append({Op.MAC: macs, Op.DOT: sizes[True]})
            found.append({Op.ADD: forward[Op.ADD] - sizes[False]} if sizes[False].terms else {})
        return added(*found)

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """The tensors the backward pass needs: here the input, for the gradient of ``weights`` that are trained."""
        return (Kept("input"),) if weights and self.trained(x) else ()

    def reach(self, x: Shape) -> Reach:
        """Which input positions an output position sees; here the same one."""
        return (Taps(),) * x.rank


def _alike(value: Value) -> Value:
    """One size for all axes, where they have the same."""
    if isinstance(value, tuple) and value and all(v == value[0] for v in value):
        return value[0]
    return value


def _all_default(slot: Slot, value: Value) -> bool:
    one = _alike(value)
    return isinstance(one, Size) and slot.default is not None and one == _default(slot)


def _glued(one: Value) -> str | None:
    parts = one if isinstance(one, tuple) else (one,)
    written = [str(p) for p in parts]
    return "x".join(written) if all(w.isdigit() for w in written) else None


def _slot_value(one: Value) -> str:
    if isinstance(one, tuple):
        return _glued(one) or f"({' x '.join(map(str, one))})"
    return str(one) if str(one).replace("_", "a").isalnum() else f"({one})"


def _argument(slot: Slot, one: Value, bare: bool) -> str:
    if isinstance(one, tuple):
        written = " x ".join(map(str, one))
        written = written if bare else f"({written})"
    else:
        written = str(one).lower() if isinstance(one, bool) else str(one)
    return written if bare else f"{slot.name}={written}"


def _default(slot: Slot) -> Value:
    if slot.flag:
        return slot.default == "true"
    if slot.default is not None and slot.default.isdigit():
        return Size.of(int(slot.default))
    return slot.default if slot.default in slot.words else None


_DEFAULTS: dict[tuple[type[Layer], int], dict[str, Value]] = {}


def _defaults(kind: type[Layer], rank: int) -> dict[str, Value]:
    """What the arguments are that nobody gives, on a tensor with so many position axes."""
    known = _DEFAULTS.get((kind, rank))
    if known is None:
        known = {slot.name: _fitting(kind, slot.name, _default(slot), rank) for slot in slots(kind)}
        _DEFAULTS[kind, rank] = known
    return known


def _fitting(kind: type[Layer], name: str, value: Value, rank: int) -> Value:
    """An argument as the kind keeps it: one size for each axis where it has them, else one."""
    if name in kind.axes and isinstance(value, (Size, tuple)):
        return _per_axis(name, value, rank)
    if isinstance(value, tuple) and name not in kind.several:
        raise LayerError("one-size", f"'{name}' of '{kind.kind}' is one size, not one for each axis", option=name)
    return value


def _per_axis(name: str, value: Size | tuple[Size, ...], rank: int) -> PerAxis:
    if isinstance(value, Size):
        return (value,) * rank
    if len(value) != rank:
        positions = "no position axis" if rank == 0 else f"{rank} position {'axis' if rank == 1 else 'axes'}"
        raise LayerError("wrong-rank", f"{len(value)} sizes for '{name}' on a tensor with {positions}", option=name)
    return value


_SIGNATURE = re.compile(
    r"(?P<name>\w+)(?:\((?P<head>[^)]*)\))?(?:-(?P<width>\w+))?(?:/(?P<stride>[\w=]+))?(?:\((?P<options>.*)\))?$"
)


class Slots(tuple[Slot, ...]):
    """Arguments, in the order in which unnamed ones are filled; and by where they stand."""

    by_name: dict[str, Slot]
    head: list[Slot]
    width: Slot | None
    stride: Slot | None
    options: list[Slot]

    def __init__(self, declared: Iterable[Slot]) -> None:
        places: dict[str, list[Slot]] = {"head": [], "width": [], "stride": [], "option": []}
        for slot in self:
            places[slot.place].append(slot)
        self.by_name = {slot.name: slot for slot in self}
        self.head, self.options = places["head"], places["option"]
        self.width = next(iter(places["width"]), None)
        self.stride = next(iter(places["stride"]), None)


def slots(kind: type[Layer]) -> Slots:
    """The arguments of a kind."""
    return _slots(kind.signature)


@cache
def _slots(signature: str) -> Slots:
    found = _SIGNATURE.match(signature)
    assert found, signature
    result = [_slot(part, "head") for part in _parts(found["head"])]
    if found["width"]:
        result.append(Slot(found["width"], "width", None))
    if found["stride"]:
        name, _, default = found["stride"].partition("=")
        result.append(Slot(name, "stride", default or "1"))
    return Slots([*result, *(_slot(part, "option") for part in _parts(found["options"]))])


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


def _slot(text: str, place: str) -> Slot:
    """``pad=same|valid|P``: the default first, words in lower case, a capital where sizes are taken too."""
    name, has_default, default = text.partition("=")
    if not has_default:
        return Slot(name, place, None)
    alternatives = default.split("|")
    if alternatives[0] in ("true", "false"):
        return Slot(name, place, alternatives[0], ("true", "false"), sizes=False)
    words = tuple(a for a in alternatives if a.isalpha() and a.islower()) if len(alternatives) > 1 else ()
    return Slot(name, place, alternatives[0], words, sizes=not words or len(words) < len(alternatives))


def known() -> tuple[type[Layer], ...]:
    """Every kind once, by name."""
    return tuple(KINDS[name] for name in sorted(KINDS) if KINDS[name].kind == name)
