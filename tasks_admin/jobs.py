"""A job: a row that a Celery task works on, and its life.

The row is the truth and the queue only announces it. Every write of a worker is fenced by the attempt it was
given, so that a worker that lost its lease can change nothing any more.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any, ClassVar, Self

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tasks_admin import audit, clock
from tasks_admin.announce import announce_next
from tasks_admin.backoff import backoff
from tasks_admin.celery_state import mirror
from tasks_admin.errors import ERROR_TEXTS, PermanentError, Stop, code_of
from tasks_admin.job_rows import ACTIVE, JobQuerySet, JobState
from tasks_admin.models import JobAttempt

LEASE_SECONDS = 30.0

__all__ = ["ACTIVE", "Job", "JobQuerySet", "JobState", "default_queue"]

log = logging.getLogger(__name__)


class Job(models.Model):
    """One piece of work for a :class:`tasks_admin.job_task.JobTask`.

    States::

        queued -> running -> succeeded     by complete
                     |-----> failed        a permanent error, or failures used up
                     |-----> queued        a passing error (run_at later), a lapsed lease, a lease given back
        queued, running ---> cancelled     by a person
        failed, cancelled -> queued        by a person: retry

    Celery's state follows: PENDING, PROGRESS, SUCCESS, FAILURE, REVOKED, and RETRY after a failed attempt. The
    row's id is the task's id.

    A subclass names its Celery task in ``task_name`` and says what to store in :meth:`record`.
    """

    State = JobState
    task_name: ClassVar[str]
    error_texts: ClassVar[dict[str, str | Promise]] = ERROR_TEXTS
    # Codes that tell of what was asked for, and not of the system: no alert counts them as failures.
    expected_errors: ClassVar[frozenset[str]] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)
    current_step = models.CharField(_("current step"), max_length=60, blank=True)
    queue = models.CharField(_("queue"), max_length=60)
    owner_key = models.CharField(_("owner"), max_length=60, blank=True)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    max_failures = models.PositiveSmallIntegerField(_("failures allowed"), default=3)
    worker = models.CharField(_("worker"), max_length=200, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    published_at = models.DateTimeField(_("announced"), null=True, blank=True)
    announcements = models.PositiveIntegerField(_("announcements"), default=0)
    run_at = models.DateTimeField(_("not before"), null=True, blank=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    error_code = models.CharField(_("error"), max_length=60, blank=True)
    error_figures = models.JSONField(_("error figures"), default=dict, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="%(class)s_lease"),
            models.Index(fields=["state", "published_at"], name="%(class)s_outbox"),
            models.Index(
                fields=["owner_key", "queue", "created_at"],
                condition=Q(state="queued"),
                name="%(class)s_turn",
            ),
            models.Index(fields=["finished_at"], name="%(class)s_ended"),
            models.Index(fields=["-created_at"], name="%(class)s_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(progress__lte=100), name="%(class)s_progress_0_100"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    # --- what a subclass says

    @classmethod
    def for_call(cls, *args: Any, **kwargs: Any) -> Self:
        """The row for a call of the task with these arguments: a new, unsaved one, or the active one.

        Raises
        ------
        TypeError
            For arguments that the task does not take.
        """
        if args or kwargs:
            raise TypeError(f"{cls.task_name} takes no arguments")
        return cls()

    def task_args(self) -> list[Any]:
        """The message's arguments: for people who watch the queue. The row's own fields count."""
        return []

    def record(self, outcome: Any) -> Any:
        """Store what the task returned; called inside the transaction that completes the job.

        Returns
        -------
        JSON-serialisable
            What ``AsyncResult(id).get()`` gives.
        """
        return outcome

    def recorded(self) -> Any:
        """What :meth:`record` returned, read again, for a state that Redis has lost."""
        return None

    # --- asking

    def submit(self) -> Self:
        """Save the new row in the caller's transaction and announce it on commit.

        With the broker away the row stands as queued and is announced later: nothing is raised, and the caller
        waits a second at most.

        Raises
        ------
        ValueError
            For a queue that the app does not have.
        """
        self.queue = self.queue or default_queue(self.task_name)
        if self.queue not in current_app.amqp.queues:
            raise ValueError(f"no queue {self.queue!r}: there are {', '.join(current_app.amqp.queues)}")
        self.save(force_insert=True)
        self.announce_on_commit()
        return self

    def announce_on_commit(self) -> None:
        """Announce this row, or whichever of its owner's comes before it, once the transaction stands."""
        transaction.on_commit(
            lambda: announce_next(type(self), self.owner_key, self.queue, self.pk), robust=True
        )

    def cancel(self, actor: AbstractBaseUser | None = None) -> bool:
        """Cancel at once if queued; if running, ask its worker, which stops at its next step.

        Returns
        -------
        bool
            False where the job had ended already.
        """
        # One statement: between two, a failing worker could queue the job again and neither would meet it.
        queued = Q(state=JobState.QUEUED)
        with transaction.atomic():
            asked = type(self).objects.filter(pk=self.pk, state__in=ACTIVE).update(
                state=Case(When(queued, then=Value(JobState.CANCELLED)), default=F("state")),
                finished_at=Case(When(queued, then=clock.now()), default=F("finished_at")),
                cancel_requested=True,
            )  # fmt: skip
            if asked:
                audit.record(actor, self, "cancel")
        self.refresh_from_db()
        if asked and self.state == JobState.CANCELLED:
            transaction.on_commit(self.mirror, robust=True)
            self.announce_on_commit()  # what it leaves free is for its owner's next
        return bool(asked)

    def retry(self, actor: AbstractBaseUser | None = None) -> bool:
        """Queue a failed or cancelled job again, with its failures forgiven.

        Returns
        -------
        bool
            False where there was nothing to retry.

        Raises
        ------
        django.db.IntegrityError
            Where a constraint of the subclass allows one active job and there is another.
        """
        with transaction.atomic():
            again = type(self).objects.filter(pk=self.pk, state__in=(JobState.FAILED, JobState.CANCELLED)).update(
                state=JobState.QUEUED, failures=0, cancel_requested=False, error_code="", error_figures={},
                progress=0, current_step="", run_at=None, published_at=None, announcements=0, finished_at=None,
            )  # fmt: skip
            if again:
                audit.record(actor, self, "retry")
        self.refresh_from_db()
        if again:
            transaction.on_commit(self.mirror, robust=True)
            self.announce_on_commit()
        return bool(again)

    # --- a worker's side

    @classmethod
    def claim(cls, job_id: Any, worker: str) -> Self | None:
        """Take the job for this worker, or None where it is not to be had (any more, or yet).

        One conditional UPDATE decides between workers. A running row whose lease lapsed counts as one more
        failure, so that a recording that kills its worker each time comes to an end.
        """
        free = Q(cancel_requested=False, failures__lt=F("max_failures"))
        mine = cls.objects.due().filter(free, pk=job_id).update_returning(**_taken_by(worker))
        return mine[0] if mine else cls._claim_lapsed(job_id, worker)  # type: ignore[return-value]

    @classmethod
    def _claim_lapsed(cls, job_id: Any, worker: str) -> Self | None:
        lapsed = cls.objects.lapsed().filter(pk=job_id, cancel_requested=False)
        lost = lapsed.filter(failures__lt=F("max_failures") - 1).first()
        if lost is None:
            return None
        with transaction.atomic():
            same = lapsed.filter(attempt=lost.attempt, failures=lost.failures)
            mine = same.update_returning(**_taken_by(worker), failures=F("failures") + 1)
            if not mine:
                return None
            lost.keep_attempt(JobAttempt.Outcome.LOST)
        return mine[0]  # type: ignore[return-value]

    def renew(self) -> bool:
        """Heartbeat: extend the lease. False where this attempt is to stop."""
        return bool(self._held().update(lease_until=clock.after(LEASE_SECONDS)))

    def is_held(self) -> bool:
        """False where this attempt is to stop."""
        return self._held().exists()

    def report(self, percent: int, step: str) -> None:
        """Write the progress and renew the lease.

        Raises
        ------
        Stop
            Where the job was cancelled or its lease went to another.
        """
        written = self._held().update(
            progress=percent, current_step=step, lease_until=clock.after(LEASE_SECONDS)
        )
        if not written:
            raise Stop

    def complete(self, outcome: Any) -> Any:
        """Store the outcome and end as succeeded, in one transaction.

        Raises
        ------
        Stop
            Where this attempt no longer holds the job: nothing of it is kept.
        """
        with transaction.atomic():
            if not self._held().update(
                state=JobState.SUCCEEDED,
                progress=100,
                current_step="",
                finished_at=clock.now(),
                lease_until=None,
            ):
                raise Stop
            result = self.record(outcome)
            self.keep_attempt(JobAttempt.Outcome.SUCCEEDED)
        return result

    def fail(self, error: BaseException, traceback: str = "") -> JobState:
        """End as failed, or queue again after a pause if the error is the world's and failures remain.

        Returns
        -------
        JobState
            FAILED or QUEUED.

        Raises
        ------
        Stop
            Where this attempt no longer holds the job.
        """
        permanent = isinstance(error, PermanentError)
        code = error.code if isinstance(error, PermanentError) else code_of(error)
        figures = dict(error.figures) if isinstance(error, PermanentError) else {}
        with transaction.atomic():
            state = self._end_attempt(
                code, figures, final=permanent or self.failures + 1 >= self.max_failures
            )
            self.keep_attempt(JobAttempt.Outcome.FAILED, code, traceback)
        return state

    def _end_attempt(self, code: str, figures: dict[str, Any], *, final: bool) -> JobState:
        change: dict[str, Any] = {"state": JobState.FAILED, "finished_at": clock.now()}
        if not final:
            change = {
                "state": JobState.QUEUED,
                "run_at": clock.after(backoff(self.failures + 1)),
                "published_at": None,
                "announcements": 0,
            }
        written = self._held().update(
            failures=F("failures") + 1, error_code=code, error_figures=figures, lease_until=None, current_step="",
            **change,
        )  # fmt: skip
        if not written:
            raise Stop
        state: JobState = change["state"]
        return state

    def stop(self) -> JobState | None:
        """Give up this attempt after :class:`Stop`: cancelled if that was asked, else nothing is ours to write."""
        with transaction.atomic():
            mine = type(self).objects.filter(pk=self.pk, attempt=self.attempt, state=JobState.RUNNING)
            if not mine.filter(cancel_requested=True).update(
                state=JobState.CANCELLED, finished_at=clock.now(), lease_until=None, current_step=""
            ):
                return None
            self.keep_attempt(JobAttempt.Outcome.CANCELLED)
        return JobState.CANCELLED

    def abandon(self) -> None:
        """The row was deleted under this attempt: only the attempt is left to close."""
        self.keep_attempt(JobAttempt.Outcome.CANCELLED, "no_such_job")

    def _held(self) -> JobQuerySet:
        return type(self).objects.held(self.pk, self.attempt)

    def keep_attempt(self, outcome: str, code: str = "", traceback: str = "") -> None:
        """Keep what became of the attempt, in the transaction that ends it.

        While it runs the job's row tells of it. Only who ends an attempt gets here; a row that is there all the
        same means that somebody edited the job's by hand, and must not keep the job from ending.
        """
        attempt = JobAttempt(
            job_id=self.pk, attempt=self.attempt, worker=self.worker, started_at=self.started_at or clock.now(),
            ended_at=clock.now(), outcome=outcome, error_code=code, traceback=traceback,
        )  # fmt: skip
        JobAttempt.objects.bulk_create([attempt], ignore_conflicts=True)

    # --- what others see

    def mirror(self) -> None:
        """Write Celery's state after a change that no task made, so that ``.get()`` never waits in vain."""
        mirror(self)

    @property
    def error_text(self) -> str:
        """Why it failed, for a person, in the language in force. Empty where nothing failed."""
        if not self.error_code:
            return ""
        text = str(self.error_texts.get(self.error_code, self.error_texts["internal_error"]))
        try:
            return str(text % self.error_figures)
        except (KeyError, TypeError, ValueError):  # a row edited by hand: the sentence without its figures
            return text


def _taken_by(worker: str) -> dict[str, Any]:
    """What a claim writes."""
    return {
        "state": JobState.RUNNING, "attempt": F("attempt") + 1, "worker": worker, "progress": 0, "current_step": "",
        "lease_until": clock.after(LEASE_SECONDS), "started_at": clock.now(), "error_code": "", "error_figures": {},
    }  # fmt: skip


def default_queue(task_name: str) -> str:
    """The queue that the routes give a task."""
    route = current_app.amqp.router.route({}, task_name)
    name: str = route["queue"].name
    return name


def __getattr__(name: str) -> Any:
    """`JobTask` belongs to this door too, but needs this module whole before it can be made."""
    if name == "JobTask":
        from tasks_admin.job_task import JobTask

        return JobTask
    raise AttributeError(name)
