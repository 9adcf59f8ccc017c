"""Recurrent layers: the gate rule, g*(h*(i + h) + h) weights with one bias vector a gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from symcost.layers.base import IN_A_ROW, Kept, Layer, LayerError, Ops, Reach, Weight, added
from symcost.layers.share import Factors, Share, done, dots
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ONE, Size
from symcost.sizes.facts import Condition, at_least
from symcost.sizes.shape import Shape


class _Recurrent(Layer):
    """A cell of ``gates`` gates run over the positions, in ``layers`` layers and one or both directions.

    A gate of a cell takes two dot products, over the input and over the state, one addition to join them, and one addition
    for each of ``biases`` bias vectors. ``unit`` counts what a hidden unit does besides.
    """

    gates: ClassVar[tuple[str, ...]]
    unit: ClassVar[dict[str, dict[Op, int]]]  # by what it is for
    h: Size
    layers: Size
    bidir: bool
    biases: Size
    back: ClassVar[dict[Op, int]]  # of a hidden unit on the way back: the derivatives of the gates
    cells: ClassVar[int] = 0  # of a hidden unit, kept beside its gates

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank",
                f"'{self.kind}' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}",
                IN_A_ROW if x.rank else None,
            )
        yield from at_least_one(width=self.h, layers=self.layers)
        if self.biases.number not in (0, 1, 2):
            message = f"'biases' is 0, 1 or 2 bias vectors a gate, not {self.biases}"
            raise LayerError("bad-value", message, option="biases")

    @property
    def state(self) -> Size:
        """Width of what is fed back."""
        return self.h

    @property
    def directions(self) -> int:
        return 2 if self.bidir else 1

    def shape(self, x: Shape) -> Shape:
        return x.to(self.state * self.directions)

    def _cells(self, x: Shape) -> tuple[tuple[str, Size, Size], ...]:
        """Name, width of the input and number of the cells that are alike: the first layer, and the rest."""
        first = ("0", x.channels, Size.of(self.directions))
        rest = ("1", self.state * self.directions, (self.layers - 1) * self.directions)
        return (first, rest) if self.layers.number != 1 else (first,)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        rows = len(self.gates) * self.h
        gates = f"the gates ({', '.join(self.gates)}) have h rows each"
        found = []
        for name, width, copies in self._cells(x):
            found.append(Weight(f"weight_ih_{name}", (rows, width), copies, f"{gates}, a weight for each input"))
            found.append(Weight(f"weight_hh_{name}", (rows, self.state), copies, f"{gates}, a weight for each state"))
            if self.biases.number != 0:
                found.append(Weight(f"bias_{name}", (rows,), copies * self.biases, f"{gates}"))
            found += self.extra_weights(name, copies)
        return tuple(found)

    def extra_weights(self, name: str, copies: Size) -> list[Weight]:
        return []

    def shares(self, x: Shape, y: Shape) -> Iterator[Share]:
        gates = f"for each of the gates ({', '.join(self.gates)}) and each of its h units"
        for name, width, copies in self._cells(x):
            where = "" if self.layers.number == 1 else {"0": ", first layer", "1": ", other layers"}[name]
            runs = (x.batch, x.positions, copies)
            rows = (Size.of(len(self.gates)), self.h, *runs)
            yield dots(f"input products{where}", f"{gates}, a dot product with the input", (width,), rows)
            yield dots(f"state products{where}", f"{gates}, a dot product with the state before", (self.state,), rows)
            yield done(f"sums{where}", f"{gates}, the two are added, and the biases", rows, add=self.biases + 1)
            for what, done_ in self.unit.items():
                each = {op: (Size.of(n),) for op, n in done_.items()}
                yield Share(f"{what}{where}", "for each of the h units", each, (self.h, *runs))
            yield from self.extra_shares(where, runs)

    def extra_shares(self, where: str, runs: Factors) -> Iterator[Share]:
        yield from ()

    def backward(self, x: Shape, y: Shape, inputs: tuple[bool, ...] = (True,), weights: bool = True) -> Ops:
        """Back through time. The gradient of a gate reaches its weights, the input, and the state before.

        Each of the three takes the products of the forward pass; the state before the first step needs no gradient, the input
        of the first layer only where ``inputs`` say so. A state has the sum of what comes from above and from the step after.
        """
        if not (any(inputs) or weights):
            return {}
        found: list[Ops] = []
        rows, state = len(self.gates) * self.h, self.state
        for name, width, copies in self._cells(x):
            runs, later = x.vectors * copies, x.batch * (x.positions - 1) * copies
            found.append({op: runs * self.h * n for op, n in self.back.items()})
            found.append({Op.MAC: later * rows * state, Op.DOT: later * state, Op.ADD: later * state})
            if name != "0" or any(inputs):
                found.append({Op.MAC: runs * rows * width, Op.DOT: runs * width})
                found.append({Op.ADD: runs / self.directions * width} if self.bidir else {})
            if weights:
                found.append({Op.MAC: runs * rows * (width + state), Op.DOT: copies * rows * (width + state)})
                found.append({Op.ADD: (runs - copies) * rows} if self.biases.number != 0 else {})
            found.append(self.extra_back(runs, copies, weights))
        return added(*found)

    def extra_back(self, runs: Size, copies: Size, weights: bool) -> Ops:
        return {}

    def keeps(self, x: Shape, y: Shape, weights: bool = True) -> tuple[Kept, ...]:
        """The input, the states of all layers (the last ones are the output), the gates and the cells."""
        runs = x.vectors * self.layers * self.directions
        inner = x.vectors * (self.layers - 1) * self.directions * self.state
        gates = Kept("gates and cells", runs * self.h * (len(self.gates) + self.cells))
        return (Kept("input"), Kept("output"), Kept("states", inner), gates)

    def reach(self, x: Shape) -> Reach:
        return "all"


class RNN(_Recurrent, name="rnn"):
    """A simple recurrent layer: one gate and a hyperbolic tangent. PyTorch has biases=2.

    Source: Elman 1990; torch.nn.RNN.
    Example: ``rnn-5`` on ``3@10``: 45 params, 400 macs.
    """

    signature = "rnn-h(layers=1, bidir=false, biases=1)"
    gates = ("new state",)
    unit: ClassVar = {"tanh": {Op.TANH: 1}}
    back: ClassVar = {Op.MUL: 2, Op.ADD: 1}  # dh*(1 - h*h)


class GRU(_Recurrent, name="gru"):
    """A gated recurrent unit: three gates. PyTorch has biases=2 and resets after the product, Keras does by default.

    A hidden unit takes two sigmoids, a hyperbolic tangent, the reset (a multiplication) and (1 - z)*n + z*h. ``reset_after``
    resets the state's product instead of the state, which changes neither weights nor counts.

    Source: Cho et al. 2014, arXiv:1406.1078; torch.nn.GRU.
    Example: ``gru-5`` on ``3@10``: 135 params, 1200 macs.
    """

    signature = "gru-h(layers=1, bidir=false, biases=1, reset_after=false)"
    gates = ("reset", "update", "new")
    unit: ClassVar = {
        "sigmoids of r and z": {Op.EXP: 2, Op.ADD: 2, Op.DIV: 2},
        "reset": {Op.MUL: 1},
        "tanh": {Op.TANH: 1},
        "state (1 - z)*n + z*h": {Op.ADD: 2, Op.MUL: 2},
    }
    # dz = dh*(h' - n)*z*(1 - z), dn = dh*(1 - z)*(1 - n*n), the state after reset b: dr = dn*b*r*(1 - r), db = dn*r, dh*z
    back: ClassVar = {Op.MUL: 11, Op.ADD: 6}
    cells = 1


class LSTM(_Recurrent, name="lstm"):
    """Long short-term memory: four gates; with ``proj`` the fed-back state is projected to that width. PyTorch has biases=2.

    A hidden unit takes three sigmoids, two hyperbolic tangents, f*c + i*g and o*tanh(c).

    Source: Hochreiter and Schmidhuber 1997; Sak, Senior and Beaufays 2014, arXiv:1402.1128 for the projection.
    Example: ``lstm-2`` on ``3@1``: 48 params, 40 macs.
    """

    signature = "lstm-h(layers=1, bidir=false, biases=1, proj=0)"
    gates = ("input", "forget", "cell", "output")
    unit: ClassVar = {
        "sigmoids of i, f and o": {Op.EXP: 3, Op.ADD: 3, Op.DIV: 3},
        "tanh of g and c": {Op.TANH: 2},
        "cell f*c + i*g": {Op.ADD: 1, Op.MUL: 2},
        "state o*tanh(c)": {Op.MUL: 1},
    }
    proj: Size
    # do = dh*t*o*(1 - o), dc = dc' + dh*o*(1 - t*t) with t = tanh(c), di = dc*g*i*(1 - i), df = dc*c'*f*(1 - f),
    # dg = dc*i*(1 - g*g), dc*f
    back: ClassVar = {Op.MUL: 16, Op.ADD: 6}
    cells = 2

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from super().needs(x)
        if self.proj.number != 0:
            yield at_least(self.proj, ONE, "proj must be at least 1")

    @property
    def state(self) -> Size:
        return self.h if self.proj.number == 0 else self.proj

    def extra_weights(self, name: str, copies: Size) -> list[Weight]:
        return (
            []
            if self.proj.number == 0
            else [Weight(f"weight_hr_{name}", (self.proj, self.h), copies, "the projection")]
        )

    def extra_shares(self, where: str, runs: Factors) -> Iterator[Share]:
        if self.proj.number != 0:
            why = "every channel fed back is a dot product over the h units"
            yield dots(f"projection{where}", why, (self.h,), (self.proj, *runs))

    def extra_back(self, runs: Size, copies: Size, weights: bool) -> Ops:
        if self.proj.number == 0:
            return {}
        macs = runs * self.proj * self.h
        return added(
            {Op.MAC: macs, Op.DOT: runs * self.h},
            {Op.MAC: macs, Op.DOT: copies * self.proj * self.h} if weights else {},
        )
