"""Which uploads were sent with a key of the client's, so that sending one again changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from analysis.models.job import AnalysisJob
from analysis.models.recording import PracticeRecording

KEPT = timedelta(days=1)


class UploadKey(models.Model):
    """What came of an upload with this `Idempotency-Key`; ``fingerprint`` tells whether another one is the same.

    It is written in the recording's own transaction: of two that arrive at once, the database lets one through.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(max_length=64)
    recording = models.ForeignKey(
        PracticeRecording, models.CASCADE, related_name="+", verbose_name=_("practice recording")
    )
    job = models.ForeignKey(
        AnalysisJob, models.SET_NULL, null=True, related_name="+", verbose_name=_("analysis job")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("upload key")
        verbose_name_plural = _("upload keys")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_upload_for_a_key")]

    def __str__(self) -> str:
        return str(self.pk)


def expired(now: datetime) -> dict[str, QuerySet[Any]]:
    """What maintenance removes."""
    return {"upload_keys": UploadKey.objects.filter(created_at__lt=now - KEPT)}
