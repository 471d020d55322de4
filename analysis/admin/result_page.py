"""What the result page shows, gathered once: the template and its scripts only draw it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analysis import audit, reviews, wording
from analysis.admin.audio import address
from analysis.admin.scope import name_of
from analysis.admin.state import badge
from analysis.chart_note import chart_note
from analysis.models import SCORES, AnalysisResult, PracticeRecording, Review, Verdict
from analysis.report import SCORE_FIELDS, Report, Syllable, report
from analysis.reviews import Neighbours
from analysis.trends import Trend, trend
from tasks_admin.jobs import ACTIVE

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_TRACES = 20
MOST_VERSIONS = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """A syllable, and the therapist's verdict on it where there is one."""

    syllable: Syllable
    verdict: str
    verdict_label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One recording of the trend."""

    result: int
    recorded_at: datetime
    values: tuple[float | None, ...]
    is_this: bool


@dataclass(frozen=True, slots=True)
class Version:
    """Another analysis of the same recording, and how its scores differ from the one that is shown."""

    result: int
    created_at: datetime
    model_version: str
    parameters: str
    scores: tuple[tuple[float | None, float | None], ...]
    is_this: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """Who did what with the result, its recording or its review."""

    when: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Everything on the page."""

    result: AnalysisResult
    recording: PracticeRecording
    report: Report
    review: Review
    may_review: bool
    cells: list[Cell]
    queue: Neighbours
    note: str
    trend_names: list[str]
    trend: list[Row]
    moved: list[tuple[str, float | None]]
    score_names: list[str]
    versions: list[Version]
    is_latest: bool
    working: str
    traces: list[Trace]
    client: dict[str, Any]

    @property
    def digits(self) -> int:
        """Decimals of the trend's figures: scores are not good for any."""
        return 0 if self.report.is_scored else 2

    @property
    def example(self) -> str:
        """Where the example is played from; empty without one."""
        return address(self.recording.exercise) if self.recording.exercise.example else ""

    @property
    def audio(self) -> str:
        """Where the recording is played from."""
        return address(self.recording)


def find(user: User, pk: Any) -> AnalysisResult | None:
    """The result with all that the page asks of it, where the user may see it."""
    rows = AnalysisResult.objects.visible_to(user)
    return rows.select_related("job__recording__patient", "job__recording__exercise").filter(pk=pk).first()


def result_page(user: User, result: AnalysisResult) -> ResultPage:
    """Gather what the page shows."""
    recording = result.job.recording
    review = reviews.review_of(result)
    said = report(result)
    moves = trend(user, recording.patient, recording.exercise)
    names = _names(moves)
    versions = _versions(result)
    return ResultPage(
        result=result,
        recording=recording,
        report=said,
        review=review,
        may_review=reviews.may_review(user),
        cells=[_cell(each, review) for each in said.syllables],
        queue=reviews.neighbours(user, result),
        note=chart_note(result, said, review),
        trend_names=names,
        trend=[
            Row(each.result, each.recorded_at, each.values, each.result == result.pk) for each in moves.points
        ],
        moved=list(zip(names, moves.moved, strict=True)),
        score_names=_score_names(),
        versions=versions,
        is_latest=not versions or versions[0].is_this,
        working=_working(recording),
        traces=traces(result, review),
        client=_client(result, moves, names),
    )


def _cell(syllable: Syllable, review: Review) -> Cell:
    verdict = review.verdicts.get(str(syllable.index), "")
    return Cell(syllable, verdict, str(Verdict(verdict).label) if verdict else "")


def _names(moves: Trend) -> list[str]:
    if moves.names == SCORES:
        return _score_names()
    return [wording.sentence(wording.MEASURE_TEXTS, name) for name in moves.names]


def _score_names() -> list[str]:
    return [wording.sentence(wording.SCORE_TEXTS, name) for name in SCORE_FIELDS]


