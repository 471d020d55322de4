"""Small pictures that the server draws itself: figures for SVG, in the picture's own units.

For what must print, and be there without a script: a measure beside its reference range, the pitch of a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GAUGE_WIDTH = 100.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """A reference range and a value on a scale of 0 to 100.

    ``beyond`` says that the value lies outside the scale; its mark then stands at the scale's end.
    """

    start: float
    length: float
    value: float
    beyond: bool


@dataclass(frozen=True, slots=True)
class PitchPicture:
    """Two pitch curves by syllable, ready for SVG.

    Attributes
    ----------
    width, height : float
    example, recording : tuple[str, ...]
        One list of points for each syllable that has a curve.
    columns : tuple[tuple[float, str], ...]
        Middle of each syllable's column, and its text.
    lines : tuple[tuple[float, int], ...]
        Height of each line of the grid, and its semitones.
    """

    width: float
    height: float
    example: tuple[str, ...]
    recording: tuple[str, ...]
    columns: tuple[tuple[float, str], ...]
    lines: tuple[tuple[float, int], ...]


def gauge(value: float, low: float | None, high: float | None) -> Gauge | None:
    """A measure beside its range: the range fills the middle third, or half where one side has no limit."""
    if low is None and high is None:
        return None
    first, last = _scale(low, high)
    start, end = (first if low is None else low), (last if high is None else high)
    at = (value - first) / (last - first) * GAUGE_WIDTH
    per = GAUGE_WIDTH / (last - first)
    return Gauge(
        start=(start - first) * per,
        length=(end - start) * per,
        value=min(max(at, 0.0), GAUGE_WIDTH),
        beyond=not 0 <= at <= GAUGE_WIDTH,
    )


def _scale(low: float | None, high: float | None) -> tuple[float, float]:
    if low is not None and high is not None:
        return low - (high - low), high + (high - low)
    limit = low if high is None else high
    return 0.0, 2 * (limit or 1.0)


def pitch_picture(
    syllables: Sequence[Mapping[str, Any]], *, width: float = 680.0, height: float = 190.0
) -> PitchPicture | None:
    """The contours of a result's syllables, semitones about each speaker's own centre; None where there are none."""
    curves = [
        [each.get("example_contour") for each in syllables],
        [each.get("contour") for each in syllables],
    ]
    values = [value for side in curves for curve in side if curve for value in curve]
    if not values:
        return None
    low, high = float(min(*values, -4.0)), float(max(*values, 4.0))
    column = width / len(syllables)

    def y(semitones: float) -> float:
        return (high - semitones) / (high - low) * height

    def drawn(side: Sequence[Sequence[float] | None]) -> tuple[str, ...]:
        return tuple(
            _points([(column * (at + step / (len(curve) - 1)), y(value)) for step, value in enumerate(curve)])
            for at, curve in enumerate(side)
            if curve and len(curve) > 1
        )

    return PitchPicture(
        width,
        height,
        drawn(curves[0]),
        drawn(curves[1]),
        tuple((round(column * (at + 0.5), 1), each["text"]) for at, each in enumerate(syllables)),
        tuple((round(y(step), 1), step) for step in range(-24, 25, 4) if low <= step <= high),
    )


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
