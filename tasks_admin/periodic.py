"""What administrators do with a schedule: know its next time, run it now, switch it on or off."""

from __future__ import annotations

import inspect
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from celery.schedules import crontab
from django_celery_beat.models import PeriodicTask

from tasks_admin.broker import REDIS_AWAY

log = logging.getLogger(__name__)

# What a broker takes.
HIGHEST_PRIORITY = 255
CRONTAB_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


def next_run(fields: dict[str, Any]) -> datetime | None:
    """When a crontab is due next, or None where that is never."""
    times = {name: fields[name] for name in CRONTAB_FIELDS}
    now = datetime.now(UTC)
    try:
        wait: timedelta = crontab(**times, nowfun=lambda: now).remaining_estimate(now)
    except (RuntimeError, ValueError):  # what Celery raises for a date that it cannot reach
        return None
    return now + wait


def is_sendable(row: PeriodicTask) -> bool:
    """Whether beat can send its task, arguments and queue. The admin's form refuses what it cannot; SQL does not."""
    queues = current_app.amqp.queues
    try:
        task = current_app.tasks[row.task]
        args, kwargs = json.loads(row.args), json.loads(row.kwargs)
        inspect.signature(task.run).bind(*args, **kwargs)
        headers = json.loads(row.headers or "{}")
        priority = 0 if row.priority is None else int(row.priority)
    except (LookupError, ValueError, TypeError):
        return False
    return (
        isinstance(args, list)
        and isinstance(headers, dict)
        and 0 <= priority <= HIGHEST_PRIORITY
        and (not row.queue or row.queue in queues)
    )


def send_now(row: PeriodicTask, line: Any) -> bool:
    """Send the schedule's task at once. False for a row that cannot run, whatever is wrong with it.

    Raises one of :data:`tasks_admin.broker.REDIS_AWAY`.
    """
    try:
        current_app.tasks[row.task].apply_async(
            json.loads(row.args), json.loads(row.kwargs), queue=row.queue or None, producer=line, retry=False,
            headers={"periodic_task_name": row.name},
        )  # fmt: skip
    except REDIS_AWAY:
        raise
    except Exception:  # what a task makes of its arguments is not known here
        log.exception("schedule %s: not sent", row.pk)
        return False
    return True


def switch(row: PeriodicTask, *, on: bool) -> None:
    """Enable or disable it; a beat that runs notices."""
    row.enabled = on
    row.save()
