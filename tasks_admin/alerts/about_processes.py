"""Alerts about workers, beats and schedules, and the machines that they run on."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask

from tasks_admin import fleet
from tasks_admin.alerts.registry import Finding, changelist, condition
from tasks_admin.alerts.sight import Sight
from tasks_admin.lateness import NeverDue, lateness
from tasks_admin.models import BeatLease, Severity, WorkerBeat
from tasks_admin.periodic import is_sendable


def _worker(name: str) -> str:
    return changelist("tasks_admin.workerbeat", name=name)


def _host(host: str) -> str:
    return changelist("tasks_admin.workerbeat", host=host)


def _schedule(name: str) -> str:
    return changelist("django_celery_beat.periodictask", **({"name": name} if name else {}))


@condition(
    "worker_silent", threshold=120, link=_worker,
    title=_("A worker is silent"),
    text=_("The worker %(subject)s was not heard of for %(value)s s (allowed: %(threshold)s)."),
    resolved=_("The worker %(subject)s was heard of again, was replaced, or is given up."),
)  # fmt: skip
def worker_silent(sight: Sight) -> Iterator[Finding]:
    for worker in fleet.expected().filter(role=WorkerBeat.Role.WORKER):
        yield Finding((sight.now - worker.seen_at).total_seconds(), worker.name, {"host": worker.host})


@condition(
    "beat_late", threshold=120, hold=10, severity=Severity.CRITICAL, link=lambda _subject: _schedule(""),
    title=_("Beat stands still"),
    text=_("Beat has not looked at the schedules for %(value)s s (allowed: %(threshold)s). Start one."),
    resolved=_("Beat looks at the schedules again."),
)  # fmt: skip
def beat_late(sight: Sight) -> Iterator[Finding]:
    """Once a beat has run. An installation without one so far has late schedules instead."""
    ticked = BeatLease.objects.exclude(ticked_at=None).values_list("ticked_at", flat=True).first()
    if ticked is not None and PeriodicTask.objects.filter(enabled=True).exists():
        yield Finding((sight.now - ticked).total_seconds())


@condition(
    "second_beat", threshold=1, hold=60,
    link=lambda _subject: changelist("tasks_admin.workerbeat", role__exact="beat"),
    title=_("More than one beat"),
    text=_("%(value)s beats run (expected: %(threshold)s). One sends and the others stand by; if they are meant to,"
           " raise the threshold."),
    resolved=_("No more beats run than expected."),
)  # fmt: skip
def second_beat(sight: Sight) -> Iterator[Finding]:
    yield Finding(fleet.alive().filter(role=WorkerBeat.Role.BEAT).count())


@condition(
    "schedule_late", threshold=2, hold=60, link=_schedule,
    title=_("A schedule is late"),
    text=_("The schedule %(subject)s is late by %(seconds)s s, %(value)s of its intervals (allowed: %(threshold)s)."),
    resolved=_("The schedule %(subject)s is no longer late."),
)  # fmt: skip
def schedule_late(sight: Sight) -> Iterator[Finding]:
    for row in PeriodicTask.objects.enabled().select_related("interval", "crontab", "solar", "clocked"):
        try:
            late = lateness(row, sight.now)
        except NeverDue:
            continue
        yield Finding(late.intervals, row.name, {"seconds": round(late.seconds)})


@condition(
    "schedule_broken", link=_schedule,
    title=_("A schedule never runs"),
    text=_("The schedule %(subject)s cannot run: its time never comes, or its task, arguments or queue are not as"
           " they should be. Correct or delete it."),
    resolved=_("The schedule %(subject)s can run."),
)  # fmt: skip
def schedule_broken(sight: Sight) -> Iterator[Finding]:
    for row in PeriodicTask.objects.enabled().select_related("interval", "crontab", "solar", "clocked"):
        try:
            lateness(row, sight.now)
            broken = not is_sendable(row)
        except NeverDue:
            broken = True
        if broken:
            yield Finding(1, row.name)


@condition(
    "disk_full", threshold=90, hold=60, severity=Severity.CRITICAL, link=_host,
    title=_("A disk is nearly full"),
    text=_("On %(subject)s the disk of the files is full to %(value)s %% (allowed: %(threshold)s %%)."),
    resolved=_("On %(subject)s there is room on the disk again."),
)  # fmt: skip
def disk_full(sight: Sight) -> Iterator[Finding]:
    yield from _fullest("disk_used")


@condition(
    "memory_full", threshold=95, hold=120, link=_host,
    title=_("A machine is short of memory"),
    text=_("On %(subject)s %(value)s %% of the memory is in use (allowed: %(threshold)s %%)."),
    resolved=_("On %(subject)s there is memory again."),
)  # fmt: skip
def memory_full(sight: Sight) -> Iterator[Finding]:
    yield from _fullest("memory_used")


def _fullest(column: str) -> Iterator[Finding]:
    rows = fleet.alive().exclude(**{column: None}).order_by().values("host").annotate(most=Max(column))
    for host, most in rows.values_list("host", "most"):
        yield Finding(most, host)
