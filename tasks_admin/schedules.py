"""Beat's scheduler: the tables of django-celery-beat, which belong to the administrators.

Any number of beats may run: the one that holds the lease sends, the others stand by. A beat outlives its database and
Redis: while either is away nothing is sent, and afterwards each schedule that is overdue is sent once.
"""

from __future__ import annotations

import functools
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.schedules import schedstate
from celery.signals import beat_init
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.db.models import F, QuerySet
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from kombu import Producer
from redis.exceptions import ResponseError

from tasks_admin import broker, fleet, troubles
from tasks_admin.beat_lease import Lease
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.watch import Watchman

# Rows are read again by then at the latest.
BROKEN_SECONDS = 300.0

log = logging.getLogger(__name__)


class Run(ModelEntry):
    """The next run of a schedule. ``recorded`` is its last one as the row has it: by that the run is claimed."""

    def __init__(self, model: PeriodicTask, app: Any = None) -> None:
        self.recorded = model.last_run_at  # before beat puts something in the place of none
        try:
            super().__init__(model, app=app)
        except DatabaseError:
            raise
        except (
            Exception
        ) as error:  # a row that was edited by hand: no schedule at all, headers that are a list ...
            log.exception("beat: %s: left out, it cannot be read", model.name)
            raise ValueError(model.name) from error  # by which beat knows to go on without it
        self.broken = False

    def is_due(self) -> schedstate:
        """Not due where that cannot be computed, such as 31 February: one row must not end all the others."""
        try:
            return super().is_due()
        except DatabaseError:
            raise
        except Exception:  # celery and its schedules raise what they like for a bad one
            if not self.broken:
                log.exception("beat: %s: nobody knows when it is due", self.name)
            self.broken = True
            return schedstate(is_due=False, next=BROKEN_SECONDS)


