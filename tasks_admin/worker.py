"""What every worker does beside its tasks: a warm start, the rescue thread, giving leases back."""

from __future__ import annotations

import atexit
import gc
import logging
import queue
import uuid
from datetime import datetime, timedelta
from typing import Any

from billiard.exceptions import TimeLimitExceeded, WorkerLostError
from celery.signals import task_failure, task_prerun, worker_init, worker_ready
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from tasks_admin import fleet
from tasks_admin.alerts import channels
from tasks_admin.alerts.registry import admin_index
from tasks_admin.leaving import Orderly
from tasks_admin.rounds import Rounds
from tasks_admin.watch import Watchman

RESCUE_SECONDS = 5.0
# How long before its start a worker looks for ended jobs of which Celery was not told.
LOOK_BACK = timedelta(minutes=10)
LOST_CODES: dict[type[BaseException] | type[None], str] = {
    WorkerLostError: "worker_lost",
    TimeLimitExceeded: "timed_out",
}

log = logging.getLogger(__name__)

# Two workers may be started under one name; leases are given back by this life of one of them only. Children are
# forked and so carry their parent's.
_LIFE = uuid.uuid4().hex[:8]


def worker_name(hostname: str | None) -> str:
    """The name under which a worker holds leases."""
    return f"{hostname or 'worker'}/{_LIFE}"


class RescueThread(Rounds):
    """Looks every few seconds for jobs that nobody works on. Needs neither the broker's events nor beat."""

    def __init__(self, worker: str) -> None:
        super().__init__("rescue", RESCUE_SECONDS)
        self.worker = worker
        self.lost: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._healed: dict[str, datetime] = {}

    def free(self, job_id: str, code: str) -> None:
        """The child that ran this was killed: its row need not wait for its lease."""
        self.lost.put((job_id, code))
        self.wake.set()

    def once(self) -> None:
        from tasks_admin import rescue
        from tasks_admin.celery_state import heal
        from tasks_admin.job_kinds import job_models

        while not self.lost.empty():
            job_id, code = self.lost.get()
            rescue.free_lost(job_id, self.worker, code)
        rescue.rescue_all()
        for model in job_models():
            since = self._healed.get(model.task_name) or timezone.now() - LOOK_BACK
            self._healed[model.task_name] = heal(model, since)


_rescue: RescueThread | None = None
_watch: Watchman | None = None


@worker_init.connect
def warm_up(sender: Any = None, **_: Any) -> None:
    """Load what the tasks of this worker's queues need, before the fork, so that its children share it."""
    queues = sender.app.amqp.queues.consume_from
    for name, path in settings.TASKS_ADMIN["WARM_UP"].items():
        if name in queues:
            import_string(path)()
    if channels.configured():
        # An alert's message names a page. Loaded by the watchman's thread, the pages could be half there in a child
        # that is forked meanwhile, with an import lock that nobody opens.
        admin_index()
    # What is here now lives as long as the worker: not scanning it keeps its pages shared.
    gc.freeze()


@worker_ready.connect
def start_rescue(sender: Any = None, **_: Any) -> None:
    global _rescue, _watch  # noqa: PLW0603 - one of each for the process
    name = worker_name(sender.hostname)
    _rescue = RescueThread(name)
    _rescue.start()
    # A thread of its own: a mail server that does not answer must not keep lost jobs waiting.
    _watch = Watchman(fleet.Life(name, sender.hostname, consumer=sender))
    _watch.start()
    if sender.hub is not None:
        leaving = Orderly(sender.hub)
        leaving.start()
        leaving.install()
    # Celery's own signal is not sent by a cold shutdown, and the pool must have ended by then.
    atexit.register(give_leases_back, name)


@task_failure.connect
def child_lost(task_id: str = "", exception: BaseException | None = None, **_: Any) -> None:
    """In the main process this tells of a child that was killed, and the job's row must not wait for its lease."""
    code = LOST_CODES.get(type(exception))
    # Children inherit the name of the thread, and not the thread.
    if code and _rescue is not None and _rescue.is_alive():
        _rescue.free(task_id, code)


def give_leases_back(worker: str) -> None:
    """Queue again what this worker's children did not finish, so that others need not wait for the lease."""
    from tasks_admin.rescue import give_back

    for thread in (_rescue, _watch):
        if thread is not None:
            thread.end()
    try:
        give_back(worker)
    except DatabaseError as error:
        log.warning("leases not given back, they will lapse: %s", type(error).__name__)
    if _watch is not None:
        _watch.leave()


@task_prerun.connect
def drop_dead_connections(task: Any = None, **_: Any) -> None:
    """Connections are kept between tasks (see vocalborn.celery); one that died in between is replaced here.

    A job finds that out when it is claimed, and asking before each would cost it a query.
    """
    from tasks_admin.job_task import JobTask

    if not isinstance(task, JobTask):
        close_old_connections()
