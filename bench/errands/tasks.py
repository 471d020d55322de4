"""The errands' tasks: with a row, and Celery's own for comparison."""

from __future__ import annotations

import os
import signal
import time
from typing import cast

from celery import shared_task

from bench.errands.models import Errand
from tasks_admin.job_task import JobTask


@shared_task(bind=True, base=JobTask, job_label="errands.Errand")
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
        case Errand.Kind.NAP:
            nap(self, errand.seconds)
    return errand.seconds


def nap(task: JobTask, seconds: float) -> None:
    """Sleep in ten slices, with progress after each, as an analysis reports its steps."""
    for tenth in range(10 if seconds else 0):
        time.sleep(seconds / 10)
        task.progress(10 * tenth, "nap")


@shared_task
def raw(seconds: float = 0.0) -> float:
    """The same without a row: what Celery itself costs."""
    time.sleep(seconds)
    return seconds
