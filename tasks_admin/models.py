"""What is kept about the running of jobs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobAttempt(models.Model):
    """One worker's run of a job, written when it ends.

    The job's id stands alone: no foreign key can point to an abstract model.
    """

    class Outcome(models.TextChoices):
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        LOST = "lost", _("worker lost")
        GIVEN_BACK = "given_back", _("given back at shutdown")

    job_id = models.UUIDField(_("job"))
    attempt = models.PositiveIntegerField(_("attempt"))
    worker = models.CharField(_("worker"), max_length=200)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    traceback = models.TextField(_("traceback"), blank=True)

    class Meta:
        verbose_name = _("job attempt")
        verbose_name_plural = _("job attempts")
        ordering = ["job_id", "-attempt"]
        constraints = [models.UniqueConstraint(fields=["job_id", "attempt"], name="one_row_per_attempt")]
        indexes = [models.Index(fields=["started_at"], name="attempt_started")]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.attempt}"


class BeatLease(models.Model):
    """Which beat sends the schedules: one row, moved only by :mod:`tasks_admin.beat_lease`."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    # Empty once it was given back.
    holder = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField()
    # When a beat that sends last looked at the schedules: it stays when the lease is given back.
    ticked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()  # nobody's to edit
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_beat_lease")]

    def __str__(self) -> str:
        return self.holder
