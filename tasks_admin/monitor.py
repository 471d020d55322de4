"""Looking at queues and workers."""

from __future__ import annotations

from typing import Any

from celery import Celery, current_app
from kombu import Connection

from tasks_admin import broker
from tasks_admin.broker import REDIS_AWAY

INSPECT_SECONDS = 1.0


class Unavailable(RuntimeError):
    """Redis does not answer."""


def queue_length(app: Celery, queue: str) -> int:
    """Messages waiting in one queue, whatever their priority.

    Raises one of :data:`tasks_admin.broker.REDIS_AWAY` where the broker is away.
    """
    with broker.connection(app) as line:
        return broker.lengths(line, [queue])[queue]


class Monitor:
    """The queues and workers of the current app."""

    def __init__(self, app: Celery | None = None) -> None:
        self._app = app

    @property
    def app(self) -> Celery:
        return self._app or current_app

    def queues(self) -> list[str]:
        """The queues that the app declares, first to last."""
        return list(self.app.amqp.queues)

    def get_queue_length(self, queue: str) -> int:
        """How many messages wait in ``queue``.

        Raises
        ------
        ValueError
            For a queue that the app does not have.
        Unavailable
            Where Redis is away.
        """
        self._known(queue)
        try:
            return queue_length(self.app, queue)
        except REDIS_AWAY as error:
            raise Unavailable(str(error)) from error

    def get_worker_stats(self) -> dict[str, dict[str, Any]]:
        """What each worker that answers within a second says of itself.

        Returns
        -------
        dict
            By worker: ``pid``, ``pool``, ``slots``, ``queues``, ``running`` (task ids) and ``uptime`` (s). Empty
            where no worker answers.

        Raises
        ------
        Unavailable
            Where Redis is away.
        """
        try:
            with broker.connection(self.app) as line:
                return self._ask_workers(line)
        except REDIS_AWAY as error:
            raise Unavailable(str(error)) from error

    def _ask_workers(self, line: Connection) -> dict[str, dict[str, Any]]:
        stats = self._inspect(line).stats() or {}
        if not stats:
            return {}
        # Those who have answered are asked by name, so that nobody waits for others.
        inspect = self._inspect(line, destination=list(stats), limit=len(stats))
        queues, active = inspect.active_queues() or {}, inspect.active() or {}
        return {
            name: _worker(said, queues.get(name, []), active.get(name, [])) for name, said in stats.items()
        }

    def _inspect(self, line: Connection, **options: Any) -> Any:
        return self.app.control.inspect(timeout=INSPECT_SECONDS, connection=line, **options)

    def purge_queue(self, queue: str, *, again: bool = False) -> int:
        """Throw away the messages of ``queue`` and cancel their jobs, or with ``again`` announce those anew.

        Returns
        -------
        int
            How many messages there were. Raises ValueError and :class:`Unavailable` as :meth:`get_queue_length`.
        """
        from tasks_admin import purge

        self._known(queue)
        try:
            with broker.connection(self.app) as line:
                return purge.purge(line, queue, again=again)
        except REDIS_AWAY as error:
            raise Unavailable(str(error)) from error

    def _known(self, queue: str) -> None:
        if queue not in self.queues():
            raise ValueError(f"no queue {queue!r}: there are {', '.join(self.queues())}")


def _worker(
    stats: dict[str, Any], queues: list[dict[str, Any]], active: list[dict[str, Any]]
) -> dict[str, Any]:
    pool = stats.get("pool", {})
    return {
        "pid": stats.get("pid"),
        "pool": pool.get("implementation", "").rpartition(":")[2],
        "slots": pool.get("max-concurrency"),
        "queues": [queue["name"] for queue in queues],
        "running": [task["id"] for task in active],
        "uptime": stats.get("uptime"),
    }


monitor = Monitor()
