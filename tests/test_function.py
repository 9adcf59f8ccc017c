"""Costs as functions of arrays: 64 bits, 128 bits, Python's integers, each by every road, against exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import sympy
import torch_nets
from hypothesis import given
from hypothesis import strategies as st
from random_sizes import EVERY, Formula, X, Y, Z, formulas, of_number, points, product_of, roundings, sum_of
from strategies import examples

import symcost
from symcost import zoo
from symcost.emit import function as module
from symcost.emit import residues as tables
from symcost.emit.arrays import BLOCK
from symcost.emit.wide import Wide
from symcost.sizes import Size, Symbol
from symcost.sizes.facts import Condition
from symcost.source import DomainError, SymcostError

np = pytest.importorskip("numpy")

FAST = [False, pytest.param(True, marks=pytest.mark.skipif(find_spec("numba") is None, reason="numba is not here"))]
SMALL = st.fixed_dictionaries(
    {s: st.integers(-50 if s.low is None else int(s.low), 9 if s.high else 10**6) for s in EVERY}
)
MANY = BLOCK + 800  # points: enough for tables

# ------------------------------------------------------------------------------- 128 bits

EDGES = [0, 1, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 2**96, 2**114, 2**126]


def wide_values(most: int = 2**127 - 1) -> st.SearchStrategy[int]:
    near = st.sampled_from([e for e in EDGES if e <= most]).flatmap(lambda e: st.integers(e - 3, e + 3))
    plain = st.integers(-most, most) | near | near.map(int.__neg__)
    return plain.map(lambda v: max(-most, min(most, v)))


def pair(values: Sequence[int]) -> Wide:
    return Wide.boxed(np, np.array(values, dtype=object))


@given(st.lists(st.tuples(wide_values(), wide_values()), min_size=1, max_size=9), st.integers(1, 2**31 - 1))
@examples(300)
def test_wide(values: list[tuple[int, int]], divisor: int) -> None:
    """Each operation against Python's integers; sums and products as far as 127 bits go, and modulo 2^128 beyond."""
    a, b = map(list, zip(*values, strict=True))
    first, second = pair(a), pair(b)

    def wrapped(value: int) -> int:
        return (value + 2**127) % 2**128 - 2**127

    assert first.objects().tolist() == a
    assert (first + second).objects().tolist() == [wrapped(x + y) for x, y in values]
    assert (first * second).objects().tolist() == [wrapped(x * y) for x, y in values]
    assert (-first).objects().tolist() == [-x for x in a]
    assert first.less(second).tolist() == [x < y for x, y in values]
    assert first.where(first.less(second), second).objects().tolist() == [min(v) for v in values]
    assert first.sign.tolist() == [(x > 0) - (x < 0) for x in a]
    quotient, rest = first.divided(divisor)
    assert list(zip(quotient.objects().tolist(), rest.tolist(), strict=True)) == [divmod(x, divisor) for x in a]
    assert [Wide.number(np, x).objects().tolist() for x in a] == a
    narrow = [x for x in a if abs(x) < 2**63]
    made = Wide.of(np, np.array(narrow, dtype=np.int64))
    assert (made * made).objects().tolist() == [x * x for x in narrow]
    assert made.narrow().tolist() == narrow


# ------------------------------------------------------------------------------- formulas


def called(size: Size, symbols: Sequence[Symbol], conditions: Sequence[Condition] = (), **more: Any) -> Any:
    from symcost.emit.function import CostFunction

    def refuse(point: dict[str, Any]) -> None:
        raise DomainError(symcost.Diagnostic("outside-domain", f"not at {point}"))

    return CostFunction(size, symbols, conditions, refuse, **more)


@given(
    found=formulas() | roundings(),
    at=st.lists(points(), min_size=1, max_size=6),
    small=st.lists(SMALL, min_size=2, max_size=6),
)
@examples(150)
def test_function_of_points(found: Formula, at: Any, small: Any) -> None:
    """One by one and as arrays, of values that fit in 64 bits and of those that do not."""
    f = called(found.size, EVERY)
    for chosen in (at, small):
        expected = [found.value(p) for p in chosen]
        assert [f(*(p[s] for s in EVERY)) for p in chosen] == expected
        columns = [[p[s] for p in chosen] for s in EVERY]
        arrays = [np.array(c, dtype=object if max(map(abs, c)) >= 2**63 else np.int64) for c in columns]
        assert f(*arrays).tolist() == expected


