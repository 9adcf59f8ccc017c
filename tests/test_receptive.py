"""Receptive fields against influence carried through a network position by position."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples

import symcost
from symcost import receptive, zoo

SIDE = 400


# ------------------------------------------------------------ influence


Seen = list[frozenset[int]]  # of each position: which positions of the input it depends on, padding included


def slide(x: Seen, k: int, s: int, d: int, p: int) -> Seen:
    """A window of k taps; a tap in the padding reaches where the input would go on."""
    first, second = min(x[0], default=0), min(x[1], default=1)
    step = second - first

    def at(position: int) -> frozenset[int]:
        if 0 <= position < len(x):
            return x[position]
        edge, steps = (x[0], position) if position < 0 else (x[-1], position - len(x) + 1)
        return frozenset(e + steps * step for e in edge)

    starts = range(-p, len(x) + p - (k - 1) * d, s)
    return [frozenset().union(*(at(start + tap * d) for tap in range(k))) for start in starts]


def spread(x: Seen, f: int) -> Seen:
    return [each for each in x for _ in range(f)]


def between(x: Seen, f: int) -> Seen:
    """Bilinear: an output lies between two neighbours, at (i + 1/2)/f - 1/2."""
    found = []
    for i in range(len(x) * f):
        low = (2 * i + 1 - f) // (2 * f)
        ends = [min(max(n, 0), len(x) - 1) for n in (low, low + 1)]
        found.append(x[ends[0]] | x[ends[1]])
    return found


def transposed(x: Seen, k: int, s: int) -> Seen:
    """Every input reaches k outputs from s times its place."""
    found: list[set[int]] = [set() for _ in range((len(x) - 1) * s + k)]
    for i, each in enumerate(x):
        for tap in range(k):
            found[i * s + tap] |= each
    return [frozenset(each) for each in found]


def widest(x: Seen) -> int:
    """Positions from first to last, in the middle, where no edge is near."""
    middle = x[len(x) // 3 : 2 * len(x) // 3 + 1]
    return max(max(each) - min(each) + 1 for each in middle)


WINDOW = st.tuples(st.just("window"), st.integers(1, 4), st.integers(1, 2), st.integers(1, 2), st.integers(0, 2))
WINDOWS = st.lists(WINDOW, min_size=1, max_size=4)


def text(layer: tuple[object, ...]) -> str:
    match layer:
        case ("window", k, s, d, p):
            return f"conv{k}-2/{s}(dil={d}, pad={p})"
        case ("nearest", f):
            return f"upsample({f})"
        case ("bilinear", f):
            return f"upsample({f}, mode=bilinear)"
        case ("up", k, s):
            return f"upconv{k}-2/{s}"
    raise AssertionError(layer)


def through(x: Seen, layer: tuple[object, ...]) -> Seen:
    match layer:
        case ("window", int() as k, int() as s, int() as d, int() as p):
            return slide(x, k, s, d, p)
        case ("nearest", int() as f):
            return spread(x, f)
        case ("bilinear", int() as f):
            return between(x, f)
        case ("up", int() as k, int() as s):
            return transposed(x, k, s)
    raise AssertionError(layer)


def start() -> Seen:
    return [frozenset([i]) for i in range(SIDE)]


@given(WINDOWS)
@examples(60)
def test_chains(layers: list[tuple[object, ...]]) -> None:
    """Size, stride and start of windows behind one another, exactly."""
    x = start()
    for layer in layers:
        x = through(x, layer)
    found = receptive.field(symcost.parse(f"input 2@{SIDE} " + " ".join(map(text, layers))))
    assert found.size[0] == max(x[0]) - min(x[0]) + 1
    assert found.stride[0] == min(x[1]) - min(x[0])
    assert found.start[0] is not None
    assert found.start[0] == min(x[0])


UP = st.one_of(
    st.tuples(st.just("nearest"), st.integers(2, 3)),
    st.tuples(st.just("bilinear"), st.just(2)),
    st.sampled_from([("up", 2, 2), ("up", 3, 2), ("up", 4, 2), ("up", 3, 3), ("up", 4, 3)]),
)


@given(st.lists(WINDOW, max_size=2), UP, st.lists(WINDOW, max_size=2), st.none() | UP, st.lists(WINDOW, max_size=2))
@examples(80)
def test_upsampling(
    before: list[tuple[object, ...]],
    up: tuple[object, ...],
    between_: list[tuple[object, ...]],
    again: tuple[object, ...] | None,
    after: list[tuple[object, ...]],
) -> None:
    """Behind positions that were split, the widest of all output positions; padding plays no part in the middle."""
    layers = [*before, up, *between_, *([again] if again else []), *after]
    x = start()
    for layer in layers:
        x = through(x, layer)
    net = symcost.parse(f"input 2@{SIDE} " + " ".join(map(text, layers)))
    reach = receptive.field(net)
    if any(layer[0] == "window" and layer[2] == 2 for layer in [*between_, *after]):
        assert int(reach.size[0]) >= widest(x)  # a stride may pass over the widest ones
    else:
        assert reach.size[0] == widest(x)


CENTRED = st.tuples(st.sampled_from([1, 3, 5]), st.integers(1, 2)).map(lambda kd: [(*kd, (kd[0] - 1) * kd[1] // 2)])
MOVED = st.sampled_from([[(3, 1, 0), (3, 1, 2)], [(2, 1, 0), (2, 1, 1)], [(4, 1, 2), (2, 1, 0)]])  # to one side
BRANCH = st.lists(CENTRED | MOVED, max_size=3).map(lambda parts: [layer for part in parts for layer in part])


@given(st.lists(BRANCH, min_size=2, max_size=3))
@examples(40)
def test_branches(branches: list[list[tuple[int, int, int]]]) -> None:
    """What all branches together see, wherever each of them begins."""
    ends = []
    for branch in branches:
        x = start()
        for k, d, p in branch:
            x = slide(x, k, 1, d, p)
        ends.append(x[0])
    seen = frozenset[int]().union(*ends)
    inner = (" ".join(f"conv{k}-2(dil={d}, pad={p})" for k, d, p in branch) or "id" for branch in branches)
    found = receptive.field(symcost.parse(f"input 2@{SIDE}  concat {{ {' | '.join(inner)} }}"))
    assert found.size[0] == max(seen) - min(seen) + 1
    assert found.start[0] == min(seen)


@given(WINDOWS, st.integers(1, 3))
@examples(30)
def test_any_depth(layers: list[tuple[object, ...]], count: int) -> None:
    """A symbolic repeat at a number is the chain written out."""
    body = " ".join(map(text, layers))
    deep = symcost.parse(f"sym n, X\nassume X >= 99999\ninput 2@X conv3-2/2(pad=1) [ {body} ] x n conv3-2")
    out = symcost.parse(f"input 2@{SIDE * 1000} conv3-2/2(pad=1) " + f"{body} " * count + "conv3-2")
    a, b = receptive.field(deep), receptive.field(out)
    assert a.size[0].at(n=count) == b.size[0]
    assert a.stride[0].at(n=count) == b.stride[0]


# ------------------------------------------------------------ papers

CHAINS = [
    # Araujo et al. 2019, equation 2, for three layers
    ("conv(k1)-2/s1(pad=0) conv(k2)-2/s2(pad=0) conv(k3)-2(pad=0)", "(k1 - 1) + (k2 - 1)*s1 + (k3 - 1)*s1*s2 + 1"),
    # Yu and Koltun 2016, section 2: dilations 1, 2, 4, ..., 2^(n-1)
    ("for i in 0..<n { conv3-2(dil=2^i) }", "2^(n + 1) - 1"),
    # WaveNet: kernels of 2, in B blocks
    ("for i in 0..<n { conv2-2(dil=2^i) }", "2^n"),
    ("[ for i in 0..<n { conv2-2(dil=2^i) } ] x B", "1 + B*(2^n - 1)"),
    # stacked 3x3 see what one large kernel sees
    ("conv3-2 x n", "2*n + 1"),
    ("conv(k)-2/s(pad=0)", "k"),
    # the longest path
    ("add { conv3-2 | conv5-2 | conv3-2 conv3-2 conv3-2 }", "7"),
    ("residual { conv3-2 conv3-2 } x n", "4*n + 1"),
    # a name further up
    ("conv3-2 as t conv5-2 concat(t) conv3-2", "9"),
]


@pytest.mark.parametrize(("layers", "size"), CHAINS)
def test_closed_forms(layers: str, size: str) -> None:
    net = symcost.parse(f"sym n, B, k, s, k1, k2, k3, s1, s2\ninput 2@X\n{layers}")
    assert receptive.field(net).size[0] == size


def test_backbones() -> None:
    """google-research/receptive_field, README; ResNet-50 with its stride in the first block of a stage has 427, not 483."""
    pool = "maxpool3/2(pad=1)"
    vgg = " ".join("conv3-8 " * n + "maxpool" for n in (2, 2, 3, 3, 3))
    alexnet = "conv11-8/4(pad=valid) maxpool3/2 conv5-8 maxpool3/2 conv3-8 conv3-8 conv3-8 maxpool3/2"

    def resnet(units: tuple[int, ...], last: bool) -> str:
        stages = []
        for stage, count in enumerate(units):
            for unit in range(count):
                strided = (stage < 3 and unit == count - 1) if last else (stage > 0 and unit == 0)
                stages.append(f"conv1-8 conv3-8/{2 if strided else 1}(pad=1) conv1-8")
        return f"conv7-8/2(pad=3) {pool} " + " ".join(stages)

    sizes = {
        vgg: 212,
        alexnet: 195,
        resnet((3, 4, 6, 3), True): 483,
        resnet((3, 4, 23, 3), True): 1027,
        resnet((3, 8, 36, 3), True): 1507,
        resnet((3, 24, 36, 3), True): 1763,
        resnet((3, 4, 6, 3), False): 427,
    }
    for layers, size in sizes.items():
        assert list(receptive.field(symcost.parse(f"input 3@2048x2048 {layers}")).size) == [size, size]


def test_features_of_a_classifier() -> None:
    net = symcost.parse("input 3@64x64 conv3-8/2(pad=1) conv3-8 gap fc-10")
    assert receptive.field(net).whole
    assert list(receptive.features(net).size) == [7, 7]
    assert [text for text, _ in receptive.layers(net)] == ["conv3-8/2(pad=1)", "conv3-8", "gap", "fc-10"]


@pytest.mark.parametrize("kernel, dilation", [(k, d) for k in range(1, 6) for d in (1, 2)])
def test_where_same_padding_begins(kernel: int, dilation: int) -> None:
    """Half of the zeros stand before, the odd one behind; with a stride it depends on the side, but for one tap."""

    def begin(stride: int) -> object:
        net = symcost.parse(f"input 3@33 conv{kernel}-2/{stride}(dil={dilation})")
        found = receptive.field(net)
        assert (list(found.size), list(found.stride)) == ([dilation * (kernel - 1) + 1], [stride])
        return found.start[0]

    assert begin(1) == -(dilation * (kernel - 1) // 2)
    assert begin(2) == (0 if kernel == 1 else None)


def test_axes_have_their_own() -> None:
    found = receptive.field(symcost.parse("sym H, W\ninput 3@H x W conv(3 x 5)-8/(2 x 1)(pad=(1 x 2))"))
    assert list(found.size) == [3, 5]
    assert list(found.stride) == [2, 1]
    assert list(found.start) == [-1, -2]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("input 3@9x9 conv3-4 tokens linear-2", "positions change places"),
        ("sym a\ninput 3@9 if a == 1 { conv3-3 } else { id }", "not decided"),
        ("input 3@8 concat { conv3-3/2(pad=1) upsample | conv3-3 } conv3-3 as t  upsample", None),
        ("layer odd : c@T -> c@(T/2) { params = c }\ninput 3@8 odd", "is not known"),
    ],
)
def test_what_is_refused(program: str, message: str | None) -> None:
    net = symcost.parse(program)
    if message is None:
        assert not receptive.field(net).whole
        return
    with pytest.raises(symcost.SymcostError, match=message):
        receptive.field(net)


def test_positions_that_become_other_axes() -> None:
    """TNT's words inside patches: an axis less, and one more again. Attention sees everything in the end."""
    net = zoo.load("timm_vit").net("tnt", L=12, c=24, d=384, g=4, h=6)
    assert receptive.field(net).whole


def test_strides_that_may_be_one() -> None:
    """The sum of a geometric row has no one closed form for all of them, and stays a sum."""
    net = symcost.parse("sym n, s input 3@X [conv5-16/s] x n")
    (size,) = receptive.features(net).size
    for s, n in product(range(1, 4), range(1, 5)):
        written = symcost.parse("input 3@X " + f"conv5-16/{s} " * n)
        assert size.at(s=s, n=n) == receptive.features(written).size[0]
    assert "sum" not in str(receptive.features(symcost.parse("sym n input 3@X [conv5-16/2] x n")).size[0])
