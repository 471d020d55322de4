"""What dies in the middle of an analysis, and what becomes of the job: a real worker, a Redis to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import wave
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile

from analysis.acoustics.decoding import decode
from analysis.acoustics.sound import RATE
from analysis.demo.people import SPEECH
from analysis.files import receive
from analysis.models import AnalysisJob, Exercise, Patient
from tasks_admin.jobs import LEASE_SECONDS, JobState
from tasks_admin.models import JobAttempt
from tests.conftest import Worker, free_port, record, wait_for
from vocalborn import celery_app, embedded_redis

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("worker_deaths")]


class Server:
    """A Redis as production has it, to be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                str(embedded_redis.server()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--dir", str(self.folder),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def spoken(amy: Patient, exercise: Exercise) -> Callable[[float], AnalysisJob]:
    """A job for a recording so many seconds long."""

    def submit(seconds: float) -> AnalysisJob:
        file = ContentFile(said_again(seconds), name="long.wav")
        return AnalysisJob.for_call(receive(file, patient=amy, exercise=exercise).pk).submit()

    return submit


def said_again(seconds: float) -> bytes:
    samples = np.resize(decode(SPEECH / "park-faithful.webm").samples, int(seconds * RATE))
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()


def children(worker: Worker) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-P", str(worker.process.pid)], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split()]


def state_of(job: AnalysisJob) -> str:
    job.refresh_from_db()
    return job.state


def outcomes(job: AnalysisJob) -> list[str]:
    return list(
        JobAttempt.objects.filter(job_id=job.pk).order_by("attempt").values_list("outcome", flat=True)
    )


def under_way(job: AnalysisJob, worker: Worker) -> None:
    wait_for(lambda: state_of(job) == JobState.RUNNING and job.current_step, 30, worker.said)


def test_a_job_whose_child_is_killed_does_not_wait_for_its_lease(worker: Worker, spoken: Any) -> None:
    job = spoken(200.0)
    under_way(job, worker)
    killed = time.monotonic()
    for pid in children(worker):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: outcomes(job)[:1] == ["lost"], LEASE_SECONDS, worker.said)
    assert time.monotonic() - killed < LEASE_SECONDS / 2
    assert celery_app.AsyncResult(str(job.pk)).status in ("RETRY", "PROGRESS")
    wait_for(lambda: state_of(job) == JobState.SUCCEEDED, 90, worker.said)
    assert (job.failures, outcomes(job)) == (1, ["lost", "succeeded"])


def test_a_running_job_is_cancelled_and_its_worker_takes_the_next(
    worker: Worker, spoken: Any, ben: Patient, exercise: Exercise
) -> None:
    job = spoken(60.0)
    under_way(job, worker)
    before = children(worker)
    assert job.cancel()
    wait_for(lambda: state_of(job) == JobState.CANCELLED, 5, worker.said)
    assert celery_app.AsyncResult(str(job.pk)).status == "REVOKED"
    after = AnalysisJob.for_call(record(ben, exercise).pk).submit()
    wait_for(lambda: state_of(after) == JobState.SUCCEEDED, 30, worker.said)
    assert children(worker) == before, "nothing was killed for it"


def test_a_worker_outlives_redis_with_one_slot_at_work_and_one_free(
    environment: dict[str, str], server: Server, transactional_db: None, redis: Any, spoken: Any, ben: Patient,
    exercise: Exercise,
) -> None:  # fmt: skip
    """Celery 5.7.0's worker ends here. What is submitted meanwhile is announced by the worker's own rescue."""
    elsewhere = environment | {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server.port)}
    worker = Worker({k: v for k, v in elsewhere.items() if k != "REDIS_URL"}, "-c", "2")
    try:
        job = spoken(200.0)
        under_way(job, worker)
        server.kill()
        wait_for(lambda: "Connection to broker lost" in worker.said(), 20, worker.said)
        server.start()
        wait_for(lambda: state_of(job) == JobState.SUCCEEDED, 90, worker.said)
        after = AnalysisJob.for_call(record(ben, exercise).pk).submit()
        wait_for(lambda: state_of(after) == JobState.SUCCEEDED, 60, worker.said)
        assert worker.process.poll() is None
        assert outcomes(job) == ["succeeded"]
    finally:
        worker.end()
