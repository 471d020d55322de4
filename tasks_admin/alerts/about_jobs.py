"""Alerts about queues and jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db.models import Count, F, Max, Q
from django.utils.translation import gettext_lazy as _
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from tasks_admin import troubles
from tasks_admin.alerts.registry import Finding, changelist, condition, page
from tasks_admin.alerts.sight import Sight, since
from tasks_admin.job_kinds import job_models
from tasks_admin.jobs import JobState
from tasks_admin.models import JobAttempt, Severity

WINDOW = 600.0
FEWEST_RUNS = 5
DAY = 86_400.0
NAMED = 5
FAILURES = (JobAttempt.Outcome.FAILED, JobAttempt.Outcome.LOST)
ENDS = (JobAttempt.Outcome.SUCCEEDED, *FAILURES)


def _of_queue(queue: str) -> str:
    """The waiting jobs of a queue, of every kind."""
    return page("tasks_jobs", queue=queue, state="queued")


def _of_kind(kind: str) -> str:
    if kind in {model._meta.label for model in job_models()}:
        return changelist(kind, state__exact="failed")
    return changelist("django_celery_results.taskresult", task_name=kind, status__exact="FAILURE")


@condition(
    "queue_without_consumer", hold=60, severity=Severity.CRITICAL, link=_of_queue,
    title=_("Nobody reads a queue"),
    text=_("%(value)s messages wait in the queue %(subject)s, and no worker reads it. Start one."),
    resolved=_("The queue %(subject)s is read again, or empty."),
)  # fmt: skip
def queue_without_consumer(sight: Sight) -> Iterator[Finding]:
    for queue, length in sight.lengths.items():
        if not sight.consumers.get(queue):
            yield Finding(length, queue)


@condition(
    "jobs_wait",
    threshold=120,
    link=_of_queue,
    title=_("Jobs wait long"),
    text=_(
        "The oldest announced job in the queue %(subject)s has waited for %(value)s s (allowed: %(threshold)s)."
    ),
    resolved=_("The jobs in the queue %(subject)s no longer wait long."),
)
@condition(
    "jobs_wait_too_long", threshold=600, severity=Severity.CRITICAL, link=_of_queue,
    title=_("Jobs wait too long"),
    text=_("The oldest announced job in the queue %(subject)s has waited for %(value)s s (allowed: %(threshold)s)."),
    resolved=_("The jobs in the queue %(subject)s no longer wait too long."),
)  # fmt: skip
def jobs_wait(sight: Sight) -> Iterator[Finding]:
    for queue, (count, age) in sight.announced().items():
        yield Finding(age, queue, {"count": count})


@condition(
    "queue_long", threshold=100, hold=1200, link=_of_queue,
    title=_("A queue stays long"),
    text=_("%(value)s messages wait in the queue %(subject)s (allowed: %(threshold)s). More workers are needed."),
    resolved=_("The queue %(subject)s is short again."),
)  # fmt: skip
def queue_long(sight: Sight) -> Iterator[Finding]:
    for queue, length in sight.lengths.items():
        yield Finding(length, queue)


@condition(
    "messages_lost", hold=120, link=_of_queue,
    title=_("Jobs are not in their queue"),
    text=_("%(value)s jobs were announced and are not in the queue %(subject)s. No worker announces them again."),
    resolved=_("Every announced job is in the queue %(subject)s again."),
)  # fmt: skip
def messages_lost(sight: Sight) -> Iterator[Finding]:
    for queue, (count, _age) in sight.announced().items():
        yield Finding(count - sight.lengths.get(queue, 0), queue)


@condition(
    "jobs_fail", threshold=5, link=_of_kind,
    title=_("Many failures"),
    text=_("%(failed)s of %(runs)s runs of %(subject)s failed in the last ten minutes: %(value)s %% (allowed:"
           " %(threshold)s %%)."),
    resolved=_("%(subject)s fails no more often than allowed."),
)  # fmt: skip
def jobs_fail(sight: Sight) -> Iterator[Finding]:
    """What is the work's own fault (``Job.expected_errors``) is a run, and no failure."""
    ended = JobAttempt.objects.filter(ended_at__gt=since(WINDOW))
    for model in job_models():
        expected = Q(error_code__in=model.expected_errors)
        counts = ended.filter(job_id__in=model.objects.values("pk")).aggregate(
            runs=Count("pk", filter=Q(outcome__in=ENDS)),
            failed=Count("pk", filter=Q(outcome__in=FAILURES) & ~expected),
        )
        yield from _share(model._meta.label, counts["runs"], counts["failed"])
    plain = TaskResult.objects.filter(date_done__gt=since(WINDOW), status__in=["SUCCESS", "FAILURE"])
    plain = plain.exclude(task_name__in=[model.task_name for model in job_models()]).exclude(task_name=None)
    counted = plain.values("task_name").annotate(
        runs=Count("pk"), failed=Count("pk", filter=Q(status="FAILURE"))
    )
    for name, runs, failed in counted.order_by().values_list("task_name", "runs", "failed"):
        yield from _share(name, runs, failed)


