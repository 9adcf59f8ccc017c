"""Recurrent layers: the gate rule, g*(h*(i + h) + h) weights with one bias vector a gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from symcost.layers.base import Layer, LayerError, Ops, Weight
from symcost.layers.window import at_least_one
from symcost.ops import Op
from symcost.sizes.atoms import ONE, ZERO, Size
from symcost.sizes.facts import Condition, at_least
from symcost.sizes.shape import Shape


class _Recurrent(Layer):
    """A cell of ``gates`` gates run over the positions, in ``layers`` layers and one or both directions.

    A gate of a cell takes two dot products, over the input and over the state, one addition to join them, and one addition
    for each of ``biases`` bias vectors. ``unit`` counts what a hidden unit does besides.
    """

    gates: ClassVar[int]
    unit: ClassVar[dict[Op, int]]
    h: Size
    layers: Size
    bidir: bool
    biases: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        if x.rank != 1:
            raise LayerError(
                "wrong-rank",
                f"'{self.kind}' runs over one position axis, and the tensor here has {x.rank or 'none'}: {x}",
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
        rows = self.gates * self.h
        found = []
        for name, width, copies in self._cells(x):
            found.append(Weight(f"weight_ih_{name}", (rows, width), copies))
            found.append(Weight(f"weight_hh_{name}", (rows, self.state), copies))
            if self.biases.number != 0:
                found.append(Weight(f"bias_{name}", (rows,), copies * self.biases))
            found += self.extra_weights(name, copies)
        return tuple(found)

    def extra_weights(self, name: str, copies: Size) -> list[Weight]:
        return []

    def ops(self, x: Shape, y: Shape) -> Ops:
        steps = x.batch * x.positions
        rows = self.gates * self.h
        counts: Ops = {}
        for _, width, copies in self._cells(x):
            runs = steps * copies
            done = {
                Op.MAC: rows * (width + self.state),
                Op.DOT: rows * 2,
                Op.ADD: rows * (self.biases + 1),
            }
            for op, n in self.unit.items():
                done[op] = done.get(op, ZERO) + self.h * n
            for op, size in self.extra_ops().items():
                done[op] = done.get(op, ZERO) + size
            for op, size in done.items():
                counts[op] = counts.get(op, ZERO) + size * runs
        return counts

    def extra_ops(self) -> Ops:
        return {}


class RNN(_Recurrent, name="rnn"):
    """A simple recurrent layer: one gate and a hyperbolic tangent. PyTorch has biases=2.

    Source: Elman 1990; torch.nn.RNN.
    Example: ``rnn-5`` on ``3@10``: 45 params, 400 macs.
    """

    signature = "rnn-h(layers=1, bidir=false, biases=1)"
    gates = 1
    unit: ClassVar = {Op.TANH: 1}


class GRU(_Recurrent, name="gru"):
    """A gated recurrent unit: three gates. PyTorch has biases=2 and resets after the product, Keras does by default.

    A hidden unit takes two sigmoids, a hyperbolic tangent, the reset (a multiplication) and (1 - z)*n + z*h. ``reset_after``
    resets the state's product instead of the state, which changes neither weights nor counts.

    Source: Cho et al. 2014, arXiv:1406.1078; torch.nn.GRU.
    Example: ``gru-5`` on ``3@10``: 135 params, 1200 macs.
    """

    signature = "gru-h(layers=1, bidir=false, biases=1, reset_after=false)"
    gates = 3
    unit: ClassVar = {Op.EXP: 2, Op.ADD: 4, Op.DIV: 2, Op.TANH: 1, Op.MUL: 3}


class LSTM(_Recurrent, name="lstm"):
    """Long short-term memory: four gates; with ``proj`` the fed-back state is projected to that width. PyTorch has biases=2.

    A hidden unit takes three sigmoids, two hyperbolic tangents, f*c + i*g and o*tanh(c).

    Source: Hochreiter and Schmidhuber 1997; Sak, Senior and Beaufays 2014, arXiv:1402.1128 for the projection.
    Example: ``lstm-2`` on ``3@1``: 48 params, 40 macs.
    """

    signature = "lstm-h(layers=1, bidir=false, biases=1, proj=0)"
    gates = 4
    unit: ClassVar = {Op.EXP: 3, Op.ADD: 4, Op.DIV: 3, Op.TANH: 2, Op.MUL: 3}
    proj: Size

    def needs(self, x: Shape) -> Iterator[Condition]:
        yield from super().needs(x)
        if self.proj.number != 0:
            yield at_least(self.proj, ONE, "proj must be at least 1")

    @property
    def state(self) -> Size:
        return self.h if self.proj.number == 0 else self.proj

    def extra_weights(self, name: str, copies: Size) -> list[Weight]:
        return [] if self.proj.number == 0 else [Weight(f"weight_hr_{name}", (self.proj, self.h), copies)]

    def extra_ops(self) -> Ops:
        return {} if self.proj.number == 0 else {Op.MAC: self.proj * self.h, Op.DOT: self.proj}
