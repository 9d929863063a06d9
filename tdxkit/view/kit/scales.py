"""From a value to its place on an axis, and the ticks of that axis: linear, logarithmic, or one place for each name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import count
from math import ceil, floor, isfinite, log10

from tdxkit.text import shown

ACROSS, UP = 80, 44  # px that a tick needs, about
FULL = 2  # decades that are given ticks between the powers of ten too
Ticks = list[tuple[float, str]]  # place in px, words


def usable(value: object) -> bool:
    """A number that has a place on an axis."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


@dataclass(frozen=True, slots=True)
class Linear:
    """Values from `low` to `high` between two places in px; `start` may lie beyond `stop`, as on an axis that goes up."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: object) -> float | None:
        """The place of a value, None for what has none."""
        if not usable(value):
            return None
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> Ticks:
        """Round values, as many as there is room for."""
        step = round_step(
            (self.high - self.low) / max(abs(self.stop - self.start) / (ACROSS if self.start < self.stop else UP), 2)
        )
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [(self.at(k * step), _figure(k * step)) for k in range(first, last + 1)]

    @property
    def floor(self) -> float:
        """Where a bar begins."""
        return self.at(min(max(0, self.low), self.high))


@dataclass(frozen=True, slots=True)
class Log:
    """The same for powers of ten; `low` and `high` are exponents. What is not above zero has no place."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: object) -> float | None:
        """The place of a value, None for what has none."""
        if not usable(value) or value <= 0:
            return None
        return self.start + (log10(value) - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> Ticks:
        """The powers of ten, and 2 and 5 of each where there are few."""
        return [(self.at(value), _figure(value)) for value in log_ticks(self.low, self.high)]

    @property
    def floor(self) -> float:
        """Where a bar begins."""
        return self.start


@dataclass(frozen=True, slots=True)
class Names:
    """One place for each name."""

    names: tuple[str, ...]
    start: float
    stop: float

    @property
    def band(self) -> float:
        """The room that each has."""
        return abs(self.stop - self.start) / max(len(self.names), 1)

    def at(self, value: object) -> float | None:
        """The middle of a name's room, None for one that is not there."""
        if value not in self.names:
            return None
        return self.start + (self.names.index(value) + 0.5) * (self.stop - self.start) / len(self.names)

    def ticks(self) -> Ticks:
        """Every name."""
        return [(self.at(name), unescape(name)) for name in self.names]

    @property
    def floor(self) -> float:
        """Where a bar begins."""
        return self.start


Scale = Linear | Log | Names


def round_step(about: float) -> float:
    """The next of 1, 2, 5, 10, 20 … that is not less.

    >>> round_step(0.03), round_step(7), round_step(60)
    (0.05, 10, 100)
    """
    ten = 10 ** floor(log10(about))
    step = next(k * ten for k in (1, 2, 5, 10) if k * ten >= about * (1 - 1e-9))
    return float(f"{step:.12g}") if step < 1 else round(step)


def log_ticks(low: float, high: float) -> list[float]:
    """The ticks between two exponents.

    >>> log_ticks(0, 3), log_ticks(0, 1)
    ([1, 10, 100, 1000], [1, 2, 5, 10])
    """
    between = (1, 2, 5) if high - low <= FULL else (1,)
    every = max(1, ceil((high - low) / 8))
    powers = range(floor(low), ceil(high) + 1, every)
    values = (k * 10**power for power in powers for k in between)
    return [v if v < 1 else round(v) for v in values if low - 1e-9 <= log10(v) <= high + 1e-9]


def log_range(values: Iterable[object], bars: bool = False) -> tuple[float, float]:
    """Exponents that hold all values above zero; below the least of `bars` there is room, so that it is seen."""
    held = [log10(v) for v in values if usable(v) and v > 0]
    low, high = (floor(min(held)), ceil(max(held))) if held else (0, 1)
    return (low - 0.3 if bars and held and min(held) - low < 0.1 else low), max(high, low + 1)


def log_axis(values: Sequence[object], bars: bool = False) -> dict:
    """The settings of plotly's axis of this range, with all its figures written out."""
    low, high = log_range(values, bars)
    ticks = log_ticks(low, high)
    return {"type": "log", "range": [low, high], "tickvals": ticks, "ticktext": [_figure(v) for v in ticks]}


def told_apart(names: Iterable[str]) -> list[str]:
    """Names of which two are the same get a number: a place on an axis belongs to one.

    >>> told_apart(["a", "b", "a"])
    ['a', 'b', 'a (2)']
    """
    made: list[str] = []
    for name in names:
        made.append(
            name if name not in made else next(f"{name} ({k})" for k in count(2) if f"{name} ({k})" not in made)
        )
    return made


def scale(axis: Mapping[str, object], values: Sequence[object], start: float, stop: float, bars: bool = False) -> Scale:
    """The scale of one of plotly's axes, of the values that stand on it."""
    if axis.get("type") == "category" or any(isinstance(v, str) for v in values):
        return Names(tuple(dict.fromkeys(map(str, axis.get("categoryarray") or values))), start, stop)
    if axis.get("type") == "log":
        return Log(*(axis.get("range") or log_range(values, bars)), start, stop)
    held = [v for v in values if usable(v)] or [0, 1]
    low, high = axis.get("range") or (min(held), max(held))
    if bars or axis.get("rangemode") == "tozero":
        low, high = min(low * 1.04, 0), max(high * 1.04, 0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Linear(low, high, start, stop)


def _figure(value: float) -> str:
    return shown(float(value))
