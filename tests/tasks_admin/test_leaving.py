"""A worker that is told to leave finishes what its event loop is at first."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from kombu.asynchronous import Hub

from tasks_admin import leaving
from tests.conftest import wait_for


@pytest.fixture
def told() -> Iterator[list[int]]:
    """The signals that Celery's handlers were called with."""
    numbers: list[int] = []
    before = {number: signal.getsignal(number) for number in leaving.SIGNALS}
    for number in leaving.SIGNALS:
        signal.signal(number, lambda number, _frame: numbers.append(number))
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", leaving.SIGNALS)
def test_in_the_event_loop_it_waits_for_its_turn(
    monkeypatch: pytest.MonkeyPatch, told: list[int], number: signal.Signals
) -> None:
    hub = Hub()
    orderly = leaving.Orderly(hub)
    orderly.install()

    def reading_a_result() -> list[int]:
        signal.raise_signal(number)
        return list(told)

    def asynloop() -> list[int]:
        return reading_a_result()

    monkeypatch.setattr(leaving, "asynloop", asynloop)
    assert asynloop() == []
    orderly.start()

    def turned() -> list[int]:
        next(hub.loop)
        return told

    assert wait_for(turned) == [number]
    hub.close()


@pytest.mark.parametrize("number", leaving.SIGNALS)
def test_outside_of_it_it_is_at_once(told: list[int], number: signal.Signals) -> None:
    leaving.Orderly(Hub()).install()
    signal.raise_signal(number)
    assert told == [number]
