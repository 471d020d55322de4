"""A PostgreSQL and a Redis of a benchmark's own: on loopback, in folders that are removed afterwards.

Each keeps its port when it is started again, and both are set as production wants them: nothing is made faster by
being made less safe.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from vocalborn import embedded_redis

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 30.0
PR_SET_PDEATHSIG = 1
# PostgreSQL refuses to run as root.
POSTGRES_USER = "postgres"


class Missing(RuntimeError):
    """This machine lacks a server; the message says which, and how to install it."""


class Program(ABC):
    """A program of the benchmark's own. ``with`` starts it, and stops it."""

    leave_with = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / f"{type(self).__name__.lower()}.log"
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def command(self) -> list[str]:
        """What is run."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it is ready for work."""

    def options(self) -> dict[str, Any]:
        """What Popen is told."""
        return {"cwd": self.folder}

    def start(self) -> None:
        """Start it, on what an earlier life left in its folder, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no thread has been started here
                # Ctrl-C is for the benchmark, which then stops its programs in order.
                start_new_session=True,
                **self.options(),
            )  # fmt: skip
        wait_until(self._up, READY_SECONDS, f"{type(self).__name__} answers")

    def _up(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"{type(self).__name__} did not start:\n{tail(self.log)}")
        return self.answers()

    def stop(self) -> None:
        """Let it leave in order."""
        self._end(self.leave_with)

    def kill(self) -> None:
        """End it at once, its children too, as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, with_signal)
        try:
            self.process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


class Postgres(Program):
    """A cluster with PostgreSQL's own settings: every commit is on the disk before it is answered."""

    leave_with = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, folder: Path) -> None:
        self.programs = _postgres_programs()
        super().__init__(folder)
        self.port = free_port()
        if _is_root():
            shutil.chown(folder, POSTGRES_USER, POSTGRES_USER)

    @property
    def url(self) -> str:
        return f"postgres://vocalborn@127.0.0.1:{self.port}/postgres"

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    def command(self) -> list[str]:
        return [
            str(self.programs / "postgres"), "-D", str(self.cluster), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
        ]  # fmt: skip

    def options(self) -> dict[str, Any]:
        user = {"user": POSTGRES_USER, "group": POSTGRES_USER, "extra_groups": []} if _is_root() else {}
        return super().options() | user

    def start(self) -> None:
        if not self.cluster.exists():
            options = ["-U", "vocalborn", "--auth=trust", "--encoding=UTF8", "--no-locale"]
            subprocess.run(
                [str(self.programs / "initdb"), "-D", str(self.cluster), *options],
                check=True, stdout=subprocess.DEVNULL, **self.options(),
            )  # fmt: skip
        super().start()

    def kill(self) -> None:
        """End it at once, every connection with it: what is committed is recovered at the next start."""
        # SIGKILL would leave its children behind for a while, and they keep the next life from starting.
        self._end(signal.SIGQUIT)

    def answers(self) -> bool:
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        return subprocess.run([self.programs / "pg_isready", "-q", *address], check=False).returncode == 0


class Redis(Program):
    """A redis-server that forgets nothing and evicts nothing; ``persistent=False``: gone with its process."""

    def __init__(self, folder: Path, *, persistent: bool = True) -> None:
        try:
            self.program = embedded_redis.server()
        except embedded_redis.RedisMissing as error:
            raise Missing(str(error)) from error
        super().__init__(folder)
        self.port = free_port()
        self.persistent = persistent

    @property
    def url(self) -> str:
        """Without a database, as REDIS_URL is."""
        return f"redis://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
            "--appendonly", "yes" if self.persistent else "no", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(64).startswith(b"+PONG")  # not while it is loading
        except OSError:
            return False


class Worker(Program):
    """A worker with ``children`` prefork children on one queue."""

    leave_with = signal.SIGKILL  # what it has in hand counts for nothing once all is measured

    def __init__(self, folder: Path, environment: dict[str, str], queue: str, children: int = 2) -> None:
        super().__init__(folder)
        self.environment, self.queue, self.children = environment, queue, children

    def options(self) -> dict[str, Any]:
        return {"cwd": ROOT, "env": self.environment}

    def command(self) -> list[str]:
        return [
            sys.executable, "manage.py", "tasks", "worker", "-n", self.queue, "-Q", self.queue,
            "-c", str(self.children),
        ]  # fmt: skip

    def answers(self) -> bool:
        return "ready." in self.log.read_text(errors="replace")


def environment(postgres: Postgres, redis: Redis, data: Path) -> dict[str, str]:
    """The environment of a process that works on these servers, with production's settings."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DEBUG": "false",  # with it, Django keeps every SQL statement
        "CELERY_LOG_LEVEL": "INFO",  # production's default, and a worker says there when it is ready
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": postgres.url,
        "DATA_DIR": str(data),
        "REDIS_URL": redis.url,
        "REDIS_HOST": "",
        "REDIS_PASSWORD": "",
        # A child that is replaced in the middle of a run would be measured with it.
        "CELERY_WORKER_MAX_TASKS_PER_CHILD": "1000000",
    }


@contextmanager
def stack() -> Iterator[tuple[Path, dict[str, str]]]:
    """Both servers, with the tables made, and this process set up to work on them.

    Yields
    ------
    folder : Path
        Removed afterwards.
    environment : dict
        For workers.
    """
    with (
        temporary_folder() as folder,
        Postgres(folder / "postgres") as postgres,
        Redis(folder / "redis") as redis,
    ):
        variables = environment(postgres, redis, folder / "data")
        os.environ.update(variables)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("migrate", run_syncdb=True, verbosity=0)  # the errands' tables point to those above
        yield folder, variables


def run(figures: Iterable[dict[str, Any]]) -> int:
    """Print a benchmark's figures as they come. Returns its exit code: 2 where a server is missing."""
    # SIGTERM too lets it stop what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        for figure in figures:
            print(json.dumps(figure), flush=True)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    return 0


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for servers, which the user that PostgreSQL runs as may pass through."""
    with tempfile.TemporaryDirectory(prefix="vocalborn-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def processor_seconds() -> float:
    """The processor time that the programs started from here have used, with their children.

    Other work on the machine makes everything slower and hardly changes this. Zero where there is no /proc.
    """
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            # After the name, which may hold anything: state, parent, ..., user and system time.
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
            ticks[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
    ours: set[int] = set()
    found = {os.getpid()}
    while found:
        found = {process for process, parent in parents.items() if parent in found}
        ours |= found
    return sum(ticks[process] for process in ours) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return once ``condition()`` holds. Raises TimeoutError, which names ``what``, where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


def tail(log: Path, characters: int = 2000) -> str:
    """The end of a log."""
    return log.read_text(errors="replace")[-characters:] if log.exists() else f"(no {log})"


def _postgres_programs() -> Path:
    """Debian keeps them off the PATH, in a folder for each version: the newest wins."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise Missing("no PostgreSQL found (initdb): install it, on Debian with apt-get install postgresql")
    if _is_root():
        _postgres_user()
    return found[-1].parent if found else Path(on_path or "").resolve().parent


def _postgres_user() -> None:
    try:
        pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        raise Missing(f"PostgreSQL does not run as root, and there is no user {POSTGRES_USER}") from None


def _end_with_parent() -> None:
    """Where Linux can, nothing is left running by a benchmark that is killed itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _is_root() -> bool:
    return os.geteuid() == 0
