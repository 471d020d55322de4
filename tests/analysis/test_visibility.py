"""Whose is it: one question, asked the same way everywhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from django.urls import reverse

from analysis.manager import TaskManager
from analysis.models import AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from tests.conftest import group, record

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def both(
    recording: PracticeRecording, ben: Patient, bob: User
) -> tuple[PracticeRecording, PracticeRecording]:
    """Amy's recording and Ben's, each with a job and a result."""
    other = Exercise.objects.create(title="other", text="媽媽騎馬", created_by=bob)
    his = record(ben, other)
    for each in (recording, his):
        job = AnalysisJob.for_call(each.pk).submit()
        AnalysisResult.objects.create(
            job=job, recording_sha256=each.sha256, model_version="x", seconds=1, processing_time_seconds=1
        )
    return recording, his


def seen(user: User | AnonymousUser) -> list[set[str]]:
    return [
        {str(key) for key in model.objects.visible_to(user).values_list("pk", flat=True)}
        for model in (Patient, Exercise, PracticeRecording, AnalysisJob, AnalysisResult)
    ]


def owned(recording: PracticeRecording) -> list[set[str]]:
    job = recording.jobs.get()
    return [{str(each.pk)} for each in (recording.patient, recording.exercise, recording, job, job.result)]


def test_a_therapist_sees_their_own(
    both: tuple[PracticeRecording, PracticeRecording], alice: User, bob: User
) -> None:
    assert seen(alice) == owned(both[0])
    assert seen(bob) == owned(both[1])


def test_a_superuser_sees_all(both: tuple[PracticeRecording, PracticeRecording]) -> None:
    root = User.objects.create_superuser("root", password="root")
    assert seen(root) == [a | b for a, b in zip(owned(both[0]), owned(both[1]), strict=True)]


def test_a_patient_with_an_account_sees_their_own(
    both: tuple[PracticeRecording, PracticeRecording], amy: Patient
) -> None:
    amy.user = User.objects.create_user("amy")
    amy.save()
    assert seen(amy.user) == owned(both[0])


def test_nobody_else_sees_anything(both: tuple[PracticeRecording, PracticeRecording], alice: User) -> None:
    administrator = User.objects.create_user("adam", is_staff=True)
    administrator.groups.add(group("administrators"))
    alice.is_active = False
    alice.save()
    for user in (AnonymousUser(), User.objects.create_user("carol"), administrator, alice):
        assert seen(user) == [set()] * 5


def test_a_patient_of_two_therapists_is_listed_once(amy: Patient, alice: User, bob: User) -> None:
    amy.therapists.add(bob)
    amy.user = alice
    amy.save()
    assert list(Patient.objects.visible_to(alice)) == [amy]


def test_the_door_knows_only_what_its_user_may_see(
    both: tuple[PracticeRecording, PracticeRecording], alice: User
) -> None:
    manager, his = TaskManager(alice), both[1]
    with pytest.raises(PracticeRecording.DoesNotExist):
        manager.submit(his.pk)
    for ask in (manager.status, manager.cancel, manager.retry):
        with pytest.raises(AnalysisJob.DoesNotExist):
            ask(his.jobs.get().pk)
    assert manager.status(both[0].jobs.get().pk)["status"] == "PENDING"


PAGES = ["patient", "exercise", "practicerecording", "analysisjob", "analysisresult"]


@pytest.mark.parametrize("model", PAGES)
def test_admin_lists_show_a_therapist_their_own(
    both: tuple[PracticeRecording, PracticeRecording], alice: User, client: Client, model: str
) -> None:
    client.force_login(alice)
    page = client.get(reverse(f"admin:analysis_{model}_changelist")).content.decode()
    assert "B-1" not in page
    assert "Ben" not in page
    his = both[1] if model == "practicerecording" else owned(both[1])[PAGES.index(model)].pop()
    url = reverse(f"admin:analysis_{model}_change", args=[getattr(his, "pk", his)])
    assert client.get(url).status_code == 302  # the admin's way of saying that it is not there


def test_an_administrator_sees_a_patients_code_and_no_more(client: Client, amy: Patient) -> None:
    administrator = User.objects.create_user("adam", is_staff=True)
    administrator.groups.add(group("administrators"))
    client.force_login(administrator)
    page = client.get(reverse("admin:analysis_patient_changelist")).content.decode()
    assert "A-1" in page
    assert "Amy" not in page
    assert client.get(reverse("admin:analysis_practicerecording_changelist")).status_code == 403
    assert client.get(reverse("admin:django_celery_beat_periodictask_changelist")).status_code == 200
