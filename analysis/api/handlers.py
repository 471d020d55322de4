"""What goes wrong anywhere in a request, as problem details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NoReturn

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from analysis.api.problems import Problem
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from analysis.parameters import InvalidParameters

View = Callable[..., HttpResponseBase]


def install(api: NinjaAPI) -> None:
    """Answer the API's own errors with problem details. What nobody expected goes on to Django."""
    api.add_exception_handler(Exception, _unexpected)
    api.add_exception_handler(Problem, _told)
    # Named one by one: that some other row is missing would be our mistake, not the caller's.
    for model in (Patient, Exercise, PracticeRecording, AnalysisJob):
        api.add_exception_handler(model.DoesNotExist, _always("not_found"))
    api.add_exception_handler(Http404, _always("not_found"))
    unreadable: tuple[type[Exception], ...] = (
        HttpError, BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError,
        RawPostDataException,
    )  # fmt: skip
    for kind in unreadable:
        api.add_exception_handler(kind, _always("bad_request"))
    api.add_exception_handler(AuthenticationError, _always("unauthenticated", {"WWW-Authenticate": "Bearer"}))
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(InvalidParameters, _unknown_parameters)


def _always(
    code: str, headers: Mapping[str, str] | None = None
) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: Problem(code, headers=headers).response()


def _unexpected(request: HttpRequest, error: Any) -> NoReturn:
    """Ninja's own handler would answer with a traceback in DEBUG, unseen by Django's logging."""
    raise error


def _told(request: HttpRequest, error: Any) -> HttpResponse:
    problem: Problem = error
    return problem.response()


def _unknown_parameters(request: HttpRequest, error: Any) -> HttpResponse:
    return Problem("invalid_parameters", str(error)).response()


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Fields at fault; an address whose id is not one is simply not there."""
    if any(each["loc"][0] == "path" for each in error.errors):
        return Problem("not_found").response()
    return Problem("validation_failed", errors=[_field(each) for each in error.errors]).response()


def _field(error: Mapping[str, Any]) -> dict[str, str]:
    return {"field": _name(error["loc"]), "code": str(error["type"]), "message": str(error["msg"])}


def _name(location: Sequence[Any]) -> str:
    """("body", "body", "parameters") as "parameters": where it was sent, a client knows."""
    return ".".join(str(part) for part in location[1:] if part != "body") or str(location[0])


def with_problems(view: View) -> View:
    """The answers that come from before an operation, as problem details too: not found, not allowed."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            return Problem("not_found").response()
        if isinstance(response, HttpResponseNotAllowed):
            return Problem("method_not_allowed", headers={"Allow": response["Allow"]}).response()
        return response

    return answered


def nothing(request: HttpRequest, **_: Any) -> HttpResponse:
    """An address that is not one of the API's."""
    return Problem("not_found").response()
