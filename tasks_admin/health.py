"""Is the system fit to work? Each check answers in words."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import psutil
from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from tasks_admin import broker, clock, fleet
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.models import BeatLease, WorkerBeat

# So long does a check have; one that hangs, on a disk that is gone, is left behind.
PATIENCE_SECONDS = 5.0
# Percent in use.
FULLEST_DISK, FULLEST_MEMORY = 95.0, 97.0
LATEST_TICK_SECONDS = 120.0

log = logging.getLogger(__name__)


class Unfit(Exception):
    """A check's finding, in words for an administrator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: ``ok``, how long it took (s) and, if not ok, what is wrong."""

    name: str
    ok: bool
    seconds: float
    message: str = ""


def examine(names: Iterable[str] | None = None) -> list[Finding]:
    """Run these checks, or all, at the same time. It takes ``PATIENCE_SECONDS`` at most, and raises nothing."""
    runs = [_Run(name, CHECKS[name]) for name in (CHECKS if names is None else names)]
    for run in runs:
        run.start()
    until = time.monotonic() + PATIENCE_SECONDS
    for run in runs:
        run.join(max(0.0, until - time.monotonic()))
    return [run.finding() for run in runs]


def report(findings: list[Finding]) -> dict[str, Any]:
    """The findings as a task's result."""
    return {
        "ok": all(f.ok for f in findings),
        "wrong": [f.name for f in findings if not f.ok],
        "checks": [asdict(f) for f in findings],
    }


def check_database() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    executor = MigrationExecutor(database)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Unfit(f"{len(missing)} migrations are not applied: run manage.py migrate")


def check_broker() -> None:
    """A message there and back, by a queue of its own."""
    token = secrets.token_hex(8)
    with broker.connection(current_app) as line:
        probe = line.SimpleQueue(f"tasks_admin.probe.{token}", no_ack=True, serializer="json")
        try:
            probe.put(token)
            if probe.get(timeout=2).payload != token:
                raise Unfit("a message came back changed")
        except probe.Empty as error:
            raise Unfit("a message did not come back") from error
        finally:
            probe.queue.delete()
            probe.close()


def check_result_backend() -> None:
    current_app.backend.client.ping()


def check_redis_keeps_messages() -> None:
    """Refuse a Redis that would delete queued work without an error, or forget it when it restarts."""
    with broker.connection(current_app) as line:
        policy = line.default_channel.client.info("memory").get("maxmemory_policy")
        persistence = line.default_channel.client.info("persistence")
    if policy != "noeviction":
        raise Unfit(f"Redis evicts keys ({policy}), queued work among them: set maxmemory-policy noeviction")
    if not persistence.get("aof_enabled"):
        raise Unfit("Redis keeps no append-only file and loses queued work at a restart: set appendonly yes")


def check_storage() -> None:
    """Write, read and delete a small file where the recordings are kept."""
    token = secrets.token_bytes(16)
    name = default_storage.save(f"health/{secrets.token_hex(8)}", ContentFile(token))
    try:
        with default_storage.open(name) as kept:
            if kept.read() != token:
                raise Unfit("a file read back differs from what was written")
    finally:
        default_storage.delete(name)


def check_consumers() -> None:
    """By the workers' own rows: nobody is asked, so nobody is waited for."""
    read = {queue for row in fleet.alive().filter(role=WorkerBeat.Role.WORKER) for queue in row.queues}
    if missing := [queue for queue in current_app.amqp.queues if queue not in read]:
        raise Unfit(f"no worker reads {', '.join(missing)}: start one with manage.py tasks worker")


def check_beat() -> None:
    if not BeatLease.objects.filter(ticked_at__gt=clock.after(-LATEST_TICK_SECONDS)).exists():
        raise Unfit(
            "beat has not looked at the schedules for two minutes: start one with manage.py tasks beat"
        )


def check_disk() -> None:
    used = fleet.disk_used()
    if used is not None and used > FULLEST_DISK:
        raise Unfit(f"the disk of the files is full to {used:.0f} %")


def check_memory() -> None:
    used = psutil.virtual_memory().percent
    if used > FULLEST_MEMORY:
        raise Unfit(f"{used:.0f} % of this machine's memory is in use")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "result_backend": check_result_backend,
    "redis_keeps_messages": check_redis_keeps_messages,
    "storage": check_storage,
    "consumers": check_consumers,
    "beat": check_beat,
    "disk": check_disk,
    "memory": check_memory,
}
# What a web server needs to do all of its work: workers and beat are others' business.
READY = ("database", "migrations", "broker", "result_backend", "storage")


class _Run(threading.Thread):
    """One check, in a thread with connections of its own."""

    def __init__(self, name: str, check: Callable[[], None]) -> None:
        super().__init__(name=f"health-{name}", daemon=True)
        self.check, self.began = check, time.monotonic()
        self.seconds: float | None = None
        self.message = ""

    def run(self) -> None:
        try:
            self.check()
        except Unfit as finding:
            self.message = str(finding)
        except (DatabaseError, *REDIS_AWAY) as error:
            self.message = f"{type(error).__name__}: {error}"
        except (
            Exception
        ) as error:  # a check that falls over is a finding as well, and the others are to be told
            log.exception("health: %s", self.name)
            self.message = type(error).__name__
        finally:
            connections.close_all()
            self.seconds = round(time.monotonic() - self.began, 3)

    def finding(self) -> Finding:
        seconds, message = self.seconds, self.message
        if seconds is None:
            seconds, message = PATIENCE_SECONDS, f"no answer within {PATIENCE_SECONDS:.0f} s"
        name = self.name.removeprefix("health-")
        if message:
            log.warning("health: %s: %s", name, message)
        return Finding(name, not message, seconds, message)
