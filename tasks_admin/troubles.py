"""Counting by the minute what goes wrong and leaves no other trace in the tables."""

from __future__ import annotations

import logging

from django.db import Error as DatabaseError
from django.db.models import F, Sum
from django.db.models.functions import TruncMinute

from tasks_admin import clock
from tasks_admin.models import Trouble

PUBLISH_ERRORS = "publish_errors"

log = logging.getLogger(__name__)


def note(name: str) -> None:
    """Count one. A database that is away is logged, and takes nothing with it."""
    minute = TruncMinute(clock.now())
    try:
        if not Trouble.objects.filter(name=name, minute=minute).update(count=F("count") + 1):
            # Two at once: one of them is not counted.
            Trouble.objects.bulk_create([Trouble(name=name, minute=minute, count=1)], ignore_conflicts=True)
    except DatabaseError as error:
        log.warning("%s: not counted: %s", name, type(error).__name__)


def counted(name: str, seconds: float) -> int:
    """How many there were in the last ``seconds``, and in what is left of the minute that they began in."""
    since = TruncMinute(clock.after(-seconds))
    return Trouble.objects.filter(name=name, minute__gte=since).aggregate(n=Sum("count"))["n"] or 0
