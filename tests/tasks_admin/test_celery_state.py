"""Celery's state follows the row's, also where Redis lost it or never got it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from billiard.exceptions import WorkerLostError
from celery.exceptions import TaskRevokedError
from django.utils import timezone

from analysis.models import AnalysisJob, PracticeRecording
from analysis.tasks import analyze_audio_task
from tasks_admin import rescue
from tasks_admin.celery_state import heal, mirror
from tasks_admin.errors import JobFailed, PermanentError
from tasks_admin.jobs import JobState
from vocalborn import celery_app

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def job(recording: PracticeRecording) -> AnalysisJob:
    return AnalysisJob.for_call(recording.pk).submit()


def ended(job: AnalysisJob, state: JobState, **fields: Any) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    AnalysisJob.objects.filter(pk=job.pk).update(state=state, finished_at=long_ago, **fields)


def asked(job: AnalysisJob) -> Any:
    return celery_app.AsyncResult(str(job.pk))


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("queued", "PENDING"),
        ("running", "PROGRESS"),
        ("succeeded", "SUCCESS"),
        ("failed", "FAILURE"),
        ("cancelled", "REVOKED"),
    ],
)
def test_the_row_answers_where_redis_knows_nothing(job: AnalysisJob, state: str, told: str) -> None:
    AnalysisJob.objects.filter(pk=job.pk).update(state=state, progress=40, current_step="pitch")
    assert asked(job).status == told
    if state == "running":
        assert asked(job).info == {"progress": 40, "current_step": "pitch"}


def test_after_a_failed_attempt_it_is_a_retry(job: AnalysisJob) -> None:
    AnalysisJob.objects.filter(pk=job.pk).update(failures=1, error_code="out_of_memory")
    assert asked(job).status == "RETRY"


def test_an_unknown_id_is_pending_as_ever(db: None) -> None:
    assert celery_app.AsyncResult("3f6f1a2e-0000-4000-8000-000000000000").status == "PENDING"
    assert celery_app.AsyncResult("not an id").status == "PENDING"


@pytest.mark.parametrize(("state", "error"), [("cancelled", TaskRevokedError), ("failed", JobFailed)])
def test_get_returns_at_once_for_a_job_whose_state_redis_lost(
    job: AnalysisJob, state: JobState, error: type[Exception]
) -> None:
    ended(job, state, error_code="recording_silent" if state == "failed" else "")
    with pytest.raises(error, match="recording_silent" if state == "failed" else "cancelled"):
        asked(job).get(timeout=2)


def test_redis_is_told_of_ends_that_it_does_not_know(job: AnalysisJob) -> None:
    ended(job, JobState.FAILED, error_code="recording_silent")
    celery_app.backend.store_result(str(job.pk), {"progress": 40, "current_step": ""}, "PROGRESS")
    since = timezone.now() - timedelta(minutes=5)
    heal(AnalysisJob, since)
    assert celery_app.backend.client.get(f"celery-task-meta-{job.pk}").startswith(b'{"status": "FAILURE"')


def test_whoever_waits_is_woken(job: AnalysisJob) -> None:
    """The row ended while Redis was away: its message on the channel was never sent."""
    with celery_app.backend.client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(f"celery-task-meta-{job.pk}")
        channel.get_message(timeout=1)
        ended(job, JobState.FAILED, error_code="recording_silent")
        heal(AnalysisJob, timezone.now() - timedelta(minutes=5))
        message = channel.get_message(timeout=2)
    assert message is not None
    assert message["data"].startswith(b'{"status": "FAILURE"')


def test_healing_looks_again_only_a_little_before_the_newest(job: AnalysisJob) -> None:
    ended(job, JobState.CANCELLED)
    mirror(AnalysisJob.objects.get(pk=job.pk))
    since = timezone.now() - timedelta(minutes=5)
    newest = AnalysisJob.objects.get(pk=job.pk).finished_at
    assert newest is not None
    assert heal(AnalysisJob, since) == newest - timedelta(seconds=10)
    assert heal(AnalysisJob, timezone.now()) > newest, "never back"


def test_a_lost_child_is_a_retry_while_its_row_is_active(job: AnalysisJob) -> None:
    AnalysisJob.claim(job.pk, "w1")
    lost = WorkerLostError("signal 9")
    assert analyze_audio_task.to_store(str(job.pk), "FAILURE", lost) == ("RETRY", lost)


def test_a_child_lost_after_it_completed_takes_nothing_back(job: AnalysisJob) -> None:
    ended(job, JobState.CANCELLED)
    state, _ = analyze_audio_task.to_store(str(job.pk), "FAILURE", WorkerLostError("signal 9"))
    assert state == "REVOKED"


def test_rescue_tells_celery_too(job: AnalysisJob) -> None:
    claimed = AnalysisJob.claim(job.pk, "w1")
    assert claimed is not None
    claimed.fail(PermanentError("recording_silent"))
    AnalysisJob.objects.filter(pk=job.pk).update(state="queued", failures=3)
    rescue.fail_used_up(AnalysisJob)
    assert celery_app.backend._get_task_meta_for(str(job.pk))["status"] == "FAILURE"
