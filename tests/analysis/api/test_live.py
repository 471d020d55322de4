"""The stream's own behaviour. Over a real connection it is tested with the other acceptance tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection

from analysis import live
from analysis.live import Seen, rank
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, Patient
from tasks_admin.jobs import JobState
from tests.analysis.api.conftest import ended

RUNNING = {"state": "running", "progress": 40, "current_step": "pitch"}


def test_ids_rise_with_the_job() -> None:
    life = [
        ("queued", 0, 0), ("running", 1, 0), ("running", 1, 100), ("queued", 1, 0), ("running", 2, 0),
        ("succeeded", 2, 100),
    ]  # fmt: skip
    ids = [rank(attempt, state, progress) for state, attempt, progress in life]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("message", "progress"),
    [
        ({"status": "PROGRESS", "result": {"progress": 60, "current_step": "scores"}}, 60),
        (
            {"status": "PROGRESS", "result": {"progress": 10, "current_step": "decode"}},
            None,
        ),  # another attempt
        ({"status": "SUCCESS", "result": {}}, None),
        ({"status": "PENDING", "result": None}, None),
        (None, None),
    ],
)
def test_only_progress_is_believed_without_the_row(message: live.Message, progress: int | None) -> None:
    after = Seen(1, RUNNING).after(message)
    assert (after and after.told["progress"]) == progress
    assert Seen(1, RUNNING | {"state": "queued"}).after(message) is None


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(told())


async def state(stream: AsyncIterator[str]) -> dict[str, Any]:
    async for event in stream:
        if event.startswith("id: "):
            said: dict[str, Any] = json.loads(event.split("data: ")[1])
            return said
    pytest.fail("the stream ended")


@pytest.mark.parametrize("backend", ["redis", "sentinel"])
def test_without_redis_the_row_is_read_again(
    transactional_db: None, job: AnalysisJob, alice: User, unused: int, settings: Any, backend: str
) -> None:
    settings.CELERY_RESULT_BACKEND = f"x:Y+{backend}://127.0.0.1:{unused}/1"

    async def story() -> None:
        stream = live.events(alice, job.pk, language="en")
        assert (await state(stream))["state"] == "queued"
        await sync_to_async(ended)(job, JobState.FAILED, error_code="recording_silent")
        last = await state(stream)
        assert (last["state"], last["status"]) == ("failed", "FAILURE")
        assert last["error"].startswith("There is no speech in this recording.")
        assert [event async for event in stream] == []
        assert live.hub().streams == 0

    run(story)


def test_while_it_waits_it_holds_no_connection_and_gives_a_sign_of_life(
    transactional_db: None, job: AnalysisJob, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.1)

    async def story() -> None:
        stream = live.events(alice, job.pk)
        await state(stream)
        assert await anext(stream) == ": keep-alive\n\n"
        assert await sync_to_async(lambda: connection.connection is None)()
        await stream.aclose()
        assert live.hub().streams == 0

    run(story)


def test_it_waits_while_the_database_is_away(
    transactional_db: None, job: AnalysisJob, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN_SECONDS", 0.1)

    async def story() -> None:
        await sync_to_async(rename)("analysis_analysisjob", "away")
        stream = live.events(alice, job.pk)
        first = asyncio.create_task(state(stream))
        await asyncio.sleep(0.5)
        assert not first.done()
        await sync_to_async(rename)("away", "analysis_analysisjob")
        assert (await first)["state"] == "queued"
        await stream.aclose()

    run(story)


def rename(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {name}")


def test_it_ends_when_the_job_is_no_longer_ones_to_see(
    transactional_db: None, job: AnalysisJob, alice: User, amy: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.1)

    async def story() -> None:
        stream = live.events(alice, job.pk)
        await state(stream)
        await sync_to_async(amy.therapists.clear)()
        assert all([event.startswith(":") async for event in stream])

    run(story)


def test_it_ends_after_a_while_so_that_the_client_is_asked_anew(
    transactional_db: None, job: AnalysisJob, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "KEEP_ALIVE_SECONDS", 0.1)
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.5)

    async def story() -> None:
        assert [event async for event in live.events(alice, job.pk) if event.startswith("id: ")]

    run(story)


def test_a_cancelled_job_is_told_at_once(transactional_db: None, job: AnalysisJob, alice: User) -> None:
    async def story() -> None:
        stream = live.events(alice, job.pk)
        await state(stream)
        await sync_to_async(TaskManager().cancel)(job.pk)
        async with asyncio.timeout(1):
            assert (await state(stream))["status"] == "REVOKED"
        await stream.aclose()

    run(story)
