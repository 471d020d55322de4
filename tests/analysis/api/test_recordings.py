"""Uploading, listing and playing."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analysis.demo.people import SPEECH
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from tests.acoustics.voices import RATE
from tests.analysis.api.conftest import ENGLISH, V1, files, logged_in, upload
from tests.conftest import record

WHOLE = (SPEECH / "park-faithful.webm").read_bytes()


@pytest.fixture
def client(alice: User) -> Client:
    return logged_in(alice, **ENGLISH)


def test_an_upload_is_kept_hashed_and_queued(
    client: Client, amy: Patient, exercise: Exercise, tmp_path: Path
) -> None:
    answer = upload(client, amy, exercise, recorded_at="2026-11-20T08:30:00+08:00")
    assert answer.status_code == 201
    told = answer.json()
    kept = PracticeRecording.objects.get()
    assert answer["Location"] == f"{V1}/recordings/{kept.pk}"
    assert told["recording"]["sha256"] == kept.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert told["recording"]["size"] == len(WHOLE)
    assert kept.recorded_at.isoformat() == "2026-11-20T00:30:00+00:00"
    assert told["recording"]["latest_job"]["id"] == told["job"]["task_id"]
    assert (told["job"]["state"], told["job"]["status"], told["job"]["progress"]) == ("queued", "PENDING", 0)
    assert [path.read_bytes() for path in files(tmp_path)] == [WHOLE]


def test_an_upload_may_wait_with_its_analysis(client: Client, amy: Patient, exercise: Exercise) -> None:
    answer = upload(client, amy, exercise, analyse="false")
    assert answer.json()["job"] is None
    assert not AnalysisJob.objects.exists()


def wav(seconds: float, level: float = 0.0) -> bytes:
    import wave

    kept = BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(int(level * 32767).to_bytes(2, "little", signed=True) * int(seconds * RATE))
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "recording_empty_file"),
        (b"not sound at all" * 100, "recording_unreadable"),
        (wav(0.1), "recording_too_short"),
        (wav(2.5), "recording_too_long"),
    ],
)
def test_what_is_no_sound_leaves_neither_row_nor_file(
    client: Client, amy: Patient, exercise: Exercise, settings: Any, tmp_path: Path, content: bytes, code: str
) -> None:
    settings.AUDIO_MAX_SECONDS = 2.0
    answer = upload(client, amy, exercise, audio=SimpleUploadedFile("a.wav", content))
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not PracticeRecording.objects.exists()
    assert not files(tmp_path)


def test_a_silent_recording_is_taken_for_the_analysis_to_say_so(
    client: Client, amy: Patient, exercise: Exercise
) -> None:
    assert upload(client, amy, exercise, audio=SimpleUploadedFile("a.wav", wav(1.0))).status_code == 201


def test_a_file_over_the_limit_is_refused_as_it_comes(
    client: Client, amy: Patient, exercise: Exercise, settings: Any, tmp_path: Path
) -> None:
    settings.AUDIO_MAX_BYTES = len(WHOLE) - 1
    answer = upload(client, amy, exercise)
    assert (answer.status_code, answer.json()["code"]) == (413, "recording_too_large")
    assert not PracticeRecording.objects.exists()
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"audio": ""}, {"audio"}),
        ({"patient": "1"}, {"patient"}),
        ({"recorded_at": "2026-11-20T08:30:00"}, {"recorded_at"}),  # whose clock?
        ({"recorded_at": "9999-12-31T23:59:59-12:00"}, {"recorded_at"}),
        ({"recorded_at": "yesterday", "analyse": "perhaps"}, {"recorded_at", "analyse"}),
    ],
)
def test_wrong_fields_are_named(
    client: Client, amy: Patient, exercise: Exercise, fields: dict[str, str], at_fault: set[str]
) -> None:
    answer = upload(client, amy, exercise, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert {error["field"].rpartition(".")[2] for error in answer.json()["errors"]} == at_fault
    assert not PracticeRecording.objects.exists()


def test_an_exercise_of_somebody_else_is_not_there(client: Client, amy: Patient, bob: User) -> None:
    other = Exercise.objects.create(title="other", text="媽媽騎馬", created_by=bob)
    answer = upload(client, amy, other)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (404, "exercise")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_an_upload_cut_off_in_the_middle_leaves_neither_row_nor_file(
    client: Client, amy: Patient, exercise: Exercise, tmp_path: Path, share: float
) -> None:
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("patient", amy.pk), ("exercise", exercise.pk))
    )
    head = '--x\r\nContent-Disposition: form-data; name="audio"; filename="a.webm"\r\n\r\n'
    body = (fields + head).encode() + WHOLE + b"\r\n--x--\r\n"
    sent = body[: int(len(body) * share)] if share < 0.9 else body[:-5]
    request: dict[str, Any] = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(sent),
    }
    answer = client.generic("POST", f"{V1}/recordings", **request)
    assert (answer.status_code, answer.json()["code"]) == (400, "upload_cut_off")
    assert not PracticeRecording.objects.exists()
    assert not files(tmp_path)


def test_a_body_that_is_no_form_is_a_bad_request(client: Client) -> None:
    answer = client.post(f"{V1}/recordings", b"x", content_type="multipart/form-data; boundary=")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


# --- lists


def test_recordings_are_narrowed_and_paged(
    client: Client, amy: Patient, alice: User, exercise: Exercise
) -> None:
    ann = Patient.objects.create(code="A-2")
    ann.therapists.add(alice)
    for patient in (amy, amy, ann):
        record(patient, exercise)
    assert client.get(f"{V1}/recordings").json()["count"] == 3
    page = client.get(f"{V1}/recordings", {"patient": str(amy.pk), "limit": "1", "offset": "1"}).json()
    assert (page["count"], [row["patient"] for row in page["items"]]) == (2, [str(amy.pk)])
    assert client.get(f"{V1}/recordings", {"exercise": str(amy.pk)}).json() == {"items": [], "count": 0}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "offset=-1", "limit=x", "patient=x", "offset=" + "9" * 30]
)
def test_a_page_that_cannot_be_is_refused(client: Client, query: str) -> None:
    assert client.get(f"{V1}/recordings?{query}").json()["code"] == "validation_failed"


@pytest.mark.parametrize("path", ["/recordings", "/patients", "/exercises"])
def test_a_list_takes_the_same_few_queries_however_long(
    client: Client, amy: Patient, alice: User, path: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        patient = Patient.objects.create(code=f"Q-{number}")
        patient.therapists.add(alice)
        exercise = Exercise.objects.create(title=f"e{number}", text="x", created_by=alice)
        AnalysisJob.for_call(record(patient, exercise).pk).submit()
    with django_assert_max_num_queries(25) as few:
        assert len(client.get(f"{V1}{path}?limit=2").json()["items"]) == 2
    with django_assert_max_num_queries(len(few)):
        assert len(client.get(f"{V1}{path}?limit=30").json()["items"]) == 30


# --- playing


def played(recording: PracticeRecording) -> int:
    entries = LogEntry.objects.filter(object_pk=str(recording.pk), action=LogEntry.Action.ACCESS)
    return sum(entry.additional_data == {"access": "played"} for entry in entries)


def test_a_recording_is_played_whole(client: Client, recording: PracticeRecording, alice: User) -> None:
    answer = client.get(f"{V1}/recordings/{recording.pk}/audio")
    assert b"".join(answer) == WHOLE
    assert (answer["Content-Type"], answer["Accept-Ranges"]) == ("audio/webm", "bytes")
    assert "no-store" in answer["Cache-Control"]
    assert played(recording) == 1


def test_seeking_is_not_playing_again(client: Client, recording: PracticeRecording) -> None:
    for first in (0, 100, 200):
        answer = client.get(f"{V1}/recordings/{recording.pk}/audio", headers={"Range": f"bytes={first}-"})
        assert answer.status_code == 206
        assert b"".join(answer) == WHOLE[first:]
    assert played(recording) == 1


def test_head_tells_the_size_and_plays_nothing(client: Client, recording: PracticeRecording) -> None:
    answer = client.head(f"{V1}/recordings/{recording.pk}/audio")
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(len(WHOLE)), b"")
    assert played(recording) == 0


def test_a_range_beyond_the_end_is_a_problem(client: Client, recording: PracticeRecording) -> None:
    answer = client.get(f"{V1}/recordings/{recording.pk}/audio", headers={"Range": f"bytes={len(WHOLE)}-"})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer["Content-Range"] == f"bytes */{len(WHOLE)}"


def test_an_example_is_played_and_one_that_is_not_there_is_not(
    client: Client, recording: PracticeRecording, alice: User
) -> None:
    answer = client.get(f"{V1}/exercises/{recording.exercise_id}/example")
    assert b"".join(answer) == (SPEECH / "park-example.webm").read_bytes()
    bare = Exercise.objects.create(title="bare", text="x", created_by=alice)
    assert client.get(f"{V1}/exercises/{bare.pk}/example").status_code == 404


def test_a_lost_file_is_not_there(client: Client, recording: PracticeRecording) -> None:
    Path(recording.audio.path).unlink()
    assert client.get(f"{V1}/recordings/{recording.pk}/audio").json()["code"] == "not_found"
