"""How long the one waits who comes after somebody with a thousand jobs.

``python -m bench.fairness``. One owner submits many errands, then another owner submits one; a worker with two
children starts on them once all are there. The same again with errands of nobody, which are done in the order in
which they came: so long would the one have waited.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers import Worker, run, stack

CHILDREN = 2
QUEUE = "ai_analysis"


@dataclass(frozen=True, slots=True)
class Wait:
    """What the one went through."""

    seconds: float
    jobs_before: int
    job_seconds: float  # median, as the worker took for it, with its notes and reports

    @property
    def in_jobs(self) -> float:
        return self.seconds / self.job_seconds


def figures(jobs: int, seconds: float) -> Iterator[dict[str, Any]]:
    """Run both and yield what is to be printed."""
    with stack() as (folder, environment), Worker(folder / "worker", environment, QUEUE, CHILDREN):
        wait_of_one(folder, 4, seconds, many="warm", one="up")
        fair = wait_of_one(folder, jobs, seconds, many="many", one="one")
        yield from lines(f"of two owners, {jobs} jobs to 1", fair)
        fifo = wait_of_one(folder, jobs, seconds, many="", one="")
        yield from lines(f"in order of coming, after {jobs} jobs", fifo)
        yield {
            "figure": "wait in order of coming / of two owners",
            "value": round(fifo.seconds / fair.seconds, 1),
        }


def lines(name: str, wait: Wait) -> Iterator[dict[str, Any]]:
    for value, unit in (
        (round(wait.seconds, 3), "s"),
        (round(wait.in_jobs, 1), f"jobs of {wait.job_seconds:.3f} s"),
        (wait.jobs_before, "jobs begun before it"),
    ):
        yield {"figure": f"wait of the one, {name}", "value": value, "unit": unit}


def wait_of_one(folder: Path, jobs: int, seconds: float, *, many: str, one: str) -> Wait:
    """Submit ``jobs`` errands for the owner ``many`` and then one for ``one``, and see when it begins."""
    from bench.errands import gate
    from bench.errands.models import Errand

    Errand.objects.all().delete()
    with gate.closed(folder, QUEUE, CHILDREN):
        for _ in range(jobs):
            Errand(queue=QUEUE, owner_key=many, seconds=seconds).submit()
        last = Errand(queue=QUEUE, owner_key=one, seconds=seconds).submit()
    opened = time.time()
    gate.wait_for(lambda: begun(last), 60 + 10 * jobs * seconds, look=0.05)
    stop_the_rest()
    last.refresh_from_db()
    assert last.started_at
    return Wait(
        last.started_at.timestamp() - opened,
        Errand.objects.exclude(pk=last.pk).filter(started_at__lt=last.started_at).count(),
        statistics.median(durations()),
    )


def begun(errand: Any) -> bool:
    errand.refresh_from_db(fields=["started_at"])
    return errand.started_at is not None


def durations() -> Iterator[float]:
    from bench.errands.models import Errand
    from tasks_admin.jobs import JobState

    for errand in Errand.objects.filter(state=JobState.SUCCEEDED):
        if errand.started_at and errand.finished_at:
            yield (errand.finished_at - errand.started_at).total_seconds()


def stop_the_rest() -> None:
    """What was to be seen has been seen: nothing of this run may be left for the next."""
    from bench.errands import gate
    from bench.errands.models import Errand
    from tasks_admin.jobs import JobState
    from tasks_admin.monitor import monitor

    Errand.objects.filter(state=JobState.QUEUED).update(state=JobState.CANCELLED)
    monitor.purge_queue(QUEUE)
    gate.seconds_until_done(QUEUE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=1000, help="errands of the one with many (1000)")
    parser.add_argument("--seconds", type=float, default=0.02, help="how long an errand sleeps (0.02)")
    options = parser.parse_args()
    sys.exit(run(figures(options.jobs, options.seconds)))
