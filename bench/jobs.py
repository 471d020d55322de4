"""What a job costs beside a bare Celery task, and what its row in the task history costs.

``python -m bench.jobs``. Two workers with two prefork children each take turns, one of them without the history's
TaskResult rows, on a PostgreSQL and a Redis of their own with production's settings. Every kind of load is run
several times in one run, forwards and backwards in turn, so that a busy machine hurts all; medians are printed.
``processor_ms`` is what one job takes of all processors, in workers, PostgreSQL and Redis.

Queues are filled while the workers stand still, so that submitting is not what is measured. An errand is claimed, has
its attempt noted, does nothing, stores one row as its result and is completed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers import Worker, processor_seconds, run, stack

CHILDREN = 2
# The queues are the two workers': with production's result backend, and with Celery's plain Redis backend.
HISTORY, PLAIN = "ai_analysis", "maintenance"
JOBS_FLOOR = 350.0  # a second
ADDED_CEILING = 5.0  # ms
OWNERS = 20

Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of work."""

    name: str
    queue: str
    is_errand: bool = False
    ignore_result: bool = False
    owners: int = 0

    @property
    def unit(self) -> str:
        return "jobs/s" if self.is_errand else "tasks/s"


IGNORED = Load("raw, result ignored", PLAIN, ignore_result=True)
RAW = Load("raw", PLAIN)
ERRAND = Load("errand", PLAIN, is_errand=True)
RAW_HISTORY = Load("raw with TaskResult", HISTORY)
ERRAND_HISTORY = Load("errand with TaskResult", HISTORY, is_errand=True)
OWNED = Load(f"errand with TaskResult, of {OWNERS} owners", HISTORY, is_errand=True, owners=OWNERS)
LOADS = (IGNORED, RAW, ERRAND, RAW_HISTORY, ERRAND_HISTORY, OWNED)
TIMED = (RAW, ERRAND, RAW_HISTORY, ERRAND_HISTORY)


