"""The queues and workers as others see them: true under load, and quick where Redis is away."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import overview
from tasks_admin.models import WorkerBeat
from tasks_admin.monitor import Unavailable, monitor
from tests.tasks_admin.conftest import OwnRedis

pytestmark = pytest.mark.django_db


def jobs(recording: PracticeRecording, count: int, **fields: Any) -> list[AnalysisJob]:
    about = {"queue": "ai_analysis", "state": "queued", "published_at": timezone.now(), "announcements": 1}
    rows = [
        AnalysisJob(recording=recording, parameters_key=uuid.uuid4().hex, **(about | fields))
        for _ in range(count)
    ]
    return AnalysisJob.objects.bulk_create(rows)


def message(job_id: Any, age: float = 0) -> str:
    return json.dumps({"headers": {"id": str(job_id), "task": "t", "sent_at": time.time() - age}})


def test_purging_cancels_the_jobs_of_the_messages(
    own_redis: OwnRedis, redis: Any, recording: PracticeRecording
) -> None:
    first, second, elsewhere = jobs(recording, 3)
    AnalysisJob.objects.filter(pk=elsewhere.pk).update(announcements=9)  # its message is on its way
    own_redis.client.lpush(
        "ai_analysis", message(first.pk), message(second.pk), "no message", '{"headers": 3}'
    )
    assert monitor.purge_queue("ai_analysis") == 4
    assert monitor.get_queue_length("ai_analysis") == 0
    states = dict(AnalysisJob.objects.values_list("pk", "state"))
    assert states == {first.pk: "cancelled", second.pk: "cancelled", elsewhere.pk: "queued"}
    assert own_redis.client.keys("tasks_admin.*") == []


def test_purging_may_announce_them_anew(
    own_redis: OwnRedis, redis: Any, recording: PracticeRecording
) -> None:
    (row,) = jobs(recording, 1)
    own_redis.client.lpush("ai_analysis", message(row.pk))
    assert monitor.purge_queue("ai_analysis", again=True) == 1
    row.refresh_from_db()
    assert (row.state, redis.llen("ai_analysis")) == ("queued", 1)


def test_ten_thousand_messages(own_redis: OwnRedis, redis: Any, recording: PracticeRecording) -> None:
    rows = jobs(recording, 1000)
    messages = [message(row.pk) for row in rows] + [message(uuid.uuid4()) for _ in range(9000)]
    own_redis.client.lpush("ai_analysis", *messages)
    began = time.monotonic()
    assert monitor.get_queue_length("ai_analysis") == 10_000
    assert time.monotonic() - began < 1
    assert monitor.purge_queue("ai_analysis") == 10_000
    assert time.monotonic() - began < 20
    assert AnalysisJob.objects.filter(state="cancelled").count() == 1000


def test_redis_is_away(own_redis: OwnRedis) -> None:
    own_redis.stop()
    for ask in (
        lambda: monitor.get_queue_length("health"),
        lambda: monitor.purge_queue("health"),
        overview.queues,
        lambda: overview.waiting_messages("health"),
    ):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            ask()
        assert time.monotonic() - began < 3
    assert overview.workers() == overview.running() == overview.failures() == []


def test_no_such_queue() -> None:
    with pytest.raises(ValueError, match="no queue"):
        monitor.purge_queue("nobody's")


def test_the_overview(
    own_redis: OwnRedis, recording: PracticeRecording, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    jobs(recording, 2, published_at=None)
    jobs(
        recording, 3, state="succeeded", attempt=1, started_at=now - timedelta(seconds=4),
        finished_at=now - timedelta(seconds=1),
    )  # fmt: skip
    jobs(recording, 1, state="running", worker="w", started_at=now)
    own_redis.client.lpush("ai_analysis", message(1, 30), message(2))
    for number in range(50):
        WorkerBeat.objects.create(
            name=str(number), node="w", host="a", pid=1, queues=["ai_analysis"], started_at=now, seen_at=now
        )
    with django_assert_num_queries(3):
        queue = overview.queues()[0]
    assert (queue.name, queue.length, queue.came, queue.went, queue.consumers) == ("ai_analysis", 2, 6, 3, 50)
    assert queue.oldest == pytest.approx(30, abs=5)
    assert [said.id for said in overview.waiting_messages("ai_analysis")] == ["1", "2"]
    assert (len(overview.running()), overview.busy()) == (1, {"w": 1})
    with django_assert_num_queries(2):
        slices = overview.throughput(now, hours=1, slices=4)
    assert [each.succeeded for each in slices] == [0, 0, 0, 3]
    assert slices[3].run.p50 == pytest.approx(3)
    assert slices[0].run.p50 is None
