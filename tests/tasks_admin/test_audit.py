"""What people do to the task system is told in the audit log: who, what, to what."""

from __future__ import annotations

from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import audit, trail
from tasks_admin.models import Alert, AlertRule, Silence
from tests.conftest import group

pytestmark = pytest.mark.django_db
CREATE, UPDATE, DELETE = LogEntry.Action.CREATE, LogEntry.Action.UPDATE, LogEntry.Action.DELETE


@pytest.fixture(autouse=True)
def _in_a_shell() -> None:
    trail.add(request_id=None)  # of a request of another test in this process


@pytest.fixture
def adam() -> User:
    user = User.objects.create_user("adam", password="adam", is_staff=True)
    user.groups.add(group("administrators"))
    return user


@pytest.fixture
def admin(adam: User) -> Client:
    client = Client()
    client.force_login(adam)
    return client


def told(row: Model) -> list[tuple[Any, Any, Any]]:
    """Who did what, and what else is said of it."""
    entries = LogEntry.objects.get_for_object(row).order_by("pk")
    return [(each.actor, each.action, each.additional_data) for each in entries]


def changed(row: Model) -> set[str]:
    """The fields of the last edit."""
    return set(LogEntry.objects.get_for_object(row).latest("pk").changes)


def act(client: Client, model: str, action: str, row: Model) -> None:
    where = reverse(f"admin:{model}_changelist")
    assert client.post(where, {"action": action, "_selected_action": [str(row.pk)]}).status_code == 302


@pytest.fixture
def job(recording: PracticeRecording, redis: Any) -> AnalysisJob:
    made: AnalysisJob = AnalysisJob.for_call(recording.pk).submit()
    return made


def test_cancel_and_retry_in_the_admin(job: AnalysisJob, alice: User, client: Client) -> None:
    client.force_login(alice)
    act(client, "analysis_analysisjob", "cancel_selected", job)
    act(client, "analysis_analysisjob", "cancel_selected", job)  # it has ended: nothing is done
    act(client, "analysis_analysisjob", "retry_selected", job)
    assert told(job) == [(alice, UPDATE, {"action": "cancel"}), (alice, UPDATE, {"action": "retry"})]


def test_cancel_and_retry_by_the_api(job: AnalysisJob, alice: User, client: Client) -> None:
    client.force_login(alice)
    for what in ("cancel", "retry"):
        assert client.post(f"/api/v1/jobs/{job.pk}/{what}").status_code in {200, 202}
    assert told(job) == [(alice, UPDATE, {"action": "cancel"}), (alice, UPDATE, {"action": "retry"})]


def test_outside_of_a_request_it_is_whoever_has_the_shell(job: AnalysisJob) -> None:
    job.cancel()
    assert told(job) == [(None, UPDATE, {"action": "cancel", "by": audit.system_user()})]


def test_alerts_are_acknowledged_and_silenced(admin: Client, adam: User) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        code="queue_long", subject="health", severity="warning", value=1, threshold=0, since=now, seen_at=now,
        opened_at=now,
    )  # fmt: skip
    act(admin, "tasks_admin_alert", "acknowledge", alert)
    act(admin, "tasks_admin_alert", "silence_for_an_hour", alert)
    silence = Silence.objects.get()
    assert told(alert) == [
        (adam, UPDATE, {"action": "acknowledge"}),
        (adam, UPDATE, {"action": "silence", "until": silence.until.isoformat()}),
    ]
    gone = Silence(pk=silence.pk)
    admin.post(reverse("admin:tasks_admin_silence_delete", args=[silence.pk]), {"post": "yes"})
    assert [what for _who, what, _more in told(gone)] == [CREATE, DELETE]


def test_schedules_and_rules_are_edited(admin: Client, adam: User) -> None:
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    row = PeriodicTask.objects.create(name="x", task="tasks_admin.tasks.test_task", interval=every)
    before = len(told(row))
    form = {
        "name": "x", "regtask": "tasks_admin.tasks.test_task", "args": '["hello"]', "kwargs": "{}", "headers": "{}",
        "interval": str(every.pk), "queue": "health",
    }  # fmt: skip
    answer = admin.post(reverse("admin:django_celery_beat_periodictask_change", args=[row.pk]), form)
    assert answer.status_code == 302
    (who, what, _more), *rest = told(row)[before:]
    assert (who, what, rest) == (adam, UPDATE, [])
    assert changed(row) == {"args", "queue", "enabled"}
    rule, _made = AlertRule.objects.get_or_create(
        code="queue_long", defaults={"threshold": 1, "hold_seconds": 1}
    )
    where = reverse("admin:tasks_admin_alertrule_change", args=[rule.pk])
    admin.post(where, {"enabled": "on", "severity": "critical", "threshold": "7", "hold_seconds": "5"})
    assert {"threshold", "hold_seconds"} <= changed(rule)


def test_what_beat_writes_is_no_edit() -> None:
    nightly = CrontabSchedule.objects.create(minute="1")
    row = PeriodicTask.objects.create(name="x", task="tasks_admin.tasks.test_task", crontab=nightly)
    before = len(told(row))
    row.last_run_at, row.total_run_count = timezone.now(), 1
    row.save()
    assert len(told(row)) == before
