"""`manage.py files`: files without rows and rows without files."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console

from analysis import orphans
from analysis.models import Exercise, PracticeRecording


class Command(BaseCommand):
    help = _("Find files without rows and rows without files. Exit code 1 if any is missing or left behind.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--remove", action="store_true", help=_("remove files that are left behind"))
        parser.add_argument(
            "--hours", type=int, default=24, help=_("a file without a row is left behind when it is older")
        )
        parser.add_argument(
            "--limit",
            type=int,
            default=100,
            help=_("name so many of each; remove none where more are left behind"),
        )
        parser.add_argument("--json", action="store_true", help=_("print the whole result as JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = orphans.check(**{name: options[name] for name in ("remove", "hours", "limit")})
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            sys.stdout.write(json.dumps(report.as_dict(), indent=2) + "\n")
        else:
            _show(report, refused=options["remove"] and report.too_many)
        if not report.well:
            sys.exit(1)


def _show(report: orphans.Report, *, refused: bool) -> None:
    out = Console(highlight=False)
    for title, tally in (
        (_("files without rows"), report.without_row),
        (_("of these, left behind"), report.left_behind),
        (_("of these, removed"), report.removed),
        (_("recordings without files"), report.without_file[PracticeRecording]),
        (_("exercises without their example's file"), report.without_file[Exercise]),
    ):
        out.print(f"{tally.count:>6}  {title}")
        for name in tally.names:
            out.print(f"        {name}", soft_wrap=True)
    for folder in report.not_walked:
        out.print(_("[yellow]Not looked through, since it is a link:[/] %(folder)s") % {"folder": folder})
    if refused:
        out.print(
            _("[yellow]None removed:[/] so many files without rows point to a database that lacks rows.")
        )
