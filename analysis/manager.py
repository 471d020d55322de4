"""The door for analyses: submit and look, for whoever may see the recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db import IntegrityError, transaction

from analysis.files import receiving
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from tasks_admin.jobs import JobState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# The names that clients have from Celery.
CELERY_STATES = {
    JobState.QUEUED: "PENDING",
    JobState.RUNNING: "PROGRESS",
    JobState.SUCCEEDED: "SUCCESS",
    JobState.FAILED: "FAILURE",
    JobState.CANCELLED: "REVOKED",
}


class TaskManager:
    """Submits analyses and tells how they stand.

    Parameters
    ----------
    user : User, optional
        Whoever asks: only what they may see is there for them. Without one the caller is the system itself.
    """

    def __init__(self, user: User | None = None) -> None:
        self.user = user

    # --- for async callers

    async def submit_audio_analysis(
        self, practice_record_id: Any, analysis_params: dict[str, Any] | None = None
    ) -> str:
        """Queue an analysis, in a transaction of its own, and return its id. Raises as :meth:`submit`."""
        job = await sync_to_async(self.submit)(practice_record_id, analysis_params)
        return str(job.pk)

    async def get_task_status(self, task_id: Any) -> dict[str, Any]:
        """How the analysis stands. Raises as :meth:`status`."""
        return await sync_to_async(self.status)(task_id)

    async def cancel_task(self, task_id: Any) -> bool:
        """Ask for the end of the analysis. Raises as :meth:`cancel`."""
        return await sync_to_async(self.cancel)(task_id)

    # --- for the admin, commands and tests

    def submit(self, recording_id: Any, params: dict[str, Any] | None = None) -> AnalysisJob:
        """Queue an analysis in the caller's transaction; the active one where there is one already.

        Raises
        ------
        PracticeRecording.DoesNotExist
            Where there is no such recording, or none that the user may see.
        analysis.parameters.InvalidParameters
            For unknown parameters, or a model version other than the current one.
        """
        with transaction.atomic():
            self._see(recording_id)
            job = AnalysisJob.for_call(recording_id, params)
            job.created_by = self.user
            return job.submit()

    def upload(
        self,
        file: File[bytes],
        *,
        patient: Patient,
        exercise: Exercise,
        analyse: bool = True,
        params: dict[str, Any] | None = None,
        note: Callable[[PracticeRecording, AnalysisJob | None], None] = lambda recording, job: None,
        **fields: Any,
    ) -> tuple[PracticeRecording, AnalysisJob | None]:
        """Keep a recording and queue its analysis: row, file and job in one transaction, or none of them.

        ``note`` is told of both within it; where it raises, nothing is kept.

        Raises
        ------
        PracticeRecording.DoesNotExist
            For a patient that the user may not see.
        analysis.parameters.InvalidParameters
            As :meth:`submit`.
        analysis.files.RefusedFile, OSError
            As :func:`analysis.files.receiving`.
        """
        with receiving(file, patient=patient, exercise=exercise, by=self.user, **fields) as recording:
            self._see(recording.pk)
            job = self.submit(recording.pk, params) if analyse else None
            note(recording, job)
        return recording, job

    def status(self, job_id: Any) -> dict[str, Any]:
        """How an analysis stands.

        Returns
        -------
        dict
            ``task_id``, ``status`` (Celery's name), ``state``, ``progress`` (0 to 100), ``current_step``,
            ``error`` (a sentence, or None) and ``result`` (or None).

        Raises
        ------
        AnalysisJob.DoesNotExist
            Where there is no such job, or none that the user may see.
        """
        return self.told(self._job(job_id))

    @staticmethod
    def told(job: AnalysisJob) -> dict[str, Any]:
        """As :meth:`status`, of a row that is here already."""
        state = JobState(job.state)
        return {
            "task_id": str(job.pk),
            "status": "RETRY" if state is JobState.QUEUED and job.failures else CELERY_STATES[state],
            "state": state.value,
            "progress": job.progress,
            "current_step": job.current_step,
            "error": job.error_text or None,
            "result": job.recorded() if state is JobState.SUCCEEDED else None,
        }

    def cancel(self, job_id: Any) -> bool:
        """Cancel: at once if queued, within about two seconds if running. False where it had ended.

        Raises AnalysisJob.DoesNotExist as :meth:`status`.
        """
        return self._job(job_id).cancel(self.user)

    def retry(self, job_id: Any) -> AnalysisJob:
        """Queue a failed or cancelled analysis again; the active one for the same work, where there is one.

        Raises AnalysisJob.DoesNotExist as :meth:`status`.
        """
        job = self._job(job_id)
        if twin := job.twin():
            return twin
        try:
            job.retry(self.user)
        except IntegrityError:
            # Another was quicker. Where that has ended already, this one may be asked for again.
            return job.twin() or job
        return job

    def _see(self, recording_id: Any) -> None:
        if self.user is None:
            return
        try:
            PracticeRecording.objects.visible_to(self.user).only("pk").get(pk=recording_id)
        except (ValidationError, ValueError) as error:
            raise PracticeRecording.DoesNotExist(f"no recording {recording_id}") from error

    def _job(self, job_id: Any) -> AnalysisJob:
        jobs = AnalysisJob.objects.all() if self.user is None else AnalysisJob.objects.visible_to(self.user)
        try:
            job: AnalysisJob = jobs.select_related("recording").get(pk=job_id)  # type: ignore[assignment]
            return job
        except (ValidationError, ValueError) as error:
            raise AnalysisJob.DoesNotExist(f"no analysis job {job_id}") from error
