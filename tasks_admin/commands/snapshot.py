"""How the task system stands at one moment: from rows, Redis and what workers answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.models import Count
from django.utils import timezone

from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import JobState
from tasks_admin.monitor import Unavailable, monitor

WELL = "ok"
# As many running jobs are listed, the longest first.
SHOWN = 50
ENDED = (JobState.SUCCEEDED, JobState.FAILED)


def take() -> dict[str, Any]:
    """The moment, as JSON could hold it. Raises nothing where Redis or the database is away: it says so.

    Returns
    -------
    dict
        ``at``; ``redis`` and ``database``: "ok", or what is wrong; ``queues``: messages by queue; ``workers`` as
        :meth:`Monitor.get_worker_stats`; ``jobs``: by kind and state; ``running``: a dictionary a job; ``ended``:
        how many jobs of all kinds succeeded and failed in the last minute.
    """
    found: dict[str, Any] = {
        "at": timezone.now(), "redis": WELL, "database": WELL, "queues": {}, "workers": {}, "jobs": {}, "running": [],
        "ended": {},
    }  # fmt: skip
    try:
        found["queues"] = {queue: monitor.get_queue_length(queue) for queue in monitor.queues()}
        found["workers"] = monitor.get_worker_stats()
    except Unavailable as error:
        found["redis"] = str(error)
    try:
        found |= {"jobs": _counts(), "running": _running(), "ended": _ended()}
    except (OperationalError, InterfaceError) as error:
        found["database"] = str(error).partition("\n")[0]
    return found


def _counts() -> dict[str, dict[str, int]]:
    counted = {}
    for model in job_models():
        rows = model.objects.order_by().values_list("state").annotate(Count("pk"))
        counted[model._meta.label] = dict(rows)
    return counted


def _running() -> list[dict[str, Any]]:
    now = timezone.now()
    found: list[dict[str, Any]] = []
    for model in job_models():
        for job in model.objects.filter(state=JobState.RUNNING).order_by("started_at")[:SHOWN]:
            began = job.started_at or now
            found.append({
                "id": str(job.pk), "kind": model._meta.label, "worker": job.worker.partition("/")[0],
                "attempt": job.attempt, "progress": job.progress, "current_step": job.current_step,
                "seconds": round(max(0.0, (now - began).total_seconds()), 1),
            })  # fmt: skip
    return sorted(found, key=lambda job: -job["seconds"])[:SHOWN]


def _ended() -> dict[str, int]:
    """Jobs of all kinds that ended within the last minute."""
    since = timezone.now() - timedelta(minutes=1)
    found = dict.fromkeys(ENDED, 0)
    for model in job_models():
        rows = model.objects.order_by().filter(finished_at__gt=since, state__in=ENDED)
        for state, count in rows.values_list("state").annotate(Count("pk")):
            found[state] += count
    return {str(state): count for state, count in found.items()}
