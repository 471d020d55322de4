"""`schedules`: what runs when, and whether it did; run one now, switch one on or off."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_celery_beat.models import PeriodicTask
from rich.markup import escape
from rich.table import Table

from tasks_admin import audit
from tasks_admin.broker import REDIS_AWAY, producer
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.jobs import actor_of, add_user
from tasks_admin.commands.output import DONE, NOT_DONE, away, err, moment, out, print_json
from tasks_admin.crontab_words import in_words
from tasks_admin.lateness import NeverDue, lateness
from tasks_admin.periodic import send_now, switch

# Celery's own entry is no business of an administrator's.
HIDDEN = "celery.backend_cleanup"


def _arguments(parser: ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--run", metavar="NAME", help=_("send this schedule's task now"))
    one.add_argument("--enable", metavar="NAME", help=_("let beat send it"))
    one.add_argument("--disable", metavar="NAME", help=_("keep beat from sending it"))
    add_user(parser)


def schedules(options: Options) -> int:
    """List the schedules, or do something with one of them."""
    for what, act in (("run", _run), ("enable", _enable), ("disable", _disable)):
        if options[what] is not None:
            return _one(options, what, act)
    found = [described(row) for row in PeriodicTask.objects.exclude(name=HIDDEN).order_by("name")]
    if options["json"]:
        print_json(found)
    else:
        _show(found)
    return DONE


def described(row: PeriodicTask) -> dict[str, Any]:
    """The row for people and scripts."""
    found = {
        "name": row.name, "task": row.task, "when": in_words(row), "queue": row.queue, "enabled": row.enabled,
        "last_run_at": row.last_run_at, "total_run_count": row.total_run_count, "next_run_at": None, "late": False,
        "error": "",
    }  # fmt: skip
    if not row.enabled:
        return found
    try:
        late = lateness(row, timezone.now())
    except NeverDue:
        return found | {"error": "never_due"}
    return found | {"next_run_at": late.due_at, "late": late.is_late}


def _show(found: list[dict[str, Any]]) -> None:
    table = Table(_("name"), _("task"), _("when"), _("last run"), _("next run"), _("state"))
    for row in found:
        table.add_row(
            escape(row["name"]), escape(row["task"]), escape(row["when"]), moment(row["last_run_at"]),
            moment(row["next_run_at"]), _state(row),
        )  # fmt: skip
    out.print(table)


def _state(row: dict[str, Any]) -> str:
    if not row["enabled"]:
        return _("[dim]off[/]")
    if row["error"]:
        return _("[red]never comes[/]")
    return _("[yellow]late[/]") if row["late"] else _("[green]on time[/]")


def _one(options: Options, what: str, act: Any) -> int:
    name, actor = options[what], actor_of(options)
    row = PeriodicTask.objects.filter(name=name).exclude(name=HIDDEN).first()
    done, said = act(row) if row else (False, _("there is no such schedule"))
    if row and done:
        audit.record(actor, row, what)
    if options["json"]:
        print_json({"name": name, "done": done, "said": said})
    else:
        (out if done else err).print(f"{name}: {said}", markup=False)
    return DONE if done else NOT_DONE


def _run(row: PeriodicTask) -> tuple[bool, str]:
    try:
        with producer() as line:
            sent = send_now(row, line) is not None
    except REDIS_AWAY as error:
        raise away(error) from error
    return sent, _("sent") if sent else _("its task or its arguments are not as they should be: see the log")


def _enable(row: PeriodicTask) -> tuple[bool, str]:
    return _switch(row, on=True)


def _disable(row: PeriodicTask) -> tuple[bool, str]:
    return _switch(row, on=False)


def _switch(row: PeriodicTask, *, on: bool) -> tuple[bool, str]:
    try:
        switch(row, on=on)
    except ValidationError as error:  # the row was broken by other means than the admin
        return False, " ".join(error.messages)
    return True, _("on") if on else _("off")


SCHEDULES = Action(
    "schedules", gettext_lazy("list the schedules; run one now, switch one on or off"), schedules, _arguments,
    codes={0: gettext_lazy("done"), 1: gettext_lazy("there is no such schedule, or it could not be sent")},
)  # fmt: skip
