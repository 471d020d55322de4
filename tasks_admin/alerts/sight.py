"""What one evaluation sees: everything is asked once, and Redis that does not answer is waited for once."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from celery import current_app
from django.db.models import Min

from tasks_admin import broker, clock, fleet
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import JobQuerySet
from tasks_admin.models import WorkerBeat


class Sight:
    """The system at the moment ``now``, by the database's clock."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._lengths: dict[str, int] = {}
        self._info: dict[str, Any] = {}

    @cached_property
    def queues(self) -> list[str]:
        """Those that the app declares."""
        return list(current_app.amqp.queues)

    @property
    def lengths(self) -> dict[str, int]:
        """Messages waiting, by queue. Raises one of ``REDIS_AWAY``."""
        self._ask()
        return self._lengths

    @property
    def info(self) -> dict[str, Any]:
        """Redis's INFO. Raises one of ``REDIS_AWAY``."""
        self._ask()
        return self._info

    @cached_property
    def redis_error(self) -> BaseException | None:
        """Why Redis does not answer; None where it does."""
        try:
            with broker.connection(current_app) as line:
                self._info = line.default_channel.client.info()
                self._lengths = broker.lengths(line, self.queues)
        except REDIS_AWAY as error:
            return error
        return None

    def _ask(self) -> None:
        if self.redis_error is not None:
            raise self.redis_error

    @cached_property
    def consumers(self) -> dict[str, int]:
        """Living workers, by the queues that they read."""
        found: dict[str, int] = {}
        for queues in fleet.alive().filter(role=WorkerBeat.Role.WORKER).values_list("queues", flat=True):
            for queue in queues:
                found[queue] = found.get(queue, 0) + 1
        return found

    def announced(self) -> dict[str, tuple[int, float]]:
        """By queue: how many rows were announced and wait, and the oldest one's age (s).

        What is not announced waits for its owner's turn, and is nobody's failure.
        """
        found: dict[str, tuple[int, float]] = {}
        for model in job_models():
            rows = _waiting(model.objects.due()).values("queue").annotate(oldest=Min("published_at"))
            for queue, oldest in rows.values_list("queue", "oldest"):
                count = _waiting(model.objects.due()).filter(queue=queue).count()
                known, age = found.get(queue, (0, 0.0))
                found[queue] = (known + count, max(age, (self.now - oldest).total_seconds()))
        return found


def _waiting(rows: JobQuerySet) -> JobQuerySet:
    return rows.exclude(published_at=None).order_by()


def since(seconds: float) -> Any:
    """``seconds`` ago, as an SQL expression."""
    return clock.after(-seconds)
