"""Exercises, with the therapist's example."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analysis.admin.audio import player
from analysis.admin.scope import OwnAdmin, user_of
from analysis.files import Incoming, RefusedFile, discard, measure, stored
from analysis.models import Exercise, PracticeRecording


class KeepsFiles:
    """Row and uploaded file in one transaction: what fails after the file is kept, such as the log, takes it back."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        with transaction.atomic(), ExitStack() as request.kept:  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]

    def keep(self, request: HttpRequest, field_file: FieldFile) -> Incoming:
        """Put the file that was assigned to the field in its place."""
        kept: Incoming = request.kept.enter_context(stored(field_file))  # type: ignore[attr-defined]
        return kept


class ExerciseForm(ModelForm):  # type: ignore[type-arg]
    """Refuses an example that no analysis would take."""

    def clean_example(self) -> Any:
        example = self.cleaned_data.get("example")
        if example and "example" in self.changed_data:
            try:
                measure(example)
            except RefusedFile as error:
                self.add_error("example", str(error))
        return example


@admin.register(Exercise)
class ExerciseAdmin(KeepsFiles, OwnAdmin):
    form = ExerciseForm
    list_display = ["title", "kind", "language", "text", "created_by"]
    list_filter = ["kind", "language"]
    list_select_related = ["created_by"]
    search_fields = ["title", "text"]
    fields = ["title", "kind", "language", "text", "example", "listen"]
    readonly_fields = ["listen"]

    def has_change_permission(self, request: HttpRequest, obj: Exercise | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and self._owns(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Exercise | None = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and self._owns(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # it asks about no single row
        return actions

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        """An exercise in use cannot go; whose patients use it is not everybody's to know."""
        rows = list(objs)
        used = PracticeRecording.objects.filter(exercise__in=rows).count()
        protected = [_("recordings of this exercise: %d") % used] if used else []
        return [str(row) for row in rows], {Exercise._meta.verbose_name_plural: len(rows)}, set(), protected

    def _owns(self, request: HttpRequest, obj: Exercise | None) -> bool:
        """Others' patients are scored by it, so only who wrote it changes it."""
        return obj is None or user_of(request).is_superuser or obj.created_by_id == user_of(request).pk

    def save_model(self, request: HttpRequest, obj: Exercise, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.created_by = user_of(request)
        if "example" in form.changed_data:
            if old := form.initial.get("example"):
                discard(old)
            if obj.example:
                self.keep(request, obj.example)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("listen"))
    def listen(self, exercise: Exercise) -> str:
        return player(exercise) if exercise.example else "–"
