"""Keeping the tables small and the days counted. A job and its result are never removed: they are history.

Each function reports what it did, or with ``dry_run`` what it would do. Rows go in batches, by key: one long DELETE
would hold its locks while workers wait to write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django_celery_results.models import GroupResult, TaskResult

from tasks_admin.broker import REDIS_AWAY
from tasks_admin.figures import ended, spread, times
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import Job
from tasks_admin.models import Alert, DailyFigures, JobAttempt, Silence, Trouble, WorkerBeat

BATCH = 500
MOST_DAYS = 3660
# Of no interest once the moment has passed.
KEPT_WORKERS = timedelta(days=7)
KEPT_TROUBLES = timedelta(days=1)

OnStep = Callable[[int, str], None]

log = logging.getLogger(__name__)


def expire(
    days: int | None = None, *, dry_run: bool = False, on_step: OnStep = lambda percent, step: None
) -> dict[str, Any]:
    """Remove rows of history older than ``days`` (default: the HISTORY_DAYS setting).

    Finished tasks, groups, attempts and resolved alerts; workers that left a week ago; and whatever Celery's own
    result store has to clear away.

    Returns
    -------
    dict
        ``days``, ``dry_run`` and how many were ``removed``, by kind.

    Raises
    ------
    ValueError
        For ``days`` that are no whole number from 1 to 3660.
    """
    kept = _whole("days", settings.TASKS_ADMIN["HISTORY_DAYS"] if days is None else days)
    expired = _expired(timezone.now(), kept)
    removed: dict[str, int] = {}
    for done, (kind, rows) in enumerate(expired.items()):
        on_step(100 * done // len(expired), kind)
        removed[kind] = rows.count() if dry_run else _remove(rows)
    log.info("clean-up: older than %s days%s: %s", kept, ", dry run" if dry_run else "", removed)
    return {"days": kept, "dry_run": dry_run, "removed": removed, "celery": dry_run or _celerys_own()}


def _expired(now: datetime, days: int) -> dict[str, QuerySet[Any]]:
    before, gone = now - timedelta(days=days), now - KEPT_WORKERS
    return {
        "task_results": TaskResult.objects.filter(date_done__lt=before),
        "group_results": GroupResult.objects.filter(date_done__lt=before),
        "attempts": JobAttempt.objects.filter(ended_at__lt=before),
        "alerts": Alert.objects.filter(resolved_at__lt=before),
        "silences": Silence.objects.filter(until__lt=before),
        "workers": WorkerBeat.objects.filter(Q(ended_at__lt=gone) | Q(seen_at__lt=gone)),
        "troubles": Trouble.objects.filter(minute__lt=now - KEPT_TROUBLES),
        **{
            kind: rows
            for path in settings.TASKS_ADMIN.get("EXPIRED", ())
            for kind, rows in import_string(path)(now).items()
        },
    }


def _remove(rows: QuerySet[Any]) -> int:
    removed = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        # By the condition again: a worker that was silent may have come back.
        removed += rows.filter(pk__in=ids).delete()[1].get(rows.model._meta.label, 0)
    return removed


def _celerys_own() -> bool:
    """What `celery.backend_cleanup` does. False where Redis is away."""
    try:
        current_app.backend.cleanup()
    except REDIS_AWAY as error:
        log.warning("clean-up: Celery's own: %s", type(error).__name__)
        return False
    return True


def roll_up(
    days: int = 7, *, dry_run: bool = False, on_step: OnStep = lambda percent, step: None
) -> dict[str, Any]:
    """Count the jobs of each of the last ``days`` full days, in the site's time zone, anew.

    A job that is retried later moves to another day; days further back stay as they were counted.

    Returns
    -------
    dict
        ``dry_run`` and the ``rows``: day, kind and counts.

    Raises
    ------
    ValueError
        For ``days`` that are no whole number from 1 to 3660.
    """
    today = timezone.localdate()
    counted = []
    for back in range(_whole("days", days), 0, -1):
        day = today - timedelta(days=back)
        on_step(100 * (days - back) // days, day.isoformat())
        counted += [row for model in job_models() if (row := figures_of(model, day))]
    if not dry_run:
        for row in counted:
            key = {"day": row.pop("day"), "kind": row.pop("kind")}
            DailyFigures.objects.update_or_create(**key, defaults=row)
            row.update(key)
    for row in counted:
        row["day"] = row["day"].isoformat()
    return {"dry_run": dry_run, "rows": counted}


def figures_of(model: type[Job], day: date) -> dict[str, Any] | None:
    """One kind's day: the fields of :class:`tasks_admin.models.DailyFigures`. None for a day without an end."""
    began, ends = (timezone.make_aware(datetime.combine(d, time.min)) for d in (day, day + timedelta(days=1)))
    rows = ended(model, began, ends)
    counts = dict(rows.values_list("state").annotate(Count("pk")))
    if not counts:
        return None
    took = times(rows)
    wait, run = spread(each.wait for each in took), spread(each.run for each in took)
    return {
        "day": day, "kind": model._meta.label,
        **{state: counts.get(state, 0) for state in ("succeeded", "failed", "cancelled")},
        "wait_p50": wait.p50, "wait_p95": wait.p95, "run_p50": run.p50, "run_p95": run.p95,
    }  # fmt: skip


def _whole(name: str, value: Any) -> int:
    """A schedule's arguments are written by hand."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise ValueError(f"{name} is {value!r}: a whole number, 1 to {MOST_DAYS}")
    return value
