"""Results: the list of what was found, and the doors of the page that a therapist reads."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.defaultfilters import floatformat
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis import audit, reviews
from analysis.acoustics import UnusableRecording
from analysis.admin.arrivals import TellsOfArrivals
from analysis.admin.result_page import find, result_page
from analysis.admin.review_filter import ReviewFilter
from analysis.admin.review_form import ReviewForm
from analysis.admin.scope import OwnFilter, OwnReadOnlyAdmin, patient_cell, user_of
from analysis.drawing import pitch_picture
from analysis.exports import praat, stem, table
from analysis.manager import TaskManager
from analysis.models import LONG_COLUMNS, AnalysisResult
from analysis.report import flags
from analysis.reviews import AlreadySigned, ChangedMeanwhile

PAGE = "admin:analysis_analysisresult_change"


@admin.register(AnalysisResult)
class AnalysisResultAdmin(TellsOfArrivals, OwnReadOnlyAdmin):
    list_display = [
        "patient_code", "exercise_title", "recorded_at", "reviewed", "flags", "overall", "pronunciation", "fluency",
        "rhythm", "pitch",
    ]  # fmt: skip
    list_filter = [
        ReviewFilter,
        ("job__recording__patient", OwnFilter),
        ("job__recording__exercise", OwnFilter),
        "created_at",
    ]
    search_fields = ["job__recording__patient__code", "job__recording__patient__name"]
    date_hierarchy = "created_at"
    list_select_related = ["job__recording__patient", "job__recording__exercise", "review"]
    ordering = ["-job__recording__recorded_at", "-pk"]
    actions = ["sign_off_selected"]
    change_form_outer_before_template = "analysis/result.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.list_select_related).defer(*LONG_COLUMNS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return []  # the report is the page

    def get_urls(self) -> list[Any]:
        doors = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"analysis_analysisresult_{name}",
            )
            for name, view in (
                ("review", self.review), ("analyse", self.analyse), ("print", self.print_page),
                ("praat", self.praat), ("table", self.table),
            )
        ]  # fmt: skip
        queue = path(
            "awaiting/", self.admin_site.admin_view(self.awaiting), name="analysis_analysisresult_awaiting"
        )
        return [queue, *doors, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        extra: dict[str, Any] = kwargs.pop("extra_context", None) or {}
        result = find(user_of(request), object_id) if object_id.isdecimal() else None
        if result is not None and self.has_view_permission(request, result):
            recording = result.job.recording
            audit.record_visit(user_of(request), result, audit.READ)
            extra |= {
                "title": recording.exercise.title,
                "subtitle": recording.patient.code,
                "vb": result_page(user_of(request), result),
            }
        response: HttpResponse = super().change_view(request, object_id, *args, extra_context=extra, **kwargs)
        return response

    # --- doors

    def awaiting(self, request: HttpRequest) -> HttpResponse:
        """To the first result that nobody has signed; to the list where there is none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        first = reviews.awaiting(user_of(request)).values_list("pk", flat=True).first()
        return redirect(reverse(PAGE, args=[first]) if first else self._list())

    def review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what the form says; then to the same page, or to the next that awaits review."""
        result = self._asked_for(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ReviewForm(request.POST, syllables=len(result.syllables))
        try:
            if not form.is_valid():
                raise ValidationError(form.first_error())
            following = reviews.neighbours(user_of(request), result).next if form.goes_on else None
            form.keep(user_of(request), pk)
        except ChangedMeanwhile as error:
            return self._changed_meanwhile(request, result, form, error)
        except AlreadySigned:
            messages.error(request, _("This review is signed off. Take the signature back to change it."))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, form.done())
            if form.goes_on:
                return redirect(reverse(PAGE, args=[following]) if following else self._list())
        return redirect(reverse(PAGE, args=[pk]))

    def analyse(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Analyse the recording again; the page then shows how far that is, and leads to the new result."""
        result = self._asked_for(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("analysis.change_practicerecording"):
            raise PermissionDenied
        TaskManager(user_of(request)).submit(result.job.recording_id)
        messages.success(request, _("The analysis is queued."))
        return redirect(reverse(PAGE, args=[pk]))

    def print_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The result on a sheet of A4."""
        result = self._asked_for(request, pk)
        audit.record_access(user_of(request), result, audit.PRINTED)
        page = result_page(user_of(request), result)
        context = {"vb": page, "picture": pitch_picture(result.syllables)}
        return TemplateResponse(request, "analysis/result_print.html", context)

    def praat(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Recording and example as WAV with TextGrids, in one archive."""
        result = self._asked_for(request, pk)
        try:
            content = praat.archive(result, reviews.review_of(result))
        except (UnusableRecording, FileNotFoundError):
            messages.error(request, _("The recording's file is no longer in the storage, or is damaged."))
            return redirect(reverse(PAGE, args=[pk]))
        return self._exported(request, result, content, "application/zip", "zip")

    def table(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One row for each syllable, as CSV."""
        result = self._asked_for(request, pk)
        content = table.table(result, reviews.review_of(result)).encode()
        return self._exported(request, result, content, "text/csv; charset=utf-8", "csv")

    @admin.action(description=gettext_lazy("Sign off the selected results"), permissions=["review"])
    def sign_off_selected(self, request: HttpRequest, queryset: QuerySet[AnalysisResult]) -> None:
        count = reviews.sign_off_many(user_of(request), list(queryset.values_list("pk", flat=True)))
        said = ngettext("%(count)d result is signed off.", "%(count)d results are signed off.", count)
        messages.success(
            request, said % {"count": count} if count else _("All of these were signed off before.")
        )

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Asked by the action: who may sign."""
        return reviews.may_review(user_of(request))

    def _asked_for(self, request: HttpRequest, pk: int) -> AnalysisResult:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if (result := find(user_of(request), pk)) is None:
            raise Http404
        return result

    def _exported(
        self, request: HttpRequest, result: AnalysisResult, content: bytes, kind: str, ending: str
    ) -> HttpResponse:
        audit.record_access(user_of(request), result, audit.EXPORTED)
        response = HttpResponse(content, content_type=kind)
        name = content_disposition_header(as_attachment=True, filename=f"{stem(result)}.{ending}")
        response["Content-Disposition"] = name or "attachment"
        response["Cache-Control"] = "private, no-store"
        return response

    def _changed_meanwhile(
        self, request: HttpRequest, result: AnalysisResult, form: ReviewForm, error: ChangedMeanwhile
    ) -> HttpResponse:
        """Both words side by side; nothing is lost, and the person decides."""
        context = self.admin_site.each_context(request) | {
            "title": _("Changed meanwhile"),
            "opts": self.opts,
            "result": result,
            "form": form,
            "theirs": error.review,
            "theirs_verdicts": form.in_words(error.review.verdicts, result),
            "mine_verdicts": form.in_words(form.verdicts, result),
        }
        return TemplateResponse(request, "analysis/review_conflict.html", context, status=409)

    def _list(self) -> str:
        return reverse("admin:analysis_analysisresult_changelist")

    # --- columns

    @admin.display(description=gettext_lazy("patient"), ordering="job__recording__patient__code")
    def patient_code(self, result: AnalysisResult) -> str:
        return patient_cell(result.job.recording.patient)

    @admin.display(description=gettext_lazy("exercise"), ordering="job__recording__exercise__title")
    def exercise_title(self, result: AnalysisResult) -> str:
        return result.job.recording.exercise.title

    @admin.display(description=gettext_lazy("review"), ordering="review__signed_at")
    def reviewed(self, result: AnalysisResult) -> str:
        review = getattr(result, "review", None)
        signed = review is not None and review.is_signed
        return format_html(
            '<span class="vb-signed" data-signed="{}">{}</span>',
            "yes" if signed else "no",
            f"✓ {_('reviewed')}" if signed else f"○ {_('unreviewed')}",
        )

    @admin.display(description=gettext_lazy("recorded"), ordering="job__recording__recorded_at")
    def recorded_at(self, result: AnalysisResult) -> Any:
        return result.job.recording.recorded_at

    @admin.display(description=gettext_lazy("overall"), ordering="overall_score")
    def overall(self, result: AnalysisResult) -> str:
        return _number(result.overall_score)

    @admin.display(description=gettext_lazy("pronunciation"), ordering="pronunciation_accuracy")
    def pronunciation(self, result: AnalysisResult) -> str:
        return _number(result.pronunciation_accuracy)

    @admin.display(description=gettext_lazy("fluency"), ordering="fluency_score")
    def fluency(self, result: AnalysisResult) -> str:
        return _number(result.fluency_score)

    @admin.display(description=gettext_lazy("rhythm"), ordering="rhythm_score")
    def rhythm(self, result: AnalysisResult) -> str:
        return _number(result.rhythm_score)

    @admin.display(description=gettext_lazy("pitch"), ordering="pitch_score")
    def pitch(self, result: AnalysisResult) -> str:
        return _number(result.pitch_score)

    @admin.display(description=gettext_lazy("flags"))
    def flags(self, result: AnalysisResult) -> str:
        found = flags(result)
        title = " ".join(flag.text for flag in found)
        return format_html('<span title="{}">⚠ {}</span>', title, len(found)) if found else "–"


def _number(score: float | None) -> str:
    return "–" if score is None else str(floatformat(score, 0))  # as the page rounds it
