"""The sub-commands of `manage.py tasks`, each a function of its options that returns an exit code."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from celery import current_app
from celery.exceptions import TimeoutError as NoAnswer
from celery.result import AsyncResult
from django.conf import settings
from django.core.management.base import CommandError
from django.db.models import Count
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tasks_admin import health
from tasks_admin.broker import REDIS_AWAY, producer
from tasks_admin.job_kinds import job_models
from tasks_admin.monitor import Unavailable, monitor

WELL, UNWELL = 0, 1

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def prepare() -> None:
    """Whatever the project wants to run before Celery does, such as an embedded Redis."""
    path = settings.TASKS_ADMIN.get("PREPARE")
    try:
        if path:
            import_string(path)()
    except RuntimeError as error:
        raise CommandError(str(error)) from error


def check_queues(names: list[str]) -> None:
    """Raise CommandError for a queue that the app does not have."""
    unknown = [queue for queue in names if queue not in monitor.queues()]
    if unknown:
        raise CommandError(
            _("No queue %(queue)s. There are: %(queues)s.")
            % {"queue": ", ".join(unknown), "queues": ", ".join(monitor.queues())}
        )


def worker(options: dict[str, Any]) -> int:
    """Run a worker in this process until it is told to leave."""
    queues = options["queues"] or monitor.queues()
    check_queues(queues)
    prepare()
    argv = [*_quiet(), "worker", f"--queues={','.join(queues)}", f"--pool={options['pool']}"]
    argv.append(f"--loglevel={options['loglevel'] or settings.CELERY_LOG_LEVEL}")
    argv.append(f"--hostname={options['name'] or f'worker{os.getpid()}'}@%h")
    if options["concurrency"]:
        argv.append(f"--concurrency={options['concurrency']}")
    if options["max_tasks_per_child"]:
        argv.append(f"--max-tasks-per-child={options['max_tasks_per_child']}")
    current_app.worker_main(argv)
    return WELL


def beat(options: dict[str, Any]) -> int:
    """Run the scheduler in this process until it is told to leave."""
    prepare()
    level = options["loglevel"] or settings.CELERY_LOG_LEVEL
    current_app.start([*_quiet(), "beat", f"--loglevel={level}", "--pidfile="])
    return WELL


def status(options: dict[str, Any]) -> int:
    """Show queues, workers and jobs. Unwell: Redis away, or no worker."""
    found: dict[str, Any] = {"redis": "ok", "queues": {}, "workers": {}, "jobs": _jobs()}
    try:
        found["queues"] = {queue: monitor.get_queue_length(queue) for queue in monitor.queues()}
        found["workers"] = monitor.get_worker_stats()
    except Unavailable as error:
        found["redis"] = str(error)
    if options["json"]:
        print_json(found)
    else:
        _show_status(found)
    return WELL if found["redis"] == "ok" and found["workers"] else UNWELL


def test(options: dict[str, Any]) -> int:
    """Send a test task and wait for a worker's answer."""
    check_queues([options["queue"]])
    task = current_app.tasks["tasks_admin.tasks.test_task"]
    try:
        with producer() as line:
            sent = task.apply_async([options["message"]], queue=options["queue"], producer=line, retry=False)
        answer = _await(sent, options["timeout"])
    except REDIS_AWAY as error:
        raise CommandError(_("Redis does not answer: %(error)s") % {"error": error}) from error
    if answer is None:
        raise CommandError(
            _("No worker answered on queue %(queue)s within %(seconds)s seconds.")
            % {"queue": options["queue"], "seconds": options["timeout"]}
        )
    if options["json"]:
        print_json(answer)
    else:
        out.print(_("%(worker)s answered: %(message)s") % answer)
    return WELL


def check_health(options: dict[str, Any]) -> int:
    """Examine the system from here."""
    findings = health.examine()
    if options["json"]:
        print_json(health.report(findings))
    else:
        table = Table(_("check"), _("state"), _("seconds"), _("message"))
        for finding in findings:
            table.add_row(finding.name, _mark(finding.ok), f"{finding.seconds:.3f}", finding.message)
        out.print(table)
    return WELL if all(finding.ok for finding in findings) else UNWELL


ACTIONS: dict[str, Callable[[dict[str, Any]], int]] = {
    "worker": worker,
    "beat": beat,
    "status": status,
    "health": check_health,
    "test": test,
}


def _quiet() -> list[str]:
    """Celery's banner is no JSON."""
    return ["--quiet"] if getattr(settings, "LOG_FORMAT", "") == "json" else []


def print_json(found: Any) -> None:
    """For scripts: standard output carries this and nothing else."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n")


def _await(sent: AsyncResult[Any], seconds: float) -> dict[str, Any] | None:
    deadline = time.monotonic() + seconds
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


def _jobs() -> dict[str, dict[str, int]]:
    counted = {}
    for model in job_models():
        rows = model.objects.order_by().values_list("state").annotate(Count("pk"))
        counted[model._meta.label] = dict(rows)
    return counted


def _mark(ok: bool) -> str:
    return "[green]ok[/]" if ok else "[red]!![/]"


def _show_status(found: dict[str, Any]) -> None:
    if found["redis"] != "ok":
        err.print(_("[red]Redis does not answer:[/] %(error)s") % {"error": found["redis"]})
    queues = Table(_("queue"), _("waiting"))
    for queue, length in found["queues"].items():
        queues.add_row(queue, str(length))
    workers = Table(_("worker"), _("queues"), _("slots"), _("running"))
    for name, said in found["workers"].items():
        workers.add_row(name, ", ".join(said["queues"]), str(said["slots"]), str(len(said["running"])))
    jobs = Table(_("jobs"), _("state"), _("count"))
    for label, states in found["jobs"].items():
        for state, count in sorted(states.items()):
            jobs.add_row(label, state, str(count))
    for table in (queues, workers, jobs):
        out.print(table)
    if not found["workers"]:
        err.print(_("[yellow]No worker answers.[/] Start one: manage.py tasks worker"))
