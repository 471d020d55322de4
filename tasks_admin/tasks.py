"""The tasks of the task system itself."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task

from tasks_admin import health, maintenance
from tasks_admin.progress import ProgressTask


@shared_task(bind=True)
def health_check(self: ProgressTask) -> dict[str, Any]:
    """Examine database, Redis and storage from where the work is done: inside a worker."""
    return health.report(health.examine())


@shared_task(bind=True)
def cleanup_expired_tasks(
    self: ProgressTask, days: int | None = None, dry_run: bool = False
) -> dict[str, Any]:
    """Remove what is older than ``days``, as :func:`tasks_admin.maintenance.expire`."""
    return maintenance.expire(days, dry_run=dry_run, on_step=self.progress)


@shared_task(bind=True)
def roll_up_days(self: ProgressTask, days: int = 7, dry_run: bool = False) -> dict[str, Any]:
    """Count the last ``days`` full days, as :func:`tasks_admin.maintenance.roll_up`."""
    return maintenance.roll_up(days, dry_run=dry_run, on_step=self.progress)


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