class Outage:
    """Says once that something is away, and once that it is back."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.lasts = False

    def begins(self, error: BaseException) -> None:
        if not self.lasts:
            why = str(error).partition("\n")[0]
            log.warning("beat: %s away, schedules wait: %s: %s", self.what, type(error).__name__, why)
        self.lasts = True

    def ends(self) -> None:
        if self.lasts:
            log.warning("beat: %s is back", self.what)
        self.lasts = False


class Scheduler(DatabaseScheduler):
    """The database scheduler for more than one beat.

    A run is claimed on its row before it is sent: ``last_run_at`` moves on from what this beat has read, while the
    lease is its own. So a run is sent once, however many beats know of it, and whoever takes over reads what was
    sent; django-celery-beat itself writes that up to three minutes late. A beat that is killed in the milliseconds
    between claim and sending loses that run.

    It makes no entry of its own either. django-celery-beat makes ``celery.backend_cleanup`` again at each start, and
    so undoes an administrator's deletion. The defaults come once, by a migration.
    """

    Entry = Run
    # Celery's own waits for Redis without end, and the lease would lapse meanwhile.
    producer = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lease = Lease()
        # Who leads renews, and the others look, this often (s).
        self._pause = self._lease.seconds / 10
        self._leads: bool | None = None
        self._ticks = self._stale = self._closed = False
        self._watch: Watchman | None = None
        self._database, self._redis = Outage("database"), Outage("Redis")
        super().__init__(*args, **kwargs)

    # --- what Celery's service calls

    def tick(self) -> float:
        """Send at most one run. Returns the seconds until the next tick. No outage ends it."""
        self._ticks = True
        try:
            close_old_connections()
            wait = self._send_due() if self._may_send() else self._pause
        except DatabaseError as error:
            self._stale = True
            self._database.begins(error)
            return self._pause
        finally:
            self._ticks = False
        self._database.ends()
        return wait

    def close(self) -> None:
        """Let another beat take over at once.

        Celery calls this in its signal handler and again when its loop has ended. The handler may interrupt a query
        on this connection, and then nothing can be asked before the second call.
        """
        if self._ticks or self._closed:
            return
        self._closed = True
        try:
            try:
                self._lease.give_back()
            except DatabaseError:
                connection.close()  # what is left of that query
                self._lease.give_back()
        except DatabaseError as error:
            log.warning("beat: lease not given back, it will lapse: %s", type(error).__name__)
        if self._watch is not None:
            self._watch.end()
            self._watch.leave()

    def watch(self) -> None:
        """Say from time to time that this beat lives, and look after the alerts."""
        self._watch = Watchman(fleet.Life(self._lease.holder, self._lease.holder.partition("/")[0]))
        self._watch.start()

    def sync(self) -> None:
        """Nothing: each run is on its row already, and a beat that was frozen must not write what it remembers."""

    def setup_schedule(self) -> None:
        """Nothing yet: the database may be away, and another beat may lead."""

    def install_default_entries(self, data: Any) -> None:
        """Nothing: see the class."""

    # --- leading

    def _may_send(self) -> bool:
        if self._leads and self._lease.renew():
            return True
        leads = self._lease.take()
        if leads:
            # What this process remembers may be long past: by that everything would be due.
            self._read_again()
            super().setup_schedule()
        if leads != self._leads:
            self._tell(leads)
        self._leads = leads
        return leads

    def _tell(self, leads: bool) -> None:
        if leads:
            log.info("beat %s: sends the schedules", self._lease.holder)
        else:
            log.info("beat %s: stands by, %s sends", self._lease.holder, self._lease.known_holder())

    def _send_due(self) -> float:
        if self._stale:
            self._read_again()
        wait: float = super().tick()
        return self._pause if self._stale else min(wait, self._pause)

    # --- the schedule

    def _read_again(self) -> None:
        """Have the next look at ``schedule`` read the rows."""
        self._last_timestamp = self.Changes.last_change()
        self._initial_read, self._heap = True, None
        self._stale = False

    def schedule_changed(self) -> bool:
        """Whether an edit was committed. The original misses the very first, and an outage is no change to it."""
        known, self._last_timestamp = self._last_timestamp, self.Changes.last_change()
        return bool(known != self._last_timestamp)

    def enabled_models_qs(self) -> QuerySet[PeriodicTask]:
        """All of them.

        The original leaves out crontabs of other hours: a nightly run that fell into an outage of three hours
        would be sent the night after, too early.
        """
        rows: QuerySet[PeriodicTask] = self.Model.objects.enabled()
        return rows

    # --- sending

    def reserve(self, entry: Run) -> Run:
        """The run after this one."""
        following: Run = next(entry)
        return following

    def apply_entry(self, entry: Run, producer: None = None) -> None:
        """Claim this run and send it. Where that is not possible now, the rows are read again and it is still due."""
        try:
            with broker.producer() as line, undisturbed():
                line.channel.client.ping()  # a run that cannot be sent is better not claimed
                self._stale = not self._claim(entry)
                if not self._stale:
                    self._send(entry, line)
        except REDIS_AWAY as error:
            self._stale = True
            self._redis.begins(error)
            troubles.note(troubles.PUBLISH_ERRORS)
        else:
            self._redis.ends()

    def _claim(self, entry: Run) -> bool:
        claimed = _row(entry).filter(self._lease.is_held(), enabled=True, last_run_at=entry.recorded)
        return bool(
            claimed.update(last_run_at=entry.model.last_run_at, total_run_count=F("total_run_count") + 1)
        )

    def _unclaim(self, entry: Run) -> None:
        _row(entry).filter(last_run_at=entry.model.last_run_at).update(
            last_run_at=entry.recorded, total_run_count=F("total_run_count") - 1
        )

    def _send(self, entry: Run, line: Producer) -> None:
        task = self.app.tasks.get(entry.task)
        send = task.apply_async if task else functools.partial(self.app.send_task, entry.task)
        log.info("beat: sending %s (%s)", entry.name, entry.task)
        try:
            send(entry.args, entry.kwargs, producer=line, retry=False, **entry.options)
        except REDIS_AWAY as error:
            if isinstance(error.__cause__ or error, ResponseError):  # a full Redis, for one: surely not sent
                self._unclaim(entry)
                raise
            # Redis may have it all the same, and once too few is better than twice.
            log.error("beat: %s: nobody knows whether it was sent: %s", entry.name, type(error).__name__)
        except Exception:  # what a task makes of its arguments is not known here
            log.exception("beat: %s: not sent", entry.name)


@beat_init.connect
def watch_from_beat(sender: Any = None, **_: Any) -> None:
    """Celery's service starts."""
    if isinstance(sender.scheduler, Scheduler):
        sender.scheduler.watch()


def _row(entry: Run) -> QuerySet[PeriodicTask]:
    rows: QuerySet[PeriodicTask] = PeriodicTask.objects.filter(pk=entry.model.pk)
    return rows


@contextmanager
def undisturbed() -> Iterator[None]:
    """The signals to leave wait a moment: between claim and sending they would lose the run."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
