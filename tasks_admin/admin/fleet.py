"""Workers and beats, and what the days came to."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tasks_admin.admin.readonly import ReadOnlyAdmin
from tasks_admin.fleet import ALIVE_SECONDS
from tasks_admin.models import DailyFigures, WorkerBeat


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnlyAdmin):
    list_display = [
        "name", "state_label", "role", "host", "pid", "queue_names", "slots", "memory_mb", "started_at", "seen_at",
    ]  # fmt: skip
    list_filter = ["role", "host"]
    search_fields = ["name", "host"]
    date_hierarchy = "seen_at"
    ordering = ["-seen_at"]

    @display(
        description=gettext_lazy("state"), label={"alive": "success", "silent": "danger", "left": "info"}
    )
    def state_label(self, row: WorkerBeat) -> tuple[str, str]:
        if row.ended_at:
            return "left", _("left")
        alive = timezone.now() - row.seen_at < timedelta(seconds=ALIVE_SECONDS)
        return ("alive", _("alive")) if alive else ("silent", _("silent"))

    @display(description=WorkerBeat._meta.get_field("queues").verbose_name)
    def queue_names(self, row: WorkerBeat) -> str:
        return ", ".join(row.queues)

    @display(description=gettext_lazy("memory (MB)"), ordering="memory")
    def memory_mb(self, row: WorkerBeat) -> int:
        return int(row.memory // 2**20)


@admin.register(DailyFigures)
class DailyFiguresAdmin(ReadOnlyAdmin):
    list_display = [
        "day", "kind", "succeeded", "failed", "cancelled", "wait_p50", "wait_p95", "run_p50", "run_p95",
    ]  # fmt: skip
    list_filter = ["kind"]
    date_hierarchy = "day"
