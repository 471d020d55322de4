"""Many recordings at once: each through the door by itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse

from analysis.demo.people import SPEECH
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording

pytestmark = pytest.mark.usefixtures("redis")
PARK = (SPEECH / "park-faithful.webm").read_bytes()
DOOR = "/admin/analysis/exercise/upload/"


@pytest.fixture
def desk(alice: User) -> Client:
    """Alice's browser, which sends the token as a browser does."""
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    client.force_login(alice)
    client.get(DOOR)
    return client


def sent(desk: Client, patient: Any, exercise: Any, content: bytes = PARK, **fields: str) -> Any:
    body = {
        "patient": getattr(patient, "pk", patient),
        "exercise": getattr(exercise, "pk", exercise),
        **fields,
    }
    token = desk.cookies["csrftoken"].value
    file = SimpleUploadedFile("A-1 park.webm", content)
    return desk.post(DOOR, body | {"audio": file}, headers={"x-csrftoken": token})


def test_a_file_becomes_a_recording_with_its_analysis(desk: Client, amy: Patient, exercise: Exercise) -> None:
    answer = sent(desk, amy, exercise, recorded_at="2026-03-01T08:00:00Z")
    recording, job = PracticeRecording.objects.get(), AnalysisJob.objects.get()
    assert answer.status_code == 201
    assert answer.json()["address"].endswith(f"/{recording.pk}/change/")
    assert (answer.json()["job"]["id"], answer.json()["job"]["state"]) == (str(job.pk), "queued")
    assert (recording.patient, recording.uploaded_by) == (amy, User.objects.get(username="alice"))
    assert recording.recorded_at.isoformat() == "2026-03-01T08:00:00+00:00"


def test_a_date_that_cannot_be_is_not_taken(desk: Client, amy: Patient, exercise: Exercise) -> None:
    assert sent(desk, amy, exercise, recorded_at="1970-01-01T00:00:00Z").status_code == 201
    assert PracticeRecording.objects.get().recorded_at.year > 2000


def test_the_same_file_comes_once(desk: Client, amy: Patient, exercise: Exercise) -> None:
    sent(desk, amy, exercise)
    answer = sent(desk, amy, exercise)
    assert (answer.status_code, answer.json()["error"][:30]) == (409, "This file was uploaded before,")
    assert PracticeRecording.objects.count() == 1


@pytest.mark.parametrize(("content", "why"), [(b"no sound" * 99, "not sound"), (b"", "empty")])
def test_what_is_no_sound_is_refused_in_words(
    desk: Client, amy: Patient, exercise: Exercise, content: bytes, why: str
) -> None:
    answer = sent(desk, amy, exercise, content)
    assert answer.status_code == 422
    assert why in answer.json()["error"]
    assert not PracticeRecording.objects.exists()
    assert not AnalysisJob.objects.exists()


def test_a_file_over_the_limit_is_cut_off(desk: Client, amy: Patient, exercise: Exercise) -> None:
    with override_settings(AUDIO_MAX_BYTES=1000):
        answer = sent(desk, amy, exercise)
    assert answer.status_code == 413
    assert "larger than allowed" in answer.json()["error"]


def test_rows_that_are_not_theirs_are_no_choice(
    desk: Client, amy: Patient, ben: Patient, exercise: Exercise
) -> None:
    for patient, chosen in ((ben, exercise), (amy, uuid4()), ("x", exercise), (amy, "")):
        answer = sent(desk, patient, chosen)
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert not PracticeRecording.objects.exists()


def test_a_request_of_another_site_is_refused(desk: Client, amy: Patient, exercise: Exercise) -> None:
    body = {"patient": amy.pk, "exercise": exercise.pk, "audio": SimpleUploadedFile("a.webm", PARK)}
    assert desk.post(DOOR, body).status_code == 403
    assert not PracticeRecording.objects.exists()


def test_who_uploads_nothing_finds_no_door(client: Client, amy: Patient) -> None:
    assert client.get(DOOR).status_code == 302
    client.force_login(User.objects.create_user("carol", is_staff=True))
    assert client.get(DOOR).status_code == 403
    assert client.post(DOOR).status_code == 403


def test_the_page_offers_ones_own(
    desk: Client, amy: Patient, ben: Patient, exercise: Exercise, bob: User
) -> None:
    Exercise.objects.create(title="Bob's", text="媽媽", created_by=bob)
    for query in ("", f"?patient={amy.pk}", f"?exercise={exercise.pk}", f"?patient={ben.pk}", "?patient=x"):
        told = desk.get(DOOR + query).context["drop"].client
        assert [each["label"] for each in told["patients"]] == ["A-1 Amy"], query
        assert [each["label"] for each in told["exercises"]] == ["park"], query


def test_the_address_is_the_admins() -> None:
    assert reverse("admin:analysis_exercise_upload") == DOOR
