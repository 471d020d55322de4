"""No order of people, workers, rescuers and faults brings a job to where it must not be.

Hypothesis plays all of them at once. A worker keeps every attempt it was ever given and goes on writing with it;
messages come twice, late or never; and any act may be held up in its middle while others act, or end there.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import DateTimeField, Value
from django.test import TestCase
from hypothesis import HealthCheck
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from analysis.acoustics import MODEL_VERSION, Analysis, Scores
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from tasks_admin import clock, rescue
from tasks_admin.errors import PermanentError, Stop
from tasks_admin.jobs import ACTIVE, LEASE_SECONDS, JobState
from tasks_admin.models import JobAttempt
from tests.conftest import record
from tests.tasks_admin.conftest import T0

QUEUE = "ai_analysis"
# The least that an analysis can find: what it says does not matter here.
NOTHING_HEARD = Analysis(
    model_version=MODEL_VERSION, exercise="sentence", language="zh", seconds=1.0, measures=(), absent={}, flags=(),
    scores=Scores(), unscored={}, costs=(), syllables=(), suggestions=(), improvement_areas=(), caveats=(),
    processing_seconds=0.0, step_seconds={},
)  # fmt: skip
MOST_ROWS = 4
# For jobs that lose their worker each time, and wait for one another's turn.
ROUNDS = 30


# --- what the database says, and when it may change


class Attempt(NamedTuple):
    """A row of JobAttempt."""

    attempt: int
    worker: str
    outcome: str
    ended_at: datetime | None


class Row(NamedTuple):
    """A job's row, its attempts, and whether there is a result: the database would not take a second."""

    state: str
    attempt: int
    failures: int
    max_failures: int
    worker: str
    lease_until: datetime | None
    run_at: datetime | None
    cancel_requested: bool
    progress: int
    current_step: str
    error_code: str
    started_at: datetime | None
    finished_at: datetime | None
    recording_id: UUID
    attempts: tuple[Attempt, ...]
    has_result: bool


Rows = dict[UUID, Row]
Execute = Callable[..., Any]
# Whether an act may have made the last of the one before it, which is None where there was no row.
Lawful = Callable[[UUID, Row | None, Row], bool]


def read_rows() -> Rows:
    attempts: dict[UUID, list[Attempt]] = defaultdict(list)
    for job_id, *columns in JobAttempt.objects.order_by("attempt").values_list("job_id", *Attempt._fields):
        attempts[job_id].append(Attempt(*columns))
    jobs = AnalysisJob.objects.order_by("created_at").values_list("pk", "result", *Row._fields[:-2])
    return {
        pk: Row._make([*columns, tuple(attempts[pk]), result is not None]) for pk, result, *columns in jobs
    }


def check(row: Row) -> None:
    """What holds of a row at any time."""
    running = row.state == JobState.RUNNING
    assert (row.lease_until is not None) == running, "a lease belongs to a job that runs, and to no other"
    assert (row.finished_at is not None) == (row.state not in ACTIVE)
    assert row.has_result == (row.state == JobState.SUCCEEDED), "a result for success, and for nothing else"
    assert row.failures <= row.max_failures
    assert not row.cancel_requested or row.state in (JobState.RUNNING, JobState.CANCELLED)
    ended = [each.attempt for each in row.attempts if each.ended_at]
    assert ended == list(range(1, row.attempt + (not running))), "each attempt ends once, and before the next"


def check_change(old: Row, new: Row, *, by_retry: bool) -> None:
    """What no act may do to a row."""
    assert new.attempt >= old.attempt, "the fencing token fell"
    assert old.state in ACTIVE or by_retry, "an end is for ever, unless a person asks for a retry"
    assert set(old.attempts) <= set(new.attempts), "the past was changed"


def claimable(row: Row, now: datetime) -> bool:
    if row.state == JobState.RUNNING:
        ready = lapsed(row, now) and row.failures + 1 < row.max_failures
    else:
        ready = row.state == JobState.QUEUED and row.failures < row.max_failures
    return ready and not row.cancel_requested and (row.run_at is None or row.run_at <= now)


def lapsed(row: Row, now: datetime) -> bool:
    return row.lease_until is not None and row.lease_until < now


def holds(mine: AnalysisJob, row: Row) -> bool:
    """Whether this attempt may write."""
    return row.state == JobState.RUNNING and row.attempt == mine.attempt and not row.cancel_requested


def running_attempt(row: Row) -> int | None:
    return row.attempt if row.state == JobState.RUNNING else None


def rescued(old: Row, new: Row, now: datetime) -> bool:
    if old.state == JobState.QUEUED:
        return old.failures >= old.max_failures and new.state == JobState.FAILED
    return lapsed(old, now) and freed(old, new)


