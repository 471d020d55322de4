"""Seconds as people say them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

register = template.Library()

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@register.filter
def duration(seconds: float | None) -> str:
    """With two digits or so, in the unit that fits; a dash for what is not known."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return _("%(count)s s") % {"count": f"{seconds:.1f}" if 0 < seconds < 9.95 else f"{seconds:.0f}"}
    if seconds < 100 * MINUTE:
        return _("%(count)s min") % {"count": f"{seconds / MINUTE:.0f}"}
    if seconds < 48 * HOUR:
        return _("%(count)s h") % {"count": f"{seconds / HOUR:.0f}"}
    return _("%(count)s d") % {"count": f"{seconds / DAY:.0f}"}


@register.filter
def since(moment: datetime | None) -> str:
    """How long ago it was."""
    return duration(max(0.0, (timezone.now() - moment).total_seconds()) if moment else None)
