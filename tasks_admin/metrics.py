"""Figures for Prometheus, computed from rows and Redis at each scrape, so that every process gives the same."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.db.models import Count
from django.utils.module_loading import import_string
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric

from tasks_admin import clock, overview, troubles
from tasks_admin.figures import ended, times
from tasks_admin.job_kinds import job_models
from tasks_admin.models import Alert, BeatLease, JobAttempt
from tasks_admin.monitor import Unavailable

WINDOW_SECONDS = 600.0
MOST = 20_000
BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)

log = logging.getLogger(__name__)


class Collector:
    """Everything that is measured now. What cannot be measured is absent."""

    def collect(self) -> Iterator[Metric]:
        yield from jobs()
        yield from queues()
        yield from processes()
        yield from alerts()
        for path in settings.TASKS_ADMIN.get("METRICS", []):
            yield from import_string(path)()


def registry() -> CollectorRegistry:
    """A registry of its own: the library's global one would count this process only."""
    made = CollectorRegistry(auto_describe=False)
    made.register(Collector())
    return made


def jobs() -> Iterator[Metric]:
    """By kind and state, with the waits and runs of the last ten minutes."""
    by_state = _gauge("tasks_jobs", "Jobs, by kind and state", "kind", "state")
    finished = _gauge("tasks_jobs_finished", "Jobs that ended in the last ten minutes", "kind", "state")
    wait = _histogram("tasks_wait_seconds", "Waits of the jobs that ended in the last ten minutes")
    run = _histogram("tasks_run_seconds", "Runs of the jobs that ended in the last ten minutes")
    for model in job_models():
        kind = model._meta.label
        counts = dict(model.objects.order_by().values_list("state").annotate(Count("pk")))
        recent = ended(model, clock.after(-WINDOW_SECONDS))
        ends = dict(recent.values_list("state").annotate(Count("pk")))
        for state in model.State.values:
            by_state.add_metric([kind, state], counts.get(state, 0))
        for state in ("succeeded", "failed", "cancelled"):
            finished.add_metric([kind, state], ends.get(state, 0))
        took = times(recent, MOST)
        _fill(wait, kind, [each.wait for each in took if each.wait is not None])
        _fill(run, kind, [each.run for each in took])
    yield from (by_state, finished, wait, run)


def queues() -> Iterator[Metric]:
    """Redis's side; only ``tasks_redis_up 0`` where it is away."""
    up = _gauge("tasks_redis_up", "Whether Redis answers")
    try:
        found = overview.queues()
    except Unavailable:
        up.add_metric([], 0)
        yield up
        return
    up.add_metric([], 1)
    yield up
    for name, about, value in QUEUE_FIGURES:
        family = _gauge(name, about, "queue")
        for queue in found:
            family.add_metric([queue.name], value(queue))
        yield family


QUEUE_FIGURES: list[tuple[str, str, Callable[[overview.QueueState], float]]] = [
    ("tasks_queue_length", "Messages waiting", lambda queue: queue.length),
    ("tasks_queue_oldest_seconds", "Age of the next message", lambda queue: queue.oldest or 0.0),
    ("tasks_queue_consumers", "Living workers that read the queue", lambda queue: queue.consumers),
]


def processes() -> Iterator[Metric]:
    """Workers, their slots and memory, lost runs, beat."""
    alive = overview.workers(alive=True)
    yield _single("tasks_workers", "Living workers", len(alive))
    yield _single(
        "tasks_worker_slots", "Jobs that living workers can run at a time", sum(w.slots for w in alive)
    )
    yield _single("tasks_worker_memory_bytes", "Memory of living workers", sum(w.memory for w in alive))
    lost = JobAttempt.objects.filter(
        outcome=JobAttempt.Outcome.LOST, ended_at__gt=clock.after(-WINDOW_SECONDS)
    )
    yield _single("tasks_leases_rescued", "Runs that lost their worker in the last ten minutes", lost.count())
    errors = troubles.counted(troubles.PUBLISH_ERRORS, WINDOW_SECONDS)
    yield _single("tasks_publish_errors", "Messages that Redis did not take in the last ten minutes", errors)
    ticked = BeatLease.objects.exclude(ticked_at=None).values_list("ticked_at", flat=True).first()
    if ticked is not None:
        yield _single(
            "tasks_beat_tick_timestamp_seconds", "When beat last looked at the schedules", ticked.timestamp()
        )


def alerts() -> Iterator[Metric]:
    """Open ones, by code and severity."""
    family = _gauge("tasks_alerts_open", "Open alerts", "code", "severity")
    rows = Alert.objects.exclude(opened_at=None).filter(resolved_at=None).order_by()
    for code, severity, count in rows.values_list("code", "severity").annotate(Count("pk")):
        family.add_metric([code, severity], count)
    yield family


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, labels=labels)


def _single(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _histogram(name: str, about: str) -> GaugeHistogramMetricFamily:
    return GaugeHistogramMetricFamily(name, about, labels=["kind"])


def _fill(family: GaugeHistogramMetricFamily, kind: str, values: Iterable[float]) -> None:
    counts = [0] * (len(BOUNDS) + 1)
    total = 0.0
    for value in values:
        counts[bisect_left(BOUNDS, value)] += 1
        total += value
    seen, buckets = 0, []
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), counts, strict=True):
        seen += count
        buckets.append((bound, seen))
    family.add_metric([kind], buckets=buckets, gsum_value=total)
