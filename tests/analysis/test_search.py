"""The search of the whole admin finds what the person may open, and nothing else."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.models import Exercise, Patient
from tests.conftest import group

SEARCH = "/admin/search/"


def found(client: Client, term: str) -> str:
    answer = client.get(SEARCH, {"s": term}, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


@pytest.fixture
def therapist(
    client: Client, alice: User, amy: Patient, ben: Patient, exercise: Exercise, bob: User
) -> Client:
    Patient.objects.filter(pk=amy.pk).update(name="Amy of Alice")
    Patient.objects.filter(pk=ben.pk).update(name="Ben of Bob")
    Exercise.objects.create(title="own of Bob", text="媽媽騎馬", created_by=bob)
    client.force_login(alice)
    return client


def test_her_patient_is_found_by_code_and_by_name(therapist: Client, amy: Patient) -> None:
    for term in ("a-1", "of ali"):
        page = found(therapist, term)
        assert "A-1 Amy of Alice" in page
        assert f"/admin/analysis/patient/{amy.pk}/change/" in page


def test_a_colleagues_patient_and_exercise_are_not(therapist: Client) -> None:
    for term in ("B-1", "Ben", "own of", "媽媽"):
        assert "Nothing is found" in found(therapist, term)


def test_who_is_reassigned_is_not_found_any_more(therapist: Client, amy: Patient) -> None:
    assert "A-1" in found(therapist, "A-1")
    amy.therapists.clear()
    assert "Nothing is found" in found(therapist, "A-1")


def test_an_exercise_is_found_by_its_text(therapist: Client, exercise: Exercise) -> None:
    assert f"/admin/analysis/exercise/{exercise.pk}/change/" in found(therapist, "公園")


def test_pages_are_found_that_the_person_may_open(therapist: Client) -> None:
    assert 'href="/admin/analysis/practicerecording/"' in found(therapist, "RECORDING")
    assert "Nothing is found" in found(therapist, "schedules")


def test_an_administrator_finds_codes_and_no_names(therapist: Client) -> None:
    adam = User.objects.create_user("adam", is_staff=True)
    adam.groups.add(group("administrators"))
    therapist.force_login(adam)
    page = found(therapist, "-1")
    assert "A-1" in page
    assert "B-1" in page
    assert "Amy" not in page
    assert "Nothing is found" in found(therapist, "Amy")
    assert "Nothing is found" in found(therapist, "公園")
    assert "/admin/django_celery_beat/periodictask/" in found(therapist, "schedules")


def test_a_superuser_finds_all(therapist: Client) -> None:
    therapist.force_login(User.objects.create_superuser("root"))
    assert "Ben of Bob" in found(therapist, "Ben")


def test_who_is_no_member_and_who_is_not_logged_in_find_nothing(therapist: Client) -> None:
    therapist.force_login(User.objects.create_user("nobody", is_staff=True))
    assert "Nothing is found" in found(therapist, "A-1")
    therapist.logout()
    assert therapist.get(SEARCH, {"s": "A-1"}).status_code == 302


def test_without_a_word_there_is_nothing(therapist: Client) -> None:
    assert found(therapist, " ").strip() == ""


def test_the_search_is_on_every_page(therapist: Client) -> None:
    page = therapist.get("/admin/").content.decode()
    assert 'id="search-input-command"' in page
    assert f'hx-get="{SEARCH}"' in page
