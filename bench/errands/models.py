"""A job of the smallest kind, and a note of each time that one was done."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from tasks_admin.jobs import Job


class Errand(Job):
    """Something to do for a while. Lives as :class:`tasks_admin.jobs.Job` does."""

    class Kind(models.TextChoices):
        NAP = "nap"
        KILL_CHILD = "kill_child"
        KILL_WORKER = "kill_worker"
        FILL_MEMORY = "fill_memory"
        HOARD = "hoard"

    task_name = "bench.errands.tasks.run_errand"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.NAP)
    seconds = models.FloatField(default=0.0)

    class Meta(Job.Meta):
        abstract = False

    @classmethod
    def for_call(cls, kind: str = "nap", seconds: float = 0.0, owner_key: str = "") -> Self:
        return cls(kind=kind, seconds=seconds, owner_key=owner_key, queue="ai_analysis")

    def task_args(self) -> list[Any]:
        return [self.kind, self.seconds]

    def record(self, outcome: Any) -> Any:
        Done.objects.create(errand_id=self.pk, attempt=self.attempt)
        return outcome

    def recorded(self) -> Any:
        return self.seconds


class Done(models.Model):
    """An errand was completed. Nothing keeps one from being noted twice: that is what the notes are counted for."""

    errand_id = models.UUIDField()
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["errand_id"], name="done_errand")]

    def __str__(self) -> str:
        return f"{self.errand_id} #{self.attempt}"
