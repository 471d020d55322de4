"""What a patient's page shows above its form: practice, progress, notes, and what to practise next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from analysis import wording
from analysis.admin.state import badge
from analysis.models import (
    LONG_COLUMNS,
    SCORES,
    AnalysisJob,
    AnalysisResult,
    Exercise,
    Patient,
    PracticeRecording,
    Review,
)
from analysis.report import SCORE_FIELDS
from analysis.trends import Trend, trend
from analysis.wording import sentence
from tasks_admin.jobs import JobState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_EXERCISES = 5  # with a chart each, the ones said last first
MOST_RECORDINGS = 8
MOST_NOTES = 5
WIDTH, HEIGHT = 320.0, 100.0  # of a chart, in its own units


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over time: its name, the chart's points, and how far it moved; the last value as it is."""

    name: str
    points: str
    last: float | None
    moved: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """One exercise: whether it is to be practised, how often it was said, when last, how it goes, and what next."""

    exercise: Exercise
    is_given: bool
    count: int
    last: datetime | None
    result: int | None
    lines: Sequence[Line]
    first_day: datetime | None
    last_day: datetime | None
    rows: Sequence[tuple[int, datetime, tuple[float | None, ...]]]
    next_steps: Sequence[str]
    digits: int
    scale: tuple[int, int] | None  # what the chart's lower and upper edge stand for; None for shares


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording and the state of its newest analysis."""

    recording: PracticeRecording
    badge: str
    result: AnalysisResult | None
    why: str


@dataclass(frozen=True, slots=True)
class PatientPage:
    patient: Patient
    age: int | None
    progress: Sequence[Progress]
    more_exercises: int
    recordings: Sequence[Heard]
    notes: Sequence[Review]


def patient_page(user: User, patient: Patient) -> PatientPage:
    """Gather what the page shows, in a number of queries that does not grow with the patient's practice."""
    exercises = list(_exercises(patient))
    shown = exercises[:MOST_EXERCISES]
    trends = {each.pk: trend(user, patient, each) for each in shown}
    latest = [moves.points[-1].result for moves in trends.values() if moves.points]
    advice = dict(AnalysisResult.objects.filter(pk__in=latest).values_list("pk", "suggestions"))
    born = patient.birth_year
    return PatientPage(
        patient=patient,
        age=timezone.localdate().year - born if born else None,
        progress=[_progress(each, trends[each.pk], advice) for each in shown],
        more_exercises=len(exercises) - len(shown),
        recordings=_recordings(patient),
        notes=_notes(user, patient),
    )


def _exercises(patient: Patient) -> QuerySet[Exercise]:
    """What the patient was given or has said: first what is to be practised, then what was said last."""
    given, said = patient.assignments.open(), Q(recordings__patient=patient)
    rows = Exercise.objects.filter(said | Q(pk__in=given.values("exercise")))
    return rows.annotate(
        is_given=Exists(given.filter(exercise=OuterRef("pk"))),
        count=Count("recordings", filter=said, distinct=True),
        last=Max("recordings__recorded_at", filter=said),
    ).order_by("-is_given", F("last").desc(nulls_last=True), "title")


def _progress(exercise: Any, moves: Trend, advice: dict[int, list[dict[str, Any]]]) -> Progress:
    points = moves.points
    result = points[-1].result if points else None
    return Progress(
        exercise=exercise,
        is_given=exercise.is_given,
        count=exercise.count,
        last=exercise.last,
        result=result,
        lines=_lines(moves),
        first_day=points[0].recorded_at if points else None,
        last_day=points[-1].recorded_at if points else None,
        rows=[(point.result, point.recorded_at, point.values) for point in points],
        next_steps=[
            sentence(wording.SUGGESTION_TEXTS, said["code"], said["figures"])
            for said in advice.get(result or 0, [])
        ],
        digits=0 if moves.names == SCORES else 2,
        scale=(_floor(moves), 100) if moves.names == SCORES else None,
    )


def _lines(moves: Trend) -> list[Line]:
    names = [_name(name) for name in moves.names]
    found = []
    for at, (name, moved) in enumerate(zip(names, moves.moved, strict=True)):
        values = [point.values[at] for point in moves.points]
        known = [value for value in values if value is not None]
        if known:
            found.append(Line(name, _drawn(moves, values), known[-1], moved))
    return found


def _name(column: str) -> str:
    for score, field in SCORE_FIELDS.items():
        if field == column:
            return sentence(wording.SCORE_TEXTS, score)
    return sentence(wording.MEASURE_TEXTS, column)


def _drawn(moves: Trend, values: Sequence[float | None]) -> str:
    """The points of a line: days across; up, scores to 100, or a measure as its share of its own highest."""
    first, last = moves.points[0].recorded_at, moves.points[-1].recorded_at
    span = (last - first).total_seconds() or 1.0
    is_score = moves.names == SCORES
    least = _floor(moves) if is_score else 0
    most = 100 if is_score else max((abs(each) for each in values if each is not None), default=0) or 1
    return " ".join(
        f"{WIDTH * (at - first).total_seconds() / span:.1f},{HEIGHT * (most - value) / (most - least):.1f}"
        for at, value in zip((point.recorded_at for point in moves.points), values, strict=True)
        if value is not None
    )


def _floor(moves: Trend) -> int:
    """Where a chart of scores begins: most scores are high, and from 0 up nobody would see them move."""
    known = [value for point in moves.points for value in point.values if value is not None]
    return min(60, int(min(known, default=0) // 10 * 10))


def _recordings(patient: Patient) -> list[Heard]:
    jobs = AnalysisJob.objects.select_related("result").defer(*(f"result__{name}" for name in LONG_COLUMNS))
    rows = PracticeRecording.objects.filter(patient=patient).select_related("exercise", "patient")
    newest = rows.prefetch_related(Prefetch("jobs", jobs.order_by("-created_at"))).order_by("-recorded_at")
    return [_heard(each) for each in newest[:MOST_RECORDINGS]]


def _heard(recording: Any) -> Heard:
    jobs: list[AnalysisJob] = list(recording.jobs.all())
    done = next((job for job in jobs if job.state == JobState.SUCCEEDED), None)
    newest = jobs[0] if jobs else None
    failed = newest is not None and newest.state == JobState.FAILED
    return Heard(
        recording,
        badge(newest),
        getattr(done, "result", None),
        newest.error_text if newest and failed else "",
    )


def _notes(user: User, patient: Patient) -> list[Review]:
    """The newest notes of reviews, with their results' ids only."""
    mine = AnalysisResult.objects.visible_to(user).filter(job__recording__patient=patient)
    rows = Review.objects.filter(result__in=mine).exclude(note="").order_by("-changed_at")
    return list(
        rows.select_related("result__job__recording__exercise", "signed_by").defer(
            *(f"result__{name}" for name in LONG_COLUMNS)
        )[:MOST_NOTES]
    )
