"""The Celery tasks of speech."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

from celery import shared_task
from django.conf import settings
from django.db.models.fields.files import FieldFile

from analysis import acoustics, orphans, parameters, verify
from analysis.files import is_as_received, named, sha256_of
from analysis.models.result import Compared
from tasks_admin.errors import PermanentError
from tasks_admin.job_task import JobTask
from tasks_admin.progress import ProgressTask

if TYPE_CHECKING:
    from analysis.models import AnalysisJob, PracticeRecording


@shared_task(bind=True, base=JobTask, job_label="analysis.AnalysisJob")
def analyze_audio_task(
    self: JobTask, practice_record_id: str, analysis_params: dict[str, Any] | None = None
) -> Compared:
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


# Slow storage is no reason never to report; below the visibility timeout, or it would be delivered twice.
@shared_task(bind=True, soft_time_limit=1800, time_limit=1860)
def check_files(
    self: ProgressTask, remove: bool = False, hours: int = 24, limit: int = 100
) -> dict[str, Any]:
    """Report files without rows and rows without files; ``remove`` as in :func:`analysis.orphans.check`."""
    return orphans.check(remove=remove, hours=hours, limit=limit, on_step=self.progress).as_dict()


@shared_task(bind=True, soft_time_limit=1800, time_limit=1860)
def verify_audio(self: ProgressTask, shares: int = 30, dry_run: bool = False) -> dict[str, Any]:
    """Read a day's share of the recordings, as :func:`analysis.verify.verify`."""
    return verify.verify(shares=shares, dry_run=dry_run, on_step=self.progress)


def analyze(job: AnalysisJob, on_step: Callable[[int, str], None]) -> Compared:
    """Analyse the two files of a job.

    Raises what `acoustics.analyze` does, and PermanentError for a file that is lost or is not what was uploaded.
    """
    exercise = job.recording.exercise
    with ExitStack() as files:
        recording = _opened(files, job.recording.audio, "recording")
        if not is_as_received(recording, job.recording):
            raise PermanentError("recording_changed")
        example = _opened(files, exercise.example, "example") if exercise.example else None
        is_vowel = exercise.kind == exercise.Kind.SUSTAINED_VOWEL
        speech = job.recording.connected_speech() if is_vowel else None
        analysis = acoustics.analyze(
            recording,
            example,
            exercise=exercise.kind,
            text=exercise.text,
            language=exercise.language,
            speaker=job.recording.patient.as_speaker(),
            marks=_marks(exercise.marks) if example else None,
            speech=_opened_speech(files, speech) if speech else None,
            on_step=lambda step, percent: on_step(percent, step),
            limits=acoustics.Limits(
                max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS
            ),
        )
        # Only now: a file over the limits was refused above, and is not read to its end.
        return Compared(analysis, sha256_of(example) if example else "", speech)


def warm_up() -> None:
    """Load the libraries and run them once, in a worker's parent, so that its children share what is loaded."""
    acoustics.warm_up()


def _opened(files: ExitStack, file: FieldFile, role: str) -> Any:
    try:
        return files.enter_context(file.open("rb"))
    except FileNotFoundError as error:
        if not named([str(file.name)]):
            raise  # replaced since the row was read: the next attempt reads the other one
        raise PermanentError(f"{role}_missing") from error


def _opened_speech(files: ExitStack, speech: PracticeRecording) -> Any:
    """The file, or None where it is gone: the vowel is measured all the same."""
    try:
        return files.enter_context(speech.audio.open("rb"))
    except FileNotFoundError:
        return None


def _marks(rows: Any) -> list[acoustics.Mark] | None:
    try:
        return [acoustics.Mark(float(start), float(end)) for start, end in rows] if rows else None
    except (TypeError, ValueError) as error:  # a row edited by hand
        raise PermanentError("invalid_exercise", parameter="marks") from error
