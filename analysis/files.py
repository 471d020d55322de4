"""Audio files and their rows: a file goes when its row does."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from analysis.models import Exercise, Patient, PracticeRecording


class RefusedFile(ValueError):
    """The file is not taken; the message says why."""


def receive(
    file: File[bytes],
    *,
    patient: Patient,
    exercise: Exercise,
    by: AbstractBaseUser | None = None,
    **fields: Any,
) -> PracticeRecording:
    """Keep an uploaded recording: the file whole together with its row, or neither.

    Raises
    ------
    RefusedFile
        For an empty file, or one larger than AUDIO_MAX_BYTES.
    """
    recording = PracticeRecording(patient=patient, exercise=exercise, uploaded_by=by, **fields)  # type: ignore[misc]
    recording.size, recording.sha256 = measure(file)
    recording.audio.save(file.name or "recording", file, save=False)
    try:
        with transaction.atomic():
            recording.save(force_insert=True)
    except BaseException:
        recording.audio.delete(save=False)
        raise
    return recording


def measure(file: File[bytes]) -> tuple[int, str]:
    """Size in bytes and SHA-256, read in pieces; raises :class:`RefusedFile`."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    for piece in file.chunks():
        size += len(piece)
        if size > settings.AUDIO_MAX_BYTES:
            raise RefusedFile(
                _("The file is larger than %(limit)d MB.") % {"limit": settings.AUDIO_MAX_BYTES // 2**20}
            )
        digest.update(piece)
    if not size:
        raise RefusedFile(_("The file is empty."))
    file.seek(0)
    return size, digest.hexdigest()


@receiver(post_delete, sender=PracticeRecording)
@receiver(post_delete, sender=Exercise)
def remove_file(instance: Any, **_: Any) -> None:
    """A patient's voice does not outlive their row."""
    file = instance.audio if isinstance(instance, PracticeRecording) else instance.example
    if file:
        storage, name = file.storage, str(file.name)
        transaction.on_commit(lambda: storage.delete(name), robust=True)
