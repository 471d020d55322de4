"""Giving exercises to patients, and taking them back: the one door for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from analysis.models import Assignment, Exercise, Patient

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser, User


def may_give(user: User | AnonymousUser) -> bool:
    """Whether the person gives exercises at all; to whom is `Patient.objects.visible_to`'s to say."""
    return user.has_perm("analysis.change_assignment")


@transaction.atomic
def give(user: User, exercise: Exercise, patients: Iterable[Patient]) -> int:
    """Give the exercise to each patient that does not have it, and count them.

    Raises
    ------
    PermissionDenied
        For an exercise or a patient that the user may not see, or a user who gives none.
    """
    wanted = {patient.pk for patient in patients}
    _check(user, exercise)
    if Patient.objects.visible_to(user).filter(pk__in=wanted).count() != len(wanted):
        raise PermissionDenied
    # Locked, so that two who give at once do not meet in the constraint.
    Exercise.objects.select_for_update().get(pk=exercise.pk)
    have = set(exercise.assignments.open().values_list("patient", flat=True))
    new = wanted - have
    for patient in new:  # one by one: a bulk insert would not be in the audit log
        Assignment.objects.create(exercise=exercise, patient_id=patient, given_by=user)
    return len(new)


@transaction.atomic
def end(user: User, assignment: Assignment) -> bool:
    """Take an exercise back; what was recorded of it stays. False where that was done before.

    Raises
    ------
    PermissionDenied
        For another one's patient, or a user who gives none.
    """
    if not may_give(user) or not Patient.objects.visible_to(user).filter(pk=assignment.patient_id).exists():
        raise PermissionDenied
    current = Assignment.objects.select_for_update().get(pk=assignment.pk)
    if current.ended_at is not None:
        return False
    current.ended_at = timezone.now()
    current.save(update_fields=["ended_at"])
    return True


def _check(user: User, exercise: Exercise) -> None:
    if not may_give(user) or not Exercise.objects.visible_to(user).filter(pk=exercise.pk).exists():
        raise PermissionDenied
