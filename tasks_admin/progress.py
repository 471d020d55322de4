"""The base of every task: it can say how far it is."""

from __future__ import annotations

import logging
from typing import Any

from celery import Task

from tasks_admin.broker import REDIS_AWAY

PROGRESS = "PROGRESS"
log = logging.getLogger(__name__)


class ProgressTask(Task):
    """A task whose ``AsyncResult(id).info`` reads ``{"progress": 40, "current_step": "..."}`` while it runs."""

    abstract = True

    def progress(self, percent: int, step: str = "") -> None:
        """Report that ``percent`` (0 to 100) is done and ``step`` has begun.

        Progress is a courtesy: with Redis away it is logged and the work goes on.
        """
        if self.request.id:
            self._publish_progress(percent, step)

    def _publish_progress(self, percent: int, step: str) -> None:
        meta: dict[str, Any] = {"progress": percent, "current_step": step}
        try:
            self.update_state(state=PROGRESS, meta=meta)
        except REDIS_AWAY as error:
            log.warning("task %s: progress not published: %s", self.request.id, type(error).__name__)
