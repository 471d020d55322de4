"""The field for a sound file: the browser says at once what the server would refuse."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.forms import FileInput, Script
from django.utils.translation import gettext as _
from unfold.widgets import FILE_CLASSES


def refusals() -> dict[str, str]:
    """Why a file is refused, for people, by the codes of static/analysis/sound_file.js."""
    return {
        "empty": _("The file is empty."),
        "too_large": _("The file is larger than %(limit)d MB.")
        % {"limit": settings.AUDIO_MAX_BYTES // 2**20},
        "no_sound": _("This is not a sound file. Please choose a recording."),
    }


class SoundInput(FileInput):
    """No link to a file that is there, as the usual widget has: audio has no address, it is played."""

    class Media:
        js = [Script("analysis/sound_file.js", type="module")]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"class": " ".join(FILE_CLASSES), "accept": "audio/*,video/webm,video/mp4"} | (attrs or {})
        )

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        told = {"data-most-bytes": settings.AUDIO_MAX_BYTES, "data-words": json.dumps(refusals())}
        return super().get_context(name, value, told | (attrs or {}))
