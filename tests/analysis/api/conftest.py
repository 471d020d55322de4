"""Callers of the API, and Amy's recording with a job and a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analysis.demo.people import SPEECH
from analysis.models import AccessToken, AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from tasks_admin.jobs import JobState

V1 = "/api/v1"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture(autouse=True)
def _redis(redis: Any) -> None:
    """Submitting announces."""


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> Path:
    """Storage of the test's own, whose files can be counted."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def carol(db: None) -> User:
    """An account without a group."""
    return User.objects.create_user("carol", password="carol")


@pytest.fixture
def adam(db: None) -> User:
    """An administrator."""
    user = User.objects.create_user("adam", password="adam", is_staff=True)
    user.groups.add(Group.objects.get_or_create(name="administrators")[0])
    return user


@pytest.fixture
def root(db: None) -> User:
    """A superuser."""
    return User.objects.create_superuser("root", password="root")


@pytest.fixture
def amy_herself(amy: Patient) -> User:
    """Amy's own account."""
    amy.user = User.objects.create_user("amy", password="amy")
    amy.save()
    return amy.user


@pytest.fixture
def job(recording: PracticeRecording) -> AnalysisJob:
    """Amy's recording, queued."""
    job: AnalysisJob = AnalysisJob.for_call(recording.pk).submit()
    return job


@pytest.fixture
def done(job: AnalysisJob) -> AnalysisJob:
    """Amy's recording, analysed."""
    AnalysisResult.objects.create(
        job=job, recording_sha256=job.recording.sha256, model_version="x", seconds=1,
        processing_time_seconds=1, overall_score=88.5, unscored={"pitch": "no_voicing"},
        suggestions=[{"code": "practise_tones", "figures": {"syllables": "今 天"}}],
        quality_flags=[{"code": "noise", "severity": "doubtful", "figures": {}}],
        syllables=[{"text": "今", "contour": [1.0]}], caveats=["tones_unproven"],
    )  # fmt: skip
    return ended(job, JobState.SUCCEEDED)


def ended(job: AnalysisJob, state: JobState, **fields: Any) -> AnalysisJob:
    AnalysisJob.objects.filter(pk=job.pk).update(state=state, **fields)
    job.refresh_from_db()
    return job


def logged_in(user: User | None, **kwargs: Any) -> Client:
    client = Client(**kwargs)
    if user:
        client.force_login(user)
    return client


def bearer(user: User) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {AccessToken.issue(user, 'phone')[1]}"}


def speech(name: str = "park-faithful.webm") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (SPEECH / name).read_bytes())


def upload(client: Client, patient: Patient, exercise: Exercise, /, **fields: Any) -> Any:
    data = {"patient": str(patient.pk), "exercise": str(exercise.pk), "audio": speech(), **fields}
    return client.post(f"{V1}/recordings", data)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("recordings/*") if path.is_file()]
