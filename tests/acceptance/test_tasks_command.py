"""`manage.py tasks`, as a person or a script runs it while no worker does: nobody takes the jobs away."""

from __future__ import annotations

import importlib.util
import json
import socket
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from django_celery_results.models import TaskResult

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin.commands import snapshot
from tasks_admin.jobs import JobState
from tasks_admin.tasks import test_task as answer_task
from tests.acceptance.running import (
    AWAY,
    DONE,
    NOT_DONE,
    REFUSED,
    Terminal,
    here,
    tasks,
    told,
    told_here,
    without_redis,
)  # fmt: skip
from tests.conftest import Worker, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("tasks_command")]


@pytest.fixture
def away(environment: dict[str, str]) -> dict[str, str]:
    return without_redis(environment)


@pytest.fixture
def job(redis: Any, transactional_db: None, recording: PracticeRecording) -> AnalysisJob:
    return AnalysisJob.for_call(recording.pk).submit()


# --- looking


def test_status_without_a_worker(redis: Any, transactional_db: None, environment: dict[str, str]) -> None:
    said = told(environment, NOT_DONE, "status")
    assert said["workers"] == {}
    assert "manage.py tasks worker" in tasks(environment, "status").stderr


def test_status_without_redis_says_which(away: dict[str, str], transactional_db: None) -> None:
    said = told(away, AWAY, "status")
    assert said["redis"] != "ok"
    assert said["database"] == "ok"
    assert "Redis" in tasks(away, "status").stderr


def test_status_without_a_database_says_which(redis: Any, environment: dict[str, str], unused: int) -> None:
    gone = environment | {"DATABASE_URL": f"postgres://x:y@127.0.0.1:{unused}/z"}
    said = told(gone, AWAY, "status")
    assert said["redis"] == "ok"
    assert said["database"] != "ok"
    found = tasks(gone, "schedules")
    assert found.returncode == AWAY
    assert "Traceback" not in found.stderr


def seconds_to_look() -> float:
    began = time.monotonic()
    snapshot.take()
    return time.monotonic() - began


