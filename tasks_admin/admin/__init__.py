"""The task system in the admin."""

from tasks_admin.admin import alerts, attempts, fleet, history, schedules

__all__ = ["alerts", "attempts", "fleet", "history", "schedules"]
