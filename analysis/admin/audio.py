"""Players for the two kinds of audio."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from analysis.models import Exercise, PracticeRecording


def address(owner: Exercise | PracticeRecording) -> str:
    """Where the audio is served, after a look at who asks."""
    if isinstance(owner, Exercise):
        return reverse("api-v1:play_example", args=[owner.pk])
    return reverse("api-v1:play", args=[owner.pk])


def player(owner: Exercise | PracticeRecording) -> SafeString:
    """The browser's own player. It loads nothing before it is asked to: playing is an entry in the audit log."""
    label = _("example") if isinstance(owner, Exercise) else _("recording")
    return format_html(
        '<audio controls preload="none" class="vb-player" src="{}" aria-label="{}"></audio>',
        address(owner),
        label,
    )
