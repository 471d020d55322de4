"""Beats in processes of their own: two do not double, and none is stopped by the database or by Redis."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from redis import Redis
from redis.exceptions import RedisError

from tasks_admin.models import BeatLease
from tests.conftest import ROOT, free_port, wait_for
from vocalborn import embedded_redis

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("two_beats")]

LEASE_SECONDS = 3
QUICK = f"""
from vocalborn.settings import *
TASKS_ADMIN = TASKS_ADMIN | {{"BEAT_LEASE_SECONDS": {LEASE_SECONDS}}}
"""
SEED = """
from django.core.management import call_command
call_command("migrate", "tasks_admin", verbosity=0)
call_command("migrate", "auditlog", verbosity=0)
from django_celery_beat.models import IntervalSchedule, PeriodicTask
PeriodicTask.objects.all().delete()
every = IntervalSchedule.objects.create(every=1, period="seconds")
PeriodicTask.objects.create(name="often", task="tasks_admin.tasks.test_task", interval=every, queue="health")
"""


class Beat:
    """A beat in a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.log = settings.DATA_DIR / f"beat-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "tasks", "beat"],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def says(self, text: str, times: int = 1) -> None:
        wait_for(lambda: self.said().count(text) >= times, 60, self.said)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        self.signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()


@pytest.fixture
def quick(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same installation with a short lease."""
    (tmp_path / "quick_settings.py").write_text(QUICK)
    return environment | {"DJANGO_SETTINGS_MODULE": "quick_settings", "PYTHONPATH": str(tmp_path)}


@pytest.fixture
def often(transactional_db: None) -> PeriodicTask:
    """The only schedule: once a second."""
    PeriodicTask.objects.all().delete()
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period="seconds")
    return PeriodicTask.objects.create(
        name="often", task="tasks_admin.tasks.test_task", interval=every, queue="health"
    )


def senders(redis: Any) -> Counter[int]:
    """How many messages each process has sent."""
    origins = (json.loads(message)["headers"]["origin"] for message in redis.lrange("health", 0, -1))
    return Counter(int(origin.removeprefix("gen").partition("@")[0]) for origin in origins)


def sent(redis: Any, beat: Beat) -> int:
    return senders(redis)[beat.process.pid]


def watch(redis: Any, seconds: float) -> Counter[int]:
    """What all of them send from now on, for so long: one a second, and one for the edges."""
    before, began = senders(redis), time.monotonic()
    time.sleep(seconds)
    found = senders(redis) - before
    assert found.total() <= time.monotonic() - began + 1.5
    return found


def test_two_beats_send_what_one_would(redis: Any, often: PeriodicTask, quick: dict[str, str]) -> None:
    beats = [Beat(quick), Beat(quick)]
    try:
        wait_for(lambda: senders(redis), 60, beats[0].said)
        leader, other = sorted(beats, key=lambda beat: -sent(redis, beat))
        other.says("stands by")
        assert watch(redis, 3)[leader.process.pid] >= 2

        # A leader that is frozen past its lease, and wakes.
        leader.signal(signal.SIGSTOP)
        stopped = sent(redis, leader)
        wait_for(lambda: sent(redis, other), 60, other.said)
        watch(redis, 2)
        leader.signal(signal.SIGCONT)
        leader.says("stands by")
        watch(redis, 2)
        # One that it was just handing to Redis when it froze may still have gone out.
        assert sent(redis, leader) - stopped <= 1

        # A leader that is killed.
        other.signal(signal.SIGKILL)
        other.process.wait()
        killed = sent(redis, leader)
        wait_for(lambda: sent(redis, leader) > killed, 60, leader.said)
        watch(redis, 2)
        assert leader.said().count("sends the schedules") >= 2

        # One that leaves in order gives the lease back. A run is on its row before it is sent: the killed beat may
        # have taken one with it, and none was sent twice.
        assert leader.end() == 0
        assert BeatLease.objects.get().holder == ""
        often.refresh_from_db()
        assert often.total_run_count - senders(redis).total() in {0, 1}
    finally:
        for beat in beats:
            beat.end()


def test_a_beat_goes_on_when_redis_is_back(
    often: PeriodicTask, quick: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    there = {"REDIS_URL": "", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(port), "REDIS_DB_BROKER": "0"}
    beat = Beat(quick | there)
    try:
        beat.says("Redis away")  # it began with none
        for outages in (2, 3):
            with own_redis(port, tmp_path) as redis:
                goes_on(redis, beat)
            beat.says("Redis away", outages)
        assert beat.said().count("Redis is back") == 2
        assert "Traceback" not in beat.said()
    finally:
        assert beat.end() == 0
    # What fell into an outage is sent once, late, and no more than that.
    often.refresh_from_db()
    assert often.total_run_count == beat.said().count("sending often")


@contextmanager
def own_redis(port: int, folder: Path) -> Iterator[Redis]:
    """A server that forgets everything, killed at the end."""
    server = subprocess.Popen(
        [embedded_redis.server(), "--port", str(port), "--dir", str(folder), "--save", ""],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with Redis(port=port) as client:
            wait_for(lambda: answers(client))
            yield client
    finally:
        server.kill()
        server.wait()


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def goes_on(redis: Any, beat: Beat) -> None:
    """Sends again, and not only what was left over."""
    before = sent(redis, beat)
    wait_for(lambda: sent(redis, beat) >= before + 2, 60, beat.said)


# --- a database that is restarted


class Cluster:
    """A PostgreSQL of this test's own, in a folder that goes with it."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder, self.port = programs, folder, free_port()
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)
        self._run("initdb", "-A", "trust", "-U", "vocalborn", "-N")

    @property
    def url(self) -> str:
        return f"postgres://vocalborn@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        options = f"-p {self.port} -k {self.folder} -c fsync=off"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self.programs / program, "-D", self.folder / "cluster", *arguments], cwd="/", user=self.user, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = found[-1] if found else shutil.which("initdb")
    if not path:
        pytest.skip("no PostgreSQL server (initdb) on this machine")
    if os.geteuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
        pytest.skip("no user postgres, and PostgreSQL does not run as root")
    folder = Path(tempfile.mkdtemp(prefix="beat-"))
    made = Cluster(Path(path).parent, folder)
    try:
        made.control("start")
        yield made
    finally:
        made.control("-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def test_a_beat_goes_on_when_its_database_is_back(
    redis: Any, quick: dict[str, str], cluster: Cluster
) -> None:
    there = quick | {"DATABASE_URL": cluster.url}
    seed = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED]
    subprocess.run(seed, cwd=ROOT, env=there, check=True, stdin=subprocess.DEVNULL)
    cluster.control("-m", "immediate", "stop")
    beat = Beat(there)
    try:
        beat.says("database away")
        cluster.control("start")
        goes_on(redis, beat)
        cluster.control("-m", "immediate", "restart")
        goes_on(redis, beat)
        cluster.control("-m", "immediate", "stop")
        time.sleep(5)
        cluster.control("start")
        goes_on(redis, beat)
        # A line an outage, and one for its end. The restart may have been too quick to be noticed.
        away = beat.said().count("beat: database away")
        assert away in {2, 3}
        assert beat.said().count("beat: database is back") == away
        assert "Traceback" not in beat.said()
    finally:
        assert beat.end() == 0
