"""The states of a job, and the questions that are asked of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

from django.db import connections, models
from django.db.models import Q
from django.db.models.sql import UpdateQuery
from django.utils.translation import gettext_lazy as _

from tasks_admin import clock

if TYPE_CHECKING:
    from tasks_admin.jobs import Job


class JobState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ACTIVE = (JobState.QUEUED, JobState.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    """Rows of one kind of job."""

    def active(self) -> Self:
        """Queued or running."""
        return self.filter(state__in=ACTIVE)

    def held(self, job_id: Any, attempt: int) -> Self:
        """The row, if this attempt still holds it and nobody has asked for its end."""
        return self.filter(pk=job_id, attempt=attempt, state=JobState.RUNNING, cancel_requested=False)

    def lapsed(self) -> Self:
        """Running rows whose worker has not been heard of for a lease."""
        return self.filter(state=JobState.RUNNING, lease_until__lt=clock.now())

    def due(self) -> Self:
        """Queued rows that may run now."""
        return self.filter(Q(run_at=None) | Q(run_at__lte=clock.now()), state=JobState.QUEUED)

    def update_returning(self, **changes: Any) -> list[Job]:
        """As ``update``, and the rows as that left them: one statement, so nobody can come between."""
        query = cast("UpdateQuery", self.query.chain(UpdateQuery))
        query.add_update_values(changes)
        statement, values = query.get_compiler(self.db).as_sql()
        quote = connections[self.db].ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.model._meta.concrete_fields)
        return list(self.model._base_manager.using(self.db).raw(f"{statement} RETURNING {columns}", values))
