"""Publishing to the broker without ever waiting long for it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager

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
    look = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 1, "interval_start": 0}
    return app.connection_for_read(transport_options=look)
