"""A figure with what is to be reached, and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Bools, Floats, Indices
from analysis.acoustics.syllable_fitting import area

_DRAWS = 500
_LEAST_GROUPS = 3  # of two speakers there is no interval to speak of


@dataclass(frozen=True, slots=True)
class Figure:
    """One line.

    Attributes
    ----------
    name : str
    value : float or None
        None where the data have nothing to take it on; `note` says what is missing.
    unit : str
    trials : int
        What it was taken on: recordings, pairs, sentences.
    aim : float, optional
        What to reach; at most that where `most`.
    interval : tuple[float, float], optional
        95 %, by bootstrap over `over`.
    speakers : int
    """

    name: str
    value: float | None
    unit: str
    trials: int
    speakers: int
    aim: float | None = None
    most: bool = False
    interval: tuple[float, float] | None = None
    over: str = ""
    note: str = ""

    def line(self) -> dict[str, Any]:
        """As JSON has it: no figure that is not a number."""
        absent = self.value is None or not math.isfinite(self.value)
        found: dict[str, Any] = {
            "figure": self.name,
            "value": None if absent else _rounded(self.value or 0.0),
            "unit": self.unit,
        }
        if self.aim is not None:
            found |= {"reach": self.aim, "at_most": self.most}
            if not absent:
                value = self.value or 0.0
                found["ok"] = value <= self.aim if self.most else value >= self.aim
        if self.interval:
            found |= {"ci95": [_rounded(each) for each in self.interval], "bootstrap_over": self.over}
        found |= {"trials": self.trials, "speakers": self.speakers}
        return found | ({"note": self.note} if self.note else {})


def _rounded(value: float) -> float:
    return round(float(value), 4)


def interval(
    statistic: Callable[[Indices], float], groups: Sequence[str], draws: int = _DRAWS
) -> tuple[float, float] | None:
    """2.5th and 97.5th percentile of a statistic of drawn trials: whole groups (speakers) with replacement.

    Parameters
    ----------
    statistic : callable
        Of the indices of the trials that were drawn.
    groups : sequence of str [shape=(n,)]
        Whose each trial is.
    """
    names, members = np.unique(np.array(groups), return_inverse=True)
    if len(names) < _LEAST_GROUPS:
        return None
    whose = [np.flatnonzero(members == at) for at in range(len(names))]
    draw = np.random.default_rng(0)
    with np.errstate(invalid="ignore", divide="ignore"):  # no correlation, where all that was drawn are alike
        found = np.array(
            [
                statistic(np.concatenate([whose[at] for at in draw.integers(len(names), size=len(names))]))
                for _ in range(draws)
            ]
        )
    known: Floats = found[np.isfinite(found)]
    if not len(known):
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def mean_of(values: Sequence[float] | Floats) -> Callable[[Indices], float]:
    """The mean, as a statistic of drawn trials."""
    array = np.array(values, dtype=np.float64)
    return lambda chosen: float(array[chosen].mean())


def area_of(values: Floats, right: Bools) -> float:
    """Area under the curve of those that are right (n,) against the others; NaN where there are none of a kind."""
    return area(values[right], values[~right]) if right.any() and not right.all() else float("nan")
