"""The tasks of the task system itself."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django_celery_results.models import GroupResult, TaskResult

from tasks_admin import health
from tasks_admin.models import JobAttempt
from tasks_admin.progress import ProgressTask

BATCH = 500

log = logging.getLogger(__name__)


@shared_task(bind=True)
def health_check(self: ProgressTask) -> dict[str, Any]:
    """Examine database, Redis and storage from where the work is done: inside a worker."""
    return health.report(health.examine())


@shared_task(bind=True)
def cleanup_expired_tasks(self: ProgressTask, days: int | None = None) -> dict[str, Any]:
    """Remove rows of history older than ``days``: finished tasks, groups and attempts.

    Jobs and their results stay: they are the patient's history. Returns what was removed, by kind.

    Raises
    ------
    ValueError
        For ``days`` below 1.
    """
    kept: int = settings.TASKS_ADMIN["HISTORY_DAYS"] if days is None else days
    if kept < 1:
        raise ValueError(f"days is {kept}: at least 1")
    old = expired(kept)
    removed: dict[str, Any] = {}
    for done, (kind, rows) in enumerate(old.items()):
        self.progress(100 * done // len(old), kind)
        removed[kind] = _remove(rows)
    log.info("clean-up: older than %s days: %s", kept, removed)
    return {"days": kept, "removed": removed}


def expired(days: int) -> dict[str, QuerySet[Any]]:
    """The rows of history older than ``days``, by kind."""
    before = timezone.now() - timedelta(days=days)
    return {
        "task_results": TaskResult.objects.filter(date_done__lt=before),
        "group_results": GroupResult.objects.filter(date_done__lt=before),
        "attempts": JobAttempt.objects.filter(ended_at__lt=before),
    }


@shared_task(bind=True)
def test_task(self: ProgressTask, message: str = "", seconds: float = 0.0) -> dict[str, Any]:
    """Answer with ``message``, from a worker, having reported progress over ``seconds`` (at most 60)."""
    began = time.monotonic()
    steps = 5
    for step in range(steps):
        self.progress(100 * step // steps, f"{step + 1}/{steps}")
        time.sleep(min(max(seconds, 0.0), 60.0) / steps)
    return {
        "message": message,
        "worker": self.request.hostname,
        "queue": (self.request.delivery_info or {}).get("routing_key"),
        "seconds": round(time.monotonic() - began, 3),
    }


def _remove(rows: QuerySet[Any]) -> int:
    """Delete in batches: one long DELETE would hold its locks while workers wait to write."""
    removed = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        removed += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return removed
