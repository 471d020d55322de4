"""What is to be said."""

from __future__ import annotations

import uuid
from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from analysis.querysets import ExerciseQuerySet

EXAMPLES = "examples"  # the folder, within the storage


def example_path(exercise: Exercise, filename: str) -> str:
    """Where an example is kept: a random name, since an uploaded one may hold a person's."""
    return f"{EXAMPLES}/{uuid.uuid4()}{suffix(filename)}"


def suffix(filename: str) -> str:
    """The ending of an uploaded name, if it is a plain one: all that is kept of it."""
    ending = PurePath(filename).suffix.lower()
    return ending if ending.isascii() and ending[1:].isalnum() and len(ending) <= 6 else ""


class Exercise(models.Model):
    """What is to be said, with the therapist's own recording of it as the example."""

    class Kind(models.TextChoices):
        SENTENCE = "sentence", _("sentence")
        SUSTAINED_VOWEL = "sustained_vowel", _("sustained vowel")
        SYLLABLE_REPETITION = "syllable_repetition", _("syllable repetition")

    class Language(models.TextChoices):
        MANDARIN = "zh", _("Mandarin")
        ENGLISH = "en", _("English")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.SENTENCE)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.MANDARIN)
    text = models.CharField(_("text"), max_length=400, blank=True)
    example = models.FileField(_("example"), upload_to=example_path, blank=True)
    marks = models.JSONField(_("syllable marks"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="exercises",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.kind == self.Kind.SENTENCE and not self.text.strip() and not self.example:
            raise ValidationError(_("A sentence needs its text or an example; best both."))
