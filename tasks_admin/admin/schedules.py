"""Periodic schedules: they belong to the administrators."""

from __future__ import annotations

import inspect
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from celery.schedules import crontab
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tasks_admin.broker import REDIS_AWAY, producer
from tasks_admin.monitor import monitor

log = logging.getLogger(__name__)

for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):
    """The registered tasks, as unfold draws them."""


class PeriodicTaskForm(beat.PeriodicTaskForm):
    """Refuses a row that could not run: it would fail each time, and nobody would be looking."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if not self.errors:
            self._check_task(data)
            self._check_queue(data)
        return data

    def _check_task(self, data: dict[str, Any]) -> None:
        task = current_app.tasks.get(data["task"])
        if task is None:
            self.add_error("task", _("No worker knows this task. Choose a registered one."))
            return
        args, kwargs = json.loads(data["args"]), json.loads(data["kwargs"])
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            self.add_error(
                "args" if not isinstance(args, list) else "kwargs", _("A list, or an object of names.")
            )
            return
        try:
            inspect.signature(task.run).bind(*args, **kwargs)
        except TypeError as error:
            self.add_error("kwargs", _("The task does not take these arguments: %(why)s") % {"why": error})

    def _check_queue(self, data: dict[str, Any]) -> None:
        if data.get("queue") and data["queue"] not in monitor.queues():
            self.add_error(
                "queue", _("There is no such queue: %(queues)s") % {"queues": ", ".join(monitor.queues())}
            )


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(beat.PeriodicTaskAdmin, ModelAdmin):
    form = PeriodicTaskForm
    list_display = ["name", "enabled", "task_name", "due", "last_run_at", "total_run_count"]
    list_filter = ["enabled", "task"]
    date_hierarchy = None
    # Beat's own template shows a crontab's translation with an inline script; the read-only field has it too.
    change_form_template = None
    actions = ["enable_tasks", "disable_tasks", "run_now"]
    actions_on_top = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[PeriodicTask]:
        rows: QuerySet[PeriodicTask] = super().get_queryset(request)
        # Celery's own entry is no business of an administrator's.
        return rows.exclude(name="celery.backend_cleanup")

    # Beat's own columns have names that nobody can translate.
    @admin.display(description=gettext_lazy("task"), ordering="task")
    def task_name(self, row: PeriodicTask) -> str:
        return str(row.task)

    @admin.display(description=gettext_lazy("schedule"))
    def due(self, row: PeriodicTask) -> str:
        return str(row.scheduler)

    @admin.display(description=gettext_lazy("in words"))
    def crontab_translation(self, obj: PeriodicTask) -> str:
        return str(obj.crontab.human_readable) if obj.crontab else "–"

    @admin.action(description=gettext_lazy("Run the selected schedules now"), permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        sent = 0
        try:
            with producer() as line:
                for row in queryset:
                    sent += _send(row, line)
        except REDIS_AWAY:
            messages.error(request, _("Redis does not answer: nothing more was sent. Try again later."))
        if missed := len(queryset) - sent:
            messages.warning(request, ngettext("%d was not sent.", "%d were not sent.", missed) % missed)
        if sent:
            messages.success(request, ngettext("%d schedule runs now.", "%d schedules run now.", sent) % sent)


def _send(row: PeriodicTask, line: Any) -> bool:
    """False for a row that cannot run, whatever is wrong with it: the others are still to be sent."""
    try:
        current_app.tasks[row.task].apply_async(
            json.loads(row.args), json.loads(row.kwargs), queue=row.queue or None, producer=line, retry=False,
            headers={"periodic_task_name": row.name},
        )  # fmt: skip
    except REDIS_AWAY:
        raise
    except Exception:  # what a task makes of its arguments is not known here
        log.exception("schedule %s: not sent", row.pk)
        return False
    return True


class UsesOfSchedule(TabularInline):
    model = PeriodicTask
    fields = readonly_fields = ["name", "task", "enabled"]
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("used by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CrontabForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a time that never comes, such as 31 February."""

    class Meta:
        model = CrontabSchedule
        fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and next_run(data) is None:
            raise forms.ValidationError(_("This time never comes. Check day and month."))
        return data


def next_run(fields: dict[str, Any]) -> datetime | None:
    """When a crontab is due next, or None where that is never."""
    times = {
        name: fields[name] for name in ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    }
    now = datetime.now(UTC)
    try:
        wait: timedelta = crontab(**times, nowfun=lambda: now).remaining_estimate(now)
    except (RuntimeError, ValueError):  # what Celery raises for a date that it cannot reach
        return None
    return now + wait


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ModelAdmin):
    form = CrontabForm
    list_display = ["__str__", "human_readable"]
    inlines = [UsesOfSchedule]


@admin.register(IntervalSchedule, SolarSchedule, ClockedSchedule)
class OtherScheduleAdmin(ModelAdmin):
    inlines = [UsesOfSchedule]
