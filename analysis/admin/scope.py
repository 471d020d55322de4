"""What each person finds in the admin: everything goes through `visible_to`."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.db.models import FileField, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from analysis.admin.sound_input import SoundInput
from analysis.models import AnalysisJob, AnalysisResult, Patient, PracticeRecording
from tasks_admin.admin.readonly import ReadOnlyAdmin


def user_of(request: HttpRequest) -> User:
    """The person behind the request: the admin lets nobody in without an account."""
    if not isinstance(request.user, User):
        raise TypeError("the admin was entered without an account")
    return request.user


def name_of(user: AbstractBaseUser | None) -> str:
    """A colleague as colleagues call them: by name, else by the account's."""
    return user.get_full_name() or user.get_username() if isinstance(user, User) else "–"


def patient_cell(patient: Patient) -> str:
    """A patient in a list: the code, and below it the name."""
    return format_html('<span class="vb-nowrap">{}<br><small>{}</small></span>', patient.code, patient.name)


def runs_tasks(request: HttpRequest) -> bool:
    """Whether the person is an administrator of the task system (and so no reader of patients)."""
    return user_of(request).has_perm("tasks_admin.view_jobattempt")


class Scoped:
    """Rows, and choices of foreign keys, that the person may see."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).visible_to(user_of(request))  # type: ignore[misc]
        return rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        manager = db_field.remote_field.model._default_manager
        if hasattr(manager, "visible_to"):
            kwargs["queryset"] = manager.visible_to(user_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class OwnAdmin(Scoped, ModelAdmin):
    """What a therapist enters."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, FileField):
            kwargs["widget"] = SoundInput()
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class OwnReadOnlyAdmin(Scoped, ReadOnlyAdmin):
    """What the system found, for a therapist to read."""


class OwnFilter(RelatedFieldListFilter):
    """A filter by a foreign key that offers only what the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        rows = field.remote_field.model._default_manager.visible_to(user_of(request))
        return [(str(row.pk), str(row)) for row in rows]


class TakesItsHistoryAlong:
    """Removing the row removes its recordings, jobs and results; nobody may remove the last two by themselves.

    The page before it tells how many there are: a list of years of practice would take minutes, and nobody reads it.
    """

    owner = "patient"  # what of a recording the row is

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        rows = list(objs)
        recordings = PracticeRecording.objects.filter(**{f"{self.owner}__in": [row.pk for row in rows]})
        kept = {
            PracticeRecording: recordings,
            AnalysisJob: AnalysisJob.objects.filter(recording__in=recordings),
            AnalysisResult: AnalysisResult.objects.filter(job__recording__in=recordings),
        }
        counts = {model._meta.verbose_name_plural: found.count() for model, found in kept.items()}
        # Whether the row itself may go was asked before.
        may = user_of(request).has_perm("analysis.delete_practicerecording")
        lacking = set() if may else {str(PracticeRecording._meta.verbose_name)}
        return [str(row) for row in rows], counts, lacking, []