def test_function_of_a_net() -> None:
    net = symcost.parse("input 3@X x X  conv3-64/2 maxpool gap fc-10")
    f = net.function("X", of="macs")
    assert f(224) == net.macs.at(X=224).value
    assert f(X=10**12) == net.macs.at(X=10**12).value  # 86 bits
    sizes = np.arange(3, 3000)
    made = f(sizes)
    assert made.dtype == np.int64
    assert made.tolist() == [f(int(v)) for v in sizes]
    assert f(np.array([10**12])).dtype == object
    assert net.function("X")(np.array([224], dtype=np.uint8)).tolist() == [f(224) * 2]
    with pytest.raises(DomainError, match="X = 1"):
        f(np.array([224, 1, 32]))
    assert net.function("X", of="macs", outside="mask")(np.array([224, 1, 32])).mask.tolist() == [False, True, False]
    with pytest.raises(DomainError):
        f(1)
    with pytest.raises(SymcostError, match="integers"):
        f(np.array([1.5]))
    with pytest.raises(SymcostError, match="does not name"):
        net.function(of="macs")
    with pytest.raises(TypeError):
        f()
    assert f(np.empty((0, 3), dtype=int)).shape == (0, 3)


def test_a_bound_and_a_condition() -> None:
    """What lies beyond a bound does not keep conditions from being asked of the others; bounds do not wrap."""
    net = symcost.parse("input 3@X x X  conv11-96/4(pad=2) maxpool3/2 conv5-256 maxpool3/2")
    f = net.function("X", of="macs", outside="mask")
    made = f(np.array([[0], [30], [31]]))
    assert np.ma.getmaskarray(made).tolist() == [[True], [True], [False]]
    assert made[2, 0] == net.macs.at(X=31).value
    assert f(31) == net.macs.at(X=31).value
    assert all(f(outside) is np.ma.masked for outside in (30, 0, -1, Fraction(63, 2)))
    real = symcost.parse("sym a : real  assume a <= 7/2  input 3@8x8  conv3-(floor(8*a) + 1)")
    masked = real.function("a", outside="mask")(np.array([0, 3, 4, 2**62, 2**63 - 1]))
    assert np.ma.getmaskarray(masked).tolist() == [False, False, True, True, True]


def test_a_sum_over_turns() -> None:
    """The index of a sum is no symbol that wants a value; equal costs have one hash whatever it is called."""
    net = symcost.parse("sym n, t  input t@1024x1024  [conv3-8/2] x n  conv1-t")
    f = net.function("t", "n", of="macs")
    wanted = [net.macs.at(t=7, n=n).value for n in range(1, 9)]
    assert [f(7, n) for n in range(1, 9)] == f(7, np.arange(1, 9)).tolist() == wanted
    with pytest.raises(SymcostError, match="symbol 't' that the function does not name"):
        net.function("n", of="macs")
    one, other = (symcost.parse(f"sym n, t  input {c}@99x99  [conv3-8/2] x n").macs for c in ("t", "3"))
    assert (one.at(t=3) == other, hash(one.at(t=3)) == hash(other)) == (True, True)


def test_integers_of_all_kinds() -> None:
    """Integers of NumPy and SymPy, alone and in lists with some beyond int64; one number is no array."""
    net = symcost.parse("input C@X x X  conv3-16/2")
    f = net.function("C", "X", of="macs")
    wanted = {c: net.macs.at(C=c, X=9).value for c in (3, 2**63, 2**70)}
    for three in (np.int64(3), np.uint8(3), sympy.Integer(3)):
        assert type(f(three, 9)) is int
        assert f(three, np.int16(9)) == wanted[3]
        assert f([three, 2**70], 9).tolist() == [wanted[3], wanted[2**70]]
    assert f([3, 2**63], 9).tolist() == [wanted[3], wanted[2**63]]
    assert f(np.array(2**70), 9).tolist() == wanted[2**70]
    assert f([], 9).tolist() == []
    for wrong in (True, np.True_, [True, 2**70], 3.0, [3.0, 2], [2**70, 3.0], np.ma.MaskedArray([3, 4], [False, True])):
        with pytest.raises(SymcostError, match="no exact size"):
            f(wrong, 9)


def test_function_broadcasts() -> None:
    net = symcost.parse("input 3@X x Y  conv3-64/2 relu")
    made = net.function("X", "Y", of="macs")(np.arange(1, 50)[:, None], np.arange(1, 70))
    assert made.shape == (49, 69)
    assert made[32, 65] == net.macs.at(X=33, Y=66).value


def test_function_of_fractions() -> None:
    net = symcost.parse("sym a : real = 1/2\ninput 3@X x X conv3-(floor(64*a))/2 relu")
    f = net.function("X", "a", of="macs")
    assert f(32, Fraction(1, 3)) == net.macs.at(X=32, a=Fraction(1, 3)).value
    assert f(np.array([32, 64]), np.array([0.1, 0.75])).tolist() == [
        net.macs.at(X=32, a=Fraction(1, 10)).value,
        net.macs.at(X=64, a=Fraction(3, 4)).value,
    ]


