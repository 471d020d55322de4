"""Patients: the therapist's own; an administrator sees codes and may reassign."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Count, Max, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from analysis.admin.patient_page import patient_page
from analysis.admin.practice_filters import PracticeFilter
from analysis.admin.scope import OwnAdmin, TakesItsHistoryAlong, name_of, runs_tasks, user_of
from analysis.audit import READ, record_visit
from analysis.models import Patient


@admin.register(Patient)
class PatientAdmin(TakesItsHistoryAlong, OwnAdmin):
    list_display = ["code", "name", "sex", "birth_year", "recording_count", "last_recorded"]
    search_fields = ["code", "name"]
    list_filter = [PracticeFilter, "sex"]
    change_form_outer_before_template = "analysis/patient_head.html"
    delete_confirmation_template = "analysis/patient_delete.html"
    fields = ["code", "name", "sex", "birth_year", "therapists", "user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = Patient.objects.all() if self._codes_only(request) else super().get_queryset(request)
        # Aggregation drops the model's own order.
        counted = rows.annotate(_recordings=Count("recordings"), _last=Max("recordings__recorded_at"))
        return counted.order_by("code")

    def get_list_display(self, request: HttpRequest) -> Any:
        return ["code"] if self._codes_only(request) else super().get_list_display(request)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [] if self._codes_only(request) else super().get_list_filter(request)

    def get_search_fields(self, request: HttpRequest) -> Any:
        return ["code"] if self._codes_only(request) else super().get_search_fields(request)

    def get_fields(self, request: HttpRequest, obj: Patient | None = None) -> Any:
        return ["code", "therapists"] if self._codes_only(request) else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Patient | None = None) -> Any:
        if self._codes_only(request):
            return ["code"]
        # The choices would be the accounts of everybody's patients.
        return [] if user_of(request).is_superuser else ["user"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = User.objects.filter(is_active=True, groups__name="therapists")
        kwargs["widget"] = (
            UnfoldAdminCheckboxSelectMultipleWidget()
        )  # a clinic's therapists fit; two boxes do not
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.label_from_instance = name_of
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":  # a patient's account is no colleague's
            kwargs["queryset"] = User.objects.filter(is_staff=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # one at a time, by typing the code
        return actions

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        extra: dict[str, Any] = kwargs.pop("extra_context", None) or {}
        patient = None if self._codes_only(request) else self.get_object(request, object_id)
        if patient is not None and self.has_view_permission(request, patient):
            extra["vb_patient"] = patient_page(user_of(request), patient)
            if request.method == "GET":
                record_visit(user_of(request), patient, READ)
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Voices and years of results go, for good: only where the patient's code was typed."""
        context = dict(extra_context or {})
        if request.method == "POST":
            patient = self.get_object(request, object_id)
            if patient is not None and request.POST.get("code", "").strip() != patient.code:
                # Django removes on any POST with something in it, so this one is shown the question again.
                request.POST, context["is_wrong"] = QueryDict(), True
        return super().delete_view(request, object_id, context)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A query string may filter by any field of the model, and so would tell a name letter by letter."""
        if self._codes_only(request) and lookup.split("__", maxsplit=1)[0] not in ("code", "id"):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def save_related(self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change and not user_of(request).is_superuser:
            form.instance.therapists.add(user_of(request))  # or the patient would vanish from their own list

    @admin.display(description=_("recordings"), ordering="_recordings")
    def recording_count(self, patient: Any) -> int:
        return int(patient._recordings)

    @admin.display(description=_("last recording"), ordering="_last")
    def last_recorded(self, patient: Any) -> Any:
        return patient._last

    def _codes_only(self, request: HttpRequest) -> bool:
        return runs_tasks(request) and not user_of(request).is_superuser
