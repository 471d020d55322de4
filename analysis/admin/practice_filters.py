"""The lists behind the numbers of the first page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analysis import today
from analysis.admin.scope import user_of


class PracticeFilter(SimpleListFilter):
    """Patients by how their practice goes."""

    title = _("practice")
    parameter_name = "practice"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("stopped", _("no recording for a week")),
            ("improving", _("improving")),
            ("never", _("no recording yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "stopped":
                return queryset.filter(pk__in=today.stopped(user_of(request)).values("pk"))
            case "improving":
                return queryset.filter(pk__in=today.improving(user_of(request)))
            case "never":
                return queryset.filter(recordings=None)
        return queryset


class ArrivalFilter(SimpleListFilter):
    """Recordings by what has become of them."""

    title = _("arrival")
    parameter_name = "arrival"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("new", _("within the last week")), ("failed", _("the analysis failed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"new": today.new, "failed": today.failed}.get(self.value() or "")
        return queryset.filter(pk__in=wanted(user_of(request)).values("pk")) if wanted else queryset
