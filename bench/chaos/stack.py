"""Two servers, two workers and a web process of the harness's own, and who starts them again when they die."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from bench.chaos.journal import Journal
from bench.servers import ROOT, Postgres, Program, Redis, tail, wait_until

# As systemd's Restart=always with RestartSec=1.
RESTART_SECONDS = 1.0
LOOK_SECONDS = 0.05
READY_SECONDS = 90.0
SUBMITTING_SECONDS = 240.0
WORKERS = ("one", "two")
CHILDREN = 2

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """What is happening, for whoever watches."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {text}", file=sys.stderr, flush=True)


class Group(Program):
    """A program whose whole process group dies with it, as a container does."""

    def send(self, which: signal.Signals) -> None:
        """Send a signal to the main process and its children alike."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, which)

    def start(self) -> None:
        self.kill()  # whom its last life left behind
        super().start()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        super().kill()

    def options(self) -> dict[str, Any]:
        return {"cwd": ROOT}


class Worker(Group):
    """A worker with two children. ``prefix`` is the command that starts it in surroundings of its own."""

    def __init__(self, folder: Path, name: str, prefix: Sequence[str]) -> None:
        super().__init__(folder)
        self.name, self.prefix = name, prefix

    def command(self) -> list[str]:
        worker = [sys.executable, "manage.py", "tasks", "worker", "-n", self.name, "-c", str(CHILDREN)]
        return [*self.prefix, *worker]

    def answers(self) -> bool:
        return True  # at once: it is ready some seconds later, as it is when it is started again

    def ready(self) -> bool:
        """Whether its first life has begun to work."""
        return "ready." in self.log.read_text(errors="replace")

    def children(self) -> list[int]:
        """The process ids of its pool."""
        pid = self.process.pid if self.process else 0
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Web(Group):
    """The process that submits: :mod:`bench.chaos.web`."""

    def __init__(self, folder: Path, arguments: Sequence[str], prefix: Sequence[str]) -> None:
        super().__init__(folder)
        self.arguments, self.prefix = arguments, prefix
        self.journal = Journal(folder / "journal.jsonl")

    def __exit__(self, *_: object) -> None:
        self.kill()

    def command(self) -> list[str]:
        web = [sys.executable, "-m", "bench.chaos.web", str(self.journal.path), *self.arguments]
        return [*self.prefix, *web]

    def answers(self) -> bool:
        return True

    def ended(self) -> bool:
        """Whether all is submitted. Raises RuntimeError where the process has failed."""
        code = self.process.poll() if self.process else None
        if code:
            raise RuntimeError(f"the web process ended with {code}:\n{tail(self.log)}")
        return code == 0


P = TypeVar("P", bound=Program)


class Supervisor(threading.Thread, Generic[P]):
    """Keeps one program running: started again a second after it died, unless it is to stay away."""

    def __init__(self, program: P) -> None:
        super().__init__(name=f"supervisor of {program.log.stem}", daemon=True)
        self.program = program
        self.restarts = 0
        self._away = False
        self._ending = threading.Event()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        try:
            self.program.start()
        except BaseException:  # what did not answer, or was not waited for, runs all the same
            self.program.kill()
            raise
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        with self._lock:
            self.program.kill()
        self.join()

    def run(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            if self._missing() and not self._ending.wait(RESTART_SECONDS):
                self._revive()

    def kill(self) -> None:
        """End it at once, and return when it is there again."""
        restarts = self.restarts
        with self._lock:
            self.program.kill()
        self.wait_revived(restarts)

    def leave(self) -> None:
        """Ask it to leave in order, and return when it is there again."""
        restarts = self.restarts
        with self._lock:
            self.program.stop()
        self.wait_revived(restarts)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped in order while the block runs."""
        with self._lock:
            self._away = True
            self.program.stop()
        yield
        with self._lock:
            self._away = False
            self.program.start()

    def wait_revived(self, restarts: int) -> None:
        wait_until(lambda: self.restarts > restarts, 60, f"{self.name} starts it again")

    def _missing(self) -> bool:
        process = self.program.process
        return not self._away and (process is None or process.poll() is not None)

    def _revive(self) -> None:
        with self._lock:
            if not self._missing() or self._ending.is_set():
                return
            try:
                self.program.start()
            except (RuntimeError, TimeoutError) as error:  # the next look tries again
                say(f"{self.name}: {error}")
            else:
                self.restarts += 1


@dataclass(frozen=True)
class Scene:
    """What one fault strikes: all of it runs, and the web process is submitting."""

    jobs: int
    postgres: Supervisor[Postgres]
    redis: Supervisor[Redis]
    workers: list[Supervisor[Worker]]
    web: Web

    def until(self, part: float) -> None:
        """Until this part of the jobs has been submitted: what strikes then meets work in hand."""
        wait_until(lambda: self._submitted() >= part * self.jobs, SUBMITTING_SECONDS, "submitting")

    def until_submitted(self) -> None:
        """Until the web process has ended."""
        wait_until(self.web.ended, SUBMITTING_SECONDS, "all is submitted")

    def _submitted(self) -> int:
        self.web.ended()
        return self.web.journal.submitted()


@dataclass(frozen=True)
class Stack:
    """PostgreSQL, which all faults share, and what each of them has afresh: Redis, workers, web process."""

    folder: Path
    postgres: Supervisor[Postgres]
    redis_port: int

    @contextmanager
    def scene(
        self, name: str, jobs: int, *, web: Sequence[str], prefix: Sequence[str], persistent: bool
    ) -> Iterator[Scene]:
        """Start what the fault called ``name`` needs, and end it. The logs are in a folder of that name."""
        folder = self.folder / name
        redis = Redis(folder / "redis", persistent=persistent)
        redis.port = self.redis_port
        with ExitStack() as ends:
            supervised = ends.enter_context(Supervisor(redis))
            workers = [
                ends.enter_context(Supervisor(Worker(folder / each, each, prefix))) for each in WORKERS
            ]
            wait_until(
                lambda: all(each.program.ready() for each in workers), READY_SECONDS, "workers are ready"
            )
            producer = ends.enter_context(Web(folder / "web", web, prefix))
            yield Scene(jobs, self.postgres, supervised, workers, producer)
