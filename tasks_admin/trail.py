"""Following one thing through the logs: request, task, job and attempt stand on every line that belongs to them.

They hold ids, never names. A task carries the id of the request that sent it.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from asgiref.sync import iscoroutinefunction
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware
from pythonjsonlogger.json import JsonFormatter

FIELDS = ("request_id", "task_id", "job_id", "attempt")
HEADER = "X-Request-ID"
# What may stand in a log, and in a header, as it came from outside.
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

# Django's request prints its query, which may hold a token or a name; uvicorn tells its message again for terminals.
UNTOLD = frozenset({"request", "color_message"})

_here: ContextVar[dict[str, Any]] = ContextVar("trail")  # no default: a dictionary would be shared


def here() -> dict[str, Any]:
    """What is known where this is called."""
    return _here.get({})


def add(**known: Any) -> None:
    """From here on, in this thread or coroutine, this is known too."""
    _here.set(here() | known)


class TrailFilter(logging.Filter):
    """Puts on each record what is known where it was made."""

    def filter(self, record: logging.LogRecord) -> bool:
        known = here()
        for name in FIELDS:
            setattr(record, name, known.get(name))
        return True


class JsonLines(JsonFormatter):
    """One JSON object a line. Of an exception its place and its kind, since messages quote rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields = ("asctime", "levelname", "name", "message", "process", *FIELDS)
        super().__init__(" ".join(f"%({name})s" for name in fields), *args, **kwargs)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{stamp}.{int(record.msecs):03d}Z"

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's
        kind, _error, trace = ei
        return "".join(traceback.format_tb(trace)) + getattr(kind, "__name__", "")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in log_data.items() if value is not None and name not in UNTOLD}


# --- requests


@sync_and_async_middleware
def request_id(
    get_response: Callable[[HttpRequest], Any],
) -> Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]:
    """Middleware: takes the id that a proxy gave the request, or makes one, and answers with it."""
    if iscoroutinefunction(get_response):

        async def follow(request: HttpRequest) -> HttpResponse:
            known = _begin(request)
            response: HttpResponse = await get_response(request)
            response[HEADER] = known
            return response

        return follow

    def follow_sync(request: HttpRequest) -> HttpResponse:
        known = _begin(request)
        response: HttpResponse = get_response(request)
        response[HEADER] = known
        return response

    return follow_sync


def _begin(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    known = given if SANE.fullmatch(given) else uuid.uuid4().hex
    _here.set({"request_id": known})
    return known


# --- tasks


@before_task_publish.connect
def send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Which request a message comes from, and when it was sent: Celery notes neither."""
    if headers is not None:
        headers["sent_at"] = time.time()
        if known := here().get("request_id"):
            headers["request_id"] = known


@task_prerun.connect
def begin_task(task_id: str = "", task: Any = None, **_: Any) -> None:
    known = {"task_id": task_id}
    if request := getattr(task.request, "request_id", None):
        known["request_id"] = request
    _here.set(known)


@task_postrun.connect
def end_task(**_: Any) -> None:
    _here.set({})


@setup_logging.connect
def keep_logging(loglevel: int | str | None = None, **_: Any) -> None:
    """Django's LOGGING holds in workers and beats too; Celery's own would add a second format. It sets the level."""
    configured: Any = settings.LOGGING.get("loggers", {})
    if loglevel:
        for name in {"celery", *configured} - {"django"}:
            logging.getLogger(name).setLevel(loglevel)
