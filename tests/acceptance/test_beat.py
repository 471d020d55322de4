"""Schedules belong to the administrators: an edit holds without a restart, and nothing comes back by itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from tests.conftest import ROOT, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("beat")]


def test_an_edited_schedule_takes_effect_while_beat_runs(
    redis: Any, transactional_db: None, environment: dict[str, str]
) -> None:
    PeriodicTask.objects.all().delete()
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
    row = PeriodicTask.objects.create(
        name="often", task="tasks_admin.tasks.test_task", interval=every, queue="health"
    )
    beat = subprocess.Popen(
        [sys.executable, "manage.py", "tasks", "beat"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: redis.llen("health"), 30)
        row.queue = "maintenance"
        row.save()
        wait_for(lambda: redis.llen("maintenance"), 30)
        # What an administrator has deleted, Celery's own clean-up among it, stays deleted.
        assert list(PeriodicTask.objects.values_list("name", flat=True)) == ["often"]
    finally:
        beat.terminate()
        beat.wait(20)
