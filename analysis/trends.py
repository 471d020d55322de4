"""How one patient's figures move in one exercise, from week to week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from analysis.models import SCORES, AnalysisResult, Exercise, Patient

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_POINTS = 200  # the latest so many; an exercise that is said daily has as many in half a year

# A vowel and a syllable run have no scores: their measures are what moves.
MEASURES = {
    Exercise.Kind.SUSTAINED_VOWEL: (
        "maximum_phonation_time", "hnr", "cpps_utterance", "jitter_local", "shimmer_local",
    ),
    Exercise.Kind.SYLLABLE_REPETITION: ("ddk_rate", "ddk_interval_cov"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """One recording's figures, in the order of the trend's ``names``; None where there is none."""

    result: int
    recorded_at: datetime
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Figures over time, oldest first. ``names`` are columns of scores, or codes of measures."""

    names: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def moved(self) -> tuple[float | None, ...]:
        """For each name the last figure less the first; None where there are not two."""
        return tuple(_moved([point.values[at] for point in self.points]) for at in range(len(self.names)))


def trend(user: User, patient: Patient, exercise: Exercise) -> Trend:
    """The latest result of each recording of this exercise that the user may see. Loads no whole result."""
    measures = MEASURES.get(Exercise.Kind(exercise.kind))
    names: tuple[str, ...] = measures or SCORES
    columns = [f"measures__{name}__value" for name in names] if measures else list(names)
    rows = (
        AnalysisResult.objects.visible_to(user)
        .newest_each()
        .filter(job__recording__patient=patient, job__recording__exercise=exercise)
    )
    newest = rows.order_by("-job__recording__recorded_at", "-pk").values_list(
        "pk", "job__recording__recorded_at", *columns
    )[:MOST_POINTS]
    return Trend(names, tuple(_point(row) for row in reversed(newest)))


def _point(row: tuple[Any, ...]) -> Point:
    return Point(row[0], row[1], tuple(row[2:]))


def _moved(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return known[-1] - known[0] if len(known) > 1 else None
