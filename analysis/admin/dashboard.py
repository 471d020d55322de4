"""The first page: a therapist's day, and for an administrator the state of the system."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from analysis.admin.scope import runs_tasks, user_of
from analysis.models import AnalysisJob
from analysis.today import today
from tasks_admin.jobs import JobState
from tasks_admin.monitor import Unavailable, monitor


def first_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold's DASHBOARD_CALLBACK adds to the admin's index."""
    user = user_of(request)
    context["title"] = ""
    if user.has_perm("analysis.view_analysisresult"):
        context["today"] = today(user)
    if runs_tasks(request):
        context["jobs"] = jobs_by_state()
        context["failed_lately"] = AnalysisJob.objects.filter(
            state=JobState.FAILED, finished_at__gte=timezone.now() - timedelta(days=1)
        ).count()
    return context


def jobs_by_state() -> list[tuple[JobState, int]]:
    """Every state in its order, with how many jobs are in it."""
    counted = AnalysisJob.objects.order_by().values_list("state").annotate(Count("pk"))
    found = dict(counted)
    return [(state, found.get(state, 0)) for state in JobState]


def system(request: HttpRequest) -> HttpResponse:
    """Queues and workers, a piece of the first page: asking the workers takes a second, so the page does not wait."""
    if not runs_tasks(request):
        raise PermissionDenied
    found: dict[str, Any] = {}
    try:
        found["queues"] = [(queue, monitor.get_queue_length(queue)) for queue in monitor.queues()]
        found["workers"] = sorted(monitor.get_worker_stats().items())
    except Unavailable:
        found = {"is_away": True}
    return render(request, "analysis/system.html", found)


system_view = admin.site.admin_view(system)
