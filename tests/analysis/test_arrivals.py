"""A list tells what has come since it was opened: of the reader's own rows, under the list's own filters."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analysis.models import AnalysisResult, Exercise, Patient, PracticeRecording
from tests.conftest import group, record

LISTS = ("practicerecording", "analysisresult", "analysisjob")


def arrivals(client: Client, name: str = "practicerecording", **query: Any) -> tuple[int, dict[str, Any]]:
    answer = client.get(reverse(f"admin:analysis_{name}_arrivals"), query, headers={"accept-language": "en"})
    return answer.status_code, answer.json() if answer.status_code in (200, 400) else {}


@pytest.fixture
def therapist(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def test_a_new_recording_is_told(therapist: Client, recording: PracticeRecording) -> None:
    assert arrivals(therapist, known=1) == (200, {"count": 0, "said": "0 new"})
    record(recording.patient, recording.exercise)
    assert arrivals(therapist, known=1) == (200, {"count": 1, "said": "1 new"})
    assert arrivals(therapist, known=1, p=9, o=2)[1]["count"] == 1  # wherever in the list the reader is


def test_a_colleagues_recording_is_not_told(therapist: Client, ben: Patient, exercise: Exercise) -> None:
    record(ben, exercise)
    assert arrivals(therapist, known=0)[1]["count"] == 0


def test_what_the_list_leaves_out_is_not_told(
    therapist: Client, recording: PracticeRecording, alice: User
) -> None:
    other = Patient.objects.create(code="A-2", name="Ann")
    other.therapists.add(alice)
    record(other, recording.exercise)
    assert arrivals(therapist, known=1)[1]["count"] == 1
    assert arrivals(therapist, known=1, patient__id__exact=recording.patient.pk)[1]["count"] == 0
    assert arrivals(therapist, known=0, q="A-2")[1]["count"] == 1


def test_fewer_rows_are_no_arrivals(therapist: Client, recording: PracticeRecording) -> None:
    assert arrivals(therapist, known=5)[1]["count"] == 0


@pytest.mark.parametrize(
    "query", [{}, {"known": "x"}, {"known": "-1"}, {"known": "9" * 40}, {"known": 0, "nonsense": 1}]
)
def test_what_is_no_list_is_refused(therapist: Client, query: dict[str, Any]) -> None:
    assert arrivals(therapist, **query)[0] == 400


@pytest.mark.parametrize("name", LISTS)
def test_an_administrator_is_told_of_jobs_only(client: Client, result: AnalysisResult, name: str) -> None:
    adam = User.objects.create_user("adam", is_staff=True)
    adam.groups.add(group("administrators"))
    client.force_login(adam)
    status, said = arrivals(client, name, known=0)
    assert (status, said.get("count")) == ((200, 1) if name == "analysisjob" else (403, None))


@pytest.mark.parametrize("name", LISTS)
def test_the_list_knows_how_long_it_is(therapist: Client, result: AnalysisResult, name: str) -> None:
    page = therapist.get(reverse(f"admin:analysis_{name}_changelist")).content.decode()
    assert f'data-arrivals="{reverse(f"admin:analysis_{name}_arrivals")}" data-known="1"' in page


def test_the_first_page_asks_for_what_awaits_review(therapist: Client, result: AnalysisResult) -> None:
    page = therapist.get(reverse("admin:index")).content.decode()
    assert 'data-query="review=no" data-known="1"' in page
    assert arrivals(therapist, "analysisresult", review="no", known=0)[1]["count"] == 1


def test_the_patients_page_asks_for_their_recordings(therapist: Client, recording: PracticeRecording) -> None:
    patient = recording.patient
    page = therapist.get(reverse("admin:analysis_patient_change", args=[patient.pk])).content.decode()
    assert f'data-query="patient__id__exact={patient.pk}" data-known="1"' in page
