"""What a step of training costs: forward, backward, and what is computed again. Derived layer by layer, not multiplied by three.

The gradient of a layer's input is needed where something before it is trained, that of its weights where they are. So the first
layer has no gradient of its input, frozen weights have none, and nothing below the first trained layer is run backwards at all.
A tensor that is used more than once has the sum of the gradients that come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from symcost.architecture import Architecture
from symcost.conventions import convention as load_convention
from symcost.cost import Cost
from symcost.flow import Step, Tensor, Trace, at_the_end, over, trace
from symcost.graph.user_layer import UserLayer
from symcost.layers.attention import Attention, ScaledDotProduct
from symcost.layers.base import Ops
from symcost.ops import Op
from symcost.sizes.atoms import Size, total
from symcost.source import Diagnostic, SymcostError

RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Work:
    """One step of the trace on the way forward and back; figures are those of one turn."""

    step: Step
    needed: tuple[bool, ...]  # whether each input needs a gradient
    learns: bool  # whether its weights do

    @property
    def text(self) -> str:
        return "" if self.step.leaf is None else self.step.leaf.text

    @property
    def runs_back(self) -> bool:
        return self.learns or any(self.needed)

    @cached_property
    def forward(self) -> Ops:
        leaf = self.step.leaf
        if leaf is None:
            return {}
        if isinstance(leaf.layer, UserLayer):
            return {Op(name): n for name, n in leaf.layer.counts.items() if name in tuple(Op)}
        return leaf.layer.training(leaf.input, leaf.output)

    @cached_property
    def backward(self) -> Ops:
        leaf = self.step.leaf
        if leaf is None or not self.runs_back:
            return {}
        if isinstance(leaf.layer, UserLayer):
            macs = leaf.layer.counts.get("mac", Size.of(0))
            return {Op.MAC: macs * (int(any(self.needed)) + int(self.learns))} if macs.terms else {}
        return leaf.layer.backward(leaf.input, leaf.output, self.needed, self.learns)

    def again(self, recompute: str) -> Ops:
        """What is computed once more on the way back: all of a block, or scores and weighted values of attention."""
        leaf = self.step.leaf
        if leaf is None or not self.runs_back:
            return {}
        if recompute == "full" and self.step.unit is not None:
            return self.forward
        if recompute == "selective" and isinstance(leaf.layer, Attention | ScaledDotProduct):
            return leaf.layer.core(leaf.input).forward()
        return {}


def traced(net: Architecture) -> Trace:
    return trace(net._graph, net._apply)


def works(net: Architecture, inputs: bool = False, found: Trace | None = None) -> tuple[Work, ...]:
    """Every step with what it needs gradients for; ``inputs`` says that the network's own inputs need one."""
    found = found or traced(net)
    needs: dict[Tensor, bool] = {tensor: inputs and not tensor.shape.ids for tensor in found.inputs}
    return tuple(_work(step, needs) for step in found.steps)


def _work(step: Step, needs: dict[Tensor, bool]) -> Work:
    needed = tuple(_needs(tensor, needs, step) for tensor in step.inputs)
    layer, learns = step.layer, False
    if layer is not None and step.leaf is not None:
        trained = layer.params.terms if isinstance(layer, UserLayer) else layer.trained(step.leaf.input)
        learns = step.trainable and bool(trained)
    needs[step.output] = needs.get(step.output, False) or learns or any(needed)
    return Work(step, needed, learns)


def _needs(tensor: Tensor, needs: dict[Tensor, bool], step: Step) -> bool:
    found = {_needs(choice, needs, step) for choice in tensor.choices} or {needs[tensor]}
    if len(found) > 1:
        span = None if step.leaf is None else step.leaf.span
        message = "whether a gradient is needed here depends on an `if` that is not decided"
        raise SymcostError(Diagnostic("undecided", message, span, help="state which holds with 'assume'"))
    return found.pop()


