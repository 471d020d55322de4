"""Each check finds what it is there for, and none waits for long."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tasks_admin import health, views
from tasks_admin.beat_lease import Lease
from tasks_admin.fleet import Life
from tasks_admin.models import WorkerBeat
from tests.tasks_admin.conftest import OwnRedis

# Checks run in threads: what they are to see has to be committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_kept", (float("-inf"), []))


def wrong(*names: str) -> dict[str, str]:
    return {finding.name: finding.message for finding in health.examine(names or None) if not finding.ok}


def all_well() -> None:
    Lease().take()
    WorkerBeat.objects.create(
        name="w", node="w", host="a", pid=1, queues=["ai_analysis", "maintenance", "health"],
        started_at=timezone.now(), seen_at=timezone.now(),
    )  # fmt: skip


def test_all_is_well(own_redis: OwnRedis, redis: Any) -> None:
    all_well()
    assert wrong() == {}
    assert [key for key in own_redis.client.scan_iter() if b"probe" in key] == []


def test_without_workers_and_beat(own_redis: OwnRedis) -> None:
    Life("b", "b").beat()  # a beat reads no queue
    assert "ai_analysis, maintenance, health" in wrong("consumers")["consumers"]
    assert wrong("beat").keys() == {"beat"}


def test_redis_is_gone_and_nobody_waits_for_it(own_redis: OwnRedis) -> None:
    own_redis.stop()
    began = time.monotonic()
    assert wrong("broker", "redis_keeps_messages").keys() == {"broker", "redis_keeps_messages"}
    assert time.monotonic() - began < health.PATIENCE_SECONDS + 0.5


def test_a_redis_that_evicts_or_forgets(own_redis: OwnRedis) -> None:
    own_redis.client.config_set("maxmemory-policy", "allkeys-lru")
    assert "allkeys-lru" in wrong("redis_keeps_messages")["redis_keeps_messages"]
    own_redis.client.config_set("maxmemory-policy", "noeviction")
    own_redis.client.config_set("appendonly", "no")
    assert "append-only" in wrong("redis_keeps_messages")["redis_keeps_messages"]


def test_a_storage_that_cannot_be_written(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "media").write_text("a file where the folder should be")
    settings.MEDIA_ROOT = tmp_path / "media"
    assert wrong("storage").keys() == {"storage"}


def test_a_check_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.CHECKS, "storage", lambda: time.sleep(3))
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.2)
    began = time.monotonic()
    assert "no answer" in wrong("storage", "database")["storage"]
    assert time.monotonic() - began < 1


def test_a_full_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    full = SimpleNamespace(percent=99.0)
    monkeypatch.setattr("psutil.disk_usage", lambda path: full)
    monkeypatch.setattr("psutil.virtual_memory", lambda: full)
    assert wrong("disk", "memory").keys() == {"disk", "memory"}


def test_healthz_asks_nobody(django_assert_num_queries: Any, own_redis: OwnRedis) -> None:
    own_redis.stop()
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_readyz(own_redis: OwnRedis, redis: Any) -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "failing": []})
    own_redis.stop()
    views._kept = (float("-inf"), [])
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "failing": ["broker"]})
    assert Client().get("/readyz?exclude=broker").status_code == 200
    assert Client().post("/readyz").status_code == 405
