"""A job's state as a badge with a bar that moves: see static/analysis/live.js."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analysis.models import AnalysisJob
from analysis.wording import STEP_TEXTS, sentence
from tasks_admin.jobs import ACTIVE

HIDDEN = SafeString(" hidden")
LIVE = "admin:analysis_analysisjob_live"


def badge(job: AnalysisJob | None) -> str:
    """State, progress and step. The script moves what is active."""
    if job is None:
        return "–"
    active = job.state in ACTIVE
    return format_html(
        '<span class="vb-job" data-state="{}"{}><span class="vb-badge">{}</span>'
        '<progress class="vb-bar" max="100" value="{}"{}></progress><span class="vb-step">{}</span></span>',
        job.state,
        format_html(' data-job="{}" data-live="{}"', job.pk, reverse(LIVE)) if active else "",
        job.get_state_display(),
        job.progress,
        "" if active else HIDDEN,
        sentence(STEP_TEXTS, job.current_step) if active and job.current_step else "",
    )


def live(job: AnalysisJob) -> dict[str, object]:
    """What the script needs to move a badge."""
    return {
        "id": str(job.pk),
        "state": job.state,
        "label": job.get_state_display(),
        "progress": job.progress,
        "step": sentence(STEP_TEXTS, job.current_step) if job.current_step else "",
        "active": job.state in ACTIVE,
        "error": job.error_text,
    }
