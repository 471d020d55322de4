"""Celery's view of a job that changed without a task: cancelled, retried or rescued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import current_app, states

from tasks_admin.errors import JobFailed

if TYPE_CHECKING:
    from tasks_admin.jobs import Job


def mirror(job: Job) -> None:
    """Store the Celery state that belongs to the row's."""
    backend, task_id, request = current_app.backend, str(job.pk), _Request(job)
    failed = JobFailed(job.error_code)
    match job.state:
        case job.State.CANCELLED:
            backend.mark_as_revoked(task_id, "cancelled", request=request)
        case job.State.FAILED:
            backend.mark_as_failure(task_id, failed, request=request)
        case job.State.SUCCEEDED:
            backend.mark_as_done(task_id, job.recorded(), request=request)
        case job.State.QUEUED if job.failures:
            backend.mark_as_retry(task_id, failed, request=request)
        case job.State.QUEUED:
            backend.store_result(task_id, None, states.PENDING, request=request)


class _Request:
    """What a result backend asks of a Celery request, for a state that no request brings about."""

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
