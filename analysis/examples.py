"""Exercises' examples: checked before they count, marked by syllable, copied with their exercise."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis import acoustics
from analysis.acoustics.example import Example, checked_marks, examine
from analysis.files import stored
from analysis.models import Exercise
from analysis.wording import FLAG_TEXTS, sentence

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_SECONDS = 120.0  # an example is looked at while its author waits
LONGEST_TITLE = Exercise._meta.get_field("title").max_length or 0
# A long file of many channels takes some 300 MB while it is decoded.
_looking = threading.BoundedSemaphore(2)


class ChangedMeanwhile(Exception):
    """The marks are of another text, or of another example."""


def look_at(file: File[bytes], *, kind: str, text: str, language: str) -> Example:
    """What an analysis would find in the example; raises `acoustics.UnusableRecording`."""
    limits = acoustics.Limits(
        max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=min(MOST_SECONDS, settings.AUDIO_MAX_SECONDS)
    )
    with _looking:
        file.seek(0)
        found = examine(file, exercise=kind, text=text, language=language, limits=limits)
        file.seek(0)
    return found


def found_in(exercise: Exercise) -> Example:
    """The same of an exercise's kept example; also raises FileNotFoundError."""
    with exercise.example.open("rb") as file:
        return look_at(file, kind=exercise.kind, text=exercise.text, language=exercise.language)


def doubts(example: Example) -> Iterator[str]:
    """What its author should know of an example that is fit, in sentences."""
    for flag in example.flags:
        yield sentence(FLAG_TEXTS, flag.code, flag.figures)
    if not example.is_about_as_long:
        yield _("The text has %(syllables)s, but %(nuclei)s were heard: is it the same sentence?") % {
            "syllables": ngettext("%(count)d syllable", "%(count)d syllables", len(example.syllables))
            % {"count": len(example.syllables)},
            "nuclei": example.nuclei,
        }
    if example.syllables and not example.places:
        yield _("The places of the syllables were not found in the example.")


def version(exercise: Exercise) -> str:
    """Stands for what marks belong to: the example, and the text that it says."""
    parts = (str(exercise.example.name), exercise.kind, exercise.language, exercise.text)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def mark(exercise: Exercise, rows: object, *, of: str) -> None:
    """Keep the syllables' places as a person set them; who may do so was asked before.

    Parameters
    ----------
    rows : object
        ``[[start, end], ...]``, seconds, one for each syllable.
    of : str
        The `version` that they were set on.

    Raises
    ------
    ChangedMeanwhile
        Where that is another one now.
    acoustics.InvalidRequest
        For marks that do not fit.
    acoustics.UnusableRecording, FileNotFoundError
        Where the example is lost or spoilt.
    """
    if not exercise.example or version(exercise) != of:
        raise ChangedMeanwhile
    example = found_in(exercise)
    marks = checked_marks(rows, example.syllables, example.seconds)
    with transaction.atomic():  # only now: SQLite has one writer at a time
        current = Exercise.objects.select_for_update().get(pk=exercise.pk)
        if version(current) != of:
            raise ChangedMeanwhile
        current.marks = [[round(each.start, 3), round(each.end, 3)] for each in marks]
        current.save(update_fields=["marks"])


def copy(user: User, exercise: Exercise) -> Exercise:
    """The person's own copy of an exercise that they may see, example and marks and all.

    Raises
    ------
    PermissionDenied
        For an exercise that is not theirs to see, or a user who writes none.
    FileNotFoundError
        Where the example is lost.
    """
    visible = Exercise.objects.visible_to(user).filter(pk=exercise.pk).exists()
    if not visible or not user.has_perm("analysis.add_exercise"):
        raise PermissionDenied
    fields: dict[str, Any] = {name: getattr(exercise, name) for name in ("kind", "language", "text", "marks")}
    made = Exercise(title=_copied_title(exercise.title), created_by=user, **fields)
    if not exercise.example:
        made.save(force_insert=True)
        return made
    with exercise.example.open("rb") as source:
        made.example = File(source, name=str(exercise.example.name))
        with transaction.atomic(), stored(made.example):
            made.save(force_insert=True)
    return made


def _copied_title(title: str) -> str:
    ending = _(" (copy)")
    return title[: LONGEST_TITLE - len(ending)] + ending
