"""The errands' tasks: with a row, and Celery's own for comparison."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path
from typing import cast

from celery import shared_task
from kombu import Producer

from bench.errands.models import Errand
from tasks_admin.errors import PermanentError
from tasks_admin.job_task import JobTask
from tasks_admin.jobs import Job

MEBIBYTE = 2**20


class ErrandTask(JobTask):
    """Its messages are sent as often as ERRANDS_SENT says: a queue may deliver twice."""

    abstract = True

    def send(self, job: Job, producer: Producer) -> None:
        for _ in range(int(os.environ.get("ERRANDS_SENT", "1"))):
            super().send(job, producer)


@shared_task(bind=True, base=ErrandTask, job_label="errands.Errand")
def run_errand(self: JobTask, kind: str = "nap", seconds: float = 0.0) -> float:
    """Do what the row says; returns its seconds."""
    errand = cast("Errand", self.job)
    match errand.kind:
        case Errand.Kind.KILL_CHILD:
            os.kill(os.getpid(), signal.SIGKILL)
        case Errand.Kind.KILL_WORKER:
            os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        case Errand.Kind.FILL_MEMORY:
            raise MemoryError
        case Errand.Kind.HOARD:
            hoard()
        case Errand.Kind.NAP:
            nap(self, errand.seconds)
    return errand.seconds


def nap(task: JobTask, seconds: float) -> None:
    """Sleep in ten slices, with progress after each, as an analysis reports its steps."""
    for tenth in range(10 if seconds else 0):
        time.sleep(seconds / 10)
        task.progress(10 * tenth, "nap")


def hoard() -> None:
    """Take memory until there is no more: up to this process's own limit, never all that the machine has."""
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        raise PermanentError("out_of_memory")
    hoarded = []
    while True:
        hoarded.append(bytearray(16 * MEBIBYTE))


@shared_task
def raw(seconds: float = 0.0) -> float:
    """The same without a row: what Celery itself costs."""
    time.sleep(seconds)
    return seconds


@shared_task(ignore_result=True)
def hold(gate: str) -> None:
    """Keep a child busy until the gate is gone: see bench.errands.gate."""
    while Path(gate).exists():
        time.sleep(0.002)
