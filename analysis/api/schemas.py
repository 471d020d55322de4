"""What goes over the wire: snake_case, UUIDs, times as ISO 8601 with their zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from analysis.models import PracticeRecording
from tasks_admin.jobs import Job

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
CeleryState = Literal["PENDING", "RETRY", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"]


class ErrorOut(Schema):
    """One field that is at fault."""

    field: str
    code: str
    message: str


class ProblemOut(Schema):
    """Problem details (RFC 9457). Tell errors apart by `code`; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ErrorOut]


class MeOut(Schema):
    id: int
    username: str
    name: str
    roles: list[Literal["therapist", "administrator", "superuser", "patient"]]
    patient: UUID | None


class PatientOut(Schema):
    id: UUID
    code: str
    name: str
    sex: str
    birth_year: int | None
    created_at: datetime


class ExerciseOut(Schema):
    id: UUID
    title: str
    kind: Literal["sentence", "sustained_vowel", "syllable_repetition"]
    language: Literal["zh", "en"]
    text: str
    has_example: bool
    created_at: datetime

    @staticmethod
    def resolve_has_example(exercise: Any) -> bool:
        return bool(exercise.example)


class JobBrief(Schema):
    id: UUID
    state: State
    progress: int
    created_at: datetime


class RecordingOut(Schema):
    """A recording; `latest_job` is the newest of its analyses."""

    id: UUID
    patient: UUID = Field(validation_alias="patient_id")
    exercise: UUID = Field(validation_alias="exercise_id")
    recorded_at: datetime
    created_at: datetime
    size: int
    sha256: str
    latest_job: JobBrief | None

    @staticmethod
    def resolve_latest_job(recording: PracticeRecording) -> Job | None:
        # Their order is the prefetch's: newest first.
        return next(iter(recording.jobs.all()), None)


class JobOut(Schema):
    """How an analysis stands; `status` is Celery's name for it, `error` a sentence."""

    task_id: UUID
    recording: UUID
    state: State
    status: CeleryState
    progress: int = Field(ge=0, le=100)
    current_step: str
    error: str | None
    error_code: str | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: dict[str, Any] | None


class UploadedOut(Schema):
    recording: RecordingOut
    job: JobOut | None


class AnalyseIn(Schema):
    """What is asked of the analysis. Today that is `model_version`; without it the current one is taken."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = {}


class Said(Schema):
    """A finding: its code, its figures, and the sentence for them in the caller's language."""

    code: str
    figures: dict[str, Any] = {}
    text: str


class FlagOut(Said):
    """What makes the recording unfit (it has no scores) or doubtful. Show it before any score."""

    severity: Literal["unfit", "doubtful"]


class ResultOut(Schema):
    """What one analysis found. A score is null where there was no ground for one; `unscored` says why.

    The hashes are those of the files that were heard; an exercise may have another example by now.
    """

    task_id: UUID
    recording: UUID
    recording_sha256: str
    example_sha256: str | None
    overall_score: float | None
    pronunciation_accuracy: float | None
    fluency_score: float | None
    rhythm_score: float | None
    pitch_score: float | None
    unscored: dict[str, Said]
    quality_flags: list[FlagOut]
    suggestions: list[Said]
    caveats: list[Said]
    improvement_areas: list[str]
    detailed_analysis: dict[str, Any]
    measures: dict[str, Any]
    absent: dict[str, Said]
    costs: list[dict[str, Any]]
    seconds: float
    model_version: str
    processing_time_seconds: float
    created_at: datetime
