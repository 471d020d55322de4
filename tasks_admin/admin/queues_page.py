"""Each queue: what waits in it, without anybody's data, and how it is emptied."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tasks_admin import overview
from tasks_admin.admin.pages import PURGE, door, framed, page, person
from tasks_admin.models import Purge
from tasks_admin.monitor import Unavailable, monitor
from tasks_admin.purge import Purged

SHOWN, PURGES = 50, 10


@page
def queues_page(request: HttpRequest) -> HttpResponse:
    """All queues, and the next messages of one of them."""
    names = monitor.queues()
    asked = request.GET.get("queue", "")
    chosen = asked if asked in names else names[0]
    return framed(
        request, "tasks_admin/queues.html", _("Queues"), chosen=chosen, shown=SHOWN,
        may_purge=person(request).has_perm(PURGE),
        purges=Purge.objects.select_related("purged_by")[:PURGES], **_looked(chosen),
    )  # fmt: skip


def _looked(chosen: str) -> dict[str, Any]:
    waiting = overview.waiting_jobs()
    try:
        found = overview.queues()
        waits = overview.waiting_messages(chosen, SHOWN)
    except Unavailable:
        return {"is_away": True}
    length = next(queue.length for queue in found if queue.name == chosen)
    return {
        "queues": [(queue, waiting.get(queue.name, 0)) for queue in found],
        "waits": waits,
        "length": length,
    }


@door(PURGE)
def purge(request: HttpRequest) -> HttpResponse:
    """Empty a queue whose name was typed."""
    queue = request.POST.get("queue", "")
    back = redirect(f"{reverse('tasks_queues')}?{urlencode({'queue': queue})}")
    if queue not in monitor.queues():
        messages.error(request, _("There is no such queue."))
    elif request.POST.get("typed", "").strip() != queue:
        messages.error(request, _("That is not the queue's name. Nothing was done."))
    else:
        _purge(request, queue, again=request.POST.get("jobs") == "again")
    return back


def _purge(request: HttpRequest, queue: str, *, again: bool) -> None:
    try:
        purged = monitor.purge(queue, again=again, actor=person(request))
    except Unavailable:
        messages.error(
            request, _("Redis does not answer. Some messages may be gone; look again when it is back.")
        )
        return
    messages.success(request, _said(purged, again))


def _said(purged: Purged, again: bool) -> str:
    said = [
        ngettext("%d message was thrown away.", "%d messages were thrown away.", purged.messages)
        % purged.messages,
        (
            ngettext("%d job is queued again.", "%d jobs are queued again.", purged.jobs)
            if again
            else ngettext("%d job is cancelled.", "%d jobs are cancelled.", purged.jobs)
        )
        % purged.jobs,
    ]
    if purged.left:
        left = ngettext(
            "%d job waits for this queue still.", "%d jobs wait for this queue still.", purged.left
        )
        said.append(left % purged.left)
    return " ".join(said)
