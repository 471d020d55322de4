"""Results: the page that a therapist reads."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from analysis import audit
from analysis.admin.audio import player
from analysis.admin.scope import OwnFilter, OwnReadOnlyAdmin, user_of
from analysis.models import AnalysisResult
from analysis.report import report


@admin.register(AnalysisResult)
class AnalysisResultAdmin(OwnReadOnlyAdmin):
    list_display = [
        "patient_code", "exercise_title", "overall", "pronunciation", "fluency", "rhythm", "pitch", "flags",
        "recorded_at",
    ]  # fmt: skip
    list_filter = [
        ("job__recording__patient", OwnFilter),
        ("job__recording__exercise", OwnFilter),
        "created_at",
    ]
    search_fields = ["job__recording__patient__code", "job__recording__patient__name"]
    date_hierarchy = "created_at"
    list_select_related = ["job__recording__patient", "job__recording__exercise"]
    change_form_before_template = "analysis/result.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.list_select_related)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # the report is the page

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        result = self.get_object(request, object_id)
        extra: dict[str, Any] = kwargs.pop("extra_context", None) or {}
        if result is not None:
            recording = result.job.recording
            audit.record_access(user_of(request), result, audit.READ)
            extra |= {
                "title": recording.exercise.title,
                "subtitle": recording.patient.code,
                "report": report(result),
                "result": result,
                "recording": recording,
                "player": player(recording),
                "example": player(recording.exercise) if recording.exercise.example else "",
            }
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    @admin.display(description=_("patient"), ordering="job__recording__patient__code")
    def patient_code(self, result: AnalysisResult) -> str:
        patient = result.job.recording.patient
        return f"{patient.code} {patient.name}".strip()

    @admin.display(description=_("exercise"), ordering="job__recording__exercise__title")
    def exercise_title(self, result: AnalysisResult) -> str:
        return result.job.recording.exercise.title

    @admin.display(description=_("recorded"), ordering="job__recording__recorded_at")
    def recorded_at(self, result: AnalysisResult) -> Any:
        return result.job.recording.recorded_at

    @admin.display(description=_("overall score"), ordering="overall_score")
    def overall(self, result: AnalysisResult) -> str:
        return _number(result.overall_score)

    @admin.display(description=_("pronunciation accuracy"), ordering="pronunciation_accuracy")
    def pronunciation(self, result: AnalysisResult) -> str:
        return _number(result.pronunciation_accuracy)

    @admin.display(description=_("fluency"), ordering="fluency_score")
    def fluency(self, result: AnalysisResult) -> str:
        return _number(result.fluency_score)

    @admin.display(description=_("rhythm"), ordering="rhythm_score")
    def rhythm(self, result: AnalysisResult) -> str:
        return _number(result.rhythm_score)

    @admin.display(description=_("pitch"), ordering="pitch_score")
    def pitch(self, result: AnalysisResult) -> str:
        return _number(result.pitch_score)

    @admin.display(description=_("quality flags"))
    def flags(self, result: AnalysisResult) -> str:
        flags = report(result).flags
        title = " ".join(flag.text for flag in flags)
        return format_html('<span title="{}">⚠ {}</span>', title, len(flags)) if flags else "–"


def _number(score: float | None) -> str:
    return "–" if score is None else f"{score:.0f}"
