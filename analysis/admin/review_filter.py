"""Lists by what a therapist still has to review."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analysis.models import AnalysisResult, PracticeRecording
from analysis.reviews import UNSIGNED


class ReviewFilter(SimpleListFilter):
    """Results, or recordings by their newest result: unreviewed or reviewed."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("unreviewed")), ("yes", _("reviewed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("no", "yes"):
            return queryset
        wanted = UNSIGNED if self.value() == "no" else ~Q(review=None) & Q(review__signed_at__isnull=False)
        newest = AnalysisResult.objects.newest_each().filter(wanted)
        if queryset.model is PracticeRecording:
            return queryset.filter(Exists(newest.filter(job__recording=OuterRef("pk"))))
        return queryset.filter(pk__in=newest.values("pk"))
