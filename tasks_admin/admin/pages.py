"""What the pages that show no single model have in common: who may open them, and their frame."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

View = Callable[..., HttpResponse]
# Who reads what became of jobs runs the task system.
VIEW = "tasks_admin.view_jobattempt"
PURGE = "tasks_admin.purge_queue"


def page(view: View) -> View:
    """A page of the admin, for who runs the task system."""
    return guarded(VIEW, require_safe(view))


def door(permission: str) -> Callable[[View], View]:
    """What is done by POST alone, by who runs the task system and has this permission, too."""

    def guard(view: View) -> View:
        return guarded(permission, _may(VIEW, require_POST(view)))

    return guard


def piece(of: str) -> Callable[[View], View]:
    """A part of the page ``of``, which htmx fetches. Whoever opens its address gets the page."""

    def guard(view: View) -> View:
        @functools.wraps(view)
        def only_for_htmx(request: HttpRequest) -> HttpResponse:
            return view(request) if request.headers.get("HX-Request") else redirect(of)

        return page(only_for_htmx)

    return guard


def guarded(permission: str, view: View) -> View:
    """The view for who has the permission, behind the admin's login."""
    behind: View = admin.site.admin_view(_may(permission, view))
    return behind


def _may(permission: str, view: View) -> View:
    @functools.wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not person(request).has_perm(permission):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return asking


def person(request: HttpRequest) -> User:
    """The admin lets nobody in without an account."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def framed(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """The template within the admin's frame."""
    return render(request, template, admin.site.each_context(request) | {"title": title} | context)
