"""`monitor`: a screen that is drawn anew each second, and a line of JSON a second for scripts."""

from __future__ import annotations

import itertools
import os
import select
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.live import Live
from rich.text import Text

from tasks_admin.commands import snapshot, tables
from tasks_admin.commands.action import Action, Options
from tasks_admin.commands.look import code_of
from tasks_admin.commands.output import DONE, out, print_line
from tasks_admin.commands.parser import positive, seconds

KEY_SECONDS = 0.1


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--interval", type=seconds, default=1.0, metavar="SECONDS", help=_("seconds between two looks (default: 1)")
    )  # fmt: skip
    parser.add_argument("--count", type=positive, metavar="N", help=_("end after so many looks"))


def monitor(options: Options) -> int:
    """Watch until `q` or Ctrl-C. Where nobody could press a key, one look is printed, and it ends."""
    try:
        if options["json"]:
            return _lines(options["interval"], options["count"])
        if sys.stdin.isatty() and out.is_terminal:
            return _screen(options["interval"], options["count"])
    except KeyboardInterrupt:
        return DONE
    except BrokenPipeError:  # whoever read the lines has seen enough
        sys.stdout = None  # or Python would complain once more when it ends
        return DONE
    found = snapshot.take()
    out.print(tables.screen(found))
    return code_of(found)


def _lines(interval: float, count: int | None) -> int:
    pause = threading.Event()
    for number in itertools.count(1):
        found = snapshot.take()
        print_line(found)
        if number == count:
            return code_of(found)
        pause.wait(interval)
    return DONE


class Watcher(threading.Thread):
    """Takes the snapshots, so that keys are answered also while Redis or a worker is waited for."""

    def __init__(self, interval: float, count: int | None) -> None:
        super().__init__(name="watcher", daemon=True)
        self.interval, self.count = interval, count
        self.found: dict[str, Any] | None = None
        self.error: BaseException | None = None
        self.ending = threading.Event()

    def run(self) -> None:
        try:
            for number in itertools.count(1):
                self.found = snapshot.take()
                if number == self.count or self.ending.wait(self.interval):
                    return
        except Exception as error:  # noqa: BLE001 - shown by who watches, and ends the command
            self.error = error
        finally:
            connections.close_all()


def _screen(interval: float, count: int | None) -> int:
    watcher = Watcher(interval, count)
    watcher.start()
    with _keys() as pressed, Live(console=out, screen=True, auto_refresh=False) as live:
        while watcher.is_alive() and pressed(KEY_SECONDS) not in {b"q", b"Q"}:
            live.update(_drawn(watcher.found), refresh=True)
    watcher.ending.set()
    if watcher.error:
        raise watcher.error
    return DONE


def _drawn(found: dict[str, Any] | None) -> Any:
    return tables.screen(found, keys=_("q leaves")) if found else Text(_("looking ..."))


@contextmanager
def _keys() -> Iterator[Callable[[float], bytes]]:
    """Keys as they are pressed: a function that waits so long for one, and answers with it or nothing."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield lambda patience: os.read(terminal, 1) if select.select([terminal], [], [], patience)[0] else b""
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


MONITOR = Action(
    "monitor", gettext_lazy("a live screen of queues, workers, running jobs and throughput; q leaves"), monitor,
    _arguments,
    codes={0: gettext_lazy("it was left, or the last look found a worker"), 1: gettext_lazy("no worker answers")},
)  # fmt: skip
