"""From evidence to 0-100: how likely two syllables are the same in sound, in part or in tone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Floats

LIKENESS_FILE = Path(__file__).parent / "likeness.json"


@dataclass(frozen=True, slots=True)
class Likeness:
    """The fitted probability of "the same", over that at the evidence's best.

    Attributes
    ----------
    weights : tuple[float, ...]
        Of each evidence; more evidence is better, so none is negative.
    bias : float
        Log odds where all evidence is 0; right and wrong weigh alike.
    best : float
        Log odds that make 100.
    off_below : float
        The score under which a finding is made.
    """

    weights: tuple[float, ...]
    bias: float
    best: float
    off_below: float

    def __call__(self, evidence: Sequence[float] | Floats) -> float:
        odds = self.bias + float(np.dot(self.weights, evidence))
        return float(np.clip(100 * _probability(odds) / _probability(self.best), 0.0, 100.0))


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))


def read_likeness(fitted: Mapping[str, Any]) -> Likeness:
    """One map of a dictionary like those in `likeness.json`."""
    return Likeness(tuple(fitted["weights"]), fitted["bias"], fitted["best"], fitted["off_below"])


@cache
def likeness(of: str) -> Likeness:
    """The map of `likeness.json` for ``"tone"``, ``"contour"``, ``"segment"``, ``"initial"`` or ``"final"``."""
    return read_likeness(json.loads(LIKENESS_FILE.read_text(encoding="utf-8"))[of])
