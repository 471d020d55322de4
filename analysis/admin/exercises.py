"""Exercises, with the therapist's example."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analysis.admin.audio import player
from analysis.admin.scope import OwnAdmin, user_of
from analysis.files import RefusedFile, measure
from analysis.models import Exercise


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
class ExerciseAdmin(OwnAdmin):
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
        to_delete, count, perms_needed, protected = super().get_deleted_objects(objs, request)
        used = [_("recordings of this exercise: %d") % len(protected)] if protected else []
        return to_delete, count, perms_needed, used

    def _owns(self, request: HttpRequest, obj: Exercise | None) -> bool:
        """Others' patients are scored by it, so only who wrote it changes it."""
        return obj is None or user_of(request).is_superuser or obj.created_by_id == user_of(request).pk

    def save_model(self, request: HttpRequest, obj: Exercise, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.created_by = user_of(request)
        elif "example" in form.changed_data and (old := form.initial.get("example")):
            transaction.on_commit(lambda: old.storage.delete(old.name), robust=True)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("listen"))
    def listen(self, exercise: Exercise) -> str:
        return player(exercise) if exercise.example else "–"
