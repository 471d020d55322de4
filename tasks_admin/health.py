"""Is the system fit to work? Each check answers in words."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error as DatabaseError
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor

from tasks_admin import broker
from tasks_admin.broker import REDIS_AWAY

log = logging.getLogger(__name__)


class Unfit(Exception):
    """A check's finding, in words for an administrator."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: ``ok``, how long it took (s) and, if not ok, what is wrong."""

    name: str
    ok: bool
    seconds: float
    message: str = ""


def examine() -> list[Finding]:
    """Run every check. None of them raises for what it is there to find."""
    return [_run(name, check) for name, check in CHECKS.items()]


def report(findings: list[Finding]) -> dict[str, Any]:
    """The findings as a task's result."""
    return {"ok": all(f.ok for f in findings), "checks": [asdict(f) for f in findings]}


def check_database() -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    executor = MigrationExecutor(database)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Unfit(f"{len(missing)} migrations are not applied: run manage.py migrate")


def check_broker() -> None:
    with broker.connection(current_app) as line:
        line.default_channel.client.ping()


def check_result_backend() -> None:
    current_app.backend.client.ping()


def check_redis_keeps_messages() -> None:
    """Refuse a Redis that would delete queued work without an error, or forget it when it restarts."""
    with broker.connection(current_app) as line:
        policy = line.default_channel.client.info("memory").get("maxmemory_policy")
        persistence = line.default_channel.client.info("persistence")
    if policy != "noeviction":
        raise Unfit(f"Redis evicts keys ({policy}), queued work among them: set maxmemory-policy noeviction")
    if not persistence.get("aof_enabled"):
        raise Unfit("Redis keeps no append-only file and loses queued work at a restart: set appendonly yes")


def check_storage() -> None:
    """Write, read and delete a small file where the recordings are kept."""
    token = secrets.token_bytes(16)
    name = default_storage.save(f"health/{secrets.token_hex(8)}", ContentFile(token))
    try:
        with default_storage.open(name) as kept:
            if kept.read() != token:
                raise Unfit("a file read back differs from what was written")
    finally:
        default_storage.delete(name)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "result_backend": check_result_backend,
    "redis_keeps_messages": check_redis_keeps_messages,
    "storage": check_storage,
}


def _run(name: str, check: Callable[[], None]) -> Finding:
    began = time.monotonic()
    message = ""
    try:
        check()
    except Unfit as finding:
        message = str(finding)
    except (DatabaseError, *REDIS_AWAY) as error:
        message = f"{type(error).__name__}: {error}"
    if message:
        log.warning("health: %s: %s", name, message)
    return Finding(name, not message, round(time.monotonic() - began, 3), message)
