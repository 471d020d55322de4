"""A wrong setting stops every command, with its name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "vocalborn.example.org",
    "DATABASE_URL": "postgres://vocalborn@127.0.0.1/vocalborn",
    "REDIS_HOST": "127.0.0.1",
}
SHOW = (
    "from vocalborn import settings as s; "
    "print(s.CELERY_BROKER_URL, s.CELERY_RESULT_BACKEND.partition('+')[2], s.DATABASES['default']['ENGINE'])"
)


def load(tmp_path: Path, code: str = SHOW, **variables: str) -> subprocess.CompletedProcess[str]:
    names = {line.partition("=")[0] for line in (ROOT / ".env.example").read_text().splitlines()}
    clean = {name: value for name, value in os.environ.items() if name not in names}
    # The checkout's own .env must not speak here: an empty value is one that counts.
    silent = {"REDIS_HOST": "", "REDIS_URL": "", "DATABASE_URL": "", "ALLOWED_HOSTS": "", "SECRET_KEY": ""}
    environment = clean | silent | {"DATA_DIR": str(tmp_path)} | variables
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_production_reads_its_addresses(tmp_path: Path) -> None:
    found = load(
        tmp_path, **PRODUCTION, REDIS_PASSWORD="p@ss/word", REDIS_DB_BROKER="3", REDIS_DB_BACKEND="4"
    )
    assert found.stdout.split() == [
        "redis://:p%40ss%2Fword@127.0.0.1:6379/3",
        "redis://:p%40ss%2Fword@127.0.0.1:6379/4",
        "django.db.backends.postgresql",
    ], found.stderr


def test_a_redis_url_takes_the_place_of_host_and_port(tmp_path: Path) -> None:
    variables = PRODUCTION | {"REDIS_HOST": "", "REDIS_URL": "rediss://:secret@redis.example.org:6380"}
    assert load(tmp_path, **variables).stdout.split()[0] == "rediss://:secret@redis.example.org:6380/0"


def test_sentinels_are_named_in_redis_url(tmp_path: Path) -> None:
    variables = PRODUCTION | {"REDIS_HOST": "", "REDIS_URL": "sentinel://a:26379;sentinel://b:26379"}
    found = load(tmp_path, **variables, REDIS_SENTINEL_MASTER="mymaster")
    assert found.stdout.split()[0] == "sentinel://a:26379/0;sentinel://b:26379/0"
    assert "REDIS_SENTINEL_MASTER" in load(tmp_path, **variables).stderr


def test_development_needs_only_debug_and_a_key(tmp_path: Path) -> None:
    found = load(tmp_path, DEBUG="true", SECRET_KEY="k")
    assert found.stdout.startswith("redis://:"), found.stderr
    assert found.stdout.endswith("sqlite3\n")
    assert (tmp_path / "redis.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "perhaps"),
        ("SECRET_KEY", ""),
        ("ALLOWED_HOSTS", ""),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "oracle-or-so"),
        ("REDIS_HOST", ""),
        ("REDIS_PORT", "six"),
        ("REDIS_PORT", "70000"),
        ("REDIS_DB_BROKER", "-1"),
        ("REDIS_DB_BACKEND", "one"),
        ("REDIS_URL", "redis://also.set:6379"),
        ("CELERY_LOG_LEVEL", "LOUD"),
        ("CELERY_WORKER_CONCURRENCY", "0"),
        ("CELERY_WORKER_CONCURRENCY", "many"),
        ("CELERY_WORKER_MAX_TASKS_PER_CHILD", "0"),
        ("AUDIO_MAX_BYTES", "0"),
        ("AUDIO_MAX_SECONDS", "forever"),
        ("TASK_HISTORY_DAYS", "0"),
        ("LOG_FORMAT", "xml"),
        ("SITE_URL", "vocalborn.example.org"),
        ("ALERT_WEBHOOK_URL", "file:///etc/passwd"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example.org"),  # and no secret
        ("ALERT_MAIL_TO", "it@example.org"),  # and no server
        ("EMAIL_PORT", "0"),
        ("METRICS_TOKEN", "short"),
        ("HTTPS", "maybe"),
        ("BEHIND_PROXY", "maybe"),
    ],
)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    found = load(tmp_path, **(PRODUCTION | {name: value}))
    assert found.returncode != 0
    assert name in found.stderr.splitlines()[-1]


@pytest.mark.parametrize("url", ["redis://a:6379/0", "http://a", "redis://"])
def test_a_wrong_redis_url_is_refused_by_name(tmp_path: Path, url: str) -> None:
    found = load(tmp_path, **(PRODUCTION | {"REDIS_HOST": "", "REDIS_URL": url}))
    assert found.returncode != 0
    assert "REDIS_URL" in found.stderr.splitlines()[-1]
