"""The way back of every kind of layer against the loop nests of `naive_back`, and what a layer keeps for it.

The layers are those that `test_naive` draws, with numbers or with symbols that get the same numbers afterwards; every gradient
is asked for and not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import naive
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive import Counter
from naive_back import BACK, WHOLE, Back, sets_of
from strategies import examples
from test_naive import KINDS, Trial

import symcost
from symcost.layers import Layer
from symcost.layers.base import Kept
from symcost.ops import Op
from symcost.sizes.atoms import Size
from symcost.sizes.shape import Shape

MANY = ("attention", "sdpa", "rnn", "gru", "lstm", "matmul")  # more ways to write them


def number(size: Size, sizes: Mapping[str, int]) -> object:
    return size.subs({symbol: Size.of(sizes[symbol.name]) for symbol in size.symbols()}).number


def counted(ops: Mapping[Op, Size], sizes: Mapping[str, int]) -> dict[str, object]:
    return dict.fromkeys(naive.OPS, 0) | {str(op): number(n, sizes) for op, n in ops.items()}


def kept(layer: tuple[Kept, ...], sizes: Mapping[str, int]) -> dict[str, object]:
    """How much is kept under each name, with the bytes of an element and its traits."""
    found: dict[str, object] = {}
    for each in layer:
        traits = frozenset(t for t in ("core", "fused", "small", "inside") if getattr(each, t))
        numel = 1 if each.what in WHOLE else number(each.numel, sizes)
        assert each.what not in found
        if numel:
            found[each.what] = (numel, each.bytes, traits)
    return found


def names(tensor: Layer) -> bool:
    """Whether it takes a second tensor, which a gradient may be asked of or not."""
    return any(isinstance(getattr(tensor, name), Shape) for name in tensor.tensors) and tensor.kind != "crop"


def drawn(data: st.DataObject, kind: str) -> tuple[Trial, Layer, Shape, Shape, dict[str, Any]]:
    """A layer with what goes in and out, and what its loops are told."""
    trial = data.draw(KINDS[kind])
    symbols = data.draw(st.just([]) | st.just(trial.names()) | st.lists(st.sampled_from(trial.names()), unique=True))
    (row,) = symcost.parse(trial.later(symbols)).layers
    layer = row.leaf.layer
    how = dict(trial.loops[0].keywords)  # type: ignore[attr-defined]
    if kind == "matmul":
        how["named"] = names(layer)
    return trial, layer, row.leaf.input, row.leaf.output, how


def test_every_kind_has_its_way_back() -> None:
    assert set(BACK) == set(KINDS)


@pytest.mark.parametrize("kind", BACK)
@examples(8)
@given(data=st.data())
def test_gradients(kind: str, data: st.DataObject) -> None:
    trial, layer, x, y, how = drawn(data, kind)
    for own, other, weights in product((True, False), repeat=3):
        if own is not other and not names(layer):
            continue
        back = Back(own, weights, other)
        BACK[kind](back, trial.shape, **how)
        found = layer.backward(x, y, (own, other) if names(layer) else (own,), weights)
        assert counted(found, trial.sizes) == back.run.ops(), (own, other, weights)
        if own and other:
            wanted = {what: (n, *back.traits[what]) for what, n in back.kept.items()}
            assert kept(layer.keeps(x, y, weights), trial.sizes) == wanted


def forward(trial: Trial, kind: str, how: dict[str, Any]) -> Counter:
    """The way there in training."""
    run = Counter()
    if kind == "bn":  # a channel is brought to mean 0 and variance 1 over the batch
        for items in sets_of(trial.shape, lambda at: at[1]):
            naive.normalise(run, items, (lambda at: at[1:2]) if how["affine"] else None, bias=True)
        return run
    for _ in naive.grid(trial.shape) if kind == "dropout" else ():  # a random number is compared, the mask multiplied
        run.cmp += 1
        run.mul += 1
    trial.loops[0](run, trial.shape)
    if how.get("dropout"):
        batch, _, t = trial.shape
        seen = sum(1 for i, j in naive.grid((t, how["keys"] or t)) if j <= i or not how["causal"])
        more = how.get("bias_kv", 0) + how.get("zero_attn", 0)
        run.cmp += batch * how["heads"] * (seen + t * more)
        run.mul += batch * how["heads"] * (seen + t * more)
    return run


@pytest.mark.parametrize("kind", ["bn", "dropout", "attention", "sdpa", "groupnorm", "lstm"])
@examples(10)
@given(data=st.data())
def test_training(kind: str, data: st.DataObject) -> None:
    """The way there is another one in training where statistics are the batch's, and where something is dropped."""
    trial, layer, x, y, how = drawn(data, kind)
    assert counted(layer.training(x, y), trial.sizes) == forward(trial, kind, how).ops()


@pytest.mark.parametrize("kind", ["attention", "sdpa", "maxpool", "avgpool"])
@examples(15)
@given(data=st.data())
def test_what_is_not_given(kind: str, data: st.DataObject) -> None:
    """An argument that is left out comes to what the signature says: `kv_heads=heads`, `keys=T`, `s=k`."""
    trial, layer, x, _, how = drawn(data, kind)
    _, c, *dims = trial.shape
    if "pool" in kind:
        wanted = {name: how[name] for name in ("k", "s", "pad")}
    else:
        wanted = {name: how[name] for name in ("heads", "kv_heads", "dk", "dv")} | {"keys": how["keys"] or dims[0]}
    if kind == "attention":
        wanted |= {"kdim": how["kdim"] or c, "vdim": how["vdim"] or c}
    found = layer.values(x)
    for name, value in wanted.items():
        size = found[name]
        at = tuple(number(s, trial.sizes) for s in size) if isinstance(size, tuple) else number(size, trial.sizes)
        assert at == value, name