def _versions(result: AnalysisResult) -> list[Version]:
    """The analyses of the recording, newest first; loads their scores only."""
    columns = ("pk", "created_at", "model_version", "job__parameters", *SCORES)
    rows = AnalysisResult.objects.filter(job__recording=result.job.recording_id).order_by("-pk")
    mine = [getattr(result, name) for name in SCORES]
    return [
        Version(
            row[0], row[1], row[2], ", ".join(f"{name}={value}" for name, value in (row[3] or {}).items()),
            tuple((score, _less(score, own)) for score, own in zip(row[4:], mine, strict=True)),
            row[0] == result.pk,
        )
        for row in rows.values_list(*columns)[:MOST_VERSIONS]
    ]  # fmt: skip


def _less(score: float | None, other: float | None) -> float | None:
    return None if score is None or other is None else score - other


def _working(recording: PracticeRecording) -> str:
    """The badge of the analysis that is going on; empty where there is none."""
    for job in recording.jobs.all():
        if job.state in ACTIVE:
            return badge(job)  # type: ignore[arg-type]
    return ""


def traces(result: AnalysisResult, review: Review) -> list[Trace]:
    """Who opened, played, exported or reviewed it, the newest first."""
    entries = LogEntry.objects.get_for_object(result) | LogEntry.objects.get_for_object(result.job.recording)
    if review.pk:
        entries |= LogEntry.objects.get_for_object(review)
    return [Trace(entry.timestamp, name_of(entry.actor), _done(entry)) for entry in _newest(entries)]


def _newest(entries: QuerySet[LogEntry]) -> Iterable[LogEntry]:
    return entries.select_related("actor", "content_type").order_by("-timestamp")[:MOST_TRACES]


def _done(entry: LogEntry) -> str:
    of_recording = entry.content_type.model == "practicerecording"
    accesses = {
        audit.READ: _("opened the recording") if of_recording else _("opened the result"),
        audit.PLAYED: _("played the recording"), audit.EXPORTED: _("exported it"), audit.PRINTED: _("printed it"),
    }  # fmt: skip
    if access := (entry.additional_data or {}).get("access"):
        return accesses.get(access, str(access))
    if entry.content_type.model == "review":
        return _reviewed(entry.changes or {})
    return (
        _("uploaded the recording") if entry.action == LogEntry.Action.CREATE else _("changed the recording")
    )


def _reviewed(changes: dict[str, list[str]]) -> str:
    signed = changes.get("signed_at")
    if not signed or signed[0] == signed[1]:
        return _("reviewed it")
    return _("took the signature back") if signed[1] in ("None", "", None) else _("signed it off")


def _client(result: AnalysisResult, moves: Trend, names: list[str]) -> dict[str, Any]:
    """What the scripts draw and play. Addresses are those that are checked at each request."""
    exercise = result.job.recording.exercise
    return {
        "language": get_language(),
        "seconds": result.seconds,
        "has_example": bool(exercise.example),
        "syllables": [
            {name: each.get(name) for name in SYLLABLE_KEYS} for each in result.syllables
        ],
        "trend": {
            "names": names,
            "at": [point.recorded_at.timestamp() for point in moves.points],
            "values": [[point.values[at] for point in moves.points] for at in range(len(names))],
            "results": [
                reverse("admin:analysis_analysisresult_change", args=[point.result]) for point in moves.points
            ],
            "this": next((at for at, point in enumerate(moves.points) if point.result == result.pk), None),
            "is_score": moves.names == SCORES,
        },
        "words": {
            "example": _("example"), "recording": _("recording"), "semitones": _("semitones"),
            "copied": _("Copied."), "not_copied": _("Select the text and copy it."),
            "unplayable": _("This browser cannot play this file. The export for Praat holds it as WAV."),
            "unsaved": _("not saved yet"),
        },
    }  # fmt: skip


SYLLABLE_KEYS = ("text", "start", "end", "example_start", "example_end", "contour", "example_contour")
