"""Who one is, who practises, and what."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from ninja import Router
from ninja.pagination import paginate

from analysis.api.auth import Request
from analysis.api.pages import Page
from analysis.api.schemas import ExerciseOut, MeOut, PatientOut
from analysis.models import Exercise, Patient

router = Router(tags=["practice"])


@router.get("/me", response=MeOut)
def me(request: Request) -> dict[str, Any]:
    """Whom the session or the token stands for."""
    user = request.auth
    patient = Patient.objects.filter(user=user).values_list("pk", flat=True).first()
    return {
        "id": user.pk,
        "username": user.get_username(),
        "name": user.get_full_name(),
        "roles": _roles(user, is_patient=patient is not None),
        "patient": patient,
    }


def _roles(user: User, *, is_patient: bool) -> list[str]:
    groups = set(user.groups.values_list("name", flat=True))
    held = {
        "therapist": "therapists" in groups,
        "administrator": "administrators" in groups,
        "superuser": user.is_superuser,
        "patient": is_patient,
    }
    return [role for role, is_held in held.items() if is_held]


@router.get("/patients", response=list[PatientOut])
@paginate(Page)
def patients(request: Request) -> QuerySet[Patient]:
    """A therapist's own patients; a patient's account sees itself."""
    return Patient.objects.visible_to(request.auth)


@router.get("/exercises", response=list[ExerciseOut])
@paginate(Page)
def exercises(request: Request) -> QuerySet[Exercise]:
    """What one wrote, and what one's patients practise."""
    return Exercise.objects.visible_to(request.auth).order_by("title", "pk")
