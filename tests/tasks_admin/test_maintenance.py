"""What maintenance removes, counts and leaves alone."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone
from django_celery_results.models import TaskResult

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import maintenance
from tasks_admin.figures import percentile, spread
from tasks_admin.models import Alert, DailyFigures, JobAttempt, WorkerBeat

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=100)


def job(recording: PracticeRecording, **fields: Any) -> AnalysisJob:
    made = fields.pop("created_at", None)
    row = AnalysisJob.objects.create(
        recording=recording, queue="ai_analysis", parameters_key=uuid.uuid4().hex, **fields
    )
    AnalysisJob.objects.filter(pk=row.pk).update(created_at=made or row.created_at)
    return row


@pytest.fixture
def _old(recording: PracticeRecording) -> None:
    row = job(recording, state="succeeded", finished_at=LONG_AGO)
    for number, moment in enumerate([LONG_AGO] * 3 + [timezone.now()]):
        JobAttempt.objects.create(
            job_id=row.pk, attempt=number, worker="w", outcome="succeeded", started_at=moment, ended_at=moment
        )
        TaskResult.objects.create(task_id=str(number), status="SUCCESS")
        TaskResult.objects.filter(task_id=str(number)).update(date_done=moment)
        Alert.objects.create(
            code="x", subject=str(number), severity="warning", value=1, threshold=0, since=moment, seen_at=moment,
            opened_at=moment, resolved_at=moment,
        )  # fmt: skip
        WorkerBeat.objects.create(
            name=str(number), node="w", host="a", pid=1, started_at=moment, seen_at=moment
        )


def left() -> list[int]:
    models: list[type[Model]] = [JobAttempt, TaskResult, Alert, WorkerBeat, AnalysisJob]
    return [model._default_manager.count() for model in models]


@pytest.mark.usefixtures("_old")
def test_old_history_goes_and_jobs_stay(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "BATCH", 2)
    expected = {"task_results": 3, "attempts": 3, "alerts": 3, "workers": 3}
    dry = maintenance.expire(90, dry_run=True)
    assert left() == [4, 4, 4, 4, 1]
    done = maintenance.expire(90)
    nothing = dict.fromkeys(("group_results", "silences", "troubles", "upload_keys"), 0)
    assert dry["removed"] == done["removed"] == expected | nothing
    assert left() == [1, 1, 1, 1, 1]
    assert done["celery"] is True
    assert not any(maintenance.expire(90)["removed"].values())


@pytest.mark.parametrize("days", [0, -1, True, "7", 1.5, 10_000])
def test_days_that_are_none(days: Any) -> None:
    with pytest.raises(ValueError, match="days is"):
        maintenance.expire(days)
    with pytest.raises(ValueError, match="days is"):
        maintenance.roll_up(days)


def test_a_day_is_counted(recording: PracticeRecording) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    noon = timezone.make_aware(datetime.combine(yesterday, datetime.min.time())) + timedelta(hours=12)
    for run in range(1, 21):
        job(
            recording, state="succeeded", created_at=noon, started_at=noon + timedelta(seconds=2 * run), attempt=1,
            finished_at=noon + timedelta(seconds=3 * run),
        )  # fmt: skip
    # A retry of an old job tells of no wait.
    job(
        recording, state="failed", created_at=noon - timedelta(days=30), started_at=noon, attempt=2,
        finished_at=noon + timedelta(seconds=50),
    )  # fmt: skip
    job(recording, state="cancelled", finished_at=noon)
    job(recording, state="succeeded", finished_at=timezone.now())  # today's
    dry = maintenance.roll_up(dry_run=True)
    assert not DailyFigures.objects.exists()
    assert maintenance.roll_up()["rows"] == dry["rows"]
    row = DailyFigures.objects.get()
    assert (row.day, row.kind) == (yesterday, "analysis.AnalysisJob")
    assert (row.succeeded, row.failed, row.cancelled) == (20, 1, 1)
    assert (row.wait_p50, row.wait_p95, row.run_p50, row.run_p95) == (20, 38, 11, 20)
    AnalysisJob.objects.filter(state="failed").delete()
    maintenance.roll_up()
    assert DailyFigures.objects.get().failed == 0


def test_percentiles() -> None:
    assert percentile([], 50) is None
    assert [percentile([1, 2, 3, 4], p) for p in (0, 25, 50, 75, 95, 100)] == [1, 1, 2, 3, 4, 4]
    assert spread([None, 3.0, 1.0]) == (1.0, 3.0)


def test_a_figure_belongs_to_the_sites_day(recording: PracticeRecording) -> None:
    """Midnight in Taipei is 16:00 UTC."""
    before = datetime.fromisoformat("2026-03-01T15:59:59+00:00")
    job(recording, state="succeeded", finished_at=before)
    job(recording, state="succeeded", finished_at=before + timedelta(seconds=1))
    for day in (1, 2):
        found = maintenance.figures_of(AnalysisJob, date(2026, 3, day))
        assert found is not None
        assert found["succeeded"] == 1
