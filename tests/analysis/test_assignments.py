"""Exercises given to patients."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from analysis.assignments import end, give
from analysis.models import Assignment, Exercise, Patient


def test_an_exercise_is_given_once_and_again_after_its_end(
    alice: User, amy: Patient, exercise: Exercise
) -> None:
    assert give(alice, exercise, [amy]) == 1
    assert give(alice, exercise, [amy]) == 0
    given = Assignment.objects.get()
    assert (given.given_by, given.ended_at) == (alice, None)
    assert end(alice, given)
    assert not end(alice, given)
    assert give(alice, exercise, [amy]) == 1
    assert Assignment.objects.open().count() == 1
    assert LogEntry.objects.get_for_object(given).count() == 2


def test_nobody_gives_to_another_ones_patient(
    alice: User, bob: User, amy: Patient, ben: Patient, exercise: Exercise
) -> None:
    with pytest.raises(PermissionDenied):
        give(alice, exercise, [amy, ben])
    assert not Assignment.objects.exists()
    with pytest.raises(PermissionDenied):
        give(bob, exercise, [ben])  # he does not know the exercise
    give(alice, exercise, [amy])
    with pytest.raises(PermissionDenied):
        end(bob, Assignment.objects.get())


def test_a_patient_sees_what_they_were_given_until_it_is_ended(
    alice: User, bob: User, amy: Patient, exercise: Exercise
) -> None:
    amy.user = User.objects.create_user("amy")
    amy.save()
    assert not Exercise.objects.visible_to(amy.user).exists()
    give(alice, exercise, [amy])
    assert list(Exercise.objects.visible_to(amy.user)) == [exercise]
    assert list(Assignment.objects.visible_to(amy.user)) == [Assignment.objects.get()]
    assert not Assignment.objects.visible_to(bob).exists()
    with pytest.raises(PermissionDenied):  # a patient gives nothing
        give(amy.user, exercise, [amy])
    end(alice, Assignment.objects.get())
    assert not Exercise.objects.visible_to(amy.user).exists()
