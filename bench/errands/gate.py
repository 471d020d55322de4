"""A worker that stands still while its queue is filled, so that the filling is not measured with the work."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import redis
from django.conf import settings

from bench.errands.models import Errand
from bench.errands.tasks import hold
from tasks_admin.jobs import ACTIVE

PATIENCE_SECONDS = 180.0
LOOK_SECONDS = 0.005


@contextmanager
def closed(folder: Path, queue: str, children: int) -> Iterator[None]:
    """Hold every child of the queue's worker until the block ends."""
    gate = folder / "gate"
    gate.touch()
    try:
        for _ in range(children):
            hold.apply_async([str(gate)], queue=queue)
        wait_for(lambda: messages(queue) == (0, children))
        yield
    finally:
        gate.unlink()


def seconds_until_done(queue: str) -> float:
    """Wait for the queue to be empty and every errand to have ended; called right after the gate has opened."""
    opened = time.perf_counter()
    while True:
        wait_for(lambda: _nothing_left(queue))
        ended = time.perf_counter()
        # A message that was just taken is for a moment neither in the queue nor noted as taken.
        time.sleep(4 * LOOK_SECONDS)
        if _nothing_left(queue):
            return ended - opened


def messages(queue: str) -> tuple[int, int]:
    """How many wait in the queue, and how many workers have taken and not acknowledged."""
    with _broker().pipeline(transaction=False) as line:
        line.llen(queue)
        line.hlen("unacked")
        waiting, taken = cast("list[int]", line.execute())
    return waiting, taken


def wait_for(
    condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS, look: float = LOOK_SECONDS
) -> None:
    """Look every few milliseconds. Raises TimeoutError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker has not come so far in {seconds:.0f} s")
        time.sleep(look)


def _nothing_left(queue: str) -> bool:
    return messages(queue) == (0, 0) and not Errand.objects.filter(state__in=ACTIVE).exists()


@functools.cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.CELERY_BROKER_URL)
