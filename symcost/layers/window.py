"""How many windows fit: the arithmetic that convolution and pooling share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from symcost.sizes.atoms import ONE, Size, SizeLike
from symcost.sizes.facts import Condition, at_least, divisible
from symcost.sizes.functions import minimum
from symcost.sizes.rounding import ceil, floor
from symcost.sizes.written import Form, Over, added, times


def extent(k: Size, dilation: Size) -> Size:
    """Positions from the first to the last tap of a kernel: ``d*(k - 1) + 1``."""
    return dilation * (k - 1) + 1


@lru_cache(65536)
def window(n: Size, k: SizeLike, s: SizeLike, p: SizeLike, dilation: SizeLike = 1, rounding: str = "floor") -> Size:
    """How many windows of ``k`` taps fit, ``s`` apart, in ``n`` positions padded by ``p`` on both sides.

    Source: Dumoulin and Visin 2016, arXiv:1603.07285, relationships 6 and 15.

    >>> X = Size.of(Symbol("X")); window(X, 3, 1, 1)
    X
    """
    free = n + 2 * Size.of(p) - extent(Size.of(k), Size.of(dilation))
    steps = free / s
    rounded = floor(steps) if rounding == "floor" else ceil(steps) if rounding == "ceil" else steps
    return rounded + ONE


def windows(n: Size, k: Size, s: Size, p: Size, dilation: Size, rounding: str) -> tuple[str, Form]:
    """What `window` computes, as its rule has it, under the name of the rule."""
    width = (-k,) if dilation == ONE else (times(-1, dilation, k - 1), -ONE)
    rounded = "" if rounding == "exact" or s == ONE else {"floor": "down", "ceil": "up"}[rounding]
    said = {"": "", "down": ", rounded down", "up": ", rounded up"}[rounded]
    rule = f"the first window, and one more for each stride that is left{said}"
    return rule, added(Over(added(n, times(2, p), *width), s, rounded), 1)


def pool_window(n: Size, k: Size, s: Size, p: Size, dilation: Size, rounding: str) -> Size:
    """`window`, where ``ceil`` is PyTorch's `ceil_mode`: no window starts in the right padding.

    The last of ``m`` windows starts at ``(m - 1)*s``, which must be below ``n + p``: so m is at most ``⌈(n + p)/s⌉``. Both limits
    are ``⌊(n + const)/s⌋``, so the smaller constant decides.
    """
    if rounding != "ceil":
        return window(n, k, s, p, dilation, rounding)
    return floor((n + _last_start(k, s, p, dilation)) / s)


def pool_windows(n: Size, k: Size, s: Size, p: Size, dilation: Size, rounding: str) -> tuple[str, Form]:
    """What `pool_window` computes, as its rule has it, under the name of the rule."""
    if rounding != "ceil":
        return windows(n, k, s, p, dilation, rounding)
    rule = "as many windows as fit, the last may stick out but not start in the padding"
    return rule, Over(added(n, _last_start(k, s, p, dilation)), s, "down")


def _last_start(k: Size, s: Size, p: Size, dilation: Size) -> Size:
    fits = 2 * p - extent(k, dilation) + 2 * s - 1
    starts_inside = p + s - 1
    return minimum(fits, starts_inside)


def fits(n: Size, k: Size, p: Size, dilation: Size) -> Condition:
    """The kernel is not larger than the padded input."""
    width = extent(k, dilation)
    needed = at_least(n + 2 * p, width, "the kernel must fit into the padded input", "kernel-too-large")
    return told(needed, partial(_no_room, n, p, width))


def _no_room(n: Size, p: Size, width: Size) -> str:
    positions = "1 position" if n == 1 else f"{n} positions"
    padded = f"{positions} padded by {p}" if p != 0 else positions
    return f"a window of {width} does not fit into {padded}"


def told(condition: Condition, refuted: Callable[[], str]) -> Condition:
    """The condition; when it never holds, that is said with the numbers, which are written only then."""
    return replace(condition, refuted=refuted)


def whole_number(name: str, size: Size) -> Iterator[Condition]:
    if not size.integer:
        why = f"{name} must be a whole number"
        if not size.symbols():  # a number, or a root or logarithm that has no exact value
            yield Condition(">=", -ONE, why=f"{why}, not {size}", code="bad-value")
        yield divisible(size, ONE, why, "bad-value")


def whole(n: Size, k: Size, s: Size, p: Size, dilation: Size, rounding: str) -> Iterator[Condition]:
    """With ``round=exact``, the condition under which the textbook's quotient is an integer."""
    if rounding == "exact":
        yield divisible(n + 2 * p - extent(k, dilation), s, "round=exact: the stride divides without a remainder")


def _counts_from(low: int, size: Size) -> bool:
    """The usual case, decided without a sentence: saying what is asked of a size takes longer than counting a layer."""
    number = size.number
    return type(number) is int and number >= low


def at_least_one(**sizes: Size | tuple[Size, ...]) -> tuple[Condition, ...]:
    """Kernels, strides, widths and counts are whole and start at 1."""
    for value in sizes.values():
        for size in value if isinstance(value, tuple) else (value,):
            number = size.terms.get(())
            if type(number) is not int or number < 1 or len(size.terms) > 1:
                return _at_least_one(tuple(sizes.items()))
    return ()


@lru_cache(4096)
def _at_least_one(sizes: tuple[tuple[str, Size | tuple[Size, ...]], ...]) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for name, value in sizes:
        for size in value if isinstance(value, tuple) else (value,):
            if _counts_from(1, size):
                continue
            found += whole_number(name, size)
            why = f"{name} must be at least 1"
            found.append(told(at_least(size, 1, why, "bad-value"), partial("{}, not {}".format, why, size)))
    return tuple(found)


def grouped(groups: Size, **channels: Size) -> Iterator[Condition]:
    """Channels by what they are (``input``, ``output``): each group has as many of them as any other."""
    for what, size in channels.items():
        if groups != ONE:
            yield divisible(size, groups, f"groups must divide the {what} channels", "groups")


def not_negative(**sizes: Size | tuple[Size, ...]) -> Iterator[Condition]:
    for name, value in sizes.items():
        for size in value if isinstance(value, tuple) else (value,):
            if _counts_from(0, size):
                continue
            yield from whole_number(name, size)
            why = f"{name} must not be negative"
            yield told(at_least(size, 0, why, "bad-value"), partial("{}, and is {}".format, why, size))
