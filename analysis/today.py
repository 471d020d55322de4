"""A therapist's day: what awaits them, who is getting better, who has stopped, and what failed.

A handful of queries, however many patients. Each figure here is the length of the list behind its link: the lists'
filters ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import Exists, F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from analysis import reviews
from analysis.models import AnalysisJob, AnalysisResult, Assignment, Patient, PracticeRecording
from analysis.querysets import PatientQuerySet, RecordingQuerySet, ResultQuerySet
from tasks_admin.jobs import JobState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STOPPED_AFTER = timedelta(days=7)
LOOKED_BACK = timedelta(weeks=8)
FEWEST = 4  # recordings of one exercise, to speak of better or worse
RISE = 3.0  # points of the overall score: less may be the day, or the microphone
MOST_SCORES = 5000  # the newest so many; ten a day of sixty patients are as many in eight weeks
MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Move:
    """One patient's overall score in one exercise: the mean of the earlier half, and of the later."""

    patient: UUID
    code: str
    exercise: str
    before: float
    after: float
    result: int

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Today:
    """What the first page shows. The lists hold the first few; the numbers count all."""

    waiting: int
    newest: Sequence[AnalysisResult]
    this_week: int
    moves: Sequence[Move]
    improving: int
    stopped: Sequence[Patient]
    stopped_count: int
    failed: Sequence[AnalysisJob]
    failed_count: int
    patients: int


def today(user: User) -> Today:
    """Everything that this person's first page shows."""
    waiting, away, broken = reviews.awaiting(user), stopped(user), failed(user)
    better = [move for move in moves(user) if move.change >= RISE]
    return Today(
        waiting=waiting.count(),
        newest=_newest(waiting),
        this_week=new(user).count(),
        moves=sorted(better, key=lambda move: -move.change)[:MOST_SHOWN],
        improving=len({move.patient for move in better}),
        stopped=list(away[:MOST_SHOWN]),
        stopped_count=away.count(),
        failed=_why(broken),
        failed_count=broken.count(),
        patients=Patient.objects.visible_to(user).count(),
    )


def new(user: User) -> RecordingQuerySet:
    """Recordings that came in within the last week."""
    return PracticeRecording.objects.visible_to(user).filter(
        created_at__gte=timezone.now() - timedelta(days=7)
    )


def stopped(user: User) -> PatientQuerySet:
    """Patients who have not practised for a week, or not begun a week after they were given something.

    The longest away first, and before them who has not begun.
    """
    since = timezone.now() - STOPPED_AFTER
    given = Assignment.objects.open().filter(patient=OuterRef("pk"), given_at__lt=since)
    rows = Patient.objects.visible_to(user).annotate(last_recorded=Max("recordings__recorded_at"))
    away = Q(last_recorded__lt=since) | Q(Exists(given), last_recorded=None)
    return rows.filter(away).order_by(F("last_recorded").asc(nulls_first=True), "code")


def failed(user: User) -> RecordingQuerySet:
    """Recordings whose latest analysis failed."""
    latest = AnalysisJob.objects.filter(recording=OuterRef("pk")).order_by("-created_at")
    rows = PracticeRecording.objects.visible_to(user).annotate(
        latest_state=Subquery(latest.values("state")[:1])
    )
    return rows.filter(latest_state=JobState.FAILED)


def improving(user: User) -> set[UUID]:
    """Patients whose overall score rises in some exercise."""
    return {move.patient for move in moves(user) if move.change >= RISE}


def moves(user: User) -> list[Move]:
    """Each exercise that each visible patient said at least `FEWEST` times in eight weeks."""
    rows = (
        AnalysisResult.objects.visible_to(user)
        .newest_each()
        .filter(job__recording__recorded_at__gte=timezone.now() - LOOKED_BACK, overall_score__isnull=False)
        .order_by("-job__recording__recorded_at")
        .values_list(
            "job__recording__patient", "job__recording__patient__code", "job__recording__exercise",
            "job__recording__exercise__title", "job__recording__recorded_at", "overall_score", "pk",
        )[:MOST_SCORES]
    )  # fmt: skip
    return list(_moved(rows))


def _moved(rows: Iterable[tuple[Any, ...]]) -> Iterator[Move]:
    ordered = sorted(rows, key=lambda row: (str(row[0]), str(row[2]), row[4]))
    for _key, group in groupby(ordered, key=lambda row: (row[0], row[2])):
        said = list(group)
        if len(said) >= FEWEST:
            scores, half = [row[5] for row in said], len(said) // 2
            patient, code, _exercise, title, *_rest, result = said[-1]
            yield Move(patient, code, title, fmean(scores[:half]), fmean(scores[-half:]), result)


def _newest(waiting: ResultQuerySet) -> list[AnalysisResult]:
    rows = waiting.select_related("job__recording__patient", "job__recording__exercise")
    shown = rows.only(
        "overall_score", "quality_flags", "job__recording__recorded_at", "job__recording__patient__code",
        "job__recording__patient__name", "job__recording__exercise__title",
    )  # fmt: skip
    return list(shown[:MOST_SHOWN])


def _why(broken: RecordingQuerySet) -> list[AnalysisJob]:
    """The latest job of each of the newest failed recordings: it says why."""
    recordings = broken.order_by("-recorded_at").values("pk")[:MOST_SHOWN]
    jobs = AnalysisJob.objects.filter(recording__in=list(recordings.values_list("pk", flat=True)))
    latest: dict[UUID, AnalysisJob] = {}
    rows = jobs.select_related("recording__patient", "recording__exercise").order_by("created_at")
    for job in cast("Iterable[AnalysisJob]", rows):
        latest[job.recording_id] = job
    return sorted(latest.values(), key=lambda job: job.recording.recorded_at, reverse=True)
