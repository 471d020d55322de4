"""A real file, a real Redis, a real worker: what a caller sees from submission to result."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from celery.result import AsyncResult
from celery.states import READY_STATES
from django.db import connections
from django_celery_results.models import TaskResult

from analysis.acoustics import MODEL_VERSION, STEPS
from analysis.manager import TaskManager
from analysis.models import SCORES, AnalysisJob, AnalysisResult, PracticeRecording
from analysis.tasks import analyze_audio_task
from tasks_admin import tasks
from tasks_admin.errors import JobFailed
from tasks_admin.jobs import JobState
from tasks_admin.models import JobAttempt
from tests.conftest import Worker, wait_for
from vocalborn.celery import app

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("analysis_by_a_worker")]


def test_a_webm_file_is_analysed_with_its_progress_seen(worker: Worker, recording: PracticeRecording) -> None:
    job = AnalysisJob.for_call(recording.pk)
    with app.backend.client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(f"celery-task-meta-{job.pk}")
        job.submit()
        seen = list(states(channel, worker))
    progress = [result for status, result in seen if status == "PROGRESS"]
    percents = [info["progress"] for info in progress]
    assert [info["current_step"] for info in progress] == [step.name for step in STEPS]
    assert percents == sorted(percents)
    assert all(set(info) == {"progress", "current_step"} for info in progress)
    assert seen[-1][0] == "SUCCESS"
    job.refresh_from_db()
    assert (job.state, job.progress) == (JobState.SUCCEEDED, 100)
    assert (job.result.overall_score or 0) > 80


def states(channel: Any, worker: Worker) -> Iterator[tuple[str, Any]]:
    """What Celery publishes about one task, until it ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        message = channel.get_message(timeout=1)
        if message is None:
            continue
        meta = json.loads(message["data"])
        yield meta["status"], meta["result"]
        if meta["status"] in READY_STATES:
            return
    pytest.fail(worker.said())


def test_async_result_tells_the_progress(worker: Worker) -> None:
    sent = tasks.test_task.apply_async(args=["hello", 2.0])
    info = wait_for(lambda: (found := app.AsyncResult(sent.id)).status == "PROGRESS" and found.info)
    assert set(info) == {"progress", "current_step"}
    answer = sent.get(timeout=20)
    assert (answer["message"], answer["queue"]) == ("hello", "maintenance")


def test_the_rows_tell_the_history(worker: Worker, recording: PracticeRecording) -> None:
    job = TaskManager().submit(recording.pk)
    AsyncResult(str(job.pk)).get(timeout=60)
    row = wait_for(lambda: TaskResult.objects.filter(task_id=job.pk).first())
    attempt = JobAttempt.objects.get(job_id=job.pk)
    assert (row.status, row.task_name, row.result) == ("SUCCESS", "analysis.tasks.analyze_audio_task", "null")
    assert (attempt.attempt, attempt.outcome) == (1, "succeeded")
    assert attempt.worker
    assert attempt.ended_at is not None
    assert attempt.started_at <= attempt.ended_at


def test_old_callers_find_the_names_they_use(worker: Worker, recording: PracticeRecording) -> None:
    practice_record_id = recording.pk
    params = {"model_version": MODEL_VERSION}

    sent = analyze_audio_task.apply_async(args=[practice_record_id, params], queue="ai_analysis")
    found = sent.get(timeout=60)
    assert app.AsyncResult(sent.id).status == "SUCCESS"
    assert {*SCORES, "detailed_analysis", "suggestions", "improvement_areas", "model_version",
            "processing_time_seconds"} <= set(found)  # fmt: skip
    assert {"timing_analysis", "pitch_analysis", "phoneme_analysis"} <= set(found["detailed_analysis"])

    async def as_a_view() -> dict[str, Any]:
        manager = TaskManager()
        task_id = await manager.submit_audio_analysis(
            practice_record_id=practice_record_id, analysis_params=params
        )
        while (status := await manager.get_task_status(task_id))["status"] in ("PENDING", "PROGRESS"):
            await asyncio.sleep(0.02)
        await sync_to_async(connections.close_all)()  # as the end of a request does
        return status

    status = asyncio.run(as_a_view())
    assert (status["status"], status["progress"], status["error"]) == ("SUCCESS", 100, None)
    assert status["result"]["overall_score"] == found["overall_score"]

    from tasks_admin.monitor import monitor

    assert monitor.get_queue_length("ai_analysis") == 0
    assert [said["slots"] for said in monitor.get_worker_stats().values()] == [1]
    assert monitor.purge_queue("health") == 0


def test_a_result_leaves_without_the_text(worker: Worker, recording: PracticeRecording) -> None:
    found = analyze_audio_task.delay(str(recording.pk)).get(timeout=60)
    kept = AnalysisResult.objects.get(job__recording=recording)
    assert [each["text"] for each in kept.syllables] == list(recording.exercise.text)
    assert not any(character in str(found) for character in recording.exercise.text)


def test_a_recording_removed_while_its_job_waits_is_answered(
    redis: Any, transactional_db: None, recording: PracticeRecording, environment: dict[str, str]
) -> None:
    job = TaskManager().submit(recording.pk)
    recording.delete()
    worker = Worker(environment)
    try:
        with pytest.raises(JobFailed, match="no_such_job"):
            AsyncResult(str(job.pk)).get(timeout=30)
        assert "overall_score" not in worker.said()
    finally:
        worker.end()


def test_the_log_holds_no_scores(worker: Worker, recording: PracticeRecording) -> None:
    analyze_audio_task.delay(str(recording.pk)).get(timeout=60)
    assert "succeeded" in wait_for(lambda: "succeeded" in worker.said() and worker.said())
    assert "overall_score" not in worker.said()
