"""`worker` and `beat`: this process becomes one, until it is told to leave."""

from __future__ import annotations

import logging
import os
from argparse import ArgumentParser

from celery import current_app
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks_admin.commands import pools
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.output import DONE, refuse, warn
from tasks_admin.commands.parser import names, positive
from tasks_admin.monitor import monitor

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

log = logging.getLogger(__name__)


def prepare() -> None:
    """Whatever the project wants to run before Celery does, such as an embedded Redis."""
    path = settings.TASKS_ADMIN.get("PREPARE")
    try:
        if path:
            import_string(path)()
    except RuntimeError as error:
        raise CommandError(str(error)) from error


def check_queues(queues: list[str]) -> None:
    """Refuse a queue that the app does not have."""
    unknown = [queue for queue in queues if queue not in monitor.queues()]
    if unknown:
        refuse(
            _("No queue %(queue)s. There are: %(queues)s.")
            % {"queue": ", ".join(unknown), "queues": ", ".join(monitor.queues())}
        )


def add_level(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--loglevel", choices=LEVELS, default=settings.CELERY_LOG_LEVEL,
        help=_("least level of the log's lines (default: %(default)s)"),
    )  # fmt: skip


def _worker_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "-Q", "--queues", type=names, metavar="A,B",
        help=_("queues to serve, first to last, separated by commas (default: all)"),
    )  # fmt: skip
    parser.add_argument(
        "-c", "--concurrency", type=positive, metavar="N", help=_("processes (default: one a core)")
    )
    parser.add_argument(
        "--pool", choices=pools.POOLS, default="prefork", help=_("kind of pool (default: %(default)s)")
    )
    parser.add_argument("-n", "--name", help=_("the worker's name before the @"))
    add_level(parser)
    parser.add_argument(
        "--max-tasks-per-child", type=positive, metavar="N", help=_("tasks before a process is replaced")
    )


def worker(options: Options) -> int:
    """Run a worker in this process."""
    queues = options["queues"] or monitor.queues()
    check_queues(queues)
    if why := pools.unfit(options["pool"], queues):
        refuse(why)
    prepare()
    plan = pools.Plan.of(options)
    # Where the log is JSON, a warning is one event of it.
    tell = log.warning if _quiet() else warn
    for warning in pools.dangers(plan):
        tell(warning)
    current_app.worker_main(_worker_argv(options, queues))
    return DONE


def _worker_argv(options: Options, queues: list[str]) -> list[str]:
    argv = [*_quiet(), "worker", f"--queues={','.join(queues)}", f"--pool={options['pool']}"]
    argv.append(f"--loglevel={options['loglevel']}")
    argv.append(f"--hostname={options['name'] or f'worker{os.getpid()}'}@%h")
    given = [name for name in ("concurrency", "max_tasks_per_child") if options[name]]
    return argv + [f"--{name.replace('_', '-')}={options[name]}" for name in given]


def _quiet() -> list[str]:
    """Celery's banner is no JSON."""
    return ["--quiet"] if getattr(settings, "LOG_FORMAT", "") == "json" else []


def beat(options: Options) -> int:
    """Run the scheduler in this process."""
    prepare()
    current_app.start([*_quiet(), "beat", f"--loglevel={options['loglevel']}", "--pidfile="])
    return DONE


WORKER = Action(
    "worker", gettext_lazy("run a worker until Ctrl-C"), worker, _worker_arguments, json=False,
    codes={0: gettext_lazy("it was told to leave, and left")},
)  # fmt: skip
BEAT = Action(
    "beat", gettext_lazy("run the scheduler until Ctrl-C"), beat, add_level, json=False,
    codes={0: gettext_lazy("it was told to leave, and left")},
)  # fmt: skip
