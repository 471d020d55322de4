"""The cast, and the real things that tests stand on: Redis and a worker in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import translation

from analysis.demo.people import SPEECH
from analysis.files import receive
from analysis.models import Exercise, Patient, PracticeRecording
from vocalborn import celery_app
from vocalborn.services import ensure_redis

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Sentences are compared in English; tests/test_translations.py holds the other language to them."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def _redis_server() -> None:
    ensure_redis()


@pytest.fixture
def redis(_redis_server: None) -> Iterator[Any]:
    """The broker's Redis, both databases empty."""
    with celery_app.connection_for_write() as line:
        client = line.default_channel.client
        client.flushdb()
        celery_app.backend.client.flushdb()
        yield client


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is in, such as a thread that served an async caller."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def _kinds(django_db_setup: None, django_db_blocker: Any) -> tuple[list[ContentType], list[Permission]]:
    """The rows that name models and what may be done with them, as they were made."""
    with django_db_blocker.unblock():
        return list(ContentType.objects.all()), list(Permission.objects.all())


@pytest.fixture
def transactional_db(_kinds: tuple[list[ContentType], list[Permission]], transactional_db: None) -> None:
    """Django makes those rows anew as it empties the tables, and a site that runs on remembers the old ones."""
    kinds, permissions = _kinds
    if not ContentType.objects.filter(pk=kinds[0].pk).exists():
        ContentType.objects.all().delete()
        ContentType.objects.bulk_create(kinds)
        Permission.objects.bulk_create(permissions)
    ContentType.objects.clear_cache()


@pytest.fixture(scope="session")
def environment(_redis_server: None, django_db_setup: None) -> dict[str, str]:
    """What a process needs to work on the tests' database, Redis and files."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "vocalborn.settings",
        "DATABASE_URL": _database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
        "PYTHONWARNINGS": "ignore",
    }


def _database_url() -> str:
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{config['NAME']}"
    return (
        f"postgres://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"
    )


class Worker:
    """A worker in a process of its own, on the tests' database and Redis."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.log = settings.DATA_DIR / f"worker-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "tasks", "worker", "-c", "1", *arguments],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_for(lambda: "ready." in self.said(), 60, self.said)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def wait_for(condition: Any, seconds: float = 20.0, explain: Any = lambda: "") -> Any:
    """Until ``condition()`` holds; fails with what ``explain()`` says."""
    deadline = time.monotonic() + seconds
    while not (met := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {explain()}")
        time.sleep(0.02)
    return met


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def _worker(environment: dict[str, str]) -> Iterator[Worker]:
    # Not longer than the module that asked: other tests count the messages that nobody has taken yet.
    worker = Worker(environment)
    yield worker
    worker.end()


@pytest.fixture
def worker(redis: Any, transactional_db: None, _worker: Worker) -> Worker:
    """A running worker, and tables that it can see."""
    return _worker


@pytest.fixture
def unused() -> int:
    """A loopback port that nothing listens on."""
    return free_port()


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An installation of its own, with SQLite and an embedded Redis that nobody has started."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "vocalborn.settings",
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "",
        "REDIS_HOST": "",
        "REDIS_URL": "",
        "ALLOWED_HOSTS": "testserver,127.0.0.1",
        "PYTHONWARNINGS": "ignore",
    }


# --- the cast


@pytest.fixture
def alice(db: None) -> User:
    """A therapist."""
    return _therapist("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Another therapist."""
    return _therapist("bob")


def _therapist(name: str) -> User:
    user = User.objects.create_user(name, password=name, is_staff=True)
    user.groups.add(group("therapists"))
    return user


def group(name: str) -> Group:
    """A group as the migration makes it: a test that empties the tables takes it away for the next."""
    if not Group.objects.filter(name=name, permissions__isnull=False).exists():
        import_module("analysis.migrations.0002_groups").create(apps, None)
        import_module("analysis.migrations.0004_token_permissions").grant(apps, None)
        import_module("analysis.migrations.0008_review_permissions").grant(apps, None)
        import_module("analysis.migrations.0011_running").grant(apps, None)
        import_module("analysis.migrations.0010_assignment_permissions").grant(apps, None)
    return Group.objects.get(name=name)


@pytest.fixture
def amy(alice: User) -> Patient:
    """Alice's patient."""
    patient = Patient.objects.create(code="A-1", name="Amy", sex="female", birth_year=1980)
    patient.therapists.add(alice)
    return patient


@pytest.fixture
def ben(bob: User) -> Patient:
    """Bob's patient."""
    patient = Patient.objects.create(code="B-1", name="Ben", sex="male", birth_year=1950)
    patient.therapists.add(bob)
    return patient


@pytest.fixture
def exercise(alice: User) -> Exercise:
    """A walk in the park, with its example."""
    exercise = Exercise(title="park", text="今天我們去公園散步", created_by=alice)
    exercise.example.save("park.webm", ContentFile((SPEECH / "park-example.webm").read_bytes()), save=False)
    exercise.save()
    return exercise


@pytest.fixture
def recording(amy: Patient, exercise: Exercise) -> PracticeRecording:
    """Amy in the park, without a mistake."""
    return record(amy, exercise)


def record(patient: Patient, exercise: Exercise, file: str = "park-faithful.webm") -> PracticeRecording:
    """One of the demonstration's recordings, as this patient's."""
    return receive(ContentFile((SPEECH / file).read_bytes(), name=file), patient=patient, exercise=exercise)
