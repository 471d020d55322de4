"""Which pool may serve a queue, and what a worker is warned of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis import Redis

from tasks_admin.commands.pools import CHILD_BYTES, POOLS, Plan, dangers, unfit

SAFE = Plan(
    pool="prefork", concurrency=2, asked_max_tasks=False, soft_limit=300, hard_limit=360, visibility=3600,
    debug=False, cores=2, memory=16 * 2**30,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _safe_redis(redis: Any) -> None:
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("appendonly", "yes")


@pytest.mark.parametrize(
    ("pool", "queue", "fit"),
    [
        ("prefork", "ai_analysis", True), ("threads", "ai_analysis", True), ("solo", "ai_analysis", False),
        ("gevent", "ai_analysis", False), ("eventlet", "ai_analysis", False),
        ("solo", "health", True), ("gevent", "health", False), ("threads", "maintenance", True),
    ],
)  # fmt: skip
def test_a_pool_is_refused_where_it_cannot_work(pool: str, queue: str, fit: bool) -> None:
    assert pool in POOLS
    why = unfit(pool, ["maintenance", queue])
    assert (why == "") is fit
    assert fit or pool in why


def test_a_safe_worker_is_warned_of_nothing() -> None:
    assert dangers(SAFE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pool": "threads", "soft_limit": None, "hard_limit": 360}, "Time limits do nothing with threads"),
        ({"pool": "threads", "asked_max_tasks": True}, "--max-tasks-per-child does nothing"),
        ({"concurrency": 3}, "3 at once on 2 cores"),
        ({"memory": CHILD_BYTES}, "the system would kill some"),
        ({"hard_limit": None}, "no task_time_limit"),
        ({"soft_limit": 360}, "task_soft_time_limit is not below"),
        ({"visibility": 360.0}, "delivered twice"),
        ({"debug": True}, "DEBUG is on"),
    ],
)
def test_a_danger_is_told(change: dict[str, Any], said: str) -> None:
    assert any(said in warning for warning in dangers(replace(SAFE, **change)))


def test_an_evicting_redis_is_a_danger(redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert any("noeviction" in warning for warning in dangers(SAFE))
    finally:
        redis.config_set("maxmemory-policy", "noeviction")


def test_a_plan_takes_the_settings_for_what_is_left_open() -> None:
    left_open = {"pool": "prefork", "concurrency": None, "max_tasks_per_child": None}
    plan = Plan.of(left_open)
    assert plan.concurrency >= 1
    assert (plan.soft_limit, plan.hard_limit, plan.visibility) == (300, 360, 3600)
    assert not plan.asked_max_tasks
    assert Plan.of(left_open | {"concurrency": 7, "max_tasks_per_child": 5}).concurrency == 7