def figures(tasks: int, rounds: int) -> Iterator[Figure]:
    """Run all and yield what is to be printed."""
    with stack() as (folder, environment), ExitStack() as workers:
        for queue, variables in ((HISTORY, {}), (PLAIN, {"BENCH_HISTORY": "off"})):
            workers.enter_context(Worker(folder / queue, environment | variables, queue, CHILDREN))
        yield {"figure": "machine", "value": os.cpu_count(), "unit": "cores", "load": os.getloadavg()}
        yield milliseconds("one commit on this disk", commit_milliseconds())
        rates: dict[Load, list[float]] = defaultdict(list)
        costs: dict[Load, list[float]] = defaultdict(list)
        trips: dict[Load, list[float]] = defaultdict(list)
        for load in TIMED:
            round_trips(load, 20)  # both children connected, everything imported
        for turn in range(rounds):
            for load in LOADS[:: -1 if turn % 2 else 1]:
                print(f"round {turn + 1} of {rounds}: {load.name}", file=sys.stderr)
                if load in TIMED:
                    trips[load] += round_trips(load, tasks // 5)
                seconds, used = work_off(load, tasks, folder)
                rates[load].append(tasks / seconds)
                costs[load].append(1000 * used / tasks)
        yield from throughput(rates, costs)
        yield from latency(trips)
        yield from comparison(medians(rates), medians(costs), medians(trips))


def commit_milliseconds(times: int = 50) -> float:
    """The median of a commit that writes one row: a job makes two, a bare task none."""
    from bench.errands.models import Done

    taken = []
    for number in range(times):
        begun = time.perf_counter()
        Done.objects.create(errand_id=uuid.uuid4(), attempt=number)
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def work_off(load: Load, count: int, folder: Path) -> tuple[float, float]:
    """The seconds that the worker takes for ``count``, and the processor seconds of all programs together."""
    from bench.errands import gate

    with gate.closed(folder, load.queue, CHILDREN):
        clear()
        for work in prepare(load, count):
            send(load, work)
        before = processor_seconds()
    seconds = gate.seconds_until_done(load.queue)
    used = processor_seconds() - before
    check(load, count)
    return seconds, used


def round_trips(load: Load, count: int) -> list[float]:
    """Milliseconds from the sending of a message to the news of its result, which wakes ``.get()``; one by one."""
    from vocalborn.celery import app

    taken = []
    with app.backend.client.pubsub() as news:
        news.psubscribe("celery-task-meta-*")
        news.get_message(timeout=5)
        for work in prepare(load, count):
            sent = time.perf_counter()
            task_id = send(load, work)
            wait_for_result(news, task_id)
            taken.append(1000 * (time.perf_counter() - sent))
    return taken


def wait_for_result(news: Any, task_id: str) -> None:
    """Until ``task_id`` ends; its progress and what others do is passed over."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        message = news.get_message(ignore_subscribe_messages=True, timeout=1)
        if message and message["channel"].decode().endswith(task_id):
            meta = json.loads(message["data"])
            if meta["status"] == "SUCCESS":
                return
            raise RuntimeError(f"{task_id}: {meta}")
    raise TimeoutError(f"no result of {task_id}")


def prepare(load: Load, count: int) -> list[Any]:
    """What is to be sent: rows that are there already, marked as announced, or the ids of bare tasks."""
    from django.utils import timezone

    from bench.errands.models import Errand

    if not load.is_errand:
        return [str(uuid.uuid4()) for _ in range(count)]
    if load.owners:
        return [f"owner-{number % load.owners}" for number in range(count)]
    rows = [Errand(queue=load.queue, published_at=timezone.now(), announcements=1) for _ in range(count)]
    return Errand.objects.bulk_create(rows)


def send(load: Load, work: Any) -> str:
    """Put one message on the queue; of owners' errands only those whose turn it is. Returns the task's id."""
    from bench.errands.models import Errand
    from bench.errands.tasks import raw, run_errand
    from tasks_admin import broker

    if load.owners:
        return str(Errand(queue=load.queue, owner_key=work).submit().pk)
    with broker.producer() as producer:
        if load.is_errand:
            run_errand.send(work, producer)
            return str(work.pk)
        options = {"queue": load.queue, "ignore_result": load.ignore_result, "retry": False}
        raw.apply_async(task_id=work, producer=producer, **options)
        return str(work)


def clear() -> None:
    """Every run finds the same empty tables."""
    from django.db import connection
    from django_celery_results.models import TaskResult

    from bench.errands.models import Done, Errand
    from tasks_admin.models import JobAttempt

    tables = ", ".join(model._meta.db_table for model in (Errand, Done, JobAttempt, TaskResult))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}")


def check(load: Load, count: int) -> None:
    """A figure of work that was not done is worth nothing."""
    from django_celery_results.models import TaskResult

    from bench.errands.models import Errand
    from tasks_admin.jobs import JobState

    if load.is_errand and (done := Errand.objects.filter(state=JobState.SUCCEEDED).count()) != count:
        raise RuntimeError(f"{load.name}: {done} of {count} succeeded")
    kept = TaskResult.objects.filter(status="SUCCESS").count()
    if kept != (count if load.queue == HISTORY else 0):
        raise RuntimeError(f"{load.name}: {kept} TaskResult rows")


def throughput(rates: dict[Load, list[float]], costs: dict[Load, list[float]]) -> Iterator[Figure]:
    for load, found in rates.items():
        value = round(statistics.median(found), 1)
        floor = {"floor": f">= {JOBS_FLOOR:g}", "ok": value >= JOBS_FLOOR} if load is ERRAND else {}
        cost = {
            "processor_ms": round(statistics.median(costs[load]), 2),
            "runs": [round(each) for each in found],
        }
        yield {"figure": load.name, "value": value, "unit": load.unit} | floor | cost


def latency(trips: dict[Load, list[float]]) -> Iterator[Figure]:
    for load, taken in trips.items():
        percentiles = statistics.quantiles(taken, n=100)
        for percent in (50, 99):
            yield milliseconds(f"{load.name}: round trip, p{percent}", percentiles[percent - 1])


def comparison(rate: dict[Load, float], cost: dict[Load, float], trip: dict[Load, float]) -> Iterator[Figure]:
    """What the job adds to the bare task, and the history to both."""
    for raw, errand in ((RAW, ERRAND), (RAW_HISTORY, ERRAND_HISTORY)):
        # Both children work at the same time: a job keeps one of them for so long.
        busy = 1000 * CHILDREN * (1 / rate[errand] - 1 / rate[raw])
        for where, value in (("to a round trip", trip[errand] - trip[raw]), ("to a busy child's time", busy)):
            floor = (
                {"floor": f"<= {ADDED_CEILING:g}", "ok": value <= ADDED_CEILING} if errand is ERRAND else {}
            )
            yield milliseconds(f"{errand.name}: added {where}", value) | floor
        yield milliseconds(f"{errand.name}: added processor time", cost[errand] - cost[raw])
    for one, other in (
        (ERRAND, RAW), (ERRAND_HISTORY, RAW_HISTORY),
        (RAW_HISTORY, RAW), (ERRAND_HISTORY, ERRAND), (OWNED, ERRAND_HISTORY),
    ):  # fmt: skip
        ratio = round(rate[one] / rate[other], 3)
        yield {"figure": f"rate of {one.name} / {other.name}", "value": ratio, "unit": "ratio"}


def milliseconds(figure: str, value: float) -> Figure:
    return {"figure": figure, "value": round(value, 2), "unit": "ms"}


def medians(found: dict[Load, list[float]]) -> dict[Load, float]:
    return {load: statistics.median(values) for load, values in found.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=600, help="tasks or jobs in each run (600)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind (3)")
    options = parser.parse_args()
    sys.exit(run(figures(options.tasks, options.rounds)))
