"""Analyses: how they stand, what they found, cancelled, tried again, and watched as they run."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.handlers.asgi import ASGIRequest
from django.db import IntegrityError
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from ninja import Router, Status

from analysis import live
from analysis.api.auth import Request
from analysis.api.problems import Problem
from analysis.api.schemas import JobOut, ProblemOut, ResultOut
from analysis.api.states import job_of, result_of, state_of, told
from analysis.audit import READ, record_access
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, AnalysisResult
from tasks_admin.jobs import ACTIVE, JobState

router = Router(tags=["analyses"])


@router.get("/jobs/{job_id}", response={200: JobOut, 404: ProblemOut})
def state(request: Request, job_id: UUID) -> dict[str, Any]:
    """How an analysis stands: for whoever polls. Once a second is often enough."""
    job = job_of(request.auth, job_id)
    found = told(job)
    if found["result"] is not None:
        record_access(request.auth, job.result, READ)
    return found


@router.get("/jobs/{job_id}/result", response={200: ResultOut, 404: ProblemOut, 409: ProblemOut})
def result(request: Request, job_id: UUID) -> dict[str, Any]:
    """What an analysis found, with sentences in the caller's language beside the codes."""
    job = job_of(request.auth, job_id)
    if job.state in ACTIVE:
        raise Problem("not_ready", headers={"Retry-After": "1"})
    if job.state != JobState.SUCCEEDED:
        raise Problem(job.state, job.error_text, errors=_error_of(job))
    found = AnalysisResult.objects.get(job=job)
    record_access(request.auth, found, READ)
    return result_of(job, found)


def _error_of(job: AnalysisJob) -> list[dict[str, str]]:
    if not job.error_code:
        return []
    return [{"field": "recording", "code": job.error_code, "message": job.error_text}]


@router.post("/jobs/{job_id}/cancel", response={200: JobOut, 404: ProblemOut, 409: ProblemOut})
def cancel(request: Request, job_id: UUID) -> dict[str, Any]:
    """Cancel: at once if it is queued; if it is running, at its next step."""
    asked = TaskManager(request.auth).cancel(job_id)
    found = state_of(request.auth, job_id)
    if not asked and found["state"] != JobState.CANCELLED:
        raise Problem("already_ended")
    return found


@router.post("/jobs/{job_id}/retry", response={202: JobOut, 404: ProblemOut, 409: ProblemOut})
def retry(request: Request, job_id: UUID) -> Status[dict[str, Any]]:
    """Queue a failed or cancelled analysis again, or get the one that already does the same work."""
    job = _retried(TaskManager(request.auth), job_id)
    if job.state not in ACTIVE:
        raise Problem("nothing_to_retry")
    return Status(202, state_of(request.auth, job.pk))


def _retried(manager: TaskManager, job_id: UUID) -> AnalysisJob:
    try:
        return manager.retry(job_id)
    except IntegrityError:  # somebody asked for the same work between the look and the write: it is found now
        return manager.retry(job_id)


@router.get("/jobs/{job_id}/events", openapi_extra=live.OPENAPI)
def events(request: Request, job_id: UUID) -> HttpResponseBase:
    """Server-sent events: the state as it is, then each change, until the job has ended.

    Each event is called ``state``, has a rising id, and carries task_id, state, status, progress, current_step
    and error. Where the server cannot stream it answers 406: poll ``/jobs/{job_id}`` instead.
    """
    job = job_of(request.auth, job_id)
    if not isinstance(request, ASGIRequest):
        raise Problem("stream_needs_asgi")
    if live.has_seen_the_end(job, request.headers.get("Last-Event-ID", "")):
        return HttpResponse(status=204)  # an EventSource that reconnects stops at this
    live.let_go_of_the_database()
    watched = live.events(request.auth, job_id, language=get_language())
    return StreamingHttpResponse(watched, content_type="text/event-stream", headers=live.HEADERS)
