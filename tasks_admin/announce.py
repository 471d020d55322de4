"""Announcing queued rows to the broker: the second half of the outbox, and where owners take turns.

The broker's queue is first come, first served. So that whoever brings five thousand files does not make everybody
else wait for all of them, only a few rows of one owner are announced at a time; each one that a worker claims
makes room for that owner's next. A newcomer then waits for the few, whatever else the owners have in store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from celery import current_app
from celery.exceptions import QueueNotFound
from django.conf import settings

from tasks_admin import broker, clock, troubles

if TYPE_CHECKING:
    from tasks_admin.jobs import Job

BATCH = 200

log = logging.getLogger(__name__)


def announce_next(model: type[Job], owner: str, queue: str, job_id: Any = None) -> int:
    """Announce the owner's oldest rows in this queue, as far as the owner's share goes.

    Rows without an owner take no turns: the one with ``job_id`` is announced, if it is given.

    Returns
    -------
    int
        How many were sent.
    """
    if not owner:
        return announce(model, [job_id]) if job_id else 0
    rows = model.objects.due().filter(owner_key=owner, queue=queue)
    share = settings.TASKS_ADMIN["ANNOUNCED_PER_OWNER"]
    ids = list(rows.filter(published_at=None).order_by("created_at").values_list("pk", flat=True)[:share])
    if not ids:
        return 0
    room = share - rows.exclude(published_at=None).count()
    return announce(model, ids[:room]) if room > 0 else 0


def announce_waiting(model: type[Job]) -> int:
    """Announce what is due and is not announced: by turns where it has an owner."""
    waiting = model.objects.due().filter(published_at=None)
    sent = announce(model, list(waiting.filter(owner_key="").values_list("pk", flat=True)[:BATCH]))
    owners = waiting.exclude(owner_key="").order_by("owner_key", "queue")
    for owner, queue in owners.values_list("owner_key", "queue").distinct():
        sent += announce_next(model, owner, queue)
    return sent


def announce(model: type[Job], ids: Iterable[Any]) -> int:
    """Send a message for each of these rows that is queued and due.

    With the broker away it stops at the first failure, and the rescue thread of any worker sends the rest later.

    Returns
    -------
    int
        How many were sent.
    """
    rows = list(model.objects.due().filter(pk__in=ids).order_by("created_at"))
    if not rows:
        return 0
    sent = 0
    try:
        with broker.producer() as producer:
            for job in rows:
                sent += _announced(job, producer)
    except broker.REDIS_AWAY as error:
        log.warning("%s: not announced now, will be later: %s", model.__name__, type(error).__name__)
        troubles.note(troubles.PUBLISH_ERRORS)
    return sent


def _announced(job: Job, producer: Any) -> bool:
    """Mark the row and send its message; one of several who try this does it.

    The mark comes first, so that a row which a worker takes at once is marked too. Whoever dies in between leaves
    a row that looks as if its message was lost, which is mended likewise.
    """
    rows = type(job).objects.filter(pk=job.pk, attempt=job.attempt, state=job.state)
    times = job.announcements
    if not rows.filter(announcements=times).update(published_at=clock.now(), announcements=times + 1):
        return False
    try:
        current_app.tasks[job.task_name].send(job, producer)
    except QueueNotFound:
        # A row that names a queue of the past is no reason to leave those behind it waiting.
        log.error("job %s: there is no queue %s", job.pk, job.queue)
    except BaseException:  # whatever kept it from being sent, an interrupt too: it is to be sent yet
        rows.filter(announcements=times + 1).update(published_at=job.published_at, announcements=times)
        raise
    else:
        return True
    return False
