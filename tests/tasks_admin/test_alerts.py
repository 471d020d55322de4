"""Each alert is raised by its real condition, and resolved when that is over."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q
from django.utils import translation
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import broker, troubles, turns
from tasks_admin.alerts.evaluate import evaluate
from tasks_admin.alerts.registry import CONDITIONS
from tasks_admin.alerts.sight import Sight
from tasks_admin.announce import announce
from tasks_admin.beat_lease import Lease
from tasks_admin.fleet import Life
from tasks_admin.models import Alert, AlertRule, JobAttempt, WorkerBeat
from tests.tasks_admin.conftest import T0, OwnRedis

pytestmark = pytest.mark.django_db
KIND = "analysis.AnalysisJob"


class World:
    """The clock, and who looks at the alerts."""

    def __init__(self, at: Callable[[float], None]) -> None:
        self._at, self.seconds = at, 0.0

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self._at(self.seconds)

    @property
    def now(self) -> Any:
        return T0 + timedelta(seconds=self.seconds)

    def look(self, after: float = 0.0) -> set[tuple[str, str]]:
        """Evaluate after so many seconds. Returns what is open, by code and subject."""
        self.wait(after)
        evaluate(Sight(self.now))
        rows = Alert.objects.filter(~Q(opened_at=None), resolved_at=None)
        return set(rows.values_list("code", "subject"))

    def raised(self, code: str, subject: str = "") -> Alert:
        """It is open once it has lasted for its hold time, and not before."""
        hold = AlertRule.objects.get(pk=code).hold_seconds
        seen = self.look()
        assert ((code, subject) in seen) == (hold == 0)
        if hold:
            assert (code, subject) not in self.look(hold - 1)
            assert (code, subject) in self.look(1)
        alert = Alert.objects.get(code=code, subject=subject, resolved_at=None)
        assert "%(" not in alert.message
        with translation.override("zh-hant"):
            assert alert.message
        return alert

    def resolved(self, code: str, subject: str = "") -> None:
        assert (code, subject) not in self.look(1)
        ended = Alert.objects.filter(code=code, subject=subject).latest("pk")
        assert ended.resolved_at is not None
        assert "%(" not in ended.message


@pytest.fixture
def world(at: Callable[[float], None], own_redis: OwnRedis, rules: None) -> World:
    PeriodicTask.objects.all().delete()
    return World(at)


def worker(**fields: Any) -> WorkerBeat:
    about = {"name": "w@a/1", "node": "w@a", "host": "a", "pid": 1, "queues": ["ai_analysis"], "slots": 1}
    return WorkerBeat.objects.create(**(about | {"started_at": T0, "seen_at": T0} | fields))


def job(recording: PracticeRecording, **fields: Any) -> AnalysisJob:
    about = {"queue": "ai_analysis", "parameters_key": uuid.uuid4().hex, "created_at": T0}
    return AnalysisJob.objects.create(recording=recording, **(about | fields))


def attempt(outcome: str, job_id: Any = None, code: str = "") -> JobAttempt:
    return JobAttempt.objects.create(
        job_id=job_id or uuid.uuid4(), attempt=1, worker="w", outcome=outcome, started_at=T0, ended_at=T0,
        error_code=code,
    )  # fmt: skip


# --- queues and jobs


def test_a_queue_that_nobody_reads(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.lpush("ai_analysis", "a message")
    silent = worker(seen_at=T0 - timedelta(minutes=1))
    alert = world.raised("queue_without_consumer", "ai_analysis")
    assert alert.value == 1
    WorkerBeat.objects.filter(pk=silent.pk).update(seen_at=world.now)
    world.resolved("queue_without_consumer", "ai_analysis")


def test_jobs_that_wait_long(world: World, own_redis: OwnRedis, recording: PracticeRecording) -> None:
    waiting = job(recording, published_at=T0)
    own_redis.client.lpush("ai_analysis", "its message")
    world.wait(120)
    assert ("jobs_wait", "ai_analysis") not in world.look()
    world.wait(1)
    world.raised("jobs_wait", "ai_analysis")
    world.wait(480)
    alert = world.raised("jobs_wait_too_long", "ai_analysis")
    assert (alert.severity, alert.value) == ("critical", 601)
    assert "queue__exact=ai_analysis" in CONDITIONS["jobs_wait"].link("ai_analysis")
    AnalysisJob.objects.filter(pk=waiting.pk).update(state="running", lease_until=world.now)
    world.resolved("jobs_wait", "ai_analysis")
    world.resolved("jobs_wait_too_long", "ai_analysis")


def test_a_job_that_waits_for_its_owners_turn_is_no_failure(
    world: World, recording: PracticeRecording
) -> None:
    job(recording)
    assert {code for code, _ in world.look(3600)}.isdisjoint({"jobs_wait", "messages_lost"})


def test_a_queue_that_stays_long(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.lpush("health", *["a message"] * 101)
    world.raised("queue_long", "health")
    own_redis.client.rpop("health")
    world.resolved("queue_long", "health")


def test_a_queue_that_is_long_for_a_moment(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.lpush("health", *["a message"] * 101)
    world.look()
    own_redis.client.delete("health")
    world.look(600)
    assert not Alert.objects.filter(code="queue_long").exists()
    own_redis.client.lpush("health", *["a message"] * 101)
    assert ("queue_long", "health") not in world.look(600)


def test_jobs_that_their_queue_does_not_hold(
    world: World, own_redis: OwnRedis, recording: PracticeRecording
) -> None:
    job(recording, published_at=T0)
    world.raised("messages_lost", "ai_analysis")
    own_redis.client.lpush("ai_analysis", "its message")
    world.resolved("messages_lost", "ai_analysis")


def test_many_failures_of_a_job(world: World, recording: PracticeRecording) -> None:
    row = job(recording, state="failed", finished_at=T0)
    rows = [job(recording, state="succeeded", finished_at=T0) for _ in range(4)]
    attempt("failed", row.pk, "internal_error")
    for each in rows[:3]:
        attempt("succeeded", each.pk)
    assert ("jobs_fail", KIND) not in world.look()  # four runs tell little
    attempt("succeeded", rows[3].pk)
    alert = world.raised("jobs_fail", KIND)
    assert (alert.value, alert.figures) == (20.0, {"runs": 5, "failed": 1})
    world.wait(600)
    world.resolved("jobs_fail", KIND)


def test_silent_recordings_are_no_failures_of_the_system(world: World, recording: PracticeRecording) -> None:
    for _ in range(5):
        row = job(recording, state="failed", finished_at=T0, failures=3, error_code="recording_silent")
        attempt("failed", row.pk, "recording_silent")
    assert {code for code, _ in world.look()}.isdisjoint({"jobs_fail", "attempts_used_up"})


def test_many_failures_of_a_task(world: World) -> None:
    name = "tasks_admin.tasks.test_task"
    for number, status in enumerate(["FAILURE", *["SUCCESS"] * 4]):
        TaskResult.objects.create(task_id=str(number), task_name=name, status=status)
    TaskResult.objects.update(date_done=T0)
    world.raised("jobs_fail", name)
    world.wait(600)
    world.resolved("jobs_fail", name)


def test_workers_that_crash(world: World) -> None:
    for _ in range(3):
        attempt("lost")
    assert ("crash_loop", "") not in world.look()
    attempt("lost")
    world.raised("crash_loop")
    world.wait(600)
    world.resolved("crash_loop")


def test_a_job_that_is_given_up(
    world: World, recording: PracticeRecording, redis: Any, django_capture_on_commit_callbacks: Any
) -> None:
    row = job(recording, state="failed", failures=3, finished_at=T0, error_code="worker_lost")
    alert = world.raised("attempts_used_up", KIND)
    assert str(row.pk) in alert.message
    row.retry()
    world.resolved("attempts_used_up", KIND)


def test_jobs_that_redis_does_not_take(
    world: World, recording: PracticeRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Any:
        raise ConnectionError

    row = job(recording)
    monkeypatch.setattr(broker, "producer", away)
    for _ in range(12):
        assert announce(AnalysisJob, [row.pk]) == 0
        seen = world.look(10)
    assert ("publish_errors", "") in seen
    world.wait(90)
    world.resolved("publish_errors")


def test_a_periodic_task_that_found_something(world: World) -> None:
    every = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="h", task="tasks_admin.tasks.health_check", interval=every)
    PeriodicTask.objects.update(date_changed=T0)
    said = {"ok": False, "wrong": ["storage"]}
    TaskResult.objects.create(
        task_id="1", task_name="tasks_admin.tasks.health_check", status="SUCCESS", result=json.dumps(said)
    )
    TaskResult.objects.update(date_done=T0)
    assert "storage" in world.raised("bad_report", "tasks_admin.tasks.health_check").message
    TaskResult.objects.create(
        task_id="2", task_name="tasks_admin.tasks.health_check", status="SUCCESS", result='{"ok": true}'
    )
    TaskResult.objects.filter(task_id="2").update(date_done=world.now)
    world.resolved("bad_report", "tasks_admin.tasks.health_check")


# --- workers, beats, schedules, machines


def test_a_worker_that_is_silent(world: World) -> None:
    silent = worker()
    world.wait(120)
    assert ("worker_silent", silent.pk) not in world.look()
    world.wait(1)
    assert world.raised("worker_silent", silent.pk).value == 121
    # Its successor under the same name closes the row.
    Life("w@a/2", "w@a").beat()
    world.resolved("worker_silent", silent.pk)


def test_a_worker_that_left_is_not_waited_for(world: World) -> None:
    life = Life("w@a/1", "w@a")
    life.beat()
    WorkerBeat.objects.update(role="worker")
    life.leave()
    assert world.look(600) == set()


def test_beat_that_stands_still(world: World) -> None:
    every = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="h", task="tasks_admin.tasks.health_check", interval=every)
    PeriodicTask.objects.update(date_changed=T0)
    lease = Lease()
    lease.take()
    world.wait(121)
    world.raised("beat_late")
    assert world.look(3600 - 131) == {("beat_late", "")}
    lease.renew()
    world.resolved("beat_late")


def test_a_second_beat(world: World) -> None:
    first, second = Life("a:1/x", "a:1"), Life("a:2/y", "a:2")
    for _ in range(7):
        first.beat()
        second.beat()
        seen = world.look(10)
    assert ("second_beat", "") in seen
    second.leave()
    first.beat()
    world.resolved("second_beat")


def test_a_schedule_that_is_late(world: World) -> None:
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    row = PeriodicTask.objects.create(
        name="often", task="tasks_admin.tasks.health_check", interval=every, last_run_at=T0
    )
    world.wait(900)  # due after five minutes, and late by two intervals at fifteen
    assert ("schedule_late", "often") not in world.look(60)
    assert ("schedule_late", "often") in world.look(60)
    PeriodicTask.objects.filter(pk=row.pk).update(last_run_at=world.now)
    world.resolved("schedule_late", "often")


def test_a_nightly_schedule_counts_its_own_nights(world: World) -> None:
    nightly = CrontabSchedule.objects.create(minute="30", hour="3", timezone="Asia/Taipei")
    PeriodicTask.objects.create(
        name="night", task="tasks_admin.tasks.health_check", crontab=nightly, last_run_at=T0
    )
    for _night in range(2):
        assert ("schedule_late", "night") not in world.look(86_400)
    world.wait(86_400)  # T0 is 20:00 in Taipei: due 7.5 hours later
    assert ("schedule_late", "night") in world.look(60) | world.look(60)


def test_a_schedule_that_never_runs(world: World) -> None:
    never = CrontabSchedule.objects.create(day_of_month="31", month_of_year="2")
    row = PeriodicTask.objects.create(name="never", task="tasks_admin.tasks.health_check", crontab=never)
    PeriodicTask.objects.create(
        name="broken", task="tasks_admin.tasks.health_check", crontab=CrontabSchedule.objects.create(hour="3")
    )
    CrontabSchedule.objects.filter(hour="3").update(hour="soon")  # by SQL: no form would take it
    PeriodicTask.objects.update(date_changed=T0)
    world.raised("schedule_broken", "broken")
    world.raised("schedule_broken", "never")
    row.enabled = False
    row.save()
    world.resolved("schedule_broken", "never")


@pytest.mark.parametrize(
    "change",
    [
        {"args": "nonsense"}, {"args": "{}"}, {"kwargs": "[1]"}, {"kwargs": '{"no": "such"}'}, {"headers": "[]"},
        {"interval": None}, {"task": ""}, {"task": "no.such"}, {"queue": "music"}, {"priority": 300},
    ],
    ids=str,
)  # fmt: skip
def test_a_schedule_broken_by_sql(world: World, change: dict[str, Any]) -> None:
    every = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(
        name="broken",
        task="tasks_admin.tasks.test_task",
        interval=every,
        args='["x"]',
        queue="health",
        priority=3,
    )
    PeriodicTask.objects.update(date_changed=T0)
    assert ("schedule_broken", "broken") not in world.look()
    PeriodicTask.objects.update(**change)
    world.raised("schedule_broken", "broken")
    PeriodicTask.objects.all().delete()
    world.resolved("schedule_broken", "broken")


def test_the_disk_is_looked_at_for_real(world: World, settings: Any, tmp_path: Path) -> None:
    """What the worker measures of its own disk, against a rule that it is above, and one that it is not."""
    settings.MEDIA_ROOT = tmp_path
    rule = AlertRule.objects.filter(pk="disk_full")
    rule.update(threshold=0, hold_seconds=0)
    Life("w@a/1", "w@a").beat()
    (host,) = WorkerBeat.objects.values_list("host", flat=True)
    assert 0 < world.raised("disk_full", host).value <= 100
    rule.update(threshold=100)
    world.resolved("disk_full", host)


@pytest.mark.parametrize(("code", "column"), [("disk_full", "disk_used"), ("memory_full", "memory_used")])
def test_a_machine_that_is_full(world: World, code: str, column: str) -> None:
    worker(**{column: 96.0})
    hold = AlertRule.objects.get(pk=code).hold_seconds
    for _ in range(hold // 30):
        WorkerBeat.objects.update(seen_at=world.now)
        assert (code, "a") not in world.look()
        world.wait(30)
    WorkerBeat.objects.update(seen_at=world.now)
    assert (code, "a") in world.look()
    WorkerBeat.objects.update(seen_at=world.now, **{column: 50.0})
    world.resolved(code, "a")


# --- Redis


def test_redis_that_is_gone(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.lpush("health", *["a message"] * 101)
    world.raised("queue_long", "health")
    own_redis.stop()
    world.raised("redis_away")
    # Nobody can tell what is in the queue: it is not resolved by that.
    assert ("queue_long", "health") in world.look(60)
    own_redis.start()
    world.resolved("redis_away")


def test_redis_that_is_nearly_full(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.set("much", b"x" * 20 * 2**20)
    own_redis.client.config_set("maxmemory", 22 * 2**20)
    world.raised("redis_memory")
    own_redis.client.config_set("maxmemory", 2**20)  # full: it still says so
    assert ("redis_memory", "") in world.look(60)
    assert not Alert.objects.filter(code="redis_away").exists()
    own_redis.client.config_set("maxmemory", 2**30)
    world.resolved("redis_memory")


def test_redis_that_evicts(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.config_set("maxmemory-policy", "allkeys-lru")
    assert "allkeys-lru" in world.raised("redis_evicts").message
    own_redis.client.config_set("maxmemory", own_redis.client.info()["used_memory"] + 2**20)
    for number in range(300):
        own_redis.client.set(f"key {number}", b"x" * 10_000)
    world.raised("redis_evicted")
    own_redis.client.config_set("maxmemory-policy", "noeviction")
    own_redis.client.config_resetstat()
    world.resolved("redis_evicts")
    world.resolved("redis_evicted")


def test_redis_that_forgets(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.config_set("appendonly", "no")
    world.raised("redis_forgets")
    own_redis.client.config_set("appendonly", "yes")
    world.resolved("redis_forgets")


# --- rules


def test_every_alert_has_a_rule_from_the_start(rules: None) -> None:
    made = {each.code: (each.severity, each.threshold, each.hold_seconds) for each in AlertRule.objects.all()}
    assert made == {code: (c.severity, c.threshold, c.hold) for code, c in CONDITIONS.items()}


def test_a_rule_that_was_edited_counts(world: World, own_redis: OwnRedis) -> None:
    own_redis.client.lpush("health", *["a message"] * 4)
    AlertRule.objects.filter(pk="queue_long").update(threshold=3, hold_seconds=0, severity="critical")
    assert ("queue_long", "health") in world.look()
    AlertRule.objects.filter(pk="queue_long").update(enabled=False)
    assert ("queue_long", "health") not in world.look()


def test_one_evaluates_for_all(at: Callable[[float], None]) -> None:
    assert turns.take("alerts", 10) == T0
    assert turns.take("alerts", 10) is None
    at(9)
    assert turns.take("alerts", 10) is None
    at(10)
    assert turns.take("alerts", 10) == T0 + timedelta(seconds=10)


def test_troubles_of_one_minute_are_one_row(at: Callable[[float], None]) -> None:
    for _ in range(3):
        troubles.note("x")
    assert troubles.counted("x", 30) == 3
    at(200)
    assert troubles.counted("x", 30) == 0


def test_a_condition_that_falls_over_does_not_take_the_others_along(
    world: World, own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks_admin.alerts.about_processes.fleet.expected", lambda: 1 / 0)
    own_redis.client.config_set("appendonly", "no")
    assert ("redis_forgets", "") in world.look()
