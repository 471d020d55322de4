"""Finding the jobs that nobody works on: unannounced, lost by the queue, or held by a dead worker.

Every change is a conditional UPDATE, so that any number of workers may do this at the same time.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F

from tasks_admin import broker, clock
from tasks_admin.announce import announce
from tasks_admin.jobs import Job, JobQuerySet, JobState, backoff, job_models
from tasks_admin.models import JobAttempt
from tasks_admin.monitor import queue_length

BATCH = 200
# An announced row this old whose queue is shorter than what was announced has lost its message.
LOST_SECONDS = 60.0

log = logging.getLogger(__name__)


def rescue_all() -> int:
    """One pass over every kind of job. Returns how many rows were helped."""
    return sum(free_lapsed(model) + fail_used_up(model) + announce_waiting(model) for model in job_models())


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


def announce_waiting(model: type[Job]) -> int:
    """Announce what is due and was never announced, or whose message is gone."""
    waiting = model.objects.due()
    ids = list(waiting.filter(published_at=None).values_list("pk", flat=True)[:BATCH])
    old = waiting.filter(published_at__lt=clock.after(-LOST_SECONDS))
    for queue in old.values_list("queue", flat=True).order_by("queue").distinct():
        ids += _lost(model, old, queue)
    return announce(model, ids) if ids else 0


def give_back(worker: str) -> int:
    """Queue again, without counting a failure, what this worker held when it was told to leave."""
    given = 0
    for model in job_models():
        for job in model.objects.filter(state=JobState.RUNNING, worker=worker):
            given += _let_go(job)
        announce(
            model, model.objects.due().filter(published_at=None, worker=worker).values_list("pk", flat=True)
        )
    return given


def _lost(model: type[Job], old: JobQuerySet, queue: str) -> list[Any]:
    try:
        length = queue_length(current_app, queue)
    except broker.REDIS_AWAY:
        return []
    announced = model.objects.due().filter(queue=queue).exclude(published_at=None).count()
    if length >= announced:
        return []
    return list(
        old.filter(queue=queue).order_by("published_at").values_list("pk", flat=True)[: announced - length]
    )


def _let_go(job: Job) -> int:
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, "", JobAttempt.Outcome.CANCELLED)
    return _queue_again(job, failed=False)


def _free(job: Job) -> int:
    if job.cancel_requested:
        return _end(job, JobState.CANCELLED, "", JobAttempt.Outcome.CANCELLED)
    if job.failures + 1 >= job.max_failures:
        return _end(job, JobState.FAILED, "worker_lost", JobAttempt.Outcome.LOST)
    return _queue_again(job, failed=True)


def _end(job: Job, state: JobState, code: str, outcome: str) -> int:
    with transaction.atomic():
        ended = _still(job).update(
            state=state, error_code=code, finished_at=clock.now(), lease_until=None, current_step="",
            failures=F("failures") + int(state == JobState.FAILED),
        )  # fmt: skip
        if ended:
            _close(job, outcome, code)
    return _told(job, ended)


def _queue_again(job: Job, *, failed: bool) -> int:
    with transaction.atomic():
        queued = _still(job).update(
            state=JobState.QUEUED, lease_until=None, published_at=None, progress=0, current_step="",
            run_at=clock.after(backoff(job.failures + 1)) if failed else None,
            failures=F("failures") + int(failed), error_code="worker_lost" if failed else "",
        )  # fmt: skip
        if queued:
            _close(job, JobAttempt.Outcome.LOST if failed else JobAttempt.Outcome.GIVEN_BACK, "")
    return _told(job, queued)


def _still(job: Job) -> JobQuerySet:
    """The row, if it is as it was read: another rescuer or the worker itself may have been quicker."""
    return type(job).objects.filter(
        pk=job.pk, attempt=job.attempt, state=JobState.RUNNING, lease_until=job.lease_until,
        cancel_requested=job.cancel_requested,
    )  # fmt: skip


def _close(job: Job, outcome: str, code: str) -> None:
    JobAttempt.objects.filter(job_id=job.pk, attempt=job.attempt, ended_at=None).update(
        outcome=outcome, ended_at=clock.now(), error_code=code
    )


def _told(job: Job, changed: int) -> int:
    if changed:
        job.refresh_from_db()
        log.warning("job %s attempt %s: rescued, now %s", job.pk, job.attempt, job.state)
        job.mirror()
    return changed
