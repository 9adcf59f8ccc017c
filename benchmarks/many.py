"""Exact evaluation over many points, held against SymPy's NumPy functions, against copying and against Python's integers."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from measure import Line, best

POINTS = 10**7


def deep(**given: Any) -> Any:
    """ResNet-152."""
    from symcost import zoo

    return zoo.load("resnet").net("resnet", 3, 8, 36, 3).at(B=1, **given)


def lines(rounds: int) -> list[Line]:
    if find_spec("numpy") is None:
        return [Line("exact evaluation, 10^7 points", against="lambdify(numpy)", least=5, missing="not installed")]
    return [*one(rounds), *two(rounds), *wide(rounds)]


def one(rounds: int) -> list[Line]:
    """One symbol, values of int64; with the extra `fast` into an array that is there, as copying is."""
    import numpy as np
    import sympy

    net = deep(H="X", W="X")
    expr = net.macs.expr
    inexact = sympy.lambdify(list(expr.free_symbols), expr, "numpy")
    plain, fast = net.function("X", of="macs", fast=False), find_spec("numba") is not None
    compiled = net.function("X", of="macs", fast=fast)
    found = []
    for name, last in (("sizes up to 1024", 1024), ("sizes up to 5*10^6", 5 * 10**6)):
        points = np.random.default_rng(0).integers(32, last + 1, POINTS)
        out = np.empty_like(points)

        def copied(points: Any = points, out: Any = out) -> None:
            np.copyto(out, points)

        for function in (plain, compiled):
            right(function, points)
        acts = [
            lambda p=points: plain(p),
            lambda p=points: inexact(p),
            copied,
            lambda p=points, o=out: compiled(p, out=o),
        ]
        ours, theirs, beside, ours_fast = best(acts, rounds)
        what = f"10^7 points, {name}"
        found.append(Line(what, ours, "lambdify(numpy)", theirs, least=5))
        missing = "" if fast else "numba is not installed"
        found.append(
            Line(f"{what}, numba", ours_fast if fast else None, "np.copyto", beside, least=0.6, missing=missing)
        )
    return found


def two(rounds: int) -> list[Line]:
    """Two symbols."""
    import numpy as np
    import sympy

    net = deep()
    expr = net.macs.expr
    inexact = sympy.lambdify(sorted(expr.free_symbols, key=str), expr, "numpy")
    function = net.function("H", "W", of="macs", fast=False)
    sides = np.random.default_rng(0).integers(32, 5000, (2, POINTS))
    right(function, *sides)
    ours, theirs = best([lambda: function(*sides), lambda: inexact(*sides)], max(1, rounds // 2))
    return [Line("10^7 points, two sides", ours, "lambdify(numpy)", theirs, least=5)]


def wide(rounds: int) -> list[Line]:
    """Values of 64 to 114 bits, against the same formula on arrays of Python's integers."""
    import numpy as np

    net = deep(H="X", W="X")
    function = net.function("X", of="macs", fast=False)
    points = np.random.default_rng(0).integers(10**9, 10**12, POINTS // 10)
    objects = points.astype(object)
    sides = [(n, size) for n, size in ((9408, 2), (245760, 4), (2424832, 8), (40894464, 16), (14417920, 32))]

    def written() -> Any:
        return sum(n * ((objects + side - 1) // side) ** 2 for n, side in sides) + 2048000

    values = right(function, points)
    assert values.tolist() == written().tolist()
    high, low = function.halves(points)
    assert [h << 64 | l for h, l in zip(high[:999].tolist(), low[:999].tolist(), strict=True)] == values[:999].tolist()
    ours, pairs, theirs = best(
        [lambda: function(points), lambda: function.halves(points), written], max(1, rounds // 2)
    )
    what = "10^6 points, values of 64 to 114 bits"
    return [
        Line(what, ours, "arrays of Python's integers", theirs, least=5),
        Line(f"{what}, as pairs", pairs, "arrays of Python's integers", theirs, least=20),
    ]


def right(function: Any, *points: Any) -> Any:
    """The values, after one in ten thousand of them was held against the formula at that point."""
    values = function(*points)
    places = range(0, values.size, max(1, values.size // 1000))
    wrong = sum(int(values[i]) != function(*(int(p[i]) for p in points)) for i in places)
    assert wrong == 0, f"{wrong} wrong values"
    return values
