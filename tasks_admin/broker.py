"""Publishing to the broker without ever waiting long for it."""

from __future__ import annotations

import base64
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
    return [headers for headers in map(_headers, _next(line, queue, count)) if headers]


def peek_whole(
    line: Connection, queue: str, count: int
) -> list[tuple[dict[str, Any], list[Any], dict[str, Any]]]:
    """As :func:`peek`, and each message's arguments: by place, and by name."""
    found = _next(line, queue, count)
    return [(headers, *_arguments(message)) for message in found if (headers := _headers(message))]


def _next(line: Connection, queue: str, count: int) -> list[bytes]:
    """By one question, however many there are of each priority."""
    channel = line.default_channel
    with channel.client.pipeline(transaction=False) as pipe:
        for step in channel.priority_steps:
            pipe.lrange(channel._q_for_pri(queue, step), -count, -1)
        answers: list[list[bytes]] = pipe.execute()
    return [message for answer in answers for message in reversed(answer)][:count]


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


def _arguments(message: bytes) -> tuple[list[Any], dict[str, Any]]:
    """Empty where they cannot be read: compressed, in another format, or put there by somebody else."""
    try:
        said = json.loads(message)
        body = said["body"]
        if said["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body)
        args, kwargs, _embedded = json.loads(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        return [], {}
    return (args if isinstance(args, list) else []), (kwargs if isinstance(kwargs, dict) else {})
