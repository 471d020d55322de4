"""An exercise's page: its example checked, its syllables marked; copied, given, taken back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from analysis.acoustics import decode
from analysis.assignments import give
from analysis.demo.people import SPEECH
from analysis.examples import version
from analysis.models import Assignment, Exercise, Patient, PracticeRecording
from tests.acoustics.files import wav
from tests.conftest import record

TEXT = "今天我們去公園散步"
PARK = (SPEECH / "park-example.webm").read_bytes()


@pytest.fixture
def desk(alice: User, client: Client) -> Client:
    """Alice's browser."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(alice)
    return client


def page(exercise: Exercise, name: str = "change") -> str:
    return reverse(f"admin:analysis_exercise_{name}", args=[exercise.pk])


def form(example: bytes | None = None, **fields: str) -> dict[str, Any]:
    filled: dict[str, Any] = {"title": "park", "kind": "sentence", "language": "zh", "text": TEXT}
    if example is not None:
        filled["example"] = SimpleUploadedFile("example.wav", example)
    return filled | fields


def said(answer: Any) -> str:
    return " ".join(str(each) for each in answer.context["messages"])


def loud() -> bytes:
    speech = decode(SPEECH / "park-example.webm").samples
    return wav([np.clip(speech * 60, -1, 1)]).getvalue()


@pytest.mark.parametrize(
    ("example", "why"),
    [
        (b"", "The submitted file is empty."),
        (b"no sound at all " * 50, "is not sound, or it is damaged"),
        # The head promises two gigabytes of sound; there is hardly any.
        (wav([np.zeros(200, np.float32)]).getvalue()[:40] + b"\xf0\xff\xff\x7f" + b"\0" * 400, "too short"),
        (wav([np.zeros(32000, np.float32)]).getvalue(), "There is no speech in the exercise&#x27;s example"),
        (loud(), "This is not fit to be an example. The recording is overloaded"),
    ],
)
def test_an_unfit_example_is_an_error_of_its_field(desk: Client, example: bytes, why: str) -> None:
    answer = desk.post(reverse("admin:analysis_exercise_add"), form(example))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["example"]
    assert why in answer.content.decode()
    assert not Exercise.objects.exists()


def test_a_fit_example_is_kept_and_its_marks_are_to_be_checked(desk: Client) -> None:
    answer = desk.post(reverse("admin:analysis_exercise_add"), form(PARK), follow=True)
    exercise = Exercise.objects.get()
    assert f"{page(exercise)}#vb-marks" in said(answer)
    assert "were heard" not in said(answer)


def test_another_number_of_syllables_is_a_warning(desk: Client) -> None:
    answer = desk.post(reverse("admin:analysis_exercise_add"), form(PARK, text="去公園"), follow=True)
    assert "The text has 3 syllables, but 10 were heard" in said(answer)
    assert Exercise.objects.exists()


def test_a_vowel_has_no_syllables_to_count(desk: Client) -> None:
    fields = {"kind": "sustained_vowel", "text": "ㄚ"}
    answer = desk.post(reverse("admin:analysis_exercise_add"), form(PARK, **fields), follow=True)
    assert "were heard" not in said(answer)
    assert not answer.context["messages"] or "marks" not in said(answer)


# --- marks


def told(desk: Client, exercise: Exercise) -> dict[str, Any]:
    found: dict[str, Any] = desk.get(page(exercise, "marks")).json()
    return found


def kept(desk: Client, exercise: Exercise, marks: Any, of: str = "") -> Any:
    body = json.dumps({"marks": marks, "version": of or version(exercise)})
    return desk.post(page(exercise, "marks"), body, content_type="application/json")


def test_marks_are_found_moved_and_kept(desk: Client, exercise: Exercise) -> None:
    found = told(desk, exercise)
    assert [each["text"] for each in found["syllables"]] == list(TEXT)
    assert found["syllables"][6] == {"text": "園", "zhuyin": "ㄩㄢˊ"}
    assert len(found["found"]) == len(TEXT)
    assert found["saved"] == []
    marks = found["found"]
    marks[0][0] = round(marks[0][0] + 0.01, 3)
    assert kept(desk, exercise, marks).status_code == 200
    assert told(desk, exercise)["saved"] == marks
    assert told(desk, exercise)["found"][0][0] == pytest.approx(marks[0][0] - 0.01)


@pytest.mark.parametrize(
    "marks",
    [
        [], None, "x", 3, [[0, 1]], [[0, "x"]] * 9, [[0.1, 0.2]] * 9,
        [[each, each + 1] for each in range(9)], [[float("nan"), 1]] * 9, {"a": 1},
    ],
)  # fmt: skip
def test_marks_that_do_not_fit_are_refused(desk: Client, exercise: Exercise, marks: Any) -> None:
    answer = kept(desk, exercise, marks)
    assert answer.status_code == 422
    assert "one for each syllable" in answer.json()["error"]
    exercise.refresh_from_db()
    assert exercise.marks is None


@pytest.mark.parametrize("body", ["", "[", "[]", "{}", "[" * 100_000])
def test_what_is_no_json_is_refused(desk: Client, exercise: Exercise, body: str) -> None:
    assert desk.post(page(exercise, "marks"), body, content_type="application/json").status_code == 422


