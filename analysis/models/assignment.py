"""What a patient was given to practise."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.models.exercise import Exercise
from analysis.models.patient import Patient
from analysis.querysets import AssignmentQuerySet


class Assignment(models.Model):
    """An exercise that a patient has to practise, until it is ended. Written by `analysis.assignments` only."""

    exercise = models.ForeignKey(
        Exercise, models.CASCADE, related_name="assignments", verbose_name=_("exercise")
    )
    patient = models.ForeignKey(
        Patient, models.CASCADE, related_name="assignments", verbose_name=_("patient")
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("given by")
    )
    given_at = models.DateTimeField(_("given"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("given exercise")
        verbose_name_plural = _("given exercises")
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["exercise", "patient"], condition=Q(ended_at=None), name="given_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.exercise}"
