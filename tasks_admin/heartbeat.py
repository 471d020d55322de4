"""One thread in each process that runs jobs: it keeps their leases and notices when they are to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection

if TYPE_CHECKING:
    from tasks_admin.jobs import Job

LOOK_SECONDS = 1.0
RENEW_SECONDS = 10.0
IDLE_SECONDS = 30.0

log = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Renews the lease of every watched job; ends by itself when there has been none for a while.

    A job that is to stop sees it at its next step, because each step's write is fenced; so the thread only has
    to keep leases alive and to let them go.
    """

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._jobs: dict[int, tuple[Job, float]] = {}
        self._changed = threading.Condition()
        self._ended = False

    def watch(self, job: Job) -> bool:
        """False where the thread has just ended: take a new one."""
        with self._changed:
            if not self._ended:
                self._jobs[id(job)] = (job, time.monotonic())
                self._changed.notify()
            return not self._ended

    def unwatch(self, job: Job) -> None:
        with self._changed:
            self._jobs.pop(id(job), None)

    def run(self) -> None:
        while self._wait():
            for job, renewed in list(self._jobs.values()):
                if time.monotonic() - renewed >= RENEW_SECONDS:
                    self._renew(job)
        connection.close()

    def _wait(self) -> bool:
        with self._changed:
            if not self._changed.wait_for(lambda: self._jobs, timeout=IDLE_SECONDS):
                self._ended = True
                return False
        time.sleep(LOOK_SECONDS)
        return True

    def _renew(self, job: Job) -> None:
        try:
            held = job.renew()
        except DatabaseError as error:
            log.warning("job %s: lease not renewed: %s", job.pk, type(error).__name__)
            connection.close()
            return
        with self._changed:
            if held and id(job) in self._jobs:
                self._jobs[id(job)] = (job, time.monotonic())
            elif not held:
                self._jobs.pop(id(job), None)


_thread: Heartbeat | None = None
_lock = threading.Lock()


@contextmanager
def watched(job: Job) -> Iterator[None]:
    """Keep the job's lease while the block runs."""
    thread = _watching(job)
    try:
        yield
    finally:
        thread.unwatch(job)


def _watching(job: Job) -> Heartbeat:
    global _thread  # noqa: PLW0603 - one thread for the process; a fork leaves a dead one behind
    with _lock:
        while _thread is None or not _thread.is_alive() or not _thread.watch(job):
            _thread = Heartbeat()
            _thread.start()
    return _thread
