"""Practice recordings: listen, analyse, analyse again, cancel."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis.admin.arrivals import TellsOfArrivals
from analysis.admin.audio import player
from analysis.admin.exercises import KeepsFiles
from analysis.admin.practice_filters import ArrivalFilter
from analysis.admin.review_filter import ReviewFilter
from analysis.admin.scope import OwnAdmin, OwnFilter, TakesItsHistoryAlong, patient_cell, user_of
from analysis.admin.state import badge, overall
from analysis.audit import READ, record_visit
from analysis.files import RefusedFile, measure
from analysis.manager import TaskManager
from analysis.models import LONG_COLUMNS, AnalysisJob, PracticeRecording


class RecordingForm(ModelForm):  # type: ignore[type-arg]
    """Refuses a file that is empty or too large, in words."""

    class Meta:
        model = PracticeRecording
        fields = ["patient", "exercise", "audio", "recorded_at"]

    def clean_audio(self) -> Any:
        audio = self.cleaned_data.get("audio")
        if audio and "audio" in self.changed_data:
            try:
                measure(audio)
            except RefusedFile as error:
                self.add_error("audio", str(error))
        return audio


@admin.register(PracticeRecording)
class PracticeRecordingAdmin(TellsOfArrivals, TakesItsHistoryAlong, KeepsFiles, OwnAdmin):
    form = RecordingForm
    owner = "pk"
    list_display = ["of_patient", "exercise", "recorded_at", "state", "overall"]
    list_filter = [
        ReviewFilter,
        ArrivalFilter,
        ("patient", OwnFilter),
        ("exercise", OwnFilter),
        "recorded_at",
    ]
    date_hierarchy = "recorded_at"
    list_select_related = ["patient", "exercise"]
    search_fields = ["patient__code", "patient__name", "exercise__title"]
    actions = ["analyse", "cancel"]
    change_form_outer_before_template = "analysis/recording_head.html"
    list_before_template = "analysis/upload/door.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # A list shows the scores, not what they were made of.
        jobs = AnalysisJob.objects.select_related("result").defer(
            *(f"result__{name}" for name in LONG_COLUMNS)
        )
        latest = Prefetch("jobs", jobs.order_by("-created_at"))
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("patient", "exercise").prefetch_related(
            latest
        )  # its name is the patient's code

    def get_readonly_fields(self, request: HttpRequest, obj: PracticeRecording | None = None) -> list[str]:
        # What was analysed stays what it was: another file is another recording.
        return ["patient", "exercise"] if obj else []

    def get_fields(self, request: HttpRequest, obj: PracticeRecording | None = None) -> list[str]:
        return (
            ["patient", "exercise", "recorded_at"] if obj else ["patient", "exercise", "audio", "recorded_at"]
        )

    def get_urls(self) -> list[Any]:
        doors = [
            path(
                f"<uuid:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"analysis_practicerecording_{name}",
            )
            for name, view in (("analyse", self.analyse_one), ("cancel", self.cancel_one))
        ]
        return [*doors, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        recording = self.get_object(request, object_id)
        extra: dict[str, Any] = kwargs.pop("extra_context", None) or {}
        if recording is not None:
            if request.method == "GET":
                record_visit(user_of(request), recording, READ)
            jobs = _jobs(recording)
            extra["vb"] = {
                "player": player(recording),
                "example": player(recording.exercise) if recording.exercise.example else "",
                "jobs": [(job, badge(job)) for job in jobs],
                "active": next((job for job in jobs if job.state in ("queued", "running")), None),
            }
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    def save_model(self, request: HttpRequest, obj: PracticeRecording, form: Any, change: bool) -> None:
        if not change:
            obj.uploaded_by = user_of(request)
            kept = self.keep(request, obj.audio)
            obj.size, obj.sha256 = kept.size, kept.sha256
        super().save_model(request, obj, form, change)

    # --- doors

    def analyse_one(self, request: HttpRequest, pk: Any) -> HttpResponse:
        recording = self._asked_for(request, pk)
        if recording is None:
            return HttpResponseNotAllowed(["POST"])
        TaskManager(user_of(request)).submit(recording.pk)
        messages.success(request, _("The analysis is queued."))
        return redirect(reverse("admin:analysis_practicerecording_change", args=[pk]))

    def cancel_one(self, request: HttpRequest, pk: Any) -> HttpResponse:
        recording = self._asked_for(request, pk)
        if recording is None:
            return HttpResponseNotAllowed(["POST"])
        self._cancel(request, [recording])
        return redirect(reverse("admin:analysis_practicerecording_change", args=[pk]))

    def _asked_for(self, request: HttpRequest, pk: Any) -> PracticeRecording | None:
        """The recording, for a POST of somebody who may change it; None for another method."""
        recording = get_object_or_404(PracticeRecording.objects.visible_to(user_of(request)), pk=pk)
        if not self.has_change_permission(request, recording):
            raise PermissionDenied
        return recording if request.method == "POST" else None

    @admin.action(description=gettext_lazy("Analyse the selected recordings"), permissions=["change"])
    def analyse(self, request: HttpRequest, queryset: QuerySet[PracticeRecording]) -> None:
        manager = TaskManager(user_of(request))
        jobs = [manager.submit(recording.pk) for recording in queryset]
        queued = ngettext("%(count)d analysis is queued.", "%(count)d analyses are queued.", len(jobs))
        messages.success(request, queued % {"count": len(jobs)})

    @admin.action(
        description=gettext_lazy("Cancel the analyses of the selected recordings"), permissions=["change"]
    )
    def cancel(self, request: HttpRequest, queryset: QuerySet[PracticeRecording]) -> None:
        self._cancel(request, queryset)

    def _cancel(self, request: HttpRequest, recordings: Any) -> None:
        jobs = (
            AnalysisJob.objects.visible_to(user_of(request)).active().filter(recording__in=list(recordings))
        )
        count = sum(job.cancel(user_of(request)) for job in jobs)
        if count:
            asked = ngettext("%(count)d analysis is cancelled.", "%(count)d analyses are cancelled.", count)
            messages.success(request, asked % {"count": count})
        else:
            messages.info(request, _("There is nothing to cancel."))

    # --- columns

    @admin.display(description=gettext_lazy("patient"), ordering="patient__code")
    def of_patient(self, recording: PracticeRecording) -> str:
        return patient_cell(recording.patient)

    @admin.display(description=gettext_lazy("state"))
    def state(self, recording: PracticeRecording) -> str:
        return badge(next(iter(_jobs(recording)), None), recording)

    @admin.display(description=gettext_lazy("overall score"))
    def overall(self, recording: PracticeRecording) -> str:
        done = (overall(job) for job in _jobs(recording) if job.state == "succeeded")
        return format_html('<span data-score="{}">{}</span>', recording.pk, next(done, "–"))


def _jobs(recording: PracticeRecording) -> list[AnalysisJob]:
    """Newest first, prefetched with their results."""
    return list(recording.jobs.all())  # type: ignore[arg-type]
