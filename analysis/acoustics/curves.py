"""The fitted numbers, read once from the small files beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_HERE = Path(__file__).parent
CURVES_FILE = _HERE / "curves.json"


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
class Gate:
    """A weighted sum of what the recogniser and the alignment found; above its limit it is another sentence.

    The recogniser hears languages that it was not taught less surely, so the limit is the language's.
    """

    weights: dict[str, float]
    limits: dict[str, float]


@cache
def score_curves(*, recogniser: bool = True) -> ScoreCurves:
    """The curves of `curves.json`: those fitted with a phone recogniser, or those fitted without."""
    return read_curves(_read("curves.json"), recogniser=recogniser)


def read_curves(fitted: Mapping[str, Any], *, recogniser: bool) -> ScoreCurves:
    """The curves of a dictionary like that of `curves.json`."""
    points_lost = {
        score: {code: Curve(*zip(*knots, strict=True)) for code, knots in curves.items()}
        for score, curves in fitted["points_lost" if recogniser else "points_lost_without_recogniser"].items()
    }
    return ScoreCurves(points_lost, fitted["overall"])


@cache
def sentence_gate() -> Gate:
    """The gate of `curves.json`."""
    fitted = _read("curves.json")["gate"]
    return Gate(fitted["weights"], fitted["limit"])


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / name).read_text(encoding="utf-8"))
    return found
