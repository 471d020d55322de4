"""With Redis away the site works and jobs wait; when it comes, they are done."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ROOT, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("redis_away")]

SUBMIT = """
import time
from django.core.files.base import ContentFile
from django.test import Client
from analysis.files import receive
from analysis.manager import TaskManager
from analysis.models import Exercise, Patient
from analysis.demo.people import SPEECH
audio = ContentFile((SPEECH / "park-faithful.webm").read_bytes(), name="a.webm")
recording = receive(audio, patient=Patient.objects.create(code="A"), exercise=Exercise.objects.create(title="x"))
began = time.monotonic()
job = TaskManager().submit(recording.pk)
print(job.pk, time.monotonic() - began, Client().get("/admin/login/").status_code)
"""


def shell(bare: dict[str, str], code: str) -> str:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    found = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def state(folder: Path) -> str:
    """The only job's, read past Django."""
    with closing(sqlite3.connect(folder / "vocalborn.sqlite3")) as database:
        (found,) = database.execute("SELECT state FROM analysis_analysisjob").fetchone()
    return str(found)


def test_a_job_submitted_without_redis_is_done_once_it_is_there(bare: dict[str, str], tmp_path: Path) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=bare, check=True)
    _job, seconds, page = shell(bare, SUBMIT).split()
    assert float(seconds) < 1.0
    assert page == "200"
    assert state(tmp_path) == "queued"
    log = tmp_path / "worker.log"
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "tasks", "worker", "-c", "1"],
            cwd=ROOT, env=bare, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(lambda: state(tmp_path) == "succeeded", 90, log.read_text)
    finally:
        worker.terminate()
        worker.wait(30)
