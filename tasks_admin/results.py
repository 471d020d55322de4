"""The result backend: Redis for what is live, TaskResult rows for the history.

Progress and ``.get()`` stay as quick as Redis; each task that ends leaves one row for the admin.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from celery.backends.redis import RedisBackend, SentinelBackend
from celery.states import PENDING, READY_STATES
from django.core.exceptions import SynchronousOnlyOperation
from django.db import Error as DatabaseError
from django_celery_results.backends import DatabaseBackend

from tasks_admin.broker import REDIS_AWAY
from tasks_admin.celery_state import request_of, state_of
from tasks_admin.progress import PROGRESS

log = logging.getLogger(__name__)


class RecordsHistory:
    """Mixed into a Redis backend: ended tasks are written to django-celery-results as well."""

    app: Any
    # Celery's own, of the backend that this is mixed into.
    encode: Any
    encode_result: Any
    decode_result: Any
    _get_result_meta: Any

    @cached_property
    def history(self) -> Any:
        return DatabaseBackend(app=self.app)

    def on_task_call(self, producer: Any, task_id: str) -> None:
        """Nothing: ``.get()`` subscribes when it is called.

        Celery subscribes at each sending, so that a site that only submits would gather subscriptions for ever,
        and could not submit while the result store is away.
        """

    def store_result(
        self,
        task_id: str,
        result: Any,
        state: str,
        traceback: str | None = None,
        request: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Store the state in Redis, and in the history if it is final.

        Neither store may take the other with it, nor the worker: what failed is logged with the task's id. A
        job's own row is written before this and is the truth.
        """
        task = self.app.tasks.get(getattr(request, "task", None) or "")
        if hasattr(task, "to_store"):
            state, result = task.to_store(task_id, state, result)
        try:
            super().store_result(task_id, result, state, traceback, request=request, **kwargs)  # type: ignore[misc]
        except REDIS_AWAY as error:
            log.error("task %s: %s not written to Redis: %s", task_id, state, type(error).__name__)
        if state in READY_STATES:
            # A job's result is in a table of its own, with its own readers and its own retention.
            own = getattr(task, "keeps_own_result", False) and not isinstance(result, BaseException)
            self._record(task_id, None if own else result, state, traceback, request)
        return result

    def get_task_meta(self, task_id: str, cache: bool = True) -> dict[str, Any]:
        """What Redis knows; where that is not final and a job has this id, what its row says.

        Redis may have lost a result (restarted without its last second, flushed, expired after a day) or never
        have got it. Whoever asks then would wait for ever for what is done.
        """
        meta: dict[str, Any] = super().get_task_meta(task_id, cache=cache)  # type: ignore[misc]
        if meta["status"] in READY_STATES:
            return meta
        try:
            return self._meta_of_row(task_id, meta) or meta
        except SynchronousOnlyOperation:  # asked in an event loop, where rows are out of reach
            return meta
        except DatabaseError as error:
            log.warning("task %s: its row could not be read: %s", task_id, type(error).__name__)
            return meta

    def _meta_of_row(self, task_id: str, known: dict[str, Any]) -> dict[str, Any] | None:
        from tasks_admin.job_kinds import find_job

        job = find_job(task_id)
        if job is None:
            return None
        state, result = state_of(job)
        if state == known["status"] in (PROGRESS, PENDING):
            return known  # Redis has the newer step
        made = self._get_result_meta(self.encode_result(result, state), state, None, request_of(job))
        # By way of JSON, as if it came out of Redis.
        decoded: dict[str, Any] = self.decode_result(self.encode(made | {"task_id": task_id}))
        return decoded

    def _record(self, task_id: str, result: Any, state: str, traceback: str | None, request: Any) -> None:
        try:
            self.history.store_result(task_id, result, state, traceback=traceback, request=request)
        except DatabaseError as error:
            log.error("task %s: %s not written to the history: %s", task_id, state, type(error).__name__)


class RecordingRedisBackend(RecordsHistory, RedisBackend):
    """Redis, with history."""


class RecordingSentinelBackend(RecordsHistory, SentinelBackend):
    """Redis behind Sentinel, with history."""
