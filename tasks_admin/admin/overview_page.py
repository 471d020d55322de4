"""The overview: how the task system stands, from rows and Redis. No worker is waited for unless somebody asks."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from tasks_admin import charts as drawing
from tasks_admin import fleet, overview
from tasks_admin.admin.links import job_link
from tasks_admin.admin.pages import framed, page, person, piece
from tasks_admin.alerts.wording import path_of, title_of
from tasks_admin.models import WorkerBeat
from tasks_admin.monitor import Unavailable, monitor

# So far back may the charts go; slices of one to 210 minutes.
HOURS = (1, 24, 168)
MOST_FAILURES, MOST_RUNNING = 10, 20


@page
def overview_page(request: HttpRequest) -> HttpResponse:
    """How it stands now. The charts count a day's jobs, and the page does not wait for that."""
    return framed(
        request,
        "tasks_admin/overview.html",
        _("Overview of the task system"),
        hours=_hours(request),
        **_now(request),
    )


@piece("tasks_overview")
def now(request: HttpRequest) -> HttpResponse:
    """What changes from second to second."""
    return render(request, "tasks_admin/overview/now.html", _now(request))


@piece("tasks_overview")
def charts(request: HttpRequest) -> HttpResponse:
    return render(request, "tasks_admin/overview/charts.html", _charts(request))


@piece("tasks_overview")
def ask(request: HttpRequest) -> HttpResponse:
    """What the workers that answer within a second say of themselves."""
    try:
        return render(
            request,
            "tasks_admin/overview/answers.html",
            {"answers": sorted(monitor.get_worker_stats().items())},
        )
    except Unavailable:
        return render(request, "tasks_admin/overview/answers.html", {"is_away": True})


def _now(request: HttpRequest) -> dict[str, Any]:
    rows = fleet.expected()
    processes = list(rows)
    alive = {row.pk for row in processes if _is_alive(row)}
    workers = [row for row in processes if row.role == WorkerBeat.Role.WORKER]
    busy = Counter(overview.busy())
    return {
        "at": timezone.now(),
        **_queues(),
        "workers": [(row, row.pk in alive, busy[row.pk]) for row in workers],
        "has_workers": any(row.pk in alive for row in workers),
        "beats": [(row, row.pk in alive) for row in processes if row.role == WorkerBeat.Role.BEAT],
        "ticked": overview.beat_ticked(),
        "running": [(job, job_link(request, job)) for job in overview.running(MOST_RUNNING)],
        "running_count": busy.total(),
        "failures": [
            (each, job_link(request, each.job))
            for each in overview.explained(overview.failures(MOST_FAILURES))
        ],
        "alerts": _alerts(request),
    }


def _queues() -> dict[str, Any]:
    waiting = overview.waiting_jobs()
    try:
        return {"queues": [(queue, waiting.get(queue.name, 0)) for queue in overview.queues()]}
    except Unavailable:
        return {"is_away": True, "waiting": sorted(waiting.items())}


def _alerts(request: HttpRequest) -> list[tuple[Any, str, str]] | None:
    """None for who may not look at them."""
    if not person(request).has_perm("tasks_admin.view_alert"):
        return None
    return [(alert, title_of(alert.code), path_of(alert)) for alert in overview.open_alerts()]


def _is_alive(row: WorkerBeat) -> bool:
    return (timezone.now() - row.seen_at).total_seconds() < fleet.ALIVE_SECONDS


def _hours(request: HttpRequest) -> int:
    given = request.GET.get("hours", "")
    return next((hours for hours in HOURS if str(hours) == given), 24)


def _charts(request: HttpRequest) -> dict[str, Any]:
    hours = _hours(request)
    slices = overview.throughput(timezone.now(), hours)
    return {
        "hours": hours, "choices": HOURS, "slices": slices, "ended": drawing.bars(slices),
        "waits": drawing.lines([each.wait for each in slices]),
        "runs": drawing.lines([each.run for each in slices]),
        "has_slices": any(each.succeeded + each.failed + each.cancelled for each in slices),
    }  # fmt: skip
