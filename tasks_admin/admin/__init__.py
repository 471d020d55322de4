"""The task system in the admin."""

from tasks_admin.admin import attempts, history, schedules

__all__ = ["attempts", "history", "schedules"]
