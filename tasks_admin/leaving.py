"""Leave at a moment when the worker can: Celery ends its pool inside the handler of a signal."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery.worker.loops import asynloop

SIGNALS = (signal.SIGTERM, signal.SIGQUIT)
Handler = Callable[[int, FrameType | None], Any]


class Orderly(threading.Thread):
    """Lets signals to leave wait for the end of what the event loop is at.

    Celery's handler waits for running tasks and stops the pool, and both read what children send. Called while
    the loop itself was in the middle of reading a result, it waited for ever for the half already taken.
    """

    def __init__(self, hub: Any) -> None:
        super().__init__(name="leaving", daemon=True)
        self._hub = hub
        # Its ``put`` may be called from a handler, whatever that interrupted; the hub's own lock may not.
        self._told: queue.SimpleQueue[tuple[Handler, int]] = queue.SimpleQueue()

    def install(self) -> None:
        """Stand before the handlers of SIGTERM and SIGQUIT. To be called from the main thread."""
        for number in SIGNALS:
            signal.signal(number, self._before(signal.getsignal(number)))

    def _before(self, handler: Any) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            if in_event_loop(frame):
                self._told.put((handler, number))
            else:
                # Connecting, or another kind of pool: nothing of a result is in hand.
                handler(number, frame)

        return handle

    def run(self) -> None:
        while True:
            handler, number = self._told.get()
            self._hub.call_soon(handler, number, None)


def in_event_loop(frame: FrameType | None) -> bool:
    """Whether what was interrupted is Celery's event loop of a pool of processes, or called by it."""
    while frame is not None and frame.f_code is not asynloop.__code__:
        frame = frame.f_back
    return frame is not None
