"""A snapshot as tables for a terminal."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tasks_admin.commands.output import moment
from tasks_admin.commands.snapshot import WELL
from tasks_admin.jobs import JobState


def troubles(found: dict[str, Any]) -> list[str]:
    """What is wrong, a line each, with markup."""
    said = []
    if found["redis"] != WELL:
        said.append(_("[red]Redis does not answer:[/] %(error)s") % {"error": escape(found["redis"])})
    if found["database"] != WELL:
        said.append(
            _("[red]The database does not answer:[/] %(error)s") % {"error": escape(found["database"])}
        )
    if found["redis"] == WELL and not found["workers"]:
        said.append(_("[yellow]No worker answers.[/] Start one: manage.py tasks worker"))
    return said


def screen(found: dict[str, Any], *, keys: str = "") -> Group:
    """All of it, for the live screen."""
    ended = found["ended"]
    rate = _("last minute: %(succeeded)d succeeded, %(failed)d failed") % {
        "succeeded": ended.get("succeeded", 0), "failed": ended.get("failed", 0),
    }  # fmt: skip
    head = Text("  ".join(filter(None, [moment(found["at"]), rate if ended else "", keys])), style="bold")
    wrong = [Text.from_markup(line) for line in troubles(found)]
    return Group(head, *wrong, *status(found), running(found))


def status(found: dict[str, Any]) -> list[RenderableType]:
    """Queues, workers and jobs; what nobody could be asked about is left out."""
    shown: list[RenderableType] = []
    if found["redis"] == WELL:
        shown += [_queues(found["queues"]), _workers(found["workers"])]
    return [*shown, _jobs(found["jobs"])] if found["database"] == WELL else shown


def _queues(queues: dict[str, int]) -> Table:
    table = Table(_("queue"), _("waiting"))
    for queue, length in queues.items():
        table.add_row(queue, str(length))
    return table


def _workers(workers: dict[str, dict[str, Any]]) -> Table:
    table = Table(_("worker"), _("queues"), _("slots"), _("running"))
    for name, said in workers.items():
        table.add_row(
            escape(name), ", ".join(said["queues"]), str(said["slots"] or "?"), str(len(said["running"]))
        )
    return table


def _jobs(jobs: dict[str, dict[str, int]]) -> Table:
    table = Table(_("jobs"), _("state"), _("count"))
    for label, states in jobs.items():
        for state, count in sorted(states.items()):
            table.add_row(label, str(JobState(state).label), str(count))
    return table


def running(found: dict[str, Any]) -> Table:
    """The jobs in hand, the longest first."""
    table = Table(_("running job"), _("worker"), _("attempt"), _("progress"), _("current step"), _("seconds"))
    for job in found["running"]:
        table.add_row(
            job["id"], escape(job["worker"]), str(job["attempt"]), f"{job['progress']} %",
            escape(job["current_step"]), f"{job['seconds']:.0f}",
        )  # fmt: skip
    return table
