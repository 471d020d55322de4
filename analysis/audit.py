"""Who changed, read, played or exported what. Names and notes are never written here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from analysis.models import AccessToken, Assignment, Exercise, Patient, PracticeRecording, Review
from tasks_admin.models import AlertRule, Silence

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

READ, PLAYED, EXPORTED, PRINTED = "read", "played", "exported", "printed"
SAME_VISIT = timedelta(minutes=10)


def register() -> None:
    """Record every change of what people enter, schedules and alert rules too."""
    hidden: dict[str, Any] = {"mask_callable": "analysis.audit.hidden"}
    auditlog.register(Patient, mask_fields=["name"], m2m_fields={"therapists"}, **hidden)
    auditlog.register(Exercise)
    auditlog.register(Assignment)
    auditlog.register(PracticeRecording)
    for schedule in (CrontabSchedule, IntervalSchedule, SolarSchedule, ClockedSchedule, AlertRule, Silence):
        auditlog.register(schedule)
    # What beat itself writes is no edit.
    auditlog.register(PeriodicTask, exclude_fields=["last_run_at", "total_run_count", "date_changed"])
    auditlog.register(AccessToken, mask_fields=["name"], exclude_fields=["digest", "last_used_at"], **hidden)
    # Accounts, as patients may have one; and who is let into which group.
    auditlog.register(
        User,
        mask_fields=["first_name", "last_name", "email"],
        exclude_fields=["password", "last_login"],
        m2m_fields={"groups", "user_permissions"},
        **hidden,
    )
    auditlog.register(Review, mask_fields=["note"], exclude_fields=["version", "changed_at"], **hidden)


def hidden(value: str) -> str:
    """What stands in the log for a value that is nobody else's business."""
    return "***" if value else ""


def record_visit(actor: User | AnonymousUser, instance: Model, what: str) -> None:
    """`record_access`, once within ten minutes: a page is shown again after each save, a sound comes in pieces."""
    if not accessed_lately(actor, instance, what):
        record_access(actor, instance, what)


def accessed_lately(actor: User | AnonymousUser, instance: Model, what: str) -> bool:
    """Whether the same person did the same within the last ten minutes."""
    recent = LogEntry.objects.get_for_object(instance).filter(
        actor_id=actor.pk, timestamp__gt=timezone.now() - SAME_VISIT, additional_data={"access": what}
    )
    return bool(recent.exists())


def record_access(actor: User | AnonymousUser, instance: Model, what: str) -> None:
    """Note that ``actor`` has ``READ``, ``PLAYED``, ``EXPORTED`` or ``PRINTED`` the instance."""
    LogEntry.objects.log_create(
        instance,
        action=LogEntry.Action.ACCESS,
        actor=actor if actor.is_authenticated else None,
        force_log=True,
        additional_data={"access": what},
    )


def record_action(actor: AbstractBaseUser | None, instance: Model, what: str, **more: Any) -> None:
    """Note what was done to a job, a schedule or an alert: "cancel", "retry", "run" ...

    ``more`` says under ``by`` which account of the system did it in a shell.
    """
    LogEntry.objects.log_create(
        instance,
        action=LogEntry.Action.UPDATE,
        actor=actor,
        force_log=True,
        additional_data={"action": what, **more},
    )
