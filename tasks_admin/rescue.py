"""Finding the jobs that nobody works on: unannounced, lost by the queue, or held by a dead worker.

Every change is a conditional UPDATE, so that any number of workers may do this at the same time.
"""

from __future__ import annotations

import functools
import logging
import math
import operator

from celery import current_app
from django.db import transaction
from django.db.models import F, Q

from tasks_admin import broker, clock
from tasks_admin.announce import announce, announce_waiting
from tasks_admin.backoff import backoff
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import Job, JobQuerySet, JobState
from tasks_admin.models import JobAttempt
from tasks_admin.monitor import queue_length

BATCH = 200
# An announced row this old whose queue is shorter than what was announced has lost its message.
LOST_SECONDS = 10.0
LOST_DOUBLINGS = 6

log = logging.getLogger(__name__)


def rescue_all() -> int:
    """One pass over every kind of job. Returns how many rows were helped."""
    steps = (free_lapsed, fail_used_up, announce_waiting, announce_lost)
    return sum(step(model) for model in job_models() for step in steps)


def free_lapsed(model: type[Job]) -> int:
    """Queue, cancel or fail the jobs whose worker has not been heard of for a lease."""
    return sum(_free(job) for job in model.objects.lapsed()[:BATCH])


def fail_used_up(model: type[Job]) -> int:
    """End queued rows that have no failure left: no claim would take them."""
    failed = 0
    for job in model.objects.filter(state=JobState.QUEUED, failures__gte=F("max_failures"))[:BATCH]:
        ended = model.objects.filter(
            pk=job.pk, state=JobState.QUEUED, failures__gte=F("max_failures")
        ).update(state=JobState.FAILED, finished_at=clock.now(), error_code=job.error_code or "worker_lost")
        failed += _told(job, ended)
    return failed


def announce_lost(model: type[Job]) -> int:
    """Announce again what the queue no longer holds."""
    announced = model.objects.due().exclude(published_at=None)
    old = announced.filter(_overdue())
    sent = 0
    for queue in old.values_list("queue", flat=True).order_by("queue").distinct():
        missing = announced.filter(queue=queue).count() - _length(queue)
        if missing > 0:
            oldest = old.filter(queue=queue).order_by("published_at").values_list("pk", flat=True)
            sent += announce(model, list(oldest[: int(min(missing, BATCH))]))
    return sent


def free_lost(job_id: str, worker: str, code: str) -> int:
    """Free at once what a child of this worker held when it was killed."""
    held = Q(pk=job_id, state=JobState.RUNNING, worker=worker)
    return sum(_free(job, code) for model in job_models() for job in model.objects.filter(held))


def give_back(worker: str) -> int:
    """Queue again, without counting a failure, what this worker held when it was told to leave."""
    given = 0
    for model in job_models():
        for job in model.objects.filter(state=JobState.RUNNING, worker=worker):
            given += _let_go(job)
        announce_waiting(model)
    return given


def _overdue() -> Q:
    """Announced and not claimed for a while: longer each time, since a message too many costs a worker's look."""
    waits = [LOST_SECONDS * 2**n for n in range(LOST_DOUBLINGS)]
    steps = (
        Q(announcements__lte=times, published_at__lt=clock.after(-wait))
        for times, wait in enumerate(waits, 1)
    )
    return functools.reduce(operator.or_, steps, Q(published_at__lt=clock.after(-2 * waits[-1])))


def _length(queue: str) -> float:
    """Messages in the queue; infinitely many where nobody can tell, so that nothing is called lost."""
    try:
        return queue_length(current_app, queue)
    except broker.REDIS_AWAY:
        return math.inf


def _let_go(job: Job) -> int:
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, "", JobAttempt.Outcome.CANCELLED)
    return _queue_again(job)


def _free(job: Job, code: str = "worker_lost") -> int:
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, "", JobAttempt.Outcome.CANCELLED)
    if job.failures + 1 >= job.max_failures:
        return _end(job, JobState.FAILED, code, JobAttempt.Outcome.LOST)
    return _queue_again(job, code)


def _end(job: Job, state: JobState, code: str, outcome: str) -> int:
    with transaction.atomic():
        ended = _still(job).update(
            state=state, error_code=code, finished_at=clock.now(), lease_until=None, current_step="",
            failures=F("failures") + int(state == JobState.FAILED),
        )  # fmt: skip
        if ended:
            job.keep_attempt(outcome, code)
    return _told(job, ended)


def _queue_again(job: Job, code: str = "") -> int:
    """Queue the row again; with a code that is a failure, which counts and makes the next attempt wait."""
    with transaction.atomic():
        queued = _still(job).update(
            state=JobState.QUEUED, lease_until=None, published_at=None, announcements=0, progress=0,
            current_step="", run_at=clock.after(backoff(job.failures + 1)) if code else None,
            failures=F("failures") + int(bool(code)), error_code=code,
        )  # fmt: skip
        if queued:
            job.keep_attempt(JobAttempt.Outcome.LOST if code else JobAttempt.Outcome.GIVEN_BACK, code)
    return _told(job, queued)


def _still(job: Job) -> JobQuerySet:
    """The row, if it is as it was read: another rescuer or the worker itself may have been quicker."""
    return type(job).objects.filter(
        pk=job.pk, attempt=job.attempt, state=JobState.RUNNING, lease_until=job.lease_until,
        cancel_requested=job.cancel_requested,
    )  # fmt: skip


def _told(job: Job, changed: int) -> int:
    if changed:
        job.refresh_from_db()
        log.warning("job %s attempt %s: rescued, now %s", job.pk, job.attempt, job.state)
        job.mirror()
    return changed
