"""How an analysis stands, and what it found, as clients read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User

from analysis import wording
from analysis.manager import TaskManager
from analysis.models import SCORES, AnalysisJob, AnalysisResult

_AS_THEY_ARE = (
    *SCORES, "improvement_areas", "measures", "costs", "seconds", "model_version", "processing_time_seconds",
    "created_at",
)  # fmt: skip


def job_of(user: User, job_id: Any) -> AnalysisJob:
    """The job, where the user may see it; raises AnalysisJob.DoesNotExist."""
    # With what the answer and its entry in the audit log are made of: clients ask every second.
    rows = AnalysisJob.objects.visible_to(user).select_related("recording__patient", "result")
    job: AnalysisJob = rows.get(pk=job_id)  # type: ignore[assignment]
    return job


def state_of(user: User, job_id: Any) -> dict[str, Any]:
    """What `TaskManager.status` says, with the row's times. Raises as :func:`job_of`."""
    return told(job_of(user, job_id))


def told(job: AnalysisJob) -> dict[str, Any]:
    """As :func:`state_of`, of a row that is here already."""
    return TaskManager.told(job) | {
        "recording": job.recording_id,
        "error_code": job.error_code or None,
        "cancel_requested": job.cancel_requested,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def result_of(job: AnalysisJob, result: AnalysisResult) -> dict[str, Any]:
    """A result in full, for whoever may see the recording: codes, and sentences in the language in force."""
    phonemes = result.detailed_analysis.get("phoneme_analysis", {}) | {"syllables": result.syllables}
    return {name: getattr(result, name) for name in _AS_THEY_ARE} | {
        "task_id": job.pk,
        "recording": job.recording_id,
        "recording_sha256": result.recording_sha256,
        "example_sha256": result.example_sha256 or None,
        "detailed_analysis": result.detailed_analysis | {"phoneme_analysis": phonemes},
        "unscored": _reasons(result.unscored),
        "absent": _reasons(result.absent),
        "quality_flags": _said(wording.FLAG_TEXTS, result.quality_flags),
        "suggestions": _said(wording.SUGGESTION_TEXTS, result.suggestions),
        "caveats": _said(wording.CAVEAT_TEXTS, ({"code": code} for code in result.caveats)),
    }


def _said(texts: wording.Texts, found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**each, "text": wording.sentence(texts, each["code"], each.get("figures"))} for each in found]


def _reasons(codes: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {
        name: {"code": code, "text": wording.sentence(wording.ABSENCE_TEXTS, code)}
        for name, code in codes.items()
    }
