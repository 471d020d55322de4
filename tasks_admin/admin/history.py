"""Celery's finished tasks, as django-celery-results keeps them."""

from __future__ import annotations

import django_celery_results.admin  # noqa: F401 - registers what is taken back here
from django.contrib import admin
from django_celery_results.models import GroupResult, TaskResult
from unfold.decorators import display

from tasks_admin.admin.readonly import ReadOnlyAdmin

admin.site.unregister(TaskResult)
admin.site.unregister(GroupResult)


@admin.register(TaskResult)
class TaskResultAdmin(ReadOnlyAdmin):
    list_display = ["task_id", "task_name", "status_label", "worker", "date_created", "date_done"]
    list_filter = ["status", "task_name"]
    search_fields = ["task_id", "task_name", "worker"]
    date_hierarchy = "date_done"
    fields = [
        "task_id", "task_name", "periodic_task_name", "status", "worker", "task_args", "task_kwargs",
        "date_created", "date_started", "date_done", "result", "traceback",
    ]  # fmt: skip

    @display(
        description=TaskResult._meta.get_field("status").verbose_name,
        ordering="status",
        label={"SUCCESS": "success", "FAILURE": "danger", "REVOKED": "warning", "RETRY": "warning"},
    )
    def status_label(self, result: TaskResult) -> str:
        return str(result.status)


@admin.register(GroupResult)
class GroupResultAdmin(ReadOnlyAdmin):
    list_display = ["group_id", "date_created", "date_done"]
    date_hierarchy = "date_done"
