"""The faults, and what each may cost at most."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis

from bench.chaos.stack import Scene, Worker, say
from bench.servers import wait_until

# The lease of a job is 30 s: a worker that is frozen for longer has lost what it held.
FROZEN_SECONDS = 40.0
REDIS_STOPPED_SECONDS = 60.0
POSTGRES_STOPPED_SECONDS = 30.0
LATE_SECONDS = 5.0
CANCEL_EACH = 10
# Address space, in KiB: a worker starts in less, and 16 MiB more at a time soon meets its end.
MEMORY_LIMIT = 1_500_000
LIMITED = ("sh", "-c", f'ulimit -v {MEMORY_LIMIT} && exec "$@"', "sh")


@dataclass(frozen=True)
class Fault:
    """What goes wrong while jobs are submitted.

    ``strike`` returns when the fault is over: what was killed or stopped is there again. ``per_second`` is the pace
    of submitting, above what the workers can do where the fault is short, so that every child has work in hand:
    a fault that ``loses_attempts`` has to meet some.
    """

    name: str
    strike: Callable[[Scene], None]
    per_second: float = 20.0
    within: float = 90.0  # s, from the end of the fault to the end of the last errand
    poison: str = "nap"
    poisoned: int = 0
    web_deaths: int = 0
    cancels: bool = True  # now and then somebody cancels what waits or what runs
    persistent: bool = True
    prefix: tuple[str, ...] = ()
    workers_survive: bool = False
    loses_attempts: bool = False
    submit_within: float | None = None

    def web(self, jobs: int) -> list[str]:
        """The web process's arguments."""
        return [
            f"--jobs={jobs}", f"--per-second={self.per_second}", f"--poison={self.poison}",
            f"--poisoned={self.poisoned}", f"--deaths={self.web_deaths}",
            f"--cancel-each={CANCEL_EACH if self.cancels else 0}",
        ]  # fmt: skip


def _child_kill(scene: Scene) -> None:
    for part in (0.15, 0.3, 0.45, 0.6, 0.75, 0.9):
        scene.until(part)
        worker = random.choice(scene.workers).program  # noqa: S311
        child = random.choice(worker.children())  # noqa: S311
        say(f"kill -9 of child {child} of worker {worker.name}")
        os.kill(child, signal.SIGKILL)


def _worker_kill(scene: Scene) -> None:
    for part, worker in zip((0.3, 0.6), scene.workers, strict=True):
        scene.until(part)
        say(f"kill -9 of worker {worker.program.name} and its children")
        worker.kill()


def _redis_kill(scene: Scene) -> None:
    for part in (0.3, 0.7):
        scene.until(part)
        say("kill -9 of Redis")
        scene.redis.kill()


def _flushall(scene: Scene) -> None:
    for part in (0.4, 0.8):
        scene.until(part)
        say("FLUSHALL")
        Redis.from_url(scene.redis.program.url).flushall()


def _redis_stop(scene: Scene) -> None:
    scene.until(0.1)
    say(f"Redis is stopped for {REDIS_STOPPED_SECONDS:.0f} s")
    with scene.redis.away():
        time.sleep(REDIS_STOPPED_SECONDS)


def _postgres_restart(scene: Scene) -> None:
    for part in (0.3, 0.7):
        scene.until(part)
        say("PostgreSQL is restarted, immediately")
        scene.postgres.kill()


def _postgres_stop(scene: Scene) -> None:
    scene.until(0.5)
    say(f"PostgreSQL is stopped for {POSTGRES_STOPPED_SECONDS:.0f} s")
    with scene.postgres.away():
        time.sleep(POSTGRES_STOPPED_SECONDS)


def _sigterm(scene: Scene) -> None:
    for part, worker in zip((0.3, 0.6), scene.workers, strict=True):
        scene.until(part)
        say(f"SIGTERM to worker {worker.program.name}")
        worker.leave()


def _while_submitting(scene: Scene) -> None:
    scene.until_submitted()


def _twice(scene: Scene) -> None:
    """Each message comes twice at once, by ERRANDS_SENT, and again when most of the errands have ended."""
    from bench.errands.models import Errand
    from bench.errands.tasks import run_errand
    from tasks_admin.broker import producer

    scene.until_submitted()
    time.sleep(LATE_SECONDS)
    say("every message comes once more")
    with producer() as line:
        for errand in Errand.objects.all():
            run_errand.send(errand, line)


def _frozen(scene: Scene) -> None:
    scene.until(0.2)
    worker = scene.workers[0].program
    wait_until(lambda: _stopped_at_work(worker), 30, "a worker with an errand in hand")
    say(f"worker {worker.name} and its children are frozen for {FROZEN_SECONDS:.0f} s")
    time.sleep(FROZEN_SECONDS)
    worker.send(signal.SIGCONT)


def _stopped_at_work(worker: Worker) -> bool:
    """Stop the worker if it has an errand in hand, and still has it then."""
    from bench.errands.models import Errand

    held = Errand.objects.filter(state=Errand.State.RUNNING, worker__startswith=f"{worker.name}@")
    if not held.exists():
        return False
    worker.send(signal.SIGSTOP)
    if not held.exists():
        worker.send(signal.SIGCONT)
        return False
    return True


_ALL = [
    Fault("child-kill", _child_kill, loses_attempts=True, workers_survive=True),
    Fault("worker-kill", _worker_kill, loses_attempts=True),
    Fault("redis-kill", _redis_kill),
    Fault("redis-kill-memory", _redis_kill, persistent=False),
    Fault("flushall", _flushall),
    # Its length, not the pace, is what makes this one hard: submitting goes on all the while.
    Fault("redis-stop", _redis_stop, per_second=3.3, submit_within=1.2),
    Fault("postgres-restart", _postgres_restart),
    Fault("postgres-stop", _postgres_stop),
    Fault("twice", _twice, prefix=("env", "ERRANDS_SENT=2")),
    Fault("sigterm", _sigterm),
    Fault("web-kill", _while_submitting, web_deaths=12),
    Fault("poison", _while_submitting, poison="kill_child", poisoned=4, workers_survive=True),
    # Three failures of a lease each, and the restarts and pauses between them.
    Fault("poison-worker", _while_submitting, within=150.0, poison="kill_worker", poisoned=2),
    Fault("memory-error", _while_submitting, poison="fill_memory", poisoned=5, workers_survive=True),
    Fault(
        "memory-limit", _while_submitting, poison="hoard", poisoned=5, workers_survive=True, prefix=LIMITED
    ),
    # Nothing is cancelled, lest it be what the frozen worker holds: that is to be done by the other one.
    Fault("frozen", _frozen, per_second=4.0, cancels=False, loses_attempts=True),
]
FAULTS = {fault.name: fault for fault in _ALL}
