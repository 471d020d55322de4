"""Who gets in, and what is there for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from analysis.models import AccessToken, AnalysisJob, Patient, PracticeRecording
from tests.analysis.api.conftest import V1, bearer, logged_in, upload

READS = [
    "/recordings/{recording}", "/recordings/{recording}/audio", "/exercises/{exercise}/example", "/jobs/{job}",
    "/jobs/{job}/result",
]  # fmt: skip
WRITES = ["/recordings/{recording}/analyses", "/jobs/{job}/cancel", "/jobs/{job}/retry"]
JSON = "application/json"
LISTS = ["/patients", "/exercises", "/recordings"]
SEE = ["alice", "amy_herself", "root"]
SEE_NOTHING = ["bob", "carol", "adam"]


@pytest.fixture
def addresses(done: AnalysisJob) -> dict[str, str]:
    recording = done.recording
    return {"recording": str(recording.pk), "exercise": str(recording.exercise_id), "job": str(done.pk)}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("who", SEE)
def test_they_read_it(who: str, path: str, addresses: dict[str, str], request: pytest.FixtureRequest) -> None:
    client = logged_in(request.getfixturevalue(who))
    assert client.get(V1 + path.format(**addresses)).status_code == 200


@pytest.mark.parametrize("path", [*READS, "/jobs/{job}/events"])
@pytest.mark.parametrize("who", SEE_NOTHING)
def test_for_them_it_is_not_there(
    who: str, path: str, addresses: dict[str, str], request: pytest.FixtureRequest
) -> None:
    answer = logged_in(request.getfixturevalue(who)).get(V1 + path.format(**addresses))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("who", SEE_NOTHING)
def test_they_change_nothing(
    who: str, path: str, addresses: dict[str, str], request: pytest.FixtureRequest
) -> None:
    answer = logged_in(request.getfixturevalue(who)).post(V1 + path.format(**addresses), content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert AnalysisJob.objects.get().state == "succeeded"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", SEE + SEE_NOTHING)
def test_lists_hold_what_is_visible(
    who: str, path: str, done: AnalysisJob, request: pytest.FixtureRequest
) -> None:
    page = logged_in(request.getfixturevalue(who)).get(V1 + path).json()
    assert (page["count"], len(page["items"])) == ((1, 1) if who in SEE else (0, 0))


@pytest.mark.parametrize("who", SEE)
def test_they_upload(
    who: str, amy: Patient, recording: PracticeRecording, request: pytest.FixtureRequest
) -> None:
    assert upload(logged_in(request.getfixturevalue(who)), amy, recording.exercise).status_code == 201


@pytest.mark.parametrize("who", SEE_NOTHING)
def test_they_do_not_upload(
    who: str, amy: Patient, recording: PracticeRecording, request: pytest.FixtureRequest
) -> None:
    answer = upload(logged_in(request.getfixturevalue(who)), amy, recording.exercise)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "patient")
    assert PracticeRecording.objects.count() == 1


@pytest.mark.parametrize("path", ["/me", *LISTS, *READS, "/jobs/{job}/events"])
def test_nobody_is_not_let_in(client: Client, path: str, addresses: dict[str, str]) -> None:
    answer = client.get(V1 + path.format(**addresses))
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_nobody_uploads_nothing(client: Client, recording: PracticeRecording) -> None:
    assert upload(client, recording.patient, recording.exercise).status_code == 401


@pytest.mark.parametrize("path", WRITES)
def test_a_session_must_show_its_csrf_token(path: str, alice: User, addresses: dict[str, str]) -> None:
    client = logged_in(alice, enforce_csrf_checks=True)
    answer = client.post(V1 + path.format(**addresses))
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert AnalysisJob.objects.count() == 1


def test_an_upload_of_a_session_must_too(alice: User, recording: PracticeRecording) -> None:
    client = logged_in(alice, enforce_csrf_checks=True)
    assert upload(client, recording.patient, recording.exercise).status_code == 403
    client.get("/admin/")  # sets the cookie
    secret = client.cookies["csrftoken"].value
    answer = client.post(
        f"{V1}/recordings/{recording.pk}/analyses", headers={"X-CSRFToken": secret}, content_type=JSON
    )
    assert answer.status_code == 202


def test_a_token_needs_neither_session_nor_csrf(alice: User, recording: PracticeRecording) -> None:
    client = Client(enforce_csrf_checks=True, **bearer(alice))
    assert client.get(f"{V1}/me").json()["username"] == "alice"
    answer = upload(client, recording.patient, recording.exercise)
    assert answer.status_code == 201
    kept = PracticeRecording.objects.get(pk=answer.json()["recording"]["id"])
    assert kept.uploaded_by == alice


def test_what_a_token_did_is_in_its_holders_name(alice: User, recording: PracticeRecording) -> None:
    from auditlog.models import LogEntry

    answer = upload(Client(**bearer(alice)), recording.patient, recording.exercise)
    entry = LogEntry.objects.get(object_pk=answer.json()["recording"]["id"], action=LogEntry.Action.CREATE)
    assert entry.actor == alice


@pytest.mark.parametrize("secret", ["", "x", "vb_", "vb_" + "x" * 43, "\x00", "鑰"])
def test_garbage_is_no_token(secret: str, alice: User) -> None:
    # Even with a session beside it: a client that sends a token means the token.
    answer = logged_in(alice).get(f"{V1}/me", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert answer.status_code == 401


def test_a_token_ends(alice: User) -> None:
    for change in (
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now()},
    ):
        token, secret = AccessToken.issue(alice, "phone")
        headers = {"Authorization": f"bearer {secret}"}
        assert Client().get(f"{V1}/me", headers=headers).status_code == 200
        AccessToken.objects.filter(pk=token.pk).update(**change)
        assert Client().get(f"{V1}/me", headers=headers).status_code == 401


def test_me_tells_the_roles(amy_herself: User, amy: Patient, alice: User, adam: User, root: User) -> None:
    told = {
        user.username: logged_in(user).get(f"{V1}/me").json() for user in (amy_herself, alice, adam, root)
    }
    assert {name: me["roles"] for name, me in told.items()} == {
        "amy": ["patient"],
        "alice": ["therapist"],
        "adam": ["administrator"],
        "root": ["superuser"],
    }
    assert told["amy"]["patient"] == str(amy.pk)