def sums(found: tuple[Work, ...], outputs: Iterable[Tensor] = ()) -> Size:
    """Additions of gradients, where a tensor is used more than once: one less than uses for each element.

    The loss uses what comes out, so that the last turn of a repeat at the end is used as the others are.
    """
    parts: list[Size] = []
    used: set[Tensor] = set()
    back = {work.step.output for work in found if work.runs_back}
    for tensor in dict.fromkeys(outputs):
        if back.issuperset(tensor.choices or (tensor,)):
            parts.append(at_the_end(tensor))
            used |= {tensor, *tensor.choices}
    for work in found:
        step = work.step
        if step.inputs and step.output is step.inputs[-1]:
            continue  # a view is no use of its own
        for tensor, shape, needs in zip(step.inputs, step.shapes, work.needed, strict=True):
            if needs:
                parts.append(step.over(shape.numel))
                used |= {tensor, *tensor.choices}
    return total([*parts, *(-over(tensor.frames, tensor.numel) for tensor in used if not tensor.choices)])


def forward(net: Architecture, convention: str = "flops") -> Cost:
    """The forward pass in training: batch normalisation takes its statistics from the batch, dropout drops."""
    return _priced(net, convention, ((w, w.forward) for w in works(net)))


def backward(net: Architecture, convention: str = "flops", inputs: bool = False) -> Cost:
    """The backward pass: gradients of all trained weights; with ``inputs`` of what comes in, too."""
    way = traced(net)
    found = works(net, inputs, way)
    return _priced(net, convention, ((w, w.backward) for w in found), {Op.ADD: sums(found, way.outputs)})


def recomputed(net: Architecture, recompute: str = "full", convention: str = "flops") -> Cost:
    """What is computed again: ``full`` every block and turn, ``selective`` what is between the projections of attention."""
    _known(recompute)
    return _priced(net, convention, ((w, w.again(recompute)) for w in works(net)))


def step(net: Architecture, convention: str = "flops", recompute: str = "none", inputs: bool = False) -> Cost:
    """A step of training: forward, backward, and what is computed again. The optimiser's own arithmetic is not in it."""
    _known(recompute)
    way = traced(net)
    found = works(net, inputs, way)
    parts = ((w, part) for w in found for part in (w.forward, w.backward, w.again(recompute)))
    return _priced(net, convention, parts, {Op.ADD: sums(found, way.outputs)})


def rows(net: Architecture, convention: str = "macs", inputs: bool = False) -> tuple[tuple[str, str, Cost, Cost], ...]:
    """Each layer: its text, which gradients it needs, forward and backward over all its turns."""
    found: dict[int, list[Work]] = {}
    for work in works(net, inputs):
        if work.step.leaf is not None and (work.forward or work.backward):
            found.setdefault(id(work.step.leaf), []).append(work)
    result = []
    for same in found.values():
        forward = _priced(net, convention, ((w, w.forward) for w in same))
        backward = _priced(net, convention, ((w, w.backward) for w in same))
        result.append((same[-1].text, _gradients(same[-1]), forward, backward))
    return tuple(result)


def _gradients(work: Work) -> str:
    said = [*(["input"] if any(work.needed) else []), *(["weights"] if work.learns else [])]
    return ", ".join(said) or "none"


def _known(recompute: str) -> None:
    if recompute not in RECOMPUTE:
        message = f"recomputation is one of {', '.join(RECOMPUTE)}, not '{recompute}'"
        raise SymcostError(Diagnostic("bad-value", message))


def _priced(net: Architecture, name: str, parts: Any, more: Ops | None = None) -> Cost:
    """Operations of steps under a convention that is nothing but prices."""
    rule = load_convention(name)
    if rule.departures:
        message = f"'{name}' says how a tool counts a forward pass; training is counted by macs, flops, exact"
        raise SymcostError(Diagnostic("unknown-cost", message))
    sizes: list[Size] = [] if more is None else [rule.price({op.value: n for op, n in more.items()})]
    left: set[str] = set() if more is None else {op.value for op, n in more.items() if n.terms}
    for work, ops in parts:
        counts = {op.value: n for op, n in ops.items() if n.terms}
        left |= counts.keys()
        sizes.append(work.step.over(rule.price(counts)))
    unpriced = tuple(op.value for op in Op if op.value in left and op not in rule.prices and op is not Op.DOT)
    return net._cost(net._apply(total(sizes)), rule.unit, rule.name, (*unpriced, *_unknown(net)))


def _unknown(net: Architecture) -> Iterator[str]:
    """Layers of the user's own, whose derivative nobody has said."""
    own = dict.fromkeys(e.leaf.layer.name for e in net._tally.entries if isinstance(e.leaf.layer, UserLayer))
    yield from (f"derivatives of '{name}'" for name in own)
