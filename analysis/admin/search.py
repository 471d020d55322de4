"""The search of the whole admin (Ctrl-K): pages, patients and exercises that the person may open, and no others.

unfold's own keeps results for five minutes, so a patient who was reassigned would still be found. This keeps none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from analysis.admin.scope import runs_tasks, user_of
from analysis.models import Exercise, Patient

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST = 8  # of each kind


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found, and what it is."""

    title: str
    kind: str
    address: str
    icon: str


def search(request: HttpRequest) -> HttpResponse:
    """What fits the term ``s``, as a piece of a page."""
    term = request.GET.get("s", "").strip()
    hits = list(_hits(request, term)) if term else []
    response = render(request, "analysis/search.html", {"term": term, "hits": hits})
    response["Cache-Control"] = "private, no-store"
    return response


def _hits(request: HttpRequest, term: str) -> Iterator[Hit]:
    user = user_of(request)
    if user.has_perm("analysis.view_patient"):
        yield from _patients(user, term, codes_only=runs_tasks(request) and not user.is_superuser)
    if user.has_perm("analysis.view_exercise"):
        yield from _exercises(user, term)
    yield from _pages(request, term)


def _patients(user: User, term: str, *, codes_only: bool) -> Iterator[Hit]:
    """A therapist's own by code or name; for an administrator all by code, as in the list of patients."""
    rows = Patient.objects.all() if codes_only else Patient.objects.visible_to(user)
    wanted = Q(code__icontains=term) if codes_only else Q(code__icontains=term) | Q(name__icontains=term)
    for patient in rows.filter(wanted).order_by("code")[:MOST]:
        title = patient.code if codes_only else f"{patient.code} {patient.name}".strip()
        yield _hit(title, patient, "group")


def _exercises(user: User, term: str) -> Iterator[Hit]:
    wanted = Q(title__icontains=term) | Q(text__icontains=term)
    for exercise in Exercise.objects.visible_to(user).filter(wanted).order_by("title")[:MOST]:
        yield _hit(exercise.title, exercise, "article")


def _hit(title: str, row: Patient | Exercise, icon: str) -> Hit:
    page = reverse(f"admin:analysis_{row._meta.model_name}_change", args=[row.pk])
    return Hit(title, str(row._meta.verbose_name), page, icon)


def _pages(request: HttpRequest, term: str) -> Iterator[Hit]:
    """The lines of the sidebar, which are those that the person may open."""
    site: Any = admin.site
    for group in site.get_sidebar_list(request):
        for item in group["items"]:
            if term.lower() in str(item["title"]).lower() and item["has_permission"]:
                yield Hit(str(item["title"]), str(group["title"]), str(item["link"]), str(item["icon"]))
