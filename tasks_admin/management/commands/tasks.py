"""`manage.py tasks`: run and watch the task system."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from tasks_admin.console import ACTIONS

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
# gevent, eventlet and solo would stop the heartbeat during native code, and the lease with it.
POOLS = ["prefork", "threads"]


class Command(BaseCommand):
    help = _("Run and watch the task system.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(
            dest="action", required=True, metavar="worker|beat|status|health|test"
        )
        self._add_worker(actions.add_parser("worker", help=_("run a worker until Ctrl-C")))
        beat = actions.add_parser("beat", help=_("run the scheduler until Ctrl-C"))
        beat.add_argument("--loglevel", choices=LEVELS)
        status = actions.add_parser(
            "status", help=_("show queues, workers and jobs; exit 1 if nothing works")
        )
        health = actions.add_parser("health", help=_("examine database, Redis and storage; exit 1 if unfit"))
        self._add_test(test := actions.add_parser("test", help=_("send a test task and wait for the answer")))
        for action in (status, health, test):
            action.add_argument("--json", action="store_true", help=_("print JSON, for scripts"))

    def _add_worker(self, worker: ArgumentParser) -> None:
        worker.add_argument(
            "-Q", "--queues", type=lambda names: [name.strip() for name in names.split(",") if name.strip()],
            help=_("queues to serve, first to last, separated by commas (default: all)"),
        )  # fmt: skip
        worker.add_argument("-c", "--concurrency", type=positive, help=_("processes (default: one a core)"))
        worker.add_argument("--pool", choices=POOLS, default="prefork", help=_("kind of pool"))
        worker.add_argument("-n", "--name", help=_("the worker's name before the @"))
        worker.add_argument("--loglevel", choices=LEVELS)
        worker.add_argument(
            "--max-tasks-per-child", type=positive, help=_("tasks before a process is replaced")
        )

    def _add_test(self, test: ArgumentParser) -> None:
        test.add_argument("--message", default="hello", help=_("what the worker is to answer"))
        test.add_argument("--queue", default="maintenance", help=_("the queue to send it to"))
        test.add_argument("--timeout", type=float, default=10.0, help=_("seconds to wait"))

    def handle(self, *args: Any, **options: Any) -> None:
        code = ACTIONS[options["action"]](options)
        if code:
            sys.exit(code)


def positive(text: str) -> int:
    """An argument that is a whole number above zero."""
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(_("%(text)s is not a whole number above zero") % {"text": text})
    return int(text)
