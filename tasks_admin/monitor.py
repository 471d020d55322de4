"""Looking at queues and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import Celery, current_app
from kombu import Connection

from tasks_admin import broker
from tasks_admin.broker import REDIS_AWAY

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from tasks_admin.purge import Purged

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
        # A worker listens to a pattern of channels: where nobody does, there is no answer to wait for.
        nobody = not line.default_channel.client.pubsub_numpat()
        stats = {} if nobody else self._inspect(line).stats() or {}
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
        return self.purge(queue, again=again).messages

    def purge(self, queue: str, *, again: bool = False, actor: AbstractBaseUser | None = None) -> Purged:
        """As :meth:`purge_queue`; tells of the jobs, too, and names ``actor`` in the log."""
        from tasks_admin import purge

        self._known(queue)
        try:
            with broker.connection(self.app) as line:
                return purge.purge(line, queue, again=again, actor=actor)
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