def freed(old: Row, new: Row) -> bool:
    """What is made of a job whose attempt is lost."""
    if old.cancel_requested:
        return (new.state, new.failures) == (JobState.CANCELLED, old.failures)
    state = JobState.FAILED if old.failures + 1 >= old.max_failures else JobState.QUEUED
    return (new.state, new.failures) == (state, old.failures + 1)


def given_back(old: Row, new: Row, worker: str) -> bool:
    state = JobState.CANCELLED if old.cancel_requested else JobState.QUEUED
    held = old.state == JobState.RUNNING and old.worker == worker
    return held and (new.state, new.failures) == (state, old.failures)


def may_be_retried(job: AnalysisJob, rows: Rows) -> bool:
    twins = [row for row in rows.values() if row.recording_id == job.recording_id]
    return rows[job.pk].state != JobState.SUCCEEDED and all(twin.state not in ACTIVE for twin in twins)


def unlawful(job_id: UUID, old: Row | None, new: Row) -> bool:
    """For acts that may change no row."""
    return False


# --- what may happen, by itself or in the middle of something else

Act = tuple[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of act: a method of JobMachine, what it is given, and what rows make it how many times as likely."""

    name: str
    given: dict[str, Any]
    likely: Callable[[Row, datetime], bool] = lambda row, now: False
    times: int = 4


def runs(row: Row, now: datetime) -> bool:
    return row.state == JobState.RUNNING


def tempting(row: Row, now: datetime) -> bool:
    return row.state == JobState.QUEUED or lapsed(row, now)


def retryable(row: Row, now: datetime) -> bool:
    return row.state in (JobState.FAILED, JobState.CANCELLED)


WHICH = {"which": st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5])}  # 0 is the likeliest to have an effect
WORKER = {"worker": st.sampled_from(["w1", "w2"])}
FAILURES = st.sampled_from([3, 3, 3, 2, 2, 1, 0])
PASSES = ["free_lapsed", "free_lapsed", "rescue_all", "fail_used_up", "announce_waiting", "announce_lost"]

# What comes first is what hypothesis thinks simplest, and tries most.
RESCUE = (
    Kind("look_for_lost", {"part": st.sampled_from(PASSES)}, runs, 6),
    Kind("leave", WORKER, runs, 2),
    Kind("lose_child", WHICH | WORKER),
)
PEOPLE_AND_CLAIMS = (
    Kind("claim", WHICH | WORKER, tempting, 5),
    Kind("cancel", WHICH, runs, 3),
    Kind("retry", WHICH, retryable, 2),
    Kind("after_commit", {}),
    Kind(
        "submit",
        {"recording": st.integers(0, 2), "max_failures": FAILURES, "pause": st.sampled_from([0, 20])},
    ),
)
WRITES_AND_FAULTS = (
    Kind("renew", WHICH, runs, 5),
    Kind("complete", WHICH, runs),
    Kind("fail", WHICH | {"permanent": st.booleans()}, runs),
    Kind("stop", WHICH, lambda row, now: row.cancel_requested and runs(row, now)),
    Kind("report", WHICH | {"percent": st.sampled_from([0, 40, 100])}, runs, 2),
    Kind("take_message", WORKER, tempting, 2),
    Kind("lose_messages", {}),
)
ALL = PEOPLE_AND_CLAIMS + RESCUE + WRITES_AND_FAULTS
SECONDS = st.sampled_from([0, 0, 0, 0, LEASE_SECONDS + 1, LEASE_SECONDS + 1, 11, 700])


def one_of(kinds: tuple[Kind, ...]) -> st.SearchStrategy[Act]:
    """An act that one of the rows is likely to feel, more often than not."""

    def now(machine: JobMachine) -> st.SearchStrategy[Act]:
        rows, moment = machine.rows.values(), machine.stage.now
        return _weighted(kinds, tuple(any(kind.likely(row, moment) for row in rows) for kind in kinds))

    return st.runner().flatmap(now)


@cache
def _weighted(kinds: tuple[Kind, ...], likely: tuple[bool, ...]) -> st.SearchStrategy[Act]:
    return st.one_of(
        [
            st.tuples(st.just(kind.name), st.fixed_dictionaries(kind.given))
            for kind, more in zip(kinds, likely, strict=True)
            for _ in range(kind.times if more else 1)
        ]
    )


MEANWHILE: dict[str, Any] = {
    "before": st.sampled_from([1, 1, 1, 2, 3, 4]),
    "others": st.lists(one_of(ALL), min_size=1, max_size=3),
    "dies": st.sampled_from([False, False, False, True]),
    "seconds": SECONDS,
}


class Killed(BaseException):
    """A process ends here."""


@dataclass
class Interruption:
    """Happens before one of an act's statements, where another connection's might come: between transactions."""

    before: int
    happens: Callable[[], None]
    dies: bool
    dead: bool = False
    depth: int = 0

    def __call__(self, execute: Execute, sql: str, *rest: Any) -> Any:
        if self.depth == 0:
            self.before -= 1
            if self.before == -1:
                self.happens()
                self.dead = self.dies
            if self.dead:
                raise Killed  # and again, whatever the act does about it: it can change nothing any more
        self.depth += sql.startswith("SAVEPOINT") - sql.startswith("RELEASE")
        return execute(sql, *rest)


@dataclass
class Stage:
    """What every play stands on."""

    recordings: list[PracticeRecording]
    redis: Any
    now: datetime = T0


class JobMachine(RuleBasedStateMachine):
    """A few jobs, the people who ask for them, two workers, any number of rescuers, and the clock."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        stage.now = T0
        stage.redis.flushdb()
        self.jobs: list[AnalysisJob] = []
        self.attempts: list[AnalysisJob] = []
        self.hooks: list[Callable[[], object]] = []
        self.rows: Rows = {}  # as they were when last looked at
        self.met: Rows = {}  # as the last act met them
        self.interruption: Interruption | None = None
        self.last_worker = ""
        self.written = False
        self.undone = ExitStack()
        self.undone.enter_context(transaction.atomic())
        self.undone.enter_context(connection.execute_wrapper(self._notice))

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self._all_end()
        finally:
            transaction.set_rollback(True)
            self.undone.close()

    @initialize(
        last_worker=st.sampled_from(["completes", "fails", "dies"]),
        max_failures=st.lists(FAILURES, min_size=1, max_size=2),
    )
    def begin(self, last_worker: str, max_failures: list[int]) -> None:
        self.last_worker = last_worker
        for recording, failures in enumerate(max_failures):
            self.submit(recording, failures, 0)

    @rule(act=one_of(ALL), seconds=SECONDS)
    def happens(self, act: Act, seconds: float) -> None:
        self._pass(seconds)
        self._do(act)

    @rule(act=one_of(PEOPLE_AND_CLAIMS), **MEANWHILE)
    def is_held_up(self, act: Act, before: int, others: list[Act], dies: bool, seconds: float) -> None:
        """Others act before the act's next statement, or after it where it has no so many; or it ends there."""
        self._pass(seconds)
        self._hold_up(act, before, others, dies)

    @rule(act=one_of(RESCUE), **MEANWHILE)
    def rescue_is_held_up(self, act: Act, before: int, others: list[Act], dies: bool, seconds: float) -> None:
        self._pass(seconds)
        self._hold_up(act, before, others, dies)

    def _hold_up(self, act: Act, before: int, others: list[Act], dies: bool) -> None:
        waiting = iter(others)

        def meanwhile() -> None:
            for other in waiting:
                self._do(other)

        self.interruption = Interruption(before, meanwhile, dies)
        with suppress(Killed):
            self._do(act)
        self.interruption = None
        meanwhile()

    def _pass(self, seconds: float) -> None:
        self.stage.now += timedelta(seconds=seconds)

    def _do(self, act: Act) -> None:
        name, given = act
        getattr(self, name)(**given)

    # --- people

    def submit(self, recording: int, max_failures: int, pause: int) -> None:
        if len(self.jobs) >= MOST_ROWS:
            return
        job = AnalysisJob.for_call(self.stage.recordings[recording % len(self.stage.recordings)].pk)
        if not job._state.adding:
            return
        job.max_failures = max_failures
        job.run_at = self.stage.now + timedelta(seconds=pause) if pause else None

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            return old is None and job_id == job.pk and new.state == JobState.QUEUED

        with self._watched(lawful):
            submitted = job.submit()
        if submitted.pk not in {each.pk for each in self.jobs}:
            self.jobs.insert(0, submitted)

    def cancel(self, which: int) -> None:
        job = self._job(which, runs)
        begun = self.rows

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            if not old or job_id != job.pk or not new.cancel_requested:
                return False
            at_once = old.state == JobState.QUEUED and new.state == JobState.CANCELLED
            return at_once or (old.state == new.state == JobState.RUNNING)

        with self._watched(lawful):
            asked = job.cancel()
        # As it was when it began, or after others came between.
        assert asked in {rows[job.pk].state in ACTIVE for rows in (begun, self.met)}

    def retry(self, which: int) -> None:
        job = self._job(which, retryable)
        begun = self.rows

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            again = (new.state, new.failures, new.cancel_requested) == (JobState.QUEUED, 0, False)
            return bool(old) and job_id == job.pk and again

        with self._watched(lawful, by_retry=True):
            try:
                queued = job.retry()
            except IntegrityError:
                queued = False
        assert queued in {may_be_retried(job, rows) for rows in (begun, self.met)}

    def after_commit(self) -> None:
        """What waited for the commits is done at last. It is not done at all where this never comes."""
        hooks, self.hooks = self.hooks, []
        for hook in hooks:
            with self._watched(unlawful):
                hook()

    # --- workers

    def claim(self, which: int, worker: str) -> None:
        """A message of long ago, or one that came twice."""
        self._claim(self._job(which, tempting).pk, worker)

    def take_message(self, worker: str) -> None:
        if job_id := self._next_message():
            self._claim(job_id, worker)

    def _next_message(self) -> UUID | None:
        message = self.stage.redis.rpop(QUEUE)
        return UUID(json.loads(message)["headers"]["id"]) if message else None

    def _claim(self, wanted: UUID, worker: str) -> AnalysisJob | None:
        now, undisturbed = self.stage.now, self.interruption is None

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            if not old or job_id != wanted or not claimable(old, now):
                return False
            lost = old.state == JobState.RUNNING
            return (new.state, new.attempt, new.failures, new.worker, new.lease_until) == (
                JobState.RUNNING,
                old.attempt + 1,
                old.failures + lost,
                worker,
                now + timedelta(seconds=LEASE_SECONDS),
            )

        with self._watched(lawful):
            mine = AnalysisJob.claim(wanted, worker)
        # Whoever makes a row ready while it is being read announces it anew.
        assert mine or not claimable(self.met[wanted], now) or not undisturbed
        if mine:
            row = self.rows[wanted]
            assert holds(mine, row)
            assert (mine.failures, mine.worker, mine.started_at) == (row.failures, worker, row.started_at)
            self.attempts.insert(0, mine)
        return mine

    def renew(self, which: int) -> None:
        def becomes(old: Row, new: Row) -> bool:
            return new == old._replace(lease_until=self._lease())

        self._write(which, lambda mine: mine.renew(), becomes)

    def report(self, which: int, percent: int) -> None:
        def becomes(old: Row, new: Row) -> bool:
            return new == old._replace(progress=percent, current_step="pitch", lease_until=self._lease())

        self._write(which, lambda mine: mine.report(percent, "pitch"), becomes)

    def complete(self, which: int) -> None:
        self._write(
            which,
            lambda mine: mine.complete(NOTHING_HEARD),
            lambda old, new: new.state == JobState.SUCCEEDED and new.failures == old.failures,
        )

    def fail(self, which: int, permanent: bool) -> None:
        def becomes(old: Row, new: Row) -> bool:
            final = permanent or old.failures + 1 >= old.max_failures
            later = new.run_at is not None and new.run_at > self.stage.now
            counted = new.failures == old.failures + 1
            return counted and (
                new.state == JobState.FAILED if final else new.state == JobState.QUEUED and later
            )

        error = PermanentError("recording_silent") if permanent else OSError("disk")
        self._write(which, lambda mine: mine.fail(error), becomes)

    def stop(self, which: int) -> None:
        """Nothing to a job that nobody asked to cancel."""
        mine = self._attempt(which)
        if mine is None:
            return

        def asked(row: Row) -> bool:
            return holds(mine, row._replace(cancel_requested=False)) and row.cancel_requested

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            return bool(old and job_id == mine.pk and asked(old)) and new.state == JobState.CANCELLED

        with self._watched(lawful):
            stopped = mine.stop()
        assert (stopped is not None) == asked(self.met[mine.pk])

    def leave(self, worker: str) -> None:
        """A worker gives back at its shutdown what its children may still be at."""
        with self._watched(lambda job_id, old, new: old is not None and given_back(old, new, worker)):
            rescue.give_back(worker)

    def lose_child(self, which: int, worker: str) -> None:
        """A worker hears that the child which ran the job was killed."""
        job = self._job(which, runs)

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            held = old is not None and (job_id, old.state, old.worker) == (job.pk, JobState.RUNNING, worker)
            return held and old is not None and freed(old, new)

        with self._watched(lawful):
            rescue.free_lost(str(job.pk), worker, "worker_lost")

    def _write(
        self, which: int, write: Callable[[AnalysisJob], object], becomes: Callable[[Row, Row], bool]
    ) -> None:
        """It goes through if the attempt holds the job, and else changes nothing and is told to stop."""
        mine = self._attempt(which)
        if mine is None:
            return

        def lawful(job_id: UUID, old: Row | None, new: Row) -> bool:
            return bool(old and job_id == mine.pk and holds(mine, old) and becomes(old, new))

        written = False
        with self._watched(lawful), suppress(Stop):
            written = write(mine) is not False
        assert written == holds(mine, self.met[mine.pk])

    def _lease(self) -> datetime:
        return self.stage.now + timedelta(seconds=LEASE_SECONDS)

    # --- rescue, faults and time

    def look_for_lost(self, part: str) -> None:
        now = self.stage.now
        with self._watched(lambda job_id, old, new: old is not None and rescued(old, new, now)):
            getattr(rescue, part)(*([] if part == "rescue_all" else [AnalysisJob]))

    def lose_messages(self) -> None:
        self.stage.redis.flushdb()

    def _job(self, which: int, likely: Callable[[Row, datetime], bool]) -> AnalysisJob:
        """One of the jobs; the likely ones come first, and the newest of these."""
        jobs = sorted(self.jobs, key=lambda job: not likely(self.rows[job.pk], self.stage.now))
        return jobs[which % len(jobs)]

    def _attempt(self, which: int) -> AnalysisJob | None:
        """One of the attempts there ever were; those that run come first."""
        attempts = sorted(self.attempts, key=lambda mine: mine.attempt != running_attempt(self.rows[mine.pk]))
        return attempts[which % len(attempts)] if attempts else None

    # --- watching

    @contextmanager
    def _watched(self, lawful: Lawful, *, by_retry: bool = False) -> Iterator[None]:
        """Of what the block does to the rows, and what of it stands when others come between, all is lawful."""

        def look() -> None:
            self._look(lawful, by_retry=by_retry)

        try:
            with self._interrupted(look), TestCase.captureOnCommitCallbacks() as hooks:
                yield
            self.hooks += hooks
        finally:
            self.met = self.rows
            look()

    @contextmanager
    def _interrupted(self, look: Callable[[], None]) -> Iterator[None]:
        interruption, self.interruption = self.interruption, None
        if interruption is None:
            yield
            return
        happens = interruption.happens

        def looked_at() -> None:
            look()
            happens()

        interruption.happens = looked_at
        with connection.execute_wrapper(interruption):
            yield

    def _notice(self, execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        done = execute(sql, params, many, context)
        # SQLite counts what is returned only as it is fetched.
        changed = context["cursor"].rowcount or "RETURNING" in sql
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and changed:
            self.written = True
        return done

    def _look(self, lawful: Lawful, *, by_retry: bool) -> None:
        if not self.written:
            return
        self.written = False
        old, self.rows = self.rows, read_rows()
        assert old.keys() <= self.rows.keys()
        for job_id, row in self.rows.items():
            was = old.get(job_id)
            if row != was:
                check(row)
                if was:
                    check_change(was, row, by_retry=by_retry)
                assert lawful(job_id, was, row), f"{was} became {row}"

    def _all_end(self) -> None:
        """However things stand: where rescue looks and a worker takes messages, every job comes to its end."""
        for _round in range(ROUNDS):
            if all(row.state not in ACTIVE for row in self.rows.values()):
                return
            self._pass(3600)
            self.look_for_lost("rescue_all")
            while job_id := self._next_message():
                if self._claim(job_id, "w3"):
                    self._finish()
        raise AssertionError(f"nobody can end one of {self.rows}")

    def _finish(self) -> None:
        if self.last_worker == "completes":
            self.report(0, 40)
            self.complete(0)
        elif self.last_worker == "fails":
            self.fail(0, permanent=False)


@pytest.fixture
def stage(
    amy: Patient,
    exercise: Exercise,
    redis: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Stage:
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"ANNOUNCED_PER_OWNER": 2}
    caplog.set_level(logging.CRITICAL, "tasks_admin")  # thousands of acts, each with its line
    stage = Stage([record(amy, exercise) for _ in range(3)], redis)
    monkeypatch.setattr(clock, "now", lambda: Value(stage.now, output_field=DateTimeField()))
    return stage


# From its eleventh example on, hypothesis mostly varies the earlier ones; ten fresh ones several times see more.
@pytest.mark.parametrize("play", range(8))
@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_every_job_ends_and_only_in_one_way(stage: Stage, play: int) -> None:
    run_state_machine_as_test(
        lambda: JobMachine(stage),  # type: ignore[arg-type]
        settings=of_hypothesis(
            max_examples=10,
            stateful_step_count=30,
            deadline=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
