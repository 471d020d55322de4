"""The Celery tasks of speech."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from celery import shared_task
from django.conf import settings
from django.db.models.fields.files import FieldFile

from analysis import acoustics, parameters
from tasks_admin.errors import PermanentError
from tasks_admin.job_task import JobTask

if TYPE_CHECKING:
    from analysis.models import AnalysisJob


@shared_task(bind=True, base=JobTask, job_label="analysis.AnalysisJob")
def analyze_audio_task(
    self: JobTask, practice_record_id: str, analysis_params: dict[str, Any] | None = None
) -> acoustics.Analysis:
    """Analyse the recording of the job's row; the row's parameters count, not the message's."""
    job = cast("AnalysisJob", self.job)
    try:
        parameters.validated(job.parameters)
        return analyze(job, self.progress)
    except parameters.InvalidParameters as error:
        raise PermanentError("invalid_parameters", reason=str(error)) from error
    except acoustics.InvalidRequest as error:
        raise PermanentError("invalid_exercise", parameter=error.parameter) from error
    except acoustics.UnusableRecording as error:
        raise PermanentError(f"{error.role}_{error.code}", **error.figures) from error


def analyze(job: AnalysisJob, on_step: Callable[[int, str], None]) -> acoustics.Analysis:
    """Analyse the two files of a job; raises what `acoustics.analyze` does, and PermanentError for a lost file."""
    exercise = job.recording.exercise
    with ExitStack() as files:
        example = _opened(files, exercise.example, "example") if exercise.example else None
        return acoustics.analyze(
            _opened(files, job.recording.audio, "recording"),
            example,
            exercise=exercise.kind,
            text=exercise.text,
            language=exercise.language,
            speaker=job.recording.patient.as_speaker(),
            marks=_marks(exercise.marks) if example else None,
            on_step=lambda step, percent: on_step(percent, step),
            limits=acoustics.Limits(
                max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS
            ),
        )


def warm_up() -> None:
    """Load the libraries and run them once, in a worker's parent, so that its children share what is loaded."""
    acoustics.warm_up()


def _opened(files: ExitStack, file: FieldFile, role: str) -> Any:
    try:
        return files.enter_context(file.open("rb"))
    except FileNotFoundError as error:
        raise PermanentError(f"{role}_missing") from error


def _marks(rows: Any) -> list[acoustics.Mark] | None:
    try:
        return [acoustics.Mark(float(start), float(end)) for start, end in rows] if rows else None
    except (TypeError, ValueError) as error:  # a row edited by hand
        raise PermanentError("invalid_exercise", parameter="marks") from error