def same(f: Any, found: Formula, columns: dict[Symbol, Any], every: int = 61) -> Any:
    """The values at arrays, after some of them were held against exact fractions."""
    made = f(*columns.values())
    shape = np.broadcast_shapes(*(np.shape(c) for c in columns.values()))
    spread = {s: np.broadcast_to(c, shape) for s, c in columns.items()}
    places = [*range(0, made.size, every), *(int(np.argmax(c)) for c in spread.values()), made.size - 1]
    for i in places:
        point = {Z: 0, **{s: int(c[i]) for s, c in spread.items()}}
        assert made[i] == found.value(point), (found, point)
    return made


@pytest.mark.parametrize("fast", FAST)
@given(found=formulas((X, Z)) | roundings((X,)), start=st.integers(1, 10**6))
@examples(25)
def test_many(fast: bool, found: Formula, start: int) -> None:
    """By tables of values and of residues, with one symbol that varies and with two, and in blocks."""
    rng = np.random.default_rng(start)
    few, many = rng.integers(1, 300, MANY), rng.integers(1, 10**7, MANY)
    if Z in found.size.symbols():
        f = called(found.size, (X, Z), fast=fast)
        for second in (7 - start, rng.integers(-500, 500, MANY)):
            same(f, found, {X: few, Z: second})
            same(f, found, {X: many, Z: second})
    else:
        f = called(found.size, (X,), fast=fast)
        for first in (few, many, few + 10**6, many[::2]):
            same(f, found, {X: first})


BITS = [53, 63, 64, 114, 127]


@pytest.mark.parametrize("fast", FAST)
@given(
    found=roundings((X,)),
    bits=st.sampled_from(BITS),
    over=st.integers(-3, 3),
    start=st.integers(0, 10**6),
    sign=st.sampled_from([1, -1]),
)
@examples(30)
def test_bounds(fast: bool, found: Formula, bits: int, over: int, start: int, sign: int) -> None:
    """Values up to a power of two and a little over it, of both signs: exact, and int64 only where it is wide enough."""
    points = np.random.default_rng(start).integers(1, 5000, MANY)
    points[-1] = 5000
    greatest = found.value({X: 5000})
    scaled = found
    if greatest.denominator == 1 and greatest:
        times, rest = divmod(2**bits + over, int(abs(greatest)))
        scaled = product_of(of_number(sign * times), found)
        scaled = sum_of(scaled, of_number(sign * rest if greatest > 0 else -sign * rest))
        assert abs(scaled.value({X: 5000})) == 2**bits + over
    f = called(scaled.size, (X,), fast=fast)
    made = same(f, scaled, {X: points})
    same(f, scaled, {X: points + 4095})
    assert made.dtype == np.int64 or made.dtype == object
    if made.dtype == np.int64 and not any(v.denominator > 1 for v in made[:3].tolist()):
        assert all(abs(int(v)) < 2**63 for v in made.tolist())
    try:
        high, low = f.halves(points)
    except SymcostError as error:
        assert error.diagnostics[0].code == "not-exact"
        return
    assert high.dtype == np.int64
    assert low.dtype == np.uint64
    assert [int(h) * 2**64 + int(l) for h, l in zip(high[::61], low[::61], strict=True)] == made[::61].tolist()


@pytest.mark.parametrize("fast", FAST)
@pytest.mark.parametrize("number", range(0, len(torch_nets.nets()), 7))
def test_random_nets(number: int, fast: bool) -> None:
    """Random networks: one of their symbols, two of them, all at once."""
    net = torch_nets.nets()[number]
    given_ = torch_nets.values(net, 0)
    arch = symcost.parse(torch_nets.program(net, glued=True))
    f = arch.function(*given_, of="macs", outside="mask", fast=fast)
    rng = np.random.default_rng(number)
    names = list(given_)
    for most in (600, 10**5, 10**9):
        for varying in (names[:1], names[:2], names):
            points = {n: rng.integers(1, most, MANY) if n in varying else given_[n] for n in names}
            made = f(**points)
            missing = np.ma.getmaskarray(made)
            for i in range(0, MANY, 1500):
                point = {n: int(v[i]) if n in varying else v for n, v in points.items()}
                try:
                    expected = arch.at(point).macs.value
                except DomainError:
                    expected = None
                assert (None if missing[i] else made[i]) == expected, point


# ------------------------------------------------------------------------------- windows


