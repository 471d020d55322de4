"""A clock to set, and a Redis to spoil."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db.models import DateTimeField, Value
from kombu import Connection
from redis import Redis
from redis.exceptions import ConnectionError as NoRedis

from tasks_admin import broker, clock
from tasks_admin.models import AlertRule
from tests.conftest import free_port, wait_for
from vocalborn import embedded_redis

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the database's clock to so many seconds after T0."""

    def set_clock(seconds: float) -> None:
        moment = Value(T0 + timedelta(seconds=seconds), output_field=DateTimeField())
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_clock(0)
    return set_clock


@pytest.fixture
def rules(db: None) -> None:
    """The alerts' rules, as the migration makes them: a test that empties the tables takes them away for the next."""
    made = import_module("tasks_admin.migrations.0005_running").RULES
    AlertRule.objects.bulk_create(
        [AlertRule(code=c, severity=s, threshold=t, hold_seconds=h) for c, s, t, h in made],
        ignore_conflicts=True,
    )


class OwnRedis:
    """A server of its own, that a test may stop, fill and misconfigure; the broker's looks go there."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.client = Redis(port=self.port)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                embedded_redis.server(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
                "--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "",
            ],
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self._answers)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except NoRedis:
            return False

    def connection(self, _app: Any) -> Connection:
        look = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 1, "interval_start": 0}
        return Connection(self.url, transport_options=look)


@pytest.fixture
def own_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path)
    monkeypatch.setattr(broker, "connection", server.connection)
    yield server
    server.client.close()
    server.stop()
