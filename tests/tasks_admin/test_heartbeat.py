"""What the heartbeat does to a job's own code: it ends it, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import cast

import pytest

from tasks_admin import heartbeat
from tasks_admin.errors import Stop
from tasks_admin.heartbeat import Watch, watched
from tasks_admin.jobs import Job


class Held:
    """As much of a job as a heartbeat asks for."""

    pk = "1"

    def __init__(self) -> None:
        self.held = True
        self.renewals = 0

    def is_held(self) -> bool:
        return self.held

    def renew(self) -> bool:
        self.renewals += 1
        return self.held


@pytest.fixture
def job() -> Held:
    return Held()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 0.02)


def working(seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.005)


def later(seconds: float, call: Callable[[], None]) -> None:
    threading.Timer(seconds, call).start()


def lose(job: Held) -> None:
    job.held = False


@pytest.mark.usefixtures("quick")
def test_code_between_two_steps_is_interrupted(job: Held) -> None:
    later(0.1, lambda: lose(job))
    with watched(cast("Job", job)) as watch, pytest.raises(Stop), watch.interruptible():
        working()


@pytest.mark.usefixtures("quick")
def test_an_except_exception_in_the_jobs_code_is_not_meant_for_it(job: Held) -> None:
    later(0.1, lambda: lose(job))
    with watched(cast("Job", job)) as watch, pytest.raises(Stop), watch.interruptible():
        try:
            working()
        except Exception:  # noqa: BLE001 - as a library might
            pytest.fail("swallowed")


@pytest.mark.usefixtures("quick")
def test_what_talks_to_the_database_is_not_interrupted(job: Held) -> None:
    lose(job)
    with watched(cast("Job", job)) as watch:
        with pytest.raises(Stop), watch.interruptible():
            with watch.shielded():
                time.sleep(0.2)
            finished = True
            working()
        assert finished


@pytest.mark.usefixtures("quick")
def test_nothing_is_interrupted_outside_the_block(job: Held) -> None:
    lose(job)
    with watched(cast("Job", job)):
        working(0.2)


def test_an_interrupt_that_was_not_raised_yet_is_taken_back(job: Held) -> None:
    watch = Watch(cast("Job", job))
    for _ in range(200):  # whether it strikes in the block or is taken back: never after it
        try:
            with watch.interruptible():
                watch.interrupt()
        except Stop:
            watch.close()
        working(0.0)


@pytest.mark.usefixtures("quick")
def test_the_lease_is_renewed(job: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "RENEW_SECONDS", 0.1)
    with watched(cast("Job", job)):
        working(0.5)
    assert 2 <= job.renewals <= 5
