"""The demonstration's people and recordings: put in once, over eight weeks, with every case to look at."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from analysis.demo.people import populate
from analysis.models import Exercise, Patient, PracticeRecording

pytestmark = pytest.mark.django_db

TUESDAY = date(2026, 3, 10)


def test_six_patients_of_two_therapists_practise_exercises_of_every_kind() -> None:
    practised = populate()
    assert len(practised) >= 30
    assert User.objects.filter(groups__name="therapists", patients__isnull=False).distinct().count() == 2
    assert Patient.objects.filter(recordings__isnull=False, therapists__isnull=False).distinct().count() == 6
    exercises = Exercise.objects.filter(recordings__isnull=False)
    assert set(exercises.values_list("kind", flat=True)) == set(Exercise.Kind.values)
    assert set(exercises.values_list("language", flat=True)) == set(Exercise.Language.values)


def test_what_is_there_is_found_again_and_stays_on_its_day() -> None:
    first = [(each.recording.pk, each.recording.recorded_at) for each in populate(TUESDAY)]
    again = [
        (each.recording.pk, each.recording.recorded_at) for each in populate(TUESDAY + timedelta(days=10))
    ]
    assert again == first
    assert len(set(first)) == PracticeRecording.objects.count()


def test_a_recording_whose_row_was_deleted_is_made_again() -> None:
    gone = populate(TUESDAY)[3].recording
    total = PracticeRecording.objects.count()
    gone.delete()
    assert populate(TUESDAY)[3].recording.recorded_at == gone.recorded_at
    assert PracticeRecording.objects.count() == total


@pytest.mark.parametrize("weekday", range(7))
def test_the_recordings_fill_the_eight_weeks_before_whichever_day(weekday: int) -> None:
    today = TUESDAY + timedelta(days=weekday)
    days = [timezone.localtime(each.recording.recorded_at).date() for each in populate(today)]
    assert all(timedelta(0) < today - day <= timedelta(weeks=8) for day in days)
    assert {(today - day - timedelta(days=1)).days // 7 for day in days} == set(range(8))


def test_a_patients_recordings_come_in_the_order_of_their_weeks() -> None:
    """Whatever weekday the demonstration is loaded on: the trend is the same."""
    orders = set()
    for weekday in range(7):
        practised = populate(TUESDAY + timedelta(days=weekday))
        of_third = [each for each in practised if each.recording.patient.code == "DEMO-P3"]
        by_time = sorted(of_third, key=lambda each: each.recording.recorded_at)
        orders.add(tuple(each.recording.sha256 for each in by_time))
        PracticeRecording.objects.all().delete()
    assert len(orders) == 1
