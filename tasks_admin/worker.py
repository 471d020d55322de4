"""What every worker does beside its tasks: a warm start, the rescue thread, giving leases back."""

from __future__ import annotations

import atexit
import gc
import logging
import threading
import uuid
from typing import Any

from celery.signals import task_failure, task_prerun, worker_init, worker_ready
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

RESCUE_SECONDS = 5.0

log = logging.getLogger(__name__)

# Two workers may be started under one name; leases are given back by this life of one of them only. Children are
# forked and so carry their parent's.
_LIFE = uuid.uuid4().hex[:8]


def worker_name(hostname: str | None) -> str:
    """The name under which a worker holds leases."""
    return f"{hostname or 'worker'}/{_LIFE}"


class RescueThread(threading.Thread):
    """Looks every few seconds for jobs that nobody works on. Needs neither the broker's events nor beat."""

    def __init__(self) -> None:
        super().__init__(name="rescue", daemon=True)
        self.wake = threading.Event()
        self.ending = threading.Event()

    def run(self) -> None:
        from tasks_admin.rescue import rescue_all

        while not self.ending.is_set():
            self.wake.wait(RESCUE_SECONDS)
            self.wake.clear()
            try:
                rescue_all()
            except DatabaseError as error:
                log.warning("rescue: database away: %s", type(error).__name__)
            except Exception:  # without this thread lost jobs stay lost: it outlives every error
                log.exception("rescue: this pass failed")
            finally:
                # An open connection would be shared with every child that is forked meanwhile.
                connections.close_all()

    def end(self) -> None:
        self.ending.set()
        self.wake.set()
        self.join(timeout=5)


_rescue: RescueThread | None = None


@worker_init.connect
def warm_up(sender: Any = None, **_: Any) -> None:
    """Load what the tasks of this worker's queues need, before the fork, so that its children share it."""
    queues = sender.app.amqp.queues.consume_from
    for queue, path in settings.TASKS_ADMIN["WARM_UP"].items():
        if queue in queues:
            import_string(path)()
    # What is here now lives as long as the worker: not scanning it keeps its pages shared.
    gc.freeze()


@worker_ready.connect
def start_rescue(sender: Any = None, **_: Any) -> None:
    global _rescue  # noqa: PLW0603 - one thread for the process
    _rescue = RescueThread()
    _rescue.start()
    # Celery's own signal is not sent by a cold shutdown, and the pool must have ended by then.
    atexit.register(give_leases_back, worker_name(sender.hostname))


@task_failure.connect
def wake_rescue(**_: Any) -> None:
    """In the main process this fires for a lost worker or the hard limit, and the row must not wait."""
    if _rescue is not None:
        _rescue.wake.set()


def give_leases_back(worker: str) -> None:
    """Queue again what this worker's children did not finish, so that others need not wait for the lease."""
    from tasks_admin.rescue import give_back

    if _rescue is not None:
        _rescue.end()
    try:
        give_back(worker)
    except DatabaseError as error:
        log.warning("leases not given back, they will lapse: %s", type(error).__name__)


@task_prerun.connect
def drop_dead_connections(**_: Any) -> None:
    """Connections are kept between tasks (see vocalborn.celery); one that died in between is replaced here."""
    close_old_connections()
