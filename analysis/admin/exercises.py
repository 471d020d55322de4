"""Exercises, with the therapist's example: written, recorded, marked, copied, given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext, suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis import acoustics, assignments, examples
from analysis.acoustics.example import Example
from analysis.admin.exercise_page import exercise_page, marks_told, trouble
from analysis.admin.scope import OwnAdmin, name_of, user_of
from analysis.admin.sound_input import SoundInput
from analysis.admin.uploads import uploads
from analysis.files import Incoming, RefusedFile, discard, measure, stored
from analysis.models import Assignment, Exercise, Patient, PracticeRecording
from analysis.wording import FLAG_TEXTS, UNUSABLE_TEXTS, sentence

CHANGE = "admin:analysis_exercise_change"
# What marks belong to: where one of these changes, they say nothing any more.
MARKED = {"example", "text", "kind", "language"}


class KeepsFiles:
    """Row and uploaded file in one transaction: what fails after the file is kept, such as the log, takes it back."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        with transaction.atomic(), ExitStack() as request.kept:  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def keep(self, request: HttpRequest, field_file: FieldFile) -> Incoming:
        """Put the file that was assigned to the field in its place."""
        kept: Incoming = request.kept.enter_context(stored(field_file))  # type: ignore[attr-defined]
        return kept


class ExampleInput(SoundInput):
    """A file, or what is recorded in the browser: the script puts its sound into the same field."""

    template_name = "analysis/exercise/example_input.html"

    class Media:
        js = [Script("analysis/exercise/recorder.js", type="module")]
        css = {"all": ["analysis/exercise/exercise.css"]}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["recorder"] = {
            "most_seconds": min(examples.MOST_SECONDS, settings.AUDIO_MAX_SECONDS),
            "words": {
                "insecure": _("A browser gives the microphone only to pages that are opened by https."),
                "unsupported": _("This browser cannot record. Please choose a file instead."),
                "denied": _("The microphone was not allowed. Please allow it beside the page's address."),
                "none": _("No microphone was found. Please connect one, or choose a file instead."),
                "busy": _("The microphone is in use by another program."),
                "failed": _("The recording failed. Please try again, or choose a file instead."),
                "too_loud": _("Too loud: move away from the microphone."),
                "recording": _("Recording"),
                "recorded": _("Recorded: listen, then save the exercise."),
                "record": _("Record"),
                "again": _("Record again"),
                "stop": _("Stop"),
            },
        }
        return context


class ExerciseForm(ModelForm):  # type: ignore[type-arg]
    """Refuses an example that no analysis would take, or that none would score against.

    Attributes
    ----------
    found : Example or None
        What was heard in the example, where it or its text has changed.
    """

    found: Example | None = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("example") and not self.errors and MARKED & set(self.changed_data):
            self._look()
        return cleaned

    def _look(self) -> None:
        asked, is_new = self.cleaned_data, "example" in self.changed_data
        try:
            if is_new:
                measure(asked["example"])
            with nullcontext(asked["example"]) if is_new else asked["example"].open("rb") as file:
                self.found = examples.look_at(
                    file, kind=asked["kind"], text=asked["text"], language=asked["language"]
                )
        except RefusedFile as error:
            self.add_error("example", str(error))
        except (acoustics.UnusableRecording, FileNotFoundError) as error:
            if is_new:  # a kept one that is lost or spoilt does not hinder who corrects the title
                code = getattr(error, "code", "missing")
                self.add_error("example", sentence(UNUSABLE_TEXTS, f"example_{code}"))
        if is_new and self.found and not self.found.is_fit:
            unfit = [flag for flag in self.found.flags if flag.severity == "unfit"]
            said = [sentence(FLAG_TEXTS, flag.code, flag.figures) for flag in unfit]
            self.add_error("example", " ".join([_("This is not fit to be an example."), *said]))