@pytest.mark.parametrize("fast", FAST)
def test_windows(fast: bool) -> None:
    """What was proved for some points is not believed of others."""
    net = zoo.load("resnet").net("resnet", 3, 8, 36, 3).at(H="X", W="X", B=1)
    f = net.function("X", of="macs", fast=fast)
    rng = np.random.default_rng(1)
    for low, high in (
        (32, 5000),
        (40, 4000),
        (1000, 10**6),
        (32, 6 * 10**6),
        (7 * 10**6, 8 * 10**6),
        (32, 10**8),
        (10**9, 10**12),
        (32, 90),
    ):
        points = rng.integers(low, high, MANY)
        made = f(points)
        assert made.dtype == (np.int64 if high <= 6 * 10**6 else object)
        assert all(made[i] == f(int(points[i])) for i in range(0, MANY, 700))
        for place in (0, 1023, 1024, BLOCK - 1, BLOCK, MANY - 1):
            for wrong in (0, -1, -(2**62)):
                other = points.copy()
                other[place] = wrong
                with pytest.raises(DomainError):
                    f(other)
            other[place] = 10**13
            assert f(other)[place] == f(10**13)
            assert f(other).dtype == object


@pytest.mark.parametrize("fast", FAST)
@pytest.mark.parametrize("divisor", [8, 12])
def test_windows_of_two(divisor: int, fast: bool) -> None:
    """Two symbols: each in its window, by shifts and by factors, up to what 63 bits hold and beyond."""
    x, y = Size.of(X), Size.of(Y)
    f = called(((x + 5) // divisor) ** 2 * ((y + 2) // 7) * y + x * y - 9, (X, Y), fast=fast)

    def value(a: int, b: int) -> int:
        return ((a + 5) // divisor) ** 2 * ((b + 2) // 7) * b + a * b - 9

    rng = np.random.default_rng(divisor)
    for most in (1000, 5000, 900, 80_000, 10**9, 10**12):
        a, b = rng.integers(1, most, (2, MANY))
        for _ in range(2):
            made = f(a, b)
            assert made.dtype == (np.int64 if most <= 80_000 else object)
            assert all(made[i] == value(int(a[i]), int(b[i])) for i in range(0, MANY, 61))
        for place in (0, 1023, 1024, MANY - 1):
            for chosen in (0, 1):
                points = [a.copy(), b.copy()]
                points[chosen][place] = 0
                with pytest.raises(DomainError):
                    f(*points)
                points[chosen][place] = 10**13
                assert f(*points)[place] == value(*(int(p[place]) for p in points))


@pytest.mark.parametrize("fast", FAST)
def test_windows_of_a_condition(fast: bool) -> None:
    """Nor is it believed of sizes at which the kernels do not fit."""
    net = symcost.parse("input 3@X x X  conv11-96/4(pad=2) maxpool3/2 conv5-256 maxpool3/2")
    f = net.function("X", of="macs", fast=fast)
    points = np.random.default_rng(1).integers(31, 10**5, MANY)
    for _ in range(2):
        assert f(points)[7] == net.macs.at(X=int(points[7])).value
    for place in (0, MANY - 1):
        other = points.copy()
        other[place] = 30
        with pytest.raises(DomainError, match="X = 30"):
            f(other)


@pytest.mark.parametrize("fast", FAST)
@pytest.mark.parametrize("low", [Symbol("X", low=None), Symbol("X", low=-70), Symbol("X", low=5)])
@pytest.mark.parametrize("divisor", [7, 12, 32])
def test_bases(low: Symbol, divisor: int, fast: bool) -> None:
    """Windows that begin below 0 and anywhere in a period, 64 and 128 bits."""
    x = Size.of(low)
    size = ((x + 3) // divisor) ** 3 * 5 - x // 4 + 9
    f = called(size, (low,), fast=fast)
    for start in (5, 31, 32, 1000, -60, -(10**6)):
        if low.low is not None and start < low.low:
            continue
        for times in (1, 10**6):
            points = start + np.arange(MANY) * (1 if times == 1 else 20_000 if start > 0 else 1)
            whole = called(size * times * times, (low,), fast=fast)
            for one, scale in ((f, 1), (whole, times * times)):
                made = one(points)
                expected = [scale * (((v + 3) // divisor) ** 3 * 5 - v // 4 + 9) for v in points.tolist()]
                assert made.tolist() == expected
                high, low_ = one.halves(points)
                assert [int(h) * 2**64 + int(l) for h, l in zip(high, low_, strict=True)] == expected


@pytest.mark.parametrize("fast", FAST)
def test_a_table_of_another_thread(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call goes on with the table it began with, whatever another thread has put in its place meanwhile."""
    f = symcost.parse("input C@X x X  conv3-16/2").function("C", "X", of="macs", fast=fast)
    points = np.arange(64, 64 + MANY)
    lanes, wanted = [], []
    for channels in (1, 2):
        wanted.append(f(channels, points).tolist())
        lanes.append(f.lane)
    assert all(lane is not None and lane.window is not None for lane in lanes)
    f.lane, ready = lanes[0], f._ready

    def meanwhile(*args: Any) -> bool:
        answer = ready(*args)
        f.lane = lanes[1]
        return bool(answer)

    monkeypatch.setattr(f, "_ready", meanwhile)
    assert wanted[0] != wanted[1]
    assert f(1, points).tolist() == wanted[0]


@pytest.mark.parametrize("fast", FAST)
def test_divisibility(fast: bool) -> None:
    """A condition on remainders is told by the rows of the table."""
    net = symcost.load(Path(__file__).parent.parent / "examples" / "vgg16.arch")
    f = net.function("X", of="activations", fast=fast)
    points = np.random.default_rng(2).integers(1, 10**5, MANY) * 32
    for _ in range(2):
        made = f(points)
        assert made.dtype == np.int64
        assert made[::99].tolist() == [601 * v * v // 2 + 10192 for v in points[::99].tolist()]
    assert f.lane.window is not None
    assert not f.lane.table.others
    for place in (3, BLOCK - 1, MANY - 1):
        other = points.copy()
        other[place] += 16
        with pytest.raises(DomainError, match=f"X = {other[place]}"):
            f(other)


def test_out() -> None:
    net = symcost.parse("input 3@X x X  conv3-64/2 maxpool gap fc-10")
    f = net.function("X", of="macs")
    for count in (10, MANY):
        for first in (100, 3_000_000):
            points = first + np.arange(count)
            out = np.zeros(count, dtype=np.int64)
            assert f(points, out=out) is out
            assert out.tolist() == f(points).tolist()
            strided = np.zeros((count, 2), dtype=np.int64)
            assert f(points, out=strided[:, 1]).tolist() == out.tolist()
            assert not strided[:, 0].any()
    with pytest.raises(SymcostError, match="int64"):
        f(np.array([10**12]), out=np.zeros(1, dtype=np.int64))
    for wrong in (np.zeros(9), np.zeros(2, dtype=np.int64), [0, 0]):
        with pytest.raises(TypeError, match="int64"):
            f(np.arange(100, 109), out=wrong)


@pytest.mark.parametrize("fast", FAST)
def test_out_over_the_points(fast: bool) -> None:
    """Values may stand where the points stood, after a first try that failed on the way too."""
    f = symcost.parse("input 3@X x X  conv3-64/2 maxpool gap fc-10").function("X", of="macs", fast=fast)
    for last in (9000, 10**6, 4 * 10**7, 10**6):
        points = np.random.default_rng(3).integers(8, 9000, MANY)
        points[-1] = last
        expected = f(points).tolist()
        room = np.concatenate([points, [0]])
        assert f(room[:-1], out=room[1:]).tolist() == expected
        assert f(points, out=points).tolist() == expected


def test_compiled_once_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba is not loaded for few points."""
    pytest.importorskip("numba")
    made: list[int] = []
    monkeypatch.setattr(module, "modules", {})
    monkeypatch.setattr(module, "PAYS", 3 * MANY)
    monkeypatch.setattr(module, "_asked", {"points": 0})
    real = module.put
    monkeypatch.setattr(module, "put", lambda *args: (made.append(args[-1]), real(*args))[1])
    f = symcost.parse("input 3@X x X  conv3-64/2").function("X", of="macs")
    for _ in range(4):
        f(np.arange(1000, 1000 + MANY))
    assert made == [False, False, True, True]


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    net = symcost.parse("input 3@X x X  conv3-64/2")
    points = np.arange(1000, 1000 + MANY)
    monkeypatch.setattr(module, "PAYS", 0)
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(SymcostError, match=r"need numba.*") as caught:
        net.function("X", fast=True)
    assert caught.value.diagnostics[0].code == "missing-extra"
    monkeypatch.setattr(module, "modules", {})
    assert net.function("X", of="macs")(points)[-1] == net.macs.at(X=int(points[-1])).value
    monkeypatch.undo()
    monkeypatch.setattr(tables, "loops", lambda: None)  # it is there, and not for this Python
    monkeypatch.setattr(module, "PAYS", 0)
    assert net.function("X", of="macs")(points)[-1] == net.macs.at(X=int(points[-1])).value
