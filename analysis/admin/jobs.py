"""Analysis jobs: a therapist's own, all of them for an administrator, who sees codes and no results."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis.admin.arrivals import TellsOfArrivals
from analysis.admin.scope import runs_tasks, user_of
from analysis.admin.state import RESULTS, badge, counts, live, newest_of, overall
from analysis.models import LONG_COLUMNS, AnalysisJob
from tasks_admin.admin.readonly import ReadOnlyAdmin
from tasks_admin.jobs import JobState
from tasks_admin.models import JobAttempt

MOST_LIVE = 200


@admin.register(AnalysisJob)
class AnalysisJobAdmin(TellsOfArrivals, ReadOnlyAdmin):
    list_display = ["id", "patient_code", "state_badge", "why", "attempt", "created_at", "finished_at"]
    list_filter = ["state", "created_at"]
    date_hierarchy = "created_at"
    list_select_related = ["recording__patient", "result"]
    search_fields = ["id", "recording__patient__code"]
    actions = ["cancel_selected", "retry_selected"]
    fields = [
        "id", "patient_code", "state_badge", "why", "recording_link", "parameters", "queue", "attempt", "failures",
        "created_by", "created_at", "started_at", "finished_at",
    ]  # fmt: skip
    change_form_outer_before_template = "analysis/job_head.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if runs_tasks(request) else rows.visible_to(user_of(request))  # type: ignore[attr-defined]

    def get_urls(self) -> list[Any]:
        site = self.admin_site
        return [
            path("live/", site.admin_view(self.live), name="analysis_analysisjob_live"),
            path("<uuid:pk>/cancel/", site.admin_view(self.cancel_one), name="analysis_analysisjob_cancel"),
            path("<uuid:pk>/retry/", site.admin_view(self.retry_one), name="analysis_analysisjob_retry"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        attempts = JobAttempt.objects.filter(job_id=object_id) if _is_uuid(object_id) else []
        extra = (kwargs.pop("extra_context", None) or {}) | {
            "vb": {"attempts": attempts, "tracebacks": runs_tasks(request)}
        }
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    # --- doors

    def live(self, request: HttpRequest) -> JsonResponse:
        """How the jobs of a page stand, for the script that moves their bars."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user = user_of(request)
        jobs = self.get_queryset(request).filter(pk__in=_asked(request, "id"))
        told = [live(job) for job in jobs]
        if user.has_perm(RESULTS):  # an administrator of the tasks reads no scores
            of = AnalysisJob.objects.visible_to(user).filter(recording__in=_asked(request, "recording"))
            rows = of.select_related("result").defer(*(f"result__{name}" for name in LONG_COLUMNS))
            newest = newest_of(rows.order_by("created_at"))
            told = [*told, *(live(job) | {"newest": True, "score": overall(job)} for job in newest)]
        return JsonResponse({"jobs": told, "counts": counts(user)})

    def cancel_one(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return self._one(request, pk, "cancel_selected")

    def retry_one(self, request: HttpRequest, pk: Any) -> HttpResponse:
        return self._one(request, pk, "retry_selected")

    def _one(self, request: HttpRequest, pk: Any, action: str) -> HttpResponse:
        get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        getattr(self, action)(request, self.get_queryset(request).filter(pk=pk))
        return redirect(reverse("admin:analysis_analysisjob_change", args=[pk]))

    @admin.action(description=gettext_lazy("Cancel the selected jobs"))
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[AnalysisJob]) -> None:
        count = sum(job.cancel(user_of(request)) for job in queryset)
        said = ngettext("%(count)d job is cancelled.", "%(count)d jobs are cancelled.", count) % {
            "count": count
        }
        messages.info(request, said if count else _("There is nothing to cancel."))

    @admin.action(description=gettext_lazy("Try the selected jobs again"))
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[AnalysisJob]) -> None:
        count = sum(job.twin() is None and job.retry(user_of(request)) for job in queryset)
        said = ngettext("%(count)d job is queued again.", "%(count)d jobs are queued again.", count)
        messages.info(request, said % {"count": count} if count else _("There is nothing to try again."))

    # --- columns

    @admin.display(description=gettext_lazy("patient"), ordering="recording__patient__code")
    def patient_code(self, job: AnalysisJob) -> str:
        return job.recording.patient.code

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_badge(self, job: AnalysisJob) -> str:
        return badge(job)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, job: AnalysisJob) -> str:
        return job.error_text or "–"

    @admin.display(description=gettext_lazy("recording"))
    def recording_link(self, job: AnalysisJob) -> str:
        url = reverse("admin:analysis_practicerecording_change", args=[job.recording_id])
        found = ""
        if job.state == JobState.SUCCEEDED:
            result = reverse("admin:analysis_analysisresult_change", args=[job.result.pk])
            found = format_html(' · <a class="vb-link" href="{}">{}</a>', result, _("result"))
        return format_html('<a class="vb-link" href="{}">{}</a>{}', url, job.recording_id, found)


def _asked(request: HttpRequest, name: str) -> list[str]:
    return [each for each in request.GET.getlist(name)[:MOST_LIVE] if _is_uuid(each)]


def _is_uuid(text: str) -> bool:
    try:
        AnalysisJob._meta.pk.to_python(text)
    except ValidationError:
        return False
    return True