def test_marks_of_an_older_text_are_refused(desk: Client, exercise: Exercise) -> None:
    found = told(desk, exercise)
    exercise.text = "今天我們去公園跑步"
    exercise.save()
    answer = kept(desk, exercise, found["found"], found["version"])
    assert answer.status_code == 409
    assert "changed meanwhile" in answer.json()["error"]


@pytest.mark.parametrize(
    "changed", [{"text": "今天我們去公園跑步"}, {"kind": "sustained_vowel"}, {"example": PARK}]
)
def test_a_change_drops_the_marks_and_says_so(
    desk: Client, exercise: Exercise, changed: dict[str, Any]
) -> None:
    kept(desk, exercise, told(desk, exercise)["found"])
    answer = desk.post(page(exercise), form(**changed), follow=True)
    assert "the old syllable marks were dropped" in said(answer)
    exercise.refresh_from_db()
    assert exercise.marks is None


def test_another_title_leaves_the_marks(desk: Client, exercise: Exercise) -> None:
    kept(desk, exercise, told(desk, exercise)["found"])
    answer = desk.post(page(exercise), form(title="a walk"), follow=True)
    assert "dropped" not in said(answer)
    exercise.refresh_from_db()
    assert len(exercise.marks or []) == len(TEXT)


def test_a_lost_example_is_said_and_hinders_no_title(desk: Client, exercise: Exercise) -> None:
    exercise.example.storage.delete(str(exercise.example.name))
    answer = desk.get(page(exercise, "marks"))
    assert answer.status_code == 422
    assert "no longer in the storage" in answer.json()["error"]
    assert desk.get(page(exercise)).status_code == 200
    assert desk.post(page(exercise), form(text="去公園")).status_code == 302


# --- whose


@pytest.fixture
def shared(exercise: Exercise, ben: Patient, bob: User) -> Exercise:
    """Alice's exercise, which a patient of Bob's practises too."""
    record(ben, exercise)
    return exercise


def test_a_colleague_reads_the_marks_and_sets_none(shared: Exercise, bob: User, client: Client) -> None:
    client.force_login(bob)
    assert told(client, shared)["found"]
    assert kept(client, shared, told(client, shared)["found"]).status_code == 403


@pytest.mark.parametrize("door", ["marks", "copy", "give", "take_back"])
def test_who_does_not_see_the_exercise_finds_no_door(
    exercise: Exercise, bob: User, client: Client, door: str
) -> None:
    client.force_login(bob)
    assert client.post(page(exercise, door)).status_code == 404
    client.force_login(User.objects.create_user("carol", is_staff=True))
    assert client.post(page(exercise, door)).status_code == 403
    assert client.get(page(exercise, door)).status_code == 403


def test_a_copy_is_the_colleagues_own(desk: Client, shared: Exercise, bob: User) -> None:
    kept(desk, shared, told(desk, shared)["found"])
    shared.refresh_from_db()
    desk.force_login(bob)
    assert desk.get(page(shared, "copy")).status_code == 405
    answer = desk.post(page(shared, "copy"))
    made = Exercise.objects.get(created_by=bob)
    assert answer.headers["Location"] == page(made)
    assert (made.title, made.text, made.marks) == ("park (copy)", shared.text, shared.marks)
    assert made.example.name != shared.example.name
    with made.example.open("rb") as file:
        assert file.read() == PARK
    PracticeRecording.objects.all().delete()
    shared.delete()
    assert made.example.storage.exists(str(made.example.name))


def test_a_long_title_is_cut_for_the_copy(desk: Client, exercise: Exercise) -> None:
    Exercise.objects.update(title="x" * 120)
    desk.post(page(exercise, "copy"))
    assert Exercise.objects.exclude(pk=exercise.pk).get().title == "x" * 113 + " (copy)"


def test_it_is_given_to_own_patients_only(
    desk: Client, exercise: Exercise, amy: Patient, ben: Patient
) -> None:
    assert "Amy" in desk.get(page(exercise)).content.decode()
    answer = desk.post(page(exercise, "give"), {"patient": [str(amy.pk), str(ben.pk), "nobody"]}, follow=True)
    assert "Given to 1 patient." in said(answer)
    given = Assignment.objects.get()
    assert given.patient == amy
    answer = desk.post(page(exercise, "take_back"), {"assignment": given.pk}, follow=True)
    assert "Taken back from A-1." in said(answer)
    assert not Assignment.objects.open().exists()


def test_a_colleagues_patients_are_named_nowhere(
    desk: Client, shared: Exercise, amy: Patient, ben: Patient, bob: User
) -> None:
    give(bob, shared, [ben])
    his = Assignment.objects.get()
    for address in (page(shared), page(shared, "delete"), reverse("admin:analysis_exercise_changelist")):
        content = desk.get(address).content.decode()
        assert "Ben" not in content, address
        assert "B-1" not in content, address
    assert desk.post(page(shared, "take_back"), {"assignment": his.pk}).status_code == 404
    assert desk.post(page(shared, "take_back"), {"assignment": "9" * 30}).status_code == 404
