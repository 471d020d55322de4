"""The whole stack in one terminal: two workers, beat and the site, ended with whoever started them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from vocalborn.keeper import end, keep

READY_SECONDS = 120.0


class StackFailed(RuntimeError):
    """A part of the stack ended or did not come up; the message has the end of its log."""


class Stack:
    """Two workers, beat and the web server, with their logs in one folder.

    The second worker takes only the small queues: one that reads all three in strict order would starve them.
    """

    def __init__(self, logs: Path, port: int) -> None:
        self.logs = logs
        self.url = f"http://127.0.0.1:{port}/"
        self._programs = {
            "worker": ["manage.py", "tasks", "worker", "--name", "analysis"],
            "maintenance": [
                "manage.py",
                "tasks",
                "worker",
                "-Q",
                "maintenance,health",
                "-c",
                "1",
                "-n",
                "maintenance",
            ],
            "beat": ["manage.py", "tasks", "beat"],
            "web": [
                "-m",
                "uvicorn",
                "vocalborn.asgi:application",
                "--port",
                str(port),
                "--log-level",
                "warning",
                "--timeout-graceful-shutdown",  # an open stream would hold it for ever
                "5",
            ],
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        for name, arguments in self._programs.items():
            self._log(name).unlink(missing_ok=True)
            self._running[name] = keep([sys.executable, *arguments], self._log(name))
            self._ends.callback(end, self._running[name])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self._running.values():
            if keeper.stdin:
                keeper.stdin.close()  # all at once, then wait for each
        self._ends.close()

    def check(self) -> None:
        """Raise :class:`StackFailed` if a part has ended."""
        for name, keeper in self._running.items():
            if keeper.poll() is not None:
                tail = self._log(name).read_text(errors="replace")[-1500:]
                raise StackFailed(f"{name} ended with {keeper.returncode}; {self._log(name)} ends:\n{tail}")

    def wait_for_web(self) -> None:
        """Until the login page answers."""
        deadline = time.monotonic() + READY_SECONDS
        while trouble := self._trouble():
            self.check()
            if time.monotonic() > deadline:
                raise StackFailed(f"no page at {self.url} within {READY_SECONDS:.0f} s: {trouble}")
            time.sleep(0.2)

    def _trouble(self) -> str:
        """Why the login page cannot be had; empty where it can."""
        try:
            with urllib.request.urlopen(f"{self.url}admin/login/", timeout=5):  # noqa: S310 - our own loopback
                return ""
        except OSError as error:  # an HTTP error status is one too
            return str(error)

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def free_port(wanted: int) -> int:
    """``wanted``, or the next port above it that nothing listens on."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StackFailed(f"no free port from {wanted} to {wanted + 99}")
