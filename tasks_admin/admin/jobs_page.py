"""Jobs of every kind: a list to filter, cancel and retry. What a kind adds is on its own page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks_admin import job_actions
from tasks_admin.admin.links import attempts_link, job_link
from tasks_admin.admin.pages import VIEW, framed, guarded, page, person
from tasks_admin.job_actions import Done
from tasks_admin.job_kinds import job_models
from tasks_admin.job_list import Place, Wanted, listed, matching
from tasks_admin.jobs import Job, JobState
from tasks_admin.monitor import monitor

FILTERS = ("kind", "state", "queue", "q")
AGAIN = (JobState.FAILED, JobState.CANCELLED)
MOST_CHOSEN = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the list shows it: times in seconds, None where they are yet to come."""

    job: Any
    kind: str
    key: str
    link: str
    attempts: str
    wait: float | None
    run: float | None
    may_change: bool


@page
def jobs_page(request: HttpRequest) -> HttpResponse:
    """The newest jobs that match, and how many there are in each state."""
    kinds = _kinds(request, "view")
    wanted = _wanted(request.GET, kinds)
    found = listed(wanted, Place.read(request.GET.get("after", "")))
    changeable = _kinds(request, "change")
    given = {name: request.GET.get(name, "") for name in FILTERS}
    return framed(
        request, "tasks_admin/jobs.html", _("Jobs"), given=given, asked=_address(request.GET),
        rows=[_row(request, job, changeable) for job in found.jobs], next=found.next,
        states=[(state, found.counts[state]) for state in JobState], total=sum(found.counts.values()),
        kinds=[(model._meta.label, model._meta.verbose_name) for model in kinds], queues=monitor.queues(),
        may_change=bool(changeable), is_first="after" not in request.GET,
        matching=found.counts[wanted.state] if wanted.state in AGAIN else 0,
    )  # fmt: skip


def act(request: HttpRequest) -> HttpResponse:
    """Cancel or retry the jobs that were ticked."""
    changeable = _changeable(request)
    if request.method == "POST":
        jobs = _chosen(request.POST.getlist("job")[:MOST_CHOSEN], changeable)
        if request.POST.get("do") == "cancel":
            _tell_cancelled(request, job_actions.each(jobs, job_actions.cancel, person(request)))
        elif request.POST.get("do") == "retry":
            _tell_retried(request, job_actions.each(jobs, job_actions.retry, person(request)))
    return redirect(_address(request.POST))


def retry_all(request: HttpRequest) -> HttpResponse:
    """Retry all that match: first it says how many."""
    given = request.POST if request.method == "POST" else request.GET
    wanted = _wanted(given, _changeable(request))
    if wanted.state not in AGAIN:
        return redirect(_address(given))
    if request.method == "POST":
        done = job_actions.each(matching(wanted), job_actions.retry, person(request))
        _tell_retried(request, done)
        return redirect(_address(given))
    count = sum(wanted.rows(model).count() for model in wanted.kinds)
    filters = {name: given.get(name, "") for name in FILTERS}
    return framed(
        request, "tasks_admin/jobs/retry.html", _("Try again"), count=count, given=filters, back=_address(given),
        state=JobState(wanted.state).label,
    )  # fmt: skip


act, retry_all = guarded(VIEW, act), guarded(VIEW, retry_all)


def _kinds(request: HttpRequest, what: str) -> list[type[Job]]:
    """The kinds of job that the person may look at, or change."""
    user = person(request)
    kinds = [(model, model._meta) for model in job_models()]
    return [model for model, meta in kinds if user.has_perm(f"{meta.app_label}.{what}_{meta.model_name}")]


def _changeable(request: HttpRequest) -> list[type[Job]]:
    kinds = _kinds(request, "change")
    if not kinds:
        raise PermissionDenied
    return kinds


def _wanted(given: QueryDict, kinds: list[type[Job]]) -> Wanted:
    """What nobody offers is not looked for."""
    kind, state = given.get("kind", ""), given.get("state", "")
    return Wanted(
        [model for model in kinds if not kind or model._meta.label == kind],
        state if state in JobState.values else "",
        _text(given, "queue"),
        _text(given, "q"),
    )


def _text(given: QueryDict, name: str) -> str:
    """PostgreSQL takes no NUL."""
    return given.get(name, "").replace("\0", "").strip()


def _address(given: QueryDict) -> str:
    """The list with these filters, from its beginning."""
    filters = {name: value for name in FILTERS if (value := given.get(name, ""))}
    return f"{reverse('tasks_jobs')}?{urlencode(filters)}"


def _row(request: HttpRequest, job: Any, changeable: list[type[Job]]) -> Row:
    began, ended = job.started_at, job.finished_at
    first = job.attempt == 1
    return Row(
        job, str(job._meta.verbose_name), f"{job._meta.label}:{job.pk}", job_link(request, job),
        attempts_link(job.pk),
        (began - job.created_at).total_seconds() if began and first else None,
        (ended - began).total_seconds() if began and ended and ended > began else None,
        type(job) in changeable,
    )  # fmt: skip


def _chosen(keys: list[str], kinds: list[type[Job]]) -> list[Job]:
    """The jobs that were ticked, of the kinds that the person may change."""
    ids: dict[str, list[uuid.UUID]] = {model._meta.label: [] for model in kinds}
    for key in keys:
        label, _colon, text = key.partition(":")
        try:
            ids[label].append(uuid.UUID(text))
        except (KeyError, ValueError):  # no such kind, or not the person's to change; or not from our page
            continue
    return [job for model in kinds for job in model.objects.filter(pk__in=ids[model._meta.label])]


def _tell_cancelled(request: HttpRequest, done: Done) -> None:
    said = ngettext("%(count)d job is cancelled.", "%(count)d jobs are cancelled.", done.count)
    _tell(request, done, said, _("There is nothing to cancel."))


def _tell_retried(request: HttpRequest, done: Done) -> None:
    said = ngettext("%(count)d job is queued again.", "%(count)d jobs are queued again.", done.count)
    _tell(request, done, said, _("There is nothing to try again."))


def _tell(request: HttpRequest, done: Done, said: str, nothing: str) -> None:
    (messages.success if done.count else messages.info)(
        request, said % {"count": done.count} if done.count else nothing
    )
    if done.refused and done.count:
        left = ngettext("%d other could not be.", "%d others could not be.", done.refused)
        messages.warning(request, left % done.refused)
    if not done.is_all:
        messages.warning(request, _("There are more, and it took too long. Do it again for the rest."))
