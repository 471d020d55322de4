"""What a person reads where a page cannot be shown: why, and how to go on. Programs get problem details."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.api.problems import Problem
from tasks_admin import trail

# Of addresses that a program asks for.
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found"}
WITH_SIDEBAR, BARE = "admin/base_site.html", "unfold/layouts/unauthenticated.html"
# For when not even a page can be made: no template, no database, no translation.
LAST_WORDS = """<!doctype html><html lang="zh-Hant"><meta charset="utf-8"><title>500 | VocalBorn</title>
<h1>發生錯誤</h1><p>系統無法完成這個要求。請稍後再試；若持續發生，請通知管理員。</p>
<h2 lang="en">Something went wrong</h2><p lang="en">Try again later. If it happens again, tell an administrator.</p>
<p><a href="/">VocalBorn</a></p></html>"""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is the matter, and what the person can do."""

    status: int
    heading: Any
    words: Any


BAD_REQUEST = Trouble(
    400,
    gettext_lazy("This request makes no sense"),
    gettext_lazy("The address or the form is incomplete or was changed. Go back and try again."),
)
FORBIDDEN = Trouble(
    403,
    gettext_lazy("You may not do this"),
    gettext_lazy("Your account has no right to it. If you need it for your work, ask an administrator."),
)
NOT_FOUND = Trouble(
    404,
    gettext_lazy("There is nothing here"),
    gettext_lazy("There is no such page, or what it showed was removed, or it is not yours to see."),
)
STALE_FORM = Trouble(
    403,
    gettext_lazy("This page was open for too long"),
    gettext_lazy(
        "You may have logged in again meanwhile, perhaps in another tab. Nothing was saved. If you had written much, "
        "go back in your browser and copy it first; then open the page anew and send it again. The browser must "
        "accept cookies."
    ),
)
BROKEN = Trouble(
    500,
    gettext_lazy("Something went wrong"),
    gettext_lazy(
        "The system could not do this. Try again later, and tell an administrator if it happens again."
    ),
)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, NOT_FOUND)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. The reason is for the log: to the person all of them mean the same."""
    log.warning("form refused: %s", reason)
    return _page(request, STALE_FORM, again=_page_before(request))


def server_error(request: HttpRequest) -> HttpResponse:
    try:
        return _page(request, BROKEN)
    except Exception:  # whatever broke the page may break this one too, such as a database that is away
        log.exception("the page of an error cannot be made")
        return HttpResponse(LAST_WORDS, status=500)


def _page(request: HttpRequest, trouble: Trouble, again: str = "") -> HttpResponse:
    if request.path.startswith("/api/") and trouble.status in CODES:
        return Problem(CODES[trouble.status]).response()
    context = admin.site.each_context(request)
    home = reverse("admin:index"), _("To the first page") if context["has_permission"] else _("To the login")
    context |= {
        "layout": WITH_SIDEBAR if context["has_permission"] else BARE,
        "title": trouble.heading,
        "trouble": trouble,
        "again": again,
        "home": home,
        "request_id": trail.here().get("request_id", ""),
    }
    return render(request, "error.html", context, status=trouble.status)


def _page_before(request: HttpRequest) -> str:
    """Where the form stood, if it was ours."""
    before = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure())
    return before if is_ours else ""
