"""The app that runs Celery from the Django admin."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TasksAdminConfig(AppConfig):
    name = "tasks_admin"
    verbose_name = _("Task system")

    def ready(self) -> None:
        # They register checks, tasks and signals, in every process: whoever announces a job needs its task.
        from tasks_admin import checks, tasks, trail, watch, worker  # noqa: F401
        from tasks_admin.alerts import about_jobs, about_processes, about_redis  # noqa: F401
