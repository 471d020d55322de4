"""A job's state as a badge with a bar that moves, and counts that move: see static/analysis/live.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analysis import reviews
from analysis.admin.scope import user_of
from analysis.models import AnalysisJob, PracticeRecording
from analysis.wording import STEP_TEXTS, sentence
from tasks_admin.jobs import ACTIVE, JobState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HIDDEN = SafeString(" hidden")
LIVE = "admin:analysis_analysisjob_live"
STREAM, ANY = "api-v1:events", UUID(int=0)
RESULTS = "analysis.view_analysisresult"


def badge(job: AnalysisJob | None, recording: PracticeRecording | None = None) -> str:
    """State, progress and step. The script moves what is active.

    With a recording the badge is of its newest job, whichever that is by then.
    """
    if job is None and recording is None:
        return "–"
    of = format_html(' data-recording="{}"', recording.pk) if recording else SafeString()
    if job is None:
        return _badge("", of, "–", 0, "")
    active = job.state in ACTIVE
    if active:
        of += format_html(' data-job="{}"', job.pk)
    step = sentence(STEP_TEXTS, job.current_step) if active and job.current_step else ""
    return _badge(job.state, of, job.get_state_display(), job.progress, step)


def _badge(state: str, of: SafeString, label: str, progress: int, step: str) -> str:
    return format_html(
        '<span class="vb-job" data-state="{}" data-live="{}"{}><span class="vb-badge">{}</span>'
        '<progress class="vb-bar" max="100" value="{}"{}></progress><span class="vb-step">{}</span></span>',
        state, reverse(LIVE), of, label, progress, "" if state in ACTIVE else HIDDEN, step,
    )  # fmt: skip


def live(job: AnalysisJob) -> dict[str, object]:
    """What the script needs to move a badge."""
    return {
        "id": str(job.pk),
        "recording": str(job.recording_id),
        "state": job.state,
        "label": job.get_state_display(),
        "progress": job.progress,
        "step": sentence(STEP_TEXTS, job.current_step) if job.current_step else "",
        "active": job.state in ACTIVE,
        "error": job.error_text,
    }


def overall(job: AnalysisJob) -> str:
    """The overall score of a job's result, as lists round it."""
    score = job.result.overall_score if job.state == JobState.SUCCEEDED else None
    return "–" if score is None else f"{score:.0f}"


def counts(user: User) -> dict[str, int]:
    """What is counted in the sidebar and on the first page, for who may see it."""
    return {"awaiting": reviews.awaiting(user).count()} if user.has_perm(RESULTS) else {}


def awaiting(request: HttpRequest) -> str:
    """The sidebar's badge: results that nobody has signed yet. Who has it may read their jobs' streams, too."""
    waiting = counts(user_of(request)).get("awaiting", 0)
    return format_html(
        '<span data-count="awaiting" data-live="{}" data-streams="{}" data-any="{}">{}</span>',
        reverse(LIVE), reverse(STREAM, args=[ANY]), ANY, waiting,
    )  # fmt: skip


def newest_of(jobs: Any) -> list[AnalysisJob]:
    """Of each recording the newest, from jobs in the order of their making."""
    return list({job.recording_id: job for job in jobs}.values())
