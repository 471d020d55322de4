"""The fitted numbers, read once from the small files beside this module."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Curve:
    """Points lost as a non-decreasing piecewise-linear function of an evidence, flat beyond its ends."""

    at: tuple[float, ...]
    points: tuple[float, ...]

    def __call__(self, badness: float) -> float:
        return float(np.interp(badness, self.at, self.points))


@dataclass(frozen=True, slots=True)
class ScoreCurves:
    """For each sub-score the curves of its evidences, and its weight in the overall score."""

    points_lost: dict[str, dict[str, Curve]]
    weights: dict[str, float]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A distance as 0-100: the fitted probability that it is between two of the same, over that at `best`.

    `off_below` is the score under which a finding is made.
    """

    middle: float
    scale: float
    best: float
    off_below: float

    def __call__(self, distance: float) -> float:
        return float(np.clip(100 * self._probability(distance) / self._probability(self.best), 0.0, 100.0))

    def _probability(self, distance: float) -> float:
        return float(1 / (1 + np.exp(np.clip((distance - self.middle) / self.scale, -50, 50))))


@cache
def score_curves() -> ScoreCurves:
    """The curves of `curves.json`."""
    fitted = json.loads((_HERE / "curves.json").read_text(encoding="utf-8"))
    points_lost = {
        score: {code: Curve(*zip(*knots, strict=True)) for code, knots in curves.items()}
        for score, curves in fitted["points_lost"].items()
    }
    return ScoreCurves(points_lost, fitted["overall"])


@cache
def likeness(of: str) -> Likeness:
    """The map of `likeness.json` for ``"tone"`` or ``"segment"``."""
    fitted = json.loads((_HERE / "likeness.json").read_text(encoding="utf-8"))[of]
    return Likeness(fitted["middle"], fitted["scale"], fitted["best"], fitted["off_below"])
