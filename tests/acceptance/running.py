"""`manage.py tasks` in a process of its own, for the tests."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout
from contextvars import Context
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import ManagementUtility
from django.utils import translation

from tests.conftest import ROOT, free_port, wait_for

DONE, NOT_DONE, REFUSED, AWAY = 0, 1, 2, 3


def tasks(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "tasks", *arguments],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def here(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in this process, for the many ways to call one command: a start of Python each is what costs."""
    out, err = StringIO(), StringIO()
    argv = ["manage.py", command, *arguments]
    with redirect_stdout(out), redirect_stderr(err):
        # In a context of its own, as a shell has none of an earlier request's.
        code = Context().run(_ended_with, argv)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())


def _ended_with(argv: list[str]) -> int:
    with translation.override(settings.LANGUAGE_CODE):
        try:
            ManagementUtility(argv).execute()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def told(environment: dict[str, str], code: int, *arguments: str) -> Any:
    """What it says with `--json`, having ended with ``code``."""
    return _read(tasks(environment, *arguments, "--json"), code)


def told_here(code: int, *arguments: str) -> Any:
    """The same in this process."""
    return _read(here("tasks", *arguments, "--json"), code)


def _read(found: subprocess.CompletedProcess[str], code: int) -> Any:
    assert found.returncode == code, found.stderr
    return json.loads(found.stdout)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.keys, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 140, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "tasks", *arguments], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
            env=environment | {"TERM": "xterm-256color", "COLUMNS": "140", "LINES": "50"}, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._said = ""
        self._ended = False

    def said(self) -> str:
        while not self._ended and select.select([self.keys], [], [], 0)[0]:
            try:
                self._said += os.read(self.keys, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
        return self._said

    def type(self, text: str) -> None:
        os.write(self.keys, text.encode())

    def end(self) -> int:
        try:
            wait_for(lambda: self.said() and self.process.poll() is not None, 20, self.said)
            return self.process.wait(1)
        finally:
            self.process.kill()
            self.process.wait()
            self.said()
            self._ended = True
            os.close(self.keys)


def celery(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "vocalborn", *arguments], cwd=ROOT, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def without_redis(environment: dict[str, str]) -> dict[str, str]:
    """The same installation, with nothing where its Redis should be."""
    return environment | {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(free_port()), "REDIS_URL": ""}
