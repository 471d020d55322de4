"""A real worker's log: one JSON object a line, that can be followed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import trail
from tasks_admin.models import WorkerBeat
from tests.conftest import ROOT, Worker, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("logs")]


def events(said: str) -> list[dict[str, Any]]:
    """Each line is one, but for what Celery prints to say that it was told to leave."""
    lines = [line for line in said.splitlines() if line and not line.startswith("worker: ")]
    return [json.loads(line) for line in lines]


def test_a_workers_log_can_be_followed(
    redis: Any, transactional_db: None, environment: dict[str, str], recording: PracticeRecording
) -> None:
    trail.add(request_id="request-of-the-test")
    job = AnalysisJob.for_call(recording.pk).submit()
    trail.add(request_id=None)
    AnalysisJob.objects.filter(pk=job.pk).update(parameters={"no": "such parameter"})
    worker = Worker(environment | {"LOG_FORMAT": "json"}, "--loglevel", "INFO")
    try:
        wait_for(lambda: AnalysisJob.objects.get(pk=job.pk).state == "failed", 60, worker.said)
        # Left in the middle of a task, Celery prints a traceback of its own pipes, which is no JSON.
        wait_for(lambda: "raised expected" in worker.said(), 30, worker.said)
    finally:
        worker.end()
    lines = events(worker.said())
    assert all({"asctime", "levelname", "name", "message"} <= line.keys() for line in lines)
    mine = [line for line in lines if line.get("job_id") == str(job.pk)]
    assert mine
    for line in mine:
        assert (line["task_id"], line["attempt"]) == (str(job.pk), 1)
        assert line["request_id"] == "request-of-the-test"
    assert recording.patient.name not in worker.said()


def test_the_level_is_honoured(redis: Any, transactional_db: None, environment: dict[str, str]) -> None:
    quiet = environment | {"LOG_FORMAT": "json", "CELERY_LOG_LEVEL": "WARNING"}
    command = [sys.executable, "manage.py", "tasks", "worker", "-c", "1", "-n", "quiet"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=quiet,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        wait_for(lambda: WorkerBeat.objects.filter(node__startswith="quiet@").exists(), 60)
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=30)
    assert {event["levelname"] for event in events(said.decode())} <= {"WARNING", "ERROR"}
    assert WorkerBeat.objects.get(node__startswith="quiet@").ended_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "kept"),
    [("abcdef-1234", True), ("short", False), ("two words are no id", False), ("x" * 65, False)],
)
def test_a_request_keeps_a_sane_id(given: str, kept: bool) -> None:
    answer = Client().get("/admin/login/", headers={"x-request-id": given})
    assert (answer["X-Request-ID"] == given) == kept
    assert trail.SANE.fullmatch(answer["X-Request-ID"])
