"""What a patient recorded."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.models.exercise import Exercise, suffix
from analysis.models.patient import Patient
from analysis.querysets import RecordingQuerySet

RECORDINGS = "recordings"  # the folder, within the storage
SAME_VOICE = timedelta(days=30)


def recording_path(recording: PracticeRecording, filename: str) -> str:
    """Where a recording is kept, under its own id."""
    return f"{RECORDINGS}/{recording.pk}{suffix(filename)}"


class PracticeRecording(models.Model):
    """One audio file of one patient saying one exercise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="recordings", verbose_name=_("patient"))
    exercise = models.ForeignKey(
        Exercise, models.PROTECT, related_name="recordings", verbose_name=_("exercise")
    )
    audio = models.FileField(_("audio"), upload_to=recording_path)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("practice recording")
        verbose_name_plural = _("practice recordings")
        ordering = ["-recorded_at"]
        indexes = [
            models.Index(fields=["patient", "-recorded_at"], name="recording_of_patient"),
            models.Index(fields=["audio"], name="recording_file"),
        ]

    def __str__(self) -> str:
        return f"{self.patient.code} {timezone.localtime(self.recorded_at):%Y-%m-%d %H:%M}"

    def connected_speech(self) -> PracticeRecording | None:
        """The patient's sentence nearest before this in time, fit to be scored, for what needs both voices' kinds.

        Of the last 30 days: an older one is of another voice.
        """
        recent = models.Q(recorded_at__lte=self.recorded_at, recorded_at__gt=self.recorded_at - SAME_VOICE)
        sentences = type(self).objects.filter(
            recent, exercise__kind=Exercise.Kind.SENTENCE, patient=self.patient_id
        )
        scored = sentences.filter(jobs__result__overall_score__isnull=False)
        return scored.order_by("-recorded_at").first()
