"""The demonstration's analyses: what a second run does again, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from analysis.demo.people import Practised
from analysis.demo.runs import Run, start, summary
from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin.errors import PermanentError
from tasks_admin.jobs import JobState

pytestmark = pytest.mark.usefixtures("redis")


def practised(recording: PracticeRecording, *, in_table: bool = False, **ending: Any) -> Practised:
    return Practised(recording, [], in_table, **ending)


def failing(job: AnalysisJob, code: str) -> None:
    claimed = AnalysisJob.claim(job.pk, "worker")
    assert claimed is not None
    claimed.fail(PermanentError(code))


def test_one_that_is_to_be_cancelled_never_reaches_the_queue_and_stays_cancelled(
    recording: PracticeRecording, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = start(practised(recording, state=JobState.CANCELLED))
    run.job.refresh_from_db()
    assert run.ended_well
    assert (run.job.state, run.job.published_at) == (JobState.CANCELLED, None)
    assert start(run.practised).job == run.job


def test_one_that_failed_as_it_should_is_left_alone(recording: PracticeRecording) -> None:
    silent = practised(recording, state=JobState.FAILED, error="recording_silent")
    first = start(silent).job
    failing(first, "recording_silent")
    assert start(silent).job == first
    assert start(silent).ended_well


def test_one_that_failed_otherwise_is_analysed_again(recording: PracticeRecording) -> None:
    silent = practised(recording, state=JobState.FAILED, error="recording_silent")
    first = start(silent).job
    failing(first, "recording_missing")
    first.refresh_from_db()
    assert not Run(silent, first).ended_well
    assert start(silent).job != first


def test_one_that_another_run_left_queued_is_waited_for(recording: PracticeRecording) -> None:
    first = start(practised(recording)).job
    assert start(practised(recording)).job == first


def test_one_of_the_table_is_analysed_each_time(recording: PracticeRecording) -> None:
    first = start(practised(recording, in_table=True)).job
    failing(first, "recording_silent")
    assert start(practised(recording, in_table=True)).job != first


def test_the_summary_counts_what_ended_as_it_should(recording: PracticeRecording) -> None:
    silent = practised(recording, state=JobState.FAILED, error="recording_silent")
    failing(start(silent).job, "recording_silent")
    failed = start(silent)
    unexpected = Run(practised(recording), failed.job)
    with override("en"):
        said = summary([failed, unexpected])
    assert "2 more recordings" in said
    assert "1 failed as they should" in said
