"""Beat's scheduler: the tables of django-celery-beat, which belong to the administrators."""

from __future__ import annotations

from typing import Any

from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):
    """The database scheduler, which never writes an entry of its own.

    django-celery-beat makes ``celery.backend_cleanup`` again at each start, and so undoes an administrator's
    deletion. The defaults come once, by a migration.
    """

    def install_default_entries(self, data: Any) -> None:
        """Nothing: see the class."""
