"""The task system in the admin."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from tasks_admin.models import JobAttempt


@admin.register(JobAttempt)
class JobAttemptAdmin(ModelAdmin):
    list_display = ["job_id", "attempt", "outcome", "worker", "started_at", "ended_at", "error_code"]
    list_filter = ["outcome"]
    search_fields = ["job_id", "worker"]
    date_hierarchy = "started_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: JobAttempt | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: JobAttempt | None = None) -> bool:
        return False
