"""Which beat sends, and that each run is sent once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Task
from django.core.management import call_command
from django.db import IntegrityError
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, PeriodicTasks

from tasks_admin.beat_lease import LEASE_SECONDS, Lease
from tasks_admin.models import BeatLease
from tasks_admin.schedules import Run, Scheduler
from tests.tasks_admin.conftest import T0
from vocalborn import celery_app

pytestmark = pytest.mark.django_db

LAPSED = LEASE_SECONDS + 1


def row() -> BeatLease:
    return BeatLease.objects.get()


# --- the lease


def test_the_first_to_ask_holds_it(at: Callable[[float], None]) -> None:
    first, second = Lease(), Lease()
    assert first.take()
    assert not second.take()
    assert first.holder != second.holder
    assert (row().holder, row().ticked_at) == (first.holder, T0)
    assert row().until == T0 + timedelta(seconds=LEASE_SECONDS)


def test_it_lasts_from_the_last_renewal(at: Callable[[float], None]) -> None:
    first, second = Lease(), Lease()
    first.take()
    at(20)
    assert first.renew()
    at(20 + LEASE_SECONDS)
    assert not second.take()
    at(20 + LAPSED)
    assert second.take()
    assert not first.renew()
    assert not first.take()
    assert second.renew()


def test_one_that_lapsed_unnoticed_is_renewed(at: Callable[[float], None]) -> None:
    lease = Lease()
    lease.take()
    at(10 * LAPSED)
    assert lease.renew()


def test_the_next_one_takes_at_once_what_was_given_back(at: Callable[[float], None]) -> None:
    first, second = Lease(), Lease()
    first.take()
    second.give_back()  # not its own: nothing
    assert first.renew()
    first.give_back()
    assert row().ticked_at == T0
    assert second.take()
    assert not first.renew()


def test_a_beat_takes_its_own_again(at: Callable[[float], None]) -> None:
    """It may have taken the lease in a statement whose answer was lost."""
    lease = Lease()
    assert lease.take()
    assert lease.take()


def test_a_row_deleted_by_hand_is_made_again(at: Callable[[float], None]) -> None:
    first, second = Lease(), Lease()
    first.take()
    row().delete()
    assert not first.renew()
    assert second.take()
    assert not first.take()


def test_a_holder_that_nobody_knows_keeps_it_for_a_lease_at_most(at: Callable[[float], None]) -> None:
    lease = Lease()
    lease.take()
    BeatLease.objects.update(holder="somebody")
    assert not lease.renew()
    assert not lease.take()
    at(LAPSED)
    assert lease.take()


def test_an_end_further_ahead_than_a_lease_counts_as_lapsed(at: Callable[[float], None]) -> None:
    lease = Lease()
    lease.take()
    BeatLease.objects.update(holder="somebody", until=T0 + timedelta(seconds=LEASE_SECONDS))
    assert not lease.take()
    BeatLease.objects.update(until=T0 + timedelta(days=365))
    assert lease.take()
    assert row().until == T0 + timedelta(seconds=LEASE_SECONDS)


def test_there_is_one_row(at: Callable[[float], None]) -> None:
    with pytest.raises(IntegrityError):
        BeatLease.objects.create(pk=2, until=T0)


def test_a_project_may_choose_its_length(at: Callable[[float], None], settings: Any) -> None:
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"BEAT_LEASE_SECONDS": 3}
    Lease().take()
    assert row().until == T0 + timedelta(seconds=3)


# --- sending


@pytest.fixture
def often(redis: Any, transactional_db: None) -> PeriodicTask:
    """The only schedule: ten seconds overdue, once a second. Beat drops a connection that is in a transaction."""
    PeriodicTask.objects.all().delete()
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
    return PeriodicTask.objects.create(
        name="often", task="tasks_admin.tasks.test_task", interval=every, queue="health",
        last_run_at=datetime.now(UTC) - timedelta(seconds=10),
    )  # fmt: skip


@pytest.fixture
def beats(at: Callable[[float], None], often: PeriodicTask) -> tuple[Scheduler, Scheduler]:
    """Two beats; the first leads."""
    first, second = Scheduler(app=celery_app), Scheduler(app=celery_app)
    first.tick()
    assert second.tick() > 0
    return first, second


def test_an_overdue_schedule_is_sent_once_by_one_beat(
    beats: tuple[Scheduler, Scheduler], often: PeriodicTask, redis: Any
) -> None:
    for beat in beats * 3:
        beat.tick()
    assert redis.llen("health") == 1
    before = often.last_run_at
    often.refresh_from_db()
    assert often.total_run_count == 1
    assert before is not None
    assert often.last_run_at is not None
    assert often.last_run_at > before


def test_who_takes_over_sends_what_is_due_by_the_rows(
    beats: tuple[Scheduler, Scheduler], at: Callable[[float], None], redis: Any
) -> None:
    """Not by what it read when it started, or everything would be due."""
    first, second = beats
    PeriodicTask.objects.update(last_run_at=datetime.now(UTC) + timedelta(seconds=30))
    at(LAPSED)
    for _ in range(3):
        second.tick()
    assert redis.llen("health") == 1
    PeriodicTask.objects.update(last_run_at=datetime.now(UTC) - timedelta(seconds=30))
    at(2 * LAPSED + 1)
    for _ in range(3):
        first.tick()
    assert redis.llen("health") == 2


def next_run(beat: Scheduler) -> Run:
    """What ``beat`` is about to send when something comes between."""
    run = Run(PeriodicTask.objects.get(), app=celery_app)
    beat.reserve(run)
    return run


def test_a_beat_that_froze_before_sending_sends_nothing(
    beats: tuple[Scheduler, Scheduler], at: Callable[[float], None], redis: Any, often: PeriodicTask
) -> None:
    first, second = beats
    run = next_run(first)
    at(LAPSED)
    second.tick()
    assert BeatLease.objects.get().holder != first._lease.holder
    first.apply_entry(run)
    first.sync()
    assert redis.llen("health") == 1
    often.refresh_from_db()
    assert often.total_run_count == 1
    first.tick()
    assert redis.llen("health") == 1


@pytest.mark.parametrize(
    ("change", "then"), [({"enabled": False}, 1), ({"last_run_at": datetime(2026, 1, 1, tzinfo=UTC)}, 2)]
)
def test_a_row_that_is_not_as_it_was_read_is_read_again(
    beats: tuple[Scheduler, Scheduler], redis: Any, change: dict[str, Any], then: int
) -> None:
    first, _second = beats
    run = next_run(first)
    PeriodicTask.objects.update(**change)
    first.apply_entry(run)
    assert redis.llen("health") == 1
    first.tick()
    assert redis.llen("health") == then


def test_a_run_that_redis_refuses_is_sent_later(
    at: Callable[[float], None], often: PeriodicTask, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    redis.set("health", "no list")
    beat = Scheduler(app=celery_app)
    for _ in range(3):
        assert beat.tick() > 0
    before = often.last_run_at
    often.refresh_from_db()
    assert (often.last_run_at, often.total_run_count) == (before, 0)
    redis.delete("health")
    beat.tick()
    assert redis.llen("health") == 1
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(said) == 2
    assert said[0].startswith("beat: Redis away")
    assert said[1] == "beat: Redis is back"


def test_a_schedule_that_cannot_be_sent_does_not_hold_up_the_others(
    at: Callable[[float], None], often: PeriodicTask, redis: Any
) -> None:
    PeriodicTask.objects.create(
        name="wrong", task="nobody.knows", interval=often.interval, queue="no such queue",
        last_run_at=datetime.now(UTC) - timedelta(seconds=20),
    )  # fmt: skip
    beat = Scheduler(app=celery_app)
    for _ in range(4):
        beat.tick()
    assert redis.llen("health") == 1


def test_a_time_that_never_comes_does_not_end_the_others(
    at: Callable[[float], None], often: PeriodicTask, redis: Any, caplog: pytest.LogCaptureFixture
) -> None:
    never = CrontabSchedule.objects.create(day_of_month="31", month_of_year="2")
    PeriodicTask.objects.create(name="never", task="tasks_admin.tasks.test_task", crontab=never)
    beat = Scheduler(app=celery_app)
    for _ in range(4):
        beat.tick()
    assert redis.llen("health") == 1
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["beat: never: nobody knows when it is due"]


@pytest.mark.parametrize(
    "change",
    [
        {"args": "nonsense"},
        {"kwargs": "[1]"},
        {"args": '{"a": 1}'},
        {"headers": "nonsense"},
        {"headers": "[]"},
        {"interval": None},
        {"task": ""},
        {"priority": 300},
        {"expires": datetime(2020, 1, 1, tzinfo=UTC), "expire_seconds": 5},
    ],
    ids=str,
)
def test_a_row_broken_by_sql_does_not_end_the_others(
    at: Callable[[float], None], often: PeriodicTask, redis: Any, change: dict[str, Any]
) -> None:
    PeriodicTask.objects.create(
        name="broken", task="tasks_admin.tasks.health_check", interval=often.interval, queue="maintenance"
    )
    PeriodicTask.objects.filter(name="broken").update(
        last_run_at=datetime.now(UTC) - timedelta(seconds=20), **change
    )
    beat = Scheduler(app=celery_app)
    for _ in range(4):
        beat.tick()
    assert redis.llen("health") == 1


def test_neither_migrating_nor_beat_brings_back_what_was_deleted(
    at: Callable[[float], None], redis: Any, transactional_db: None
) -> None:
    PeriodicTask.objects.all().delete()
    call_command("migrate", verbosity=0)
    Scheduler(app=celery_app).tick()
    assert not PeriodicTask.objects.exists()


def test_a_nightly_run_that_fell_into_an_outage_is_sent_once_whatever_the_hour(
    at: Callable[[float], None], often: PeriodicTask, redis: Any
) -> None:
    nightly = CrontabSchedule.objects.create(
        hour=str((timezone.localtime().hour + 12) % 24), minute="30", timezone=timezone.get_default_timezone()
    )
    PeriodicTask.objects.update(
        interval=None, crontab=nightly, last_run_at=timezone.now() - timedelta(days=2)
    )
    beat = Scheduler(app=celery_app)
    for _ in range(3):
        beat.tick()
    assert redis.llen("health") == 1


def test_the_very_first_edit_is_noticed(
    beats: tuple[Scheduler, Scheduler], often: PeriodicTask, redis: Any
) -> None:
    PeriodicTasks.objects.all().delete()
    first, _second = beats
    first.tick()
    often.refresh_from_db()
    often.queue, often.last_run_at = "maintenance", datetime.now(UTC) - timedelta(seconds=10)
    often.save()
    first.tick()
    assert redis.llen("maintenance") == 1


def test_each_change_of_the_guard_is_told_once(
    at: Callable[[float], None], often: PeriodicTask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tasks_admin.schedules")
    first, second = Scheduler(app=celery_app), Scheduler(app=celery_app)
    for _ in range(3):
        first.tick()
        second.tick()
    first.close()
    for _ in range(3):
        second.tick()
        first.tick()
    one, other = (beat._lease.holder for beat in (first, second))
    said = [record.getMessage() for record in caplog.records if "sending" not in record.getMessage()]
    assert said == [
        f"beat {one}: sends the schedules", f"beat {other}: stands by, {one} sends",
        f"beat {other}: sends the schedules", f"beat {one}: stands by, {other} sends",
    ]  # fmt: skip


@pytest.fixture
def signalled() -> Iterator[Any]:
    """A task in whose sending the signal to leave arrives, as Celery handles it."""

    class Signalled(Task):
        name = "tests.signalled"
        beat: Scheduler

        def apply_async(self, *args: Any, **kwargs: Any) -> None:
            self.beat.close()
            raise SystemExit

    yield celery_app.register_task(Signalled())
    celery_app.tasks.unregister("tests.signalled")


def test_a_signal_in_the_middle_of_a_tick_leaves_the_lease_to_the_end(
    at: Callable[[float], None], often: PeriodicTask, signalled: Any
) -> None:
    """The connection may be busy: the handler must not use it."""
    PeriodicTask.objects.update(task="tests.signalled")
    signalled.beat = beat = Scheduler(app=celery_app)
    with pytest.raises(SystemExit):
        beat.tick()
    assert row().holder
    beat.close()
    beat.close()
    assert row().holder == ""
