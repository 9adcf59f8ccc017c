"""Where the sliders of a report stand first, and how far they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, lcm

from symcost.architecture import Architecture
from symcost.render.symbols import meanings
from symcost.sizes.atoms import ONE, Rational, Size, Symbol
from symcost.source import SymcostError

# A usual value for what a symbol means, by the first words of the meaning.
USUAL = {
    "side of the input": 224,
    "height of the input": 224,
    "width of the input": 224,
    "length of the input": 512,
    "input channels": 64,
    "batch": 1,
    "kernel side": 3,
    "output channels": 64,
    "output width": 512,
    "hidden width": 512,
    "stride": 1,
    "padding": 1,
    "number of repeats": 4,
    "heads": 8,
    "key and value heads": 8,
    "width of a head": 64,
    "vocabulary": 32_000,
    "groups": 1,
    "dilation": 1,
}
TRIED = (
    64,
    32,
    8,
    1,
    2,
    4,
    16,
    128,
    256,
    3,
    6,
    12,
    24,
    48,
    96,
    192,
)  # for all of them, where the usual values do not fit


@dataclass(frozen=True)
class Slider:
    """A symbol with its first value, and the values a slider offers."""

    symbol: Symbol
    meaning: str
    value: Rational
    low: Rational
    high: Rational
    step: Rational
    multiples: tuple[Size, ...] = ()  # it is a multiple of these


def sliders(net: Architecture, symbols: tuple[Symbol, ...], given: Mapping[str, Size]) -> tuple[Slider, ...]:
    """One for each symbol, at values where the network exists if any of those tried is one.

    ``given`` are values by name, those a user asks for.
    """
    said = meanings(net)
    steps = {s: _step(net, s) for s in symbols}
    values = _values(net, said, steps, given)
    return tuple(_slider(net, s, said.get(s.name, ""), values[s.name], steps[s]) for s in symbols)


def _slider(net: Architecture, symbol: Symbol, meaning: str, value: Rational, step: Rational) -> Slider:
    least, most = _bounds(net, symbol)
    low = ceil((min(Fraction(0), Fraction(value)) if least is None else least) / Fraction(step)) * step
    high: Rational = 4
    while high < max(4 * value, 16 * step):
        high *= 2
    high = high if most is None else min(most, high)
    alone = Size.of(symbol)
    multiples = [
        c.divisor for c in net.requirements if c.kind == "|" and c.size == alone and c.guard == ONE and not c.turns
    ]
    return Slider(symbol, meaning, value, low, max(floor(high / Fraction(step)) * step, value), step, tuple(multiples))


def _bounds(net: Architecture, symbol: Symbol) -> tuple[Rational | None, Rational | None]:
    """The least and the greatest value, as far as the conditions say it of the symbol alone."""
    lows = [] if symbol.low is None else [symbol.low]
    highs = [] if symbol.high is None else [symbol.high]
    for c in net.requirements:
        slope = c.size.terms.get(((symbol, 1),))
        rest = (c.size - Size.of(symbol) * (slope or 0)).number
        if c.kind == ">=" and c.guard == ONE and not c.turns and slope and rest is not None:
            (lows if slope > 0 else highs).append(Fraction(-rest) / slope)
    return max(lows, default=None), min(highs, default=None)


def _step(net: Architecture, symbol: Symbol) -> Rational:
    """What a symbol must be a multiple of, as far as the conditions say it of the symbol alone."""
    if not symbol.integer:
        return Fraction(1, 20)
    alone = Size.of(symbol)
    found = [c.divisor.number for c in net.requirements if c.kind == "|" and c.size == alone and not c.turns]
    return lcm(1, *(n for n in found if isinstance(n, int) and n > 0))


def _values(
    net: Architecture, said: Mapping[str, str], steps: Mapping[Symbol, Rational], given: Mapping[str, Size]
) -> dict[str, Rational]:
    fixed = {n: v.number for n, v in (net.defaults() | dict(given)).items() if v.number is not None}
    tried = list(_tried(said, steps, fixed))
    return next((point for point in tried if _exists(net, point)), tried[0])


def _tried(
    said: Mapping[str, str], steps: Mapping[Symbol, Rational], fixed: Mapping[str, Rational]
) -> Iterator[dict[str, Rational]]:
    for everywhere in (None, *TRIED):
        point = {}
        for symbol, step in steps.items():
            meaning = said.get(symbol.name, "").partition(" of ")[0]
            usual = next((v for words, v in USUAL.items() if said.get(symbol.name, "").startswith(words)), 8)
            value = usual if everywhere is None or meaning == "batch" else everywhere
            point[symbol.name] = fixed.get(symbol.name, _within(symbol, value, step))
        yield point


def _within(symbol: Symbol, value: int, step: Rational) -> Rational:
    """The value, or what is nearest to it among the values a symbol can have."""
    if not symbol.integer:
        value = 1
    low = value if symbol.low is None else max(symbol.low, value)
    moved = ceil(low / step) * step
    return moved if symbol.high is None else min(moved, symbol.high)


def _exists(net: Architecture, point: Mapping[str, Rational]) -> bool:
    try:
        net.at({n: v for n, v in point.items() if n in net.domain.symbols})
    except SymcostError:
        return False
    return True
