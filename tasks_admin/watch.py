"""The watchman of each process: says that it lives, looks after the alerts when it is its turn, and tells people.

Workers, beats and web servers have one, since whoever died cannot tell.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.signals import request_started
from django.db import Error as DatabaseError

from tasks_admin import fleet
from tasks_admin.rounds import Rounds

# A web server looks only where no worker and no beat has for a while.
WEB_SECONDS = 30.0

log = logging.getLogger(__name__)


class Watchman(Rounds):
    """One process's. ``of`` is None for a web server, which holds nothing and is not counted."""

    def __init__(self, of: fleet.Life | None = None, seconds: float = fleet.BEAT_SECONDS) -> None:
        super().__init__("watch", seconds)
        self.of = of
        self.wake.set()

    def once(self) -> None:
        from tasks_admin import alerts

        if self.ending.is_set():
            return
        if self.of is not None:
            self.of.beat()
        alerts.look(self.seconds)

    def leave(self) -> None:
        """After :meth:`end`."""
        try:
            if self.of is not None:
                self.of.leave()
        except DatabaseError as error:
            log.warning("%s: not signed off: %s", self.of and self.of.name, type(error).__name__)


_web: Watchman | None = None


@request_started.connect
def watch_from_web(**_: Any) -> None:
    """At the first request, since a server that forks would take no thread along."""
    global _web  # noqa: PLW0603 - one thread for the process
    request_started.disconnect(watch_from_web)
    if settings.TASKS_ADMIN.get("WATCH_FROM_WEB", True) and _web is None:
        _web = Watchman(seconds=WEB_SECONDS)
        _web.start()
