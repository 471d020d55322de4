"""Exercises, with the therapist's example."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analysis.admin.audio import player
from analysis.admin.scope import OwnAdmin, user_of
from analysis.models import Exercise


@admin.register(Exercise)
class ExerciseAdmin(OwnAdmin):
    list_display = ["title", "kind", "language", "text", "created_by"]
    list_filter = ["kind", "language"]
    list_select_related = ["created_by"]
    search_fields = ["title", "text"]
    fields = ["title", "kind", "language", "text", "example", "listen"]
    readonly_fields = ["listen"]

    def save_model(self, request: HttpRequest, obj: Exercise, form: ModelForm[Any], change: bool) -> None:
        if not change:
            obj.created_by = user_of(request)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("listen"))
    def listen(self, exercise: Exercise) -> str:
        return player(exercise) if exercise.example else "–"
