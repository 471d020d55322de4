"""One function over many things, on every core, the results in order; a process that dies costs one of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Generic, TypeVar

from threadpoolctl import threadpool_limits

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 3  # things given out a process: none waits for the next, and thousands are not held at once
_LOADED_ONCE = ["analysis.acoustics.pipeline"]


class Died(Exception):
    """The process that worked on this thing ended: out of memory, or killed."""


def in_order(
    work: Callable[[T], R], things: Iterable[T], *, processes: int | None = None, method: str | None = None
) -> Iterator[R | Died]:
    """Yield ``work(thing)`` for each thing in its turn.

    Parameters
    ----------
    work : callable
        Importable by name. What it raises is raised here.
    things : iterable
        Taken as they are needed.
    processes : int > 0
        By default as many as there are cores.
    method : {"fork", "forkserver", "spawn"}
        How processes begin. By default "forkserver" where there is one: it shares what is loaded, and the caller may
        have threads. "fork" shares all that the caller has in memory.

    Yields
    ------
    R or Died
        `Died` in the place of a thing whose process ended; the others are done all the same.
    """
    run: _Run[T, R] = _Run(work, processes or os.cpu_count() or 1, method)
    try:
        for thing in things:
            run.give_out(thing)
            if run.is_full:
                yield run.next()
        while run.waiting:
            yield run.next()
    finally:
        run.close()


class _Run(Generic[T, R]):
    """What was given out, oldest first, and the pool of processes, made anew when one of them has died."""

    def __init__(self, work: Callable[[T], R], processes: int, method: str | None) -> None:
        known = multiprocessing.get_all_start_methods()
        self._context = multiprocessing.get_context(
            method or ("forkserver" if "forkserver" in known else "spawn")
        )
        if self._context.get_start_method() == "forkserver":
            self._context.set_forkserver_preload(_LOADED_ONCE)
        self._work, self._processes = work, processes
        self._pool = self._new_pool(processes)
        self.waiting: deque[tuple[T, Future[R]]] = deque()

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= _AHEAD * self._processes

    def give_out(self, thing: T) -> None:
        self.waiting.append((thing, self._submit(thing)))

    def next(self) -> R | Died:
        thing, future = self.waiting.popleft()
        try:
            return future.result()
        except BrokenExecutor:  # nobody says whose process it was
            return self._alone(thing)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, thing: T) -> Future[R]:
        try:
            return self._pool.submit(self._work, thing)
        except BrokenExecutor as error:  # since the last result; this thing will be done in its turn
            future: Future[R] = Future()
            future.set_exception(error)
            return future

    def _alone(self, thing: T) -> R | Died:
        """In a process of its own, so that it is known who dies; then what else was lost is given out again."""
        found: R | Died
        with self._new_pool(1) as pool:
            try:
                found = pool.submit(self._work, thing).result()
            except BrokenExecutor:
                found = Died()
        self.close()
        self._pool = self._new_pool(self._processes)
        self.waiting = deque((each, self._kept(each, future)) for each, future in self.waiting)
        return found

    def _kept(self, thing: T, future: Future[R]) -> Future[R]:
        lost = future.cancelled() or isinstance(future.exception(), BrokenExecutor)
        return self._submit(thing) if lost else future

    def _new_pool(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, mp_context=self._context, initializer=_begin)


def _begin() -> None:
    """In each process: one thread, since each core has a process; it ends with its parent, and Ctrl-C is for that."""
    threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
