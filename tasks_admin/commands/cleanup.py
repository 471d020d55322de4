"""`cleanup`: what the nightly task does, now, and what it would do."""

from __future__ import annotations

from argparse import ArgumentParser

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
    """Remove history that is older; jobs and results stay."""
    found = maintenance.expire(options["days"], dry_run=options["dry_run"])
    if options["json"]:
        print_json(found)
    else:
        table = Table(_("history"), _("would be removed") if options["dry_run"] else _("removed"))
        for kind, count in found["removed"].items():
            table.add_row(kind, str(count))
        out.print(table)
    return DONE if found["celery"] else AWAY


CLEANUP = Action(
    "cleanup", gettext_lazy("remove old task history; jobs and results stay"), cleanup, _arguments
)
