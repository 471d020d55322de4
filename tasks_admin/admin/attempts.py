"""Each worker's run of a job."""

from __future__ import annotations

from django.contrib import admin
from unfold.decorators import display

from tasks_admin.admin.readonly import ReadOnlyAdmin
from tasks_admin.models import JobAttempt


@admin.register(JobAttempt)
class JobAttemptAdmin(ReadOnlyAdmin):
    list_display = ["job_id", "attempt", "outcome_label", "worker", "started_at", "ended_at", "error_code"]
    list_filter = ["outcome"]
    search_fields = ["job_id", "worker"]
    date_hierarchy = "started_at"

    @display(
        description=JobAttempt._meta.get_field("outcome").verbose_name,
        ordering="outcome",
        label={
            "running": "info",
            "succeeded": "success",
            "failed": "danger",
            "lost": "danger",
            "given_back": "warning",
        },
    )
    def outcome_label(self, attempt: JobAttempt) -> tuple[str, str]:
        return attempt.outcome, attempt.get_outcome_display()
