"""What is kept about the running of jobs."""

from __future__ import annotations

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
        indexes = [
            models.Index(fields=["started_at"], name="attempt_started"),
            models.Index(fields=["ended_at"], name="attempt_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} #{self.attempt}"


class DailyFigures(models.Model):
    """What one kind of job came to on one day, in the site's time zone: see :mod:`tasks_admin.maintenance`."""

    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=100)
    succeeded = models.PositiveIntegerField(_("succeeded"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    cancelled = models.PositiveIntegerField(_("cancelled"), default=0)
    # Seconds; none where nothing was measured.
    wait_p50 = models.FloatField(_("wait p50 (s)"), null=True)
    wait_p95 = models.FloatField(_("wait p95 (s)"), null=True)
    run_p50 = models.FloatField(_("run p50 (s)"), null=True)
    run_p95 = models.FloatField(_("run p95 (s)"), null=True)

    class Meta:
        verbose_name = _("daily figures")
        verbose_name_plural = _("daily figures")
        ordering = ["-day", "kind"]
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="one_row_per_day_and_kind")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"
