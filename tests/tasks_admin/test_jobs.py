"""The life of a job: who may write when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from analysis import acoustics
from analysis.models import AnalysisJob, AnalysisResult, PracticeRecording
from tasks_admin import broker, clock, rescue
from tasks_admin.announce import _announced, announce_waiting
from tasks_admin.backoff import BACKOFF_CAP_SECONDS, BACKOFF_SECONDS, backoff
from tasks_admin.errors import PermanentError, Stop
from tasks_admin.job_kinds import job_models
from tasks_admin.job_task import JobTask, trace_of
from tasks_admin.jobs import (
    LEASE_SECONDS,
    Job,
    JobState,
)
from tasks_admin.models import JobAttempt
from tests.conftest import record
from tests.tasks_admin.conftest import T0

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def job(recording: PracticeRecording, at: Callable[[float], None]) -> AnalysisJob:
    return AnalysisJob.for_call(recording.pk).submit()


@pytest.fixture(scope="module")
def analysis() -> acoustics.Analysis:
    from analysis.demo.people import SPEECH

    return acoustics.analyze(
        SPEECH / "park-faithful.webm", SPEECH / "park-example.webm", text="今天我們去公園散步"
    )


def claimed(job: Job, worker: str = "w1") -> Job:
    mine = type(job).claim(job.pk, worker)
    assert mine is not None
    return mine


def test_the_analysis_job_is_a_known_kind() -> None:
    assert AnalysisJob in job_models()


def test_a_claim_takes_the_job_and_numbers_the_attempt(job: AnalysisJob) -> None:
    mine = claimed(job)
    assert (mine.state, mine.attempt, mine.worker) == (JobState.RUNNING, 1, "w1")
    assert mine.lease_until == T0 + timedelta(seconds=LEASE_SECONDS)
    assert not JobAttempt.objects.filter(job_id=job.pk).exists(), "it is kept when it ends"


def test_a_second_claim_gets_nothing_while_the_lease_holds(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    claimed(job)
    at(LEASE_SECONDS - 1)
    assert AnalysisJob.claim(job.pk, "w2") is None


def test_a_lapsed_lease_can_be_claimed_and_counts_as_a_failure(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    claimed(job)
    at(LEASE_SECONDS + 1)
    mine = claimed(job, "w2")
    assert (mine.attempt, mine.failures, mine.worker) == (2, 1, "w2")
    lost = JobAttempt.objects.get(job_id=job.pk, attempt=1)
    assert (lost.outcome, lost.ended_at) == (
        JobAttempt.Outcome.LOST,
        T0 + timedelta(seconds=LEASE_SECONDS + 1),
    )


def test_a_heartbeat_keeps_the_lease(job: AnalysisJob, at: Callable[[float], None]) -> None:
    mine = claimed(job)
    at(LEASE_SECONDS - 1)
    assert mine.renew()
    at(LEASE_SECONDS + 5)
    assert AnalysisJob.claim(job.pk, "w2") is None


def test_progress_is_written_on_the_row(job: AnalysisJob) -> None:
    mine = claimed(job)
    mine.report(40, "pitch")
    job.refresh_from_db()
    assert (job.progress, job.current_step) == (40, "pitch")


def test_a_stale_attempt_can_write_nothing(
    job: AnalysisJob, at: Callable[[float], None], analysis: acoustics.Analysis
) -> None:
    stale = claimed(job)
    at(LEASE_SECONDS + 1)
    fresh = claimed(job, "w2")
    assert not stale.renew()
    for write in (
        lambda: stale.report(50, "x"),
        lambda: stale.complete(analysis),
        lambda: stale.fail(OSError()),
    ):
        with pytest.raises(Stop):
            write()
    assert stale.stop() is None
    assert not AnalysisResult.objects.exists()
    fresh.complete(analysis)
    assert AnalysisResult.objects.get().job_id == job.pk


def test_completing_stores_result_state_and_attempt(job: AnalysisJob, analysis: acoustics.Analysis) -> None:
    found = claimed(job).complete(analysis)
    job.refresh_from_db()
    assert (job.state, job.progress, job.lease_until) == (JobState.SUCCEEDED, 100, None)
    assert job.recorded() == found
    assert job.result.recording_sha256 == job.recording.sha256
    assert JobAttempt.objects.get(job_id=job.pk).outcome == JobAttempt.Outcome.SUCCEEDED


def test_a_passing_error_queues_again_after_a_pause(job: AnalysisJob, at: Callable[[float], None]) -> None:
    state = claimed(job).fail(OSError("disk"), "the traceback")
    job.refresh_from_db()
    assert (state, job.state, job.failures, job.error_code) == (
        JobState.QUEUED,
        JobState.QUEUED,
        1,
        "internal_error",
    )
    assert job.run_at is not None
    assert 0 < (job.run_at - T0).total_seconds() < 2 * BACKOFF_SECONDS
    assert AnalysisJob.claim(job.pk, "w1") is None
    at(2 * BACKOFF_SECONDS)
    assert claimed(job).attempt == 2
    assert JobAttempt.objects.get(job_id=job.pk, attempt=1).traceback == "the traceback"


def test_a_passing_error_fails_the_job_when_failures_are_used_up(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    for failure in range(job.max_failures):
        at(failure * 1000)
        state = claimed(job).fail(MemoryError())
    job.refresh_from_db()
    assert (state, job.state, job.failures) == (JobState.FAILED, JobState.FAILED, 3)
    assert "memory" in job.error_text


def test_a_permanent_error_fails_at_once_with_words_for_the_therapist(job: AnalysisJob) -> None:
    claimed(job).fail(PermanentError("recording_silent", seconds=2.0))
    job.refresh_from_db()
    assert (job.state, job.failures) == (JobState.FAILED, 1)
    assert "no speech in this recording" in job.error_text


def test_cancelling_a_queued_job_is_immediate(job: AnalysisJob) -> None:
    assert job.cancel()
    assert job.state == JobState.CANCELLED
    assert AnalysisJob.claim(job.pk, "w1") is None


def test_cancelling_a_running_job_stops_its_next_write(
    job: AnalysisJob, analysis: acoustics.Analysis
) -> None:
    mine = claimed(job)
    assert job.cancel()
    assert job.state == JobState.RUNNING
    with pytest.raises(Stop):
        mine.complete(analysis)
    assert mine.stop() == JobState.CANCELLED
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not AnalysisResult.objects.exists()


def test_cancelling_what_has_ended_says_so(job: AnalysisJob) -> None:
    claimed(job).fail(PermanentError("recording_silent"))
    assert not job.cancel()
    assert job.state == JobState.FAILED


def test_a_retry_forgives_failures_and_queues(job: AnalysisJob) -> None:
    claimed(job).fail(PermanentError("recording_missing"))
    job.refresh_from_db()
    assert job.retry()
    assert (job.state, job.failures, job.error_text) == (JobState.QUEUED, 0, "")
    assert claimed(job).attempt == 2


def test_there_is_nothing_to_retry_in_a_job_that_runs(job: AnalysisJob) -> None:
    claimed(job)
    job.refresh_from_db()
    assert not job.retry()


def test_the_same_work_has_one_active_job(job: AnalysisJob, recording: PracticeRecording) -> None:
    assert AnalysisJob.for_call(recording.pk).submit().pk == job.pk
    twin = AnalysisJob(
        recording=recording, parameters={}, parameters_key=job.parameters_key, queue="ai_analysis"
    )
    with pytest.raises(IntegrityError):
        twin.save()


def test_after_the_end_the_same_work_may_be_asked_for_again(
    job: AnalysisJob, recording: PracticeRecording
) -> None:
    claimed(job).fail(PermanentError("recording_missing"))
    assert AnalysisJob.for_call(recording.pk).submit().pk != job.pk


def test_rescue_queues_a_lapsed_job_again(job: AnalysisJob, at: Callable[[float], None]) -> None:
    claimed(job)
    at(LEASE_SECONDS + 1)
    assert rescue.free_lapsed(AnalysisJob) == 1
    job.refresh_from_db()
    assert (job.state, job.failures, job.published_at) == (JobState.QUEUED, 1, None)
    assert JobAttempt.objects.get(job_id=job.pk).outcome == JobAttempt.Outcome.LOST


def test_rescue_ends_a_job_that_kills_its_worker_each_time(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    for failure in range(job.max_failures):
        at(failure * 1000)
        claimed(job)
        at(failure * 1000 + LEASE_SECONDS + 1)
        rescue.free_lapsed(AnalysisJob)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "worker_lost")
    assert AnalysisJob.claim(job.pk, "w1") is None


def test_rescue_turns_a_lapsed_job_that_was_to_be_cancelled_into_a_cancelled_one(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    claimed(job)
    job.cancel()
    at(LEASE_SECONDS + 1)
    rescue.free_lapsed(AnalysisJob)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_rescue_leaves_a_job_that_was_renewed_meanwhile(
    job: AnalysisJob, at: Callable[[float], None]
) -> None:
    mine = claimed(job)
    at(LEASE_SECONDS + 1)
    lapsed = list(AnalysisJob.objects.lapsed())
    mine.renew()
    assert sum(rescue._free(row) for row in lapsed) == 0
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


def test_rescue_announces_what_never_was(job: AnalysisJob, redis: Any) -> None:
    assert job.published_at is None  # a test's transaction never commits
    assert announce_waiting(AnalysisJob) == 1
    job.refresh_from_db()
    assert job.announcements == 1
    assert redis.llen("ai_analysis") == 1


def test_rescue_announces_again_what_the_queue_has_lost(
    job: AnalysisJob, redis: Any, at: Callable[[float], None]
) -> None:
    announce_waiting(AnalysisJob)
    at(rescue.LOST_SECONDS + 1)
    assert rescue.announce_lost(AnalysisJob) == 0, "the queue holds it"
    redis.flushdb()
    assert rescue.announce_lost(AnalysisJob) == 1
    redis.flushdb()
    at(2 * rescue.LOST_SECONDS + 1)
    assert rescue.announce_lost(AnalysisJob) == 0, "each time it waits twice as long"
    at(3 * rescue.LOST_SECONDS + 2)
    assert rescue.announce_lost(AnalysisJob) == 1
    job.refresh_from_db()
    assert job.announcements == 3


def test_two_rescuers_send_one_message(job: AnalysisJob, redis: Any) -> None:
    with broker.producer() as producer:
        assert _announced(job, producer)
        assert not _announced(job, producer), "this one read the row before the other had sent"
    assert redis.llen("ai_analysis") == 1


def test_a_row_that_could_not_be_sent_is_as_it_was(job: AnalysisJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ConnectionError("Redis is away")

    monkeypatch.setattr(JobTask, "send", refuse)
    assert announce_waiting(AnalysisJob) == 0
    job.refresh_from_db()
    assert (job.published_at, job.announcements) == (None, 0)


def test_what_a_killed_child_held_is_freed_at_once(job: AnalysisJob) -> None:
    claimed(job, "w1")
    assert rescue.free_lost(str(job.pk), "w2", "worker_lost") == 0, "another worker's"
    assert rescue.free_lost(str(job.pk), "w1", "timed_out") == 1
    job.refresh_from_db()
    assert (job.state, job.failures, job.error_code) == (JobState.QUEUED, 1, "timed_out")
    assert rescue.free_lost(str(job.pk), "w1", "timed_out") == 0


def test_leases_given_back_cost_no_failure(job: AnalysisJob) -> None:
    claimed(job, "w1")
    assert rescue.give_back("w1") == 1
    job.refresh_from_db()
    assert (job.state, job.failures) == (JobState.QUEUED, 0)
    assert JobAttempt.objects.get(job_id=job.pk).outcome == JobAttempt.Outcome.GIVEN_BACK


def test_backoff_doubles_up_to_its_cap_and_is_spread() -> None:
    assert 0.75 * BACKOFF_SECONDS <= backoff(1) <= 1.25 * BACKOFF_SECONDS
    assert 4 * 0.75 * BACKOFF_SECONDS <= backoff(3) <= 4 * 1.25 * BACKOFF_SECONDS
    assert backoff(40) <= 1.25 * BACKOFF_CAP_SECONDS
    assert len({backoff(3) for _ in range(5)}) > 1


def test_the_database_keeps_progress_within_0_and_100(job: AnalysisJob) -> None:
    job.progress = 101
    with pytest.raises(IntegrityError):
        job.save()


def test_the_real_clock_is_the_databases(db: None) -> None:
    from django.contrib.auth.models import User

    User.objects.create(username="x")
    row = User.objects.annotate(now=clock.now(), later=clock.after(30)).get(username="x")
    assert (row.later - row.now).total_seconds() == pytest.approx(30, abs=0.01)
    assert abs((row.now - datetime.now(UTC)).total_seconds()) < 5
    assert connection.vendor in ("sqlite", "postgresql")


def test_a_job_to_be_cancelled_is_cancelled_when_its_worker_leaves(job: AnalysisJob) -> None:
    claimed(job, "w1")
    job.cancel()
    assert rescue.give_back("w1") == 1
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_one_row_with_a_queue_of_the_past_does_not_hold_up_the_others(
    job: AnalysisJob, ben: Any, exercise: Any
) -> None:
    AnalysisJob.objects.filter(pk=job.pk).update(queue="of the past")
    other = AnalysisJob.for_call(record(ben, exercise).pk).submit()
    assert announce_waiting(AnalysisJob) == 1
    other.refresh_from_db()
    assert other.announcements == 1


def test_a_trace_is_kept_without_its_message() -> None:
    row = "王小明"
    try:
        raise ValueError(f"Failing row contains ({row})")
    except ValueError as error:
        trace = trace_of(error)
    assert "test_jobs.py" in trace
    assert trace.endswith("ValueError")
    assert "王小明" not in trace
