"""Where a job of any kind is shown."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from tasks_admin.admin.pages import person
from tasks_admin.jobs import Job


def job_link(request: HttpRequest, job: Job | None) -> str:
    """Its kind's own page where there is one and the person may look at it, else its attempts."""
    if job is None:
        return ""
    meta = job._meta
    is_shown = type(job) in admin.site._registry
    if is_shown and person(request).has_perm(f"{meta.app_label}.view_{meta.model_name}"):
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[job.pk])
    return attempts_link(job.pk)


def attempts_link(job_id: object) -> str:
    """What became of each attempt of a job, with tracebacks."""
    return f"{reverse('admin:tasks_admin_jobattempt_changelist')}?q={job_id}"
