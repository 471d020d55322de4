"""Who asks: a session with its CSRF token, or a bearer token."""

from __future__ import annotations

from auditlog.context import auditlog_value
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from analysis.api.problems import Problem
from analysis.models import AccessToken


class Request(HttpRequest):
    """A request as operations see it: whoever asks is known."""

    auth: User


class Bearer(AuthBase):
    """``Authorization: Bearer vb_...``. No browser sends it by itself, so it needs no CSRF token."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> User | None:
        secret = bearer_secret(request)
        user = AccessToken.objects.holder(secret) if secret else None
        if user:
            _is_asked_by(user)
        return user


class Session(AuthBase):
    """Whoever is logged in, with Django's CSRF check for what changes something."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    csrf = True  # read by the OpenAPI page, which then sends the token

    def __call__(self, request: HttpRequest) -> User | None:
        # A bad token is not saved by a session that happens to be there.
        if bearer_secret(request) is not None or not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise Problem("csrf_failed")
        return request.user


def bearer_secret(request: HttpRequest) -> str | None:
    """The secret that was sent, or None where there is no bearer header at all."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _is_asked_by(user: User) -> None:
    """Name the user in the audit log: its middleware ran before the token was read."""
    context = auditlog_value.get(None)
    if context is not None:
        context["actor"] = user
