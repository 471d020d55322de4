"""Who read, played, exported, printed or changed what is in the audit log, and no name or note is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from analysis.examples import version
from analysis.models import AccessToken, AnalysisResult, Exercise, Patient, PracticeRecording
from tests.conftest import group


@pytest.fixture
def desk(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def accesses(instance: Model) -> list[tuple[str, str]]:
    """Who did what with it, in the order of doing."""
    entries = LogEntry.objects.get_for_object(instance).filter(action=LogEntry.Action.ACCESS).order_by("pk")
    return [(entry.actor.get_username(), entry.additional_data["access"]) for entry in entries]


def changes(instance: Model) -> list[tuple[str | None, dict[str, Any]]]:
    entries = LogEntry.objects.get_for_object(instance).exclude(action=LogEntry.Action.ACCESS).order_by("pk")
    return [
        (entry.actor and entry.actor.get_username(), entry.changes or entry.additional_data)
        for entry in entries
    ]


def opened(client: Client, page: str, instance: Model, times: int = 1) -> None:
    for _time in range(times):
        answer = client.get(reverse(page, args=[instance.pk]))
        assert answer.status_code == 200
        if answer.streaming:
            b"".join(answer)


def test_opening_a_page_is_one_entry_a_visit(desk: Client, result: AnalysisResult) -> None:
    recording = result.job.recording
    for page, row in (
        ("analysisresult", result),
        ("practicerecording", recording),
        ("patient", recording.patient),
    ):
        opened(desk, f"admin:analysis_{page}_change", row, times=2)
        assert accesses(row) == [("alice", "read")], page


@pytest.mark.parametrize(
    ("door", "what"), [("praat", "exported"), ("table", "exported"), ("print", "printed")]
)
def test_each_export_and_each_print_is_an_entry(
    desk: Client, result: AnalysisResult, door: str, what: str
) -> None:
    opened(desk, f"admin:analysis_analysisresult_{door}", result, times=2)
    assert accesses(result) == [("alice", what)] * 2


def ranges(client: Client, recording: PracticeRecording, asked: Iterable[str]) -> None:
    for span in asked:
        answer = client.get(reverse("api-v1:play", args=[recording.pk]), headers={"range": f"bytes={span}"})
        assert answer.status_code == 206


def test_a_sound_played_whole_is_an_entry_each_time(desk: Client, recording: PracticeRecording) -> None:
    opened(desk, "api-v1:play", recording, times=2)
    assert accesses(recording) == [("alice", "played")] * 2


def test_a_sound_in_pieces_is_one_entry(desk: Client, recording: PracticeRecording) -> None:
    ranges(desk, recording, ["0-1", "0-", "100-200", "-50"])  # Safari asks for two bytes first
    assert accesses(recording) == [("alice", "played")]


def test_a_piece_from_the_middle_is_an_entry_too(desk: Client, recording: PracticeRecording) -> None:
    ranges(desk, recording, ["1-"])
    assert accesses(recording) == [("alice", "played")]


def test_an_example_that_is_played_is_an_entry(desk: Client, exercise: Exercise) -> None:
    opened(desk, "api-v1:play_example", exercise)
    assert accesses(exercise) == [("alice", "played")]


def test_what_a_stranger_asks_for_is_no_entry(client: Client, bob: User, result: AnalysisResult) -> None:
    client.force_login(bob)
    client.get(reverse("admin:analysis_analysisresult_change", args=[result.pk]))
    assert client.get(reverse("api-v1:play", args=[result.job.recording_id])).status_code == 404
    assert not LogEntry.objects.filter(action=LogEntry.Action.ACCESS).exists()


def test_a_change_names_who_and_what_but_no_name(desk: Client, amy: Patient, alice: User) -> None:
    before = len(changes(amy))
    form = {"code": "A-9", "name": "Amelia", "sex": "female", "birth_year": "1990", "therapists": [alice.pk]}
    assert desk.post(reverse("admin:analysis_patient_change", args=[amy.pk]), form).status_code == 302
    ((who, what),) = changes(amy)[before:]
    assert (who, what["code"]) == ("alice", ["A-1", "A-9"])
    assert "name" in what
    assert "Amelia" not in json.dumps(what)


def test_marks_are_a_change(desk: Client, exercise: Exercise) -> None:
    page = reverse("admin:analysis_exercise_marks", args=[exercise.pk])
    rows = desk.get(page).json()["found"]
    answer = desk.post(page, json.dumps({"marks": rows, "version": version(exercise)}), "application/json")
    assert answer.status_code == 200
    who, what = changes(exercise)[-1]
    assert (who, list(what)) == ("alice", ["marks"])


def test_a_token_is_issued_and_revoked_by_name_of_who_did_it(desk: Client) -> None:
    desk.post(reverse("admin:analysis_accesstoken_add"), {"name": "her phone"})
    token = AccessToken.objects.get()
    chosen = {"action": "revoke", "_selected_action": [token.pk]}
    for _twice in range(2):
        desk.post(reverse("admin:analysis_accesstoken_changelist"), chosen)
    (made_by, made), (revoked_by, revoked) = changes(token)
    assert (made_by, revoked_by, revoked) == ("alice", "alice", {"action": "revoke"})
    assert "digest" not in made
    assert "her phone" not in json.dumps(made)


def test_who_lets_whom_in_is_told(client: Client, alice: User) -> None:
    client.force_login(User.objects.create_superuser("root", password="root"))
    known = len(changes(alice))
    page = reverse("admin:auth_user_change", args=[alice.pk])
    form = {"username": "alice", "is_active": "on", "first_name": "Alicia", "groups": [group("administrators").pk],
            "date_joined_0": "2025-01-01", "date_joined_1": "00:00:00"}  # fmt: skip
    assert client.post(page, form).status_code == 302
    found = changes(alice)[known:]
    assert {who for who, _what in found} == {"root"}
    told = json.dumps([what for _who, what in found])
    assert "administrators" in told
    assert "password" not in told
    assert "Alicia" not in told


def test_logging_in_is_no_change(client: Client, alice: User) -> None:
    known = len(changes(alice))
    client.force_login(alice)
    assert len(changes(alice)) == known
