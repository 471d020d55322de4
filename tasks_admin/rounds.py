"""Threads that do something every few seconds, whatever happens to the database and to Redis."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from django.db import Error as DatabaseError
from django.db import connections

from tasks_admin.broker import REDIS_AWAY

log = logging.getLogger(__name__)


class Rounds(threading.Thread, ABC):
    """Calls :meth:`once` every ``seconds``, and at once when ``wake`` is set."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(name=name, daemon=True)
        self.seconds = seconds
        self.wake = threading.Event()
        self.ending = threading.Event()

    @abstractmethod
    def once(self) -> None:
        """One round."""

    def run(self) -> None:
        while not self.ending.is_set():
            self.wake.wait(self.seconds)
            self.wake.clear()
            try:
                self.once()
            except DatabaseError as error:
                log.warning("%s: database away: %s", self.name, type(error).__name__)
            except REDIS_AWAY as error:
                log.warning("%s: Redis away: %s", self.name, type(error).__name__)
            except Exception:  # without this thread nobody would do its work: it outlives every error
                log.exception("%s: this round failed", self.name)
            finally:
                # An open connection would be shared with every child that is forked meanwhile.
                connections.close_all()

    def end(self) -> None:
        self.ending.set()
        self.wake.set()
        self.join(timeout=5)
