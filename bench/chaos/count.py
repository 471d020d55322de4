"""What became of the errands of one fault."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max
from django_celery_results.models import TaskResult

from bench.chaos.journal import Entry
from bench.chaos.stack import Scene
from bench.errands.models import Done, Errand
from tasks_admin.broker import REDIS_AWAY
from tasks_admin.models import JobAttempt
from tasks_admin.monitor import queue_length
from vocalborn import celery_app

CELERY_STATES = {"succeeded": "SUCCESS", "failed": "FAILURE", "cancelled": "REVOKED"}
LOOK_SECONDS = 0.5
# A straggler that would complete a second time gets this long to do so.
LINGER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts are of errands unless they say otherwise.

    ``submitted``: the caller was told so, or there is a row. ``lost``: no row. ``stuck``: not in a final state at
    the deadline. ``completed_twice``: more than one note of completion, or one without success.
    ``celery_disagrees``: in a final state of which Celery says something else. ``seconds_to_last``: from the end of
    the fault to the last end of an errand. ``refused``: calls whose caller got an error. ``attempts_lost``: how
    much work in hand the fault met.
    """

    submitted: int
    succeeded: int
    failed: int
    cancelled: int
    stuck: int
    lost: int
    completed_twice: int
    celery_disagrees: int
    seconds_to_last: float
    refused: int
    longest_submit_seconds: float
    attempts_lost: int
    worker_restarts: int
    neighbours_failed: int
    poison_unended: int


def clean_tables() -> None:
    """No errand of an earlier fault may count for the next."""
    connection.close()
    Errand.objects.all().delete()
    Done.objects.all().delete()
    JobAttempt.objects.all().delete()
    TaskResult.objects.all().delete()


def wait_settled(deadline: float) -> None:
    """Until every row is final, Celery agrees and no message waits; at the latest until ``deadline``."""
    connection.close()  # it may be one of a PostgreSQL that is gone
    while time.time() < deadline and not _settled():
        time.sleep(LOOK_SECONDS)
    time.sleep(LINGER_SECONDS)


def _settled() -> bool:
    if Errand.objects.active().exists():
        return False
    try:
        return not queue_length(celery_app, "ai_analysis") and not celery_disagrees()
    except REDIS_AWAY:
        return False


def celery_disagrees() -> list[str]:
    """Ids of ended errands whose Celery state, read afresh, is another's."""
    return [
        str(pk)
        for pk, state in Errand.objects.filter(state__in=CELERY_STATES).values_list("pk", "state")
        if celery_app.backend.get_task_meta(str(pk), cache=False)["status"] != CELERY_STATES[state]
    ]


def count(scene: Scene, ended: float) -> Counts:
    """Count, once all is settled. ``ended`` is when the fault was over, in seconds since the epoch."""
    entries = scene.web.journal.read()
    told = {entry.errand for entry in entries if entry.what == "submitted"}
    rows = dict(Errand.objects.values_list("pk", "state"))
    ids = {str(pk) for pk in rows}
    states = Counter(rows.values())
    return Counts(
        submitted=len(told | ids),
        succeeded=states[Errand.State.SUCCEEDED],
        failed=states[Errand.State.FAILED],
        cancelled=states[Errand.State.CANCELLED],
        stuck=sum(state not in CELERY_STATES for state in rows.values()),
        lost=len(told - ids),
        completed_twice=len(completed_twice()),
        celery_disagrees=len(celery_disagrees()),
        seconds_to_last=_seconds_to_last(ended),
        refused=sum(entry.what == "refused" for entry in entries),
        longest_submit_seconds=_longest_submit(entries),
        attempts_lost=JobAttempt.objects.filter(outcome=JobAttempt.Outcome.LOST).count(),
        worker_restarts=sum(worker.restarts for worker in scene.workers),
        neighbours_failed=_neighbours_failed(entries),
        poison_unended=_poison_unended(),
    )


def completed_twice() -> set[str]:
    """Errands with more than one note of completion, or with one and no success."""
    twice = Done.objects.values("errand_id").annotate(times=Count("pk")).filter(times__gt=1)
    succeeded = Errand.objects.filter(state=Errand.State.SUCCEEDED).values("pk")
    wrongly = Done.objects.exclude(errand_id__in=succeeded)
    return {str(pk) for query in (twice, wrongly) for pk in query.values_list("errand_id", flat=True)}


def _seconds_to_last(ended: float) -> float:
    last = Errand.objects.aggregate(last=Max("finished_at"))["last"]
    return round(max(0.0, last.timestamp() - ended), 1) if last else 0.0


def _longest_submit(entries: list[Entry]) -> float:
    return round(max((entry.seconds for entry in entries), default=0.0), 3)


def _neighbours_failed(entries: list[Entry]) -> int:
    """Harmless errands that did not succeed, though nobody has asked for their end."""
    cancelled = {entry.errand for entry in entries if entry.what == "cancel"}
    ended = Errand.objects.filter(
        kind=Errand.Kind.NAP, state__in=(Errand.State.FAILED, Errand.State.CANCELLED)
    )
    return sum(
        state == Errand.State.FAILED or str(pk) not in cancelled
        for pk, state in ended.values_list("pk", "state")
    )


def _poison_unended() -> int:
    """Errands that cannot succeed and have not come to their end by using up their failures."""
    poison = Errand.objects.exclude(kind=Errand.Kind.NAP)
    return sum(
        errand.state != Errand.State.FAILED or errand.failures < errand.max_failures for errand in poison
    )
