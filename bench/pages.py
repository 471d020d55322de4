"""How long the task system's pages take with 100,000 jobs, 10,000 waiting messages and 50 workers.

``python -m bench.pages``: on PostgreSQL and on SQLite. All jobs ended within the last day, so that the charts have
all of them to count. Each page is opened by Django's test client, as an administrator's browser would ask for it;
beside its time stand its queries, the commands that Redis was given, and the processor's time of this process, which
other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import base64
import functools
import json
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.servers import ROOT, Postgres, Redis, environment, run, temporary_folder

QUEUE = "ai_analysis"
TIMES = 5
BATCH = 5000
DAY = 24 * 3600.0
PAGES = {
    "overview": "/admin/tasks/overview/",
    "overview, what is polled": "/admin/tasks/overview/now/",
    "charts of an hour": "/admin/tasks/overview/charts/?hours=1",
    "charts of a day": "/admin/tasks/overview/charts/?hours=24",
    "charts of a week": "/admin/tasks/overview/charts/?hours=168",
    "queues": f"/admin/tasks/queues/?queue={QUEUE}",
    "jobs": "/admin/tasks/jobs/",
    "jobs that failed": "/admin/tasks/jobs/?state=failed",
    "jobs that failed, in a queue": f"/admin/tasks/jobs/?state=failed&queue={QUEUE}",
    "jobs that wait": "/admin/tasks/jobs/?state=queued",
    "jobs of an owner": "/admin/tasks/jobs/?q=therapist:7",
    "jobs, the last ones": "/admin/tasks/jobs/?after={oldest}",
    "whether to try all again": "/admin/tasks/jobs/retry/?state=failed",
    "schedules": "/admin/django_celery_beat/periodictask/",
}  # fmt: skip


def figures(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Both databases, each in a process of its own: settings are read once."""
    with (
        temporary_folder() as folder,
        Redis(folder / "redis") as redis,
        Postgres(folder / "postgres") as postgres,
    ):
        variables = environment(postgres, redis, folder / "data") | {
            "HTTPS": "false",
            "CELERY_LOG_LEVEL": "ERROR",
        }
        sqlite = f"sqlite:///{folder / 'bench.sqlite3'}"
        for url in (postgres.url, sqlite):
            child = [sys.executable, "-m", "bench.pages", "--here", "--jobs", str(options.jobs)]
            child += ["--messages", str(options.messages), "--workers", str(options.workers)]
            said = subprocess.run(
                child,
                cwd=ROOT,
                env=os.environ | variables | {"DATABASE_URL": url},
                check=True,
                stdout=subprocess.PIPE,
            ).stdout
            yield from map(json.loads, said.splitlines())


def here(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """On the database that the environment names."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill(options)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for name, address in PAGES.items():
        seconds, busy, queries, commands = opened(address.format(oldest=oldest()))
        yield {
            "figure": f"page: {name}", "value": round(statistics.median(seconds), 3), "unit": "s",
            "most": round(max(seconds), 3), "processor": round(busy, 3), "queries": queries,
            "redis_commands": commands, "database": connection.vendor,
        }  # fmt: skip


def fill(options: argparse.Namespace) -> None:
    """The rows and messages, the same each time."""
    from django.db.models import F
    from django.utils import timezone

    from bench.errands.models import Errand
    from tasks_admin.models import JobAttempt, WorkerBeat

    now = timezone.now()
    rows = list(errands(options.jobs, now, random.Random(1)))  # noqa: S311 - the same each time
    Errand.objects.bulk_create(rows, batch_size=BATCH)
    Errand.objects.exclude(started_at=None).update(created_at=F("started_at") - timedelta(seconds=2))
    JobAttempt.objects.bulk_create(map(attempt, (row for row in rows if row.finished_at)), batch_size=BATCH)
    WorkerBeat.objects.bulk_create(
        WorkerBeat(
            name=f"w{at}@h/1", node=f"w{at}@h", host="h", pid=at, queues=[QUEUE], slots=2, started_at=now,
            seen_at=now + timedelta(hours=1), versions={"celery": "5.6.3"},
        )
        for at in range(options.workers)
    )  # fmt: skip
    broker().lpush(QUEUE, *(message() for _ in range(options.messages)))


def errands(count: int, now: Any, chance: random.Random) -> Iterator[Any]:
    from bench.errands.models import Errand

    states = chance.choices(
        ["succeeded", "failed", "cancelled", "queued", "running"], [940, 40, 9, 10, 1], k=count
    )
    for state in states:
        began = now - timedelta(seconds=chance.random() * DAY)
        ended = began + timedelta(seconds=chance.lognormvariate(1, 0.5))
        waits, runs = state == "queued", state == "running"
        yield Errand(
            id=uuid.UUID(int=chance.getrandbits(128)), state=state, queue=QUEUE, attempt=0 if waits else 1,
            owner_key=f"therapist:{chance.randrange(50)}", worker="" if waits else f"w{chance.randrange(50)}@h/1",
            error_code="internal_error" if state == "failed" else "", started_at=None if waits else began,
            finished_at=None if waits or runs else min(ended, now), created_at=began,
        )  # fmt: skip


def attempt(job: Any) -> Any:
    from tasks_admin.models import JobAttempt

    return JobAttempt(
        job_id=job.pk, attempt=1, worker=job.worker, outcome=job.state, error_code=job.error_code,
        traceback="Traceback" * 100 if job.error_code else "", started_at=job.started_at, ended_at=job.finished_at,
    )  # fmt: skip


def message() -> str:
    body = base64.b64encode(json.dumps([["nap", 0.0], {"owner_key": ""}, {}]).encode()).decode()
    headers = {"id": str(uuid.uuid4()), "task": "bench.errands.tasks.run_errand", "sent_at": time.time()}
    return json.dumps({"body": body, "headers": headers, "properties": {"body_encoding": "base64"}})


def opened(address: str) -> tuple[list[float], float, int, int]:
    """The times it took, this process's own (mean), its queries, and Redis's commands.

    The first time, which compiles templates, is left out.
    """
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client, override_settings
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost", headers={"HX-Request": "true"})
    client.force_login(User.objects.get_or_create(username="root", is_staff=True, is_superuser=True)[0])
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    plain["default"] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(STORAGES=plain):
        before = commands()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        asked = commands() - before - 1  # the question itself
        assert answer.status_code == 200, (address, answer.status_code)
        queries = len(captured)  # the next request forgets them
        began = time.process_time()
        seconds = [timed(client, address) for _ in range(TIMES)]
        return seconds, (time.process_time() - began) / TIMES, queries, asked


def timed(client: Any, address: str) -> float:
    began = time.perf_counter()
    client.get(address)
    return time.perf_counter() - began


def oldest() -> str:
    """The place of a job near the end of the list."""
    from urllib.parse import quote

    from bench.errands.models import Errand
    from tasks_admin.job_list import Place

    job = Errand.objects.order_by("created_at")[100]
    return quote(str(Place(job.created_at, job.pk)))


def commands() -> int:
    return int(broker().info("stats")["total_commands_processed"])


@functools.cache
def broker() -> Any:
    import redis
    from django.conf import settings

    return redis.Redis.from_url(settings.CELERY_BROKER_URL)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--here", action="store_true", help="on DATABASE_URL, without servers of its own")
    given = parser.parse_args()
    sys.exit(run(here(given) if given.here else figures(given)))
