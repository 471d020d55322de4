"""The Celery task that lives by a job's row."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from celery import Task, states
from celery.exceptions import Ignore
from celery.result import AsyncResult
from django.apps import apps
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connections
from kombu import Producer

from tasks_admin import trail
from tasks_admin.announce import announce_next
from tasks_admin.celery_state import state_of
from tasks_admin.errors import JobFailed, PermanentError, Stop
from tasks_admin.heartbeat import Watch, watched
from tasks_admin.jobs import ACTIVE, Job, JobState
from tasks_admin.progress import ProgressTask
from tasks_admin.worker import worker_name

# What Celery's canvas gives a task to call or to tell when it is done.
NOT_FOR_JOBS = ("link", "link_error", "chord", "chain", "group_id")

# Less than a lease: past it the job is another's.
DATABASE_PATIENCE_SECONDS = 20.0

T = TypeVar("T")

log = logging.getLogger(__name__)


def trace_of(error: BaseException) -> str:
    """Where an error came from, without its message: a database's quotes the patient's row."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__


def _drop_connections() -> None:
    """An interrupt may have struck in the middle of a query: its connection is not used again."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class JobTask(ProgressTask):
    """Base of a task that is claimed, heartbeats, reports progress, completes or fails by its job's row.

    ``@shared_task(bind=True, base=JobTask, job_label="analysis.AnalysisJob")``; the body finds its row in
    ``self.job`` and returns what the row's ``record`` stores. An error that no retry can mend is raised as
    :class:`tasks_admin.errors.PermanentError`; any other is the world's and is tried again.
    """

    abstract = True
    job_label: str
    keeps_own_result = True  # see tasks_admin.results
    resultrepr_maxsize = 0  # Celery logs what a task returned, and these are a patient's scores
    throws = (JobFailed,)  # expected: a line in the log, without a traceback

    @property
    def job_model(self) -> type[Job]:
        model: type[Job] = apps.get_model(self.job_label)
        return model

    @property
    def job(self) -> Job:
        """The row of the running attempt."""
        row: Job = self.request.job
        return row

    # --- asking

    def apply_async(
        self,
        args: Any = None,
        kwargs: Any = None,
        task_id: str | None = None,
        producer: Producer | None = None,
        countdown: float | None = None,
        eta: datetime | None = None,
        queue: Any = None,
        **options: Any,
    ) -> AsyncResult[Any]:
        """Queue a row and announce it on commit; the row of the same work is returned where one is active.

        ``countdown`` and ``eta`` become the row's ``run_at``: a message that waits in a worker would be lost
        with it.

        Raises
        ------
        TypeError
            For callbacks, chords and chains, and for a task_id that another row of the same work has already:
            a job's row would know nothing of them.
        """
        if lost := sorted(name for name in NOT_FOR_JOBS if options.get(name)):
            raise TypeError(f"{self.name} runs as a job and takes no {', '.join(lost)}")
        job = self.job_model.for_call(*(args or ()), **(kwargs or {}))
        if job._state.adding:
            job.pk = UUID(task_id) if task_id else job.pk
            job.queue = getattr(queue, "name", queue) or ""
            job.run_at = eta or (datetime.now(UTC) + timedelta(seconds=countdown) if countdown else None)
            job = job.submit()
        if task_id and str(job.pk) != str(UUID(task_id)):
            raise TypeError(f"{self.name}: this work has the id {job.pk} already")
        return self.AsyncResult(str(job.pk))

    def send(self, job: Job, producer: Producer) -> None:
        """Put one message for the row on its queue."""
        Task.apply_async(
            self, args=job.task_args(), task_id=str(job.pk), producer=producer, queue=job.queue, retry=False
        )

    # --- working

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run one attempt. Called outside a worker it refuses: there is no row to stand on."""
        if self.request.called_directly:
            raise TypeError(f"{self.name} runs as a job: use .delay(...) or .apply_async(args=[...])")
        self.request.job = job = self._claim()
        trail.add(job_id=str(job.pk), attempt=job.attempt)
        with watched(job) as watch:
            self.request.watch = watch
            return self._attempt(job, watch, args, kwargs)

    def _claim(self) -> Job:
        worker = worker_name(self.request.hostname)
        job = self._patiently(lambda: self.job_model.claim(self.request.id, worker))
        if job is None:
            self._patiently(self._answer_unclaimed)
            # Returning would store SUCCESS over the live state.
            raise Ignore
        return job

    def _patiently(self, write: Callable[[], T]) -> T:
        """Outlast a database that restarts: what was computed, or taken from the queue, is worth the wait.

        Where it stays away the attempt ends here: the row is as it was, and its lease or its announcement brings
        it back.
        """
        deadline = time.monotonic() + DATABASE_PATIENCE_SECONDS
        while True:
            try:
                return write()
            except (OperationalError, InterfaceError) as error:
                log.warning("job %s: database away: %s", self.request.id, type(error).__name__)
                if time.monotonic() > deadline:
                    raise Ignore from None
            _drop_connections()
            time.sleep(1)

    def _answer_unclaimed(self) -> None:
        row = self.job_model.objects.filter(pk=self.request.id).first()
        if row is None:
            raise JobFailed("no_such_job")
        if row.state not in (JobState.QUEUED, JobState.RUNNING):
            row.mirror()  # a message that came twice may have found Redis empty

    def _attempt(self, job: Job, watch: Watch, args: Any, kwargs: Any) -> Any:
        try:
            announce_next(type(job), job.owner_key, job.queue)
            with watch.interruptible():
                outcome = self.run(*args, **kwargs)
            return self._patiently(lambda: job.complete(outcome))
        except Stop:
            watch.close()
            return self._stop(job)
        except PermanentError as error:
            return self._fail(job, error)
        except Exception as error:  # noqa: BLE001 - whatever else the body raises is the world's fault
            log.error("job %s attempt %s:\n%s", job.pk, job.attempt, trace_of(error))
            return self._fail(job, error)

    def _fail(self, job: Job, error: Exception) -> Any:
        trace = "" if isinstance(error, PermanentError) else trace_of(error)
        try:
            state = self._patiently(lambda: job.fail(error, trace))
        except Stop:
            return self._stop(job)
        job.refresh_from_db()
        log.info("job %s attempt %s: %s, %s", job.pk, job.attempt, job.error_code, state)
        if state is JobState.FAILED:
            raise JobFailed(job.error_code) from None
        job.mirror()
        raise Ignore

    def _stop(self, job: Job) -> Any:
        _drop_connections()
        if self._patiently(job.stop):
            job.refresh_from_db()
            job.mirror()
        elif not self.job_model.objects.filter(pk=job.pk).exists():
            job.abandon()
            raise JobFailed("no_such_job")
        log.info("job %s attempt %s: stopped", job.pk, job.attempt)
        raise Ignore

    def progress(self, percent: int, step: str = "") -> None:
        """Write the progress on the row, and to Redis.

        Raises
        ------
        Stop
            Where the attempt is to end; let it through.
        """
        with self.request.watch.shielded():
            self.job.report(percent, step)
            self._publish_progress(percent, step)

    def to_store(self, task_id: str, state: str, result: Any) -> tuple[str, Any]:
        """The row's state, where Celery speaks of failure without knowing it.

        For a child that was lost Celery's main process stores FAILURE, although the row is queued again, or was
        completed in the last moment.
        """
        if state != states.FAILURE or isinstance(result, JobFailed):
            return state, result
        try:
            row = self.job_model.objects.filter(pk=task_id).first()
        except DatabaseError:  # it cannot be told now; the row tells whoever asks, once it is back
            return states.RETRY, result
        if row is None:
            return state, result
        return (states.RETRY, result) if row.state in ACTIVE else state_of(row)
