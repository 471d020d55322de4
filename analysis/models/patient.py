"""Somebody who practises."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from analysis.querysets import PatientQuerySet

if TYPE_CHECKING:
    from analysis.acoustics import Speaker


class Patient(models.Model):
    """Somebody who practises (個案). The code stands for them everywhere but where their therapist reads."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        UNKNOWN = "", _("not stated")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=80, blank=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, default=Sex.UNKNOWN, blank=True)
    birth_year = models.PositiveSmallIntegerField(
        _("year of birth"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1900), MaxValueValidator(2100)],
    )
    therapists = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="patients", verbose_name=_("therapists"), blank=True
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="patient",
        verbose_name=_("own account"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def as_speaker(self) -> Speaker:
        """What the analysis may know of them."""
        from analysis.acoustics import Speaker

        age = timezone.localdate().year - self.birth_year if self.birth_year else None
        return Speaker(sex=self.sex or None, age=age)  # type: ignore[arg-type]
