"""Charts as numbers for SVG, from slices of time: drawn by a template without a script, and read out as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tasks_admin.overview import Slice

WIDTH, HEIGHT = 480.0, 100.0
NAMES = ("p50", "p95")


@dataclass(frozen=True, slots=True)
class Bar:
    """One state's share of one slice. What could not be told from its neighbours at full width has a gap of 1."""

    state: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """One percentile over time: pieces between gaps, and what stands alone."""

    name: str
    pieces: Sequence[str]
    dots: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lines:
    """Percentiles of a time; ``most`` (s) is what the upper edge stands for."""

    most: float
    lines: Sequence[Line]
    last: Sequence[float | None]

    @property
    def is_empty(self) -> bool:
        return not any(line.pieces or line.dots for line in self.lines)


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts of ended jobs; ``most`` is what the upper edge stands for."""

    most: int
    bars: Sequence[Bar]
    succeeded: int
    failed: int
    cancelled: int


def bars(slices: Sequence[Slice]) -> Bars:
    """How many ended, the failed ones on top."""
    counts = [(each.succeeded, each.cancelled, each.failed) for each in slices]
    most = max(map(sum, counts), default=0) or 1
    step = WIDTH / max(len(counts), 1)
    found = []
    for at, values in enumerate(counts):
        below = 0
        for state, value in zip(("succeeded", "cancelled", "failed"), values, strict=True):
            below += value
            if value:
                height = max(HEIGHT * value / most, 1.0)  # one failure among thousands is seen, too
                found.append(
                    Bar(state, _r(at * step), _r(HEIGHT * (1 - below / most)), _r(step - 1), _r(height))
                )
    total = [sum(values) for values in zip(*counts, strict=True)] or [0, 0, 0]
    return Bars(most, found, total[0], total[2], total[1])


def lines(spreads: Sequence[tuple[float | None, float | None]]) -> Lines:
    """The percentiles' curves from 0 up."""
    known = [value for each in spreads for value in each if value is not None]
    most = _above(max(known, default=0.0))
    series = list(zip(*spreads, strict=True)) or [(), ()]
    drawn = [_line(name, values, most) for name, values in zip(NAMES, series, strict=True)]
    return Lines(most, drawn, [_last(values) for values in series])


def _line(name: str, values: Sequence[float | None], most: float) -> Line:
    step = WIDTH / max(len(values), 1)
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((_r((at + 0.5) * step), _r(HEIGHT * (1 - value / most))))
    pieces = [" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1]
    return Line(name, pieces, [run[0] for run in runs if len(run) == 1])


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _above(value: float) -> float:
    """The next of 1, 2, 5, 10, ... that is not below the value."""
    if value <= 0:
        return 1.0
    ten: float = 10.0 ** math.floor(math.log10(value))
    return next(ten * each for each in (1, 2, 5, 10) if ten * each >= value * (1 - 1e-9))


def _r(value: float) -> float:
    return round(value, 2)
