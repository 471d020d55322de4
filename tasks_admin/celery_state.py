"""Celery's view of a job, made from its row: the row is the truth, and Celery's state follows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from celery import current_app, states
from celery.exceptions import TaskRevokedError

from tasks_admin import clock
from tasks_admin.errors import JobFailed
from tasks_admin.progress import PROGRESS

if TYPE_CHECKING:
    from tasks_admin.jobs import Job

OVERLAP = timedelta(seconds=10)
# The states in which both sides have come to rest.
FINAL = {"succeeded": states.SUCCESS, "failed": states.FAILURE, "cancelled": states.REVOKED}


Row = TypeVar("Row")

log = logging.getLogger(__name__)


def state_of(job: Job) -> tuple[str, Any]:
    """The Celery state that belongs to the row's, and what goes with it: result, reason or progress."""
    failed = JobFailed(job.error_code)
    match job.state:
        case job.State.SUCCEEDED:
            return states.SUCCESS, job.recorded()
        case job.State.FAILED:
            return states.FAILURE, failed
        case job.State.CANCELLED:
            return states.REVOKED, TaskRevokedError("cancelled")
        case job.State.RUNNING:
            return PROGRESS, {"progress": job.progress, "current_step": job.current_step}
    return (states.RETRY, failed) if job.failures else (states.PENDING, None)


def mirror(job: Job) -> None:
    """Store the Celery state that belongs to the row's, for a change that no task made."""
    state, result = state_of(job)
    current_app.backend.store_result(str(job.pk), result, state, request=request_of(job))


def heal(model: type[Job], since: datetime) -> datetime:
    """Write the final states that Redis did not get, or lost again, of jobs that ended after ``since``.

    Whoever waits in ``.get()`` is woken by it.

    Returns
    -------
    datetime
        From when to look the next time: rows may be committed out of the order of their moments.

    Raises
    ------
    redis.exceptions.RedisError
        Where Redis is away: look from the same moment again.
    """
    ended = model.objects.filter(state__in=FINAL, finished_at__gt=since, finished_at__lt=clock.after(-2))
    newest = since
    for rows in _batches(ended.values_list("pk", "state", "finished_at").iterator(), 200):
        known = _known([str(pk) for pk, _state, _moment in rows])
        for pk, state, moment in rows:
            newest = max(newest, moment or since)
            if known[str(pk)] != FINAL[state] and (job := model.objects.filter(pk=pk).first()):
                log.warning("job %s: Celery knew %s, told %s", pk, known[str(pk)], job.state)
                mirror(job)
    return max(since, newest - OVERLAP)


def _batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def _known(ids: list[str]) -> dict[str, str]:
    backend = current_app.backend
    stored = backend.client.mget([backend.get_key_for_task(pk) for pk in ids])
    return {
        pk: backend.decode(meta)["status"] if meta else states.PENDING
        for pk, meta in zip(ids, stored, strict=True)
    }


def request_of(job: Job) -> Any:
    """What a result backend asks of a Celery request, for a state that no request brings about."""
    return _Request(job)


class _Request:
    chord = chain = errbacks = group = parent_id = root_id = None
    ignore_result = False
    hostname = ""

    def __init__(self, job: Job) -> None:
        self.task, self.id = job.task_name, str(job.pk)
        self.args = job.task_args()
        self.kwargs: dict[str, Any] = {}
        self.argsrepr, self.kwargsrepr = repr(tuple(self.args)), "{}"
        self.delivery_info = {"routing_key": job.queue}
        self.retries = job.failures
        self.children: list[Any] = []
        self.meta: dict[str, Any] = {}
