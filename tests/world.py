"""A site with something on every page: two therapists whose worlds must not meet, and what the system writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from django_celery_results.models import GroupResult, TaskResult

from analysis import acoustics
from analysis.demo.people import SPEECH
from analysis.models import (
    AccessToken,
    AnalysisJob,
    AnalysisResult,
    Assignment,
    Exercise,
    Patient,
    PracticeRecording,
    Review,
)
from tasks_admin.models import Alert, AlertRule, DailyFigures, JobAttempt, Silence, WorkerBeat
from tests.conftest import group, record


@dataclass(frozen=True)
class Practice:
    """A therapist with a patient who practises, and what of it is nobody else's to read."""

    therapist: User
    patient: Patient
    exercise: Exercise
    recordings: list[PracticeRecording]
    results: list[AnalysisResult]
    token: AccessToken

    @property
    def words(self) -> set[str]:
        """Names, texts and notes: no colleague's, and no administrator's."""
        return {
            self.patient.name,
            self.exercise.title,
            self.exercise.text,
            self.token.name,
            f"note-{self.patient.code}",
        }

    @property
    def marks(self) -> set[str]:
        """Codes and ids: no colleague's. An administrator works with them."""
        ids = {str(self.patient.pk), *(str(each.pk) for each in self.recordings)}
        return {self.patient.code, *ids, *(str(result.job_id) for result in self.results)}


def practice(name: str, code: str, text: str, analysis: acoustics.Analysis, recordings: int = 2) -> Practice:
    """A therapist's world, with so many analysed recordings, the first of them reviewed."""
    therapist = User.objects.create_user(name, password=name, is_staff=True)
    therapist.groups.add(group("therapists"))
    patient = Patient.objects.create(code=code, name=f"name-of-{code}", sex="female", birth_year=1980)
    patient.therapists.add(therapist)
    exercise = Exercise(title=f"title-of-{code}", text=text, created_by=therapist)
    exercise.example.save("e.webm", ContentFile((SPEECH / "turtle-example.webm").read_bytes()), save=False)
    exercise.save()
    taken = [record(patient, exercise, "turtle-flat-pitch.webm") for _each in range(recordings)]
    results = [_analysed(each, analysis, therapist) for each in taken]
    Review.objects.create(
        result=results[0],
        note=f"note-{code}",
        signed_by=therapist,
        signed_name=name,
        signed_at=timezone.now(),
    )
    Assignment.objects.create(exercise=exercise, patient=patient, given_by=therapist)
    token, _secret = AccessToken.issue(therapist, f"token-of-{code}")
    return Practice(therapist, patient, exercise, taken, results, token)


def _analysed(recording: PracticeRecording, analysis: acoustics.Analysis, by: User) -> AnalysisResult:
    job = AnalysisJob.for_call(recording.pk)
    job.created_by = by
    job.save()
    AnalysisJob.objects.filter(pk=job.pk).update(state="succeeded", finished_at=timezone.now(), attempt=1)
    JobAttempt.objects.create(
        job_id=job.pk,
        attempt=1,
        worker="w@h",
        outcome="succeeded",
        started_at=timezone.now(),
        ended_at=timezone.now(),
    )
    return AnalysisResult.objects.create(
        job=job, recording_sha256=recording.sha256, **AnalysisResult.columns(analysis)
    )


def system_rows() -> None:
    """What only administrators look at: a row of each kind."""
    every, _made = IntervalSchedule.objects.get_or_create(every=11, period="minutes")
    CrontabSchedule.objects.create(minute="1")
    SolarSchedule.objects.create(event="sunrise", latitude=25, longitude=121)
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    PeriodicTask.objects.create(name="own", task="tasks_admin.tasks.health_check", interval=every)
    TaskResult.objects.create(task_id="t", task_name="tasks_admin.tasks.health_check", status="SUCCESS")
    GroupResult.objects.create(group_id="g")
    now = timezone.now()
    AlertRule.objects.get_or_create(code="worker_silent", defaults={"threshold": 120, "hold_seconds": 0})
    Alert.objects.create(
        code="worker_silent", subject="w@h", severity="warning", value=3, threshold=2, since=now, seen_at=now,
        opened_at=now,
    )  # fmt: skip
    Silence.objects.create(code="worker_silent", until=now)
    WorkerBeat.objects.create(name="w@h", node="w@h", host="h", pid=1, started_at=now, seen_at=now)
    DailyFigures.objects.create(day=now.date(), kind="analysis.AnalysisJob")


def rows() -> dict[type[Model], list[Any]]:
    """A key of every model that has a page; of what belongs to a therapist, one of each therapist's."""
    owner = {
        Patient: "therapists", Exercise: "created_by", PracticeRecording: "patient__therapists", AccessToken: "user",
        AnalysisJob: "recording__patient__therapists", AnalysisResult: "job__recording__patient__therapists",
    }  # fmt: skip
    admin.autodiscover()
    found: dict[type[Model], list[Any]] = {}
    admin.autodiscover()  # the pages come with the site's addresses, which nobody may have asked for yet
    for model in admin.site._registry:
        newest = model._default_manager.order_by("-pk")
        if model in owner:
            found[model] = list(dict(newest.values_list(owner[model], "pk")).values())
        else:
            found[model] = list(newest[:1].values_list("pk", flat=True))
        assert found[model], f"tests/world.py has no {model._meta.label}"
    return found


def others() -> dict[str, User]:
    """Who is no therapist."""
    adam = User.objects.create_user("adam", password="adam", is_staff=True)
    adam.groups.add(group("administrators"))
    return {
        "adam": adam,
        "nobody": User.objects.create_user("nobody", password="nobody", is_staff=True),
        "root": User.objects.create_superuser("root", password="root"),
    }


__all__ = ["Practice", "others", "practice", "rows", "system_rows"]
