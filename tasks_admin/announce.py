"""Announcing queued rows to the broker: the second half of the outbox."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from celery import current_app
from celery.exceptions import QueueNotFound
from django.db.models import F

from tasks_admin import broker, clock

if TYPE_CHECKING:
    from tasks_admin.jobs import Job

log = logging.getLogger(__name__)


def announce(model: type[Job], ids: Iterable[Any]) -> int:
    """Send a message for each of these rows that is queued and due.

    A message too many is harmless, since claiming decides; so the row is marked after the sending. With the
    broker away it stops at the first failure and the rescue thread of any worker sends the rest later.

    Returns
    -------
    int
        How many were sent.
    """
    sent = 0
    task = current_app.tasks[model.task_name]
    try:
        with broker.producer() as producer:
            for job in model.objects.due().filter(pk__in=ids).order_by("created_at"):
                if not _sent(task, job, producer):
                    continue
                model.objects.filter(pk=job.pk).update(
                    published_at=clock.now(), announcements=F("announcements") + 1
                )
                sent += 1
    except broker.REDIS_AWAY as error:
        log.warning("%s: not announced now, will be later: %s", model.__name__, type(error).__name__)
    return sent


def _sent(task: Any, job: Job, producer: Any) -> bool:
    """Send one message. A row that names a queue of the past is no reason to leave those behind it waiting."""
    try:
        task.send(job, producer)
    except QueueNotFound:
        log.error("job %s: there is no queue %s", job.pk, job.queue)
        return False
    return True
