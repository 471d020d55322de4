"""Many recordings at once: a page where files are dropped, and the door through which each comes by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db.models import QuerySet
from django.forms import DateTimeField, FileField, Form, ModelChoiceField
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from analysis.admin.scope import user_of
from analysis.admin.sound_input import refusals
from analysis.admin.state import LIVE, live
from analysis.api.problems import Problem
from analysis.api.recordings import AHEAD, EARLIEST
from analysis.api.uploads import LimitedUpload, require_sound
from analysis.files import RefusedFile, measure
from analysis.manager import TaskManager
from analysis.models import Exercise, Patient, PracticeRecording

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE = "admin:analysis_exercise_upload"
PERMISSION = "analysis.add_practicerecording"
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Drop:
    """A place to drop files, for one patient, one exercise, or neither."""

    patient: Patient | None
    exercise: Exercise | None
    client: dict[str, Any]


def may_upload(user: User) -> bool:
    """Whether the person uploads recordings at all; whose, `visible_to` says."""
    return user.has_perm(PERMISSION)


def drop(user: User, *, patient: Patient | None = None, exercise: Exercise | None = None) -> Drop | None:
    """What `analysis/upload/drop.html` needs; None for who may not upload."""
    if not may_upload(user):
        return None
    patients = Patient.objects.visible_to(user).order_by("code")
    exercises = Exercise.objects.visible_to(user).order_by("title")
    return Drop(patient, exercise, {
        "address": reverse(PAGE),
        "live": reverse(LIVE),
        "at_once": AT_ONCE,
        "most_bytes": settings.AUDIO_MAX_BYTES,
        "patients": _choices(patients if patient is None else patients.filter(pk=patient.pk)),
        "exercises": _choices(exercises if exercise is None else exercises.filter(pk=exercise.pk)),
        "words": _words(),
    })  # fmt: skip


def _choices(rows: QuerySet[Any]) -> list[dict[str, str]]:
    """``match`` is what a file's name is searched for."""
    return [
        {
            "id": str(row.pk),
            "match": row.code if isinstance(row, Patient) else row.title,
            "label": f"{row.code} {row.name}".strip() if isinstance(row, Patient) else row.title,
        }
        for row in rows
    ]


def _words() -> dict[str, str]:
    return {
        "choose": _("choose"),
        "remove": _("Remove"),
        "patient": _("patient"),
        "exercise": _("exercise"),
        "recorded": _("recorded"),
        "waiting": _("ready"),
        "incomplete": _("choose the patient and the exercise"),
        "sending": _("uploading"),
        **refusals(),
        "away": _("The site did not answer. Please try again."),
        "open": _("To the recording"),
        "done": _("%(done)s of %(all)s uploaded"),
    }


# --- the page and the door


def uploads(site: Any) -> Callable[..., HttpResponse]:
    """The view: the page for GET, one file for POST."""

    def view(request: HttpRequest) -> HttpResponse:
        if not may_upload(user_of(request)):
            raise PermissionDenied
        return _one(request) if request.method == "POST" else _page(site, request)

    inner = csrf_protect(view)

    # The check of the CSRF token reads the whole body, so what limits the body comes before it.
    @csrf_exempt
    @wraps(view)
    def limited(request: HttpRequest) -> HttpResponse:
        request.upload_handlers = [LimitedUpload(request)]
        try:
            return inner(request)
        except Problem as problem:
            return _refused(str(problem.body["title"]))

    wrapped: Callable[..., HttpResponse] = site.admin_view(limited)
    return wrapped


def _page(site: Any, request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    patient = _named(Patient.objects.visible_to(user), request.GET.get("patient"))
    exercise = _named(Exercise.objects.visible_to(user), request.GET.get("exercise"))
    context = site.each_context(request) | {
        "title": _("Upload recordings"),
        "opts": PracticeRecording._meta,
        "drop": drop(user, patient=patient, exercise=exercise),
    }
    return TemplateResponse(request, "analysis/upload/page.html", context)


def _named(rows: QuerySet[Any], key: str | None) -> Any:
    try:
        return rows.filter(pk=UUID(key or "")).first()
    except ValueError:
        return None


class UploadForm(Form):
    """The fields beside the file: rows that the person may see."""

    audio = FileField()
    patient = ModelChoiceField(Patient.objects.none())
    exercise = ModelChoiceField(Exercise.objects.none())
    recorded_at = DateTimeField(required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST, request.FILES)
        user = user_of(request)
        self.fields["patient"].queryset = Patient.objects.visible_to(user)  # type: ignore[attr-defined]
        self.fields["exercise"].queryset = Exercise.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean_recorded_at(self) -> datetime | None:
        """A file's own date is a guess of the browser's: one that cannot be is not taken."""
        moment: datetime | None = self.cleaned_data["recorded_at"]
        return moment if moment and EARLIEST <= moment <= timezone.now() + AHEAD else None


def _one(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request)
    if not form.is_valid():
        errors = next(iter(form.errors.values()))
        return _refused(str(errors[0]))
    asked = form.cleaned_data
    try:
        if _is_there(asked["audio"], asked["patient"], asked["exercise"]):
            return _refused(_("This file was uploaded before, for this patient and exercise."))
        require_sound(asked["audio"])
        times = {"recorded_at": asked["recorded_at"]} if asked["recorded_at"] else {}
        recording, job = TaskManager(user_of(request)).upload(
            asked["audio"], patient=asked["patient"], exercise=asked["exercise"], **times
        )
    except RefusedFile as error:
        return _refused(str(error))
    address = reverse("admin:analysis_practicerecording_change", args=[recording.pk])
    return JsonResponse({"address": address, "job": live(job) if job else None}, status=201)


def _is_there(file: File[bytes], patient: Patient, exercise: Exercise) -> bool:
    """Whether the patient has a recording of the exercise with these very bytes: dropped twice, most likely."""
    _size, sha256 = measure(file)
    return PracticeRecording.objects.filter(patient=patient, exercise=exercise, sha256=sha256).exists()


def _refused(why: str) -> JsonResponse:
    """A file that is not taken is no error of the request: a browser would write one into its console."""
    return JsonResponse({"error": why})
