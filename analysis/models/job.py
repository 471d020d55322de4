"""A request to analyse a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis import parameters
from analysis.models.recording import PracticeRecording
from analysis.querysets import AnalysisJobQuerySet
from analysis.wording import UNUSABLE_TEXTS
from tasks_admin.errors import ERROR_TEXTS
from tasks_admin.jobs import ACTIVE, Job

if TYPE_CHECKING:
    from analysis.models.result import Compared


class AnalysisJob(Job):
    """One request to analyse one recording. Its id is the Celery task's id.

    The states are :class:`tasks_admin.jobs.Job`'s::

        queued -> running -> succeeded | failed | cancelled, and back to queued by retry or rescue

    Two rows with the same recording and parameters are the same work: one of them at most is active.
    """

    task_name = "analysis.tasks.analyze_audio_task"
    error_texts: ClassVar[dict[str, str | Promise]] = ERROR_TEXTS | UNUSABLE_TEXTS
    expected_errors = frozenset(UNUSABLE_TEXTS) - {
        "recording_missing",
        "recording_changed",
        "example_missing",
    }

    recording = models.ForeignKey(
        PracticeRecording, models.CASCADE, related_name="jobs", verbose_name=_("practice recording")
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    parameters_key = models.CharField(max_length=32, editable=False)

    objects = AnalysisJobQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name = _("analysis job")
        verbose_name_plural = _("analysis jobs")
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["recording", "parameters_key"],
                condition=Q(state__in=ACTIVE),
                name="one_active_job_for_recording_and_parameters",
            ),
        ]

    @classmethod
    def for_call(cls, practice_record_id: Any, analysis_params: dict[str, Any] | None = None) -> Self:
        """The row for these arguments of the task: the active one, or a new one.

        Raises
        ------
        PracticeRecording.DoesNotExist
            For an id that no recording has.
        analysis.parameters.InvalidParameters
            For parameters that are not known.
        """
        params = parameters.validated(analysis_params)
        try:
            recording = PracticeRecording.objects.get(pk=practice_record_id)
        except (ValidationError, ValueError) as error:  # not a UUID
            raise PracticeRecording.DoesNotExist(f"no recording {practice_record_id}") from error
        therapist = recording.patient.therapists.order_by("pk").values_list("pk", flat=True).first()
        return cls(
            recording=recording,
            parameters=params,
            parameters_key=parameters.key(params),
            owner_key=f"therapist:{therapist}" if therapist else "",
        )

    def twin(self) -> Self | None:
        """The active job for the same work, if there is one."""
        same = type(self).objects.filter(recording_id=self.recording_id, parameters_key=self.parameters_key)
        active: Self | None = same.active().first()  # type: ignore[assignment]
        return active

    def submit(self) -> Self:
        """Queue the row, or return the active one for the same work: the database decides between two callers."""
        for _attempt in range(3):
            if twin := self.twin():
                return twin
            try:
                with transaction.atomic():
                    return super().submit()
            except IntegrityError:
                continue  # another was quicker; it may have ended already, and then it is our turn
        raise IntegrityError(f"recording {self.recording_id}: its jobs come and go too quickly to queue one")

    def task_args(self) -> list[Any]:
        return [str(self.recording_id), self.parameters]

    def record(self, outcome: Compared) -> dict[str, Any]:
        from analysis.models.result import AnalysisResult

        return AnalysisResult.objects.create(
            job=self, recording_sha256=self.recording.sha256, **AnalysisResult.columns(outcome)
        ).published()

    def recorded(self) -> dict[str, Any] | None:
        from analysis.models.result import AnalysisResult

        try:
            return self.result.published()
        except AnalysisResult.DoesNotExist:
            return None
