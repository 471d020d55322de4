"""Who may go on: sessions that end when nobody is there, and accounts that must have a second factor."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import MiddlewareNotUsed, PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin

from vocalborn.second_factor import is_required

SEEN = "seen"
SEEN_EVERY = 60.0  # s: not every request writes the session
# What a page asks by itself, without anybody touching it.
BACKGROUND = frozenset(
    {
        "analysis_analysisjob_live",
        "analysis_analysisjob_arrivals",
        "analysis_analysisresult_arrivals",
        "analysis_practicerecording_arrivals",
        "tasks_now",
        "tasks_charts",
    }
)
OPEN = frozenset({"second_factor", "logout", "login", "set_language", "jsi18n"})


class IdleSessionMiddleware(MiddlewareMixin):
    """Renews a session with what a person does. It ends SESSION_COOKIE_AGE after that."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session = request.session
        now = time.time()
        if (
            not _is_background(request)
            and SESSION_KEY in session
            and now - session.get(SEEN, 0) >= SEEN_EVERY
        ):
            session[SEEN] = now
        return response


def _is_background(request: HttpRequest) -> bool:
    match = request.resolver_match
    streams = "text/event-stream" in request.headers.get("Accept", "")
    return streams or (match is not None and match.url_name in BACKGROUND)


class SecondFactorMiddleware(MiddlewareMixin):
    """Lets those who must have a second factor do nothing before they have set one up."""

    def __init__(self, get_response: object) -> None:
        if not settings.SECOND_FACTOR_GROUPS:
            raise MiddlewareNotUsed
        super().__init__(get_response)  # type: ignore[arg-type]

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        user, match = request.user, request.resolver_match
        if not user.is_authenticated or user.is_verified() or (match and match.url_name in OPEN):  # type: ignore[attr-defined]
            return None
        if not is_required(user):
            return None
        if request.path.startswith("/api/"):
            raise PermissionDenied
        return redirect("second_factor")
