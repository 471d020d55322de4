"""The figures that Prometheus gets, and the files that name them."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin.beat_lease import Lease
from tasks_admin.models import Alert
from tests.conftest import ROOT
from tests.tasks_admin.conftest import OwnRedis

pytestmark = pytest.mark.django_db
TOKEN = "a token of enough characters"
KIND = "analysis.AnalysisJob"


@pytest.fixture
def _token(settings: Any) -> None:
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"METRICS_TOKEN": TOKEN}


def scrape() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(found: Any, name: str, **labels: str) -> float:
    return float(found[name, frozenset(labels.items())])


def test_only_for_who_has_the_token(settings: Any) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.TASKS_ADMIN = settings.TASKS_ADMIN | {"METRICS_TOKEN": TOKEN}
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401


@pytest.mark.usefixtures("_token")
def test_what_is_measured(own_redis: OwnRedis, recording: PracticeRecording) -> None:
    now = timezone.now()
    for seconds in (2, 20):
        AnalysisJob.objects.create(
            recording=recording, queue="ai_analysis", parameters_key=uuid.uuid4().hex, state="succeeded", attempt=1,
            started_at=now - timedelta(seconds=seconds), finished_at=now,
        )  # fmt: skip
    AnalysisJob.objects.update(created_at=now - timedelta(seconds=30))
    own_redis.client.lpush("health", json.dumps({"headers": {"id": "1", "sent_at": now.timestamp() - 60}}))
    Alert.objects.create(
        code="redis_forgets", severity="warning", value=1, threshold=0, since=now, seen_at=now, opened_at=now
    )
    found = scrape()
    assert value(found, "tasks_jobs", kind=KIND, state="succeeded") == 2
    assert value(found, "tasks_jobs_finished", kind=KIND, state="succeeded") == 2
    assert value(found, "tasks_run_seconds_bucket", kind=KIND, le="2.5") == 1
    assert value(found, "tasks_run_seconds_bucket", kind=KIND, le="+Inf") == 2
    assert value(found, "tasks_wait_seconds_gsum", kind=KIND) == pytest.approx(38)
    assert value(found, "tasks_queue_length", queue="health") == 1
    assert value(found, "tasks_queue_oldest_seconds", queue="health") == pytest.approx(60, abs=30)
    assert value(found, "tasks_alerts_open", code="redis_forgets", severity="warning") == 1
    own_redis.stop()
    assert value(scrape(), "tasks_redis_up") == 0


@pytest.mark.usefixtures("_token")
def test_every_metric_that_the_files_name_is_there(own_redis: OwnRedis) -> None:
    Lease().take()
    answer = Client().get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    known = set(re.findall(r"^# TYPE (\S+)", answer.content.decode(), re.MULTILINE))
    for name in ("grafana-dashboard.json", "prometheus-alerts.yml"):
        text = (ROOT / "deploy" / name).read_text()
        named = {word.removesuffix("_bucket") for word in re.findall(r"\b(?:tasks|vocalborn)_\w+", text)}
        assert named
        assert named <= known, named - known
    json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