@admin.register(Exercise)
class ExerciseAdmin(KeepsFiles, OwnAdmin):
    form = ExerciseForm
    list_display = ["title", "kind", "language", "text", "practised_by", "author"]
    list_filter = ["kind", "language"]
    list_select_related = ["created_by"]
    search_fields = ["title", "text"]
    fields = ["title", "kind", "language", "text", "example"]
    change_form_outer_after_template = "analysis/exercise/panels.html"

    # --- whose

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        open_ones = Q(assignments__ended_at=None, assignments__patient__in=_patients(request))
        counted = Count("assignments", filter=open_ones, distinct=True)
        # Aggregation drops the model's own order.
        rows: QuerySet[Any] = super().get_queryset(request).annotate(_given=counted).order_by("title")
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Exercise | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and self._owns(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Exercise | None = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and self._owns(request, obj)

    def _owns(self, request: HttpRequest, obj: Exercise | None) -> bool:
        """Others' patients are scored by it, so only who wrote it changes it."""
        return obj is None or user_of(request).is_superuser or obj.created_by_id == user_of(request).pk

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # it asks about no single row
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        """An exercise in use cannot go; whose patients use it is not everybody's to know."""
        rows = list(objs)
        used = PracticeRecording.objects.filter(exercise__in=rows).count()
        protected = [_("recordings of this exercise: %d") % used] if used else []
        return [str(row) for row in rows], {Exercise._meta.verbose_name_plural: len(rows)}, set(), protected

    # --- the form

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "example" and field is not None:
            field.widget = ExampleInput()
        return field

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        exercise = self.get_object(request, object_id)
        extra: dict[str, Any] = kwargs.pop("extra_context", None) or {}
        if exercise is not None:
            may_change = self.has_change_permission(request, exercise)
            extra["vb"] = exercise_page(user_of(request), exercise, may_change=may_change)
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: Exercise, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.created_by = user_of(request)
        if "example" in form.changed_data:
            if old := form.initial.get("example"):
                discard(old)
            if obj.example:
                self.keep(request, obj.example)
        dropped = bool(obj.marks) and bool(MARKED & set(form.changed_data))
        if dropped:
            obj.marks = None
        super().save_model(request, obj, form, change)
        for said in self._to_be_told(obj, getattr(form, "found", None), dropped):
            messages.warning(request, said)

    def _to_be_told(self, exercise: Exercise, found: Example | None, dropped: bool) -> Iterator[str]:
        if found:
            yield from examples.doubts(found)
        if dropped:
            yield _("The text or the example has changed, so the old syllable marks were dropped.")
        if found and found.places:
            address = f"{reverse(CHANGE, args=[exercise.pk])}#vb-marks"
            yield format_html('<a href="{}">{}</a>', address, _("Please check the syllable marks."))

    # --- doors

    def get_urls(self) -> list[Any]:
        doors = [
            path(f"<uuid:pk>/{name}/", self.admin_site.admin_view(view), name=f"analysis_exercise_{key}")
            for name, key, view in (
                ("marks", "marks", self.marks), ("copy", "copy", self.copy),
                ("give", "give", self.give), ("take-back", "take_back", self.take_back),
            )
        ]  # fmt: skip
        upload = path("upload/", uploads(self.admin_site), name="analysis_exercise_upload")
        return [upload, *doors, *super().get_urls()]

    def marks(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The marks of the example, found and set; with POST, those that a person has set."""
        exercise = self._asked_for(request, pk)
        try:
            if request.method == "POST":
                if not self.has_change_permission(request, exercise):
                    raise PermissionDenied
                return self._keep_marks(request, exercise)
            return JsonResponse(marks_told(exercise, examples.found_in(exercise)))
        except examples.ChangedMeanwhile as error:
            return JsonResponse({"error": trouble(error)}, status=409)
        except (acoustics.InvalidRequest, acoustics.UnusableRecording, FileNotFoundError) as error:
            return JsonResponse({"error": trouble(error)}, status=422)

    def _keep_marks(self, request: HttpRequest, exercise: Exercise) -> HttpResponse:
        try:
            asked = json.loads(request.body)
            rows, of = asked["marks"], str(asked["version"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise acoustics.InvalidRequest("marks", "?", "JSON") from error
        examples.mark(exercise, rows, of=of)
        return JsonResponse({"saved": rows})

    def copy(self, request: HttpRequest, pk: Any) -> HttpResponse:
        exercise = self._asked_for(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            made = examples.copy(user_of(request), exercise)
        except FileNotFoundError as error:
            messages.error(request, trouble(error))
            return redirect(reverse(CHANGE, args=[pk]))
        messages.success(request, _("This is your copy."))
        return redirect(reverse(CHANGE, args=[made.pk]))

    def give(self, request: HttpRequest, pk: Any) -> HttpResponse:
        exercise = self._asked_for(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        wanted = _patients(request).filter(pk__in=list(_uuids(request.POST.getlist("patient"))))
        count = assignments.give(user_of(request), exercise, wanted)
        said = ngettext("Given to %(count)d patient.", "Given to %(count)d patients.", count)
        if count:
            messages.success(request, said % {"count": count})
        else:
            messages.info(request, _("Nobody was chosen who does not have it yet."))
        return redirect(f"{reverse(CHANGE, args=[pk])}#vb-given")

    def take_back(self, request: HttpRequest, pk: Any) -> HttpResponse:
        exercise = self._asked_for(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = request.POST.get("assignment", "")
        given = Assignment.objects.visible_to(user_of(request)).filter(exercise=exercise)
        chosen = get_object_or_404(given, pk=int(key) if key.isdecimal() and len(key) < 19 else 0)
        if assignments.end(user_of(request), chosen):
            messages.success(request, _("Taken back from %(patient)s.") % {"patient": chosen.patient.code})
        return redirect(f"{reverse(CHANGE, args=[pk])}#vb-given")

    def _asked_for(self, request: HttpRequest, pk: Any) -> Exercise:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Exercise.objects.visible_to(user_of(request)), pk=pk)

    # --- columns

    @admin.display(description=gettext_lazy("given to"), ordering="_given")
    def practised_by(self, exercise: Any) -> str:
        return str(exercise._given or "–")

    @admin.display(description=gettext_lazy("written by"), ordering="created_by__username")
    def author(self, exercise: Exercise) -> str:
        return name_of(exercise.created_by)


def _patients(request: HttpRequest) -> QuerySet[Patient]:
    return Patient.objects.visible_to(user_of(request))


def _uuids(texts: list[str]) -> Iterator[UUID]:
    for text in texts:
        with suppress(ValueError):  # what is no id names nobody
            yield UUID(text)
