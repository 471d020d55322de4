"""Every kind of job that the installed apps define, for what looks after all of them."""

from __future__ import annotations

import uuid
from typing import Any

from django.apps import apps

from tasks_admin.jobs import Job


def job_models() -> list[type[Job]]:
    """Every kind of job that the installed apps define."""
    return [model for model in apps.get_models() if issubclass(model, Job)]


def find_job(job_id: Any) -> Job | None:
    """The job of any kind that has this id, or None (also for what is no id at all)."""
    try:
        key = uuid.UUID(str(job_id))
    except ValueError:
        return None
    return next(filter(None, (model.objects.filter(pk=key).first() for model in job_models())), None)
