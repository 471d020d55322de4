"""An upload that is sent again under the same `Idempotency-Key`: its first answer, and no second recording."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.utils import timezone

from analysis.api.problems import Problem
from analysis.models import AnalysisJob, PracticeRecording, UploadKey
from analysis.models.upload_key import KEPT

CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Repeatable:
    """One upload of one account, by the key that its client gave it."""

    user: User
    key: str
    fingerprint: str

    def first(self) -> UploadKey | None:
        """What came of it when it was sent before.

        Raises
        ------
        Problem
            ``key_used_otherwise`` where something else was sent under this key.
        """
        rows = UploadKey.objects.filter(user=self.user, key=self.key, created_at__gt=timezone.now() - KEPT)
        found = rows.select_related("recording").first()
        if found and found.fingerprint != self.fingerprint:
            raise Problem("key_used_otherwise")
        return found

    def note(self, recording: PracticeRecording, job: AnalysisJob | None) -> None:
        """Keep what came of it. Raises IntegrityError where the same was kept meanwhile."""
        UploadKey.objects.filter(user=self.user, key=self.key, created_at__lte=timezone.now() - KEPT).delete()
        UploadKey.objects.create(
            user=self.user, key=self.key, fingerprint=self.fingerprint, recording=recording, job=job
        )


def fingerprint(audio: File[bytes], fields: dict[str, Any]) -> str:
    """Of the file's content and of the fields beside it."""
    found = hashlib.sha256(repr(sorted(fields.items())).encode())
    for chunk in audio.chunks(CHUNK):
        found.update(chunk)
    audio.seek(0)
    return found.hexdigest()
