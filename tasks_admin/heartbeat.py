"""One thread in each process that runs jobs: it keeps their leases and interrupts those that are to end."""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection

from tasks_admin.errors import Stop

if TYPE_CHECKING:
    from tasks_admin.jobs import Job

LOOK_SECONDS = 1.0
RENEW_SECONDS = 10.0
IDLE_SECONDS = 30.0

log = logging.getLogger(__name__)


class Watch:
    """A job that this process works on, and the thread that does."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.renewed = time.monotonic()
        self._thread = ctypes.c_ulong(threading.get_ident())
        self._lock = threading.Lock()
        self._open = False
        self._interrupted = False

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """While the block runs, :meth:`interrupt` ends it by raising :class:`Stop` in it."""
        try:
            self._set(True)
            yield
        finally:
            self.close()

    def close(self) -> None:
        """From here on nothing is interrupted, not even by what was asked for and not raised yet."""
        self._set(False)
        if not self._interrupted:
            return
        # Taken back with SetAsyncExc(None) it would leave Python 3.11 looking for it at each call for ever: slower,
        # and under a profiler an endless loop. So it is let happen here: a loop's turn is where it is looked for.
        try:
            for _ in range(2):
                pass
        except Stop:
            pass

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """While the block runs it is not interrupted: it talks to the database or to Redis."""
        before = self._open
        self._set(False)
        try:
            yield
        finally:
            self._set(before)

    def interrupt(self) -> None:
        """Raise :class:`Stop` in the job's own code, as soon as that is in Python again."""
        with self._lock:
            if self._open:
                self._interrupted = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(self._thread, ctypes.py_object(Stop))

    def _set(self, value: bool) -> None:
        with self._lock:
            self._open = value


class Heartbeat(threading.Thread):
    """Renews the lease of every watched job, and ends by itself when there has been none for a while.

    Every second it looks whether they are still to go on: a job may be long between two steps.
    """

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._watches: set[Watch] = set()
        self._changed = threading.Condition()
        self._ended = False

    def add(self, watch: Watch) -> bool:
        """False where the thread has just ended: take a new one."""
        with self._changed:
            if not self._ended:
                self._watches.add(watch)
                self._changed.notify()
            return not self._ended

    def remove(self, watch: Watch) -> None:
        with self._changed:
            self._watches.discard(watch)

    def run(self) -> None:
        while self._wait():
            for watch in list(self._watches):
                self._look(watch)
        connection.close()

    def _wait(self) -> bool:
        with self._changed:
            if not self._changed.wait_for(lambda: self._watches, timeout=IDLE_SECONDS):
                self._ended = True
                return False
        time.sleep(LOOK_SECONDS)
        return True

    def _look(self, watch: Watch) -> None:
        now = time.monotonic()
        due = now - watch.renewed >= RENEW_SECONDS
        try:
            goes_on = watch.job.renew() if due else watch.job.is_held()
        except DatabaseError as error:
            log.warning("job %s: lease not renewed: %s", watch.job.pk, type(error).__name__)
            connection.close()
            return
        if not goes_on:
            watch.interrupt()
        elif due:
            watch.renewed = now


_thread: Heartbeat | None = None
_lock = threading.Lock()


@contextmanager
def watched(job: Job) -> Iterator[Watch]:
    """Keep the job's lease while the block runs."""
    watch = Watch(job)
    thread = _watching(watch)
    try:
        yield watch
    finally:
        thread.remove(watch)


def _watching(watch: Watch) -> Heartbeat:
    global _thread  # noqa: PLW0603 - one thread for the process; a fork leaves a dead one behind
    with _lock:
        while _thread is None or not _thread.is_alive() or not _thread.add(watch):
            _thread = Heartbeat()
            _thread.start()
    return _thread
