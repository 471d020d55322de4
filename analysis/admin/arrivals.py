"""What has been added to a list since it was opened: told in a bar, so that no row moves under the reader's hand."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils.translation import ngettext

KNOWN = "known"
# Where the reader is in the list is nothing to its length.
PLACE = (KNOWN, "p", "all", "e")


class TellsOfArrivals:
    """A list that asks now and then how long it is by now: see static/analysis/arrivals.js.

    What counts is what the reader would find after a reload: their own rows, under the same filters and search.
    """

    list_before_template = "analysis/arrivals.html"

    def get_urls(self) -> list[Any]:
        label, name = self.opts.app_label, self.opts.model_name  # type: ignore[attr-defined]
        view = self.admin_site.admin_view(self.arrivals)  # type: ignore[attr-defined]
        return [path("arrivals/", view, name=f"{label}_{name}_arrivals"), *super().get_urls()]  # type: ignore[misc]

    def arrivals(self, request: HttpRequest) -> JsonResponse:
        """How many rows more than ``known`` there are, and a sentence that says so; 400 for what is no list."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        known = request.GET.get(KNOWN, "")
        if not (known.isdecimal() and len(known) < 10):
            return JsonResponse({}, status=400)
        try:
            more = max(0, self._length(request) - int(known))
        except IncorrectLookupParameters:
            return JsonResponse({}, status=400)
        return JsonResponse(
            {"count": more, "said": ngettext("%(count)d new", "%(count)d new", more) % {"count": more}}
        )

    def _length(self, request: HttpRequest) -> int:
        asked = request.GET.copy()
        for name in PLACE:
            asked.pop(name, None)
        request.GET = asked  # type: ignore[assignment]
        return int(self.get_changelist_instance(request).result_count)  # type: ignore[attr-defined]
