"""Whose turn it is: for what any process may do, and one of them at a time is to do.

The row is moved by one conditional UPDATE by the database's clock, so that any number of processes may ask.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from tasks_admin import clock
from tasks_admin.models import Turn


def take(name: str, every: float) -> datetime | None:
    """The present moment, if nobody took this turn for ``every`` seconds and it is ours now; else None."""
    Turn.objects.get_or_create(pk=name, defaults={"taken_at": clock.after(-2 * every)})
    # A moment far ahead was left by a clock that was set back.
    due = Q(taken_at__lte=clock.after(-every)) | Q(taken_at__gt=clock.after(2 * every))
    rows = Turn.objects.filter(pk=name)
    if not rows.filter(due).update(taken_at=clock.now()):
        return None
    return rows.values_list("taken_at", flat=True).get()
