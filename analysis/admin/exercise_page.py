"""What an exercise's page shows beside its form: its example's marks, and who practises it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from analysis import acoustics, assignments, examples
from analysis.acoustics.example import Example, spoken
from analysis.admin.audio import address
from analysis.admin.uploads import Drop, drop
from analysis.models import Assignment, Exercise, Patient
from analysis.wording import UNUSABLE_TEXTS, sentence

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class ExercisePage:
    """Everything beside the form."""

    exercise: Exercise
    audio: str
    has_syllables: bool
    marks: dict[str, Any]
    given: list[Assignment]
    others: QuerySet[Patient]
    may_give: bool
    may_copy: bool
    drop: Drop | None


def exercise_page(user: User, exercise: Exercise, *, may_change: bool) -> ExercisePage:
    """Gather it. ``others`` are the person's patients who do not have the exercise."""
    given = Assignment.objects.visible_to(user).open().filter(exercise=exercise)
    patients = Patient.objects.visible_to(user).exclude(pk__in=given.values("patient"))
    has_syllables = bool(spoken(exercise.kind, exercise.text, exercise.language))
    return ExercisePage(
        exercise=exercise,
        audio=address(exercise) if exercise.example else "",
        has_syllables=has_syllables,
        marks=_editor(exercise, may_change) if exercise.example and has_syllables else {},
        given=list(given.select_related("patient", "given_by").order_by("patient__code")),
        others=patients.order_by("code"),
        may_give=assignments.may_give(user),
        may_copy=user.has_perm("analysis.add_exercise"),
        drop=drop(user, exercise=exercise),
    )


def _editor(exercise: Exercise, may_change: bool) -> dict[str, Any]:
    """What the script needs before anybody asks for the marks."""
    return {
        "address": reverse("admin:analysis_exercise_marks", args=[exercise.pk]),
        "may_change": may_change,
        "words": {
            "unplayable": _("This browser cannot play the example."),
            "unsaved": _("There are changes that are not saved."),
            "saved": _("The marks are saved. Every later analysis uses them."),
            "away": _("The site did not answer. Please try again."),
            "by_person": _("These marks were set by a person."),
            "found": _("These marks were found by the computer, and nobody has checked them yet."),
            "none": _("The places of the syllables were not found in the example: they are spread evenly."),
            "place": _("%(text)s: %(start)s to %(end)s s"),
        },
    }


def marks_told(exercise: Exercise, example: Example) -> dict[str, Any]:
    """What the editor draws."""
    return {
        "version": examples.version(exercise),
        "seconds": example.seconds,
        "syllables": [{"text": each.text, "zhuyin": each.zhuyin} for each in example.syllables],
        "found": [[round(each.start, 3), round(each.end, 3)] for each in example.places],
        "saved": exercise.marks or [],
    }


def trouble(error: Exception) -> str:
    """Why marks cannot be drawn or kept, in words."""
    if isinstance(error, examples.ChangedMeanwhile):
        return _("The text or the example was changed meanwhile. Please load the page again.")
    if isinstance(error, acoustics.UnusableRecording):
        return sentence(UNUSABLE_TEXTS, f"{error.role}_{error.code}", error.figures)
    if isinstance(error, FileNotFoundError):
        return sentence(UNUSABLE_TEXTS, "example_missing")
    return _("These marks do not fit the example: one for each syllable, in order, none overlapping.")