def _share(subject: str, runs: int, failed: int) -> Iterator[Finding]:
    if runs >= FEWEST_RUNS:
        yield Finding(100 * failed / runs, subject, {"runs": runs, "failed": failed})


@condition(
    "crash_loop", threshold=3, severity=Severity.CRITICAL,
    link=lambda _subject: changelist("tasks_admin.jobattempt", outcome__exact="lost"),
    title=_("Workers crash"),
    text=_("%(value)s runs lost their worker in the last ten minutes (allowed: %(threshold)s)."),
    resolved=_("Runs no longer lose their workers."),
)  # fmt: skip
def crash_loop(sight: Sight) -> Iterator[Finding]:
    lost = JobAttempt.objects.filter(outcome=JobAttempt.Outcome.LOST, ended_at__gt=since(WINDOW))
    yield Finding(lost.count())


@condition(
    "attempts_used_up", link=_of_kind,
    title=_("Jobs are given up"),
    text=_("%(value)s jobs of %(subject)s failed as often as is allowed, within a day: %(jobs)s. Look at why,"
           " and retry them."),
    resolved=_("No job of %(subject)s is given up any more."),
)  # fmt: skip
def attempts_used_up(sight: Sight) -> Iterator[Finding]:
    for model in job_models():
        rows = model.objects.filter(
            state=JobState.FAILED, failures__gte=F("max_failures"), finished_at__gt=since(DAY)
        ).exclude(error_code__in=model.expected_errors)
        newest = [str(pk) for pk in rows.order_by("-finished_at").values_list("pk", flat=True)[:NAMED]]
        yield Finding(rows.count() if newest else 0, model._meta.label, {"jobs": ", ".join(newest)})


@condition(
    "publish_errors", hold=60, severity=Severity.CRITICAL,
    link=lambda _subject: changelist("tasks_admin.alert", code__exact="publish_errors"),
    title=_("Jobs cannot be announced"),
    text=_("Redis took no message %(value)s times in the last minutes. Jobs wait in the database meanwhile."),
    resolved=_("Redis takes messages again."),
)  # fmt: skip
def publish_errors(sight: Sight) -> Iterator[Finding]:
    yield Finding(troubles.counted(troubles.PUBLISH_ERRORS, 30))


@condition(
    "bad_report", link=lambda subject: changelist("django_celery_results.taskresult", task_name=subject),
    title=_("A periodic task found something wrong"),
    text=_("The last run of %(subject)s reports that something is wrong: %(found)s."),
    resolved=_("%(subject)s no longer finds anything wrong."),
)  # fmt: skip
def bad_report(sight: Sight) -> Iterator[Finding]:
    """A periodic task says so by ``"ok": false`` in its result, and by ``"wrong"`` what it is, in codes."""
    names = PeriodicTask.objects.filter(enabled=True).values("task")
    rows = TaskResult.objects.filter(task_name__in=names, status="SUCCESS", date_done__gt=since(2 * DAY))
    last = rows.order_by().values("task_name").annotate(pk=Max("pk")).values("pk")
    for name, result in TaskResult.objects.filter(pk__in=last).values_list("task_name", "result"):
        said = _read(result)
        wrong = said.get("wrong")
        found = ", ".join(map(str, wrong))[:200] if isinstance(wrong, list) else ""
        yield Finding(int(said.get("ok") is False), name, {"found": found or "–"})


def _read(result: str | None) -> dict[str, object]:
    try:
        said = json.loads(result or "null")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
