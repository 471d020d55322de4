"""A file on its way in: never whole in memory, never half in the storage, and sound before it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from analysis import acoustics
from analysis.api.problems import Problem

# The worker's two say more about these than an upload can: a therapist wants to see that it was silent.
TAKEN_ANYWAY = frozenset({"silent"})
# A long file of many channels takes some 300 MB while it is decoded.
_decoding = threading.BoundedSemaphore(2)


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file, and stops at the limit or where the connection does."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if start + len(raw_data) > settings.AUDIO_MAX_BYTES:
            self.file.close()  # which removes it
            raise Problem("recording_too_large")
        return super().receive_data_chunk(raw_data, start)

    def upload_interrupted(self) -> None:
        super().upload_interrupted()
        raise Problem("upload_cut_off")


def limited(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Set the handler before anything reads the body: the check of the CSRF token does."""

    @wraps(run)
    def with_handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.upload_handlers = [LimitedUpload(request)]
        return run(request, *args, **kwargs)

    return with_handler


def require_sound(file: File[bytes]) -> None:
    """Decode the file as the worker will.

    Raises
    ------
    Problem
        ``recording_<code>`` for what no analysis could use.
    """
    limits = acoustics.Limits(max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS)
    try:
        with _decoding:
            acoustics.decode(file, limits=limits)
    except acoustics.UnusableRecording as error:
        if error.code not in TAKEN_ANYWAY:
            raise Problem(f"recording_{error.code}") from error
