"""What an administrator's page shows: from rows and Redis, by a fixed number of questions, whatever there is of each.

No worker is asked, so nothing here waits for one that is gone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db.models import Count

from tasks_admin import broker, clock, fleet
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.figures import RAN, SliceNumber, Spread, ended, spread, times
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import JobState
from tasks_admin.models import Alert, BeatLease, JobAttempt, WorkerBeat
from tasks_admin.monitor import Unavailable

MINUTE = 60.0
SAMPLE = 5_000


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue. ``oldest`` is the age of its next message (s), None where it is empty or the message does not say.

    ``came`` and ``went`` count jobs in the last minute.
    """

    name: str
    length: int
    oldest: float | None
    came: int
    went: int
    consumers: int


@dataclass(frozen=True, slots=True)
class Message:
    """One that waits: its age (s, None where it does not say) and what it carries, without the values."""

    id: str
    task: str
    age: float | None
    arguments: int
    names: list[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed, its job's kind and, where that is how the job stands, why in words."""

    attempt: JobAttempt
    job: Any | None

    @property
    def why(self) -> str:
        known = self.job is not None and self.job.error_code == self.attempt.error_code
        return self.job.error_text if known and self.job is not None else self.attempt.error_code


@dataclass(frozen=True, slots=True)
class Slice:
    """What ended in one slice of time, from ``began`` on."""

    began: datetime
    succeeded: int
    failed: int
    cancelled: int
    wait: Spread
    run: Spread


def queues() -> list[QueueState]:
    """Every queue that the app declares. Raises :class:`tasks_admin.monitor.Unavailable` where Redis is away."""
    names = list(current_app.amqp.queues)
    try:
        with broker.connection(current_app) as line:
            lengths = broker.lengths(line, names)
            oldest = {name: _age(broker.peek(line, name, 1)) for name in names}
    except REDIS_AWAY as error:
        raise Unavailable(str(error)) from error
    came, went, readers = Counter[str](), Counter[str](), Counter[str]()
    for model in job_models():
        recent = model.objects.order_by().values_list("queue")
        came.update(dict(recent.filter(created_at__gt=clock.after(-MINUTE)).annotate(Count("pk"))))
        went.update(dict(recent.filter(finished_at__gt=clock.after(-MINUTE)).annotate(Count("pk"))))
    for row in workers(alive=True):
        readers.update(row.queues)
    return [
        QueueState(name, lengths[name], oldest[name], came[name], went[name], readers[name]) for name in names
    ]


def _age(messages: list[dict[str, Any]]) -> float | None:
    sent = messages[0].get("sent_at") if messages else None
    return max(0.0, time.time() - sent) if isinstance(sent, int | float) else None


def waiting_messages(queue: str, count: int = 100) -> list[Message]:
    """The next messages, the oldest first. Raises :class:`tasks_admin.monitor.Unavailable`."""
    try:
        with broker.connection(current_app) as line:
            found = broker.peek_whole(line, queue, count)
    except REDIS_AWAY as error:
        raise Unavailable(str(error)) from error
    return [
        Message(str(said.get("id", "")), str(said.get("task", "")), _age([said]), len(args), sorted(kwargs))
        for said, args, kwargs in found
    ]


def waiting_jobs() -> dict[str, int]:
    """Queued jobs of all kinds, by queue: those, too, that wait for their owner's turn and are in no message yet."""
    found = Counter[str]()
    for model in job_models():
        rows = model.objects.filter(state=JobState.QUEUED).order_by().values_list("queue")
        found.update(dict(rows.annotate(Count("pk"))))
    return dict(found)


def workers(*, alive: bool = False) -> list[WorkerBeat]:
    """Those that have not left; with ``alive`` only those that were heard of lately."""
    rows = fleet.alive() if alive else fleet.expected()
    return list(rows.filter(role=WorkerBeat.Role.WORKER))


def running(most: int = 200) -> list[Any]:
    """The jobs that run, of every kind, the longest first."""
    rows: list[Any] = []
    for model in job_models():
        rows += model.objects.filter(state=JobState.RUNNING).order_by("started_at")[:most]
    return sorted(rows, key=lambda job: job.started_at)[:most]


def busy() -> dict[str, int]:
    """Running jobs, by worker."""
    found = Counter[str]()
    for model in job_models():
        rows = model.objects.filter(state=JobState.RUNNING).order_by()
        found.update(dict(rows.values_list("worker").annotate(Count("pk"))))
    return dict(found)


def failures(most: int = 20) -> list[JobAttempt]:
    """The last attempts that failed or lost their worker."""
    bad = [JobAttempt.Outcome.FAILED, JobAttempt.Outcome.LOST]
    return list(JobAttempt.objects.filter(outcome__in=bad).order_by("-ended_at").defer("traceback")[:most])


def explained(attempts: Iterable[JobAttempt]) -> list[Failure]:
    """The attempts with their jobs, of whatever kind; None for one whose job was deleted."""
    rows = list(attempts)
    jobs: dict[Any, Any] = {}
    for model in job_models():
        jobs |= model.objects.in_bulk([row.job_id for row in rows])
    return [Failure(row, jobs.get(row.job_id)) for row in rows]


def open_alerts(most: int = 20) -> list[Alert]:
    """What is wrong now, the newest first."""
    return list(Alert.objects.exclude(opened_at=None).filter(resolved_at=None).order_by("-since")[:most])


def beat_ticked() -> datetime | None:
    """When a beat last looked at the schedules."""
    return BeatLease.objects.values_list("ticked_at", flat=True).first()


def throughput(now: datetime, hours: float = 24.0, slices: int = 48) -> list[Slice]:
    """Ended jobs of every kind in equal slices up to ``now``. Of very many a sample gives the percentiles."""
    width = timedelta(hours=hours) / slices
    since = now - width * slices
    counts = [Counter[str]() for _ in range(slices)]
    waits: list[list[float | None]] = [[] for _ in range(slices)]
    runs: list[list[float | None]] = [[] for _ in range(slices)]

    def at(number: float) -> int:
        """A moment on the edge may be rounded to the other side of it."""
        return min(max(int(number), 0), slices - 1)

    for model in job_models():
        rows, ran = ended(model, since, now), 0
        numbered = rows.annotate(slice=SliceNumber("finished_at", since, width)).values_list("slice", "state")
        for number, state, count in numbered.annotate(count=Count("*")):
            counts[at(number)][state] += count
            ran += count if state in RAN else 0
        for took in times(rows, SAMPLE, ran):
            number = at((took.ended_at - since) / width)
            waits[number].append(took.wait)
            runs[number].append(took.run)
    return [
        Slice(
            since + width * number, counts[number]["succeeded"], counts[number]["failed"],
            counts[number]["cancelled"], spread(waits[number]), spread(runs[number]),
        )
        for number in range(slices)
    ]  # fmt: skip
