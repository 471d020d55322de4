"""Analyses through the API: asked for, looked at, cancelled, tried again."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from analysis.acoustics import MODEL_VERSION
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin.jobs import JobState
from tests.analysis.api.conftest import ENGLISH, V1, bearer, ended, logged_in

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def client(alice: User) -> Client:
    return logged_in(alice, **ENGLISH)


def analyse(client: Client, recording: PracticeRecording, body: Any = None) -> Any:
    address = f"{V1}/recordings/{recording.pk}/analyses"
    # An empty body asks for nothing in particular.
    return (
        client.post(address, body, "application/json")
        if body is not None
        else client.generic("POST", address)
    )


def test_an_analysis_is_asked_for_once(client: Client, recording: PracticeRecording) -> None:
    first = analyse(client, recording, {"parameters": {"model_version": MODEL_VERSION}})
    again = analyse(client, recording)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["task_id"] == again.json()["task_id"]


@pytest.mark.parametrize(("made", "queries"), [("job", 2), ("done", 3)])
def test_who_polls_asks_little_of_the_database(
    alice: User, request: pytest.FixtureRequest, django_assert_num_queries: Any, made: str, queries: int
) -> None:
    """The token and the job, with its result in the same query; and the entry that it was read."""
    job = request.getfixturevalue(made)
    client, token = Client(), bearer(alice)
    client.get(f"{V1}/jobs/{job.pk}", **token)  # notes that the token was used, once a minute
    with django_assert_num_queries(queries):
        answer = client.get(f"{V1}/jobs/{job.pk}", **token)
    assert (answer.json()["result"] is None) == (made == "job")


@pytest.mark.parametrize("parameters", [{"pitch": 3, "speed": 1}, {"model_version": "vb-1"}])
def test_unknown_parameters_are_named(client: Client, recording: PracticeRecording, parameters: Any) -> None:
    answer = analyse(client, recording, {"parameters": parameters})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameters")
    wanted = "pitch, speed" if "pitch" in parameters else "vb-1"
    assert wanted in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model_version": MODEL_VERSION}, 422, "validation_failed"),
        ({"parameters": []}, 422, "validation_failed"),
        ('{"parameters": ', 400, "bad_request"),
    ],
)
def test_a_wrong_body_is_refused(
    client: Client, recording: PracticeRecording, body: Any, status: int, code: str
) -> None:
    answer = analyse(client, recording, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not AnalysisJob.objects.exists()


def test_a_form_where_json_belongs_is_a_bad_request(client: Client, recording: PracticeRecording) -> None:
    answer = client.post(f"{V1}/recordings/{recording.pk}/analyses", {"a": "b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_the_state_says_what_the_door_says(client: Client, done: AnalysisJob, alice: User) -> None:
    told = client.get(f"{V1}/jobs/{done.pk}").json()
    status = TaskManager(alice).status(done.pk)
    assert {name: told[name] for name in status} == status
    assert told["recording"] == str(done.recording_id)
    assert told["created_at"].endswith("Z") or "+" in told["created_at"]


@pytest.mark.parametrize("key", ["x", "1", NOBODYS])
def test_a_job_that_is_none_is_not_there(client: Client, key: str) -> None:
    answer = client.get(f"{V1}/jobs/{key}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_result_has_sentences_beside_its_codes(client: Client, done: AnalysisJob, alice: User) -> None:
    told = client.get(f"{V1}/jobs/{done.pk}/result").json()
    assert told["overall_score"] == 88.5
    assert told["suggestions"] == [
        {
            "code": "practise_tones",
            "figures": {"syllables": "今 天"},
            "text": "Practise the tones of: 今 天.",
        }
    ]
    assert told["quality_flags"][0]["severity"] == "doubtful"
    assert told["unscored"]["pitch"] == {
        "code": "no_voicing",
        "figures": {},
        "text": "there is too little voiced sound",
    }
    assert told["detailed_analysis"]["phoneme_analysis"]["syllables"][0]["text"] == "今"


def test_reading_a_result_is_written_down(client: Client, done: AnalysisJob, alice: User) -> None:
    for path in ("", "/result"):
        client.get(f"{V1}/jobs/{done.pk}{path}")
    entries = LogEntry.objects.filter(action=LogEntry.Action.ACCESS, actor=alice)
    assert [entry.additional_data for entry in entries] == [{"access": "read"}] * 2
    assert {entry.object_pk for entry in entries} == {str(done.result.pk)}


def test_no_result_while_it_is_active(client: Client, job: AnalysisJob) -> None:
    answer = client.get(f"{V1}/jobs/{job.pk}/result")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (409, "not_ready", "1")


def test_a_failure_says_why(client: Client, job: AnalysisJob) -> None:
    ended(job, JobState.FAILED, error_code="recording_silent")
    answer = client.get(f"{V1}/jobs/{job.pk}/result")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "failed")
    assert told["detail"].startswith("There is no speech in this recording.")
    assert told["errors"] == [{"field": "recording", "code": "recording_silent", "message": told["detail"]}]
    assert client.get(f"{V1}/jobs/{job.pk}").json()["error_code"] == "recording_silent"


def test_cancel_then_retry(client: Client, job: AnalysisJob) -> None:
    for _twice in range(2):
        answer = client.post(f"{V1}/jobs/{job.pk}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert client.get(f"{V1}/jobs/{job.pk}/result").json()["code"] == "cancelled"
    answer = client.post(f"{V1}/jobs/{job.pk}/retry")
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


def test_a_retry_gives_the_job_that_does_the_same_work(
    client: Client, job: AnalysisJob, recording: PracticeRecording
) -> None:
    ended(job, JobState.FAILED, error_code="internal_error")
    other = AnalysisJob.for_call(recording.pk).submit()
    answer = client.post(f"{V1}/jobs/{job.pk}/retry")
    assert (answer.status_code, answer.json()["task_id"]) == (202, str(other.pk))


def test_what_has_succeeded_is_neither_cancelled_nor_tried_again(client: Client, done: AnalysisJob) -> None:
    assert client.post(f"{V1}/jobs/{done.pk}/cancel").json()["code"] == "already_ended"
    answer = client.post(f"{V1}/jobs/{done.pk}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_retry")


def test_without_asgi_there_is_no_stream(client: Client, job: AnalysisJob) -> None:
    answer = client.get(f"{V1}/jobs/{job.pk}/events")
    assert (answer.status_code, answer.json()["code"]) == (406, "stream_needs_asgi")
