"""Speech practice in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from analysis.files import measure
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording


class OwnOnly(ModelAdmin):
    """Rows, and choices of foreign keys, that the person may see."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(request.user)
        return rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        manager = db_field.remote_field.model._default_manager
        if hasattr(manager, "visible_to"):
            kwargs["queryset"] = manager.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(OwnOnly):
    """What the system writes and people read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Patient)
class PatientAdmin(OwnOnly):
    list_display = ["code", "name", "sex", "birth_year", "created_at"]
    search_fields = ["code", "name"]
    filter_horizontal = ["therapists"]

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change and not request.user.is_superuser:
            form.instance.therapists.add(request.user)  # or the patient would vanish from their own list


@admin.register(Exercise)
class ExerciseAdmin(OwnOnly):
    list_display = ["title", "kind", "language", "text", "created_by"]
    list_filter = ["kind", "language"]
    search_fields = ["title", "text"]
    exclude = ["created_by", "marks"]

    def save_model(self, request: HttpRequest, obj: Exercise, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]  # nobody is here without an account
        super().save_model(request, obj, form, change)


@admin.register(PracticeRecording)
class PracticeRecordingAdmin(OwnOnly):
    list_display = ["__str__", "exercise", "recorded_at", "size"]
    date_hierarchy = "recorded_at"
    list_select_related = ["patient", "exercise"]
    search_fields = ["patient__code"]
    actions = ["analyse"]
    readonly_fields = ["size", "sha256", "uploaded_by"]

    def save_model(
        self, request: HttpRequest, obj: PracticeRecording, form: ModelForm[Any], change: bool
    ) -> None:
        if "audio" in form.changed_data:
            obj.size, obj.sha256 = measure(form.cleaned_data["audio"])
            obj.uploaded_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Analyse the selected recordings"))
    def analyse(self, request: HttpRequest, queryset: QuerySet[PracticeRecording]) -> None:
        manager = TaskManager(request.user)  # type: ignore[arg-type]
        for recording in queryset:
            manager.submit(recording.pk)
        count = len(queryset)
        messages.success(
            request,
            ngettext("%(count)d recording is queued.", "%(count)d recordings are queued.", count)
            % {"count": count},
        )


@admin.register(AnalysisJob)
class AnalysisJobAdmin(ReadOnly):
    list_display = [
        "id",
        "patient_code",
        "state",
        "progress",
        "current_step",
        "attempt",
        "created_at",
        "finished_at",
    ]
    list_filter = ["state"]
    date_hierarchy = "created_at"
    list_select_related = ["recording__patient"]

    @admin.display(description=_("patient"))
    def patient_code(self, job: AnalysisJob) -> str:
        return job.recording.patient.code


@admin.register(AnalysisResult)
class AnalysisResultAdmin(ReadOnly):
    list_display = [
        "patient_code", "overall_score", "pronunciation_accuracy", "fluency_score", "rhythm_score", "pitch_score",
        "created_at",
    ]  # fmt: skip
    date_hierarchy = "created_at"
    list_select_related = ["job__recording__patient"]

    @admin.display(description=_("patient"))
    def patient_code(self, result: AnalysisResult) -> str:
        return result.job.recording.patient.code
