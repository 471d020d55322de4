"""Publishing to the broker without ever waiting long for it."""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from celery import Celery, current_app
from kombu import Connection, Producer
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

# What publishing, or writing a state, raises while Redis is away.
REDIS_AWAY = (OperationalError, LimitExceeded, RedisError, OSError)

# A person waits for this, so it gives up where Celery's own publishing retries for up to 19 seconds.
_BOUNDED = {
    "socket_connect_timeout": 0.4,
    "socket_timeout": 0.4,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.05,
    "interval_max": 0.05,
}


@functools.cache
def _connection() -> Connection:
    return current_app.connection_for_write(transport_options=_BOUNDED)


@contextmanager
def producer() -> Iterator[Producer]:
    """A producer that answers or raises one of ``REDIS_AWAY`` within a second."""
    with producers[_connection()].acquire(block=True, timeout=1) as pooled:
        yield pooled


def connection(app: Celery) -> Connection:
    """A connection for a quick look at the broker; using it raises one of ``REDIS_AWAY`` within a second or two."""
    look = {"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 1, "interval_start": 0}
    return app.connection_for_read(transport_options=look)


def lengths(line: Connection, queues: Iterable[str]) -> dict[str, int]:
    """Messages waiting in each queue, whatever their priority, by one question.

    kombu asks in a transaction, which Redis refuses when it is full: just when somebody has to look.
    """
    channel, names = line.default_channel, list(queues)
    steps = list(channel.priority_steps)
    with channel.client.pipeline(transaction=False) as pipe:
        for name in names:
            for step in steps:
                pipe.llen(channel._q_for_pri(name, step))
        counts = pipe.execute()
    return {name: sum(counts[at * len(steps) : (at + 1) * len(steps)]) for at, name in enumerate(names)}


def peek(line: Connection, queue: str, count: int) -> list[dict[str, Any]]:
    """The headers of the next ``count`` messages, the oldest first; what is no message is left out."""
    channel = line.default_channel
    found: list[bytes] = []
    for step in channel.priority_steps:
        if count > len(found):
            found += reversed(channel.client.lrange(channel._q_for_pri(queue, step), len(found) - count, -1))
    return [headers for headers in map(_headers, found) if headers]


def take_away(line: Connection, queue: str) -> Iterator[list[dict[str, Any]]]:
    """Empty the queue, and yield the headers of what was in it, some hundreds at a time.

    The queue is moved aside first: what comes meanwhile stays, and nothing is thrown away that is not reported.
    """
    channel = line.default_channel
    for step in channel.priority_steps:
        aside = f"tasks_admin.purged.{secrets.token_hex(8)}"
        key = channel._q_for_pri(queue, step)
        # RENAMENX answers with an error where there is nothing to move.
        if not channel.client.exists(key) or not channel.client.renamenx(key, aside):
            continue
        channel.client.expire(aside, 3600)  # should this process die in the middle
        while messages := channel.client.lrange(aside, 0, 499):
            yield [_headers(message) for message in messages]
            channel.client.ltrim(aside, len(messages), -1)


def _headers(message: bytes) -> dict[str, Any]:
    try:
        headers = json.loads(message)["headers"]
    except (ValueError, KeyError, TypeError):  # put there by somebody else
        return {}
    return headers if isinstance(headers, dict) else {}
