"""The analyses of the demonstration: which are to be done now, and whether they ended as they should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from analysis.demo.people import Practised
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin.jobs import ACTIVE, JobState


@dataclass(frozen=True, slots=True)
class Run:
    """A recording and its analysis."""

    practised: Practised
    job: AnalysisJob

    @property
    def is_done(self) -> bool:
        return self.job.state not in ACTIVE

    @property
    def ended_well(self) -> bool:
        """Whether it ended as it should. One that was to be cancelled may have been retried by a visitor."""
        wanted = self.practised
        if wanted.state == JobState.CANCELLED and self.job.state == JobState.SUCCEEDED:
            return True
        return (self.job.state, self.job.error_code) == (wanted.state, wanted.error)


def start(practised: Practised) -> Run:
    """Analyse what is printed again each time; of the rest, only what has not ended well yet.

    So that a second demonstration is as quick as a newcomer's patience.
    """
    known = None if practised.in_table else _newest(practised.recording)
    if known and (not Run(practised, known).is_done or Run(practised, known).ended_well):
        return Run(practised, known)
    if practised.state == JobState.CANCELLED:
        return Run(practised, _cancelled(practised.recording))
    return Run(practised, TaskManager().submit(practised.recording.pk))


def summary(runs: Sequence[Run]) -> str:
    """How these ended, in one line."""
    succeeded = [run.job for run in runs if run.job.state == JobState.SUCCEEDED]
    flagged = sum(bool(job.result.quality_flags) for job in succeeded)
    return _(
        "%(all)d more recordings over eight weeks: %(analysed)d analysed, %(failed)d failed as they should, "
        "%(flagged)d flagged, %(cancelled)d cancelled"
    ) % {
        "all": len(runs),
        "analysed": len(succeeded) - flagged,
        "failed": sum(run.job.state == JobState.FAILED and run.ended_well for run in runs),
        "flagged": flagged,
        "cancelled": sum(run.job.state == JobState.CANCELLED and run.ended_well for run in runs),
    }


def _newest(recording: PracticeRecording) -> AnalysisJob | None:
    jobs = AnalysisJob.objects.filter(recording=recording)
    newest: AnalysisJob | None = jobs.order_by("-created_at").first()  # type: ignore[assignment]
    return newest


@transaction.atomic
def _cancelled(recording: PracticeRecording) -> AnalysisJob:
    """Queued and cancelled before a worker can see it."""
    job = TaskManager().submit(recording.pk)
    job.cancel()
    return job
