"""What was asked, what was recorded, and what was found."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis import parameters
from analysis.querysets import (
    AnalysisJobQuerySet,
    ExerciseQuerySet,
    PatientQuerySet,
    RecordingQuerySet,
    ResultQuerySet,
)
from analysis.wording import UNUSABLE_TEXTS
from tasks_admin.errors import ERROR_TEXTS
from tasks_admin.jobs import ACTIVE, Job

if TYPE_CHECKING:
    from analysis.acoustics import Analysis, Speaker

SCORES = ("overall_score", "pronunciation_accuracy", "fluency_score", "rhythm_score", "pitch_score")


class Patient(models.Model):
    """Somebody who practises (個案). The code stands for them everywhere but where their therapist reads."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        UNKNOWN = "", _("not stated")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    sex = models.CharField(_("sex"), max_length=6, choices=Sex, default=Sex.UNKNOWN, blank=True)
    birth_year = models.PositiveSmallIntegerField(
        _("year of birth"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1900), MaxValueValidator(2100)],
    )
    therapists = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="patients", verbose_name=_("therapists"), blank=True
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="patient",
        verbose_name=_("own account"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    def as_speaker(self) -> Speaker:
        """What the analysis may know of them."""
        from analysis.acoustics import Speaker

        age = timezone.localdate().year - self.birth_year if self.birth_year else None
        return Speaker(sex=self.sex or None, age=age)  # type: ignore[arg-type]


def example_path(exercise: Exercise, filename: str) -> str:
    """Where an example is kept: a random name, since an uploaded one may hold a person's."""
    return f"examples/{uuid.uuid4()}{_suffix(filename)}"


def recording_path(recording: PracticeRecording, filename: str) -> str:
    """Where a recording is kept, under its own id."""
    return f"recordings/{recording.pk}{_suffix(filename)}"


def _suffix(filename: str) -> str:
    suffix = PurePath(filename).suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""


class Exercise(models.Model):
    """What is to be said, with the therapist's own recording of it as the example."""

    class Kind(models.TextChoices):
        SENTENCE = "sentence", _("sentence")
        SUSTAINED_VOWEL = "sustained_vowel", _("sustained vowel")
        SYLLABLE_REPETITION = "syllable_repetition", _("syllable repetition")

    class Language(models.TextChoices):
        MANDARIN = "zh", _("Mandarin")
        ENGLISH = "en", _("English")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.SENTENCE)
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.MANDARIN)
    text = models.CharField(_("text"), max_length=400, blank=True)
    example = models.FileField(_("example"), upload_to=example_path, blank=True)
    marks = models.JSONField(_("syllable marks"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="exercises",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ExerciseQuerySet.as_manager()

    class Meta:
        verbose_name = _("exercise")
        verbose_name_plural = _("exercises")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self.kind == self.Kind.SENTENCE and not self.text.strip() and not self.example:
            raise ValidationError(_("A sentence needs its text or an example; best both."))


class PracticeRecording(models.Model):
    """One audio file of one patient saying one exercise."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="recordings", verbose_name=_("patient"))
    exercise = models.ForeignKey(
        Exercise, models.PROTECT, related_name="recordings", verbose_name=_("exercise")
    )
    audio = models.FileField(_("audio"), upload_to=recording_path)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    size = models.PositiveBigIntegerField(_("bytes"), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        verbose_name = _("practice recording")
        verbose_name_plural = _("practice recordings")
        ordering = ["-recorded_at"]
        indexes = [models.Index(fields=["patient", "-recorded_at"], name="recording_of_patient")]

    def __str__(self) -> str:
        return f"{self.patient.code} {timezone.localtime(self.recorded_at):%Y-%m-%d %H:%M}"


class AnalysisJob(Job):
    """One request to analyse one recording. Its id is the Celery task's id.

    The states are :class:`tasks_admin.jobs.Job`'s::

        queued -> running -> succeeded | failed | cancelled, and back to queued by retry or rescue

    Two rows with the same recording and parameters are the same work: one of them at most is active.
    """

    task_name = "analysis.tasks.analyze_audio_task"
    error_texts: ClassVar[dict[str, str | Promise]] = ERROR_TEXTS | UNUSABLE_TEXTS

    recording = models.ForeignKey(
        PracticeRecording, models.CASCADE, related_name="jobs", verbose_name=_("practice recording")
    )
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    parameters_key = models.CharField(max_length=32, editable=False)

    objects = AnalysisJobQuerySet.as_manager()  # type: ignore[misc]

    class Meta(Job.Meta):
        abstract = False
        verbose_name = _("analysis job")
        verbose_name_plural = _("analysis jobs")
        constraints = [
            *Job.Meta.constraints,
            models.UniqueConstraint(
                fields=["recording", "parameters_key"],
                condition=Q(state__in=ACTIVE),
                name="one_active_job_for_recording_and_parameters",
            ),
        ]

    @classmethod
    def for_call(cls, practice_record_id: Any, analysis_params: dict[str, Any] | None = None) -> Self:
        """The row for these arguments of the task: the active one, or a new one.

        Raises
        ------
        PracticeRecording.DoesNotExist
            For an id that no recording has.
        analysis.parameters.InvalidParameters
            For parameters that are not known.
        """
        params = parameters.validated(analysis_params)
        try:
            recording = PracticeRecording.objects.get(pk=practice_record_id)
        except (ValidationError, ValueError) as error:  # not a UUID
            raise PracticeRecording.DoesNotExist(f"no recording {practice_record_id}") from error
        therapist = recording.patient.therapists.order_by("pk").values_list("pk", flat=True).first()
        return cls(
            recording=recording,
            parameters=params,
            parameters_key=parameters.key(params),
            owner_key=f"therapist:{therapist}" if therapist else "",
        )

    def twin(self) -> Self | None:
        """The active job for the same work, if there is one."""
        same = type(self).objects.filter(recording_id=self.recording_id, parameters_key=self.parameters_key)
        active: Self | None = same.active().first()  # type: ignore[assignment]
        return active

    def submit(self) -> Self:
        """Queue the row, or return the active one for the same work: the database decides between two callers."""
        for _attempt in range(3):
            if twin := self.twin():
                return twin
            try:
                with transaction.atomic():
                    return super().submit()
            except IntegrityError:
                continue  # another was quicker; it may have ended already, and then it is our turn
        raise IntegrityError(f"recording {self.recording_id}: its jobs come and go too quickly to queue one")

    def task_args(self) -> list[Any]:
        return [str(self.recording_id), self.parameters]

    def record(self, outcome: Analysis) -> dict[str, Any]:
        return AnalysisResult.objects.create(
            job=self, recording_sha256=self.recording.sha256, **AnalysisResult.columns(outcome)
        ).published()

    def recorded(self) -> dict[str, Any] | None:
        result = AnalysisResult.objects.filter(job=self).first()
        return result.published() if result else None


def _score(label: Any) -> models.FloatField[float | None, float | None]:
    return models.FloatField(label, null=True, blank=True)


class AnalysisResult(models.Model):
    """What one analysis found. A score is absent where there was no ground for one; ``unscored`` says why."""

    job = models.OneToOneField(
        AnalysisJob, models.CASCADE, related_name="result", verbose_name=_("analysis job")
    )
    recording_sha256 = models.CharField(_("SHA-256 of the recording"), max_length=64)
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
        return f"{self.job_id}"

    @classmethod
    def columns(cls, analysis: Analysis) -> dict[str, Any]:
        """The analysis as this model's fields."""
        found = analysis.to_dict()
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
_WORDS = ("text", "pinyin", "zhuyin", "contour", "example_contour")


def _wordless(syllables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in each.items() if name not in _WORDS} for each in syllables]


def _figures(suggestion: dict[str, Any]) -> dict[str, float]:
    return {
        name: value for name, value in suggestion.get("figures", {}).items() if not isinstance(value, str)
    }
