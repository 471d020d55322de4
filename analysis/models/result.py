"""What an analysis found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analysis.models.job import AnalysisJob
from analysis.querysets import ResultQuerySet

if TYPE_CHECKING:
    from analysis.acoustics import Analysis
    from analysis.models.recording import PracticeRecording

SCORES = ("overall_score", "pronunciation_accuracy", "fluency_score", "rhythm_score", "pitch_score")

# What only the page of one result reads: a list that loaded them would carry megabytes.
LONG_COLUMNS = (
    "detailed_analysis", "measures", "absent", "unscored", "costs", "syllables", "suggestions",
    "improvement_areas", "caveats", "step_seconds",
)  # fmt: skip


def _score(label: Any) -> models.FloatField[float | None, float | None]:
    return models.FloatField(label, null=True, blank=True)


@dataclass(frozen=True, slots=True)
class Compared:
    """An analysis, and with what it was made.

    Attributes
    ----------
    analysis : Analysis
    example_sha256 : str
        SHA-256 of the example that the recording was compared with; empty without one.
    speech : PracticeRecording or None
        The connected speech that was heard beside a held vowel.
    """

    analysis: Analysis
    example_sha256: str
    speech: PracticeRecording | None = None


class AnalysisResult(models.Model):
    """What one analysis found. A score is absent where there was no ground for one; ``unscored`` says why."""

    job = models.OneToOneField(
        AnalysisJob, models.CASCADE, related_name="result", verbose_name=_("analysis job")
    )
    recording_sha256 = models.CharField(_("SHA-256 of the recording"), max_length=64)
    # Of the file that was compared with: the exercise may have another by now. Empty where there was none.
    example_sha256 = models.CharField(_("SHA-256 of the example"), max_length=64, blank=True, default="")
    overall_score = _score(_("overall score"))
    pronunciation_accuracy = _score(_("pronunciation accuracy"))
    fluency_score = _score(_("fluency"))
    rhythm_score = _score(_("rhythm"))
    pitch_score = _score(_("pitch"))
    detailed_analysis = models.JSONField(_("detailed analysis"), default=dict)
    measures = models.JSONField(_("measures"), default=dict)
    absent = models.JSONField(_("not measured"), default=dict)
    quality_flags = models.JSONField(_("quality flags"), default=list)
    unscored = models.JSONField(_("not scored"), default=dict)
    costs = models.JSONField(_("points lost"), default=list)
    syllables = models.JSONField(_("syllables"), default=list)
    suggestions = models.JSONField(_("suggestions"), default=list)
    improvement_areas = models.JSONField(_("improvement areas"), default=list)
    caveats = models.JSONField(_("caveats"), default=list)
    model_version = models.CharField(_("model version"), max_length=40)
    seconds = models.FloatField(_("length of the recording (s)"))
    processing_time_seconds = models.FloatField(_("processing time (s)"))
    step_seconds = models.JSONField(_("time by step (s)"), default=dict)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("analysis result")
        verbose_name_plural = _("analysis results")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{score}__isnull": True}) | Q(**{f"{score}__gte": 0, f"{score}__lte": 100}),
                name=f"{score}_0_100_or_absent",
            )
            for score in SCORES
        ]
        indexes = [models.Index(fields=["-created_at"], name="result_newest")]

    def __str__(self) -> str:
        return str(self.job.recording)

    @classmethod
    def columns(cls, outcome: Analysis | Compared) -> dict[str, Any]:
        """The analysis as this model's fields."""
        if isinstance(outcome, Compared):
            found = cls.columns(outcome.analysis) | {"example_sha256": outcome.example_sha256}
            if outcome.speech and "avqi" in found["measures"]:
                found["detailed_analysis"]["pitch_analysis"]["avqi_speech"] = str(outcome.speech.pk)
            return found
        found = outcome.to_dict()
        # They have a column of their own.
        found["detailed_analysis"]["phoneme_analysis"].pop("syllables")
        own = {field.name for field in cls._meta.fields}
        return {name: value for name, value in found.items() if name in own}

    def published(self) -> dict[str, Any]:
        """What leaves for clients through Celery: figures and codes, no text and no name.

        The rest is asked for by the job's id, by those who may see the recording.
        """
        found = {name: getattr(self, name) for name in PUBLISHED}
        phonemes = self.detailed_analysis.get("phoneme_analysis", {}) | {
            "syllables": _wordless(self.syllables)
        }
        found["detailed_analysis"] = self.detailed_analysis | {"phoneme_analysis": phonemes}
        found["suggestions"] = [
            {"code": said["code"], "figures": _figures(said)} for said in self.suggestions
        ]
        return found


PUBLISHED = (
    *SCORES,
    "improvement_areas",
    "quality_flags",
    "unscored",
    "model_version",
    "processing_time_seconds",
)
# What of a syllable tells the exercise's text, or is only good for drawing.
_WORDS = ("text", "pinyin", "zhuyin", "spoken", "word", "contour", "example_contour")


def _wordless(syllables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name not in _WORDS} for each in syllables]


def _figures(suggestion: dict[str, Any]) -> dict[str, float]:
    return {
        name: value for name, value in suggestion.get("figures", {}).items() if not isinstance(value, str)
    }
