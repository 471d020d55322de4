"""Periodic schedules: they belong to the administrators."""

from __future__ import annotations

import inspect
import json
from typing import Any

from celery import current_app
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
from tasks_admin.crontab_words import crontab_in_words, in_words
from tasks_admin.monitor import monitor
from tasks_admin.periodic import CRONTAB_FIELDS, next_run, send_now

for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_model)


SCHEDULES = ("interval", "crontab", "solar", "clocked")


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
        self._check_schedule(data)
        if not self.errors:
            self._check_task(data)
            self._check_queue(data)
        return data

    def validate_unique(self) -> None:
        """The model's own check of its schedules comes here, too: in English, and in addition."""
        if not self.errors:
            super().validate_unique()

    def _check_schedule(self, data: dict[str, Any]) -> None:
        given = [name for name in SCHEDULES if data.get(name)]
        if not given and not self.errors.keys() & set(SCHEDULES):
            self.add_error("interval", _("Choose when it is to run: an interval, a crontab or another."))
        for name in given[1:]:
            self.add_error(name, _("Choose one schedule only, and leave the others empty."))
        if data.get("clocked") and not data.get("one_off"):
            self.add_error("one_off", _("What runs at one moment is a one-off task: tick this."))
        crontab = data.get("crontab")
        if crontab and next_run({name: getattr(crontab, name) for name in CRONTAB_FIELDS}) is None:
            self.add_error("crontab", _("This time never comes. Check day and month."))

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
        return in_words(row)

    @admin.display(description=gettext_lazy("in words"))
    def crontab_translation(self, obj: PeriodicTask) -> str:
        return crontab_in_words(obj.crontab) if obj.crontab else "–"

    @admin.action(description=gettext_lazy("Run the selected schedules now"), permissions=["change"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        sent = 0
        try:
            with producer() as line:
                for row in queryset:
                    sent += send_now(row, line)
        except REDIS_AWAY:
            messages.error(request, _("Redis does not answer: nothing more was sent. Try again later."))
        if missed := len(queryset) - sent:
            messages.warning(request, ngettext("%d was not sent.", "%d were not sent.", missed) % missed)
        if sent:
            messages.success(request, ngettext("%d schedule runs now.", "%d schedules run now.", sent) % sent)


class UsesOfSchedule(TabularInline):
    model = PeriodicTask
    fields = readonly_fields = ["name", "task", "enabled"]
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("used by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


CRONTAB_RANGES = dict(zip(CRONTAB_FIELDS, ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6)), strict=True))


class CrontabForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses what cannot be read, and a time that never comes, such as 31 February."""

    class Meta:
        model = CrontabSchedule
        fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in data.keys() & CRONTAB_RANGES.keys():
            self._check(name, data[name])
        if not self.errors and next_run(data) is None:
            self.add_error("day_of_month", _("This time never comes. Check day and month."))
        return data

    def _check(self, name: str, value: str) -> None:
        """The model's own check says what it found, in English, and not what to do."""
        try:
            CrontabSchedule._meta.get_field(name).run_validators(value)
        except forms.ValidationError:
            low, high = CRONTAB_RANGES[name]
            said = _(
                "Write numbers from %(low)d to %(high)d, such as %(low)d, %(low)d,%(high)d or %(low)d-%(high)d;"
                " * for all, or */2 for every second one."
            )
            self.add_error(name, said % {"low": low, "high": high})


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ModelAdmin):
    form = CrontabForm
    list_display = ["__str__", "in_words"]
    inlines = [UsesOfSchedule]

    @admin.display(description=gettext_lazy("in words"))
    def in_words(self, row: CrontabSchedule) -> str:
        return crontab_in_words(row)


@admin.register(IntervalSchedule, SolarSchedule, ClockedSchedule)
class OtherScheduleAdmin(ModelAdmin):
    inlines = [UsesOfSchedule]
