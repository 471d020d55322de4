"""The first page counts what its links list, and the patient's page tells how practice goes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis import acoustics, today
from analysis.admin.patient_page import patient_page
from analysis.models import (
    AnalysisJob,
    AnalysisResult,
    Assignment,
    Exercise,
    Patient,
    PracticeRecording,
    Review,
)
from tests.analysis.conftest import found
from tests.conftest import group

pytestmark = pytest.mark.usefixtures("redis")


def said(
    patient: Patient, exercise: Exercise, days_ago: float, overall: float | None = None
) -> PracticeRecording:
    """A recording, and where ``overall`` is given its result."""
    at = timezone.now() - timedelta(days=days_ago)
    recording = PracticeRecording(patient=patient, exercise=exercise, recorded_at=at, size=1, sha256="")
    recording.audio.save("a.webm", ContentFile(b"-"), save=False)
    recording.save()
    if overall is not None:
        found(recording, overall_score=overall)
    return recording


def failing(recording: PracticeRecording) -> None:
    job = AnalysisJob.for_call(recording.pk)
    job.save()
    AnalysisJob.objects.filter(pk=job.pk).update(state="failed", error_code="recording_silent")


def opened(client: Client, address: str) -> str:
    """The page in English."""
    return client.get(address, headers={"accept-language": "en"}).content.decode()


def numbers(page: str) -> dict[str, int]:
    """Each number of the first page, by the address that it links to."""
    links = re.findall(r'<a href="([^"]+)"[^>]*><b[^>]*>(\d+)</b>', page)
    return {address.replace("&amp;", "&"): int(number) for address, number in links}


def test_improving_takes_four_recordings_and_a_clear_rise(
    alice: User, bob: User, amy: Patient, ben: Patient, exercise: Exercise
) -> None:
    for days, score in ((20, 70.0), (15, 71.0), (10, 80.0)):
        said(amy, exercise, days, score)
    assert today.improving(alice) == set()
    said(amy, exercise, 1, 82.0)
    (move,) = today.moves(alice)
    assert (move.before, move.after, move.code) == (70.5, 81.0, "A-1")
    assert today.improving(alice) == {amy.pk}
    for days, score in ((20, 80.0), (15, 80.0), (10, 82.0), (5, 82.0)):  # less than counts
        said(ben, exercise, days, score)
    assert today.improving(bob) == set()
    assert today.improving(alice) == {amy.pk}


def test_what_is_older_than_eight_weeks_is_no_trend(alice: User, amy: Patient, exercise: Exercise) -> None:
    for days, score in ((80, 10.0), (70, 10.0), (10, 80.0), (5, 80.0)):
        said(amy, exercise, days, score)
    assert today.moves(alice) == []


def test_who_was_given_something_a_week_ago_and_has_not_begun_has_stopped(
    alice: User, amy: Patient, exercise: Exercise
) -> None:
    given = Assignment.objects.create(exercise=exercise, patient=amy, given_by=alice)
    assert not today.stopped(alice)
    Assignment.objects.update(given_at=timezone.now() - timedelta(days=8))
    assert list(today.stopped(alice)) == [amy]
    given.ended_at = timezone.now()
    given.save()
    assert not today.stopped(alice)


def test_the_patients_page_shows_what_was_given_and_not_practised_yet(
    alice: User, amy: Patient, exercise: Exercise, client: Client
) -> None:
    said(amy, Exercise.objects.create(title="not given", created_by=alice), 1)
    Assignment.objects.create(exercise=exercise, patient=amy, given_by=alice)

    found = patient_page(alice, amy).progress

    assert [(each.exercise.title, each.is_given, each.count) for each in found] == [
        ("park", True, 0), ("not given", False, 1),
    ]  # fmt: skip
    client.force_login(alice)
    page = opened(client, reverse("admin:analysis_patient_change", args=[amy.pk]))
    assert "Not practised yet." in page


def test_who_has_not_practised_for_a_week_has_stopped(alice: User, amy: Patient, exercise: Exercise) -> None:
    assert not today.stopped(alice)  # was given nothing yet
    said(amy, exercise, 8)
    assert list(today.stopped(alice)) == [amy]
    said(amy, exercise, 6)
    assert not today.stopped(alice)


def test_a_failure_that_was_mended_is_no_failure(alice: User, amy: Patient, exercise: Exercise) -> None:
    recording = said(amy, exercise, 1)
    failing(recording)
    assert list(today.failed(alice)) == [recording]
    found(recording)
    assert not today.failed(alice)


def test_each_number_is_the_length_of_the_list_behind_it(
    alice: User, amy: Patient, ben: Patient, exercise: Exercise, client: Client
) -> None:
    for days, score in ((40, 60.0), (30, 62.0), (20, 80.0), (10, 82.0)):
        said(amy, exercise, days, score)
    failing(said(amy, exercise, 9))
    failing(said(ben, exercise, 9))
    client.force_login(alice)
    shown = numbers(opened(client, reverse("admin:index")))
    assert sorted(shown.values()) == [1, 1, 1, 4, 5]
    for address, number in shown.items():
        assert client.get(address).context["cl"].result_count == number, address


def test_the_first_page_says_what_failed_and_why(
    alice: User, amy: Patient, exercise: Exercise, client: Client
) -> None:
    client.force_login(alice)
    assert "Everything is reviewed" in opened(client, reverse("admin:index"))
    failing(said(amy, exercise, 9))
    page = opened(client, reverse("admin:index"))
    assert "no speech" in page
    assert "last recording 1\xa0week" in page


def test_an_administrator_sees_the_system_and_no_patient(
    amy: Patient, exercise: Exercise, client: Client
) -> None:
    failing(said(amy, exercise, 9))
    adam = User.objects.create_user("adam", is_staff=True)
    adam.groups.add(group("administrators"))
    client.force_login(adam)
    page = opened(client, reverse("admin:index"))
    assert numbers(page)[f"{reverse('admin:analysis_analysisjob_changelist')}?state__exact=failed"] == 1
    assert "A-1" not in page
    system = opened(client, reverse("system_state"))
    assert "ai_analysis" in system
    assert "No worker answers" in system


def test_only_administrators_ask_for_the_system(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.get(reverse("system_state")).status_code == 403


def test_with_redis_away_the_first_page_opens_and_says_so(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, unused: int
) -> None:
    from vocalborn import celery_app

    monkeypatch.setattr(celery_app.conf, "broker_read_url", f"redis://127.0.0.1:{unused}/0")
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(reverse("admin:index")).status_code == 200
    assert "Redis does not answer" in opened(client, reverse("system_state"))


def test_a_patients_page_tells_progress_notes_and_what_is_next(
    alice: User, amy: Patient, exercise: Exercise, turtle: acoustics.Analysis, client: Client
) -> None:
    said(amy, exercise, 20, 70.0)
    recording = said(amy, exercise, 2)
    result = found(recording, **AnalysisResult.columns(turtle))
    Review.objects.create(result=result, note="more breath")
    client.force_login(alice)
    page = opened(client, reverse("admin:analysis_patient_change", args=[amy.pk]))
    for words in ("2 recordings", "<polyline", "more breath", "What to practise next", "semitones", "Amy"):
        assert words in page, words
    (entry,) = LogEntry.objects.get_for_object(amy).filter(action=LogEntry.Action.ACCESS)
    assert (entry.actor, entry.additional_data) == (alice, {"access": "read"})


def test_a_patient_without_recordings_has_a_page(alice: User, amy: Patient, client: Client) -> None:
    client.force_login(alice)
    page = opened(client, reverse("admin:analysis_patient_change", args=[amy.pk]))
    assert "No recording yet" in page
