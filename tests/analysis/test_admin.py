"""Every page of the admin, opened as each person: no page shows a row that is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from pytest_django import DjangoAssertNumQueries

from analysis import acoustics
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, AnalysisResult, Exercise, Patient, PracticeRecording
from tasks_admin.jobs import JobState
from tests.conftest import group, record

pytestmark = pytest.mark.usefixtures("redis")

MOST_QUERIES = 25
# What only Ben's therapist may read, wherever it could appear.
BENS = ("B-1", "Ben of Bob")


@pytest.fixture(scope="module")
def analysis() -> acoustics.Analysis:
    from analysis.demo.people import SPEECH

    return acoustics.analyze(
        SPEECH / "park-pauses.m4a", SPEECH / "park-example.webm", text="今天我們去公園散步"
    )


def analysed(recording: PracticeRecording, analysis: acoustics.Analysis) -> AnalysisJob:
    job = AnalysisJob.for_call(recording.pk).submit()
    mine = AnalysisJob.claim(job.pk, "w")
    assert mine is not None
    mine.complete(analysis)
    mine.refresh_from_db()
    return mine


@pytest.fixture
def hers(recording: PracticeRecording, analysis: acoustics.Analysis) -> AnalysisJob:
    return analysed(recording, analysis)


@pytest.fixture
def his(ben: Patient, bob: User, exercise: Exercise, analysis: acoustics.Analysis) -> AnalysisJob:
    ben.name = "Ben of Bob"
    ben.save()
    own = Exercise.objects.create(title="Ben of Bob's exercise", created_by=bob, text="媽媽騎馬去買菜")
    return analysed(record(ben, own), analysis)


@pytest.fixture
def adam(db: None) -> User:
    """An administrator."""
    user = User.objects.create_user("adam", is_staff=True)
    user.groups.add(group("administrators"))
    return user


def rows_of(model: Any, job: AnalysisJob) -> list[Any]:
    owned = {
        Patient: job.recording.patient, Exercise: job.recording.exercise, PracticeRecording: job.recording,
        AnalysisJob: job, AnalysisResult: job.result,
    }  # fmt: skip
    return (
        [owned[model].pk] if model in owned else list(model._default_manager.values_list("pk", flat=True)[:1])
    )


def pages(job: AnalysisJob) -> Iterator[str]:
    """Every address that the admin has for its models: lists, filters, searches, rows, histories, deletions."""
    yield reverse("admin:index")
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        changelist = reverse(f"admin:{name}_changelist")
        yield changelist
        yield f"{changelist}?q=B"
        for entry in model_admin.list_filter:
            field = entry[0] if isinstance(entry, tuple) else entry
            if isinstance(field, str) and "__" in field:
                yield f"{changelist}?{field}__id__exact={job.recording.patient.pk}"
        yield reverse(f"admin:{name}_add")
        for pk in rows_of(model, job):
            for page in ("change", "history", "delete"):
                yield reverse(f"admin:{name}_{page}", args=[pk])
    yield reverse("admin:analysis_analysisjob_live") + f"?id={job.pk}"
    for app, model_name, field in (
        ("analysis", "practicerecording", "patient"), ("analysis", "practicerecording", "exercise"),
        ("analysis", "analysisjob", "recording"),
    ):  # fmt: skip
        yield (
            reverse("admin:autocomplete")
            + f"?app_label={app}&model_name={model_name}&field_name={field}&term=B"
        )


def test_a_therapist_never_meets_another_ones_patient(
    hers: AnalysisJob, his: AnalysisJob, alice: User, client: Client
) -> None:
    client.force_login(alice)
    shown = 0
    for job in (hers, his):
        for page in pages(job):
            answer = client.get(page)
            assert answer.status_code in (200, 302, 403, 404), page
            body = answer.content.decode()
            shown += answer.status_code == 200
            if "q=B" not in page:
                assert not [secret for secret in BENS if secret in body], page
            else:
                assert "Ben of Bob" not in body, page
    assert shown > 15


def test_a_therapist_does_meet_their_own(hers: AnalysisJob, alice: User, client: Client) -> None:
    client.force_login(alice)
    for model in ("patient", "exercise", "practicerecording", "analysisjob", "analysisresult"):
        pk = rows_of(admin.site._registry and _model(model), hers)[0]
        assert client.get(reverse(f"admin:analysis_{model}_change", args=[pk])).status_code == 200
        assert client.get(reverse(f"admin:analysis_{model}_changelist")).status_code == 200


def _model(name: str) -> Any:
    return next(model for model in admin.site._registry if model._meta.model_name == name)


def test_an_administrator_sees_codes_and_no_names_audio_or_results(
    hers: AnalysisJob, his: AnalysisJob, adam: User, client: Client
) -> None:
    client.force_login(adam)
    for page in pages(his):
        body = client.get(page).content.decode()
        assert "Ben of Bob" not in body, page
        assert "<audio" not in body, page
    assert "B-1" in client.get(reverse("admin:analysis_analysisjob_changelist")).content.decode()
    assert client.get(reverse("admin:analysis_analysisresult_changelist")).status_code == 403


@pytest.mark.parametrize("staff", [True, False])
def test_nobody_else_sees_anything(his: AnalysisJob, client: Client, staff: bool) -> None:
    client.force_login(User.objects.create_user("carol", is_staff=staff))
    for page in pages(his):
        answer = client.get(page)
        assert not [secret for secret in BENS if secret in answer.content.decode()], page
        assert answer.status_code in (302, 403) or page == reverse("admin:index"), page


def test_without_a_login_there_is_only_the_login(his: AnalysisJob, client: Client) -> None:
    for page in pages(his):
        answer = client.get(page)
        assert answer.status_code == 302, page
        assert "/login/" in answer.headers["Location"], page


def test_lists_ask_a_fixed_number_of_queries(
    amy: Patient, exercise: Exercise, alice: User, client: Client, analysis: acoustics.Analysis,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    for _ in range(30):
        analysed(record(amy, exercise), analysis)
    client.force_login(alice)
    for model in ("patient", "exercise", "practicerecording", "analysisjob", "analysisresult"):
        with django_assert_max_num_queries(MOST_QUERIES):
            assert client.get(reverse(f"admin:analysis_{model}_changelist")).status_code == 200


def test_the_result_page_reads_well(hers: AnalysisJob, alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get(
        reverse("admin:analysis_analysisresult_change", args=[hers.result.pk]),
        headers={"accept-language": "en"},
    ).content.decode()
    for said in ("pauses −", "Shorten the pauses", "ㄍㄨㄥ", "gōng", "Hz", "not a diagnosis", "<audio"):
        assert said in page, said


def test_reading_a_result_is_in_the_audit_log(hers: AnalysisJob, alice: User, client: Client) -> None:
    from auditlog.models import LogEntry

    client.force_login(alice)
    client.get(reverse("admin:analysis_analysisresult_change", args=[hers.result.pk]))
    entry = LogEntry.objects.get_for_object(hers.result).get()
    assert (entry.actor, entry.action, entry.additional_data) == (
        alice,
        LogEntry.Action.ACCESS,
        {"access": "read"},
    )


def test_a_changed_name_is_logged_without_the_name(amy: Patient, alice: User, client: Client) -> None:
    from auditlog.models import LogEntry

    amy.name = "Amelia"
    amy.save()
    changed = LogEntry.objects.get_for_object(amy).filter(action=LogEntry.Action.UPDATE)
    assert [entry.changes for entry in changed if "name" in entry.changes] == [{"name": ["***", "***"]}]


def test_a_recording_is_analysed_again_and_cancelled_from_its_page(
    hers: AnalysisJob, alice: User, client: Client
) -> None:
    client.force_login(alice)
    pk = hers.recording.pk
    door = {
        name: reverse(f"admin:analysis_practicerecording_{name}", args=[pk]) for name in ("analyse", "cancel")
    }
    assert client.get(door["analyse"]).status_code == 405
    assert client.post(door["analyse"]).status_code == 302
    job = TaskManager().submit(pk)  # the one that is queued already
    assert job.created_by == alice
    client.post(door["cancel"])
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    retry = reverse("admin:analysis_analysisjob_retry", args=[job.pk])
    client.post(retry)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_anothers_recording_has_no_doors(his: AnalysisJob, alice: User, client: Client) -> None:
    client.force_login(alice)
    for name, pk in (
        ("practicerecording_analyse", his.recording.pk), ("practicerecording_cancel", his.recording.pk),
        ("analysisjob_cancel", his.pk), ("analysisjob_retry", his.pk),
    ):  # fmt: skip
        assert client.post(reverse(f"admin:analysis_{name}", args=[pk])).status_code == 404, name


def test_recordings_are_analysed_in_bulk(recording: PracticeRecording, alice: User, client: Client) -> None:
    client.force_login(alice)
    client.post(
        reverse("admin:analysis_practicerecording_changelist"),
        {"action": "analyse", "_selected_action": [str(recording.pk)]},
    )
    assert recording.jobs.get().state == JobState.QUEUED


SCHEDULE = {
    "name": "x", "enabled": "on", "regtask": "tasks_admin.tasks.test_task", "args": "[]", "kwargs": "{}",
    "headers": "{}", "description": "", "task": "", "queue": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, None),
        ({"kwargs": '{"colour": 1}'}, "kwargs"),
        ({"args": "{}"}, "args"),
        ({"args": "nonsense"}, "args"),
        ({"regtask": "", "task": "no.such.task"}, "task"),
        ({"queue": "music"}, "queue"),
        ({"interval": ""}, None),
    ],
)
def test_a_schedule_that_cannot_run_is_refused(
    adam: User, client: Client, change: dict[str, str], field: str | None
) -> None:
    from django_celery_beat.models import IntervalSchedule

    client.force_login(adam)
    every = IntervalSchedule.objects.create(every=7, period="minutes")
    answer = client.post(
        reverse("admin:django_celery_beat_periodictask_add"), SCHEDULE | {"interval": str(every.pk)} | change
    )
    saved = PeriodicTask.objects.filter(name="x").exists()
    assert saved is (field is None and change == {})
    if field:
        assert answer.context["adminform"].form.errors.keys() == {field}


@pytest.mark.parametrize(("day", "month", "good"), [("31", "2", False), ("29", "2", True), ("*", "*", True)])
def test_a_crontab_that_never_comes_is_refused(
    adam: User, client: Client, day: str, month: str, good: bool
) -> None:
    client.force_login(adam)
    client.post(
        reverse("admin:django_celery_beat_crontabschedule_add"),
        {"minute": "1", "hour": "2", "day_of_month": day, "month_of_year": month, "day_of_week": "*",
         "timezone": "Asia/Taipei", "periodictask_set-TOTAL_FORMS": "0", "periodictask_set-INITIAL_FORMS": "0"},
    )  # fmt: skip
    assert CrontabSchedule.objects.filter(minute="1", hour="2").exists() is good


def test_a_schedule_runs_now(adam: User, client: Client, redis: Any) -> None:
    client.force_login(adam)
    row = PeriodicTask.objects.get(name="health check")
    client.post(
        reverse("admin:django_celery_beat_periodictask_changelist"),
        {"action": "run_now", "_selected_action": [str(row.pk)]},
    )
    assert redis.llen("health") == 1


def test_five_wrong_passwords_lock_the_login(alice: User, client: Client) -> None:
    login = reverse("admin:login")
    for _ in range(5):
        client.post(login, {"username": "alice", "password": "wrong"})
    assert client.post(login, {"username": "alice", "password": "alice"}).status_code == 429


def test_an_access_token_is_shown_once_and_only_to_its_maker(alice: User, bob: User, client: Client) -> None:
    from analysis.models import AccessToken

    client.force_login(alice)
    page = client.post(reverse("admin:analysis_accesstoken_add"), {"name": "phone"}).content.decode()
    token = AccessToken.objects.get()
    secret = page.split('value="vb_')[1].split('"')[0]
    assert AccessToken.objects.holder(f"vb_{secret}") == alice
    listed = client.get(reverse("admin:analysis_accesstoken_changelist")).content.decode()
    assert token.prefix in listed
    assert secret not in listed
    client.force_login(bob)
    assert token.prefix not in client.get(reverse("admin:analysis_accesstoken_changelist")).content.decode()
    revoke = {"action": "revoke", "_selected_action": [str(token.pk)]}
    client.post(reverse("admin:analysis_accesstoken_changelist"), revoke)
    assert AccessToken.objects.holder(f"vb_{secret}") == alice
    client.force_login(alice)
    client.post(reverse("admin:analysis_accesstoken_changelist"), revoke)
    assert AccessToken.objects.holder(f"vb_{secret}") is None


def test_an_administrator_cannot_ask_for_names_by_the_query_string(
    amy: Patient, adam: User, client: Client
) -> None:
    client.force_login(adam)
    patients = reverse("admin:analysis_patient_changelist")
    assert client.get(f"{patients}?name__startswith=Am").status_code == 400
    assert client.get(f"{patients}?code__startswith=A").status_code == 200


def test_a_therapist_is_not_shown_the_accounts_of_others_patients(
    amy: Patient, alice: User, client: Client
) -> None:
    User.objects.create_user("ben.of.bob")
    client.force_login(alice)
    for page in (
        reverse("admin:analysis_patient_change", args=[amy.pk]),
        reverse("admin:analysis_patient_add"),
    ):
        assert "ben.of.bob" not in client.get(page).content.decode()


def test_removing_a_patient_removes_recordings_results_and_audio(
    hers: AnalysisJob, alice: User, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(alice)
    recording = hers.recording
    storage, name = recording.audio.storage, str(recording.audio.name)
    with django_capture_on_commit_callbacks(execute=True):
        page = reverse("admin:analysis_patient_delete", args=[recording.patient.pk])
        for typed in ("", "a-1", "B-1"):
            answer = client.post(page, {"post": "yes", "code": typed}, headers={"accept-language": "en"})
            assert "Nothing was removed" in answer.content.decode()
        assert storage.exists(name)
        assert client.post(page, {"post": "yes", "code": "A-1"}).status_code == 302
    assert not Patient.objects.exists()
    assert not AnalysisResult.objects.exists()
    assert not storage.exists(name)


def test_an_exercise_belongs_to_who_wrote_it(
    hers: AnalysisJob, exercise: Exercise, ben: Patient, bob: User, client: Client
) -> None:
    record(ben, exercise)
    client.force_login(bob)
    change = reverse("admin:analysis_exercise_change", args=[exercise.pk])
    assert client.get(change).status_code == 200
    assert (
        client.post(change, {"title": "x", "kind": "sentence", "language": "zh", "text": "x"}).status_code
        == 403
    )
    assert client.get(reverse("admin:analysis_exercise_delete", args=[exercise.pk])).status_code == 403


def test_deleting_an_exercise_in_use_names_no_patient(
    hers: AnalysisJob, exercise: Exercise, alice: User, ben: Patient, client: Client
) -> None:
    record(ben, exercise)
    client.force_login(alice)
    page = client.get(reverse("admin:analysis_exercise_delete", args=[exercise.pk])).content.decode()
    assert "B-1" not in page
    assert "A-1" not in page


def test_a_replaced_example_is_not_kept(
    exercise: Exercise, alice: User, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from analysis.demo.people import SPEECH

    client.force_login(alice)
    storage, old = exercise.example.storage, str(exercise.example.name)
    form = {"title": "park", "kind": "sentence", "language": "zh", "text": "今天我們去公園散步"}
    page = reverse("admin:analysis_exercise_change", args=[exercise.pk])
    with django_capture_on_commit_callbacks(execute=True):
        example = SimpleUploadedFile("new.webm", (SPEECH / "milk-slow.webm").read_bytes())
        client.post(page, form | {"example": example})
    exercise.refresh_from_db()
    assert exercise.example.name != old
    assert not storage.exists(old)


def test_a_job_whose_result_was_lost_does_not_break_the_page(
    hers: AnalysisJob, alice: User, client: Client
) -> None:
    hers.result.delete()
    client.force_login(alice)
    page = reverse("admin:analysis_practicerecording_change", args=[hers.recording.pk])
    assert client.get(page).status_code == 200
    for model in ("practicerecording", "analysisjob"):
        assert client.get(reverse(f"admin:analysis_{model}_changelist")).status_code == 200


def test_one_schedule_that_cannot_run_does_not_stop_the_others(
    adam: User, client: Client, redis: Any
) -> None:
    from django_celery_beat.models import IntervalSchedule

    every = IntervalSchedule.objects.first()
    for name, change in (
        ("a", {"task": "gone"}),
        ("b", {"args": "nonsense"}),
        ("c", {"queue": "music"}),
        ("d", {}),
    ):
        PeriodicTask.objects.create(
            **{"name": name, "interval": every, "task": "tasks_admin.tasks.health_check"} | change
        )
    client.force_login(adam)
    rows = PeriodicTask.objects.filter(name__in="abcd")
    client.post(
        reverse("admin:django_celery_beat_periodictask_changelist"),
        {"action": "run_now", "_selected_action": [str(row.pk) for row in rows]},
    )
    assert redis.llen("health") == 1