def test_nobody_waits_for_a_worker_that_is_not_there(redis: Any, transactional_db: None) -> None:
    assert seconds_to_look() < 2


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("where", ["unused", "silent"])
def test_nobody_waits_long_for_redis(
    where: str, request: pytest.FixtureRequest, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from celery import Celery

    from tasks_admin import monitor

    app = Celery(broker=f"redis://127.0.0.1:{request.getfixturevalue(where)}/0", set_as_current=False)
    app.conf.task_queues = monitor.monitor.app.conf.task_queues
    monkeypatch.setattr(monitor.monitor, "_app", app)
    assert seconds_to_look() < 3
    assert snapshot.take()["redis"] != "ok"


def test_test_without_a_worker(redis: Any, transactional_db: None, environment: dict[str, str]) -> None:
    found = tasks(environment, "test", "--timeout", "0.5")
    assert found.returncode == NOT_DONE
    assert "maintenance" in found.stderr


# --- the live screen


def test_monitor_prints_a_line_a_look(
    job: AnalysisJob, environment: dict[str, str], away: dict[str, str]
) -> None:
    found = tasks(environment, "monitor", "--json", "--count", "2", "--interval", "0.1")
    assert found.returncode == NOT_DONE, "no worker"
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert [line["queues"]["ai_analysis"] for line in lines] == [1, 1]
    assert lines[0]["jobs"] == {"analysis.AnalysisJob": {"queued": 1}}
    assert lines[0]["at"] < lines[1]["at"]
    assert tasks(away, "monitor").returncode == AWAY


def test_monitor_shows_what_runs_and_what_ended(job: AnalysisJob, environment: dict[str, str]) -> None:
    claimed = AnalysisJob.claim(job.pk, "w1@here/abc")
    assert claimed is not None
    claimed.report(40, "pitch")
    (running,) = snapshot.take()["running"]
    assert running["id"] == str(job.pk)
    assert (running["worker"], running["progress"], running["attempt"]) == ("w1@here", 40, 1)
    AnalysisJob.objects.update(state=JobState.FAILED, finished_at="2020-01-01T00:00:00Z")
    assert snapshot.take()["ended"] == {"succeeded": 0, "failed": 0}
    AnalysisJob.objects.update(state=JobState.SUCCEEDED, finished_at=job.created_at)
    assert snapshot.take()["ended"] == {"succeeded": 1, "failed": 0}


# --- one job


def test_task_shows_a_job_and_its_attempts(job: AnalysisJob, environment: dict[str, str]) -> None:
    claimed = AnalysisJob.claim(job.pk, "w1@here/abc")
    assert claimed is not None
    claimed.fail(OSError("disk"), "Traceback: disk")
    said = told(environment, DONE, "task", str(job.pk))
    assert (said["kind"], said["state"], said["failures"]) == ("analysis.AnalysisJob", "queued", 1)
    assert [(each["attempt"], each["outcome"]) for each in said["attempts"]] == [(1, "failed")]
    assert said["error_code"] == "internal_error"
    assert "系統" in said["error"]
    shown = tasks(environment, "task", str(job.pk))
    assert shown.returncode == DONE
    assert "Traceback: disk" in shown.stdout


@pytest.mark.parametrize("unknown", ["nonsense", "5ccf2a7e-4c1b-4a6e-9a52-0b51e25b2a11", "[bold]"])
def test_what_nobody_knows(redis: Any, transactional_db: None, unknown: str) -> None:
    for action in ("task", "cancel", "retry"):
        found = here("tasks", action, unknown)
        assert found.returncode == NOT_DONE
        assert unknown in found.stderr
        assert "Traceback" not in found.stderr


def test_cancel_and_retry_say_whether_it_was_done(
    job: AnalysisJob, environment: dict[str, str], alice: User
) -> None:
    (said,) = told(environment, DONE, "cancel", str(job.pk), "--user", "alice")
    assert (said["done"], said["state"]) == (True, "cancelled")
    entry = LogEntry.objects.get(object_pk=str(job.pk), additional_data={"action": "cancel"})
    assert entry.actor == alice
    (said,) = told_here(NOT_DONE, "cancel", str(job.pk))
    assert not said["done"]
    (first, second) = told(environment, NOT_DONE, "retry", str(job.pk), str(uuid.uuid4()))
    assert (first["done"], first["state"], second["done"]) == (True, "queued", False)
    assert here("tasks", "retry", str(job.pk)).returncode == NOT_DONE
    assert here("tasks", "cancel", str(job.pk), "--user", "nobody").returncode == REFUSED
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_retry_beside_an_active_job_for_the_same_work(job: AnalysisJob) -> None:
    job.cancel()
    AnalysisJob.for_call(job.recording_id).submit()
    (said,) = told_here(NOT_DONE, "retry", str(job.pk))
    assert not said["done"]
    assert said["state"] == "cancelled"


def test_cancel_without_redis_is_done_all_the_same(job: AnalysisJob, away: dict[str, str]) -> None:
    (said,) = told(away, DONE, "cancel", str(job.pk))
    assert said["state"] == "cancelled"


# --- queues


def test_purge_cancels_the_jobs_of_what_it_throws_away(
    job: AnalysisJob, redis: Any, environment: dict[str, str]
) -> None:
    answer_task.apply_async(["x"], queue="ai_analysis")
    assert tasks(environment, "purge", "--queue", "ai_analysis").returncode == REFUSED, (
        "there is nobody to ask"
    )
    assert here("tasks", "purge", "--queue", "ai_analysis", "--yes", "health").returncode == REFUSED
    assert here("tasks", "purge", "--queue", "music", "--yes", "music").returncode == REFUSED
    assert redis.llen("ai_analysis") == 2
    said = told(environment, DONE, "purge", "--queue", "ai_analysis", "--yes", "ai_analysis")
    assert (said["messages"], said["jobs"], said["no_jobs"], said["left"]) == (2, 1, 1, 0)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert redis.llen("ai_analysis") == 0


def test_purge_queues_again_where_that_is_asked(job: AnalysisJob, redis: Any, away: dict[str, str]) -> None:
    again = ("purge", "--queue", "ai_analysis", "--yes", "ai_analysis", "--requeue")
    assert tasks(away, *again).returncode == AWAY
    assert told_here(DONE, *again)["jobs"] == 1
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert redis.llen("ai_analysis") == 1


@pytest.mark.parametrize(("typed", "code", "left"), [("ai_analysis", DONE, 0), ("yes", NOT_DONE, 1)])
def test_purge_asks_for_the_queues_name(
    job: AnalysisJob, redis: Any, environment: dict[str, str], typed: str, code: int, left: int
) -> None:
    asked = Terminal(environment, "purge", "--queue", "ai_analysis")
    wait_for(lambda: "ai_analysis" in asked.said(), 30, asked.said)
    asked.type(f"{typed}\n")
    assert asked.end() == code
    assert redis.llen("ai_analysis") == left


# --- history and schedules


def test_cleanup_counts_first(redis: Any, transactional_db: None, environment: dict[str, str]) -> None:
    TaskResult.objects.create(task_id="old")
    TaskResult.objects.update(date_done=timezone.now() - timedelta(days=100))
    for arguments, left in ((("--dry-run",), 1), (("--days", "365"), 1), ((), 0)):
        found = told_here(DONE, "cleanup", *arguments)
        assert found["removed"]["task_results"] == (0 if "--days" in arguments else 1)
        assert TaskResult.objects.count() == left


@pytest.fixture
def schedules(redis: Any, transactional_db: None) -> PeriodicTask:
    """The only one: the health check each night at half past three."""
    PeriodicTask.objects.all().delete()
    nightly = CrontabSchedule.objects.create(minute="30", hour="3", timezone="Asia/Taipei")
    return PeriodicTask.objects.create(
        name="nightly check", task="tasks_admin.tasks.health_check", crontab=nightly
    )


def test_schedules_are_listed(schedules: PeriodicTask, environment: dict[str, str]) -> None:
    (row,) = told(environment, DONE, "schedules")
    assert (row["name"], row["when"], row["late"], row["enabled"]) == (
        "nightly check",
        "每天 03:30",
        False,
        True,
    )
    assert "T03:30:00+08:00" in row["next_run_at"] or "T19:30:00+00:00" in row["next_run_at"]
    PeriodicTask.objects.update(last_run_at="2026-01-01T00:00:00Z")
    assert told_here(DONE, "schedules")[0]["late"]
    assert here("tasks", "schedules").returncode == DONE


def test_a_schedule_is_run_and_switched(
    schedules: PeriodicTask, redis: Any, environment: dict[str, str], away: dict[str, str]
) -> None:
    assert told(environment, DONE, "schedules", "--run", "nightly check")["done"]
    assert redis.llen("health") == 1
    assert tasks(away, "schedules", "--run", "nightly check").returncode == AWAY
    assert here("tasks", "schedules", "--run", "x").returncode == NOT_DONE
    for action, enabled in (("--disable", False), ("--enable", True)):
        told_here(DONE, "schedules", action, "nightly check")
        schedules.refresh_from_db()
        assert schedules.enabled is enabled
    assert LogEntry.objects.filter(object_pk=str(schedules.pk)).count() == 3


# --- starting


def test_a_worker_refuses_what_cannot_work() -> None:
    for arguments, said in (
        (("-Q", "ai_analysis,music"), "music"), (("--pool", "gevent"), "gevent"), (("--pool", "solo"), "ai_analysis"),
    ):  # fmt: skip
        found = here("tasks", "worker", *arguments)
        assert found.returncode == REFUSED
        assert said in found.stderr
        assert "Traceback" not in found.stderr


def test_a_worker_starts_and_warns(redis: Any, transactional_db: None, environment: dict[str, str]) -> None:
    threads = Worker(environment, "--pool", "threads", "--max-tasks-per-child", "5", "-Q", "health")
    try:
        assert "--max-tasks-per-child" in threads.said()
        (said,) = told(environment, DONE, "status")["workers"].values()
        assert (said["queues"], said["pool"]) == (["health"], "TaskPool")
    finally:
        threads.end()


@pytest.mark.parametrize("arguments", [["worker", "-c", "0"], ["worker", "--pool", "rubber"], ["nothing"]])
def test_wrong_arguments_are_refused_by_name(arguments: list[str]) -> None:
    found = here("tasks", *arguments)
    assert found.returncode == REFUSED
    assert arguments[-1] in found.stderr


# --- Flower and Celery's own commands


def test_flower_starts_with_credentials_only(environment: dict[str, str]) -> None:
    refused = tasks(environment | {"FLOWER_BASIC_AUTH": "admin:short"}, "flower")
    assert refused.returncode == REFUSED
    installed = importlib.util.find_spec("flower") is not None
    assert ("FLOWER_BASIC_AUTH" if installed else "flower>=") in refused.stderr
