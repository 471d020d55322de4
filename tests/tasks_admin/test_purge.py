"""Emptying a queue loses no job."""

from __future__ import annotations

from typing import Any

import pytest
from celery.result import AsyncResult
from django.conf import settings

from analysis.models import AnalysisJob, Exercise, Patient
from tasks_admin.announce import announce_waiting
from tasks_admin.jobs import JobState
from tasks_admin.monitor import Unavailable, monitor
from tasks_admin.tasks import health_check
from tasks_admin.tasks import test_task as answer_task
from tests.conftest import record

SHARE = settings.TASKS_ADMIN["ANNOUNCED_PER_OWNER"]
QUEUE = "ai_analysis"


@pytest.fixture
def jobs(redis: Any, transactional_db: None, amy: Patient, exercise: Exercise) -> list[AnalysisJob]:
    """Two that are announced."""
    return [AnalysisJob.for_call(record(amy, exercise).pk).submit() for _ in range(2)]


def test_the_jobs_of_the_messages_are_cancelled_and_what_is_no_job_is_counted(
    jobs: list[AnalysisJob], redis: Any
) -> None:
    answer_task.apply_async(["x"], queue=QUEUE)
    redis.lpush(QUEUE, b"no message at all")
    health_check.delay()
    purged = monitor.purge(QUEUE)
    assert (purged.messages, purged.jobs, purged.left) == (4, 2, 0)
    assert redis.llen(QUEUE) == 0
    assert redis.llen("health") == 1
    assert not redis.keys("*purged*")
    for job in jobs:
        job.refresh_from_db()
        assert job.state == JobState.CANCELLED
        assert job.finished_at is not None
        assert AsyncResult(str(job.pk)).state == "REVOKED"


def test_with_again_they_are_announced_anew(jobs: list[AnalysisJob], redis: Any) -> None:
    purged = monitor.purge(QUEUE, again=True)
    assert (purged.messages, purged.jobs, purged.left) == (2, 2, 2)
    assert redis.llen(QUEUE) == 2
    assert AnalysisJob.claim(jobs[0].pk, "w1") is not None


def test_a_job_that_a_worker_has_taken_is_left_to_it(jobs: list[AnalysisJob], redis: Any) -> None:
    """Its message may have come twice, or be here again."""
    AnalysisJob.claim(jobs[0].pk, "w1")
    assert monitor.purge(QUEUE).jobs == 1
    jobs[0].refresh_from_db()
    assert jobs[0].state == JobState.RUNNING
    assert not jobs[0].cancel_requested


def test_who_waits_for_a_turn_is_announced_next(
    jobs: list[AnalysisJob], redis: Any, amy: Patient, exercise: Exercise
) -> None:
    for _ in range(SHARE):
        AnalysisJob.for_call(record(amy, exercise).pk).submit()
    announce_waiting(AnalysisJob)
    purged = monitor.purge(QUEUE)
    assert (purged.messages, purged.jobs, purged.left) == (SHARE, SHARE, 2)
    assert redis.llen(QUEUE) == 2


def test_the_old_name_counts_messages(jobs: list[AnalysisJob]) -> None:
    assert monitor.purge_queue(QUEUE) == 2
    assert monitor.purge_queue(QUEUE) == 0
    with pytest.raises(ValueError, match="music"):
        monitor.purge_queue("music")


def test_a_message_that_comes_meanwhile_stays(
    jobs: list[AnalysisJob], redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is moved aside first; after that whoever sends finds it empty."""
    from tasks_admin import purge

    def late(*args: Any) -> int:
        monkeypatch.undo()
        answer_task.apply_async(["late"], queue=QUEUE)
        return purge._cancel(*args)

    monkeypatch.setattr(purge, "_cancel", late)
    assert monitor.purge_queue(QUEUE) == 2
    assert redis.llen(QUEUE) == 1


def test_without_redis_it_says_so(db: None, monkeypatch: pytest.MonkeyPatch, unused: int) -> None:
    from celery import Celery

    from tasks_admin.monitor import Monitor

    away = Celery(broker=f"redis://127.0.0.1:{unused}/0", set_as_current=False)
    away.conf.task_queues = monitor.app.conf.task_queues
    with pytest.raises(Unavailable):
        Monitor(away).purge_queue(QUEUE)
