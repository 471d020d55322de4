"""`cleanup`: what the nightly tasks do, now, and what they would do."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.table import Table

from tasks_admin import maintenance
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.output import AWAY, DONE, out, print_json
from tasks_admin.commands.parser import positive


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--days", type=positive, metavar="N", default=settings.TASKS_ADMIN["HISTORY_DAYS"],
        help=_("history that is older goes (default: %(default)s)"),
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help=_("count it only"))


def cleanup(options: Options) -> int:
    """Count the last days' jobs, and remove history that is older; jobs and results stay."""
    dry_run = options["dry_run"]
    counted = maintenance.roll_up(dry_run=dry_run)
    found = maintenance.expire(options["days"], dry_run=dry_run) | {"figures": counted["rows"]}
    if options["json"]:
        print_json(found)
    else:
        _show(found)
    return DONE if found["celery"] else AWAY


def _show(found: dict[str, Any]) -> None:
    table = Table(_("history"), _("would be removed") if found["dry_run"] else _("removed"))
    for kind, count in found["removed"].items():
        table.add_row(kind, str(count))
    out.print(table)
    if found["figures"]:
        days = Table(_("day"), _("kind"), _("succeeded"), _("failed"), _("cancelled"))
        for row in found["figures"]:
            days.add_row(*(str(row[name]) for name in ("day", "kind", "succeeded", "failed", "cancelled")))
        out.print(days)


CLEANUP = Action(
    "cleanup",
    gettext_lazy("count the days' jobs and remove old task history; jobs and results stay"),
    cleanup,
    _arguments,
)
