"""What becomes of the jobs whose messages were thrown away."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from kombu import Connection

from tasks_admin import audit, broker, clock
from tasks_admin.announce import announce_waiting
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import JobQuerySet, JobState
from tasks_admin.models import Purge

# Celery's state of the jobs that are left then is written by the workers (celery_state.heal).
MIRROR_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Purged:
    """How many messages were thrown away, and how many jobs were cancelled or queued again for that.

    The rest of the messages were no jobs, or had come for jobs that no longer wait. ``left`` jobs wait for the queue
    still: those that are queued again, and those whose owner's turn had not come and that were in no message.
    """

    messages: int = 0
    jobs: int = 0
    left: int = 0


def purge(
    line: Connection, queue: str, *, again: bool = False, actor: AbstractBaseUser | None = None
) -> Purged:
    """Throw away the messages of ``queue`` and cancel their jobs, or announce those anew.

    Raises one of :data:`tasks_admin.broker.REDIS_AWAY`.
    """
    purged = Purged()
    until = time.monotonic() + MIRROR_SECONDS
    row = Purge.objects.create(queue=queue, again=again, purged_by_id=actor.pk if actor else None)
    try:
        for headers in broker.take_away(line, queue):
            purged.messages += len(headers)
            ids = [key for said in headers if (key := _key(said.get("id")))]
            for model in job_models():
                waiting = model.objects.filter(pk__in=ids, queue=queue, state=JobState.QUEUED)
                purged.jobs += _forget(waiting) if again else _cancel(waiting, until)
    finally:
        Purge.objects.filter(pk=row.pk).update(messages=purged.messages, jobs=purged.jobs)
        audit.record(actor, row, "purge", messages=purged.messages, jobs=purged.jobs)
    for model in job_models():
        announce_waiting(model)
        purged.left += model.objects.filter(queue=queue, state=JobState.QUEUED).count()
    log.warning(
        "queue %s: %d messages purged, %d jobs %s by %s", queue, purged.messages, purged.jobs,
        "queued" if again else "cancelled", f"user {actor.pk}" if actor else "the system",
    )  # fmt: skip
    return purged


def _key(said: Any) -> uuid.UUID | None:
    """A message's id is whatever its sender wrote."""
    try:
        return uuid.UUID(said)
    except (ValueError, TypeError, AttributeError):
        return None


def _forget(waiting: JobQuerySet) -> int:
    """They are not announced any more."""
    return waiting.update(published_at=None, announcements=0)


def _cancel(waiting: JobQuerySet, until: float) -> int:
    ids = list(waiting.values_list("pk", flat=True))
    cancelled = waiting.model.objects.filter(pk__in=ids)
    # One statement: what a worker claimed meanwhile is left to it.
    count = cancelled.filter(state=JobState.QUEUED).update(
        state=JobState.CANCELLED, cancel_requested=True, finished_at=clock.now()
    )
    for job in cancelled.filter(state=JobState.CANCELLED).iterator():
        if time.monotonic() > until:
            break
        job.mirror()
    return count
