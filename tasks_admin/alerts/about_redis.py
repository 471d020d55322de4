"""Alerts about Redis."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from tasks_admin.alerts.registry import Finding, changelist, condition
from tasks_admin.alerts.sight import Sight
from tasks_admin.models import Severity


def _alerts(_subject: str) -> str:
    return changelist("tasks_admin.alert", code__startswith="redis_")


@condition(
    "redis_away", hold=20, severity=Severity.CRITICAL, link=_alerts,
    title=_("Redis does not answer"),
    text=_("Redis does not answer (%(error)s). Jobs wait in the database until it does."),
    resolved=_("Redis answers again."),
)  # fmt: skip
def redis_away(sight: Sight) -> Iterator[Finding]:
    yield Finding(int(sight.redis_error is not None), "", {"error": type(sight.redis_error).__name__})


@condition(
    "redis_memory", threshold=80, hold=60, link=_alerts,
    title=_("Redis is nearly full"),
    text=_("Redis uses %(value)s %% of its memory (allowed: %(threshold)s %%). When it is full it takes no jobs."),
    resolved=_("Redis has memory again."),
)  # fmt: skip
def redis_memory(sight: Sight) -> Iterator[Finding]:
    limit = int(sight.info.get("maxmemory") or sight.info.get("total_system_memory") or 0)
    if limit:
        yield Finding(100 * int(sight.info["used_memory"]) / limit, "", {"limit_mb": limit // 2**20})


@condition(
    "redis_evicted", severity=Severity.CRITICAL, link=_alerts,
    title=_("Redis threw keys away"),
    text=_("Redis has thrown %(value)s keys away since it started, queued work perhaps among them. Set"
           " maxmemory-policy noeviction, give it memory, and then CONFIG RESETSTAT."),
    resolved=_("Redis has thrown nothing away since it started."),
)  # fmt: skip
def redis_evicted(sight: Sight) -> Iterator[Finding]:
    yield Finding(int(sight.info.get("evicted_keys", 0)))


@condition(
    "redis_evicts", severity=Severity.CRITICAL, link=_alerts,
    title=_("Redis may throw keys away"),
    text=_("Redis would throw queued work away when it is full (%(policy)s): set maxmemory-policy noeviction."),
    resolved=_("Redis throws nothing away."),
)  # fmt: skip
def redis_evicts(sight: Sight) -> Iterator[Finding]:
    policy = str(sight.info.get("maxmemory_policy", "noeviction"))
    yield Finding(int(policy != "noeviction"), "", {"policy": policy})


@condition(
    "redis_forgets", link=_alerts,
    title=_("Redis forgets at a restart"),
    text=_("Redis keeps no append-only file and loses queued work at a restart: set appendonly yes."),
    resolved=_("Redis keeps an append-only file."),
)  # fmt: skip
def redis_forgets(sight: Sight) -> Iterator[Finding]:
    yield Finding(int(not sight.info.get("aof_enabled")))
