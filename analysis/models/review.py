"""A therapist's word on what an analysis found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analysis.models.result import AnalysisResult


class Verdict(models.TextChoices):
    """What a therapist says to the machine's finding on one syllable."""

    AGREE = "agree", _("agree")
    DISAGREE = "disagree", _("disagree")


class Review(models.Model):
    """A therapist's verdict on each syllable, their note, and their signature. Written by `analysis.reviews` only.

    ``verdicts`` maps a syllable's index (JSON knows text keys only) to a `Verdict`. ``version`` rises with each
    change: who saves from an older page is told so.
    """

    result = models.OneToOneField(
        AnalysisResult, models.CASCADE, related_name="review", verbose_name=_("analysis result")
    )
    verdicts = models.JSONField(_("verdicts"), default=dict, blank=True)
    note = models.TextField(_("note"), blank=True, default="")
    version = models.PositiveIntegerField(_("version"), default=0)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("changed by")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("signed off by"),
    )
    # Kept beside the account, which may be removed one day: who signed must stay readable.
    signed_name = models.CharField(_("signed off as"), max_length=160, blank=True, default="")
    signed_at = models.DateTimeField(_("signed off"), null=True)

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_name="")
                | (Q(signed_at__isnull=False) & ~Q(signed_name="")),
                name="signed_with_time_and_name",
            )
        ]
        indexes = [models.Index(fields=["signed_at"], name="review_signed")]

    def __str__(self) -> str:
        return str(self.result)

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None
