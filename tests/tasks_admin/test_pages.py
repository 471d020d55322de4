"""The task system's pages: who may open them, what they say and do, and that more rows cost no more questions."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import formats, timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from analysis.models import AnalysisJob, PracticeRecording
from tasks_admin import job_actions
from tasks_admin.job_list import PAGE
from tasks_admin.models import Alert, BeatLease, JobAttempt, Purge, WorkerBeat
from tests.conftest import group
from tests.tasks_admin.conftest import OwnRedis

pytestmark = pytest.mark.django_db
QUEUE = "ai_analysis"
PAGES = ("tasks_overview", "tasks_queues", "tasks_jobs")
PIECES = ("tasks_now", "tasks_charts", "tasks_ask")
DOORS = ("tasks_purge", "tasks_act", "tasks_retry_all")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def adam(db: None, client: Client) -> User:
    """An administrator, logged in."""
    adam = User.objects.create_user("adam", is_staff=True)
    adam.groups.add(group("administrators"))
    client.force_login(adam)
    return adam


def opened(client: Client, address: str, **query: Any) -> str:
    answer = client.get(address, query, headers={"accept-language": "en", **HTMX})
    assert answer.status_code == 200, address
    return answer.content.decode()


def jobs(recording: PracticeRecording, count: int, **fields: Any) -> list[AnalysisJob]:
    about = {"queue": QUEUE, "state": "queued"} | fields
    return AnalysisJob.objects.bulk_create(
        AnalysisJob(recording=recording, parameters_key=uuid.uuid4().hex, **about) for _ in range(count)
    )


def failed(recording: PracticeRecording, count: int = 1, **fields: Any) -> list[AnalysisJob]:
    """With an attempt each."""
    now = timezone.now()
    about = {
        "state": "failed",
        "attempt": 1,
        "error_code": "internal_error",
        "started_at": now,
        "finished_at": now,
    }
    rows = jobs(recording, count, **(about | fields))
    JobAttempt.objects.bulk_create(
        JobAttempt(
            job_id=row.pk, attempt=1, worker="w@h", outcome="failed", started_at=now, ended_at=now,
            error_code=row.error_code, traceback="Traceback: boom",
        )
        for row in rows
    )  # fmt: skip
    return rows


def message(job_id: Any, *args: Any, age: float = 0, **kwargs: Any) -> str:
    """As Celery writes it."""
    body = base64.b64encode(json.dumps([args, kwargs, {}]).encode()).decode()
    headers = {"id": str(job_id), "task": "t", "sent_at": time.time() - age}
    return json.dumps({"headers": headers, "properties": {"body_encoding": "base64"}, "body": body})


def worker(number: int = 1, **fields: Any) -> WorkerBeat:
    now = timezone.now()
    about = {
        "node": f"w{number}@h", "host": "h", "pid": number, "queues": [QUEUE], "slots": 2, "memory": 300 * 2**20,
        "versions": {"celery": "5.6.3"}, "started_at": now - timedelta(hours=3), "seen_at": now,
    }  # fmt: skip
    return WorkerBeat.objects.create(name=f"w{number}@h/1", **(about | fields))


def alert(number: int, code: str = "queue_without_consumer") -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        code=code, subject=f"q{number}", severity="critical", value=3, threshold=2, since=now,
        seen_at=now, opened_at=now,
    )  # fmt: skip


# --- who may


@pytest.mark.parametrize("name", [*PAGES, *PIECES, *DOORS])
def test_nobody_else_opens_them(name: str, alice: User, client: Client) -> None:
    assert client.get(reverse(name)).status_code == 302
    for user in (alice, User.objects.create_user("nobody", is_staff=True)):
        client.force_login(user)
        assert client.get(reverse(name), headers=HTMX).status_code == 403
        assert client.post(reverse(name), headers=HTMX).status_code == 403


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_by_itself_leads_to_the_page(name: str, adam: User, client: Client) -> None:
    assert client.get(reverse(name)).headers["Location"] == reverse("tasks_overview")


def test_who_may_only_look_is_offered_nothing_else(
    own_redis: OwnRedis, recording: PracticeRecording, client: Client
) -> None:
    failed(recording)
    user = User.objects.create_user("eve", is_staff=True)
    wanted = [("tasks_admin", "view_jobattempt"), ("analysis", "view_analysisjob")]
    for app, codename in wanted:
        user.user_permissions.add(_permission(app, codename))
    client.force_login(user)
    assert "Throw the messages away" not in opened(client, reverse("tasks_queues"))
    page = opened(client, reverse("tasks_jobs"), state="failed")
    assert str(AnalysisJob.objects.get().pk) in page
    assert "Try " not in page
    assert "Open alerts" not in opened(client, reverse("tasks_overview"))
    for name in DOORS:
        assert client.post(reverse(name), {"queue": QUEUE, "typed": QUEUE}).status_code == 403


def _permission(app: str, codename: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_jobs_of_a_kind_that_a_person_may_not_look_at_are_not_listed(
    recording: PracticeRecording, client: Client
) -> None:
    (row,) = failed(recording)
    user = User.objects.create_user("eve", is_staff=True)
    user.user_permissions.add(_permission("tasks_admin", "view_jobattempt"))
    client.force_login(user)
    assert str(row.pk) not in opened(client, reverse("tasks_jobs"))


def test_what_comes_by_itself_keeps_no_session_alive(adam: User, client: Client) -> None:
    opened(client, reverse("tasks_overview"))
    session = client.session
    del session["seen"]
    session.save()
    for name in ("tasks_now", "tasks_charts"):
        opened(client, reverse(name))
        assert "seen" not in client.session


# --- the overview


def test_nothing_at_all_is_said_plainly(own_redis: OwnRedis, adam: User, client: Client) -> None:
    page = opened(client, reverse("tasks_overview"))
    assert "No job has ended" in opened(client, reverse("tasks_charts"))
    for said in (
        "No worker is alive",
        "Nothing has failed",
        "No job is running",
        "Nothing is wrong",
    ):
        assert said in page, said
    assert "Nothing waits in this queue" in opened(client, reverse("tasks_queues"))
    assert "There are no jobs yet" in opened(client, reverse("tasks_jobs"))
    assert "No worker answered" in opened(client, reverse("tasks_ask"))


def test_redis_away_is_said_and_rows_are_shown(
    own_redis: OwnRedis, recording: PracticeRecording, adam: User, client: Client
) -> None:
    jobs(recording, 3)
    own_redis.stop()
    for name in ("tasks_overview", "tasks_queues", "tasks_ask"):
        began = time.monotonic()
        assert "Redis does not answer" in opened(client, reverse(name))
        assert time.monotonic() - began < 3
    assert "ai_analysis: 3" in opened(client, reverse("tasks_now"))
    answer = client.post(
        reverse("tasks_purge"),
        {"queue": QUEUE, "typed": QUEUE},
        follow=True,
        headers={"accept-language": "en"},
    )
    assert "Redis does not answer. Some messages" in answer.content.decode()


def test_the_overview_tells_how_it_stands(
    own_redis: OwnRedis, recording: PracticeRecording, adam: User, client: Client
) -> None:
    now = timezone.now()
    own_redis.client.lpush(QUEUE, message(uuid.uuid4(), age=125))
    worker()
    worker(2, seen_at=now - timedelta(seconds=90))
    (running,) = jobs(recording, 1, state="running", worker="w1@h/1", attempt=1, started_at=now, progress=40)
    (broken,) = failed(recording)
    BeatLease.objects.update_or_create(pk=1, defaults={"until": now, "ticked_at": now - timedelta(seconds=5)})
    wrong = alert(1, "worker_silent")
    page = opened(client, reverse("tasks_overview"))
    for said in (
        "2 min", "w1@h", "300.0\xa0MB", "celery 5.6.3", "3 h", "silent", "1/2", "40 %", "ago",
        reverse("admin:analysis_analysisjob_change", args=[running.pk]),
        reverse("admin:analysis_analysisjob_change", args=[broken.pk]),
        reverse("admin:tasks_admin_alert_change", args=[wrong.pk]), str(broken.error_text),
    ):  # fmt: skip
        assert said in page, said
    assert "No worker is alive" not in page
    assert "0 succeeded, 1 failed" in opened(client, reverse("tasks_charts"))


def test_a_failure_whose_job_was_deleted_is_shown(own_redis: OwnRedis, adam: User, client: Client) -> None:
    now = timezone.now()
    JobAttempt.objects.create(
        job_id=uuid.uuid4(), attempt=1, worker="w", outcome="lost", started_at=now, ended_at=now
    )
    assert "(deleted)" in opened(client, reverse("tasks_now"))


def test_charts_have_a_table_and_three_lengths(
    own_redis: OwnRedis, recording: PracticeRecording, adam: User, client: Client
) -> None:
    now = timezone.now()
    for minutes in (2, 3, 50):
        ended = now - timedelta(minutes=minutes)
        row = jobs(
            recording,
            1,
            state="succeeded",
            attempt=1,
            started_at=ended - timedelta(seconds=4),
            finished_at=ended,
        )[0]
        AnalysisJob.objects.filter(pk=row.pk).update(created_at=ended - timedelta(seconds=10))
    page = opened(client, reverse("tasks_charts"), hours=1)
    assert page.count("<rect") == 3
    assert page.count("<polyline") == 4  # two neighbours in time
    assert page.count("ta-dot") == 4  # and one alone
    assert "6.0 s" in page
    assert "4.0 s" in page
    for hours in ("24", "168", "nonsense", "-1"):
        assert "3 succeeded" in opened(client, reverse("tasks_charts"), hours=hours)


# --- queues


def test_a_message_is_shown_without_its_values(
    own_redis: OwnRedis, recording: PracticeRecording, adam: User, client: Client
) -> None:
    own_redis.client.lpush(
        QUEUE, message(7, "Amy Adams", note="private"), "no message", '{"headers": {"id": 8}}'
    )
    page = opened(client, reverse("tasks_queues"), queue=QUEUE)
    assert "1 by place, note" in page
    assert not {"Amy", "private"} & set(page.replace('"', " ").split())
    assert "Nothing waits" in opened(client, reverse("tasks_queues"), queue="health")
    assert "1 by place" in opened(client, reverse("tasks_queues"), queue="no such queue")  # the first of them


def purging(client: Client, **form: str) -> str:
    answer = client.post(
        reverse("tasks_purge"), {"queue": QUEUE} | form, follow=True, headers={"accept-language": "en"}
    )
    return answer.content.decode()


def test_a_queue_is_emptied_by_its_name(
    own_redis: OwnRedis, redis: Any, recording: PracticeRecording, adam: User, client: Client
) -> None:
    (row,) = jobs(recording, 1)
    own_redis.client.lpush(QUEUE, message(row.pk), message(uuid.uuid4()))
    assert "Nothing was done" in purging(client, typed="health")
    assert "no such queue" in purging(client, queue="music", typed="music")
    assert own_redis.client.llen(QUEUE) == 2
    assert "2 messages were thrown away. 1 job is cancelled." in purging(client, typed=f" {QUEUE} ")
    assert own_redis.client.llen(QUEUE) == 0
    row.refresh_from_db()
    assert row.state == "cancelled"
    purge = Purge.objects.get()
    assert (purge.purged_by, purge.queue, purge.messages, purge.jobs, purge.again) == (
        adam,
        QUEUE,
        2,
        1,
        False,
    )
    entry = LogEntry.objects.get_for_object(purge).get()
    assert (entry.actor, entry.additional_data) == (adam, {"action": "purge", "messages": 2, "jobs": 1})


def test_its_jobs_may_be_queued_again(
    own_redis: OwnRedis, redis: Any, recording: PracticeRecording, adam: User, client: Client
) -> None:
    (row,) = jobs(recording, 1, published_at=timezone.now(), announcements=1)
    own_redis.client.lpush(QUEUE, message(row.pk))
    said = purging(client, typed=QUEUE, jobs="again")
    assert "1 job is queued again. 1 job waits for this queue still." in said
    row.refresh_from_db()
    assert (row.state, redis.llen(QUEUE)) == ("queued", 1)


def test_a_look_empties_nothing(own_redis: OwnRedis, adam: User, client: Client) -> None:
    assert client.get(reverse("tasks_purge"), {"queue": QUEUE, "typed": QUEUE}).status_code == 405


# --- jobs


def listed(client: Client, **query: Any) -> list[str]:
    answer = client.get(reverse("tasks_jobs"), query)
    return [str(row.job.pk) for row in answer.context["rows"]]


def test_jobs_are_found_by_state_queue_owner_worker_and_id(
    recording: PracticeRecording, adam: User, client: Client
) -> None:
    (one,) = jobs(recording, 1, queue="maintenance", owner_key="therapist:1")
    (other,) = failed(recording, worker="w@h/1")
    assert listed(client) == [str(other.pk), str(one.pk)]
    for query in (
        {"state": "failed"},
        {"queue": QUEUE},
        {"q": "w@h"},
        {"q": str(other.pk)},
        {"q": other.pk.hex},
    ):
        assert listed(client, **query) == [str(other.pk)], query
    for query in ({"q": "therapist:1"}, {"state": "queued", "kind": "analysis.AnalysisJob"}):
        assert listed(client, **query) == [str(one.pk)], query
    assert listed(client, state="succeeded") == listed(client, kind="nobody.Job") == []
    assert len(listed(client, state="no such state", after="nonsense_x")) == 2
    assert len(listed(client, queue="\0", after=f"0001-01-01T00:00:00+23:59_{one.pk}")) == 2
    assert listed(client, q="\0nobody") == []
    page = opened(client, reverse("tasks_jobs"))
    assert "queued 1" in page
    assert reverse("admin:tasks_admin_jobattempt_changelist") + f"?q={other.pk}" in page


def test_the_list_goes_on_where_it_ended(recording: PracticeRecording, adam: User, client: Client) -> None:
    made = jobs(recording, 2 * PAGE + 5)
    moment = timezone.now()
    # Made at one moment: their ids decide.
    AnalysisJob.objects.filter(pk__in=[row.pk for row in made[:PAGE]]).update(created_at=moment)
    seen: list[str] = []
    place: Any = ""
    while place is not None:
        answer = client.get(reverse("tasks_jobs"), {"after": str(place)})
        seen += [str(row.job.pk) for row in answer.context["rows"]]
        place = answer.context["next"]
    assert len(seen) == len(set(seen)) == len(made)


def chosen(client: Client, what: str, *rows: AnalysisJob) -> str:
    answer = client.post(
        reverse("tasks_act"),
        {
            "do": what,
            "state": "failed",
            "job": [f"analysis.AnalysisJob:{row.pk}" for row in rows] + ["x", "a.B:1"],
        },
        follow=True,
        headers={"accept-language": "en"},
    )
    assert answer.redirect_chain[-1][0] == f"{reverse('tasks_jobs')}?state=failed"
    return answer.content.decode()


def test_chosen_jobs_are_cancelled_and_retried_and_noted(
    redis: Any, recording: PracticeRecording, adam: User, client: Client
) -> None:
    (waiting,) = jobs(recording, 1)
    (broken,) = failed(recording)
    said = chosen(client, "cancel", waiting, broken)
    assert "1 job is cancelled" in said
    assert "1 other could not be" in said
    assert "1 job is queued again" in chosen(client, "retry", broken)
    assert "nothing to try again" in chosen(client, "retry", broken)
    assert "nothing to cancel" in chosen(client, "cancel")
    states = dict(AnalysisJob.objects.values_list("pk", "state"))
    assert states == {waiting.pk: "cancelled", broken.pk: "queued"}
    for row, what in ((waiting, "cancel"), (broken, "retry")):
        entry = LogEntry.objects.get_for_object(row).get()
        assert (entry.actor, entry.additional_data) == (adam, {"action": what})


def test_all_that_match_are_retried_when_it_was_said_how_many(
    redis: Any, recording: PracticeRecording, adam: User, client: Client
) -> None:
    failed(recording, 3)
    failed(recording, 1, queue="maintenance")
    query = {"state": "failed", "queue": QUEUE}
    assert "Try all 3 again" in opened(client, reverse("tasks_jobs"), **query)
    assert "Try 3 jobs again?" in opened(client, reverse("tasks_retry_all"), **query)
    assert AnalysisJob.objects.filter(state="failed").count() == 4
    answer = client.post(reverse("tasks_retry_all"), query, follow=True, headers={"accept-language": "en"})
    assert "3 jobs are queued again" in answer.content.decode()
    assert AnalysisJob.objects.filter(state="failed").count() == 1
    assert client.get(reverse("tasks_retry_all"), {"state": "queued"}).status_code == 302


def test_work_that_is_in_other_hands_is_not_begun_twice(
    redis: Any, recording: PracticeRecording, adam: User, client: Client
) -> None:
    (broken,) = failed(recording)
    jobs(recording, 1, state="running")
    AnalysisJob.objects.update(parameters_key="same")
    assert "nothing to try again" in chosen(client, "retry", broken)
    broken.refresh_from_db()
    assert broken.state == "failed"


def test_of_very_many_as_many_as_a_person_waits_for(
    redis: Any, recording: PracticeRecording, adam: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed(recording, 2)
    monkeypatch.setattr(job_actions, "PATIENCE_SECONDS", -1.0)
    answer = client.post(
        reverse("tasks_retry_all"), {"state": "failed"}, follow=True, headers={"accept-language": "en"}
    )
    assert "Do it again for the rest" in answer.content.decode()


# --- what it costs


def costs(own_redis: OwnRedis, client: Client, name: str) -> tuple[int, int]:
    """Queries, and commands that Redis was given."""
    before = own_redis.client.info("stats")["total_commands_processed"]
    with CaptureQueriesContext(connection) as captured:
        opened(client, reverse(name))
    return len(captured), own_redis.client.info("stats")["total_commands_processed"] - before


@pytest.mark.parametrize("name", [*PAGES, "tasks_now", "tasks_charts"])
def test_more_rows_cost_no_more_questions(
    own_redis: OwnRedis, recording: PracticeRecording, adam: User, client: Client, name: str
) -> None:
    opened(client, reverse(name))  # what is asked once in a process
    for number in (1, 2):
        worker(number)
        alert(number)
    failed(recording, 2)
    own_redis.client.lpush(QUEUE, message(1))
    few = costs(own_redis, client, name)
    for number in range(3, 53):
        worker(number)
        alert(number)
    failed(recording, 150)
    jobs(recording, 150)
    jobs(recording, 30, state="running", worker="w1@h/1", started_at=timezone.now())
    own_redis.client.lpush(QUEUE, *(message(uuid.uuid4()) for _ in range(300)))
    assert costs(own_redis, client, name) == few
    assert few[0] <= 25


# --- schedules


def acted(client: Client, action: str, *rows: PeriodicTask) -> str:
    answer = client.post(
        reverse("admin:django_celery_beat_periodictask_changelist"),
        {"action": action, "_selected_action": [str(row.pk) for row in rows]},
        follow=True,
        headers={"accept-language": "en"},
    )
    return answer.content.decode()


def schedule(name: str, **fields: Any) -> PeriodicTask:
    every, _made = IntervalSchedule.objects.get_or_create(every=1, period="hours")
    about = {"task": "tasks_admin.tasks.health_check", "interval": every} | fields
    return PeriodicTask.objects.create(name=name, **about)


def test_the_list_says_when_each_runs_and_which_is_late(adam: User, client: Client) -> None:
    now = timezone.now()
    PeriodicTask.objects.all().delete()
    never = CrontabSchedule.objects.create(day_of_month="31", month_of_year="2")
    schedule("punctual", last_run_at=now - timedelta(minutes=10))
    schedule("overdue", last_run_at=now - timedelta(hours=4))
    schedule("resting", enabled=False)
    schedule("impossible", interval=None, crontab=never)
    answer = client.get(
        reverse("admin:django_celery_beat_periodictask_changelist"), headers={"accept-language": "en"}
    )
    model_admin = answer.context["cl"].model_admin
    states = {row.name: model_admin.punctuality(row)[0] for row in answer.context["cl"].result_list}
    assert states == {"punctual": "on time", "overdue": "late", "resting": "off", "impossible": "never"}
    due = timezone.localtime(now + timedelta(minutes=50))
    assert formats.date_format(due, "SHORT_DATETIME_FORMAT") in answer.content.decode()


def test_a_schedule_run_now_is_noted_and_leads_to_its_result(redis: Any, adam: User, client: Client) -> None:
    row = schedule("own", queue="health")
    page = acted(client, "run_now", row)
    headers = json.loads(redis.lindex("health", 0))["headers"]
    assert f"{reverse('admin:django_celery_results_taskresult_changelist')}?q={headers['id']}" in page
    assert "own runs now" in page
    entry = LogEntry.objects.get_for_object(row).get(additional_data={"action": "run"})
    assert entry.actor == adam


def test_schedules_are_switched_by_who_may_change_them(adam: User, client: Client) -> None:
    row = schedule("own")
    assert "1 schedule is disabled" in acted(client, "disable_tasks", row)
    assert "0 schedules are disabled" in acted(client, "disable_tasks", row)
    assert "1 schedule is enabled" in acted(client, "enable_tasks", row)
    entries = LogEntry.objects.get_for_object(row).filter(additional_data__isnull=False)
    assert sorted(entry.additional_data["action"] for entry in entries) == ["disable", "enable"]
    eve = User.objects.create_user("eve", is_staff=True)
    eve.user_permissions.add(_permission("django_celery_beat", "view_periodictask"))
    client.force_login(eve)
    for action in ("disable_tasks", "run_now"):
        acted(client, action, row)
    row.refresh_from_db()
    assert row.enabled


def test_the_form_is_short_and_says_the_next_run(adam: User, client: Client) -> None:
    row = schedule("own")
    page = opened(client, reverse("admin:django_celery_beat_periodictask_change", args=[row.pk]))
    for name in ("routing_key", "exchange", "priority", "headers"):
        assert f'name="{name}"' not in page
    assert "Next run" in page
