"""`manage.py demo`: the whole system on this machine, with patients to look at."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from analysis.console import end_as_by_ctrl_c, number
from analysis.demo.findings import is_found, put_in
from analysis.demo.people import Practised, logins, password, populate
from analysis.demo.runs import Run, start, summary
from analysis.demo.stack import Stack, StackFailed, free_port
from analysis.models import AnalysisJob
from analysis.wording import STEP_TEXTS, sentence
from tasks_admin.jobs import ACTIVE, JobState
from vocalborn.services import ensure_redis

TIMEOUT_SECONDS = 300.0

# A pipe has no width of its own; 80 columns would cut every sentence of the table.
out = Console(highlight=False, width=None if sys.stdout.isatty() else 150)
err = Console(stderr=True, highlight=False)


class Command(BaseCommand):
    help = _("Show the whole system with invented patients. Development only.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--exit", action="store_true", help=_("stop once the results are printed"))
        parser.add_argument("--port", type=int, default=8000, help=_("the site's port, or the first to try"))

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                _("The demonstration makes accounts and patients: it runs with DEBUG on only.")
            )
        end_as_by_ctrl_c()
        try:
            self._run(options)
        except (StackFailed, RuntimeError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            err.print(_("Stopped."))

    def _run(self, options: dict[str, Any]) -> None:
        ensure_redis()
        call_command("migrate", verbosity=0)
        practised = populate()
        with Stack(settings.DATA_DIR / "logs", free_port(options["port"])) as stack:
            stack.wait_for_web()
            runs = [start(each) for each in practised]
            follow([run.job for run in runs if not run.is_done], stack)
            well = show(runs)
            if options["exit"]:
                sys.exit(0 if well else 1)
            self._serve(stack)

    def _serve(self, stack: Stack) -> None:
        out.print(_("\nThe admin: %(url)sadmin/ — password of all: [bold]%(password)s[/]")
                  % {"url": stack.url, "password": password()})  # fmt: skip
        for name, role in logins():
            out.print(f"  {name:14} {_(role)}")
        out.print(_("Logs: %(logs)s. Ctrl-C ends everything.") % {"logs": stack.logs})
        while True:
            stack.check()
            time.sleep(1)


def follow(jobs: list[AnalysisJob], stack: Stack) -> None:
    """Show the jobs' progress until each has ended: a bar on a terminal, lines elsewhere."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
    ended = 0
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        line = bar.add_task(_("waiting for a worker"), total=100 * len(jobs))
        while ended < len(jobs):
            stack.check()
            if time.monotonic() > deadline:
                raise StackFailed(
                    _("The analyses did not end within %(s)d seconds.") % {"s": TIMEOUT_SECONDS}
                )
            time.sleep(0.15)
            rows = list(AnalysisJob.objects.filter(pk__in=[job.pk for job in jobs]))
            before, ended = ended, sum(row.state not in ACTIVE for row in rows)
            steps = {sentence(STEP_TEXTS, row.current_step) for row in rows if row.current_step}
            done = sum(100 if row.state not in ACTIVE else row.progress for row in rows)
            bar.update(line, completed=done, description=", ".join(sorted(steps)))
            if ended != before and not err.is_terminal:
                err.print(_("%(done)d of %(all)d recordings analysed") % {"done": ended, "all": len(jobs)})


def show(runs: list[Run]) -> bool:
    """Print what was put in beside what was found, and how the rest ended. True if all ended as they should."""
    table = Table(_("patient"), _("exercise"), _("put in"), _("found"), _("overall"), _("pronunciation"),
                  _("fluency"), _("rhythm"), _("pitch"))  # fmt: skip
    for run in runs:
        run.job.refresh_from_db()
        if run.practised.in_table:
            recording = run.practised.recording
            table.add_row(recording.patient.code, recording.exercise.text, *_row(run.practised, run.job))
    out.print(table)
    rest = [run for run in runs if not run.practised.in_table]
    out.print(summary(rest))
    for run in rest:
        if not run.ended_well:
            out.print(
                f"[red]{run.practised.recording}: {run.job.get_state_display()} {run.job.error_text}[/]"
            )
    return all(run.ended_well for run in runs)


def _row(each: Practised, job: AnalysisJob) -> list[str]:
    text = each.recording.exercise.text
    said = "\n".join(put_in(mistake, text) for mistake in each.mistakes) or _("nothing wrong")
    if job.state != JobState.SUCCEEDED:
        return [said, f"[red]{job.get_state_display()}: {job.error_text}[/]", *["–"] * 5]
    result = job.result
    found = "\n".join(
        "[green]✓[/]" if is_found(mistake, result) else _("not found") for mistake in each.mistakes
    )
    scores = (result.overall_score, result.pronunciation_accuracy, result.fluency_score, result.rhythm_score,
              result.pitch_score)  # fmt: skip
    return [said, found, *map(number, scores)]
