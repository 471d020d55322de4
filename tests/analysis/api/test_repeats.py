"""An upload that is sent again under its Idempotency-Key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.utils import timezone

from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording, UploadKey
from tasks_admin import maintenance
from tests.analysis.api.conftest import V1, bearer, files, logged_in, speech, upload

KEY = "8f14e45f-ceea-467f-a1f4-d6d8a3c4b5e6"


@pytest.fixture
def client(alice: User) -> Client:
    return logged_in(alice, HTTP_IDEMPOTENCY_KEY=KEY, HTTP_ACCEPT_LANGUAGE="en")


def test_the_same_again_is_answered_with_the_first(
    client: Client, amy: Patient, exercise: Exercise, alice: User, tmp_path: Path
) -> None:
    first, again = (upload(client, amy, exercise, recorded_at="2026-11-20T08:30:00+08:00") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert (PracticeRecording.objects.count(), AnalysisJob.objects.count(), len(files(tmp_path))) == (1, 1, 1)
    # By a token of the same account it is the same account's.
    by_token = Client(HTTP_IDEMPOTENCY_KEY=KEY, **bearer(alice))
    assert "Idempotency-Replayed" in upload(by_token, amy, exercise, recorded_at="2026-11-20T08:30:00+08:00")


@pytest.mark.parametrize(
    "change", [{"analyse": "false"}, {"audio": "bread-faithful.webm"}, {"recorded_at": "2026-01-01T00:00Z"}]
)
def test_something_else_under_the_key_is_refused(
    client: Client, amy: Patient, exercise: Exercise, change: dict[str, Any], tmp_path: Path
) -> None:
    upload(client, amy, exercise)
    if "audio" in change:
        change = {"audio": speech(change["audio"])}
    answer = upload(client, amy, exercise, **change)
    assert (answer.status_code, answer.json()["code"]) == (409, "key_used_otherwise")
    assert (PracticeRecording.objects.count(), len(files(tmp_path))) == (1, 1)


def test_a_key_is_one_accounts(
    client: Client, amy: Patient, exercise: Exercise, bob: User, ben: Patient
) -> None:
    upload(client, amy, exercise)
    exercise.created_by = bob
    exercise.save()
    answer = upload(logged_in(bob, HTTP_IDEMPOTENCY_KEY=KEY), ben, exercise)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


def test_what_was_refused_may_be_sent_right(client: Client, amy: Patient, exercise: Exercise) -> None:
    bad = speech()
    bad.file.truncate(100)  # type: ignore[union-attr]
    assert upload(client, amy, exercise, audio=bad).status_code == 422
    assert upload(client, amy, exercise).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "鍵"])
def test_a_key_that_is_none(alice: User, amy: Patient, exercise: Exercise, key: str) -> None:
    answer = upload(logged_in(alice, HTTP_IDEMPOTENCY_KEY=key), amy, exercise)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert not PracticeRecording.objects.exists()


def test_it_is_kept_for_a_day(client: Client, amy: Patient, exercise: Exercise, redis: Any) -> None:
    upload(client, amy, exercise)
    UploadKey.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert "Idempotency-Replayed" not in upload(client, amy, exercise)
    assert UploadKey.objects.count() == 1
    assert maintenance.expire()["removed"]["upload_keys"] == 0
    UploadKey.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    assert maintenance.expire()["removed"]["upload_keys"] == 1
    assert PracticeRecording.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_sent_at_the_same_time_it_is_kept_once(
    transactional_db: None, alice: User, amy: Patient, exercise: Exercise, tmp_path: Path
) -> None:
    token = bearer(alice)

    def send(_number: int) -> Any:
        try:
            return upload(Client(HTTP_IDEMPOTENCY_KEY=KEY, **token), amy, exercise)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["recording"]["id"] for answer in answers}) == 1
    assert len({answer.json()["job"]["task_id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer for answer in answers) == 1
    assert (PracticeRecording.objects.count(), AnalysisJob.objects.count(), len(files(tmp_path))) == (1, 1, 1)


def test_the_documentation_tells_of_it(alice: User) -> None:
    operation = logged_in(alice).get(f"{V1}/openapi.json").json()["paths"][f"{V1}/recordings"]["post"]
    (header,) = [each for each in operation["parameters"] if each["in"] == "header"]
    assert header["name"] == "Idempotency-Key"
    assert not header["required"]
    assert "409" in operation["responses"]
    assert "key_used_otherwise" in operation["description"]
