"""Workers and beats: each writes a row of itself every few seconds, and others read them.

So whoever looks needs no answer from a worker, and sees those that are gone, too.
"""

from __future__ import annotations

import os
import platform
import socket
from importlib.metadata import version
from typing import Any

import psutil
from django.core.files.storage import default_storage
from django.db.models import F, QuerySet

from tasks_admin import clock
from tasks_admin.models import WorkerBeat

BEAT_SECONDS = 10.0
# A worker that was not heard of for so long does not count as a consumer ...
ALIVE_SECONDS = 40.0
# ... and after so long nobody waits for it any more.
FORGOTTEN_SECONDS = 3600.0
PACKAGES = ("celery", "kombu", "django", "redis")


class Life:
    """This process, as it tells of itself.

    Parameters
    ----------
    name : str
        Under which it holds leases: unique to this life of it.
    node : str
        As it is called by Celery.
    consumer : celery.worker.consumer.Consumer, optional
        Of a worker; None for a beat.
    """

    def __init__(self, name: str, node: str, consumer: Any = None) -> None:
        self.name, self.node, self.consumer = name, node, consumer
        self._process = psutil.Process()

    def beat(self) -> None:
        """Write the row."""
        known = WorkerBeat.objects.filter(pk=self.name)
        now = self._now()
        if not known.update(**now, seen_at=clock.now(), ended_at=None):
            WorkerBeat.objects.create(
                name=self.name, node=self.node, host=socket.gethostname(), pid=os.getpid(),
                role=WorkerBeat.Role.WORKER if self.consumer else WorkerBeat.Role.BEAT, versions=versions(),
                started_at=clock.now(), seen_at=clock.now(), **now,
            )  # fmt: skip
        self._replace()

    def leave(self) -> None:
        """Close the row: nobody is to wait for this process."""
        WorkerBeat.objects.filter(pk=self.name).update(ended_at=clock.now())

    def _replace(self) -> None:
        """Close the rows of earlier lives that died without a word."""
        earlier = WorkerBeat.objects.filter(node=self.node, ended_at=None).exclude(pk=self.name)
        earlier.filter(seen_at__lt=clock.after(-ALIVE_SECONDS)).update(ended_at=F("seen_at"))

    def _now(self) -> dict[str, Any]:
        return {
            "queues": list(self.consumer.app.amqp.queues.consume_from) if self.consumer else [],
            "pool": type(self.consumer.pool).__module__.rpartition(".")[2] if self.consumer else "",
            "slots": int(self.consumer.pool.num_processes or 0) if self.consumer else 0,
            "memory": _memory(self._process),
            "memory_used": psutil.virtual_memory().percent,
            "disk_used": disk_used(),
        }


def versions() -> dict[str, str]:
    """Of Python and of what tasks run on."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def disk_used() -> float | None:
    """Percent of the disk that holds the storage; None for a storage without one."""
    try:
        return float(psutil.disk_usage(default_storage.path("")).percent)
    except (NotImplementedError, FileNotFoundError):
        return None


def _memory(process: psutil.Process) -> int:
    """Bytes of the process and its children. What they share counts once each: an upper bound."""
    total = 0
    for each in (process, *process.children()):
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:  # a child that ended meanwhile
            continue
    return total


def expected() -> QuerySet[WorkerBeat]:
    """Those that have not left, and are not given up."""
    return WorkerBeat.objects.filter(ended_at=None, seen_at__gt=clock.after(-FORGOTTEN_SECONDS))


def alive() -> QuerySet[WorkerBeat]:
    """Those that were heard of lately."""
    return WorkerBeat.objects.filter(ended_at=None, seen_at__gt=clock.after(-ALIVE_SECONDS))
