"""`status`, `health` and `test`: how the system stands, whether it is fit, and whether a worker answers."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from celery import current_app
from celery.exceptions import TimeoutError as NoAnswer
from celery.result import AsyncResult
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.progress import Progress
from rich.table import Table

from tasks_admin import health
from tasks_admin.broker import REDIS_AWAY, producer
from tasks_admin.commands import snapshot, tables
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.output import AWAY, DONE, NOT_DONE, away, err, mark, out, print_json
from tasks_admin.commands.parser import seconds
from tasks_admin.commands.running import check_queues


def code_of(found: dict[str, Any]) -> int:
    """The exit code for a snapshot."""
    if not found["redis"] == found["database"] == snapshot.WELL:
        return AWAY
    return DONE if found["workers"] else NOT_DONE


def status(options: Options) -> int:
    """Show queues, workers and jobs."""
    found = snapshot.take()
    if options["json"]:
        print_json(found)
        return code_of(found)
    for line in tables.troubles(found):
        err.print(line)
    for table in tables.status(found):
        out.print(table)
    return code_of(found)


def check_health(options: Options) -> int:
    """Examine the system from here."""
    findings = health.examine()
    if options["json"]:
        print_json(health.report(findings))
    else:
        table = Table(_("check"), _("state"), _("seconds"), _("message"))
        for finding in findings:
            table.add_row(finding.name, mark(finding.ok), f"{finding.seconds:.3f}", finding.message)
        out.print(table)
    return DONE if all(finding.ok for finding in findings) else NOT_DONE


def _test_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--message", default="hello", help=_("what the worker is to answer"))
    parser.add_argument("--queue", default="maintenance", help=_("the queue to send it to"))
    parser.add_argument("--timeout", type=seconds, default=10.0, metavar="SECONDS", help=_("seconds to wait"))


def test(options: Options) -> int:
    """Send a test task and wait for a worker's answer."""
    check_queues([options["queue"]])
    task = current_app.tasks["tasks_admin.tasks.test_task"]
    try:
        with producer() as line:
            sent = task.apply_async([options["message"]], queue=options["queue"], producer=line, retry=False)
        answer = _await(sent, options["timeout"])
    except REDIS_AWAY as error:
        raise away(error) from error
    if answer is None:
        raise CommandError(
            _("No worker answered on queue %(queue)s within %(seconds)s seconds.")
            % {"queue": options["queue"], "seconds": options["timeout"]}
        )
    if options["json"]:
        print_json(answer)
    else:
        out.print(_("%(worker)s answered: %(message)s") % answer, markup=False)
    return DONE


def _await(sent: AsyncResult[Any], patience: float) -> dict[str, Any] | None:
    deadline = time.monotonic() + patience
    with Progress(console=err, transient=True) as bar:
        line = bar.add_task(_("waiting for a worker"), total=100)
        while time.monotonic() < deadline:
            try:
                answer: dict[str, Any] = sent.get(timeout=0.2)
            except NoAnswer:
                info = sent.info if isinstance(sent.info, dict) else {}
                bar.update(line, completed=info.get("progress", 0), description=info.get("current_step"))
            else:
                return answer
    return None


STATUS = Action(
    "status", gettext_lazy("show queues, workers and jobs"), status,
    codes={0: gettext_lazy("at least one worker answers"), 1: gettext_lazy("no worker answers")},
)  # fmt: skip
HEALTH = Action(
    "health", gettext_lazy("examine database, Redis and storage"), check_health,
    codes={0: gettext_lazy("fit"), 1: gettext_lazy("something is unfit or does not answer")},
)  # fmt: skip
TEST = Action(
    "test", gettext_lazy("send a test task and wait for the answer"), test, _test_arguments,
    codes={0: gettext_lazy("a worker answered"), 1: gettext_lazy("no worker answered in time")},
)  # fmt: skip
